"""How each kind of structure is drawn by default and coded in DICOM, from `resources/anatomy.toml`."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from planning.errors import SettingsInvalid
from planning.model.case import StructureLook
from planning.model.levels import LEVELS
from planning.model.reading import Table
from planning.model.structures import Structure, StructureKind
from planning.texts import mark, tr

SCHEMA: Final = "enbloc-anatomy/1"
GROUPS: Final = ("bone", "nerve", "artery", "vein", "viscera", "tumour", "implant", "other")
Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class KindEntry:
    """Defaults for one kind.

    Parameters
    ----------
    kind : StructureKind
    colour_rgb : tuple of int
        0 to 255.
    opacity : float
    group : str
        One of `GROUPS`; lists are grouped by it.
    order : int
        Larger is drawn later (on top).
    thin : bool
        A vessel or nerve a few voxels wide: never smoothed or decimated.
    snomed, meaning : str or None
        SNOMED CT code and its meaning; None needs a private code.
    """

    kind: StructureKind
    colour_rgb: Rgb
    opacity: float
    group: str
    order: int
    thin: bool
    snomed: str | None = None
    meaning: str | None = None


@dataclass(frozen=True)
class AnatomyTable:
    """Defaults for every kind."""

    entries: tuple[KindEntry, ...]
    region_rgb: tuple[tuple[str, Rgb], ...]
    vertebra_codes: tuple[tuple[str, str], ...]
    segmental_artery_codes: tuple[tuple[str, str], ...]

    def entry(self, kind: StructureKind) -> KindEntry:
        """Return the defaults of a kind; every kind has them."""
        return next(e for e in self.entries if e.kind is kind)

    def look(self, structure: Structure) -> StructureLook:
        """Return how a structure is drawn while the user chose nothing; vertebrae by region."""
        entry = self.entry(structure.kind)
        colour = entry.colour_rgb
        if structure.kind is StructureKind.VERTEBRA and structure.level:
            colour = dict(self.region_rgb).get(structure.level[0], colour)
        return StructureLook(colour, entry.opacity)

    def snomed(self, structure: Structure) -> tuple[str, str] | None:
        """Return SNOMED CT code and meaning, by level where there is one; None where there is none."""
        entry = self.entry(structure.kind)
        if (
            structure.level
            and structure.kind is StructureKind.VERTEBRA
            and structure.level in dict(self.vertebra_codes)
        ):
            return dict(self.vertebra_codes)[structure.level], f"{structure.level} vertebra"
        if (
            structure.level
            and structure.kind is StructureKind.SEGMENTAL_ARTERY
            and structure.level[0] in dict(self.segmental_artery_codes)
        ):
            return dict(self.segmental_artery_codes)[
                structure.level[0]
            ], "Intercostal artery" if structure.level[0] == "T" else "Lumbar artery"
        return (entry.snomed, entry.meaning or "") if entry.snomed else None


def load_anatomy_table(path: Path) -> AnatomyTable:
    """Read `anatomy.toml`; raises `SettingsInvalid` naming the key at fault."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsInvalid(
            "ANATOMY_UNREADABLE", mark("The anatomy table {file} cannot be read."), file=path.name
        ) from error
    top = Table(values, path.name, SettingsInvalid)
    top.only(("schema", "kind", "region", "vertebra_code", "segmental_artery_code"))
    top.choice("schema", (SCHEMA,))
    kinds, region = top.table("kind"), top.table("region")
    kinds.only([kind.value for kind in StructureKind])
    vertebrae, arteries = top.table("vertebra_code"), top.table("segmental_artery_code")
    vertebrae.only(LEVELS)
    return AnatomyTable(
        entries=tuple(_entry(kinds.table(kind.value), kind) for kind in StructureKind),
        region_rgb=tuple((letter, _rgb(region, letter)) for letter in region.values),
        vertebra_codes=tuple((level, vertebrae.text(level)) for level in vertebrae.values),
        segmental_artery_codes=tuple((letter, arteries.text(letter)) for letter in arteries.values),
    )


def _rgb(table: Table, key: str) -> Rgb:
    values = table.vector(key)
    if any(v != int(v) or not 0 <= v <= 255 for v in values):
        raise table.bad(key, tr("three whole numbers from 0 to 255"))
    return (int(values[0]), int(values[1]), int(values[2]))


def _entry(table: Table, kind: StructureKind) -> KindEntry:
    table.only(("colour_rgb", "opacity", "group", "order", "thin", "snomed", "meaning"))
    return KindEntry(
        kind=kind,
        colour_rgb=_rgb(table, "colour_rgb"),
        opacity=table.number("opacity", 0.0, 1.0),
        group=table.choice("group", GROUPS),
        order=table.whole("order", 0, 1000),
        thin=table.flag("thin"),
        snomed=table.text("snomed") if table.has("snomed") else None,
        meaning=table.text("meaning") if table.has("meaning") else None,
    )
