"""The department's own cutting tools: a file of the user, read with care and written whole."""

import json
import os
import tomllib
from dataclasses import replace
from pathlib import Path

from planning.errors import SettingsInvalid
from planning.model.tools import Tool, ToolLibrary, checked, load_tools
from planning.texts import mark

_HEAD = (
    "# Cutting tools of this department, written by the dialog *Tool library*.\n"
    "# Millimetres; source is required. A changed number never changes a plan by itself.\n"
)


def with_own_tools(library: ToolLibrary, path: Path) -> ToolLibrary:
    """Return the library with the tools of a user's file; the same where there is none.

    Raises
    ------
    SettingsInvalid
        Naming the file, or the tool and number at fault.
    """
    if not path.is_file() or not _names_any(path):
        return library
    own = tuple(checked(replace(tool, own=True), library.plausible) for tool in load_tools(path).tools)
    for tool in own:
        if library.tool(tool.id) is not None:
            raise SettingsInvalid(
                "TOOL_TAKEN", mark("{file} names {tool}, which is a standard tool."),
                file=path.name, tool=tool.id,
            )  # fmt: skip
    return library.with_own(own)


def _names_any(path: Path) -> bool:
    """Say whether the file names any tool; one that cannot be read is left for `load_tools` to refuse."""
    try:
        return bool(tomllib.loads(path.read_text(encoding="utf-8")).get("tool"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return True


def write_own_tools(own: tuple[Tool, ...], path: Path) -> None:
    """Write the department's own tools, whole or not at all; raises `SettingsInvalid` where it cannot."""
    text = _HEAD + "".join(_entry(tool) for tool in own)
    beside = path.with_name(path.name + ".new")
    try:
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, path)  # noqa: PTH105 -- replaces on every system
    except OSError as error:
        raise SettingsInvalid(
            "TOOLS_UNWRITABLE", mark("The tool library {file} cannot be written."), file=path.name
        ) from error


def free_tool_id(name: str, library: ToolLibrary) -> str:
    """Return an id for a new tool that no other has: readable where its name is."""
    plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in name.casefold()).strip("_")
    stem, number = f"own_{plain or 'tool'}"[:60], 2
    candidate = stem
    while library.tool(candidate) is not None:
        candidate, number = f"{stem}_{number}", number + 1
    return candidate


def _entry(tool: Tool) -> str:
    low, high = tool.kerf_range_mm
    lines = [
        f"\n[tool.{json.dumps(tool.id)}]",
        f"name = {_text(tool.name)}",
        f"kerf_mm = {tool.kerf_mm!r}",
        f"kerf_range_mm = [{low!r}, {high!r}]",
        f"overshoot_mm = {tool.overshoot_mm!r}",
        *([f"reach_mm = {tool.reach_mm!r}"] if tool.reach_mm is not None else []),
        *([f"width_mm = {tool.width_mm!r}"] if tool.width_mm is not None else []),
        f"source = {_text(tool.source)}",
    ]
    return "\n".join(lines) + "\n"


def _text(words: str) -> str:
    # JSON strings are TOML strings, but for this one character.
    return json.dumps(words, ensure_ascii=False).replace("\x7f", "\\u007F")
