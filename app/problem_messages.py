"""Problems as messages: the sentence for the person in front, and details for whoever helps.

Details never hold what a sentence was filled with: a name or a folder stays in the window.
"""

import platform

from PySide6.QtCore import qVersion

from app.faults import without_values
from app.program import PROGRAM
from planning.errors import PlanningError
from planning.texts import tr
from widgets.message_bar import Message, Tone

_DEEPEST = 5


def problem_message(error: PlanningError, tone: Tone = "fail", about: str = "") -> Message:
    """Return the message of a problem a person can act on; `about` is the action that met it."""
    return Message(error.message, tone, details_of(error), wording=error.template, about=about)


def bug_message(where: str) -> Message:
    """Return the message of a fault of the program; `where` says where it arose, without values."""
    words = tr("A fault of the program stopped this. Your case is as it was before; save it and go on.")
    return Message(words, "fail", where, wording=words)


def details_of(error: PlanningError) -> str:
    """Return the code of a problem and where it and its causes arose, without values."""
    lines = [error.code]
    cause: BaseException | None = error
    while cause is not None and len(lines) <= _DEEPEST:
        lines.append(without_values(cause))
        cause = cause.__cause__ or cause.__context__
    return "\n".join(lines)


def program_words() -> str:
    """Return which program runs on what: nothing that names a person or a computer."""
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return f"{PROGRAM} · Python {platform.python_version()} · Qt {qVersion()} · {system}"
