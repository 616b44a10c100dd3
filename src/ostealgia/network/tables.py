"""Tidy frames of a network result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ostealgia.network.estimates import NetworkEstimates
from ostealgia.network.labels import known
from ostealgia.network.result import NetworkResult

if TYPE_CHECKING:
    import pandas as pd

_VALUES = ("estimate", "std_error", "statistic", "p_value", "ci_low", "ci_high", "pi_low", "pi_high")
_SHOWN = ("estimate", "ci_low", "ci_high", "pi_low", "pi_high")


def _values(found: NetworkResult, chosen: NetworkEstimates, rows: Any, columns: Any) -> dict[str, Any]:
    """Columns of the pairs at these positions, on both scales."""
    data: dict[str, Any] = {name: getattr(chosen, name)[rows, columns] for name in _VALUES}
    back = found.definition.back
    data |= {f"reported_{name}": np.asarray(back(data[name])) for name in _SHOWN}
    return data


def estimates_frame(found: NetworkResult) -> pd.DataFrame:
    """One row a pair and model: model, treat1, treat2, k, estimate ... reported_pi_high; treat1 less treat2."""
    import pandas as pd

    up = np.triu_indices(len(found.treatments), 1)
    frames = []
    for chosen in (found.common, found.random):
        if chosen is None:
            continue
        head = {
            "measure": found.measure, "model": chosen.model, "treat1": [found.treatments[i] for i in up[0]],
            "treat2": [found.treatments[j] for j in up[1]], "k": chosen.direct.k[up],
        }  # fmt: skip
        frames.append(pd.DataFrame({**head, **_values(found, chosen, *up), "ci_level": found.ci_level}))
    return pd.concat(frames, ignore_index=True)


def reference_frame(found: NetworkResult, *, model: str | None, reference: str | None) -> pd.DataFrame:
    """One row a treatment other than the reference."""
    import pandas as pd

    chosen = found.estimates(model)
    against = found.reference if reference is None else known("reference", reference, found.treatments)
    j = found.treatments.index(against)
    rows = np.array([i for i in range(len(found.treatments)) if i != j])
    head = {
        "measure": found.measure, "model": chosen.model, "treatment": [found.treatments[i] for i in rows], "reference": against,
        "k": chosen.direct.k[rows, j],
    }  # fmt: skip
    return pd.DataFrame({**head, **_values(found, chosen, rows, j), "ci_level": found.ci_level})


def contrast_frame(found: NetworkResult) -> pd.DataFrame:
    """The data as they enter the network, one row a contrast; adjusted_std_error is 1 / sqrt(weight), NaN where a weight is not above 0."""
    import pandas as pd

    data = found.with_evidence("weights")
    frame: dict[str, Any] = {
        "study": [found.studies[s] for s in data.study],
        "treat1": [found.treatments[i] for i in data.first],
        "treat2": [found.treatments[i] for i in data.second],
        "design": [" / ".join(found.designs[found.study_design[s]]) for s in data.study],
        "estimate": data.estimate,
        "std_error": np.sqrt(data.variance),
    }
    for chosen in (found.common, found.random):
        if chosen is None:
            continue
        weight = found.weights[chosen.model]
        safe = np.where(weight > 0, weight, np.nan)
        frame[f"adjusted_std_error_{chosen.model}"] = 1 / np.sqrt(safe)
        frame[f"fitted_{chosen.model}"] = chosen.estimate[data.first, data.second]
        frame[f"leverage_{chosen.model}"] = weight * np.square(chosen.std_error[data.first, data.second])
    return pd.DataFrame(frame)
