"""Every connection between session, widgets and flows. Nothing else connects them."""

import math
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal

from app.flows.case_files import CaseFiles
from app.flows.decisions import Decisions
from app.flows.history import HistoryFlow
from app.flows.import_study import ImportFlow
from app.flows.outputs import OutputFlow
from app.flows.plan_file import PlanFileFlow
from app.flows.tools import ToolsFlow
from app.jobs import Jobs
from app.keeping import Keeper
from app.landing import landing_lps_mm, start_lps_mm
from app.placing import Placing
from app.plan_commands import PlanCommands
from app.problem_messages import bug_message, problem_message
from app.program import DEMO_CASE
from app.references import References
from app.session import Session, SessionView
from app.showing import Showing
from app.shown_image import next_image, shares_space
from app.window import MainWindow
from planning.editing.edits import Edit, locked
from planning.editing.osteotomy_edits import MoveBlade
from planning.errors import PlanningError
from planning.geometry.blade import Blade
from planning.geometry.frames import Vec3, vec3
from planning.model.structures import Structure
from planning.safety.board import BoardLine
from planning.safety.results import Clearance, TumourMargin
from planning.texts import tr
from rendering.scene_state import DrawnLine
from widgets.matrix_dialog import MatrixDialog
from widgets.message_bar import Message
from widgets.stage_bar import Stage
from widgets.views.seen import LeftButton, Looking


@dataclass(frozen=True)
class Parts:
    """Everything that is connected."""

    window: MainWindow
    session: Session
    jobs: Jobs
    commands: PlanCommands
    placing: Placing
    files: CaseFiles
    imports: ImportFlow
    tools: ToolsFlow
    plan_file: PlanFileFlow
    outputs: OutputFlow
    decisions: Decisions
    history: HistoryFlow
    keeper: Keeper


