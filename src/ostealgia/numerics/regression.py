# pyright: reportMissingTypeStubs=false
"""Meta-regression of effects with known variances: coefficients, tests, residual heterogeneity. Arrays in, numbers out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, chdtri, fdtrc

from ostealgia.errors import OptionError
from ostealgia.numerics import regression_tau2 as residual
from ostealgia.numerics.heterogeneity import i2_from_q, q_p_value
from ostealgia.numerics.pooling import quantile, two_sided_p
from ostealgia.numerics.regression_design import Basis, orthonormal, project, trace_p, unweighted_residuals
from ostealgia.numerics.tau2 import Tau2, scale_of
from ostealgia.options import confidence_level, one_of

Array = NDArray[np.float64]
NAN = math.nan

# interval -> (Hartung-Knapp standard errors?, t distribution?)
TESTS: dict[str, tuple[bool, bool]] = {
    "z": (False, False),
    "t": (False, True),
    "HK": (True, True),
    "HK-adhoc": (True, True),
}


class Omnibus(NamedTuple):
    """Test that several coefficients are zero: chi-square(df1), or F(df1, df2) where df2 is finite."""

    statistic: float
    df1: int
    df2: float
    p_value: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Regression:
    """A fitted meta-regression y = X b + u + e, var(u) = tau2, var(e) = v.

    method : estimator of tau2, "common" where tau2 = 0 by assumption, "given".  test : "z", "t", "HK", "HK-adhoc".
    beta .. ci_high : (p,).  df : k - p, infinite for z.  vcov : (p, p), with the Hartung-Knapp factor where it is used; vcov_model without.
    fitted, residuals, leverage : (k,).  weights : 1 / (v + tau2), or the weights given, (k,).
    hk_factor : weighted residual mean square, before any bound; variance_factor : what vcov was multiplied by.
    q, q_df, q_p_value : residual heterogeneity with tau2 = 0 (QE).  i2_tau2, h2 : from tau2 and the typical variance (Q / df for "common").
    root : (p, p) triangle R with R'R = X'WX, the inverse of vcov_model (of weights 1 / (v + tau2)).
    loglik : restricted for REML, full otherwise; NaN where it does not belong to the estimator's own model.
    """

    method: str
    test: str
    level: float
    names: tuple[str, ...]
    k: int
    p: int
    beta: Array
    std_error: Array
    statistic: Array
    df: float
    p_value: Array
    ci_low: Array
    ci_high: Array
    vcov: Array
    vcov_model: Array
    hk_factor: float
    variance_factor: float
    tau2: float
    tau2_std_error: float
    certificate: Mapping[str, Any] = field(default_factory=dict[str, Any])
    omnibus: Omnibus
    tested: tuple[int, ...]
    q: float
    q_df: int
    q_p_value: float
    i2_tau2: float
    i2_q: float
    h2: float
    loglik: float
    fitted: Array
    residuals: Array
    leverage: Array
    weights: Array
    root: Array
    y: Array
    v: Array
    x: Array
    moment_weights: Array | None = None

    @cached_property
    def tau2_null(self) -> float:
        """tau2 of the model without moderators, by the same estimator; NaN where tau2 was not estimated."""
        if self.method in ("common", "given") or self.k < 2:
            return NAN
        weights = self.moment_weights if self.method == "GENQ" else None
        return fit_regression(self.y, self.v, np.ones((self.k, 1)), self.method, weights=weights).tau2

    @cached_property
    def r2(self) -> float:
        """Share of tau2 that the moderators account for, per cent, not below 0 (Raudenbush 2009); NaN where the model has no constant
        or where there is no heterogeneity to account for.
        """
        if not self.tau2_null > 0.0 or not spans_constant(self.x):
            return NAN
        return max(0.0, 100.0 * (self.tau2_null - self.tau2) / self.tau2_null)

    @cached_property
    def tau2_interval(self) -> tuple[float, float]:
        """Q-profile interval of the residual tau2 at ``level``; NaN where tau2 was not estimated."""
        if self.method in ("common", "given") or self.q_df < 1:
            return NAN, NAN
        return tau2_q_profile(self.y, self.v, self.x, level=self.level)

    def test_of(self, columns: Sequence[int]) -> Omnibus:
        """Wald test that the coefficients at these positions are all zero."""
        return wald_test(self.beta, self.vcov, columns, self.df)


class _Fit(NamedTuple):
    """Coefficients with their model-based covariance, weighted residuals' mean square, leverages and weights."""

    beta: Array
    vcov: Array
    hk_factor: float
    leverage: Array
    weights: Array
    residuals: Array
    root: Array


