"""Bring structures from any source onto the planning image: one door for every format.

Label maps (NIfTI, NRRD, ``.seg.nrrd``, MetaImage), DICOM Segmentations and RT Structure Sets, surfaces
(STL, OBJ, PLY), and folders of any of them. Files are parsed in the child process.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from scipy import ndimage

from planning.errors import ImportRefused, LabelsRefused, WorkerDied
from planning.imaging.folder_listing import listing_of
from planning.imaging.intake import (
    NO_FILE,
    Choices,
    LabelImport,
    Layer,
    Onto,
    check_inside,
    collected,
    counts_of,
    refuse_outside,
)
from planning.imaging.label_import import map_layers, mask_table
from planning.imaging.label_mapping import Placed
from planning.imaging.label_names import NameTable, read_names
from planning.imaging.limits import FILE_SECONDS
from planning.imaging.mesh_import import is_mesh_file, mesh_layers
from planning.imaging.rtstruct_import import rtstruct_layers
from planning.imaging.seg_import import seg_layers, threshold_of
from planning.imaging.volume_file import is_volume_file
from planning.kernel.process import Worker
from planning.model.study import Finding, Severity
from planning.progress import Progress, part, silent
from planning.texts import mark

_FIND_TASK: Final = "planning.imaging.structure_objects:find_objects"
NO_SOURCES: Final = mark(
    "The folder {name} holds no structures: no label maps (NIfTI, NRRD, MetaImage), DICOM segmentations, "
    "structure sets or surfaces (STL, OBJ, PLY)."
)
NOT_STRUCTURES: Final = mark(
    "{name} holds no structures. This program reads label maps (NIfTI, NRRD, MetaImage), DICOM segmentations "
    "and structure sets, and surfaces (STL, OBJ, PLY)."
)
NOT_READ: Final = mark("{name} is damaged or not whole and was not read ({code}). Copy or export it again.")
EMPTY_FILES: Final = mark("{count} of {total} masks in the folder are empty in this image.")
LEFT_OUT: Final = mark("Files of the folder that could not be used and were left out: {count} ({codes}).")


@dataclass(frozen=True)
class _Source:
    """One file and what it is: ``map``, ``surface``, ``seg`` or ``rtstruct``."""

    path: Path
    kind: str


def import_structures(
    path: Path,
    names: Path | None,
    onto: Onto,
    progress: Progress = silent,
    worker: Worker | None = None,
    choices: Choices | None = None,
) -> LabelImport:
    """Return the structures of a file or folder on the grid of the planning image.

    Parameters
    ----------
    path : Path
        A label map, DICOM Segmentation, RT Structure Set or surface, or a folder of them, any nesting. In
        a folder a label map is a mask called what it is, like TotalSegmentator's results.
    names : Path or None
        ``labels.json`` or a class table: meanings by label value, segment number, ROI number, or, in a
        surface file, the place of the surface. None where file or folder name their structures.
    onto : Onto
        Image, patient and case; objects of another patient or frame of reference are refused.
    choices : Choices or None
        Unit, axes and threshold, where a person decided them.

    Raises
    ------
    LabelsRefused
        ``UNITS`` or ``AXES`` where a person must say them; else why nothing can be taken in.
    """
    if worker is None:
        own = Worker()
        try:
            return import_structures(path, names, onto, progress, own, choices)
        finally:
            own.close()
    try:
        listing = listing_of(path, worker, part(progress, 0.0, 0.02))
        if listing.kind == "folder":
            files = [path / file for file in listing.files]
            return _from_folder(path, files, onto, choices or Choices(), progress, worker)
        if listing.kind != "file":
            raise LabelsRefused("NO_SOURCE", NO_FILE, name=path.name)
        given = read_names(names) if names is not None else None
        return _from_file(path, given, onto, choices or Choices(), progress, worker)
    except ImportRefused as error:
        raise LabelsRefused(error.code, error.template, **error.values) from error


def _from_file(
    path: Path, given: NameTable | None, onto: Onto, choices: Choices, progress: Progress, worker: Worker
) -> LabelImport:
    (source,) = _sources([path], part(progress, 0.0, 0.05), worker)
    if source.kind not in _READERS:
        if source.kind in ("dicom", "NOT_DICOM"):
            raise LabelsRefused("NOT_LABELS", NOT_STRUCTURES, name=path.name)
        raise LabelsRefused(source.kind, NOT_READ, name=path.name, code=source.kind)
    findings: list[Finding] = []
    step = part(progress, 0.05, 0.8)
    layers, used = _layers(source, given, onto, choices, findings, step, worker, in_folder=False)
    check_inside(path.name, layers, findings)
    return collected(layers, onto.grid, findings, part(progress, 0.8, 1.0), used)


def _from_folder(
    folder: Path, files: list[Path], onto: Onto, choices: Choices, progress: Progress, worker: Worker
) -> LabelImport:
    every = _sources(files, part(progress, 0.0, 0.1), worker)
    sources = [s for s in every if s.kind in _READERS]
    if not sources:
        raise LabelsRefused("NO_LABELS", NO_SOURCES, name=folder.name)
    findings: list[Finding] = []
    layers: list[Layer] = []
    used = Choices()
    inside = total = empty = 0
    proven = True
    for n, source in enumerate(sources):
        step = part(progress, 0.1 + 0.8 * n / len(sources), 0.1 + 0.8 * (n + 1) / len(sources))
        try:
            found, decided = _layers(source, None, onto, choices, findings, step, worker, in_folder=True)
        except (ImportRefused, LabelsRefused) as error:
            # An image beside its masks is no fault; anything else that is refused is.
            if error.code != "NOT_LABELS":
                raise
            every.append(_Source(source.path, error.code))
            continue
        more, all_of_it = counts_of(found)
        inside, total = inside + more, total + all_of_it
        proven = proven and all(layer.proven for layer in found)
        kept = [_cropped(layer) for layer in found if layer.placed.inside]
        empty += not kept
        layers += kept
        used = _together(used, decided)
    refuse_outside(folder.name, (inside, total), proven, findings)
    if empty:
        values = (("count", str(empty)), ("total", str(len(sources))))
        findings.append(Finding("EMPTY_STRUCTURE", EMPTY_FILES, values))
    findings += _left_out(every)
    return collected(layers, onto.grid, _each_once(findings), part(progress, 0.9, 1.0), used)


def _together(one: Choices, two: Choices) -> Choices:
    return Choices(
        unit=two.unit or one.unit,
        space=two.space or one.space,
        threshold=one.threshold if two.threshold is None else two.threshold,
    )


def _sources(files: list[Path], progress: Progress, worker: Worker) -> list[_Source]:
    """Say what each file is: by its ending where that tells, else by looking into it."""
    known = {f: "map" if is_volume_file(f) else "surface" if is_mesh_file(f) else "" for f in files}
    unknown = [f for f, kind in known.items() if not kind]
    if unknown:
        known |= dict(zip(unknown, _kinds(unknown, progress, worker), strict=True))
    return [_Source(file, kind) for file, kind in known.items()]


def _kinds(files: list[Path], progress: Progress, worker: Worker) -> list[str]:
    """Return what each file is; one that ends the child is found by asking for each alone."""
    request = {"files": [str(f.resolve()) for f in files]}
    try:
        answer, _ = worker.call(_FIND_TASK, request, progress=progress, stall_s=4 * FILE_SECONDS)
        return [str(kind) for kind in answer["kinds"]]
    except WorkerDied:
        if len(files) == 1:
            return ["CRASHED"]
    return [kind for file in files for kind in _kinds([file], progress, worker)]


_READERS: Final = frozenset({"map", "surface", "seg", "rtstruct"})


def _layers(
    source: _Source,
    given: NameTable | None,
    onto: Onto,
    choices: Choices,
    findings: list[Finding],
    progress: Progress,
    worker: Worker,
    *,
    in_folder: bool,
) -> tuple[list[Layer], Choices]:
    """Return the layers of one file, and what was decided where it leaves something open."""
    path = source.path
    if source.kind == "surface":
        return mesh_layers(path, given, onto, choices, findings, progress, worker)
    if source.kind == "rtstruct":
        return rtstruct_layers(path, given, onto, findings, progress, worker), Choices()
    if source.kind == "seg":
        layers = seg_layers(path, given, onto, choices, findings, progress, worker)
        fractional = any(f.code == "FRACTIONAL" for f in findings)
        return layers, Choices(threshold=threshold_of(choices) if fractional else None)
    if in_folder and not path.name.lower().endswith(".seg.nrrd"):
        found = map_layers(path, mask_table(path), onto.grid, findings, progress, worker, merge=True)
    else:
        found = map_layers(path, given, onto.grid, findings, progress, worker)
    return list(found), Choices()


def _left_out(sources: list[_Source]) -> list[Finding]:
    """Say how many files could not be read; images and texts beside the structures are no fault."""
    bad = [s.kind for s in sources if s.kind not in (*_READERS, "dicom", "NOT_DICOM")]
    if not bad:
        return []
    values = (("count", str(len(bad))), ("codes", ", ".join(sorted(set(bad)))))
    return [Finding("FILES_LEFT_OUT", LEFT_OUT, values, Severity.WARN)]


def _cropped(layer: Layer) -> Layer:
    """Keep only the part around the voxels of a single mask, so that a folder of masks stays small."""
    if not layer.merge:
        return layer
    placed = layer.placed
    box = ndimage.find_objects(placed.voxels_kji)[0]
    start = tuple(s + b.start for s, b in zip(placed.start_kji, box, strict=True))
    kept = placed.voxels_kji[box].copy()
    small = Placed(kept, (start[0], start[1], start[2]), placed.exact, placed.inside, placed.total)
    return replace(layer, placed=small)


def _each_once(findings: list[Finding]) -> list[Finding]:
    """Return findings once, unless they name something of their own."""
    return list(
        {(f.code, f.template, f.values if f.code != "LABELS_RESAMPLED" else ()): f for f in findings}.values()
    )
