"""Every usual method on the same rows: how many of them give a published number?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ostealgia.effects.result import EffectSizes
from ostealgia.errors import OstealgiaError
from ostealgia.meta.glmm import GLMM
from ostealgia.meta.mantel_haenszel import COUNTS, PETO_COUNTS
from ostealgia.meta.pooling import pool
from ostealgia.meta.result import PoolResult
from ostealgia.meta.sensitivity import GRID_TAU2
from ostealgia.project.computing import effect_sizes
from ostealgia.project.model import AnalysisSpec
from ostealgia.project.select import Selection
from ostealgia.tables.measures import MEASURES

CI = ("z", "t", "HK")
TRANSFORMS = {
    "proportion": ("PLO", "PLN", "PR", "PAS", "PFT"),
    "rate": ("IRLN", "IR", "IRS", "IRFT"),
    "mean": ("MN", "MNLN"),
}
MODELS = {
    "random": "random effects", "common": "common effect", "glmm": "GLMM", "EE": "GLMM with one common effect",
    "MH": "Mantel-Haenszel", "peto": "Peto",
}  # fmt: skip
NAMES = {
    "PLO": "logit", "PLN": "log", "PR": "untransformed", "PAS": "arcsine", "PFT": "Freeman-Tukey", "IRLN": "log rate",
    "IR": "untransformed", "IRS": "square root", "IRFT": "Freeman-Tukey", "MN": "untransformed", "MNLN": "log mean",
}  # fmt: skip


@dataclass(frozen=True)
class Method:
    """One way to pool: transformation (measure), model, tau2 estimator, interval."""

    measure: str
    model: str
    tau2: str = ""
    ci: str = "z"

    def label(self, *, transform: bool) -> str:
        """For a reader: "logit, random effects, DL, z".

        >>> Method("PLO", "random", "DL", "z").label(transform=True)
        'logit, random effects, DL, z'
        """
        model = MODELS[self.model if self.tau2 != "EE" else "EE"]
        tau2 = self.tau2 if self.model == "random" else ""
        parts = [NAMES.get(self.measure, self.measure) if transform else "", model, tau2, self.ci]
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True)
class MethodRow:
    """What one method gives: reported scale, in units of the measure; NaN and a note where it does not converge."""

    method: Method
    label: str
    estimate: float = math.nan
    ci_low: float = math.nan
    ci_high: float = math.nan
    tau2: float = math.nan
    i2_q: float = math.nan
    i2_tau2: float = math.nan
    note: str = ""
    pi_low: float = math.nan
    pi_high: float = math.nan
    q: float = math.nan
    p_value: float = math.nan

    def to_dict(self) -> dict[str, Any]:
        """A tidy row."""
        return {
            "method": self.label, "measure": self.method.measure, "model": self.method.model, "tau2_method": self.method.tau2,
            "ci_method": self.method.ci, "estimate": self.estimate, "ci_low": self.ci_low, "ci_high": self.ci_high, "tau2": self.tau2,
            "i2_q": self.i2_q, "note": self.note,
        }  # fmt: skip


def methods_of(measure: str) -> Iterator[Method]:
    """The methods of the grid for a measure: model x transformation x tau2 x interval."""
    kind = MEASURES[measure].kind
    for name in TRANSFORMS.get(kind, (measure,)):
        yield Method(name, "common")
        for tau2 in GRID_TAU2:
            for ci in CI:
                yield Method(name, "random", tau2, ci)
        if name in GLMM:
            yield Method(name, "glmm", "ML")
            yield Method(name, "glmm", "EE")
        for model, counts in (("MH", COUNTS), ("peto", PETO_COUNTS)):
            if name in counts:
                yield Method(name, model)


def method_grid(selection: Selection, spec: AnalysisSpec, fit: PoolResult) -> tuple[MethodRow, ...]:
    """Every method of ``methods_of`` on the rows of an analysis, and its own where that is another one.

    Prediction intervals and intervals of tau2 are left out: claims about them are judged on the analysis alone.
    """
    by_measure: dict[str, EffectSizes | OstealgiaError] = {spec.measure: fit.effects}
    rows = []
    several = MEASURES[spec.measure].kind in TRANSFORMS
    for method in methods_of(spec.measure):
        label = method.label(transform=several)
        if method.measure not in by_measure:
            try:
                by_measure[method.measure] = effect_sizes(spec, selection, method.measure)
            except OstealgiaError as error:
                by_measure[method.measure] = error
        found = by_measure[method.measure]
        if isinstance(found, OstealgiaError):
            rows.append(MethodRow(method, label, note=str(found)))
            continue
        rows.append(_row(method, label, found, spec.level))
    own = method_of(fit)
    if own not in {row.method for row in rows}:
        rows.append(row_of(own, own.label(transform=several), fit))
    return tuple(rows)


def _row(method: Method, label: str, effects: EffectSizes, level: float) -> MethodRow:
    options: dict[str, Any] = {"model": method.model, "ci": method.ci, "level": level}
    if method.model == "random":
        options |= {"tau2": method.tau2, "pi": "none", "tau2_ci": "none"}
    if method.model == "glmm":
        options |= {"glmm_method": method.tau2, "pi": "none"}
    try:
        fit = pool(effects, **options)
    except OstealgiaError as error:
        return MethodRow(method, label, note=str(error))
    return row_of(method, label, fit)


def method_of(fit: PoolResult) -> Method:
    """The method of a fit, as the grid names it."""
    tau2 = str(fit.options.get("glmm_method", "ML")) if fit.model == "glmm" else fit.tau2_method or ""
    return Method(fit.measure, fit.model, tau2, fit.ci_method)


def row_of(method: Method, label: str, fit: PoolResult) -> MethodRow:
    """The numbers of a fit as a row of the grid."""
    shown = fit.reported
    return MethodRow(
        method, label, shown.estimate, shown.ci_low, shown.ci_high, fit.tau2, fit.i2_q, fit.i2_tau2,
        "" if fit.converged else "did not converge", shown.pi_low, shown.pi_high, fit.q, fit.p_value,
    )  # fmt: skip
