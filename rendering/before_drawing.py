"""Calls a scene back before each drawing, without keeping the scene alive."""

from collections.abc import Callable
from weakref import WeakMethod

from vtkmodules.vtkCommonCore import vtkCommand
from vtkmodules.vtkRenderingCore import vtkRenderer


def before_drawing(renderer: vtkRenderer, layout: Callable[[], None]) -> None:
    """Call a bound method whenever the renderer starts to draw.

    VTK holds its observers where Python's collector cannot see them, so a plain reference back to
    the scene would keep every scene, and the meshes it shows, for ever.
    """
    method = WeakMethod(layout)

    def observe(*_: object) -> None:
        found = method()
        if found is not None:
            found()

    renderer.AddObserver(vtkCommand.StartEvent, observe)
