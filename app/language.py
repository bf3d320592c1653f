"""Which language the program speaks: asked for at the start, else remembered, else the computer's."""

import os
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from app.program import RESOURCES
from planning.texts import ENGLISH, use_language

LANGUAGES: Final = {ENGLISH: "English", "zh_CN": "简体中文"}
"""Languages by their gettext codes, each named in itself."""
SYSTEM: Final = "system"
"""The wish for the language of the computer."""
LOCALE: Final = RESOURCES / "locale"
OPTION: Final = "--language"
_VARIABLE: Final = "ENBLOC_LANGUAGE"


def wished(arguments: Sequence[str]) -> str:
    """Return the language asked for by `--language` or `ENBLOC_LANGUAGE`; empty where there is none known."""
    said = [value for name, value in pairwise(arguments) if name == OPTION]
    said += [value for name, _, value in (word.partition("=") for word in arguments) if name == OPTION]
    for wish in (*reversed(said), os.environ.get(_VARIABLE, "")):
        if wish in (*LANGUAGES, SYSTEM):
            return wish
    return ""


def chosen(wish: str, of_the_computer: Iterable[str]) -> str:
    """Return the language to speak.

    Parameters
    ----------
    wish : str
        A code of `LANGUAGES`; anything else means the computer's.
    of_the_computer : iterable of str
        Its languages as ``zh-Hans-CN``, most wanted first.
    """
    if wish in LANGUAGES:
        return wish
    for name in of_the_computer:
        language, *rest = name.replace("_", "-").casefold().split("-")
        if language == ENGLISH:
            return ENGLISH
        if language == "zh" and not {"hant", "tw", "hk", "mo"} & set(rest):
            return "zh_CN"
    return ENGLISH


def start_speaking(code: str) -> None:
    """Speak a language from now on."""
    use_language(code, LOCALE)
