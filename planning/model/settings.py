"""Everything a hospital may set: limits, tools and how anatomy is drawn."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from planning.model.anatomy_table import AnatomyTable, load_anatomy_table
from planning.model.limits import Limits, load_limits
from planning.model.own_tools import with_own_tools
from planning.model.tools import ToolLibrary, load_tools


@dataclass(frozen=True)
class Settings:
    """The settings of one run.

    Parameters
    ----------
    limits : Limits
    tools : ToolLibrary
    anatomy_table : AnatomyTable
    """

    limits: Limits
    tools: ToolLibrary
    anatomy_table: AnatomyTable

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what a result depends on: a new colour or code voids nothing.

        Tools of the department's own are left out: a cut carries its own kerf and overshoot, and a tool
        added for another patient must void neither acceptances nor approvals.
        """
        tools = "{tools=(" + ",".join(_ordered(tool) for tool in self.tools.standard) + ")}"
        return hashlib.sha256(f"{_ordered(self.limits)}\n{tools}".encode()).hexdigest()


_SAID_ONLY = frozenset({"width_mm", "own"})  # of a tool: nothing is judged by them


def _ordered(value: object) -> str:
    # Sets print in an order that changes from run to run; the digest must not.
    if isinstance(value, frozenset):
        return repr(sorted(str(item) for item in value))
    if isinstance(value, tuple):
        return "(" + ",".join(_ordered(item) for item in value) + ")"
    if hasattr(value, "__dataclass_fields__"):
        return (
            "{"
            + ",".join(
                f"{name}={_ordered(getattr(value, name))}"
                for name in value.__dataclass_fields__
                if name not in _SAID_ONLY
            )
            + "}"
        )
    return repr(value)


def load_settings(resources: Path, own_tools: Path | None = None) -> Settings:
    """Read `limits.toml`, `tools.toml` and `anatomy.toml` from the resources folder, and a user's own tools.

    Raises
    ------
    SettingsInvalid
        Naming the file and the key at fault.
    """
    tools = load_tools(resources / "tools.toml")
    return Settings(
        load_limits(resources / "limits.toml"),
        tools if own_tools is None else with_own_tools(tools, own_tools),
        load_anatomy_table(resources / "anatomy.toml"),
    )
