"""Mantel-Haenszel and Peto pooling of the counts themselves: one common effect, no weights from standard errors."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.effects.result import EffectSizes
from ostealgia.effects.zero_cells import rows_to_correct
from ostealgia.errors import OptionError
from ostealgia.meta.assembly import PoolOptions, complete_counts, counts_as_given, finish
from ostealgia.meta.result import PoolResult
from ostealgia.numerics import pooling
from ostealgia.numerics.heterogeneity import h_interval, i2_from_h
from ostealgia.numerics.mantel_haenszel import MantelHaenszelFit, mantel_haenszel, mantel_haenszel_rates
from ostealgia.numerics.peto import peto
from ostealgia.options import one_of

Array = NDArray[np.float64]
NAN = math.nan
TABLES = ("events_1", "n_1", "events_2", "n_2")
RATES = ("events_1", "person_time_1", "events_2", "person_time_2")
TESTS = (
    "cmh", "cmh_p_value", "breslow_day", "breslow_day_p_value", "tarone", "tarone_p_value", "tarone_df",
)  # fmt: skip
# measure -> columns of counts, of each model
COUNTS: dict[str, tuple[str, ...]] = {"OR": TABLES, "RR": TABLES, "RD": TABLES, "IRR": RATES, "IRD": RATES}
PETO_COUNTS: dict[str, tuple[str, ...]] = {"OR": TABLES, "PETO": TABLES}


def pool_mantel_haenszel(data: EffectSizes, options: PoolOptions) -> PoolResult:
    """Pool by Mantel-Haenszel weights.

    Further options: ``mh_increment`` ("none", the default, or "effects": the increments that the study effects got are also in the
    pooled tables, as in R's meta without MH.exact), ``rd_variance`` ("sato" or "greenland"), ``rate_weights`` ("MH" or "Cochran").
    """
    _fixed(options, ("mh_increment", "rd_variance", "rate_weights"), "MH")
    counts = _counts(data, COUNTS, "MH")
    increment = _increment(data, counts, options.get("mh_increment", "none"))
    if COUNTS[data.measure] is TABLES:
        variance = one_of("rd_variance", options.get("rd_variance", "sato"), ("sato", "greenland"))
        fit = mantel_haenszel(*counts, measure=data.measure, increment=increment, variance=variance)
    else:
        offered = ("MH", "Cochran") if data.measure == "IRR" else ("MH",)
        method = one_of("rate_weights", options.get("rate_weights", "MH"), offered)
        fit = mantel_haenszel_rates(*counts, measure=data.measure, increment=increment, method=method)
    shown = {name: value for name, value in options.more.items() if value is not None}
    return _result(data, fit, "MH", options.level, {"mh_increment": "none", **shown})


def pool_peto(data: EffectSizes, options: PoolOptions) -> PoolResult:
    """Pool by Peto's one-step odds ratio; measure OR or PETO."""
    _fixed(options, (), "peto")
    counts = _counts(data, PETO_COUNTS, "peto")
    return _result(data, peto(*counts), "peto", options.level, {})


def _fixed(options: PoolOptions, known: tuple[str, ...], model: str) -> None:
    """Refuse what a common-effect method with an interval by z does not have."""
    options.refuse_unknown(known, model)
    options.refuse_weights(model)
    if options.ci not in ("auto", "z"):
        raise OptionError(
            f"ci={options.ci!r} does not exist for model={model!r}, a common-effect method with an interval by z."
        )


def _counts(data: EffectSizes, offered: dict[str, tuple[str, ...]], model: str) -> list[Array]:
    if data.measure not in offered:
        raise OptionError(f"model={model!r} exists for measure {', '.join(offered)}; found {data.measure!r}.")
    return list(complete_counts(data, offered[data.measure], model).values())


def _increment(data: EffectSizes, counts: list[Array], rule: str) -> Array:
    """What is added to each table before pooling, (k,): nothing, or what the study effects got."""
    if one_of("mh_increment", rule, ("none", "effects")) == "none":
        return np.zeros(data.k)
    if "increment" not in data.options:
        raise OptionError(
            "mh_increment='effects' takes over the increment of the study effects, which were given and not computed here. "
            "Give the counts alone, or use mh_increment='none'."
        )
    size = data.options["increment"]
    if isinstance(size, str):
        raise OptionError(
            "mh_increment='effects' needs one increment for all four cells; found the treatment-arm correction."
        )
    events_1, total_1, events_2, total_2 = counts
    empty = (events_1 == 0) | (events_2 == 0)
    if COUNTS[data.measure] is TABLES:
        empty |= (events_1 == total_1) | (events_2 == total_2)
    return np.where(rows_to_correct(empty, data.options["apply_increment"]), float(size), 0.0)


def _result(data: EffectSizes, fit: MantelHaenszelFit, model: str, level: float, options: dict[str, Any]) -> PoolResult:
    total = float(fit.weights.sum())
    _, low, high = h_interval(fit.q, fit.q_df + 1, level) if fit.q_df > 0 else (NAN, NAN, NAN)
    tests = {name: getattr(fit, name) for name in TESTS}
    as_given = options.get("mh_increment", "none") == "none"
    notes = counts_as_given(data.notes) if as_given else list(data.notes)
    return finish(
        replace(data, notes=()),
        100.0 * fit.weights / total,
        model=model,
        tau2_method=None,
        ci_method="z",
        pi_method=None,
        level=level,
        estimate=fit.estimate,
        test=pooling.wald(fit.estimate, fit.std_error, math.inf, level),
        prediction=(NAN, NAN),
        notes=[*notes, *fit.notes],
        options={"ci": "auto", **options},
        certificate={"closed_form": True, **tests},
        tau2=NAN,
        i2_q=fit.i2_q,
        i2_q_ci_low=i2_from_h(low),
        i2_q_ci_high=i2_from_h(high),
        h2=fit.h2,
        q=fit.q,
        q_df=fit.q_df,
        q_p_value=fit.q_p_value,
    )
