"""Which part of a case file is damaged, in words."""

from dataclasses import dataclass

from planning.texts import tr


@dataclass(frozen=True)
class Damage:
    """One object of a case file that is damaged or missing, and what was done about it.

    Parameters
    ----------
    code : str
        ``IMAGE``, ``STRUCTURE``, ``ANATOMY``, ``VERSION`` or ``FILE``.
    template : str
        English sentence marked for translation.
    values : tuple of (name, text)
        Fields of the template.
    """

    code: str
    template: str
    values: tuple[tuple[str, str], ...] = ()

    @property
    def message(self) -> str:
        """The sentence in the chosen language."""
        return tr(self.template, **dict(self.values))
