# pyright: reportMissingTypeStubs=false
"""Mantel-Haenszel pooling of 2x2 tables and of event rates, with the tests that belong to it. Cost O(k).

Nothing is added to the counts unless the caller asks by ``increment``: a table with one empty cell contributes as it
stands, a table without
events (or with events only) in both groups has weight 0 for ratios.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

from ostealgia.errors import TableError
from ostealgia.numerics.heterogeneity import i2_from_q, q_p_value
from ostealgia.options import one_of

Array = NDArray[np.float64]
NAN = math.nan


@dataclass(frozen=True, kw_only=True, eq=False)
class MantelHaenszelFit:
    """A pooled effect by Mantel-Haenszel, Cochran or Peto weights; ratios on the log scale, differences as they are.

    weights : (k,), unscaled; 0 for tables without information.  q, q_df, q_p_value : weighted squares of the study
    effects around the pooled one
    (inverse-variance weights).  i2_q : per cent.  h2 : q / q_df.
    study_estimate, study_variance : (k,), what Q was made of, NaN where a study does not enter Q; ``not_in_q`` gives
    their positions.
    corrected : positions where cells were raised, by the caller's increment or by 1/2 for Q only; the notes say which.
    cmh, cmh_p_value : Cochran-Mantel-Haenszel test of no effect (OR, IRR).  breslow_day, tarone : tests of one common
    odds ratio on tarone_df.
    """

    measure: str
    k: int
    estimate: float
    std_error: float
    weights: Array
    q: float
    q_df: int
    q_p_value: float
    i2_q: float
    h2: float
    study_estimate: Array
    study_variance: Array
    not_in_q: tuple[int, ...] = ()
    corrected: tuple[int, ...] = ()
    cmh: float = NAN
    cmh_p_value: float = NAN
    breslow_day: float = NAN
    breslow_day_p_value: float = NAN
    tarone: float = NAN
    tarone_p_value: float = NAN
    tarone_df: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Tables:
    """Cells a b | c d of 2x2 tables, each (k,); row 1 is the treated group, columns are events and non-events."""

    a: Array
    b: Array
    c: Array
    d: Array

    @property
    def n1(self) -> Array:
        return self.a + self.b

    @property
    def n2(self) -> Array:
        return self.c + self.d

    @property
    def n(self) -> Array:
        return self.n1 + self.n2

    @property
    def events(self) -> Array:
        return self.a + self.c

    @property
    def informative(self) -> NDArray[np.bool_]:
        """False where both groups have no events, or events only."""
        return (self.events > 0) & (self.b + self.d > 0)

    @property
    def empty(self) -> NDArray[np.bool_]:
        """True where a cell is 0."""
        return (self.a == 0) | (self.b == 0) | (self.c == 0) | (self.d == 0)

    def plus(self, increment: Array) -> Tables:
        """The tables with ``increment`` (k,) added to each of the four cells."""
        return Tables(a=self.a + increment, b=self.b + increment, c=self.c + increment, d=self.d + increment)


@dataclass(frozen=True, kw_only=True, eq=False)
class Rates:
    """Events x and person-time t of both groups, each (k,)."""

    x1: Array
    t1: Array
    x2: Array
    t2: Array

    @property
    def t(self) -> Array:
        return self.t1 + self.t2

    @property
    def informative(self) -> NDArray[np.bool_]:
        return self.x1 + self.x2 > 0

    @property
    def empty(self) -> NDArray[np.bool_]:
        """True where one group has no events."""
        return (self.x1 == 0) | (self.x2 == 0)

    def plus(self, increment: Array) -> Rates:
        """The rates with ``increment`` (k,) added to both event counts."""
        return Rates(x1=self.x1 + increment, t1=self.t1, x2=self.x2 + increment, t2=self.t2)


@dataclass(frozen=True, kw_only=True)
class OddsTests:
    """Tests of no effect and of one common odds ratio; NaN where a measure has none."""

    cmh: float = NAN
    breslow_day: float = NAN
    tarone: float = NAN
    df: int = 0


Pooled = tuple[float, float, Array]
Effects = tuple[Array, Array]


def mantel_haenszel(
    events_1: ArrayLike,
    n_1: ArrayLike,
    events_2: ArrayLike,
    n_2: ArrayLike,
    *,
    measure: str = "OR",
    variance: str = "sato",
    increment: ArrayLike = 0.0,
    continuity: bool = True,
    study_estimate: ArrayLike | None = None,
    study_variance: ArrayLike | None = None,
) -> MantelHaenszelFit:
    """What effect do 2x2 tables share, weighted by Mantel and Haenszel? Log scale for OR and RR, the difference
    itself for RD.

    events_1, n_1, events_2, n_2 : (k,), counts; group 1 is the treated one.  measure : "OR", "RR" or "RD".
    variance : for RD, "sato" (Sato, Greenland & Robins 1989) or "greenland" (Greenland & Robins 1985); OR and RR have
    one each (Robins, Breslow &
    Greenland 1986; Greenland & Robins 1985).
    increment : (k,) or one number, added to all four cells of a table before pooling; for RD it enters weights and
    variance, not the differences.
    continuity : 1/2 subtracted in the Cochran-Mantel-Haenszel test, which like Breslow-Day and Tarone always uses the
    counts as given.
    study_estimate, study_variance : (k,), the study effects that Q is made of, NaN for studies that do not enter; by
    default from the cells, with 1/2
    added to all four where one is empty, tables without events (or with events only) left out.
    Raises TableError for impossible counts and where the ratio is 0 or infinite.
    Source: Mantel & Haenszel 1959, doi:10.1093/jnci/22.4.719; doi:10.2307/2531052; doi:10.2307/2530643;
    doi:10.2307/2532055.

    >>> fit = mantel_haenszel([4, 6, 3], [123, 306, 231], [11, 29, 11], [139, 303, 220], measure="OR")
    >>> round(fit.estimate, 4), round(fit.std_error, 4)
    (-1.4135, 0.3155)
    """
    one_of("measure", measure, TABLE_POOL)
    one_of("variance", variance, ("sato", "greenland"))
    tables = two_by_two(events_1, n_1, events_2, n_2)
    added = _increments(increment, tables.a.size)
    raised = tables.plus(added)
    pooled = RISK_DIFFERENCE[variance](tables, raised) if measure == "RD" else TABLE_POOL[measure](raised)
    tests = _odds_ratio_tests(tables, TABLE_POOL["OR"](tables)[0], continuity) if measure == "OR" else OddsTests()
    effects = _given(study_estimate, study_variance, tables.a.size)
    if effects is None:
        half = np.where(tables.empty & tables.informative, 0.5, 0.0)
        return _result(
            measure, pooled, TABLE_EFFECT[measure](tables.plus(half)), tables.informative, added, half, tests
        )
    return _result(measure, pooled, effects, np.isfinite(effects[0]), added, np.zeros_like(added), tests)


def mantel_haenszel_rates(
    events_1: ArrayLike,
    person_time_1: ArrayLike,
    events_2: ArrayLike,
    person_time_2: ArrayLike,
    *,
    measure: str = "IRR",
    method: str = "MH",
    increment: ArrayLike = 0.0,
    continuity: bool = True,
    study_estimate: ArrayLike | None = None,
    study_variance: ArrayLike | None = None,
) -> MantelHaenszelFit:
    """What rate ratio (log scale) or rate difference do studies share?

    events_1, person_time_1, events_2, person_time_2 : (k,), time in one unit.  measure : "IRR" or "IRD".
    method : "MH", or "Cochran" for IRR: log rate ratios weighted by the events that group 2's rate would give in the
    time of group 1, with
    variance 1 / sum(events_1) + 1 / sum(events_2).
    increment : (k,) or one number, added to both event counts before pooling.  Other arguments and errors as in
    ``mantel_haenszel``; for Q, 1/2 is
    added to both counts where one is 0.
    Source: Greenland & Robins 1985, doi:10.2307/2530643; Rothman, Greenland & Lash 2008, Modern Epidemiology, chapter
    15; for Cochran's weights
    Bayne-Jones et al. 1964, Smoking and Health, chapter 8.

    >>> fit = mantel_haenszel_rates([7, 8, 3], [1344, 1600, 12012], [11, 8, 14], [1988, 1461, 10962])
    >>> round(fit.estimate, 4), round(fit.std_error, 4)
    (-0.5252, 0.2892)
    """
    one_of("measure", measure, RATE_POOL)
    one_of("method", method, ("MH", "Cochran") if measure == "IRR" else ("MH",))
    rates = two_rates(events_1, person_time_1, events_2, person_time_2)
    added = _increments(increment, rates.x1.size)
    half = np.where(rates.empty & rates.informative, 0.5, 0.0)
    own = RATE_EFFECT[measure](rates.plus(half))
    effects = _given(study_estimate, study_variance, rates.x1.size)
    raised = rates.plus(added)
    pooled = _cochran(raised, own[0]) if method == "Cochran" else RATE_POOL[measure](raised)
    tests = _rate_test(rates, continuity) if measure == "IRR" else OddsTests()
    if effects is None:
        return _result(measure, pooled, own, rates.informative, added, half, tests)
    return _result(measure, pooled, effects, np.isfinite(effects[0]), added, np.zeros_like(added), tests)


def _increments(increment: ArrayLike, k: int) -> Array:
    out = (
        np.broadcast_to(np.asarray(increment, dtype=np.float64), (k,))
        if np.ndim(increment) == 0
        else np.asarray(increment, dtype=np.float64)
    )
    if out.shape != (k,) or not np.all(np.isfinite(out) & (out >= 0)):
        raise TableError("increment cannot be used", found=increment, expected=f"one number, or {k}, each 0 or more")
    return out


def two_by_two(events_1: ArrayLike, n_1: ArrayLike, events_2: ArrayLike, n_2: ArrayLike) -> Tables:
    """Checked cells of 2x2 tables; TableError names the first study whose counts cannot be used."""
    a, n1, c, n2 = _columns(events_1=events_1, n_1=n_1, events_2=events_2, n_2=n_2)
    for name, events, size in (("events_1", a, n1), ("events_2", c, n2)):
        bad = (events > size) | (size <= 0)
        if bad.any():
            where = int(np.argmax(bad))
            raise TableError(
                f"{name} and its group size of study {where + 1} do not fit together",
                found=f"{events[where]:g} of {size[where]:g}",
                expected="events from 0 to n, n above 0",
            )
    return Tables(a=a, b=n1 - a, c=c, d=n2 - c)


def two_rates(events_1: ArrayLike, time_1: ArrayLike, events_2: ArrayLike, time_2: ArrayLike) -> Rates:
    """Checked events and person-time of two groups."""
    x1, t1, x2, t2 = _columns(events_1=events_1, person_time_1=time_1, events_2=events_2, person_time_2=time_2)
    for name, time in (("person_time_1", t1), ("person_time_2", t2)):
        if np.any(time <= 0):
            where = int(np.argmax(time <= 0))
            raise TableError(
                f"{name} of study {where + 1} cannot be used", found=time[where], expected="a number above 0"
            )
    return Rates(x1=x1, t1=t1, x2=x2, t2=t2)


def _columns(**named: ArrayLike) -> list[Array]:
    arrays = {name: np.atleast_1d(np.asarray(value, dtype=np.float64)) for name, value in named.items()}
    shapes = {array.shape for array in arrays.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) != 1 or next(iter(shapes))[0] == 0:
        raise TableError(
            "the columns should be lists of one length, at least 1", found=", ".join(map(str, sorted(shapes)))
        )
    for name, array in arrays.items():
        bad = ~(np.isfinite(array) & (array >= 0))
        if bad.any():
            where = int(np.argmax(bad))
            raise TableError(
                f"{name} of study {where + 1} cannot be used", found=array[where], expected="a number, 0 or more"
            )
    return list(arrays.values())


def _given(estimate: ArrayLike | None, variance: ArrayLike | None, k: int) -> Effects | None:
    if estimate is None or variance is None:
        return None
    y, v = np.asarray(estimate, dtype=np.float64), np.asarray(variance, dtype=np.float64)
    if y.shape != (k,) or v.shape != (k,):
        raise TableError(
            "study_estimate and study_variance should have one value a study", found=f"{y.shape} and {v.shape}"
        )
    return y, v


def _odds_ratio(t: Tables) -> Pooled:
    r, s = t.a * t.d / t.n, t.b * t.c / t.n
    p, q = (t.a + t.d) / t.n, (t.b + t.c) / t.n
    sum_r, sum_s = _positive(r.sum(), s.sum(), "odds")
    variance = (p @ r) / (2 * sum_r**2) + (p @ s + q @ r) / (2 * sum_r * sum_s) + (q @ s) / (2 * sum_s**2)
    return math.log(sum_r / sum_s), math.sqrt(variance), s


def _risk_ratio(t: Tables) -> Pooled:
    r, s = t.a * t.n2 / t.n, t.c * t.n1 / t.n
    sum_r, sum_s = _positive(r.sum(), s.sum(), "risk")
    variance = np.sum((t.n1 * t.n2 * t.events - t.a * t.c * t.n) / t.n**2) / (sum_r * sum_s)
    return math.log(sum_r / sum_s), math.sqrt(max(0.0, float(variance))), s


def _risk_difference_sato(t: Tables, raised: Tables) -> Pooled:
    estimate, w = _risk_difference(t, raised)
    r = raised
    p = r.c * (r.n1 / r.n) ** 2 - r.a * (r.n2 / r.n) ** 2 + (r.n1 / r.n) * (r.n2 / r.n) * (r.n2 - r.n1) / 2
    q = (r.a * r.d + r.b * r.c) / r.n / 2
    return estimate, math.sqrt(max(0.0, float(estimate * p.sum() + q.sum()))) / float(w.sum()), w


def _risk_difference_greenland(t: Tables, raised: Tables) -> Pooled:
    estimate, w = _risk_difference(t, raised)
    r = raised
    variance = np.sum((r.a * r.b * r.n2**3 + r.c * r.d * r.n1**3) / (r.n1 * r.n2 * r.n**2)) / w.sum() ** 2
    return estimate, math.sqrt(float(variance)), w


def _risk_difference(t: Tables, raised: Tables) -> tuple[float, Array]:
    w = raised.n1 * raised.n2 / raised.n
    return float(np.sum(w * (t.a / t.n1 - t.c / t.n2)) / w.sum()), w


def _rate_ratio(r: Rates) -> Pooled:
    up, down = r.x1 * r.t2 / r.t, r.x2 * r.t1 / r.t
    sum_up, sum_down = _positive(up.sum(), down.sum(), "rate")
    variance = np.sum((r.x1 + r.x2) * r.t1 * r.t2 / r.t**2) / (sum_up * sum_down)
    return math.log(sum_up / sum_down), math.sqrt(float(variance)), down


def _rate_difference(r: Rates) -> Pooled:
    w = r.t1 * r.t2 / r.t
    estimate = np.sum((r.x1 * r.t2 - r.x2 * r.t1) / r.t) / w.sum()
    variance = np.sum(np.square(w) * (r.x1 / r.t1**2 + r.x2 / r.t2**2)) / w.sum() ** 2
    return float(estimate), math.sqrt(float(variance)), w


def _cochran(r: Rates, log_ratio: Array) -> Pooled:
    w = r.x2 * r.t1 / r.t2
    total_1, total_2 = _positive(r.x1.sum(), r.x2.sum(), "rate")
    return float(np.sum(w * log_ratio) / w.sum()), math.sqrt(1.0 / total_1 + 1.0 / total_2), w


def _positive(up: float, down: float, what: str) -> tuple[float, float]:
    if up > 0 and down > 0:
        return float(up), float(down)
    side = "not determined" if up == down else "0" if up == 0 else "infinite"
    raise TableError(
        f"the Mantel-Haenszel {what} ratio is {side}",
        found="a group at its limit in every study",
        expected="both groups to contribute",
        action="Pool differences instead, or report the counts.",
    )


def _log_odds_ratio(t: Tables) -> Effects:
    return _safe_log(t.a * t.d, t.b * t.c), _inverse(t.a) + _inverse(t.b) + _inverse(t.c) + _inverse(t.d)


def _log_risk_ratio(t: Tables) -> Effects:
    return _safe_log(t.a * t.n2, t.c * t.n1), _inverse(t.a) - 1 / t.n1 + _inverse(t.c) - 1 / t.n2


def _study_difference(t: Tables) -> Effects:
    return t.a / t.n1 - t.c / t.n2, t.a * t.b / t.n1**3 + t.c * t.d / t.n2**3


def _log_rate_ratio(r: Rates) -> Effects:
    return _safe_log(r.x1 * r.t2, r.x2 * r.t1), _inverse(r.x1) + _inverse(r.x2)


def _study_rate_difference(r: Rates) -> Effects:
    return r.x1 / r.t1 - r.x2 / r.t2, r.x1 / r.t1**2 + r.x2 / r.t2**2


def _safe_log(up: Array, down: Array) -> Array:
    return np.log(np.where(up > 0, up, 1.0)) - np.log(np.where(down > 0, down, 1.0))


def _inverse(x: Array) -> Array:
    return np.divide(1.0, x, out=np.full(x.shape, np.inf), where=x > 0)


def _odds_ratio_tests(t: Tables, log_or: float, continuity: bool) -> OddsTests:
    """Cochran-Mantel-Haenszel (doi:10.1093/jnci/22.4.719), Breslow-Day and its correction by Tarone (1985,
    doi:10.1093/biomet/72.1.91)."""
    use = t.informative & (t.n > 1)
    a, n1, n2, n, m = (x[use] for x in (t.a, t.n1, t.n2, t.n, t.events))
    excess, variance = np.sum(a - n1 * m / n), np.sum(n1 * n2 * m * (n - m) / (n**2 * (n - 1)))
    expected = _expected_events(n1, n2, m, math.exp(log_or))
    spread = 1.0 / (1 / expected + 1 / (n1 - expected) + 1 / (m - expected) + 1 / (n2 - m + expected))
    breslow_day = float(np.sum(np.square(a - expected) / spread))
    return OddsTests(
        cmh=_cmh(float(excess), float(variance), continuity),
        breslow_day=breslow_day,
        tarone=breslow_day - float(np.sum(a - expected) ** 2 / np.sum(spread)),
        df=int(use.sum()) - 1,
    )


def _expected_events(n1: Array, n2: Array, m: Array, odds_ratio: float) -> Array:
    """Events of group 1 that give this odds ratio with the margins of the table: the root of a quadratic, in its
    stable form."""
    swap = odds_ratio < 1
    first = n2 if swap else n1
    phi = odds_ratio if swap else 1.0 / odds_ratio
    b = first + m + phi * (n1 + n2 - first - m)
    root = 2 * first * m / (b + np.sqrt(np.square(b) - 4 * (1 - phi) * first * m))
    return m - root if swap else root


def _rate_test(r: Rates, continuity: bool) -> OddsTests:
    events = r.x1 + r.x2
    excess = float(np.sum(r.x1 - events * r.t1 / r.t))
    return OddsTests(cmh=_cmh(excess, float(np.sum(events * r.t1 * r.t2 / r.t**2)), continuity))


def _cmh(excess: float, variance: float, continuity: bool) -> float:
    return (abs(excess) - (0.5 if continuity else 0.0)) ** 2 / variance


def _result(
    measure: str,
    pooled: Pooled,
    effects: Effects,
    enters: NDArray[np.bool_],
    added: Array,
    half: Array,
    tests: OddsTests,
) -> MantelHaenszelFit:
    """The pooled numbers with Q around them.  added : by the caller, before pooling.  half : added for Q only."""
    estimate, std_error, weights = pooled
    y, v = effects
    enters = enters & np.isfinite(v) & (v > 0)
    q = float(np.sum(np.square(y[enters] - estimate) / v[enters]))
    df = max(0, int(enters.sum()) - 1)
    return MantelHaenszelFit(
        measure=measure,
        k=y.size,
        estimate=estimate,
        std_error=std_error,
        weights=weights,
        q=q,
        q_df=df,
        q_p_value=q_p_value(q, df),
        i2_q=i2_from_q(q, df) if df > 0 else 0.0,
        h2=q / df if df > 0 else NAN,
        study_estimate=np.where(enters, y, NAN),
        study_variance=np.where(enters, v, NAN),
        not_in_q=tuple(int(i) for i in np.flatnonzero(~enters)),
        corrected=tuple(int(i) for i in np.flatnonzero((added > 0) | (half > 0))),
        cmh=tests.cmh,
        cmh_p_value=_tail(tests.cmh, 1),
        breslow_day=tests.breslow_day,
        breslow_day_p_value=_tail(tests.breslow_day, tests.df),
        tarone=tests.tarone,
        tarone_p_value=_tail(tests.tarone, tests.df),
        tarone_df=tests.df,
        notes=_notes(added, half, enters),
    )


def _tail(statistic: float, df: int) -> float:
    """Upper tail of chi-square; 1 without degrees of freedom, NaN without a statistic."""
    return NAN if math.isnan(statistic) else float(chdtrc(df, statistic)) if df > 0 else 1.0


def _notes(added: Array, half: Array, enters: NDArray[np.bool_]) -> tuple[str, ...]:
    k = added.size
    out: list[str] = []
    if np.any(added > 0):
        sizes = ", ".join(f"{value:g}" for value in np.unique(added[added > 0]))
        out.append(f"{sizes} added to the cells of {int(np.sum(added > 0))} of {k} studies before pooling.")
    if np.any(half > 0):
        out.append(
            f"1/2 added to the cells of {int(np.sum(half > 0))} of {k} studies for Q only; "
            "the pooled estimate uses the counts as they are."
        )
    if not enters.all():
        out.append(f"{int(np.sum(~enters))} of {k} studies do not enter Q.")
    return tuple(out)


TABLE_POOL: dict[str, Callable[[Tables], Pooled]] = {
    "OR": _odds_ratio,
    "RR": _risk_ratio,
    "RD": lambda t: _risk_difference_sato(t, t),
}
RISK_DIFFERENCE: dict[str, Callable[[Tables, Tables], Pooled]] = {
    "sato": _risk_difference_sato,
    "greenland": _risk_difference_greenland,
}
TABLE_EFFECT: dict[str, Callable[[Tables], Effects]] = {
    "OR": _log_odds_ratio,
    "RR": _log_risk_ratio,
    "RD": _study_difference,
}
RATE_POOL: dict[str, Callable[[Rates], Pooled]] = {"IRR": _rate_ratio, "IRD": _rate_difference}
RATE_EFFECT: dict[str, Callable[[Rates], Effects]] = {"IRR": _log_rate_ratio, "IRD": _study_rate_difference}
