"""Every schema ever released opens for ever, writable, with everything it said."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from planning.storage.case_file import CaseFile
from planning.storage.database import SCHEMA
from tests.storage.golden import DATA, facts_of


def assert_says(facts: Any, expected: Any) -> None:
    """Assert that every expected value is there; a later program may say more."""
    if isinstance(expected, dict):
        assert isinstance(facts, dict)
        for key, value in expected.items():
            assert_says(facts[key], value)
    elif isinstance(expected, list):
        assert isinstance(facts, list)
        assert len(facts) == len(expected)
        for one, two in zip(facts, expected, strict=True):
            assert_says(one, two)
    else:
        assert facts == expected


@pytest.mark.parametrize("schema", range(1, SCHEMA + 1))
def test_a_golden_file_opens_writable_with_everything_it_said(schema: int, tmp_path: Path) -> None:
    golden = DATA / f"case-schema-{schema}.enbloc"
    path = tmp_path / golden.name
    shutil.copyfile(golden, path)
    with CaseFile.open(path) as file:
        assert file.why_read_only is None
        assert file.damage == ()
        expected = json.loads(golden.with_suffix(".json").read_text(encoding="utf-8"))
        assert_says(facts_of(file.case), expected)
        file.save(file.case, "by a later program")
        assert_says(facts_of(file.read(file.versions()[0])), expected)
