"""Whatever a parser does in the child, the program gets a typed answer and the next call works."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from planning.kernel import child
from planning.kernel.exchange import Array, Header, TaskRoom, read_frame


class PanicException(BaseException):
    """What codecs written in Rust raise: no Exception, so that ordinary handlers let it pass."""


@pytest.mark.parametrize("kind", [PanicException, MemoryError, RecursionError, SystemExit, KeyboardInterrupt])
def test_every_way_to_fail_is_answered_by_its_type_and_without_its_text(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: type[BaseException]
) -> None:
    def failing(header: Header, arrays: Sequence[Array], room: TaskRoom) -> Any:
        raise kind("Quillfeather")

    monkeypatch.setattr(child, "_function", lambda _task: failing)
    replies = io.BytesIO()
    request = {"task": "any", "header": {}, "arrays": [], "call": 1, "limit_mib": None}
    child._serve(request, tmp_path, replies)
    replies.seek(0)
    answer = read_frame(replies)
    assert answer is not None
    assert answer["failed"]["kind"] == kind.__name__
    assert "Quillfeather" not in str(answer)
