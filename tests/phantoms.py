"""A spine whose every shape has a formula: local millimetres, x left, y posterior, z superior.

One vertebra takes 28 mm: body 22 mm high (elliptic cylinder, half axes 16 and 12 mm), disc 6 mm.
The canal is a cylinder of radius 8 mm behind the body; pedicles, lamina, facets, spinous and
transverse processes are boxes and a half ring; ribs are tubes of radius 4 mm.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planning.geometry.blade import rotation_matrix
from planning.model.structures import Side, StructureKind

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Shape = Callable[[Floats, Floats, Floats], Bools]

PERIOD_MM = 28.0
BODY_HEIGHT_MM = 22.0
HALF_WIDTH_MM = 16.0
HALF_DEPTH_MM = 12.0
CANAL_Y_MM = 20.0
CANAL_RADIUS_MM = 8.0
CORD_RADIUS_MM = 4.5
DISC_HEIGHT_MM = PERIOD_MM - BODY_HEIGHT_MM


@dataclass(frozen=True)
class Pose:
    """A rigid motion: turned about the origin, then shifted; `mirrored` swaps left and right first."""

    axis: tuple[float, float, float] = (0.0, 0.0, 1.0)
    angle_deg: float = 0.0
    shift_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    mirrored: bool = False

    @property
    def matrix(self) -> Floats:
        """3x3, local to LPS (before the shift)."""
        mirror = np.diag([-1.0 if self.mirrored else 1.0, 1.0, 1.0])
        return np.asarray(rotation_matrix(self.axis, self.angle_deg) @ mirror)

    def point(self, local_mm: Any) -> Floats:
        """Map local points, shape (..., 3), to LPS."""
        return np.asarray(np.asarray(local_mm, dtype=np.float64) @ self.matrix.T + np.asarray(self.shift_mm))

    def direction(self, local: Any) -> Floats:
        """Map a local direction to LPS."""
        return np.asarray(np.asarray(local, dtype=np.float64) @ self.matrix.T)

    def local(self, lps_mm: Any) -> Floats:
        """Map LPS points to local ones."""
        return np.asarray((np.asarray(lps_mm, dtype=np.float64) - np.asarray(self.shift_mm)) @ self.matrix)


STRAIGHT = Pose()


@dataclass(frozen=True)
class Ball:
    """A ball-shaped tumour in local millimetres."""

    centre_mm: tuple[float, float, float]
    radius_mm: float

    def __call__(self, x: Floats, y: Floats, z: Floats) -> Bools:
        """Say which points lie inside."""
        cx, cy, cz = self.centre_mm
        return np.asarray((x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2 <= self.radius_mm**2)


@dataclass(frozen=True)
class Part:
    """One structure of the phantom, before it is put on a grid."""

    kind: StructureKind
    shape: Shape
    z_range_mm: tuple[float, float]
    level: str | None = None
    side: Side | None = None
    name: str | None = None


def box(x: tuple[float, float], y: tuple[float, float], z: tuple[float, float]) -> Shape:
    """Return an axis-parallel box in local millimetres."""

    def inside(px: Floats, py: Floats, pz: Floats) -> Bools:
        return np.asarray(
            (px >= x[0]) & (px < x[1]) & (py >= y[0]) & (py < y[1]) & (pz >= z[0]) & (pz < z[1])
        )

    return inside


def ellipse(
    z: tuple[float, float], half_x: float, half_y: float, centre: tuple[float, float] = (0, 0)
) -> Shape:
    """Return an elliptic cylinder along z."""

    def inside(px: Floats, py: Floats, pz: Floats) -> Bools:
        round_ = ((px - centre[0]) / half_x) ** 2 + ((py - centre[1]) / half_y) ** 2 <= 1
        return np.asarray(round_ & (pz >= z[0]) & (pz < z[1]))

    return inside


def tube(points: tuple[tuple[float, float, float], ...], radius: float) -> Shape:
    """Return everything within `radius` of a polyline."""

    def inside(px: Floats, py: Floats, pz: Floats) -> Bools:
        p = np.stack([px, py, pz], -1)
        near = np.zeros(px.shape, dtype=bool)
        for a, b in zip(np.array(points[:-1]), np.array(points[1:]), strict=True):
            t = np.clip((p - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
            near |= ((p - a - t[..., None] * (b - a)) ** 2).sum(-1) <= radius**2
        return near

    return inside


def union(*shapes: Shape) -> Shape:
    """Return everything inside any of the shapes."""

    def inside(px: Floats, py: Floats, pz: Floats) -> Bools:
        return np.asarray(np.logical_or.reduce([shape(px, py, pz) for shape in shapes]))

    return inside


def vertebra(zc: float, thoracic: bool) -> Shape:
    """Return a vertebra whose body is centred at height `zc`: body, pedicles, arch and processes."""

    def lamina(px: Floats, py: Floats, pz: Floats) -> Bools:
        r = np.hypot(px, py - CANAL_Y_MM)
        return np.asarray(
            (r > CANAL_RADIUS_MM) & (r <= 14) & (py > CANAL_Y_MM) & (pz >= zc - 6) & (pz < zc + 10)
        )

    shapes: list[Shape] = [ellipse((zc - 11, zc + 11), HALF_WIDTH_MM, HALF_DEPTH_MM), lamina]
    shapes.append(box((-3, 3), (32, 48), (zc - 8, zc + 4)))
    for low, high in ((9, 13), (-13, -9)):
        pedicle = (8, 14) if low > 0 else (-14, -8)
        transverse = (12, 26) if low > 0 else (-26, -12)
        shapes.append(box(pedicle, (6, 22), (zc + 2, zc + 10)))
        shapes.append(box((low, high), (22, 27), (zc + 8, zc + 18)))
        shapes.append(box((low, high), (28, 33), (zc - 16, zc - 4)))
        if thoracic:
            shapes.append(box(transverse, (22, 28), (zc + 2, zc + 9)))
    return union(*shapes)


def rib(zc: float, sign: float) -> Shape:
    """Return a rib: head beside the body, tubercle before the transverse process, then outwards."""
    course = ((17, 8, 5), (28, 17, 5), (45, 22, 2), (60, 15, -4))
    return tube(tuple((sign * x, y, zc + z) for x, y, z in course), 4.0)


def column(levels: tuple[str, ...], discs: bool, ribs: bool) -> Iterator[Part]:
    """Yield the parts of a spine whose first level is centred at z = 0, the others below."""
    last = len(levels) - 1
    for n, level in enumerate(levels):
        zc = -PERIOD_MM * n
        yield Part(StructureKind.VERTEBRA, vertebra(zc, level.startswith("T")), (zc - 17, zc + 19), level)
        if discs and n < last:
            z = (zc - 11 - DISC_HEIGHT_MM, zc - 11)
            yield Part(StructureKind.DISC, ellipse(z, HALF_WIDTH_MM, HALF_DEPTH_MM), z, level)
        if ribs and level.startswith("T"):
            z = (zc - 9, zc + 10)
            yield Part(StructureKind.RIB, rib(zc, 1.0), z, level, "left")
            yield Part(StructureKind.RIB, rib(zc, -1.0), z, level, "right")
    z = (-PERIOD_MM * last - 60, 60.0)
    canal = (0.0, CANAL_Y_MM)
    yield Part(StructureKind.SPINAL_CANAL, ellipse(z, CANAL_RADIUS_MM, CANAL_RADIUS_MM, canal), z)
    yield Part(StructureKind.SPINAL_CORD, ellipse(z, CORD_RADIUS_MM, CORD_RADIUS_MM, canal), z)
    yield Part(StructureKind.AORTA, ellipse(z, 10.0, 10.0, (14.0, -24.0)), z)
    yield Part(StructureKind.AZYGOS, ellipse(z, 3.0, 3.0, (-8.0, -17.0)), z)
