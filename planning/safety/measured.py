"""Everything measured for one plan before it is judged, and used again where nothing changed.

Moving one blade leaves surfaces, fields, the uncut bones and every other blade's distances as they
are: only that blade is checked a second way, and the bones are cut anew.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Final

from planning.errors import WorkerDied
from planning.geometry.blade import Blade
from planning.model.anatomy import Anatomy
from planning.model.plan import Plan
from planning.progress import Cancelled, Progress, part
from planning.resection.margin_map import RawSpecimenMargin, specimen_margins
from planning.resection.pieces import RawProblem, Resection
from planning.resection.resect import resect
from planning.resection.specimen import PieceMeshes, piece_meshes
from planning.safety.clearance import RawClearance, all_cross_checked
from planning.safety.fields import Fields, fields_of
from planning.safety.measurable import measurable_anatomy, measurable_plan
from planning.segmentation.surfaces import Surfaces, surfaces_of
from planning.texts import tr

if TYPE_CHECKING:
    from planning.kernel.process import Worker

Rows = Mapping[Blade, tuple[RawClearance, ...]]

_POLL_SECONDS: Final = 0.1


@dataclass(frozen=True, eq=False)
class Measured:
    """What was measured for one anatomy and plan.

    Parameters
    ----------
    anatomy : Anatomy
    plan : Plan
        All that the measuring saw: see `planning.safety.measurable`.
    surfaces : Surfaces
    fields : Fields
    rows : mapping of Blade to RawClearance
        Each blade's clearances, confirmed by the second evaluator; they depend on fields and blade alone.
    resection : Resection
    margins : tuple of RawSpecimenMargin
    solids : PieceMeshes
    """

    anatomy: Anatomy
    plan: Plan
    surfaces: Surfaces
    fields: Fields
    rows: Rows
    resection: Resection
    margins: tuple[RawSpecimenMargin, ...]
    solids: PieceMeshes

    def serves(self, anatomy: Anatomy, plan: Plan) -> bool:
        """Whether measuring this anatomy and plan would give this again; the plan is compared first."""
        return (
            measurable_plan(plan) == self.plan and measurable_anatomy(anatomy, self.anatomy) is self.anatomy
        )


class Recent:
    """Keeps the latest measurement between evaluations of one session; safe to share between threads."""

    def __init__(self) -> None:
        self.measured: Measured | None = None


def measured_of(
    anatomy: Anatomy,
    plan: Plan,
    progress: Progress,
    surfaces: Surfaces | None = None,
    fields: Fields | None = None,
    worker: "Worker | None" = None,
    known: Measured | None = None,
) -> Measured:
    """Return everything measured for a plan.

    Parameters
    ----------
    anatomy : Anatomy
    plan : Plan
    progress : Progress
    surfaces, fields : optional
        Known ones; whatever does not belong to the anatomy's masks is computed anew.
    worker : Worker or None
        Child process for what holds the interpreter lock; it checks distances while bones are cut here.
    known : Measured or None
        An earlier measurement; each part is used again only where what it was measured from is the same.

    Raises
    ------
    Cancelled
    """
    if known is not None:
        if known.serves(anatomy, plan):
            return known
        surfaces = known.surfaces if surfaces is None else surfaces
        fields = known.fields if fields is None else fields
    anatomy = measurable_anatomy(anatomy, known.anatomy if known is not None else None)
    plan = measurable_plan(plan)
    surfaces = surfaces_of(anatomy, part(progress, 0.0, 0.25), surfaces, worker)
    fields = fields_of(anatomy, surfaces, plan, part(progress, 0.25, 0.45), fields)
    rows = dict(known.rows) if known is not None and known.fields is fields else {}
    before = known.resection if known is not None else None
    with _checked(plan, fields, rows, part(progress, 0.45, 0.6), worker) as checked:
        resection = resect(anatomy, plan, part(progress, 0.6, 0.75), before)
        margins = specimen_margins(resection, anatomy, plan, part(progress, 0.75, 0.85), surfaces)
        solids = _solids(resection, plan, part(progress, 0.85, 1.0), surfaces, worker, known)
        while not wait([checked], timeout=_POLL_SECONDS).done:
            progress(1.0, tr("Checking distances a second way"))
        return Measured(anatomy, plan, surfaces, fields, checked.result(), resection, margins, solids)


@contextmanager
def _checked(
    plan: Plan, fields: Fields, rows: Rows, progress: Progress, worker: "Worker | None"
) -> Iterator[Future[Rows]]:
    """Check the blades not among `rows`: in the child beside the body of the block, else before it."""
    missing = [o for o in plan.osteotomies if o.blade not in rows]
    kept = {o.blade: rows[o.blade] for o in plan.osteotomies if o.blade in rows}

    def check(told: Progress) -> Rows:
        found = all_cross_checked(missing, fields, told, worker)
        return kept | {o.blade: row for o, row in zip(missing, found, strict=True)}

    if worker is None:
        done: Future[Rows] = Future()
        done.set_result(check(progress))
        yield done
        return
    left = Event()

    def unless_left(_fraction: float, _message: str) -> None:
        if left.is_set():
            raise Cancelled

    with ThreadPoolExecutor(1, thread_name_prefix="check") as pool:
        try:
            yield pool.submit(check, unless_left)
        finally:
            left.set()


def _solids(
    resection: Resection,
    plan: Plan,
    progress: Progress,
    surfaces: Surfaces,
    worker: "Worker | None",
    known: Measured | None,
) -> PieceMeshes:
    """Return the meshes the pieces are drawn with; no number depends on them, so losing them loses none."""
    before = known.solids if known is not None else None
    try:
        return piece_meshes(resection, plan, progress, surfaces, worker, before)
    except WorkerDied as error:
        return PieceMeshes({}, (RawProblem("solids_missing", "warn", error.message),))
