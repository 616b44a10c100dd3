"""Covariance of sampling errors that effects of one study share, from a stated correlation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.effects.result import EffectSizes
from ostealgia.errors import OptionError
from ostealgia.meta.multilevel_data import as_dependent, checked, grouping
from ostealgia.numerics.covariance_known import CORRELATIONS, KnownCovariance, from_correlation
from ostealgia.options import between, one_of
from ostealgia.tables.result import Result

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SamplingCovariance(Result):
    """Known covariance of the sampling errors, for ``V=`` of the models. covariance : in blocks.  rho, kind, cluster : how it was made."""

    covariance: KnownCovariance
    rho: float
    kind: str
    cluster: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def matrix(self) -> NDArray[np.float64]:
        """All of it, (k, k)."""
        return self.covariance.matrix

    @property
    def description(self) -> str:
        """How the errors were taken, in a phrase."""
        if self.kind == "constant":
            return f"correlated {self.rho:g} within {self.cluster} (assumed)"
        return f"correlated {self.rho:g} to the power of the time apart within {self.cluster} (assumed)"

    def to_frame(self) -> pd.DataFrame:
        """One row a pair of effects of one cluster: row_1, row_2 (from 0), covariance, correlation."""
        import pandas as pd

        rows: list[tuple[int, int, float, float]] = []
        for index, block in self.covariance.blocks:
            sd = np.sqrt(np.diag(block))
            for i in range(len(index)):
                for j in range(i):
                    rows.append((int(index[j]), int(index[i]), block[i, j], block[i, j] / (sd[i] * sd[j])))
        return pd.DataFrame(rows, columns=["row_1", "row_2", "covariance", "correlation"])

    def to_dict(self) -> dict[str, Any]:
        """JSON: how it was made, and the blocks."""
        return {
            "rho": self.rho, "kind": self.kind, "cluster": self.cluster,
            "blocks": [{"rows": index.tolist(), "covariance": block.tolist()} for index, block in self.covariance.blocks],
            "notes": list(self.notes),
        }  # fmt: skip

    def __str__(self) -> str:
        sizes = [len(index) for index, _ in self.covariance.blocks]
        head = f"SamplingCovariance: {self.covariance.k} effects, errors {self.description}"
        body = (
            f"  {len(sizes)} clusters with several effects ({max(sizes)} at most)"
            if sizes
            else "  no cluster has several effects"
        )
        return "\n".join([head, body, *(f"  note: {note}" for note in self.notes)])


def known_covariance(
    effects: Any, cluster: Any = "study", *, rho: float | None = None, kind: str = "constant", time: Any = "time",
    measure: str | None = None,
) -> SamplingCovariance:  # fmt: skip
    """How do the errors of effects from the same patients go together, at a stated correlation?

    effects : as for ``multilevel``.  cluster : column (or one label a row) of what shares errors, usually the study.
    rho : correlation of two sampling errors of a cluster; it is never assumed.  kind : "constant", cov = rho sqrt(v_i v_j); or
    "autoregressive", cov = rho^|t_i - t_j| sqrt(v_i v_j) over the column ``time`` (rho is then that of one unit of time).
    Returns a SamplingCovariance. Raises OptionError where rho is missing or the result is not positive definite.
    Papers seldom print rho: show the result over several values. Source: Gleser & Olkin 2009, in The Handbook of Research Synthesis and
    Meta-Analysis, chapter 19.

    >>> rows = {"study": ["A", "A", "B"], "estimate": [0.1, 0.3, 0.2], "std_error": [0.1, 0.2, 0.1]}
    >>> known_covariance(rows, rho=0.5).matrix.round(4).tolist()
    [[0.01, 0.01, 0.0], [0.01, 0.04, 0.0], [0.0, 0.0, 0.01]]
    """
    one_of("kind", kind, CORRELATIONS)
    if rho is None:
        raise OptionError(
            "known_covariance needs rho, the correlation of two sampling errors of one study; it is never assumed. State one "
            "(rho=0.6) and show the result over several."
        )
    value = between("rho", rho, -1.0, 1.0)
    if kind == "autoregressive" and not value >= 0.0:
        raise OptionError(f"rho={rho!r} over time apart should be from 0 to below 1.")
    data = as_dependent(effects, measure)
    name, codes, _ = grouping(data, cluster, "cluster")
    times = _times(data, time) if kind == "autoregressive" else None
    covariance = checked(lambda: from_correlation(data.variance, codes, value, kind, times), data, f"rho={rho:g}")
    return SamplingCovariance(
        covariance=covariance, rho=value, kind=kind, cluster=name, options={"rho": value, "kind": kind}
    )


def _times(data: EffectSizes, given: Any) -> NDArray[np.float64]:
    if isinstance(given, str):
        if given not in data.columns:
            raise OptionError(
                f"kind='autoregressive' needs the times; there is no column {given!r}. Name it with time=."
            )
        given = data.columns[given]
    try:
        values = np.array(given, dtype=float)
    except (TypeError, ValueError):
        values = np.empty(0)
    if values.shape != (data.k,) or not np.isfinite(values).all():
        raise OptionError(f"time should be {data.k} numbers, one a row.")
    return values
