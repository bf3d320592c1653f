"""The tool library: the program's tools to read and copy, the department's own to edit."""

from dataclasses import replace
from typing import Final

from PySide6.QtCore import QSize
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from planning.errors import SettingsInvalid
from planning.model.own_tools import free_tool_id
from planning.model.tools import Tool, ToolLibrary, checked
from planning.texts import literal, mark, tr
from widgets.fields import NumberField
from widgets.plain_text import label, tip
from widgets.theme import scaled

_NUMBERS: Final = (
    ("kerf_mm", mark("Kerf")), ("overshoot_mm", mark("Overshoot")),
    ("width_mm", mark("Width")), ("reach_mm", mark("Reach")),
)  # fmt: skip
_READ_ONLY: Final = mark("Standard tools are not changed. Copy one to make it your own.")
_UNKNOWN: Final = ("width_mm", "reach_mm")


class ToolsDialog(QDialog):
    """Edits the department's own tools; what it holds on OK is in `library`."""

    def __init__(self, library: ToolLibrary, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Tool library"))
        self.library = library
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Tools"))
        self.new, self.copy, self.delete = (QPushButton(w) for w in (tr("New"), tr("Copy"), tr("Delete")))
        self.name = QLineEdit()
        self.numbers = {key: NumberField(0.0, 999.0, "mm", 0.1) for key, _ in _NUMBERS}
        for key in _UNKNOWN:
            self.numbers[key].setSpecialValueText(tr("unknown"))
        self.source = QPlainTextEdit()
        self.source.setTabChangesFocus(True)
        self.source.setPlaceholderText(tr("who measured it, how and when, or the maker's data sheet"))
        self.why = label("", "muted", wrap=True)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )
        self._lay_out()
        self.list.currentRowChanged.connect(lambda _row: self._show())
        self.name.textEdited.connect(lambda _text: self._take())
        self.source.textChanged.connect(self._take)
        for field in self.numbers.values():
            field.entered.connect(lambda _value: self._take())
        self.new.clicked.connect(lambda: self._add(Tool("", tr("New tool"), 1.0, (1.0, 1.0), 3.0, None, "")))
        self.copy.clicked.connect(self._copy)
        self.delete.clicked.connect(self._delete)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._fill(0)

    def sizeHint(self) -> QSize:
        """Return room for list and numbers."""
        return QSize(scaled(740), scaled(420))

    @property
    def chosen(self) -> Tool | None:
        """The tool whose numbers are shown."""
        row = self.list.currentRow()
        return self.library.tools[row] if 0 <= row < len(self.library.tools) else None

    @property
    def problem(self) -> str:
        """Why the library cannot be kept as it is; empty where it can."""
        names = [tr(tool.name).strip().casefold() for tool in self.library.tools]
        for tool in self.library.own:
            try:
                checked(tool, self.library.plausible)
            except SettingsInvalid as refused:
                return refused.message
            if names.count(tool.name.strip().casefold()) > 1:
                return tr("Two tools are called {tool}. Give each a name of its own.", tool=tool.name)
        return ""

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        for button in (self.new, self.copy, self.delete):
            button.setAutoDefault(False)
            row.addWidget(button)
        left = QVBoxLayout()
        left.addWidget(self.list, 1)
        left.addLayout(row)
        form = QFormLayout()
        form.addRow(label(tr("Name")), self.name)
        for key, words in _NUMBERS:
            self.numbers[key].setAccessibleName(tr(words))
            self.numbers[key].setMinimumWidth(self.numbers[key].sizeHint().width())
            form.addRow(label(tr(words)), self.numbers[key])
        self.name.setAccessibleName(tr("Name"))
        self.source.setAccessibleName(tr("Source"))
        form.addRow(label(tr("Source")), self.source)
        sides = QHBoxLayout()
        sides.addLayout(left, 2)
        sides.addLayout(form, 3)
        column = QVBoxLayout(self)
        column.addLayout(sides, 1)
        self.why.setMinimumHeight(2 * self.why.fontMetrics().lineSpacing())
        column.addWidget(self.why)
        column.addWidget(self.buttons)

    def _fill(self, row: int) -> None:
        self.list.blockSignals(True)
        self.list.clear()
        for tool in self.library.tools:
            name = literal(tr(tool.name))
            self.list.addItem(name if tool.own else tr("{tool} (standard)", tool=name))
        self.list.blockSignals(False)
        self.list.setMinimumWidth(min(self.list.sizeHintForColumn(0) + scaled(16), scaled(300)))
        self.list.setCurrentRow(row)
        self._show()

    def _show(self) -> None:
        tool = self.chosen
        if tool is None:
            return
        parts: list[QWidget] = [self.name, self.source, *self.numbers.values()]
        for part in parts:
            part.blockSignals(True)
        self.name.setText(tr(tool.name))
        self.source.setPlainText(tr(tool.source) if tool.source else "")
        for key, field in self.numbers.items():
            field.setValue(getattr(tool, key) or 0.0)
        why = "" if tool.own else tr(_READ_ONLY)
        for part in parts:
            part.blockSignals(False)
            part.setEnabled(tool.own)
            part.setToolTip(tip(why))
        self.delete.setEnabled(tool.own)
        self.delete.setToolTip(tip(why))
        self._check()

    def _check(self) -> None:
        problem, tool = self.problem, self.chosen
        note = "" if tool is None or tool.own else tr(_READ_ONLY)
        self.why.setText(problem or note)
        self.buttons.button(QDialogButtonBox.StandardButton.Save).setEnabled(not problem)

    def _take(self) -> None:
        tool = self.chosen
        if tool is None or not tool.own:
            return
        values = {key: field.value() for key, field in self.numbers.items()}
        known = {key: values[key] or None for key in _UNKNOWN}
        new = replace(
            tool, name=self.name.text(), source=self.source.toPlainText(), kerf_mm=values["kerf_mm"],
            kerf_range_mm=(values["kerf_mm"], values["kerf_mm"]), overshoot_mm=values["overshoot_mm"],
            width_mm=known["width_mm"], reach_mm=known["reach_mm"],
        )  # fmt: skip
        self.library = self.library.with_own(tuple(new if t is tool else t for t in self.library.own))
        item = self.list.currentItem()
        if item is not None:
            item.setText(literal(new.name))
        self._check()

    def _add(self, tool: Tool) -> None:
        number, name = 2, tool.name
        taken = {tr(t.name) for t in self.library.tools}
        while tool.name in taken:
            tool, number = replace(tool, name=f"{name} {number}"), number + 1
        tool = replace(tool, id=free_tool_id(tool.name, self.library), own=True)
        self.library = self.library.with_own((*self.library.own, tool))
        self._fill(len(self.library.tools) - 1)
        self.name.setFocus()
        self.name.selectAll()

    def _copy(self) -> None:
        tool = self.chosen
        if tool is not None:
            source = tr(tool.source) if tool.source else ""
            self._add(replace(tool, name=tr("{tool}, own", tool=tr(tool.name)), source=source))

    def _delete(self) -> None:
        tool, row = self.chosen, self.list.currentRow()
        if tool is not None and tool.own:
            self.library = self.library.with_own(tuple(t for t in self.library.own if t is not tool))
            self._fill(min(row, len(self.library.tools) - 1))
