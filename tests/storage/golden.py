"""The case file of each released schema, and what it must still say when opened.

Run this file to write the golden file of the present schema, once, when the schema is new; a golden
file is never changed afterwards.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from planning.model.case import Case
from planning.storage.case_file import CaseFile
from planning.storage.codec import Codec
from planning.storage.database import SCHEMA
from tests.storage.cases import a_rich_case

DATA = Path(__file__).parents[1] / "data"


def a_golden_case() -> Case:
    """Return the rich case with voxels that pack well."""
    case = a_rich_case()
    volume = case.images[0].volume
    ramp = (np.arange(volume.voxels_kji.size) % 3000 - 1000).astype(np.int16).reshape(volume.voxels_kji.shape)
    image = replace(case.images[0], volume=replace(volume, voxels_kji=ramp))
    return replace(case, images=(image, *case.images[1:]))


def facts_of(case: Case) -> dict[str, Any]:
    """Return what a case says, as JSON: every value outside voxels and masks, and their digests."""
    assert case.anatomy is not None
    codec = Codec()
    plain = (
        "id",
        "patient",
        "plans",
        "active_plan",
        "diagnosis",
        "acceptances",
        "looks",
        "sign_offs",
        "credit",
    )
    structure = (
        "id",
        "kind",
        "level",
        "side",
        "name",
        "simulated",
        "source",
        "review",
        "effective_resolution_mm",
    )
    image = ("id", "modality", "description", "series_uid", "study_uid", "frame_of_reference_uid", "acquired")
    facts = {name: codec.encoded(getattr(case, name)) for name in plain}
    facts["volumes"] = [i.volume.digest for i in case.images]
    facts["images"] = [{k: codec.encoded(getattr(i, k)) for k in (*image, "findings")} for i in case.images]
    facts["masks"] = [s.mask.digest for s in case.anatomy.structures]
    facts["structures"] = [
        {k: codec.encoded(getattr(s, k)) for k in structure} for s in case.anatomy.structures
    ]
    facts["anatomy"] = [
        codec.encoded(getattr(case.anatomy, k))
        for k in ("not_in_field", "levels_confirmed", "epidural_assessable")
    ]
    return facts


def main() -> None:
    """Write the golden file of the present schema; never over an old one."""
    path = DATA / f"case-schema-{SCHEMA}.enbloc"
    CaseFile.create(path, a_golden_case(), "golden").close()
    facts = json.dumps(facts_of(a_golden_case()), indent=1, sort_keys=True)
    path.with_suffix(".json").write_text(facts + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
