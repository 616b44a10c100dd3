"""Ten million rows of visits: is a large registry read and checked in the memory and time that were promised?

    python bench/cohort_visits.py FOLDER [--patients 2000000]

Writes patients.csv, visits.csv (five visits a patient) and events.csv of SIMULATED patients, with planted faults, reads them and prints
seconds, peak memory and findings. No row describes a real patient. Goal: below 8 GiB and 10 minutes.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path

import numpy as np
import pandas as pd

WEEKS = np.array([0, 1, 4, 8, 12])
BLOCK = 200_000


def write(folder: Path, patients: int) -> dict[str, int]:
    """The files, in blocks of patients; returns the faults that were planted."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(20_260_430)
    planted = {"impossible_value": 0, "days_out_of_order": 0, "visit_after_death": 0}
    for start in range(0, patients, BLOCK):
        n = min(BLOCK, patients - start)
        ids = np.char.add("P", np.char.zfill(np.arange(start, start + n).astype(str), 8))
        os_days = np.round(rng.exponential(400, n) + 90)
        died = rng.random(n) < 0.6
        base = rng.integers(4, 11, n)
        day = 7 * WEEKS + np.where(WEEKS > 0, rng.integers(-1, 2, (n, 5)), 0)
        nrs = np.clip(base[:, None] - rng.integers(0, 6, (n, 5)) * (WEEKS > 0), 0, 10)
        missing = (rng.random((n, 5)) < 0.12) & (WEEKS > 0)
        nrs[0, 0], day[1, 2], missing[1, :4] = 11, 2, False
        os_days[2], died[2], missing[2] = 20, True, False
        for name in planted:
            planted[name] += 1
        visits = pd.DataFrame(
            {
                "id": np.repeat(ids, 5),
                "week": np.tile(WEEKS, n),
                "day": np.where(missing, np.nan, day).ravel(),
                "status": np.where(missing, "missed_visit", "assessed").ravel(),
                "nrs_worst": np.where(missing, np.nan, nrs).ravel(),
                "omed_mg": np.where(missing, np.nan, 5 * rng.integers(0, 40, (n, 5))).ravel(),
            }
        )
        first = {"index": False, "mode": "w" if start == 0 else "a", "header": start == 0}
        visits.to_csv(folder / "visits.csv", **first)
        group = np.where(rng.random(n) < 0.5, "control", "observation")
        pd.DataFrame({"id": ids, "group": group, "age": rng.integers(30, 90, n)}).to_csv(
            folder / "patients.csv", **first
        )
        months = np.round(os_days / 30.4375, 2)
        pd.DataFrame({"id": ids, "os_months": months, "os_event": died.astype(int)}).to_csv(
            folder / "events.csv", **first
        )
    return planted


def main() -> None:
    """Write, read, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--patients", type=int, default=2_000_000)
    given = parser.parse_args()
    begun = time.perf_counter()
    planted = write(given.folder, given.patients)
    print(f"written in {time.perf_counter() - begun:.0f} s, planted {planted}")
    from ostealgia.cohort import read, response_by_week

    begun = time.perf_counter()
    cohort = read(given.folder)
    seconds = time.perf_counter() - begun
    found = {one.rule: one.count for one in cohort.quality.findings}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{len(cohort.visits):,} visits read and checked in {seconds:.0f} s, peak {peak:.1f} GiB; found {found}")
    begun = time.perf_counter()
    response_by_week(cohort, weeks=[12])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"response at week 12 in {time.perf_counter() - begun:.0f} s, peak {peak:.1f} GiB")


if __name__ == "__main__":
    main()
