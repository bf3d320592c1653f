import csv
import io
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from planning.report.content import (
    Cell,
    Facts,
    Figure,
    Lines,
    Paragraph,
    Report,
    Section,
    SignatureLines,
    Table,
    Tone,
)
from planning.report.html import html_of
from planning.report.pdf import Paper, pdf_of
from planning.report.tables import csv_of
from planning.safety.results import Status

RESOURCES = Path(__file__).parents[2] / "resources"
HOSTILE = '<script>alert(1)</script> #panic("x") \u202egnp.exe {{ 7*7 }} $x$ *b* "quoted" 张伟'


def a_png():
    import struct
    import zlib

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pixels = np.zeros((20, 61), dtype=np.uint8)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 20, 20, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(pixels.tobytes()))
    return b"\x89PNG\r\n\x1a\n" + head + body + chunk(b"IEND", b"")


def a_report(words=HOSTILE):
    rows = ((Cell("Left T11 pedicle"), Cell("−2.1"), Cell("enters the canal", Status.FAIL)),)
    table = Table("clearances", ("Cut", "Clearance mm", "Status"), rows, (2, 1, 2), frozenset({1}))
    blocks = (
        Facts((("Patient", words), ("Digest", "sha256:" + "a" * 64))),
        Paragraph(words, Tone.WARNING),
        Lines(((Status.FAIL, words, "Accepted by A. Surgeon: " + words), (Status.PASS, "fine", ""))),
        table,
        Figure("axial", words, a_png()),
        SignatureLines((("Radiologist", "level count", "", ""),)),
    )
    return Report(
        title="Resection plan: A",
        subtitle="T10, T11",
        stamps=("INTRALESIONAL", "SIMULATED STRUCTURES"),
        running_head=words,
        running_foot="enbloc 0.1.0 · digest aaaaaaaaaaaa · Research use. Not a medical device.",
        status=Status.FAIL,
        verdict="Some results fail.",
        sections=(Section("First", blocks), Section("Second", (Paragraph("more"),), new_page=True)),
    )


def test_html_shows_hostile_text_literally_and_runs_nothing():
    page = html_of(a_report(), RESOURCES / "report")
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{ 7*7 }}" in page
    assert "&lt;U+202E&gt;gnp.exe" in page
    assert "default-src &#39;none&#39;" not in page
    assert "default-src 'none'" in page
    assert "http" not in re.sub(r"http-equiv", "", page)


def test_html_says_status_in_shape_and_word_and_stamps_the_page():
    page = html_of(a_report(), RESOURCES / "report")
    assert "■ fail" in page
    assert page.count("INTRALESIONAL") == 1
    assert 'src="data:image/jpeg;base64,' in page


@pytest.fixture(scope="module")
def pdf(tmp_path_factory):
    path = tmp_path_factory.mktemp("pdf") / "report.pdf"
    path.write_bytes(pdf_of(a_report(), RESOURCES / "report", RESOURCES / "fonts"))
    return path


def text_of(path):
    tool = shutil.which("pdftotext")
    assert tool, "poppler-utils is a system package the tests need"
    return subprocess.run([tool, "-layout", path, "-"], capture_output=True, check=True, text=True).stdout


def test_pdf_holds_every_word_literally_in_latin_and_chinese(pdf):
    text = text_of(pdf)
    assert "张伟" in text
    assert '#panic("x")' in text
    assert "<U+202E>gnp.exe" in text
    assert "<script>" in text
    assert "−2.1" in text


def test_pdf_stamps_every_page(pdf):
    pages = text_of(pdf).split("\f")[:-1]
    assert len(pages) >= 2
    for page in pages:
        assert "INTRALESIONAL" in page
        assert "SIMULATED STRUCTURES" in page
        assert "Not a medical device" in page
        assert "digest aaaaaaaaaaaa" in page


@pytest.mark.parametrize("paper, size", [(Paper.A4, "595.276 x 841.89"), (Paper.LETTER, "612 x 792")])
def test_pdf_has_the_chosen_paper(tmp_path, paper, size):
    path = tmp_path / "r.pdf"
    path.write_bytes(pdf_of(a_report("x"), RESOURCES / "report", RESOURCES / "fonts", paper))
    info = subprocess.run(["pdfinfo", path], capture_output=True, check=True, text=True).stdout
    assert size in info
    assert re.search(r"Tagged:\s+yes", info)


def test_csv_keeps_numbers_and_disarms_formulas():
    rows = ((Cell("=cmd()"), Cell("−2.1"), Cell("", Status.WARN)),)
    table = Table("t", ("Cut", "mm", "Status"), rows, (1, 1, 1))
    read = list(csv.reader(io.StringIO(csv_of(table))))
    assert read == [["Cut", "mm", "Status"], ["'=cmd()", "-2.1", "warning"]]
