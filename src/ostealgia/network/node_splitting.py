"""Does direct evidence agree with indirect evidence, comparison by comparison?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from ostealgia.display import p_text
from ostealgia.network.result import NetworkResult
from ostealgia.numerics.network import split_direct
from ostealgia.tables.result import Result, plain

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class NodeSplit(Result):
    """One entry a pair of treatments, treat1 less treat2, analysis scale; NaN where a kind of evidence does not exist.

    columns : model -> {k, prop_direct, network, network_std_error, direct, direct_std_error, indirect, indirect_std_error, difference,
    difference_std_error, statistic, p_value}, arrays (n (n - 1) / 2,).  prop_direct : share of the direct evidence in the estimate.
    difference : direct less indirect.
    """

    measure: str
    model: str
    treat1: tuple[str, ...]
    treat2: tuple[str, ...]
    columns: Mapping[str, Mapping[str, Array]]

    def to_frame(self, model: str | None = None) -> pd.DataFrame:
        """One row a pair under one model (by default the one that was fitted)."""
        import pandas as pd

        chosen = model or self.model
        head = {"model": chosen, "treat1": list(self.treat1), "treat2": list(self.treat2)}
        return pd.DataFrame({**head, **self.columns[chosen]})

    def row(self, first: str, second: str, model: str | None = None) -> dict[str, float]:
        """One comparison, first less second.

        >>> from ostealgia.network import fit
        >>> data = {"study": list("ABC"), "treat1": list("xyx"), "treat2": list("yzz"), "estimate": [1.0, 2.0, 3.3], "std_error": [0.5] * 3}
        >>> round(fit(data).split().row("z", "x")["difference"], 6)
        -0.3
        """
        columns = self.columns[model or self.model]
        for sign, pair in ((1.0, (first, second)), (-1.0, (second, first))):
            for i, found in enumerate(zip(self.treat1, self.treat2, strict=True)):
                if found == pair:
                    return {
                        name: float(values[i]) * (sign if name in _SIGNED else 1.0) for name, values in columns.items()
                    }
        raise KeyError(f"{first!r} against {second!r} is not a pair of this network")

    def to_dict(self) -> dict[str, Any]:
        return {
            "measure": self.measure, "treat1": list(self.treat1), "treat2": list(self.treat2),
            **{model: {name: plain(values) for name, values in columns.items()} for model, columns in self.columns.items()},
            "notes": list(self.notes),
        }  # fmt: skip

    def __str__(self) -> str:
        columns = self.columns[self.model]
        tested = np.flatnonzero(np.isfinite(columns["difference"]))
        lines = [
            f"NodeSplit: {self.measure}, {self.model}; {len(tested)} comparisons have both direct and indirect evidence"
        ]
        width = max((len(self.treat1[i]) + len(self.treat2[i]) + 3 for i in tested.tolist()), default=0)
        for i in tested.tolist():
            pair = f"{self.treat1[i]} - {self.treat2[i]}".ljust(width)
            lines.append(
                f"  {pair}  direct {columns['direct'][i]:7.3f} ({100 * columns['prop_direct'][i]:.0f}%)  indirect "
                f"{columns['indirect'][i]:7.3f}  difference {columns['difference'][i]:7.3f} (SE {columns['difference_std_error'][i]:.3f})"
                f"  {p_text(float(columns['p_value'][i]))}"
            )
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])


_SIGNED = ("network", "direct", "indirect", "difference", "statistic")


def split_of(found: NetworkResult) -> NodeSplit:
    """Direct and indirect evidence of every pair, under both models, by back-calculation.

    The random-effects split adds the tau2 of the network to each direct contrast. A small P says that a comparison's direct and indirect
    evidence differ; without a small P they may differ as well, most networks have too little evidence to tell.
    Sources: Dias et al. 2010, doi:10.1002/sim.3767; Koenig, Krahn & Binder 2013, doi:10.1002/sim.6001.
    """
    found.with_evidence("node splitting")
    up = np.triu_indices(len(found.treatments), 1)
    columns = {}
    for chosen in (found.common, found.random):
        if chosen is None:
            continue
        split = split_direct(found.numeric_fit(chosen), chosen.direct)
        difference, error = split.difference[up], split.difference_error[up]
        statistic = difference / error
        columns[chosen.model] = {
            "k": chosen.direct.k[up],
            "prop_direct": split.share[up],
            "network": chosen.estimate[up],
            "network_std_error": chosen.std_error[up],
            "direct": chosen.direct.estimate[up],
            "direct_std_error": chosen.direct.std_error[up],
            "indirect": split.indirect[up],
            "indirect_std_error": split.indirect_error[up],
            "difference": difference,
            "difference_std_error": error,
            "statistic": statistic,
            "p_value": 2.0 * ndtr(-np.abs(statistic)),
        }
    tested = int(np.isfinite(columns["common"]["difference"]).sum())
    notes = () if tested else ("no comparison has both direct and indirect evidence: consistency cannot be checked",)
    return NodeSplit(
        measure=found.measure, model=found.model, treat1=tuple(found.treatments[i] for i in up[0]),
        treat2=tuple(found.treatments[j] for j in up[1]), columns=columns, notes=notes, excluded=found.excluded,
    )  # fmt: skip
