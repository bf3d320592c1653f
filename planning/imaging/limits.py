"""How much a file may claim or expand to before it is refused (one place, one test each)."""

from typing import Final

MAX_SEQUENCE_DEPTH: Final = 64
MAX_EXPANSION: Final = 200
MAX_STREAM_BYTES: Final = 4 * 2**30
# Below this an expansion harms nobody, and an even slice of air really does compress 1000 : 1.
HARMLESS_BYTES: Final = 16 * 2**20

MAX_EDGE_VOXELS: Final = 65_535
MAX_VOXELS: Final = 2**31

MAX_ZIP_MEMBERS: Final = 10_000
MAX_FILES: Final = 200_000
MAX_FOLDER_DEPTH: Final = 64
MAX_HEADER_BYTES: Final = 2**20
MAX_FRAMES: Final = 65_535
MAX_FRAGMENTS: Final = 2**20
MAX_TEXT: Final = 256
MAX_LABELS: Final = 65_535
# A label map has no noise and compresses without bound, so it is measured against its image instead.
MAX_LABEL_VOXELS_PER_IMAGE_VOXEL: Final = 27
ALWAYS_ALLOWED_LABEL_VOXELS: Final = 2**26
# A surface or contour is filled in this program, whole: one corner far away must not fill the memory.
MAX_BOX_VOXELS_PER_IMAGE_VOXEL: Final = 4
ALWAYS_ALLOWED_BOX_VOXELS: Final = 2**24

MAX_CONTOURS: Final = 200_000
MAX_CONTOUR_POINTS: Final = 20_000_000
MAX_TRIANGLES: Final = 20_000_000
# Ten metres: nothing of a patient lies further from the scanner's middle.
MAX_COORDINATE_MM: Final = 1e4

FILE_SECONDS: Final = 5.0

POSITION_TOLERANCE_MM: Final = 0.01
POSITION_TOLERANCE_OF_GAP: Final = 0.005
ORIENTATION_TOLERANCE: Final = 1e-3
ORIENTATION_NOTED: Final = 1e-4
# Tangent of an angle that four written digits cannot tell from none; it moves a pixel 250 mm off by 0.08 mm.
ROUNDED_TILT: Final = 3e-4
# Tangent of 45 degrees: CT gantries tilt up to 30, and a steeper shear would mean wrong positions.
STEEPEST_TILT: Final = 1.0
# Share of a stack that may be missing and be filled between its neighbours.
WIDEST_GAPS: Final = 0.5


def allows_expansion(compressed_bytes: int, expanded_bytes: int) -> bool:
    """Say whether a stream of `compressed_bytes` may become `expanded_bytes`."""
    if expanded_bytes > MAX_STREAM_BYTES:
        return False
    return expanded_bytes <= max(HARMLESS_BYTES, MAX_EXPANSION * compressed_bytes)


def position_tolerance_mm(gap_mm: float) -> float:
    """Return how far a slice may lie from its even place; scales with the distance between slices."""
    return max(POSITION_TOLERANCE_MM, POSITION_TOLERANCE_OF_GAP * gap_mm)
