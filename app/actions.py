"""Every command of the window in one table: words, keys, when it is possible and why not."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence

from app.second_image import why_no_second
from app.session import SessionView
from planning.storage.approvals import Standing
from planning.texts import mark, spoken_name, tr
from widgets.icons import icon
from widgets.plain_text import tip
from widgets.theme import TEXT_SIZES, THEMES
from widgets.views.layout_icon import layout_icon
from widgets.views.layouts import LAYOUTS, layout_of
from widgets.views.spine_view import STANDARD_VIEWS
from widgets.views.view_keys import ViewKeys

WhyNot = Callable[[SessionView], str]


def _always(view: SessionView) -> str:
    del view
    return ""


def _needs_case(view: SessionView) -> str:
    return "" if view.case is not None else tr("Open a case or import images first.")


def _needs_anatomy(view: SessionView) -> str:
    if view.case is None:
        return tr("Open a case or import images first.")
    return "" if view.case.anatomy is not None else tr("This case has no image yet. Import one first.")


def _needs_images(view: SessionView) -> str:
    missing = _needs_case(view)
    if missing or view.case is None:
        return missing
    return "" if len(view.case.images) > 1 else tr("This case has one image only. Add another one first.")


def _needs_second_image(view: SessionView) -> str:
    missing = _needs_case(view)
    return missing or (why_no_second(view.case) if view.case is not None else "")


def _needs_structures(view: SessionView) -> str:
    missing = _needs_anatomy(view)
    if missing or view.case is None or view.case.anatomy is None:
        return missing
    return "" if view.case.anatomy.structures else tr("No structures yet: import labels.")


def _needs_cut(view: SessionView) -> str:
    missing = _needs_anatomy(view)
    if missing:
        return missing
    return "" if view.case and view.case.plan.osteotomies else tr("The plan has no cut yet.")


def _needs_evaluation(view: SessionView) -> str:
    missing = _needs_cut(view)
    if missing:
        return missing
    if view.failure:
        return view.failure
    return (
        ""
        if view.evaluation is not None
        else tr("The plan is being checked; wait until its numbers are current.")
    )


def _needs_release(view: SessionView) -> str:
    return _needs_evaluation(view) or (view.standing.sentence if view.standing.blocks_output else "")


def _needs_file(view: SessionView) -> str:
    missing = _needs_case(view)
    return missing or ("" if view.path is not None else tr("Save the case first."))


def _needs_approvable(view: SessionView) -> str:
    missing = _needs_file(view) or _needs_evaluation(view)
    if missing:
        return missing
    return tr("This plan is approved as it is.") if view.standing.standing is Standing.APPROVED else ""


def _needs_approval(view: SessionView) -> str:
    missing = _needs_file(view)
    if missing:
        return missing
    return tr("Nobody has approved this plan.") if view.standing.standing is Standing.NONE else ""


def _needs_undo(view: SessionView) -> str:
    return "" if view.undo_label else tr("Nothing to undo.")


def _needs_redo(view: SessionView) -> str:
    return "" if view.redo_label else tr("Nothing to redo.")


def _needs_changes(view: SessionView) -> str:
    missing = _needs_case(view)
    if missing:
        return missing
    return "" if view.dirty or view.path is None else tr("Everything is saved.")


@dataclass(frozen=True)
class Command:
    """One command.

    Parameters
    ----------
    id, text, menu : str
    keys : tuple of str
        Portable key sequences.
    why_not : callable
        Empty where the command is possible; else the reason, for its tooltip.
    icon : str
    help : str
    view_keys : tuple of str
        Keys that do it while no field has the keyboard.
    """

    id: str
    text: str
    menu: str
    keys: tuple[str, ...] = ()
    why_not: WhyNot = _always
    icon: str = ""
    help: str = ""
    view_keys: tuple[str, ...] = ()

    @property
    def every_key(self) -> str:
        """All its keys in words."""
        return ", ".join((*self.keys, *self.view_keys))


COMMANDS: Final[tuple[Command, ...]] = (
    Command("import_folder", mark("Import DICOM folder..."), "file", ("Ctrl+I",), icon="import",
            help=mark("Read images from a DICOM folder, any nesting")),
    Command("import_file", mark("Import zip or volume file..."), "file", ("Ctrl+Shift+I",), icon="import"),
    Command("import_labels", mark("Import structures..."), "file", ("Ctrl+L",), _needs_anatomy,
            help=mark("Label map, DICOM SEG or RTSTRUCT, STL, OBJ or PLY; shown before it is taken in")),
    Command("import_folder_of_labels", mark("Import a folder of structures..."), "file", ("Ctrl+Shift+L",),
            _needs_anatomy, help=mark("Such as TotalSegmentator's results: one file a structure")),
    Command("load_plan", mark("Load plan (JSON)..."), "file", (), _needs_anatomy),
    Command("-1", "", "file"),
    Command("open", mark("Open case..."), "file", ("Ctrl+O",), icon="open", help=mark("Open a case file")),
    Command("demo", mark("Open demo case"), "file"),
    Command("save", mark("Save"), "file", ("Ctrl+S",), _needs_changes, "save"),
    Command("save_as", mark("Save as..."), "file", ("Ctrl+Shift+S",), _needs_case),
    Command("save_named", mark("Save named version..."), "file", (), _needs_case,
            help=mark("Save a version under a name; it is kept for good")),
    Command("history", mark("History..."), "file", ("Ctrl+H",), _needs_file,
            help=mark("Versions, what changed between them, and the record of approvals and exports")),
    Command("-2", "", "file"),
    Command("approve", mark("Approve plan..."), "file", (), _needs_approvable,
            help=mark("Put your name to this plan; any later change voids it")),
    Command("withdraw_approval", mark("Withdraw approval..."), "file", (), _needs_approval),
    Command("-7", "", "file"),
    Command("report", mark("Write report..."), "file", ("Ctrl+P",), _needs_release, "report",
            mark("PDF, HTML, pictures and tables of the current plan")),
    Command("export", mark("Export meshes and DICOM..."), "file", ("Ctrl+E",), _needs_release),
    Command("-3", "", "file"),
    Command("close_case", mark("Close case"), "file", ("Ctrl+W",), _needs_case),
    Command("quit", mark("Quit"), "file", ("Ctrl+Q",)),
    Command("undo", mark("Undo"), "edit", ("Ctrl+Z",), _needs_undo, "undo"),
    Command("redo", mark("Redo"), "edit", ("Ctrl+Y", "Ctrl+Shift+Z"), _needs_redo, "redo"),
    Command("steps", mark("List of steps"), "edit", ("Ctrl+Alt+Z",), _needs_case,
            help=mark("Show every step by name; a click goes back or forward to it")),
    Command("-4", "", "edit"),
    Command("duplicate_cut", mark("Duplicate cut"), "edit", ("Ctrl+D",), _needs_cut, "copy"),
    Command("delete_cut", mark("Delete cut"), "edit", ("Ctrl+Del",), _needs_cut, "delete"),
    Command("mirror_cut", mark("Mirror cut to the other side"), "edit", ("Ctrl+Shift+D",), _needs_cut,
            help=mark("Copy the cut to the other side of its vertebra's sagittal plane")),
    Command("earlier_cut", mark("Cut one step earlier"), "edit", ("Ctrl+Shift+Up",), _needs_cut),
    Command("later_cut", mark("Cut one step later"), "edit", ("Ctrl+Shift+Down",), _needs_cut),
    Command("lock_cut", mark("Lock or unlock cut"), "edit", ("Ctrl+K",), _needs_cut, "lock"),
    Command("lock_placed", mark("Lock placed cuts"), "edit", (),
            help=mark("A cut that was added or moved is locked when you go on to another cut or stage")),
    Command("tools", mark("Tool library..."), "edit", (),
            help=mark("The cutting tools with kerf, overshoot and source; add your department's own")),
    Command("-5", "", "edit"),
    Command("confirm_levels", mark("Confirm levels..."), "edit", (), _needs_anatomy),
    Command("crosshair_mode", mark("Move the crosshair"), "view", (), _needs_anatomy, icon="crosshair",
            help=mark("Left-drag on a slice moves the crosshair; its lines move and, near their ends, turn"),
            view_keys=("W",)),
    Command("window_mode", mark("Adjust window and level"), "view", (), _needs_anatomy, icon="window",
            help=mark("Left-drag on a slice changes window and level; double-click resets"),
            view_keys=("W",)),
    Command("outlines", mark("Outlines on slices"), "view", (), _needs_anatomy, icon="outline",
            help=mark("Show or hide structure outlines"), view_keys=("G",)),
    Command("cut_views", mark("Views of the cut"), "view", (), _needs_anatomy, icon="cut",
            help=mark("Slices in the active cut and across it"), view_keys=("C",)),
    Command("reset_views", mark("Fit all views"), "view", (), _needs_anatomy, icon="fit",
            help=mark("Fit all views; slices return to the anatomical planes"), view_keys=("R",)),
    Command("next_image", mark("Next image"), "slices", ("Ctrl+J",), _needs_images,
            help=mark("Show the next image of the case on the slices")),
    Command("fade", mark("Second image over the first"), "slices", (), _needs_second_image, view_keys=("T",),
            help=mark("Fade another image of the same frame of reference over the slices")),
    Command("fade_more", mark("More of the second image"), "slices", (), _needs_second_image,
            view_keys=("]",)),
    Command("fade_less", mark("Less of the second image"), "slices", (), _needs_second_image,
            view_keys=("[",)),
    Command("slab", mark("Slice, mean, MIP or MinIP"), "slices", (), _needs_anatomy, view_keys=("M",),
            help=mark("Show a thick slab in the slice view that has the keyboard")),
    Command("thicker", mark("Thicker slab"), "slices", (), _needs_anatomy, view_keys=("+",)),
    Command("thinner", mark("Thinner slab"), "slices", (), _needs_anatomy, view_keys=("-",)),
    Command("next_structure", mark("Next structure"), "view", (), _needs_structures, view_keys=("Q",)),
    Command("previous_structure", mark("Previous structure"), "view", (), _needs_structures,
            view_keys=("Shift+Q",)),
    Command("slices_in_3d", mark("Slices in 3D"), "spine", (), _needs_anatomy, view_keys=("V",),
            help=mark("Show the slice that has the keyboard, or all three, in the 3D view")),
    Command("clip", mark("Look inside"), "spine", (), _needs_anatomy, view_keys=("X",),
            help=mark("Clip the 3D view through the crosshair, facing you; drag the plane by its handles")),
    Command("clip_flip", mark("Look inside from the other side"), "spine", (), _needs_anatomy,
            view_keys=("Shift+X",)),
    Command("clip_slab", mark("Look inside a slab"), "spine", (), _needs_anatomy, view_keys=("S",),
            help=mark("Leave a slab between two planes, or all that lies behind the one")),
    Command("volume_bone", mark("Volume picture: bone"), "spine", (), _needs_anatomy,
            help=mark("The image itself in 3D; to look at, nothing in it is measured")),
    Command("volume_angiography", mark("Volume picture: CT angiography"), "spine", (), _needs_anatomy,
            help=mark("The image itself in 3D; to look at, nothing in it is measured")),
    Command("-10", "", "view"),
    Command("pieces", mark("Pieces instead of bones"), "view", ("P",), _needs_evaluation, "pieces",
            mark("Show the pieces after all cuts")),
    Command("pieces_back", mark("Bring all pieces back"), "view", ("B",), _needs_evaluation,
            help=mark("Show every piece whole and in its place")),
    Command("-6", "", "view"),
    Command("matrix", mark("All numbers..."), "view", ("Ctrl+M",), _needs_evaluation, "table",
            mark("Every clearance and margin")),
    Command("picture", mark("Picture of the window..."), "view", (), _needs_release, "camera",
            mark("Save what the views show as PNG")),
    Command("-8", "", "view"),
    Command("panels", mark("Panels beside the views"), "view", ("F9",),
            help=mark("Show or hide the panel of the stage and the table of cuts")),
    Command("full_screen", mark("Full screen"), "view", ("F11",)),
    *(Command(f"look-{view.value}", title, "standard_views", (), _needs_anatomy, help=words)
      for title, view, words in STANDARD_VIEWS),
    *(Command(f"layout-{layout.id}", layout.title, "layout", (layout.key,), _needs_anatomy, help=layout.help)
      for layout in LAYOUTS),
    *(Command(f"theme-{theme.name}", theme.title, "theme") for theme in THEMES.values()),
    *(Command(f"text-{percent}", f"{percent} %", "text_size") for percent in TEXT_SIZES),
    Command("palette", mark("Find a command..."), "help", ("Ctrl+Shift+P", "F3"),
            help=mark("Find any command, structure, cut or level by name")),
    Command("guide", mark("Guide"), "help", (), help=mark("The guide, from its beginning")),
    Command("explain", mark("Explain this"), "help", ("Shift+F1",),
            help=mark("The page of the guide about whatever has the keyboard")),
    Command("keys", mark("Mouse and keys"), "help", ("F1",)),
    Command("tour", mark("Tour"), "help", (), _needs_case, help=mark("The main controls, in under a minute")),
    Command("about", mark("About EnBloc"), "help"),
)  # fmt: skip
MENUS: Final = {"file": mark("&File"), "edit": mark("&Edit"), "view": mark("&View"), "help": mark("&Help")}
SUBMENUS: Final = {
    "slices": ("view", mark("&Slices and images")),
    "spine": ("view", mark("3D and &clipping")),
    "standard_views": ("view", mark("Stan&dard views")),
    "layout": ("view", mark("&Layout")),
    "theme": ("view", mark("&Colours")),
    "text_size": ("view", mark("&Text size")),
}
CHECKABLE: Final = frozenset({
    "steps", "lock_placed", "crosshair_mode", "window_mode", "outlines", "pieces", "cut_views", "panels",
    "full_screen", "fade", "slices_in_3d", "clip", "clip_slab", "volume_bone", "volume_angiography",
    *(command.id for command in COMMANDS if command.menu in ("layout", "theme", "text_size")),
})  # fmt: skip


_MODES: Final = frozenset({"crosshair_mode", "window_mode"})  # one key switches between them


def menu_path(command: Command) -> str:
    """Return in which menu a command stands, such as ``View, Layout``."""
    parent, words = SUBMENUS.get(command.menu, (command.menu, ""))
    return ", ".join(spoken_name(tr(part)) for part in (MENUS[parent], words) if part)


class Actions(QObject):
    """The table's commands as Qt actions; each that is off says why in its tooltip."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._actions: dict[str, QAction] = {}
        for command in COMMANDS:
            if not command.id.startswith("-"):
                self._actions[command.id] = self._made(command, parent)

    def __getitem__(self, command_id: str) -> QAction:
        return self._actions[command_id]

    def every(self) -> tuple[QAction, ...]:
        """Return all actions."""
        return tuple(self._actions.values())

    def show_choice(self, menu: str, command_id: str) -> None:
        """Tick one command of a submenu of choices, and no other."""
        for command in COMMANDS:
            if command.menu == menu:
                self._actions[command.id].setChecked(command.id == command_id)

    def connect_to(self, callbacks: dict[str, Callable[[], object]]) -> None:
        """Give every command its callback; raises `KeyError` where one has none."""
        for command_id, action in self._actions.items():
            callback = callbacks[command_id]
            action.triggered.connect(lambda _checked=False, call=callback: call())

    def give_keys(self, keys: ViewKeys) -> None:
        """Let the views' keys do what the table says, where it is possible."""
        for command in COMMANDS:
            for key in command.view_keys if command.id not in _MODES else ():
                keys.add(key, self._actions[command.id].trigger)

    def show_view(self, view: SessionView) -> None:
        """Switch commands on and off, and say why."""
        for command in COMMANDS:
            if command.id in self._actions:
                action = self._actions[command.id]
                why_not = command.why_not(view)
                action.setEnabled(not why_not)
                action.setToolTip(tip(self._help(command, why_not)))
        self._actions["undo"].setText(
            tr("Undo: {label}", label=view.undo_label) if view.undo_label else tr("Undo")
        )
        self._actions["redo"].setText(
            tr("Redo: {label}", label=view.redo_label) if view.redo_label else tr("Redo")
        )

    def _made(self, command: Command, parent: QObject) -> QAction:
        # What follows a tab stands where a menu shows shortcuts; keys of the views are none of Qt's.
        keys = "" if command.keys or not command.view_keys else f"\t{', '.join(command.view_keys)}"
        action = QAction(tr(command.text) + keys, parent)
        if keys:
            action.setIconText(tr(command.text))
        action.setObjectName(command.id)
        action.setShortcuts([QKeySequence(keys) for keys in command.keys])
        action.setCheckable(command.id in CHECKABLE)
        action.setToolTip(tip(self._help(command, "")))
        if command.icon:
            action.setIcon(icon(command.icon))
        elif command.menu == "layout":
            action.setIcon(layout_icon(layout_of(command.id.removeprefix("layout-"))))
        return action

    @staticmethod
    def _help(command: Command, why_not: str) -> str:
        words = tr(command.help) if command.help else spoken_name(tr(command.text))
        keys = f" ({command.every_key})" if command.every_key else ""
        return f"{words}{keys}. {why_not}" if why_not else f"{words}{keys}"
