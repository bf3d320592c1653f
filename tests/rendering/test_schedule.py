"""Merged renders, on a clock the test turns."""

from collections.abc import Callable

from rendering.schedule import RenderSchedule
from widgets.views.turns import Turns


class Clock:
    """Runs callbacks when their time comes."""

    def __init__(self) -> None:
        self.ms = 0
        self._due: list[tuple[int, Callable[[], None]]] = []

    def call_later(self, ms: int, callback: Callable[[], None]) -> None:
        self._due.append((self.ms + ms, callback))

    def now_s(self) -> float:
        return self.ms / 1000

    def run(self, ms: int) -> None:
        end = self.ms + ms
        while self._due and min(self._due, key=lambda d: d[0])[0] <= end:
            first = min(self._due, key=lambda d: d[0])
            self._due.remove(first)
            self.ms = max(self.ms, first[0])
            first[1]()
        self.ms = end


def a_schedule() -> tuple[RenderSchedule, Clock, list[str]]:
    clock, said = Clock(), list[str]()
    schedule = RenderSchedule(
        lambda: said.append("draw"),
        clock.call_later,
        lambda moving: said.append("moving" if moving else "rest"),
        now_s=clock.now_s,
    )
    return schedule, clock, said


def test_many_wishes_are_one_render() -> None:
    schedule, clock, said = a_schedule()
    for _ in range(50):
        schedule.request()
    clock.run(100)
    assert said == ["draw"]
    assert schedule.renders == 1


def test_what_is_caught_up_on_before_a_picture_asks_for_no_second_one() -> None:
    schedule, clock, said = a_schedule()

    def catch_up() -> None:
        said.append("caught up")
        schedule.request()

    schedule.catch_up = catch_up
    schedule.moved()
    clock.run(100)
    assert said == ["moving", "caught up", "draw"]
    assert schedule.renders == 1


def test_renders_keep_a_frame_apart() -> None:
    schedule, clock, said = a_schedule()
    for _ in range(100):
        schedule.request()
        clock.run(1)
    assert 6 <= said.count("draw") <= 8


def test_motion_is_coarse_until_it_rests() -> None:
    schedule, clock, said = a_schedule()
    for _ in range(10):
        schedule.moved()
        clock.run(50)
    assert said[:2] == ["moving", "draw"]
    assert "rest" not in said
    clock.run(400)
    assert said[-2:] == ["rest", "draw"]
    assert said.count("moving") == said.count("rest") == 1


def test_a_slow_machine_does_not_take_its_own_drawing_for_a_rest() -> None:
    clock, said = Clock(), list[str]()

    def draw() -> None:
        said.append("draw")
        clock.ms += 300  # longer than a rest; moves wait in the queue meanwhile

    schedule = RenderSchedule(
        draw, clock.call_later, lambda moving: said.append("moving" if moving else "rest"), now_s=clock.now_s
    )
    for _ in range(5):
        schedule.moved()
        clock.run(20)
    assert "rest" not in said
    clock.run(2000)
    assert said[-2:] == ["rest", "draw"]


def test_release_draws_fully_at_once() -> None:
    schedule, clock, said = a_schedule()
    schedule.moved()
    clock.run(20)
    schedule.rest()
    clock.run(20)
    assert said == ["moving", "draw", "rest", "draw"]
    clock.run(1000)
    assert said == ["moving", "draw", "rest", "draw"]


def test_nothing_is_drawn_after_the_end() -> None:
    schedule, clock, said = a_schedule()
    schedule.moved()
    schedule.stop()
    schedule.request()
    clock.run(1000)
    assert said == ["moving"]


def test_a_held_view_waits_for_its_turn_and_is_drawn_fully_once_let_go() -> None:
    schedule, clock, said = a_schedule()
    schedule.request()
    schedule.hold()
    clock.run(100)
    assert said == []
    assert schedule.take_turn()
    assert not schedule.take_turn()
    assert said == ["moving", "draw"]
    schedule.request()
    clock.run(100)
    schedule.let_go()
    clock.run(100)
    assert said == ["moving", "draw", "rest", "draw"]


def test_letting_go_of_a_view_that_asked_for_nothing_draws_nothing() -> None:
    schedule, clock, said = a_schedule()
    schedule.hold()
    schedule.let_go()
    clock.run(100)
    assert said == []


def test_others_take_turns_while_one_view_leads() -> None:
    clock, drawn = Clock(), list[str]()

    def one(name: str) -> RenderSchedule:
        return RenderSchedule(lambda: drawn.append(name), clock.call_later, now_s=clock.now_s)

    views = {name: one(name) for name in ("lead", "one", "two")}
    turns = Turns(list(views.values()))
    turns.begin(views["lead"])
    for _ in range(4):
        for view in views.values():
            view.request()
        clock.run(20)
    assert drawn == ["lead", "one", "lead", "two", "lead", "one", "lead", "two"]
    for view in views.values():
        view.request()
    turns.end()
    clock.run(50)
    assert sorted(drawn[8:]) == ["lead", "one", "two"]
    assert turns.leader is None
