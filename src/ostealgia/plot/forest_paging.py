"""How a forest plot is dealt out to pages, and how high each page is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ostealgia.plot import style
from ostealgia.plot.canvas import leading
from ostealgia.plot.forest_layout import HEIGHTS, LEGEND_STEP, Plan


@dataclass(frozen=True, kw_only=True)
class Page:
    """rows : indices into the table.  number, of : page and pages.  heading : subgroup that goes on from the page before."""

    rows: tuple[int, ...]
    number: int = 1
    of: int = 1
    heading: str = ""

    @property
    def last(self) -> bool:
        return self.number == self.of


def pages(layout: Plan, rows_per_page: int) -> list[Page]:
    """Rows dealt out evenly; a heading stays with its first study and the pooled rows stay together."""
    rows = layout.table.rows
    count = math.ceil(len(rows) / rows_per_page)
    size = math.ceil(len(rows) / count)
    chunks: list[list[int]] = []
    start = 0
    while start < len(rows):
        stop = min(len(rows), start + size)
        while (
            stop < len(rows)
            and stop - start > 5
            and (rows[stop].kind not in ("study", "heading") or rows[stop - 1].kind == "heading")
        ):
            stop -= 1
        chunks.append(list(range(start, stop)))
        start = stop
    return [
        Page(rows=tuple(chunk), number=i + 1, of=len(chunks), heading=_carried(layout, chunk[0]))
        for i, chunk in enumerate(chunks)
    ]


def _carried(layout: Plan, first: int) -> str:
    """The subgroup that a page begins within, or nothing."""
    rows = layout.table.rows
    if first == 0 or rows[first].kind != "study":
        return ""
    headings = [row.label for row in rows[:first] if row.kind == "heading"]
    return f"{headings[-1]} (continued)" if headings else ""


def body_height(layout: Plan, page: Page) -> float:
    carried = HEIGHTS["heading"] if page.heading else 0.0
    return 5.0 + carried + sum(layout.row_height(i) for i in page.rows) + (4.0 if _has_total(layout, page) else 0.0)


def _has_total(layout: Plan, page: Page) -> bool:
    return any(is_main_total(layout, i) for i in page.rows)


def is_main_total(layout: Plan, index: int) -> bool:
    """True for the first of the pooled rows at the end: a rule goes above it."""
    row = layout.table.rows[index]
    return row.accent and row.kind == "pooled"


def foot_lines(layout: Plan, page: Page) -> tuple[str, ...]:
    if page.last:
        return layout.methods()
    return (f"Page {page.number} of {page.of}. The pooled effect is on the last page.",)


def _legend_height(layout: Plan) -> float:
    lines = layout.legend()
    return len(lines) * LEGEND_STEP + (3.0 if lines else 0.0)


def _foot_height(layout: Plan, page: Page) -> float:
    lines = len(foot_lines(layout, page))
    return lines * leading(style.SMALL) + (5.0 if lines else 0.0) + _legend_height(layout)


def axis_height(layout: Plan) -> float:
    return 19.0 + leading(style.SMALL) + (leading(style.BODY) if layout.table.options.favours else 0.0)


def page_height(layout: Plan, page: Page) -> float:
    """The height that this page needs, in points."""
    return (
        layout.head_height + body_height(layout, page) + axis_height(layout) + _foot_height(layout, page) + style.MARGIN
    )
