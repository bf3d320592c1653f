"""The blade of one osteotomy and the slab it sweeps (INTERCHANGE section 2)."""

import math
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planning.errors import PlanInvalid
from planning.geometry.frames import UNIT_TOLERANCE, Floats, Vec3, cross, unit, vec3
from planning.texts import mark

Footprint = tuple[tuple[float, float], ...]
MIN_SIZE_MM = 0.1
MAX_SIZE_MM = 500.0
# Ten metres: nothing of a patient lies further from the scanner's middle.
MAX_PLACE_MM = 10_000.0
MAX_FOOTPRINT_POINTS = 2000
_SHAPES_KEPT = 256


@dataclass(frozen=True)
class Blade:
    """A flat tool's region and thickness.

    Parameters
    ----------
    origin_lps_mm : Vec3
        Middle of the entry edge.
    normal_lps, advance_lps : Vec3
        Unit vectors (length 1 +- 1e-6), at right angles (+- 1e-6). `advance` is the way the tool travels.
    width_mm, depth_mm : float
        The rectangle: a in [-width/2, width/2] along `across`, b in [0, depth] along `advance`.
    kerf_mm, overshoot_mm : float
        Thickness of the slab along `normal`; how far the tool may run on past its far edge.
    footprint_mm : tuple of (a, b), optional
        Simple polygon the rectangle is cut down to.

    Raises
    ------
    PlanInvalid
        Naming the key that breaks the contract.
    """

    origin_lps_mm: Vec3
    normal_lps: Vec3
    advance_lps: Vec3
    width_mm: float
    depth_mm: float
    kerf_mm: float
    overshoot_mm: float = 0.0
    footprint_mm: Footprint | None = None

    def __post_init__(self) -> None:
        """Check every key."""
        object.__setattr__(self, "origin_lps_mm", vec3(self.origin_lps_mm))
        for value in self.origin_lps_mm:
            _in_range("origin_lps_mm", value, -MAX_PLACE_MM, MAX_PLACE_MM)
        for key in ("normal_lps", "advance_lps"):
            vector = vec3(getattr(self, key))
            length = math.hypot(*vector)
            if abs(length - 1.0) > UNIT_TOLERANCE:
                raise PlanInvalid(
                    "NOT_UNIT",
                    mark("{key} is not a unit vector (length {length})."),
                    key=key,
                    length=length,
                )
            object.__setattr__(self, key, vector)
        if abs(float(np.dot(self.normal_lps, self.advance_lps))) > UNIT_TOLERANCE:
            raise PlanInvalid("NOT_PERPENDICULAR", mark("advance_lps is not at right angles to normal_lps."))
        for key in ("width_mm", "depth_mm"):
            _in_range(key, getattr(self, key), MIN_SIZE_MM, MAX_SIZE_MM)
        _in_range("kerf_mm", self.kerf_mm, 0.0, 20.0)
        _in_range("overshoot_mm", self.overshoot_mm, 0.0, 50.0)
        # 1 and 1.0 are the same blade, so they must print, store and digest alike.
        for key in ("width_mm", "depth_mm", "kerf_mm", "overshoot_mm"):
            object.__setattr__(self, key, float(getattr(self, key)) + 0.0)
        if self.footprint_mm is not None:
            object.__setattr__(self, "footprint_mm", _footprint(self.footprint_mm))

    @property
    def across_lps(self) -> Vec3:
        """`normal x advance`, the direction of a."""
        return vec3(cross(self.normal_lps, self.advance_lps))

    @cached_property
    def axes(self) -> Floats:
        """3x3 matrix whose rows are across, advance and normal: `local = axes @ (p - origin)`."""
        rows = np.array([self.across_lps, self.advance_lps, self.normal_lps], dtype=np.float64)
        rows.setflags(write=False)
        return rows

    def to_local(self, points_lps_mm: ArrayLike) -> Floats:
        """Map LPS points, shape (..., 3), to (a, b, n) millimetres."""
        return np.asarray((np.asarray(points_lps_mm, dtype=np.float64) - self.origin_lps_mm) @ self.axes.T)

    def to_lps(self, points_abn_mm: ArrayLike) -> Floats:
        """Map (a, b, n) millimetres, shape (..., 3), to LPS."""
        return np.asarray(np.asarray(points_abn_mm, dtype=np.float64) @ self.axes + self.origin_lps_mm)

    @cached_property
    def outline_mm(self) -> Floats:
        """The region's polygon, shape (n, 2), counter-clockwise in (a, b): rectangle cut to the footprint."""
        return _outline(self.width_mm, self.depth_mm, self.footprint_mm)

    @cached_property
    def corners_lps_mm(self) -> Floats:
        """The outline in LPS on the middle plane, shape (n, 3)."""
        flat = np.column_stack([self.outline_mm, np.zeros(len(self.outline_mm))])
        return self.to_lps(flat)

    @property
    def middle_lps_mm(self) -> Floats:
        """The middle of the rectangle."""
        return self.to_lps(np.array([0.0, self.depth_mm / 2, 0.0]))

    def moved(self, by_lps_mm: ArrayLike) -> "Blade":
        """Return the blade shifted by an LPS vector."""
        return replace(
            self, origin_lps_mm=vec3(np.asarray(self.origin_lps_mm) + np.asarray(by_lps_mm, dtype=np.float64))
        )

    def turned(self, axis_lps: ArrayLike, angle_deg: float, about_lps_mm: ArrayLike | None = None) -> "Blade":
        """Return the blade turned (right-hand rule) round `axis_lps` through `about_lps_mm` or its origin."""
        rotation = rotation_matrix(axis_lps, angle_deg)
        pivot = np.asarray(self.origin_lps_mm if about_lps_mm is None else about_lps_mm, dtype=np.float64)
        normal = unit(rotation @ np.asarray(self.normal_lps))
        advance = rotation @ np.asarray(self.advance_lps)
        advance = advance - np.dot(advance, normal) * np.asarray(normal)
        origin = pivot + rotation @ (np.asarray(self.origin_lps_mm) - pivot)
        return replace(self, origin_lps_mm=vec3(origin), normal_lps=normal, advance_lps=unit(advance))


