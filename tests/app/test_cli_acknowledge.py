"""Findings acknowledged on the command line: by code and name, kept in the case, for that image alone."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from planning.editing.image_edits import AcknowledgeFinding
from planning.model.case import Acceptance, Case
from planning.model.settings import load_settings
from planning.model.stamp import Inputs, inputs_of, is_current
from planning.model.study import Finding, Severity
from planning.storage.case_file import open_case
from tests.app.outside import ROOT, CommandLine
from tests.builders import a_case, a_plan, a_vertebral_column
from tests.imaging import phantom


@dataclass(frozen=True)
class Computed:
    """Anything computed from a case."""

    inputs: Inputs


SETTINGS = load_settings(ROOT / "resources")
LEVELS = ("T9", "T10", "T11")
AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def with_gap(tmp_path: Path) -> Path:
    """A series with a slice missing."""
    folder = phantom.write_series(tmp_path / "ct", phantom.a_grid(np.eye(3), (12, 9, 10)))
    (folder / "IM994").unlink()
    return folder


def test_a_gap_is_acknowledged_by_code_and_name(with_gap: Path, tmp_path: Path, command: CommandLine) -> None:
    out = tmp_path / "silent.enbloc"
    ran = command("import", with_gap, "--out", out)
    assert ran.status == 0
    assert "No number is given before a person has read this: --acknowledge GAP --by NAME" in ran.out
    assert [f.code for f in open_case(out).unacknowledged] == ["GAP"]
    out = tmp_path / "read.enbloc"
    ran = command(
        "import", with_gap, "--acknowledge", "GAP", "--by", "Dr. Q", "--out", out
    )  # fmt: skip
    assert ran.status == 0
    assert "--acknowledge" not in ran.out
    case = open_case(out)
    assert case.unacknowledged == ()
    assert case.image is not None
    assert [(a.image_id, a.code, a.by) for a in case.acknowledgements] == [(case.image.id, "GAP", "Dr. Q")]
    assert abs((case.acknowledgements[0].at - datetime.now(UTC)).total_seconds()) < 600


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("--acknowledge", "GAP"), "--acknowledge and --by belong together"),
        (("--by", "Dr. Q"), "--acknowledge and --by belong together"),
        (("--acknowledge", "GANTRY", "--by", "Dr. Q"), "The import found no GANTRY"),
    ],
)
def test_what_cannot_be_acknowledged_writes_nothing(
    arguments: tuple[str, ...], words: str, with_gap: Path, tmp_path: Path, command: CommandLine
) -> None:
    out = tmp_path / "case.enbloc"
    ran = command("import", with_gap, *arguments, "--out", out)
    assert ran.status == 2
    assert words in ran.err
    assert not out.exists()


@pytest.fixture(scope="module")
def accepted() -> tuple[Case, Acceptance]:
    """A case with an acceptance of the plan as it is."""
    case = a_case(a_vertebral_column(levels=LEVELS), a_plan(levels=LEVELS))
    inputs = inputs_of(case, SETTINGS)
    assert inputs is not None
    acceptance = Acceptance("clearance/a/b", "Dr. Q", "seen", AT, inputs.digest)
    return replace(case, acceptances=(acceptance,)), acceptance


def test_an_image_with_findings_voids_no_acceptance_that_concerns_another(
    accepted: tuple[Case, Acceptance],
) -> None:
    case, acceptance = accepted

    def digest(of: Case) -> str:
        inputs = inputs_of(of, SETTINGS)
        assert inputs is not None
        return inputs.digest

    gap = Finding("GAP", "One slice is missing.", severity=Severity.WARN)
    mr = replace(case.images[0], id="mr", modality="MR", findings=(gap,))
    more = replace(case, images=(*case.images, mr))
    assert more.unacknowledged == ()  # nothing is measured in the new image
    assert digest(more) == acceptance.inputs_digest
    assert digest(AcknowledgeFinding("mr", "GAP", "Dr. Q", AT).apply(more)) == acceptance.inputs_digest
    own = replace(case, images=(replace(case.images[0], findings=(gap,)),))
    assert digest(own) != acceptance.inputs_digest  # a gap of the image that is measured in does void it
    read = AcknowledgeFinding(own.images[0].id, "GAP", "Dr. Q", AT).apply(own)
    assert digest(read) not in (acceptance.inputs_digest, digest(own))


def test_what_is_said_beside_the_numbers_follows_every_image(accepted: tuple[Case, Acceptance]) -> None:
    case, _ = accepted
    inputs = inputs_of(case, SETTINGS)
    assert inputs is not None
    assert is_current(Computed(inputs), case, SETTINGS)
    note = Finding("PADDING", "Some pixels were set to air.")
    more = replace(case, images=(*case.images, replace(case.images[0], id="mr", findings=(note,))))
    assert not is_current(Computed(inputs), more, SETTINGS)  # it lacks the new remark
