"""A window of its own process, and a person at it: run by `test_whole_journeys`.

``python -m tests.app.journey_window JOURNEY FOLDER``: on a display the hands are xdotool's, else Qt's. What
was seen is printed as JSON; a ``demo.enbloc`` in the folder stands in for the demo case; a
journey that stays (``crash``) prints and waits to be killed.
"""

import argparse
import dataclasses
import json
import sys
import time
from pathlib import Path

from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QApplication

from app import bindings, gui
from app.errands.workbench import workbench
from app.settings import Preferences
from planning.kernel import threads
from tests.app import journeys
from tests.app.hands import Hands, MainThread, Person, QtHands, XHands, live

DATA = Path(__file__).parents[1] / "data"
SIZE = (1280, 800)


def main(journey: str, home: Path, said: str) -> None:
    """Open the window as the program does, make one journey, close."""
    threads.start()
    application = QApplication(["journey"])
    if (home / "demo.enbloc").is_file():
        setattr(bindings, "DEMO_CASE", home / "demo.enbloc")  # noqa: B010
    QDesktopServices.openUrl = lambda _url: True  # type: ignore[method-assign]
    with workbench() as bench:
        station = gui.build(bench, Preferences(home / "window.ini"), application)
        station.window.resize(*SIZE)
        tour_offered = not station.preferences.tour_seen
        gui._start(station, argparse.Namespace(demo=False, case=None))
        station.window.activateWindow()
        main_thread = MainThread()
        on_display = QGuiApplication.platformName() == "xcb"
        hands: Hands = XHands(main_thread) if on_display else QtHands(main_thread, station.window)
        person = Person(station, main_thread, hands, tour_offered=tour_offered)
        _make(journey, person, home, said)
        station.window.may_close = None
        station.window.close()


def _make(journey: str, person: Person, home: Path, said: str) -> None:
    if journey == "demo":
        live(person, lambda: journeys.from_demo_to_export(person, home))
    elif journey == "dicom":
        live(
            person,
            lambda: journeys.from_dicom_to_plan(person, DATA / "t11-t12", DATA / "t11-t12-labels.nii.gz"),
        )
    elif journey == "crash":
        seen = live(person, lambda: journeys.before_the_crash(person))
        sys.stdout.write(json.dumps(dataclasses.asdict(seen)) + "\n")
        sys.stdout.flush()
        live(person, lambda: time.sleep(600))
    elif journey == "recover":
        was = journeys.WasSeen(**json.loads(said))
        live(person, lambda: journeys.after_the_crash(person, was))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "")
