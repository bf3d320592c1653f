"""Whether a case file's plan may leave the program: not while an approval of it does not hold."""

from pathlib import Path

from app.paths import private_folder, user_folder
from planning.errors import CaseFileProblem, ExportRefused
from planning.model.case import Case
from planning.model.settings import Settings
from planning.storage.approvals import PlanStanding, standing_of
from planning.storage.case_file import CaseFile
from planning.storage.notary import Notary
from planning.texts import mark


def notary() -> Notary:
    """Return this workstation's key and memory."""
    return Notary(private_folder(user_folder() / "seals"))


def released_case(path: Path, settings: Settings) -> tuple[Case, PlanStanding]:
    """Read a case whose plan may be printed or exported, and where the plan stands.

    Raises
    ------
    CaseFileProblem
        Where the file cannot be read, or only in part.
    ExportRefused
        ``APPROVAL_BROKEN``: the plan was changed after its approval, or the file altered by another hand.
    """
    with CaseFile.open(path, read_only=True, notary=notary()) as file:
        if file.damage:
            words = " ".join(damage.message for damage in file.damage)
            raise CaseFileProblem(
                "CASE_DAMAGED_IN_PART", mark("{file} is damaged: {damage}"), file=path.name, damage=words
            )
        case, name = file.case, file.case.plan.name
        approval = next((a for a in file.approvals if a.plan == name), None)
        changed = file.changed_since(approval, case) if approval is not None else ()
        names = tuple(plan.name for plan in case.plans)
        standing = standing_of(file.approvals, name, names, changed, settings.digest, file.tampering)
    if standing.blocks_output:
        raise ExportRefused(
            "APPROVAL_BROKEN", mark("{reason} Nothing leaves EnBloc until then."), reason=standing.sentence
        )
    return case, standing
