"""Gaussian models whose subjects are independent: what the likelihood needs of the data, and its derivatives.

The covariance of a subject is linear in its elements gamma: V = sum_r gamma_r G_r with G_r = Z E_r Z', E_r = e_a e_b' + e_b e_a' (a > b)
or e_a e_a'. Z holds the columns of random effects, or picks the visits that were made. First and second derivatives of the (restricted)
deviance in gamma are exact; the models add the chain rule of their own parameters.

Source: Harville 1977, doi:10.1080/01621459.1977.10480998; Kenward & Roger 1997, doi:10.2307/2533558.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
IntArray = NDArray[np.intp]


@dataclass(frozen=True)
class Blocks:
    """Rows (r, q, p + 1) with the pattern of each (r,), sorted, and the number of subjects of each pattern (G,).

    Within a pattern, sums of products of rows are those of all its subjects: many subjects are replaced by a triangular factor.
    """

    rows: Array
    pattern: IntArray
    counts: Array

    @property
    def starts(self) -> IntArray:
        """First row of each pattern."""
        return np.searchsorted(self.pattern, np.arange(len(self.counts)))

    def by_pattern(self, values: Array) -> Array:
        """Sums over the rows of each pattern."""
        return np.add.reduceat(values, self.starts, axis=0)


def compress(rows: Array, pattern: IntArray, patterns: int) -> Blocks:
    """Blocks of rows (n, q, m): in each pattern at most q m rows, with the same sums of products (orthogonal factorisation)."""
    order = np.argsort(pattern, kind="stable")
    counts = np.bincount(pattern, minlength=patterns)
    _, q, m = rows.shape
    if counts.max(initial=0) <= q * m:
        return Blocks(rows[order], pattern[order], counts.astype(np.float64))
    parts: list[Array] = []
    at = 0
    for count in counts:
        part = rows[order[at : at + count]].reshape(count, q * m)
        parts.append(_triangle(part) if count > q * m else part)
        at += count
    sizes = [len(part) for part in parts]
    stacked = np.concatenate(parts).reshape(-1, q, m)
    return Blocks(stacked, np.repeat(np.arange(patterns), sizes), counts.astype(np.float64))


def _triangle(part: Array) -> Array:
    return cast(Array, np.linalg.qr(part, mode="r"))


def inverse(matrix: Array) -> Array:
    """The inverse in double precision."""
    return np.linalg.inv(matrix).astype(np.float64, copy=False)


@dataclass(frozen=True)
class Elements:
    """Which elements of a covariance matrix are parameters: row a and column b of each, a >= b."""

    a: IntArray
    b: IntArray

    @property
    def size(self) -> int:
        return len(self.a)

    @property
    def weight(self) -> Array:
        """1 off the diagonal, 1/2 on it."""
        return np.where(self.a == self.b, 0.5, 1.0)

    def inner(self, matrix: Array) -> Array:
        """<E_r, M> of symmetric matrices in the first two axes."""
        weight = self.weight.reshape(-1, *([1] * (matrix.ndim - 2)))
        return weight * (matrix[self.a, self.b] + matrix[self.b, self.a])

    def pairs(self, product: Array) -> Array:
        """tr(K E_r U E_s) for all r, s, from the sum of K_ij U_kl (q, q, q, q)."""
        ar, br = self.a[:, None], self.b[:, None]
        cs, ds = self.a[None, :], self.b[None, :]
        total = product[ds, ar, br, cs] + product[cs, ar, br, ds] + product[ds, br, ar, cs] + product[cs, br, ar, ds]
        return self.weight[:, None] * self.weight[None, :] * total

    def expand(self, weights: Array, q: int) -> Array:
        """W_rs as sum over e_a e_b' and e_c e_d', (q, q, q, q)."""
        out = np.zeros((q, q, q, q))
        scaled = self.weight[:, None] * self.weight[None, :] * weights
        ar, br = self.a[:, None], self.b[:, None]
        cs, ds = self.a[None, :], self.b[None, :]
        for i, j in ((ar, br), (br, ar)):
            for k, l in ((cs, ds), (ds, cs)):
                np.add.at(out, (i, j, k, l), scaled)
        return out


def elements(q: int, diagonal: bool = False) -> Elements:
    """The lower triangle of a (q, q) matrix, or its diagonal."""
    if diagonal:
        return Elements(np.arange(q), np.arange(q))
    a, b = np.tril_indices(q)
    return Elements(a, b)


@dataclass(frozen=True)
class Curvature:
    """Derivatives in gamma at one point.

    gradient (R,), hessian (R, R) : of the deviance (-2 log likelihood, restricted or not).  expected (R, R) : tr(P G_r P G_s) with
    P = V^-1 - V^-1 X phi X' V^-1.  b (R, p) : X' V^-1 G_r V^-1 (y - X beta), 0 on average only where visits are missed at random without
    regard to the outcome.  p (R, p, p) : X' V^-1 G_r V^-1 X.  u (G, q, q), c (r, q, p) : Z' V^-1 Z and Z' V^-1 X.
    total : None, or (gamma, sigma2) where the last parameter is the residual variance.
    """

    gradient: Array
    hessian: Array
    expected: Array
    b: Array
    p: Array
    u: Array
    c: Array
    pattern: IntArray
    at: Elements
    phi_inverse: Array
    total: tuple[Array, float] | None = None

    def weighted_q(self, weights: Array) -> Array:
        """sum_rs W_rs X' V^-1 G_r V^-1 G_s V^-1 X, (p, p), symmetric."""
        w, extra = weights, 0.0
        r = self.at.size
        if self.total is not None:
            change = residual_change(*self.total)
            w = change.T @ weights @ change
            p_random = self.p[:r]
            extra = np.tensordot(w[:r, r] + w[r, :r], p_random, axes=1) + w[r, r] * self.phi_inverse
        q = self.u.shape[1]
        n = np.einsum("abcd,gbc->gad", self.at.expand(w[:r, :r], q), self.u, optimize=True)
        p = self.c.shape[2]
        out = self.c.reshape(-1, p).T @ (n[self.pattern] @ self.c).reshape(-1, p) + extra
        return 0.5 * (out + out.T)


