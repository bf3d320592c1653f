"""`enbloc-evaluation/1` as INTERCHANGE section 4 writes it, checked key by key."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

STATUSES = ("fail", "not_assessed", "warn", "pass")
CLASSES = ("intralesional", "<2 mm by plan", ">=2 mm by plan")
ROLES = ("specimen_anterior", "specimen_arch", "rib_piece", "remaining", "loose")
KINDS = (
    *("vertebra", "disc", "rib", "sacrum", "spinal_cord", "dural_sac", "spinal_canal", "nerve_root", "aorta"),
    *("inferior_vena_cava", "superior_vena_cava", "azygos", "hemiazygos", "iliac_artery", "iliac_vein"),
    *("segmental_artery", "segmental_vein", "adamkiewicz", "thoracic_duct", "oesophagus", "trachea"),
    *("lung", "pleura", "kidney", "tumour", "implant", "other"),
)
Check = Callable[[Any], bool]
SIGMAS = 1.645  # of the 5 % lower bound


def check_evaluation(found: Any) -> None:
    """Fail where a document is not what the contract says."""
    _keys(
        found,
        {
            "schema": lambda v: v == "enbloc-evaluation/1",
            "plan": _text,
            "inputs_digest": lambda v: re.fullmatch(r"sha256:[0-9a-f]{64}", v) is not None,
            "program": lambda v: re.fullmatch(r"enbloc \d+\.\d+\.\d+", v) is not None,
            "status": _one_of(STATUSES),
            "osteotomies": _list,
            "pieces": _list,
            "specimen_margin": _list,
            "not_assessed": _texts,
            "warnings": _texts,
        },
        "evaluation",
    )
    assert len({o["id"] for o in found["osteotomies"]}) == len(found["osteotomies"])
    for osteotomy in found["osteotomies"]:
        _check_osteotomy(osteotomy)
    for piece in found["pieces"]:
        _keys(
            piece,
            {
                "role": _one_of(ROLES),
                "volume_mm3": lambda v: _number(v) and v > 0,
                "tumour_fraction": lambda v: _number(v) and 0 <= v <= 1,
                "levels": _texts,
                "links": _texts,
            },
            "piece",
        )
    for margin in found["specimen_margin"]:
        _keys(
            margin,
            {"surface": _text, "value_mm": _maybe(_number), "class": _maybe(_one_of(CLASSES))},
            "margin",
        )
        _check_class(margin)
    _check_overall(found)


def _check_osteotomy(osteotomy: Any) -> None:
    place = f"osteotomy {osteotomy.get('id')}"
    _keys(
        osteotomy, {"id": _text, "tumour_margin": lambda v: isinstance(v, dict), "clearances": _list}, place
    )
    margin = osteotomy["tumour_margin"]
    _keys(margin, {**_MEASURED, "class": _maybe(_one_of(CLASSES))}, f"{place}, tumour margin")
    _check_measured(margin)
    _check_class(margin)
    names = [(c["structure"], c["kind"]) for c in osteotomy["clearances"]]
    assert len(set(names)) == len(names), f"{place}: one entry per structure"
    for clearance in osteotomy["clearances"]:
        own = {"structure": _text, "kind": _one_of(KINDS), "with_overshoot_mm": _maybe(_number)}
        _keys(clearance, {**_MEASURED, **own}, f"{place}, {clearance.get('structure')}")
        _check_measured(clearance)
        value, beyond = clearance["value_mm"], clearance["with_overshoot_mm"]
        assert value is None or beyond is None or beyond <= value
        assert beyond is None or value is not None


def _check_measured(result: Mapping[str, Any]) -> None:
    """Check that value, lower bound, points and status tell one story, to the last digit."""
    value = result["value_mm"]
    measured = ("lower_mm", "tool_point_lps_mm", "structure_point_lps_mm", "sigma_mm")
    if value is None:
        assert [result[key] for key in measured] == [None] * 4
        assert result["status"] == "not_assessed"
        assert _text(result["reason"])
        return
    assert math.isclose(result["lower_mm"], value - SIGMAS * result["sigma_mm"], abs_tol=1e-9)
    apart = math.dist(result["tool_point_lps_mm"], result["structure_point_lps_mm"])
    # A number rounded for the screen would differ from the points' distance in the third decimal.
    assert math.isclose(apart, abs(value), abs_tol=1e-6)


def _check_class(margin: Mapping[str, Any]) -> None:
    value = margin["value_mm"]
    if value is None:
        assert margin["class"] is None
    else:
        assert margin["class"] == CLASSES[0 if value < 0 else 1 if value < 2 else 2]


def _check_overall(found: Mapping[str, Any]) -> None:
    """Check: fail before not_assessed before warn before pass."""
    statuses = [o["tumour_margin"]["status"] for o in found["osteotomies"]]
    statuses += [c["status"] for o in found["osteotomies"] for c in o["clearances"]]
    statuses += ["not_assessed"] if found["not_assessed"] else []
    assert all(STATUSES.index(found["status"]) <= STATUSES.index(s) for s in statuses)


def _keys(found: Any, checks: Mapping[str, Check], place: str) -> None:
    assert isinstance(found, dict), place
    for key, check in checks.items():
        assert key in found, f"{place} lacks {key}"
        assert check(found[key]), f"{place}: {key} is {found[key]!r}"


def _number(value: Any) -> bool:
    return type(value) is float and math.isfinite(value)


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) and v for v in value)


def _list(value: Any) -> bool:
    return isinstance(value, list)


def _point(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(map(_number, value))


def _maybe(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _one_of(allowed: tuple[str, ...]) -> Check:
    return lambda value: value in allowed


_MEASURED: dict[str, Check] = {
    "value_mm": _maybe(_number),
    "lower_mm": _maybe(_number),
    "status": _one_of(STATUSES),
    "tool_point_lps_mm": _maybe(_point),
    "structure_point_lps_mm": _maybe(_point),
    "sigma_mm": _maybe(_number),
}
