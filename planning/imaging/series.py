"""What a scan finds: slices, series and rejected files, as plain values."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from planning.errors import ImportRefused
from planning.geometry.frames import Vec3
from planning.imaging.private_folder import PrivateFolder
from planning.model.study import Finding, Patient


@dataclass(frozen=True)
class PixelForm:
    """How pixels are stored; equal in all slices of one volume.

    Parameters
    ----------
    rows, columns, bits_allocated, bits_stored, high_bit : int
    signed : bool
    photometric : str
        ``MONOCHROME1`` or ``MONOCHROME2``; anything else is refused.
    samples : int
        Colours per pixel; 1 for every image that can be a volume.
    """

    rows: int
    columns: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    photometric: str
    samples: int


@dataclass(frozen=True)
class Slice:
    """One image plane of a file: its place, its values' scale and where its pixels are.

    Parameters
    ----------
    file : Path
    frame : int
        Frame inside a multi-frame file, else 0.
    position_lps_mm : Vec3 or None
        Centre of the first pixel (ImagePositionPatient).
    row_lps, column_lps : Vec3 or None
        Directions along a row (to the next column) and down a column (ImageOrientationPatient).
    spacing_ij_mm : (float, float) or None
        Distance between columns, then between rows: the reverse order of PixelSpacing.
    slope, intercept : float or None
        Rescale; None where the file gives none.
    pixel_offset, pixel_bytes : int
        Place of this plane's pixels in the file (in the unpacked file, where all of it is deflated).
        Of compressed pixels the offset is that of the element, and `pixel_bytes` is -1.
    padding, padding_limit : int or None
        Stored value that means "outside the field of view", or the two ends of a range of them.
    kind : {"integer", "float32", "float64"}
        How a stored value is written.
    table : str or None
        Unit of the Modality LUT that translates the values; None without one.
    n_frames : int
        Frames in the file.
    """

    file: Path
    frame: int
    sop_uid: str
    instance: int | None
    position_lps_mm: Vec3 | None
    row_lps: Vec3 | None
    column_lps: Vec3 | None
    spacing_ij_mm: tuple[float, float] | None
    thickness_mm: float | None
    slope: float | None
    intercept: float | None
    form: PixelForm
    syntax: str
    pixel_offset: int
    pixel_bytes: int
    padding: int | None = None
    padding_limit: int | None = None
    kind: str = "integer"
    table: str | None = None
    n_frames: int = 1


@dataclass(frozen=True)
class SeriesSummary:
    """One series of a scan, as the chooser shows it and `load_series` needs it.

    Parameters
    ----------
    series_uid : str
        SeriesInstanceUID; parts split off a mixed series carry ``#2``, ``#3`` ... after it.
    modality, description, study_uid, frame_of_reference_uid, acquired, contrast : str
        As DICOM gives them: hostile text, shown literally.
    count : int
        Number of image planes.
    spacing_ijk_mm : Vec3 or None
        Voxel edges, where the geometry is sound.
    orientation : str
        ``axial``, ``sagittal``, ``coronal`` or ``oblique``; empty where unknown.
    problem : Finding or None
        Why this series cannot be loaded; None when the headers allow it.
    findings : tuple of Finding
        What the headers already tell.
    shape_kji : (int, int, int) or None
        Voxels of the volume it becomes; None where it becomes none.
    voxel_bytes : int
        Bytes a voxel takes once it is loaded.
    is_even : bool
        Whether each slice becomes a plane of the volume as it is, without resampling.
    """

    series_uid: str
    modality: str
    description: str
    count: int
    spacing_ijk_mm: Vec3 | None
    orientation: str
    acquired: str
    contrast: str
    patient: Patient
    study_uid: str = ""
    frame_of_reference_uid: str = ""
    slices: tuple[Slice, ...] = ()
    volume_file: Path | None = None
    problem: Finding | None = None
    findings: tuple[Finding, ...] = ()
    unpacked: PrivateFolder | None = field(default=None, repr=False, compare=False)
    shape_kji: tuple[int, int, int] | None = None
    voxel_bytes: int = 2
    is_even: bool = True

    @property
    def files(self) -> tuple[Path, ...]:
        """The files this series is made of."""
        return (self.volume_file,) if self.volume_file else tuple(dict.fromkeys(s.file for s in self.slices))

    @property
    def is_stack(self) -> bool:
        """Whether this is meant to be a volume at all: no scout, screen copy or single picture."""
        never = ("LOCALIZER", "NOT_A_VOLUME", "COLOUR", "TOO_FEW")
        return self.problem is None or self.problem.code not in never

    @property
    def can_load(self) -> bool:
        """Whether nothing in the headers forbids loading."""
        return self.problem is None


@dataclass(frozen=True)
class Rejected:
    """A file that is no part of any series, and why.

    Parameters
    ----------
    file : Path
        Relative to the scanned source.
    code : str
        Such as ``NOT_DICOM``; noise that nobody misses has the code ``NOISE``.
    reason : str
        A plain sentence in the chosen language.
    """

    file: Path
    code: str
    reason: str


@dataclass(frozen=True)
class Scan:
    """Everything found in a source.

    Parameters
    ----------
    series : tuple of SeriesSummary
        CT first, larger before smaller.
    rejected : tuple of Rejected
    findings : tuple of Finding
        About the source as a whole, such as two identities under one patient number.
    """

    series: tuple[SeriesSummary, ...]
    rejected: tuple[Rejected, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def loadable(self) -> tuple[SeriesSummary, ...]:
        """The series nothing forbids loading."""
        return tuple(s for s in self.series if s.can_load)

    @property
    def rejected_counts(self) -> dict[str, int]:
        """How many files were rejected for each code."""
        counts: dict[str, int] = {}
        for item in self.rejected:
            counts[item.code] = counts.get(item.code, 0) + 1
        return counts


def finding_of(error: ImportRefused) -> Finding:
    """Return a refusal as a value that can be kept in a summary."""
    values = tuple((name, str(value)) for name, value in error.values.items())
    return Finding(error.code, error.template, values)


def refusal_of(finding: Finding) -> ImportRefused:
    """Return the exception for a problem kept in a summary."""
    values: dict[str, Any] = dict(finding.values)
    return ImportRefused(finding.code, finding.template, **values)
