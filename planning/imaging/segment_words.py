"""What one item of a Segment Sequence says, as plain values. Runs in the child process."""

from typing import Any, Final

import numpy as np
from pydicom.dataset import Dataset

from planning.imaging.dicom_values import numbers, text, whole
from planning.kernel.exchange import Header

_SIDES: Final = {"7771000": "left", "24028007": "right", "G-A101": "left", "G-A100": "right"}


def segment_entry(item: Dataset) -> Header | None:
    """Return what a segment says of itself: number, names, code, side, colour; None without a number."""
    number = whole(item, "SegmentNumber")
    if number is None or not 0 <= number <= 65_535:
        return None
    return {
        "number": number,
        "label": text(item, "SegmentLabel"),
        "description": _long_text(item, "SegmentDescription"),
        "code": _code(item),
        "side": _side(item),
        "algorithm": text(item, "SegmentAlgorithmName"),
        "colour": _rgb(numbers(item, "RecommendedDisplayCIELabValue", 3)),
    }


def _long_text(item: Dataset, keyword: str) -> str:
    value = item.get(keyword, None)
    return str(value)[:1024] if isinstance(value, str) else ""


def _code(item: Dataset) -> str:
    for type_code in item.get("SegmentedPropertyTypeCodeSequence", None) or []:
        if text(type_code, "CodingSchemeDesignator") in ("SCT", "99SCT", "SNOMED"):
            return text(type_code, "CodeValue")
    return ""


def _side(item: Dataset) -> str:
    for holder in _with_modifiers(item):
        for keyword in ("SegmentedPropertyTypeModifierCodeSequence", "AnatomicRegionModifierSequence"):
            for modifier in holder.get(keyword, None) or []:
                side = _SIDES.get(text(modifier, "CodeValue"))
                if side:
                    return side
    return ""


def _with_modifiers(item: Dataset) -> list[Any]:
    types = item.get("SegmentedPropertyTypeCodeSequence", None) or []
    regions = item.get("AnatomicRegionSequence", None) or []
    return [item, *types, *regions]


def _rgb(cielab: list[float] | None) -> list[int] | None:
    """Return sRGB for a colour as DICOM stores it (PS3.3 C.10.7.1.1: CIELab, D50, 16 bits each)."""
    if cielab is None or not all(0 <= v <= 65_535 for v in cielab):
        return None
    lightness = cielab[0] / 65_535 * 100
    a, b = (v / 65_535 * 255 - 128 for v in cielab[1:])
    fy = (lightness + 16) / 116
    f = np.array([fy + a / 500, fy, fy - b / 200])
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * (0.96422, 1.0, 0.82521)
    # Bradford-adapted from D50 to the D65 of sRGB.
    linear = (
        np.array(
            [
                [3.1338561, -1.6168667, -0.4906146],
                [-0.9787684, 1.9161415, 0.0334540],
                [0.0719453, -0.2289914, 1.4052427],
            ]
        )
        @ xyz
    )
    linear = np.clip(linear, 0.0, 1.0)
    rgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return [round(float(v) * 255) for v in rgb]
