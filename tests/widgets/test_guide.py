"""The bundled guide: every page, every place it points to, every reason a number is withheld."""

import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QImage, QTextDocument
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.guide_words import guide_words
from app.program import RESOURCES
from planning.model.settings import Settings, load_settings
from planning.safety.judge import REASONS, reason_words
from widgets.guide.guide_window import GuideWindow
from widgets.guide.pages import PAGES, Guide, Topic, load_guide, page_of, table

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("propagateSizeHints")]

GUIDE = RESOURCES / "guide"
LANGUAGES = sorted(folder.name for folder in GUIDE.iterdir() if folder.is_dir())


def guide_in(language: str, settings: Settings) -> Guide:
    return load_guide(GUIDE, language, guide_words(settings))


@pytest.fixture(scope="module")
def english() -> Guide:
    return guide_in("en", load_settings(RESOURCES))


def test_every_page_is_there_and_nothing_else() -> None:
    assert {path.stem for path in (GUIDE / "en").glob("*.md")} == set(PAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_has_the_places_of_the_english_one_and_leads_nowhere_else(
    language: str, english: Guide
) -> None:
    guide = guide_in(language, load_settings(RESOURCES))
    for page, original in zip(guide.pages, english.pages, strict=True):
        assert [s.anchor for s in page.sections] == [s.anchor for s in original.sections], page.name
        assert page.sections[0].anchor == "top"
        assert "[[" not in page.markdown
        assert "{#" not in page.markdown
        for link in page.links:
            if link.endswith(".png"):
                assert page.picture(link) is not None, link
            else:
                name, _, anchor = link.partition("#")
                topic = Topic(name.removesuffix(".md") or page.name, anchor or "top")
                assert guide.has(topic), f"{page.name}: {link}"


def test_every_reason_has_an_entry_in_the_words_of_the_board(english: Guide) -> None:
    board = english.page("safety-board")
    assert board is not None
    for code in REASONS:
        section = board.section(code)
        assert section is not None, code
        assert section.title.casefold() == reason_words(code).casefold()
        assert len(section.text.split()) > 10, code


def test_limits_tools_and_keys_are_those_of_the_program(english: Guide) -> None:
    settings = load_settings(RESOURCES)
    limits = english.page("limits")
    assert limits is not None
    shown = limits.markdown.replace("\\", "")
    for printed in settings.limits.printed:
        if printed.key.split(".")[0] in ("clearance", "sigma", "slices", "margin", "ligation"):
            assert f"| {printed.value} | {printed.tag} |" in shown, printed.key
    cuts, keys = english.page("cuts"), english.page("keys")
    assert cuts is not None
    assert keys is not None
    for tool in settings.tools.tools:
        assert f"| {tool.name} | {tool.kerf_mm:g} | {tool.overshoot_mm:g} |" in cuts.markdown
    assert "| Write report | Ctrl+P | File |" in keys.markdown


def test_what_is_searched_is_found_titles_first(english: Guide) -> None:
    found = english.search("overshoot")
    assert found
    assert found[0].topic == Topic("cuts", "blade") or "vershoot" in found[0].title
    assert english.search("confirm level count")[0].topic == Topic("anatomy", "levels")
    assert english.search("nosuchword") == ()
    assert english.search("  ") == ()


def test_a_page_without_a_title_and_an_unknown_field_are_refused() -> None:
    with pytest.raises(ValueError, match="no title"):
        page_of("x", "words only", Path(), {})
    with pytest.raises(KeyError):
        page_of("x", "# T {#top}\n[[nothing]]", Path(), {})


def test_cells_are_shown_as_they_are(qtbot: QtBot) -> None:
    made = table(("a", "b"), [("x|y", "<b>*[1]*</b>\nz")])
    page = page_of("x", f"# T {{#top}}\n\n{made}", Path(), {})
    window = GuideWindow(Guide((page,)))
    qtbot.addWidget(window)
    plain = window.page.toPlainText()
    assert "x|y" in plain
    assert "<b>*[1]*</b> z" in plain


@pytest.fixture
def window(qtbot: QtBot, english: Guide) -> GuideWindow:
    made = GuideWindow(english)
    qtbot.addWidget(made)
    made.show()
    return made


def test_a_place_is_shown_where_its_heading_is(window: GuideWindow, qtbot: QtBot) -> None:
    window.go(Topic("safety-board", "too_thin"))
    assert "The safety board" in window.page.toPlainText()
    assert window.page.verticalScrollBar().value() > 0
    item = window.contents.currentItem()
    assert item is not None
    assert item.text(0).startswith("It is too thin")
    first_line = window.page.cursorForPosition(window.page.viewport().rect().topLeft())
    assert "too thin" in first_line.block().text() or "too thin" in first_line.block().next().text()


def test_pictures_of_the_page_are_shown_and_nothing_else_is_read(window: GuideWindow, tmp_path: Path) -> None:
    window.go(Topic("cuts"))
    picture = window.page.loadResource(2, QUrl("blade.png"))
    assert isinstance(picture, QImage)
    assert 200 < picture.width() <= 620
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"x")
    assert window.page.loadResource(2, QUrl(f"file://{secret}")) is None


def test_links_the_way_back_and_unknown_places(window: GuideWindow) -> None:
    window.go(Topic("safety-board"))
    window.page.anchorClicked.emit(QUrl("anatomy.md#levels"))
    assert window.topic == Topic("anatomy", "levels")
    QTest.mouseClick(window.back, Qt.MouseButton.LeftButton)
    assert window.topic == Topic("safety-board")
    QTest.mouseClick(window.forward, Qt.MouseButton.LeftButton)
    assert window.topic == Topic("anatomy", "levels")
    window.page.anchorClicked.emit(QUrl("https://example.org/x.md"))
    assert window.topic == Topic("anatomy", "levels")
    window.go(Topic("anatomy", "nowhere"))
    assert window.topic == Topic("anatomy")
    window.go(Topic("nowhere"))
    assert window.topic == Topic(PAGES[0])


def test_searching_in_the_window_opens_the_first_place(window: GuideWindow) -> None:
    QTest.keyClicks(window.search, "interrupted")
    assert window.contents.topLevelItemCount() >= 1
    QTest.keyClick(window.search, Qt.Key.Key_Return)
    assert window.topic == Topic("safety-board", "interrupted")
    window.search.setText("nosuchword")
    assert window.nothing.isVisible()
    window.search.clear()
    assert not window.nothing.isVisible()
    assert window.contents.topLevelItemCount() == len(PAGES)


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "en"])
def test_every_page_is_translated_with_its_fields_links_and_numbers(language: str) -> None:
    assert {path.stem for path in (GUIDE / language).glob("*.md")} == set(PAGES)
    for name in PAGES:
        own, original = ((GUIDE / code / f"{name}.md").read_text("utf-8") for code in (language, "en"))
        for pattern in (r"\[\[[^\]]+\]\]", r"\]\([^)]+\)", r"\b\d+(?:\.\d+)?\b", r"`--?[^`]+`", r"^(?:\||#)"):
            found, expected = (
                sorted(re.findall(pattern, text, re.ASCII | re.MULTILINE)) for text in (own, original)
            )
            assert found == expected, (name, pattern)
        shown = QTextDocument()
        shown.setMarkdown(own)
        assert "*" not in shown.toPlainText(), f"{name}: a mark that marks nothing"
