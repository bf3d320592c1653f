"""Versions of a case file as a history: named, shared, with their limits, passed on to a new file."""

from dataclasses import replace
from pathlib import Path

import pytest

from planning.errors import CaseFileProblem
from planning.model.case import Diagnosis
from planning.model.settings import load_settings
from planning.storage.case_file import CaseFile
from planning.storage.kept_limits import limits_of
from tests.storage.cases import a_rich_case, a_tiny_case, with_stroke
from tests.storage.test_damage import forge
from tests.storage.test_round_trip import assert_same_case

RESOURCES = Path(__file__).parents[2] / "resources"


def test_versions_share_what_they_have_in_common(tmp_path: Path) -> None:
    case = a_rich_case()
    path = tmp_path / "case.enbloc"
    with CaseFile.create(path, case) as file:
        file.save(with_stroke(case, "aorta", (1, 1, 1)))
    with CaseFile.open(path) as file:
        newest, first = (file.read(version) for version in file.versions())
        assert newest.images[0].volume is first.images[0].volume is file.case.images[0].volume
        assert newest.anatomy is not None
        assert first.anatomy is not None
        for one, two in zip(newest.anatomy.structures, first.anatomy.structures, strict=True):
            assert (one.mask is two.mask) == (one.id != "aorta")
        assert_same_case(first, case)


def test_shared_masks_are_saved_right_again(tmp_path: Path) -> None:
    """What is known from reading is never written wrongly into another file."""
    case = with_stroke(a_rich_case(), "aorta", (1, 1, 1))
    CaseFile.create(tmp_path / "a.enbloc", case).close()
    with CaseFile.open(tmp_path / "a.enbloc") as file:
        copy = CaseFile.create(tmp_path / "b.enbloc", file.case, kept=file.kept(versions=True))
        copy.close()
        file.save(replace(file.case, diagnosis=Diagnosis("again")))
    for name in ("a", "b"):
        with CaseFile.open(tmp_path / f"{name}.enbloc") as file:
            assert file.damage == ()
            assert_same_case(file.read(file.versions()[-1]), case)


def test_a_named_version_stays_for_good(tmp_path: Path) -> None:
    with CaseFile.create(tmp_path / "c.enbloc", a_tiny_case("0"), "first") as file:
        second = file.save(a_tiny_case("1"), "second")
        named = file.name_version(second, "agreed in conference")
        assert (named.number, named.label, named.kept) == (2, "agreed in conference", True)
        for n in range(2, 260):
            file.save(a_tiny_case(str(n)))
        left = file.versions()
        assert len(left) <= 202
        assert named in left
        assert file.read(named).diagnosis.text == "1"
        assert file.damage == ()
        with pytest.raises(CaseFileProblem) as problem:
            file.name_version(replace(second, number=1), "gone long ago")
        assert problem.value.code == "NO_VERSION"
    with CaseFile.open(tmp_path / "c.enbloc") as file:
        assert named in file.versions(), "its entry is whole"


def test_a_version_remembers_its_limits_and_frees_them_with_itself(tmp_path: Path) -> None:
    limits = limits_of(load_settings(RESOURCES))
    assert float(limits["clearance.cord.fail_below_mm"]) > 0
    assert float(limits["tool.t_saw.kerf_mm"]) > 0
    with CaseFile.create(tmp_path / "c.enbloc", a_tiny_case("0"), limits=limits) as file:
        assert file.limits_of(file.versions()[0]) == limits
        file.save(a_tiny_case("1"))
        assert file.limits_of(file.versions()[0]) is None
        other = {**limits, "clearance.cord.fail_below_mm": "9"}
        version = file.save(a_tiny_case("2"), limits=other)
        assert file.limits_of(version) == other
        names = file._blobs.stored().keys()
        assert version.limits in names
        before = len(names)
        for n in range(300):
            file.save(a_tiny_case(str(n)), limits={"n": str(n)})
        assert version.limits not in file._blobs.stored(), "nobody needs it any more"
        assert len(file._blobs.stored()) <= before + 2 * 202


def test_a_new_file_has_the_history_of_the_old_one_and_a_future_of_its_own(tmp_path: Path) -> None:
    with CaseFile.create(tmp_path / "a.enbloc", a_tiny_case("1"), "one") as file:
        file.save(a_tiny_case("2"), "two", keep=True)
        file.autosave(a_tiny_case("3"), "gesture")
        new = CaseFile.create(tmp_path / "b.enbloc", a_tiny_case("3"), "three", kept=file.kept(versions=True))
    with new:
        assert [(v.number, v.label, v.kept) for v in new.versions()] == [
            (3, "three", False),
            (2, "two", True),
            (1, "one", False),
        ]
        assert new.unsaved is None, "unsaved work is the old file's"
        assert [new.read(v).diagnosis.text for v in new.versions()] == ["3", "2", "1"]


def test_entries_of_a_newer_program_go_along_to_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "newer.enbloc"
    forge(path, {"from_the_future": {"implant": 1}})
    with CaseFile.open(path) as file:
        assert file.why_read_only is not None
        copy = CaseFile.create(tmp_path / "copy.enbloc", file.case, kept=file.kept(versions=True))
    with copy:
        newest, first = copy.versions()
        assert b"from_the_future" in (copy._blobs.content(first.manifest) or b"")
        assert copy.read(newest).id == file.case.id
