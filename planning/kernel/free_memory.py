"""How much memory may still be taken before the system ends this program."""

import ctypes
import sys
from pathlib import Path
from typing import Final

_CGROUPS: Final = Path("/sys/fs/cgroup")


def free_bytes() -> int | None:
    """Return how many bytes may still be taken without pushing anything out; None where nobody says.

    The least of what the machine has left, what its control group allows (containers, batch systems)
    and this process's own limit. File caches count as free, swap does not.
    """
    if sys.platform == "win32":
        return _windows_bytes()
    found = [_machine_bytes(), *_group_bytes(), _own_limit_bytes()]
    known = [value for value in found if value is not None]
    return max(0, min(known)) if known else None


def _machine_bytes() -> int | None:
    fields = _fields(Path("/proc/meminfo"))
    return fields["MemAvailable:"] * 1024 if "MemAvailable:" in fields else None


def _group_bytes() -> list[int | None]:
    """Return what each control group above this process leaves, version 2 and 1."""
    left: list[int | None] = []
    for line in _lines(Path("/proc/self/cgroup")):
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if controllers in ("", "memory"):
            base = _CGROUPS / "memory" if controllers else _CGROUPS
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes") if controllers else (
                "memory.max", "memory.current"
            )  # fmt: skip
            groups = [base / path.strip("/"), *(base / path.strip("/")).parents]
            left += [_left_in(group, *names) for group in groups if group.is_relative_to(base)]
    return left


def _left_in(group: Path, limit_name: str, used_name: str) -> int | None:
    limit, used = _number(group / limit_name), _number(group / used_name)
    if limit is None or used is None:
        return None
    # What files were read into memory is given back when somebody needs it.
    cached = _fields(group / "memory.stat")
    return limit - used + cached.get("total_inactive_file", cached.get("inactive_file", 0))


def _own_limit_bytes() -> int | None:
    if sys.platform != "linux":
        return None
    import resource  # noqa: PLC0415 -- does not exist on Windows

    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    taken = _fields(Path("/proc/self/status")).get("VmSize:")
    return None if soft == resource.RLIM_INFINITY or taken is None else soft - taken * 1024


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("ascii", "replace").splitlines()
    except OSError:
        return []


def _fields(path: Path) -> dict[str, int]:
    pairs = (line.split()[:2] for line in _lines(path))
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}


def _number(path: Path) -> int | None:
    text = "".join(_lines(path)[:1]).strip()
    return int(text) if text.isdecimal() else None


def _windows_bytes() -> int | None:
    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((f"value{n}", ctypes.c_ulonglong) for n in range(7)),
        )

    status = Status(ctypes.sizeof(Status))
    windll = getattr(ctypes, "windll", None)
    if windll is None or not windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
        return None
    return int(getattr(status, "value1"))  # noqa: B009 -- free physical memory; a field ctypes makes
