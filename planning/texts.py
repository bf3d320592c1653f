"""Words shown to people, through gettext from the first commit."""

import gettext
from pathlib import Path

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

    Fields are filled literally: markup or format characters inside a value stay as they are.
    """
    words = _translation.gettext(text)
    return words.format(**values) if values else words


def mark(text: str, /) -> str:
    """Return `text` unchanged; marks it for translation where it is only stored."""
    return text
