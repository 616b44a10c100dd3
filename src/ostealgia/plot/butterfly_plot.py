"""The butterfly of adverse events: each arm to its side, any grade pale and grade 3 or more dark on it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ostealgia.display import percent
from ostealgia.errors import OptionError
from ostealgia.plot import style
from ostealgia.plot.canvas import Pen, house_style, leading, on_points, size_of, text_width, wrap

WIDTH = 560.0
BAR, STEP = 12.0, 19.0
HEAD, KEY_ROW, AXIS = 20.0, 16.0, 30.0
WING = 128.0  # of each side, without its numbers, at least
LONGEST_NAME = 150.0
GAP = 9.0
MOST = 60
PALE = ("#a9cbe8", "#f3c39c")
DARK = ("#0b5fa5", "#b34700")
NAMES = ("any grade", "grade >= 3")


def butterfly(
    frame: Any,
    *,
    ax: Any = None,
    labels: Mapping[str, str] | None = None,
    thresholds: Sequence[str] = NAMES,
    small_cell: int = 0,
    notes: Sequence[str] = (),
) -> Any:
    """Which adverse events are commoner in which arm, and how many are severe?

    frame : one row a category, arm and threshold: category, threshold, group, events, n (patients with the event at that grade or
    worse, once each).  ax : Axes; None makes a figure of the right size.  labels : group or category -> name.
    thresholds : the two values of the column threshold, the milder first; one that does not occur is left out.
    small_cell : counts from 1 to below it are written as such, and their bars are not drawn.
    Two arms are mirrored, one arm stands alone; counts and shares stand at the ends: any grade, in brackets the severe. Commonest first.
    Returns the Axes.

    >>> rows = [{"category": "nausea", "threshold": "any grade", "group": g, "events": e, "n": 50} for g, e in (("a", 4), ("b", 9))]
    >>> ax = butterfly(rows)
    >>> [text.get_text() for text in ax.texts if "%" in text.get_text()][:2]
    ['4 (8%)', '9 (18%)']
    """
    data = _data(frame, labels or {}, thresholds, small_cell)
    with house_style():
        plan = _Plan.of(data, notes, None if ax is None else size_of(ax)[0])
        ax, pen = on_points(ax, plan.width, plan.height)
        _draw(pen, plan)
    return ax


# --- what is counted --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Side:
    """One category in one arm. mild, severe : patients, None where not recorded.  hidden : counts below this are not shown."""

    n: int
    mild: int | None
    severe: int | None
    hidden: int

    def share(self, count: int | None) -> float:
        """The length of a bar; 0 where it may not be shown."""
        return 0.0 if count is None or not self.n or 0 < count < self.hidden else count / self.n

    @property
    def text(self) -> str:
        """The numbers at the end of the bar: "35 (34%), 4" with the severe last."""
        if self.mild is None and self.severe is None:
            return "–"
        return _count(self.mild if self.mild is not None else self.severe, self.n, self.hidden)


def _count(count: int | None, n: int, hidden: int) -> str:
    if count is None or not n:
        return "–"
    if 0 < count < hidden:
        return f"<{hidden}"
    return f"{count:,} ({percent(count / n)})"


@dataclass(frozen=True)
class _Data:
    """Categories in their order with their sides; arms with their sizes."""

    arms: tuple[str, ...]
    sizes: tuple[int, ...]
    rows: tuple[tuple[str, tuple[Side, ...]], ...]
    severe: bool
    mild: bool
    thresholds: tuple[str, ...]


def _data(frame: Any, labels: Mapping[str, str], thresholds: Sequence[str], small_cell: int) -> _Data:
    import pandas as pd

    table: Any = pd.DataFrame(frame)
    absent = [name for name in ("category", "threshold", "group", "events", "n") if name not in table.columns]
    if absent or not len(table):
        raise OptionError(
            f"the frame needs one row a category, arm and threshold; absent: {', '.join(absent) or 'all rows'}."
        )
    arms = list(dict.fromkeys(table["group"]))
    if len(arms) > 2:
        raise OptionError(f"a butterfly has two wings, and the frame has {len(arms)} arms; choose two.")
    counts = {(row["category"], row["group"], row["threshold"]): row["events"] for row in table.to_dict("records")}
    sizes = table.groupby("group")["n"].max()

    def of(category: str, arm: str, threshold: str) -> int | None:
        value = counts.get((category, arm, threshold))
        return None if value is None or math.isnan(value) else int(value)

    rows = []
    for category in dict.fromkeys(table["category"]):
        sides = tuple(
            Side(int(sizes[arm]), of(category, arm, thresholds[0]), of(category, arm, thresholds[1]), small_cell)
            for arm in arms
        )
        if any(side.mild or side.severe for side in sides):
            name = str(labels.get(category, str(category).replace("_", " ")))
            rows.append((name[:1].upper() + name[1:], sides))
    if not rows:
        raise OptionError("there is no adverse event to draw: every count is 0.")
    rows.sort(key=lambda row: (-sum(side.mild or side.severe or 0 for side in row[1]), row[0]))
    if len(rows) > MOST:
        raise OptionError(f"{len(rows)} categories are too many for one figure (at most {MOST}); choose some.")
    every = [side for _, sides in rows for side in sides]
    return _Data(
        tuple(str(labels.get(arm, arm)) for arm in arms), tuple(int(sizes[arm]) for arm in arms), tuple(rows),
        any(side.severe is not None for side in every), any(side.mild is not None for side in every), tuple(thresholds),
    )  # fmt: skip


# --- where it stands --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Plan:
    """Everything measured. wings : (start, end) of each arm's bars, from the names outwards; the sign is the direction."""

    data: _Data
    names: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]
    width: float
    height: float
    top: float
    tops: tuple[float, ...]
    wings: tuple[tuple[float, float], ...]
    most: float
    columns: tuple[tuple[float, float], ...]

    @property
    def bottom(self) -> float:
        """Where the axis is."""
        return self.tops[-1] + BAR + 7.0

    @classmethod
    def of(cls, data: _Data, notes: Sequence[str], width: float | None) -> _Plan:
        """Measure all texts, then place them."""
        names = tuple(tuple(wrap(name, LONGEST_NAME)) for name, _ in data.rows)
        wide = max(text_width(line) for lines in names for line in lines)
        first, second = _number_widths(data)
        numbers = first + (second + GAP if second else 0.0) + GAP
        arms = len(data.arms)
        width = max(
            width or (WIDTH if arms == 2 else 400.0), 2 * style.MARGIN + wide + 2 * GAP + arms * (WING + numbers)
        )
        span = (width - 2 * style.MARGIN - wide - 2 * GAP - arms * numbers) / arms
        if arms == 2:
            left = style.MARGIN + numbers + span
            right = left + wide + 2 * GAP
            wings = ((left, left - span), (right, right + span))
            columns = (
                (style.MARGIN + first, style.MARGIN + first + GAP + second),
                (width - style.MARGIN - second - (GAP if second else 0.0), width - style.MARGIN),
            )
        else:
            left = style.MARGIN + wide + 2 * GAP
            wings = ((left, left + span),)
            columns = ((width - style.MARGIN - second - (GAP if second else 0.0), width - style.MARGIN),)
        top = style.MARGIN + KEY_ROW + HEAD + 22.0
        tops, y = [], top
        for lines in names:
            tops.append(y)
            y += STEP + (len(lines) - 1) * leading(style.BODY)
        words = tuple(line for note in notes for line in wrap(note, width - 2 * style.MARGIN, style.SMALL))
        height = tops[-1] + BAR + 7.0 + AXIS + len(words) * leading(style.SMALL) + (6.0 if words else 0.0)
        return cls(data, names, words, width, height, top, tuple(tops), wings, _most(data), columns)


