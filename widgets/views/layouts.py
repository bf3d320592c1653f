"""Layouts as data: which views are shown, where, and how the room is shared.

A layout names its views; `ViewGrid` places whichever frames carry those names. A further view needs
a name here and a layout that uses it, nothing else.
"""

from dataclasses import dataclass
from typing import Final

from planning.texts import mark

SPINE: Final = "spine"
AXIAL: Final = "axial"
SAGITTAL: Final = "sagittal"
CORONAL: Final = "coronal"
CUT_FACE: Final = "cut_face"
CUT_ACROSS: Final = "cut_across"


@dataclass(frozen=True)
class Cell:
    """Where one view lies in the grid: its first row and column, and how many of either it fills."""

    view: str
    row: int = 0
    column: int = 0
    rows: int = 1
    columns: int = 1


@dataclass(frozen=True)
class Layout:
    """Which views are shown, and where.

    Parameters
    ----------
    id : str
        Kept in the settings: never rename one.
    title, help : str
        Marked for translation.
    cells : tuple of Cell
    key : str
        Portable key sequence.
    row_shares, column_shares : tuple of int
        How the room is shared by rows and columns.
    apart : str
        View shown in a window of its own, on the other screen where there is one; empty for none.
    panels : bool
        Whether the panel of the stage and the table of cuts are shown beside the views.
    """

    id: str
    title: str
    help: str
    cells: tuple[Cell, ...]
    key: str = ""
    row_shares: tuple[int, ...] = (1,)
    column_shares: tuple[int, ...] = (1,)
    apart: str = ""
    panels: bool = True

    @property
    def views(self) -> tuple[str, ...]:
        """Names of every view it shows."""
        return (*(cell.view for cell in self.cells), *([self.apart] if self.apart else []))


def _only(view: str, title: str, key: str) -> Layout:
    return Layout(f"only-{view}", title, mark("One view fills the place"), (Cell(view),), key)


FOUR: Final = Layout(
    "four",
    mark("Four views"),
    mark("Three slices and 3D"),
    (Cell(AXIAL, 0, 0), Cell(SPINE, 0, 1), Cell(SAGITTAL, 1, 0), Cell(CORONAL, 1, 1)),
    "Ctrl+1",
    (1, 1),
    (1, 1),
)
CUTS: Final = Layout(
    "cuts",
    mark("Cut views"),
    mark("A slice in the active cut's blade and one across it, beside axial slice and 3D"),
    (Cell(AXIAL, 0, 0), Cell(SPINE, 0, 1), Cell(CUT_FACE, 1, 0), Cell(CUT_ACROSS, 1, 1)),
    "Ctrl+9",
    (1, 1),
    (1, 1),
)
LAYOUTS: Final[tuple[Layout, ...]] = (
    FOUR,
    _only(SPINE, mark("3D only"), "Ctrl+2"),
    Layout(
        "spine-axial",
        mark("3D and axial"),
        mark("3D beside the axial slice"),
        (Cell(SPINE, 0, 0), Cell(AXIAL, 0, 1)),
        "Ctrl+3",
        (1,),
        (1, 1),
    ),
    _only(AXIAL, mark("Axial only"), "Ctrl+4"),
    _only(SAGITTAL, mark("Sagittal only"), "Ctrl+5"),
    _only(CORONAL, mark("Coronal only"), "Ctrl+6"),
    Layout(
        "wide",
        mark("Wide, for the projector"),
        mark("Large 3D beside three slices; panels make room, the safety board stays"),
        (Cell(SPINE, 0, 0, 3), Cell(AXIAL, 0, 1), Cell(SAGITTAL, 1, 1), Cell(CORONAL, 2, 1)),
        "Ctrl+7",
        (1, 1, 1),
        (5, 2),
        panels=False,
    ),
    Layout(
        "two-screens",
        mark("Two screens"),
        mark("3D in a window of its own, on the other screen; close that window to bring it back"),
        (Cell(AXIAL, 0, 0, 2), Cell(SAGITTAL, 0, 1), Cell(CORONAL, 1, 1)),
        "Ctrl+8",
        (1, 1),
        (1, 1),
        apart=SPINE,
    ),
    CUTS,
)
_BY_ID: Final = {layout.id: layout for layout in LAYOUTS}


def layout_of(layout_id: str) -> Layout:
    """Return the layout of an identifier; four views for one that is unknown."""
    return _BY_ID.get(layout_id, FOUR)
