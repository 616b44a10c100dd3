"""Known covariance of dependent sampling errors, held as blocks: one a cluster, nothing between clusters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
Block = tuple[Codes, Array]


class NotPositiveDefinite(ValueError):
    """A block of the covariance is not positive definite; ``index`` are its rows."""

    def __init__(self, index: Codes, smallest: float) -> None:
        super().__init__(f"smallest eigenvalue of the correlations {smallest:.3g}")
        self.index, self.smallest = index, smallest


@dataclass(frozen=True, eq=False)
class KnownCovariance:
    """Sampling covariance of k effects. variance : (k,).  blocks : (positions, matrix) of the clusters with covariances.

    Rows in no block are independent. ``matrix`` writes all of it as (k, k), for looking and for small k.
    """

    variance: Array
    blocks: tuple[Block, ...] = ()

    @property
    def k(self) -> int:
        return len(self.variance)

    @property
    def diagonal(self) -> bool:
        """True where no two effects share an error."""
        return not self.blocks

    @property
    def matrix(self) -> Array:
        full = np.diag(self.variance)
        for index, block in self.blocks:
            full[np.ix_(index, index)] = block
        return full

    def scaled(self, factor: float) -> KnownCovariance:
        """The same covariances times ``factor``."""
        return KnownCovariance(self.variance * factor, tuple((index, block * factor) for index, block in self.blocks))

    def take(self, keep: Codes) -> KnownCovariance:
        """The covariances of the rows at these positions, in that order."""
        place = np.full(self.k, -1)
        place[keep] = np.arange(len(keep))
        blocks: list[Block] = []
        for index, block in self.blocks:
            stays = place[index] >= 0
            if stays.sum() > 1:
                inside = np.flatnonzero(stays)
                blocks.append((place[index[inside]], block[np.ix_(inside, inside)]))
        return KnownCovariance(self.variance[keep], tuple(blocks))


def rows_of(codes: Codes) -> Iterator[Codes]:
    """The rows of each code, codes ascending, rows in their own order.

    >>> [rows.tolist() for rows in rows_of(np.array([1, 0, 1]))]
    [[1], [0, 2]]
    """
    order = np.argsort(codes, kind="stable")
    ends = np.flatnonzero(np.diff(codes[order])) + 1
    yield from np.split(order, ends)


def _constant(rho: float, time: Array | None, n: int) -> Array:
    return np.full((n, n), rho)


def _autoregressive(rho: float, time: Array | None, n: int) -> Array:
    t = np.arange(float(n)) if time is None else time
    return rho ** np.abs(t[:, None] - t[None, :])


CORRELATIONS: dict[str, Callable[[float, Array | None, int], Array]] = {
    "constant": _constant,
    "autoregressive": _autoregressive,
}


def from_correlation(v: Array, cluster: Codes, rho: float, kind: str, time: Array | None) -> KnownCovariance:
    """cov = r sqrt(v_i v_j) within a cluster, r = rho or rho to the power of the time apart.

    v : (k,).  cluster : codes (k,).  time : (k,) for kind "autoregressive".  Raises NotPositiveDefinite.

    >>> from_correlation(np.array([1.0, 4.0]), np.array([0, 0]), 0.5, "constant", None).matrix.tolist()
    [[1.0, 1.0], [1.0, 4.0]]
    """
    blocks: list[Block] = []
    sd = np.sqrt(v)
    for rows in rows_of(cluster):
        if len(rows) == 1 or rho == 0.0:
            continue
        r = CORRELATIONS[kind](rho, None if time is None else time[rows], len(rows))
        np.fill_diagonal(r, 1.0)
        check_correlation(r, rows)
        block = r * np.outer(sd[rows], sd[rows])
        np.fill_diagonal(block, v[rows])
        blocks.append((rows, block))
    return KnownCovariance(v, tuple(blocks))


def from_matrix(matrix: Array) -> KnownCovariance:
    """Blocks of a symmetric matrix (k, k): its connected parts.  Raises NotPositiveDefinite.

    >>> len(from_matrix(np.array([[1.0, 0.2, 0.0], [0.2, 1.0, 0.0], [0.0, 0.0, 2.0]])).blocks)
    1
    """
    k = len(matrix)
    rows, columns = np.nonzero(matrix)
    label = connected(k, [(rows, columns)])
    blocks: list[Block] = []
    v = np.diag(matrix).astype(np.float64)
    for part in rows_of(label):
        if len(part) > 1:
            block = matrix[np.ix_(part, part)]
            sd = np.sqrt(v[part])
            check_correlation(block / np.outer(sd, sd), part)
            blocks.append((part, 0.5 * (block + block.T)))
    return KnownCovariance(v, tuple(blocks))


def check_correlation(r: Array, rows: Codes) -> None:
    """Raise NotPositiveDefinite where the smallest eigenvalue of these correlations is not above rounding."""
    try:
        np.linalg.cholesky(r)
    except np.linalg.LinAlgError:
        raise NotPositiveDefinite(rows, float(np.linalg.eigvalsh(r)[0])) from None
    if len(rows) == 2 and abs(float(r[0, 1])) >= 1.0 - 1e-12:
        raise NotPositiveDefinite(rows, 1.0 - abs(float(r[0, 1])))


def connected(k: int, links: list[tuple[Codes, Codes]]) -> Codes:
    """The part of each of k rows, 0, 1, ... by first appearance; rows that a link joins are in one part.

    links : pairs of position arrays of equal length.

    >>> connected(4, [(np.array([0, 3]), np.array([2, 1]))]).tolist()
    [0, 1, 0, 1]
    """
    label = np.arange(k)
    while True:
        before = label.copy()
        for left, right in links:
            low = np.minimum(label[left], label[right])
            np.minimum.at(label, left, low)
            np.minimum.at(label, right, low)
        label = label[label]
        if np.array_equal(label, before):
            break
    return np.unique(label, return_inverse=True)[1].astype(np.int64)


def chain(codes: Codes) -> tuple[Codes, Codes]:
    """Links that join the rows of each code: every row with the first of its code.

    >>> [a.tolist() for a in chain(np.array([5, 7, 5]))]
    [[0, 1, 2], [0, 1, 0]]
    """
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    return np.arange(len(codes)), first[inverse].astype(np.int64)
