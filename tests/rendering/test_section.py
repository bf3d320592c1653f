"""Sections of meshes and blades by planes, against shapes whose answer is known."""

import numpy as np
import pytest

from planning.geometry.blade import signed_area
from planning.geometry.mesh import Mesh
from rendering.blade_solid import (
    centre_lines,
    convex_parts,
    overshoot_edges,
    overshoot_lines,
    slab_mesh,
    slab_sections,
    triangulated,
)
from rendering.section import MeshSection, convex_hull, convex_section, dashed
from tests.rendering.drawing import a_blade, a_box

UP = (0.0, 0.0, 1.0)
NOTCHED = ((-10.0, 0.0), (10.0, 0.0), (10.0, 20.0), (0.0, 8.0), (-10.0, 20.0))


def _length(segments: np.ndarray) -> float:
    return float(np.linalg.norm(segments[:, 1] - segments[:, 0], axis=1).sum())


def _area(polygon: np.ndarray) -> float:
    middle = polygon.mean(axis=0)
    corners = polygon - middle
    return float(np.linalg.norm(np.cross(corners, np.roll(corners, -1, 0)), axis=1).sum() / 2)


@pytest.mark.parametrize("height", [-4.9, -1.0, 0.3, 4.9])
def test_a_box_is_cut_to_its_rectangle(height: float) -> None:
    segments = MeshSection(a_box((-3, -2, -5), (3, 2, 5)), UP).at(height)
    assert _length(segments) == pytest.approx(2 * (6 + 4), rel=1e-5)
    assert segments[:, :, 2] == pytest.approx(np.full(segments.shape[:2], height), abs=1e-5)


def test_a_plane_beside_the_mesh_gives_nothing() -> None:
    section = MeshSection(a_box((-3, -2, -5), (3, 2, 5)), UP)
    assert len(section.at(5.5)) == len(section.at(-5.5)) == 0


def test_a_tilted_cut_of_a_box_has_its_true_length() -> None:
    normal = np.array([0.0, np.sin(0.5), np.cos(0.5)])
    segments = MeshSection(a_box((-3, -2, -50), (3, 2, 50)), normal).at(0.0)
    assert _length(segments) == pytest.approx(2 * (6 + 4 / np.cos(0.5)), rel=1e-5)


def test_an_empty_mesh_has_no_section() -> None:
    empty = Mesh(np.empty((0, 3), np.float32), np.empty((0, 3), np.int32))
    assert len(MeshSection(empty, UP).at(0.0)) == 0


def test_convex_section_is_the_polygon_of_the_cut() -> None:
    corners = a_box((-3, -2, -5), (3, 2, 5)).vertices_lps_mm.astype(float)
    assert _area(convex_section(corners, UP, 1.0)) == pytest.approx(24.0)
    assert len(convex_section(corners, UP, 6.0)) == 0


def test_the_slab_is_closed_and_has_its_volume() -> None:
    assert slab_mesh(a_blade()).is_closed
    assert slab_mesh(a_blade()).volume_mm3 == pytest.approx(20 * 30 * 4, rel=1e-5)
    notched = slab_mesh(a_blade(footprint_mm=NOTCHED))
    assert notched.is_closed
    assert notched.volume_mm3 == pytest.approx((20 * 20 - 0.5 * 20 * 12) * 4, rel=1e-5)


def test_a_notched_footprint_is_divided_without_loss() -> None:
    outline = a_blade(footprint_mm=NOTCHED).outline_mm
    assert triangulated(outline).shape == (3, 3)
    flat = [np.column_stack([part, np.zeros(len(part))]) for part in convex_parts(outline)]
    assert sum(_area(part) for part in flat) == pytest.approx(20 * 20 - 0.5 * 20 * 12)


def test_a_blades_trace_is_as_thick_as_its_kerf() -> None:
    across = (1.0, 0.0, 0.0)
    (polygon,) = slab_sections(a_blade(), across, 3.0)
    assert np.ptp(polygon[:, 2]) == pytest.approx(4.0)
    assert np.ptp(polygon[:, 1]) == pytest.approx(30.0)
    assert slab_sections(a_blade(), across, 11.0) == ()
    assert _length(centre_lines(a_blade(), across, 3.0)) == pytest.approx(30.0)


def test_a_notch_parts_the_trace() -> None:
    # At depth 14 the two prongs are left: each 5 mm wide less the notch's slope.
    forward = (0.0, 1.0, 0.0)
    lines = centre_lines(a_blade(footprint_mm=NOTCHED), forward, 15.0 - 14.0)
    assert _length(lines) == pytest.approx(2 * (10 - 10 * (14 - 8) / 12))


def test_overshoot_lies_beyond_the_far_edge() -> None:
    blade = a_blade(overshoot_mm=3.0)
    edges = blade.to_local(overshoot_edges(blade))
    assert edges[..., 1].min() == pytest.approx(30.0)
    assert edges[..., 1].max() == pytest.approx(33.0)
    assert _length(edges) == pytest.approx(20 + 2 * 3)
    line = blade.to_local(overshoot_lines(blade, (1.0, 0.0, 0.0), 2.0))
    assert sorted(line[0, :, 1]) == pytest.approx([30.0, 33.0])
    assert len(overshoot_edges(a_blade())) == len(overshoot_lines(a_blade(), UP, 0.0)) == 0


def test_dashes_keep_to_the_line() -> None:
    dashes = dashed([[[0, 0, 0], [10, 0, 0]]], 2.0, 1.0)
    assert dashes[:, :, 0].tolist() == [[0, 2], [3, 5], [6, 8], [9, 10]]
    assert len(dashed(np.empty((0, 2, 3)), 1.0, 1.0)) == 0


def test_a_comb_is_few_convex_parts_that_fill_it_exactly() -> None:
    teeth = 4
    top = [
        point
        for n in range(teeth)
        for point in ((2.0 * n, 5.0), (2.0 * n + 1.0, 5.0), (2.0 * n + 1.0, 1.0), (2.0 * n + 2.0, 1.0))
    ]
    outline = np.array([*top[::-1], (0.0, 0.0), (8.0, 0.0)])
    parts = convex_parts(outline)
    assert len(parts) <= 2 * teeth
    assert sum(signed_area(part) for part in parts) == pytest.approx(teeth * 4.0 + 8.0)
    for part in parts:
        assert len(convex_hull(part)) >= 3
        hull = part[convex_hull(part)]
        assert signed_area(hull) == pytest.approx(signed_area(part))
