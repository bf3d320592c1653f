"""Meshes for the printer and DICOM objects for the archive, written only when everything is current."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from app.errands.evaluation import Assessed, assess
from app.errands.put_files import check_folder, put_files
from app.errands.workbench import Workbench
from app.program import PROGRAM
from planning.errors import ExportRefused
from planning.model.case import Case
from planning.model.passport import short_passport
from planning.model.plan_json import plan_to_json
from planning.model.structures import ReviewState, Structure
from planning.progress import Progress, part
from planning.safety.evaluation_json import evaluation_to_json
from planning.safety.results import Evaluation, current
from planning.storage.mesh_files import NamedMesh, file_stem, stl_bytes, three_mf_bytes
from planning.texts import english, mark, tr

FORMATS: Final = ("stl", "3mf", "seg", "json")
_PIECE_COLOUR: Final = (204, 121, 167)


def formats_of(text: str) -> tuple[str, ...]:
    """Return the formats of a comma-separated list; raises `ExportRefused` naming an unknown one."""
    wanted = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",") if part.strip()))
    for name in wanted:
        if name not in FORMATS:
            raise ExportRefused(
                "UNKNOWN_FORMAT",
                mark("{name} is not a format EnBloc writes. It writes {known}."),
                name=name,
                known=", ".join(FORMATS),
            )
    if not wanted:
        raise ExportRefused("NO_FORMAT", mark("Name at least one format to export."))
    return wanted


def export_case(
    case: Case,
    folder: Path,
    formats: tuple[str, ...],
    bench: Workbench,
    progress: Progress,
    *,
    with_identity: bool = False,
) -> tuple[Path, ...]:
    """Write the formats into `folder` and return the files written.

    Everything is made in memory first, so that a refusal leaves nothing half written. Only DICOM objects
    can carry the patient, and do so with `with_identity` alone. Names in files are English in every
    language: other programs read them, and the same structure must be called the same.

    Raises
    ------
    ExportRefused
        Where something is not current, a surface is open, or the disk refuses.
    """
    check_folder(folder)
    with english():
        assessed = assess(case, bench, part(progress, 0.0, 0.7))
        evaluation = current(assessed.evaluation, case, bench.settings)
        if evaluation is None:
            raise ExportRefused("NOT_CURRENT", mark("The evaluation is not current; nothing was exported."))
        files = dict(_files(assessed, evaluation, formats, bench, with_identity=with_identity))
    progress(0.95, tr("Writing"))
    return put_files(folder, files)


def _files(
    assessed: Assessed,
    evaluation: Evaluation,
    formats: tuple[str, ...],
    bench: Workbench,
    *,
    with_identity: bool,
) -> Iterator[tuple[str, bytes]]:
    digest = evaluation.inputs.digest
    meshes = named_meshes(assessed, evaluation, bench)
    if "stl" in formats:
        for item in meshes:
            yield f"{file_stem(item.title, item.marks)}.stl", stl_bytes(item, digest)
    if "3mf" in formats:
        yield "enbloc_mm_LPS.3mf", three_mf_bytes(meshes, digest, PROGRAM)
    if "seg" in formats:
        from planning.imaging.dicom_write import segmentation_bytes

        table = bench.settings.anatomy_table
        data = segmentation_bytes(assessed.case, table, PROGRAM, with_identity=with_identity)
        yield "segmentation.dcm", data
    if "json" in formats:
        yield "plan.json", _json_bytes(plan_to_json(assessed.case.plan))
        yield "evaluation.json", _json_bytes(evaluation_to_json(evaluation))


def named_meshes(assessed: Assessed, evaluation: Evaluation, bench: Workbench) -> list[NamedMesh]:
    """Return the surfaces of all structures and pieces, with the marks that must travel with them."""
    anatomy = assessed.evaluation.inputs.anatomy
    found = []
    for structure in anatomy.structures:
        mesh = assessed.surfaces.mesh(structure.id)
        if mesh is not None:
            colour = bench.settings.anatomy_table.entry(structure.kind).colour_rgb
            passport = short_passport(structure)
            found.append(NamedMesh(structure.title, mesh, colour, marks_of(structure), passport))
    simulated = any(s.simulated for s in anatomy.structures)
    marks = (("SIMULATED",) if simulated else ()) + (
        ("INTRALESIONAL",) if evaluation.is_intralesional else ()
    )
    found += [
        NamedMesh(piece.title or piece.id, piece.mesh, _PIECE_COLOUR, (*marks, "PLANNED"))
        for piece in evaluation.pieces
        if piece.mesh is not None
    ]
    return _with_unique_titles(found)


def marks_of(structure: Structure) -> tuple[str, ...]:
    """Return ``SIMULATED`` and ``DRAFT`` where they apply."""
    marks = []
    if structure.simulated:
        marks.append("SIMULATED")
    if structure.review.state is ReviewState.DRAFT:
        marks.append("DRAFT")
    return tuple(marks)


def _with_unique_titles(items: list[NamedMesh]) -> list[NamedMesh]:
    seen: dict[str, int] = {}
    unique = []
    for item in items:
        key = file_stem(item.title, item.marks).casefold()
        seen[key] = seen.get(key, 0) + 1
        title = item.title if seen[key] == 1 else f"{item.title} {seen[key]}"
        unique.append(replace(item, title=title))
    return unique


def _json_bytes(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False).encode()
