"""What is said of the level count."""

from planning.model.anatomy import Anatomy
from planning.texts import tr


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
