"""Structure outlines on a slice: cut anew from the surfaces wherever the slice goes."""

import numpy as np

from planning.geometry.mesh import Mesh
from planning.model.structures import StructureKind
from rendering.line_layer import Strokes
from rendering.scene_state import DrawnStructure, SliceState
from rendering.section import MeshSection, Segments, section_once
from rendering.slice_geometry import height_mm

DASH_MM = 2.0
# The cord's colour is close to bone's, and nothing matters more (COMPETITORS 5.4).
STRONG_KINDS = frozenset({StructureKind.SPINAL_CORD, StructureKind.DURAL_SAC, StructureKind.SPINAL_CANAL})


class Outlines:
    """Prepared sections of every mesh for one direction; each plane is then cut in no time.

    They are prepared when a direction is asked for a second time: while a plane turns it never is.
    """

    def __init__(self) -> None:
        self._sections: dict[Mesh, MeshSection | None] = {}
        self._normal: tuple[float, float, float] | None = None

    def strokes(self, state: SliceState) -> tuple[list[Strokes], list[Strokes]]:
        """Return the outlines drawn plainly and those drawn strongly."""
        normal = state.screen_axes.normal_lps
        if normal != self._normal:
            self._normal, self._sections = normal, {}
        shown = [s for s in state.structures if s.outlined]
        self._sections = {s.mesh: self._sections[s.mesh] for s in shown if s.mesh in self._sections}
        plain: list[Strokes] = []
        strong: list[Strokes] = []
        for structure in shown:
            segments = self._cut(structure.mesh, normal, height_mm(state))
            if len(segments):
                target = strong if _is_strong(structure) else plain
                target.append(Strokes(_as_drawn(structure, segments), structure.colour_rgb))
        return plain, strong

    def _cut(self, mesh: Mesh, normal: tuple[float, float, float], height: float) -> Segments:
        if mesh not in self._sections:
            self._sections[mesh] = None
            return section_once(mesh, normal, height)
        found = self._sections[mesh]
        if found is None:
            found = self._sections[mesh] = MeshSection(mesh, normal)
        return found.at(height)


def _is_strong(structure: DrawnStructure) -> bool:
    return structure.emphasised or structure.kind in STRONG_KINDS


def _as_drawn(structure: DrawnStructure, segments: Segments) -> Segments:
    """Return a simulated structure's outline with gaps: every second stretch of its length is left out."""
    if not structure.simulated:
        return segments
    middle = segments.mean(axis=1)
    spoke = middle - middle.mean(axis=0)
    u, v = np.argsort(-np.ptp(middle, axis=0))[:2]
    radius = float(np.linalg.norm(spoke, axis=1).mean()) or 1.0
    count = max(6, 2 * round(np.pi * radius / (2 * DASH_MM)))
    angle = np.arctan2(spoke[:, v], spoke[:, u]) / (2 * np.pi) + 0.5
    kept: Segments = segments[np.floor(angle * 2 * count).astype(int) % 2 == 0]
    return kept
