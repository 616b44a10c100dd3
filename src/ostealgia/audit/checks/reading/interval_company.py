"""When is a misfit of estimate and interval certain? Where other intervals show that the paper's are made the way the rule assumes.

An interval is checked as one of Wald's: symmetric on the log scale for a ratio, on its own scale for a difference. Bootstrap,
profile, exact and Bayesian intervals, limits of another estimate of the row, and estimates without their sign are none. What a
column holds shows in its other cells: a misfit is told where they fit, and is no more than a remark where they do not fit either.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from scipy.special import ndtr

from ostealgia.audit.causes import slip
from ostealgia.audit.checks.reading.effect_rows import Row, effect_rows
from ostealgia.audit.checks.reading.figures import CERTAIN_SCALE, free, in_percent, level_of, mentions
from ostealgia.audit.checks.reading.premises import NAMED, lowered
from ostealgia.audit.checks.reading.text import once
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.confidence import Triplet, ci_vs_point, has_p, likely_slip
from ostealgia.audit.rules.scales import scale_of
from ostealgia.audit.rules.significance import p_range, quantile
from ostealgia.audit.statements.model import Estimate
from ostealgia.numerics.intervals import Interval, Printed

UNEVEN = (
    "bootstrap",
    "bayesian",
    "markov chain",
    "profile likelihood",
    "profile-likelihood",
    "permutation",
    "jackknife",
)
ENOUGH = 3  # intervals of a column that say how they were made; with fewer, those of the whole paper do
STRONG = 2  # fitting intervals for each other misfit before an estimate inside its interval is told
TELLING = 0.6  # standard errors that the rounding of the limits may leave open where a fit says something
UNKNOWN = "unknown"  # the scale of a column whose heading does not tell it
EITHER = ("difference", "ratio")
NO_METHOD = "too few other intervals show that they are symmetric about their estimates"
MANY_OFF = (
    "other intervals beside it do not fit their estimates either: they may be of another scale, method or quantity"
)
PROFILE = "few events: profile or penalised limits need not be symmetric"
LEAST_P, MOST_P, FINE = 0.001, 0.9, 0.1  # an exact P that says something: its value, its unit as a share of it
SKEW = 2.5  # times one arm of such an interval may be as long as the other
NEAR_P = 1.04  # factor within which a P of estimate and width is one that is printed
FEW = 15.0  # upper over lower limit of such a ratio
NATURAL = "the limits are symmetric on the natural scale, as some programs print them"
UNSIGNED = (
    "estimates and intervals of the column have opposite signs: they may be differences taken in opposite directions"
)
HIGH_FIRST = "printed high first the numbers fit each other"
UNEVEN_METHODS = "the paper names intervals that need not be symmetric"
P_AGREES = (
    "the P beside it fits the estimate and the width of the interval as they are printed: limits of another method"
)

Where = tuple[int, int] | None  # table and column; None for running text


@dataclass(frozen=True)
class Judged:
    """One interval of the paper, as an ordinary one. text : as printed.  fits : and could have failed to.

    turned : it would fit with the other sign of the estimate or of its lower limit.
    """

    where: Where
    scale: str
    text: str
    fits: bool
    off: bool
    turned: bool


@dataclass(frozen=True)
class Company:
    """The other intervals that ought to be made the same way. fits, off : how many do, and do not, hold their estimate in the middle.

    turned : of those that do not, how many would with the opposite sign."""

    fits: int = 0
    off: int = 0
    turned: int = 0

    @property
    def size(self) -> int:
        """How many say something."""
        return self.fits + self.off

    @property
    def sure(self) -> bool:
        """Whether enough of them fit and none fails to."""
        return self.fits >= ENOUGH and not self.off


@once
def judged(paper: Paper) -> tuple[Judged, ...]:
    """Every interval of the paper whose scale is known, each checked as one of Wald's."""
    return (*_in_tables(paper), *_in_text(paper))


