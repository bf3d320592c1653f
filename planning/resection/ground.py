"""The uncut field: tissue, axes, joints and bonds; what does not change while blades move."""

from collections.abc import Mapping
from dataclasses import dataclass

from planning.model.anatomy import Anatomy
from planning.model.plan import Plan
from planning.resection.axes import VertebraAxes, axes_of
from planning.resection.bonds import Bond, bonds_of
from planning.resection.joints import Cloud, Joint, clouds_of, joints_of
from planning.resection.tissue import Tissue, holds_blades, tissue_of


@dataclass(frozen=True, eq=False)
class Ground:
    """Everything about the field that moving blades do not change."""

    anatomy: Anatomy
    targets: tuple[str, ...]
    tumour: str | None
    tissue: Tissue
    axes: Mapping[str, VertebraAxes]
    clouds: Mapping[int, Cloud]
    joints: tuple[Joint, ...]
    bonds: tuple[Bond, ...]

    def serves(self, anatomy: Anatomy, plan: Plan) -> bool:
        """Whether it may be used again: same anatomy, targets and tumour, and room for every blade."""
        same = anatomy is self.anatomy and plan.target_levels == self.targets and plan.tumour == self.tumour
        return same and holds_blades(self.tissue, anatomy.grid, [o.blade for o in plan.osteotomies])


def ground_of(anatomy: Anatomy, plan: Plan, known: Ground | None = None) -> Ground | None:
    """Return the uncut field of a plan, `known` again where it serves; None without any vertebra."""
    if known is not None and known.serves(anatomy, plan):
        return known
    tissue = tissue_of(anatomy, plan)
    if tissue is None:
        return None
    axes = axes_of(tissue, anatomy)
    clouds = clouds_of(tissue)
    joints = joints_of(tissue, axes, clouds)
    bonds = bonds_of(tissue, clouds)
    return Ground(anatomy, plan.target_levels, plan.tumour, tissue, axes, clouds, joints, bonds)
