"""Any random effects and any known covariance, in blocks that share nothing: one Cholesky a block, blocks of one size together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ostealgia.numerics.covariance_known import KnownCovariance, chain, connected, rows_of
from ostealgia.numerics.mixed_effects_algebra import Pieces
from ostealgia.numerics.mixed_effects_structures import Term, derivatives

Array = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Stack:
    """Blocks of one size n. index : rows (b, n).  v : known covariance (b, n, n).  cells : for each term the entry of its G (flattened,
    one zero behind) that belongs to each pair of rows, (b, n, n)."""

    index: Codes
    v: Array
    cells: tuple[Codes, ...]


class Blocks:
    """The engine for random effects of any structure, nested or crossed.

    b : (k, 1 + p), [y, X].  known : sampling covariance.  terms : random effects; their parameters follow one another.
    """

    def __init__(self, b: Array, known: KnownCovariance, terms: Sequence[Term]) -> None:
        self.b, self.terms = b, tuple(terms)
        links = [chain(term.group) for term in terms]
        if not known.diagonal:
            links.append(_known_links(known))
        self.stacks = _stacks(known, self.terms, connected(len(b), links))
        self.slices: list[slice] = []
        at = 0
        for term in self.terms:
            self.slices.append(slice(at, at + term.size))
            at += term.size
        self.size = at
        self.place = [term.group * term.m + term.level for term in self.terms]
        self.groups = [int(term.group.max()) + 1 for term in self.terms]

    @property
    def k(self) -> int:
        return len(self.b)

    def matrices(self, p: Array) -> list[Array]:
        """G of every term at parameters p."""
        return [derivatives(term, p[part], 0)[0] for term, part in zip(self.terms, self.slices, strict=True)]

    def covariances(self, p: Array) -> list[tuple[Codes, Array]]:
        """The marginal covariance: rows (b, n) and matrices (b, n, n), one entry a block size."""
        matrices = self.matrices(p)
        return [(stack.index, _marginal(stack, matrices)) for stack in self.stacks]

    def pieces(self, p: Array, order: int) -> Pieces | None:
        found = [derivatives(term, p[part], order) for term, part in zip(self.terms, self.slices, strict=True)]
        factored = self._factor([g for g, _, _ in found])
        if factored is None:
            return None
        log_det, inverses, solved = factored
        a = self.b.T @ solved
        if order == 0:
            none = np.empty(0)
            return Pieces(log_det, a, none, none, none, none)
        firsts = [first for _, first, _ in found]
        moved = self._moved(firsts, solved)  # (q, k, 1 + p): D_j M^-1 B
        a_1 = -np.einsum("kc,qkd->qcd", solved, moved)
        back = self._solve(inverses, moved)
        a_2 = np.einsum("ikc,jkd->ijcd", moved, back)
        a_2 = a_2 + np.transpose(a_2, (0, 1, 3, 2))
        traces = self._traces(inverses)
        log_1 = np.concatenate([np.einsum("ab,qab->q", t, first) for t, first in zip(traces, firsts, strict=True)])
        log_2 = -self._trace_pairs(inverses, firsts)
        for t, (term, part) in enumerate(zip(self.terms, self.slices, strict=True)):
            second = found[t][2]
            log_2[part, part] += np.einsum("ab,ijab->ij", traces[t], second)
            scores = self._scores(t, solved)  # (units, m, 1 + p)
            a_2[part, part] -= np.einsum("gac,ijab,gbd->ijcd", scores, second, scores, optimize=term.m > 3)
        return Pieces(log_det, a, log_1, a_1, log_2, a_2)

    def _factor(self, matrices: list[Array]) -> tuple[float, list[Array], Array] | None:
        """log|M|, the inverse of every block, and M^-1 B."""
        log_det, solved = 0.0, np.empty_like(self.b)
        inverses: list[Array] = []
        for stack in self.stacks:
            m = _marginal(stack, matrices)
            at = np.arange(len(stack.index[0]))
            sd = np.sqrt(m[:, at, at])
            if not np.isfinite(sd).all():
                return None
            both = sd[:, :, None] * sd[:, None, :]
            try:
                factor = np.linalg.cholesky(m / both)
            except np.linalg.LinAlgError:
                return None
            log_det += 2.0 * float(np.log(factor[:, at, at]).sum() + np.log(sd).sum())
            inverse = np.linalg.inv(m / both) / both
            inverses.append(0.5 * (inverse + np.swapaxes(inverse, 1, 2)))
            solved[stack.index] = inverses[-1] @ self.b[stack.index]
        return log_det, inverses, solved

    def _solve(self, inverses: list[Array], columns: Array) -> Array:
        """M^-1 times columns (q, k, c)."""
        out = np.empty_like(columns)
        for stack, inverse in zip(self.stacks, inverses, strict=True):
            out[:, stack.index] = inverse @ columns[:, stack.index]
        return out

    def _scores(self, t: int, columns: Array) -> Array:
        """Z' columns, (units, m, c)."""
        term, length = self.terms[t], self.groups[t] * self.terms[t].m
        out = np.empty((length, columns.shape[1]))
        for j, column in enumerate(columns.T):
            out[:, j] = np.bincount(self.place[t], weights=column, minlength=length)
        return out.reshape(self.groups[t], term.m, columns.shape[1])

    def _moved(self, firsts: list[Array], solved: Array) -> Array:
        """Z D_j Z' M^-1 B for every parameter j."""
        out = np.empty((self.size, *solved.shape))
        for t, part in enumerate(self.slices):
            turned = np.einsum("qab,gbc->qgac", firsts[t], self._scores(t, solved))
            out[part] = turned.reshape(len(firsts[t]), -1, solved.shape[1])[:, self.place[t]]
        return out

    def _traces(self, inverses: list[Array]) -> list[Array]:
        """For every term the sum over units of Z' M^-1 Z, (m, m)."""
        out: list[Array] = []
        for t, term in enumerate(self.terms):
            total = np.zeros(term.m * term.m + 1)
            for stack, inverse in zip(self.stacks, inverses, strict=True):
                total += np.bincount(stack.cells[t].ravel(), weights=inverse.ravel(), minlength=len(total))
            out.append(total[:-1].reshape(term.m, term.m))
        return out

    def _trace_pairs(self, inverses: list[Array], firsts: list[Array]) -> Array:
        """tr(M^-1 D_i M^-1 D_j) for all pairs of parameters."""
        total = np.zeros((self.size, self.size))
        for stack, inverse in zip(self.stacks, inverses, strict=True):
            turned = np.concatenate(
                [inverse @ _spread(first, stack.cells[t]) for t, first in enumerate(firsts)]
            )  # (q, b, n, n)
            flat = turned.reshape(self.size, -1)
            total += flat @ np.swapaxes(turned, 2, 3).reshape(self.size, -1).T
        return total


