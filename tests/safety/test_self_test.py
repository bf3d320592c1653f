import pytest

from planning.safety import self_test as module
from planning.safety.clearance import RawClearance
from planning.safety.self_test import self_test


@pytest.fixture(autouse=True)
def _fresh() -> None:
    self_test.cache_clear()


def test_this_installation_measures_rightly() -> None:
    found = self_test()
    assert found.ok, found.reason
    assert found.reason is None
    assert self_test() is found


@pytest.mark.parametrize(
    "answer, words",
    [
        (RawClearance("self-test", 2.4, 2.4), "2.40"),
        (RawClearance("self-test", None, None, withheld_reason="disagreement"), "disagreement"),
    ],
)
def test_a_wrong_or_missing_answer_withholds_everything_and_says_why(
    answer: RawClearance, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "cross_checked", lambda *_: (answer,))
    found = self_test()
    self_test.cache_clear()
    assert not found.ok
    assert found.reason is not None
    assert words in found.reason
