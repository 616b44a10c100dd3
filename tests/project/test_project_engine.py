"""A project asks for more than a pool: regression, dependent effects, factors, a course, absolute effects, certainty, small studies.

The numbers are those of the functions that compute them (each pinned to its own references elsewhere), so equality is exact.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
from project_cases import MINIMAL, ROWS

import ostealgia as oa
from ostealgia.errors import ProjectError, TableError
from ostealgia.project import verify
from ostealgia.project.steps import run

HEAD = '[project]\ntitle = "Example"\n'
STUDIES = (
    "study,year,region\nAlpha 2001,2001,north\nBeta 2002,2002,south\nGamma 2003,2003,north\nDelta 2004,2004,south\n"
)
FOUR = ROWS + "Delta 2004,response,25,10,Table 1\n"
TWO_ARMS = """\
study,arm,outcome,n,events
A,new,response,40,24
A,old,response,40,16
B,new,response,60,33
B,old,response,58,28
C,new,response,31,20
C,old,response,33,14
"""
OR = HEAD + '[[analysis]]\nid = "or"\ntitle = "Response"\noutcome = "response"\nmeasure = "OR"\narms = ["new", "old"]\n'
LONG = """\
study,outcome,time,time_unit,estimate,std_error,measure
D,change,1,week,-2.1,0.4,GEN
D,change,4,week,-3.4,0.4,GEN
D,change,12,week,-4.2,0.5,GEN
E,change,1,week,-1.6,0.3,GEN
E,change,4,week,-2.8,0.3,GEN
F,change,1,week,-2.9,0.4,GEN
F,change,4,week,-4.0,0.4,GEN
F,change,12,week,-4.4,0.4,GEN
"""
CHANGE = HEAD + '[[analysis]]\nid = "change"\ntitle = "Change of pain"\noutcome = "change"\nmeasure = "GEN"\n'


def page(folder):
    return (folder / "build" / "report.html").read_text()


def results(folder):
    return {row["id"]: row for row in json.loads((folder / "build" / "results.json").read_text())}


# ---------------------------------------------------------------- regression


def test_moderators_come_from_the_table_of_studies(make):
    folder = make(MINIMAL + 'moderators = "year + factor(region)"\n', FOUR, studies=STUDIES)
    found = run(folder).runs["response"]
    table = {"study": list("abcd"), "events": [12, 30, 19, 10], "n": [20, 40, 31, 25], "year": [2001, 2002, 2003, 2004]}
    effects = oa.effects.compute({**table, "region": ["north", "south", "north", "south"]}, measure="PLO")
    direct = oa.meta.regress(effects, "~ year + factor(region)", tau2="DL", ci="z")
    np.testing.assert_array_equal(found.regression.estimate, direct.estimate)
    assert found.regression.names == ("intercept", "year", "factor(region)south")
    rows = results(folder)
    assert rows["response/moderator: year/analysis"]["estimate"] == float(f"{direct.estimate[1]:.10g}")
    assert "fewer than 10 a coefficient" in page(folder) and "Meta-regression" in page(folder)
    assert (folder / "build" / "tables" / "regression.csv").is_file()
    assert (folder / "build" / "r" / "response-regression.R").is_file()
    assert (folder / "build" / "figures" / "response-bubble.svg").is_file()


def test_a_list_of_terms_is_a_formula_and_a_column_of_the_rows_will_do(make):
    rows = "study,outcome,n,events,dose_gy\nA,response,20,12,8\nB,response,40,30,20\nC,response,31,19,24\n"
    found = run(make(MINIMAL + 'moderators = ["dose_gy"]\n', rows)).runs["response"]
    assert found.regression.names == ("intercept", "dose_gy") and not found.regression.recipe.codings.get("dose_gy")
    assert found.regression.moderators["dose_gy"].tolist() == [8.0, 20.0, 24.0]


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("year +", "Allowed: columns"),
        ("__import__('os')", "Allowed: columns"),
        ("exp(year)", "Allowed: columns"),
        ("yeer", "Did you mean 'year'"),
    ],
)
def test_a_bad_formula_stops_with_file_analysis_and_what_is_allowed(make, formula, words):
    folder = make(MINIMAL + f'moderators = "{formula}"\n', FOUR, studies=STUDIES)
    with pytest.raises(ProjectError, match=r"ostealgia\.toml, analysis 'response'") as caught:
        run(folder)
    assert words in str(caught.value) and not (folder / "build").exists()


def test_a_study_without_the_moderator_is_left_out_of_the_regression_by_name(make):
    studies = STUDIES.replace("2004,south", ",south")
    found = run(make(MINIMAL + 'moderators = "year"\n', FOUR, studies=studies)).runs["response"]
    assert found.fit.k == 4 and found.regression.k == 3
    assert [item.study for item in found.regression.excluded] == ["Delta 2004"]


def test_too_many_coefficients_are_a_note_and_the_pool_stays(make):
    studies = STUDIES.replace("region", "region,centre").replace("north", "north,a").replace("south", "south,b")
    found = run(make(MINIMAL + 'moderators = "ns(year, 3) + region + centre"\n', FOUR, studies=studies)).runs[
        "response"
    ]
    assert found.fit.k == 4 and found.regression is None
    assert any(note.startswith("Meta-regression: not computed") for note in found.notes)


# ---------------------------------------------------------------- dependent effects

FACTORS = """\
study,outcome,estimate,ci_low,ci_high,p_value,measure
A,lytic,1.8,1.1,2.9,,OR
A,mood,3.9,1.5,10.1,,OR
B,lytic,1.4,0.8,2.4,,OR
B,mood,2.2,1.1,4.4,,OR
C,lytic,2.1,1.2,3.7,,OR
C,mood,2.5,,,<0.05,OR
"""
BY = (
    HEAD
    + '[[analysis]]\nid = "factors"\noutcome = ["lytic", "mood"]\nmeasure = "OR"\ncluster = "study"\nby = "outcome"\n'
)


def test_three_level_and_robust_lines_stand_beside_the_pool(make):
    folder = make(BY + "within_correlation = [0.2, 0.6]\n", FACTORS)
    found = run(folder).runs["factors"]
    assert [line.id for line in found.dependence] == ["three-level 0.2", "robust 0.2", "three-level 0.6", "robust 0.6"]
    table = {"study": list("AABBC"), "estimate": [1.8, 3.9, 1.4, 2.2, 2.1], "ci_low": [1.1, 1.5, 0.8, 1.1, 1.2]}
    effects = oa.effects.compute({**table, "ci_high": [2.9, 10.1, 2.4, 4.4, 3.7]}, measure="OR")
    direct = oa.meta.multilevel(effects, V=oa.meta.known_covariance(effects, rho=0.6))
    assert found.dependence[2].fit.estimate == direct.estimate
    assert found.dependence[3].fit.df == oa.meta.robust(direct).df
    assert "counts 5 effects of 3 clusters" in " ".join(found.notes)
    rows = results(folder)
    assert rows["factors/robust 0.6/analysis"]["k"] == 5 and "factors/three-level 0.2/reported" in rows
    assert "Several effects of one study" in page(folder)
    assert (folder / "build" / "r" / "factors-three-level-0.6.R").is_file()


def test_one_kind_of_dependence_alone(make):
    found = run(make(BY + 'dependence = "robust"\n', FACTORS)).runs["factors"]
    assert [line.id for line in found.dependence] == ["robust"]
    assert any("errors taken as independent" in line.title for line in found.dependence)


def test_factors_are_pooled_one_by_one_and_the_words_say_why(make):
    folder = make(BY, FACTORS)
    found = run(folder).runs["factors"].factors
    assert [(row.factor, row.k, row.studies) for row in found.rows] == [("lytic", 3, 3), ("mood", 2, 2)]
    assert "a mean over them is the effect of none of them" in page(folder)
    assert "factors/factor: lytic/reported" in results(folder)


def test_a_bound_of_p_is_left_out_or_taken_at_the_bound_by_name(make):
    found = run(make(BY, FACTORS)).runs["factors"]
    assert [item.study for item in found.excluded] == ["C: mood"] and "no exact number" in found.excluded[0].reason
    found = run(make(BY + 'p_bound = "at bound"\n', FACTORS)).runs["factors"]
    assert found.effects.k == 6 and any("taken as 0.05" in note for note in found.notes)


def test_one_effect_a_study_has_no_dependence(make):
    found = run(make(MINIMAL + 'cluster = "study"\n')).runs["response"]
    assert not found.dependence and any("there is no dependence" in note for note in found.notes)


def test_a_correlation_needs_to_know_what_is_dependent(make):
    with pytest.raises(ProjectError, match="write cluster"):
        run(make(MINIMAL + "within_correlation = 0.5\n"))
    with pytest.raises(ProjectError, match="strictly between -1 and 1"):
        run(make(MINIMAL + 'cluster = "study"\nwithin_correlation = 1.5\n'))


# ---------------------------------------------------------------- a course over time


def test_all_times_enter_one_course_and_are_not_pooled(make):
    folder = make(CHANGE + 'trajectory = "log"\nwithin_correlation = 0.9\n', LONG)
    found = run(folder).runs["change"]
    assert found.fit is None and not found.problem
    rows = [line.split(",") for line in LONG.splitlines()[1:]]
    data = {"study": [r[0] for r in rows], "time": [float(r[2]) for r in rows], "estimate": [float(r[4]) for r in rows]}
    data["std_error"] = [float(r[5]) for r in rows]
    direct = oa.meta.trajectory(data, shape="log", V=oa.meta.known_covariance(data, rho=0.9, kind="autoregressive"))
    np.testing.assert_allclose(
        found.course.at([1, 12]).estimate, direct.at([1, 12]).estimate, rtol=1e-12
    )  # weeks through days
    assert found.course.observed == {1.0: 3, 4.0: 3, 12.0: 2}
    assert "At 12 weeks" in page(folder) or "12 weeks" in page(folder)
    assert results(folder)["change/time: 12 weeks/reported"]["k"] == 2
    assert (folder / "build" / "figures" / "change-course.svg").is_file()


def test_with_a_time_the_pool_at_that_time_stays_the_headline(make):
    found = run(make(CHANGE + 'trajectory = "means"\ntime = "4 week"\n', LONG)).runs["change"]
    assert found.fit.k == 3 and found.course.fit.k == 8


def test_a_course_of_paired_scores_takes_the_baseline_from_each_study(make):
    rows = "study,outcome,time,time_unit,n,mean,sd\n" + "".join(
        f"{s},pain,{t},week,{n},{m},2\n"
        for s, n in (("A", 20), ("B", 30), ("C", 25))
        for t, m in ((0, 7), (1, 5), (4, 4 + n / 50))
    )
    config = (
        HEAD
        + '[[analysis]]\nid = "pain"\noutcome = "pain"\nmeasure = "MC"\nbaseline = "0 week"\ncorrelation = 0.5\ntrajectory = "means"\n'
    )
    found = run(make(config, rows)).runs["pain"]
    assert found.course.observed == {1.0: 3, 4.0: 3} and found.course.fit.k == 6
    assert found.course.at([1]).estimate[0] == pytest.approx(-2.0, abs=1e-9)  # 5 - 7 in every study


def test_two_arms_at_several_times_are_paired_at_each_time(make):
    rows = "study,arm,outcome,time,time_unit,n,mean,sd\n" + "".join(
        f"{s},{arm},pain,{t},week,{n},{m},2\n"
        for s, n in (("A", 20), ("B", 30), ("C", 25))
        for t, m_new in ((1, 5), (4, 4))
        for arm, m in (("new", m_new), ("old", 6))
    )
    config = HEAD + '[[analysis]]\nid = "pain"\noutcome = "pain"\nmeasure = "MD"\narms = ["new", "old"]\n'
    found = run(make(config + 'trajectory = "means"\nwithin_correlation = 0.5\n', rows)).runs["pain"]
    np.testing.assert_allclose(
        found.course.at([1, 4]).estimate, [-1.0, -2.0], atol=1e-9
    )  # 5 - 6 and 4 - 6 in every study
    clustered = run(make(config + 'cluster = "study"\n', rows)).runs["pain"]
    assert clustered.fit.k == 6 and clustered.dependence[0].fit.k == 6
    assert clustered.effects.study[:2] == ("A, 1 week", "A, 4 weeks")


def test_a_sensitivity_analysis_of_a_course_is_a_course(make):
    config = CHANGE + 'trajectory = "log"\nwithin_correlation = 0.9\n'
    config += '[[analysis]]\nid = "half"\ntitle = "Correlation 0.5"\nlike = "change"\nwithin_correlation = 0.5\n'
    result = run(make(config, LONG))
    assert result.runs["half"].fit is None and result.runs["half"].course is not None
    titles = {panel.title: panel.open for panel in result.report.analyses[0].panels}
    assert titles == {"Course over time": True, "Course over time: Correlation 0.5": False}


def test_a_row_without_a_time_is_left_out_of_the_course_by_name(make):
    found = run(make(CHANGE + 'trajectory = "log"\n', LONG.replace("E,change,4,week", "E,change,,"))).runs["change"]
    assert found.course.fit.k == 7
    assert [(item.study, item.row, item.reason) for item in found.excluded] == [("E", 6, "no time is stated")]


# ---------------------------------------------------------------- absolute effects and certainty


def test_results_per_100_at_each_risk_beside_the_certainty(make):
    appraisal = "study,tool,domain,item,judgement,support\n,GRADE,certainty,or,low,two steps\n,GRADE,imprecision,or,serious,wide\n"
    folder = make(
        OR + "baseline_risk = [0.2, 0.5]\nper = 1000\nhigher_is_better = true\n", TWO_ARMS, appraisal=appraisal
    )
    found = run(folder).runs["or"]
    assert [row.without for row in found.absolute.rows] == [0.2, 0.5] and found.absolute.per == 1000
    assert found.absolute.rows[0].certainty.level == "low"
    html = page(folder)
    assert "In 1,000 patients" in html and "imprecision: serious" in html
    assert results(folder)["or/absolute at 0.5/risk difference"]["k"] == 3


def test_a_risk_needs_a_direction_and_is_a_proportion(make):
    with pytest.raises(ProjectError, match=r"analysis 'or': baseline_risk needs to know .* higher_is_better"):
        run(make(OR + "baseline_risk = 0.3\n", TWO_ARMS))
    with pytest.raises(ProjectError, match="strictly between 0 and 1"):
        run(make(OR + "baseline_risk = 30\nhigher_is_better = true\n", TWO_ARMS))


def test_every_pooled_result_shows_its_certainty_also_where_nobody_judged(make):
    config = MINIMAL + '[[analysis]]\nid = "response-reml"\ntitle = "By REML"\nlike = "response"\ntau2 = "REML"\n'
    folder = make(config + 'subgroup = "region"\n', FOUR, studies=STUDIES)
    report = run(folder).report
    assert [answer.certainty for answer in report.answers] == ["not rated"]
    rows = report.analyses[0].estimates.rows
    assert len(rows) == 2 and all(row["certainty"] == "not rated" for row in rows)
    assert "Certainty" in page(folder)


def test_a_level_that_grade_does_not_have_stops_with_file_and_row(make):
    appraisal = "study,tool,domain,item,judgement,support\n,GRADE,certainty,response,lowish,x\n"
    with pytest.raises(TableError, match=r"appraisal.csv, row 2, column judgement.*lowish"):
        run(make(appraisal=appraisal))


def test_a_judgement_of_no_analysis_is_said(make):
    appraisal = "study,tool,domain,item,judgement,support\n,GRADE,certainty,respons,low,x\n"
    assert "certainty is judged for respons" in " ".join(run(make(appraisal=appraisal)).report.notes)


# ---------------------------------------------------------------- small studies, influence


def test_small_study_effects_and_influence_are_folded_panels(make):
    folder = make()
    report = run(folder).report
    panels = {panel.title: panel for panel in report.analyses[0].panels}
    assert not any(panel.open for panel in panels.values())
    assert "under 10: chance and asymmetry look alike" in panels["Small-study effects (under 10 studies)"].text
    assert len(panels["Influence of single studies"].tables[0].rows) == 3
    for name in ("small-study-effects", "influence"):
        assert (folder / "build" / "tables" / f"{name}.csv").is_file()


# ---------------------------------------------------------------- what must be said


def test_only_takes_rows_by_a_column_and_names_the_others(make):
    folder = make(MINIMAL + 'only = { region = "north" }\n', FOUR, studies=STUDIES)
    found = run(folder).runs["response"]
    assert found.fit.k == 2
    assert {item.study: item.reason for item in found.excluded} == {
        "Beta 2002": "region: south (this analysis takes north)",
        "Delta 2004": "region: south (this analysis takes north)",
    }


def test_a_study_that_the_table_of_studies_does_not_list_is_named(make):
    folder = make(MINIMAL, FOUR, studies=STUDIES.replace("Beta 2002,2002,south\n", ""))
    notes = " ".join(run(folder).runs["response"].notes)
    assert "not listed in studies.csv: 'Beta 2002' (row 3) of results.csv" in notes


def test_arms_and_times_that_enter_together_are_named_with_their_rows(make):
    rows = "study,arm,outcome,time,time_unit,n,events\nA,hifu,response,1,month,20,12\nB,sham,response,3,month,40,30\n"
    rows += "C,hifu,response,3,month,31,19\n"
    notes = " ".join(run(make(MINIMAL, rows)).runs["response"].notes)
    assert "rows of hifu (2 rows), sham (1 row) enter this pool together" in notes
    assert "rows of 1 month (1 row), 3 month (2 rows) enter this pool together" in notes
    notes = " ".join(run(make(MINIMAL + 'arms = ["hifu"]\ntime = "3 month"\n', rows)).runs["response"].notes)
    assert "enter this pool" not in notes


def test_an_interval_worked_back_from_p_is_said_in_the_results(make):
    rows = "study,outcome,estimate,ci_low,ci_high,p_value,measure\nA,x,2.0,,,0.03,OR\nB,x,1.5,1.1,2.05,0.01,OR\n"
    folder = make(HEAD + '[[analysis]]\nid = "l"\noutcome = "x"\nmeasure = "OR"\nmodel = "list"\n', rows)
    run(folder)
    found = results(folder)
    assert found["l/A/reported"]["notes"] == ["interval worked back from P"] and found["l/B/reported"]["notes"] == []


# ---------------------------------------------------------------- the same bytes, and verify


def test_everything_is_verified_and_the_same_bytes_come_twice(make):
    config = MINIMAL + 'moderators = "year"\ncluster = "region"\n'
    folder = make(config, FOUR, studies=STUDIES)
    first, second = dict(run(folder).files), dict(run(folder).files)
    assert first == second and {"tables/regression.csv", "tables/dependent-effects.csv", "r/response.R"} <= set(first)
    assert not verify(folder).differences
    path = folder / "studies.csv"
    path.write_text(path.read_text().replace("Alpha 2001,2001", "Alpha 2001,1991"))
    changed = [str(item) for item in verify(folder).differences]
    assert any("moderator: year" in text for text in changed) and any("studies.csv, row 2" in text for text in changed)


def test_a_key_of_a_network_in_a_pool_is_refused(make):
    with pytest.raises(ProjectError, match="key 'reference' is for kind = \"network\""):
        run(make(MINIMAL + 'reference = "sham"\n'))
