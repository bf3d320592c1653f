"""Several edits a person makes as one: one history step."""

from dataclasses import dataclass

from planning.editing.edits import Edit
from planning.model.case import Case


@dataclass(frozen=True)
class Together:
    """Edits applied one after the other under one label."""

    label: str
    edits: tuple[Edit, ...]

    def apply(self, case: Case) -> Case:
        """Return the case after all of them; raises what the first refused one raises."""
        for edit in self.edits:
            case = edit.apply(case)
        return case
