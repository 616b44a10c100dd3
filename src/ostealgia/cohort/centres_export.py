"""What a centre may send to others: estimates with covariances, coarse counts, and nothing of a single patient."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ostealgia.cohort import centres_estimates as est
from ostealgia.cohort import centres_grid as grid
from ostealgia.cohort import centres_tables as tab
from ostealgia.cohort.centres_cells import Cells, protect
from ostealgia.cohort.centres_tables import key
from ostealgia.cohort.derivations import response_by_week, retreatment_source, time_to_relief
from ostealgia.cohort.derivations_events import survival_frame
from ostealgia.cohort.quality_order import DAYS_PER_MONTH
from ostealgia.cohort.reading import Cohort
from ostealgia.display import count_of
from ostealgia.errors import OptionError, OstealgiaError, TableError
from ostealgia.io.writers import csv_text, json_text, write_all
from ostealgia.tables.result import Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "ostealgia.centre/1"
FILE = "centre.json"
TABLES = ("baseline", "response", "adverse_events", "survival")
FIRST_NAMES = ("control", "standard", "usual", "placebo", "reference")  # of a reference group, where none is named


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class CentreExport(Result):
    """What was written for one centre. data : as in centre.json.  folder : where."""

    folder: Path
    data: Mapping[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """One row a term: id, measure, term, estimate, std_error, method."""
        import pandas as pd

        columns = ["id", "measure", "term", "estimate", "std_error", "method"]
        return pd.DataFrame(_estimate_rows(self.data), columns=columns)

    def __str__(self) -> str:
        sizes = ", ".join(f"{one['group']} {one['n']}" for one in self.data["groups"])
        hidden = sum(one["n"] is None for name in TABLES[:3] for one in self.data[name] if "n" in one)
        tail = ", SIMULATED data" if self.data["simulated"] else ""
        lines = [
            f"CentreExport: {self.data['centre']}, {sizes}{tail}",
            f"  {count_of(len(self.data['estimates']), 'estimate', 'estimates')}, "
            f"{count_of(len(self.data['survival']), 'interval', 'intervals')} of the survival tables, "
            f"{count_of(hidden, 'count', 'counts')} withheld",
        ]
        return "\n".join(lines + tail_lines(self))


def export_centre(
    source: Any,
    folder: str | Path,
    *,
    centre: str,
    reference: str | None = None,
    treated: str | None = None,
    small_cell: int = 5,
    grid_weeks: int = 4,
    rmst_weeks: float = 52.0,
    covariates: Sequence[str] = ("nrs_baseline",),
    variables: Sequence[str] | None = None,
) -> CentreExport:
    """Write what this centre may share with others that analyse the same question: aggregates only.

    source : a Cohort or a CohortAnalysis (whose settings are used).  folder : for centre.json and one CSV a table.  centre : its name
    in the pooled report.  reference, treated : groups; found by name where there are two.  small_cell : counts below it are withheld, and
    with them
    as many others as are needed so that no sum, difference or bound gives them back; 3 or more.  grid_weeks : width of the intervals of the
    survival tables, 4 or more; intervals are joined until events reach small_cell.  rmst_weeks : horizon of the restricted means.
    covariates : of the adjusted models.  variables : of the baseline table; default those of the data dictionary.

    No identifier, no date, no exact time, no total number of events leaves. Not for two exports that differ by a few patients: their
    difference would tell of these, and it is refused in the same folder.
    Returns CentreExport. Raises OptionError, TableError, OstealgiaError.
    Source: two-stage pooling, Burke, Ensor & Riley 2017, doi:10.1002/sim.7141; suppression, Fischetti & Salazar 2001,
    doi:10.1287/mnsc.47.7.1008.9805.

    >>> import tempfile, ostealgia as oa
    >>> cohort = oa.cohort.read(oa.cohort.example())
    >>> sent = oa.cohort.export_centre(cohort, tempfile.mkdtemp(), centre="A")
    >>> min(row["events"] for row in sent.data["survival"]) >= 5
    True
    """
    cohort, settings = (source, None) if isinstance(source, Cohort) else (source.cohort, source.settings)
    _check(small_cell, grid_weeks, rmst_weeks, centre)
    groups = tab.groups_in(cohort, getattr(settings, "group", "group"))
    pair = _pair(
        groups, reference or getattr(settings, "reference", None), treated or getattr(settings, "treated", None)
    )
    for name in pair:
        if int((groups == name).sum()) < small_cell:
            raise TableError(
                f"group {name!r} has fewer than {small_cell} patients",
                file="patients",
                action="Nothing may be exported",
            )
    notes: list[str] = []
    response = _response(cohort, settings, notes)
    endpoints = _endpoints(cohort, notes)
    parts, shown_response = _tables(cohort, groups, pair, response, endpoints, variables, small_cell, grid_weeks, notes)
    patients = _with_baseline(cohort)
    used = tuple(name for name in covariates if name in patients.columns)
    ask = est.Question(patients, groups, pair, used, small_cell, float(rmst_weeks))
    windows = getattr(settings, "windows", None)
    estimates = _estimates(ask, cohort, response, shown_response, endpoints, windows, notes)
    data = {
        "schema": SCHEMA, "centre": centre, "simulated": cohort.simulated,
        "groups": [{"group": name, "role": role, "n": int((groups == name).sum())} for name, role in zip(pair, ("reference",
        "treated"), strict=True)],
        "privacy": {"small_cell": small_cell, "grid_weeks": grid_weeks},
        "settings": _settings(settings, rmst_weeks, used), "plan_sha256": cohort.plan.frozen_sha256,
        "estimates": estimates, **parts, "notes": notes,
    }  # fmt: skip
    target = Path(folder)
    _refuse_difference(target, data, small_cell)
    _write(target, data)
    return CentreExport(folder=target, data=data, notes=tuple(notes))


def _with_baseline(cohort: Cohort) -> Any:
    """The patients, with pain at baseline from the visits of week 0 where the table has none."""
    frame = cohort.patients
    if "nrs_baseline" in frame.columns or "nrs_worst" not in cohort.visits.columns:
        return frame
    start = cohort.visits[(cohort.visits["week"] == 0).to_numpy()].sort_values(
        "nrs_worst", ascending=False, kind="stable"
    )
    return frame.assign(
        nrs_baseline=start.drop_duplicates("id").set_index("id")["nrs_worst"].reindex(frame["id"]).to_numpy(dtype=float)
    )


def _check(small: int, weeks: int, horizon: float, centre: str) -> None:
    if small < 3:
        raise OptionError(f"small_cell={small!r} protects nobody. Give 3 or more; 5 is usual.")
    if weeks < 4 or int(weeks) != weeks:
        raise OptionError(
            f"grid_weeks={weeks!r} is too fine: curves in steps below 4 weeks are patient data. Give whole weeks, 4 or more."
        )
    if not horizon > 0:
        raise OptionError(f"rmst_weeks={horizon!r} should lie above 0.")
    if not centre.strip():
        raise OptionError("centre is empty. Give the name that the pooled report should show.")


def _pair(groups: Any, reference: str | None, treated: str | None) -> tuple[str, str]:
    names = sorted(set(groups))
    for option, name in (("reference", reference), ("treated", treated)):
        if name is not None and name not in names:
            raise OptionError(f"{option}={name!r} is no group of the cohort. Groups: {', '.join(names)}.")
    if reference is None and treated is None:
        if len(names) != 2:
            raise OptionError(
                f"the cohort has {count_of(len(names), 'group', 'groups')}: say which with reference= and treated=."
            )
        reference = next((name for name in names if name.lower().startswith(FIRST_NAMES)), names[0])
    others = [name for name in names if name not in (reference, treated)]
    if (reference is None or treated is None) and len(others) != 1:
        raise OptionError("say both groups with reference= and treated=.")
    pair = (others[0] if reference is None else reference, others[0] if treated is None else treated)
    if pair[0] == pair[1]:
        raise OptionError("reference and treated are the same group.")
    return pair


def _response(cohort: Cohort, settings: Any, notes: list[str]) -> dict[int, Any]:
    options: dict[str, Any] = {}
    if settings is not None:
        names = ("weeks", "windows", "definition", "retreatment", "opioid_table")
        options = {name: value for name in names if (value := getattr(settings, name)) is not None} | dict(
            settings.rules
        )
    if not retreatment_source(cohort):
        notes.append(
            "whether the index site was treated again is not recorded here: a response after that counts as one"
        )
    try:
        return tab.response_classes(response_by_week(cohort, **options))
    except OstealgiaError as error:
        notes.append(f"no response by week: {str(error).rstrip('.')}")
        return {}


def _endpoints(cohort: Cohort, notes: list[str]) -> dict[str, grid.Endpoint]:
    made: dict[str, grid.Endpoint] = {}
    if "events" not in cohort:
        notes.append("no survival: the cohort has no table of events")
        return made
    for name in ("os", "pfs"):
        try:
            frame = survival_frame(cohort, name)
        except OstealgiaError as error:
            notes.append(f"no {name.upper()}: {str(error).rstrip('.')}")
            continue
        weeks = frame["time_months"].to_numpy(dtype=float) * DAYS_PER_MONTH / grid.DAYS_PER_WEEK
        state = (frame["event"].astype(float).to_numpy() == 1).astype(float)
        made[name] = grid.Endpoint(name, weeks, state)
    try:
        frame = time_to_relief(cohort)
        made["relief"] = grid.Endpoint(
            "relief", frame["time_days"].to_numpy(dtype=float) / 7.0, frame["event"].to_numpy(dtype=float)
        )
    except OstealgiaError as error:
        notes.append(f"no time to relief: {str(error).rstrip('.')}")
    return made


def _tables(
    cohort: Cohort, groups: Any, pair: tuple[str, str], response: Mapping[int, Any], endpoints: Mapping[str, grid.Endpoint],
    variables: Sequence[str] | None, small: int, step: int, notes: list[str],
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, set[int]]]:  # fmt: skip
    """The four tables, each group by itself, and group -> weeks whose responders are shown."""
    chosen, said = tab.variables_of(cohort, variables, small)
    notes += said
    grades = tab.toxicity(cohort)
    out: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    shown_response: dict[str, set[int]] = {}
    dead_by = _dead_by(endpoints, response)
    for group in pair:
        here = groups == group
        cells, root = Cells({"n": int(here.sum())}), "n"
        wanted = tab.add_baseline(cells, root, chosen, here)
        wanted += tab.add_response(cells, root, response, here)
        wanted += tab.add_toxicity(cells, root, grades, here)
        shown = protect(cells, wanted, [root], small)
        times = {name: grid.add_endpoint(cells, root, one, here, step) for name, one in endpoints.items()}
        if "os" in endpoints and "pfs" in endpoints:
            grid.link_progression(cells, endpoints["os"], endpoints["pfs"], times, here)
        if "os" in endpoints:
            local = {week: kinds[here] for week, kinds in response.items()}
            grid.link_response(cells, times["os"], local, local, {week: dead[here] for week, dead in dead_by.items()})
        facts = {(name,): cells.values[name] for name in shown}
        bounds = grid.settle(cells, endpoints, times, facts, small)
        told = {name: cells.values[name] for name in shown}
        out["baseline"] += _baseline(group, chosen, told, cells, here)
        out["response"] += [
            {"week": week, "group": group, "class": name, "n": told.get(key("response", week, name))}
            for week in response
            for name in tab.RESPONSE
        ]
        out["adverse_events"] += [
            {"category": name, "group": group, "grades": level, "n": told.get(key("ae", name, level))}
            for name in grades for level in ("any_grade", "grade_3_or_more")
        ]  # fmt: skip
        for name, ends in bounds.items():
            out["survival"] += _survival(group, endpoints[name], times[name], ends, cells)
            if not ends:
                notes.append(f"{name} of group {group} is withheld: no interval has enough patients")
        shown_response[group] = {week for week in response if key("response", week, "response") in shown}
    return out, shown_response


def _dead_by(endpoints: Mapping[str, grid.Endpoint], response: Mapping[int, Any]) -> dict[int, Any]:
    if "os" not in endpoints:
        return {}
    os = endpoints["os"]
    return {week: (os.state == 1) & (os.weeks <= week) for week in response}


def _baseline(
    group: str, variables: Mapping[str, Any], told: Mapping[str, int], cells: Cells, here: Any
) -> list[dict[str, Any]]:
    rows = []
    means = tab.mean_rows(variables, here)
    total = int(here.sum())
    for name, values in variables.items():
        if tab.is_mean(values):
            mean, sd = means.get(name, (None, None))
            rows.append(
                {
                    "variable": name,
                    "level": "",
                    "group": group,
                    "n": told.get(key("base", name, "known")),
                    "percent": None,
                    "mean": mean,
                    "sd": sd,
                }
            )
            continue
        own = [cell.split(tab.SEP)[2] for cell in cells.values if cell.startswith(key("base", name, ""))]
        for level in own:
            n = told.get(key("base", name, level))
            percent = None if n is None else round(100 * n / total, 1)
            rows.append(
                {"variable": name, "level": level, "group": group, "n": n, "percent": percent, "mean": None, "sd": None}
            )
    return rows


def _survival(
    group: str, endpoint: grid.Endpoint, times: list[int], bounds: list[int], cells: Cells
) -> list[dict[str, Any]]:
    rows = []
    for start, end in itertools.pairwise(bounds):

        def total(cause: str, start: int = start, end: int = end) -> int:
            return sum(cells.values.get(key(endpoint.name, cause, at), 0) for at in times[:-1] if start <= at < end)

        rows.append({
            "endpoint": endpoint.name, "group": group, "start_week": start, "end_week": end,
            "at_risk": cells.values[key(endpoint.name, "at_risk", start)], "at_risk_end": cells.values[key(endpoint.name, "at_risk", end)],
            "events": total("events"), "competing": total("competing") if endpoint.competing else None,
        })  # fmt: skip
    return rows


def _estimates(
    ask: est.Question, cohort: Cohort, response: Mapping[int, Any], shown: Mapping[str, set[int]], endpoints: Mapping[str, grid.Endpoint],
    windows: Any, notes: list[str],
) -> list[dict[str, Any]]:  # fmt: skip
    reason = est.too_small(ask)
    if reason:
        notes.append(reason)
        return []
    found = [
        est.response_rows(ask, response, shown),
        est.pain_rows(ask, cohort, windows),
        est.survival_rows_of(ask, endpoints),
    ]
    for one in found:
        notes += one.notes
    return [row for one in found for row in one.rows]


def _settings(settings: Any, rmst_weeks: float, covariates: Sequence[str]) -> dict[str, Any]:
    return {
        "definition": getattr(settings, "definition", "consensus_2012"), "retreatment": getattr(settings, "retreatment", "non_response"),
        "opioid_table": getattr(settings, "opioid_table", None), "rules": dict(getattr(settings, "rules", {})),
        "rmst_weeks": rmst_weeks, "covariates": list(covariates),
    }  # fmt: skip


def _refuse_difference(folder: Path, data: Mapping[str, Any], small: int) -> None:
    """A second export of nearly the same patients would tell of those that were added."""
    import json

    path = folder / FILE
    if not path.is_file():
        return
    try:
        before = {one["group"]: one["n"] for one in json.loads(path.read_text(encoding="utf-8"))["groups"]}
    except (ValueError, KeyError, TypeError):
        raise OstealgiaError(
            f"{path}: there is a file of that name, and it is no export of a centre. Give another folder."
        ) from None
    for one in data["groups"]:
        change = abs(one["n"] - before.get(one["group"], one["n"]))
        if 0 < change < small:
            raise OstealgiaError(
                f"{path}: an earlier export differs from this one by fewer than {small} patients of a group; the difference of the two "
                "would tell of them. Wait for more patients, or delete the earlier one if it was never sent."
            )


def _write(folder: Path, data: Mapping[str, Any]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OstealgiaError(f"{folder}: cannot be made: {error.strerror or error}.") from None
    files: dict[str | Path, bytes] = {folder / FILE: json_text(data).encode()}
    files[folder / "estimates.csv"] = csv_text(_estimate_rows(data)).encode()
    for name in TABLES:
        files[folder / f"{name}.csv"] = csv_text(data[name]).encode()
    write_all(files)


def _estimate_rows(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row a term, with its row of the covariance matrix."""
    rows = []
    for one in data["estimates"]:
        for i, term in enumerate(one["terms"]):
            spread = float(np.sqrt(one["covariance"][i][i]))
            rows.append({
                "id": one["id"], "measure": one["measure"], "term": term, "estimate": one["estimate"][i], "std_error": spread,
                "covariance": " ".join(f"{v:g}" for v in one["covariance"][i]), "method": one["method"],
                "adjusted_for": ", ".join(one["adjusted_for"]),
            })  # fmt: skip
    return rows
