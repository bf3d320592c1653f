"""The sections of the report (CLINICAL 6), from a current evaluation of a case."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from planning.errors import ExportRefused
from planning.geometry.blade_angles import angles_of
from planning.model.case import Case
from planning.model.osteotomy import Osteotomy
from planning.model.plan import Mobilisation
from planning.model.settings import Settings
from planning.model.stamp import is_current
from planning.model.structures import ReviewState, reference_words
from planning.report.content import Cell, Facts, Figure, Lines, Paragraph, Report, Section, Table, Tone
from planning.report.identity import Identity, patient_line
from planning.report.images import image_rows
from planning.report.measurements import (
    clearance_table,
    ledger_table,
    margin_table,
    pieces_section,
    printed_clearances,
    specimen_table,
)
from planning.report.sign_offs import sign_off_lines
from planning.resection.links import is_meant
from planning.safety.board import board, not_assessed_sentences
from planning.safety.ledger import ledger_of
from planning.safety.results import Evaluation, Status
from planning.safety.spoken_names import guard_words
from planning.texts import listed, mark, tr


@dataclass(frozen=True)
class Picture:
    """A picture with the section it belongs to: ``overview`` or the id of a cut."""

    name: str
    caption: str
    png: bytes
    place: str = "overview"


@dataclass(frozen=True)
class Choices:
    """What the user chose for a report."""

    identity: Identity
    program: str
    printed_at: str
    not_a_device: str
    approval: str = ""


def report_of(
    case: Case, evaluation: Evaluation, settings: Settings, pictures: tuple[Picture, ...], choices: Choices
) -> Report:
    """Return the report of a case.

    Raises
    ------
    ExportRefused
        If the evaluation does not belong to this case and these settings.
    """
    if not is_current(evaluation, case, settings):
        raise ExportRefused(
            "NOT_CURRENT", mark("The evaluation is not current. Wait until it is updated, then print again.")
        )
    who = patient_line(case.patient, choices.identity, case.id)
    digest = evaluation.inputs.digest.removeprefix("sha256:")[:12]
    foot = f"{choices.program} · {tr('digest {digest}', digest=digest)} · {choices.not_a_device}"
    return Report(
        title=tr("Resection plan: {plan}", plan=case.plan.name),
        subtitle=", ".join(case.plan.target_levels) or tr("no target level named"),
        stamps=stamps_of(case, evaluation),
        running_head=f"{who} · {case.plan.name}",
        running_foot=foot,
        status=evaluation.status,
        verdict=_verdict(evaluation),
        sections=(
            _identity(case, evaluation, who, choices),
            _diagnosis(case),
            _board(case, evaluation),
            _overview(pictures),
            _steps(case, evaluation, settings),
            *_cuts(case, pictures),
            Section(
                tr("Clearances and tumour margins"),
                (margin_table(case, evaluation), *printed_clearances(case, evaluation)),
                new_page=True,
            ),
            _specimen(evaluation),
            pieces_section(evaluation),
            Section(
                tr("Vessels and roots"),
                (ledger_table(ledger_of(evaluation.inputs.anatomy, case.plan, settings.limits)),),
            ),
            _not_assessed(evaluation),
            _structures(case),
            _limits(settings),
            Section(tr("Sign-off"), (sign_off_lines(case),), together=True),
        ),
        full_tables=(clearance_table(case, evaluation),),
    )


def stamps_of(case: Case, evaluation: Evaluation) -> tuple[str, ...]:
    """Return what must stand on every page and picture."""
    anatomy = evaluation.inputs.anatomy
    stamps = []
    if evaluation.is_intralesional:
        stamps.append(tr("INTRALESIONAL"))
    if any(s.simulated for s in anatomy.structures):
        stamps.append(tr("SIMULATED STRUCTURES"))
    if anatomy.levels_confirmed is None:
        stamps.append(tr("LEVEL COUNT NOT CONFIRMED"))
    if not case.diagnosis.biopsy:
        stamps.append(tr("HISTOLOGY UNPROVEN"))
    return tuple(stamps)


def _verdict(evaluation: Evaluation) -> str:
    words = {
        Status.PASS: tr("Everything was assessed and passes."),
        Status.WARN: tr("Everything was assessed; some results warn."),
        Status.NOT_ASSESSED: tr("Some results could not be assessed; this is not a pass."),
        Status.FAIL: tr("Some results fail."),
    }
    return words[evaluation.status]


def _identity(case: Case, evaluation: Evaluation, who: str, choices: Choices) -> Section:
    rows = [(tr("Patient"), who), (tr("Printed"), choices.printed_at), (tr("Program"), choices.program)]
    rows += image_rows(case, choices.identity)
    rows.append((tr("Digest of all inputs"), evaluation.inputs.digest))
    confirmed = evaluation.inputs.anatomy.levels_confirmed
    if confirmed is None:
        level = tr("Nobody has confirmed the level count; no result is better than a warning.")
    else:
        level = tr(
            "Confirmed by {by} on {at}: {evidence}",
            by=confirmed.by,
            at=f"{confirmed.at:%Y-%m-%d %H:%M}",
            evidence=confirmed.evidence,
        )
    rows.append((tr("Level count"), level))
    rows.append((tr("Approval"), choices.approval or tr("Nobody has approved this plan.")))
    if case.credit:
        rows.append((tr("Credit"), case.credit))
    return Section(tr("Case and images"), (Facts(tuple(rows)),))


def _diagnosis(case: Case) -> Section:
    known = case.diagnosis
    unknown = tr("not recorded")
    rows = (
        (tr("Diagnosis"), known.text or unknown),
        (tr("Histology"), known.histology or unknown),
        (tr("Biopsy"), known.biopsy or tr("not recorded: the lesion is unproven")),
        (tr("Target levels"), ", ".join(case.plan.target_levels) or unknown),
        (tr("Tumour"), case.plan.tumour or tr("none named: margins are not assessed")),
        (tr("Required margin"), f"{case.plan.required_margin_mm:.1f} mm"),
    )
    return Section(tr("Diagnosis and aim"), (Facts(rows),))


def _board(case: Case, evaluation: Evaluation) -> Section:
    lines = []
    for line in board(evaluation, case):
        accepted = ""
        if line.accepted is not None:
            accepted = tr(
                "Accepted by {by} on {at}: {reason}",
                by=line.accepted.by,
                at=f"{line.accepted.at:%Y-%m-%d %H:%M}",
                reason=line.accepted.reason,
            )
        lines.append((line.status, line.sentence, accepted))
    warnings = tuple(Paragraph(w, Tone.NOTE) for w in evaluation.warnings)
    return Section(tr("Safety board"), (Lines(tuple(lines)), *warnings))


def _overview(pictures: tuple[Picture, ...]) -> Section:
    shown = tuple(Figure(p.name, p.caption, p.png) for p in pictures if p.place == "overview")
    return Section(tr("Pictures"), shown, new_page=True)


def _steps(case: Case, evaluation: Evaluation, settings: Settings) -> Section:
    rows = []
    for osteotomy in _in_order(case):
        tool = settings.tools.tool(osteotomy.tool)
        blade = osteotomy.blade
        rows.append(
            (
                Cell(_step_words(osteotomy.step)),
                Cell(osteotomy.title),
                Cell(tr(tool.name) if tool else tr("{tool} (not in the library)", tool=osteotomy.tool)),
                Cell(f"{blade.kerf_mm:.1f}"),
                Cell(f"{blade.depth_mm:.1f} + {blade.overshoot_mm:.1f}"),
                Cell("; ".join(guard_words(g) for g in osteotomy.guards) or "–"),
            )
        )
    header = (tr("Step"), tr("Cut"), tr("Tool"), tr("Kerf mm"), tr("Depth + overshoot mm"), tr("Guards"))
    table = Table("steps", header, tuple(rows), (0.6, 2.2, 2.0, 0.8, 1.4, 2.6), frozenset({0, 3, 4}))
    return Section(tr("Steps in order"), (table, *_other_steps(case, evaluation)))


def _other_steps(case: Case, evaluation: Evaluation) -> tuple[Paragraph, ...]:
    words = [(mobilised.step, _mobilised_words(mobilised)) for mobilised in case.plan.mobilised]
    for release in case.plan.releases:
        meant = [link.title for link in evaluation.links if is_meant(link.id, release.link)]
        link = listed(meant) or release.link
        said = tr("Step {step}: release {link}", step=_step_words(release.step), link=link)
        words.append((release.step, said))
    words.sort(key=lambda step: math.inf if step[0] is None else step[0])
    return tuple(Paragraph(said) for _, said in words)


def _mobilised_words(mobilised: Mobilisation) -> str:
    return tr(
        "Step {step}: {structure} mobilised, {guard}, by {by}",
        step=_step_words(mobilised.step),
        structure=reference_words(mobilised.structure),
        guard=mobilised.guard or tr("no guard named"),
        by=mobilised.by or tr("nobody named"),
    )


def _step_words(step: int | None) -> str:
    return str(step) if step is not None else "–"


def _cuts(case: Case, pictures: tuple[Picture, ...]) -> tuple[Section, ...]:
    by_place: Mapping[str, list[Picture]] = {
        o.id: [p for p in pictures if p.place == o.id] for o in case.plan.osteotomies
    }
    sections = []
    for n, osteotomy in enumerate(_in_order(case)):
        shown = tuple(Figure(p.name, p.caption, p.png) for p in by_place[osteotomy.id])
        title = tr("Cut: {title}", title=osteotomy.title)
        sections.append(Section(title, (_geometry(osteotomy), *shown), new_page=n == 0, together=True))
    return tuple(sections)


def _geometry(osteotomy: Osteotomy) -> Facts:
    blade, angles = osteotomy.blade, angles_of(osteotomy.blade)
    x, y, z = blade.origin_lps_mm
    return Facts(
        (
            (tr("Entry (L, P, S)"), f"{x:.1f}, {y:.1f}, {z:.1f} mm"),
            (
                tr("Direction of the tool"),
                tr(
                    "axial {axial}°, rise {rise}°, roll {roll}° (0° axial is to the front, 90° to the "
                    "patient's left; rise is cranial)",
                    axial=f"{angles.axial_deg:.1f}",
                    rise=f"{angles.rise_deg:.1f}",
                    roll=f"{angles.roll_deg:.1f}",
                ),
            ),
            (
                tr("Blade"),
                tr(
                    "width {width}, depth {depth}, kerf {kerf}, overshoot {overshoot} mm",
                    width=f"{blade.width_mm:.1f}",
                    depth=f"{blade.depth_mm:.1f}",
                    kerf=f"{blade.kerf_mm:.1f}",
                    overshoot=f"{blade.overshoot_mm:.1f}",
                ),
            ),
        )
    )


def _specimen(evaluation: Evaluation) -> Section:
    note = Paragraph(
        tr(
            "Margins are distances by plan from the segmented tumour to the specimen's surface. The words "
            "wide and R0 belong to the pathologist."
        ),
        Tone.NOTE,
    )
    return Section(tr("Specimen margins"), (specimen_table(evaluation), note))


def _not_assessed(evaluation: Evaluation) -> Section:
    if not evaluation.not_assessed:
        return Section(tr("Not assessed"), (Paragraph(tr("Nothing was left unassessed.")),))
    head = tr("What is not assessed is not safe.")
    lines = (Paragraph(words, Tone.WARNING) for words in (head, *not_assessed_sentences(evaluation)))
    return Section(tr("Not assessed"), tuple(lines))


def _structures(case: Case) -> Section:
    anatomy = case.anatomy
    states = {
        ReviewState.DRAFT: tr("draft"),
        ReviewState.REVIEWED: tr("reviewed"),
        ReviewState.APPROVED: tr("approved"),
    }
    rows = tuple(
        (
            Cell(s.title),
            Cell(states[s.review.state] + (f", {s.review.by}" if s.review.by else "")),
            Cell(s.source or "–"),
            Cell(f"{anatomy.volume_mm3(s) / 1000:.1f}"),
        )
        for s in (anatomy.structures if anatomy else ())
        if anatomy
    )
    header = (tr("Structure"), tr("State"), tr("Source"), tr("Volume cm³"))
    table = Table("structures", header, rows, (2.2, 1.2, 2.6, 0.8), frozenset({3}))
    findings = tuple(
        Paragraph(f.message, Tone.WARNING if f.severity.value == "warn" else Tone.NOTE) for f in case.findings
    ) or (Paragraph(tr("The import found nothing to report.")),)
    return Section(tr("Structures and import findings"), (table, *findings))


def _limits(settings: Settings) -> Section:
    rows = tuple(
        (Cell(readable_key(p.key)), Cell(p.value), Cell(p.tag), Cell(tr(p.source)))
        for p in settings.limits.printed
    )
    tools = tuple(
        (
            Cell(tr(t.name)),
            Cell(f"{t.kerf_mm:.1f} ({t.kerf_range_mm[0]:.1f}–{t.kerf_range_mm[1]:.1f})"),
            Cell(f"{t.overshoot_mm:.1f}"),
            Cell(tr(t.source)),
        )
        for t in settings.tools.tools
    )
    note = Paragraph(
        tr(
            "No evidence-based millimetre limits exist for these clearances: the limits flag, the surgeon "
            "decides. D: design proposal; U: uncertain; K: well established; F: found in the source."
        ),
        Tone.NOTE,
    )
    return Section(
        tr("Limits, tools and their sources"),
        (
            note,
            Table("limits", (tr("Limit"), tr("Value"), tr("Tag"), tr("Source")), rows, (2.4, 0.7, 0.4, 4.0)),
            Table(
                "tools",
                (tr("Tool"), tr("Kerf mm (range)"), tr("Overshoot mm"), tr("Source")),
                tools,
                (1.8, 1.3, 1.0, 3.4),
                frozenset({1, 2}),
            ),
        ),
        new_page=True,
    )


def readable_key(key: str) -> str:
    """Return a key of the limits file in words that may break over lines."""
    return " · ".join(tr(part.replace("_", " ")) for part in key.split("."))


def _in_order(case: Case) -> list[Osteotomy]:
    return sorted(case.plan.osteotomies, key=lambda o: o.step if o.step is not None else 1000)
