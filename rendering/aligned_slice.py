"""A slice that lies along the voxels: two layers of them blended, a fraction of a resampling's work."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkRenderingCore import vtkImageSliceMapper

from planning.geometry.volume import Volume
from planning.kernel.vtk_arrays import image_data
from rendering.scene_state import SliceState

_AT_ONCE: Final = 16  # layers along i that share their lines of memory
_ALONG: Final = 1 - 1e-9  # cosine: over 500 mm a plane this flat leaves the layer by 0.02 mm


class AlignedSlice:
    """The grey values where a slice meets a volume it is not turned against.

    Linear between neighbouring layers and within them, as the general resampling: only the way to the
    same values is shorter.

    Attributes
    ----------
    mapper : vtkImageSliceMapper
        Draws them in the volume's own millimetres.
    """

    def __init__(self) -> None:
        self.mapper = vtkImageSliceMapper()
        self.mapper.BorderOn()  # outer voxels are drawn whole, not from their centres
        self._shown: tuple[Volume, int, float] | None = None
        self._columns: tuple[Volume, int, NDArray[np.generic]] | None = None

    def show(self, volume: Volume, state: SliceState) -> bool:
        """Take over the slice of a state; False, and nothing done, where it is turned or thick or outside."""
        grid = volume.grid
        cosines = np.asarray(state.screen_axes.normal_lps) @ grid.directions
        axis = int(np.argmax(np.abs(cosines)))
        if state.slab_mm > 0 or abs(float(cosines[axis])) < _ALONG:
            return False
        place = float(grid.to_ijk(state.crosshair_lps_mm)[axis])
        if not 0 <= place <= grid.shape_kji[2 - axis] - 1:
            return False  # the outermost half voxels are the general resampling's
        if self._shown is None or self._shown[0] is not volume or self._shown[1:] != (axis, place):
            self._shown = (volume, axis, place)
            origin = [0.0, 0.0, 0.0]
            origin[axis] = place * grid.spacing_ijk_mm[axis]
            layer = np.expand_dims(self._layer(volume, axis, place), 2 - axis)
            self.mapper.SetInputData(
                image_data(layer, grid.spacing_ijk_mm, (origin[0], origin[1], origin[2]))
            )
            self.mapper.SetOrientation(axis)
        return True

    def _layer(self, volume: Volume, axis: int, place: float) -> NDArray[np.generic]:
        """Return the values at a fractional place along an axis, flat."""
        low = int(place)
        layers = np.moveaxis(volume.voxels_kji, 2 - axis, 0)
        both = layers[low : low + 2] if axis else self._beside(volume, layers, low)
        share = np.float32(place - low)
        blended = both[0] if share == 0 else np.rint(both[0] * (1 - share) + both[1] * share)
        return np.asarray(blended.astype(layers.dtype))

    def _beside(self, volume: Volume, layers: NDArray[np.generic], low: int) -> NDArray[np.generic]:
        """Return two layers along i out of a block that is fetched once for many."""
        start = low - low % _AT_ONCE
        if self._columns is None or self._columns[0] is not volume or self._columns[1] != start:
            self._columns = (volume, start, np.ascontiguousarray(layers[start : start + _AT_ONCE + 1]))
        return self._columns[2][low - start : low - start + 2]
