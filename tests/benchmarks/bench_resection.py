"""Pieces of a resection: from the plan's blades to pieces, links and volumes on a full-size field.

The peer does the plain thing with the same masks and blades: kerf voxels cleared by numpy over the
whole field, `scipy.ndimage.label` bone by bone, volumes by counting. It finds no links, knows no thin
kerf and no partial volume. Goal: a moved blade under 1 s.
"""

from dataclasses import replace
from statistics import median
from time import perf_counter

import numpy as np
from scipy import ndimage

from planning.geometry.frames import Floats
from planning.kernel import threads
from planning.model.plan import Plan
from planning.progress import silent
from planning.resection.margin_map import specimen_margins
from planning.resection.pieces import Resection
from planning.resection.resect import resect
from planning.resection.tissue import Tissue
from tests.builders import a_plan, a_vertebral_column

SPACING_MM = (0.6, 0.6, 0.6)
RUNS = 3


def main() -> None:
    """Print our times for a first and a moved blade, the peer's, and their ratio."""
    threads.start()
    anatomy = a_vertebral_column(spacing_ijk_mm=SPACING_MM)
    plan = a_plan()
    resect(a_vertebral_column(), plan, silent)  # compiles
    start = perf_counter()
    known = resect(anatomy, plan, silent)
    first_s = perf_counter() - start
    moved_s = median(_moved(known, plan, by_mm) for by_mm in (0.5, 1.0, -0.5)[:RUNS])
    start = perf_counter()
    specimen_margins(known, anatomy, plan, silent)
    margins_s = perf_counter() - start
    assert known.ground is not None
    peer_s = median(_peer(known.ground.tissue, plan) for _ in range(RUNS))
    voxels = np.prod(known.grid.shape_kji) / 1e6
    print(f"{voxels:.1f} M voxels, {len(known.ground.tissue.bones)} bones, {len(plan.osteotomies)} blades")
    print(f"EnBloc, first time    {first_s:6.2f} s (joints and axes found)")
    print(f"EnBloc, moved blade   {moved_s:6.2f} s (goal 1 s)")
    print(f"EnBloc, margins       {margins_s:6.2f} s")
    print(f"peer                  {peer_s:6.2f} s (no links, no partial volume)")
    print(f"ratio                 {peer_s / moved_s:6.1f}x")


def _moved(known: Resection, plan: Plan, by_mm: float) -> float:
    cut = plan.osteotomies[0]
    moved = replace(cut, blade=cut.blade.moved((0.0, 0.0, by_mm)))
    changed = replace(plan, osteotomies=(moved, *plan.osteotomies[1:]))
    assert known.ground is not None
    start = perf_counter()
    resect(known.ground.anatomy, changed, silent, known)
    return perf_counter() - start


def _peer(tissue: Tissue, plan: Plan) -> float:
    start = perf_counter()
    kerf = np.zeros(tissue.grid.shape_kji, dtype=bool)
    k, j, i = np.indices(tissue.grid.shape_kji, dtype=np.float32)
    for osteotomy in plan.osteotomies:
        blade = osteotomy.blade
        frame: Floats = blade.axes @ tissue.grid.lps_from_ijk[:3, :3]
        shift = blade.to_local(tissue.grid.origin_lps_mm)
        a, b, n = (f[0] * i + f[1] * j + f[2] * k + s for f, s in zip(frame, shift, strict=True))
        inside = (np.abs(a) <= blade.width_mm / 2) & (b >= 0) & (b <= blade.depth_mm)
        kerf |= inside & (np.abs(n) <= max(blade.kerf_mm, *SPACING_MM) / 2)
    for number in range(1, len(tissue.bones) + 1):
        labels, count = ndimage.label((tissue.tissue_kji == number) & ~kerf)
        ndimage.sum_labels(np.ones_like(labels), labels, range(1, count + 1))
    return perf_counter() - start


if __name__ == "__main__":
    main()
