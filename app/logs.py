"""The log: what happened, never to whom.

Libraries print element values in their warnings (``Invalid value for VR DA: '...'``), so text that is
not our own is withheld; our own text and every traceback lose whatever names the patient at hand.
"""

import logging
import re
import sys
import traceback
import warnings
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Final

from app.program import PROGRAM, ROOT

_OWN: Final = ("app", "widgets", "rendering", "planning", "enbloc")
_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s %(message)s"
_WITHHELD: Final = "(text of another library, withheld: it may name a patient)"
_HANDLER_NAME: Final = "enbloc"
_LIBRARIES: Final = ("pydicom", "pynetdicom", "highdicom", "py.warnings", "PIL", "numba", "fontTools")


class RedactingFilter(logging.Filter):
    """Removes other libraries' text and every known identity from a record."""

    def __init__(self) -> None:
        super().__init__()
        self._identities: tuple[str, ...] = ()

    def know(self, identities: tuple[str, ...]) -> None:
        """Remove these strings, and their parts of three letters or more, from all later records."""
        parts = {p for text in identities for p in [text, *re.split(r"[\^=\s,]+", text)] if len(p) >= 3}
        self._identities = tuple(sorted(parts, key=len, reverse=True))

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record in place; it is always kept."""
        own = record.name.partition(".")[0] in _OWN
        record.msg = self.redacted(record.getMessage()) if own else _WITHHELD
        record.args = ()
        record.exc_text = self.redacted(_frames_only(record.exc_info)) if record.exc_info else None
        record.exc_info = None
        record.stack_info = None
        return True

    def redacted(self, text: str) -> str:
        """Return `text` without known identities and without folders."""
        for identity in self._identities:
            text = re.sub(re.escape(identity), "[...]", text, flags=re.IGNORECASE)
        return _without_folders(text)


FILTER: Final = RedactingFilter()


def start_logging(folder: Path | None = None) -> None:
    """Send warnings and errors of all libraries through the filter, to a file where a folder is given."""
    root = logging.getLogger()
    for earlier in [h for h in root.handlers if h.get_name() == _HANDLER_NAME]:
        root.removeHandler(earlier)
        earlier.close()
    handler: logging.Handler = logging.NullHandler()
    if folder is not None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            folder / "enbloc.log", maxBytes=1 << 20, backupCount=3, encoding="utf-8"
        )
    handler.setFormatter(logging.Formatter(_FORMAT))
    handler.addFilter(FILTER)
    handler.set_name(_HANDLER_NAME)
    root.addHandler(handler)
    for name in _LIBRARIES:
        # A library's own handlers would print past the filter.
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
    root.setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
    warnings.simplefilter("default")
    logging.getLogger("enbloc").info("started, %s", PROGRAM)


def know_patient(*identities: str) -> None:
    """Name what must never reach the log; called whenever a case is opened."""
    FILTER.know(tuple(i for i in identities if i))


def log_unexpected(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Log a bug: the exception's type and where it came from, never its text."""
    logging.getLogger("enbloc").error("unexpected %s", kind.__name__, exc_info=(kind, error, trace))


def _frames_only(info: object) -> str:
    """Format a traceback without any exception text and without folders outside the program."""
    if not isinstance(info, tuple) or info[1] is None:
        return ""
    lines = []
    error: BaseException | None = info[1]
    while error is not None:
        lines.append(f"{type(error).__module__}.{type(error).__name__}")
        lines += [
            f"  {_short(frame.filename)}:{frame.lineno} in {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)
        ]
        error = error.__cause__ or error.__context__
    return "\n".join(lines)


def _short(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name


def _without_folders(text: str) -> str:
    return re.sub(r"(?:[A-Za-z]:)?(?:[/\\][^\s/\\:'\"]+)+[/\\]([^\s/\\:'\"]+)", r"\1", text)


def install_hook() -> None:
    """Log every exception that reaches the top of the main thread."""
    sys.excepthook = log_unexpected
