"""Run every benchmark, or those named, each in a process of its own so that none warms up another.

A benchmark is a module ``bench_<what>.py`` here with a ``main()`` that prints its table, with the
peer measured in the same run.
"""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main(chosen: list[str]) -> int:
    """Run the benchmarks and return 1 if any of them broke."""
    found = {path.stem.removeprefix("bench_"): path.stem for path in sorted(HERE.glob("bench_*.py"))}
    unknown = set(chosen) - set(found)
    if unknown:
        print(
            f"No benchmark named {', '.join(sorted(unknown))}. There are: {', '.join(found)}", file=sys.stderr
        )
        return 2
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "")
    broken = []
    for name in chosen or found:
        print(f"\n## {name.replace('_', ' ')}\n", flush=True)
        program = f"from tests.benchmarks.{found[name]} import main; main()"
        if subprocess.run([sys.executable, "-c", program], cwd=HERE.parents[1], check=False).returncode != 0:
            broken.append(name)
    if broken:
        print(f"\nBroke: {', '.join(broken)}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
