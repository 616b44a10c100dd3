"""One effect a study, out of several that depend on one another."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from ostealgia.effects.result import EffectSizes
from ostealgia.errors import OptionError
from ostealgia.meta.multilevel_data import as_dependent, checked, grouping, sampling_covariance
from ostealgia.numerics.covariance_known import from_correlation, rows_of
from ostealgia.options import between, one_of

WEIGHTING = ("inverse", "equal")


def aggregate(
    effects: Any, *, cluster: Any = "study", rho: float | None = None, V: Any = None, weighting: str = "inverse",
    measure: str | None = None,
) -> EffectSizes:  # fmt: skip
    """What is the one effect of each study, when its effects share an error correlation?

    effects : as for ``multilevel``.  cluster : column (or one label a row) that becomes the study.  rho : correlation of the sampling
    errors of a cluster, 0 for independent ones; or V, their covariance.  weighting : "inverse", the mean of smallest variance (its weights
    can be negative where variances differ and rho is high), or "equal", the plain mean.
    Returns EffectSizes with one row a cluster, ready for ``pool``; columns that are constant within clusters are kept, and
    ``effects_combined`` counts the rows. What varies within studies is lost: use ``multilevel`` where it matters.
    Raises OptionError where neither rho nor V is given.
    Source: Borenstein et al. 2009, Introduction to Meta-Analysis, chapters 23 and 24.

    >>> rows = {"study": ["A", "A", "B"], "estimate": [0.1, 0.3, 0.2], "std_error": [0.1, 0.1, 0.1]}
    >>> found = aggregate(rows, rho=0.5)
    >>> found.study, found.estimate.round(3).tolist(), found.variance.round(5).tolist()
    (('A', 'B'), [0.2, 0.2], [0.0075, 0.01])
    """
    one_of("weighting", weighting, WEIGHTING)
    data = as_dependent(effects, measure, V)
    name, codes, labels = grouping(data, cluster, "cluster")
    if V is not None:
        known, errors = sampling_covariance(data, V)
    elif rho is None:
        raise OptionError(
            "aggregate needs rho, the correlation of two sampling errors of one study (0 for independent ones), or V; it is never assumed."
        )
    else:
        value = between("rho", rho, -1.0, 1.0)
        known = checked(lambda: from_correlation(data.variance, codes, value, "constant", None), data, f"rho={rho:g}")
        errors = f"correlated {value:g}"
    blocks = {int(codes[index[0]]): (index, block) for index, block in known.blocks}
    estimate, variance, negative = np.empty(len(labels)), np.empty(len(labels)), 0
    for c, rows in enumerate(rows_of(codes)):
        v = np.diag(data.variance[rows])
        if c in blocks:
            index, block = blocks[c]
            if not set(index.tolist()) <= set(rows.tolist()):
                raise OptionError(
                    f"V links effects of different clusters ({name}); aggregate over what shares the errors."
                )
            place = np.searchsorted(rows, index)
            v[np.ix_(place, place)] = block
        w = np.ones(len(rows)) if weighting == "equal" else np.linalg.solve(v, np.ones(len(rows)))
        w = w / w.sum()
        negative += int((w < 0).any())
        estimate[c], variance[c] = float(w @ data.estimate[rows]), float(w @ v @ w)
    return _result(data, codes, labels, estimate, variance, errors, weighting, negative)


def _result(
    data: EffectSizes, codes: Any, labels: tuple[str, ...], estimate: Any, variance: Any, errors: str, weighting: str,
    negative: int,
) -> EffectSizes:  # fmt: skip
    members = list(rows_of(codes))
    columns: dict[str, Any] = {"effects_combined": np.array([len(rows) for rows in members])}
    for key, values in data.columns.items():
        array = np.asarray(values)
        if all(len({str(value) for value in array[rows].tolist()}) == 1 for rows in members):
            columns[key] = array[[rows[0] for rows in members]]
    n = np.array([_same(data.n[rows]) for rows in members])
    several = sum(len(rows) > 1 for rows in members)
    rule = "weights by inverse covariance" if weighting == "inverse" else "equal weights"
    notes = [
        *data.notes,
        f"{data.k} effects combined to {len(labels)}, {several} of them means of several ({rule}; errors {errors})",
    ]
    if negative:
        notes.append(
            f"negative weights in {negative} clusters, as variances differ and the correlation is high; see weighting='equal'"
        )
    return replace(
        data, study=labels, estimate=estimate, std_error=np.sqrt(variance), n=n, columns=columns, rows=(),
        options={**data.options, "weighting": weighting, "errors": errors}, notes=tuple(dict.fromkeys(notes)),
    )  # fmt: skip


def _same(values: Any) -> float:
    """The number of patients where all rows agree, else unknown."""
    found = {float(value) for value in values.tolist() if math.isfinite(value)}
    return found.pop() if len(found) == 1 else math.nan
