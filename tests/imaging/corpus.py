"""Run files of the bad-input corpus through the import errand and judge what they got.

The corpus has two parts: what was made for it, and real files under licences of their own, which are
looked for beside the project, in ``../shared/badinput``, or where ``ENBLOC_BADINPUT`` points. Some of
the first part is copied into the project.
"""

import json
import os
import tarfile
import time
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pydicom

from app.errands.import_study import import_case
from app.errands.workbench import Workbench
from planning.errors import ImportRefused, PlanningError
from planning.imaging.decode import plane_of
from planning.imaging.scan import Scan, SeriesSummary, scan
from planning.kernel.process import Worker
from planning.model.study import Finding, Severity
from planning.progress import silent
from tests.imaging.second_reading import FAULTS, disagreement, scaled, stored_values

COPIED = Path(__file__).parents[1] / "data" / "badinput"
WHOLE = Path(os.environ.get("ENBLOC_BADINPUT", Path(__file__).parents[3] / "shared" / "badinput"))
SLOWEST_S = 5.0

# Findings that say nothing is wrong with the numbers, so the manifest expects no word of them.
_HARMLESS = frozenset({"NO_IDENTITY", "UNITS_MISSING", "THICK_SLICES", "NO_SERIES_UID"})
# Repairs that leave no trace but the right result, and properties that are no fault.
_WORDLESS = frozenset(
    {
        *(
            "PRIVATE_BIG",
            "ESCAPE",
            "NOISE",
            "PRIVATE_CREATOR_LOOKUP",
            "BAD_VR",
            "BAD_SQ",
            "EMPTY_DS",
            "J2K_SIGN",
        ),
        *("NO_PREAMBLE", "CHARSET", "NO_TS", "DICOMDIR", "ENHANCED"),
    }
)
# What one file alone cannot be, however well it reads.
_NO_VOLUME = frozenset({"TOO_FEW", "NOT_A_VOLUME", "NO_GEOMETRY", "NO_SPACING", "MULTI_FRAME"})
_NO_IMAGE = frozenset({"COLOUR", "LOCALIZER", "NOT_AN_IMAGE", "DICOMDIR", "NO_PIXELS"})
# Names as their files' makers publish them.
_NAMES = {
    "chrFren.dcm": "Buc^Jérôme",
    "chrFrenMulti.dcm": "Buc^Jérôme",
    "chrGreek.dcm": "Διονυσιος",
    "chrH32.dcm": "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    "chrX1.dcm": "Wang^XiaoDong=王^小東",
    "chrX2.dcm": "Wang^XiaoDong=王^小东",
}


@dataclass(frozen=True)
class Sample:
    """One row of a manifest.

    Parameters
    ----------
    name, kind : str
    source : Path
        What is imported; a packed folder is unpacked first.
    expected, code : str
        What the importer must do, in the words of the corpus, and the code it must give.
    """

    name: str
    kind: str
    source: Path
    expected: str
    code: str


@dataclass(frozen=True)
class Outcome:
    """What an import did.

    Parameters
    ----------
    refusals, findings, warnings : frozenset of str
        Codes; warnings are those findings that ask for a person.
    loaded : int
        Number of images.
    wrong : str
        In what loaded or decoded values differ from a second reading; empty where in nothing.
    compared : bool
        Whether pixels of a file that is no volume were decoded and compared.
    seconds : float
    """

    refusals: frozenset[str]
    findings: frozenset[str]
    warnings: frozenset[str]
    loaded: int
    wrong: str
    compared: bool
    seconds: float


@dataclass(frozen=True)
class Verdict:
    """How a sample fared.

    Parameters
    ----------
    sample : Sample
    happened : str
        In one line.
    met : bool
    silent_wrong : bool
        An image was loaded that must not be, or wrongly, and no finding says so.
    seconds : float
    """

    sample: Sample
    happened: str
    met: bool
    silent_wrong: bool
    seconds: float


