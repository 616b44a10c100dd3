"""Published numbers against recomputed ones.

Four verdicts. *reproduced*: the recomputed value rounds to every printed digit, limits included. *rounding*: some value of the inputs,
inside their own printed precision, does. *differs*. *cannot be computed*: with what is missing. Beside the verdict stands how many of the
usual methods give the printed numbers: where it is more than one, none of them is confirmed.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ostealgia import display
from ostealgia.audit.finding import Finding, Place
from ostealgia.audit.rules import (
    ci_vs_point,
    direction_vs_claim,
    odds_ratio,
    p_vs_ci,
    precision_bound,
    recover,
)
from ostealgia.audit.rules.direction import CLAIMS
from ostealgia.errors import OptionError, OstealgiaError, ProjectError
from ostealgia.numerics.intervals import Interval, Printed, corners
from ostealgia.options import one_of
from ostealgia.project import printed_tables
from ostealgia.project.analyses import AnalysisRun
from ostealgia.project.checks import scale_of_claim
from ostealgia.project.methods import MethodRow, method_of, row_of
from ostealgia.project.model import CONFIG, ClaimSpec
from ostealgia.project.precision import reach
from ostealgia.project.printed import agrees, counts_of_percent, shown
from ostealgia.project.select import Selection
from ostealgia.project.store import Project, Row
from ostealgia.tables.measures import MEASURES

REPRODUCED, ROUNDING, DIFFERS, CANNOT = "reproduced", "rounding", "differs", "cannot be computed"
SEARCHED = ("pooled", "tau2", "i2", "q", "p", "pi")
NAN = math.nan
Triple = tuple[float, float, float]


@dataclass(frozen=True)
class ClaimVariant:
    """The claim recomputed under a named assumption."""

    title: str
    recomputed: str
    verdict: str = ""


@dataclass(frozen=True)
class ClaimResult:
    """One claim with its verdict. published, recomputed : as text.  numbers : recomputed estimate and limits, in the unit of the claim.

    methods_matching of methods_tried give the printed numbers (None where there is no grid).
    """

    id: str
    title: str
    quantity: str
    published: str
    recomputed: str
    verdict: str
    detail: str = ""
    source: str = ""
    analysis: str = ""
    numbers: Triple = (NAN, NAN, NAN)
    methods_matching: int | None = None
    methods_tried: int | None = None
    variants: tuple[ClaimVariant, ...] = ()
    findings: tuple[Finding, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """A row of ``claims.csv`` and of the JSON of the demo."""
        return {
            "id": self.id, "claim": self.title, "published": self.published, "recomputed": self.recomputed, "verdict": self.verdict,
            "detail": self.detail, "analysis": self.analysis, "quantity": self.quantity, "estimate": self.numbers[0],
            "ci_low": self.numbers[1], "ci_high": self.numbers[2], "methods_matching": self.methods_matching,
            "methods_tried": self.methods_tried, "source": self.source,
            "variants": [{"assumption": v.title, "recomputed": v.recomputed, "verdict": v.verdict} for v in self.variants],
        }  # fmt: skip


@dataclass(frozen=True)
class Context:
    """What claims are judged on: the project and what was computed from it."""

    project: Project
    runs: Mapping[str, AnalysisRun] = field(default_factory=dict)

    @cached_property
    def tables(self) -> Sequence[Any]:
        """The declared printed tables."""
        return self.project.spec.table


def judge(context: Context) -> tuple[ClaimResult, ...]:
    """Every claim of the project with its verdict, in the order of ``ostealgia.toml``; tests of printed tables follow."""
    results = [judge_one(claim, context) for claim in context.project.spec.claim]
    for table in context.project.spec.table:
        results.extend(_from_test(test) for test in printed_tables.tests_of(context.project, table))
    return tuple(results)


def judge_one(claim: ClaimSpec, context: Context) -> ClaimResult:
    """One claim. Raises ProjectError for a quantity that does not exist or that lacks its keys."""
    try:
        quantity = one_of("quantity", claim.quantity, QUANTITIES)
    except OptionError as error:
        raise ProjectError(f"{CONFIG}, claim {claim.id!r}: {error}") from None
    return QUANTITIES[quantity](claim, context)


# ---------------------------------------------------------------- results of analyses


def _pooled(claim: ClaimSpec, context: Context) -> ClaimResult:
    """A pooled estimate with its interval, or events of all patients added up."""
    run = _run_of(claim, context)
    if run.crude is not None:
        return _sum(claim, run)
    if run.fit is None:
        return _not_computed(claim, run)
    return _fitted(claim, run)


def _fitted(claim: ClaimSpec, run: AnalysisRun) -> ClaimResult:
    """A number of the pool: the project's own method first, then rounding of the inputs, then the grid of methods."""
    fit = run.fit
    if fit is None:
        return _not_computed(claim, run)
    targets = _targets(claim)
    row = row_of(method_of(fit), "", fit)
    values = _values(claim, row, run)
    verdict = REPRODUCED if _all_agree(targets, values) else DIFFERS
    details = []
    if verdict == DIFFERS and claim.quantity in SEARCHED:
        found = reach(run.selection, lambda selection: _evaluate(claim, run, selection), targets)
        if found is not None:
            verdict = ROUNDING
            details.append(f"rounding of the inputs gives it: {found.text}")
    matching, tried, told = _methods(claim, run, targets)
    details += [told, claim.comment]
    return _result(
        claim, verdict=verdict, recomputed=_triple_text(claim, values), detail=_join(details), numbers=values,
        methods_matching=matching, methods_tried=tried, variants=_variants(claim, run, targets),
    )  # fmt: skip


