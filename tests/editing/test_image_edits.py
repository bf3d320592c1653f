"""Several images in one case: of one patient only, whatever is done and in whatever order."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import combinations
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.editing.case_edits import ReplaceCase, SetPatient
from planning.editing.history import History
from planning.editing.image_edits import (
    AcknowledgeFinding,
    AddImage,
    MakePlanningImage,
    RemoveImage,
    WithdrawAcknowledgement,
    match_with,
)
from planning.errors import EditRefused
from planning.geometry.frames import Grid
from planning.geometry.volume import Volume
from planning.model.case import Case
from planning.model.frame_relation import FrameRelation, frame_relation, on_another_day
from planning.model.patient_match import Match, match
from planning.model.plan import Plan
from planning.model.study import Finding, Patient, Severity, StudyImage
from tests.storage.cases import a_rich_case

AT: Final = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
DOE: Final = Patient("Doe^Jane", "4711", "19700101", "F")
# The first two share a name, the first and the last share a number of two hospitals.
PEOPLE: Final = (
    DOE,
    Patient("Doe^Jane", "0815", "19810203", "F"),
    Patient("Roe^Ann", "4711", "19650607", "F"),
)


def an_image(image_id: str, patient: Patient = DOE, frame: str = "1.9", study: str = "") -> StudyImage:
    grid = Grid.from_axes((3, 4, 5), (0.0, 0.0, 0.0), np.eye(3), (1.0, 1.0, 2.0))
    volume = Volume(np.zeros(grid.shape_kji, dtype=np.int16), grid)
    return StudyImage(
        image_id,
        volume,
        "CT",
        study_uid=study,
        frame_of_reference_uid=frame,
        acquired="20260101",
        patient=patient,
    )


def a_case_of(*images: StudyImage) -> Case:
    case = Case("case-1")
    for image in images:
        case = AddImage(image).apply(case)
    return case


def refused(edit: object, case: Case) -> str:
    with pytest.raises(EditRefused) as refusal:
        edit.apply(case)  # type: ignore[attr-defined]
    assert refusal.value.message.endswith(".")
    return refusal.value.code


@pytest.mark.parametrize(
    "other, expected",
    [
        (DOE, Match.SAME),
        (Patient("DOE^JANE^^", "4711", "19700101", ""), Match.SAME),
        (Patient("Doe^Jane=ド^ジ", "4711"), Match.SAME),
        (Patient("", "4711", "19700101"), Match.SAME),
        (Patient("Doe^Jane", "", "19700101"), Match.SAME),
        (Patient("Miller^Jane", "4711", "19700101", "F"), Match.UNSURE),
        (Patient("Doe^Jane", "4711", "19700101", "M"), Match.UNSURE),
        (Patient("Doe^Jane"), Match.UNKNOWN),
        (Patient("", "4711"), Match.UNKNOWN),
        (Patient("Anonymous", "ANON", "19700101"), Match.UNKNOWN),
        (Patient(), Match.UNKNOWN),
        (Patient("Doe^Jane", "4712", "19700101", "F"), Match.OTHER),
        (Patient("Doe^Jane", "4711", "19700102", "F"), Match.OTHER),
        (Patient("Roe^Jane", "4711"), Match.OTHER),
        (Patient("Roe^Jane", "", "19700101"), Match.OTHER),
    ],
)
def test_two_identities_are_one_person_only_where_two_things_agree_and_none_contradicts(
    other: Patient, expected: Match
) -> None:
    assert match(DOE, other) is expected
    assert match(other, DOE) is expected


def test_placeholders_of_two_de_identified_images_prove_nothing() -> None:
    anonymous = Patient("Anonymous", "ANONYMOUS", "19000101", "O")
    assert match(anonymous, anonymous) is Match.UNKNOWN


def test_the_first_image_brings_patient_grid_and_place_for_structures() -> None:
    case = a_case_of(an_image("ct"))
    assert case.patient == DOE
    assert case.anatomy is not None
    assert case.anatomy.grid.shape_kji == (3, 4, 5)


def test_another_patient_is_refused_whatever_anybody_confirms() -> None:
    case = a_case_of(an_image("ct"))
    for other in PEOPLE[1:]:
        assert refused(AddImage(an_image("mr", other), "Dr. A", AT), case) == "PATIENT_MIX"
    with pytest.raises(EditRefused, match="different patients"):
        replace(case, images=(*case.images, an_image("mr", PEOPLE[1])))


def test_an_identity_that_proves_nothing_needs_a_named_person_and_stays_a_finding() -> None:
    case = a_case_of(an_image("ct"))
    for patient, code in (
        (Patient(), "IDENTITY_UNKNOWN"),
        (replace(DOE, name="Miller^J"), "IDENTITY_CONFLICT"),
    ):
        image = an_image("mr", patient)
        assert refused(AddImage(image), case) == code
        assert refused(AddImage(image, "  ", AT), case) == code
        added = AddImage(image, " Dr. A ", AT).apply(case)
        assert [(f.code, f.severity) for f in added.images[1].findings] == [(code, Severity.WARN)]
        kept = added.acknowledgement("mr", code)
        assert kept is not None
        assert (kept.by, kept.at) == ("Dr. A", AT)
        assert DOE.name not in added.images[1].findings[0].message


def test_the_same_number_in_the_same_study_is_proof() -> None:
    number = Patient("", "4711")
    case = a_case_of(an_image("ct", number, study="1.2"))
    assert match_with(case, an_image("a", number, study="1.2")) is Match.SAME
    assert match_with(case, an_image("a", number, study="1.3")) is Match.UNKNOWN
    assert match_with(case, an_image("a", Patient(), study="1.2")) is Match.UNKNOWN
    assert match_with(case, an_image("a", number, study="")) is Match.UNKNOWN


def test_an_emptied_case_still_belongs_to_its_patient() -> None:
    case = RemoveImage("ct").apply(a_case_of(an_image("ct")))
    assert case.images == ()
    assert case.anatomy is None
    assert refused(AddImage(an_image("mr", PEOPLE[1])), case) == "PATIENT_MIX"
    assert refused(AddImage(an_image("mr", Patient())), case) == "IDENTITY_UNKNOWN"


def test_the_same_image_is_not_added_twice() -> None:
    assert refused(AddImage(an_image("ct")), a_case_of(an_image("ct"))) == "SAME_IMAGE"


def test_removing_an_image_takes_its_acknowledgements_along() -> None:
    case = a_case_of(an_image("ct"))
    case = AddImage(an_image("mr", Patient()), "Dr. A", AT).apply(case)
    left = RemoveImage("mr").apply(case)
    assert [i.id for i in left.images] == ["ct"]
    assert left.acknowledgements == ()
    assert refused(RemoveImage("mr"), left) == "NO_SUCH_IMAGE"


def test_the_planning_image_is_exchanged_only_while_no_work_lies_on_it() -> None:
    case = a_case_of(an_image("ct"), an_image("cta"))
    other = MakePlanningImage("cta").apply(case)
    assert [i.id for i in other.images] == ["cta", "ct"]
    assert MakePlanningImage("ct").apply(case) is case
    assert [i.id for i in RemoveImage("ct").apply(case).images] == ["cta"]
    rich = a_rich_case()
    for edit in (MakePlanningImage("mr"), RemoveImage("ct")):
        assert refused(edit, rich) == "IMAGE_IN_USE"
    assert rich.anatomy is not None
    bare = replace(rich, anatomy=replace(rich.anatomy, structures=()))
    assert refused(MakePlanningImage("mr"), bare) == "IMAGE_IN_USE", "cuts lie on it"
    assert MakePlanningImage("mr").apply(replace(bare, plans=(Plan(),), active_plan=0)).images[0].id == "mr"


def test_frames_are_equal_only_where_both_images_say_so() -> None:
    case = a_case_of(an_image("ct"), an_image("cta"), an_image("mr", frame="1.8"), an_image("pet", frame=""))
    assert [frame_relation(case, image) for image in case.images] == [
        *(FrameRelation.PLANNING, FrameRelation.SAME, FrameRelation.OTHER, FrameRelation.UNSTATED),
    ]
    nameless = a_case_of(an_image("ct", frame=""), an_image("mr", frame=""))
    assert frame_relation(nameless, nameless.images[1]) is FrameRelation.UNSTATED
    assert not FrameRelation.UNSTATED.shares_space
    later = replace(an_image("late"), acquired="20260302")
    assert on_another_day(case, later)
    assert not on_another_day(case, replace(later, acquired=""))


def test_a_finding_is_acknowledged_by_name_and_stays() -> None:
    gap = Finding("GAP", "A slice is missing.", severity=Severity.WARN)
    case = a_case_of(replace(an_image("ct"), findings=(gap,)))
    assert refused(AcknowledgeFinding("ct", "GAP", " ", AT), case) == "NO_NAME"
    assert refused(AcknowledgeFinding("ct", "TILT", "Dr. A", AT), case) == "NO_FINDING"
    once = AcknowledgeFinding("ct", "GAP", "Dr. A", AT).apply(case)
    twice = AcknowledgeFinding("ct", "GAP", "Dr. B", AT).apply(once)
    assert [a.by for a in twice.acknowledgements] == ["Dr. B"]
    assert twice.findings == (gap,)
    assert WithdrawAcknowledgement("ct", "GAP").apply(twice).acknowledgements == ()


def test_a_patient_is_corrected_or_removed_but_never_exchanged() -> None:
    case = a_case_of(an_image("ct"))
    assert refused(SetPatient(PEOPLE[1]), case) == "PATIENT_MIX"
    assert SetPatient(replace(DOE, name="Doe^Jane^M")).apply(case).patient.name == "Doe^Jane^M"
    removed = SetPatient(Patient()).apply(case)
    assert removed.images[0].patient == Patient()
    assert refused(AddImage(an_image("mr", DOE)), removed) == "IDENTITY_UNKNOWN"


@dataclass(frozen=True)
class _Header:
    """What an image of a person says of them: parts may be missing or placeholders."""

    person: int
    said: tuple[bool, bool, bool]
    placeholder: bool

    @property
    def patient(self) -> Patient:
        whole, nothing = (
            PEOPLE[self.person],
            Patient("Anonymous", "anon", "", "") if self.placeholder else Patient(),
        )
        parts = zip(self.said, ("name", "patient_id", "birth_date"), strict=True)
        return Patient(*(getattr(whole if said else nothing, name) for said, name in parts))


headers = st.builds(
    _Header, st.integers(0, 2), st.tuples(st.booleans(), st.booleans(), st.booleans()), st.booleans()
)
steps = st.one_of(
    st.tuples(st.just("add"), headers),
    st.tuples(st.sampled_from(["remove", "plan", "undo", "redo", "back"]), st.integers(0, 5)),
    st.tuples(st.just("patient"), st.one_of(st.just(Patient()), st.sampled_from(PEOPLE))),
)


def _edit_of(case: Case, step: tuple[str, object], number: int, vouching: bool) -> object:
    what, value = step
    if what == "add":
        assert isinstance(value, _Header)
        image = an_image(f"{value.person}-{number}", value.patient)
        return AddImage(image, "Dr. A" if vouching else "", AT)
    if what == "patient":
        assert isinstance(value, Patient)
        return SetPatient(value)
    assert isinstance(value, int)
    image_id = case.images[value % len(case.images)].id if case.images else "none"
    return {"remove": RemoveImage, "plan": MakePlanningImage}[what](image_id)


def _walk(path: list[tuple[str, object]], *, careless: bool) -> list[Case]:
    """Return every case on the way; a careful person vouches for what is true alone."""
    history = History(Case("case-1"))
    seen = [history.present]
    for number, step in enumerate(path):
        case = history.present
        if step[0] in ("undo", "redo"):
            history = history.undo() if step[0] == "undo" else history.redo()
        else:
            truth = {image.id[0] for image in case.images}
            vouching = careless or (isinstance(step[1], _Header) and truth <= {str(step[1].person)})
            back = ReplaceCase(seen[-1], "back") if step[0] == "back" else None
            try:
                history = history.do(back or _edit_of(case, step, number, vouching))  # type: ignore[arg-type]
            except EditRefused:
                continue
        seen.append(history.present)
    return seen


@given(st.lists(steps, max_size=14))
def test_no_operation_ever_puts_images_of_two_patients_into_one_case(path: list[tuple[str, object]]) -> None:
    for case in _walk(path, careless=False):
        assert len({image.id[0] for image in case.images}) <= 1


@given(st.lists(steps, max_size=14))
def test_not_even_a_careless_person_joins_images_that_contradict_each_other(
    path: list[tuple[str, object]],
) -> None:
    for case in _walk(path, careless=True):
        for one, two in combinations(case.images, 2):
            for field in ("patient_id", "birth_date"):
                said = {getattr(i.patient, field) for i in (one, two)} - {"", "anon"}
                assert len(said) <= 1
