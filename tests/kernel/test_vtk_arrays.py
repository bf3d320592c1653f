import numpy as np
import pytest
from vtkmodules.vtkFiltersSources import vtkSphereSource

from planning.geometry.frames import Grid
from planning.geometry.mesh import Mesh
from planning.geometry.volume import Volume
from planning.kernel.vtk_arrays import (
    data_array,
    grid_of,
    image_data,
    image_of_volume,
    image_to_numpy,
    matrix,
    mesh_of,
    numpy_array,
    poly_data,
    polyline_data,
)

TETRAHEDRON = Mesh(
    np.array([[0, 0, 0], [1, 0, 0], [0, 2, 0], [0, 0, 3]], dtype=np.float32),
    np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]], dtype=np.int32),
)


def test_an_image_keeps_every_voxel_at_its_index() -> None:
    voxels_kji = np.arange(2 * 3 * 4, dtype=np.int16).reshape(2, 3, 4)
    image = image_data(voxels_kji)
    assert image.GetDimensions() == (4, 3, 2)
    assert image.GetScalarComponentAsDouble(3, 1, 1, 0) == voxels_kji[1, 1, 3]
    assert np.array_equal(image_to_numpy(image), voxels_kji)


def test_an_image_of_colours_keeps_its_components() -> None:
    pixels = np.arange(2 * 3 * 4 * 3, dtype=np.uint8).reshape(2, 3, 4, 3)
    assert np.array_equal(image_to_numpy(image_data(pixels)), pixels)


def test_a_volume_lies_where_its_grid_says_left_handed_grids_too() -> None:
    directions = np.array([[0.0, -1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    for turned in (directions, directions @ np.diag([1.0, 1.0, -1.0])):
        grid = Grid.from_axes((3, 4, 5), (10.0, -20.0, 30.0), turned, (0.7, 0.8, 2.5))
        image = image_of_volume(Volume(np.zeros((3, 4, 5), dtype=np.int16), grid))
        point = [0.0, 0.0, 0.0]
        image.TransformContinuousIndexToPhysicalPoint(4, 3, 2, point)
        assert np.allclose(point, grid.to_lps([4, 3, 2]))
        assert grid_of(image).same_as(grid)


def test_a_mesh_returns_as_it_was() -> None:
    data = poly_data(TETRAHEDRON)
    assert data.GetNumberOfPolys() == 4
    back = mesh_of(data)
    assert np.array_equal(back.vertices_lps_mm, TETRAHEDRON.vertices_lps_mm)
    assert np.array_equal(back.triangles, TETRAHEDRON.triangles)
    assert back.volume_mm3 == pytest.approx(1.0)


def test_arrays_outlive_the_numpy_name_they_came_from() -> None:
    array = data_array(np.arange(1000, dtype=np.float64) * 2)
    assert np.array_equal(numpy_array(array), np.arange(1000) * 2.0)


def test_a_mesh_vtk_made_is_read() -> None:
    source = vtkSphereSource()
    source.SetRadius(10.0)
    source.SetThetaResolution(60)
    source.SetPhiResolution(60)
    source.Update()
    assert mesh_of(source.GetOutput()).volume_mm3 == pytest.approx(4 / 3 * np.pi * 1000, rel=0.01)


def test_a_matrix_keeps_rows_and_columns() -> None:
    affine = np.arange(16, dtype=np.float64).reshape(4, 4)
    assert matrix(affine).GetElement(1, 3) == affine[1, 3]


def test_closed_lines_return_to_their_start() -> None:
    data = polyline_data(np.eye(3), [3])
    assert data.GetLines().GetNumberOfCells() == 1
    assert data.GetLines().GetNumberOfConnectivityIds() == 4
