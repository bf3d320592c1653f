"""The safety board: always in sight, worst first, every line with its place; only current numbers."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from planning.safety.board import BoardLine
from planning.safety.results import Status
from planning.texts import literal, tr
from widgets.plain_text import label, tip
from widgets.status_mark import status_pixmap, status_word
from widgets.theme import present_theme


class BoardRow(QFrame):
    """One line: shape, word, sentence, and what a person may do about it.

    Signals
    -------
    place_asked(BoardLine), accept_asked(BoardLine), withdraw_asked(BoardLine)
    """

    place_asked = Signal(object)
    accept_asked = Signal(object)
    withdraw_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("row")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.line: BoardLine | None = None
        self._dress: tuple[object, ...] = ()
        self._mark = QLabel()
        self._mark.setFixedSize(18, 18)
        self.word = label("", "title")
        self.step = label("", "muted")
        self.sentence = label("", wrap=True)
        self.accepted = label("", "muted", wrap=True)
        self.accept = QPushButton(tr("Accept..."))
        self.accept.clicked.connect(self._act)
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self._mark)
        head.addWidget(self.word)
        head.addWidget(self.step, 1)
        head.addWidget(self.accept)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(8, 5, 6, 6)
        self._column.setSpacing(3)
        self._column.addLayout(head)
        self._column.addWidget(self.sentence)
        self._column.addWidget(self.accepted)

    def show_line(self, line: BoardLine, *, may_accept: bool) -> None:
        """Show a line; nothing is done where it is the same."""
        if line == self.line and self.accept.isEnabled() == may_accept:
            return
        self.line = line
        self.sentence.setText(line.sentence)
        self.setAccessibleName(literal(f"{status_word(line.status)}. {line.sentence}"))
        has_place = line.tool_point_lps_mm is not None
        # All but the number stays the same from frame to frame of a drag.
        dress = (line.status, line.step, line.key, line.accepted, may_accept, has_place, present_theme())
        if dress != self._dress:
            self._dress = dress
            self._show_dress(line, may_accept)

    def _show_dress(self, line: BoardLine, may_accept: bool) -> None:
        """Show everything but the sentence."""
        self._mark.setPixmap(status_pixmap(line.status, 18))
        self.word.setText(status_word(line.status))
        self.step.setText(tr("step {step}", step=line.step) if line.step is not None else "")
        self._show_acceptance(line, may_accept)
        has_place = line.tool_point_lps_mm is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if has_place else Qt.CursorShape.ArrowCursor)
        self.setToolTip(tip(tr("Click: all views fly to the two closest points.")) if has_place else "")
        self.setProperty("status", line.status.value)
        self.style().unpolish(self)
        self.style().polish(self)

    def layout_now(self) -> None:
        """Forget how high the row was with its former words."""
        self._column.invalidate()

    def forget(self) -> None:
        """Hold no number any more; the words go with the next line, before anything is painted."""
        self.line = None
        self.sentence.clear()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Fly to the place."""
        if event.button() is Qt.MouseButton.LeftButton and self.line is not None:
            self.place_asked.emit(self.line)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Fly to the place by Enter or Space."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.line is not None:
            self.place_asked.emit(self.line)
        else:
            super().keyPressEvent(event)

    def _show_acceptance(self, line: BoardLine, may_accept: bool) -> None:
        possible = line.key is not None and line.status in (Status.FAIL, Status.WARN)
        self.accept.setVisible(possible or line.accepted is not None)
        self.accept.setEnabled(may_accept)
        self.accept.setText(tr("Accept...") if line.accepted is None else tr("Withdraw"))
        self.accept.setToolTip(
            tip(
                tr("Accept this with your name and the reason. It keeps its status and is printed so.")
                if line.accepted is None
                else tr("Take the acceptance back.")
            )
        )
        self.accepted.setVisible(line.accepted is not None)
        if line.accepted is not None:
            self.accepted.setText(
                tr("Accepted by {by}: {reason}", by=line.accepted.by, reason=line.accepted.reason)
            )

    def _act(self) -> None:
        if self.line is not None:
            (self.accept_asked if self.line.accepted is None else self.withdraw_asked).emit(self.line)


