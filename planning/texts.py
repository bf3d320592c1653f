"""Words shown to people, through gettext from the first commit."""

import gettext
import re
from pathlib import Path, PurePath

_DOMAIN = "enbloc"
_translation: gettext.NullTranslations = gettext.NullTranslations()


def use_language(language: str | None, locale_folder: Path) -> None:
    """Choose the language of every later `tr`; unknown languages fall back to English.

    Parameters
    ----------
    language : str or None
        A gettext language code such as ``zh_CN``; None keeps English.
    locale_folder : Path
        Folder holding ``<language>/LC_MESSAGES/enbloc.mo``.
    """
    global _translation  # noqa: PLW0603 -- the language is chosen once, at start
    languages = [language] if language else []
    _translation = gettext.translation(_DOMAIN, locale_folder, languages=languages, fallback=True)


def tr(text: str, /, **values: object) -> str:
    """Return `text` in the chosen language with ``{name}`` fields filled in.

    Fields are filled literally: markup or format characters inside a value stay as they are, and
    characters nobody sees are made visible (`literal`).
    """
    words = _translation.gettext(text)
    shown = {name: literal(str(v)) if isinstance(v, str | PurePath) else v for name, v in values.items()}
    return words.format(**shown) if values else words


def mark(text: str, /) -> str:
    """Return `text` unchanged; marks it for translation where it is only stored."""
    return text


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
