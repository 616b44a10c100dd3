"""Mantel-Haenszel and Peto pooling of the counts themselves: one common effect, no weights from standard errors."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.effects.result import EffectSizes
from ostealgia.errors import OptionError, TableError
from ostealgia.meta.pooling import counts_as_given, finish, refuse_unknown
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
COUNTS: dict[str, tuple[str, ...]] = {"OR": TABLES, "RR": TABLES, "RD": TABLES, "IRR": RATES, "IRD": RATES}


def pool_mantel_haenszel(
    data: EffectSizes,
    *,
    tau2: str,
    ci: str,
    pi: str,
    level: float,
    tau2_ci: str | None,
    weights: Any,
    tau2_value: float | None,
    more: dict[str, Any],
) -> PoolResult:
    """Pool by Mantel-Haenszel weights.

    Further options: ``mh_increment`` ("none", the default, or "effects": the increments that the study effects got are also in the
    pooled tables, as in R's meta without MH.exact), ``rd_variance`` ("sato" or "greenland"), ``rate_weights`` ("MH" or "Cochran").
    """
    refuse_unknown(more, ("mh_increment", "rd_variance", "rate_weights"), "MH")
    _fixed(ci, weights, tau2_value, "MH")
    counts = _counts(data, COUNTS, "MH")
    increment = _increment(data, more)
    if COUNTS[data.measure] is TABLES:
        variance = more.get("rd_variance") or "sato"
        fit = mantel_haenszel(*counts, measure=data.measure, increment=increment, variance=variance)
    else:
        method = more.get("rate_weights") or "MH"
        fit = mantel_haenszel_rates(*counts, measure=data.measure, increment=increment, method=method)
    shown = {name: value for name, value in more.items() if value is not None}
    return _result(data, fit, "MH", level, {"mh_increment": "none", **shown})


def pool_peto(
    data: EffectSizes,
    *,
    tau2: str,
    ci: str,
    pi: str,
    level: float,
    tau2_ci: str | None,
    weights: Any,
    tau2_value: float | None,
    more: dict[str, Any],
) -> PoolResult:
    """Pool by Peto's one-step odds ratio; measure OR or PETO."""
    refuse_unknown(more, (), "peto")
    _fixed(ci, weights, tau2_value, "peto")
    counts = _counts(data, {"OR": TABLES, "PETO": TABLES}, "peto")
    return _result(data, peto(*counts), "peto", level, {})


def _fixed(ci: str, weights: Any, tau2_value: float | None, model: str) -> None:
    if ci not in ("auto", "z"):
        raise OptionError(f"ci={ci!r} does not exist for model={model!r}, a common-effect method with an interval by z.")
    if weights is not None or tau2_value is not None:
        raise OptionError(f"weights and tau2_value do not apply to model={model!r}.")


def _counts(data: EffectSizes, offered: dict[str, tuple[str, ...]], model: str) -> list[Array]:
    if data.measure not in offered:
        raise OptionError(f"model={model!r} exists for measure {', '.join(offered)}; found {data.measure!r}.")
    names = offered[data.measure]
    missing = [name for name in names if name not in data.columns]
    if missing:
        raise TableError(
            f"model={model!r} needs the counts of each study: {', '.join(missing)} missing",
            expected=", ".join(names),
            action="Give the counts, or use model='random' or 'common'.",
        )
    return [np.asarray(data.columns[name], dtype=float) for name in names]


def _increment(data: EffectSizes, more: dict[str, Any]) -> Array:
    """What is added to each table before pooling: nothing, or what the study effects got."""
    rule = one_of("mh_increment", more.get("mh_increment") or "none", ("none", "effects"))
    if rule == "none":
        return np.zeros(data.k)
    size = data.options.get("increment", 0.5)
    if isinstance(size, str):
        raise OptionError(
            "mh_increment='effects' needs one increment for all four cells; found the treatment-arm correction."
        )
    cells = [np.asarray(data.columns[name], dtype=float) for name in COUNTS[data.measure]]
    empty = (cells[0] == 0) | (cells[2] == 0)
    if COUNTS[data.measure] is TABLES:
        empty |= (cells[0] == cells[1]) | (cells[2] == cells[3])
    return np.where(empty, float(size), 0.0)


def _result(data: EffectSizes, fit: MantelHaenszelFit, model: str, level: float, options: dict[str, Any]) -> PoolResult:
    total = float(fit.weights.sum())
    _, low, high = h_interval(fit.q, fit.q_df + 1, level) if fit.q_df > 0 else (NAN, NAN, NAN)
    tests = {
        name: getattr(fit, name)
        for name in (
            "cmh",
            "cmh_p_value",
            "breslow_day",
            "breslow_day_p_value",
            "tarone",
            "tarone_p_value",
            "tarone_df",
        )
    }
    as_given = options.get("mh_increment", "none") == "none"
    notes = counts_as_given(data.notes) if as_given else list(data.notes)
    shown = replace(data, notes=())
    return finish(
        shown,
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
