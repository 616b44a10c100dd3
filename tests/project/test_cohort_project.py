"""Projects of kind "cohort": run, verify, results, messages without values of patients, and what ostealgia.toml may say."""

from __future__ import annotations

import csv
import json
import re
import shutil

import pytest
from project_cases import DATA

from cohort_analysis_cases import bundled, only, quick, with_tables
from ostealgia.cohort.analysis import analyse
from ostealgia.cohort.reading import example
from ostealgia.errors import OstealgiaError, ProjectError, TableError
from ostealgia.project import run, verify
from ostealgia.project.cohort_present import report_of
from ostealgia.project.cohort_run import analysis_of
from ostealgia.project.cohort_spec import settings_of
from ostealgia.project.model import parse_config
from ostealgia.project.outputs import RESULT_KEYS
from ostealgia.project.store import load
from ostealgia.project.templates import init
from ostealgia.report import render_report

QUICK = "bootstrap = 0\nimputations = 3\n"
HEAD = '[project]\ntitle = "Small"\nkind = "cohort"\n'


def copy_to(folder, extra=""):
    """The bundled cohort as a project, quick to run."""
    shutil.copytree(example(), folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    text = (DATA / "cohort" / "ostealgia.toml").read_text()
    (folder / "ostealgia.toml").write_text(text.replace("[models]\n", f"[models]\n{QUICK}") + extra)
    return folder


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = copy_to(tmp_path_factory.mktemp("cohort") / "centre")
    return run(folder)


def test_a_run_makes_report_results_tables_and_figures(ran):
    names = set(ran.files)
    assert {"report.html", "report.docx", "results.json", "provenance.json"} <= names
    assert {
        "tables/response-rates.csv",
        "tables/pain-contrasts.csv",
        "tables/estimands-results.csv",
        "tables/notes.csv",
    } <= names
    assert any(name.endswith(".svg") for name in names) and any(name.endswith(".png") for name in names)
    assert all((ran.out / name).read_bytes() == data for name, data in ran.files.items())


def test_simulated_is_said_on_the_page_and_in_the_summary(ran):
    assert "SIMULATED" in ran.files["report.html"].decode()
    assert ran.to_dict()["cohort"]["simulated"] is True
    assert ran.to_dict()["cohort"]["groups"] == ["control", "observation"] and ran.to_dict()["cohort"]["not_done"] == {}


def test_results_have_the_keys_of_the_design_in_their_order_and_unique_ids(ran):
    rows = json.loads(ran.files["results.json"])
    assert all(tuple(row) == RESULT_KEYS for row in rows)
    ids = [row["id"] for row in rows]
    assert len(set(ids)) == len(ids) > 600
    row = next(
        row
        for row in rows
        if row["id"].startswith("response/differences/12/") and "all_treated/risk difference" in row["id"]
    )
    assert (round(row["estimate"], 4), row["n"], row["scale"], row["group"]) == (
        0.2187,
        205,
        "risk difference",
        "observation - control",
    )


def test_verify_recomputes_the_same_bytes_and_names_a_changed_file(ran):
    assert not verify(ran.project.folder).differences
    path = ran.project.folder / "visits.csv"
    text = path.read_text()
    path.write_text(text.replace('"assessed",9,', '"assessed",8,', 1))
    found = [str(item) for item in verify(ran.project.folder).differences]
    path.write_text(text)
    assert any("visits.csv: file changed" in line for line in found) and any(
        line.startswith("result") for line in found
    )
    assert not any(re.search(r"P0\d\d\d", line) for line in found)


def test_no_identifier_of_a_patient_leaves_the_tables(ran):
    ids = re.compile(rb"\bP[X0]\d{3}\b")
    for name, data in ran.files.items():
        if name.endswith((".csv", ".json", ".svg")):
            assert not ids.search(data), name
        elif name.endswith(".html"):
            assert not ids.search(re.sub(rb"base64,[A-Za-z0-9+/=]+", b"", data)), name
    assert not re.search(r"P0\d\d\d", ran.text())


def test_tables_open_as_csv_and_hold_every_section(ran):
    sections = {name.split("/")[1].rsplit("-", 1)[0] for name in ran.files if name.startswith("tables/")}
    assert {"response", "survival", "estimands", "subgroups", "weighting"} <= {one.split("-")[0] for one in sections}
    rows = list(csv.DictReader(ran.files["tables/response-rates.csv"].decode().splitlines()))
    assert rows[0]["week"] == "1" and rows[0]["denominator"] == "all_treated"


def test_counts_are_shown_at_home_and_hidden_where_privacy_states_it(tmp_path):
    text = (DATA / "cohort" / "ostealgia.toml").read_text()
    stated = copy_to(tmp_path / "stated")
    closed = text.replace("[models]\n", f"[models]\n{QUICK}").replace("small_cell = 0 ", "small_cell = 5 ")
    (stated / "ostealgia.toml").write_text(closed)
    result = run(stated)
    for name, data in result.files.items():
        if name.startswith("tables/"):
            for row in csv.DictReader(data.decode().splitlines()):
                for column in ("events", "n", "events_1", "events_2", "n_1", "n_2", "n_risk"):
                    assert row.get(column, "") in ("", None) or not 0 < float(row[column]) < 5, (name, column)
    assert settings_of(parse_config(HEAD)).small_cell == 0
    assert settings_of(parse_config(HEAD + "[privacy]\nsmall_cell = 7\n")).small_cell == 7


def all_censored(cohort):
    events = cohort.table("events").assign(os_event=0, pfs_event=0, pfs_event_type=0)
    return with_tables(cohort, events=events)


def one_group(cohort):
    return with_tables(cohort, patients=cohort.patients.drop(columns="group"))


def five_patients(cohort):
    return only(cohort, cohort.patients["id"][:5])


@pytest.mark.parametrize("change", [all_censored, one_group, five_patients])
def test_the_page_is_made_of_what_there_is(change):
    analysis = analyse(change(bundled()), quick(estimands=False), rng_seed=1)
    report = report_of(analysis, None, drawings={}, software=(), command="", files=[])
    page = render_report(report)
    assert len(report.analyses) >= 18 and "SIMULATED" in page
    for section in analysis.failed:
        assert section.failed.split(":")[0].lower() in page.lower()


# --- what ostealgia.toml says -----------------------------------------------------------------------------------------


def test_every_key_reaches_the_settings():
    text = HEAD + (
        '[groups]\ncolumn = "arm"\nreference = "a"\ntreated = "b"\nlabels = { a = "Usual" }\n'
        '[endpoints]\nweeks = [1, 4]\nprimary_week = 4\ndefinition = "nrs2"\nwindows = { "4" = [20, 36] }\nlandmark_week = 8\n'
        'rmst_months = 6\nopioid_table = "CDC_2022"\nretreatment = "treatment_policy"\n'
        '[models]\ncovariance = "csh"\ndf_method = "satterthwaite"\ncovariates = "age"\nconfounders = ["age", "sex"]\nrng_seed = 7\n'
        'deltas = [0, 1]\n[subgroups]\nfactors = ["sex"]\n[estimands]\nshow = false\n'
    )
    spec = parse_config(text)
    made = settings_of(spec)
    assert (made.group, made.reference, made.treated, made.labels) == ("arm", "a", "b", {"a": "Usual"})
    assert (made.weeks, made.primary_week, made.definition, made.windows) == ((1, 4), 4, "nrs2", {4: (20, 36)})
    assert (made.covariance, made.df_method, made.covariates, made.confounders) == (
        ("csh",),
        "satterthwaite",
        ("age",),
        ("age", "sex"),
    )
    assert (made.subgroups, made.estimands, made.deltas, made.rmst_months) == (("sex",), False, (0.0, 1.0), 6.0)
    assert spec.models.rng_seed == 7 and made.opioid_table == "CDC_2022" and made.landmark_week == 8


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[groups]\nrefrence = "a"\n', "Did you mean 'reference'"),
        ('[models]\ncovariance = "unstructured"\n', "covariance"),
        ("[models]\nimputations = 1\n", "imputations"),
        ("[models]\nlevel = 95\n", "0.95"),
        ("[models]\nscreen_p = 2\n", "screen_p"),
        ("[endpoints]\nprimary_week = 0\n", "primary_week"),
        ('[endpoints]\nwindows = { "4" = [36, 20] }\n', "ends before it begins"),
        ('[endpoints]\nwindows = { four = [20, 36] }\n', "whole number"),
        ("[privacy]\nsmall_cell = -1\n", "small_cell"),
        ('[[analysis]]\nid = "a"\noutcome = "x"\nmeasure = "OR"\n', 'for kind = "review"'),
    ],
)  # fmt: skip
def test_a_wrong_key_or_value_is_refused_with_its_place(text, words):
    with pytest.raises(ProjectError, match=re.escape(words)):
        parse_config(HEAD + text)


