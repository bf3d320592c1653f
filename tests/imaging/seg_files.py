"""DICOM Segmentations and Structure Sets written element by element, without the program's own writer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import UID, ExplicitVRLittleEndian

from planning.geometry.frames import Grid
from planning.geometry.volume import Volume
from planning.imaging.intake import Onto
from planning.model.study import Patient, StudyImage

FRAME, SERIES = "1.2.3.3", "1.2.3.2"
PATIENT = Patient("Phantom^Asymmetric", "P1", "19700101", "O")
SEG, LABEL_MAP, RTSTRUCT = (
    "1.2.840.10008.5.1.4.1.1.66.4",
    "1.2.840.10008.5.1.4.1.1.66.7",
    "1.2.840.10008.5.1.4.1.1.481.3",
)
Change = Callable[[Dataset], None]


def onto(grid: Grid, patient: Patient = PATIENT, frame: str = FRAME, case_id: str = "case") -> Onto:
    """Return an empty CT on a grid as what structures are brought onto."""
    image = StudyImage(
        id="image",
        volume=Volume(np.zeros(grid.shape_kji, np.int16), grid),
        modality="CT",
        series_uid=SERIES,
        frame_of_reference_uid=frame,
        sop_instance_uids=tuple(f"1.2.3.4.{k + 1}" for k in range(grid.shape_kji[0])),
        patient=patient,
    )
    return Onto(grid, image, patient, case_id)


@dataclass(frozen=True)
class Segment:
    """One segment: values on the grid (0 and 1, or fractions), its label, and its SNOMED code."""

    values_kji: NDArray[Any]
    label: str
    code: str = ""
    side: str = ""


def dicom(sop_class: str, patient: Patient = PATIENT, frame: str = FRAME) -> Dataset:
    """Return an object of a class with patient and frame of reference."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = UID(sop_class)
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID("1.2.3.9")
    dataset.PatientName, dataset.PatientID = patient.name, patient.patient_id
    dataset.PatientBirthDate, dataset.PatientSex = patient.birth_date, patient.sex
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3.1", "1.2.3.8"
    if frame:
        dataset.FrameOfReferenceUID = frame
    return dataset


def _item(**values: Any) -> Dataset:
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def _coded(value: str) -> Items:
    return Items([_item(CodeValue=value, CodingSchemeDesignator="SCT", CodeMeaning="x")])


def _segment(number: int, segment: Segment) -> Dataset:
    made = _item(SegmentNumber=number, SegmentLabel=segment.label, SegmentAlgorithmType="MANUAL")
    if segment.code:
        made.SegmentedPropertyTypeCodeSequence = _coded(segment.code)
        if segment.side:
            kind = made.SegmentedPropertyTypeCodeSequence[0]
            kind.SegmentedPropertyTypeModifierCodeSequence = _coded(segment.side)
    return made


def _measures(dataset: Dataset, grid: Grid, *, with_spacing: bool) -> None:
    i_mm, j_mm, k_mm = grid.spacing_ijk_mm
    measures = _item(PixelSpacing=[f"{j_mm:.9g}", f"{i_mm:.9g}"], SliceThickness=f"{k_mm:.9g}")
    if with_spacing:
        measures.SpacingBetweenSlices = f"{k_mm:.9g}"
    directions = [f"{v:.12g}" for v in grid.directions[:, :2].T.ravel()]
    dataset.SharedFunctionalGroupsSequence = Items(
        [
            _item(
                PixelMeasuresSequence=Items([measures]),
                PlaneOrientationSequence=Items([_item(ImageOrientationPatient=directions)]),
            )
        ]
    )


def _frame_group(grid: Grid, k: int, number: int | None) -> Dataset:
    position = [f"{v:.12g}" for v in grid.to_lps((0, 0, k))]
    group = _item(PlanePositionSequence=Items([_item(ImagePositionPatient=position)]))
    if number is not None:
        group.SegmentIdentificationSequence = Items([_item(ReferencedSegmentNumber=number)])
    return group


