"""Tables of what was measured: clearances, margins, pieces, vessels and roots."""

from planning.model.case import Case
from planning.report.content import Cell, Paragraph, Section, Table, Tone
from planning.safety.board import surface_words
from planning.safety.judge import reason_words
from planning.safety.ledger import Ledger, action_words
from planning.safety.results import (
    Clearance,
    Evaluation,
    Piece,
    PieceRole,
    SpecimenMargin,
    Status,
    class_words,
)
from planning.texts import clauses, listed, mark, tr

PRINTED_WITHIN_MM = 20.0
ROLE_WORDS = {
    PieceRole.SPECIMEN_ANTERIOR: mark("specimen, anterior"),
    PieceRole.SPECIMEN_ARCH: mark("specimen, posterior arch"),
    PieceRole.RIB_PIECE: mark("rib piece"),
    PieceRole.REMAINING: mark("remains in the patient"),
    PieceRole.LOOSE: mark("loose"),
}


def number(value_mm: float | None) -> str:
    """Return a distance with one decimal, or a dash where it is withheld; a trace keeps its sign with two."""
    if value_mm is None:
        return "–"
    places = 1 if abs(value_mm) >= 0.05 else 2
    return f"{round(value_mm, places) or 0.0:.{places}f}".replace("-", "−")


def percent(fraction: float) -> str:
    """Return a share in percent: 100 only where nothing is elsewhere; a trace never reads as zero."""
    value = fraction * 100
    if 0.0 < value < 0.1:
        return tr("less than 0.1")
    return "0" if value == 0.0 else "100" if fraction >= 1.0 else f"{min(value, 99.9):.1f}"


def clearance_table(case: Case, evaluation: Evaluation) -> Table:
    """Return every clearance, in the order of the cuts."""
    return _clearances(case, evaluation, evaluation.clearances)


def printed_clearances(case: Case, evaluation: Evaluation) -> tuple[Table, Paragraph]:
    """Return the clearances a reader needs on paper, and a sentence saying what was left to the CSV.

    Left out are only distances above `PRINTED_WITHIN_MM` that neither fail nor warn by themselves.
    """
    near = tuple(
        c
        for c in evaluation.clearances
        if c.value_mm is None or c.value_mm <= PRINTED_WITHIN_MM or not (c.capped or c.status is Status.PASS)
    )
    left = len(evaluation.clearances) - len(near)
    words = tr(
        "{count} further clearances are above {limit} mm and neither fail nor warn by themselves; "
        "clearances.csv and evaluation.json hold all of them.",
        count=left,
        limit=f"{PRINTED_WITHIN_MM:.0f}",
    )
    return _clearances(case, evaluation, near), Paragraph(words, Tone.NOTE)


def _clearances(case: Case, evaluation: Evaluation, clearances: tuple[Clearance, ...]) -> Table:
    titles = {o.id: o.title for o in case.plan.osteotomies}
    names = {s.id: s.title for s in evaluation.inputs.anatomy.structures}
    rows = []
    for c in clearances:
        structure = names.get(c.structure_id, c.structure)
        if c.mobilised:
            structure = tr("{structure} (to its imaged position)", structure=structure)
        words = clauses(w for w in (reason_words(c.reason) if c.reason else "", c.note) if w)
        rows.append(
            (
                Cell(titles.get(c.osteotomy, c.osteotomy)),
                Cell(structure),
                Cell(number(c.value_mm)),
                Cell(number(c.with_overshoot_mm)),
                Cell(number(c.lower_mm)),
                Cell(number(c.sigma_mm)),
                Cell(words, c.status),
            )
        )
    header = (
        tr("Cut"),
        tr("Structure"),
        tr("Clearance mm"),
        tr("With overshoot mm"),
        tr("Lower bound mm"),
        tr("σ mm"),
        tr("Status"),
    )
    shares = (1.5, 1.9, 0.9, 0.95, 0.8, 0.5, 3.0)
    return Table("clearances", header, tuple(rows), shares, frozenset({2, 3, 4, 5}))


