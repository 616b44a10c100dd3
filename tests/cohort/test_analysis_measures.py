"""Risk differences, adverse events and subgroups: published values, sums by hand, and invariances."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import bdtr, bdtrc

import ostealgia as oa
from cohort_analysis_cases import bundled, made_up, with_tables
from ostealgia.cohort.response_difference_build import risks, two_group_effects
from ostealgia.errors import OptionError, TableError


@pytest.fixture(scope="module")
def cohort():
    return bundled()


def test_newcombe_of_the_paper():
    # Newcombe 1998, Statistics in Medicine 17:873, table II, method 10: 56/70 - 48/80, printed 0.0524 to 0.3339
    one = two_group_effects(56, 70, 48, 80, measures=["RD"])[0]
    assert one["estimate"] == pytest.approx(0.2)
    assert (round(one["ci_low"], 4), round(one["ci_high"], 4)) == (0.0524, 0.3339)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.floats(0, 1), st.floats(0, 1))
def test_turning_the_groups_turns_the_effect(n_1, n_2, a, b):
    x_1, x_2 = round(a * n_1), round(b * n_2)
    there, back = (
        {one["measure"]: one for one in two_group_effects(*counts, measures=["RD", "OR"])}
        for counts in ((x_1, n_1, x_2, n_2), (x_2, n_2, x_1, n_1))
    )
    assert there["risk difference"]["estimate"] == pytest.approx(-back["risk difference"]["estimate"], abs=1e-12)
    assert there["risk difference"]["ci_low"] == pytest.approx(-back["risk difference"]["ci_high"], abs=1e-9)
    assert there["odds ratio"]["p_value"] == pytest.approx(back["odds ratio"]["p_value"], rel=1e-9)
    if not math.isnan(there["odds ratio"]["estimate"]):
        assert there["odds ratio"]["estimate"] * back["odds ratio"]["estimate"] == pytest.approx(1.0, rel=1e-9)


def test_an_empty_cell_is_corrected_and_told_and_an_empty_group_gives_nothing():
    one = {row["measure"]: row for row in two_group_effects(0, 10, 4, 12, measures=["RD", "RR", "OR"])}
    assert "0.5 added" in one["risk ratio"]["method"] and "0.5" not in one["risk difference"]["method"]
    assert one["risk ratio"]["estimate"] == pytest.approx((0.5 / 11) / (4.5 / 13))
    empty = two_group_effects(0, 0, 4, 12)[0]
    assert math.isnan(empty["estimate"]) and empty["method"] == "a group is empty"
    none = {row["measure"]: row for row in two_group_effects(0, 10, 0, 12)}
    assert math.isnan(none["risk ratio"]["estimate"]) and none["risk difference"]["estimate"] == 0.0


def test_an_unknown_measure_is_refused():
    with pytest.raises(OptionError, match="measures='NNT'"):
        two_group_effects(1, 2, 1, 2, measures=["NNT"])


def test_risks_have_clopper_pearson_limits():
    for events, n in ((0, 20), (3, 20), (20, 20)):
        one = risks([events], [n])[0]
        # defining equations: each limit leaves 2.5% in its tail
        if events > 0:
            assert bdtrc(events - 1, n, one["ci_low"]) == pytest.approx(0.025, abs=1e-9)
        if events < n:
            assert bdtr(events, n, one["ci_high"]) == pytest.approx(0.025, abs=1e-9)
    assert math.isnan(risks([0], [0])[0]["estimate"])


# --- adverse events ---------------------------------------------------------------------------------------------------


def by_hand():
    cohort = made_up(6)
    events = pd.DataFrame(
        {"id": ["M000", "M000", "M002", "M001", "M005"], "category": ["nausea", "nausea", "nausea", "nausea", "flare"],
         "term": ["Nausea", "Nausea", "Nausea", "Nausea", "Tumor pain"], "grade": [1, 3, 2, 1, 4], "onset_day": [3, 9, 5, 40, 2],
         "discontinuation": [0, 1, 0, 0, 1]}
    )  # fmt: skip
    return with_tables(cohort, adverse_events=events)


def test_each_patient_counts_once_by_the_worst_grade():
    found = oa.cohort.adverse_events(by_hand(), groups=["control", "treated"])
    table = found.rates.set_index(["category", "threshold", "group"])["events"]
    assert table["nausea", "any grade", "control"] == 2 and table["nausea", "any grade", "treated"] == 1
    assert table["nausea", "grade >= 3", "control"] == 1 and table["flare", "grade >= 3", "treated"] == 1
    assert (
        table["any adverse event", "any grade", "control"] == 2
        and table["any adverse event", "any grade", "treated"] == 2
    )
    grades = found.grades.set_index(["category", "group", "grade"])["events"]
    assert (
        grades["nausea", "control", 0] == 1
        and grades["nausea", "control", 3] == 1
        and grades["nausea", "control", 1] == 0
    )
    assert found.discontinued.set_index("group")["events"].to_dict() == {"control": 1, "treated": 1}
    assert (found.rates["n"] == 3).all()


def test_events_outside_the_days_are_not_counted():
    found = oa.cohort.adverse_events(by_hand(), to_day=28)
    table = found.rates.set_index(["category", "threshold", "group"])["events"]
    assert table["nausea", "any grade", "treated"] == 0


def test_without_the_column_discontinuation_is_told(cohort):
    events = cohort.table("adverse_events").drop(columns="discontinuation")
    found = oa.cohort.adverse_events(with_tables(cohort, adverse_events=events))
    assert len(found.discontinued) == 0 and any("discontinuation" in note for note in found.notes)


def test_differences_are_of_each_group_to_the_first(cohort):
    found = oa.cohort.adverse_events(cohort, groups=["observation", "control"])
    assert set(found.differences["comparison"]) == {"control - observation"}
    row = found.differences.query(
        "category == 'any adverse event' and threshold == 'any grade' and measure == 'risk difference'"
    ).iloc[0]
    assert row["estimate"] == pytest.approx(87 / 103 - 71 / 102)


# --- subgroups --------------------------------------------------------------------------------------------------------


def test_subgroups_by_hand_and_the_interaction_is_the_likelihood_ratio():
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(
        {"arm": np.repeat(["new", "old"], 100), "sex": np.tile(["f", "m"], 100), "y": rng.integers(0, 2, 200)}
    )
    found = oa.cohort.subgroup_effects(
        frame, group="arm", treated="new", reference="old", factors=["sex"], response="y"
    )
    row = found.effects.query("level == 'f'").iloc[0]
    women = frame[frame["sex"] == "f"]
    rate = women.groupby("arm")["y"].mean()
    assert row["estimate"] == pytest.approx(rate["new"] - rate["old"]) and row["n_1"] == row["n_2"] == 50
    data = frame.assign(new=(frame["arm"] == "new").astype(float))
    full = oa.cohort.logistic(data, outcome="y", terms="new * sex")
    less = oa.cohort.logistic(data, outcome="y", terms="new + sex")
    test = found.interactions.iloc[0]
    assert (
        test["statistic"] == pytest.approx(2 * (full.log_likelihood - less.log_likelihood), rel=1e-8)
        and test["df"] == 1
    )


def test_interaction_of_pain_is_the_f_test(cohort):
    frame = cohort.patients.assign(
        pain=cohort.visits[cohort.visits["week"] == 12]
        .set_index("id")["nrs_worst"]
        .reindex(cohort.patients["id"])
        .to_numpy()
    )
    found = oa.cohort.subgroup_effects(frame, group="group", treated="observation", reference="control", factors=["sex", "spinal"],
                                       pain="pain", baseline="nrs_baseline")  # fmt: skip
    fit = oa.cohort.ancova(frame, outcome="pain", fixed="nrs_baseline + group * sex")
    direct = fit.term_tests().to_frame().set_index("term")["p_value"].filter(like=":").iloc[0]
    assert found.interactions.set_index("factor").loc["sex", "p_value"] == pytest.approx(direct, rel=1e-9)
    assert found.interactions["p_adjusted"].tolist() == pytest.approx(
        np.minimum(1, 2 * found.interactions["p_value"]).tolist()
    )
    assert set(found.effects["level"]) == {"all patients", "female", "male", "0", "1"}


def test_an_empty_cell_leaves_the_test_out_and_says_so():
    frame = pd.DataFrame({"arm": ["a", "b"] * 20, "x": ["u"] * 20 + ["v"] * 20, "y": [1, 1] * 10 + [0, 1] * 10})
    found = oa.cohort.subgroup_effects(frame, group="arm", treated="b", reference="a", factors=["x"], response="y")
    assert len(found.interactions) == 0 and any("no test of interaction" in note for note in found.notes)


@pytest.mark.parametrize("column", ["age", "one"])
def test_a_factor_needs_two_to_eight_levels(cohort, column):
    frame = cohort.patients.assign(one=1, y=0)
    with pytest.raises(TableError, match="2 to 8 levels"):
        oa.cohort.subgroup_effects(
            frame, group="group", treated="observation", reference="control", factors=[column], response="y"
        )


def test_patients_without_the_factor_are_counted(cohort):
    frame = cohort.patients.assign(
        y=np.arange(cohort.n) % 2, sex=np.where(np.arange(cohort.n) < 4, None, cohort.patients["sex"])
    )
    found = oa.cohort.subgroup_effects(
        frame, group="group", treated="observation", reference="control", factors=["sex"], response="y"
    )
    assert found.excluded[0].study == "4 patients"


def test_an_empty_arm_is_told(cohort):
    with pytest.raises(TableError, match="a group is empty"):
        oa.cohort.subgroup_effects(
            cohort.patients.assign(y=0), group="group", treated="third", reference="control", factors=[], response="y"
        )
