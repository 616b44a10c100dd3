"""The course of a score in each arm of a cohort: means with intervals on the whole scale, numbers of patients below."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.display import level_text
from ostealgia.errors import OptionError
from ostealgia.plot import style
from ostealgia.plot.canvas import house_style, leading, new_sheet, size_of, text_width, wrap
from ostealgia.plot.scatter import even_ticks, plain_axes, say
from ostealgia.plot.survival_curves import KEY, RiskRow, apart, colour_of, key_line, short_name

Array = NDArray[np.float64]

WIDTH, HEIGHT = 500.0, 250.0  # of the whole figure across, more where names are long; of the plot down
NARROWEST = 320.0  # the plot across
TOP, AXIS, TABLE_ROW = 30.0, 38.0, 14.0
RIGHT = 16.0
DODGE = 7.0  # points between two arms at the same week
NEEDED = ("group", "week", "estimate", "ci_low", "ci_high")


def arm_trajectories(
    frame: Any,
    *,
    ax: Any = None,
    labels: Mapping[str, str] | None = None,
    value_label: str = "Worst pain, 0 to 10",
    time_label: str = "Weeks since radiotherapy",
    limits: tuple[float, float] | None = (0.0, 10.0),
    important: float | None = 2.0,
    lines: Any = None,
    small_cell: int = 0,
    notes: Sequence[str] = (),
) -> Any:
    """How does pain go in each arm, week by week?

    frame : one row an arm and week: group, week, estimate, ci_low, ci_high, and where known n (written under the axis) and observed (True:
    a plain mean of the data, drawn hollow; False: of the model).  ax : Axes; None makes a figure.  labels : group -> name.
    limits : ends of the value axis, always whole for a score; None takes what the data ask for.  important : the smallest change that
    matters to patients, drawn as a band below the mean of all at the first week; None leaves it out.
    lines : frame group, id, week, value with the course of each patient, faint in the background: patient data, only where the project
    allows it.  small_cell : points of fewer patients are not drawn.  Returns the Axes.

    >>> rows = {"group": list("aabb"), "week": [0, 4, 0, 4], "estimate": [7, 4, 7, 5], "ci_low": [6, 3, 6, 4], "ci_high": [8, 5, 8, 6]}
    >>> [float(end) for end in arm_trajectories(rows).get_ylim()]
    [0.0, 10.0]
    """
    table = _table(frame, small_cell)
    groups = list(dict.fromkeys(table["group"]))
    if len(groups) > len(style.GROUPS):
        raise OptionError(f"{len(groups)} arms cannot be told apart in one plot; draw {len(style.GROUPS)} or fewer.")
    names = [str((labels or {}).get(group, group)) for group in groups]
    words = [*_notes(table, important), *notes]
    with house_style():
        if ax is None:
            ax = _new(table, names, words)
        _axes(ax, table, limits, time_label, value_label)
        _band(ax, table, important)
        _patients(ax, lines, groups)
        for i, group in enumerate(groups):
            _arm(ax, table[table["group"] == group], i, len(groups))
        _names(ax, table, groups, names)
        _numbers(ax, table, groups, names)
        _draw_notes(ax, table, names, words)
    return ax


def _table(frame: Any, small_cell: int) -> Any:
    import pandas as pd

    table: Any = pd.DataFrame(frame)
    absent = [name for name in NEEDED if name not in table.columns]
    if absent:
        raise OptionError(f"the frame has no column {', '.join(map(repr, absent))}; it needs {', '.join(NEEDED)}.")
    table = table[table["estimate"].notna() & table["week"].notna()].copy()
    table["n"] = np.asarray(table["n"], dtype=float) if "n" in table.columns else math.nan
    table["observed"] = table["observed"].astype(bool) if "observed" in table.columns else False
    table = table[~(table["n"] < small_cell)]
    if not len(table):
        raise OptionError(
            "there is no mean to draw: every estimate is missing, or of fewer patients than may be shown."
        )
    return table.reset_index(drop=True)


# --- the sheet --------------------------------------------------------------------------------------------------------


def _counted(table: Any) -> bool:
    return bool(table["n"].notna().any())


def _left(table: Any, names: Sequence[str]) -> float:
    if not _counted(table):
        return 46.0
    head = max(
        [text_width("Patients", style.SMALL), *(KEY + 5.0 + text_width(short_name(n), style.SMALL) for n in names)]
    )
    return max(46.0, style.MARGIN + head + 14.0)


def _right(names: Sequence[str]) -> float:
    if len(names) < 2:
        return RIGHT
    return max(text_width(short_name(name), style.SMALL, True) for name in names) + KEY + 19.0


def _below(table: Any, names: Sequence[str]) -> float:
    lines = len(names) + 1 if len(names) > 1 else 1
    return AXIS + (TABLE_ROW * lines + 6.0 if _counted(table) else 0.0)


def _note_lines(words: Sequence[str], width: float) -> list[str]:
    return [line for note in words for line in wrap(note, width - 2 * style.MARGIN, style.SMALL)]


def _new(table: Any, names: Sequence[str], words: Sequence[str]) -> Any:
    left, right = _left(table, names), _right(names)
    width = max(WIDTH, left + right + NARROWEST)
    lines = len(_note_lines(words, width))
    below = _below(table, names) + (lines * leading(style.SMALL) + 8.0 if lines else 0.0) + 4.0
    whole = TOP + HEIGHT + below
    return new_sheet(width, whole, (left / width, below / whole, (width - left - right) / width, HEIGHT / whole))


def _axes(ax: Any, table: Any, limits: tuple[float, float] | None, time_label: str, value_label: str) -> None:
    weeks = np.array(sorted(set(table["week"])), dtype=float)
    span = float(weeks[-1] - weeks[0]) or 1.0
    ax.set_xlim(weeks[0] - 0.05 * span, weeks[-1] + 0.05 * span)
    ax.set_xticks(weeks, labels=_thin(ax, table, weeks))
    if limits is None:
        values = table[["estimate", "ci_low", "ci_high"]].to_numpy(dtype=float)
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        pad = 0.06 * (high - low) or 0.5
        limits = (max(0.0, low - pad) if low >= 0 else low - pad, high + pad)
        even_ticks(ax, "y", *limits)
    elif limits == (0.0, 10.0):
        ax.set_ylim(*limits)
        ax.set_yticks(range(0, 11, 2))
    else:
        even_ticks(ax, "y", *limits)
    plain_axes(ax, time_label, "")
    say(ax, 0.0, 1.0, -30.0, 12.0, value_label, style.SECONDARY)
    ax.spines["bottom"].set_position(("outward", 4.0))


def _thin(ax: Any, table: Any, weeks: Array) -> list[str]:
    """Names of the weeks; one is left empty where it, or a number under it, would touch the one before."""
    width, _ = size_of(ax)
    low, high = ax.get_xlim()
    last, shown = -math.inf, []
    for week in weeks:
        text = f"{week:g}"
        counts = [text_width(f"{n:,.0f}", style.SMALL) for n in table.loc[table["week"] == week, "n"].dropna()]
        half = max([text_width(text, 9.5), *counts]) / 2
        at = (week - low) / (high - low) * width
        free = at - half > last
        shown.append(text if free else "")
        last = at + half + 6.0 if free else last
    return shown


# --- what is drawn ----------------------------------------------------------------------------------------------------


def _baseline(table: Any) -> float:
    """The mean of all patients at the first week."""
    first = table[table["week"] == table["week"].min()]
    weights = first["n"].fillna(1.0).to_numpy(dtype=float)
    return float(np.average(first["estimate"].to_numpy(dtype=float), weights=weights))


def _band(ax: Any, table: Any, important: float | None) -> None:
    """Grey from the mean of all at the first week down to the smallest change that matters."""
    if important is None or table["week"].nunique() < 2:
        return
    low, high = ax.get_ylim()
    start = _baseline(table)
    ends = sorted((start, start - important))
    ends = [min(max(end, low), high) for end in ends]
    if ends[1] <= ends[0]:
        return
    ax.axhspan(*ends, color="#f1f3f5", linewidth=0, zorder=0.4)
    ax.axhline(start - important, color=style.MARK, linewidth=0.75, linestyle=(0, (1.2, 2.0)), zorder=0.6)


def _patients(ax: Any, lines: Any, groups: Sequence[str]) -> None:
    """One faint line a patient."""
    if lines is None:
        return
    for (group, _), part in lines.groupby(["group", "id"], sort=False):
        if group in groups:
            part = part.dropna(subset=["value"]).sort_values("week")
            colour = colour_of(list(groups).index(group))
            ax.plot(part["week"], part["value"], color=colour, alpha=0.05, linewidth=0.8, zorder=0.8)


def _arm(ax: Any, part: Any, i: int, arms: int) -> None:
    part = part.sort_values("week")
    width, _ = size_of(ax)
    low, high = ax.get_xlim()
    unit = (high - low) / width
    gaps = np.diff(sorted(set(part["week"])))
    closest = float(gaps.min()) / unit if len(gaps) else math.inf
    shift = (i - (arms - 1) / 2) * min(DODGE, 0.6 * closest / max(arms - 1, 1)) * unit
    x, y = part["week"].to_numpy(dtype=float) + shift, part["estimate"].to_numpy(dtype=float)
    colour = colour_of(i)
    bottom, top = ax.get_ylim()
    ax.plot(x, y, color=colour, linewidth=1.3, zorder=3, solid_capstyle="round")
    ends = np.clip(part[["ci_low", "ci_high"]].to_numpy(dtype=float), bottom, top)
    known = np.isfinite(ends).all(axis=1)
    ax.vlines(x[known], ends[known, 0], ends[known, 1], color=colour, linewidth=1.3, zorder=3)
    hollow = part["observed"].to_numpy(dtype=bool)
    shape = ("o", "s", "D", "^", "v")[i % 5]
    for chosen, fill in ((hollow, style.PAPER), (~hollow, colour)):
        ax.plot(
            x[chosen], y[chosen], linestyle="none", marker=shape, markersize=6.0, markerfacecolor=fill, markeredgecolor=colour,
            markeredgewidth=1.3, zorder=4, clip_on=False,
        )  # fmt: skip


def _rows(table: Any, groups: Sequence[str], names: Sequence[str]) -> list[tuple[RiskRow, dict[float, float]]]:
    """A line of the table under the axis for each arm, with its numbers by week."""
    zero = np.zeros_like
    out = []
    for i, (group, name) in enumerate(zip(groups, names, strict=True)):
        own = table[table["group"] == group]
        row = RiskRow(label=name, colour=i, dash=0, at_risk=zero, events=zero)
        out.append((row, dict(zip(own["week"].astype(float), own["n"], strict=True))))
    return out


def _names(ax: Any, table: Any, groups: Sequence[str], names: Sequence[str]) -> None:
    """Each arm's name at the right edge, near the height of its last mean."""
    if len(groups) < 2:
        return
    width, height = size_of(ax)
    bottom, top = ax.get_ylim()
    last = [float(table[table["group"] == group].sort_values("week")["estimate"].iloc[-1]) for group in groups]
    ends = [min(max((value - bottom) / (top - bottom), 0.0), 1.0) * height for value in last]
    rows = [row for row, _ in _rows(table, groups, names)]
    for row, up in zip(rows, apart(ends, leading(style.SMALL) + 0.5, height), strict=True):
        key_line(ax, row, width + 6.0, up)
        ax.annotate(
            short_name(row.label), (1.0, up / height), xytext=(KEY + 11.0, -0.33 * style.SMALL), xycoords="axes fraction",
            textcoords="offset points", va="baseline", ha="left", fontproperties=style.font(style.SMALL, bold=True), color=style.INK,
            parse_math=False, annotation_clip=False, zorder=6,
        )  # fmt: skip


