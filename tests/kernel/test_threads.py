import os
import stat
import subprocess
import sys
from pathlib import Path

from vtkmodules.vtkCommonCore import vtkSMPTools

from planning.kernel import threads

ROOT = Path(__file__).resolve().parents[2]


def test_start_gives_vtk_its_threads() -> None:
    vtkSMPTools.SetBackend("Sequential")
    threads.start()
    assert vtkSMPTools.GetBackend() == "STDThread"


def test_start_names_a_private_folder_for_compiled_kernels_before_numba_is_loaded(tmp_path: Path) -> None:
    script = (
        "import sys; from planning.kernel import threads; assert 'numba' not in sys.modules;"
        "threads.start(); import os; print(os.environ['NUMBA_CACHE_DIR'])"
    )
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
    environment |= {"XDG_CACHE_HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    folder = Path(done.stdout.strip())
    assert folder.is_relative_to(tmp_path)
    if os.name == "posix":
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_the_user_named_is_kept(tmp_path: Path) -> None:
    script = (
        "from planning.kernel import threads; threads.start();import os; print(os.environ['NUMBA_CACHE_DIR'])"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()) == tmp_path


def test_warming_up_computes_without_complaint() -> None:
    threads.warm_up()
