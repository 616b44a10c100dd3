"""Two groups, a measured outcome: mean difference, standardised mean difference, ratios of means and of spreads.

Functions take arrays (k,): mean_1, sd_1, n_1 (treated), mean_2, sd_2, n_2 (control), and give (estimate, variance).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

Array = NDArray[np.float64]
Effect = tuple[Array, Array]

SMD_VARIANCES = ("LS", "LS2", "UB", "AV")
SMD_METHODS = ("Hedges", "Cohen", "Glass")
SD_GLASS = ("control", "treated")


def small_sample_correction(df: Array) -> Array:
    """Hedges' factor J = Gamma(df/2) / (sqrt(df/2) Gamma((df - 1)/2)), the exact form.

    df : array (k,), degrees of freedom.  NaN where df is 1 or less. Above 100 the series of the gamma ratio is used:
    the difference of two large log-gammas would lose digits. Source: Hedges 1981, doi:10.3102/10769986006002107.

    >>> import numpy as np
    >>> small_sample_correction(np.array([10.0, 1e6])).round(6).tolist()
    [0.922746, 0.999999]
    """
    df = np.asarray(df, dtype=float)
    z = np.where(df > 1, (df - 1) / 2, np.nan)
    exact = np.exp(gammaln(z + 0.5) - gammaln(z)) / np.sqrt(z + 0.5)
    w = 1 / z
    series = 1 - w / 8 + w**2 / 128 + 5 * w**3 / 1024 - 21 * w**4 / 32768 - 399 * w**5 / 262144 + 869 * w**6 / 4194304
    return np.where(df > 100, np.sqrt(z / (z + 0.5)) * series, exact)


def pooled_sd(sd_1: Array, n_1: Array, sd_2: Array, n_2: Array) -> Array:
    """Standard deviation within groups, weighted by degrees of freedom, (k,)."""
    return np.sqrt(((n_1 - 1) * sd_1**2 + (n_2 - 1) * sd_2**2) / (n_1 + n_2 - 2))


def mean_difference(
    mean_1: Array, sd_1: Array, n_1: Array, mean_2: Array, sd_2: Array, n_2: Array, *, pooled_variance: bool = False
) -> Effect:
    """mean_1 - mean_2 in the unit of the outcome; the variance from each group's SD, or from the pooled one.

    >>> import numpy as np
    >>> y, v = mean_difference(*(np.array([x]) for x in (2.0, 2.0, 20.0, 6.0, 1.0, 10.0)))
    >>> y.item(), round(v.item(), 6)
    (-4.0, 0.3)
    """
    if pooled_variance:
        sd_1 = sd_2 = pooled_sd(sd_1, n_1, sd_2, n_2)
    return mean_1 - mean_2, sd_1**2 / n_1 + sd_2**2 / n_2


def standardised_mean_difference(
    mean_1: Array,
    sd_1: Array,
    n_1: Array,
    mean_2: Array,
    sd_2: Array,
    n_2: Array,
    *,
    vtype: str = "LS",
    bias_correction: bool = True,
    method_smd: str = "Hedges",
    exact_smd: bool | None = None,
    sd_glass: str = "control",
) -> Effect:
    """Mean difference in standard deviations: Hedges' g, Cohen's d or Glass' delta.

    vtype : "LS" large sample, "LS2" the same times J^2 from the uncorrected value, "UB" unbiased, "AV" with the average
    effect over the studies (Hedges 1982 doi:10.1037/0033-2909.92.2.490, 1983; Borenstein 2009; Lin and Aloe 2021,
    doi:10.1002/sim.8781).  exact_smd : True the exact moments of the non-central t, False the older approximations
    (White and Thomas 2005, doi:10.1191/1740774505cn081oa); None uses vtype.

    >>> import numpy as np
    >>> y, v = standardised_mean_difference(*(np.array([x]) for x in (2.0, 2.0, 20.0, 6.0, 1.0, 10.0)))
    >>> round(y.item(), 4), round(v.item(), 4)
    (-2.2336, 0.2332)
    """
    total, harmonic = n_1 + n_2, 1 / n_1 + 1 / n_2
    df = total - 2
    if method_smd == "Glass":
        sd, df_sd = (sd_2, n_2 - 1) if sd_glass == "control" else (sd_1, n_1 - 1)
        delta = (mean_1 - mean_2) / sd
        return delta, harmonic + delta**2 / (2 * df_sd)
    d = (mean_1 - mean_2) / pooled_sd(sd_1, n_1, sd_2, n_2)
    if method_smd == "Cohen":
        if exact_smd is False:
            return d, harmonic + d**2 / (2 * total)
        return d, harmonic + (small_sample_correction(df) ** 2 - (df - 2) / df) * d**2
    if exact_smd is False:
        g = (1 - 3 / (4 * total - 9)) * d
        return g, harmonic + g**2 / (2 * (total - 3.94))
    j = small_sample_correction(df) if bias_correction else np.ones_like(d)
    g = j * d
    return g, _smd_variance("UB" if exact_smd else vtype, d, g, j, harmonic, total)


def _smd_variance(vtype: str, d: Array, g: Array, j: Array, harmonic: Array, total: Array) -> Array:
    df = total - 2
    if vtype == "LS2":
        return j**2 * (harmonic + d**2 / (2 * total))
    if vtype == "UB":
        return harmonic + (1 - (df - 2) / (df * small_sample_correction(df) ** 2)) * g**2
    if vtype == "AV":
        g = np.full_like(g, _weighted_average(g, total))
    return harmonic + g**2 / (2 * total)


def _weighted_average(values: Array, weights: Array) -> float:
    """Average over the finite values."""
    known = np.isfinite(values) & np.isfinite(weights)
    return float(np.average(values[known], weights=weights[known])) if known.any() else np.nan


def standardised_mean_difference_unequal(
    mean_1: Array, sd_1: Array, n_1: Array, mean_2: Array, sd_2: Array, n_2: Array
) -> Effect:
    """Mean difference over the average SD, variances not assumed equal (Bonett 2009, doi:10.1037/a0015619).

    >>> import numpy as np
    >>> y, v = standardised_mean_difference_unequal(*(np.array([x]) for x in (2.0, 2.0, 20.0, 6.0, 1.0, 10.0)))
    >>> round(y.item(), 4)
    -2.4613
    """
    average = (sd_1**2 + sd_2**2) / 2
    j = small_sample_correction(n_1 + n_2 - 2)
    d = (mean_1 - mean_2) / np.sqrt(average)
    df_1, df_2 = n_1 - 1, n_2 - 1
    g = j * d
    spread = g**2 * (sd_1**4 / df_1 + sd_2**4 / df_2) / (8 * average**2)
    return g, spread + (sd_1**2 / df_1 + sd_2**2 / df_2) / average


def ratio_of_means(
    mean_1: Array,
    sd_1: Array,
    n_1: Array,
    mean_2: Array,
    sd_2: Array,
    n_2: Array,
    *,
    vtype: str = "LS",
    bias_correction: bool = True,
) -> Effect:
    """Log ratio of means (Hedges 1999, doi:10.1890/0012-9658(1999)080[1150:TMAORR]2.0.CO;2).

    bias_correction : adds half the difference of the two error terms (Lajeunesse 2015, doi:10.1890/14-2402.1).
    vtype : "LS", or "HO" with the SDs taken as equal in the variance.

    >>> import numpy as np
    >>> y, v = ratio_of_means(*(np.array([x]) for x in (2.0, 2.0, 20.0, 6.0, 1.0, 10.0)))
    >>> round(y.item(), 4), round(v.item(), 4)
    (-1.075, 0.0528)
    """
    error_1, error_2 = (sd_1 / mean_1) ** 2 / n_1, (sd_2 / mean_2) ** 2 / n_2
    estimate = np.log(mean_1 / mean_2)
    if bias_correction:
        estimate = estimate + (error_1 - error_2) / 2
    if vtype == "HO":
        return estimate, pooled_sd(sd_1, n_1, sd_2, n_2) ** 2 * (1 / (n_1 * mean_1**2) + 1 / (n_2 * mean_2**2))
    return estimate, error_1 + error_2


def ratio_of_variation(
    mean_1: Array, sd_1: Array, n_1: Array, mean_2: Array, sd_2: Array, n_2: Array, *, bias_correction: bool = True
) -> Effect:
    """Log ratio of the coefficients of variation (Nakagawa 2015, doi:10.1111/2041-210X.12309).

    >>> import numpy as np
    >>> y, v = ratio_of_variation(*(np.array([x]) for x in (2.0, 2.0, 20.0, 6.0, 1.0, 10.0)))
    >>> round(y.item(), 4), round(v.item(), 4)
    (1.7389, 0.1346)
    """
    spread, spread_variance = ratio_of_spread(sd_1, n_1, sd_2, n_2, bias_correction=bias_correction)
    means, means_variance = ratio_of_means(mean_1, sd_1, n_1, mean_2, sd_2, n_2, bias_correction=bias_correction)
    return spread - means, spread_variance + means_variance


def ratio_of_spread(sd_1: Array, n_1: Array, sd_2: Array, n_2: Array, *, bias_correction: bool = True) -> Effect:
    """Log ratio of standard deviations (Nakagawa 2015, doi:10.1111/2041-210X.12309).

    >>> import numpy as np
    >>> y, v = ratio_of_spread(*(np.array([x]) for x in (2.0, 20.0, 1.0, 10.0)))
    >>> round(y.item(), 4), round(v.item(), 4)
    (0.6639, 0.0819)
    """
    half_1, half_2 = 1 / (2 * (n_1 - 1)), 1 / (2 * (n_2 - 1))
    estimate = np.log(sd_1 / sd_2)
    if bias_correction:
        estimate = estimate + half_1 - half_2
    return estimate, half_1 + half_2
