"""What is wrong with the pieces, in sentences that name cut, place and volume."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from planning.geometry.frames import Vec3, vec3
from planning.kernel.slab_volume import PLAN_TUMOUR
from planning.model.anatomy import Anatomy
from planning.model.levels import LEVELS, in_order, level_order
from planning.model.osteotomy import Osteotomy
from planning.model.plan import Plan
from planning.model.structures import StructureKind
from planning.resection.blocks import Blocks
from planning.resection.ground import Ground
from planning.resection.idle_cuts import nearest_bone_words, same_as
from planning.resection.links import RawLink, is_meant
from planning.resection.pieces import SPECIMENS, RawPiece, RawProblem, Resection
from planning.resection.ring import ClosedRing
from planning.resection.roles import neighbour
from planning.resection.tissue import plan_tumours
from planning.texts import listed, tr


def missing_field(anatomy: Anatomy, plan: Plan) -> Resection:
    """Return an empty resection that says what is missing."""
    if plan.target_levels:
        sentence = tr(
            "No bone of {levels} is segmented, so pieces and margins cannot be told. Segment it first.",
            levels=listed(plan.target_levels),
        )
    else:
        sentence = tr(
            "The plan names no target level, so pieces and margins cannot be told. Choose the levels."
        )
    empty = np.zeros((1, 1, 1), dtype=np.uint16)
    problem = RawProblem("target_missing", "not_assessed", sentence)
    return Resection(anatomy.grid.cropped((0, 0, 0), (1, 1, 1)), empty, (), (), (problem,), 0.0, 0.0, 0.0)


def problems_of(
    ground: Ground,
    blocks: Blocks,
    plan: Plan,
    pieces: Sequence[RawPiece],
    links: Sequence[RawLink],
    labels: NDArray[np.uint16],
    released: frozenset[str],
    rings: Sequence[ClosedRing],
) -> tuple[RawProblem, ...]:
    """Return every problem, the worst first.

    Parameters
    ----------
    labels : array of uint16, shape (blocks.count + 1,)
        Piece label of each block.
    released : frozenset of str
        Ids of links the plan releases.
    rings : sequence of ClosedRing
        Specimens that close round the canal.
    """
    sides = _piece_sides(blocks, labels, len(pieces))
    found = [
        *_missing(ground, plan),
        *_tumour_outside(ground, blocks, plan, pieces, labels, sides),
        *_not_free(pieces),
        *_closed(ground, pieces, rings),
        *_idle_cuts(ground, blocks, plan, pieces, links, labels),
        *_unknown_releases(plan, released),
        *_outside_image(ground),
    ]
    return tuple(sorted(found, key=lambda p: ("fail", "not_assessed", "warn").index(p.severity)))


def _piece_sides(blocks: Blocks, labels: NDArray[np.uint16], count: int) -> NDArray[np.int64]:
    """Return how many voxels of each piece look onto each slab, shape (slabs, pieces + 1)."""
    sides = np.zeros((len(blocks.sides), count + 1), dtype=np.int64)
    for block in range(1, blocks.count + 1):
        sides[:, labels[block]] += blocks.sides[:, block]
    return sides


def _missing(ground: Ground, plan: Plan) -> Iterator[RawProblem]:
    for level in plan.target_levels:
        if level not in ground.axes:
            sentence = tr("{level} is a target but is not segmented; its pieces are left out.", level=level)
            yield RawProblem("target_missing", "not_assessed", sentence, subject=level)
    ends = [("C1", True), ("S1", False), *_ends_at_missing_targets(ground, plan)]
    for level in in_order(level for level in plan.target_levels if level in ground.axes):
        for up in (True, False):
            if (level, up) in ends or neighbour(ground, level, up) is not None:
                continue
            place = tr("above") if up else tr("below")
            sentence = tr(
                "The vertebra {place} {level} is not segmented: whether the specimen is free is unknown.",
                place=place,
                level=level,
            )
            yield RawProblem("neighbour_missing", "not_assessed", sentence, subject=level)
    if plan.tumour is not None and not plan_tumours(ground.anatomy, plan):
        sentence = tr(
            "The plan's tumour, {name}, is not among the structures; margins are not assessed.",
            name=plan.tumour,
        )
        yield RawProblem("tumour_missing", "not_assessed", sentence)


def _ends_at_missing_targets(ground: Ground, plan: Plan) -> Iterator[tuple[str, bool]]:
    """Yield the levels, and on which side, whose neighbour is a target that is reported as missing itself."""
    for level in set(plan.target_levels) - set(ground.axes):
        place = level_order(level)
        if place > 0:
            yield LEVELS[place - 1], False
        if place + 1 < len(LEVELS):
            yield LEVELS[place + 1], True


def _tumour_outside(
    ground: Ground,
    blocks: Blocks,
    plan: Plan,
    pieces: Sequence[RawPiece],
    labels: NDArray[np.uint16],
    sides: NDArray[np.int64],
) -> Iterator[RawProblem]:
    voxels = np.zeros(len(pieces) + 1, dtype=np.int64)
    np.add.at(voxels, labels, blocks.tumour_voxels)
    # A voxel whose centre is kerf still leaves what lies beyond the slab to that side.
    least = ground.tissue.grid.voxel_volume_mm3
    holders = [p for p in pieces if voxels[p.label] or p.tumour_mm3 > least]
    specimens = [p for p in holders if p.role in SPECIMENS]
    main = max(specimens, key=lambda p: p.tumour_mm3, default=None)
    for piece in holders:
        if piece is main:
            continue
        cuts = _cuts_between(plan.osteotomies, sides, piece, main)
        code = "tumour_split" if piece.role in SPECIMENS else "tumour_left"
        yield RawProblem(
            code, "fail", _tumour_sentence(code, piece, main, cuts), tuple(c.id for c in cuts),
            piece.tumour_mm3, _tumour_point(ground, blocks, labels, piece), piece.id,
        )  # fmt: skip


def _cuts_between(
    cuts: Sequence[Osteotomy], sides: NDArray[np.int64], piece: RawPiece, main: RawPiece | None
) -> list[Osteotomy]:
    onto = [c for n, c in enumerate(cuts) if sides[n, piece.label]]
    both = [c for n, c in enumerate(cuts) if main and sides[n, piece.label] and sides[n, main.label]]
    return both or onto


def _tumour_sentence(code: str, piece: RawPiece, main: RawPiece | None, cuts: Sequence[Osteotomy]) -> str:
    volume = f"{piece.tumour_mm3:.0f}"
    names = listed(c.title for c in cuts)
    if code == "tumour_split":
        other = main.title if main else ""
        if names:
            return tr(
                "{cuts} divides the tumour: {volume} mm³ leaves in the {piece}, the rest in the {other}.",
                cuts=names,
                volume=volume,
                piece=piece.title,
                other=other,
            )
        return tr(
            "The tumour leaves in two pieces: {volume} mm³ in the {piece}, the rest in the {other}.",
            volume=volume,
            piece=piece.title,
            other=other,
        )
    if names:
        return tr(
            "{volume} mm³ of tumour stay outside the specimen, in the {piece}, beyond {cuts}. Move the cut.",
            volume=volume,
            piece=piece.title,
            cuts=names,
        )
    return tr(
        "{volume} mm³ of tumour stay outside the specimen, in the {piece}: no cut parts it from there.",
        volume=volume,
        piece=piece.title,
    )


def _tumour_point(ground: Ground, blocks: Blocks, labels: NDArray[np.uint16], piece: RawPiece) -> Vec3:
    """Return the tumour voxel in the middle of a piece's tumour; without any, the nearest one."""
    sick = ground.tissue.tumour_kji == PLAN_TUMOUR
    inside = np.argwhere(sick & (labels[blocks.found_kji] == piece.label))
    middle = inside.mean(axis=0) if len(inside) else ground.tissue.grid.to_ijk(piece.centre_lps_mm)[::-1]
    kji = inside if len(inside) else np.argwhere(sick)
    nearest = kji[np.argmin(((kji - middle) ** 2).sum(axis=1))]
    return vec3(ground.tissue.grid.to_lps(nearest[::-1].astype(np.float64)))


