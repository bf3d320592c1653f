"""Where the program keeps what is the user's: settings and unsaved work, readable by nobody else."""

import os
import sys
from pathlib import Path
from typing import Final

_FOLDER_MODE: Final = 0o700


def own_tools_file() -> Path:
    """Return where the department's own tools are kept; nothing is made."""
    return _user_folder() / "tools.toml"


def user_folder() -> Path:
    """Return the program's private folder, made where it is missing; `ENBLOC_HOME` overrides it."""
    return private_folder(_user_folder())


def _user_folder() -> Path:
    chosen = os.environ.get("ENBLOC_HOME")
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        root = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        root = Path.home() / "Library" / "Application Support"
    else:
        root = Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share"))
    return root / "enbloc"


def private_folder(path: Path) -> Path:
    """Return a folder that only this user may enter, made where it is missing."""
    path.mkdir(parents=True, exist_ok=True, mode=_FOLDER_MODE)
    if os.name == "posix":
        path.chmod(_FOLDER_MODE)
    return path
