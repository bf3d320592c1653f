"""Images of one patient, and what the importer found and did."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Final

from planning.geometry.coverage import Coverage
from planning.geometry.volume import Volume
from planning.model.original_stack import OriginalStack
from planning.texts import tr

NEEDS_ACKNOWLEDGEMENT: Final = frozenset({"GAP"})
"""Codes of findings that stop planning until a person has acknowledged them."""


class Severity(StrEnum):
    """How much an import finding matters."""

    NOTE = "note"
    WARN = "warn"


@dataclass(frozen=True)
class Finding:
    """Something the importer saw or mended; part of the case and shown in every output.

    Parameters
    ----------
    code : str
        Stable identifier such as ``SLICE_SPACING``.
    template : str
        English sentence marked for translation.
    values : tuple of (name, text)
        Fields of the template.
    severity : Severity
    """

    code: str
    template: str
    values: tuple[tuple[str, str], ...] = ()
    severity: Severity = Severity.NOTE

    @property
    def message(self) -> str:
        """The sentence in the chosen language."""
        return tr(self.template, **dict(self.values))

    @property
    def needs_acknowledgement(self) -> bool:
        """Whether nothing measured in the image may be shown before a person has read this."""
        return self.code in NEEDS_ACKNOWLEDGEMENT


@dataclass(frozen=True)
class Acknowledgement:
    """A person has read an import finding and takes it into account; it stays a finding.

    Parameters
    ----------
    image_id : str
        The image whose finding it is.
    code : str
        The finding's code.
    by : str
    at : datetime
    """

    image_id: str
    code: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Patient:
    """Identity as the images give it; strings are hostile input and shown literally."""

    name: str = ""
    patient_id: str = ""
    birth_date: str = ""
    sex: str = ""


@dataclass(frozen=True, eq=False)
class StudyImage:
    """One image of the patient, with where and what it is.

    Parameters
    ----------
    id : str
        Unique in the case.
    volume : Volume
    modality, description, series_uid, study_uid, frame_of_reference_uid, acquired, contrast : str
        As DICOM gives them; empty where unknown (a volume file has none).
    slice_spacing_mm : float
        Distance between slice centres along the slice normal.
    findings : tuple of Finding
    slice_thickness_mm : float
        Largest stated thickness of a slice; 0 where none is stated.
    original : OriginalStack or None
        How the slices lay, where the volume was resampled from tilted or uneven ones.
    sop_instance_uids : tuple of str
        One for each slice, in the order of k; empty where unknown or where the volume was resampled.
    patient : Patient
        Identity as this image itself gives it, whatever the case says; empty where it gives none.
    """

    id: str
    volume: Volume
    modality: str = ""
    description: str = ""
    series_uid: str = ""
    study_uid: str = ""
    frame_of_reference_uid: str = ""
    acquired: str = ""
    contrast: str = ""
    slice_spacing_mm: float = 0.0
    findings: tuple[Finding, ...] = ()
    sop_instance_uids: tuple[str, ...] = ()
    patient: Patient = Patient()
    slice_thickness_mm: float = 0.0
    original: OriginalStack | None = None

    @cached_property
    def coverage(self) -> Coverage | None:
        """Which part of the volume was really imaged; None where all of it was."""
        return self.original.coverage(self.volume.grid) if self.original is not None else None

    @property
    def resolution_along_mm(self) -> float:
        """What bounds detail along the stack: overlapping slices blur, slices apart leave out."""
        return max(self.slice_spacing_mm, self.slice_thickness_mm)
