"""Several factors from the same studies: each pooled by itself, with what its clusters can carry."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ostealgia.effects.result import EffectSizes
from ostealgia.meta.multilevel_coefficients import Coefficients, coefficients
from ostealgia.meta.multilevel_data import as_dependent, grouping
from ostealgia.meta.multilevel_fit import multilevel
from ostealgia.meta.robust_inference import FEW_DF, RobustResult, robust
from ostealgia.options import confidence_level
from ostealgia.tables.result import Result

if TYPE_CHECKING:
    import pandas as pd

SAME_QUESTION = (
    "factors are different exposures: a mean over them is the effect of none of them, and is decided by how many of each kind the studies "
    "happened to test; read each factor by itself"
)


@dataclass(frozen=True, kw_only=True, eq=False)
class FactorRow:
    """One factor. k effects of ``studies`` studies.  model : how they were pooled.  coefficient : the pooled effect with its interval.

    fit : the robust result, or None where there is one study.  remark : what the data cannot carry.
    """

    factor: str
    k: int
    studies: int
    model: str
    coefficient: Coefficients | None
    fit: RobustResult | None
    remark: str


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class FactorsResult(Result):
    """One row a factor, in order of appearance; no mean over the factors."""

    measure: str
    by: str
    cluster: str
    rows: tuple[FactorRow, ...]

    def to_frame(self) -> pd.DataFrame:
        """factor, k, studies, model, the numbers on both scales, df, remark."""
        import pandas as pd

        frames: list[dict[str, Any]] = []
        for row in self.rows:
            body: dict[str, Any] = {"factor": row.factor, "k": row.k, "studies": row.studies, "model": row.model}
            if row.coefficient is not None:
                body.update(
                    {key: value for key, value in row.coefficient.to_frame().iloc[0].items() if "pi_" not in str(key)}
                )
                body.pop("name")
            frames.append({**body, "remark": row.remark})
        return pd.DataFrame(frames)

    def to_dict(self) -> dict[str, Any]:
        """JSON: one entry a factor."""
        return {
            "measure": self.measure, "by": self.by, "cluster": self.cluster,
            "factors": [
                {
                    "factor": row.factor, "k": row.k, "studies": row.studies, "model": row.model, "remark": row.remark,
                    "pooled": None if row.coefficient is None else row.coefficient.to_dicts()[0],
                }
                for row in self.rows
            ],
            "excluded": [row.to_dict() for row in self.excluded],
            "notes": list(self.notes),
        }  # fmt: skip

    def __str__(self) -> str:
        from ostealgia.meta.multilevel_text import factors_text

        return factors_text(self)


def pool_by_factor(
    effects: Any, *, by: Any = "factor", cluster: str = "study", V: Any = None, method: str = "REML", level: float = 0.95,
    measure: str | None = None,
) -> FactorsResult:  # fmt: skip
    """What is the effect of each factor, when studies report several factors and factors come from few studies?

    effects : as for ``multilevel``.  by : column of the factor, or one label a row.  cluster : what gives several effects.
    A factor of one study is shown as that study has it (several effects of it stay unpooled). A factor with one effect a study is pooled
    by random effects, one with more by the three-level model; both with CR2 standard errors and Satterthwaite degrees of freedom.
    Factors are never pooled with one another. Returns a FactorsResult. Raises TableError, OptionError.
    Source: Pustejovsky & Tipton 2022, doi:10.1007/s11121-021-01246-3.

    >>> rows = {"study": ["A", "B", "C", "A"], "factor": ["pain", "pain", "pain", "mood"], "estimate": [0.9, 1.4, 0.4, 1.3]}
    >>> found = pool_by_factor({**rows, "std_error": [0.3, 0.5, 0.4, 0.5]}, by="factor")
    >>> [(row.factor, row.studies, row.model) for row in found.rows]
    [('pain', 3, 'random effects, CR2'), ('mood', 1, 'one study')]
    """
    confidence_level(level)
    data = as_dependent(effects, measure)
    name, codes, labels = grouping(data, by, "by")
    known = None
    if V is not None:
        from ostealgia.meta.multilevel_data import sampling_covariance

        known = sampling_covariance(data, V)[0]
    rows: list[FactorRow] = []
    for code, label in enumerate(labels):
        keep = np.flatnonzero(codes == code)
        part = data.take(keep)
        rows.append(_factor(label, part, cluster, None if known is None else known.take(keep), method, level))
    thin = [row for row in rows if row.studies < 2]
    notes = [SAME_QUESTION]
    if thin:
        notes.append(f"{len(thin)} of {len(rows)} factors come from one study: nothing about them was pooled")
    return FactorsResult(
        measure=data.measure, by=name, cluster=cluster, rows=tuple(rows), excluded=data.excluded,
        notes=tuple(dict.fromkeys([*(note for note in data.notes if not note.startswith("one study")), *notes])),
    )  # fmt: skip


def _factor(label: str, part: EffectSizes, cluster: str, known: Any, method: str, level: float) -> FactorRow:
    studies = len(set(grouping(part, cluster, "cluster")[1].tolist()))
    if studies == 1:
        return _one_study(label, part, level)
    if studies == part.k:
        fit = robust(part, cluster=cluster, level=level) if known is None and method == "REML" else None
        fit = fit or robust(
            multilevel(part, random=("each effect",), V=known, method=method), cluster=cluster, level=level
        )
        model = "random effects, CR2"
    else:
        fit = robust(
            multilevel(part, random=(cluster, f"{cluster}/effect"), V=known, method=method),
            cluster=cluster,
            level=level,
        )
        model = "three-level, CR2"
    df = fit.df
    remark = (
        f"{studies} studies give {df:.1f} degrees of freedom: interval and P not to be trusted"
        if not df >= FEW_DF
        else ""
    )
    return FactorRow(
        factor=label, k=part.k, studies=studies, model=model, coefficient=fit.coefficients, fit=fit, remark=remark
    )


def _one_study(label: str, part: EffectSizes, level: float) -> FactorRow:
    if part.k > 1:
        remark = f"{part.k} effects of one study: they share patients and say nothing about other studies; not pooled"
        return FactorRow(
            factor=label, k=part.k, studies=1, model="not pooled", coefficient=None, fit=None, remark=remark
        )
    table = coefficients((label,), part.estimate, part.std_error, math.inf, level, part.definition, slope=(False,))
    return FactorRow(
        factor=label, k=1, studies=1, model="one study", coefficient=table, fit=None, remark="as the study has it"
    )
