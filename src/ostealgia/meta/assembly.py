"""What every model of pooling shares: the options it is given, and the result it puts together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.effects.result import EffectSizes
from ostealgia.errors import OptionError, TableError
from ostealgia.meta.backtransform import to_reported
from ostealgia.meta.result import PoolResult, ScaleEstimate
from ostealgia.numerics import pooling

Array = NDArray[np.float64]
NAN = math.nan


@dataclass(frozen=True, kw_only=True)
class PoolOptions:
    """The options of ``pool`` beside the model, as they were asked for; ``more`` holds those of one model."""

    tau2: str = "REML"
    ci: str = "auto"
    pi: str = "V"
    level: float = 0.95
    tau2_ci: str | None = None
    weights: Any = None
    tau2_value: float | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    def get(self, name: str, default: Any = None) -> Any:
        """A further option of the model; the default where nothing was asked."""
        value = self.more.get(name)
        return default if value is None else value

    def refuse_unknown(self, known: tuple[str, ...], model: str) -> None:
        """Raise an OptionError where a further option does not belong to the model."""
        wrong = [name for name, value in self.more.items() if name not in known and value is not None]
        if wrong:
            offered = ", ".join(known) if known else "none"
            raise OptionError(
                f"{', '.join(wrong)}: not an option of model={model!r}. Further options of this model: {offered}."
            )

    def refuse_weights(self, model: str) -> None:
        """Raise an OptionError where weights or a tau2 are given to a model that has neither."""
        if self.weights is not None or self.tau2_value is not None:
            raise OptionError(f"weights and tau2_value do not apply to model={model!r}.")


def complete_counts(data: EffectSizes, names: Sequence[str], model: str) -> dict[str, Array]:
    """The columns of counts that a model of the counts needs, (k,) each. Raises TableError for the first study without one."""
    missing = [name for name in names if name not in data.columns]
    way_out = "Give the counts, or use model='random' or model='common'."
    if missing:
        raise TableError(
            f"model={model!r} needs the counts of each study: {', '.join(missing)} missing",
            column=missing[0],
            expected=", ".join(names),
            action=way_out,
        )
    found = {name: np.asarray(data.columns[name], dtype=float) for name in names}
    for name, values in found.items():
        for i in np.flatnonzero(np.isnan(values)).tolist():
            raise TableError(
                f"model={model!r} needs the counts of each study; study {data.study[i]!r} has a published effect only",
                row=data.rows[i] if data.rows else None,
                column=name,
                found="an empty cell",
                expected=", ".join(names),
                action=way_out,
            )
    return found


def counts_as_given(notes: Sequence[str]) -> list[str]:
    """The notes of the effects for a model of the counts, in which an increment for empty cells only concerns what is drawn.

    >>> counts_as_given(["0.5 added to every cell of 1 of 8 studies (apply_increment='only0'): A"])[0][:73]
    'the pooled effect is of the counts as given; in the study effects that ar'
    """
    head = "the pooled effect is of the counts as given; in the study effects that are shown: "
    return [head + note if "(apply_increment=" in note else note for note in notes]


def finish(
    data: EffectSizes,
    weights: Array,
    *,
    model: str,
    ci_method: str,
    pi_method: str | None,
    level: float,
    estimate: float,
    test: pooling.Wald,
    prediction: tuple[float, float],
    notes: list[str],
    options: dict[str, Any],
    **fields: Any,
) -> PoolResult:
    """Put the parts of a fit together and add the reported scale.

    weights : per cent, (k,).  estimate, test, prediction : on the analysis scale.  fields : further fields of PoolResult.
    """
    if data.k == 1:
        notes.append("one study: nothing to pool")
    test_fields = test._asdict()
    shown = to_reported(data.definition, np.array([estimate, test.ci_low, test.ci_high, *prediction]), data)
    # a test against 0 on the analysis scale; for a proportion, mean or rate that is no question anybody asks, so it is not reported
    told = test_fields if data.definition.no_effect is not None else {**test_fields, "statistic": NAN, "p_value": NAN}
    reported = ScaleEstimate(
        scale=data.definition.reported_scale,
        estimate=float(shown[0]),
        ci_low=float(shown[1]),
        ci_high=float(shown[2]),
        pi_low=float(shown[3]),
        pi_high=float(shown[4]),
        **{name: told[name] for name in ("std_error", "statistic", "df", "p_value")},
    )
    _outside(data, shown, notes)
    known = int(np.count_nonzero(np.isfinite(data.n)))
    n = float(np.nansum(data.n)) if known else NAN
    if 0 < known < data.k:
        notes.append(f"n is the sum over the {known} of {data.k} studies that state it")
    return PoolResult(
        measure=data.measure,
        model=model,
        ci_method=ci_method,
        pi_method=pi_method,
        ci_level=level,
        k=data.k,
        n=n,
        estimate=estimate,
        pi_low=prediction[0],
        pi_high=prediction[1],
        reported=reported,
        effects=data,
        weights=weights,
        excluded=data.excluded,
        notes=tuple(dict.fromkeys(notes)),
        options={**data.options, **options},
        **test_fields,
        **fields,
    )


def _outside(data: EffectSizes, shown: Array, notes: list[str]) -> None:
    """A note where a limit lies beyond what the measure can be."""
    measure = data.definition
    low, high = measure.lower - 1e-12, measure.upper + 1e-12
    if any(value < low or value > high for value in shown.tolist()):
        notes.append(
            f"a limit lies outside {measure.lower:g} to {measure.upper:g}: the {measure.analysis_scale} scale does not respect the range"
        )
