"""From a case and what was computed from it to what every view draws. Pure; no Qt, no VTK."""

from dataclasses import dataclass, field, replace
from typing import Final, TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from app.followed_cut import followed_cut, nearest_line, results_of, worst_result
from planning.geometry.frames import Floats, Vec3, vec3
from planning.geometry.mesh import Mesh
from planning.model.case import Case, StructureLook
from planning.model.settings import Settings
from planning.model.stamp import PROGRAM
from planning.model.structures import BONES, Structure, StructureKind
from planning.safety.evaluation import LiveResult
from planning.safety.results import Evaluation, Piece, PieceRole, Status, worst
from planning.segmentation.surfaces import Surfaces
from planning.texts import tr
from rendering.colours import PIECE_RGB
from rendering.scene_state import (
    DrawnBlade,
    DrawnLine,
    DrawnPiece,
    DrawnStructure,
    FollowedCut,
    LevelName,
    Stamp,
)

_APART_MM: Final = 90.0
# Asked for on every step of a drag; forgotten with the mesh.
_MIDDLES: Final[WeakKeyDictionary[Mesh, Floats]] = WeakKeyDictionary()
_CONTEXT: Final = frozenset({StructureKind.VERTEBRA, StructureKind.SACRUM})


@dataclass(frozen=True)
class Choices:
    """How the surgeon looks at the plan; no part of the case.

    Parameters
    ----------
    active_cut : str
    hidden_cuts, hidden_pieces : frozenset of str
    pieces_shown : bool
        Pieces in place of the bones they are made of.
    apart : float
        0 to 1: how far the pieces are moved apart, for looking only.
    chosen_structure : str
    shown_image : str
        Image on the slices; empty for the planning image.
    """

    active_cut: str = ""
    hidden_cuts: frozenset[str] = frozenset()
    hidden_pieces: frozenset[str] = frozenset()
    pieces_shown: bool = False
    apart: float = 0.0
    chosen_structure: str = ""
    shown_image: str = ""


@dataclass(frozen=True, eq=False)
class Drawn:
    """Everything the views draw."""

    structures: tuple[DrawnStructure, ...] = ()
    blades: tuple[DrawnBlade, ...] = ()
    pieces: tuple[DrawnPiece, ...] = ()
    levels: tuple[LevelName, ...] = ()
    stamp: Stamp = field(default_factory=Stamp)
    cut: FollowedCut | None = None
    cut_line: DrawnLine | None = None


def look_of(case: Case, structure: Structure, settings: Settings) -> StructureLook:
    """Return how a structure is drawn: as chosen, or as the anatomy table says."""
    return case.look(structure.id) or settings.anatomy_table.look(structure)


def drawn(
    case: Case,
    settings: Settings,
    surfaces: Surfaces | None,
    evaluation: Evaluation | None,
    live: LiveResult | None = None,
    choices: Choices | None = None,
    patient: str = "",
    before: Drawn | None = None,
) -> Drawn:
    """Return what the views draw.

    Parameters
    ----------
    case : Case
    settings : Settings
    surfaces : Surfaces or None
        A surface made from another mask than the case's is left out, never drawn.
    evaluation : Evaluation or None
        Current, or None.
    live : LiveResult or None
        Current distances of the cut being dragged.
    choices : Choices, optional
    patient : str
        Patient line as the chosen identity allows.
    before : Drawn, optional
        What was drawn last: parts that are equal to its own are the very same ones, so that views see
        at a glance that nothing changed.
    """
    choices = choices or Choices()
    show_pieces = choices.pieces_shown and evaluation is not None
    replaced = _replaced_by_pieces(evaluation) if show_pieces and evaluation is not None else frozenset()
    pieces = _pieces(evaluation, choices) if show_pieces and evaluation is not None else ()
    blades = _blades(case, evaluation, live, choices)
    now = Drawn(
        structures=_structures(case, settings, surfaces, choices, replaced),
        blades=blades,
        pieces=pieces,
        levels=_with_pieces(level_names(case, surfaces), pieces, evaluation),
        stamp=stamp_of(case, evaluation, patient),
        cut=followed_cut(case, blades, choices.active_cut),
        cut_line=nearest_line(worst_result(results_of(evaluation, live), choices.active_cut)),
    )
    if before is None:
        return now
    return Drawn(
        structures=_kept(before.structures, now.structures),
        blades=_kept(before.blades, now.blades),
        pieces=_kept(before.pieces, now.pieces),
        levels=_kept(before.levels, now.levels),
        stamp=_kept(before.stamp, now.stamp),
        cut=now.cut,
        cut_line=now.cut_line,
    )


_Part = TypeVar("_Part")


def _kept(before: _Part, now: _Part) -> _Part:
    return before if before == now else now


def stamp_of(case: Case, evaluation: Evaluation | None, patient: str = "") -> Stamp:
    """Return what every view and picture says about itself."""
    anatomy = case.anatomy
    image = case.image
    warnings = []
    if anatomy is not None and anatomy.levels and anatomy.levels_confirmed is None:
        warnings.append(tr("Level count not confirmed"))
    return Stamp(
        patient=patient,
        # Descriptions are typed at the scanner and often hold names: pictures carry the modality only.
        series=" · ".join(part for part in ((image.modality if image else ""), case.plan.name) if part),
        digest=evaluation.inputs.digest if evaluation is not None else "",
        program=PROGRAM,
        level_note="" if anatomy is not None and anatomy.levels else tr("levels not labelled"),
        intralesional=evaluation is not None and evaluation.is_intralesional,
        simulated=anatomy is not None and any(s.simulated for s in anatomy.structures),
        updating=evaluation is None and anatomy is not None and bool(case.plan.osteotomies),
        warnings=tuple(warnings),
    )


