"""Cutting tools: kerf, overshoot and how surely they are guided. Numbers come from `resources/tools.toml`."""

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from planning.errors import SettingsInvalid
from planning.texts import mark, tr


@dataclass(frozen=True)
class Tool:
    """One cutting tool.

    Parameters
    ----------
    id, name : str
    kerf_mm : float
        Default thickness of the swept slab; `kerf_range_mm` is what the source reports.
    overshoot_mm : float
        How far past the planned edge is checked.
    reach_mm : float or None
        Largest depth the tool reaches, where known.
    source : str
        Where the numbers come from, with the tag of CLINICAL.md.
    width_mm : float or None
        Width of the cutting part, where known.
    own : bool
        The department's own, not one the program brings.
    """

    id: str
    name: str
    kerf_mm: float
    kerf_range_mm: tuple[float, float]
    overshoot_mm: float
    reach_mm: float | None
    source: str
    width_mm: float | None = None
    own: bool = False


@dataclass(frozen=True)
class Plausible:
    """What a tool's numbers may be, in millimetres: beyond it somebody mistyped."""

    kerf_mm: tuple[float, float] = (0.1, 8.0)
    overshoot_mm: tuple[float, float] = (0.0, 20.0)
    width_mm: tuple[float, float] = (0.5, 100.0)
    reach_mm: tuple[float, float] = (1.0, 400.0)
    source: str = ""


@dataclass(frozen=True)
class ToolLibrary:
    """The tools a plan may name, the program's first, and what is plausible of the department's own."""

    tools: tuple[Tool, ...]
    plausible: Plausible = Plausible()

    @property
    def standard(self) -> tuple[Tool, ...]:
        """What the program brings."""
        return tuple(t for t in self.tools if not t.own)

    @property
    def own(self) -> tuple[Tool, ...]:
        """What the department added."""
        return tuple(t for t in self.tools if t.own)

    def with_own(self, own: tuple[Tool, ...]) -> "ToolLibrary":
        """Return the library with other tools of the department's own."""
        return replace(self, tools=(*self.standard, *own))

    def tool(self, tool_id: str) -> Tool | None:
        """Return the tool of that id, or None."""
        return next((t for t in self.tools if t.id == tool_id), None)


_WORDS = {
    "kerf_mm": mark("kerf"), "overshoot_mm": mark("overshoot"),
    "width_mm": mark("width"), "reach_mm": mark("reach"),
}  # fmt: skip
_IMPLAUSIBLE = mark("{tool}: the {what} must lie between {low} and {high} mm, not {value}.")
_INVALID = mark("Tool {tool} in {file} lacks or misstates {key}.")


def load_tools(path: Path) -> ToolLibrary:
    """Read `tools.toml`; raises `SettingsInvalid` naming the tool and key at fault."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsInvalid(
            "TOOLS_UNREADABLE", mark("The tool library {file} cannot be read."), file=path.name
        ) from error
    tools = tuple(_tool(tool_id, entry, path.name) for tool_id, entry in table.get("tool", {}).items())
    if not tools:
        raise SettingsInvalid("NO_TOOLS", mark("The tool library {file} names no tool."), file=path.name)
    return ToolLibrary(tools, _plausible(table.get("plausible", {}), path.name))


def checked(tool: Tool, plausible: Plausible) -> Tool:
    """Return a tool of the department's own; raises `SettingsInvalid` with the sentence that refuses it."""
    if not tool.name.strip():
        raise SettingsInvalid("TOOL_NO_NAME", mark("Give every tool a name."))
    if not tool.source.strip():
        raise SettingsInvalid(
            "TOOL_NO_SOURCE",
            mark("{tool}: say where its numbers come from, such as who measured them."),
            tool=tool.name,
        )
    for key, words in _WORDS.items():
        value, (low, high) = getattr(tool, key), getattr(plausible, key)
        if value is not None and not low <= value <= high:
            raise SettingsInvalid(
                "TOOL_IMPLAUSIBLE", _IMPLAUSIBLE, tool=tool.name, what=tr(words),
                low=f"{low:g}", high=f"{high:g}", value=f"{value:g}",
            )  # fmt: skip
    return replace(tool, name=tool.name.strip(), source=tool.source.strip())


def _plausible(table: dict[str, Any], file: str) -> Plausible:
    try:
        ranges = {key: (float(table[key][0]), float(table[key][1])) for key in _WORDS if key in table}
        return Plausible(**ranges, source=str(table.get("source", "")))
    except (TypeError, ValueError, LookupError) as error:
        raise SettingsInvalid(
            "TOOL_INVALID", _INVALID, tool="plausible", file=file, key=str(error)
        ) from error


def _tool(tool_id: str, entry: dict[str, Any], file: str) -> Tool:
    try:
        low, high = (float(v) for v in entry["kerf_range_mm"])
        tool = Tool(
            id=tool_id,
            name=str(entry["name"]),
            kerf_mm=float(entry["kerf_mm"]),
            kerf_range_mm=(low, high),
            overshoot_mm=float(entry["overshoot_mm"]),
            reach_mm=float(entry["reach_mm"]) if "reach_mm" in entry else None,
            source=str(entry["source"]),
            width_mm=float(entry["width_mm"]) if "width_mm" in entry else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise SettingsInvalid("TOOL_INVALID", _INVALID, tool=tool_id, file=file, key=str(error)) from error
    if not 0 < tool.kerf_mm <= 20 or not 0 <= tool.overshoot_mm <= 50:
        raise SettingsInvalid("TOOL_INVALID", _INVALID, tool=tool_id, file=file, key="kerf_mm, overshoot_mm")
    return tool
