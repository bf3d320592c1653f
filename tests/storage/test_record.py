"""The record of approvals and exports: nothing in it changes unnoticed."""

import sqlite3
from pathlib import Path

import pytest

from planning.storage.case_file import CaseFile
from tests.storage.cases import a_tiny_case


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a case file with three lines in its record."""
    path = tmp_path / "case.enbloc"
    with CaseFile.create(path, a_tiny_case("a")) as file:
        assert file.record().lines == ()
        assert file.record().is_whole
        file.note("approval", "Plan A approved", by="Dr. A")
        file.save(a_tiny_case("b"))
        file.note("export", "Report to 汉字.pdf", by="Dr. B")
        file.note("export", "STL")
    return path


def test_lines_say_who_did_what_with_which_version(path: Path) -> None:
    with CaseFile.open(path) as file:
        record = file.record()
        assert record.is_whole
        assert [(n.number, n.what, n.detail) for n in record.lines] == [
            (1, "approval", "Plan A approved"),
            (2, "export", "Report to 汉字.pdf"),
            (3, "export", "STL"),
        ]
        assert [n.by for n in record.lines[:2]] == ["Dr. A", "Dr. B"]
        newest, first = (v.manifest for v in file.versions())
        assert [n.case_digest for n in record.lines] == [first, newest, newest]
        file.note("export", "again")
        assert file.record().is_whole


@pytest.mark.parametrize(
    "hand",
    [
        "UPDATE record SET body=replace(body, 'Dr. A', 'Dr. X') WHERE number=1",
        "UPDATE record SET sha256=(SELECT sha256 FROM record WHERE number=2) WHERE number=1",
        "DELETE FROM record WHERE number=1",
        "DELETE FROM record WHERE number=2",
        "DELETE FROM record WHERE number=3",
        "DELETE FROM record",
        "UPDATE record SET number=number+1 WHERE number=3",
        "UPDATE record SET body='' WHERE number=2",
        "DELETE FROM meta WHERE key='record_end'",
        "INSERT INTO record SELECT 4, body, sha256 FROM record WHERE number=3",
    ],
)
def test_any_careless_hand_shows(hand: str, path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute(hand)
    db.commit()
    db.close()
    with CaseFile.open(path) as file:
        assert not file.record().is_whole
