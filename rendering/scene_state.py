"""What is seen, as frozen values: a scene is given one and applies the difference.

Values compare by content, and meshes and volumes by identity, so a view skips what did not change.
All points are LPS millimetres; colours are 0-255 RGB.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from planning.geometry.blade import Blade
from planning.geometry.frames import Vec3
from planning.geometry.mesh import Mesh
from planning.geometry.volume import Volume
from planning.model.structures import StructureKind
from planning.safety.results import PieceRole, Status
from rendering.slice_parts import GapBand, SecondImage, SlabMode, SliceField
from rendering.themes import DARK, Rgb, Theme


@dataclass(frozen=True)
class DrawnStructure:
    """One structure: a surface in 3D, an outline on slices.

    Parameters
    ----------
    id, title : str
        As in the anatomy; `title` is what a person reads.
    mesh : Mesh
    colour_rgb : Rgb
    opacity : float
        0 to 1, of the surface.
    visible, outlined : bool
        Drawn in 3D; drawn on slices.
    simulated : bool
        Not from the patient: drawn with dashed outlines, and the view says so.
    kind : StructureKind
    level : str, optional
    emphasised : bool
        Selected or pointed at.
    offset_lps_mm : Vec3
        Moves its surface in 3D along with the piece that holds it, for looking only.
    """

    id: str
    title: str
    mesh: Mesh
    colour_rgb: Rgb
    kind: StructureKind = StructureKind.OTHER
    opacity: float = 1.0
    visible: bool = True
    outlined: bool = True
    simulated: bool = False
    level: str | None = None
    emphasised: bool = False
    offset_lps_mm: Vec3 = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class DrawnBlade:
    """One osteotomy's blade.

    Parameters
    ----------
    id, title : str
    blade : Blade
    colour_rgb : Rgb
    active : bool
        Carries the handles (unless locked) and is drawn stronger.
    locked : bool
        Refuses to be grabbed.
    status : Status or None
        Worst status of its current clearances; None while nothing is known.
    visible : bool
    """

    id: str
    title: str
    blade: Blade
    colour_rgb: Rgb = (0, 158, 115)
    active: bool = False
    locked: bool = False
    status: Status | None = None
    visible: bool = True


@dataclass(frozen=True)
class DrawnPiece:
    """One piece after all cuts.

    Parameters
    ----------
    id, title : str
    mesh : Mesh
        Its own surface, without `faces`.
    role : PieceRole
    colour_rgb : Rgb
    opacity : float
    visible : bool
    offset_lps_mm : Vec3
        Moves it apart for looking only.
    faces : tuple of Mesh
        The flat faces its cuts left.
    """

    id: str
    title: str
    mesh: Mesh
    role: PieceRole
    colour_rgb: Rgb
    opacity: float = 1.0
    visible: bool = True
    offset_lps_mm: Vec3 = (0.0, 0.0, 0.0)
    faces: tuple[Mesh, ...] = ()

    @property
    def is_apart(self) -> bool:
        """Whether it is drawn where it does not lie."""
        return self.offset_lps_mm != (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class DrawnMargin:
    """A specimen surface coloured by its distance to the tumour.

    Parameters
    ----------
    id, title : str
    mesh : Mesh
    margin_mm : array of float32, shape (n vertices,)
        Distance from the tumour; negative inside it; NaN where nothing may be said.
    uncertain_below_mm : float
        Upper edge of the band drawn as uncertain (INTERCHANGE: 2 mm by plan).
    offset_lps_mm : Vec3
        Moves it apart for looking only.
    """

    id: str
    title: str
    mesh: Mesh
    margin_mm: NDArray[np.float32] = field(compare=False)
    uncertain_below_mm: float = 2.0
    visible: bool = True
    offset_lps_mm: Vec3 = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class DrawnLine:
    """The line that joins two closest points, with its length in words (``2.1 mm``)."""

    start_lps_mm: Vec3
    end_lps_mm: Vec3
    label: str
    colour_rgb: Rgb = (240, 228, 66)


@dataclass(frozen=True)
class LevelName:
    """A vertebral level's name and the point it labels (the vertebra's middle).

    `apart_lps_mm` is how far its piece is moved in 3D, for looking only: the name goes along there.
    """

    text: str
    point_lps_mm: Vec3
    apart_lps_mm: Vec3 = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class ClipPlane:
    """Look inside: what lies on the side `normal_lps` points to is not drawn.

    With `slab_mm` over 0, what lies deeper than that behind the plane is not drawn either.
    """

    origin_lps_mm: Vec3
    normal_lps: Vec3
    slab_mm: float = 0.0


@dataclass(frozen=True)
class Stamp:
    """What a view and every picture of it says about itself.

    Parameters
    ----------
    patient : str
        The patient line as the chosen identity allows; empty shows none.
    series : str
        Image series, or plan name.
    digest : str
        Digest of the case; printed short. A picture without one is refused.
    program : str
        Name and version. A picture without one is refused.
    level_note : str
        Said where no level names can be drawn, such as "levels not labelled".
    intralesional, simulated, updating : bool
        Burnt in as words. A picture is refused while `updating`.
    warnings : tuple of str
        Further lines, such as "Level count not confirmed".
    notice : str
        Stands first in the banner, such as "NOT REGISTERED".
    """

    patient: str = ""
    series: str = ""
    digest: str = ""
    program: str = ""
    level_note: str = ""
    intralesional: bool = False
    simulated: bool = False
    updating: bool = False
    warnings: tuple[str, ...] = ()
    notice: str = ""


class SlicePlane(StrEnum):
    """The three conventional planes, one given by its own axes, and the two that follow a cut."""

    AXIAL = "axial"
    SAGITTAL = "sagittal"
    CORONAL = "coronal"
    OBLIQUE = "oblique"
    CUT_FACE = "cut_face"
    CUT_ACROSS = "cut_across"


@dataclass(frozen=True)
class SliceAxes:
    """Which way is right and up on the screen, as unit LPS vectors at right angles.

    The viewer looks along `up x right`; `normal_lps` = `right x up` points to the viewer.
    """

    right_lps: Vec3
    up_lps: Vec3

    @property
    def normal_lps(self) -> Vec3:
        """Unit vector that points to the viewer."""
        (a, b, c), (d, e, f) = self.right_lps, self.up_lps
        return (b * f - c * e, c * d - a * f, a * e - b * d)


# Radiological convention: axial from the feet, coronal from the front, sagittal from the left.
STANDARD_AXES: Final[dict[SlicePlane, SliceAxes]] = {
    SlicePlane.AXIAL: SliceAxes((1.0, 0.0, 0.0), (0.0, -1.0, 0.0)),
    SlicePlane.CORONAL: SliceAxes((1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
    SlicePlane.SAGITTAL: SliceAxes((0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
}


@dataclass(frozen=True)
class DrawnSlice:
    """A slice shown in 3D, through a point and across its view's line of sight."""

    plane: SlicePlane
    axes: SliceAxes
    point_lps_mm: Vec3
    volume: Volume
    window_hu: float
    level_hu: float


