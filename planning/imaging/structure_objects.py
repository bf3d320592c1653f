"""Which DICOM files hold structures. Runs in the child process."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pydicom.tag import Tag

from planning.errors import ImportRefused
from planning.imaging.dicom_values import text
from planning.imaging.headers import PARSER_ERRORS, open_object
from planning.imaging.rtstruct_reading import RT_STRUCTURE_SET
from planning.imaging.seg_reading import LABEL_MAP, SEGMENTATION
from planning.kernel.exchange import Array, Header, TaskRoom
from planning.texts import mark

_WANTED: Final = [Tag("SOPClassUID"), Tag("Modality")]
_KINDS: Final = {SEGMENTATION: "seg", LABEL_MAP: "seg", RT_STRUCTURE_SET: "rtstruct"}
LOOKING: Final = mark("Looking for segmentations")


def find_objects(header: Header, arrays: Sequence[Array], room: TaskRoom) -> tuple[Header, Sequence[Array]]:
    """Task: say of each of ``header["files"]`` what it is.

    Returns ``kinds``: for each file ``seg``, ``rtstruct``, ``dicom`` for anything else of DICOM, or the code
    of why it cannot be read, such as ``NOT_DICOM`` or ``TRUNCATED``.
    """
    del arrays
    kinds = []
    for n, file in enumerate(header["files"]):
        room.progress(n / len(header["files"]), LOOKING)
        kinds.append(_kind_of(Path(file)))
    return {"kinds": kinds}, []


def _kind_of(file: Path) -> str:
    try:
        dataset = open_object(file, _WANTED).dataset
    except ImportRefused as error:
        return error.code
    except (*PARSER_ERRORS, RecursionError, OSError):
        return "BAD_OBJECT"
    found = _KINDS.get(text(dataset, "SOPClassUID"))
    if found is None and text(dataset, "Modality") == "RTSTRUCT":
        found = "rtstruct"
    return found or "dicom"
