"""What is asked before a case is opened, closed or recovered: title, text and choices."""

from datetime import datetime

from PySide6.QtWidgets import QMessageBox

from planning.imaging.memory_need import in_gb
from planning.storage.versions import Version
from planning.texts import tr
from widgets.dialogs import Choice

Question = tuple[str, str, tuple[Choice, ...]]
_YES, _NO = QMessageBox.ButtonRole.AcceptRole, QMessageBox.ButtonRole.RejectRole
_LOSES = QMessageBox.ButtonRole.DestructiveRole


def unsaved_changes() -> Question:
    """Ask whether changes are saved; answers ``save``, ``discard`` or ``cancel``."""
    return (
        tr("Save changes?"),
        tr("This case has changes that are not saved. Without saving they are lost."),
        (
            Choice("save", tr("Save"), _YES, default=True),
            Choice("discard", tr("Do not save"), _LOSES),
            Choice("cancel", tr("Cancel"), _NO),
        ),
    )


def short_of_memory(needed: int, usable: int) -> Question:
    """Ask whether a case of so many bytes is opened all the same; answers ``open`` or ``cancel``."""
    words = tr(
        "This case needs about {needed} GB of memory, and {free} GB can be used now. Opened all the "
        "same, the program may become very slow or be ended by the system. Close other programs first.",
        needed=in_gb(needed),
        free=in_gb(usable),
    )
    choices = (
        Choice("cancel", tr("Do not open"), _NO, default=True),
        Choice("open", tr("Open all the same"), _LOSES),
    )
    return tr("Not enough memory"), words, choices


def later_save(later: datetime, saved: datetime) -> Question:
    """Ask which of two is opened, file or generation beside it; answers ``newer`` or ``this``."""
    at, there = (time.astimezone().strftime("%Y-%m-%d %H:%M") for time in (later, saved))
    words = tr(
        "This file was saved last on {there}, but the generation beside it on {at}. The disk lost a "
        "save, or an older copy was put here. Which one?",
        there=there,
        at=at,
    )
    choices = (
        Choice("newer", tr("The later one"), _YES, default=True),
        Choice("this", tr("This file"), _NO),
    )
    return tr("A later save was found"), words, choices


def work_found(version: Version) -> Question:
    """Ask whether work that was never saved is recovered; answers ``recover`` or ``saved``."""
    words = tr(
        "EnBloc ended before this work was saved: {label} ({at}, {who}). Recover it?",
        label=version.label,
        at=version.at.astimezone().strftime("%Y-%m-%d %H:%M"),
        who=version.by or "?",
    )
    choices = (
        Choice("recover", tr("Recover"), _YES, default=True),
        Choice("saved", tr("Open as last saved"), _NO),
    )
    return tr("Unsaved work found"), words, choices
