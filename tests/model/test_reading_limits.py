"""Settings files: every number is printed with its source, and every fault is named with its key."""

import copy
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from planning.errors import SettingsInvalid
from planning.model.anatomy_table import load_anatomy_table
from planning.model.limits import limits_from, load_limits
from planning.model.mask import Mask
from planning.model.settings import load_settings
from planning.model.stamp import PROGRAM
from planning.model.structures import Structure, StructureKind

ROOT = Path(__file__).parents[2]
RESOURCES = ROOT / "resources"


@pytest.fixture
def limits_table() -> dict[str, Any]:
    return copy.deepcopy(tomllib.loads((RESOURCES / "limits.toml").read_text(encoding="utf-8")))


def refused(table: dict[str, Any]) -> str:
    with pytest.raises(SettingsInvalid) as caught:
        limits_from(table)
    return caught.value.message


@pytest.mark.parametrize(
    "kind,fail_below,warn_below,overshoot",
    [
        ("spinal_cord", 1.0, 3.0, "fail"),
        ("dural_sac", 0.0, 1.0, "fail"),
        ("spinal_canal", 0.0, 1.0, "fail"),
        ("aorta", 0.0, 3.0, "fail"),
        ("inferior_vena_cava", 0.0, 3.0, "fail"),
        ("superior_vena_cava", 0.0, 3.0, "fail"),
        ("iliac_artery", 0.0, 3.0, "fail"),
        ("iliac_vein", 0.0, 3.0, "fail"),
        ("azygos", 0.0, 1.0, "warn"),
        ("hemiazygos", 0.0, 1.0, "warn"),
        ("segmental_artery", 0.0, 1.0, "warn"),
        ("segmental_vein", 0.0, 1.0, "warn"),
        ("nerve_root", 0.0, 1.0, "warn"),
        ("pleura", 0.0, 1.0, "warn"),
        ("lung", 0.0, 1.0, "warn"),
        ("oesophagus", 0.0, 1.0, "warn"),
        ("adamkiewicz", 0.0, 1.0, "warn"),
        ("thoracic_duct", 0.0, 1.0, "warn"),
        ("trachea", 0.0, 1.0, "warn"),
        ("kidney", 0.0, 1.0, "warn"),
    ],
)
def test_clearance_limits_are_those_of_the_clinical_table(
    kind: str, fail_below: float, warn_below: float, overshoot: str
) -> None:
    limit = load_limits(RESOURCES / "limits.toml").clearance(StructureKind(kind))

    assert limit is not None
    assert (limit.fail_below_mm, limit.warn_below_mm, limit.overshoot_below_mm) == (
        fail_below,
        warn_below,
        0.0,
    )
    assert limit.overshoot_status == overshoot


def test_bone_tumour_and_unknown_kinds_have_no_clearance_limit() -> None:
    limits = load_limits(RESOURCES / "limits.toml")

    for kind in ("vertebra", "disc", "rib", "sacrum", "tumour", "implant", "other"):
        assert limits.clearance(StructureKind(kind)) is None


def test_every_number_is_printed_with_tag_and_source(limits_table: dict[str, Any]) -> None:
    printed = {p.key: p for p in limits_from(limits_table).printed}

    def numbers(table: dict[str, Any], path: str) -> list[str]:
        found = []
        for key, value in table.items():
            place = f"{path}.{key}" if path else key
            if isinstance(value, dict):
                found += [place] if "source" in value else numbers(value, place)
            assert isinstance(value, dict | str | list), f"{place} is a bare number"
        return found

    assert sorted(numbers(limits_table, "")) == sorted(printed)
    assert all(p.tag in ("D", "U", "K", "F") and p.source for p in printed.values())
    assert printed["clearance.cord.fail_below_mm"].value == "1.0"
    assert printed["clearance.cord.fail_below_mm"].tag == "D"


def test_slices_ligation_and_required_structures() -> None:
    limits = load_limits(RESOURCES / "limits.toml")

    slices = limits.slices
    assert (slices.warn_above_mm, slices.band_above_mm, slices.refuse_above_mm) == (1.25, 2.0, 3.0)
    assert (limits.ledger.warn_levels, limits.ledger.fail_levels) == (4, 5)
    assert limits.ledger.adamkiewicz_levels == ("T7", "L2")
    assert [r.name for r in limits.required] == [
        "spinal_cord", "dural_sac", "aorta", "inferior_vena_cava", "azygos",
    ]  # fmt: skip
    assert limits.required[1].kinds == {StructureKind.DURAL_SAC, StructureKind.SPINAL_CANAL}
    assert limits.review_demanded == frozenset()


