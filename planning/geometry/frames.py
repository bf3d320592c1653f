"""Where voxels lie: grids in DICOM patient coordinates (LPS, millimetres), and the only RAS conversion.

Array axes are always (k, j, i): slice, row, column. Index vectors are (i, j, k) columns of the
affine; `indices_kji` says when the array order is meant.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planning.errors import PlanningError
from planning.texts import mark

Vec3 = tuple[float, float, float]
Floats = NDArray[np.float64]

_LPS_FROM_RAS: Final = np.diag([-1.0, -1.0, 1.0, 1.0])
UNIT_TOLERANCE: Final = 1e-6


def lps_from_ras(affine_ras: ArrayLike) -> Floats:
    """Return a 4x4 affine that ends in LPS for one that ends in RAS (NIfTI, some Slicer files)."""
    return np.asarray(_LPS_FROM_RAS @ np.asarray(affine_ras, dtype=np.float64), dtype=np.float64)


def ras_from_lps(affine_lps: ArrayLike) -> Floats:
    """Return a 4x4 affine that ends in RAS for one that ends in LPS."""
    return lps_from_ras(affine_lps)


def vec3(values: ArrayLike) -> Vec3:
    """Return three finite floats as a tuple; raises `PlanningError` otherwise."""
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (3,) or not np.isfinite(array).all():
        raise PlanningError(
            "BAD_VECTOR", mark("Expected three finite numbers, found {found}."), found=str(values)
        )
    # Adding zero turns -0.0 into 0.0: equal vectors then print and digest alike.
    return (float(array[0]) + 0.0, float(array[1]) + 0.0, float(array[2]) + 0.0)


def unit(values: ArrayLike) -> Vec3:
    """Return the direction of `values` as a unit vector; raises `PlanningError` for a zero vector."""
    array = np.asarray(values, dtype=np.float64)
    length = float(np.linalg.norm(array))
    if not np.isfinite(length) or length < 1e-12:
        raise PlanningError("BAD_VECTOR", mark("A direction of no length cannot be used."))
    return vec3(array / length)


def cross(a: ArrayLike, b: ArrayLike) -> Floats:
    """Return the cross product of two vectors of three; the bits of `np.cross`, which is ten times slower."""
    (x, y, z), (u, v, w) = np.asarray(a).tolist(), np.asarray(b).tolist()
    return np.array([y * w - z * v, z * u - x * w, x * v - y * u])


@dataclass(frozen=True, eq=False)
class Grid:
    """A regular, orthogonal voxel grid.

    Parameters
    ----------
    shape_kji : tuple of int
        Slices, rows, columns.
    lps_from_ijk : array, shape (4, 4)
        Maps voxel index (i, j, k, 1) of voxel *centres* to LPS millimetres. Columns must be
        orthogonal (a sheared grid is resampled by the importer, never carried).

    Raises
    ------
    PlanningError
        If the affine is not finite, singular or sheared, or the shape is empty.
    """

    shape_kji: tuple[int, int, int]
    lps_from_ijk: Floats

    def __post_init__(self) -> None:
        """Check and freeze."""
        affine = np.array(self.lps_from_ijk, dtype=np.float64)
        if (
            affine.shape != (4, 4)
            or not np.isfinite(affine).all()
            or not np.allclose(affine[3], [0, 0, 0, 1])
        ):
            raise PlanningError(
                "BAD_AFFINE", mark("The image's position in the patient is not given by finite numbers.")
            )
        if len(self.shape_kji) != 3 or min(self.shape_kji) < 1:
            raise PlanningError("EMPTY_GRID", mark("The image has no voxels."))
        spacing = np.linalg.norm(affine[:3, :3], axis=0)
        if spacing.min() < 1e-6:
            raise PlanningError("BAD_AFFINE", mark("The image has voxels of no size."))
        cosines = affine[:3, :3] / spacing
        if np.abs(cosines.T @ cosines - np.eye(3)).max() > 1e-4:
            raise PlanningError(
                "SHEARED_GRID", mark("The image's axes are not at right angles; resample it first.")
            )
        affine.setflags(write=False)
        object.__setattr__(self, "lps_from_ijk", affine)
        object.__setattr__(self, "shape_kji", tuple(int(n) for n in self.shape_kji))

    @classmethod
    def from_axes(
        cls,
        shape_kji: tuple[int, int, int],
        origin_lps_mm: ArrayLike,
        directions: ArrayLike,
        spacing_ijk_mm: ArrayLike,
    ) -> "Grid":
        """Build from the centre of voxel (0, 0, 0), spacings, and unit directions of i, j, k as *columns*."""
        affine = np.eye(4)
        affine[:3, :3] = np.asarray(directions, dtype=np.float64) * np.asarray(
            spacing_ijk_mm, dtype=np.float64
        )
        affine[:3, 3] = np.asarray(origin_lps_mm, dtype=np.float64)
        return cls(shape_kji, affine)

    @cached_property
    def ijk_from_lps(self) -> Floats:
        """4x4 inverse of `lps_from_ijk`."""
        inverse = np.asarray(np.linalg.inv(self.lps_from_ijk), dtype=np.float64)
        inverse.setflags(write=False)
        return inverse

    @cached_property
    def spacing_ijk_mm(self) -> Vec3:
        """Voxel edge along i, j and k."""
        return vec3(np.linalg.norm(self.lps_from_ijk[:3, :3], axis=0))

    @cached_property
    def directions(self) -> Floats:
        """3x3 matrix whose columns are the unit directions of i, j and k in LPS."""
        cosines = self.lps_from_ijk[:3, :3] / np.asarray(self.spacing_ijk_mm)
        cosines.setflags(write=False)
        return np.asarray(cosines, dtype=np.float64)

    @property
    def origin_lps_mm(self) -> Vec3:
        """Centre of voxel (0, 0, 0)."""
        return vec3(self.lps_from_ijk[:3, 3])

    @property
    def largest_voxel_edge_mm(self) -> float:
        """The largest of the three spacings: what accuracy and sigma are stated in."""
        return max(self.spacing_ijk_mm)

    @property
    def voxel_volume_mm3(self) -> float:
        """Volume of one voxel."""
        i, j, k = self.spacing_ijk_mm
        return i * j * k

    def to_lps(self, points_ijk: ArrayLike) -> Floats:
        """Map continuous indices, shape (..., 3) in (i, j, k) order, to LPS millimetres."""
        return np.asarray(
            np.asarray(points_ijk, dtype=np.float64) @ self.lps_from_ijk[:3, :3].T + self.lps_from_ijk[:3, 3]
        )

    def to_ijk(self, points_lps_mm: ArrayLike) -> Floats:
        """Map LPS points, shape (..., 3), to continuous (i, j, k) indices."""
        return np.asarray(
            np.asarray(points_lps_mm, dtype=np.float64) @ self.ijk_from_lps[:3, :3].T
            + self.ijk_from_lps[:3, 3]
        )

    def cropped(self, start_kji: tuple[int, int, int], shape_kji: tuple[int, int, int]) -> "Grid":
        """Return the grid of a box that starts at index `start_kji`; it may reach outside (padding)."""
        affine = self.lps_from_ijk.copy()
        affine[:3, 3] = self.to_lps(np.asarray(start_kji[::-1], dtype=np.float64))
        return Grid(shape_kji, affine)

    def bounds_lps_mm(self) -> tuple[Floats, Floats]:
        """Return the lowest and highest LPS corner of the voxels' outer faces."""
        n_ijk = np.asarray(self.shape_kji[::-1], dtype=np.float64)
        corners = np.stack(np.meshgrid(*[(-0.5, n - 0.5) for n in n_ijk], indexing="ij"), -1).reshape(-1, 3)
        points = self.to_lps(corners)
        return points.min(axis=0), points.max(axis=0)

    def contains(self, points_lps_mm: ArrayLike, margin_mm: float = 0.0) -> NDArray[np.bool_]:
        """Say for each LPS point whether it lies within the outer faces, `margin_mm` away from them."""
        ijk = self.to_ijk(points_lps_mm)
        slack = margin_mm / np.asarray(self.spacing_ijk_mm)
        n_ijk = np.asarray(self.shape_kji[::-1], dtype=np.float64)
        return np.asarray(((ijk >= -0.5 + slack) & (ijk <= n_ijk - 0.5 - slack)).all(axis=-1))

    def same_as(self, other: "Grid", tolerance_mm: float = 1e-3) -> bool:
        """Say whether both grids have the same shape and all corners within `tolerance_mm`."""
        if self.shape_kji != other.shape_kji:
            return False
        n_ijk = np.asarray(self.shape_kji[::-1], dtype=np.float64) - 1
        corners = np.stack(np.meshgrid(*[(0.0, n) for n in n_ijk], indexing="ij"), -1).reshape(-1, 3)
        return bool(np.abs(self.to_lps(corners) - other.to_lps(corners)).max() <= tolerance_mm)


def axis_letter(direction_lps: ArrayLike, least: float = 0.35, most: int = 2) -> str:
    """Return the patient letters a direction points to, strongest first: ``L``, or ``LA`` when oblique.

    Parameters
    ----------
    direction_lps : array-like of 3
    least : float
        The cosine from which an axis counts.
    most : int
        How many letters are said.
    """
    vector = np.asarray(direction_lps, dtype=np.float64)
    pairs = [("L", "R"), ("P", "A"), ("S", "I")]
    ranked = sorted(range(3), key=lambda axis: -abs(vector[axis]))
    letters = [pairs[axis][0 if vector[axis] > 0 else 1] for axis in ranked if abs(vector[axis]) > least]
    return "".join(letters[:most])
