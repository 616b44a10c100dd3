"""Network meta-analysis by weighted least squares: arrays in, arrays out.

A study of m arms gives m (m - 1) / 2 contrasts with m - 1 independent pieces of information. Its contrast variances fix the covariance of
its arms up to a constant; an eigenbasis of that covariance turns the study into m - 1 independent contrasts z with variances v, to which
random effects add the same tau2 as to a two-arm study. The network is then a regression of z with independent errors, its weights matrix
the Laplacian of a graph (Ruecker 2012, doi:10.1002/jrsm.1058; Ruecker & Schwarzer 2014, doi:10.1002/sim.6236).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]
ONLY_DIRECT = 1e-8  # a comparison whose direct share is this close to 1 has no indirect evidence


class Block(NamedTuple):
    """Studies with the same number of arms m, three or more.

    study : (b,), codes.  arms : (b, m), treatments in order.  rows : (b, m (m - 1) / 2), positions of their contrasts, pairs in the order
    of ``np.triu_indices``.  spread : (b, m - 1), half the variances of the independent contrasts.  vectors : (b, m, m - 1), orthonormal.
    gap : (b,), the largest disagreement between contrasts of one study, in its largest standard errors.
    """

    study: Index
    arms: Index
    rows: Index
    spread: Array
    vectors: Array
    gap: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """All contrasts of a network, and the independent ones made from them.

    n : treatments.  study, first, second, estimate, variance : (M,), every contrast; ``first`` is below ``second``.
    x : (N, n) rows that sum to zero.  y, v : (N,).  row_study : (N,), codes.  pairs : positions of the contrasts of two-arm studies.
    blocks : the studies with more arms.
    """

    n: int
    study: Index
    first: Index
    second: Index
    estimate: Array
    variance: Array
    x: Array
    y: Array
    v: Array
    row_study: Index
    pairs: Index
    blocks: tuple[Block, ...]

    @property
    def df(self) -> int:
        """Independent contrasts less treatments, plus one."""
        return len(self.y) - self.n + 1


class Fit(NamedTuple):
    """Weighted least squares at one tau2.

    tau2 : added to every v.  inverse : (n, n) pseudo-inverse of the Laplacian.  level : (n,), effects that sum to zero.
    estimate, std_error : (n, n), row less column.  q : weighted residual squares.
    """

    tau2: float
    inverse: Array
    level: Array
    estimate: Array
    std_error: Array
    q: float


def arms_of_studies(study: Index, first: Index, second: Index, n_studies: int, n: int) -> Index:
    """Arms of each study, (n_studies,); 0 where its contrasts are not every pair of its arms, each once.

    >>> arms_of_studies(np.array([0, 1, 1]), np.array([0, 0, 0]), np.array([1, 1, 2]), 2, 3).tolist()
    [2, 0]
    """
    rows = np.bincount(study, minlength=n_studies)
    guess = np.rint((1.0 + np.sqrt(1.0 + 8.0 * rows)) / 2.0).astype(np.int64)
    arms = np.unique(np.concatenate([study * n + first, study * n + second]))
    distinct = np.unique((study * n + first) * n + second)
    seen = np.bincount(arms // n, minlength=n_studies)
    once = np.bincount(distinct // (n * n), minlength=n_studies)
    complete = (guess * (guess - 1) // 2 == rows) & (seen == guess) & (once == rows)
    return np.where(complete, guess, 0)


def decompose(
    study: Index, first: Index, second: Index, estimate: Array, variance: Array, arms: Index, n: int
) -> Evidence:
    """The independent contrasts of a network.

    study, first, second, estimate, variance : (M,); first < second; complete studies only.  arms : (n_studies,), see ``arms_of_studies``.
    """
    size = arms[study]
    pairs = np.flatnonzero(size == 2)
    order = np.lexsort((second, first, study))
    x = np.zeros((len(pairs), n))
    at = np.arange(len(pairs))
    x[at, first[pairs]], x[at, second[pairs]] = 1.0, -1.0
    xs, ys, vs, codes = [x], [estimate[pairs]], [variance[pairs]], [study[pairs]]
    blocks: list[Block] = []
    for m in np.unique(size[size > 2]).tolist():
        rows = order[size[order] == m].reshape(-1, m * (m - 1) // 2)
        block, effects = _block(rows, m, study, first, second, estimate, variance)
        blocks.append(block)
        b = len(rows)
        x = np.zeros((b, m - 1, n))
        turned = np.sqrt(2.0) * block.vectors.transpose(0, 2, 1)
        np.put_along_axis(x, np.broadcast_to(block.arms[:, None, :], turned.shape), turned, axis=2)
        xs.append(x.reshape(-1, n))
        ys.append((turned @ effects[:, :, None]).reshape(-1))
        vs.append(2.0 * block.spread.reshape(-1))
        codes.append(np.repeat(block.study, m - 1))
    return Evidence(
        n=n, study=study, first=first, second=second, estimate=estimate, variance=variance, x=np.concatenate(xs), y=np.concatenate(ys),
        v=np.concatenate(vs), row_study=np.concatenate(codes), pairs=pairs, blocks=tuple(blocks),
    )  # fmt: skip


def _block(
    rows: Index, m: int, study: Index, first: Index, second: Index, estimate: Array, variance: Array
) -> tuple[Block, Array]:
    """Studies of m arms: the eigenbasis of their arms' covariance (double centring, Torgerson 1952), and their arm effects (b, m)."""
    up = np.triu_indices(m, 1)
    arms = np.concatenate([first[rows[:, :1]], second[rows[:, : m - 1]]], axis=1)
    effect, spread = np.zeros((len(rows), m, m)), np.zeros((len(rows), m, m))
    effect[:, up[0], up[1]] = estimate[rows]
    effect -= effect.transpose(0, 2, 1)
    spread[:, up[0], up[1]] = variance[rows]
    spread += spread.transpose(0, 2, 1)
    arm = effect.mean(axis=2)
    basis = contrast_basis(m)
    values, turned = np.linalg.eigh(-0.5 * basis.T @ spread @ basis)
    off = np.abs(effect - arm[:, :, None] + arm[:, None, :]).max(axis=(1, 2))
    gap = off / np.sqrt(variance[rows].max(axis=1))
    return Block(study[rows[:, 0]], arms, rows, values, basis @ turned, gap), arm


