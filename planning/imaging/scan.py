"""Find every series in a folder, a zip or a single file, and say why the rest was left aside."""

import os
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from planning.errors import ImportRefused, WorkerDied
from planning.imaging.folder_listing import Listing, is_noise, listing_of, rejected_entry
from planning.imaging.header_reading import LOST_SLICES, HeaderReading
from planning.imaging.limits import FILE_SECONDS
from planning.imaging.private_folder import PrivateFolder
from planning.imaging.series import Rejected, Scan, SeriesSummary
from planning.imaging.series_building import summaries_of, with_identity_conflicts
from planning.imaging.volume_file import is_volume_file, volume_summary
from planning.kernel.process import Worker
from planning.model.study import Finding, Severity
from planning.progress import Progress, part, silent
from planning.texts import mark, tr

__all__ = ["Rejected", "Scan", "SeriesSummary", "scan"]

_UNPACK: Final = "planning.imaging.archive:unpack"
_LISTING_END: Final = 0.1
_FILE_RANGE: Final = (_LISTING_END, 0.95)

NO_SOURCE: Final = mark(
    "{name} does not exist or cannot be opened. Check the place and that you may read it."
)
EMPTY: Final = mark("The folder holds no files.")
NO_DICOM: Final = mark("No image series was found in {name}: {count} file(s) were looked at ({reasons}).")
REASON: Final = "{reason} ({file})"
SPECIAL: Final = mark("{name} is a device or a pipe, not a file or folder. Choose the folder of the images.")
CRASHED_ZIP: Final = mark(
    "Unpacking {name} ended the reading process, so nothing was loaded. It may be damaged; pack it again."
)
BROKEN_INDEX: Final = mark(
    "The index of the disc (DICOMDIR) is damaged. It is not needed: the images are found without it."
)
UNREADABLE: Final = mark(
    "{count} file(s) beside these slices could not be read, so slices may be missing at the ends of the "
    "stack. Check how far it reaches, or copy the series again."
)
_QUIET: Final = frozenset({"NOISE", "DICOMDIR", "LINK"})


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
        ``NO_SOURCE``, ``SPECIAL``, ``EMPTY``, ``TOO_MANY_FILES``, ``NO_SERIES`` (no file is an image),
        ``SOURCE_VANISHED``, ``NO_ANSWER``, or the codes of `planning.imaging.archive`.
    """
    if worker is None:
        own = Worker()
        try:
            return scan(source, progress, own)
        finally:
            own.close()
    listing = listing_of(source, worker, part(progress, 0.0, _LISTING_END))
    if listing.kind == "missing" or not os.access(source, os.R_OK):
        raise ImportRefused("NO_SOURCE", NO_SOURCE, name=source.name)
    if listing.kind == "special":
        raise ImportRefused("SPECIAL", SPECIAL, name=source.name)
    if listing.kind == "folder":
        return _scan_folder(source, listing, progress, worker)
    if _is_index(source):
        # Whoever chooses the index of a disc means the disc.
        return scan(source.parent, progress, worker)
    if is_volume_file(source):
        return Scan((volume_summary(source, worker),), ())
    if zipfile.is_zipfile(source) or source.suffix.lower() == ".zip":
        return _scan_zip(source, progress, worker)
    return _scan_files({source: Path(source.name)}, (), source, progress, worker)


def _scan_folder(source: Path, listing: Listing, progress: Progress, worker: Worker) -> Scan:
    if not listing.files and not listing.rejected:
        raise ImportRefused("EMPTY", EMPTY)
    names = {source / relative: relative for relative in listing.files}
    return _scan_files(names, listing.rejected, source, progress, worker)


def _scan_zip(source: Path, progress: Progress, worker: Worker) -> Scan:
    folder = PrivateFolder()
    header = {"archive": str(source.resolve()), "target": str(folder.path)}
    try:
        answer, _ = worker.call(_UNPACK, header, progress=part(progress, 0.0, 0.5), stall_s=2 * FILE_SECONDS)
    except WorkerDied as error:
        raise ImportRefused("CRASHED", CRASHED_ZIP, name=source.name) from error
    members = {folder.path / f"{n:06d}": Path(name) for n, name in enumerate(answer["names"])}
    names = {file: name for file, name in members.items() if not is_noise(name)}
    noise = [rejected_entry(name, "NOISE") for name in members.values() if is_noise(name)]
    found = _scan_files(names, noise, source, part(progress, 0.5, 1.0), worker)
    return _keeping(found, folder)


def _keeping(found: Scan, folder: PrivateFolder) -> Scan:
    return replace(found, series=tuple(replace(s, unpacked=folder) for s in found.series))


def _scan_files(
    names: dict[Path, Path],
    left_aside: Iterable[Rejected],
    source: Path,
    progress: Progress,
    worker: Worker,
) -> Scan:
    """Return what the headers of the files make; `names` says how each is called in the source."""
    records: list[tuple[Path, dict[str, Any]]] = []
    rejected = list(left_aside)
    read = HeaderReading(source, tuple(names), worker).records(part(progress, *_FILE_RANGE))
    for file, record in zip(names, read, strict=True):
        if "rejected" in record:
            rejected.append(_rejected(names[file], record))
        else:
            records.append((file, record))
    series = summaries_of(records)
    attack = next((r for r in rejected if r.code == "PATH_TRAVERSAL"), None)
    if attack is not None:
        raise ImportRefused(attack.code, REASON, reason=attack.reason, file=str(attack.file))
    if not series:
        raise _nothing_found(rejected, source.name)
    progress(1.0, tr("Reading headers"))
    series, about = with_identity_conflicts(_with_lost_files(series, names, rejected))
    return Scan(series, tuple(rejected), about)


def _rejected(name: Path, record: dict[str, Any]) -> Rejected:
    """Return why a file is left aside. A broken index is no broken image."""
    if _is_index(name) and record["rejected"] not in ("DICOMDIR", "PATH_TRAVERSAL"):
        return Rejected(name, "DICOMDIR", tr(BROKEN_INDEX))
    return Rejected(name, record["rejected"], tr(record["template"], **record["values"]))


def _is_index(name: Path) -> bool:
    return name.name.casefold().partition(";")[0] in ("dicomdir", "dicomdir.")


def _with_lost_files(
    series: Sequence[SeriesSummary], names: dict[Path, Path], rejected: Sequence[Rejected]
) -> list[SeriesSummary]:
    """Mark each series that lies beside files nobody could read: its end may be missing unseen."""
    lost: dict[Path, int] = {}
    for one in rejected:
        if one.code in LOST_SLICES:
            place = one.file if one.code == "NO_ENTRY" else one.file.parent
            lost[place] = lost.get(place, 0) + 1
    marked = []
    for summary in series:
        places = {names[file].parent for file in summary.files if file in names}
        count = sum(lost.get(place, 0) for place in places)
        found = Finding("UNREADABLE_FILES", UNREADABLE, (("count", str(count)),), Severity.WARN)
        marked.append(replace(summary, findings=(*summary.findings, found)) if count else summary)
    return marked


def _nothing_found(rejected: Sequence[Rejected], source_name: str) -> ImportRefused:
    """Return one sentence: the reason itself where all files share it, else the counts."""
    codes = {r.code for r in rejected if r.code not in _QUIET}
    telling = [r for r in rejected if r.code not in _QUIET | {"NOT_DICOM", "NOT_AN_IMAGE"}]
    if telling and len({r.code for r in telling}) == 1:
        first = telling[0]
        return ImportRefused(first.code, REASON, reason=first.reason, file=str(first.file))
    reasons = ", ".join(sorted(codes or {r.code for r in rejected}))
    code = "NOT_DICOM" if codes and codes <= {"NOT_DICOM"} else "NO_SERIES"
    return ImportRefused(code, NO_DICOM, name=source_name, count=len(rejected), reasons=reasons)
