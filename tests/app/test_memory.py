"""A closed case is gone, and neither opening it again nor drawing leaves anything behind."""

import gc
from collections import Counter
from dataclasses import replace
from weakref import getweakrefcount, ref

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.exploded import find_cut_faces, lacks_cut_faces, surface_of_piece
from app.gui import Workstation
from planning.model.case import Case
from tests.app.conftest import wait_for_numbers
from tests.builders import a_case, a_plan, a_vertebral_column
from tests.rendering.drawing import a_box
from widgets.views.layouts import CUTS, FOUR

pytestmark = [pytest.mark.gui, pytest.mark.render]
OURS = ("PySide6", "vtkmodules", "app.", "widgets.", "rendering.", "planning.")


def a_small_case() -> Case:
    """Return a case that nothing but its user holds."""
    return a_case(
        a_vertebral_column(("T9", "T10", "T11"), (4.0, 4.0, 4.0)), a_plan(levels=("T9", "T10", "T11"))
    )


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


def test_nothing_of_a_closed_case_is_kept(built: Workstation, qtbot: QtBot) -> None:
    open_and_draw(built, qtbot, a_small_case())
    view, fields = built.session.view, built.session.derived.fields
    assert view.case is not None
    assert view.case.anatomy is not None
    assert view.surfaces is not None
    assert view.evaluation is not None
    assert fields is not None
    parts = {
        "case": view.case,
        "volume": view.case.images[0].volume,
        "evaluation": view.evaluation,
        "fields": fields,
        **{f"mask of {s.id}": s.mask for s in view.case.anatomy.structures},
        **{f"surface of {s.structure_id}": s.mesh for s in view.surfaces.surfaces},
        **{f"piece {p.id}": p.mesh for p in view.evaluation.pieces if p.mesh is not None},
    }
    assert len([name for name in parts if name.startswith("piece")]) >= 3
    watched = {name: ref(part) for name, part in parts.items()}
    del view, fields, parts
    close(built, qtbot)
    assert [name for name, found in watched.items() if found() is not None] == []


def test_opening_again_leaves_no_object_behind(built: Workstation, qtbot: QtBot) -> None:
    counts = list[Counter[str]]()
    for _ in range(4):  # what is made at the first use is no growth
        open_and_draw(built, qtbot, a_small_case())
        close(built, qtbot)
        counts.append(kinds())
    before, between, after = counts[1:]
    grown = {kind: n for kind, n in (after - between).items() if between[kind] > before[kind]}
    assert grown == {}


def test_drawing_leaves_no_reference_behind(built: Workstation, qtbot: QtBot) -> None:
    open_and_draw(built, qtbot, a_small_case())
    schedule = built.window.views.spine.viewport.schedule
    counts = []
    for _ in range(3):
        for _ in range(10):
            drawn = schedule.renders
            schedule.moved()
            qtbot.waitUntil(lambda seen=drawn: schedule.renders > seen, timeout=5_000)
        counts.append(getweakrefcount(schedule))
    assert counts[-1] - counts[0] < 10
    close(built, qtbot)


def test_a_piece_without_a_cut_face_is_forgotten_with_its_plan(built: Workstation, qtbot: QtBot) -> None:
    open_and_draw(built, qtbot, a_small_case())
    evaluation = built.session.view.evaluation
    assert evaluation is not None
    far = a_box((900.0, 900.0, 900.0), (910.0, 910.0, 910.0))
    evaluation = replace(evaluation, pieces=(replace(evaluation.pieces[0], mesh=far),))
    assert lacks_cut_faces(evaluation)
    find_cut_faces(evaluation)
    assert not lacks_cut_faces(evaluation), "it was looked at: not again on every step"
    assert surface_of_piece(far).own is far
    watched = ref(far)
    del evaluation, far
    gc.collect()
    assert watched() is None
    close(built, qtbot)
