"""Read label maps (NIfTI, NRRD, MetaImage) as layers on the planning image's grid (INTERCHANGE section 1)."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from planning.errors import LabelsRefused
from planning.geometry.frames import Grid
from planning.imaging.intake import Layer
from planning.imaging.label_mapping import Labels, cut_short, extent_in, place
from planning.imaging.label_names import (
    NameTable,
    meaning_from_class,
    segment_meaning,
    table_from_classes,
)
from planning.imaging.limits import ALWAYS_ALLOWED_LABEL_VOXELS, MAX_LABEL_VOXELS_PER_IMAGE_VOXEL
from planning.imaging.structure_words import meaning_of_name
from planning.imaging.totalsegmentator import resolution_mm
from planning.imaging.volume_file import SUFFIXES, grid_of, header_findings, read_voxels, volume_header
from planning.kernel.process import Worker
from planning.model.study import Finding
from planning.progress import Progress, part
from planning.texts import mark

NOT_A_MAP: Final = mark("{name} is no label map this program reads (NIfTI, NRRD or MetaImage).")
NO_NAMES: Final = mark(
    "{name} does not say what its labels are. Give a labels.json or the class table with it."
)
RESAMPLED: Final = mark(
    "The label map lies on another grid ({found} mm voxels) than the image ({wanted} mm); "
    "each image voxel took the label at its centre."
)


def mask_table(file: Path) -> NameTable:
    """Return the one meaning of a mask that is named by its file, as TotalSegmentator's are."""
    return NameTable({1: meaning_from_class(stem_of(file))}, False, "class table")


def stem_of(file: Path) -> str:
    """Return the name of a volume file without its ending."""
    suffix = next(s for s in sorted(SUFFIXES, key=len, reverse=True) if file.name.lower().endswith(s))
    return file.name[: -len(suffix)]


def map_layers(
    path: Path,
    given: NameTable | None,
    grid: Grid,
    findings: list[Finding],
    progress: Progress,
    worker: Worker,
    *,
    merge: bool = False,
) -> Iterator[Layer]:
    """Read one file and place each of its layers on the image's axes.

    Parameters
    ----------
    path : Path
    given : NameTable or None
        None where the file itself names its labels.
    grid : Grid
        Of the planning image.
    findings : list of Finding
        Is added to.
    merge : bool
        Take every label as the same structure: a mask.

    Raises
    ------
    LabelsRefused, ImportRefused
        ``NO_NAMES``, ``NOT_LABELS`` and those of a volume file.
    """
    allowed = max(ALWAYS_ALLOWED_LABEL_VOXELS, MAX_LABEL_VOXELS_PER_IMAGE_VOXEL * math.prod(grid.shape_kji))
    header = volume_header(path, worker, allowed)
    source = grid_of(header)
    dtype = "uint8" if header["bytes_per_voxel"] == 1 else "uint16"
    layers = read_voxels(path, header, dtype, worker, part(progress, 0.0, 0.7), labels=True)
    if layers is None:
        raise LabelsRefused("NOT_LABELS", NOT_A_MAP, name=path.name)
    findings += header_findings(header)
    for layer, voxels in enumerate(layers):
        table = given or _embedded_table(path, header, layer)
        labels: Labels = (voxels != 0).view("u1") if merge else voxels
        placed = place(labels, source, grid, part(progress, 0.7, 1.0))
        if not placed.exact:
            findings.append(resampled_finding(source, grid))
        short = cut_short(labels, source, grid)
        extent = extent_in(source, grid) if short else None
        yield Layer(
            placed=placed,
            table=table,
            resolution_mm=_resolution(table, source, grid),
            merge=merge,
            cut_short=short,
            extent_kji=extent,
        )


def _embedded_table(path: Path, header: Mapping[str, Any], layer: int) -> NameTable:
    """Return the names the file itself carries for a layer, or those its own name tells."""
    classes = {value: name for at, value, name in header["class_table"] if at == layer}
    if classes and path.name.lower().endswith(".nrrd"):
        details = {value: (rgb, code) for at, value, rgb, code in header["class_details"] if at == layer}
        meanings = {v: segment_meaning(name, *details.get(v, (None, ""))) for v, name in classes.items()}
        return NameTable(meanings, True, "segment names")
    if classes or header["class_table"]:
        return table_from_classes(classes)
    if meaning_of_name(stem_of(path)) is not None:
        return NameTable({1: meaning_from_class(stem_of(path))}, True, "class table")
    raise LabelsRefused("NO_NAMES", NO_NAMES, name=path.name)


def _resolution(table: NameTable, source: Grid, target: Grid) -> float | None:
    """Return the resolution the segmentation was made at, where it is coarser than the image."""
    known = [resolution_mm()] if table.origin == "class table" else []
    if source.largest_voxel_edge_mm > 1.01 * target.largest_voxel_edge_mm:
        known.append(source.largest_voxel_edge_mm)
    return max(known) if known else None


def resampled_finding(source: Grid, target: Grid) -> Finding:
    """Say that labels came from another grid."""
    found, wanted = (" x ".join(f"{edge:.3g}" for edge in g.spacing_ijk_mm) for g in (source, target))
    # Findings go into reports, and a file may be named after its patient: none is told here.
    return Finding("LABELS_RESAMPLED", RESAMPLED, (("found", found), ("wanted", wanted)))
