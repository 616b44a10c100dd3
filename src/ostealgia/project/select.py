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
from ostealgia.errors import ProjectError, suggestion
from ostealgia.numerics.intervals import Printed
from ostealgia.project.model import CONFIG, AnalysisSpec, Assumption, days_of, plural
from ostealgia.project.printed import counts_of_percent, nearest_count, shown
from ostealgia.project.store import RESULTS, Project, Row
from ostealgia.tables.measures import KINDS, MEASURES
from ostealgia.tables.result import Excluded

if TYPE_CHECKING:
    import pandas as pd

PERCENT = ("percent", "%")
PUBLISHED = ("estimate", "std_error", "ci_low", "ci_high", "ci_level", "p_value")
_SAME_DAY = 1e-6


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
    inside their printed precision.  sources : where each line is printed.
    """

    columns: Mapping[str, list[Any]]
    rows: tuple[int, ...]
    excluded: tuple[Excluded, ...] = ()
    notes: tuple[str, ...] = ()
    latitude: tuple[Latitude, ...] = ()
    sources: tuple[str, ...] = ()
    members: tuple[tuple[int, ...], ...] = ()

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


@dataclass
class _Draft:
    """A selection while it is put together."""

    records: list[dict[str, Any]] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    members: list[tuple[int, ...]] = field(default_factory=list)
    excluded: list[Excluded] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    latitude: list[Latitude] = field(default_factory=list)

    def leave_out(self, study: str, reason: str, row: int | None = None) -> None:
        self.excluded.append(Excluded(study=study, reason=reason, row=row))


def select(project: Project, spec: AnalysisSpec) -> Selection:
    """The rows of ``results.csv`` that an analysis takes, as the columns its measure needs.

    Raises ProjectError where the rows are ambiguous or a study named in ``exclude`` does not exist.
    """
    rows = _matching(project, spec)
    draft = _Draft()
    _note_silent_studies(project, spec, rows, draft)
    rows = _named(project, spec, rows, draft)
    for label, group in _by_study(spec, rows).items():
        build = _published_row if _published(spec, group) else _builder(spec)
        build(spec, label, group, draft)
    _replace_values(spec, draft)
    return _finish(project, spec, draft)


def _matching(project: Project, spec: AnalysisSpec) -> list[Row]:
    """Rows of the outcome and of the arms."""
    wanted = {_fold(item) for item in spec.outcomes}
    rows = [row for row in project.results if _fold(row.text("outcome")) in wanted]
    if spec.arms:
        arms = {_fold(item) for item in spec.arms}
        rows = [row for row in rows if _fold(row.text("arm")) in arms or _fold(row.text("arm_role")) in arms]
    return rows


def why_empty(project: Project, spec: AnalysisSpec) -> str:
    """What to say about an analysis that has no rows."""
    known = sorted({row.text("outcome") for row in project.results})
    missing = [item for item in spec.outcomes if _fold(item) not in {_fold(name) for name in known}]
    if missing:
        return f"no row of {RESULTS} has the outcome {missing[0]!r}.{suggestion(missing[0], known)}"
    arms = sorted({row.text("arm") for row in project.results if row.text("arm")})
    return f"no row of {RESULTS} has outcome {spec.outcomes[0]!r} and arm {', '.join(spec.arms)}. Arms there: {', '.join(arms)}"


def _note_silent_studies(project: Project, spec: AnalysisSpec, rows: list[Row], draft: _Draft) -> None:
    reporting = {row.text("study") for row in rows}
    everyone = list(dict.fromkeys(row.text("study") for row in project.studies))
    silent = [name for name in everyone if name not in reporting]
    if silent and reporting and not spec.include:
        draft.notes.append(
            f"{len(silent)} of {len(everyone)} studies report nothing for this outcome: {', '.join(silent)}"
        )


def _named(project: Project, spec: AnalysisSpec, rows: list[Row], draft: _Draft) -> list[Row]:
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


def _by_study(spec: AnalysisSpec, rows: list[Row]) -> dict[str, list[Row]]:
    """Rows under the label of their line in the analysis: the study, with outcome or arm where one study gives several lines."""
    two_groups = MEASURES[spec.measure].kind.startswith("two-group") and not spec.baseline
    grouped: dict[str, list[Row]] = defaultdict(list)
    several_arms = len(spec.arms) > 1 and not two_groups
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


Builder = Callable[[AnalysisSpec, str, list[Row], _Draft], None]


def _builder(spec: AnalysisSpec) -> Builder:
    kind = MEASURES[spec.measure].kind
    if kind == "pre-post":
        return _pre_post
    if kind.startswith("two-group"):
        return _two_times if spec.baseline else _two_arms
    return _one_group


def _published_row(spec: AnalysisSpec, label: str, group: list[Row], draft: _Draft) -> None:
    """estimate with its interval, standard error or P, as printed."""
    fitting = [row for row in group if row.text("measure").upper() in ("", spec.measure)]
    if not fitting:
        draft.leave_out(label, f"its measure is {group[0].text('measure')}, not {spec.measure}", group[0].number)
    for name, row in _lines(spec, label, fitting, draft):
        p_value = row.printed("p_value")
        usable = row.text("std_error") or (row.text("ci_low") and row.text("ci_high"))
        if not usable and (p_value is None or p_value.relation != "=" or p_value.value == 0):
            printed = row.text("p_value") or "nothing"
            reason = f"no interval or standard error is printed, and P ({printed}) is no exact number"
            draft.leave_out(name, reason, row.number)
            continue
        columns = [column for column in PUBLISHED if column != "p_value"] + ([] if usable else ["p_value"])
        _add(spec, name, {column: (row, column) for column in ("n", *columns)}, draft)


def _one_group(spec: AnalysisSpec, label: str, group: list[Row], draft: _Draft) -> None:
    """events and n, mean and SD, events and person-time, ... of one arm at one time."""
    for name, row in _lines(spec, label, group, draft):
        _add(spec, name, {column: (row, column) for column in KINDS[MEASURES[spec.measure].kind]}, draft)


def _lines(spec: AnalysisSpec, label: str, group: list[Row], draft: _Draft) -> list[tuple[str, Row]]:
    """The row of a study; rows under one label with the same arm and time are lines of their own, with a note."""
    found = _at_time(spec, group)[0] if spec.time else group
    places = {tuple(row.text(name) for name in ("arm", "arm_role", "time", "time_unit")) for row in found}
    if len(found) > 1 and len(places) == 1:
        numbers = ", ".join(str(row.number) for row in found)
        draft.notes.append(f"{label} stands in rows {numbers}: each is taken as a study of its own")
        return [(f"{label} (row {row.number})", row) for row in found]
    row = _one(spec, label, group, draft)
    return [] if row is None else [(label, row)]


def _two_arms(spec: AnalysisSpec, label: str, group: list[Row], draft: _Draft) -> None:
    """The first arm (treated) against the second (control)."""
    if len(spec.arms) != 2:
        raise ProjectError(
            f"{CONFIG}, analysis {spec.id!r}: measure {spec.measure} compares two arms; write arms = [treated, control], "
            'or baseline = "0 month" to compare one arm with itself.'
        )
    sides = []
    for name in spec.arms:
        found = [row for row in group if _fold(name) in (_fold(row.text("arm")), _fold(row.text("arm_role")))]
        if not found:
            draft.leave_out(label, f"no row for the arm {name!r}", group[0].number)
            return
        side = _one(spec, f"{label} ({name})" if len(found) > 1 else label, found, draft)
        if side is None:
            return
        sides.append(side)
    _add(spec, label, _suffixed(spec, sides), draft)


def _two_times(spec: AnalysisSpec, label: str, group: list[Row], draft: _Draft) -> None:
    """One arm at ``time`` (1) against itself at ``baseline`` (2), as if the groups were independent."""
    pair = _pair(spec, label, group, draft)
    if pair is not None:
        _add(spec, label, _suffixed(spec, pair), draft)


def _pre_post(spec: AnalysisSpec, label: str, group: list[Row], draft: _Draft) -> None:
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
    _add(spec, label, cells, draft)


def _pair(spec: AnalysisSpec, label: str, group: list[Row], draft: _Draft) -> tuple[Row, Row] | None:
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


def _one(spec: AnalysisSpec, label: str, group: list[Row], draft: _Draft) -> Row | None:
    """The one row at the wanted time; None (with a line) where there is none, a ProjectError where there are several."""
    if not group:
        return None
    found, problem = group, ""
    if spec.time:
        found, problem = _at_time(spec, group)
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


def _at_time(spec: AnalysisSpec, group: list[Row]) -> tuple[list[Row], str]:
    """Rows at the time of the analysis: the same day, or inside the window by ``pick``."""
    target = days_of(spec.time)
    timed = [(when, row) for row in group if not math.isnan(when := row_days(row))]
    seen = ", ".join(plural(f"{row.text('time')} {row.text('time_unit')}") for _, row in timed) or "no time"
    if spec.window_days is None:
        found = [row for when, row in timed if abs(when - target) < _SAME_DAY]
        return found, f"nothing printed at {plural(spec.time)} (there is {seen})"
    low, high = spec.window_days
    inside = [(when, row) for when, row in timed if low - _SAME_DAY <= when <= high + _SAME_DAY]
    if not inside:
        return [], f"nothing printed from day {low:g} to day {high:g} (there is {seen})"
    order = {
        "nearest": lambda when: abs(when - target),
        "first": lambda when: when,
        "last": lambda when: -when,
    }[spec.pick or "nearest"]
    best = min(order(when) for when, _ in inside)
    return [row for when, row in inside if abs(order(when) - best) < _SAME_DAY], ""


def row_days(row: Row) -> float:
    """The time of a row in days; NaN where it has none."""
    text = row.text("time")
    if not text:
        return math.nan
    try:
        return days_of(f"{text} {row.text('time_unit')}".strip())
    except ValueError:
        return math.nan


def _add(spec: AnalysisSpec, label: str, cells: Mapping[str, tuple[Row, str]], draft: _Draft) -> None:
    """Read the cells of one line; text in a number leaves the line out by name."""
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
            found = _events_from_percent(row)
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
    draft.members.append(tuple(dict.fromkeys(row.number for row, _ in cells.values())))
    draft.sources.append(
        "; ".join(dict.fromkeys(row.text("source") for row, _ in cells.values() if row.text("source")))
    )
    draft.latitude.extend(latitude)


def _events_from_percent(row: Row) -> tuple[float, tuple[int, ...]] | None:
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


def _replace_values(spec: AnalysisSpec, draft: _Draft) -> None:
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


def _finish(project: Project, spec: AnalysisSpec, draft: _Draft) -> Selection:
    """Records to columns, with the study-level columns that are asked for."""
    names = list(dict.fromkeys(name for record in draft.records for name in record if name != "_study"))
    columns: dict[str, list[Any]] = {name: [record.get(name, math.nan) for record in draft.records] for name in names}
    derived = [cell for cell in draft.latitude if cell.choices]
    if derived:
        draft.notes.append(
            f"counts of {len(derived)} rows are worked back from printed per cents (the nearest whole patient); "
            f"{sum(len(cell.choices) > 1 for cell in derived)} of them could be another count"
        )
    by_number = {row.number: row for row in project.results}
    for wanted in dict.fromkeys((spec.subgroup, *spec.moderators)):
        if not wanted:
            continue
        values = []
        for record, place in zip(draft.records, draft.rows, strict=True):
            study = project.study(record["_study"])
            values.append((study.text(wanted) if study else "") or by_number[place].text(wanted))
        if not any(values):
            known = [*project.studies.names, *project.results.names]
            raise ProjectError(
                f"{CONFIG}, analysis {spec.id!r}: {wanted!r} is no filled column of studies.csv or {RESULTS}."
                f"{suggestion(wanted, known)}"
            )
        columns[wanted] = values
    return Selection(
        columns, tuple(draft.rows), tuple(draft.excluded), tuple(draft.notes), tuple(draft.latitude), tuple(draft.sources),
        tuple(draft.members),
    )  # fmt: skip


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
    for label, group in _by_study(other, _matching(project, other)).items():
        for row in _at_time(other, group)[0]:
            value = row.value("sd") if row.printed("sd") else math.nan
            if not math.isnan(value):
                found[label] = value
    return found


def _fold(text: str) -> str:
    return " ".join(str(text).casefold().split())


def _plain(value: Any) -> str:
    return "empty" if value is None or (isinstance(value, float) and math.isnan(value)) else f"{value:g}"
