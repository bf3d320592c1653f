"""Preview of incoming structures: what each would be, where it lands, and what is to be said of it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QPlainTextEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from planning.imaging.intake import UNITS_MM, Choices, LabelImport
from planning.model.anatomy import Anatomy
from planning.model.anatomy_table import AnatomyTable
from planning.model.levels import LEVELS
from planning.model.structures import StructureKind
from planning.model.study import Severity, StudyImage
from planning.texts import clauses, mark, tr
from rendering.landing_picture import Landing, Shown, grey_range, landing_pictures
from widgets.access import named_row
from widgets.arrival_rows import ArrivalRow, kind_choices, replaceable, rows_of, why_not
from widgets.fields import ChoiceField, NumberField, TextField
from widgets.landing_view import LandingView
from widgets.plain_text import cubic_centimetres, label, tip

PLACE_AGAIN: Final = 2
_PICTURE_PX: Final = 420
_NAME, _BECOMES, _VOLUME, _STATE, _PLACE, _REMARK = range(6)
_HEADERS: Final = (
    mark("In the file"), mark("Becomes"), mark("Volume"), mark("State"), mark("In the case"), mark("Remark"),
)  # fmt: skip
_WIDTHS: Final = (185, 195, 88, 92, 152)
UNIT_WORDS: Final = {
    "mm": mark("millimetres"),
    "cm": mark("centimetres"),
    "m": mark("metres"),
    "inch": mark("inches"),
}


class ArrivalsDialog(QDialog):
    """Shows what an importer found on the planning image; nothing is taken in before it is accepted.

    Ends with `PLACE_AGAIN` where unit, axes or threshold were changed: `choices` then says to what.
    """

    def __init__(
        self,
        found: LabelImport,
        image: StudyImage,
        anatomy: Anatomy | None,
        table: AnatomyTable,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Incoming structures"))
        self.resize(QSize(1380, 860).boundedTo(self.screen().availableSize()))
        self._found, self._image, self._anatomy, self._table = found, image, anatomy, table
        self._greys = grey_range(image.volume, image.modality)
        self.rows: list[ArrivalRow] = rows_of(found, anatomy)
        self.choices = found.used
        self._make_tree()
        self._make_editor()
        self.landing = LandingView()
        self.remarks = _remarks(found)
        self.why = label("", "muted", wrap=True)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.take = self.buttons.addButton(tr("Take in"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.take.setObjectName("primary")
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._lay_out()
        for n in range(len(self.rows)):
            self._refresh(n)
        first = self.tree.topLevelItem(0)
        if first is not None:
            self.tree.setCurrentItem(first)
        self._check()

    @property
    def arrivals(self) -> tuple[ArrivalRow, ...]:
        """The rows that are to be taken in."""
        return tuple(row for row in self.rows if row.taken)

    def _make_tree(self) -> None:
        self.tree = QTreeWidget()
        self.tree.setAccessibleName(tr("Incoming structures"))
        self.tree.setHeaderLabels([tr(words) for words in _HEADERS])
        self.tree.setRootIsDecorated(False)
        self.tree.setUniformRowHeights(True)
        self.tree.setAlternatingRowColors(True)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideRight)
        header = self.tree.header()
        for column, width in enumerate(_WIDTHS):
            self.tree.setColumnWidth(column, width)
        header.setSectionResizeMode(_REMARK, QHeaderView.ResizeMode.Stretch)
        for _ in self.rows:
            item = QTreeWidgetItem(self.tree)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(_NAME, Qt.CheckState.Checked)
            item.setTextAlignment(_VOLUME, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.tree.itemChanged.connect(lambda item, column: self._ticked(item) if column == _NAME else None)
        self.tree.currentItemChanged.connect(lambda _now, _before: self._chosen())

    def _make_editor(self) -> None:
        self.kind = ChoiceField(kind_choices())
        self.level = ChoiceField([(None, tr("none")), *((level, level) for level in LEVELS)])
        sides = [(None, tr("none")), ("left", tr("left")), ("right", tr("right"))]
        self.side = ChoiceField(sides)
        self.name = TextField(tr("optional name"))
        self.place = ChoiceField([("", tr("new"))])
        for field in (self.kind, self.level, self.side, self.name):
            field.entered.connect(lambda _value: self._edited())
        self.place.entered.connect(self._placed)

    def _lay_out(self) -> None:
        form = QFormLayout()
        named_row(form, tr("Kind"), self.kind)
        named_row(form, tr("Level"), self.level)
        named_row(form, tr("Side of the patient"), self.side)
        named_row(form, tr("Name"), self.name)
        named_row(form, tr("In the case"), self.place)
        panel = QFrame()
        panel.setObjectName("panel")
        panel.setLayout(form)
        right = QVBoxLayout()
        right.addWidget(self.landing, 1)
        right.addWidget(panel)
        left = QVBoxLayout()
        text = tr("Nothing is taken in yet. Look where each structure lands and what it becomes; every one "
                  "comes in as a draft.")  # fmt: skip
        left.addWidget(label(text, "muted", wrap=True))
        options = self._options()
        if options is not None:
            left.addWidget(options)
        left.addWidget(self.tree, 1)
        if self._found.findings:
            left.addWidget(label(tr("What the importer has to say"), "title"))
            left.addWidget(self.remarks)
        both = QHBoxLayout()
        both.addLayout(left, 13)
        both.addLayout(right, 6)
        whole = QVBoxLayout(self)
        whole.addLayout(both, 1)
        whole.addWidget(self.why)
        whole.addWidget(self.buttons)

    def _options(self) -> QWidget | None:
        """Return the fields for what the file leaves open; None where it leaves nothing open."""
        used = self._found.used
        if used == Choices():
            return None
        row = QHBoxLayout()
        row.setContentsMargins(8, 4, 8, 4)
        if used.unit is not None:
            self.unit = ChoiceField([(unit, tr(UNIT_WORDS[unit])) for unit in UNITS_MM])
            self.unit.show_value(used.unit)
            self.unit.entered.connect(lambda unit: self._choose(replace(self.choices, unit=unit)))
            row.addWidget(label(tr("Unit of the surface")))
            row.addWidget(self.unit)
        if used.space is not None:
            self.space = ChoiceField([("LPS", "LPS"), ("RAS", "RAS")])
            self.space.show_value(used.space)
            self.space.entered.connect(lambda space: self._choose(replace(self.choices, space=space)))
            row.addWidget(label(tr("Its axes")))
            row.addWidget(self.space)
        if used.threshold is not None:
            self.threshold = NumberField(1.0, 100.0, "%", 5.0, 0)
            self.threshold.show_value(100.0 * used.threshold)
            self.threshold.entered.connect(
                lambda value: self._choose(replace(self.choices, threshold=value / 100.0))
            )
            row.addWidget(label(tr("A voxel belongs to its structure from")))
            row.addWidget(self.threshold)
        self.again = QPushButton(tr("Place again"))
        self.again.setEnabled(False)
        self.again.setToolTip(tip(tr("Nothing was changed.")))
        self.again.clicked.connect(lambda: self.done(PLACE_AGAIN))
        row.addWidget(self.again)
        row.addStretch(1)
        panel = QFrame()
        panel.setObjectName("panel")
        panel.setLayout(row)
        return panel

    def _choose(self, choices: Choices) -> None:
        self.choices = choices
        changed = choices != self._found.used
        self.again.setEnabled(changed)
        self.again.setToolTip(
            tip(tr("Place the structures with these values.") if changed else tr("Nothing was changed."))
        )
        self._check()

    def _current(self) -> int:
        item = self.tree.currentItem()
        return -1 if item is None else self.tree.indexOfTopLevelItem(item)

    def _chosen(self) -> None:
        """Show the chosen structure in the slices and in the editor."""
        n = self._current()
        if n < 0:
            return
        row = self.rows[n]
        self.kind.show_value(row.structure.kind)
        self.level.show_value(row.structure.level)
        self.side.show_value(row.structure.side)
        self.name.show_text(row.structure.name or "")
        self._offer_places(n)
        self._draw(n)

    def _offer_places(self, n: int) -> None:
        row = self.rows[n]
        present = replaceable(row.structure, self._anatomy)
        choices: list[tuple[object, str]] = [("", tr("new"))]
        choices += [(s.id, tr("replaces {title}", title=s.title)) for s in present]
        self.place.offer(choices)
        self.place.show_value(row.replaces)
        self.place.setEnabled(len(choices) > 1)
        none = tr("The case has no structure of this kind that could be replaced.")
        self.place.setToolTip(tip("" if len(choices) > 1 else none))

    def _draw(self, n: int) -> None:
        shown = [Shown(row.structure.mask, self._colour(row)) for row in self.rows]
        volume = self._image.volume
        k, j, i = (count // 2 for count in volume.grid.shape_kji)
        place = self.rows[n].origin.middle_kji or (k, j, i)
        landing = Landing(volume, shown, n, place, self._greys)
        self.landing.show_pictures(landing_pictures(landing, _PICTURE_PX))

    def _edited(self) -> None:
        n = self._current()
        kind, level, side = self.kind.value, self.level.value, self.side.value
        if n < 0 or not isinstance(kind, StructureKind):
            return
        row = self.rows[n].changed(
            kind,
            level if isinstance(level, str) else None,
            side if isinstance(side, str) else None,
            self.name.text().strip() or None,
        )
        if row.replaces not in [s.id for s in replaceable(row.structure, self._anatomy)]:
            row = replace(row, replaces="")
        self.rows[n] = row
        self._refresh(n)
        self._chosen()
        self._check()

    def _placed(self, structure_id: object) -> None:
        n = self._current()
        if n >= 0:
            self.rows[n] = replace(self.rows[n], replaces=str(structure_id))
            self._refresh(n)
            self._check()

    def _ticked(self, item: QTreeWidgetItem) -> None:
        n = self.tree.indexOfTopLevelItem(item)
        taken = item.checkState(_NAME) is Qt.CheckState.Checked
        if n >= 0 and taken != self.rows[n].taken:
            self.rows[n] = replace(self.rows[n], taken=taken)
            self._check()

    def _refresh(self, n: int) -> None:
        row, item = self.rows[n], self.tree.topLevelItem(n)
        structure = row.structure
        present = self._anatomy.structure(row.replaces) if self._anatomy is not None else None
        place = tr("new")
        if present is not None:
            same = present.title == structure.title
            place = tr("replaces present one") if same else tr("replaces {title}", title=present.title)
        grid = self._image.volume.grid
        cells = (
            row.origin.name or structure.title,
            structure.title,
            cubic_centimetres(structure.mask.count * grid.voxel_volume_mm3),
            row.state,
            place,
            clauses(row.remarks),
        )
        if item is None:
            return
        self.tree.blockSignals(True)
        for column, words in enumerate(cells):
            item.setText(column, words)
            item.setToolTip(column, tip(words))
        item.setIcon(_BECOMES, _swatch(self._colour(row)))
        self.tree.blockSignals(False)

    def _colour(self, row: ArrivalRow) -> tuple[int, int, int]:
        look = self._table.look(row.structure)
        if row.structure.kind is StructureKind.OTHER and row.origin.colour_rgb is not None:
            return row.origin.colour_rgb
        return look.colour_rgb

    def _check(self) -> None:
        """Say what is missing, and how many would be taken in."""
        missing = why_not(self.rows, self._anatomy)
        if not missing and self.choices != self._found.used:
            missing = tr("Unit, axes or threshold were changed: press 'Place again' and look again.")
        self.why.setText(missing)
        self.why.setVisible(bool(missing))
        self.take.setEnabled(not missing)
        self.take.setToolTip(tip(missing))
        count = len(self.arrivals)
        self.take.setText(
            tr("Take in {count} structures", count=count) if count != 1 else tr("Take in 1 structure")
        )


def _swatch(rgb: Sequence[int]) -> QIcon:
    pixmap = QPixmap(14, 14)
    pixmap.fill(QColor(*rgb))
    return QIcon(pixmap)


def _remarks(found: LabelImport) -> QPlainTextEdit:
    text = QPlainTextEdit()
    text.setReadOnly(True)
    text.setMaximumHeight(150)
    text.setAccessibleName(tr("What the importer has to say"))
    warnings = [f for f in found.findings if f.severity is Severity.WARN]
    notes = [f for f in found.findings if f.severity is not Severity.WARN]
    lines = [tr("▲ Warning: {sentence}", sentence=f.message) for f in warnings]
    lines += [tr("● Note: {sentence}", sentence=f.message) for f in notes]
    text.setPlainText("\n".join(lines))
    return text
