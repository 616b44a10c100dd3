"""Calibration of predicted risks, and the decision curve."""

from __future__ import annotations

from typing import Any

import numpy as np

from ostealgia.cohort.performance_measures import DecisionCurve, PerformanceResult
from ostealgia.display import number
from ostealgia.numerics.proportion_intervals import proportion_interval
from ostealgia.plot import style
from ostealgia.plot.canvas import house_style


def calibration(fit: PerformanceResult, *, ax: Any = None, small_cell: int = 0) -> Any:
    """Do as many patients have the outcome as the model says?

    fit : of ``cohort.performance``.  ax : Axes; None makes a figure.  small_cell : groups of risk with fewer patients are not drawn.
    Points are groups of risk with 95% Wilson intervals; on the line prediction and outcome agree. Returns the Axes.
    Source: Van Calster 2019, doi:10.1186/s12916-019-1466-7.
    """
    table = fit.calibration_frame()
    table = table[table["n"] >= small_cell]
    _, low, high = proportion_interval(table["observed"] * table["n"], table["n"])
    with house_style():
        if ax is None:
            import matplotlib.pyplot as plt

            ax = plt.subplots(figsize=(4.8, 4.6), layout="constrained")[1]
        ax.plot([0, 1], [0, 1], color=style.SECONDARY, lw=1, ls=":")
        ax.vlines(table["predicted"], low, high, color=style.ACCENT, lw=1, clip_on=False)
        ax.plot(table["predicted"], table["observed"], "o", color=style.ACCENT, ms=6, clip_on=False, zorder=3)
        ax.set(xlim=(0, 1), ylim=(0, 1), xlabel="Predicted risk", ylabel="Observed proportion")
        ax.set_aspect("equal")
        slope = fit.corrected.get("calibration_slope")
        words = f"AUC {number(fit.measures['auc'])}" + (
            "" if slope is None else f"\nslope less optimism {number(slope)}"
        )
        ax.text(0.04, 0.96, words, transform=ax.transAxes, va="top", color=style.SECONDARY, fontsize=style.SMALL)
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
    return ax


def decision(curve: DecisionCurve, *, ax: Any = None) -> Any:
    """For which thresholds of risk does the model do more good than treating all or none?

    curve : of ``cohort.decision_curve``.  ax : Axes; None makes a figure. Returns the Axes.
    Source: Vickers & Elkin 2006, doi:10.1177/0272989X06295361.

    >>> import ostealgia as oa
    >>> data = {"y": [0, 0, 1, 0, 1, 1, 0, 1], "x": [1, 2, 4, 3, 2, 5, 3, 7]}
    >>> decision(oa.cohort.decision_curve(oa.cohort.logistic(data, outcome="y", terms="x"))).get_xlabel()
    'Threshold of risk'
    """
    with house_style():
        if ax is None:
            import matplotlib.pyplot as plt

            ax = plt.subplots(figsize=(6.0, 4.0), layout="constrained")[1]
        top = float(max(curve.model.max(), curve.everyone.max(), 0.01))
        parts = ((curve.everyone, style.SECONDARY, "--", "all"), (np.zeros_like(curve.model), style.INK, ":", "none"))
        for values, colour, line, name in (*parts, (curve.model, style.ACCENT, "-", "model")):
            ax.plot(curve.thresholds, values, color=colour, ls=line, lw=1.6, label=name)
        ax.set(xlim=(0, 1), ylim=(-0.25 * top, 1.1 * top), xlabel="Threshold of risk", ylabel="Net benefit")
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
        ax.legend(frameon=False, loc="upper right")
    return ax
