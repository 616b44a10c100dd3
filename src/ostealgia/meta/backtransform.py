"""From the analysis scale to the scale that is reported."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.effects.result import EffectSizes
from ostealgia.numerics.pooling import quantile
from ostealgia.tables.measures import Measure

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]


def back_size(effects: EffectSizes) -> float:
    """The sample size at which a Freeman-Tukey value goes back: the harmonic mean (Miller 1978, doi:10.1080/00031305.1978.10479283)."""
    sizes = _sizes(effects)
    sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
    return len(sizes) / float((1.0 / sizes).sum()) if len(sizes) else float("nan")


def _sizes(effects: EffectSizes) -> Array:
    """What a Freeman-Tukey value of each study goes back with, (k,): patients, or person-time of a rate."""
    name = "person_time" if effects.definition.kind == "rate" else "n"
    return np.asarray(effects.columns.get(name, effects.n), dtype=float)


def to_reported(measure: Measure, values: Array, effects: EffectSizes) -> Array:
    """Values on the analysis scale brought to the reported scale; NaN stays NaN.

    values : array of any shape.  effects : where a back-transformation needs a sample size, it is theirs.

    >>> from ostealgia.effects.compute import compute
    >>> effects = compute({"events": [8, 26], "n": [10, 31]}, measure="PLO")
    >>> to_reported(effects.definition, effects.estimate, effects).round(2).tolist()
    [0.8, 0.84]
    """
    if measure.needs_n:
        return np.asarray(measure.back(values, back_size(effects)), dtype=float)
    return np.asarray(measure.back(values), dtype=float)


def study_columns(effects: EffectSizes, level: float, weights: Array | None = None) -> dict[str, Any]:
    """Each study with its interval on both scales, as columns (k,); weights in per cent, NaN where nothing is pooled.

    Intervals of single proportions on the reported scale are Clopper-Pearson, all others Wald on the analysis scale.
    """
    half = quantile(level, math.inf) * effects.std_error
    low, high = effects.estimate - half, effects.estimate + half
    return {
        "study": list(effects.study),
        "estimate": effects.estimate,
        "std_error": effects.std_error,
        "ci_low": low,
        "ci_high": high,
        "weight": np.full(effects.k, np.nan) if weights is None else weights,
        **_reported(effects, low, high, level),
        "n": effects.n,
    }


def study_frame(effects: EffectSizes, level: float, weights: Array | None = None) -> pd.DataFrame:
    """``study_columns`` and the counts or means the effects came from: one row a study."""
    import pandas as pd

    data = study_columns(effects, level, weights)
    return pd.DataFrame({**data, **{name: values for name, values in effects.columns.items() if name not in data}})


def _reported(effects: EffectSizes, low: Array, high: Array, level: float) -> dict[str, Any]:
    measure = effects.definition
    if measure.kind == "proportion" and {"events", "n"} <= set(effects.columns):
        return _proportions(effects, level)
    values = np.vstack([effects.estimate, low, high])
    if measure.needs_n:
        shown = np.asarray(measure.back(values, _sizes(effects)[None, :]), dtype=float)
    else:
        shown = np.asarray(measure.back(values), dtype=float)
    return dict(zip(("reported_estimate", "reported_ci_low", "reported_ci_high"), shown, strict=True))


def _proportions(effects: EffectSizes, level: float) -> dict[str, Any]:
    from ostealgia.numerics.proportion_intervals import clopper_pearson

    events, n = (np.asarray(effects.columns[name], dtype=float) for name in ("events", "n"))
    low, high = clopper_pearson(events, n, level)
    return {"reported_estimate": events / n, "reported_ci_low": low, "reported_ci_high": high}
