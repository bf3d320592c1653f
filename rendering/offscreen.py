"""Windows nobody sees: for pictures, tests and the painted viewport."""

import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkRenderingCore import vtkRenderWindow


def offscreen_window(width_px: int, height_px: int) -> vtkRenderWindow:
    """Return a render window that needs no display (EGL, OSMesa or X, whichever works).

    Raises
    ------
    PlanningError
        `NO_GRAPHICS`, saying what to install.
    """
    raise NotImplementedError


def pixels(window: vtkRenderWindow) -> NDArray[np.uint8]:
    """Draw and return the window's pixels, shape (height, width, 3), first row at the top."""
    raise NotImplementedError
