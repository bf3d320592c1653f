"""Plans as `enbloc-plan/1`: unknown keys are refused by name, numbers keep full precision."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NoReturn

from planning.errors import PlanInvalid, PlanningError
from planning.geometry.blade import Blade
from planning.model.osteotomy import CutSide, Osteotomy, OsteotomyKind
from planning.model.plan import Action, Mobilisation, Plan, Release, StructureAction
from planning.model.reading import Table
from planning.model.tools import ToolLibrary
from planning.texts import mark

SCHEMA: Final = "enbloc-plan/1"
MAX_CHARACTERS: Final = 8_000_000
_LISTS: Final = ("target_levels", "osteotomies", "structure_actions", "mobilised", "releases")
_PLAN_KEYS: Final = ("schema", "name", "tumour", "required_margin_mm", *_LISTS)
_BLADE_KEYS: Final = (
    *("origin_lps_mm", "normal_lps", "advance_lps", "width_mm", "depth_mm"),
    *("kerf_mm", "overshoot_mm", "footprint_mm"),
)
_CUT_KEYS: Final = ("id", "name", "kind", "level", "side", "tool", "cut_group", "step", "guards", "locked")
_SIDES: Final[dict[str, CutSide]] = {"left": "left", "right": "right", "midline": "midline"}


def plan_from_json(source: str | bytes | Mapping[str, object], tools: ToolLibrary) -> Plan:
    """Read a plan.

    Parameters
    ----------
    source : str, bytes or mapping
        The document, or what a JSON parser made of it.
    tools : ToolLibrary
        Gives `overshoot_mm` where the plan leaves it out. For a tool that is not in the library the
        largest overshoot known is taken, so that leaving it out never looks safer.

    Raises
    ------
    PlanInvalid
        Naming the key at fault with its path, such as ``osteotomies[0].kerf_mm``.
    """
    top = Table(source if isinstance(source, Mapping) else _parsed(source), SCHEMA, PlanInvalid)
    top.choice("schema", (SCHEMA,))
    top.only(_PLAN_KEYS)
    entries = top.tables("osteotomies") if "osteotomies" in top.values else ()
    osteotomies = tuple(_osteotomy(entry, tools) for entry in entries)
    try:
        return Plan(
            name=top.text("name") if "name" in top.values else Plan.name,
            target_levels=top.texts("target_levels") if "target_levels" in top.values else (),
            tumour=top.text("tumour") if top.has("tumour") else None,
            required_margin_mm=top.number("required_margin_mm")
            if "required_margin_mm" in top.values
            else Plan.required_margin_mm,
            osteotomies=osteotomies,
            structure_actions=tuple(_action(entry) for entry in _optional_tables(top, "structure_actions")),
            mobilised=tuple(_mobilisation(entry) for entry in _optional_tables(top, "mobilised")),
            releases=tuple(_release(entry) for entry in _optional_tables(top, "releases")),
        )
    except PlanningError as error:
        _placed(top, error)


def read_plan(path: Path, tools: ToolLibrary) -> Plan:
    """Read a plan file; raises `PlanInvalid` for a file that cannot be read or breaks the contract."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_CHARACTERS + 1)
    except OSError as error:
        raise PlanInvalid(
            "PLAN_UNREADABLE",
            mark("The plan {file} cannot be read; check its name and your permissions."),
            file=path.name,
        ) from error
    return plan_from_json(content, tools)


def plan_to_json(plan: Plan) -> dict[str, object]:
    """Return the plan as JSON values with full precision; what is unset is left out."""
    document: dict[str, object] = {
        "schema": SCHEMA,
        "name": plan.name,
        "target_levels": list(plan.target_levels),
    }
    if plan.tumour is not None:
        document["tumour"] = plan.tumour
    document["required_margin_mm"] = plan.required_margin_mm
    document["osteotomies"] = [_osteotomy_json(o) for o in plan.osteotomies]
    document["structure_actions"] = [
        _set({"structure": a.structure, "action": a.action.value, "step": a.step})
        for a in plan.structure_actions
    ]
    document["mobilised"] = [
        _set({"structure": m.structure, "guard": m.guard, "step": m.step, "by": m.by}) for m in plan.mobilised
    ]
    if plan.releases:
        document["releases"] = [_set({"link": r.link, "step": r.step}) for r in plan.releases]
    return document


