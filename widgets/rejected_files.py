"""Every file a scan left aside, under the reason it was left aside for."""

from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QTreeView, QWidget

from planning.imaging.series import Rejected
from planning.texts import literal, mark, tr
from widgets.plain_text import tip

Index = QModelIndex | QPersistentModelIndex
_HEADERS: Final = (mark("File"), mark("Why it was left aside"))
_NOBODY_MISSES: Final = frozenset({"NOISE", "NOT_DICOM", "DICOMDIR"})
_FILE_PX: Final = 420
_OPEN_UP_TO: Final = 50


class RejectedModel(QAbstractItemModel):
    """Reasons, and under each its files; built once, however many there are."""

    def __init__(self, rejected: Sequence[Rejected], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        groups: dict[str, list[Rejected]] = {}
        for one in rejected:
            groups.setdefault(one.reason, []).append(one)
        # What may have been an image comes before what nobody misses.
        self.groups = sorted(groups.items(), key=lambda g: (g[1][0].code in _NOBODY_MISSES, -len(g[1])))

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        """Return a reason, or a file under one; a file's number is its reason's, counted from 1."""
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, parent.row() + 1 if parent.isValid() else 0)

    def parent(self, index: Index) -> QModelIndex:  # type: ignore[override]
        """Return a file's reason."""
        group = index.internalId() if index.isValid() else 0
        return self.createIndex(group - 1, 0, 0) if group else QModelIndex()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Return how many reasons there are, or files of one."""
        if not parent.isValid():
            return len(self.groups)
        return len(self.groups[parent.row()][1]) if not parent.internalId() and not parent.column() else 0

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Return the number of columns."""
        del parent
        return len(_HEADERS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        """Return a column's name."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return tr(_HEADERS[section])
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the words of a cell, literally; the tooltip has them whole."""
        if not index.isValid() or role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        words = self._words(index)
        return words if role == Qt.ItemDataRole.DisplayRole else tip(words)

    def _words(self, index: Index) -> str:
        group = index.internalId()
        if group:
            one = self.groups[group - 1][1][index.row()]
            return one.reason if index.column() else literal(str(one.file))
        reason, files = self.groups[index.row()]
        return reason if index.column() else tr("{count} file(s)", count=len(files))


class RejectedView(QTreeView):
    """Shows the rejected files of a scan; few of them at once, many by reason."""

    def __init__(self, rejected: Sequence[Rejected], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rejected = RejectedModel(rejected, self)
        self.setModel(self.rejected)
        self.setUniformRowHeights(True)
        self.setAlternatingRowColors(True)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setColumnWidth(0, _FILE_PX)
        self.setAccessibleName(tr("Files left aside"))
        if len(rejected) <= _OPEN_UP_TO:
            self.expandAll()