def _in_tables(paper: Paper) -> Iterator[Judged]:
    rows = effect_rows(paper)
    for row in rows:
        if row.triplet is None:
            continue
        where = row.table.index, row.column.index
        if row.scale in EITHER:
            one = _judged(row.triplet, row.scale, row.level, where)
        elif row.scale is None:
            one = _of_any_scale(row.triplet, row.level, where)
        else:
            continue
        if not (one.off and of_another_estimate(row, row.triplet, rows)):
            yield one


def _of_any_scale(triplet: Triplet, level: float, where: Where) -> Judged:
    """Where the heading tells no scale, only an estimate outside its limits is a misfit."""
    either = [_judged(triplet, scale, level, where) for scale in EITHER]
    best = next((one for one in either if not one.off), either[0])
    inside = triplet.low.value <= triplet.estimate.value <= triplet.high.value
    return replace(best, scale=UNKNOWN, off=best.off and not inside, fits=best.fits or inside)


def _in_text(paper: Paper) -> Iterator[Judged]:
    for one in free(paper, Estimate):
        scale = CERTAIN_SCALE.get(one.measure or "")
        if one.ci_low is None or one.ci_high is None or scale is None or one.ci_kind != "confidence" or one.transformed:
            continue
        triplet = Triplet.of(*in_percent(one, one.estimate, one.ci_low, one.ci_high))
        yield _judged(triplet, scale, level_of(one), None)


def of_another_estimate(row: Row, triplet: Triplet, rows: Sequence[Row]) -> bool:
    """Whether the interval has another estimate of the line in its middle (B beside a standardised coefficient, a ratio beside B)."""
    if row.scale != "ratio" and triplet.low.value > 0 and abs(triplet.estimate.value) < 5:
        ratio = f"{math.exp(triplet.estimate.value):.{max(triplet.estimate.decimals, triplet.low.decimals)}f}"
        if not ci_vs_point(ratio, triplet.low, triplet.high, scale="ratio", level=row.level).flagged:
            return True
    for other in rows:
        point = other.printed("estimate")
        if other.line is not row.line or other.column.index == row.column.index or point is None:
            continue
        if min(triplet.low.decimals, triplet.high.decimals) < 2:
            continue  # coarse limits have many numbers in their middle
        kinds = ["difference", "ratio"] if min(triplet.low.value, point.value) > 0 else ["difference"]
        for kind in kinds:
            if not ci_vs_point(point, triplet.low, triplet.high, scale=kind, level=row.level).flagged:
                return "ci_low" not in other.entry.parts
    return False


def _judged(triplet: Triplet, scale: str, level: float, where: Where) -> Judged:
    found = ci_vs_point(triplet.estimate, triplet.low, triplet.high, scale=scale, level=level)
    off = misfit(found)
    turned = off and (found.cause_code == "reversed-coding" or _without_sign(triplet, scale))
    fits = not off and _vague(found, triplet, scale, level) <= TELLING
    return Judged(where, scale, triplet.text, fits, off and found.cause_code not in NAMED, turned)


def _without_sign(printed: Triplet, scale: str) -> bool:
    """Whether the lower limit of a difference lost its minus: "0.27 (0.17 to 0.71)"."""
    low, high = printed.low.interval(), printed.high.interval()
    if scale == "ratio" or printed.low.value <= 0:
        return False
    return any(printed.estimate.allows(((-low) + one) * 0.5) for one in (high, -high))


def _vague(found: Finding, triplet: Triplet, scale: str, level: float) -> float:
    """Standard errors over which the rounding of the limits spreads their middle."""
    ends = [found.recomputed_low, found.recomputed_high, triplet.low.value, triplet.high.value]
    if any(end is None or not math.isfinite(end) for end in ends):
        return math.inf
    values = [end for end in ends if end is not None]
    if scale == "ratio":
        values = [math.log(max(value, 1e-9)) for value in values]
    width = values[3] - values[2]
    return (values[1] - values[0]) * 2 * quantile(level) / width if width > 0 else math.inf


