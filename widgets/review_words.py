"""Draft, reviewed, approved: what the three states are called, and what each of them says."""

from typing import Final

from planning.model.structures import ReviewState, Structure
from planning.texts import about, mark, tr

STATE_WORDS: Final = {
    ReviewState.DRAFT: mark("draft"),
    ReviewState.REVIEWED: mark("reviewed"),
    ReviewState.APPROVED: mark("approved"),
}
ASKED: Final = "●"
"""Beside the state of a draft that the limits ask a person to see."""

STATE_HELP: Final = {
    ReviewState.DRAFT: mark("as it came in; nobody has checked it"),
    ReviewState.REVIEWED: mark("a person looked through it slice by slice and found it fit to plan with"),
    ReviewState.APPROVED: mark("the surgeon responsible stands by it for this operation"),
}


def standing_of(structure: Structure) -> str:
    """Return how far a person vouches for a structure, and who, in words."""
    state, by = structure.review.state, structure.review.by
    words = about(tr(STATE_WORDS[state]), tr(STATE_HELP[state]))
    return tr("{standing} ({by})", standing=words, by=by) if by else words


def listed_state(structure: Structure, *, asked: bool) -> tuple[str, str]:
    """Return what a list says of a structure's state, and the words that explain it."""
    state = tr(STATE_WORDS[structure.review.state])
    words = tr("{standing}. Click to change.", standing=standing_of(structure))
    if not asked:
        return state, words
    return f"{state} {ASKED}", f"{words} " + tr("The limits ask a person to see it.")


def states_explained() -> str:
    """Return what the three states mean, a line each."""
    lines = [f"• {about(tr(words), tr(STATE_HELP[state]))}" for state, words in STATE_WORDS.items()]
    lines.append(f"{ASKED} " + tr("The limits ask a person to see it."))
    return "\n".join((*lines, tr("For the safety board reviewed and approved count alike.")))
