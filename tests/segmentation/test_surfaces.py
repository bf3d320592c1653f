import threading
from dataclasses import replace

import numpy as np
import pytest

from planning.kernel.process import Worker
from planning.kernel.surface import Smoothing, surface_of
from planning.model.anatomy import Anatomy
from planning.model.mask import Mask
from planning.model.structures import Structure, StructureKind
from planning.progress import Cancelled, silent
from planning.segmentation import surfaces as module
from planning.segmentation.surfaces import smoothing_of, surfaces_of
from tests.builders import a_vertebral_column


@pytest.fixture(scope="module")
def anatomy() -> Anatomy:
    return a_vertebral_column(levels=("T9", "T10", "T11"), spacing_ijk_mm=(1.5, 1.5, 2.0))


def test_every_structure_has_a_closed_surface_of_its_volume(anatomy: Anatomy) -> None:
    surfaces = surfaces_of(anatomy)
    assert [s.structure_id for s in surfaces.surfaces] == [s.id for s in anatomy.structures]
    for structure in anatomy.structures:
        mesh = surfaces.mesh(structure.id)
        assert mesh is not None
        assert mesh.is_closed
        volume = structure.mask.count * anatomy.grid.voxel_volume_mm3
        assert mesh.volume_mm3 == pytest.approx(volume, rel=0.06)
        assert surfaces.by_id[structure.id].fidelity.is_true
    assert surfaces.fits(anatomy)


def test_unchanged_masks_keep_their_surfaces_and_changed_ones_do_not(anatomy: Anatomy) -> None:
    known = surfaces_of(anatomy)
    aorta = next(s for s in anatomy.structures if s.kind is StructureKind.AORTA)
    voxels = aorta.mask.to_array()
    voxels[: len(voxels) // 2] = False
    changed = replace(
        anatomy,
        structures=tuple(
            replace(s, mask=Mask.from_array(voxels)) if s is aorta else s for s in anatomy.structures
        ),
    )
    assert not known.fits(changed)
    again = surfaces_of(changed, silent, known)
    for structure in anatomy.structures:
        same = again.mesh(structure.id) is known.mesh(structure.id)
        assert same == (structure is not aorta)


def test_a_renamed_structure_keeps_its_surface(anatomy: Anatomy) -> None:
    known = surfaces_of(anatomy)
    first = anatomy.structures[0]
    renamed = replace(anatomy, structures=(replace(first, id="other"), *anatomy.structures[1:]))
    assert surfaces_of(renamed, silent, known).mesh("other") is known.mesh(first.id)


def test_an_empty_structure_has_no_surface(anatomy: Anatomy) -> None:
    empty = Structure("empty", StructureKind.AZYGOS, Mask(anatomy.grid.shape_kji))
    surfaces = surfaces_of(replace(anatomy, structures=(*anatomy.structures[:1], empty)))
    assert surfaces.mesh("empty") is None
    assert len(surfaces.surfaces) == 1


def test_vessels_and_cord_are_smoothed_less_than_bone() -> None:
    for kind in (StructureKind.SEGMENTAL_ARTERY, StructureKind.SPINAL_CORD, StructureKind.NERVE_ROOT):
        assert smoothing_of(kind) is Smoothing.FINE
    for kind in (StructureKind.VERTEBRA, StructureKind.TUMOUR):
        assert smoothing_of(kind) is Smoothing.BROAD


def test_with_a_worker_no_mesh_is_simplified_in_this_process(
    anatomy: Anatomy, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = surfaces_of(anatomy)

    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("planning.kernel.surface.fast_simplification.simplify", refuse)
    worker = Worker()
    try:
        there = surfaces_of(anatomy, silent, None, worker)
    finally:
        worker.close()
    for one, other in zip(here.surfaces, there.surfaces, strict=True):
        assert np.array_equal(one.mesh.vertices_lps_mm, other.mesh.vertices_lps_mm)


def test_surfaces_are_made_off_the_calling_thread_and_can_be_cancelled(
    anatomy: Anatomy, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_on: set[str] = set()
    plain = surface_of

    def watched(*arguments: object) -> object:
        made_on.add(threading.current_thread().name)
        return plain(*arguments)  # type: ignore[arg-type]

    def stop(fraction: float, message: str, /) -> None:
        raise Cancelled

    monkeypatch.setattr(module, "surface_of", watched)
    with pytest.raises(Cancelled):
        surfaces_of(anatomy, stop)
    assert threading.current_thread().name not in made_on
    assert made_on
