"""Places views as a layout says: one grid that shows, hides and spans them, and a second window."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPoint, QRect, Signal
from PySide6.QtGui import QAction, QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from widgets.views.apart_window import ApartWindow
from widgets.views.layouts import FOUR, Cell, Layout
from widgets.views.view_frame import ViewFrame


class ViewGrid(QWidget):
    """The views of the window.

    Views keep their camera, slice and grey window: a layout only shows and hides them. A view that
    changes windows gets a fresh render window and draws its own scene there.

    Signals
    -------
    laid_out(Layout)
        Another layout was chosen.
    key_pressed(QKeyEvent)
        A key in the second window that its view did not use.
    """

    laid_out = Signal(object)
    key_pressed = Signal(QKeyEvent)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frames: dict[str, ViewFrame] = {}
        self._layout = self._before = FOUR
        self._maximised: ViewFrame | None = None
        self._apart: ApartWindow | None = None
        self._apart_actions: tuple[QAction, ...] = ()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(3)

    def take(self, frames: Mapping[str, ViewFrame]) -> None:
        """Place these views, by the names layouts call them."""
        self._frames |= frames
        for name, frame in frames.items():
            frame.setObjectName("view")
            frame.setParent(self)
            frame.maximise_asked.connect(lambda view=name: self.toggle_maximised(self._frames[view]))
        self._place()

    def set_apart_actions(self, actions: Sequence[QAction]) -> None:
        """Have the keys of these commands work in the second window too."""
        self._apart_actions = tuple(actions)

    @property
    def layout_shown(self) -> Layout:
        """The layout chosen last."""
        return self._layout

    @property
    def layout_before(self) -> Layout:
        """The layout to go back to from one that is looked into for a while."""
        return self._before

    @property
    def maximised(self) -> ViewFrame | None:
        """The view that fills the place, or None."""
        return self._maximised

    @property
    def apart(self) -> ApartWindow | None:
        """The second window while it is open, or None."""
        return self._apart

    def show_layout(self, layout: Layout) -> None:
        """Show another layout; nothing stays maximised."""
        if not self._layout.apart:
            self._before = self._layout
        self._layout, self._maximised = layout, None
        self._place()
        self.laid_out.emit(layout)

    def toggle_maximised(self, frame: ViewFrame) -> None:
        """Let one view fill the place, or bring the others back; in its own window, fill the screen."""
        if self._apart is not None and self._apart.frame is frame:
            self._apart.toggle_full_screen()
            return
        self._maximised = None if self._maximised is frame else frame
        self._place()
        frame.viewport.setFocus()

    def is_apart(self, frame: ViewFrame) -> bool:
        """Say whether a view is in the second window now."""
        return self._apart is not None and self._apart.frame is frame

    def places(self) -> dict[ViewFrame, QRect]:
        """Return where the picture of every shown view lies; one in the second window at the right."""
        places = {}
        for frame in self._frames.values():
            size = frame.viewport.size()
            if self.is_apart(frame):
                places[frame] = QRect(QPoint(self.width(), 0), size)
            elif not frame.isHidden():
                places[frame] = QRect(frame.viewport.mapTo(self, QPoint(0, 0)), size)
        return places

    def close_apart(self) -> None:
        """Bring the view of the second window back into the grid, without choosing another layout."""
        if self._apart is None:
            return
        window, self._apart = self._apart, None
        was_active = window.isActiveWindow()
        frame = window.give_back()
        if frame is not None:
            frame.setParent(self)
        window.deleteLater()
        if was_active:
            self.window().activateWindow()

    def showEvent(self, event: QShowEvent) -> None:
        """Open the second window where the layout has one."""
        super().showEvent(event)
        self._place()

    def hideEvent(self, event: QHideEvent) -> None:
        """Close the second window with the case; a minimised window keeps it."""
        super().hideEvent(event)
        if not event.spontaneous():
            self.close_apart()

    def _place(self) -> None:
        apart = self._frames.get(self._layout.apart) if self.isVisible() else None
        if self._apart is not None and self._apart.frame is not apart:
            self.close_apart()
        cells = {self._frames[c.view]: c for c in self._layout.cells if c.view in self._frames}
        if self._maximised is not None:
            cells = {self._maximised: Cell("")}
        for frame in self._frames.values():
            if frame is apart:
                continue
            self._grid.removeWidget(frame)
            cell = cells.get(frame)
            if cell is not None:
                self._grid.addWidget(frame, cell.row, cell.column, cell.rows, cell.columns)
            frame.setVisible(cell is not None)
        self._share_room()
        if apart is not None and self._apart is None:
            self._open_apart(apart)

    def _share_room(self) -> None:
        """Give rows and columns their shares, and those that hold nothing none."""
        rows, columns = self._layout.row_shares, self._layout.column_shares
        if self._maximised is not None:
            rows = columns = (1,)
        for line in range(self._grid.rowCount()):
            self._grid.setRowStretch(line, rows[line] if line < len(rows) else 0)
        for line in range(self._grid.columnCount()):
            self._grid.setColumnStretch(line, columns[line] if line < len(columns) else 0)

    def _open_apart(self, frame: ViewFrame) -> None:
        self._grid.removeWidget(frame)
        window = self._apart = ApartWindow(self)
        window.addActions(list(self._apart_actions))
        window.closed.connect(self._apart_closed)
        window.key_pressed.connect(self.key_pressed)
        window.take(frame)

    def _apart_closed(self) -> None:
        self.show_layout(self._before)