@dataclass(frozen=True)
class DrawnVolume:
    """The image itself in 3D, by densities: a picture, nothing in it is measured.

    Parameters
    ----------
    volume : Volume
        Reduced where the image is large.
    preset : str
        One of `rendering.volume_picture.PRESETS`.
    """

    volume: Volume
    preset: str


@dataclass(frozen=True)
class SpineState:
    """Everything the 3D view shows."""

    structures: tuple[DrawnStructure, ...] = ()
    blades: tuple[DrawnBlade, ...] = ()
    pieces: tuple[DrawnPiece, ...] = ()
    margins: tuple[DrawnMargin, ...] = ()
    line: DrawnLine | None = None
    levels: tuple[LevelName, ...] = ()
    crosshair_lps_mm: Vec3 | None = None
    clip: ClipPlane | None = None
    slices: tuple[DrawnSlice, ...] = ()
    picture: DrawnVolume | None = None
    parallel: bool = True
    stamp: Stamp = Stamp()
    theme: Theme = DARK

    @property
    def is_apart(self) -> bool:
        """Whether pieces are drawn where they do not lie: nothing may then be measured by eye."""
        return any(piece.is_apart and piece.visible for piece in self.pieces)


@dataclass(frozen=True)
class CrossLine:
    """The line in which another slice plane crosses a slice, through the crosshair."""

    plane: SlicePlane
    direction_lps: Vec3


@dataclass(frozen=True)
class FollowedCut:
    """The cut a slice follows.

    Parameters
    ----------
    drawn : DrawnBlade
    offset_mm : float
        How far the slice lies off the cut's own plane, towards the viewer.
    why_no_area : str
        Why the area of bone in the blade may not be said; empty where it may.
    """

    drawn: DrawnBlade
    offset_mm: float = 0.0
    why_no_area: str = ""


@dataclass(frozen=True)
class SliceState:
    """Everything one slice view shows.

    Parameters
    ----------
    plane : SlicePlane
    axes : SliceAxes or None
        Needed for `OBLIQUE` and the cut's planes, and where a plane is turned; None takes the standard axes.
    volume : Volume or None
    window_hu, level_hu : float
        Width and centre of the grey window.
    crosshair_lps_mm : Vec3
        The slice passes through this point.
    zoom : float
        1 fits the whole image; 2 is twice as large.
    pan_mm : (right, up)
        How far the view's middle lies from the image's middle.
    slab_mm, slab_mode
        Thickness of the slab shown as one image; 0 is a plain slice.
    structures, blades, line, levels, stamp, theme
        As in 3D; structures are outlines.
    show_crosshair : bool
    cross : tuple of CrossLine
        The crosshair's lines that can be grabbed; none: the standard planes' bars, only to look at.
    gaps : tuple of GapBand
        Where the image is interpolated over missing slices.
    field : SliceField or None
        What zoom 1 fits; None fits the whole image.
    cut : FollowedCut or None
        The cut that is drawn with its measures.
    empty : str
        Said in the middle of a view that has nothing to show.
    second : SecondImage or None
        Another image of the same space, faded over this one.
    """

    plane: SlicePlane
    volume: Volume | None = None
    crosshair_lps_mm: Vec3 = (0.0, 0.0, 0.0)
    axes: SliceAxes | None = None
    window_hu: float = 2000.0
    level_hu: float = 400.0
    zoom: float = 1.0
    pan_mm: tuple[float, float] = (0.0, 0.0)
    slab_mm: float = 0.0
    slab_mode: SlabMode = SlabMode.MAXIMUM
    structures: tuple[DrawnStructure, ...] = ()
    blades: tuple[DrawnBlade, ...] = ()
    line: DrawnLine | None = None
    levels: tuple[LevelName, ...] = ()
    show_crosshair: bool = True
    cross: tuple[CrossLine, ...] = ()
    stamp: Stamp = Stamp()
    theme: Theme = DARK
    gaps: tuple[GapBand, ...] = ()
    field: SliceField | None = None
    cut: FollowedCut | None = None
    empty: str = ""
    second: SecondImage | None = None

    @property
    def screen_axes(self) -> SliceAxes:
        """Right and up of this view; those of an axial slice where nothing says them."""
        if self.axes is not None:
            return self.axes
        return STANDARD_AXES.get(self.plane, STANDARD_AXES[SlicePlane.AXIAL])
