"""20 000 mixed files as a hospital hands them over: our scan, and pydicom on the same files in this run.

Series of CT and MR with explicit and implicit values, enhanced objects, reports, pictures, texts, cut
and empty files, a broken index. The peer is ``pydicom.dcmread(stop_before_pixels=True)`` on every
file, with nothing sorted, checked or protected.
"""

import os
import random
import tempfile
import time
from pathlib import Path
from typing import Final

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from planning.imaging.scan import scan
from planning.kernel.process import Worker
from planning.progress import Cancelled
from tests.imaging import phantom

FILES: Final = 20_000
CANCEL_AFTER: Final = 0.3
EDGE: Final = 96


def main() -> None:
    """Print both times, their processor time, and how long a cancelled scan takes to end."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        count = write_mixed(folder, FILES)
        worker = Worker()
        worker.warm(["planning.imaging.headers:read_headers"])
        start, used = time.perf_counter(), _processor_seconds()
        found = scan(folder, worker=worker)
        ours = time.perf_counter() - start
        worker.close()  # its processor time is counted from here on
        our_use = _processor_seconds() - used
        start, used = time.perf_counter(), _processor_seconds()
        read = sum(_pydicom_reads(path) for path in folder.rglob("*") if path.is_file())
        theirs, their_use = time.perf_counter() - start, _processor_seconds() - used
        cancelled = _seconds_to_cancel(folder, worker)
        worker.close()
    planes = sum(s.count for s in found.series)
    print(f"scan of {count} mixed files: {len(found.series)} series with {planes} planes, "
          f"{len(found.rejected)} files left aside with their reasons")  # fmt: skip
    print(f"  ours    {ours:6.1f} s  (processor {our_use:5.1f} s)  {count / ours:6.0f} files/s; owed: 60 s")
    print(f"  pydicom {theirs:6.1f} s  (processor {their_use:5.1f} s)  {count / theirs:6.0f} files/s  "
          f"headers alone, {read} readable")  # fmt: skip
    print(f"  pydicom / ours: {theirs / ours:.2f} x; ours starts two children and reads every length twice")
    print(f"  a cancelled scan ends after {1000 * cancelled:.0f} ms (owed: under 1 s)")


def _processor_seconds() -> float:
    """Return processor time of this process and of children that have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def write_mixed(folder: Path, files: int) -> int:
    """Write `files` files into `folder`, the same at every call; return how many there are."""
    chance = random.Random(3)
    pixels = np.random.default_rng(3).integers(0, 2000, (EDGE, EDGE)).astype(np.uint16)
    written = series = 0
    while written < files:
        series += 1
        place = folder / f"disc{series % 7}" / f"{series:04d}" / "deep"
        place.mkdir(parents=True)
        slices = min(chance.randint(40, 400), files - written)
        grid = phantom.a_grid(np.eye(3), (slices, EDGE, EDGE))
        for k in range(slices):
            _write_one(place / f"I{k:05d}", phantom.a_slice(pixels, grid, k), series, k, chance)
        written += slices
    return written


def _write_one(path: Path, dataset: Dataset, series: int, k: int, chance: random.Random) -> None:
    kind = chance.random()
    if kind < 0.06:
        path.with_suffix(".txt").write_text("notes of a meeting\n" * 20)
    elif kind < 0.08:
        path.with_suffix(".jpg").write_bytes(b"\xff\xd8\xff\xe0" + chance.randbytes(4000))
    elif kind < 0.09:
        path.touch()
    else:
        _name(dataset, series, k)
        if kind < 0.12:  # a report
            del dataset.Rows, dataset.Columns, dataset.PixelData
            dataset.Modality, dataset.SOPClassUID = "SR", "1.2.840.10008.5.1.4.1.1.88.11"
        if series % 3 == 0:
            dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
        implicit = dataset.file_meta.TransferSyntaxUID == ImplicitVRLittleEndian
        dataset.save_as(path, enforce_file_format=True, implicit_vr=implicit, little_endian=True)
        if 0.12 <= kind < 0.125:  # a copy that broke off
            path.write_bytes(path.read_bytes()[: chance.randint(200, 900)])


def _name(dataset: Dataset, series: int, k: int) -> None:
    uid = f"1.2.3.{series}"
    dataset.SeriesInstanceUID, dataset.SOPInstanceUID = uid, f"{uid}.{k}"
    dataset.Modality = "MR" if series % 4 == 0 else "CT"
    dataset.SeriesDescription = f"series {series}"
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    # What scanners add: some hundred elements nobody asks for.
    for n in range(60):
        dataset.add_new((0x0009 + 2 * (n % 5), 0x1000 + n), "LO", f"private value {n}")


def _pydicom_reads(path: Path) -> bool:
    try:
        pydicom.dcmread(path, stop_before_pixels=True)
    except (InvalidDicomError, EOFError, OSError, ValueError):
        return False
    return True


def _seconds_to_cancel(folder: Path, worker: Worker) -> float:
    asked = 0.0

    def progress(fraction: float, message: str, /) -> None:
        nonlocal asked
        del message
        if fraction > CANCEL_AFTER:
            asked = time.perf_counter()
            raise Cancelled

    try:
        scan(folder, progress, worker)
    except Cancelled:
        return time.perf_counter() - asked
    return float("nan")


if __name__ == "__main__":
    main()
