"""A result is shown for the content it was computed from and for no other, whatever the edits."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from planning.geometry.blade import Blade
from planning.geometry.frames import Grid
from planning.geometry.volume import Volume
from planning.model.anatomy import Anatomy, LevelConfirmation, NotInField
from planning.model.case import Acceptance, Case, Diagnosis, SignOff, StructureLook
from planning.model.mask import Mask
from planning.model.osteotomy import Osteotomy, OsteotomyKind
from planning.model.plan import Action, Mobilisation, Plan, Release, StructureAction
from planning.model.plan_json import plan_text
from planning.model.settings import Settings, load_settings
from planning.model.stamp import inputs_of, is_current
from planning.model.structures import Review, ReviewState, Structure, StructureKind
from planning.model.study import Finding, Patient, Severity, StudyImage
from planning.safety.results import Clearance, Evaluation, Status, current

SETTINGS = load_settings(Path(__file__).parents[2] / "resources")
AT = datetime(2026, 1, 1, tzinfo=UTC)
SHAPE = (4, 4, 4)


@dataclass(frozen=True)
class Desk:
    """A case and the settings it is looked at with."""

    case: Case
    settings: Settings


def a_desk() -> Desk:
    grid = Grid(SHAPE, np.eye(4))
    voxels = np.zeros(SHAPE, dtype=bool)
    voxels[1, 1, 1] = True
    structures = (
        Structure("cord", StructureKind.SPINAL_CORD, Mask.from_array(voxels)),
        Structure("t10", StructureKind.VERTEBRA, Mask.from_array(~voxels), "T10"),
    )
    blade = Blade((0, 0, 0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0), 30, 30, 1)
    plan = Plan(osteotomies=(Osteotomy("a", OsteotomyKind.DISC, "t_saw", blade),))
    image = StudyImage("ct", Volume(np.zeros(SHAPE, dtype=np.int16), grid), slice_spacing_mm=1.0)
    return Desk(Case("c", images=(image,), anatomy=Anatomy(grid, structures), plans=(plan,)), SETTINGS)


def anatomy_of(desk: Desk) -> Anatomy:
    assert desk.case.anatomy is not None
    return desk.case.anatomy


def with_case(desk: Desk, **changes: object) -> Desk:
    return replace(desk, case=replace(desk.case, **changes))  # type: ignore[arg-type]


def with_anatomy(desk: Desk, **changes: object) -> Desk:
    return with_case(desk, anatomy=replace(anatomy_of(desk), **changes))  # type: ignore[arg-type]


def with_plan(desk: Desk, **changes: object) -> Desk:
    return replace(desk, case=desk.case.with_plan(replace(desk.case.plan, **changes)))  # type: ignore[arg-type]


def with_structure(desk: Desk, which: int, **changes: object) -> Desk:
    structures = list(anatomy_of(desk).structures)
    structures[which % len(structures)] = replace(structures[which % len(structures)], **changes)  # type: ignore[arg-type]
    return with_anatomy(desk, structures=tuple(structures))


def with_blade(desk: Desk, change: Callable[[Blade], Blade]) -> Desk:
    first, *rest = desk.case.plan.osteotomies
    return with_plan(desk, osteotomies=(replace(first, blade=change(first.blade)), *rest))


def with_locks(desk: Desk, *, locked: bool) -> Desk:
    return with_plan(desk, osteotomies=tuple(replace(o, locked=locked) for o in desk.case.plan.osteotomies))


def painted(desk: Desk, which: int, k: int, on: bool) -> Desk:
    mask = anatomy_of(desk).structures[which].mask
    return with_structure(desk, which, mask=mask.with_box((k, 2, 2), np.full((1, 1, 1), on)))


def with_limits(desk: Desk, **changes: object) -> Desk:
    return replace(desk, settings=replace(desk.settings, limits=replace(desk.settings.limits, **changes)))  # type: ignore[arg-type]


def with_image(desk: Desk, **changes: object) -> Desk:
    return with_case(desk, images=(replace(desk.case.images[0], **changes),))  # type: ignore[arg-type]


Edit = Callable[[Desk], Desk]
few = st.integers(0, 1)
content_edits: st.SearchStrategy[Edit] = st.one_of(
    st.sampled_from([-1.0, 0.5, 1e-9]).map(
        lambda d: lambda desk: with_blade(desk, lambda b: b.moved((d, 0, 0)))
    ),
    st.sampled_from([-5.0, 5.0]).map(
        lambda a: lambda desk: with_blade(desk, lambda b: b.turned((0, 0, 1), a))
    ),
    st.sampled_from([1.0, 1.5]).map(lambda k: lambda desk: with_blade(desk, lambda b: replace(b, kerf_mm=k))),
    st.sampled_from([0.0, 3.0]).map(
        lambda v: lambda desk: with_blade(desk, lambda b: replace(b, overshoot_mm=v))
    ),
    st.sampled_from([1.0, 2.0]).map(lambda m: lambda desk: with_plan(desk, required_margin_mm=m)),
    st.sampled_from([None, "lesion 1"]).map(lambda t: lambda desk: with_plan(desk, tumour=t)),
    st.sampled_from([(), ("T10",)]).map(lambda t: lambda desk: with_plan(desk, target_levels=t)),
    st.sampled_from([(), (StructureAction("cord", Action.KEEP),)]).map(
        lambda a: lambda desk: with_plan(desk, structure_actions=a)
    ),
    st.sampled_from([(), (Mobilisation("cord", "g", 1, "b"),)]).map(
        lambda m: lambda desk: with_plan(desk, mobilised=m)
    ),
    st.sampled_from([(), (Release("facet/T9-T10/left"),)]).map(
        lambda r: lambda desk: with_plan(desk, releases=r)
    ),
    st.tuples(few, st.integers(0, 3), st.booleans()).map(lambda p: lambda desk: painted(desk, *p)),
    st.sampled_from(["T10", "T11"]).map(lambda v: lambda desk: with_structure(desk, 1, level=v)),
    st.sampled_from([None, "left", "right"]).map(lambda v: lambda desk: with_structure(desk, 1, side=v)),
    st.sampled_from([None, "b"]).map(lambda v: lambda desk: with_structure(desk, 0, name=v)),
    st.sampled_from([StructureKind.SPINAL_CORD, StructureKind.AORTA]).map(
        lambda v: lambda desk: with_structure(desk, 0, kind=v)
    ),
    st.tuples(few, st.sampled_from(list(ReviewState))).map(
        lambda v: lambda desk: with_structure(desk, v[0], review=Review(v[1]))
    ),
    st.booleans().map(lambda v: lambda desk: with_structure(desk, 0, simulated=v)),
    st.sampled_from([None, 1.5]).map(
        lambda v: lambda desk: with_structure(desk, 0, effective_resolution_mm=v)
    ),
    st.booleans().map(lambda v: lambda desk: with_anatomy(desk, epidural_assessable=v)),
    st.sampled_from([None, LevelConfirmation("Dr R", AT, "ribs"), LevelConfirmation("Dr S", AT, "ribs")]).map(
        lambda v: lambda desk: with_anatomy(desk, levels_confirmed=v)
    ),
    st.sampled_from([(), (NotInField(StructureKind.AZYGOS, "Dr R", AT),)]).map(
        lambda v: lambda desk: with_anatomy(desk, not_in_field=v)
    ),
    st.sampled_from([(), (Finding("GAP", "a slice is missing", (), Severity.WARN),)]).map(
        lambda v: lambda desk: with_image(desk, findings=v)
    ),
    st.sampled_from([1.0, 2.5]).map(lambda v: lambda desk: with_image(desk, slice_spacing_mm=v)),
    st.sampled_from([1.0, 0.5]).map(lambda v: lambda desk: with_limits(desk, reserve_mm=v)),
    st.sampled_from(["navigated", "freehand"]).map(
        lambda v: lambda desk: with_limits(desk, default_technique=v)
    ),
)
harmless_edits: st.SearchStrategy[Edit] = st.one_of(
    st.text(max_size=3).map(lambda v: lambda desk: with_case(desk, diagnosis=Diagnosis(v))),
    st.text(max_size=3).map(lambda v: lambda desk: with_case(desk, patient=Patient(v))),
    st.integers(0, 255).map(
        lambda v: lambda desk: with_case(desk, looks=(("cord", StructureLook((v, 0, 0))),))
    ),
    st.text(max_size=3).map(lambda v: lambda desk: with_case(desk, sign_offs=(SignOff("surgeon", v, AT),))),
    st.booleans().map(lambda v: lambda desk: with_locks(desk, locked=v)),
)


def content(desk: Desk) -> object:
    """Everything a number may depend on, gathered without any digest."""
    anatomy = anatomy_of(desk)
    structures = [
        (s.id, s.kind, s.level, s.side, s.name, s.simulated, s.review.state, s.effective_resolution_mm,
         s.mask.to_array().tobytes())
        for s in anatomy.structures
    ]  # fmt: skip
    marks = [(n.kind, n.by) for n in anatomy.not_in_field]
    image = desk.case.images[0]
    return (
        structures, marks, anatomy.levels_confirmed, anatomy.epidural_assessable,
        plan_text(with_locks(desk, locked=False).case.plan),
        image.findings, image.slice_spacing_mm, desk.settings.limits, desk.settings.tools,
    )  # fmt: skip


def rebuilt(desk: Desk) -> Desk:
    """The same content in new objects, so that nothing is recognised by identity."""
    anatomy = anatomy_of(desk)
    structures = tuple(replace(s, mask=Mask.from_array(s.mask.to_array())) for s in anatomy.structures)
    grid = Grid(SHAPE, np.array(anatomy.grid.lps_from_ijk))
    image = replace(desk.case.images[0], volume=Volume(np.zeros(SHAPE, dtype=np.int16), grid))
    plan = replace(desk.case.plan)
    case = replace(
        desk.case, images=(image,), anatomy=replace(anatomy, grid=grid, structures=structures), plans=(plan,)
    )
    return Desk(case, replace(desk.settings, limits=replace(desk.settings.limits)))


def an_evaluation(desk: Desk) -> Evaluation:
    inputs = inputs_of(desk.case, desk.settings)
    assert inputs is not None
    clearance = Clearance("a", "cord", "cord", StructureKind.SPINAL_CORD, 1.0, 1.0, 1.0, 1.0, Status.WARN)
    return Evaluation(inputs, "p", Status.WARN, (clearance,), (), (), (), (), (), (), ())


@examples(max_examples=150, deadline=None)
@given(st.lists(st.one_of(content_edits, content_edits, harmless_edits), min_size=1, max_size=6))
def test_a_result_is_shown_for_its_own_content_and_no_other(edits: list[Edit]) -> None:
    desks = [a_desk()]
    for edit in edits:
        desks.append(edit(desks[-1]))
    desks += [rebuilt(desk) for desk in desks]
    evaluations = [an_evaluation(desk) for desk in desks]
    contents = [content(desk) for desk in desks]

    for evaluation, computed_from in zip(evaluations, contents, strict=True):
        for desk, present in zip(desks, contents, strict=True):
            same = computed_from == present
            shown = current(evaluation, desk.case, desk.settings)
            assert is_current(evaluation, desk.case, desk.settings) is same
            assert (shown is not None) is same
            inputs = inputs_of(desk.case, desk.settings)
            assert inputs is not None
            assert (evaluation.inputs.digest == inputs.digest) is same


@examples(max_examples=80, deadline=None)
@given(content_edits)
def test_an_acceptance_is_void_once_anything_it_was_given_for_changes(edit: Edit) -> None:
    desk = a_desk()
    evaluation = an_evaluation(desk)
    key = evaluation.clearances[0].key
    acceptance = Acceptance(key, "Dr A", "guarded by hand", AT, evaluation.inputs.digest)
    accepted = with_case(desk, acceptances=(acceptance,))
    later = edit(accepted)

    shown = current(evaluation, accepted.case, accepted.settings)
    assert shown is not None
    assert shown.clearances[0].accepted == acceptance
    assert shown.clearances[0].status is Status.WARN  # an accepted warning keeps its status
    fresh = current(an_evaluation(later), later.case, later.settings)
    assert fresh is not None
    assert (fresh.clearances[0].accepted is not None) is (content(later) == content(desk))


def test_an_acceptance_of_another_result_is_not_borrowed() -> None:
    desk = a_desk()
    evaluation = an_evaluation(desk)
    other = Acceptance("clearance/a/aorta", "Dr A", "", AT, evaluation.inputs.digest)
    shown = current(evaluation, with_case(desk, acceptances=(other,)).case, desk.settings)

    assert shown is not None
    assert shown.clearances[0].accepted is None


def test_nothing_is_current_before_an_image_is_loaded() -> None:
    assert current(an_evaluation(a_desk()), Case("empty"), SETTINGS) is None
    assert current(None, a_desk().case, SETTINGS) is None
