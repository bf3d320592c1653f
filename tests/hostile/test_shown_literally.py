"""What files say is shown letter by letter: never as markup, never as a path, never the wrong way round."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLabel,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.errands.export import export_case
from app.errands.workbench import Workbench, workbench
from app.errands.write_report import write_report
from app.gui import Workstation, build
from app.settings import Preferences
from planning.model.case import Case
from planning.model.study import Finding, Patient, Severity
from planning.progress import silent
from tests.builders import a_case, a_plan, a_vertebral_column

SMALL = ("T9", "T10", "T11")
DIRECTION = "\u202e"
EVIL = f'<b>x</b><img src="file:///etc/passwd">{{0.__class__}}%s%n..\\..\\../../{DIRECTION}gnp.exe'


@pytest.fixture(scope="module")
def bench() -> Iterator[Workbench]:
    """Settings and the child process."""
    with workbench() as made:
        yield made


@pytest.fixture(scope="module")
def hostile_case() -> Case:
    """A case whose every text from outside is hostile."""
    case = a_case(a_vertebral_column(levels=SMALL), a_plan(levels=SMALL))
    assert case.anatomy is not None
    image = case.images[0]
    finding = Finding("LOSSY", "{words}", (("words", EVIL),), Severity.WARN)
    image = replace(image, description=EVIL, modality="CT", contrast=EVIL, findings=(finding,))
    structures = tuple(
        replace(s, name=f"{EVIL} {n}") if n in (0, 3) else s for n, s in enumerate(case.anatomy.structures)
    )
    cuts = tuple(replace(c, name=f"{EVIL} {n}") for n, c in enumerate(case.plan.osteotomies[:2]))
    return replace(
        case,
        patient=Patient(EVIL, EVIL, "19700101", "F"),
        images=(image, *case.images[1:]),
        anatomy=replace(case.anatomy, structures=structures),
        plans=(replace(case.plan, name=EVIL, osteotomies=cuts), *case.plans[1:]),
        credit=EVIL,
    )


@pytest.fixture
def window(
    qapp: QApplication, qtbot: QtBot, bench: Workbench, tmp_path: Path, hostile_case: Case
) -> Iterator[Workstation]:
    """The window with the hostile case, evaluated."""
    station = build(bench, Preferences(tmp_path / "window.ini"), qapp, painted=True)
    station.window.resize(1400, 900)
    station.window.show()
    station.parts.files.new_case(hostile_case)
    station.session.mark_saved(hostile_case, None)
    # The kernels may have to be compiled first.
    qtbot.waitUntil(lambda: station.session.view.evaluation is not None, timeout=600_000)
    yield station
    station.window.may_close = None
    station.window.close()
    station.window.deleteLater()


def _texts(widget: QWidget) -> Iterator[tuple[str, str]]:
    """Yield every text a widget and all inside it show, with where."""
    for part in [widget, *widget.findChildren(QWidget)]:
        where = f"{type(part).__name__} {part.objectName()}"
        yield f"tooltip of {where}", _plain(part.toolTip())
        yield f"accessible name of {where}", part.accessibleName()
        yield f"accessible description of {where}", part.accessibleDescription()
        if isinstance(part, QLabel | QAbstractButton):  # what is being edited stays as it is
            yield where, part.text()
        if isinstance(part, QComboBox):
            yield from ((where, part.itemText(n)) for n in range(part.count()))
        if isinstance(part, QAbstractItemView) and part.model() is not None:
            yield from ((f"row of {where}", text) for text in _cells(part.model(), QModelIndex()))


def _plain(tip: str) -> str:
    return re.sub(r"</?qt>", "", tip)


def _cells(model: QAbstractItemModel, parent: QModelIndex) -> Iterator[str]:
    roles = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole)
    for row in range(model.rowCount(parent)):
        # A list's model has one column and keeps its count private.
        columns = 1 if isinstance(model, QAbstractListModel) else model.columnCount(parent)
        for column in range(columns):
            index = model.index(row, column, parent)
            yield from (str(index.data(role) or "") for role in roles)
        if not isinstance(model, QAbstractListModel):
            yield from _cells(model, model.index(row, 0, parent))


def test_the_window_shows_hostile_texts_letter_by_letter(window: Workstation) -> None:
    shown = list(_texts(window.window))
    turned = [where for where, text in shown if DIRECTION in text]
    assert turned == [], "a direction character turns what follows it round"
    assert sum("<U+202E>gnp.exe" in text.replace("&lt;", "<").replace("&gt;", ">") for _, text in shown) >= 6
    assert not [where for where, text in shown if "<class" in text], "a format field was filled in"
    marked = [
        label.text()
        for label in window.window.findChildren(QLabel)
        if "<b>" in label.text() and label.textFormat() is not Qt.TextFormat.PlainText
    ]
    assert marked == []
    assert "gnp.exe" not in window.window.windowTitle()


def test_no_name_out_of_a_file_becomes_a_path(bench: Workbench, hostile_case: Case, tmp_path: Path) -> None:
    out = tmp_path / "a" / "b" / "out"
    export_case(hostile_case, out, ("stl", "3mf", "seg", "json"), bench, silent)
    write_report(hostile_case, out, bench, silent)
    assert {p.name for p in tmp_path.iterdir()} == {"a"}
    assert {p.name for p in (tmp_path / "a").iterdir()} == {"b"}
    assert {p.name for p in (tmp_path / "a" / "b").iterdir()} == {"out"}
    names = [p.relative_to(out).as_posix() for p in out.rglob("*")]
    assert len([name for name in names if name.endswith(".stl")]) > 5
    harmless = re.compile(r"[\w .()+,-]+(/[\w .()+,-]+)*")
    assert [name for name in names if not harmless.fullmatch(name) or ".." in name] == []