def plan_text(plan: Plan) -> str:
    """Return the plan as the text of a `plan.json` file."""
    return json.dumps(plan_to_json(plan), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _parsed(source: str | bytes) -> dict[str, object]:
    if len(source) > MAX_CHARACTERS:
        raise PlanInvalid(
            "TOO_LARGE",
            mark("The plan is larger than {most} characters; it is not read."),
            most=MAX_CHARACTERS,
        )
    try:
        text = source.decode("utf-8-sig") if isinstance(source, bytes) else source
        value = json.loads(
            text.removeprefix("\ufeff"), object_pairs_hook=_no_key_twice, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as error:  # JSONDecodeError and UnicodeDecodeError are ValueErrors
        raise PlanInvalid(
            "NOT_JSON", mark("The plan is not a JSON document; check that the whole file is there.")
        ) from error
    if not isinstance(value, dict):
        raise PlanInvalid("NOT_JSON", mark("The plan must be one JSON object with the key schema."))
    return value


def _no_key_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) < len(pairs):
        keys = [key for key, _ in pairs]
        doubled = next(key for key in keys if keys.count(key) > 1)
        raise PlanInvalid(
            "DUPLICATE_KEY", mark("{key} is given twice in one object of the plan."), key=doubled
        )
    return result


def _no_constant(name: str) -> NoReturn:
    raise PlanInvalid("NOT_FINITE", mark("{name} is not a number a plan may hold."), name=name)


def _placed(table: Table, error: PlanningError) -> NoReturn:
    """Raise a fault found by the model with the place it was found at, unless it already names one."""
    if error.code in ("UNKNOWN_KEY", "MISSING_KEY", "BAD_VALUE") or not table.path:
        raise error
    raise PlanInvalid(
        error.code, mark("{place}: {problem}"), place=table.path, problem=error.message
    ) from error


def _optional_tables(table: Table, key: str) -> tuple[Table, ...]:
    return table.tables(key) if key in table.values else ()


def _optional_step(table: Table) -> int | None:
    return table.whole("step", 1, 999) if table.has("step") else None


def _optional_text(table: Table, key: str) -> str:
    return table.text(key) if table.has(key) else ""


def _osteotomy(entry: Table, tools: ToolLibrary) -> Osteotomy:
    entry.only((*_CUT_KEYS, *_BLADE_KEYS))
    kind = OsteotomyKind(entry.choice("kind", [k.value for k in OsteotomyKind]))
    tool = entry.text("tool")
    try:
        return Osteotomy(
            id=entry.text("id"),
            kind=kind,
            tool=tool,
            blade=_blade(entry, _overshoot_mm(entry, tool, tools)),
            name=_optional_text(entry, "name"),
            level=entry.text("level") if entry.has("level") else None,
            side=_SIDES[entry.choice("side", list(_SIDES))] if entry.has("side") else None,
            cut_group=_optional_text(entry, "cut_group"),
            step=_optional_step(entry),
            guards=entry.texts("guards") if entry.has("guards") else (),
            locked=entry.flag("locked") if "locked" in entry.values else False,
        )
    except PlanningError as error:
        _placed(entry, error)


def _overshoot_mm(entry: Table, tool_id: str, tools: ToolLibrary) -> float:
    if "overshoot_mm" in entry.values:
        return entry.number("overshoot_mm")
    tool = tools.tool(tool_id)
    return tool.overshoot_mm if tool else max(t.overshoot_mm for t in tools.tools)


def _blade(entry: Table, overshoot_mm: float) -> Blade:
    blade = Blade(
        origin_lps_mm=entry.vector("origin_lps_mm"),
        normal_lps=entry.vector("normal_lps"),
        advance_lps=entry.vector("advance_lps"),
        width_mm=entry.number("width_mm"),
        depth_mm=entry.number("depth_mm"),
        kerf_mm=entry.number("kerf_mm"),
        overshoot_mm=overshoot_mm,
        footprint_mm=entry.points("footprint_mm") if entry.has("footprint_mm") else None,
    )
    _ = (
        blade.outline_mm
    )  # a footprint outside the rectangle is refused here, not in the middle of an evaluation
    return blade


def _action(entry: Table) -> StructureAction:
    entry.only(("structure", "action", "step"))
    return StructureAction(
        entry.text("structure"),
        Action(entry.choice("action", [a.value for a in Action])),
        _optional_step(entry),
    )


def _mobilisation(entry: Table) -> Mobilisation:
    entry.only(("structure", "guard", "step", "by"))
    return Mobilisation(
        entry.text("structure"),
        _optional_text(entry, "guard"),
        _optional_step(entry),
        _optional_text(entry, "by"),
    )


def _release(entry: Table) -> Release:
    entry.only(("link", "step"))
    return Release(entry.text("link"), _optional_step(entry))


def _set(values: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in values.items() if value not in (None, "")}


def _osteotomy_json(osteotomy: Osteotomy) -> dict[str, object]:
    o, blade = osteotomy, osteotomy.blade
    named = {
        "id": o.id,
        "name": o.name,
        "kind": o.kind.value,
        "level": o.level,
        "side": o.side,
        "tool": o.tool,
    }
    document = _set(named) | {
        "kerf_mm": blade.kerf_mm,
        "overshoot_mm": blade.overshoot_mm,
        "origin_lps_mm": list(blade.origin_lps_mm),
        "normal_lps": list(blade.normal_lps),
        "advance_lps": list(blade.advance_lps),
        "width_mm": blade.width_mm,
        "depth_mm": blade.depth_mm,
    }
    if blade.footprint_mm is not None:
        document["footprint_mm"] = [list(point) for point in blade.footprint_mm]
    document |= _set({"cut_group": o.cut_group, "step": o.step})
    if o.guards:
        document["guards"] = list(o.guards)
    if o.locked:
        document["locked"] = True
    return document
