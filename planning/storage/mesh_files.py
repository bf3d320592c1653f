"""Meshes for the printer: binary STL and 3MF, in LPS millimetres, with what must travel with them.

STL holds neither unit nor frame nor name, so the header and the file name say them
(``SPACE=LPS`` as 3D Slicer writes it). 3MF holds all of them. Marks such as *simulated* and *draft*
go into both (HOUSE, settled decisions).
"""

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import NAMESPACE_URL, uuid5
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from planning.errors import ExportRefused
from planning.geometry.mesh import Mesh
from planning.texts import mark

_STL_RECORD: Final = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
_CONTENT_TYPES: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="model" '
    'ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/></Types>'
)
_RELATIONSHIPS: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Target="/3D/3dmodel.model" Id="model" '
    'Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/></Relationships>'
)


@dataclass(frozen=True, eq=False)
class NamedMesh:
    """A mesh to export.

    Parameters
    ----------
    title : str
        Shown name; hostile characters are kept in 3MF and replaced in file names.
    mesh : Mesh
        Closed.
    colour_rgb : tuple of int
    marks : tuple of str
        Such as ``SIMULATED`` and ``DRAFT``.
    passport : str
        `planning.model.passport.short_passport` of the structure it shows; empty for a piece.
    """

    title: str
    mesh: Mesh
    colour_rgb: tuple[int, int, int]
    marks: tuple[str, ...] = ()
    passport: str = ""


def file_stem(title: str, marks: Sequence[str] = ()) -> str:
    """Return a file name without folder or ending: letters, digits, ``_-``; marks and frame at its end."""
    plain = re.sub(r"[^\w\-]+", "_", title, flags=re.UNICODE).strip("_")[:80] or "structure"
    return "_".join([plain, *marks, "mm_LPS"])


def stl_bytes(item: NamedMesh, digest: str) -> bytes:
    """Return a binary STL of one closed mesh; raises `ExportRefused` for an open or empty one."""
    _require_closed(item)
    corners = item.mesh.vertices_lps_mm[item.mesh.triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    records = np.zeros(len(corners), dtype=_STL_RECORD)
    records["normal"] = normals / np.where(lengths > 0, lengths, 1.0)
    records["corners"] = corners
    # Eighty bytes: the digest stands last, so that it alone is shortened where there is no room.
    said = ["EnBloc SPACE=LPS UNIT=mm", item.passport, *item.marks, digest.removeprefix("sha256:")[:12]]
    header = " ".join(words for words in said if words).encode("ascii", "replace")[:80].ljust(80)
    return header + np.uint32(len(corners)).tobytes() + records.tobytes()


def three_mf_bytes(items: Sequence[NamedMesh], digest: str, program: str) -> bytes:
    """Return a 3MF package with one named, coloured object per mesh, in millimetres.

    Raises
    ------
    ExportRefused
        If there is nothing to write or a mesh is open.
    """
    if not items:
        raise ExportRefused("NOTHING_TO_EXPORT", mark("There is no surface to export."))
    for item in items:
        _require_closed(item)
    model = io.StringIO()
    model.write('<?xml version="1.0" encoding="UTF-8"?>\n<model unit="millimeter" xml:lang="en-US" ')
    model.write('xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02">\n')
    model.write(f'<metadata name="Application">{escape(program)}</metadata>\n')
    description = f"LPS millimetres; case {digest}; not for manufacture until signed"
    model.write(f'<metadata name="Description">{escape(description)}</metadata>\n<resources>\n')
    model.write('<basematerials id="1">\n')
    for item in items:
        colour = "#{:02X}{:02X}{:02X}FF".format(*item.colour_rgb)
        model.write(f"<base name={quoteattr(_xml_text(item.title))} displaycolor={quoteattr(colour)}/>\n")
    model.write("</basematerials>\n")
    for n, item in enumerate(items):
        _write_object(model, n, item)
    model.write("</resources>\n<build>\n")
    for n, _ in enumerate(items):
        model.write(f'<item objectid="{n + 2}" partnumber="{uuid5(NAMESPACE_URL, f"{digest}/{n}")}"/>\n')
    model.write("</build>\n</model>\n")
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, text in (
            ("[Content_Types].xml", _CONTENT_TYPES),
            ("_rels/.rels", _RELATIONSHIPS),
            ("3D/3dmodel.model", model.getvalue()),
        ):
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text, zipfile.ZIP_DEFLATED)
    return package.getvalue()


def _write_object(model: io.StringIO, n: int, item: NamedMesh) -> None:
    name = _xml_text(" ".join([item.title, *(f"[{m}]" for m in item.marks)]))
    model.write(f'<object id="{n + 2}" type="model" pid="1" pindex="{n}" name={quoteattr(name)}>\n')
    model.write("<mesh>\n<vertices>\n")
    rows = item.mesh.vertices_lps_mm.tolist()
    model.write("".join(f'<vertex x="{x:.6g}" y="{y:.6g}" z="{z:.6g}"/>\n' for x, y, z in rows))
    model.write("</vertices>\n<triangles>\n")
    faces = item.mesh.triangles.tolist()
    model.write("".join(f'<triangle v1="{a}" v2="{b}" v3="{c}"/>\n' for a, b, c in faces))
    model.write("</triangles>\n</mesh>\n</object>\n")


def _xml_text(text: str) -> str:
    """Drop the control characters XML cannot carry."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", text)


def _require_closed(item: NamedMesh) -> None:
    if not len(item.mesh.triangles) or not item.mesh.is_closed:
        raise ExportRefused(
            "OPEN_SURFACE",
            mark(
                "The surface of {title} is not closed, so it cannot be printed. Rebuild it and export again."
            ),
            title=item.title,
        )
