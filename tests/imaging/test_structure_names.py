"""Segmentations of 3D Slicer, and what names mean that no file of ours wrote."""

import gzip
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from planning.geometry.frames import Grid
from planning.imaging.intake import Onto, findings_for
from planning.imaging.structure_import import import_structures
from planning.imaging.structure_words import meaning_of_name
from planning.kernel.process import Worker
from planning.model.structures import StructureKind
from planning.model.study import Severity
from tests.imaging import phantom

GRID = phantom.a_grid(np.eye(3), (12, 10, 8), (1.0, 1.0, 1.0))
TERMS = "Segmentation category and type - 3D Slicer list~SCT^123037004^Anatomical Structure"


def _slicer_file(folder: Path, layers: NDArray[np.uint8], grid: Grid, fields: Sequence[str]) -> Path:
    """Write what 3D Slicer writes: layers first, RAS is turned to LPS, extents of the reference image."""
    i, j, k = grid.shape_kji[::-1]
    axes = " ".join(
        "(" + ",".join(f"{v:.9g}" for v in column) + ")" for column in grid.lps_from_ijk[:3, :3].T
    )
    origin = ",".join(f"{v:.9g}" for v in grid.origin_lps_mm)
    head = [
        "NRRD0005", "# Complete NRRD file format specification at:", "type: unsigned char", "dimension: 4",
        "space: left-posterior-superior", f"sizes: {len(layers)} {i} {j} {k}",
        f"space directions: none {axes}",
        "kinds: list domain domain domain", "endian: little", "encoding: gzip", f"space origin: ({origin})",
        *fields, "Segmentation_ContainedRepresentationNames:=Binary labelmap|Closed surface|",
        "Segmentation_ReferenceImageExtentOffset:=3 2 1",
    ]  # fmt: skip
    data = gzip.compress(np.moveaxis(layers, 0, -1).tobytes())
    path = folder / "Segmentation.seg.nrrd"
    path.write_bytes("\n".join(head).encode() + b"\n\n" + data)
    return path


def test_overlapping_segments_of_slicer_land_where_their_cropped_extent_lies(
    tmp_path: Path, worker: Worker
) -> None:
    """Slicer stores only the part with segments; overlapping ones lie in layers of their own."""
    cropped = GRID.cropped((1, 2, 3), (8, 6, 4))
    vertebra, lesion = np.zeros(cropped.shape_kji, np.uint8), np.zeros(cropped.shape_kji, np.uint8)
    vertebra[1:7, 1:5, 1:3] = 1
    vertebra[2, 2, 3] = 2
    lesion[3:5, 2:4, 1:3] = 1
    fields = [
        "Segment0_ID:=a", "Segment0_Name:=T10 vertebra", "Segment0_LabelValue:=1", "Segment0_Layer:=0",
        "Segment0_Color:=0.5 0.25 1", "Segment0_Extent:=0 3 0 5 0 7",
        "Segment1_ID:=b", "Segment1_Name:=Segment_2", "Segment1_LabelValue:=2", "Segment1_Layer:=0",
        f"Segment1_Tags:=Segmentation.Status:inprogress|TerminologyEntry:{TERMS}~SCT^15825003^Aorta~^^~|",
        "Segment2_ID:=c", "Segment2_Name:=GTV", "Segment2_LabelValue:=1", "Segment2_Layer:=1",
    ]  # fmt: skip
    path = _slicer_file(tmp_path, np.stack([vertebra, lesion]), cropped, fields)
    found = import_structures(path, None, Onto(GRID), worker=worker)
    bone, aorta, tumour = found.structures
    for structure, mask in ((bone, vertebra == 1), (aorta, vertebra == 2), (tumour, lesion == 1)):
        wanted = np.zeros(GRID.shape_kji, bool)
        wanted[1:9, 2:8, 3:7] = mask
        np.testing.assert_array_equal(structure.mask.to_array(), wanted)
    assert (bone.kind, bone.level) == (StructureKind.VERTEBRA, "T10")
    assert aorta.kind is StructureKind.AORTA, "told by its terminology where the name says nothing"
    assert (tumour.kind, tumour.name) == (StructureKind.TUMOUR, "GTV")
    assert [o.colour_rgb for o in found.origins] == [(128, 64, 255), None, None]
    assert {o.middle_kji for o in found.origins} <= {
        (k, j, i) for k in range(12) for j in range(10) for i in range(8)
    }


