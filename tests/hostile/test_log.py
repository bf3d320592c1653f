"""Nothing a hostile file holds reaches the log, whatever library trips over it."""

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from app import logs
from planning.errors import PlanningError
from planning.imaging.load import load_series
from planning.imaging.scan import scan
from planning.kernel.process import Worker
from tests.conftest import MarkerPatient
from tests.imaging import phantom

GRID = phantom.a_grid(np.eye(3), (3, 8, 8), (1.0, 1.0, 1.0))
# Where a name makes no sense, a parser warns and quotes it.
MISPLACED = (
    *("StudyDate", "PatientBirthDate", "SliceThickness", "InstanceNumber", "Rows", "RescaleSlope"),
    *("PixelSpacing", "SOPInstanceUID", "ImageOrientationPatient", "ImagePositionPatient", "Modality"),
)


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """A child that reads files."""
    worker = Worker()
    yield worker
    worker.close()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """The program's own log, the patient not known to it."""
    logs.start_logging(tmp_path / "log")
    yield tmp_path / "log" / "enbloc.log"
    logs.start_logging(None)
    logging.captureWarnings(capture=False)


def _with_value(data: bytes, keyword: str, value: bytes) -> bytes:
    """Return an explicit little endian file in which an element has another value."""
    tag = tag_for_keyword(keyword)
    assert tag is not None
    at = data.index((tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little"), 132)
    end = at + 8 + int.from_bytes(data[at + 6 : at + 8], "little")
    value += b" " * (len(value) % 2)
    return data[: at + 6] + len(value).to_bytes(2, "little") + value + data[end:]


@pytest.mark.parametrize("keyword", MISPLACED)
def test_a_name_in_a_wrong_place_stays_out_of_the_log(
    tmp_path: Path, worker: Worker, log: Path, marker_patient: MarkerPatient, keyword: str
) -> None:
    def change(dataset: Dataset, _: int) -> None:
        dataset.PatientName, dataset.PatientID = marker_patient.name, marker_patient.patient_id

    folder = phantom.write_series(tmp_path / marker_patient.patient_id, GRID, change)
    for file in folder.iterdir():
        file.write_bytes(_with_value(file.read_bytes(), keyword, marker_patient.name.encode()))
    own = logging.getLogger("app.flows")
    try:
        for summary in scan(folder, worker=worker).series:
            load_series(summary, worker=worker)
    except PlanningError as error:
        own.warning("refused %s", error.code)
    own.warning("end")
    text = log.read_text("utf-8")
    assert "end" in text
    assert marker_patient.found_in(text) == []
    assert str(tmp_path) not in text
