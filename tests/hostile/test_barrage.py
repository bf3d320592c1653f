"""A small part of `make test-hostile`, in every run of the suite."""

import random

from tests.hostile.barrage import SLOWEST_S, barrage
from tests.hostile.mutation import mutated


def test_spoilt_files_of_every_kind_get_a_typed_answer_in_time() -> None:
    tally = barrage(300, seed=7)
    assert tally.failures == []
    assert tally.count == 300
    assert tally.slowest_s < SLOWEST_S
    assert len({kind for kind, _ in tally.answers}) > 25


def test_the_same_seed_spoils_in_the_same_way() -> None:
    data = bytes(range(256)) * 20
    one, other = (mutated(data, random.Random("1/2")) for _ in range(2))
    assert one == other
    assert one != data
    assert one != mutated(data, random.Random("1/3"))
