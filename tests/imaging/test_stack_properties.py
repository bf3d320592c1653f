"""Random stacks: every fault is seen, none is imagined, and every slice lands where its header says."""

from pathlib import Path

import numpy as np
from hypothesis import event, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from planning.errors import ImportRefused
from planning.geometry.blade import rotation_matrix
from planning.imaging.geometry_checks import Stack, stack_of
from planning.imaging.series import PixelForm, Slice

Floats = NDArray[np.float64]
FORM = PixelForm(24, 32, 16, 16, 15, signed=True, photometric="MONOCHROME2", samples=1)
PLACED_MM = 0.011  # 0.01 mm, and what six written digits leave


def _slices(places_mm: Floats, axes: Floats, tilt_ij: tuple[float, float], jitter_mm: Floats) -> list[Slice]:
    """Return slices at places along their normal, shifted in their plane by tangents of their place."""
    slices = []
    for n, (place, jitter) in enumerate(zip(places_mm, jitter_mm, strict=True)):
        local = np.array([tilt_ij[0] * place, tilt_ij[1] * place, place]) + jitter
        x, y, z = np.round(np.array([-80.0, 40.0, -900.0]) + axes @ local, 6)
        row, column = np.round(axes[:, 0], 9), np.round(axes[:, 1], 9)
        slices.append(
            Slice(
                file=Path(f"{n}"),
                frame=0,
                sop_uid=f"1.2.{n}",
                instance=n,
                position_lps_mm=(x, y, z),
                row_lps=(row[0], row[1], row[2]),
                column_lps=(column[0], column[1], column[2]),
                spacing_ij_mm=(0.7, 0.6),
                thickness_mm=None,
                slope=1.0,
                intercept=0.0,
                form=FORM,
                syntax="1.2.840.10008.1.2.1",
                pixel_offset=0,
                pixel_bytes=2 * FORM.rows * FORM.columns,
            )
        )
    return slices


def _shuffled(slices: list[Slice], seed: int) -> list[Slice]:
    return [slices[n] for n in np.random.default_rng(seed).permutation(len(slices))]


def _worst_mm(stack: Stack, slices: list[Slice]) -> float:
    """Return how far the grid puts any corner pixel from where its own header puts it."""
    worst = 0.0
    for n, index in enumerate(stack.order):
        one = slices[index]
        shift, k = (0.0, 0.0), float(n)
        if stack.resampling is not None:
            shift, k = stack.resampling.offsets_ij[n], stack.resampling.places_k[n]
        for i, j in ((0, 0), (31, 0), (0, 23), (31, 23)):
            aside = i * 0.7 * np.array(one.row_lps) + j * 0.6 * np.array(one.column_lps)
            stated = np.array(one.position_lps_mm) + aside
            built = stack.grid.to_lps((i + shift[0], j + shift[1], k))
            worst = max(worst, float(np.linalg.norm(stated - built)))
    return worst


@st.composite
def _axes(draw: st.DrawFn) -> Floats:
    axis = draw(st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda v: np.linalg.norm(v) > 0.1))
    return np.asarray(rotation_matrix(axis, draw(st.floats(0, 180))))


COUNTS = st.integers(3, 30)
SPACINGS = st.floats(0.4, 5.0)
SEEDS = st.integers(0, 2**16)


@given(axes=_axes(), count=COUNTS, spacing=SPACINGS, seed=SEEDS)
def test_rounding_of_a_clean_stack_is_never_an_alarm(
    axes: Floats, count: int, spacing: float, seed: int
) -> None:
    jitter = np.random.default_rng(seed).uniform(-0.003, 0.003, (count, 3))
    slices = _shuffled(_slices(np.arange(count) * np.float64(spacing), axes, (0.0, 0.0), jitter), seed)
    stack = stack_of(slices)
    assert stack.resampling is None
    assert {f.code for f in stack.findings} <= {"POSITION_ROUNDING"}
    assert stack.grid.shape_kji[0] == count
    assert _worst_mm(stack, slices) <= PLACED_MM


@given(axes=_axes(), count=st.integers(14, 30), spacing=SPACINGS, seed=SEEDS, lost=st.integers(1, 3))
def test_missing_slices_are_always_counted_and_placed(
    axes: Floats, count: int, spacing: float, seed: int, lost: int
) -> None:
    random = np.random.default_rng(seed)
    # Two slices stay on either side of each hole: how far apart they should be is then known.
    holes = random.permutation(np.arange(2, count - 2, 4))[:lost]
    kept = np.array([n for n in range(count) if n not in holes])
    slices = _shuffled(_slices(spacing * kept, axes, (0.0, 0.0), np.zeros((len(kept), 3))), seed)
    stack = stack_of(slices)
    gap = next(f for f in stack.findings if f.code == "GAP")
    assert dict(gap.values)["missing"] == str(len(holes))
    assert stack.resampling is not None
    ends = {(stack.resampling.places_k[n], stack.resampling.places_k[n + 1]) for n in stack.gaps}
    assert ends == {(h - 1, h + 1) for h in holes} or ends == {(count - 2 - h, count - h) for h in holes}
    assert stack.grid.shape_kji[0] == count
    assert _worst_mm(stack, slices) <= PLACED_MM


@given(
    axes=_axes(),
    count=COUNTS,
    spacing=SPACINGS,
    seed=SEEDS,
    angle=st.floats(1.0, 40.0),
    way=st.floats(0, 2 * np.pi),
)
def test_a_tilt_of_any_size_and_side_is_measured_and_undone(
    axes: Floats, count: int, spacing: float, seed: int, angle: float, way: float
) -> None:
    tangent = np.tan(np.radians(angle))
    tilt = (float(tangent * np.cos(way)), float(tangent * np.sin(way)))
    slices = _shuffled(
        _slices(np.arange(count) * np.float64(spacing), axes, tilt, np.zeros((count, 3))), seed
    )
    stack = stack_of(slices)
    said = next(f for f in stack.findings if f.code == "GANTRY_TILT")
    assert abs(float(dict(said.values)["angle"]) - angle) <= 0.06
    assert _worst_mm(stack, slices) <= PLACED_MM


@given(axes=_axes(), widths=st.lists(st.floats(0.3, 6.0), min_size=3, max_size=25), seed=SEEDS)
def test_uneven_distances_are_never_taken_for_even(axes: Floats, widths: list[float], seed: int) -> None:
    places = np.concatenate([[0.0], np.cumsum(widths)])
    slices = _shuffled(_slices(places, axes, (0.0, 0.0), np.zeros((len(places), 3))), seed)
    try:
        stack = stack_of(slices)
    except ImportRefused as refused:
        event(refused.code)
        assert refused.code == "GAP"  # noqa: PT017 -- most stacks are loaded, and those are looked at below
        return
    codes = {f.code for f in stack.findings}
    if max(widths) - min(widths) > 0.05 * max(widths):
        assert codes & {"NONUNIFORM", "GAP"}
        assert stack.resampling is not None
    if stack.resampling is None:
        return
    assert stack.grid.shape_kji[0] <= 3 * len(places)
    along = np.array([slices[n].position_lps_mm for n in stack.order]) @ axes[:, 2]
    imaged = np.delete(np.diff(along), stack.gaps)
    assert stack.spacing_mm >= imaged.max() - 0.02
    if "NONUNIFORM" in codes:
        assert _worst_mm(stack, slices) <= PLACED_MM
