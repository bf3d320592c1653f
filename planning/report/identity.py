"""How much of the patient's identity a report or picture carries: the user's choice, none unless asked."""

import hashlib
import re
from enum import StrEnum

from planning.model.study import Patient
from planning.texts import tr


class Identity(StrEnum):
    """The choices."""

    FULL = "full"
    INITIALS = "initials"
    NONE = "none"


def patient_line(patient: Patient, identity: Identity, case_id: str) -> str:
    """Return the patient line for the chosen identity.

    With ``initials`` and ``none`` a short hash of the case lets pages be matched (CLINICAL 6).
    """
    code = hashlib.sha256(case_id.encode()).hexdigest()[:8].upper()
    if identity is Identity.FULL:
        parts = (person_name(patient.name), patient.patient_id, date_words(patient.birth_date), patient.sex)
        return " · ".join(p for p in parts if p) or tr("Patient not named in the images")
    if identity is Identity.INITIALS:
        initials = "".join(f"{part[0]}." for part in re.split(r"[\^=\s]+", patient.name) if part)
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