def samples() -> list[Sample]:
    """Return the made samples: the copied ones, and all of them where the corpus is at hand."""
    rows: dict[str, Sample] = {}
    for folder in (COPIED, WHOLE / "generated"):
        manifest = folder / "manifest.json"
        if manifest.is_file():
            for row in json.loads(manifest.read_text("utf-8")):
                name = row["case"]
                rows[name] = Sample(name, row["kind"], folder / name, row["expect"], row["code"])
    return list(rows.values())


def real_samples() -> list[Sample]:
    """Return the real samples; none where the corpus is not at hand."""
    manifest = WHOLE / "real_manifest.json"
    rows = json.loads(manifest.read_text("utf-8")) if manifest.is_file() else []
    return [Sample(r["file"], "real", WHOLE / r["file"], r["expect"], r["code"]) for r in rows]


def unpacked(sample: Sample, scratch: Path) -> Sample:
    """Return the sample with the file or folder that is to be imported."""
    packed = sample.source.with_name(f"{sample.source.name}.tar.gz")
    if packed.is_file():
        with tarfile.open(packed) as archive:
            archive.extractall(scratch)  # made by this project; Debian 12's 3.11.2 has no filter
        return replace(sample, source=scratch / sample.name)
    if sample.kind in ("zip", "nifti", "stl"):
        return replace(sample, source=next(iter(sample.source.iterdir())))
    return sample


def verdict(sample: Sample, bench: Workbench, scratch: Path) -> Verdict:
    """Import a sample as a user would and judge what it got."""
    sample = unpacked(sample, scratch)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the second reader warns of what the sample is about
        outcome = _structures(sample, bench) if _is_structure(sample) else _images(sample, bench)
    # Loading may take as long as there is data; refusing may not.
    in_time = outcome.loaded > 0 or outcome.seconds < SLOWEST_S
    met = in_time and not outcome.wrong and _is_met(sample, outcome)
    told = outcome.findings - _HARMLESS
    unwanted = outcome.loaded > 0 and sample.expected in ("refuse", "refuse-as-volume")
    silent_wrong = (unwanted or (bool(outcome.wrong) and outcome.loaded > 0)) and not told
    return Verdict(sample, _words(outcome), met, silent_wrong, outcome.seconds)


def _is_structure(sample: Sample) -> bool:
    return sample.kind == "stl" or sample.code == "SEG" or sample.name.endswith("rtstruct.dcm")


def _structures(sample: Sample, bench: Workbench) -> Outcome:
    """Bring a surface or segmentation onto the clean reference image."""
    reference, clock = WHOLE / "generated" / "geo00_good_reference", _Clock()
    try:
        with clock:
            case = import_case((reference,), bench, silent, labels=sample.source)
    except PlanningError as error:
        return _outcome(clock, refusals=[error.code])
    findings = [f for image in case.images for f in image.findings]
    count = len(case.anatomy.structures) if case.anatomy is not None else 0
    return _outcome(clock, findings=findings, loaded=count)


