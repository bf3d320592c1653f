"""Find every series in a folder, a zip or a single file, and say why the rest was left aside."""

import os
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from planning.errors import ImportRefused, WorkerDied
from planning.imaging.limits import FILE_SECONDS, MAX_FILES, MAX_FOLDER_DEPTH
from planning.imaging.private_folder import PrivateFolder
from planning.imaging.series import Rejected, Scan, SeriesSummary
from planning.imaging.series_building import summaries_of, with_identity_conflicts
from planning.imaging.volume_file import is_volume_file, volume_summary
from planning.kernel.process import Worker
from planning.progress import Progress, part, silent
from planning.texts import mark, tr

__all__ = ["Rejected", "Scan", "SeriesSummary", "scan"]

_BATCH: Final = 400
_NOISE: Final = frozenset({"thumbs.db", "desktop.ini", ".ds_store", "dicomdir;1"})
_FILE_RANGE: Final = (0.1, 0.95)

NO_SOURCE: Final = mark(
    "{name} does not exist or cannot be opened. Check the place and that you may read it."
)
EMPTY: Final = mark("The folder holds no files.")
NO_DICOM: Final = mark("No image series was found in {name}: {count} file(s) were looked at ({reasons}).")
TOO_MANY: Final = mark("The folder holds more than {limit} files. Choose the folder of one study.")
CRASHED: Final = mark(
    "Reading this file ended the reading process, so it was left out. It may be damaged on purpose."
)
REASON: Final = "{reason} ({file})"
HUNG: Final = mark("Reading this file took longer than {seconds} seconds, so it was left out.")
NOISE: Final = mark("This is no image but a leftover of an operating system.")
SPECIAL: Final = mark("{name} is a device or a pipe, not a file or folder. Choose the folder of the images.")
LINK: Final = mark("This is a link to another place and is not followed.")


def scan(source: Path, progress: Progress = silent, worker: Worker | None = None) -> Scan:
    """Return every series and every rejected file of a source.

    Parameters
    ----------
    source : Path
        A folder (any nesting), a zip of one, a single DICOM file, or a NIfTI, NRRD or MetaImage file.
    progress : Progress
        Reports and cancels; cancelling ends the child at once.
    worker : Worker or None
        The child that reads the files; None starts one for this call.

    Raises
    ------
    ImportRefused
        ``NO_SOURCE``, ``SPECIAL``, ``EMPTY``, ``TOO_MANY_FILES``, ``NO_SERIES`` (no file is an image), or the
        codes of `planning.imaging.archive`.
    """
    if worker is None:
        own = Worker()
        try:
            return scan(source, progress, own)
        finally:
            own.close()
    if not source.exists() or not os.access(source, os.R_OK):
        raise ImportRefused("NO_SOURCE", NO_SOURCE, name=source.name)
    if not (source.is_file() or source.is_dir()):
        raise ImportRefused("SPECIAL", SPECIAL, name=source.name)
    if source.is_file() and is_volume_file(source):
        return Scan((volume_summary(source, worker),), ())
    if (source.is_file() and zipfile.is_zipfile(source)) or source.suffix.lower() == ".zip":
        return _scan_zip(source, progress, worker)
    files, rejected = ([source], []) if source.is_file() else _files_of(source, progress)
    if not files and not rejected:
        raise ImportRefused("EMPTY", EMPTY)
    names = {file: _relative(file, source) for file in files}
    return _scan_files(files, names, rejected, source.name, progress, worker)


def _relative(file: Path, source: Path) -> Path:
    return Path(file.name) if file == source else file.relative_to(source)


def _scan_zip(source: Path, progress: Progress, worker: Worker) -> Scan:
    folder = PrivateFolder()
    header = {"archive": str(source.resolve()), "target": str(folder.path)}
    answer, _ = worker.call("planning.imaging.archive:unpack", header, progress=part(progress, 0.0, 0.5))
    files, names, rejected = [], {}, []
    for n, name in enumerate(answer["names"]):
        file = folder.path / f"{n:06d}"
        if _is_noise(Path(name)):
            rejected.append(Rejected(Path(name), "NOISE", tr(NOISE)))
        else:
            files.append(file)
            names[file] = Path(name)
    found = _scan_files(files, names, rejected, source.name, part(progress, 0.5, 1.0), worker)
    return _keeping(found, folder)


def _keeping(found: Scan, folder: PrivateFolder) -> Scan:
    return replace(found, series=tuple(replace(s, unpacked=folder) for s in found.series))


