"""Several effects a study in one model: multilevel (nested, crossed) and multivariate meta-analysis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, fdtrc

from ostealgia.effects.result import EffectSizes
from ostealgia.errors import OptionError
from ostealgia.meta.multilevel_coefficients import coefficients
from ostealgia.meta.multilevel_data import (
    as_dependent,
    codes_of,
    grouping,
    labels_of,
    random_terms,
    sampling_covariance,
)
from ostealgia.meta.multilevel_design import design_of, moderator_block, no_flat_levels, outcome_design
from ostealgia.meta.multilevel_result import MultilevelResult, VarianceComponent
from ostealgia.numerics.covariance_known import KnownCovariance
from ostealgia.numerics.mixed_effects import MixedFit, MixedModel, RankDeficient
from ostealgia.numerics.mixed_effects_structures import STRUCTURES, Term, intercept
from ostealgia.options import confidence_level, one_of

Array = NDArray[np.float64]
METHODS = ("REML", "ML")
CI = ("t", "z")
FEW_CLUSTERS = 10


def multilevel(
    effects: Any,
    *,
    random: Any = "study/effect",
    V: Any = None,
    moderators: str | Sequence[str] = (),
    X: Any = None,
    names: Sequence[str] | None = None,
    intercept_column: bool = True,
    method: str = "REML",
    ci: str = "t",
    level: float = 0.95,
    measure: str | None = None,
) -> MultilevelResult:
    """What is the mean effect when studies give several effects each?

    effects : EffectSizes, or a frame with study, estimate, std_error on the analysis scale of ``measure`` and any other columns; a study
    may stand in many rows.  random : random intercepts, by column: "study/effect" nests ("effect" is the single row where there is no
    such column), "study + laboratory" crosses, ("study", "laboratory/team") lists groupings one by one.  V : None for independent
    sampling errors, what ``known_covariance`` made, or a matrix (k, k).  moderators : numeric columns, beside an intercept unless
    ``intercept_column`` is False, or a formula as in ``regress`` ("~ dose + factor(site)"); or X, a design (k, p) with ``names``.
    method : "REML" or "ML".  ci : "t" with k - p df, or "z"; with few studies use ``robust`` on the result.
    Returns a MultilevelResult. Raises TableError, OptionError, ConvergenceError.
    Not for: one effect a study (``pool``); different questions under one mean.
    Source: Konstantopoulos 2011, doi:10.1002/jrsm.35; Van den Noortgate et al. 2013, doi:10.3758/s13428-012-0261-6.

    >>> rows = {"study": ["A", "A", "B", "B", "C", "D"], "estimate": [0.1, 0.3, 0.9, 0.7, 0.2, 0.5], "std_error": [0.1] * 6}
    >>> fit = multilevel(rows)
    >>> round(fit.estimate, 3), [part.name for part in fit.components]
    (0.429, ['study', 'study/effect'])
    """
    one_of("method", method, METHODS)
    one_of("ci", ci, CI)
    data = as_dependent(effects, measure, V)
    known, errors = sampling_covariance(data, V)
    data, known, x, columns = design_of(data, known, moderators, X, names, intercept_column)
    groups = [grouping(data, name, "random") for name in random_terms(random)]
    _separable([(name, codes) for name, codes, _ in groups], data)
    terms = [intercept(codes) for _, codes, _ in groups]
    labels = [(name, None, ("",), len(units)) for name, _, units in groups]
    return _fit(
        data, known, x, columns, terms, labels, model="multilevel", method=method, ci=ci, level=level, errors=errors,
        options={"random": " + ".join(name for name, _, _ in groups)}, notes=_independence(data, V, groups[0][1]),
    )  # fmt: skip


def multivariate(
    effects: Any,
    *,
    outcome: str = "outcome",
    study: str = "study",
    structure: str = "UN",
    V: Any = None,
    moderators: str | Sequence[str] = (),
    slopes: str = "each",
    X: Any = None,
    names: Sequence[str] | None = None,
    random: Any = None,
    times: Any = None,
    method: str = "REML",
    ci: str = "t",
    level: float = 0.95,
    measure: str | None = None,
) -> MultilevelResult:
    """What is the mean of each of several outcomes (or times) that studies report together?

    effects : one row a study x outcome, as for ``multilevel``.  outcome, study : columns; outcomes may be times (numbers).
    structure : covariance of the true effects of a study over outcomes: "UN" all free, "CS" one variance and correlation, "HCS" a variance
    each and one correlation, "DIAG", "ID" without correlation; over times in order "AR", "HAR" (correlation by steps apart) and "CAR",
    "HCAR" (by time apart).  V : covariance of the sampling errors within a study; without it they are taken as independent and a note
    says so.  moderators : numeric columns with a slope for each outcome, or slopes="common"; or a formula, which then is the whole design
    ("~ factor(outcome) - 1 + factor(outcome):year").  X : a design (k, p) instead of a mean an outcome.  random : further random
    intercepts, as in ``multilevel``.  times : values of the outcomes for CAR, where their names are not numbers.
    Returns a MultilevelResult. Raises TableError, OptionError, ConvergenceError.
    Source: Berkey et al. 1998, doi:10.1002/(SICI)1097-0258(19981130)17:22<2537::AID-SIM953>3.0.CO;2-C; Jackson, Riley & White 2011,
    doi:10.1002/sim.4172.

    >>> rows = {"study": [1, 1, 2, 2, 3, 3], "outcome": ["PD", "AL"] * 3}
    >>> rows.update(estimate=[0.5, -0.3, 0.2, -0.6, 0.4, -0.1], std_error=[0.1] * 6)
    >>> fit = multivariate(rows, structure="CS")
    >>> fit.names, fit.coefficients.estimate.round(3).tolist()
    (('AL', 'PD'), [-0.333, 0.367])
    """
    one_of("method", method, METHODS)
    one_of("ci", ci, CI)
    one_of("structure", structure, STRUCTURES)
    one_of("slopes", slopes, ("each", "common"))
    data = as_dependent(effects, measure, V)
    known, errors = sampling_covariance(data, V)
    if X is not None or (isinstance(moderators, str) and "~" in moderators):
        data, known, x, columns = design_of(data, known, moderators, X, names, False)
        levels, level_codes = _levels(labels_of(data, outcome, "outcome"))
    else:
        data, known, extra, listed = moderator_block(data, known, moderators)
        levels, level_codes = _levels(labels_of(data, outcome, "outcome"))
        x, columns = outcome_design(level_codes, levels, extra, listed, slopes)
    name, codes, units = grouping(data, study, "study")
    term = Term(codes, level_codes, structure, len(levels), _times(levels, times, structure))
    notes = no_flat_levels(term, levels, data)
    groups = [] if random is None else [grouping(data, part, "random") for part in random_terms(random)]
    terms = [term, *(intercept(group) for _, group, _ in groups)]
    labels = [(f"{outcome} | {name}", structure, levels, len(units)), *((g, None, ("",), len(u)) for g, _, u in groups)]
    return _fit(
        data, known, x, columns, terms, labels, model="multivariate", method=method, ci=ci, level=level, errors=errors,
        options={"structure": structure, "outcome": outcome, "study": study},
        notes=[*_independence(data, V, codes), *notes], means=levels,
    )  # fmt: skip


def _fit(
    data: EffectSizes, known: KnownCovariance, x: Array, columns: tuple[str, ...], terms: list[Term], labels: list[Any],
    *, model: str, method: str, ci: str, level: float, errors: str, options: dict[str, Any], notes: list[str],
    means: tuple[str, ...] = ("intercept",),
) -> MultilevelResult:  # fmt: skip
    """Fit, and put the parts together."""
    confidence_level(level)
    if data.k <= x.shape[1]:
        raise OptionError(f"{data.k} effects cannot carry {x.shape[1]} coefficients; leave out moderators or outcomes.")
    try:
        problem = MixedModel(data.estimate, x, known, terms, restricted=method == "REML")
    except RankDeficient as error:
        raise OptionError(
            f"column {columns[error.column]!r} of the design is a combination of the others; leave one of them out."
        ) from None
    solution = problem.fit()
    parts = tuple(
        VarianceComponent(
            name=name, structure=structure, levels=levels, units=units,
            tau2=found.tau2, rho=found.rho, matrix=found.matrix,
        )
        for (name, structure, levels, units), found in zip(labels, solution.components, strict=True)
    )  # fmt: skip
    df = math.inf if ci == "z" else float(data.k - x.shape[1])
    slope = tuple(column not in ("intercept", *means) for column in columns)
    spread = _prediction(parts, columns) if columns in (("intercept",), means) else None
    table = coefficients(
        columns, solution.coefficients, np.sqrt(np.diag(solution.covariance)), df, level, data.definition,
        slope=slope, prediction_sd=spread,
    )  # fmt: skip
    qm, qm_df, qm_p = omnibus(columns, solution.coefficients, solution.covariance, df)
    return MultilevelResult(
        measure=data.measure, model=model, method=method, ci_method=ci, ci_level=level, k=data.k, n=_patients(data),
        coefficients=table, vcov=solution.covariance, components=parts, q=solution.q, q_df=solution.q_df,
        q_p_value=float(chdtrc(solution.q_df, solution.q)), qm=qm, qm_df=qm_df, qm_p_value=qm_p,
        loglik=solution.log_likelihood, converged=solution.converged, certificate=solution.certificate, errors=errors,
        effects=data, design=x, options={"method": method, "ci": ci, "level": level, **options}, problem=problem,
        solution=solution, excluded=data.excluded,
        notes=tuple(dict.fromkeys([*data.notes, *notes, *_few(parts, data.k), *_edges(parts, solution)])),
    )  # fmt: skip


def omnibus(names: tuple[str, ...], estimate: Array, covariance: Array, df: float) -> tuple[float, int, float]:
    """Wald test of all coefficients but the intercept (of the intercept where it is alone): statistic, numerator df, P.

    Chi-square where df is infinite, else F: the quadratic form over its degrees of freedom, with df below.
    """
    test = [i for i, name in enumerate(names) if name != "intercept"] or [0]
    part = estimate[test]
    statistic = float(part @ np.linalg.solve(covariance[np.ix_(test, test)], part))
    m = len(test)
    if math.isinf(df):
        return statistic, m, float(chdtrc(m, statistic))
    return statistic / m, m, float(fdtrc(m, df, statistic / m))


def _prediction(parts: tuple[VarianceComponent, ...], columns: tuple[str, ...]) -> Array | None:
    """Standard deviation of a new true effect around each coefficient, where all are means; None where a mean is over unlike outcomes."""
    total = np.zeros(len(columns))
    for part in parts:
        variances = np.diag(part.matrix)
        if len(variances) == len(columns):
            total = total + variances
        elif len(set(variances.tolist())) == 1:
            total = total + variances[0]
        else:
            return None
    return np.sqrt(total)


def _levels(values: list[str]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Outcomes in alphabetical order, times in theirs."""
    codes, labels = codes_of(values)
    order = sorted(range(len(labels)), key=lambda i: (_number(labels[i]), labels[i]))
    place = np.empty(len(labels), dtype=np.int64)
    place[order] = np.arange(len(labels))
    return tuple(labels[i] for i in order), place[codes]


