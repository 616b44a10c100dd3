"""The data-quality report of a cohort: impossible values, dates out of order, visits after death, duplicates, missingness."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ostealgia.cohort.quality_columns import Dictionary, column_findings
from ostealgia.cohort.quality_findings import SEVERITIES, Finding, QualityReport, finding
from ostealgia.cohort.quality_order import order_findings
from ostealgia.cohort.reading_frames import Loaded
from ostealgia.cohort.reading_schema import key_of

MANY_PATTERNS = 64


def quality_report(
    tables: Mapping[str, Loaded], dictionary: Dictionary | None = None, *, show_values: bool = False
) -> QualityReport:
    """What is wrong with these tables.

    tables : name -> table as read.  dictionary : (table, column) -> entry.  show_values : tell values and identifiers; only for the screen
    of whoever may see the patients.

    >>> import ostealgia as oa
    >>> report = oa.cohort.read(oa.cohort.example()).quality
    >>> [one.rule for one in report.grave]
    ['event_after_death', 'after_follow_up', 'reirradiation_flag']
    """
    stated = dictionary or {}
    found: list[Finding] = []
    for loaded in tables.values():
        found += column_findings(loaded, stated, show=show_values)
        found += duplicate_findings(loaded, show=show_values)
    found += link_findings(tables, show=show_values)
    found += order_findings(tables, show=show_values)
    found.sort(key=lambda one: SEVERITIES.index(one.severity))
    return QualityReport(
        findings=tuple(found), rows={name: len(one.frame) for name, one in tables.items()}, missingness=missingness(tables),
        patterns=visit_patterns(tables["visits"]) if "visits" in tables else _no_patterns(),
        notes=() if dictionary else ("there is no data dictionary: codes and ranges were checked against the built-in limits only",),
    )  # fmt: skip


def codes_of_ids(cells: Any, patients: Any) -> Any:
    """Position of each id in the index of patients, -1 where it is not among them. Fast for categories."""
    import pandas as pd

    if isinstance(cells.dtype, pd.CategoricalDtype):
        places = np.append(patients.get_indexer(cells.cat.categories), -1)
        return places[cells.cat.codes.to_numpy()]
    return patients.get_indexer(cells)


def patient_index(tables: Mapping[str, Loaded]) -> Any:
    """The patients, each once, in the order of the file."""
    import pandas as pd

    return pd.Index(tables["patients"].frame["id"].dropna().astype(object).unique())


def duplicate_findings(loaded: Loaded, *, show: bool) -> Iterator[Finding]:
    """Rows with the same key, and patients that agree in everything but the identifier."""
    frame = loaded.frame
    keys = key_of(loaded.name, frame.columns)
    if keys:
        where = np.flatnonzero(frame.duplicated(keys, keep="first").to_numpy())
        if len(where):
            rule = "duplicate_patient" if keys == ["id"] else "duplicate_row"
            message = f"the same {' and '.join(keys)} stand in an earlier row; the first one is used"
            yield finding(rule, "inconsistent", loaded.file, keys[0], message, where, frame=frame, show=show)
    if loaded.name == "visits" and "day" in keys:
        where = np.flatnonzero(
            (
                frame.duplicated([name for name in keys if name != "day"], keep="first")
                & ~frame.duplicated(keys, keep="first")
            ).to_numpy()
        )
        if len(where):
            message = "a second visit of the patient at this week, on another day; the one nearest to the week is used"
            yield finding("two_visits_a_week", "suspect", loaded.file, "week", message, where, frame=frame, show=show)
    others = [name for name in frame.columns if name != "id"]
    if loaded.name == "patients" and len(others) >= 8:
        where = np.flatnonzero(
            (frame.duplicated(others, keep="first") & ~frame.duplicated("id", keep="first")).to_numpy()
        )
        if len(where):
            message = "agrees with an earlier patient in every column but the identifier"
            yield finding("twin_patient", "suspect", loaded.file, "id", message, where, frame=frame, show=show)


_ABSENT = {"visits": "no_visit", "events": "no_follow_up", "screening": "no_screening"}


def link_findings(tables: Mapping[str, Loaded], *, show: bool) -> Iterator[Finding]:
    """Rows of nobody, and patients without a row where one is due."""
    patients = patient_index(tables)
    for name, loaded in tables.items():
        if name == "patients":
            continue
        places = codes_of_ids(loaded.frame["id"], patients)
        known = loaded.frame["id"].notna().to_numpy()
        strangers = np.flatnonzero((places < 0) & known)
        if name != "screening" and len(strangers):
            message = "the identifier is not among the patients; the row is not used"
            yield finding(
                "unknown_patient", "inconsistent", loaded.file, "id", message, strangers, frame=loaded.frame, show=show
            )
        if name in ("visits", "events", "screening"):
            absent = np.flatnonzero(~np.isin(np.arange(len(patients)), places))
            if len(absent):
                severity = "inconsistent" if name == "screening" else "information"
                message = f"the patient has no row in {loaded.file}"
                yield finding(
                    _ABSENT[name], severity, tables["patients"].file, "id",
                    message, _first_rows(tables["patients"].frame, patients, absent), frame=tables["patients"].frame, show=show,
                )  # fmt: skip


def _first_rows(frame: Any, patients: Any, absent: Any) -> Any:
    first = np.flatnonzero((frame["id"].notna() & ~frame.duplicated("id", keep="first")).to_numpy())
    return first[absent]


def missingness(tables: Mapping[str, Loaded]) -> Any:
    """How much is missing: file, column, n, n_missing, percent_missing."""
    import pandas as pd

    rows = []
    for loaded in tables.values():
        size = len(loaded.frame)
        for column, count in loaded.frame.isna().sum().items():
            rows.append(
                {
                    "file": loaded.file,
                    "column": column,
                    "n": size,
                    "n_missing": int(count),
                    "percent_missing": 100 * count / size if size else np.nan,
                }
            )
    return pd.DataFrame(rows, columns=["file", "column", "n", "n_missing", "percent_missing"])


def _no_patterns() -> Any:
    import pandas as pd

    return pd.DataFrame({"pattern": [], "kind": [], "count": []})


def visit_patterns(loaded: Loaded, column: str = "nrs_worst") -> Any:
    """Patterns of visits with a value over the weeks: pattern ("110": weeks one and two), kind, count of patients.

    kind : "complete", "monotone" (nothing after the first gap), "intermittent", or "none".
    """
    import pandas as pd

    frame = loaded.frame
    if column not in frame.columns or not len(frame):
        return _no_patterns()
    codes, _ = pd.factorize(frame["id"])
    weeks, week_at = np.unique(frame["week"].to_numpy(dtype=float), return_inverse=True)
    if len(weeks) > MANY_PATTERNS:
        return _no_patterns()
    seen = np.zeros((codes.max() + 1, len(weeks)), dtype=bool)
    used = (codes >= 0) & frame[column].notna().to_numpy()
    seen[codes[used], week_at.reshape(-1)[used]] = True
    packed, counts = np.unique(np.packbits(seen, axis=1), axis=0, return_counts=True)
    rows = []
    for bits, count in zip(packed, counts, strict=True):
        pattern = "".join(map(str, np.unpackbits(bits)[: len(weeks)]))
        rows.append({"pattern": pattern, "kind": _kind(pattern), "count": int(count)})
    return pd.DataFrame(rows).sort_values(["count", "pattern"], ascending=[False, False], ignore_index=True)


def _kind(pattern: str) -> str:
    if "0" not in pattern:
        return "complete"
    if "1" not in pattern:
        return "none"
    return "intermittent" if "1" in pattern[pattern.index("0") :] else "monotone"
