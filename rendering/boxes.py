"""Rectangles of words in a view: which cover each other."""

Box = tuple[float, float, float, float]  # left, low, right, high


def overlap(a: Box, b: Box) -> bool:
    """Say whether two rectangles share room."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
