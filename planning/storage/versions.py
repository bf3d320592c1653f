"""Versions of a case in its file: what is listed, which are kept."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Version:
    """One version of the case in its file.

    Parameters
    ----------
    number : int
        Rises with every save, never reused.
    saved : bool
        False for work kept by autosave.
    label : str
        What the person or the last edit called it.
    at : datetime
        UTC.
    program : str
        Program version that wrote it.
    manifest : str
        SHA-256 name of its manifest.
    """

    number: int
    saved: bool
    label: str
    at: datetime
    program: str
    manifest: str
