"""The surfaces of a case's structures, each stamped with the mask it was made from."""

from dataclasses import dataclass
from functools import cached_property

from planning.geometry.mesh import Mesh
from planning.kernel.process import Worker
from planning.kernel.surface import Fidelity
from planning.model.anatomy import Anatomy
from planning.progress import Progress


@dataclass(frozen=True, eq=False)
class StructureSurface:
    """One structure's closed surface and how true it stayed to its mask."""

    structure_id: str
    mask_digest: str
    mesh: Mesh
    fidelity: Fidelity


@dataclass(frozen=True, eq=False)
class Surfaces:
    """Surfaces of one anatomy, in the order of its structures; empty masks have none."""

    surfaces: tuple[StructureSurface, ...] = ()

    @cached_property
    def by_id(self) -> dict[str, StructureSurface]:
        """Surfaces by structure id."""
        return {s.structure_id: s for s in self.surfaces}

    def mesh(self, structure_id: str) -> Mesh | None:
        """Return the mesh of a structure, or None where its mask is empty or unknown."""
        found = self.by_id.get(structure_id)
        return found.mesh if found else None


def surfaces_of(
    anatomy: Anatomy, progress: Progress, known: Surfaces | None = None, worker: Worker | None = None
) -> Surfaces:
    """Return the surface of every structure; those whose mask is unchanged are taken from `known`."""
    raise NotImplementedError
