"""Everything a person reads goes through the catalogue: in a made-up language no English is left.

User data, numbers, units and the names of formats are excepted.
"""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QWidget

from app.errands.workbench import Workbench
from app.gui import Workstation, build
from app.settings import Preferences
from planning.model.case import Case
from tests.app.conftest import wait_for_numbers
from tests.shown_words import Pseudo, english_left, pseudo, shown_words
from widgets.stage_bar import Stage

pytestmark = pytest.mark.gui


@pytest.fixture(scope="module")
def words() -> Iterator[Pseudo]:
    """The made-up language, spoken while these tests run."""
    with pseudo() as spoken:
        yield spoken


@pytest.fixture(scope="module")
def built(
    words: Pseudo, qapp: QApplication, bench: Workbench, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workstation]:
    """The window in that language."""
    preferences = Preferences(tmp_path_factory.mktemp("home") / "window.ini")
    station = build(bench, preferences, qapp, painted=True)
    station.window.resize(1280, 800)
    station.window.show()
    yield station
    station.window.may_close = None
    station.window.close()
    station.window.deleteLater()


def _data(case: Case) -> set[str]:
    anatomy = case.anatomy
    structures = anatomy.structures if anatomy is not None else ()
    names = {s.name or "" for s in structures} | {s.source for s in structures}
    cuts = {text for o in case.plan.osteotomies for text in (o.title, o.cut_group, *o.guards)}
    return names | cuts | {case.plan.name, "malleable retractor", "English", "Language / "}


def _left(root: QWidget, case: Case) -> list[tuple[str, str]]:
    data = _data(case)
    return sorted({(place, text) for place, text in shown_words(root) if english_left([text], data)})


def test_the_empty_window_and_every_stage_are_translated(built, qtbot, small_case):
    assert _left(built.window, small_case) == []
    built.parts.files.new_case(small_case)
    wait_for_numbers(built, qtbot)
    for stage in Stage:
        built.window.stage_bar.choose(stage)
        QApplication.processEvents()
        assert _left(built.window, small_case) == [], stage
