"""While a hand moves in one view, that view is drawn every frame and the others take turns."""

from collections.abc import Sequence

from rendering.schedule import RenderSchedule


class Turns:
    """Shares the frames of a gesture.

    Four views cost four times one; a surgeon looks at the one under the hand. It is drawn whenever
    it asks; after each of its renders one other view that waits is drawn too. Once the hand lets go
    every view that still waits is drawn, in full.

    Parameters
    ----------
    schedules : sequence of RenderSchedule
        Of all views.
    """

    def __init__(self, schedules: Sequence[RenderSchedule]) -> None:
        self._schedules = tuple(schedules)
        self._waiting: list[RenderSchedule] = []
        self._leader: RenderSchedule | None = None

    @property
    def leader(self) -> RenderSchedule | None:
        """The view under the hand, or None."""
        return self._leader

    def begin(self, leader: RenderSchedule) -> None:
        """A hand moves in this view."""
        if self._leader is not None:
            self.end()
        self._leader = leader
        self._waiting = [other for other in self._schedules if other is not leader]
        for other in self._waiting:
            other.hold()
        leader.rendered = self._give_a_turn

    def end(self) -> None:
        """The hand let go: whatever waits is drawn."""
        if self._leader is None:
            return
        self._leader.rendered = None
        self._leader = None
        for other in self._waiting:
            other.let_go()
        self._waiting = []

    def _give_a_turn(self) -> None:
        for other in self._waiting:
            if other.take_turn():
                self._waiting.remove(other)
                self._waiting.append(other)
                return
