"""The composition root of the workstation: builds every part, connects them, runs."""

import argparse
import gc
import logging
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QApplication

from app.allocator import give_back_what_is_freed
from app.autosave import Autosave
from app.bindings import Bindings, Parts
from app.commands import callbacks
from app.cut_faces import CutFaces
from app.errands.release import notary
from app.errands.workbench import Workbench, workbench
from app.flows.case_files import CaseFiles
from app.flows.decisions import Decisions
from app.flows.history import HistoryFlow
from app.flows.import_structures import STRUCTURE_FILES
from app.flows.import_study import ImportFlow
from app.flows.outputs import OutputFlow
from app.flows.plan_file import PlanFileFlow
from app.flows.recovery import Recovery
from app.flows.tools import ToolsFlow
from app.guidance import Guidance
from app.jobs import Jobs, without_values
from app.language import LANGUAGES, OPTION, SYSTEM, wished
from app.language_choice import LanguageChoice, speak_at_start
from app.logs import FILTER, start_logging
from app.paths import own_tools_file, user_folder
from app.placing import Placing
from app.plan_commands import PlanCommands
from app.problem_messages import program_words
from app.program import DEMO_CASE, NAME, PROGRAM, RESOURCES
from app.session import Session
from app.settings import Preferences
from app.window import MainWindow
from planning.errors import PlanningError
from planning.imaging import warmth as import_warmth
from planning.kernel.stoppable import stoppable
from planning.model.anatomy import Anatomy
from planning.model.case import Case
from planning.model.settings import Settings
from planning.progress import Progress
from planning.resection import warmth as bone_warmth
from planning.safety.evaluation import evaluate, rejudged
from planning.safety.fields import Fields, fields_of
from planning.safety.measured import Recent
from planning.safety.results import Evaluation
from planning.safety.self_test import SelfTest, self_test
from planning.segmentation.surfaces import Surfaces, surfaces_of
from planning.texts import tr
from rendering.lettering import Lettering
from widgets.icons import icon
from widgets.message_bar import Message
from widgets.stage_bar import Stage
from widgets.theme import THEMES, apply_theme, present_theme
from widgets.viewport import ViewportMode
from widgets.views.layouts import layout_of

_LOG = logging.getLogger(__name__)
_REGULAR: Final = RESOURCES / "fonts" / "EnBlocSans-Regular.otf"
_BOLD: Final = RESOURCES / "fonts" / "EnBlocSans-Bold.otf"


@dataclass(eq=False)
class PlanningComputations:
    """The heavy computations of planning, as the session needs them."""

    bench: Workbench
    recent: Recent = field(default_factory=Recent)

    def surfaces(self, anatomy: Anatomy, progress: Progress, known: Surfaces | None) -> Surfaces:
        """Return the surface of every structure."""
        surfaces = surfaces_of(anatomy, progress, known, self.bench.worker)
        for found in surfaces.surfaces:
            _ = found.mesh.volume_mm3, found.mask_digest  # cached here, off the main thread
        return surfaces

    def fields(self, case: Case, surfaces: Surfaces, progress: Progress, known: Fields | None) -> Fields:
        """Return the distance fields the plan needs."""
        if case.anatomy is None:
            raise ValueError("fields need an anatomy")
        return fields_of(case.anatomy, surfaces, case.plan, progress, known)

    def evaluation(
        self, case: Case, settings: Settings, progress: Progress, surfaces: Surfaces, fields: Fields
    ) -> Evaluation:
        """Return everything said about the plan."""
        evaluation = evaluate(case, settings, progress, surfaces, fields, self.bench.worker, self.recent)
        _ = evaluation.inputs.digest  # hashed here once, off the main thread
        return evaluation

    def rejudged(self, case: Case, settings: Settings) -> Evaluation | None:
        """Return the same at once where nothing has to be measured, else None."""
        return rejudged(case, settings, self.recent)

    def forget(self) -> None:
        """Let go of what was kept of a case; a job that still runs keeps its own."""
        self.recent = Recent()


