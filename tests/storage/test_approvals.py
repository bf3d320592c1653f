"""An approval holds for exactly what was approved; whatever changes voids it, whatever is forged shows."""

import hashlib
import json
import random
import shutil
import sqlite3
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from planning.errors import CaseFileProblem
from planning.model.case import Case, Diagnosis, StructureLook
from planning.model.study import Patient
from planning.storage.approvals import Approval, PlanStanding, Standing, content_of, standing_of
from planning.storage.case_file import CaseFile
from planning.storage.notary import Notary, SealState
from planning.storage.record import APPROVAL, VOID, WITHDRAWAL
from tests.storage.cases import a_rich_case, a_tiny_case, with_stroke

LIMITS = "sha256-of-limits"


@pytest.fixture
def notary(tmp_path: Path) -> Notary:
    """Return this workstation's key and memory."""
    return Notary(tmp_path / "seals")


@pytest.fixture
def path(tmp_path: Path, notary: Notary) -> Path:
    """Return a case file whose plan was approved."""
    path = tmp_path / "case.enbloc"
    with CaseFile.create(path, a_rich_case(), notary=notary) as file:
        file.approve(file.case, "Dr. A", "Approved: Plan B", LIMITS)
    return path


def standing(file: CaseFile, case: Case | None = None, settings: str = LIMITS) -> PlanStanding:
    """Return where the active plan of the file's case stands."""
    case = case or file.case
    name = case.plan.name
    approval = next((a for a in file.approvals if a.plan == name), None)
    changed = file.changed_since(approval, case) if approval is not None else ()
    names = tuple(plan.name for plan in case.plans)
    return standing_of(file.approvals, name, names, changed, settings, file.tampering)


def test_an_approval_names_who_when_and_holds_after_reopening(path: Path, notary: Notary) -> None:
    with CaseFile.open(path, notary=notary) as file:
        found = standing(file)
        assert found.standing is Standing.APPROVED
        assert "Approved by Dr. A on 20" in found.sentence
        assert not found.blocks_output
        newest = file.versions()[0]
        assert (newest.label, newest.kept) == ("Approved: Plan B", True)
        (line,) = [n for n in file.record().lines if n.what == APPROVAL]
        assert (line.by, line.case_digest, line.seal) == ("Dr. A", newest.manifest, SealState.OURS)


def test_names_are_needed_and_must_be_clear(tmp_path: Path, notary: Notary) -> None:
    with CaseFile.create(tmp_path / "c.enbloc", a_tiny_case("a"), notary=notary) as file:
        with pytest.raises(CaseFileProblem) as problem:
            file.approve(file.case, "  ", "x", LIMITS)
        assert problem.value.code == "NO_NAME"
        twins = replace(file.case, plans=(*file.case.plans, *file.case.plans))
        with pytest.raises(CaseFileProblem) as problem:
            file.approve(twins, "Dr. A", "x", LIMITS)
        assert problem.value.code == "PLAN_NAME"
        assert file.approvals == ()
        assert len(file.versions()) == 1


def _moved(case: Case) -> Case:
    cut = case.plans[0].osteotomies[0]
    other = replace(cut, blade=replace(cut.blade, depth_mm=cut.blade.depth_mm + 0.01))
    plan = replace(case.plans[0], osteotomies=(other, *case.plans[0].osteotomies[1:]))
    return replace(case, plans=(plan, *case.plans[1:]))


def _wider_margin(case: Case) -> Case:
    return case.with_plan(replace(case.plan, required_margin_mm=4.0))


CHANGES = {
    "the cuts and the plan": _wider_margin,
    "the structures": lambda case: with_stroke(case, "aorta", (1, 1, 1)),
    "the patient": lambda case: replace(case, patient=Patient("Roe^John")),
    "the diagnosis": lambda case: replace(case, diagnosis=Diagnosis("metastasis")),
    "the accepted results": lambda case: replace(case, acceptances=()),
    "the images": lambda case: replace(case, images=a_rich_case(seed=2).images),
}


@pytest.mark.parametrize("what", list(CHANGES))
def test_any_change_voids_it_at_once_and_for_good_with_the_next_save(
    what: str, path: Path, notary: Notary
) -> None:
    with CaseFile.open(path, notary=notary) as file:
        approved = file.case
        changed = CHANGES[what](approved)
        found = standing(file, changed)
        assert found.standing is Standing.CHANGED
        assert what in found.sentence
        assert found.blocks_output
        assert standing(file, approved).standing is Standing.APPROVED, "nothing was saved yet"
        file.save(changed)
        (void,) = [n for n in file.record().lines if n.what == VOID]
        assert void.detail == what
        # Undone and saved again: the approval was void meanwhile, and stays so.
        file.save(approved)
        assert standing(file).standing is Standing.CHANGED
        assert sum(n.what == VOID for n in file.record().lines) == 1
    with CaseFile.open(path, notary=notary) as file:
        assert standing(file).standing is Standing.CHANGED
        file.approve(file.case, "Dr. B", "again", LIMITS)
        assert standing(file).standing is Standing.APPROVED
        assert "Dr. B" in standing(file).sentence


