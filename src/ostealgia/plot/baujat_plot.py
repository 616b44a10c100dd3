"""The Baujat plot: what each study adds to the heterogeneity, and what it does to the result."""

from __future__ import annotations

from typing import Any

import numpy as np

from ostealgia.meta.diagnostics import BaujatResult
from ostealgia.meta.diagnostics import baujat as baujat_numbers
from ostealgia.plot import style
from ostealgia.plot.canvas import house_style
from ostealgia.plot.scatter import POINT, draw_notes, even_ticks, name_points, new_scatter, plain_axes

MOST_NAMES = 6
NOTE = "Top right: studies that add to the heterogeneity and move the result."


def baujat(fit: Any, *, ax: Any = None) -> Any:
    """Which studies make the heterogeneity, and do they move the result?

    fit : a PoolResult, a RegressionResult or a BaujatResult.  ax : Axes to draw in; None makes a figure. The six studies furthest from
    the corner are named. Returns the Axes.  Source: Baujat et al. 2002, doi:10.1002/sim.1221.

    >>> import ostealgia as oa
    >>> data = {"study": list("ABC"), "estimate": [-0.5, -0.2, -0.4], "std_error": [0.2, 0.1, 0.3]}
    >>> ax = baujat(oa.meta.pool(data, measure="OR"))
    >>> ax.get_xlabel()
    'Contribution to heterogeneity (squared Pearson residual)'
    """
    found = fit if isinstance(fit, BaujatResult) else baujat_numbers(fit)
    x, y = found.heterogeneity, found.influence
    known = np.isfinite(x) & np.isfinite(y)
    with house_style():
        if ax is None:
            ax = new_scatter([NOTE])
        for axis, values in (("x", x[known]), ("y", y[known])):
            top = float(values.max()) if len(values) and values.max() > 0 else 1.0
            even_ticks(ax, axis, -0.03 * top, 1.08 * top)
        plain_axes(
            ax,
            "Contribution to heterogeneity (squared Pearson residual)",
            "Influence on the result (squared standardised change)",
        )
        ax.plot(
            x[known], y[known], linestyle="none", marker="o", markersize=POINT, markerfacecolor=style.INK, markeredgecolor=style.PAPER,
            markeredgewidth=0.6, zorder=4, clip_on=False,
        )  # fmt: skip
        name_points(ax, np.where(known, x, 0.0), np.where(known, y, 0.0), found.study, _far(x, y, known))
        draw_notes(ax, [NOTE])
    return ax


def _far(x: Any, y: Any, known: Any) -> list[int]:
    """The studies furthest from the corner, on axes of equal length; those near it stay unnamed."""
    distance = np.where(
        known,
        np.hypot(
            x / max(float(np.max(x[known], initial=0.0)), 1e-300), y / max(float(np.max(y[known], initial=0.0)), 1e-300)
        ),
        0.0,
    )
    return [int(i) for i in np.argsort(-distance, kind="stable")[:MOST_NAMES] if distance[i] > 0.25]
