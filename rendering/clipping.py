"""Looking inside: what a clip plane, or a slab between two, leaves to be seen."""

import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkCommonDataModel import vtkPlane

from planning.geometry.frames import Floats
from planning.texts import tr
from rendering.scene_state import ClipPlane


def sides_of(clip: ClipPlane | None) -> list[tuple[Floats, Floats]]:
    """Return a point and the inward normal of every plane that cuts something away."""
    if clip is None:
        return []
    point, normal = np.asarray(clip.origin_lps_mm), np.asarray(clip.normal_lps)
    sides = [(point, -normal)]
    if clip.slab_mm > 0:
        sides.append((point - clip.slab_mm * normal, normal))
    return sides


def planes_of(clip: ClipPlane | None) -> list[vtkPlane]:
    """Return the planes as a mapper wants them: it keeps what lies on the side of their normals."""
    planes = []
    for point, inward in sides_of(clip):
        plane = vtkPlane()
        plane.SetOrigin(*point.tolist())
        plane.SetNormal(*inward.tolist())
        planes.append(plane)
    return planes


def is_kept(points_lps_mm: Floats, clip: ClipPlane | None) -> NDArray[np.bool_]:
    """Say of each point, shape (n, 3), whether it is left to be seen."""
    kept = np.ones(len(points_lps_mm), dtype=bool)
    for point, inward in sides_of(clip):
        kept &= (points_lps_mm - point) @ inward >= 0
    return kept


def clip_words(clip: ClipPlane | None) -> str:
    """Return what is said of it in the view; empty where nothing is cut away."""
    if clip is None:
        return ""
    if clip.slab_mm > 0:
        return tr("clipped to a slab of {slab} mm", slab=f"{clip.slab_mm:g}")
    return tr("clipped: what lies before the plane is not drawn")