def _number_widths(data: _Data) -> tuple[float, float]:
    """Of the two columns of numbers of an arm: any grade, and severe where both are known."""
    first = [side.text for _, sides in data.rows for side in sides]
    both = data.mild and data.severe
    second = [_count(side.severe, side.n, side.hidden) for _, sides in data.rows for side in sides] if both else []
    head = text_width("Any grade", style.SMALL), text_width("Grade ≥ 3", style.SMALL)
    return max(head[0], *map(text_width, first)), max([head[1], *map(text_width, second)]) if both else 0.0


def _most(data: _Data) -> float:
    """The end of the axis: a round share above the longest bar."""
    longest = max(max(side.share(side.mild), side.share(side.severe)) for _, sides in data.rows for side in sides)
    return next((end for end in (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0) if longest <= end + 1e-9), 1.0)


# --- drawing ----------------------------------------------------------------------------------------------------------


def _draw(pen: Pen, plan: _Plan) -> None:
    data = plan.data
    _draw_heads(pen, plan)
    for (_, sides), lines, top in zip(data.rows, plan.names, plan.tops, strict=True):
        y = top + BAR / 2
        if len(data.arms) == 2:
            x = (plan.wings[0][0] + plan.wings[1][0]) / 2
            pen.block(x, y, lines, align="center")
        else:
            pen.block(style.MARGIN, y, lines)
        for i, side in enumerate(sides):
            _draw_side(pen, plan, side, i, top)
    _draw_axes(pen, plan)
    pen.block(style.MARGIN, plan.bottom + AXIS + 4.0, plan.notes, size=style.SMALL, colour=style.SECONDARY)


