"""Which rows an analysis takes, and who is left out by name."""

from __future__ import annotations

import math

import pytest
from project_cases import MINIMAL, ROWS

from ostealgia.errors import ProjectError, TableError
from ostealgia.project.analyses import run_analysis
from ostealgia.project.select import select, why_empty
from ostealgia.project.store import load

PAIN = """\
study,arm,outcome,time,time_unit,n,mean,sd
A,us,pain,0,month,10,7.0,1.5
A,us,pain,11,week,10,3.0,1.0
A,us,pain,4,month,10,2.0,1.0
B,us,pain,0,month,12,6.0,2.0
B,us,pain,6,month,12,5.0,2.0
C,us,pain,0,month,9,6.5,1.1
C,us,pain,3,month,9,4.0,
D,us,pain,0,month,8,6.5,1.1
D,us,pain,3,month,8,4.0,1.2
"""
WINDOW = """\
[project]
title = "Example"
[[analysis]]
id = "pain"
outcome = "pain"
measure = "MD"
time = "3 month"
baseline = "0 month"
"""


def one(folder, ident=None):
    project = load(folder)
    spec = project.spec.analysis[0] if ident is None else project.spec.analysis_of(ident)
    return project, spec, select(project, spec)


def test_the_exact_time_is_taken_without_a_window(make):
    _, _, found = one(make(WINDOW, PAIN))
    assert found.columns["study"] == ["C", "D"]
    assert {item.study: item.reason for item in found.excluded} == {
        "A": "nothing printed at 3 months (there is baseline, 11 weeks, 4 months)",
        "B": "nothing printed at 3 months (there is baseline, 6 months)",
    }


@pytest.mark.parametrize(("pick", "mean"), [("nearest", 3.0), ("first", 3.0), ("last", 2.0)])
def test_a_window_picks_by_rule(make, pick, mean):
    config = WINDOW + f'window_days = [60, 125]\npick = "{pick}"\n'
    _, _, found = one(make(config, PAIN))
    assert found.columns["study"] == ["A", "C", "D"]
    assert found.columns["mean_1"][0] == mean  # 11 weeks is day 77, 4 months day 122; 3 months is day 91


def test_an_empty_sd_leaves_the_study_out_by_name(make):
    project, spec, _ = one(make(WINDOW, PAIN))
    run = run_analysis(project, spec, {})
    assert ("C", "SD at 3 months is empty") in [(item.study, item.reason) for item in run.excluded]
    assert run.fit.k == 1


def test_rows_that_cannot_be_told_apart_are_an_error(make):
    with pytest.raises(ProjectError, match=r"rows 2, 3, 4.*State time"):
        one(make(WINDOW.replace('time = "3 month"\nbaseline = "0 month"', "").replace('"MD"', '"MN"'), PAIN))


def test_repeated_labels_are_lines_of_their_own_with_a_note(make):
    project, spec, found = one(make(MINIMAL, ROWS.replace("Gamma 2003", "Alpha 2001")))
    assert found.columns["study"] == ["Alpha 2001 (row 2)", "Alpha 2001 (row 4)", "Beta 2002"]
    assert found.notes == ("Alpha 2001 stands in rows 2, 4: each is taken as a study of its own",)
    assert run_analysis(project, spec, {}).fit.k == 3


def test_where_no_row_can_be_used_each_has_its_own_reason(make):
    rows = "study,outcome,n,events\nA,response,10,14\nB,response,-3,1\nC,response,12,\n"
    project, spec, _ = one(make(MINIMAL, rows))
    run = run_analysis(project, spec, {})
    assert run.fit is None and run.problem.startswith("no study can be used")
    reasons = {item.study: item.reason for item in run.excluded}
    assert "events" in reasons["A"] and "14" in reasons["A"]
    assert "n" in reasons["B"] and reasons["C"] == "events is empty"


def test_two_arms_by_role_and_a_missing_arm(make):
    config = MINIMAL.replace('"PLO"', '"OR"') + 'arms = ["treated", "control"]\n'
    rows = (
        "study,arm,arm_role,outcome,n,events\nA,x,treated,response,20,12\nA,y,control,response,21,7\n"
        "B,x,treated,response,30,22\nC,x,treated,response,25,14\nC,y,control,response,22,9\n"
    )
    _, _, found = one(make(config, rows))
    assert found.columns["events_1"] == [12, 14] and found.columns["events_2"] == [7, 9]
    assert [(item.study, item.reason) for item in found.excluded] == [("B", "no row for the arm 'control'")]


