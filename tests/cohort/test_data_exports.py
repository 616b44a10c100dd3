"""Exports as centres have them: REDCap with events, repeats and codes for missing; a German workbook; visits in columns; a draft
mapping."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ostealgia as oa
from ostealgia.cohort.reading_frames import numbers_with_commas
from ostealgia.cohort.reading_mapping import _dates
from ostealgia.errors import OptionError, TableError

DICTIONARY = (
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label",
    "Choices, Calculations, OR Slider Labels", "Field Note",
    "Text Validation Type OR Show Slider Number", "Text Validation Min", "Text Validation Max", "Identifier?",
    "Branching Logic (Show field only if...)", "Required Field?", "Custom Alignment", "Question Number (surveys only)", "Matrix Group Name",
    "Matrix Ranking?", "Field Annotation",
)  # fmt: skip
REDCAP = """
[tables.patients]
file = "export.csv"
columns = {id = "record_id", age = "age_years", group = "arm", ecog = "ecog_ps"}
only = {redcap_event_name = ["baseline_arm_1"], redcap_repeat_instrument = [""]}
codes = {sex = {"1" = "male", "2" = "female"}, group = {"0" = "control", "1" = "observation"}}
missing = ["-99", "NI"]
[tables.visits]
file = "export.csv"
columns = {id = "record_id", nrs_worst = "pain_worst", omed_mg = "omed"}
only = {redcap_repeat_instrument = [""]}
weeks = {baseline_arm_1 = 0, week_4_arm_1 = 4}
start = "rt_start"
days = {day = ["visit_date", "rt_start"]}
missing = ["-99", "NI"]
[tables.adverse_events]
file = "export.csv"
columns = {id = "record_id", term = "ae_term", grade = "ae_grade", ae_seq = "redcap_repeat_instance"}
only = {redcap_repeat_instrument = ["adverse_event"]}
start = "rt_start"
days = {onset_day = ["ae_date", "rt_start"]}
"""


@pytest.fixture
def redcap(tmp_path):
    """Six SIMULATED records as REDCap writes them: one row an event or repeat, and its dictionary of 18 columns."""
    columns = ["record_id", "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance", "mrn", "age_years", "sex", "arm",
               "ecog_ps", "rt_start", "visit_date", "pain_worst", "omed", "ae_term", "ae_grade", "ae_date"]  # fmt: skip
    rows = []
    for i in range(1, 7):
        rows.append({"record_id": i, "redcap_event_name": "baseline_arm_1", "mrn": f"77{i:04d}",
        "age_years": -99 if i == 2 else 60 + i, "sex": 1 + i % 2,
                     "arm": i % 2, "ecog_ps": 1, "rt_start": f"2024-03-0{i}", "visit_date": f"2024-03-0{i}", "pain_worst": 7,
                     "omed": 30})  # fmt: skip
        rows.append({"record_id": i, "redcap_event_name": "week_4_arm_1", "visit_date": f"2024-03-{28 + i % 3}",
                     "pain_worst": -99 if i == 3 else 2, "omed": "NI" if i == 3 else 30})  # fmt: skip
    rows.append({"record_id": 1, "redcap_event_name": "baseline_arm_1", "redcap_repeat_instrument": "adverse_event",
    "redcap_repeat_instance": 1,
                 "ae_term": "Nausea", "ae_grade": 2, "ae_date": "2024-03-09"})  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    frame.astype(object).where(frame.notna(), "").map(lambda v: int(v) if isinstance(v, float) else v).to_csv(
        tmp_path / "export.csv", index=False
    )
    fields = [dict.fromkeys(DICTIONARY, "") | {DICTIONARY[0]: name, DICTIONARY[4]: label, DICTIONARY[5]: choices,
    DICTIONARY[10]: identifier}
              for name, label, choices, identifier in (
                  ("record_id", "Record ID", "", ""), ("mrn", "Medical record number", "", "y"), ("age_years", "Age", "", ""),
                  ("sex", "Sex", "1, Male | 2, Female", ""), ("arm", "Treatment group", "0, Control | 1, Observation", ""),
                  ("ecog_ps", "ECOG", "", ""), ("rt_start", "First fraction", "", ""), ("visit_date", "Date of visit", "", ""),
                  ("pain_worst", "Worst pain", "", ""), ("omed", "Morphine equivalent", "", ""), ("ae_term", "Event", "", ""),
                  ("ae_grade", "CTCAE grade", "", ""), ("ae_date", "Onset", "", ""))]  # fmt: skip
    pd.DataFrame(fields, columns=list(DICTIONARY)).to_csv(tmp_path / "dictionary.csv", index=False)
    return tmp_path


def test_redcap_codes_for_missing_are_missing_and_never_a_number(redcap):
    (redcap / "mapping.toml").write_text(REDCAP)
    cohort = oa.cohort.read(redcap)
    third = cohort.visits[(cohort.visits["id"] == "3") & (cohort.visits["week"] == 4)].iloc[0]
    assert np.isnan(third["nrs_worst"]) and np.isnan(third["omed_mg"])
    assert cohort.patients.set_index("id")["age"].isna().to_dict()["2"]
    assert cohort.patients["age"].min() > 60 and cohort.visits["omed_mg"].min() == 30
    assert any("1 cell of nrs_worst with a code for missing is missing" in note for note in cohort.notes)
    assert not cohort.quality.grave


def test_redcap_events_repeats_codes_and_days(redcap):
    (redcap / "mapping.toml").write_text(REDCAP)
    cohort = oa.cohort.read(redcap)
    assert cohort.patients["sex"].tolist() == ["female", "male"] * 3
    assert cohort.patients["group"].tolist() == ["observation", "control"] * 3
    assert len(cohort.visits) == 12 and cohort.visits.loc[cohort.visits["week"] == 4, "day"].between(20, 29).all()
    events = cohort.table("adverse_events")
    assert events[["id", "grade", "onset_day"]].to_numpy().tolist() == [["1", 2, 8.0]]
    assert oa.cohort.response_by_week(cohort).by_week[4].counts["NE"] == 1


def test_an_identifier_that_nobody_mapped_does_not_come_in(redcap):
    (redcap / "mapping.toml").write_text(REDCAP)
    cohort = oa.cohort.read(redcap)
    assert all("mrn" not in frame.columns for frame in cohort.tables.values())
    assert any("columns of the export that the mapping does not name are not read" in note for note in cohort.notes)


def test_codes_that_a_spreadsheet_turned_into_decimals_are_the_same_codes(redcap):
    text = (redcap / "export.csv").read_text().splitlines()
    frame = pd.read_csv(redcap / "export.csv")
    frame.to_csv(redcap / "export.csv", index=False)  # 1 becomes 1.0 in a column with gaps
    assert "1.0" in (redcap / "export.csv").read_text() and "1.0" not in "".join(text)
    (redcap / "mapping.toml").write_text(REDCAP)
    assert set(oa.cohort.read(redcap).patients["sex"]) == {"male", "female"}


def test_a_code_without_a_name_is_said(redcap):
    (redcap / "mapping.toml").write_text(REDCAP.replace('"1" = "male", ', ""))
    cohort = oa.cohort.read(redcap)
    assert any("3 cells of sex with a code that the mapping does not name" in note for note in cohort.notes)


def test_an_unnamed_code_for_missing_is_found_by_the_report(redcap):
    (redcap / "mapping.toml").write_text(REDCAP.replace('missing = ["-99", "NI"]', ""))
    frame = pd.read_csv(redcap / "export.csv", dtype=str)
    frame.loc[frame["redcap_event_name"] == "week_4_arm_1", "pain_worst"] = "-99"
    frame.to_csv(redcap / "export.csv", index=False)
    (found,) = [one for one in oa.cohort.read(redcap).quality.of("impossible_value") if one.column == "nrs_worst"]
    assert "code for missing" in found.message and "-99" not in found.message


def test_no_row_left_names_the_column(redcap):
    (redcap / "mapping.toml").write_text(REDCAP.replace('["adverse_event"]', '["adverse_events"]'))
    with pytest.raises(TableError, match="no row is left"):
        oa.cohort.read(redcap)


GERMAN = """
[tables.patients]
file = "Daten.xlsx"
sheet = "Patienten"
columns = {id = "Patienten-ID", age = "Alter", sex = "Geschlecht", group = "Gruppe"}
codes = {sex = {"männlich" = "male", "weiblich" = "female"}, group = {Kontrolle = "control", Intervention = "observation"}}
[tables.visits]
file = "Daten.xlsx"
sheet = "Patienten"
columns = {id = "Patienten-ID"}
start = "Beginn"
days = {day = ["visit_date", "Beginn"]}
missing = ["k.A."]
[tables.visits.wide]
weeks = [0, 4]
columns = {nrs_worst = "NRS Woche {week}", omed_mg = "OMED Woche {week}", visit_date = "Datum Woche {week}"}
[tables.labs]
file = "Daten.xlsx"
sheet = "Patienten"
columns = {id = "Patienten-ID"}
units = {hemoglobin = "g/dL"}
[tables.labs.wide]
weeks = [0]
columns = {hemoglobin = "Hämoglobin (g/dl)"}
"""


@pytest.fixture
def german(tmp_path):
    """Four SIMULATED patients, a row each: German names, commas, dates with dots, visits in columns."""
    frame = pd.DataFrame({
        "Patienten-ID": ["P1", "P2", "P3", "P4"], "Alter": [61, 72, 58, 80], "Geschlecht": ["männlich", "weiblich"] * 2,
        "Gruppe": ["Kontrolle", "Intervention"] * 2, "Beginn": ["02.05.2023", "03.05.2023", "04.05.2023", "05.05.2023"],
        "Hämoglobin (g/dl)": ["11,3", "9,8", "12,0", "10,4"], "NRS Woche 0": [7, 8, 6, 9], "NRS Woche 4": ["3,5", "k.A.", "2", "4,5"],
        "OMED Woche 0": [30, 40, 20, 60], "OMED Woche 4": [30, 40, 10, 60], "Datum Woche 4": ["30.05.2023", "31.05.2023",
        "01.06.2023", None],
    })  # fmt: skip
    frame.to_excel(tmp_path / "Daten.xlsx", index=False, sheet_name="Patienten")
    (tmp_path / "mapping.toml").write_text(GERMAN, encoding="utf-8")
    return tmp_path


def test_a_german_workbook_with_commas_dates_and_visits_in_columns(german):
    cohort = oa.cohort.read(german)
    assert cohort.patients["sex"].tolist() == ["male", "female"] * 2
    at_4 = cohort.visits[cohort.visits["week"] == 4].set_index("id")
    assert at_4["nrs_worst"].fillna(-1).tolist() == [3.5, -1, 2.0, 4.5]
    assert at_4["day"].fillna(-1).tolist() == [28, 28, 28, -1]
    assert cohort.table("labs")["hemoglobin"].round(1).tolist() == [113.0, 98.0, 120.0, 104.0]
    notes = " ".join(cohort.notes)
    assert "visit_date has no column for week 0" in notes and "decimal sign in Hämoglobin (g/dl), NRS Woche 4" in notes
    assert len(cohort.notes) == len(set(cohort.notes))


def test_without_its_code_for_missing_the_word_is_a_finding_and_the_numbers_stay(german):
    (german / "mapping.toml").write_text(GERMAN.replace('missing = ["k.A."]', ""), encoding="utf-8")
    cohort = oa.cohort.read(german)
    assert [one.count for one in cohort.quality.of("not_a_number")] == [1]
    assert cohort.visits["nrs_worst"].notna().sum() == 7


def test_commas_of_thousands_are_left_alone_unless_told():
    frame = pd.DataFrame({"a": ["1,234", "5,678"], "b": ["1,5", "2,25"]})
    notes: list[str] = []
    found = numbers_with_commas(frame, (), notes)
    assert found["a"].tolist() == ["1,234", "5,678"] and found["b"].tolist() == [1.5, 2.25]
    assert numbers_with_commas(frame, (), notes, sure=True)["a"].tolist() == [1.234, 5.678]


@pytest.mark.parametrize(
    ("cells", "stated", "expected"),
    [
        (["2024-05-31", "31.05.2024", "2024-05-31 00:00:00", "2024-05-31T08:30"], None, "2024-05-31"),
        (["05/06/2024"], "%d/%m/%Y", "2024-06-05"),
    ],
)  # fmt: skip
def test_dates_that_can_be_read_one_way_only(cells, stated, expected):
    assert set(_dates(pd.Series(cells), "f", "c", stated).dt.strftime("%Y-%m-%d")) == {expected}


def test_an_ambiguous_date_is_refused_with_the_way_out():
    with pytest.raises(TableError, match="date_format") as caught:
        _dates(pd.Series(["2024-05-31", "05/06/2024"]), "f", "c")
    assert "05/06" not in str(caught.value) and caught.value.row == 3


@pytest.mark.parametrize(
    ("line", "words"),
    [('missing = "NI"', "no list of codes"), ('decimal = ";"', "neither"), ('missin = ["NI"]', "missing")],
)
def test_wrong_keys_of_the_mapping(redcap, line, words):
    (redcap / "mapping.toml").write_text(REDCAP.replace('missing = ["-99", "NI"]', line, 1))
    with pytest.raises(OptionError, match=words):
        oa.cohort.read(redcap)


def test_a_draft_is_refused_until_checked_and_then_reads_the_export(redcap):
    found = oa.cohort.draft_mapping(redcap / "export.csv", dictionary=redcap / "dictionary.csv")
    assert found.identifiers == ("mrn",) and found.unused == ()
    assert 'mrn"' not in found.text
    (redcap / "mapping.toml").write_text(found.text)
    with pytest.raises(TableError, match="draft"):
        oa.cohort.read(redcap)
    (redcap / "mapping.toml").write_text(
        found.text.replace("draft = true", "").replace('# missing = ["-99"]', 'missing = ["-99", "NI"]')
    )
    cohort = oa.cohort.read(redcap)
    assert cohort.patients["sex"].tolist() == ["female", "male"] * 3
    assert cohort.table("adverse_events")["onset_day"].tolist() == [8.0]
    assert len(cohort.visits) == 12 and not cohort.quality.grave


def test_a_draft_of_a_workbook_with_visits_in_columns(german):
    found = oa.cohort.draft_mapping(german / "Daten.xlsx")
    by = {(one.table, one.ours): one for one in found.suggestions}
    assert by["visits", "nrs_worst"].theirs == "NRS Woche {week}" and by["visits", "nrs_worst"].weeks == (0, 4)
    assert 'units.hemoglobin = "g/dL"' in found.text and by["patients", "sex"].how == "known name"
    text = found.text.replace("draft = true", "").replace('"Beginn"', '"Beginn"')
    (german / "mapping.toml").write_text(text, encoding="utf-8")
    assert oa.cohort.read(german).table("labs")["hemoglobin"].iloc[0] == pytest.approx(113.0)


def test_no_value_of_a_patient_is_in_a_draft(redcap):
    text = oa.cohort.draft_mapping(redcap / "export.csv").text
    assert "77000" not in text and "Nausea" not in text and "2024" not in text


def test_what_looks_like_nothing_is_listed_and_not_guessed(tmp_path):
    (tmp_path / "x.csv").write_text("zzz,qqq\n1,2\n")
    found = oa.cohort.draft_mapping(tmp_path / "x.csv")
    assert found.suggestions == () and found.unused == ("zzz", "qqq") and found.notes
    with pytest.raises(TableError, match="18 columns"):
        oa.cohort.draft_mapping(tmp_path / "x.csv", dictionary=tmp_path / "x.csv")
