"""Words and shapes every printed form shares."""

from planning.safety.results import Status
from planning.texts import mark, tr

SHAPES = {Status.PASS: "●", Status.WARN: "▲", Status.FAIL: "■", Status.NOT_ASSESSED: "○"}
STATUS_WORDS = {
    Status.PASS: mark("pass"),
    Status.WARN: mark("warning"),
    Status.FAIL: mark("fail"),
    Status.NOT_ASSESSED: mark("not assessed"),
}


def status_words() -> dict[str, str]:
    """Return the word for each status value."""
    return {status.value: tr(word) for status, word in STATUS_WORDS.items()}


def signature_header() -> list[str]:
    """Return the header of the table of signatures."""
    return [tr("Role"), tr("Must have seen"), tr("Full name"), tr("Date"), tr("Signature")]
