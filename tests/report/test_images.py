"""Every image of a case in the report: what it is, where it lies, what was found and who has read it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from planning.editing.image_edits import AcknowledgeFinding, AddImage
from planning.model.case import Case
from planning.model.study import Finding, Patient, Severity
from planning.report.identity import Identity, disclosed
from planning.report.images import image_rows
from tests.storage.cases import a_rich_case

AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
DOE = Patient("Doe^Jane", "4711", "19700101", "F")


@pytest.fixture
def case() -> Case:
    """CT, a later CT angiography that claims the same frame, an MR in its own."""
    rich = a_rich_case()
    gap = Finding("GAP", "A slice is missing.", severity=Severity.WARN)
    ct = replace(rich.images[0], acquired="20260701", frame_of_reference_uid="1.9", patient=DOE)
    small = rich.images[1]
    cta = replace(
        small,
        id="cta",
        modality="CT",
        acquired="20260703",
        frame_of_reference_uid="1.9",
        patient=DOE,
        findings=(gap,),
    )
    mr = replace(small, id="mr", acquired="20260701", frame_of_reference_uid="1.8", patient=Patient())
    whole = replace(rich, images=(ct,), patient=DOE)
    whole = AddImage(mr, "Dr. A", AT).apply(AddImage(cta).apply(whole))
    return AcknowledgeFinding("cta", "GAP", "Dr. B", AT).apply(whole)


@pytest.mark.parametrize("identity", list(Identity))
def test_places_findings_and_acknowledgements_are_said_whatever_identity_is_shown(
    case: Case, identity: Identity
) -> None:
    rows = image_rows(disclosed(case, identity), identity)
    words = [text for _, text in rows]
    assert [text for name, text in rows if name == "Place"] == [
        "planning image: structures and cuts lie on it",
        "same frame of reference as the planning image, but of another day: check that it fits",
        "another frame of reference: not registered, shown alone",
    ]
    assert "▲ A slice is missing. Acknowledged by Dr. B on 2026-11-23 10:00." in words
    assert any("does not say well enough whose it is" in w and "Dr. A" in w for w in words)
    titles = [name for name, _ in rows if name.startswith("Image ")]
    assert titles == ["Image 1", "Image 2", "Image 3"]
    assert any("2.5" in w and "Slices lie" in w for w in words), "findings of the planning image too"


def test_without_identity_days_are_told_apart_but_not_told(case: Case) -> None:
    shown = disclosed(case, Identity.NONE)
    assert [i.acquired for i in shown.images] == ["2026, day 1", "2026, day 2", "2026, day 1"]
    assert [i.frame_of_reference_uid for i in shown.images] == ["frame 1", "frame 1", "frame 2"]
    assert all(i.patient == Patient() for i in shown.images)
