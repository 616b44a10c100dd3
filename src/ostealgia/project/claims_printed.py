"""Claims about the paper's printed numbers among themselves: per cents, intervals, P values, words, margins."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from ostealgia import display
from ostealgia.audit.finding import Finding
from ostealgia.audit.rules import (
    Triplet,
    ci_vs_point,
    direction_vs_claim,
    odds_ratio,
    p_vs_ci,
    precision_bound,
    recover,
    same_total,
)
from ostealgia.audit.rules.direction import CLAIMS
from ostealgia.audit.rules.significance import quantile
from ostealgia.audit.rules.totals import sum_text
from ostealgia.errors import ProjectError
from ostealgia.numerics.intervals import Interval, Printed, corners
from ostealgia.project import printed_tables
from ostealgia.project.checks import scale_of_claim
from ostealgia.project.claim_base import (
    CANNOT,
    DIFFERS,
    NAN,
    REPRODUCED,
    ROUNDING,
    VERDICT_OF_FINDING,
    ClaimResult,
    Context,
    all_agree,
    cell_value,
    join,
    needed,
    printed_text,
    result,
    triple_text,
)
from ostealgia.project.model import CONFIG, ClaimSpec
from ostealgia.project.printed import agrees, counts_of_percent, p_like, shown
from ostealgia.project.store import Row


def percentage(claim: ClaimSpec, context: Context) -> ClaimResult:
    """A per cent from the count and the denominator printed with it; with the denominator alone, whether any count gives it."""
    estimate = needed(claim, "estimate")
    if claim.n is None or claim.n <= 0:
        raise ProjectError(
            f"{CONFIG}, claim {claim.id!r}: quantity = 'percentage' needs n (and events where they are printed)."
        )
    if claim.events is not None:
        value = 100.0 * claim.events / claim.n
        verdict = REPRODUCED if agrees(estimate, value) else DIFFERS
        text = f"{display.number(value, estimate.decimals + 1)}% ({claim.events:,} of {claim.n:,})"
        return result(claim, verdict=verdict, recomputed=text, detail=claim.comment, numbers=(value, NAN, NAN))
    counts = counts_of_percent(estimate, claim.n)
    if counts:
        text = f"{counts[0]} of {claim.n}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]} of {claim.n}"
        return result(claim, verdict=REPRODUCED, recomputed=text, detail=claim.comment)
    below = math.floor(estimate.value * claim.n / 100)
    digits = estimate.decimals + 1
    near = " or ".join(f"{display.number(100 * x / claim.n, digits)}% ({x})" for x in (below, below + 1))
    detail = join([f"no whole number of {claim.n} patients is {shown(estimate)}%", claim.comment])
    return result(claim, verdict=DIFFERS, recomputed=f"{near} of {claim.n}", detail=detail)


def effect(claim: ClaimSpec, context: Context) -> ClaimResult:
    """A published pooled effect to which one study contributes: it must be that study's own effect."""
    rows = [row for row in context.project.results if row.text("outcome") == claim.outcome and _is_measure(row, claim)]
    own = _best_row(
        [
            row
            for row in rows
            if row.text("arm") != "published"
            and row.printed("estimate") is not None
            and (not claim.study or row.text("study") == claim.study)
        ]
    )
    if own is None:
        detail = [f"missing: {claim.missing or 'the effect of the study itself'}", _entered(claim, None), claim.comment]
        return result(claim, verdict=CANNOT, recomputed="", detail=join(detail))
    values = (cell_value(own, "estimate"), cell_value(own, "ci_low"), cell_value(own, "ci_high"))
    targets = claim.printed
    verdict = REPRODUCED if all_agree(targets, values) else DIFFERS
    where = f" ({own.text('source')})" if own.text("source") else ""
    text = triple_text(claim, values, extra=0)
    detail = join(
        [f"one study contributes, so its own effect is the pooled one{where}", _entered(claim, own), claim.comment]
    )
    return result(claim, verdict=verdict, recomputed=text, detail=detail, numbers=values)


