"""Words of a PDF that are drawn but not shown: they stand outside the box their drawing is cut to (a page placed as a figure)."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

Box = tuple[float, float, float, float]

_MOST_PATHS = 4
_MOST_POINTS = 40
_NEAR = 4.0  # points beyond the box


def unseen(handle: Any, raw: Any) -> Callable[[int], bool]:
    """A function that tells of an upright character, by its index, whether it stands outside the clip of its own object."""
    known: dict[int, bool] = {}
    matrix = raw.FS_MATRIX()

    def outside(index: int) -> bool:
        item = raw.FPDFText_GetTextObject(handle, index)
        address = ctypes.cast(item, ctypes.c_void_p).value if item else None
        if address is None:
            return False
        if address not in known:
            boxes = _clips(item, raw)
            known[address] = bool(boxes) and bool(raw.FPDFPageObj_GetMatrix(item, ctypes.byref(matrix)))
            if known[address]:
                known[address] = _is_upright(matrix) and any(_beyond(matrix.e, matrix.f, box) for box in boxes)
        return known[address]

    return outside


def _is_upright(matrix: Any) -> bool:
    """Whether words are upright in their own drawing: else its units are not those of the page's words."""
    return matrix.a > 0 and abs(matrix.b) < 0.01 * matrix.a


def _beyond(x: float, y: float, box: Box) -> bool:
    """Whether words that begin at a place are not within a box: the place is in the same units as the box."""
    _, bottom, right, top = box
    return not bottom - _NEAR <= y <= top + _NEAR or x > right + _NEAR


def _clips(item: Any, raw: Any) -> list[Box]:
    """The boxes around the paths an object is cut to; none where there are many or they are intricate."""
    clip = raw.FPDFPageObj_GetClipPath(item)
    count = raw.FPDFClipPath_CountPaths(clip) if clip else 0
    if not 0 < count <= _MOST_PATHS:
        return []
    x, y = ctypes.c_float(), ctypes.c_float()
    boxes: list[Box] = []
    for path in range(count):
        points: list[tuple[float, float]] = []
        length = raw.FPDFClipPath_CountPathSegments(clip, path)
        if not 2 < length <= _MOST_POINTS:
            continue
        for at in range(length):
            segment = raw.FPDFClipPath_GetPathSegment(clip, path, at)
            if raw.FPDFPathSegment_GetPoint(segment, ctypes.byref(x), ctypes.byref(y)):
                points.append((x.value, y.value))
        if points:
            across, down = [a for a, _ in points], [b for _, b in points]
            boxes.append((min(across), min(down), max(across), max(down)))
    return boxes
