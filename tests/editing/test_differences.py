"""What differs between two states of a case, against changes made on purpose."""

import math
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from planning.editing.differences import ABSENT, Difference, case_differences, limit_differences
from planning.model.case import Case, Diagnosis, StructureLook
from planning.model.plan import Action, StructureAction
from planning.model.structures import Review, ReviewState, StructureKind
from tests.storage.cases import a_rich_case, with_stroke


def with_cut(case: Case, **changes: object) -> Case:
    """Return the case with its first cut of the first plan changed."""
    plan = case.plans[0]
    cut = replace(plan.osteotomies[0], **changes)  # type: ignore[arg-type]
    return replace(case, plans=(replace(plan, osteotomies=(cut, *plan.osteotomies[1:])), *case.plans[1:]))


def found(old: Case, new: Case) -> list[tuple[str, str, str, str]]:
    """Return the differences as plain tuples."""
    return [(d.group, d.subject, d.before, d.after) for d in case_differences(old, new)]


def test_a_case_does_not_differ_from_itself_however_it_was_read() -> None:
    assert case_differences(a_rich_case(), a_rich_case()) == ()


def test_a_moved_and_turned_cut_is_told_in_millimetres_and_degrees() -> None:
    case = a_rich_case()
    blade = case.plans[0].osteotomies[0].blade
    moved = with_cut(case, blade=blade.moved((3.0, 4.0, 0.0)))
    (difference,) = case_differences(case, moved)
    assert difference.group == "Cuts"
    assert "moved 5.00 mm" in difference.after
    turned = with_cut(case, blade=blade.turned((0.0, 0.0, 1.0), 12.5))
    words = {d.subject.split(": ")[1]: d.after for d in case_differences(case, turned)}
    assert words["direction"] == "turned 12.50°"
    slight = with_cut(case, blade=blade.turned((0.0, 0.0, 1.0), 0.02))
    assert any("turned 0.02°" in d.after for d in case_differences(case, slight)), "arc cosines miss this"


def test_sizes_names_and_guards_of_a_cut() -> None:
    case = a_rich_case()
    cut = case.plans[0].osteotomies[0]
    blade = replace(cut.blade, kerf_mm=1.5, footprint_mm=None)
    new = with_cut(case, blade=blade, name="cranial end", guards=(), locked=False, step=None)
    rows = {subject.split(": ")[1]: (before, after) for _, subject, before, after in found(case, new)}
    assert rows == {
        "name": ("T9/T10 disc", "cranial end"),
        "guards": ("malleable retractor: aorta", ABSENT),
        "locked": ("yes", "no"),
        "step": ("9", ABSENT),
        "kerf": ("1 mm", "1.5 mm"),
        "outline": ("4 corners", ABSENT),
    }


def test_cuts_and_plans_that_come_and_go() -> None:
    case = a_rich_case()
    plan = case.plans[0]
    fewer = replace(case, plans=(replace(plan, osteotomies=plan.osteotomies[1:]), *case.plans[1:]))
    assert found(case, fewer) == [("Cuts", "T9/T10 disc", "was there", ABSENT)]
    assert found(fewer, case) == [("Cuts", "T9/T10 disc", ABSENT, "added")]
    alone = replace(case, plans=case.plans[:1], active_plan=0)
    assert ("Plan", "Plan B", "was there", ABSENT) in found(case, alone)
    assert ("Plan", "shown plan", "Plan B", "Plan A") in found(case, alone)


def test_targets_margin_and_vessels() -> None:
    case = a_rich_case()
    plan = replace(
        case.plans[0],
        target_levels=("T10",),
        required_margin_mm=3.0,
        structure_actions=(StructureAction("T10 left", Action.KEEP, 8),),
    )
    rows = {s: (b, a) for _, s, b, a in found(case, replace(case, plans=(plan, *case.plans[1:])))}
    assert rows == {
        "target levels": ("T10, T11", "T10"),
        "required margin": ("2 mm", "3 mm"),
        "vessels and roots": ("T10 left, ligate, 8", "T10 left, keep, 8"),
    }


def test_a_changed_mask_is_told_by_its_volume() -> None:
    case = a_rich_case()
    changed = with_stroke(case, "empty", (2, 2, 2))
    ((group, subject, before, after),) = found(case, changed)
    assert case.anatomy is not None
    voxel_mm3 = abs(float(np.linalg.det(case.anatomy.grid.lps_from_ijk[:3, :3])))
    assert group == "Structures"
    assert subject.endswith(": shape")
    assert (before, after) == ("0.00 cm³", f"{18 * voxel_mm3 / 1000:.2f} cm³")
    assert math.isclose(voxel_mm3, 0.7 * 0.7 * 2.5, rel_tol=1e-6)


def test_reviews_levels_and_decisions() -> None:
    case = a_rich_case()
    assert case.anatomy is not None
    structures = tuple(
        replace(s, review=Review(ReviewState.REVIEWED, "Dr. C", datetime.now(UTC)))
        if s.kind is StructureKind.TUMOUR
        else s
        for s in case.anatomy.structures
    )
    anatomy = replace(case.anatomy, structures=structures, levels_confirmed=None)
    new = replace(case, anatomy=anatomy, diagnosis=Diagnosis("metastasis"), acceptances=(), sign_offs=())
    rows = {s: (b, a) for _, s, b, a in found(case, new)}
    assert rows["lesion 1 (simulated): review"] == ("draft", "reviewed (Dr. C)")
    assert rows["level count confirmed"] == ("Dr. B, whole-spine scout", ABSENT)
    assert rows["diagnosis"] == ("chordoma, proven, CT-guided", "metastasis")
    assert rows["accepted: clearance/cranial/aorta"] == ("Dr. A: guarded", ABSENT)
    assert rows["sign offs"] == ("as it was", "changed")


def test_other_voxels_and_looks() -> None:
    case = a_rich_case()
    other = replace(case, images=(a_rich_case(seed=2).images[0], *case.images[1:]))
    assert found(case, other) == [("Images", "ct", "as it was", "other voxels")]
    painted = replace(case, looks=(("aorta", StructureLook((1, 2, 3))),))
    assert found(case, painted) == []


@pytest.mark.parametrize("before, after", [("1", "2"), ("", "2"), ("1", "")])
def test_limits_are_told_by_their_path(before: str, after: str) -> None:
    old = {"clearance.cord.fail_below_mm": before, "tool.t_saw.kerf_mm": "1"}
    new = {"clearance.cord.fail_below_mm": after, "tool.t_saw.kerf_mm": "1"}
    assert limit_differences(old, new) == (
        Difference("Limits and tools", "clearance.cord.fail_below_mm", before or ABSENT, after or ABSENT),
    )
    assert limit_differences(new, new) == ()