def _best_row(rows: Sequence[Row]) -> Row | None:
    """The source study's own row before what the review prints of it; one with an interval before one without."""
    ranked = sorted(rows, key=lambda row: (row.text("arm") != "source", not row.text("ci_low"), row.number))
    return ranked[0] if ranked else None


def _is_measure(row: Row, claim: ClaimSpec) -> bool:
    return not claim.measure or row.text("measure").upper() == claim.measure.upper()


def _entered(claim: ClaimSpec, own: Row | None) -> str:
    """What was entered, if the printed ratio is the exponential of a ratio. own : the study's own effect, if printed."""
    estimate, low, high = claim.printed
    if estimate is None or low is None or high is None or min(estimate.value, low.value) <= 0:
        return ""
    if not low.value < estimate.value < high.value:
        return ""
    if ci_vs_point(estimate, low, high, scale="ratio").flagged:
        centre = math.sqrt(low.value * high.value)
        if abs(math.log(centre) - estimate.value) > estimate.unit:
            return "what was entered cannot be recovered: the interval belongs to another estimate"
        entered = recover(f"{math.exp(estimate.value):.4f}", low, high, entered=estimate)
        return f"only the interval was exponentiated once too often: entered as {entered.text(estimate.text)}"
    return f"if exponentiated once too often it was entered as {recover(estimate, low, high, entered=logarithm_of(estimate, own)).text()}"


def logarithm_of(estimate: Printed, own: Row | None) -> Printed | None:
    """The study's own effect where it is the logarithm of the published one, inside the rounding of both."""
    printed = None if own is None else own.printed("estimate")
    if printed is None or estimate.value <= 0:
        return None
    return printed if estimate.interval("half").log().overlaps(printed.interval("half")) else None


def interval(claim: ClaimSpec, context: Context) -> ClaimResult:
    """Is the printed estimate the middle of its printed interval, on the scale where it should be?"""
    estimate, low, high = (needed(claim, name) for name in ("estimate", "ci_low", "ci_high"))
    found = ci_vs_point(estimate, low, high, scale=scale_of_claim(context.project.spec, claim))
    middle = found.recomputed if found.recomputed is not None else NAN
    digits = estimate.decimals + 1
    return result(
        claim, verdict=VERDICT_OF_FINDING[found.verdict], recomputed=f"middle {display.number(middle, digits)}",
        detail=join([found.message if found.verdict != "consistent" else "", claim.comment]), numbers=(middle, NAN, NAN),
        findings=(found,),
    )  # fmt: skip


def p_from_interval(claim: ClaimSpec, context: Context) -> ClaimResult:
    """Does the printed P follow from the printed interval?"""
    estimate, low, high = (needed(claim, name) for name in ("estimate", "ci_low", "ci_high"))
    p = needed(claim, "p")
    scale = scale_of_claim(context.project.spec, claim)
    if scale == "proportion":
        point, values = _p_of_proportion(estimate, low, high)
        verdict = REPRODUCED if p.fits(point) else ROUNDING if p.allows(values) else DIFFERS
        findings: tuple[Finding, ...] = ()
    else:
        found = p_vs_ci(estimate, low, high, p, scale=scale)
        point = found.recomputed if found.recomputed is not None else NAN
        verdict, findings = VERDICT_OF_FINDING[found.verdict], (found,)
    published = f"{shown(estimate)} ({shown(low)} to {shown(high)}), P {shown(p)}"
    return result(
        claim, verdict=verdict, recomputed=f"P {p_like(point, p)}", detail=claim.comment, numbers=(point, NAN, NAN), published=published,
        findings=findings,
    )  # fmt: skip


