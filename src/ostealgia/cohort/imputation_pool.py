"""Analyses of several completed data sets as one, and how far missing values would have to differ to change the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from ostealgia.cohort.logistic_model import check_finite
from ostealgia.cohort.logistic_rows import Levels, complete_rows, formula_from, model_rows
from ostealgia.cohort.survival_data import absent, column_of
from ostealgia.display import interval, number, p_text
from ostealgia.errors import OptionError, TableError
from ostealgia.numerics.imputation_pooling import Pooled, rubin
from ostealgia.numerics.logistic import logistic_fit
from ostealgia.options import confidence_level, one_of
from ostealgia.tables.formula import Formula
from ostealgia.tables.labels import as_text
from ostealgia.tables.result import Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
MODELS = ("linear", "logistic")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PooledImputations(Result):
    """Rubin's rules. pooled : within, between and total variance, df, fmi."""

    outcome: str
    formula: str
    model: str
    names: tuple[str, ...]
    n: int
    m: int
    ci_level: float
    pooled: Pooled

    @property
    def estimate(self) -> Array:
        """Mean over the completed data sets, (p,)."""
        return self.pooled.estimate

    @property
    def std_error(self) -> Array:
        """Roots of the total variance, (p,)."""
        return np.sqrt(self.pooled.total)

    @property
    def statistic(self) -> Array:
        """t statistics, (p,)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.estimate / self.std_error

    @property
    def p_value(self) -> Array:
        """Two-sided, with Barnard and Rubin's df, (p,)."""
        return 2 * np.asarray(stdtr(self.pooled.df, -np.abs(self.statistic)))

    def to_frame(self) -> pd.DataFrame:
        """One row a term: term, scale, estimate, std_error, statistic, df, p_value, ci_low, ci_high, ci_level, within, between,
        riv, lambda, fmi."""
        import pandas as pd

        half = np.asarray(stdtrit(self.pooled.df, 0.5 + self.ci_level / 2)) * self.std_error
        return pd.DataFrame(
            {
                "term": self.names, "scale": "log odds ratio" if self.model == "logistic" else "mean difference", "estimate": self.estimate,
                "std_error": self.std_error, "statistic": self.statistic, "df": self.pooled.df, "p_value": self.p_value,
                "ci_low": self.estimate - half, "ci_high": self.estimate + half, "ci_level": self.ci_level, "within": self.pooled.within,
                "between": self.pooled.between, "riv": self.pooled.riv, "lambda": self.pooled.lambda_, "fmi": self.pooled.fmi,
            }
        )  # fmt: skip

    def __str__(self) -> str:
        lines = [
            f"PooledImputations: {self.outcome}, {self.model} model, {self.m} completed data sets of {self.n:,} patients"
        ]
        width = max(len(name) for name in self.names)
        table: Any = self.to_frame()
        for row in table.itertuples():
            limits = interval(float(row.ci_low), float(row.ci_high))
            value = number(float(row.estimate))
            lines.append(
                f"  {row.term.ljust(width)}  {value:>7} [{limits}]   {p_text(float(row.p_value))}   FMI {number(float(row.fmi))}"
            )
        return "\n".join([*lines, *tail_lines(self)])


