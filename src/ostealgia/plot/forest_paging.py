"""How a forest plot is dealt out to pages, and how high each page is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ostealgia.plot import style
from ostealgia.plot.canvas import leading
from ostealgia.plot.forest_layout import HEIGHTS, LEGEND_STEP, Plan


@dataclass(frozen=True, kw_only=True)
class Page:
    """rows : indices into the table.  number, of : page and pages.  heading : subgroup that goes on here."""

    rows: tuple[int, ...]
    number: int = 1
    of: int = 1
    heading: str = ""

    @property
    def last(self) -> bool:
        """Whether the pooled effect and the line of methods are on this page."""
        return self.number == self.of


def pages(layout: Plan, rows_per_page: int) -> list[Page]:
    """Rows dealt out so that pages are about equally high, none higher than that many plain rows.

    A heading stays with its first study, and pooled rows stay with what they pool.
    """
    heights = [layout.row_height(i) for i in range(len(layout.table.rows))]
    most = rows_per_page * style.ROW
    share = sum(heights) / math.ceil(sum(heights) / most)
    chunks: list[list[int]] = [[]]
    used = 0.0
    for i, height in enumerate(heights):
        if chunks[-1] and (used + height / 2 > share * len(chunks) or _filled(chunks[-1], heights) + height > most):
            kept = _break(layout, chunks[-1], i)
            chunks.append([row for row in chunks[-1] if row >= kept])
            chunks[-2] = [row for row in chunks[-2] if row < kept]
        chunks[-1].append(i)
        used += height
    return [
        Page(rows=tuple(chunk), number=i + 1, of=len(chunks), heading=_carried(layout, chunk[0]))
        for i, chunk in enumerate(chunks)
    ]


def _filled(chunk: list[int], heights: list[float]) -> float:
    return sum(heights[i] for i in chunk)


def _break(layout: Plan, chunk: list[int], index: int) -> int:
    """Where to break at or before ``index``: before a study that does not follow its heading, or before a heading."""
    rows = layout.table.rows
    place = index
    while place > chunk[0] + 2 and (
        rows[place].kind not in ("study", "heading")
        or (rows[place].kind == "study" and rows[place - 1].kind == "heading")
    ):
        place -= 1
    return place


def _carried(layout: Plan, first: int) -> str:
    """The subgroup that a page begins within, or nothing."""
    rows = layout.table.rows
    if first == 0 or rows[first].kind != "study":
        return ""
    headings = [row.label for row in rows[:first] if row.kind == "heading"]
    return f"{headings[-1]} (continued)" if headings else ""


def body_height(layout: Plan, page: Page) -> float:
    """Height of the rows, in points."""
    carried = HEIGHTS["heading"] if page.heading else 0.0
    return 5.0 + carried + sum(layout.row_height(i) for i in page.rows) + (4.0 if _has_total(layout, page) else 0.0)


def _has_total(layout: Plan, page: Page) -> bool:
    return any(is_main_total(layout, i) for i in page.rows)


def is_main_total(layout: Plan, index: int) -> bool:
    """True for the first of the pooled rows at the end: a rule goes above it."""
    row = layout.table.rows[index]
    return row.accent and row.kind == "pooled"


def foot_lines(layout: Plan, page: Page) -> tuple[str, ...]:
    """Text under the axis: the methods on the last page, the page number on the others."""
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
    """Height of ticks, axis title and the words for its two sides, in points."""
    return 19.0 + leading(style.SMALL) + (leading(style.BODY) if layout.table.options.favours else 0.0)


def page_height(layout: Plan, page: Page) -> float:
    """The height that this page needs, in points."""
    return (
        layout.head_height + body_height(layout, page) + axis_height(layout) + _foot_height(layout, page) + style.MARGIN
    )
