"""A resampled image comes back with the slices it was made from, and with who acknowledged its gaps."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from planning.editing.image_edits import AcknowledgeFinding
from planning.model.original_stack import OriginalStack
from planning.model.study import Finding, Severity
from planning.storage.case_file import CaseFile, open_case
from tests.builders import a_case, a_cord_cylinder

AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def test_the_original_slices_and_the_acknowledgement_are_kept(tmp_path: Path) -> None:
    case = a_case(a_cord_cylinder())
    grid = case.images[0].volume.grid
    places = [grid.to_lps((0.1, 2.0, k)) for k in range(grid.shape_kji[0]) if k != 9]
    original = OriginalStack(
        tuple((float(x), float(y), float(z)) for x, y, z in places),
        (1.0, 0.0, 0.0),
        (0.0, 1.0, 0.0),
        (0.7, 0.7),
        columns=20,
        rows=18,
        sop_instance_uids=tuple(f"1.2.{n}" for n in range(len(places))),
        frames=(0,) * len(places),
        gaps=(8,),
    )
    gap = Finding("GAP", "slices are missing", (), Severity.WARN)
    image = replace(case.images[0], original=original, slice_thickness_mm=1.25, findings=(gap,))
    case = AcknowledgeFinding(image.id, "GAP", "Dr R", AT).apply(replace(case, images=(image,)))
    path = tmp_path / "case.enbloc"
    CaseFile.create(path, case, "first").close()
    opened = open_case(path)
    assert opened.images[0].original == original
    assert opened.images[0].slice_thickness_mm == 1.25
    assert opened.images[0].coverage == image.coverage
    assert opened.unacknowledged == ()
    known = opened.acknowledgement(image.id, "GAP")
    assert known is not None
    assert (known.by, known.at) == ("Dr R", AT)
