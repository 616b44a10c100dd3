"""Mantel-Haenszel network meta-analysis of counts: log odds ratios pooled within designs without weights from each study's variance.

Efthimiou et al. 2019, doi:10.1002/sim.8158; Greenland 1989, Biometrics 45:183 (several groups); Robins, Breslow & Greenland 1986,
doi:10.2307/2531052 (variance).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ostealgia.numerics.network import contrast_basis, pseudo_inverse

Array = NDArray[np.float64]
Index = NDArray[np.int64]


class DesignCounts(NamedTuple):
    """Studies that compare the same m treatments: arms (m,) codes in order, events and n (k, m)."""

    arms: Index
    events: Array
    n: Array


class CountFit(NamedTuple):
    """level : (n,), effects that sum to zero.  inverse : (n, n), their covariance.  estimate, std_error : (n, n), row less column.

    q, df : disagreement between designs.  design_level, design_covariance : one a design, its own estimates.
    """

    level: Array
    inverse: Array
    estimate: Array
    std_error: Array
    q: float
    df: int
    design_level: tuple[Array, ...]
    design_covariance: tuple[Array, ...]


def mantel_haenszel_design(events: Array, n: Array) -> tuple[Array, Array]:
    """Log odds of m groups, up to a constant, by the generalised Mantel-Haenszel estimator; and their covariance.

    events, n : (k, m).  Returns (m,) and (m, m). With one study the estimates are the observed log odds ratios.

    >>> level, covariance = mantel_haenszel_design(np.array([[4.0, 11.0]]), np.array([[123.0, 139.0]]))
    >>> round(float(level[0] - level[1]), 4), round(float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]), 4)
    (-0.9387, 0.3571)
    """
    m = events.shape[1]
    others, total = n - events, n.sum(axis=1)
    crossed = np.einsum("kx,ky->xy", events / total[:, None], others)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(crossed / crossed.T)
    np.fill_diagonal(ratio, 0.0)
    share = _shared_arm(events, others, total, crossed)
    variance = _pair_variance(events, others, total, crossed)
    at: Index = np.arange(m, dtype=np.int64)
    for x in range(m):
        share[x, at, at] = 0.5 * variance[x]
        share[x, x, :] = share[x, :, x] = 0.0
    return ratio.sum(axis=1) / m, _arm_covariance(share)


def _pair_variance(a: Array, b: Array, total: Array, crossed: Array) -> Array:
    """Variance of each pairwise log odds ratio (Robins, Breslow & Greenland), (m, m); zero on the diagonal."""
    r = a[:, :, None] * b[:, None, :] / total[:, None, None]  # towards x
    p = (a[:, :, None] + b[:, None, :]) / total[:, None, None]
    s, q = r.transpose(0, 2, 1), p.transpose(0, 2, 1)
    rs = crossed
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (p * r).sum(axis=0) / (2 * rs**2) + (q * s).sum(axis=0) / (2 * rs.T**2)
        found += (p * s + q * r).sum(axis=0) / (2 * rs * rs.T)
    np.fill_diagonal(found, 0.0)
    return found


def _shared_arm(a: Array, b: Array, total: Array, crossed: Array) -> Array:
    """Covariance of the log odds ratios x:y and x:z that share the group x, (m, m, m) as [x, y, z].

    A third of (a_x b_y b_z / (C_xy C_xz) + n_x b_y a_z / (C_xy C_zx) + n_x a_y b_z / (C_yx C_xz) + b_x a_y a_z / (C_yx C_zx)) / N^2,
    summed over studies (Greenland 1989).
    """
    inverse = np.zeros_like(crossed)
    np.divide(1.0, crossed, out=inverse, where=~np.eye(len(crossed), dtype=bool))
    found = np.zeros((len(crossed),) * 3)
    for x, y, y_scale in ((a, b, inverse), (b, a, inverse.T)):
        for z, z_scale in ((b, inverse), (a, inverse.T)):
            own = x if z is y else a + b
            summed = np.einsum("kx,ky,kz->xyz", own / np.square(total)[:, None], y, z)
            found += summed * y_scale[:, :, None] * z_scale[:, None, :]
    return found / 3.0


def _arm_covariance(share: Array) -> Array:
    """Covariance of the group means over y of L_xy: sums of share with signs, (m, m)."""
    m = len(share)
    same = share.sum(axis=(1, 2))  # sum over y, w of cov(L_xy, L_xw)
    towards = share.sum(axis=2)  # [x, y]: sum over w of share[x, y, w]
    total = share.sum(axis=0) - towards - towards.T
    return (total + np.diag(same)) / m**2


def mantel_haenszel_network(designs: list[DesignCounts], n: int) -> CountFit:
    """Estimates of every design, joined by generalised least squares under consistency.

    designs : every group with events and with non-events in its design.  n : treatments, connected.
    """
    laplacian, right = np.zeros((n, n)), np.zeros(n)
    pieces: list[tuple[Array, Array, Array]] = []
    levels: list[Array] = []
    covariances: list[Array] = []
    for design in designs:
        level, covariance = mantel_haenszel_design(design.events, design.n)
        basis = contrast_basis(len(design.arms))
        x = np.zeros((len(design.arms) - 1, n))
        x[:, design.arms] = basis.T
        y: Array = basis.T @ level
        weight: Array = np.asarray(np.linalg.inv(basis.T @ covariance @ basis), dtype=np.float64)
        laplacian += x.T @ weight @ x
        right += x.T @ (weight @ y)
        pieces.append((x, y, weight))
        levels.append(level)
        covariances.append(covariance)
    inverse = pseudo_inverse(laplacian)
    level = inverse @ right
    q = 0.0
    for x, y, weight in pieces:
        rest = y - x @ level
        q += float(rest @ weight @ rest)
    corner = np.diag(inverse)
    variance = np.maximum(corner[:, None] + corner - 2.0 * inverse, 0.0)
    np.fill_diagonal(variance, 0.0)
    df = sum(len(design.arms) - 1 for design in designs) - n + 1
    return CountFit(level, inverse, level[:, None] - level, np.sqrt(variance), q, df, tuple(levels), tuple(covariances))
