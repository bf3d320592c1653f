"""Put a set of finished files into a folder: all of them, or none where the disk fails."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from planning.errors import ExportRefused
from planning.storage.places import has_ended, this_process
from planning.texts import mark, tr

_STAGE: Final = ".enbloc-"
_NEW, _BEFORE = "new", "before"
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


def put_files(folder: Path, files: Mapping[str, bytes | Path]) -> tuple[Path, ...]:
    """Write files below a folder and return where they are.

    All of them are written beside their place first and moved in together: a full disk, Ctrl-C and a fault
    leave the folder as it was. What a killed program left there is put back or removed first.

    Parameters
    ----------
    folder : Path
        Made where it is missing.
    files : mapping of str to bytes or Path
        Relative names, with forward slashes, and what they hold, or the file it is copied from.

    Raises
    ------
    ExportRefused
        ``NOT_WRITTEN``.
    """
    made = _missing(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _clear_left_stages(folder)
        stage = Path(tempfile.mkdtemp(prefix=f"{_STAGE}{this_process()}-", dir=folder))
        try:
            for name, data in files.items():
                _write(stage / _NEW / name, data)
            _exchange(folder, stage, files)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    except BaseException as error:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)
        if not isinstance(error, OSError):
            raise
        raise ExportRefused(
            "NOT_WRITTEN", _NOT_WRITTEN, name=folder.name, reason=error.strerror or type(error).__name__
        ) from error
    return tuple(folder / name for name in files)


def _exchange(folder: Path, stage: Path, names: Iterable[str]) -> None:
    """Move all new files to their places, or none: what was there before comes back."""
    with ExitStack() as way_back:
        for name in names:
            new, before, target = stage / _NEW / name, stage / _BEFORE / name, folder / name
            if target.is_dir() and not target.is_symlink():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            top = _missing(target.parent)
            if top is not None:
                way_back.callback(shutil.rmtree, top, ignore_errors=True)
            way_back.callback(_take_back, new, before, target)
            for path in (target, before):
                path.parent.mkdir(parents=True, exist_ok=True)
            if os.path.lexists(target):
                target.replace(before)
            new.replace(target)
        if (stage / _BEFORE).exists():
            (stage / _BEFORE).rename(stage / "done")
        way_back.pop_all()


def _take_back(new: Path, before: Path, target: Path) -> None:
    """Undo one move, or half of it."""
    if os.path.lexists(before):
        before.replace(target)
    elif not new.exists():
        target.unlink(missing_ok=True)


def _clear_left_stages(folder: Path) -> None:
    """Put back what a program moved aside that was killed while it wrote here, and remove its stage."""
    for stage in folder.glob(f"{_STAGE}*"):
        if not has_ended(stage.name.removeprefix(_STAGE).rpartition("-")[0]):
            continue
        before = stage / _BEFORE
        for path in [path for path in before.rglob("*") if path.is_symlink() or path.is_file()]:
            target = folder / path.relative_to(before)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
        shutil.rmtree(stage, ignore_errors=True)


def _missing(folder: Path) -> Path | None:
    """Return the uppermost folder that has to be made, or None where all are there."""
    absolute = folder.absolute()
    missing = [path for path in (absolute, *absolute.parents) if not os.path.lexists(path)]
    return missing[-1] if missing else None


def _write(path: Path, data: bytes | Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        if isinstance(data, Path):
            with data.open("rb") as source:
                shutil.copyfileobj(source, file)
        else:
            file.write(data)
        file.flush()
        os.fsync(file.fileno())