class _Clock:
    """Adds up the time spent inside it: the second reading does not count."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._entered = 0.0

    def __enter__(self) -> None:
        self._entered = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self.seconds += time.monotonic() - self._entered


def _images(sample: Sample, bench: Workbench) -> Outcome:
    source, clock = sample.source, _Clock()
    # Not to be read in this process, or not to be read at all.
    hostile = sample.expected.startswith(("no-crash", "refuse"))
    try:
        with clock:
            found = scan(source, worker=bench.worker)
    except PlanningError as error:
        return _outcome(clock, refusals=[error.code])
    codes, refusals, wrong = list(found.findings), [], []
    loaded, compared = 0, False
    for summary in found.series:
        codes += summary.findings
        try:
            uid = summary.series_uid if summary.volume_file is None else None
            with clock:
                case = import_case((source,), bench, silent, series_uid=uid)
        except PlanningError as error:
            refusals.append(error.code)
            if error.code in _NO_VOLUME and not hostile:
                compared = True
                wrong.append(_decoding_error(summary, bench.worker))
            continue
        loaded += 1
        codes += case.images[0].findings
        wrong.append("" if hostile else disagreement(case.images[0], source))
    rejected = {item.code for item in found.rejected}
    outcome = _outcome(clock, refusals, codes, loaded, [*wrong, _wrong_name(found)], compared=compared)
    return replace(outcome, findings=outcome.findings | rejected)


def _outcome(
    clock: _Clock,
    refusals: Iterable[str] = (),
    findings: Sequence[Finding] = (),
    loaded: int = 0,
    wrong: Iterable[str] = (),
    *,
    compared: bool = False,
) -> Outcome:
    codes = frozenset(f.code for f in findings)
    warnings = frozenset(f.code for f in findings if f.severity is Severity.WARN)
    words = "; ".join(word for word in wrong if word)
    return Outcome(frozenset(refusals), codes, warnings, loaded, words, compared, clock.seconds)


def _wrong_name(found: Scan) -> str:
    for summary in found.series:
        for file in summary.files:
            if _NAMES.get(file.name, summary.patient.name) != summary.patient.name:
                return "the patient's name is not what it should be"
    return ""


def _decoding_error(summary: SeriesSummary, worker: Worker) -> str:
    """Decode the planes of what is no volume and compare them with pydicom's, where it can read them."""
    for one in summary.slices:
        if one.form.samples != 1:
            continue
        size = one.form.rows * one.form.columns * one.form.bits_allocated // 8
        count = one.n_frames if len(summary.slices) == 1 else 1
        planes = [
            plane_of(replace(one, frame=n, pixel_offset=one.pixel_offset + n * size * (one.pixel_bytes >= 0)))
            for n in range(count)
        ]
        try:
            dataset = pydicom.dcmread(one.file, force=True)
            expected = scaled(stored_values(dataset), dataset).reshape(-1, one.form.rows, one.form.columns)
        except FAULTS:
            continue  # nothing to compare with
        header = {"planes": planes, "twins": [], "is_ct": False, "dtype": "float32"}
        try:
            _, (values,) = worker.call("planning.imaging.decode:decode_slices", header)
        except ImportRefused as error:
            return f"pixels cannot be decoded: {error.code}"
        if not np.allclose(values, expected[:count], atol=1e-3):
            return f"decoded pixels differ by up to {np.abs(values - expected[:count]).max():.0f}"
    return ""


def _is_met(sample: Sample, outcome: Outcome) -> bool:
    expected, codes = sample.expected, set(sample.code.split("+"))
    told = outcome.refusals | outcome.findings
    if expected.startswith("no-crash") or "-or-" in expected:
        return True
    if expected.startswith("refuse"):
        return outcome.loaded == 0 and (sample.kind == "real" or bool(codes & told))
    if expected == "skip":
        return outcome.loaded == 0 and bool(codes & told)
    if _is_structure(sample):
        # A surface has no axes and no known name; its unit is asked for; another patient's is refused.
        harmless = _HARMLESS | {"AXES_MISSING", "LISTED_AS_OTHER"}
        right = codes & told if expected == "warn" else outcome.loaded and outcome.findings <= harmless
        return bool(right) or outcome.refusals == {"OTHER_PATIENT"}
    if not outcome.loaded:
        # Read, and refused for what it is: one slice, a picture, a report.
        reads = outcome.refusals <= _NO_VOLUME | _NO_IMAGE | {"NO_SERIES"}
        return reads and (bool(codes & (told | _WORDLESS)) or sample.kind == "real")
    if expected == "accept":
        return not outcome.warnings and (sample.kind == "real" or not outcome.findings - _HARMLESS)
    if expected.startswith("accept+"):
        return bool(outcome.warnings)
    if expected == "warn":
        return bool(codes & outcome.warnings)
    return codes <= told | _WORDLESS


def _words(outcome: Outcome) -> str:
    parts = []
    if outcome.loaded:
        parts.append("loaded" if outcome.loaded == 1 else f"loaded {outcome.loaded}")
    if outcome.refusals:
        parts.append(f"refused ({', '.join(sorted(outcome.refusals))})")
    if outcome.compared and not outcome.wrong:
        parts.append("pixels right")
    said = sorted(outcome.findings - outcome.refusals - _HARMLESS)
    if said:
        parts.append(f"said {', '.join(said)}")
    if outcome.wrong:
        parts.append(f"WRONG: {outcome.wrong}")
    return "; ".join(parts) or "nothing found"
