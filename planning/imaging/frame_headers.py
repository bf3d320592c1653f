"""Geometry and scale of every frame, whether the file holds one image or an enhanced multi-frame object."""

import math
from typing import Final

from pydicom.dataset import Dataset

from planning.errors import ImportRefused
from planning.imaging.dicom_values import number, numbers, several, text, whole
from planning.imaging.limits import MAX_FRAMES
from planning.imaging.repeats import MACROS, telling_of
from planning.kernel.exchange import Header
from planning.texts import mark

FRAME_COUNT: Final = mark(
    "The file says it holds {claimed} frames but describes {described}. It is not read."
)


def frames_of(dataset: Dataset) -> list[Header]:
    """Return one record per frame: position, orientation, spacing, thickness, slope, intercept and unit.

    A classic multi-frame file describes no frame of its own; it has one record.
    """
    groups = several(dataset, "PerFrameFunctionalGroupsSequence")
    if not len(groups):
        return [_frame([dataset])]
    claimed = whole(dataset, "NumberOfFrames") or 1
    if claimed != len(groups) or claimed > MAX_FRAMES:
        raise ImportRefused("FRAME_COUNT", FRAME_COUNT, claimed=claimed, described=len(groups))
    shared = list(several(dataset, "SharedFunctionalGroupsSequence"))[:1]
    return [_frame([*_macros(group), *[m for s in shared for m in _macros(s)], dataset]) for group in groups]


def _macros(group: Dataset) -> list[Dataset]:
    """Return the data sets that hold the attributes of one functional group."""
    names = (
        "PlanePositionSequence",
        "PlaneOrientationSequence",
        "PixelMeasuresSequence",
        "PixelValueTransformationSequence",
        *MACROS,
    )
    return [item for name in names for item in list(several(group, name))[:1]]


def _frame(sources: list[Dataset]) -> Header:
    return {
        "position": _first_numbers(sources, "ImagePositionPatient", 3),
        "orientation": _first_numbers(sources, "ImageOrientationPatient", 6),
        "spacing": _first_numbers(sources, "PixelSpacing", 2),
        "thickness": _first_number(sources, "SliceThickness"),
        "slope": _scale(sources, "RescaleSlope"),
        "intercept": _scale(sources, "RescaleIntercept"),
        "unit": next((unit for unit in (text(s, "RescaleType") for s in sources) if unit), ""),
        "telling": telling_of(sources),
    }


def _first_numbers(sources: list[Dataset], keyword: str, count: int) -> list[float] | None:
    found = (numbers(source, keyword, count) for source in sources)
    return next((values for values in found if values is not None), None)


def _scale(sources: list[Dataset], keyword: str) -> float | None:
    """Return the first number there is; NaN, to be refused, where something is there that is none."""
    for source in sources:
        if len(several(source, keyword)):
            found = number(source, keyword)
            return math.nan if found is None else found
    return None


def _first_number(sources: list[Dataset], keyword: str) -> float | None:
    found = (number(source, keyword) for source in sources)
    return next((value for value in found if value is not None), None)
