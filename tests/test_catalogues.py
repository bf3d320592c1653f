"""Every word the program shows is translated, whole and true to its fields."""

import gettext
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from types import ModuleType

import pytest
from PySide6.QtGui import QRawFont

from app.language import LANGUAGES, LOCALE
from planning.texts import ENGLISH, spoken, tr, use_language

ROOT = Path(__file__).parents[1]
TRANSLATED = tuple(code for code in LANGUAGES if code != ENGLISH)


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_catalogues", LOCALE / "make_catalogues.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CATALOGUES = _tool()
WORDS = CATALOGUES.words()
ENGLISH_SIGNS = {sign for text in WORDS for sign in text}


def _known(code: str) -> dict[str, str]:
    known: dict[str, str] = CATALOGUES.read_po(LOCALE / code / "LC_MESSAGES" / "enbloc.po")
    return known


@pytest.fixture
def english_again() -> Iterator[None]:
    yield
    use_language(ENGLISH, LOCALE)


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_word_is_translated(code):
    known = _known(code)
    missing = [text for text in WORDS if not known.get(text)]
    assert missing == [], "translate them in the .po, then: make catalogues"
    gone = [text for text in known if text and text not in WORDS]
    assert gone == [], "no longer used; make catalogues takes them out"
    po = (LOCALE / code / "LC_MESSAGES" / "enbloc.po").read_text("utf-8")
    assert "fuzzy" not in po


@pytest.mark.parametrize("code", TRANSLATED)
def test_fields_survive_translation(code):
    """A field lost is a number not shown; a field made up is a crash."""
    for text, words in _known(code).items():
        if text:
            assert _fields(words) == _fields(text), text


def _fields(text: str) -> list[str]:
    """Return the fields of a text with their formats; texts without fields are never formatted."""
    if not re.search(r"\{[a-z_]", text):
        return []
    found = [f"{name}!{kind}:{form}" for _, name, form, kind in Formatter().parse(text) if name is not None]
    return sorted(found)


@pytest.mark.parametrize("code", TRANSLATED)
def test_numbers_and_marks_survive_translation(code):
    """Limits, doses of doubt and mnemonics stay as they are; spaces at the ends join words and numbers."""
    for text, words in _known(code).items():
        if not text:
            continue
        assert _numbers(words) == _numbers(text), text
        assert text.count("&") == words.count("&"), text
        assert text.endswith("...") == words.endswith("…"), text
        assert text.count("\n") == words.count("\n"), text
        for mark in "✓✕▲●○–σ":
            assert text.count(mark) == words.count(mark) or mark == "σ", text
        if len(text) > 40 or re.fullmatch("[A-Z ]{4,}", text):
            assert words != text, "still English"


def _numbers(text: str) -> list[str]:
    """Return the numbers of a text; 3D has a word of its own."""
    return sorted(re.findall(r"\d+(?:\.\d+)?", re.sub(r"\{[^}]*\}|3D", "", text)))


@pytest.mark.parametrize("code", TRANSLATED)
def test_what_is_not_assessed_stays_so(code):
    """The words a life hangs on are never softened."""
    known = _known(code)
    for english, chinese in (
        ("not assessed", "未评估"),
        ("at least", "至少"),
        ("intralesional", "病灶内"),
        ("nobody has|no person has|nobody named", "无人|尚无人|未标明任何人"),
        ("withheld", "不予给出"),
        ("left and right", "左右"),
    ):
        for text, words in known.items():
            if re.search(english, text, re.IGNORECASE):
                assert re.search(chinese, words), (text, words)


@pytest.mark.parametrize("code", TRANSLATED)
def test_the_compiled_catalogue_is_the_written_one(code):
    folder = LOCALE / code / "LC_MESSAGES"
    known = CATALOGUES.read_po(folder / "enbloc.po")
    assert (folder / "enbloc.mo").read_bytes() == CATALOGUES.mo_bytes(known), "run: make catalogues"
    compiled = gettext.translation("enbloc", LOCALE, languages=[code])
    assert [text for text in WORDS if compiled.gettext(text) != known[text]] == []


def test_the_bundled_font_has_every_letter(qapp):
    fonts = [QRawFont(str(path), 12.0) for path in sorted((ROOT / "resources" / "fonts").glob("*.otf"))]
    letters = sorted(
        {c for code in TRANSLATED for words in _known(code).values() for c in words} - ENGLISH_SIGNS
    )
    assert len(letters) > 800
    for font in fonts:
        glyphs = font.glyphIndexesForString("".join(letters))  # 0 is the box for what is missing
        assert [c for c, glyph in zip(letters, glyphs, strict=True) if not glyph] == []


def test_a_language_is_spoken_from_then_on(english_again):
    use_language("zh_CN", LOCALE)
    assert spoken() == "zh_CN"
    assert tr("spinal cord") == "脊髓"
    assert tr("{value} mm to the {what}", value="2.1", what=tr("aorta")) == "距主动脉 2.1 mm"
    assert tr("") == ""
    assert tr("A sentence nobody translated.") == "A sentence nobody translated."
    use_language("tlh", LOCALE)
    assert (spoken(), tr("spinal cord")) == (ENGLISH, "spinal cord")


def test_a_catalogue_is_read_as_it_was_written(tmp_path):
    """Quotes, backslashes, line breaks and several lines come back as they were."""
    texts = {'a "b"\\n\n c': "甲“乙”\\n\n丙", "x": "y\ttab"}
    place = tmp_path / "enbloc.po"
    place.write_text(CATALOGUES.po_text(texts, "xx", {text: ["a.py"] for text in texts}), "utf-8")
    known = CATALOGUES.read_po(place)
    assert {text: known[text] for text in texts} == texts
    assert known[""].splitlines()[1] == "Language: xx"
