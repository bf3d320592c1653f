"""Limits and tools as a version of a case was planned under them, kept beside it for comparison.

They belong to the workstation, not to the case, and nothing is ever judged by the kept ones.
"""

import json
from collections.abc import Mapping

from planning.model.settings import Settings
from planning.storage.blobs import name_of
from planning.storage.manifest import Content, document


def limits_of(settings: Settings) -> dict[str, str]:
    """Return every number that limits and tools set, by its path."""
    facts = {printed.key: printed.value for printed in settings.limits.printed}
    for tool in settings.tools.tools:
        facts |= {
            f"tool.{tool.id}.kerf_mm": f"{tool.kerf_mm:g}",
            f"tool.{tool.id}.overshoot_mm": f"{tool.overshoot_mm:g}",
            f"tool.{tool.id}.reach_mm": "" if tool.reach_mm is None else f"{tool.reach_mm:g}",
        }
    return facts


def limits_document(limits: Mapping[str, str] | None) -> tuple[str, dict[str, Content]]:
    """Return the name of the document and the blob to store; nothing for None."""
    if limits is None:
        return "", {}
    content = document({"limits": dict(limits)})
    name = name_of(content)
    return name, {name: Content(content)}


def limits_in(content: bytes | None) -> dict[str, str] | None:
    """Return the limits of a stored document; None where it is missing or no such thing."""
    try:
        found = json.loads(content or b"")["limits"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(found, dict) or not all(
        isinstance(text, str) for pair in found.items() for text in pair
    ):
        return None
    return found
