"""Several centres that may not share patients: their exports pooled in two stages, with what the exports cannot tell."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ostealgia.cohort.centres_export import FILE, SCHEMA
from ostealgia.display import count_of
from ostealgia.errors import OstealgiaError, ProjectError, TableError
from ostealgia.io.writers import csv_text, json_text, write_all
from ostealgia.project.centres_curves import pooled_curves
from ostealgia.project.centres_effects import pooled_estimates, pooled_events, summed_counts
from ostealgia.tables.result import Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd

# what must be the same question in all centres; the others are told where they differ
SAME = ("definition", "retreatment", "rules", "rmst_weeks", "covariates")
PARTS = ("estimates", "survival", "baseline", "response", "adverse_events")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class CentresResult(Result):
    """Centres pooled in two stages.

    centres : frame centre, group, role, n.  estimates : frame id, measure, term, model, k, estimate, std_error, df, p_value, ci_low,
    ci_high,
    pi_low, pi_high, tau2, i2_q, scale (the ratio where the measure is one; std_error of its logarithm).  studies : the centres' own
    estimates.  survival : frame endpoint, group, week, estimate, ci_low, ci_high, low, high (where in their interval events may lie).
    baseline, response, adverse_events : frames of sums over the centres that show the count.
    """

    centres: pd.DataFrame
    estimates: pd.DataFrame
    studies: pd.DataFrame
    survival: pd.DataFrame
    baseline: pd.DataFrame
    response: pd.DataFrame
    adverse_events: pd.DataFrame
    simulated: bool

    def to_frame(self) -> pd.DataFrame:
        """The pooled estimates."""
        return self.estimates.copy()

    def to_json(self) -> dict[str, Any]:
        """All tables as records."""
        names = ("centres", "estimates", "studies", "survival", "baseline", "response", "adverse_events")
        tables = {name: getattr(self, name).to_dict("records") for name in names}
        return {"schema": "ostealgia.centres/1", "simulated": self.simulated, **tables, "notes": list(self.notes)}

    def __str__(self) -> str:
        k, n = len(set(self.centres["centre"])), sum(self.centres["n"].tolist())
        tail = ", SIMULATED data" if self.simulated else ""
        lines = [f"CentresResult: {count_of(k, 'centre', 'centres')}, {n:,} patients{tail}"]
        main: Any = self.estimates[
            (self.estimates["model"] != "single centre").to_numpy()
            & ~self.estimates["id"].str.endswith("-adjusted").to_numpy()
        ]
        lines += [_line(one) for one in main.to_dict("records")]
        return "\n".join(lines + tail_lines(self))


def _line(one: Mapping[str, Any]) -> str:
    prediction = "" if np.isnan(one["pi_low"]) else f"   prediction [{one['pi_low']:.2f} to {one['pi_high']:.2f}]"
    name = f"{one['id']} {one['term']}" if one["id"] == "pain-difference" else one["id"]
    return (
        f"  {name}: {one['scale']} {one['estimate']:.2f} [{one['ci_low']:.2f} to {one['ci_high']:.2f}]{prediction}"
        f"   k {one['k']}, I2 {one['i2_q']:.0f}%, {one['model']}"
    )


def pool_centres(folders: Sequence[str | Path], *, out: str | Path | None = None) -> CentresResult:
    """Pool what centres have exported (``oa.cohort.export_centre``), without their patients.

    folders : one a centre, with centre.json.  out : folder for report.html, centres.json and the tables as CSV.
    Estimates of one number: random effects, REML, Hartung-Knapp with t on k - 1 df (the interval by z where that is wider), prediction
    interval from three centres on. Estimates
    with a joint covariance (pain by week): multivariate random effects, one variance and correlation over the weeks, t on k - 1 df;
    each week
    alone stands beside it. Adverse events and response: counts of the centres that show them. Survival: discrete hazards on the grid,
    pooled over the centres at risk; ``low`` and ``high`` are the curves if all events of an interval lay at its start or its end.
    Not for centres that asked different questions: another definition, horizon or set of covariates is refused.
    Returns CentresResult. Raises ProjectError, TableError.
    Source: Burke, Ensor & Riley 2017, doi:10.1002/sim.7141; Jackson, Riley & White 2011, doi:10.1002/sim.4172; IntHout, Ioannidis &
    Borm 2014, doi:10.1186/1471-2288-14-25.

    >>> pool_centres([])
    Traceback (most recent call last):
    ...
    ostealgia.errors.ProjectError: there is no centre to pool. Give the folders of two or more exports.
    """
    sent = [_read(Path(folder)) for folder in folders]
    _comparable(sent)
    notes = _differences(sent)
    estimates, studies, said = pooled_estimates(sent)
    notes += said
    survival, said = pooled_curves(sent)
    notes += said
    events, said = pooled_events(sent)
    notes += said
    result = CentresResult(
        centres=_frame([{"centre": one["centre"], **group} for one in sent for group in one["groups"]]),
        estimates=estimates, studies=studies, survival=survival, baseline=summed_counts(sent, "baseline", ("variable", "level")),
        response=summed_counts(sent, "response", ("week", "class")), adverse_events=events,
        simulated=all(one["simulated"] for one in sent), notes=tuple(notes),
    )  # fmt: skip
    if out is not None:
        _write(result, Path(out))
    return result


def _frame(rows: Sequence[Mapping[str, Any]]) -> Any:
    import pandas as pd

    return pd.DataFrame(list(rows))


def _read(folder: Path) -> dict[str, Any]:
    path = folder / FILE if folder.is_dir() else folder
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TableError(
            "there is no export of a centre", file=str(path), expected=f"{FILE}, as export_centre writes it"
        ) from None
    except (OSError, ValueError):
        raise TableError(
            "the export of a centre cannot be read", file=str(path), expected="JSON as export_centre writes it"
        ) from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        found = data.get("schema") if isinstance(data, dict) else None
        raise TableError(
            "not an export of this version",
            file=str(path),
            found=repr(found),
            expected=SCHEMA,
            action="Export again with this version",
        )
    missing = [key for key in ("centre", "groups", "settings", *PARTS) if key not in data]
    if missing:
        raise TableError(f"the export has no {missing[0]!r}", file=str(path), action="Export again")
    return data


def _comparable(sent: Sequence[Mapping[str, Any]]) -> None:
    if not sent:
        raise ProjectError("there is no centre to pool. Give the folders of two or more exports.")
    if len(sent) == 1:
        raise ProjectError("one centre cannot be pooled. Give the folders of two or more exports.")
    names = [one["centre"] for one in sent]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ProjectError(f"centre {twice[0]!r} is there twice. Give each export once, and each centre its own name.")
    simulated = {bool(one["simulated"]) for one in sent}
    if len(simulated) > 1:
        raise ProjectError("simulated and real centres are never pooled together. Leave out one kind.")
    groups = {tuple((g["role"], g["group"]) for g in one["groups"]) for one in sent}
    if len(groups) > 1:
        raise ProjectError(
            "the groups of the centres have different names or roles. Export again with the same reference and treated group."
        )
    for key in SAME:
        values = {json.dumps(one["settings"].get(key)) for one in sent}
        if len(values) > 1:
            raise ProjectError(
                f"the centres differ in {key}: {', '.join(sorted(values))}. That is another question; export again with one choice."
            )


def _differences(sent: Sequence[Mapping[str, Any]]) -> list[str]:
    notes = []
    if all(one["simulated"] for one in sent):
        notes.append("every record behind these numbers is SIMULATED")
    tables = {str(one["settings"].get("opioid_table")) for one in sent}
    if len(tables) > 1:
        notes.append(f"the centres converted opioids by different tables: {', '.join(sorted(tables))}")
    blind = [
        str(one["centre"]) for one in sent if any("treated again is not recorded" in str(note) for note in one["notes"])
    ]
    if blind:
        notes.append(f"{', '.join(blind)}: re-irradiation is not recorded there, and a response after it counts as one")
    plans = {one.get("plan_sha256") for one in sent}
    if plans == {None}:
        notes.append("no centre froze a plan before it read its outcomes")
    elif len(plans) > 1:
        notes.append("the centres did not freeze one and the same plan")
    small = {one["privacy"]["small_cell"] for one in sent}
    notes.append(
        f"counts below {' or '.join(map(str, sorted(small)))} are withheld by the centres, and others with them so "
        f"that they cannot be worked out"
    )
    return notes


def _write(result: CentresResult, out: Path) -> None:
    from ostealgia.project.centres_report import report_of
    from ostealgia.report.page import render_report

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OstealgiaError(f"{out}: cannot be made: {error.strerror or error}.") from None
    files: dict[str | Path, bytes] = {out / "centres.json": json_text(result.to_json()).encode()}
    files[out / "report.html"] = render_report(report_of(result)).encode()
    for name in ("estimates", "studies", "survival", "baseline", "response", "adverse_events"):
        files[out / f"{name}.csv"] = csv_text(getattr(result, name)).encode()
    write_all(files)
