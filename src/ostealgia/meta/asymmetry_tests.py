"""Tests of funnel asymmetry, each by its name."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ostealgia.effects.binary import arcsine_difference
from ostealgia.effects.result import EffectSizes
from ostealgia.errors import OptionError, TableError
from ostealgia.meta.asymmetry_result import AsymmetryResult, RankTestResult
from ostealgia.meta.small_study_common import NAN, differing, few_notes, sizes, studies, tables
from ostealgia.numerics import small_study_counts as counts
from ostealgia.numerics.mantel_haenszel import mantel_haenszel
from ostealgia.numerics.pooling import quantile, two_sided_p
from ostealgia.numerics.regression import fit_regression
from ostealgia.numerics.small_study import Line, RankCorrelation, line_tau2_dl, rank_correlation, weighted_line
from ostealgia.numerics.tau2 import TAU2
from ostealgia.options import confidence_level, one_of

Array = NDArray[np.float64]
MODELS = ("lm", "rma")
P_METHODS = ("auto", "exact", "normal", "corrected")


class Predictor(NamedTuple):
    """words : as a reader says it.  of : from (standard errors, sizes).  needs_n : uses n.  limit : zero means a study without error."""

    words: str
    of: Callable[[Array, Array], Array]
    needs_n: bool
    limit: bool


PREDICTORS: dict[str, Predictor] = {
    "sei": Predictor("standard error", lambda se, n: se, False, True),
    "vi": Predictor("variance", lambda se, n: se * se, False, True),
    "ni": Predictor("n", lambda se, n: n, True, False),
    "ninv": Predictor("1 / n", lambda se, n: 1.0 / n, True, True),
    "sqrtni": Predictor("sqrt(n)", lambda se, n: np.sqrt(n), True, False),
    "sqrtninv": Predictor("1 / sqrt(n)", lambda se, n: n**-0.5, True, True),
}


def regtest(
    effects: Any, *, model: str = "lm", predictor: str = "sei", tau2: str = "REML", ci: str = "z", level: float = 0.95
) -> AsymmetryResult:
    """Is the effect another one in smaller studies? A straight line through the funnel.

    effects : as for ``pool``, or a PoolResult; three studies or more.
    model : "lm" (weights 1 / variance with multiplicative dispersion, t with k - 2 df; with the standard error this is
    Egger's test) or "rma" (mixed-effects meta-regression with the residual tau2 by ``tau2``, test by ``ci``: "z", "t",
    "HK").
    predictor : "sei" standard error, "vi" variance, "ni" n, "ninv" 1 / n, "sqrtni", "sqrtninv".  level : of the limit
    estimate. Where the predictor is zero for a study without error, the intercept is given as limit estimate with its
    interval.
    Returns an AsymmetryResult. Raises OptionError.
    Not for ratios from 2x2 tables with large effects, where effect and standard error are tied: see "harbord",
    "peters".
    Sources: Egger et al. 1997, doi:10.1136/bmj.315.7109.629; Sterne & Egger 2005, doi:10.1002/0470870168.ch6.

    >>> found = regtest({"estimate": [0.2, 0.4, 0.5, 0.9], "std_error": [0.1, 0.2, 0.3, 0.4]}, predictor="vi")
    >>> round(found.slope, 3), found.df
    (4.493, 2)
    """
    one_of("model", model, MODELS)
    one_of("predictor", predictor, PREDICTORS)
    one_of("tau2", tau2, TAU2)
    one_of("ci", ci, ("z", "t", "HK", "HK-adhoc"))
    confidence_level(level)
    choice, what = PREDICTORS[predictor], "the regression test"
    data = studies(effects, 3, what)
    x = choice.of(data.std_error, sizes(data, what) if choice.needs_n else data.n)
    differing(x, f"values of {choice.words}", what)
    fit = _dispersed(data, x) if model == "lm" else _mixed(data, x, tau2, ci)
    return _line_result(
        data, fit, kind="egger" if (model, predictor) == ("lm", "sei") else "regression", predictor=choice.words,
        title="Egger's test" if (model, predictor) == ("lm", "sei") else "Regression test",
        model=f"effect on {choice.words}, {fit.words}", level=level, limit=choice.limit,
    )  # fmt: skip


class _Fit(NamedTuple):
    """A line with its degrees of freedom, residual tau2, and the words for its weights."""

    line: Line
    df: float
    words: str
    tau2: float = NAN
    tau2_method: str | None = None


def _dispersed(data: EffectSizes, x: Array) -> _Fit:
    line = weighted_line(data.estimate, x, 1.0 / data.variance)
    return _Fit(line, line.df, "weights 1 / variance, multiplicative dispersion")


def _mixed(data: EffectSizes, x: Array, tau2: str, ci: str) -> _Fit:
    design = np.column_stack([np.ones(data.k), x])
    fit = fit_regression(data.estimate, data.variance, design, tau2, test=ci, names=["intercept", "predictor"])
    line = Line(
        float(fit.beta[0]), float(fit.std_error[0]), float(fit.beta[1]), float(fit.std_error[1]), fit.variance_factor, data.k - 2
    )  # fmt: skip
    return _Fit(line, fit.df, f"mixed-effects meta-regression, tau2 by {tau2}, test by {ci}", fit.tau2, tau2)


def _line_result(
    data: EffectSizes, fit: _Fit, *, kind: str, title: str, predictor: str, model: str, level: float, limit: bool,
    notes: tuple[str, ...] = (),
) -> AsymmetryResult:  # fmt: skip
    line = fit.line
    statistic = line.slope / line.slope_std_error if line.slope_std_error > 0 else NAN
    half = quantile(level, fit.df) * line.intercept_std_error if limit else NAN
    return AsymmetryResult(
        kind=kind, title=title, measure=data.measure, model=model, predictor=predictor, k=data.k,
        slope=line.slope, slope_std_error=line.slope_std_error,
        intercept=line.intercept, intercept_std_error=line.intercept_std_error,
        statistic=statistic, df=fit.df, p_value=two_sided_p(statistic, fit.df) if math.isfinite(statistic) else NAN,
        limit_estimate=line.intercept if limit else NAN, limit_ci_low=line.intercept - half, limit_ci_high=line.intercept + half,
        ci_level=level, tau2=fit.tau2, tau2_method=fit.tau2_method,
        excluded=data.excluded, notes=tuple(dict.fromkeys([*data.notes, *notes, *few_notes(data.k)])),
    )  # fmt: skip


def begg(effects: Any, *, p: str = "auto") -> RankTestResult:
    """Do effects and variances go together in rank?

    effects : as for ``pool``, or a PoolResult; three studies or more.
    p : "exact" (from all orders; no ties, under fifty studies), "normal" (S over its standard error), "corrected" (|S|
    - 1 over it), "auto": exact where that is possible, else normal.
    Kendall's correlation of standardised deviations from the common effect with the variances. Low power; Egger's test
    is preferred.
    Returns a RankTestResult. Raises OptionError.  Source: Begg & Mazumdar 1994, doi:10.2307/2533446.

    >>> begg({"estimate": [0.2, 0.4, 0.5, 0.9], "std_error": [0.1, 0.2, 0.3, 0.4]}).tau
    1.0
    """
    one_of("p", p, P_METHODS)
    what = "Begg's test"
    data = studies(effects, 3, what)
    differing(data.std_error, "standard errors", what)
    w = 1.0 / data.variance
    total = float(w.sum())
    deviation = (data.estimate - float(w @ data.estimate) / total) / np.sqrt(data.variance - 1.0 / total)
    found = rank_correlation(deviation, data.variance)
    return _rank_result(data, found, "begg", "Begg's rank test", p)


def _rank_result(data: EffectSizes, found: RankCorrelation, kind: str, title: str, p: str) -> RankTestResult:
    method = ("normal" if math.isnan(found.p_exact) else "exact") if p == "auto" else p
    if method == "exact" and math.isnan(found.p_exact):
        why = "there are ties" if found.ties else "there are fifty studies or more"
        raise OptionError(f"p='exact' is not possible because {why}. Use p='normal'.")
    s = found.s if method != "corrected" else math.copysign(max(0.0, abs(found.s) - 1.0), found.s)
    values = {"exact": found.p_exact, "normal": found.p_normal, "corrected": found.p_corrected}
    return RankTestResult(
        kind=kind, title=title, measure=data.measure, k=data.k, tau=found.tau, s=s, s_std_error=found.s_std_error,
        statistic=s / found.s_std_error, p_value=values[method], p_method=method,
        p_exact=found.p_exact, p_normal=found.p_normal, p_corrected=found.p_corrected,
        excluded=data.excluded, notes=tuple(dict.fromkeys([*data.notes, *few_notes(data.k)])),
    )  # fmt: skip


# --- tests by name ---------------------------------------------------------------------------------------------------


def _thompson(data: EffectSizes, level: float) -> AsymmetryResult:
    """Thompson & Sharp 1999: as Egger's with an additive tau2 (moment estimator) instead of a multiplicative dispersion."""
    differing(data.std_error, "standard errors", "the Thompson-Sharp test")
    tau2 = line_tau2_dl(data.estimate, data.std_error, data.variance)
    line = weighted_line(data.estimate, data.std_error, 1.0 / (data.variance + tau2), dispersed=False)
    fit = _Fit(line, line.df, "weights 1 / (variance + tau2)", tau2, "DL")
    return _line_result(
        data, fit, kind="thompson", title="Thompson-Sharp test", predictor="standard error",
        model="effect on standard error, weights 1 / (variance + tau2), tau2 by DL", level=level, limit=True,
    )  # fmt: skip


