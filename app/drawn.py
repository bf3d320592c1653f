"""From a case and what was computed from it to what every view draws. Pure; no Qt, no VTK."""

from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from app.exploded import offsets_of, surface_of_piece
from app.followed_cut import followed_cut, nearest_line, results_of, worst_result
from app.middles import middle_of
from planning.geometry.frames import Vec3, vec3
from planning.geometry.mesh import Mesh
from planning.model.case import Case, StructureLook
from planning.model.settings import Settings
from planning.model.stamp import PROGRAM
from planning.model.structures import BONES, Structure, StructureKind
from planning.safety.evaluation import LiveResult
from planning.safety.results import Evaluation, PieceRole, Status, worst
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

_WHOLE: Final = 0.995  # a piece that holds this share of the tumour takes its surface along
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
    moved_pieces : tuple of (id, offset in LPS mm)
        What a hand moved on top of that.
    piece_opacities : tuple of (id, 0 to 1)
        Of pieces that are faded.
    chosen_structure : str
    shown_image : str
        Image on the slices; empty for the planning image.
    """

    active_cut: str = ""
    hidden_cuts: frozenset[str] = frozenset()
    hidden_pieces: frozenset[str] = frozenset()
    pieces_shown: bool = False
    apart: float = 0.0
    moved_pieces: tuple[tuple[str, Vec3], ...] = ()
    piece_opacities: tuple[tuple[str, float], ...] = ()
    chosen_structure: str = ""
    shown_image: str = ""


def is_apart(choices: Choices) -> bool:
    """Say whether any piece is hidden, faded or moved from its place."""
    return bool(choices.apart or choices.moved_pieces or choices.piece_opacities or choices.hidden_pieces)


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
        structures=_with_their_pieces(
            _structures(case, settings, surfaces, choices, replaced), pieces, evaluation
        ),
        blades=blades,
        pieces=pieces,
        levels=_with_pieces(level_names(case, surfaces), pieces, evaluation),
        stamp=stamp_of(case, evaluation, patient),
        cut=followed_cut(case, blades, choices.active_cut, surfaces),
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
            names.append(LevelName(structure.level, vec3(middle_of(mesh))))
    return tuple(names)


def _with_pieces(
    levels: tuple[LevelName, ...], pieces: tuple[DrawnPiece, ...], evaluation: Evaluation | None
) -> tuple[LevelName, ...]:
    """Return the names, each going along with what remains of its level, or else with its first piece."""
    if evaluation is None or not pieces:
        return levels
    moved = {piece.id: piece.offset_lps_mm for piece in pieces}
    apart: dict[str, Vec3] = {}
    for piece in evaluation.pieces:
        for level in piece.levels if piece.id in moved else ():
            stays = piece.role is PieceRole.REMAINING
            apart[level] = moved[piece.id] if stays else apart.get(level, moved[piece.id])
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
                outlined=look.visible and look.outlined,
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
    offsets = offsets_of(evaluation.pieces, choices.apart, dict(choices.moved_pieces))
    opacities = dict(choices.piece_opacities)
    drawn_pieces = []
    for piece in evaluation.pieces:
        if piece.mesh is None or piece.id not in offsets:
            continue
        surface = surface_of_piece(piece.mesh)
        drawn_pieces.append(
            DrawnPiece(
                id=piece.id,
                title=piece.title or piece.id,
                mesh=surface.own,
                role=piece.role,
                colour_rgb=PIECE_RGB[piece.role],
                opacity=opacities.get(piece.id, 1.0),
                visible=piece.id not in choices.hidden_pieces,
                offset_lps_mm=offsets[piece.id],
                faces=surface.faces,
            )
        )
    return tuple(drawn_pieces)


def _with_their_pieces(
    structures: tuple[DrawnStructure, ...], pieces: tuple[DrawnPiece, ...], evaluation: Evaluation | None
) -> tuple[DrawnStructure, ...]:
    """Return the structures, the tumour going along with the piece that holds all of it."""
    held = [p.id for p in evaluation.pieces if p.tumour_fraction > _WHOLE] if evaluation is not None else []
    holder = next((piece for piece in pieces if piece.id in held and piece.is_apart), None)
    if holder is None or evaluation is None or not evaluation.inputs.plan.tumour:
        return structures
    tumours = {t.id for t in evaluation.inputs.anatomy.called(evaluation.inputs.plan.tumour)}
    return tuple(
        replace(s, offset_lps_mm=holder.offset_lps_mm, visible=s.visible and holder.visible)
        if s.id in tumours
        else s
        for s in structures
    )
