"""Edits of the case's images and of what the importer found in them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

from planning.editing.edits import named
from planning.errors import EditRefused
from planning.model.anatomy import Anatomy
from planning.model.case import PATIENT_MIX, Case
from planning.model.patient_match import Match, match, same_number
from planning.model.study import Acknowledgement, Finding, Patient, Severity, StudyImage
from planning.texts import mark, tr

CONFIRMED: Final = {
    Match.UNSURE: Finding(
        "IDENTITY_CONFLICT",
        mark(
            "Name or sex are written differently in this image and in another of the case, while patient "
            "number and birth date agree. A person confirmed that it is the same patient."
        ),
        severity=Severity.WARN,
    ),
    Match.UNKNOWN: Finding(
        "IDENTITY_UNKNOWN",
        mark(
            "The image does not say well enough whose it is. A person confirmed that it is the patient of "
            "this case."
        ),
        severity=Severity.WARN,
    ),
}
NOT_CONFIRMED: Final = {
    Match.UNSURE: mark(
        "Name or sex are written differently in the new image. Confirm by name that it is the same patient."
    ),
    Match.UNKNOWN: mark(
        "The new image does not say well enough whose it is. Confirm by name that it is the same patient."
    ),
}


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


class Identified(Protocol):
    """An image, loaded or not, that says whose it is."""

    @property
    def patient(self) -> Patient:
        """Identity as its headers give it."""

    @property
    def study_uid(self) -> str:
        """StudyInstanceUID; empty where unknown."""


def match_with(case: Case, image: Identified) -> Match:
    """Return whether an image shows the patient of a case: the least sure answer of its images."""
    if not case.images:
        return Match.SAME if case.patient == Patient() else match(case.patient, image.patient)
    if match(case.patient, image.patient) is Match.OTHER:
        return Match.OTHER
    return match_among(image, case.images)


def match_among(image: Identified, others: Iterable[Identified]) -> Match:
    """Return whether an image shows the patient of others.

    Only what images say themselves proves that two are one person's. The same number inside the same
    study is proof too, because a study identifier is given once in the world.
    """
    found = [_match_of(image, other) for other in others]
    return next((m for m in (Match.OTHER, Match.UNSURE, Match.SAME) if m in found), Match.UNKNOWN)


def _match_of(one: Identified, two: Identified) -> Match:
    found = match(one.patient, two.patient)
    same_study = bool(one.study_uid) and one.study_uid == two.study_uid
    if found is Match.UNKNOWN and same_study and same_number(one.patient, two.patient):
        return Match.SAME
    return found


@dataclass(frozen=True, eq=False)
class AddImage:
    """Put one more image of the patient into the case; the first one becomes the planning image.

    Parameters
    ----------
    image : StudyImage
    confirmed_by : str
        Who vouches that it is the same patient, where the headers do not prove it.
    at : datetime or None
        When that was.
    """

    image: StudyImage
    confirmed_by: str = ""
    at: datetime | None = None

    @property
    def label(self) -> str:
        """What undo calls it."""
        return tr("Add an image")

    def apply(self, case: Case) -> Case:
        """Return the case with the image.

        Raises
        ------
        EditRefused
            ``PATIENT_MIX`` for another patient's, whatever anybody confirms; ``IDENTITY_CONFLICT`` or
            ``IDENTITY_UNKNOWN`` where nobody vouches for it; ``SAME_IMAGE``.
        """
        found = match_with(case, self.image)
        if found is Match.OTHER:
            raise EditRefused("PATIENT_MIX", PATIENT_MIX)
        image, acknowledgements = self.image, case.acknowledgements
        if found in CONFIRMED:
            finding = CONFIRMED[found]
            if not self.confirmed_by.strip() or self.at is None:
                raise EditRefused(finding.code, NOT_CONFIRMED[found])
            image = replace(image, findings=(*image.findings, finding))
            new = Acknowledgement(image.id, finding.code, named(self.confirmed_by), self.at)
            acknowledgements = (*acknowledgements, new)
        if not case.images:
            patient = case.patient if case.patient != Patient() else image.patient
            case = replace(case, patient=patient, images=(image,), anatomy=Anatomy(image.volume.grid))
            return replace(case, acknowledgements=acknowledgements)
        return replace(case, images=(*case.images, image), acknowledgements=acknowledgements)


@dataclass(frozen=True)
class RemoveImage:
    """Take an image out of the case; after the planning image the next one takes its place."""

    image_id: str

    @property
    def label(self) -> str:
        """What undo calls it."""
        return tr("Remove an image")

    def apply(self, case: Case) -> Case:
        """Return the case without the image; raises `EditRefused` where work lies on it."""
        image = image_of(case, self.image_id)
        left = tuple(other for other in case.images if other is not image)
        kept = tuple(a for a in case.acknowledgements if a.image_id != image.id)
        if image is not case.image:
            return replace(case, images=left, acknowledgements=kept)
        refuse_while_work_lies_on_it(case)
        anatomy = Anatomy(left[0].volume.grid) if left else None
        return replace(case, images=left, acknowledgements=kept, anatomy=anatomy)


@dataclass(frozen=True)
class MakePlanningImage:
    """Plan on another image of the case, while neither structures nor cuts lie on the present one."""

    image_id: str

    @property
    def label(self) -> str:
        """What undo calls it."""
        return tr("Plan on another image")

    def apply(self, case: Case) -> Case:
        """Return the case with that image first; raises `EditRefused` where work lies on the present one."""
        image = image_of(case, self.image_id)
        if image is case.image:
            return case
        refuse_while_work_lies_on_it(case)
        others = (other for other in case.images if other is not image)
        return replace(case, images=(image, *others), anatomy=Anatomy(image.volume.grid))


def work_on_planning_image(case: Case) -> str:
    """Return what lies on the planning image, in words; empty where it may be exchanged."""
    if case.anatomy is not None and case.anatomy.structures:
        return tr("{count} structures lie on it", count=len(case.anatomy.structures))
    cuts = sum(len(plan.osteotomies) for plan in case.plans)
    return tr("{count} cuts lie on it", count=cuts) if cuts else ""


def refuse_while_work_lies_on_it(case: Case) -> None:
    """Raise `EditRefused` where structures or cuts lie on the planning image."""
    work = work_on_planning_image(case)
    if work:
        raise EditRefused(
            "IMAGE_IN_USE",
            mark("The planning image cannot be exchanged or removed: {work}. Remove them first."),
            work=work,
        )
