"""Difference in risk between two groups: risks with exact intervals, difference, ratio and odds ratio from the same four counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ostealgia.numerics.proportion_intervals import proportion_interval
from ostealgia.numerics.proportion_tables import Interval, odds_ratio, risk_difference, risk_ratio
from ostealgia.numerics.two_by_two_exact import fisher_test
from ostealgia.options import confidence_level, one_of

if TYPE_CHECKING:
    import pandas as pd

    from ostealgia.cohort.derivations import ResponseByWeek

# measure -> words; on the reported scale
MEASURES = {"RD": "risk difference", "RR": "risk ratio", "OR": "odds ratio"}
METHODS = {"RD": "Newcombe's interval", "RR": "Katz's interval", "OR": "Woolf's interval"}


def risks(events: Sequence[float], n: Sequence[float], level: float = 0.95) -> list[dict[str, float]]:
    """events, n, estimate and Clopper-Pearson limits of each proportion; empty where nobody is there."""
    count, size = np.asarray(events, dtype=float), np.asarray(n, dtype=float)
    there = size > 0
    found = proportion_interval(
        np.where(there, count, np.nan), np.where(there, size, np.nan), method="clopper-pearson", level=level
    )
    return [
        {
            "events": int(e),
            "n": int(m),
            "estimate": float(p),
            "ci_low": float(a),
            "ci_high": float(b),
            "ci_level": level,
        }
        for e, m, p, a, b in zip(count, size, *found, strict=True)
    ]


def two_group_effects(
    events_1: float,
    n_1: float,
    events_2: float,
    n_2: float,
    *,
    measures: Iterable[str] = ("RD", "RR"),
    level: float = 0.95,
) -> list[dict[str, Any]]:
    """How much does the risk differ between group 1 (treated) and group 2 (reference)?

    One entry a measure: measure ("risk difference" by Newcombe's, "risk ratio" by Katz's, "odds ratio" by Woolf's interval), estimate,
    ci_low, ci_high, ci_level, p_value (Fisher's exact test), events_1, n_1, events_2, n_2, method. Where a ratio meets an empty cell 0.5 is
    added to all four, and method says so. A group of nobody gives empty numbers.
    Source: Newcombe 1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I; Katz 1978, doi:10.2307/2530610;
    Woolf 1955, doi:10.1111/j.1469-1809.1955.tb01348.x; Fisher 1922, doi:10.2307/2340521.

    >>> [(one["measure"], round(one["estimate"], 3)) for one in two_group_effects(80, 109, 52, 96)]
    [('risk difference', 0.192), ('risk ratio', 1.355)]
    """
    confidence_level(level)
    names = [one_of("measures", name, MEASURES) for name in measures]
    counts = {"events_1": int(events_1), "n_1": int(n_1), "events_2": int(events_2), "n_2": int(n_2)}
    if not (n_1 > 0 and n_2 > 0):
        nothing = {name: float("nan") for name in ("estimate", "ci_low", "ci_high", "p_value")}
        return [
            {"measure": MEASURES[name], **nothing, "ci_level": level, **counts, "method": "a group is empty"}
            for name in names
        ]
    p = fisher_test([[events_1, n_1 - events_1], [events_2, n_2 - events_2]]).p_value
    rows = []
    for name in names:
        found, corrected = _effect(name, float(events_1), float(n_1), float(events_2), float(n_2), level)
        said = f"{METHODS[name]}, Fisher's P" + (", 0.5 added to all cells" if corrected else "")
        rows.append(
            {"measure": MEASURES[name], "estimate": found.estimate, "ci_low": found.ci_low, "ci_high": found.ci_high, "p_value": p,
             "ci_level": level, **counts, "method": said}
        )  # fmt: skip
    return rows


def _effect(name: str, x1: float, n1: float, x2: float, n2: float, level: float) -> tuple[Interval, bool]:
    if name == "RD":
        return risk_difference(x1, n1, x2, n2, level=level), False
    empty = x1 == 0 or x2 == 0 if name == "RR" else 0 in (x1, x2, n1 - x1, n2 - x2)
    if empty and x1 == x2 == 0:
        return Interval(float("nan"), float("nan"), float("nan")), False
    if empty:
        x1, n1, x2, n2 = x1 + 0.5, n1 + 1.0, x2 + 0.5, n2 + 1.0
    return (risk_ratio if name == "RR" else odds_ratio)(x1, n1, x2, n2, level=level), empty


def response_difference(
    found: ResponseByWeek,
    pairs: Sequence[tuple[str, str]],
    *,
    measures: Iterable[str] = ("RD", "RR", "OR"),
    level: float = 0.95,
) -> pd.DataFrame:
    """By how much does the response rate differ between groups at each week, over both denominators?

    found : from ``response_by_week``.  pairs : (group, reference) of each comparison.
    Columns week, comparison, denominator and those of ``two_group_effects``. All treated keeps who was randomised or allotted together;
    the assessable are selected by who lived and came.

    >>> import ostealgia as oa
    >>> found = oa.cohort.response_by_week(oa.cohort.read(oa.cohort.example()), weeks=[12])
    >>> oa.cohort.response_difference(found, [("observation", "control")])["estimate"].round(2).tolist()[0]
    0.22
    """
    import pandas as pd

    names, rows = tuple(measures), []
    rates: Any = found.rates(level=level)
    at = {(int(r.week), str(r.group), str(r.denominator)): (int(r.events), int(r.n)) for r in rates.itertuples()}
    for week in found.by_week:
        for one, other in pairs:
            for denominator in ("all_treated", "assessable"):
                counts = (*at[(week, one, denominator)], *at[(week, other, denominator)])
                label = {"week": week, "comparison": f"{one} - {other}", "denominator": denominator}
                rows += [label | effect for effect in two_group_effects(*counts, measures=names, level=level)]
    return pd.DataFrame(rows)
