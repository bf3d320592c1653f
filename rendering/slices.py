"""A slice view: given a state, applies the difference; owns no window."""

from vtkmodules.vtkRenderingCore import vtkRenderWindow

from planning.geometry.frames import Vec3
from rendering.lettering import Lettering
from rendering.scene import WHOLE, Viewport
from rendering.scene_state import SliceState


class SliceScene:
    """One slice with outlines, blade traces, crosshair and corner text.

    Pointer positions are device pixels of the window, x to the right, y *up* from the lower edge.
    """

    def __init__(self, lettering: Lettering | None = None) -> None:
        self._lettering = lettering or Lettering()

    def attach(self, window: vtkRenderWindow, viewport: Viewport = WHOLE) -> None:
        """Draw into a part of `window` from now on."""
        raise NotImplementedError

    def detach(self) -> None:
        """Leave the window; call before it is finalised."""
        raise NotImplementedError

    def show(self, state: SliceState) -> bool:
        """Apply the difference to what is shown; say whether anything must be drawn anew."""
        raise NotImplementedError

    def set_lettering(self, lettering: Lettering) -> None:
        """Change font or pixel ratio."""
        raise NotImplementedError

    def resized(self) -> None:
        """Call after the window changed size: what keeps its size in pixels is laid out again."""
        raise NotImplementedError

    def lps_at(self, x_px: float, y_px: float) -> Vec3:
        """Return the point of the slice under the pointer."""
        raise NotImplementedError

    def pixel_of(self, point_lps_mm: Vec3) -> tuple[float, float]:
        """Return where a point is drawn (projected onto the slice)."""
        raise NotImplementedError

    @property
    def mm_per_px(self) -> float:
        """Millimetres to one device pixel."""
        raise NotImplementedError

    @property
    def step_mm(self) -> float:
        """How far one wheel notch goes: the image's voxel spacing along the line of sight."""
        raise NotImplementedError