def _evaluate(claim: ClaimSpec, run: AnalysisRun, selection: Selection) -> Triple:
    """The numbers of a claim for other inputs, by the analysis's own method."""
    from ostealgia.effects import compute
    from ostealgia.meta.pooling import pool
    from ostealgia.meta.sensitivity import refit_options

    fit = run.fit
    assert fit is not None  # the caller checked
    effects = compute(selection.frame(), measure=run.spec.measure, on_bad="exclude", **run.spec.effect_options)
    options = {**refit_options(fit), **run.spec.options}
    return _values(claim, row_of(method_of(fit), "", pool(effects, **options)), run)


def _values(claim: ClaimSpec, row: MethodRow, run: AnalysisRun) -> Triple:
    """Estimate and limits in the unit of the claim."""
    fit = run.fit
    factor = 100.0 if _in_percent(claim, run) else 1.0
    if claim.quantity == "pooled":
        return row.estimate * factor, row.ci_low * factor, row.ci_high * factor
    if claim.quantity == "i2":
        estimate = claim.printed[0]
        both = [value for value in (row.i2_q, row.i2_tau2) if not math.isnan(value)]
        match = next((value for value in both if estimate is not None and agrees(estimate, value)), None)
        return match if match is not None else (both[0] if both else NAN), NAN, NAN
    if fit is not None and claim.quantity == "pi":
        return NAN, fit.reported.pi_low * factor, fit.reported.pi_high * factor
    if fit is not None and claim.quantity in ("q", "p"):
        return (fit.q if claim.quantity == "q" else fit.p_value), NAN, NAN
    return row.tau2, NAN, NAN


def _methods(
    claim: ClaimSpec, run: AnalysisRun, targets: Sequence[Printed | None]
) -> tuple[int | None, int | None, str]:
    """How many of the usual methods give the printed numbers, and what that means."""
    if claim.quantity not in ("pooled", "tau2", "i2"):
        return None, None, ""
    rows = _grid_rows(claim, run)
    if not rows:
        return None, None, ""
    matching = [row for row in rows if _all_agree(targets, _values(claim, row, run))]
    count, tried = len(matching), len(rows)
    if not matching:
        told = f"none of {tried} methods gives the printed numbers from the typed inputs"
    elif count == 1:
        told = f"one of {tried} methods gives the printed numbers: {matching[0].label}"
    else:
        named = "; ".join(row.label for row in matching[:3]) + ("; ..." if count > 3 else "")
        told = f"{count} of {tried} methods give the printed numbers, so none is confirmed ({named})"
    return count, tried, told


