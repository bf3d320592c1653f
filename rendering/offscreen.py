"""Windows nobody sees: for pictures, tests and the painted viewport."""

import os
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vtkmodules import vtkRenderingFreeType, vtkRenderingOpenGL2  # noqa: F401 -- registers the back ends
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkUnsignedCharArray
from vtkmodules.vtkRenderingCore import vtkRenderWindow

from planning.errors import PlanningError
from planning.texts import mark

TEXT_DPI = 72  # one font point is one device pixel; Lettering scales


def offscreen_window(width_px: int, height_px: int, samples: int = 0) -> vtkRenderWindow:
    """Return a render window that needs no display (EGL, OSMesa or X, whichever works).

    Parameters
    ----------
    width_px, height_px : int
    samples : int
        Multisampling per pixel; 0 or 1 is off.

    Raises
    ------
    PlanningError
        `NO_GRAPHICS`, saying what to install.
    """
    for window_class in _candidates():
        window: vtkRenderWindow = window_class()
        window.SetOffScreenRendering(True)
        window.SetMultiSamples(samples)
        window.SetSize(width_px, height_px)
        window.SetDPI(TEXT_DPI)
        if window.SupportsOpenGL():
            return window
        window.Finalize()
    raise PlanningError(
        "NO_GRAPHICS",
        mark(
            "No picture can be drawn: this computer offers no OpenGL. "
            "Install a graphics driver, or Mesa's software renderer (Debian: libegl1 libgl1)."
        ),
    )


def _candidates() -> list[Any]:
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        # Without a display the automatic choice first tries X and warns.
        names = ("vtkEGLRenderWindow", "vtkOSOpenGLRenderWindow")
        return [getattr(vtkRenderingOpenGL2, name) for name in names if hasattr(vtkRenderingOpenGL2, name)]
    return [vtkRenderWindow]


def is_software(window: vtkRenderWindow) -> bool:
    """Say whether the window draws on the processor (Mesa's llvmpipe and the like)."""
    window.Initialize()  # before its first picture a window knows nothing of what draws it
    words = window.ReportCapabilities().casefold()
    return any(name in words for name in ("llvmpipe", "softpipe", "swrast", "swiftshader", "basic render"))


def pixels(window: vtkRenderWindow, draw: bool = True) -> NDArray[np.uint8]:
    """Draw and return the window's pixels, shape (height, width, 3), first row at the top."""
    if draw:
        window.Render()
    width, height = window.GetSize()
    data = vtkUnsignedCharArray()
    window.GetPixelData(0, 0, width - 1, height - 1, 0, data, 0)
    flat = np.asarray(vtk_to_numpy(data), dtype=np.uint8)
    return np.ascontiguousarray(flat.reshape(height, width, 3)[::-1])
