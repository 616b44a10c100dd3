"""From the analysis scale to the scale that is reported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.effects.result import EffectSizes
from ostealgia.tables.measures import Measure

if TYPE_CHECKING:
    from ostealgia.meta.result import PoolResult

Array = NDArray[np.float64]


def back_size(effects: EffectSizes) -> float:
    """The sample size at which a Freeman-Tukey value goes back: the harmonic mean (Miller 1978, doi:10.1080/00031305.1978.10479283)."""
    name = "person_time" if effects.definition.kind == "rate" else "n"
    sizes = np.asarray(effects.columns.get(name, effects.n), dtype=float)
    sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
    return len(sizes) / float((1.0 / sizes).sum()) if len(sizes) else float("nan")


def to_reported(measure: Measure, values: Array, effects: EffectSizes) -> Array:
    """Values on the analysis scale brought to the reported scale; NaN stays NaN.

    values : array of any shape.
    """
    if measure.needs_n:
        return np.asarray(measure.back(values, back_size(effects)), dtype=float)
    return np.asarray(measure.back(values), dtype=float)


def study_reported(fit: PoolResult) -> dict[str, Any]:
    """Each study on the reported scale: estimate and interval, as columns."""
    measure, effects = fit.definition, fit.effects
    if measure.kind == "proportion" and {"events", "n"} <= set(effects.columns):
        return _proportions(fit)
    values = np.vstack([effects.estimate, fit.study_low, fit.study_high])
    if measure.needs_n:
        name = "person_time" if measure.kind == "rate" else "n"
        sizes = np.asarray(effects.columns.get(name, effects.n), dtype=float)
        shown = np.asarray(measure.back(values, sizes[None, :]), dtype=float)
    else:
        shown = np.asarray(measure.back(values), dtype=float)
    return dict(zip(("reported_estimate", "reported_ci_low", "reported_ci_high"), shown, strict=True))


def _proportions(fit: PoolResult) -> dict[str, Any]:
    from ostealgia.numerics.proportion_intervals import clopper_pearson

    events = np.asarray(fit.effects.columns["events"], dtype=float)
    n = np.asarray(fit.effects.columns["n"], dtype=float)
    low, high = clopper_pearson(events, n, level=fit.ci_level)[-2:]
    return {"reported_estimate": events / n, "reported_ci_low": low, "reported_ci_high": high}
