"""heterogeneity: do Q, its df and P, I2, H and tau2 of one pooled result belong together?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from ostealgia.audit.causes import only_repair, slip, within
from ostealgia.audit.finding import NOWHERE, Cause, Finding, Place, judge, make
from ostealgia.audit.rules.p_values import p_vs_statistic, slip_of_p
from ostealgia.audit.rules.significance import show_range
from ostealgia.audit.slips import Suspect, weighed
from ostealgia.numerics.intervals import Interval, Numeral, Printed, corners
from ostealgia.numerics.summary_tests import p_from_chi2

RULE = "heterogeneity"
APART = 15.0  # points of I2 by which the definition by Q and the one by tau2 seldom differ more


def heterogeneity(
    *,
    i2: Numeral | None = None,
    q: Numeral | None = None,
    df: int | None = None,
    p_value: Numeral | None = None,
    h: Numeral | None = None,
    h2: Numeral | None = None,
    tau2: Numeral | None = None,
    tau: Numeral | None = None,
    i2_limits: tuple[Numeral, Numeral] | None = None,
    by_q: bool | None = None,
    place: Place = NOWHERE,
) -> list[Finding]:
    """Do the printed measures of heterogeneity of one pooled result belong together?

    i2 : in per cent.  df : studies - 1.  i2_limits : its confidence limits, in per cent.
    by_q : I2 is 100 (Q - df)/Q (True), 100 tau2/(tau2 + typical variance) (False), or not said (None). Unless it is
    True, I2 and Q may differ: less than 15 points apart is then information only.
    tau2 = 0 beside I2 above 0, and the reverse, are allowed: the two may rest on different estimators.
    Returns one Finding for each pair that can be compared, none where there is no pair.
    Source: Higgins, Thompson 2002, doi:10.1002/sim.1186.

    >>> [(f.reported, f.verdict, f.repair) for f in heterogeneity(i2="39%", q="31.1", df=19, p_value="0.039", by_q=True)]
    [('39%', 'consistent', None), ('0.039', 'consistent', None)]
    >>> [f.repair for f in heterogeneity(i2="93", q="31.1", df=19)]
    ['39']
    """
    found: list[Finding] = []
    share = None if i2 is None else Printed.of(i2)
    if share is not None:
        found += _limits(share, i2_limits, place)
        if q is not None and df is not None:
            found.append(_i2_and_q(share, Printed.of(q), df, by_q, place))
        elif p_value is not None and df is not None and df > 0:
            found += _i2_and_p(share, Printed.of(p_value), df, by_q, place)
        found += _i2_and_h(share, h, h2, place)
    if q is not None and df is not None and df > 0 and p_value is not None:
        found.append(_renamed(p_vs_statistic("Q", q, [df], p_value, place=place)))
        if share is not None:
            found = [_of_three(one, share, Printed.of(q), df, Printed.of(p_value)) for one in found]
    if tau2 is not None and tau is not None:
        found.append(_tau(Printed.of(tau2), Printed.of(tau), place))
    return found


def _of_three(found: Finding, i2: Printed, q: Printed, df: int, p: Printed) -> Finding:
    """Of Q, I2 and P two may agree: then the third is the wrong one; where no two do, none is named."""
    if not found.flagged or found.reported not in (i2.text, p.text):
        return found
    own = _p_of(q, df)
    by_i2, by_p = i2.allows(i2_range(q, df)[1]), p.allows(own)
    if by_i2 and found.reported == p.text:
        return _with(found, slip_of_p(p, own))
    if by_p and found.repair is None and found.reported == i2.text:
        low, high = (i2.like(end) for end in (found.recomputed_low or 0.0, found.recomputed_high or 0.0))
        return replace(found, repair=low if low == high else None, cause="Q and P belong together, I2 does not")
    if by_i2 or by_p:
        return found

    def fits(edit: Printed) -> bool:
        return i2.allows(i2_range(edit, df)[1]) and p.allows(_p_of(edit, df))

    wrong_q = Suspect("Q", q, fits, places=max(q.decimals, 1), least=q.decimals, plausible=max(q.value, df) / q.unit)
    cause = weighed([wrong_q]).cause(lambda slip: f"{slip.value.text} in place of {q.text}")
    if cause is None and _one_q(i2, df, p):
        cause = Cause(text="I2 and P belong together, with another Q")
    return _with(found, cause)


def _with(found: Finding, cause: Cause | None) -> Finding:
    told = Cause() if cause is None else cause
    return replace(found, cause_code=told.code, cause=told.text, repair=told.repair)


def _p_of(q: Printed, df: int) -> Interval:
    """P of Q over its rounding."""
    return corners(lambda x: p_from_chi2(x, float(df)), q.interval().clip(0.0, math.inf))


def _one_q(i2: Printed, df: int, p: Printed) -> bool:
    """Whether one Q has both this I2 and this P."""
    box = i2.interval().clip(0.0, 100.0)
    if box.high >= 100.0:
        return False
    low = df / (1 - box.low / 100) if i2.value > 0 else 0.0
    return p.allows(corners(lambda x: p_from_chi2(x, float(df)), Interval(low, df / (1 - box.high / 100))))


def _limits(i2: Printed, limits: tuple[Numeral, Numeral] | None, place: Place) -> Iterator[Finding]:
    if not i2.interval().overlaps(Interval(0.0, 100.0)):
        yield _told(
            i2, place, "impossible", f"I2 {i2.text} is not within 0 to 100%", None, Interval(0.0, 100.0), "major"
        )
    if limits is None:
        return
    low, high = (Printed.of(limit) for limit in limits)
    inside = low.interval().low <= i2.interval().high and i2.interval().low <= high.interval().high
    verdict = "consistent" if inside and low.value <= high.value else "impossible"
    message = f"I2 {i2.text} with limits {low.text} to {high.text}"
    yield _told(i2, place, verdict, message, None, None, "minor")


def i2_range(q: Printed, df: int) -> tuple[float, Interval]:
    """I2 in per cent by Q and df, and its range over the rounding of Q.

    >>> value, box = i2_range(Printed.parse("31.1"), 19)
    >>> round(value, 1), round(box.low, 1), round(box.high, 1)
    (38.9, 38.8, 39.1)
    """

    def share(value: float) -> float:
        return max(0.0, 100 * (value - df) / value) if value > 0 else 0.0

    box = q.interval()
    return share(q.value), Interval(share(box.low), 100.0 if math.isinf(box.high) else share(box.high))


def _i2_and_q(i2: Printed, q: Printed, df: int, by_q: bool | None, place: Place) -> Finding:
    point, values = i2_range(q, df)
    verdict = judge(i2, point, values)
    message = f"Q {q.text} with {df} df means I2 {show_range(values)}%; printed {i2.text}"
    return _weighed(i2, point, values, verdict, message, by_q, place)


def _i2_and_p(i2: Printed, p: Printed, df: int, by_q: bool | None, place: Place) -> Iterator[Finding]:
    """I2 gives Q = df/(1 - I2) where it is above 0; at 0, Q is at most df."""
    box = i2.interval().clip(0.0, 100.0)
    if box.high >= 100.0:
        return
    q_low = df / (1 - box.low / 100) if box.low > 0 and i2.value > 0 else 0.0
    q = Interval(q_low, df / (1 - box.high / 100))
    values = corners(lambda x: p_from_chi2(x, float(df)), q)
    fits = p.allows(values.clip(0.0, 1.0))
    message = f"I2 {i2.text} with {df} df means P of Q {show_range(values)}; printed {p.text}"
    middle = float(p_from_chi2(df / (1 - i2.value / 100), float(df)))
    verdict = "consistent" if fits else "inconsistent"
    far = not p.allows(Interval(min(values.low / 20, 1.0), min(values.high * 20, 1.0)))
    severity = "minor" if by_q or far else "information"
    yield _told(p, place, verdict, message, middle, values, severity)


def _i2_and_h(i2: Printed, h: Numeral | None, h2: Numeral | None, place: Place) -> Iterator[Finding]:
    """I2 = 1 - 1/H2, whichever way both were found."""
    for name, value, power in (("H", h, 2), ("H2", h2, 1)):
        if value is None:
            continue
        printed = Printed.of(value)

        def share(x: float, power: int = power) -> float:
            return 0.0 if x <= 1 else 100 * (1 - x**-power)

        box = printed.interval()
        values = Interval(share(box.low), share(box.high))
        verdict = judge(i2, share(printed.value), values)
        message = f"{name} {printed.text} means I2 {show_range(values)}%; printed {i2.text}"
        yield _told(i2, place, verdict, message, share(printed.value), values, "minor")


def _tau(tau2: Printed, tau: Printed, place: Place) -> Finding:
    values = tau.interval().clip(0.0, math.inf).square()
    verdict = judge(tau2, tau.value**2, values)
    message = f"tau {tau.text} means tau2 {show_range(values)}; printed {tau2.text}"
    return _told(tau2, place, verdict, message, tau.value**2, values, "minor")


def _weighed(
    i2: Printed, point: float, values: Interval, verdict: str, message: str, by_q: bool | None, place: Place
) -> Finding:
    severity = "minor"
    if verdict == "inconsistent" and not by_q:
        gap = max(values.low - i2.value, i2.value - values.high)
        if by_q is False or (gap < APART and slip(i2, point) is None):
            severity, message = "information", f"{message}; I2 by tau2 may give this"
    return _told(i2, place, verdict, message, point, values, severity)


def _told(
    printed: Printed,
    place: Place,
    verdict: str,
    message: str,
    point: float | None,
    values: Interval | None,
    severity: str,
) -> Finding:
    wrong = verdict in ("inconsistent", "impossible")
    return make(
        RULE,
        place,
        reported=printed.text,
        verdict=verdict,
        severity=severity if wrong else "none",
        basis="judgement" if wrong and severity == "information" else "arithmetic",
        message=message,
        recomputed=point,
        values=values,
        cause=_cause(printed, point, values) if wrong and severity != "information" else None,
    )


def _cause(printed: Printed, point: float | None, values: Interval | None) -> Cause | None:
    if point is None or values is None or printed.relation != "=":
        return None
    return slip(printed, point) or only_repair(printed, within(values))


def _renamed(found: Finding) -> Finding:
    """P of Q is part of this rule."""
    return replace(found, rule=RULE)
