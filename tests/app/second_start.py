"""The program as it starts, obeying lines on standard input; run twice at once by `test_second_start`.

``python -m tests.app.second_start DEMO [ARGUMENT...]``: DEMO stands in for the bundled demo case. It prints a
line of JSON when its case is open, and one for each line obeyed: ``edit TEXT``, ``theme NAME``,
``text PERCENT``, ``save``, ``look``.
"""

import json
import sys
from pathlib import Path

from PySide6.QtCore import QSocketNotifier, QTimer

from app import bindings, gui
from app.gui import Workstation
from planning.editing.case_edits import SetDiagnosis
from planning.model.case import Diagnosis


def look(station: Workstation) -> dict[str, object]:
    """Return what a person sees of the case and its file."""
    file, shown, case = station.parts.files.file, station.window.messages.shown, station.session.case
    return {
        "read only": file.read_only if file is not None else None,
        "said": shown.text if shown is not None else "",
        "diagnosis": case.diagnosis.text if case is not None else None,
        "dirty": station.session.is_dirty,
    }


def obey(station: Workstation, line: str) -> None:
    """Do what a line says."""
    word, _, rest = line.strip().partition(" ")
    if word == "edit":
        station.session.do(SetDiagnosis(Diagnosis(text=rest)))
        station.parts.keeper.wait()
    elif word in ("theme", "text"):
        station.window.actions_table[f"{word}-{rest}"].trigger()
        station.preferences._store.sync()
    elif word == "save":
        station.parts.files.save()


def main(demo: Path, arguments: list[str]) -> int:
    """Run the program."""
    setattr(bindings, "DEMO_CASE", demo)  # noqa: B010
    really_start = gui._start

    def start(station: Workstation, options: object) -> None:
        station.preferences.tour_seen = True
        really_start(station, options)  # type: ignore[arg-type]
        opened = QTimer(station.window, interval=20)
        heard = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read, station.window)
        heard.setEnabled(False)

        def tell() -> None:
            sys.stdout.write(json.dumps(look(station)) + "\n")
            sys.stdout.flush()

        def watch() -> None:
            if station.session.case is not None:
                opened.stop()
                heard.setEnabled(True)
                tell()

        def hear() -> None:
            obey(station, sys.stdin.readline())
            tell_when_saved()

        def tell_when_saved() -> None:
            if station.jobs.is_running("save"):
                QTimer.singleShot(20, station.window, tell_when_saved)
            else:
                tell()

        opened.timeout.connect(watch)
        heard.activated.connect(hear)
        opened.start()

    setattr(gui, "_start", start)  # noqa: B010
    return gui.run(arguments)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