def _grid_rows(claim: ClaimSpec, run: AnalysisRun) -> list[MethodRow]:
    """Methods that can differ in this quantity: tau2 and I2 do not depend on the interval, and need a random effect."""
    rows = [row for row in run.grid if not row.note]
    if claim.quantity == "pooled":
        return rows
    if claim.quantity == "tau2":
        return [
            row for row in rows if row.method.model == "glmm" or (row.method.model == "random" and row.method.ci == "z")
        ]
    return [row for row in rows if row.method.model in ("random", "glmm") and row.method.ci == "z"]


def _variants(claim: ClaimSpec, run: AnalysisRun, targets: Sequence[Printed | None]) -> tuple[ClaimVariant, ...]:
    found = []
    for variant in run.variants:
        if claim.quantity != "pooled":
            continue
        if variant.fit is None:
            found.append(ClaimVariant(variant.title, variant.problem))
            continue
        values = _values(claim, row_of(method_of(variant.fit), "", variant.fit), run)
        verdict = "same digits" if _all_agree(targets, values) else "other digits"
        found.append(ClaimVariant(variant.title, _triple_text(claim, values), verdict))
    return tuple(found)


def _not_computed(claim: ClaimSpec, run: AnalysisRun) -> ClaimResult:
    """No result: what is missing, and what the stated assumptions would give."""
    targets = _targets(claim)
    variants = _variants(claim, run, targets)
    details = [f"missing: {claim.missing or run.problem}"]
    recomputed = ""
    if variants:
        same = [variant for variant in variants if variant.verdict == "same digits"]
        recomputed = f"{len(variants)} assumptions below"
        details.append(
            f"{len(same)} of {len(variants)} assumptions give the printed digits"
            + (", so none is confirmed" if len(same) > 1 else "")
        )
    details.append(claim.comment)
    return _result(claim, verdict=CANNOT, recomputed=recomputed, detail=_join(details), variants=variants)


def _sum(claim: ClaimSpec, run: AnalysisRun) -> ClaimResult:
    """Events of all patients: the count and its denominator."""
    crude = run.crude
    assert crude is not None  # the caller checked
    factor = 100.0 if _in_percent(claim, run) else 1.0
    values = (crude.estimate * factor, *(limit * factor for limit in crude.interval))
    targets = _targets(claim)
    verdict = REPRODUCED if _all_agree(targets, values) else DIFFERS
    text = f"{_number(claim, values[0], 1)} ({crude.events:,.0f} of {crude.n:,.0f} in {crude.k} studies)"
    return _result(claim, verdict=verdict, recomputed=text, detail=claim.comment, numbers=values)


def _count(claim: ClaimSpec, context: Context) -> ClaimResult:
    """How many studies (k) or patients (n) an analysis has."""
    run = _run_of(claim, context)
    if run.crude is None and run.fit is None:
        if run.variants and run.variants[0].fit is not None:
            value = float(run.variants[0].fit.k if claim.quantity == "k" else run.variants[0].fit.n)
        else:
            return _not_computed(claim, run)
    else:
        source: Any = run.crude or run.fit
        value = float(getattr(source, claim.quantity))
    estimate = _needed(claim, "estimate")
    what = "studies" if claim.quantity == "k" else "patients"
    verdict = REPRODUCED if agrees(estimate, value) else DIFFERS
    return _result(
        claim, verdict=verdict, recomputed=f"{value:,.0f} {what}", detail=claim.comment, numbers=(value, NAN, NAN),
        published=f"{estimate.value:,.0f} {what}",
    )  # fmt: skip


# ---------------------------------------------------------------- numbers of the paper among themselves


def _percentage(claim: ClaimSpec, context: Context) -> ClaimResult:
    """A per cent from the count and the denominator printed with it; with the denominator alone, whether any count gives it."""
    estimate = _needed(claim, "estimate")
    if claim.n is None or claim.n <= 0:
        raise ProjectError(
            f"{CONFIG}, claim {claim.id!r}: quantity = 'percentage' needs n (and events where they are printed)."
        )
    if claim.events is not None:
        value = 100.0 * claim.events / claim.n
        verdict = REPRODUCED if agrees(estimate, value) else DIFFERS
        text = f"{display.number(value, estimate.decimals + 1)}% ({claim.events:,} of {claim.n:,})"
        return _result(claim, verdict=verdict, recomputed=text, detail=claim.comment, numbers=(value, NAN, NAN))
    counts = counts_of_percent(estimate, claim.n)
    if counts:
        text = f"{counts[0]} of {claim.n}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]} of {claim.n}"
        return _result(claim, verdict=REPRODUCED, recomputed=text, detail=claim.comment)
    below = math.floor(estimate.value * claim.n / 100)
    digits = estimate.decimals + 1
    near = " or ".join(f"{display.number(100 * x / claim.n, digits)}% ({x})" for x in (below, below + 1))
    detail = _join([f"no whole number of {claim.n} patients is {shown(estimate)}%", claim.comment])
    return _result(claim, verdict=DIFFERS, recomputed=f"{near} of {claim.n}", detail=detail)


