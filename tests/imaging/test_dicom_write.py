import io
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from highdicom.seg import Segmentation

from planning.errors import ExportRefused
from planning.imaging.dicom_write import segmentation_bytes
from planning.model.anatomy_table import load_anatomy_table
from planning.model.study import Patient
from tests.builders import a_case

TABLE = load_anatomy_table(Path(__file__).parents[2] / "resources" / "anatomy.toml")


@pytest.fixture(scope="module")
def case():
    made = replace(a_case(), patient=Patient("ZQXPHI^Anna", "PID-771", "19610203", "F"))
    image = replace(made.images[0], series_uid="1.2.3.771.1", study_uid="1.2.3.771.2")
    return replace(made, images=(image, *made.images[1:]))


@pytest.fixture(scope="module")
def written(case):
    return segmentation_bytes(case, TABLE, "enbloc 0.1.0")


def test_every_structure_comes_back_voxel_for_voxel_where_it_was(case, written):
    seg = Segmentation.from_dataset(pydicom.dcmread(io.BytesIO(written)))
    structures = [s for s in case.anatomy.structures if not s.mask.is_empty]
    assert seg.number_of_segments == len(structures)
    grid = case.anatomy.grid
    for number, structure in enumerate(structures, start=1):
        assert seg.get_segment_description(number).segment_label == structure.title[:64]
        volume = seg.get_volume(segment_numbers=[number], combine_segments=True, relabel=True)
        found = volume.affine @ np.vstack([np.argwhere(volume.array).T, np.ones(int(volume.array.sum()))])
        expected = grid.to_lps(np.argwhere(structure.mask.to_array())[:, ::-1]).T
        np.testing.assert_allclose(
            np.sort(found[:3].round(3), axis=1), np.sort(expected.round(3), axis=1), atol=2e-3
        )


def test_without_identity_nothing_leads_back(written):
    for secret in (b"ZQXPHI", b"PID-771", b"19610203", b"1.2.3.771"):
        assert secret not in written
    header = pydicom.dcmread(io.BytesIO(written))
    assert header.PatientIdentityRemoved == "YES"
    assert str(header.PatientName).startswith("CASE^")


def test_with_identity_it_belongs_to_the_patient_and_the_study(case):
    header = pydicom.dcmread(io.BytesIO(segmentation_bytes(case, TABLE, "enbloc 0.1.0", with_identity=True)))
    assert header.PatientName == "ZQXPHI^Anna"
    assert header.PatientID == "PID-771"
    assert header.StudyInstanceUID == "1.2.3.771.2"


def test_with_identity_it_refers_to_the_slices_of_the_image(case):
    slices = case.images[0].volume.grid.shape_kji[0]
    uids = tuple(f"1.2.3.771.3.{k}" for k in range(slices))
    image = replace(case.images[0], sop_instance_uids=uids)
    known = replace(case, images=(image,))
    header = pydicom.dcmread(io.BytesIO(segmentation_bytes(known, TABLE, "p", with_identity=True)))
    (series,) = header.ReferencedSeriesSequence
    assert series.SeriesInstanceUID == "1.2.3.771.1"
    referred = {item.ReferencedSOPInstanceUID for item in series.ReferencedInstanceSequence}
    assert referred <= set(uids)
    frame = header.PerFrameFunctionalGroupsSequence[0]
    z_mm = float(frame.PlanePositionSequence[0].ImagePositionPatient[2])
    source = frame.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
    k = int(source.rpartition(".")[2])
    assert z_mm == pytest.approx(image.volume.grid.to_lps((0.0, 0.0, float(k)))[2], abs=1e-3)


def test_identifiers_that_are_none_are_replaced(case):
    image = replace(case.images[0], series_uid="unnamed-1", study_uid="../x", sop_instance_uids=("1.2.3#2",))
    odd = replace(case, images=(image,))
    header = pydicom.dcmread(io.BytesIO(segmentation_bytes(odd, TABLE, "p", with_identity=True)))
    assert header.PatientID == "PID-771"
    uids = (header.StudyInstanceUID, header.ReferencedSeriesSequence[0].SeriesInstanceUID)
    assert all(uid.startswith("2.25.") for uid in uids)


@pytest.mark.parametrize("birth_date", ["19410229", "unknown", "1941", "", "0"])
def test_an_identity_no_standard_allows_is_written_as_far_as_it_can_be(case, birth_date):
    patient = Patient("Quill\\feather\n^" + "x" * 200, "P\\1" + "9" * 99, birth_date, "female")
    image = replace(case.images[0], acquired="20261399")
    odd = replace(case, patient=patient, images=(image,))
    header = pydicom.dcmread(io.BytesIO(segmentation_bytes(odd, TABLE, "p", with_identity=True)))
    assert str(header.PatientName).startswith("Quillfeather^xxx")
    assert header.PatientID == "P1" + "9" * 62
    assert (header.PatientBirthDate, header.PatientSex, header.StudyDate) == ("", "", "")


def test_the_structures_carry_snomed_codes(case, written):
    header = pydicom.dcmread(io.BytesIO(written))
    codes = {s.SegmentLabel: s.SegmentedPropertyTypeCodeSequence[0].CodeValue for s in header.SegmentSequence}
    assert codes["T10 vertebra"] == "7610001"
    assert codes["aorta"] == "15825003"


def test_the_validator_finds_no_error(written, tmp_path):
    tool = shutil.which("dciodvfy") or shutil.which("dciodvfy", path=str(Path(sys.executable).parent))
    assert tool, "dicom3tools is among the packages the tests need"
    path = tmp_path / "seg.dcm"
    path.write_bytes(written)
    result = subprocess.run([tool, "-new", path], capture_output=True, text=True, check=False)
    errors = [line for line in (result.stdout + result.stderr).splitlines() if line.startswith("Error")]
    assert errors == []


def test_a_case_without_structures_is_refused(case):
    with pytest.raises(ExportRefused):
        segmentation_bytes(replace(case, anatomy=None), TABLE, "p")
