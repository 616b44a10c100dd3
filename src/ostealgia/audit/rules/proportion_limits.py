"""Wilson and Clopper-Pearson limits: do they give a printed proportion with its interval, for some sample size?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ostealgia.numerics.intervals import Printed
from ostealgia.numerics.proportion_intervals import clopper_pearson, wilson
from ostealgia.options import confidence_level

LARGEST_N = 5000


LIMITS: dict[str, Callable[..., Any]] = {"Wilson's interval": wilson, "the exact interval": clopper_pearson}


def binomial_limits_fit(
    estimate: Printed, low: Printed, high: Printed, *, n: int | None = None, level: float = 0.95
) -> str | None:
    """The name of the method that gives both limits for that n (or for some n up to 5000), or None.

    All are proportions. The limits rise with the proportion, so the ends of its rounding range give the ends of theirs.

    >>> binomial_limits_fit(*(Printed.parse(text) for text in ("0.900", "0.683", "0.988")), n=20)
    'the exact interval'
    """
    level = confidence_level(level)
    sizes = np.arange(1, LARGEST_N + 1, dtype=float) if n is None else np.array([float(n)])
    box = estimate.interval().clip(0.0, 1.0)
    for name, limits in LIMITS.items():
        at_low, at_high = (limits(end * sizes, sizes, level) for end in (box.low, box.high))
        fits = np.ones(sizes.shape, dtype=bool)
        for i, printed in enumerate((low, high)):
            wanted = printed.interval().clip(0.0, 1.0)
            fits &= (at_low[i] <= wanted.high + 1e-9) & (at_high[i] >= wanted.low - 1e-9)
        if fits.any():
            return name
    return None