def _effect(claim: ClaimSpec, context: Context) -> ClaimResult:
    """A published pooled effect to which one study contributes: it must be that study's own effect."""
    rows = [row for row in context.project.results if row.text("outcome") == claim.outcome and _is_measure(row, claim)]
    own = _best_row(
        [
            row
            for row in rows
            if row.text("arm") != "published" and (not claim.study or row.text("study") == claim.study)
        ]
    )
    if own is None:
        detail = [f"missing: {claim.missing or 'the effect of the study itself'}", _entered(claim), claim.comment]
        return _result(claim, verdict=CANNOT, recomputed="", detail=_join(detail))
    values = tuple(_cell(own, name) for name in ("estimate", "ci_low", "ci_high"))
    targets = _targets(claim)
    verdict = REPRODUCED if _all_agree(targets, values) else DIFFERS
    where = own.text("source")
    text = _triple_text(claim, values, extra=0)
    detail = _join(
        [f"one study contributes, so its own effect is the pooled one ({where})", _entered(claim), claim.comment]
    )
    return _result(claim, verdict=verdict, recomputed=text, detail=detail, numbers=values)  # type: ignore[arg-type]


def _best_row(rows: Sequence[Row]) -> Row | None:
    """The source study's own row before what the review prints of it; one with an interval before one without."""
    ranked = sorted(rows, key=lambda row: (row.text("arm") != "source", not row.text("ci_low"), row.number))
    return ranked[0] if ranked else None


def _is_measure(row: Row, claim: ClaimSpec) -> bool:
    return not claim.measure or row.text("measure").upper() == claim.measure.upper()


def _entered(claim: ClaimSpec) -> str:
    """What was entered, if the printed ratio is the exponential of a ratio."""
    estimate, low, high = claim.printed
    if estimate is None or low is None or high is None or min(estimate.value, low.value) <= 0:
        return ""
    if not low.value < estimate.value < high.value:
        return ""
    centre = math.sqrt(low.value * high.value)
    if ci_vs_point(estimate, low, high, scale="ratio").flagged:
        if not agrees(estimate, math.log(centre)) and abs(math.log(centre) - estimate.value) > estimate.unit:
            return "what was entered cannot be recovered: the interval belongs to another estimate"
        entered = recover(math.exp(estimate.value), low.value, high.value)
        return f"only the interval was exponentiated once too often: entered as {entered.text(estimate.text)}"
    return f"if exponentiated once too often it was entered as {recover(estimate.value, low.value, high.value).text()}"


def _interval(claim: ClaimSpec, context: Context) -> ClaimResult:
    """Is the printed estimate the middle of its printed interval, on the scale where it should be?"""
    estimate, low, high = (_needed(claim, name) for name in ("estimate", "ci_low", "ci_high"))
    found = ci_vs_point(estimate, low, high, scale=scale_of_claim(context.project.spec, claim))
    middle = found.recomputed if found.recomputed is not None else NAN
    digits = estimate.decimals + 1
    return _result(
        claim, verdict=VERDICT_OF_FINDING[found.verdict], recomputed=f"{display.number(middle, digits)} is the middle",
        detail=_join([found.message if found.verdict != "consistent" else "", claim.comment]), numbers=(middle, NAN, NAN),
        findings=(found,),
    )  # fmt: skip


