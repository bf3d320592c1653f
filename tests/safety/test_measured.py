"""What is measured once is used again only where it is still the same."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from planning.model.case import Case
from planning.model.osteotomy import Osteotomy
from planning.model.plan import Plan
from planning.model.settings import load_settings
from planning.progress import silent
from planning.resection.axes import CANALS
from planning.safety.clearance import RawClearance, all_cross_checked, clearances_of
from planning.safety.evaluation import evaluate
from planning.safety.evaluation_json import evaluation_to_json
from planning.safety.fields import fields_of
from planning.safety.measured import Recent, measured_of
from planning.segmentation.surfaces import surfaces_of
from tests.builders import a_case, a_plan, a_vertebral_column

SETTINGS = load_settings(Path(__file__).parents[2] / "resources")
SPACING = (1.5, 1.5, 1.5)


def a_moved(plan: Plan) -> Plan:
    cut = plan.osteotomies[0]
    return replace(
        plan, osteotomies=(replace(cut, blade=cut.blade.moved((0, 0, 0.6))), *plan.osteotomies[1:])
    )


def numbers(case: Case, recent: Recent | None) -> object:
    found = evaluation_to_json(evaluate(case, SETTINGS, silent, recent=recent))
    return {key: value for key, value in found.items() if "digest" not in key}


def test_a_moved_blade_gives_the_same_numbers_as_a_fresh_evaluation() -> None:
    anatomy, plan = a_vertebral_column(spacing_ijk_mm=SPACING), a_plan()
    recent = Recent()
    evaluate(a_case(anatomy, plan), SETTINGS, silent, recent=recent)
    moved = a_case(anatomy, a_moved(plan))
    assert numbers(moved, recent) == numbers(moved, None)


def test_only_the_moved_blade_is_checked_a_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    anatomy, plan = a_vertebral_column(spacing_ijk_mm=SPACING), a_plan()
    first = measured_of(anatomy, plan, silent)
    asked: list[list[str]] = []

    def noted(osteotomies: Sequence[Osteotomy], *rest: Any) -> tuple[tuple[RawClearance, ...], ...]:
        asked.append([o.id for o in osteotomies])
        return all_cross_checked(osteotomies, *rest)

    monkeypatch.setattr("planning.safety.measured.all_cross_checked", noted)
    moved = a_moved(plan)
    second = measured_of(anatomy, moved, silent, known=first)
    assert asked == [[plan.osteotomies[0].id]]
    assert second.fields is first.fields
    assert second.resection.ground is first.resection.ground
    assert set(second.rows) == {o.blade for o in moved.osteotomies}


def test_a_changed_mask_is_measured_anew() -> None:
    anatomy, plan = a_vertebral_column(spacing_ijk_mm=SPACING), a_plan()
    first = measured_of(anatomy, plan, silent)
    shape = anatomy.grid.shape_kji
    gap = np.zeros((30, *shape[1:]), dtype=bool)
    changed = tuple(
        replace(s, mask=s.mask.with_box((shape[0] // 2 - 15, 0, 0), gap)) if s.kind in CANALS else s
        for s in anatomy.structures
    )
    shorter = replace(anatomy, structures=changed)
    second, fresh = measured_of(shorter, plan, silent, known=first), measured_of(shorter, plan, silent)
    assert second.fields is not first.fields
    assert second.rows == fresh.rows
    assert second.rows != first.rows


@pytest.mark.parametrize("seed", range(3))
def test_kept_fields_give_the_numbers_of_fresh_ones_to_the_last_bit(seed: int) -> None:
    """However far a blade that has gone since made the kept region reach."""
    random = np.random.default_rng(seed)
    anatomy, plan = a_vertebral_column(spacing_ijk_mm=SPACING), a_plan()
    far = replace(plan.osteotomies[0].blade, width_mm=float(random.uniform(60, 90)))
    far = far.turned(tuple(random.normal(size=3)), 40.0).moved(tuple(random.uniform(-9, 9, 3)))
    wide = replace(plan, osteotomies=(replace(plan.osteotomies[0], blade=far), *plan.osteotomies[1:]))
    surfaces = surfaces_of(anatomy)
    before, fresh = fields_of(anatomy, surfaces, wide), fields_of(anatomy, surfaces, plan)
    kept = fields_of(anatomy, surfaces, plan, silent, before)
    assert kept is before
    assert kept.region != fresh.region
    for osteotomy in plan.osteotomies:
        for blade in (osteotomy.blade, osteotomy.blade.turned(tuple(random.normal(size=3)), 3.0)):
            cut = replace(osteotomy, blade=blade)
            assert clearances_of(cut, kept) == clearances_of(cut, fresh)
