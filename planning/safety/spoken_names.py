"""What surgeons call a structure in a guard: the same names in every language the window speaks.

A verdict hangs on them, so they are a table of their own and no translation: the plan of one clinic must
mean the same in another.
"""

from collections.abc import Mapping
from typing import Final

from planning.model.structures import KIND_NAMES, StructureKind, reference_words

_K = StructureKind
_ENGLISH: Final[dict[StructureKind, tuple[str, ...]]] = {
    _K.SPINAL_CORD: ("cord",),
    _K.DURAL_SAC: ("dura", "sac", "thecal sac"),
    _K.SPINAL_CANAL: ("canal", "dura", "sac", "thecal sac"),
    _K.INFERIOR_VENA_CAVA: ("ivc", "vena cava"),
    _K.SUPERIOR_VENA_CAVA: ("svc",),
    _K.OESOPHAGUS: ("esophagus",),
}
_CHINESE: Final[dict[StructureKind, tuple[str, ...]]] = {
    _K.VERTEBRA: ("椎骨",), _K.DISC: ("椎间盘",), _K.RIB: ("肋骨",), _K.SACRUM: ("骶骨",),
    _K.SPINAL_CORD: ("脊髓",),
    _K.DURAL_SAC: ("硬膜囊", "硬脊膜", "硬膜"),
    _K.SPINAL_CANAL: ("椎管", "硬膜囊", "硬脊膜", "硬膜"),
    _K.NERVE_ROOT: ("神经根",), _K.AORTA: ("主动脉",),
    _K.INFERIOR_VENA_CAVA: ("下腔静脉", "腔静脉"), _K.SUPERIOR_VENA_CAVA: ("上腔静脉",),
    _K.AZYGOS: ("奇静脉",), _K.HEMIAZYGOS: ("半奇静脉",),
    _K.ILIAC_ARTERY: ("髂动脉",), _K.ILIAC_VEIN: ("髂静脉",),
    _K.SEGMENTAL_ARTERY: ("节段动脉",), _K.SEGMENTAL_VEIN: ("节段静脉",),
    _K.ADAMKIEWICZ: ("Adamkiewicz 动脉",), _K.THORACIC_DUCT: ("胸导管",),
    _K.OESOPHAGUS: ("食管",), _K.TRACHEA: ("气管",), _K.LUNG: ("肺",), _K.PLEURA: ("胸膜",),
    _K.KIDNEY: ("肾",), _K.TUMOUR: ("肿瘤",), _K.IMPLANT: ("内植物",), _K.OTHER: ("其他结构",),
}  # fmt: skip


def spoken_names(kind: StructureKind) -> tuple[str, ...]:
    """Return what people and files call a kind of structure."""
    name = kind.value
    own = (name, name.replace("_", " "), KIND_NAMES[kind])
    return tuple(dict.fromkeys((*own, *_ENGLISH.get(kind, ()), *_CHINESE[kind])))


def guard_words(guard: str, titles: Mapping[str, str] | None = None) -> str:
    """Return a guard as people read it: ``dural guard: spinal canal`` for ``dural guard: spinal_canal``.

    Parameters
    ----------
    guard : str
    titles : mapping of structure id to its title, optional
    """
    tool, colon, protected = guard.partition(":")
    names = [_protected_words(part.strip(), titles or {}) for part in protected.split(",")]
    return f"{tool.strip()}{colon} {', '.join(names)}" if protected.strip() else guard


def _protected_words(name: str, titles: Mapping[str, str]) -> str:
    return titles[name] if name in titles else reference_words(name)
