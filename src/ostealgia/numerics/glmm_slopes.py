"""Two normal random effects a study, its level and its group difference, by Laplace's approximation with exact
derivatives.

eta_1 = mu + theta / 2 + u + d / 2 and eta_2 = mu - theta / 2 + u - d / 2, u ~ N(0, sigma2), d ~ N(0, tau2)
independent. The linear predictors
of a study are normal with covariance V = sigma2 J + tau2 Q, J = 11', Q = qq', q = (1/2, -1/2). The conditional mode
solves
eta = eta0 + V g(eta), g the score of the arms, so the derivatives below by eta0, sigma2 and tau2 need no inverse of V
and hold at 0.
Source: Turner, Omar, Yang et al. 2000, doi:10.1002/1097-0258(20001230)19:24<3417::AID-SIM614>3.0.CO;2-L; Tierney &
Kadane 1986,
doi:10.1080/01621459.1986.10478240.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import ConvergenceError
from ostealgia.numerics.glmm_families import Family
from ostealgia.numerics.optimise import Maximum, newton

Array = NDArray[np.float64]
LEVEL = np.array([1.0, 1.0])
SLOPE = np.array([0.5, -0.5])
ONES, CONTRAST = np.outer(LEVEL, LEVEL), np.outer(SLOPE, SLOPE)
ZERO_SD = 1e-4


@dataclass(frozen=True, kw_only=True, eq=False)
class SlopeOptimum:
    """Maximum over (mu, theta, sigma, tau), with the scores of both variances, the starts tried and how many met the
    same maximum."""

    maximum: Maximum
    variance_score: Array
    eta: Array
    starts: int
    agreeing: int
    iterations: int


def joint_mode(family: Family, eta0: Array, sigma: float, tau: float) -> Array:
    """The linear predictors of highest joint density, (2, k): damped Newton in the two standard normal effects of
    each study."""
    load = np.stack([sigma * LEVEL, tau * SLOPE], axis=1)
    z = np.zeros((2, eta0.shape[-1]))
    if sigma > 0 or tau > 0:
        pull = load.T @ (family.weight * (family.centre - eta0))
        z = _solve(load, family.weight, pull)
    f0, f1, f2 = family.value_slope(eta0 + load @ z)
    height = np.sum(f0, axis=0) - 0.5 * np.sum(np.square(z), axis=0)
    for _ in range(200):
        slope = load.T @ f1 - z
        step = _solve(load, -f2, slope)
        gain = np.sum(slope * step, axis=0)
        old_z, old_height = z, height
        for _ in range(40):
            z = old_z + step
            f0, f1, f2 = family.value_slope(eta0 + load @ z)
            height = np.sum(f0, axis=0) - 0.5 * np.sum(np.square(z), axis=0)
            worse = ~(height >= old_height - 1e-9 * (1.0 + np.abs(old_height)))
            if not worse.any():
                break
            step = np.where(worse, 0.5 * step, step)
        if np.all(gain <= 1e-18 * (1.0 + np.sum(np.square(z), axis=0))):
            return eta0 + load @ z
    raise ConvergenceError("The conditional modes of the study effects were not found in 200 Newton steps.")


def _solve(load: Array, weight: Array, vector: Array) -> Array:
    """(I + load' W load)^-1 vector for each study.  load : (2, 2).  weight, vector : (2, k)."""
    a = 1.0 + np.sum(np.square(load[:, :1]) * weight, axis=0)
    b = np.sum(load[:, :1] * load[:, 1:] * weight, axis=0)
    d = 1.0 + np.sum(np.square(load[:, 1:]) * weight, axis=0)
    return np.stack([d * vector[0] - b * vector[1], a * vector[1] - b * vector[0]]) / (a * d - b * b)


def laplace_terms(family: Family, eta0: Array, sigma: float, tau: float) -> tuple[Array, Array, Array, Array]:
    """Laplace log-likelihood of each study and its derivatives by (eta0_1, eta0_2, sigma2, tau2).

    eta0 : (2, k).  Returns value (k,), gradient (4, k), hessian (4, 4, k) and the modes of the linear predictors (2,
    k).
    """
    eta = joint_mode(family, eta0, sigma, tau)
    f0, g, f2, f3, f4 = family.four(eta)
    w = -f2
    v = sigma**2 * ONES + tau**2 * CONTRAST
    total, contrast = LEVEL @ g, SLOPE @ g
    right = np.zeros((2, 4, g.shape[-1]))
    right[0, 0] = right[1, 1] = 1.0
    right[:, 2], right[:, 3] = ONES @ g, CONTRAST @ g
    inverse = _system_inverse(v, w)
    eta_1 = np.einsum("rsk,sak->rak", inverse, right)
    g_1 = -w[:, None] * eta_1
    pair = f3[:, None, None] * eta_1[:, :, None] * eta_1[:, None, :]
    second = np.einsum("rs,sabk->rabk", v, pair)
    for index, matrix in ((2, ONES), (3, CONTRAST)):
        moved = np.einsum("rs,sak->rak", matrix, g_1)
        second[:, index] += moved
        second[:, :, index] += moved
    eta_2 = np.einsum("rsk,sabk->rabk", inverse, second)
    gradient = np.stack([g[0], g[1], 0.5 * np.square(total), 0.5 * np.square(contrast)])
    hessian = np.stack([g_1[0], g_1[1], total * (g_1[0] + g_1[1]), contrast * 0.5 * (g_1[0] - g_1[1])])
    w_1 = -f3[:, None] * eta_1
    w_2 = -(f4[:, None, None] * eta_1[:, :, None] * eta_1[:, None, :] + f3[:, None, None] * eta_2)
    det, det_1, det_2 = _determinant(w, w_1, w_2, sigma**2, tau**2)
    log_1 = det_1 / det
    value = np.sum(f0, axis=0) - 0.5 * np.einsum("rk,rs,sk->k", g, v, g) - 0.5 * np.log(det)
    hessian = hessian - 0.5 * (det_2 / det - log_1[:, None] * log_1[None])
    return value, gradient - 0.5 * log_1, hessian, eta


def _system_inverse(v: Array, w: Array) -> Array:
    """(I + V W)^-1 of each study, (2, 2, k)."""
    a, b = 1.0 + v[0, 0] * w[0], v[0, 1] * w[1]
    c, d = v[1, 0] * w[0], 1.0 + v[1, 1] * w[1]
    return np.array([[d, -b], [-c, a]]) / (a * d - b * c)


def _determinant(w: Array, w_1: Array, w_2: Array, sigma2: float, tau2: float) -> tuple[Array, Array, Array]:
    """det(I + V W) = 1 + (sigma2 + tau2 / 4)(W_1 + W_2) + sigma2 tau2 W_1 W_2 and its derivatives by the four
    inputs."""
    spread, spread_1 = sigma2 + tau2 / 4.0, np.array([0.0, 0.0, 1.0, 0.25])[:, None]
    both, both_1 = sigma2 * tau2, np.array([0.0, 0.0, tau2, sigma2])[:, None]
    both_2 = np.zeros((4, 4, 1))
    both_2[2, 3] = both_2[3, 2] = 1.0
    plus, plus_1, plus_2 = w[0] + w[1], w_1[0] + w_1[1], w_2[0] + w_2[1]
    times = w[0] * w[1]
    times_1 = w_1[0] * w[1] + w[0] * w_1[1]
    outer = w_1[0][:, None] * w_1[1][None]
    times_2 = w_2[0] * w[1] + w[0] * w_2[1] + outer + np.swapaxes(outer, 0, 1)
    cross = spread_1[:, None] * plus_1[None] + both_1[:, None] * times_1[None]
    first = spread_1 * plus + spread * plus_1 + both_1 * times + both * times_1
    second = spread * plus_2 + both * times_2 + both_2 * times + cross + np.swapaxes(cross, 0, 1)
    return 1.0 + spread * plus + both * times, first, second


def _objective(family: Family, offset: Array) -> Callable[[Array], tuple[float, Array, Array]]:
    """Log-likelihood of (mu, theta, sigma, tau) with gradient and hessian; even in sigma and in tau."""
    design = np.zeros((4, 4))
    design[0, :2], design[1, :2], design[2, 2], design[3, 3] = LEVEL, SLOPE, 1.0, 1.0

    def function(x: Array) -> tuple[float, Array, Array]:
        eta0 = offset + (LEVEL * x[0] + SLOPE * x[1])[:, None]
        value, gradient, hessian, _ = laplace_terms(family, eta0, abs(float(x[2])), abs(float(x[3])))
        by_variance = design @ gradient.sum(axis=-1)
        chain = np.array([1.0, 1.0, 2.0 * x[2], 2.0 * x[3]])
        curved = (design @ hessian.sum(axis=-1) @ design.T) * np.outer(chain, chain)
        curved[2, 2] += 2.0 * by_variance[2]
        curved[3, 3] += 2.0 * by_variance[3]
        return float(value.sum()), chain * by_variance, curved

    return function


def maximise_slopes(
    family: Family, offset: Array, mu: float, theta: float, starts: list[tuple[float, float]]
) -> SlopeOptimum:
    """Maximum likelihood of (mu, theta, sigma, tau) from several (sigma, tau); maxima at 0 are kept when the
    variance's score is not above 0.

    Raises ConvergenceError when no start ends in a maximum.
    """
    function = _objective(family, offset)
    found: list[tuple[Maximum, Array]] = []
    iterations = 0
    for sigma, tau in starts:
        peak = newton(function, np.array([mu, theta, sigma, tau]))
        x = np.concatenate([peak.x[:2], np.abs(peak.x[2:])])
        small = np.concatenate([[False, False], x[2:] < ZERO_SD])
        if small.any() or np.any(peak.x[2:] < 0):
            peak = newton(function, np.where(small, 0.0, x))
        iterations += peak.iterations
        score = 0.5 * np.diag(peak.hessian)[2:]
        if peak.converged and np.all((peak.x[2:] > 0) | (score <= 0)):
            found.append((peak, score))
    if not found:
        raise ConvergenceError(f"The random-slope fit did not converge from any of {len(starts)} starting points.")
    best, score = max(found, key=lambda pair: pair[0].value)
    agreeing = sum(abs(pair[0].value - best.value) <= 1e-7 * (1.0 + abs(best.value)) for pair in found)
    eta0 = offset + (LEVEL * best.x[0] + SLOPE * best.x[1])[:, None]
    eta = joint_mode(family, eta0, float(best.x[2]), float(best.x[3]))
    return SlopeOptimum(
        maximum=best,
        variance_score=np.where(best.x[2:] > 0, 0.0, score),
        eta=eta,
        starts=len(starts),
        agreeing=agreeing,
        iterations=iterations,
    )