def _numbers(ax: Any, table: Any, groups: Sequence[str], names: Sequence[str]) -> None:
    """Patients behind each mean, under the labelled weeks."""
    if not _counted(table):
        return
    low, high = ax.get_xlim()
    ticks = [float(t) for t, label in zip(ax.get_xticks(), ax.get_xticklabels(), strict=True) if label.get_text()]
    left, y = -_left(table, names) + style.MARGIN, -AXIS - 12.0
    say(ax, 0.0, 0.0, left, y, "Patients", style.SECONDARY)
    for row, by_week in _rows(table, groups, names):
        if len(groups) > 1:
            y -= TABLE_ROW
            key_line(ax, row, left, y + 3.0)
            say(ax, 0.0, 0.0, left + KEY + 5.0, y, short_name(row.label), style.INK)
        for tick in ticks:
            n = by_week.get(tick, math.nan)
            text = "–" if math.isnan(n) else f"{n:,.0f}"
            say(ax, (tick - low) / (high - low), 0.0, 0.0, y, text, style.INK, "center")


def _notes(table: Any, important: float | None) -> list[str]:
    level = level_text(float(table["ci_level"].iloc[0])) if "ci_level" in table.columns else "95%"
    kinds = set(table["observed"])
    points = "Points: means" if len(kinds) == 1 else "Filled points: means of the model; hollow: means as observed"
    words = f"{points}; lines: {level} intervals."
    if important is not None and table["week"].nunique() > 1:
        words += f" Grey: changes from the first week smaller than {important:g}, the least that matters to patients."
    return [words]


def _draw_notes(ax: Any, table: Any, names: Sequence[str], words: Sequence[str]) -> None:
    y = -_below(table, names) - 14.0
    for line in _note_lines(words, size_of(ax)[0] + _left(table, names) + _right(names)):
        say(ax, 0.0, 0.0, -_left(table, names) + style.MARGIN, y, line, style.SECONDARY)
        y -= leading(style.SMALL)
