"""Structure sets written by hand become the volumes that closed form demands."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from planning.errors import LabelsRefused
from planning.geometry.frames import Grid
from planning.imaging.intake import LabelImport, Onto
from planning.imaging.structure_import import import_structures
from planning.kernel.process import Worker
from planning.model.structures import StructureKind
from planning.model.study import Severity
from tests.imaging import phantom
from tests.imaging.seg_files import Region, onto, write_rtstruct

Points = NDArray[np.float64]
GRID = phantom.a_grid(np.eye(3), (40, 60, 60), (0.7, 0.7, 1.0))
# Off the lattice's symmetry, or the number of voxels in a circle would be off by it.
MIDDLE = phantom.MIDDLE + np.array([0.13, 0.22, 0.0])


def _ring(radius: float, at: float, axes: Points | None = None, n: int = 180, shift: float = 0.0) -> Points:
    """Return a circle round the phantom's middle in the plane at a place along the third axis."""
    frame = np.eye(3) if axes is None else axes
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    local = np.column_stack([radius * np.cos(angle) + shift, radius * np.sin(angle), np.full(n, at)])
    return np.asarray(MIDDLE + local @ frame.T)


def _area(n: int = 180) -> float:
    """Return the area of the polygon of n corners in a circle of radius 1."""
    return float(n / 2 * np.sin(2 * np.pi / n))


def _slices(grid: Grid = GRID) -> Points:
    """Return the places of the grid's slices relative to the middle."""
    return np.asarray([grid.to_lps((0, 0, k))[2] - MIDDLE[2] for k in range(grid.shape_kji[0])])


def _import(
    folder: Path, worker: Worker, regions: Sequence[Region], target: Onto | None = None
) -> LabelImport:
    path = write_rtstruct(folder / "rs.dcm", regions)
    return import_structures(path, None, target or onto(GRID), worker=worker)


def _volume(found: LabelImport, n: int = 0, grid: Grid = GRID) -> float:
    return found.structures[n].mask.count * grid.voxel_volume_mm3


def test_a_cylinder_on_the_slices_has_its_volume_and_every_voxel_is_right(
    tmp_path: Path, worker: Worker
) -> None:
    places = _slices()[5:30]
    found = _import(tmp_path, worker, [Region("Aorta", [_ring(12.0, at) for at in places])])
    (aorta,) = found.structures
    assert aorta.kind is StructureKind.AORTA
    centres = phantom.centres(GRID) - MIDDLE
    inside = np.hypot(centres[..., 0], centres[..., 1])
    wanted = (inside < 12.0) & (np.abs(centres[..., 2] - places.mean()) < 12.4)
    # The polygon lies within 0.002 mm of the circle: voxels nearer to it than that are not asked.
    clear = np.abs(inside - 12.0) > 0.002
    np.testing.assert_array_equal(aorta.mask.to_array()[clear], wanted[clear])
    assert _volume(found) == pytest.approx(_area() * 12.0**2 * 25.0, rel=0.005)
    assert found.findings == ()


@pytest.mark.parametrize("how", ["nested", "xor", "keyhole"])
def test_an_annulus_has_its_hole_however_it_is_drawn(tmp_path: Path, worker: Worker, how: str) -> None:
    places = _slices()[5:30]
    contours: list[Points] = []
    for at in places:
        outer, inner = _ring(14.0, at), _ring(6.0, at)
        if how == "keyhole":
            contours.append(np.concatenate([outer, outer[:1], inner[:1], inner[::-1], outer[:1]]))
        else:
            contours += [inner, outer]
    kind = "CLOSEDPLANAR_XOR" if how == "xor" else "CLOSED_PLANAR"
    found = _import(tmp_path, worker, [Region("Trachea", contours, kind)])
    assert _volume(found) == pytest.approx(_area() * (14.0**2 - 6.0**2) * 25.0, rel=0.005)
    centre = np.round(GRID.to_ijk(MIDDLE)).astype(int)
    assert not found.structures[0].mask.to_array()[15, centre[1], centre[0]]
    assert [f.code for f in found.findings] == (["CONTOUR_HOLES"] if how == "nested" else [])


def test_an_island_in_a_hole_is_there_again_and_overlapping_parts_are_joined(
    tmp_path: Path, worker: Worker
) -> None:
    places = _slices()[5:30]
    rings = [_ring(r, at) for at in places for r in (14.0, 9.0, 4.0)]
    pair = [_ring(6.0, at, shift=s) for at in places for s in (-3.0, 3.0)]
    found = _import(tmp_path, worker, [Region("a", rings), Region("b", pair)])
    assert _volume(found) == pytest.approx(_area() * (14.0**2 - 9.0**2 + 4.0**2) * 25.0, rel=0.01)
    lens = 2 * 36.0 * np.arccos(0.5) - 3.0 * np.sqrt(4 * 36.0 - 36.0)
    assert _volume(found, 1) == pytest.approx((2 * np.pi * 36.0 - lens) * 25.0, rel=0.01)
    overlap = next(f for f in found.findings if f.code == "CONTOUR_OVERLAP")
    assert overlap.message.endswith("joined: b.")