def test_looks_signatures_and_other_plans_change_nothing(path: Path, notary: Notary) -> None:
    with CaseFile.open(path, notary=notary) as file:
        looks = (("aorta", StructureLook((1, 2, 3))),)
        for case in (replace(file.case, looks=looks), replace(file.case, sign_offs=()), _moved(file.case)):
            file.save(case)
            assert standing(file).standing is Standing.APPROVED
        other = replace(file.case, active_plan=0)
        assert standing(file, other).standing is Standing.NONE, "Plan A was never approved"


def test_a_plan_that_takes_the_name_of_an_approved_one_is_not_approved(path: Path, notary: Notary) -> None:
    with CaseFile.open(path, notary=notary) as file:
        first, approved = file.case.plans
        twins = replace(file.case, plans=(replace(first, name=approved.name), approved), active_plan=0)
        assert standing(file, twins).standing is Standing.CHANGED
        renamed = replace(file.case, plans=(first, replace(approved, name="Plan C")))
        found = standing(file, renamed)
        assert found.standing is Standing.CHANGED
        assert "Plan B" in found.sentence


def test_other_limits_or_another_program_let_it_lapse(
    path: Path, notary: Notary, monkeypatch: pytest.MonkeyPatch
) -> None:
    with CaseFile.open(path, notary=notary) as file:
        assert standing(file, settings="other").standing is Standing.LAPSED
        monkeypatch.setattr("planning.storage.approvals.PROGRAM", "enbloc 9.9.9")
        found = standing(file)
        assert found.standing is Standing.LAPSED
        assert "another program version" in found.sentence


def test_a_withdrawal_needs_a_name_and_a_reason_and_ends_it(path: Path, notary: Notary) -> None:
    with CaseFile.open(path, notary=notary) as file:
        with pytest.raises(CaseFileProblem):
            file.withdraw("Plan B", "Dr. A", " ")
        assert standing(file).standing is Standing.APPROVED
        file.withdraw("Plan B", "Dr. C", "new MR")
        assert standing(file).standing is Standing.NONE
        line = file.record().lines[-1]
        assert (line.what, line.by, line.detail) == (WITHDRAWAL, "Dr. C", "new MR")


def test_an_approval_of_another_workstation_is_said_to_be_unproven(path: Path, tmp_path: Path) -> None:
    with CaseFile.open(path, notary=Notary(tmp_path / "elsewhere")) as file:
        found = standing(file)
        assert found.standing is Standing.UNPROVEN
        assert "cannot be checked here" in found.sentence
        assert file.record().lines[0].seal is SealState.FOREIGN


def test_a_new_file_of_the_case_takes_the_record_and_the_versions_along(
    path: Path, tmp_path: Path, notary: Notary
) -> None:
    with CaseFile.open(path, notary=notary) as file:
        kept = file.kept(versions=True)
        with CaseFile.create(tmp_path / "b.enbloc", file.case, "copy", kept=kept, notary=notary) as copy:
            assert [v.label for v in copy.versions()] == ["copy", "Approved: Plan B", ""]
            assert standing(copy).standing is Standing.APPROVED
            assert copy.record().is_whole
            copy.note("export", "from the copy")
        assert len(file.record().lines) == 1, "both go their own way from there"
    with CaseFile.open(path, notary=notary) as file:
        assert file.tampering == ""


def _forge_line(path: Path, **changes: str) -> None:
    """Rewrite the approval by hand with every plain digest made right again."""
    db = sqlite3.connect(path)
    number, body = db.execute("SELECT number, body FROM record ORDER BY number DESC").fetchone()
    body = json.dumps(json.loads(body) | changes)
    check = hashlib.sha256(f"{number}\n{body}".encode()).hexdigest()
    db.execute("UPDATE record SET body = ?, sha256 = ? WHERE number = ?", (body, check, number))
    db.execute("UPDATE meta SET value = ? WHERE key = 'record_end'", (f"{number} {check}",))
    db.commit()
    db.close()


def test_a_rewritten_chain_is_found_by_its_seal(path: Path, tmp_path: Path, notary: Notary) -> None:
    _forge_line(path, by="Dr. Nobody")
    with CaseFile.open(path) as file:
        assert file.record().is_whole, "its plain digests are all right"
    with CaseFile.open(path, notary=notary) as file:
        found = standing(file)
        assert found.standing is Standing.TAMPERED
        assert "altered outside EnBloc" in found.sentence
        file.note("export", "x")
        assert standing(file).standing is Standing.TAMPERED, "a new line mends no broken chain"
        with CaseFile.create(
            tmp_path / "new.enbloc", file.case, kept=file.kept(versions=True), notary=notary
        ) as new:
            assert new.record().lines == ()
            assert standing(new).standing is Standing.NONE


