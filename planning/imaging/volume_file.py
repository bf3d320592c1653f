"""Read one volume file (NIfTI, NRRD, MetaImage) into voxels on a grid."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from planning.errors import ImportRefused, WorkerDied
from planning.geometry.frames import Grid
from planning.geometry.volume import Volume
from planning.imaging.limits import FILE_SECONDS
from planning.imaging.loaded import LoadedImage
from planning.imaging.series import SeriesSummary, finding_of
from planning.kernel.exchange import Array
from planning.kernel.process import Worker
from planning.model.study import Finding, Patient, Severity, StudyImage
from planning.progress import Progress, part, silent
from planning.texts import mark

SUFFIXES: Final = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")
HEADER_TASK: Final = "planning.imaging.volume_voxels:read_volume_header"
PLANE_TASK: Final = "planning.imaging.volume_voxels:read_plane"
VOXEL_TASK: Final = "planning.imaging.volume_voxels:read_voxels"
CRASHED: Final = mark(
    "Reading {name} ended the reading process, so nothing was loaded. The file may be damaged; copy it again."
)
NO_FILE: Final = mark("{name} does not exist or cannot be opened. Check the place and that you may read it.")
NO_IDENTITY: Final = mark(
    "The file carries no patient identity: make sure yourself that it is the right patient."
)
NOT_A_VOLUME: Final = mark("{name} is not one volume of three dimensions.")
_NOTES: Final = {
    "AFFINE_CONFLICT": mark(
        "The file places the image in two ways {detail} mm apart (qform and sform); the sform was used. "
        "Check the position against the original."
    ),
    "SIZE_CONFLICT": mark(
        "The file lists voxel sizes {detail} mm away from those of its sform; the sform was used. "
        "Measure a known length before you plan on it."
    ),
    "SCL_IGNORED": mark("The file's value scale is not a number and was ignored."),
    "UNITS": mark("The file's distances are in {detail} and were converted to millimetres."),
    "UNITS_DOUBTED": mark(
        "The file says its distances are in {detail}, which would make voxels no scanner makes; "
        "they were taken as millimetres. Measure a known length before you plan on it."
    ),
    "ORTHONORMALISE": mark("The axes were off a right angle by {detail} and were set straight."),
    "UNITS_MISSING": mark("The file does not say its unit of length; millimetres were taken."),
}


def is_volume_file(path: Path) -> bool:
    """Say whether the name is one of a volume file this program reads."""
    return path.is_file() and path.name.lower().endswith(SUFFIXES)


def volume_summary(path: Path, worker: Worker) -> SeriesSummary:
    """Return a volume file as the only series of a scan; a damaged one carries its problem."""
    summary = SeriesSummary(
        series_uid=path.name,
        modality="",
        description=path.name,
        count=0,
        spacing_ijk_mm=None,
        orientation="",
        acquired="",
        contrast="",
        patient=Patient(),
        volume_file=path,
    )
    try:
        header = volume_header(path, worker)
        grid = grid_of(header)
    except ImportRefused as error:
        return replace(summary, problem=finding_of(error))
    return replace(
        summary,
        count=grid.shape_kji[0],
        spacing_ijk_mm=grid.spacing_ijk_mm,
        shape_kji=grid.shape_kji,
        voxel_bytes=4 if header["bytes_per_voxel"] > 2 else 2,
    )


def volume_header(path: Path, worker: Worker, max_voxels: int | None = None) -> dict[str, Any]:
    """Return the checked header of a volume file; raises `ImportRefused`.

    `max_voxels` marks a label map and says how many voxels its image allows it.
    """
    if not path.is_file():
        raise ImportRefused("NO_SOURCE", NO_FILE, name=path.name)
    try:
        return worker.call(
            HEADER_TASK, {"file": str(path.resolve()), "max_voxels": max_voxels}, timeout_s=2 * FILE_SECONDS
        )[0]
    except WorkerDied as error:
        raise ImportRefused("CRASHED", CRASHED, name=path.name) from error


def grid_of(header: dict[str, Any]) -> Grid:
    """Return where the voxels of a header lie."""
    k, j, i = header["shape_kji"]
    return Grid((k, j, i), np.array(header["lps_from_ijk"], dtype=np.float64))


@dataclass(frozen=True)
class Planes:
    """Which planes of a file's grid are read: `count` of them, each the mean of `every` neighbours."""

    first: int
    count: int
    every: int = 1

    @property
    def end(self) -> int:
        """One past the last plane that is read."""
        return self.first + self.count * self.every


