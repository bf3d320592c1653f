"""All structures of a case on one grid, and what a person has confirmed about them."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from planning.errors import LabelsRefused
from planning.geometry.frames import Grid
from planning.model.levels import in_order
from planning.model.structures import Structure, StructureKind
from planning.texts import mark


@dataclass(frozen=True)
class NotInField:
    """A reviewer's word that a kind of structure does not run through this image's field."""

    kind: StructureKind
    by: str
    at: datetime


@dataclass(frozen=True)
class LevelConfirmation:
    """A person's word that the levels were counted, and from what."""

    by: str
    at: datetime
    evidence: str


@dataclass(frozen=True, eq=False)
class Anatomy:
    """The structures of a case.

    Parameters
    ----------
    grid : Grid
        Grid of every mask: the planning image's.
    structures : tuple of Structure
        Unique ids; masks of the grid's shape.
    not_in_field : tuple of NotInField
    levels_confirmed : LevelConfirmation or None
    epidural_assessable : bool
        Whether an MR-based epidural assessment exists; never inferred from CT.
    """

    grid: Grid
    structures: tuple[Structure, ...] = ()
    not_in_field: tuple[NotInField, ...] = ()
    levels_confirmed: LevelConfirmation | None = None
    epidural_assessable: bool = False

    def __post_init__(self) -> None:
        """Check ids and mask shapes."""
        ids = [s.id for s in self.structures]
        if len(set(ids)) != len(ids):
            raise LabelsRefused("DUPLICATE_STRUCTURE", mark("Two structures have the same identifier."))
        for structure in self.structures:
            if structure.mask.shape_kji != self.grid.shape_kji:
                raise LabelsRefused(
                    "GRID_MISMATCH", mark("{name} does not lie on the image's grid."), name=structure.title
                )

    def structure(self, structure_id: str) -> Structure | None:
        """Return the structure of that id, or None."""
        return next((s for s in self.structures if s.id == structure_id), None)

    def volume_mm3(self, structure: Structure) -> float:
        """Return the volume of a structure's voxels: the one volume that is shown of it anywhere."""
        return structure.mask.count * self.grid.voxel_volume_mm3

    def called(self, reference: str) -> tuple[Structure, ...]:
        """Return the structures a plan means by a name or kind."""
        return tuple(
            s
            for s in self.structures
            if reference in (s.name, s.id) or (s.name is None and s.kind.value == reference)
        )

    def of_kind(self, *kinds: StructureKind) -> tuple[Structure, ...]:
        """Return the structures of the given kinds, in order."""
        return tuple(s for s in self.structures if s.kind in kinds)

    @cached_property
    def levels(self) -> tuple[str, ...]:
        """Levels of the vertebrae present, cranial to caudal."""
        return in_order(s.level for s in self.of_kind(StructureKind.VERTEBRA) if s.level)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything a result may depend on, computed once."""
        h = hashlib.sha256(repr(self.grid.shape_kji).encode())
        h.update(self.grid.lps_from_ijk.tobytes())
        for structure in sorted(self.structures, key=lambda s: s.id):
            h.update("\0".join(structure.digest_parts).encode())
        h.update(repr([(n.kind.value, n.by) for n in self.not_in_field]).encode())
        h.update(repr((self.levels_confirmed, self.epidural_assessable)).encode())
        return h.hexdigest()
