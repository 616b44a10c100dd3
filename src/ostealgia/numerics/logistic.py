# pyright: reportMissingTypeStubs=false
"""Logistic regression by maximum likelihood: Newton's method in blocks of rows, with weights, an offset and held coefficients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri, expit

Array = NDArray[np.float64]

BLOCK = 8_192  # rows a pass keeps in the processor's cache
LIMIT = 100
LONGEST = 5.0  # no coefficient moves further in one step, in standard deviations of its column
ENDLESS = 0.05  # a step this long that gains nothing: the coefficient has no finite estimate
FIRST_SHARE = 200_000  # from so many rows on the start is the fit of every tenth row


@dataclass(frozen=True, kw_only=True, eq=False)
class LogisticFit:
    """beta : (p,).  vcov : (p, p), inverse information.  gradient : largest |score| / sqrt(information), the certificate.

    endless : (p,) True where the likelihood still rises as a coefficient runs away (separation).
    """

    beta: Array
    vcov: Array
    log_likelihood: float
    gradient: float
    iterations: int
    converged: bool
    endless: NDArray[np.bool_]

    @property
    def std_error(self) -> Array:
        """Square roots of the diagonal of vcov."""
        return np.sqrt(np.maximum(np.diag(self.vcov), 0.0))


def logistic_fit(
    x: Array, y: Array, *, weight: Array | None = None, offset: Array | None = None, start: Array | None = None
) -> LogisticFit:
    """Coefficients of log odds that maximise the likelihood sum w (y eta - log(1 + exp eta)), eta = offset + x'b.

    x : (n, p) with its constant column if there is to be an intercept.  y : (n,), 0 to 1.  weight, offset : (n,).
    Not where a column separates the outcomes: ``endless`` says so, and ``firth_fit`` has an estimate.
    Source: Cox 1958, doi:10.1111/j.2517-6161.1958.tb00292.x.

    >>> x = np.column_stack([np.ones(6), [0, 0, 0, 1, 1, 1]])
    >>> fit = logistic_fit(x, np.array([0.0, 0, 1, 0, 1, 1]))
    >>> fit.beta.round(4).tolist(), fit.converged
    ([-0.6931, 1.3863], True)
    """
    columns = np.array(x.T, order="C")
    scale = _scales(columns)
    columns /= scale[:, None]
    beta = np.zeros(x.shape[1]) if start is None else start * scale
    if start is None and len(y) >= FIRST_SHARE:
        part = slice(None, None, 10)
        first = logistic_fit(
            x[part], y[part], weight=None if weight is None else weight[part], offset=None if offset is None else offset[part]
        )  # fmt: skip
        beta = first.beta * scale if first.converged else beta
    return _climb(columns, y, weight, offset, beta, scale)


def _scales(columns: Array) -> Array:
    """Size of each row of (p, n): its standard deviation, or its largest value where it is constant."""
    spread = np.array([row.std() for row in columns])
    size = np.maximum(columns.max(axis=1, initial=0.0), -columns.min(axis=1, initial=0.0))
    return np.where(spread > 1e-12 * np.maximum(size, 1e-300), spread, np.where(size > 0, size, 1.0))


def _climb(
    columns: Array, y: Array, weight: Array | None, offset: Array | None, beta: Array, scale: Array
) -> LogisticFit:
    value, score, information = derivatives(columns, y, weight, offset, beta)
    endless = np.zeros(len(beta), dtype=bool)
    converged, last, iteration = False, False, 0
    for iteration in range(1, LIMIT + 1):  # noqa: B007 (kept for the result)
        step = solved(information, score)
        if not np.isfinite(step).all():  # nothing is left that could tell the coefficients apart
            endless[:] = True
            break
        decrement = float(score @ step)
        longest = float(np.max(np.abs(step), initial=0.0))
        if last or decrement <= 1e-22:
            converged = True
            break
        if decrement < 1e-7 and longest > ENDLESS:
            endless = np.abs(step) > 0.2 * longest
            break
        last = decrement < 1e-9
        step *= min(1.0, LONGEST / max(longest, 1e-300))
        new = derivatives(columns, y, weight, offset, beta + step)
        for _ in range(40):
            if np.isfinite(new[0]) and new[0] >= value - 1e-10 * (1.0 + abs(value)):
                break
            step *= 0.5
            new = derivatives(columns, y, weight, offset, beta + step)
        beta = beta + step
        value, score, information = new
    size = np.sqrt(np.maximum(np.diag(information), 1e-300))
    vcov = np.linalg.pinv(information, hermitian=True) / np.outer(scale, scale)
    return LogisticFit(
        beta=beta / scale, vcov=vcov, log_likelihood=value, gradient=float(np.max(np.abs(score) / size, initial=0.0)),
        iterations=iteration, converged=converged and not bool(endless.any()), endless=endless,
    )  # fmt: skip


def solved(information: Array, score: Array) -> Array:
    """information^-1 score, by the pseudo-inverse where it is singular."""
    try:
        return np.asarray(np.linalg.solve(information, score), dtype=np.float64)
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.pinv(information, hermitian=True) @ score, dtype=np.float64)


def derivatives(
    columns: Array, y: Array, weight: Array | None, offset: Array | None, beta: Array
) -> tuple[float, Array, Array]:
    """Log likelihood, score (p,) and information (p, p). columns : (p, n)."""
    p, n = columns.shape
    value, score, information = 0.0, np.zeros(p), np.zeros((p, p))
    for at in range(0, n, BLOCK):
        part = slice(at, at + BLOCK)
        x, yy = columns[:, part], y[part]
        eta = beta @ x
        if offset is not None:
            eta += offset[part]
        small = np.abs(eta)
        np.exp(np.negative(small, out=small), out=small)
        total = 1.0 + small
        residual = yy - np.where(eta >= 0, 1.0, small) / total
        spread = small / total
        spread /= total
        loss = np.log(total, out=total)  # log(1 + exp(eta)), less eta where that is above 0
        loss += np.maximum(eta, 0.0)
        if weight is None:
            value += float(yy @ eta) - float(loss.sum())
        else:
            mass = weight[part]
            value += float(mass @ (yy * eta - loss))
            residual *= mass
            spread *= mass
        score += x @ residual
        information += (x * spread) @ x.T
    return value, score, information


def fitted(x: Array, beta: Array, offset: Array | None = None) -> Array:
    """Probabilities, (n,)."""
    eta = x @ beta
    return np.asarray(expit(eta if offset is None else eta + offset), dtype=np.float64)


def information_of(x: Array, chance: Array, weight: Array | None = None) -> Array:
    """X'WX with W = w p (1 - p)."""
    w = chance * (1.0 - chance)
    return x.T @ (x * (w if weight is None else w * weight)[:, None])