def misfit(found: Finding) -> bool:
    """Whether the numbers do not fit, however little it weighs."""
    return found.verdict in ("inconsistent", "impossible")


def outside(found: Finding) -> bool:
    """Whether the estimate lies outside its limits, or these are in the wrong order."""
    return found.verdict == "impossible" and re.search(r"outside|is above", found.message or "") is not None


def one_slip(found: Finding) -> bool:
    """Whether the estimate lies outside its limits and one slip of a digit explains it."""
    outside = found.verdict == "impossible" and "outside its interval" in (found.message or "")
    return outside and found.repair is not None and found.cause_code in ("lost-digit", "typing-slip")


def company(paper: Paper, where: Where, scale: str, text: str) -> Company:
    """The other intervals of the same column, or of the whole paper where the column has too few; each print once."""
    same = [one for one in judged(paper) if one.scale == scale and one.text != text]
    near = _counted([one for one in same if one.where == where]) if where is not None else Company()
    return near if near.size >= ENOUGH else _counted(same)


def _counted(printed: Sequence[Judged]) -> Company:
    listed = list({one.text: one for one in printed}.values())
    return Company(
        sum(one.fits for one in listed), sum(one.off for one in listed), sum(one.off and one.turned for one in listed)
    )


@dataclass(frozen=True)
class Reading:
    """How an interval was read. printed : estimate and limits.  where, scale : as of Judged.

    pooled : it is a pooled result, whose interval is symmetric by every usual method.
    coefficient : it may stand beside the limits of another coefficient (a standardised one beside those of B).
    p_value, level : the P that stands beside it, if any; the level of the interval as a proportion.
    """

    printed: Triplet
    where: Where
    scale: str
    pooled: bool = False
    coefficient: bool = False
    p_value: Printed | None = None
    level: float = 0.95


def weighed(paper: Paper, found: Finding, reading: Reading) -> Finding:
    """A misfit of an interval, as information where nothing beside it shows that the interval can be read so."""
    if not found.flagged or found.cause_code in NAMED:
        return found
    if not outside(found) and skewed(reading):
        return lowered(found, P_AGREES)
    around = company(paper, reading.where, reading.scale, reading.printed.text)
    told = around.fits >= STRONG * around.off and _told_by_p(reading)
    sure = told or (reading.pooled and not around.off)
    why = None if sure else _doubt(found, around, reading, mentions(paper, *UNEVEN))
    return lowered(found, why) if why else _repaired_by_p(found, reading)


def skewed(reading: Reading) -> bool:
    """Whether P says that estimate and both limits are right as printed, though the estimate is not in their middle.

    A profile or exact interval is about as wide as that of Wald, whose P then fits. It would not fit if the estimate were that of
    the middle, or if one of the limits stood where the other one puts it: of a wrong number, P would fit the right one.
    """
    arms = _arms(reading)
    if arms is None or max(arms[1:]) > SKEW * min(arms[1:]):
        return False  # no method is that skewed: the interval of another estimate may be as wide by chance
    printed, wrong = _fitting_p(reading, *arms)
    return printed and not any(wrong)


def _told_by_p(reading: Reading) -> bool:
    """Whether P fits once one of the numbers is put right, and with no other of them, nor as they are printed."""
    arms, p = _arms(reading), reading.p_value
    if arms is None or p is None or not LEAST_P < p.value < MOST_P or p.unit > FINE * p.value:
        return False
    printed, wrong = _fitting_p(reading, *arms)
    return not printed and sum(wrong) == 1


