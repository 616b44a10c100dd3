"""Calibration of predicted risks, and the decision curve."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.cohort.performance_measures import DecisionCurve, PerformanceResult
from ostealgia.display import number
from ostealgia.numerics.proportion_intervals import proportion_interval
from ostealgia.plot import style
from ostealgia.plot.canvas import house_style, leading, new_sheet, size_of, text_width, wrap
from ostealgia.plot.scatter import even_ticks, plain_axes, say
from ostealgia.plot.survival_curves import apart

Array = NDArray[np.float64]
LEFT, RIGHT, TOP, BOTTOM = 46.0, 18.0, 30.0, 40.0
SQUARE = 268.0
WIDE, HIGH = 330.0, 210.0


def calibration(fit: PerformanceResult, *, ax: Any = None, small_cell: int = 0) -> Any:
    """Do as many patients have the outcome as the model says?

    fit : of ``cohort.performance``.  ax : Axes; None makes a figure.  small_cell : groups of risk with fewer patients are not drawn.
    Points are groups of risk with 95% Wilson intervals, larger where there are more patients; on the dotted line prediction and outcome
    agree. Returns the Axes. Source: Van Calster 2019, doi:10.1186/s12916-019-1466-7.

    >>> import ostealgia as oa
    >>> data = {"y": [0, 0, 1, 0, 1, 1, 0, 1], "x": [1, 2, 4, 3, 2, 5, 3, 7]}
    >>> calibration(oa.cohort.performance(oa.cohort.logistic(data, outcome="y", terms="x"), bootstrap=0)).get_xlabel()
    'Predicted risk, %'
    """
    table = fit.calibration_frame()
    shown = table[table["n"] >= max(small_cell, 1)]
    notes = [_measures(fit)]
    if len(shown) < len(table):
        notes.append(f"{len(table) - len(shown)} groups with fewer than {small_cell} patients are not drawn.")
    lines = [line for note in notes for line in wrap(note, SQUARE, style.SMALL)]
    with house_style():
        ax = ax or _sheet(SQUARE, SQUARE, lines)
        for axis in ("x", "y"):
            getattr(ax, f"set_{axis}lim")(0.0, 1.0)
            getattr(ax, f"set_{axis}ticks")(np.arange(0, 1.01, 0.25), labels=[f"{v}" for v in (0, 25, 50, 75, 100)])
        plain_axes(ax, "Predicted risk, %", "")
        say(ax, 0.0, 1.0, -30.0, 12.0, "Patients with the outcome, %", style.SECONDARY)
        ax.plot([0, 1], [0, 1], color=style.SECONDARY, linewidth=0.9, linestyle=(0, (1.2, 2.0)), zorder=1)
        _groups(ax, shown)
        _below(ax, lines)
    return ax


def _groups(ax: Any, table: Any) -> None:
    n, observed = table["n"].to_numpy(dtype=float), table["observed"].to_numpy(dtype=float)
    if not len(n):
        return
    _, low, high = proportion_interval(observed * n, n)
    ax.vlines(table["predicted"], low, high, color=style.ACCENT, linewidth=1.0, zorder=2)
    sizes = (4.5 + 4.0 * np.sqrt(n / n.max())) ** 2
    ax.scatter(
        table["predicted"],
        observed,
        s=sizes,
        color=style.ACCENT,
        edgecolors=style.PAPER,
        linewidths=0.6,
        clip_on=False,
        zorder=3,
    )


def _measures(fit: PerformanceResult) -> str:
    """Discrimination and calibration as found, and less optimism where that was estimated."""
    words = [f"AUC {number(fit.measures['auc'])}"]
    corrected = fit.corrected
    if "auc" in corrected:
        words[0] += f" ({number(corrected['auc'])} less optimism)"
    if "calibration_slope" in corrected:
        words.append(f"slope {number(corrected['calibration_slope'])} less optimism")
    return "; ".join(words) + ". Lines: 95% intervals."


def _sheet(width: float, height: float, lines: list[str], right: float = RIGHT) -> Any:
    below = BOTTOM + (len(lines) * leading(style.SMALL) + 6.0 if lines else 0.0)
    wide, high = LEFT + width + right, TOP + height + below
    return new_sheet(wide, high, (LEFT / wide, below / high, width / wide, height / high))


def _below(ax: Any, lines: list[str]) -> None:
    for i, line in enumerate(lines):
        say(ax, 0.0, 0.0, -LEFT + style.MARGIN, -BOTTOM - 10.0 - i * leading(style.SMALL), line, style.SECONDARY)


# --- decision curve ---------------------------------------------------------------------------------------------------


def decision(curve: DecisionCurve, *, ax: Any = None, until: float | None = None) -> Any:
    """For which thresholds of risk does the model do more good than treating all or none?

    curve : of ``cohort.decision_curve``.  ax : Axes; None makes a figure.  until : last threshold; None stops where the model no longer
    says of anyone that he is above it. Returns the Axes.
    Source: Vickers & Elkin 2006, doi:10.1177/0272989X06295361.

    >>> import ostealgia as oa
    >>> data = {"y": [0, 0, 1, 0, 1, 1, 0, 1], "x": [1, 2, 4, 3, 2, 5, 3, 7]}
    >>> decision(oa.cohort.decision_curve(oa.cohort.logistic(data, outcome="y", terms="x"))).get_xlabel()
    'Threshold of risk, %'
    """
    named = (
        ("treat all", curve.everyone, style.SECONDARY, (0, (4.0, 2.0))),
        ("treat none", np.zeros_like(curve.model), style.INK, (0, (1.2, 2.0))),
        ("model", curve.model, style.ACCENT, "solid"),
    )
    right = max(text_width(name, style.SMALL, True) for name, *_ in named) + 12.0 + style.MARGIN
    lines = wrap(f"{curve.n:,} patients; the model is judged on those it was fitted to.", LEFT + WIDE, style.SMALL)
    with house_style():
        ax = ax or _sheet(WIDE, HIGH, list(lines), right)
        last = _last(curve) if until is None else until
        top = float(max(curve.model.max(), curve.everyone.max(), 0.01))
        even_ticks(ax, "y", -0.22 * top, 1.08 * top)
        ax.set_xlim(0.0, last)
        step = 0.25 if last > 0.6 else 0.1 if last > 0.25 else 0.05
        ticks = np.arange(0.0, last + 1e-9, step)
        ax.set_xticks(ticks, labels=[f"{100 * tick:.0f}" for tick in ticks])
        plain_axes(ax, "Threshold of risk, %", "")
        say(ax, 0.0, 1.0, -30.0, 12.0, "Net benefit", style.SECONDARY)
        for _, values, colour, dash in named:
            ax.plot(
                curve.thresholds,
                values,
                color=colour,
                linestyle=dash,
                linewidth=1.5,
                zorder=3 if dash == "solid" else 2,
            )
        _ends(ax, curve.thresholds, [(name, values, colour) for name, values, colour, _ in named], last)
        _below(ax, list(lines))
    return ax


def _last(curve: DecisionCurve) -> float:
    """The end of the axis: the next 10% after the last threshold at which the model is not the same as treating none."""
    acting = curve.thresholds[np.abs(curve.model) > 1e-12]
    return 1.0 if not len(acting) else min(1.0, float(np.ceil(acting.max() * 10 + 1e-9) / 10))


def _ends(ax: Any, at: Array, named: list[tuple[str, Array, str]], last: float) -> None:
    """Each name at the right edge, near the height at which its line leaves."""
    _, height = size_of(ax)
    low, high = ax.get_ylim()
    use = np.flatnonzero(at <= last + 1e-9)
    places = [min(max((float(values[use[-1]]) - low) / (high - low), 0.0), 1.0) * height for _, values, _ in named]
    for (name, _, colour), up in zip(named, apart(places, leading(style.SMALL) + 0.5, height), strict=True):
        ax.annotate(
            name, (1.0, up / height), xytext=(7.0, -0.33 * style.SMALL), xycoords="axes fraction", textcoords="offset points",
            va="baseline", ha="left", fontproperties=style.font(style.SMALL, bold=True), color=colour, parse_math=False,
            annotation_clip=False, zorder=6,
        )  # fmt: skip