@pytest.mark.parametrize(
    "name, kind, level, side",
    [
        ("Th10", "vertebra", "T10", None),
        ("left T10 rib", "rib", "T10", "left"),
        ("Disc L5-S1", "disc", "L5", None),
        ("SpinalCord", "spinal_cord", None, None),
        ("Kidney_R", "kidney", None, "right"),
        ("A_Aorta", "aorta", None, None),
        ("V_Venacava_I", "inferior_vena_cava", None, None),
        ("GTVp 2", "tumour", None, None),
        ("left T10 segmental artery (simulated)", "segmental_artery", "T10", "left"),
        ("intervertebral_discs", "disc", None, None),
        ("hip_implant", "implant", None, None),
    ],
)
def test_names_people_use_mean_kinds(name: str, kind: str, level: str | None, side: str | None) -> None:
    meaning = meaning_of_name(name)
    assert meaning is not None
    assert (meaning.kind.value, meaning.level, meaning.side) == (kind, level, side)
    assert meaning.simulated is ("simulated" in name)


@pytest.mark.parametrize(
    "name", ["PTV", "CTV_T10", "VB_T10", "umbilical cord", "aortic arch", "L", "", "body"]
)
def test_a_name_that_is_not_known_as_a_whole_means_nothing(name: str) -> None:
    assert meaning_of_name(name) is None


def test_what_a_tool_can_injure_without_a_limit_is_named_in_a_warning(tmp_path: Path, worker: Worker) -> None:
    """The kinds are a closed list, so a carotid artery stays `other`; that it is not judged is said."""
    folder = tmp_path / "segmentations"
    folder.mkdir()
    ball = np.linalg.norm(phantom.centres(GRID) - phantom.MIDDLE, axis=-1) < 3.2
    for name in (
        "common_carotid_artery_left",
        "portal_vein_and_splenic_vein",
        "small_bowel",
        "scapula_left",
        "aorta",
    ):
        phantom.write_volume(folder / f"{name}.nii.gz", ball.astype(np.uint8), GRID)
    found = import_structures(folder, None, Onto(GRID), worker=worker)
    said = {f.code: f for f in found.findings}
    at_risk = "common_carotid_artery_left, portal_vein_and_splenic_vein, small_bowel."
    assert at_risk in said["NOT_JUDGED"].message
    assert said["NOT_JUDGED"].severity is Severity.WARN
    assert "scapula_left" in said["LISTED_AS_OTHER"].message
    kinds = [s.kind for s in found.structures]
    assert kinds.count(StructureKind.OTHER) == 4
    assert StructureKind.AORTA in kinds


def test_an_image_beside_its_masks_is_left_out_and_said(tmp_path: Path, worker: Worker) -> None:
    ball = np.linalg.norm(phantom.centres(GRID) - phantom.MIDDLE, axis=-1) < 3.2
    phantom.write_volume(tmp_path / "aorta.nii.gz", ball.astype(np.uint8), GRID)
    phantom.write_volume(tmp_path / "ct.nii.gz", (phantom.values_at(phantom.centres(GRID)) - 900.5), GRID)
    (tmp_path / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\x08\0\x05\0CS\xff\xff")
    found = import_structures(tmp_path, None, Onto(GRID), worker=worker)
    assert [s.kind for s in found.structures] == [StructureKind.AORTA]
    (said,) = [f for f in found.findings if f.code == "FILES_LEFT_OUT"]
    assert "2 (NOT_LABELS, TRUNCATED)" in said.message


def test_only_what_is_kept_is_spoken_of(tmp_path: Path, worker: Worker) -> None:
    """A structure that is left out, or given a kind by hand, is no longer one of no kind."""
    ball = np.linalg.norm(phantom.centres(GRID) - phantom.MIDDLE, axis=-1) < 3.2
    for name in ("small_bowel", "colon", "aorta", "face"):
        phantom.write_volume(tmp_path / f"{name}.nii.gz", ball.astype(np.uint8), GRID)
    found = import_structures(tmp_path, None, Onto(GRID), worker=worker)
    kept = [(s, o) for s, o in zip(found.structures, found.origins, strict=True) if o.name != "colon"]
    kept = [(replace(s, kind=StructureKind.AORTA) if o.name == "face" else s, o) for s, o in kept]
    said = {f.code: f.message for f in findings_for(found, kept)}
    assert "for: small_bowel. They" in said["LISTED_AS_OTHER"]
    assert "exists: small_bowel. " in said["NOT_JUDGED"]
    assert {f.code for f in found.findings} == set(said)
    assert findings_for(found, list(zip(found.structures, found.origins, strict=True))) == found.findings
