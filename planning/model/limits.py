"""The limits by which results become pass, warn or fail, from `resources/limits.toml` with their sources."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from planning.errors import SettingsInvalid
from planning.model.levels import LEVELS, level_order
from planning.model.reading import Table
from planning.model.structures import BONES, StructureKind
from planning.texts import mark, tr

SCHEMA: Final = "enbloc-limits/1"
TAGS: Final = ("D", "U", "K", "F")
KINDS: Final = tuple(kind.value for kind in StructureKind)
WarnOrFail = Literal["warn", "fail"]
CLASS_THRESHOLD_MM: Final = 2.0  # part of the class names of enbloc-evaluation/1


@dataclass(frozen=True)
class PrintedLimit:
    """One number with where it comes from, as every report prints it.

    Parameters
    ----------
    key : str
        Path in the limits file, such as ``clearance.cord.fail_below_mm``.
    value : str
    tag : str
        ``D`` design proposal, ``U`` uncertain, ``K`` well established, ``F`` found in the source.
    source : str
    """

    key: str
    value: str
    tag: str
    source: str


@dataclass(frozen=True)
class ClearanceLimit:
    """The tests (a) and (b) for one group of structures; boundaries belong to the better class.

    `guard_needs_nominal_mm`, where given, is the least nominal clearance at which a guard counts.
    """

    group: str
    kinds: frozenset[StructureKind]
    fail_below_mm: float
    warn_below_mm: float
    overshoot_below_mm: float
    overshoot_status: WarnOrFail
    guard_needs_nominal_mm: float | None = None


@dataclass(frozen=True)
class Technique:
    """How a cut is guided, and the standard deviation of its place in mm."""

    id: str
    name: str
    sigma_mm: float


@dataclass(frozen=True)
class SliceLimits:
    """Slice spacings above which distances warn, carry a band, or are withheld, in mm."""

    warn_above_mm: float
    band_above_mm: float
    refuse_above_mm: float


@dataclass(frozen=True)
class LedgerLimits:
    """What sacrificing vessels and roots costs."""

    warn_levels: int
    fail_levels: int
    adamkiewicz_levels: tuple[str, str]
    roots_may_be_cut: frozenset[str]
    roots_preserved: frozenset[str]
    preserved_status: WarnOrFail


@dataclass(frozen=True)
class Required:
    """A structure without which the plan is not assessed, and the kinds that satisfy it."""

    name: str
    kinds: frozenset[StructureKind]


@dataclass(frozen=True)
class Limits:
    """All limits.

    Parameters
    ----------
    clearances : tuple of ClearanceLimit
        No kind in two groups.
    lower_below_mm : float
        A 5 % lower bound below this turns a pass into a warning.
    class_threshold_mm, reserve_mm : float
        Margin class threshold and clinical reserve.
    segmentation_sigma_mm : float or None
        None: half of the largest voxel edge.
    techniques, default_technique
        Execution spread by technique.
    slices, ledger, required : values
    review_demanded, review_advised, sacrifice, directed_kinds : sets
        `directed_kinds` are the osteotomy kinds whose direction of travel is checked.
    posterior_cosine : float
    printed : tuple of PrintedLimit
        Every number with its source, in file order.
    """

    clearances: tuple[ClearanceLimit, ...]
    lower_below_mm: float
    class_threshold_mm: float
    reserve_mm: float
    segmentation_sigma_mm: float | None
    techniques: tuple[Technique, ...]
    default_technique: str
    slices: SliceLimits
    ledger: LedgerLimits
    required: tuple[Required, ...]
    review_demanded: frozenset[StructureKind]
    review_advised: frozenset[StructureKind]
    sacrifice: frozenset[StructureKind]
    directed_kinds: frozenset[str]
    posterior_cosine: float
    printed: tuple[PrintedLimit, ...]

    def clearance(self, kind: StructureKind) -> ClearanceLimit | None:
        """Return the limit for a kind of structure; None where no distance is judged."""
        return next((c for c in self.clearances if kind in c.kinds), None)

    @property
    def technique(self) -> Technique:
        """The technique cuts are assumed to be made with."""
        return next(t for t in self.techniques if t.id == self.default_technique)

    @property
    def execution_sigma_mm(self) -> float:
        """Execution spread of the assumed technique."""
        return self.technique.sigma_mm


def load_limits(path: Path) -> Limits:
    """Read `limits.toml`; raises `SettingsInvalid` naming the key at fault."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsInvalid(
            "LIMITS_UNREADABLE", mark("The limits file {file} cannot be read."), file=path.name
        ) from error
    return limits_from(values, path.name)


