"""The Love plot: how far two groups differ in each characteristic, before and after weighting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ostealgia.cohort.causal_weighting import PropensityResult
from ostealgia.errors import OptionError
from ostealgia.plot import style
from ostealgia.plot.canvas import house_style, new_sheet, root_figure, text_width, wrap
from ostealgia.plot.scatter import even_ticks, plain_axes, say

THRESHOLD = 0.1
MARKS = ("o", "s", "D", "^", "v")
LABELS = {
    "unweighted": "unweighted",
    "ate": "ATE weights",
    "att": "ATT weights",
    "atc": "ATC weights",
    "overlap": "overlap weights",
}
WIDTH, PLOT = 500.0, 230.0  # of the figure, of the plot at least
ROW, TOP, BOTTOM = 17.0, 30.0, 44.0
LONGEST_NAME = 230.0


def love(
    fit: PropensityResult,
    *,
    weights: Sequence[str] = ("unweighted", "overlap"),
    ax: Any = None,
    labels: Mapping[str, str] | None = None,
) -> Any:
    """Are treated and untreated patients alike after weighting?

    fit : a propensity score.  weights : kinds to compare, at most five, the first decides the order.  ax : Axes; None makes a figure of the
    right size.  labels : term -> name.
    Absolute standardised mean differences by unweighted standard deviations; the dotted line is at 0.1. Returns the Axes.
    Source: Love 2002; Austin & Stuart 2015, doi:10.1002/sim.6607.

    >>> import ostealgia as oa
    >>> data = {"arm": [0, 1, 0, 1, 1, 0], "age": [50, 60, 55, 58, 70, 66]}
    >>> love(oa.cohort.propensity(data, treatment="arm", terms="age")).get_xlabel()
    'Absolute standardised mean difference'
    """
    if not 1 <= len(weights) <= len(MARKS):
        raise OptionError(f"weights={list(weights)!r} should name one to {len(MARKS)} kinds.")
    table = fit.balance(weights)
    first = (
        table[table["weights"] == weights[0]].assign(size=lambda t: t["smd"].abs()).sort_values("size", kind="stable")
    )
    terms = list(first["term"])
    values = [
        table[table["weights"] == kind].set_index("term")["smd"].abs().reindex(terms).to_numpy(dtype=float)
        for kind in weights
    ]
    names = [_short((labels or {}).get(term, _words(str(term)))) for term in terms]
    with house_style():
        ax = ax or _new(names)
        _draw(ax, names, values, [LABELS.get(kind, kind.replace("_", " ")) for kind in weights])
    return ax


def _words(term: str) -> str:
    """A term of a model in words: "factor(sex)male" is "sex: male"."""
    name = term.replace("factor(", "").replace(")", ": ", 1) if term.startswith("factor(") else term
    return name.replace("_", " ").removesuffix(": ")


def _short(name: str) -> str:
    lines = wrap(name, LONGEST_NAME)
    return lines[0] + ("…" if len(lines) > 1 else "")


def _new(names: Sequence[str]) -> Any:
    left = style.MARGIN + max(text_width(name) for name in names) + 14.0
    width = max(WIDTH, left + PLOT + 20.0)
    height = ROW * max(len(names), 1) + 8.0
    whole = TOP + height + BOTTOM
    return new_sheet(width, whole, (left / width, BOTTOM / whole, (width - left - 20.0) / width, height / whole))


def _draw(ax: Any, names: Sequence[str], values: Sequence[Any], kinds: Sequence[str]) -> None:
    rows = np.arange(len(names))
    finite = np.concatenate([one[np.isfinite(one)] for one in values])
    even_ticks(ax, "x", 0.0, max(0.15, 1.08 * float(finite.max(initial=0.0))))
    plain_axes(ax, "Absolute standardised mean difference", "")
    ax.hlines(rows, 0, 1, color=style.RULE, linewidth=0.6, transform=ax.get_yaxis_transform(), zorder=0)
    ax.axvline(THRESHOLD, color=style.SECONDARY, linewidth=0.9, linestyle=(0, (1.2, 2.0)), zorder=1)
    spread = np.array(values)
    ax.hlines(rows, np.nanmin(spread, axis=0), np.nanmax(spread, axis=0), color=style.MARK, linewidth=0.9, zorder=2)
    for i, one in enumerate(values):
        colour = style.SECONDARY if i == 0 else (style.ACCENT, *style.GROUPS[1:])[i - 1]
        fill = style.PAPER if i == 0 else colour
        ax.plot(
            one, rows, linestyle="none", marker=MARKS[i], markersize=6.0, markerfacecolor=fill, markeredgecolor=colour,
            markeredgewidth=1.3, zorder=3 + i, clip_on=False,
        )  # fmt: skip
    ax.set_yticks(rows, labels=names)
    ax.tick_params(axis="y", length=0, pad=9, labelsize=style.BODY)
    ax.set_ylim(-0.75, len(names) - 0.25)
    ax.spines["left"].set_visible(False)
    _key(ax, kinds)


def _key(ax: Any, kinds: Sequence[str]) -> None:
    """Marks with their names above the plot, in one line from its left edge."""
    x = 5.0
    for i, kind in enumerate(kinds):
        colour = style.SECONDARY if i == 0 else (style.ACCENT, *style.GROUPS[1:])[i - 1]
        _mark(ax, x, 15.5, MARKS[i], colour, style.PAPER if i == 0 else colour)
        say(ax, 0.0, 1.0, x + 8.0, 15.5 - 0.33 * style.SMALL, kind, style.SECONDARY)
        x += text_width(kind, style.SMALL) + 26.0


def _mark(ax: Any, x: float, y: float, shape: str, colour: str, fill: str) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.transforms import ScaledTranslation

    inches = root_figure(ax).dpi_scale_trans
    mark = Line2D(
        [x / 72], [y / 72], marker=shape, markersize=6.0, markerfacecolor=fill, markeredgecolor=colour, markeredgewidth=1.3,
        linestyle="none", clip_on=False, zorder=5, transform=inches + ScaledTranslation(0.0, 1.0, ax.transAxes),
    )  # fmt: skip
    ax.add_artist(mark)
    mark.set_clip_path(None)
