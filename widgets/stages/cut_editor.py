"""The active cut in numbers: typed in millimetres and degrees, one history step each."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from planning.editing.osteotomy_edits import ChangeOsteotomy, MoveBlade
from planning.geometry.blade_angles import angles_of, turned_to
from planning.geometry.frames import vec3
from planning.model.levels import LEVELS
from planning.model.osteotomy import Osteotomy, OsteotomyKind
from planning.model.tools import ToolLibrary
from planning.safety.spoken_names import guard_words
from planning.texts import mark, tr
from widgets.access import named_row
from widgets.fields import ChoiceField, NumberField, StepField, TextField
from widgets.plain_text import label, tip
from widgets.stages.relative_fields import RelativeFields
from widgets.tables.cut_rows import KIND_WORDS

_SIDES = (mark("left"), mark("right"), mark("midline"))


class CutEditor(QWidget):
    """Fields of one cut.

    Signals
    -------
    edited(Edit)
        What was typed, as an edit.
    """

    edited = Signal(object)

    def __init__(self, tools: ToolLibrary, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tools = tools
        self._osteotomy: Osteotomy | None = None
        self._titles: Mapping[str, str] = {}
        self.empty = label(
            tr("No cut is active. Choose one in the table below, or add one with 'Add cut'."),
            "muted",
            wrap=True,
        )
        self.form = QWidget()
        self.name = TextField(tr("Name"))
        self.kind = ChoiceField([(k, tr(KIND_WORDS[k])) for k in OsteotomyKind])
        self.level = ChoiceField([(None, "–"), *((level, level) for level in LEVELS)])
        self.side = ChoiceField([(None, "–"), *((s, tr(s)) for s in _SIDES)])
        self.tool = ChoiceField([(t.id, tr(t.name)) for t in tools.tools])
        self.tool_note = label("", "muted", wrap=True)
        self.take_over = QPushButton(tr("Take over"))
        self.take_over.setToolTip(tip(tr("Give this cut the kerf and overshoot of the tool library.")))
        self.unlock = QPushButton(tr("Unlock"))
        self.unlock.setToolTip(tip(tr("Let this cut be moved again")))
        self.locked_row = _noted(
            label(tr("Locked: its place and sizes stay as they are."), "muted", wrap=True), self.unlock
        )
        self.locked_row.hide()
        self.group = TextField(tr("no group"))
        self.step = StepField()
        self.guards = TextField(tr("retractor: aorta; spatula: spinal canal"))
        self.guards.setToolTip(
            tip(
                tr("What stands between the blade and a structure: 'guard: structure', parted by semicolons.")
            )
        )
        self.sizes = {
            "width_mm": NumberField(0.1, 500, "mm"),
            "depth_mm": NumberField(0.1, 500, "mm"),
            "kerf_mm": NumberField(0.0, 20, "mm", 0.1),
            "overshoot_mm": NumberField(0.0, 50, "mm"),
        }
        self.origin = tuple(NumberField(-3000, 3000, "mm") for _ in range(3))
        self.angles = {
            "axial_deg": NumberField(-180, 180, "°", 1.0),
            "rise_deg": NumberField(-90, 90, "°", 1.0),
            "roll_deg": NumberField(-180, 180, "°", 1.0),
        }
        self.relative = RelativeFields()
        self._lay_out()
        self._connect()
        lockable = (*self.sizes.values(), *self.origin, *self.angles.values(),
                    self.kind, self.tool, self.level, self.side)  # fmt: skip
        self._tips: dict[QWidget, str] = {part: part.toolTip() for part in lockable}
        self.show_cut(None)

    def show_cut(self, osteotomy: Osteotomy | None, titles: Mapping[str, str] | None = None) -> None:
        """Show a cut; None shows how to get one. `titles` say what structures are called, by id."""
        self._osteotomy = osteotomy
        self._titles = titles if titles is not None else self._titles
        self.relative.show_cut(osteotomy)
        self.empty.setVisible(osteotomy is None)
        self.form.setVisible(osteotomy is not None)
        if osteotomy is None:
            return
        blade = osteotomy.blade
        self.name.show_text(osteotomy.name)
        self.kind.show_value(osteotomy.kind)
        self.level.show_value(osteotomy.level)
        self.side.show_value(osteotomy.side)
        self.tool.show_value(osteotomy.tool)
        self._compare_with_library(osteotomy)
        self.group.show_text(osteotomy.cut_group)
        self.step.show_value(osteotomy.step)
        self.guards.show_text("; ".join(self._said_guards()))
        for key, field in self.sizes.items():
            field.show_value(getattr(blade, key))
        for field, value in zip(self.origin, blade.origin_lps_mm, strict=True):
            field.show_value(value)
        angles = angles_of(blade)
        for key, field in self.angles.items():
            field.show_value(getattr(angles, key))
        if self.kind.isEnabled() is osteotomy.locked:
            self._show_lock(locked=osteotomy.locked)

    def _show_lock(self, *, locked: bool) -> None:
        """Leave the numbers of a locked cut to be read alone, and say why."""
        why = tip(tr("This cut is locked. Unlock it in the table to change it."))
        self.locked_row.setVisible(locked)
        for part, own in self._tips.items():
            part.setEnabled(not locked)
            part.setToolTip(why if locked else own)

    def _lay_out(self) -> None:
        form = QFormLayout(self.form)
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(5)
        form.setHorizontalSpacing(10)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        form.addRow(self.locked_row)
        named_row(form, tr("Name"), self.name)
        named_row(form, tr("Kind"), self.kind)
        self._name_fields()
        form.addRow(label(tr("Level, side")), _side_by_side(self.level, self.side))
        named_row(form, tr("Tool"), self.tool)
        self.other_numbers = _noted(self.tool_note, self.take_over)
        form.addRow(self.other_numbers)
        form.addRow(label(tr("Step, group")), _side_by_side(self.step, self.group))
        named_row(form, tr("Guards"), self.guards)
        origin = QGridLayout()
        origin.setSpacing(5)
        for n, (field, word) in enumerate(
            zip(self.origin, (tr("Left +"), tr("Back +"), tr("Head +")), strict=True)
        ):
            field.setAccessibleName(tr("Entry point, {axis}", axis=word))
            origin.addWidget(label(word, "muted"), 0, n)
            origin.addWidget(field, 1, n)
        angles = QGridLayout()
        angles.setSpacing(5)
        hints = {
            "axial_deg": (
                tr("Axial"),
                tr("Which way the tool travels: 0° to the front, 90° to the patient's left."),
            ),
            "rise_deg": (tr("Rise"), tr("How far it points up, towards the head.")),
            "roll_deg": (tr("Roll"), tr("How the blade lies about that direction; 0° faces the head.")),
        }
        for n, (key, field) in enumerate(self.angles.items()):
            word, help_text = hints[key]
            field.setAccessibleName(word)
            field.setToolTip(tip(help_text))
            angles.addWidget(label(word, "muted"), 0, n)
            angles.addWidget(field, 1, n)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.empty)
        column.addWidget(self.form)
        form.addRow(label(tr("Blade"), "title"))
        form.addRow(self._grid_of_sizes())
        form.addRow(self.relative)
        form.addRow(label(tr("Entry point (LPS)"), "title"))
        form.addRow(origin)
        form.addRow(label(tr("Direction"), "title"))
        form.addRow(angles)
        column.addStretch(1)

    def _grid_of_sizes(self) -> QGridLayout:
        sizes = QGridLayout()
        sizes.setSpacing(3)
        words = {
            "width_mm": tr("Width"), "depth_mm": tr("Depth"),
            "kerf_mm": tr("Kerf"), "overshoot_mm": tr("Overshoot"),
        }  # fmt: skip
        for n, (key, field) in enumerate(self.sizes.items()):
            field.setAccessibleName(words[key])
            field.setMinimumWidth(68)  # beside a scroll bar in a narrow window
            sizes.addWidget(label(words[key]), n // 2, n % 2 * 2)
            sizes.addWidget(field, n // 2, n % 2 * 2 + 1)
        return sizes

    def _name_fields(self) -> None:
        self.level.setAccessibleName(tr("Level"))
        self.side.setAccessibleName(tr("Side"))
        self.step.setAccessibleName(tr("Step of the operation"))
        self.group.setAccessibleName(tr("Group of cuts"))
        self.group.setToolTip(
            tip(tr("Cuts of one group are one cut made in several passes: they part bone together."))
        )

    def _connect(self) -> None:
        self.relative.edited.connect(self.edited)
        self.name.entered.connect(lambda text: self._change(name=text.strip()))
        self.kind.entered.connect(lambda kind: self._change(kind=kind))
        self.level.entered.connect(lambda level: self._change(level=level))
        self.side.entered.connect(lambda side: self._change(side=side))
        self.tool.entered.connect(self._choose_tool)
        self.take_over.clicked.connect(self._take_over)
        self.unlock.clicked.connect(lambda: self._change(locked=False))
        self.group.entered.connect(lambda text: self._change(cut_group=text.strip()))
        self.step.entered.connect(lambda step: self._change(step=step))
        self.guards.entered.connect(lambda text: self._change(guards=self._read_guards(text)))
        for key, field in self.sizes.items():
            field.entered.connect(lambda value, which=key: self._change(**{which: value}))
        for axis, field in enumerate(self.origin):
            field.entered.connect(partial(self._move, axis))
        for key, field in self.angles.items():
            field.entered.connect(partial(self._turn, key))

    def _change(self, **values: Any) -> None:
        if self._osteotomy is not None:
            self.edited.emit(ChangeOsteotomy(self._osteotomy.id, self._osteotomy.title, **values))

    def _said_guards(self) -> dict[str, str]:
        """Return the cut's guards: as people read them, and as the plan holds them."""
        guards = self._osteotomy.guards if self._osteotomy is not None else ()
        return {guard_words(guard, self._titles): guard for guard in guards}

    def _read_guards(self, text: str) -> tuple[str, ...]:
        """Return the guards of a line; those that nobody changed stay as the plan held them."""
        said = self._said_guards()
        return tuple(said.get(guard, guard) for guard in _guards(text))

    def _choose_tool(self, tool_id: object) -> None:
        """Take another tool with its own kerf and overshoot: another tool, another slab."""
        tool = self._tools.tool(str(tool_id))
        if tool is not None:
            self._change(tool=tool.id, kerf_mm=tool.kerf_mm, overshoot_mm=tool.overshoot_mm)

    def show_tools(self, tools: ToolLibrary) -> None:
        """Offer other tools."""
        self._tools = tools
        self.tool.offer([(t.id, tr(t.name)) for t in tools.tools])
        if self._osteotomy is not None:
            self.show_cut(self._osteotomy)

    def _compare_with_library(self, osteotomy: Osteotomy) -> None:
        """Say where a cut keeps other numbers than its tool has now: nothing changes it by itself."""
        tool, blade = self._tools.tool(osteotomy.tool), osteotomy.blade
        own = blade.kerf_mm, blade.overshoot_mm
        differs = tool is not None and (tool.kerf_mm, tool.overshoot_mm) != own
        self.other_numbers.setVisible(differs)
        if tool is not None and differs:
            self.tool_note.setText(
                tr("In the tool library: kerf {kerf}, overshoot {overshoot} mm.",
                   kerf=f"{tool.kerf_mm:g}", overshoot=f"{tool.overshoot_mm:g}")
            )  # fmt: skip
            self.take_over.setEnabled(not osteotomy.locked)

    def _take_over(self) -> None:
        if self._osteotomy is not None:
            self._choose_tool(self._osteotomy.tool)

    def _move(self, axis: int, value: float) -> None:
        if self._osteotomy is None:
            return
        blade = self._osteotomy.blade
        origin = list(blade.origin_lps_mm)
        origin[axis] = value
        moved = replace(blade, origin_lps_mm=vec3(origin))
        self.edited.emit(MoveBlade(self._osteotomy.id, moved, self._osteotomy.title))

    def _turn(self, key: str, value: float) -> None:
        if self._osteotomy is None:
            return
        blade = self._osteotomy.blade
        turned = turned_to(blade, replace(angles_of(blade), **{key: value}))
        self.edited.emit(MoveBlade(self._osteotomy.id, turned, self._osteotomy.title))


def _guards(text: str) -> tuple[str, ...]:
    """Return the guards of a line; Chinese punctuation means what it looks like."""
    plain = text.translate(str.maketrans("\uff1a\uff1b\uff0c\u3001", ":;,,"))
    return tuple(part.strip() for part in plain.split(";") if part.strip())


def _noted(note: QLabel, button: QPushButton) -> QWidget:
    """Return a line of the form that says something, and the button that answers it."""
    line = QWidget()
    row = QHBoxLayout(line)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(note, 1)
    row.addWidget(button)
    return line


def _side_by_side(*parts: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(5)
    for part in parts:
        row.addWidget(part, 1)
    return row