def contrast_basis(m: int) -> Array:
    """(m, m - 1) orthonormal columns that sum to zero (Helmert)."""
    basis = np.triu(np.ones((m, m - 1)))
    basis[np.arange(1, m), np.arange(m - 1)] = -np.arange(1.0, m)
    return basis / np.sqrt(np.square(basis).sum(axis=0))


def solve(data: Evidence, tau2: float = 0.0) -> Fit:
    """Weighted least squares with weights 1 / (v + tau2).

    >>> data = decompose(np.array([0, 1]), np.array([0, 1]), np.array([1, 2]), np.array([1.0, 2.0]), np.ones(2), np.array([2, 2]), 3)
    >>> fit = solve(data)
    >>> fit.estimate[0].round(6).tolist(), fit.std_error[0].round(4).tolist()
    ([0.0, 1.0, 3.0], [0.0, 1.0, 1.4142])
    """
    w = 1.0 / (data.v + tau2)
    xw = data.x * w[:, None]
    inverse = pseudo_inverse(data.x.T @ xw)
    level = inverse @ (xw.T @ data.y)
    rest = data.y - data.x @ level
    corner = np.diag(inverse)
    variance = corner[:, None] + corner - 2.0 * inverse
    np.fill_diagonal(variance, 0.0)
    return Fit(
        tau2, inverse, level, level[:, None] - level, np.sqrt(np.maximum(variance, 0.0)), float((w * rest) @ rest)
    )


def pseudo_inverse(laplacian: Array) -> Array:
    """Of a Laplacian of a connected graph: it is singular in the direction (1, ..., 1) only.

    >>> pseudo_inverse(np.array([[2.0, -2.0], [-2.0, 2.0]])).round(6).tolist()
    [[0.125, -0.125], [-0.125, 0.125]]
    """
    n = len(laplacian)
    c = float(np.trace(laplacian)) / n
    inverse = np.linalg.inv(laplacian + c / n) - 1.0 / (c * n)
    return 0.5 * (inverse + inverse.T)


def adjusted_weights(data: Evidence, tau2: float = 0.0) -> Array:
    """The weight of every contrast, reduced in studies with more than two arms so that they count once, (M,).

    With these weights and all contrasts taken as independent, weighted least squares gives the same estimates (Ruecker & Schwarzer 2014).
    A weight can be zero or below where the arms' variances make a contrast redundant.
    """
    weights = np.empty(len(data.estimate))
    weights[data.pairs] = 1.0 / (data.variance[data.pairs] + tau2)
    for block in data.blocks:
        m = block.arms.shape[1]
        up = np.triu_indices(m, 1)
        laplacian = (block.vectors / (block.spread + tau2 / 2.0)[:, None, :]) @ block.vectors.transpose(0, 2, 1)
        weights[block.rows] = -laplacian[:, up[0], up[1]]
    return weights


