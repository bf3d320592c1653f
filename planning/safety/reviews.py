"""Which outlines a person has still to see, by the limits."""

from collections.abc import Collection, Sequence

from planning.model.anatomy import Anatomy
from planning.model.limits import Limits
from planning.model.structures import ReviewState, Structure


def asked_for_review(anatomy: Anatomy, limits: Limits) -> tuple[Structure, ...]:
    """Return the drafts of kinds that the limits ask a person to see, in the anatomy's order."""
    kinds = limits.review_advised | limits.review_demanded
    drafts = (s for s in anatomy.structures if s.review.state is ReviewState.DRAFT)
    return tuple(s for s in drafts if s.kind in kinds and not s.mask.is_empty)


def draft_after(
    anatomy: Anatomy, in_order: Sequence[str], asked: Collection[str], after: str = ""
) -> Structure | None:
    """Return the next draft in an order of ids, going round: one of those asked for while any is left."""
    listed = [s for s in map(anatomy.structure, in_order) if s is not None]
    at = next((n + 1 for n, s in enumerate(listed) if s.id == after), 0)
    in_turn = (*listed[at:], *listed[:at])
    drafts = [s for s in in_turn if s.review.state is ReviewState.DRAFT and s.id != after]
    return next((s for s in drafts if s.id in asked), drafts[0] if drafts else None)
