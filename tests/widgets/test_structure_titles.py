"""The list's short names keep what must be known: level, side, and that a structure is simulated."""

import numpy as np
import pytest

from planning.model.mask import Mask
from planning.model.structures import Side, Structure, StructureKind
from widgets.structure_titles import short_title


@pytest.mark.parametrize(
    "kind,level,side,name,simulated,short,whole",
    [
        ("tumour", None, None, "simulated lesion", True, "lesion (sim.)", "simulated lesion"),
        ("tumour", None, None, "lesion 1", True, "lesion 1 (sim.)", "lesion 1 (simulated)"),
        ("tumour", None, None, "lesion 1", False, "lesion 1", "lesion 1"),
        ("segmental_artery", "T10", "left", "T10 left", True, "T10 left (sim.)",
         "segmental artery T10 left (simulated)"),
        ("rib", "T10", "right", None, False, "T10 right rib", "right T10 rib"),
        ("aorta", None, None, None, False, "aorta", "aorta"),
    ],
)  # fmt: skip
def test_short_and_whole_titles(
    kind: str, level: str | None, side: Side | None, name: str | None, simulated: bool, short: str, whole: str
) -> None:
    mask = Mask.from_array(np.ones((2, 2, 2), dtype=bool))
    structure = Structure(kind, StructureKind(kind), mask, level, side, name, simulated)
    assert short_title(structure) == short
    assert structure.title == whole