def test_tables_of_a_cohort_are_refused_in_a_review():
    with pytest.raises(ProjectError, match=r'\[endpoints\] is for kind = "cohort"'):
        parse_config('[project]\ntitle = "x"\n[endpoints]\nprimary_week = 12\n')


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[cohort]\nfolder = "../elsewhere"\n', "leaves the project folder"),
        ('[cohort]\nfolder = "nothing"\n', "is not there"),
        ('[cohort]\nmapping = "map.toml"\n', "is not there"),
        ('[groups]\nreference = "controls"\n', "Did you mean 'control'"),
        ("[endpoints]\nprimary_week = 24\n", "not one of 1, 4, 8, 12"),
        ('[models]\nconfounders = ["agee"]\n', "Did you mean 'age'"),
    ],
)
def test_what_does_not_fit_the_data_is_refused_before_anything_is_written(tmp_path, text, words):
    shutil.copytree(example(), tmp_path / "centre")
    (tmp_path / "centre" / "ostealgia.toml").write_text(HEAD + text)
    with pytest.raises(OstealgiaError, match=re.escape(words)):
        run(tmp_path / "centre")
    assert not (tmp_path / "centre" / "build").exists()


def test_a_broken_row_is_told_without_the_value_and_the_patient(tmp_path):
    shutil.copytree(example(), tmp_path / "centre")
    folder = tmp_path / "centre"
    (folder / "ostealgia.toml").write_text(HEAD)
    path = folder / "patients.csv"
    path.write_text(path.read_text().replace('"P0002","control",2021,69', '"P0002","control",2021,69,"sixtynine"'))
    with pytest.raises(TableError) as error:
        run(folder)
    assert "patients.csv" in str(error.value) and "row 3" in str(error.value)
    assert "sixtynine" not in str(error.value) and "P0002" not in str(error.value)


