"""A closed case is gone, and opening another leaves nothing behind."""

import gc
from collections import Counter
from weakref import ref

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.exploded import find_cut_faces, lacks_cut_faces, surface_of_piece
from app.gui import Workstation
from app.program import PROGRAM, RESOURCES
from planning.model.case import Case
from planning.model.settings import load_settings
from planning.model.stamp import inputs_of
from planning.safety.results import Evaluation, Piece, PieceRole, Status
from tests.app.conftest import wait_for_numbers
from tests.builders import a_case, a_plan, a_vertebral_column
from tests.rendering.drawing import a_box
from widgets.views.layouts import CUTS, FOUR

pytestmark = [pytest.mark.gui, pytest.mark.render]
LEVELS = ("T9", "T10", "T11")
OURS = ("PySide6", "vtkmodules", "app.", "widgets.", "rendering.", "planning.")


def a_small_case() -> Case:
    """Return a case that nothing but its user holds: its anatomy is built past the builder's cache."""
    anatomy = a_vertebral_column.__wrapped__(LEVELS, (4.0, 4.0, 4.0))
    return a_case(anatomy, a_plan(levels=LEVELS))


def open_and_draw(station: Workstation, qtbot: QtBot, case: Case) -> None:
    """Open a case, wait for its numbers and cut faces, and draw every view of two layouts."""
    station.parts.files.new_case(case)
    station.session.mark_saved(case, None)
    wait_for_numbers(station, qtbot)
    qtbot.waitUntil(lambda: not station.jobs.running, timeout=60_000)
    station.bindings.show_pieces(True)
    for layout in (CUTS, FOUR):
        station.window.views.show_layout(layout)
        station.window.grab()
        for view in station.window.views.views:
            if view.viewport.isVisible():
                view.viewport.schedule.moved()  # a backdrop is kept while things move
                view.viewport.draw_now()
                view.viewport.draw_now()
    station.bindings.show_pieces(False)


def watched_parts(station: Workstation) -> dict[str, ref[object]]:
    """Return weak references to all that is heavy of the open case."""
    view, fields = station.session.view, station.session.derived.fields
    assert view.case is not None
    assert view.case.anatomy is not None
    assert view.surfaces is not None
    assert view.evaluation is not None
    assert fields is not None
    parts: dict[str, object] = {"case": view.case, "evaluation": view.evaluation, "fields": fields}
    parts |= {f"voxels of {image.id}": image.volume for image in view.case.images}
    parts |= {f"mask of {s.id}": s.mask for s in view.case.anatomy.structures}
    parts |= {f"surface of {s.structure_id}": s.mesh for s in view.surfaces.surfaces}
    parts |= {f"piece {p.id}": p.mesh for p in view.evaluation.pieces if p.mesh is not None}
    return {name: ref(part) for name, part in parts.items()}


def close(station: Workstation, qtbot: QtBot) -> None:
    """Put the case away, and what waits to be deleted with it."""
    station.parts.files.close_case()
    qtbot.waitUntil(lambda: station.session.case is None and not station.jobs.running, timeout=20_000)
    station.parts.keeper.wait()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.collect()


def kinds() -> Counter[str]:
    """Count the living objects of this program, Qt and VTK by kind."""
    names = (f"{type(o).__module__}.{type(o).__qualname__}" for o in gc.get_objects())
    return Counter(name for name in names if name.startswith(OURS))


def test_a_closed_case_is_gone_and_another_one_leaves_no_object_behind(
    built: Workstation, qtbot: QtBot
) -> None:
    counts = list[Counter[str]]()
    for _ in range(3):
        open_and_draw(built, qtbot, a_small_case())
        watched = watched_parts(built)
        assert sum(name.startswith("piece") for name in watched) >= 3
        close(built, qtbot)
        assert [name for name, found in watched.items() if found() is not None] == []
        counts.append(kinds())
    first, second, third = counts
    # What is made at its first use is no growth; what grows, grows each time.
    assert {kind: n for kind, n in (third - second).items() if second[kind] > first[kind]} == {}


def test_a_piece_without_a_cut_face_is_forgotten_with_its_plan() -> None:
    inputs = inputs_of(a_small_case(), load_settings(RESOURCES))
    assert inputs is not None
    far = a_box((900.0, 900.0, 900.0), (910.0, 910.0, 910.0))
    piece = Piece("P1", PieceRole.REMAINING, 1000.0, 0.0, (), mesh=far)
    evaluation = Evaluation(inputs, PROGRAM, Status.PASS, (), (), (piece,), (), (), (), (), ())
    assert lacks_cut_faces(evaluation)
    find_cut_faces(evaluation)
    assert not lacks_cut_faces(evaluation), "it was looked at: not again on every step"
    assert surface_of_piece(far).own is far
    watched = ref(far)
    del evaluation, piece, far
    gc.collect()
    assert watched() is None
