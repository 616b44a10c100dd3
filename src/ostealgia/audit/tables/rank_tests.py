"""P values of tests that use the order of categories: trend and ranks. They may stand behind a P of ordered categories."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ostealgia.numerics.summary_tests import p_from_chi2


def ordered_p_values(counts: Sequence[Sequence[float]]) -> dict[str, float]:
    """P of the trend test (linear by linear, scores 1, 2, ...) and of the rank test (Kruskal-Wallis, with ties).

    counts : categories by groups.  Source: Agresti 2013, Categorical Data Analysis, section 3.4;
    Kruskal, Wallis 1952, doi:10.1080/01621459.1952.10483441.

    >>> {name: round(p, 3) for name, p in ordered_p_values([[10, 5], [8, 8], [3, 9]]).items()}
    {'trend': 0.034, 'ranks': 0.035}
    """
    table = np.asarray(counts, dtype=float)
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    n = float(table.sum())
    if n < 3 or (columns == 0).any() or (rows > 0).sum() < 2:
        return {}
    found: dict[str, float] = {}
    scores = np.arange(len(rows), dtype=float)
    if len(columns) == 2:
        found["trend"] = float(p_from_chi2(_spread(table, rows, columns, scores, n), 1.0))
    ranks = np.cumsum(rows) - 0.5 * (rows - 1)
    found["ranks"] = float(p_from_chi2(_spread(table, rows, columns, ranks, n), float(len(columns) - 1)))
    return {name: p for name, p in found.items() if not math.isnan(p)}


def _spread(table: np.ndarray, rows: np.ndarray, columns: np.ndarray, scores: np.ndarray, n: float) -> float:
    """Between-group sum of squares of the scores over their variance (n - 1 in its denominator)."""
    mean = float((rows * scores).sum() / n)
    total = float((rows * (scores - mean) ** 2).sum())
    means = (table * scores[:, None]).sum(axis=0) / columns
    between = float((columns * (means - mean) ** 2).sum())
    return (n - 1) * between / total if total > 0 else math.nan
