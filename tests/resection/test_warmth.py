"""After warming, a real resection compiles nothing more."""

from planning.kernel import slab_volume, voxel_graph
from planning.progress import silent
from planning.resection.resect import resect
from planning.resection.warmth import touch_every_kernel
from tests.builders import a_plan, a_vertebral_column


def compiled() -> dict[str, int]:
    kernels = {**vars(voxel_graph), **vars(slab_volume)}
    return {name: len(k.signatures) for name, k in kernels.items() if hasattr(k, "signatures")}


def test_every_kernel_of_the_resection_is_touched() -> None:
    touch_every_kernel()
    before = compiled()
    resect(a_vertebral_column(spacing_ijk_mm=(2.0, 2.0, 2.0)), a_plan(), silent)
    assert compiled() == before
    assert before["volumes_of"] >= 1
    assert before["renamed"] >= 1
