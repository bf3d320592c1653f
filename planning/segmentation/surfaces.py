"""The surfaces of a case's structures, each stamped with the mask it was made from."""

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Final

from planning.geometry.frames import Grid
from planning.geometry.mesh import Mesh
from planning.kernel.process import Worker
from planning.kernel.surface import (
    Fidelity,
    Points,
    Reduce,
    Smoothing,
    Surface,
    Triangles,
    decimated,
    surface_of,
)
from planning.model.anatomy import Anatomy
from planning.model.mask import Bools, Mask
from planning.model.structures import BONES, Structure, StructureKind
from planning.progress import Progress, silent
from planning.texts import tr

BROADLY_SMOOTHED: Final = BONES | {
    StructureKind.TUMOUR,
    StructureKind.KIDNEY,
    StructureKind.LUNG,
    StructureKind.IMPLANT,
}
"""Thick structures; everything else may be thin or vital and keeps its detail."""

_THREADS: Final = 2
_DECIMATE: Final = "planning.kernel.surface:decimate_task"
_TIMEOUT_S: Final = 120.0


@dataclass(frozen=True, eq=False)
class StructureSurface:
    """One structure's closed surface and how true it stayed to its mask."""

    structure_id: str
    mask_digest: str
    mesh: Mesh
    fidelity: Fidelity
    smoothing: Smoothing


@dataclass(frozen=True, eq=False)
class Surfaces:
    """Surfaces of one anatomy, in the order of its structures; empty masks have none."""

    grid: Grid
    surfaces: tuple[StructureSurface, ...] = ()

    @cached_property
    def by_id(self) -> dict[str, StructureSurface]:
        """Surfaces by structure id."""
        return {s.structure_id: s for s in self.surfaces}

    def mesh(self, structure_id: str) -> Mesh | None:
        """Return the mesh of a structure, or None where its mask is empty or unknown."""
        found = self.by_id.get(structure_id)
        return found.mesh if found else None

    def fits(self, anatomy: Anatomy) -> bool:
        """Say whether every surface was made from the masks of `anatomy`, smoothed as their kinds ask."""
        wanted = {
            s.id: (s.mask.digest, smoothing_of(s.kind)) for s in anatomy.structures if not s.mask.is_empty
        }
        return self.grid.same_as(anatomy.grid) and wanted == {
            s.structure_id: (s.mask_digest, s.smoothing) for s in self.surfaces
        }


def surfaces_of(
    anatomy: Anatomy,
    progress: Progress = silent,
    known: Surfaces | None = None,
    worker: Worker | None = None,
) -> Surfaces:
    """Return the closed surface of every structure that has voxels.

    Parameters
    ----------
    anatomy : Anatomy
    progress : Progress
    known : Surfaces or None
        Earlier surfaces; those whose mask and smoothing are unchanged are taken over.
    worker : Worker or None
        Simplifies meshes in the child process, so that a window does not freeze; None simplifies
        here, holding the interpreter lock for some hundredths of a second at a time.
    """
    old = known.surfaces if known is not None and known.grid.same_as(anatomy.grid) else ()
    at_hand = {(s.mask_digest, s.smoothing): s for s in old}
    wanted = [s for s in anatomy.structures if not s.mask.is_empty]
    made: dict[str, StructureSurface] = {}
    missing: list[Structure] = []
    for structure in wanted:
        found = at_hand.get((structure.mask.digest, smoothing_of(structure.kind)))
        if found is None:
            missing.append(structure)
        else:
            made[structure.id] = StructureSurface(
                structure.id, found.mask_digest, found.mesh, found.fidelity, found.smoothing
            )
    reduce: Reduce = decimated if worker is None else partial(_decimated_by, worker)
    made.update(_made(missing, partial(_surface, anatomy.grid, reduce), progress))
    return Surfaces(anatomy.grid, tuple(made[s.id] for s in wanted))


def smoothing_of(kind: StructureKind) -> Smoothing:
    """Return how strongly surfaces of a kind are smoothed."""
    return Smoothing.BROAD if kind in BROADLY_SMOOTHED else Smoothing.FINE


def _made(
    structures: list[Structure], make: Callable[[Structure], StructureSurface], progress: Progress
) -> dict[str, StructureSurface]:
    # The largest first, so that no thread is left alone with it at the end.
    queue = sorted(structures, key=lambda s: -s.mask.count)
    made: dict[str, StructureSurface] = {}
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="surface") as pool:
        waiting: set[Future[StructureSurface]] = {pool.submit(make, s) for s in queue}
        try:
            while waiting:
                done, waiting = wait(waiting, timeout=0.1, return_when=FIRST_COMPLETED)
                for future in done:
                    surface = future.result()
                    made[surface.structure_id] = surface
                progress(len(made) / len(queue), tr("Making surfaces"))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return made


def _surface(grid: Grid, reduce: Reduce, structure: Structure) -> StructureSurface:
    start, box = _boxed(structure.mask)
    smoothing = smoothing_of(structure.kind)
    surface: Surface = surface_of(box, start, grid, smoothing, reduce)
    return StructureSurface(structure.id, structure.mask.digest, surface.mesh, surface.fidelity, smoothing)


def _boxed(mask: Mask) -> tuple[tuple[int, int, int], Bools]:
    bounds = mask.bounds_kji
    assert bounds is not None  # noqa: S101 -- empty masks were left out
    start, stop = bounds
    shape = (stop[0] - start[0], stop[1] - start[1], stop[2] - start[2])
    return start, mask.box(start, shape)


def _decimated_by(
    worker: Worker, points_mm: Points, triangles: Triangles, reduction: float
) -> tuple[Points, Triangles]:
    if reduction <= 0:
        return points_mm, triangles
    _, (points, kept) = worker.call(
        _DECIMATE, {"reduction": reduction}, [points_mm, triangles], timeout_s=_TIMEOUT_S
    )
    return points, kept
