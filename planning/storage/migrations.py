"""What older documents need to be read by this program. Every schema ever written opens for ever."""

from collections.abc import Callable
from typing import Any, Final

from planning.errors import CaseFileProblem
from planning.storage.manifest import DOCUMENT_SCHEMA
from planning.texts import mark

Migration = Callable[[dict[str, Any]], dict[str, Any]]

# Schema n to the function that turns a document's content into that of schema n + 1. A field that is
# only added needs none: it takes its default. A renamed or newly understood one does.
STEPS: Final[dict[int, Migration]] = {}


def migrated(
    schema: int, content: dict[str, Any], steps: dict[int, Migration] = STEPS, to: int = DOCUMENT_SCHEMA
) -> dict[str, Any]:
    """Return a document's content as schema `to` has it; raises `CaseFileProblem` for a newer one."""
    if schema > to or schema < 1:
        raise CaseFileProblem(
            "CASE_NEWER", mark("This case was written by a newer EnBloc. Update the program to open it.")
        )
    for step in range(schema, to):
        content = steps[step](content) if step in steps else content
    return content
