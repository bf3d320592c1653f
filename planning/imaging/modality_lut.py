"""The table that translates stored values where a line (slope and intercept) cannot. PS3.3 C.11.1."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from planning.imaging.dicom_values import several, text


class BadTable(ValueError):
    """The table contradicts itself or the rest of the header."""


@dataclass(frozen=True, eq=False)
class ModalityTable:
    """A Modality LUT.

    Parameters
    ----------
    first : int
        Stored value of the first entry; smaller ones map to it too, larger than the last to the last.
    entries : array of uint16
    unit : str
        ``HU``, ``OD``, ``US`` or whatever the file says.
    """

    first: int
    entries: NDArray[np.uint16]
    unit: str

    def applied_to(self, stored: NDArray[Any]) -> NDArray[np.uint16]:
        """Return the translated values, of the shape of `stored`."""
        places = np.clip(stored.astype(np.int64) - self.first, 0, len(self.entries) - 1)
        return self.entries[places]


def modality_table(dataset: Dataset, *, big_endian: bool) -> ModalityTable | None:
    """Return the Modality LUT of a header, or None where it has none.

    Raises
    ------
    BadTable
        It has several, or one beside a slope, or its entries do not match its description.
    """
    items = several(dataset, "ModalityLUTSequence")
    if not len(items):
        return None
    if len(items) > 1 or len(several(dataset, "RescaleSlope")):
        raise BadTable("two ways to translate values")
    item = items[0]
    description = [int(value) for value in several(item, "LUTDescriptor")]
    if len(description) != 3:
        raise BadTable("no description")
    count, first, bits = (value % 65_536 for value in description)
    if "PixelRepresentation" in dataset and dataset.PixelRepresentation == 1 and first >= 32_768:
        first -= 65_536
    entries = _entries(item, count or 65_536, big_endian=big_endian)
    if not 8 <= bits <= 16 or int(entries.max()) >= 1 << bits:
        raise BadTable("entries larger than described")
    return ModalityTable(first, entries, text(item, "ModalityLUTType"))


def _entries(item: Dataset, count: int, *, big_endian: bool) -> NDArray[np.uint16]:
    data = item["LUTData"].value if "LUTData" in item else b""
    if isinstance(data, bytes):
        if len(data) in (count, count + count % 2):
            entries = np.frombuffer(data, dtype=np.uint8)[:count].astype(np.uint16)
        else:
            entries = np.frombuffer(data[: 2 * count], dtype=">u2" if big_endian else "<u2").astype(np.uint16)
    else:
        entries = np.array([int(value) % 65_536 for value in several(item, "LUTData")], dtype=np.uint16)
    if len(entries) != count:
        raise BadTable("entries missing")
    return entries
