"""Which way is up, forward and left for each vertebra: its own axes, not the patient's.

Up follows the canal (or the row of vertebrae), forward runs from the canal to the body, left is
up x forward. Only where neither canal nor neighbour is known do the patient's axes stand in.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from planning.geometry.frames import Floats, Vec3, unit, vec3
from planning.kernel.voxel_graph import Labels
from planning.model.anatomy import Anatomy
from planning.model.structures import StructureKind
from planning.resection.tissue import Tissue, points_of

CANALS = (StructureKind.SPINAL_CANAL, StructureKind.DURAL_SAC, StructureKind.SPINAL_CORD)


@dataclass(frozen=True)
class VertebraAxes:
    """One vertebra's own frame.

    Parameters
    ----------
    level : str
    centre_lps_mm : Vec3
        Centre of the canal at this level; without one, a point as far forward as back.
    superior, anterior, left : Vec3
        Unit vectors.
    canal_radius_mm : float or None
        Half the canal's depth from front to back; None where no canal is known.
    body_lps_mm : Vec3
        Centre of the bone in front of the canal.
    """

    level: str
    centre_lps_mm: Vec3
    superior: Vec3
    anterior: Vec3
    left: Vec3
    canal_radius_mm: float | None
    body_lps_mm: Vec3

    def local(self, points_lps_mm: Floats) -> Floats:
        """Return (left, anterior, superior) millimetres from the centre, shape (n, 3)."""
        rows = np.array([self.left, self.anterior, self.superior])
        return np.asarray((points_lps_mm - np.asarray(self.centre_lps_mm)) @ rows.T)

    @property
    def front_mm(self) -> float:
        """How far forward of the centre the anterior column begins."""
        return 0.0 if self.canal_radius_mm is None else 0.4 * self.canal_radius_mm


def axes_of(tissue: Tissue, anatomy: Anatomy) -> Mapping[str, VertebraAxes]:
    """Return the axes of every vertebra (and the sacrum, as S1) in the field, by level."""
    clouds: dict[str, Floats] = {}
    for number, bone in enumerate(tissue.bones, 1):
        level = bone.level or ("S1" if bone.kind is StructureKind.SACRUM else None)
        if level is not None and bone.kind in (StructureKind.VERTEBRA, StructureKind.SACRUM):
            clouds.setdefault(level, _cloud(tissue.tissue_kji == number, tissue))
    ordered = [level for level in tissue.levels if level in clouds] + [
        c for c in clouds if c not in tissue.levels
    ]
    return axes_of_points({level: clouds[level] for level in ordered}, canal_points(tissue, anatomy))


def axes_of_points(clouds: Mapping[str, Floats], canal_lps_mm: Floats) -> Mapping[str, VertebraAxes]:
    """Return the axes of vertebrae given as points, LPS mm, shape (n, 3) each, cranial first."""
    up = _along([cloud.mean(axis=0) for cloud in clouds.values()])
    return {level: _axes(level, cloud, canal_lps_mm, up) for level, cloud in clouds.items()}


def _cloud(voxels_kji: Labels, tissue: Tissue) -> Floats:
    flat = np.flatnonzero(voxels_kji)
    return points_of(flat[:: max(1, len(flat) // 20000)], tissue.grid)[1]


def canal_points(tissue: Tissue, anatomy: Anatomy) -> Floats:
    """Return points of the canal (or sac, or cord) in the field, LPS mm, shape (n, 3); empty without any."""
    for kind in CANALS:
        structures = anatomy.of_kind(kind)
        voxels = np.zeros(tissue.grid.shape_kji, dtype=bool)
        for structure in structures:
            voxels |= structure.mask.box(tissue.start_kji, tissue.grid.shape_kji)
        if voxels.any():
            flat = np.flatnonzero(voxels)
            return points_of(flat[:: max(1, len(flat) // 100000)], tissue.grid)[1]
    return np.zeros((0, 3))


def _along(centres: list[Floats]) -> Floats:
    """Return the upward direction of a row of vertebrae, cranial first; of one alone, the patient's."""
    if len(centres) < 2:
        return np.array([0.0, 0.0, 1.0])
    return np.asarray(unit(centres[0] - centres[-1]))


def _axes(level: str, cloud: Floats, canal: Floats, up: Floats) -> VertebraAxes:
    middle = cloud.mean(axis=0)
    beside = canal[np.abs((canal - middle) @ up) < 25.0] if len(canal) else canal
    superior = _principal(beside, up) if len(beside) > 50 else up
    slice_ = beside[np.abs((beside - middle) @ superior) < 8.0] if len(beside) else beside
    if len(slice_) < 10:
        return _without_canal(level, cloud, superior)
    centre = slice_.mean(axis=0)
    forward = _level_part(middle - centre, superior)
    radius = 1.0
    body = cloud
    for _ in range(2):
        radius = float(np.abs((slice_ - centre) @ forward).max())
        body = cloud[((cloud - centre) @ forward) > 0.8 * radius]
        if len(body) < 10:
            return _without_canal(level, cloud, superior)
        forward = _level_part(body.mean(axis=0) - centre, superior)
    # The centre lies at the height of the body, where the canal was looked at.
    left = np.cross(superior, forward)
    return VertebraAxes(
        level, vec3(centre), vec3(superior), vec3(forward), vec3(left), radius, vec3(body.mean(axis=0))
    )


def _without_canal(level: str, cloud: Floats, superior: Floats) -> VertebraAxes:
    forward = _level_part(np.array([0.0, -1.0, 0.0]), superior)
    left = np.cross(superior, forward)
    rows = np.array([left, forward, superior])
    local = cloud @ rows.T
    middle = (local.min(axis=0) + local.max(axis=0)) / 2
    centre = middle @ rows
    body = cloud[local[:, 1] >= middle[1]].mean(axis=0)
    return VertebraAxes(level, vec3(centre), vec3(superior), vec3(forward), vec3(left), None, vec3(body))


def _principal(points: Floats, up: Floats) -> Floats:
    spread = points - points.mean(axis=0)
    vectors = np.linalg.eigh(spread.T @ spread)[1]
    longest = vectors[:, -1]
    # A canal seen over a short stretch is as wide as long: then the row of vertebrae leads.
    if abs(longest @ up) < 0.8:
        return up
    return np.asarray(longest if longest @ up > 0 else -longest)


def _level_part(direction: Floats, superior: Floats) -> Floats:
    flat = direction - (direction @ superior) * superior
    if np.linalg.norm(flat) < 1e-6:
        flat = np.array([0.0, -1.0, 0.0]) - superior[1] * -superior
    return np.asarray(unit(flat))
