"""What every reader of images returns."""

from dataclasses import dataclass

from planning.model.study import Patient, StudyImage


@dataclass(frozen=True, eq=False)
class LoadedImage:
    """An image ready for a case.

    Parameters
    ----------
    image : StudyImage
        Voxels, grid, descriptions and findings.
    patient : Patient
        Identity as the image gives it; empty for volume files, which carry none.
    """

    image: StudyImage
    patient: Patient
