"""From a DICOM folder, zip or volume file, with or without labels, to a case."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from app.errands.take_in import take_in
from app.errands.workbench import Workbench
from planning.editing.image_edits import AcknowledgeFinding
from planning.errors import EditRefused, ImportRefused
from planning.imaging.intake import Choices, onto_case
from planning.imaging.load import LoadedImage, load_series
from planning.imaging.memory_need import check_memory, needed_bytes
from planning.imaging.scan import SeriesSummary, scan
from planning.imaging.structure_import import import_structures
from planning.imaging.volume_file import is_volume_file, load_volume_file, volume_summary
from planning.model.anatomy import Anatomy
from planning.model.case import Case
from planning.progress import Progress, part
from planning.texts import clauses, mark, tr


def import_case(
    sources: tuple[Path, ...],
    bench: Workbench,
    progress: Progress,
    labels: Path | None = None,
    names: Path | None = None,
    series_uid: str | None = None,
    choices: Choices | None = None,
) -> Case:
    """Return a new case from images and labels.

    Parameters
    ----------
    sources : tuple of Path
        DICOM folders, zips or files, or volume files; one series of all of them is taken.
    bench : Workbench
    progress : Progress
    labels, names : Path, optional
        Anything `planning.imaging.structure_import` reads, and the file that names its values.
    series_uid : str, optional
        Which series to take where there are several.
    choices : Choices, optional
        Unit and axes of surfaces.

    Raises
    ------
    ImportRefused, LabelsRefused
        In a sentence for the user; ``NOT_ENOUGH_MEMORY`` before anything is loaded.
    """
    loaded = _load_image(sources, bench, part(progress, 0.0, 0.6), series_uid)
    case = Case(id=uuid4().hex, patient=loaded.patient, images=(loaded.image,))
    return with_labels(case, bench, part(progress, 0.6, 1.0), labels, names, choices)


def acknowledged(case: Case, codes: Sequence[str], by: str) -> Case:
    """Return the case with findings of its planning image acknowledged.

    Parameters
    ----------
    case : Case
    codes : sequence of str
        Of the findings, such as ``GAP``.
    by : str
        Who has read them.

    Raises
    ------
    EditRefused
        ``NO_SUCH_FINDING`` naming the findings there are, or ``NO_NAME``.
    """
    image = case.images[0]
    there = tuple(dict.fromkeys(finding.code for finding in image.findings))
    for code in dict.fromkeys(codes):
        if code not in there:
            raise EditRefused(
                "NO_SUCH_FINDING",
                mark("The import found no {code}, so nothing was written. It found: {codes}."),
                code=code,
                codes=", ".join(there) or tr("nothing"),
            )
        case = AcknowledgeFinding(image.id, code, by, datetime.now(UTC)).apply(case)
    return case


def with_labels(
    case: Case,
    bench: Workbench,
    progress: Progress,
    labels: Path | None,
    names: Path | None,
    choices: Choices | None = None,
) -> Case:
    """Return the case with the structures of a file or folder, or with none; raises `LabelsRefused`."""
    empty = replace(case, anatomy=Anatomy(case.images[0].volume.grid))
    if labels is None:
        return empty
    found = import_structures(labels, names, onto_case(case), progress, bench.worker, choices)
    return take_in(found, bench.settings.anatomy_table).apply(empty)


def _load_image(
    sources: tuple[Path, ...], bench: Workbench, progress: Progress, series_uid: str | None
) -> LoadedImage:
    if len(sources) == 1 and is_volume_file(sources[0]):
        check_memory([needed_bytes(volume_summary(sources[0], bench.worker))])
        return load_volume_file(sources[0], progress, bench.worker)
    found: list[SeriesSummary] = []
    for n, source in enumerate(sources):
        step = part(progress, 0.3 * n / len(sources), 0.3 * (n + 1) / len(sources))
        found += scan(source, step, bench.worker).series
    _check_not_torn(found)
    summary = chosen_series(tuple(found), series_uid)
    check_memory([needed_bytes(summary)])
    return load_series(summary, part(progress, 0.3, 1.0), bench.worker)


def _check_not_torn(series: list[SeriesSummary]) -> None:
    """Refuse one series in several places: each would be read alone, and look whole."""
    uids = [s.series_uid for s in series]
    torn = next((uid for uid in uids if uids.count(uid) > 1), None)
    if torn is not None:
        raise ImportRefused(
            "SERIES_IN_TWO_PLACES",
            mark("The series {uid} lies in more than one of the places given. Put them into one folder."),
            uid=torn,
        )


def chosen_series(series: tuple[SeriesSummary, ...], series_uid: str | None) -> SeriesSummary:
    """Return the named series, or the only CT; raises `ImportRefused` listing what there is."""
    listing = clauses(
        tr("{uid} ({modality}, {count} slices, {title})", uid=s.series_uid, modality=s.modality,
           count=s.count, title=s.description)
        for s in series
    )  # fmt: skip
    if series_uid is not None:
        match = [s for s in series if s.series_uid == series_uid]
        if not match:
            raise ImportRefused(
                "NO_SUCH_SERIES",
                mark("There is no series {uid}. Found: {listing}"),
                uid=series_uid,
                listing=listing or "nothing",
            )
        return match[0]
    # A scout beside the stack does not make the choice unclear; a faulty stack does.
    stacks = [s for s in series if s.is_stack] or list(series)
    ct = [s for s in stacks if s.modality == "CT"] or stacks
    if not ct:
        raise ImportRefused("NO_IMAGES", mark("No readable image series was found in this place."))
    if len(ct) > 1:
        raise ImportRefused(
            "SEVERAL_SERIES",
            mark("Several series were found. Name one with --series: {listing}"),
            listing=listing,
        )
    return ct[0]
