"""What importers assume where a file leaves it open, from ``resources/imaging.toml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from planning.errors import SettingsInvalid
from planning.model.reading import Table
from planning.model.structures import StructureKind
from planning.texts import mark

_PATH: Final = Path(__file__).resolve().parents[2] / "resources" / "imaging.toml"


@dataclass(frozen=True)
class ImportSettings:
    """Numbers of the importer, each with its source in the file.

    Parameters
    ----------
    totalsegmentator_mm : float
        Resolution TotalSegmentator segments at.
    seg_threshold : float
        Fraction from which a voxel of a fractional segmentation belongs to its structure.
    contour_gap_planes : float
        Widest gap between contours, in usual distances, that is bridged.
    least_mesh_mm, largest_mesh_mm : float
        Between these a surface's largest extent is plausible without asking for its unit.
    least_of_kind_mm : mapping of str to float
        The same for surfaces of a known kind.
    """

    totalsegmentator_mm: float
    seg_threshold: float
    contour_gap_planes: float
    least_mesh_mm: float
    largest_mesh_mm: float
    least_of_kind_mm: Mapping[str, float]


@cache
def import_settings() -> ImportSettings:
    """Return the settings; raises `SettingsInvalid` naming the key at fault."""
    try:
        content = tomllib.loads(_PATH.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        words = mark("The settings file imaging.toml is missing or damaged. Restore it from the program.")
        raise SettingsInvalid("BAD_SETTINGS", words) from error
    top = Table(content, _PATH.name, SettingsInvalid)
    segmentator, seg = top.table("totalsegmentator"), top.table("segmentation")
    contours, mesh = top.table("contours"), top.table("surface")
    by_kind = mesh.table("least_of_kind_mm").table("value")
    by_kind.only([kind.value for kind in StructureKind])
    return ImportSettings(
        totalsegmentator_mm=segmentator.table("resolution_mm").number("value", 0.1, 10.0),
        seg_threshold=seg.table("threshold").number("value", 0.01, 1.0),
        contour_gap_planes=contours.table("widest_gap_planes").number("value", 1.0, 10.0),
        least_mesh_mm=mesh.table("least_size_mm").number("value", 0.0, 100.0),
        largest_mesh_mm=mesh.table("largest_size_mm").number("value", 100.0, 1e5),
        least_of_kind_mm={kind: by_kind.number(kind, 0.0, 100.0) for kind in by_kind.values},
    )