def _files_of(folder: Path, progress: Progress) -> tuple[list[Path], list[Rejected]]:
    """Return files worth reading, and noise and links with the reason; never leaves the folder."""
    files: list[Path] = []
    rejected: list[Rejected] = []
    for entry, relative in _walk(folder):
        if entry.is_symlink():
            rejected.append(Rejected(relative, "LINK", tr(LINK)))
        elif _is_noise(relative):
            rejected.append(Rejected(relative, "NOISE", tr(NOISE)))
        elif not entry.is_file():
            rejected.append(Rejected(relative, "SPECIAL", tr(SPECIAL, name=relative.name)))
        else:
            files.append(Path(entry.path))
        if len(files) > MAX_FILES:
            raise ImportRefused("TOO_MANY_FILES", TOO_MANY, limit=MAX_FILES)
        if len(files) % 1000 == 0:
            progress(0.0, tr("Looking for files"))
    return sorted(files), rejected


def _walk(folder: Path) -> Iterator[tuple[os.DirEntry[str], Path]]:
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            relative = Path(entry.path).relative_to(folder)
            if entry.is_dir(follow_symlinks=False):
                if len(relative.parts) < MAX_FOLDER_DEPTH:
                    waiting.append(Path(entry.path))
            else:
                yield entry, relative


def _is_noise(relative: Path) -> bool:
    name = relative.name.casefold()
    return (
        name in _NOISE or name.startswith(".") or "__macosx" in (part_.casefold() for part_ in relative.parts)
    )


def _scan_files(
    files: Sequence[Path],
    names: dict[Path, Path],
    rejected: list[Rejected],
    source_name: str,
    progress: Progress,
    worker: Worker,
) -> Scan:
    records: list[tuple[Path, dict[str, Any]]] = []
    for file, record in zip(files, _read_all(files, part(progress, *_FILE_RANGE), worker), strict=True):
        if "rejected" in record:
            reason = tr(record["template"], **record["values"])
            rejected.append(Rejected(names[file], record["rejected"], reason))
        else:
            records.append((file, record))
    series = summaries_of(records)
    attack = next((r for r in rejected if r.code == "PATH_TRAVERSAL"), None)
    if attack is not None:
        raise ImportRefused(attack.code, REASON, reason=attack.reason, file=str(attack.file))
    if not series:
        raise _nothing_found(rejected, source_name)
    progress(1.0, tr("Reading headers"))
    series, about = with_identity_conflicts(series)
    return Scan(series, tuple(rejected), about)


def _nothing_found(rejected: Sequence[Rejected], source_name: str) -> ImportRefused:
    """Return one sentence: the reason itself where all files share it, else the counts."""
    codes = {r.code for r in rejected if r.code not in ("NOISE", "DICOMDIR", "LINK")}
    telling = [
        r for r in rejected if r.code not in ("NOISE", "DICOMDIR", "LINK", "NOT_DICOM", "NOT_AN_IMAGE")
    ]
    if telling and len({r.code for r in telling}) == 1:
        first = telling[0]
        return ImportRefused(first.code, REASON, reason=first.reason, file=str(first.file))
    reasons = ", ".join(sorted(codes or {r.code for r in rejected}))
    code = "NOT_DICOM" if codes <= {"NOT_DICOM"} else "NO_SERIES"
    return ImportRefused(code, NO_DICOM, name=source_name, count=len(rejected), reasons=reasons)


def _read_all(files: Sequence[Path], progress: Progress, worker: Worker) -> list[dict[str, Any]]:
    """Return the records of all files, in order; a file that kills the child is named and passed over."""
    records: list[dict[str, Any]] = []
    while len(records) < len(files):
        first, last = len(records), min(len(records) + _BATCH, len(files))
        batch = [str(file.resolve()) for file in files[first:last]]
        records += _read_batch(batch, part(progress, first / len(files), last / len(files)), worker)
    return records


def _read_batch(batch: list[str], progress: Progress, worker: Worker) -> list[dict[str, Any]]:
    """Return records of the batch up to its end, or up to and including the file that killed the child."""
    done = 0

    def counting(fraction: float, message: str, /) -> None:
        nonlocal done
        done = round(fraction * len(batch))
        progress(fraction, message)

    task = "planning.imaging.headers:read_headers"
    try:
        return list(
            worker.call(task, {"files": batch}, progress=counting, stall_s=FILE_SECONDS)[0]["records"]
        )
    except WorkerDied as error:
        before = []
        if done:
            before = list(worker.call(task, {"files": batch[:done]}, progress=progress)[0]["records"])
        hung = error.code == "WORKER_TIMEOUT"
        template, values = (HUNG, {"seconds": f"{FILE_SECONDS:g}"}) if hung else (CRASHED, {})
        return [*before, {"rejected": "HUNG" if hung else "CRASHED", "template": template, "values": values}]