class SafetyBoard(QFrame):
    """The board.

    Signals
    -------
    place_asked(BoardLine), accept_asked(BoardLine), withdraw_asked(BoardLine)
    matrix_asked()
        Show every number.
    """

    place_asked = Signal(object)
    accept_asked = Signal(object)
    withdraw_asked = Signal(object)
    matrix_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setMinimumWidth(250)
        self._mark = QLabel()
        self._mark.setFixedSize(22, 22)
        self.overall = label("", "heading")
        self.note = label("", "muted", wrap=True)
        self.matrix = QPushButton(tr("All numbers..."))
        self.matrix.setToolTip(tip(tr("Every clearance, with overshoot and lower bound, and all margins.")))
        self.matrix.clicked.connect(self.matrix_asked)
        head = QHBoxLayout()
        head.addWidget(self._mark)
        head.addWidget(self.overall, 1)
        head.addWidget(self.matrix)
        self.remarks = label("", "muted", wrap=True)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(5)
        self._inner = QWidget()
        self._filling = QVBoxLayout(self._inner)
        self._filling.setContentsMargins(0, 0, 4, 0)
        self._filling.addLayout(self._rows)
        self._filling.addWidget(self.remarks)
        self._filling.addStretch(1)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(self._inner)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 6, 8)
        column.addWidget(label(tr("Safety board"), "muted"))
        column.addLayout(head)
        column.addWidget(self.note)
        column.addWidget(self._area, 1)
        self.rows: list[BoardRow] = []
        self.show_nothing(tr("Nothing to check yet."))

    @property
    def lines(self) -> tuple[BoardLine, ...]:
        """The lines on screen."""
        return tuple(row.line for row in self.rows if row.line is not None and not row.isHidden())

    def show_lines(self, status: Status, lines: Sequence[BoardLine], notes: Sequence[str]) -> None:
        """Show a current evaluation."""
        self._mark.setVisible(True)
        self._mark.setPixmap(status_pixmap(status, 22))
        self.overall.setText(status_word(status))
        self.matrix.setEnabled(True)
        self._say(counted(lines))
        self._show(lines, "\n".join(f"• {note}" for note in notes), may_accept=True)

    def withdraw(self) -> None:
        """Take every line away at once; what may be shown follows."""
        self._mark.setVisible(False)
        self.overall.setText(tr("UPDATING"))
        self.matrix.setEnabled(False)
        for row in self.rows:
            row.forget()

    def show_updating(
        self, live: Sequence[BoardLine] = (), rest: Sequence[str] = (), *, in_hand: bool = True
    ) -> None:
        """Withdraw every number; only what was computed from this very drag is shown.

        `rest` names the cuts that are being checked again, so that the board says what is still to come;
        `in_hand` says that the drag is still under way.
        """
        self._mark.setVisible(False)
        self.overall.setText(tr("UPDATING"))
        self.matrix.setEnabled(False)
        if not live:
            self._say(tr("The plan is being checked; numbers follow."))
        elif in_hand:
            self._say(tr("Measured while you drag, not yet confirmed:"))
        else:
            self._say(tr("Measured as you let go, not yet confirmed:"))
        self._show(
            live, "\n".join(f"◌ {tr('{cut}: being checked', cut=cut)}" for cut in rest), may_accept=False
        )

    def show_nothing(self, why: str) -> None:
        """Say why nothing is shown."""
        self._mark.setVisible(False)
        self.overall.setText(tr("No numbers"))
        self.matrix.setEnabled(False)
        self._say(why)
        self._show((), "", may_accept=False)

    def _say(self, note: str) -> None:
        self.note.setText(note)
        self.note.setVisible(bool(note))

    def _show(self, lines: Sequence[BoardLine], remarks: str, *, may_accept: bool) -> None:
        self.remarks.setText(remarks)
        while len(self.rows) < len(lines):
            row = BoardRow()
            row.place_asked.connect(self.place_asked)
            row.accept_asked.connect(self.accept_asked)
            row.withdraw_asked.connect(self.withdraw_asked)
            self._rows.addWidget(row)
            self.rows.append(row)
        for row, line in zip(self.rows, lines, strict=False):
            row.show_line(line, may_accept=may_accept)
            row.setVisible(True)
        for row in self.rows[len(lines) :]:
            row.setVisible(False)
            row.forget()
        self._settle()

    def _settle(self) -> None:
        """Give every row its height now: views that are drawn next would keep half-laid rows on screen."""
        # There with any row: rows keep their width, and with it their height, whatever their number.
        policy = Qt.ScrollBarPolicy
        bar = policy.ScrollBarAlwaysOn if self.lines else policy.ScrollBarAsNeeded
        self._area.setVerticalScrollBarPolicy(bar)
        room = self._area.viewport().size()
        for row in self.rows:
            row.layout_now()
        self._filling.invalidate()
        self._inner.resize(room.width(), max(self._filling.totalHeightForWidth(room.width()), room.height()))
        self._filling.activate()


def counted(lines: Sequence[BoardLine]) -> str:
    """Return how many lines of each status there are, and how many of them a person has accepted."""
    words = {
        Status.FAIL: tr("{count} fail"),
        Status.NOT_ASSESSED: tr("{count} not assessed"),
        Status.WARN: tr("{count} warn"),
        Status.PASS: tr("{count} pass"),
    }
    numbers = {status: sum(line.status is status for line in lines) for status in words}
    parts = [words[status].format(count=count) for status, count in numbers.items() if count]
    accepted = sum(line.accepted is not None for line in lines)
    return " · ".join([*parts, *([tr("{count} accepted", count=accepted)] if accepted else [])])