def _spread(matrices: Array, cells: Codes) -> Array:
    """Entries of (q, m, m) matrices set out over the pairs of rows, (q, b, n, n)."""
    flat = np.concatenate([matrices.reshape(len(matrices), -1), np.zeros((len(matrices), 1))], axis=1)
    return flat[:, cells]


def _marginal(stack: Stack, matrices: list[Array]) -> Array:
    m: Array = stack.v.copy()
    for matrix, cells in zip(matrices, stack.cells, strict=True):
        m += np.append(matrix.ravel(), 0.0)[cells]
    return m


def marginal(
    known: KnownCovariance, terms: Sequence[Term], matrices: Sequence[Array], cluster: Codes
) -> list[tuple[Codes, Array]]:
    """The marginal covariance by cluster: rows (b, n) and matrices (b, n, n), one entry a cluster size.

    known, terms, matrices : as fitted, G of each term in the unit of the data.  cluster : codes (k,). Raises NotNested where two clusters
    share a random effect or a sampling error.
    """
    links = [chain(term.group) for term, matrix in zip(terms, matrices, strict=True) if matrix.any()]
    if not known.diagonal:
        links.append(_known_links(known))
    part = connected(len(cluster), links)
    first = np.unique(part, return_index=True)[1]
    apart = np.flatnonzero(cluster != cluster[first][part])
    if len(apart):
        raise NotNested(int(apart[0]), int(first[part[apart[0]]]))
    stacks = _stacks(known, tuple(terms), cluster)
    return [(stack.index, _marginal(stack, list(matrices))) for stack in stacks]


class NotNested(ValueError):
    """Two rows of different clusters are dependent in the model; ``rows`` are their positions."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"rows {one} and {two} are in different clusters and share a random effect or an error")
        self.rows = (one, two)


def _known_links(known: KnownCovariance) -> tuple[Codes, Codes]:
    left = np.concatenate([index for index, _ in known.blocks])
    right = np.concatenate([np.full(len(index), index[0]) for index, _ in known.blocks])
    return left, right


def _stacks(known: KnownCovariance, terms: tuple[Term, ...], label: Codes) -> list[Stack]:
    """The connected parts of the rows, sorted by size, each with its known covariance."""
    by_size: dict[int, list[Codes]] = {}
    for rows in rows_of(label):
        by_size.setdefault(len(rows), []).append(rows)
    where, place = np.empty((2, len(label)), dtype=np.int64)
    home = np.empty(len(label), dtype=np.int64)
    stacks: list[Stack] = []
    for number, (n, members) in enumerate(sorted(by_size.items())):
        index = np.stack(members)
        v = np.zeros((len(index), n, n))
        at = np.arange(n)
        v[:, at, at] = known.variance[index]
        where[index], place[index] = np.arange(len(index))[:, None], at
        home[index] = number
        stacks.append(Stack(index, v, tuple(_cells(term, index) for term in terms)))
    for rows, block in known.blocks:
        stack = stacks[int(home[rows[0]])]
        stack.v[int(where[rows[0]])][np.ix_(place[rows], place[rows])] = block
    return stacks


def _cells(term: Term, index: Codes) -> Codes:
    group, level = term.group[index], term.level[index]
    cell = level[:, :, None] * term.m + level[:, None, :]
    return np.where(group[:, :, None] == group[:, None, :], cell, term.m * term.m)
