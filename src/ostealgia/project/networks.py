"""One network of trials from its typed arms to its results: part by part, with what no trial joins."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ostealgia.display import count_of
from ostealgia.errors import ConvergenceError, OptionError, ProjectError, TableError, suggestion
from ostealgia.project.engine import require_direction
from ostealgia.project.model import CONFIG, AnalysisSpec
from ostealgia.project.rows import (
    Draft,
    at_time,
    cell_of,
    check_column,
    matching,
    named_studies,
    note_unknown_studies,
    only_rows,
    time_text,
    why_empty,
)
from ostealgia.project.run_result import AnalysisRun
from ostealgia.project.select import Selection, events_from_percent
from ostealgia.project.store import RESULTS, Project, Row

if TYPE_CHECKING:
    from ostealgia.effects.absolute import AbsoluteEffect
    from ostealgia.network.connection import NetworkParts
    from ostealgia.network.consistency import Decomposition
    from ostealgia.network.league_table import League
    from ostealgia.network.node_splitting import NodeSplit
    from ostealgia.network.ranks import Rankings, Scores
    from ostealgia.network.result import NetworkResult

MODELS = ("random", "common", "MH")
APART = "not connected with this part"  # the report lists the parts in a table of its own
ZERO_CELLS = ("increment", "apply_increment", "rr_increment_to_n")
FIT_OPTIONS = ("tau2_value", "multiarm_tolerance")
COUNTED = ("events", "n", "person_time")  # what is added up where two arms of a study are one treatment


@dataclass(frozen=True)
class ArmRow:
    """One arm that was read: its cells, the rows of ``results.csv`` it comes from, and where they are printed."""

    study: str
    treatment: str
    cells: Mapping[str, float]
    rows: tuple[int, ...]
    source: str
    arm: str


@dataclass(frozen=True)
class NetworkRun:
    """A network: the part that is shown (``fit``), the other parts, and the arms. others : parts without a fit have a note instead."""

    parts: NetworkParts
    fit: NetworkResult
    others: tuple[NetworkResult, ...]
    arms: tuple[ArmRow, ...]
    absolute: Mapping[str, tuple[AbsoluteEffect, ...]]

    @cached_property
    def league(self) -> League:
        """Every treatment against every other."""
        return self.fit.league()

    @cached_property
    def scores(self) -> Scores | None:
        """P-scores; None where nobody has said which direction is better."""
        return None if self.fit.small_values is None else self.fit.scores()

    @cached_property
    def rankings(self) -> Rankings | None:
        """Rank probabilities and SUCRA, drawn with a fixed seed."""
        return None if self.fit.small_values is None else self.fit.rankings(draws=20_000)

    @cached_property
    def decomposition(self) -> Decomposition | None:
        """Q within and between designs; None for Mantel-Haenszel."""
        return None if self.fit.evidence is None else self.fit.decomposition()

    @cached_property
    def split(self) -> NodeSplit | None:
        """Direct against indirect evidence; None for Mantel-Haenszel."""
        return None if self.fit.evidence is None else self.fit.split()

    @property
    def connected(self) -> bool:
        """Whether trials join all treatments."""
        return len(self.parts.parts) == 1


def run_network(project: Project, spec: AnalysisSpec) -> AnalysisRun:
    """Everything about one network. Raises ProjectError for an option, a treatment or a column that does not exist."""
    draft = Draft()
    arms = read_arms(project, spec, draft)
    selection = Selection(
        {"study": [arm.study for arm in arms]}, tuple(arm.rows[0] for arm in arms), members=tuple(a.rows for a in arms)
    )
    run = AnalysisRun(spec, selection, excluded=tuple(draft.excluded), notes=tuple(draft.notes))
    if not arms:
        problem = "every row was left out" if draft.excluded else why_empty(project, spec)
        return replace(run, problem=problem)
    try:
        return _fitted(run, arms)
    except OptionError as error:
        raise ProjectError(f"{CONFIG}, analysis {spec.id!r}: {error}") from None
    except (TableError, ConvergenceError) as error:
        return replace(run, problem=f"the network has no fit ({str(error).rstrip('.')})")


def _fitted(run: AnalysisRun, arms: Sequence[ArmRow]) -> AnalysisRun:
    """The parts, the fit of each, and who was left out on the way."""
    from ostealgia.network.connection import parts_of
    from ostealgia.network.reading import contrasts

    spec = run.spec
    table = contrasts(
        _frame(arms), measure=spec.measure, on_bad="exclude", **known_options(spec, "effect_options", ZERO_CELLS)
    )
    parts = parts_of(table)
    shown = _part(spec, parts)
    run = replace(run, excluded=(*run.excluded, *table.excluded))
    source = _frame(arms) if spec.model == "MH" else table
    fit = _fit(spec, source, shown, spec.reference if spec.reference in shown.treatments else None)
    others, notes = [], []
    for part in parts.parts:
        if part is shown:
            continue
        try:
            others.append(_fit(spec, source, part, None))
        except (TableError, ConvergenceError, OptionError) as error:
            notes.append(f"the part of {part}: no fit ({str(error).rstrip('.')})")
    absolute: dict[str, tuple[AbsoluteEffect, ...]] = {}
    try:
        absolute = _absolute(spec, fit)
    except TableError as error:
        notes.append(f"Absolute effects: not computed ({str(error).rstrip('.')})")
    found = NetworkRun(parts, fit, tuple(others), tuple(arms), absolute)
    told = (*run.notes, *table.notes, *(note for note in fit.notes if not note.startswith(APART)), *notes)
    return replace(run, network=found, notes=tuple(dict.fromkeys(told)))


def known_options(spec: AnalysisSpec, key: str, known: Sequence[str]) -> dict[str, Any]:
    """The further options of an analysis; a ProjectError for one that does not exist."""
    found: dict[str, Any] = dict(getattr(spec, key))
    for name in found:
        if name not in known:
            raise ProjectError(
                f"{CONFIG}, analysis {spec.id!r}: {key} has no {name!r}.{suggestion(name, known)} Known: {', '.join(known)}."
            )
    return found


def _part(spec: AnalysisSpec, parts: NetworkParts) -> Any:
    """The part that is shown: that of ``component``, else that of the reference, else the largest."""
    if not parts.parts:
        left = "; ".join(f"{item.study}: {item.reason}" for item in parts.excluded[:3])
        raise TableError("no trial compares two treatments", found=left or None)
    names = [name for part in parts.parts for name in part.treatments]
    for key in ("component", "reference"):
        wanted = getattr(spec, key)
        if wanted and wanted not in names:
            raise ProjectError(
                f"{CONFIG}, analysis {spec.id!r}: {key} = {wanted!r} is no treatment that is compared.{suggestion(wanted, names)} "
                f"There are: {', '.join(names)}."
            )
        if wanted:
            return next(part for part in parts.parts if wanted in part.treatments)
    return parts.parts[0]


def _fit(spec: AnalysisSpec, data: Any, part: Any, reference: str | None) -> NetworkResult:
    from ostealgia.network.fitting import fit

    model = spec.model or "random"
    if model not in MODELS:
        raise OptionError(f"model = {model!r} is no model of a network; one of {', '.join(MODELS)}.")
    if spec.ci not in (None, "auto", "z"):
        raise OptionError(f"ci = {spec.ci!r}: the intervals of a network are normal; leave ci out, or write 'z'.")
    more = known_options(spec, "options", FIT_OPTIONS)
    options: dict[str, Any] = {name: getattr(spec, name) for name in ("tau2", "pi") if getattr(spec, name) is not None}
    if model == "MH":
        options = {"on_bad": "exclude"}
    return fit(
        data, measure=spec.measure, model=model, component=part.treatments[0], reference=reference, level=spec.level,
        small_values=spec.small_values, **options, **more,
    )  # fmt: skip


def _absolute(spec: AnalysisSpec, fit: NetworkResult) -> dict[str, tuple[AbsoluteEffect, ...]]:
    """Events per 100 with each treatment, at the stated risks with the reference."""
    from ostealgia.effects.absolute import RISK_WITH_TREATMENT, absolute_effect

    if not spec.baseline_risk or spec.measure not in RISK_WITH_TREATMENT:
        return {}
    require_direction(spec, True)
    found: dict[str, tuple[AbsoluteEffect, ...]] = {}
    for row in fit.against_reference().to_dict("records"):
        numbers = {name: row[f"reported_{name}"] for name in ("ci_low", "ci_high", "pi_low", "pi_high")}
        found[str(row["treatment"])] = tuple(
            absolute_effect(
                spec.measure,
                row["reported_estimate"],
                baseline_risk=risk,
                event=spec.event,
                level=spec.level,
                per=spec.per,
                **numbers,
            )
            for risk in spec.baseline_risk
        )
    return found


# ---------------------------------------------------------------- arms


def _frame(arms: Sequence[ArmRow]) -> Any:
    """One row an arm, its row in the file as index."""
    import pandas as pd

    columns = list(dict.fromkeys(name for arm in arms for name in arm.cells))
    data = {"study": [arm.study for arm in arms], "treatment": [arm.treatment for arm in arms]}
    data |= {name: [arm.cells.get(name, math.nan) for arm in arms] for name in columns}
    return pd.DataFrame(data, index=pd.Index([arm.rows[0] for arm in arms], name="row"))


def read_arms(project: Project, spec: AnalysisSpec, draft: Draft) -> list[ArmRow]:
    """The arms of the network; rows that cannot be used are listed in the draft, by name."""
    from ostealgia.network.arm_data import RECIPES

    if spec.measure not in RECIPES:
        raise ProjectError(
            f"{CONFIG}, analysis {spec.id!r}: measure {spec.measure} is none of a network from arms; one of {', '.join(RECIPES)}."
        )
    check_column(project, spec, spec.treatment, "treatment")
    rows = named_studies(project, spec, matching(project, spec), draft)
    rows = only_rows(project, spec, rows, draft)
    note_unknown_studies(project, rows, draft)
    arms: list[ArmRow] = []
    for (study, treatment), group in _by_arm(project, spec, rows, draft).items():
        timed = _timed(spec, study, group, draft)
        arms.extend(_arms(spec, study, treatment, timed, RECIPES[spec.measure].columns, draft))
    compared = _compared(arms, draft)
    _say_empty(project, RECIPES[spec.measure].columns, draft)
    return compared


def _say_empty(project: Project, columns: Sequence[str], draft: Draft) -> None:
    """Rows that were left out for another reason and have no number either say both: a blank is never a zero."""
    by_number = {row.number: row for row in project.results}
    for i, item in enumerate(draft.excluded):
        row = by_number.get(item.row or 0)
        empty = [] if row is None else [name for name in columns if not row.text(name)]
        if row is not None and empty and "not established" not in item.reason and events_from_percent(row) is None:
            draft.excluded[i] = replace(item, reason=f"{item.reason}; {' and '.join(empty)} not established")


def _by_arm(
    project: Project, spec: AnalysisSpec, rows: Sequence[Row], draft: Draft
) -> dict[tuple[str, str], list[Row]]:
    grouped: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        treatment = cell_of(project, row, spec.treatment)
        if treatment:
            grouped[row.text("study"), treatment].append(row)
        else:
            arm = f" (arm {row.text('arm')})" if row.text("arm") and spec.treatment != "arm" else ""
            draft.leave_out(row.text("study"), f"no {spec.treatment} is named{arm}", row.number)
    return dict(grouped)


def _timed(spec: AnalysisSpec, study: str, group: list[Row], draft: Draft) -> list[Row]:
    """The rows at the time of the analysis; where none is stated, those of one time only."""
    if spec.time:
        found, problem = at_time(spec, group)
        if not found:
            draft.leave_out(study, problem, group[0].number)
        return found
    times = dict.fromkeys(time_text(row) for row in group)
    if len(times) > 1:
        raise ProjectError(
            f"{CONFIG}, analysis {spec.id!r}: {study} has rows at {', '.join(time or 'no time' for time in times)} for one treatment "
            f"({RESULTS}, rows {', '.join(str(row.number) for row in group)}). State time, with window_days and pick where they differ."
        )
    return group


def _arms(
    spec: AnalysisSpec, study: str, treatment: str, group: Sequence[Row], columns: Sequence[str], draft: Draft
) -> Iterator[ArmRow]:
    """The arm of a study; several rows of one treatment are added up where their treatment is a column of its own (nodes)."""
    if not group:
        return
    read = [(row, cells) for row in group if (cells := _cells(study, row, columns, draft)) is not None]
    if not read:
        return
    if len(read) > 1:
        numbers = ", ".join(str(row.number) for row, _ in read)
        if spec.treatment == "arm" or any(name not in COUNTED for name in columns):
            raise ProjectError(
                f"{CONFIG}, analysis {spec.id!r}: {study} has {len(read)} rows for {treatment!r} ({RESULTS}, rows {numbers}) and only one "
                "can be taken. State time or only, or name the arms apart."
            )
        draft.notes.append(f"{study}: the arms of rows {numbers} are one treatment here ({treatment}) and are added up")
    cells = {
        name: float(sum(values[name] for _, values in read)) if len(read) > 1 else read[0][1][name] for name in columns
    }
    source = "; ".join(dict.fromkeys(row.text("source") for row, _ in read if row.text("source")))
    names = " + ".join(dict.fromkeys(row.text("arm") for row, _ in read))
    yield ArmRow(study, treatment, cells, tuple(row.number for row, _ in read), source, names)


def _cells(study: str, row: Row, columns: Sequence[str], draft: Draft) -> dict[str, float] | None:
    """The numbers of an arm; None (with a line) where one is text or missing. A count may be worked back from a per cent."""
    cells: dict[str, float] = {}
    for name in columns:
        try:
            cells[name] = row.value(name)
        except ValueError as error:
            draft.leave_out(study, f"{error}".rstrip("."), row.number)
            return None
    if math.isnan(cells.get("events", 0.0)) and (found := events_from_percent(row)) is not None:
        cells["events"] = found[0]
        draft.notes.append(f"{study}, {row.text('arm')}: {found[0]:g} events worked back from {row.text('estimate')}%")
    empty = [name for name, value in cells.items() if math.isnan(value)]
    if empty:
        arm = f"arm {row.text('arm')!r}: " if row.text("arm") else ""
        draft.leave_out(
            study, f"{arm}{' and '.join(empty)} not established (the cell is empty), and never guessed", row.number
        )
        return None
    return cells


def _compared(arms: Sequence[ArmRow], draft: Draft) -> list[ArmRow]:
    """Arms of studies that compare two treatments; the others with the reason."""
    of_study: dict[str, list[ArmRow]] = defaultdict(list)
    for arm in arms:
        of_study[arm.study].append(arm)
    kept = []
    for arm in arms:
        if len(of_study[arm.study]) > 1:
            kept.append(arm)
            continue
        reason = f"arm {arm.treatment!r}: no other arm of this study can be used, so no comparison"
        if arm.rows[1:]:
            reason = f"its arms are one treatment here ({arm.treatment}), so no comparison"
        draft.leave_out(arm.study, reason, arm.rows[0])
    return kept


def connection_text(found: NetworkRun) -> str:
    """How the treatments hang together, in a sentence."""
    parts = found.parts.parts
    if found.connected:
        return f"{count_of(len(parts[0].treatments), 'treatment', 'treatments')} in one connected network"
    return f"{len(parts)} parts that no trial joins: treatments of different parts cannot be compared, by any model, and are not"
