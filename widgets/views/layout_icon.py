"""Small drawings of layouts, made from their cells: 3D filled, slices open."""

from PySide6.QtGui import QIcon

from widgets.icons import drawn_icon
from widgets.views.layouts import CUT_ACROSS, CUT_FACE, SPINE, Cell, Layout

_LOW, _SIDE, _GAP = 3.0, 18.0, 1.6


def layout_icon(layout: Layout) -> QIcon:
    """Return the drawing of a layout."""
    return drawn_icon(layout_drawing(layout))


def layout_drawing(layout: Layout) -> str:
    """Return the drawing as SVG; a view in a window of its own overlaps the others."""
    side = _SIDE * (0.72 if layout.apart else 1.0)
    boxes = [_box(cell, layout, side) for cell in layout.cells]
    if len(layout.cells) == 1 and layout.cells[0].view != SPINE:
        boxes.append(_letter(layout.cells[0].view[0].upper()))
    if layout.apart:
        x = _LOW + _SIDE * 0.42
        boxes.append(_drawn(x, x, _LOW + _SIDE - x, _LOW + _SIDE - x, filled=True, backed=True))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
        f'stroke-width="1.5" stroke-linejoin="round">{"".join(boxes)}</svg>'
    )


def _letter(letter: str) -> str:
    return (
        '<text x="12" y="16.4" font-size="12" font-weight="bold" text-anchor="middle" '
        f'fill="currentColor" stroke="none">{letter}</text>'
    )


def _box(cell: Cell, layout: Layout, side: float) -> str:
    x, width = _span(cell.column, cell.columns, layout.column_shares, side)
    y, height = _span(cell.row, cell.rows, layout.row_shares, side)
    box = _drawn(_LOW + x, _LOW + y, width, height, filled=cell.view == SPINE)
    if cell.view not in (CUT_FACE, CUT_ACROSS):
        return box
    left, right, low, high = _LOW + x + 1.6, _LOW + x + width - 1.6, _LOW + y + 1.6, _LOW + y + height - 1.6
    return f'{box}<path d="M{left:.2f} {high:.2f}L{right:.2f} {low:.2f}" stroke-width="2.2"/>'


def _span(first: int, count: int, shares: tuple[int, ...], side: float) -> tuple[float, float]:
    whole = sum(shares)
    start, end = sum(shares[:first]) / whole, sum(shares[: first + count]) / whole
    gaps = (start > 0) + (end < 1)
    return start * side + (_GAP / 2 if start else 0), (end - start) * side - _GAP / 2 * gaps


def _drawn(x: float, y: float, width: float, height: float, *, filled: bool, backed: bool = False) -> str:
    shade = 'fill="currentColor"' if backed else 'fill="currentColor" fill-opacity="0.45"' if filled else ""
    return f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}" rx="1.2" {shade}/>'
