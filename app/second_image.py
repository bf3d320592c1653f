"""The second image that can be faded over the shown one, or why there is none."""

from dataclasses import replace

from app.drawn import Choices
from app.shown_image import series_words, shares_space, shown_image
from planning.model.case import Case
from planning.model.frame_relation import frame_relation
from planning.model.study import StudyImage
from planning.texts import tr
from widgets.views.seen import Seen


def second_image(case: Case, choices: Choices) -> StudyImage | None:
    """Return the image that is faded over the shown one: the next that shares its frame of reference."""
    shown = shown_image(case, choices)
    if shown is None or not shares_space(case, choices):
        return None
    at = [image.id for image in case.images].index(shown.id)
    others = (*case.images[at + 1 :], *case.images[:at])
    return next((image for image in others if frame_relation(case, image).shares_space), None)


def with_second(seen: Seen, case: Case, choices: Choices) -> Seen:
    """Return the content of the views with the image that can be faded over the shown one."""
    image = second_image(case, choices)
    if image is None:
        return seen
    title = series_words(case, image)
    return replace(seen, second=image.volume, second_title=title, second_modality=image.modality)


def why_no_second(case: Case, choices: Choices | None = None) -> str:
    """Return why no image can be faded over the shown one; empty where one can."""
    if len(case.images) < 2:
        return tr("This case has one image only. Add another one first.")
    if second_image(case, choices or Choices()) is not None:
        return ""
    return tr("No two images share a frame of reference: what lies where on both is not known.")
