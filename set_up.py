"""Prepare this machine for EnBloc: system libraries where missing, and .venv from a lock file.

Uses the standard library alone, changes nothing that is already right, and is quick then.

    python3 set_up.py           what the program needs
    python3 set_up.py --dev     and what checks, tests and benchmarks need
    python3 set_up.py --display exit status 0 if a display answers, else 1; prepares nothing
"""

import argparse
import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")

# Shared library -> Debian package. PySide6 links these; the VTK wheel opens what it finds.
DRAWING = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
}
WINDOW = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libXcursor.so.1": "libxcursor1",
}
# Program -> Debian package, for the tests that open a real window or read a report back.
TEST_TOOLS = {"Xvfb": "xvfb", "xauth": "xauth", "pdftotext": "poppler-utils"}


class SetUpError(Exception):
    """What a person has to do before set-up can go on."""


def main() -> int:
    """Prepare the machine and return the exit status."""
    parser = argparse.ArgumentParser(description="Prepare this machine for EnBloc.")
    parser.add_argument("--dev", action="store_true", help="also what checks, tests and benchmarks need")
    parser.add_argument("--display", action="store_true", help="only ask whether a display answers")
    chosen = parser.parse_args()
    if chosen.display:
        return 0 if display_answers() else 1
    try:
        _check_python()
        _install_system_packages(missing_packages(dev=chosen.dev))
        _fill_venv(HERE / ("requirements-dev.lock" if chosen.dev else "requirements.lock"))
    except SetUpError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped; the same command goes on from here.", file=sys.stderr)
        return 130
    return 0


def display_answers() -> bool:
    """Say whether windows can be opened here."""
    if sys.platform in {"win32", "darwin"}:
        return True
    if not os.environ.get("DISPLAY"):
        return False
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True  # named, but the library to ask with comes with the window's packages
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    answers = bool(xcb.xcb_connection_has_error(connection) == 0)
    xcb.xcb_disconnect(connection)
    return answers


def missing_packages(*, dev: bool) -> list[str]:
    """Return the Debian packages that are needed and not there; none on other systems."""
    if not sys.platform.startswith("linux"):
        return []
    libraries = dict(DRAWING)
    if dev or display_answers():
        libraries |= WINDOW
    packages = [package for library, package in libraries.items() if not _loads(library)]
    if dev:
        packages += [package for tool, package in TEST_TOOLS.items() if shutil.which(tool) is None]
    try:
        import ensurepip  # noqa: F401, PLC0415 -- Debian ships it apart
    except ImportError:
        if not PYTHON.exists():
            packages.append(f"python3.{sys.version_info.minor}-venv")
    return packages


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _check_python() -> None:
    if not (3, 11) <= sys.version_info < (3, 14):
        have = ".".join(map(str, sys.version_info[:3]))
        raise SetUpError(
            f"EnBloc needs Python 3.11 to 3.13; this is {have}. Name another: make PYTHON=python3.11 …"
        )


def _install_system_packages(packages: list[str]) -> None:
    if not packages:
        return
    install = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    typed = "apt-get update && " + " ".join(install)
    if shutil.which("apt-get") is None:
        raise SetUpError(f"Missing system packages (Debian names): {' '.join(packages)}. Install them first.")
    if os.geteuid() != 0:
        as_root = "sudo sh -c" if shutil.which("sudo") else "su -c"
        raise SetUpError(
            f"Missing system packages. Type this, then run the same command again:\n  {as_root} '{typed}'"
        )
    print(f"Installing system packages: {' '.join(packages)}", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], install):
        done = subprocess.run(
            command, env=quiet, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            last = "\n".join((done.stdout + done.stderr).splitlines()[-10:])
            raise SetUpError(f"{last}\nInstalling system packages failed. Type this to see why:\n  {typed}")


def _fill_venv(lock: Path) -> None:
    stamp = VENV / f".{lock.stem}"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    usable = _venv_is_usable()
    if usable and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    if not usable:
        print("Making .venv", flush=True)
        venv.create(VENV, with_pip=True, clear=True, symlinks=sys.platform != "win32")
    print(f"Installing the packages of {lock.name} into .venv; this takes a few minutes once", flush=True)
    install = [str(PYTHON), "-m", "pip", "install", "-qq", "--no-input", "--disable-pip-version-check"]
    try:
        subprocess.run(
            [*install, "--only-binary=:all:", "--require-hashes", "-r", str(lock)],
            stdin=subprocess.DEVNULL,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        raise SetUpError("Installing the packages failed; pip says why above.") from error
    stamp.write_text(wanted, encoding="utf-8")


def _venv_is_usable() -> bool:
    """Say whether .venv is whole and made for this Python; a stopped set-up leaves a part of one."""
    ask = "import sys, importlib.util as u; print(*sys.version_info[:2], u.find_spec('pip') is not None)"
    try:
        asked = subprocess.run([str(PYTHON), "-c", ask], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return asked.stdout.split() == [*map(str, sys.version_info[:2]), "True"]


if __name__ == "__main__":
    sys.exit(main())
