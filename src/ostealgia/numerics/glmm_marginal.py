"""Marginal log-likelihood of each study with one normal random effect, and its exact first and second derivatives.

Study i has arms r = 1..R with linear predictors eta_r = eta0_r + sd * random_r * z, z standard normal. The integral
over z is taken by adaptive
Gauss-Hermite quadrature around the conditional mode (Liu & Pierce 1994, doi:10.1093/biomet/81.3.624; Pinheiro & Bates
1995,
doi:10.1080/10618600.1995.10474663). Nodes move with the parameters; the derivatives returned here include that
movement, so they are those
of the approximated log-likelihood itself, also for one node (Laplace).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import ConvergenceError
from ostealgia.numerics.glmm_families import Family
from ostealgia.numerics.quadrature import HermiteRule

Array = NDArray[np.float64]
MODE_ITERATIONS = 200


@dataclass(frozen=True, kw_only=True, eq=False)
class StudyTerms:
    """Log-likelihood of each study, without constant, and derivatives by its m = R + 1 inputs (eta0_1 .. eta0_R, sd).

    value, mode : (..., k).  gradient : (..., m, k).  hessian : (..., m, m, k).  mode is of z.
    """

    value: Array
    gradient: Array
    hessian: Array
    mode: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class _Moving:
    """Mode z and scale s of the integrand with their derivatives by the inputs."""

    z: Array
    z_1: Array
    z_2: Array
    s: Array
    log_s_1: Array
    log_s_2: Array


def _over(x: Array, axis: int) -> Array:
    """Sum over one axis; a plain view where that axis has one entry (models with one arm)."""
    if x.shape[axis] == 1:
        return x[(..., 0, *(slice(None),) * (-axis - 1))]
    return np.add.reduce(x, axis=axis)


def conditional_mode(family: Family, eta0: Array, sd: Array, random: Array, start: Array | None = None) -> Array:
    """The z of highest joint density in each study: the root of a decreasing function, by Newton's method inside a
    shrinking bracket.

    eta0 : (..., R, k).  sd : (...).  random : (R,).  start : (..., k) or None.  Returns (..., k).
    """
    load = sd[..., None, None] * random[:, None]
    if start is None:
        pull = load * family.weight
        start = _over(pull * (family.centre - eta0), -2) / (1.0 + _over(pull * load, -2))
    z = np.array(start, dtype=np.float64)
    load_2 = np.square(load)
    low, high = np.full(z.shape, -np.inf), np.full(z.shape, np.inf)
    done = np.zeros(z.shape, dtype=np.bool_)
    for _ in range(MODE_ITERATIONS):
        f1, f2 = family.slope_curvature(eta0 + load * z[..., None, :])
        slope = _over(load * f1, -2) - z
        curvature = 1.0 - _over(load_2 * f2, -2)
        low, high = np.where(slope >= 0, z, low), np.where(slope <= 0, z, high)
        move = slope / curvature
        new = z + move
        outside = (new < low) | (new > high)
        if outside.any():
            middle = np.where(np.isfinite(low) & np.isfinite(high), 0.5 * (low + high), new)
            new = np.where(outside, middle, new)
        done = np.square(new - z) * curvature <= 1e-18 * (1.0 + np.square(z))
        z = new
        if done.all():
            return z
    raise ConvergenceError(
        f"The conditional mode of {int(np.sum(~done))} studies was not found in {MODE_ITERATIONS} Newton steps."
    )


def _moving_scale(parts: tuple[Array, Array, Array, Array, Array], z: Array, sd: Array, random: Array) -> _Moving:
    """Derivatives of the mode and of the scale by implicit differentiation of the mode's equation."""
    _, f1, f2, f3, f4 = parts
    arms = random.size
    c = random[:, None]
    t = sd[..., None]
    load = sd[..., None, None] * c
    by_arm = _direct(z, random)
    slope, bend = _over(c * f1, -2), _over(np.square(c) * f2, -2)
    d = 1.0 - np.square(t) * bend
    z_1 = _over((load * f2)[..., None, :] * by_arm, -3)
    z_1[..., arms, :] += slope
    z_1 = z_1 / d[..., None, :]
    eta_1 = by_arm + load[..., None, :] * z_1[..., None, :, :]
    pair = eta_1[..., :, None, :] * eta_1[..., None, :, :]
    edge = _over((c * f2)[..., None, :] * eta_1, -3) + (t * bend)[..., None, :] * z_1
    z_2 = _add_edge(_over((load * f3)[..., None, None, :] * pair, -4), edge) / d[..., None, None, :]
    eta_2 = _add_edge(t[..., None, None] * z_2, z_1)[..., None, :, :, :] * c[:, None, None, :]
    square = np.square(c)
    bend_1 = _over((square * f3)[..., None, :] * eta_1, -3)
    bend_2 = _over((square * f4)[..., None, None, :] * pair + (square * f3)[..., None, None, :] * eta_2, -4)
    d_1 = -np.square(t)[..., None] * bend_1
    d_1[..., arms, :] -= 2.0 * t * bend
    d_2 = _add_edge(-np.square(t)[..., None, None] * bend_2, -2.0 * t[..., None] * bend_1)
    d_2[..., arms, arms, :] -= 2.0 * bend
    log_s_1 = -0.5 * d_1 / d[..., None, :]
    log_s_2 = -0.5 * d_2 / d[..., None, None, :] + 2.0 * log_s_1[..., :, None, :] * log_s_1[..., None, :, :]
    return _Moving(z=z, z_1=z_1, z_2=z_2, s=1.0 / np.sqrt(d), log_s_1=log_s_1, log_s_2=log_s_2)


