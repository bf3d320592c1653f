import locale
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from planning.editing.osteotomy_edits import MoveBlade
from planning.errors import ExportRefused
from planning.model.anatomy import LevelConfirmation
from planning.model.case import Diagnosis
from planning.model.plan import Mobilisation, Release
from planning.model.settings import load_settings
from planning.model.study import Patient
from planning.progress import silent
from planning.report.content import Facts, Lines, Paragraph
from planning.report.identity import Identity, patient_line
from planning.report.measurements import number
from planning.report.sections import Choices, report_of
from planning.report.tables import csv_of
from planning.safety.evaluation import evaluate
from planning.safety.results import Status
from tests.builders import a_case, a_full_plan

SETTINGS = load_settings(Path(__file__).parents[2] / "resources")
CHOICES = Choices(Identity.NONE, "enbloc 0.1.0", "2026-11-23 10:00", "Research use. Not a medical device.")


@pytest.fixture(scope="module")
def case():
    return a_case()


@pytest.fixture(scope="module")
def evaluation(case):
    return evaluate(case, SETTINGS, silent)


@pytest.fixture(scope="module")
def report(case, evaluation):
    return report_of(case, evaluation, SETTINGS, (), CHOICES)


def table(report, name):
    return next(t for t in report.tables if t.name == name)


def test_a_case_without_biopsy_and_level_count_says_so_on_every_page(case, evaluation, report):
    assert {"HISTOLOGY UNPROVEN", "LEVEL COUNT NOT CONFIRMED"} <= set(report.stamps)


def test_what_is_known_takes_the_stamps_away(case):
    from datetime import UTC, datetime

    confirmed = LevelConfirmation("A. Surgeon", datetime(2026, 11, 23, tzinfo=UTC), "counted from C2")
    known = replace(
        case,
        diagnosis=Diagnosis("metastasis", "breast", "proven by biopsy"),
        anatomy=replace(case.anatomy, levels_confirmed=confirmed),
    )
    stamps = report_of(known, evaluate(known, SETTINGS, silent), SETTINGS, (), CHOICES).stamps
    assert "HISTOLOGY UNPROVEN" not in stamps
    assert "LEVEL COUNT NOT CONFIRMED" not in stamps


def test_an_evaluation_of_another_plan_is_refused(case, evaluation):
    moved = case.plan.osteotomies[0]
    plan = replace(case.plan, osteotomies=(replace(moved, step=7), *case.plan.osteotomies[1:]))
    with pytest.raises(ExportRefused):
        report_of(case.with_plan(plan), evaluation, SETTINGS, (), CHOICES)


def test_every_clearance_of_the_evaluation_stands_in_the_csv(case, evaluation, report):
    rows = table(report, "clearances").rows
    assert len(rows) == len(evaluation.clearances)
    for row, clearance in zip(rows, evaluation.clearances, strict=True):
        shown = "–" if clearance.value_mm is None else f"{clearance.value_mm:.1f}".replace("-", "−")
        assert row[2].text == shown
        assert row[-1].status is clearance.status


def test_the_printed_part_leaves_out_nothing_that_fails_or_is_near(case, evaluation, report):
    printed = {
        (row[0].text, row[1].text)
        for section in report.sections
        for block in section.blocks
        if getattr(block, "name", "") == "clearances"
        for row in block.rows
    }
    titles = {o.id: o.title for o in case.plan.osteotomies}
    names = {s.id: s.title for s in case.anatomy.structures}
    for c in evaluation.clearances:
        if c.status in (Status.FAIL, Status.NOT_ASSESSED) or (c.value_mm or 0.0) < 20.0:
            assert any(titles[c.osteotomy] == cut and names[c.structure_id] in what for cut, what in printed)


def test_steps_stand_in_order_with_tool_kerf_and_depth(case, report):
    rows = table(report, "steps").rows
    steps = [int(row[0].text) for row in rows if row[0].text != "–"]
    assert steps == sorted(steps)
    by_title = {row[1].text: row for row in rows}
    for osteotomy in case.plan.osteotomies:
        row = by_title[osteotomy.title]
        assert row[3].text == f"{osteotomy.blade.kerf_mm:.1f}"
        assert row[4].text.startswith(f"{osteotomy.blade.depth_mm:.1f} + ")


