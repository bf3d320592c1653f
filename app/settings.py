"""What the window remembers between starts: never a patient's name, never a number of a plan."""

from pathlib import Path
from typing import Final

from PySide6.QtCore import QByteArray, QSettings

from app.language import SYSTEM
from widgets.theme import TEXT_SIZES

_RECENT: Final = 6


class Preferences:
    """Preferences in one file.

    Parameters
    ----------
    path : Path
        An INI file; made on the first change.
    """

    def __init__(self, path: Path) -> None:
        self._store = QSettings(str(path), QSettings.Format.IniFormat)

    @property
    def user_name(self) -> str:
        """Name last given in a decision, offered again."""
        return self._text("user/name")

    @user_name.setter
    def user_name(self, name: str) -> None:
        self._store.setValue("user/name", name)

    @property
    def theme(self) -> str:
        """Name of the theme."""
        return self._text("look/theme") or "dark"

    @theme.setter
    def theme(self, name: str) -> None:
        self._store.setValue("look/theme", name)

    @property
    def language(self) -> str:
        """Language to speak: its code, or ``system`` for the computer's."""
        return self._text("look/language") or SYSTEM

    @language.setter
    def language(self, code: str) -> None:
        self._store.setValue("look/language", code)
        self._store.sync()

    @property
    def tour_seen(self) -> bool:
        """Whether the first tour was shown; it comes once, and then only when asked for."""
        return self._text("help/tour") == "seen"

    @tour_seen.setter
    def tour_seen(self, seen: bool) -> None:
        self._store.setValue("help/tour", "seen" if seen else "")

    @property
    def text_percent(self) -> int:
        """Size of the text, in percent of the usual."""
        kept = self._text("look/text_percent")
        return int(kept) if kept.isdecimal() and int(kept) in TEXT_SIZES else 100

    @text_percent.setter
    def text_percent(self, percent: int) -> None:
        self._store.setValue("look/text_percent", str(percent))

    @property
    def locks_placed_cuts(self) -> bool:
        """Whether a cut is locked once it was placed and another is turned to."""
        return self._text("cuts/lock_placed") != "no"

    @locks_placed_cuts.setter
    def locks_placed_cuts(self, wished: bool) -> None:
        self._store.setValue("cuts/lock_placed", "" if wished else "no")

    @property
    def view_layout(self) -> str:
        """Identifier of the layout of the views."""
        return self._text("look/views")

    @view_layout.setter
    def view_layout(self, layout_id: str) -> None:
        self._store.setValue("look/views", layout_id)

    @property
    def folder(self) -> Path:
        """Folder last chosen from."""
        kept = Path(self._text("files/folder") or Path.home())
        return kept if kept.is_dir() else Path.home()

    @folder.setter
    def folder(self, folder: Path) -> None:
        self._store.setValue("files/folder", str(folder))

    @property
    def recent(self) -> tuple[Path, ...]:
        """Cases opened lately that still exist, newest first."""
        kept = self._text("files/recent").split("\n")
        return tuple(path for path in map(Path, filter(None, kept)) if path.is_file())

    def add_recent(self, path: Path) -> None:
        """Put a case at the head of the recent ones."""
        self._store.sync()  # another window may have put one there
        paths = [path, *(p for p in self.recent if p != path)][:_RECENT]
        self._store.setValue("files/recent", "\n".join(str(p) for p in paths))
        self._store.sync()

    def layout(self, name: str) -> QByteArray:
        """Return a kept layout; empty where there is none."""
        value = self._store.value(f"layout/{name}")
        return value if isinstance(value, QByteArray) else QByteArray()

    def keep_layout(self, name: str, value: QByteArray) -> None:
        """Keep a layout."""
        self._store.setValue(f"layout/{name}", value)

    def _text(self, key: str) -> str:
        value = self._store.value(key, "")
        return value if isinstance(value, str) else ""
