"""Cox's partial likelihood for many rows, one stratum and no tied events, in blocks of rows that the processor's cache holds.

A running sum has to wait for each of its terms. Here a block is cut into pieces that run side by side: row l of a block holds the l-th
subject of every piece, so one addition moves all pieces on by a subject, and what came before a piece is added at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ostealgia.numerics.cox_data import CoxData

Array = NDArray[np.float64]
LENGTH = 32  # subjects in a piece
BLOCK = LENGTH * 256


@dataclass(frozen=True, eq=False)
class Block:
    """x (p, L, S) from the last time to the first, piece after piece.  weight (L, S) or None.  deaths : places in the block, with their
    weight (or 1.0)."""

    x: Array
    weight: Array | None
    deaths: NDArray[np.intp]
    mass: Array | float

    @property
    def pieces(self) -> int:
        return self.x.shape[2]


def block_likelihood(data: CoxData) -> Callable[[Array], tuple[float, Array, Array]]:
    """Log likelihood, score and information as a function of the coefficients of the scaled columns.

    >>> from ostealgia.numerics.cox_data import cox_data
    >>> x = np.array([[0.0], [1.0], [0.0], [1.0], [0.0]])
    >>> data = cox_data(np.arange(1.0, 6.0), np.ones(5, dtype=bool), x, weight=np.ones(5), stratum=np.zeros(5, dtype=np.intp))
    >>> round(block_likelihood(data)(np.zeros(1))[0], 4)
    -4.7875
    """
    blocks = _cut(data)
    p = len(data.x)
    mass = data.weight[data.deaths]
    of_deaths = data.x[:, data.deaths] @ mass
    room = np.empty((2, p + 1, BLOCK))
    kept = [(np.empty(block.x.shape[1:]), np.zeros(block.x.shape[1:])) for block in blocks]

    def derivatives(beta: Array) -> tuple[float, Array, Array]:
        value, score, taken = float(beta @ of_deaths), of_deaths.copy(), np.zeros((p, p))
        carry = np.zeros(p + 1)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            for block, (risk, hazard) in zip(blocks, kept, strict=True):
                at_risk, carry = _at_risk(block, beta, risk, room, carry)
                total, mean = at_risk[0], at_risk[1:]
                rate = block.mass / total
                hazard.reshape(-1)[block.deaths] = rate
                value -= float((np.log(total) * block.mass).sum())
                mean /= total
                weighted = mean if isinstance(block.mass, float) else mean * block.mass
                score -= weighted.sum(axis=1)
                taken += weighted @ mean.T
            before = 0.0
            for block, (risk, hazard) in zip(reversed(blocks), reversed(kept), strict=True):
                load, before = _exposed(risk, hazard, before)
                x = block.x.reshape(p, -1)
                taken -= np.multiply(x, load, out=room[0, :p, : len(load)]) @ x.T
        if not np.isfinite(value):
            return -np.inf, score, np.eye(p)
        return value, score, -taken

    return derivatives


def _cut(data: CoxData) -> list[Block]:
    """The rows as blocks, from the last time to the first, with rows of weight 0 to fill the last piece."""
    p, n = data.x.shape
    plain = bool((data.weight == 1.0).all())
    out: list[Block] = []
    for end in range(n, 0, -BLOCK):
        rows = slice(max(0, end - BLOCK), end)
        x, weight, event = data.x[:, rows], data.weight[rows], data.event[rows]
        empty = -len(weight) % LENGTH
        if empty:
            none = np.zeros(empty)
            x = np.concatenate([np.zeros((p, empty)), x], axis=1)
            weight, event = np.concatenate([none, weight]), np.concatenate([none > 0, event])
        mass = None if plain and not empty else _side_by_side(weight)
        deaths = np.flatnonzero(_side_by_side(event.astype(np.float64)))
        here = np.ascontiguousarray(x[:, ::-1].reshape(p, -1, LENGTH).transpose(0, 2, 1))
        out.append(Block(here, mass, deaths, 1.0 if plain or mass is None else mass.reshape(-1)[deaths]))
    return out


def _side_by_side(values: Array) -> Array:
    return np.ascontiguousarray(values[::-1].reshape(-1, LENGTH).T)


def _at_risk(block: Block, beta: Array, risk: Array, room: Array, carry: Array) -> tuple[Array, Array]:
    """Sums of risk and of risk x columns over those at risk at each event (p + 1, events), and over all rows up to here; fills ``risk``."""
    p, pieces = len(block.x), block.pieces
    size = LENGTH * pieces
    run = room[0, :, :size].reshape(p + 1, LENGTH, pieces)
    np.exp(np.matmul(beta, block.x.reshape(p, -1), out=risk.reshape(-1)), out=risk.reshape(-1))
    if block.weight is not None:
        risk *= block.weight
    run[0] = risk
    np.multiply(block.x, risk, out=run[1:])
    for step in range(1, LENGTH):
        np.add(run[:, step], run[:, step - 1], out=run[:, step])
    ends = np.cumsum(run[:, -1], axis=1)
    base = np.empty_like(ends)
    base[:, 0], base[:, 1:] = carry, ends[:, :-1] + carry[:, None]
    at_risk = run.reshape(p + 1, -1).take(block.deaths, axis=1)
    at_risk += base.take(block.deaths % pieces, axis=1)
    return at_risk, ends[:, -1] + carry


def _exposed(risk: Array, hazard: Array, before: float) -> tuple[Array, float]:
    """risk x cumulative hazard up to and with each row's time, flat, and the hazard up to the end of this block."""
    run = hazard.copy()
    for step in range(1, LENGTH):
        np.add(run[step], run[step - 1], out=run[step])
    ends = np.cumsum(run[-1])
    total = float(ends[-1])
    later = run - hazard  # events at later times within the piece, and then in the pieces before it
    later[:, 1:] += ends[:-1]
    np.subtract(before + total, later, out=later)
    later *= risk
    return later.reshape(-1), before + total
