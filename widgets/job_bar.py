"""What works in the background: how far it is, how long it still takes, and a way to stop it."""

import time
from collections.abc import Sequence
from typing import Final, Protocol

from PySide6.QtCore import QRect, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QToolButton, QWidget

from planning.texts import tr
from widgets.announce import announce
from widgets.plain_text import label, tip
from widgets.theme import scaled
from widgets.time_left import TimeLeft, time_left_words

_SHOW_AFTER_S: Final = 0.5
_WIDTH_PX: Final = 400
_WIDEST_PX: Final = 560  # beside it stands what the program says, which matters more
_GAPS_PX: Final = 30
_LINES: Final = 2


class Job(Protocol):
    """What the bar needs to know of a job."""

    key: str
    title: str
    message: str
    fraction: float
    started_s: float
    can_cancel: bool


class JobBar(QWidget):
    """Shows the oldest running job, and how many wait behind it.

    Signals
    -------
    cancel_asked(str)
        Key of the job to stop.
    """

    cancel_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs: tuple[Job, ...] = ()
        self._said: tuple[str, float] | None = None
        self._paces: dict[tuple[str, float], TimeLeft] = {}
        self.words = label("", "muted", wrap=True)
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
        self.setFixedSize(width, _LINES * self.words.fontMetrics().lineSpacing() + 8)

    def show_jobs(self, jobs: Sequence[Job]) -> None:
        """Show what runs; work shorter than half a second is not worth a flicker."""
        self._jobs = tuple(jobs)
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
        if not long:
            self.words.setText("")
            return
        job = long[0]
        words = [job.title, job.message] if job.message and job.message != job.title else [job.title]
        left = time_left_words(self._paces[_name(job)].update(now, job.fraction))
        others = [tr("+{count} more", count=len(long) - 1)] if len(long) > 1 else []
        whole = " · ".join([*words, *([left] if left else []), *others])
        brief = " · ".join([job.title, left] if left else [job.title])
        self.words.setText(whole if self._fits(whole) else brief)
        self.words.setToolTip(tip("\n".join([whole, *(other.title for other in long[1:])])))
        self.cancel.setAccessibleName(tr("Cancel: {work}", work=job.title))
        self._say(job)
        self.bar.setRange(0, 0 if job.fraction <= 0 else 1000)
        self.bar.setValue(round(job.fraction * 1000))
        self.cancel.setEnabled(job.can_cancel)
        stops = tr("Stop this work. Nothing is changed by it.")
        self.cancel.setToolTip(tip(stops if job.can_cancel else tr("This cannot be stopped halfway.")))

    def _say(self, job: Job) -> None:
        """Have each long job read out once."""
        if _name(job) != self._said:
            self._said = _name(job)
            announce(self, job.title)

    def _fits(self, words: str) -> bool:
        others = self.bar.width() + self.cancel.sizeHint().width() + _GAPS_PX
        room = QRect(0, 0, self.width() - others, 1000)
        needed = self.words.fontMetrics().boundingRect(room, Qt.TextFlag.TextWordWrap, words)
        return needed.height() <= _LINES * self.words.fontMetrics().lineSpacing()

    def _ask_cancel(self) -> None:
        if self._jobs:
            self.cancel_asked.emit(self._jobs[0].key)


def _name(job: Job) -> tuple[str, float]:
    return job.key, job.started_s


def time_left(elapsed_s: float, fraction: float) -> str:
    """Return how long is left in words, from the pace since the start alone."""
    return time_left_words(TimeLeft(0.0).update(elapsed_s, fraction))
