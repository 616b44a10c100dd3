"""Arms, shared controls, clusters, crossovers, change scores: the Handbook's examples, raw data, invariances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from ostealgia.effects import handbook as hb
from ostealgia.errors import OptionError, TableError


def as_tuple(arm):
    return (arm.mean, arm.sd, arm.n) if isinstance(arm, hb.MeanArm) else (arm.events, arm.n)


# -- combining arms ----------------------------------------------------------------------------------------------------
def test_combined_arm_is_that_of_the_raw_data():
    """Pain scores of three arms written out; numpy's mean and SD of all of them together."""
    arms = [np.array([3.0, 5, 4, 7, 6]), np.array([8.0, 2, 6]), np.array([1.0, 1, 9, 4])]
    everyone = np.concatenate(arms)
    found = hb.combine_means([a.mean() for a in arms], [a.std(ddof=1) for a in arms], [len(a) for a in arms])
    assert_allclose(as_tuple(found), (everyone.mean(), everyone.std(ddof=1), 12), rtol=1e-12)


def test_combining_two_arms_by_the_handbooks_formula():
    """Handbook 6.5.2.10: SD^2 = [(N1-1) s1^2 + (N2-1) s2^2 + N1 N2/(N1+N2) (m1-m2)^2]/(N1+N2-1).

    (19 x 4 + 29 x 6.25 + 12 x 2.25)/49 = (76 + 181.25 + 27)/49 = 5.801020; its root 2.408531; mean (80 + 165)/50 = 4.9.
    """
    found = hb.combine_means([4.0, 5.5], [2.0, 2.5], [20, 30])
    assert_allclose(as_tuple(found), (4.9, 2.408531, 50), atol=1e-6)


arms = st.lists(st.tuples(st.floats(-20, 20), st.floats(0, 10), st.integers(2, 300)), min_size=3, max_size=6)


@given(arms, st.randoms())
def test_combining_is_free_of_order_and_grouping(rows, rng):
    mean, sd, n = map(list, zip(*rows, strict=True))
    at_once = hb.combine_means(mean, sd, n)
    shuffled = rows[:]
    rng.shuffle(shuffled)
    assert_allclose(as_tuple(hb.combine_means(*map(list, zip(*shuffled, strict=True)))), as_tuple(at_once), atol=1e-9)
    first = hb.combine_means(mean[:2], sd[:2], n[:2])
    stepwise = hb.combine_means([first.mean, *mean[2:]], [first.sd, *sd[2:]], [first.n, *n[2:]])
    # an SD near 0 is the root of a difference of squares up to 400: sqrt(1e-13) is about 3e-7
    assert_allclose(as_tuple(stepwise), as_tuple(at_once), rtol=1e-9, atol=1e-6)


@given(arms, st.floats(0.01, 100), st.floats(-50, 50))
def test_combining_follows_the_unit(rows, scale, shift):
    mean, sd, n = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    plain = hb.combine_means(mean, sd, n)
    moved = hb.combine_means(scale * mean + shift, scale * sd, n)
    assert_allclose([moved.mean, moved.sd], [scale * plain.mean + shift, scale * plain.sd], rtol=1e-7, atol=1e-5)


def test_events_are_added():
    assert as_tuple(hb.combine_events([12, 9, 0], [40, 38, 11])) == (21, 89)


def test_one_arm_is_itself():
    assert as_tuple(hb.combine_means([4.0], [2.0], [20])) == (4.0, 2.0, 20)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: hb.combine_events([5], [4]), "events is not from 0 to n = 4"),
        (lambda: hb.combine_events([5, 3], [9]), "columns of different length"),
        (lambda: hb.combine_events([], []), "columns of different length"),
        (lambda: hb.combine_means([1, np.nan], [1, 1], [5, 5]), "mean is not a number"),
        (lambda: hb.combine_means([1, 2], [1, np.nan], [5, 5]), "sd is not 0 or more"),
        (lambda: hb.combine_means([1, 2], [1, -1], [5, 5]), "sd is not 0 or more"),
        (lambda: hb.combine_means([1], [0], [1]), "n is not above 1 in total"),
    ],
)
def test_impossible_arms(call, words):
    with pytest.raises(TableError, match=words):
        call()


