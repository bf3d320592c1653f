"""From what an importer found to the edit that takes it into the case."""

from planning.editing.intake_edits import Arrival, TakeIn
from planning.imaging.intake import LabelImport, Origin
from planning.model.anatomy_table import AnatomyTable
from planning.model.case import StructureLook
from planning.model.structures import Structure, StructureKind


def take_in(found: LabelImport, table: AnatomyTable) -> TakeIn:
    """Return the edit that takes in everything that was found, as it was found."""
    origins = {origin.structure_id: origin for origin in found.origins}
    arrivals = tuple(
        Arrival(s, look=arrival_look(s, origins.get(s.id, Origin(s.id)), table)) for s in found.structures
    )
    return TakeIn(arrivals, found.findings)


def arrival_look(structure: Structure, origin: Origin, table: AnatomyTable) -> StructureLook | None:
    """Return how an arriving structure is drawn, where not as its kind always is.

    Colours mean kinds here, so the source's colour is kept only where the kind says little. Structures
    of no known kind are listed but hidden: they would cover the spine.
    """
    if structure.kind is not StructureKind.OTHER:
        return None
    default = table.look(structure)
    return StructureLook(origin.colour_rgb or default.colour_rgb, default.opacity, visible=False)
