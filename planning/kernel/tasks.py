"""The only functions the child process runs, and how much memory each may take.

A task is ``module:function`` with the signature of `planning.kernel.exchange.Task`. The figure is
the address space in MiB it may add beyond its mapped arrays (RELIABILITY section 2: 512 MiB for
everything that reads files); None leaves it unlimited.
"""

from typing import Final

READING_MIB: Final = 512

TASKS: Final[dict[str, int | None]] = {
    "planning.kernel.child:warm": None,
    "planning.imaging.folder_listing:list_files": READING_MIB,
    "planning.imaging.headers:read_headers": READING_MIB,
    "planning.imaging.archive:unpack": READING_MIB,
    "planning.imaging.decode:decode_slices": READING_MIB,
    "planning.imaging.resampled_decode:decode_resampled": READING_MIB,
    "planning.imaging.volume_voxels:read_volume_header": READING_MIB,
    "planning.imaging.volume_voxels:read_plane": READING_MIB,
    "planning.imaging.volume_voxels:read_voxels": READING_MIB,
    "planning.imaging.structure_objects:find_objects": READING_MIB,
    "planning.imaging.seg_reading:read_seg": READING_MIB,
    "planning.imaging.rtstruct_reading:read_rtstruct": READING_MIB,
    "planning.imaging.mesh_reading:read_mesh": READING_MIB,
    "planning.kernel.exact_distance:run_task": None,
    "planning.kernel.solids:run_task": None,
    "planning.kernel.surface:decimate_task": None,
}
