"""The list of vessels: made when it is looked at, following titles and plan, holding no closed case."""

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from planning.geometry.frames import Grid
from planning.model.anatomy import Anatomy
from planning.model.mask import Mask
from planning.model.plan import Action, Plan, StructureAction
from planning.model.structures import Structure, StructureKind
from widgets.stages.vessel_panel import VesselPanel, acted_on

pytestmark = pytest.mark.gui


@pytest.fixture
def anatomy() -> Anatomy:
    """An aorta, a root and a vertebra of a few voxels."""
    mask = Mask((8, 8, 8)).with_box((2, 2, 2), np.ones((3, 3, 3), bool))
    kinds = (StructureKind.VERTEBRA, StructureKind.AORTA, StructureKind.NERVE_ROOT)
    structures = (Structure(kind.value, kind, mask, "T9") for kind in kinds)
    return Anatomy(Grid((8, 8, 8), np.eye(4)), tuple(structures))


def test_a_list_out_of_sight_is_made_when_it_is_looked_at(anatomy: Anatomy, qtbot: QtBot) -> None:
    panel = VesselPanel()
    qtbot.addWidget(panel)
    vessel = next(iter(acted_on(anatomy)))
    ligated = Plan(structure_actions=(StructureAction(vessel.reference, Action.LIGATE),))
    panel.show_plan(anatomy, Plan())
    panel.show_plan(anatomy, ligated)
    assert panel._entries == {}
    panel.show()
    assert list(panel._entries) == [s.reference for s in anatomy.structures[1:]]
    row = panel.entries[vessel.reference]
    assert row.action.value is Action.LIGATE
    panel.show_plan(anatomy, Plan())
    assert panel.entries[vessel.reference] is row
    assert row.action.value is None


def test_it_follows_a_title_and_lets_a_closed_case_go(anatomy: Anatomy, qtbot: QtBot) -> None:
    panel = VesselPanel()
    qtbot.addWidget(panel)
    vessel = next(iter(acted_on(anatomy)))
    panel.show_plan(anatomy, Plan())
    assert panel.entries[vessel.reference].title.text() == vessel.title
    renamed = replace(
        anatomy,
        structures=tuple(
            replace(s, simulated=not s.simulated) if s is vessel else s for s in anatomy.structures
        ),
    )
    panel.show_plan(renamed, Plan())
    assert panel.entries[vessel.reference].title.text() != vessel.title
    held = weakref.ref(renamed)
    panel.show_plan(None, Plan())
    del renamed
    gc.collect()
    assert held() is None
    assert panel.entries == {}
    assert not panel.empty.isHidden()
