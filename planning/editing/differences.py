"""What differs between two states of a case, in words a surgeon can check: cuts, structures, decisions."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Final, TypeVar

import numpy as np

from planning.geometry.blade import Blade
from planning.model.anatomy import Anatomy
from planning.model.case import Case
from planning.model.osteotomy import Osteotomy
from planning.model.plan import Plan
from planning.model.structures import KIND_NAMES, Structure, reference_words
from planning.texts import about, clauses, listed, mark, tr

ABSENT: Final = "–"
_SAME_MM: Final = 0.005
_SAME_DEG: Final = 0.005
_Item = TypeVar("_Item")

_BLADE_WORDS: Final = {
    "width_mm": mark("width"),
    "depth_mm": mark("depth"),
    "kerf_mm": mark("kerf"),
    "overshoot_mm": mark("overshoot"),
}
_CUT_WORDS: Final = {
    "name": mark("name"),
    "kind": mark("kind"),
    "tool": mark("tool"),
    "level": mark("level"),
    "side": mark("side"),
    "cut_group": mark("group"),
    "step": mark("step"),
    "guards": mark("guards"),
    "locked": mark("locked"),
}
_SHOWN: Final = frozenset(
    {"id", "patient", "images", "anatomy", "plans", "active_plan", "diagnosis", "acceptances"}
)
_SILENT: Final = frozenset({"looks", "credit"})


@dataclass(frozen=True)
class Difference:
    """One thing that differs.

    Parameters
    ----------
    group : str
        Heading in words, such as *Cuts*.
    subject : str
        What it is about.
    before, after : str
        How it was and is; `ABSENT` where it was or is not there.
    """

    group: str
    subject: str
    before: str
    after: str


def case_differences(old: Case, new: Case) -> tuple[Difference, ...]:
    """Return what differs between two states of a case, grouped; looks are left out."""
    return (*_plans(old, new), *_structures(old, new), *_images(old, new), *_decisions(old, new))


def limit_differences(old: dict[str, str], new: dict[str, str]) -> tuple[Difference, ...]:
    """Return which limits and tools differ, by their paths in the settings."""
    group = tr("Limits and tools")
    keys = dict.fromkeys((*old, *new))
    return tuple(
        Difference(group, key, old.get(key, ABSENT) or ABSENT, new.get(key, ABSENT) or ABSENT)
        for key in keys
        if old.get(key, "") != new.get(key, "")
    )


def _plans(old: Case, new: Case) -> Iterator[Difference]:
    group = tr("Plan")
    for name, before, after in _matched(old.plans, new.plans, lambda plan: plan.name):
        if before is None or after is None:
            yield Difference(group, name, *_presence(before, after))
        else:
            yield from _plan(before, after)
    if old.plan.name != new.plan.name:
        yield Difference(group, tr("shown plan"), old.plan.name, new.plan.name)


def _plan(old: Plan, new: Plan) -> Iterator[Difference]:
    cuts, group = tr("Cuts"), tr("Plan")
    for cut_id, before, after in _matched(old.osteotomies, new.osteotomies, lambda cut: cut.id):
        if before is not None and after is not None:
            yield from _cut(before, after)
        else:
            there = before or after
            yield Difference(cuts, there.title if there is not None else cut_id, *_presence(before, after))
    yield from _changed(
        group, tr("target levels"), ", ".join(old.target_levels), ", ".join(new.target_levels)
    )
    yield from _changed(group, tr("tumour"), old.tumour or "", new.tumour or "")
    yield from _changed(
        group, tr("required margin"), f"{old.required_margin_mm:g} mm", f"{new.required_margin_mm:g} mm"
    )
    for what, words in (
        ("structure_actions", tr("vessels and roots")),
        ("mobilised", tr("held away")),
        ("releases", tr("releases")),
    ):
        yield from _changed(group, words, _listed(getattr(old, what)), _listed(getattr(new, what)))


def _cut(old: Osteotomy, new: Osteotomy) -> Iterator[Difference]:
    group = tr("Cuts")
    for key, words in _CUT_WORDS.items():
        subject = about(new.title, tr(words))
        yield from _changed(group, subject, _plain(getattr(old, key)), _plain(getattr(new, key)))
    yield from _blade(group, new.title, old.blade, new.blade)


def _blade(group: str, title: str, old: Blade, new: Blade) -> Iterator[Difference]:
    moved_mm = math.dist(old.origin_lps_mm, new.origin_lps_mm)
    turned_deg = max(_angle_deg(old.normal_lps, new.normal_lps), _angle_deg(old.advance_lps, new.advance_lps))
    here, there = (f"({', '.join(f'{v:.1f}' for v in b.origin_lps_mm)}) mm" for b in (old, new))
    if moved_mm >= _SAME_MM:
        words = tr("{place}, moved {distance} mm", place=there, distance=f"{moved_mm:.2f}")
        yield Difference(group, tr("{cut}: place (LPS)", cut=title), here, words)
    if turned_deg >= _SAME_DEG:
        words = tr("turned {angle}°", angle=f"{turned_deg:.2f}")
        yield Difference(group, tr("{cut}: direction", cut=title), tr("as it was"), words)
    for key, words in _BLADE_WORDS.items():
        before, after = getattr(old, key), getattr(new, key)
        yield from _changed(group, about(title, tr(words)), f"{before:g} mm", f"{after:g} mm")
    if old.footprint_mm != new.footprint_mm:
        corners = (
            tr("{count} corners", count=len(b.footprint_mm)) if b.footprint_mm else "" for b in (old, new)
        )
        before, after = corners
        changed = after if after != before else tr("{corners}, moved", corners=after)
        yield Difference(group, tr("{cut}: outline", cut=title), before or ABSENT, changed or ABSENT)


def _structures(old: Case, new: Case) -> Iterator[Difference]:
    if old.anatomy is new.anatomy:
        return
    group = tr("Structures")
    before, after = (c.anatomy.structures if c.anatomy is not None else () for c in (old, new))
    for _, one, two in _matched(before, after, lambda structure: structure.id):
        if one is not None and two is not None:
            yield from _structure(group, one, two, old.anatomy, new.anatomy)
        else:
            there = one or two
            yield Difference(group, there.title if there is not None else "", *_presence(one, two))
    if old.anatomy is not None and new.anatomy is not None:
        yield from _said(group, old.anatomy, new.anatomy)


def _structure(
    group: str, old: Structure, new: Structure, before: Anatomy | None, after: Anatomy | None
) -> Iterator[Difference]:
    if old is new:
        return
    if old.mask is not new.mask and old.mask.digest != new.mask.digest:
        volumes = [_cubic_centimetres(s, a) for s, a in ((old, before), (new, after))]
        words = volumes[1] if volumes[0] != volumes[1] else tr("{volume}, other voxels", volume=volumes[1])
        yield Difference(group, tr("{structure}: shape", structure=new.title), volumes[0], words)
    for words, one, two in (
        (tr("name"), old.title, new.title),
        (tr("kind"), tr(KIND_NAMES[old.kind]), tr(KIND_NAMES[new.kind])),
        (tr("review"), _reviewed(old), _reviewed(new)),
        (tr("source"), old.source, new.source),
        (
            tr("effective resolution"),
            _plain(old.effective_resolution_mm),
            _plain(new.effective_resolution_mm),
        ),
    ):
        yield from _changed(group, about(new.title, words), one, two)


def _said(group: str, old: Anatomy, new: Anatomy) -> Iterator[Difference]:
    confirmed = [
        f"{a.levels_confirmed.by}, {a.levels_confirmed.evidence}" if a.levels_confirmed is not None else ""
        for a in (old, new)
    ]
    yield from _changed(group, tr("level count confirmed"), *confirmed)
    for_each = (", ".join(f"{tr(KIND_NAMES[n.kind])} ({n.by})" for n in a.not_in_field) for a in (old, new))
    yield from _changed(group, tr("not in this field"), *for_each)


def _images(old: Case, new: Case) -> Iterator[Difference]:
    group = tr("Images")
    for image_id, before, after in _matched(old.images, new.images, lambda image: image.id):
        if before is None or after is None:
            yield Difference(group, image_id, *_presence(before, after))
            continue
        if before.volume is not after.volume and before.volume.digest != after.volume.digest:
            yield Difference(group, image_id, tr("as it was"), tr("other voxels"))
        findings = (str(len(image.findings)) for image in (before, after))
        yield from _changed(group, tr("{image}: findings", image=image_id), *findings)


def _decisions(old: Case, new: Case) -> Iterator[Difference]:
    group = tr("Decisions")
    yield from _changed(group, tr("patient"), _fields(old.patient), _fields(new.patient))
    yield from _changed(group, tr("diagnosis"), _fields(old.diagnosis), _fields(new.diagnosis))
    for key, before, after in _matched(old.acceptances, new.acceptances, lambda accepted: accepted.result):
        words = (about(a.by, a.reason) if a is not None else "" for a in (before, after))
        yield from _changed(group, tr("accepted: {result}", result=key), *words)
    for entry in fields(Case):
        if entry.name not in _SHOWN | _SILENT and getattr(old, entry.name) != getattr(new, entry.name):
            yield Difference(group, entry.name.replace("_", " "), tr("as it was"), tr("changed"))


def _matched(
    old: Iterable[_Item], new: Iterable[_Item], key: Callable[[_Item], str]
) -> Iterator[tuple[str, _Item | None, _Item | None]]:
    """Yield what has the same key in both, in the new order, what is gone last."""
    before, after = ({key(item): item for item in items} for items in (old, new))
    for name in dict.fromkeys((*after, *before)):
        yield name, before.get(name), after.get(name)


def _changed(group: str, subject: str, before: str, after: str) -> Iterator[Difference]:
    if before != after:
        yield Difference(group, subject, before or ABSENT, after or ABSENT)


def _presence(before: object, after: object) -> tuple[str, str]:
    if before is None:
        return ABSENT, tr("added")
    return (tr("was there"), ABSENT) if after is None else (tr("was there"), tr("there"))


def _plain(value: Any) -> str:
    if value is None or value == ():
        return ""
    if isinstance(value, bool):
        return tr("yes") if value else tr("no")
    if isinstance(value, StrEnum):
        return tr(value.value.replace("_", " "))
    return listed(value) if isinstance(value, tuple) else reference_words(str(value))


def _listed(values: Iterable[Any]) -> str:
    return clauses(_fields(value) for value in values)


def _fields(value: Any) -> str:
    """Return the filled fields of a small value in one line."""
    texts = (_plain(getattr(value, entry.name)) for entry in fields(value))
    return ", ".join(text for text in texts if text)


def _reviewed(structure: Structure) -> str:
    review = structure.review
    return f"{_plain(review.state)} ({review.by})" if review.by else _plain(review.state)


def _cubic_centimetres(structure: Structure, anatomy: Anatomy | None) -> str:
    return f"{anatomy.volume_mm3(structure) / 1000:.2f} cm³" if anatomy is not None else "–"


def _angle_deg(one: Iterable[float], two: Iterable[float]) -> float:
    a, b = np.array(tuple(one)), np.array(tuple(two))
    # By sine and cosine: the arc cosine alone is blind below a tenth of a degree.
    return math.degrees(math.atan2(float(np.linalg.norm(np.cross(a, b))), float(a @ b)))