def write_seg(
    path: Path,
    grid: Grid,
    segments: Sequence[Segment],
    *,
    kind: str = "BINARY",
    top: int = 255,
    keep_empty: bool = False,
    with_spacing: bool = True,
    change: Change | None = None,
) -> Path:
    """Write a segmentation; frames run against their places, and empty ones are left out unless kept."""
    dataset = dicom(LABEL_MAP if kind == "LABELMAP" else SEG)
    dataset.SegmentationType = kind
    dataset.Rows, dataset.Columns = grid.shape_kji[1], grid.shape_kji[2]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PixelRepresentation = (
        1,
        "MONOCHROME2",
        0,
    )
    frames, groups = [], []
    planes: list[tuple[int, int | None, Any]]
    if kind == "LABELMAP":
        labels = np.zeros(grid.shape_kji, np.uint8)
        for n, segment in enumerate(segments):
            labels[segment.values_kji > 0] = n + 1
        planes = [(k, None, labels[k]) for k in range(grid.shape_kji[0])]
    else:
        planes = [
            (k, n + 1, segment.values_kji[k])
            for n, segment in enumerate(segments)
            for k in range(grid.shape_kji[0] - 1, -1, -1)
        ]
    for k, number, values in planes:
        if keep_empty or values.any():
            frames.append(values)
            groups.append(_frame_group(grid, k, number))
    stacked = np.array(frames)
    if kind == "FRACTIONAL":
        dataset.SegmentationFractionalType, dataset.MaximumFractionalValue = "OCCUPANCY", top
        stacked = np.rint(stacked * top).astype(np.uint8)
    bits = 1 if kind == "BINARY" else 8
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = bits, bits, bits - 1
    data = (
        np.packbits(stacked.astype(bool).ravel(), bitorder="little")
        if bits == 1
        else stacked.astype(np.uint8)
    )
    raw = data.tobytes()
    dataset.PixelData = raw + b"\0" * (len(raw) % 2)
    dataset["PixelData"].VR = "OB"
    dataset.NumberOfFrames = len(frames)
    dataset.SegmentSequence = Items([_segment(n + 1, s) for n, s in enumerate(segments)])
    _measures(dataset, grid, with_spacing=with_spacing)
    dataset.PerFrameFunctionalGroupsSequence = Items(groups)
    if change is not None:
        change(dataset)
    dataset.save_as(path, enforce_file_format=True)
    return path


@dataclass(frozen=True)
class Region:
    """One region of a structure set: contours in LPS mm, each with its geometric type."""

    name: str
    contours: Sequence[NDArray[np.float64]]
    kind: str = "CLOSED_PLANAR"
    interpreted: str = "ORGAN"
    colour: tuple[int, int, int] = (255, 0, 0)


def write_rtstruct(
    path: Path, regions: Sequence[Region], frame: str = FRAME, change: Change | None = None
) -> Path:
    """Write a structure set by hand, numbers with five decimals."""
    dataset = dicom(RTSTRUCT, frame="")
    dataset.Modality, dataset.StructureSetLabel = "RTSTRUCT", "test"
    if frame:
        dataset.ReferencedFrameOfReferenceSequence = Items([_item(FrameOfReferenceUID=frame)])
    rois, contours, observations = [], [], []
    for number, region in enumerate(regions, start=1):
        rois.append(_item(ROINumber=number, ReferencedFrameOfReferenceUID=frame, ROIName=region.name))
        drawn = [
            _item(
                ContourGeometricType=region.kind,
                NumberOfContourPoints=len(points),
                ContourData=[f"{v:.5f}" for v in points.ravel()],
            )
            for points in region.contours
        ]
        contours.append(
            _item(
                ReferencedROINumber=number, ROIDisplayColor=list(region.colour), ContourSequence=Items(drawn)
            )
        )
        observations.append(
            _item(
                ObservationNumber=number, ReferencedROINumber=number, RTROIInterpretedType=region.interpreted
            )
        )
    dataset.StructureSetROISequence = Items(rois)
    dataset.ROIContourSequence = Items(contours)
    dataset.RTROIObservationsSequence = Items(observations)
    if change is not None:
        change(dataset)
    dataset.save_as(path, enforce_file_format=True)
    return path
