"""Touches every compiled kernel of the resection once, so that nobody waits at the first evaluation."""

from dataclasses import replace

import numpy as np

from planning.geometry.blade import Blade
from planning.geometry.frames import Grid
from planning.model.anatomy import Anatomy
from planning.model.mask import Mask
from planning.model.osteotomy import Osteotomy, OsteotomyKind
from planning.model.plan import Plan
from planning.model.structures import Structure, StructureKind
from planning.progress import silent
from planning.resection.margin_map import specimen_margins
from planning.resection.resect import resect

_SIDE = 16


def touch_every_kernel() -> None:
    """Cut one of three blocks off, with a tumour in it and an island beside it."""
    empty = Mask((_SIDE,) * 3)
    blocks = [
        Structure(
            f"block-{level}", StructureKind.VERTEBRA, empty.with_box(start, np.ones((4, 8, 8), bool)), level
        )
        for level, start in (("T9", (11, 4, 4)), ("T10", (6, 4, 4)), ("T11", (1, 4, 4)))
    ]
    island = blocks[0].mask.with_box((11, 13, 4), np.ones((2, 2, 8), bool))
    blocks[0] = replace(blocks[0], mask=island)
    tumour = Structure("tumour", StructureKind.TUMOUR, empty.with_box((7, 6, 6), np.ones((2, 2, 2), bool)))
    anatomy = Anatomy(Grid((_SIDE,) * 3, np.eye(4)), (*blocks, tumour))
    blade = Blade((7.5, 0.0, 10.0), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0), 15.0, 15.0, 1.0)
    cut = Osteotomy("cut", OsteotomyKind.DISC, "saw", blade, "Cut")
    plan = Plan(target_levels=("T10",), tumour="tumour", osteotomies=(cut,))
    specimen_margins(resect(anatomy, plan, silent), anatomy, plan, silent)
