"""Bit rot, cut files and forged content: found, named, and the rest still opens."""

import random
import re
import sqlite3
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from planning.errors import CaseFileProblem
from planning.model.anatomy import Anatomy
from planning.model.case import Case
from planning.model.study import Severity
from planning.storage.blobs import CHUNK_BYTES, Packed, name_of, packed, unpacked
from planning.storage.case_file import CaseFile, open_case
from planning.storage.manifest import Encoder, document
from planning.storage.migrations import migrated
from tests.storage.cases import a_rich_case, a_tilted_grid, a_volume
from tests.storage.test_round_trip import assert_same_case


def a_small_case() -> Case:
    """Return a rich case with a smaller planning image, so that a flip often hits more than voxels."""
    case = a_rich_case()
    return replace(case, images=case.images[1:], anatomy=Anatomy(case.images[1].volume.grid))


def flip_bits(path: Path, places: list[int], rng: random.Random) -> Counter[str]:
    """Flip one bit at each place of a case file, open it and say what came of it.

    ``silent`` is a changed case that opened without a word; it must never be.
    """
    good, outcome = path.read_bytes(), Counter[str]()
    with CaseFile.open(path, read_only=True) as whole:
        digest = Encoder().encoded(whole.case).manifest
    for place in places:
        flipped = bytearray(good)
        flipped[place] ^= 1 << rng.randrange(8)
        path.write_bytes(flipped)
        try:
            with CaseFile.open(path) as opened:
                if opened.damage:
                    told = opened.why_read_only or ""
                    assert all(d.message in told for d in opened.damage)
                    outcome["named, rest read only"] += 1
                else:
                    same = Encoder().encoded(opened.case).manifest == digest
                    outcome["harmless" if same else "silent"] += 1
        except CaseFileProblem:
            outcome["refused"] += 1
    path.write_bytes(good)
    return outcome


def a_file_to_flip(path: Path) -> Path:
    """Write a case with three versions."""
    case = a_rich_case()
    with CaseFile.create(path, case, "first") as file:
        file.save(replace(case, credit="second"), "second")
        file.save(case, "third")
    return path


def places_to_flip(path: Path, count: int, rng: random.Random) -> list[int]:
    """Return places anywhere in the file, and as many in its first pages, where the structure is."""
    size = path.stat().st_size
    return [rng.randrange(size) for _ in range(count)] + [rng.randrange(4 * 16_384) for _ in range(count)]


def test_every_bit_flip_is_found_or_harmless(tmp_path: Path) -> None:
    path, rng = a_file_to_flip(tmp_path / "case.enbloc"), random.Random(3)
    outcome = flip_bits(path, places_to_flip(path, 200, rng), rng)
    assert outcome["silent"] == 0
    assert outcome["refused"] + outcome["named, rest read only"] > 120


def _break(path: Path, name: str) -> None:
    """Flip one bit in the body of the blob of that name."""
    db = sqlite3.connect(path)
    (body,) = db.execute("SELECT body FROM blob WHERE name=?", (name,)).fetchone()
    db.execute("UPDATE blob SET body=? WHERE name=?", (bytes([body[0], body[1] ^ 4]) + body[2:], name))
    db.commit()
    db.close()


def test_a_damaged_structure_is_named_and_left_out(tmp_path: Path) -> None:
    case = a_rich_case()
    assert case.anatomy is not None
    path = tmp_path / "case.enbloc"
    CaseFile.create(path, case).close()
    aorta = case.anatomy.structure("aorta")
    assert aorta is not None
    _break(path, name_of(next(iter(aorta.mask.bricks.values()))))
    with CaseFile.open(path) as file:
        assert file.read_only
        assert [d.message for d in file.damage] == [
            "The structure aorta is damaged in the case file and left out: it is not assessed."
        ]
        assert file.case.anatomy is not None
        ids = [s.id for s in file.case.anatomy.structures]
        assert ids == [s.id for s in case.anatomy.structures if s.id != "aorta"]
        finding = file.case.images[0].findings[-1]
        assert (finding.code, finding.severity) == ("DAMAGED_STRUCTURE", Severity.WARN)
        assert "aorta" in finding.message
        assert file.case.plans == case.plans
    with pytest.raises(CaseFileProblem, match="aorta is damaged"):
        open_case(path)


