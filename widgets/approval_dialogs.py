"""Approve a plan, or withdraw that, by name."""

from PySide6.QtWidgets import QPlainTextEdit, QWidget

from planning.texts import tr
from widgets.access import named_row
from widgets.dialogs import NamedDialog


class ApproveDialog(NamedDialog):
    """Say who approves, in full view of what is open.

    Parameters
    ----------
    plan : str
    counts : tuple of int
        Results that fail, are not assessed, and warn, without those accepted.

    Attributes
    ----------
    said : str
        What was open when it was approved, for the record.
    """

    def __init__(
        self, plan: str, counts: tuple[int, int, int], by: str, parent: QWidget | None = None
    ) -> None:
        fails, missing, warns = counts
        if any(counts):
            self.said = tr(
                "Open on the safety board: {fails} fail, {missing} not assessed, {warns} warn.",
                fails=fails, missing=missing, warns=warns,
            )  # fmt: skip
        else:
            self.said = tr("Nothing is open on the safety board.")
        text = tr(
            "You approve “{plan}” with its images, structures, limits and program version.\n\n{state}\n\n"
            "The case is saved, and your name goes into its record for good. Any later change voids the "
            "approval.",
            plan=plan, state=self.said,
        )  # fmt: skip
        super().__init__(tr("Approve the plan"), text, by, parent)


class WithdrawDialog(NamedDialog):
    """Say who withdraws an approval, and why."""

    def __init__(self, plan: str, by: str, parent: QWidget | None = None) -> None:
        self.reason = QPlainTextEdit()
        self.reason.setMaximumHeight(90)
        text = tr(
            "The approval of “{plan}” is withdrawn. The record keeps both, the approval and this.",
            plan=plan,
        )
        super().__init__(tr("Withdraw the approval"), text, by, parent)
        named_row(self.form, tr("Reason"), self.reason)
        self.reason.textChanged.connect(self.check)

    def lacking(self) -> str:
        """Return what is missing."""
        return super().lacking() or ("" if self.reason.toPlainText().strip() else tr("Give the reason."))
