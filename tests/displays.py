"""A display that nobody else sees."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def a_display(size: str = "1400x900") -> Iterator[dict[str, str]]:
    """Start an X server in memory; give the environment of a process whose windows are native there."""
    reader, writer = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", f"{size}x24", "-nolisten", "tcp"],
        pass_fds=(writer,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    try:
        with os.fdopen(reader) as answer:
            number = answer.readline().strip()
        there = {"DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb", "LIBGL_ALWAYS_SOFTWARE": "1"}
        environment = os.environ | there
        environment.pop("VTK_DEFAULT_OPENGL_WINDOW", None)
        yield environment
    finally:
        server.terminate()
        server.wait(10)
