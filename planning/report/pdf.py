"""The report as PDF, set by Typst from the same content as the HTML."""

import json
import os
import tempfile
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Any

import typst

from planning.errors import ExportRefused
from planning.report.content import Block, Figure, Lines, Report, Table
from planning.report.photographs import jpeg_of
from planning.report.words import signature_header, status_words
from planning.texts import literal, mark


class Paper(StrEnum):
    """Sizes the report is set for."""

    A4 = "a4"
    LETTER = "letter"


def pdf_of(
    report: Report, template_folder: Path, font_folder: Path, paper: Paper = Paper.A4, language: str = "en"
) -> bytes:
    """Return the PDF, with bookmarks and tags.

    Parameters
    ----------
    report : Report
    template_folder : Path
        Holds ``report.typ``.
    font_folder : Path
        Holds the one font; fonts of the machine are not used, so a page looks the same everywhere.
    paper : Paper
    language : str

    Raises
    ------
    ExportRefused
        If the page cannot be set.
    """
    with tempfile.TemporaryDirectory(prefix=f"enbloc-report-{os.getpid()}-") as name:
        folder = Path(name)
        (folder / "pictures").mkdir()
        for n, figure in enumerate(report.figures):
            (folder / "pictures" / f"{n}.jpg").write_bytes(jpeg_of(figure.png))
        data = _literal(_as_json(report, paper, language))
        (folder / "report.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        (folder / "report.typ").write_bytes((template_folder / "report.typ").read_bytes())
        try:
            return bytes(
                typst.compile(
                    folder / "report.typ",
                    root=folder,
                    font_paths=[font_folder],
                    ignore_system_fonts=True,
                    format="pdf",
                )
            )
        except (RuntimeError, typst.TypstError) as error:
            raise ExportRefused(
                "PDF_FAILED", mark("The PDF could not be set. The HTML report holds the same content.")
            ) from error


def _as_json(report: Report, paper: Paper, language: str) -> dict[str, Any]:
    files = {id(figure): f"{n}.jpg" for n, figure in enumerate(report.figures)}
    return {
        "title": report.title,
        "subtitle": report.subtitle,
        "stamps": report.stamps,
        "running_head": report.running_head,
        "running_foot": report.running_foot,
        "program": report.running_foot.split(" · ")[0],
        "status": report.status.value,
        "verdict": report.verdict,
        "words": status_words(),
        "signature_header": signature_header(),
        "paper": "us-letter" if paper is Paper.LETTER else "a4",
        "language": language.split("_", maxsplit=1)[0],
        "sections": [
            {
                "title": section.title,
                "new_page": section.new_page,
                "together": section.together,
                "blocks": [_block(block, files) for block in section.blocks],
            }
            for section in report.sections
        ],
    }


def _block(block: Block, files: dict[int, str]) -> dict[str, Any]:
    kind = type(block).__name__
    if isinstance(block, Figure):
        return {"type": kind, "file": files[id(block)], "caption": block.caption, "wide": block.wide}
    if isinstance(block, Lines):
        lines = [{"status": s.value, "sentence": w, "accepted": a} for s, w, a in block.lines]
        return {"type": kind, "lines": lines}
    if isinstance(block, Table):
        return {"type": kind, **asdict(block), "numbers": sorted(block.numbers)}
    return {"type": kind, **asdict(block)}


def _literal(value: Any) -> Any:
    """Make control and direction characters visible in every string."""
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, dict):
        return {key: _literal(inner) for key, inner in value.items()}
    return [_literal(inner) for inner in value] if isinstance(value, list | tuple) else value