def _p_from_interval(claim: ClaimSpec, context: Context) -> ClaimResult:
    """Does the printed P follow from the printed interval?"""
    estimate, low, high = (_needed(claim, name) for name in ("estimate", "ci_low", "ci_high"))
    p = _needed(claim, "p")
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
    return _result(
        claim, verdict=verdict, recomputed=f"P {_p(point, p)}", detail=claim.comment, numbers=(point, NAN, NAN), published=published,
        findings=findings,
    )  # fmt: skip


def _p_of_proportion(estimate: Printed, low: Printed, high: Printed) -> tuple[float, Interval]:
    """P against one half on the logit scale, at the printed numbers and over their rounding."""
    from scipy.special import logit, ndtr, ndtri

    def p(x: Any, a: Any, b: Any) -> Any:
        return 2 * ndtr(-abs(logit(x)) * 2 * ndtri(0.975) / (logit(b) - logit(a)))

    boxes = [part.interval("half").clip(1e-9, 1 - 1e-9) for part in (estimate, low, high)]
    return float(p(estimate.value, low.value, high.value)), corners(p, *boxes)


WHAT = defaultdict(lambda: "risk", {"OR": "odds", "AOR": "odds", "HR": "risk", "RR": "risk", "IRR": "rate"})


def _direction(claim: ClaimSpec, context: Context) -> ClaimResult:
    """Do the words, the ratio, and the printed counts or means point the same way?"""
    estimate = _needed(claim, "estimate")
    _, low, high = claim.printed
    says = one_of("says", claim.says, CLAIMS)
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
        details.append(
            f"the counts agree with the words, so the printed ratio is that of the opposite outcome; the other way round it is {turned}"
            if same
            else "the counts agree with the ratio, so the words are wrong"
        )
    side = "higher" if estimate.value > 1 else "lower"
    return _result(
        claim, verdict=VERDICT_OF_FINDING[found.verdict],
        recomputed=f"{measure} {shown(estimate)} means {side} {WHAT[measure]}",
        published=f"{says} {WHAT[measure]}; {measure} {_printed_text(claim)}",
        detail=_join([*details, claim.comment]), findings=(found,),
    )  # fmt: skip


def _crude_direction(claim: ClaimSpec, context: Context) -> tuple[str | None, str]:
    """Which way the printed counts or means point, for the first group (responders) against the second."""
    if not claim.against:
        return None, ""
    where = claim.against[0]
    counts = printed_tables.counts_against_rest(context.project, context.tables, where)
    name = printed_tables.plain_name(where.variable)
    if counts is not None:
        crude, low, high = odds_ratio(counts)
        text = f"crude odds ratio of the printed counts {display.number(crude)} ({display.interval(low, high)})"
        return ("higher" if crude > 1 else "lower"), text
    means = printed_tables.means_at(context.project, context.tables, where)
    if means is None:
        return None, ""
    text = f"{name}: mean {means[0]:g} in the first group, {means[1]:g} in the second"
    return ("higher" if means[0] > means[1] else "lower"), text


def _change(claim: ClaimSpec, context: Context) -> ClaimResult:
    """A per cent change in words against the ratio beside it."""
    size, ratio = _needed(claim, "estimate"), _needed(claim, "of")
    says = one_of("says", claim.says, CLAIMS)
    measure = claim.measure or "OR"
    found = direction_vs_claim(ratio, says, percent=size, measure=measure, outcome=WHAT[measure])
    change = 100 * (ratio.value - 1)
    side = "higher" if change > 0 else "lower"
    return _result(
        claim, verdict=VERDICT_OF_FINDING[found.verdict],
        recomputed=f"{display.number(abs(change), size.decimals + (0 if found.verdict == 'consistent' else 1))}% {side}",
        published=f"{shown(size)}% {says}; {measure} {shown(ratio)}",
        detail=_join([found.message if found.verdict in ("inconsistent", "impossible") else "", claim.comment]), findings=(found,),
        numbers=(change, NAN, NAN),
    )  # fmt: skip


def _margin(claim: ClaimSpec, context: Context) -> ClaimResult:
    """The same patients counted in two printed tables."""
    from ostealgia.audit.rules import same_total

    first = _counts_of(claim, claim.place, context)
    second = _counts_of(claim, claim.against, context)
    found = same_total(first, second, what=claim.title or claim.id, severity=claim.severity)
    published, recomputed = _addition(first), _addition(second)
    return _result(
        claim, verdict=VERDICT_OF_FINDING[found.verdict], published=published, recomputed=recomputed,
        detail=claim.comment, numbers=(float(sum(second)), NAN, NAN), findings=(found,),
    )  # fmt: skip


