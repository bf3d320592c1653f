"""Words at fixed places of a view: corners, the middles of the edges, and the banner."""

from enum import Enum

import numpy as np
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkTextActor

from planning.geometry.frames import axis_letter
from planning.texts import brief, letters, literal, tr
from rendering.boxes import Box, overlap
from rendering.lettering import Lettering
from rendering.scene_state import SliceAxes, Stamp
from rendering.themes import DARK, Rgb, Theme

ALARM_RGB: Rgb = (255, 96, 72)
FULL_SIZE_PX = (380.0, 300.0)  # a view smaller than this, in logical pixels, has smaller words
LEAST_TEXT_PX = 9.4
LETTER_WIDTH = 0.42  # of a capital, to the height of a line
BANNER_SHADE = 0.62
SHORT_DIGEST = 12


class Place(Enum):
    """Where words stand: share of width and height, and how they are aligned."""

    TOP_LEFT = (0.0, 1.0, -1, 1)
    TOP_RIGHT = (1.0, 1.0, 1, 1)
    BOTTOM_LEFT = (0.0, 0.0, -1, -1)
    TOP = (0.5, 1.0, 0, 1)
    BOTTOM = (0.5, 0.0, 0, -1)
    LEFT = (0.0, 0.5, -1, 0)
    RIGHT = (1.0, 0.5, 1, 0)
    BANNER = (0.0, 0.9, -1, 1)
    WARNINGS = (0.0, 0.12, -1, -1)
    MIDDLE = (0.5, 0.6, 0, 0)


EDGES = (Place.LEFT, Place.RIGHT, Place.TOP, Place.BOTTOM)


class CornerTexts:
    """The words of one view."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._actors: dict[Place, vtkTextActor] = {}
        self._words: dict[Place, str] = {}
        self._size = 1.0
        for place in Place:
            actor = vtkTextActor()
            actor.PickableOff()
            actor.VisibilityOff()
            renderer.AddViewProp(actor)
            self._actors[place] = actor

    def style(self, lettering: Lettering, theme: Theme) -> None:
        """Take over font, colours and sizes."""
        self._lettering, self._theme = lettering, theme
        self._margin_px = lettering.px(9)
        self._line_px = lettering.px(theme.text_pt * 1.5 * self._size)
        for place, actor in self._actors.items():
            edge, banner = place in EDGES, place is Place.BANNER
            rgb = {Place.BANNER: ALARM_RGB, Place.WARNINGS: theme.warning_rgb}.get(place)
            size = 1.35 if edge else 1.05 if banner else 1.0
            style, align = actor.GetTextProperty(), (place.value[2], place.value[3])
            lettering.write(style, theme, size=size * self._size, bold=edge or banner, rgb=rgb, align=align)
            if banner:
                style.SetBackgroundColor(0, 0, 0)
                style.SetBackgroundOpacity(BANNER_SHADE)

    def set(self, place: Place, words: str) -> None:
        """Put words at a place; empty ones take it away."""
        self._words[place] = words
        actor = self._actors[place]
        actor.SetVisibility(bool(words))
        if words and actor.GetInput() != words:
            actor.SetInput(words)

    def get(self, place: Place) -> str:
        """Return the words shown at a place."""
        actor = self._actors[place]
        return self._words.get(place, "") if actor.GetVisibility() else ""

    def letters(self, axes: SliceAxes, *, exact: bool = False) -> None:
        """Put the patient's directions on the four edges, from the direction cosines themselves.

        `exact` names every axis an edge points to by more than three degrees, as a slice should.
        """
        least, most = (0.05, 3) if exact else (0.35, 2)
        ways = {Place.RIGHT: np.asarray(axes.right_lps), Place.TOP: np.asarray(axes.up_lps)}
        ways |= {Place.LEFT: -ways[Place.RIGHT], Place.BOTTOM: -ways[Place.TOP]}
        for place, way in ways.items():
            self.set(place, axis_letter(way, least, most))

    def layout(self, width_px: float, height_px: float) -> None:
        """Place everything for a view of this size; a small one gets smaller words."""
        self._fit(width_px, height_px)
        m = self._margin_px
        for place, actor in self._actors.items():
            x, y = place.value[0], place.value[1]
            px = m + x * (width_px - 2 * m)
            py = m + y * (height_px - 2 * m)
            if place is Place.BANNER:  # in the corner: what is operated on stays free
                py = height_px - m - self._line_px * self._lines(Place.TOP_LEFT)
            if place is Place.WARNINGS:
                py = m + self._line_px * (0.5 + len(self.get(Place.BOTTOM_LEFT).split("\n")))
            actor.SetPosition(px, py)
        self._give_way()

    def _lines(self, place: Place) -> int:
        words = self.get(place)
        return len(words.split("\n")) if words else 0

    @property
    def size(self) -> float:
        """How large words are in a view of this size: 1, or less in a small one."""
        return self._size

    def _fit(self, width_px: float, height_px: float) -> None:
        full_width, full_height = (self._lettering.px(px * self._scale) for px in FULL_SIZE_PX)
        room = min(width_px / full_width, height_px / full_height, 1.0)
        size = max(LEAST_TEXT_PX / self._theme.text_pt, round(room, 1))
        if size != self._size:
            self._size = size
            self.style(self._lettering, self._theme)

    @property
    def _scale(self) -> float:
        """How much larger than usual the theme's text is: rooms are judged by it."""
        return self._theme.text_pt / DARK.text_pt

    def _give_way(self) -> None:
        """Put the words at the upper right below whatever else a narrow view has in their line."""
        actor = self._actors[Place.TOP_RIGHT]
        for place in (Place.TOP, Place.TOP_LEFT, Place.BANNER):
            mine, other = self._box(Place.TOP_RIGHT), self._box(place)
            if mine is not None and other is not None and overlap(mine, other):
                actor.SetPosition(actor.GetPosition()[0], other[1] - 0.1 * self._line_px)

    def boxes(self) -> list[Box]:
        """Return roughly where words lie, as left, low, right, high: other words keep off them."""
        found = (self._box(place) for place in Place)
        return [box for box in found if box is not None]

    def _box(self, place: Place) -> Box | None:
        actor = self._actors[place]
        if not actor.GetVisibility():
            return None
        lines = str(actor.GetInput()).split("\n")
        height, width = self._line_px * len(lines), self._line_px * LETTER_WIDTH * max(map(letters, lines))
        x, y = actor.GetPosition()
        left = x - width * (place.value[2] + 1) / 2
        low = y - height * (place.value[3] + 1) / 2
        return left, low, left + width, low + height


def banner_words(stamp: Stamp) -> str:
    """Return what must be seen first, or nothing."""
    words = [
        stamp.notice,
        tr("UPDATING") if stamp.updating else "",
        tr("INTRALESIONAL PLAN") if stamp.intralesional else "",
        tr("SIMULATED STRUCTURES") if stamp.simulated else "",
    ]
    return "\n".join(w for w in words if w)


def title_words(stamp: Stamp) -> str:
    """Return the patient, whole, and the series, short enough not to cover what stands beside it."""
    return "\n".join(line for line in (literal(stamp.patient), brief(stamp.series)) if line)


def source_words(stamp: Stamp) -> str:
    """Return the lines that say what case and program a view comes from."""
    digest = stamp.digest.removeprefix("sha256:")[:SHORT_DIGEST]
    lines = [tr("case {digest}", digest=digest) if digest else "", stamp.program]
    return "\n".join(line for line in lines if line)
