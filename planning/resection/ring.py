"""Whether what is taken out still closes round the spinal canal.

A vertebra is a ring, and the cord runs through it: as long as pedicles, laminae and body of one
specimen hold together all the way round, no direction takes it out. Specimen pieces that intact
joints hold together are looked at as one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from planning.geometry.frames import Floats, Vec3, vec3
from planning.kernel.voxel_graph import segments_cut
from planning.kernel.winding import turns_closed
from planning.model.osteotomy import Osteotomy
from planning.resection.axes import VertebraAxes, canal_points
from planning.resection.blocks import Blocks, JointState
from planning.resection.bonds import Bond
from planning.resection.ground import Ground
from planning.resection.joints import Joint
from planning.resection.slabs import slabs_on
from planning.resection.tissue import points_of

_STEP_MM: Final = 2.0  # heights over which the canal's middle is taken
_CORE_MM: Final = 1.0  # nearer to the middle of the canal an angle means nothing


@dataclass(frozen=True)
class ClosedRing:
    """Where one piece closes round the canal.

    Parameters
    ----------
    label : int
        The piece.
    bones : tuple of int
        Bone numbers the ring was found closed at.
    point_lps_mm : Vec3
        A place on it.
    """

    label: int
    bones: tuple[int, ...]
    point_lps_mm: Vec3


def closed_rings(
    ground: Ground,
    blocks: Blocks,
    osteotomies: Sequence[Osteotomy],
    labels: NDArray[np.uint16],
    specimens: Iterable[int],
    intact: Sequence[JointState],
) -> tuple[ClosedRing, ...]:
    """Return the specimen pieces that close round the canal; none where no canal is known.

    Parameters
    ----------
    labels : array of uint16, shape (blocks.count + 1,)
        Piece label of each block.
    specimens : iterable of int
        Labels of the pieces that are taken out.
    intact : sequence of JointState
        Joints neither released nor severed.
    """
    tissue = ground.tissue
    middle = canal_points(tissue, ground.anatomy)
    piece_kji = labels[blocks.found_kji]
    flat = np.flatnonzero(np.isin(piece_kji, list(specimens)))
    axes = next((a for a in ground.axes.values() if a.canal_radius_mm is not None), None)
    if not len(flat) or not len(middle) or axes is None:
        return ()
    angles = np.full(piece_kji.size, np.nan)
    angles[flat] = _angles(points_of(flat, tissue.grid)[1], middle, axes)
    closed = turns_closed(
        angles.reshape(piece_kji.shape),
        tissue.tissue_kji,
        tissue.tumour_kji,
        blocks.flags_kji,
        _jumps(ground, osteotomies, intact),
    )
    return tuple(_rings(closed, piece_kji.reshape(-1), ground))


def _angles(points_lps_mm: Floats, canal_lps_mm: Floats, axes: VertebraAxes) -> Floats:
    """Return each point's angle about the middle of the canal at its height; NaN in the middle itself."""
    canal, points = axes.local(canal_lps_mm), axes.local(points_lps_mm)
    steps = np.round(canal[:, 2] / _STEP_MM).astype(np.int64)
    heights, which, counts = np.unique(steps, return_inverse=True, return_counts=True)
    off = [
        points[:, n]
        - np.interp(
            points[:, 2], heights * _STEP_MM, np.bincount(which.reshape(-1), weights=canal[:, n]) / counts
        )
        for n in (0, 1)
    ]
    return np.where(np.hypot(off[0], off[1]) < _CORE_MM, np.nan, np.arctan2(off[1], off[0]))


def _jumps(
    ground: Ground, osteotomies: Sequence[Osteotomy], intact: Sequence[JointState]
) -> NDArray[np.int64]:
    """Return the voxels that joints and bonds hold together where no blade passes, shape (n, 2)."""
    slabs = slabs_on(ground.tissue.grid, [o.blade for o in osteotomies])
    contacts: list[Joint | Bond] = [*(s.joint for s in intact if s.joins), *ground.bonds]
    pairs = [np.zeros((0, 2), dtype=np.int64)]
    for contact in contacts:
        whole = ~segments_cut(contact.starts_ijk, contact.ends_ijk, slabs).any(axis=1)
        pairs.append(np.column_stack([contact.flat_a[whole], contact.flat_b[whole]]))
    return np.concatenate(pairs)


def _rings(closed: NDArray[np.int64], pieces: NDArray[np.uint16], ground: Ground) -> Iterable[ClosedRing]:
    bones = ground.tissue.tissue_kji.reshape(-1)[closed]
    for label in np.unique(pieces[closed]):
        here = closed[pieces[closed] == label]
        numbers = np.unique(bones[pieces[closed] == label])
        point = vec3(points_of(here[:1], ground.tissue.grid)[1][0])
        yield ClosedRing(int(label), tuple(int(n) for n in numbers), point)