def _draw_heads(pen: Pen, plan: _Plan) -> None:
    """Names of the arms over their wings, and what stands in the columns of numbers."""
    data = plan.data
    y = style.MARGIN + 8.0
    for i, (arm, n) in enumerate(zip(data.arms, data.sizes, strict=True)):
        outer = style.MARGIN if i == 0 and len(data.arms) == 2 else plan.width - style.MARGIN
        align = "left" if i == 0 and len(data.arms) == 2 else "right"
        room = (plan.width - 4 * style.MARGIN) / len(data.arms)
        name = wrap(f"{arm} (n = {n:,})", room, bold=True)
        pen.text(outer, y, name[0] + ("…" if len(name) > 1 else ""), bold=True, align=align)
        heads = (
            ("Any grade", "Grade ≥ 3") if data.mild and data.severe else ("Any grade",) if data.mild else ("Grade ≥ 3",)
        )
        row = y + HEAD + 2.0
        for j, head in enumerate(heads):
            x = plan.columns[i][j if len(heads) == 2 else 1 if align == "right" else 0]
            pen.text(x, row, head, size=style.SMALL, colour=style.SECONDARY, align="right")
            start, end = plan.wings[i]
            sign = 1.0 if end > start else -1.0
        parts = [(PALE[i % 2], "any grade")] * data.mild + [(DARK[i % 2], "grade ≥ 3")] * data.severe
        x = plan.wings[i][0]
        for colour, words in parts if sign > 0 else reversed(parts):
            wide = 13.0 + text_width(words, style.SMALL)
            left = x if sign > 0 else x - wide
            pen.box(left, row - 4.5, 9.0, 9.0, fill=colour, z=3)
            pen.text(left + 13.0, row, words, size=style.SMALL, colour=style.SECONDARY)
            x += sign * (wide + 10.0)


def _draw_side(pen: Pen, plan: _Plan, side: Side, i: int, top: float) -> None:
    start, end = plan.wings[i]
    for count, colour, inset in ((side.mild, PALE[i % 2], 0.0), (side.severe, DARK[i % 2], 2.5)):
        length = (end - start) * side.share(count) / plan.most
        if length:
            pen.box(min(start, start + length), top + inset, abs(length), BAR - 2 * inset, fill=colour, z=3)
    y = top + BAR / 2
    first, last = plan.columns[i]
    if plan.data.mild and plan.data.severe:
        pen.text(first, y, side.text, align="right")
        severe = _count(side.severe, side.n, side.hidden)
        pen.text(last, y, severe, align="right", bold=bool(side.severe))
    else:
        pen.text(last if end > start else first, y, side.text, align="right")


def _draw_axes(pen: Pen, plan: _Plan) -> None:
    steps = (
        4
        if round(100 * plan.most) % 4 == 0 and plan.most >= 0.2
        else 5
        if round(100 * plan.most) % 5 == 0 and plan.most > 0.1
        else 2
    )
    steps = min(steps, 3) if round(100 * plan.most) == 30 else steps
    for start, end in plan.wings:
        pen.line([start, end], [plan.bottom, plan.bottom])
        for k in range(steps + 1):
            share = plan.most * k / steps
            x = start + (end - start) * k / steps
            pen.line([x, x], [plan.top - 4.0, plan.bottom], colour=style.RULE, width=0.6, z=1)
            pen.line([x, x], [plan.bottom, plan.bottom + 3.0])
            pen.text(x, plan.bottom + 11.0, f"{100 * share:g}", size=9.5, align="center")
        words = "Patients, %"
        pen.text((start + end) / 2, plan.bottom + 23.0, words, size=style.SMALL, colour=style.SECONDARY, align="center")
