"""A ball as a surface, and writers of every format, each line of them written here."""

import struct

import numpy as np
from numpy.typing import NDArray

from planning.geometry.frames import Grid
from planning.geometry.mesh import Mesh
from planning.kernel.surface import Smoothing, surface_of
from tests.imaging import phantom

MIDDLE = np.array([9.3, 11.1, 13.7])


def ball(radius: float = 9.0) -> Mesh:
    """Return the surface of a voxel ball of half a millimetre about the origin."""
    grid = Grid.from_axes((44, 44, 44), (-11.0, -11.0, -11.0), np.eye(3), (0.5, 0.5, 0.5))
    inside = np.linalg.norm(phantom.centres(grid), axis=-1) <= radius
    return surface_of(inside, (0, 0, 0), grid, Smoothing.FINE).mesh


def place(mesh: Mesh) -> NDArray[np.float64]:
    """Move the ball off every symmetry, inside the image."""
    return np.asarray(mesh.vertices_lps_mm.astype(np.float64) + MIDDLE)


def stl_text(points: NDArray[np.float64], faces: NDArray[np.int32]) -> bytes:
    """Return ASCII STL."""
    rows = ["solid aorta"]
    for face in faces:
        corners = "".join(f"vertex {x:.6g} {y:.6g} {z:.6g}\n" for x, y, z in points[face])
        rows.append(f"facet normal 0 0 0\nouter loop\n{corners}endloop\nendfacet")
    return ("\n".join(rows) + "\nendsolid aorta\n").encode()


def stl(points: NDArray[np.float64], faces: NDArray[np.int32]) -> bytes:
    """Return binary STL whose header begins with solid."""
    body = b"".join(struct.pack("<12fH", 0, 0, 0, *points[face].ravel(), 0) for face in faces)
    return b"solid but binary".ljust(80) + struct.pack("<I", len(faces)) + body


def obj(points: NDArray[np.float64], faces: NDArray[np.int32]) -> bytes:
    """Return OBJ with normals, and half of its faces counted back from the last point."""
    rows = ["# SPACE=LPS", "o aorta", *(f"v {x:.6g} {y:.6g} {z:.6g}" for x, y, z in points), "vn 0 0 1"]
    half = len(faces) // 2
    rows += ["f " + " ".join(f"{c + 1}//1" for c in face) for face in faces[:half]]
    rows += ["f " + " ".join(str(c - len(points)) for c in face) for face in faces[half:]]
    return "\r\n".join(rows).encode()


def ply(points: NDArray[np.float64], faces: NDArray[np.int32], order: str) -> bytes:
    """Return PLY as text or in either byte order, with a colour byte to step over."""
    name = {"": "ascii", "<": "binary_little_endian", ">": "binary_big_endian"}[order]
    head = (
        f"ply\nformat {name} 1.0\ncomment SPACE=LPS\nelement vertex {len(points)}\n"
        "property float x\nproperty float y\nproperty float z\nproperty uchar red\n"
        f"element face {len(faces)}\nproperty list uchar int vertex_indices\nend_header\n"
    ).encode()
    if not order:
        rows = [f"{x:.6g} {y:.6g} {z:.6g} 7" for x, y, z in points] + [f"3 {a} {b} {c}" for a, b, c in faces]
        return head + "\n".join(rows).encode()
    vertices = b"".join(struct.pack(f"{order}3fB", *p, 7) for p in points)
    return head + vertices + b"".join(struct.pack(f"{order}B3i", 3, *f) for f in faces)
