"""What a person chose of a scan, and why it may not be loaded so."""

from dataclasses import dataclass, field
from typing import Final

from planning.editing.image_edits import match_among, match_with
from planning.imaging.memory_need import in_gb
from planning.imaging.reduced import Reduction, needed_for, why_not_reduced
from planning.imaging.series import SeriesSummary
from planning.model.case import Case
from planning.model.patient_match import Match
from planning.model.study import Patient
from planning.texts import tr

# The more doubtful come first.
_DOUBT: Final = (Match.OTHER, Match.UNSURE, Match.UNKNOWN, Match.SAME)


@dataclass(frozen=True)
class ChosenSeries:
    """One series, and how much of it."""

    series: SeriesSummary
    reduction: Reduction = field(default_factory=Reduction)


@dataclass(frozen=True, eq=False)
class ImportChoice:
    """Series to be loaded together.

    Parameters
    ----------
    series : tuple of ChosenSeries
        In a new case the first becomes the planning image.
    case : Case or None
        The open case they are added to; None makes a new one.
    confirmed_by : str
        Who vouches that all show one patient, where headers do not prove it.
    """

    series: tuple[ChosenSeries, ...]
    case: Case | None = None
    confirmed_by: str = ""

    @property
    def match(self) -> Match:
        """The most doubtful answer to the question whether all this is of one patient."""
        summaries = [chosen.series for chosen in self.series]
        found = []
        for n, summary in enumerate(summaries):
            if self.case is not None:
                found.append(match_with(self.case, summary))
            elif n > 0:
                found.append(match_among(summary, summaries[:n]))
        pairs = [match_among(a, [b]) for n, a in enumerate(summaries) for b in summaries[:n]]
        if Match.OTHER in pairs:
            return Match.OTHER
        return next((doubt for doubt in _DOUBT if doubt in found), Match.SAME)

    @property
    def identities(self) -> tuple[Patient, ...]:
        """Every identity that meets here, each once."""
        of_case = [image.patient for image in self.case.images] if self.case is not None else []
        known = [*of_case, *(chosen.series.patient for chosen in self.series)]
        return tuple(dict.fromkeys(known))

    def needed_bytes(self) -> int:
        """Return the memory all of it takes."""
        return sum(needed_for(chosen.series, chosen.reduction) for chosen in self.series)

    def why_not(self, usable_bytes: int | None) -> str:
        """Return why this cannot be loaded, in words; empty where it can.

        Parameters
        ----------
        usable_bytes : int or None
            Memory that may be taken; None where nobody knows.
        """
        return self._why_not_these() or self._why_not_together() or self._why_not_in_memory(usable_bytes)

    def _why_not_these(self) -> str:
        if not self.series:
            return tr("Tick a series to load.")
        for chosen in self.series:
            if chosen.series.problem is not None:
                return chosen.series.problem.message
            why_not = why_not_reduced(chosen.series, chosen.reduction)
            if why_not:
                return why_not
        return ""

    def _why_not_together(self) -> str:
        match = self.match
        if match is Match.OTHER:
            return tr(
                "These images are of different patients: {identities}. They are never put into one case.",
                identities=tr(" and ").join(identity_words(p) for p in self.identities),
            )
        if match is Match.SAME or self.confirmed_by.strip():
            return ""
        return tr("Give your name to confirm that all images show the same patient.")

    def _why_not_in_memory(self, usable_bytes: int | None) -> str:
        needed = self.needed_bytes()
        if usable_bytes is None or needed <= usable_bytes:
            return ""
        return tr(
            "Not enough memory: about {needed} GB are needed and {usable} GB can be used. Choose a range of "
            "slices, average slices, or close other programs.",
            needed=in_gb(needed),
            usable=in_gb(usable_bytes),
        )


def identity_words(patient: Patient) -> str:
    """Return an identity for reading beside another one."""
    name = " ".join(part for part in patient.name.partition("=")[0].split("^") if part)
    words = ", ".join(part for part in (name, patient.patient_id, patient.birth_date, patient.sex) if part)
    return words or tr("nobody named")


def doubt_words(match: Match) -> str:
    """Return what is to be confirmed, and why; empty where nothing is."""
    return {
        Match.UNSURE: tr(
            "Number and birth date agree, but name or sex are written differently. Compare them; your name "
            "is kept with the image."
        ),
        Match.UNKNOWN: tr(
            "The headers do not prove that all images show the same patient. Make sure; your name is kept "
            "with the image."
        ),
    }.get(match, "")