def _repaired_by_p(found: Finding, reading: Reading) -> Finding:
    """The same with the repair of the one number that P says is wrong, where the digits alone point at another."""
    arms = _arms(reading)
    if arms is None or found.cause_code not in (None, "unknown", "typing-slip", "lost-digit"):
        return found
    printed, wrong = _fitting_p(reading, *arms)
    if printed or sum(wrong) != 1:
        return found
    point, lower, upper = arms
    value = (point + (upper - lower) / 2, point - upper, point + lower)[wrong.index(True)]
    part = PARTS[wrong.index(True)]
    value = math.exp(value) if reading.scale == "ratio" else value
    number: Printed = getattr(reading.printed, part)
    mended = replace(reading.printed, **{part: Printed.parse(number.like(value))})
    one = slip(number, value)
    if found.repair is None and one is None:
        return found
    if found.repair is not None and _same_but(found.repair, reading.printed, part):
        return found
    told = f"{BY_P} {mended.text}"
    text = f"{told}: {one.text}" if one is not None and one.text else told
    return replace(found, cause_code=one.code if one is not None else "unknown", cause=text, repair=mended.text)


def with_likely_slip(found: Finding, reading: Reading) -> Finding:
    """A flagged interval with the slip that is likeliest by all numbers, P included; a cause that is no slip of a digit stays.

    Done last: whether a misfit is a flag rests on the cause that estimate and limits alone suggest.
    """
    if not found.flagged or reading.scale not in EITHER:
        return found
    plain = _of_digits(found, reading)
    if not plain and not _denied_by_p(found, reading):
        return found
    cause, part = None, _wrong_part(reading) if plain else None
    if part is not None:  # P has told which number is wrong
        cause = likely_slip(reading.printed, scale=reading.scale, level=reading.level, only=part)
        plain = False
    if cause is None or cause.repair is None:
        cause = likely_slip(
            reading.printed, scale=reading.scale, p_value=reading.p_value, level=reading.level, strict=not plain
        )
    if cause is None or (cause.repair is None and not plain):
        return found
    return replace(found, cause_code=cause.code, cause=cause.text, repair=cause.repair)


def _wrong_part(reading: Reading) -> str | None:
    """Which of the three numbers is wrong, where an exact P fits once that one is put right and not otherwise."""
    arms = _arms(reading)
    if arms is None:
        return None
    printed, wrong = _fitting_p(reading, *arms)
    return None if printed or sum(wrong) != 1 else PARTS[wrong.index(True)]


PARTS = ("estimate", "low", "high")


def _of_digits(found: Finding, reading: Reading) -> bool:
    """Whether the cause is unknown, or a slip by the three numbers or by P; not one that another place of the paper told."""
    if found.cause_code in (None, "unknown") or (found.cause or "").startswith(BY_P):
        return True
    own = ci_vs_point(*reading.printed.parts, scale=reading.scale, level=reading.level)
    slipped = found.cause_code in ("typing-slip", "lost-digit") and "order" not in (found.cause or "")
    return slipped and found.cause == own.cause and "minus" not in (found.cause or "")


def _denied_by_p(found: Finding, reading: Reading) -> bool:
    """Whether the repair of another cause (another scale, the other direction) leaves an exact P unexplained."""
    p, parts = reading.p_value, re.findall(r"[-−–]?\d+(?:\.\d+)?", found.repair or "")
    if p is None or p.relation != "=" or found.cause_code not in ("wrong-scale", "reversed-coding") or not parts:
        return False
    mended = Triplet.of(*parts) if len(parts) == len(reading.printed.parts) else None
    mended = mended or replace(reading.printed, estimate=Printed.parse(parts[0]))
    return not has_p(mended, scale_of(reading.scale), p, reading.level)


BY_P = "the P beside it fits"


def _same_but(repair: str, printed: Triplet, part: str) -> bool:
    """Whether a repair changes this part of the three only."""
    words = re.findall(r"[^\s()]+", repair.replace(" to ", " "))
    if len(words) != len(PARTS):
        return True  # of another form: left as it is
    return all((words[i] == getattr(printed, name).text) == (name != part) for i, name in enumerate(PARTS))


