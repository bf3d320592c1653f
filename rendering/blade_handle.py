"""The active blade's handles: grab, drag, and give the new blade back."""

from dataclasses import dataclass
from typing import Protocol

from planning.geometry.blade import Blade


class BladeListener(Protocol):
    """Who is told about a drag."""

    def blade_started(self, blade_id: str) -> None:
        """Handle a grab."""

    def blade_moved(self, blade_id: str, blade: Blade) -> None:
        """Handle each step: preview it."""

    def blade_ended(self, blade_id: str, blade: Blade) -> None:
        """Handle the release: one history step."""

    def blade_cancelled(self, blade_id: str) -> None:
        """Handle Esc: the state before the drag comes back."""


@dataclass
class Silent:
    """A listener for pictures: nobody drags there."""

    def blade_started(self, blade_id: str) -> None:
        """Do nothing."""

    def blade_moved(self, blade_id: str, blade: Blade) -> None:
        """Do nothing."""

    def blade_ended(self, blade_id: str, blade: Blade) -> None:
        """Do nothing."""

    def blade_cancelled(self, blade_id: str) -> None:
        """Do nothing."""