def leverage(data: Evidence, fit: Fit, weights: Array) -> Array:
    """Diagonal of the hat matrix of the contrasts, (M,)."""
    return weights * np.square(fit.std_error[data.first, data.second])


def hat_matrix(data: Evidence, fit: Fit, weights: Array) -> Array:
    """(M, M): how each observed contrast (column) enters each fitted one (row); contrasts first less second.

    weights : those of ``adjusted_weights`` at the fit's tau2.
    """
    half = fit.inverse[data.first] - fit.inverse[data.second]
    return (half[:, data.first] - half[:, data.second]) * weights


def comparison_hat(fit: Fit, first: Index, second: Index, weights: Array, n: int) -> tuple[Array, Index, Index]:
    """How each direct comparison (column) enters each pair of treatments (row): (n (n - 1) / 2, d), and the codes of the d comparisons.

    Weights of one comparison are added up over studies (Koenig, Krahn & Binder 2013, doi:10.1002/sim.6001).
    """
    codes, where = np.unique(first * n + second, return_inverse=True)
    total = np.bincount(where, weights)
    a, b = codes // n, codes % n
    up = np.triu_indices(n, 1)
    half = fit.inverse[up[0]] - fit.inverse[up[1]]
    return (half[:, a] - half[:, b]) * total, a, b


def components(n: int, first: Index, second: Index) -> Index:
    """The part of the graph that each treatment is in, (n,): 0 for the part of the first treatment, and so on.

    >>> components(4, np.array([0, 2]), np.array([1, 3])).tolist()
    [0, 0, 1, 1]
    """
    label = np.arange(n)
    while True:
        low = np.minimum(label[first], label[second])
        new = label.copy()
        np.minimum.at(new, first, low)
        np.minimum.at(new, second, low)
        new = new[new]
        if (new == label).all():
            return np.unique(label, return_inverse=True)[1]
        label = new


class Designs(NamedTuple):
    """Heterogeneity within designs (studies that compare the same treatments), each with its own effects: (D,) each.

    q, df : weighted residual squares and degrees of freedom.  trace : by how much E(q) grows with a unit of tau2.
    """

    q: Array
    df: Index
    trace: Array


def within_designs(data: Evidence, design: Index, n_designs: int, tau2: float = 0.0) -> Designs:
    """Q within designs with weights 1 / (v + tau2).

    design : (n_studies,), code of each study's design. Two-arm designs are sums; each larger one is a small regression.
    """
    codes = design[data.row_study]
    w = 1.0 / (data.v + tau2)
    two = len(data.pairs)
    q, trace = np.zeros(n_designs), np.zeros(n_designs)
    df = np.zeros(n_designs, dtype=np.int64)
    if two:
        c, wp, y = codes[:two], w[:two], data.y[:two]
        s1 = np.bincount(c, wp, n_designs)
        used = s1 > 0
        mean = np.divide(np.bincount(c, wp * y, n_designs), s1, out=np.zeros(n_designs), where=used)
        q += np.bincount(c, wp * np.square(y - mean[c]), n_designs)
        trace += s1 - np.divide(np.bincount(c, wp * wp, n_designs), s1, out=np.zeros(n_designs), where=used)
        df += np.bincount(c, minlength=n_designs) - used
    for code, rows, arms in _repeated(data, codes):
        x, y, wr = data.x[np.ix_(rows, arms[1:])], data.y[rows], w[rows]
        xw = x * wr[:, None]
        inverse = np.linalg.inv(x.T @ xw)
        rest = y - x @ (inverse @ (xw.T @ y))
        q[code] = float((wr * rest) @ rest)
        trace[code] = float(wr.sum() - ((xw.T @ xw) * inverse).sum())
        df[code] = len(rows) - len(arms) + 1
    single = df == 0
    q[single], trace[single] = 0.0, 0.0
    return Designs(q, df, trace)


def _repeated(data: Evidence, codes: Index) -> Iterator[tuple[int, Index, Index]]:
    """Designs of three or more arms with several studies: code, positions of their independent contrasts, arms."""
    studies: dict[int, tuple[int, Index]] = {}
    for block in data.blocks:
        begin = int(np.flatnonzero(data.row_study == block.study[0])[0])
        own = codes[begin : begin + len(block.study) * (block.arms.shape[1] - 1) : block.arms.shape[1] - 1]
        found, at, count = np.unique(own, return_index=True, return_counts=True)
        studies |= {int(c): (int(k), block.arms[i]) for c, i, k in zip(found, at, count, strict=True)}
    for code, (k, arms) in studies.items():
        if k > 1:
            yield code, np.flatnonzero(codes == code), arms


