"""Crossed random intercepts of few units beside effects that fall into small blocks without them.

A laboratory that many studies share ties all effects together, and their covariance would have to be factored whole. Taken as a border,
M = M0 + Z S^2 Z' with M0 in blocks, it costs as many further columns as it has units (Woodbury): with B^ = [B, Z] and A^ = B^' M0^-1 B^,
everything is the Schur complement of K = E + S A^ S, E the identity on the columns of Z.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ostealgia.numerics.covariance_known import KnownCovariance, chain, connected
from ostealgia.numerics.mixed_effects_algebra import Engine, Pieces
from ostealgia.numerics.mixed_effects_structures import Term

Array = NDArray[np.float64]
SMALL = 50  # rows in a block that are factored whole without more ado
WIDEST = 400  # units of a border


class Bordered:
    """An engine whose last parameters are the standard deviations of crossed intercepts.

    base : the engine of the other random effects, on the columns [y, X, Z].  width : number of columns of [y, X].
    owner : for each column of Z its border term, from 0.
    """

    def __init__(self, base: Engine, width: int, owner: NDArray[np.int64]) -> None:
        self.base, self.width, self.owner = base, width, owner
        self.borders = int(owner.max()) + 1
        self.size = base.size + self.borders

    @property
    def k(self) -> int:
        return self.base.k

    def pieces(self, p: Array, order: int) -> Pieces | None:
        found = self.base.pieces(p[: self.base.size], order)
        if found is None:
            return None
        c = self.width
        scale = np.concatenate([np.ones(c), p[self.base.size :][self.owner]])
        k = scale[:, None] * found.a * scale
        inside = np.arange(c, len(scale))
        k[inside, inside] += 1.0
        try:
            root = np.linalg.cholesky(k[c:, c:])
        except np.linalg.LinAlgError:
            return None
        inverse = np.asarray(np.linalg.inv(k[c:, c:]), dtype=np.float64)
        w = np.vstack([np.eye(c), -inverse @ k[c:, :c]])
        log_det = found.log_det + 2.0 * float(np.log(np.diag(root)).sum())
        a = k[:c, :c] + k[:c, c:] @ w[c:]
        if order == 0:
            none = np.empty(0)
            return Pieces(log_det, a, none, none, none, none)
        first, second = self._derivatives(found, scale)
        return self._schur(found, log_det, a, w, inverse, first, second)

    def _derivatives(self, found: Pieces, scale: Array) -> tuple[Array, Array]:
        """First and second derivatives of K in all parameters."""
        n, q = self.base.size, self.size
        both = scale[:, None] * scale
        units = np.zeros((self.borders, len(scale)))
        units[self.owner, self.width + np.arange(len(self.owner))] = 1.0
        first = np.empty((q, len(scale), len(scale)))
        second = np.empty((q, q, len(scale), len(scale)))
        first[:n], second[:n, :n] = both * found.a_1, both * found.a_2
        for t, unit in enumerate(units):
            sides = unit[:, None] * scale
            mixed = sides + sides.T
            first[n + t] = mixed * found.a
            second[n + t, :n] = second[:n, n + t] = mixed * found.a_1
            for u, other in enumerate(units):
                pair = unit[:, None] * other
                second[n + t, n + u] = (pair + pair.T) * found.a
        return first, second

    def _schur(
        self, found: Pieces, log_det: float, a: Array, w: Array, inverse: Array, first: Array, second: Array
    ) -> Pieces:
        """Derivatives of the Schur complement W' K W and of log|K_ZZ| added to those of the base."""
        c, n, q = self.width, self.base.size, self.size
        pulled = (first @ w)[:, c:]  # (q, z, c)
        a_1 = np.swapaxes(w, 0, 1) @ first @ w
        cross = np.einsum("izc,jzd->ijcd", pulled, inverse @ pulled)
        a_2 = np.swapaxes(w, 0, 1) @ second @ w - cross - np.swapaxes(cross, 2, 3)
        turned = inverse @ first[:, c:, c:]
        log_1 = np.trace(turned, axis1=1, axis2=2)
        log_2 = np.einsum("ab,ijba->ij", inverse, second[:, :, c:, c:])
        log_2 = log_2 - turned.reshape(q, -1) @ np.swapaxes(turned, 1, 2).reshape(q, -1).T
        log_1[:n] += found.log_det_1
        log_2[:n, :n] += found.log_det_2
        return Pieces(log_det, a, log_1, a_1, log_2, a_2)


def border_terms(known: KnownCovariance, terms: Sequence[Term]) -> list[int]:
    """Which random intercepts to take as a border: those of few units without which the blocks are less than half as large.

    >>> from ostealgia.numerics.mixed_effects_structures import intercept
    >>> study, lab = np.repeat(np.arange(40), 2), np.arange(80) % 3
    >>> border_terms(KnownCovariance(np.ones(80)), [intercept(study), intercept(lab)])
    [1]
    """
    taken: list[int] = []
    if sum(int(term.group.max()) + 1 < known.k for term in terms) < 2:
        return taken
    largest = _largest_block(known, terms)
    for t in sorted(range(len(terms)), key=lambda t: int(terms[t].group.max())):
        units = int(terms[t].group.max()) + 1
        if largest <= SMALL or terms[t].m > 1 or units > min(WIDEST, largest // 3):
            continue
        without = _largest_block(known, [term for i, term in enumerate(terms) if i != t and i not in taken])
        if 2 * without < largest:
            taken.append(t)
            largest = without
    return taken


def _largest_block(known: KnownCovariance, terms: Sequence[Term]) -> int:
    links = [chain(term.group) for term in terms]
    links += [(index, np.full(len(index), index[0])) for index, _ in known.blocks]
    return int(np.bincount(connected(known.k, links)).max())


def indicator(terms: Sequence[Term]) -> tuple[Array, NDArray[np.int64]]:
    """Z of these intercepts side by side (k, z), and the term of each column."""
    parts = [np.eye(int(term.group.max()) + 1)[term.group] for term in terms]
    owner = np.concatenate([np.full(part.shape[1], t) for t, part in enumerate(parts)])
    return np.hstack(parts), owner.astype(np.int64)