def _not_free(pieces: Sequence[RawPiece]) -> Iterator[RawProblem]:
    for piece in pieces:
        if piece.links:
            names = listed(link.title for link in piece.links)
            sentence = tr(
                "The {piece} is not free: still held by {links}. Cut or release each of them.",
                piece=piece.title,
                links=names,
            )
            point = piece.links[0].point_lps_mm
            yield RawProblem("not_free", "fail", sentence, point_lps_mm=point, subject=piece.id)


def _closed(ground: Ground, pieces: Sequence[RawPiece], rings: Sequence[ClosedRing]) -> Iterator[RawProblem]:
    for ring in rings:
        piece = next(p for p in pieces if p.label == ring.label)
        bones = [ground.tissue.bones[n - 1] for n in ring.bones if n <= len(ground.tissue.bones)]
        levels = in_order({bone.level for bone in bones if bone.level is not None}) or piece.levels
        sentence = tr(
            "The {piece} cannot be taken out: at {levels} it still closes round the spinal canal. "
            "Cut it through on at least one side, at pedicle or lamina.",
            piece=piece.title,
            levels=listed(levels),
        )
        yield RawProblem(
            "closes_round_canal", "fail", sentence, point_lps_mm=ring.point_lps_mm, subject=piece.id
        )
    for level in in_order({level for p in pieces if p.role in SPECIMENS for level in p.levels}):
        if ground.axes[level].canal_radius_mm is None:
            sentence = tr(
                "No spinal canal is segmented at {level}: whether the specimen closes round it is unknown.",
                level=level,
            )
            yield RawProblem("canal_missing", "not_assessed", sentence, subject=level)


