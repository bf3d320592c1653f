"""What of a resampled image was never acquired, and what that forbids to say.

A tilted stack leaves corners of its grid without data: they are as good as outside the image. Between
slices that lost others between them the image is interpolated: anatomy there is a guess.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from planning.geometry.coverage import Coverage
from planning.geometry.frames import Floats, Grid, Vec3
from planning.kernel.slab import nearest_points, slab_of
from planning.model.mask import Mask
from planning.model.osteotomy import Osteotomy
from planning.safety.clearance import OUTSIDE_IMAGE, RawClearance
from planning.safety.fields import swept_corners_lps_mm

GAP: Final = "gap"
_MOST_POINTS: Final = 2000
_KEPT: Final = 256
_EDGE: Final = 1e-3  # voxels; a slice that lies on whole voxels loses none of them to rounding
Side = tuple[int, int]


@dataclass(frozen=True, eq=False)
class UnseenFaces:
    """Where a structure runs into what was not acquired.

    Parameters
    ----------
    edge_lps_mm, gap_lps_mm : array, shape (n, 3)
        Points of its voxels on the edge of the data or beyond, and of those in gaps.
    edge_slack_mm, gap_slack_mm : float
        How much nearer than those points it may really come.
    sides : frozenset of (axis, end)
        On which sides it reaches the edge: axis 0, 1 for i, j; end 0 for the first, 1 for the last.
    """

    edge_lps_mm: Floats
    gap_lps_mm: Floats
    edge_slack_mm: float
    gap_slack_mm: float
    sides: frozenset[Side]


@dataclass(frozen=True)
class Unseen:
    """Withholds what rests on unacquired parts of an image.

    Parameters
    ----------
    grid : Grid
    coverage : Coverage
        Of that grid.
    """

    grid: Grid
    coverage: Coverage

    def judged(self, osteotomy: Osteotomy, mask: Mask, raw: RawClearance) -> RawClearance:
        """Return a clearance with every value withheld that unacquired anatomy might change.

        Parameters
        ----------
        osteotomy : Osteotomy
        mask : Mask
            Of the structure the clearance belongs to.
        raw : RawClearance
            As measured in the resampled image.
        """
        reason = self._reason(osteotomy, mask, raw.value_mm, raw.tool_point_lps_mm, overshoot=False)
        if raw.value_mm is not None and reason is not None:
            return RawClearance(
                raw.structure_id, None, None, withheld_reason=reason, overshoot_withheld_reason=reason
            )
        further = self._reason(
            osteotomy, mask, raw.with_overshoot_mm, raw.overshoot_tool_point_lps_mm, overshoot=True
        )
        if raw.with_overshoot_mm is None or further is None:
            return raw
        return replace(
            raw,
            with_overshoot_mm=None,
            overshoot_tool_point_lps_mm=None,
            overshoot_structure_point_lps_mm=None,
            overshoot_withheld_reason=further,
        )

    def is_in_gap(self, point_lps_mm: Vec3 | None) -> bool:
        """Say whether a point lies where the image is interpolated over missing slices."""
        return point_lps_mm is not None and bool(self.coverage.in_gap(self.grid.to_ijk(point_lps_mm)[2]))

    def gap_reach_mm(self, mask: Mask) -> float:
        """Return how far a structure stays from the nearest gap along the stack; 0 where it enters one."""
        bounds = mask.bounds_kji
        if bounds is None:
            return np.inf
        first, last = bounds[0][0], bounds[1][0] - 1
        reach = (max(0.0, before - last, first - behind) for before, behind in self.coverage.gaps_k)
        return float(min(reach, default=np.inf)) * self.grid.spacing_ijk_mm[2]

    def is_cut_off(self, mask: Mask) -> bool:
        """Say whether a structure runs into the edge of the data."""
        return bool(faces_of(mask, self.grid, self.coverage).sides)

    def crosses_gap(self, osteotomy: Osteotomy) -> bool:
        """Say whether a slab, run on by its overshoot, reaches between slices that lost others."""
        k = self.grid.to_ijk(swept_corners_lps_mm(osteotomy.blade, overshoot=True))[:, 2]
        low, high = float(k.min()), float(k.max())
        return any(low < behind and high > before for before, behind in self.coverage.gaps_k)

    def leaves_data(self, osteotomy: Osteotomy) -> bool:
        """Say whether a slab, run on by its overshoot, reaches beyond the data of a leaning stack."""
        return bool(self._sides_left(osteotomy, overshoot=True)[0])

    def _reason(
        self, osteotomy: Osteotomy, mask: Mask, value_mm: float | None, tool: Vec3 | None, *, overshoot: bool
    ) -> str | None:
        if value_mm is None or mask.is_empty:
            return None
        if value_mm < 0:
            # Entered where the image was acquired stays entered; where it was not, nobody knows.
            return GAP if self.is_in_gap(tool) else None
        left, outside = self._sides_left(osteotomy, overshoot)
        faces = faces_of(mask, self.grid, self.coverage)
        if outside or left & faces.sides or self._is_nearer(osteotomy, faces, value_mm, overshoot, edge=True):
            return OUTSIDE_IMAGE
        return GAP if self._is_nearer(osteotomy, faces, value_mm, overshoot, edge=False) else None

    def _is_nearer(
        self, osteotomy: Osteotomy, faces: UnseenFaces, value_mm: float, overshoot: bool, *, edge: bool
    ) -> bool:
        points = faces.edge_lps_mm if edge else faces.gap_lps_mm
        slack = faces.edge_slack_mm if edge else faces.gap_slack_mm
        if not len(points):
            return False
        within = np.full((1, 2), value_mm + slack + 1.0)
        found = nearest_points(slab_of(osteotomy.blade), points, np.array([len(points)]), within)
        return bool(found[0, int(overshoot)] - slack <= value_mm)

    def _sides_left(self, osteotomy: Osteotomy, overshoot: bool) -> tuple[frozenset[Side], bool]:
        """Return the sides of the data beyond which a slab reaches, and whether it lies wholly beyond one."""
        corners = self.grid.to_ijk(swept_corners_lps_mm(osteotomy.blade, overshoot))
        upright = self.coverage.upright(corners)[:, :2]
        before = upright < np.array(self.coverage.first_ij) - 0.5 - _EDGE
        behind = upright > np.array(self.coverage.last_ij) + 0.5 + _EDGE
        # An upright axis ends with the grid, which the image's own edge guards.
        leaning = [axis for axis in range(2) if self.coverage.lean_ij[axis]]
        beyond = {(axis, end): b[:, axis] for end, b in enumerate((before, behind)) for axis in leaning}
        sides = frozenset(side for side, out in beyond.items() if out.any())
        return sides, any(bool(out.all()) for out in beyond.values())


@lru_cache(maxsize=_KEPT)
def faces_of(mask: Mask, grid: Grid, coverage: Coverage) -> UnseenFaces:
    """Return where a structure runs into what was not acquired; kept, because a drag asks every frame."""
    bounds = mask.bounds_kji
    none = np.zeros((0, 3))
    if bounds is None:
        return UnseenFaces(none, none, 0.0, 0.0, frozenset())
    box = mask.box(bounds[0], _shape(bounds))
    voxels = np.argwhere(box) + bounds[0]
    k, ji = voxels[:, 0], voxels[:, 1:]
    first, last = coverage.first_at(k)[:, ::-1], coverage.last_at(k)[:, ::-1]
    low, high = ji < first + 1 - _EDGE, ji > last - 1 + _EDGE
    sides: set[Side] = set()
    edge = np.zeros(len(voxels), dtype=np.bool_)
    for axis, lean in ((0, coverage.lean_ij[1]), (1, coverage.lean_ij[0])):
        if lean:
            sides |= {(1 - axis, end) for end, out in enumerate((low, high)) if out[:, axis].any()}
            edge |= low[:, axis] | high[:, axis]
    gap = np.zeros(len(voxels), dtype=np.bool_)
    widest = 0.0
    for before, behind in coverage.gaps_k:
        touched = (k >= np.floor(before)) & (k <= np.ceil(behind))
        gap |= touched
        if touched.any():
            widest = max(widest, (behind - before) * grid.spacing_ijk_mm[2])
    gap &= _outline(box)[box]
    edge_points, edge_slack = _thinned(voxels[edge], grid)
    gap_points, gap_slack = _thinned(voxels[gap], grid)
    # Over a gap anatomy may run up to 45 degrees aside of the straight line between its two ends.
    return UnseenFaces(edge_points, gap_points, edge_slack, gap_slack + widest / 2, frozenset(sides))


def _outline(box: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the voxels with a neighbour outside: no blade that stays outside comes nearer to others."""
    padded, inner = np.pad(box, 1), box.copy()
    whole = slice(1, -1)
    for axis in range(3):
        for step in (slice(None, -2), slice(2, None)):
            inner &= padded[tuple(step if axis == n else whole for n in range(3))]
    return np.asarray(box & ~inner)


def _shape(bounds: tuple[tuple[int, int, int], tuple[int, int, int]]) -> tuple[int, int, int]:
    (k0, j0, i0), (k1, j1, i1) = bounds
    return (k1 - k0, j1 - j0, i1 - i0)


def _thinned(voxels_kji: NDArray[np.intp], grid: Grid) -> tuple[Floats, float]:
    """Return at most some hundred points for voxels, and how far any of their surface is from one of them."""
    stride = max(1, int(np.ceil(np.cbrt(len(voxels_kji) / _MOST_POINTS))))
    kept = voxels_kji
    while stride > 1:
        _, first = np.unique(voxels_kji // stride, axis=0, return_index=True)
        kept = voxels_kji[first]
        if len(kept) <= _MOST_POINTS:
            break
        stride += 1
    return grid.to_lps(kept[:, ::-1]), float(np.linalg.norm(grid.spacing_ijk_mm)) * (stride - 0.5)
