"""Structures of a DICOM Segmentation on the planning image's grid."""

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from planning.errors import LabelsRefused, WorkerDied
from planning.geometry.frames import Grid
from planning.imaging.belonging import check_belongs
from planning.imaging.import_settings import import_settings
from planning.imaging.intake import Choices, Layer, Onto
from planning.imaging.label_import import resampled_finding
from planning.imaging.label_mapping import cut_short, extent_in, place
from planning.imaging.label_names import Meaning, NameTable, canal_for_cord, segment_meaning
from planning.imaging.limits import (
    ALWAYS_ALLOWED_LABEL_VOXELS,
    FILE_SECONDS,
    MAX_LABEL_VOXELS_PER_IMAGE_VOXEL,
)
from planning.imaging.structure_words import SIDES, meaning_of_code
from planning.imaging.totalsegmentator import CANAL_NAME, resolution_mm
from planning.imaging.volume_file import CRASHED
from planning.kernel.exchange import Array
from planning.kernel.process import Worker
from planning.model.passport import read_passport
from planning.model.structures import StructureKind
from planning.model.study import Finding, Severity
from planning.progress import Progress, part
from planning.texts import mark

TASK: Final = "planning.imaging.seg_reading:read_seg"
SOURCE: Final = mark("DICOM segmentation")
NO_SEGMENTS: Final = mark("{name} holds no segment with any voxel.")
FRACTIONAL: Final = mark(
    "The segmentation is fractional ({kind}): voxels from {percent} % on belong to their structure. Another "
    "limit moves every surface; it is chosen in the preview."
)
EMPTY_SEGMENTS: Final = mark("Segments without any voxel, so not assessed: {names}.")
NAME_AND_CODE: Final = mark(
    "Name and code of some segments say different things; the name was followed: {names}. Check their kinds."
)


def seg_layers(
    path: Path,
    given: NameTable | None,
    onto: Onto,
    choices: Choices,
    findings: list[Finding],
    progress: Progress,
    worker: Worker,
) -> list[Layer]:
    """Return one layer for each segment that has voxels.

    Parameters
    ----------
    path : Path
    given : NameTable or None
        Meanings by segment number; None takes what the object says itself.
    onto : Onto
    choices : Choices
        Its threshold, where the segmentation is fractional.
    findings : list of Finding
        Is added to.

    Raises
    ------
    LabelsRefused
        ``OTHER_PATIENT``, ``OTHER_FRAME``, ``NO_LABELS`` and those of `planning.imaging.seg_reading`.
    """
    answer, arrays = _read(path, onto, choices, part(progress, 0.0, 0.6), worker)
    found, proven = check_belongs(answer, onto, path.name)
    findings += found
    entries = {int(entry["number"]): entry for entry in answer["segments"]}
    k, j, i = answer["shape_kji"]
    whole = Grid((k, j, i), np.array(answer["lps_from_ijk"]))
    layers = []
    conflicts: list[str] = []
    for n, ((number, low), voxels) in enumerate(zip(answer["boxes"], arrays, strict=True)):
        meaning = _meaning(number, entries.get(number, {}), given, conflicts)
        step = part(progress, 0.6 + 0.4 * n / len(arrays), 0.6 + 0.4 * (n + 1) / len(arrays))
        layer = _layer(voxels, low, whole, meaning, onto.grid, step)
        layers.append(replace(layer, proven=proven))
    findings += _said(answer, entries, layers, conflicts, choices, whole, onto.grid)
    if not layers:
        raise LabelsRefused("NO_LABELS", NO_SEGMENTS, name=path.name)
    return layers


def _read(
    path: Path, onto: Onto, choices: Choices, progress: Progress, worker: Worker
) -> tuple[dict[str, Any], list[Array]]:
    n_voxels = math.prod(onto.grid.shape_kji)
    allowed = max(ALWAYS_ALLOWED_LABEL_VOXELS, MAX_LABEL_VOXELS_PER_IMAGE_VOXEL * n_voxels)
    request = {
        "file": str(path.resolve()),
        "threshold": threshold_of(choices),
        "max_voxels": allowed,
        "gaps_mm": sorted(onto.grid.spacing_ijk_mm, reverse=True),
    }
    try:
        return worker.call(TASK, request, progress=progress, stall_s=4 * FILE_SECONDS, mapped_bytes=allowed)
    except WorkerDied as error:
        raise LabelsRefused("CRASHED", CRASHED, name=path.name) from error


