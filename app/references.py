"""From which vertebra the active blade is measured: the cut's own, or another one that was chosen."""

from typing import Final

import numpy as np
from PySide6.QtCore import QObject

from app.jobs import Jobs, without_values
from app.plan_commands import PlanCommands
from app.session import Session
from planning.errors import ComputationFailed, PlanningError
from planning.geometry.frames import Floats
from planning.geometry.mesh import Mesh
from planning.model.anatomy import Anatomy
from planning.model.case import Case
from planning.model.osteotomy import Osteotomy, OsteotomyKind
from planning.model.structures import StructureKind
from planning.progress import Progress
from planning.resection.vertebra_frame import Place, VertebraFrame, measured_from, vertebra_frame
from planning.segmentation.surfaces import Surfaces
from planning.texts import mark, tr
from widgets.stages.relative_fields import Reference, RelativeFields

_KEPT: Final = 64
_FAULT: Final = mark(
    "{level} could not be measured because of a fault in the program. Choose another vertebra."
)
_Key = tuple[object, ...]
_Found = VertebraFrame | PlanningError


class References(QObject):
    """Finds frames of vertebrae and shows the active cut from one of them."""

    def __init__(self, session: Session, commands: PlanCommands, jobs: Jobs, fields: RelativeFields) -> None:
        super().__init__()
        self._session, self._commands, self._jobs, self._fields = session, commands, jobs, fields
        self._found: dict[_Key, _Found] = {}
        self._chosen: dict[str, tuple[str, Place]] = {}
        self._kept: tuple[_Key, tuple[str, Place]] | None = None
        fields.reference_chosen.connect(self._choose)
        session.changed.connect(lambda _view: self.show())
        commands.looked.connect(self.show)

    def forget(self) -> None:
        """Another case: nobody chose anything for its cuts yet."""
        self._chosen.clear()
        self._kept = None
        self.show()

    def show(self) -> None:
        """Show the active cut from its vertebra; the frame follows where it has yet to be found."""
        case, cut = self._session.view.case, self._commands.active
        if case is None or case.anatomy is None or cut is None:
            return
        levels = case.anatomy.levels
        level, place = self._chosen.get(cut.id) or self._by_itself(cut, case, case.anatomy)
        if not level:
            why = tr("No vertebra is labelled, so nothing can be measured from one.")
            self._fields.show_reference(Reference(why_not=why))
            return
        found = self.frame(level, place)
        self._fields.show_reference(
            Reference(
                levels,
                level,
                place,
                found if isinstance(found, VertebraFrame) else None,
                found.message if isinstance(found, PlanningError) else "" if found else _waiting(),
            )
        )

    def frame(self, level: str, place: Place) -> _Found | None:
        """Return a frame, why there is none, or None while it is being found; then `show` comes again."""
        case, surfaces = self._session.case, self._surfaces
        if case is None or case.anatomy is None or surfaces is None:
            return None
        anatomy, key = case.anatomy, _key(case.anatomy, surfaces, level, place)
        if key in self._found:
            return self._found[key]

        def work(_progress: Progress) -> VertebraFrame:
            return vertebra_frame(anatomy, surfaces, level, place)

        def failed(error: BaseException) -> None:
            if isinstance(error, PlanningError):
                done(error)
                return
            done(ComputationFailed("FRAME_FAULT", _FAULT, level=level))  # once: asked again, it fails again
            self._jobs.bug.emit(without_values(error))

        def done(found: _Found) -> None:
            while len(self._found) >= _KEPT:
                self._found.pop(next(iter(self._found)))
            self._found[key] = found
            self.show()

        if not self._jobs.is_running(f"frame-{level}-{place}"):
            self._jobs.start(
                f"frame-{level}-{place}",
                tr("Measuring {level}", level=level),
                work,
                done,
                failed,
                background=True,
            )
        return None

    @property
    def _surfaces(self) -> Surfaces | None:
        return self._session.derived.surfaces

    def _choose(self, level: str, place: Place) -> None:
        cut = self._commands.active
        if cut is not None:
            self._chosen[cut.id] = level, place
            self.show()

    def _by_itself(self, cut: Osteotomy, case: Case, anatomy: Anatomy) -> tuple[str, Place]:
        """Return what a cut is measured from where nobody chose.

        It stays while the blade moves, so that no number jumps, until another cut is active or the cut's
        level changes.
        """
        asked = cut.id, cut.level, cut.kind, anatomy.levels
        if self._kept is not None and self._kept[0] == asked:
            return self._kept[1]
        surfaces = self._surfaces
        level, place = _nearest(cut, case, surfaces), Place.CENTRE
        known = cut.level is not None or (surfaces is not None and surfaces.fits(anatomy))
        if cut.kind is OsteotomyKind.DISC:
            facing = self._facing(cut, level)
            known, place = known and facing is not None, facing or Place.CENTRE
        self._kept = (asked, (level, place)) if known else None
        return level, place

    def _facing(self, cut: Osteotomy, level: str) -> Place | None:
        """Return the endplate a disc's cut looks at; None until the centre is known."""
        frame = self.frame(level, Place.CENTRE) if level else None
        if not isinstance(frame, VertebraFrame):
            return None
        up = (cut.blade.middle_lps_mm - np.asarray(frame.origin_lps_mm)) @ np.asarray(frame.superior)
        return Place.UPPER if up > 0 else Place.LOWER


def _waiting() -> str:
    return tr("The vertebra is being measured.")


def _nearest(cut: Osteotomy, case: Case, surfaces: Surfaces | None) -> str:
    """Return the cut's own level, or the vertebra nearest to its middle; empty without any."""
    bones = case.anatomy.of_kind(StructureKind.VERTEBRA) if case.anatomy is not None else ()
    labelled = [b for b in bones if b.level is not None]
    if cut.level is not None or not labelled:
        return cut.level or ""
    middle = cut.blade.middle_lps_mm
    away: dict[str, float] = {}
    for bone in labelled:
        mesh = surfaces.mesh(bone.id) if surfaces is not None else None
        if mesh is not None and len(mesh.vertices_lps_mm):
            away[str(bone.level)] = float(np.linalg.norm(_middle(mesh) - middle))
    return min(away, key=away.__getitem__) if away else str(labelled[0].level)


def _middle(mesh: Mesh) -> Floats:
    return np.asarray(mesh.vertices_lps_mm[::3].mean(axis=0, dtype=np.float64))


def _key(anatomy: Anatomy, surfaces: Surfaces, level: str, place: Place) -> _Key:
    """Return what a frame depends on: masks, and the surfaces that were made of them."""
    parts = [
        (s.id, s.level, s.mask.digest, found.mask_digest if found is not None else "")
        for s in measured_from(anatomy, level)
        for found in [surfaces.by_id.get(s.id)]
    ]
    return level, place, tuple(parts)