def rotation_matrix(axis_lps: ArrayLike, angle_deg: float) -> Floats:
    """Return the 3x3 right-hand rotation by `angle_deg` about `axis_lps` (Rodrigues)."""
    x, y, z = unit(axis_lps)
    angle = np.deg2rad(angle_deg)
    skew = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.asarray(np.eye(3) + np.sin(angle) * skew + (1 - np.cos(angle)) * (skew @ skew))


def signed_area(polygon_ab: Floats) -> float:
    """Return the area of a polygon, positive when counter-clockwise."""
    a, b = polygon_ab[:, 0], polygon_ab[:, 1]
    return float((a * np.roll(b, -1) - np.roll(a, -1) * b).sum() / 2)


def clipped_to_rectangle(polygon_ab: Floats, a0: float, a1: float, b0: float, b1: float) -> Floats:
    """Return a polygon clipped to a rectangle (Sutherland-Hodgman; exact for a convex clip region)."""
    outline = [tuple(p) for p in polygon_ab]
    for axis, limit, keep_above in ((0, a0, True), (0, a1, False), (1, b0, True), (1, b1, False)):
        sign = 1.0 if keep_above else -1.0
        result: list[tuple[float, ...]] = []
        for p, q in pairwise([*outline, outline[0]] if outline else []):
            dp, dq = sign * (p[axis] - limit), sign * (q[axis] - limit)
            if dp >= 0:
                result.append(p)
            if (dp > 0 > dq) or (dp < 0 < dq):
                t = dp / (dp - dq)
                result.append((p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])))
        outline = result
    return np.array(outline, dtype=np.float64).reshape(-1, 2)


def _in_range(key: str, value: float, low: float, high: float) -> None:
    if not np.isfinite(value) or value < low or value > high:
        raise PlanInvalid(
            "OUT_OF_RANGE",
            mark("{key} must lie between {low} and {high} mm, not {value}."),
            key=key,
            low=low,
            high=high,
            value=value,
        )


def _footprint(footprint: Footprint) -> Footprint:
    try:
        return _checked_footprint(footprint)
    except TypeError:  # lists cannot be looked up; what comes out of here can
        return _checked_footprint.__wrapped__(footprint)


# A drag makes a blade for every step, all of one shape: it is checked and clipped once.
@lru_cache(maxsize=_SHAPES_KEPT)
def _outline(width_mm: float, depth_mm: float, footprint_mm: Footprint | None) -> Floats:
    half = width_mm / 2
    if footprint_mm is None:
        outline = np.array([(-half, 0.0), (half, 0.0), (half, depth_mm), (-half, depth_mm)])
    else:
        outline = clipped_to_rectangle(np.array(footprint_mm), -half, half, 0.0, depth_mm)
        if len(outline) < 3:
            raise PlanInvalid(
                "FOOTPRINT_OUTSIDE", mark("footprint_mm lies wholly outside the blade's rectangle.")
            )
        if signed_area(outline) < 0:
            outline = outline[::-1]
    outline = np.ascontiguousarray(outline)
    outline.setflags(write=False)
    return outline


@lru_cache(maxsize=_SHAPES_KEPT)
def _checked_footprint(footprint: Footprint) -> Footprint:
    points = np.asarray(footprint, dtype=np.float64)
    if points.ndim != 2 or points.shape[0] < 3 or points.shape[1] != 2 or not np.isfinite(points).all():
        raise PlanInvalid(
            "BAD_FOOTPRINT", mark("footprint_mm needs at least three (a, b) points of finite numbers.")
        )
    if len(points) > MAX_FOOTPRINT_POINTS or np.abs(points).max() > MAX_PLACE_MM:
        raise PlanInvalid(
            "BAD_FOOTPRINT",
            mark("footprint_mm has more than {count} points, or one further off than {distance} mm."),
            count=MAX_FOOTPRINT_POINTS,
            distance=MAX_PLACE_MM,
        )
    if abs(signed_area(points)) < 1e-6:
        raise PlanInvalid("BAD_FOOTPRINT", mark("footprint_mm encloses no area."))
    if _crosses_itself(points):
        raise PlanInvalid("BAD_FOOTPRINT", mark("footprint_mm crosses itself; it must be a simple polygon."))
    return tuple((float(a) + 0.0, float(b) + 0.0) for a, b in points)


def _crosses_itself(points: NDArray[np.float64]) -> bool:
    """Say whether two edges that are no neighbours cross."""
    n = len(points)
    ends = np.roll(points, -1, axis=0)

    def side(p: Floats, q: Floats, r: Floats) -> Floats:
        return np.asarray((q - p)[..., 0] * (r - p)[..., 1] - (q - p)[..., 1] * (r - p)[..., 0])

    for i in range(n):
        others = np.arange(i + 2, n - 1 if i == 0 else n)
        p, q, r, s = points[i], ends[i], points[others], ends[others]
        if ((side(p, q, r) * side(p, q, s) < 0) & (side(r, s, p) * side(r, s, q) < 0)).any():
            return True
    return False
