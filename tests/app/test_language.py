"""The language of window, command line and report: chosen, remembered, spoken whole; numbers never change."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTranslator
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QWidget

from app import language_choice
from app.language import LANGUAGES, OPTION, SYSTEM, chosen, start_speaking, wished
from app.language_choice import LanguageChoice, speak_at_start
from app.program import RESOURCES
from app.session import SessionView
from app.settings import Preferences
from planning.model.case import Case
from planning.model.settings import load_settings
from planning.model.structures import StructureKind
from planning.progress import silent
from planning.report.html import html_of
from planning.report.identity import Identity
from planning.report.pdf import pdf_of
from planning.report.sections import Choices, report_of
from planning.safety.board import board
from planning.safety.evaluation import evaluate
from planning.safety.evaluation_json import evaluation_to_json
from planning.safety.results import Evaluation
from planning.safety.spoken_names import spoken_names
from planning.storage.case_file import CaseFile
from planning.texts import ENGLISH, english, spoken
from tests.app.outside import CommandLine
from tests.shown_words import english_left, pseudo

SETTINGS = load_settings(RESOURCES)
CHOICES = Choices(Identity.NONE, "enbloc 0.1.0", "2026-11-23 10:00", "")
HAN = re.compile("[\u4e00-\u9fff]")


@pytest.fixture(autouse=True)
def _english_again(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("ENBLOC_LANGUAGE", raising=False)
    yield
    start_speaking(ENGLISH)


@pytest.mark.parametrize(
    "wish, computer, code",
    [
        ("zh_CN", (), "zh_CN"),
        ("en", ("zh-Hans-CN",), "en"),
        (SYSTEM, ("zh-Hans-CN", "en-GB"), "zh_CN"),
        ("", ("zh_CN.UTF-8",), "zh_CN"),
        (SYSTEM, ("zh-Hant-TW", "en"), "en"),
        (SYSTEM, ("de-DE", "zh-CN"), "zh_CN"),
        (SYSTEM, ("C",), "en"),
        ("tlh", (), "en"),
    ],
)
def test_a_wish_or_the_computer_chooses(wish: str, computer: tuple[str, ...], code: str) -> None:
    assert chosen(wish, computer) == code


def test_the_command_line_is_asked_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert wished(["--demo"]) == ""
    assert wished([OPTION, "zh_CN"]) == wished([f"{OPTION}=zh_CN", "--demo"]) == "zh_CN"
    assert wished([OPTION, "latin"]) == ""
    monkeypatch.setenv("ENBLOC_LANGUAGE", "zh_CN")
    assert wished([]) == "zh_CN"
    assert wished([OPTION, "en"]) == "en"


@pytest.mark.gui
def test_qt_speaks_the_language_too(qapp: QApplication) -> None:
    assert speak_at_start(qapp, "zh_CN") == spoken() == "zh_CN"
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
    words = [button.text() for button in buttons.buttons()]
    for translator in qapp.findChildren(QTranslator):
        qapp.removeTranslator(translator)
        translator.deleteLater()
    buttons.deleteLater()
    assert all(HAN.search(text) for text in words), words


class _Shown:
    def __init__(self, path: Path | None, case: Case | None = None) -> None:
        self.view = SessionView(case=case, path=path)


@pytest.mark.gui
def test_another_language_is_remembered_and_offers_to_start_again(
    qtbot, tmp_path: Path, small_case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    begun: list[list[str]] = []

    def answer(_parent: object, _title: str, words: str, _choices: object) -> str:
        asked.append(words)
        return "now"

    monkeypatch.setattr(language_choice, "ask", answer)
    window, preferences = QWidget(), Preferences(tmp_path / "window.ini")
    qtbot.addWidget(window)
    choice = LanguageChoice(window, _Shown(tmp_path / "a.enbloc"), preferences, begun.append)  # type: ignore[arg-type]
    actions = {action.objectName(): action for action in choice.menu.actions()}
    assert [a.text() for a in actions.values()][1:] == list(LANGUAGES.values())
    assert actions["language-system"].isChecked()
    actions["language-en"].trigger()  # spoken already: nothing to ask
    assert (preferences.language, asked, begun) == ("en", [], [])
    actions["language-zh_CN"].trigger()
    assert Preferences(tmp_path / "window.ini").language == "zh_CN"
    assert len(asked) == 1
    assert begun == [[OPTION, "zh_CN", str(tmp_path / "a.enbloc")]]
    assert "opened again then" in asked[0]
    for case, said in ((small_case, "only if you save it first"), (None, "starts again.")):
        shown = _Shown(None, case)
        LanguageChoice(window, shown, preferences, begun.append).choose("zh_CN")  # type: ignore[arg-type]
        assert said in asked[-1]
        assert "An open case" not in asked[-1]
        assert begun[-1] == [OPTION, "zh_CN"]


@pytest.fixture(scope="module")
def chinese(small_case: Case) -> Evaluation:
    """The small case, evaluated while Chinese is spoken."""
    start_speaking("zh_CN")
    return evaluate(small_case, SETTINGS, silent)


def test_a_verdict_is_the_same_in_every_language(small_case: Case, chinese: Evaluation) -> None:
    """Statuses, numbers and digests; and the file that programs read is English."""
    start_speaking("zh_CN")
    with english():
        plain = evaluate(small_case, SETTINGS, silent)
    assert spoken() == "zh_CN"
    assert chinese.inputs.digest == plain.inputs.digest
    assert [(c.status, c.value_mm, c.reason) for c in chinese.clearances] == [
        (c.status, c.value_mm, c.reason) for c in plain.clearances
    ]
    assert [p.key for p in chinese.problems] == [p.key for p in plain.problems]
    assert [(m.status, m.value_mm) for m in chinese.specimen_margins] == [
        (m.status, m.value_mm) for m in plain.specimen_margins
    ]
    assert not HAN.search(json.dumps(evaluation_to_json(plain), ensure_ascii=False))
    lines = [line.sentence for line in board(chinese, small_case)]
    assert lines
    assert all(HAN.search(line) for line in lines)


def test_a_guard_protects_under_its_name_in_either_language() -> None:
    assert {"aorta", "主动脉"} <= set(spoken_names(StructureKind.AORTA))
    for kind in StructureKind:
        assert any(HAN.search(name) for name in spoken_names(kind)), kind
    start_speaking("zh_CN")
    assert spoken_names(StructureKind.SPINAL_CANAL)[:3] == ("spinal_canal", "spinal canal", "canal")


def test_commands_speak_and_json_stays_english(
    command: CommandLine, small_case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "small.enbloc"
    CaseFile.create(place, small_case).close()
    monkeypatch.setenv("ENBLOC_LANGUAGE", "zh_CN")
    read = command("evaluate", place, "--json")
    assert not HAN.search(json.dumps(read.evaluation, ensure_ascii=False))
    refused = command("evaluate", tmp_path / "none.enbloc")
    assert (refused.status, bool(HAN.search(refused.err))) == (2, True)
    english_again = command("evaluate", tmp_path / "none.enbloc", OPTION, "en")
    assert not HAN.search(english_again.err)


def test_the_report_is_whole_in_another_language(small_case: Case) -> None:
    """Every sentence, header and source of the report; what is left in Latin letters comes from the case."""
    with pseudo():
        evaluation = evaluate(small_case, SETTINGS, silent)
        report = report_of(small_case, evaluation, SETTINGS, (), CHOICES)
        page = html_of(report, RESOURCES / "report", "xx")
        lines = [line.sentence for line in board(evaluation, small_case)]
    body = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    data = {t for o in small_case.plan.osteotomies for t in (o.title, *o.guards)}
    assert small_case.plan.releases
    data |= {small_case.plan.name, "lesion 1", "case-1"}
    data |= {b for o in small_case.plan.mobilised for b in (o.guard or "", o.by or "")}
    assert english_left(lines, data) == []
    assert english_left(re.findall(r">([^<>]+)<", body), data) == []


def test_the_pdf_is_set_in_chinese(small_case: Case, chinese: Evaluation) -> None:
    start_speaking("zh_CN")
    report = report_of(small_case, chinese, SETTINGS, (), CHOICES)
    page = pdf_of(report, RESOURCES / "report", RESOURCES / "fonts", language=spoken())
    assert re.search(rb"/Lang\s*\(zh", page)
    for title in ("病例与图像", "标本切缘"):  # bookmarks
        assert title.encode("utf-16-be").hex().upper().encode() in page
    assert '<html lang="zh-CN">' in html_of(report, RESOURCES / "report", spoken())
