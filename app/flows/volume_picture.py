"""The image itself in 3D: made ready in the background, shown where it is still wanted."""

from dataclasses import replace
from typing import Final

from PySide6.QtCore import QObject, Signal

from app.jobs import Jobs
from app.session import Session
from planning.geometry.reduction import averaged
from planning.geometry.volume import Volume
from planning.texts import tr
from rendering.scene_state import DrawnVolume
from rendering.volume_picture import MOST_VOXELS
from widgets.message_bar import Message
from widgets.views.four_up import FourUp

_JOB: Final = "volume-picture"


class VolumePictureFlow(QObject):
    """Switches the volume picture on and off.

    Signals
    -------
    told(Message)
    """

    told = Signal(object)

    def __init__(self, parent: QObject, session: Session, jobs: Jobs, views: FourUp) -> None:
        super().__init__(parent)
        self._session, self._jobs, self._views = session, jobs, views

    def toggle(self, preset: str) -> None:
        """Show the planning image by a preset; the same preset again takes it away."""
        case, shown = self._session.case, self._views.looking.picture
        self._jobs.cancel(_JOB)
        if case is None or case.image is None or (shown is not None and shown.preset == preset):
            self._show(None)
            return
        if shown is not None:
            self._show(replace(shown, preset=preset))
            return
        volume = case.image.volume

        def done(small: Volume) -> None:
            now = self._session.case
            if now is None or now.image is None or now.image.volume is not volume:
                return
            self._show(DrawnVolume(small, preset))
            said = self._words(small, volume)
            if said:
                self.told.emit(Message(" ".join(said)))

        self._jobs.start(
            _JOB, tr("Volume picture"), lambda progress: averaged(volume, MOST_VOXELS, progress), done
        )

    def _words(self, small: Volume, volume: Volume) -> list[str]:
        """Say what is coarser or slower about this picture, and why."""
        size = f"{max(small.grid.spacing_ijk_mm):.1f}"
        coarse = tr("The volume picture shows voxels of {size} mm, averaged to save memory and time. "
                    "Nothing is measured in it.", size=size)  # fmt: skip
        slow = tr("There is no graphics card here: the processor draws it, slowly, without light, and "
                  "coarser while it moves.")  # fmt: skip
        software = self._views.spine.scene.draws_in_software
        return [words for words, so in ((coarse, small is not volume), (slow, software)) if so]

    def _show(self, picture: DrawnVolume | None) -> None:
        self._views.look(replace(self._views.looking, picture=picture))
