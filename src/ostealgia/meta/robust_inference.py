"""Standard errors that hold when the model of dependence does not: cluster-robust inference."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.display import count_of
from ostealgia.effects.result import EffectSizes
from ostealgia.errors import OptionError
from ostealgia.meta.multilevel_coefficients import Coefficients, OneCoefficient, coefficients
from ostealgia.meta.multilevel_data import EACH_EFFECT, grouping
from ostealgia.meta.multilevel_result import MultilevelResult
from ostealgia.meta.regression_result import RegressionResult
from ostealgia.meta.result import PoolResult
from ostealgia.numerics.covariance_known import KnownCovariance
from ostealgia.numerics.mixed_effects_blocks import NotNested, marginal
from ostealgia.numerics.robust_sandwich import KINDS, Sandwich, sandwich
from ostealgia.options import confidence_level, one_of
from ostealgia.tables.measures import MEASURES, Measure
from ostealgia.tables.result import Result, plain

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
TESTS = ("Satterthwaite", "t", "t-p", "z")
FEW_DF = 4.0


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RobustResult(OneCoefficient, Result):
    """Coefficients with cluster-robust standard errors, on the analysis scale.

    kind : "CR0" ... "CR3".  test : "Satterthwaite", "t" (clusters - 1 df), "t-p" (clusters - p df) or "z".  clusters : how many.
    vcov : robust covariance (p, p).  tau2 : variances of the working model.  model : how the weights were found.
    Where there is one coefficient, ``estimate``, ``std_error``, ``ci_low``, ... are its numbers.
    """

    measure: str
    kind: str
    test: str
    cluster: str
    clusters: int
    k: int
    ci_level: float
    coefficients: Coefficients
    vcov: Array
    tau2: Array
    omega2: float = math.nan
    i2: float = math.nan
    model: str
    effects: EffectSizes
    options: Mapping[str, Any] = field(default_factory=dict)
    parts: Sandwich
    back: Array

    @property
    def definition(self) -> Measure:
        return MEASURES[self.measure]

    def contrast(self, weights: Sequence[float], *, name: str = "contrast") -> Coefficients:
        """A weighted sum of the coefficients with robust standard error and its own degrees of freedom. weights : (p,)."""
        c = np.array(weights, dtype=float)
        df = _df(self.test, self.parts, self.back.T @ c[:, None], self.clusters, len(self.names))
        return coefficients(
            (name,), np.array([c @ self.coefficients.estimate]), np.sqrt(np.array([c @ self.vcov @ c])), df, self.ci_level,
            self.definition, slope=(True,),
        )  # fmt: skip

    def to_frame(self) -> pd.DataFrame:
        """One row a coefficient."""
        frame = self.coefficients.to_frame().drop(columns=["pi_low", "pi_high", "reported_pi_low", "reported_pi_high"])
        frame.insert(1, "measure", self.measure)
        frame["ci_level"], frame["k"], frame["clusters"], frame["kind"] = (
            self.ci_level,
            self.k,
            self.clusters,
            self.kind,
        )
        return frame

    def to_dict(self) -> dict[str, Any]:
        """JSON: NaN is None, infinite degrees of freedom are "Infinity"."""
        names = (
            "measure",
            "kind",
            "test",
            "cluster",
            "clusters",
            "k",
            "ci_level",
            "tau2",
            "omega2",
            "i2",
            "model",
            "vcov",
            "options",
        )
        return {
            **{name: plain(getattr(self, name)) for name in names},
            "coefficients": self.coefficients.to_dicts(),
            "excluded": [row.to_dict() for row in self.excluded],
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        from ostealgia.meta.multilevel_text import robust_text

        return robust_text(self)


@dataclass(frozen=True, eq=False)
class WorkingModel:
    """A fitted model as the sandwich needs it."""

    effects: EffectSizes
    names: tuple[str, ...]
    slope: tuple[bool, ...]
    basis: Array
    back: Array
    unit: float
    known: KnownCovariance
    terms: tuple[Any, ...]
    matrices: tuple[Array, ...]
    tau2: Array
    level: float
    model: str
    notes: tuple[str, ...]


def robust(
    fit: Any,
    *,
    cluster: Any = "study",
    kind: str = "CR2",
    test: str = "Satterthwaite",
    level: float | None = None,
    moderators: Sequence[str] = (),
    X: Any = None,
    names: Sequence[str] | None = None,
    measure: str | None = None,
) -> RobustResult:
    """What are the standard errors if effects of a cluster depend in a way the model does not know?

    fit : a result of ``multilevel``, ``multivariate``, ``regress`` or ``pool`` (random or common), or effects, for which a random-effects
    model (REML; with ``moderators`` or a design ``X``) is fitted first. The estimates stay those of the model.
    cluster : column, or one label a row.  kind : "CR2" bias-reduced (for few clusters), "CR0" none, "CR1" times J/(J-1), "CR1p" times
    J/(J-p), "CR1S" as in Stata, "CR3" close to the jackknife.  test : "Satterthwaite" degrees of freedom, "t" with J - 1, "t-p" with
    J - p, or "z".  A note says where there are under 4 degrees of freedom: P is then too small whatever it is.
    Returns a RobustResult. Raises OptionError where clusters are not independent in the model.
    Source: Tipton 2015, doi:10.1037/met0000011; Pustejovsky & Tipton 2018, doi:10.1080/07350015.2016.1247004 and 2022,
    doi:10.1007/s11121-021-01246-3.

    >>> rows = {"study": ["A", "A", "B", "B", "C", "D"], "estimate": [0.1, 0.3, 0.9, 0.7, 0.2, 0.5], "std_error": [0.1] * 6}
    >>> found = robust(rows, cluster="study")
    >>> round(found.std_error, 3), round(found.df, 2)
    (0.182, 2.63)
    """
    one_of("kind", kind, KINDS)
    one_of("test", test, TESTS)
    working = _working(fit, moderators, X, names, measure)
    ci_level = confidence_level(working.level if level is None else level)
    name, codes, labels = grouping(working.effects, cluster, "cluster")
    stacks = _stacks(working, codes, name)
    parts = sandwich(working.effects.estimate / working.unit, working.basis, stacks, kind)
    return assemble(working, parts, kind, test, name, len(labels), ci_level)


def assemble(
    working: WorkingModel, parts: Sandwich, kind: str, test: str, cluster: str, clusters: int, level: float, **more: Any
) -> RobustResult:
    """The result from the sandwich on the orthonormal design."""
    p = len(working.names)
    if clusters <= p:
        raise OptionError(
            f"{clusters} clusters cannot carry robust standard errors of {p} coefficients; at least {p + 1} are needed."
        )
    vcov = working.back @ parts.covariance @ working.back.T * working.unit**2
    df = _df(test, parts, working.back.T, clusters, p)
    table = coefficients(
        working.names, working.back @ parts.coefficients * working.unit, np.sqrt(np.diag(vcov)), df, level,
        working.effects.definition, slope=working.slope,
    )  # fmt: skip
    return RobustResult(
        measure=working.effects.measure, kind=kind, test=test, cluster=cluster, clusters=clusters, k=working.effects.k,
        ci_level=level, coefficients=table, vcov=vcov, tau2=working.tau2, model=working.model, effects=working.effects,
        parts=parts, back=working.back, excluded=working.effects.excluded,
        notes=tuple(dict.fromkeys([*working.notes, *_warnings(parts, working, clusters, kind)])),
        **{"options": {"kind": kind, "test": test, "level": level, "cluster": cluster}, **more},
    )  # fmt: skip


def _df(test: str, parts: Sandwich, contrasts: Array, clusters: int, p: int) -> Array:
    """Degrees of freedom of each column of ``contrasts`` (p, c)."""
    if test == "Satterthwaite":
        return np.array([parts.satterthwaite(column) for column in contrasts.T])
    fixed = {"t": clusters - 1.0, "t-p": clusters - float(p), "z": math.inf}
    return np.full(contrasts.shape[1], fixed[test])


def _warnings(parts: Sandwich, working: WorkingModel, clusters: int, kind: str) -> list[str]:
    notes: list[str] = []
    df = [parts.satterthwaite(column) for column in working.back]
    low = [f"{name} ({value:.1f})" for name, value in zip(working.names, df, strict=True) if not value >= FEW_DF]
    if low:
        notes.append(
            f"under 4 Satterthwaite degrees of freedom: {', '.join(low)}; the P value and interval are not to be trusted, whatever they say"
        )
    if kind in ("CR0", "CR1", "CR1p", "CR1S") and clusters < 40:
        notes.append(f"{kind} is too small with {clusters} clusters; CR2 corrects for their number")
    if parts.singular and kind in ("CR2", "CR3"):
        notes.append(
            f"{count_of(parts.singular, 'cluster alone determines', 'clusters alone determine')} a coefficient; that part of the variance "
            "is a generalised inverse"
        )
    return notes


def _stacks(working: WorkingModel, codes: NDArray[np.int64], name: str) -> list[tuple[NDArray[np.int64], Array]]:
    if int(codes.max()) == 0:
        raise OptionError(f"cluster={name!r} has one cluster; robust standard errors compare clusters.")
    try:
        return marginal(working.known, working.terms, working.matrices, codes)
    except NotNested as error:
        one, two = error.rows
        raise OptionError(
            f"cluster={name!r} cuts through what the model holds together: rows {one + 1} and {two + 1} (studies "
            f"{working.effects.study[one]!r} and {working.effects.study[two]!r}) share a random effect or an error. Cluster by "
            "the widest grouping."
        ) from None


def _working(
    fit: Any, moderators: Sequence[str], X: Any, names: Sequence[str] | None, measure: str | None
) -> WorkingModel:
    if isinstance(fit, MultilevelResult):
        _no_design(moderators, X)
        return _of_multilevel(fit)
    if isinstance(fit, PoolResult):
        _no_design(moderators, X)
        return diagonal_model(
            fit.effects, _total_variance(fit), np.ones((fit.k, 1)), ("intercept",), fit.tau2, fit.ci_level, _pooled(fit)
        )
    if isinstance(fit, RegressionResult):
        _no_design(moderators, X)
        return _of_regression(fit)
    from ostealgia.meta.multilevel_fit import multilevel

    options = {"moderators": moderators, "X": X, "names": names, "measure": measure}
    found = multilevel(fit, random=(EACH_EFFECT,), **options)
    plain_notes = tuple(note for note in found.notes if not note.startswith("sampling errors taken"))
    working = _of_multilevel(found)
    return replace(working, model="random effects (tau2 by REML)", notes=plain_notes)


def _no_design(moderators: Sequence[str], X: Any) -> None:
    if len(moderators) or X is not None:
        raise OptionError("moderators and X belong to the model; fit it with them, then give its result to robust().")


def _pooled(fit: PoolResult) -> str:
    if fit.model not in ("random", "common"):
        raise OptionError(f"robust() needs a model of effects and variances; model={fit.model!r} works on counts.")
    if fit.options.get("weights") is not None:
        raise OptionError("robust() uses the weights of the model; pool without weights=.")
    return "common effect" if fit.model == "common" else f"random effects (tau2 by {fit.tau2_method})"


def _of_regression(fit: RegressionResult) -> WorkingModel:
    if fit.options.get("weights") is not None or fit.fit.moment_weights is not None:
        raise OptionError("robust() uses the weights of the model; fit without weights.")
    tau2 = 0.0 if fit.model == "common" else fit.tau2
    model = f"meta-regression (tau2 by {fit.tau2_method})" if fit.tau2_method else "meta-regression, common effect"
    return diagonal_model(fit.effects, fit.effects.variance + tau2, fit.fit.x, fit.names, tau2, fit.ci_level, model)


def _total_variance(fit: PoolResult) -> Array:
    return fit.effects.variance + (fit.tau2 if fit.model == "random" else 0.0)


def diagonal_model(
    effects: EffectSizes, variance: Array, design: Array, names: tuple[str, ...], tau2: float, level: float, model: str
) -> WorkingModel:
    from ostealgia.numerics.mixed_effects import MixedModel

    problem = MixedModel(effects.estimate, design, KnownCovariance(variance), [])
    return WorkingModel(
        effects=effects, names=names, slope=tuple(name != "intercept" for name in names), basis=problem.basis,
        back=problem.back, unit=problem.unit, known=problem.known, terms=(), matrices=(), tau2=np.array([tau2]), level=level,
        model=model, notes=effects.notes,
    )  # fmt: skip


def _of_multilevel(fit: MultilevelResult) -> WorkingModel:
    problem = fit.problem
    return WorkingModel(
        effects=fit.effects, names=fit.names, slope=fit.coefficients.slope, basis=problem.basis, back=problem.back,
        unit=problem.unit, known=problem.known, terms=problem.terms,
        matrices=tuple(part.matrix / problem.unit**2 for part in fit.components), tau2=fit.tau2, level=fit.ci_level,
        model=f"{fit.model} model by {fit.method}", notes=fit.notes,
    )  # fmt: skip