def _arcsine(data: EffectSizes, level: float) -> AsymmetryResult:
    """Ruecker, Schwarzer & Carpenter 2008, doi:10.1002/sim.2971: the Thompson-Sharp test on arcsine differences."""
    missing = [name for name in ("events_1", "n_1", "events_2", "n_2") if name not in data.columns]
    if missing:
        raise OptionError(f"Ruecker's arcsine test needs the counts of each study; missing: {', '.join(missing)}.")
    cells = [np.asarray(data.columns[name], dtype=float) for name in ("events_1", "n_1", "events_2", "n_2")]
    y, v = arcsine_difference(*cells)
    line_data = EffectSizes(
        measure="AS", study=data.study, estimate=y, std_error=np.sqrt(v), n=data.n, excluded=data.excluded, notes=data.notes
    )  # fmt: skip
    found = _thompson(line_data, level)
    return AsymmetryResult(
        **{
            **_fields(found),
            "kind": "arcsine",
            "title": "Ruecker's arcsine test",
            "model": f"arcsine difference; {found.model}",
        }
    )


def _fields(result: AsymmetryResult) -> dict[str, Any]:
    return {name: getattr(result, name) for name in AsymmetryResult.__dataclass_fields__}


class CountTest(NamedTuple):
    """title, and the words of its model.  predictor : its words.  measures : where it is defined.  line : from studies and counts."""

    title: str
    model: str
    predictor: str
    measures: tuple[str, ...]
    line: Callable[[EffectSizes, tuple[Array, Array, Array, Array]], counts.Regression]


