"""When views are drawn: many wishes, one render a frame; full detail when things rest."""

from collections.abc import Callable

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
        Told True when motion begins and False when it ended.
    frame_ms, rest_ms : int
        Shortest time between renders; how long without `moved` counts as rest.
    """

    def __init__(
        self,
        render: Callable[[], None],
        call_later: CallLater,
        set_moving: Callable[[bool], object] | None = None,
        frame_ms: int = 15,
        rest_ms: int = 200,
    ) -> None:
        raise NotImplementedError

    def request(self) -> None:
        """Draw soon, once."""
        raise NotImplementedError

    def moved(self) -> None:
        """Draw soon, coarsely; fully once nothing has moved for a while."""
        raise NotImplementedError

    def rest(self) -> None:
        """Motion ended (mouse released): draw fully soon."""
        raise NotImplementedError
