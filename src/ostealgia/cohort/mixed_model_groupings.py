"""Linear mixed models with random intercepts of several groupings: patients within centres, or crossed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.cohort.mixed_model_data import read_rows, subject_codes
from ostealgia.cohort.mixed_model_effects import FixedEffectsResult, heading
from ostealgia.cohort.mixed_model_fit import DF_METHODS, METHODS, information_note
from ostealgia.display import count_of
from ostealgia.errors import OptionError, TableError
from ostealgia.numerics.linear_mixed import check_information
from ostealgia.numerics.linear_mixed_crossed import CrossedFit, fit_crossed
from ostealgia.options import confidence_level, one_of
from ostealgia.tables.formula_design import described
from ostealgia.tables.result import tail_lines

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RandomInterceptsResult(FixedEffectsResult):
    """Fixed effects and the variance of each grouping.

    groups : names of the groupings, "centre/id" for id within centre.  levels : how many each has.  labels : of the levels (patient data:
    never printed).  residual_variance : sigma^2.
    """

    groups: tuple[str, ...]
    levels: tuple[int, ...]
    labels: tuple[tuple[str, ...], ...]
    method: str
    fit: CrossedFit

    @property
    def converged(self) -> bool:
        return self.fit.converged

    @property
    def certificate(self) -> Mapping[str, Any]:
        """How the optimum was found: steps, largest scaled gradient, fall of the deviance that a further step promises."""
        return {
            "converged": self.fit.converged, "iterations": self.fit.iterations, "gradient": self.fit.gradient,
            "decrement": self.fit.decrement, "singular": bool(self.fit.singular.any()),
        }  # fmt: skip

    @property
    def loglik(self) -> float:
        """Log-likelihood, restricted for REML."""
        return self.fit.log_likelihood

    @property
    def aic(self) -> float:
        """-2 log-likelihood + 2 parameters. With REML only for models with the same fixed effects."""
        return 2.0 * (len(self.names) + len(self.groups) + 1) - 2.0 * self.loglik

    def variance_frame(self) -> pd.DataFrame:
        """One row a component: component, groups (how many levels; none for the residual), variance, sd, share of the whole variance."""
        import pandas as pd

        variance = np.append(self.fit.variances, self.residual_variance)
        return pd.DataFrame(
            {
                "component": [*self.groups, "residual"], "groups": pd.array([*self.levels, None], dtype="Int64"), "variance": variance,
                "sd": np.sqrt(variance), "share": variance / variance.sum(),
            }
        )  # fmt: skip

    def random_frame(self, group: str) -> pd.DataFrame:
        """Predicted intercepts (BLUP) of one grouping, one row a level. Those of patients are patient data: keep them at home."""
        import pandas as pd

        at = self.groups.index(one_of("group", group, self.groups))
        return pd.DataFrame({group: self.labels[at], "intercept": self.fit.random[at]})

    def __str__(self) -> str:
        spread = ", ".join(
            f"{name} {sd:.3g} ({count_of(k, 'level', 'levels')})"
            for name, sd, k in zip(self.groups, np.sqrt(self.fit.variances), self.levels, strict=True)
        )
        lines = [
            heading(self, "linear mixed model by ", self.method),
            f"  {count_of(self.n, 'row', 'rows')}",
            *self._coefficient_lines(),
            f"  SD between: {spread}; residual SD {np.sqrt(self.residual_variance):.3g}",
            f"  log-likelihood {self.loglik:.3f}, AIC {self.aic:.1f}",
        ]
        return "\n".join(lines + tail_lines(self))


def random_intercepts(
    frame: Any, *, outcome: str, fixed: str, groups: Sequence[str], nested: bool = False, method: str = "REML",
    df: str = "satterthwaite", level: float = 0.95, reference: Mapping[str, str] | None = None, information: str = "expected",
) -> RandomInterceptsResult:  # fmt: skip
    """How an outcome differs between groups where rows belong to several groupings at once: centres and patients, patients and raters.

    y = X beta + one random intercept for each level of each grouping + e, all independent.

    frame : one row a measurement.  outcome, fixed, method, df, information, reference : as in ``mixed_model``.  groups : two columns or
    more.  nested : each is within those before it, so that patient 1 of centre A is not patient 1 of centre B; else they are crossed,
    and a label means the same everywhere.

    Returns RandomInterceptsResult. Raises TableError and OptionError. Few centres (below about 10) tell little of the variance between
    centres: Kenward-Roger's degrees of freedom say so, and the centre as a factor of the fixed part is the alternative.
    Source: Bates et al. 2015, doi:10.18637/jss.v067.i01; Kenward & Roger 1997, doi:10.2307/2533558.

    >>> rows = {"centre": list("AAAABBBBCCCC"), "id": [1, 1, 2, 2] * 3, "arm": list("aabb") * 3,
    ...         "nrs": [7.0, 5.0, 8.0, 4.5, 6.0, 5.5, 7.5, 3.0, 8.5, 6.0, 5.0, 4.0]}
    >>> fit = random_intercepts(rows, outcome="nrs", fixed="arm", groups=["centre", "id"], nested=True)
    >>> fit.groups, fit.levels, round(fit.row("armb")["estimate"], 2)
    (('centre', 'centre/id'), (3, 6), -1.0)
    """
    one_of("method", method, METHODS)
    one_of("df", df, DF_METHODS)
    check_information(df, information)
    if method == "ML" and df == "kenward-roger":
        raise OptionError("df='kenward-roger' needs method='REML'. Use df='satterthwaite' with ML.")
    level = confidence_level(level)
    names = [groups] if isinstance(groups, str) else list(dict.fromkeys(groups))
    if len(names) < 2:
        raise OptionError(f"groups={names!r} should name two columns or more; with one use mixed_model(subject=...).")
    rows = read_rows(frame, outcome=outcome, fixed=fixed, keys=names, reference=reference)
    coded = [subject_codes(rows.labels[name]) for name in names]
    shown, labels, codes = [names[0]], [tuple(coded[0][0])], [coded[0][1]]
    for name, (own, code) in zip(names[1:], coded[1:], strict=True):
        if nested:
            both, code = np.unique(codes[-1] * len(own) + code, return_inverse=True)
            own = [f"{labels[-1][cell // len(own)]}/{own[cell % len(own)]}" for cell in both.tolist()]
        shown.append(f"{shown[-1]}/{name}" if nested else name)
        labels.append(tuple(own))
        codes.append(code.reshape(-1).astype(np.intp))
    _check(shown, codes, rows.n)
    fit = fit_crossed(rows.y, rows.design, codes, reml=method == "REML")
    return RandomInterceptsResult(
        outcome=outcome, formula=str(rows.recipe.formula), names=rows.recipe.names, df_method=df, ci_level=level, n=rows.n,
        inference=fit.inference(df, information), recipe=rows.recipe, columns=rows.columns, residual_variance=fit.sigma2,
        groups=tuple(shown), levels=tuple(len(own) for own in labels), labels=tuple(labels), method=method, fit=fit,
        excluded=rows.excluded, notes=(*described(rows.recipe), *_notes(fit, shown, labels), *information_note(information)),
    )  # fmt: skip


def _check(names: Sequence[str], codes: Sequence[Any], n: int) -> None:
    """Raises TableError for a grouping that cannot be told from the mean, the residual or another one."""
    for i, (name, code) in enumerate(zip(names, codes, strict=True)):
        size = int(code.max()) + 1
        if size < 2:
            raise TableError(
                "the grouping has one level only", column=name, expected="two levels or more", action="Leave it out."
            )
        if size == n:
            raise TableError(
                "every row is a level of its own, so the grouping cannot be told from the residual", column=name,
                expected="several rows in some levels", action="Leave it out.",
            )  # fmt: skip
        for other, before in zip(names[:i], codes[:i], strict=True):
            together = len(np.unique(before * size + code))
            if together == size == int(before.max()) + 1:
                raise TableError(f"the grouping is the same as {other!r}", column=name, action="Leave one of them out.")


def _notes(fit: CrossedFit, names: Sequence[str], labels: Sequence[Sequence[str]]) -> list[str]:
    notes: list[str] = []
    if not fit.converged:
        notes.append(
            f"the fit did not converge (the deviance may still fall by {fit.decrement:.2g}): do not use it; leave a grouping out"
        )
    notes += [
        f"the variance between levels of {name!r} is on its boundary, 0: the data show no difference between them"
        for name, zero in zip(names, fit.singular, strict=True)
        if zero
    ]
    few = [f"{name!r} ({len(own)})" for name, own in zip(names, labels, strict=True) if len(own) < 5]
    if few:
        notes.append(
            f"few levels: {', '.join(few)}; their variance is hardly known. Compare with the grouping as a factor"
        )
    return notes