def _idle_cuts(
    ground: Ground,
    blocks: Blocks,
    plan: Plan,
    pieces: Sequence[RawPiece],
    links: Sequence[RawLink],
    labels: NDArray[np.uint16],
) -> Iterator[RawProblem]:
    severed = [f"+{link.severed_by}+" for link in links if link.severed_by]
    severing = {o.id for o in plan.osteotomies if any(f"+{o.id}+" in by for by in severed)}
    done: set[str] = set(severing)
    for n, cut in enumerate(plan.osteotomies):
        other = same_as(plan.osteotomies, n)
        if other is not None:
            done.add(cut.id)
            sentence = tr(
                "{cut} changes nothing: it lies wholly in {other}. Move it or delete it.",
                cut=cut.title,
                other=other.title,
            )
            point = vec3(np.asarray(cut.blade.corners_lps_mm).mean(axis=0))
            yield RawProblem("cut_changes_nothing", "warn", sentence, (cut.id,), point_lps_mm=point)
        if cut.id in done:
            continue
        point = vec3(np.asarray(cut.blade.corners_lps_mm).mean(axis=0))
        if blocks.touched[n] == 0:
            sentence = tr(
                "{cut} changes nothing: its blade touches no bone within two levels of the targets.",
                cut=cut.title,
            )
            sentence = f"{sentence} {nearest_bone_words(cut.blade, ground.tissue)}".strip()
            yield RawProblem("cut_changes_nothing", "warn", sentence, (cut.id,), point_lps_mm=point)
            continue
        idle, label = _idle_together(blocks, plan.osteotomies, n, labels)
        if idle and not severing & {c.id for c in idle}:
            done |= {c.id for c in idle}
            sentence = tr(
                "Nothing is parted by {cut}: the {piece} lies on both sides. Make it wider or deeper.",
                cut=listed(c.title for c in idle),
                piece=next((p.title for p in pieces if p.label == label), tr("bone")),
            )
            ids = tuple(c.id for c in idle)
            yield RawProblem("cut_changes_nothing", "warn", sentence, ids, point_lps_mm=point)


def _idle_together(
    blocks: Blocks, cuts: Sequence[Osteotomy], n: int, labels: NDArray[np.uint16]
) -> tuple[list[Osteotomy], int]:
    """Return the cuts of one group that go into the same one block and part it from nothing.

    A blade of a group may go only part of the way, so blades of a group that enter one block are
    judged together.
    """
    own = np.flatnonzero(blocks.sides[n, 1:]) + 1
    if len(own) != 1:
        return [], 0
    block, group = int(own[0]), cuts[n].cut_group
    mates = [m for m, c in enumerate(cuts) if m == n or (group and c.cut_group == group)]
    mates = [m for m in mates if blocks.sides[m, block]]
    if any((blocks.sides[m, 1:] > 0).sum() > 1 for m in mates):
        return [], 0
    return [cuts[m] for m in mates], int(labels[block])


def _unknown_releases(plan: Plan, released: frozenset[str]) -> Iterator[RawProblem]:
    for release in plan.releases:
        if not any(is_meant(i, release.link) for i in released):
            sentence = tr(
                "The plan releases {link}, but there is no such link here; it frees nothing.",
                link=release.link,
            )
            yield RawProblem("release_unknown", "warn", sentence, subject=release.link)


def _outside_image(ground: Ground) -> Iterator[RawProblem]:
    for bone in ground.tissue.bones:
        spinal = bone.kind in (StructureKind.VERTEBRA, StructureKind.DISC)
        if spinal and bone.id in ground.tissue.clipped and ground.tissue.is_target(bone):
            sentence = tr(
                "{bone} reaches the edge of the image: what lies beyond is in no volume and no margin.",
                bone=bone.title,
            )
            yield RawProblem("outside_image", "warn", sentence, subject=bone.id)
