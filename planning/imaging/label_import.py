"""Turn label maps into structures on the planning image's grid (INTERCHANGE section 1)."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from scipy import ndimage

from planning.errors import ImportRefused, LabelsRefused
from planning.geometry.frames import Grid
from planning.imaging.label_mapping import Labels, Placed, cut_short, extent_in, masks_of, place
from planning.imaging.label_names import (
    Meaning,
    NameTable,
    meaning_from_class,
    read_names,
    table_from_classes,
)
from planning.imaging.limits import ALWAYS_ALLOWED_LABEL_VOXELS, MAX_LABEL_VOXELS_PER_IMAGE_VOXEL
from planning.imaging.totalsegmentator import meaning_of, resolution_mm
from planning.imaging.volume_file import (
    SUFFIXES,
    grid_of,
    header_findings,
    is_volume_file,
    read_voxels,
    volume_header,
)
from planning.kernel.process import Worker
from planning.model.mask import Mask
from planning.model.structures import Structure, StructureKind
from planning.model.study import Finding, Severity
from planning.progress import Progress, part, silent
from planning.texts import mark, tr

_LEAST_INSIDE: Final = 0.5
NO_FILE: Final = mark("{name} does not exist or cannot be opened. Check the place and that you may read it.")
NO_MAPS: Final = mark("The folder {name} holds no label maps (NIfTI, NRRD or MetaImage).")
NOT_A_MAP: Final = mark("{name} is no label map this program reads (NIfTI, NRRD or MetaImage).")
NO_NAMES: Final = mark(
    "{name} does not say what its labels are. Give a labels.json or the class table with it."
)
NO_LABELS: Final = mark("{name} holds no labelled voxel.")
OUTSIDE: Final = mark(
    "Only {percent} % of the labelled volume of {name} lies inside the image. It belongs to another scan "
    "or another patient and was not used."
)
PARTLY_OUTSIDE: Final = mark(
    "{percent} % of the label map's labelled volume lies outside the image and was cut off."
)
RESAMPLED: Final = mark(
    "The label map lies on another grid ({found} mm voxels) than the image ({wanted} mm); "
    "each image voxel took the label at its centre."
)
CUT_SHORT: Final = mark(
    "The label map ends inside the image and cuts off: {structures}. They may go on beyond it unlabelled, "
    "so distances to them are withheld where its end is nearer. Segment the whole field."
)
EMPTY_STRUCTURE: Final = mark("{structure} has no voxel in the image, so it is not assessed.")
EMPTY_FILES: Final = mark("{count} of {total} masks in the folder are empty in this image.")
LISTED_AS_OTHER: Final = mark("No kind is known for: {names}. They were taken in as other structures.")


@dataclass(frozen=True)
class LabelImport:
    """What a label map gave.

    Parameters
    ----------
    structures : tuple of Structure
        On the image's grid, none empty, all in the state *draft*.
    findings : tuple of Finding
        What was resampled, cut off, empty or unknown.
    listed_as_other : tuple of str
        Names of the source that have no kind of their own.
    """

    structures: tuple[Structure, ...]
    findings: tuple[Finding, ...] = ()
    listed_as_other: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Map:
    """One layer of one label file on the image's axes, with the names of its values."""

    placed: Placed
    table: NameTable
    resolution_mm: float | None
    merge: bool
    cut_short: frozenset[int] = frozenset()
    extent_kji: tuple[tuple[int, int, int], tuple[int, int, int]] | None = None


def import_labels(
    path: Path,
    names: Path | None,
    grid: Grid,
    progress: Progress = silent,
    worker: Worker | None = None,
) -> LabelImport:
    """Return the structures of a label map, or of a folder of masks, on `grid`.

    Parameters
    ----------
    path : Path
        A label map (``.nii``, ``.nii.gz``, ``.nrrd``, ``.seg.nrrd``, ``.mha``, ``.mhd``) or a folder
        with one mask a file, named like TotalSegmentator's classes.
    names : Path or None
        ``labels.json`` or a class table in CSV; None where the file itself or the folder names them.
    grid : Grid
        Of the planning image.

    Raises
    ------
    LabelsRefused
        ``NO_SOURCE``, ``NO_NAMES``, ``NO_LABELS``, ``LABELS_OUTSIDE``, ``NAN_VOXELS``, ``NOT_LABELS``,
        the codes of `planning.imaging.label_names` and those of a volume file's header.
    """
    if worker is None:
        own = Worker()
        try:
            return import_labels(path, names, grid, progress, own)
        finally:
            own.close()
    try:
        if path.is_dir():
            return _from_folder(path, grid, progress, worker)
        return _from_file(path, names, grid, progress, worker)
    except ImportRefused as error:
        raise LabelsRefused(error.code, error.template, **error.values) from error


