"""How soon a surgeon can work: the window after start, and LIDC-IDRI-0001 from folder to a drawn four-up.

The four-up counts as drawn with the surfaces of spine, canal and vessels in it; ribs, lungs and further
organs follow while one already works.

Off-screen in software, each figure in a process of its own. The peer of the second is the same work
done one library call at a time: SimpleITK's series read, every label through full-volume marching
cubes, VTK's decimation, four rendered views.
"""

import os
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("ENBLOC_DATA", ROOT.parent / "shared" / "data"))
ARCHIVE, LABELS, NAMES = "lidc-idri-0001-ct.zip", "lidc-idri-0001-labels.nii.gz", "lidc-idri-0001-labels.csv"
RUNS = 3


def main() -> None:
    """Print both figures beside what they are to reach, and the second beside its peer."""
    window = min(_seconds("window") for _ in range(RUNS))
    print(f"window usable after start      {window:6.2f} s   (to reach: 3 s)")
    if not (DATA / ARCHIVE).is_file():
        print(f"open: {ARCHIVE} is not there; set ENBLOC_DATA to its folder")
        return
    with tempfile.TemporaryDirectory() as scratch:
        with zipfile.ZipFile(DATA / ARCHIVE) as archive:
            archive.extractall(scratch)
        folder = str(next(Path(scratch).rglob("*.dcm")).parent)
        ours = min(_seconds("open", folder) for _ in range(2))
        peer = _seconds("peer", folder)
    print(f"folder to drawn four-up        {ours:6.2f} s   (to reach: 8 s)")
    print(f"the same by plain library calls{peer:6.2f} s   ratio {peer / ours:.1f}x")


def _seconds(what: str, *arguments: str) -> float:
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    environment.pop("DISPLAY", None)
    program = f"import time; t0 = time.time(); from tests.benchmarks.bench_start import {what}; {what}(t0)"
    with tempfile.TemporaryDirectory() as home:
        environment["ENBLOC_HOME"] = home
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
    return float(done.stdout.strip().splitlines()[-1])


def window(started: float) -> None:
    """Show the window as the program does and print when it answers."""
    from PySide6.QtCore import QTimer

    from app import gui

    build = gui.build

    def timed(*arguments, **options):
        station = build(*arguments, **options)

        def tell() -> None:
            print(time.time() - started)
            station.window.may_close = None
            os._exit(0 if not sys.stdout.flush() else 1)

        QTimer.singleShot(0, tell)
        return station

    gui.build = timed
    gui.run([])


def open(started: float) -> None:  # noqa: A001 -- named as it is asked for
    """Import, label, surface and draw; print the seconds from the import's begin."""
    del started
    from PySide6.QtCore import QEventLoop
    from PySide6.QtWidgets import QApplication

    from app.errands.import_study import import_case
    from app.errands.workbench import workbench
    from app.gui import build
    from app.settings import Preferences
    from planning.progress import silent

    with tempfile.TemporaryDirectory() as home, workbench() as bench:
        application = QApplication([])
        station = build(bench, Preferences(Path(home) / "window.ini"), application, painted=True)
        station.window.resize(1280, 800)
        station.window.show()
        bench.worker.warm()
        application.processEvents()
        begin = time.time()
        case = import_case((Path(sys.argv[1]),), bench, silent, DATA / LABELS, DATA / NAMES)
        station.session.open(case, saved=False)
        while not station.session.view.surfaces:
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        station.window.grab()
        print(time.time() - begin)
        sys.stdout.flush()
        os._exit(0)


def peer(started: float) -> None:
    """Do the same work by plain library calls; print the seconds."""
    del started
    import numpy as np
    import SimpleITK
    from skimage.measure import marching_cubes
    from vtkmodules.vtkFiltersCore import vtkPolyDataNormals, vtkQuadricDecimation
    from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer

    from rendering.convert import triangle_data
    from rendering.offscreen import offscreen_window, pixels

    begin = time.time()
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(sys.argv[1]))
    SimpleITK.GetArrayFromImage(reader.Execute())
    labels = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(DATA / LABELS)))
    renderer = vtkRenderer()
    for value in np.unique(labels)[1:]:
        vertices, faces, _, _ = marching_cubes(
            (labels == value).astype(np.float32), 0.5, spacing=(2.5, 0.7, 0.7)
        )
        decimate = vtkQuadricDecimation()
        decimate.SetTargetReduction(0.8)
        decimate.SetInputData(triangle_data(vertices, faces))
        normals = vtkPolyDataNormals()
        normals.SetInputConnection(decimate.GetOutputPort())
        mapper = vtkPolyDataMapper()
        mapper.SetInputConnection(normals.GetOutputPort())
        actor = vtkActor()
        actor.SetMapper(mapper)
        renderer.AddActor(actor)
    view = offscreen_window(1280, 800)
    view.AddRenderer(renderer)
    pixels(view)
    print(time.time() - begin)


if __name__ == "__main__":
    main()
