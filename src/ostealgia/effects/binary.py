"""Two groups, an event or none: odds ratio, risk ratio, risk difference, Peto, arcsine, Yule and phi.

Every function takes four arrays (k,): events_1, n_1 (treated), events_2, n_2 (control), zero cells already dealt with
(see :mod:`ostealgia.effects.zero_cells`), and gives (estimate, variance), arrays (k,) on the analysis scale. A value
that does not exist is NaN or infinite; the caller leaves the row out by name.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Effect = tuple[Array, Array]


def odds_ratio(events_1: Array, n_1: Array, events_2: Array, n_2: Array) -> Effect:
    """Log odds ratio and Woolf's variance (Woolf 1955, doi:10.1111/j.1469-1809.1955.tb01348.x).

    >>> import numpy as np
    >>> y, v = odds_ratio(*(np.array([x]) for x in (4.0, 123.0, 11.0, 139.0)))
    >>> round(y.item(), 4), round(v.item(), 4)
    (-0.9387, 0.3571)
    """
    a, b, c, d = events_1, n_1 - events_1, events_2, n_2 - events_2
    return np.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d


def risk_ratio(events_1: Array, n_1: Array, events_2: Array, n_2: Array) -> Effect:
    """Log risk ratio with the delta-method variance (Katz 1978, doi:10.2307/2530610).

    >>> import numpy as np
    >>> y, v = risk_ratio(*(np.array([x]) for x in (4.0, 123.0, 11.0, 139.0)))
    >>> round(y.item(), 4), round(v.item(), 4)
    (-0.8893, 0.3256)
    """
    estimate = np.log((events_1 / n_1) / (events_2 / n_2))
    return estimate, 1 / events_1 - 1 / n_1 + 1 / events_2 - 1 / n_2


def risk_difference(events_1: Array, n_1: Array, events_2: Array, n_2: Array) -> Effect:
    """Risk difference with the unpooled binomial variance (Deeks and Altman 2001, in Egger et al., chapter 16).

    >>> import numpy as np
    >>> y, v = risk_difference(*(np.array([x]) for x in (5.0, 20.0, 10.0, 20.0)))
    >>> y.item(), round(v.item(), 6)
    (-0.25, 0.021875)
    """
    p_1, p_2 = events_1 / n_1, events_2 / n_2
    return p_1 - p_2, p_1 * (1 - p_1) / n_1 + p_2 * (1 - p_2) / n_2


def peto_odds_ratio(events_1: Array, n_1: Array, events_2: Array, n_2: Array) -> Effect:
    """Peto's one-step log odds ratio (O - E)/V with variance 1/V (Yusuf 1985, doi:10.1016/S0033-0620(85)80003-7).

    >>> import numpy as np
    >>> y, v = peto_odds_ratio(*(np.array([x]) for x in (0.0, 50.0, 4.0, 50.0)))
    >>> round(y.item(), 4), round(v.item(), 4)
    (-2.0625, 1.0312)
    """
    n = n_1 + n_2
    events, others = events_1 + events_2, n - events_1 - events_2
    expected = n_1 * events / n
    information = n_1 * n_2 * events * others / (n**2 * (n - 1))
    return (events_1 - expected) / information, 1 / information


def arcsine_difference(events_1: Array, n_1: Array, events_2: Array, n_2: Array) -> Effect:
    """Difference of arcsine square roots, defined for zero cells (Ruecker 2009, doi:10.1002/sim.3511).

    >>> import numpy as np
    >>> y, v = arcsine_difference(*(np.array([x]) for x in (0.0, 50.0, 4.0, 50.0)))
    >>> round(y.item(), 4), v.item()
    (-0.2868, 0.01)
    """
    estimate = np.arcsin(np.sqrt(events_1 / n_1)) - np.arcsin(np.sqrt(events_2 / n_2))
    return estimate, 1 / (4 * n_1) + 1 / (4 * n_2)


def yule_q(events_1: Array, n_1: Array, events_2: Array, n_2: Array) -> Effect:
    """Yule's coefficient of association Q (Yule 1912, doi:10.2307/2340126).

    >>> import numpy as np
    >>> y, v = yule_q(*(np.array([x]) for x in (5.0, 20.0, 10.0, 20.0)))
    >>> y.item(), round(v.item(), 4)
    (-0.5, 0.0656)
    """
    a, b, c, d = events_1, n_1 - events_1, events_2, n_2 - events_2
    estimate = (a * d - b * c) / (a * d + b * c)
    return estimate, 0.25 * (1 - estimate**2) ** 2 * (1 / a + 1 / b + 1 / c + 1 / d)


def yule_y(events_1: Array, n_1: Array, events_2: Array, n_2: Array) -> Effect:
    """Yule's coefficient of colligation Y (Yule 1912, doi:10.2307/2340126).

    >>> import numpy as np
    >>> y, v = yule_y(*(np.array([x]) for x in (5.0, 20.0, 10.0, 20.0)))
    >>> round(y.item(), 4), round(v.item(), 4)
    (-0.2679, 0.0251)
    """
    a, b, c, d = events_1, n_1 - events_1, events_2, n_2 - events_2
    concordant, discordant = np.sqrt(a * d), np.sqrt(b * c)
    estimate = (concordant - discordant) / (concordant + discordant)
    return estimate, (1 - estimate**2) ** 2 / 16 * (1 / a + 1 / b + 1 / c + 1 / d)


def phi_coefficient(events_1: Array, n_1: Array, events_2: Array, n_2: Array) -> Effect:
    """Phi with its multinomial large-sample variance (Yule 1912, doi:10.2307/2340126; Pearson 1904).

    >>> import numpy as np
    >>> y, v = phi_coefficient(*(np.array([x]) for x in (5.0, 20.0, 10.0, 20.0)))
    >>> round(y.item(), 4), round(v.item(), 4)
    (-0.2582, 0.023)
    """
    n = n_1 + n_2
    events = events_1 + events_2
    row, column = n_1 / n, events / n
    estimate = (events_1 * (n_2 - events_2) - (n_1 - events_1) * events_2) / np.sqrt(n_1 * n_2 * events * (n - events))
    row_spread, column_spread = row * (1 - row), column * (1 - column)
    row_skew, column_skew = 1 - 2 * row, 1 - 2 * column
    first = 1 - estimate**2
    second = estimate * (1 + estimate**2 / 2) * row_skew * column_skew / np.sqrt(row_spread * column_spread)
    third = 0.75 * estimate**2 * (row_skew**2 / row_spread + column_skew**2 / column_spread)
    return estimate, (first + second - third) / n