class Detached(NamedTuple):
    """What giving one design effects of its own takes from Q, and how many parameters that needs: (D,) each."""

    q: Array
    df: Index


def detach_designs(data: Evidence, fit: Fit, design: Index, n_designs: int) -> Detached:
    """The drop of Q when each design in turn is fitted by itself: u' C+ u with u = X_d'W r and C = L_d - L_d L+ L_d.

    L_d : Laplacian of the design's own studies.  Where it holds the only evidence on its treatments C is singular, and nothing drops.
    """
    codes = design[data.row_study]
    w = 1.0 / (data.v + fit.tau2)
    pull = w * (data.y - data.x @ fit.level)
    q, df = np.zeros(n_designs), np.zeros(n_designs, dtype=np.int64)
    two = len(data.pairs)
    if two:
        c = codes[:two]
        own, u = np.bincount(c, w[:two], n_designs), np.bincount(c, pull[:two], n_designs)
        spread = np.zeros(n_designs)
        spread[c] = np.square(fit.std_error[data.first[data.pairs], data.second[data.pairs]])
        left = 1.0 - own * spread
        free = (own > 0) & (left > ONLY_DIRECT)
        q[free] = np.square(u[free]) / (own[free] * left[free])
        df[free] = 1
    for block in data.blocks:
        m = block.arms.shape[1]
        basis = contrast_basis(m)
        found, at = np.unique(design[block.study], return_index=True)
        for code, i in zip(found.tolist(), at.tolist(), strict=True):
            rows = np.flatnonzero(codes == code)
            x = data.x[np.ix_(rows, block.arms[i])] @ basis
            own = x.T @ (x * w[rows, None])
            inner = basis.T @ fit.inverse[np.ix_(block.arms[i], block.arms[i])] @ basis
            root = np.linalg.cholesky(own)
            values, vectors = np.linalg.eigh(np.eye(m - 1) - root.T @ inner @ root)
            free = values > ONLY_DIRECT
            turned = vectors.T @ np.linalg.solve(root, x.T @ pull[rows])
            q[code], df[code] = float((np.square(turned[free]) / values[free]).sum()), int(free.sum())
    return Detached(q, df)


class Direct(NamedTuple):
    """Direct evidence on each pair of treatments, (n, n), row less column: studies, inverse-variance mean and its standard error or NaN."""

    k: Index
    estimate: Array
    std_error: Array


def direct_evidence(data: Evidence, tau2: float = 0.0) -> Direct:
    """Each comparison pooled alone, from every study that makes it, with weights 1 / (variance + tau2)."""
    n = data.n
    code = data.first * n + data.second
    w = 1.0 / (data.variance + tau2)
    s1 = np.bincount(code, w, n * n).reshape(n, n)
    sy = np.bincount(code, w * data.estimate, n * n).reshape(n, n)
    k = np.bincount(code, minlength=n * n).reshape(n, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (sy - sy.T) / (s1 + s1.T)
        error = 1.0 / np.sqrt(s1 + s1.T)
    error[~np.isfinite(error)] = np.nan
    return Direct(k + k.T, mean, error)


class Split(NamedTuple):
    """Direct against indirect evidence, (n, n), row less column; NaN where one of the two does not exist."""

    share: Array
    indirect: Array
    indirect_error: Array
    difference: Array
    difference_error: Array


def split_direct(fit: Fit, direct: Direct) -> Split:
    """Indirect evidence by back-calculation from the network and the direct estimate.

    With share p = (network SE / direct SE)^2: indirect = (network - p direct) / (1 - p), SE^2 = network SE^2 / (1 - p). Their difference
    tests consistency (Dias et al. 2010, doi:10.1002/sim.3767; Koenig et al. 2013).
    """
    n = len(fit.level)
    share = np.where(direct.k > 0, np.square(fit.std_error / direct.std_error), 0.0)
    off = ~np.eye(n, dtype=bool)
    both = off & (direct.k > 0) & (share < 1.0 - ONLY_DIRECT)
    alone = off & (direct.k == 0)
    rest = np.where(both, 1.0 - share, 1.0)
    known = np.where(direct.k > 0, direct.estimate, 0.0)
    indirect = np.where(both, (fit.estimate - share * known) / rest, np.where(alone, fit.estimate, np.nan))
    error = np.where(both, fit.std_error / np.sqrt(rest), np.where(alone, fit.std_error, np.nan))
    difference = np.where(both, direct.estimate - indirect, np.nan)
    combined = np.where(both, np.sqrt(np.square(direct.std_error) + np.square(error)), np.nan)
    return Split(share, indirect, error, difference, combined)
