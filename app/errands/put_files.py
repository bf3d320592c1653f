"""Put a set of finished files into a folder: all of them, or none where the disk fails."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from planning.errors import ExportRefused
from planning.texts import mark, tr

_NOT_WRITTEN = mark(
    "The folder {name} cannot be written ({reason}), so nothing was. Check the place and the free space."
)


def check_folder(folder: Path) -> None:
    """Raise `ExportRefused` where files can plainly not be put, before anything is computed for them."""
    place = folder.absolute()
    while not os.path.lexists(place):
        place = place.parent
    if not place.is_dir():
        raise ExportRefused("NOT_WRITTEN", _NOT_WRITTEN, name=folder.name, reason=tr("no folder"))
    if not os.access(place, os.W_OK | os.X_OK):
        raise ExportRefused("NOT_WRITTEN", _NOT_WRITTEN, name=folder.name, reason=tr("no permission"))


def put_files(folder: Path, files: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Write files below a folder and return where they are.

    All of them are written beside their place first and moved in together, so that a full disk leaves
    the folder as it was.

    Parameters
    ----------
    folder : Path
        Made where it is missing.
    files : mapping of str to bytes
        Relative names, with forward slashes.

    Raises
    ------
    ExportRefused
        ``NOT_WRITTEN``.
    """
    made = _missing(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".enbloc-", dir=folder) as stage:
            for name, data in files.items():
                _write(Path(stage) / name, data)
            for name in files:
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                (Path(stage) / name).replace(target)
    except OSError as error:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)
        raise ExportRefused(
            "NOT_WRITTEN", _NOT_WRITTEN, name=folder.name, reason=error.strerror or type(error).__name__
        ) from error
    return tuple(folder / name for name in files)


def _missing(folder: Path) -> Path | None:
    """Return the uppermost folder that has to be made, or None where all are there."""
    absolute = folder.absolute()
    missing = [path for path in (absolute, *absolute.parents) if not os.path.lexists(path)]
    return missing[-1] if missing else None


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