def _arms(reading: Reading) -> tuple[float, float, float] | None:
    """The estimate and the lengths of both arms of its interval on their scale, where an exact P stands beside them."""
    p, printed = reading.p_value, reading.printed
    if p is None or p.relation != "=" or reading.scale not in EITHER:
        return None
    low, point, high = (part.value for part in (printed.low, printed.estimate, printed.high))
    if reading.scale == "ratio":
        if min(low, point, high) <= 0:
            return None
        low, point, high = (math.log(value) for value in (low, point, high))
    return (point, point - low, high - point) if low < point < high else None


def _fitting_p(reading: Reading, point: float, lower: float, upper: float) -> tuple[bool, tuple[bool, bool, bool]]:
    """Whether P fits the numbers as printed; and those with the estimate, the lower or the upper limit put right."""
    p, z = reading.p_value, quantile(reading.level)
    shown = p_range(p) if p is not None else Interval(0.0, 1.0)

    def fits(estimate: float, half_width: float) -> bool:
        recomputed = 2 * float(ndtr(-abs(estimate) * z / half_width))
        return shown.overlaps(Interval(recomputed / NEAR_P, recomputed * NEAR_P))

    half = (lower + upper) / 2
    return fits(point, half), (fits(point + (upper - lower) / 2, half), fits(point, upper), fits(point, lower))


def _doubt(found: Finding, around: Company, reading: Reading, uneven: bool) -> str | None:
    if reading.scale != "ratio" and _without_sign(reading.printed, reading.scale):
        return None  # the limits fit with the minus that was lost
    if reading.scale != "ratio" and found.cause_code == "reversed-coding":
        if reading.where is None and found.severity != "minor":
            return None
        if around.turned >= max(STRONG, around.fits):
            return UNSIGNED  # the limits of the whole column are those of the other direction
    if outside(found):  # no method gives such an interval; the limits may be of another coefficient where no row fits
        alone = reading.coefficient and not around.fits and around.off >= STRONG
        return MANY_OFF if alone else None
    if reading.scale == "ratio" and reading.where is not None and _few_events(reading.printed) and not around.sure:
        return PROFILE
    return _doubt_inside(found, around, uneven, column=reading.where is not None)


def _doubt_inside(found: Finding, around: Company, uneven: bool, *, column: bool) -> str | None:
    """Doubts about an estimate inside its limits, but not in their middle."""
    explained = found.repair is not None and found.cause_code in ("lost-digit", "typing-slip")
    if found.verdict == "impossible":  # far from the middle
        needed = around.off if explained or around.off == 1 else STRONG * around.off
        return MANY_OFF if around.fits < needed else None
    if uneven and STRONG * ENOUGH * (1 + around.off) > around.fits:
        return UNEVEN_METHODS
    if around.fits < STRONG * around.off:
        return MANY_OFF
    if found.cause_code == "wrong-scale" and not around.sure:
        return NATURAL
    if found.severity == "minor":  # near the middle
        return NO_METHOD if not column or around.off or around.fits < STRONG * ENOUGH else None
    likely = explained and found.severity == "major"
    return NO_METHOD if found.basis == "judgement" and around.fits < ENOUGH and not likely else None


def _few_events(printed: Triplet) -> bool:
    """Whether a ratio lies inside limits so far apart that profile or penalised limits are off the middle."""
    low, point, high = (part.value for part in (printed.low, printed.estimate, printed.high))
    return 0 < low < point < high and high / low > FEW


def least_shown(found: Finding, p: Printed) -> Finding:
    """Programs print the least P they can show: 0.001 (or "< 0.00") then stands for less."""
    least = p.decimals >= 3 and abs(p.value - p.unit) < 0.1 * p.unit if p.relation == "=" else p.value == 0
    if not found.flagged or not least or found.recomputed_high is None or found.recomputed_high > max(p.value, p.unit):
        return found
    message = f"{found.message}; the print is the least that is shown"
    shown = replace(found, verdict="rounding", severity="none", basis="arithmetic", message=message)
    return replace(shown, cause=None, cause_code=None, repair=None)
