"""The planner's values as VTK objects, made once and shared by all views while the value lives.

Meshes and volumes are immutable, so a VTK copy made from one never goes stale; the caches below
hold them weakly and free the copy with the value.
"""

from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import ArrayLike, NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkImageData, vtkPolyData
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkFiltersCore import vtkBinnedDecimation, vtkTriangleMeshPointNormals

from planning.geometry.frames import Grid
from planning.geometry.mesh import Mesh
from planning.geometry.volume import Volume

COARSE_ABOVE_TRIANGLES: Final = 6000
COARSE_BINS: Final = 48

_surfaces: WeakKeyDictionary[Mesh, vtkPolyData] = WeakKeyDictionary()
_coarse: WeakKeyDictionary[Mesh, vtkPolyData] = WeakKeyDictionary()
_images: WeakKeyDictionary[Volume, vtkImageData] = WeakKeyDictionary()


def polydata(vertices_lps_mm: ArrayLike, triangles: NDArray[np.integer]) -> vtkPolyData:
    """Return triangles as poly data without normals; vertices shape (n, 3), triangles shape (m, 3)."""
    points = vtkPoints()
    points.SetData(numpy_to_vtk(np.ascontiguousarray(vertices_lps_mm, dtype=np.float32), deep=True))
    cells = vtkCellArray()
    cells.SetData(3, numpy_to_vtk(np.ascontiguousarray(triangles, dtype=np.int32).ravel(), deep=True))
    surface = vtkPolyData()
    surface.SetPoints(points)
    surface.SetPolys(cells)
    return surface


def line_polydata(segments_lps_mm: ArrayLike) -> vtkPolyData:
    """Return line segments, shape (n, 2, 3), as poly data."""
    ends = np.ascontiguousarray(segments_lps_mm, dtype=np.float32).reshape(-1, 3)
    points = vtkPoints()
    points.SetData(numpy_to_vtk(ends, deep=True))
    cells = vtkCellArray()
    cells.SetData(2, numpy_to_vtk(np.arange(len(ends), dtype=np.int32), deep=True))
    lines = vtkPolyData()
    lines.SetPoints(points)
    lines.SetLines(cells)
    return lines


def set_cell_colours(data: vtkPolyData, rgba: NDArray[np.uint8]) -> None:
    """Give every cell its own colour, uint8 of shape (n cells, 3 or 4)."""
    colours = numpy_to_vtk(np.ascontiguousarray(rgba, dtype=np.uint8), deep=True)
    colours.SetName("colour")
    data.GetCellData().SetScalars(colours)


def surface_of(mesh: Mesh) -> vtkPolyData:
    """Return the mesh with smooth point normals."""
    found = _surfaces.get(mesh)
    if found is None:
        found = _surfaces[mesh] = _with_normals(polydata(mesh.vertices_lps_mm, mesh.triangles))
    return found


def coarse_surface_of(mesh: Mesh) -> vtkPolyData:
    """Return a coarser copy for moving views; small meshes are returned whole."""
    if len(mesh.triangles) <= COARSE_ABOVE_TRIANGLES:
        return surface_of(mesh)
    found = _coarse.get(mesh)
    if found is None:
        found = _coarse[mesh] = _with_normals(_coarser(surface_of(mesh)))
    return found


def image_of(volume: Volume) -> vtkImageData:
    """Return the voxels as an image in its own axes (spacing only); `pose_of` places it in the patient.

    The voxels are shared, not copied.
    """
    found = _images.get(volume)
    if found is None:
        found = vtkImageData()
        k, j, i = volume.grid.shape_kji
        found.SetDimensions(i, j, k)
        found.SetSpacing(*volume.grid.spacing_ijk_mm)
        found.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(volume.voxels_kji).reshape(-1)))
        _images[volume] = found
    return found


def pose_of(grid: Grid) -> vtkMatrix4x4:
    """Return the rigid (perhaps mirrored) map from the image's own millimetres to LPS."""
    matrix = np.eye(4)
    matrix[:3, :3] = grid.directions
    matrix[:3, 3] = grid.origin_lps_mm
    pose = vtkMatrix4x4()
    pose.DeepCopy(matrix.ravel().tolist())
    return pose


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
