"""ci-vs-point: can the printed estimate and its printed interval belong together?"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from scipy.special import ndtr

from ostealgia.audit.causes import likely, lost_places, shifts, single_repairs
from ostealgia.audit.finding import NOWHERE, Cause, Finding, Place, judge, make
from ostealgia.audit.rules.exponentiation import recover
from ostealgia.audit.rules.proportion_limits import binomial_limits_fit
from ostealgia.audit.rules.scales import IDENTITY, Scale, Transform, scale_of
from ostealgia.audit.rules.significance import quantile, show, show_range
from ostealgia.audit.slips import Suspect, weighed
from ostealgia.numerics.intervals import Interval, Numeral, Printed

RULE = "ci-vs-point"
_COMMA = re.compile(r"^([-−–]?\d{1,3}),(\d{3})$")  # "1,901 (1.223, 2.955)": a thousand or a decimal comma

TINY, SMALL, LARGE, JUDGEMENT = 0.05, 0.25, 1.0, 0.5  # distances of estimate and centre, in standard errors


@dataclass(frozen=True)
class Triplet:
    """An estimate with its limits, as printed."""

    estimate: Printed
    low: Printed
    high: Printed

    @classmethod
    def of(cls, estimate: Numeral, low: Numeral, high: Numeral) -> Triplet:
        """From printed text or numbers."""
        return cls(Printed.of(estimate), Printed.of(low), Printed.of(high))

    @property
    def text(self) -> str:
        """ "0.68 (0.51 to 0.91)"."""
        return f"{self.estimate.text} ({self.low.text} to {self.high.text})"

    @property
    def parts(self) -> tuple[Printed, Printed, Printed]:
        """Estimate, lower and upper limit."""
        return self.estimate, self.low, self.high

    @property
    def in_percent(self) -> bool:
        """Of a proportion: whether it is printed as per cent, by its sign or because a proportion above 1 can be nothing else."""
        return any(part.percent or part.value > 1 for part in self.parts)

    def proportions(self) -> Triplet:
        """The three percentages as proportions."""
        return Triplet(self.estimate.proportion(), self.low.proportion(), self.high.proportion())


@dataclass(frozen=True)
class Centre:
    """Where the middle of the limits lies, on the natural scale, and the verdict on the estimate."""

    transform: Transform
    point: float
    values: Interval
    verdict: str


def ci_vs_point(
    estimate: Numeral,
    ci_low: Numeral,
    ci_high: Numeral,
    *,
    scale: str = "ratio",
    n: int | None = None,
    level: float = 0.95,
    place: Place = NOWHERE,
) -> Finding:
    """Is the estimate the middle of its interval, on the scale where such an interval is symmetric?

    scale : "ratio" (log), "difference" (natural), "proportion" (logit, natural, arcsine, log, Wilson,
    Clopper-Pearson) or "correlation" (Fisher's z, natural); a measure such as "HR" or "MD" is understood.
    n : patients behind a proportion, where known (else any n may be).
    Returns a Finding; recomputed is the middle of the limits. A small distance is marked as judgement: profile,
    bootstrap and exact intervals need not be symmetric. Source: Altman, Bland 2011, doi:10.1136/bmj.d2090.

    >>> ci_vs_point("0.68", "0.51", "0.91").verdict, ci_vs_point("70", "42", "88", scale="proportion").flagged
    ('consistent', False)
    >>> found = ci_vs_point("3.91", "1.22", "2048.64")
    >>> found.verdict, round(found.recomputed, 2), found.cause_code, found.repair
    ('impossible', 49.99, 'double-exponentiation', '3.91 (1.68 to 9.11)')
    """
    rule, printed = scale_of(scale), Triplet.of(estimate, ci_low, ci_high)
    pointed = [_COMMA.sub(r"\1.\2", part.text) for part in printed.parts]
    if pointed != [part.text for part in printed.parts]:
        read = ci_vs_point(*pointed, scale=scale, n=n, level=level, place=place)
        if not read.flagged and ci_vs_point_of(printed, rule, n, level, place).flagged:
            return replace(read, reported=printed.text, message=f"{read.message} (commas read as decimal points)")
    if rule.name == "proportion" and printed.in_percent:
        found = ci_vs_point_of(printed.proportions(), rule, n, level, place)
        return _as_percent(found, printed)
    return ci_vs_point_of(printed, rule, n, level, place)


def ci_vs_point_of(printed: Triplet, rule: Scale, n: int | None, level: float, place: Place) -> Finding:
    """The same for a triplet on the natural scale of its kind."""
    broken = _limits_broken(printed, rule, place)
    if broken is not None:
        return broken
    centres = [_centre(printed, transform, rule) for transform in rule.transforms]
    best = next((c for v in ("consistent", "rounding") for c in centres if c.verdict == v), None)
    if best is not None:
        return _fitting(printed, best, place)
    if rule.name == "proportion" or (rule.name == "difference" and _all_of_them(printed)):
        share = printed if rule.name == "proportion" else printed.proportions()
        method = binomial_limits_fit(share.estimate, share.low, share.high, n=n, level=level)
        if method is not None:
            told = f"{printed.text} is what {method} gives"
            return _fitting(printed, replace(centres[0], verdict="rounding"), place, told)
    return _flag(printed, rule, centres[0], level, place)


def _all_of_them(printed: Triplet) -> bool:
    """Whether the numbers are 100 per cent with a lower limit only ("100 (90.7 to 100)"): a share, whatever the column is called."""
    return printed.estimate.value == printed.high.value == 100 and 0 <= printed.low.value < 100


def _as_percent(found: Finding, printed: Triplet) -> Finding:
    def times(value: float | None) -> float | None:
        return None if value is None else 100 * value

    return replace(
        found,
        reported=printed.text,
        recomputed=times(found.recomputed),
        recomputed_low=times(found.recomputed_low),
        recomputed_high=times(found.recomputed_high),
        repair=None
        if found.repair and 0 < found.repair.count("%") < 3
        else found.repair,  # a proportion beside per cents
    )


def _limits_broken(printed: Triplet, rule: Scale, place: Place) -> Finding | None:
    """Limits in the wrong order, or outside what the kind of number can be."""
    parts = (printed.low, printed.estimate, printed.high)
    beyond = [part for part in parts if not part.interval().overlaps(Interval(rule.lowest, rule.highest))]
    if beyond and rule.name == "ratio" and (dashed := _dash_for_minus(printed, rule, place)) is not None:
        return dashed
    if beyond:
        cause = None
        if rule.name == "ratio" and all(p.value < 5 for p in parts):
            cause = Cause(code="wrong-scale", text="numbers on the log scale stand beside a ratio")
        return make(
            RULE,
            place,
            reported=printed.text,
            verdict="impossible",
            severity="information" if cause is None and _differences(printed) else "major",
            basis="judgement" if cause is None and _differences(printed) else "arithmetic",
            cause=cause,
            message=f"{beyond[0].text} is outside what a {rule.name} can be ({rule.lowest:g} to {rule.highest:g})",
        )
    ordered = printed.low.decimals == printed.high.decimals  # rounding keeps the order of such numbers
    if printed.low.value > printed.high.value and (
        ordered or not printed.low.interval().overlaps(printed.high.interval())
    ):
        fits = _middle_of(printed, rule)
        return make(
            RULE,
            place,
            reported=printed.text,
            verdict="impossible",
            severity="major" if not fits else "information" if printed.low.value < 0 else "minor",
            cause=_exchanged_limits(printed) if fits else likely(_digit_slips(printed, rule)),
            message=f"the lower limit {printed.low.text} is above the upper limit {printed.high.text}",
        )
    return None


def _dash_for_minus(printed: Triplet, rule: Scale, place: Place) -> Finding | None:
    """Limits of a ratio that fit without their minus: it is a second dash of the range ("0.85-- 0.94"), or one behind "CI"."""
    if printed.estimate.value <= 0:
        return None
    bare = replace(
        printed, **{name: Printed.parse(getattr(printed, name).text.lstrip("-−– ")) for name in ("low", "high")}
    )
    if not 0 < bare.low.value < bare.high.value:
        return None
    centre = _centre(bare, rule.main, rule)
    if centre.verdict == "inconsistent":
        return None
    return _fitting(
        printed, replace(centre, verdict="rounding"), place, f"{bare.text} fits, a dash before a limit left out"
    )


def _exchanged_limits(printed: Triplet) -> Cause:
    turned = f"{printed.estimate.text} ({printed.high.text} to {printed.low.text})"
    return Cause(code="typing-slip", text="the limits stand in the wrong order", repair=turned)


def _differences(printed: Triplet) -> bool:
    """Whether the three numbers fit as a difference: then they may be one, whatever the column is called."""
    middle = (printed.low.interval() + printed.high.interval()) * 0.5
    return printed.low.value < printed.high.value and printed.estimate.allows(middle)


def _middle_of(printed: Triplet, rule: Scale) -> bool:
    """Whether limits that stand in the wrong order hold the estimate near their middle: only their order is unusual."""
    turned = replace(printed, low=printed.high, high=printed.low)
    centres = [_centre(turned, transform, rule) for transform in rule.transforms]
    if any(centre.verdict != "inconsistent" for centre in centres):
        return True
    inside = turned.low.value <= turned.estimate.value <= turned.high.value
    return inside and min(_distance(turned, rule, centre, 0.95) for centre in centres) < JUDGEMENT


@lru_cache(maxsize=8192)  # the slips of one interval are tried at several places
def _centre(printed: Triplet, transform: Transform, rule: Scale) -> Centre:
    low, high = (
        transform.forward(part.interval().clip(rule.lowest, rule.highest)) for part in (printed.low, printed.high)
    )
    if math.isinf(low.low) or math.isinf(high.high):
        # a limit at the end of the scale says nothing about the middle there: only the order can be checked
        inside = Interval(printed.low.interval().low, printed.high.interval().high)
        verdict = "rounding" if printed.estimate.allows(inside) else "inconsistent"
        return Centre(transform, printed.estimate.value, inside, verdict)
    middle = (low + high) * 0.5
    values = Interval(transform.back(middle.low), transform.back(middle.high))
    points = [transform.forward(Interval(p.value, p.value)).middle for p in (printed.low, printed.high)]
    point = transform.back(0.5 * sum(points))
    return Centre(transform, point, values, judge(printed.estimate, point, values))


def _fitting(printed: Triplet, best: Centre, place: Place, told: str | None = None) -> Finding:
    digits = printed.estimate.decimals + 1
    limits, where = f"{printed.low.text} to {printed.high.text}", f"on the {best.transform.name} scale"
    told = told or f"the middle of {limits} is {best.point:.{digits}f} {where}"
    return make(
        RULE,
        place,
        reported=printed.text,
        verdict=best.verdict,
        message=f"{told}; printed {printed.estimate.text}",
        recomputed=best.point,
        values=best.values,
    )


def _flag(printed: Triplet, rule: Scale, centre: Centre, level: float, place: Place) -> Finding:
    distance = _distance(printed, rule, centre, level)
    outside = not printed.estimate.interval().overlaps(
        Interval(printed.low.interval().low, printed.high.interval().high)
    )
    cause, single = _cause(printed, rule, centre)
    verdict = "impossible" if outside or distance > LARGE else "inconsistent"
    basis = "judgement" if distance < JUDGEMENT and not outside else "arithmetic"
    near = TINY
    if rule.name == "ratio":
        near = FEW_EVENTS if printed.high.value > 4 * printed.low.value else MARGINAL
    if distance <= near and not outside:
        severity = "information"  # profile, exact, marginal and bootstrap intervals are that far from symmetry
    elif basis == "judgement" and rule.name == "ratio" and _very_wide(printed):
        severity = "information"  # exact and conditional intervals
    elif distance <= SMALL and not outside:
        severity = "minor"
    elif (verdict == "impossible") and not single:
        severity = "conclusion-changing"
    else:
        severity = "major"
    place_text = "lies outside its interval" if outside else "is not the middle of its interval"
    message = (
        f"{printed.estimate.text} {place_text} {printed.low.text} to {printed.high.text}: "
        f"on the {centre.transform.name} scale the middle is {show(centre.point, 4)} "
        f"(rounding allows {show_range(centre.values, 4)}), "
        f"{distance:.2f} standard errors away"
    )
    return make(
        RULE,
        place,
        reported=printed.text,
        verdict=verdict,
        severity=severity,
        basis=basis,
        message=message,
        recomputed=centre.point,
        values=centre.values,
        cause=cause,
    )


# standard errors by which intervals of ratios are off their middle: exact ones from few events, marginal and bootstrap ones
FEW_EVENTS, MARGINAL = 0.2, 0.12
WIDE = 50.0  # upper over lower limit of a ratio from a handful of events


def _very_wide(printed: Triplet) -> bool:
    return printed.low.value > 0 and printed.high.value / printed.low.value > WIDE


def _distance(printed: Triplet, rule: Scale, centre: Centre, level: float) -> float:
    """Estimate to centre in standard errors on the main scale; rounding is taken off."""
    forward = centre.transform.forward
    ends = [
        forward(Interval(v, v).clip(rule.lowest, rule.highest)).middle for v in (printed.low.value, printed.high.value)
    ]
    std_error = (ends[1] - ends[0]) / (2 * quantile(level))
    x = forward(printed.estimate.interval().clip(rule.lowest, rule.highest))
    middle = forward(centre.values.clip(rule.lowest, rule.highest))
    gap = max(x.low - middle.high, middle.low - x.high, 0.0)
    return gap / std_error if std_error > 0 else math.inf


def _cause(printed: Triplet, rule: Scale, centre: Centre) -> tuple[Cause | None, bool]:
    """The probable cause, and whether it is a slip of a single digit."""
    for finder in CAUSES_BY_SCALE.get(rule.name, ()):
        found = finder(printed, centre)
        if found is not None:
            return found, found.code == "typing-slip"
    slips = _digit_slips(printed, rule)
    return likely(slips), len(slips) == 1


def _exponentiated_limits(printed: Triplet, centre: Centre) -> Cause | None:
    """Ratio limits exponentiated once more than the estimate, or an estimate left on the log scale."""
    if not printed.estimate.interval().overlaps(centre.values.log()):
        return None
    inside = printed.low.value <= printed.estimate.value <= printed.high.value
    if inside and printed.estimate.value > 1:
        text = (
            "the limits were exponentiated once more than the estimate: their geometric middle is the exponential of it"
        )
        entered = recover(1.0, printed.low, printed.high, entered=printed.estimate)
        return Cause(
            code="double-exponentiation",
            text=text,
            repair=entered.text(printed.estimate.text, printed.estimate.decimals),
        )
    value = printed.low.like(centre.point)
    return Cause(
        code="wrong-scale", text="the estimate is the logarithm of the ratio that the limits belong to", repair=value
    )


def _exponentiated_estimate(printed: Triplet, centre: Centre) -> Cause | None:
    """An estimate exponentiated once more than its limits, or limits each exponentiated once more than the estimate."""
    x = printed.estimate
    if x.value > 1 and x.interval().clip(1e-300, math.inf).log().overlaps(centre.values):
        shown = printed.low.like(math.log(x.value))
        text = "the estimate was exponentiated once more than its limits: they belong to its logarithm"
        repair = f"{shown} ({printed.low.text} to {printed.high.text})"
        return Cause(code="double-exponentiation", text=text, repair=repair)
    if not 1 < printed.low.value < printed.high.value or printed.low.interval().low <= 1:
        return None
    low, high = (part.interval().log() for part in (printed.low, printed.high))
    middle = ((low.log() + high.log()) * 0.5).exp()
    if not x.allows(middle):
        return None
    limits = " to ".join(x.like(math.log(part.value)) for part in (printed.low, printed.high))
    text = "the limits were exponentiated once more than the estimate: their logarithms are its limits"
    return Cause(code="double-exponentiation", text=text, repair=f"{x.text} ({limits})")


def _all_exponentiated(printed: Triplet, centre: Centre) -> Cause | None:
    """Estimate and both limits each exponentiated once more: their logarithms are a ratio with its interval."""
    if printed.low.interval().low <= 1 or printed.estimate.value <= 1 or printed.high.value <= printed.low.value:
        return None
    low, x, high = (part.interval().log() for part in (printed.low, printed.estimate, printed.high))
    if not x.overlaps(((low.log() + high.log()) * 0.5).exp()):
        return None
    shown = [f"{math.log(part.value):.2f}" for part in (printed.estimate, printed.low, printed.high)]
    text = "estimate and limits were each exponentiated once more than they should be"
    return Cause(code="double-exponentiation", text=text, repair=f"{shown[0]} ({shown[1]} to {shown[2]})")


def _log_limits(printed: Triplet, centre: Centre) -> Cause | None:
    """Ratio with limits on the log scale."""
    middle = ((printed.low.interval() + printed.high.interval()) * 0.5).exp()
    if not printed.estimate.allows(middle):
        return None
    low, high = (printed.estimate.like(math.exp(part.value)) for part in (printed.low, printed.high))
    repair = f"{printed.estimate.text} ({low} to {high})"
    return Cause(code="wrong-scale", text="the limits are on the log scale, the estimate is not", repair=repair)


def _natural_symmetry(printed: Triplet, centre: Centre) -> Cause | None:
    """A ratio whose limits are symmetric on the natural scale."""
    middle = (printed.low.interval() + printed.high.interval()) * 0.5
    if not printed.estimate.allows(middle):
        return None
    return Cause(
        code="wrong-scale", text=f"the limits are symmetric on the {IDENTITY.name} scale, where a ratio's are not"
    )


def _reciprocal(printed: Triplet, centre: Centre) -> Cause | None:
    """The estimate of one direction with the interval of the other."""
    if printed.estimate.value > 0 and printed.estimate.interval().clip(1e-300, math.inf).reciprocal().overlaps(
        centre.values
    ):
        text = "estimate and interval compare the groups in opposite directions"
        return Cause(code="reversed-coding", text=text, repair=printed.estimate.like(1 / printed.estimate.value))
    return None


def _negated(printed: Triplet, centre: Centre) -> Cause | None:
    """A difference with the interval of the opposite sign."""
    if printed.estimate.value and (-printed.estimate.interval()).overlaps(centre.values):
        repair = printed.estimate.like(-printed.estimate.value)
        return Cause(code="reversed-coding", text="estimate and interval have opposite signs", repair=repair)
    return None


def _lost_minus(printed: Triplet, centre: Centre) -> Cause | None:
    """A difference whose lower limit lost its minus: "0.27 (0.17 to 0.71)"."""
    if printed.low.value <= 0:
        return None
    middle = (printed.high.interval() - printed.low.interval()) * 0.5
    if not printed.estimate.allows(middle):
        return None
    repair = f"{printed.estimate.text} (-{printed.low.text} to {printed.high.text})"
    return Cause(code="typing-slip", text="the minus of the lower limit is missing", repair=repair)


Finder = Callable[[Triplet, Centre], Cause | None]
CAUSES_BY_SCALE: dict[str, tuple[Finder, ...]] = {
    "ratio": (
        _exponentiated_limits,
        _exponentiated_estimate,
        _all_exponentiated,
        _reciprocal,
        _log_limits,
        _natural_symmetry,
    ),
    "difference": (_negated, _lost_minus),
    "correlation": (_negated,),
}


@lru_cache(maxsize=1024)
def _digit_slips(printed: Triplet, rule: Scale) -> tuple[Cause, ...]:
    """Every single slip, in one of the three numbers, that makes them fit; a shifted point before another digit."""
    for verdicts in (("consistent",), ("consistent", "rounding")):
        for finders in ((shifts,), (single_repairs,), (lost_places,)):
            found = [cause for finder in finders for cause in _slips_by(printed, rule, finder, verdicts)]
            if found:
                return tuple(found)
    return ()


def _slips_by(
    printed: Triplet, rule: Scale, finder: Callable[..., list[tuple[Printed, Cause]]], verdicts: tuple[str, ...]
) -> list[Cause]:
    found: list[Cause] = []
    most = max(number.decimals for number in printed.parts)
    for name in ("estimate", "low", "high"):
        part: Printed = getattr(printed, name)

        def fits(edit: Printed, name: str = name) -> bool:
            if edit.decimals > most:
                return False  # "-5.429" beside numbers of two decimals
            changed = replace(printed, **{name: edit})
            if changed.low.value >= changed.high.value or changed.low.value < rule.lowest:
                return False
            if rule.name == "ratio" and changed.low.value <= 0:
                return False
            return _centre(changed, rule.main, rule).verdict in verdicts

        for edit, cause in finder(part, fits):
            repaired = replace(printed, **{name: edit}).text
            found.append(Cause(code=cause.code, text=cause.text, repair=repaired))
    return found


# ---------------------------------------------------------------- the likeliest slip

OTHER_ESTIMATE, OTHER_LIMIT = 0.3, 0.1  # how often a number is that of another row, against a slip
USUAL = 3.0  # size of an estimate


def likely_slip(
    printed: Triplet,
    *,
    scale: str,
    p_value: Printed | None = None,
    level: float = 0.95,
    strict: bool = False,
    only: str | None = None,
) -> Cause | None:
    """Which single slip of the estimate or of a limit makes the three fit, and P where one stands beside them?

    A P that no slip makes fit may be of another test, and is left out of account; not so with ``strict``.
    only : the one of "estimate", "low", "high" that is known to be wrong.

    >>> likely_slip(Triplet.of("1.51", "1.07", "213"), scale="ratio").repair
    '1.51 (1.07 to 2.13)'
    >>> likely_slip(Triplet.of("0.97", "0.58", "160"), scale="ratio", p_value=Printed.parse("0.90")).repair
    '0.97 (0.58 to 1.60)'
    """
    rule = scale_of(scale)
    for p in (p_value, None) if p_value is not None and not strict else (p_value,):
        found = weighed(
            [_suspect(printed, rule, name, p, level) for name, part in PARTS.items() if only in (None, part)]
        )
        if found.slips:
            return found.cause(lambda slip: replace(printed, **{PARTS[slip.suspect.name]: slip.value}).text)
    return None


PARTS = {"the estimate": "estimate", "the lower limit": "low", "the upper limit": "high"}


def _suspect(printed: Triplet, rule: Scale, name: str, p: Printed | None, level: float) -> Suspect:
    part, number = PARTS[name], getattr(printed, PARTS[name])
    others = [one for one in printed.parts if one is not number]
    places = max((one.decimals for one in others), default=number.decimals)

    def changed(edit: Printed) -> Triplet:
        return replace(printed, **{part: edit})

    def fits(edit: Printed) -> bool:
        three = changed(edit)
        if (
            three.low.value >= three.high.value
            or three.low.value < rule.lowest
            or (rule.lowest == 0 and three.low.value <= 0)
        ):
            return False
        if _centre(three, rule.main, rule).verdict == "inconsistent":
            return False
        return p is None or rule.no_effect is None or has_p(three, rule, p, level)

    def among(edit: Printed) -> float:
        return _centre(changed(edit), rule.main, rule).values.width / printed.estimate.unit

    of_estimate = part == "estimate"
    return Suspect(
        name, number, fits, places=places, least=min(number.decimals, places), rounded=of_estimate, determined=of_estimate,
        plausible=max(abs(number.value), USUAL) / number.unit, other=OTHER_ESTIMATE if of_estimate else OTHER_LIMIT,
        among=None if of_estimate else among, inside=rule.interval_part(list(PARTS).index(name), _forward(printed, rule)),
    )  # fmt: skip


def _forward(printed: Triplet, rule: Scale) -> list[Interval]:
    return [rule.main.forward(part.interval().clip(rule.lowest, rule.highest)) for part in printed.parts]


def has_p(three: Triplet, rule: Scale, p: Printed, level: float) -> bool:
    """Whether P is about that of Wald's test of the interval."""
    low, x, high = (
        rule.main.forward(part.interval("half").clip(rule.lowest, rule.highest))
        for part in (three.low, three.estimate, three.high)
    )
    apart, widest, narrowest = abs(x - (rule.no_effect or 0.0)), high.high - low.low, high.low - low.high
    if narrowest <= 0 or not math.isfinite(widest):
        return True
    z = Interval(apart.low / widest, apart.high / narrowest) * (2 * quantile(level))
    values = Interval(2 * float(ndtr(-z.high)) / NEAR_P, min(1.0, 2 * float(ndtr(-z.low)) * NEAR_P))
    return p.interval("half").overlaps(values)


NEAR_P = 1.04  # factor within which a P of estimate and width is one that is printed
