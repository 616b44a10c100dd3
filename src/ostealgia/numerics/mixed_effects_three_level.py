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
        self.rows = np.ascontiguousarray(np.vstack([np.ones(len(v)), b[order].T]))  # (1 + c, k)
        self.c = b.shape[1]
        self.upper = np.triu_indices(self.c)
        columns = self.rows[1:]
        self.products = np.ascontiguousarray((columns[self.upper[0]] * columns[self.upper[1]]).T)  # (k, pairs)
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

    def _square(self, packed: Array) -> Array:
        out = np.empty((self.c, self.c))
        out[self.upper] = packed
        out[self.upper[1], self.upper[0]] = packed
        return out

    def pieces(self, p: Array, order: int) -> Pieces:
        between, within = self.variances(p)
        w = 1.0 / (self.v + within)
        if order == 0:
            return self._value(w, between)
        powers = np.stack([w, w * w, w * w * w])
        full = powers @ self.products
        sums = np.add.reduceat(powers[:, None, :] * self.rows, self.starts, axis=2)  # (3, 1 + c, clusters)
        (s0, s2, s3), (t, t2, t3) = sums[:, 0], sums[:, 1:]
        h = 1.0 / (1.0 + between * s0)
        g, hh = between * h, h * h
        gt = g * t
        cross = (g * t2) @ t.T
        a = self._square(full[0]) - gt @ t.T
        a_z = -(hh * t) @ t.T
        a_zz = (2.0 * s0 * hh * h * t) @ t.T
        a_u = -self._square(full[1]) - (g * g * s2 * t) @ t.T + cross + cross.T
        mixed = (hh * t) @ t2.T
        a_zu = -(2.0 * between * s2 * hh * h * t) @ t.T + mixed + mixed.T
        bend = (g * g * s2 * t) @ t2.T
        last = (g * t3) @ t.T
        a_uu = 2.0 * self._square(full[2]) - (2.0 * (g * g * g * s2 * s2 - g * g * s3) * t) @ t.T
        a_uu += 2.0 * (bend + bend.T) - 2.0 * (last + last.T) - 2.0 * (g * t2) @ t2.T
        log_det = float(-np.log(w).sum() - np.log(h).sum())
        l_z, l_zz = float((s0 * h).sum()), -float((s0 * s0 * hh).sum())
        l_u = float(w.sum() - (g * s2).sum())
        l_uu = float(-powers[1].sum() - (g * g * s2 * s2).sum() + 2.0 * (g * s3).sum())
        return self._chain(p, log_det, a, (l_z, l_u), (a_z, a_u), (l_zz, -float((s2 * hh).sum()), l_uu), (a_zz, a_zu, a_uu))

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

    def _value(self, w: Array, between: float) -> Pieces:
        sums = np.add.reduceat(w * self.rows, self.starts, axis=1)
        h = 1.0 / (1.0 + between * sums[0])
        t = sums[1:]
        a = self._square(w @ self.products) - (between * h * t) @ t.T
        none = np.empty(0)
        return Pieces(float(-np.log(w).sum() - np.log(h).sum()), a, none, none, none, none)

    def grid(self, between: Array, within: Array, *, restricted: bool) -> Array:
        """The log-likelihood at every pair (between[i], within[j]) of variances, (len(between), len(within))."""
        out = np.empty((len(between), len(within)))
        block = max(1, _CELLS // (self.k * (2 + self.c)))
        for start in range(0, len(within), block):
            part = within[start : start + block]
            w = 1.0 / (self.v + part[:, None])  # (U, k)
            sums = np.add.reduceat(w[:, None, :] * self.rows, self.starts, axis=2)  # (U, 1 + c, clusters)
            s0, t = sums[:, 0], sums[:, 1:]
            a0 = np.empty((len(part), self.c, self.c))
            packed = w @ self.products
            a0[:, self.upper[0], self.upper[1]] = packed
            a0[:, self.upper[1], self.upper[0]] = packed
            log_w = np.log(w).sum(axis=1)
            for i, z in enumerate(between):
                h = 1.0 / (1.0 + z * s0)
                a = a0 - (z * h[:, None, :] * t) @ np.swapaxes(t, 1, 2)
                out[i, start : start + block] = _log_likelihoods(a, -log_w - np.log(h).sum(axis=1), self.k, restricted)
        return out


def _log_likelihoods(a: Array, log_det: Array, k: int, restricted: bool) -> Array:
    """The log-likelihood of many A (n, c, c) at once: |A| = |A_XX| rss."""
    p = a.shape[1] - 1
    inner = np.linalg.slogdet(a[:, 1:, 1:])[1]
    rss = np.exp(np.linalg.slogdet(a)[1] - inner)
    value = -0.5 * (k * LOG_2PI + log_det + rss)
    return value + 0.5 * p * LOG_2PI - 0.5 * inner if restricted else value
