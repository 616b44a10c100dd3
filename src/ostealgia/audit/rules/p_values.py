"""p-vs-statistic and p-vs-ci: does a printed P follow from the statistic, or from the interval, beside it?"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from ostealgia.audit.finding import NOWHERE, Cause, Finding, Place, judge, make
from ostealgia.audit.rules.scales import scale_of
from ostealgia.audit.rules.significance import ALPHA, changes, p_range, quantile, show, show_range, side
from ostealgia.audit.slips import Suspect, weighed
from ostealgia.errors import OptionError
from ostealgia.numerics.intervals import Interval, Numeral, Printed, as_interval, corners
from ostealgia.numerics.summary_tests import P_VALUE, p_from_t, p_value
from ostealgia.options import one_of

# words that are printed in place of a P value
P_WORDS = {"ns": "> 0.05", "n.s.": "> 0.05", "n.s": "> 0.05", "not significant": "> 0.05"}

# tests whose P may differ a little from the Wald test that an interval implies
OTHER_TESTS = ("log-rank", "likelihood ratio", "score", "permutation", "exact")
BORDER = (0.02, 0.10)  # P beside an interval that ends at no effect
NEAR = 0.5  # two tests of the same data seldom differ by more, in normal deviates


def printed_p(text: Numeral) -> Printed:
    """A printed P; "ns" stands for > 0.05, and "<= 0.000" for a program's rounded 0.000.

    >>> printed_p("ns").interval().low, printed_p("<= 0.000").relation
    (0.05, '=')
    """
    if isinstance(text, str):
        plain = text.strip().casefold()
        shown = Printed.parse(P_WORDS[plain]) if plain in P_WORDS else Printed.parse(plain.removeprefix("p").strip())
    else:
        shown = Printed.of(text)
    return replace(shown, relation="=") if shown.value == 0 and shown.relation == "<=" else shown


def p_vs_statistic(
    distribution: str,
    statistic: Numeral,
    df: Sequence[float | Interval],
    p_value: Numeral,
    *,
    place: Place = NOWHERE,
    alpha: float = ALPHA,
) -> Finding:
    """Is the printed P the two-sided P of the printed statistic and its degrees of freedom?

    distribution : chi2, t, z, F, r or Q.
    df : none for z, two for F, one for the others; an interval where the df is not printed (Welch).
    statistic, p_value : as printed.
    Returns a Finding about P. Source: Nuijten 2016, doi:10.3758/s13428-015-0664-2.

    >>> p_vs_statistic("t", "2.652", [203], "0.009").verdict
    'consistent'
    >>> found = p_vs_statistic("chi2", "6.677", [1], "0.411")
    >>> found.verdict, round(found.recomputed, 4), found.repair
    ('inconsistent', 0.0098, '0.677 in place of 6.677')
    """
    printed, p = Printed.of(statistic), printed_p(p_value)
    one_of("distribution", distribution, P_VALUE)
    if not 0 <= p.value <= 1:
        return make(
            "p-vs-statistic",
            place,
            reported=p.text,
            verdict="impossible",
            severity="minor",
            message=f"P {p.text} is not within 0 to 1",
            recomputed=_p_at(distribution, printed, df),
        )
    point, values = _p_at(distribution, printed, df), _p_values(distribution, printed.interval(), df)
    verdict = judge(p, point, values)
    told = f"{show(point)} (rounding allows {show_range(values)})"
    message = f"{distribution} {printed.text}{_df_text(df)} has P {told}; printed {p.text}"
    severity, basis, cause = "none", "arithmetic", None
    if verdict == "inconsistent" and p.relation == "<" and abs(float(p.like(point)) - p.value) < 0.1 * p.unit:
        severity, message = "information", f"{message}, which it rounds to"  # "< 0.02" for 0.0202
    elif verdict == "inconsistent":
        severity = "major" if changes(p_range(p), values, alpha) else "minor"
        cause = _of_statistic(distribution, printed, df, p, values)
        if p.allows(values * 0.5) and distribution in ("t", "z", "r"):
            severity, basis, message = "information", "judgement", f"{message}; it fits a one-sided test"
    elif p.value == 0 and p.relation == "=":
        verdict, severity, message = "rounding", "minor", f"{message}; P is never 0, the print stands for < {p.unit:g}"
    return make(
        "p-vs-statistic",
        place,
        reported=p.text,
        verdict=verdict,
        severity=severity,
        basis=basis,
        message=message,
        recomputed=point,
        values=values,
        cause=cause,
    )


def _p_at(distribution: str, printed: Printed, df: Sequence[float | Interval]) -> float:
    middles = [_middle(as_interval(value)) for value in df]
    return float(p_value(distribution, printed.value, *middles))


def _middle(box: Interval) -> float:
    return box.high if math.isinf(box.high) else box.middle


def _p_values(distribution: str, statistic: Interval, df: Sequence[float | Interval]) -> Interval:
    """P over the box: in every argument it is monotone, or its extremes are at the ends that are tried."""
    size = abs(statistic).clip(0.0, 1e300)
    if distribution in ("chi2", "F", "Q"):
        size = statistic.clip(0.0, 1e300)
    return corners(lambda x, *d: p_value(distribution, x, *d), size, *df).clip(0.0, 1.0)


def _df_text(df: Sequence[float | Interval]) -> str:
    parts = [f"{box.low:g}" if box.low == box.high else f"{box.low:.4g}-{box.high:.4g}" for box in map(as_interval, df)]
    return f" ({', '.join(parts)} df)" if parts else ""


SMALL = 0.0095  # a P below it is printed with three places


def _of_statistic(
    distribution: str, printed: Printed, df: Sequence[float | Interval], p: Printed, values: Interval
) -> Cause | None:
    """The slip in P or in the statistic: either may be the wrong one, nothing else tells."""

    def fits(edit: Printed) -> bool:
        return p.interval("half").overlaps(_p_values(distribution, edit.interval("half"), df))

    if p.relation != "=" or p.value == 0:
        return None
    places = max(printed.decimals, 1) + (printed.decimals < 2)
    size = max(abs(printed.value), USUAL) / printed.unit
    statistic = Suspect(
        distribution, printed, fits, places=places, least=printed.decimals, plausible=size, other=OTHER_STATISTIC,
        among=lambda edit: _p_values(distribution, edit.interval("half"), df).width / p.unit,
        rounded=False, inside=_statistics_with(distribution, p, df, printed.value < 0),
    )  # fmt: skip
    return weighed([_suspected(p, (values,)), statistic]).cause(
        lambda slip: slip.value.text if slip.suspect.name == "P" else f"{slip.value.text} in place of {printed.text}"
    )


def _statistics_with(distribution: str, p: Printed, df: Sequence[float | Interval], negative: bool) -> Interval:
    """A range that holds every statistic with this P, a little wider: P falls as the statistic grows."""
    sizes = np.linspace(0.0, 1.0, GRID) if distribution == "r" else np.geomspace(1e-4, 1e4, GRID)
    shown = p.interval("half")
    low, high = math.inf, 0.0
    for ends in itertools.product(*((box.low, box.high) for box in map(as_interval, df))):
        found = p_value(distribution, sizes, *ends)
        low = min(low, float(sizes[max(0, int((found > shown.high).sum()) - 1)]))
        high = max(high, float(sizes[min(GRID - 1, int((found >= shown.low).sum()))]))
    return Interval(-high, -low) if negative else Interval(min(low, high), high)


GRID = 500  # statistics that are tried at once
USUAL, OTHER_STATISTIC = 4.0, 0.2  # size of a statistic; how often it is another one altogether, against a slip
LEAST_PLACES, P_PLACES = 2, 3  # to which a P is printed
TENTH = 0.1
LEAST_P = 0.001  # below it P is printed as such
OTHER_P, SPREAD = 0.4, 7.0  # how often P is that of another test or row, against a slip; log of largest to least P


def _suspected(p: Printed, ranges: Sequence[Interval]) -> Suspect:
    """P as a number that may have a slip, where the others leave it these ranges (of several tests)."""
    hull = Interval(min(box.low for box in ranges), max(box.high for box in ranges))

    def fits(edit: Printed) -> bool:
        if not 0 < edit.value <= 1 or edit.decimals < _places(edit.value, hull.middle, p):
            return False
        shown = edit.interval("half")
        return any(shown.overlaps(box) for box in ranges)

    most = max(p.decimals, P_PLACES)
    dense = 0.5 * p.unit + 0.5 * p.unit / (p.value * SPREAD)  # small P are printed more often than others
    inside = hull if len(ranges) == 1 else None
    return Suspect("P", p, fits, places=most, plausible=1 / dense, other=OTHER_P, determined=True, inside=inside)


def _places(value: float, exact: float, p: Printed) -> int:
    """The places that a P of this size has beside the print of another: 0.007 is seldom printed as 0.01, nor 0.037 as 0.04."""
    if exact < SMALL:
        return max(p.decimals, P_PLACES)
    return p.decimals if value < TENTH else min(p.decimals, LEAST_PLACES)


@lru_cache(maxsize=4096)
def slip_of_p(p: Printed, *ranges: Interval) -> Cause | None:
    """The cause of a P that is the one number that does not fit; the repair where one print, or one slip, gives the range.

    ranges : of P by the other numbers; several where any of several tests may have been made.

    >>> slip_of_p(Printed.parse("0.034"), Interval(0.3429, 0.3432)).repair
    '0.343'
    >>> slip_of_p(Printed.parse("0.71"), Interval(0.110, 0.163)).repair is None
    True
    """
    if p.relation != "=" or p.value == 0:
        return None
    found = weighed([_suspected(p, ranges)]).cause()
    if found is not None and found.repair is not None:
        return found
    low, high = min(box.low for box in ranges), max(box.high for box in ranges)
    if high < LEAST_P:
        return Cause(text=f"P would be < {LEAST_P:g} by the other numbers", repair=f"< {LEAST_P:g}")
    places = max(p.decimals, P_PLACES if low < TENTH else LEAST_PLACES)
    text = f"{low:.{places}f}"
    if text == f"{high:.{places}f}" and float(text) > 0:
        return Cause(
            code=found.code if found else "unknown", text=f"P would be {text} by the other numbers", repair=text
        )
    return found


def p_vs_ci(
    estimate: Numeral,
    ci_low: Numeral,
    ci_high: Numeral,
    p_value: Numeral,
    *,
    scale: str = "ratio",
    level: float = 0.95,
    df: float = math.inf,
    test: str | None = None,
    place: Place = NOWHERE,
    alpha: float = ALPHA,
) -> Finding:
    """Is the printed P the Wald P that estimate and interval imply?

    scale : "ratio" (log scale, no effect 1), "difference" (no effect 0) or "correlation".
    df : of the t that made the interval.
    test : the test P is said to come from ("Wald", "log-rank", ...) or None. A small difference from a log-rank,
    likelihood-ratio or unnamed test on the same side of the significance level is information only.
    Returns a Finding about P. Source: Altman, Bland 2011, doi:10.1136/bmj.d2304.

    >>> p_vs_ci("0.68", "0.51", "0.91", "0.009").verdict
    'consistent'
    >>> found = p_vs_ci("0.73", "0.55", "0.98", "0.021", test="log-rank")
    >>> found.severity, round(found.recomputed, 4)
    ('information', 0.0327)
    """
    x, low, high, p = Printed.of(estimate), Printed.of(ci_low), Printed.of(ci_high), printed_p(p_value)
    rule = scale_of(scale)
    if rule.no_effect is None:
        raise OptionError(f"a {scale} has no value of no effect, so its interval implies no P value.")
    if low.value > high.value:
        raise OptionError(f"the interval {low.text} to {high.text} is upside down; check it with ci-vs-point first.")
    forward = [rule.main.forward(part.interval().clip(rule.lowest, rule.highest)) for part in (x, low, high)]
    middle = [rule.main.forward(as_interval(part.value)).low for part in (x, low, high)]
    point = _wald_p(middle[0], middle[1], middle[2], rule.no_effect, level, df)
    values = _wald_range(forward[0], forward[1], forward[2], rule.no_effect, level, df)
    verdict = judge(p, point, values)
    told = f"{show(point)} (rounding allows {show_range(values)})"
    message = f"the interval {low.text} to {high.text} implies P {told}; printed {p.text}"
    severity, basis = "none", "arithmetic"
    if verdict == "inconsistent":
        severity, basis, message = _weigh(p, values, test, alpha, message)
        at_null = any(end.low <= rule.no_effect <= end.high for end in forward[1:])
        if severity == "major" and at_null and BORDER[0] <= p.value <= BORDER[1]:
            severity, basis, message = "information", "judgement", f"{message}; a limit stands at no effect"
        if severity == "minor" and not at_null and not _same_side(p, middle, rule.no_effect, alpha):
            severity, message = "major", f"{message}; P and the printed interval are on different sides of {alpha:g}"
        if not forward[0].overlaps((forward[1] + forward[2]) * 0.5) and _same_side(p, middle, rule.no_effect, alpha):
            severity, basis = "information", "judgement"
            message = f"{message}; the estimate is not the middle of the interval, which is then no Wald interval"
    elif p.value == 0 and p.relation == "=":
        verdict, severity = "rounding", "minor"
    return make(
        "p-vs-ci",
        place,
        reported=p.text,
        verdict=verdict,
        severity=severity,
        basis=basis,
        message=message,
        recomputed=None if math.isnan(point) else point,
        values=values,
        cause=slip_of_p(p, values) if severity in ("minor", "major") else None,  # the three fit: P is the other number
    )


def _same_side(p: Printed, ends: Sequence[float], null: float, alpha: float) -> bool:
    """Whether interval and P agree on whether there is an effect, whatever made them."""
    excludes = ends[1] > null or ends[2] < null
    shown = p_range(p)
    return shown.low <= alpha if excludes else shown.high >= alpha


def _wald_p(x: float, low: float, high: float, null: float, level: float, df: float) -> float:
    width = high - low
    if not width > 0 or not math.isfinite(width):
        return math.nan
    return float(p_from_t((x - null) * 2 * _critical(level, df) / width, df))


def _critical(level: float, df: float) -> float:
    if math.isinf(df):
        return quantile(level)
    from scipy import special

    return float(special.stdtrit(df, 0.5 + level / 2))


def _wald_range(x: Interval, low: Interval, high: Interval, null: float, level: float, df: float) -> Interval:
    distance = abs(x - null)
    narrow, wide = max(high.low - low.high, 0.0), high.high - low.low
    scale = 2 * _critical(level, df)
    z_low = 0.0 if math.isinf(wide) else distance.low * scale / wide if wide else math.inf
    z_high = distance.high * scale / narrow if narrow else math.inf
    ends = [0.0 if math.isinf(z) else float(p_from_t(z, df)) for z in (z_high, z_low)]
    return Interval(min(ends), max(ends))


def _weigh(p: Printed, values: Interval, test: str | None, alpha: float, message: str) -> tuple[str, str, str]:
    """Severity and basis of a P that the interval does not give."""
    shown = p_range(p)
    if changes(shown, values, alpha):
        verb = "excludes" if side(values, alpha) == "below" else "includes"
        return "major", "arithmetic", f"{message}; the interval {verb} no effect"
    if (test is None or test.casefold() in OTHER_TESTS) and _apart(shown, values) < NEAR:
        return "information", "judgement", f"{message}; another test than Wald's may give this"
    return "minor", "arithmetic", message


def _apart(a: Interval, b: Interval) -> float:
    """Distance between two ranges of P in normal deviates."""
    from scipy import special

    nearest = (a.high, b.low) if a.high < b.low else (b.high, a.low)
    z = -special.ndtri(np.clip(np.array(nearest) / 2, 1e-300, 0.5))
    return float(abs(z[0] - z[1]))
