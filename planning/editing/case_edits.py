"""Edits of the case around the plan: looks, diagnosis, acceptances, signatures."""

from dataclasses import dataclass, replace
from datetime import datetime

from planning.editing.edits import named
from planning.errors import EditRefused
from planning.model.case import Acceptance, Case, Diagnosis, SignOff, StructureLook
from planning.model.patient_match import Match, match
from planning.model.study import Patient
from planning.texts import mark, tr

OTHER_PATIENT = mark(
    "The images of this case name another patient number or birth date. Start a new case for another patient."
)


@dataclass(frozen=True)
class SetLook:
    """Draw a structure in another way; None returns to the default."""

    structure_id: str
    look: StructureLook | None
    title: str = ""

    @property
    def label(self) -> str:
        """What undo calls it."""
        return tr("Change how {title} is drawn", title=self.title or self.structure_id)

    def apply(self, case: Case) -> Case:
        """Return the case with the look."""
        if case.look(self.structure_id) == self.look:
            return case
        others = tuple(pair for pair in case.looks if pair[0] != self.structure_id)
        return replace(case, looks=others if self.look is None else (*others, (self.structure_id, self.look)))


@dataclass(frozen=True)
class SetDiagnosis:
    """Set what is known of the lesion."""

    diagnosis: Diagnosis

    @property
    def label(self) -> str:
        """What undo calls it."""
        return tr("Change the diagnosis")

    def apply(self, case: Case) -> Case:
        """Return the case with the diagnosis."""
        return case if case.diagnosis == self.diagnosis else replace(case, diagnosis=self.diagnosis)


@dataclass(frozen=True)
class SetPatient:
    """Correct or remove the patient's identity."""

    patient: Patient

    @property
    def label(self) -> str:
        """What undo calls it."""
        return tr("Change the patient's identity")

    def apply(self, case: Case) -> Case:
        """Return the case of that patient; raises `EditRefused` where the images name another one.

        Removing the identity removes it from the images too.
        """
        if any(match(self.patient, image.patient) is Match.OTHER for image in case.images):
            raise EditRefused("PATIENT_MIX", OTHER_PATIENT)
        images = case.images
        if self.patient == Patient() and any(image.patient != Patient() for image in images):
            images = tuple(replace(image, patient=Patient()) for image in images)
        if case.patient == self.patient and images is case.images:
            return case
        return replace(case, patient=self.patient, images=images)


@dataclass(frozen=True)
class AcceptResult:
    """A person accepts one warning or failure, with a reason; void once its inputs change.

    Parameters
    ----------
    key : str
        Key of the result, such as ``clearance/cranial/aorta``.
    by, reason : str
        Neither may be empty.
    at : datetime
    inputs_digest : str
        `Evaluation.inputs.digest` of the result that was looked at.
    """

    key: str
    by: str
    reason: str
    at: datetime
    inputs_digest: str

    @property
    def label(self) -> str:
        """What undo calls it."""
        return tr("Accept a result")

    def apply(self, case: Case) -> Case:
        """Return the case with the acceptance; raises `EditRefused` without a name or reason."""
        if not self.reason.strip():
            raise EditRefused("NO_REASON", mark("Give the reason why this is accepted."))
        acceptance = Acceptance(self.key, named(self.by), self.reason.strip(), self.at, self.inputs_digest)
        return replace(case, acceptances=(*(a for a in case.acceptances if a.result != self.key), acceptance))


@dataclass(frozen=True)
class WithdrawAcceptance:
    """Take an acceptance back."""

    key: str

    @property
    def label(self) -> str:
        """What undo calls it."""
        return tr("Withdraw an acceptance")

    def apply(self, case: Case) -> Case:
        """Return the case without it."""
        left = tuple(a for a in case.acceptances if a.result != self.key)
        return case if left == case.acceptances else replace(case, acceptances=left)


@dataclass(frozen=True)
class SetSignOff:
    """Set the signature line of one role; `signed=False` removes the line."""

    sign_off: SignOff
    signed: bool = True

    @property
    def label(self) -> str:
        """What undo calls it."""
        return tr("Change the signature of {role}", role=self.sign_off.role)

    def apply(self, case: Case) -> Case:
        """Return the case with one line for the role, in its old place, or none."""
        new = [s for s in case.sign_offs if s.role != self.sign_off.role]
        if self.signed:
            roles = [s.role for s in case.sign_offs]
            place = roles.index(self.sign_off.role) if self.sign_off.role in roles else len(roles)
            new.insert(place, self.sign_off)
        return case if tuple(new) == case.sign_offs else replace(case, sign_offs=tuple(new))


@dataclass(frozen=True, eq=False)
class ReplaceCase:
    """Put a whole case in place of the present one: a recovered or an earlier version."""

    case: Case
    what: str

    @property
    def label(self) -> str:
        """What undo calls it."""
        return self.what

    def apply(self, case: Case) -> Case:
        """Return the other case; raises `EditRefused` where it is not a version of this one."""
        if case.id != self.case.id:
            raise EditRefused("OTHER_CASE", mark("That version belongs to another case."))
        return self.case
