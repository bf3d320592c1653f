"""In which order structures came decides nothing: the digest does not know it, so neither may a number."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from planning.model.anatomy import Anatomy
from planning.model.mask import Mask
from planning.model.settings import load_settings
from planning.model.structures import StructureKind
from planning.progress import silent
from planning.safety.evaluation import evaluate
from planning.safety.evaluation_json import evaluation_to_json
from planning.safety.measurable import measurable_anatomy
from tests.builders import a_case, a_plan, a_vertebral_column

SETTINGS = load_settings(Path(__file__).parents[2] / "resources")


@pytest.fixture(scope="module")
def overlapping() -> Anatomy:
    """A column whose discs run 3 mm into both vertebrae: who has those voxels decides volumes and pieces."""
    column = a_vertebral_column(("T9", "T10", "T11"), (1.5, 1.5, 1.5), exclusive=False)
    grown = []
    for structure in column.structures:
        if structure.kind is StructureKind.DISC:
            voxels = structure.mask.to_array()
            for step in (-2, -1, 1, 2):
                voxels = voxels | np.roll(structure.mask.to_array(), step, axis=0)
            grown.append(replace(structure, mask=Mask.from_array(voxels)))
        else:
            grown.append(structure)
    return replace(column, structures=tuple(grown))


def _flat(value: object) -> object:
    """The same content, whatever the order of its lists, those within a sentence included."""
    if isinstance(value, dict):
        return tuple(sorted((key, _flat(part)) for key, part in value.items()))
    if isinstance(value, list):
        return tuple(sorted((_flat(part) for part in value), key=repr))
    return sorted(re.split("[:,;] ", value)) if isinstance(value, str) else value


def _said(anatomy: Anatomy) -> object:
    return _flat(evaluation_to_json(evaluate(a_case(anatomy, a_plan()), SETTINGS, silent)))


def test_structures_in_another_order_give_the_same_digest_and_the_same_numbers(overlapping: Anatomy) -> None:
    found = _said(overlapping)
    backwards = overlapping.structures[::-1]
    mixed = tuple(overlapping.structures[n] for n in np.random.default_rng(3).permutation(len(backwards)))
    for structures in (backwards, mixed):
        shuffled = replace(overlapping, structures=structures)
        assert shuffled.digest == overlapping.digest
        assert _said(shuffled) == found


def test_overlapping_bones_belong_to_the_vertebra_and_to_the_cranial_one(overlapping: Anatomy) -> None:
    structures = measurable_anatomy(replace(overlapping, structures=overlapping.structures[::-1])).structures
    bones = [s.id for s in structures if s.kind in (StructureKind.VERTEBRA, StructureKind.DISC)]
    assert bones == ["vertebra-T9", "vertebra-T10", "vertebra-T11", "disc-T9", "disc-T10"]
