"""The bubble plot of a meta-regression: effects against a moderator, with the line that was fitted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia import display
from ostealgia.display import level_text
from ostealgia.errors import OptionError, suggestion
from ostealgia.meta.predictions import PredictionResult, predict
from ostealgia.meta.regression_result import RegressionResult
from ostealgia.meta.regression_text import omnibus_text
from ostealgia.plot import style
from ostealgia.plot.canvas import house_style, leading, size_of, text_width
from ostealgia.plot.scatter import (
    LEFT,
    axis_label,
    draw_notes,
    effect_ticks,
    even_ticks,
    name_points,
    new_scatter,
    plain_axes,
    say,
)
from ostealgia.tables.formula_design import numbers_of

Array = NDArray[np.float64]
POINTS = 161  # of a line
LARGEST = 20.0  # diameter in points of the heaviest study
SMALLEST = 3.0
MOST_NAMES = 4
MOST_LINES = 5


@dataclass(frozen=True)
class _Line:
    """One fitted line: its name and level (empty where there is one line), colour, studies, places and predictions."""

    level: str
    colour: str
    rows: NDArray[np.intp]
    x: Array
    at: PredictionResult


def bubble(
    fit: RegressionResult,
    moderator: str | None = None,
    *,
    ax: Any = None,
    at: Mapping[str, Any] | None = None,
    effect_label: str | None = None,
    moderator_label: str | None = None,
    names: bool | Sequence[str] = True,
) -> Any:
    """How do effects change with a characteristic of the studies?

    fit : a RegressionResult.  moderator : a column of its formula; None takes the first.  ax : Axes to draw in; None makes a figure.
    at : values of the other moderators; by default their mean, or one line for each level of a single other factor (at most five), else the
    reference level; what was held is said below.  names : name the studies furthest from the line (up to four), none, or these.
    Effects are on the analysis scale with ticks in the units that are reported; area is weight; the ribbon is the interval of the mean
    effect, dotted lines that of one new study. Returns the Axes.
    Source: Thompson & Higgins 2002, doi:10.1002/sim.1187.

    >>> import ostealgia as oa
    >>> data = {"estimate": [0.1, 0.3, 0.5, 0.8], "std_error": [0.1, 0.1, 0.1, 0.1], "dose_gy": [8, 16, 24, 32]}
    >>> ax = bubble(oa.meta.regress(data, "~ dose_gy"))
    >>> ax.get_xlabel()
    'dose_gy'
    """
    name = _moderator(fit, moderator)
    factor = _levels(fit, name)
    lines, held = _lines(fit, name, dict(at or {}))
    notes = _notes(fit, name, held, bool(factor))
    label = effect_label or axis_label(fit.definition)
    with house_style():
        if ax is None:
            ax = new_scatter(notes)
        x = _places(fit, name, factor)
        low, high = _vertical_range(fit, lines)
        _set_axes(ax, fit, x, factor, (low, high))
        plain_axes(ax, moderator_label or name, label)
        _draw_reference(ax, fit, low, high)
        for line in lines:
            (_draw_levels if factor else _draw_line)(ax, line, len(lines) > 1)
        sizes = _draw_bubbles(ax, fit, x, lines)
        if len(lines) > 1:
            _draw_key(ax, lines, text_width(label, style.SMALL))
        _name(ax, fit, x, sizes, names)
        draw_notes(ax, notes)
    return ax


def _moderator(fit: RegressionResult, name: str | None) -> str:
    columns = fit.recipe.formula.columns
    if not columns:
        raise OptionError("the fit has no moderator; a bubble plot needs one.")
    if name is None:
        return columns[0]
    if name not in columns:
        raise OptionError(
            f"moderator={name!r} is not in {fit.formula}: {', '.join(map(repr, columns))}.{suggestion(name, columns)}"
        )
    return name


def _levels(fit: RegressionResult, name: str) -> tuple[str, ...]:
    """The levels of a moderator that is a factor."""
    for variable, coding in fit.recipe.codings.items():
        if variable.column == name and coding.levels:
            return coding.levels
    return ()


def _places(fit: RegressionResult, name: str, levels: tuple[str, ...]) -> Array:
    """Where each study stands on the horizontal axis; studies of one level side by side, the heaviest in the middle."""
    if not levels:
        return numbers_of(fit.moderators[name], name)
    codes = _codes(fit, name, levels)
    out = codes.astype(float)
    for code in range(len(levels)):
        rows = np.flatnonzero(codes == code)
        order = rows[np.argsort(-fit.fit.weights[rows], kind="stable")]
        step = min(0.12, 0.64 / max(1, len(rows) - 1))
        for rank, i in enumerate(order):
            out[i] += step * math.ceil(rank / 2) * (1 if rank % 2 else -1)
    return out


def _codes(fit: RegressionResult, name: str, levels: tuple[str, ...]) -> NDArray[np.intp]:
    variable = next(v for v, coding in fit.recipe.codings.items() if v.column == name and coding.levels)
    return np.argmax(fit.recipe.codings[variable].matrix(fit.moderators[name], True), axis=1)


def _lines(fit: RegressionResult, name: str, at: dict[str, Any]) -> tuple[list[_Line], dict[str, Any]]:
    """The lines to draw, and the values at which other moderators are held."""
    others = [column for column in fit.recipe.formula.columns if column != name]
    unknown = [column for column in at if column not in others]
    if unknown:
        raise OptionError(
            f"at={unknown[0]!r} is not another moderator of {fit.formula}.{suggestion(unknown[0], others)}"
        )
    factors = [column for column in others if _levels(fit, column) and column not in at]
    split = (
        factors[0]
        if len(factors) == 1 and len(_levels(fit, factors[0])) <= MOST_LINES and not _levels(fit, name)
        else None
    )
    held = dict(at)
    for column in others:
        if column not in at and column != split:
            levels = _levels(fit, column)
            held[column] = levels[0] if levels else float(numbers_of(fit.moderators[column], column).mean())
    own = _levels(fit, name)
    values = numbers_of(fit.moderators[name], name) if not own else np.empty(0)
    lines: list[_Line] = []
    codes = _codes(fit, split, _levels(fit, split)) if split else np.zeros(fit.k, dtype=np.intp)
    for j, level in enumerate(_levels(fit, split) if split else ("",)):
        rows = np.flatnonzero(codes == j)
        x = np.arange(float(len(own))) if own else np.linspace(values[rows].min(), values[rows].max(), POINTS)
        new = {name: list(own) if own else x, **held, **({split: level} if split else {})}
        colour = style.GROUPS[j] if split else style.ACCENT
        lines.append(_Line(level, colour, rows, x, predict(fit, new)))
    return lines, held


def _vertical_range(fit: RegressionResult, lines: list[_Line]) -> tuple[float, float]:
    """Holds every effect and fitted value, and as much of the intervals as does not crowd them."""
    y = np.concatenate([fit.effects.estimate, *(line.at.estimate for line in lines)])
    low, high = float(y.min()), float(y.max())
    room = 0.6 * (high - low) or 1.0
    ends = np.concatenate(
        [values for line in lines for values in (line.at.ci_low, line.at.ci_high, line.at.pi_low, line.at.pi_high)]
    )
    ends = ends[np.isfinite(ends)]
    if len(ends):
        low, high = max(min(low, float(ends.min())), low - room), min(max(high, float(ends.max())), high + room)
    pad = 0.06 * (high - low) or 0.5
    return low - pad, high + pad


def _set_axes(ax: Any, fit: RegressionResult, x: Array, levels: tuple[str, ...], limits: tuple[float, float]) -> None:
    _, height = size_of(ax)
    if levels:
        ax.set_xlim(-0.6, len(levels) - 0.4)
        ax.set_xticks(range(len(levels)), labels=_fitting(ax, levels))
    else:
        low, high = float(x.min()), float(x.max())
        pad = 0.06 * (high - low) or 1.0
        even_ticks(ax, "x", low - pad, high + pad)
    ax.set_ylim(*limits)
    ticks, labels = effect_ticks(fit.definition, *limits, 1.6 * height)
    ax.set_yticks(ticks, labels=labels)


def _fitting(ax: Any, levels: Sequence[str]) -> list[str]:
    """Names of levels, shortened to the room each has."""
    width, _ = size_of(ax)
    room = width / len(levels) - 6.0
    out: list[str] = []
    for level in levels:
        text = level
        while len(text) > 2 and text_width(text, 9.5) > room:
            text = text[:-2].rstrip() + "…"
        out.append(text)
    return out


def _draw_reference(ax: Any, fit: RegressionResult, low: float, high: float) -> None:
    value = fit.definition.no_effect
    if value is not None and low < value < high:
        ax.axhline(value, color=style.INK, linewidth=0.75, zorder=1)


def _draw_line(ax: Any, line: _Line, several: bool) -> None:
    at = line.at
    ax.fill_between(
        line.x, at.ci_low, at.ci_high, color=line.colour, alpha=0.08 if several else 0.15, linewidth=0, zorder=1.2
    )
    ax.plot(line.x, at.estimate, color=line.colour, linewidth=1.5, zorder=2.5)
    if np.isfinite(at.pi_low).all() and not several:
        for values in (at.pi_low, at.pi_high):
            ax.plot(line.x, values, color=line.colour, linewidth=0.9, linestyle=(0, (1.2, 2.0)), zorder=2)


def _draw_key(ax: Any, lines: Sequence[_Line], title: float) -> None:
    """The levels in their colours above the plot, in a second line where they would meet the axis title."""
    width, _ = size_of(ax)
    names = [line.level if text_width(line.level, style.SMALL) <= 110.0 else line.level[:16] + "…" for line in lines]
    wide = [text_width(name, style.SMALL) for name in names]
    x = width - sum(wide) - 9.0 * len(wide) - 12.0 * (len(wide) - 1)
    y = 9.0 if x > title - LEFT + 18.0 else 9.0 + leading(style.SMALL)
    for line, name, length in zip(lines, names, wide, strict=True):
        say(ax, 0.0, 1.0, x, y, "●", line.colour)
        say(ax, 0.0, 1.0, x + 9.0, y, name, style.INK)
        x += 9.0 + length + 12.0


def _draw_levels(ax: Any, line: _Line, several: bool) -> None:
    """A bar for the mean of each level with its interval as a box; dotted ends for a new study."""
    at = line.at
    for j, x in enumerate(line.x):
        ax.fill_between(
            [x - 0.38, x + 0.38], at.ci_low[j], at.ci_high[j], color=line.colour, alpha=0.15, linewidth=0, zorder=1.2
        )
        ax.plot([x - 0.38, x + 0.38], [at.estimate[j]] * 2, color=line.colour, linewidth=1.5, zorder=2.5)
        for value in (at.pi_low[j], at.pi_high[j]):
            if math.isfinite(value):
                ax.plot(
                    [x - 0.38, x + 0.38],
                    [value] * 2,
                    color=line.colour,
                    linewidth=0.9,
                    linestyle=(0, (1.2, 2.0)),
                    zorder=2,
                )


def bubble_sizes(weights: Array) -> Array:
    """Diameters in points: area in proportion to weight, the heaviest 20, smaller where there are many.

    >>> bubble_sizes(np.array([1.0, 4.0])).tolist()
    [10.0, 20.0]
    """
    largest = LARGEST * min(1.0, math.sqrt(24.0 / max(24, len(weights))))
    return np.maximum(SMALLEST, largest * np.sqrt(weights / float(np.max(weights))))


def _draw_bubbles(ax: Any, fit: RegressionResult, x: Array, lines: list[_Line]) -> Array:
    sizes = bubble_sizes(fit.fit.weights)
    colours = np.full(fit.k, style.MARK, dtype=object)
    if len(lines) > 1:
        for line in lines:
            colours[line.rows] = line.colour
    order = np.argsort(-sizes, kind="stable")
    ax.scatter(
        x[order], fit.effects.estimate[order], s=sizes[order] ** 2, c=list(colours[order]), alpha=0.75,
        edgecolors=style.PAPER, linewidths=0.6, zorder=3, clip_on=False,
    )  # fmt: skip
    return sizes


def _name(ax: Any, fit: RegressionResult, x: Array, sizes: Array, names: bool | Sequence[str]) -> None:
    if names is True:
        far = np.abs(fit.fit.residuals) / np.sqrt(fit.fit.v + fit.tau2)
        which = [int(i) for i in np.argsort(-far, kind="stable") if far[i] > 1.96][:MOST_NAMES]
    elif not names:
        which = []
    else:
        unknown = [name for name in names if name not in fit.effects.study]
        if unknown:
            raise OptionError(
                f"names={unknown[0]!r} is not a study of the fit.{suggestion(unknown[0], fit.effects.study)}"
            )
        which = [fit.effects.study.index(name) for name in names]
    name_points(
        ax,
        x,
        fit.effects.estimate,
        fit.effects.study,
        which,
        sizes / 2,
        most_covered=0.3 if names is True else math.inf,
    )


def _notes(fit: RegressionResult, name: str, held: Mapping[str, Any], levels: bool) -> list[str]:
    """What is drawn, the test, and what was held."""
    mark = "Bars" if levels else "Line"
    ribbon = "boxes" if levels else "ribbon"
    words = f"Area: weight. {mark}: fitted mean; {ribbon}: {level_text(fit.ci_level)} interval"
    several = len([c for c in fit.recipe.formula.columns if c != name and _levels(fit, c)]) == 1 and not levels
    if fit.pi_method is not None and fit.k >= 3 and (levels or not several):
        words += "; dotted: prediction interval of a new study"
    test = omnibus_text(fit.omnibus).replace("chi-square", "χ²")
    notes = [f"{words}.", f"Moderators: {test}" + (f"; R² {fit.r2:.0f}%" if math.isfinite(fit.r2) else "") + "."]
    if held:
        shown = ", ".join(
            f"{key} {display.number(value, 1) if isinstance(value, float) else value}" for key, value in held.items()
        )
        notes.append(f"Held at: {shown}.")
    return notes
