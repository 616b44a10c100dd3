# pyright: reportMissingTypeStubs=false
"""What each study does to a fit: deletion diagnostics of a meta-regression (a pool is one with a column of ones), in O(k p^2).

Definitions: Viechtbauer & Cheung 2010, doi:10.1002/jrsm.11.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from ostealgia.errors import OptionError, OstealgiaError
from ostealgia.numerics.heterogeneity import q_p_value
from ostealgia.numerics.influence_curves import Curves, values_at
from ostealgia.numerics.influence_families import Family, FirstStudies, LeftOut, family_tau2
from ostealgia.numerics.regression import TESTS, Regression, fit_regression
from ostealgia.numerics.regression_design import orthonormal, project, unweighted_residuals
from ostealgia.numerics.tau2 import scale_of

Array = NDArray[np.float64]
NAN = math.nan


@dataclass(frozen=True, kw_only=True, eq=False)
class Refits:
    """The same model on other sets of the studies, one a row: without each study, or with the first of them.

    k, df : studies and residual degrees of freedom.  beta, std_error : (members, p).  tau2 .. log_det : (members,).
    std_error holds the Hartung-Knapp factor where the test uses it; variance_factor is what it was.
    left_estimate, left_variance : of the study left out, its predicted effect and the variance of that prediction (NaN for first studies).
    log_det : logarithm of the determinant of the covariance of beta.  NaN throughout where the rest cannot hold the model.
    """

    k: Array
    df: Array
    beta: Array
    std_error: Array
    tau2: Array
    q: Array
    q_p_value: Array
    hk_factor: Array
    variance_factor: Array
    i2_tau2: Array
    i2_q: Array
    h2: Array
    left_estimate: Array
    left_variance: Array
    log_det: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class Influence:
    """Deletion diagnostics, each (k,), dfbetas (k, p). influential : by any of the four limits of Viechtbauer & Cheung (2010):
    |DFFITS| > 3 sqrt(p / (k - p)), chi-square(p) distribution of Cook's distance above one half, hat > 3 p / k, a |DFBETAS| > 1."""

    rstudent: Array
    dffits: Array
    cook_distance: Array
    cov_ratio: Array
    tau2_deleted: Array
    q_deleted: Array
    hat: Array
    weight: Array
    dfbetas: Array
    influential: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Residuals:
    """Of each study (k,): residual, its standard error, their ratio; and the same against the fit without the study."""

    residual: Array
    residual_std_error: Array
    standardised: Array
    deleted_residual: Array
    deleted_std_error: Array
    studentised: Array


def leave_out(fit: Regression) -> Refits:
    """The fit without each study in turn, by the same method.

    fit : of k studies and p coefficients.  Raises OptionError for a fit with given weights or with fewer than two studies.

    >>> fit = fit_regression(np.array([0.0, 2.0, 7.0]), np.ones(3), np.ones((3, 1)), "DL")
    >>> leave_out(fit).beta[:, 0].round(9).tolist()
    [4.5, 3.5, 1.0]
    """
    _refuse_weights(fit)
    if fit.k < 2:
        raise OptionError("leaving a study out needs two studies or more; there is one.")
    scale = scale_of(fit.v)
    columns = orthonormal(fit.x, fit.names)
    y = unweighted_residuals(fit.y, columns.basis) / scale
    family = LeftOut(y, fit.v / (scale * scale), columns.basis, fit.y / scale)
    tau2 = _members_tau2(family, fit, scale)
    curves = _left_out_curves(family, columns.factor)
    found = values_at(curves, np.where(family.heavy, 0.0, tau2), float(family.v.min()))
    p = fit.p
    out = {
        "beta": _whole(fit, columns.basis, columns.factor)[None, :] + found[:p].T * scale,
        "vcov": found[p : 2 * p].T * scale * scale,
        "left_estimate": fit.y - found[2 * p] * scale,
        "left_variance": found[2 * p + 1] * scale * scale,
        "log_det": found[2 * p + 2] + 2.0 * p * math.log(scale),
        "rss": found[2 * p + 3],
    }
    at_zero = family.pieces(1.0 / family.v)
    trace_p = at_zero.trace_p / (scale * scale)
    refits = _assembled(fit, family.k, family.df, tau2 * scale * scale, at_zero.q, trace_p, out)
    alone = np.flatnonzero(family.heavy | _lost(family.df, trace_p))
    return _with_single_fits(fit, refits, {int(i): np.delete(np.arange(fit.k), i) for i in alone})


