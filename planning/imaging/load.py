"""Turn a chosen series into voxels on a grid."""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from planning.errors import ImportRefused, WorkerDied
from planning.geometry.frames import vec3
from planning.geometry.volume import Volume
from planning.imaging.decode import plane_of
from planning.imaging.geometry_checks import Stack, stack_of
from planning.imaging.limits import FILE_SECONDS
from planning.imaging.loaded import LoadedImage
from planning.imaging.pixel_checks import LOSS
from planning.imaging.series import SeriesSummary, Slice, refusal_of
from planning.imaging.volume_file import load_volume_file
from planning.kernel.exchange import Array, Header
from planning.kernel.process import Worker
from planning.model.original_stack import OriginalStack
from planning.model.study import Finding, StudyImage
from planning.progress import Progress, silent
from planning.texts import mark

__all__ = ["LoadedImage", "load_series"]

TASK: Final = "planning.imaging.decode:decode_slices"
RESAMPLED_TASK: Final = "planning.imaging.resampled_decode:decode_resampled"
CRASHED: Final = mark(
    "Reading the pixels of this series ended the reading process, so nothing was loaded. "
    "A file may be damaged; copy the series again."
)
PADDING: Final = mark("{count} pixels outside the field of view were set to air.")
MASK_HIGH_BITS: Final = mark("Bits beside the values (overlays) were removed from the pixels.")


def load_series(
    summary: SeriesSummary, progress: Progress = silent, worker: Worker | None = None
) -> LoadedImage:
    """Return the voxels of a series with everything that was found and mended.

    Parameters
    ----------
    summary : SeriesSummary
        From `planning.imaging.scan.scan`.
    progress : Progress
        Reports and cancels; cancelling ends the child at once.
    worker : Worker or None
        The child that decodes; None starts one for this call.

    Raises
    ------
    ImportRefused
        The code in ``summary.problem``, or what only the pixels show: ``SHORT_PIXELS``,
        ``BAD_STREAM``, ``DUP_CONFLICT``, ``DUP_SOP_CONFLICT``, ``CRASHED``.
    """
    if worker is None:
        own = Worker()
        try:
            return load_series(summary, progress, own)
        finally:
            own.close()
    if summary.volume_file is not None:
        return load_volume_file(summary.volume_file, progress, worker)
    if summary.problem is not None:
        raise refusal_of(summary.problem)
    stack = stack_of(summary.slices)
    voxels, notes = _voxels(summary, stack, progress, worker)
    image = StudyImage(
        id=f"image-{hashlib.sha256(summary.series_uid.encode()).hexdigest()[:12]}",
        volume=Volume(voxels, stack.grid),
        modality=summary.modality,
        description=summary.description,
        series_uid=summary.series_uid,
        study_uid=summary.study_uid,
        frame_of_reference_uid=summary.frame_of_reference_uid,
        acquired=summary.acquired,
        contrast=summary.contrast,
        slice_spacing_mm=stack.spacing_mm,
        slice_thickness_mm=stack.thickness_mm,
        findings=(*summary.findings, *_pixel_findings(notes, summary.findings)),
        sop_instance_uids=() if stack.resampling else _sop_instance_uids(summary.slices, stack),
        original=_original(summary.slices, stack) if stack.resampling else None,
        patient=summary.patient,
    )
    return LoadedImage(image, summary.patient)


def _sop_instance_uids(slices: Sequence[Slice], stack: Stack) -> tuple[str, ...]:
    """Return the identifier of each slice in the order of k; none where they do not tell slices apart.

    A multi-frame object has one for all its frames, and nameless slices have none: neither can be
    referred to slice by slice.
    """
    uids = tuple(slices[n].sop_uid for n in stack.order)
    return uids if all(uids) and len(set(uids)) == len(uids) else ()


def _original(slices: Sequence[Slice], stack: Stack) -> OriginalStack:
    """Return where the slices lay before they were put onto the grid."""
    ordered = [slices[n] for n in stack.order]
    first = ordered[0]
    i, j, _ = stack.grid.directions.T
    return OriginalStack(
        positions_lps_mm=tuple(s.position_lps_mm for s in ordered if s.position_lps_mm),
        row_lps=first.row_lps or vec3(i),
        column_lps=first.column_lps or vec3(j),
        spacing_ij_mm=first.spacing_ij_mm or stack.grid.spacing_ijk_mm[:2],
        columns=first.form.columns,
        rows=first.form.rows,
        sop_instance_uids=tuple(s.sop_uid for s in ordered),
        frames=tuple(s.frame for s in ordered),
        gaps=stack.gaps,
    )


def _voxels(
    summary: SeriesSummary, stack: Stack, progress: Progress, worker: Worker
) -> tuple[Array, dict[str, Any]]:
    slices = summary.slices
    ordered = [slices[n] for n in stack.order]
    header: Header = {
        "planes": [plane_of(s) for s in ordered],
        "twins": _twins(slices, stack),
        "is_ct": summary.modality == "CT",
    }
    task = TASK
    if stack.resampling is not None:
        task = RESAMPLED_TASK
        shape_kji = stack.grid.shape_kji
        header |= {
            "shape_kji": shape_kji,
            "offsets_ij": stack.resampling.offsets_ij,
            "sources": stack.resampling.sources(shape_kji[0]),
        }
    for dtype in ("int16", "float32"):
        n_bytes = int(np.prod(stack.grid.shape_kji)) * np.dtype(dtype).itemsize
        try:
            notes, arrays = worker.call(
                task,
                {**header, "dtype": dtype},
                progress=progress,
                stall_s=FILE_SECONDS,
                mapped_bytes=n_bytes,
            )
        except WorkerDied as error:
            raise ImportRefused("CRASHED", CRASHED) from error
        if not notes.get("overflow"):
            return arrays[0], notes
    raise ImportRefused("CRASHED", CRASHED)


def _twins(slices: Sequence[Slice], stack: Stack) -> list[Header]:
    place = {n: k for k, n in enumerate(stack.order)}
    twins = []
    for kept, other in stack.twins:
        same = slices[kept].sop_uid == slices[other].sop_uid and slices[kept].frame == slices[other].frame
        code = "DUP_SOP_CONFLICT" if same else "DUP_CONFLICT"
        twins.append({"k": place[kept], "plane": plane_of(slices[other]), "code": code})
    return twins


def _pixel_findings(notes: dict[str, Any], known: Sequence[Finding]) -> list[Finding]:
    findings = []
    if notes.get("padding"):
        findings.append(Finding("PADDING", PADDING, (("count", str(notes["padding"])),)))
    if notes.get("high_bits"):
        findings.append(Finding("MASK_HIGH_BITS", MASK_HIGH_BITS))
    if notes.get("lossy") and LOSS not in known:
        findings.append(LOSS)
    return findings
