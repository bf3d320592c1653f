"""Words shown to people, through gettext from the first commit."""

import gettext
import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Final

ENGLISH: Final = "en"
_DOMAIN: Final = "enbloc"


@dataclass(frozen=True)
class Language:
    """A language by its gettext code, with its words."""

    code: str = ENGLISH
    words: gettext.NullTranslations = gettext.NullTranslations()  # noqa: RUF009 -- it holds nothing


_spoken = Language()


def use_language(code: str, locale_folder: Path) -> None:
    """Choose the language of every later `tr`; one without a catalogue is English.

    Parameters
    ----------
    code : str
        A gettext language code such as ``zh_CN``.
    locale_folder : Path
        Folder holding ``<code>/LC_MESSAGES/enbloc.mo``.
    """
    try:
        speak(Language(code, gettext.translation(_DOMAIN, locale_folder, languages=[code])))
    except OSError:
        speak(Language())


def speak(language: Language) -> Language:
    """Use a language from now on; returns the one spoken before."""
    global _spoken
    before, _spoken = _spoken, language
    return before


def spoken() -> str:
    """Return the code of the language spoken."""
    return _spoken.code


@contextmanager
def english() -> Iterator[None]:
    """Speak English: for files that programs read, whatever language people chose.

    For the whole program, not for one thread of it: use it where nothing else runs.
    """
    before = speak(Language())
    try:
        yield
    finally:
        speak(before)


def tr(text: str, /, **values: object) -> str:
    """Return `text` in the chosen language with ``{name}`` fields filled in.

    Fields are filled literally: markup or format characters inside a value stay as they are, and
    characters nobody sees are made visible (`literal`).
    """
    words = _spoken.words.gettext(text) if text else ""  # nothing would be the catalogue's header
    shown = {name: literal(str(v)) if isinstance(v, str | PurePath) else v for name, v in values.items()}
    return words.format(**shown) if values else words


def mark(text: str, /) -> str:
    """Return `text` unchanged; marks it for translation where it is only stored."""
    return text


def listed(parts: Iterable[str], /) -> str:
    """Return names one after another, with the comma of the language."""
    return tr(", ").join(parts)


def clauses(parts: Iterable[str], /) -> str:
    """Return clauses as one sentence, with the semicolon of the language; empty ones are left out."""
    return tr("; ").join(part for part in parts if part)


def about(subject: str, words: str, /) -> str:
    """Return what is said of a subject, with the colon of the language."""
    return tr("{subject}: {words}", subject=subject, words=words)


def letters(text: str, /) -> float:
    """Return how many Latin letters a text is as wide as: a Chinese one takes the room of nearly two."""
    return sum(1.7 if unicodedata.east_asian_width(letter) in "WF" else 1.0 for letter in text)


def spoken_name(words: str, /) -> str:
    """Return the words of a menu entry as people say them: without dots and the letter to press."""
    return re.sub(r"\(&.\)|&|\.{3}$|…$", "", words)


_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


def literal(text: str, /) -> str:
    """Return `text` with control and direction characters made visible, as ``<U+202E>``.

    Names out of files are hostile input: a direction override would show a file name or a side the
    wrong way round. Halves of characters, as undecodable file names hold them, cannot be written at all.
    """
    return _INVISIBLE.sub(lambda found: f"<U+{ord(found.group()):04X}>", text)


def brief(text: str, /, limit: int = 36) -> str:
    """Return `text` literally and no longer than `limit` letters, for where it would cover others."""
    shown = literal(" ".join(text.split()))
    return shown if len(shown) <= limit else f"{shown[: limit - 1].rstrip()}…"
