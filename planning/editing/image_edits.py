"""Edits of the case's images and of what the importer found in them."""

from dataclasses import dataclass, replace
from datetime import datetime

from planning.editing.edits import named
from planning.errors import EditRefused
from planning.model.case import Case
from planning.model.study import Acknowledgement, StudyImage
from planning.texts import mark, tr


def image_of(case: Case, image_id: str) -> StudyImage:
    """Return an image of the case; raises `EditRefused` where there is none of that id."""
    found = next((image for image in case.images if image.id == image_id), None)
    if found is None:
        raise EditRefused("NO_SUCH_IMAGE", mark("This case has no such image; it may have been removed."))
    return found


@dataclass(frozen=True)
class AcknowledgeFinding:
    """A person has read the findings of one code in one image.

    Parameters
    ----------
    image_id, code : str
    by : str
        May not be empty.
    at : datetime
    """

    image_id: str
    code: str
    by: str
    at: datetime

    @property
    def label(self) -> str:
        """What undo calls it."""
        return tr("Acknowledge an import finding")

    def apply(self, case: Case) -> Case:
        """Return the case with the acknowledgement; raises `EditRefused` without a name or such a finding."""
        image = image_of(case, self.image_id)
        if all(finding.code != self.code for finding in image.findings):
            raise EditRefused("NO_FINDING", mark("This image has no such finding; nothing to acknowledge."))
        new = Acknowledgement(self.image_id, self.code, named(self.by), self.at)
        return replace(case, acknowledgements=(*_others(case, self.image_id, self.code), new))


@dataclass(frozen=True)
class WithdrawAcknowledgement:
    """Take an acknowledgement back."""

    image_id: str
    code: str

    @property
    def label(self) -> str:
        """What undo calls it."""
        return tr("Withdraw an acknowledgement")

    def apply(self, case: Case) -> Case:
        """Return the case without it."""
        left = _others(case, self.image_id, self.code)
        return case if left == case.acknowledgements else replace(case, acknowledgements=left)


def _others(case: Case, image_id: str, code: str) -> tuple[Acknowledgement, ...]:
    return tuple(a for a in case.acknowledgements if (a.image_id, a.code) != (image_id, code))
