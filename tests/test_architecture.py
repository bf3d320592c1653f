"""The rules of the house that no linter knows, and the layers as a test."""

import ast
import contextlib
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("app", "widgets", "rendering", "planning")
LONGEST = 400
# Files that may be longer, each with its reason.
LONG_FOR_A_REASON: dict[str, str] = {}
SAY_NOTHING = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "base", "misc", "core"}


def _files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


OWN = [ROOT / "main.py", ROOT / "set_up.py", *_files(*PACKAGES)]
ALL = [*OWN, *_files("tests")]


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_a_file_is_one_idea() -> None:
    long = {_name(path): _lines(path) for path in ALL if _lines(path) > LONGEST}
    assert {name: lines for name, lines in long.items() if name not in LONG_FOR_A_REASON} == {}


def test_exceptions_to_length_are_still_needed() -> None:
    lengths = {
        name: len((ROOT / name).read_text(encoding="utf-8").splitlines()) for name in LONG_FOR_A_REASON
    }
    assert [name for name, lines in lengths.items() if lines <= LONGEST] == []


def test_main_is_tiny() -> None:
    assert _lines(ROOT / "main.py") < 40


def test_module_names_say_what_is_inside() -> None:
    empty = [_name(path) for path in ALL if {path.stem, path.parent.name} & SAY_NOTHING]
    assert empty == []


def test_modules_have_a_docstring() -> None:
    mute = [_name(path) for path in OWN if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert mute == []


def test_packages_hold_only_a_docstring() -> None:
    busy = [
        _name(path)
        for path in _files(*PACKAGES)
        if path.name == "__init__.py" and len(ast.parse(path.read_text(encoding="utf-8")).body) != 1
    ]
    assert busy == []


def test_nothing_is_left_to_do_in_a_comment() -> None:
    marker = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
    found = [
        f"{_name(path)}:{number}"
        for path in ALL
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if marker.search(line)
    ]
    assert found == []


def _locked(lock: str) -> set[str]:
    text = (ROOT / lock).read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z0-9][\w.-]*)==", text, re.MULTILINE))


def test_lock_files_name_no_address() -> None:
    for lock in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / lock).read_text(encoding="utf-8")
        assert not re.search(r"://|--index|--find-links|--extra", text), lock


def test_development_lock_holds_what_the_program_runs_on() -> None:
    assert _locked("requirements.lock") <= _locked("requirements-dev.lock")


def test_notices_name_every_package_that_ships() -> None:
    notices = (ROOT / "THIRD_PARTY_NOTICES.md").read_text(encoding="utf-8").split("## To check")[0]
    assert set(re.findall(r"^\| ([a-z0-9-]+) \|", notices, re.MULTILINE)) - {"package"} == _locked(
        "requirements.lock"
    )


def test_nothing_that_ships_is_under_gpl_alone() -> None:
    bound = []
    for name in sorted(_locked("requirements.lock")):
        with contextlib.suppress(PackageNotFoundError):  # locked for another system
            stated = metadata(name)
            terms = [*stated.get_all("License-Expression", []), *stated.get_all("Classifier", [])]
            free = [
                term for term in terms if re.search(r"LGPL|Lesser|MIT|BSD|Apache|PSF|Python Software", term)
            ]
            bound += [name for term in terms if re.search(r"GPL|GNU", term) and not free]
    assert bound == []


def test_layers() -> None:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as c; c()",
        "--no-logo",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["evaluate", "nowhere.enbloc"]])
def test_commands_load_no_qt(arguments: list[str]) -> None:
    program = (
        "import sys\n"
        "from main import main\n"
        "try:\n"
        "    main(sys.argv[1:])\n"
        "except SystemExit:\n"
        "    pass\n"
        "sys.exit(any(name.split('.')[0] in {'PySide6', 'shiboken6', 'pyqtgraph'} for name in sys.modules))\n"
    )
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
