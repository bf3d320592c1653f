"""The earlier generations beside a case file: written in turn, offered where the file itself fails."""

import os
import sqlite3
from pathlib import Path

import pytest

from planning.errors import CaseFileProblem
from planning.storage import generations
from planning.storage.case_file import CaseFile, open_case
from planning.storage.generations import (
    APART_S,
    generations_of,
    keep_generation,
    newer_generation,
    open_or_earlier,
    places_of,
)
from tests.storage.cases import a_rich_case, a_tiny_case
from tests.storage.test_round_trip import assert_same_case


def save(path: Path, text: str, *, keep: bool = True) -> None:
    """Save a tiny case and bring a generation up to date."""
    with CaseFile.open(path) as file:
        file.save(a_tiny_case(text), text)
        file.note("export", text)
    if keep:
        keep_generation(path, apart_s=0.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a case file with two generations."""
    path = tmp_path / "汉字 case.enbloc"
    CaseFile.create(path, a_tiny_case("one"), "one").close()
    keep_generation(path, apart_s=0.0)
    save(path, "two")
    return path


def labels(path: Path) -> list[str]:
    """Return what the generations hold, newest first."""
    return [g.version.label for g in generations_of(path)]


def test_generations_are_written_in_turn_with_the_record(path: Path) -> None:
    assert labels(path) == ["two", "one"]
    first, second = (place.stat().st_ino for place in places_of(path))
    save(path, "three")
    assert labels(path) == ["three", "two"]
    assert (places_of(path)[0].stat().st_ino, places_of(path)[1].stat().st_ino) == (first, second)
    newest = generations_of(path)[0].path
    with CaseFile.open(newest, read_only=True) as file:
        assert file.case.diagnosis.text == "three"
        assert [v.label for v in file.versions()] == ["three"]
        assert [line.detail for line in file.record().lines] == ["two", "three"]
        assert file.record().is_whole
    assert keep_generation(path, apart_s=0.0) is None, "nothing new to keep"


def test_the_newer_one_rests_before_the_older_one_is_touched(path: Path) -> None:
    with CaseFile.open(path) as file:
        file.save(a_tiny_case("three"), "three")
    assert keep_generation(path) is None
    for place in places_of(path):
        os.utime(place, (place.stat().st_atime, place.stat().st_mtime - APART_S))
    assert keep_generation(path) is not None
    assert labels(path) == ["three", "two"]


def test_a_generation_costs_what_changed(tmp_path: Path) -> None:
    path, case = tmp_path / "case.enbloc", a_rich_case()
    CaseFile.create(path, case).close()
    for _ in range(2):
        with CaseFile.open(path) as file:
            file.save(case)
        keep_generation(path, apart_s=0.0)
    writes: list[str] = []
    with CaseFile.open(path) as file:
        file.save(case.with_plan(case.plans[0]), "other plan")
    target = generations_of(path)[1].path
    with sqlite3.connect(target) as db:
        before = dict(db.execute("SELECT name, rowid FROM blob"))
    db.close()
    keep_generation(path, apart_s=0.0)
    with sqlite3.connect(target) as db:
        after = dict(db.execute("SELECT name, rowid FROM blob"))
    db.close()
    writes = [name for name in after if after[name] != before.get(name)]
    assert 1 <= len(writes) <= 2, "one document, not the voxels"
    with CaseFile.open(target, read_only=True) as kept:
        assert_same_case(kept.case, case.with_plan(case.plans[0]))


@pytest.mark.parametrize("spoil", ["zeros", "cut", "empty", "content"])
def test_a_spoilt_file_gives_way_to_its_newest_whole_generation(spoil: str, path: Path) -> None:
    whole = path.read_bytes()
    if spoil == "content":
        with sqlite3.connect(path) as db:
            db.execute("UPDATE blob SET body = zeroblob(10)")
        db.close()
    else:
        spoilt = {"zeros": bytes(4096) + whole[4096:], "cut": whole[: len(whole) // 2], "empty": b""}
        path.write_bytes(spoilt[spoil])
    file, words = open_or_earlier(path, read_only=False)
    with file:
        assert file.case.diagnosis.text == "two"
        assert file.read_only
        assert "The generation before it, saved at 20" in words
        assert path.name in words
    # Where the newest is spoilt as well, the one before it serves.
    generations_of(path)[0].path.write_bytes(b"x" * 5000)
    file, words = open_or_earlier(path, read_only=False)
    with file:
        assert file.case.diagnosis.text == "one"
    for place in places_of(path):
        place.write_bytes(b"")
    if spoil != "content":
        with pytest.raises(CaseFileProblem):
            open_or_earlier(path, read_only=False)


def test_a_whole_file_is_opened_as_it_is(path: Path) -> None:
    file, words = open_or_earlier(path, read_only=False)
    with file:
        assert words == ""
        assert not file.read_only
        assert file.path == path
        assert newer_generation(path, file) is None


def test_a_save_the_disk_lost_is_found_in_the_generation(path: Path) -> None:
    lost = path.read_bytes()
    save(path, "three")
    path.write_bytes(lost)
    with CaseFile.open(path, read_only=True) as file:
        assert file.case.diagnosis.text == "two"
        newer = newer_generation(path, file)
        assert newer is not None
        assert newer.version.label == "three"
        assert open_case(newer.path).diagnosis.text == "three"


def test_generations_of_another_case_are_replaced_not_offered(path: Path) -> None:
    path.unlink()
    CaseFile.create(path, a_tiny_case("other"), "other").close()
    with CaseFile.open(path, read_only=True) as file:
        assert newer_generation(path, file) is None
    keep_generation(path, apart_s=0.0)
    with CaseFile.open(path) as file:
        file.save(a_tiny_case("other"), "again")
    keep_generation(path, apart_s=0.0)
    assert {g.version.label for g in generations_of(path)} == {"other", "again"}


def test_a_nearly_full_disk_keeps_its_room_for_the_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "case.enbloc"
    CaseFile.create(path, a_tiny_case("a")).close()
    monkeypatch.setattr(generations, "disk_usage", lambda _p: type("Usage", (), {"free": 1000})())
    with pytest.raises(CaseFileProblem) as problem:
        keep_generation(path)
    assert problem.value.code == "DISK_FULL"
    assert [p.name for p in tmp_path.iterdir()] == ["case.enbloc"]


def test_a_missing_or_newer_file_is_told_as_it_is(path: Path) -> None:
    path.unlink()
    with pytest.raises(CaseFileProblem) as problem:
        open_or_earlier(path, read_only=False)
    assert problem.value.code == "NO_FILE"
