"""Words for people: fields are filled literally, and nothing in them stays unseen."""

from pathlib import Path

import pytest

from planning.texts import brief, letters, literal, spoken_name, tr


@pytest.mark.parametrize(
    "text, shown",
    [
        ("abc\u202egnp.exe", "abc<U+202E>gnp.exe"),
        ("\x00\x1b[31m", "<U+0000><U+001B>[31m"),
        ("a\u2028b\u200bc\ufeff", "a<U+2028>b<U+200B>c<U+FEFF>"),
        ("\udc80", "<U+DC80>"),
        ("Jörg 张伟 שרון\tx\ny", "Jörg 张伟 שרון\tx\ny"),
    ],
)
def test_what_nobody_sees_is_made_visible(text: str, shown: str) -> None:
    assert literal(text) == shown
    assert tr("<{field}>", field=text) == f"<{shown}>"
    shown.encode("utf-8")


@pytest.mark.parametrize(
    "words, said",
    [
        ("&File", "File"),
        ("Save as...", "Save as"),
        ("文件(&F)", "文件"),
        ("另存为…", "另存为"),
        ("(a)", "(a)"),
    ],
)
def test_a_menu_entry_is_said_without_dots_and_letters_to_press(words: str, said: str) -> None:
    assert spoken_name(words) == said


def test_chinese_letters_take_more_room() -> None:
    assert letters("T10") == 3.0
    assert letters("模拟结构 T10") == pytest.approx(4 * 1.7 + 4)


def test_fields_are_never_formats() -> None:
    assert tr("{a} {b}", a="{b}{0.__class__}", b="%s") == "{b}{0.__class__} %s"
    assert tr("{n:.1f} {file}", n=1.25, file=Path("a\u202e.dcm")) == "1.2 a<U+202E>.dcm"


def test_a_brief_text_is_one_short_line() -> None:
    assert brief("En bloc T10") == "En bloc T10"
    assert brief("a\n b\tc") == "a b c"
    assert brief("x" * 37) == "x" * 35 + "…"
    assert len(brief("\u202e" * 100)) == 36
