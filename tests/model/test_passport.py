"""What travels with an exported structure comes back, and nothing else is taken for it."""

import json

import pytest

from planning.model.mask import Mask
from planning.model.passport import Passport, passport, read_passport, read_short_passport, short_passport
from planning.model.structures import Review, ReviewState, Side, Structure, StructureKind

MEANINGS: list[tuple[str | None, Side | None, str | None, bool]] = [
    (None, None, None, False),
    ("T13", "left", 'lésion "1"/KIND=rib', True),
    ("L6", "right", "x" * 256, False),
]
STRUCTURES = [
    Structure("a", kind, Mask((1, 1, 1)), *meaning, review=Review(ReviewState.REVIEWED, "x"))
    for kind in StructureKind
    for meaning in MEANINGS
]
RIB = {"kind": "rib", "level": None, "side": None, "name": None, "simulated": False, "state": "draft"}


@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda s: f"{s.kind.value}-{s.level}")
def test_the_long_form_brings_everything_back_in_the_room_dicom_gives(structure: Structure) -> None:
    line = passport(structure)
    assert len(line) <= 1024
    assert read_passport(line) == Passport(
        structure.kind, structure.level, structure.side, structure.name, structure.simulated, "reviewed"
    )


@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda s: f"{s.kind.value}-{s.level}")
def test_the_short_form_fits_beside_the_marks_of_an_stl(structure: Structure) -> None:
    words = f"EnBloc SPACE=LPS UNIT=mm {short_passport(structure)} SIMULATED DRAFT"
    assert len(words) <= 80
    found = read_short_passport(words)
    assert found == Passport(structure.kind, structure.level, structure.side, None, True, "draft")


@pytest.mark.parametrize("text", ["", "1", "/2 {}", "/1", "/1 [1]", "/1 {", "/1 " + "[" * 900])
def test_what_is_no_passport_is_none(text: str) -> None:
    assert read_passport("enbloc-structure" + text) is None


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "heart"}, {"kind": None}, {"level": "T99"}, {"level": 9}, {"side": "L"}, {"name": 7},
        {"name": ""}, {"name": "a\0b"}, {"name": "x" * 257}, {"simulated": "no"}, {"state": "signed"},
    ],
)  # fmt: skip
def test_a_passport_with_a_wrong_value_is_none(change: dict[str, object]) -> None:
    assert read_passport(f"enbloc-structure/1 {json.dumps(RIB)}") is not None
    assert read_passport(f"enbloc-structure/1 {json.dumps({**RIB, **change})}") is None


@pytest.mark.parametrize("text", ["KIND=heart", "KIND=rib/T14", "KIND=ribs", "kind=rib", "", "KIND=rib/T9X"])
def test_what_is_no_short_passport_is_none(text: str) -> None:
    assert read_short_passport(text) is None
