"""When views are drawn: many wishes, one render a frame; full detail when things rest."""

from collections.abc import Callable
from time import monotonic

CallLater = Callable[[int, Callable[[], None]], None]


class RenderSchedule:
    """Merges wishes to draw.

    Parameters
    ----------
    render : callable
        Draws once.
    call_later : callable (milliseconds, callback)
        Calls back once on the same thread; the window passes QTimer.singleShot.
    set_moving : callable, optional
        Told True when motion begins and False when it ended; says whether anything changed.
    frame_ms, rest_ms : int
        Shortest time between renders; how long without `moved` counts as rest.
    now_s : callable, optional
        Clock in seconds.
    """

    def __init__(
        self,
        render: Callable[[], None],
        call_later: CallLater,
        set_moving: Callable[[bool], object] | None = None,
        frame_ms: int = 15,
        rest_ms: int = 200,
        now_s: Callable[[], float] = monotonic,
    ) -> None:
        self._render, self._call_later, self._set_moving = render, call_later, set_moving
        self._frame_ms, self._rest_ms, self._now_s = frame_ms, rest_ms, now_s
        self._wanted = self._moving = self._watching = self._stopped = False
        self._last_render_s = float("-inf")
        self._last_move_s = float("-inf")
        self.renders = 0

    def request(self) -> None:
        """Draw soon, once."""
        if self._wanted or self._stopped:
            return
        self._wanted = True
        due = self._frame_ms - 1000 * (self._now_s() - self._last_render_s)
        self._call_later(round(max(0.0, min(due, self._frame_ms))), self._draw)

    def moved(self) -> None:
        """Draw soon, coarsely; fully once nothing has moved for a while."""
        self._last_move_s = self._now_s()
        self._tell(True)
        self.request()
        if not self._watching and not self._stopped:
            self._watching = True
            self._call_later(self._rest_ms, self._watch)

    def rest(self) -> None:
        """Motion ended (mouse released): draw fully soon."""
        if self._tell(False):
            self.request()

    def draw_now(self) -> None:
        """Draw at once, and count a wish that waits as fulfilled."""
        self._wanted = True
        self._draw()

    def stop(self) -> None:
        """Draw nothing any more: the window is being closed."""
        self._stopped, self._wanted = True, False

    def _tell(self, moving: bool) -> bool:
        if moving is self._moving or self._stopped:
            return False
        self._moving = moving
        if self._set_moving is not None:
            self._set_moving(moving)
        return True

    def _draw(self) -> None:
        if not self._wanted or self._stopped:
            return
        self._wanted = False
        self._render()
        self.renders += 1
        self._last_render_s = self._now_s()

    def _watch(self) -> None:
        self._watching = False
        left_ms = self._rest_ms - 1000 * (self._now_s() - self._last_move_s)
        if not self._moving or self._stopped:
            return
        if left_ms <= 0:
            self.rest()
            return
        self._watching = True
        self._call_later(max(1, round(left_ms)), self._watch)
