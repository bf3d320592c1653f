"""The command line of INTERCHANGE section 5: no window, no Qt, one plain sentence for what is refused.

It speaks English unless told otherwise, so that what reads it always reads the same; JSON and exported
files are English in every language.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from app.faults import without_values
from app.language import LANGUAGES, OPTION, chosen, start_speaking, wished
from app.program import NOT_A_DEVICE, PROGRAM
from app.progress_lines import one_line, stderr_progress
from planning.errors import PlanningError
from planning.texts import ENGLISH, mark, tr

if TYPE_CHECKING:
    from planning.imaging.intake import Choices
    from planning.model.case import Case

DONE, NOT_ALL_PASSING, UNUSABLE = 0, 1, 2
_WITHOUT_A_COMMAND = mark("""\
Without a command the workstation opens:
  main.py                 on the start page
  main.py --demo          on the bundled demo case
  main.py CASE            on a case file, DICOM folder, zip or volume file
  main.py --painted ...   with views drawn off-screen, for remote desktops

How far a command is goes to standard error: a line every ten seconds where no
terminal shows it.""")
_NAMES_ALONE = mark("--names needs --labels: it names the values of a label map.")
_LABELS_HELP = mark("label map, DICOM SEG or RTSTRUCT, STL, OBJ or PLY, or a folder of them")


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, without a usage dump."""

    def error(self, message: str) -> NoReturn:
        """End with status 2."""
        print(tr("{program}: {message}. See --help.", program=self.prog, message=message), file=sys.stderr)
        raise SystemExit(UNUSABLE)


