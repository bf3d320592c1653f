"""Structures of a DICOM RT Structure Set: closed contours filled onto the planning image's grid."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from planning.errors import LabelsRefused, WorkerDied
from planning.geometry.frames import Floats, Grid
from planning.imaging.belonging import check_belongs
from planning.imaging.contour_planes import Stack, filled, stacked
from planning.imaging.import_settings import import_settings
from planning.imaging.intake import Layer, Onto
from planning.imaging.label_names import Meaning, NameTable, canal_for_cord, meaning_from_class
from planning.imaging.limits import FILE_SECONDS
from planning.imaging.region_box import box_around, placed_in
from planning.imaging.totalsegmentator import CANAL_NAME, resolution_mm
from planning.imaging.volume_file import CRASHED
from planning.kernel.exchange import Array
from planning.kernel.process import Worker
from planning.model.structures import StructureKind
from planning.model.study import Finding, Severity
from planning.progress import Progress, part
from planning.texts import mark

TASK: Final = "planning.imaging.rtstruct_reading:read_rtstruct"
SOURCE: Final = mark("RT structure set")
NO_REGIONS: Final = mark("{name} holds no region drawn by closed contours.")
_NOT_REGIONS: Final = {
    "NOT_CLOSED": mark("Points and open lines enclose nothing and were left out: {names}."),
    "EMPTY_STRUCTURE": mark("Regions without any contour, so not assessed: {names}."),
    "OTHER_FRAME": mark("Drawn in another frame of reference than the image, and left out: {names}."),
    "DAMAGED_CONTOUR": mark("Contours with points that are no numbers were left out of: {names}."),
}
_NOTES: Final = {
    "TILTED": mark(
        "Contours that are not flat, or not parallel to the others, were left out of: {names}. These regions "
        "may be incomplete."
    ),
    "OVERLAP": mark(
        "Contours of one plane overlap without one lying inside the other; they were joined: {names}."
    ),
    "HOLES": mark("Contours drawn inside others were taken for holes: {names}."),
    "BRIDGED": mark(
        "A plane without a contour lies between contours and was bridged: {names}. Check them there."
    ),
    "GAP": mark(
        "Contours are missing over a wide stretch, which was left empty: {names}. If they are not two "
        "separate parts, draw them there."
    ),
    "ONE_PLANE": mark("Drawn in one plane alone, and taken as thick as one slice: {names}."),
    "TWIN": mark("Contours drawn twice were taken once: {names}."),
}
_JUST_NOTED: Final = frozenset({"HOLES", "TWIN"})


def rtstruct_layers(
    path: Path,
    given: NameTable | None,
    onto: Onto,
    findings: list[Finding],
    progress: Progress,
    worker: Worker,
) -> list[Layer]:
    """Return one layer for each region drawn by closed contours.

    Parameters
    ----------
    path : Path
    given : NameTable or None
        Meanings by ROI number; None takes what the object says itself.
    onto : Onto
    findings : list of Finding
        Is added to.

    Raises
    ------
    LabelsRefused
        ``OTHER_PATIENT``, ``OTHER_FRAME``, ``NO_LABELS``, ``LABELS_OUTSIDE`` and those of
        `planning.imaging.rtstruct_reading`.
    """
    answer, (points, ends, kinds) = _read(path, part(progress, 0.0, 0.2), worker)
    found, proven = check_belongs(answer, onto, path.name)
    findings += found
    left_out: dict[str, list[str]] = {}
    noted: dict[str, list[str]] = {}
    layers = []
    for n, roi in enumerate(answer["rois"]):
        name = str(roi["name"] or roi["number"])
        of_roi = np.flatnonzero(kinds[:, 0] == roi["number"])
        reason = _why_not(roi, of_roi, answer, onto)
        if roi["damaged"]:
            left_out.setdefault("DAMAGED_CONTOUR", []).append(name)
        if reason:
            left_out.setdefault(reason, []).append(name)
            continue
        contours = [np.asarray(points[ends[c] : ends[c + 1]]) for c in of_roi]
        stack = stacked(contours, bool((kinds[of_roi, 1] == 2).all()), onto.grid)
        if stack is None:
            left_out.setdefault("EMPTY_STRUCTURE", []).append(name)
            continue
        step = part(progress, 0.2 + 0.8 * n / len(answer["rois"]), 0.2 + 0.8 * (n + 1) / len(answer["rois"]))
        layer = _layer(contours, stack, _meaning(roi, given), onto.grid, path.name, step)
        layers.append(replace(layer, proven=proven))
        for note in stack.notes:
            noted.setdefault(note, []).append(name)
    findings += _said(left_out, noted)
    if not layers:
        raise LabelsRefused("NO_LABELS", NO_REGIONS, name=path.name)
    return layers


def _read(path: Path, progress: Progress, worker: Worker) -> tuple[dict[str, Any], list[Array]]:
    request = {"file": str(path.resolve())}
    try:
        return worker.call(TASK, request, progress=progress, stall_s=4 * FILE_SECONDS)
    except WorkerDied as error:
        raise LabelsRefused("CRASHED", CRASHED, name=path.name) from error


def _why_not(roi: Mapping[str, Any], contours: Array, answer: Mapping[str, Any], onto: Onto) -> str:
    """Return why a region is left out; empty where it is taken."""
    if onto.image is not None and len(answer["frames"]) > 1:
        own = onto.image.frame_of_reference_uid.partition("#")[0]
        if roi["frame"] and own and roi["frame"] != own:
            return "OTHER_FRAME"
    if len(contours):
        return ""
    return "NOT_CLOSED" if roi["drawn"] else "EMPTY_STRUCTURE"


def _meaning(roi: Mapping[str, Any], given: NameTable | None) -> Meaning:
    """Return what a region is: by the given names, its name, or its type, in this order."""
    number, name = int(roi["number"]), str(roi["name"] or f"region {roi['number']}")
    if given is not None and number in given.meanings:
        return given.meanings[number]
    colour = tuple(roi["colour"]) if roi["colour"] else None
    found = meaning_from_class(name)
    kind, known = found.kind, found.known
    if not known and roi["type"] == "GTV":
        kind, known = StructureKind.TUMOUR, True
    found = Meaning(
        kind, found.level, found.side, found.name, found.simulated, name, known, found.at_risk, colour
    )
    automatic = "totalsegmentator" in str(roi["algorithm"]).casefold()
    return canal_for_cord(found) if automatic else found


def _layer(
    contours: list[Floats], stack: Stack, meaning: Meaning, grid: Grid, file: str, progress: Progress
) -> Layer:
    everything = np.concatenate(contours)
    box, low = box_around(everything, grid, stack.usual_gap_mm, file)
    voxels = filled(stack, box, import_settings().contour_gap_planes, progress)
    coarse = stack.usual_gap_mm > 1.01 * grid.largest_voxel_edge_mm
    known = [resolution_mm()] if meaning.name == CANAL_NAME else []
    if coarse:
        known.append(stack.usual_gap_mm)
    return Layer(
        placed=placed_in(voxels, low, grid),
        table=NameTable({1: meaning}, True, "segment names"),
        source=SOURCE,
        resolution_mm=max(known) if known else None,
        merge=True,
    )


def _said(left_out: Mapping[str, list[str]], noted: Mapping[str, list[str]]) -> list[Finding]:
    found = [
        Finding(code, _NOT_REGIONS[code], (("names", ", ".join(names)),), Severity.WARN)
        for code, names in left_out.items()
    ]
    for note, names in sorted(noted.items()):
        severity = Severity.NOTE if note in _JUST_NOTED else Severity.WARN
        found.append(Finding(f"CONTOUR_{note}", _NOTES[note], (("names", ", ".join(names)),), severity))
    return found
