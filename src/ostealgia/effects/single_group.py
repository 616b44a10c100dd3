"""One group: proportions, means, rates (and two rates compared), correlations.

Arrays (k,) in, (estimate, variance) out, on the analysis scale.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import hyp2f1

Array = NDArray[np.float64]
Effect = tuple[Array, Array]


def proportion(events: Array, n: Array) -> Effect:
    """The proportion itself.

    >>> import numpy as np
    >>> [x.item() for x in proportion(np.array([5.0]), np.array([20.0]))]
    [0.25, 0.009375]
    """
    p = events / n
    return p, p * (1 - p) / n


def log_proportion(events: Array, n: Array) -> Effect:
    """Log proportion.

    >>> import numpy as np
    >>> [round(x.item(), 4) for x in log_proportion(np.array([5.0]), np.array([20.0]))]
    [-1.3863, 0.15]
    """
    return np.log(events / n), 1 / events - 1 / n


def logit_proportion(events: Array, n: Array) -> Effect:
    """Log odds.

    >>> import numpy as np
    >>> [round(x.item(), 4) for x in logit_proportion(np.array([5.0]), np.array([20.0]))]
    [-1.0986, 0.2667]
    """
    return np.log(events / (n - events)), 1 / events + 1 / (n - events)


def arcsine_proportion(events: Array, n: Array) -> Effect:
    """Arcsine square root.

    >>> import numpy as np
    >>> [round(x.item(), 4) for x in arcsine_proportion(np.array([5.0]), np.array([20.0]))]
    [0.5236, 0.0125]
    """
    return np.arcsin(np.sqrt(events / n)), 1 / (4 * n)


def freeman_tukey_proportion(events: Array, n: Array) -> Effect:
    """Mean of two arcsines (Freeman and Tukey 1950, doi:10.1214/aoms/1177729756); half their double arcsine.

    >>> import numpy as np
    >>> [round(x.item(), 4) for x in freeman_tukey_proportion(np.array([5.0]), np.array([20.0]))]
    [0.5368, 0.0122]
    """
    both = np.arcsin(np.sqrt(events / (n + 1))) + np.arcsin(np.sqrt((events + 1) / (n + 1)))
    return both / 2, 1 / (4 * n + 2)


def mean(mean: Array, sd: Array, n: Array) -> Effect:
    """The mean, in the unit of the outcome.

    >>> import numpy as np
    >>> [x.item() for x in mean(np.array([4.0]), np.array([2.0]), np.array([16.0]))]
    [4.0, 0.25]
    """
    return np.array(mean, dtype=float), sd**2 / n


def log_mean(mean: Array, sd: Array, n: Array) -> Effect:
    """Log mean, by the delta method.

    >>> import numpy as np
    >>> [round(x.item(), 4) for x in log_mean(np.array([4.0]), np.array([2.0]), np.array([16.0]))]
    [1.3863, 0.0156]
    """
    return np.log(mean), sd**2 / (n * mean**2)


def rate(events: Array, person_time: Array) -> Effect:
    """Events per unit of person-time.

    >>> import numpy as np
    >>> [x.item() for x in rate(np.array([5.0]), np.array([100.0]))]
    [0.05, 0.0005]
    """
    return events / person_time, events / person_time**2


def log_rate(events: Array, person_time: Array) -> Effect:
    """Log rate.

    >>> import numpy as np
    >>> [round(x.item(), 4) for x in log_rate(np.array([5.0]), np.array([100.0]))]
    [-2.9957, 0.2]
    """
    return np.log(events / person_time), 1 / events


def root_rate(events: Array, person_time: Array) -> Effect:
    """Square root of the rate.

    >>> import numpy as np
    >>> [round(x.item(), 4) for x in root_rate(np.array([5.0]), np.array([100.0]))]
    [0.2236, 0.0025]
    """
    return np.sqrt(events / person_time), 1 / (4 * person_time)


def freeman_tukey_rate(events: Array, person_time: Array) -> Effect:
    """Mean of two square roots (Freeman and Tukey 1950, doi:10.1214/aoms/1177729756).

    >>> import numpy as np
    >>> [round(x.item(), 4) for x in freeman_tukey_rate(np.array([5.0]), np.array([100.0]))]
    [0.2343, 0.0025]
    """
    both = np.sqrt(events / person_time) + np.sqrt((events + 1) / person_time)
    return both / 2, 1 / (4 * person_time)


def rate_ratio(events_1: Array, person_time_1: Array, events_2: Array, person_time_2: Array) -> Effect:
    """Log ratio of two rates (Rothman, Greenland and Lash 2008, chapter 14).

    >>> import numpy as np
    >>> [round(x.item(), 4) for x in rate_ratio(*(np.array([x]) for x in (5.0, 100.0, 10.0, 100.0)))]
    [-0.6931, 0.3]
    """
    estimate = np.log((events_1 / person_time_1) / (events_2 / person_time_2))
    return estimate, 1 / events_1 + 1 / events_2


def rate_difference(events_1: Array, person_time_1: Array, events_2: Array, person_time_2: Array) -> Effect:
    """Difference of two rates.

    >>> import numpy as np
    >>> [round(x.item(), 4) for x in rate_difference(*(np.array([x]) for x in (5.0, 100.0, 10.0, 100.0)))]
    [-0.05, 0.0015]
    """
    first, second = rate(events_1, person_time_1), rate(events_2, person_time_2)
    return first[0] - second[0], first[1] + second[1]


def root_rate_difference(events_1: Array, person_time_1: Array, events_2: Array, person_time_2: Array) -> Effect:
    """Difference of the square roots of two rates.

    >>> import numpy as np
    >>> [round(x.item(), 4) for x in root_rate_difference(*(np.array([x]) for x in (5.0, 100.0, 10.0, 100.0)))]
    [-0.0926, 0.005]
    """
    first, second = root_rate(events_1, person_time_1), root_rate(events_2, person_time_2)
    return first[0] - second[0], first[1] + second[1]


def correlation(r: Array, n: Array, *, vtype: str = "LS") -> Effect:
    """Pearson's r; vtype "AV" puts the average r of the studies into the variance (Hunter and Schmidt 2004).

    >>> import numpy as np
    >>> [round(x.item(), 4) for x in correlation(np.array([0.5]), np.array([26.0]))]
    [0.5, 0.0225]
    """
    inside = np.full_like(r, np.average(r, weights=n)) if vtype == "AV" else r
    return np.array(r, dtype=float), (1 - inside**2) ** 2 / (n - 1)


def unbiased_correlation(r: Array, n: Array, *, vtype: str = "LS") -> Effect:
    """Olkin and Pratt's unbiased r (1958, doi:10.1214/aoms/1177706717); vtype "LS", "UB" unbiased, or "AV" average.

    Defined for n above 4.

    >>> import numpy as np
    >>> [round(x.item(), 4) for x in unbiased_correlation(np.array([0.5]), np.array([26.0]))]
    [0.5084, 0.022]
    """
    size = np.where(n > 4, n, np.nan)
    rest = 1 - r**2
    estimate = r * _gauss_series(0.5, (size - 2) / 2, rest)
    if vtype == "UB":
        return estimate, estimate**2 - 1 + (size - 3) / (size - 2) * rest * _gauss_series(1.0, size / 2, rest)
    known = np.isfinite(estimate)
    inside = estimate
    if vtype == "AV" and known.any():
        inside = np.full_like(estimate, np.average(estimate[known], weights=n[known]))
    return estimate, (1 - inside**2) ** 2 / (size - 1)


def _gauss_series(a: float, c: Array, x: Array) -> Array:
    """2F1(a, a; c; x) for 0 <= x <= 1, by its power series where c is large: the library gives NaN there near x = 1."""
    large = c > 40
    term = np.where(large, 1.0, 0.0)
    total = term.copy()
    for k in range(200):
        term = term * (a + k) ** 2 / ((c + k) * (k + 1)) * x
        if not np.any(term > 1e-17 * total):
            break
        total = total + term
    return np.where(large, total, hyp2f1(a, a, np.where(large, np.nan, c), x))


def fisher_z(r: Array, n: Array) -> Effect:
    """Fisher's z (Fisher 1921); variance 1/(n - 3), NaN for n of 3 or fewer.

    >>> import numpy as np
    >>> [round(x.item(), 4) for x in fisher_z(np.array([0.5]), np.array([28.0]))]
    [0.5493, 0.04]
    """
    return np.arctanh(r), 1 / np.where(n > 3, n - 3, np.nan)


def observed_minus_expected(o_minus_e: Array, variance: Array) -> Effect:
    """Log hazard ratio (O - E)/V with variance 1/V, from a log-rank analysis.

    Source: Yusuf 1985, doi:10.1016/S0033-0620(85)80003-7.

    >>> import numpy as np
    >>> [x.item() for x in observed_minus_expected(np.array([-2.0]), np.array([10.0]))]
    [-0.2, 0.1]
    """
    return o_minus_e / variance, 1 / variance
