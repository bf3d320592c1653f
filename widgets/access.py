"""What a screen reader says of a control, and why a control that is off is off."""

from PySide6.QtWidgets import QFormLayout, QWidget

from widgets.plain_text import label, tip


def named_row(form: QFormLayout, words: str, field: QWidget) -> None:
    """Add a field under its words, which a screen reader says of it."""
    title = label(words)
    title.setBuddy(field)
    form.addRow(title, field)


def allow(control: QWidget, why_not: str, help_text: str = "") -> None:
    """Switch a control on, or off with the reason, where the pointer and a screen reader find it.

    Parameters
    ----------
    control : QWidget
    why_not : str
        Empty where the control can be used.
    help_text : str
        What it does, said while it is on.
    """
    control.setEnabled(not why_not)
    words = why_not or help_text
    control.setToolTip(tip(words))
    control.setAccessibleDescription(words)
