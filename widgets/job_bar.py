"""What works in the background: how far it is, how long it still takes, and a way to stop it."""

import time
from collections.abc import Sequence
from typing import Final, Protocol

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QToolButton, QWidget

from planning.texts import tr
from widgets.announce import announce
from widgets.plain_text import label, tip
from widgets.theme import scaled
from widgets.time_left import TimeLeft, time_left_words

_SHOW_AFTER_S: Final = 0.5
_WIDTH_PX: Final = 460
_WIDEST_PX: Final = 620  # beside it stands what the program says, which matters more
_GAPS_PX: Final = 30


class Job(Protocol):
    """What the bar needs to know of a job."""

    key: str
    title: str
    message: str
    fraction: float
    started_s: float
    can_cancel: bool
    background: bool


class JobBar(QWidget):
    """Shows in one line what runs: first what the user began, counted behind it what runs by itself.

    What has no room is left out or cut short; the tooltip and the accessible name have every word.

    Signals
    -------
    cancel_asked(str)
        Key of the job to stop.
    """

    cancel_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs: tuple[Job, ...] = ()
        self._shown: Job | None = None
        self._said: tuple[str, float] | None = None
        self._paces: dict[tuple[str, float], TimeLeft] = {}
        self.words = label("", "muted")
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Progress"))
        self.cancel = QToolButton()
        self.cancel.setText(tr("Cancel"))
        self.cancel.clicked.connect(self._ask_cancel)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 0, 6, 0)
        row.addWidget(self.words, 1)
        row.addWidget(self.bar)
        row.addWidget(self.cancel)
        self.fit_to_text()
        self._tick = QTimer(self)
        self._tick.setInterval(250)
        self._tick.timeout.connect(self._show)
        self._show()

    def fit_to_text(self) -> None:
        """Keep one size at this size of text, so that nothing beside it moves while work comes and goes."""
        self.bar.setFixedSize(scaled(110), scaled(10))
        width = min(scaled(_WIDTH_PX), _WIDEST_PX)
        self.setFixedSize(
            width, max(self.words.fontMetrics().lineSpacing(), self.cancel.sizeHint().height()) + 4
        )

    def show_jobs(self, jobs: Sequence[Job]) -> None:
        """Show what runs; work shorter than half a second is not worth a flicker."""
        self._jobs = tuple(sorted(jobs, key=lambda job: job.background))  # else the oldest first
        kept = {_name(job): self._paces.get(_name(job)) or TimeLeft(job.started_s) for job in self._jobs}
        self._paces = kept
        if self._jobs:
            self._tick.start()
        else:
            self._tick.stop()
        self._show()

    def _show(self) -> None:
        now = time.monotonic()
        long = [job for job in self._jobs if now - job.started_s >= _SHOW_AFTER_S]
        for part in (self.bar, self.cancel):
            part.setVisible(bool(long))
        self._shown = job = long[0] if long else None
        if job is None:
            for say in (self.words.setText, self.words.setToolTip, self.words.setAccessibleName):
                say("")
            return
        self._show_words(job, time_left_words(self._paces[_name(job)].update(now, job.fraction)), long[1:])
        self.cancel.setAccessibleName(tr("Cancel: {work}", work=job.title))
        self._say(job)
        self.bar.setRange(0, 0 if job.fraction <= 0 else 1000)
        self.bar.setValue(round(job.fraction * 1000))
        self.cancel.setEnabled(job.can_cancel)
        stops = tr("Stop this work. Nothing is changed by it.")
        self.cancel.setToolTip(tip(stops if job.can_cancel else tr("This cannot be stopped halfway.")))

    def _show_words(self, job: Job, left: str, behind: Sequence[Job]) -> None:
        """Say as much as one line has room for; the time left goes before what runs behind."""
        message = job.message if job.message != job.title else ""
        titles = tuple(dict.fromkeys(other.title for other in behind if other.title != job.title))
        others = tr("+{count} more", count=len(titles)) if titles else ""
        ways = ((job.title, message, left, others), (job.title, left, others), (job.title, left))
        lines = [" · ".join(part for part in way if part) for way in ways]
        metrics, room = self.words.fontMetrics(), self._room_px()
        line = next((line for line in lines if metrics.horizontalAdvance(line) <= room), lines[-1])
        self.words.setText(metrics.elidedText(line, Qt.TextElideMode.ElideRight, room))
        self.words.setToolTip(tip("\n".join((lines[0], *titles))))
        self.words.setAccessibleName(lines[0])

    def _say(self, job: Job) -> None:
        """Have each long job read out once."""
        if _name(job) != self._said:
            self._said = _name(job)
            announce(self, job.title)

    def _room_px(self) -> int:
        return self.width() - self.bar.width() - self.cancel.sizeHint().width() - _GAPS_PX

    def _ask_cancel(self) -> None:
        if self._shown is not None:
            self.cancel_asked.emit(self._shown.key)


def _name(job: Job) -> tuple[str, float]:
    return job.key, job.started_s


def time_left(elapsed_s: float, fraction: float) -> str:
    """Return how long is left in words, from the pace since the start alone."""
    return time_left_words(TimeLeft(0.0).update(elapsed_s, fraction))
