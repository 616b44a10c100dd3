"""Fine and Gray's regression of a cumulative incidence on terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ostealgia.cohort.competing_incidence import cause_code
from ostealgia.cohort.cox_model import CLOSE, design_of, formula_of
from ostealgia.cohort.cox_result import RatioResult
from ostealgia.cohort.survival_data import Ask, survival_rows
from ostealgia.display import level_text
from ostealgia.errors import TableError
from ostealgia.numerics.competing_fine_gray import FineGray, fine_gray_fit
from ostealgia.numerics.cox import aliased
from ostealgia.options import confidence_level, one_of
from ostealgia.tables.formula import Formula
from ostealgia.tables.formula_design import described
from ostealgia.tables.result import tail_lines

CENSORING = {"together": False, "last": True}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class FineGrayResult(RatioResult):
    """A Fine-Gray model of one cause; coefficients are log subdistribution hazard ratios.

    censoring : how censorings at the time of an event are taken.  competing : events of other causes.  fit : the numbers.
    """

    formula: str
    time: str
    status: str
    cause: str
    competing: int
    censoring: str
    fit: FineGray

    def __str__(self) -> str:
        head = (
            f"FineGrayResult: incidence of {self.cause} ({self.status} over {self.time}) {self.formula}, subdistribution hazard ratios, "
            f"{level_text(self.ci_level)} CI, robust standard errors"
        )
        lines = self._lines(head)
        lines[1] += f" of {self.cause}, {self.competing:,} competing"
        return "\n".join([*lines, *tail_lines(self)])


def fine_gray(
    frame: Any,
    *,
    time: str,
    status: str,
    cause: object,
    terms: str | Sequence[str] | Formula,
    censored: object = 0,
    censoring: str = "together",
    level: float = 0.95,
    levels: Mapping[str, Sequence[str]] | None = None,
) -> FineGrayResult:
    """How does each term shift the cumulative incidence of one cause, with the others competing?

    frame, time, status, censored : as in ``cumulative_incidence``.  cause : the value of ``status`` asked about.  terms : as in ``cox``.
    censoring : where events and censorings share a time, "together" counts all of them at risk of censoring then (as the authors' software
    does), "last" takes the events off first; without such ties the two agree.
    Standard errors count in that the censoring distribution is estimated.  For the effect on the hazard of the cause itself use ``cox``
    with ``event_value=``; report both.  Source: Fine & Gray 1999, doi:10.1080/01621459.1999.10474144.

    >>> data = {"t": [1, 2, 3, 4, 5], "end": [1, 2, 1, 0, 1], "x": [0, 1, 1, 0, 1]}
    >>> fine_gray(data, time="t", status="end", cause=1, terms="x").estimate.round(3).tolist()
    [-0.752]
    """
    one_of("censoring", censoring, CENSORING)
    level = confidence_level(level)
    formula = formula_of(terms)
    ask = Ask(time=time, event=status, formula=formula.columns, competing=True, censored=censored, levels=levels or {})
    rows = survival_rows(frame, ask)
    code = cause_code(rows, cause, status)
    recipe, x = design_of(rows, formula, levels or {})
    names = recipe.names[1:]
    fit = fine_gray_fit(rows.time, code, x, censored_last=CENSORING[censoring])
    idle = aliased(fit.information)
    if idle:
        raise TableError(
            f"{', '.join(repr(names[j]) for j in idle[:5])} cannot be estimated: the same for all at risk, or made up of the other terms",
            action="Leave it out, or merge levels",
        )  # fmt: skip
    if fit.endless.any():
        listed = ", ".join(repr(names[j]) for j in np.flatnonzero(fit.endless)[:5])
        raise TableError(
            f"{listed} has no finite ratio: a group has no event of the cause",
            action="Merge levels, or compare the curves with gray_test",
        )
    converged = fit.converged and fit.gradient < CLOSE
    notes = [] if converged else ["Newton's method did not reach the maximum: the scaled gradient is not near 0"]
    return FineGrayResult(
        names=names, estimate=fit.beta, vcov=fit.vcov, ci_level=level, ratio="subdistribution hazard ratio", n=rows.n,
        events=int((code == 1).sum()), converged=converged, gradient=fit.gradient, formula=str(formula), time=time, status=status,
        cause=str(cause), competing=int((code == 2).sum()), censoring=censoring, fit=fit, excluded=rows.excluded,
        notes=(*rows.notes, *described(recipe), *notes),
    )  # fmt: skip
