"""Everything solid in the 3D view: structures, pieces, specimen margins and blades, kept by id."""

from collections.abc import Collection
from typing import Protocol, TypeVar

import numpy as np
from vtkmodules.vtkRenderingCore import vtkRenderer

from planning.geometry.frames import Floats
from planning.model.structures import StructureKind
from rendering.blade_actor import BladeActor
from rendering.cut_face_actor import CutFaceActor
from rendering.margin_actor import MarginActor
from rendering.scene_state import ClipPlane, DrawnBlade, DrawnMargin, DrawnPiece, SpineState
from rendering.slice_geometry import corners_lps_mm
from rendering.slice_in_space import SliceInSpace, rim_lps_mm
from rendering.surface_actor import SurfaceActor, look_of
from rendering.volume_picture import VolumePicture

PICKABLE_OPACITY = 0.3
OPERATED_KINDS = frozenset({StructureKind.VERTEBRA, StructureKind.SACRUM, StructureKind.TUMOUR})


class _Removable(Protocol):
    """What leaves its renderer when its id is gone."""

    def remove(self) -> None:
        """Leave the renderer."""


Actor = TypeVar("Actor", bound=_Removable)


class SpineBodies:
    """Actors by id; `show` makes, changes and removes only what differs."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._renderer = renderer
        self._surfaces: dict[str, SurfaceActor] = {}
        self._faces: dict[str, CutFaceActor] = {}
        self._margins: dict[str, MarginActor] = {}
        self._blades: dict[str, BladeActor] = {}
        self._slices: dict[str, SliceInSpace] = {}
        self.picture = VolumePicture(renderer)
        self._state = SpineState()
        self._clip: ClipPlane | None = None
        self._coarse = False
        self._line_px = 1.5
        self._corners: Floats | None = None
        self.changes = 0

    def show(self, state: SpineState) -> None:
        """Apply the difference to the state before."""
        old, self._state = self._state, state
        if old.structures is not state.structures or old.pieces is not state.pieces:
            self._show_surfaces(state)
            self._show_faces({p.id: p for p in state.pieces if p.faces})
            self._corners = None
        if old.margins is not state.margins:
            self._show_margins(state.margins)
            self._corners = None
        if old.blades is not state.blades:
            self._show_blades(state.blades)
        if old.slices != state.slices:
            self._show_slices(state)
        if (old.picture, old.clip) != (state.picture, state.clip):
            self.picture.show(state.picture, state.clip)
        if self._clip != state.clip:
            self._clip = state.clip
            for surface in self._surfaces.values():
                surface.clip(state.clip)
            for face in self._faces.values():
                face.clip(state.clip)

    def set_coarse(self, coarse: bool) -> None:
        """Draw coarser surfaces while things move."""
        self._coarse = coarse
        self.picture.set_moving(coarse)
        for surface in self._surfaces.values():
            surface.set_coarse(coarse)
        for face in self._faces.values():
            face.set_coarse(coarse)

    def prepare_one(self) -> bool:
        """Make one surface ready for a drag; say whether there was one left."""
        surfaces = (*self._surfaces.values(), *(face.surface for face in self._faces.values()))
        return any(surface.prepare() for surface in surfaces)

    def set_width(self, line_px: float) -> None:
        """Set the width of edges in device pixels."""
        self._line_px = line_px
        for blade in self._blades.values():
            blade.set_width(line_px)
        for margin in self._margins.values():
            margin.set_width(line_px)
        for face in self._faces.values():
            face.set_width(line_px)
        for shown in self._slices.values():
            shown.set_width(line_px)

    def corners_lps_mm(self) -> Floats:
        """Return the corners of the boxes round everything visible, shape (n, 3)."""
        if self._corners is None:
            boxes = [_box(*surface.bounds()) for surface in self._surfaces.values() if surface.is_drawn]
            margins = [
                _box(*(b + np.asarray(m.offset_lps_mm) for b in m.mesh.bounds_lps_mm))
                for m in self._state.margins
                if m.visible and len(m.mesh.vertices_lps_mm)
            ]
            self._corners = np.concatenate([np.empty((0, 3)), *boxes, *margins])
        outlines = [d.blade.corners_lps_mm for d in self._state.blades if d.visible]
        return np.concatenate([self._corners, *outlines])

    def reach_lps_mm(self) -> Floats:
        """Return the corners round all that is drawn, images too, which no fit takes into view."""
        images = [rim_lps_mm(shown) for shown in self._state.slices]
        if self._state.picture is not None:
            images.append(corners_lps_mm(self._state.picture.volume.grid))
        return np.concatenate([self.corners_lps_mm(), *images])

    def spine_corners_lps_mm(self) -> Floats:
        """Return the corners of the boxes round what is operated on: spine, tumour, pieces and blades.

        Lungs, ribs and great vessels reach far beyond it and may leave the picture; without a spine
        everything visible counts.
        """
        ids = {s.id for s in self._state.structures if s.kind in OPERATED_KINDS}
        ids |= {p.id for p in self._state.pieces}
        shown = [actor for name, actor in self._surfaces.items() if name in ids and actor.is_drawn]
        if not shown:
            return self.corners_lps_mm()
        blades = [d.blade.corners_lps_mm for d in self._state.blades if d.visible]
        return np.concatenate([*(_box(*actor.bounds()) for actor in shown), *blades])

    def surface_corners_lps_mm(self) -> Floats:
        """Return the corners of the boxes round all visible surfaces, wherever the blades are."""
        boxes = [_box(*actor.bounds()) for actor in self._surfaces.values() if actor.is_drawn]
        return np.concatenate([np.empty((0, 3)), *boxes])

    def first_hit(self, start: Floats, end: Floats) -> tuple[str, Floats] | None:
        """Return the id of the structure or piece a line of sight first meets, and where."""
        best: tuple[str, Floats] | None = None
        faces = [(name, face.surface) for name, face in self._faces.items()]
        for name, surface in (*self._surfaces.items(), *faces):
            if surface.look is None or surface.look.opacity < PICKABLE_OPACITY:
                continue
            point = surface.first_hit(start, end)
            if point is None:
                continue
            if best is None or np.linalg.norm(point - start) < np.linalg.norm(best[1] - start):
                best = (name, point)
        return best

    def offset_of(self, name: str) -> Floats:
        """Return how far a structure or piece is drawn from its place."""
        surface = self._surfaces.get(name)
        look = surface.look if surface is not None else None
        return np.zeros(3) if look is None else np.array(look.offset_lps_mm)

    def _show_surfaces(self, state: SpineState) -> None:
        drawn = {s.id: look_of(s) for s in state.structures} | {p.id: look_of(p) for p in state.pieces}
        _drop(self._surfaces, drawn)
        for name, look in drawn.items():
            actor = self._surfaces.get(name)
            if actor is None:
                actor = self._surfaces[name] = SurfaceActor(self._renderer)
                actor.set_coarse(self._coarse)
                actor.clip(self._clip)
            self.changes += actor.show(look)

    def _show_faces(self, pieces: dict[str, DrawnPiece]) -> None:
        _drop(self._faces, pieces)
        for name, piece in pieces.items():
            actor = self._faces.get(name)
            if actor is None:
                actor = self._faces[name] = CutFaceActor(self._renderer)
                actor.set_width(self._line_px)
                actor.set_coarse(self._coarse)
                actor.clip(self._clip)
            self.changes += actor.show(piece)

    def _show_margins(self, margins: tuple[DrawnMargin, ...]) -> None:
        _drop(self._margins, {m.id for m in margins})
        for margin in margins:
            actor = self._margins.get(margin.id)
            if actor is None:
                actor = self._margins[margin.id] = MarginActor(self._renderer)
                actor.set_width(self._line_px)
            self.changes += actor.show(margin)

    def _show_slices(self, state: SpineState) -> None:
        _drop(self._slices, {s.plane.value for s in state.slices})
        for shown in state.slices:
            actor = self._slices.get(shown.plane.value)
            if actor is None:
                actor = self._slices[shown.plane.value] = SliceInSpace(self._renderer)
                actor.set_width(self._line_px)
            self.changes += actor.show(shown)

    def _show_blades(self, blades: tuple[DrawnBlade, ...]) -> None:
        _drop(self._blades, {b.id for b in blades})
        for drawn in blades:
            actor = self._blades.get(drawn.id)
            if actor is None:
                actor = self._blades[drawn.id] = BladeActor(self._renderer)
                actor.set_width(self._line_px)
            self.changes += actor.show(drawn)


def _drop(actors: dict[str, Actor], wanted: Collection[str]) -> None:
    for name in [n for n in actors if n not in wanted]:
        actors.pop(name).remove()


def _box(low: Floats, high: Floats) -> Floats:
    return np.stack(np.meshgrid(*zip(low, high, strict=True), indexing="ij"), -1).reshape(-1, 3)
