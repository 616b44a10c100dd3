"""Reading a cohort: formats, mapping files (also REDCap long and wide), and bad input, told without any value of a patient."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

import ostealgia as oa
from ostealgia.cohort.reading import example, read
from ostealgia.errors import OptionError, TableError

PATIENTS = "id,group,age,sex,nrs_baseline,omed_baseline_mg\nA1,control,61,male,7,60\nB2,observation,70,female,8,0\n"
VISITS = "id,week,day,status,nrs_worst,omed_mg\nA1,0,0,assessed,7,60\nA1,4,28,assessed,5,60\nB2,0,0,assessed,8,0\nB2,4,30,assessed,0,0\n"


def folder_with(path: Path, **files: str) -> Path:
    for name, text in {"patients": PATIENTS, "visits": VISITS, **files}.items():
        (path / f"{name}.csv").write_text(text, encoding="utf-8")
    return path


def copied(path: Path) -> Path:
    target = path / "cohort"
    shutil.copytree(example(), target)
    return target


def test_the_bundled_cohort_is_said_to_be_simulated():
    cohort = read(example())
    assert cohort.simulated and "SIMULATED" in str(cohort) and any("SIMULATED" in note for note in cohort.notes)
    assert {"patients.csv", "visits.csv"} <= set(cohort.inputs_sha256)
    assert cohort.n == 205 and len(cohort.table("screening")) == 273 and "opioids" not in cohort


def test_two_files_without_dictionary_are_enough(tmp_path):
    cohort = read(folder_with(tmp_path))
    assert cohort.n == 2 and not cohort.simulated and not cohort.quality.findings
    assert oa.cohort.response_by_week(cohort).frame["pain_response"].tolist() == ["PR", "CR"]
    with pytest.raises(TableError, match=r"events\.csv"):
        oa.cohort.survival_frame(cohort)


@pytest.mark.parametrize("kind", ["semicolon", "utf-16", "latin", "tsv", "xlsx", "blank rows"])
def test_formats_give_the_same_tables(tmp_path, kind):
    text = PATIENTS
    if kind == "semicolon":
        (tmp_path / "patients.csv").write_text(text.replace(",", ";"))
    elif kind == "utf-16":
        (tmp_path / "patients.csv").write_text(text, encoding="utf-16")
    elif kind == "latin":
        (tmp_path / "patients.csv").write_bytes(text.replace("control", "contrôle").encode("cp1252"))
    elif kind == "tsv":
        (tmp_path / "patients.tsv").write_text(text.replace(",", "\t"))
    elif kind == "xlsx":
        pd.read_csv(example() / "patients.csv").to_excel(tmp_path / "patients.xlsx", index=False)
    else:
        (tmp_path / "patients.csv").write_text(text.replace("B2,o", "\n,,,,,\nB2,o"))
    (tmp_path / "visits.csv").write_text(VISITS)
    cohort = read(tmp_path)
    if kind == "xlsx":
        pd.testing.assert_frame_equal(cohort.patients, read(example()).patients, check_dtype=False)
    else:
        assert cohort.patients["id"].tolist() == ["A1", "B2"] and cohort.patients["age"].tolist() == [61, 70]


def test_a_decimal_comma_and_blanks_around_identifiers(tmp_path):
    visits = VISITS.replace("A1,0,0,assessed,7,60", "A1 ,0,0,assessed,7,60.5").replace(",", ";").replace("60.5", "60,5")
    cohort = read(folder_with(tmp_path, visits=visits))
    assert cohort.visits["omed_mg"].tolist() == [60.5, 60, 0, 0] and cohort.visits["id"].iloc[0] == "A1"
    assert any("decimal" in note for note in cohort.notes) and not cohort.quality.of("not_a_number")


def test_identifiers_stay_text_and_row_numbers_are_the_files(tmp_path):
    patients = PATIENTS.replace("A1", "001").replace("B2", "2e5") + "\n\n3,control,-5,male,7,1\n"
    cohort = read(folder_with(tmp_path, patients=patients, visits=VISITS.replace("A1", "001").replace("B2", "2e5")))
    assert cohort.patients["id"].tolist() == ["001", "2e5", "3"]
    (found,) = cohort.quality.of("impossible_value")
    assert found.column == "age" and found.rows == (6,)


LONG = (
    "record_id,redcap_event_name,sex,age_years,arm,rt_start,visit_date,pain,opioid_mg,hb_gdl\n"
    "1,baseline_arm_1,1,61,1,2024-01-10,2024-01-10,7,60,12.5\n1,week_4_arm_1,,,,,2024-02-08,5,60,\n"
    "2,baseline_arm_1,2,70,2,2024-03-01,2024-03-01,8,0,9.5\n2,week_4_arm_1,,,,,2024-03-30,0,0,\n2,unscheduled_arm_1,,,,,2024-05-30,1,0,\n"
)
LONG_MAPPING = """
[tables.patients]
file = "export.csv"
columns = {id = "record_id", age = "age_years", group = "arm"}
only = {redcap_event_name = ["baseline_arm_1"]}
codes = {sex = {"1" = "male", "2" = "female"}, group = {"1" = "control", "2" = "observation"}}
[tables.visits]
file = "export.csv"
columns = {id = "record_id", nrs_worst = "pain", omed_mg = "opioid_mg"}
weeks = {baseline_arm_1 = 0, week_4_arm_1 = 4}
start = "rt_start"
days = {day = ["visit_date", "rt_start"]}
[tables.labs]
file = "export.csv"
columns = {id = "record_id", hemoglobin = "hb_gdl"}
weeks = {baseline_arm_1 = 0}
units = {hemoglobin = "g/dL"}
"""


def test_a_redcap_export_with_one_row_an_event(tmp_path):
    (tmp_path / "export.csv").write_text(LONG)
    (tmp_path / "mapping.toml").write_text(LONG_MAPPING)
    cohort = read(tmp_path)
    assert cohort.patients[["id", "sex", "group"]].to_numpy().tolist() == [
        ["1", "male", "control"],
        ["2", "female", "observation"],
    ]
    assert cohort.visits["week"].tolist() == [0, 4, 0, 4] and cohort.visits["day"].tolist() == [0, 29, 0, 29]
    assert cohort.table("labs")["hemoglobin"].tolist() == [125.0, 95.0]
    assert any("unscheduled_arm_1" in note for note in cohort.notes) and any(
        "g/dL to g/L" in note for note in cohort.notes
    )
    assert oa.cohort.response_by_week(cohort).frame["pain_response"].tolist() == ["PR", "CR"]


def test_a_wide_export_with_one_row_a_patient(tmp_path):
    (tmp_path / "wide.csv").write_text("pid,nrs_w0,nrs_w4,omed_w0,omed_w4\n1,7,5,60,60\n2,8,,0,\n")
    (tmp_path / "mapping.toml").write_text(
        '[tables.patients]\nfile = "wide.csv"\ncolumns = {id = "pid"}\n[tables.visits]\nfile = "wide.csv"\ncolumns = {id = "pid"}\n'
        '[tables.visits.wide]\nweeks = [0, 4]\ncolumns = {nrs_worst = "nrs_w{week}", omed_mg = "omed_w{week}"}\n'
    )
    cohort = read(tmp_path)
    assert len(cohort.visits) == 4
    assert oa.cohort.response_by_week(cohort).frame["pain_response"].tolist() == ["PR", "NE"]


@pytest.mark.parametrize(
    ("mapping", "error", "match"),
    [
        ("[tables.patients]\nfile = '../other.csv'\n", OptionError, "outside"),
        ("[tables.pateints]\nfile = 'a.csv'\n", OptionError, "patients"),
        ("[tables.patients]\nfiel = 'a.csv'\n", OptionError, "file"),
        ("[tables.patients]\nfile = 'export.csv'\ncolumns = {id = 'recordid'}\n", TableError, "record_id"),
        ("[tables.patients]\nfile = 'export.csv'\ncolumns = {id = 'record_id', hemoglobin = 'hb_gdl'}\nunits = {hemoglobin = 'mmol/L'}\n",
         OptionError, "g/dL"),
        ("[tables.patients]\nfile = 'export.csv'\ncolumns = {id = 'record_id'}\ndays = {day = ['sex', 'rt_start']}\n", TableError, "date"),
        ("[tables\n", TableError, "TOML"),
        ("a = 1\n", OptionError, "tables"),
    ],
)  # fmt: skip
def test_a_mapping_with_a_slip_says_where(tmp_path, mapping, error, match):
    (tmp_path / "export.csv").write_text(LONG)
    (tmp_path / "mapping.toml").write_text(mapping)
    with pytest.raises(error, match=match):
        read(tmp_path)


@pytest.mark.parametrize(
    ("files", "match"),
    [
        ({"patients": ""}, "empty"),
        ({"patients": "id,age\n"}, "no patient"),
        ({"patients": "age,sex\n61,male\n"}, "'id'"),
        ({"visits": VISITS + "A1,8,56,assessed,5\n"}, "row 6"),
        ({"visits": VISITS + "A1,8,56,assessed,5,60,9\n"}, "row 6"),
        ({"visits": VISITS.replace("day", "week", 1)}, "twice"),
        ({"patients": "\x00\x01binary"}, "not a table"),
    ],
)
def test_bad_files_are_refused_with_their_place(tmp_path, files, match):
    with pytest.raises(TableError, match=match):
        read(folder_with(tmp_path, **files))


def test_no_folder_no_table_and_a_table_twice(tmp_path):
    with pytest.raises(TableError, match="folder"):
        read(tmp_path / "none")
    with pytest.raises(TableError, match="patients"):
        read(tmp_path)
    folder_with(tmp_path)
    (tmp_path / "visits.tsv").write_text(VISITS.replace(",", "\t"))
    with pytest.raises(TableError, match="twice"):
        read(tmp_path)


def test_a_large_file_reads_as_a_small_one(tmp_path, monkeypatch):
    """Above 32 MB text is held as categories; the tables and the findings must be the same."""
    from ostealgia.cohort import reading_frames

    target = copied(tmp_path)
    small = read(target)
    monkeypatch.setattr(reading_frames, "LARGE_BYTES", 0)
    large = read(target)
    assert large.quality.to_frame().equals(small.quality.to_frame())
    assert str(oa.cohort.response_by_week(large)) == str(oa.cohort.response_by_week(small))
    pd.testing.assert_frame_equal(large.quality.patterns, small.quality.patterns)
    assert oa.cohort.flow(large).visits.equals(oa.cohort.flow(small).visits)
    assert oa.cohort.worst_grade_frame(large).equals(oa.cohort.worst_grade_frame(small))


def test_a_file_without_header_does_not_tell_its_first_patient(tmp_path):
    for patients in ("SECRET7,control,61\nB2,control,70\n", "SECRET7,61,61\nB2,1,1\n"):
        with pytest.raises(TableError) as caught:
            read(folder_with(tmp_path, patients=patients))
        assert "SECRET7" not in str(caught.value) and "61" not in str(caught.value) and "header" in str(caught.value)
