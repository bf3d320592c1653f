"""How much of the patient's identity a report or picture carries: the user's choice, none unless asked."""

import hashlib
import re
from dataclasses import replace
from enum import StrEnum

from planning.model.case import Case
from planning.model.study import Patient, StudyImage
from planning.texts import tr


class Identity(StrEnum):
    """The choices."""

    FULL = "full"
    INITIALS = "initials"
    NONE = "none"


def disclosed(case: Case, identity: Identity) -> Case:
    """Return the case as it may be shown: without what names the patient, unless in full.

    Descriptions are typed at the scanner and often hold names; identifiers lead to the archive. With
    ``initials`` the patient's name keeps its first letters, with ``none`` the day of the images shrinks
    to its year. No number depends on any of it, so an evaluation of the case stays current.
    """
    if identity is Identity.FULL:
        return case
    letters = "^".join(_initials(case.patient.name)) if identity is Identity.INITIALS else ""
    images = tuple(_disclosed_image(case, image, identity) for image in case.images)
    return replace(case, patient=Patient(name=letters), images=images)


def _disclosed_image(case: Case, image: StudyImage, identity: Identity) -> StudyImage:
    original = image.original
    return replace(
        image,
        original=None if original is None else replace(original, sop_instance_uids=()),
        description="",
        series_uid="",
        study_uid="",
        frame_of_reference_uid=_frame_name(image.frame_of_reference_uid, case),
        contrast="",
        acquired=image.acquired if identity is Identity.INITIALS else _year(image, case),
        sop_instance_uids=(),
        patient=Patient(),
    )


def _frame_name(uid: str, case: Case) -> str:
    """Return a name that tells frames of reference apart and leads nowhere."""
    known = list(dict.fromkeys(i.frame_of_reference_uid for i in case.images if i.frame_of_reference_uid))
    return f"frame {known.index(uid) + 1}" if uid else ""


def _year(image: StudyImage, case: Case) -> str:
    """Return the year, and which of several days it was: that images differ in age must still show."""
    days = sorted({other.acquired for other in case.images if other.acquired})
    if len(days) < 2 or not image.acquired:
        return image.acquired[:4]
    return tr("{year}, day {number}", year=image.acquired[:4], number=days.index(image.acquired) + 1)


def _initials(name: str) -> list[str]:
    return [part[0] for part in re.split(r"[\^=\s]+", name) if part]


def patient_line(patient: Patient, identity: Identity, case_id: str) -> str:
    """Return the patient line for the chosen identity.

    With ``initials`` and ``none`` a short hash of the case lets pages be matched (CLINICAL 6).
    """
    code = hashlib.sha256(case_id.encode()).hexdigest()[:8].upper()
    if identity is Identity.FULL:
        parts = (person_name(patient.name), patient.patient_id, date_words(patient.birth_date), patient.sex)
        return " · ".join(p for p in parts if p) or tr("Patient not named in the images")
    if identity is Identity.INITIALS:
        initials = "".join(f"{letter}." for letter in _initials(patient.name))
        return " · ".join(p for p in (initials, tr("case {code}", code=code)) if p)
    return tr("Case {code}", code=code)


def person_name(name: str) -> str:
    """Return a DICOM person name for reading: family name, given names; first component group only."""
    group = name.split("=", maxsplit=1)[0]
    family, _, given = group.partition("^")
    given = " ".join(part for part in given.split("^") if part)
    return f"{family}, {given}" if given else family


def date_words(date: str) -> str:
    """Return a DICOM date as 1961-02-03; anything else unchanged."""
    return f"{date[:4]}-{date[4:6]}-{date[6:]}" if re.fullmatch(r"\d{8}", date) else date
