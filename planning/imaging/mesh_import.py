"""Structures of a surface file (STL, OBJ, PLY): units and axes settled, the inside filled with voxels."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from planning.errors import LabelsRefused, WorkerDied
from planning.geometry.frames import Floats, Grid
from planning.geometry.mesh import Mesh
from planning.imaging.import_settings import import_settings
from planning.imaging.intake import UNITS_MM, Choices, Layer, Onto, Space, Unit
from planning.imaging.label_names import Meaning, NameTable, meaning_from_class
from planning.imaging.limits import FILE_SECONDS
from planning.imaging.region_box import box_around, placed_in
from planning.imaging.volume_file import CRASHED
from planning.kernel.exchange import Array
from planning.kernel.mesh_fill import filled_mesh
from planning.kernel.process import Worker
from planning.model.mask import Mask
from planning.model.passport import Passport, read_short_passport
from planning.model.structures import KIND_NAMES, Structure
from planning.model.study import Finding, Severity
from planning.progress import Progress, part
from planning.texts import mark, tr

SUFFIXES: Final = (".stl", ".obj", ".ply")
TASK: Final = "planning.imaging.mesh_reading:read_mesh"
SOURCE: Final = mark("surface")
_LEAST_INSIDE: Final = 0.5
_VOLUME_OFF: Final = 0.1
_MARKS: Final = frozenset({"SIMULATED", "DRAFT", "INTRALESIONAL", "PLANNED", "mm", "LPS", "RAS"})

UNITS: Final = mark(
    "{name} measures {size} along its longest side, and does not say in which unit. In millimetres no "
    "structure of a body is of that size or lies there. Say the unit."
)
AXES: Final = mark(
    "{name} does not say whether its axes are LPS or RAS. As LPS it lies outside the image, as RAS inside. "
    "Say which is meant."
)
_NOTES: Final = {
    "UNITS": mark("The unit of the surface was given by hand: {values}. Check its size."),
    "AXES": mark("The axes of the surface were given by hand: {values}. Check left and right."),
    "UNITS_MISSING": mark("The surface does not say its unit; millimetres were taken ({values})."),
    "AXES_MISSING": mark(
        "The surface does not say its axes; LPS was taken. Check left and right in the preview."
    ),
    "NOT_WATERTIGHT": mark(
        "The surface is not closed, so what it encloses was guessed across its holes: {values}. Check it."
    ),
    "SELF_INTERSECT": mark(
        "The surface runs through itself; overlapping parts were joined: {values}. Check it."
    ),
    "COARSE_VOXELS": mark(
        "The image's voxels hold a volume that differs from the surface's by more than a tenth: {values}."
    ),
}
_JUST_NOTED: Final = frozenset({"UNITS_MISSING", "AXES_MISSING"})


@dataclass(frozen=True)
class _Placing:
    """How a file's coordinates become LPS mm, and what was decided for that."""

    unit: Unit
    space: Space
    findings: tuple[Finding, ...]

    def to_lps(self, points: Floats) -> Floats:
        """Return points in LPS millimetres."""
        signs = (1.0, 1.0, 1.0) if self.space == "LPS" else (-1.0, -1.0, 1.0)
        return np.asarray(points * signs * UNITS_MM[self.unit])


def is_mesh_file(path: Path) -> bool:
    """Say whether the name is one of a surface file this program reads."""
    return path.is_file() and path.name.lower().endswith(SUFFIXES)


