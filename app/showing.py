"""One session view to every part of the window: the same value everywhere, in one place."""

from PySide6.QtCore import QTimer

from app.drawn import Drawn, drawn, is_apart
from app.next_step import next_step
from app.plan_commands import PlanCommands
from app.second_image import with_second
from app.session import Session, SessionView
from app.shown_image import seen_of
from app.stage_states import stage_states
from app.window import MainWindow
from planning.model.case import Case
from planning.safety.board import BoardLine, Measured, board, result_sentence
from planning.safety.evaluation import LiveResult
from planning.safety.results import SEVERITY, MarginClass
from planning.texts import tr
from widgets.patient_banner import Verdict
from widgets.safety_board import SafetyBoard
from widgets.tables.cut_rows import Said, cut_rows, in_step_order
from widgets.theme import view_theme
from widgets.views.seen import Seen


class Showing:
    """Shows a session view in a window."""

    def __init__(self, window: MainWindow, session: Session, commands: PlanCommands) -> None:
        self._window = window
        self._session = session
        self._commands = commands
        self._last_measured: tuple[object, ...] = ()
        self._last_evaluation: object = None
        self._last_drawn: Drawn | None = None
        self._next: SessionView | None = None
        self._shows_a_drag = False
        self._turn = QTimer(window)
        self._turn.setSingleShot(True)
        self._turn.timeout.connect(self._show_next)
        window.views.before_pictures(self._show_next)

    def follow(self, view: SessionView) -> None:
        """Show what the session tells; steps of a drag in a turn of the event loop of their own.

        Measuring a step and showing it are each half of what a turn may take. A view that draws before that
        turn has it shown first: blade and numbers are never seen at different places. The first step
        withdraws every other number at once.
        """
        if not view.previewing or view.live is None or not self._shows_a_drag:
            self.show(view)
            return
        self._next = view
        self._turn.start(0)

    def show(self, view: SessionView) -> None:
        """Show everything; parts skip what did not change."""
        self._turn.stop()
        self._next, self._shows_a_drag = None, view.previewing and view.live is not None
        window, case = self._window, view.case
        window.actions_table.show_view(view)
        window.show_case_open(case is not None)
        window.setWindowModified(view.dirty)
        window.banner.show_case(case)
        window.banner.show_verdict(verdict_of(view))
        window.messages.show_hint(next_step(view, self._session.settings.limits))
        window.steps.show_steps(view.history, view.undone, is_open=case is not None)
        self._show_views(view)
        self._show_cuts(view)
        self._show_board(view)
        window.case_panel.show_case(case, self._commands.choices.shown_image)
        window.anatomy_panel.show_case(case)
        window.plan_panel.show_case(case, self._commands.choices.active_cut)
        window.check_panel.show_evaluation(
            view.evaluation,
            case.plan if case is not None else None,
            self._commands.choices.hidden_pieces,
            why_no_numbers(view),
        )
        choices = self._commands.choices
        window.check_panel.show_look(choices.apart, dict(choices.piece_opacities), is_apart(choices))
        window.stage_bar.show_states(stage_states(view))

    def _show_next(self) -> None:
        if self._next is not None:
            self.show(self._next)

    def _show_views(self, view: SessionView) -> None:
        window, case = self._window, view.case
        if case is None:
            self._last_drawn, self._last_measured = None, ()
            window.views.show_seen(Seen(theme=view_theme()))
            return
        shown = self._last_drawn = drawn(
            case,
            self._session.settings,
            view.surfaces,
            view.evaluation,
            view.live,
            self._commands.choices,
            before=self._last_drawn,
        )
        structures = case.anatomy.structures if case.anatomy is not None else ()
        measured = (case.plan, *(structure.mask for structure in structures))
        if not _same(measured, self._last_measured):
            self._last_measured = measured
            window.views.drop_line()
        seen = seen_of(case, self._commands.choices, shown, view_theme())
        window.views.show_seen(with_second(seen, case, self._commands.choices))

    def _show_cuts(self, view: SessionView) -> None:
        case, choices = view.case, self._commands.choices
        if case is None or case.anatomy is None:
            self._window.cuts.show_rows((), "", (), tr("Open a case or import images first."))
            return
        rows = cut_rows(
            case.plan, said(view), self._session.settings.tools, choices.hidden_cuts, case.anatomy
        )
        self._window.cuts.show_rows(rows, choices.active_cut, case.anatomy.levels)

    def _show_board(self, view: SessionView) -> None:
        safety, case = self._window.board, view.case
        if view.evaluation is None or view.evaluation is not self._last_evaluation:
            # Withdrawn before anything is worded: a fault on the way leaves UPDATING, never an old number.
            safety.withdraw()
            self._last_evaluation = view.evaluation
        if view.evaluation is not None and case is not None:
            safety.show_lines(view.evaluation.status, board(view.evaluation, case), view.evaluation.warnings)
        elif view.updating and case is not None:
            _show_updating(safety, view, case)
        else:
            safety.show_nothing(why_no_numbers(view))


