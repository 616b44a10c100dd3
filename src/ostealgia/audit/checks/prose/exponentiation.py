"""Ratios that are the exponential of a ratio: the same effect is printed elsewhere as the logarithm of this one.

That exp(y) = x for two printed ratios can be chance. It is told where the words are about the same effect and the interval
of x, taken back, has the width or the P that is printed with y; or where the P printed with x itself fits the interval
taken back and not the printed one.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from scipy import special

from ostealgia.audit.checks.reading.effect_rows import effect_rows
from ostealgia.audit.checks.reading.figures import RATIOS, free
from ostealgia.audit.checks.reading.premises import lowered
from ostealgia.audit.finding import Cause, Finding, Place, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.exponentiation import Elsewhere, Entered, double_exponentiation, recover
from ostealgia.audit.rules.p_values import p_vs_ci
from ostealgia.audit.rules.significance import quantile
from ostealgia.audit.statements.model import Claim, Estimate, Number
from ostealgia.audit.statements.words import STOP_WORDS
from ostealgia.errors import OptionError
from ostealgia.numerics.intervals import Interval, Printed
from ostealgia.numerics.summary_tests import p_from_t

NEAR_WIDTH = 0.15  # two widths of the same interval, relative, as printed
SAME_WIDTH = 0.02  # the same, beyond the rounding of both
NEAR_ROW = 0.25  # logarithm by which crude and adjusted ratio of one factor, and their limits, may differ
NEAR_P = 4.0  # factor between a P and the one implied by the interval that was taken back
FAR_P = 8.0  # factor by which P of the printed interval must miss it
FAR_Z = 0.25  # normal deviates by which the printed interval must miss the P beside it
TELLING_Z = 0.5  # the same where nothing else in the paper is the exponential of a ratio
WIDE = 1.2  # standard error of a log ratio that few studies have
ROWS_WITH_P = 2  # other rows of a table whose P is that of their ratio
SURE_ROWS = 0.7  # of those with a P
_CHANCE = "one pair in two tables, or beside a P that fits, may be chance"
_FEW = "nothing else in the paper is an exponential of a ratio: few events give such intervals as well"
ENOUGH = 2  # proven cases that make a third one, without another print, likely
SHARE = 0.25  # of the ratios of the paper with an interval
_TWO_MODELS = re.compile(r"crude|unadjust|uni-?varia|bivaria|\bcor\b|\bmodel", re.IGNORECASE)
_UNITS = frozenset(
    [
        "year",
        "years",
        "month",
        "months",
        "week",
        "weeks",
        "day",
        "days",
        "age",
        "group",
        "groups",
        "level",
        "levels",
        "score",
        "scores",
        "use",
    ]
)
COMMON = 0.25  # a word in more of the estimates than this tells no effect apart


@dataclass(frozen=True)
class Ratio:
    """A printed ratio, with what is printed of it. words : of its subject."""

    number: Number
    low: Number | None
    high: Number | None
    p: Number | None
    words: frozenset[str]
    study: str | None
    place: Place
    key: object
    measure: str | None = None
    wald: bool = True
    head: str = ""

    @property
    def value(self) -> float:
        """The ratio."""
        return self.number.value

    @property
    def limits(self) -> tuple[Number, Number]:
        """The limits of a ratio that has them."""
        if self.low is None or self.high is None:
            raise OptionError(f"the ratio {self.number.text} is printed without limits.")
        return self.low, self.high


def exponentiated(paper: Paper) -> Iterator[Finding]:
    """double-exponentiation: each ratio with an interval against the other ratios of the paper."""
    ratios = [*_in_text(paper), *_in_tables(paper)]
    with_limits = [one for one in ratios if _usable(one)]
    if not with_limits:
        return
    rare = _rare_words(ratios)
    ordered = sorted((one for one in ratios if 0 < one.value < 50), key=lambda one: one.value)
    values = [one.value for one in ordered]
    told = [
        (one, _proven(one, sources))
        for one in with_limits
        if (
            sources := [
                o for o in _logarithms(one, ordered, values) if _same_effect(one, o, rare) and _evidence(one, o)
            ]
        )
    ]
    told = [(one, found) for one, found in told if found.flagged]
    proven = {one.number.text.rstrip("0") for one, _ in told}
    in_words = {one.number.text.rstrip("0") for one, _ in told if not isinstance(one.key, tuple)}
    for one, found in told:
        # two tables of one paper hold such a pair by chance; a sentence that names the effect, or several pairs, are none
        chance = len(proven) < ENOUGH and (not in_words or _p_speaks_against(one))
        yield lowered(found, _CHANCE) if chance else found
    flagged = [one for one, _ in told]
    suspects = [one for one in with_limits if one not in flagged]
    by_p = {id(one): found for one in suspects if (found := _by_its_p(one)) is not None}
    cases = proven | {one.number.text for one in suspects if id(one) in by_p}
    many = len(proven) >= ENOUGH and len(proven) >= SHARE * len({one.number.text for one in with_limits})
    rows: defaultdict[object, list[Ratio]] = defaultdict(list)
    for one in ratios:
        if isinstance(one.key, tuple):
            rows[one.key].append(one)
    for one in suspects:
        found = by_p.get(id(one)) if _p_is_its_own(one, suspects, by_p) else None
        if found is not None and len(cases) < ENOUGH and not _telling(one):
            yield lowered(found, _CHANCE)
            continue
        found = found or _by_its_row(one, rows)
        if found is None and many:
            found = _likely(one)
        if found is None:
            found = _absurd(one)
            found = lowered(found, _FEW) if found is not None and not proven else found
        if found is not None:
            yield found


def _has_its_p(one: Ratio) -> bool:
    """Whether the P beside a ratio is that of its interval as it stands."""
    if one.p is None or one.p.printed.relation != "=" or not 0 < one.p.value < 1:
        return False
    low, high = one.limits
    return _p_of_interval(one.number.text, low.text, high.text, one.p.text)


@lru_cache(maxsize=4096)  # asked for every row of a table beside every other
def _p_of_interval(value: str, low: str, high: str, p: str) -> bool:
    return p_vs_ci(value, low, high, p, scale="ratio").verdict != "inconsistent"


def _p_speaks_against(one: Ratio) -> bool:
    """Whether the P beside a ratio is that of its interval as it stands, and not that of the one taken back as well."""
    if not _has_its_p(one) or one.p is None:
        return False
    low, high = one.limits
    back = recover(one.number.text, low.text, high.text)
    if back.low <= 0 or not _ordinary(back):
        return True
    return not one.p.printed.allows(
        Interval(0.5, 2.0) * _p(math.log(back.estimate), 0.5 * math.log(back.high / back.low))
    )


def _in_text(paper: Paper) -> list[Ratio]:
    found: list[Ratio] = []
    points: set[int] = set()
    for one in free(paper, Estimate):
        if one.measure in (*RATIOS, None) and not one.percent and not one.transformed and one.estimate.value > 0:
            points.add(one.estimate.start)
            wald = one.ci_kind == "confidence"
            place = paper.place(one.start, one.end)
            found.append(
                Ratio(
                    one.estimate,
                    one.ci_low,
                    one.ci_high,
                    one.p_value,
                    _content(one.subject),
                    one.study,
                    place,
                    one,
                    one.measure,
                    wald,
                )
            )
    for claim in free(paper, Claim):
        if claim.times is not None and claim.times.start not in points and claim.times.value > 0:
            place = paper.place(claim.start, claim.end)
            found.append(Ratio(claim.times, None, None, None, _content(claim.subject), claim.study, place, claim))
    return found


def _content(words: Iterable[str]) -> frozenset[str]:
    """Content words; those with a hyphen ("beta-blocker") in their parts."""
    parts = (part for word in words for part in re.findall(r"[^\W\d_]{3,}", word))
    return frozenset(part for part in parts if part not in STOP_WORDS)


def _in_tables(paper: Paper) -> list[Ratio]:
    found: list[Ratio] = []
    for row in effect_rows(paper):
        parts = row.entry.parts
        if row.measure not in RATIOS or parts["estimate"].value <= 0:
            continue
        words = _content([row.line.label.lower()])
        low, high, p = (parts.get(name) for name in ("ci_low", "ci_high", "p_value"))
        key = (row.table.index, row.line.row)
        found.append(
            Ratio(parts["estimate"], low, high, p, words, None, row.place, key, row.measure, row.wald, row.column.name)
        )
    return found


def _usable(one: Ratio) -> bool:
    if one.measure is None or not one.wald or one.low is None or one.high is None:
        return False
    return one.low.value > 0 and one.high.value > one.low.value and one.value > 1 and not _misfit(one)


def _misfit(one: Ratio) -> bool:
    """An estimate far from the middle of its interval is told by ci-vs-point."""
    low, high = one.limits
    middle = math.sqrt(low.value * high.value)
    return not 0.9 <= one.value / middle <= 1.1


def _rare_words(ratios: list[Ratio]) -> frozenset[str]:
    counts = Counter(word for one in ratios for word in one.words)
    return frozenset(word for word, count in counts.items() if count <= max(3.0, COMMON * len(ratios)))


def _logarithms(one: Ratio, ordered: list[Ratio], values: list[float]) -> Iterator[Ratio]:
    """Ratios y with exp(y) = x over the rounding of both."""
    box = one.number.printed.interval().clip(1e-300, math.inf).log()
    at = bisect_left(values, box.low - 0.06)
    while at < len(values) and values[at] <= box.high + 0.06:
        other = ordered[at]
        if other.number.printed.interval().overlaps(box) and other.value != one.value:
            yield other
        at += 1


def _same_effect(one: Ratio, other: Ratio, rare: frozenset[str]) -> bool:
    if one.study is not None and other.study is not None and one.study != other.study:
        return False
    if None not in (one.measure, other.measure) and _family(one.measure) != _family(other.measure):
        return False  # a ratio of rates beside one of odds
    if one.p is not None and other.p is not None and not one.p.printed.interval().overlaps(other.p.printed.interval()):
        return False  # one effect has one P, however its ratio was exponentiated
    if isinstance(one.key, tuple) and one.key == other.key:
        return False  # two outcomes side by side; crude beside adjusted is told by _by_its_row
    shared = (one.words & other.words) - _UNITS
    least = min((one.words, other.words), key=len)
    return bool(shared & rare) and (len(shared) >= 2 or least <= shared | _UNITS)


def _family(measure: str | None) -> str:
    return (measure or "").removeprefix("A")


def _evidence(one: Ratio, other: Ratio) -> bool:
    """The interval taken back has the width, or the P, that is printed with the other."""
    low, high = one.limits
    half = 0.5 * math.log(high.value / low.value)
    if other.low is not None and other.high is not None and other.high.value > other.low.value:
        return _limits_agree(one, other)
    if other.p is None:
        return False
    back = recover(one.number.text, low.text, high.text, entered=other.number.text)
    as_printed = _p(math.log(one.value), half)
    as_entered = _p(
        math.log(max(back.estimate, 1e-9)), 0.5 * math.log(back.high / back.low) if back.low > 0 else math.inf
    )
    return _near(other.p.printed, as_entered) and not _near(other.p.printed, as_printed, FAR_P)


def _limits_agree(one: Ratio, other: Ratio) -> bool:
    """Whether the interval taken back is as wide as the one printed with the other: nearly as printed, and over the rounding of both."""
    (one_low, one_high), (other_low, other_high) = one.limits, other.limits
    if abs(math.log(one_high.value / one_low.value) / (other_high.value - other_low.value) - 1) > NEAR_WIDTH:
        return False
    from_one = [number.printed.interval().clip(1e-300, math.inf).log() for number in one.limits]
    low, high = (number.printed.interval() for number in other.limits)
    taken, printed = from_one[1] - from_one[0], high - low
    return taken.overlaps(Interval(printed.low * (1 - SAME_WIDTH), printed.high * (1 + SAME_WIDTH)))


def _p(log_ratio: float, half: float) -> float:
    if not 0 < half < math.inf:
        return 1.0 if half else 0.0
    return float(p_from_t(log_ratio * quantile(0.95) / half, math.inf))


def _near(printed: Printed, p: float, factor: float = NEAR_P) -> bool:
    if printed.relation in ("<", "<="):
        return p <= printed.value * factor
    value = max(printed.value, 0.5 * printed.unit)
    return value / factor <= max(p, 1e-12) <= value * factor


def _proven(one: Ratio, sources: list[Ratio]) -> Finding:
    elsewhere = [
        Elsewhere.of(other.number.text, other.low.text, other.high.text)
        if other.low is not None and other.high is not None
        else Elsewhere.of(other.number.text)
        for other in sources
    ]
    low, high = one.limits
    return double_exponentiation(one.number.text, low.text, high.text, elsewhere=elsewhere, place=one.place)


def _by_its_p(one: Ratio) -> Finding | None:
    """The P beside a ratio fits the interval taken back and not the printed one, rounding allowed."""
    p = one.p
    if p is None or one.low is None or one.high is None or not 0 < p.value < 1 or p.printed.relation != "=":
        return None
    back = recover(one.number.text, one.low.text, one.high.text)
    if back.low <= 0 or not _ordinary(back):
        return None
    as_printed = _p_as_printed(one.number.text, one.low.text, one.high.text, p.text)
    if as_printed.verdict != "inconsistent" or _normal_apart(p.value, as_printed.recomputed) < FAR_Z:
        return None
    as_entered = _p(math.log(back.estimate), 0.5 * math.log(back.high / back.low)) if back.estimate > 0 else 0.0
    rough = Interval(as_entered * 0.96, min(1.0, as_entered * 1.04))
    if not p.printed.allows(rough):
        return None
    return _told(
        one, back, f"P {p.text} fits the interval taken back, {back.text()}, and not the printed one", "arithmetic"
    )


@lru_cache(maxsize=1024)
def _p_as_printed(estimate: str, low: str, high: str, p: str) -> Finding:
    return p_vs_ci(estimate, low, high, p, scale="ratio")


def _telling(one: Ratio) -> bool:
    """Whether a single P is evidence: two digits, and far from that of the interval as printed."""
    low, high = one.limits
    if one.p is None or len(one.p.text.lstrip("0.")) < len("21"):
        return False
    as_printed = _p(math.log(one.value), 0.5 * math.log(high.value / low.value))
    return _normal_apart(one.p.value, as_printed) >= TELLING_Z


def _p_is_its_own(one: Ratio, others: list[Ratio], by_p: dict[int, Finding]) -> bool:
    """Whether the P beside a ratio is that of the ratio: in running text, or where the other rows of its table say so.

    In a table of subgroups the P may be that of the interaction, and fits an interval taken back by chance.
    """
    if not isinstance(one.key, tuple) or id(one) not in by_p:
        return True
    table = one.key[0]
    mates = [o for o in others if isinstance(o.key, tuple) and o.key[0] == table and o is not one and _p_printed(o)]
    fitting = sum(id(o) in by_p or _has_its_p(o) for o in mates)
    return fitting >= ROWS_WITH_P and fitting >= SURE_ROWS * len(mates)


def _p_printed(one: Ratio) -> bool:
    return one.p is not None and one.p.printed.relation == "="


def _normal_apart(a: float, b: float | None) -> float:
    if b is None:
        return 0.0
    z = special.ndtri([max(a, 1e-300) / 2, max(b, 1e-300) / 2])
    return float(abs(z[0] - z[1]))


def _by_its_row(one: Ratio, rows: Mapping[object, list[Ratio]]) -> Finding | None:
    """The other ratio of the row (crude beside adjusted) is near the logarithm and has the width taken back."""
    if not isinstance(one.key, tuple) or one.low is None or one.high is None:
        return None
    back = recover(one.number.text, one.low.text, one.high.text)
    if back.low <= 0 or not _ordinary(back) or _p_nearer_as_printed(one, back):
        return None
    wide, taken = _std_error(one.low.value, one.high.value), _std_error(back.low, back.high)
    for other in rows[one.key]:
        if (
            other is one
            or not _TWO_MODELS.search(f"{one.head} {other.head}")
            or one.head == other.head
            or other.low is None
            or other.high is None
            or not 0 < other.low.value < other.high.value
        ):
            continue
        width = _std_error(other.low.value, other.high.value)
        near = max(
            abs(math.log(mine / theirs))
            for mine, theirs in zip(
                (back.estimate, back.low, back.high), (other.value, other.low.value, other.high.value), strict=True
            )
        )
        if wide > 2 * width and 0.7 <= taken / width <= 1.4 and near < NEAR_ROW:
            return _told(
                one,
                back,
                f"the other ratio of the row is {other.number.text} ({other.low.text} to {other.high.text})",
                "judgement",
            )
    return None


def _p_nearer_as_printed(one: Ratio, back: Entered) -> bool:
    """Whether the P beside a ratio is nearer to that of its interval as it stands than to that of the one taken back."""
    low, high = one.limits
    if one.p is None or one.p.printed.relation != "=" or not 0 < one.p.value < 1 or back.estimate <= 0:
        return False
    as_printed = _p(math.log(one.value), 0.5 * math.log(high.value / low.value))
    as_entered = _p(math.log(back.estimate), 0.5 * math.log(back.high / back.low))
    return _normal_apart(one.p.value, as_printed) < _normal_apart(one.p.value, as_entered)


def _std_error(low: float, high: float) -> float:
    return math.log(high / low) / (2 * quantile(0.95))


def _likely(one: Ratio) -> Finding | None:
    """A further ratio of such a paper with an interval too wide to be read as it stands, ordinary once taken back."""
    if one.low is None or one.high is None:
        return None
    back = recover(one.number.text, one.low.text, one.high.text)
    if _std_error(one.low.value, one.high.value) < WIDE or back.estimate <= 1 or not _ordinary(back):
        return None
    return _told(
        one, back, "it is as wide as the other ratios of this paper that were exponentiated twice", "judgement"
    )


def _absurd(one: Ratio) -> Finding | None:
    """An interval so wide that only the one taken back can have been meant."""
    low, high = one.limits
    if one.p is not None and 0 < one.p.value < 1:
        as_printed = _p_as_printed(one.number.text, low.text, high.text, one.p.text)
        if as_printed.verdict != "inconsistent":
            return None  # its own P follows from the interval as it stands
    found = double_exponentiation(one.number.text, low.text, high.text, place=one.place)
    return found if found.flagged else None


def _told(one: Ratio, back: Entered, why: str, basis: str) -> Finding:
    low, high = one.limits
    places = max(2, one.number.printed.decimals)
    flips = low.value <= 1 <= high.value and not back.low <= 1 <= back.high
    reported = f"{one.number.text} ({low.text} to {high.text})"
    return make(
        "double-exponentiation",
        one.place,
        reported=reported,
        verdict="inconsistent",
        severity="conclusion-changing" if flips else "major",
        basis=basis,
        recomputed=back.estimate,
        message=f"{reported} may be the exponential of the ratio {back.text(decimals=places)}: {why}",
        cause=Cause(
            code="double-exponentiation",
            repair=back.text(decimals=places),
            text="a ratio was taken for a log ratio: point and limits are exponentiated once more than they should be",
        ),
    )


def _ordinary(back: Entered) -> bool:
    return back.low > 0 and _std_error(back.low, back.high) < WIDE


CHECKS = (exponentiated,)