def pool_imputations(
    frame: Any,
    *,
    imputation: str,
    outcome: str,
    terms: str | Sequence[str] | Formula,
    model: str = "linear",
    event_value: object = None,
    levels: Levels | None = None,
    level: float = 0.95,
) -> PooledImputations:
    """What do several completed data sets say together?

    frame : the completed data sets below one another.  imputation : column that numbers them; a value of 0 is the original and is left out.
    model : "linear" or "logistic".  df by Barnard and Rubin from n - p of the complete data.
    Right where values are missing at random given what the imputation model held; see ``tipping_point`` where they may not be.
    Source: Rubin 1987, doi:10.1002/9780470316696; Barnard & Rubin 1999, doi:10.1093/biomet/86.4.948.

    >>> data = {"imp": [1, 1, 1, 1, 2, 2, 2, 2], "pain": [5.0, 6, 3, 4, 5.0, 6, 3, 2], "arm": [0, 0, 1, 1] * 2}
    >>> pool_imputations(data, imputation="imp", outcome="pain", terms="arm").estimate.round(3).tolist()
    [5.5, -2.5]
    """
    one_of("model", model, MODELS)
    level = confidence_level(level)
    formula = formula_from(terms)
    columns, _, excluded = complete_rows(frame, [imputation, outcome, *formula.columns])
    if excluded:
        raise TableError(
            "a completed data set has missing values",
            column=excluded[0].reason.split("'")[1],
            expected="a value in every row",
        )
    labels = np.array([as_text(v) for v in columns[imputation].tolist()], dtype=object)
    sets = [label for label in dict.fromkeys(labels.tolist()) if label != "0"]
    if len(sets) < 2:
        raise TableError("there is one completed data set", column=imputation, expected="two or more, numbered")
    sizes = {int((labels == one).sum()) for one in sets}
    if len(sizes) > 1:
        raise TableError(
            "the completed data sets have different numbers of rows",
            column=imputation,
            expected="the same patients in each",
        )
    shared = {**_same_levels(columns, formula), **(levels or {})}
    fits = [
        _one({k: v[labels == one] for k, v in columns.items()}, outcome, formula, model, event_value, shared)
        for one in sets
    ]
    names, n = fits[0][0], sizes.pop()
    pooled = rubin(np.array([f[1] for f in fits]), np.array([f[2] for f in fits]), float(n - len(names)))
    notes = []
    worst = float(pooled.fmi.max())
    if len(sets) < 100 * worst:
        notes.append(
            f"{len(sets)} data sets for up to {100 * worst:.0f}% missing information: take at least {int(np.ceil(100 * worst))}"
        )
    return PooledImputations(
        outcome=outcome,
        formula=str(formula),
        model=model,
        names=names,
        n=n,
        m=len(sets),
        ci_level=level,
        pooled=pooled,
        notes=tuple(notes),
    )


def _same_levels(columns: dict[str, Any], formula: Formula) -> dict[str, Sequence[str]]:
    """Levels of text columns over all data sets, so that each has the same design."""
    from ostealgia.tables.formula_design import is_text, levels_of

    return {name: levels_of(columns[name]) for name in formula.columns if is_text(columns[name])}


def _one(
    data: dict[str, Any], outcome: str, formula: Formula, model: str, event_value: object, levels: Levels
) -> tuple[tuple[str, ...], Array, Array]:
    rows = model_rows(data, outcome, formula, levels=levels, is_binary=model == "logistic", event_value=event_value)
    names = rows.recipe.names
    if model == "logistic":
        fit = logistic_fit(rows.x, rows.y)
        check_finite(fit, names, "Merge levels, or leave the term out")
        return names, fit.beta, np.diag(fit.vcov).copy()
    if rows.n <= len(names):
        raise TableError(
            "there are no more rows than coefficients", column=outcome, expected="more patients, or fewer terms"
        )
    beta = np.asarray(np.linalg.lstsq(rows.x, rows.y, rcond=None)[0], dtype=np.float64)
    sigma2 = float(np.square(rows.y - rows.x @ beta).sum() / (rows.n - len(names)))
    return names, beta, np.asarray(np.diag(np.linalg.inv(rows.x.T @ rows.x)) * sigma2, dtype=np.float64)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TippingPoint(Result):
    """Pooled results (one a delta) of the term looked at. tips_at : the first delta whose P is above ``alpha``, None where none is."""

    term: str
    group: str
    deltas: tuple[float, ...]
    fits: tuple[PooledImputations, ...]
    alpha: float
    tips_at: float | None

    def to_frame(self) -> pd.DataFrame:
        """One row a delta: delta, and the columns of ``PooledImputations`` for the term."""
        import pandas as pd

        parts: list[Any] = []
        for delta, fit in zip(self.deltas, self.fits, strict=True):
            at = fit.names.index(self.term)
            parts.append(fit.to_frame().iloc[at : at + 1].assign(delta=delta))
        frame: Any = pd.concat(parts, ignore_index=True)
        return frame[["delta", *(c for c in frame.columns if c != "delta")]]

    def __str__(self) -> str:
        lines = [f"TippingPoint: {self.term}, delta added to the imputed outcomes of {self.group}"]
        table: Any = self.to_frame()
        for row in table.itertuples():
            limits = interval(float(row.ci_low), float(row.ci_high))
            lines.append(
                f"  delta {number(float(row.delta), 1):>6}  {number(float(row.estimate)):>6} [{limits}]   {p_text(float(row.p_value))}"
            )
        lines.append(
            "  "
            + (
                "no delta looked at changes the conclusion"
                if self.tips_at is None
                else f"tips at delta {self.tips_at:g}"
            )
        )
        return "\n".join([*lines, *tail_lines(self)])


