"""DICOM objects out: the structures as one Segmentation (PS3.3 C.8.20), binary because they may overlap.

Without identity the object carries a code in place of the patient and identifiers derived from the
case, so that nothing leads back; with identity it belongs to the original study and its slices.
"""

import io
import re
from datetime import date
from typing import Final

import highdicom
import numpy as np
from highdicom.color import CIELabColor
from highdicom.content import AlgorithmIdentificationSequence
from highdicom.seg import Segmentation, SegmentDescription
from highdicom.sr.coding import CodedConcept
from highdicom.volume import Volume as DicomVolume
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import RE_VALID_UID, ExplicitVRLittleEndian

from planning.errors import ExportRefused
from planning.imaging.pseudonym import case_code, derived_uid
from planning.model.anatomy_table import AnatomyTable
from planning.model.case import Case
from planning.model.passport import passport
from planning.model.structures import Structure, StructureKind
from planning.model.study import StudyImage
from planning.texts import mark

_CT_STORAGE: Final = "1.2.840.10008.5.1.4.1.1.2"
_MR_STORAGE: Final = "1.2.840.10008.5.1.4.1.1.4"
_UID_LENGTH: Final = 64
_TEXT_LENGTH: Final = 64
_ANATOMICAL: Final = CodedConcept("123037004", "SCT", "Anatomical Structure")
_ALTERED: Final = CodedConcept("49755003", "SCT", "Morphologically Altered Structure")
_PHYSICAL: Final = CodedConcept("260787004", "SCT", "Physical object")
_ARTIFICIAL: Final = CodedConcept("113091", "DCM", "Artificial Intelligence")


def segmentation_bytes(
    case: Case, table: AnatomyTable, program: str, *, with_identity: bool = False
) -> bytes:
    """Return a DICOM Segmentation of every structure of the case that is not empty.

    Parameters
    ----------
    case : Case
    table : AnatomyTable
        Colours and SNOMED CT codes.
    program : str
        Name and version.
    with_identity : bool
        Carry the patient and the original identifiers.

    Raises
    ------
    ExportRefused
        Where there is no image or no structure.
    """
    image, anatomy = case.image, case.anatomy
    structures = [s for s in anatomy.structures if not s.mask.is_empty] if anatomy else []
    if image is None or not structures:
        raise ExportRefused("NOTHING_TO_EXPORT", mark("There is no structure to export."))
    sources = _source_images(case, image, with_identity=with_identity)
    reference = sources[0].FrameOfReferenceUID
    voxels = np.stack([s.mask.to_array() for s in structures], axis=-1).astype(np.uint8)
    volume = DicomVolume(
        array=voxels,
        affine=_affine_kji(image),
        coordinate_system="PATIENT",
        frame_of_reference_uid=reference,
        channels={"SegmentNumber": list(range(1, len(structures) + 1))},
    )
    seg = Segmentation(
        source_images=sources,
        pixel_array=volume,
        segmentation_type="BINARY",
        segment_descriptions=[_description(n + 1, s, table, program) for n, s in enumerate(structures)],
        series_instance_uid=derived_uid(case.id, "seg-series"),
        series_number=900,
        sop_instance_uid=derived_uid(case.id, "seg", str(anatomy.digest if anatomy else "")),
        instance_number=1,
        manufacturer="EnBloc",
        manufacturer_model_name="EnBloc",
        software_versions=program,
        device_serial_number="none",
        content_label="ENBLOC",
        content_description="Structures of a resection plan; research use",
    )
    out = io.BytesIO()
    seg.save_as(out, enforce_file_format=True)
    return out.getvalue()


def _affine_kji(image: StudyImage) -> np.ndarray:
    """4x4 from (k, j, i) indices to LPS."""
    affine = image.volume.grid.lps_from_ijk.copy()
    affine[:, :3] = affine[:, 2::-1]
    return np.asarray(affine)


def _description(number: int, structure: Structure, table: AnatomyTable, program: str) -> SegmentDescription:
    coded = table.snomed(structure)
    if coded is not None:
        property_type = CodedConcept(coded[0], "SCT", coded[1][:64])
    else:
        property_type = CodedConcept(structure.kind.value[:16], "99ENBLOC", structure.kind.value[:64])
    category = {StructureKind.TUMOUR: _ALTERED, StructureKind.IMPLANT: _PHYSICAL}.get(
        structure.kind, _ANATOMICAL
    )
    sides = {
        "left": CodedConcept("7771000", "SCT", "Left"),
        "right": CodedConcept("24028007", "SCT", "Right"),
    }
    described = SegmentDescription(
        segment_number=number,
        segment_label=structure.title[:64],
        segmented_property_category=category,
        segmented_property_type=property_type,
        algorithm_type="SEMIAUTOMATIC",
        algorithm_identification=AlgorithmIdentificationSequence("EnBloc", _ARTIFICIAL, program),
        display_color=_lab(table.look(structure).colour_rgb),
    )
    described.SegmentDescription = passport(structure)
    if structure.side is not None:
        modifier = Dataset()
        modifier.update(sides[structure.side])
        described.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence = [modifier]
    return described