def test_a_cuts_page_says_the_depth_of_the_steps_table_for_an_outlined_blade_too(case, evaluation):
    first = case.plan.osteotomies[0]
    half = first.blade.width_mm / 2
    outline = ((-half, 4.0), (half, 4.0), (half, first.blade.depth_mm), (-half, first.blade.depth_mm))
    other = MoveBlade(first.id, replace(first.blade, footprint_mm=outline), first.title).apply(case)
    printed = report_of(other, evaluate(other, SETTINGS, silent), SETTINGS, (), CHOICES)
    (page,) = (s for s in printed.sections if s.title == f"Cut: {first.title}")
    facts = next(block for block in page.blocks if isinstance(block, Facts))
    assert f"depth {first.blade.depth_mm:.1f}," in dict(facts.rows)["Blade"]


@pytest.mark.parametrize(
    "value_mm, printed",
    [
        (None, "–"),
        (-0.04, "−0.04"),
        (0.04, "0.04"),
        (-0.001, "0.00"),
        (-0.05, "−0.1"),
        (1.26, "1.3"),
        (0.0, "0.00"),
    ],
)
def test_a_trace_keeps_its_sign_and_nothing_reads_as_minus_zero(value_mm, printed):
    assert number(value_mm) == printed


def test_a_structure_has_the_volume_of_its_voxels(case, report):
    anatomy = case.anatomy
    printed = {row[0].text: row[3].text for row in table(report, "structures").rows}
    voxel_mm3 = abs(np.linalg.det(anatomy.grid.lps_from_ijk[:3, :3]))
    for structure in anatomy.structures:
        mm3 = np.count_nonzero(structure.mask.to_array()) * voxel_mm3
        assert printed[structure.title] == f"{mm3 / 1000:.1f}"


def test_all_other_steps_stand_in_order_too():
    plan = a_full_plan()
    early = Mobilisation("aorta", "malleable retractor", 3, "vascular surgeon")
    late = (Mobilisation("azygos", "", None), replace(early, step=8), early)
    case = a_case(plan=replace(plan, mobilised=late, releases=(Release("disc_t9_t10", 5),)))
    printed = report_of(case, evaluate(case, SETTINGS, silent), SETTINGS, (), CHOICES)
    (steps,) = (s for s in printed.sections if s.title == "Steps in order")
    said = [block.text.split(":")[0] for block in steps.blocks if isinstance(block, Paragraph)]
    assert said == ["Step 3", "Step 5", "Step 8", "Step –"]


def test_the_board_is_printed_worst_first(report):
    lines = next(b for s in report.sections for b in s.blocks if isinstance(b, Lines)).lines
    order = [Status.FAIL, Status.NOT_ASSESSED, Status.WARN, Status.PASS]
    ranks = [order.index(status) for status, _, _ in lines]
    assert ranks == sorted(ranks)


def test_every_limit_is_printed_with_its_source(report):
    rows = table(report, "limits").rows
    assert len(rows) == len(SETTINGS.limits.printed)
    assert all(row[3].text for row in rows)


def test_identity_is_the_users_choice():
    patient = Patient("Muster^Anna^Maria", "PID-771", "19610203", "F")
    assert patient_line(patient, Identity.FULL, "c") == "Muster, Anna Maria · PID-771 · 1961-02-03 · F"
    for choice, start in ((Identity.INITIALS, "M.A.M. · case "), (Identity.NONE, "Case ")):
        line = patient_line(patient, choice, "c")
        assert line.startswith(start)
        assert not {"Muster", "PID-771", "1961"} & set(line.replace("-", " ").split())


def test_the_locale_changes_no_number(report, monkeypatch):
    before = [csv_of(t) for t in report.tables]
    comma = {**locale.localeconv(), "decimal_point": ",", "thousands_sep": "."}
    monkeypatch.setattr(locale, "localeconv", lambda: comma)
    assert [csv_of(t) for t in report.tables] == before
    assert "." in table(report, "steps").rows[0][3].text
