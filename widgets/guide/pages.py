"""The bundled guide as pages of Markdown, with named headings and words that the program fills in.

A heading is named as in ``## Accept a result {#accept}``; names are the same in every language, so that a
panel can ask for ``safety-board#accept``. ``[[reason:gap]]`` stands for words of the program itself, which
therefore cannot differ from what the window says.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

PAGES: Final = (
    "getting-started", "import", "anatomy", "views", "cuts", "safety-board", "report", "keys", "limits",
    "boundaries", "recovery",
)  # fmt: skip
"""Names of all pages, in the order of the contents."""

TOP: Final = "top"
_HEADING: Final = re.compile(r"^(#{1,3}) (.+?) \{#([a-z0-9_-]+)\}$")
_FIELD: Final = re.compile(r"\[\[([^\]]+)\]\]")
_LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
_MARKS: Final = re.compile(r"[*`|]|\]\([^)]*\)|[!\[]|^#+ |^-{3,}", re.MULTILINE)
_EXCERPT: Final = 70


@dataclass(frozen=True)
class Topic:
    """One place of the guide: a page and a named heading on it."""

    page: str
    anchor: str = TOP

    @classmethod
    def of(cls, words: str) -> "Topic":
        """Return the topic written as ``page#anchor`` or ``page``."""
        page, _, anchor = words.partition("#")
        return cls(page, anchor or TOP)


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it, up to the next heading."""

    anchor: str
    title: str
    level: int
    text: str


@dataclass(frozen=True)
class Page:
    """One page.

    Parameters
    ----------
    name : str
        One of `PAGES`.
    sections : tuple of Section
        The first is the page's title.
    folder : Path
        Holds its pictures.
    """

    name: str
    sections: tuple[Section, ...]
    folder: Path

    @property
    def title(self) -> str:
        """The page's title."""
        return self.sections[0].title

    @cached_property
    def markdown(self) -> str:
        """The page as Markdown, without the names of headings."""
        return "\n".join(f"{'#' * s.level} {s.title}\n{s.text}" for s in self.sections)

    @cached_property
    def links(self) -> tuple[str, ...]:
        """Where its links and pictures lead, as written."""
        return tuple(_LINK.findall(self.markdown))

    def picture(self, name: str) -> Path | None:
        """Return where a picture lies: beside the page, else beside the English one."""
        places = (self.folder / name, self.folder.parent / "en" / name)
        return next((path for path in places if path.is_file()), None)

    def section(self, anchor: str) -> Section | None:
        """Return the section of that name, or None."""
        return next((s for s in self.sections if s.anchor == anchor), None)


@dataclass(frozen=True)
class Found:
    """A place that holds what was searched for."""

    topic: Topic
    title: str
    excerpt: str


@dataclass(frozen=True)
class Guide:
    """All pages, in the order of the contents."""

    pages: tuple[Page, ...]

    def page(self, name: str) -> Page | None:
        """Return the page of that name, or None."""
        return next((p for p in self.pages if p.name == name), None)

    def has(self, topic: Topic) -> bool:
        """Say whether there is such a place."""
        page = self.page(topic.page)
        return page is not None and page.section(topic.anchor) is not None

    def search(self, words: str) -> tuple[Found, ...]:
        """Return every section that holds all words; those with a word in their title come first."""
        wanted = words.casefold().split()
        hits: list[tuple[int, Found]] = []
        for page in self.pages:
            for section in page.sections:
                plain = _plain(section.text)
                title, whole = section.title.casefold(), f"{section.title} {plain}".casefold()
                if wanted and all(word in whole for word in wanted):
                    found = Found(Topic(page.name, section.anchor), section.title, _excerpt(plain, wanted[0]))
                    hits.append((0 if all(word in title for word in wanted) else 1, found))
        return tuple(found for _, found in sorted(hits, key=lambda hit: hit[0]))


def load_guide(folder: Path, language: str, words: Mapping[str, str]) -> Guide:
    """Read the guide; a page that is not there in `language` is taken in English.

    Parameters
    ----------
    folder : Path
        Holds one folder a language.
    language : str
        Such as ``zh_CN``; empty for English.
    words : mapping
        What stands for each ``[[field]]``. Raises `KeyError` where one is missing.
    """
    pages = []
    for name in PAGES:
        own = folder / language / f"{name}.md"
        path = own if language and own.is_file() else folder / "en" / f"{name}.md"
        pages.append(page_of(name, path.read_text(encoding="utf-8"), path.parent, words))
    return Guide(tuple(pages))


def page_of(name: str, source: str, folder: Path, words: Mapping[str, str]) -> Page:
    """Return the page written as `source`; raises `ValueError` where it does not start with a named title."""
    sections: list[Section] = []
    body: list[str] = []
    head: tuple[int, str, str] | None = None
    for line in source.splitlines():
        match = _HEADING.match(line)
        if match is None:
            body.append(_filled(line, words))
            continue
        if head is not None:
            sections.append(Section(head[2], head[1], head[0], "\n".join(body)))
        title = _filled(match[2], words)
        head, body = (len(match[1]), title[:1].upper() + title[1:], match[3]), []
    if head is None:
        raise ValueError(f"page {name} has no title")
    sections.append(Section(head[2], head[1], head[0], "\n".join(body)))
    return Page(name, tuple(sections), folder)


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return a table as Markdown, whatever its cells hold."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    one_line = " ".join(text.split())
    return re.sub(r"([\\|<>*_`\[\]])", r"\\\1", one_line)


def _filled(line: str, words: Mapping[str, str]) -> str:
    return _FIELD.sub(lambda found: words[found[1]], line)


def _plain(markdown: str) -> str:
    return " ".join(_MARKS.sub(" ", markdown).replace("\\", "").split())


def _excerpt(plain: str, word: str) -> str:
    at = plain.casefold().find(word)
    start = max(0, at - _EXCERPT // 2)
    piece = plain[start : start + _EXCERPT].strip()
    before, after = "…" if start > 0 else "", "…" if start + _EXCERPT < len(plain) else ""
    return f"{before}{piece}{after}"