@dataclass(eq=False)
class Workstation:
    """The built window with all its parts."""

    parts: Parts
    bindings: Bindings
    preferences: Preferences
    guidance: Guidance
    jobs: Jobs = field(init=False)

    def __post_init__(self) -> None:
        """Keep what is asked for most."""
        self.jobs = self.parts.jobs

    @property
    def window(self) -> MainWindow:
        """The main window."""
        return self.parts.window

    @property
    def session(self) -> Session:
        """The session."""
        return self.parts.session


def main(arguments: list[str]) -> int:
    """Open the workstation and run it to its end."""
    return run(arguments)


def run(arguments: list[str]) -> int:
    """Open the workstation; returns the exit status (2 for arguments or settings that cannot be used)."""
    options = _parser().parse_args(arguments)
    give_back_what_is_freed()
    folder = user_folder()
    start_logging(folder)
    _choose_platform()
    application = QApplication.instance() or QApplication([NAME, *arguments[:0]])
    if not isinstance(application, QApplication):
        return 2
    preferences = Preferences(folder / "window.ini")
    speak_at_start(application, wished(arguments) or preferences.language)
    try:
        with workbench(forgiving=True) as bench:
            station = build(bench, preferences, application, options.painted)
            _start(station, options)
            return int(application.exec())
    except PlanningError as error:
        print(error.message, file=sys.stderr)  # noqa: T201 -- there is no window to say it in
        return 2


def build(
    bench: Workbench, preferences: Preferences, application: QApplication, painted: bool = False
) -> Workstation:
    """Build and connect every part, without showing the window."""
    _dress(application, preferences)
    mode = ViewportMode.PAINTED if painted or not _draws_natively() else ViewportMode.NATIVE
    lettering = Lettering(_REGULAR, _BOLD, application.devicePixelRatio())
    jobs = Jobs()
    session = Session(PlanningComputations(bench), bench.settings, jobs)
    window = MainWindow(bench.settings, mode, lettering)
    window.setWindowIcon(icon("app"))
    window.messages.program, window.messages.redacted = program_words(), FILTER.redacted
    commands = PlanCommands(session)
    seals = notary()
    autosave = Autosave(window, session, seals)
    files = CaseFiles(window, session, jobs, preferences, autosave.keeper, seals)
    parts = Parts(
        window=window,
        session=session,
        jobs=jobs,
        commands=commands,
        placing=Placing(session, commands, preferences),
        files=files,
        imports=ImportFlow(window, session, jobs, bench, files, preferences),
        tools=ToolsFlow(window, session, own_tools_file()),
        plan_file=PlanFileFlow(window, session, jobs, preferences),
        outputs=OutputFlow(window, session, jobs, preferences, window.views, files),
        decisions=Decisions(window, session, preferences),
        history=HistoryFlow(window, session, jobs, files, preferences),
        keeper=autosave.keeper,
    )
    bindings = Bindings(parts)
    if bench.problem is not None:
        bindings.tell_problem(bench.problem)
    station = Workstation(parts, bindings, preferences, Guidance(bindings, preferences))
    autosave.told.connect(window.messages.show_message)
    CutFaces(window, session, jobs).told.connect(window.messages.show_message)
    files.saved.connect(autosave.keep_again)
    _put_badge(window, session, station.parts.history)
    window.actions_table.connect_to(callbacks(parts, bindings, preferences, station.guidance))
    window.actions_table.give_keys(window.views.keys)
    window.actions_table["lock_placed"].setChecked(preferences.locks_placed_cuts)
    window.stage_bar.chosen.connect(parts.placing.go_to)
    for part in (window.case_panel, window.welcome):
        part.show_demo(DEMO_CASE.is_file())
    window.case_panel.show_recent(preferences.recent)
    window.menus["view"].addMenu(LanguageChoice(window, session, preferences).menu)
    window.dropped.connect(lambda path: open_any(station, path))
    window.show_look(present_theme().name, preferences.text_percent)
    window.views.show_layout(layout_of(preferences.view_layout))
    window.views.laid_out.connect(lambda layout: setattr(preferences, "view_layout", layout.id))
    window.may_close = files.settle
    window.at_close = lambda: _put_away(station)
    return station


def _put_badge(window: MainWindow, session: Session, history: HistoryFlow) -> None:
    """Show in the patient banner whether the plan is approved."""
    window.banner.approval.history_asked.connect(history.show)
    session.changed.connect(lambda view: window.banner.show_standing(view.standing))


