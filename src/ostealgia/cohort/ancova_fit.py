"""Analysis of covariance: one follow-up value, compared between groups and adjusted for its baseline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.cohort.mixed_model_data import offered_columns, read_rows
from ostealgia.cohort.mixed_model_effects import FixedEffectsResult, heading
from ostealgia.display import count_of
from ostealgia.errors import OptionError, TableError
from ostealgia.numerics.least_squares import HC_POWER, LeastSquares, least_squares
from ostealgia.numerics.linear_mixed_inference import Inference
from ostealgia.options import confidence_level, one_of
from ostealgia.tables.formula import Formula, Term, Variable, parse_formula
from ostealgia.tables.formula_design import described
from ostealgia.tables.plain_columns import plain_array
from ostealgia.tables.result import tail_lines

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
RESPONSES = {"value": "follow-up value", "change": "change from baseline", "log": "log of the follow-up value"}
SLOPES = ("common", "separate")
STD_ERRORS = ("classical", *HC_POWER)
ERROR_WORDS = {"classical": "", **{kind: f" with {kind} standard errors" for kind in HC_POWER}}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class AncovaResult(FixedEffectsResult):
    """Coefficients of an analysis of covariance. response : "value", "change" or "log".  std_error_method : "classical" or a robust one."""

    group: str | None
    response: str
    std_error_method: str
    fit: LeastSquares

    @property
    def _averaged(self) -> tuple[str, ...] | None:
        return None if self.group is None else (self.group,)

    @property
    def df(self) -> int:
        """Residual degrees of freedom."""
        return self.fit.df

    @property
    def sigma(self) -> float:
        """Residual standard deviation."""
        return float(np.sqrt(self.fit.sigma2))

    @property
    def r2(self) -> float:
        return self.fit.r2

    @property
    def r2_adjusted(self) -> float:
        return self.fit.r2_adjusted

    @property
    def loglik(self) -> float:
        return self.fit.log_likelihood

    def ratios(self) -> pd.DataFrame:
        """Ratios of geometric means between the groups, of a log response: contrast, estimate, p_value, ci_low, ci_high, ci_level."""
        if self.response != "log" or self.group is None:
            raise OptionError("ratios are for response='log' with group given.")
        frame = self.contrasts(self.group).to_frame()
        changed = {name: np.exp(frame[name]) for name in ("estimate", "ci_low", "ci_high")}
        return frame.assign(**changed).filter(["contrast", "estimate", "p_value", "ci_low", "ci_high", "ci_level"])

    def __str__(self) -> str:
        lines = [
            heading(self, "analysis of covariance", ERROR_WORDS[self.std_error_method]),
            f"  {count_of(self.n, 'row', 'rows')}",
            *self._coefficient_lines(),
            f"  residual SD {self.sigma:.3g} on {self.df} df, R2 {100 * self.r2:.0f}%",
        ]
        return "\n".join(lines + tail_lines(self))


def ancova(
    frame: Any, *, outcome: str, group: str | None = None, baseline: str | None = None, covariates: str = "", fixed: str | None = None,
    response: str = "value", slopes: str = "common", std_error: str = "classical", level: float = 0.95,
    reference: Mapping[str, str] | None = None,
) -> AncovaResult:  # fmt: skip
    """Does the follow-up value differ between groups, given the value at baseline?

    y = b0 + group + b1 baseline + covariates + e, by ordinary least squares on the complete rows.

    frame : one row a patient.  outcome : the follow-up value.  group, baseline : columns; covariates : further terms of the formula,
    "age + tumour". Instead of these, ``fixed`` is the whole formula.  response : "value", "change" (outcome minus baseline; the group's
    coefficient is the same) or "log" (logarithms of outcome and baseline; the group's coefficient is the log of a ratio).  slopes : of
    the baseline, "common" or "separate" in each group.  std_error : "classical", or "HC2", "HC3" for unequal variances.

    Returns AncovaResult. Raises TableError and OptionError, for instance where a logarithm is asked of values that are not above 0. In
    cohorts that were not randomised adjusting for baseline can be biased where the groups start at different levels (Lord's paradox); rows
    with no follow-up are left out, so use mixed models where many dropped out.  Source: Vickers & Altman 2001,
    doi:10.1136/bmj.323.7321.1123; MacKinnon & White 1985, doi:10.1016/0304-4076(85)90158-7.

    >>> rows = {"arm": ["a", "a", "a", "b", "b", "b"], "crp_0": [10.0, 20.0, 31.0, 12.0, 22.0, 29.0],
    ...         "crp_12": [9.0, 17.0, 30.0, 5.0, 12.5, 21.0]}
    >>> fit = ancova(rows, outcome="crp_12", group="arm", baseline="crp_0")
    >>> round(fit.row("armb")["estimate"], 3)
    -6.482
    """
    one_of("response", response, RESPONSES)
    one_of("slopes", slopes, SLOPES)
    one_of("std_error", std_error, STD_ERRORS)
    level = confidence_level(level)
    if baseline is None and response == "change":
        raise OptionError("response='change' needs baseline, the column that is subtracted.")
    offered, name, before = _responses(frame, outcome, baseline, response)
    formula = parse_formula(fixed) if fixed is not None else _formula(group, before, covariates, slopes)
    rows = read_rows(offered, outcome=name, fixed=formula, reference=reference)
    fit = least_squares(rows.y, rows.design)
    vcov = fit.vcov(std_error)
    p = len(fit.estimate)
    inference = Inference("residual", fit.estimate, vcov, vcov, np.zeros((0, p, p)), np.zeros((0, 0)), float(fit.df))
    return AncovaResult(
        outcome=name, formula=str(rows.recipe.formula), names=rows.recipe.names, df_method="residual", ci_level=level, n=rows.n,
        inference=inference, recipe=rows.recipe, columns=rows.columns, residual_variance=fit.sigma2, group=group, response=response,
        std_error_method=std_error, fit=fit, excluded=rows.excluded, notes=tuple(described(rows.recipe)),
    )  # fmt: skip


def _formula(group: str | None, baseline: str | None, covariates: str, slopes: str) -> Formula:
    if group is None:
        raise OptionError("ancova needs group, or fixed with the whole formula.")
    main: list[Term] = [(Variable("column", group),)]
    crossed: list[Term] = []
    if baseline is not None:
        main.append((Variable("column", baseline),))
    if slopes == "separate":
        if baseline is None:
            raise OptionError("slopes='separate' needs baseline.")
        crossed.append((Variable("column", group), Variable("column", baseline)))
    further = parse_formula(covariates).terms if covariates.strip() else ()
    terms = [*main, *further, *crossed]
    return Formula(True, tuple(sorted(dict.fromkeys(terms), key=len)))


def _responses(frame: Any, outcome: str, baseline: str | None, response: str) -> tuple[Any, str, str | None]:
    """The frame with the response as a column, its name, and the name of the baseline on the same scale."""
    if response == "value":
        return frame, outcome, baseline
    offered = offered_columns(frame)
    values = {name: _numbers(offered, name) for name in (outcome, baseline) if name is not None}
    if response == "change" and baseline is not None:
        name = f"{outcome} - {baseline}"
        return {**offered, name: values[outcome] - values[baseline]}, name, baseline
    logs = {f"log({name})": _log(column, name) for name, column in values.items()}
    return {**offered, **logs}, f"log({outcome})", None if baseline is None else f"log({baseline})"


def _numbers(offered: Mapping[str, Any], name: str) -> Array:
    if name not in offered:
        raise TableError(f"no column {name!r}", column=name, expected=f"one of {', '.join(map(repr, offered))}")
    try:
        return plain_array(offered[name], name).astype(np.float64)
    except (TypeError, ValueError):
        raise TableError("something that is not a number", column=name, expected="numbers, or empty") from None


def _log(values: Array, name: str) -> Array:
    low = int((values <= 0).sum())
    if low:
        raise TableError(
            f"{count_of(low, 'value is', 'values are')} not above 0, so there is no logarithm", column=name,
            action="Use response='value' or 'change', or decide how values below the limit of detection are to be replaced.",
        )  # fmt: skip
    return np.log(values)
