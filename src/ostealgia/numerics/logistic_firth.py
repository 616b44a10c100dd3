"""Logistic regression with Firth's penalty: finite estimates where outcomes are separated, and less bias in small samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ostealgia.numerics.logistic import LogisticFit, fitted, profile_limits, solved

Array = NDArray[np.float64]
LIMIT = 500


def firth_fit(x: Array, y: Array) -> LogisticFit:
    """Maximise the log likelihood plus half the log determinant of the information (Jeffreys' prior).

    x : (n, p), y : (n,). ``log_likelihood`` is the penalised one. Covariance: inverse of the information at the estimates.
    Predicted risks are drawn towards one half; for prediction of rare events refit the intercept.
    Source: Firth 1993, doi:10.1093/biomet/80.1.27; Heinze & Schemper 2002, doi:10.1002/sim.1047.

    >>> x = np.column_stack([np.ones(6), [0, 0, 0, 1, 1, 1]])
    >>> firth_fit(x, np.array([0.0, 0, 0, 1, 1, 1])).beta.round(4).tolist()      # log(0.5/3.5), and twice that
    [-1.9459, 3.8918]
    """
    p = int(x.shape[1])
    return _fit(x, y, np.arange(p), np.zeros(p))


def penalised(x: Array, y: Array, beta: Array) -> tuple[float, Array, Array]:
    """Penalised log likelihood, its score (p,) and the information (p, p)."""
    eta = x @ beta
    chance = fitted(x, beta)
    spread = chance * (1.0 - chance)
    load = x * spread[:, None]
    information = x.T @ load
    if not np.isfinite(information).all():
        return -np.inf, np.zeros(len(beta)), np.eye(len(beta))
    sign, log_determinant = np.linalg.slogdet(information)
    if sign <= 0 or not np.isfinite(log_determinant):
        return -np.inf, np.zeros(len(beta)), information
    leverage = spread * np.einsum("ij,ij->i", x @ np.linalg.inv(information), x)
    value = float((y * eta - np.logaddexp(0.0, eta)).sum() + 0.5 * log_determinant)
    return value, x.T @ (y - chance + leverage * (0.5 - chance)), information


def _fit(x: Array, y: Array, free: NDArray[np.intp], start: Array) -> LogisticFit:
    """The best value over the coefficients in ``free``; the others stay at ``start``. The penalty is that of the whole model."""
    scale = np.maximum(np.sqrt(np.mean(np.square(x), axis=0)), 1e-300)
    z, beta = x / scale, start * scale
    value, score, information = penalised(z, y, beta)
    converged, iteration = not len(free), 0
    grid = np.ix_(free, free)
    for iteration in range(1, LIMIT + 1):  # noqa: B007 (kept for the result)
        if not len(free):
            break
        step = np.zeros(len(beta))
        step[free] = solved(information[grid], score[free])
        gain = float(score @ step)
        if gain < 1e-22 and np.isfinite(value):
            converged = True
            break
        step *= min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-300))
        new = penalised(z, y, beta + step)
        for _ in range(40):
            if new[0] >= value - 1e-12 * (1.0 + abs(value)):
                break
            step *= 0.5
            new = penalised(z, y, beta + step)
        beta, (value, score, information) = beta + step, new
    size = np.sqrt(np.maximum(np.diag(information), 1e-300))
    gradient = float(np.max(np.abs(score[free]) / size[free], initial=0.0))
    return LogisticFit(
        beta=beta / scale, vcov=np.linalg.pinv(information, hermitian=True) / np.outer(scale, scale),
        log_likelihood=value + float(np.log(scale).sum()),
        gradient=gradient, iterations=iteration,
        converged=converged or gradient < 1e-8, endless=np.zeros(len(beta), dtype=bool),
    )  # fmt: skip


def firth_profile(x: Array, y: Array, fit: LogisticFit, *, level: float = 0.95) -> tuple[Array, Array]:
    """Limits by the profile of the penalised likelihood (Heinze & Schemper 2002).

    >>> x = np.column_stack([np.ones(6), [0, 0, 0, 1, 1, 1]])
    >>> y = np.array([0.0, 0, 0, 1, 1, 1])
    >>> [round(float(v[1]), 2) for v in firth_profile(x, y, firth_fit(x, y))]
    [0.44, 9.75]
    """
    places = np.arange(len(fit.beta))

    def refit(j: int, value: float, start: Array) -> tuple[float, Array]:
        held = start.copy()
        held[j] = value
        found = _fit(x, y, np.delete(places, j), held)
        return found.log_likelihood, found.beta

    return profile_limits(fit, refit, level=level)


def firth_tests(x: Array, y: Array, fit: LogisticFit) -> Array:
    """Twice the fall of the penalised log likelihood when each coefficient is held at 0, (p,); chi-square with 1 df."""
    out = np.empty(len(fit.beta))
    for j in range(len(out)):
        held = fit.beta.copy()
        held[j] = 0.0
        out[j] = 2 * max(0.0, fit.log_likelihood - _fit(x, y, np.delete(np.arange(len(out)), j), held).log_likelihood)
    return out
