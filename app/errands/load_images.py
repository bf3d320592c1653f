"""From chosen series to images of a case: memory is asked first, patients are never mixed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from app.errands.workbench import Workbench
from planning.editing.image_edits import AddImage
from planning.imaging.import_choice import ImportChoice
from planning.imaging.memory_need import check_memory
from planning.imaging.reduced import load_reduced, needed_for
from planning.model.case import Case
from planning.model.study import StudyImage
from planning.progress import Progress, part


def load_images(
    choice: ImportChoice, bench: Workbench, progress: Progress, now: Callable[[], datetime]
) -> tuple[AddImage, ...]:
    """Return the edits that put every chosen series into a case, the planning image of a new one first.

    Raises
    ------
    ImportRefused
        ``NOT_ENOUGH_MEMORY`` before anything is read, or what keeps a series from being loaded.
    """
    check_memory([needed_for(chosen.series, chosen.reduction) for chosen in choice.series])
    taken = {image.id for image in choice.case.images} if choice.case is not None else set()
    edits: list[AddImage] = []
    for n, chosen in enumerate(choice.series):
        step = part(progress, n / len(choice.series), (n + 1) / len(choice.series))
        image = load_reduced(chosen.series, chosen.reduction, step, bench.worker).image
        image = _with_free_id(image, choice, taken)
        taken.add(image.id)
        edits.append(AddImage(image, choice.confirmed_by, now()))
    return tuple(edits)


def case_of(edits: tuple[AddImage, ...]) -> Case:
    """Return a new case with these images; raises `EditRefused` as `AddImage`."""
    case = Case(id=uuid4().hex)
    for edit in edits:
        case = edit.apply(case)
    return case


def _with_free_id(image: StudyImage, choice: ImportChoice, taken: set[str]) -> StudyImage:
    """Return the image under an identifier of its own, unless it is in the case already.

    Volume files and nameless series are called by their file, and two of them may be called alike.
    """
    images = choice.case.images if choice.case is not None else ()
    twin = next((other for other in images if other.id == image.id), None)
    same = twin is not None and twin.volume.digest == image.volume.digest
    if image.id not in taken or same:
        return image
    return replace(image, id=f"image-{uuid4().hex[:12]}")
