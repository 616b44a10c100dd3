"""Questionnaire scores: every form of the simulated cohort as R scored it, the manual's sums, and the missing rules."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import ostealgia
from ostealgia.clinical import INSTRUMENTS, pain_category, score
from ostealgia.errors import OptionError, TableError

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = json.loads((REFERENCE / "cohort_questionnaires.json").read_text(encoding="utf-8"))["cases"]
COHORT = Path(ostealgia.__file__).parent / "data" / "cohort"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_scores_of_the_simulated_cohort(case):
    items = pd.read_csv(COHORT / "qlq_items.csv")
    found = score(items).scores
    expected = case["expected"]
    assert [f"{a} {b}" for a, b in zip(found["id"], found["week"], strict=True)] == expected["keys"]
    for name, ours in (("ql", "ql"), ("pf", "pf"), ("rf", "rf"), ("ef", "ef"), ("sf", "sf"), ("pain", "pa")):
        wanted = np.array([np.nan if value is None else value for value in expected[name]], dtype=float)
        assert_allclose(found[ours], wanted, **case["tolerance"])


def form(**items):
    return pd.DataFrame({name: [value] for name, value in items.items()})


@pytest.mark.parametrize(
    ("answered", "scored"),
    [((1, 2, 2, 3, None), 66.7), ((1, 2, 2, None, None), 77.8), ((1, 2, None, None, None), None)],
)
def test_half_of_the_items_are_needed(answered, scored):
    """To one decimal, as the manual prints."""
    found = score(form(**{f"q{i + 1}": value for i, value in enumerate(answered)})).scores["pf"].iloc[0]
    assert np.isnan(found) if scored is None else round(found, 1) == scored


def whole_form(answer=1):
    return form(**{f"q{i}": answer if i < 29 else 7 - 2 * (answer - 1) for i in range(1, 31)})


def test_summary_score_needs_all_thirteen():
    found = score(whole_form()).scores
    assert found["summary"].iloc[0] == 100 and found["ql"].iloc[0] == 100
    assert score(whole_form(4)).scores["summary"].iloc[0] == 0
    lost = whole_form().astype(float).assign(q17=np.nan)
    assert np.isnan(score(lost).scores["summary"].iloc[0])
    assert "summary" not in score(whole_form().drop(columns="q8")).scores


def test_bm22_c15_and_bpi():
    bm22 = form(**{f"q{i}": 1 for i in range(31, 53)})
    found = score(bm22, "QLQ-BM22")
    assert found.scores.iloc[0].tolist() == [0, 0, 100, 100]
    assert any("reversed" in note for note in found.notes) and found.check_status == "uncertain"
    assert score(bm22, "QLQ-BM22", reverse=["q52"]).scores["psychosocial"].iloc[0] == pytest.approx(100 * 5 / 6)
    c15 = score(form(**{f"q{i}": 2 for i in range(1, 16)}), "QLQ-C15-PAL")
    assert c15.scores["raw_c15_pf"].iloc[0] == pytest.approx(66.6667, abs=1e-4)
    assert any("look-up" in note for note in c15.notes)
    bpi = form(bpi3=8, bpi4=2, bpi5=5, bpi6=4, bpi9a=1, bpi9b=2, bpi9c=3, bpi9d=4, bpi9e=None, bpi9f=None, bpi9g=None)
    assert score(bpi, "BPI-SF").scores[["severity", "worst", "interference"]].iloc[0].tolist() == [4.75, 8, 2.5]
    assert np.isnan(score(bpi.assign(bpi6=None), "BPI-SF").scores["severity"].iloc[0])
    assert np.isnan(score(bpi.assign(bpi9d=None), "BPI-SF").scores["interference"].iloc[0])


def test_a_scale_that_nobody_answered_says_so():
    found = score(form(q1=1, q2=1, q3=1, q9=None, q19=None))
    assert any("pa could not be scored" in note for note in found.notes)
    table = found.scale_frame().set_index("scale")
    assert table.loc["pa", "n_missing"] == 1 and table.loc["pf", "higher_is"] == "better"


def test_answers_outside_their_range_are_errors():
    for wrong in (0, 5, 2.5):
        with pytest.raises(TableError, match=r"row 2, column q1"):
            score(form(q1=wrong))
    with pytest.raises(TableError, match="text"):
        score(form(q1="often"))
    with pytest.raises(TableError, match="no item"):
        score(pd.DataFrame({"a": [1]}))
    with pytest.raises(OptionError, match=r"3\.0"):
        score(form(q1=1), version="2.0")
    with pytest.raises(OptionError, match="QLQ-C30"):
        score(form(q1=1), "QLQ-30")
    with pytest.raises(OptionError, match="item"):
        score(form(q1=1), reverse=["q99"])


def test_columns_with_another_prefix_and_an_empty_frame():
    assert score(form(c30_9=3, c30_19=4), prefix="c30_").scores["pa"].iloc[0] == pytest.approx(250 / 3)
    assert len(score(whole_form().iloc[:0]).scores) == 0


def test_no_item_text_is_carried():
    for one in INSTRUMENTS.values():
        for scale in one.scales.values():
            assert len(scale.title.split()) <= 8 and "you" not in scale.title.split()


def test_pain_categories_differ_by_source():
    assert pain_category(0, cut_points="serlin1995") == "none"
    assert [pain_category(x, cut_points="serlin1995") for x in (4, 5, 7)] == ["mild", "moderate", "severe"]
    with pytest.raises(OptionError):
        pain_category(11, cut_points="serlin1995")


@given(st.lists(st.integers(1, 4), min_size=5, max_size=5))
def test_the_order_of_the_items_does_not_matter(answers):
    first = score(form(**{f"q{i + 1}": value for i, value in enumerate(answers)})).scores["pf"].iloc[0]
    again = score(form(**{f"q{i + 1}": value for i, value in enumerate(sorted(answers))})).scores["pf"].iloc[0]
    assert first == pytest.approx(again, abs=1e-12) and 0 <= first <= 100
