"""What mouse and view keys do, in words: the one list that the key sheet and the guide print."""

from typing import Final

from planning.texts import mark

GESTURES: Final[tuple[tuple[str, str], ...]] = (
    (
        mark("Slices"),
        mark(
            "wheel, Page Up/Down: scroll · right-drag, Ctrl+wheel: zoom · middle-drag, Shift+left-drag: pan"
        ),
    ),
    (mark("Crosshair"), mark("click or drag on a slice, or Shift+move")),
    (
        mark("Oblique slices"),
        mark("drag a line of the crosshair: near its ends it turns, else it moves · R: anatomical planes"),
    ),
    (
        mark("Window and level"),
        mark("W switches to it: left-drag; double-click resets · keys 1–6: presets"),
    ),
    (
        mark("3D"),
        mark("left-drag: turn · right-drag, wheel: zoom · middle-drag, Shift+left: pan · Ctrl+left: roll"),
    ),
    (
        mark("Standard views"),
        mark("keypad 1 front, 3 left, 7 head; with Shift the opposite; 5 surgeon's view"),
    ),
    (
        mark("Blade"),
        mark(
            "drag its handles in 3D or its line on a slice · Esc restores it · "
            "once placed it locks when you go on: Ctrl+K or its padlock frees it"
        ),
    ),
    (
        mark("Pieces"),
        mark("P shows them instead of bones · B brings all back · dragged in 3D where Check allows it"),
    ),
    (mark("Look inside"), mark("X clips the 3D view through the crosshair: drag the plane by its handles")),
    (mark("Views"), mark("double-click on a title maximises · Esc brings back what was before a drag")),
)
"""What is meant, and how it is done."""
