"""What a rule takes for granted about a table, judged by the other cells of the table: where most do not fit, it does not hold."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from ostealgia.audit.causes import probable, slip, within
from ostealgia.audit.finding import Finding
from ostealgia.audit.rules.significance import p_range
from ostealgia.numerics.intervals import Interval, Printed

MANY = 4  # misfits of one rule in one table that speak against its premise
SHARE = 0.3  # of its checks
NAMED = ("double-exponentiation", "row-swap")  # causes that explain many misfits at once
FITTING = 2  # other P values that say a table gives the ordinary test
SHARP = 3  # P values of counts, printed as a value, that say the same of counts


def doubtful(
    found: Iterable[Finding],
    rule: str,
    why: str,
    *,
    many: int = MANY,
    settled: Callable[[Finding], bool] = lambda _: False,
) -> list[Finding]:
    """The same findings; where many of one rule (and nearly a third) do not fit, these are information only.

    settled : a misfit that one named slip explains while everything else stays as it is: it says nothing about the premise,
    is not counted and keeps its severity, however many there are.

    >>> found = [Finding(rule="GRIM", reported="1", verdict="inconsistent", severity="minor")] * 4
    >>> [f.flagged for f in doubtful(found, "GRIM", "why")]
    [False, False, False, False]
    >>> [f.flagged for f in doubtful(found, "GRIM", "why", settled=lambda f: True)]
    [True, True, True, True]
    """
    listed = list(found)
    of_rule = [f for f in listed if f.rule == rule]
    off = [f for f in of_rule if f.flagged and f.cause_code not in NAMED and not settled(f)]
    if len(off) < many or len(off) <= SHARE * len(of_rule):
        return listed
    return [lowered(f, why) if any(f is one for one in off) else f for f in listed]


ALONE = 1.0  # normal deviates: no other usual test of the same numbers gives a P so far away


def away(found: Finding) -> float:
    """Normal deviates between the printed P and the nearest that the recomputed range allows.

    >>> round(away(Finding(rule="r", reported="0.60", verdict="inconsistent", recomputed_low=0.05, recomputed_high=0.06)), 1)
    1.3
    """
    from scipy import special

    low, high, printed = found.recomputed_low, found.recomputed_high, p_range(Printed.of(found.reported))
    if low is None or high is None or (printed.low <= high and low <= printed.high):
        return 0.0
    nearest = (printed.high, low) if printed.high < low else (high, printed.low)
    ends = [float(special.ndtri(min(max(one, 1e-300), 1.0) / 2)) for one in nearest]
    return abs(ends[0] - ends[1])


def _told_here(off: Sequence[Finding], fits: int, here: Collection[str], said: Collection[str]) -> bool:
    """Whether misfits stand although few others fit: the table names their test, or the paper does and one is far away."""
    if all(f.rule in here for f in off) and len(off) <= fits + 1:
        return True
    return len(off) == 1 and off[0].rule in said and away(off[0]) >= ALONE


def ordinary_test(
    found: Sequence[Finding],
    rules: Sequence[str],
    why: str,
    said: Collection[str] = (),
    here: Collection[str] = (),
) -> list[Finding]:
    """The same findings; a P that does not fit is information unless at least two others of its columns do, and twice as many.

    said : rules whose test the paper names, and no other: there as many others that fit will do, or none for a P far away.
    here : rules whose test the table itself names, and no other: one misfit needs no company.
    """
    of_rules = [f for f in found if f.rule in rules]
    off = sum(f.flagged for f in of_rules)
    fits = sum(f.verdict in ("consistent", "rounding") for f in of_rules)
    flagged = [f for f in of_rules if f.flagged]
    named = all(f.rule in said for f in flagged)
    if fits >= max(FITTING, 2 * off) or (named and fits >= max(1, off)) or _told_here(flagged, fits, here, said):
        return list(found)
    return [lowered(f, why) if f.rule in rules and f.cause_code not in NAMED else f for f in found]


def counts_tested(
    found: Sequence[Finding], why: str, said: Collection[str] = (), here: Collection[str] = ()
) -> list[Finding]:
    """The same findings; a P of counts that does not fit is information unless at least three others, printed as values, do.

    The others must be twice as many as those that do not fit, those that are information already included: nothing else says
    that the column holds tests of these very counts. Where one digit makes a P of three places fit, two others will do; as many
    others where the paper names the test of counts, and no other (said); none where the table does (here).

    >>> made = [Finding(rule="chi2-vs-counts", reported="0.31", verdict="consistent")] * 2
    >>> made += [Finding(rule="chi2-vs-counts", reported="0.02", verdict="inconsistent", severity="minor")]
    >>> [f.flagged for f in counts_tested(made, "why")], counts_tested([made[0], *made], "why")[-1].flagged
    ([False, False, False], True)
    """
    of_counts = [f for f in found if f.rule == "chi2-vs-counts"]
    fits = sum(f.verdict in ("consistent", "rounding") and f.reported[:1] not in "<>≤≥" for f in of_counts)
    off = sum(f.verdict in ("inconsistent", "impossible") for f in of_counts)
    if fits >= max(SHARP, 2 * off) or ("chi2-vs-counts" in said and fits >= max(1, off)):
        return list(found)
    misfits = [f for f in of_counts if f.verdict in ("inconsistent", "impossible")]
    if _told_here(misfits, fits, here, said):
        return list(found)
    enough = fits >= max(FITTING, 2 * off)
    return [
        f if f.rule != "chi2-vs-counts" or f.cause_code in NAMED or (enough and _slipped(f)) else lowered(f, why)
        for f in found
    ]


def _slipped(found: Finding) -> bool:
    """Whether a P printed with three places or more has one digit wrong: another test would seldom look like that."""
    digits, value = found.reported.partition(".")[2], found.recomputed
    if len(digits) < len("005") or value is None:
        return False
    printed = Printed.of(found.reported)
    return printed.relation == "=" and slip(printed, value) is not None


def _slip_explains(found: Finding) -> bool:
    """Whether some slip of the printed statistic, or of P, would make it fit, even if no value can be named."""
    low, high = found.recomputed_low, found.recomputed_high
    if found.cause_code in NAMED or low is None or high is None:
        return found.cause_code in NAMED
    printed = Printed.of(found.reported.lstrip("-−–"))
    return found.cause_code != "wrong-scale" and probable(printed, within(Interval(low, high))) is not None


def means_tested(found: Sequence[Finding], why: str, *, said: bool = False) -> list[Finding]:
    """The same findings; a statistic of means that does not fit is information unless as many others of its column (or of counts) do.

    A statistic with a slip of one digit needs one other. An adjusted or paired test of the same means gives others everywhere.
    said : the table says that its statistics are those of plain means.

    >>> made = [Finding(rule="t-vs-summary", reported="16.7", verdict="inconsistent", severity="minor")]
    >>> [f.flagged for f in means_tested(made, "why")]
    [False]
    """
    of_means = [f for f in found if f.rule == "t-vs-summary"]
    fits = sum(f.verdict in ("consistent", "rounding") and f.rule in ("t-vs-summary", "chi2-vs-counts") for f in found)
    off = [f for f in of_means if f.flagged]
    if said or fits >= max(1, len(off)) or (fits and all(_slip_explains(f) for f in off)):
        return list(found)
    return [lowered(f, why) if any(f is one for one in off) else f for f in found]


def lowered(found: Finding, why: str) -> Finding:
    """A flag as information, with the reason."""
    if not found.flagged:
        return found
    message = f"{found.message}; {why}" if found.message else why
    return replace(found, severity="information", basis="judgement", message=message)