def _harbord(data: EffectSizes, cells: tuple[Array, Array, Array, Array], *, equal_arms: bool) -> counts.Regression:
    if data.measure == "OR":
        return counts.harbord_odds_ratio(*cells)
    return counts.harbord_risk_ratio(*cells, equal_arms=equal_arms)


RATIOS = ("OR", "RR")
COUNT_TESTS: dict[str, CountTest] = {
    "harbord": CountTest(
        "Harbord's test", "score / information on 1 / sqrt(information), weights information", "1 / sqrt(information)", RATIOS,
        lambda data, cells: _harbord(data, cells, equal_arms=True),
    ),
    "harbord-fisher": CountTest(
        "Harbord's test", "score / information on 1 / sqrt(information), weights information", "1 / sqrt(information)", RATIOS,
        lambda data, cells: _harbord(data, cells, equal_arms=False),
    ),
    "peters": CountTest(
        "Peters' test", "effect on 1 / n, weights events x others / n", "1 / n", RATIOS,
        lambda data, cells: counts.peters(data.estimate, *cells),
    ),
    "macaskill": CountTest(
        "Macaskill's test", "effect on n, weights 1 / variance", "n", RATIOS,
        lambda data, cells: counts.macaskill(data.estimate, data.variance, cells[1], cells[3]),
    ),
    "macaskill-pooled": CountTest(
        "Macaskill's test", "effect on n, weights events x others / n", "n", RATIOS,
        lambda data, cells: counts.macaskill_pooled(data.estimate, *cells),
    ),
    "deeks": CountTest(
        "Deeks' test", "log odds ratio on 1 / sqrt(effective sample size), weights effective sample size",
        "1 / sqrt(effective sample size)", ("OR",), lambda data, cells: counts.deeks(data.estimate, cells[1], cells[3]),
    ),
}  # fmt: skip
EQUAL_ARMS = (
    "information of the risk ratio for groups of equal size, n d / (4 h), as in R's meta; "
    "kind='harbord-fisher' has n1 n2 d / (n h)"
)


def _count_test(kind: str) -> Callable[[EffectSizes, float], AsymmetryResult]:
    test = COUNT_TESTS[kind]

    def run(data: EffectSizes, level: float) -> AsymmetryResult:
        if data.measure not in test.measures:
            raise OptionError(f"{test.title} is for {' and '.join(test.measures)}; found {data.measure!r}.")
        kept, cells = tables(data, test.title)
        y, x, w = test.line(kept, cells)
        differing(x, f"values of {test.predictor}", test.title)
        line = weighted_line(y, x, w)
        notes = (EQUAL_ARMS,) if kind == "harbord" and data.measure == "RR" else ()
        return _line_result(
            kept, _Fit(line, line.df, test.model), kind=kind, title=test.title, predictor=test.predictor, model=test.model,
            level=level, limit=False, notes=notes,
        )  # fmt: skip

    return run


