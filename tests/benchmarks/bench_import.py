"""From a folder of DICOM slices to voxels: ours with the child warm, SimpleITK's series scan and read.

The study is LIDC-IDRI-0314 (275 slices), taken from ``ENBLOC_DATA`` or from ``../shared/data`` beside
the project. Each run is a process of its own, so that peak memory means something.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("ENBLOC_DATA", ROOT.parent / "shared" / "data"))
ARCHIVE = "lidc-idri-0314-ct.zip"
RUNS = 5
ALLOWED_FACTOR, ALLOWED_MB = 1.5, 300


def main() -> None:
    """Print our median time and peak memory beside SimpleITK's, and their ratio."""
    if not (DATA / ARCHIVE).is_file():
        print(f"import: {ARCHIVE} is not there; set ENBLOC_DATA to its folder")
        return
    with tempfile.TemporaryDirectory() as scratch:
        with zipfile.ZipFile(DATA / ARCHIVE) as archive:
            archive.extractall(scratch)
        folder = next(Path(scratch).rglob("*.dcm")).parent
        results: dict[str, list[dict[str, float]]] = {"ours": [], "peer": []}
        for _ in range(RUNS):
            for who, measured in results.items():
                measured.append(_run(who, folder))
    _print(results)


def _run(who: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.bench_import", who, str(folder)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return dict(json.loads(ran.stdout.splitlines()[-1]))


def _print(results: dict[str, list[dict[str, float]]]) -> None:
    seconds = {who: statistics.median(r["seconds"] for r in runs) for who, runs in results.items()}
    peak = {who: max(r["peak_mb"] for r in runs) for who, runs in results.items()}
    volume = results["ours"][0]["volume_mb"]
    same = {r["checksum"] for runs in results.values() for r in runs}
    allowed = ALLOWED_FACTOR * volume + ALLOWED_MB
    print(f"import, {ARCHIVE}: {volume:.0f} MB of int16; voxels {'equal' if len(same) == 1 else 'DIFFER'}")
    print(f"  ours      {seconds['ours']:6.2f} s   peak {peak['ours']:5.0f} MB (allowed: {allowed:.0f})")
    print(f"  SimpleITK {seconds['peer']:6.2f} s   peak {peak['peer']:5.0f} MB")
    print(f"  SimpleITK / ours: {seconds['peer'] / seconds['ours']:.2f} x")


def _ours(folder: Path) -> dict[str, float]:
    from planning.imaging.load import load_series
    from planning.imaging.scan import scan
    from planning.kernel.process import Worker

    worker = Worker()
    worker.warm(["planning.imaging.headers:read_headers", "planning.imaging.decode:decode_slices"])
    start = time.perf_counter()
    summary = scan(folder, worker=worker).series[0]
    voxels = load_series(summary, worker=worker).image.volume.voxels_kji
    seconds = time.perf_counter() - start
    checksum = float(np.add.reduce(voxels, axis=None, dtype=np.int64))
    peak = _peak_mb("self") + _peak_mb(str(worker.pid))
    return {"seconds": seconds, "peak_mb": peak, "volume_mb": voxels.size * 2 / 1e6, "checksum": checksum}


def _peer(folder: Path) -> dict[str, float]:
    import SimpleITK as sitk  # noqa: N813 -- its documentation knows no other name

    start = time.perf_counter()
    reader = sitk.ImageSeriesReader()
    (series,) = reader.GetGDCMSeriesIDs(str(folder))
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder), series))
    image = reader.Execute()
    voxels = sitk.GetArrayFromImage(image)
    seconds = time.perf_counter() - start
    checksum = float(np.add.reduce(voxels, axis=None, dtype=np.int64))
    return {
        "seconds": seconds,
        "peak_mb": _peak_mb("self"),
        "volume_mb": voxels.size * 2 / 1e6,
        "checksum": checksum,
    }


def _peak_mb(process: str) -> float:
    """Return the highest resident memory of a process so far; 0 where the system does not say."""
    status = Path(f"/proc/{process}/status")
    if not status.is_file():
        return 0.0
    line = next(line for line in status.read_text("ascii").splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps({"ours": _ours, "peer": _peer}[sys.argv[1]](Path(sys.argv[2]))))
    else:
        main()
