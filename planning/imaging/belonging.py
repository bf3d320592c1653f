"""Whether a DICOM object belongs to the patient and the place of the planning image (hazards 2 and 5).

Objects of another patient or another frame of reference are refused, whatever anybody says. What
cannot be proved is said and left to the preview and to the person who looks at it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from planning.errors import LabelsRefused
from planning.imaging.intake import Onto
from planning.imaging.pseudonym import case_code, derived_frame
from planning.model.patient_match import Match, match
from planning.model.study import Finding, Patient, Severity, StudyImage
from planning.texts import mark

OTHER_PATIENT: Final = mark(
    "{name} belongs to another patient than this case (patient number, birth date or name differ), so it was "
    "not used. If it was exported without identity, export it again with it."
)
OTHER_FRAME: Final = mark(
    "{name} lies in another frame of reference than the planning image and does not refer to it, so where "
    "its structures lie on this image is not known. It was not used. Export it on this image."
)
IDENTITY_CONFLICT: Final = mark(
    "Patient number and birth date agree with this case, but name or sex are written differently in the "
    "segmentation. Make sure that it is the same patient."
)
IDENTITY_REMOVED: Final = mark(
    "The segmentation does not name its patient (identity was removed); its frame of reference or its "
    "references show that it was made on this image."
)
PATIENT_UNPROVEN: Final = mark(
    "Neither patient nor frame of reference prove that the segmentation belongs to this image. Check where "
    "it lands."
)
FRAME_UNPROVEN: Final = mark(
    "The segmentation or the image names no frame of reference. Check where the structures land."
)
FRAME_BY_REFERENCE: Final = mark(
    "The segmentation names another frame of reference than the image, but refers to this very series. Check "
    "where the structures land."
)


@dataclass(frozen=True)
class _Evidence:
    same_frame: bool
    other_frame: bool
    refers: bool
    ours: bool


def check_belongs(said: Mapping[str, Any], onto: Onto, name: str) -> tuple[list[Finding], bool]:
    """Return what is to be said about an object's patient and place, and whether its place is proven.

    Parameters
    ----------
    said : mapping
        As `planning.imaging.object_identity.identity_of` returns it.
    onto : Onto
    name : str
        Of the file, for refusals.

    Raises
    ------
    LabelsRefused
        ``OTHER_PATIENT`` or ``OTHER_FRAME``.
    """
    if onto.image is None:
        return [], False
    evidence = _evidence(said, onto, onto.image)
    if evidence.ours:
        return [], True
    patient = Patient(*[str(text) for text in said["patient"]])
    found = [*_of_patient(patient, said, onto, evidence, name), *_of_frame(evidence, name)]
    return found, evidence.same_frame or evidence.refers


def _evidence(said: Mapping[str, Any], onto: Onto, image: StudyImage) -> _Evidence:
    frames = set(said["frames"])
    plain = image.frame_of_reference_uid.partition("#")[0]
    derived = derived_frame(onto.case_id, image.id) if onto.case_id else ""
    ours = bool(derived) and derived in frames and said["patient"][1] == case_code(onto.case_id)
    return _Evidence(
        same_frame=bool(frames & ({plain, derived} - {""})),
        other_frame=bool(frames) and bool(plain),
        refers=_refers(said, image),
        ours=ours,
    )


def _refers(said: Mapping[str, Any], image: StudyImage) -> bool:
    """Say whether an object was made on this very image: by its slices, else by its series."""
    instances = set(image.sop_instance_uids)
    if instances and said["instances"]:
        return bool(instances & set(said["instances"]))
    # A series that was split holds several stacks, perhaps in several frames: its name proves nothing.
    return bool(image.series_uid) and "#" not in image.series_uid and image.series_uid in said["series"]


def _of_patient(
    patient: Patient, said: Mapping[str, Any], onto: Onto, evidence: _Evidence, name: str
) -> list[Finding]:
    placed = evidence.same_frame or evidence.refers
    # What the image itself says counts beside the case's name, which a person may have removed.
    own = onto.image.patient if onto.image is not None else onto.patient
    found = {match(onto.patient, patient), match(own, patient)}
    if Match.OTHER in found:
        if said["identity_removed"] and placed:
            return [Finding("IDENTITY_REMOVED", IDENTITY_REMOVED, severity=Severity.WARN)]
        raise LabelsRefused("OTHER_PATIENT", OTHER_PATIENT, name=name)
    if Match.UNSURE in found:
        return [Finding("IDENTITY_CONFLICT", IDENTITY_CONFLICT, severity=Severity.WARN)]
    if Match.SAME not in found and not placed:
        return [Finding("PATIENT_UNPROVEN", PATIENT_UNPROVEN, severity=Severity.WARN)]
    return []


def _of_frame(evidence: _Evidence, name: str) -> list[Finding]:
    if evidence.same_frame:
        return []
    if evidence.refers:
        code, words = (
            ("FRAME_BY_REFERENCE", FRAME_BY_REFERENCE)
            if evidence.other_frame
            else ("FRAME_UNPROVEN", FRAME_UNPROVEN)
        )
        return [Finding(code, words, severity=Severity.WARN)]
    if evidence.other_frame:
        raise LabelsRefused("OTHER_FRAME", OTHER_FRAME, name=name)
    return [Finding("FRAME_UNPROVEN", FRAME_UNPROVEN, severity=Severity.WARN)]
