"""Wilson and Clopper-Pearson limits: do they give a printed proportion with its interval, for some sample size?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ostealgia.audit.rules.significance import quantile
from ostealgia.numerics.intervals import Printed

Array = NDArray[np.float64]
LARGEST_N = 5000


def wilson(p: Array, n: Array, level: float) -> tuple[Array, Array]:
    """Wilson's score limits. Source: Wilson 1927, doi:10.1080/01621459.1927.10502953."""
    z2 = quantile(level) ** 2
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = np.sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n**2))) / (1 + z2 / n)
    return centre - half, centre + half


def clopper_pearson(p: Array, n: Array, level: float) -> tuple[Array, Array]:
    """Exact limits. Source: Clopper, Pearson 1934, doi:10.1093/biomet/26.4.404."""
    alpha, x = 1 - level, p * n
    with np.errstate(invalid="ignore"):
        low = np.where(x > 0, special.betaincinv(np.maximum(x, 1e-9), n - x + 1, alpha / 2), 0.0)
        high = np.where(x < n, special.betaincinv(x + 1, np.maximum(n - x, 1e-9), 1 - alpha / 2), 1.0)
    return low, high


LIMITS: dict[str, Callable[..., Any]] = {"Wilson's interval": wilson, "the exact interval": clopper_pearson}


def binomial_limits_fit(
    estimate: Printed, low: Printed, high: Printed, *, n: int | None = None, level: float = 0.95
) -> str | None:
    """The name of the method that gives both limits for that n (or for some n up to 5000), or None.

    All are proportions. The limits rise with the proportion, so the ends of its rounding range give the ends of theirs.

    >>> binomial_limits_fit(*(Printed.parse(text) for text in ("0.900", "0.683", "0.988")), n=20)
    'the exact interval'
    """
    sizes = np.arange(1, LARGEST_N + 1, dtype=float) if n is None else np.array([float(n)])
    box = estimate.interval().clip(0.0, 1.0)
    for name, limits in LIMITS.items():
        at_low, at_high = (limits(np.full_like(sizes, end), sizes, level) for end in (box.low, box.high))
        fits = np.ones(sizes.shape, dtype=bool)
        for i, printed in enumerate((low, high)):
            wanted = printed.interval().clip(0.0, 1.0)
            fits &= (at_low[i] <= wanted.high + 1e-9) & (at_high[i] >= wanted.low - 1e-9)
        if fits.any():
            return name
    return None
