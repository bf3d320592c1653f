"""Undo and redo: old values of the case, kept. A history is itself a value."""

from dataclasses import dataclass

from planning.editing.edits import Edit
from planning.model.case import Case


@dataclass(frozen=True)
class Step:
    """A case to go to, and what the step to or from it is called."""

    label: str
    case: Case


@dataclass(frozen=True)
class History:
    """The present case, what was before it and what was undone.

    Versions share everything an edit did not touch, so a step costs what it changed.
    """

    present: Case
    past: tuple[Step, ...] = ()
    future: tuple[Step, ...] = ()

    def do(self, edit: Edit) -> "History":
        """Return the history after `edit`; the same where it changes nothing. Raises `EditRefused`."""
        case = edit.apply(self.present)
        return self if case is self.present else History(case, (*self.past, Step(edit.label, self.present)))

    def undo(self) -> "History":
        """Return the history one step back, with the identical former case; the same at the start."""
        if not self.past:
            return self
        *past, step = self.past
        return History(step.case, tuple(past), (Step(step.label, self.present), *self.future))

    def redo(self) -> "History":
        """Return the history one undone step forward; the same where nothing was undone."""
        if not self.future:
            return self
        step, *future = self.future
        return History(step.case, (*self.past, Step(step.label, self.present)), tuple(future))

    def gone(self, steps: int) -> "History":
        """Return the history so many steps forward, or back where below zero; as far as there are any."""
        history = self
        for _ in range(abs(steps)):
            history = history.redo() if steps > 0 else history.undo()
        return history

    @property
    def undo_label(self) -> str | None:
        """What undo would take back, or None."""
        return self.past[-1].label if self.past else None

    @property
    def redo_label(self) -> str | None:
        """What redo would do again, or None."""
        return self.future[0].label if self.future else None
