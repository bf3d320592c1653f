"""Write a case's report: PDF, HTML, pictures, tables, plan and evaluation, only from current results."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from app.errands.evaluation import Assessed, assess
from app.errands.pictures import report_pictures
from app.errands.put_files import check_folder, put_files
from app.errands.workbench import Workbench
from app.program import NOT_A_DEVICE, PROGRAM, RESOURCES
from planning.errors import ExportRefused
from planning.model.case import Case
from planning.model.plan_json import plan_to_json
from planning.progress import Progress, part, silent
from planning.report.html import html_of
from planning.report.identity import Identity, disclosed, patient_line
from planning.report.pdf import Paper, pdf_of
from planning.report.sections import Choices, report_of
from planning.report.tables import csv_of
from planning.safety.evaluation import evaluate
from planning.safety.evaluation_json import evaluation_to_json
from planning.safety.results import Evaluation, current
from planning.texts import ENGLISH, english, mark, spoken, tr


def write_report(
    case: Case,
    folder: Path,
    bench: Workbench,
    progress: Progress,
    identity: Identity = Identity.NONE,
    paper: Paper = Paper.A4,
    approval: str = "",
) -> Path:
    """Write everything into `folder` and return it.

    All of it is made before the first file is written, so a refusal leaves nothing half done. `approval`
    says in words who approved the plan. Pages, pictures and tables are in the language spoken; what
    programs read stays English.

    Raises
    ------
    ExportRefused
        Where something is not current, a page cannot be set or the disk refuses.
    """
    check_folder(folder)
    assessed = assess(case, bench, part(progress, 0.0, 0.5))
    evaluation = current(assessed.evaluation, case, bench.settings)
    if evaluation is None:
        raise ExportRefused("NOT_CURRENT", mark("The evaluation is not current; nothing was written."))
    patient = patient_line(case.patient, identity, case.id)
    shown = disclosed(case, identity)
    pictures = report_pictures(replace(assessed, case=shown), bench, patient, part(progress, 0.5, 0.85))
    printed_at = f"{datetime.now().astimezone():%Y-%m-%d %H:%M %Z}"
    choices = Choices(identity, PROGRAM, printed_at, tr(NOT_A_DEVICE), approval)
    report = report_of(shown, evaluation, bench.settings, pictures, choices)
    progress(0.85, tr("Setting the pages"))
    templates = RESOURCES / "report"
    files: dict[str, bytes] = {
        "report.pdf": pdf_of(report, templates, RESOURCES / "fonts", paper, spoken()),
        "report.html": html_of(report, templates, spoken()).encode(),
        "plan.json": _json(plan_to_json(case.plan)),
        "evaluation.json": _json(evaluation_to_json(_in_english(assessed, evaluation, bench))),
        **{f"pictures/{p.name}.png": p.png for p in pictures},
        # The mark at the start makes spreadsheets read UTF-8.
        **{f"tables/{t.name}.csv": ("\ufeff" + csv_of(t)).encode() for t in report.tables},
    }
    progress(0.95, tr("Writing"))
    put_files(folder, files)
    return folder


def _in_english(assessed: Assessed, evaluation: Evaluation, bench: Workbench) -> Evaluation:
    """Return the evaluation with its sentences in English: the file must not change with the reader."""
    if spoken() == ENGLISH:
        return evaluation
    with english():
        again = evaluate(
            assessed.case, bench.settings, silent, assessed.surfaces, assessed.fields, bench.worker
        )
        return current(again, assessed.case, bench.settings) or again


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False).encode()
