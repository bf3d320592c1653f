"""What is said of the level count."""

from collections.abc import Iterable
from itertools import pairwise

from planning.model.anatomy import Anatomy
from planning.model.levels import in_order, is_next
from planning.texts import listed, tr


def level_words(anatomy: Anatomy) -> str:
    """Return which levels there are and who counted them, or that nobody has."""
    span = f"{anatomy.levels[0]}–{anatomy.levels[-1]}"
    confirmed = anatomy.levels_confirmed
    if confirmed is None:
        return tr(
            "▲ {span}, not confirmed: no result is better than WARN until a person has counted.", span=span
        )
    return tr(
        "✓ {span}, counted by {by} from {evidence}", span=span, by=confirmed.by, evidence=confirmed.evidence
    )


def resection_words(levels: Iterable[str]) -> str:
    """Return which levels are resected, neighbours as ``T10–T11``; empty where the plan names none."""
    ordered = in_order(levels)
    if not ordered:
        return ""
    joined = len(ordered) > 1 and all(is_next(*pair) for pair in pairwise(ordered))
    return tr("Resection {levels}", levels=f"{ordered[0]}–{ordered[-1]}" if joined else listed(ordered))
