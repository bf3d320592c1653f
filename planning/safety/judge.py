"""From measured distances to results: sigma, lower bound, status, and what is withheld and why."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from planning.model.case import Case
from planning.model.limits import ClearanceLimit
from planning.model.osteotomy import Osteotomy
from planning.model.settings import Settings
from planning.model.stamp import Inputs
from planning.model.structures import Structure, StructureKind
from planning.safety.clearance import RawClearance
from planning.safety.completeness import is_unreviewed, slice_spacing_mm
from planning.safety.results import Clearance, Status, TumourMargin
from planning.safety.status import Verdict, clearance_verdict, margin_class, margin_verdict, protection_of
from planning.safety.uncertainty import combined_sigma_mm, lower_bound_mm, segmentation_sigma_mm
from planning.safety.unseen import Unseen
from planning.texts import clauses, mark, tr

REASONS = {
    "disagreement": mark("the two ways of measuring disagree"),
    "unreviewed": mark("no person has reviewed it, and review is demanded"),
    "outside_image": mark("the cut or the nearest part may lie outside the image"),
    "outside_field": mark("the cut left the region that was computed"),
    "surface": mark("no surface true to its voxels could be made"),
    "too_thin": mark("it is too thin for these voxels: parts of it may lie unseen between them"),
    "interrupted": mark("its segmentation is interrupted, nearer to the cut than what was segmented"),
    "thick_slices": mark("the slices are too thick for distances"),
    "gap": mark("slices are missing there, and what is interpolated over them is no data"),
    "unacknowledged": mark("slices are missing, and no person has acknowledged that"),
    "self_test_failed": mark("the program's self-test failed"),
    "no_tumour": mark("the plan names no tumour of this case"),
    "no_mr": mark("there is no MR-based assessment"),
    "epidural_tumour": mark("tumour lies in the epidural space"),
    "no_specimen": mark("the cuts free no specimen piece"),
}


def reason_words(reason: str) -> str:
    """Return why a value is withheld, in words."""
    return tr(REASONS[reason]) if reason in REASONS else reason


@dataclass(frozen=True, eq=False)
class Judge:
    """Judges the distances of one case by its settings.

    Parameters
    ----------
    case : Case
    settings : Settings
    inputs : Inputs
        Of that case and those settings.
    withheld : str or None
        A reason for which no distance at all may be shown.
    """

    case: Case
    settings: Settings
    inputs: Inputs
    withheld: str | None = None

    @cached_property
    def tumours(self) -> tuple[Structure, ...]:
        """The tumour the plan means; empty where it means none of this case."""
        name = self.case.plan.tumour
        called = self.inputs.anatomy.called(name) if name is not None else ()
        return tuple(s for s in called if s.kind is StructureKind.TUMOUR and not s.mask.is_empty)

    @cached_property
    def unseen(self) -> Unseen | None:
        """What of the planning image was never acquired; None where all of it was."""
        coverage = self.inputs.coverage
        return None if coverage is None else Unseen(self.inputs.anatomy.grid, coverage)

    @property
    def is_confirmed(self) -> bool:
        """Whether a person has confirmed the level count."""
        return self.inputs.anatomy.levels_confirmed is not None

    def capped(self, verdict: Verdict) -> Verdict:
        """Return the verdict, no better than a warning while the level count is not confirmed."""
        if self.is_confirmed or verdict.status is not Status.PASS:
            return verdict
        words = [w for w in (verdict.note, tr("level count not confirmed")) if w]
        return Verdict(Status.WARN, clauses(words))

    def sigma_mm(self, structure: Structure, *, cut: bool = True) -> float:
        """Return the spread of a distance to a structure; `cut` adds how well a cut is executed."""
        limits, grid = self.settings.limits, self.inputs.anatomy.grid
        segmentation_mm = segmentation_sigma_mm(grid, structure, limits.segmentation_sigma_mm)
        if limits.segmentation_sigma_mm is None:
            segmentation_mm = max(segmentation_mm, slice_spacing_mm(self.case) / 2)
        return combined_sigma_mm(segmentation_mm, 0.0, limits.execution_sigma_mm if cut else 0.0)

    def clearances(self, osteotomy: Osteotomy, raws: Sequence[RawClearance]) -> tuple[Clearance, ...]:
        """Return a clearance for every structure with a limit; what was not measured is withheld."""
        measured = {raw.structure_id: raw for raw in self._seen(osteotomy, raws)}
        result = []
        for structure in self.inputs.anatomy.structures:
            limit = self.settings.limits.clearance(structure.kind)
            if limit is not None and not structure.mask.is_empty:
                raw = measured.get(structure.id) or RawClearance(
                    structure.id, None, None, withheld_reason="surface"
                )
                result.append(self._clearance(osteotomy, structure, limit, raw))
        return tuple(result)

    def margin(self, osteotomy: Osteotomy, raws: Sequence[RawClearance]) -> TumourMargin:
        """Return the tumour margin of one cut: the smallest over the structures the plan's tumour has."""
        ids = [s.id for s in self.tumours]
        mine = [raw for raw in self._seen(osteotomy, raws) if raw.structure_id in ids]
        if not ids or len(mine) < len(ids):
            return self._no_margin(osteotomy, "no_tumour" if not ids else "surface")
        reason = self.withheld or _lost(mine)
        if self.withheld is None and any(is_unreviewed(s, self.settings.limits) for s in self.tumours):
            reason = "unreviewed"
        closest = min(mine, key=lambda r: r.value_mm if r.value_mm is not None else math.inf)
        value_mm = closest.value_mm
        if reason is not None or value_mm is None:
            return self._no_margin(osteotomy, reason or "surface")
        sigma_mm = max(self.sigma_mm(s) for s in self.tumours)
        lower_mm = lower_bound_mm(value_mm, sigma_mm)
        limits = self.settings.limits
        verdict = margin_verdict(limits, self.case.plan.required_margin_mm, value_mm, lower_mm, sigma_mm)
        capped = self.capped(verdict)
        return TumourMargin(
            osteotomy=osteotomy.id,
            value_mm=value_mm,
            lower_mm=lower_mm,
            sigma_mm=sigma_mm,
            status=capped.status,
            margin_class=margin_class(limits, value_mm),
            tool_point_lps_mm=closest.tool_point_lps_mm,
            structure_point_lps_mm=closest.structure_point_lps_mm,
            note=capped.note,
            capped=capped is not verdict,
        )

    def _seen(self, osteotomy: Osteotomy, raws: Sequence[RawClearance]) -> Sequence[RawClearance]:
        """Withhold what rests on parts of the image that were never acquired."""
        unseen = self.unseen
        if unseen is None:
            return raws
        masks = {s.id: s.mask for s in self.inputs.anatomy.structures}
        return [unseen.judged(osteotomy, masks[raw.structure_id], raw) for raw in raws]

    def _no_margin(self, osteotomy: Osteotomy, reason: str) -> TumourMargin:
        return TumourMargin(
            osteotomy.id,
            None,
            None,
            None,
            Status.NOT_ASSESSED,
            None,
            reason=reason,
            note=reason_words(reason),
        )

    def _clearance(
        self, osteotomy: Osteotomy, structure: Structure, limit: ClearanceLimit, raw: RawClearance
    ) -> Clearance:
        limits, anatomy = self.settings.limits, self.inputs.anatomy
        protection = protection_of(osteotomy, structure, anatomy, self.case.plan, limits)
        reason = self.withheld or ("unreviewed" if is_unreviewed(structure, limits) else raw.withheld_reason)
        value_mm = raw.value_mm if reason is None else None
        if value_mm is None:
            reason = reason or "surface"
            return _withheld(osteotomy, structure, reason, protection.guard, protection.mobilised)
        sigma_mm = self.sigma_mm(structure)
        lower_mm = lower_bound_mm(value_mm, sigma_mm)
        beyond_mm = raw.with_overshoot_mm
        # Without test (b) nothing passes or warns; a failure of test (a) alone still stands.
        nominal_mm = value_mm if beyond_mm is None else beyond_mm
        verdict = clearance_verdict(limits, limit, protection, value_mm, nominal_mm, lower_mm)
        if beyond_mm is None and verdict.status is not Status.FAIL and protection.sacrificed is None:
            reason = raw.overshoot_withheld_reason or "outside_image"
            words = tr("with overshoot not assessed: {reason}", reason=reason_words(reason))
            verdict = Verdict(Status.NOT_ASSESSED, clauses(w for w in (words, verdict.note) if w))
        capped = self.capped(verdict)
        return Clearance(
            osteotomy=osteotomy.id,
            structure_id=structure.id,
            structure=structure.reference,
            kind=structure.kind,
            value_mm=value_mm,
            with_overshoot_mm=beyond_mm,
            lower_mm=lower_mm,
            sigma_mm=sigma_mm,
            status=capped.status,
            tool_point_lps_mm=raw.tool_point_lps_mm,
            structure_point_lps_mm=raw.structure_point_lps_mm,
            overshoot_tool_point_lps_mm=raw.overshoot_tool_point_lps_mm,
            overshoot_structure_point_lps_mm=raw.overshoot_structure_point_lps_mm,
            reason=reason,
            note=capped.note,
            guard=protection.guard,
            mobilised=protection.mobilised,
            simulated=structure.simulated,
            capped=capped is not verdict,
        )


def _lost(raws: Sequence[RawClearance]) -> str | None:
    """Return why the smallest of several distances is not known, or None where it is.

    A cut through one part of a tumour stays one, whatever is not known of another part.
    """
    if any(raw.value_mm is not None and raw.value_mm < 0 for raw in raws):
        return None
    return next((raw.withheld_reason or "surface" for raw in raws if raw.value_mm is None), None)


def _withheld(
    osteotomy: Osteotomy, structure: Structure, reason: str, guard: str | None, mobilised: bool
) -> Clearance:
    return Clearance(
        osteotomy=osteotomy.id,
        structure_id=structure.id,
        structure=structure.reference,
        kind=structure.kind,
        value_mm=None,
        with_overshoot_mm=None,
        lower_mm=None,
        sigma_mm=None,
        status=Status.NOT_ASSESSED,
        reason=reason,
        note=tr("not assessed: {reason}", reason=reason_words(reason)),
        guard=guard,
        mobilised=mobilised,
        simulated=structure.simulated,
    )