def mesh_layers(
    path: Path,
    given: NameTable | None,
    onto: Onto,
    choices: Choices,
    findings: list[Finding],
    progress: Progress,
    worker: Worker,
) -> tuple[list[Layer], Choices]:
    """Return one layer for each surface of a file, and the unit and axes that were used.

    Parameters
    ----------
    path : Path
    given : NameTable or None
        Meanings by number, the first surface being 1; None takes what file and file name say.
    onto : Onto
    choices : Choices
    findings : list of Finding
        Is added to.

    Raises
    ------
    LabelsRefused
        ``UNITS`` and ``AXES`` where a person has to say them; ``LABELS_OUTSIDE``; and those of
        `planning.imaging.mesh_reading`.
    """
    answer, arrays = _read(path, part(progress, 0.0, 0.3), worker)
    meanings = [
        (given.meanings.get(n + 1) if given else None) or _meaning(path, name, answer["words"])
        for n, name in enumerate(answer["surfaces"])
    ]
    least = _least_mm(meanings, arrays)
    placing = _placing(answer, np.concatenate(arrays[::2]), least, choices, onto.grid, path.name)
    findings += placing.findings
    layers = []
    noted: dict[str, list[str]] = {}
    for n, meaning in enumerate(meanings):
        progress(0.3 + 0.7 * n / len(meanings), "")
        # Copied, because a read-only array would have the kernels compiled once more.
        points, triangles = placing.to_lps(arrays[2 * n]), np.array(arrays[2 * n + 1])
        layers.append(_layer(points, triangles, meaning, onto.grid, path.name, noted))
    findings += [_note(code, *names) for code, names in noted.items()]
    undeclared = Choices(
        unit=None if answer["unit"] and choices.unit is None else placing.unit,
        space=None if answer["space"] and choices.space is None else placing.space,
    )
    return layers, undeclared


def _read(path: Path, progress: Progress, worker: Worker) -> tuple[dict[str, Any], list[Array]]:
    request = {"file": str(path.resolve())}
    try:
        return worker.call(TASK, request, progress=progress, timeout_s=12 * FILE_SECONDS)
    except WorkerDied as error:
        raise LabelsRefused("CRASHED", CRASHED, name=path.name) from error


def _note(code: str, *values: str) -> Finding:
    severity = Severity.NOTE if code in _JUST_NOTED else Severity.WARN
    return Finding(code, _NOTES[code], (("values", ", ".join(values)),), severity)


def _least_mm(meanings: Sequence[Meaning], arrays: Sequence[Array]) -> float:
    """Return the longest side the whole file must have for every surface to have the least of its kind."""
    settings = import_settings()
    whole = float(np.ptp(np.concatenate(arrays[::2]), axis=0).max()) or 1.0
    least = settings.least_mesh_mm
    for n, meaning in enumerate(meanings):
        own = float(np.ptp(arrays[2 * n], axis=0).max()) or 1.0
        wanted = settings.least_of_kind_mm.get(meaning.kind.value, 0.0)
        least = max(least, wanted * whole / own)
    return least


def _placing(
    answer: dict[str, Any], points: Floats, least_mm: float, choices: Choices, grid: Grid, name: str
) -> _Placing:
    """Settle unit and axes; raises `LabelsRefused` where a person has to say them."""
    sizes = np.ptp(points, axis=0)
    unit, findings = _unit(answer["unit"], float(sizes.max()), least_mm, choices, name)
    space, more = _space(answer["space"], choices)
    placing = _Placing(unit, space, (*findings, *more))
    if _share_inside(placing, points, grid) >= _LEAST_INSIDE:
        return _with_size(placing, sizes)
    # It lies outside: before it is called another patient's, unit and axes must be beyond doubt.
    if space == "LPS" and not answer["space"] and choices.space is None:
        turned = _Placing(unit, "RAS", ())
        if _share_inside(turned, points, grid) >= _LEAST_INSIDE:
            raise LabelsRefused("AXES", AXES, name=name)
    if not answer["unit"] and choices.unit is None:
        others: list[Unit] = [u for u in UNITS_MM if u != unit]
        if any(_share_inside(_Placing(u, space, ()), points, grid) >= _LEAST_INSIDE for u in others):
            raise LabelsRefused("UNITS", UNITS, name=name, size=f"{sizes.max():.3g}")
    return _with_size(placing, sizes)


def _with_size(placing: _Placing, sizes: Floats) -> _Placing:
    """Put the size in millimetres into the findings that speak of it."""
    millimetres = " x ".join(f"{size * UNITS_MM[placing.unit]:.4g}" for size in sizes) + " mm"
    said = {"UNITS": f"{placing.unit}, {millimetres}", "UNITS_MISSING": millimetres, "AXES": placing.space}
    findings = tuple(_note(f.code, said.get(f.code, "")) for f in placing.findings)
    return _Placing(placing.unit, placing.space, findings)


