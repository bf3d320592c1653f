"""The pictures of a report: standard views of the anatomy and a pair for every cut."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from app.drawn import Choices, Drawn, drawn
from app.errands.evaluation import Assessed
from app.errands.workbench import Workbench
from app.exploded import find_cut_faces
from app.followed_cut import nearest_line, results_of, worst_result
from app.program import RESOURCES
from planning.geometry.frames import Floats, Vec3, vec3
from planning.geometry.volume import Volume
from planning.model.osteotomy import Osteotomy
from planning.model.structures import StructureKind
from planning.progress import Progress
from planning.report.sections import Picture
from planning.texts import mark, tr
from rendering.cameras import StandardView
from rendering.lettering import Lettering
from rendering.scene_state import STANDARD_AXES, DrawnLine, SlicePlane, SliceState, SpineState
from rendering.screenshot import PictureSize, cut_picture, slice_picture, spine_picture
from rendering.slice_gaps import gap_bands
from rendering.slice_parts import GapBand
from rendering.themes import LIGHT, Theme

SIZE = PictureSize(620, 520, 2)
_FIELD_MM = 150.0
_PLANES = {
    SlicePlane.AXIAL: mark("Axial slice through the target"),
    SlicePlane.SAGITTAL: mark("Sagittal slice through the target"),
    SlicePlane.CORONAL: mark("Coronal slice through the target"),
}
_VIEWS = {
    StandardView.POSTERIOR: mark("From behind"),
    StandardView.LEFT: mark("From the left"),
    StandardView.ANTERIOR: mark("From the front"),
    StandardView.SURGEON: mark("Surgeon's view, patient prone"),
}


@dataclass(frozen=True)
class _Job:
    name: str
    caption: str
    place: str
    draw: Callable[[], bytes]


@dataclass(frozen=True, eq=False)
class _Studio:
    """What every picture of one report shares."""

    assessed: Assessed
    drawn: Drawn
    volume: Volume
    lettering: Lettering
    theme: Theme
    gaps: tuple[GapBand, ...] = ()

    def spine(self, **changes: object) -> SpineState:
        """Return the 3D state."""
        state = SpineState(
            structures=self.drawn.structures,
            blades=self.drawn.blades,
            pieces=self.drawn.pieces,
            levels=self.drawn.levels,
            stamp=self.drawn.stamp,
            theme=self.theme,
        )
        return replace(state, **changes)  # type: ignore[arg-type]

    def slice(self, plane: SlicePlane, at_lps_mm: Vec3, line: DrawnLine | None = None) -> SliceState:
        """Return a slice state that shows some 15 cm round a point."""
        axes = STANDARD_AXES[plane]
        low, high = self.volume.grid.bounds_lps_mm()
        offset = np.asarray(at_lps_mm) - (low + high) / 2
        extent = max(
            abs(float(np.dot(high - low, axes.right_lps))), abs(float(np.dot(high - low, axes.up_lps)))
        )
        return SliceState(
            plane=plane,
            volume=self.volume,
            crosshair_lps_mm=at_lps_mm,
            window_hu=1000.0,
            level_hu=250.0,
            zoom=max(1.0, extent / _FIELD_MM),
            pan_mm=(float(np.dot(offset, axes.right_lps)), float(np.dot(offset, axes.up_lps))),
            structures=tuple(s for s in self.drawn.structures if s.outlined),
            blades=self.drawn.blades,
            line=line,
            levels=self.drawn.levels,
            stamp=self.drawn.stamp,
            gaps=self.gaps,
        )


def lettering() -> Lettering:
    """Return the bundled font for pictures."""
    fonts = RESOURCES / "fonts"
    return Lettering(fonts / "EnBlocSans-Regular.otf", fonts / "EnBlocSans-Bold.otf")


def report_pictures(
    assessed: Assessed, bench: Workbench, patient: str, progress: Progress, theme: Theme = LIGHT
) -> tuple[Picture, ...]:
    """Return every picture of a report; raises `ExportRefused` where a stamp's data is missing."""
    case, evaluation = assessed.case, assessed.evaluation
    image = case.image
    if image is None:
        return ()
    find_cut_faces(evaluation)
    shown = drawn(case, bench.settings, assessed.surfaces, evaluation, choices=Choices(), patient=patient)
    gaps = gap_bands(image.coverage, image.volume.grid)
    studio = _Studio(assessed, shown, image.volume, lettering(), theme, gaps)
    apart = Choices(pieces_shown=True, apart=0.35)
    exploded = replace(
        studio,
        drawn=drawn(case, bench.settings, assessed.surfaces, evaluation, choices=apart, patient=patient),
    )
    jobs = [*_overview(studio), *_pieces(exploded), *_cuts(studio)]
    pictures = []
    for n, job in enumerate(jobs):
        progress(n / len(jobs), tr("Drawing: {caption}", caption=job.caption))
        pictures.append(Picture(job.name, job.caption, job.draw(), job.place))
    return tuple(pictures)


