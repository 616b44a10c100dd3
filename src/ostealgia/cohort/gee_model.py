"""Repeated outcomes of a cohort by generalised estimating equations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from ostealgia.cohort.logistic_model import check_finite
from ostealgia.cohort.logistic_rows import Levels, model_rows, quiet_numbers
from ostealgia.cohort.survival_data import FIRST_ROW
from ostealgia.display import interval, number, p_text
from ostealgia.errors import TableError
from ostealgia.numerics.gee import CORRELATIONS, FAMILIES, GeeFit, gee_fit
from ostealgia.numerics.logistic import logistic_fit
from ostealgia.options import confidence_level, one_of
from ostealgia.tables.formula import Formula
from ostealgia.tables.labels import as_text
from ostealgia.tables.result import Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
SCALES = {"gaussian": "mean difference", "binomial": "log odds ratio", "poisson": "log rate ratio"}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class GeeResult(Result):
    """A population-averaged model. fit : coefficients, sandwich covariance, working correlation, scale, certificate."""

    outcome: str
    formula: str
    family: str
    correlation: str
    names: tuple[str, ...]
    n: int
    patients: int
    ci_level: float
    fit: GeeFit

    @property
    def estimate(self) -> Array:
        """Coefficients, (p,)."""
        return self.fit.beta

    @property
    def std_error(self) -> Array:
        """Robust standard errors, (p,)."""
        return np.sqrt(np.diag(self.fit.vcov))

    @property
    def p_value(self) -> Array:
        """Two-sided Wald, (p,)."""
        return 2 * np.asarray(ndtr(-np.abs(self.estimate / self.std_error)))

    def to_frame(self) -> pd.DataFrame:
        """One row a term: term, scale, estimate, std_error, statistic, df, p_value, ci_low, ci_high, ci_level."""
        import pandas as pd

        half = float(ndtri(0.5 + self.ci_level / 2)) * self.std_error
        return pd.DataFrame(
            {
                "term": self.names, "scale": SCALES[self.family], "estimate": self.estimate, "std_error": self.std_error,
                "statistic": self.estimate / self.std_error, "df": np.inf, "p_value": self.p_value, "ci_low": self.estimate - half,
                "ci_high": self.estimate + half, "ci_level": self.ci_level,
            }
        )  # fmt: skip

    def __str__(self) -> str:
        lines = [
            f"GeeResult: {SCALES[self.family]} of {self.outcome}, {self.correlation} working correlation, robust SE"
        ]
        lines.append(f"  {self.n:,} visits of {self.patients:,} patients")
        width = max(len(name) for name in self.names)
        table: Any = self.to_frame()
        for row in table.itertuples():
            limits = interval(float(row.ci_low), float(row.ci_high))
            lines.append(
                f"  {row.term.ljust(width)}  {number(float(row.estimate)):>7} [{limits}]   {p_text(float(row.p_value))}"
            )
        if not self.fit.converged:
            lines.append("  NOT CONVERGED: do not use these estimates")
        return "\n".join([*lines, *tail_lines(self)])


def gee(
    frame: Any,
    *,
    outcome: str,
    terms: str | Sequence[str] | Formula,
    cluster: str,
    wave: str | None = None,
    family: str = "binomial",
    correlation: str = "exchangeable",
    level: float = 0.95,
    event_value: object = None,
    levels: Levels | None = None,
) -> GeeResult:
    """How does the average of a repeated outcome depend on the terms, over all patients?

    frame : one row a visit.  cluster : the patient.  wave : column that orders the visits; by default their order in the frame, counted
    within the patient (a missed visit then moves the later ones up).
    family : "binomial", "gaussian" or "poisson".  correlation : "independence", "exchangeable", "ar1", "unstructured".
    Right where visits are missing completely at random; where dropout depends on earlier pain use a mixed model. Under about 40 patients
    the robust standard errors are too small.  Source: Liang & Zeger 1986, doi:10.1093/biomet/73.1.13.

    >>> data = {"y": [1.0, 2, 3, 4, 5, 7], "arm": [0, 0, 0, 0, 1, 1], "id": list("aabbcc")}
    >>> gee(data, outcome="y", terms="arm", cluster="id", family="gaussian").estimate.round(4).tolist()
    [2.5, 3.5]
    """
    one_of("family", family, FAMILIES)
    one_of("correlation", correlation, CORRELATIONS)
    level = confidence_level(level)
    also = [cluster] if wave is None else [cluster, wave]
    rows = model_rows(
        frame, outcome, terms, levels=levels, is_binary=family == "binomial", event_value=event_value, also=also
    )
    if family == "poisson" and bool((rows.y < 0).any()):
        raise TableError("a count is below 0", column=outcome, expected="counts of 0 or more")
    if family == "binomial":
        check_finite(logistic_fit(rows.x, rows.y), rows.recipe.names, "Merge levels, or leave the term out")
    seen: dict[str, int] = {}
    codes = np.array([seen.setdefault(as_text(v), len(seen)) for v in rows.columns[cluster].tolist()], dtype=np.intp)
    order = _order(codes) if wave is None else _waves(rows.columns, wave, codes, rows.positions)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        fit = gee_fit(rows.x, rows.y, codes, order, family=family, correlation=correlation)
    _check_usable(fit)
    notes = list(rows.notes)
    if len(seen) < 40:
        notes.append(f"{len(seen)} patients: with fewer than 40 the robust standard errors are too small")
    if float(np.linalg.eigvalsh(fit.correlation).min()) <= 0:
        notes.append("the working correlation is not positive definite: take a simpler one")
    if not fit.converged:
        notes.append("the estimating equations were not solved")
    return GeeResult(
        outcome=outcome, formula=str(rows.recipe.formula), family=family, correlation=correlation, names=rows.recipe.names, n=rows.n,
        patients=len(seen), ci_level=level, fit=fit, excluded=rows.excluded, notes=tuple(notes),
    )  # fmt: skip


def _check_usable(fit: GeeFit) -> None:
    """Raise where the working correlation is at its end or there is no variance left, so that nothing can be said."""
    variances = np.diag(fit.vcov)
    if (
        not np.isfinite(fit.beta).all()
        or not np.isfinite(variances).all()
        or bool((variances <= 0).any())
        or np.isnan(fit.correlation).any()
    ):
        raise TableError(
            "the estimating equations have no usable solution: visits of a patient do not differ, or too few patients",
            expected="more patients than coefficients, with visits that differ",
            action="Take correlation='independence', or one visit a patient",
        )  # fmt: skip


def _order(codes: NDArray[np.intp]) -> NDArray[np.intp]:
    """Position of each row within its patient, in the order of the rows."""
    by_patient = np.argsort(codes, kind="stable")
    sizes = np.bincount(codes)
    out = np.empty(len(codes), dtype=np.intp)
    out[by_patient] = np.arange(len(codes)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return out


def _waves(columns: Any, wave: str, codes: NDArray[np.intp], positions: NDArray[np.intp]) -> NDArray[np.intp]:
    place = np.unique(quiet_numbers(columns, wave, positions), return_inverse=True)[1].reshape(-1)
    cell = codes * (int(place.max()) + 1) + place
    first = np.unique(cell, return_index=True)[1]
    if len(first) < len(cell):
        again = np.setdiff1d(np.arange(len(cell)), first)[0]
        raise TableError(
            "a patient has two rows of one visit",
            column=wave,
            row=int(positions[again]) + FIRST_ROW,
            expected="one row a patient and visit",
        )
    return place
