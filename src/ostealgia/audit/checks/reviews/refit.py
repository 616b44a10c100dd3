"""The studies of a table pooled once more: which usual method gives the printed pool, and can any of those that the paper names?"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ostealgia.audit.causes import slip
from ostealgia.audit.checks.reviews.grid import Fitted, Target, grid, reproduced
from ostealgia.audit.finding import Cause
from ostealgia.audit.rules.confidence import Triplet
from ostealgia.numerics.intervals import Printed

RATIOS = {"OR": "odds ratio", "RR": "risk ratio", "HR": "hazard ratio", "IRR": "rate ratio"}
DIFFERENCES = {"MD": "mean difference", "SMD": "standardised mean difference", "RD": "risk difference"}
FAMILY = {"AOR": "OR", "AHR": "HR", "WMD": "MD", "ARR": "RR"}
NAMED, UNNAMED = 1.0, 1.5  # standard errors that a pool is off before it is none of the methods
COMMON = 0.6  # the same where a common effect is named, which has one set of weights
NARROW = 0.7  # of the narrowest interval of the methods
CLEAR = 3.0  # units of the last place
_FIXED = re.compile(r"\b(?:fixed|common)[\s-]{1,3}effects?\b|\bmantel\b|\bIV,? fixed|\bM-?H\b", re.I)
_RANDOM = re.compile(
    r"\brandom[\s-]{1,3}effects?\b|dersimonian|\bREML\b|restricted maximum|paule|sidik|hartung|\bD\+?L\b|\bIV,? random",
    re.I,
)
_TAU2 = {"DL": re.compile(r"dersimonian|\bD\+?L\b", re.I), "REML": re.compile(r"\bREML\b|restricted maximum", re.I)}
_HARTUNG = re.compile(r"hartung|knapp|\bHKSJ\b|sidik|t[\s-]distribution", re.I)


@dataclass(frozen=True)
class Methods:
    """Which of the usual methods a text leaves. named : it names one kind of model and not the other."""

    models: frozenset[str]
    hartung: bool
    named: bool
    tau2: str = ""

    def likely(self, fits: Sequence[Fitted]) -> Fitted | None:
        """The fit of the very method that is named, None where it is not said."""
        if not self.named or (self.hartung and "random" in self.models):
            return None
        told = [fit for fit in fits if "common" in self.models or f", {self.tau2}, z" in fit.label]
        return told[0] if told and ("common" in self.models or self.tau2) else None

    def of(self, fits: Sequence[Fitted]) -> list[Fitted]:
        """The fits that are of such a method."""
        kept = [fit for fit in fits if ("random" in fit.label) == ("random" in self.models) or len(self.models) == 2]
        return [fit for fit in kept if self.hartung or not fit.label.endswith("HK")]


def methods_named(label: str, around: str, text: str) -> Methods:
    """By the row's label, else by what stands around the table, else by the whole paper."""
    for words in (label, around, text):
        found = {name for name, pattern in (("common", _FIXED), ("random", _RANDOM)) if pattern.search(words)}
        if found:
            tau2 = {name for name, pattern in _TAU2.items() if pattern.search(words)}
            only = tau2.pop() if len(tau2) == 1 else ""
            return Methods(frozenset(found), _HARTUNG.search(text) is not None, len(found) == 1, only)
    return Methods(frozenset(("common", "random")), True, False)


@dataclass(frozen=True)
class Refit:
    """verdict : "consistent", "rounding", "off" (the estimate), "narrow", "slip", or "" where nothing is certain.

    nearest : the method that comes nearest; None where there is none.  more : methods that give the same.
    """

    verdict: str
    nearest: Fitted | None = None
    more: int = 0
    cause: Cause | None = None


def refit(pool: Triplet, studies: Sequence[Triplet], measure: str | None, heading: str, methods: Methods) -> Refit:
    """The printed pool against every method on the printed studies."""
    kind = kind_of(measure, heading, (*studies, pool))
    fits = fitted(studies, kind, FAMILY.get(measure or "", measure or "")) if kind else []
    if not fits:
        return Refit("")
    target = Target(pool.estimate, pool.low, pool.high, share=False)
    verdict, found = reproduced(target, fits)
    if verdict != "inconsistent":
        return Refit(verdict, found[0], len(found) - 1)
    allowed = methods.of(fits)
    if not allowed or not pool.low.value < pool.high.value:
        return Refit("", found[0])
    nearest = methods.likely(allowed) or min(allowed, key=target.distance)
    cause = _slip(target, allowed)
    if cause is not None:
        return Refit("slip", nearest, 0, cause)
    scale = _Scale(kind)
    room = COMMON if methods.named and methods.models == {"common"} else NAMED if methods.named else UNNAMED
    if all(scale.apart(pool.estimate, fit) > room for fit in allowed):
        shape = Cause(repair=_like(pool, nearest)) if methods.named else None
        return Refit("off", nearest, 0, shape)
    if all(scale.width(pool.low.value, pool.high.value) < NARROW * scale.width(fit.low, fit.high) for fit in allowed):
        near = any(scale.apart(pool.estimate, fit) < 0.5 for fit in allowed)
        return Refit("narrow", nearest) if near and len(studies) > 1 else Refit("", nearest)
    return Refit("", nearest)


