"""Contours on a lattice: inside by the even-odd rule, distances by an independent formula."""

import numpy as np

from planning.kernel.contour_fill import (
    Lattice,
    Slab,
    fill_slab,
    inside_contour,
    near_contour,
    points_inside,
    signed,
)

LATTICE = Lattice(-10.0, -8.0, 0.5, 0.25, 45, 70)
ANGLES = np.arange(10) * np.pi / 5 + 0.1
RADII = np.array([7.3, 2.9] * 5)
STAR = np.column_stack([RADII * np.cos(ANGLES), RADII * np.sin(ANGLES)])


def _points() -> np.ndarray:
    v, u = np.meshgrid(
        LATTICE.low_v + LATTICE.step_v * np.arange(LATTICE.rows),
        LATTICE.low_u + LATTICE.step_u * np.arange(LATTICE.columns),
        indexing="ij",
    )
    return np.stack([u, v], axis=-1)


def _turns(point: np.ndarray, polygon: np.ndarray) -> float:
    """Return the turns of the polygon round a point by adding up angles: an independent inside test."""
    rays = polygon - point
    angles = np.arctan2(rays[:, 1], rays[:, 0])
    steps = np.diff([*angles, angles[0]])
    return float(np.sum((steps + np.pi) % (2 * np.pi) - np.pi) / (2 * np.pi))


def test_a_star_is_filled_where_its_angles_say() -> None:
    points = _points()
    inside = inside_contour(STAR, LATTICE)
    wanted = np.array([abs(_turns(p, STAR)) > 0.5 for p in points.reshape(-1, 2)]).reshape(inside.shape)
    np.testing.assert_array_equal(inside, wanted)
    assert points_inside(points.reshape(-1, 2), STAR) == int(wanted.sum())


def test_two_halves_share_no_point_and_leave_none_out() -> None:
    """A rectangle whose edges run through lattice points, cut in two along such a line."""
    whole = np.array([(-4.0, -4.0), (5.0, -4.0), (5.0, 4.0), (-4.0, 4.0)])
    left = np.array([(-4.0, -4.0), (1.0, -4.0), (1.0, 4.0), (-4.0, 4.0)])
    right = np.array([(1.0, -4.0), (5.0, -4.0), (5.0, 4.0), (1.0, 4.0)])
    a, b, both = (inside_contour(c, LATTICE) for c in (left, right, whole))
    np.testing.assert_array_equal(a ^ b, both)
    assert not (a & b).any()
    assert int(both.sum()) == 18 * 32


def test_distances_near_the_contour_are_exact() -> None:
    distances = np.full((LATTICE.rows, LATTICE.columns), 2.0, np.float32)
    near_contour(distances, STAR, LATTICE, 2.0)
    share = np.linspace(0, 1, 4000)[:, None]
    fine = np.concatenate([a + share * (b - a) for a, b in zip(STAR, np.roll(STAR, -1, 0), strict=True)])
    points = _points().reshape(-1, 2)
    exact = np.array([np.sqrt(((fine - p) ** 2).sum(axis=1).min()) for p in points]).reshape(distances.shape)
    np.testing.assert_allclose(distances, np.minimum(exact, 2.0), atol=2e-3)


def test_between_two_planes_the_surface_runs_straight() -> None:
    """Circles of 6 and 3 mm, 3 mm apart: between them the radius falls by a millimetre a millimetre."""
    fields = []
    for radius in (6.0, 3.0):
        angle = np.arange(720) * np.pi / 360
        circle = radius * np.column_stack([np.cos(angle), np.sin(angle)])
        distances = np.full((LATTICE.rows, LATTICE.columns), 9.0, np.float32)
        near_contour(distances, circle, LATTICE, 9.0)
        fields.append(signed(inside_contour(circle, LATTICE), distances))
    voxels = np.zeros((30, 64, 64), bool)
    uvt = np.array([[0.25, 0, 0, -8.0], [0, 0.25, 0, -8.0], [0, 0, 0.1, 0.05]])
    fill_slab(voxels, uvt, Slab(0.0, 3.0, 0.0, 3.0, fields[0], fields[1]), LATTICE, 9.0)
    i = np.arange(64) * 0.25 - 8.0
    radial = np.hypot(i[None, :], i[:, None])
    for k in range(30):
        radius = 6.0 - (0.1 * k + 0.05)
        assert voxels[k][radial < radius - 0.05].all()
        assert not voxels[k][radial > radius + 0.05].any()
