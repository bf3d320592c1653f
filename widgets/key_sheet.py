"""Mouse and keys on one sheet: to read, to print, to keep as PDF."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QMarginsF
from PySide6.QtGui import QPagedPaintDevice, QPageLayout, QPageSize, QPdfWriter, QTextDocument
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFileDialog, QPushButton, QVBoxLayout, QWidget

from planning.texts import tr
from widgets.guide.page_view import PageView
from widgets.guide.pages import Page, Section, table
from widgets.theme import scaled

_MARGIN_MM: Final = 15.0


class KeySheet(QDialog):
    """Shows what mouse and keys do; never modal, so that they can be tried beside it.

    Parameters
    ----------
    gestures : sequence of (where, how)
    keys : sequence of (command, keys, menu)
    """

    def __init__(
        self,
        gestures: Sequence[tuple[str, str]],
        keys: Sequence[tuple[str, str, str]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Mouse and keys"))
        self.setModal(False)
        self.resize(min(scaled(640), 1100), 700)
        mouse = table((tr("Where"), tr("How")), list(gestures))
        typed = table((tr("Command"), tr("Keys"), tr("Menu")), list(keys))
        sections = (
            Section("top", tr("Mouse and keys"), 1, ""),
            Section("mouse", tr("Mouse and view keys"), 2, f"\n{mouse}\n"),
            Section("keys", tr("Commands"), 2, f"\n{typed}\n"),
        )
        self.sheet = PageView()
        self.sheet.setAccessibleName(tr("Mouse and keys"))
        self.sheet.show_page(Page("keys", sections, Path()))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.print = QPushButton(tr("Print..."))
        self.keep = QPushButton(tr("Save as PDF..."))
        for button, act in ((self.print, self._print), (self.keep, self._choose_pdf)):
            button.setAutoDefault(False)
            button.clicked.connect(act)
            buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        self.sheet.setFocus()
        column = QVBoxLayout(self)
        column.addWidget(self.sheet, 1)
        column.addWidget(buttons)

    def write_pdf(self, path: Path) -> None:
        """Write the sheet as PDF on A4."""
        writer = QPdfWriter(str(path))
        writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
        writer.setTitle(self.windowTitle())
        self._put_on(writer)

    def _choose_pdf(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(
            self, tr("Save as PDF"), "enbloc-keys.pdf", f"{tr('PDF document')} (*.pdf)"
        )
        if chosen:
            self.write_pdf(Path(chosen).with_suffix(".pdf"))

    def _print(self) -> None:
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        if QPrintDialog(printer, self).exec() == QDialog.DialogCode.Accepted:
            self._put_on(printer)

    def _put_on(self, device: QPagedPaintDevice) -> None:
        edge = QMarginsF(_MARGIN_MM, _MARGIN_MM, _MARGIN_MM, _MARGIN_MM)
        device.setPageMargins(edge, QPageLayout.Unit.Millimeter)
        printed: QTextDocument = self.sheet.document().clone()
        printed.print_(device)
