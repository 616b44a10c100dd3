"""From typed rows to the columns of one analysis: which rows are taken, at which time, and who is left out and why."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ostealgia.display import count_of
from ostealgia.effects.checks import plain_name
from ostealgia.errors import ProjectError
from ostealgia.numerics.intervals import Printed
from ostealgia.project.model import CONFIG, AnalysisSpec, Assumption
from ostealgia.project.printed import counts_of_percent, nearest_count, shown
from ostealgia.project.rows import (
    SAME_DAY,
    Draft,
    at_time,
    cell_of,
    check_column,
    fold,
    matching,
    named_studies,
    note_mixed,
    note_silent_studies,
    note_unknown_studies,
    only_rows,
    row_days,
    time_text,
    why_empty,
)
from ostealgia.project.store import RESULTS, Project, Row
from ostealgia.project.times import DAYS_PER_UNIT, plural
from ostealgia.tables.measures import KINDS, MEASURES
from ostealgia.tables.result import Excluded

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PERCENT", "PUBLISHED", "Latitude", "Selection", "fill", "select", "why_empty"]
PERCENT = ("percent", "%")
PUBLISHED = ("estimate", "std_error", "ci_low", "ci_high", "ci_level", "p_value")


@dataclass(frozen=True)
class Latitude:
    """What one typed number may stand for: whole counts (``choices``), or every value from ``low`` to ``high``."""

    index: int
    column: str
    study: str
    printed: str
    low: float
    high: float
    choices: tuple[int, ...] = ()


@dataclass(frozen=True)
class Selection:
    """The rows of one analysis as columns, one entry a study.

    columns : study, the data columns of the measure, then study-level columns.  rows : row in ``results.csv`` (the first
    one where several make a line; all of them are in ``members``).  latitude : which cells could be another value
    inside their printed precision.  sources : where each line is printed.  groups : label of a line -> its cluster, factor ("by") and time,
    where a study may give several lines.
    """

    columns: Mapping[str, list[Any]]
    rows: tuple[int, ...]
    excluded: tuple[Excluded, ...] = ()
    notes: tuple[str, ...] = ()
    latitude: tuple[Latitude, ...] = ()
    sources: tuple[str, ...] = ()
    members: tuple[tuple[int, ...], ...] = ()
    groups: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def k(self) -> int:
        """Studies that have a row."""
        return len(self.rows)

    def frame(self) -> pd.DataFrame:
        """The columns as a frame whose index is the row in the file."""
        import pandas as pd

        return pd.DataFrame(dict(self.columns), index=pd.Index(self.rows, name="row"))

    def with_cell(self, index: int, column: str, value: float) -> Selection:
        """The same with one number changed."""
        columns = {name: list(values) for name, values in self.columns.items()}
        columns[column][index] = value
        return replace(self, columns=columns)

    def only(self, index: int) -> Selection:
        """One line alone."""
        columns = {name: [values[index]] for name, values in self.columns.items()}
        return Selection(columns, (self.rows[index],), sources=(self.sources[index],), members=(self.members[index],))

    def touching(self, rows: Iterable[int]) -> tuple[int, ...]:
        """Positions of the lines that use any of these rows of the file."""
        wanted = set(rows)
        return tuple(i for i, members in enumerate(self.members) if wanted.intersection(members))

    def without(self, rows: Iterable[int], reason: str) -> Selection:
        """The same without the lines that use these rows of the file; they are listed as left out."""
        gone = set(self.touching(rows))
        keep = [i for i in range(self.k) if i not in gone]
        left = [Excluded(study=self.columns["study"][i], reason=reason, row=self.rows[i]) for i in sorted(gone)]
        return replace(
            self,
            columns={name: [values[i] for i in keep] for name, values in self.columns.items()},
            rows=tuple(self.rows[i] for i in keep),
            excluded=(*self.excluded, *left),
            latitude=(),
            sources=tuple(self.sources[i] for i in keep),
            members=tuple(self.members[i] for i in keep),
        )


def select(project: Project, spec: AnalysisSpec) -> Selection:
    """The rows of ``results.csv`` that an analysis takes, as the columns its measure needs.

    Raises ProjectError where the rows are ambiguous or a study named in ``exclude`` does not exist.
    """
    rows = matching(project, spec)
    draft = Draft()
    note_silent_studies(project, spec, rows, draft)
    rows = named_studies(project, spec, rows, draft)
    rows = only_rows(project, spec, rows, draft)
    note_unknown_studies(project, rows, draft)
    if _builder(spec) is _one_group or _published(spec, rows):
        note_mixed(spec, rows, draft)
    for label, group in _by_study(spec, rows).items():
        build = _published_row if _published(spec, group) else _builder(spec)
        each = _each_time if spec.dependent and not spec.time else _as_it_is
        each(build, spec, label, group, draft)
    _replace_values(spec, draft)
    return _finish(project, spec, draft)


def _by_study(spec: AnalysisSpec, rows: list[Row]) -> dict[str, list[Row]]:
    """Rows under the label of their line in the analysis: the study, with outcome or arm where one study gives several lines."""
    two_groups = MEASURES[spec.measure].kind.startswith("two-group") and not spec.baseline
    grouped: dict[str, list[Row]] = defaultdict(list)
    several_arms = len(spec.arms) > 1 and not two_groups
    if spec.dependent and not spec.arms and not two_groups:
        several_arms = len({fold(row.text("arm")) for row in rows}) > 1
    for row in rows:
        label = row.text("study")
        if len(spec.outcomes) > 1:
            label = f"{label}: {row.text('outcome')}"
        if several_arms:
            label = f"{label} ({row.text('arm')})"
        grouped[label].append(row)
    return dict(grouped)


def _published(spec: AnalysisSpec, rows: list[Row]) -> bool:
    """Whether the rows of a study give an estimate of this measure instead of what it is computed from."""
    kind = MEASURES[spec.measure].kind
    if kind.startswith("generic"):
        return True
    raw = {plain_name(name) for name in KINDS.get(kind, ())}
    has_raw = any(row.text(name) for row in rows for name in raw - {"n", "correlation"})
    given = any(row.text("estimate") and row.text("measure").upper() == spec.measure for row in rows)
    return given and not has_raw


Builder = Callable[[AnalysisSpec, str, list[Row], Draft], None]


def _builder(spec: AnalysisSpec) -> Builder:
    kind = MEASURES[spec.measure].kind
    if kind == "pre-post":
        return _pre_post
    if kind.startswith("two-group"):
        return _two_times if spec.baseline else _two_arms
    return _one_group


def _as_it_is(build: Builder, spec: AnalysisSpec, label: str, group: list[Row], draft: Draft) -> None:
    build(spec, label, group, draft)


def _each_time(build: Builder, spec: AnalysisSpec, label: str, group: list[Row], draft: Draft) -> None:
    """One line for each time at which a study reports, except its baseline."""
    start = row_days(Row(0, _time_cells(spec.baseline))) if spec.baseline else math.nan
    times: dict[float, str] = {}
    for row in group:
        when = row_days(row)
        if not math.isnan(when) and not abs(when - start) < SAME_DAY:
            times.setdefault(when, time_text(row))
    if not times and not spec.trajectory:
        build(spec, label, group, draft)
        return
    for row in group:
        if math.isnan(row_days(row)):
            draft.leave_out(label, "no time is stated", row.number)
        elif not times:
            draft.leave_out(label, f"nothing printed after {plural(spec.baseline)}", row.number)
    for text in (times[when] for when in sorted(times)):
        own = f"{label}, {plural(text)}" if len(times) > 1 or spec.trajectory else label
        build(spec.model_copy(update={"time": text}), own, group, draft)


def _time_cells(text: str) -> dict[str, str]:
    number, unit = text.split()
    return {"time": number, "time_unit": unit}


def _published_row(spec: AnalysisSpec, label: str, group: list[Row], draft: Draft) -> None:
    """estimate with its interval, standard error or P, as printed."""
    fitting = [row for row in group if row.text("measure").upper() in ("", spec.measure)]
    if not fitting:
        draft.leave_out(label, f"its measure is {group[0].text('measure')}, not {spec.measure}", group[0].number)
    for name, row in _lines(spec, label, fitting, draft):
        p_value = row.printed("p_value")
        usable = row.text("std_error") or (row.text("ci_low") and row.text("ci_high"))
        bound = p_value is not None and p_value.relation == "<" and spec.p_bound == "at bound"
        if bound and not usable and p_value is not None:
            draft.notes.append(
                f"{name}: P is printed as {row.text('p_value')} and taken as {p_value.value:g}: the standard error is the largest"
            )
            row = replace(row, cells={**row.cells, "p_value": f"{p_value.value:g}"})
        elif not usable and (p_value is None or p_value.relation != "=" or p_value.value == 0):
            printed = row.text("p_value") or "nothing"
            reason = f"no interval or standard error is printed, and P ({printed}) is no exact number"
            draft.leave_out(name, reason, row.number)
            continue
        columns = [column for column in PUBLISHED if column != "p_value"] + ([] if usable else ["p_value"])
        _add(spec, name, {column: (row, column) for column in ("n", *columns)}, draft)


def _one_group(spec: AnalysisSpec, label: str, group: list[Row], draft: Draft) -> None:
    """events and n, mean and SD, events and person-time, ... of one arm at one time."""
    for name, row in _lines(spec, label, group, draft):
        _add(spec, name, {column: (row, column) for column in KINDS[MEASURES[spec.measure].kind]}, draft)


def _lines(spec: AnalysisSpec, label: str, group: list[Row], draft: Draft) -> list[tuple[str, Row]]:
    """The row of a study; rows under one label with the same arm and time are lines of their own, with a note."""
    found = at_time(spec, group)[0] if spec.time else group
    places = {tuple(row.text(name) for name in ("arm", "arm_role", "time", "time_unit")) for row in found}
    if len(found) > 1 and len(places) == 1:
        numbers = ", ".join(str(row.number) for row in found)
        place = ", ".join(part for part in (found[0].text("arm"), time_text(found[0])) if part)
        own = "an effect" if spec.dependent else "a study"
        draft.notes.append(
            f"{label} stands in rows {numbers}{f' ({place})' if place else ''}: each is taken as {own} of its own"
        )
        return [(f"{label} (row {row.number})", row) for row in found]
    row = _one(spec, label, group, draft)
    return [] if row is None else [(label, row)]


def _two_arms(spec: AnalysisSpec, label: str, group: list[Row], draft: Draft) -> None:
    """The first arm (treated) against the second (control)."""
    if len(spec.arms) != 2:
        raise ProjectError(
            f"{CONFIG}, analysis {spec.id!r}: measure {spec.measure} compares two arms; write arms = [treated, control], "
            'or baseline = "0 month" to compare one arm with itself.'
        )
    sides = []
    for name in spec.arms:
        found = [row for row in group if fold(name) in (fold(row.text("arm")), fold(row.text("arm_role")))]
        if not found:
            draft.leave_out(label, f"no row for the arm {name!r}", group[0].number)
            return
        side = _one(spec, f"{label} ({name})" if len(found) > 1 else label, found, draft)
        if side is None:
            return
        sides.append(side)
    _add(spec, label, _suffixed(spec, sides), draft)


def _two_times(spec: AnalysisSpec, label: str, group: list[Row], draft: Draft) -> None:
    """One arm at ``time`` (1) against itself at ``baseline`` (2), as if the groups were independent."""
    pair = _pair(spec, label, group, draft)
    if pair is not None:
        _add(spec, label, _suffixed(spec, pair), draft)


def _pre_post(spec: AnalysisSpec, label: str, group: list[Row], draft: Draft) -> None:
    """mean and SD before and after with n, and the correlation of the row or of the analysis."""
    pair = _pair(spec, label, group, draft)
    if pair is None:
        return
    after, before = pair
    cells = {
        "mean_pre": (before, "mean"), "sd_pre": (before, "sd"), "mean_post": (after, "mean"), "sd_post": (after, "sd"), "n": (after, "n"),
    }  # fmt: skip
    if after.text("correlation"):
        cells["correlation"] = (after, "correlation")
    _add(spec, label, cells, draft, anchor=after)


def _pair(spec: AnalysisSpec, label: str, group: list[Row], draft: Draft) -> tuple[Row, Row] | None:
    if not (spec.time and spec.baseline):
        raise ProjectError(
            f"{CONFIG}, analysis {spec.id!r}: measure {spec.measure} needs two times; write for instance "
            'time = "3 month" and baseline = "0 month".'
        )
    after = _one(spec, label, group, draft)
    if after is None:
        return None
    before = _one(
        spec.model_copy(update={"time": spec.baseline, "window_days": None, "pick": None}), label, group, draft
    )
    return None if before is None else (after, before)


def _suffixed(spec: AnalysisSpec, sides: Iterable[Row]) -> dict[str, tuple[Row, str]]:
    first, second = sides
    wanted = KINDS[MEASURES[spec.measure].kind]
    return {name: (first if name.endswith("_1") else second, name[:-2]) for name in wanted}


def _one(spec: AnalysisSpec, label: str, group: list[Row], draft: Draft) -> Row | None:
    """The one row at the wanted time; None (with a line) where there is none, a ProjectError where there are several."""
    if not group:
        return None
    found, problem = group, ""
    if spec.time:
        found, problem = at_time(spec, group)
    if not found:
        draft.leave_out(label, problem, group[0].number)
        return None
    if len(found) > 1:
        places = ", ".join(str(row.number) for row in found)
        raise ProjectError(
            f"{CONFIG}, analysis {spec.id!r}: {label} has {len(found)} rows in {RESULTS} (rows {places}) and only one can be taken. "
            "State time (with window_days and pick) or arms, or give the rows different arms."
        )
    return found[0]


def _add(
    spec: AnalysisSpec, label: str, cells: Mapping[str, tuple[Row, str]], draft: Draft, *, anchor: Row | None = None
) -> None:
    """Read the cells of one line; text in a number leaves the line out by name. anchor : the row whose time is that of the line."""
    record: dict[str, Any] = {"study": label}
    latitude = []
    index = len(draft.records)
    first = next(iter(cells.values()))[0]
    for column, (row, name) in cells.items():
        try:
            record[column] = row.value(name)
        except ValueError as error:
            draft.leave_out(label, f"{error}".rstrip("."), row.number)
            return
        if name == "events" and math.isnan(record[column]):
            found = events_from_percent(row)
            if found is not None:
                record[column], choices = found
                latitude.append(_count_latitude(index, column, label, row, choices))
        elif name not in ("n", "events", "correlation", "p_value", "ci_level"):
            latitude.extend(_value_latitude(index, column, label, row.printed(name)))
    if spec.correlation is not None and "correlation" not in record and MEASURES[spec.measure].kind == "pre-post":
        record["correlation"] = spec.correlation
    record["_study"] = first.text("study")
    draft.records.append(record)
    draft.rows.append(first.number)
    draft.anchors.append(anchor or first)
    draft.members.append(tuple(dict.fromkeys(row.number for row, _ in cells.values())))
    draft.sources.append(
        "; ".join(dict.fromkeys(row.text("source") for row, _ in cells.values() if row.text("source")))
    )
    draft.latitude.extend(latitude)


def events_from_percent(row: Row) -> tuple[float, tuple[int, ...]] | None:
    """The count behind a printed per cent, and every count that prints the same; None where no per cent is given."""
    percent, size = row.printed("estimate"), row.printed("n")
    if percent is None or percent.relation != "=" or row.text("measure").lower() not in PERCENT:
        return None
    if size is None or not size.value > 0 or not size.value.is_integer():
        return None
    n = int(size.value)
    return float(nearest_count(percent, n)), counts_of_percent(percent, n)


def _count_latitude(index: int, column: str, label: str, row: Row, choices: tuple[int, ...]) -> Latitude:
    printed = f"{row.text('estimate')}% of {row.text('n')}"
    low, high = (choices[0], choices[-1]) if choices else (math.nan, math.nan)
    return Latitude(index, column, label, printed, float(low), float(high), choices)


def _value_latitude(index: int, column: str, label: str, printed: Printed | None) -> list[Latitude]:
    if printed is None or printed.relation != "=":
        return []
    box = printed.interval("half")
    low = printed.value if column.startswith("sd") and box.low <= 0 else box.low
    return [Latitude(index, column, label, shown(printed), low, box.high)]


def _replace_values(spec: AnalysisSpec, draft: Draft) -> None:
    """Values of another source in the place of a study's own, each with a note."""
    for item in spec.replace:
        for index, record in enumerate(draft.records):
            if record["_study"] != item.study:
                continue
            changed = [
                f"{name} {_plain(record.get(name))} becomes {_plain(value)}"
                for name, value in item.values().items()
                if record.get(name) != value
            ]
            record.update({name: float(value) for name, value in item.values().items()})
            draft.latitude = [cell for cell in draft.latitude if cell.index != index]
            draft.sources[index] = item.source
            told = ", ".join(changed) or "the same values"
            draft.notes.append(f"{item.study}: {told} ({item.reason}; {item.source})")