def test_published_and_raw_rows_in_one_analysis(make):
    config = MINIMAL.replace('"PLO"', '"OR"') + 'arms = ["treated", "control"]\n'
    rows = (
        "study,arm,outcome,n,events,estimate,ci_low,ci_high,measure\nA,treated,response,20,12,,,,\nA,control,response,21,7,,,,\n"
        "B,treated,response,,,2.0,1.0,4.0,OR\n"
    )
    project, spec, _ = one(make(config, rows))
    fit = run_analysis(project, spec, {}).fit
    assert fit.k == 2
    assert math.isclose(fit.study_frame()["reported_estimate"][1], 2.0, rel_tol=1e-12)


def test_a_p_value_that_is_a_bound_gives_no_standard_error(make):
    config = MINIMAL.replace('"PLO"', '"OR"')
    rows = "study,outcome,estimate,p_value,measure\nA,response,2.0,0.03,OR\nB,response,3.0,<0.01,OR\n"
    _, _, found = one(make(config, rows))
    assert found.columns["study"] == ["A"] and "no exact number" in found.excluded[0].reason


def test_text_in_a_number_leaves_the_row_out_by_name(make):
    project, spec, found = one(make(MINIMAL, ROWS.replace("40,30", "40,30*")))
    assert [(item.study, item.row) for item in found.excluded] == [("Beta 2002", 3)]
    assert "'30*'" in found.excluded[0].reason
    assert run_analysis(project, spec, {}).fit.k == 2


def test_counts_are_worked_back_from_per_cents(make):
    rows = "study,outcome,n,estimate,measure\nA,response,31,83.9,percent\nB,response,1445,71,percent\nC,response,12,50,percent\n"
    _, _, found = one(make(MINIMAL, rows))
    assert found.columns["events"] == [26, 1026, 6]
    assert [(cell.study, len(cell.choices)) for cell in found.latitude] == [("A", 1), ("B", 15), ("C", 1)]
    assert "worked back from printed per cents" in found.notes[0]


def test_a_name_that_does_not_exist_is_an_error_and_not_a_silent_nothing(make):
    config = MINIMAL + 'exclude = [{ study = "Betta 2002", reason = "x" }]\n'
    with pytest.raises(ProjectError, match="Did you mean 'Beta 2002'"):
        one(make(config))


def test_exclude_include_and_replace(make):
    config = MINIMAL + (
        'exclude = [{ study = "Beta 2002", reason = "another population" }]\n'
        'replace = [{ study = "Alpha 2001", events = 10, reason = "typing slip", source = "letter" }]\n'
    )
    _, _, found = one(make(config))
    assert found.columns["study"] == ["Alpha 2001", "Gamma 2003"] and found.columns["events"] == [10, 19]
    assert (found.excluded[0].study, found.excluded[0].reason) == ("Beta 2002", "another population")
    assert found.notes == ("Alpha 2001: events 12 becomes 10 (typing slip; letter)",)


def test_an_outcome_that_is_nowhere_suggests_one(make):
    project, spec, found = one(make(MINIMAL.replace('outcome = "response"', 'outcome = "responce"')))
    assert found.k == 0
    assert "Did you mean 'response'?" in why_empty(project, spec)


def test_ragged_rows_and_missing_columns_are_refused(make):
    with pytest.raises(TableError, match=r"results.csv, row 3: .*another number of fields"):
        load(make(MINIMAL, ROWS.replace("40,30,Table 1", "40,30")))
    with pytest.raises(TableError, match=r"the column 'outcome' is missing"):
        load(make(MINIMAL, ROWS.replace("outcome", "result")))


def test_other_spellings_of_columns_are_mapped_and_noted(make):
    project, _, found = one(make(MINIMAL, ROWS.replace("n,events", "ni,xi")))
    assert found.columns["events"] == [12, 30, 19]
    assert "column 'xi' read as 'events'" in project.results.notes


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_encodings_are_read_and_noted(make, encoding):
    folder = make(MINIMAL)
    (folder / "results.csv").write_bytes(ROWS.replace("Alpha", "Müller").encode(encoding))
    project, _, found = one(folder)
    assert found.columns["study"][0] == "Müller 2001" and project.results.notes