def _refuse_weights(fit: Regression) -> None:
    if fit.moment_weights is not None or fit.method == "GENQ":
        raise OptionError("a fit with given weights cannot be refitted on other studies; use weights 1 / (v + tau2).")


def _members_tau2(family: Family, fit: Regression, scale: float) -> Array:
    """tau2 of every member, of order one."""
    if fit.method == "given":
        return np.full(len(family.k), fit.tau2 / (scale * scale))
    return family_tau2(family, fit.method)


def _whole(fit: Regression, basis: Array, factor: Array) -> Array:
    """The coefficients of the unweighted fit, which the residuals leave out."""
    return np.asarray(np.linalg.solve(factor, basis.T @ fit.y), dtype=float)


def _left_out_curves(family: LeftOut, factor: Array) -> Curves:
    """At tau2 = t, without each study: coefficients (p), diagonal of their covariance (p), deleted residual, variance of the prediction,
    log determinant of the covariance, weighted residual squares."""

    def curves(t: float) -> Array:
        f = project(family.basis, 1.0 / (family.v + t))
        r, free = f.residual(family.y), family.free(f.leverage)
        inverse = np.linalg.inv(f.factor @ factor)
        share = r / free
        beta = (inverse @ (f.u.T @ (f.root * family.y)))[:, None] - inverse @ (f.u * share[:, None]).T
        spread = (inverse**2).sum(axis=1)[:, None] + (inverse @ f.u.T) ** 2 / free
        log_det = -2.0 * float(np.log(np.abs(np.diag(f.factor @ factor))).sum())
        rows = np.vstack(
            [share / f.root, f.leverage / (f.weights * free), log_det - np.log(free), float(r @ r) - r * r / free]
        )
        return np.vstack([beta, spread, rows])

    return curves


def first_studies(fit: Regression) -> Refits:
    """The pool of the first study, the first two, and so on: only for a fit whose design is a column of ones.

    >>> fit = fit_regression(np.array([0.0, 2.0, 7.0]), np.ones(3), np.ones((3, 1)), "DL")
    >>> first_studies(fit).beta[:, 0].round(9).tolist()
    [0.0, 1.0, 3.0]
    """
    _refuse_weights(fit)
    if fit.p != 1 or np.ptp(fit.x) != 0.0:
        raise OptionError("a cumulative analysis is one of a pool, without moderators.")
    scale = scale_of(fit.v)
    centre = float(np.median(fit.y))
    family = FirstStudies((fit.y - centre) / scale, fit.v / (scale * scale))
    tau2 = _members_tau2(family, fit, scale)

    def curves(t: float) -> Array:
        w = 1.0 / (family.v + t)
        s1, wy = np.cumsum(w), np.cumsum(w * family.y)
        rss = np.maximum(np.cumsum(w * family.y * family.y) - wy * wy / s1, 0.0)
        rss[0] = 0.0
        return np.vstack([wy / s1, 1.0 / s1, rss])

    found = values_at(curves, tau2, float(family.v.min()))
    nan = np.full(fit.k, NAN)
    out = {
        "beta": found[:1].T * scale + centre,
        "vcov": found[1:2].T * scale * scale,
        "left_estimate": nan,
        "left_variance": nan,
        "log_det": np.log(found[1]) + 2.0 * math.log(scale),
        "rss": found[2],
    }
    at_zero = family.pieces(1.0 / family.v)
    trace_p = at_zero.trace_p / (scale * scale)
    refits = _assembled(fit, family.k, family.df, tau2 * scale * scale, at_zero.q, trace_p, out)
    alone = np.flatnonzero(_lost(family.df, trace_p))
    return _with_single_fits(fit, refits, {int(i): np.arange(i + 1) for i in alone})


def _lost(df: Array, trace_p: Array) -> NDArray[np.bool_]:
    """Members whose weights are too far apart, or too small, for sums that they share with the others: tr P should be above zero."""
    return (df > 0) & ~((trace_p > 0.0) & np.isfinite(trace_p))


