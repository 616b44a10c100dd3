"""Cox's model with Firth's penalty: finite hazard ratios where an arm has no event.

Heinze G, Schemper M 2001, Biometrics 57:114-119, doi:10.1111/j.0006-341X.2001.00114.x.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ostealgia.numerics.cox import CoxFit, Derivatives, fit_from, information_at, state_at
from ostealgia.numerics.cox_data import CoxData

Array = NDArray[np.float64]
STEP = 1e-3  # of the fourth-order differences of the penalty, in standard deviations of a column
_SHIFTS, _LOADS = (-2.0, -1.0, 1.0, 2.0), (1 / 12, -2 / 3, 2 / 3, -1 / 12)


def _half_log_determinant(data: CoxData, beta: Array) -> float:
    sign, value = np.linalg.slogdet(information_at(data, state_at(data, beta)))
    return 0.5 * float(value) if sign > 0 else -np.inf


def firth_derivatives(data: CoxData, beta: Array) -> Derivatives:
    """Penalised log likelihood l + log|I| / 2, its gradient (that of the penalty by differences), and the information I."""
    state = state_at(data, beta)
    if not np.isfinite(state.log_likelihood):
        return -np.inf, state.score, np.eye(len(beta))
    penalty = _half_log_determinant(data, beta)
    slope = np.zeros(len(beta))
    for j in range(len(beta)):
        unit = np.zeros(len(beta))
        unit[j] = STEP
        values = [_half_log_determinant(data, beta + shift * unit) for shift in _SHIFTS]
        slope[j] = float(np.dot(_LOADS, values)) / STEP
    return state.log_likelihood + penalty, state.score + slope, information_at(data, state)


def cox_firth_fit(data: CoxData) -> CoxFit:
    """Coefficients that maximise the partial likelihood times the root of the determinant of its information.

    Removes the first-order bias, and stays finite under separation. Likelihoods in the result are penalised ones; standard errors from the
    information at the estimates.  Not needed, and a little shrunken, where every group has events enough.
    Source: Heinze & Schemper 2001, doi:10.1111/j.0006-341X.2001.00114.x; Firth 1993, doi:10.1093/biomet/80.1.27.

    >>> from ostealgia.numerics.cox_data import cox_data
    >>> x, t = np.array([[0.0], [0.0], [0.0], [1.0], [1.0]]), np.arange(1.0, 6.0)
    >>> data = cox_data(t, np.array([True, True, True, False, False]), x, weight=np.ones(5), stratum=np.zeros(5, dtype=np.intp))
    >>> bool(np.isfinite(cox_firth_fit(data).beta[0]))
    True
    """
    return fit_from(data, lambda beta: firth_derivatives(data, beta), enough=1e-19)
