"""The planner's values as VTK objects, made once and shared by all views while the value lives.

Meshes and volumes are immutable, so what is made from one never goes stale; the caches hold the
values weakly and free the copy with them.
"""

from typing import Any, Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import ArrayLike, NDArray
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkImageData, vtkPolyData, vtkStaticCellLocator
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkFiltersCore import vtkBinnedDecimation, vtkTriangleMeshPointNormals

from planning.geometry.frames import Grid
from planning.geometry.mesh import Mesh
from planning.geometry.volume import Volume
from planning.kernel.vtk_arrays import data_array, image_data, matrix, poly_data, poly_data_of

COARSE_ABOVE_TRIANGLES: Final = 1500
COARSE_BINS: Final = 18

_surfaces: WeakKeyDictionary[Mesh, vtkPolyData] = WeakKeyDictionary()
_coarse: WeakKeyDictionary[Mesh, vtkPolyData] = WeakKeyDictionary()
_locators: WeakKeyDictionary[Mesh, vtkStaticCellLocator] = WeakKeyDictionary()
_images: WeakKeyDictionary[Volume, vtkImageData] = WeakKeyDictionary()


def triangle_data(points_lps_mm: ArrayLike, triangles: NDArray[np.integer[Any]]) -> vtkPolyData:
    """Return triangles as poly data without normals; points shape (n, 3), triangles shape (m, 3)."""
    return poly_data_of(np.array(points_lps_mm, dtype=np.float32), triangles)


def line_data(segments_lps_mm: ArrayLike) -> vtkPolyData:
    """Return line segments, shape (n, 2, 3), as poly data."""
    data = vtkPolyData()
    put_lines(data, segments_lps_mm)
    return data


def put_lines(data: vtkPolyData, segments_lps_mm: ArrayLike) -> None:
    """Replace the line segments, shape (n, 2, 3), that poly data holds; what is the same is kept."""
    ends = np.array(segments_lps_mm, dtype=np.float32).reshape(-1, 3)
    put_points(data, ends)
    if 2 * data.GetNumberOfLines() != len(ends):
        lines = vtkCellArray()
        lines.SetData(2, data_array(np.arange(len(ends), dtype=np.int32)))
        data.SetLines(lines)


def put_points(data: vtkPolyData, points_lps_mm: NDArray[np.float32]) -> None:
    """Move the corners of poly data, shape (n, 3)."""
    points = vtkPoints()
    points.SetData(data_array(points_lps_mm))
    data.SetPoints(points)


def set_cell_colours(data: vtkPolyData, rgba: NDArray[np.uint8]) -> None:
    """Give every cell its own colour, uint8 of shape (n cells, 3 or 4)."""
    data.GetCellData().SetScalars(data_array(rgba, "colour"))


def surface_of(mesh: Mesh) -> vtkPolyData:
    """Return the mesh with smooth point normals."""
    found = _surfaces.get(mesh)
    if found is None:
        found = _surfaces[mesh] = _with_normals(poly_data(mesh))
    return found


def coarse_surface_of(mesh: Mesh) -> vtkPolyData:
    """Return a coarser copy for moving views; small meshes are returned whole."""
    if len(mesh.triangles) <= COARSE_ABOVE_TRIANGLES:
        return surface_of(mesh)
    found = _coarse.get(mesh)
    if found is None:
        found = _coarse[mesh] = _with_normals(_coarser(surface_of(mesh)))
    return found


def has_coarse_surface(mesh: Mesh) -> bool:
    """Say whether `coarse_surface_of` answers without work."""
    return len(mesh.triangles) <= COARSE_ABOVE_TRIANGLES or mesh in _coarse


def locator_of(mesh: Mesh) -> vtkStaticCellLocator:
    """Return a search tree over the mesh's full surface, for picking."""
    found = _locators.get(mesh)
    if found is None:
        found = vtkStaticCellLocator()
        found.SetDataSet(surface_of(mesh))
        found.BuildLocator()
        _locators[mesh] = found
    return found


def image_of(volume: Volume) -> vtkImageData:
    """Return the voxels, shared, as an image in its own axes; `pose_of` places it in the patient."""
    found = _images.get(volume)
    if found is None:
        found = _images[volume] = image_data(
            np.ascontiguousarray(volume.voxels_kji), volume.grid.spacing_ijk_mm
        )
    return found


def pose_of(grid: Grid) -> vtkMatrix4x4:
    """Return the rigid (perhaps mirrored) map from the image's own millimetres to LPS."""
    affine = np.eye(4)
    affine[:3, :3] = grid.directions
    affine[:3, 3] = grid.origin_lps_mm
    return matrix(affine)


def _with_normals(surface: vtkPolyData) -> vtkPolyData:
    normals = vtkTriangleMeshPointNormals()
    normals.SetInputData(surface)
    normals.Update()
    smooth: vtkPolyData = normals.GetOutput()
    return smooth


def _coarser(surface: vtkPolyData) -> vtkPolyData:
    decimation = vtkBinnedDecimation()
    decimation.SetInputData(surface)
    decimation.AutoAdjustNumberOfDivisionsOn()
    decimation.SetNumberOfDivisions(COARSE_BINS, COARSE_BINS, COARSE_BINS)
    decimation.SetPointGenerationModeToBinAverages()
    decimation.ProducePointDataOff()
    decimation.ProduceCellDataOff()
    decimation.Update()
    coarse = vtkPolyData()
    coarse.ShallowCopy(decimation.GetOutput())
    return coarse
