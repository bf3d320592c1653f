"""Named anatomy: what a mask is, on which level and side, and who vouches for it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

from planning.errors import LabelsRefused
from planning.model.levels import LEVELS, level_order
from planning.model.mask import Mask
from planning.texts import mark, tr

Side = Literal["left", "right"]


class StructureKind(StrEnum):
    """What a structure is (INTERCHANGE section 1)."""

    VERTEBRA = "vertebra"
    DISC = "disc"
    RIB = "rib"
    SACRUM = "sacrum"
    SPINAL_CORD = "spinal_cord"
    DURAL_SAC = "dural_sac"
    SPINAL_CANAL = "spinal_canal"
    NERVE_ROOT = "nerve_root"
    AORTA = "aorta"
    INFERIOR_VENA_CAVA = "inferior_vena_cava"
    SUPERIOR_VENA_CAVA = "superior_vena_cava"
    AZYGOS = "azygos"
    HEMIAZYGOS = "hemiazygos"
    ILIAC_ARTERY = "iliac_artery"
    ILIAC_VEIN = "iliac_vein"
    SEGMENTAL_ARTERY = "segmental_artery"
    SEGMENTAL_VEIN = "segmental_vein"
    ADAMKIEWICZ = "adamkiewicz"
    THORACIC_DUCT = "thoracic_duct"
    OESOPHAGUS = "oesophagus"
    TRACHEA = "trachea"
    LUNG = "lung"
    PLEURA = "pleura"
    KIDNEY = "kidney"
    TUMOUR = "tumour"
    IMPLANT = "implant"
    OTHER = "other"


BONES: Final = frozenset(
    {StructureKind.VERTEBRA, StructureKind.DISC, StructureKind.RIB, StructureKind.SACRUM}
)
KIND_NAMES: Final[dict[StructureKind, str]] = {
    StructureKind.VERTEBRA: mark("vertebra"),
    StructureKind.DISC: mark("disc"),
    StructureKind.RIB: mark("rib"),
    StructureKind.SACRUM: mark("sacrum"),
    StructureKind.SPINAL_CORD: mark("spinal cord"),
    StructureKind.DURAL_SAC: mark("dural sac"),
    StructureKind.SPINAL_CANAL: mark("spinal canal"),
    StructureKind.NERVE_ROOT: mark("nerve root"),
    StructureKind.AORTA: mark("aorta"),
    StructureKind.INFERIOR_VENA_CAVA: mark("inferior vena cava"),
    StructureKind.SUPERIOR_VENA_CAVA: mark("superior vena cava"),
    StructureKind.AZYGOS: mark("azygos vein"),
    StructureKind.HEMIAZYGOS: mark("hemiazygos vein"),
    StructureKind.ILIAC_ARTERY: mark("iliac artery"),
    StructureKind.ILIAC_VEIN: mark("iliac vein"),
    StructureKind.SEGMENTAL_ARTERY: mark("segmental artery"),
    StructureKind.SEGMENTAL_VEIN: mark("segmental vein"),
    StructureKind.ADAMKIEWICZ: mark("artery of Adamkiewicz"),
    StructureKind.THORACIC_DUCT: mark("thoracic duct"),
    StructureKind.OESOPHAGUS: mark("oesophagus"),
    StructureKind.TRACHEA: mark("trachea"),
    StructureKind.LUNG: mark("lung"),
    StructureKind.PLEURA: mark("pleura"),
    StructureKind.KIDNEY: mark("kidney"),
    StructureKind.TUMOUR: mark("tumour"),
    StructureKind.IMPLANT: mark("implant"),
    StructureKind.OTHER: mark("other structure"),
}


def reference_words(reference: str) -> str:
    """Return how people read what plans and evaluations call a structure: its name, or its kind in words."""
    if reference in _GIVEN_NAMES:
        return tr(reference)
    return tr(_REFERENCE_NAMES[reference]) if reference in _REFERENCE_NAMES else reference


_GIVEN_NAMES: Final = (
    mark("spinal canal with cord"), mark("left upper lobe of lung"), mark("left lower lobe of lung"),
    mark("right upper lobe of lung"), mark("right middle lobe of lung"), mark("right lower lobe of lung"),
)  # fmt: skip
_REFERENCE_NAMES: Final = {kind.value: words for kind, words in KIND_NAMES.items()}
_SIDE_WORDS: Final = {"left": mark("left"), "right": mark("right")}


def _name_words(name: str, kind: StructureKind) -> str:
    """Return a name as people read it: one that only says kind, level and side is said in their language."""
    if name in _GIVEN_NAMES:
        return tr(name)
    rest = name.replace(KIND_NAMES[kind], "").split()
    if not all(word in _SIDE_WORDS or word in LEVELS for word in rest):
        return name
    words = [tr(_SIDE_WORDS[word]) if word in _SIDE_WORDS else word for word in name.split()]
    return " ".join(words).replace(KIND_NAMES[kind], tr(KIND_NAMES[kind]))


class ReviewState(StrEnum):
    """How far a person vouches for a segmentation."""

    DRAFT = "draft"
    REVIEWED = "reviewed"
    APPROVED = "approved"


@dataclass(frozen=True)
class Review:
    """A state, and who gave it when."""

    state: ReviewState = ReviewState.DRAFT
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, eq=False)
class Structure:
    """One segmented structure.

    Parameters
    ----------
    id : str
        Unique in the case and stable, such as ``vertebra-T10``.
    kind : StructureKind
    mask : Mask
        On the anatomy's grid.
    level, side, name : optional
        Vertebral level; side of the *patient*; the name given in labels.json.
    simulated : bool
        Not from the patient; shown wherever the structure is.
    source : str
        Where it came from, for the report.
    review : Review
    effective_resolution_mm : float or None
        Resolution it was segmented at, where coarser than the image.
    label_extent_kji : pair of indices or None
        First index and one past the last of the label map it came from, where that map ends inside the
        image and cuts the structure off: beyond it the structure may go on unlabelled.
    """

    id: str
    kind: StructureKind
    mask: Mask
    level: str | None = None
    side: Side | None = None
    name: str | None = None
    simulated: bool = False
    source: str = ""
    review: Review = field(default_factory=Review)
    effective_resolution_mm: float | None = None
    label_extent_kji: tuple[tuple[int, int, int], tuple[int, int, int]] | None = None

    def __post_init__(self) -> None:
        """Check level and side."""
        if self.level is not None:
            level_order(self.level)
        if self.side not in (None, "left", "right"):
            raise LabelsRefused(
                "BAD_SIDE", mark("side must be left or right of the patient, not {side}."), side=self.side
            )

    @property
    def reference(self) -> str:
        """How plans and evaluations call it: its name, or its kind where it has none."""
        return self.name if self.name else self.kind.value

    @property
    def title(self) -> str:
        """How people read it, such as ``T10 vertebra`` or ``left T10 segmental artery (simulated)``."""
        kind = tr(KIND_NAMES[self.kind])
        if self.name:
            name = _name_words(self.name, self.kind)
            words = (
                name
                if self.kind in (StructureKind.OTHER, StructureKind.TUMOUR, StructureKind.IMPLANT)
                or any(word in name.casefold() for word in kind.casefold().split())
                else f"{kind} {name}"
            )
        else:
            side = {"left": tr("left"), "right": tr("right"), None: ""}[self.side]
            words = " ".join(part for part in (side, self.level or "", kind) if part)
        if not self.simulated or tr("simulated") in words:
            return words
        return f"{words} ({tr('simulated')})"

    @property
    def digest_parts(self) -> tuple[str, ...]:
        """Everything a result may depend on, as text."""
        parts = (
            self.id, self.kind.value, self.level or "", self.side or "", self.name or "", str(self.simulated),
            self.review.state.value, str(self.effective_resolution_mm), self.mask.digest,
        )  # fmt: skip
        return parts if self.label_extent_kji is None else (*parts, str(self.label_extent_kji))
