"""The resection: what the plan's cuts make of the bones, as pieces, links and problems.

A specimen piece is free when no intact link leads from it to what remains, neither directly nor
by way of rib pieces and loose fragments that would have to come out with it. Another specimen piece
ends such a chain, because it is judged, and taken out, on its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from planning.geometry.frames import Vec3, vec3
from planning.model.anatomy import Anatomy
from planning.model.levels import LEVELS, in_order, level_order
from planning.model.plan import Plan
from planning.model.structures import StructureKind
from planning.progress import Progress, part
from planning.resection.blocks import Blocks, JointState, blocks_of
from planning.resection.bonds import SMALLEST_PIECE_MM3
from planning.resection.ground import Ground, ground_of
from planning.resection.links import RELEASED, RawLink, is_meant
from planning.resection.pieces import SPECIMENS, RawPiece, RawProblem, Resection, Role
from planning.resection.problems import missing_field, problems_of
from planning.resection.ring import closed_rings
from planning.resection.roles import JoinedBlocks, grouped, roles_of
from planning.texts import listed, tr

_ORDER = (Role.SPECIMEN_ANTERIOR, Role.SPECIMEN_ARCH, Role.RIB_PIECE, Role.LOOSE, Role.REMAINING)


def resect(anatomy: Anatomy, plan: Plan, progress: Progress, known: Resection | None = None) -> Resection:
    """Return pieces, links and problems of a plan.

    Parameters
    ----------
    anatomy : Anatomy
    plan : Plan
        Its targets choose the field: two levels beyond them (INTERCHANGE section 3).
    progress : Progress
    known : Resection, optional
        An earlier result; its uncut field is used again where anatomy, targets and tumour are the
        same, which makes moving a blade several times faster.
    """
    progress(0.0, tr("Finding bones and joints"))
    ground = ground_of(anatomy, plan, known.ground if known is not None else None)
    if ground is None:
        return missing_field(anatomy, plan)
    cut = part(progress, 0.4, 1.0)
    cut(0.0, tr("Cutting the bones"))
    blocks = blocks_of(ground, plan.osteotomies)
    cut(0.7, tr("Naming the pieces"))
    released = _released(ground, plan)
    intact = [s for s in blocks.states if s.joint.id not in released]
    joined = tuple(JoinedBlocks(s.joint.kind, a, b) for s in intact for a, b in s.joins if a != b)
    roles = roles_of(ground, blocks, joined)
    groups = _in_order(grouped(roles, joined), blocks)
    ids = _ids([role for role, _ in groups])
    piece_of = {block: ids[n] for n, (_, members) in enumerate(groups) for block in members}
    links = tuple(_link(s, ground, plan, released, piece_of) for s in blocks.states)
    role_of = {ids[n]: role for n, (role, _) in enumerate(groups)}
    pieces = tuple(
        _piece(n + 1, ids[n], role, members, ground, blocks, holding(ids[n], role_of, links))
        for n, (role, members) in enumerate(groups)
    )
    labels = np.zeros(blocks.count + 1, dtype=np.uint16)
    for n, (_, members) in enumerate(groups, 1):
        labels[list(members)] = n
    crumbs = float(blocks.tissue_mm3.sum() - sum(p.volume_mm3 for p in pieces))
    taken = [p.label for p in pieces if p.role in SPECIMENS]
    rings = closed_rings(ground, blocks, plan.osteotomies, labels, taken, intact)
    problems = problems_of(ground, blocks, plan, pieces, links, labels, released, rings)
    pieces = _with_freedom(pieces, {ring.label for ring in rings}, problems)
    return Resection(
        ground.tissue.grid, labels[blocks.found_kji], pieces, links, problems,
        blocks.kerf_mm3, blocks.kerf_tumour_mm3, max(crumbs, 0.0), ground,
    )  # fmt: skip


def _with_freedom(
    pieces: Sequence[RawPiece], closed: set[int], problems: Sequence[RawProblem]
) -> tuple[RawPiece, ...]:
    """Return the pieces, specimens marked that close round the canal or lack a segmented neighbour."""
    lonely = {p.subject for p in problems if p.code in ("neighbour_missing", "target_missing")}
    return tuple(
        replace(p, closes_round_canal=p.label in closed, is_doubtful=bool(lonely & _reach(p.levels)))
        if p.role in SPECIMENS
        else p
        for p in pieces
    )


def _reach(levels: Sequence[str]) -> set[str]:
    """Return the levels and their neighbours."""
    orders = {level_order(level) + step for level in levels for step in (-1, 0, 1)}
    return {LEVELS[n] for n in orders if 0 <= n < len(LEVELS)}


def holding(piece_id: str, roles: dict[str, Role], links: Sequence[RawLink]) -> tuple[RawLink, ...]:
    """Return the intact links that keep a specimen piece from coming out; none for other pieces."""
    if roles[piece_id] not in SPECIMENS:
        return ()
    between = [(link, a, b) for link in links if link.holds for a, b in link.joins if a != b]
    passable = {i for i, role in roles.items() if role in (Role.RIB_PIECE, Role.LOOSE)}
    stays = {i for i, role in roles.items() if role is Role.REMAINING}
    from_piece = _reached({piece_id}, between, passable)
    from_rest = _reached(stays, between, passable)
    chain = {piece_id} | (from_piece & from_rest) | stays
    outward = [
        link for link, a, b in between
        if a in chain and b in chain and not (a in stays and b in stays) and ({a, b} & from_piece)
    ]  # fmt: skip
    return tuple(dict.fromkeys(outward))


def _reached(start: set[str], between: list[tuple[RawLink, str, str]], passable: set[str]) -> set[str]:
    reached, todo = set(start), list(start)
    while todo:
        here = todo.pop()
        for _, a, b in between:
            for one, other in ((a, b), (b, a)):
                if one == here and other in passable and other not in reached:
                    reached.add(other)
                    todo.append(other)
    return reached


def _released(ground: Ground, plan: Plan) -> frozenset[str]:
    return frozenset(j.id for j in ground.joints for r in plan.releases if is_meant(j.id, r.link))


def _link(
    state: JointState, ground: Ground, plan: Plan, released: frozenset[str], piece_of: dict[int, str]
) -> RawLink:
    joint = state.joint
    severed_by = None
    joins: tuple[tuple[str, str], ...] = ()
    if joint.id in released:
        severed_by = RELEASED
    elif not state.joins:
        severed_by = "+".join(plan.osteotomies[m].id for m in state.cutters)
    else:
        joins = tuple(
            dict.fromkeys(
                (piece_of[a], piece_of[b]) for a, b in state.joins if a in piece_of and b in piece_of
            )
        )
    a, b = (ground.tissue.bones[n - 1].id for n in joint.bones)
    return RawLink(
        joint.id,
        joint.kind,
        (a, b),
        joint.title,
        severed_by,
        state.severed_fraction,
        joins,
        joint.point_lps_mm,
    )


def _in_order(
    groups: Iterable[tuple[Role, tuple[int, ...]]], blocks: Blocks
) -> list[tuple[Role, tuple[int, ...]]]:
    def rank(group: tuple[Role, tuple[int, ...]]) -> tuple[int, float, float]:
        members = list(group[1])
        return (
            _ORDER.index(group[0]),
            -float(blocks.tumour_mm3[members].sum()),
            -float(blocks.tissue_mm3[members].sum()),
        )

    return sorted(groups, key=rank)


def _ids(roles: list[Role]) -> list[str]:
    return [f"{role.value}-{roles[: n + 1].count(role)}" for n, role in enumerate(roles)]


def _piece(
    label: int,
    piece_id: str,
    role: Role,
    members: tuple[int, ...],
    ground: Ground,
    blocks: Blocks,
    links: tuple[RawLink, ...],
) -> RawPiece:
    rows = list(members)
    voxels = blocks.voxels[rows].sum(axis=0)
    least = max(SMALLEST_PIECE_MM3 / ground.tissue.grid.voxel_volume_mm3, 0.005 * float(voxels.sum()))
    bones = [ground.tissue.bones[n - 1] for n in range(1, len(ground.tissue.bones) + 1) if voxels[n] >= least]
    counted = (
        (StructureKind.VERTEBRA, StructureKind.RIB)
        if role is Role.RIB_PIECE
        else (StructureKind.VERTEBRA, StructureKind.SACRUM)
    )
    levels = in_order(b.level for b in bones if b.level is not None and b.kind in counted)
    tumour, whole = float(blocks.tumour_mm3[rows].sum()), float(blocks.tumour_mm3.sum())
    return RawPiece(
        id=piece_id,
        label=label,
        role=role,
        volume_mm3=float(blocks.tissue_mm3[rows].sum()),
        tumour_fraction=tumour / whole if whole > 0 else 0.0,
        tumour_mm3=tumour,
        levels=levels,
        bones=tuple(b.id for b in bones),
        links=links,
        title=_title(role, levels, [b.title for b in bones]),
        centre_lps_mm=_centre(rows, ground, blocks),
    )


def _centre(rows: list[int], ground: Ground, blocks: Blocks) -> Vec3:
    weights = blocks.voxels[rows][..., None].astype(np.float64)
    sums = np.nansum(blocks.centres_ijk[rows] * weights, axis=(0, 1))
    return vec3(ground.tissue.grid.to_lps(sums / weights.sum()))


def _title(role: Role, levels: tuple[str, ...], bones: list[str]) -> str:
    span = levels[0] if len(levels) == 1 else f"{levels[0]}-{levels[-1]}" if levels else listed(bones)
    match role:
        case Role.SPECIMEN_ANTERIOR:
            return tr("anterior specimen {levels}", levels=span)
        case Role.SPECIMEN_ARCH:
            return tr("posterior arch {levels}", levels=span)
        case Role.RIB_PIECE:
            return tr("piece of {bone}", bone=listed(bones))
        case Role.LOOSE:
            return tr("loose piece of {bone}", bone=listed(bones))
        case _:
            return tr("remaining part of {levels}", levels=span)