def test_a_word_among_numbers_is_a_finding_and_missing_and_is_not_repeated(tmp_path):
    folder = copy_to(tmp_path / "centre")
    path = folder / "patients.csv"
    path.write_text(path.read_text().replace('"P0002","control",2021,69', '"P0002","control",2021,"sixtynine"'))
    found = analysis_of(load(folder))
    assert found.section("quality").tables["findings"]["message"].str.contains("taken as missing").any()
    table = found.section("table-one").tables["patients"]
    assert table.query("variable == 'age' and group == 'control'")["missing"].iloc[0] == 1
    assert "sixtynine" not in found.to_frame().to_csv() + str(found)


def test_a_template_runs_once_rows_are_typed(tmp_path):
    init(tmp_path / "new", "cohort")
    with pytest.raises(TableError, match="there is no patient"):
        run(tmp_path / "new")
    folder = tmp_path / "new"
    header = (folder / "patients.csv").read_text().strip().split(",")
    rows = [
        dict.fromkeys(header, "")
        | {"id": f"A{i}", "group": "new" if i % 2 else "usual", "age": 50 + i, "sex": "male" if i % 3 else "female", "ecog": i % 3,
           "nrs_baseline": 6 + i % 4, "omed_baseline_mg": 20}
        for i in range(12)
    ]  # fmt: skip
    with open(folder / "patients.csv", "a", newline="") as handle:
        csv.DictWriter(handle, header).writerows(rows)
    with open(folder / "visits.csv", "a") as handle:
        for i in range(12):
            for week, pain in ((0, 6 + i % 4), (4, 3 + i % 3)):
                handle.write(f"A{i},{week},{week * 7},assessed,{pain},20\n")
    found = analysis_of(load(folder))
    assert found.groups == ("usual", "new") and found.primary_week == 4
    rates = found.section("response").tables["rates"]
    assert rates["n"].max() == 6 and not found.section("response").failed


def test_the_plan_beside_the_project_is_compared(tmp_path):
    folder = copy_to(tmp_path / "centre")
    shutil.copy(DATA / "cohort" / "plan.toml", folder)
    shutil.copy(DATA / "cohort" / "plan.lock.json", folder)
    found = analysis_of(load(folder)).section("plan")
    assert "departures" not in found.tables and any("0 settings" in note for note in found.notes)
    config = folder / "ostealgia.toml"
    config.write_text(config.read_text().replace('retreatment = "non_response"', 'retreatment = "treatment_policy"'))
    changed = analysis_of(load(folder)).section("plan").tables["departures"]
    assert changed.to_dict("records") == [
        {"entry": "endpoints.retreatment", "planned": "non_response", "now": "treatment_policy"}
    ]
