"""What a GLMM fit must do on any data: invariances, edges of the parameter space, clear errors."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from ostealgia.errors import ConvergenceError, OptionError, OstealgiaError, TableError
from ostealgia.numerics.glmm import fit_proportion, fit_rate
from ostealgia.numerics.glmm_two_group import ODDS_RATIO, RATE_RATIO, fit_odds_ratio, fit_rate_ratio

# Ten studies, two of them double zero (4) and double full (7).
A = np.array([3, 5, 0, 9, 0, 12, 4, 20, 2, 30])
N1 = np.array([20, 25, 15, 40, 12, 33, 28, 20, 19, 90])
C = np.array([6, 9, 2, 10, 0, 20, 9, 18, 7, 22])
N2 = np.array([22, 24, 16, 41, 13, 30, 27, 18, 21, 88])
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
# Two fits of the same likelihood end within the rounding of its gradient, 1e-8 of a standard error and less.
SAME = {"rtol": 1e-6, "atol": 1e-7}


@st.composite
def proportions(draw):
    # from 20 patients a share of 0.05 to 0.95 is neither none nor all: with both in one set there is no finite estimate
    n = draw(st.lists(st.integers(20, 200), min_size=2, max_size=12))
    share = draw(st.lists(st.floats(0.05, 0.95), min_size=len(n), max_size=len(n)))
    return np.array([round(p * size) for p, size in zip(share, n, strict=True)]), np.array(n)


def numbers(fit):
    return np.array([fit.estimate, fit.std_error, fit.tau2, fit.q_wald, fit.q_lrt, fit.loglik, fit.i2_tau2])


@given(proportions(), st.randoms(use_true_random=False))
@QUICK
def test_order_of_studies_does_not_matter(data, random):
    events, n = data
    assume(0 < events.sum() < n.sum())
    order = list(range(len(n)))
    random.shuffle(order)
    assert_allclose(numbers(fit_proportion(events[order], n[order])), numbers(fit_proportion(events, n)), **SAME)


@given(proportions(), st.sampled_from([1, 7]))
@QUICK
def test_non_events_flip_the_sign(data, points):
    events, n = data
    assume(0 < events.sum() < n.sum())
    one, other = (fit_proportion(x, n, quadrature_points=points) for x in (events, n - events))
    assert_allclose(other.estimate, -one.estimate, **SAME)
    assert_allclose([other.std_error, other.tau2, other.loglik], [one.std_error, one.tau2, one.loglik], **SAME)


@given(proportions())
@QUICK
def test_every_number_is_finite_and_the_maximum_is_one(data):
    events, n = data
    assume(0 < events.sum() < n.sum())
    fit = fit_proportion(events, n)
    assert np.all(np.isfinite(numbers(fit))) and fit.tau2 >= 0 and fit.std_error > 0
    assert fit.loglik >= fit.common_loglik - 1e-9
    assert fit.certificate["newton_decrement"] < 1e-9
    assert fit.loglik <= fit.loglik_at_modes + 1e-9


@pytest.mark.parametrize("model", ODDS_RATIO)
def test_swapping_groups_or_events_flips_the_log_odds_ratio(model):
    fit = fit_odds_ratio(A, N1, C, N2, model=model)
    swapped = fit_odds_ratio(C, N2, A, N1, model=model)
    assert_allclose(
        [swapped.estimate, swapped.std_error, swapped.tau2], [-fit.estimate, fit.std_error, fit.tau2], **SAME
    )
    if model != "CM.AL":  # the approximate likelihood is not symmetric in events and non-events
        other = fit_odds_ratio(N1 - A, N1, N2 - C, N2, model=model)
        assert_allclose([other.estimate, other.std_error, other.tau2], [-fit.estimate, fit.std_error, fit.tau2], **SAME)


@pytest.mark.parametrize("model", ODDS_RATIO)
def test_studies_without_information_are_left_out_by_position(model):
    fit = fit_odds_ratio(A, N1, C, N2, model=model)
    assert fit.dropped == (4, 7) and fit.k == 8 and fit.q_df == 7 and fit.study_effect.shape == (8,)
    assert "2 studies have no events, or events only, in both groups" in fit.notes[0]
    keep = [0, 1, 2, 3, 5, 6, 8, 9]
    same = fit_odds_ratio(A[keep], N1[keep], C[keep], N2[keep], model=model)
    assert same.dropped == () and same.notes == ()
    assert_allclose(numbers(same), numbers(fit), rtol=1e-12)


@pytest.mark.parametrize("model", ODDS_RATIO)
@pytest.mark.parametrize("points", [1, 7])
def test_a_common_effect_is_the_maximum_at_zero(model, points):
    fit = fit_odds_ratio(A, N1, C, N2, model=model, quadrature_points=points)
    common = fit_odds_ratio(A, N1, C, N2, model=model, method="EE", quadrature_points=1 if model == "UM.RS" else points)
    assert common.tau2 == 0 and common.i2_tau2 == 0 and common.h2 == 1
    assert_allclose([fit.common_estimate, fit.common_std_error], [common.estimate, common.std_error], **SAME)
    assert fit.loglik >= common.loglik - 1e-9


@pytest.mark.parametrize("model", RATE_RATIO)
def test_the_unit_of_time_does_not_matter_for_ratios(model):
    one, other = (fit_rate_ratio(A, 100 * N1 * unit, C, 100 * N2 * unit, model=model) for unit in (1.0, 365.25))
    # Only UM.RS has a level of its own, which moves; its gradient is smaller by rounding of larger numbers.
    assert_allclose(numbers(other)[:5], numbers(one)[:5], rtol=1e-6, atol=1e-6)


def test_the_unit_of_time_shifts_the_log_rate():
    one, other = fit_rate(A, N1), fit_rate(A, N1 / 365.25)
    assert_allclose(other.estimate - one.estimate, math.log(365.25), rtol=1e-9)
    assert_allclose([other.std_error, other.tau2, other.loglik], [one.std_error, one.tau2, one.loglik], **SAME)


def test_conditional_and_unconditional_agree_in_large_tables():
    """With hundreds of events a table the margins say nothing more; differences are of order 1/n."""
    rng = np.random.default_rng(7)
    n = rng.integers(3000, 9000, 15)
    effect = rng.normal(-0.4, 0.3, 15)
    events_2 = rng.binomial(n, 0.3)
    events_1 = rng.binomial(n, 1 / (1 + np.exp(-(np.log(0.3 / 0.7) + effect))))
    exact, fixed = (fit_odds_ratio(events_1, n, events_2, n, model=model) for model in ("CM.EL", "UM.FS"))
    assert_allclose(exact.estimate, fixed.estimate, atol=2e-4)
    assert_allclose(exact.std_error, fixed.std_error, rtol=2e-3)


@pytest.mark.parametrize("points", [1, 7, 21])
def test_one_study(points):
    fit = fit_proportion([5], [20], quadrature_points=points)
    assert_allclose([fit.estimate, fit.std_error], [math.log(5 / 15), math.sqrt(1 / 5 + 1 / 15)], rtol=1e-9)
    assert fit.tau2 == 0 and fit.q_df == 0 and fit.q_wald == 0 and fit.i2_tau2 == 0 and fit.h2 == 1
    assert fit.certificate["boundary"] and "One study" in fit.notes[-1]


@pytest.mark.parametrize("model", ODDS_RATIO)
def test_one_two_group_study(model):
    fit = fit_odds_ratio([5], [20], [9], [22], model=model)
    expected = math.log(5 * 13 / (15 * 9))
    # The conditional estimates shrink towards 0; CM.AL has log(5/9) - log(20/22).
    assert_allclose(
        fit.estimate,
        math.log(5 / 9 * 22 / 20) if model == "CM.AL" else expected,
        atol=0.03 if model == "CM.EL" else 1e-9,
    )
    assert fit.tau2 == 0 and fit.q_df == 0


def test_huge_counts():
    """Ten million patients a group: standard errors of 1e-3 and log-likelihoods of 1e7 do not disturb the fit."""
    n = np.full(6, 10_000_000)
    events = np.array([1_000_000, 1_020_000, 980_000, 1_100_000, 900_000, 1_005_000])
    fit = fit_proportion(events, n)
    between = np.var(np.log(events / (n - events))) - np.mean(1 / events + 1 / (n - events))
    assert_allclose(fit.tau2, between, rtol=1e-4)  # logits are normal to 1e-3 here, and weights nearly equal
    for model in ODDS_RATIO:
        ratio = fit_odds_ratio(events, n, events[::-1], n, model=model)
        assert_allclose(ratio.estimate, 0.0, atol=1e-5)
        assert ratio.certificate["newton_decrement"] < 1e-9


def test_extreme_heterogeneity_converges_and_warns_of_a_coarse_rule():
    fit = fit_proportion([0, 50, 100, 100, 0], [100] * 5)
    assert fit.converged and fit.tau2 > 5
    coarse = fit_proportion([0, 5, 10, 10, 0], [10] * 5)
    assert any("coarse" in note for note in coarse.notes) and abs(coarse.certificate["quadrature_change"]) > 0.1


def test_rare_events_large_trials():
    fit = fit_odds_ratio(
        [1, 0, 2, 0, 1], [1000, 1200, 900, 1500, 800], [0, 1, 1, 2, 0], [1010, 1190, 905, 1490, 790], model="CM.EL"
    )
    assert fit.converged and math.isfinite(fit.std_error)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: fit_proportion([0, 0], [10, 12]), "log odds is infinite"),
        (lambda: fit_proportion([10, 12], [10, 12], method="EE"), "log odds is infinite"),
        (lambda: fit_proportion([0, 10, 0, 10], [10] * 4), "common effect"),
        (lambda: fit_rate([0, 0], [10, 12]), "log rate is infinite"),
        (lambda: fit_odds_ratio([0, 0], [10, 12], [0, 0], [9, 9]), "carries information"),
        (lambda: fit_rate_ratio([0, 0], [10, 12], [3, 1], [9, 9]), "minus infinity"),
        *[
            (lambda model=model: fit_odds_ratio([0, 0], [10, 12], [3, 2], [9, 9], model=model), "infinity")
            for model in ODDS_RATIO
        ],
    ],
)
def test_no_finite_estimate_is_an_error_that_says_so(call, words):
    with pytest.raises(ConvergenceError, match=words):
        call()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: fit_proportion([11, 1], [10, 12]), "events of study 1 is above n"),
        (lambda: fit_proportion([1, -1], [10, 12]), "events of study 2"),
        (lambda: fit_proportion([1, math.nan], [10, 12]), "events of study 2"),
        (lambda: fit_proportion([1, 0], [10, 0]), "n of study 2"),
        (lambda: fit_proportion([1], [10, 12]), "one length"),
        (lambda: fit_proportion([], []), "one length"),
        (lambda: fit_rate([1, 2], [10, 0]), "person_time of study 2"),
        (lambda: fit_odds_ratio([1, 2], [9, 9], [1], [9]), "same studies"),
        (lambda: fit_odds_ratio([1, 2.5], [9, 9], [1, 2], [9, 9], model="CM.EL"), "whole numbers"),
    ],
)
def test_impossible_counts(call, words):
    with pytest.raises(TableError, match=words):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: fit_proportion([1, 2], [10, 12], method="REML"),
        lambda: fit_proportion([1, 2], [10, 12], quadrature_points=0),
        lambda: fit_odds_ratio([1, 2], [9, 9], [1, 3], [9, 9], model="um.fs"),
        lambda: fit_rate_ratio([1, 2], [9, 9], [1, 3], [9, 9], model="CM.AL"),
    ],
)
def test_unknown_options(call):
    with pytest.raises(OptionError):
        call()


@given(st.lists(st.tuples(*[st.integers(0, 6)] * 4), min_size=1, max_size=6), st.sampled_from(list(ODDS_RATIO)))
@settings(max_examples=60, deadline=None)
def test_tiny_tables_give_an_answer_or_a_clear_error(rows, model):
    """Nothing silent, nothing but our own errors, no NaN where there is an answer."""
    a, b, c, d = np.array(rows).T
    try:
        fit = fit_odds_ratio(a, a + b, c, c + d, model=model)
    except OstealgiaError:
        return
    plain = dataclasses.asdict(fit)
    assert all(
        math.isfinite(plain[name])
        for name in ("estimate", "std_error", "tau2", "loglik", "q_wald", "q_lrt", "i2_tau2", "h2")
    )


def test_cost_is_linear_in_the_number_of_studies():
    """No array of k x k: ten thousand studies with one level each fit in memory and end like the sample they repeat."""
    reps = 1250
    keep = [0, 1, 2, 3, 5, 6, 8, 9]
    fit = fit_odds_ratio(*(np.tile(x[keep], reps) for x in (A, N1, C, N2)))
    small = fit_odds_ratio(*(np.tile(x[keep], 2) for x in (A, N1, C, N2)))
    assert_allclose([fit.estimate, fit.tau2], [small.estimate, small.tau2], rtol=1e-6, atol=1e-9)
    assert_allclose(fit.std_error * math.sqrt(reps / 2), small.std_error, rtol=1e-6)
