"""The 3D view: given a state, applies the difference; owns no window."""

from dataclasses import dataclass

from vtkmodules.vtkRenderingCore import vtkRenderWindow

from planning.geometry.frames import Vec3
from rendering.blade_handle import BladeListener, Silent
from rendering.cameras import CameraPose, StandardView
from rendering.lettering import Lettering
from rendering.scene_state import SpineState

Viewport = tuple[float, float, float, float]
WHOLE: Viewport = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class Picked:
    """What lies under the pointer: a structure, piece or blade, and where."""

    id: str
    point_lps_mm: Vec3


class SpineScene:
    """The 3D scene.

    Pointer positions are device pixels of the window, x to the right, y *up* from the lower edge.
    """

    def __init__(self, lettering: Lettering | None = None, listener: BladeListener | None = None) -> None:
        self._lettering = lettering or Lettering()
        self._listener = listener or Silent()

    def attach(self, window: vtkRenderWindow, viewport: Viewport = WHOLE) -> None:
        """Draw into a part of `window` from now on."""
        raise NotImplementedError

    def detach(self) -> None:
        """Leave the window; call before it is finalised."""
        raise NotImplementedError

    def show(self, state: SpineState) -> bool:
        """Apply the difference to what is shown; say whether anything must be drawn anew."""
        raise NotImplementedError

    def set_moving(self, moving: bool) -> bool:
        """Draw coarser while something moves, fully when it rests; say whether anything changed."""
        raise NotImplementedError

    def set_lettering(self, lettering: Lettering) -> None:
        """Change font or pixel ratio."""
        raise NotImplementedError

    def fit(self) -> None:
        """Bring everything visible into view, direction kept."""
        raise NotImplementedError

    def look(self, view: StandardView) -> None:
        """Turn to a standard view and fit."""
        raise NotImplementedError

    def fly_to(self, point_lps_mm: Vec3, half_height_mm: float | None = None) -> None:
        """Move the focus, direction kept; optionally zoom."""
        raise NotImplementedError

    @property
    def pose(self) -> CameraPose:
        """Where the viewer stands."""
        raise NotImplementedError

    def set_pose(self, pose: CameraPose) -> None:
        """Stand there."""
        raise NotImplementedError

    def rotate(self, right_px: float, up_px: float) -> None:
        """Turn the view as a left-drag by so many pixels does."""
        raise NotImplementedError

    def pan(self, right_px: float, up_px: float) -> None:
        """Move the view so that what was under the pointer stays under it."""
        raise NotImplementedError

    def zoom(self, factor: float) -> None:
        """Magnify by `factor` (over 1 is nearer)."""
        raise NotImplementedError

    def roll(self, degrees: float) -> None:
        """Turn the view about the line of sight, counter-clockwise."""
        raise NotImplementedError

    def pick(self, x_px: float, y_px: float) -> Picked | None:
        """Return what lies under the pointer, or None."""
        raise NotImplementedError

    def hover(self, x_px: float, y_px: float) -> bool:
        """Highlight the handle under the pointer; say whether one is there."""
        raise NotImplementedError

    def press(self, x_px: float, y_px: float) -> bool:
        """Grab the handle under the pointer; False leaves the gesture to the camera."""
        raise NotImplementedError

    def drag(self, x_px: float, y_px: float) -> None:
        """Move the grabbed handle; the listener gets the new blade."""
        raise NotImplementedError

    def release(self) -> None:
        """End the drag."""
        raise NotImplementedError

    def cancel(self) -> bool:
        """Abandon the drag (Esc); say whether there was one."""
        raise NotImplementedError
