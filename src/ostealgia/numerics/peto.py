# pyright: reportMissingTypeStubs=false
"""Peto's one-step odds ratio: observed less expected events, weighted by the hypergeometric variance. Cost O(k)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from ostealgia.errors import TableError
from ostealgia.numerics.heterogeneity import i2_from_q, q_p_value
from ostealgia.numerics.mantel_haenszel import MantelHaenszelFit, two_by_two


def peto(events_1: ArrayLike, n_1: ArrayLike, events_2: ArrayLike, n_2: ArrayLike) -> MantelHaenszelFit:
    """What log odds ratio do 2x2 tables share by Peto's method? For rare events, balanced groups and modest effects.

    events_1, n_1, events_2, n_2 : (k,), counts; group 1 is the treated one.  No correction of empty cells; tables
    without events, or with events
    only, have weight 0.  ``cmh`` is the test of no effect.  Raises TableError for impossible counts or where no table
    carries information.
    Source: Yusuf, Peto, Lewis, Collins & Sleight 1985, doi:10.1016/S0033-0620(85)80003-7.

    >>> fit = peto([4, 6, 3], [123, 306, 231], [11, 29, 11], [139, 303, 220])
    >>> round(fit.estimate, 4), round(fit.std_error, 4)
    (-1.2373, 0.2566)
    """
    t = two_by_two(events_1, n_1, events_2, n_2)
    excess = t.a - t.n1 * t.events / t.n
    weights = t.n1 * t.n2 * t.events * (t.n - t.events) / (t.n**2 * np.maximum(t.n - 1, 1))
    enters = weights > 0
    total = float(weights.sum())
    if total == 0:
        raise TableError(
            "no study carries information on the odds ratio",
            found="no events, or events only, in every study",
            expected="events in some patients",
            action="Report the counts; no ratio can be computed from them",
        )
    estimate = float(excess.sum()) / total
    y = np.divide(excess, weights, out=np.full(excess.shape, math.nan), where=enters)
    q = float(np.sum(weights[enters] * np.square(y[enters] - estimate)))
    df = int(enters.sum()) - 1
    statistic = float(excess.sum()) ** 2 / total
    left_out = int(np.sum(~enters))
    notes = (
        (f"{left_out} {'study has' if left_out == 1 else 'studies have'} no events, or events only, and weight 0.",)
        if left_out
        else ()
    )
    return MantelHaenszelFit(
        measure="PETO",
        k=t.a.size,
        estimate=estimate,
        std_error=1.0 / math.sqrt(total),
        weights=weights,
        q=q,
        q_df=df,
        q_p_value=q_p_value(q, df),
        i2_q=i2_from_q(q, df) if df > 0 else 0.0,
        h2=q / df if df > 0 else math.nan,
        study_estimate=y,
        study_variance=np.divide(1.0, weights, out=np.full(weights.shape, math.nan), where=enters),
        not_in_q=tuple(int(i) for i in np.flatnonzero(~enters)),
        cmh=statistic,
        cmh_p_value=float(chdtrc(1, statistic)),
        notes=notes,
    )