# -- shared control ----------------------------------------------------------------------------------------------------
def test_split_control_divides_patients_and_events():
    """Handbook 23.3.4: a control group of 18 of 45 shared by three comparisons counts 6 of 15 in each."""
    assert [as_tuple(part) for part in hb.split_control(hb.EventArm(events=18, n=45), 3)] == [(6, 15)] * 3
    halves = hb.split_control(hb.MeanArm(mean=5.1, sd=2.2, n=31), 2)
    assert [as_tuple(part) for part in halves] == [(5.1, 2.2, 15.5)] * 2


@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 6))
def test_shares_add_up_and_stay_possible(events, extra, m):
    group = hb.EventArm(events=events, n=events + extra + m)
    for whole in (False, True):
        parts = hb.split_control(group, m, whole=whole)
        assert_allclose(sum(part.events for part in parts), group.events, atol=1e-9)
        assert_allclose(sum(part.n for part in parts), group.n, atol=1e-9)
    assert all(part.n == int(part.n) and part.events == int(part.events) for part in parts)


def test_split_control_refuses():
    arm = hb.EventArm(events=2, n=3)
    for comparisons in (0, 1.5, True):
        with pytest.raises(OptionError, match="whole number of 1 or more"):
            hb.split_control(arm, comparisons)
    with pytest.raises(TableError, match="one patient a comparison"):
        hb.split_control(arm, 4, whole=True)
    with pytest.raises(TableError, match="whole number"):
        hb.split_control(hb.EventArm(events=2.5, n=30), 2, whole=True)


# -- clusters ----------------------------------------------------------------------------------------------------------
def test_handbook_cluster_example():
    """Handbook 23.1.5: 63/295 and 84/330 pupils in 10 + 11 classes, ICC 0.02.

    Mean cluster 625/21 = 29.8; design effect 1 + 28.8 x 0.02 = 1.576; effective 40.0 of 187.2 and 53.3 of 209.4.
    """
    effect = hb.design_effect(icc=0.02, mean_cluster_size=round(625 / 21, 1))
    assert_allclose(effect, 1.576, atol=5e-4)
    treated, control = (hb.effective_arm(hb.EventArm(events=e, n=n), effect) for e, n in ((63, 295), (84, 330)))
    assert_allclose([*as_tuple(treated), *as_tuple(control)], [40.0, 187.2, 53.3, 209.4], atol=0.05)


def test_design_effect_limits():
    assert hb.design_effect(icc=0.0, mean_cluster_size=40) == 1.0
    assert hb.design_effect(icc=1.0, mean_cluster_size=40) == 40.0  # every cluster is one patient
    assert_allclose(hb.design_effect(icc=0.05, mean_cluster_size=20, cluster_size_cv=0.5), 1 + (1.25 * 20 - 1) * 0.05)
    arm = hb.effective_arm(hb.MeanArm(mean=4, sd=2, n=80), 1.6)
    assert as_tuple(arm) == (4, 2, 50)


@given(st.floats(0.1, 5), st.floats(1, 9), st.integers(10, 300), st.integers(10, 300))
def test_smaller_samples_and_larger_errors_say_the_same(sd, effect, n_1, n_2):
    """SE of a difference at the effective sizes = SE at the full sizes times sqrt(design effect)."""
    full = sd * np.sqrt(1 / n_1 + 1 / n_2)
    parts = [hb.effective_arm(hb.MeanArm(mean=0, sd=sd, n=n), effect) for n in (n_1, n_2)]
    assert_allclose(sd * np.sqrt(sum(1 / part.n for part in parts)), hb.inflate_std_error(full, effect), rtol=1e-12)


def test_icc_is_never_assumed():
    with pytest.raises(OptionError, match="icc is not given"):
        hb.design_effect(icc=None, mean_cluster_size=20)
    with pytest.raises(OptionError, match=r"icc=1\.2"):
        hb.design_effect(icc=1.2, mean_cluster_size=20)
    with pytest.raises(TableError, match="mean_cluster_size is not 1 or more"):
        hb.design_effect(icc=0.1, mean_cluster_size=0.5)