def fit_regression(
    y: Array,
    v: Array,
    x: Array,
    method: str = "REML",
    *,
    test: str = "z",
    level: float = 0.95,
    names: Sequence[str] | None = None,
    tested: Sequence[int] | None = None,
    tau2: float | None = None,
    weights: Array | None = None,
) -> Regression:
    """Meta-regression by weighted least squares with weights 1 / (v + tau2).

    y, v : arrays (k,).  x : design matrix (k, p), the intercept as a column of ones where there is one.
    method : an estimator of the residual tau2 (REML, ML, DL, HE, HS, HSk, SJ, EB, PM, PMM, GENQ), or "common" for tau2 = 0.
    test : "z", "t" (k - p df), "HK" (Knapp & Hartung 2003, doi:10.1002/sim.1482), "HK-adhoc" (its factor held at 1 or more). With
    method="common", "HK" is weighted least squares with a multiplicative dispersion.
    names : of the columns.  tested : positions in the omnibus test, by default all but the intercept.  tau2 : a known value.
    weights : (k,) for the coefficients instead of 1 / (v + tau2); with "GENQ" for tau2 as well.
    Returns a Regression. Raises TableError (redundant columns, by name), OptionError, ConvergenceError.
    Source: Viechtbauer et al. 2015, doi:10.1037/met0000016.

    >>> x = np.column_stack([np.ones(4), [0.0, 1.0, 2.0, 3.0]])
    >>> fit = fit_regression(np.array([0.1, 0.3, 0.5, 0.7]), np.full(4, 0.04), x, names=["intercept", "dose"])
    >>> fit.beta.round(3).tolist(), fit.tau2
    ([0.1, 0.2], 0.0)
    """
    one_of("test", test, TESTS)
    one_of("method", method, (*residual.TAU2, "common"))
    confidence_level(level)
    y, v, x = _checked(y, v, x)
    k, p = x.shape
    labels = tuple(names) if names is not None else tuple(f"x{j + 1}" for j in range(p))
    order = np.argsort(
        v, kind="stable"
    )  # heavy rows first, which keeps the QR accurate when variances differ by many powers of ten
    back = np.empty_like(order)
    back[order] = np.arange(k)
    basis = orthonormal(x[order], labels)
    shift = basis.basis.T @ y[order]
    rest = unweighted_residuals(y[order], basis.basis)
    scale = scale_of(v)
    given = None if weights is None else np.asarray(weights, dtype=float)[order]
    data = residual.Problem(
        rest / scale, v[order] / (scale * scale), basis.basis, float(np.var(y / scale)), given,
    )  # fmt: skip
    found = _tau2(data, method, tau2, scale)
    fit = _coefficients(data, basis, shift, found.value / (scale * scale), scale, method)
    q = residual.generalised_q(0.0, data)
    return _finished(
        y, v, x, fit, found, data, back,
        method="given" if tau2 is not None else method, estimator=method, test=test, level=level, names=labels,
        tested=_tested(x, tested), q=q, scale=scale, moment_weights=None if weights is None else np.asarray(weights, dtype=float),
    )  # fmt: skip


def _checked(y: Array, v: Array, x: Array) -> tuple[Array, Array, Array]:
    y, v, x = np.asarray(y, dtype=float), np.asarray(v, dtype=float), np.asarray(x, dtype=float)
    if y.ndim != 1 or v.shape != y.shape or x.ndim != 2 or x.shape[0] != len(y):
        raise OptionError(
            f"shapes {y.shape}, {v.shape} and {x.shape} do not fit: y (k,), v (k,) and x (k, p) are needed."
        )
    if not (np.isfinite(y).all() and np.isfinite(v).all() and np.isfinite(x).all() and bool((v > 0).all())):
        raise OptionError("y, v and x should be finite numbers, v above 0; leave the rows with missing moderators out.")
    return y, v, x


