"""Calls a scene back before each drawing, without keeping the scene alive."""

from collections.abc import Callable
from weakref import WeakMethod

from vtkmodules.vtkCommonCore import vtkCommand
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow

Stop = Callable[[], None]


def before_drawing(drawn: vtkRenderer | vtkRenderWindow, layout: Callable[[], None]) -> Stop:
    """Call a bound method whenever a renderer or window starts to draw; return what ends it.

    VTK holds its observers where Python's collector cannot see them, so a plain reference back to
    the scene would keep every scene, and the meshes it shows, for ever.
    """
    method = WeakMethod(layout)

    def observe(*_: object) -> None:
        found = method()
        if found is not None:
            found()

    tag = drawn.AddObserver(vtkCommand.StartEvent, observe)
    return lambda: drawn.RemoveObserver(tag)
