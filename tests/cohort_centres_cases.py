"""Simulated centres for the tests of aggregate exports: folders of a cohort, and an attacker who knows the exports only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linprog

WEEKS = (0, 1, 4, 8, 12)
MONTH = 30.4375


def write_centre(
    folder: Path, *, n: int, seed: int, hazard: float = 0.06, log_hr: float = -0.35, effect: float = -1.0
) -> Path:
    """One SIMULATED centre: patients, visits, events and adverse events, with rare levels, missing values, deaths and dropout."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README.md").write_text("Every record here is SIMULATED.\n")
    treated = rng.permutation(np.arange(n) % 2)
    nrs = rng.integers(4, 11, n)
    patients = pd.DataFrame({
        "id": [f"S{seed}-{i:04d}" for i in range(n)], "group": np.where(treated == 1, "observation", "control"), "index_year": 2019,
        "age": rng.normal(64, 10, n).round().astype(int), "sex": rng.choice(["male", "female"], n),
        "ecog": rng.choice(5, n, p=[0.1, 0.4, 0.3, 0.17, 0.03]), "tumour": rng.choice(["breast", "lung", "prostate", "other"],
        n, p=[0.4, 0.4, 0.17, 0.03]),
        "spinal": rng.integers(0, 2, n), "charlson": np.where(rng.random(n) < 0.03, np.nan, rng.integers(6, 12, n)), "nrs_baseline": nrs,
        "omed_baseline_mg": rng.integers(0, 200, n), "rt_dose_gy": 8.0, "rt_fractions": 1,
    })  # fmt: skip
    death = rng.exponential(1 / (hazard * np.exp(log_hr * treated)))
    progress = rng.exponential(1 / (2 * hazard * np.exp(log_hr * treated)))
    censor = rng.uniform(6, 30, n)
    os, pfs = np.minimum(death, censor).round(2), np.minimum(np.minimum(death, progress), censor).round(2)
    onset = rng.integers(3, 90, n).astype(float)
    seen = (onset / MONTH < pfs) & (rng.random(n) < 0.7)
    events = pd.DataFrame({
        "id": patients["id"], "os_months": os, "os_event": (death <= censor).astype(int), "pfs_months": pfs,
        "pfs_event": (np.minimum(death, progress) <= censor).astype(int),
        "pfs_event_type": np.where(np.minimum(death, progress) > censor, 0, np.where(progress < death, 1, 2)),
        "relief_onset_day": np.where(seen, onset, np.nan),
    })  # fmt: skip
    rows = []
    level, lost = rng.normal(0, 1, n), rng.random(n) < 0.1
    for i in range(n):
        for week in WEEKS:
            dead = os[i] * MONTH < 7 * week and events["os_event"][i] == 1
            gone = week and ((lost[i] and week >= 8) or rng.random() < 0.03)
            state = "death" if dead else "dropout" if gone else "assessed"
            fall = 0 if week == 0 else (2.0 - effect * treated[i] + level[i] + rng.normal(0, 1)) * min(1.0, week / 4)
            pain = float(np.clip(round(nrs[i] - fall), 0, 10)) if state == "assessed" else np.nan
            day = 7 * week if state == "assessed" else np.nan
            omed = float(patients["omed_baseline_mg"][i]) if state == "assessed" else np.nan
            rows.append((patients["id"][i], week, day, state, float(nrs[i]) if week == 0 else pain, omed))
    visits = pd.DataFrame(rows, columns=["id", "week", "day", "status", "nrs_worst", "omed_mg"])
    ae = [
        (patients["id"][i], s + 1, name, int(rng.integers(1, 5)), int(rng.integers(1, 80)))
        for i in range(n) for s, (name, p) in enumerate((("nausea", 0.3), ("constipation", 0.4), ("delirium", 0.05))) if rng.random() < p
    ]  # fmt: skip
    tables = {"patients": patients, "visits": visits, "events": events,
              "adverse_events": pd.DataFrame(ae, columns=["id", "ae_seq", "category", "grade", "onset_day"])}  # fmt: skip
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return folder


def counts_in(data: dict[str, Any]) -> list[int]:
    """Every number of patients that stands in an export."""
    found = [one["n"] for one in data["groups"]]
    found += [
        row["n"] for table in ("baseline", "response", "adverse_events") for row in data[table] if row["n"] is not None
    ]
    for row in data["survival"]:
        found += [row["at_risk"], row["at_risk_end"], row["events"]] + (
            [] if row["competing"] is None else [row["competing"]]
        )
    return found


