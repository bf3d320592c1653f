"""Where a fault of the program arose, told without what it was about."""

import traceback


def without_values(error: BaseException) -> str:
    """Return where an error arose, without its message, which may hold names or paths."""
    frames = traceback.extract_tb(error.__traceback__)
    places = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames[-6:]))
    return f"{type(error).__name__} at {places}" if places else type(error).__name__
