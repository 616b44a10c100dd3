"""Selection models: the pooled effect if studies with large P values were less often seen."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from ostealgia.effects.result import EffectSizes
from ostealgia.errors import OptionError
from ostealgia.meta.backtransform import to_reported
from ostealgia.meta.selection_result import SelectionResult
from ostealgia.meta.small_study_common import NAN, few_notes, sizes, studies
from ostealgia.numerics import selection, selection_weights
from ostealgia.numerics.likelihood import log_likelihood
from ostealgia.numerics.pooling import wald, weighted_mean
from ostealgia.numerics.tau2 import estimate_tau2, scale_of
from ostealgia.options import between, confidence_level, one_of

Array = NDArray[np.float64]
KINDS = ("stepfun", *selection_weights.SMOOTH)
ALTERNATIVES = ("greater", "less", "two-sided")
MODELS = ("random", "common")
PRECISIONS = {
    "sei": lambda se, n: se,
    "vi": lambda se, n: se * se,
    "ninv": lambda se, n: 1.0 / n,
    "sqrtninv": lambda se, n: n**-0.5,
}
FEW_IN_INTERVAL = 4


def selection_model(
    effects: Any, kind: str = "stepfun", *, steps: Sequence[float] = (0.025,), alternative: str = "greater", model: str = "random",
    precision: str | None = None, delta: Sequence[float | None] | None = None, delta_max: float = 100.0, level: float = 0.95,
) -> SelectionResult:  # fmt: skip
    """What is the mean effect if the chance that a study is seen depends on its P value?

    effects : as for ``pool``, or a PoolResult; three studies or more, of a measure with a value of no effect.
    kind : "stepfun" (constant between the cuts ``steps``, 1 in the first interval), "beta" w = p^(d1 - 1) (1 - p)^(d2 -
    1), "halfnorm" exp(-d p^2), "negexp" exp(-d p), "logistic" 2 exp(-d p) / (1 + exp(-d p)), "power" (1 - p)^d. For
    beta and power P is held at 1e-5 or more from 0 and 1.
    alternative : the direction in which small P values favour a study, "greater", "less" or "two-sided". P is one-sided
    for the first two, so the usual 5% is a step at 0.025.  model : "random" (tau2 by maximum likelihood) or "common".
    precision : "sei", "vi", "ninv", "sqrtninv" multiplies d (not "stepfun", "beta"); it is divided by its largest
    value.
    delta : weights given instead of estimated, None for those to be estimated; for "stepfun" one an interval, the first
    1.
    delta_max : upper bound of every weight parameter; where the maximum is there, more selection would fit as well.
    level : of the interval.
    Returns a SelectionResult with a likelihood-ratio test of no selection. Raises OptionError, ConvergenceError.
    Not under ten studies, and never the only result: the answer depends on the selection function, which the data
    hardly tell.
    Sources: Vevea & Hedges 1995, doi:10.1007/BF02294384; Preston et al. 2004, doi:10.1177/1471082X0400400106; Citkowicz
    & Vevea 2017, doi:10.1037/met0000119.

    >>> data = {"estimate": [0.1, 0.5, 0.3, 0.6, 0.7, 0.2], "std_error": [0.1, 0.2, 0.2, 0.2, 0.3, 0.25]}
    >>> fit = selection_model(data, steps=[0.025], model="common")
    >>> fit.delta_name, bool(fit.estimate < fit.unadjusted_estimate)
    (('P 0 to 0.025', 'P 0.025 to 1'), True)
    """
    one_of("kind", kind, KINDS)
    one_of("alternative", alternative, ALTERNATIVES)
    one_of("model", model, MODELS)
    confidence_level(level)
    between("delta_max", delta_max, 1.0, 1e6, closed=True)
    data = studies(effects, 3, "a selection model")
    setting = _setting(data, alternative)
    function = _step_function(setting, steps) if kind == "stepfun" else _smooth(data, setting, kind, precision)
    if kind == "stepfun" and precision is not None:
        raise OptionError("precision is for halfnorm, negexp, logistic and power; a step function has none.")
    fixed = _fixed(delta, function)
    notes = [*data.notes, *function.notes]
    plain_fit = _without_selection(setting, model)
    fit = _fit(setting, function, fixed, model, delta_max, plain_fit)
    return _result(data, setting, function, fixed, fit, plain_fit, kind=kind, model=model, alternative=alternative,
                   precision=precision, level=level, delta_max=delta_max, notes=notes)  # fmt: skip


class _Setting(NamedTuple):
    """Effects less no effect, turned so that small P values are large effects, in units of ``unit``; P values, (k,)."""

    y: Array
    se: Array
    x: Array
    p: Array
    sign: float
    unit: float
    no_effect: float
    two_sided: bool


class _Function(NamedTuple):
    """A selection function: its weighting, names, bounds, values without selection, which are fixed anyway, and cuts with counts."""

    weighting: selection_weights.Weighting
    names: tuple[str, ...]
    low: Array
    null: Array
    open: NDArray[np.bool_]
    steps: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


def _setting(data: EffectSizes, alternative: str) -> _Setting:
    no_effect = data.definition.no_effect
    if no_effect is None:
        raise OptionError(
            f"{data.measure} has no value of no effect, so its studies have no P values to be selected by."
        )
    sign = -1.0 if alternative == "less" else 1.0
    unit = scale_of(data.variance)
    y, se = sign * (data.estimate - no_effect) / unit, data.std_error / unit
    x, two_sided = y / se, alternative == "two-sided"
    p = selection_weights.p_values(x, two_sided=two_sided, floor=0.0).p
    return _Setting(y, se, x, p, sign, unit, no_effect, two_sided)


def _step_function(setting: _Setting, steps: Sequence[float]) -> _Function:
    cuts = np.asarray(list(steps), dtype=float)
    if cuts.ndim != 1 or len(cuts) == 0 or not (np.isfinite(cuts).all() and (cuts > 0).all() and (cuts <= 1).all()):
        raise OptionError(
            f"steps={list(steps)!r} should be numbers above 0 and not above 1, for instance [0.025, 0.5]."
        )
    if not (np.diff(cuts) > 0).all():
        raise OptionError(f"steps={list(steps)!r} should increase.")
    cuts = cuts if cuts[-1] == 1.0 else np.append(cuts, 1.0)
    if len(cuts) < 2:
        raise OptionError(
            "steps=[1] is one interval: there is nothing to select by. Give a cut below 1, for instance 0.025."
        )
    weighting = selection_weights.steps(setting.y, setting.se, setting.p, cuts, two_sided=setting.two_sided)
    counts = np.bincount(weighting.interval, minlength=len(cuts))
    ends = [0.0, *cuts.tolist()]
    names = tuple(f"P {low:g} to {high:g}" for low, high in itertools.pairwise(ends))
    open_ = np.ones(len(cuts), dtype=bool)
    open_[0] = False
    return _Function(
        weighting, names, np.zeros(len(cuts)), np.ones(len(cuts)), open_, tuple(cuts.tolist()), tuple(counts.tolist())
    )


def _smooth(data: EffectSizes, setting: _Setting, kind: str, precision: str | None) -> _Function:
    definition = selection_weights.SMOOTH[kind]
    values = None
    if precision is not None:
        one_of("precision", precision, PRECISIONS)
        if not definition.with_precision:
            raise OptionError(f"precision is for halfnorm, negexp, logistic and power; kind={kind!r} has none.")
        n = sizes(data, f"precision={precision!r}") if precision.endswith("ninv") else data.n
        raw = PRECISIONS[precision](data.std_error, n)
        values = raw / float(raw.max())
    p = len(definition.null)
    names = tuple(f"delta {j + 1}" for j in range(p)) if p > 1 else ("delta",)
    weighting = selection_weights.smooth(kind, setting.x, setting.se, values, two_sided=setting.two_sided)
    return _Function(weighting, names, np.full(p, definition.low), np.array(definition.null), np.ones(p, dtype=bool))


def _fixed(delta: Sequence[float | None] | None, function: _Function) -> Array:
    """Given weights, NaN for those to be estimated; empty intervals of a step function are refused or left to the bound."""
    p = len(function.names)
    fixed = np.full(p, NAN)
    if delta is not None:
        if len(delta) != p:
            raise OptionError(f"delta should have {p} values ({', '.join(function.names)}); found {len(delta)}.")
        fixed = np.array([NAN if value is None else float(value) for value in delta])
        wrong = np.isfinite(fixed) & (fixed < function.low)
        if wrong.any():
            raise OptionError(f"delta={list(delta)!r}: each should be {function.low[0]:g} or more.")
    if not function.counts:
        return fixed
    if not (math.isnan(fixed[0]) or fixed[0] == 1.0):
        raise OptionError(
            f"delta={list(delta or [])!r}: the first weight of a step function is 1, the others are relative to it."
        )
    fixed[0] = 1.0
    if function.counts[0] == 0 and bool(np.isnan(fixed).any()):
        raise OptionError(
            f"no study has {function.names[0]}, to which the other weights are relative: they cannot be estimated. "
            "Use another first step, the other alternative, or give delta."
        )
    return fixed


class _Plain(NamedTuple):
    mu: float
    tau2: float
    loglik: float


def _without_selection(setting: _Setting, model: str) -> _Plain:
    y, v = setting.y, setting.se**2
    tau2 = estimate_tau2(y, v, "ML").value if model == "random" else 0.0
    return _Plain(weighted_mean(y, v, tau2).estimate, tau2, log_likelihood(tau2, [(y, v)], restricted=False))


def _fit(
    setting: _Setting, function: _Function, fixed: Array, model: str, delta_max: float, start: _Plain
) -> selection.Fit:
    random = model == "random"
    free = np.isnan(fixed) & function.open
    problem = selection.Problem(
        y=setting.y, v=setting.se**2, weighting=function.weighting,
        low=np.concatenate([[-np.inf, 0.0], np.where(free, function.low, fixed)]),
        high=np.concatenate([[np.inf, np.inf], np.where(free, delta_max, fixed)]),
        free=np.concatenate([[True, random], free]),
    )  # fmt: skip
    keep = np.concatenate([[False, False], np.full(len(fixed), not function.counts)])
    starts = _starts(function, fixed, free, start, float(np.median(setting.se**2)), random)
    return selection.maximise(problem, starts, ("mu", "tau2", *function.names), keep_held=keep)


def _starts(
    function: _Function, fixed: Array, free: Any, plain_fit: _Plain, typical: float, random: bool
) -> list[Array]:
    """No selection, and weaker and stronger selection, each with the plain mean and tau2 and with a smaller mean and more tau2."""
    p = len(fixed)
    values: list[Array] = [function.null]
    if function.counts:
        values += [np.where(np.arange(p) == 0, 1.0, w) for w in (0.1, 0.4, 3.0)]
        values += [np.geomspace(1.0, 0.1, p)]
    elif p == 2:
        values += [np.array(pair) for pair in itertools.product((0.5, 1.0, 2.0), (0.5, 1.0, 4.0, 30.0))]
    else:
        values += [np.full(p, w) for w in (0.3, 1.0, 4.0, 30.0)]
    values = [np.where(free, value, fixed) for value in values]
    values = list({tuple(value.tolist()): value for value in values}.values())
    centers = [
        (plain_fit.mu, plain_fit.tau2),
        (0.5 * plain_fit.mu, 2.0 * plain_fit.tau2 + 0.1 * typical if random else 0.0),
    ]
    return [np.concatenate([center, value]) for value in values for center in centers]


def _result(
    data: EffectSizes, setting: _Setting, function: _Function, fixed: Array, fit: selection.Fit, plain_fit: _Plain, *,
    kind: str, model: str, alternative: str, precision: str | None, level: float, delta_max: float, notes: list[str],
) -> SelectionResult:  # fmt: skip
    sign, unit, shift = setting.sign, setting.unit, setting.no_effect
    mu = sign * float(fit.x[0]) * unit
    test = wald(mu, float(fit.std_error[0]) * unit, math.inf, level)
    lrt = max(0.0, 2.0 * (fit.loglik - plain_fit.loglik))
    df = int((np.isnan(fixed) & function.open).sum())
    values = np.array([mu, test.ci_low, test.ci_high, sign * plain_fit.mu * unit]) + shift
    shown = to_reported(data.definition, values, data)
    constant = data.k * math.log(unit)
    return SelectionResult(
        kind=kind, measure=data.measure, model=model, alternative=alternative, k=data.k,
        estimate=float(values[0]), std_error=test.std_error, statistic=test.statistic, p_value=test.p_value,
        ci_low=float(values[1]), ci_high=float(values[2]), ci_level=level,
        tau2=float(fit.x[1]) * unit**2, tau2_std_error=float(fit.std_error[1]) * unit**2 if model == "random" else NAN,
        delta=fit.x[2:], delta_std_error=fit.std_error[2:], delta_name=function.names, steps=function.steps, counts=function.counts,
        precision=precision, loglik=fit.loglik - constant, unadjusted_estimate=float(values[3]),
        unadjusted_tau2=plain_fit.tau2 * unit**2, loglik_unadjusted=plain_fit.loglik - constant,
        lrt=lrt, lrt_df=df, lrt_p_value=float(chdtrc(df, lrt)) if df else NAN, study=data.study, p=setting.p,
        reported_estimate=float(shown[0]), reported_ci_low=float(shown[1]), reported_ci_high=float(shown[2]),
        reported_unadjusted=float(shown[3]), certificate=fit.certificate, excluded=data.excluded,
        notes=tuple(dict.fromkeys([*notes, *_notes(function, fixed, fit, delta_max), *few_notes(data.k)])),
    )  # fmt: skip


def _notes(function: _Function, fixed: Array, fit: selection.Fit, delta_max: float) -> list[str]:
    notes: list[str] = []
    held = fit.held[2:]
    for name, count, given, at_bound in (
        zip(function.names, function.counts, fixed, held, strict=True) if function.counts else ()
    ):
        if math.isnan(given) and count == 0:
            notes.append(
                f"no study has {name}: its weight is 0 at the maximum, without a standard error; join it with the next interval"
            )
        elif math.isnan(given) and count < FEW_IN_INTERVAL:
            notes.append(f"{count} {'study has' if count == 1 else 'studies have'} {name}: its weight is hardly known")
        elif at_bound:
            notes.append(f"the weight for {name} is at the bound of {delta_max:g}")
    if not function.counts and held.any():
        named = zip(function.names, fit.x[2:], held, strict=True)
        bounds = ", ".join(f"{name} = {value:g}" for name, value, at_bound in named if at_bound)
        notes.append(f"a weight parameter is at its bound ({bounds}); standard errors and the test are rough there")
    if fit.held[1]:
        notes.append("tau2 is 0 at the maximum: standard errors are those of the common-effect model")
    if math.isnan(float(fit.std_error[0])):
        notes.append("the likelihood is flat at its maximum: there are no standard errors")
    if len(fit.certificate["maxima"]) > 1:
        notes.append(
            f"the likelihood has {len(fit.certificate['maxima'])} maxima; the highest of {fit.certificate['starts']} starts is shown"
        )
    return notes
