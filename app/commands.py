"""What each command of the table does."""

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QApplication, QMessageBox

from app.bindings import Bindings, Parts
from app.flows.volume_picture import VolumePictureFlow
from app.guidance import Guidance
from app.look_commands import look_callbacks
from app.program import NAME, NOT_A_DEVICE, PROGRAM
from app.settings import Preferences
from planning.texts import tr
from widgets.dialogs import Choice, ask
from widgets.theme import TEXT_SIZES, THEMES, Theme, apply_theme, present_theme, text_scale
from widgets.views.layouts import LAYOUTS
from widgets.views.seen import LeftButton
from widgets.views.spine_view import STANDARD_VIEWS


def callbacks(
    parts: Parts, bindings: Bindings, preferences: Preferences, guidance: Guidance
) -> dict[str, Callable[[], object]]:
    """Return the callback of every command."""
    views, window = parts.window.views, parts.window
    pictures = VolumePictureFlow(window, parts.session, parts.jobs, views)
    pictures.told.connect(window.messages.show_message)

    def dress(theme: Theme, text_percent: int) -> None:
        application = QApplication.instance()
        if isinstance(application, QApplication):
            # What stays as it was is not written: another window may have chosen otherwise since.
            if theme.name != present_theme().name:
                preferences.theme = theme.name
            if text_percent != round(100 * text_scale()):
                preferences.text_percent = text_percent
            apply_theme(application, theme, text_percent)
            window.show_look(theme.name, text_percent)
            bindings.showing.show(parts.session.view)

    return {
        "import_folder": parts.imports.choose_folder,
        "import_file": parts.imports.choose_file,
        "import_labels": parts.imports.structures.choose_file,
        "import_folder_of_labels": parts.imports.structures.choose_folder,
        "load_plan": parts.plan_file.choose,
        "open": parts.files.choose_and_open,
        "demo": bindings.open_demo,
        "save": parts.files.save,
        "save_as": parts.files.save_as,
        "save_named": parts.history.save_named,
        "history": parts.history.show,
        "approve": parts.history.approve,
        "withdraw_approval": parts.history.withdraw,
        "report": parts.outputs.report,
        "export": parts.outputs.export,
        "close_case": parts.files.close_case,
        "quit": window.close,
        "undo": parts.session.undo,
        "redo": parts.session.redo,
        "steps": lambda: window.show_steps(not window.steps_dock.isVisible()),
        "duplicate_cut": parts.commands.duplicate,
        "delete_cut": parts.commands.delete,
        "mirror_cut": lambda: parts.commands.mirror(bindings.references.frame),
        "earlier_cut": lambda: parts.commands.reorder(-1),
        "later_cut": lambda: parts.commands.reorder(1),
        "lock_cut": parts.commands.toggle_lock,
        "lock_placed": parts.placing.toggle,
        "tools": parts.tools.edit,
        "confirm_levels": parts.decisions.confirm_levels,
        "crosshair_mode": lambda: views.set_left_button(LeftButton.CROSSHAIR),
        "window_mode": lambda: views.set_left_button(LeftButton.WINDOW),
        "outlines": lambda: views.set_outlines(not views.looking.outlines),
        "cut_views": lambda: views.show_cuts(not views.cuts_shown),
        "reset_views": views.reset_look,
        **look_callbacks(parts, bindings, pictures),
        "next_image": bindings.show_next_image,
        "pieces": lambda: bindings.show_pieces(not parts.commands.choices.pieces_shown),
        "pieces_back": parts.commands.bring_pieces_back,
        "matrix": bindings.show_matrix,
        "picture": parts.outputs.picture,
        "panels": lambda: window.show_panels(not window.panels_shown),
        "full_screen": window.toggle_full_screen,
        **{f"layout-{layout.id}": partial(views.show_layout, layout) for layout in LAYOUTS},
        **{f"look-{view.value}": partial(views.spine.look, view) for _, view, _ in STANDARD_VIEWS},
        **{
            f"theme-{theme.name}": partial(lambda t: dress(t, preferences.text_percent), theme)
            for theme in THEMES.values()
        },
        **{
            f"text-{percent}": partial(lambda p: dress(present_theme(), p), percent) for percent in TEXT_SIZES
        },
        "palette": guidance.show_palette,
        "guide": guidance.show_guide,
        "explain": guidance.explain,
        "keys": guidance.show_keys,
        "tour": guidance.start_tour,
        "about": lambda: _show_about(parts),
    }


def _show_about(parts: Parts) -> None:
    words = tr("{program}\n\nPlanning of en bloc resection of spinal tumours.\n{note}\n\nApache-2.0",
               program=PROGRAM, note=tr(NOT_A_DEVICE))  # fmt: skip
    close = Choice("ok", tr("Close"), QMessageBox.ButtonRole.AcceptRole, default=True)
    ask(parts.window, NAME, words, (close,))