class Directions(Protocol):
    """What standard errors need of a fit's derivatives: b (R, p) and p (R, p, p) as in Curvature, and the weighted second moments."""

    @property
    def b(self) -> Array: ...

    @property
    def p(self) -> Array: ...

    def weighted_q(self, weights: Array) -> Array:
        """sum_rs W_rs X' V^-1 G_r V^-1 G_s V^-1 X, (p, p), symmetric."""
        ...


def residual_change(gamma: Array, sigma2: float) -> Array:
    """From the directions G_1..G_R, V to G_1..G_R, I, as V = sum gamma_r G_r + sigma2 I."""
    r = len(gamma)
    out = np.eye(r + 1)
    out[r, :r] = -gamma / sigma2
    out[r, r] = 1.0 / sigma2
    return out


def curvature(
    blocks: Blocks, u: Array, d: Array, at: Elements, beta: Array, phi: Array, *, reml: bool
) -> tuple[Curvature, Array, Array]:
    """Derivatives of the deviance in gamma.

    u (G, q, q) : Z' V^-1 Z of each pattern.  d (r, q, p + 1) : Z' V^-1 [X y] of each row.  beta (p,), phi (p, p) : generalised least
    squares at this point and (X' V^-1 X)^-1.  Returns (curvature, tr(P G_r) or tr(V^-1 G_r), y' P G_r P y).
    """
    p = len(beta)
    c = d[:, :, :p]
    w = d[:, :, p] - c @ beta
    k = blocks.by_pattern(c @ phi @ c.transpose(0, 2, 1))
    omega = blocks.by_pattern(w[:, :, None] * w[:, None, :])
    q = u.shape[1]

    def pairs(left: Array) -> Array:
        flat = left.reshape(-1, q * q).T @ u.reshape(-1, q * q)
        return at.pairs(flat.reshape(q, q, q, q))

    spread = blocks.counts[:, None, None] * u
    trace_vv = pairs(spread)
    wide = c.reshape(len(c), q * p)
    p_matrices = at.inner((wide.T @ wide).reshape(q, p, q, p).transpose(0, 2, 1, 3))
    p_matrices = 0.5 * (p_matrices + p_matrices.transpose(0, 2, 1))
    b = at.inner((wide.T @ w).reshape(q, p, q).transpose(0, 2, 1))
    phi_p = phi @ p_matrices
    r = len(phi_p)
    expected = trace_vv - 2.0 * pairs(k) + phi_p.reshape(r, -1) @ phi_p.transpose(0, 2, 1).reshape(r, -1).T
    trace = at.inner((spread - k if reml else spread).sum(axis=0))
    quadratic = at.inner(omega.sum(axis=0))
    hessian = 2.0 * (pairs(omega) - b @ phi @ b.T) - (expected if reml else trace_vv)
    information = inverse(phi)
    found = Curvature(
        trace - quadratic, _even(hessian), _even(expected), b, p_matrices, u, c, blocks.pattern, at, information
    )
    return found, trace, quadratic


def _even(matrix: Array) -> Array:
    return 0.5 * (matrix + matrix.T)