def tipping_point(
    frame: Any,
    *,
    imputation: str,
    original: Any,
    id: str,
    outcome: str,
    terms: str | Sequence[str] | Formula,
    by: str,
    value: object,
    deltas: Sequence[float],
    term: str | None = None,
    levels: Levels | None = None,
    level: float = 0.95,
) -> TippingPoint:
    """By how much would the unseen outcomes of a group have to be worse before the conclusion changes?

    frame, imputation, outcome, terms : as in ``pool_imputations`` (linear).  original : the frame before imputation, which tells what was
    missing.  id : the patient in both.  by, value : the group whose imputed outcomes are shifted by each of ``deltas``; nothing is clipped
    to the range of the scale.  term : the coefficient looked at, by default that of ``by``.
    Source: Cro et al. 2020, doi:10.1002/sim.8569; Ratitch et al. 2013, doi:10.1002/pst.1549.
    """
    if not len(deltas):
        raise OptionError("deltas is empty; give the shifts to try, for instance [0, 1, 2].")
    formula = formula_from(terms)
    names = list(dict.fromkeys([imputation, id, by, outcome, *formula.columns]))
    columns = {name: column_of(frame, name) for name in names}
    if len({len(values) for values in columns.values()}) > 1:
        raise TableError("the columns have different lengths", expected="one value a row in each")
    lost, known = absent(column_of(original, outcome)), column_of(original, id)
    if len(lost) != len(known):
        raise TableError("the columns of the original have different lengths", expected="one value a row in each")
    unseen = {as_text(v) for v in known[lost].tolist()}
    patients = [as_text(v) for v in columns[id].tolist()]
    arm = [as_text(v) == as_text(value) for v in columns[by].tolist()]
    shift = np.array([p in unseen and a for p, a in zip(patients, arm, strict=True)], dtype=float)
    if not shift.any():
        raise TableError(
            "no outcome of this group was imputed", column=by, expected="a group with missing outcomes in the original"
        )
    try:
        base = columns[outcome].astype(float)
    except (TypeError, ValueError):
        raise TableError("not a number", column=outcome, expected="a number in every row") from None
    fits = [
        pool_imputations(
            columns | {outcome: base + d * shift},
            imputation=imputation,
            outcome=outcome,
            terms=formula,
            levels=levels,
            level=level,
        )
        for d in deltas
    ]
    wanted = by if term is None else term
    if wanted not in fits[0].names:
        raise OptionError(f"term={wanted!r} is not a coefficient: {', '.join(fits[0].names)}.")
    at = fits[0].names.index(wanted)
    alpha = 1 - level
    tips = next((float(d) for d, fit in zip(deltas, fits, strict=True) if fit.p_value[at] > alpha), None)
    return TippingPoint(
        term=wanted, group=f"{by} = {as_text(value)}", deltas=tuple(float(d) for d in deltas), fits=tuple(fits), alpha=alpha, tips_at=tips,
        notes=("shifted values may lie outside the scale",),
    )  # fmt: skip
