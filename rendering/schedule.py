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

    Attributes
    ----------
    rendered : callable or None
        Called after every render.
    catch_up : callable or None
        Called before every render; a wish to draw made there is granted by that very render.
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
        self._wanted = self._moving = self._watching = self._stopped = self._held = False
        self._last_render_s = float("-inf")
        self._last_move_s = float("-inf")
        self.renders = 0
        self.rendered: Callable[[], None] | None = None
        self.catch_up: Callable[[], object] | None = None

    def request(self) -> None:
        """Draw soon, once; while held, at the next turn."""
        if self._wanted or self._stopped:
            return
        self._wanted = True
        if not self._held:
            self._draw_soon()

    def hold(self) -> None:
        """Wait for turns: something else moves."""
        self._held = True

    def take_turn(self) -> bool:
        """Draw what waits, coarsely; say whether anything did."""
        if not (self._held and self._wanted) or self._stopped:
            return False
        self._tell(True)
        self.draw_now()
        return True

    def let_go(self) -> None:
        """Draw freely again, and fully."""
        self._held = False
        if self._wanted:
            self._tell(False)
            self._draw_soon()
        else:
            self.rest()

    def _draw_soon(self) -> None:
        due = self._frame_ms - 1000 * (self._now_s() - self._last_render_s)
        self._call_later(round(max(0.0, min(due, self._frame_ms))), self._due)

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

    def _due(self) -> None:
        if not self._held:
            self._draw()

    def _draw(self) -> None:
        if not self._wanted or self._stopped:
            return
        if self.catch_up is not None:
            self.catch_up()  # what it asks to be drawn is in this picture already
        self._wanted = False
        self._render()
        self.renders += 1
        self._last_render_s = self._now_s()
        if self.rendered is not None:
            self.rendered()

    def _watch(self) -> None:
        self._watching = False
        # A slow machine has not heard of the next move while it drew: rest counts from the last picture.
        still_s = self._now_s() - max(self._last_move_s, self._last_render_s)
        left_ms = self._rest_ms - 1000 * still_s
        if not self._moving or self._stopped:
            return
        if left_ms <= 0:
            self.rest()
            return
        self._watching = True
        self._call_later(max(1, round(left_ms)), self._watch)
