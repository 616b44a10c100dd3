"""Adverse events: patients by worst grade, with exact intervals, and how far the groups differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ostealgia.cohort.derivations_events import worst_grade_frame
from ostealgia.cohort.response_difference_build import risks, two_group_effects
from ostealgia.display import count_of
from ostealgia.options import confidence_level
from ostealgia.tables.result import Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd

    from ostealgia.cohort.reading import Cohort

ANY = "any adverse event"
THRESHOLDS = {1: "any grade", 2: "grade >= 2", 3: "grade >= 3"}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class AdverseEvents(Result):
    """Patients with adverse events, each counted once a category by the worst grade.

    grades : frame category, group, grade, events, n, percent.  rates : frame category, threshold, group, events, n, estimate, ci_low,
    ci_high (Clopper-Pearson).  differences : frame category, threshold, comparison, measure and the columns of ``two_group_effects``;
    empty with one group.  discontinued : as rates, for those whose treatment was stopped for an event; empty where it is not recorded.
    """

    grades: Any
    rates: Any
    differences: Any
    discontinued: Any
    ci_level: float

    def to_frame(self) -> pd.DataFrame:
        """Rates of every category and threshold."""
        return self.rates.copy()

    def __str__(self) -> str:
        lines = [f"AdverseEvents: {count_of(self.rates['category'].nunique(), 'category', 'categories')}"]
        worst = self.rates[self.rates["threshold"] == THRESHOLDS[1]]
        lines += [f"  {row.category}, {row.group}: {row.events}/{row.n}" for row in worst.itertuples()]
        return "\n".join(lines + tail_lines(self))


def adverse_events(
    cohort: Cohort, *, by: str = "category", groups: Sequence[str] | None = None, from_day: float = 0.0, to_day: float | None = None,
    level: float = 0.95,
) -> AdverseEvents:  # fmt: skip
    """How many patients have each adverse event, and by how much do the groups differ?

    by : column of adverse_events, "category", "term" or "soc".  groups : reference first; default by alphabet.  from_day, to_day : onset.
    Every patient of the cohort is in the denominator; one without a record has grade 0. Differences as risk difference (Newcombe) and
    ratio (Katz) with Fisher's P, not adjusted: in a table of many categories some P below 0.05 are chance. Nothing is shown where follow-up
    differs between the groups: compare incidence over time then.
    Source: Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404; ICH E3 and CONSORT Harms 2022, doi:10.1136/bmj-2022-073725.

    >>> import ostealgia as oa
    >>> found = oa.cohort.adverse_events(oa.cohort.read(oa.cohort.example()))
    >>> found.rates.query("category == 'any adverse event' and threshold == 'grade >= 3'")["events"].tolist()
    [19, 9]
    """
    import pandas as pd

    confidence_level(level)
    worst = worst_grade_frame(cohort, by=by, from_day=from_day, to_day=to_day)
    names = [name for name in worst.columns if name not in ("id", "group")]
    worst = worst.assign(**{ANY: worst[names].max(axis=1) if names else 0})
    order = list(groups) if groups is not None else sorted(set(worst["group"]))
    group = worst["group"].to_numpy(dtype=object)
    grades, rates, differences = [], [], []
    for name in [ANY, *names]:
        grade = worst[name].to_numpy(dtype=int)
        grades += _grades(name, grade, group, order)
        for bound, words in THRESHOLDS.items():
            made, gaps = _compared(grade >= bound, group, order, {"category": name, "threshold": words}, level)
            rates += made
            differences += gaps
    stopped, notes = _discontinued(cohort, worst["id"].to_numpy(), group, order, level, from_day, to_day)
    differences += stopped[1]
    return AdverseEvents(
        grades=pd.DataFrame(grades), rates=pd.DataFrame(rates), differences=pd.DataFrame(differences),
        discontinued=pd.DataFrame(stopped[0]), ci_level=level, notes=notes,
    )  # fmt: skip


def _grades(name: str, grade: Any, group: Any, order: Sequence[str]) -> list[dict[str, Any]]:
    rows = []
    for one in order:
        own = grade[group == one]
        for value in range(6):
            events = int((own == value).sum())
            share = 100 * events / len(own) if len(own) else float("nan")
            rows.append(
                {"category": name, "group": one, "grade": value, "events": events, "n": len(own), "percent": share}
            )
    return rows


def _compared(
    seen: Any, group: Any, order: Sequence[str], label: dict[str, Any], level: float
) -> tuple[list[Any], list[Any]]:
    """(rates, differences) of a yes or no in each group against the first."""
    counts = {one: (int(seen[group == one].sum()), int((group == one).sum())) for one in order}
    found = risks([c[0] for c in counts.values()], [c[1] for c in counts.values()], level)
    rates = [{**label, "group": one, **rate} for one, rate in zip(counts, found, strict=True)]
    gaps = [
        {**label, "comparison": f"{one} - {order[0]}", **effect}
        for one in order[1:]
        for effect in two_group_effects(*counts[one], *counts[order[0]], level=level)
    ]
    return rates, gaps


def _discontinued(
    cohort: Cohort, ids: Any, group: Any, order: Sequence[str], level: float, from_day: float, to_day: float | None
) -> tuple[tuple[list[Any], list[Any]], tuple[str, ...]]:
    """Patients whose treatment was stopped for an event."""
    events = cohort.table("adverse_events")
    if "discontinuation" not in events.columns:
        return ([], []), ("adverse_events does not record discontinuation",)
    own = events
    if "onset_day" in events.columns:
        day = events["onset_day"]
        own = events[(day.isna() | ((day >= from_day) & (day <= (np.inf if to_day is None else to_day)))).to_numpy()]
    stopped = np.isin(ids, own.loc[(own["discontinuation"] == 1).to_numpy(), "id"].to_numpy(dtype=object))
    return _compared(
        stopped, group, order, {"category": "treatment stopped for an adverse event", "threshold": THRESHOLDS[1]}, level
    ), ()
