"""The data-quality report finds each planted fault at its row, and tells neither values nor identifiers unless asked."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from ostealgia.cohort.reading import example, read


@pytest.fixture
def folder(tmp_path) -> Path:
    shutil.copytree(example(), tmp_path / "c")
    return tmp_path / "c"


def change(folder: Path, file: str, edit) -> None:
    path = folder / f"{file}.csv"
    frame = pd.read_csv(path, dtype=object, keep_default_na=False)
    edited = edit(frame)
    (frame if edited is None else edited).to_csv(path, index=False)


def put(column, row, value):
    """Sets a cell by the row number of the file."""

    def edit(frame):
        frame.loc[row - 2, column] = value

    return edit


CLEAN = {"event_after_death", "after_follow_up", "reirradiation_flag", "charlson_scoring"}


def test_what_is_wrong_in_the_simulated_cohort_is_known():
    """Three oddities that its generator left, counted by hand from the files; nothing else."""
    report = read(example()).quality
    assert {one.rule for one in report.findings} == CLEAN
    assert [(one.count, one.file) for one in report.of("event_after_death")] == [(1, "adverse_events.csv")]
    assert report.of("charlson_scoring")[0].count == int(
        (pd.read_csv(example() / "patients.csv")["charlson"] < 6).sum()
    )


@pytest.mark.parametrize(
    ("file", "edit", "rule", "column", "row"),
    [
        ("visits", put("nrs_worst", 2, "11"), "impossible_value", "nrs_worst", 2),
        ("visits", put("nrs_worst", 2, "7.5"), "not_whole", "nrs_worst", 2),
        ("visits", put("omed_mg", 2, "-4"), "impossible_value", "omed_mg", 2),
        ("visits", put("omed_mg", 2, "a lot"), "not_a_number", "omed_mg", 2),
        ("visits", put("status", 3, "lost"), "unknown_code", "status", 3),
        ("visits", put("day", 13, "80"), "days_out_of_order", "day", 14),
        ("visits", put("id", 5, "Q999"), "unknown_patient", "id", 5),
        ("visits", put("nrs_worst", 3, "4"), "value_without_visit", "nrs_worst", 3),
        ("visits", put("nrs_worst", 2, ""), "assessed_without_value", "nrs_worst", 2),
        ("visits", put("week", 8, "0"), "two_visits_a_week", "week", 8),
        ("visits", put("nrs_worst", 2, "10"), "baseline_differs", "nrs_worst", 2),
        ("patients", put("id", 3, "P0001"), "duplicate_patient", "id", 3),
        ("patients", put("sex", 3, "m"), "unknown_code", "sex", 3),
        ("patients", put("age", 3, "169"), "impossible_value", "age", 3),
        ("patients", put("id", 3, ""), "no_identifier", "id", 3),
        ("patients", put("group", 3, ""), "no_group", "group", 3),
        ("visits", put("week", 4, ""), "no_week", "week", 4),
        ("adverse_events", put("grade", 4, ""), "no_grade", "grade", 4),
        ("events", put("pfs_months", 2, "100"), "pfs_after_os", "pfs_months", 2),
        ("events", put("pfs_event", 2, "0"), "event_type", "pfs_event_type", 2),
        ("events", put("relief_duration_days", 2, "5"), "duration_without_onset", "relief_duration_days", 2),
        ("adverse_events", put("grade", 2, "6"), "impossible_value", "grade", 2),
        ("qlq_items", put("q1", 2, "5"), "impossible_value", "q1", 2),
        ("labs", put("albumin", 2, "3.5"), "impossible_value", "albumin", 2),
    ],
)
def test_a_planted_fault_is_found_at_its_row(folder, file, edit, rule, column, row):
    change(folder, file, edit)
    found = [one for one in read(folder).quality.of(rule) if one.file == f"{file}.csv"]
    assert any(row in one.rows and one.column == column for one in found), found


def test_visits_after_death(folder):
    visits = pd.read_csv(folder / "visits.csv")
    events = pd.read_csv(folder / "events.csv")
    dead = events.loc[events["os_event"] == 1, "id"].iloc[0]
    change(
        folder, "events", lambda frame: frame.assign(os_months=frame["os_months"].where(frame["id"] != dead, "0.10"))
    )
    report = read(folder).quality
    later = visits[(visits["id"] == dead) & (visits["day"] > 5)]
    (found,) = [one for one in report.of("visit_after_death") if one.column == "day"]
    assert list(found.rows) == (later.index + 2).tolist() and found.severity == "impossible"


def test_an_assessment_after_the_status_death(folder):
    visits = pd.read_csv(folder / "visits.csv")
    seen = visits[visits["status"] == "assessed"]
    rows = seen.index[seen["id"] == seen["id"].value_counts().index[0]] + 2
    change(folder, "visits", put("status", rows[1], "death"))
    (found,) = [one for one in read(folder).quality.of("visit_after_death") if one.column == "status"]
    assert list(found.rows) == rows[2:].tolist()


def test_the_same_visit_twice(folder):
    change(folder, "visits", lambda frame: pd.concat([frame, frame.iloc[[0]]], ignore_index=True))
    cohort = read(folder)
    assert cohort.quality.of("duplicate_row")[0].rows == (1027,) and len(cohort.visits) == 1025


def test_a_twin_and_a_patient_without_visit(folder):
    def twin(frame):
        copy = frame.iloc[[0]].assign(id="P9999")
        return pd.concat([frame, copy], ignore_index=True)

    change(folder, "patients", twin)
    report = read(folder).quality
    assert report.of("twin_patient")[0].rows == (207,)
    assert report.of("no_visit")[0].rows == (207,) and report.of("no_screening")[0].rows == (207,)


def test_units_are_suspected_by_the_median(folder):
    change(folder, "labs", lambda frame: frame.assign(hemoglobin=(pd.to_numeric(frame["hemoglobin"]) / 10).round(1)))
    found = read(folder).quality.of("unit")
    assert len(found) == 1 and "g/dL" in found[0].message and found[0].column == "hemoglobin"


def test_the_dictionary_is_held_against_the_files(folder):
    change(folder, "patients", lambda frame: frame.rename(columns={"tumour": "tumor"}))
    report = read(folder).quality
    assert report.of("missing_column")[0].column == "tumour" and report.of("unknown_column")[0].column == "tumor"


def test_values_and_identifiers_are_told_only_on_demand(folder):
    change(folder, "visits", put("nrs_worst", 2, "13"))
    quiet, open_ = read(folder).quality, read(folder, show_values=True).quality
    assert "P0001" not in str(quiet) and "13" not in quiet.of("impossible_value")[0].message
    assert {"id", "value"}.isdisjoint(quiet.to_frame().columns)
    line = open_.to_frame().query("rule == 'impossible_value'").iloc[0]
    assert line["id"] == "P0001" and float(line["value"]) == 13


def test_what_is_left_out_of_the_tables_is_counted(folder):
    change(folder, "visits", put("id", 5, "Q999"))
    change(folder, "patients", put("id", 3, "P0001"))
    cohort = read(folder)
    assert cohort.n == 204
    reasons = {one.reason for one in cohort.excluded}
    assert reasons == {"not among the patients", "the same key stands in an earlier row"}
    assert not any("Q999" in one.study or "P0001" in one.study for one in cohort.excluded)


def test_an_answer_that_is_none_is_missing_and_does_not_stop_the_scores(folder):
    change(folder, "qlq_items", put("q1", 2, "2.5"))
    cohort = read(folder)
    assert [one.study for one in cohort.excluded] == ["qlq_items.csv: 1 value of q1"]
    assert cohort.quality.of("not_whole")[0].rows == (2,) and pd.isna(cohort.table("qlq_items")["q1"].iloc[0])


def test_missingness_and_patterns_add_up():
    cohort = read(example())
    patterns = cohort.quality.patterns
    assert patterns["count"].sum() == 205 and set(patterns["kind"]) <= {"complete", "monotone", "intermittent", "none"}
    missing = cohort.quality.missingness.set_index(["file", "column"])
    assert missing.loc[("visits.csv", "nrs_worst"), "n_missing"] == 128  # the dictionary of the data says so


def test_an_empty_column_says_so(folder):
    change(folder, "labs", lambda frame: frame.assign(pct=""))
    assert read(folder).quality.of("all_missing")[0].column == "pct"
