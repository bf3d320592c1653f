"""Work a crash left: what it is, and whether to open it, keep it for later or give it up."""

from dataclasses import dataclass

from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from planning.texts import literal, tr
from widgets.plain_text import label, tip


@dataclass(frozen=True)
class LeftRow:
    """One piece of work: which case, the last gesture, when that was, and whose case it is."""

    case: str
    gesture: str
    at: str
    patient: str = ""


class RecoveryDialog(QDialog):
    """Lists what was left; the newest is chosen.

    Attributes
    ----------
    answer : str
        ``recover``, ``discard``, or ``later``.
    """

    def __init__(
        self, rows: tuple[LeftRow, ...], problems: tuple[str, ...], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Unsaved work found"))
        self.resize(780, 300)
        self.answer = "later"
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels([tr("Case"), tr("Last step"), tr("When"), tr("Patient")])
        self.tree.setRootIsDecorated(False)
        self.tree.setAlternatingRowColors(True)
        self.tree.setAccessibleName(tr("Unsaved work"))
        for row in rows:
            texts = [literal(row.case), literal(row.gesture), row.at, literal(row.patient)]
            item = QTreeWidgetItem(self.tree, texts)
            for column, text in enumerate(texts):
                item.setToolTip(column, tip(text))
        self.tree.header().moveSection(3, 0)  # whose case it is comes first
        for column in range(4):
            self.tree.resizeColumnToContents(column)
        self.recover = QPushButton(tr("Recover"))
        self.discard = QPushButton(tr("Discard..."))
        later = QPushButton(tr("Later"))
        buttons = QDialogButtonBox()
        buttons.addButton(self.recover, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(later, QDialogButtonBox.ButtonRole.RejectRole)
        buttons.addButton(self.discard, QDialogButtonBox.ButtonRole.DestructiveRole)
        self.recover.setDefault(True)
        self.recover.clicked.connect(lambda: self._end("recover"))
        self.discard.clicked.connect(lambda: self._end("discard"))
        later.clicked.connect(self.reject)
        whole = QVBoxLayout(self)
        text = tr(
            "EnBloc ended before this work was saved. It is here exactly as it was after the last step. "
            "What you leave for later is offered again at the next start."
        )
        whole.addWidget(label(text, wrap=True))
        whole.addWidget(self.tree, 1)
        for problem in problems:
            whole.addWidget(label(f"▲ {problem}", wrap=True))
        whole.addWidget(buttons)
        newest = self.tree.topLevelItem(0)
        if newest is not None:
            self.tree.setCurrentItem(newest)
        for button in (self.recover, self.discard):
            button.setEnabled(bool(rows))
            button.setToolTip("" if rows else tip(tr("None of it can be read.")))

    @property
    def chosen(self) -> int:
        """Which row is chosen, counted from 0."""
        item = self.tree.currentItem()
        return self.tree.indexOfTopLevelItem(item) if item is not None else -1

    def _end(self, answer: str) -> None:
        self.answer = answer
        self.done(QDialog.DialogCode.Accepted if answer == "recover" else QDialog.DialogCode.Rejected)
