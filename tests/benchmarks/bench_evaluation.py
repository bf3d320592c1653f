"""The demo case from masks to everything said about its plan: every phase, and again after one blade moved.

Goals on two idle cores: the first evaluation under 6 s, an evaluation after a moved blade under 2 s.
There is no peer that checks the same; the ratio is that of a moved blade to the first evaluation.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time

from planning.editing.anatomy_edits import ReviewStructure
from planning.kernel import threads
from planning.kernel.process import Worker
from planning.model.anatomy import Anatomy
from planning.model.case import Case
from planning.model.plan import Plan
from planning.model.settings import load_settings
from planning.model.structures import ReviewState
from planning.progress import silent
from planning.resection.margin_map import specimen_margins
from planning.resection.pieces import Resection
from planning.resection.resect import resect
from planning.resection.specimen import PieceMeshes, piece_meshes
from planning.safety.clearance import all_cross_checked
from planning.safety.evaluation import evaluate, rejudged
from planning.safety.fields import fields_of
from planning.safety.measured import Recent
from planning.safety.self_test import self_test
from planning.segmentation.surfaces import Surfaces, surfaces_of
from planning.storage.case_file import open_case

RESOURCES = Path(__file__).parents[2] / "resources"


def main() -> None:
    """Print each phase, the first evaluation, one after a moved blade, and their ratio."""
    threads.start()
    case = open_case(RESOURCES / "demo" / "demo.enbloc")
    anatomy, plan = case.anatomy, case.plan
    assert anatomy is not None
    self_test()
    resect(anatomy, plan, silent)  # compiles, or loads what was compiled
    print(f"{len(anatomy.structures)} structures, {len(plan.osteotomies)} blades; wall and CPU seconds")
    _phases(anatomy, plan)
    worker = Worker()
    try:
        worker.warm(["planning.kernel.exact_distance:run_task", "planning.kernel.solids:run_task"])
        _evaluations(case, worker)
    finally:
        worker.close()


def _phases(anatomy: Anatomy, plan: Plan) -> None:
    with _timed("surfaces"):
        surfaces = surfaces_of(anatomy, silent)
    with _timed("fields"):
        fields = fields_of(anatomy, surfaces, plan, silent)
    with _timed("second evaluator"):
        all_cross_checked(plan.osteotomies, fields)
    resection, solids = _bones(anatomy, plan, surfaces, "")
    moved = _moved(plan, 0.5)
    with _timed("second evaluator, one blade"):
        all_cross_checked(moved.osteotomies[:1], fields)
    _bones(anatomy, moved, surfaces, ", moved", resection, solids)


def _bones(
    anatomy: Anatomy,
    plan: Plan,
    surfaces: Surfaces,
    words: str,
    before: Resection | None = None,
    drawn: PieceMeshes | None = None,
) -> tuple[Resection, PieceMeshes]:
    with _timed(f"pieces{words}"):
        resection = resect(anatomy, plan, silent, before)
    with _timed(f"specimen margins{words}"):
        specimen_margins(resection, anatomy, plan, silent, surfaces)
    with _timed(f"solids{words}"):
        solids = piece_meshes(resection, plan, silent, surfaces, None, drawn)
    return resection, solids


def _evaluations(case: Case, worker: Worker) -> None:
    settings, recent = load_settings(RESOURCES), Recent()
    first_s = _seconds(lambda: evaluate(case, settings, silent, worker=worker, recent=recent))
    moved = replace(case, plans=(_moved(case.plan, 0.5), *case.plans[1:]))
    again_s = _seconds(lambda: evaluate(moved, settings, silent, worker=worker, recent=recent))
    print(f"EnBloc, first evaluation   {first_s:6.2f} s (goal 6 s)")
    print(f"EnBloc, one blade moved    {again_s:6.2f} s (goal 2 s)")
    print(f"ratio                      {first_s / again_s:6.1f}x")
    reviewed = ReviewStructure("spinal_canal", ReviewState.REVIEWED, "bench", datetime.now(UTC)).apply(moved)
    judged_s = min(_seconds(lambda: rejudged(reviewed, settings, recent)) for _ in range(3))
    print(
        f"EnBloc, one review         {judged_s:6.3f} s (goal 0.1 s), {again_s / judged_s:.0f}x a moved blade"
    )


def _moved(plan: Plan, by_mm: float) -> Plan:
    cut = plan.osteotomies[0]
    return replace(
        plan,
        osteotomies=(replace(cut, blade=cut.blade.moved((0.0, 0.0, by_mm))), *plan.osteotomies[1:]),
    )


def _seconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


@contextmanager
def _timed(name: str) -> Iterator[None]:
    wall_s, cpu_s = perf_counter(), process_time()
    yield
    print(f"  {name:32s} {perf_counter() - wall_s:6.2f} {process_time() - cpu_s:6.2f}")


if __name__ == "__main__":
    main()