def _show_updating(safety: SafetyBoard, view: SessionView, case: Case) -> None:
    """Show what was measured in the hand, and by name what is being checked again: no former number."""
    known = view.live.osteotomy if view.live is not None else ""
    rest = tuple(o.title for o in in_step_order(case.plan.osteotomies) if o.id != known)
    lines = live_lines(view.live, case) if view.live is not None else ()
    safety.show_updating(lines, rest, in_hand=view.previewing)


def _same(now: tuple[object, ...], before: tuple[object, ...]) -> bool:
    """Say whether these are the very same things."""
    return len(now) == len(before) and all(a is b for a, b in zip(now, before, strict=True))


def verdict_of(view: SessionView) -> Verdict:
    """Return whether the plan cuts through tumour; a drag tells of the cut under the hand at once."""
    if view.evaluation is not None:
        return Verdict.INTRALESIONAL if view.evaluation.is_intralesional else Verdict.NOTHING
    if view.live is not None and view.live.margin.margin_class is MarginClass.INTRALESIONAL:
        return Verdict.INTRALESIONAL
    return Verdict.UPDATING if view.updating else Verdict.NOTHING


def said(view: SessionView) -> Said:
    """Return what is known of the cuts now: everything, the dragged cut alone, or nothing."""
    if view.evaluation is not None and view.case is not None:
        known = frozenset(o.id for o in view.case.plan.osteotomies)
        return Said(view.evaluation.clearances, view.evaluation.tumour_margins, known)
    if view.live is not None:
        return Said(view.live.clearances, (view.live.margin,), frozenset({view.live.osteotomy}))
    return Said()


def live_lines(live: LiveResult, case: Case) -> tuple[BoardLine, ...]:
    """Return the dragged cut's distances in words, worst first."""
    lines = []
    anatomy = case.anatomy
    for c in live.clearances:
        structure = anatomy.structure(c.structure_id) if anatomy is not None else None
        words = result_sentence(c, structure.title if structure is not None else c.structure)
        lines.append(_live_line(c, words))
    lines.append(_live_line(live.margin, result_sentence(live.margin, tr("tumour"))))
    return tuple(sorted(lines, key=lambda line: SEVERITY[line.status]))


def _live_line(result: Measured, words: str) -> BoardLine:
    return BoardLine(
        result.status,
        words[:1].upper() + words[1:],
        None,
        result.osteotomy,
        None,
        result.tool_point_lps_mm,
        result.structure_point_lps_mm,
    )


def why_no_numbers(view: SessionView) -> str:
    """Return why no evaluation is shown; empty where one is."""
    if view.evaluation is not None:
        return ""
    if view.case is None:
        return tr("Open a case, or import images and labels. Then cuts can be planned and checked here.")
    if view.case.anatomy is None:
        return tr("This case has no image yet. Import one first.")
    if not view.case.plan.osteotomies:
        return tr("No cut yet. Add the first one, and its distances appear here.")
    if view.failure:
        return view.failure
    return tr("UPDATING: the plan is being checked; numbers follow.")
