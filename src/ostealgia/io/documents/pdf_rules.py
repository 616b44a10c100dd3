"""Printed lines of a PDF page: horizontal and vertical rules, also as pieces of one path or as thin boxes."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

_MOST_OBJECTS = 4000


@dataclass(frozen=True, slots=True)
class Rule:
    """A printed line: horizontal where y0 == y1, vertical where x0 == x1."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        """Its length across."""
        return self.x1 - self.x0


def rules_of(page: Any, raw: Any) -> tuple[list[Rule], list[Rule]]:
    """(horizontal, vertical) printed lines of a page; thin filled boxes count as lines."""
    flat: list[Rule] = []
    upright: list[Rule] = []
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    count = min(raw.FPDFPage_CountObjects(page.raw), _MOST_OBJECTS)
    for i in range(count):
        item = raw.FPDFPage_GetObject(page.raw, i)
        if raw.FPDFPageObj_GetType(item) != raw.FPDF_PAGEOBJ_PATH:
            continue
        if not raw.FPDFPageObj_GetBounds(
            item, ctypes.byref(left), ctypes.byref(bottom), ctypes.byref(right), ctypes.byref(top)
        ):
            continue
        x0, y0, x1, y1 = left.value, bottom.value, right.value, top.value
        if y1 - y0 <= 2.5 and x1 - x0 >= 6:
            flat.append(Rule(x0, (y0 + y1) / 2, x1, (y0 + y1) / 2))
        elif x1 - x0 <= 2.5 and y1 - y0 >= 5:
            upright.append(Rule((x0 + x1) / 2, y0, (x0 + x1) / 2, y1))
        elif raw.FPDFPath_CountSegments(item) <= 600:
            _edges(item, raw, flat, upright)
    return _joined(flat), _stood(upright)


def _edges(item: Any, raw: Any, flat: list[Rule], upright: list[Rule]) -> None:
    """The straight horizontal and vertical pieces of a path that draws several lines."""
    matrix = raw.FS_MATRIX()
    if not raw.FPDFPageObj_GetMatrix(item, ctypes.byref(matrix)):
        return
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    if raw.FPDFPath_GetDrawMode(item, ctypes.byref(fill), ctypes.byref(stroke)) and not stroke.value:
        return
    x, y = ctypes.c_float(), ctypes.c_float()
    last: tuple[float, float] | None = None
    for i in range(raw.FPDFPath_CountSegments(item)):
        segment = raw.FPDFPath_GetPathSegment(item, i)
        if not raw.FPDFPathSegment_GetPoint(segment, ctypes.byref(x), ctypes.byref(y)):
            continue
        point = (matrix.a * x.value + matrix.c * y.value + matrix.e, matrix.b * x.value + matrix.d * y.value + matrix.f)
        if last is not None and raw.FPDFPathSegment_GetType(segment) == raw.FPDF_SEGMENT_LINETO:
            (ax, ay), (bx, by) = last, point
            if abs(ay - by) < 1 and abs(ax - bx) > 6:
                flat.append(Rule(min(ax, bx), ay, max(ax, bx), ay))
            elif abs(ax - bx) < 1 and abs(ay - by) > 5:
                upright.append(Rule(ax, min(ay, by), ax, max(ay, by)))
        last = point


def _joined(rules: list[Rule]) -> list[Rule]:
    """Pieces at one height that touch, as one rule; from top to bottom."""
    out: list[Rule] = []
    for rule in sorted(rules, key=lambda rule: (-round(rule.y0 / 1.5), rule.x0)):
        last = out[-1] if out else None
        if last and abs(last.y0 - rule.y0) < 1.6 and rule.x0 - last.x1 < 4:
            out[-1] = Rule(last.x0, last.y0, max(last.x1, rule.x1), last.y1)
        else:
            out.append(rule)
    return out


def _stood(rules: list[Rule]) -> list[Rule]:
    """Vertical pieces at one place that touch, as one rule."""
    out: list[Rule] = []
    for rule in sorted(rules, key=lambda rule: (round(rule.x0 / 2), rule.y0)):
        last = out[-1] if out else None
        if last and abs(last.x0 - rule.x0) < 2 and rule.y0 - last.y1 < 3:
            out[-1] = Rule(last.x0, last.y0, last.x1, max(last.y1, rule.y1))
        else:
            out.append(rule)
    return out