def _finish(project: Project, spec: AnalysisSpec, draft: Draft) -> Selection:
    """Records to columns, with the study-level columns that are asked for."""
    names = list(dict.fromkeys(name for record in draft.records for name in record if name != "_study"))
    columns: dict[str, list[Any]] = {name: [record.get(name, math.nan) for record in draft.records] for name in names}
    derived = [cell for cell in draft.latitude if cell.choices]
    if derived:
        draft.notes.append(
            f"counts of {len(derived)} rows are worked back from printed per cents (the nearest whole patient); "
            f"{sum(len(cell.choices) > 1 for cell in derived)} of them could be another count"
        )
    for wanted in _study_level(spec):
        check_column(project, spec, wanted, "subgroup or moderators")
        values = [cell_of(project, row, wanted) for row in draft.anchors]
        if not any(values):
            raise ProjectError(
                f"{CONFIG}, analysis {spec.id!r}: the column {wanted!r} is empty in every row of this analysis."
            )
        columns[wanted] = values if wanted == spec.subgroup else _numbers_or_text(values)
    return Selection(
        columns, tuple(draft.rows), tuple(draft.excluded), tuple(draft.notes), tuple(draft.latitude), tuple(draft.sources),
        tuple(draft.members), _groups(project, spec, draft),
    )  # fmt: skip


