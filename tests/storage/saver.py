"""A program whose children save a case again and again until they are killed.

It imports everything once. For each line ``PATH MODE ACKNOWLEDGEMENTS`` (JSON, three strings) on
standard input it starts a child process, prints its id, and prints ``ended`` after the child has ended.
The child writes ``open`` and then the number of each acknowledged save to the last file. MODE is
``save`` or ``autosave``; a killed child's work is continued by the next one.
"""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from planning.model.case import Diagnosis
from planning.model.mask import BRICK, Mask
from planning.storage.case_file import CaseFile


def save_until_killed(path: Path, mode: str, acknowledgements: Path) -> None:
    """Save ever higher numbers."""
    with CaseFile.open(path) as file, acknowledgements.open("w", buffering=1) as acknowledged:
        if file.why_read_only is not None:
            raise SystemExit(file.why_read_only)
        case = file.case if file.unsaved is None else file.read(file.unsaved)
        count = int(case.diagnosis.text)
        acknowledged.write("open\n")
        while True:
            count += 1
            assert case.anatomy is not None
            structure = case.anatomy.structures[0]
            brick = count.to_bytes(8, "big") * (BRICK**3 // 64)
            changed = replace(structure, mask=Mask(structure.mask.shape_kji, {(0, 0, 0): brick}))
            anatomy = replace(case.anatomy, structures=(changed,))
            case = replace(case, anatomy=anatomy, diagnosis=Diagnosis(str(count)))
            if mode == "save":
                file.save(case, str(count))
            else:
                file.autosave(case, str(count))
            acknowledged.write(f"{count}\n")


def main() -> None:
    """Serve until standard input ends."""
    for line in sys.stdin:
        path, mode, acknowledgements = json.loads(line)
        child = os.fork()
        if child == 0:
            save_until_killed(Path(path), mode, Path(acknowledgements))
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        os.waitpid(child, 0)
        sys.stdout.write("ended\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