def _p_of_proportion(estimate: Printed, low: Printed, high: Printed) -> tuple[float, Interval]:
    """P against one half on the logit scale, at the printed numbers and over their rounding."""
    from scipy.special import logit, ndtr

    def p(x: Any, a: Any, b: Any) -> Any:
        return 2 * ndtr(-abs(logit(x)) * 2 * quantile(LEVEL) / (logit(b) - logit(a)))

    triplet = Triplet(estimate, low, high)
    parts = (triplet.proportions() if triplet.in_percent else triplet).parts
    points = [min(max(part.value, EDGE), 1 - EDGE) for part in parts]
    return float(p(*points)), corners(p, *(part.interval("half").clip(EDGE, 1 - EDGE) for part in parts))


EDGE = 1e-9  # a proportion printed as 0 or 1 stands for one that is nearly so
LEVEL = 0.95  # of printed intervals
WHAT = defaultdict(lambda: "risk", {"OR": "odds", "AOR": "odds", "IRR": "rate"})


def direction(claim: ClaimSpec, context: Context) -> ClaimResult:
    """Do the words, the ratio, and the printed counts or means point the same way?"""
    estimate = needed(claim, "estimate")
    _, low, high = claim.printed
    says = _says(claim)
    limits = None if low is None or high is None else (low, high)
    role = "treatment" if claim.severity == "conclusion-changing" else "factor"
    measure = claim.measure or "OR"
    found = direction_vs_claim(
        estimate, says, limits=limits, measure=measure, outcome=f"{WHAT[measure]} of the outcome", role=role
    )
    crude, crude_text = _crude_direction(claim, context)
    details = [crude_text]
    if found.verdict == "inconsistent" and crude is not None:
        same = (crude == "higher") == (says == "higher")
        turned = found.repair or ""
        opposite = f"so the printed ratio is that of the opposite outcome; the other way round it is {turned}"
        details.append(
            f"the printed numbers agree with {f'the words, {opposite}' if same else 'the ratio, so the words are wrong'}"
        )
    side = "higher" if estimate.value > 1 else "lower"
    return result(
        claim, verdict=VERDICT_OF_FINDING[found.verdict],
        recomputed=f"{measure} {shown(estimate)} means {side} {WHAT[measure]}",
        published=f"{says} {WHAT[measure]}; {measure} {printed_text(claim)}",
        detail=join([*details, claim.comment]), findings=(found,),
    )  # fmt: skip


def _says(claim: ClaimSpec) -> str:
    if claim.says not in CLAIMS:
        raise ProjectError(
            f"{CONFIG}, claim {claim.id!r}: quantity = {claim.quantity!r} needs says = {' or '.join(map(repr, CLAIMS))}."
        )
    return claim.says


def _crude_direction(claim: ClaimSpec, context: Context) -> tuple[str | None, str]:
    """Which way the printed counts or means point, for the first group (responders) against the second."""
    if not claim.against:
        return None, ""
    where = claim.against[0]
    counts = printed_tables.counts_against_rest(context.project, context.tables, where)
    name = printed_tables.plain_name(where.variable)
    if counts is not None:
        crude, low, high = odds_ratio(counts)
        if math.isnan(crude):
            return None, ""
        text = f"crude odds ratio of the printed counts {display.number(crude)} ({display.interval(low, high)})"
        return ("higher" if crude > 1 else "lower"), text
    means = printed_tables.means_at(context.project, context.tables, where)
    if means is None:
        return None, ""
    (first, a), (second, b) = means
    text = f"{name}: mean {a:g} in {first.lower()}, {b:g} in {second.lower()}"
    return ("higher" if a > b else "lower"), text


def change(claim: ClaimSpec, context: Context) -> ClaimResult:
    """A per cent change in words against the ratio beside it."""
    size, ratio = needed(claim, "estimate"), needed(claim, "of")
    says = _says(claim)
    measure = claim.measure or "OR"
    found = direction_vs_claim(ratio, says, percent=size, measure=measure, outcome=WHAT[measure])
    change = 100 * (ratio.value - 1)
    side = "higher" if change > 0 else "lower"
    return result(
        claim, verdict=VERDICT_OF_FINDING[found.verdict],
        recomputed=f"{display.number(abs(change), size.decimals + (0 if found.verdict == 'consistent' else 1))}% {side}",
        published=f"{shown(size)}% {says}; {measure} {shown(ratio)}",
        detail=join([found.message if found.verdict in ("inconsistent", "impossible") else "", claim.comment]), findings=(found,),
        numbers=(change, NAN, NAN),
    )  # fmt: skip


