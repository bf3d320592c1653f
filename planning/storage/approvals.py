"""Approvals: what a person approved, and whether it still holds.

An approval covers one plan, everything it rests on (patient, images, structures, diagnosis, accepted
results), the limits and tools, and the program version, under a person's name. It is a line of the
record. Whatever of it changes afterwards voids it: at once on screen, and for good with the next save,
which adds a line saying so. Only a new approval, or a withdrawal by name, settles a voided one.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from planning.model.case import Case
from planning.model.stamp import PROGRAM
from planning.storage.manifest import Encoder, document
from planning.storage.notary import SealState
from planning.storage.record import APPROVAL, VOID, WITHDRAWAL, Entry, Line, Record
from planning.texts import listed, mark, tr

# How structures are drawn and who signed the printed sheet are no part of what is approved; other plans
# stand or fall by themselves.
NOT_COVERED: Final = frozenset({"looks", "sign_offs", "plans", "active_plan", "credit"})
_PART_WORDS: Final = {
    "plan": mark("the cuts and the plan"),
    "anatomy": mark("the structures"),
    "images": mark("the images"),
    "patient": mark("the patient"),
    "diagnosis": mark("the diagnosis"),
    "acceptances": mark("the accepted results"),
    "settings": mark("the limits or tools"),
}


class Standing(StrEnum):
    """Where the plan on screen stands."""

    NONE = "none"
    APPROVED = "approved"
    UNPROVEN = "unproven"
    LAPSED = "lapsed"
    CHANGED = "changed"
    TAMPERED = "tampered"


@dataclass(frozen=True)
class Approval:
    """The last word of the record on one plan.

    Parameters
    ----------
    plan, by, program, settings : str
    at : datetime
    content : tuple of (part, digest)
    seal : SealState
    voided : tuple of str
        Parts that changed, where a save has voided it.
    """

    plan: str
    by: str
    at: datetime
    program: str
    settings: str
    content: tuple[tuple[str, str], ...]
    seal: SealState
    voided: tuple[str, ...] = ()

    def changed_from(self, content: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
        """Return the parts in which `content` differs from what was approved."""
        mine, theirs = dict(self.content), dict(content)
        return tuple(
            sorted(part for part in mine.keys() | theirs.keys() if mine.get(part) != theirs.get(part))
        )


@dataclass(frozen=True)
class PlanStanding:
    """Where one plan stands, in a word and in sentences.

    Parameters
    ----------
    standing : Standing
    sentence : str
        Empty where nobody has approved anything.
    """

    standing: Standing = Standing.NONE
    sentence: str = ""

    @property
    def blocks_output(self) -> bool:
        """Whether nothing may leave the program until a person has settled it."""
        return self.standing in (Standing.CHANGED, Standing.TAMPERED)


NOT_APPROVED: Final = PlanStanding()


def content_of(case: Case, plan: str, encoder: Encoder) -> tuple[tuple[str, str], ...]:
    """Return the digest of every part an approval of the plan of that name covers."""
    whole = encoder.content_of(case)
    parts: dict[str, Any] = {key: value for key, value in whole.items() if key not in NOT_COVERED}
    # All of that name: a second plan that takes the name of an approved one is no approved plan.
    parts["plan"] = [p for p in whole["plans"] if p["name"] == plan]
    return tuple(sorted((key, hashlib.sha256(document(part)).hexdigest()) for key, part in parts.items()))


def approvals_in(record: Record) -> tuple[Approval, ...]:
    """Return the last approval of every plan that nobody has withdrawn since."""
    standing: dict[str, Approval] = {}
    for line in record.lines:
        if line.what == APPROVAL and line.content:  # without content it is a remark that covers nothing
            standing[line.plan] = _approval(line)
        elif line.what == WITHDRAWAL:
            standing.pop(line.plan, None)
        elif line.what == VOID and line.plan in standing:
            parts = tuple(part for part, _ in line.content)
            before = standing[line.plan]
            standing[line.plan] = _voided(before, parts)
    return tuple(standing.values())


def voids(approvals: Iterable[Approval], case: Case, encoder: Encoder, by: str) -> tuple[Entry, ...]:
    """Return the lines that a save of `case` must add: one for every approval that no longer holds."""
    entries = []
    for approval in approvals:
        if approval.voided:
            continue
        now = content_of(case, approval.plan, encoder)
        changed = approval.changed_from(now)
        if changed:
            digests = tuple((part, dict(now).get(part, "")) for part in changed)
            entries.append(Entry(VOID, part_words(changed), by, approval.plan, digests))
    return tuple(entries)


def standing_of(
    approvals: tuple[Approval, ...],
    plan: str,
    plans: tuple[str, ...],
    changed: tuple[str, ...],
    settings: str,
    tampering: str = "",
) -> PlanStanding:
    """Decide where a plan stands.

    Parameters
    ----------
    approvals : tuple of Approval
    plan, plans : str, tuple of str
        Name of the plan in question, and of all plans of the case.
    changed : tuple of str
        Parts in which the case differs from what was approved.
    settings : str
        Digest of the present limits and tools.
    tampering : str
        What shows that somebody altered the file by another hand; empty where nothing does.
    """
    if tampering:
        return PlanStanding(Standing.TAMPERED, tampering)
    approval = next((a for a in approvals if a.plan == plan), None)
    if approval is None:
        gone = next((a for a in approvals if a.plan not in plans), None)
        if gone is None:
            return NOT_APPROVED
        words = tr(
            "{who} approved a plan named {plan}, which is not in this case any more. That approval does not "
            "hold for this plan.",
            who=gone.by, plan=gone.plan,
        )  # fmt: skip
        return PlanStanding(Standing.CHANGED, words)
    at = approval.at.astimezone().strftime("%Y-%m-%d %H:%M")
    parts = approval.voided or changed
    if parts:
        words = tr(
            "Changed after the approval by {who} on {at}: {what}. The approval is void; approve again or "
            "withdraw it.",
            who=approval.by, at=at, what=part_words(parts),
        )  # fmt: skip
        return PlanStanding(Standing.CHANGED, words)
    if approval.program != PROGRAM or approval.settings != settings:
        what = tr("another program version") if approval.program != PROGRAM else tr("other limits or tools")
        words = tr(
            "Approved by {who} on {at}, with {what}. Numbers may differ, so it has lapsed; approve again.",
            who=approval.by, at=at, what=what,
        )  # fmt: skip
        return PlanStanding(Standing.LAPSED, words)
    if approval.seal is not SealState.OURS:
        words = tr(
            "Approved by {who} on {at} on another workstation. Nothing differs from what was approved, but "
            "its seal cannot be checked here.",
            who=approval.by, at=at,
        )  # fmt: skip
        return PlanStanding(Standing.UNPROVEN, words)
    words = tr("Approved by {who} on {at}. Nothing has changed since.", who=approval.by, at=at)
    return PlanStanding(Standing.APPROVED, words)


def part_words(parts: Iterable[str]) -> str:
    """Return the names of parts as people read them."""
    words = dict.fromkeys(
        tr(_PART_WORDS[part]) if part in _PART_WORDS else tr("other entries") for part in parts
    )
    return listed(words)


def _approval(line: Line) -> Approval:
    return Approval(line.plan, line.by, line.at, line.program, line.settings, line.content, line.seal)


def _voided(approval: Approval, parts: tuple[str, ...]) -> Approval:
    return Approval(
        approval.plan, approval.by, approval.at, approval.program, approval.settings, approval.content,
        approval.seal, parts or ("other",),
    )  # fmt: skip
