"""The language of the window: the menu that chooses it, and what Qt itself says in it."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QLibraryInfo, QLocale, QObject, QProcess, QTranslator
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QApplication, QMenu, QMessageBox, QWidget

from app.language import LANGUAGES, OPTION, SYSTEM, chosen, start_speaking
from app.program import ROOT
from app.session import Session
from app.settings import Preferences
from planning.texts import spoken, tr
from widgets.dialogs import Choice, ask

_TITLE: Final = "Language / 语言"  # whoever is lost in a language they cannot read finds it


def speak_at_start(application: QApplication, wish: str) -> str:
    """Speak the wished language, Qt's own buttons and dialogs too; returns its code."""
    code = chosen(wish, QLocale.system().uiLanguages())
    start_speaking(code)
    translator = QTranslator(application)
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    if translator.load(f"qtbase_{code}", folder):
        application.installTranslator(translator)
    return code


class LanguageChoice(QObject):
    """Offers the languages in a menu; another one is spoken from the next start, which it offers at once.

    Parameters
    ----------
    window : QWidget
        Closed for a new start; it may refuse where work is not saved.
    session : Session
    preferences : Preferences
    start_again : callable
        Starts the program with these arguments.
    """

    def __init__(
        self,
        window: QWidget,
        session: Session,
        preferences: Preferences,
        start_again: Callable[[list[str]], object] | None = None,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._preferences = window, session, preferences
        self._start_again = start_again or _start_again
        self.menu = QMenu(_TITLE, window)
        group = QActionGroup(self.menu)
        for code, words in ((SYSTEM, tr("Like this computer")), *LANGUAGES.items()):
            action = QAction(words, self.menu)
            action.setObjectName(f"language-{code}")
            action.setCheckable(True)
            action.setChecked(code == preferences.language)
            action.triggered.connect(lambda _checked=False, wish=code: self.choose(wish))
            group.addAction(action)
            self.menu.addAction(action)

    def choose(self, wish: str) -> None:
        """Remember a language; where it is another than the one spoken, offer to start again in it."""
        self._preferences.language = wish
        if chosen(wish, QLocale.system().uiLanguages()) == spoken():
            return
        words = self._what_happens()
        now = Choice("now", tr("Start again now"), QMessageBox.ButtonRole.AcceptRole, default=True)
        later = Choice("later", tr("Later"), QMessageBox.ButtonRole.RejectRole)
        if ask(self._window, _TITLE, words, (now, later)) == "now":
            self._begin_anew(wish)

    def _what_happens(self) -> str:
        view = self._session.view
        if view.path is not None:
            return tr("The language changes when EnBloc starts again. An open case is opened again then.")
        if view.case is None:
            return tr("The language changes when EnBloc starts again.")
        return tr(
            "The language changes when EnBloc starts again. "
            "This case is in no file yet: it is opened again only if you save it first."
        )

    def _begin_anew(self, wish: str) -> None:
        if self._window.close():  # asks first where work is not saved
            path = self._session.view.path
            self._start_again([OPTION, wish, *([str(path)] if path is not None else [])])


def _start_again(arguments: list[str]) -> None:
    given = [word for word in sys.argv[1:] if word == "--painted"]  # a remote desktop stays one
    QProcess.startDetached(sys.executable, [str(ROOT / "main.py"), *given, *arguments], str(Path.cwd()))
