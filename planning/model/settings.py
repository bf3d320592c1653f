"""Everything a hospital may set: limits, tools and how anatomy is drawn."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from planning.model.anatomy_table import AnatomyTable, load_anatomy_table
from planning.model.limits import Limits, load_limits
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
        """SHA-256 of what a result depends on: a new colour or code voids nothing."""
        return hashlib.sha256(f"{_ordered(self.limits)}\n{_ordered(self.tools)}".encode()).hexdigest()


def _ordered(value: object) -> str:
    # Sets print in an order that changes from run to run; the digest must not.
    if isinstance(value, frozenset):
        return repr(sorted(str(item) for item in value))
    if isinstance(value, tuple):
        return "(" + ",".join(_ordered(item) for item in value) + ")"
    if hasattr(value, "__dataclass_fields__"):
        return (
            "{"
            + ",".join(f"{name}={_ordered(getattr(value, name))}" for name in value.__dataclass_fields__)
            + "}"
        )
    return repr(value)


def load_settings(resources: Path) -> Settings:
    """Read `limits.toml`, `tools.toml` and `anatomy.toml` from the resources folder.

    Raises
    ------
    SettingsInvalid
        Naming the file and the key at fault.
    """
    return Settings(
        load_limits(resources / "limits.toml"),
        load_tools(resources / "tools.toml"),
        load_anatomy_table(resources / "anatomy.toml"),
    )