def _counts_of(claim: ClaimSpec, places: Sequence[Any], context: Context) -> list[int]:
    if not places:
        raise ProjectError(f"{CONFIG}, claim {claim.id!r}: quantity = 'margin' needs place and against.")
    return [count for place in places for count in printed_tables.counts_at(context.project, context.tables, place)]


def _addition(counts: Sequence[int]) -> str:
    return str(counts[0]) if len(counts) == 1 else f"{' + '.join(map(str, counts))} = {sum(counts)}"


def _precision(claim: ClaimSpec, context: Context) -> ClaimResult:
    """Can a logistic regression of so many patients give so narrow an interval for a binary factor?"""
    estimate, low, high = (_needed(claim, name) for name in ("estimate", "ci_low", "ci_high"))
    if not claim.against:
        raise ProjectError(
            f"{CONFIG}, claim {claim.id!r}: quantity = 'precision' needs against (the row of the exposed patients)."
        )
    counts = printed_tables.counts_against_rest(context.project, context.tables, claim.against[0])
    if counts is None:
        raise ProjectError(f"{CONFIG}, claim {claim.id!r}: the row in against has no counts of two groups.")
    exposed, n = sum(counts[0]), sum(counts[0]) + sum(counts[1])
    found = precision_bound(low, high, exposed=exposed, n=n, cells=[cell for line in counts for cell in line])
    half = math.exp((found.recomputed or NAN) * 1.959964)
    narrowest = (estimate.value / half, estimate.value * half)
    return _result(
        claim, verdict=VERDICT_OF_FINDING[found.verdict],
        recomputed=f"not narrower than {display.interval(*narrowest, estimate.decimals)}",
        detail=_join([found.message, claim.comment]), numbers=(NAN, *narrowest), findings=(found,),
    )  # fmt: skip


def _not_printed(claim: ClaimSpec, context: Context) -> ClaimResult:
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
        details.append("the estimate is the middle of its interval" if fits else found.message)
    details.append(claim.comment)
    return _result(claim, verdict=CANNOT, recomputed="", detail=_join(details))


QUANTITIES: dict[str, Callable[[ClaimSpec, Context], ClaimResult]] = {
    "pooled": _pooled,
    "estimate": _pooled,
    "pi": lambda claim, context: _fitted(claim, _run_of(claim, context)),
    "tau2": lambda claim, context: _fitted(claim, _run_of(claim, context)),
    "i2": lambda claim, context: _fitted(claim, _run_of(claim, context)),
    "q": lambda claim, context: _fitted(claim, _run_of(claim, context)),
    "p": lambda claim, context: _fitted(claim, _run_of(claim, context)),
    "k": _count,
    "n": _count,
    "percentage": _percentage,
    "effect": _effect,
    "interval": _interval,
    "p-from-interval": _p_from_interval,
    "direction": _direction,
    "change": _change,
    "margin": _margin,
    "precision": _precision,
    "not-printed": _not_printed,
}

VERDICT_OF_FINDING = {"consistent": REPRODUCED, "rounding": ROUNDING, "inconsistent": DIFFERS, "impossible": DIFFERS}


def _from_test(test: printed_tables.TestRow) -> ClaimResult:
    """A recomputed test of a printed table as a claim: its worst finding is its verdict."""
    order = [REPRODUCED, ROUNDING, DIFFERS]
    about_p_of_print = [f for f in test.findings if f.rule == "p-vs-statistic" and f.verdict == "rounding"]
    verdicts = [VERDICT_OF_FINDING[f.verdict] for f in test.findings if f not in about_p_of_print]
    return ClaimResult(
        id=test.id, title=test.title, quantity="test", published=test.published, recomputed=test.recomputed,
        verdict=max(verdicts, key=order.index), detail=test.detail, source=test.source, findings=test.findings,
    )  # fmt: skip


# ---------------------------------------------------------------- words and numbers