def margin(claim: ClaimSpec, context: Context) -> ClaimResult:
    """The same patients counted in two printed tables."""
    first = _counts_of(claim, claim.place, context)
    second = _counts_of(claim, claim.against, context)
    names = (_table_name(claim.place[0].table, context), _table_name(claim.against[0].table, context))
    found = same_total(
        first, second, what=claim.title or claim.id, severity=claim.severity, where=(f"in {names[0]}", f"in {names[1]}")
    )
    published, recomputed = sum_text(first), sum_text(second)
    return result(
        claim, verdict=VERDICT_OF_FINDING[found.verdict], published=published, recomputed=recomputed,
        detail=claim.comment, numbers=(float(sum(second)), NAN, NAN), findings=(found,),
    )  # fmt: skip


def _table_name(ident: str, context: Context) -> str:
    return printed_tables.short(next(table for table in context.tables if table.id == ident))


def _counts_of(claim: ClaimSpec, places: Sequence[Any], context: Context) -> list[int]:
    if not places:
        raise ProjectError(f"{CONFIG}, claim {claim.id!r}: quantity = 'margin' needs place and against.")
    return [count for place in places for count in printed_tables.counts_at(context.project, context.tables, place)]


def precision(claim: ClaimSpec, context: Context) -> ClaimResult:
    """Can a logistic regression of so many patients give so narrow an interval for a binary factor?"""
    estimate, low, high = (needed(claim, name) for name in ("estimate", "ci_low", "ci_high"))
    if not claim.against:
        raise ProjectError(
            f"{CONFIG}, claim {claim.id!r}: quantity = 'precision' needs against (the row of the exposed patients)."
        )
    counts = printed_tables.counts_against_rest(context.project, context.tables, claim.against[0])
    if counts is None:
        raise ProjectError(f"{CONFIG}, claim {claim.id!r}: the row in against has no counts of two groups.")
    exposed, n = sum(counts[0]), sum(counts[0]) + sum(counts[1])
    found = precision_bound(low, high, exposed=exposed, n=n, cells=[cell for line in counts for cell in line])
    half = math.exp((found.recomputed or NAN) * quantile(LEVEL))
    narrowest = (estimate.value / half, estimate.value * half)
    return result(
        claim, verdict=VERDICT_OF_FINDING[found.verdict],
        recomputed=f"not narrower than {display.interval(*narrowest, estimate.decimals)}",
        detail=join([found.message, claim.comment]), numbers=(NAN, *narrowest), findings=(found,),
    )  # fmt: skip


def not_printed(claim: ClaimSpec, context: Context) -> ClaimResult:
    """A claim whose inputs are not public: what is missing, and what can be said all the same."""
    details = [f"missing: {claim.missing}" if claim.missing else ""]
    if claim.events is not None and claim.n:
        estimate = claim.printed[0]
        digits = 2 if estimate is None else estimate.decimals + 1
        details.append(
            f"{claim.events:,} of {claim.n:,} would be {display.number(100 * claim.events / claim.n, digits)}%"
        )
    estimate, low, high = claim.printed
    if estimate is not None and low is not None and high is not None:
        found = ci_vs_point(estimate, low, high, scale=scale_of_claim(context.project.spec, claim))
        fits = found.verdict in ("consistent", "rounding")
        middle = display.number(found.recomputed, estimate.decimals + 1)
        word = (
            "the estimate is the middle of its interval"
            if fits
            else f"the estimate is not the middle of its interval ({middle})"
        )
        details.append(word)
    details.append(claim.comment)
    return result(claim, verdict=CANNOT, recomputed="", detail=join(details))