def thinner(grid: Grid, every: int, count: int) -> Grid:
    """Return the grid of `count` planes, each the mean of `every` neighbours, from the first one on."""
    i_mm, j_mm, k_mm = grid.spacing_ijk_mm
    middle = grid.to_lps((0.0, 0.0, (every - 1) / 2))
    shape = (count, *grid.shape_kji[1:])
    return Grid.from_axes(shape, middle, grid.directions, (i_mm, j_mm, k_mm * every))


def read_voxels(
    path: Path,
    header: dict[str, Any],
    dtype: str,
    worker: Worker,
    progress: Progress,
    *,
    labels: bool,
    planes: Planes | None = None,
) -> Array | None:
    """Return the voxels, shape (k, j, i), of labels (layers, k, j, i); None where a value does not fit."""
    k, j, i = header["shape_kji"]
    planes = planes or Planes(0, k)
    n_bytes = planes.count * j * i * header["layers"] * np.dtype(dtype).itemsize
    max_voxels = k * j * i * header["layers"] if labels else None
    request = {"file": str(path.resolve()), "dtype": dtype, "labels": labels, "max_voxels": max_voxels,
               "first": planes.first, "count": planes.count, "every": planes.every}  # fmt: skip
    try:
        answer, arrays = worker.call(
            VOXEL_TASK, request, progress=progress, stall_s=4 * FILE_SECONDS, mapped_bytes=n_bytes
        )
    except WorkerDied as error:
        raise ImportRefused("CRASHED", CRASHED, name=path.name) from error
    if answer.get("overflow"):
        return None
    return arrays[0] if labels else arrays[0][0]


def header_findings(header: dict[str, Any]) -> list[Finding]:
    """Return what was mended in the header."""
    warned = ("AFFINE_CONFLICT", "SIZE_CONFLICT", "UNITS_DOUBTED")
    codes = {"UNITS_DOUBTED": "UNITS", "SIZE_CONFLICT": "AFFINE_CONFLICT"}
    return [
        Finding(
            codes.get(note, note),
            _NOTES[note],
            (("detail", str(detail)),),
            Severity.WARN if note in warned else Severity.NOTE,
        )
        for note, detail in header["notes"]
    ]


def middle_plane(path: Path, header: dict[str, Any], worker: Worker, progress: Progress) -> Array:
    """Return the middle plane of a file's grid, float32 of shape (j, i); raises `ImportRefused`."""
    request, n_bytes = {"file": str(path.resolve())}, 4 * int(np.prod(header["shape_kji"][1:]))
    try:
        _, arrays = worker.call(
            PLANE_TASK, request, progress=progress, stall_s=FILE_SECONDS, mapped_bytes=n_bytes
        )
    except WorkerDied as error:
        raise ImportRefused("CRASHED", CRASHED, name=path.name) from error
    return arrays[0]


def load_volume_file(
    path: Path, progress: Progress = silent, worker: Worker | None = None, planes: Planes | None = None
) -> LoadedImage:
    """Return the image in a NIfTI, NRRD or MetaImage file, or some `planes` of it.

    Raises
    ------
    ImportRefused
        ``NO_ORIENTATION``, ``BAD_AFFINE``, ``SHEARED``, ``SHORT_PIXELS``, ``TRUNCATED``,
        ``EXPANSION_LIMIT``, ``NAN_VOXELS``, ``COLOUR``, ``NOT_A_VOLUME``, ``UNITS``,
        ``UNSUPPORTED`` or ``BAD_HEADER``.
    """
    if worker is None:
        own = Worker()
        try:
            return load_volume_file(path, progress, own, planes)
        finally:
            own.close()
    header = volume_header(path, worker)
    if header["layers"] != 1:
        raise ImportRefused("NOT_A_VOLUME", NOT_A_VOLUME, name=path.name)
    grid = grid_of(header)
    voxels = None
    for n, dtype in enumerate(("int16", "float32")):
        if voxels is None:
            step = part(progress, 0.5 * n, 1.0)
            voxels = read_voxels(path, header, dtype, worker, step, labels=False, planes=planes)
    if voxels is None:
        raise ImportRefused("CRASHED", CRASHED, name=path.name)
    if planes is not None:
        grid = thinner(grid.cropped((planes.first, 0, 0), grid.shape_kji), planes.every, planes.count)
    findings = [*header_findings(header), Finding("NO_IDENTITY", NO_IDENTITY)]
    image = StudyImage(
        id=f"image-{hashlib.sha256(path.name.encode()).hexdigest()[:12]}",
        volume=Volume(voxels, grid),
        description=path.name,
        slice_spacing_mm=max(grid.spacing_ijk_mm),
        findings=tuple(findings),
    )
    return LoadedImage(image, Patient())
