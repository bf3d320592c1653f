"""The report as one self-contained HTML page: no scripts, no outside addresses, everything escaped."""

from base64 import b64encode
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from planning.report.content import Report
from planning.report.photographs import jpeg_of
from planning.report.words import SHAPES, signature_header, status_words
from planning.texts import literal


def html_of(report: Report, template_folder: Path, language: str = "en") -> str:
    """Return the page; `template_folder` holds ``report.html.j2``."""
    environment = Environment(
        loader=FileSystemLoader(template_folder),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: literal(value) if type(value) is str else value,
    )
    return environment.get_template("report.html.j2").render(
        report=report,
        language=language.replace("_", "-"),
        words=status_words(),
        shapes={status.value: shape for status, shape in SHAPES.items()},
        signature_header=signature_header(),
        kind=lambda block: type(block).__name__,
        base64=lambda png: b64encode(jpeg_of(png)).decode("ascii"),
    )
