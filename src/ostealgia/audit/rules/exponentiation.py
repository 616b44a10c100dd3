"""double-exponentiation: was a ratio entered where its logarithm was expected, and which interval was entered?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ostealgia.audit.finding import NOWHERE, Cause, Finding, Place, make
from ostealgia.audit.rules.significance import quantile
from ostealgia.errors import OptionError
from ostealgia.numerics.intervals import Interval, Numeral, Printed

RULE = "double-exponentiation"

ABSURD = 2.5  # a standard error of a log ratio above this makes the upper limit 18,000 times the lower one
PLAUSIBLE = 1.2  # and one of the recovered interval below this is that of an ordinary study


@dataclass(frozen=True)
class Entered:
    """The ratio and the limits that were entered, with their ranges over the rounding of what is printed."""

    estimate: float
    low: float
    high: float

    def text(self, estimate: str | None = None, decimals: int = 2) -> str:
        """ "1.30 (1.02 to 1.66)"."""
        return f"{estimate or f'{self.estimate:.{decimals}f}'} ({self.low:.{decimals}f} to {self.high:.{decimals}f})"


@dataclass(frozen=True)
class Elsewhere:
    """The same effect as it is printed at another place, with its limits where there are any."""

    estimate: Printed
    low: Printed | None = None
    high: Printed | None = None

    @classmethod
    def of(
        cls,
        estimate: Numeral,
        low: Numeral | None = None,
        high: Numeral | None = None,
    ) -> Elsewhere:
        """From printed text or numbers."""
        return cls(
            Printed.of(estimate), None if low is None else Printed.of(low), None if high is None else Printed.of(high)
        )

    @property
    def text(self) -> str:
        """ "1.30 (1.01 to 1.67)", or the estimate alone."""
        return self.estimate.text + (f" ({self.low.text} to {self.high.text})" if self.low and self.high else "")


def recover(estimate: Numeral, ci_low: Numeral, ci_high: Numeral, *, entered: Numeral | None = None) -> Entered:
    """The ratio and limits that were entered, from what came out after one exponentiation too many.

    estimate, ci_low, ci_high : as printed.
    entered : the ratio where it is printed elsewhere; else the logarithm of the estimate is taken.

    Printed are exp(x) and exp(x -+ h), where x is the ratio itself and h = z s = (u - l)/2 comes from its limits on the
    ratio scale. Limits symmetric on the log scale have u l = x^2, hence l, u = sqrt(h^2 + x^2) -+ h (equivalently
    x exp(-+ asinh(h/x))). Each printed limit gives a range for h; their common part is used, so that the limit with
    more digits decides.

    >>> recover("3.67", "2.77", "5.26").text()
    '1.30 (1.02 to 1.66)'
    """
    shown = Printed.of(estimate)
    x = math.log(shown.value) if entered is None else Printed.of(entered).value
    low, high = (_log_range(Printed.of(part), "half") for part in (ci_low, ci_high))
    from_low, from_high = Interval(x - low.high, x - low.low), high - x
    a, b = max(from_low.low, from_high.low), min(from_low.high, from_high.high)
    h = max(0.5 * (a + b) if a <= b and math.isfinite(a + b) else 0.5 * (high.middle - low.middle), 0.0)
    root = math.hypot(h, x)
    return Entered(x, root - h, root + h)


def _log_range(printed: Printed, rounding: str) -> Interval:
    return printed.interval(rounding).clip(1e-300, math.inf).log()


def double_exponentiation(
    estimate: Numeral,
    ci_low: Numeral,
    ci_high: Numeral,
    *,
    elsewhere: Sequence[Elsewhere] = (),
    level: float = 0.95,
    place: Place = NOWHERE,
) -> Finding:
    """Is the printed ratio the exponential of a ratio, and what was it before?

    One such triplet alone looks like any other ratio. It is flagged where the same effect is printed elsewhere and
    this one is its exponential, or (as judgement) where the interval is absurdly wide and the recovered one is
    ordinary.
    elsewhere : the same effect at other places.
    Returns a Finding; recomputed is the ratio that was entered; repair shows it with the recovered limits. Where another
    interval is printed for the same effect both are shown, neither is called true.

    >>> found = double_exponentiation("3.67", "2.77", "5.26", elsewhere=[Elsewhere.of("1.30", "1.01", "1.67")])
    >>> found.verdict, found.severity, found.repair
    ('inconsistent', 'major', '1.30 (1.02 to 1.66)')
    """
    x, low, high = Printed.of(estimate), Printed.of(ci_low), Printed.of(ci_high)
    if min(x.value, low.value) <= 0 or high.value <= low.value:
        raise OptionError(
            f"{x.text} ({low.text} to {high.text}) is not a ratio with its interval: three values above 0, rising."
        )
    reported = f"{x.text} ({low.text} to {high.text})"
    with_limits_first = sorted(elsewhere, key=lambda other: other.low is None)
    source = next(
        (other for other in with_limits_first if _is_exponential_of(x, other) and _told_by_limits(x, low, high, other)),
        None,
    )
    extreme = x.value > 1 and _absurd(x, low, high, level)
    if source is None and not extreme:
        told = (
            "no value printed for the same effect is its logarithm"
            if elsewhere
            else "no other value of the same effect to compare"
        )
        return make(
            RULE, place, reported=reported, verdict="consistent", recomputed=x.value, message=f"{reported}: {told}"
        )
    entered = recover(x, low, high, entered=source.estimate if source else None)
    return _flag(reported, (x, low, high), entered, source, place)


def _flag(
    reported: str, printed: tuple[Printed, Printed, Printed], entered: Entered, source: Elsewhere | None, place: Place
) -> Finding:
    x, low, high = printed
    shown = entered.text(source.estimate.text if source else None, _places(x))
    flips = _includes_one(low.value, high.value) != _includes_one(entered.low, entered.high)
    message = f"{reported} is the exponential of the ratio {shown}"
    if source is not None:
        message += f"; the same effect is printed elsewhere as {source.text}"
    if flips:
        message += "; only one of the two intervals includes 1"
    return make(
        RULE,
        place,
        reported=reported,
        verdict="inconsistent",
        severity="conclusion-changing" if flips else "major",
        basis="arithmetic" if source else "judgement",
        message=message,
        recomputed=entered.estimate,
        values=_log_range(x, "any"),
        cause=Cause(
            code="double-exponentiation",
            repair=shown,
            text="a ratio was taken for a log ratio: point and limits are exponentiated once more than they should be",
        ),
    )


def _places(printed: Printed) -> int:
    return max(2, printed.decimals)


def _includes_one(low: float, high: float) -> bool:
    return low <= 1 <= high


def _is_exponential_of(x: Printed, other: Elsewhere) -> bool:
    """x = exp(other), and not simply the same number."""
    if other.estimate.relation != "=" or x.interval().overlaps(other.estimate.interval()):
        return False
    return x.interval().overlaps(other.estimate.interval().exp())


NEAR_LIMITS = 0.03  # relative distance of recovered and printed limits


def _told_by_limits(x: Printed, low: Printed, high: Printed, other: Elsewhere) -> bool:
    """Below 1 a ratio and the exponential of another are often equal by chance: there the limits have to agree as well."""
    if other.estimate.value > 1:
        return True
    if other.low is None or other.high is None or other.low.value <= 0:
        return False
    entered = recover(x, low, high, entered=other.estimate)
    return (
        entered.low > 0
        and max(abs(math.log(entered.low / other.low.value)), abs(math.log(entered.high / other.high.value)))
        < NEAR_LIMITS
    )


def _absurd(x: Printed, low: Printed, high: Printed, level: float) -> bool:
    z = quantile(level)
    entered = recover(x, low, high)
    if entered.low <= 0:
        return False
    return (
        math.log(high.value / low.value) / (2 * z) > ABSURD
        and math.log(entered.high / entered.low) / (2 * z) < PLAUSIBLE
    )
