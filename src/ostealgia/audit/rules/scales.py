"""The scales on which an interval may be symmetric about its estimate."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ostealgia.numerics.intervals import Interval, monotone
from ostealgia.options import one_of


@dataclass(frozen=True)
class Transform:
    """A rising function and its inverse, on intervals."""

    name: str
    forward: Callable[[Interval], Interval]
    back: Callable[[float], float]


def _logit(p: float) -> float:
    if p <= 0:
        return -math.inf
    return math.inf if p >= 1 else math.log(p) - math.log1p(-p)


def _expit(x: float) -> float:
    return 0.5 * (1 + math.tanh(0.5 * x))


def _arcsine(p: float) -> float:
    return math.asin(math.sqrt(min(max(p, 0.0), 1.0)))


def _fisher_z(r: float) -> float:
    return math.copysign(math.inf, r) if abs(r) >= 1 else math.atanh(r)


def _exp(x: float) -> float:
    return math.exp(x) if x < 700 else math.inf


IDENTITY = Transform("natural", lambda x: x, lambda x: x)
LOG = Transform("log", Interval.log, _exp)
LOGIT = Transform("logit", lambda x: monotone(_logit, x), _expit)
ARCSINE = Transform("arcsine", lambda x: monotone(_arcsine, x), lambda x: math.sin(x) ** 2)
FISHER_Z = Transform("Fisher's z", lambda x: monotone(_fisher_z, x), math.tanh)


@dataclass(frozen=True)
class Scale:
    """What kind of number an estimate is.

    transforms : where its interval may be symmetric, most usual first.
    lowest, highest : its limits.
    no_effect : on the first transform, or None.
    """

    name: str
    transforms: tuple[Transform, ...]
    lowest: float = -math.inf
    highest: float = math.inf
    no_effect: float | None = 0.0

    @property
    def main(self) -> Transform:
        """The most usual transform."""
        return self.transforms[0]

    def interval_part(self, at: int, three: Sequence[Interval]) -> Interval | None:
        """Where the estimate (0), the lower (1) or the upper limit (2) has to be for the estimate to be in the middle.

        three : these numbers on the main transform. None where the others leave nothing finite.

        >>> scale_of("ratio").interval_part(2, [Interval(0.0, 0.0), Interval(-math.log(2), -math.log(2)), Interval(9.0, 9.0)])
        Interval(low=2.0, high=2.0)
        """
        estimate, low, high = three
        wanted = ((low + high) * 0.5, estimate * 2 - high, estimate * 2 - low)[at]
        if not (math.isfinite(wanted.low) and math.isfinite(wanted.high)):
            return None
        return Interval(self.main.back(wanted.low), self.main.back(wanted.high))


SCALES: dict[str, Scale] = {
    "ratio": Scale("ratio", (LOG,), lowest=0.0),
    "difference": Scale("difference", (IDENTITY,)),
    "proportion": Scale("proportion", (LOGIT, IDENTITY, ARCSINE, LOG), lowest=0.0, highest=1.0, no_effect=None),
    "correlation": Scale("correlation", (FISHER_Z, IDENTITY), lowest=-1.0, highest=1.0),
}

# measure as printed -> scale
SCALE_OF_MEASURE: dict[str, str] = {
    **dict.fromkeys(("OR", "AOR", "HR", "AHR", "SHR", "RR", "IRR", "ROM", "PETO", "SIR", "SMR", "DOR"), "ratio"),
    **dict.fromkeys(("MD", "WMD", "SMD", "RD", "MEAN", "MN", "MC", "SMCC", "BETA", "IRD"), "difference"),
    **dict.fromkeys(("PR", "PLO", "PFT", "PAS", "PLN", "PROPORTION", "RATE"), "proportion"),
    **dict.fromkeys(("COR", "ZCOR", "R"), "correlation"),
}


def scale_of(name: str) -> Scale:
    """The scale of that name, or of a measure (OR, HR, MD, PR, ...).

    >>> scale_of("HR").name, scale_of("difference").main.name
    ('ratio', 'natural')
    """
    folded = SCALE_OF_MEASURE.get(str(name).strip().upper(), str(name).strip().lower())
    return SCALES[one_of("scale", folded, SCALES)]
