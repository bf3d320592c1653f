"""Taking structures in: new ones beside the old, or in the place of one, plans and reviews considered."""

from datetime import UTC, datetime

import numpy as np
import pytest

from planning.editing.anatomy_edits import ConfirmLevels, MarkNotInField
from planning.editing.history import History
from planning.editing.intake_edits import Arrival, TakeIn
from planning.errors import EditRefused
from planning.model.anatomy import Anatomy
from planning.model.case import Case, StructureLook
from planning.model.mask import Mask
from planning.model.structures import Review, ReviewState, Structure, StructureKind
from planning.model.study import Finding, Severity
from tests.builders import a_case

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SAID = Finding("SIMULATED", "words", severity=Severity.WARN)


@pytest.fixture(scope="module")
def case() -> Case:
    return a_case()


def _anatomy(case: Case) -> Anatomy:
    assert case.anatomy is not None
    return case.anatomy


def _ball(case: Case, kind: StructureKind, structure_id: str, **changes: object) -> Structure:
    voxels = np.zeros(_anatomy(case).grid.shape_kji, bool)
    voxels[2:5, 2:5, 2:5] = True
    return Structure(structure_id, kind, Mask.from_array(voxels), **changes)  # type: ignore[arg-type]


def test_new_structures_come_in_one_step_with_looks_and_findings(case: Case) -> None:
    look = StructureLook((1, 2, 3), visible=False)
    taken = TakeIn(
        (Arrival(_ball(case, StructureKind.OTHER, "other-x", name="x"), look=look),
         Arrival(_ball(case, StructureKind.HEMIAZYGOS, "hemiazygos"))),
        (SAID,),
    )  # fmt: skip
    history = History(case).do(taken)
    anatomy = _anatomy(history.present)
    assert [s.id for s in anatomy.structures][-2:] == ["other-x", "hemiazygos"]
    assert history.present.look("other-x") == look
    assert history.present.images[0].findings[-1] is SAID
    assert history.undo_label == "Take in 2 structures"
    assert history.undo().present is case
    again = TakeIn(taken.arrivals[1:], (SAID,)).apply(history.present)
    assert [f for f in again.images[0].findings if f == SAID] == [SAID], "said once"
    assert _anatomy(again).structures[-1].id == "hemiazygos-2", "an id that is taken is not used twice"


def test_a_replaced_structure_keeps_its_id_and_place_but_not_its_review(case: Case) -> None:
    old = _anatomy(case).of_kind(StructureKind.VERTEBRA)[0]
    reviewed = Review(ReviewState.APPROVED, "Dr A", NOW)
    new = _ball(case, StructureKind.VERTEBRA, "vertebra-x", level=old.level)
    confirmed = ConfirmLevels("Dr A", "whole spine", NOW).apply(case)
    after = TakeIn((Arrival(new, replaces=old.id),)).apply(confirmed)
    anatomy = _anatomy(after)
    assert [s.id for s in anatomy.structures] == [s.id for s in _anatomy(case).structures]
    found = anatomy.structure(old.id)
    assert found is not None
    assert found.mask is new.mask
    assert found.review.state is ReviewState.DRAFT
    assert reviewed.state is not found.review.state
    assert anatomy.levels_confirmed is None, "what was counted has changed"


def test_a_kind_that_comes_in_is_in_the_field_again(case: Case) -> None:
    marked = MarkNotInField(StructureKind.THORACIC_DUCT, "Dr A", NOW).apply(case)
    after = TakeIn((Arrival(_ball(case, StructureKind.THORACIC_DUCT, "duct")),)).apply(marked)
    assert [n.kind for n in _anatomy(marked).not_in_field] == [StructureKind.THORACIC_DUCT]
    assert _anatomy(after).not_in_field == ()


def test_what_is_gone_cannot_be_replaced_and_nothing_changes_nothing(case: Case) -> None:
    assert TakeIn(()).apply(case) is case
    with pytest.raises(EditRefused) as refused:
        TakeIn((Arrival(_ball(case, StructureKind.AZYGOS, "a"), replaces="gone"),)).apply(case)
    assert refused.value.code == "NO_STRUCTURE"
