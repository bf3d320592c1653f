"""Links: the discs and joints that hold bones together until a blade or a release severs them."""

from dataclasses import dataclass
from enum import StrEnum

from planning.geometry.frames import Vec3

RELEASED = "release"


def is_meant(link_id: str, release: str) -> bool:
    """Say whether a release of `release` releases the link: its own id, or one that continues it with ``/``.

    A kind alone, such as ``disc``, means no link: it would free every level at a stroke.
    """
    return link_id == release or ("/" in release and link_id.startswith(release + "/"))


class LinkKind(StrEnum):
    """What holds two bones together."""

    DISC = "disc"
    FACET = "facet"
    COSTOVERTEBRAL = "costovertebral"
    COSTOTRANSVERSE = "costotransverse"


@dataclass(frozen=True)
class RawLink:
    """One link, as the cuts leave it.

    Parameters
    ----------
    id : str
        Stable, made of levels and side: ``facet/T9-T10/left``, ``disc/T11-T12``,
        ``disc/T11-T12/cranial`` (the end of a segmented disc on the cranial vertebra),
        ``costovertebral/T10/left`` (rib 10 and T10), ``costovertebral/T10/left/T9`` (rib 10 and T9).
        A release of an id also releases every id that continues it with ``/``.
    kind : LinkKind
    bones : tuple of str
        Ids of the two structures.
    title : str
        For people, such as ``left facet joint T9-T10``.
    severed_by : str or None
        Ids of the osteotomies that sever it joined by ``+``, `RELEASED`, or None while it holds.
    severed_fraction : float
        Share of the contact that blades have cut, 0 to 1; a link holds while any contact is left.
    joins : tuple of (str, str)
        Ids of the two pieces each remaining part of the contact holds together.
    point_lps_mm : Vec3
        Middle of the contact.
    """

    id: str
    kind: LinkKind
    bones: tuple[str, str]
    title: str
    severed_by: str | None
    severed_fraction: float
    joins: tuple[tuple[str, str], ...]
    point_lps_mm: Vec3

    @property
    def holds(self) -> bool:
        """Whether it still holds anything together."""
        return self.severed_by is None
