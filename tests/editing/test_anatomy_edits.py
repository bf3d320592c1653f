"""Edits of structures: what people said holds only for what they saw."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from planning.editing.anatomy_edits import (
    AddStructures,
    ConfirmLevels,
    MarkNotInField,
    RelabelLevel,
    RemoveStructure,
    RenameStructure,
    ReplaceMask,
    ReviewStructure,
    WithdrawLevels,
)
from planning.editing.case_edits import (
    AcceptResult,
    ReplaceCase,
    SetDiagnosis,
    SetLook,
    SetPatient,
    SetSignOff,
    WithdrawAcceptance,
)
from planning.errors import EditRefused, LabelsRefused, PlanInvalid
from planning.model.anatomy import Anatomy
from planning.model.case import Case, Diagnosis, SignOff, StructureLook
from planning.model.mask import Mask
from planning.model.structures import Review, ReviewState, Structure, StructureKind
from planning.model.study import Patient
from tests.storage.cases import SHAPE_KJI, a_rich_case

AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.fixture
def case() -> Case:
    return replace(a_rich_case(), active_plan=0)


def anatomy_of(case: Case) -> Anatomy:
    """Return the anatomy, which must be there."""
    assert case.anatomy is not None
    return case.anatomy


def structure_of(case: Case, structure_id: str) -> Structure:
    """Return a structure, which must be there."""
    structure = anatomy_of(case).structure(structure_id)
    assert structure is not None
    return structure


def refused(edit: object, case: Case) -> str:
    """Return the code with which the edit is refused."""
    with pytest.raises(EditRefused) as refusal:
        edit.apply(case)  # type: ignore[attr-defined]
    return refusal.value.code


def test_moving_vertebrae_to_other_levels_withdraws_the_confirmation(case: Case) -> None:
    shift = RelabelLevel((("vertebra-T10", "T9"), ("vertebra-T11", "T10")))
    after = shift.apply(case)
    assert anatomy_of(after).levels == ("T9", "T10")
    assert anatomy_of(after).levels_confirmed is None
    assert shift.label == "Set the levels of 2 structures"
    artery = RelabelLevel((("sa", "T11"),)).apply(case)
    assert anatomy_of(artery).levels_confirmed is not None, "an artery is not counted"
    assert RelabelLevel((("sa", "T10"),)).apply(case) is case
    with pytest.raises(PlanInvalid, match="T77"):
        RelabelLevel((("sa", "T77"),)).apply(case)


def test_a_painted_mask_is_a_draft_again_and_everything_else_is_shared(case: Case) -> None:
    mask = structure_of(case, "aorta").mask.with_box((1, 1, 1), np.ones((2, 2, 2), dtype=bool))
    after = ReplaceMask("aorta", mask, "Brush on the aorta").apply(case)
    assert structure_of(after, "aorta").mask is mask
    assert structure_of(after, "aorta").review == Review()
    assert structure_of(after, "tumour-1") is structure_of(case, "tumour-1")
    assert after.images is case.images
    assert ReplaceMask("aorta", structure_of(case, "aorta").mask).apply(case) is case
    with pytest.raises(LabelsRefused):
        ReplaceMask("aorta", Mask((1, 2, 3))).apply(case)


def test_a_kind_that_appears_is_no_longer_out_of_field(case: Case) -> None:
    new = Structure("ada", StructureKind.ADAMKIEWICZ, Mask(SHAPE_KJI))
    after = AddStructures((new,)).apply(case)
    assert anatomy_of(after).structures[-1] is new
    assert anatomy_of(after).not_in_field == ()
    assert anatomy_of(after).levels_confirmed is not None
    vertebra = Structure("vertebra-T12", StructureKind.VERTEBRA, Mask(SHAPE_KJI), "T12")
    assert anatomy_of(AddStructures((vertebra,)).apply(case)).levels_confirmed is None
    assert AddStructures(()).apply(case) is case
    with pytest.raises(LabelsRefused):
        AddStructures((new,)).apply(after)


def test_a_removed_structure_takes_its_look_along(case: Case) -> None:
    after = RemoveStructure("aorta").apply(case)
    assert anatomy_of(after).structure("aorta") is None
    assert after.look("aorta") is None
    assert anatomy_of(after).levels_confirmed is not None
    assert anatomy_of(RemoveStructure("vertebra-T10").apply(case)).levels_confirmed is None
    assert refused(RemoveStructure("aorta"), after) == "NO_STRUCTURE"
    assert refused(RemoveStructure("aorta"), Case("empty")) == "NO_IMAGE"


def test_a_new_name_reaches_every_plan(case: Case) -> None:
    after = RenameStructure("tumour-1", "lesion A").apply(case)
    assert structure_of(after, "tumour-1").name == "lesion A"
    assert after.plan.tumour == "lesion A"
    after = RenameStructure("aorta", "main vessel").apply(after)
    assert after.plan.mobilised[0].structure == "main vessel"
    assert after.plan.osteotomies[0].guards == ("malleable retractor: main vessel",)
    assert after.plan.osteotomies[0].guard_for("main vessel") is not None
    after = RenameStructure("sa", "T10 sinistra").apply(after)
    assert after.plan.structure_actions[0].structure == "T10 sinistra"
    assert RenameStructure("aorta", None).apply(after).plan.mobilised[0].structure == "aorta"
    assert RenameStructure("aorta", None).apply(case) is case


def test_a_name_meant_for_two_is_left_in_the_plan_and_a_taken_one_refused(case: Case) -> None:
    twin = Structure("aorta-2", StructureKind.AORTA, Mask(SHAPE_KJI))
    both = AddStructures((twin,)).apply(case)
    assert RenameStructure("aorta", "true lumen").apply(both).plan.mobilised[0].structure == "aorta"
    named = RenameStructure("aorta", "true lumen").apply(both)
    assert refused(RenameStructure("aorta-2", "true lumen"), named) == "NAME_TAKEN"


def test_reviews_marks_and_confirmations_need_a_name(case: Case) -> None:
    after = ReviewStructure("aorta", ReviewState.REVIEWED, " Dr. R ", AT).apply(case)
    assert structure_of(after, "aorta").review == Review(ReviewState.REVIEWED, "Dr. R", AT)
    assert refused(ReviewStructure("aorta", ReviewState.APPROVED, " ", AT), case) == "NO_NAME"
    marked = MarkNotInField(StructureKind.LUNG, "Dr. R", AT).apply(case)
    assert [n.kind for n in anatomy_of(marked).not_in_field] == [
        StructureKind.ADAMKIEWICZ,
        StructureKind.LUNG,
    ]
    assert refused(MarkNotInField(StructureKind.LUNG, "", AT), case) == "NO_NAME"
    assert refused(MarkNotInField(StructureKind.AORTA, "Dr. R", AT), case) == "IS_IN_FIELD"
    withdrawn = MarkNotInField(StructureKind.ADAMKIEWICZ, "", AT, marked=False).apply(case)
    assert anatomy_of(withdrawn).not_in_field == ()


def test_levels_are_confirmed_from_something_by_somebody(case: Case) -> None:
    bare = WithdrawLevels().apply(case)
    assert anatomy_of(bare).levels_confirmed is None
    assert WithdrawLevels().apply(bare) is bare
    confirmed = anatomy_of(ConfirmLevels("Dr. C", "MR from C2", AT).apply(bare)).levels_confirmed
    assert confirmed is not None
    assert (confirmed.by, confirmed.evidence, confirmed.at) == ("Dr. C", "MR from C2", AT)
    assert refused(ConfirmLevels("", "MR", AT), bare) == "NO_NAME"
    assert refused(ConfirmLevels("Dr. C", " ", AT), bare) == "NO_EVIDENCE"
    unlabelled = RelabelLevel((("vertebra-T10", None), ("vertebra-T11", None))).apply(bare)
    assert refused(ConfirmLevels("Dr. C", "MR", AT), unlabelled) == "NO_LEVELS"


def test_an_acceptance_needs_name_and_reason_and_replaces_the_former(case: Case) -> None:
    accept = AcceptResult("clearance/cranial/aorta", "Dr. D", "retractor in place", AT, "sha256:1")
    after = accept.apply(case)
    assert [(a.by, a.inputs_digest) for a in after.acceptances] == [("Dr. D", "sha256:1")]
    assert refused(replace(accept, by=""), case) == "NO_NAME"
    assert refused(replace(accept, reason=" "), case) == "NO_REASON"
    gone = WithdrawAcceptance("clearance/cranial/aorta").apply(after)
    assert gone.acceptances == ()
    assert WithdrawAcceptance("clearance/cranial/aorta").apply(gone) is gone


def test_looks_diagnosis_patient_and_signatures(case: Case) -> None:
    look = StructureLook((1, 2, 3))
    assert SetLook("aorta", look).apply(case).looks == (("aorta", look),)
    assert SetLook("aorta", None).apply(case).looks == ()
    assert anatomy_of(SetLook("aorta", look).apply(case)) is anatomy_of(case), "looks touch no digest"
    assert SetDiagnosis(Diagnosis("x")).apply(case).diagnosis.text == "x"
    assert SetDiagnosis(case.diagnosis).apply(case) is case
    assert SetPatient(Patient()).apply(case).patient == Patient()
    signed = SetSignOff(SignOff("surgeon", "Dr. S", AT)).apply(case)
    assert [(s.role, s.by) for s in signed.sign_offs] == [("surgeon", "Dr. S"), ("radiologist", "")]
    assert [s.role for s in SetSignOff(SignOff("surgeon"), signed=False).apply(case).sign_offs] == [
        "radiologist"
    ]
    assert [s.role for s in SetSignOff(SignOff("nurse")).apply(case).sign_offs][-1] == "nurse"


def test_another_version_comes_back_as_one_step_but_never_another_case(case: Case) -> None:
    earlier = replace(case, credit="earlier")
    step = ReplaceCase(earlier, "Go back to the version of 10:00")
    assert step.apply(case) is earlier
    assert step.label == "Go back to the version of 10:00"
    assert refused(ReplaceCase(replace(case, id="other"), "x"), case) == "OTHER_CASE"
