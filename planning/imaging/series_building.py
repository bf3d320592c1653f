"""Sort the headers of a scan into series and say of each whether it can become a volume."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from planning.errors import ImportRefused
from planning.geometry.frames import Vec3, axis_letter
from planning.imaging.geometry_checks import Stack, stack_of
from planning.imaging.limits import ORIENTATION_TOLERANCE
from planning.imaging.memory_need import voxel_bytes_of
from planning.imaging.pixel_checks import check_pixels, pixel_findings
from planning.imaging.repeats import told_apart
from planning.imaging.series import PixelForm, SeriesSummary, Slice, finding_of
from planning.model.study import Finding, Patient, Severity
from planning.texts import mark

Record = Mapping[str, Any]
Pair = tuple[Slice, Record]
PATIENT_MIX: Final = mark(
    "The series holds images of more than one patient ({count} different identities). It is never loaded; "
    "export the series again."
)
LOCALIZER: Final = mark("This is a scout view (localiser), not a stack of slices.")
NOT_A_VOLUME: Final = mark("These are pictures (secondary capture or screen copy), not slices of a volume.")
IDENTITY_CONFLICT: Final = mark(
    "One patient number appears with different names, birth dates or sexes. Check that all images "
    "belong to the same patient before loading any of them."
)
SEVERAL_PATIENTS: Final = mark(
    "The source holds images of {count} patients. Choose the series of the right one."
)
FOR_PER_SLICE: Final = mark(
    "Every slice names a frame of reference of its own, as de-identification leaves it; "
    "the slices were joined by their positions."
)
NO_SERIES_UID: Final = mark(
    "The slices carry no series identifier; those of one folder and description were taken together."
)
_SPLITS: Final = {
    "MIXED_FOR": mark("The series was split: its slices use different frames of reference."),
    "MIXED_ORIENTATION": mark("The series was split: its slices lie in different directions."),
    "MIXED_SIZE": mark("The series was split: its slices differ in size or pixel spacing."),
    "SEVERAL_VOLUMES": mark(
        "The series was split: it holds several images of every place (phases, echoes or kinds)."
    ),
    "SCOUT": mark("The series was split: scout views (localisers) lie among its slices."),
}
_DAMAGE: Final = frozenset({"SHORT_PIXELS", "GIANT"})
_NOTES: Final = {
    "NO_PREAMBLE": mark("Files lack the DICOM preamble; they were read all the same."),
    "PREAMBLE": mark("Files begin like a program or document of another kind. Only the image part was used."),
    "NO_SYNTAX": mark("Files do not say how values are written; it was found from the values themselves."),
    "CHARSET": mark(
        "Names are written in another character set than the files say; they were read as Western European. "
        "Compare the patient's name with the original."
    ),
}


def summaries_of(records: Sequence[tuple[Path, Record]]) -> tuple[SeriesSummary, ...]:
    """Return every series of the records, CT first, larger before smaller.

    Parameters
    ----------
    records : sequence of (file, record)
        Records of `planning.imaging.headers.read_header` that were not rejected.
    """
    groups: dict[tuple[str, ...], list[tuple[Path, Record]]] = defaultdict(list)
    for file, record in records:
        groups[_series_key(file, record)].append((file, record))
    summaries = []
    for n, (key, group) in enumerate(groups.items()):
        found = _summaries(key[0] or f"unnamed-{n + 1}", group)
        marks = () if key[0] else (Finding("NO_SERIES_UID", NO_SERIES_UID),)
        summaries += [replace(summary, findings=(*marks, *summary.findings)) for summary in found]
    return tuple(
        sorted(summaries, key=lambda s: (not s.can_load, s.modality != "CT", -s.count, s.series_uid))
    )


def _series_key(file: Path, record: Record) -> tuple[str, ...]:
    uid = record["series_uid"]
    if uid:
        return (uid,)
    return ("", str(file.parent), record["modality"], record["description"], *record["patient"])


def with_identity_conflicts(
    summaries: Sequence[SeriesSummary],
) -> tuple[tuple[SeriesSummary, ...], tuple[Finding, ...]]:
    """Return the series, marked where one patient number has two identities; and what to say of all."""
    by_number: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for summary in summaries:
        by_number[summary.patient.patient_id].add(_identity_of(summary.patient))
    conflicts = {
        number: Finding("IDENTITY_CONFLICT", IDENTITY_CONFLICT, severity=Severity.WARN)
        for number, identities in by_number.items()
        if len(identities) > 1
    }
    marked = []
    for summary in summaries:
        conflict = conflicts.get(summary.patient.patient_id)
        findings = summary.findings if conflict is None else (conflict, *summary.findings)
        marked.append(replace(summary, findings=findings))
    about = list(conflicts.values())
    if len(by_number) > 1:
        values = (("count", str(len(by_number))),)
        about.append(Finding("SEVERAL_PATIENTS", SEVERAL_PATIENTS, values, Severity.WARN))
    return tuple(marked), tuple(about)


def _identity_of(patient: Patient) -> tuple[str, ...]:
    name = " ".join(patient.name.replace("^", " ").replace("=", " ").split()).casefold()
    return name, patient.birth_date, patient.sex


def _summaries(uid: str, group: list[tuple[Path, Record]]) -> list[SeriesSummary]:
    """Return the series of one SeriesInstanceUID: one, or several where it is mixed."""
    pairs = [(slice_, record) for file, record in group for slice_ in slices_of(file, record)]
    identities = {(r["patient"][1], *_identity_of(Patient(*r["patient"]))) for _, r in group}
    if len(identities) > 1:
        refused = ImportRefused("PATIENT_MIX", PATIENT_MIX, count=len(identities))
        return [replace(_described(uid, pairs), problem=finding_of(refused))]
    pairs, marks = _one_frame_of_reference(pairs)
    parts = sorted(_split(pairs), key=lambda part: -len(part[1]))
    summaries = []
    for n, (reasons, part, name) in enumerate(parts):
        described = _described(uid if n == 0 else f"{uid}#{n + 1}", part)
        if name:
            described = replace(described, description=f"{described.description} ({name})".strip())
        summary = _judged(described, [r for _, r in part])
        splits = tuple(Finding(reason, _SPLITS[reason]) for reason in reasons)
        summaries.append(replace(summary, findings=splits + marks + summary.findings))
    return _with_damage(summaries)


def _with_damage(summaries: list[SeriesSummary]) -> list[SeriesSummary]:
    """Refuse a stack with slices missing where the series holds a damaged one that may be missing there."""
    damage = next((s.problem for s in summaries if s.problem and s.problem.code in _DAMAGE), None)
    if damage is None:
        return summaries
    return [replace(s, problem=damage) if any(f.code == "GAP" for f in s.findings) else s for s in summaries]


def _one_frame_of_reference(pairs: list[Pair]) -> tuple[list[Pair], tuple[Finding, ...]]:
    """Drop frames of reference that every slice has for itself.

    De-identified studies often give each slice a new one. It then says nothing, while positions that
    form one even stack (checked later) do.
    """
    names = {record["frame_of_reference"] for _, record in pairs}
    if len(names) < 3 or len(names) < len(pairs) / 2:
        return pairs, ()
    kept: list[Pair] = [(slice_, {**record, "frame_of_reference": ""}) for slice_, record in pairs]
    return kept, (Finding("FOR_PER_SLICE", FOR_PER_SLICE),)


def slices_of(file: Path, record: Record) -> list[Slice]:
    """Return the image planes one header describes."""
    keys = ("rows", "columns", "bits_allocated", "bits_stored", "high_bit", "photometric", "samples")
    form = PixelForm(signed=bool(record["signed"]), **{key: record[key] for key in keys})
    frame_bytes = form.rows * form.columns * max(1, form.bits_allocated // 8)
    slices = []
    for n, frame in enumerate(record["frames"]):
        orientation, spacing = frame["orientation"], frame["spacing"]
        slice_ = Slice(
            file=file,
            frame=n,
            sop_uid=record["sop_uid"],
            instance=record["instance"],
            position_lps_mm=_triple(frame["position"]),
            row_lps=_triple(orientation[:3]) if orientation else None,
            column_lps=_triple(orientation[3:]) if orientation else None,
            spacing_ij_mm=(spacing[1], spacing[0]) if spacing else None,
            thickness_mm=frame["thickness"],
            slope=frame["slope"],
            intercept=frame["intercept"],
            form=form,
            syntax=record["syntax"],
            pixel_offset=record["pixel_offset"] + (n * frame_bytes if record["pixel_bytes"] >= 0 else 0),
            pixel_bytes=record["pixel_bytes"] - n * frame_bytes if record["pixel_bytes"] >= 0 else -1,
            padding=record["padding"],
            padding_limit=record["padding_limit"],
            kind=record["kind"],
            table=record["table"],
            n_frames=record["n_frames"],
        )
        slices.append(slice_)
    return slices


def _triple(values: Sequence[float] | None) -> Vec3 | None:
    return (float(values[0]), float(values[1]), float(values[2])) if values else None


def _split(pairs: Sequence[Pair]) -> list[tuple[list[str], list[Pair], str]]:
    """Part slices that cannot lie in one block, and say by what they differ; the last is their name."""
    directions: list[tuple[float, ...]] = []
    parts: dict[tuple[Any, ...], list[Pair]] = defaultdict(list)
    for slice_, record in pairs:
        facing = _known_direction(slice_, directions)
        size = (slice_.form.rows, slice_.form.columns, slice_.form.samples, _rounded(slice_.spacing_ij_mm))
        scout = any(part.upper() == "LOCALIZER" for part in record["image_type"])
        parts[(record["frame_of_reference"], facing, size, scout)].append((slice_, record))
    keys = list(parts)
    names = ("MIXED_FOR", "MIXED_ORIENTATION", "MIXED_SIZE", "SCOUT")
    reasons = [name for n, name in enumerate(names) if len({key[n] for key in keys}) > 1]
    found = []
    for key in keys:
        volumes = told_apart(parts[key])
        also = ["SEVERAL_VOLUMES"] if len(volumes) > 1 else []
        found += [(reasons + also, volume, name) for name, volume in volumes]
    return found


def _known_direction(slice_: Slice, directions: list[tuple[float, ...]]) -> int:
    """Return the number of the direction a slice faces, adding a new one where it is unlike all before."""
    if slice_.row_lps is None or slice_.column_lps is None:
        return -1
    own = (*slice_.row_lps, *slice_.column_lps)
    for n, other in enumerate(directions):
        if np.abs(np.subtract(own, other)).max() <= ORIENTATION_TOLERANCE:
            return n
    directions.append(own)
    return len(directions) - 1


def _rounded(spacing: tuple[float, float] | None) -> tuple[float, ...] | None:
    return None if spacing is None else tuple(round(float(v), 4) if np.isfinite(v) else -1.0 for v in spacing)


def _described(uid: str, pairs: Sequence[Pair]) -> SeriesSummary:
    first = pairs[0][1]
    return SeriesSummary(
        series_uid=uid,
        modality=first["modality"],
        description=first["description"],
        count=len(pairs),
        spacing_ijk_mm=None,
        orientation="",
        acquired=first["acquired"],
        contrast=first["contrast"],
        patient=Patient(*first["patient"]),
        study_uid=first["study_uid"],
        frame_of_reference_uid=first["frame_of_reference"],
        slices=tuple(slice_ for slice_, _ in pairs),
    )


def _judged(summary: SeriesSummary, records: Sequence[Record]) -> SeriesSummary:
    """Fill in geometry and findings, or the reason why the series cannot be loaded."""
    findings = [*_file_notes(records), *pixel_findings(records)]
    try:
        _check_kind(records)
        check_pixels(summary.slices, records)
        stack = stack_of(summary.slices, records[0]["declared_spacing"])
    except ImportRefused as error:
        return replace(summary, problem=finding_of(error), findings=tuple(findings))
    return replace(
        summary,
        count=len(stack.order),
        spacing_ijk_mm=stack.grid.spacing_ijk_mm,
        orientation=orientation_name(stack),
        shape_kji=stack.grid.shape_kji,
        voxel_bytes=voxel_bytes_of(summary.slices),
        is_even=stack.resampling is None,
        findings=(*stack.findings, *findings),
    )


def _check_kind(records: Sequence[Record]) -> None:
    types = {part.upper() for record in records for part in record["image_type"]}
    if "LOCALIZER" in types:
        raise ImportRefused("LOCALIZER", LOCALIZER)
    secondary = any("1.2.840.10008.5.1.4.1.1.7" in record["sop_class"] for record in records)
    placed = all(frame["position"] for record in records for frame in record["frames"])
    # A scanner never writes its slices as secondary captures; what converts from other formats does.
    from_scanner = any(record["modality"] in ("CT", "MR") for record in records)
    if secondary and (from_scanner or not placed):
        raise ImportRefused("NOT_A_VOLUME", NOT_A_VOLUME)


def orientation_name(stack: Stack) -> str:
    """Return the plane the slices lie in: ``axial``, ``sagittal``, ``coronal`` or ``oblique``."""
    letters = axis_letter(stack.grid.directions[:, 2])
    names = {"S": "axial", "I": "axial", "L": "sagittal", "R": "sagittal", "A": "coronal", "P": "coronal"}
    return names.get(letters, "oblique")


def _file_notes(records: Iterable[Record]) -> list[Finding]:
    codes = dict.fromkeys(note for record in records for note in record["notes"])
    severity = {"PREAMBLE": Severity.WARN}
    return [Finding(code, _NOTES[code], severity=severity.get(code, Severity.NOTE)) for code in codes]