def _overview(studio: _Studio) -> Iterator[_Job]:
    middle = target_middle(studio.assessed)
    for view, words in _VIEWS.items():
        draw = partial(spine_picture, studio.spine(), view, studio.lettering, SIZE)
        yield _Job(f"view-{view.value}", tr(words), "overview", draw)
    for plane, words in _PLANES.items():
        draw = partial(slice_picture, studio.slice(plane, middle), studio.lettering, SIZE)
        yield _Job(f"slice-{plane.value}", tr(words), "overview", draw)


def _pieces(studio: _Studio) -> Iterator[_Job]:
    if studio.drawn.pieces:
        draw = partial(spine_picture, studio.spine(blades=()), StandardView.LEFT, studio.lettering, SIZE)
        yield _Job("pieces", tr("The pieces, moved apart for looking only"), "overview", draw)


def _cuts(studio: _Studio) -> Iterator[_Job]:
    evaluation = studio.assessed.evaluation
    for n, osteotomy in enumerate(studio.assessed.case.plan.osteotomies):
        blades = tuple(replace(b, active=b.id == osteotomy.id) for b in studio.drawn.blades)
        chosen = next(b for b in blades if b.id == osteotomy.id)
        nearest = worst_result(results_of(evaluation, None), osteotomy.id)
        line = nearest_line(nearest)
        at = line.start_lps_mm if line else vec3(osteotomy.blade.corners_lps_mm.mean(axis=0))
        state = studio.spine(blades=blades, line=line)
        front = partial(cut_picture, state, chosen, studio.lettering, SIZE)
        yield _Job(
            f"cut-{n + 1:02d}-face", tr("{cut}: onto the blade", cut=osteotomy.title), osteotomy.id, front
        )
        across = replace(studio.slice(plane_across(osteotomy), at, line), blades=blades)
        side = partial(slice_picture, across, studio.lettering, SIZE)
        words = tr("{cut}: across the blade, at its most critical point", cut=osteotomy.title)
        yield _Job(f"cut-{n + 1:02d}-slice", words, osteotomy.id, side)


def plane_across(osteotomy: Osteotomy) -> SlicePlane:
    """Return the conventional plane that shows a blade's depth and kerf best: `across` is its normal."""
    across = np.abs(osteotomy.blade.across_lps)
    return (SlicePlane.SAGITTAL, SlicePlane.CORONAL, SlicePlane.AXIAL)[int(np.argmax(across))]


def target_middle(assessed: Assessed) -> Vec3:
    """Return the tumour's middle, else the target vertebrae's, else the image's."""
    case = assessed.case
    anatomy = assessed.evaluation.inputs.anatomy
    wanted = anatomy.called(case.plan.tumour) if case.plan.tumour else ()
    wanted = wanted or tuple(
        s for s in anatomy.of_kind(StructureKind.VERTEBRA) if s.level in case.plan.target_levels
    )
    meshes = [assessed.surfaces.mesh(s.id) for s in wanted]
    middles: list[Floats] = [m.vertices_lps_mm.mean(axis=0, dtype=np.float64) for m in meshes if m]
    if middles:
        return vec3(np.mean(middles, axis=0))
    low, high = anatomy.grid.bounds_lps_mm()
    return vec3((low + high) / 2)
