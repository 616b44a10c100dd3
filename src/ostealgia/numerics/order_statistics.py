# pyright: reportMissingTypeStubs=false
"""Mean and standard deviation of a normal sample from its median, quartiles and extremes.

Sources, by the short names used below
    Wan    Wan X, Wang W, Liu J, Tong T. BMC Med Res Methodol 2014;14:135. doi:10.1186/1471-2288-14-135
    Luo    Luo D, Wan X, Liu J, Tong T. Stat Methods Med Res 2018;27:1785-1805. doi:10.1177/0962280216669183
    Shi    Shi J, Luo D, Weng H, et al. Res Synth Methods 2020;11:641-654. doi:10.1002/jrsm.1429
    Skew   Shi J, Luo D, Wan X, et al. Stat Methods Med Res 2023;32:1338-1360. doi:10.1177/09622802231172043

All functions take arrays (or numbers) that broadcast, and return float arrays; NaN in, NaN out.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

Array = NDArray[np.float64]

# Wan 2014, Table 1: expected range of n standard normal values, n = 1 ... 50
WAN_RANGE: Array = np.array([
    0.000, 1.128, 1.693, 2.059, 2.326, 2.534, 2.704, 2.847, 2.970, 3.078,
    3.173, 3.259, 3.336, 3.407, 3.472, 3.532, 3.588, 3.640, 3.689, 3.735,
    3.778, 3.819, 3.858, 3.895, 3.931, 3.964, 3.997, 4.027, 4.057, 4.086,
    4.113, 4.139, 4.165, 4.189, 4.213, 4.236, 4.259, 4.280, 4.301, 4.322,
    4.341, 4.361, 4.379, 4.398, 4.415, 4.433, 4.450, 4.466, 4.482, 4.498,
])  # fmt: skip

# Wan 2014, Table 2: expected interquartile range of n = 4 Q + 1 standard normal values, Q = 1 ... 50
WAN_IQR: Array = np.array([
    0.990, 1.144, 1.206, 1.239, 1.260, 1.274, 1.284, 1.292, 1.298, 1.303,
    1.307, 1.311, 1.313, 1.316, 1.318, 1.320, 1.322, 1.323, 1.324, 1.326,
    1.327, 1.328, 1.329, 1.330, 1.330, 1.331, 1.332, 1.332, 1.333, 1.333,
    1.334, 1.334, 1.335, 1.335, 1.336, 1.336, 1.336, 1.337, 1.337, 1.337,
    1.338, 1.338, 1.338, 1.338, 1.339, 1.339, 1.339, 1.339, 1.339, 1.340,
])  # fmt: skip


def _array(x: ArrayLike) -> Array:
    return np.asarray(x, dtype=float)


def range_in_sd_approximate(n: ArrayLike) -> Array:
    """Expected range in SDs by Blom: 2 z((n - 0.375)/(n + 0.25)) (Wan, equation 9)."""
    n = _array(n)
    return 2.0 * np.asarray(ndtri((n - 0.375) / (n + 0.25)), dtype=float)


def iqr_in_sd_approximate(n: ArrayLike) -> Array:
    """Expected interquartile range in SDs by Blom: 2 z((0.75 n - 0.125)/(n + 0.25)) (Wan, equation 16)."""
    n = _array(n)
    return 2.0 * np.asarray(ndtri((0.75 * n - 0.125) / (n + 0.25)), dtype=float)


def _from_table(n: Array, position: Array, table: Array, beyond: Array) -> Array:
    inside = (position >= 1) & (position <= len(table))
    index = np.where(inside, position, 1).astype(int) - 1
    found = np.where(inside, table[index], beyond)
    return np.where(np.isnan(n), np.nan, found)


def range_in_sd_tabulated(n: ArrayLike) -> Array:
    """Expected range in SDs: Wan's Table 1 up to n = 50, the approximation beyond; n to the nearest whole number.

    >>> range_in_sd_tabulated([24, 51]).round(3).tolist()
    [3.895, 4.502]
    """
    n = _array(n)
    return _from_table(n, np.rint(n), WAN_RANGE, range_in_sd_approximate(n))


def iqr_in_sd_tabulated(n: ArrayLike) -> Array:
    """Expected interquartile range in SDs: Wan's Table 2 at Q = ceil((n - 1)/4) up to n = 201, then the approximation.

    >>> iqr_in_sd_tabulated([24, 110]).tolist()
    [1.274, 1.332]
    """
    n = _array(n)
    return _from_table(n, np.ceil((np.rint(n) - 1.0) / 4.0), WAN_IQR, iqr_in_sd_approximate(n))


# how the expected range and interquartile range of n normal values are found
RANGE_IN_SD: dict[str, Callable[[ArrayLike], Array]] = {
    "table": range_in_sd_tabulated,
    "approximation": range_in_sd_approximate,
}
IQR_IN_SD: dict[str, Callable[[ArrayLike], Array]] = {
    "table": iqr_in_sd_tabulated,
    "approximation": iqr_in_sd_approximate,
}


# -- means ------------------------------------------------------------------------------------------------------------
def mean_luo_range(n: ArrayLike, median: ArrayLike, low: ArrayLike, high: ArrayLike) -> Array:
    """Luo, equation 7, from the extremes and the median."""
    w = 4.0 / (4.0 + _array(n) ** 0.75)
    return w * (_array(low) + _array(high)) / 2.0 + (1.0 - w) * _array(median)


def mean_luo_iqr(n: ArrayLike, median: ArrayLike, q1: ArrayLike, q3: ArrayLike) -> Array:
    """Luo, equation 11, from the quartiles and the median."""
    w = 0.7 + 0.39 / _array(n)
    return w * (_array(q1) + _array(q3)) / 2.0 + (1.0 - w) * _array(median)


def mean_luo_both(
    n: ArrayLike, median: ArrayLike, q1: ArrayLike, q3: ArrayLike, low: ArrayLike, high: ArrayLike
) -> Array:
    """Luo, equation 15, from all five numbers."""
    n = _array(n)
    w_range = 2.2 / (2.2 + n**0.75)
    w_iqr = 0.7 - 0.72 / n**0.55
    mid_range, mid_iqr = (_array(low) + _array(high)) / 2.0, (_array(q1) + _array(q3)) / 2.0
    return w_range * mid_range + w_iqr * mid_iqr + (1.0 - w_range - w_iqr) * _array(median)


def mean_wan_range(n: ArrayLike, median: ArrayLike, low: ArrayLike, high: ArrayLike) -> Array:
    """Wan, equation 2 (of Hozo 2005): (a + 2 m + b)/4 + (a - 2 m + b)/(4 n)."""
    low, median, high = _array(low), _array(median), _array(high)
    return (low + 2.0 * median + high) / 4.0 + (low - 2.0 * median + high) / (4.0 * _array(n))


def mean_wan_iqr(n: ArrayLike, median: ArrayLike, q1: ArrayLike, q3: ArrayLike) -> Array:
    """Wan, equation 14: (q1 + m + q3)/3; n only carries missing values through."""
    return (_array(q1) + _array(median) + _array(q3)) / 3.0 + 0.0 * _array(n)


def mean_wan_both(
    n: ArrayLike, median: ArrayLike, q1: ArrayLike, q3: ArrayLike, low: ArrayLike, high: ArrayLike
) -> Array:
    """Wan, equation 10 (of Bland 2015): (a + 2 q1 + 2 m + 2 q3 + b)/8."""
    inner = _array(q1) + _array(median) + _array(q3)
    return (_array(low) + 2.0 * inner + _array(high)) / 8.0 + 0.0 * _array(n)


# -- standard deviations ----------------------------------------------------------------------------------------------
def sd_range(n: ArrayLike, low: ArrayLike, high: ArrayLike, quantiles: str = "table") -> Array:
    """Range divided by its expectation in SDs (Wan, equations 7 and 9)."""
    return (_array(high) - _array(low)) / RANGE_IN_SD[quantiles](n)


def sd_iqr(n: ArrayLike, q1: ArrayLike, q3: ArrayLike, quantiles: str = "table") -> Array:
    """Interquartile range divided by its expectation in SDs (Wan, equations 15 and 16)."""
    return (_array(q3) - _array(q1)) / IQR_IN_SD[quantiles](n)


def sd_wan_both(
    n: ArrayLike, q1: ArrayLike, q3: ArrayLike, low: ArrayLike, high: ArrayLike, quantiles: str = "table"
) -> Array:
    """Mean of the two estimates (Wan, equations 12 and 13)."""
    return (sd_range(n, low, high, quantiles) + sd_iqr(n, q1, q3, quantiles)) / 2.0


def sd_shi_both(
    n: ArrayLike, q1: ArrayLike, q3: ArrayLike, low: ArrayLike, high: ArrayLike, quantiles: str = "table"
) -> Array:
    """The two estimates with Shi's weight 1/(1 + 0.07 n^0.6) on the range (Shi, equations 10 and 11).

    The weight was fitted with the approximate quantiles, which are therefore used whatever ``quantiles`` says.
    """
    del quantiles
    w = 1.0 / (1.0 + 0.07 * _array(n) ** 0.6)
    return w * sd_range(n, low, high, "approximation") + (1.0 - w) * sd_iqr(n, q1, q3, "approximation")


# -- symmetry ---------------------------------------------------------------------------------------------------------
def _skew(low: ArrayLike, middle: ArrayLike, high: ArrayLike) -> Array:
    low, middle, high = _array(low), _array(middle), _array(high)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.abs(low + high - 2.0 * middle) / (high - low)


def skew_range(n: ArrayLike, median: ArrayLike, low: ArrayLike, high: ArrayLike) -> tuple[Array, Array]:
    """Statistic and 5% critical value from the extremes and the median (Skew, scenario 1)."""
    n = _array(n)
    return _skew(low, median, high), 1.0 / np.log(n + 9.0) + 2.5 / (n + 1.0)


def skew_iqr(n: ArrayLike, median: ArrayLike, q1: ArrayLike, q3: ArrayLike) -> tuple[Array, Array]:
    """Statistic and 5% critical value from the quartiles and the median (Skew, scenario 2)."""
    n = _array(n)
    return _skew(q1, median, q3), 2.65 / np.sqrt(n) - 6.0 / n**2


def skew_both(
    n: ArrayLike, median: ArrayLike, q1: ArrayLike, q3: ArrayLike, low: ArrayLike, high: ArrayLike
) -> tuple[Array, Array]:
    """Statistic and 5% critical value from all five numbers (Skew, scenario 3)."""
    n = _array(n)
    weighted = 2.65 * np.log(0.6 * n) / np.sqrt(n) * _skew(low, median, high)
    return np.fmax(weighted, _skew(q1, median, q3)), 3.0 / np.sqrt(n) - 40.0 / n**3
