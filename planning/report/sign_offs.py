"""Who signs a plan, and what each must have seen (CLINICAL 6)."""

from planning.model.case import Case
from planning.report.content import SignatureLines
from planning.texts import mark, tr

ROLES = (
    (mark("Spine or orthopaedic oncology surgeon (owner)"), mark("all; cut list")),
    (mark("Radiologist"), mark("level count, involvement, variants")),
    (mark("Interventional radiologist"), mark("embolisation levels, Adamkiewicz")),
    (mark("Vascular or thoracic surgeon"), mark("great vessels, side, standby")),
    (mark("Neurophysiologist"), mark("alarm table")),
    (mark("Anaesthetist"), mark("blood plan, pressure target, lung")),
    (mark("Oncologist or radiotherapist"), mark("histology, sequencing")),
    (mark("Pathologist"), mark("inking sides, margin questions")),
    (mark("Implant engineer"), mark("geometry, revision, due date")),
    (mark("Theatre nurse"), mark("kit, sequence")),
)


def sign_off_lines(case: Case) -> SignatureLines:
    """Return a line for each role, filled where someone has signed in this case."""
    signed = {s.role: s for s in case.sign_offs}
    rows = []
    for role, must_see in ROLES:
        given = signed.get(role)
        name = given.by if given else ""
        at = f"{given.at:%Y-%m-%d %H:%M}" if given and given.at else ""
        rows.append((tr(role), tr(must_see), name, at))
    return SignatureLines(tuple(rows))