def test_damaged_voxels_become_air_and_their_slices_are_named(tmp_path: Path) -> None:
    grid = a_tilted_grid((24, 512, 512))
    case = a_rich_case()
    image = replace(case.images[0], volume=a_volume(grid))
    case = replace(case, images=(image,), anatomy=None)
    path = tmp_path / "case.enbloc"
    CaseFile.create(path, case).close()
    voxels = image.volume.voxels_kji.reshape(-1).view(np.uint8)
    assert voxels.nbytes == 3 * CHUNK_BYTES
    _break(path, name_of(voxels[CHUNK_BYTES : 2 * CHUNK_BYTES].data))
    with CaseFile.open(path) as file:
        assert [d.message for d in file.damage] == [
            "Slices 9 to 16 of CT are damaged in the case file and shown as air."
        ]
        read = file.case.images[0].volume.voxels_kji
        assert (read[8:16] == -1024).all()
        assert np.array_equal(read[:8], image.volume.voxels_kji[:8])
        assert np.array_equal(read[16:], image.volume.voxels_kji[16:])


def test_a_damaged_anatomy_leaves_image_and_plan(tmp_path: Path) -> None:
    case = a_rich_case()
    path = tmp_path / "case.enbloc"
    CaseFile.create(path, case).close()
    encoded = Encoder().encoded(case)
    text = bytes(encoded.blobs[encoded.manifest].data).decode()
    match = re.search(r'"anatomy":\{"part":"(\w{64})"', text)
    assert match is not None
    _break(path, match[1])
    with CaseFile.open(path) as file:
        assert [d.code for d in file.damage] == ["ANATOMY"]
        assert file.case.anatomy is not None
        assert file.case.anatomy.structures == ()
        assert file.case.plan == case.plan


def test_a_damaged_newest_version_gives_the_one_before(tmp_path: Path) -> None:
    case = a_rich_case()
    path = tmp_path / "case.enbloc"
    with CaseFile.create(path, case) as file:
        newest = file.save(replace(case, credit="newest"))
    whole = path.read_bytes()
    _break(path, newest.manifest)
    with CaseFile.open(path) as file:
        assert [d.code for d in file.damage] == ["VERSION"]
        assert_same_case(replace(file.case, images=case.images), case)
    path.write_bytes(whole)
    db = sqlite3.connect(path)
    db.execute("UPDATE version SET body=replace(body, '\"saved\": true', '\"saved\": null') WHERE number=2")
    db.commit()
    db.close()
    with CaseFile.open(path) as file:
        assert [d.message for d in file.damage] == [
            "The newest version is damaged; this is the one saved before it."
        ]
        assert file.case.credit == case.credit


