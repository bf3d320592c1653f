"""The synthetic spine the kernel's benchmarks share: thirteen structures in 400 x 400 x 400 voxels."""

from planning.geometry.frames import Grid
from planning.model.anatomy import Anatomy
from planning.model.mask import Mask
from planning.model.structures import Structure, StructureKind
from tests.builders import LEVELS, a_vertebral_column
from tests.phantoms import Bools

SIDE = 400
SPACING_MM = 0.7
KINDS = frozenset(
    {
        StructureKind.VERTEBRA,
        StructureKind.TUMOUR,
        StructureKind.SPINAL_CANAL,
        StructureKind.SPINAL_CORD,
        StructureKind.AORTA,
        StructureKind.AZYGOS,
    }
)


def a_spine() -> tuple[Anatomy, dict[str, tuple[tuple[int, ...], Bools]]]:
    """Return six vertebrae, tumour, canal, cord, aorta, azygos and two ribs, and each mask's box."""
    column = a_vertebral_column(LEVELS, (SPACING_MM,) * 3, discs=False)
    ribs = column.of_kind(StructureKind.RIB)[:2]
    chosen = [s for s in column.structures if s.kind in KINDS or s in ribs]
    shift = tuple((SIDE - n) // 2 for n in column.grid.shape_kji)
    grid: Grid = column.grid.cropped((-shift[0], -shift[1], -shift[2]), (SIDE, SIDE, SIDE))
    placed, boxes = [], {}
    for structure in chosen:
        bounds = structure.mask.bounds_kji
        assert bounds is not None
        start, stop = bounds
        box = structure.mask.box(start, tuple(b - a for a, b in zip(start, stop, strict=True)))  # type: ignore[arg-type]
        there = tuple(a + s for a, s in zip(start, shift, strict=True))
        boxes[structure.id] = (there, box)
        mask = Mask(grid.shape_kji).with_box(there, box)  # type: ignore[arg-type]
        placed.append(
            Structure(structure.id, structure.kind, mask, structure.level, structure.side, structure.name)
        )
    return Anatomy(grid, tuple(placed)), boxes
