import struct
import zipfile
from io import BytesIO

import lib3mf
import numpy as np
import pytest

from planning.errors import ExportRefused
from planning.geometry.mesh import Mesh
from planning.storage.mesh_files import NamedMesh, file_stem, stl_bytes, three_mf_bytes

_CORNERS = np.array([(x, y, z) for x in (0, 2) for y in (0, 3) for z in (0, 4)], dtype=np.float32)
_FACES = "013 032 467 475 045 051 237 276 026 064 157 173"
_BOX = np.array([[int(corner) for corner in face] for face in _FACES.split()], dtype=np.int32)
DIGEST = "sha256:0123456789abcdef"


def a_box(title="T10 vertebra", **changes):
    return NamedMesh(title, Mesh(_CORNERS + np.float32(100.25), _BOX), (241, 214, 145), **changes)


def test_stl_holds_every_corner_in_lps_and_says_so():
    data = stl_bytes(a_box(marks=("SIMULATED",)), DIGEST)
    assert not data.startswith(b"solid")
    assert b"SPACE=LPS UNIT=mm SIMULATED 0123456789ab" in data[:80]
    assert struct.unpack("<I", data[80:84]) == (12,)
    triangles = np.frombuffer(data[84:], dtype=[("n", "<f4", 3), ("v", "<f4", (3, 3)), ("a", "<u2")])
    np.testing.assert_array_equal(triangles["v"], (_CORNERS + np.float32(100.25))[_BOX])
    outward = triangles["v"].mean(axis=1) - (101.25, 101.75, 102.25)
    assert (np.einsum("ij,ij->i", outward, triangles["n"]) > 0).all()


def test_3mf_is_accepted_by_the_strict_reader_with_unit_names_and_colours():
    data = three_mf_bytes(
        [a_box(), a_box("lesion <1> & \x07é", marks=("SIMULATED",))], DIGEST, "enbloc 0.1.0"
    )
    wrapper = lib3mf.get_wrapper()
    model = wrapper.CreateModel()
    reader = model.QueryReader("3mf")
    reader.SetStrictModeActive(True)
    reader.ReadFromBuffer(data)
    assert reader.GetWarningCount() == 0
    assert model.GetUnit() == lib3mf.ModelUnit.MilliMeter
    objects = model.GetMeshObjects()
    names = []
    while objects.MoveNext():
        mesh = objects.GetCurrentMeshObject()
        names.append(mesh.GetName())
        assert mesh.IsManifoldAndOriented()
        assert mesh.GetTriangleCount() == 12
        assert tuple(mesh.GetVertex(0).Coordinates) == (100.25, 100.25, 100.25)
    assert names == ["T10 vertebra", "lesion <1> & é [SIMULATED]"]


def test_the_same_case_gives_the_same_3mf_bytes():
    assert three_mf_bytes([a_box()], DIGEST, "p") == three_mf_bytes([a_box()], DIGEST, "p")
    assert zipfile.ZipFile(BytesIO(three_mf_bytes([a_box()], DIGEST, "p"))).testzip() is None


def test_an_open_surface_is_refused_by_name():
    box = a_box()
    opened = NamedMesh("aorta", Mesh(box.mesh.vertices_lps_mm, _BOX[:-1]), (1, 2, 3))
    for write in (lambda: stl_bytes(opened, DIGEST), lambda: three_mf_bytes([opened], DIGEST, "p")):
        with pytest.raises(ExportRefused) as refusal:
            write()
        assert "aorta" in refusal.value.message


@pytest.mark.parametrize("title", ["../../etc/passwd", "a/b\\c:d", "<img src=x>", "\u202eevil", ""])
def test_a_hostile_title_never_leaves_the_folder(title):
    stem = file_stem(title, ("DRAFT",))
    assert "/" not in stem
    assert "\\" not in stem
    assert not stem.startswith(".")
    assert stem.endswith("_DRAFT_mm_LPS")
