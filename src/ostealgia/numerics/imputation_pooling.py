# pyright: reportMissingTypeStubs=false
"""Rubin's rules: one result from the analyses of several completed data sets."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Pooled(NamedTuple):
    """Arrays (p,). riv : relative increase of variance.  lambda_ : share of variance due to missing values.  fmi : of information."""

    estimate: Array
    within: Array
    between: Array
    total: Array
    df: Array
    df_1987: Array
    riv: Array
    lambda_: Array
    fmi: Array


def rubin(estimates: Array, variances: Array, df_complete: float) -> Pooled:
    """estimates, variances : (m, p) of m completed data sets, m at least 2.  df_complete : of the complete-data analysis.

    df by Barnard & Rubin 1999, doi:10.1093/biomet/86.4.948; df_1987 by Rubin 1987, doi:10.1002/9780470316696.

    >>> pooled = rubin(np.array([[1.0], [1.2], [0.8]]), np.full((3, 1), 0.04), 100.0)
    >>> round(float(pooled.estimate[0]), 4), round(float(pooled.total[0]), 4), round(float(pooled.df[0]), 2)
    (1.0, 0.0933, 5.35)
    """
    m = len(estimates)
    within, between = variances.mean(axis=0), estimates.var(axis=0, ddof=1)
    total = within + (1 + 1 / m) * between
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(total > 0, (1 + 1 / m) * between / total, 0.0)
        riv = np.where(within > 0, (1 + 1 / m) * between / within, 0.0)
        old = np.where(share > 0, (m - 1) / np.square(share), np.inf)
        observed = (1 - share) * (
            df_complete if np.isinf(df_complete) else (df_complete + 1) / (df_complete + 3) * df_complete
        )
        df = np.where(np.isinf(old), observed, np.where(np.isinf(observed), old, old * observed / (old + observed)))
        fmi = (riv + 2 / (df + 3)) / (1 + riv)
    return Pooled(estimates.mean(axis=0), within, between, total, df, old, riv, share, fmi)
