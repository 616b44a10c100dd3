"""Which designs drive inconsistency, and against which others: the numbers of a net heat plot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.display import number, p_text
from ostealgia.errors import OptionError
from ostealgia.network.result import NetworkResult
from ostealgia.numerics.network import detach_designs
from ostealgia.numerics.network_designs import design_heat
from ostealgia.options import one_of
from ostealgia.tables.result import Result, plain

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class NetHeat(Result):
    """designs : treatments of each design that a loop can contradict, in the order shown.  k : its studies.

    contribution : (D,), its part of Q between designs.  change : (D, D), diagonal: contribution; elsewhere what the row's part loses when
    the column's design is given effects of its own (above 0: the two disagree; below 0: the column hides a disagreement of the row).
    hat : (D, D), how much of the row's network estimates comes from the column's direct ones.
    q, df, p_value : Q between designs, with the designs that are not listed.
    """

    measure: str
    model: str
    designs: tuple[tuple[str, ...], ...]
    k: tuple[int, ...]
    contribution: Array
    change: Array
    hat: Array
    q: float
    df: int
    p_value: float

    @property
    def labels(self) -> tuple[str, ...]:
        """Each design as text."""
        return tuple(" / ".join(design) for design in self.designs)

    def to_frame(self) -> pd.DataFrame:
        """One row a pair of designs: row, column, change, hat."""
        import pandas as pd

        size = range(len(self.designs))
        rows = [
            {"row": self.labels[i], "column": self.labels[j], "change": self.change[i, j], "hat": self.hat[i, j]}
            for i in size
            for j in size
        ]
        return pd.DataFrame(rows, columns=["row", "column", "change", "hat"])

    def to_dict(self) -> dict[str, Any]:
        return {
            "measure": self.measure, "model": self.model, "designs": [list(design) for design in self.designs], "k": list(self.k),
            "contribution": plain(self.contribution), "change": plain(self.change), "hat": plain(self.hat), "q": plain(self.q),
            "df": self.df, "p_value": plain(self.p_value), "notes": list(self.notes),
        }  # fmt: skip

    def __str__(self) -> str:
        lines = [
            f"NetHeat: {self.measure}, {self.model}; Q between designs {number(self.q)}, df {self.df}, {p_text(self.p_value)}"
        ]
        width = max((len(label) for label in self.labels), default=0)
        for i, label in enumerate(self.labels):
            row = "  ".join(f"{number(value):>7}" for value in self.change[i])
            lines.append(f"  {i + 1:>2} {label.ljust(width)}  {row}")
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])


def net_heat_of(found: NetworkResult, *, model: str = "common") -> NetHeat:
    """Which designs drive inconsistency, and against which others?

    model : "common", or "random" with the variance between studies of one design (``decomposition().tau2_within``) in every weight.
    Designs that hold the only evidence on a treatment or a bridge are left out: nothing can contradict them.
    Raises OptionError where no loop is closed by different designs.
    Source: Krahn, Binder & Koenig 2013, doi:10.1186/1471-2288-13-35.

    >>> from ostealgia.network import fit
    >>> data = {"study": list("ABC"), "treat1": list("xyx"), "treat2": list("yzz"), "estimate": [1.0, 2.0, 3.3], "std_error": [0.5] * 3}
    >>> net_heat_of(fit(data)).contribution.round(2).tolist()
    [0.04, 0.04, 0.04]
    """
    one_of("model", model, ("common", "random"))
    data = found.with_evidence("net heat plot")
    if found.q_inconsistency_df < 1:
        raise OptionError("a net heat plot needs a loop that is closed by different designs; this network has none.")
    apart, tau2 = found.decomposition(), 0.0
    if model == "random":
        tau2 = apart.tau2_within
        if not np.isfinite(tau2):
            raise OptionError(
                "no design has two studies, so that model='random' has no variance between them; use model='common'."
            )
    design = np.array(found.study_design, dtype=np.int64)
    heat = design_heat(data, design, len(found.designs), tau2)
    free = np.flatnonzero(detach_designs(data, found.numeric_fit(found.common), design, len(found.designs)).df)
    change = heat.contribution[:, None] - heat.after
    np.fill_diagonal(change, heat.contribution)
    order = free[np.argsort(-heat.contribution[free], kind="stable")]
    counts = np.bincount(design, minlength=len(found.designs))
    total = apart.between_random if model == "random" else apart.between
    lost = len(found.designs) - len(order)
    notes = (
        ()
        if lost == 0
        else (f"{lost} of {len(found.designs)} designs have no indirect evidence beside them and are not shown",)
    )
    return NetHeat(
        measure=found.measure, model=model, designs=tuple(found.designs[d] for d in order.tolist()), k=tuple(counts[order].tolist()),
        contribution=heat.contribution[order], change=change[np.ix_(order, order)], hat=heat.hat[np.ix_(order, order)], q=total.q,
        df=total.df, p_value=total.p_value, notes=notes,
    )  # fmt: skip
