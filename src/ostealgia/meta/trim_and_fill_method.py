"""Trim and fill: the pooled effect if the funnel were symmetric."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia import display
from ostealgia.effects.result import EffectSizes
from ostealgia.errors import OptionError
from ostealgia.meta.pooling import pool
from ostealgia.meta.result import PoolResult
from ostealgia.meta.sensitivity import refit_options
from ostealgia.meta.small_study_common import few_notes, significant, studies, text_lines
from ostealgia.meta.text import interval_text, shown
from ostealgia.numerics import trim_fill
from ostealgia.numerics.pooling import weighted_mean
from ostealgia.numerics.regression import fit_regression
from ostealgia.numerics.small_study import weighted_line
from ostealgia.numerics.tau2 import TAU2, estimate_tau2
from ostealgia.options import one_of
from ostealgia.tables.result import Result, plain

Array = NDArray[np.float64]
SIDES = ("auto", "left", "right")
TRIMMING = ("fitted", "common")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TrimAndFillResult(Result):
    """The pool with the studies that a symmetric funnel would have.

    k0, k0_std_error : number of studies filled in, and the standard error of the estimate before rounding.  p_value :
    of no missing study, R0 only.
    side : where they lie.  side_chosen : "auto" or "given".  estimator, trimming : how they were counted.
    filled_study, filled_estimate, filled_std_error : the mirror images, on the analysis scale, (k0,).
    original, adjusted : the pool without and with them.
    """

    k0: int
    k0_std_error: float
    p_value: float
    side: str
    side_chosen: str
    estimator: str
    trimming: str
    iterations: int
    filled_study: tuple[str, ...]
    filled_estimate: Array
    filled_std_error: Array
    original: PoolResult
    adjusted: PoolResult

    @property
    def imputed(self) -> tuple[Array, Array]:
        """Estimates and standard errors of the filled studies, as ``plot.funnel(imputed=...)`` takes them."""
        return self.filled_estimate, self.filled_std_error

    def to_frame(self) -> Any:
        """Two rows: the pool as it was and with the filled studies."""
        import pandas as pd

        rows = [("observed", self.original), ("filled", self.adjusted)]
        names = ("k", "estimate", "std_error", "ci_low", "ci_high", "p_value", "tau2")
        return pd.DataFrame(
            [
                {
                    "studies": label,
                    **{name: getattr(fit, name) for name in names},
                    **{f"reported_{name}": getattr(fit.reported, name) for name in ("estimate", "ci_low", "ci_high")},
                }
                for label, fit in rows
            ]
        )

    def to_dict(self) -> dict[str, Any]:
        names = ("k0", "k0_std_error", "p_value", "side", "side_chosen", "estimator", "trimming", "iterations", "filled_study",
                 "filled_estimate", "filled_std_error")  # fmt: skip
        body = {name: plain(getattr(self, name)) for name in names}
        rows = [{name: plain(value) for name, value in row.items()} for row in self.to_frame().to_dict("records")]
        return {**body, "rows": rows, "excluded": [row.to_dict() for row in self.excluded], "notes": list(self.notes)}

    def __str__(self) -> str:
        count = f"{self.k0} {'study' if self.k0 == 1 else 'studies'} filled in on the {self.side}"
        error = f" (SE {display.number(self.k0_std_error)})" if np.isfinite(self.k0_std_error) else ""
        body = [f"{count}{error}"]
        for label, fit in (("as observed", self.original), ("with filled", self.adjusted)):
            effect = f"{fit.measure} {shown(fit, fit.reported.estimate)} [{interval_text(fit, fit.reported.ci_low, fit.reported.ci_high)}]"
            body.append(f"{label}: {effect}, {fit.k} studies, tau2 {significant(fit.tau2)}")
        return text_lines(f"Trim and fill by {self.estimator}, trimming by the {_WORDS[self.trimming]}", body, self)


_WORDS = {"fitted": "model that is fitted", "common": "common-effect model"}


def trim_and_fill(
    effects: Any, *, estimator: str = "L0", side: str = "auto", trimming: str = "fitted", **options: Any
) -> TrimAndFillResult:
    """What would the pooled effect be if the funnel were symmetric?

    effects : as for ``pool``, or a PoolResult, whose model is then used; three studies or more.
    estimator : of the number missing: "L0" (robust, the usual), "R0" (from the longest run of ranks; has a test), "Q0".
    side : where studies are missing, "left", "right", or "auto" by the sign of the slope of effect on standard error.
    trimming : "fitted" (the model that is fitted, as metafor does) or "common" (the common-effect model, as R's meta
    does), also for the slope.
    options : model ("random", "common"), tau2, ci, level as in ``pool``.
    The filled studies are not data: the result is a sensitivity analysis, and heterogeneity alone makes it fill.
    Returns a TrimAndFillResult. Raises OptionError, ConvergenceError.
    Sources: Duval & Tweedie 2000, doi:10.1111/j.0006-341X.2000.00455.x; Peters et al. 2007, doi:10.1002/sim.2889.

    >>> se = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4]
    >>> data = {"estimate": [0.1, 0.12, 0.2, 0.3, 0.45, 0.5, 0.7, 0.8], "std_error": se}
    >>> found = trim_and_fill(data, model="common", ci="z")
    >>> found.k0, found.side
    (4, 'left')
    """
    one_of("estimator", estimator, trim_fill.ESTIMATORS)
    one_of("side", side, SIDES)
    one_of("trimming", trimming, TRIMMING)
    data = studies(effects, 3, "trim and fill")
    original = _original(effects, data, options)
    data = original.effects
    method = "common" if trimming == "common" or original.model == "common" else str(original.tau2_method)
    where = _side(data, method) if side == "auto" else side
    found = trim_fill.trim_and_fill(data.estimate, data.variance, _center(method), missing=where, estimator=estimator)
    filled = data.std_error[found.mirrored]
    notes = ["the filled studies are mirror images, not data: a sensitivity analysis only", *few_notes(data.k)]
    return TrimAndFillResult(
        k0=found.k0, k0_std_error=found.k0_std_error, p_value=found.p_value, side=where,
        side_chosen="auto" if side == "auto" else "given", estimator=estimator, trimming=trimming, iterations=found.iterations,
        filled_study=tuple(f"filled: {data.study[i]}" for i in found.mirrored), filled_estimate=found.estimate, filled_std_error=filled,
        original=original, adjusted=_refit(original, found) if found.k0 else original,
        excluded=data.excluded, notes=tuple(dict.fromkeys([*original.notes, *notes])),
    )  # fmt: skip


def _original(effects: Any, data: EffectSizes, options: dict[str, Any]) -> PoolResult:
    """The pool that is trimmed: the one given, or one by the options."""
    if isinstance(effects, PoolResult):
        if options:
            raise OptionError(
                f"{', '.join(options)}: a pool is trimmed by its own model; give the effects to choose another."
            )
        fit = effects
    else:
        fit = pool(data, **options)
    if fit.model not in ("random", "common"):
        raise OptionError(f"trim and fill is for model='random' or 'common'; found {fit.model!r}.")
    if fit.model == "random" and fit.tau2_method not in TAU2:
        raise OptionError("trim and fill needs an estimated tau2; the pool has a given one.")
    return fit


def _center(method: str) -> Callable[[Array, Array], float]:
    """Pools effects to one value with tau2 by ``method``, or 0 for "common"."""

    def center(y: Array, v: Array) -> float:
        tau2 = 0.0 if method == "common" or len(y) < 2 else estimate_tau2(y, v, method).value
        return weighted_mean(y, v, tau2).estimate

    return center


def _side(data: EffectSizes, method: str) -> str:
    """Right where effects fall with the standard error, else left."""
    if method == "common":
        slope = weighted_line(data.estimate, data.std_error, 1.0 / data.variance).slope
    else:
        design = np.column_stack([np.ones(data.k), data.std_error])
        slope = float(
            fit_regression(data.estimate, data.variance, design, method, names=["intercept", "std_error"]).beta[1]
        )
    return "right" if slope < 0 else "left"


def _refit(original: PoolResult, found: trim_fill.Filled) -> PoolResult:
    data, index = original.effects, found.mirrored
    both = EffectSizes(
        measure=data.measure,
        study=(*data.study, *(f"filled: {data.study[i]}" for i in index)),
        estimate=np.concatenate([data.estimate, found.estimate]),
        std_error=np.concatenate([data.std_error, data.std_error[index]]),
        n=np.concatenate([data.n, data.n[index]]),
        options=data.options,
        excluded=data.excluded,
        notes=data.notes,
    )
    return pool(both, **refit_options(original))
