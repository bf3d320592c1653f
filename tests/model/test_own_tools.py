"""The department's own tools: written, read back, refused with a sentence, and no part of a digest."""

from dataclasses import replace
from pathlib import Path

import pytest

from planning.errors import SettingsInvalid
from planning.model.own_tools import free_tool_id, write_own_tools
from planning.model.settings import load_settings
from planning.model.tools import Tool, checked

RESOURCES = Path(__file__).parents[2] / "resources"
STANDARD = load_settings(RESOURCES)
CHISEL = Tool(
    "own_chisel",
    'Meißel "15" \\ 直骨刀',
    1.4,
    (1.4, 1.4),
    4.5,
    None,
    "measured by Dr. Berg\n2026",
    15.0,
    own=True,
)


def test_own_tools_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "tools.toml"
    saw = replace(CHISEL, id="own_saw", name="saw of ours", reach_mm=35.5, width_mm=None)
    write_own_tools((CHISEL, saw), path)
    found = load_settings(RESOURCES, path)
    assert found.tools.own == (CHISEL, saw)
    assert found.tools.standard == STANDARD.tools.tools
    write_own_tools((), path)
    assert load_settings(RESOURCES, path) == STANDARD
    assert load_settings(RESOURCES, tmp_path / "none.toml") == STANDARD
    assert [p.name for p in tmp_path.iterdir()] == ["tools.toml"]


def test_an_own_tool_voids_no_acceptance_and_no_approval(tmp_path: Path) -> None:
    path = tmp_path / "tools.toml"
    write_own_tools((CHISEL,), path)
    assert load_settings(RESOURCES, path).digest == STANDARD.digest


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"kerf_mm": 14.0}, "chisel: the kerf must lie between 0.1 and 8 mm, not 14."),
        ({"overshoot_mm": 45.0}, "chisel: the overshoot must lie between 0 and 20 mm, not 45."),
        ({"reach_mm": 0.3}, "chisel: the reach must lie between 1 and 400 mm, not 0.3."),
        ({"width_mm": 150.0}, "chisel: the width must lie between 0.5 and 100 mm, not 150."),
        ({"source": "  "}, "chisel: say where its numbers come from, such as who measured them."),
        ({"name": " "}, "Give every tool a name."),
    ],
)
def test_what_is_implausible_is_refused_with_a_sentence(
    change: dict[str, object], sentence: str, tmp_path: Path
) -> None:
    spoilt = replace(CHISEL, **{"name": "chisel", **change})  # type: ignore[arg-type]
    with pytest.raises(SettingsInvalid) as refused:
        checked(spoilt, STANDARD.tools.plausible)
    assert refused.value.message == sentence
    write_own_tools((spoilt,), tmp_path / "tools.toml")
    with pytest.raises(SettingsInvalid):
        load_settings(RESOURCES, tmp_path / "tools.toml")


def test_a_standard_tool_cannot_be_replaced_by_a_file(tmp_path: Path) -> None:
    write_own_tools((replace(CHISEL, id="t_saw"),), tmp_path / "tools.toml")
    with pytest.raises(SettingsInvalid) as refused:
        load_settings(RESOURCES, tmp_path / "tools.toml")
    assert refused.value.message == "tools.toml names t_saw, which is a standard tool."
    (tmp_path / "tools.toml").write_text("no toml [", encoding="utf-8")
    with pytest.raises(SettingsInvalid):
        load_settings(RESOURCES, tmp_path / "tools.toml")


def test_ids_are_readable_and_free() -> None:
    assert free_tool_id("Chisel 15 mm", STANDARD.tools) == "own_chisel_15_mm"
    taken = STANDARD.tools.with_own((replace(CHISEL, id="own_tool"),))
    assert free_tool_id("骨刀", taken) == "own_tool_2"
