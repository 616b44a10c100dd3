"""The printed studies pooled by every usual method: which of them gives the printed result?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ostealgia.audit.finding import judge
from ostealgia.errors import OstealgiaError
from ostealgia.numerics.intervals import Interval, Printed

TAU2 = ("DL", "REML", "PM", "ML", "HE", "SJ")
INTERVALS = ("z", "HK")
PROPORTIONS = {"PLO": "logit", "PR": "untransformed", "PFT": "Freeman-Tukey", "PAS": "arcsine", "PLN": "log"}
DIFFERENCES = {"MD": "mean difference", "SMD": "Hedges' g"}
TWO_ARMS = {"OR": "odds ratio", "RR": "risk ratio", "RD": "risk difference", "HR": "hazard ratio"}
POOLED_COUNTS = {"OR": ("MH", "peto"), "RR": ("MH",), "RD": ("MH",)}  # methods that need counts, not effects
NAMES = {"MH": "Mantel-Haenszel", "peto": "Peto"}


@dataclass(frozen=True)
class Fitted:
    """What one method gives, in the units of the print. label : "logit, random effects, DL, z"."""

    label: str
    estimate: float
    low: float
    high: float
    tau2: float
    i2: float
    i2_tau2: float
    k: int
    refit: Callable[[Mapping[str, Sequence[Any]]], Fitted | None]

    def text(self, decimals: int) -> str:
        """ "70.0 (41.6 to 88.4)"."""
        return f"{self.estimate:.{decimals}f} ({self.low:.{decimals}f} to {self.high:.{decimals}f})"


Data = Mapping[str, Sequence[Any]]


def grid(data: Data, measures: Mapping[str, str], scale: float = 1.0, *, quick: bool = False) -> Iterator[Fitted]:
    """Every method on the rows; those that do not converge or do not fit the data are left out.

    data : columns as effects.compute takes them.  scale : 100 where the print is in per cent.
    quick : DerSimonian-Laird with z only, to see which rows come near a printed result.
    """
    for measure, name in measures.items():
        effects = _effects(data, measure)
        for label, options in _methods(measure) if effects is not None else ():
            if quick and (options.get("tau2"), options.get("ci")) != ("DL", "z"):
                continue
            found = _fit(effects, f"{name}, {label}", options, scale)
            if found is not None:
                yield replace(found, refit=_refit(measure, found.label, options, scale))


def _refit(measure: str, label: str, options: dict[str, Any], scale: float) -> Callable[[Data], Fitted | None]:
    def again(rows: Data) -> Fitted | None:
        return _fit(_effects(rows, measure), label, options, scale)

    return again


def _methods(measure: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "common effect, z", {"model": "common", "ci": "z"}
    for tau2 in TAU2:
        for ci in INTERVALS:
            yield f"random effects, {tau2}, {ci}", {"tau2": tau2, "ci": ci, "pi": "none", "tau2_ci": "none"}
    for model in POOLED_COUNTS.get(measure, ()):
        yield f"{NAMES[model]}, z", {"model": model}
    if measure in POOLED_COUNTS:  # the DL estimate around the Mantel-Haenszel mean, as review programs have it
        yield "random effects, DL around Mantel-Haenszel, z", {
            "tau2": "DL", "ci": "z", "pi": "none", "tau2_ci": "none", "q_center": "MH"
        }  # fmt: skip
    if measure == "PLO":
        yield "GLMM, ML, z", {"model": "glmm", "glmm_method": "ML", "ci": "z", "pi": "none"}
        yield "GLMM, common effect, z", {"model": "glmm", "glmm_method": "EE", "ci": "z", "pi": "none"}


def _effects(data: Data, measure: str) -> Any:
    """Effect sizes of the rows, None where the measure does not suit them."""
    from ostealgia.effects.compute import compute

    try:
        return compute(dict(data), measure=measure)
    except OstealgiaError:
        return None


def _fit(effects: Any, label: str, options: dict[str, Any], scale: float) -> Fitted | None:
    from ostealgia.meta.pooling import pool

    if effects is None:
        return None
    try:
        fit = pool(effects, **options)
    except (OstealgiaError, FloatingPointError):
        return None
    shown = fit.reported
    values = (scale * shown.estimate, scale * shown.ci_low, scale * shown.ci_high)
    if not fit.converged or not all(map(math.isfinite, values)):
        return None
    return Fitted(label, *values, fit.tau2, fit.i2_q, fit.i2_tau2, fit.k, lambda _: None)


@dataclass(frozen=True)
class Target:
    """A printed pooled result: estimate with limits. share : a proportion or percentage, not a difference."""

    estimate: Printed
    low: Printed
    high: Printed
    share: bool = True

    @property
    def text(self) -> str:
        """As printed."""
        return f"{self.estimate.text} ({self.low.text} to {self.high.text})"

    def verdict(self, fit: Fitted, slack: int = 0) -> str:
        """consistent, rounding, or inconsistent. slack : units of the last place that are forgiven as rounding."""
        pairs = ((self.estimate, fit.estimate), (self.low, fit.low), (self.high, fit.high))
        verdicts = {judge(printed, value, Interval(value, value)) for printed, value in pairs}
        if verdicts == {"consistent"}:
            return "consistent"
        if "inconsistent" not in verdicts:
            return "rounding"
        near = all(abs(printed.value - value) <= (slack + 0.5) * printed.unit for printed, value in pairs)
        return "rounding" if slack and near else "inconsistent"

    def distance(self, fit: Fitted) -> float:
        """How far a fit is off, in widths of the printed interval."""
        width = max(self.high.value - self.low.value, self.estimate.unit)
        pairs = ((self.estimate, fit.estimate), (self.low, fit.low), (self.high, fit.high))
        return sum(abs(printed.value - value) for printed, value in pairs) / width


def reproduced(target: Target, fits: Sequence[Fitted], slack: int = 0) -> tuple[str, list[Fitted]]:
    """The best verdict and the methods that reach it; "inconsistent" with the nearest one where none does."""
    verdicts = [(target.verdict(fit, slack), fit) for fit in fits]
    for wanted in ("consistent", "rounding"):
        found = [fit for verdict, fit in verdicts if verdict == wanted]
        if found:
            return wanted, found
    return "inconsistent", [min(fits, key=target.distance)] if fits else []