def _run_of(claim: ClaimSpec, context: Context) -> AnalysisRun:
    if claim.analysis not in context.runs:
        raise ProjectError(
            f"{CONFIG}, claim {claim.id!r}: quantity = {claim.quantity!r} needs analysis = one of the analyses."
        )
    return context.runs[claim.analysis]


def _needed(claim: ClaimSpec, name: str) -> Printed:
    value = getattr(claim, name)
    if value is None:
        raise ProjectError(f"{CONFIG}, claim {claim.id!r}: quantity = {claim.quantity!r} needs {name}.")
    estimate, low, high = claim.printed
    return {"estimate": estimate, "ci_low": low, "ci_high": high}.get(name) or value


def _targets(claim: ClaimSpec) -> tuple[Printed | None, Printed | None, Printed | None]:
    return claim.printed


def _all_agree(targets: Sequence[Printed | None], values: Sequence[float]) -> bool:
    pairs = [(target, value) for target, value in zip(targets, values, strict=True) if target is not None]
    return bool(pairs) and all(agrees(target, value) for target, value in pairs)


def _in_percent(claim: ClaimSpec, run: AnalysisRun) -> bool:
    """Whether the claim prints a proportion as per cent: by its unit, or because a proportion above 1 can be nothing else."""
    if claim.unit == "%":
        return claim.quantity in ("pooled", "estimate", "pi")
    largest = max((item.value for item in claim.printed if item is not None), default=0.0)
    return MEASURES[run.spec.measure].percent and largest > 1


def _number(claim: ClaimSpec, value: float, extra: int = 1) -> str:
    """A recomputed number with one more decimal than is printed (none where three or more are)."""
    estimate = next((item for item in claim.printed if item is not None), None)
    printed = 2 if estimate is None else max(estimate.decimals, 0)
    digits = printed + (extra if printed < 3 else 0)
    return display.number(value, digits) + _sign(claim)


def _sign(claim: ClaimSpec) -> str:
    return "%" if claim.unit == "%" else ""


def _triple_text(claim: ClaimSpec, values: Sequence[float], extra: int = 1) -> str:
    """ "78.6% (73.3 to 83.2)"."""
    estimate, low, high = values
    limits = "" if math.isnan(low) else f"({_bare(claim, low, extra)} to {_bare(claim, high, extra)})"
    point = "" if math.isnan(estimate) else _number(claim, estimate, extra)
    return " ".join(part for part in (point, limits) if part)


def _bare(claim: ClaimSpec, value: float, extra: int) -> str:
    return _number(claim, value, extra).rstrip("%")


def _printed_text(claim: ClaimSpec) -> str:
    """The published numbers as text: "79% (73 to 83)"."""
    estimate, low, high = claim.printed
    parts = [] if estimate is None else [shown(estimate) + _sign(claim)]
    if low is not None and high is not None:
        parts.append(f"({shown(low)} to {shown(high)})")
    return " ".join(parts)


def _p(value: float, printed: Printed) -> str:
    digits = max(printed.decimals, 3)
    return f"< {10.0**-digits:.{digits}f}" if value < 0.5 * 10.0**-digits else display.number(value, digits)


def _cell(row: Row, name: str) -> float:
    try:
        return row.value(name)
    except ValueError:
        return NAN


def _join(parts: Sequence[str]) -> str:
    """Sentences from the parts that say something."""
    kept = [part.strip().rstrip(".") for part in parts if part and part.strip()]
    return ". ".join(part[0].upper() + part[1:] for part in kept)


def _result(
    claim: ClaimSpec,
    *,
    verdict: str,
    recomputed: str,
    published: str | None = None,
    findings: Sequence[Finding] = (),
    **more: Any,
) -> ClaimResult:
    place = Place(document=claim.source or "published result", quote=claim.title or claim.id)
    return ClaimResult(
        id=claim.id, title=claim.title or claim.id, quantity=claim.quantity, verdict=verdict, recomputed=recomputed,
        published=(claim.text or _printed_text(claim)) if published is None else published, source=claim.source, analysis=claim.analysis,
        findings=tuple(finding.at(place) for finding in findings), **more,
    )  # fmt: skip


def error_text(error: OstealgiaError) -> str:
    """The message of an error, for a line of the report."""
    return str(error)
