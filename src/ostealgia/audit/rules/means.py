"""t-vs-summary: does a printed t (or F, or P) follow from the printed means, SDs and group sizes?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ostealgia.audit.causes import within
from ostealgia.audit.finding import NOWHERE, Cause, Finding, Place, judge, make
from ostealgia.audit.rules.p_values import slip_of_p
from ostealgia.audit.rules.significance import ALPHA, changes, p_range, show, show_range
from ostealgia.audit.slips import Slip, Suspect, weighed
from ostealgia.errors import OptionError
from ostealgia.numerics.intervals import Interval, Numeral, Printed, corners
from ostealgia.numerics.summary_tests import (
    anova_f,
    between_ss_range,
    p_from_f,
    p_from_t,
    t_student,
    t_welch,
    welch_df_range,
)

RULE = "t-vs-summary"
RANKS = "; another test (of ranks) may give it"
ERRORS_FIT = "it fits if the numbers after the means are standard errors"


@dataclass(frozen=True)
class Group:
    """Mean and SD of one group as printed, and its size."""

    mean: Printed
    sd: Printed
    n: int

    @classmethod
    def of(cls, mean: Numeral, sd: Numeral, n: int) -> Group:
        """From printed text, checked: an SD of 0 or more, two patients or more."""
        group = cls(Printed.of(mean), Printed.of(sd), int(n))
        if group.sd.value < 0 or group.n < 2:
            raise OptionError(
                f"a group with SD {group.sd.text} and n {n} has no t test: SD must be 0 or more, n 2 or more."
            )
        return group

    @property
    def sd_range(self) -> Interval:
        """Every SD that the print may stand for, 0 or more."""
        return self.sd.interval().clip(0.0, math.inf)


@dataclass(frozen=True)
class Candidate:
    """One test of the summaries: value at the printed numbers, range over their rounding, and the same for P."""

    name: str
    value: float
    values: Interval
    p: float
    p_values: Interval


def t_vs_summary(
    groups: Sequence[Group],
    statistic: Numeral | None = None,
    p_value: Numeral | None = None,
    *,
    squared: bool = True,
    place: Place = NOWHERE,
    alpha: float = ALPHA,
) -> Finding:
    """Is a printed t inside the range that the rounded means and SDs leave open, by Student's or Welch's test?

    groups : two (t, or F = t squared) or more (F of a one-way analysis of variance).
    statistic, p_value : as printed; the sign of t is not compared. With a statistic the finding is about the statistic,
    without one about P, and then a flag is judgement: a rank test gives another P.
    squared : of two groups, F (the square of t) may be printed in place of t.
    Returns a Finding; recomputed is the value at the printed means and SDs, the range is over their rounding.
    Source: Student 1908, doi:10.1093/biomet/6.1.1; Welch 1947, doi:10.2307/2332510.

    >>> groups = [Group.of("62.02", "11.39", 103), Group.of("62.25", "11.54", 102)]
    >>> found = t_vs_summary(groups, "0.147", "0.883")
    >>> found.verdict, round(found.recomputed, 3), found.flagged
    ('rounding', 0.144, False)
    """
    if len(groups) < 2:
        raise OptionError("t-vs-summary compares at least two groups.")
    tests = candidates(groups, squared=squared)
    if statistic is not None:
        return _statistic(groups, tests, Printed.of(statistic), place, alpha, p_value)
    if p_value is None:
        raise OptionError("t-vs-summary needs a printed statistic or a printed P value.")
    found = _p_value(tests, Printed.of(p_value), place, alpha)
    if found.flagged and _near_standard_errors(groups, Printed.of(p_value)):
        told = f"{found.message}; {ERRORS_FIT}"
        return replace(found, severity="information", message=told)
    return found


def candidates(groups: Sequence[Group], *, squared: bool = True) -> list[Candidate]:
    """The tests that may have been used, most usual first."""
    if len(groups) > 2:
        return [_anova(groups)]
    student, welch = _student(*groups), _welch(*groups)
    f = Candidate("F (t squared)", student.value**2, student.values.square(), student.p, student.p_values)
    return [student, welch, f] if squared else [student, welch]


def _over_rounding(statistic: Callable[..., Any], a: Group, b: Group) -> Interval:
    """A statistic of (mean, SD, mean, SD) over the rounding of the four printed numbers."""
    return corners(statistic, a.mean.interval(), a.sd_range, b.mean.interval(), b.sd_range)


def _student(a: Group, b: Group) -> Candidate:
    test = t_student(a.mean.value, a.sd.value, a.n, b.mean.value, b.sd.value, b.n)
    box = _over_rounding(lambda m1, s1, m2, s2: t_student(m1, s1, a.n, m2, s2, b.n).statistic, a, b)
    df = float(test.df)
    return _two_sided("Student's t", float(test.statistic), abs(box), df, (df, df))


def _welch(a: Group, b: Group) -> Candidate:
    test = t_welch(a.mean.value, a.sd.value, a.n, b.mean.value, b.sd.value, b.n)
    box = _over_rounding(lambda m1, s1, m2, s2: t_welch(m1, s1, a.n, m2, s2, b.n).statistic, a, b)
    low = a.sd_range.low**2 / a.n, b.sd_range.low**2 / b.n
    high = a.sd_range.high**2 / a.n, b.sd_range.high**2 / b.n
    ratio_low = low[0] / high[1] if high[1] > 0 else 0.0
    ratio_high = high[0] / low[1] if low[1] > 0 else math.inf
    dfs = welch_df_range(ratio_low, ratio_high, a.n, b.n)
    return _two_sided("Welch's t", float(test.statistic), abs(box), float(test.df), dfs)


def _two_sided(name: str, t: float, box: Interval, df: float, dfs: tuple[float, float]) -> Candidate:
    low = float(p_from_t(box.high, dfs[1])) if math.isfinite(box.high) else 0.0
    high = float(p_from_t(box.low, dfs[0]))
    p = float(p_from_t(t, df)) if not math.isnan(t) and not math.isnan(df) else math.nan
    return Candidate(name, abs(t), box, p, Interval(low, max(low, high)))


def _anova(groups: Sequence[Group]) -> Candidate:
    n = [group.n for group in groups]
    f, df1, df2, p = anova_f([g.mean.value for g in groups], [g.sd.value for g in groups], n)
    means = [group.mean.interval() for group in groups]
    low, high = between_ss_range([m.low for m in means], [m.high for m in means], n)
    weights = np.array(n, dtype=float) - 1
    within_low = float((weights * np.square([g.sd_range.low for g in groups])).sum()) / df2
    within_high = float((weights * np.square([g.sd_range.high for g in groups])).sum()) / df2
    lowest = low / df1 / within_high if within_high else 0.0
    highest = high / df1 / within_low if within_low else math.inf
    box = Interval(lowest, highest)
    p_low = float(p_from_f(highest, df1, df2)) if math.isfinite(highest) else 0.0
    p_box = Interval(p_low, float(p_from_f(lowest, df1, df2)))
    return Candidate("F of the analysis of variance", f, box, p, p_box)


def _statistic(
    groups: Sequence[Group],
    tests: list[Candidate],
    printed: Printed,
    place: Place,
    alpha: float,
    p_value: Numeral | None,
) -> Finding:
    size = abs_print(printed)
    verdict, test = _best(size, [(test.value, test.values, test) for test in tests])
    told = f"{show(test.value)} (rounding allows {show_range(test.values)})"
    message = f"{test.name} from the means and SDs is {told}; printed {printed.text}"
    severity = "none"
    if verdict == "inconsistent":
        shown = p_range(Printed.of(p_value)) if p_value is not None else _p_of_print(groups, size)
        severity = "major" if changes(shown, test.p_values, alpha) else "minor"
    return make(
        RULE,
        place,
        reported=printed.text,
        verdict=verdict,
        severity=severity,
        message=message,
        recomputed=test.value,
        values=test.values,
        cause=_cause(groups, tests, printed, p_value) if verdict == "inconsistent" else None,
    )


NEAR_P = 0.35  # normal deviates; an adjusted or rank test gives a P that near


def _near_standard_errors(groups: Sequence[Group], printed: Printed) -> bool:
    """Whether the printed P is about that of the same numbers read as standard errors."""
    if len(groups) != 2 or not 0 < printed.value < 1:
        return False
    t = _as_standard_errors(*groups)
    df = sum(group.n for group in groups) - 2
    low, high = float(p_from_t(t.high, df)), float(p_from_t(t.low, df))
    nearest = min(max(printed.value, low), high)
    from scipy import special

    return abs(float(special.ndtri(printed.value / 2)) - float(special.ndtri(max(nearest, 1e-300) / 2))) < NEAR_P


def _p_value(tests: list[Candidate], printed: Printed, place: Place, alpha: float) -> Finding:
    verdict, test = _best(printed, [(test.p, test.p_values, test) for test in tests])
    told = f"{show(test.p)} (rounding allows {show_range(test.p_values)})"
    message = f"P of {test.name} from the means and SDs is {told}; printed {printed.text}"
    severity = "none"
    if verdict == "inconsistent":
        severity = "major" if all(changes(p_range(printed), t.p_values, alpha) for t in tests) else "information"
        message += RANKS
    return make(
        RULE,
        place,
        reported=printed.text,
        verdict=verdict,
        severity=severity,
        basis="judgement" if verdict == "inconsistent" else "arithmetic",
        message=message,
        recomputed=test.p,
        values=test.p_values,
        cause=slip_of_p(printed, test.p_values) if verdict == "inconsistent" else None,
    )


def abs_print(printed: Printed) -> Printed:
    """The print without its minus sign."""
    return Printed(printed.text.lstrip("-−–"), abs(printed.value), printed.decimals, printed.relation, printed.percent)


def _best(printed: Printed, options: list[tuple[float, Interval, Candidate]]) -> tuple[str, Candidate]:
    verdicts = [(judge(printed, value, values), test) for value, values, test in options]
    for wanted in ("consistent", "rounding"):
        for verdict, test in verdicts:
            if verdict == wanted:
                return verdict, test
    return verdicts[0]


def _p_of_print(groups: Sequence[Group], size: Printed) -> Interval:
    total = sum(group.n for group in groups)
    box = size.interval().clip(0.0, 1e300)
    if len(groups) > 2:
        df1, df2 = len(groups) - 1, total - len(groups)
        return Interval(float(p_from_f(box.high, df1, df2)), float(p_from_f(box.low, df1, df2)))
    return Interval(float(p_from_t(box.high, total - 2)), float(p_from_t(box.low, total - 2)))


def _cause(groups: Sequence[Group], tests: list[Candidate], printed: Printed, p_value: Numeral | None) -> Cause | None:
    """Standard errors in place of SDs, or a slip: of the statistic where P fits the summaries, of these where it fits the statistic."""
    p, size = None if p_value is None else Printed.of(p_value), abs_print(printed)
    by_summary = p is not None and any(p.allows(test.p_values) for test in tests)
    by_print = p is not None and p.allows(_p_of_print(groups, size))
    if len(groups) == 2 and (by_print or not by_summary) and size.allows(_as_standard_errors(*groups)):
        text = "t fits where the numbers after the means are standard errors, not standard deviations"
        return Cause(code="wrong-scale", text=text)

    def fits(edit: Printed) -> bool:
        near = any(within(test.values)(abs_print(edit)) for test in tests)
        return near and (p is None or not by_summary or p.allows(_p_of_print(groups, abs_print(edit))))

    places = max(printed.decimals, 1) + (printed.decimals < 2)
    plausible = max(size.value, USUAL) / printed.unit
    statistic = Suspect(
        "the statistic",
        printed,
        fits,
        places=places,
        least=printed.decimals,
        plausible=plausible,
        inside=_hull(tests, printed.value < 0),
        among=None
        if by_summary and p is not None and p.relation == "="
        else lambda _: tests[0].values.width / printed.unit,
    )
    if by_summary and not by_print:
        return _of_statistic(weighed([statistic]).cause(), printed, tests)
    own = [] if by_print and not by_summary else [statistic]
    found = weighed([*own, *_of_groups(groups, tests[0], size)]).cause(_told)
    return Cause(text=TOGETHER) if found is None and not own else found


TOGETHER = (
    "the statistic and its P belong together: a mean, SD or size is another one, or both are of another test or row"
)


def _hull(tests: Sequence[Candidate], negative: bool) -> Interval:
    """All values of the statistic that any of the tests allows."""
    low, high = min(test.values.low for test in tests), max(test.values.high for test in tests)
    return Interval(-high, -low) if negative else Interval(low, high)


USUAL = 4.0  # size of a statistic
CLEAR = 0.02  # of a statistic: how far that of a changed summary may be off before its rounding is looked at


def _told(slip: Slip) -> str:
    printed = slip.suspect.printed.text
    return slip.value.text if slip.suspect.name == "the statistic" else f"{slip.value.text} in place of {printed}"


def _of_statistic(found: Cause | None, printed: Printed, tests: Sequence[Candidate]) -> Cause | None:
    """Where P fits the summaries the statistic is the wrong number: what it would be, if its rounding leaves one print."""
    if found is not None and found.repair is not None:
        return found
    values = tests[0].values
    text, other = printed.like(values.low), printed.like(values.high)
    if text != other:
        return found
    text = f"-{text}" if printed.value < 0 else text
    told = f"P fits the means and SDs, with {text} as the statistic"
    return Cause(code=found.code if found else "unknown", text=told, repair=text)


def _of_groups(groups: Sequence[Group], test: Candidate, size: Printed) -> Iterator[Suspect]:
    """Means, SDs and sizes of two groups as numbers that may have a slip."""
    if len(groups) != 2:
        return
    about = CLEAR * max(size.value, 1.0) + test.values.width + size.unit

    for at, group in enumerate(groups):
        parts = (("the mean", "mean", group.mean), ("the SD", "sd", group.sd), ("n", "n", Printed.of(group.n)))
        for name, part, number in parts:

            def fits(edit: Printed, at: int = at, part: str = part) -> bool:
                if edit.value < (2 if part == "n" else 0) and part != "mean":
                    return False
                changed = list(groups)
                changed[at] = replace(groups[at], **{part: int(edit.value) if part == "n" else edit})
                near = any(abs(value - size.value) <= about for value in _points(*changed))
                return near and any(within(one.values)(size) for one in candidates(changed, squared=False))

            yield Suspect(
                f"{name} {at + 1}", number, fits, places=number.decimals, least=number.decimals, rounded=False,
                plausible=10 * max(abs(number.value), number.unit) / number.unit, other=OTHER_SUMMARY,
            )  # fmt: skip


OTHER_SUMMARY = 2.0  # how often, for each of these, statistic and P are those of another row or test, against a slip


def _points(a: Group, b: Group) -> tuple[float, float]:
    """Student's and Welch's t of the printed numbers."""
    apart = abs(a.mean.value - b.mean.value)
    pooled = ((a.n - 1) * a.sd.value**2 + (b.n - 1) * b.sd.value**2) / (a.n + b.n - 2)
    errors = pooled * (1 / a.n + 1 / b.n), a.sd.value**2 / a.n + b.sd.value**2 / b.n
    student, welch = (apart / math.sqrt(error) if error > 0 else math.inf for error in errors)
    return student, welch


def _as_standard_errors(a: Group, b: Group) -> Interval:
    return abs(_over_rounding(lambda m1, s1, m2, s2: (m1 - m2) / np.hypot(s1, s2), a, b))
