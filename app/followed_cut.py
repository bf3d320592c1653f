"""The cut that the cut views follow: its blade, its most serious distance, whether its area may be said."""

import numpy as np

from planning.geometry.blade import Blade
from planning.geometry.coverage import Coverage
from planning.geometry.frames import Grid
from planning.model.anatomy import Anatomy
from planning.model.case import Case
from planning.model.structures import BONES
from planning.safety.evaluation import LiveResult
from planning.safety.image_edge import sides_left
from planning.safety.results import SEVERITY, Clearance, Evaluation, TumourMargin
from planning.safety.self_test import self_test
from planning.segmentation.surfaces import Surfaces
from planning.texts import tr
from rendering.cut_section import BONE_KINDS
from rendering.scene_state import DrawnBlade, DrawnLine, FollowedCut

Result = Clearance | TumourMargin


def followed_cut(
    case: Case, blades: tuple[DrawnBlade, ...], active_cut: str, surfaces: Surfaces | None
) -> FollowedCut | None:
    """Return the active cut as the cut views follow it, or None where there is none."""
    drawn = next((blade for blade in blades if blade.id == active_cut), None)
    return None if drawn is None else FollowedCut(drawn, why_no_area=why_no_area(case, drawn.blade, surfaces))


def why_no_area(case: Case, blade: Blade, surfaces: Surfaces | None) -> str:
    """Return why the area of bone in a blade may not be said, in words; empty where it may."""
    anatomy, image = case.anatomy, case.image
    if anatomy is None or image is None:
        return tr("nothing is segmented")
    if words := _why_no_surface(anatomy, blade, surfaces):
        return words
    if not self_test.cache_info().currsize or not self_test().ok:
        return tr("the self-test has not passed")
    if case.unacknowledged:
        return tr("slices are missing, and no person has acknowledged that")
    if image.coverage is not None and _meets_a_gap(image.coverage, anatomy.grid, blade):
        return tr("slices are missing there")
    if sides_left(blade.corners_lps_mm, anatomy.grid):
        return tr("the blade leaves the image")
    kji = anatomy.grid.to_ijk(blade.corners_lps_mm)[:, ::-1]
    for structure in anatomy.structures:
        extent = structure.label_extent_kji
        if structure.kind in BONES and extent is not None:
            low, high = np.array(extent[0]) - 0.5, np.array(extent[1]) - 0.5
            if (kji < low).any() or (kji > high).any():
                return tr("the blade leaves the label map")
    return ""


def _why_no_surface(anatomy: Anatomy, blade: Blade, surfaces: Surfaces | None) -> str:
    """Return why bones have no surface to measure on: one that is not drawn would count as no bone."""
    bones = [s for s in anatomy.structures if s.kind in BONE_KINDS and not s.mask.is_empty]
    if not bones:
        return tr("no bone is segmented")
    known = surfaces.by_id if surfaces is not None else {}
    if any(bone.id not in known or known[bone.id].mask_digest != bone.mask.digest for bone in bones):
        return tr("the surface of a bone is being made")
    low, high = blade.corners_lps_mm.min(axis=0), blade.corners_lps_mm.max(axis=0)
    for bone in bones:
        mesh = known[bone.id].mesh
        empty = not len(mesh.triangles)
        if empty or (not known[bone.id].fidelity.is_true and mesh.meets_box(low, high)):
            return tr("no surface true to its voxels could be made")
    return ""


def _meets_a_gap(coverage: Coverage, grid: Grid, blade: Blade) -> bool:
    k = grid.to_ijk(blade.corners_lps_mm)[:, 2]
    return any(k.min() < behind and k.max() > before for before, behind in coverage.gaps_k)


def results_of(evaluation: Evaluation | None, live: LiveResult | None) -> tuple[Result, ...]:
    """Return the distances that are known: of the whole plan, or of the cut that is dragged."""
    if evaluation is not None:
        return (*evaluation.clearances, *evaluation.tumour_margins)
    return (*live.clearances, live.margin) if live is not None else ()


def worst_result(results: tuple[Result, ...], cut: str) -> Result | None:
    """Return the most serious measured result of a cut."""
    known = [r for r in results if r.osteotomy == cut and r.value_mm is not None]
    return min(known, key=lambda r: (SEVERITY[r.status], r.value_mm or 0.0), default=None)


def nearest_line(result: Result | None) -> DrawnLine | None:
    """Return the line that joins the closest points of a result, with its length."""
    if result is None or result.value_mm is None:
        return None
    if result.tool_point_lps_mm is None or result.structure_point_lps_mm is None:
        return None
    length = f"{abs(result.value_mm):.1f} mm"
    label = tr("{length} inside", length=length) if result.value_mm < 0 else length
    return DrawnLine(result.tool_point_lps_mm, result.structure_point_lps_mm, label)
