"""The preview of incoming structures: what it says, what can be changed, and when it lets one go on."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from planning.geometry.volume import Volume
from planning.imaging.intake import Choices, LabelImport, Origin
from planning.model.anatomy import Anatomy
from planning.model.anatomy_table import load_anatomy_table
from planning.model.mask import Mask
from planning.model.structures import Structure, StructureKind
from planning.model.study import Finding, Severity, StudyImage
from tests.imaging import phantom
from widgets.arrivals_dialog import PLACE_AGAIN, ArrivalsDialog

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("propagateSizeHints")]

TABLE = load_anatomy_table(Path(__file__).parents[2] / "resources" / "anatomy.toml")
GRID = phantom.a_grid(np.eye(3), (20, 24, 28), (1.0, 1.0, 1.0))
IMAGE = StudyImage("image", Volume(np.zeros(GRID.shape_kji, np.int16), GRID), "CT")


def _block(start: int, size: int = 5) -> Mask:
    voxels = np.zeros(GRID.shape_kji, bool)
    voxels[start : start + size, 4:9, 4:9] = True
    return Mask.from_array(voxels)


def _found(used: Choices | None = None) -> LabelImport:
    structures = (
        Structure("other-duodenum", StructureKind.OTHER, _block(3), name="duodenum <b>"),
        Structure("vertebra-T10", StructureKind.VERTEBRA, _block(8, 8), "T10"),
        Structure("tumour", StructureKind.TUMOUR, _block(9), name="lesion 1", simulated=True),
    )
    origins = (
        Origin("other-duodenum", "duodenum <b>", (9, 200, 9), middle_kji=(5, 6, 6)),
        Origin("vertebra-T10", "vertebrae_T10", exported_as="approved", outside=0.31, middle_kji=(11, 6, 6)),
        Origin("tumour", "lesion 1", middle_kji=(11, 6, 6)),
    )
    said = Finding("NOT_JUDGED", "Not judged: {names}.", (("names", "duodenum <b>"),), Severity.WARN)
    return LabelImport(structures, (said,), (), origins, used or Choices())


def _dialog(qtbot: QtBot, found: LabelImport | None = None, anatomy: Anatomy | None = None) -> ArrivalsDialog:
    dialog = ArrivalsDialog(found or _found(), IMAGE, anatomy, TABLE)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def _cells(dialog: ArrivalsDialog, row: int) -> list[str]:
    item = dialog.tree.topLevelItem(row)
    assert item is not None
    return [item.text(column) for column in range(6)]


def _choose(dialog: ArrivalsDialog, row: int) -> None:
    item = dialog.tree.topLevelItem(row)
    assert item is not None
    dialog.tree.setCurrentItem(item)


def test_every_structure_says_what_it_is_becomes_and_lacks(qtbot: QtBot) -> None:
    dialog = _dialog(qtbot)
    volume = "0.2 cm³"
    assert _cells(dialog, 0) == [
        "vertebrae_T10", "T10 vertebra", volume, "draft (was approved)", "new", "31 % outside the image",
    ]  # fmt: skip
    assert _cells(dialog, 1)[5] == "simulated: not from the patient"
    assert _cells(dialog, 2) == [
        "duodenum <b>",
        "duodenum <b>",
        "0.1 cm³",
        "draft",
        "new",
        "not judged: no kind",
    ]
    assert dialog.remarks.toPlainText() == "▲ Warning: Not judged: duodenum <b>."
    assert dialog.take.text() == "Take in 3 structures"


def test_the_slices_show_the_chosen_structure_in_its_colour(qtbot: QtBot) -> None:
    dialog = _dialog(qtbot)
    _choose(dialog, 2)
    picture = dialog.landing.slices[0].picture
    assert picture is not None
    green = picture.rgb[..., 1].astype(int) - picture.rgb[..., 0]
    rows, columns = np.nonzero(green > 40)
    # Columns 4 to 8 of 28 and rows 4 to 8 of 24: the middle of the block, left on the picture's right.
    assert columns.mean() / picture.rgb.shape[1] == pytest.approx(6.5 / 28, abs=0.01)
    assert rows.mean() / picture.rgb.shape[0] == pytest.approx(6.5 / 24, abs=0.01)
    _choose(dialog, 0)
    after = dialog.landing.slices[0].picture
    assert after is not None
    assert not np.array_equal(after.rgb, picture.rgb)


def test_kind_level_and_name_can_be_mended_before_anything_is_taken_in(qtbot: QtBot) -> None:
    dialog = _dialog(qtbot)
    _choose(dialog, 2)
    dialog.kind.show_value(StructureKind.OESOPHAGUS)
    dialog.kind.entered.emit(StructureKind.OESOPHAGUS)
    dialog.name.setText("")
    dialog.name.editingFinished.emit()
    row = dialog.rows[2]
    assert (row.structure.kind, row.structure.name) == (StructureKind.OESOPHAGUS, None)
    assert _cells(dialog, 2)[1] == "oesophagus"
    assert _cells(dialog, 2)[5] == ""
    dialog.kind.show_value(StructureKind.OTHER)
    dialog.kind.entered.emit(StructureKind.OTHER)
    assert dialog.rows[2].structure.name == "duodenum <b>", "it keeps the name it came with"


def test_what_is_there_already_is_replaced_unless_a_person_says_otherwise(qtbot: QtBot) -> None:
    present = Structure("v", StructureKind.VERTEBRA, _block(2), "T10")
    lesion = Structure("t", StructureKind.TUMOUR, _block(2), name="lesion 1")
    dialog = _dialog(qtbot, anatomy=Anatomy(GRID, (present, lesion)))
    assert [row.replaces for row in dialog.rows] == ["v", "t", ""]
    assert _cells(dialog, 0)[4] == "replaces present one"
    _choose(dialog, 1)
    dialog.place.show_value("")
    dialog.place.entered.emit("")
    assert not dialog.take.isEnabled()
    assert "Two structures would be called lesion 1 (simulated). Rename one." in dialog.why.text()
    dialog.name.setText("lesion 2")
    dialog.name.editingFinished.emit()
    assert dialog.take.isEnabled()
    _choose(dialog, 2)
    assert not dialog.place.isEnabled()
    assert "no structure of this kind" in dialog.place.toolTip()


def test_only_what_is_ticked_is_taken_in(qtbot: QtBot) -> None:
    dialog = _dialog(qtbot)
    for row in (0, 1):
        item = dialog.tree.topLevelItem(row)
        assert item is not None
        item.setCheckState(0, Qt.CheckState.Unchecked)
    assert [row.origin.name for row in dialog.arrivals] == ["duodenum <b>"]
    assert dialog.take.text() == "Take in 1 structure"
    item = dialog.tree.topLevelItem(2)
    assert item is not None
    item.setCheckState(0, Qt.CheckState.Unchecked)
    assert not dialog.take.isEnabled()
    assert dialog.why.text() == "Tick at least one structure."


def test_another_unit_or_threshold_places_again_before_it_can_be_taken(qtbot: QtBot) -> None:
    dialog = _dialog(qtbot, _found(Choices("mm", "LPS", 0.5)))
    assert not dialog.again.isEnabled()
    dialog.unit.entered.emit("cm")
    dialog.threshold.setValue(30.0)
    assert dialog.choices == Choices("cm", "LPS", 0.3)
    assert not dialog.take.isEnabled()
    assert "press 'Place again'" in dialog.why.text()
    dialog.again.click()
    assert dialog.result() == PLACE_AGAIN


def test_a_source_that_leaves_nothing_open_asks_nothing(qtbot: QtBot) -> None:
    assert not hasattr(_dialog(qtbot), "again")
