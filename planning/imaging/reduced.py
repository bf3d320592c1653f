"""Load less than all of a series where memory is small: a range of slices, or neighbours averaged.

What was left out is a finding of the image. Slices are never just dropped: every n-th of them alone
would look like thin slices far apart, so neighbours are averaged and the image says how thick it is.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from planning.errors import ImportRefused
from planning.geometry.frames import Grid
from planning.geometry.volume import Volume
from planning.imaging.geometry_checks import Stack, stack_of
from planning.imaging.load import LoadedImage, load_series
from planning.imaging.memory_need import needed_bytes
from planning.imaging.series import SeriesSummary, Slice
from planning.imaging.volume_file import Planes, load_volume_file, thinner
from planning.kernel.exchange import Array
from planning.kernel.process import Worker
from planning.model.study import Finding, Severity
from planning.progress import Progress, part
from planning.texts import mark, tr

_SLAB_SLICES: Final = 48
MAX_EVERY: Final = 4
CROPPED: Final = mark(
    "Only slices {first} to {last} of {count} were loaded; what lies beyond them is not in this image."
)
AVERAGED: Final = mark(
    "Each {every} neighbouring slices were averaged into one to save memory: slices lie {spacing} mm apart "
    "instead of {before} mm, and every distance carries the coarser band. {left} slice(s) at the end were "
    "left out."
)
NO_RANGE: Final = mark("Choose a range that leaves at least two slices of this series.")
UNEVEN: Final = mark(
    "The slices of this series are tilted or uneven, so neighbours cannot be averaged. Choose a range of "
    "slices instead."
)


@dataclass(frozen=True)
class Reduction:
    """What of a series is loaded.

    Parameters
    ----------
    first, last : int
        Slices along the stack, from 0, both included; a `last` of -1 is the last there is.
    every : int
        How many neighbours become one slice; 1 keeps each.
    """

    first: int = 0
    last: int = -1
    every: int = 1

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return self == Reduction()


def reduced(summary: SeriesSummary, reduction: Reduction) -> SeriesSummary:
    """Return the series with the slices of the range alone, and a finding that says so.

    Raises
    ------
    ImportRefused
        ``NO_RANGE``, ``UNEVEN_AVERAGE``, or whatever keeps these slices from forming a volume.
    """
    if reduction.is_whole or summary.volume_file is not None:
        return summary
    stack = stack_of(summary.slices)
    count = len(stack.order)
    last = count - 1 if reduction.last < 0 else min(reduction.last, count - 1)
    if not 0 <= reduction.first < last:
        raise ImportRefused("NO_RANGE", NO_RANGE)
    found = summary
    if (reduction.first, last) != (0, count - 1):
        found = _cropped(summary, stack, reduction.first, last)
    if reduction.every > 1 and stack_of(found.slices).resampling is not None:
        raise ImportRefused("UNEVEN_AVERAGE", UNEVEN)
    return found


def _cropped(summary: SeriesSummary, stack: Stack, first: int, last: int) -> SeriesSummary:
    slices = _slices(summary, stack, first, last + 1)
    inner = stack_of(slices)
    of_geometry = {finding.code for finding in stack.findings}
    values = (("first", str(first + 1)), ("last", str(last + 1)), ("count", str(len(stack.order))))
    kept = (finding for finding in summary.findings if finding.code not in of_geometry)
    finding = Finding("CROPPED", CROPPED, values, Severity.WARN)
    return replace(summary, slices=slices, count=len(inner.order), findings=(finding, *inner.findings, *kept))


def _slices(summary: SeriesSummary, stack: Stack, start: int, stop: int) -> tuple[Slice, ...]:
    """Return the slices of places `start` to `stop` along the stack, and their twins."""
    chosen = set(stack.order[start:stop])
    chosen |= {other for kept, other in stack.twins if kept in chosen}
    return tuple(one for n, one in enumerate(summary.slices) if n in chosen)


def needed_for(summary: SeriesSummary, reduction: Reduction) -> int:
    """Return the memory loading takes with this reduction, from the share of slices that are taken."""
    whole = needed_bytes(summary)
    if not summary.count:
        return whole
    last = summary.count - 1 if reduction.last < 0 else min(reduction.last, summary.count - 1)
    slices = max(0, last - reduction.first + 1)
    in_slabs = reduction.every > 1 and summary.volume_file is None
    slab = min(slices, _slab(reduction.every)) if in_slabs else 0
    return whole * slices // summary.count // reduction.every + whole * slab // summary.count


def why_not_reduced(summary: SeriesSummary, reduction: Reduction) -> str:
    """Return why the series cannot be loaded so, in words; empty where it can."""
    last = summary.count - 1 if reduction.last < 0 else reduction.last
    if last - reduction.first < 2 * reduction.every - 1 and not reduction.is_whole:
        return tr(NO_RANGE)
    return tr(UNEVEN) if reduction.every > 1 and not summary.is_even else ""


def load_reduced(
    summary: SeriesSummary, reduction: Reduction, progress: Progress, worker: Worker
) -> LoadedImage:
    """Return the image with this reduction; raises `ImportRefused` as `reduced` and `load_series`."""
    if summary.volume_file is not None and not reduction.is_whole:
        return _planes_of(summary, summary.volume_file, reduction, progress, worker)
    chosen = reduced(summary, reduction)
    if reduction.every == 1:
        return load_series(chosen, progress, worker)
    stack = stack_of(chosen.slices)
    every, groups = reduction.every, len(stack.order) // reduction.every
    if groups < 2:
        raise ImportRefused("NO_RANGE", NO_RANGE)
    voxels, found = _averaged(chosen, stack, every, progress, worker)
    spacing_mm = stack.grid.spacing_ijk_mm[2] * every
    image = replace(
        found[0].image,
        id=f"image-{hashlib.sha256(summary.series_uid.encode()).hexdigest()[:12]}",
        volume=Volume(voxels, thinner(stack.grid, every, groups)),
        slice_spacing_mm=spacing_mm,
        slice_thickness_mm=max(stack.thickness_mm, spacing_mm),
        findings=(
            _said_averaged(every, stack.grid.spacing_ijk_mm[2], len(stack.order) - groups * every),
            *chosen.findings,
            *_pixel_findings(chosen, stack, found),
        ),
        sop_instance_uids=(),
    )
    return LoadedImage(image, chosen.patient)


def _planes_of(
    summary: SeriesSummary, path: Path, reduction: Reduction, progress: Progress, worker: Worker
) -> LoadedImage:
    """Return a range of a volume file's planes, averaged where wished."""
    every, count = reduction.every, summary.count
    last = count - 1 if reduction.last < 0 else min(reduction.last, count - 1)
    groups = (last + 1 - reduction.first) // every
    if groups < 2 or reduction.first < 0:
        raise ImportRefused("NO_RANGE", NO_RANGE)
    loaded = load_volume_file(path, progress, worker, Planes(reduction.first, groups, every))
    image, said = loaded.image, []
    if (reduction.first, last) != (0, count - 1):
        values = (("first", str(reduction.first + 1)), ("last", str(last + 1)), ("count", str(count)))
        said.append(Finding("CROPPED", CROPPED, values, Severity.WARN))
    along_mm = image.volume.grid.spacing_ijk_mm[2]
    if every > 1:
        said.append(_said_averaged(every, along_mm / every, last + 1 - reduction.first - groups * every))
    thick_mm = max(image.slice_thickness_mm, along_mm) if every > 1 else image.slice_thickness_mm
    image = replace(image, findings=(*said, *image.findings), slice_thickness_mm=thick_mm)
    return replace(loaded, image=image)


