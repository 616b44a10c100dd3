"""Contributions of direct comparisons to a network estimate, as streams of evidence along paths."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]
NO_FLOW = 1e-12


def path_contributions(hat_row: Array, first: Index, second: Index, source: int, sink: int, n: int) -> Array:
    """Share of each direct comparison in one network estimate, (d,); the shares sum to one.

    hat_row : (d,), the row of ``network.comparison_hat`` for source less sink.  first, second : (d,), ends of each comparison.
    The row is a flow of one unit from source to sink without circles. A walk that follows it takes each path with a probability; the
    path's probability is divided equally among its comparisons. All paths at once: probability of being at a node after l steps, times
    that of r steps still to come, over l + 1 + r (Davies et al. 2022, doi:10.1002/sim.9346; Papakonstantinou et al. 2018,
    doi:10.12688/f1000research.14770.3).

    >>> path_contributions(np.array([0.6, 0.4, -0.4]), np.array([0, 0, 1]), np.array([1, 2, 2]), 0, 1, 3).round(3).tolist()
    [0.6, 0.2, 0.2]
    """
    forward = hat_row > NO_FLOW
    backward = hat_row < -NO_FLOW
    tail = np.where(backward, second, first)
    head = np.where(backward, first, second)
    used = np.flatnonzero(forward | backward)
    size = np.abs(hat_row)
    step = np.zeros((n, n))
    np.add.at(step, (tail[used], head[used]), size[used])
    out = step.sum(axis=1)
    step = np.divide(step, out[:, None], out=np.zeros_like(step), where=out[:, None] > 0)
    step[sink] = 0.0
    arrive, leave = np.zeros((n, n)), np.zeros((n, n))
    arrive[0, source], leave[0, sink] = 1.0, 1.0
    for length in range(1, n):
        arrive[length] = arrive[length - 1] @ step
        leave[length] = step @ leave[length - 1]
    at = np.arange(n)
    share = 1.0 / (at[:, None] + at + 1.0)
    passing = arrive.T @ share @ leave  # [i, j]: sum over l, r of arrive[l, i] leave[r, j] / (l + 1 + r)
    found = np.zeros(len(hat_row))
    found[used] = (step * passing)[tail[used], head[used]]
    return found
