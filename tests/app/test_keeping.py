"""The thread that keeps unsaved work: order, the newest state, and what a rest may not swallow."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.keeping import Keeper
from planning.errors import CaseFileProblem, PlanningError
from planning.model.case import Case
from planning.storage.case_file import CaseFile
from planning.storage.journal import WorkingCopy, left_behind
from planning.texts import mark
from tests.storage.cases import a_tiny_case


class Gate:
    """Holds the keeper's thread until it is opened."""

    def __init__(self, keeper: Keeper) -> None:
        self._open = threading.Event()
        keeper._submit(self._wait)

    def _wait(self) -> None:
        self._open.wait(30)

    def open(self) -> None:
        """Let the thread go on."""
        self._open.set()


@pytest.fixture
def told() -> list[PlanningError]:
    """What the keeper could not do."""
    return []


@pytest.fixture
def keeper(tmp_path: Path, told: list[PlanningError]) -> Iterator[Keeper]:
    """A keeper with a private folder."""
    made = Keeper(tmp_path / "private", None, told.append)
    yield made
    made.put_away(None)
    made.close()


def kept(keeper: Keeper) -> str | None:
    """Return the text of the case that is kept as unsaved work, or None."""
    keeper.wait()
    copy = keeper.private_copy
    assert copy is not None
    return copy.read(copy.unsaved).diagnosis.text if copy.unsaved is not None else None


def test_only_the_newest_of_the_waiting_states_is_written(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    real = WorkingCopy.record

    def record(self: WorkingCopy, case: Case, label: str) -> None:
        written.append(label)
        assert threading.current_thread().name.startswith("enbloc-keeper")
        real(self, case, label)

    monkeypatch.setattr(WorkingCopy, "record", record)
    keeper.begin(a_tiny_case("0"), None)
    gate = Gate(keeper)
    for n in range(1, 6):
        keeper.record(a_tiny_case(str(n)), f"gesture {n}")
    gate.open()
    assert kept(keeper) == "5"
    assert written == ["gesture 5"]


def test_a_gesture_after_a_rest_is_kept_whatever_waited_before_it(keeper: Keeper) -> None:
    """Save, and at once the next gesture: the rest after the save must not swallow it."""
    keeper.begin(a_tiny_case("0"), None)
    gate = Gate(keeper)
    keeper.record(a_tiny_case("1"), "before the save")
    keeper.rest()
    keeper.record(a_tiny_case("2"), "after the save")
    gate.open()
    assert kept(keeper) == "2"


def test_a_rest_alone_leaves_nothing_unsaved(keeper: Keeper) -> None:
    keeper.begin(a_tiny_case("0"), None)
    keeper.record(a_tiny_case("1"), "gesture")
    assert kept(keeper) == "1"
    gate = Gate(keeper)
    keeper.record(a_tiny_case("2"), "gesture")
    keeper.rest()
    gate.open()
    assert kept(keeper) is None


def test_a_new_case_never_takes_the_gestures_of_the_old_one(keeper: Keeper, tmp_path: Path) -> None:
    file = CaseFile.create(tmp_path / "old.enbloc", a_tiny_case("old"))
    keeper.begin(file.case, file)
    gate = Gate(keeper)
    keeper.record(a_tiny_case("old, changed"), "gesture")
    keeper.put_away(file)
    keeper.begin(a_tiny_case("new"), None)
    keeper.record(a_tiny_case("new, changed"), "gesture")
    gate.open()
    assert kept(keeper) == "new, changed"
    with CaseFile.open(tmp_path / "old.enbloc") as old:
        assert not old.read_only, "it was given back"
        assert old.unsaved is None
        assert old.case.diagnosis.text == "old"


def test_a_template_writes_nothing_before_the_first_gesture(keeper: Keeper) -> None:
    keeper.begin_lazily(a_tiny_case("demo"))
    keeper.wait()
    assert not keeper.folder.exists() or list(keeper.folder.iterdir()) == []
    keeper.record(a_tiny_case("changed"), "gesture")
    assert kept(keeper) == "changed"


def test_put_away_leaves_nothing_private_behind(keeper: Keeper) -> None:
    keeper.begin(a_tiny_case("0"), None)
    keeper.record(a_tiny_case("1"), "gesture")
    keeper.put_away(None)
    keeper.wait()
    assert list(keeper.folder.iterdir()) == []
    assert left_behind(keeper.folder) == ((), ())


def test_what_cannot_be_kept_is_told(
    keeper: Keeper, told: list[PlanningError], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_self: WorkingCopy, _case: Case, _label: str) -> None:
        raise CaseFileProblem("DISK_FULL", mark("The disk is full."))

    keeper.begin(a_tiny_case("0"), None)
    keeper.wait()
    monkeypatch.setattr(WorkingCopy, "record", fail)
    keeper.record(a_tiny_case("1"), "gesture")
    keeper.wait()
    assert [error.code for error in told] == ["DISK_FULL"]
    monkeypatch.undo()
    keeper.record(a_tiny_case("2"), "gesture")
    assert kept(keeper) == "2", "the thread goes on after a failure"
