"""One line for each cut, from the plan and what may be said about it now."""

from collections.abc import Iterable
from dataclasses import dataclass

from planning.model.anatomy import Anatomy
from planning.model.osteotomy import Osteotomy, OsteotomyKind
from planning.model.plan import Plan
from planning.model.structures import reference_words
from planning.model.tools import ToolLibrary
from planning.safety.results import SEVERITY, Clearance, Status, TumourMargin, worst
from planning.texts import mark, tr
from widgets.plain_text import millimetres

KIND_WORDS = {
    OsteotomyKind.DISC: mark("disc"),
    OsteotomyKind.VERTEBRAL_BODY: mark("vertebral body"),
    OsteotomyKind.PEDICLE: mark("pedicle"),
    OsteotomyKind.LAMINA: mark("lamina"),
    OsteotomyKind.RIB: mark("rib"),
    OsteotomyKind.SAGITTAL: mark("sagittal"),
    OsteotomyKind.FREE: mark("free"),
}


@dataclass(frozen=True)
class Said:
    """What is known of the plan's cuts now: complete, or only the one being dragged.

    Parameters
    ----------
    clearances : tuple of Clearance
    margins : tuple of TumourMargin
    known : frozenset of str
        Cuts whose results these are; every other one is being updated.
    """

    clearances: tuple[Clearance, ...] = ()
    margins: tuple[TumourMargin, ...] = ()
    known: frozenset[str] = frozenset()


@dataclass(frozen=True)
class CutRow:
    """One line of the table, in words.

    Parameters
    ----------
    osteotomy : Osteotomy
    tool, kerf, margin, nearest : str
    status : Status or None
        None while it is being updated.
    visible : bool
    place : Clearance or TumourMargin or None
        What a click on the numbers flies to.
    guard : str
        Whether a guard bears on the status; empty where the status does not hang on one.
    """

    osteotomy: Osteotomy
    tool: str
    kerf: str
    margin: str
    nearest: str
    status: Status | None
    visible: bool = True
    place: Clearance | TumourMargin | None = None
    guard: str = ""


def in_step_order(osteotomies: Iterable[Osteotomy]) -> list[Osteotomy]:
    """Return cuts by step; those without one come last, in the plan's order."""
    return sorted(osteotomies, key=lambda o: (o.step is None, o.step or 0))


def cut_rows(
    plan: Plan, said: Said, tools: ToolLibrary, hidden: frozenset[str], anatomy: Anatomy | None = None
) -> list[CutRow]:
    """Return the lines of the table in step order; `anatomy` has the titles of what is nearest."""
    return [_row(o, said, tools, o.id not in hidden, anatomy) for o in in_step_order(plan.osteotomies)]


def nearest_of(clearances: Iterable[Clearance]) -> Clearance | None:
    """Return the clearance to show for a cut: the worst status, and among those the smallest distance."""
    known = [c for c in clearances if c.value_mm is not None]
    return min(known, key=lambda c: (SEVERITY[c.status], c.value_mm), default=None)


def _row(
    osteotomy: Osteotomy, said: Said, tools: ToolLibrary, visible: bool, anatomy: Anatomy | None
) -> CutRow:
    tool = tools.tool(osteotomy.tool)
    name = tr(tool.name) if tool is not None else tr("{tool} (unknown)", tool=osteotomy.tool)
    kerf = f"{osteotomy.blade.kerf_mm:.1f} mm"
    if osteotomy.id not in said.known:
        return CutRow(osteotomy, name, kerf, "...", "...", None, visible)
    clearances = [c for c in said.clearances if c.osteotomy == osteotomy.id]
    margin = next((m for m in said.margins if m.osteotomy == osteotomy.id), None)
    nearest = nearest_of(clearances)
    statuses = [c.status for c in clearances] + ([margin.status] if margin is not None else [])
    words = "–"
    if nearest is not None:
        structure = anatomy.structure(nearest.structure_id) if anatomy is not None else None
        title = structure.title if structure is not None else reference_words(nearest.structure)
        words = f"{millimetres(nearest.value_mm)}  {title}"
    status = worst(statuses)
    return CutRow(
        osteotomy,
        name,
        kerf,
        millimetres(margin.value_mm) if margin is not None else "–",
        words,
        status,
        visible,
        nearest,
        _guard(nearest, status),
    )


def _guard(nearest: Clearance | None, status: Status) -> str:
    """Return whether a guard stands before what is nearest: of two like distances one fails, one warns."""
    if nearest is None or nearest.status is not status or nearest.capped:
        return ""
    if status not in (Status.FAIL, Status.WARN):
        return ""
    return tr("guarded") if nearest.guard is not None else tr("no guard")