def limits_from(values: dict[str, object], document: str = "limits.toml") -> Limits:
    """Build limits from a parsed file; raises `SettingsInvalid` naming the key at fault."""
    top = Table(values, document, SettingsInvalid)
    top.only(
        (
            "schema",
            "clearance",
            "lower_bound",
            "margin",
            "sigma",
            "slices",
            "required",
            "review",
            "ligation",
            "roots",
            "sacrifice",
            "direction",
        )
    )
    top.choice("schema", (SCHEMA,))
    printed: list[PrintedLimit] = []
    clearances = tuple(
        _clearance(top.table("clearance").table(group), group, printed)
        for group in top.table("clearance").values
    )
    _each_kind_once(clearances, top)
    lower, margin, review, direction = (
        _with_keys(top.table(key), keys) for key, keys in _SMALL_TABLES.items()
    )
    lower_below_mm = _number(lower, "below_mm", printed, -50.0, 50.0)
    class_threshold_mm = _number(
        margin, "class_threshold_mm", printed, CLASS_THRESHOLD_MM, CLASS_THRESHOLD_MM
    )
    reserve_mm = _number(margin, "reserve_mm", printed, 0.0, 50.0)
    segmentation, techniques, default = _sigma(top.table("sigma"), printed)
    return Limits(
        clearances=clearances,
        lower_below_mm=lower_below_mm,
        class_threshold_mm=class_threshold_mm,
        reserve_mm=reserve_mm,
        segmentation_sigma_mm=segmentation,
        techniques=techniques,
        default_technique=default,
        slices=_slices(top.table("slices"), printed),
        ledger=_ledger(top.table("ligation"), top.table("roots"), printed),
        required=tuple(
            Required(name, _kinds(top.table("required"), name)) for name in top.table("required").values
        ),
        review_demanded=_kinds(review, "demanded"),
        review_advised=_kinds(review, "advised"),
        sacrifice=_kinds(_with_keys(top.table("sacrifice"), ("kinds",)), "kinds"),
        directed_kinds=frozenset(direction.texts("kinds")),
        posterior_cosine=_number(direction, "posterior_cosine", printed, -1.0, 1.0),
        printed=tuple(printed),
    )


_SMALL_TABLES: Final = {
    "lower_bound": ("below_mm",),
    "margin": ("class_threshold_mm", "reserve_mm"),
    "review": ("demanded", "advised"),
    "direction": ("kinds", "posterior_cosine"),
}
_WITHOUT_LIMIT: Final = BONES | {StructureKind.TUMOUR, StructureKind.IMPLANT, StructureKind.OTHER}
_CLEARANCE_KEYS: Final = (
    "kinds",
    "overshoot_status",
    "fail_below_mm",
    "warn_below_mm",
    "overshoot_below_mm",
    "guard_needs_nominal_mm",
)


def _with_keys(table: Table, keys: tuple[str, ...]) -> Table:
    table.only(keys)
    return table


def _number(table: Table, key: str, printed: list[PrintedLimit], low: float, high: float) -> float:
    entry = _with_keys(table.table(key), ("value", "tag", "source"))
    number = entry.number("value", low, high)
    printed.append(
        PrintedLimit(table.place(key), repr(number), entry.choice("tag", TAGS), entry.text("source"))
    )
    return number


def _count(table: Table, key: str, printed: list[PrintedLimit]) -> int:
    entry = _with_keys(table.table(key), ("value", "tag", "source"))
    number = entry.whole("value", 1, 30)
    printed.append(
        PrintedLimit(table.place(key), str(number), entry.choice("tag", TAGS), entry.text("source"))
    )
    return number


def _levels(table: Table, key: str, printed: list[PrintedLimit]) -> tuple[str, ...]:
    entry = _with_keys(table.table(key), ("level", "levels", "tag", "source"))
    levels = entry.texts("levels") if entry.has("levels") else (entry.text("level"),)
    if any(level not in LEVELS for level in levels):
        raise entry.bad("levels" if entry.has("levels") else "level", tr("vertebral levels such as T10"))
    printed.append(
        PrintedLimit(table.place(key), ", ".join(levels), entry.choice("tag", TAGS), entry.text("source"))
    )
    return levels


