"""How well a command, structure, cut or level fits what is typed: words, beginnings, letters in order."""

import re
from dataclasses import dataclass
from typing import Final

_WORDS: Final = re.compile(r"[^\W_]+")
_BEGINS, _INSIDE, _SYNONYM, _LETTERS = 4.0, 2.5, 1.5, 1.0
_LEAST_LETTERS: Final = 3


@dataclass(frozen=True)
class Entry:
    """Something that can be found and done.

    Parameters
    ----------
    id, title : str
    group : str
        Where it belongs, such as a menu.
    keys : str
        Its shortcut, as shown.
    why_not : str
        Why it cannot be done now; empty where it can.
    also : str
        Other words it is found by, in any language.
    """

    id: str
    title: str
    group: str = ""
    keys: str = ""
    why_not: str = ""
    also: str = ""


def ranked(entries: list[Entry], typed: str, lately: tuple[str, ...] = ()) -> list[Entry]:
    """Return what fits, best first; with nothing typed everything, what was used lately first."""
    if not typed.strip():
        first = {key: place for place, key in enumerate(lately)}
        return sorted(entries, key=lambda e: first.get(e.id, len(first)))
    scored = [(score(entry, typed), place, entry) for place, entry in enumerate(entries)]
    fits = [(-s, bool(entry.why_not), place, entry) for s, place, entry in scored if s > 0]
    return [entry for *_, entry in sorted(fits, key=lambda fit: fit[:3])]


def score(entry: Entry, typed: str) -> float:
    """Return how well an entry fits; 0 where a typed word fits nothing of it."""
    total = 0.0
    for word in typed.casefold().split():
        best = _word_score(entry, word)
        if best == 0:
            return 0.0
        total += best
    title = entry.title.casefold()
    whole = " ".join(typed.casefold().split())
    bonus = 3.0 if title.startswith(whole) else 1.5 if whole in title else 0.0
    return total + bonus + 1.0 / (1 + len(title))  # of equals, the shorter name


def _word_score(entry: Entry, word: str) -> float:
    title = entry.title.casefold()
    if any(part.startswith(word) for part in _WORDS.findall(title)):
        return _BEGINS
    if word in title:
        return _INSIDE
    others = f"{entry.also} {entry.group} {entry.keys}".casefold()
    if any(part.startswith(word) for part in others.split()) or (not word.isascii() and word in others):
        return _SYNONYM
    return _LETTERS if len(word) >= _LEAST_LETTERS and _in_order(word, title) else 0.0


def _in_order(letters: str, text: str) -> bool:
    """Say whether the letters stand in the text in this order, from the beginning of a word on."""
    for start in (found.start() for found in _WORDS.finditer(text)):
        rest = iter(text[start:])
        if text[start] == letters[0] and all(letter in rest for letter in letters):
            return True
    return False