def _number(label: str) -> float:
    try:
        return float(label)
    except ValueError:
        return math.inf


def _times(levels: tuple[str, ...], given: Any, structure: str) -> Array:
    if given is not None:
        values = np.array(given, dtype=float)
        if values.shape != (len(levels),) or len(np.unique(values)) < len(levels):
            raise OptionError(f"times should be {len(levels)} different numbers, for {', '.join(levels)}.")
        return values
    values = np.array([_number(label) for label in levels])
    if np.isfinite(values).all():
        return values
    if structure in ("CAR", "HCAR"):
        raise OptionError(
            f"structure={structure!r} needs times; {levels[0]!r} is not a number. Give times=, one number an outcome in this order: "
            f"{', '.join(levels)}."
        )
    return np.arange(float(len(levels)))


def _separable(groups: list[tuple[str, NDArray[np.int64]]], data: EffectSizes) -> None:
    """Refuse random effects that the data cannot tell apart."""
    seen: dict[tuple[int, ...], str] = {}
    for name, codes in groups:
        units = int(codes.max()) + 1
        if units == 1:
            raise OptionError(f"random effect {name!r} has one unit only; its variance cannot be told from the mean.")
        key = tuple(codes.tolist())
        if key in seen:
            hint = (
                " Every study gives one effect: use pool()." if units == data.k and "study" in (name, seen[key]) else ""
            )
            raise OptionError(
                f"random effects {seen[key]!r} and {name!r} divide the rows in the same way, so that their variances cannot be "
                f"told apart.{hint}"
            )
        seen[key] = name


