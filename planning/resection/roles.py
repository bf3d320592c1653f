"""What each block is for the operation, and which blocks make one piece.

* What remains: each vertebra that is not a target, as far as it carries the joint with its own
  neighbour away from the targets; the far end of every rib; whatever else an intact link holds to
  these and that is no part of a target vertebra.
* Anterior specimen: for each target level the block with most tumour; without tumour at that level,
  its largest block in front of the canal. Other blocks in front stay with what remains where a disc
  holds them to it (the other half of a sagittal resection), or where their neighbour on that side is
  not segmented; else they go with what holds them, or are loose.
* Arch specimen: blocks of target vertebrae behind the front of the canal.
* Discs and slices of a neighbour that only a disc link holds to the anterior specimen leave with it.
* Rib pieces: parts of a target level's rib without its far end.

Blocks of one role become one piece where intact links join them: discs for the anterior specimen,
facet joints for arches, any link for what remains.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from planning.model.levels import in_order, level_order
from planning.model.structures import Structure, StructureKind
from planning.resection.blocks import Blocks
from planning.resection.bonds import SMALLEST_PIECE_MM3
from planning.resection.ground import Ground
from planning.resection.joints import are_neighbours, vertebra_number
from planning.resection.links import LinkKind
from planning.resection.pieces import Role

_SPINE = (StructureKind.VERTEBRA, StructureKind.SACRUM)
_DISCS = frozenset({LinkKind.DISC})
_ANY = frozenset(LinkKind)


@dataclass(frozen=True)
class JoinedBlocks:
    """Two blocks an intact link holds together; `released` links are left out."""

    kind: LinkKind
    one: int
    other: int


def roles_of(ground: Ground, blocks: Blocks, joined: tuple[JoinedBlocks, ...]) -> dict[int, Role]:
    """Return the role of every block worth a piece; crumbs are left out."""
    worth = _worth(blocks)
    roles: dict[int, Role] = {}
    for block in {*_seeds(ground, blocks), *_far_ends(ground, blocks)} & worth:
        roles[block] = Role.REMAINING
    held = _held_by_discs(ground, blocks, joined, roles)
    for level in in_order(ground.tissue.targets):
        _target_roles(ground, blocks, level, worth, held, roles)
    _spread(ground, blocks, joined, worth, roles)
    return {block: roles.get(block, Role.LOOSE) for block in sorted(worth)}


def grouped(roles: dict[int, Role], joined: tuple[JoinedBlocks, ...]) -> list[tuple[Role, tuple[int, ...]]]:
    """Return the pieces: blocks of one role that intact links of the right kind join."""
    binds = {
        Role.SPECIMEN_ANTERIOR: _DISCS,
        Role.SPECIMEN_ARCH: frozenset({LinkKind.FACET}),
        Role.REMAINING: _ANY,
    }
    group = {block: block for block in roles}
    for join in joined:
        role = roles.get(join.one)
        if role is not None and role is roles.get(join.other) and join.kind in binds.get(role, frozenset()):
            old, new = group[join.other], group[join.one]
            group = {block: new if root == old else root for block, root in group.items()}
    return [
        (roles[root], tuple(b for b in group if group[b] == root)) for root in dict.fromkeys(group.values())
    ]


def _worth(blocks: Blocks) -> set[int]:
    """Return the blocks that count as pieces: large enough, or holding tumour."""
    large = (blocks.tissue_mm3 >= SMALLEST_PIECE_MM3) | (blocks.tumour_voxels > 0)
    return {int(n) for n in np.flatnonzero(large) if n > 0}


def _bones(ground: Ground, *kinds: StructureKind) -> Iterator[tuple[int, Structure]]:
    for number, bone in enumerate(ground.tissue.bones, 1):
        if bone.kind in kinds:
            yield number, bone


def _level(bone: Structure) -> str | None:
    return bone.level or ("S1" if bone.kind is StructureKind.SACRUM else None)


def _seeds(ground: Ground, blocks: Blocks) -> Iterator[int]:
    """Yield the block of each vertebra outside the targets that carries its joint away from them."""
    orders = [level_order(t) for t in ground.tissue.targets]
    for number, bone in _bones(ground, *_SPINE):
        level = _level(bone)
        if level is None or level in ground.tissue.targets or not blocks.voxels[1:, number].any():
            continue
        up = level_order(level) < min(orders)
        votes = np.zeros(blocks.count + 1, dtype=np.int64)
        for joint in ground.joints:
            if joint.kind is LinkKind.DISC and number in joint.bones and _points_away(joint.id, level, up):
                facing = joint.flat_a if joint.bones[0] == number else joint.flat_b
                votes += np.bincount(blocks.found_kji.reshape(-1)[facing], minlength=blocks.count + 1)
        votes[0] = 0
        yield int(np.argmax(votes)) if votes.any() else int(np.argmax(blocks.voxels[:, number]))


def _points_away(joint_id: str, level: str, up: bool) -> bool:
    """Whether a disc link of a vertebra is the one on the side away from the targets."""
    levels = joint_id.split("/")[1]
    upper = levels.split("-")[0]
    return upper != level if up else upper == level


def _far_ends(ground: Ground, blocks: Blocks) -> Iterator[int]:
    """Yield the block of each rib that holds its end away from the spine."""
    flat = blocks.found_kji.reshape(-1)
    centres = np.array([a.centre_lps_mm for a in ground.axes.values()])
    for number, _ in _bones(ground, StructureKind.RIB):
        if number not in ground.clouds:
            continue
        cloud = ground.clouds[number]
        found = flat[cloud.flat]
        if (found > 0).any():
            away = np.linalg.norm(cloud.lps_mm[:, None] - centres[None], axis=2).min(axis=1)
            yield int(found[np.argmax(np.where(found > 0, away, -1.0))])


def _held_by_discs(
    ground: Ground, blocks: Blocks, joined: tuple[JoinedBlocks, ...], roles: dict[int, Role]
) -> set[int]:
    """Return the blocks that discs, whole or halved, hold to what remains."""
    targets = [n for n, bone in _bones(ground, StructureKind.VERTEBRA) if ground.tissue.is_target(bone)]
    reached, held = set(roles), set(roles)
    todo = list(roles)
    while todo:
        block = todo.pop()
        for join in joined:
            if join.kind is LinkKind.DISC and block in (join.one, join.other):
                other = join.other if block == join.one else join.one
                held.add(other)
                if other not in reached and not blocks.voxels[other, targets].any():
                    reached.add(other)
                    todo.append(other)
    return held


def _target_roles(
    ground: Ground, blocks: Blocks, level: str, worth: set[int], held: set[int], roles: dict[int, Role]
) -> None:
    smallest = SMALLEST_PIECE_MM3 / ground.tissue.grid.voxel_volume_mm3
    for number, bone in _bones(ground, StructureKind.VERTEBRA):
        if bone.level != level:
            continue
        share = blocks.voxels[:, number]
        all_ = [b for b in sorted(worth) if share[b] >= smallest or (share[b] and blocks.tumour_voxels[b])]
        mine = [b for b in all_ if b not in roles]
        ahead = {b for b in mine if _is_ahead(ground, blocks, number, level, b, all_)}
        main = None
        if not any(roles.get(b) is Role.SPECIMEN_ANTERIOR for b in all_):
            main = _main_block(blocks, number, sorted(ahead), mine)
        for block in mine:
            if block == main:
                roles[block] = Role.SPECIMEN_ANTERIOR
            elif block not in ahead:
                roles[block] = Role.SPECIMEN_ARCH
            elif block in held or _meets_missing(ground, blocks, number, block, main):
                roles[block] = Role.REMAINING


def _meets_missing(ground: Ground, blocks: Blocks, number: int, block: int, main: int | None) -> bool:
    """Whether a slice of a body faces a neighbour that is not segmented: a gap is no freedom."""
    level = ground.tissue.bones[number - 1].level
    if level is None or main is None:
        return False
    to_lps, axes = ground.tissue.grid.to_lps, ground.axes[level]
    at = axes.local(to_lps(blocks.centres_ijk[[block, main], number]))[:, 2]
    return neighbour(ground, level, up=bool(at[0] > at[1])) is None


def neighbour(ground: Ground, level: str, up: bool) -> str | None:
    """Return the segmented vertebra right above or below a level, or None."""
    for other in ground.axes:
        upper, lower = (other, level) if up else (level, other)
        number = vertebra_number(ground.tissue, lower, ground.clouds)
        if other != level and number and are_neighbours(upper, lower, ground.axes, ground.clouds[number]):
            return other
    return None


def _main_block(blocks: Blocks, number: int, ahead: list[int], mine: list[int]) -> int | None:
    """Return the block in front with most tumour; else the largest; None where only the arch has it."""
    sick = [b for b in ahead if blocks.tumour_voxels[b]]
    if sick:
        return max(sick, key=lambda b: float(blocks.tumour_mm3[b]))
    if any(blocks.tumour_voxels[b] for b in mine):
        return None
    return max(ahead, key=lambda b: int(blocks.voxels[b, number]), default=None)


def _is_ahead(ground: Ground, blocks: Blocks, number: int, level: str, block: int, mine: list[int]) -> bool:
    """Whether a block lies in front of the canal; without a known canal, not behind the others."""
    axes = ground.axes[level]
    grid = ground.tissue.grid
    forward = {b: float(axes.local(grid.to_lps(blocks.centres_ijk[b, number])[None])[0, 1]) for b in mine}
    if axes.canal_radius_mm is not None:
        return forward[block] > axes.front_mm
    front = max(mine, key=lambda b: blocks.voxels[b, number])
    depth = float(np.ptp(axes.local(ground.clouds[number].lps_mm)[:, 1]))
    return forward[block] > min(forward[front], 0.0) - 0.2 * depth


def _spread(
    ground: Ground, blocks: Blocks, joined: tuple[JoinedBlocks, ...], worth: set[int], roles: dict[int, Role]
) -> None:
    """Give the other blocks (discs, slices, rib parts) the role of what holds them."""
    ribs = {b for b in worth - set(roles) if _is_rib(ground, blocks, b)}
    own_ribs = {b for b in ribs if _is_target_rib(ground, blocks, b)}
    for block in own_ribs:
        roles[block] = Role.RIB_PIECE
    _flood(Role.REMAINING, joined, worth, roles, _ANY)
    free_ribs = ribs - set(roles)
    for block in free_ribs:
        roles[block] = Role.RIB_PIECE
    _flood(Role.SPECIMEN_ANTERIOR, joined, worth, roles, _DISCS)


def _flood(
    role: Role,
    joined: tuple[JoinedBlocks, ...],
    worth: set[int],
    roles: dict[int, Role],
    binds: frozenset[LinkKind],
) -> None:
    grew = True
    while grew:
        grew = False
        for join in joined:
            if join.kind not in binds:
                continue
            for one, other in ((join.one, join.other), (join.other, join.one)):
                if roles.get(one) is role and other in worth and other not in roles:
                    roles[other] = role
                    grew = True


def _is_rib(ground: Ground, blocks: Blocks, block: int) -> bool:
    number = int(np.argmax(blocks.voxels[block, 1:-1])) + 1
    return ground.tissue.bones[number - 1].kind is StructureKind.RIB


def _is_target_rib(ground: Ground, blocks: Blocks, block: int) -> bool:
    number = int(np.argmax(blocks.voxels[block, 1:-1])) + 1
    return ground.tissue.is_target(ground.tissue.bones[number - 1])
