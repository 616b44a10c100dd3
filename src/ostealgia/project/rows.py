"""Which rows of ``results.csv`` an analysis takes: outcome, arms, time, studies; every row that is not taken for a reason is listed."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ostealgia.display import count_of
from ostealgia.errors import ProjectError, suggestion
from ostealgia.project.model import CONFIG, AnalysisSpec
from ostealgia.project.store import RESULTS, STUDIES, Project, Row
from ostealgia.project.times import days_of, plural
from ostealgia.tables.result import Excluded

if TYPE_CHECKING:
    from ostealgia.project.select import Latitude

SAME_DAY = 1e-6


@dataclass
class Draft:
    """A selection while it is put together."""

    records: list[dict[str, Any]] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    anchors: list[Row] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    members: list[tuple[int, ...]] = field(default_factory=list)
    excluded: list[Excluded] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    latitude: list[Latitude] = field(default_factory=list)

    def leave_out(self, study: str, reason: str, row: int | None = None) -> None:
        self.excluded.append(Excluded(study=study, reason=reason, row=row))


def matching(project: Project, spec: AnalysisSpec) -> list[Row]:
    """Rows of the outcome and of the arms."""
    wanted = {fold(item) for item in spec.outcomes}
    rows = [row for row in project.results if fold(row.text("outcome")) in wanted]
    if spec.arms:
        arms = {fold(item) for item in spec.arms}
        rows = [row for row in rows if fold(row.text("arm")) in arms or fold(row.text("arm_role")) in arms]
    return rows


def why_empty(project: Project, spec: AnalysisSpec) -> str:
    """What to say about an analysis that has no rows."""
    known = sorted({row.text("outcome") for row in project.results})
    missing = [item for item in spec.outcomes if fold(item) not in {fold(name) for name in known}]
    if missing:
        return f"no row of {RESULTS} has the outcome {missing[0]!r}.{suggestion(missing[0], known)}"
    arms = sorted({row.text("arm") for row in project.results if row.text("arm")})
    return f"no row of {RESULTS} has outcome {spec.outcomes[0]!r} and arm {', '.join(spec.arms)}. Arms there: {', '.join(arms)}"


def note_silent_studies(project: Project, spec: AnalysisSpec, rows: list[Row], draft: Draft) -> None:
    reporting = {row.text("study") for row in rows}
    everyone = list(dict.fromkeys(row.text("study") for row in project.studies))
    silent = [name for name in everyone if name not in reporting]
    if silent and reporting and not spec.include:
        draft.notes.append(
            f"{len(silent)} of {len(everyone)} studies report nothing for this outcome: {', '.join(silent)}"
        )


def named_studies(project: Project, spec: AnalysisSpec, rows: list[Row], draft: Draft) -> list[Row]:
    """``include`` and ``exclude`` carried out; a name that does not exist is an error, not a silent nothing."""
    known = sorted({row.text("study") for row in (*project.results, *project.studies)})
    for name in (*spec.include, *(item.study for item in spec.exclude), *(item.study for item in spec.replace)):
        if name not in known:
            raise ProjectError(
                f"{CONFIG}, analysis {spec.id!r}: study {name!r} is in neither {RESULTS} nor studies.csv."
                f"{suggestion(name, known)}"
            )
    if spec.include:
        rows = [row for row in rows if row.text("study") in spec.include]
    reasons = {item.study: item.reason for item in spec.exclude}
    for name, reason in reasons.items():
        if any(row.text("study") == name for row in rows):
            draft.leave_out(name, reason)
    return [row for row in rows if row.text("study") not in reasons]


def at_time(spec: AnalysisSpec, group: list[Row]) -> tuple[list[Row], str]:
    """Rows at the time of the analysis: the same day, or inside the window by ``pick``."""
    target = days_of(spec.time)
    timed = [(when, row) for row in group if not math.isnan(when := row_days(row))]
    seen = ", ".join(plural(f"{row.text('time')} {row.text('time_unit')}") for _, row in timed) or "no time"
    if spec.window_days is None:
        found = [row for when, row in timed if abs(when - target) < SAME_DAY]
        return found, f"nothing printed at {plural(spec.time)} (there is {seen})"
    low, high = spec.window_days
    inside = [(when, row) for when, row in timed if low - SAME_DAY <= when <= high + SAME_DAY]
    if not inside:
        return [], f"nothing printed from day {low:g} to day {high:g} (there is {seen})"
    order = {
        "nearest": lambda when: abs(when - target),
        "first": lambda when: when,
        "last": lambda when: -when,
    }[spec.pick or "nearest"]
    best = min(order(when) for when, _ in inside)
    return [row for when, row in inside if abs(order(when) - best) < SAME_DAY], ""


def row_days(row: Row) -> float:
    """The time of a row in days; NaN where it has none."""
    text = row.text("time")
    if not text:
        return math.nan
    try:
        return days_of(f"{text} {row.text('time_unit')}".strip())
    except ValueError:
        return math.nan


def note_unknown_studies(project: Project, rows: Iterable[Row], draft: Draft) -> None:
    """Studies that ``studies.csv`` does not list, by name with their rows."""
    known = {row.text("study") for row in project.studies}
    if not known:
        return
    unknown: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        if row.text("study") not in known:
            unknown[row.text("study")].append(row.number)
    if unknown:
        listed = "; ".join(f"{name!r} ({_rows_text(numbers)})" for name, numbers in unknown.items())
        draft.notes.append(f"used, and not listed in {STUDIES}: {listed} of {RESULTS}")


def _rows_text(numbers: list[int]) -> str:
    return f"row{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"


def note_mixed(spec: AnalysisSpec, rows: list[Row], draft: Draft) -> None:
    """Rows of different arms or times that enter as if they were alike, with the numbers of each."""
    arms = _levels(rows, lambda row: row.text("arm") or row.text("arm_role") or "no arm stated")
    if not spec.arms and len(arms) > 1:
        draft.notes.append(f"rows of {_listed_levels(arms)} enter this pool together; arms = [...] takes one of them")
    times = _levels(rows, lambda row: time_text(row) or "no time stated")
    if not (spec.time or spec.dependent) and len(times) > 1:
        draft.notes.append(f'rows of {_listed_levels(times)} enter this pool together; time = "..." takes one of them')


def _levels(rows: Iterable[Row], name: Any) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for row in rows:
        counts[name(row)] += 1
    return counts


def _listed_levels(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} ({count_of(count, 'row', 'rows')})" for name, count in counts.items())


def only_rows(project: Project, spec: AnalysisSpec, rows: list[Row], draft: Draft) -> list[Row]:
    """``only`` carried out: rows whose column (or whose study's column) has another value are left out by name."""
    for column, wanted in spec.only.items():
        check_column(project, spec, column, "only")
        folded = {fold(value) for value in wanted}
        kept = []
        for row in rows:
            found = cell_of(project, row, column)
            if fold(found) in folded:
                kept.append(row)
            else:
                words = " or ".join(wanted)
                draft.leave_out(
                    row.text("study"), f"{column}: {found or 'empty'} (this analysis takes {words})", row.number
                )
        rows = kept
    return rows


def cell_of(project: Project, row: Row, column: str) -> str:
    """The cell of a row, or of its study in ``studies.csv``."""
    if row.text(column):
        return row.text(column)
    study = project.study(row.text("study"))
    return study.text(column) if study else ""


def check_column(project: Project, spec: AnalysisSpec, column: str, key: str) -> None:
    """A ProjectError where neither table has the column."""
    known = list(dict.fromkeys([*project.studies.names, *project.results.names]))
    if column not in known:
        raise ProjectError(
            f"{CONFIG}, analysis {spec.id!r}: {key} names {column!r}, which is no column of {STUDIES} or {RESULTS}."
            f"{suggestion(column, known)}"
        )


def time_text(row: Row) -> str:
    """The time of a row as it is typed: "3 month"; empty where there is none."""
    return f"{row.text('time')} {row.text('time_unit')}".strip()


def fold(text: str) -> str:
    return " ".join(str(text).casefold().split())