@pytest.mark.parametrize("gap", [1.37, 2.0, 3.0])
def test_a_sphere_drawn_between_the_slices_keeps_its_volume(
    tmp_path: Path, worker: Worker, gap: float
) -> None:
    """Contours every `gap` mm, none on a slice; both caps end half a gap beyond the last contour."""
    radius = 12.0
    places = np.arange(-radius + gap / 2, radius, gap)
    contours = [_ring(float(np.sqrt(radius**2 - at**2)), float(at)) for at in places]
    found = _import(tmp_path, worker, [Region("GTV", contours, interpreted="GTV")])
    (tumour,) = found.structures
    assert tumour.kind is StructureKind.TUMOUR
    assert _volume(found) == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.03)
    distance = np.linalg.norm(phantom.centres(GRID) - MIDDLE, axis=-1)
    mask = tumour.mask.to_array()
    assert distance[mask].max() < radius + 0.5 * gap
    assert distance[~mask].min() > radius - 0.5 * gap
    # Half way up the contours' slope is followed: slabs without mixing would be off by a third of a gap.
    belt = np.abs(phantom.centres(GRID)[..., 2] - MIDDLE[2]) < 0.6 * radius
    assert distance[mask & belt].max() < radius + 0.12 * gap
    assert distance[~mask & belt].min() > radius - 0.12 * gap
    assert tumour.effective_resolution_mm == (pytest.approx(gap) if gap > 1.01 else None)


@pytest.mark.parametrize("turn_deg", [20.0, 71.0])
def test_contours_in_tilted_planes_keep_volume_and_place(
    tmp_path: Path, worker: Worker, turn_deg: float
) -> None:
    c, s = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    axes = np.array([[1, 0, 0], [0, c, -s], [0, s, c]]) @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    places = np.arange(-8.5, 9.0, 1.0)
    found = _import(tmp_path, worker, [Region("cord", [_ring(7.0, float(at), axes) for at in places])])
    assert _volume(found) == pytest.approx(_area() * 49.0 * 18.0, rel=0.015)
    local = (phantom.centres(GRID) - MIDDLE) @ axes
    mask = found.structures[0].mask.to_array()
    radial, along = np.hypot(local[..., 0], local[..., 1]), np.abs(local[..., 2])
    assert radial[mask].max() < 7.02
    assert along[mask].max() <= 9.0 + 1e-6
    deep = (radial < 6.98) & (along < 9.0 - 1e-6)
    assert mask[deep].all()


@pytest.mark.parametrize("directions", phantom.RIGHT_HANDED[::3])
def test_every_way_the_image_lies_gives_the_same_place(
    tmp_path: Path, worker: Worker, directions: NDArray[np.float64]
) -> None:
    grid = phantom.a_grid(directions, (40, 40, 40), (0.9, 0.9, 0.9))
    places = np.arange(-5.0, 6.0, 2.0)
    contours = [_ring(8.0 - 0.5 * at, float(at), shift=3.0) for at in places]
    found = _import(tmp_path, worker, [Region("kidney_left", contours)], onto(grid))
    mask = found.structures[0].mask.to_array()
    middle = phantom.centres(grid)[mask].mean(axis=0) - MIDDLE
    radii = 8.0 - 0.5 * np.arange(-5.9, 6.0, 0.1)
    height = (np.arange(-5.9, 6.0, 0.1) * radii**2).sum() / (radii**2).sum()
    np.testing.assert_allclose(middle, (3.0, 0.0, height), atol=0.15)


def test_one_missing_plane_is_bridged_and_a_wide_gap_is_left_open(tmp_path: Path, worker: Worker) -> None:
    places = _slices()
    one = [_ring(8.0, at) for n, at in enumerate(places[5:25]) if n != 9]
    two = [_ring(8.0, at) for n, at in enumerate(places[5:25]) if not 6 <= n < 12]
    found = _import(tmp_path, worker, [Region("a", one), Region("b", two)])
    disc = _area() * 64.0
    assert _volume(found) == pytest.approx(disc * 20, rel=0.01)
    assert _volume(found, 1) == pytest.approx(disc * 14, rel=0.01)
    said = {f.code: f for f in found.findings}
    assert "bridged: a." in said["CONTOUR_BRIDGED"].message
    assert "left empty: b." in said["CONTOUR_GAP"].message
    assert said["CONTOUR_GAP"].severity is Severity.WARN


