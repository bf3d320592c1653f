"""Words at fixed places of a view: corners, the middles of the edges, and the banner."""

from enum import Enum

from vtkmodules.vtkRenderingCore import vtkRenderer, vtkTextActor

from planning.geometry.frames import axis_letter
from planning.texts import brief, literal, tr
from rendering.lettering import Lettering
from rendering.scene_state import SliceAxes, Stamp
from rendering.themes import Rgb, Theme

ALARM_RGB: Rgb = (255, 96, 72)
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
    BANNER = (0.5, 0.1, 0, -1)
    WARNINGS = (0.0, 0.12, -1, -1)
    MIDDLE = (0.5, 0.6, 0, 0)


EDGES = (Place.LEFT, Place.RIGHT, Place.TOP, Place.BOTTOM)


class CornerTexts:
    """The words of one view."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._actors: dict[Place, vtkTextActor] = {}
        for place in Place:
            actor = vtkTextActor()
            actor.PickableOff()
            actor.VisibilityOff()
            renderer.AddViewProp(actor)
            self._actors[place] = actor

    def style(self, lettering: Lettering, theme: Theme) -> None:
        """Take over font, colours and sizes."""
        self._margin_px = lettering.px(9)
        self._line_px = lettering.px(theme.text_pt * 1.5)
        for place, actor in self._actors.items():
            edge, banner = place in EDGES, place is Place.BANNER
            rgb = {Place.BANNER: ALARM_RGB, Place.WARNINGS: theme.warning_rgb}.get(place)
            size = 1.35 if edge else 1.05 if banner else 1.0
            align = (place.value[2], place.value[3])
            style = actor.GetTextProperty()
            lettering.write(style, theme, size=size, bold=edge or banner, rgb=rgb, align=align)
            if banner:
                style.SetBackgroundColor(0, 0, 0)
                style.SetBackgroundOpacity(BANNER_SHADE)

    def set(self, place: Place, words: str) -> None:
        """Put words at a place; empty ones take it away."""
        actor = self._actors[place]
        actor.SetVisibility(bool(words))
        if words and actor.GetInput() != words:
            actor.SetInput(words)

    def get(self, place: Place) -> str:
        """Return the words shown at a place."""
        actor = self._actors[place]
        return str(actor.GetInput()) if actor.GetVisibility() else ""

    def letters(self, axes: SliceAxes) -> None:
        """Put the patient's directions on the four edges, from the direction cosines themselves."""
        right, up = axes.right_lps, axes.up_lps
        self.set(Place.RIGHT, axis_letter(right))
        self.set(Place.LEFT, axis_letter([-v for v in right]))
        self.set(Place.TOP, axis_letter(up))
        self.set(Place.BOTTOM, axis_letter([-v for v in up]))

    def layout(self, width_px: float, height_px: float) -> None:
        """Place everything for a view of this size."""
        m = self._margin_px
        for place, actor in self._actors.items():
            x, y = place.value[0], place.value[1]
            px = m + x * (width_px - 2 * m)
            py = m + y * (height_px - 2 * m)
            if place is Place.BANNER:
                py = m + 1.6 * self._line_px  # over the lower letter: what is operated on stays free
            if place is Place.WARNINGS:
                py = m + self._line_px * (0.5 + len(self.get(Place.BOTTOM_LEFT).split("\n")))
            actor.SetPosition(px, py)

    def boxes(self) -> list[tuple[float, float, float, float]]:
        """Return roughly where words lie, as left, low, right, high: other words keep off them."""
        boxes = []
        for place, actor in self._actors.items():
            if not actor.GetVisibility():
                continue
            lines = str(actor.GetInput()).split("\n")
            height, width = self._line_px * len(lines), self._line_px * 0.42 * max(map(len, lines))
            x, y = actor.GetPosition()
            left = x - width * (place.value[2] + 1) / 2
            low = y - height * (place.value[3] + 1) / 2
            boxes.append((left, low, left + width, low + height))
        return boxes


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