def warm_up(station: Workstation) -> None:
    """Compile and test the measuring code in the background; a failure withholds every number."""
    gc.freeze()  # what was loaded stays: compiling makes enough garbage to go through it many times

    def done(tested: SelfTest) -> None:
        if not tested.ok:
            words = tr("The self-test failed: no number will be shown. {reason}", reason=tested.reason or "")
            station.window.messages.show_message(
                Message(words, "fail", f"SELF_TEST_FAILED\n{tested.reason or ''}")
            )

        def touch(progress: Progress) -> None:
            with stoppable(progress):  # who closes the window does not wait for the rest of it
                bone_warmth.touch_every_kernel()
                import_warmth.touch_every_kernel()

        station.jobs.start(
            "warm-bones", tr("Preparing cuts and import"), touch, _pass_over_the_program,
            can_cancel=False, background=True,
        )  # fmt: skip

    def test(progress: Progress) -> SelfTest:
        with stoppable(progress):
            return self_test()

    title = tr("Self-test of the measuring")
    station.jobs.start("warm", title, test, done, can_cancel=False, background=True)


def _pass_over_the_program(_done: None) -> None:
    """Let the collector of garbage leave out what stays to the end: going through it holds a drag 0.1 s."""
    gc.freeze()


def _start(station: Workstation, options: argparse.Namespace) -> None:
    window = station.window
    window.restoreGeometry(station.preferences.layout("window"))
    window.show()
    sys.excepthook = lambda kind, error, trace: _tell_bug(station, kind, error, trace)
    QTimer.singleShot(0, window, lambda: warm_up(station))
    station.guidance.offer_tour()
    recovery = Recovery(window, station.jobs, station.parts.files)
    recovery.told.connect(window.messages.show_message)
    QTimer.singleShot(0, window, lambda: recovery.offer(lambda: _open_asked(station, options)))


def _open_asked(station: Workstation, options: argparse.Namespace) -> None:
    """Open what the command line named."""
    if options.demo:
        station.bindings.open_demo()
    elif options.case is not None:
        open_any(station, options.case)


def open_any(station: Workstation, path: Path) -> None:
    """Open a case file, or import whatever else it is."""
    if path.suffix == ".enbloc":
        station.parts.files.open_path(path)
    elif path.name.lower().endswith(STRUCTURE_FILES):
        station.parts.imports.structures.start(path)
    else:
        station.window.stage_bar.choose(Stage.CASE)
        station.parts.imports.start(path)


def _tell_bug(
    station: Workstation, kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Log a fault without what it was about, and say it once."""
    del kind
    where = without_values(error.with_traceback(trace))
    _LOG.error("fault in the window: %s", where)
    station.bindings.tell_bug(where)


def _put_away(station: Workstation) -> None:
    station.preferences.keep_layout("window", station.window.saveGeometry())
    station.jobs.close()
    station.parts.files.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="main.py", description=PROGRAM)
    parser.add_argument("case", nargs="?", type=Path, help="case file, DICOM folder, zip or volume file")
    parser.add_argument("--demo", action="store_true", help="open the bundled demo case")
    parser.add_argument("--painted", action="store_true", help="draw views off-screen (remote desktops)")
    parser.add_argument(OPTION, choices=(*LANGUAGES, SYSTEM), help="language of this run")
    return parser


def _choose_platform() -> None:
    # VTK draws into X windows; under Wayland Qt gets the same through XWayland.
    if sys.platform.startswith("linux") and os.environ.get("WAYLAND_DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "xcb")


def _draws_natively() -> bool:
    return QGuiApplication.platformName() in ("xcb", "windows", "cocoa")


def _dress(application: QApplication, preferences: Preferences) -> None:
    families: list[str] = []
    for path in (_REGULAR, _BOLD):
        number = QFontDatabase.addApplicationFont(str(path))
        families += QFontDatabase.applicationFontFamilies(number) if number >= 0 else []
    if families:
        font = application.font()
        font.setFamilies([families[0]])
        application.setFont(font)
    application.setApplicationName(NAME)
    theme = THEMES.get(preferences.theme, THEMES["dark"])
    apply_theme(application, theme, preferences.text_percent)
