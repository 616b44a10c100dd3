"""Pain response: the worked examples of the consensus rule, each option of its gaps, and the class of every simulated patient."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostealgia.clinical import DEFINITIONS, pain_flare, pain_response, pain_response_frame, pain_responses
from ostealgia.errors import OptionError, TableError

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = json.loads((REFERENCE / "cohort_response.json").read_text(encoding="utf-8"))["cases"]

# number, pain, pain, OMED, OMED, class, extended: by hand from the published rule (Chow 2012)
WORKED = [
    (1, 7, 0, 60, 60, "CR"), (2, 7, 0, 60, 75, "IR"), (3, 7, 5, 60, 60, "PR"), (4, 7, 6, 60, 45, "PR"), (5, 7, 8, 60, 30, "IR"),
    (6, 7, 5, 60, 66, "IR"), (7, 5, 7, 40, 40, "PP"), (8, 5, 6, 40, 50, "PP"), (9, 5, 8, 40, 60, "PP"), (10, 6, 4, 0, 0, "PR"),
    (11, 6, 6, 0, 20, "PP"), (12, 1, 0, 30, 10, "NE"), (14, 6, 6, 40, 36, "IR"),
]  # fmt: skip


@pytest.mark.parametrize("case", WORKED, ids=lambda case: f"example {case[0]}")
def test_worked_examples(case):
    _, pain_0, pain_1, omed_0, omed_1, expected = case
    assert pain_response(pain_0, pain_1, omed_0, omed_1) == expected


def test_example_13_a_death_is_not_evaluable_and_counts_among_all_treated():
    found = pain_responses([8, 7], [np.nan, 0], [20, 20], [np.nan, 20], died=[1, 0])
    assert found.reason.tolist() == ["death", ""]
    rates = found.rates().set_index("denominator")
    assert rates.loc["all_treated", ["events", "n"]].tolist() == [1, 2]
    assert rates.loc["assessable", ["events", "n"]].tolist() == [1, 1]


def test_the_extended_rule_is_flagged_only_where_it_was_needed():
    found = pain_responses([5, 5, 5], [8, 7, 6], [40, 40, 40], [60, 40, 60])
    assert found.pain_response.tolist() == ["PP", "PP", "PP"]
    assert found.extended_rule.tolist() == [True, False, False]
    assert any("extended rule" in note for note in found.notes)


@pytest.mark.parametrize(
    ("values", "option", "default", "other"),
    [
        ((7, 5, 60, 66), {"analgesic_tolerance": "below_25_percent"}, "IR", "PR"),
        ((7, 0, 60, 70), {"analgesic_tolerance": "below_25_percent"}, "IR", "CR"),
        ((7, 5, 60, 75), {"analgesic_tolerance": "below_25_percent"}, "IR", "IR"),  # 25% exactly is an increase
        ((5, 8, 40, 60), {"worse_on_both": "IR"}, "PP", "IR"),
        ((5, 8, 60, 30), {"more_pain_less_opioid": "PP"}, "IR", "PP"),
        ((5, 4, 40, 60), {"less_pain_more_opioid": "PP"}, "IR", "PP"),
        ((6, 6, 0, 5), {"new_opioid": "indeterminate_below_10_mg"}, "PP", "IR"),
        ((6, 6, 0, 10), {"new_opioid": "indeterminate_below_10_mg"}, "PP", "PP"),
    ],
)
def test_every_gap_of_the_rule_is_an_option(values, option, default, other):
    assert pain_response(*values) == default
    assert pain_response(*values, **option) == other
    assert any(next(iter(option)) in note for note in pain_responses(*([v] for v in values), **option).notes)


def test_any_analgesic_increased_overrides_a_stable_omed():
    assert pain_responses([7], [0], [60], [60], analgesic_increased=[1]).pain_response.tolist() == ["IR"]
    assert pain_responses([7], [0], [60], [60], analgesic_increased=[np.nan]).pain_response.tolist() == ["CR"]


@pytest.mark.parametrize(
    ("definition", "values", "expected"),
    [
        ("nrs2_medd25", (7, 5, 60, 75), "PR"), ("nrs2_medd25", (7, 5, 60, 76), "NR"), ("nrs2", (7, 5, np.nan, np.nan), "PR"),
        ("nrs2", (7, 0, np.nan, np.nan), "CR"), ("nrs3", (7, 5, 0, 0), "NR"), ("nrs3", (7, 4, 0, 0), "PR"),
        ("nrs2_opioid_stable", (7, 5, 60, 61), "NR"), ("pct30", (10, 7, np.nan, np.nan), "PR"), ("pct30", (10, 8, np.nan, np.nan), "NR"),
        ("pct50", (7, 3, np.nan, np.nan), "PR"), ("categorical", (3, 2, np.nan, np.nan), "PR"), ("pct30", (0, 0, np.nan, np.nan), "NE"),
    ],
)  # fmt: skip
def test_other_definitions_by_label(definition, values, expected):
    assert pain_response(*values, definition=definition) == expected
    assert DEFINITIONS[definition].check_status in ("read", "remembered", "uncertain")


def test_retreatment_makes_no_responder_among_all_treated_and_keeps_the_class():
    found = pain_responses([7, 7], [0, 0], [0, 0], [0, 0], retreated=[1, 0])
    assert found.pain_response.tolist() == ["CR", "CR"]
    assert found.responder_all_treated.tolist() == [False, True]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_classes_of_the_simulated_cohort(case):
    """Class by class as R gave them; counts are whole numbers, so exact."""
    data = pd.read_csv(REFERENCE / case["data"])
    found = pain_responses(data["nrs_baseline"], data["nrs12"], data["omed_baseline_mg"], data["omed12"])
    expected = case["expected"]
    assert data["id"].tolist() == expected["ids"]
    assert [None if one == "NE" else one for one in found.pain_response] == expected["response"]
    assert {("not_evaluable" if k == "NE" else k): v for k, v in found.counts.items()} == expected["counts"]
    rates = found.rates(data["group"])
    for group, numbers in expected["by_group"].items():
        rows = rates[rates["group"] == group].set_index("denominator")
        assert rows.loc["all_treated", "n"] == numbers["n"]
        assert rows.loc["assessable", "n"] == numbers["evaluable"]
        assert set(rows["events"]) == {numbers["responders"]}


def test_frame_form_keeps_the_rows_and_leaves_responder_missing_where_not_evaluable():
    frame = pd.DataFrame(
        {"p0": [6, 8, 1], "pain_1": [4, None, 0], "omed_0": [0, 20, 0], "omed_1": [0, None, 0]}, index=[7, 8, 9]
    )
    made = pain_response_frame(frame, columns={"pain_0": "p0"})
    assert made.index.tolist() == [7, 8, 9]
    assert made["responder"].isna().tolist() == [False, True, True]
    assert made["response_reason"].tolist() == ["", "pain_missing", "baseline_below_2"]


def test_impossible_values_are_refused_without_being_told():
    with pytest.raises(TableError, match="row 3") as caught:
        pain_responses([5, 13.57], [5, 5], [0, 0], [0, 0])
    assert "13.57" not in str(caught.value)
    with pytest.raises(TableError, match="omed_1"):
        pain_responses([5], [5], [0], [-1])
    with pytest.raises(TableError, match="different lengths"):
        pain_responses([5, 5], [5], [0], [0])
    with pytest.raises(TableError, match="number"):
        pain_responses(["high"], [5], [0], [0])
    with pytest.raises(OptionError, match="consensus_2012"):
        pain_responses([5], [5], [0], [0], definition="consensus_2021")
    with pytest.raises(OptionError, match="no meaning"):
        pain_responses([5], [5], [0], [0], definition="nrs2", worse_on_both="IR")
    with pytest.raises(OptionError, match="worse_on_both"):
        pain_responses([5], [5], [0], [0], worse_on_bith="IR")
    with pytest.raises(TableError, match="no column"):
        pain_response_frame(pd.DataFrame({"pain_0": [1]}))


def test_nobody_is_not_an_error():
    found = pain_responses([], [], [], [])
    assert len(found) == 0 and found.rates().empty and "nobody" in str(found)
    everyone_dead = pain_responses([5], [np.nan], [0], [np.nan], died=[1]).rates().set_index("denominator")
    assert np.isnan(everyone_dead.loc["assessable", "estimate"]) and everyone_dead.loc["all_treated", "estimate"] == 0


scores = st.integers(2, 10)
doses = st.integers(0, 300)


@given(scores, st.integers(0, 10), doses, doses, st.floats(0.1, 10))
def test_the_unit_of_the_dose_does_not_matter(pain_0, pain_1, omed_0, omed_1, factor):
    """Every rule is a ratio of doses or their order."""
    first = pain_response(pain_0, pain_1, omed_0, omed_1)
    assert first == pain_response(pain_0, pain_1, omed_0 * factor, omed_1 * factor)


@given(scores, st.integers(0, 10), doses, doses)
def test_less_opioid_never_takes_a_response_away(pain_0, pain_1, omed_0, omed_1):
    if pain_response(pain_0, pain_1, omed_0, omed_1) in ("CR", "PR"):
        assert pain_response(pain_0, pain_1, omed_0, omed_1 // 2) in ("CR", "PR")


def test_flare_needs_a_daily_diary():
    assert pain_flare([7, 14], [8, 5], [0, 0], pain_0=5, omed_0=0).status == "not_assessable"


def test_flare_and_progression():
    days = list(range(1, 15))
    back = [5, 5, 8, 8, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5]
    stays = [5, 5, 8] + [8] * 11
    dose = [20] * 14
    assert pain_flare(days, back, dose, pain_0=5, omed_0=20).status == "flare"
    assert pain_flare(days, stays, dose, pain_0=5, omed_0=20).status == "progression"
    assert pain_flare(days, [5] * 14, dose, pain_0=5, omed_0=20).status == "no_flare"
    late = [5] * 11 + [8, 8, 5]
    assert pain_flare(days, late, dose, pain_0=5, omed_0=20).status == "no_flare"
    assert pain_flare(days, late, dose, pain_0=5, omed_0=20, window_days=14).status == "flare"
    more = [20, 20, 30, 30] + [20] * 10
    assert pain_flare(days, [5] * 14, more, pain_0=5, omed_0=20).onset_day == 3
    with pytest.raises(TableError, match="impossible"):
        pain_flare(days, [11] * 14, dose, pain_0=5, omed_0=20)
