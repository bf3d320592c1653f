"""Every file of the bad-input corpus gets what its manifest says."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.errands.workbench import Workbench, workbench
from tests.imaging.corpus import Sample, real_samples, samples, verdict


@pytest.fixture(scope="module")
def bench() -> Iterator[Workbench]:
    """Settings and a child, as an import has them."""
    with workbench() as found:
        yield found


@pytest.mark.logs_errors  # the second reader's
@pytest.mark.parametrize("sample", [pytest.param(s, id=s.name) for s in samples()])
def test_the_importer_does_what_the_manifest_says(sample: Sample, bench: Workbench, tmp_path: Path) -> None:
    found = verdict(sample, bench, tmp_path)
    assert found.met, f"{sample.expected} ({sample.code}): {found.happened}"
    assert not found.silent_wrong


@pytest.mark.logs_errors
def test_real_files_get_what_their_manifest_says(
    bench: Workbench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [verdict(sample, bench, tmp_path) for sample in real_samples()]
    with capsys.disabled():
        met = sum(v.met for v in found)
        sys.stdout.write(f"\n{met} of {len(found)} real files of the bad-input corpus as expected\n")
    missed = [
        f"{v.sample.name}: {v.sample.expected} ({v.sample.code}): {v.happened}" for v in found if not v.met
    ]
    assert not missed
    assert not [v.sample.name for v in found if v.silent_wrong]
