"""Wavefront OBJ: points and faces; every named object becomes a surface of its own."""

from typing import Final

import numpy as np

from planning.errors import LabelsRefused
from planning.imaging.limits import MAX_TEXT, MAX_TRIANGLES
from planning.imaging.surface_text import Surface, fans, numbers_of
from planning.texts import mark

_LONGEST_COMMENT: Final = 1000
BAD_INDEX: Final = mark("{name} has faces that name points it does not hold. Export the surface again.")


def obj_surfaces(data: bytes) -> tuple[list[Surface], str]:
    """Return the objects of an OBJ file and its comments.

    Raises
    ------
    LabelsRefused
        ``BAD_INDEX``.
    ValueError
        For words where numbers belong.
    """
    rows: list[bytes] = []
    comments: list[bytes] = []
    objects: list[tuple[str, list[list[int]]]] = [("", [])]
    for line in data.splitlines():
        word, _, rest = line.strip().partition(b" ")
        if word == b"v":
            rows.append(rest)
        elif word == b"f":
            objects[-1][1].append([_index(corner, len(rows)) for corner in rest.split()])
        elif word == b"o":
            objects.append((_plain(rest), []))
        elif word.startswith(b"#") and len(comments) < 100:
            comments.append(line)
    points = numbers_of(rows, 3)
    words = b" ".join(comments)[:_LONGEST_COMMENT].decode("utf-8", "replace")
    return [_surface(name, points, faces) for name, faces in objects if faces], words


def _index(corner: bytes, so_far: int) -> int:
    """Return a corner's point counted from 0; negative ones count back from the last point written."""
    number = int(corner.split(b"/", 1)[0])
    return number - 1 if number > 0 else so_far + number


def _surface(name: str, points: np.ndarray, faces: list[list[int]]) -> Surface:
    triangles = fans(faces)
    if len(triangles) > MAX_TRIANGLES or any(len(face) < 3 for face in faces):
        raise ValueError("faces")
    if len(triangles) and (triangles.min() < 0 or triangles.max() >= len(points)):
        raise LabelsRefused("BAD_INDEX", BAD_INDEX)
    used, index = np.unique(triangles, return_inverse=True)
    return Surface(name, points[used], index.reshape(-1, 3).astype(np.int32))


def _plain(text: bytes) -> str:
    words = text.decode("utf-8", "replace")
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())[:MAX_TEXT]