OFFERED = ("n", "std_error", "variance")  # what every regression has by itself


def _study_level(spec: AnalysisSpec) -> list[str]:
    """Columns of subgroups and moderators."""
    wanted = [spec.subgroup] if spec.subgroup else []
    if spec.moderators:
        from ostealgia.tables.formula import parse_formula

        wanted += [name for name in parse_formula(spec.moderators).columns if name not in OFFERED]
    return list(dict.fromkeys(wanted))


def _numbers_or_text(values: list[str]) -> list[Any]:
    """Numbers where every filled cell is one (NaN where it is empty), else the texts."""
    from ostealgia.io.cells import parse_number

    numbers = [parse_number(value) for value in values]
    return list(numbers) if None not in numbers else values


def _groups(project: Project, spec: AnalysisSpec, draft: Draft) -> dict[str, dict[str, Any]]:
    """Cluster, factor and time of every line, where a study may give several."""
    if not spec.dependent:
        return {}
    for key in ("cluster", "by"):
        if getattr(spec, key):
            check_column(project, spec, getattr(spec, key), key)
    found = {}
    for record, row in zip(draft.records, draft.anchors, strict=True):
        study = str(record["_study"])
        found[str(record["study"])] = {
            "cluster": (cell_of(project, row, spec.cluster) if spec.cluster else "") or study,
            "by": (cell_of(project, row, spec.by) if spec.by else "") or "not stated",
            "time": row_days(row) / DAYS_PER_UNIT[spec.time_unit],
        }
    return found