def _kinds(table: Table, key: str) -> frozenset[StructureKind]:
    kinds = table.texts(key)
    if any(kind not in KINDS for kind in kinds):
        raise table.bad(key, tr("a list of structure kinds such as aorta"))
    return frozenset(StructureKind(kind) for kind in kinds)


def _clearance(table: Table, group: str, printed: list[PrintedLimit]) -> ClearanceLimit:
    table.only(_CLEARANCE_KEYS)
    fail_below_mm = _number(table, "fail_below_mm", printed, -50.0, 50.0)
    return ClearanceLimit(
        group=group,
        kinds=_kinds(table, "kinds"),
        fail_below_mm=fail_below_mm,
        warn_below_mm=_number(table, "warn_below_mm", printed, fail_below_mm, 50.0),
        overshoot_below_mm=_number(table, "overshoot_below_mm", printed, -50.0, 50.0),
        overshoot_status="fail" if table.choice("overshoot_status", ("warn", "fail")) == "fail" else "warn",
        guard_needs_nominal_mm=_number(table, "guard_needs_nominal_mm", printed, -50.0, 50.0)
        if table.has("guard_needs_nominal_mm")
        else None,
    )


def _each_kind_once(clearances: tuple[ClearanceLimit, ...], top: Table) -> None:
    kinds = [kind for limit in clearances for kind in limit.kinds]
    doubled = next((kind for kind in kinds if kinds.count(kind) > 1), None)
    if doubled is not None:
        raise top.bad("clearance", tr("groups that share no kind; {kind} is in two", kind=doubled.value))
    left_out = next((kind for kind in StructureKind if kind not in (*kinds, *_WITHOUT_LIMIT)), None)
    if left_out is not None:
        # Its clearances would be left out of every evaluation without a word.
        raise top.bad("clearance", tr("groups that hold every kind; {kind} is in none", kind=left_out.value))


def _sigma(table: Table, printed: list[PrintedLimit]) -> tuple[float | None, tuple[Technique, ...], str]:
    table.only(("default_technique", "segmentation_mm", "execution"))
    segmentation = (
        _number(table, "segmentation_mm", printed, 0.0, 50.0) if table.has("segmentation_mm") else None
    )
    execution = table.table("execution")
    techniques = []
    for technique_id in execution.values:
        entry = _with_keys(execution.table(technique_id), ("name", "mm"))
        techniques.append(
            Technique(technique_id, entry.text("name"), _number(entry, "mm", printed, 0.0, 50.0))
        )
    return segmentation, tuple(techniques), table.choice("default_technique", [t.id for t in techniques])


def _slices(table: Table, printed: list[PrintedLimit]) -> SliceLimits:
    table.only(("warn_above_mm", "band_above_mm", "refuse_above_mm"))
    warn = _number(table, "warn_above_mm", printed, 0.0, 50.0)
    band = _number(table, "band_above_mm", printed, warn, 50.0)
    return SliceLimits(warn, band, _number(table, "refuse_above_mm", printed, band, 50.0))


def _ledger(ligation: Table, roots: Table, printed: list[PrintedLimit]) -> LedgerLimits:
    ligation.only(("warn_levels", "fail_levels", "adamkiewicz_from", "adamkiewicz_to"))
    roots.only(("preserved_status", "may_be_cut", "preserved"))
    first, last = (
        _levels(ligation, "adamkiewicz_from", printed)[0],
        _levels(ligation, "adamkiewicz_to", printed)[0],
    )
    if level_order(first) > level_order(last):
        raise ligation.bad("adamkiewicz_to", tr("a level below adamkiewicz_from"))
    warn_levels = _count(ligation, "warn_levels", printed)
    fail_levels = _count(ligation, "fail_levels", printed)
    if fail_levels < warn_levels:
        raise ligation.bad("fail_levels", tr("no fewer than warn_levels"))
    return LedgerLimits(
        warn_levels=warn_levels,
        fail_levels=fail_levels,
        adamkiewicz_levels=(first, last),
        roots_may_be_cut=frozenset(_levels(roots, "may_be_cut", printed)),
        roots_preserved=frozenset(_levels(roots, "preserved", printed)),
        preserved_status="fail" if roots.choice("preserved_status", ("warn", "fail")) == "fail" else "warn",
    )
