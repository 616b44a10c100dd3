"""chi2-vs-counts: does a printed chi-square, or the P of an exact test, follow from the printed counts?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ostealgia.audit.causes import slip
from ostealgia.audit.finding import NOWHERE, Cause, Finding, Place, make
from ostealgia.audit.rules.p_values import slip_of_p
from ostealgia.audit.rules.percents import rounded_twice
from ostealgia.audit.rules.significance import ALPHA, changes, p_range, quantile
from ostealgia.errors import OptionError
from ostealgia.numerics.intervals import Interval, Numeral, Printed, as_interval
from ostealgia.numerics.summary_tests import CHI2_TESTS, chi2_df, fisher_exact, p_from_chi2

RULE = "chi2-vs-counts"
EXACT = "Fisher's exact"


def chi2_vs_counts(
    counts: ArrayLike,
    statistic: Numeral | None = None,
    p_value: Numeral | None = None,
    *,
    place: Place = NOWHERE,
    alpha: float = ALPHA,
) -> Finding:
    """Which test of these counts gives the printed chi-square (Pearson, Yates, likelihood ratio, N - 1) or P (Fisher)?

    counts : array (r, c) of whole numbers, groups in columns.
    statistic, p_value : as printed. With a statistic the finding is about it, and P only helps to weigh it; without one
    the finding is about P.
    Returns a Finding; recomputed is Pearson's value, or that of the test that fits. Raises OptionError where the
    counts leave nothing to compare (one row, one column, negative numbers).
    Source: Pearson 1900, doi:10.1080/14786440009463897; Campbell 2007, doi:10.1002/sim.2832.

    >>> found = chi2_vs_counts([[59, 37], [73, 36]], "6.677", "0.411")
    >>> found.verdict, round(found.recomputed, 3), found.cause_code, found.repair
    ('inconsistent', 0.677, 'typing-slip', '0.677')
    """
    table = _whole(counts)
    p = None if p_value is None else Printed.of(p_value)
    if statistic is not None:
        return _statistic(table, Printed.of(statistic), p, place, alpha)
    if p is None:
        raise OptionError("chi2-vs-counts needs a printed statistic or a printed P value.")
    return _p_value(table, p, place, alpha)


def p_values_of(counts: ArrayLike) -> dict[str, float]:
    """P of every test that is defined for the counts, by name.

    >>> {name: round(p, 3) for name, p in p_values_of([[44, 30], [59, 72]]).items()}
    {'Pearson': 0.047, 'Yates': 0.066, 'likelihood ratio': 0.047, 'N - 1': 0.048, "Fisher's exact": 0.059}
    """
    table = _whole(counts)
    found = {name: float(test(table).p_value) for name, test in CHI2_TESTS.items()}
    found[EXACT] = fisher_exact(table)
    return {name: p for name, p in found.items() if not math.isnan(p)}


def _whole(counts: ArrayLike) -> Any:
    table = np.asarray(counts, dtype=float)
    if table.ndim != 2 or not bool((np.isfinite(table) & (table >= 0) & (table == np.floor(table))).all()):
        raise OptionError(f"counts={np.asarray(counts).tolist()!r} is not a table of whole numbers, rows by groups.")
    if float(chi2_df(table)) == 0:
        raise OptionError("the counts leave nothing to compare: at least two rows and two columns must hold patients.")
    return table


def _statistic(table: Any, printed: Printed, p: Printed | None, place: Place, alpha: float) -> Finding:
    values = {name: float(test(table).statistic) for name, test in CHI2_TESTS.items()}
    values = {name: value for name, value in values.items() if not math.isnan(value)}
    df = float(chi2_df(table))
    verdict, name = _best_fit(printed, values)
    value = values[name]
    head = f"{name} chi-square from the counts is {value:.{printed.decimals + 1}f} ({df:.0f} df)"
    if verdict != "inconsistent":
        return make(
            RULE,
            place,
            reported=printed.text,
            verdict=verdict,
            message=f"{head}; printed {printed.text}",
            recomputed=value,
            values=as_interval(value),
        )
    shown = p_range(p) if p is not None else _p_of(printed, df)
    severity = "major" if changes(shown, as_interval(float(p_from_chi2(value, df))), alpha) else "minor"
    told = ""
    if p is not None:
        matching = [test for test, q in p_values_of(table).items() if p.allows(as_interval(q))]
        told = (
            f"; the printed P {p.text} fits the counts ({matching[0]})"
            if matching
            else f"; nor does P {p.text} fit the counts"
        )
    return make(
        RULE,
        place,
        reported=printed.text,
        verdict=verdict,
        severity=severity,
        recomputed=value,
        values=Interval(min(values.values()), max(values.values())),
        message=f"{head}, not {printed.text}{told}",
        cause=_cause(printed, values),
    )


def _p_value(table: Any, printed: Printed, place: Place, alpha: float) -> Finding:
    values = p_values_of(table)
    verdict, name = _best_fit(printed, values)
    value = values[name]
    severity = "none"
    message = (
        f"P of the {name} test from the counts is {value:.{max(printed.decimals, 3) + 1}f}; printed {printed.text}"
    )
    if verdict == "inconsistent":
        one_sided = table.shape == (2, 2) and values.get(EXACT) is not None and printed.allows(_one_sided(table))
        flips = all(changes(p_range(printed), as_interval(q), alpha) for q in values.values())
        severity = "major" if flips else "minor"
        message += (
            "; the one-sided exact test gives it" if one_sided else "; no other common test of the counts gives it"
        )
        severity = "information" if one_sided else severity
    return make(
        RULE,
        place,
        reported=printed.text,
        verdict=verdict,
        severity=severity,
        basis="arithmetic" if verdict != "inconsistent" or table.shape == (2, 2) else "judgement",
        message=message,
        recomputed=value,
        values=Interval(min(values.values()), max(values.values()))
        if verdict == "inconsistent"
        else as_interval(value),
        cause=slip_of_p(printed, *map(as_interval, values.values())) if verdict == "inconsistent" else None,
    )


def _one_sided(table: Any) -> Interval:
    """P of the exact test on the side that the counts point to."""
    from scipy import special

    (a, b), (c, d) = table
    row, column, total = a + b, a + c, a + b + c + d
    whole = special.gammaln(total + 1) - special.gammaln(column + 1) - special.gammaln(total - column + 1)
    k = np.arange(max(0.0, row + column - total), min(row, column) + 1)
    logs = (
        special.gammaln(row + 1) - special.gammaln(k + 1) - special.gammaln(row - k + 1)
        + special.gammaln(total - row + 1) - special.gammaln(column - k + 1) - special.gammaln(total - row - column + k + 1)
    )  # fmt: skip
    shares = np.exp(logs - whole)
    return as_interval(float(min(shares[k <= a].sum(), shares[k >= a].sum(), 1.0)))


def _best_fit(printed: Printed, values: dict[str, float]) -> tuple[str, str]:
    """The first test that rounds to the print, else the first that is cut to it, else none (the first is named)."""
    for name, value in values.items():
        if printed.fits(value):
            return "consistent", name
    for name, value in values.items():
        if printed.allows(as_interval(value)) or rounded_twice(printed, value):
            return "rounding", name
    return "inconsistent", next(iter(values))


def _p_of(printed: Printed, df: float) -> Interval:
    box = printed.interval().clip(0.0, math.inf)
    return Interval(float(p_from_chi2(box.high, df)), float(p_from_chi2(box.low, df)))


def _cause(printed: Printed, values: dict[str, float]) -> Cause | None:
    for value in values.values():
        found = slip(printed, value)
        if found is not None:
            return found
    root = printed.interval().square()
    for name, value in values.items():
        if root.contains(value) and value > 0.0:
            text = f"the root of the {name} chi-square is printed (a normal deviate)"
            return Cause(code="wrong-scale", text=text, repair=printed.like(value))
    return None


def odds_ratio(counts: ArrayLike) -> tuple[float, float, float]:
    """Odds ratio of a 2 x 2 table with its 95% Wald limits, (a d)/(b c); NaN limits where a cell is 0.

    >>> [round(x, 2) for x in odds_ratio([[80, 22], [52, 51]])]
    [3.57, 1.94, 6.56]
    """
    (a, b), (c, d) = np.asarray(counts, dtype=float)
    if a * d == 0 and b * c == 0:
        return math.nan, math.nan, math.nan
    if a * d == 0 or b * c == 0:
        return (math.inf if b * c == 0 else 0.0), math.nan, math.nan
    log_or, half = math.log(a * d / (b * c)), quantile(0.95) * math.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    return math.exp(log_or), math.exp(log_or - half), math.exp(log_or + half)
