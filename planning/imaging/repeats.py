"""Several images of every place in one series: phases, echoes, kinds of contrast. Each is a volume."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydicom.dataset import Dataset

from planning.imaging.dicom_values import several, text
from planning.imaging.limits import MAX_TEXT
from planning.imaging.series import Slice

Record = Mapping[str, Any]
Pair = tuple[Slice, Record]
# What can tell images of one place apart, most telling first, and the attributes that carry it.
_TELLING: Final = {
    "phase": ("TemporalPositionIdentifier", "TemporalPositionIndex", "TriggerTime"),
    "echo": ("EchoNumbers", "EffectiveEchoTime", "EchoTime"),
    "kind": ("FrameType", "ImageType"),
    "kernel": ("ConvolutionKernel",),
    "acquisition": ("FrameAcquisitionNumber", "AcquisitionNumber"),
}
KEYWORDS: Final = (
    *("TemporalPositionIdentifier", "TriggerTime", "EchoNumbers", "EchoTime"),
    *("ConvolutionKernel", "AcquisitionNumber"),
)
"""Attributes of single images; those of frames lie in sequences that are read anyway."""
MACROS: Final = (
    *("FrameContentSequence", "MREchoSequence"),
    *("MRImageFrameTypeSequence", "CTImageFrameTypeSequence"),
)
_SAME_PLACE_DIGITS: Final = 2
_MOST_VALUES: Final = 16


def telling_of(sources: Sequence[Dataset]) -> list[str]:
    """Return what may tell an image from others of its place, one text for each kind of difference."""
    found = []
    for keywords in _TELLING.values():
        words = (_words(source, keyword) for keyword in keywords for source in sources)
        found.append(next((word for word in words if word), ""))
    return found


def told_apart(pairs: Sequence[Pair]) -> list[tuple[str, list[Pair]]]:
    """Return the volumes that lie at the same places, each with what it is called.

    One unnamed part where every place has one image, where the images of a place cannot be told
    apart, or where one of the parts would lack places the others have.
    """
    places = {_place(slice_) for slice_, _ in pairs}
    if None in places or len(places) == len(pairs) or len(places) < 2:
        return [("", list(pairs))]
    for n in range(len(_TELLING)):
        parts: dict[str, list[Pair]] = defaultdict(list)
        for slice_, record in pairs:
            parts[record["frames"][slice_.frame]["telling"][n]].append((slice_, record))
        whole = all({_place(slice_) for slice_, _ in part} == places for part in parts.values())
        if len(parts) > 1 and whole:
            # Within a part images may still be told apart by something else.
            return [
                (", ".join(word for word in (name, inner) if word), rest)
                for name, part in parts.items()
                for inner, rest in told_apart(part)
            ]
    return [("", list(pairs))]


def _place(slice_: Slice) -> tuple[float, ...] | None:
    position = slice_.position_lps_mm
    return None if position is None else tuple(round(v, _SAME_PLACE_DIGITS) + 0.0 for v in position)


def _words(source: Dataset, keyword: str) -> str:
    values = several(source, keyword)
    if len(values) < 2:
        return text(source, keyword)
    words = " ".join(str(value) for value in values[:_MOST_VALUES])
    return "".join(c if c.isprintable() else " " for c in words)[:MAX_TEXT].strip()