def margin_table(case: Case, evaluation: Evaluation) -> Table:
    """Return the tumour margin of every cut."""
    titles = {o.id: o.title for o in case.plan.osteotomies}
    rows = tuple(
        (
            Cell(titles.get(m.osteotomy, m.osteotomy)),
            Cell(number(m.value_mm)),
            Cell(number(m.lower_mm)),
            Cell(class_words(m.margin_class)),
            Cell(clauses(w for w in (reason_words(m.reason) if m.reason else "", m.note) if w), m.status),
        )
        for m in evaluation.tumour_margins
    )
    header = (tr("Cut"), tr("Tumour margin mm"), tr("Lower bound mm"), tr("Class"), tr("Status"))
    return Table("tumour_margins", header, rows, (2.0, 1.1, 1.0, 1.3, 2.4), frozenset({1, 2}))


def specimen_table(evaluation: Evaluation) -> Table:
    """Return the distance from the tumour to each part of the specimen's surface."""
    header = (
        tr("Surface"), tr("Least mm"), tr("5th percentile mm"), tr("Area under 2 mm, mm²"), tr("Class"),
        tr("Status"),
    )  # fmt: skip
    rows = tuple(_specimen_row(m) for m in evaluation.specimen_margins)
    return Table("specimen_margins", header, rows, (1.5, 0.9, 1.1, 1.3, 1.3, 2.2), frozenset({1, 2, 3}))


def _specimen_row(m: SpecimenMargin) -> tuple[Cell, ...]:
    words = [reason_words(m.reason) if m.reason else "", m.note]
    if m.barrier:
        words.append(tr("barrier: {barrier}", barrier=m.barrier))
    return (
        Cell(surface_words(m.surface)),
        Cell(number(m.value_mm)),
        Cell(number(m.p5_mm)),
        Cell("–" if m.area_under_2mm_mm2 is None else f"{m.area_under_2mm_mm2:.0f}"),
        Cell(class_words(m.margin_class)),
        Cell(clauses(w for w in words if w), m.status),
    )


def _held_by(piece: Piece) -> str:
    """Return what holds a specimen piece; other pieces are not asked."""
    if not _matters(piece.role):
        return "–"
    if piece.is_free:
        return tr("nothing: it is free")
    if piece.is_free is None:
        return tr("unknown: a neighbouring vertebra is not segmented")
    ring = [tr("closes round the spinal canal")] if piece.closes_round_canal else []
    return listed([*(link.title for link in piece.links), *ring])


def pieces_section(evaluation: Evaluation) -> Section:
    """Return the pieces after all cuts, and what still holds them."""
    rows = tuple(
        (
            Cell(tr(ROLE_WORDS[p.role])),
            Cell(p.title or listed(p.levels)),
            Cell(f"{p.volume_mm3 / 1000:.2f}"),
            Cell(f"{percent(p.tumour_fraction)} %"),
            Cell(_held_by(p)),
        )
        for p in evaluation.pieces
    )
    header = (tr("Role"), tr("Piece"), tr("Volume cm³"), tr("Tumour"), tr("Still held by"))
    table = Table("pieces", header, rows, (1.6, 2.2, 0.8, 0.7, 2.6), frozenset({2, 3}))
    if not rows:
        return Section(tr("Pieces"), (Paragraph(tr("No pieces could be determined."), Tone.WARNING),))
    return Section(tr("Pieces"), (table,))


def _matters(role: PieceRole) -> bool:
    return role in (PieceRole.SPECIMEN_ANTERIOR, PieceRole.SPECIMEN_ARCH)


def ledger_table(ledger: Ledger) -> Table:
    """Return what happens to each vessel and root, and what it costs."""
    rows = tuple(
        (
            Cell(line.title),
            Cell(action_words(line)),
            Cell(str(line.step) if line.step is not None else "–"),
            Cell(line.cost or "–"),
        )
        for line in ledger.lines
    )
    header = (tr("Vessel or root"), tr("Action"), tr("Step"), tr("Cost"))
    return Table("vessels_and_roots", header, rows, (2.4, 1.4, 0.5, 3.4), frozenset({2}))
