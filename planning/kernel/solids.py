"""Bones cut by kerf slabs into closed pieces (manifold3d; runs in the child process)."""

from collections.abc import Sequence
from dataclasses import dataclass

from planning.geometry.blade import Blade
from planning.geometry.mesh import Mesh


@dataclass(frozen=True, eq=False)
class SolidPiece:
    """One closed piece: which of the given meshes it comes from, its surface and its volume."""

    source: int
    mesh: Mesh
    volume_mm3: float


def cut_solids(meshes: Sequence[Mesh], blades: Sequence[Blade]) -> tuple[SolidPiece, ...]:
    """Return the pieces that remain of each mesh when every blade's swept slab is taken away."""
    raise NotImplementedError