def _from_file(path: Path, names: Path | None, grid: Grid, progress: Progress, worker: Worker) -> LabelImport:
    if not path.is_file():
        raise LabelsRefused("NO_SOURCE", NO_FILE, name=path.name)
    if not is_volume_file(path):
        raise LabelsRefused("NOT_LABELS", NOT_A_MAP, name=path.name)
    given = read_names(names) if names is not None else None
    findings: list[Finding] = []
    maps = list(_maps(path, given, grid, findings, part(progress, 0.0, 0.7), worker))
    inside, total = sum(m.placed.inside for m in maps), sum(m.placed.total for m in maps)
    _check_inside(path.name, inside, total, findings)
    return _collected(maps, grid, findings, part(progress, 0.7, 1.0))


def _from_folder(folder: Path, grid: Grid, progress: Progress, worker: Worker) -> LabelImport:
    files = sorted(f for f in folder.iterdir() if is_volume_file(f) and not f.name.startswith("."))
    if not files:
        raise LabelsRefused("NO_LABELS", NO_MAPS, name=folder.name)
    findings: list[Finding] = []
    maps: list[_Map] = []
    inside = total = 0
    for n, file in enumerate(files):
        step = part(progress, n / len(files), (n + 1) / len(files))
        table = NameTable({1: meaning_from_class(_stem(file))}, False, "class table")
        for one in _maps(file, table, grid, findings, step, worker, merge=True):
            inside, total = inside + one.placed.inside, total + one.placed.total
            if one.placed.inside:
                maps.append(replace(one, placed=_cropped(one.placed)))
    _check_inside(folder.name, inside, total, findings)
    if len(maps) < len(files):
        values = (("count", str(len(files) - len(maps))), ("total", str(len(files))))
        findings.append(Finding("EMPTY_STRUCTURE", EMPTY_FILES, values))
    return _collected(maps, grid, _each_once(findings), silent)


def _stem(file: Path) -> str:
    suffix = next(s for s in sorted(SUFFIXES, key=len, reverse=True) if file.name.lower().endswith(s))
    return file.name[: -len(suffix)]


def _maps(
    path: Path,
    given: NameTable | None,
    grid: Grid,
    findings: list[Finding],
    progress: Progress,
    worker: Worker,
    *,
    merge: bool = False,
) -> Iterator[_Map]:
    """Read one file and place each of its layers on the image's axes."""
    allowed = max(ALWAYS_ALLOWED_LABEL_VOXELS, MAX_LABEL_VOXELS_PER_IMAGE_VOXEL * math.prod(grid.shape_kji))
    header = volume_header(path, worker, allowed)
    source = grid_of(header)
    embedded = {(layer, value): name for layer, value, name in header["class_table"]}
    dtype = "uint8" if header["bytes_per_voxel"] == 1 else "uint16"
    layers = read_voxels(path, header, dtype, worker, part(progress, 0.0, 0.7), labels=True)
    if layers is None:
        raise LabelsRefused("NOT_LABELS", NOT_A_MAP, name=path.name)
    findings += header_findings(header)
    for layer, voxels in enumerate(layers):
        table = given or _embedded_table(path, {v: n for (at, v), n in embedded.items() if at == layer})
        labels: Labels = (voxels != 0).view("u1") if merge else voxels
        placed = place(labels, source, grid, part(progress, 0.7, 1.0))
        if not placed.exact:
            findings.append(_resampled_finding(source, grid))
        short = cut_short(labels, source, grid)
        extent = extent_in(source, grid) if short else None
        yield _Map(placed, table, _resolution(table, source, grid), merge, short, extent)


def _embedded_table(path: Path, classes: Mapping[int, str]) -> NameTable:
    """Return the names the file itself carries, or those its own name tells."""
    if classes:
        table = table_from_classes(classes)
        if path.name.lower().endswith(".nrrd"):
            return NameTable(table.meanings, True, "segment names")
        return table
    if meaning_of(_stem(path)) is not None:
        return NameTable({1: meaning_from_class(_stem(path))}, True, "class table")
    raise LabelsRefused("NO_NAMES", NO_NAMES, name=path.name)


def _resolution(table: NameTable, source: Grid, target: Grid) -> float | None:
    """Return the resolution the segmentation was made at, where it is coarser than the image."""
    known = [resolution_mm()] if table.origin == "class table" else []
    if source.largest_voxel_edge_mm > 1.01 * target.largest_voxel_edge_mm:
        known.append(source.largest_voxel_edge_mm)
    return max(known) if known else None