def _unit(
    declared: str, size: float, least_mm: float, choices: Choices, name: str
) -> tuple[Unit, list[Finding]]:
    if choices.unit is not None:
        return choices.unit, [_note("UNITS")]
    unit: Unit = next((u for u in UNITS_MM if u == declared), "mm")
    settings = import_settings()
    # A unit that is declared is believed: a rib may be a stub at the image's edge.
    least = settings.least_mesh_mm if declared else least_mm
    if not least <= size * UNITS_MM[unit] <= settings.largest_mesh_mm:
        raise LabelsRefused("UNITS", UNITS, name=name, size=f"{size:.3g}")
    return unit, [] if declared else [_note("UNITS_MISSING")]


def _space(declared: str, choices: Choices) -> tuple[Space, list[Finding]]:
    if choices.space is not None:
        return choices.space, [] if choices.space == declared else [_note("AXES")]
    if declared:
        return ("RAS" if declared == "RAS" else "LPS"), []
    return "LPS", [_note("AXES_MISSING")]


def _share_inside(placing: _Placing, points: Floats, grid: Grid) -> float:
    return float(grid.contains(placing.to_lps(points)).mean())


def _layer(
    points_lps_mm: Floats,
    triangles: Array,
    meaning: Meaning,
    grid: Grid,
    file: str,
    noted: dict[str, list[str]],
) -> Layer:
    box, low = box_around(points_lps_mm, grid, 0.0, file)
    found = filled_mesh(box.to_ijk(points_lps_mm), triangles, box.shape_kji)
    title = Structure("", meaning.kind, Mask((1, 1, 1)), meaning.level, meaning.side, meaning.name).title
    if found.open_edges:
        words = tr("{title} ({count} open edges)", title=title, count=found.open_edges)
        noted.setdefault("NOT_WATERTIGHT", []).append(words)
    if found.overlaps:
        noted.setdefault("SELF_INTERSECT", []).append(title)
    if not found.open_edges and not found.overlaps:
        # Vertices about their middle: a surface far from the origin keeps its digits.
        middle = points_lps_mm.mean(axis=0)
        wanted = abs(Mesh((points_lps_mm - middle).astype(np.float32), triangles).volume_mm3)
        held = int(np.count_nonzero(found.voxels_kji)) * grid.voxel_volume_mm3
        if abs(held - wanted) > _VOLUME_OFF * wanted:
            noted.setdefault("COARSE_VOXELS", []).append(
                tr(
                    "{title} ({held} of {wanted} mm³)",
                    title=title,
                    held=f"{held:.4g}",
                    wanted=f"{wanted:.4g}",
                )
            )
    return Layer(
        placed=placed_in(found.voxels_kji, low, grid),
        table=NameTable({1: meaning}, True, "segment names"),
        source=SOURCE,
        merge=True,
    )


def _meaning(path: Path, name: str, words: list[str]) -> Meaning:
    """Return what a surface is: by our own header, else by its name or its file's."""
    own = read_short_passport(" ".join(words))
    parts = [p for p in re.split(r"_+", path.stem) if p]
    while parts and parts[-1] in _MARKS:
        parts.pop()
    plain = " ".join(parts) or path.stem
    if own is not None:
        return _from_passport(own, plain)
    marks = set(words) | set(path.stem.split("_"))
    found = meaning_from_class(name or plain)
    if "SIMULATED" not in marks or found.simulated:
        return found
    return Meaning(
        found.kind, found.level, found.side, found.name, True, found.source_name, found.known, found.at_risk
    )


def _from_passport(own: Passport, plain: str) -> Meaning:
    """Return kind, level and side as exported, and the name as far as the file's name keeps it."""
    titled = Structure("", own.kind, Mask((1, 1, 1)), own.level, own.side, None, own.simulated).title
    if _bare(plain) == _bare(titled):
        name = None
    else:
        name = re.sub(r" simulated$", "", plain) if own.simulated else plain
        name = re.sub(rf"^{re.escape(KIND_NAMES[own.kind])} ", "", name)
    return Meaning(
        own.kind, own.level, own.side, name, own.simulated, source_name=name or "", exported_as=own.state
    )


def _bare(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
