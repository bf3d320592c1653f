"""What the board says of missing structures and of the specimen's surface, in words a surgeon uses."""

from dataclasses import replace

import pytest

from planning.model.plan import Plan
from planning.safety.board import board, missing_sentence, not_assessed_sentences
from planning.safety.results import MarginClass, SpecimenMargin, Status
from tests.safety.test_board import AORTA, CANAL, a_case, an_evaluation


def test_a_missing_cord_beside_an_outlined_canal_is_told_without_contradiction() -> None:
    case = a_case(CANAL, AORTA, plan=Plan())
    assert case.anatomy is not None
    beside = missing_sentence("spinal_cord", case.anatomy)
    assert beside.startswith("Spinal cord: has no outline of its own (CT does not show it)")
    assert "Distances to the canal or sac that holds it are given." in beside
    alone = missing_sentence("spinal_cord", replace(case.anatomy, structures=case.anatomy.structures[1:]))
    assert alone.startswith("Spinal cord: has no outline, so no distance to it is assessed.")
    lines = not_assessed_sentences(an_evaluation(case, not_assessed=("spinal_cord", "aorta")))
    assert lines == (beside, "aorta: some distances to it are not assessed.")


@pytest.mark.parametrize(
    "value_mm,says",
    [
        (-1.24, "Specimen, left side: passes through tumour, 1.2 mm deep; the note"),
        (0.02, "Specimen, left side: tumour reaches the surface; the note"),
        (1.26, "Specimen, left side: 1.3 mm to the tumour by plan; the note"),
    ],
)
def test_a_specimen_surface_is_told_in_plain_words(value_mm: float, says: str) -> None:
    margins = (
        SpecimenMargin("lateral left", value_mm, MarginClass.UNDER_2MM, Status.WARN, note="the note"),
        SpecimenMargin("posterior", 1.9, MarginClass.UNDER_2MM, Status.WARN, note="another"),
    )
    case = a_case(CANAL, plan=Plan())
    lines = board(an_evaluation(case, specimen_margins=margins), case)
    assert lines[0].sentence == f"{says}; the same for: back (posterior) 1.9 mm"
