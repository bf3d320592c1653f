"""Small cases that use every field of the model, for the tests of the case file."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import numpy as np

from planning.geometry.blade import Blade
from planning.geometry.frames import Grid
from planning.geometry.volume import Volume
from planning.model.anatomy import Anatomy, LevelConfirmation, NotInField
from planning.model.case import Acceptance, Case, Diagnosis, SignOff, StructureLook
from planning.model.mask import Mask
from planning.model.osteotomy import Osteotomy, OsteotomyKind
from planning.model.plan import Action, Mobilisation, Plan, Release, StructureAction
from planning.model.structures import Review, ReviewState, Structure, StructureKind
from planning.model.study import Finding, Patient, Severity, StudyImage

AT = datetime(2026, 11, 23, 9, 30, 15, 123456, tzinfo=timezone(timedelta(hours=1)))
SHAPE_KJI = (30, 100, 96)


def a_tilted_grid(shape_kji: tuple[int, int, int] = SHAPE_KJI) -> Grid:
    """Return an oblique, anisotropic grid whose affine has no short decimals."""
    c, s = np.cos(0.1), np.sin(0.1)
    directions = np.array([[1.0, 0, 0], [0, c, -s], [0, s, c]])
    return Grid.from_axes(shape_kji, (-1 / 3, 2 / 7, 100.1), directions, (0.7, 0.7, 2.5))


def a_volume(grid: Grid, seed: int = 1) -> Volume:
    """Return noise that zlib cannot shrink much, as int16."""
    hu = np.random.default_rng(seed).normal(0, 300, grid.shape_kji).astype(np.int16)
    return Volume(hu, grid)


def a_ball_mask(shape_kji: tuple[int, int, int], centre_kji: tuple[int, int, int], radius: float) -> Mask:
    """Return the voxels within `radius` voxels of a centre."""
    k, j, i = np.ogrid[tuple(slice(n) for n in shape_kji)]
    ck, cj, ci = centre_kji
    return Mask.from_array((k - ck) ** 2 + (j - cj) ** 2 + (i - ci) ** 2 <= radius**2)


def a_rich_case(seed: int = 1) -> Case:
    """Return a case with two images, overlapping structures and a value in every field."""
    return Case(
        "case-rich",
        Patient("Doe^Jane\udc80", "4711", "1970-01-01", "F"),
        _images(seed),
        _anatomy(),
        (a_rich_plan(), Plan("Plan B", required_margin_mm=3)),
        1,
        Diagnosis("chordoma", "proven", "CT-guided"),
        (Acceptance("clearance/cranial/aorta", "Dr. A", "guarded", AT, "sha256:" + "0" * 64),),
        (("aorta", StructureLook((200, 0, 10), 0.5, False)),),
        (SignOff("surgeon", "Dr. A", AT), SignOff("radiologist")),
        "Credit: nobody",
    )


def _images(seed: int) -> tuple[StudyImage, ...]:
    grid = a_tilted_grid()
    ct = StudyImage(
        "ct", a_volume(grid, seed), "CT", "Thorax <nativ>", "1.2.3", "1.2", "1.9", "2026-11-01", "none", 2.5,
        (Finding("SLICE_SPACING", "Slices lie {mm} mm apart.", (("mm", "2.5"),), Severity.WARN),),
    )  # fmt: skip
    mr_grid = a_tilted_grid((4, 10, 12))
    mr = StudyImage(
        "mr", Volume(np.linspace(0, 1 / 3, 480, dtype=np.float32).reshape(4, 10, 12), mr_grid), "MR"
    )
    return ct, mr


def _anatomy() -> Anatomy:
    def ball(k: int, j: int, i: int, radius: float) -> Mask:
        return a_ball_mask(SHAPE_KJI, (k, j, i), radius)

    approved = Review(ReviewState.APPROVED, 'Dr. 汉字 "Quote"', AT)
    structures = (
        Structure("vertebra-T10", StructureKind.VERTEBRA, ball(15, 50, 50, 14), "T10"),
        Structure("vertebra-T11", StructureKind.VERTEBRA, ball(15, 75, 75, 9), "T11"),
        Structure(
            "tumour-1", StructureKind.TUMOUR, ball(15, 52, 50, 5), None, None, "lesion 1", True, "drawn"
        ),
        Structure(
            "aorta", StructureKind.AORTA, ball(15, 20, 70, 8), review=approved, effective_resolution_mm=1.5
        ),
        Structure("sa", StructureKind.SEGMENTAL_ARTERY, ball(15, 30, 60, 2), "T10", "left", "T10 left"),
        Structure("empty", StructureKind.AZYGOS, Mask(SHAPE_KJI)),
    )
    not_in_field = (NotInField(StructureKind.ADAMKIEWICZ, "Dr. A", AT),)
    confirmed = LevelConfirmation("Dr. B", AT, "whole-spine scout")
    return Anatomy(a_tilted_grid(), structures, not_in_field, confirmed, True)


def a_rich_plan() -> Plan:
    """Return a plan with a value in every field."""
    outline = ((-20.0, 12.0), (20.0, 12.0), (24.0, 40.0), (-24.0, 40.0))
    blade = Blade((0.1, 40.0, 120.0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0), 60.0, 45, 1.0, 3.0, outline)
    guards = ("malleable retractor: aorta",)
    disc = Osteotomy(
        "cranial", OsteotomyKind.DISC, "ultrasonic_bone_scalpel", blade, "T9/T10 disc", "T9", "midline"
    )
    cuts = (
        replace(disc, cut_group="cranial end", step=9, guards=guards, locked=True),
        Osteotomy("left", OsteotomyKind.PEDICLE, "t_saw", blade.turned((1.0, 2.0, 3.0), 17.3)),
    )
    actions = (StructureAction("T10 left", Action.LIGATE, 8),)
    mobilised = (Mobilisation("aorta", "malleable retractor", 8, "vascular surgeon"),)
    releases = (Release("facet/T9-T10/left", 4),)
    return Plan("Plan A", ("T10", "T11"), "lesion 1", 2.0, cuts, actions, mobilised, releases)


def a_tiny_case(text: str = "") -> Case:
    """Return a case without images, quick to save."""
    return Case("case-tiny", diagnosis=Diagnosis(text), plans=(a_rich_plan(),))


def with_stroke(case: Case, structure_id: str, start_kji: tuple[int, int, int]) -> Case:
    """Return the case with a small box added to one structure: a brush stroke."""
    assert case.anatomy is not None
    old = case.anatomy.structure(structure_id)
    assert old is not None
    new = replace(old, mask=old.mask.with_box(start_kji, np.ones((2, 3, 3), dtype=bool)))
    structures = tuple(new if s is old else s for s in case.anatomy.structures)
    return replace(case, anatomy=replace(case.anatomy, structures=structures))
