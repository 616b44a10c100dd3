"""What the analysis of a cohort is made of: its settings, its sections in the order of a paper, and the tidy frame of all its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ostealgia.cohort.plan import Plan
from ostealgia.display import count_of
from ostealgia.options import one_of
from ostealgia.tables.result import Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd

    from ostealgia.cohort.analysis_settings import AnalysisSettings
    from ostealgia.cohort.reading import Cohort

# id -> title, in the order of a paper; the checklists are filled by the project
SECTIONS: dict[str, str] = {
    "quality": "Data quality",
    "plan": "Analysis plan",
    "flow": "Flow of patients",
    "table-one": "Baseline characteristics",
    "response": "Pain response",
    "pain": "Worst pain over time",
    "opioids": "Opioid use",
    "quality-of-life": "Quality of life",
    "laboratory": "Laboratory values",
    "toxicity": "Adverse events",
    "relief": "Onset and duration of relief",
    "survival": "Survival",
    "predictors": "Predictors of response",
    "subgroups": "Subgroups",
    "weighting": "Adjustment for confounding",
    "missing": "Missing values",
    "estimands": "Estimands",
    "immortal-time": "Immortal time",
    "checklists": "Reporting checklists",
}
# columns of ``CohortAnalysis.to_frame``; numbers under their own name, labels of a row joined in ``row``
NUMBERS = (
    "estimate", "std_error", "statistic", "df", "df_2", "p_value", "p_adjusted", "ci_low", "ci_high", "ci_level", "mean", "sd", "median",
    "q1", "q3", "min", "max", "percent", "events", "n", "n_1", "n_2", "events_1", "events_2", "missing", "count", "n_any", "n_risk",
)  # fmt: skip
COUNTS = ("events", "n", "n_1", "n_2", "events_1", "events_2", "missing")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Section(Result):
    """One part of the analysis.

    id, title : of ``SECTIONS``.  results : name -> result object (Flow, TableOne, MmrmResult, KaplanMeierResult ...).  tables : name ->
    tidy frame with the standard column names; labels are text columns, numbers are those of ``NUMBERS``.  failed : why the section, or a
    step of it, could not be done; the report still builds and says so.
    """

    id: str
    title: str
    results: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, Any] = field(default_factory=dict)
    failed: str = ""

    def table(self, name: str) -> Any:
        """A table by name."""
        one_of("table", name, self.tables)
        return self.tables[name]

    def to_frame(self) -> pd.DataFrame:
        """One row a row of a table: section, table, row and the numbers of ``NUMBERS`` that the section has."""
        import pandas as pd

        parts = [_rows(self.id, name, frame) for name, frame in self.tables.items() if len(frame)]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["section", "table", "row"])

    def __str__(self) -> str:
        lines = [f"{self.title}: {', '.join(self.tables) or 'no table'}"]
        if self.failed:
            lines.append(f"  not done: {self.failed}")
        return "\n".join(lines + tail_lines(self))


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class CohortAnalysis(Result):
    """The whole analysis of a cohort, section by section.

    cohort : as read.  settings : every choice, stated.  plan : as found before outcomes were read.  groups : reference first; one name
    where there is nothing to compare.  weeks : after baseline.  primary_week : of the main comparisons.  rng_seed : of everything random.
    """

    cohort: Cohort
    settings: AnalysisSettings
    plan: Plan
    sections: tuple[Section, ...]
    groups: tuple[str, ...]
    weeks: tuple[int, ...]
    primary_week: int
    rng_seed: int

    def section(self, id: str) -> Section:
        """A section by its id."""
        one_of("section", id, [one.id for one in self.sections])
        return next(one for one in self.sections if one.id == id)

    @property
    def failed(self) -> tuple[Section, ...]:
        """The sections with a step that could not be done."""
        return tuple(one for one in self.sections if one.failed)

    def to_frame(self) -> pd.DataFrame:
        """One row a number's row: section, table, row (its labels), and the columns of ``NUMBERS`` in their order."""
        import pandas as pd

        frame: Any = pd.concat([one.to_frame() for one in self.sections], ignore_index=True)
        return frame[["section", "table", "row", *(name for name in NUMBERS if name in frame.columns)]]

    def __str__(self) -> str:
        tail = ", SIMULATED data" if self.cohort.simulated else ""
        head = f"CohortAnalysis: {self.cohort.name}, {count_of(self.cohort.n, 'patient', 'patients')}{tail}"
        lines = [head, f"  groups: {', '.join(self.groups)}; main week {self.primary_week}"]
        lines += [f"  {one.id}: {_state(one)}" for one in self.sections]
        return "\n".join(lines + tail_lines(self))


def _state(section: Section) -> str:
    if section.failed:
        return f"not done: {section.failed}" if not section.tables else f"partly done: {section.failed}"
    return count_of(len(section.tables), "table", "tables")


def _rows(section: str, table: str, frame: Any) -> Any:
    """The rows of a table with their labels joined in one column."""
    import pandas as pd

    labels = [name for name in frame.columns if name not in NUMBERS and not _is_number(frame[name])]
    extra = [
        name
        for name in ("week", "month", "time", "grade", "delta", "threshold")
        if name in frame.columns and name not in labels
    ]
    words = [
        " / ".join(str(value) for value in row if value is not None and value == value and str(value) != "")
        for row in frame[[*extra, *labels]].astype(object).to_numpy().tolist()
    ]
    out = pd.DataFrame({"section": section, "table": table, "row": words})
    for name in NUMBERS:
        if name in frame.columns and _is_number(frame[name]):
            out[name] = frame[name].to_numpy(dtype=float, na_value=float("nan"))
    return out


def _is_number(column: Any) -> bool:
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    return bool(is_numeric_dtype(column)) and not bool(is_bool_dtype(column))
