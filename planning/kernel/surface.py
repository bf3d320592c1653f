"""From a mask to a closed surface that stays true to it."""

from dataclasses import dataclass
from enum import Enum

from planning.geometry.mesh import Mesh


class Smoothing(Enum):
    """Pass band of the windowed-sinc filter: thin and vital structures keep more of their detail."""

    FINE = 0.1
    BROAD = 0.01


@dataclass(frozen=True)
class Fidelity:
    """How true a surface stayed to its mask.

    Parameters
    ----------
    moved_voxels : float
        Furthest any point of the surface lies from the unsmoothed one, in voxel edges of its direction.
    volume_ratio : float
        Enclosed volume over the mask's volume.
    smoothing, reduction : float
        Pass band used (0 where none) and share of triangles taken away.
    is_true : bool
        Whether the rule of INTERCHANGE section 3 holds.
    """

    moved_voxels: float
    volume_ratio: float
    smoothing: float
    reduction: float
    is_true: bool


@dataclass(frozen=True, eq=False)
class Surface:
    """A closed mesh and its fidelity."""

    mesh: Mesh
    fidelity: Fidelity
