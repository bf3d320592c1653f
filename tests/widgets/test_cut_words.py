"""What the cuts' table and fields call structures: as a surgeon says them, in the language spoken."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.language import start_speaking
from app.program import RESOURCES
from planning.editing.osteotomy_edits import ChangeOsteotomy
from planning.model.settings import load_settings
from planning.model.structures import StructureKind
from planning.safety.results import Clearance, Status
from planning.safety.spoken_names import guard_words, spoken_names
from planning.texts import ENGLISH
from tests.builders import a_plan, a_vertebral_column
from widgets.stages.cut_editor import CutEditor
from widgets.tables.cut_rows import Said, cut_rows
from widgets.tables.cut_table import NAME, NEAREST, STATUS, CutTable

SMALL = ("T9", "T10", "T11")
TOOLS = load_settings(RESOURCES).tools


@pytest.fixture(params=[ENGLISH, "zh_CN"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    """Both languages, English again after."""
    start_speaking(request.param)
    yield request.param
    start_speaking(ENGLISH)


def test_every_known_structure_of_a_guard_is_read_in_words_that_still_protect_it(language: str) -> None:
    for kind in StructureKind:
        tool, _, words = guard_words(f"spatula: {kind.value}").partition(": ")
        assert (tool, "_" in words) == ("spatula", False), kind
        assert words in spoken_names(kind), "typed back, it names the same structure"
    wanted = {ENGLISH: "dural guard: spinal canal, aorta", "zh_CN": "dural guard: 椎管, 主动脉"}
    assert guard_words("dural guard: spinal_canal, aorta") == wanted[language]
    assert guard_words("retractor: T10 left") == "retractor: T10 left"
    assert guard_words("a retractor") == "a retractor"


def test_the_field_shows_guards_in_words_and_leaves_untouched_ones_as_they_were(qtbot: QtBot) -> None:
    editor = CutEditor(TOOLS)
    qtbot.addWidget(editor)
    cut = replace(a_plan(levels=SMALL).osteotomies[0], guards=("dural guard: spinal_canal", "r: aorta-1"))
    editor.show_cut(cut, {"aorta-1": "aorta (simulated)"})
    assert editor.guards.text() == "dural guard: spinal canal; r: aorta (simulated)"
    edits: list[ChangeOsteotomy] = []
    editor.edited.connect(edits.append)
    editor.guards.setFocus()
    QTest.keyClick(editor.guards, Qt.Key.Key_End)
    QTest.keyClicks(editor.guards, "; spatula: lung")
    QTest.keyClick(editor.guards, Qt.Key.Key_Return)
    assert [edit.changes["guards"] for edit in edits] == [
        ("dural guard: spinal_canal", "r: aorta-1", "spatula: lung")
    ]


def test_the_nearest_structure_says_its_kind_and_whole_words_stand_in_its_tooltip(qtbot: QtBot) -> None:
    anatomy = a_vertebral_column(SMALL, (2.0, 2.0, 2.0))
    artery = replace(
        anatomy.structures[0], id="a", kind=StructureKind.SEGMENTAL_ARTERY, name="T10 right", level="T10"
    )
    anatomy = replace(anatomy, structures=(*anatomy.structures, artery))
    plan = a_plan(levels=SMALL)
    near = Clearance("cranial", "a", "T10 right", artery.kind, 0.5, 0.2, 0.1, 0.1, Status.WARN, note="near")
    table = CutTable()
    qtbot.addWidget(table)
    rows = cut_rows(plan, Said((near,), (), frozenset({"cranial"})), TOOLS, frozenset(), anatomy)
    table.show_rows(rows, "cranial")
    at = next(n for n, row in enumerate(rows) if row.osteotomy.id == "cranial")
    cell = table.cuts.index(at, NEAREST)
    assert cell.data() == "0.5 mm  segmental artery T10 right"
    help_text = str(cell.data(Qt.ItemDataRole.ToolTipRole))
    assert "segmental artery T10 right<br>near<br>Double-click" in help_text
    for status, guard, said in (
        (Status.WARN, "retractor: T10 right", "WARN · guarded"),
        (Status.FAIL, None, "FAIL · no guard"),
        (Status.PASS, None, "PASS"),
    ):
        judged = replace(near, status=status, guard=guard)
        shown = cut_rows(plan, Said((judged,), (), frozenset({"cranial"})), TOOLS, frozenset(), anatomy)
        table.show_rows(shown, "cranial")
        assert table.cuts.index(at, STATUS).data() == said
    table.resize(1000, 200)
    table.show()
    words = table.fontMetrics().horizontalAdvance(str(cell.data()))
    assert table.columnWidth(NEAREST) >= words + 8, "room for the kind of a structure"
    for width in (1100, 700, 560, 440, 310):  # what has no room goes, and stands in the tooltip of the name
        table.resize(width, 200)
        assert table.horizontalScrollBar().maximum() == 0, width
    assert table.isColumnHidden(NEAREST)
    named = str(table.cuts.index(at, NAME).data(Qt.ItemDataRole.ToolTipRole))
    assert "segmental artery T10 right" in named
