"""How the place of one image relates to the planning image. Frames are never assumed equal."""

from enum import StrEnum

from planning.model.case import Case
from planning.model.study import StudyImage
from planning.texts import tr


class FrameRelation(StrEnum):
    """Whether a point of one image is the same point of the planning image."""

    PLANNING = "planning"
    SAME = "same"
    """Both name the same frame of reference: structures and cuts lie right on it."""
    OTHER = "other"
    """Another frame of reference: not registered."""
    UNSTATED = "unstated"
    """One of them names no frame of reference, so nothing is known: not registered."""

    @property
    def shares_space(self) -> bool:
        """Whether anything of the planning image may be shown on it."""
        return self in (FrameRelation.PLANNING, FrameRelation.SAME)


def frame_relation(case: Case, image: StudyImage) -> FrameRelation:
    """Return how an image of the case lies to its planning image.

    The frame of reference identifier (DICOM C.7.4.1) is the only witness; an equal study, an equal
    grid or an equal patient position is none.
    """
    planning = case.image
    if planning is None or image.id == planning.id:
        return FrameRelation.PLANNING
    own, theirs = image.frame_of_reference_uid, planning.frame_of_reference_uid
    if not own or not theirs:
        return FrameRelation.UNSTATED
    return FrameRelation.SAME if own == theirs else FrameRelation.OTHER


def on_another_day(case: Case, image: StudyImage) -> bool:
    """Say whether an image was acquired on another day than the planning image, where both say when."""
    planning = case.image
    if planning is None or not image.acquired or not planning.acquired:
        return False
    return image.acquired != planning.acquired


def relation_words(case: Case, image: StudyImage) -> str:
    """Return the relation as a person reads it."""
    relation = frame_relation(case, image)
    if relation is FrameRelation.SAME and on_another_day(case, image):
        return tr("same frame of reference as the planning image, but of another day: check that it fits")
    return {
        FrameRelation.PLANNING: tr("planning image: structures and cuts lie on it"),
        FrameRelation.SAME: tr("same frame of reference as the planning image"),
        FrameRelation.OTHER: tr("another frame of reference: not registered, shown alone"),
        FrameRelation.UNSTATED: tr("no frame of reference to compare: not registered, shown alone"),
    }[relation]
