"""Pain response by week and arm as stacked bars: complete, partial, indeterminate, progression, not evaluable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ostealgia.display import percent
from ostealgia.errors import OptionError
from ostealgia.plot import style
from ostealgia.plot.canvas import Pen, house_style, leading, on_points, size_of, text_width, wrap

WIDTH = 540.0
BAR, STEP, WEEK_GAP = 15.0, 19.0, 9.0
KEY_ROW, AXIS = 16.0, 30.0
NARROWEST = 240.0  # of the bars
LONGEST_NAME = 150.0
GAP = 12.0


@dataclass(frozen=True)
class Kind:
    """A class of response: what it is called, its fill, and the ink on it. open : drawn as an outline."""

    name: str
    fill: str
    ink: str
    open: bool = False


# in the order in which they stand in a bar; told apart by lightness in grey print as well
KINDS: dict[str, Kind] = {
    "CR": Kind("complete response (CR)", "#0b5fa5", "#ffffff"),
    "PR": Kind("partial response (PR)", "#86bbe3", style.INK),
    "CR+PR": Kind("response (CR or PR)", "#0b5fa5", "#ffffff"),
    "RE": Kind("response after re-irradiation, not counted (RE)", "#dcebf7", style.INK),
    "IR": Kind("indeterminate (IR)", "#e3e7eb", style.INK),
    "NR": Kind("no response (NR)", "#e3e7eb", style.INK),
    "PP": Kind("progression (PP)", "#c04f00", "#ffffff"),
    "IR+PP": Kind("no response (IR or PP)", "#e3e7eb", style.INK),
    "NE": Kind("not evaluable (NE)", style.PAPER, style.SECONDARY, open=True),
}
RESPONSES = ("CR", "PR", "CR+PR")
COARSE = {"CR": "CR+PR", "PR": "CR+PR", "RE": "IR+PP", "IR": "IR+PP", "PP": "IR+PP"}


def response_stack(
    frame: Any,
    *,
    ax: Any = None,
    labels: Mapping[str, str] | None = None,
    unit: str = "Week",
    small_cell: int = 0,
    notes: Sequence[str] = (),
) -> Any:
    """What share of each arm has which pain response, week by week, with nobody left out?

    frame : one row an arm and week: group, week, and a count for each class (CR, PR, IR, PP, NE; NR where a definition has only that; RE
    where a response after re-irradiation is not counted), as ``ResponseByWeek.counts()`` gives.
    ax : Axes; None makes a figure of the right size.  labels : group -> name.  unit : before the week.
    small_cell : where a count from 1 to below it occurs, CR with PR and IR with PP are shown as one; a bar that still has such a count is
    not drawn, and that is said.
    Every bar is 100% of the arm; counts stand in the parts that have room; at the right responders of all patients, and their share.
    Returns the Axes. Source of the classes: Chow 2012, doi:10.1016/j.ijrobp.2011.02.008.

    >>> ax = response_stack([{"group": "a", "week": 4, "CR": 2, "PR": 5, "PP": 1, "IR": 4, "NE": 3}])
    >>> [text.get_text() for text in ax.texts if "/15" in text.get_text()]
    ['7/15']
    """
    bars, kinds, hidden = _bars(frame, small_cell)
    if hidden:
        notes = (*notes, f"{hidden} of {len(bars)} bars are not drawn: a part has fewer than {small_cell} patients.")
    with house_style():
        plan = _Plan.of(bars, kinds, labels or {}, unit, notes, None if ax is None else size_of(ax)[0])
        ax, pen = on_points(ax, plan.width, plan.height)
        _draw(pen, plan)
    return ax


# --- what is counted --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bar:
    """One arm at one week. counts : class -> patients, None where they may not be shown."""

    week: float
    group: str
    n: int
    counts: Mapping[str, int] | None

    @property
    def responders(self) -> int:
        """Patients with complete or partial response."""
        return 0 if self.counts is None else sum(self.counts.get(name, 0) for name in RESPONSES)


def _bars(frame: Any, small_cell: int) -> tuple[list[Bar], list[str], int]:
    """The bars, the classes that occur, and how many bars may not be drawn."""
    import pandas as pd

    table: Any = pd.DataFrame(frame)
    classes = [name for name in KINDS if name in table.columns]
    if not classes or not {"group", "week"} <= set(table.columns):
        raise OptionError("the frame needs the columns group, week and the counts of the classes (CR, PR, IR, PP, NE).")
    counts = [{name: int(row[name]) for name in classes} for row in table[classes].fillna(0).to_dict("records")]
    if any(_small(one, small_cell) for one in counts):
        counts = [_coarse(one) for one in counts]
        classes = [name for name in KINDS if any(name in one for one in counts)]
    bars = [
        Bar(float(week), str(group), sum(one.values()), None if _small(one, small_cell) else one)
        for week, group, one in zip(table["week"], table["group"], counts, strict=True)
    ]
    bars = [bar for bar in bars if bar.n]
    if not bars:
        raise OptionError("there is no patient to draw: every count is 0.")
    order = list(dict.fromkeys(bar.group for bar in bars))
    bars.sort(key=lambda bar: (bar.week, order.index(bar.group)))
    seen = [name for name in classes if any(bar.counts and bar.counts.get(name) for bar in bars)]
    return bars, seen, sum(bar.counts is None for bar in bars)


def _small(counts: Mapping[str, int], small_cell: int) -> bool:
    return any(0 < count < small_cell for count in counts.values())


def _coarse(counts: Mapping[str, int]) -> dict[str, int]:
    merged: dict[str, int] = {}
    for name, count in counts.items():
        key = COARSE.get(name, name)
        merged[key] = merged.get(key, 0) + count
    return merged


# --- where it stands --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Plan:
    """Everything measured: lines of the key, left and right end of the bars, the top of each bar."""

    bars: Sequence[Bar]
    kinds: Sequence[str]
    names: Mapping[str, str]
    weeks: Mapping[float, str]
    key: Sequence[Sequence[tuple[float, str]]]
    notes: Sequence[str]
    width: float
    height: float
    name_left: float
    left: float
    right: float
    tops: Sequence[float]

    @property
    def top(self) -> float:
        """Where the bars begin."""
        return self.tops[0] - 6.0

    @property
    def bottom(self) -> float:
        """Where the axis is."""
        return self.tops[-1] + BAR + 6.0

    @classmethod
    def of(
        cls, bars: Sequence[Bar], kinds: Sequence[str], labels: Mapping[str, str], unit: str, notes: Sequence[str], width: float | None
    ) -> _Plan:  # fmt: skip
        """Measure all texts, then place them."""
        groups = list(dict.fromkeys(bar.group for bar in bars))
        names = {group: _one_line(str(labels.get(group, group))) for group in groups}
        weeks = {week: f"{unit} {week:g}" for week in dict.fromkeys(bar.week for bar in bars)}
        name_left = style.MARGIN + max(text_width(text, bold=True) for text in weeks.values()) + GAP
        left = name_left + (max(text_width(name) for name in names.values()) + GAP if len(groups) > 1 else 0.0)
        numbers = max(text_width(f"{bar.responders:,}/{bar.n:,}") for bar in bars) + text_width("100%") + GAP
        numbers = max(numbers, text_width("Responders", bold=True))
        width = max(width or WIDTH, left + NARROWEST + GAP + numbers + style.MARGIN)
        right = width - style.MARGIN - numbers - GAP
        key = _key_lines(kinds, width - 2 * style.MARGIN)
        y = style.MARGIN + KEY_ROW * len(key) + 26.0
        tops: list[float] = []
        for i, bar in enumerate(bars):
            y += 0.0 if i == 0 else STEP + (WEEK_GAP if bar.week != bars[i - 1].week and len(groups) > 1 else 0.0)
            tops.append(y)
        lines = [line for note in notes for line in wrap(note, width - 2 * style.MARGIN, style.SMALL)]
        height = tops[-1] + BAR + 6.0 + AXIS + len(lines) * leading(style.SMALL) + (6.0 if lines else 0.0)
        return cls(bars, kinds, names, weeks, key, lines, width, height, name_left, left, right, tops)


def _one_line(name: str) -> str:
    lines = wrap(name, LONGEST_NAME)
    return lines[0] + ("…" if len(lines) > 1 else "")


def _key_lines(kinds: Sequence[str], room: float) -> list[list[tuple[float, str]]]:
    """The classes with their names, each at its place in a line that fits."""
    lines: list[list[tuple[float, str]]] = []
    x = room
    for name in kinds:
        wide = 15.0 + text_width(KINDS[name].name, style.SMALL) + 14.0
        if x + wide - 14.0 > room:
            lines.append([])
            x = 0.0
        lines[-1].append((x, name))
        x += wide
    return lines


# --- drawing ----------------------------------------------------------------------------------------------------------


def _draw(pen: Pen, plan: _Plan) -> None:
    for i, line in enumerate(plan.key):
        for x, name in line:
            y = style.MARGIN + KEY_ROW * (i + 0.5)
            _patch(pen, KINDS[name], style.MARGIN + x, y - 4.5, 9.0, 9.0)
            pen.text(style.MARGIN + x + 14.0, y, KINDS[name].name, size=style.SMALL)
    _draw_axis(pen, plan)
    right = plan.width - style.MARGIN
    pen.text(right, plan.top - 12.0, "Responders", bold=True, align="right")
    week = None
    for bar, top in zip(plan.bars, plan.tops, strict=True):
        y = top + BAR / 2
        if bar.week != week:
            pen.text(style.MARGIN, y, plan.weeks[bar.week], bold=True)
            week = bar.week
        if len(plan.names) > 1:
            pen.text(plan.name_left, y, plan.names[bar.group])
        if bar.counts is None:
            pen.text(plan.left + 4.0, y, "not shown", size=style.SMALL, colour=style.SECONDARY)
            continue
        _draw_bar(pen, plan, bar, top)
        share = percent(bar.responders / bar.n)
        pen.text(right, y, share, align="right", bold=True)
        pen.text(right - text_width("100%", bold=True) - 8.0, y, f"{bar.responders:,}/{bar.n:,}", align="right")
    y = plan.bottom + AXIS + 4.0
    pen.block(style.MARGIN, y, plan.notes, size=style.SMALL, colour=style.SECONDARY)


def _draw_axis(pen: Pen, plan: _Plan) -> None:
    span = plan.right - plan.left
    for share in (0, 25, 50, 75, 100):
        x = plan.left + span * share / 100
        pen.line([x, x], [plan.top, plan.bottom], colour=style.RULE, width=0.6, z=1)
        pen.line([x, x], [plan.bottom, plan.bottom + 3.0])
        pen.text(x, plan.bottom + 11.0, f"{share}", size=9.5, align="center")
    pen.line([plan.left, plan.right], [plan.bottom, plan.bottom])
    pen.text(
        (plan.left + plan.right) / 2,
        plan.bottom + 23.0,
        "Patients, %",
        size=style.SMALL,
        colour=style.SECONDARY,
        align="center",
    )


def _draw_bar(pen: Pen, plan: _Plan, bar: Bar, top: float) -> None:
    assert bar.counts is not None  # the caller checked
    x, span = plan.left, plan.right - plan.left
    for name in plan.kinds:
        count = bar.counts.get(name, 0)
        if not count:
            continue
        wide = span * count / bar.n
        _patch(pen, KINDS[name], x, top, wide, BAR)
        text = f"{count:,}"
        if text_width(text, style.SMALL) + 4.0 < wide:
            pen.text(x + wide / 2, top + BAR / 2, text, size=style.SMALL, colour=KINDS[name].ink, align="center")
        x += wide


def _patch(pen: Pen, kind: Kind, x: float, y: float, width: float, height: float) -> None:
    """A part of a bar; a thin line of paper parts it from the next."""
    if kind.open:
        inset = min(0.75, width / 4)
        pen.box(
            x + inset,
            y + 0.4,
            width - 2 * inset,
            height - 0.8,
            edge=style.MARK,
            line=0.8,
            linestyle=(0, (2.0, 1.5)),
            z=3,
        )
    else:
        pen.box(x, y, width, height, fill=kind.fill, edge=style.PAPER, line=0.6, z=3)
