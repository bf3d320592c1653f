"""The document of `make reliability`: its places are there, and a table goes nowhere else."""

import pytest

from tests.benchmarks.crash_table import Row, as_markdown
from tests.benchmarks.reliability import DOCUMENT, put_between


def test_the_document_has_a_place_for_each_table():
    text = DOCUMENT.read_text(encoding="utf-8")
    for name in ("crash table", "corpus table"):
        changed = put_between(text, name, "| X |")
        assert f"<!-- {name} -->\n| X |\n<!-- end of {name} -->" in changed
        assert put_between(changed, name, "| X |") == changed
        assert changed.splitlines()[0] == text.splitlines()[0]
    with pytest.raises(ValueError, match="no place"):
        put_between(text, "other table", "")


def test_a_row_says_attempts_and_losses():
    rows = [Row("C1", "kill -9", 200, 0, "fine"), Row("C2", "power cut", 1000, 3)]
    assert "| C2 | power cut | 1000 | 3 |  |" in as_markdown(rows).splitlines()
    assert "attempts    200  losses    0  fine" in rows[0].sentence