def _direct(z: Array, random: Array) -> Array:
    """Derivative of eta_r by each input at fixed z, (..., R, m, k)."""
    arms = random.size
    out = np.zeros((*z.shape[:-1], arms, arms + 1, z.shape[-1]))
    for arm in range(arms):
        out[..., arm, arm, :] = 1.0
        out[..., arm, arms, :] = random[arm] * z
    return out


def _add_edge(matrix: Array, edge: Array) -> Array:
    """``edge`` (..., m, k) added to the last row and the last column of ``matrix`` (..., m, m, k)."""
    matrix[..., -1, :, :] += edge
    matrix[..., :, -1, :] += edge
    return matrix


def study_terms(
    family: Family, eta0: Array, sd: Array, random: Array, rule: HermiteRule, start: Array | None = None
) -> StudyTerms:
    """Marginal log-likelihood of each study with its gradient and Hessian by (eta0_1 .. eta0_R, sd).

    eta0 : (..., R, k).  sd : (...), 0 or more.  random : (R,), loading of the random effect on each arm.  start :
    modes to start from.
    """
    z = conditional_mode(family, eta0, sd, random, start)
    load = sd[..., None, None] * random[:, None]
    parts = family.four(eta0 + load * z[..., None, :])
    moving = _moving_scale(parts, z, sd, random)
    shape = (-1,) + (1,) * z.ndim
    x = rule.node.reshape(shape)
    s_1 = moving.s[..., None, :] * moving.log_s_1
    s_2 = moving.s[..., None, None, :] * (
        moving.log_s_2 + moving.log_s_1[..., :, None, :] * moving.log_s_1[..., None, :, :]
    )
    node = z + x * moving.s
    node_1 = moving.z_1 + x[..., None] * s_1
    f0, f1, f2 = family.value_slope(eta0 + load * node[..., None, :])
    height = rule.log_weight.reshape(shape) + _over(f0, -2) - 0.5 * np.square(node)
    top = height.max(axis=0)
    share = np.exp(height - top)
    total = share.sum(axis=0)
    share /= total

    eta_1 = _direct(node, random) + load[..., None, :] * node_1[..., None, :, :]
    height_1 = _over(f1[..., None, :] * eta_1, -3) - node[..., None, :] * node_1
    mean_1 = np.add.reduce(share[..., None, :] * height_1, axis=0)
    weighted = (share[..., None, :] * f2)[..., None, :] * eta_1
    hessian = np.add.reduce(_over(weighted[..., :, None, :] * eta_1[..., None, :, :], -4), axis=0)
    spread = height_1 - mean_1
    squares = spread[..., :, None, :] * spread[..., None, :, :] - node_1[..., :, None, :] * node_1[..., None, :, :]
    hessian += np.add.reduce(share[..., None, None, :] * squares, axis=0)
    slope = _over(random[:, None] * f1, -2)
    _add_edge(hessian, np.add.reduce((share * slope)[..., None, :] * node_1, axis=0))
    pull = share * (sd[..., None] * slope - node)
    hessian += np.add.reduce(pull, axis=0)[..., None, None, :] * moving.z_2
    hessian += np.add.reduce(pull * x, axis=0)[..., None, None, :] * s_2
    return StudyTerms(
        value=np.log(moving.s * total) + top,
        gradient=moving.log_s_1 + mean_1,
        hessian=hessian + moving.log_s_2,
        mode=z,
    )


def log_marginal(family: Family, eta0: Array, sd: Array, random: Array, rule: HermiteRule, mode: Array) -> Array:
    """Marginal log-likelihood of each study, (..., k), at known modes: a cheap check of one rule by a finer one."""
    load = sd[..., None, None] * random[:, None]
    _, bend = family.slope_curvature(eta0 + load * mode[..., None, :])
    scale = 1.0 / np.sqrt(1.0 - _over(np.square(load) * bend, -2))
    shape = (-1,) + (1,) * mode.ndim
    node = mode + rule.node.reshape(shape) * scale
    f0 = family.value_slope(eta0 + load * node[..., None, :])[0]
    height = rule.log_weight.reshape(shape) + _over(f0, -2) - 0.5 * np.square(node)
    return np.log(scale) + np.logaddexp.reduce(height, axis=0)