def level_names(case: Case, surfaces: Surfaces | None) -> tuple[LevelName, ...]:
    """Return the vertebrae's names and middles."""
    if case.anatomy is None or surfaces is None:
        return ()
    names = []
    for structure in case.anatomy.of_kind(StructureKind.VERTEBRA):
        mesh = _fitting_mesh(structure, surfaces)
        if structure.level is not None and mesh is not None:
            names.append(LevelName(structure.level, vec3(_middle(mesh))))
    return tuple(names)


def _with_pieces(
    levels: tuple[LevelName, ...], pieces: tuple[DrawnPiece, ...], evaluation: Evaluation | None
) -> tuple[LevelName, ...]:
    """Return the names, each going along with the first piece of its level unless a part of it stays."""
    if evaluation is None or not pieces:
        return levels
    moved = {piece.id: piece.offset_lps_mm for piece in pieces}
    apart: dict[str, Vec3] = {}
    for piece in evaluation.pieces:
        for level in piece.levels if piece.id in moved else ():
            stays = piece.role is PieceRole.REMAINING
            apart[level] = (0.0, 0.0, 0.0) if stays else apart.get(level, moved[piece.id])
    return tuple(replace(name, apart_lps_mm=apart.get(name.text, (0.0, 0.0, 0.0))) for name in levels)


def _fitting_mesh(structure: Structure, surfaces: Surfaces | None) -> Mesh | None:
    found = surfaces.by_id.get(structure.id) if surfaces is not None else None
    return found.mesh if found is not None and found.mask_digest == structure.mask.digest else None


def _structures(
    case: Case,
    settings: Settings,
    surfaces: Surfaces | None,
    choices: Choices,
    replaced: frozenset[str],
) -> tuple[DrawnStructure, ...]:
    shown = []
    for structure in case.anatomy.structures if case.anatomy is not None else ():
        mesh = _fitting_mesh(structure, surfaces)
        if mesh is None or not len(mesh.triangles):
            continue
        look = look_of(case, structure, settings)
        shown.append(
            DrawnStructure(
                id=structure.id,
                title=structure.title,
                mesh=mesh,
                colour_rgb=look.colour_rgb,
                kind=structure.kind,
                opacity=look.opacity,
                visible=look.visible and structure.id not in replaced,
                outlined=look.visible,
                simulated=structure.simulated,
                level=structure.level,
                emphasised=structure.id == choices.chosen_structure,
            )
        )
    return tuple(shown)


def _blades(
    case: Case, evaluation: Evaluation | None, live: LiveResult | None, choices: Choices
) -> tuple[DrawnBlade, ...]:
    results = results_of(evaluation, live)
    statuses: dict[str, list[Status]] = {}
    for result in results:
        statuses.setdefault(result.osteotomy, []).append(result.status)
    return tuple(
        DrawnBlade(
            id=o.id,
            title=o.title,
            blade=o.blade,
            active=o.id == choices.active_cut and not choices.pieces_shown,
            locked=o.locked,
            status=worst(statuses[o.id]) if o.id in statuses else None,
            visible=o.id not in choices.hidden_cuts,
        )
        for o in case.plan.osteotomies
    )


def _replaced_by_pieces(evaluation: Evaluation) -> frozenset[str]:
    bones = {bone for piece in evaluation.pieces if piece.mesh is not None for bone in piece.bones}
    levels = {level for piece in evaluation.pieces if piece.mesh is not None for level in piece.levels}
    hidden = set(bones)
    for structure in evaluation.inputs.anatomy.structures:
        in_pieces = structure.kind in BONES and structure.level in levels
        if structure.id in bones or (in_pieces and not bones):
            hidden.add(structure.id)
    return frozenset(hidden)


def _pieces(evaluation: Evaluation, choices: Choices) -> tuple[DrawnPiece, ...]:
    solid = [p for p in evaluation.pieces if p.mesh is not None and len(p.mesh.triangles)]
    anchor = _anchor(solid)
    return tuple(
        DrawnPiece(
            id=piece.id,
            title=piece.title or piece.id,
            mesh=piece.mesh,
            role=piece.role,
            colour_rgb=PIECE_RGB[piece.role],
            visible=piece.id not in choices.hidden_pieces,
            offset_lps_mm=_offset(piece, anchor, choices.apart),
        )
        for piece in solid
        if piece.mesh is not None
    )


def _anchor(pieces: list[Piece]) -> Floats:
    staying = [p for p in pieces if p.role is PieceRole.REMAINING] or pieces
    middles = [_middle(p.mesh) for p in staying if p.mesh is not None]
    return np.mean(middles, axis=0) if middles else np.zeros(3)


def _offset(piece: Piece, anchor: Floats, apart: float) -> Vec3:
    if apart <= 0 or piece.role is PieceRole.REMAINING or piece.mesh is None:
        return (0.0, 0.0, 0.0)
    away = _middle(piece.mesh) - anchor
    # Anterior specimens come forward and arches back; never along the cord.
    away = away * np.array([1.0, 1.0, 0.25])
    length = float(np.linalg.norm(away))
    if length < 1.0:
        away, length = np.array([0.0, -1.0, 0.0]), 1.0
    return vec3(away / length * apart * _APART_MM)


def _middle(mesh: Mesh) -> Floats:
    found = _MIDDLES.get(mesh)
    if found is None:
        found = _MIDDLES[mesh] = np.asarray(mesh.vertices_lps_mm.mean(axis=0, dtype=np.float64))
    return found