@pytest.mark.parametrize(
    "path,value,words",
    [
        (
            ("clearance", "cord", "fail_blow_mm"),
            1.0,
            "clearance.cord.fail_blow_mm is not a key of limits.toml",
        ),
        (("clearence",), {}, "clearence is not a key of limits.toml"),
        (
            ("slices", "warn_above_mm", "value"),
            True,
            "slices.warn_above_mm.value in limits.toml must be a number",
        ),
        (("slices", "band_above_mm", "value"), 0.5, "slices.band_above_mm.value"),
        (("slices", "band_above_mm", "value"), float("nan"), "must be a finite number"),
        (("clearance", "cord", "warn_below_mm", "value"), 0.5, "clearance.cord.warn_below_mm.value"),
        (("clearance", "cord", "fail_below_mm", "tag"), "X", "clearance.cord.fail_below_mm.tag"),
        (("clearance", "cord", "kinds"), ["aorta"], "aorta is in two"),
        (("clearance", "cord", "kinds"), ["spine"], "clearance.cord.kinds"),
        (("clearance", "cord", "kinds"), [], "spinal_cord is in none"),
        (("ligation", "fail_levels", "value"), 3, "ligation.fail_levels in limits.toml must be no fewer"),
        (("margin", "class_threshold_mm", "value"), 3.0, "margin.class_threshold_mm.value"),
        (("sigma", "default_technique"), "by eye", "sigma.default_technique in limits.toml must be one of"),
        (("ligation", "adamkiewicz_to", "level"), "T3", "a level below adamkiewicz_from"),
        (("ligation", "adamkiewicz_to", "level"), "T99", "ligation.adamkiewicz_to.level"),
        (("schema",), "enbloc-limits/2", "schema in limits.toml must be one of enbloc-limits/1"),
    ],
)
def test_a_fault_in_the_limits_names_its_key(
    limits_table: dict[str, Any], path: tuple[str, ...], value: object, words: str
) -> None:
    table = limits_table
    for key in path[:-1]:
        table = table[key]
    table[path[-1]] = value

    assert words in refused(limits_table)


def test_a_missing_number_is_named(limits_table: dict[str, Any]) -> None:
    del limits_table["clearance"]["cord"]["fail_below_mm"]["source"]

    assert "clearance.cord.fail_below_mm.source is missing from limits.toml" in refused(limits_table)


def test_an_unreadable_limits_file_is_named_without_its_folder(tmp_path: Path) -> None:
    (tmp_path / "limits.toml").write_bytes(b"\xff\xfe[")
    with pytest.raises(SettingsInvalid) as caught:
        load_limits(tmp_path / "limits.toml")

    assert caught.value.code == "LIMITS_UNREADABLE"
    assert str(tmp_path) not in caught.value.message


def test_settings_digest_follows_limits_and_tools_but_not_colours() -> None:
    settings = load_settings(RESOURCES)
    table = settings.anatomy_table

    recoloured = replace(settings, anatomy_table=replace(table, region_rgb=()))
    looser = replace(settings, limits=replace(settings.limits, reserve_mm=0.5))
    blunter = replace(settings, tools=replace(settings.tools, tools=settings.tools.tools[1:]))

    assert load_settings(RESOURCES).digest == settings.digest
    assert recoloured.digest == settings.digest
    assert len({settings.digest, looser.digest, blunter.digest}) == 3


@pytest.mark.parametrize(
    "tool,kerf,overshoot",
    [
        ("t_saw", 0.8, 2.0),
        ("ultrasonic_bone_scalpel", 1.0, 3.0),
        ("osteotome", 1.0, 5.0),
        ("oscillating_saw", 1.2, 5.0),
        ("high_speed_burr", 3.0, 2.0),
        ("gigli_saw", 1.5, 3.0),
    ],
)
def test_tools_are_those_of_the_clinical_table(tool: str, kerf: float, overshoot: float) -> None:
    found = load_settings(RESOURCES).tools.tool(tool)

    assert found is not None
    assert (found.kerf_mm, found.overshoot_mm) == (kerf, overshoot)
    assert found.kerf_range_mm[0] <= kerf <= found.kerf_range_mm[1]


def a_structure(kind: str, level: str | None = None) -> Structure:
    return Structure("s", StructureKind(kind), Mask((2, 2, 2)), level)


def test_every_kind_has_a_look_and_codes_follow_the_level() -> None:
    table = load_anatomy_table(RESOURCES / "anatomy.toml")

    assert [table.entry(kind).kind for kind in StructureKind] == list(StructureKind)
    assert table.look(a_structure("spinal_cord")).colour_rgb == (244, 214, 49)
    assert table.look(a_structure("vertebra", "T10")).colour_rgb == (226, 202, 134)
    assert table.look(a_structure("vertebra", "L2")).colour_rgb == (212, 188, 102)
    assert table.snomed(a_structure("vertebra", "T10")) == ("7610001", "T10 vertebra")
    assert table.snomed(a_structure("segmental_artery", "L1")) == ("34635009", "Lumbar artery")
    assert table.snomed(a_structure("other")) is None
    assert table.entry(StructureKind.SEGMENTAL_ARTERY).thin
    assert not table.entry(StructureKind.AORTA).thin


def test_the_program_is_called_as_the_project_file_says() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert f"{project['name']} {project['version']}" == PROGRAM