def _lab(rgb: tuple[int, int, int]) -> CIELabColor:
    """CIELab (D50) of an sRGB colour, by highdicom's converter."""
    return highdicom.color.CIELabColor.from_rgb(*rgb)


def _source_images(case: Case, image: StudyImage, *, with_identity: bool) -> list[Dataset]:
    """Headers of the slices the segmentation refers to; their pixels stay where they are."""
    grid = image.volume.grid
    known = with_identity and _can_be_referred_to(image)
    directions, spacing = grid.directions, grid.spacing_ijk_mm
    slices = []
    for k in range(grid.shape_kji[0]):
        header = Dataset()
        header.file_meta = FileMetaDataset()
        header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        mr = image.modality == "MR"
        header.SOPClassUID = _MR_STORAGE if mr else _CT_STORAGE
        header.SOPInstanceUID = image.sop_instance_uids[k] if known else derived_uid(case.id, "slice", str(k))
        header.Modality = "MR" if mr else "CT"
        _identify(header, case, image, with_identity=with_identity)
        header.Rows, header.Columns = grid.shape_kji[1], grid.shape_kji[2]
        header.ImageOrientationPatient = [f"{v:.10g}" for v in (*directions[:, 0], *directions[:, 1])]
        header.ImagePositionPatient = [f"{v:.10g}" for v in grid.to_lps((0.0, 0.0, float(k)))]
        header.PixelSpacing = [f"{spacing[1]:.10g}", f"{spacing[0]:.10g}"]
        header.SliceThickness = f"{spacing[2]:.10g}"
        header.InstanceNumber = k + 1
        slices.append(header)
    return slices


def _can_be_referred_to(image: StudyImage) -> bool:
    """Whether every slice has a valid identifier of its own."""
    uids = image.sop_instance_uids
    return len(uids) == image.volume.grid.shape_kji[0] and all(map(_is_uid, uids))


def _is_uid(text: str) -> bool:
    return len(text) <= _UID_LENGTH and re.fullmatch(RE_VALID_UID, text) is not None


def _identify(header: Dataset, case: Case, image: StudyImage, *, with_identity: bool) -> None:
    header.SpecificCharacterSet = "ISO_IR 192"
    if with_identity:
        header.PatientName = _plain(case.patient.name)
        header.PatientID = _plain(case.patient.patient_id)
        header.PatientBirthDate = _date(case.patient.birth_date)
        header.PatientSex = case.patient.sex if case.patient.sex in ("M", "F", "O") else ""
    else:
        code = case_code(case.id)
        header.PatientName, header.PatientID = f"CASE^{code}", code
        header.PatientBirthDate = header.PatientSex = ""
        header.PatientIdentityRemoved = "YES"
        header.DeidentificationMethod = "EnBloc: identity left out, identifiers replaced"
    uids = (
        ("StudyInstanceUID", image.study_uid, "study"),
        ("SeriesInstanceUID", image.series_uid, "series"),
        ("FrameOfReferenceUID", image.frame_of_reference_uid, "frame"),
    )
    for keyword, original, what in uids:
        # Parts split off a mixed series carry "#2" after the identifier they share.
        plain = original.partition("#")[0]
        known = with_identity and _is_uid(plain)
        setattr(header, keyword, plain if known else derived_uid(case.id, what, image.id))
    header.StudyID = header.AccessionNumber = header.ReferringPhysicianName = ""
    header.StudyDate = _date(image.acquired[:8]) if with_identity else ""
    header.StudyTime = ""
    header.SeriesNumber = 1
    header.PositionReferenceIndicator = ""


def _plain(text: str) -> str:
    """Return hostile text as an element of 64 characters can hold it."""
    return "".join(c for c in text if c.isprintable() and c != "\\")[:_TEXT_LENGTH]


def _date(text: str) -> str:
    """Return a date of the calendar, else nothing: real files hold impossible ones."""
    try:
        return f"{date.fromisoformat(text):%Y%m%d}" if re.fullmatch(r"[0-9]{8}", text) else ""
    except ValueError:
        return ""
