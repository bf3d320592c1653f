"""Which image of the case slices show, and what may be drawn on it."""

from dataclasses import replace

from app.drawn import Choices, Drawn
from planning.model.case import Case
from planning.model.frame_relation import frame_relation
from planning.model.study import StudyImage
from rendering.slice_gaps import gap_bands
from rendering.themes import Theme
from widgets.views.seen import Seen


def shown_image(case: Case, choices: Choices) -> StudyImage | None:
    """Return the image slices show: the chosen one while it is in the case, else the planning image."""
    chosen = next((image for image in case.images if image.id == choices.shown_image), None)
    return chosen or case.image


def next_image(case: Case, choices: Choices) -> str:
    """Return the id of the image after the shown one, and after the last the first."""
    ids = [image.id for image in case.images]
    shown = shown_image(case, choices)
    return ids[(ids.index(shown.id) + 1) % len(ids)] if shown is not None else ""


def shares_space(case: Case, choices: Choices) -> bool:
    """Say whether the shown image lies in the space of the plan."""
    image = shown_image(case, choices)
    return image is None or frame_relation(case, image).shares_space


def seen_of(case: Case, choices: Choices, shown: Drawn, theme: Theme) -> Seen:
    """Return the content of every view with the chosen image on the slices."""
    image, planning = shown_image(case, choices), case.image
    registered = shares_space(case, choices)
    frame = ""
    if image is not None and planning is not None:
        frame = f"{case.id}/{planning.id if registered else image.id}"
    # Banner and board say the rest; pictures carry the whole stamp.
    stamp = replace(shown.stamp, digest="", program="", warnings=())
    return Seen(
        volume=image.volume if image is not None else None,
        planning=planning.volume if planning is not None else None,
        structures=shown.structures,
        blades=shown.blades,
        pieces=shown.pieces,
        levels=shown.levels,
        stamp=stamp,
        theme=theme,
        frame=frame,
        registered=registered,
        series=series_words(case, image),
        modality=image.modality if image is not None else "CT",
        gaps=gap_bands(image.coverage, image.volume.grid) if image is not None else (),
        cut=shown.cut,
        cut_line=shown.cut_line,
    )


def series_words(case: Case, image: StudyImage | None) -> str:
    """Return what a view calls its image: never the description, which often holds a name."""
    if image is None:
        return case.plan.name
    ids = [other.id for other in case.images]
    number = f"{ids.index(image.id) + 1}/{len(ids)}" if len(ids) > 1 else ""
    return " · ".join(part for part in (image.modality, number, case.plan.name) if part)
