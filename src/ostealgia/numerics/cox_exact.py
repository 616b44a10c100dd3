"""The exact partial likelihood for discrete times: given d deaths at a time, which d of those at risk.

Cox 1972 (section 6), doi:10.1111/j.2517-6161.1972.tb00899.x; the sums over all subsets by recursion: Gail MH, Lubin JH, Rubinstein LV 1981,
Biometrika 68:703-707, doi:10.1093/biomet/68.3.703.
"""

# pyright: reportMissingTypeStubs=false

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from ostealgia.numerics.cox import CoxFit, Derivatives, fit_from
from ostealgia.numerics.cox_data import CoxData

Array = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass
class _Subsets:
    """Mean product of the risk scores over all subsets of each size, with first and second derivatives.

    As means over subsets, not sums, they stay near 1 however many subsets there are.
    """

    value: Array  # (d + 1,)
    slope: Array  # (d + 1, p)
    bend: Array  # (d + 1, p, p)
    n: int = 0

    @classmethod
    def empty(cls, size: int, p: int) -> _Subsets:
        value = np.zeros(size + 1)
        value[0] = 1.0
        return cls(value, np.zeros((size + 1, p)), np.zeros((size + 1, p, p)))

    def add(self, risk: float, x: Array) -> None:
        """One more subject: a subset has it or has it not."""
        self.n += 1
        k = np.arange(1, len(self.value))
        keep, take = np.maximum(self.n - k, 0) / self.n, k * risk / self.n
        value, slope, bend = self.value[:-1], self.slope[:-1], self.bend[:-1]
        cross = x[:, None] * slope[:, None, :]
        with_it = bend + cross + np.swapaxes(cross, 1, 2) + value[:, None, None] * np.outer(x, x)
        self.bend[1:] = keep[:, None, None] * self.bend[1:] + take[:, None, None] * with_it
        self.slope[1:] = keep[:, None] * self.slope[1:] + take[:, None] * (slope + value[:, None] * x)
        self.value[1:] = keep * self.value[1:] + take * value

    def log_sum(self, d: int) -> Derivatives:
        """Logarithm of the sum over subsets of size d, gradient and hessian."""
        value, slope = self.value[d], self.slope[d] / self.value[d]
        count = float(gammaln(self.n + 1) - gammaln(d + 1) - gammaln(self.n - d + 1))
        return float(np.log(value) + count), slope, self.bend[d] / value - np.outer(slope, slope)


def _risk_sets(data: CoxData, risk: Array) -> Iterator[tuple[int, _Subsets]]:
    """Each event time with the subsets of those at risk; latest first within a stratum, so that risk sets only grow."""
    p = len(data.x)
    columns = np.ascontiguousarray(data.x.T)
    largest = {int(g): int(data.n_deaths[data.event_stratum == g].max()) for g in np.unique(data.event_stratum)}
    current, stratum, added = _Subsets.empty(0, p), -1, 0
    for j in range(data.m - 1, -1, -1):
        if data.late_order is not None:
            current = _Subsets.empty(int(data.n_deaths[j]), p)
            entered = data.late_order[data.late_first[j] : data.late_end[j]]
            waiting = set(entered.tolist())
            for i in range(int(data.first[j]), int(data.end[j])):
                if i not in waiting:
                    current.add(float(risk[i]), columns[i])
        else:
            if int(data.event_stratum[j]) != stratum:
                stratum, added = int(data.event_stratum[j]), int(data.end[j])
                current = _Subsets.empty(largest[stratum], p)
            for i in range(added - 1, int(data.first[j]) - 1, -1):
                current.add(float(risk[i]), columns[i])
            added = int(data.first[j])
        yield j, current


def exact_derivatives(data: CoxData, beta: Array) -> Derivatives:
    """Exact log likelihood, score and information at coefficients of the scaled columns."""
    eta = beta @ data.x
    eta = eta - float(np.max(eta))
    eta = eta - float(np.log(np.mean(np.exp(eta))))
    with np.errstate(all="ignore"):
        risk = np.exp(eta)
        value = float(eta[data.deaths].sum())
        score = data.x[:, data.deaths].sum(axis=1)
        information = np.zeros((len(beta), len(beta)))
        for j, subsets in _risk_sets(data, risk):
            part = subsets.log_sum(int(data.n_deaths[j]))
            value, score, information = value - part[0], score - part[1], information + part[2]
    if not np.isfinite(value):
        return -np.inf, score, np.eye(len(beta))
    return value, score, information


def cox_exact_fit(data: CoxData) -> CoxFit:
    """Coefficients by the exact discrete partial likelihood; the same as a conditional logistic regression over risk sets.

    Cost grows with rows times the largest number of tied deaths: for a few thousand rows.  Weights are not defined for it.
    Not for continuous times that were merely rounded: Efron's likelihood is nearer there.

    >>> from ostealgia.numerics.cox_data import cox_data
    >>> x, t = np.array([[0.0], [1.0], [0.0], [1.0], [0.0]]), np.array([1.0, 1.0, 2.0, 2.0, 3.0])
    >>> data = cox_data(t, np.ones(5, dtype=bool), x, weight=np.ones(5), stratum=np.zeros(5, dtype=np.intp))
    >>> round(float(cox_exact_fit(data).beta[0]), 4)
    0.9817
    """
    return fit_from(data, lambda beta: exact_derivatives(data, beta))
