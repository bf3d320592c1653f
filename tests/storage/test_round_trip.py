"""What is saved is what is opened: every value, every bit, every digest."""

from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from planning.errors import CaseFileProblem
from planning.model.case import Case
from planning.model.plan import Plan
from planning.model.stamp import Inputs
from planning.storage.case_file import CaseFile, open_case
from planning.storage.codec import Codec
from planning.storage.manifest import Encoder
from tests.builders import a_case
from tests.storage.cases import a_rich_case, a_tiny_case


class _Settings:
    digest = "settings"


def assert_same_case(a: Case, b: Case) -> None:
    """Assert that two cases are equal in every value a person or a result may depend on."""
    for field in fields(Case):
        if field.name not in ("images", "anatomy"):
            assert getattr(a, field.name) == getattr(b, field.name), field.name
    assert len(a.images) == len(b.images)
    for one, two in zip(a.images, b.images, strict=True):
        assert one.volume.voxels_kji.dtype == two.volume.voxels_kji.dtype
        assert one.volume.voxels_kji.tobytes() == two.volume.voxels_kji.tobytes()
        assert one.volume.digest == two.volume.digest
        assert replace(one, volume=two.volume).__dict__ == two.__dict__
    assert (a.anatomy is None) == (b.anatomy is None)
    if a.anatomy is not None and b.anatomy is not None:
        assert a.anatomy.digest == b.anatomy.digest
        assert [s.source for s in a.anatomy.structures] == [s.source for s in b.anatomy.structures]
        assert [s.review for s in a.anatomy.structures] == [s.review for s in b.anatomy.structures]
        digests = [Inputs(c.anatomy, c.plan, c.findings, _Settings()).digest for c in (a, b) if c.anatomy]
        assert digests[0] == digests[1]
    assert Encoder().encoded(a).manifest == Encoder().encoded(b).manifest


@pytest.mark.parametrize("case", [a_rich_case(), a_case(), a_tiny_case(), Case("empty")], ids=lambda c: c.id)
def test_a_case_opens_as_it_was_saved(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "case.enbloc"
    with CaseFile.create(path, case, "first") as file:
        assert file.case is case
    assert_same_case(open_case(path), case)
    with CaseFile.open(path) as file:
        assert file.why_read_only is None
        assert file.damage == ()
        assert [v.label for v in file.versions()] == ["first"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["case.enbloc"]


def test_voxels_are_read_only_and_whole_numbers_stay_whole(tmp_path: Path) -> None:
    case = a_rich_case()
    CaseFile.create(tmp_path / "c.enbloc", case).close()
    read = open_case(tmp_path / "c.enbloc")
    assert not read.images[0].volume.voxels_kji.flags.writeable
    codec = Codec()
    for number in (45, 45.0, 0.1, 1e300, True):
        kept = codec.decoded(bool if number is True else float, codec.encoded(number), "x")
        assert (kept, type(kept)) == (number, type(number))


def test_a_voxel_array_that_is_a_view_is_saved_right(tmp_path: Path) -> None:
    case = a_rich_case()
    volume = case.images[0].volume
    flipped = replace(volume, voxels_kji=volume.voxels_kji[::-1])
    case = replace(case, images=(replace(case.images[0], volume=flipped),))
    CaseFile.create(tmp_path / "c.enbloc", case).close()
    assert np.array_equal(
        open_case(tmp_path / "c.enbloc").images[0].volume.voxels_kji, volume.voxels_kji[::-1]
    )


@pytest.mark.parametrize("zone,fold", [("Europe/Berlin", 0), ("Europe/Berlin", 1), ("UTC", 0)])
def test_named_time_zones_keep_digests(zone: str, fold: int, tmp_path: Path) -> None:
    case = a_rich_case()
    assert case.anatomy is not None
    assert case.anatomy.levels_confirmed is not None
    at = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo(zone), fold=fold)
    confirmed = replace(case.anatomy.levels_confirmed, at=at)
    case = replace(case, anatomy=replace(case.anatomy, levels_confirmed=confirmed))
    CaseFile.create(tmp_path / "c.enbloc", case).close()
    assert_same_case(open_case(tmp_path / "c.enbloc"), case)


@pytest.mark.parametrize(
    "name",
    [
        "with blank",
        "汉字 名",
        'it\'s "quoted"',
        "new\nline",
        "100%?#&=;",
        "-journal",
        "é" * 60,
        "c:colon",
        "a\\b",
    ],
)
def test_a_file_name_may_hold_any_character(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    case = a_tiny_case(name)
    with CaseFile.create(path, case) as file:
        file.save(replace(case, credit="2"))
    assert open_case(path).credit == "2"
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_number_that_is_not_finite_is_refused_and_the_file_untouched(tmp_path: Path) -> None:
    case = a_rich_case()
    bad = replace(case, images=(replace(case.images[0], slice_spacing_mm=float("nan")),))
    with CaseFile.create(tmp_path / "c.enbloc", case) as file:
        with pytest.raises(CaseFileProblem) as refusal:
            file.save(bad)
        assert refusal.value.code == "NOT_FINITE"
        assert len(file.versions()) == 1


def test_a_key_this_program_does_not_know_is_reported() -> None:
    codec = Codec()
    content = codec.encoded_fields(Plan("P")) | {"from_the_future": 1}
    plan = codec.decoded(Plan, content, "plan")
    assert plan == Plan("P")
    assert codec.unknown == ["plan.from_the_future"]


@pytest.mark.parametrize(
    "change",
    [
        {"name": 3},
        {"target_levels": "T10"},
        {"required_margin_mm": True},
        {"required_margin_mm": "2"},
        {"releases": [1]},
    ],
)
def test_a_value_of_the_wrong_type_is_refused_by_its_path(change: dict[str, object]) -> None:
    codec = Codec()
    with pytest.raises(CaseFileProblem) as refusal:
        codec.decoded(Plan, codec.encoded_fields(Plan("P")) | change, "plan")
    assert refusal.value.code == "CASE_CONTENT"
    assert f"plan.{next(iter(change))}" in refusal.value.message
