"""A case in one file: versions of the case, saved whole or not at all."""

from pathlib import Path

from planning.model.case import Case
from planning.storage.damage import Damage
from planning.storage.versions import Version


class CaseFile:
    """An open case file. Closed by `close` or at the end of a `with` block."""

    path: Path
    case: Case
    read_only: bool
    why_read_only: str | None
    damage: tuple[Damage, ...]

    @classmethod
    def create(cls, path: Path, case: Case, label: str = "", *, overwrite: bool = False) -> "CaseFile":
        """Write `case` to a new file and keep it open and locked; raises `CaseFileProblem`."""
        raise NotImplementedError

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> "CaseFile":
        """Open a case file; raises `CaseFileProblem`. Damaged, newer or held: read-only, and why."""
        raise NotImplementedError

    def save(self, case: Case, label: str = "") -> Version:
        """Save a version; when this returns it is on disk. Raises `CaseFileProblem`."""
        raise NotImplementedError

    def autosave(self, case: Case, label: str) -> None:
        """Keep unsaved work in the file, beside the saved versions."""
        raise NotImplementedError

    @property
    def unsaved(self) -> Version | None:
        """Work that was never saved, left by a crash; None where there is none."""
        raise NotImplementedError

    def versions(self) -> tuple[Version, ...]:
        """Saved versions, newest first."""
        raise NotImplementedError

    def read(self, version: Version) -> Case:
        """Return the case of a version; raises `CaseFileProblem` where it is damaged."""
        raise NotImplementedError

    def close(self) -> None:
        """Give the lock back and close."""
        raise NotImplementedError


def open_case(path: Path) -> Case:
    """Return the newest saved case; raises `CaseFileProblem`, also for a file that is damaged in part."""
    raise NotImplementedError
