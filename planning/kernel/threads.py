"""One explicit start-up for the libraries that compute: called by window, command line, workers and tests.

Every VTK wheel starts with one thread ("Sequential"), and numba wants a folder it may write
compiled kernels to; both are settled here, before anything computes.
"""

import hashlib
import os
import sys
from pathlib import Path

from vtkmodules.vtkCommonCore import vtkSMPTools


def start() -> None:
    """Choose VTK's threads and numba's cache folder.

    Cheap, and may be called again. Call it before anything imports numba: a folder named by the
    user in ``NUMBA_CACHE_DIR`` is kept.
    """
    vtkSMPTools.SetBackend("STDThread")
    if "NUMBA_CACHE_DIR" not in os.environ:
        folder = _cache_folder() / f"kernels-{_kernel_digest()}"
        if _made_private(folder):
            os.environ["NUMBA_CACHE_DIR"] = str(folder)


def warm_up() -> None:
    """Compile, or load from the cache, every kernel a drag needs.

    Takes a second or two cold and releases the interpreter lock only in parts: run it in a thread
    while nobody waits.
    """
    from planning.kernel import warmth  # noqa: PLC0415 -- numba must not load before `start`

    warmth.touch_every_kernel()


def _cache_folder() -> Path:
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "enbloc"


def _kernel_digest() -> str:
    # numba notices a change in the file that defines a kernel, not in the kernels that one calls.
    sources = [path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))]
    return hashlib.sha256(b"\0".join(s for s in sources if b"import numba" in s)).hexdigest()[:16]


def _made_private(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:  # a read-only home: numba then falls back to its own choice of folder
        return False
    return os.access(folder, os.W_OK)