def _said_averaged(every: int, before_mm: float, left: int) -> Finding:
    values = (
        ("every", str(every)),
        ("spacing", f"{before_mm * every:.2f}"),
        ("before", f"{before_mm:.2f}"),
        ("left", str(left)),
    )
    return Finding("AVERAGED", AVERAGED, values, Severity.WARN)


def _slab(every: int) -> int:
    return _SLAB_SLICES // every * every


def _averaged(
    summary: SeriesSummary, stack: Stack, every: int, progress: Progress, worker: Worker
) -> tuple[Array, list[LoadedImage]]:
    """Return the averaged voxels, shape (groups, j, i), and the loaded slabs without their voxels."""
    groups = len(stack.order) // every
    starts = range(0, groups * every, _slab(every))
    out: Array = np.empty((groups, *stack.grid.shape_kji[1:]), dtype=np.int16)
    found: list[LoadedImage] = []
    for start in starts:
        stop = min(start + _slab(every), groups * every)
        inner = replace(summary, slices=_slices(summary, stack, start, stop), findings=())
        share = part(progress, start / (groups * every), stop / (groups * every))
        loaded = load_series(inner, share, worker)
        slab = loaded.image.volume.voxels_kji
        if len(slab) != stop - start:  # even on the whole, yet not slab by slab
            raise ImportRefused("UNEVEN_AVERAGE", UNEVEN)
        means = slab.reshape(-1, every, *slab.shape[1:]).mean(axis=1, dtype=np.float32)
        if slab.dtype != np.int16 and out.dtype == np.int16:
            out = out.astype(np.float32)
        out[start // every : stop // every] = means if out.dtype == np.float32 else np.rint(means)
        found.append(replace(loaded, image=replace(loaded.image, volume=_nothing(stack.grid))))
    out.flags.writeable = False
    return out, found


def _nothing(grid: Grid) -> Volume:
    return Volume(np.zeros((1, 1, 1), dtype=np.int16), grid.cropped((0, 0, 0), (1, 1, 1)))


def _pixel_findings(summary: SeriesSummary, stack: Stack, found: Sequence[LoadedImage]) -> list[Finding]:
    """Return what the pixels of the slabs showed, each said once."""
    known = {finding.code for finding in (*summary.findings, *stack.findings)} | {"TOO_FEW"}
    new: dict[str, Finding] = {}
    for one in found:
        for finding in one.image.findings:
            if finding.code not in known:
                new.setdefault(finding.code, finding)
    return list(new.values())
