"""How much of the patient a report may show."""

from dataclasses import fields, replace

import pytest

from app.drawn import stamp_of
from planning.model.original_stack import OriginalStack
from planning.model.stamp import inputs_of
from planning.model.study import Patient, StudyImage
from planning.report.identity import Identity, disclosed, patient_line
from tests.builders import a_case, a_plan, a_vertebral_column
from tests.safety.test_evaluation import SETTINGS

MARKER = "ZQXPHI"
PATIENT = Patient(f"{MARKER}^Anna=Ideographic", f"{MARKER}-1", "19410228", "F")


@pytest.fixture(scope="module")
def case():
    made = a_case(
        a_vertebral_column(levels=("T9", "T10", "T11")), a_plan(levels=("T9", "T10", "T11")), PATIENT
    )
    grid = made.images[0].volume.grid
    places = [grid.to_lps((0, 0, k)) for k in range(grid.shape_kji[0])]
    image = replace(
        made.images[0],
        original=OriginalStack(
            tuple((float(x), float(y), float(z)) for x, y, z in places),
            (1.0, 0.0, 0.0),
            (0.0, 1.0, 0.0),
            (1.0, 1.0),
            columns=grid.shape_kji[2],
            rows=grid.shape_kji[1],
            sop_instance_uids=(MARKER,) * len(places),
        ),
        description=MARKER,
        series_uid=MARKER,
        study_uid=MARKER,
        frame_of_reference_uid=MARKER,
        contrast=MARKER,
        acquired="20260714",
        sop_instance_uids=(MARKER,),
        patient=PATIENT,
    )
    return replace(made, images=(image,))


@pytest.mark.parametrize("identity", [Identity.NONE, Identity.INITIALS])
def test_nothing_of_the_patient_is_left(case, identity):
    shown = disclosed(case, identity)
    texts = [getattr(shown.images[0], f.name) for f in fields(StudyImage) if f.name != "volume"]
    assert MARKER not in repr((shown.patient, texts))
    assert MARKER not in stamp_of(shown, None, patient_line(case.patient, identity, case.id)).series
    assert MARKER not in stamp_of(case, None).series
    assert shown.images[0].volume is case.images[0].volume


def test_initials_survive_and_the_day_does_not_without_them(case):
    initials, none = (disclosed(case, i) for i in (Identity.INITIALS, Identity.NONE))
    line = patient_line(case.patient, Identity.INITIALS, case.id)
    assert line.startswith("Z.A.I. · case ")
    assert patient_line(initials.patient, Identity.INITIALS, case.id) == line
    assert (initials.images[0].acquired, none.images[0].acquired) == ("20260714", "2026")
    assert none.patient == Patient()


def test_in_full_nothing_changes(case):
    assert disclosed(case, Identity.FULL) is case


@pytest.mark.parametrize("identity", list(Identity))
def test_no_number_depends_on_identity(case, identity):
    whole, shown = (inputs_of(c, SETTINGS) for c in (case, disclosed(case, identity)))
    assert whole is not None
    assert shown is not None
    assert shown.digest == whole.digest
    assert shown.same_as(whole)
