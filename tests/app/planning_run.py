"""A scripted planning run, the same for the same seed, and the window that does it until it is killed.

Run as a program it serves: for each line ``HOME SEED KIND NOTES`` (JSON) on standard input it forks a
child that opens the real window, works on a case gesture by gesture and notes every finished one. KIND is
``new`` (a case that was never saved) or ``saved`` (one that lies in ``HOME/case.enbloc``).
"""

import json
import os
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from planning.editing.anatomy_edits import ReplaceMask
from planning.editing.case_edits import SetDiagnosis
from planning.editing.edits import Edit
from planning.editing.history import History
from planning.editing.osteotomy_edits import ChangeOsteotomy, DuplicateOsteotomy, MoveBlade, RemoveOsteotomy
from planning.geometry.frames import vec3
from planning.model.case import Case, Diagnosis
from planning.model.mask import Mask
from tests.builders import a_case, a_plan, a_vertebral_column

LEVELS = ("T9", "T10", "T11")
SPACING_MM = (2.0, 2.0, 2.0)
PAUSE_S = 0.18
"""Between gestures: faster than a hand."""


@dataclass(frozen=True)
class Gesture:
    """One gesture: an edit with the previews on the way to it, or undo, redo, save."""

    what: str
    edit: Edit | None = None
    on_the_way: tuple[Edit, ...] = ()


def a_run_case() -> Case:
    """Return the case every run begins with."""
    case = a_case(a_vertebral_column(LEVELS, spacing_ijk_mm=SPACING_MM), a_plan(levels=LEVELS))
    return replace(case, id="planning-run")


def next_gesture(rng: random.Random, history: History, number: int) -> Gesture:
    """Return what is done next; depends on nothing but its arguments."""
    case, dice = history.present, rng.random()
    cuts = case.plan.osteotomies
    if dice < 0.12 and history.past:
        return Gesture("undo")
    if dice < 0.17 and history.future:
        return Gesture("redo")
    if dice < 0.24:
        return Gesture("save")
    if dice < 0.34:
        return Gesture("do", SetDiagnosis(Diagnosis(text=f"step {number}")))
    if dice < 0.54:
        return Gesture("do", _stroke(rng, case))
    if dice < 0.62 and len(cuts) > 3:
        return Gesture("do", RemoveOsteotomy(rng.choice(cuts).id))
    cut = rng.choice(cuts)
    if dice < 0.70:
        return Gesture("do", DuplicateOsteotomy(cut.id, f"copy-{number}", "copy", vec3((1.0, 2.0, 3.0))))
    if dice < 0.80:
        return Gesture("do", ChangeOsteotomy(cut.id, kerf_mm=round(rng.uniform(0.5, 3.0), 2)))
    shifts = [vec3([rng.uniform(-2, 2) for _ in range(3)]) for _ in range(4)]
    moves = tuple(MoveBlade(cut.id, cut.blade.moved(shift)) for shift in shifts)
    return Gesture("do", moves[-1], moves[:-1])


def after(history: History, gesture: Gesture) -> History:
    """Return the history as the gesture leaves it."""
    if gesture.what == "do" and gesture.edit is not None:
        return history.do(gesture.edit)
    if gesture.what == "undo":
        return history.undo()
    return history.redo() if gesture.what == "redo" else history


def states(seed: int) -> Iterator[Case]:
    """Yield the case as it is after each gesture of a run, without any window."""
    rng, history, number = random.Random(seed), History(a_run_case()), 0
    while True:
        history = after(history, next_gesture(rng, history, number))
        number += 1
        yield history.present


def _stroke(rng: random.Random, case: Case) -> Edit:
    assert case.anatomy is not None
    structure = rng.choice(case.anatomy.structures)
    shape = structure.mask.shape_kji
    start = tuple(rng.randrange(n - 4) for n in shape)
    mask: Mask = structure.mask.with_box((start[0], start[1], start[2]), np.ones((3, 3, 3), dtype=bool))
    return ReplaceMask(structure.id, mask)


def work_until_killed(home: Path, seed: int, kind: str, notes: Path, *, painted: bool = True) -> None:
    """Open the window and plan; each gesture is noted as soon as it is done."""
    os.environ["ENBLOC_HOME"] = str(home)
    from PySide6.QtWidgets import QApplication, QFileDialog

    from app.errands.workbench import workbench
    from app.gui import build
    from app.settings import Preferences

    application = QApplication(["run"])
    # A case that was never saved stays so: the dialog is dismissed.
    QFileDialog.getSaveFileName = lambda *_a, **_k: ("", "")  # type: ignore[method-assign]
    with workbench() as bench, notes.open("w", buffering=1) as noted:
        station = build(bench, Preferences(home / "window.ini"), application, painted=painted)
        station.window.show()
        if kind == "new":
            station.parts.files.new_case(a_run_case())
        else:
            station.parts.files.open_path(home / "case.enbloc")
        _live(application, lambda: station.session.case is not None)
        station.parts.keeper.wait()
        noted.write(f"ready {time.time()}\n")
        rng, history, number = random.Random(seed), History(a_run_case()), 0
        while True:
            gesture = next_gesture(rng, history, number)
            for edit in gesture.on_the_way:
                station.session.preview(edit)
                application.processEvents()
            if gesture.what == "do" and gesture.edit is not None:
                station.session.do(gesture.edit)
            elif gesture.what in ("undo", "redo"):
                (station.session.undo if gesture.what == "undo" else station.session.redo)()
            else:
                station.parts.files.save()
            history = after(history, gesture)
            number += 1
            noted.write(f"{number} {time.time()}\n")
            end = time.monotonic() + PAUSE_S * rng_free(number)
            _live(application, lambda end=end: time.monotonic() > end)


def rng_free(number: int) -> float:
    """Return how long the pause after a gesture is, in parts of `PAUSE_S`; not from the run's dice."""
    return 0.5 + (number * 7 % 11) / 10


def _live(application: object, until: object) -> None:
    while not until():  # type: ignore[operator]
        application.processEvents()  # type: ignore[attr-defined]
        time.sleep(0.002)


def main() -> None:
    """Serve until standard input ends."""
    import app.gui  # noqa: F401 -- loaded once, before the forks

    for line in sys.stdin:
        home, seed, kind, notes = json.loads(line)
        child = os.fork()
        if child == 0:
            os.setpgid(0, 0)  # killed with its child process
            work_until_killed(Path(home), int(seed), kind, Path(notes))
            os._exit(0)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"ended {status}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
