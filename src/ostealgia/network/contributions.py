"""How much does each direct comparison contribute to each network estimate?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.network.result import NetworkResult
from ostealgia.numerics.network import comparison_hat
from ostealgia.numerics.network_flow import path_contributions
from ostealgia.tables.result import Result, plain

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Contributions(Result):
    """share : (pairs, d), rows sum to 1.  hat : (pairs, d), signed, pair (treat1 less treat2) on direct comparisons.

    pairs : (treat1, treat2) of every network estimate.  comparisons : (treat1, treat2) of every direct comparison.
    """

    measure: str
    model: str
    pairs: tuple[tuple[str, str], ...]
    comparisons: tuple[tuple[str, str], ...]
    share: Array
    hat: Array

    def to_frame(self) -> pd.DataFrame:
        """Pairs as rows, direct comparisons as columns, shares that sum to 1."""
        import pandas as pd

        return pd.DataFrame(
            self.share, index=[" : ".join(p) for p in self.pairs], columns=[" : ".join(c) for c in self.comparisons]
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "measure": self.measure, "model": self.model, "pairs": [list(p) for p in self.pairs],
            "comparisons": [list(c) for c in self.comparisons], "share": plain(self.share), "hat": plain(self.hat),
        }  # fmt: skip

    def __str__(self) -> str:
        head = f"Contributions: {self.measure}, {self.model}; per cent of each estimate (row) from each direct comparison (column)"
        return head + "\n" + (100 * self.to_frame()).round(1).to_string()


def contributions_of(found: NetworkResult, *, model: str | None = None) -> Contributions:
    """The share of each direct comparison in each network estimate, from all paths of evidence at once.

    Source: Davies et al. 2022, doi:10.1002/sim.9346.

    >>> from ostealgia.network import fit
    >>> data = {"study": list("ABC"), "treat1": list("xyx"), "treat2": list("yzz"), "estimate": [1.0, 2.0, 3.3], "std_error": [0.5] * 3}
    >>> fit(data).contributions().share[0].round(3).tolist()  # x : y from x : y, x : z, y : z
    [0.667, 0.167, 0.167]
    """
    data = found.with_evidence("contributions")
    chosen = found.estimates(model)
    hat, first, second = comparison_hat(
        found.numeric_fit(chosen), data.first, data.second, found.weights[chosen.model], data.n
    )
    up = np.triu_indices(data.n, 1)
    share = np.array(
        [path_contributions(row, first, second, int(i), int(j), data.n) for row, i, j in zip(hat, *up, strict=True)]
    )
    names = found.treatments
    return Contributions(
        measure=found.measure, model=chosen.model, pairs=tuple((names[i], names[j]) for i, j in zip(*up, strict=True)),
        comparisons=tuple((names[i], names[j]) for i, j in zip(first, second, strict=True)), share=share, hat=hat,
    )  # fmt: skip
