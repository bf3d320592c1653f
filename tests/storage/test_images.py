"""Several images of one patient live in one case file, with frames, findings and acknowledgements."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from planning.editing.image_edits import AcknowledgeFinding, AddImage, RemoveImage
from planning.errors import CaseFileProblem
from planning.model.case import Case
from planning.model.frame_relation import FrameRelation, frame_relation
from planning.model.study import Patient
from planning.storage.case_file import CaseFile, open_case
from planning.storage.codec import Codec
from tests.storage.cases import a_rich_case, a_tilted_grid, a_volume
from tests.storage.test_round_trip import assert_same_case

AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
DOE = Patient("Doe^Jane", "4711", "19700101", "F")


@pytest.fixture
def case() -> Case:
    """CT with structures and plan, a CT angiography in its frame, an MR nobody's header names."""
    rich = a_rich_case()
    ct = replace(rich.images[0], frame_of_reference_uid="1.9", patient=DOE)
    cta = replace(ct, id="cta", volume=a_volume(a_tilted_grid((6, 20, 20)), 2), series_uid="1.2.4")
    mr = replace(rich.images[1], frame_of_reference_uid="1.8")
    whole = replace(rich, images=(ct,), patient=DOE)
    whole = AddImage(mr, "Dr. A", AT).apply(AddImage(cta).apply(whole))
    return AcknowledgeFinding("ct", "SLICE_SPACING", "Dr. B", AT).apply(whole)


def test_three_images_open_as_they_were_saved(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "case.enbloc"
    CaseFile.create(path, case).close()
    read = open_case(path)
    assert_same_case(read, case)
    assert [i.patient for i in read.images] == [DOE, DOE, Patient()]
    assert [frame_relation(read, i) for i in read.images] == [
        *(FrameRelation.PLANNING, FrameRelation.SAME, FrameRelation.OTHER),
    ]
    assert [(a.image_id, a.code, a.by) for a in read.acknowledgements] == [
        ("mr", "IDENTITY_UNKNOWN", "Dr. A"),
        ("ct", "SLICE_SPACING", "Dr. B"),
    ]


def test_versions_before_and_after_an_image_was_added_both_read(case: Case, tmp_path: Path) -> None:
    fewer = RemoveImage("mr").apply(case)
    with CaseFile.create(tmp_path / "c.enbloc", fewer) as file:
        file.save(case, "Add an image")
        newest, first = file.versions()
        assert [len(file.read(v).images) for v in (first, newest)] == [2, 3]


def test_a_file_that_says_two_patients_is_not_opened(case: Case, tmp_path: Path) -> None:
    """The case refuses itself; a file can only say so where something else wrote it."""
    path = tmp_path / "c.enbloc"
    other = Patient("Roe^Ann", "0815", "19650607", "F")
    object.__setattr__(case.images[1], "patient", other)
    CaseFile.create(path, case).close()
    with pytest.raises(CaseFileProblem) as refusal:
        open_case(path)
    assert refusal.value.code == "VERSION_INVALID"
    assert "different patients" in refusal.value.message


def test_an_image_of_an_older_program_says_of_no_patient_whose_it_is(case: Case) -> None:
    codec = Codec()
    old = codec.encoded_fields(case.patient)
    assert codec.decoded(Patient, old, "patient") == DOE
    content = {"id": "ct", "volume": None, "modality": "CT"}
    lenient = Codec(decoders={type(case.images[0].volume): lambda _value, _path: case.images[0].volume})
    read = lenient.decoded_fields(type(case.images[0]), content, "image")
    assert read.patient == Patient()
    assert lenient.unknown == []
