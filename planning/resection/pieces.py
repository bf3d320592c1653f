"""What a resection leaves: pieces with their roles, and what is wrong with them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from planning.geometry.frames import Grid, Vec3
from planning.resection.ground import Ground
from planning.resection.links import RawLink

Severity = Literal["fail", "not_assessed", "warn"]


class Role(StrEnum):
    """What a piece is for the operation; the values are those of INTERCHANGE section 3."""

    SPECIMEN_ANTERIOR = "specimen_anterior"
    SPECIMEN_ARCH = "specimen_arch"
    RIB_PIECE = "rib_piece"
    REMAINING = "remaining"
    LOOSE = "loose"


SPECIMENS = frozenset({Role.SPECIMEN_ANTERIOR, Role.SPECIMEN_ARCH})


@dataclass(frozen=True)
class RawPiece:
    """One piece after all cuts.

    Parameters
    ----------
    id : str
        Stable for a plan: role and number, ``specimen_anterior-1``.
    label : int
        Its value in `Resection.pieces_kji`.
    role : Role
    volume_mm3 : float
        Partial-volume exact to the slabs: what the kerf takes is left out.
    tumour_fraction : float
        Share of the plan's tumour outside the kerf that lies in this piece, 0 to 1.
    tumour_mm3 : float
    levels : tuple of str
        Vertebrae it holds bone of, cranial to caudal.
    bones : tuple of str
        Ids of the structures it holds tissue of.
    links : tuple of RawLink
        For a specimen piece, the links that hold it to what remains; empty when it is free.
        For any other piece empty.
    title : str
    centre_lps_mm : Vec3
    closes_round_canal : bool
        Whether a specimen piece still goes all the way round the canal.
    is_doubtful : bool
        Whether a neighbouring vertebra that may hold it is not segmented.
    """

    id: str
    label: int
    role: Role
    volume_mm3: float
    tumour_fraction: float
    tumour_mm3: float
    levels: tuple[str, ...]
    bones: tuple[str, ...]
    links: tuple[RawLink, ...]
    title: str
    centre_lps_mm: Vec3
    closes_round_canal: bool = False
    is_doubtful: bool = False

    @property
    def is_free(self) -> bool | None:
        """Whether it comes away (asked of specimen pieces); None where an unsegmented bone may hold it."""
        if self.links or self.closes_round_canal:
            return False
        return None if self.is_doubtful else True


@dataclass(frozen=True)
class RawProblem:
    """Something wrong with the pieces.

    `code` is one of ``tumour_left``, ``tumour_split``, ``not_free``, ``closes_round_canal``,
    ``cut_changes_nothing``, ``target_missing``, ``neighbour_missing``, ``tumour_missing``,
    ``canal_missing``, ``outside_image``, ``release_unknown``, ``solids_disagree``. `subject` is the
    piece, level or link it is about, where there may be several.
    """

    code: str
    severity: Severity
    sentence: str
    osteotomies: tuple[str, ...] = ()
    volume_mm3: float | None = None
    point_lps_mm: Vec3 | None = None
    subject: str = ""


@dataclass(frozen=True, eq=False)
class Resection:
    """Everything the cuts do to the bones round the targets.

    Parameters
    ----------
    grid : Grid
        The cropped grid the voxels lie on.
    pieces_kji : array of uint16, shape `grid.shape_kji`
        Piece label per voxel; 0 is nothing, kerf, or a crumb below the smallest piece.
    pieces : tuple of RawPiece
        Specimens first, then rib pieces, loose pieces, what remains.
    links : tuple of RawLink
        Every link considered, severed ones included.
    problems : tuple of RawProblem
    kerf_mm3, kerf_tumour_mm3 : float
        Bone and tumour the tools take away.
    crumbs_mm3 : float
        Tissue in fragments below the smallest piece.
    ground : Ground or None
        The uncut field it was cut from, used again for the next position of a blade.
    """

    grid: Grid
    pieces_kji: NDArray[np.uint16]
    pieces: tuple[RawPiece, ...]
    links: tuple[RawLink, ...]
    problems: tuple[RawProblem, ...]
    kerf_mm3: float
    kerf_tumour_mm3: float
    crumbs_mm3: float
    ground: Ground | None = None

    def piece(self, piece_id: str) -> RawPiece | None:
        """Return the piece of that id, or None."""
        return next((p for p in self.pieces if p.id == piece_id), None)

    @property
    def specimen(self) -> RawPiece | None:
        """The specimen piece with most of the tumour (without one, the anterior piece), or None."""
        specimens = [p for p in self.pieces if p.role in SPECIMENS]
        return max(
            specimens,
            key=lambda p: (p.tumour_mm3, p.role is Role.SPECIMEN_ANTERIOR, p.volume_mm3),
            default=None,
        )