def _pustejovsky(data: EffectSizes, level: float) -> AsymmetryResult:
    """Pustejovsky & Rodgers 2019, doi:10.1002/jrsm.1332."""
    title = "Pustejovsky-Rodgers test"
    if data.measure != "SMD":
        raise OptionError(f"the {title} is for SMD; found {data.measure!r}.")
    missing = [name for name in ("n_1", "n_2") if name not in data.columns]
    if missing:
        raise OptionError(f"the {title} needs the group sizes n_1, n_2; missing: {', '.join(missing)}.")
    n_1, n_2 = (np.asarray(data.columns[name], dtype=float) for name in ("n_1", "n_2"))
    y, x, w = counts.pustejovsky(data.estimate, data.variance, n_1, n_2)
    differing(x, "group sizes", f"the {title}")
    line, model = weighted_line(y, x, w), "effect on sqrt(1 / n1 + 1 / n2), weights 1 / variance"
    return _line_result(
        data, _Fit(line, line.df, model), kind="pustejovsky", title=title, predictor="sqrt(1 / n1 + 1 / n2)", model=model,
        level=level, limit=True,
    )  # fmt: skip


def _schwarzer(data: EffectSizes, level: float, p: str = "normal") -> RankTestResult:
    """Schwarzer, Antes & Schumacher 2007, doi:10.1002/sim.2588."""
    title = "Schwarzer's rank test"
    kept, cells = tables(data, title)
    try:
        odds_ratio = mantel_haenszel(*cells, measure="OR", increment=_increments(data, cells)).estimate
    except TableError as error:
        raise OptionError(f"{title}: {error}") from None
    return _rank_result(kept, counts.schwarzer(*cells, odds_ratio), "schwarzer", title, p)


def _increments(data: EffectSizes, cells: tuple[Array, Array, Array, Array]) -> Array:
    """One half for a table with an empty cell, as in the pooled odds ratio that the authors' software uses."""
    a, n_1, c, n_2 = cells
    return np.where((a == 0) | (a == n_1) | (c == 0) | (c == n_2), 0.5, 0.0)


def _egger(data: EffectSizes, level: float) -> AsymmetryResult:
    return regtest(data, level=level)


def _egger_mixed(data: EffectSizes, level: float) -> AsymmetryResult:
    return regtest(data, model="rma", level=level)


def _begg(data: EffectSizes, level: float, p: str = "auto") -> RankTestResult:
    return begg(data, p=p)


KINDS: dict[str, Callable[..., AsymmetryResult | RankTestResult]] = {
    "egger": _egger,
    "egger-mixed": _egger_mixed,
    "thompson": _thompson,
    "begg": _begg,
    **{name: _count_test(name) for name in COUNT_TESTS},
    "schwarzer": _schwarzer,
    "arcsine": _arcsine,
    "pustejovsky": _pustejovsky,
}


def asymmetry_test(
    effects: Any, kind: str = "egger", *, level: float = 0.95, **options: Any
) -> AsymmetryResult | RankTestResult:
    """One test of funnel asymmetry by its name.

    effects : as for ``pool``, or a PoolResult; three studies or more.  kind : "egger", "egger-mixed" (meta-regression
    with REML), "thompson", "begg"; with 2x2 counts (events_1, n_1, events_2, n_2) "harbord" and "harbord-fisher",
    "peters", "macaskill" and "macaskill-pooled", "deeks", "schwarzer", "arcsine"; for SMD "pustejovsky".  options :
    ``p`` of "begg" and "schwarzer". Counts are used as they were observed; studies without events (or others) in both
    groups are excluded by name.
    Returns an AsymmetryResult or RankTestResult. Raises OptionError.
    Asymmetry is not publication bias: heterogeneity, and the tie of a ratio to its own standard error, give it too.
    Source: Sterne et al. 2011, doi:10.1136/bmj.d4002.

    >>> trials = {"study": list("ABCD"), "events_1": [1, 4, 9, 30], "n_1": [10, 25, 60, 200], "events_2": [4, 8, 14, 38],
    ...           "n_2": [10, 25, 60, 200], "measure": ["OR"] * 4}
    >>> round(asymmetry_test(trials, "peters").p_value, 3)
    0.004
    """
    one_of("kind", kind, KINDS)
    confidence_level(level)
    known = {"begg": ("p",), "schwarzer": ("p",)}.get(kind, ())
    wrong = [name for name in options if name not in known]
    if wrong:
        raise OptionError(f"{', '.join(wrong)}: not an option of kind={kind!r}. Options: {', '.join(known) or 'none'}.")
    if "p" in options:
        one_of("p", options["p"], P_METHODS)
    return KINDS[kind](studies(effects, 3, "a test of funnel asymmetry"), level, **options)
