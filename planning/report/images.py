"""The images of a case in the report: what each is, where it lies, what the import found in it."""

from planning.imaging.intake import OF_STRUCTURES
from planning.model.case import Case
from planning.model.frame_relation import relation_words
from planning.model.study import Finding, Severity, StudyImage
from planning.report.identity import Identity, date_words
from planning.texts import tr


def image_rows(case: Case, identity: Identity) -> list[tuple[str, str]]:
    """Return what is said of every image, as pairs of name and words.

    Identifiers of study and series are printed in full reports only.
    """
    rows = []
    for number, image in enumerate(case.images, 1):
        title = tr("Image {number}", number=number) if len(case.images) > 1 else tr("Image")
        rows.append((title, _described(image)))
        if len(case.images) > 1:
            rows.append((tr("Place"), relation_words(case, image)))
        if identity is Identity.FULL:
            rows.append((tr("Study UID"), image.study_uid or tr("none")))
            rows.append((tr("Series UID"), image.series_uid or tr("none")))
        # What is a mere note on structures stands with these.
        found = (f for f in image.findings if f.code not in OF_STRUCTURES or f.severity is Severity.WARN)
        rows += [(tr("Import finding"), _found(case, image, finding)) for finding in found]
    return rows


def _described(image: StudyImage) -> str:
    kji, (i, j, k) = image.volume.grid.shape_kji, image.volume.grid.spacing_ijk_mm
    size = f"{kji[2]} x {kji[1]} x {kji[0]}, {i:.3g} x {j:.3g} x {k:.3g} mm"
    words = (image.modality, image.description, date_words(image.acquired), image.contrast)
    return f"{' · '.join(w for w in words if w) or image.id} · {size}"


def _found(case: Case, image: StudyImage, finding: Finding) -> str:
    known = case.acknowledgement(image.id, finding.code)
    words = f"▲ {finding.message}" if finding.severity is Severity.WARN else finding.message
    if known is None:
        return words
    at = f"{known.at:%Y-%m-%d %H:%M}"
    return f"{words} {tr('Acknowledged by {by} on {at}.', by=known.by, at=at)}"