def robust_vcov(x: Array, y: Array, fit: LogisticFit, cluster: NDArray[np.intp] | None = None) -> Array:
    """Sandwich (HC0) covariance, with sums within clusters where given (Huber 1967; White 1982, doi:10.2307/1912526)."""
    scores = x * (y - fitted(x, fit.beta))[:, None]
    if cluster is not None:
        sums = np.zeros((int(cluster.max()) + 1, x.shape[1]))
        np.add.at(sums, cluster, scores)
        scores = sums
    return fit.vcov @ (scores.T @ scores) @ fit.vcov


Refit = Callable[[int, float, Array], tuple[float, Array]]


def profile_limits(fit: LogisticFit, refit: Refit, *, level: float) -> tuple[Array, Array]:
    """Limits where twice the fall of the profile log likelihood is the chi-square quantile, (p,) each.

    refit : (position, value, start) -> (log likelihood, coefficients), the best with the coefficient at that position held at the value.
    """
    target = fit.log_likelihood - float(chdtri(1.0, 1.0 - level)) / 2
    ends = [[_profile_end(fit, j, side, refit, target) for j in range(len(fit.beta))] for side in (-1.0, 1.0)]
    return np.array(ends[0]), np.array(ends[1])


def _profile_end(fit: LogisticFit, j: int, side: float, refit: Refit, target: float) -> float:
    """Widen from the Wald limit until the profile is below the target, then close in by guarded secants."""
    centre = float(fit.beta[j])
    width = side * max(float(fit.std_error[j]), 1e-8 * (1.0 + abs(centre)))
    start = fit.beta

    def height(t: float) -> float:
        nonlocal start
        value, found = refit(j, centre + t * width, start)
        start = found if np.isfinite(found).all() else start
        return value - target

    a, fa, b = 0.0, fit.log_likelihood - target, 2.0
    fb = height(b)
    while fb > 0:
        a, fa, b = b, fb, 2.0 * b
        if b > 500:
            return side * np.inf
        fb = height(b)
    for _ in range(80):
        guess = b - fb * (b - a) / (fb - fa)
        f = height(guess)
        if abs(f) < 1e-10 or b - a < 1e-12 * b:
            return centre + guess * width
        if f > 0:
            a, fa, fb = guess, f, 0.5 * fb  # Illinois: the end that stays pulls half as hard
        else:
            b, fb, fa = guess, f, 0.5 * fa
    return centre + 0.5 * (a + b) * width


def ml_profile(x: Array, y: Array, fit: LogisticFit, *, level: float = 0.95) -> tuple[Array, Array]:
    """Profile-likelihood limits of every coefficient; infinite where the likelihood never falls far enough.

    Source: Venzon & Moolgavkar 1988, doi:10.2307/2347496.

    >>> x = np.column_stack([np.ones(6), [0, 0, 0, 1, 1, 1]])
    >>> y = np.array([0.0, 0, 1, 0, 1, 1])
    >>> [round(float(v[1]), 3) for v in ml_profile(x, y, logistic_fit(x, y))]
    [-1.881, 5.338]
    """

    def refit(j: int, value: float, start: Array) -> tuple[float, Array]:
        offset = x[:, j] * value
        if x.shape[1] == 1:
            return derivatives(np.zeros((1, len(y))), y, None, offset, np.zeros(1))[0], np.array([value])
        held = logistic_fit(np.delete(x, j, axis=1), y, offset=offset, start=np.delete(start, j))
        return held.log_likelihood, np.insert(held.beta, j, value)

    return profile_limits(fit, refit, level=level)