class Bindings(QObject):
    """Connects the parts and holds what only connections need.

    Signals
    -------
    demo_opening()
        The demo case is about to be opened.
    """

    demo_opening = Signal()

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.window)
        self.parts = parts
        self.showing = Showing(parts.window, parts.session, parts.commands)
        self._matrix: MatrixDialog | None = None
        fields = parts.window.plan_panel.cut.relative
        self.references = References(parts.session, parts.commands, parts.jobs, fields)
        self._connect_session()
        self._connect_views()
        self._connect_panels()
        self.showing.show(parts.session.view)

    def _connect_session(self) -> None:
        p = self.parts
        p.session.changed.connect(self.showing.follow)
        p.session.changed.connect(self._follow_with_matrix)
        p.session.changed.connect(lambda _view: p.commands.settle_active())
        p.session.refused.connect(self.tell_problem)
        p.commands.looked.connect(lambda: self.showing.show(p.session.view))
        p.jobs.changed.connect(p.window.job_bar.show_jobs)
        p.jobs.problem.connect(self.tell_problem)
        p.jobs.succeeded.connect(p.window.messages.settle)
        p.jobs.bug.connect(self.tell_bug)
        p.window.job_bar.cancel_asked.connect(p.jobs.cancel)
        for teller in (p.files, p.imports, p.outputs, p.history, p.commands, p.tools, p.placing):
            teller.told.connect(p.window.messages.show_message)
        p.files.opened.connect(self._opened)

    def _connect_views(self) -> None:
        p, views = self.parts, self.parts.window.views
        for view in views.views:
            view.blade.moved.connect(self._preview_blade)
            view.blade.ended.connect(self._drop_blade)
            view.blade.cancelled.connect(lambda _cut: p.session.drop_preview())
            # Later, as it is told while the session is being shown; Esc is heard at once.
            view.blade.lost.connect(self._drop_preview, Qt.ConnectionType.QueuedConnection)
            view.blade.refused.connect(self._refuse_blade)
        views.spine.picked.connect(self._picked)
        views.spine.piece_grabbed.connect(p.commands.grab_piece)
        views.spine.piece_dragged.connect(p.commands.drag_piece)
        views.cancelled.connect(p.session.drop_preview)
        views.cancelled.connect(self._close_matrix)
        views.looked.connect(self._looked)
        for frame in views.frames:
            frame.viewport.failed.connect(self.tell_problem)

    def _connect_panels(self) -> None:
        p, w = self.parts, self.parts.window
        for panel in (w.case_panel, w.anatomy_panel, w.plan_panel, w.check_panel):
            panel.edited.connect(p.session.do)
        w.steps.go_asked.connect(p.session.go)
        w.anatomy_panel.previewed.connect(p.session.preview)
        w.anatomy_panel.review_asked.connect(self.review)
        w.anatomy_panel.not_in_field_asked.connect(p.decisions.not_in_field)
        w.anatomy_panel.levels_asked.connect(p.decisions.confirm_levels)
        w.anatomy_panel.labels_asked.connect(p.imports.structures.choose_file)
        w.anatomy_panel.folder_of_labels_asked.connect(p.imports.structures.choose_folder)
        w.anatomy_panel.structure_chosen.connect(self.fly_to_structure)
        w.banner.levels_asked.connect(p.decisions.confirm_levels)
        w.case_panel.open_asked.connect(p.files.choose_and_open)
        w.case_panel.import_folder_asked.connect(p.imports.choose_folder)
        w.case_panel.import_file_asked.connect(p.imports.choose_file)
        w.case_panel.demo_asked.connect(self.open_demo)
        w.case_panel.plan_asked.connect(p.plan_file.choose)
        w.case_panel.recent_asked.connect(p.files.open_path)
        w.case_panel.images.show_asked.connect(lambda image: p.commands.look(shown_image=image))
        w.case_panel.images.edited.connect(p.session.do)
        w.case_panel.images.acknowledge_asked.connect(p.decisions.acknowledge)
        w.case_panel.images.add_asked.connect(p.imports.add_from_folder)
        w.welcome.demo_asked.connect(self.open_demo)
        w.welcome.import_folder_asked.connect(p.imports.choose_folder)
        w.welcome.open_asked.connect(p.files.choose_and_open)
        w.plan_panel.unknown_levels.connect(self._tell_unknown_levels)
        w.check_panel.piece_visibility_asked.connect(p.commands.toggle_piece_visibility)
        w.check_panel.pieces_shown.connect(self.show_pieces)
        w.check_panel.apart_changed.connect(lambda share: p.commands.look(apart=share))
        w.check_panel.fade_asked.connect(p.commands.fade_piece)
        w.check_panel.by_hand.connect(self.move_pieces_by_hand)
        w.check_panel.back_asked.connect(p.commands.bring_pieces_back)
        w.check_panel.matrix_asked.connect(self.show_matrix)
        w.cuts.add_asked.connect(lambda wish: p.commands.add(wish, w.views.plan_crosshair_lps_mm))
        w.cuts.menu_opening.connect(self._say_where_the_crosshair_is)
        w.cuts.table.activated_cut.connect(self._choose_cut)
        w.cuts.table.visibility_asked.connect(p.commands.toggle_cut_visibility)
        w.cuts.table.lock_asked.connect(p.commands.toggle_lock)
        w.cuts.table.place_asked.connect(self._fly_to_result)
        for empty, stage in (
            (w.anatomy_panel.no_image, Stage.CASE),
            (w.plan_panel.empty, Stage.CASE),
            (w.check_panel.empty, Stage.PLAN),
        ):
            empty.asked.connect(partial(w.stage_bar.choose, stage))
        w.board.place_asked.connect(self.fly_to_line)
        w.board.accept_asked.connect(p.decisions.accept)
        w.board.withdraw_asked.connect(p.decisions.withdraw)
        w.board.matrix_asked.connect(self.show_matrix)

    def tell_problem(self, error: PlanningError, about: str = "") -> None:
        """Show a problem a person can act on; a later success of the action it is `about` takes it back."""
        self.parts.window.messages.show_message(problem_message(error, about=about))

    def tell_bug(self, details: str) -> None:
        """Show once that the program is at fault."""
        self.parts.window.messages.show_message(bug_message(details))

    def do(self, edit: Edit) -> None:
        """Make an edit."""
        self.parts.session.do(edit)

    def open_demo(self) -> None:
        """Open the bundled demo case; saving it asks for another place."""
        if DEMO_CASE.is_file():
            self.demo_opening.emit()
            self.parts.files.open_path(DEMO_CASE, as_template=True)
        else:
            words = tr("The demo case is missing from this installation. Import a DICOM folder instead.")
            self.parts.window.messages.show_message(Message(words, "warn"))

    def show_pieces(self, shown: bool) -> None:
        """Show pieces in place of bones, or the bones."""
        window = self.parts.window
        for part in (window.check_panel.show_pieces, window.actions_table["pieces"]):
            part.setChecked(shown)
        self.parts.commands.look(pieces_shown=shown)

    def move_pieces_by_hand(self, movable: bool) -> None:
        """Let a left-drag in 3D move the piece under the pointer."""
        self.parts.window.views.spine.pieces_movable = movable
        if movable:
            self.show_pieces(True)

    def show_matrix(self) -> None:
        """Show every number of the current evaluation, without blocking the views."""
        view = self.parts.session.view
        if view.evaluation is None or view.case is None:
            return
        self._close_matrix()
        dialog = MatrixDialog(view.evaluation, view.case, self.parts.window)
        dialog.place_asked.connect(self.fly_to_line)
        dialog.finished.connect(lambda _how: self._close_matrix())
        dialog.show()
        dialog.activateWindow()
        self._matrix = dialog

    @property
    def matrix(self) -> MatrixDialog | None:
        """The open dialog of all numbers, or None."""
        return self._matrix

    def show_plan_space(self) -> None:
        """Leave an image that lies in another space: a place of the plan means nothing there."""
        case, commands = self.parts.session.case, self.parts.commands
        if case is not None and not shares_space(case, commands.choices):
            commands.look(shown_image="")

    def show_next_image(self) -> None:
        """Show the next image of the case on the slices."""
        case, commands = self.parts.session.case, self.parts.commands
        if case is not None and case.images:
            commands.look(shown_image=next_image(case, commands.choices))

    def fly_to_line(self, line: BoardLine) -> None:
        """Fly all views to a line's two closest points."""
        if line.osteotomy is not None:
            self.parts.commands.look(active_cut=line.osteotomy)
        self._fly(line.tool_point_lps_mm, line.structure_point_lps_mm, line.value_mm)

    def fly_to_structure(self, structure_id: str) -> None:
        """Bring a structure under the crosshair."""
        view = self.parts.session.view
        mesh = view.surfaces.mesh(structure_id) if view.surfaces is not None else None
        anatomy = view.case.anatomy if view.case is not None else None
        structure = anatomy.structure(structure_id) if anatomy is not None else None
        if mesh is not None and anatomy is not None and structure is not None:
            self.show_plan_space()
            self.parts.commands.look(chosen_structure=structure_id)
            self.parts.window.views.fly_to(landing_lps_mm(structure, mesh, anatomy.grid), close_up=False)

    def review(self, structure: Structure) -> None:
        """Fly to a structure and ask how far a person vouches for it; then to the next, where wished."""
        panel = self.parts.window.anatomy_panel
        panel.choose(structure.id)
        self.fly_to_structure(structure.id)
        following = panel.next_draft(structure.id)
        go_on = partial(self.review, following) if following is not None else None
        self.parts.decisions.review(structure, go_on, panel.asked_beside(structure))

    def _choose_cut(self, cut_id: str) -> None:
        """Make a cut the active one and bring it under the crosshair, as near or far as the views are."""
        self.parts.commands.look(active_cut=cut_id)
        cut = self.parts.commands.active
        if cut is not None:
            self.show_plan_space()
            self.parts.window.views.show_place(vec3(cut.blade.middle_lps_mm))
            if self.parts.commands.choices.pieces_shown:
                words = tr("No handles while pieces are shown; P shows bones and handles again.")
                self.parts.window.messages.show_message(Message(words))

    def _fly_to_result(self, result: Clearance | TumourMargin) -> None:
        self._fly(result.tool_point_lps_mm, result.structure_point_lps_mm, result.value_mm)

    def _fly(self, tool: Vec3 | None, structure: Vec3 | None, value_mm: float | None) -> None:
        if tool is None:
            return
        self.show_plan_space()
        line = None
        if structure is not None:
            length = f"{math.dist(tool, structure):.1f} mm"
            enters = value_mm is not None and value_mm < 0
            words = tr("{length} inside", length=length) if enters else length
            line = DrawnLine(tool, structure, words)
        self.parts.window.views.fly_to(tool, line)

    def _preview_blade(self, cut_id: str, blade: Blade) -> None:
        title = self._title(cut_id)
        self.parts.session.preview(MoveBlade(cut_id, blade, title), cut_id)

    def _drop_blade(self, cut_id: str, blade: Blade) -> None:
        self.parts.session.do(MoveBlade(cut_id, blade, self._title(cut_id)))

    def _drop_preview(self, _cut_id: str) -> None:
        self.parts.session.drop_preview()

    def _refuse_blade(self, cut_id: str) -> None:
        """Say why a locked cut does not move."""
        cut = self.parts.commands.active
        if cut is not None and cut.id == cut_id:
            self.tell_problem(locked(cut))

    def _title(self, cut_id: str) -> str:
        case = self.parts.session.case
        cut = case.plan.osteotomy(cut_id) if case is not None else None
        return cut.title if cut is not None else cut_id

    def _picked(self, what: str, point_lps_mm: Vec3) -> None:
        case = self.parts.session.case
        if case is not None and case.plan.osteotomy(what) is not None:
            self.parts.commands.look(active_cut=what)
        else:
            self.show_plan_space()
            self.parts.window.views.move_crosshair(point_lps_mm)

    def _looked(self, looking: Looking) -> None:
        table = self.parts.window.actions_table
        table["crosshair_mode"].setChecked(looking.left_button is LeftButton.CROSSHAIR)
        table["window_mode"].setChecked(looking.left_button is LeftButton.WINDOW)
        table["outlines"].setChecked(looking.outlines)
        table["cut_views"].setChecked(self.parts.window.views.cuts_shown)
        table["fade"].setChecked(looking.faded)
        table["slices_in_3d"].setChecked(bool(looking.in_3d))
        table["clip"].setChecked(looking.clip is not None)
        table["clip_slab"].setChecked(looking.clip is not None and looking.clip.slab_mm > 0)
        for preset in ("bone", "angiography"):
            shown = looking.picture is not None and looking.picture.preset == preset
            table[f"volume_{preset}"].setChecked(shown)

    def _opened(self) -> None:
        p = self.parts
        p.commands.forget()
        self.references.forget()
        self.show_pieces(False)
        p.window.check_panel.move_pieces.setChecked(False)
        self.showing.show(p.session.view)
        case = p.session.case
        start = start_lps_mm(case) or p.files.spine_lps_mm if case is not None else None
        if start is not None:
            p.window.views.move_crosshair(start)
        if case is None or case.anatomy is None:
            return
        p.window.stage_bar.choose(
            Stage.PLAN if case.plan.osteotomies else Stage.ANATOMY if case.anatomy.structures else Stage.CASE
        )

    def _say_where_the_crosshair_is(self) -> None:
        window, point = self.parts.window, self.parts.window.views.plan_crosshair_lps_mm
        window.cuts.show_crosshair_place(self.parts.commands.place_words(point))

    def _tell_unknown_levels(self, words: str) -> None:
        text = tr("{words}: no vertebral level. Write levels such as T10, T11.", words=words)
        self.parts.window.messages.show_message(Message(text, "warn"))
        self.showing.show(self.parts.session.view)

    def _follow_with_matrix(self, view: SessionView) -> None:
        """Show the numbers that are current now, or none."""
        if view.evaluation is None or view.case is None:
            self._close_matrix()
        elif self._matrix is not None and self._matrix.evaluation is not view.evaluation:
            self._matrix.show_evaluation(view.evaluation, view.case)

    def _close_matrix(self) -> None:
        if self._matrix is not None:
            closing, self._matrix = self._matrix, None
            closing.close()
            closing.deleteLater()
