"""The same patients before and after: change, standardised change, ratio. Direction is always after minus before.

Functions take arrays (k,): mean_pre, sd_pre, mean_post, sd_post, n, correlation (of the two measurements), and give
(estimate, variance). The correlation is never assumed here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ostealgia.effects.continuous import small_sample_correction

Array = NDArray[np.float64]
Effect = tuple[Array, Array]


def _change_variance(sd_pre: Array, sd_post: Array, correlation: Array) -> Array:
    return sd_pre**2 + sd_post**2 - 2 * correlation * sd_pre * sd_post


def mean_change(
    mean_pre: Array, sd_pre: Array, mean_post: Array, sd_post: Array, n: Array, correlation: Array
) -> Effect:
    """Mean change in the unit of the outcome.

    >>> import numpy as np
    >>> y, v = mean_change(*(np.array([x]) for x in (6.0, 2.0, 2.0, 2.0, 16.0, 0.5)))
    >>> y.item(), v.item()
    (-4.0, 0.25)
    """
    return mean_post - mean_pre, _change_variance(sd_pre, sd_post, correlation) / n


def change_in_change_sd(
    mean_pre: Array,
    sd_pre: Array,
    mean_post: Array,
    sd_post: Array,
    n: Array,
    correlation: Array,
    *,
    vtype: str = "LS",
    bias_correction: bool = True,
) -> Effect:
    """Change over the SD of the changes (Gibbons 1993, doi:10.3102/10769986018003271).

    vtype : "LS" large sample from the corrected value; "LS2" J^2 times that of the uncorrected one.

    >>> import numpy as np
    >>> y, v = change_in_change_sd(*(np.array([x]) for x in (6.0, 2.0, 2.0, 2.0, 16.0, 0.5)))
    >>> round(y.item(), 4), round(v.item(), 4)
    (-1.898, 0.1751)
    """
    d = (mean_post - mean_pre) / np.sqrt(_change_variance(sd_pre, sd_post, correlation))
    j = small_sample_correction(n - 1)
    g = j * d if bias_correction else d
    if vtype == "LS2":
        return g, j**2 * (1 / n + d**2 / (2 * n))
    return g, 1 / n + g**2 / (2 * n)


def change_in_baseline_sd(
    mean_pre: Array,
    sd_pre: Array,
    mean_post: Array,
    sd_post: Array,
    n: Array,
    correlation: Array,
    *,
    vtype: str = "LS",
    bias_correction: bool = True,
    standardizer: str = "pre",
) -> Effect:
    """Change over the SD at baseline (Becker 1988, doi:10.1111/j.2044-8317.1988.tb00901.x; Morris and DeShon 2002).

    standardizer : "pre" the SD at baseline; "post" the SD at follow-up.

    >>> import numpy as np
    >>> y, v = change_in_baseline_sd(*(np.array([x]) for x in (6.0, 2.0, 2.0, 2.0, 16.0, 0.5)))
    >>> round(y.item(), 4), round(v.item(), 4)
    (-1.898, 0.1751)
    """
    d = (mean_post - mean_pre) / (sd_pre if standardizer == "pre" else sd_post)
    j = small_sample_correction(n - 1)
    g = j * d if bias_correction else d
    if vtype == "LS2":
        return g, j**2 * (2 * (1 - correlation) / n + d**2 / (2 * n))
    return g, 2 * (1 - correlation) / n + g**2 / (2 * n)


def change_in_baseline_sd_unequal(
    mean_pre: Array,
    sd_pre: Array,
    mean_post: Array,
    sd_post: Array,
    n: Array,
    correlation: Array,
    *,
    bias_correction: bool = True,
    standardizer: str = "pre",
) -> Effect:
    """Change over the SD at baseline, the two variances not assumed equal (Bonett 2008, doi:10.1037/1082-989X.13.2.99).

    standardizer : "pre" the SD at baseline; "post" the SD at follow-up.

    >>> import numpy as np
    >>> y, v = change_in_baseline_sd_unequal(*(np.array([x]) for x in (6.0, 2.0, 2.0, 2.0, 16.0, 0.5)))
    >>> round(y.item(), 4)
    -1.898
    """
    sd = sd_pre if standardizer == "pre" else sd_post
    d = (mean_post - mean_pre) / sd
    g = small_sample_correction(n - 1) * d if bias_correction else d
    change = _change_variance(sd_pre, sd_post, correlation)
    return g, change / (sd**2 * (n - 1)) + g**2 / (2 * (n - 1))


def ratio_of_change(
    mean_pre: Array,
    sd_pre: Array,
    mean_post: Array,
    sd_post: Array,
    n: Array,
    correlation: Array,
    *,
    bias_correction: bool = True,
) -> Effect:
    """Log ratio of the mean after to the mean before (Lajeunesse 2011, doi:10.1890/11-0423.1).

    >>> import numpy as np
    >>> y, v = ratio_of_change(*(np.array([x]) for x in (6.0, 2.0, 2.0, 2.0, 16.0, 0.5)))
    >>> round(y.item(), 4), round(v.item(), 4)
    (-1.0708, 0.0486)
    """
    variation_pre, variation_post = sd_pre / mean_pre, sd_post / mean_post
    variance = (variation_pre**2 + variation_post**2 - 2 * correlation * variation_pre * variation_post) / n
    estimate = np.log(mean_post / mean_pre)
    if bias_correction:
        estimate = estimate + (variation_post**2 - variation_pre**2) / (2 * n)
    return estimate, variance