def threshold_of(choices: Choices) -> float:
    """Return from which fraction a voxel belongs to its structure: as chosen, else as set."""
    return import_settings().seg_threshold if choices.threshold is None else choices.threshold


def _meaning(number: int, entry: Mapping[str, Any], given: NameTable | None, conflicts: list[str]) -> Meaning:
    """Return what a segment is: by the given names, our own passport, its name, its code, in this order."""
    label = str(entry.get("label") or f"segment {number}")
    if given is not None and number in given.meanings:
        return given.meanings[number]
    own = read_passport(str(entry.get("description", "")))
    if own is not None:
        return Meaning(
            own.kind, own.level, own.side, own.name, own.simulated, own.name or "", exported_as=own.state
        )
    code = str(entry.get("code", ""))
    side = SIDES.get(str(entry.get("side", "")))
    found = segment_meaning(label, entry.get("colour"), code, side)
    coded = meaning_of_code(code)
    if coded is not None and not _agree(found.kind, coded.kind):
        conflicts.append(label)
    automatic = "totalsegmentator" in str(entry.get("algorithm", "")).casefold()
    return canal_for_cord(found) if automatic else found


def _agree(one: StructureKind, two: StructureKind) -> bool:
    content = {StructureKind.SPINAL_CORD, StructureKind.SPINAL_CANAL}
    return one is two or {one, two} <= content


def _layer(
    voxels: Array, low: list[int], whole: Grid, meaning: Meaning, target: Grid, progress: Progress
) -> Layer:
    k, j, i = low
    shape = (voxels.shape[0], voxels.shape[1], voxels.shape[2])
    box = whole.cropped((k, j, i), shape)
    placed = place(voxels, box, target, progress)
    # Only the frames' own borders cut anything off: empty slices may have been left out.
    edge = [(0, 1), (j > 0, j + shape[1] < whole.shape_kji[1]), (i > 0, i + shape[2] < whole.shape_kji[2])]
    edge[0] = (1, 1)
    room = np.pad(voxels, [(int(a), int(b)) for a, b in edge])
    outer = whole.cropped((k - 1, j - int(edge[1][0]), i - int(edge[2][0])), room.shape)
    short = cut_short(room, outer, target)
    return Layer(
        placed=placed,
        table=NameTable({1: meaning}, True, "segment names"),
        source=SOURCE,
        resolution_mm=_resolution(whole, target, meaning),
        merge=True,
        cut_short=short,
        extent_kji=extent_in(_unbounded(whole, target), target) if short else None,
    )


def _unbounded(whole: Grid, target: Grid) -> Grid:
    """Return the field of the frames, without end along their normal."""
    reach = math.ceil(float(np.linalg.norm(np.subtract(*target.bounds_lps_mm()))) / whole.spacing_ijk_mm[2])
    k, j, i = whole.shape_kji
    return whole.cropped((-reach, 0, 0), (k + 2 * reach, j, i))


def _resolution(whole: Grid, target: Grid, meaning: Meaning) -> float | None:
    known = [resolution_mm()] if meaning.name == CANAL_NAME else []
    if whole.largest_voxel_edge_mm > 1.01 * target.largest_voxel_edge_mm:
        known.append(whole.largest_voxel_edge_mm)
    return max(known) if known else None


def _said(
    answer: Mapping[str, Any],
    entries: Mapping[int, Mapping[str, Any]],
    layers: list[Layer],
    conflicts: list[str],
    choices: Choices,
    whole: Grid,
    target: Grid,
) -> list[Finding]:
    found = []
    if answer["type"] == "FRACTIONAL":
        kind = str(answer["fraction"] or "FRACTIONAL").lower()
        values = (("kind", kind), ("percent", f"{100 * threshold_of(choices):.3g}"))
        found.append(Finding("FRACTIONAL", FRACTIONAL, values, Severity.WARN))
    full = {number for number, _ in answer["boxes"]}
    empty = [str(e["label"] or e["number"]) for n, e in sorted(entries.items()) if n not in full and n]
    if empty:
        found.append(
            Finding("EMPTY_STRUCTURE", EMPTY_SEGMENTS, (("names", ", ".join(empty)),), Severity.WARN)
        )
    if conflicts:
        found.append(
            Finding("NAME_AND_CODE", NAME_AND_CODE, (("names", ", ".join(conflicts)),), Severity.WARN)
        )
    if any(not layer.placed.exact for layer in layers):
        found.append(resampled_finding(whole, target))
    return found
