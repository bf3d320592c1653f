"""Where pieces are drawn while they are moved apart: for looking only, no number knows of it."""

from collections.abc import Mapping, Sequence
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np

from app.middles import middle_of
from planning.geometry.frames import Floats, Vec3, vec3
from planning.geometry.mesh import Mesh
from planning.resection.cut_faces import PieceSurface, parted_surface
from planning.safety.results import Evaluation, Piece, PieceRole

APART_MM: Final = 90.0
"""How far a specimen moves at the slider's end."""

_POSTERIOR: Final = np.array([0.0, 1.0, 0.0])
# A specimen is delivered backwards, the arch before it; what stays moves least, so that stumps are seen.
_SHARES: Final = {
    PieceRole.SPECIMEN_ANTERIOR: 1.0,
    PieceRole.SPECIMEN_ARCH: 1.6,
    PieceRole.RIB_PIECE: 0.8,
    PieceRole.LOOSE: 0.8,
    PieceRole.REMAINING: 0.3,
}
_DELIVERED: Final = frozenset({PieceRole.SPECIMEN_ANTERIOR, PieceRole.SPECIMEN_ARCH})
_ROUND_IT_MM: Final = 15.0  # a piece whose middle is as near as this lies round the specimen and stays
_NOWHERE: Final[Vec3] = (0.0, 0.0, 0.0)
# Asked for on every step of a drag; forgotten with the mesh.
_SURFACES: Final[WeakKeyDictionary[Mesh, PieceSurface | None]] = WeakKeyDictionary()


def offsets_of(pieces: Sequence[Piece], apart: float, by_hand: Mapping[str, Vec3]) -> dict[str, Vec3]:
    """Return how far each piece with a surface is drawn from its place.

    Parameters
    ----------
    pieces : sequence of Piece
    apart : float
        0 to 1: where the slider stands.
    by_hand : mapping of str to Vec3
        What a hand moved on top of that, by piece.
    """
    solid = [(piece, piece.mesh) for piece in pieces if piece.mesh is not None and len(piece.mesh.triangles)]
    middles = {piece.id: middle_of(mesh) for piece, mesh in solid}
    centre = _centre([piece for piece, _ in solid], middles)
    return {
        piece.id: vec3(
            np.asarray(by_hand.get(piece.id, _NOWHERE))
            + apart * APART_MM * _SHARES[piece.role] * _way(piece.role, middles[piece.id] - centre)
        )
        for piece, _ in solid
    }


def surface_of_piece(mesh: Mesh) -> PieceSurface:
    """Return a piece's own surface and its cut faces; all of it as its own while they are not known."""
    return _SURFACES.get(mesh) or PieceSurface(mesh, ())


def find_cut_faces(evaluation: Evaluation) -> None:
    """Find the cut faces of all pieces, once while a mesh lives; off the main thread in the window."""
    blades = [o.blade for o in evaluation.inputs.plan.osteotomies]
    for mesh in _unknown(evaluation):
        parted = parted_surface(mesh, blades)
        _SURFACES[mesh] = parted if parted.faces else None  # a value that holds its key would live for ever


def lacks_cut_faces(evaluation: Evaluation) -> bool:
    """Say whether the cut faces of a piece are still to be found."""
    return bool(_unknown(evaluation))


def _unknown(evaluation: Evaluation) -> list[Mesh]:
    return [p.mesh for p in evaluation.pieces if p.mesh is not None and p.mesh not in _SURFACES]


def _centre(pieces: Sequence[Piece], middles: Mapping[str, Floats]) -> Floats:
    specimens = [p for p in pieces if p.role is PieceRole.SPECIMEN_ANTERIOR]
    chosen = specimens or [p for p in pieces if p.role in _DELIVERED] or list(pieces)
    return np.asarray(np.mean([middles[p.id] for p in chosen], axis=0)) if chosen else np.zeros(3)


def _way(role: PieceRole, away: Floats) -> Floats:
    """Return the direction a piece moves in, of length 1, or 0 where it stays."""
    if role in _DELIVERED:
        return _POSTERIOR
    if role is PieceRole.REMAINING:
        away = away * np.array([0.0, 0.0, 1.0])  # along the spine: it was never beside itself
    length = float(np.linalg.norm(away))
    return away / length if length >= _ROUND_IT_MM else np.zeros(3)
