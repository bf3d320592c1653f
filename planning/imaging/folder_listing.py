"""What lies in a folder, looked at by the child process: a dead network share then stops nobody else."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from planning.errors import ImportRefused, WorkerDied
from planning.imaging.limits import MAX_FILES, MAX_FOLDER_DEPTH
from planning.imaging.series import Rejected
from planning.kernel.exchange import Array, Header, TaskRoom
from planning.kernel.process import Worker
from planning.progress import Progress, silent
from planning.texts import mark, tr

TASK: Final = "planning.imaging.folder_listing:list_files"
ANSWER_SECONDS: Final = 20.0
_PROGRESS_EVERY: Final = 200
_NOISE: Final = frozenset({"thumbs.db", "desktop.ini", ".ds_store", "dicomdir;1"})

TOO_MANY: Final = mark("The folder holds more than {limit} files. Choose the folder of one study.")
NO_ANSWER: Final = mark(
    "{name} does not answer. If it is a network folder or a disc, check the connection or take the disc out "
    "and in again; then import once more."
)
_REASONS: Final = {
    "LINK": mark("This is a link to another place and is not followed."),
    "NOISE": mark("This is no image but a leftover of an operating system."),
    "SPECIAL": mark("{name} is a device or a pipe, not a file or folder. Choose the folder of the images."),
    "NO_ENTRY": mark(
        "This folder cannot be opened, so nothing in it was looked at. Check that you may read it."
    ),
    "TOO_DEEP": mark(
        "This folder lies too deep and was not looked at. Choose a folder nearer to the images."
    ),
}


@dataclass(frozen=True)
class Listing:
    """What a place holds.

    Parameters
    ----------
    kind : str
        ``missing``, ``file``, ``folder`` or ``special``.
    files : tuple of Path
        Relative to the folder, sorted; empty for a single file.
    rejected : tuple of Rejected
        What is no image by its very kind, and folders nobody could open.
    """

    kind: str
    files: tuple[Path, ...] = ()
    rejected: tuple[Rejected, ...] = ()


def listing_of(source: Path, worker: Worker, progress: Progress = silent) -> Listing:
    """Return what a place holds.

    Raises
    ------
    ImportRefused
        ``NO_ANSWER`` where the place does not answer within 20 s; ``TOO_MANY_FILES``.
    Cancelled
        From `progress`; a child that waits for a dead share is ended.
    """
    request = {"source": str(source.absolute())}
    try:
        answer, _ = worker.call(TASK, request, progress=progress, stall_s=ANSWER_SECONDS)
    except WorkerDied as error:
        raise ImportRefused("NO_ANSWER", NO_ANSWER, name=source.name) from error
    rejected = tuple(rejected_entry(Path(name), code) for name, code in answer["rejected"])
    return Listing(answer["kind"], tuple(Path(name) for name in answer["files"]), rejected)


def rejected_entry(relative: Path, code: str) -> Rejected:
    """Return an entry that is no image by its kind, with the reason."""
    return Rejected(relative, code, tr(_REASONS[code], name=relative.name))


def is_noise(relative: Path) -> bool:
    """Say whether a file is a leftover of an operating system."""
    name = relative.name.casefold()
    return (
        name in _NOISE or name.startswith(".") or "__macosx" in (part_.casefold() for part_ in relative.parts)
    )


def list_files(header: Header, arrays: Sequence[Array], room: TaskRoom) -> tuple[Header, Sequence[Array]]:
    """Task: list ``header["source"]``; never leaves the folder."""
    del arrays
    source = Path(header["source"])
    kind = _kind(source)
    files: list[str] = []
    rejected: list[tuple[str, str]] = []
    if kind == "folder":
        for seen, (relative, code) in enumerate(_walk(source)):
            if seen % _PROGRESS_EVERY == 0:
                room.progress(0.0, mark("Looking for files"))
            if code:
                rejected.append((str(relative), code))
            else:
                files.append(str(relative))
            if len(files) > MAX_FILES:
                raise ImportRefused("TOO_MANY_FILES", TOO_MANY, limit=MAX_FILES)
    return {"kind": kind, "files": sorted(files), "rejected": rejected}, []


def _kind(source: Path) -> str:
    if source.is_dir():
        return "folder"
    if source.is_file():
        return "file"
    return "special" if source.exists() else "missing"


def _walk(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield every entry that is no folder, and folders that cannot be opened, with why it is left aside."""
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError:
            yield here.relative_to(folder), "NO_ENTRY"
            continue
        for entry in entries:
            relative = Path(entry.path).relative_to(folder)
            if not entry.is_dir(follow_symlinks=False):
                yield relative, _why_left_aside(entry, relative)
            elif len(relative.parts) < MAX_FOLDER_DEPTH:
                waiting.append(Path(entry.path))
            else:
                yield relative, "TOO_DEEP"


def _why_left_aside(entry: "os.DirEntry[str]", relative: Path) -> str:
    if entry.is_symlink():
        return "LINK"
    if is_noise(relative):
        return "NOISE"
    return "" if entry.is_file() else "SPECIAL"
