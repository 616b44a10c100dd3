"""The flow of patients from screening to analysis: boxes on a grid, straight lines, reasons as lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ostealgia.cohort.derivations_events import Flow
from ostealgia.plot import style
from ostealgia.plot.canvas import Pen, house_style, leading, on_points, size_of, text_width, wrap

COLUMN = 196.0  # of a box, at least
GAP, RISE = 24.0, 22.0  # between columns, between rows
PAD = 7.0
SIDE = 236.0
MOST_REASONS = 14
STATES = {
    "assessed": "assessed", "missed_visit": "missed the visit", "dropout": "dropped out", "death": "died",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Box:
    """One box. title : its first line, with the count in bold after it.  items : (count, words) below.  target : where a link leads."""

    title: str
    count: str = ""
    items: tuple[tuple[str, str], ...] = ()
    target: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """Boxes beside one another: one for all, or one an arm.  aside : a box to the right that leaves the stream before the next row."""

    boxes: tuple[Box, ...]
    aside: Box | None = None


def flow_diagram(
    found: Flow,
    *,
    ax: Any = None,
    labels: Mapping[str, str] | None = None,
    weeks: Sequence[int] | None = None,
    analysed: Mapping[str, int] | None = None,
    links: Mapping[str, str] | None = None,
    small_cell: int = 0,
) -> Any:
    """How many patients were screened, left out and why, treated, seen at each week, and analysed?

    found : what ``cohort.flow`` gave.  ax : Axes; None makes a figure of the right size.  labels : group -> name.
    weeks : visits that get a row; None takes all after baseline.  analysed : group -> patients in the main analysis; a last row.
    links : box ("screened", "excluded", "enrolled", "week 4", "analysed") -> "#id" of the page where a reader finds more.
    small_cell : counts from 1 to below it are written as such. Returns the Axes.
    Source: STROBE item 13; von Elm 2007, doi:10.1016/S0140-6736(07)61602-X.

    >>> import ostealgia as oa
    >>> found = oa.cohort.flow(oa.cohort.read(oa.cohort.example()))
    >>> [text.get_text() for text in flow_diagram(found).texts][:2]
    ['Screened', '273']
    """
    rows = _rows(found, labels or {}, weeks, analysed or {}, links or {}, small_cell)
    with house_style():
        plan = _Plan.of(rows, None if ax is None else size_of(ax)[0])
        ax, pen = on_points(ax, plan.width, plan.height)
        _draw(pen, plan)
    return ax


# --- what stands in the boxes -----------------------------------------------------------------------------------------


def _rows(
    found: Flow,
    labels: Mapping[str, str],
    weeks: Sequence[int] | None,
    analysed: Mapping[str, int],
    links: Mapping[str, str],
    small_cell: int,
) -> list[Row]:
    def shown(count: int) -> str:
        return f"<{small_cell}" if 0 < count < small_cell else f"{count:,}"

    rows: list[Row] = []
    if found.screened:
        excluded = None
        if found.screened > found.eligible:
            reasons = [(shown(int(row.n_first)), str(row.reason)) for row in found.reasons.itertuples() if row.n_first]
            more = len(reasons) - MOST_REASONS
            if more > 0:
                reasons = [*reasons[:MOST_REASONS], ("", f"and {more} more reasons")]
            excluded = Box(
                title="Not eligible",
                count=shown(found.screened - found.eligible),
                items=tuple(reasons),
                target=links.get("excluded", ""),
            )
        rows.append(
            Row(
                boxes=(Box(title="Screened", count=shown(found.screened), target=links.get("screened", "")),),
                aside=excluded,
            )
        )
    rows.append(
        Row(boxes=(Box(title="Treated and enrolled", count=shown(found.enrolled), target=links.get("enrolled", "")),))
    )
    groups = list(found.by_group)
    if len(groups) > 1:
        rows.append(
            Row(
                boxes=tuple(
                    Box(title=str(labels.get(g, g)), count=shown(n), target=links.get("enrolled", ""))
                    for g, n in found.by_group.items()
                )
            )
        )
    rows += _visit_rows(found, groups, weeks, links, shown)
    if analysed:
        rows.append(
            Row(
                boxes=tuple(
                    Box(title="In the main analysis", count=shown(analysed.get(g, 0)), target=links.get("analysed", ""))
                    for g in groups
                )
            )
        )
    return rows


def _visit_rows(
    found: Flow, groups: Sequence[str], weeks: Sequence[int] | None, links: Mapping[str, str], shown: Any
) -> list[Row]:
    """One row a week: who was assessed, and why the others were not (states so far, not new events)."""
    table = found.visits
    if not len(table) or "assessed" not in table.columns:
        return []
    wanted = [week for week in sorted(set(table["week"])) if week > 0] if weeks is None else list(weeks)
    rows = []
    for week in wanted:
        boxes = []
        for group in groups:
            part = table[(table["group"].astype(str) == str(group)) & (table["week"] == week)]
            counts = {} if not len(part) else {name: int(part[name].iloc[0]) for name in STATES if name in part.columns}
            items = tuple((shown(n), STATES[name]) for name, n in counts.items() if name != "assessed" and n)
            boxes.append(
                Box(
                    title=f"Week {week:g}: assessed",
                    count=shown(counts.get("assessed", 0)),
                    items=items,
                    target=links.get(f"week {week:g}", ""),
                )
            )
        rows.append(Row(boxes=tuple(boxes)))
    return rows


# --- where it stands --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Plan:
    """Each box with its place: (box, lines, x, y, width, height), and the lines between them."""

    width: float
    height: float
    boxes: list[tuple[Box, list[tuple[str, str]], float, float, float, float]] = field(default_factory=list)
    lines: list[tuple[list[float], list[float], bool]] = field(default_factory=list)

    @classmethod
    def of(cls, rows: Sequence[Row], width: float | None) -> _Plan:
        """Columns are as wide as their widest box asks for; rows are as high as their highest."""
        arms = max(len(row.boxes) for row in rows)
        column = max([COLUMN, *(_natural(box) for row in rows for box in row.boxes)])
        column = min(column, 300.0)
        aside = max((min(_natural(row.aside), 290.0) for row in rows if row.aside), default=0.0)
        stream = arms * column + (arms - 1) * GAP
        centre = style.MARGIN + stream / 2
        whole = max(stream, stream / 2 + (GAP + aside if aside else 0.0))
        plan = cls(max(width or 0.0, whole + 2 * style.MARGIN), 0.0)
        y, before = style.MARGIN, None
        for row in rows:
            y, before = plan._place(row, y, before, column, centre, arms, aside)
        object.__setattr__(plan, "height", y - RISE + style.MARGIN)
        return plan

    def _place(
        self, row: Row, y: float, before: Any, column: float, centre: float, arms: int, aside: float
    ) -> tuple[float, list[tuple[float, float]]]:
        """Put a row in; returns where the next begins and the lower ends of this one."""
        one = len(row.boxes) == 1
        lefts = [centre - column / 2] if one else [style.MARGIN + i * (column + GAP) for i in range(arms)]
        texts = [_lines(box, column) for box in row.boxes]
        height = max(_height(lines) for lines in texts)
        if before:
            self._join(before, [left + column / 2 for left in lefts], y)
        for box, lines, left in zip(row.boxes, texts, lefts, strict=True):
            self.boxes.append((box, lines, left, y, column, height))
        ends = [(left + column / 2, y + height) for left in lefts]
        y += height + RISE
        if row.aside:
            lines = _lines(row.aside, aside)
            tall = _height(lines)
            left = lefts[0] + column / 2 + GAP
            self.boxes.append((row.aside, lines, left, y - RISE + 12.0, aside, tall))
            middle = y - RISE + 12.0 + PAD + 0.5 * leading(style.BODY)
            self.lines.append(([centre, left], [middle, middle], True))
            y += tall + 12.0
        return y, ends

    def _join(self, ends: Sequence[tuple[float, float]], tops: Sequence[float], y: float) -> None:
        """Straight lines from the row above: down, or down, across and down."""
        if len(ends) == len(tops):
            for (x, bottom), _ in zip(ends, tops, strict=True):
                self.lines.append(([x, x], [bottom, y], True))
            return
        (x, bottom), middle = ends[0], y - RISE / 2
        self.lines.append(([x, x], [bottom, middle], False))
        self.lines.append(([min(tops), max(tops)], [middle, middle], False))
        for top in tops:
            self.lines.append(([top, top], [middle, y], True))


def _natural(box: Box) -> float:
    """Width of a box whose lines are not broken."""
    title = text_width(box.title) + text_width(f"  {box.count}", bold=True)
    items = [_item_left(box) + text_width(words, style.SMALL) for _, words in box.items]
    return max([title, *items]) + 2 * PAD + 4.0


def _item_left(box: Box) -> float:
    return max((text_width(count, style.SMALL, True) for count, _ in box.items), default=0.0) + 6.0


def _lines(box: Box, width: float) -> list[tuple[str, str]]:
    """Lines under the title as (count, words); a line that goes on has no count."""
    room = width - 2 * PAD - _item_left(box)
    out: list[tuple[str, str]] = []
    for count, words in box.items:
        first, *rest = wrap(words, room, style.SMALL)
        out += [(count, first), *(("", line) for line in rest)]
    return out


def _height(lines: Sequence[Any]) -> float:
    return 2 * PAD + leading(style.BODY) + len(lines) * leading(style.SMALL) + (2.0 if lines else 0.0)


# --- drawing ----------------------------------------------------------------------------------------------------------


def _draw(pen: Pen, plan: _Plan) -> None:
    for xs, ys, arrow in plan.lines:
        pen.line(xs, ys, width=0.9, colour=style.SECONDARY, z=1)
        if arrow:
            across = xs[0] != xs[1]
            pen.mark(
                xs[1] - (2.2 if across else 0.0),
                ys[1] - (0.0 if across else 2.2),
                ">" if across else "v",
                size=5.0,
                colour=style.SECONDARY,
            )
    for box, lines, x, y, width, height in plan.boxes:
        pen.box(x, y, width, height, edge=style.MARK, line=0.9, url=box.target or None)
        base = y + PAD + 0.5 * leading(style.BODY)
        pen.text(x + PAD, base, box.title, url=box.target or None)
        if box.count:
            pen.text(x + width - PAD, base, box.count, bold=True, align="right", url=box.target or None)
        left = x + PAD + _item_left(box)
        for i, (count, words) in enumerate(lines):
            row = base + 0.5 * leading(style.BODY) + (i + 0.5) * leading(style.SMALL) + 2.0
            if count:
                pen.text(left - 6.0, row, count, size=style.SMALL, bold=True, align="right")
            pen.text(left, row, words, size=style.SMALL, colour=style.SECONDARY)
