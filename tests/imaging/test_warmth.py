"""After warming, real imports compile nothing more."""

from pathlib import Path

import numpy as np

from planning.geometry.frames import Grid
from planning.imaging.intake import Onto
from planning.imaging.structure_import import import_structures
from planning.imaging.warmth import touch_every_kernel
from planning.kernel import contour_fill, mesh_fill
from planning.kernel.process import Worker
from tests.imaging.seg_files import Region, onto, write_rtstruct
from tests.imaging.surface_files import ball, place, stl

GRID = Grid.from_axes((50, 50, 50), (-10.0, -10.0, -10.0), np.eye(3), (0.9, 0.9, 0.9))


def _compiled() -> dict[str, int]:
    kernels = {**vars(contour_fill), **vars(mesh_fill)}
    return {name: len(k.signatures) for name, k in kernels.items() if hasattr(k, "signatures")}


def test_every_kernel_of_the_importers_is_touched(worker: Worker, tmp_path: Path) -> None:
    touch_every_kernel()
    before = _compiled()
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    rings = [
        np.column_stack([r * np.cos(angle) + 9, r * np.sin(angle) + 9, np.full(40, at)])
        for at in (2.0, 4.0, 6.0)
        for r in (8.0, 3.0)
    ]
    path = write_rtstruct(tmp_path / "a.dcm", [Region("a", rings)])
    import_structures(path, None, onto(GRID), worker=worker)
    mesh = ball()
    for name, faces in (("closed.stl", mesh.triangles), ("open.stl", mesh.triangles[5:])):
        (tmp_path / name).write_bytes(stl(place(mesh), faces))
        import_structures(tmp_path / name, None, Onto(GRID), worker=worker)
    assert _compiled() == before
    for name in ("inside_contour", "points_inside", "near_contour", "fill_slab", "_count", "_summed"):
        assert before[name] >= 1, name
