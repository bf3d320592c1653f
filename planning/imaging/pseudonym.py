"""Identifiers that are always the same for the same case and purpose, and lead back to nobody."""

import hashlib

from pydicom.uid import UID


def derived_uid(case_id: str, *parts: str) -> str:
    """Return the identifier a case's object goes out under where the original one is withheld."""
    digest = hashlib.sha256("\0".join((case_id, *parts)).encode()).digest()
    return UID(f"2.25.{int.from_bytes(digest[:16], 'big')}")


def derived_frame(case_id: str, image_id: str) -> str:
    """Return the frame of reference an image goes out under where its own is withheld."""
    return derived_uid(case_id, "frame", image_id)


def case_code(case_id: str) -> str:
    """Return the patient number a case goes out under where the patient's is withheld."""
    return hashlib.sha256(case_id.encode()).hexdigest()[:8].upper()
