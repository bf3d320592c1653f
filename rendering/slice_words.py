"""What a slice view says about its plane: which one, how far turned, how thick."""

from typing import Final

from planning.texts import brief, mark, tr
from rendering.scene_state import SlicePlane, SliceState
from rendering.slice_geometry import position_words, turned_deg
from rendering.slice_parts import SlabMode

PLANE_NAMES: Final = {
    SlicePlane.AXIAL: mark("Axial"),
    SlicePlane.SAGITTAL: mark("Sagittal"),
    SlicePlane.CORONAL: mark("Coronal"),
    SlicePlane.OBLIQUE: mark("Oblique"),
    SlicePlane.CUT_FACE: mark("In the cut"),
    SlicePlane.CUT_ACROSS: mark("Across the cut"),
}
SLAB_NAMES: Final = {
    SlabMode.MEAN: mark("Mean"),
    SlabMode.MAXIMUM: mark("MIP"),
    SlabMode.MINIMUM: mark("MinIP"),
}
_LEAST_TURN_DEG: Final = 0.05


def is_turned(state: SliceState) -> bool:
    """Say whether a view is turned out of its anatomical plane."""
    return turned_deg(state) >= _LEAST_TURN_DEG


def plane_words(state: SliceState) -> str:
    """Return the plane's name, and how far it is turned out of the anatomical one."""
    name = tr(PLANE_NAMES[state.plane])
    if not is_turned(state):
        return name
    return tr("{plane}, oblique {angle}°", plane=name, angle=f"{turned_deg(state):.1f}")


def place_words(state: SliceState) -> str:
    """Return where the slice lies, in a few characters."""
    if state.volume is None:
        return ""
    return (
        tr("oblique {angle}°", angle=f"{turned_deg(state):.1f}")
        if is_turned(state)
        else position_words(state)
    )


def second_words(state: SliceState) -> str:
    """Return which image lies faded over the slice; empty where none does."""
    second = state.second
    if second is None:
        return ""
    return tr("over it: {image}, {share} %", image=brief(second.title), share=round(100 * second.share))


def slab_words(state: SliceState) -> list[str]:
    """Return the lines that say a view shows a slab, not a slice; none for a slice."""
    if state.slab_mm <= 0:
        return []
    slab = tr(
        "{mode} of a slab of {slab} mm", mode=tr(SLAB_NAMES[state.slab_mode]), slab=f"{state.slab_mm:g}"
    )
    drawn = any(s.outlined for s in state.structures) or any(b.visible for b in state.blades)
    return [slab, tr("outlines: middle plane only")] if drawn else [slab]