def _assembled(
    fit: Regression, k: Array, df: Array, tau2: Array, q: Array, trace_p: Array, out: dict[str, Array]
) -> Refits:
    """Heterogeneity and the Hartung-Knapp factor of every member."""
    some = df > 0
    safe = np.where(some, df, 1.0)
    hk = np.where(some, np.maximum(out["rss"], 0.0) / safe, NAN)
    hartung_knapp, _ = TESTS[fit.test]
    factor = np.maximum(hk, 1.0) if fit.test == "HK-adhoc" else hk if hartung_knapp else np.ones_like(hk)
    with np.errstate(over="ignore"):
        typical = safe / np.where(some & ~_lost(df, trace_p), trace_p, 1.0)
    random = fit.method != "common"
    return Refits(
        k=k, df=df, beta=out["beta"], std_error=np.sqrt(out["vcov"] * factor[:, None]), tau2=tau2, q=q,
        q_p_value=np.array([q_p_value(float(a), float(b)) for a, b in zip(q, df, strict=True)]), hk_factor=hk, variance_factor=factor,
        i2_tau2=np.where(some, 100.0 * tau2 / (tau2 + typical), 0.0) if random else np.full(len(q), NAN),
        i2_q=np.where(q > 0.0, np.maximum(0.0, 100.0 * (q - df) / np.where(q > 0.0, q, 1.0)), 0.0),
        h2=np.where(some, tau2 / typical + 1.0 if random else q / safe, 1.0),
        left_estimate=out["left_estimate"], left_variance=out["left_variance"], log_det=out["log_det"],
    )  # fmt: skip


def _with_single_fits(fit: Regression, refits: Refits, members: Mapping[int, NDArray[np.intp]]) -> Refits:
    """The members that the shared sums cannot hold, each with its rows, fitted one by one; NaN where the rest cannot hold the model."""
    for i, rows in members.items():
        try:
            single = fit_regression(
                fit.y[rows], fit.v[rows], fit.x[rows], "REML" if fit.method == "given" else fit.method, test=fit.test,
                level=fit.level, names=fit.names, tau2=fit.tau2 if fit.method == "given" else None,
            )  # fmt: skip
        except OstealgiaError:
            for name in vars(refits):
                if name not in ("k", "df"):
                    getattr(refits, name)[i] = NAN
            continue
        x = fit.x[i]
        refits.beta[i], refits.std_error[i], refits.tau2[i], refits.q[i] = (
            single.beta,
            single.std_error,
            single.tau2,
            single.q,
        )
        refits.q_p_value[i], refits.hk_factor[i] = single.q_p_value, single.hk_factor
        refits.variance_factor[i], refits.h2[i] = single.variance_factor, single.h2
        refits.i2_tau2[i], refits.i2_q[i] = single.i2_tau2, single.i2_q
        if len(rows) == fit.k - 1 and i not in rows:
            refits.left_estimate[i] = float(x @ single.beta)
            refits.left_variance[i] = float(x @ single.vcov_model @ x)
        refits.log_det[i] = _log_det(single)
    return refits


def influence_measures(fit: Regression, refits: Refits | None = None) -> Influence:
    """Studentised residuals, DFFITS, Cook's distance, covariance ratio, tau2 and Q without the study, hat values, DFBETAS.

    refits : of ``leave_out``, found here where it is None.

    >>> fit = fit_regression(np.array([0.0, 0.1, 0.2, 5.0]), np.full(4, 0.1), np.ones((4, 1)))
    >>> influence_measures(fit).influential.tolist()
    [False, False, False, True]
    """
    refits = leave_out(fit) if refits is None else refits
    change = fit.beta[None, :] - refits.beta
    spread = np.sqrt(_full_variance(fit, refits.tau2) * refits.variance_factor[:, None])
    with np.errstate(invalid="ignore", divide="ignore"):
        dfbetas = change / spread
        dffits = (fit.fitted - refits.left_estimate) / np.sqrt(
            refits.variance_factor * fit.leverage * (refits.tau2 + fit.v)
        )
        cook = ((change @ fit.root.T) ** 2).sum(axis=1) / fit.variance_factor
        log_ratio = refits.log_det - _log_det(fit) + fit.p * np.log(refits.variance_factor / fit.variance_factor)
        cov_ratio = np.exp(log_ratio)
        studentised = _deleted(fit, refits)[2]
        k, p = fit.k, fit.p
        limit = 3.0 * math.sqrt(p / (k - p)) if k > p else math.inf
        influential = (
            (np.abs(dffits) > limit)
            | (chdtrc(p, np.nan_to_num(cook)) < 0.5)
            | (fit.leverage > 3.0 * p / k)
            | (np.abs(dfbetas) > 1.0).any(axis=1)
        )
    return Influence(
        rstudent=studentised, dffits=dffits, cook_distance=cook, cov_ratio=cov_ratio, tau2_deleted=refits.tau2, q_deleted=refits.q,
        hat=fit.leverage, weight=100.0 * fit.weights / float(fit.weights.sum()), dfbetas=dfbetas, influential=influential,
    )  # fmt: skip


