"""Read the contours of a DICOM RT Structure Set in the child process."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from planning.errors import ImportRefused, LabelsRefused
from planning.imaging.dicom_values import numbers, text, whole
from planning.imaging.headers import PARSER_ERRORS, open_object
from planning.imaging.limits import MAX_CONTOUR_POINTS, MAX_CONTOURS, MAX_COORDINATE_MM, MAX_LABELS
from planning.imaging.object_identity import identity_of
from planning.kernel.exchange import Array, Header, TaskRoom
from planning.texts import mark

RT_STRUCTURE_SET: Final = "1.2.840.10008.5.1.4.1.1.481.3"
BAD_OBJECT: Final = mark("{name} is damaged or incomplete and cannot be understood. Export it again.")
GIANT: Final = mark("{name} holds more contours or points than any structure set does. It is not read.")
READING: Final = mark("Reading the contours")


def read_rtstruct(header: Header, arrays: Sequence[Array], room: TaskRoom) -> tuple[Header, Sequence[Array]]:
    """Task: return the regions of ``header["file"]`` and all their contours.

    Returns
    -------
    header : dict
        Identity, and ``rois``: number, name, type, colour, frame, how many contours of each geometric
        type were drawn, and how many of them are damaged (points that are no numbers).
    arrays : list of array
        Points in LPS mm, shape (n, 3); the first point of each contour and the end, shape (m + 1,);
        region number and kind (1: closed, 2: closed and to be combined by XOR) of each, shape (m, 2).

    Raises
    ------
    LabelsRefused
        ``BAD_OBJECT``, ``GIANT`` and those of `planning.imaging.headers.open_object`.
    """
    del arrays
    file = Path(header["file"])
    try:
        dataset = open_object(file).dataset
        return _read(dataset, file.name, room)
    except ImportRefused as error:
        raise LabelsRefused(error.code, error.template, **error.values) from error
    except (*PARSER_ERRORS, RecursionError) as error:
        raise LabelsRefused("BAD_OBJECT", BAD_OBJECT, name=file.name) from error


def _read(dataset: Dataset, name: str, room: TaskRoom) -> tuple[Header, Sequence[Array]]:
    rois = {entry["number"]: entry for entry in _regions(dataset)}
    points: list[NDArray[np.float64]] = []
    kinds: list[tuple[int, int]] = []
    total = 0
    sequences = list(dataset.get("ROIContourSequence", None) or [])
    for n, item in enumerate(sequences):
        room.progress(n / len(sequences), READING)
        entry = rois.get(whole(item, "ReferencedROINumber"))
        if entry is None:
            continue
        colour = numbers(item, "ROIDisplayColor", 3)
        entry["colour"] = [int(v) for v in colour] if colour and all(0 <= v <= 255 for v in colour) else None
        for kind, contour in _contours(item, entry):
            points.append(contour)
            kinds.append((entry["number"], kind))
            total += len(contour)
            if total > MAX_CONTOUR_POINTS or len(kinds) > MAX_CONTOURS:
                raise LabelsRefused("GIANT", GIANT, name=name)
    ends = np.cumsum([0, *(len(contour) for contour in points)])
    joined = np.concatenate(points) if points else np.zeros((0, 3))
    answer = {**identity_of(dataset), "rois": list(rois.values())}
    return answer, [joined, ends.astype("i8"), np.array(kinds, dtype="i4").reshape(-1, 2)]


def _regions(dataset: Dataset) -> Iterator[Header]:
    types = {
        whole(item, "ReferencedROINumber"): text(item, "RTROIInterpretedType")
        for item in dataset.get("RTROIObservationsSequence", None) or []
    }
    for item in dataset.get("StructureSetROISequence", None) or []:
        number = whole(item, "ROINumber")
        if number is not None and 0 <= number <= MAX_LABELS:
            yield {
                "number": number,
                "name": text(item, "ROIName"),
                "description": _long_text(item, "ROIDescription"),
                "type": types.get(number, ""),
                "frame": text(item, "ReferencedFrameOfReferenceUID"),
                "algorithm": text(item, "ROIGenerationDescription"),
                "colour": None,
                "drawn": {},
                "damaged": 0,
            }


def _long_text(item: Dataset, keyword: str) -> str:
    value = item.get(keyword, None)
    return str(value)[:1024] if isinstance(value, str) else ""


def _contours(item: Dataset, entry: Header) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Return the closed contours of one region; the rest is counted by type."""
    for contour in item.get("ContourSequence", None) or []:
        kind = text(contour, "ContourGeometricType")
        entry["drawn"][kind] = entry["drawn"].get(kind, 0) + 1
        if kind not in ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR", "CLOSED_PLANAR_XOR"):
            continue
        points = _points(contour)
        if points is None:
            entry["damaged"] += 1
        else:
            yield (1 if kind == "CLOSED_PLANAR" else 2), points


def _points(contour: Dataset) -> NDArray[np.float64] | None:
    """Return the points, shape (n, 3), read from the raw text: a value object each would fill the memory."""
    raw: Any = contour.get_item("ContourData") if "ContourData" in contour else None
    value = raw.value if raw is not None else None
    try:
        if isinstance(value, bytes):
            values = np.array(value.strip(b" \0").split(b"\\"), dtype=np.float64)
        else:
            values = np.array([float(v) for v in value or []])
    except (ValueError, TypeError):
        return None
    finite = bool(np.isfinite(values).all()) and bool((np.abs(values) <= MAX_COORDINATE_MM).all())
    if not len(values) or len(values) % 3 or not finite:
        return None
    return values.reshape(-1, 3)
