"""A button with a menu of those buttons that have no room beside it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QToolButton

from planning.texts import tr
from widgets.plain_text import tip


class OverflowMenu(QToolButton):
    """Hides buttons from the right until the rest fits, and offers the hidden ones by their help."""

    def __init__(self) -> None:
        super().__init__()
        self._buttons: list[QToolButton] = []
        self._hidden: list[QToolButton] = []
        words = tr("More buttons of this view")
        self.setText("»")
        self.setToolTip(tip(words))
        self.setAccessibleName(words)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self._fill)
        self.setMenu(self._menu)
        self.hide()

    def add(self, button: QToolButton) -> None:
        """Take care of a button."""
        self._buttons.append(button)

    def fit(self, room_px: int) -> None:
        """Show as many buttons as have room; one that its owner hides takes none."""
        for button in self._hidden:
            button.show()
        self._hidden = []
        shown = [button for button in self._buttons if not button.isHidden()]
        widths = [button.sizeHint().width() + 1 for button in shown]
        needed = sum(widths)
        while shown and needed > room_px - (self.sizeHint().width() if self._hidden else 0):
            needed -= widths.pop()
            self._hidden.insert(0, shown.pop())
            self._hidden[0].hide()
        self.setVisible(bool(self._hidden))

    def _fill(self) -> None:
        self._menu.clear()
        for button in self._hidden:
            action = self._menu.addAction(f"{button.text()}   {button.accessibleName()}", button.click)
            action.setEnabled(button.isEnabled())
            action.setCheckable(button.isCheckable())
            action.setChecked(button.isChecked())
