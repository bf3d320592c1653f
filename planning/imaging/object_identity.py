"""Whose a DICOM object is and which images it refers to, as plain values. Runs in the child process."""

from typing import Any, Final

from pydicom.dataset import Dataset

from planning.imaging.dicom_values import text
from planning.kernel.exchange import Header

_MOST_REFERENCES: Final = 20_000
_DEEPEST: Final = 8


def identity_of(dataset: Dataset) -> Header:
    """Return patient, frames of reference, and the series and instances an object refers to."""
    found: dict[str, set[str]] = {"frames": set(), "series": set(), "instances": set()}
    frame = text(dataset, "FrameOfReferenceUID")
    if frame:
        found["frames"].add(frame)
    for keyword in ("ReferencedSeriesSequence", "ReferencedFrameOfReferenceSequence", "SourceImageSequence"):
        _gather(dataset.get(keyword, None) or [], found, 0)
    keys = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex")
    return {
        "patient": [text(dataset, key) for key in keys],
        "study": text(dataset, "StudyInstanceUID"),
        "identity_removed": text(dataset, "PatientIdentityRemoved") == "YES",
        "algorithm": f"{text(dataset, 'Manufacturer')} {text(dataset, 'ManufacturerModelName')}",
        **{key: sorted(values) for key, values in found.items()},
    }


def _gather(items: Any, found: dict[str, set[str]], depth: int) -> None:
    """Collect identifiers from nested references, never deeper or more than a real object has."""
    for item in items:
        if len(found["instances"]) >= _MOST_REFERENCES or depth > _DEEPEST:
            return
        for keyword, kind in (
            ("FrameOfReferenceUID", "frames"),
            ("SeriesInstanceUID", "series"),
            ("ReferencedSOPInstanceUID", "instances"),
        ):
            value = text(item, keyword)
            if value:
                found[kind].add(value)
        for element in item:
            if element.VR == "SQ":
                _gather(element.value, found, depth + 1)
