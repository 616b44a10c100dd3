"""Mixed models for repeated measures with a covariance over planned visits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ostealgia.cohort.mixed_model_data import ModelRows, categories_of, codes_of, read_rows, subject_codes
from ostealgia.cohort.mixed_model_fit import METHODS, information_note
from ostealgia.cohort.mmrm_result import MmrmResult
from ostealgia.display import count_of
from ostealgia.errors import OptionError, TableError
from ostealgia.numerics.linear_mixed import check_information
from ostealgia.numerics.mmrm import MmrmFit, fit_mmrm
from ostealgia.numerics.mmrm_structures import STRUCTURES
from ostealgia.options import confidence_level, one_of
from ostealgia.tables.formula_design import described

DF_METHODS = ("satterthwaite", "kenward-roger", "kenward-roger-linear", "none")


def mmrm(
    frame: Any, *, outcome: str, fixed: str, subject: str, visit: str, covariance: str | Sequence[str] = "us",
    method: str = "REML", df: str = "satterthwaite", level: float = 0.95, reference: Mapping[str, str] | None = None,
    information: str = "expected",
) -> MmrmResult:  # fmt: skip
    """How groups differ at planned visits, with an unrestricted or structured covariance of the visits: MMRM.

    y_i = X_i beta + e_i with e_i ~ N(0, Sigma restricted to the visits made), the same Sigma for all subjects.

    frame : one row a subject and visit.  outcome, subject, visit : columns.  fixed : formula, usually with the visit as a factor:
    "baseline * factor(week) + arm * factor(week)".  covariance : "us" (unstructured), "toep", "ar1", "ad", "cs", and with a variance for
    each visit "toeph", "ar1h", "adh", "csh"; several names are tried in turn until one converges, and the result says which.  method :
    "REML" or "ML".  df : "satterthwaite", "kenward-roger" (REML), "kenward-roger-linear" (without the second derivatives, the same for
    every parametrisation) or "none".  reference : {"arm": "control"}.  information : of the standard errors, "expected" (as R
    mmrm has it) or "observed", which stays right where dropout depends on what was seen (Kenward & Molenberghs 1998,
    doi:10.1214/ss/1028905886); the estimates are the same.

    Returns MmrmResult. Raises TableError and OptionError: a singular design, a visit that occurs twice in a subject. Visits that were
    missed may depend on what was observed (missing at random); not for outcomes after death, nor where dropout depends on what was not
    seen (use a sensitivity analysis).  Source: Mallinckrodt et al. 2008, doi:10.1177/009286150804200402; Kenward & Roger 1997,
    doi:10.2307/2533558; Fai & Cornelius 1996, doi:10.1080/00949659608811740.

    >>> rows = {"id": [1, 1, 2, 2, 3, 3, 4, 4, 5], "week": [1, 4] * 4 + [1], "arm": ["a", "a", "b", "b"] * 2 + ["a"],
    ...         "nrs": [7.0, 5.0, 8.0, 4.5, 6.0, 5.5, 7.5, 3.0, 6.5]}
    >>> fit = mmrm(rows, outcome="nrs", fixed="arm * factor(week)", subject="id", visit="week", covariance="csh")
    >>> round(fit.row("armb")["estimate"], 3), fit.converged
    (1.25, True)
    """
    one_of("method", method, METHODS)
    one_of("df", df, DF_METHODS)
    check_information(df, information)
    if method == "ML" and df.startswith("kenward"):
        raise OptionError(f"df={df!r} needs method='REML'. Use df='satterthwaite' with ML.")
    level = confidence_level(level)
    names = (covariance,) if isinstance(covariance, str) else tuple(covariance)
    if not names:
        raise OptionError(f"covariance names nothing; choose from {', '.join(map(repr, STRUCTURES))}.")
    for name in names:
        one_of("covariance", name, STRUCTURES)
    rows = read_rows(frame, outcome=outcome, fixed=fixed, keys=[subject, visit], reference=reference)
    order = rows.levels.get(visit) or categories_of(frame, visit)
    visits, visit_codes = codes_of(rows.labels[visit], order)
    labels, codes = subject_codes(rows.labels[subject])
    _once(codes, visit_codes, visits, visit)
    fit, chosen, notes = _first_that_converges(rows, codes, visit_codes, names, method)
    return MmrmResult(
        outcome=outcome, formula=str(rows.recipe.formula), names=rows.recipe.names, df_method=df, ci_level=level, n=rows.n,
        inference=fit.inference(df, information), recipe=rows.recipe, columns=rows.columns, residual_variance=np.nan, subject=subject,
        n_subjects=len(labels), visit=visit, visits=visits, covariance=chosen, method=method, fit=fit, excluded=rows.excluded,
        notes=(*described(rows.recipe), *notes, *_sparse(codes, visit_codes, visits), *information_note(information)),
    )  # fmt: skip


def _once(codes: Any, visit_codes: Any, visits: Sequence[str], name: str) -> None:
    if len(visits) < 2:
        raise TableError(
            "there is one visit only", column=name, expected="two visits or more", action="Use cohort.ancova."
        )
    cell = codes * len(visits) + visit_codes
    twice = len(cell) - int(np.count_nonzero(np.bincount(cell)))
    if twice:
        raise TableError(
            f"{count_of(twice, 'row repeats', 'rows repeat')} a visit of the same subject", column=name,
            expected="one row for each subject and visit", action="Choose one measurement for each visit window first.",
        )  # fmt: skip


def _first_that_converges(
    rows: ModelRows, codes: Any, visit_codes: Any, names: Sequence[str], method: str
) -> tuple[MmrmFit, str, list[str]]:
    failed: list[str] = []
    fit, name = None, names[0]
    for name in names:
        fit = fit_mmrm(rows.y, rows.design, codes, visit_codes, covariance=name, reml=method == "REML")
        if fit.converged and fit.definite:
            break
        failed.append(name)
    if fit is None:
        raise OptionError("covariance names nothing.")
    if not failed:
        return fit, name, []
    words = ", ".join(f"{found!r} ({STRUCTURES[found].label})" for found in failed)
    if name in failed:
        return fit, name, [
            f"the fit with covariance {words} did not converge: do not use it. Give a simpler one, or several in the order to be tried, "
            "for instance covariance=('us', 'toeph', 'csh')"
        ]  # fmt: skip
    return (
        fit,
        name,
        [
            f"covariance {words} did not converge; {name!r} ({STRUCTURES[name].label}) was used, the next in the order given"
        ],
    )


def _sparse(codes: Any, visit_codes: Any, visits: Sequence[str]) -> list[str]:
    """Pairs of visits that few subjects have both of."""
    made = np.zeros((int(codes.max()) + 1, len(visits)), dtype=bool)
    made[codes, visit_codes] = True
    both = made.astype(np.float64).T @ made
    pairs = int((both[np.tril_indices(len(visits), -1)] < 5).sum())
    if not pairs:
        return []
    return [
        f"{count_of(pairs, 'pair of visits was', 'pairs of visits were')} made by fewer than 5 subjects: their covariance is weakly known"
    ]
