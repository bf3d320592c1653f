"""Loading 2000 tilted slices: peak memory beside what is allowed, and time beside the same stack upright.

Each run is a process of its own, so that peak memory means something. Fewer slices:
``python -m tests.benchmarks.bench_resampling 300``.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from pydicom.uid import UID

from tests.benchmarks.bench_import import ALLOWED_FACTOR, ALLOWED_MB, _peak_mb
from tests.imaging import phantom

ROOT = Path(__file__).resolve().parents[2]
SLICES, EDGE = 2000, 512
TILT_DEG = 18.0


def main(slices: int = SLICES) -> None:
    """Print peak memory and time of a tilted stack and of an upright one."""
    with tempfile.TemporaryDirectory() as scratch:
        results = {}
        for name, tilt_deg in (("upright", 0.0), ("tilted", TILT_DEG)):
            folder = _written(Path(scratch) / name, slices, tilt_deg)
            command = [sys.executable, "-m", "tests.benchmarks.bench_resampling", "load", str(folder)]
            ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
            results[name] = json.loads(ran.stdout.splitlines()[-1])
    print(f"resampling, {slices} slices of {EDGE} x {EDGE}, tilted by {TILT_DEG:g} degrees")
    for name, found in results.items():
        allowed = ALLOWED_FACTOR * found["volume_mb"] + ALLOWED_MB
        print(
            f"  {name:8} {found['seconds']:6.2f} s   {found['volume_mb']:5.0f} MB of int16, "
            f"peak {found['peak_mb']:5.0f} MB (allowed: {allowed:.0f})"
        )
    print(f"  tilted / upright: {results['tilted']['seconds'] / results['upright']['seconds']:.2f} x")


def _written(folder: Path, slices: int, tilt_deg: float) -> Path:
    """Write a stack whose pixels are one noise plane, shifted a little from slice to slice."""
    grid = phantom.a_grid(np.eye(3), (slices, EDGE, EDGE), (0.5, 0.5, 0.5))
    noise = np.random.default_rng(3).integers(0, 2000, (EDGE, EDGE)).astype("<u2")
    tangent = np.tan(np.radians(tilt_deg))
    folder.mkdir()
    dataset = phantom.a_slice(noise, grid, 0)
    for k in range(slices):
        # A stack this long leans less, as a table of half a metre would.
        lean = tangent * 0.5 * (k if slices < 300 else k * 300 / slices)
        x, y, z = grid.to_lps((0, 0, k))
        dataset.ImagePositionPatient = [f"{v:.6f}" for v in (x, y + lean, z)]
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID(f"1.2.3.4.{k + 1}")
        dataset.InstanceNumber = k + 1
        dataset.PixelData = np.roll(noise, k, axis=0).tobytes()
        dataset.save_as(folder / f"{k:05}", enforce_file_format=True)
    return folder


def _load(folder: Path) -> dict[str, float]:
    from planning.imaging.load import load_series
    from planning.imaging.scan import scan
    from planning.kernel.process import Worker

    worker = Worker()
    worker.warm(["planning.imaging.headers:read_headers", "planning.imaging.decode:decode_slices"])
    summary = scan(folder, worker=worker).series[0]
    start = time.perf_counter()
    voxels = load_series(summary, worker=worker).image.volume.voxels_kji
    seconds = time.perf_counter() - start
    _ = int(np.add.reduce(voxels, axis=None, dtype=np.int64))  # every page is touched
    peak = _peak_mb("self") + _peak_mb(str(worker.pid))
    return {"seconds": seconds, "peak_mb": peak, "volume_mb": voxels.size * 2 / 1e6}


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(_load(Path(sys.argv[2]))))
    else:
        main(int(sys.argv[1]) if len(sys.argv) == 2 else SLICES)
