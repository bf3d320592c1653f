"""The middle of a mesh, asked for on every step of a drag and kept while the mesh lives."""

from typing import Final
from weakref import WeakKeyDictionary

import numpy as np

from planning.geometry.frames import Floats
from planning.geometry.mesh import Mesh

_MIDDLES: Final[WeakKeyDictionary[Mesh, Floats]] = WeakKeyDictionary()


def middle_of(mesh: Mesh) -> Floats:
    """Return the mean of a mesh's vertices, LPS mm."""
    found = _MIDDLES.get(mesh)
    if found is None:
        found = _MIDDLES[mesh] = np.asarray(mesh.vertices_lps_mm.mean(axis=0, dtype=np.float64))
    return found
