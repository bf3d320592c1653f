"""Arrays to VTK and back: the only place where the two meet.

VTK's structured points run with i fastest, as our (k, j, i) arrays do, so nothing is transposed.
Arrays handed to VTK are shared where they can be and kept alive by VTK itself.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkDataArray, vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkImageData, vtkPolyData
from vtkmodules.vtkCommonMath import vtkMatrix4x4

from planning.geometry.frames import Floats, Grid
from planning.geometry.mesh import Mesh
from planning.geometry.volume import Volume

_CORNERS: Final = 3


def data_array(values: NDArray[Any], name: str = "") -> vtkDataArray:
    """Return a VTK array that shares the memory of `values`, shape (n,) or (n, components)."""
    array: vtkDataArray = numpy_to_vtk(np.ascontiguousarray(values), deep=False)
    if name:
        array.SetName(name)
    return array


def numpy_array(array: vtkDataArray) -> NDArray[Any]:
    """Return a copy of a VTK array as numpy, shape (n,) or (n, components)."""
    return np.array(vtk_to_numpy(array))


def image_data(
    voxels_kji: NDArray[Any],
    spacing_ijk: tuple[float, float, float] = (1.0, 1.0, 1.0),
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> vtkImageData:
    """Return an axis-aligned VTK image over an array, shape (k, j, i) or (k, j, i, components)."""
    image = vtkImageData()
    k, j, i = voxels_kji.shape[:3]
    image.SetDimensions(i, j, k)
    image.SetSpacing(*spacing_ijk)
    image.SetOrigin(*origin)
    flat = (
        voxels_kji.reshape(-1) if voxels_kji.ndim == _CORNERS else voxels_kji.reshape(-1, voxels_kji.shape[3])
    )
    image.GetPointData().SetScalars(data_array(flat))
    return image


def image_of_volume(volume: Volume) -> vtkImageData:
    """Return a VTK image of a volume, placed in LPS millimetres by origin, spacing and direction."""
    image = image_data(volume.voxels_kji, volume.grid.spacing_ijk_mm, volume.grid.origin_lps_mm)
    image.SetDirectionMatrix(*(float(v) for v in volume.grid.directions.reshape(-1)))
    return image


def image_to_numpy(image: vtkImageData) -> NDArray[Any]:
    """Return the scalars of a VTK image as a new array, shape (k, j, i) or (k, j, i, components)."""
    values = numpy_array(image.GetPointData().GetScalars())
    i, j, k = image.GetDimensions()
    return values.reshape(k, j, i) if values.ndim == 1 else values.reshape(k, j, i, values.shape[1])


def matrix(affine: Floats) -> vtkMatrix4x4:
    """Return a 4x4 affine as a VTK matrix."""
    result = vtkMatrix4x4()
    result.DeepCopy([float(v) for v in affine.reshape(-1)])
    return result


def poly_data(mesh: Mesh) -> vtkPolyData:
    """Return a mesh as VTK poly data in LPS millimetres."""
    return poly_data_of(mesh.vertices_lps_mm, mesh.triangles)


def poly_data_of(points: NDArray[np.floating[Any]], triangles: NDArray[np.integer[Any]]) -> vtkPolyData:
    """Return poly data over points, shape (n, 3), and triangles, shape (m, 3)."""
    data = vtkPolyData()
    vtk_points = vtkPoints()
    vtk_points.SetData(data_array(points))
    data.SetPoints(vtk_points)
    data.SetPolys(_cells(triangles))
    return data


def triangles_of(data: vtkPolyData) -> tuple[NDArray[Any], NDArray[np.int32]]:
    """Return points, shape (n, 3), and triangles, shape (m, 3), of poly data that holds triangles only."""
    if not data.GetNumberOfPolys():
        return np.zeros((0, 3), dtype=np.float32), np.zeros((0, 3), dtype=np.int32)
    points = numpy_array(data.GetPoints().GetData())
    corners = numpy_array(data.GetPolys().GetConnectivityArray())
    return points, corners.reshape(-1, 3).astype(np.int32)


def mesh_of(data: vtkPolyData) -> Mesh:
    """Return poly data that holds triangles only as a mesh; its points must be LPS millimetres."""
    points, triangles = triangles_of(data)
    return Mesh(points.astype(np.float32), triangles)


def polyline_data(points: NDArray[np.floating[Any]], lengths: list[int], closed: bool = True) -> vtkPolyData:
    """Return poly data with one line per entry of `lengths`, over consecutive points, shape (n, 3)."""
    data = vtkPolyData()
    vtk_points = vtkPoints()
    vtk_points.SetData(data_array(points))
    data.SetPoints(vtk_points)
    lines = vtkCellArray()
    start = 0
    for length in lengths:
        ids = [*range(start, start + length), *([start] if closed else [])]
        lines.InsertNextCell(len(ids), ids)
        start += length
    data.SetLines(lines)
    return data


def grid_of(image: vtkImageData) -> Grid:
    """Return where the points of a VTK image lie."""
    i, j, k = image.GetDimensions()
    directions = np.array([[image.GetDirectionMatrix().GetElement(r, c) for c in range(3)] for r in range(3)])
    return Grid.from_axes((k, j, i), image.GetOrigin(), directions, image.GetSpacing())


def _cells(triangles: NDArray[np.integer[Any]]) -> vtkCellArray:
    cells = vtkCellArray()
    corners = np.ascontiguousarray(triangles, dtype=np.int64).reshape(-1)
    offsets = np.arange(0, len(corners) + 1, _CORNERS, dtype=np.int64)
    cells.SetData(
        numpy_to_vtk(offsets, deep=True, array_type=_ID), numpy_to_vtk(corners, deep=True, array_type=_ID)
    )
    return cells


_ID: Final = 12  # VTK_ID_TYPE: numpy's int64 would otherwise become "long long", which SetData refuses