def fill(project: Project, spec: AnalysisSpec, selection: Selection, assumption: Assumption) -> Selection:
    """The selection with missing SDs of the first group filled as the assumption says.

    Each kind of filling is noted, with the number of studies that enter by it (a study may lack something else as well).
    """
    columns = {name: list(values) for name, values in selection.columns.items()}
    target = "sd_1" if "sd_1" in columns else "sd_post" if "sd_post" in columns else "sd"
    other = {"sd_1": "sd_2", "sd_post": "sd_pre"}.get(target, "")
    later = _sds_at(project, spec, assumption.time) if assumption.time else {}
    when = plural(assumption.time) if assumption.time else ""
    middle = statistics.median(later.values()) if later else math.nan
    filled: dict[str, int] = defaultdict(int)
    others = [name for name in KINDS[MEASURES[spec.measure].kind] if name in columns and name != target]
    for index, study in enumerate(columns["study"]):
        if not math.isnan(columns[target][index]):
            continue
        before = columns[other][index] if other else math.nan
        rules: dict[Any, tuple[float, str]] = {
            "baseline": (before, "the SD at baseline"),
            "other-time": (later.get(study, math.nan), f"the SD at {when}"),
            "median": (middle, f"the median SD at {when} ({middle:g})"),
        }
        value, how = rules.get(assumption.sd, (assumption.sd, f"SD {assumption.sd}"))
        if math.isnan(float(value)) and assumption.otherwise == "baseline":
            value, how = rules["baseline"]
        if not math.isnan(float(value)):
            columns[target][index] = float(value)
            filled[how] += not any(math.isnan(columns[name][index]) for name in others)
    notes = [f"{count_of(count, 'SD', 'SDs')} assumed: {how}" for how, count in filled.items() if count]
    return replace(selection, columns=columns, notes=(*selection.notes, *notes), latitude=())


def _sds_at(project: Project, spec: AnalysisSpec, time: str) -> dict[str, float]:
    """The SD of each study at another time."""
    other = spec.model_copy(update={"time": time, "baseline": "", "window_days": None, "pick": None, "subgroup": ""})
    found = {}
    for label, group in _by_study(other, matching(project, other)).items():
        for row in at_time(other, group)[0]:
            value = row.value("sd") if row.printed("sd") else math.nan
            if not math.isnan(value):
                found[label] = value
    return found


def _plain(value: Any) -> str:
    return "empty" if value is None or (isinstance(value, float) and math.isnan(value)) else f"{value:g}"