def kind_of(measure: str | None, heading: str, printed: Sequence[Triplet]) -> str:
    """ "ratio", "difference", "percent" or "proportion"; empty where it is not certain."""
    name = FAMILY.get(measure or "", measure or "")
    values = [part.value for one in printed for part in one.parts]
    if name in RATIOS:
        return "ratio" if min(values) > 0 else ""
    if name in DIFFERENCES:
        return "difference"
    if re.search(
        r"difference|ratio|odds|hazard|correlation|change|score|years?\b|months?\b|\bHR|\bOR\b|\bRR\b|mean",
        heading,
        re.I,
    ):
        return ""
    if (
        re.search(r"\brates?\b|proportion|prevalence|incidence|%\s?\(|percent|\bES\b", heading, re.I)
        and min(values) > 0
    ):
        if 1 < max(values) < 100:
            return "percent"
        return "proportion" if max(values) < 1 else ""
    return ""


def fitted(studies: Sequence[Triplet], kind: str, measure: str) -> list[Fitted]:
    """Every method on estimates and intervals, in the units of the print. Proportions are pooled as logits, and as they are."""
    if kind == "ratio":
        return list(grid(_data(studies), {measure: RATIOS[measure]}))
    if kind == "difference":
        return list(grid(_data(studies), {"MD": DIFFERENCES[measure]}))
    unit = 100.0 if kind == "percent" else 1.0
    raw = [
        replace(fit, label=fit.label.replace("mean difference", "untransformed"))
        for fit in grid(_data(studies), {"MD": "mean difference"})
    ]

    def odds(value: float) -> float:
        return value / (unit - value)

    data = {name: ([odds(v) for v in values] if name != "study" else values) for name, values in _data(studies).items()}
    logits = [
        replace(
            fit,
            label=fit.label.replace("odds ratio", "logit"),
            **{
                name: unit * value / (1 + value)
                for name, value in (("estimate", fit.estimate), ("low", fit.low), ("high", fit.high))
            },
        )
        for fit in grid(data, {"OR": "odds ratio"})
    ]
    return [*logits, *raw]


def _data(studies: Sequence[Triplet]) -> dict[str, list[Any]]:
    return {
        "study": [f"{i}" for i in range(len(studies))],
        "estimate": [one.estimate.value for one in studies],
        "ci_low": [one.low.value for one in studies],
        "ci_high": [one.high.value for one in studies],
    }


@dataclass(frozen=True)
class _Scale:
    """Where such an interval is symmetric: distances in standard errors."""

    kind: str

    def at(self, value: float) -> float:
        """A value on that scale."""
        return math.log(value) if self.kind == "ratio" and value > 0 else value

    def width(self, low: float, high: float) -> float:
        """Of an interval."""
        return self.at(high) - self.at(low)

    def apart(self, printed: Printed, fit: Fitted) -> float:
        """Distance of an estimate from a fit, in standard errors of the fit; 0 within a few units of the last place."""
        if abs(printed.value - fit.estimate) <= CLEAR * printed.unit:
            return 0.0
        error = self.width(fit.low, fit.high) / 3.92
        return abs(self.at(printed.value) - self.at(fit.estimate)) / error if error > 0 else 0.0


def _slip(target: Target, fits: Sequence[Fitted]) -> Cause | None:
    """A method gives two of the three numbers, and one slip of a digit makes the third one fit as well, clearly."""
    for fit in fits:
        pairs = [(target.estimate, fit.estimate), (target.low, fit.low), (target.high, fit.high)]
        off = [(printed, value) for printed, value in pairs if not printed.fits(value)]
        room = max(CLEAR * target.estimate.unit, 0.1 * (fit.high - fit.low))
        if len(off) == 1 and abs(off[0][0].value - off[0][1]) > room and (cause := slip(*off[0])) is not None:
            return cause
    return None


def _like(pool: Triplet, fit: Fitted) -> str:
    parts = zip(pool.parts, (fit.estimate, fit.low, fit.high), strict=True)
    estimate, low, high = (printed.like(value) for printed, value in parts)
    return f"{estimate} ({low} to {high})"
