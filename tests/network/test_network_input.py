"""What tables a network takes, what it refuses and how, and what it leaves out by name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from ostealgia import network
from ostealgia.effects import compute
from ostealgia.errors import OptionError, TableError

ARMS = {
    "study": ["A", "A", "B", "B", "C", "C", "C"],
    "treatment": ["x", "y", "y", "z", "x", "y", "z"],
    "events": [10, 14, 8, 12, 9, 11, 15],
    "n": [50, 52, 40, 41, 60, 58, 61],
}
CONTRASTS = {
    "study": ["A", "B", "C", "C", "C"],
    "treat1": ["x", "y", "x", "x", "y"],
    "treat2": ["y", "z", "y", "z", "z"],
    "estimate": [0.5, 0.3, 0.4, 1.0, 0.6],
    "std_error": [0.3, 0.3, 0.3, 0.3, 0.3],
}


def changed(table, **columns):
    return {**table, **columns}


def without(table, *rows):
    return {name: [value for i, value in enumerate(values) if i not in rows] for name, values in table.items()}


# --- forms of one network --------------------------------------------------------------------------------------------


def test_arms_contrasts_frames_and_files_give_one_result(tmp_path):
    from ostealgia.io import read_table

    arms = network.fit(ARMS, measure="OR")
    made = network.contrasts(ARMS, measure="OR").to_frame()
    pd.DataFrame(ARMS).to_csv(tmp_path / "arms.csv", index=False)
    forms = [
        network.fit(made),
        network.fit(made.rename(columns={"study": "studlab", "estimate": "TE", "std_error": "seTE"})),
        network.fit(made.rename(columns={"treat1": "t1", "treat2": "Treatment 2"}).assign(measure="OR")),
        network.fit(made.assign(variance=made["std_error"] ** 2).drop(columns="std_error")),
        network.fit(network.contrasts(ARMS, measure="OR")),
        network.fit(read_table(tmp_path / "arms.csv"), measure="OR"),
        network.fit(pd.DataFrame(ARMS).rename(columns={"treatment": "therapy", "events": "responders"}), measure="OR"),
    ]
    for found in forms:
        assert found.measure == "OR" and found.treatments == ("x", "y", "z")
        assert_allclose(found.random.estimate, arms.random.estimate, rtol=1e-12)
        assert_allclose(found.random.std_error, arms.random.std_error, rtol=1e-12)
    assert arms.n == sum(ARMS["n"]) and np.isnan(forms[0].n)


def test_two_arm_counts_and_published_ratios_go_through_effects():
    wide = {
        "study": ["A", "B"], "treat1": ["x", "y"], "treat2": ["y", "z"], "events_1": [10, 8], "n_1": [50, 40], "events_2": [14, 12],
        "n_2": [52, 41],
    }  # fmt: skip
    found = network.fit(wide, measure="RR")
    assert found.n == 50 + 40 + 52 + 41
    assert_allclose(found.common.estimate[0, 1], np.log(10 / 50 / (14 / 52)))
    published = {"study": ["A", "B"], "treat1": ["x", "y"], "treat2": ["y", "z"], "estimate": [0.8, 1.2], "ci_low": [0.6, 0.9],
                 "ci_high": [1.0667, 1.6]}  # fmt: skip
    assert_allclose(network.fit(published, measure="HR").common.estimate[0, 1], np.log(0.8))
    effects = compute(wide, measure="RR")
    assert_allclose(network.fit(effects).common.estimate, found.common.estimate)


@pytest.mark.parametrize("measure", ["OR", "RR", "RD", "AS"])
def test_two_arm_studies_have_the_effects_of_the_effects_room(measure):
    arms = without(ARMS, 4, 5, 6)
    wide = {"study": ["A", "B"], "events_1": [10, 8], "n_1": [50, 40], "events_2": [14, 12], "n_2": [52, 41]}
    one, other = network.contrasts(arms, measure=measure), compute(wide, measure=measure)
    assert_allclose(one.estimate, other.estimate, rtol=1e-12)
    assert_allclose(one.std_error, other.std_error, rtol=1e-12)


def test_rates_and_ratios_of_means():
    rates = {"study": ["A", "A"], "treatment": ["x", "y"], "events": [4, 9], "person_time": [100.0, 120.0]}
    found = network.contrasts(rates, measure="IRR")
    assert_allclose([found.estimate[0], found.std_error[0] ** 2], [np.log(0.04 / 0.075), 1 / 4 + 1 / 9])
    means = {"study": ["A", "A"], "treatment": ["x", "y"], "mean": [4.0, 5.0], "sd": [1.0, 2.0], "n": [20, 30]}
    found = network.contrasts(means, measure="ROM")
    assert_allclose([found.estimate[0], found.std_error[0] ** 2], [np.log(0.8), 1 / (20 * 16) + 4 / (30 * 25)])


def test_standardised_differences_of_three_arms_are_consistent():
    """Crippa & Orsini 2016, equations 4 and 5: SD pooled over all arms, variance 1/n1 + 1/n2 + d^2/(2 N)."""
    means = {
        "study": ["A"] * 3,
        "treatment": list("xyz"),
        "mean": [1.0, 2.0, 4.0],
        "sd": [1.0, 2.0, 1.5],
        "n": [10, 20, 30],
    }
    found = network.contrasts(means, measure="SMD")
    sd = np.sqrt((9 * 1 + 19 * 4 + 29 * 2.25) / 57)
    d = np.array([-1.0, -3.0, -2.0]) / sd
    assert_allclose(found.estimate, d)
    assert_allclose(found.std_error**2, np.array([1 / 10 + 1 / 20, 1 / 10 + 1 / 30, 1 / 20 + 1 / 30]) + d**2 / 120)
    assert any("Cohen" in note for note in found.notes)
    network.fit(found)


# --- zero cells ------------------------------------------------------------------------------------------------------


def test_the_increment_goes_to_all_arms_of_a_study_with_a_zero_cell():
    found = network.contrasts(changed(ARMS, events=[10, 14, 8, 12, 0, 11, 15]), measure="OR")
    a, n = np.array([0.5, 11.5, 15.5]), np.array([61.0, 59.0, 62.0])
    logit = np.log(a / (n - a))
    assert_allclose(found.estimate[2:], [logit[0] - logit[1], logit[0] - logit[2], logit[1] - logit[2]])
    assert any(
        "0.5 added to every cell of all arms of 1 of 3 studies" in note and note.endswith(": C") for note in found.notes
    )


def test_a_study_without_any_event_is_left_out_by_name_on_a_ratio_scale_only():
    table = changed(ARMS, events=[0, 0, 8, 12, 9, 11, 15])
    found = network.contrasts(table, measure="OR")
    assert np.isnan(found.estimate[0]) and found.study[0] == "A"
    assert [(row.study, row.reason) for row in found.excluded] == [
        ("A", "no event in any arm, so no contrast on a ratio scale")
    ]
    assert network.fit(table, measure="OR").k == 2
    assert network.fit(table, measure="RD").k == 3


def test_increment_zero_leaves_out_what_has_no_value():
    found = network.contrasts(changed(ARMS, events=[0, 14, 8, 12, 9, 11, 15]), measure="OR", increment=0)
    assert found.excluded[0].reason == "a contrast has no value or a standard error of 0"


# --- left out by name ------------------------------------------------------------------------------------------------


def test_one_arm_and_empty_cells():
    table = changed(ARMS, events=[10, None, 8, 12, 9, 11, 15])
    found = network.fit(table, measure="OR")
    assert [(row.study, row.row, row.reason) for row in found.excluded] == [
        ("A", 2, "only one usable arm ('x'), so no contrast"),
        ("A", 3, "arm 'y': events is empty"),
    ]
    assert found.k == 2


def test_a_contrast_without_value_is_left_out_by_name():
    found = network.fit(changed(CONTRASTS, estimate=[None, 0.3, 0.4, 1.0, 0.6]))
    assert found.excluded[0].study == "A" and found.excluded[0].reason == "estimate is empty"


# --- refused ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "options", "words"),
    [
        (changed(ARMS, events=[60, 14, 8, 12, 9, 11, 15]), {"measure": "OR"}, "events is above n.*Found: 60 of 50"),
        (changed(ARMS, events=["ten", 14, 8, 12, 9, 11, 15]), {"measure": "OR"}, "row 2, column events: text stands"),
        (changed(ARMS, treatment=["x", "x", "y", "z", "x", "y", "z"]), {"measure": "OR"}, "'x' is given twice"),
        (ARMS, {}, "the measure is not stated"),
        (ARMS, {"measure": "MD"}, "columns are missing for MD from arms: mean, sd"),
        ({"study": ["A"], "estimate": [1.0], "std_error": [1.0]}, {}, "does not say which treatments"),
        (without(CONTRASTS, 3), {}, r"study 'C': 3 arms \(x, y and z\) but 2 of 3 contrasts; no x against z"),
        (changed(CONTRASTS, study=["A", "B", "C", "C", "A"]), {}, "3 arms"),
        (changed(CONTRASTS, study=["A", "B", "C", "C", "C"], treat2=["y", "z", "y", "y", "z"]), {}, "x against y is given 2 times"),
        (changed(CONTRASTS, treat2=["x", "z", "y", "z", "z"]), {}, "compared with itself"),
        (changed(CONTRASTS, std_error=[0.3, 0.3, 0.3, 0.0, 0.3]), {}, "std_error is not above 0"),
        (changed(CONTRASTS, estimate=[0.5, 0.3, 0.4, 3.0, 0.6]), {}, "study 'C': its contrasts contradict one another"),
        (changed(CONTRASTS, std_error=[0.3, 0.3, 0.1, 0.9, 0.1]), {}, "study 'C': the standard errors of its contrasts contradict"),
        ({name: [] for name in CONTRASTS}, {}, "zero studies"),
        (changed(CONTRASTS, estimate=[None] * 5), {}, "zero studies"),
        (changed(CONTRASTS, measure=["OR", "OR", "OR", "RR", "RR"]), {}, "more than one measure"),
    ],
)  # fmt: skip
def test_refused_with_place_and_way_out(table, options, words):
    with pytest.raises(TableError, match=words):
        network.fit(table, **options)


def test_on_bad_exclude_leaves_the_study_out_instead():
    found = network.fit(without(CONTRASTS, 3), on_bad="exclude")
    assert found.k == 2 and found.excluded[0].study == "C"
    found = network.fit(changed(ARMS, events=[60, 14, 8, 12, 9, 11, 15]), measure="OR", on_bad="exclude")
    assert {row.study for row in found.excluded} == {"A"} and found.k == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"tau2": "reml"}, "tau2='reml' is not one of 'DL'"),
        ({"model": "fixed"}, "model='fixed'"),
        ({"reference": "w"}, "reference='w' is not a treatment of this network: 'x', 'y', 'z'"),
        ({"level": 95}, "Write 0.95"),
        ({"tau2_value": -1.0}, "tau2_value=-1.0"),
        ({"small_values": "good"}, "'desirable', 'undesirable'"),
        ({"increment": 0.5}, "changes nothing"),
        ({"measure": "OR", "model": "MH"}, "counts of every arm"),
    ],
)  # fmt: skip
def test_options_are_checked(options, words):
    with pytest.raises((OptionError, TableError), match=words):
        network.fit(CONTRASTS, **options)


def test_zero_cell_options_are_checked():
    with pytest.raises(OptionError, match="TACC"):
        network.contrasts(ARMS, measure="OR", increment="TACC")
    with pytest.raises(OptionError, match="changes nothing for MD"):
        network.contrasts({**ARMS, "mean": [1.0] * 7, "sd": [1.0] * 7}, measure="MD", increment=0.5)


def test_rounded_contrasts_are_averaged_and_said():
    found = network.fit(changed(CONTRASTS, estimate=[0.5, 0.3, 0.4, 1.01, 0.6]))
    assert any("averaged within: C" in note for note in found.notes)
    with pytest.raises(TableError, match=r"multiarm_tolerance"):
        network.fit(changed(CONTRASTS, estimate=[0.5, 0.3, 0.4, 1.01, 0.6]), multiarm_tolerance=0.001)


# --- disconnected ----------------------------------------------------------------------------------------------------

TWO = {
    "study": ["A", "B", "C", "D"], "treat1": ["x", "y", "p", "x"], "treat2": ["y", "z", "q", "z"], "estimate": [0.1, 0.2, 0.3, 0.2],
    "std_error": [0.1] * 4,
}  # fmt: skip


def test_a_disconnected_network_is_explained():
    with pytest.raises(TableError, match="2 parts that no study joins") as caught:
        network.fit(TWO)
    text = str(caught.value)
    assert "1: x, y and z (3 treatments, 3 studies)" in text and "2: p and q (2 treatments, 1 study)" in text
    assert "component=1" in text and "fit_parts" in text


def test_each_part_can_be_analysed():
    first, second = network.fit_parts(TWO, reference="z")
    assert (first.treatments, second.treatments) == (("x", "y", "z"), ("p", "q"))
    assert first.reference == "z"
    for component in (2, "q"):
        chosen = network.fit(TWO, component=component)
        assert chosen.treatments == ("p", "q")
        assert any(note.startswith("not connected with this part") and "x, y and z" in note for note in chosen.notes)
    with pytest.raises(OptionError, match="treatment='w'"):
        network.fit(TWO, component="w")


def test_a_study_left_out_can_disconnect():
    arms = {"study": list("AABB"), "treatment": list("xyyz"), "events": [3, 5, 0, 0], "n": [20] * 4}
    assert network.parts(arms, measure="RD").connected
    assert network.parts(arms, measure="OR").parts[0].treatments == ("x", "y")
    frame = network.parts(TWO).to_frame()
    assert frame["part"].tolist() == [1, 1, 1, 2, 2] and frame["studies"].tolist() == [2, 2, 2, 1, 1]


# --- Mantel-Haenszel -------------------------------------------------------------------------------------------------


def test_mantel_haenszel_leaves_out_what_has_no_information():
    arms = {
        "study": ["A", "A", "B", "B", "B", "C", "C", "D", "D"], "treatment": ["x", "y", "x", "y", "z", "x", "z", "y", "z"],
        "events": [0, 0, 3, 5, 0, 4, 6, 2, 0], "n": [20] * 9,
    }  # fmt: skip
    found = network.fit(arms, model="MH")
    reasons = [(row.study, row.reason) for row in found.excluded]
    assert ("A", "no event in any arm") in reasons
    assert ("B", "arm 'z': no event in the studies of x / y / z") in reasons
    assert ("D", "one informative arm is left, so no contrast") in reasons
    assert found.k == 2 and np.isnan(found.tau2) and found.random is None
    assert_allclose(
        found.compare("x", "y")["estimate"], np.log(3 / 17 / (5 / 15))
    )  # one study: the observed odds ratio
    with pytest.raises(OptionError, match="no node splitting"):
        found.split()
    with pytest.raises(OptionError, match="no random effects"):
        found.estimates("random")
    assert found.to_dict()["random"] is None and "Mantel-Haenszel" in str(found)


def test_mantel_haenszel_takes_no_increment_and_no_other_measure():
    with pytest.raises(OptionError, match="adds nothing to zero cells"):
        network.fit(ARMS, model="MH", increment=0.5)
    with pytest.raises(OptionError, match="odds ratios"):
        network.fit(ARMS, model="MH", measure="RR")


def test_numbered_treatments_are_ordered_by_size():
    table = {"study": ["A", "B"], "treat1": [10, 2], "treat2": [2, 9], "estimate": [0.1, 0.2], "std_error": [0.1, 0.1]}
    assert network.fit(table).treatments == ("2", "9", "10")
