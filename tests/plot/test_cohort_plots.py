"""Figures of a cohort: every layout at small, usual and extreme data, nothing overlapping, nothing lost, small cells hidden."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ostealgia as oa
from ostealgia.errors import OptionError

LONG = "Multimodal strategy with a name that goes on and on, as names of strategies do"


@pytest.fixture(scope="module")
def cohort():
    return oa.cohort.read(oa.cohort.example())


@pytest.fixture(scope="module")
def counts(cohort):
    return oa.cohort.response_by_week(cohort, retreatment="treatment_policy").counts()


def means(groups, weeks, n=80):
    rng = np.random.default_rng(3)
    rows = [
        {"group": g, "week": w, "estimate": rng.uniform(2, 8), "n": n, "observed": w == 0}
        for g in groups
        for w in weeks
    ]
    frame = pd.DataFrame(rows)
    return frame.assign(ci_low=frame["estimate"] - 0.8, ci_high=frame["estimate"] + 0.8)


def events(groups, categories, n=100, severe=True):
    rng = np.random.default_rng(4)
    thresholds = ("any grade", "grade >= 3") if severe else ("any grade",)
    return pd.DataFrame(
        [
            {
                "category": c,
                "threshold": t,
                "group": g,
                "n": n,
                "events": int(rng.integers(0, n) * (1.0 if i == 0 else 0.3)),
            }
            for c in categories
            for g in groups
            for i, t in enumerate(thresholds)
        ]
    )


def levels(factors, n=60):
    rows = [{"factor": "", "level": "", "events_1": 30, "n_1": n, "events_2": 20, "n_2": n, "estimate": 0.17}]
    for factor, names in factors.items():
        rows += [
            {
                "factor": factor,
                "level": name,
                "events_1": 10 + i,
                "n_1": n // 2,
                "events_2": 9,
                "n_2": n // 2,
                "estimate": 0.1 + 0.05 * i,
            }
            for i, name in enumerate(names)
        ]
    frame = pd.DataFrame(rows)
    return frame.assign(ci_low=frame["estimate"] - 0.2, ci_high=frame["estimate"] + 0.2)


# --- trajectories ---


@pytest.mark.parametrize(
    ("groups", "weeks"),
    [
        (["all"], [0, 1]),
        (["control", "observation"], [0, 1, 4, 8, 12]),
        ([f"{LONG} {i}" for i in range(5)], [0, 1, 2, 3, 4, 6, 8, 12, 26, 52]),
    ],
)
def test_trajectories_hold_their_words(groups, weeks, layout_faults):
    ax = oa.plot.arm_trajectories(means(groups, weeks, n=12_345))
    assert layout_faults(ax.figure) == []
    assert ax.get_ylim() == (0.0, 10.0)  # a pain axis is whole


def test_numbers_of_patients_stand_under_the_axis(words):
    shown = words(oa.plot.arm_trajectories(means(["a", "b"], [0, 4], n=73)).figure)
    assert shown.count("73") == 4


def test_a_mean_without_an_interval_is_a_point_alone():
    frame = means(["a"], [0, 4]).assign(ci_low=np.nan, ci_high=np.nan)
    assert oa.plot.arm_trajectories(frame).lines


def test_means_of_few_patients_are_not_drawn_where_cells_are_small():
    frame = means(["a"], [0, 4, 8]).assign(n=[50, 30, 3])
    ax = oa.plot.arm_trajectories(frame, small_cell=5)
    assert list(ax.get_xticks()) == [0, 4]
    with pytest.raises(OptionError, match="fewer patients"):
        oa.plot.arm_trajectories(frame.assign(n=2), small_cell=5)


def test_trajectories_say_which_column_is_absent():
    with pytest.raises(OptionError, match="'ci_high'"):
        oa.plot.arm_trajectories(means(["a"], [0, 4]).drop(columns="ci_high"))
    with pytest.raises(OptionError, match="6 arms"):
        oa.plot.arm_trajectories(means(list("abcdef"), [0, 4]))


# --- response stack ---


def test_stack_shows_every_patient(counts, words, layout_faults):
    ax = oa.plot.response_stack(counts)
    assert layout_faults(ax.figure) == []
    shown = words(ax.figure)
    assert {"39/103", "65/102"} <= set(shown)  # responders of all at week 12, the reference counts CR 12, PR 92


@pytest.mark.parametrize("size", [1, 4])
def test_stack_at_small_and_large_data(size, layout_faults):
    rng = np.random.default_rng(1)
    rows = [
        {
            "group": f"{i} {LONG}",
            "week": w,
            **{name: int(rng.integers(0, 4_000)) for name in ("CR", "PR", "RE", "IR", "PP", "NE")},
        }
        for w in (range(1, 8) if size > 1 else (4,))
        for i in range(size)
    ]
    assert layout_faults(oa.plot.response_stack(rows).figure) == []


def test_small_classes_are_shown_together_or_not_at_all(counts, words):
    shown = words(oa.plot.response_stack(counts, small_cell=5).figure)
    assert "response (CR or PR)" in shown
    assert not {"1", "2", "3", "4"} & set(shown)
    tiny = words(
        oa.plot.response_stack([{"group": "a", "week": 4, "CR": 2, "PR": 1, "IR": 20, "NE": 0}], small_cell=5).figure
    )
    assert "not shown" in tiny


def test_an_empty_stack_is_refused():
    with pytest.raises(OptionError, match="no patient"):
        oa.plot.response_stack([{"group": "a", "week": 4, "CR": 0}])


# --- butterfly ---


@pytest.mark.parametrize(
    ("groups", "categories"),
    [
        (["a"], ["nausea"]),
        (["control", "observation"], ["nausea", "constipation", "pain_flare"]),
        ([LONG, LONG + " 2"], [f"{LONG} {i}" for i in range(30)]),
    ],
)
def test_butterfly_holds_its_words(groups, categories, layout_faults):
    assert layout_faults(oa.plot.butterfly(events(groups, categories, n=9_999)).figure) == []


def test_butterfly_without_grades_and_with_small_cells(words):
    assert "Grade ≥ 3" not in words(oa.plot.butterfly(events(["a", "b"], ["nausea"], severe=False)).figure)
    rows = [{"category": "nausea", "threshold": "any grade", "group": "a", "events": 3, "n": 50}]
    assert "<5" in words(oa.plot.butterfly(rows, small_cell=5).figure)
    with pytest.raises(OptionError, match="3 arms"):
        oa.plot.butterfly(events(["a", "b", "c"], ["nausea"]))


# --- subgroups ---


@pytest.mark.parametrize("count", [1, 3, 12])
def test_subgroup_forest_holds_its_words(count, layout_faults, words):
    factors = {f"factor_{i}": ["low", "middle", "high"] for i in range(count)}
    tests = pd.DataFrame({"factor": list(factors), "p_value": 0.03})
    ax = oa.plot.subgroup_forest(levels(factors), interactions=tests, favours=("Favours control", "Favours treatment"))
    assert layout_faults(ax.figure) == []
    shown = words(ax.figure)
    assert shown.count("All patients") == 1
    assert "Factor 0 (interaction P = 0.030)" in shown


def test_a_hidden_level_hides_another_one(words):
    """One level alone would follow from all patients and the other levels."""
    frame = levels({"sex": ["male", "female"]})
    frame.loc[frame["level"] == "male", "events_1"] = 2
    assert words(oa.plot.subgroup_forest(frame, small_cell=5).figure).count("not shown") == 2


def test_ratios_have_a_log_axis():
    frame = levels({"sex": ["male", "female"]})
    frame[["estimate", "ci_low", "ci_high"]] = np.exp(frame[["estimate", "ci_low", "ci_high"]])
    assert oa.plot.subgroup_forest(frame, measure="hazard ratio").child_axes[0].get_xscale() == "log"
    with pytest.raises(OptionError, match="measure='hazzard'"):
        oa.plot.subgroup_forest(frame, measure="hazzard")


# --- flow ---


def test_flow_diagram_counts_every_patient(cohort, words, layout_faults):
    found = oa.cohort.flow(cohort)
    ax = oa.plot.flow_diagram(found, analysed={"control": 103, "observation": 102}, links={"screened": "#here"})
    assert layout_faults(ax.figure) == []
    shown = words(ax.figure)
    assert {"273", "68", "205", "103", "102"} <= set(shown)
    assert len([text for text in shown if text == "In the main analysis"]) == 2
    assert 'href="#here"' in oa.plot.figure_svg(ax)


def test_flow_diagram_without_screening_and_with_three_groups(cohort, layout_faults):
    from dataclasses import replace

    found = oa.cohort.flow(cohort)
    three = pd.concat([found.visits, found.visits[found.visits["group"] == "control"].assign(group="third")])
    other = replace(found, screened=0, by_group={"control": 103, "observation": 102, "third": 4}, visits=three)
    assert layout_faults(oa.plot.flow_diagram(other, small_cell=5).figure) == []
    alone = replace(found, by_group={"all": 205}, visits=found.visits.iloc[:0])
    assert layout_faults(oa.plot.flow_diagram(alone).figure) == []


# --- models ---


def test_love_calibration_and_decision_curve_hold_their_words(cohort, layout_faults):
    data = cohort.patients.assign(treated=(cohort.patients["group"] == "observation").astype(int))
    score = oa.cohort.propensity(
        data, treatment="treated", terms="age + factor(tumour) + factor(dominant_site) + charlson"
    )
    assert layout_faults(oa.plot.love(score, weights=("unweighted", "ate", "overlap")).figure) == []
    fit = oa.cohort.logistic(data, outcome="visceral_mets", terms="age + charlson + treated")
    found = oa.cohort.performance(fit, bootstrap=0)
    assert layout_faults(oa.plot.calibration(found).figure) == []
    assert layout_faults(oa.plot.decision(oa.cohort.decision_curve(fit)).figure) == []


def test_small_groups_of_risk_are_counted_when_left_out(cohort, words):
    fit = oa.cohort.logistic(cohort.patients, outcome="visceral_mets", terms="age + charlson")
    ax = oa.plot.calibration(oa.cohort.performance(fit, bootstrap=0), small_cell=1000)
    assert any("are not drawn" in text for text in words(ax.figure))


def test_survival_curves_take_names_of_groups(cohort, words):
    frame = oa.cohort.survival_frame(cohort)
    fit = oa.cohort.kaplan_meier(frame, time="time_months", event="event", by="group")
    shown = words(oa.plot.kaplan_meier(fit, labels={"control": "Usual care"}).figure)
    assert shown.count("Usual care") == 2  # at the curve and in the table
