"""Signed distance fields of everything a tool must stay clear of, over the operative region."""

from dataclasses import dataclass

from planning.geometry.blade import Blade
from planning.geometry.frames import Grid
from planning.model.anatomy import Anatomy
from planning.model.plan import Plan
from planning.progress import Progress
from planning.segmentation.surfaces import Surfaces


@dataclass(frozen=True, eq=False)
class Fields:
    """Distance fields over one region; see `fields_of`."""

    image_grid: Grid
    structure_ids: tuple[str, ...]
    mask_digests: tuple[str, ...]

    def covers(self, blade: Blade) -> bool:
        """Say whether the blade, overshoot included, lies inside the region."""
        raise NotImplementedError

    def fits(self, anatomy: Anatomy) -> bool:
        """Say whether every field was computed from the masks of `anatomy`."""
        raise NotImplementedError


def fields_of(
    anatomy: Anatomy, surfaces: Surfaces, plan: Plan, progress: Progress, known: Fields | None = None
) -> Fields:
    """Return the distance fields a plan needs; unchanged ones are taken from `known`."""
    raise NotImplementedError
