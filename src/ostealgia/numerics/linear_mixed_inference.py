"""Degrees of freedom and tests of fixed effects: Satterthwaite, Kenward-Roger, normal, residual."""

# pyright: reportMissingTypeStubs=false

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, chdtrc

Array = NDArray[np.float64]


@dataclass(frozen=True)
class FTest:
    """A test of several linear combinations at once. statistic : F, scaled where the method does so."""

    statistic: float
    df: float
    df_denominator: float
    p_value: float


@dataclass(frozen=True)
class Inference:
    """Fixed effects with all that their degrees of freedom need.

    method : "satterthwaite", "kenward-roger", "none" (normal) or "residual" (the same df for all).  estimate (p,), vcov (p, p) : as
    reported (adjusted by Kenward and Roger where asked).  phi (p, p) : not adjusted.  slopes (R, p, p) : derivatives of phi in the
    variance parameters.  weights (R, R) : covariance of the variance parameters.  residual_df : for "residual".
    """

    method: str
    estimate: Array
    vcov: Array
    phi: Array
    slopes: Array
    weights: Array
    residual_df: float = np.inf

    def df(self, rows: Array) -> Array:
        """Degrees of freedom of each linear combination, rows (m, p).

        2 v^2 / (g' W g), v = c' phi c and g its gradient in the variance parameters. Source: Fai & Cornelius 1996,
        doi:10.1080/00949659608811740; Kenward & Roger 1997, doi:10.2307/2533558.
        """
        rows = np.atleast_2d(rows)
        if self.method in ("none", "residual"):
            return np.full(len(rows), np.inf if self.method == "none" else self.residual_df)
        variance = ((rows @ self.phi) * rows).sum(axis=1)
        gradient = ((rows @ self.slopes) * rows).sum(axis=2).T
        spread = ((gradient @ self.weights) * gradient).sum(axis=1)
        positive = spread > 1e-14 * variance**2
        out = np.full(len(rows), np.inf)
        np.divide(2.0 * variance**2, spread, out=out, where=positive)
        return out

    def f_test(self, rows: Array) -> FTest:
        """Wald F test that all combinations are zero, rows (m, p) of full rank.

        Satterthwaite: Fai & Cornelius 1996; Kenward-Roger: scaled F of their paper of 1997; normal: chi-square / df.
        """
        rows = np.atleast_2d(rows)
        q = len(rows)
        values = rows @ self.estimate
        statistic = float(values @ np.linalg.solve(rows @ self.vcov @ rows.T, values)) / q
        if self.method == "none":
            return FTest(statistic, q, np.inf, float(chdtrc(q, q * statistic)))
        if self.method == "residual":
            return _f(statistic, q, self.residual_df)
        if self.method == "kenward-roger":
            scale, df = self._kenward_roger(rows)
            return _f(scale * statistic, q, df)
        return _f(statistic, q, self._fai_cornelius(rows))

    def _fai_cornelius(self, rows: Array) -> float:
        q = len(rows)
        _, vectors = np.linalg.eigh(rows @ self.phi @ rows.T)
        each = self.df(vectors.T @ rows)
        if q == 1 or np.ptp(each) < 1e-8 * max(1.0, float(each.max())):
            return float(each.mean())
        if (each <= 2.0).any():
            return 2.0
        share = float((each / (each - 2.0)).sum()) if np.isfinite(each).all() else float(_ratio(each).sum())
        return 2.0 * share / (share - q) if share > q else np.inf

    def _kenward_roger(self, rows: Array) -> tuple[float, float]:
        """(scale of F, denominator df)."""
        q = len(rows)
        middle = rows.T @ np.linalg.solve(rows @ self.phi @ rows.T, rows)
        products = middle @ self.slopes
        trace = np.trace(products, axis1=1, axis2=2)
        a1 = float(trace @ self.weights @ trace)
        a2 = float(np.einsum("rij,sji,rs->", products, products, self.weights, optimize=True))
        if a2 <= 1e-14:
            return 1.0, np.inf
        b = (a1 + 6.0 * a2) / (2.0 * q)
        g = ((q + 1.0) * a1 - (q + 4.0) * a2) / ((q + 2.0) * a2)
        base = 3.0 * q + 2.0 * (1.0 - g)
        c1, c2, c3 = g / base, (q - g) / base, (q + 2.0 - g) / base
        top, low, lower = 1.0 + c1 * b, 1.0 - c2 * b, 1.0 - c3 * b
        if abs(low) < 1e-10 or abs(lower) < 1e-10:
            return 1.0, 2.0 / a2 if q == 1 else np.nan
        rho = ((1.0 - a2 / q) / low) ** 2 * top / (q * lower)
        df = 4.0 + (q + 2.0) / (q * rho - 1.0)
        scale = 1.0 if abs(df - 2.0) < 1e-2 else df * (1.0 - a2 / q) / (df - 2.0)
        return scale, df


def _ratio(each: Array) -> Array:
    return np.where(np.isinf(each), 1.0, each / np.where(np.isinf(each), 1.0, each - 2.0))


def _f(statistic: float, q: int, df: float) -> FTest:
    if not np.isfinite(df):
        return FTest(statistic, q, df, float(chdtrc(q, q * statistic)) if df == np.inf else np.nan)
    p = float(betainc(0.5 * df, 0.5 * q, df / (df + q * statistic))) if df > 0 and statistic >= 0 else np.nan
    return FTest(statistic, q, df, p)


def independent_rows(matrix: Array) -> Array:
    """An orthonormal basis of the rows of a matrix (numerical rank by singular values)."""
    _, values, rows = np.linalg.svd(np.atleast_2d(matrix), full_matrices=False)
    return rows[values > 1e-9 * max(float(values.max(initial=0.0)), 1e-300)]
