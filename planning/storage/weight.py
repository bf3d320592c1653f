"""How much memory opening a case file takes, told from its documents before a voxel is read."""

import json
import re
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any, Final

from planning.storage.blob_table import BlobTable
from planning.storage.database import check_is_case, connected, readable_schema, translated
from planning.storage.versions import listed

_PART: Final = re.compile(r'"part":"([0-9a-f]{64})"')
_ANY_NAME: Final = re.compile(r"[0-9a-f]{64}")
_BYTES: Final = {"int16": 2, "float32": 4}
# A case whose file is this many times smaller than what may be taken fits whatever it holds: images of
# patients do not pack tighter.
_TIGHTEST: Final = 64


def surely_fits(path: Path, usable_bytes: int | None) -> bool:
    """Say whether the size of a file alone tells that there is memory enough."""
    try:
        return usable_bytes is None or path.stat().st_size * _TIGHTEST <= usable_bytes
    except OSError:
        return True  # whoever opens it says what is wrong


def weight_of(path: Path) -> int:
    """Return the bytes that voxels and masks of a file's newest saved version take.

    0 where that version is damaged: whoever opens the file says so. Raises `CaseFileProblem` for a file
    that is no case.
    """
    check_is_case(path)
    with translated(path):
        db = connected(path, read_only=True)
        try:
            readable_schema(db, path)
            blobs = BlobTable(db)
            newest = next((version for version in listed(db)[0] if version.saved), None)
            documents = _documents(newest.manifest, blobs) if newest is not None else {}
            volumes = [found for content in documents.values() for found in _volumes(content)]
            voxels = sum(prod(shape) * _BYTES[kind] for kind, shape, _ in volumes)
            chunks = {name for _, _, names in volumes for name in names}
            sizes: dict[str, int] = dict(db.execute("SELECT name, size FROM blob"))
            bricks = {name for text in documents.values() for name in _ANY_NAME.findall(json.dumps(text))}
            return voxels + sum(sizes.get(name, 0) for name in bricks - chunks)
        finally:
            db.close()


def _documents(manifest: str, blobs: BlobTable) -> dict[str, Any]:
    """Return every document of a version by name; none at all where one is damaged."""
    found: dict[str, Any] = {}
    waiting = [manifest]
    while waiting:
        name = waiting.pop()
        content = blobs.content(name)
        try:
            text = (content or b"").decode("ascii")
            found[name] = json.loads(text)
        except ValueError:
            return {}
        waiting += [part for part in _PART.findall(text) if part not in found]
    return found


def _volumes(content: Any) -> Iterator[tuple[str, list[int], list[str]]]:
    """Yield type, shape and chunks of every volume a document describes."""
    if isinstance(content, dict):
        grid, kind, chunks = content.get("grid"), content.get("type"), content.get("chunks")
        if isinstance(grid, dict) and kind in _BYTES and isinstance(chunks, list):
            shape = grid.get("shape_kji")
            if isinstance(shape, list) and all(isinstance(n, int) for n in shape):
                yield kind, shape, [name for name in chunks if isinstance(name, str)]
        for value in content.values():
            yield from _volumes(value)
    elif isinstance(content, list):
        for value in content:
            yield from _volumes(value)