def test_a_file_cut_anywhere_is_refused_in_one_sentence_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "case.enbloc"
    CaseFile.create(path, a_rich_case()).close()
    good, rng = path.read_bytes(), random.Random(5)
    cuts = [0, 1, 15, 16, 99, 100, 4096, 16_384, len(good) // 2, len(good) - 1]
    for cut in cuts + [rng.randrange(len(good)) for _ in range(40)]:
        path.write_bytes(good[:cut])
        for read_only in (False, True):
            with pytest.raises(CaseFileProblem) as problem:
                CaseFile.open(path, read_only=read_only)
            assert problem.value.code in {"CASE_CUT_SHORT", "CASE_EMPTY"}
            assert "\n" not in problem.value.message
        assert path.read_bytes() == good[:cut]
    path.write_bytes(good[: len(good) // 2])
    with pytest.raises(CaseFileProblem, match="is cut short"):
        CaseFile.open(path)
    assert [p.name for p in tmp_path.iterdir()] == ["case.enbloc"]


def forge(path: Path, change: dict[str, object]) -> None:
    """Save a case, then a forged manifest with all digests right."""
    CaseFile.create(path, a_small_case()).close()
    encoded = Encoder().encoded(a_small_case())
    import json

    whole = json.loads(bytes(encoded.blobs[encoded.manifest].data))
    whole["content"] |= change
    _add_manifest(path, document(whole))


def _add_manifest(path: Path, content: bytes) -> None:
    import hashlib
    import json

    db = sqlite3.connect(path)
    blob = packed(content)
    name = name_of(content)
    row = (name, len(blob.body), blob.size, blob.planes, blob.body)
    db.execute("INSERT INTO blob VALUES (?, ?, ?, ?, ?)", row)
    (body,) = db.execute("SELECT body FROM version").fetchone()
    body = json.dumps(json.loads(body) | {"manifest": name})
    check = hashlib.sha256(f"1\n{body}".encode()).hexdigest()
    db.execute("UPDATE version SET body=?, sha256=? WHERE number=1", (body, check))
    db.commit()
    db.close()


def test_entries_of_a_newer_program_make_the_case_read_only(tmp_path: Path) -> None:
    path = tmp_path / "case.enbloc"
    forge(path, {"from_the_future": {"implant": 1}})
    before = path.read_bytes()
    with CaseFile.open(path) as file:
        assert file.why_read_only is not None
        assert "newer EnBloc" in file.why_read_only
        assert file.damage == ()
        assert_same_case(file.case, a_small_case())
    with CaseFile.open(path, read_only=True) as file:
        assert b"from_the_future" in (file._blobs.content(file.versions()[0].manifest) or b"")
    assert len(path.read_bytes()) == len(before)


@pytest.mark.parametrize(
    "change",
    [
        {"active_plan": 7},
        {"images": [{"part": "0" * 64}]},
        {"images": [{"part": "../../etc/passwd"}]},
        {"images": 3},
        {"anatomy": []},
        {"plans": [{"name": "P", "target_levels": ["T99"]}]},
        {"acceptances": [{"result": "x", "by": "y", "reason": "z", "at": "yesterday", "inputs_digest": ""}]},
    ],
)
def test_forged_content_with_right_digests_is_refused_in_words(
    change: dict[str, object], tmp_path: Path
) -> None:
    path = tmp_path / "case.enbloc"
    forge(path, change)
    with pytest.raises(CaseFileProblem) as problem:
        CaseFile.open(path)
    assert "\n" not in problem.value.message


def test_deep_json_is_damage_not_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "case.enbloc"
    CaseFile.create(path, a_small_case()).close()
    _add_manifest(path, b"[" * 200_000)
    with pytest.raises(CaseFileProblem):
        CaseFile.open(path)


def test_a_bomb_is_never_inflated_beyond_its_stated_size() -> None:
    zeros = bytes(8 << 20)
    bomb = packed(zeros)
    assert len(bomb.body) < len(zeros) / 100
    assert unpacked(name_of(zeros), bomb) == zeros
    assert unpacked(name_of(zeros), replace(bomb, size=1000)) is None
    assert unpacked(name_of(zeros), replace(bomb, size=1 << 40)) is None
    assert unpacked(name_of(b"x"), Packed(1, 0, b"y")) is None


@pytest.mark.parametrize("planes", [1, 2, 4])
def test_packing_keeps_every_byte(planes: int) -> None:
    rng = np.random.default_rng(planes)
    for content in (
        b"",
        rng.bytes(7),
        rng.bytes(4096),
        np.arange(5000, dtype=np.int16).tobytes(),
        bytes(999),
    ):
        assert unpacked(name_of(content), packed(content, planes)) == content


def test_older_documents_go_through_every_step_and_newer_ones_are_refused() -> None:
    steps = {1: lambda c: c | {"two": c["one"]}, 2: lambda c: {k: v for k, v in c.items() if k != "one"}}
    assert migrated(1, {"one": 5}, steps, to=3) == {"two": 5}
    assert migrated(2, {"one": 5, "two": 6}, steps, to=3) == {"two": 6}
    with pytest.raises(CaseFileProblem, match="newer EnBloc"):
        migrated(4, {}, steps, to=3)
