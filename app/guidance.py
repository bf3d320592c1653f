"""Help where it is asked for: the guide, the key sheet, the command search and the first tour."""

from collections.abc import Callable
from functools import cached_property
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QIcon, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QDialog, QDialogButtonBox, QWidget

from app.actions import COMMANDS, menu_path
from app.bindings import Bindings
from app.gestures import GESTURES
from app.guide_topics import topic_of
from app.guide_words import guide_words, key_rows
from app.jumps import jump, jumps
from app.program import RESOURCES
from app.settings import Preferences
from app.synonyms import SYNONYMS
from app.tour_stops import tour_stops
from planning.texts import spoken, spoken_name, tr
from widgets.guide.guide_window import GuideWindow
from widgets.guide.pages import PAGES, Guide, Topic, load_guide
from widgets.help_mark import HelpMark
from widgets.key_sheet import KeySheet
from widgets.palette.command_palette import CommandPalette
from widgets.palette.matching import Entry
from widgets.tour import Tour
from widgets.viewport import ViewportMode

_EQUIPPED: Final = "explained"
_LATELY: Final = 5
_TOUR_AFTER_MS: Final = 800  # the views are drawn first
_HIDDEN_IN_PALETTE: Final = frozenset({"palette"})


class Guidance(QObject):
    """Opens whatever explains something, without taking the work away."""

    def __init__(self, bindings: Bindings, preferences: Preferences) -> None:
        window = bindings.parts.window
        super().__init__(window)
        self._bindings = bindings
        self._preferences = preferences
        self._window = window
        self._lately: tuple[str, ...] = ()
        self.guide_window: GuideWindow | None = None
        self.key_sheet: KeySheet | None = None
        self.palette: CommandPalette | None = None
        self.tour: Tour | None = None
        for panel in (window.board, window.cuts, *window.stages.values()):
            HelpMark(panel).clicked.connect(lambda _on=False, of=panel: self.explain(of))
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._equip)

    @cached_property
    def guide(self) -> Guide:
        """The guide, read when it is first asked for."""
        settings = self._bindings.parts.session.settings
        return load_guide(RESOURCES / "guide", spoken(), guide_words(settings))

    def show_guide(self, topic: Topic | None = None) -> None:
        """Show the guide, at a place of it."""
        host = QApplication.activeModalWidget() or self._window
        if self.guide_window is None or self.guide_window.parentWidget() is not host:
            # A modal dialog lets nothing be used but what belongs to it.
            self._drop_guide()
            self.guide_window = GuideWindow(self.guide, host)
            self.guide_window.destroyed.connect(self._forget_guide)
        if topic is not None:
            self.guide_window.go(topic)
        self.guide_window.show()
        self.guide_window.raise_()
        self.guide_window.activateWindow()

    def explain(self, part: QWidget | None = None) -> None:
        """Show what explains a part of the window, or whatever has the keyboard."""
        part = part or QApplication.focusWidget() or QApplication.activeWindow()
        self.show_guide(topic_of(part) or Topic(PAGES[0]))

    def show_keys(self) -> None:
        """Show mouse and keys."""
        if self.key_sheet is None:
            gestures = [(tr(what), tr(how)) for what, how in GESTURES]
            self.key_sheet = KeySheet(gestures, key_rows(), self._window)
        self.key_sheet.show()
        self.key_sheet.raise_()
        self.key_sheet.activateWindow()

    def show_palette(self) -> None:
        """Open the command search."""
        if self.palette is not None:
            return
        self.palette = CommandPalette(self.entries(), self._lately, self._window)
        self.palette.picked.connect(self._do_later)
        self.palette.finished.connect(self._forget_palette)
        self.palette.open()

    def offer_tour(self) -> None:
        """Show the tour when the demo case is opened for the first time."""
        if not self._preferences.tour_seen:
            self._bindings.demo_opening.connect(self._await_demo)

    def start_tour(self) -> None:
        """Show the main controls one after the other."""
        if self.tour is not None:
            return
        self._preferences.tour_seen = True
        window, spine = self._window, self._window.views.spine
        native = spine.viewport.mode is ViewportMode.NATIVE
        self.tour = Tour(
            tour_stops(window), window, spine.cancel_drag,
            kept=window.banner, spared=window.views, native=native,
        )  # fmt: skip
        self.tour.ended.connect(self._forget_tour)
        self.tour.start()

    def entries(self) -> list[Entry]:
        """Return everything the command search finds now."""
        table, view = self._window.actions_table, self._bindings.parts.session.view
        found = []
        for command in COMMANDS:
            if command.id.startswith("-") or command.id in _HIDDEN_IN_PALETTE:
                continue
            also = SYNONYMS.get(command.id, "")
            words = f"{tr(also)} {also} {command.text}" if also else command.text
            title = spoken_name(table[command.id].text())
            group = menu_path(command)
            found.append(Entry(command.id, title, group, command.every_key, command.why_not(view), words))
        return found + jumps(view)

    def _do_later(self, entry_id: str) -> None:
        """Do what was picked once the search is closed, so that dialogs open over the window."""
        self._lately = (entry_id, *(e for e in self._lately if e != entry_id))[:_LATELY]
        QTimer.singleShot(0, self, lambda: self._do(entry_id))

    def _do(self, entry_id: str) -> None:
        if not jump(self._bindings, entry_id):
            self._window.actions_table[entry_id].trigger()

    def _await_demo(self) -> None:
        once = Qt.ConnectionType.SingleShotConnection
        self._bindings.parts.files.opened.connect(self._show_first_tour, once)

    def _show_first_tour(self) -> None:
        if not self._preferences.tour_seen:
            QTimer.singleShot(_TOUR_AFTER_MS, self, self.start_tour)

    def _forget_tour(self) -> None:
        self.tour = None

    def _forget_palette(self) -> None:
        if self.palette is not None:
            self.palette.deleteLater()
            self.palette = None

    def _drop_guide(self) -> None:
        if self.guide_window is not None:
            leaving, self.guide_window = self.guide_window, None
            leaving.close()
            leaving.deleteLater()

    def _forget_guide(self, gone: QObject) -> None:
        if self.guide_window is gone:
            self.guide_window = None

    def _equip(self, _before: QWidget | None, now: QWidget | None) -> None:
        """Give a dialog that opens its *Help* button and Shift+F1."""
        dialog = now.window() if now is not None else None
        if not isinstance(dialog, QDialog) or dialog.property(_EQUIPPED):
            return
        if isinstance(dialog, GuideWindow) or topic_of(dialog) is None or not self._is_ours(dialog):
            return
        dialog.setProperty(_EQUIPPED, True)
        keys = QShortcut(QKeySequence("Shift+F1"), dialog)
        keys.activated.connect(_explaining(self, dialog))
        box = dialog.findChild(QDialogButtonBox)
        if box is not None:
            button = box.addButton(QDialogButtonBox.StandardButton.Help)
            button.setAutoDefault(False)
            button.setText(tr("Help"))
            button.setIcon(QIcon())
            button.clicked.connect(_explaining(self, dialog))

    def _is_ours(self, dialog: QDialog) -> bool:
        over = dialog.parentWidget()
        return over is not None and over.window() in (self._window, self._window.window())


def _explaining(guidance: Guidance, dialog: QDialog) -> Callable[[], None]:
    """Return what shows the page of a dialog; Shift+F1 prefers the part that has the keyboard."""

    def explain() -> None:
        inside = QApplication.focusWidget()
        has_focus = inside is not None and dialog.isAncestorOf(inside)
        guidance.explain(inside if has_focus else dialog)

    return explain
