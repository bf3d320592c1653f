import logging
import warnings

import pytest

from app import logs

MARKER = "ZQXPHI"


@pytest.fixture
def log_file(tmp_path):
    logs.start_logging(tmp_path)
    logs.know_patient(f"{MARKER}^Anna^Maria", "PID-771234", "19610203")
    yield tmp_path / "enbloc.log"
    logs.know_patient()
    logs.start_logging(None)
    logging.captureWarnings(capture=False)


def test_a_librarys_text_is_withheld_whatever_it_says(log_file):
    logging.getLogger("pydicom").warning("Invalid value for VR DA: '%s'", "somebody's birthday")
    text = log_file.read_text()
    assert "birthday" not in text
    assert "pydicom" in text
    assert "withheld" in text


def test_a_warning_never_reaches_the_log_with_its_text(log_file):
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        logging.captureWarnings(capture=True)
        warnings.warn(f"bad name {MARKER}", UserWarning, stacklevel=1)
    assert MARKER not in log_file.read_text()


@pytest.mark.parametrize(
    "words", [f"opened {MARKER}", "opened zqxphi", "id PID-771234", "born 19610203", "Maria is here"]
)
def test_our_own_text_loses_the_patient_at_hand(log_file, words):
    logging.getLogger("app.session").info("note: %s", words)
    text = log_file.read_text()
    assert "note:" in text
    assert "[...]" in text
    assert words.split()[-1] not in text or words.endswith("here")
    for part in (MARKER, MARKER.lower(), "PID-771234", "19610203", "Maria"):
        assert part not in text


@pytest.mark.logs_errors
def test_a_traceback_says_type_and_place_but_not_the_message(log_file):
    try:
        raise ValueError(f"patient {MARKER} in /home/surgeon/{MARKER}/scan.dcm")
    except ValueError as error:
        logs.log_unexpected(type(error), error, error.__traceback__)
    text = log_file.read_text()
    assert "ValueError" in text
    assert "test_logs.py" in text
    assert MARKER not in text
    assert "/home" not in text


def test_folders_are_cut_from_our_own_text(log_file):
    logging.getLogger("app").info("read %s", "/data/Smith_John_1950/series 3/a.dcm")
    assert "Smith" not in log_file.read_text()