def _resampled_finding(source: Grid, target: Grid) -> Finding:
    found, wanted = (" x ".join(f"{edge:.3g}" for edge in g.spacing_ijk_mm) for g in (source, target))
    # Findings go into reports, and a file may be named after its patient: none is told here.
    return Finding("LABELS_RESAMPLED", RESAMPLED, (("found", found), ("wanted", wanted)))


def _check_inside(name: str, inside: int, total: int, findings: list[Finding]) -> None:
    if total == 0:
        raise LabelsRefused("NO_LABELS", NO_LABELS, name=name)
    if inside < _LEAST_INSIDE * total:
        raise LabelsRefused("LABELS_OUTSIDE", OUTSIDE, name=name, percent=f"{100 * inside / total:.0f}")
    if inside < total:
        values = (("percent", f"{100 * (total - inside) / total:.2g}"),)
        findings.append(Finding("LABELS_PARTLY_OUTSIDE", PARTLY_OUTSIDE, values, Severity.WARN))


def _cropped(placed: Placed) -> Placed:
    """Keep only the part around the voxels of a single mask, so that a folder of masks stays small."""
    box = ndimage.find_objects(placed.voxels_kji)[0]
    start = tuple(s + b.start for s, b in zip(placed.start_kji, box, strict=True))
    kept = placed.voxels_kji[box].copy()
    return Placed(kept, (start[0], start[1], start[2]), placed.exact, placed.inside, placed.total)


def _each_once(findings: list[Finding]) -> list[Finding]:
    return list({(f.code, f.template): f for f in findings}.values())


def _collected(maps: list[_Map], grid: Grid, findings: list[Finding], progress: Progress) -> LabelImport:
    structures: list[Structure] = []
    others: list[str] = []
    short: list[str] = []
    for n, one in enumerate(maps):
        progress(n / len(maps), tr("Placing labels"))
        seen = set()
        for value, mask in masks_of(one.placed, grid.shape_kji):
            seen.add(value)
            meaning = one.table.meanings.get(value) or _unnamed(value)
            if not meaning.known:
                others.append(meaning.source_name)
            structures.append(_structure(one, value, meaning, mask, {s.id for s in structures}))
            if value in one.cut_short:
                short.append(structures[-1].title)
        if one.table.claims_presence:
            findings += [_empty(m) for value, m in one.table.meanings.items() if value not in seen]
    if short:
        findings.append(
            Finding("LABELS_CUT_SHORT", CUT_SHORT, (("structures", ", ".join(short)),), Severity.WARN)
        )
    if others:
        findings.append(Finding("LISTED_AS_OTHER", LISTED_AS_OTHER, (("names", ", ".join(others)),)))
    return LabelImport(tuple(structures), tuple(findings), tuple(others))


def _unnamed(value: int) -> Meaning:
    name = f"label {value}"
    return Meaning(StructureKind.OTHER, name=name, source_name=name, known=False)


def _empty(meaning: Meaning) -> Finding:
    empty = Structure("", meaning.kind, Mask((1, 1, 1)), meaning.level, meaning.side, meaning.name)
    return Finding("EMPTY_STRUCTURE", EMPTY_STRUCTURE, (("structure", empty.title),), Severity.WARN)


def _structure(one: _Map, value: int, meaning: Meaning, mask: Mask, taken: set[str]) -> Structure:
    label = meaning.source_name if one.merge or not meaning.source_name else f"{meaning.source_name} {value}"
    return Structure(
        id=_id_of(meaning, taken),
        kind=meaning.kind,
        mask=mask,
        level=meaning.level,
        side=meaning.side,
        name=meaning.name,
        simulated=meaning.simulated,
        # A file may be named after its patient, and reports print where a structure comes from.
        source=tr("label map: {label}", label=label or value),
        effective_resolution_mm=one.resolution_mm,
        label_extent_kji=one.extent_kji if value in one.cut_short else None,
    )


def _id_of(meaning: Meaning, taken: set[str]) -> str:
    """Return an id that is the same each time the same labels are imported."""
    named = meaning.name is not None and meaning.source_name in ("", meaning.name)
    parts = [meaning.kind.value, meaning.level, meaning.side, meaning.name if named else None]
    words = "-".join(re.sub(r"[^A-Za-z0-9_]+", "_", p).strip("_") for p in parts if p)
    if words not in taken:
        return words
    return next(f"{words}-{n}" for n in range(2, len(taken) + 3) if f"{words}-{n}" not in taken)
