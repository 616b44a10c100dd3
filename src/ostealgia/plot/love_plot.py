"""The Love plot: how far two groups differ in each characteristic, before and after weighting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ostealgia.cohort.causal_weighting import PropensityResult
from ostealgia.errors import OptionError
from ostealgia.plot import style
from ostealgia.plot.canvas import house_style

THRESHOLD = 0.1
MARKS = ("o", "s", "D", "^", "v")
LABELS = {"ate": "ATE", "att": "ATT", "atc": "ATC", "unweighted": "unweighted"}


def love(fit: PropensityResult, *, weights: Sequence[str] = ("unweighted", "overlap"), ax: Any = None) -> Any:
    """Are treated and untreated patients alike after weighting?

    fit : a propensity score.  weights : kinds to compare, at most five, the first decides the order.  ax : Axes; None makes a figure.
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
    first = table[table["weights"] == weights[0]].assign(size=lambda t: t["smd"].abs()).sort_values("size")
    terms = list(first["term"])
    with house_style():
        if ax is None:
            import matplotlib.pyplot as plt

            ax = plt.subplots(figsize=(6.4, 1.5 + 0.26 * len(terms)), layout="constrained")[1]
        for i, kind in enumerate(weights):
            values = table[table["weights"] == kind].set_index("term")["smd"].abs().reindex(terms)
            ax.plot(
                values, np.arange(len(terms)), MARKS[i], color=style.GROUPS[i], ms=6.5, mfc=style.PAPER if i == 0 else style.GROUPS[i],
                mew=1.4, label=LABELS.get(kind, kind.replace("_", " ")), zorder=3 + i, clip_on=False,
            )  # fmt: skip
        ax.axvline(THRESHOLD, color=style.SECONDARY, lw=1, ls=":")
        ax.hlines(np.arange(len(terms)), 0, 1, color=style.RULE, lw=0.6, transform=ax.get_yaxis_transform(), zorder=0)
        ax.set_yticks(np.arange(len(terms)), terms)
        ax.set_ylim(-0.7, len(terms) - 0.3)
        ax.set_xlim(0, max(0.15, ax.get_xlim()[1]))
        ax.tick_params(axis="y", length=0, pad=9)
        ax.set_xlabel("Absolute standardised mean difference")
        for side in ("top", "right", "left"):
            ax.spines[side].set_visible(False)
        ax.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(weights))
    return ax