def _tau2(data: residual.Problem, method: str, known: float | None, scale: float) -> Tau2:
    """tau2 in the unit of the data."""
    if known is not None:
        if not known >= 0:
            raise OptionError(f"tau2={known!r} is not a number of 0 or more.")
        return Tau2(value=float(known), std_error=NAN, untruncated=float(known), certificate={"method": "given"})
    if method == "common":
        return Tau2(value=0.0, std_error=NAN, untruncated=0.0, certificate={"method": method})
    if data.df < 1:
        reason = {"method": method, "reason": "as many coefficients as studies"}
        return Tau2(value=0.0, std_error=NAN, untruncated=NAN, certificate=reason)
    raw, unit = residual.TAU2[method](data), scale * scale
    certificate = {"method": method, **_rescaled(raw.certificate, unit)}
    return Tau2(
        value=max(0.0, raw.value) * unit,
        std_error=raw.std_error * unit,
        untruncated=raw.value * unit,
        certificate=certificate,
    )


def _rescaled(certificate: Mapping[str, Any], unit: float) -> dict[str, Any]:
    """The certificate with its tau2 values in the unit of the data."""
    out = dict(certificate)
    for key in ("roots", "bracket"):
        if out.get(key) is not None:
            out[key] = tuple(t * unit for t in out[key])
    if "grid_top" in out:
        out["grid_top"], out["score_at_zero"] = out["grid_top"] * unit, out["score_at_zero"] / unit
    return out


def _coefficients(data: residual.Problem, basis: Basis, shift: Array, tau2: float, scale: float, method: str) -> _Fit:
    """Weighted least squares in the orthonormal basis, brought back to the columns of X and the unit of y."""
    total = data.v + tau2
    user = data.weights if data.weights is not None else (1.0 / data.v if method == "GENQ" else None)
    f = project(basis.basis, 1.0 / total if user is None else user)
    rest = f.residual(data.y)
    inner = np.linalg.solve(f.factor, f.u.T @ (f.root * data.y))
    root = f.factor @ basis.factor  # (p, p) triangle
    back = np.linalg.inv(root)
    if user is None:
        vcov, r = back @ back.T, rest
    else:
        middle = f.u.T @ ((f.weights * total)[:, None] * f.u)
        vcov, r = back @ middle @ back.T, rest / f.root / np.sqrt(total)
    beta: Array = np.asarray(np.linalg.solve(basis.factor, shift + scale * inner), dtype=float)
    factor = float(r @ r) / data.df if data.df > 0 else NAN
    unit = scale * scale
    weights = f.weights / (unit if user is None else 1.0)
    return _Fit(beta, vcov * unit, factor, f.leverage, weights, rest / f.root * scale, root / scale)


def _finished(
    y: Array,
    v: Array,
    x: Array,
    fit: _Fit,
    found: Tau2,
    data: residual.Problem,
    back: NDArray[np.intp],
    *,
    method: str,
    estimator: str,
    test: str,
    level: float,
    names: tuple[str, ...],
    tested: tuple[int, ...],
    q: float,
    scale: float,
    moment_weights: Array | None,
) -> Regression:
    """Tests, intervals and heterogeneity around the coefficients."""
    k, p = x.shape
    hartung_knapp, student = TESTS[test]
    factor = max(1.0, fit.hk_factor) if test == "HK-adhoc" else fit.hk_factor if hartung_knapp else 1.0
    vcov, df = fit.vcov * factor, float(k - p) if student else math.inf
    std_error, statistic, p_value, low, high = _walds(fit.beta, vcov, df, level)
    i2, h2 = _typical(data, found.value / (scale * scale), q, method)
    return Regression(
        method=method, test=test, level=level, names=names, k=k, p=p, beta=fit.beta, std_error=std_error, statistic=statistic,
        df=df, p_value=p_value, ci_low=low, ci_high=high, vcov=vcov, vcov_model=fit.vcov, hk_factor=fit.hk_factor,
        variance_factor=factor, tau2=found.value, tau2_std_error=found.std_error, certificate=found.certificate,
        omnibus=wald_test(fit.beta, vcov, tested, df), tested=tested, q=q, q_df=k - p, q_p_value=q_p_value(q, k - p),
        i2_tau2=i2, i2_q=i2_from_q(q, k - p) if k > p else 0.0, h2=h2,
        loglik=_loglik(data, found.value / (scale * scale), scale, restricted=estimator == "REML" and method != "given"),
        fitted=y - fit.residuals[back], residuals=fit.residuals[back], leverage=fit.leverage[back],
        weights=fit.weights[back], root=fit.root,
        y=y, v=v, x=x, moment_weights=moment_weights,
    )  # fmt: skip


