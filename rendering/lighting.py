"""How bodies are lit: a warm key light, a cool fill, and a rim from behind, all moving with the viewer."""

from dataclasses import dataclass
from typing import Final

from vtkmodules.vtkRenderingCore import vtkLight, vtkRenderer


@dataclass(frozen=True)
class _Lamp:
    """A light: where it stands as seen by the viewer (right, up, towards the viewer), and its strength."""

    place: tuple[float, float, float]
    strength: float
    rgb: tuple[float, float, float]


# Three lamps, not the five of vtkLightKit: software rendering pays for each in every pixel.
LAMPS: Final = (
    _Lamp((0.55, 0.75, 1.0), 0.80, (1.0, 0.975, 0.93)),
    _Lamp((-0.9, -0.15, 0.9), 0.36, (0.86, 0.92, 1.0)),
    _Lamp((-0.35, 0.9, -0.7), 0.42, (0.95, 0.97, 1.0)),
)


def three_lights(renderer: vtkRenderer) -> None:
    """Light a renderer."""
    for lamp in LAMPS:
        light = vtkLight()
        light.SetLightTypeToCameraLight()
        light.SetPosition(*lamp.place)
        light.SetFocalPoint(0.0, 0.0, 0.0)
        light.SetIntensity(lamp.strength)
        light.SetColor(*lamp.rgb)
        renderer.AddLight(light)
