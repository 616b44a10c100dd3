"""Effects within clusters in closed form: independent sampling errors, a random effect for the cluster, one for each effect.

The covariance of a cluster is diag(v + within) + between 1 1', so its inverse and determinant are sums over the cluster (Woodbury) and one
evaluation costs O(k), with derivatives. No matrix larger than (1 + p)^2 is formed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ostealgia.numerics.mixed_effects_algebra import LOG_2PI, Pieces

Array = NDArray[np.float64]
_CELLS = 2_000_000  # numbers held at a time when the grid is evaluated


class ThreeLevel:
    """The engine for random intercepts of clusters and of single effects.

    b : (k, 1 + p), [y, X].  v : (k,).  cluster : codes (k,).  between, within : which of the two components are in the model; the
    parameters are their standard deviations, in that order.
    """

    def __init__(self, b: Array, v: Array, cluster: NDArray[np.int64], *, between: bool, within: bool) -> None:
        order = np.argsort(cluster, kind="stable")
        codes = cluster[order]
        self.starts = np.concatenate([np.zeros(1, dtype=np.int64), np.flatnonzero(np.diff(codes)) + 1])
        self.v = v[order]
        self.cluster = np.repeat(np.arange(len(self.starts)), np.diff(np.append(self.starts, len(v))))
        self.columns = np.ascontiguousarray(b[order].T)  # (c, k)
        self.c = b.shape[1]
        self.between, self.within = between, within

    @property
    def size(self) -> int:
        return int(self.between) + int(self.within)

    @property
    def k(self) -> int:
        return len(self.v)

    def variances(self, p: Array) -> tuple[float, float]:
        """(between, within) at parameters p."""
        squares = [float(x) ** 2 for x in p]
        return (squares[0] if self.between else 0.0), (squares[-1] if self.within else 0.0)

    def pieces(self, p: Array, order: int) -> Pieces:
        """The sums of a cluster split into those around its weighted mean m and those of m: A = W + sum kappa m m' with
        kappa = 1 / (between + 1 / sum w), which loses no digits where clusters are far apart."""
        between, within = self.variances(p)
        w = 1.0 / (self.v + within)
        s0 = np.add.reduceat(w, self.starts)
        m = np.add.reduceat(w * self.columns, self.starts, axis=1) / s0  # (c, clusters)
        r = self.columns - m[:, self.cluster]
        kappa = s0 / (1.0 + between * s0)
        log_det = float(np.log1p(between * s0).sum() - np.log(w).sum())
        a = (w * r) @ r.T + (kappa * m) @ m.T
        if order == 0:
            none = np.empty(0)
            return Pieces(log_det, a, none, none, none, none)
        ww, www = w * w, w * w * w
        s2, s3 = np.add.reduceat(ww, self.starts), np.add.reduceat(www, self.starts)
        q2, q3 = np.add.reduceat(ww * r, self.starts, axis=1), np.add.reduceat(www * r, self.starts, axis=1)
        m_u = -q2 / s0
        m_uu = 2.0 * (q3 + s2 * m_u) / s0
        e = s2 / (s0 * s0)
        e_u = 2.0 * (s2 * e - s3 / s0) / s0
        k2 = kappa * kappa
        k_u = -k2 * e
        k_uu = 2.0 * k2 * kappa * e * e - k2 * e_u
        a_z, a_zz = -(k2 * m) @ m.T, (2.0 * k2 * kappa * m) @ m.T
        a_u = -(ww * r) @ r.T + (k_u * m) @ m.T + _both((kappa * m_u) @ m.T)
        a_uu = 2.0 * ((www * r) @ r.T - (q2 / s0) @ q2.T + (kappa * m_u) @ m_u.T) + (k_uu * m) @ m.T
        a_uu += _both((2.0 * k_u * m_u + kappa * m_uu) @ m.T)
        a_zu = (2.0 * k2 * kappa * e * m) @ m.T - _both((k2 * m_u) @ m.T)
        g = between * kappa / s0
        l_u = float((w * (1.0 - w / s0[self.cluster])).sum() + (e * kappa).sum())
        l_uu = float(-ww.sum() - (g * g * s2 * s2).sum() + 2.0 * (g * s3).sum())
        l_1 = (float(kappa.sum()), l_u)
        l_2 = (-float(k2.sum()), -float((k2 * e).sum()), l_uu)
        return self._chain(p, log_det, a, l_1, (a_z, a_u), l_2, (a_zz, a_zu, a_uu))

    def _chain(
        self, p: Array, log_det: float, a: Array, l_1: tuple[float, float], a_1: tuple[Array, Array],
        l_2: tuple[float, float, float], a_2: tuple[Array, Array, Array],
    ) -> Pieces:  # fmt: skip
        """From derivatives in the variances to derivatives in the standard deviations that are in the model."""
        keep = [i for i, there in enumerate((self.between, self.within)) if there]
        q = len(keep)
        log_1, matrix_1 = np.empty(q), np.empty((q, self.c, self.c))
        log_2, matrix_2 = np.empty((q, q)), np.empty((q, q, self.c, self.c))
        for i, one in enumerate(keep):
            log_1[i], matrix_1[i] = 2.0 * p[i] * l_1[one], 2.0 * p[i] * a_1[one]
            for j, two in enumerate(keep):
                factor = 4.0 * p[i] * p[j]
                log_2[i, j], matrix_2[i, j] = factor * l_2[one + two], factor * a_2[one + two]
            log_2[i, i] += 2.0 * l_1[one]
            matrix_2[i, i] += 2.0 * a_1[one]
        return Pieces(log_det, a, log_1, matrix_1, log_2, matrix_2)

    def grid(self, between: Array, within: Array, *, restricted: bool) -> Array:
        """The log-likelihood at every pair (between[i], within[j]) of variances, (len(between), len(within))."""
        out = np.empty((len(between), len(within)))
        upper = np.triu_indices(self.c)
        rows = np.vstack([np.ones(self.k), self.columns])
        products = np.ascontiguousarray((self.columns[upper[0]] * self.columns[upper[1]]).T)  # (k, pairs)
        block = max(1, _CELLS // (self.k * (2 + self.c)))
        for start in range(0, len(within), block):
            part = within[start : start + block]
            w = 1.0 / (self.v + part[:, None])  # (U, k)
            sums = np.add.reduceat(w[:, None, :] * rows, self.starts, axis=2)  # (U, 1 + c, clusters)
            s0, t = sums[:, 0], sums[:, 1:]
            a0 = np.empty((len(part), self.c, self.c))
            packed = w @ products
            a0[:, upper[0], upper[1]] = packed
            a0[:, upper[1], upper[0]] = packed
            log_w = np.log(w).sum(axis=1)
            for i, z in enumerate(between):
                h = 1.0 / (1.0 + z * s0)
                a = a0 - (z * h[:, None, :] * t) @ np.swapaxes(t, 1, 2)
                out[i, start : start + block] = _log_likelihoods(a, -log_w - np.log(h).sum(axis=1), self.k, restricted)
        return out


def _both(matrix: Array) -> Array:
    return matrix + matrix.T


def _log_likelihoods(a: Array, log_det: Array, k: int, restricted: bool) -> Array:
    """The log-likelihood of many A (n, c, c) at once: |A| = |A_XX| rss."""
    p = a.shape[1] - 1
    inner = np.linalg.slogdet(a[:, 1:, 1:])[1]
    rss = np.exp(np.linalg.slogdet(a)[1] - inner)
    value = -0.5 * (k * LOG_2PI + log_det + rss)
    return value + 0.5 * p * LOG_2PI - 0.5 * inner if restricted else value
