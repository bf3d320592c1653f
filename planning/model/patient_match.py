"""Whether two images show the same patient, as far as their headers tell (hazard 5: wrong patient).

Agreement is never assumed: what cannot be compared is unknown, and a person has to say so by name.
"""

import re
import unicodedata
from enum import StrEnum
from typing import Final

from planning.model.study import Patient

# What de-identification writes into a field; it tells nobody apart.
_PLACEHOLDERS: Final = frozenset(
    {"anon", "anonymous", "anonymised", "anonymized", "deidentified", "none", "noname", "patient", "removed"}
    | {"unknown", "xxxx", "0", "00000000", "19000101"}
)


class Match(StrEnum):
    """What two identities say of each other."""

    SAME = "same"
    UNSURE = "unsure"
    """Number and birth date agree, name or sex do not: a change of name, or a wrong number."""
    UNKNOWN = "unknown"
    """Too little is given to tell."""
    OTHER = "other"


def match(one: Patient, two: Patient) -> Match:
    """Return whether two identities are one person's.

    A different number or birth date is another person. The same number counts only together with the
    same name or birth date: numbers of two hospitals may collide, and so may de-identified names.
    """
    numbers = _agree(_plain(one.patient_id), _plain(two.patient_id))
    births = _agree(_plain(one.birth_date), _plain(two.birth_date))
    names = _names_agree(one.name, two.name)
    sexes = _agree(_sex(one), _sex(two))
    if numbers is False or births is False:
        return Match.OTHER
    if names is False or sexes is False:
        return Match.UNSURE if numbers and births else Match.OTHER
    proofs = sum(bool(said) for said in (numbers, births, names))
    return Match.SAME if proofs >= 2 else Match.UNKNOWN


def same_number(one: Patient, two: Patient) -> bool:
    """Say whether both carry the same patient number, and one that tells people apart."""
    return _agree(_plain(one.patient_id), _plain(two.patient_id)) is True


def plain_name(name: str) -> str:
    """Return a DICOM person name for comparing: without case, empty components and separators."""
    words = re.split(r"[\^\s]+", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(word for word in words if word)


def _names_agree(one: str, two: str) -> bool | None:
    # The same name may be given in several scripts, one group each.
    first, second = ({_plain(plain_name(group)) for group in name.split("=")} - {""} for name in (one, two))
    return None if not first or not second else bool(first & second)


def _agree(one: str, two: str) -> bool | None:
    return None if not one or not two else one == two


def _plain(text: str) -> str:
    found = unicodedata.normalize("NFKC", text).strip().casefold()
    return "" if re.sub(r"[\W_]+", "", found) in _PLACEHOLDERS else found


def _sex(patient: Patient) -> str:
    found = patient.sex.strip().upper()
    return found if found in ("F", "M") else ""