def _walds(beta: Array, vcov: Array, df: float, level: float) -> tuple[Array, Array, Array, Array, Array]:
    """Standard errors, statistics, P values and limits; NaN where there are no degrees of freedom."""
    std_error = np.sqrt(np.diag(vcov))
    if not df > 0 or not bool((std_error > 0).all()):
        nan = np.full(len(beta), NAN)
        return std_error, nan, nan, nan, nan
    statistic = beta / std_error
    p_value = np.array([two_sided_p(float(value), df) for value in statistic])
    half = quantile(level, df) * std_error
    return std_error, statistic, p_value, beta - half, beta + half


def wald_test(beta: Array, vcov: Array, columns: Sequence[int], df: float) -> Omnibus:
    """b' V^-1 b over the chosen coefficients: chi-square for infinite ``df``, else divided by their number and F.

    >>> wald_test(np.array([1.0, 2.0]), np.eye(2), [0, 1], math.inf).statistic
    5.0
    """
    chosen = list(columns)
    b, block = beta[chosen], vcov[np.ix_(chosen, chosen)]
    m = len(chosen)
    if m == 0 or not df > 0 or not bool((np.diag(block) > 0).all()):
        return Omnibus(NAN, m, df, NAN)
    size = np.sqrt(np.diag(block))
    value = float((b / size) @ np.linalg.solve(block / np.outer(size, size), b / size))
    if math.isinf(df):
        return Omnibus(value, m, df, float(chdtrc(m, value)))
    return Omnibus(value / m, m, df, float(fdtrc(m, df, value / m)))


def _typical(data: residual.Problem, tau2: float, q: float, method: str) -> tuple[float, float]:
    """I2 in per cent and H2 (Higgins & Thompson 2002, doi:10.1002/sim.1186, with P for a design of p columns)."""
    if data.df < 1:
        return NAN, 1.0
    if method == "common":
        return NAN, q / data.df
    typical = data.df / trace_p(project(data.basis, 1.0 / data.v))
    return 100.0 * tau2 / (tau2 + typical), tau2 / typical + 1.0


def _loglik(data: residual.Problem, tau2: float, scale: float, *, restricted: bool) -> float:
    k, p = data.basis.shape
    if restricted and k <= p:
        return NAN
    free = k - p if restricted else k
    return residual.log_likelihood(tau2, data, restricted=restricted) - free * math.log(scale)


def _tested(x: Array, tested: Sequence[int] | None) -> tuple[int, ...]:
    """All columns but the intercept; the intercept where it is alone."""
    p = x.shape[1]
    if tested is not None:
        if not all(0 <= j < p for j in tested):
            raise OptionError(f"tested={list(tested)!r} should be positions of columns, 0 to {p - 1}.")
        return tuple(tested)
    constant = np.flatnonzero(np.ptp(x, axis=0) == 0.0)
    kept = tuple(j for j in range(p) if j not in constant)
    return kept or tuple(range(p))


def spans_constant(x: Array) -> bool:
    """True where some combination of the columns is the same for every study."""
    ones = np.ones(len(x))
    rest = ones - x @ np.linalg.lstsq(x, ones, rcond=None)[0]
    return float(rest @ rest) < 1e-12 * len(x)


def tau2_q_profile(y: Array, v: Array, x: Array, *, level: float = 0.95) -> tuple[float, float]:
    """Q-profile interval of the residual tau2 (Viechtbauer 2007, doi:10.1002/sim.2514): where the generalised Q equals its quantiles.

    y, v : (k,).  x : (k, p).

    >>> low, high = tau2_q_profile(np.array([0.1, 0.9, 0.2, 0.8]), np.full(4, 0.01), np.ones((4, 1)))
    >>> 0 < low < high
    True
    """
    confidence_level(level)
    y, v, x = _checked(y, v, x)
    order, scale = np.argsort(v, kind="stable"), scale_of(v)
    basis = orthonormal(x[order], [str(j) for j in range(x.shape[1])]).basis
    rest = unweighted_residuals(y[order], basis)
    data = residual.Problem(rest / scale, v[order] / (scale * scale), basis, NAN)
    if data.df < 1:
        return NAN, NAN
    tail = (1.0 - level) / 2.0
    limits = [residual.q_root(float(chdtri(data.df, p)), data)[0] * scale * scale for p in (tail, 1.0 - tail)]
    return limits[0], limits[1]
