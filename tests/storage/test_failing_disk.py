"""Power cuts, lying disks and failing calls, simulated under SQLite: the old state or the new one, always."""

from collections import Counter
from pathlib import Path

import pytest

from planning.errors import CaseFileProblem
from planning.storage import holder
from planning.storage.case_file import CaseFile
from tests.storage.failing_disk import Disk, cut_power, on_failing_disk, replaced, with_generations
from tests.storage.test_crash import a_counting_case, count_in, count_in_file, counted_further


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a counting case with both generations."""
    path = tmp_path_factory.mktemp("whole") / "case.enbloc"
    CaseFile.create(path, a_counting_case()).close()
    return with_generations(path)


def test_power_cuts_lose_no_acknowledged_save(whole: Path) -> None:
    cuts = [cut_power(seed, whole) for seed in range(60)]
    assert {cut.itself for cut in cuts} == {"whole"}
    assert {cut.offered for cut in cuts} == {"whole"}
    assert sum(cut.saves for cut in cuts) > 100


def test_the_simulation_does_find_losses(whole: Path) -> None:
    """Without syncs the same cuts must do damage, else the test above proves nothing."""
    states = Counter(cut_power(seed, whole, synchronous="OFF").itself for seed in range(15))
    assert states["damaged"] + states["lost"] >= 5, states


def test_a_lying_disk_costs_one_save_at_most_and_the_user_is_told(whole: Path) -> None:
    cuts = [cut_power(seed, whole, lies=True) for seed in range(60)]
    assert sum(cut.itself != "whole" for cut in cuts) > 30, "such a disk ruins the file itself"
    assert {cut.offered for cut in cuts} <= {"whole", "one save older"}
    assert all(cut.told for cut in cuts if cut.itself == "damaged")


FAILURES = ("error", "full", "permission", "short write")


def save_with_failure(path: Path, failure: str, at: int) -> tuple[bool, int]:
    """Save once while call number `at` fails; return whether it was acknowledged, and the number of calls."""
    disk = Disk()
    with on_failing_disk(disk):
        file = CaseFile.open(path)
        disk.calls, disk.fail_at, disk.failure = 0, at, failure
        new = counted_further(file.case)
        try:
            file.save(new)
        except CaseFileProblem:
            acknowledged = False
        else:
            acknowledged = True
        calls, disk.fail_at = disk.calls, 0
        # Work goes on in the same window: the next save succeeds once the disk is well again.
        again = counted_further(new)
        file.save(again)
        assert count_in(file.case) == count_in(again)
        file.close()
    return acknowledged, calls


def fail_calls(path: Path, failure: str, step: int) -> Counter[str]:
    """Let every `step`-th call of a save fail, one save after the other; say what became of each.

    ``lost`` is a file that does not hold the save after the failed one, whole; it must never be.
    """
    _, calls = save_with_failure(path, failure, 0)
    outcome = Counter[str]()
    for at in range(1, calls + 1, step):
        before = count_in_file(path)
        acknowledged, _ = save_with_failure(path, failure, at)
        outcome["saved" if acknowledged else "refused"] += 1
        try:
            outcome["lost"] += count_in_file(path) != before + 2
        except (CaseFileProblem, AssertionError):
            outcome["lost"] += 1
    return outcome


@pytest.mark.parametrize("failure", FAILURES)
def test_a_call_that_fails_leaves_the_old_state_or_the_new(failure: str, whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "case.enbloc"
    path.write_bytes(whole.read_bytes())
    outcome = fail_calls(path, failure, 3)
    assert outcome["lost"] == 0
    assert outcome["refused"] >= 3
    assert outcome.total() > 7


@pytest.mark.parametrize("failure", ["error", "full"])
def test_a_program_that_ends_after_a_failed_call_left_a_whole_state(
    failure: str, whole: Path, tmp_path: Path
) -> None:
    path = tmp_path / "case.enbloc"
    before = count_in(CaseFile.open(whole, read_only=True).case)
    for at in range(1, 60, 4):
        path.write_bytes(whole.read_bytes())
        disk = Disk()
        with on_failing_disk(disk):
            file = CaseFile.open(path)
            disk.calls, disk.fail_at, disk.failure = 0, at, failure
            try:
                file.save(counted_further(file.case))
                saved = True
            except CaseFileProblem:
                saved = False
            file.close()
        with replaced(holder, "is_alive", lambda _process: False):
            after = count_in_file(path)
        assert after in (before, before + 1)
        assert after == before + 1 or not saved
