"""What can go wrong, as a code and parameters; worded for the surgeon at the edge."""

from planning.texts import tr


class PlanningError(Exception):
    """A problem a person can do something about.

    Parameters
    ----------
    code : str
        Stable identifier such as ``PATIENT_MIX``; tests and logs use it.
    template : str
        English sentence marked with `planning.texts.mark`: what happened, what it means, what to do.
    **values
        Fields of the template. They may hold names from files, so they never go to a log.
    """

    def __init__(self, code: str, template: str, /, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.template = template
        self.values = values

    @property
    def message(self) -> str:
        """The sentence in the chosen language."""
        return tr(self.template, **self.values)

    def __str__(self) -> str:
        """Return the sentence for the user."""
        return self.message


class ImportRefused(PlanningError):
    """An image or archive cannot become a volume."""


class LabelsRefused(PlanningError):
    """A label map or its names cannot become structures."""


class PlanInvalid(PlanningError):
    """A plan breaks its contract; the message names the offending key."""


class SettingsInvalid(PlanningError):
    """A settings file (limits, tools, anatomy) breaks its contract."""


class EditRefused(PlanningError):
    """An edit does not apply to the present case."""


class ComputationFailed(PlanningError):
    """A computation could not give a number that may be shown."""


class CaseFileProblem(PlanningError):
    """A case file cannot be read, written or locked."""


class ExportRefused(PlanningError):
    """A report, picture or file may not be written, and the reason."""


class WorkerDied(PlanningError):
    """The child process that reads hostile files or cuts solids ended without an answer."""