class Attacker:
    """Whoever reads centre.json and knows what its words mean: sums, differences, bounds. Written apart from the exporter.

    truth : name of a cell -> patients, for what the attacker wants to know.  highest(name) : the most that the export allows.
    """

    def __init__(self, data: dict[str, Any], group: str) -> None:
        self.places: dict[str, int] = {}
        self.rows: list[tuple[dict[str, float], float]] = []
        self.below: list[dict[str, float]] = []
        n = next(one["n"] for one in data["groups"] if one["group"] == group)
        mine = {
            name: [row for row in data[name] if row["group"] == group]
            for name in ("baseline", "response", "adverse_events", "survival")
        }
        for variable in {row["variable"] for row in mine["baseline"]}:
            levels = [row for row in mine["baseline"] if row["variable"] == variable]
            cells = {f"base|{variable}|{row['level'] or 'known'}": row["n"] for row in levels}
            if levels[0]["level"] == "":
                cells[f"base|{variable}|missing"] = None
            self._sum(n, cells)
        for week in {row["week"] for row in mine["response"]}:
            self._sum(
                n, {f"response|{week}|{row['class']}": row["n"] for row in mine["response"] if row["week"] == week}
            )
        for category in {row["category"] for row in mine["adverse_events"]}:
            shown = {row["grades"]: row["n"] for row in mine["adverse_events"] if row["category"] == category}
            self._sum(n, {f"ae|{category}|any_grade": shown["any_grade"], f"ae|{category}|none": None})
            self._equal(
                {f"ae|{category}|any_grade": 1, f"ae|{category}|grade_3_or_more": -1, f"ae|{category}|grade_1_2": -1}, 0
            )
            self._known(f"ae|{category}|grade_3_or_more", shown["grade_3_or_more"])
            for grades in shown:
                self.below.append({self._at(f"ae|{category}|{grades}"): 1.0, self._at(f"ae|any|{grades}"): -1.0})
        self._survival(n, mine["survival"])
        deaths = [row for row in mine["survival"] if row["endpoint"] == "os"]
        for week in {row["week"] for row in mine["response"]} & {row["end_week"] for row in deaths}:
            died = {
                f"os|events|{row['start_week']}-{row['end_week']}": -1.0 for row in deaths if row["end_week"] <= week
            }
            self._equal({f"response|{week}|not_evaluable": 1.0, f"alive_unseen|{week}": -1.0, **died}, 0)

    def _survival(self, n: int, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            e, a, b = row["endpoint"], row["start_week"], row["end_week"]
            self._known(f"{e}|risk|{a}", row["at_risk"])
            self._known(f"{e}|risk|{b}", row["at_risk_end"])
            parts = {f"{e}|risk|{a}": 1, f"{e}|risk|{b}": -1, f"{e}|events|{a}-{b}": -1, f"{e}|censored|{a}-{b}": -1}
            self._known(f"{e}|events|{a}-{b}", row["events"])
            if row["competing"] is not None:
                parts[f"{e}|competing|{a}-{b}"] = -1
                self._known(f"{e}|competing|{a}-{b}", row["competing"])
            self._equal(parts, 0)
        both = {row["end_week"] for row in rows if row["endpoint"] == "os"} & {
            row["end_week"] for row in rows if row["endpoint"] == "pfs"
        }
        for week in both:
            self._equal({f"os|risk|{week}": 1, f"pfs|risk|{week}": -1, f"after_progression|{week}": -1}, 0)

    def _at(self, name: str) -> str:
        self.places.setdefault(name, len(self.places))
        return name

    def _known(self, name: str, value: int | None) -> None:
        if value is not None:
            self._equal({name: 1}, value)

    def _equal(self, line: dict[str, float], value: float) -> None:
        self.rows.append(({self._at(name): weight for name, weight in line.items()}, value))

    def _sum(self, total: int, cells: dict[str, int | None]) -> None:
        self._equal(dict.fromkeys(cells, 1), total)
        for name, value in cells.items():
            self._known(name, value)

    def highest(self, name: str) -> float:
        """The most patients that the cell may hold."""
        size = len(self.places)
        equal = np.zeros((len(self.rows), size))
        for i, (line, _) in enumerate(self.rows):
            for cell, weight in line.items():
                equal[i, self.places[cell]] = weight
        under = np.zeros((len(self.below), size))
        for i, line in enumerate(self.below):
            for cell, weight in line.items():
                under[i, self.places[cell]] += weight
        aim = np.zeros(size)
        aim[self.places[name]] = -1
        found = linprog(aim, A_eq=equal, b_eq=[v for _, v in self.rows], A_ub=under if len(under) else None,
                        b_ub=np.zeros(len(under)) if len(under) else None, bounds=(0, None), method="highs")  # fmt: skip
        assert found.status in (0, 3), found.message
        return np.inf if found.status == 3 else -float(found.fun)


def load(folder: Path) -> dict[str, Any]:
    """centre.json of a folder."""
    return json.loads((folder / "centre.json").read_text())
