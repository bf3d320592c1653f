"""Cutting tools: kerf, overshoot and how surely they are guided. Numbers come from `resources/tools.toml`."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planning.errors import SettingsInvalid
from planning.texts import mark


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
    """

    id: str
    name: str
    kerf_mm: float
    kerf_range_mm: tuple[float, float]
    overshoot_mm: float
    reach_mm: float | None
    source: str


@dataclass(frozen=True)
class ToolLibrary:
    """The tools a plan may name."""

    tools: tuple[Tool, ...]

    def tool(self, tool_id: str) -> Tool | None:
        """Return the tool of that id, or None."""
        return next((t for t in self.tools if t.id == tool_id), None)


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
    return ToolLibrary(tools)


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
        )
    except (KeyError, TypeError, ValueError) as error:
        raise SettingsInvalid("TOOL_INVALID", _INVALID, tool=tool_id, file=file, key=str(error)) from error
    if not 0 < tool.kerf_mm <= 20 or not 0 <= tool.overshoot_mm <= 50:
        raise SettingsInvalid("TOOL_INVALID", _INVALID, tool=tool_id, file=file, key="kerf_mm, overshoot_mm")
    return tool
