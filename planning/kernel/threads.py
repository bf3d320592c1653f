"""One explicit start-up for the libraries that compute: called by window, command line, workers and tests."""


def start() -> None:
    """Choose VTK's threads and numba's cache folder; cheap, may be called again."""
    raise NotImplementedError


def warm_up() -> None:
    """Compile or load every numba kernel once, so that the first drag is not slow; run it in a thread."""
    raise NotImplementedError
