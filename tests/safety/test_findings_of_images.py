"""What the import found in an image that is not planned on is said with the image's name."""

from dataclasses import replace
from pathlib import Path

from planning.model.settings import load_settings
from planning.model.study import Finding, Severity
from planning.safety.completeness import remarks_of
from tests.builders import a_case, a_plan, a_vertebral_column

LIMITS = load_settings(Path(__file__).parents[2] / "resources").limits


def test_findings_of_other_images_name_their_image() -> None:
    levels = ("T9", "T10", "T11")
    case = a_case(a_vertebral_column(levels=levels), a_plan(levels=levels))
    gap = Finding("GAP", "One slice is missing.", severity=Severity.WARN)
    note = Finding("PADDING", "Some pixels were set to air.")
    ct = replace(case.images[0], findings=(gap,))
    mr = replace(case.images[0], id="mr", modality="MR", findings=(gap, note))
    remarks = remarks_of(replace(case, images=(ct, mr)), LIMITS)
    assert [w for w in remarks.cautions if "missing" in w and "slice" in w] == [
        "One slice is missing.",
        "Image 2 (MR): One slice is missing.",
    ]
    assert "Image 2 (MR): Some pixels were set to air." in remarks.notes
