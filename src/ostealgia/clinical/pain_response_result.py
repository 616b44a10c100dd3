"""The result of a response classification: classes, reasons, and the rate over two denominators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ostealgia.display import interval, percent
from ostealgia.errors import TableError
from ostealgia.numerics.proportion_intervals import proportion_interval
from ostealgia.options import confidence_level
from ostealgia.tables.result import Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd

Bools = NDArray[np.bool_]
Texts = NDArray[np.object_]

RESPONDER = ("CR", "PR")
CLASSES = ("CR", "PR", "PP", "IR", "NR", "NE")
DENOMINATORS = ("all_treated", "assessable")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PainResponses(Result):
    """Classes of pain response at one visit, one a patient and site.

    definition, rule : what was applied.  pain_response : "CR", "PR", "PP", "IR" ("NR" in definitions without progression) or "NE".
    reason : why a patient is NE, "" for the others.  extended_rule : PP by the extended rule.  responder : CR or PR.
    responder_all_treated : responder, and the index site not treated again before the visit.  retreated : treated again before it.
    """

    definition: str
    pain_response: Texts
    reason: Texts
    extended_rule: Bools
    responder: Bools
    responder_all_treated: Bools
    retreated: Bools
    rule: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.pain_response)

    @property
    def counts(self) -> dict[str, int]:
        """Patients in each class that occurs, best first.

        >>> from ostealgia.clinical import pain_responses
        >>> pain_responses([7, 7], [0, 7], [0, 0], [0, 0]).counts
        {'CR': 1, 'IR': 1}
        """
        found = {name: int((self.pain_response == name).sum()) for name in CLASSES}
        return {name: count for name, count in found.items() if count}

    def columns(self) -> dict[str, Any]:
        """The columns that go beside a patient's row; responder is missing where the response is not evaluable."""
        import pandas as pd

        known = pd.array(self.responder, dtype="boolean")
        known[self.reason != ""] = pd.NA
        return {
            "pain_response": self.pain_response, "response_reason": self.reason, "extended_rule": self.extended_rule, "responder": known,
            "responder_all_treated": self.responder_all_treated,
        }  # fmt: skip

    def to_frame(self) -> pd.DataFrame:
        """One row a patient: pain_response, response_reason, extended_rule, responder, responder_all_treated."""
        import pandas as pd

        return pd.DataFrame(self.columns())

    def rates(
        self, by: ArrayLike | None = None, *, level: float = 0.95, method: str = "clopper-pearson"
    ) -> pd.DataFrame:
        """Overall response rate over all treated and over the assessable, always together.

        by : group of each patient (n,), or None.  method : interval of the proportion.  Columns group, denominator, events, n, estimate,
        ci_low, ci_high, ci_level.  A rate among nobody is missing.

        >>> from ostealgia.clinical import pain_responses
        >>> found = pain_responses([7, 7, 7], [0, 7, None], [0, 0, 0], [0, 0, 0])
        >>> found.rates()[["denominator", "events", "n"]].to_numpy().tolist()
        [['all_treated', 1, 3], ['assessable', 1, 2]]
        """
        import pandas as pd

        groups = np.full(len(self), "all", dtype=object) if by is None else np.asarray(by, dtype=object)
        if len(groups) != len(self):
            raise TableError("by has another length than the responses", expected=f"{len(self)} values")
        missing = pd.isna(groups)
        if missing.any():
            raise TableError(
                "a patient has no group",
                column="by",
                row=int(np.flatnonzero(missing)[0]) + 2,
                expected="a group for each patient",
            )
        confidence_level(level)
        rows: list[dict[str, Any]] = []
        for name in sorted(set(groups.tolist()), key=str):
            inside = groups == name
            counted = (
                (int(self.responder_all_treated[inside].sum()), int(inside.sum())),
                (int(self.responder[inside].sum()), int((inside & (self.reason == "")).sum())),
            )
            for denominator, (events, n) in zip(DENOMINATORS, counted, strict=True):
                found = proportion_interval(events if n else np.nan, n if n else np.nan, method=method, level=level)
                estimate, low, high = (float(value) for value in found)
                rows.append(
                    {"group": name, "denominator": denominator, "events": events, "n": n, "estimate": estimate, "ci_low": low,
                     "ci_high": high, "ci_level": level}
                )  # fmt: skip
        return pd.DataFrame(rows)

    def __str__(self) -> str:
        head = f"PainResponses: {self.definition}, {len(self)} patients"
        classes = ", ".join(f"{name} {count}" for name, count in self.counts.items())
        lines = [head, f"  {classes}" if classes else "  nobody"]
        if len(self):
            rates: Any = self.rates()
            for row in rates.itertuples():
                words = f"responders of {str(row.denominator).replace('_', ' ')}"
                limits = f"{interval(100 * row.ci_low, 100 * row.ci_high, 0)}%"
                lines.append(f"  {words}: {row.events}/{row.n} ({percent(row.estimate)}, 95% CI {limits})")
        return "\n".join(lines + tail_lines(self))
