"""Heterogeneity within designs and inconsistency between them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.display import p_text, variance
from ostealgia.network.result import NetworkResult
from ostealgia.numerics import network as numerics
from ostealgia.numerics.heterogeneity import q_p_value
from ostealgia.tables.result import Result, plain

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class QPart:
    """A part of Q with its degrees of freedom and P; source names it, design lists its treatments, k its studies."""

    source: str
    q: float
    df: int
    p_value: float
    design: tuple[str, ...] = ()
    k: int = 0

    def to_dict(self) -> dict[str, Any]:
        return {
            "source": self.source, "design": list(self.design), "k": self.k, "q": plain(self.q), "df": self.df,
            "p_value": plain(self.p_value),
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Decomposition(Result):
    """total = within + between.

    within_designs : heterogeneity of each design with more than one study.  detached : what is left of the inconsistency when one design
    has effects of its own.  between_random : the test of design-by-treatment interaction with tau2_within in every weight, tau2_within
    estimated from the differences within designs alone.
    """

    total: QPart
    within: QPart
    between: QPart
    within_designs: tuple[QPart, ...]
    detached: tuple[QPart, ...]
    between_random: QPart
    tau2_within: float

    @property
    def tau_within(self) -> float:
        """Square root of tau2_within."""
        return math.sqrt(self.tau2_within) if self.tau2_within >= 0 else math.nan

    def parts(self) -> tuple[QPart, ...]:
        """All parts in one tuple."""
        return (self.total, self.within, self.between, self.between_random, *self.within_designs, *self.detached)

    def to_frame(self) -> pd.DataFrame:
        """One row a part: source, design, k, q, df, p_value."""
        import pandas as pd

        return pd.DataFrame([{**part.to_dict(), "design": " / ".join(part.design)} for part in self.parts()])

    def to_dict(self) -> dict[str, Any]:
        return {
            "total": self.total.to_dict(), "within": self.within.to_dict(), "between": self.between.to_dict(),
            "within_designs": [part.to_dict() for part in self.within_designs],
            "detached": [part.to_dict() for part in self.detached], "between_random": self.between_random.to_dict(),
            "tau2_within": plain(self.tau2_within), "tau_within": plain(self.tau_within), "notes": list(self.notes),
        }  # fmt: skip

    def __str__(self) -> str:
        lines = ["Decomposition of Q"]
        shown = [part for part in self.parts() if part.df > 0 and math.isfinite(part.q)]
        width = max((len(_name(part)) for part in shown), default=0)
        for part in shown:
            lines.append(f"  {_name(part).ljust(width)}  Q {part.q:8.3f}  df {part.df:3d}  {p_text(part.p_value)}")
        if math.isfinite(self.tau2_within):
            lines.append(f"  tau2 within designs {variance(self.tau2_within)}")
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])


def _name(part: QPart) -> str:
    return part.source + (f": {' / '.join(part.design)} (k = {part.k})" if part.design else "")


def decomposition_of(found: NetworkResult) -> Decomposition:
    """Q of the network, taken apart by design (the set of treatments that a study compares).

    Source: Krahn, Binder & Koenig 2013, doi:10.1186/1471-2288-13-35; Higgins et al. 2012, doi:10.1002/jrsm.1044 (interaction of design and
    treatment, with random effects).

    >>> from ostealgia.network import fit
    >>> data = {"study": list("ABC"), "treat1": list("xyx"), "treat2": list("yzz"), "estimate": [1.0, 2.0, 3.3], "std_error": [0.5] * 3}
    >>> round(fit(data).decomposition().between.q, 4)
    0.12
    """
    data = found.with_evidence("decomposition of Q")
    design = np.array(found.study_design, dtype=np.int64)
    within = numerics.within_designs(data, design, len(found.designs))
    counts = np.bincount(design, minlength=len(found.designs))
    tau2 = _tau2_within(within)
    return Decomposition(
        total=QPart(source="total", q=found.q, df=found.q_df, p_value=found.q_p_value),
        within=QPart(
            source="within designs", q=found.q_heterogeneity, df=found.q_heterogeneity_df, p_value=found.q_heterogeneity_p_value
        ),
        between=QPart(
            source="between designs", q=found.q_inconsistency, df=found.q_inconsistency_df, p_value=found.q_inconsistency_p_value
        ),
        within_designs=tuple(
            _part("within design", float(within.q[d]), int(within.df[d]), found.designs[d], int(counts[d]))
            for d in range(len(found.designs))
            if within.df[d] > 0
        ),
        detached=_detached(found, data, design, counts),
        between_random=_between_random(found, data, design, tau2),
        tau2_within=tau2,
        notes=()
        if found.q_inconsistency_df > 0
        else ("no loop is closed by different designs: consistency cannot be tested",),
    )  # fmt: skip


def _part(source: str, q: float, df: int, design: tuple[str, ...] = (), k: int = 0) -> QPart:
    return QPart(source=source, q=q, df=df, p_value=q_p_value(q, df), design=design, k=k)


def _tau2_within(within: numerics.Designs) -> float:
    """Generalised moment estimate from the differences within designs; NaN where no design has two studies."""
    df, trace = int(within.df.sum()), float(within.trace.sum())
    return max(0.0, (float(within.q.sum()) - df) / trace) if df > 0 else math.nan


def _between_random(found: NetworkResult, data: numerics.Evidence, design: Index, tau2: float) -> QPart:
    source = "between designs, random effects"
    if math.isnan(tau2):
        return QPart(source=source, q=math.nan, df=found.q_inconsistency_df, p_value=math.nan)
    within = numerics.within_designs(data, design, len(found.designs), tau2)
    q = max(0.0, numerics.solve(data, tau2).q - float(within.q.sum())) if found.q_inconsistency_df else 0.0
    return _part(source, q, found.q_inconsistency_df)


def _detached(found: NetworkResult, data: numerics.Evidence, design: Index, counts: Index) -> tuple[QPart, ...]:
    """Inconsistency left when each design in turn has effects of its own; designs where that changes nothing are not listed."""
    gone = numerics.detach_designs(data, found.numeric_fit(found.common), design, len(found.designs))
    made: list[QPart] = []
    for d in np.flatnonzero(gone.df).tolist():
        df = found.q_inconsistency_df - int(gone.df[d])
        q = max(0.0, found.q_inconsistency - float(gone.q[d])) if df else 0.0
        made.append(_part("between designs, detached", q, df, found.designs[d], int(counts[d])))
    return tuple(made)