def test_what_is_no_closed_flat_contour_is_named_and_left_out(tmp_path: Path, worker: Worker) -> None:
    places = _slices()[5:15]
    good = [_ring(8.0, at) for at in places]
    bent = _ring(8.0, places[3])
    bent[:, 2] += np.linspace(0, 3, len(bent))
    regions = [
        Region("SpinalCord", good),
        Region("Isocentre", [MIDDLE[None]], "POINT"),
        Region("axis", [_ring(4.0, 0.0)], "OPEN_PLANAR"),
        Region("nothing", []),
        Region("T10", [*good, bent]),
        Region("PTV", [*good, *good]),
        Region("flat", [_ring(5.0, places[4])]),
    ]
    found = _import(tmp_path, worker, regions)
    kinds = [(s.kind.value, s.level) for s in found.structures]
    assert kinds == [("spinal_cord", None), ("vertebra", "T10"), ("other", None), ("other", None)]
    said = {f.code: f.message for f in found.findings}
    assert "Isocentre, axis" in said["NOT_CLOSED"]
    assert said["EMPTY_STRUCTURE"].endswith("assessed: nothing.")
    assert "left out of: T10" in said["CONTOUR_TILTED"]
    assert said["CONTOUR_TWIN"].endswith("once: PTV.")
    assert said["CONTOUR_ONE_PLANE"].endswith("slice: flat.")
    counts = [s.mask.count for s in found.structures]
    assert counts[1] == counts[2] == counts[0]
    assert found.structures[3].mask.bounds_kji is not None
    assert found.origins[0].colour_rgb == (255, 0, 0)


def test_regions_of_another_place_or_patient_are_refused(tmp_path: Path, worker: Worker) -> None:
    far = [_ring(8.0, at, shift=300.0) for at in _slices()[5:15]]
    with pytest.raises(LabelsRefused) as refused:
        _import(tmp_path, worker, [Region("a", far)])
    assert refused.value.code == "LABELS_OUTSIDE"
    good = [Region("a", [_ring(8.0, at) for at in _slices()[5:15]])]
    for frame, change, code in (
        ("1.9", None, "OTHER_FRAME"),
        ("1.2.3.3", lambda d: setattr(d, "PatientID", "P9"), "OTHER_PATIENT"),
    ):
        path = write_rtstruct(tmp_path / "x.dcm", good, frame, change)
        with pytest.raises(LabelsRefused) as refused:
            import_structures(path, None, onto(GRID), worker=worker)
        assert refused.value.code == code


def test_a_region_partly_outside_is_cut_off_and_its_share_told(tmp_path: Path, worker: Worker) -> None:
    step = float(_slices()[1] - _slices()[0])
    places = [_slices()[0] + n * step for n in range(-4, 12)]
    found = _import(tmp_path, worker, [Region("a", [_ring(8.0, at) for at in places])])
    assert found.origins[0].outside == pytest.approx(4 / 16, abs=1e-9)
    (finding,) = [f for f in found.findings if f.code == "LABELS_PARTLY_OUTSIDE"]
    assert "25 %" in finding.message


def test_the_same_frame_may_reach_far_beyond_a_range_of_slices(tmp_path: Path, worker: Worker) -> None:
    """An image cut down to some slices still takes what was drawn on the whole of it; unproven is refused."""
    step = float(_slices()[1] - _slices()[0])
    places = [_slices()[0] + n * step for n in range(-60, 10)]
    regions = [
        Region("a", [_ring(8.0, at) for at in places]),
        Region("b", [_ring(3.0, at) for at in places[:20]]),
    ]
    found = _import(tmp_path, worker, regions)
    assert found.origins[0].outside == pytest.approx(60 / 70)
    assert len(found.structures) == 1
    assert "b has no voxel" in next(f.message for f in found.findings if f.code == "EMPTY_STRUCTURE")
    with pytest.raises(LabelsRefused) as refused:
        _import(tmp_path, worker, regions, Onto(GRID))
    assert refused.value.code == "LABELS_OUTSIDE"


def test_damaged_numbers_leave_one_contour_out_and_say_so(tmp_path: Path, worker: Worker) -> None:
    def spoil(dataset: Dataset) -> None:
        contour = dataset.ROIContourSequence[0].ContourSequence[2]
        contour.ContourData = ["1e30", *contour.ContourData[1:]]

    path = write_rtstruct(
        tmp_path / "a.dcm", [Region("a", [_ring(8.0, at) for at in _slices()[5:15]])], change=spoil
    )
    found = import_structures(path, None, onto(GRID), worker=worker)
    assert {"DAMAGED_CONTOUR", "CONTOUR_BRIDGED"} <= {f.code for f in found.findings}
