"""absolute_table(): events per 100 beside the certainty that somebody judged."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ostealgia.effects.absolute import absolute_effect
from ostealgia.errors import OptionError, TableError
from ostealgia.meta import absolute_table, bayes, pool, subgroup
from ostealgia.meta.absolute_certainty import read_certainty

RESPONSE = {
    "study": list("ABCD"), "events_1": [30, 41, 18, 55], "n_1": [60, 70, 40, 90], "events_2": [20, 30, 9, 40], "n_2": [61, 72, 38, 92],
    "site": ["spine", "spine", "pelvis", "pelvis"],
}  # fmt: skip
SINGLE = {"study": list("ABC"), "events": [20, 35, 28], "n": [25, 50, 40]}
SCORES = {"study": list("ABC"), "estimate": [-1.2, -0.8, -1.9], "std_error": [0.3, 0.25, 0.5]}
GRADE = [
    {"study": "", "tool": "GRADE", "domain": "certainty", "item": "response", "judgement": "Low", "support": "two steps down"},
    {"study": "", "tool": "GRADE", "domain": "Risk of bias", "item": "response", "judgement": "Serious", "support": "no blinding"},
    {"study": "", "tool": "GRADE", "domain": "imprecision", "item": "response", "judgement": "not serious", "support": ""},
    {"study": "", "tool": "GRADE", "domain": "inconsistency", "item": "pain", "judgement": "serious", "support": ""},
    {"study": "A", "tool": "RoB 2", "domain": "overall", "item": "response", "judgement": "high", "support": ""},
]  # fmt: skip


@pytest.mark.parametrize("measure", ["OR", "RR", "RD"])
def test_the_same_numbers_as_the_single_effect(measure):
    fit = pool(RESPONSE, measure=measure)
    table = absolute_table({"response": fit}, baseline_risk=0.35, event="desirable")
    side, (row,) = fit.reported, table.rows
    alone = absolute_effect(
        measure,
        side.estimate,
        side.ci_low,
        side.ci_high,
        pi_low=side.pi_low,
        pi_high=side.pi_high,
        baseline_risk=0.35,
        event="desirable",
    )
    for name in (
        "risk",
        "risk_low",
        "risk_high",
        "difference",
        "difference_low",
        "difference_high",
        "difference_pi_low",
        "difference_pi_high",
    ):
        assert_allclose(getattr(row, name), getattr(alone, name), rtol=1e-14)
    frame = table.to_frame()
    assert_allclose(frame["risk_per"][0], 100 * alone.risk, rtol=1e-14)
    assert frame["number_needed"][0] == str(alone.number_needed)
    assert frame["certainty"][0] == "not rated"


def test_an_odds_ratio_by_hand():
    """OR 2 at a risk of 30%: odds 0.3/0.7 doubled are 0.857, a risk of 46.2%."""
    fit = pool({"study": ["A"], "estimate": [math.log(2.0)], "std_error": [0.1]}, measure="OR", model="common")
    (row,) = absolute_table({"x": fit}, baseline_risk=0.3, event="desirable").rows
    assert_allclose(row.risk, 6 / 13, rtol=1e-12)


def test_several_baseline_risks_and_several_analyses():
    fits = {
        "response": pool(RESPONSE, measure="OR"),
        "single": pool(SINGLE, measure="PLO"),
        "pain": pool(SCORES, measure="MD"),
    }
    table = absolute_table(
        fits, baseline_risk={"response": [0.2, 0.5]}, event={"response": "desirable"}, appraisal=GRADE
    )
    assert [row.analysis for row in table.rows] == ["response", "response", "single", "pain"]
    assert [row.without for row in table.rows[:2]] == [0.2, 0.5]
    assert table.rows[0].certainty.level == "low"
    assert table.rows[0].certainty.reasons == ("risk of bias: serious",)
    assert table.rows[0].certainty.support == "two steps down"
    single = table.rows[2]
    assert math.isnan(single.without)
    assert_allclose(single.risk, fits["single"].reported.estimate, rtol=1e-15)
    assert_allclose(single.risk_pi_low, fits["single"].reported.pi_low, rtol=1e-15)
    assert single.certainty.level == "not rated"
    assert "not a risk" in table.rows[3].note
    assert table.rows[3].certainty.level == "not rated"
    assert table.rows[3].certainty.reasons == ("inconsistency: serious",)
    text = str(table)
    assert "certainty: low (risk of bias: serious)" in text
    assert "per 100" in text
    body = table.to_dict()
    assert len(body["rows"]) == 4
    assert body["rows"][3]["risk_per"] is None


def test_subgroups_and_bayes():
    groups = absolute_table(subgroup(RESPONSE, by="site", measure="OR"), baseline_risk=0.4, event="desirable")
    assert [row.analysis for row in groups.rows] == ["spine", "pelvis", "all"]
    fit = bayes(RESPONSE, measure="OR", tau_prior="half-normal(0.5)")
    (row,) = absolute_table({"response": fit}, baseline_risk=0.4, event="desirable").rows
    assert row.difference_low < row.difference < row.difference_high
    assert row.difference_pi_low < row.difference_low


def test_a_single_result_is_named_by_its_measure():
    (row,) = absolute_table(pool(SINGLE, measure="PLO")).rows
    assert row.analysis == "PLO"


def test_per_thousand():
    fit = pool(RESPONSE, measure="RR")
    table = absolute_table({"response": fit}, baseline_risk=0.3, event="desirable", per=1000)
    assert "300 without" in str(table)
    assert table.to_frame()["without_per"][0] == 300.0


def test_appraisal_from_a_file_and_a_frame(tmp_path):
    import pandas as pd

    frame = pd.DataFrame(GRADE)
    path = tmp_path / "appraisal.csv"
    frame.to_csv(path, index=False)
    assert read_certainty(frame) == read_certainty(path) == read_certainty(GRADE)
    assert read_certainty(None) == {}
    assert read_certainty(frame.iloc[:0]) == {}


def test_a_judgement_that_grade_does_not_have():
    with pytest.raises(TableError, match=r"(?s)row 2.*modrate.*Did you mean 'moderate'"):
        import pandas as pd

        read_certainty(pd.DataFrame([{**GRADE[0], "judgement": "modrate"}], index=[2]))


def test_two_levels_for_one_analysis():
    with pytest.raises(TableError, match="two GRADE levels"):
        read_certainty([GRADE[0], {**GRADE[0], "judgement": "high"}])
    assert read_certainty([GRADE[0], GRADE[0]])["response"].level == "low"


def test_a_frame_without_the_columns():
    import pandas as pd

    with pytest.raises(TableError, match="no column 'tool'"):
        read_certainty(pd.DataFrame({"a": [1]}))


def test_certainty_of_an_analysis_that_is_not_there_is_said():
    table = absolute_table({"single": pool(SINGLE, measure="PLO")}, appraisal=GRADE)
    assert any("response" in note for note in table.notes)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"event": "desirable"}, OptionError, "analysis 'response'.*baseline_risk"),
        ({"baseline_risk": 0.3}, OptionError, "event is not given"),
        ({"baseline_risk": 1.3, "event": "desirable"}, OptionError, "analysis 'response'"),
        ({"baseline_risk": 0.3, "event": "good"}, OptionError, "event='good'"),
    ],
)
def test_refusals(options, error, words):
    with pytest.raises(error, match=words):
        absolute_table({"response": pool(RESPONSE, measure="OR")}, **options)


def test_an_impossible_risk_is_refused():
    fit = pool({"study": ["A"], "estimate": [math.log(3.0)], "std_error": [0.1]}, measure="RR", model="common")
    with pytest.raises(TableError, match="impossible risk"):
        absolute_table({"x": fit}, baseline_risk=0.5, event="desirable")


def test_what_is_not_a_pooled_result():
    with pytest.raises(OptionError, match="not a pooled result"):
        absolute_table({"x": np.ones(3)}, baseline_risk=0.5, event="desirable")
