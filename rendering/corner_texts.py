"""Words at fixed places of a view: corners, the middles of the edges, and the banner."""

from collections.abc import Sequence
from enum import Enum

import numpy as np
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkTextActor

from planning.geometry.frames import Floats, axis_letter
from planning.texts import brief, literal, tr
from rendering.boxes import NO_BOXES, Box, moved
from rendering.label_layout import STAY, Shift, Wanted, along_edge, down_either_side, places
from rendering.lettering import ROOM_PX, Lettering
from rendering.scene_state import SliceAxes, Stamp
from rendering.themes import DARK, Rgb, Theme
from rendering.word_block import BlockLine, shorter, whole

ALARM_RGB: Rgb = (255, 96, 72)
FULL_SIZE_PX = (380.0, 300.0)  # a view smaller than this, in logical pixels, has smaller words
LEAST_TEXT_PX = 9.4
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
_MOVING = (*EDGES, Place.TOP_RIGHT)


class CornerTexts:
    """The words of one view."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._actors: dict[Place, vtkTextActor] = {}
        self._words: dict[Place, str] = {}
        self._size = 1.0
        self._block: tuple[BlockLine, ...] = ()
        self.titled = False  # the view has a title beside it, which says what yields here
        self.left_out: tuple[str, ...] = ()
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

    def set_block(self, lines: Sequence[BlockLine]) -> None:
        """Put lines at the upper right; some may yield where there is no room for all."""
        self._block = tuple(line for line in lines if line.words)
        self.set(Place.TOP_RIGHT, whole(self._block))

    def get(self, place: Place) -> str:
        """Return the words of a place, those that yielded too."""
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

    def layout(
        self, width_px: float, height_px: float, taken: Sequence[Box] = (), crossed: Floats = NO_BOXES
    ) -> None:
        """Place everything for a view of this size.

        Parameters
        ----------
        width_px, height_px : float
        taken : sequence of Box
            What else is written in the view.
        crossed : array, shape (n, 4)
            Handles: letters and the lines at the upper right go round them where they can.
        """
        self.fit(width_px, height_px)
        m = self._margin_px
        for place, actor in self._actors.items():
            x, y = place.value[0], place.value[1]
            actor.SetPosition(m + x * (width_px - 2 * m), m + y * (height_px - 2 * m))
        self._stack()
        fixed = [box for place in Place if place not in _MOVING and (box := self.box(place)) is not None]
        self._make_room((0.0, 0.0, width_px, height_px), [*taken, *fixed], crossed)

    def _stack(self) -> None:
        """Keep the banner by the title and warnings by the source: what is operated on stays free."""
        gap = max(0.2 * self._line_px, self._lettering.px(2 * ROOM_PX + 0.5))
        title, source = self.box(Place.TOP_LEFT), self.box(Place.BOTTOM_LEFT)
        x, top = self._actors[Place.TOP_LEFT].GetPosition()
        self._actors[Place.BANNER].SetPosition(x, title[1] - gap if title is not None else top)
        low = self._actors[Place.BOTTOM_LEFT].GetPosition()[1]
        self._actors[Place.WARNINGS].SetPosition(x, source[3] + gap if source is not None else low)

    def _make_room(self, room: Box, standing: list[Box], crossed: Floats) -> None:
        """Move the letters along their edges, then the lines at the upper right: they cover nothing."""
        letters = [(place, box) for place in EDGES if (box := self.box(place)) is not None]
        wanted = [
            Wanted(box, along_edge(box, room, upright=place in (Place.LEFT, Place.RIGHT)), must=True)
            for place, box in letters
        ]
        for (place, box), shift in zip(letters, places(wanted, standing, room, crossed), strict=True):
            self._shift(place, shift or STAY)
            standing.append(moved(box, *(shift or STAY)))
        self._place_block(room, standing, crossed)

    def _place_block(self, room: Box, standing: list[Box], crossed: Floats) -> None:
        """Give lines up until the rest has a free place; what must not yield covers as little as it can."""
        self.left_out, actor = (), self._actors[Place.TOP_RIGHT]
        if not self.get(Place.TOP_RIGHT):
            return
        box = self.box(Place.TOP_RIGHT)
        choices = shorter(self._block) if self.titled else [(whole(self._block), ())]
        for words, left_out in choices:
            self.left_out = left_out
            actor.SetInput(words)
            box = self.box(Place.TOP_RIGHT)
            if box is None:
                return
            (shift,) = places([Wanted(box, down_either_side(box, room), clear=True)], standing, room, crossed)
            if shift is not None:
                self._shift(Place.TOP_RIGHT, shift)
                return
        if box is not None:
            last = Wanted(box, down_either_side(box, room), must=True)
            (shift,) = places([last], standing, room, crossed)
            self._shift(Place.TOP_RIGHT, shift or STAY)

    def _shift(self, place: Place, by_px: Shift) -> None:
        x, y = self._actors[place].GetPosition()
        self._actors[place].SetPosition(x + by_px[0], y + by_px[1])

    def boxes(self) -> list[Box]:
        """Return where words lie, as left, low, right, high: other words keep off them."""
        found = (self.box(place) for place in Place)
        return [box for box in found if box is not None]

    def box(self, place: Place) -> Box | None:
        """Return where the words of a place lie; None where there are none."""
        actor = self._actors[place]
        if not actor.GetVisibility() or not actor.GetInput():
            return None
        return self._lettering.box(actor.GetTextProperty(), actor.GetInput(), *actor.GetPosition())

    @property
    def size(self) -> float:
        """How large words are in a view of this size: 1, or less in a small one."""
        return self._size

    def fit(self, width_px: float, height_px: float) -> None:
        """Choose the size of words for a view of this size: a small one gets smaller words."""
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
