"""The case: one patient's images, anatomy, plans and decisions as one immutable value."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import combinations

from planning.errors import EditRefused
from planning.model.anatomy import Anatomy
from planning.model.patient_match import Match, match
from planning.model.plan import Plan
from planning.model.study import Acknowledgement, Finding, Patient, StudyImage
from planning.texts import mark

PATIENT_MIX = mark(
    "The images belong to different patients, so they are never put into one case. Start a new case for the "
    "other patient."
)


@dataclass(frozen=True)
class Diagnosis:
    """What is known of the lesion, in the clinician's words.

    Parameters
    ----------
    text : str
    histology : str
    biopsy : str
        Status of the biopsy; an empty one prints the "unproven" banner (hazard 12).
    """

    text: str = ""
    histology: str = ""
    biopsy: str = ""


@dataclass(frozen=True)
class Acceptance:
    """A person's acceptance of one warning or failure; void when the digest changes.

    Parameters
    ----------
    result : str
        Key of the result, such as ``clearance/cranial/aorta``.
    by, reason : str
    at : datetime
    inputs_digest : str
        Digest of everything the accepted result was computed from.
    """

    result: str
    by: str
    reason: str
    at: datetime
    inputs_digest: str


@dataclass(frozen=True)
class StructureLook:
    """How one structure is drawn; never part of a digest.

    Where it is `visible` at all, `outlined` draws its outline on slices and `opacity` its surface in 3D.
    """

    colour_rgb: tuple[int, int, int]
    opacity: float = 1.0
    visible: bool = True
    outlined: bool = True


@dataclass(frozen=True)
class SignOff:
    """A line for the person of one role to sign."""

    role: str
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, eq=False)
class Case:
    """One case.

    Parameters
    ----------
    id : str
        Random, names nobody.
    patient : Patient
    images : tuple of StudyImage
        The first is the planning image: masks lie on its grid.
    anatomy : Anatomy or None
        None until an image is loaded.
    plans : tuple of Plan
    active_plan : int
        Which plan is shown and evaluated.
    diagnosis, acceptances, looks, sign_offs, credit : values
    acknowledgements : tuple of Acknowledgement
        Import findings a person has read, at most one for an image and code.
    """

    id: str
    patient: Patient = field(default_factory=Patient)
    images: tuple[StudyImage, ...] = ()
    anatomy: Anatomy | None = None
    plans: tuple[Plan, ...] = (Plan(),)
    active_plan: int = 0
    diagnosis: Diagnosis = field(default_factory=Diagnosis)
    acceptances: tuple[Acceptance, ...] = ()
    looks: tuple[tuple[str, StructureLook], ...] = ()
    sign_offs: tuple[SignOff, ...] = ()
    credit: str = ""
    acknowledgements: tuple[Acknowledgement, ...] = ()

    def __post_init__(self) -> None:
        """Check that anatomy and plan index fit, and that every image is of one patient."""
        if self.anatomy is not None and (
            not self.images or not self.anatomy.grid.same_as(self.images[0].volume.grid)
        ):
            raise EditRefused("GRID_MISMATCH", mark("The structures do not lie on the planning image."))
        if not 0 <= self.active_plan < len(self.plans):
            raise EditRefused("NO_PLAN", mark("There is no such plan in this case."))
        if len({image.id for image in self.images}) < len(self.images):
            raise EditRefused("SAME_IMAGE", mark("This image is in the case already."))
        if any(match(a.patient, b.patient) is Match.OTHER for a, b in combinations(self.images, 2)):
            raise EditRefused("PATIENT_MIX", PATIENT_MIX)

    @property
    def plan(self) -> Plan:
        """The active plan."""
        return self.plans[self.active_plan]

    @property
    def image(self) -> StudyImage | None:
        """The planning image, or None."""
        return self.images[0] if self.images else None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Import findings of every image."""
        return tuple(f for image in self.images for f in image.findings)

    def acknowledgement(self, image_id: str, code: str) -> Acknowledgement | None:
        """Return who acknowledged the findings of that code in an image, or None."""
        found = (a for a in self.acknowledgements if (a.image_id, a.code) == (image_id, code))
        return next(found, None)

    @property
    def unacknowledged(self) -> tuple[Finding, ...]:
        """Findings of the planning image that a person must acknowledge before anything is measured in it."""
        if self.image is None:
            return ()
        known = {a.code for a in self.acknowledgements if a.image_id == self.image.id}
        return tuple(f for f in self.image.findings if f.needs_acknowledgement and f.code not in known)

    def look(self, structure_id: str) -> StructureLook | None:
        """Return how a structure is drawn where the user chose it, else None."""
        return dict(self.looks).get(structure_id)

    def with_plan(self, plan: Plan) -> "Case":
        """Return the case with its active plan replaced."""
        plans = (*self.plans[: self.active_plan], plan, *self.plans[self.active_plan + 1 :])
        return replace(self, plans=plans)