# -- crossover ---------------------------------------------------------------------------------------------------------
def test_handbook_crossover_example():
    """Handbook 23.2.7: 7.0 (2.38) and 6.5 (2.21), 10 patients, to 3 decimals.

    At correlation 0.68 MD 0.5, SE 0.583, SMD 0.218, SE 0.256; at an SD of differences of 2 the SE is 0.632.
    """
    found = hb.crossover_difference(7.0, 2.38, 6.5, 2.21, 10, correlation=0.68)
    values = [found.estimate, found.std_error, found.smd, found.smd_std_error]
    assert_allclose(values, [0.5, 0.583, 0.218, 0.256], atol=5e-4)
    by_sd = hb.crossover_difference(7.0, 2.38, 6.5, 2.21, 10, sd_difference=2.0)
    assert_allclose([by_sd.estimate, by_sd.std_error], [0.5, 0.632], atol=5e-4)
    again = hb.crossover_difference(7.0, 2.38, 6.5, 2.21, 10, correlation=by_sd.correlation)
    assert_allclose(again.std_error, by_sd.std_error, rtol=1e-12)


def test_crossover_is_the_paired_analysis_of_raw_data():
    a, b = np.array([7.0, 5, 8, 6, 9, 4]), np.array([5.0, 5, 6, 3, 8, 4])
    r = float(np.corrcoef(a, b)[0, 1])
    found = hb.crossover_difference(a.mean(), a.std(ddof=1), b.mean(), b.std(ddof=1), 6, correlation=r)
    assert_allclose([found.estimate, found.std_error], [(a - b).mean(), (a - b).std(ddof=1) / np.sqrt(6)], rtol=1e-12)


def test_crossover_needs_exactly_one():
    with pytest.raises(OptionError, match="exactly one of correlation and sd_difference"):
        hb.crossover_difference(7.0, 2.38, 6.5, 2.21, 10)
    with pytest.raises(OptionError, match="exactly one"):
        hb.crossover_difference(7.0, 2.38, 6.5, 2.21, 10, correlation=0.5, sd_difference=2.0)


# -- change scores -----------------------------------------------------------------------------------------------------
def test_change_score_of_raw_data():
    pre, post = np.array([8.0, 7, 9, 6, 7]), np.array([4.0, 5, 3, 6, 2])
    r = float(np.corrcoef(pre, post)[0, 1])
    found = hb.change_score(pre.mean(), pre.std(ddof=1), post.mean(), post.std(ddof=1), 5, correlation=r)
    assert_allclose(as_tuple(found), ((post - pre).mean(), (post - pre).std(ddof=1), 5), rtol=1e-12)


def test_final_value_inverts_the_change_score():
    change = hb.change_score(7.0, 1.5, 3.0, 2.4, 60, correlation=0.4)
    found = hb.final_value(7.0, 1.5, change.mean, change.sd, 60, correlation=0.4)
    assert_allclose(as_tuple(found), (3.0, 2.4, 60), rtol=1e-12)


@pytest.mark.parametrize(
    ("sd_change", "r", "words"),
    [(1.2, 0.9, "two SDs after treatment fit"), (0.5, 0.5, "no SD after treatment fits"), (1.2, -0.9, "no SD after")],
)
def test_final_value_that_the_numbers_do_not_decide(sd_change, r, words):
    with pytest.raises(TableError, match=words):
        hb.final_value(7.0, 1.5, -4.0, sd_change, 60, correlation=r)


def test_correlation_is_never_assumed():
    with pytest.raises(OptionError, match="correlation is not given"):
        hb.change_score(7.0, 1.5, 3.0, 2.4, 60)
    with pytest.raises(OptionError, match="correlation is not given"):
        hb.final_value(7.0, 1.5, -4.0, 2.4, 60)


def test_change_scores_and_final_values_mix_only_as_mean_differences():
    assert hb.mix_change_and_final("SMD", ["final", "final"]) == ()
    assert "2 studies with change scores and 1" in hb.mix_change_and_final("MD", ["change", "change", "final"])[0]
    with pytest.raises(OptionError, match="cannot mix change scores"):
        hb.mix_change_and_final("SMD", ["change", "final"])
    with pytest.raises(OptionError, match="'chnage'"):
        hb.mix_change_and_final("MD", ["chnage"])


def test_arms_as_dict_and_text():
    assert hb.EventArm(events=3, n=12).to_dict() == {"events": 3, "n": 12}
    assert str(hb.MeanArm(mean=-0.004, sd=2, n=12)) == "mean 0.00, SD 2.00, n 12"
