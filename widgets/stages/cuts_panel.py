"""The table of cuts with what can be done to them: add from the anatomy, duplicate, lock, delete."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedLayout, QToolButton, QVBoxLayout, QWidget

from planning.model.osteotomy import CutSide, OsteotomyKind
from planning.texts import tr
from widgets.access import allow
from widgets.icons import icon
from widgets.plain_text import label
from widgets.tables.cut_rows import KIND_WORDS, CutRow
from widgets.tables.cut_table import CutTable

_BESIDE_BUTTONS_PX, _GAP_PX = 60, 6
SIDED = frozenset({OsteotomyKind.PEDICLE, OsteotomyKind.LAMINA, OsteotomyKind.RIB, OsteotomyKind.SAGITTAL})


@dataclass(frozen=True)
class NewCut:
    """A wish for a cut: at the crosshair, or at a level; a disc's lies above or below it."""

    kind: OsteotomyKind
    level: str | None = None
    side: CutSide | None = None
    above: bool = False


class CutsPanel(QWidget):
    """The table and its buttons.

    Signals
    -------
    add_asked(NewCut)
    menu_opening()
        The menu of new cuts is about to open: `show_crosshair_place` says where the crosshair is.
    """

    add_asked = Signal(object)
    menu_opening = Signal()

    def __init__(self, edit_actions: Sequence[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._levels: tuple[str, ...] | None = None
        self.table = CutTable()
        self.add = QToolButton()
        self.add.setIcon(icon("add"))
        self.add.setText(tr("Add cut"))
        self.add.setToolButtonStyle(self._beside())
        self.add.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self.add)
        self.menu.aboutToShow.connect(self.menu_opening)
        self._at_crosshair: list[QAction] = []
        self._parts: list[QMenu] = []
        self.add.setMenu(self.menu)
        self.title = label(tr("Cuts"), "title")
        self.empty = label("", "muted", wrap=True)
        self.empty.setMargin(14)
        head = QHBoxLayout()
        head.setContentsMargins(8, 4, 4, 0)
        head.addWidget(self.title)
        head.addSpacing(8)
        self._buttons = [self.add]
        self.table.addActions(list(edit_actions))
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        for action in edit_actions:
            button = QToolButton()
            button.setDefaultAction(action)
            self._buttons.append(button)
        for button in self._buttons:
            button.setToolButtonStyle(self._beside())
            button.setAccessibleName(button.text())
            head.addWidget(button)
        head.addStretch(1)
        holder = QWidget()
        self._stack = QStackedLayout(holder)
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(holder, 1)
        self.show_rows((), "", levels=(), why_not=tr("Open a case or import images first."))

    def show_rows(
        self, rows: Sequence[CutRow], active: str, levels: tuple[str, ...], why_not: str = ""
    ) -> None:
        """Show the cuts; `why_not` says why none can be added."""
        self.table.show_rows(rows, active)
        allow(self.add, why_not, tr("Add a cut at the crosshair or at a level, then adjust it."))
        self.empty.setText(
            why_not
            or tr("No cut yet. Put the crosshair where the first one should be and press 'Add cut'. "
                  "Then drag its handles in 3D or type its place.")
        )  # fmt: skip
        self._stack.setCurrentIndex(0 if rows else 1)
        self.title.setText(tr("Cuts ({count})", count=len(rows)) if rows else tr("Cuts"))
        if levels != self._levels:
            self._levels = levels
            self._fill_menu(levels)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the words of the buttons away where they have no room."""
        super().resizeEvent(event)
        room = self.width() - self.title.sizeHint().width() - _BESIDE_BUTTONS_PX
        for style in (self._beside(), Qt.ToolButtonStyle.ToolButtonIconOnly):
            for button in self._buttons:
                button.setToolButtonStyle(style)
            if sum(button.sizeHint().width() + _GAP_PX for button in self._buttons) <= room:
                break

    def show_crosshair_place(self, place: str) -> None:
        """Say in the menu where a cut at the crosshair would land."""
        for action in self._at_crosshair:
            action.setText(tr("At the crosshair ({place})", place=place) if place else tr("At the crosshair"))

    def _fill_menu(self, levels: tuple[str, ...]) -> None:
        self.menu.clear()
        for old in self._parts:  # clearing leaves menus within the menu alive
            old.deleteLater()
        self._parts.clear()
        self._at_crosshair.clear()
        for kind in OsteotomyKind:
            part = QMenu(tr(KIND_WORDS[kind]), self.menu)  # one made by addMenu is never forgotten by PySide
            self.menu.addMenu(part)
            self._parts.append(part)
            here = part.addAction(tr("At the crosshair"), partial(self.add_asked.emit, NewCut(kind)))
            self._at_crosshair.append(here)
            part.addSeparator()
            for level in levels:
                for wish in _wishes(kind, level):
                    part.addAction(_words(wish), partial(self.add_asked.emit, wish))

    @staticmethod
    def _beside() -> Qt.ToolButtonStyle:
        return Qt.ToolButtonStyle.ToolButtonTextBesideIcon


def _wishes(kind: OsteotomyKind, level: str) -> tuple[NewCut, ...]:
    if kind is OsteotomyKind.DISC:
        return NewCut(kind, level, above=True), NewCut(kind, level)
    if kind in SIDED:
        return NewCut(kind, level, "left"), NewCut(kind, level, "right")
    return (NewCut(kind, level),)


def _words(wish: NewCut) -> str:
    if wish.kind is OsteotomyKind.DISC:
        return tr("Above {level}", level=wish.level) if wish.above else tr("Below {level}", level=wish.level)
    side = {"left": tr("left"), "right": tr("right")}.get(str(wish.side), "")
    return tr("At {level} {side}", level=wish.level, side=side).strip()