def main(arguments: list[str]) -> int:
    """Run one command and return the exit status (0 done or passing, 1 not all passing, 2 unusable)."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    start_speaking(chosen(wished(arguments) or ENGLISH, ()))
    try:
        options = _parser().parse_args(arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else UNUSABLE
    from app.logs import start_logging

    start_logging()
    try:
        return int(options.run(options))
    except PlanningError as problem:
        print(one_line(f"{problem.message} {_hint(problem)}"), file=sys.stderr)
    except KeyboardInterrupt:
        print(tr("Stopped; nothing was written."), file=sys.stderr)
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        print(tr("A file could not be read or written: {reason}.", reason=reason), file=sys.stderr)
    except MemoryError:
        words = tr("There is not enough memory for this image. Close other programs or crop it.")
        print(words, file=sys.stderr)
    except Exception as bug:  # noqa: BLE001 -- Python's own status for a bug, 1, means "evaluated"
        words = tr("The program has a fault and stopped: {fault}.", fault=without_values(bug))
        print(words, file=sys.stderr)
    return UNUSABLE


def _hint(problem: PlanningError) -> str:
    """Return how the command line answers what the window would ask."""
    from planning.imaging.mesh_import import AXES, UNITS

    return {UNITS: tr("Give it with --unit."), AXES: tr("Give them with --axes.")}.get(problem.template, "")


def _unusable(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return UNUSABLE


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="main.py",
        description=f"{PROGRAM}. {tr(NOT_A_DEVICE)}",
        epilog=tr(_WITHOUT_A_COMMAND),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=PROGRAM)
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)

    command = commands.add_parser("import", help=tr("images and labels to a case file"))
    command.add_argument("sources", nargs="+", type=Path, metavar="SOURCE")
    command.add_argument("--labels", type=Path, help=tr(_LABELS_HELP))
    command.add_argument("--names", type=Path, help=tr("labels.json or class table naming its values"))
    _add_choices(command)
    command.add_argument("--series", metavar="UID")
    command.add_argument("--plan", type=Path)
    command.add_argument(
        "--acknowledge", action="append", default=[], metavar="CODE",
        help=tr("a finding of the import, such as GAP, that the person of --by has read; may be repeated"),
    )  # fmt: skip
    command.add_argument("--by", default="", metavar="NAME", help=tr("who acknowledges; kept in the case"))
    command.add_argument("--out", type=Path, required=True, metavar="CASE")
    command.set_defaults(run=_import)

    command = commands.add_parser(
        "evaluate", help=tr("how far every cut stays from tumour, cord and vessels")
    )
    command.add_argument("case", nargs="?", type=Path)
    command.add_argument("--plan", type=Path)
    command.add_argument("--ct", type=Path)
    command.add_argument("--labels", type=Path, help=tr(_LABELS_HELP))
    command.add_argument("--names", type=Path)
    _add_choices(command)
    command.add_argument("--json", action="store_true", help=tr("print enbloc-evaluation/1"))
    command.set_defaults(run=_evaluate)

    command = commands.add_parser("report", help=tr("PDF, HTML, pictures, tables, plan and evaluation"))
    command.add_argument("case", type=Path)
    command.add_argument("--out", type=Path, required=True, metavar="DIR")
    command.add_argument("--identity", choices=("full", "initials", "none"), default="none")
    command.add_argument("--paper", choices=("a4", "letter"), default="a4")
    command.set_defaults(run=_report)

    command = commands.add_parser("export", help=tr("meshes and DICOM objects"))
    command.add_argument("case", type=Path)
    command.add_argument("--out", type=Path, required=True, metavar="DIR")
    command.add_argument("--format", default="stl,3mf,seg", help=tr("comma-separated: stl, 3mf, seg, json"))
    command.add_argument(
        "--identity",
        choices=("full", "none"),
        default="none",
        help=tr("whether DICOM objects name the patient; other formats never do"),
    )
    command.set_defaults(run=_export)
    for command in commands.choices.values():
        # Read before the parser is built, which speaks that language already.
        command.add_argument(OPTION, choices=tuple(LANGUAGES), help=tr("language of sentences and report"))
    return parser


def _add_choices(command: argparse.ArgumentParser) -> None:
    """Add what a surface file leaves open, so that it can be said instead of asked."""
    command.add_argument("--unit", choices=("mm", "cm", "m", "inch"), help=tr("unit of surfaces in --labels"))
    command.add_argument("--axes", choices=("LPS", "RAS"), help=tr("axes of surfaces in --labels"))


def _choices(options: argparse.Namespace) -> "Choices":
    from planning.imaging.intake import Choices

    return Choices(unit=options.unit, space=options.axes)


def _import(options: argparse.Namespace) -> int:
    from app.errands.evaluation import with_plan_file
    from app.errands.import_study import acknowledged, import_case
    from app.errands.workbench import workbench
    from planning.storage.case_file import CaseFile
    from planning.storage.places import check_place

    if options.names and not options.labels:
        return _unusable(tr(_NAMES_ALONE))
    if bool(options.acknowledge) != bool(options.by.strip()):
        return _unusable(tr("--acknowledge and --by belong together: a finding is read by a person."))
    check_place(options.out, overwrite=False)
    with workbench() as bench:
        case = import_case(
            tuple(options.sources),
            bench,
            stderr_progress(),
            options.labels,
            options.names,
            options.series,
            _choices(options),
        )
        case = acknowledged(case, options.acknowledge, options.by)
        case = with_plan_file(case, options.plan, bench)
        CaseFile.create(options.out, case, label=tr("Imported")).close()
        print(_import_summary(case, options.out))
    return DONE


def _import_summary(case: "Case", out: Path) -> str:
    structures = case.anatomy.structures if case.anatomy else ()
    image = case.images[0]
    lines = [
        tr("{file}: {modality}, {slices} slices, {structures} structures", file=str(out),
           modality=image.modality or tr("image"), slices=image.volume.grid.shape_kji[0],
           structures=len(structures))
    ]  # fmt: skip
    lines += [f"{finding.severity.value}: {finding.message}" for finding in case.findings]
    if case.unacknowledged:
        codes = " ".join(
            f"--acknowledge {code}" for code in dict.fromkeys(f.code for f in case.unacknowledged)
        )
        lines.append(tr("No number is given before a person has read this: {codes} --by NAME", codes=codes))
    return "\n".join(one_line(line) for line in lines)


def _evaluate(options: argparse.Namespace) -> int:
    from app.errands.evaluation import assess, with_plan_file
    from app.errands.import_study import import_case
    from app.errands.workbench import workbench
    from planning.safety.board import board
    from planning.safety.evaluation_json import evaluation_to_json
    from planning.safety.results import Status, current
    from planning.storage.case_file import open_case

    if (options.case is None) == (options.ct is None):
        return _unusable(tr("Give either a case file or --ct with --labels and --plan."))
    if options.case is not None and (options.labels or options.names):
        return _unusable(tr("--labels and --names belong to --ct; a case file holds its own structures."))
    if options.names and not options.labels:
        return _unusable(tr(_NAMES_ALONE))
    if options.json:
        start_speaking(ENGLISH)
    with workbench() as bench:
        if options.case is not None:
            case = open_case(options.case)
        else:
            case = import_case(
                (options.ct,),
                bench,
                stderr_progress(),
                options.labels,
                options.names,
                choices=_choices(options),
            )
        case = with_plan_file(case, options.plan, bench)
        assessed = assess(case, bench, stderr_progress())
        evaluation = current(assessed.evaluation, case, bench.settings)
        if evaluation is None:
            return _unusable(tr("The evaluation does not belong to this case any more."))
        if options.json:
            print(json.dumps(evaluation_to_json(evaluation), ensure_ascii=False, indent=1, allow_nan=False))
        else:
            for line in board(evaluation, case):
                print(f"{line.status.value:>12}  {line.sentence}")
            print(f"{evaluation.status.value:>12}  {tr('overall, {plan}', plan=case.plan.name)}")
    return DONE if evaluation.status is Status.PASS else NOT_ALL_PASSING


def _report(options: argparse.Namespace) -> int:
    from app.errands.release import released_case
    from app.errands.workbench import workbench
    from app.errands.write_report import write_report
    from planning.report.identity import Identity
    from planning.report.pdf import Paper

    with workbench() as bench:
        case, standing = released_case(options.case, bench.settings)
        folder = write_report(
            case,
            options.out,
            bench,
            stderr_progress(),
            Identity(options.identity),
            Paper(options.paper),
            approval=standing.sentence,
        )
        print(folder)
    return DONE


def _export(options: argparse.Namespace) -> int:
    from app.errands.export import export_case, formats_of
    from app.errands.release import released_case
    from app.errands.workbench import workbench

    formats = formats_of(options.format)
    with workbench() as bench:
        case, _ = released_case(options.case, bench.settings)
        with_identity = options.identity == "full"
        written = export_case(
            case, options.out, formats, bench, stderr_progress(), with_identity=with_identity
        )
        print(*written, sep="\n")
    return DONE