def _log_det(fit: Regression) -> float:
    """Logarithm of the determinant of the model-based covariance of the coefficients."""
    return -2.0 * float(np.log(np.abs(np.diag(fit.root))).sum())


def _full_variance(fit: Regression, tau2: Array) -> Array:
    """Diagonal of the covariance of the coefficients, all studies with each of these tau2: (members, p)."""
    scale = scale_of(fit.v)
    columns, v = orthonormal(fit.x, fit.names), fit.v / (scale * scale)

    def curves(t: float) -> Array:
        inverse = np.linalg.inv(project(columns.basis, 1.0 / (v + t)).factor @ columns.factor)
        return np.repeat((inverse**2).sum(axis=1)[:, None], fit.k, axis=1)

    known = np.isfinite(tau2)
    found = values_at(curves, np.where(known, tau2, 0.0) / (scale * scale), float(v.min())).T * (scale * scale)
    return np.where(known[:, None], found, NAN)


def _deleted(fit: Regression, refits: Refits) -> tuple[Array, Array, Array]:
    residual = fit.y - refits.left_estimate
    residual = np.where(np.abs(residual) < 1e-14 * np.abs(fit.y), 0.0, residual)
    std_error = np.sqrt(refits.variance_factor * (fit.v + refits.tau2 + refits.left_variance))
    with np.errstate(invalid="ignore", divide="ignore"):
        return residual, std_error, residual / std_error


def residual_measures(fit: Regression, refits: Refits | None = None) -> Residuals:
    """Residuals of every study, standardised within the fit and against the fit without it.

    The standard error within the fit is sqrt((v + tau2) (1 - hat)); without the study it is sqrt(v + tau2' + variance of its prediction).

    >>> fit = fit_regression(np.array([0.0, 2.0]), np.ones(2), np.ones((2, 1)), "common")
    >>> residual_measures(fit).standardised.round(4).tolist()
    [-1.4142, 1.4142]
    """
    refits = leave_out(fit) if refits is None else refits
    std_error = np.sqrt((fit.v + fit.tau2) * np.maximum(0.0, 1.0 - fit.leverage))
    with np.errstate(invalid="ignore", divide="ignore"):
        standardised = np.where(std_error > 0.0, fit.residuals / std_error, NAN)
    deleted, deleted_error, studentised = _deleted(fit, refits)
    return Residuals(
        residual=fit.residuals, residual_std_error=std_error, standardised=standardised,
        deleted_residual=deleted, deleted_std_error=deleted_error, studentised=studentised,
    )  # fmt: skip


def baujat_measures(fit: Regression, refits: Refits | None = None) -> tuple[Array, Array]:
    """Contribution of every study to the residual heterogeneity, and its influence on its own fitted value.

    x : squared Pearson residual.  y : squared change of the fitted value when the study is left out, over the variance of the fitted value
    without the study.  Returns (x, y).  Source: Baujat et al. 2002, doi:10.1002/sim.1221.

    >>> x, y = baujat_measures(fit_regression(np.array([0.0, 2.0]), np.ones(2), np.ones((2, 1)), "common"))
    >>> x.round(12).tolist(), y.round(12).tolist()
    ([1.0, 1.0], [1.0, 1.0])
    """
    refits = leave_out(fit) if refits is None else refits
    x = fit.residuals**2 / (fit.v + fit.tau2)
    with np.errstate(invalid="ignore", divide="ignore"):
        y = (fit.fitted - refits.left_estimate) ** 2 / (refits.variance_factor * refits.left_variance)
    return x, y