def test_an_older_state_of_the_file_put_back_is_found(path: Path, tmp_path: Path, notary: Notary) -> None:
    older = tmp_path / "older"
    shutil.copyfile(path, older)
    with CaseFile.open(path, notary=notary) as file:
        file.save(_wider_margin(file.case))
        assert standing(file).standing is Standing.CHANGED
    shutil.copyfile(older, path)
    with CaseFile.open(path, notary=notary) as file:
        found = standing(file)
        assert found.standing is Standing.TAMPERED
        assert "older state" in found.sentence
        file.beat()
        file.save(file.case)
        assert standing(file).standing is Standing.TAMPERED
        file.approve(file.case, "Dr. A", "seen and approved again", LIMITS)
        assert standing(file).standing is Standing.APPROVED
    with CaseFile.open(path, notary=notary) as file:
        assert standing(file).standing is Standing.APPROVED


PLACES = [
    *((table, column) for table in ("version", "record") for column in ("body", "sha256", "number")),
    *(("blob", "body"), ("blob", "name"), ("meta", "value"), ("holder", "body")),
]


def _random_edit(db: sqlite3.Connection, rng: random.Random) -> None:
    """Change, delete, copy or swap something anywhere in the file, as a curious hand would."""
    table, column = rng.choice(PLACES)
    rows = [row[0] for row in db.execute(f"SELECT rowid FROM {table}")] if table != "meta" else []
    if table == "meta":
        db.execute("UPDATE meta SET value = value || '1' WHERE key = 'record_end'")
        return
    if not rows:
        return
    row, other = rng.choice(rows), rng.choice(rows)
    way = rng.randrange(4)
    if way == 0:
        db.execute(f"DELETE FROM {table} WHERE rowid = ?", (row,))
    elif way == 1 and column not in ("number",):
        db.execute(
            f"UPDATE {table} SET {column} = (SELECT {column} FROM {table} WHERE rowid = ?) WHERE rowid = ?",
            (other, row),
        )
    elif column == "number":
        db.execute(f"UPDATE {table} SET number = number + 7 WHERE rowid = ?", (row,))
    else:
        (value,) = db.execute(f"SELECT {column} FROM {table} WHERE rowid = ?", (row,)).fetchone()
        if not value:
            return
        at = rng.randrange(len(value))
        changed: str | bytes
        if isinstance(value, bytes):
            changed = value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]
        else:
            changed = value[:at] + ("y" if value[at] == "x" else "x") + value[at + 1 :]
        db.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (changed, row))


def edit_at_random(folder: Path, notary: Notary, edits: int) -> Counter[str]:
    """Edit an approved case by SQL again and again; say what each opening came to.

    ``deceived`` is an approval shown over something else than what was approved; it must never be.
    """
    path, outcome = folder / "case.enbloc", Counter[str]()
    small = replace(a_rich_case(), images=a_rich_case().images[1:], anatomy=None)
    with CaseFile.create(path, small, notary=notary) as file:
        file.save(replace(small, diagnosis=Diagnosis("before")))
        file.approve(small, "Dr. A", "approved", LIMITS)
        whole = standing(file)
    good = path.read_bytes()
    for seed in range(edits):
        path.write_bytes(good)
        db = sqlite3.connect(path)
        try:
            _random_edit(db, random.Random(seed))
            db.commit()
        except sqlite3.Error:
            outcome["no such edit"] += 1
            continue
        finally:
            db.close()
        outcome[_came_to(path, notary, small, whole)] += 1
    return outcome


def _came_to(path: Path, notary: Notary, approved: Case, whole: PlanStanding) -> str:
    try:
        file = CaseFile.open(path, notary=notary)
    except CaseFileProblem:
        return "refused"
    with file:
        found = standing(file)
        if found.standing is Standing.APPROVED:
            (approval,) = file.approvals
            same = found == whole and not approval.changed_from(covered_by(approval, approved, file))
            return "harmless" if same and not file.changed_since(approval, file.case) else "deceived"
        return "read only" if file.read_only else "not approved"


def covered_by(approval: Approval, case: Case, file: CaseFile) -> tuple[tuple[str, str], ...]:
    """Return what an approval of a case covers, as the file computes it."""
    return content_of(case, approval.plan, file._encoder)


def test_no_random_edit_of_the_file_leaves_an_approval_on_something_else(
    tmp_path: Path, notary: Notary
) -> None:
    outcome = edit_at_random(tmp_path, notary, 300)
    assert outcome["deceived"] == 0
    assert outcome["refused"] + outcome["read only"] + outcome["not approved"] > 100, outcome


def test_the_key_is_private_and_stays_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "seals"
    first, second = Notary(folder), Notary(folder)
    assert first.key_id == second.key_id != ""
    assert (folder / "seal.key").stat().st_mode & 0o777 == 0o600
    assert (folder).stat().st_mode & 0o777 == 0o700
    seal = first.seal("text")
    assert second.state_of("text", first.key_id, seal) is SealState.OURS
    assert second.state_of("texts", first.key_id, seal) is SealState.BROKEN
    assert second.state_of("text", "other key", seal) is SealState.FOREIGN
    assert second.state_of("text", "", "") is SealState.NONE
    (folder / "seal.key").write_bytes(b"short")
    assert Notary(folder).seal("text") == ""