def _independence(data: EffectSizes, V: Any, codes: NDArray[np.int64]) -> list[str]:
    if V is not None or int(codes.max()) + 1 == len(codes):
        return []
    return [
        "sampling errors taken as independent within a study; where its effects come from the same patients give "
        "V=known_covariance(effects, rho=...)"
    ]


def _few(parts: tuple[VarianceComponent, ...], k: int) -> list[str]:
    """A word where clusters are few: neither z nor k - p degrees of freedom know it."""
    units = min((part.units for part in parts), default=k)
    if units >= FEW_CLUSTERS or units == k:
        return []
    return [
        f"{units} clusters: these intervals count effects, not clusters, and are too narrow; see robust(fit) with CR2"
    ]


def _edges(parts: tuple[VarianceComponent, ...], solution: MixedFit) -> list[str]:
    """Variances at 0, correlations at +-1, parameters about which the data say next to nothing."""
    notes: list[str] = []
    for part in parts:
        for label, kind, _, value in part.quantities():
            if kind == "tau2" and value == 0.0:
                notes.append(f"{label} of {part.name} is estimated as 0, the edge of what is possible")
            if kind == "rho" and abs(value) > 1.0 - 1e-6:
                notes.append(
                    f"{label} of {part.name} is estimated as {value:+.0f}: the data do not hold this structure"
                )
    if solution.certificate["flat_directions"] and not notes:
        notes.append(
            "the likelihood is flat in some variance parameters: their values are not determined by these data"
        )
    return notes


def _patients(data: EffectSizes) -> float:
    """Patients are not summed over rows: several effects of a study share them."""
    if not np.isfinite(data.n).any():
        return math.nan
    largest: dict[str, float] = {}
    for study, n in zip(data.study, data.n.tolist(), strict=True):
        if math.isfinite(n):
            largest[study] = max(n, largest.get(study, 0.0))
    return float(sum(largest.values()))


def with_notes(fit: MultilevelResult, notes: Sequence[str]) -> MultilevelResult:
    """The same fit with more said."""
    return replace(fit, notes=tuple(dict.fromkeys([*fit.notes, *notes])))
