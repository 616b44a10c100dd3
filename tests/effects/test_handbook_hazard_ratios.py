"""Hazard ratios from log-rank results, against a published trial, sums by hand and each other."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from ostealgia.effects.handbook import (
    hazard_ratio_from_log_rank,
    hazard_ratio_from_medians,
    hazard_ratio_from_o_minus_e,
    hazard_ratio_from_observed_expected,
)
from ostealgia.errors import OptionError, TableError


def test_published_trial():
    """Neoadjuvant chemotherapy of bladder cancer, Lancet 1999;354:533-540.

    Printed: 485 deaths among 491 and 485 patients, log-rank P = 0.075 for chemotherapy, 50.0% alive at 3 years without
    and 5.5% more with it (95% CI -0.5 to 11.0). The tolerance of 0.1% covers the rounding of P and of the 50.0%.
    """
    found = hazard_ratio_from_log_rank(p_value=0.075, events=485, n_1=491, n_2=485, favours="treated")
    ratios = (found.hazard_ratio, found.ci_low, found.ci_high)
    assert_allclose([100 * 0.5**ratio - 50 for ratio in ratios], [5.5, 11.0, -0.5], atol=0.1)
    assert_allclose(found.p_value, 0.075, rtol=1e-9)


def test_log_rank_by_hand():
    """chi2 4, 40 + 60 events: V = 40 x 60/100 = 24, O - E = -2 sqrt(24) = -9.797959, log HR = -0.408248."""
    found = hazard_ratio_from_log_rank(chi_square=4.0, events_1=40, events_2=60, favours="treated")
    assert_allclose([found.variance, found.o_minus_e, found.estimate], [24, -9.797959, -0.408248], atol=1e-6)
    assert_allclose(found.std_error, 1 / math.sqrt(24))


def test_three_variances_by_hand():
    """100 events: 1:1 gives 25, 2:1 (80 and 40 patients) 100 x 80 x 40/120^2 = 22.2222, 30 + 70 events 21."""
    given_all = {"events_1": 30, "events_2": 70, "n_1": 80, "n_2": 40}
    rules = {"equal": 25.0, "allocation": 22.222222, "events": 21.0}
    for rule, variance in rules.items():
        found = hazard_ratio_from_log_rank(p_value=0.04, favours="control", variance=rule, **given_all)
        assert_allclose(found.variance, variance, atol=1e-6)
        assert found.hazard_ratio > 1
    auto = hazard_ratio_from_log_rank(p_value=0.04, favours="control", **given_all)
    assert_allclose(auto.variance, 21.0)


def test_equal_allocation_is_an_assumption_that_is_noted():
    found = hazard_ratio_from_log_rank(p_value=0.04, events=100, favours="treated")
    assert found.notes == ("1:1 allocation is assumed: give n_1 and n_2, or the events of each group",)


@given(z=st.floats(0.05, 5), e_1=st.integers(5, 400), e_2=st.integers(5, 400))
def test_p_chi_square_and_sides_agree(z, e_1, e_2):
    from scipy.special import ndtr

    p = 2 * float(ndtr(-z))
    by_p, by_chi, one_sided = (
        hazard_ratio_from_log_rank(events_1=e_1, events_2=e_2, favours="treated", **how)
        for how in ({"p_value": p}, {"chi_square": z**2}, {"p_value": p / 2, "sides": 1})
    )
    assert_allclose([by_p.estimate, one_sided.estimate], by_chi.estimate, rtol=1e-7)  # p near 1 has few digits of z
    turned = hazard_ratio_from_log_rank(events_1=e_2, events_2=e_1, favours="control", p_value=p)
    assert_allclose(turned.estimate, -by_p.estimate, rtol=1e-12)
    peto = hazard_ratio_from_o_minus_e(by_p.o_minus_e, by_p.variance)
    assert_allclose([peto.estimate, peto.std_error], [by_p.estimate, by_p.std_error], rtol=1e-9)


def test_p_of_one_is_no_difference():
    assert hazard_ratio_from_log_rank(p_value=1, events=80, favours="treated").hazard_ratio == 1.0


def test_observed_and_expected_by_hand():
    """(30/40)/(50/40) = 0.6; Var = 1/40 + 1/40 = 0.05, SE 0.223607."""
    found = hazard_ratio_from_observed_expected(30, 40.0, 50, 40.0)
    assert_allclose([found.hazard_ratio, found.std_error], [0.6, 0.223607], atol=1e-6)
    assert found.notes == ()
    odd = hazard_ratio_from_observed_expected(30, 40.0, 50, 60.0)
    assert "do not add up" in odd.notes[0]


def test_medians_assume_exponential_survival():
    """The same trial printed medians of 44 and 37.5 months: 37.5/44 = 0.8523, beside 0.8507 from its log-rank test."""
    found = hazard_ratio_from_medians(44.0, 37.5)
    log_rank = hazard_ratio_from_log_rank(p_value=0.075, events=485, n_1=491, n_2=485, favours="treated")
    assert_allclose([found.hazard_ratio, log_rank.hazard_ratio], [0.8523, 0.8507], atol=5e-5)
    assert math.isnan(found.std_error) and "exponential" in found.notes[0] and "no standard error" in found.notes[1]
    assert found.to_dict()["ci_low"] is None
    json.dumps(found.to_dict(), allow_nan=False)
    with_events = hazard_ratio_from_medians(44.0, 37.5, events_1=200, events_2=250)
    assert_allclose(with_events.std_error, math.sqrt(0.005 + 0.004))
    assert len(with_events.to_frame()) == 1


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"p_value": 0.04, "events": 90}, OptionError, "favours is not given"),
        ({"p_value": 0.04, "events": 90, "favours": "placebo"}, OptionError, "'treated', 'control'"),
        ({"events": 90, "favours": "treated"}, OptionError, "exactly one of p_value and chi_square"),
        ({"p_value": 0.04, "chi_square": 4, "events": 90, "favours": "treated"}, OptionError, "exactly one"),
        ({"p_value": 0.04, "favours": "treated"}, OptionError, "needs events_1 and events_2 or events and n_1 and n_2"),
        ({"p_value": 0.04, "events": 9, "favours": "treated", "variance": "allocation"}, OptionError, "n_1 and n_2"),
        ({"p_value": 0, "events": 90, "favours": "treated"}, OptionError, "p_value=0"),
        ({"p_value": 1.2, "events": 90, "favours": "treated"}, OptionError, "p_value=1.2"),
        ({"p_value": 0.04, "events": 90, "favours": "treated", "sides": 3}, OptionError, "sides=3"),
        ({"chi_square": -1, "events": 90, "favours": "treated"}, TableError, "chi_square is not 0 or more"),
        ({"p_value": 0.04, "events": 0, "favours": "treated"}, TableError, "events is not above 0"),
        ({"p_value": 0.04, "events_1": 4, "events_2": 5, "events": 10, "favours": "treated"}, TableError, "events_1"),
    ],
)  # fmt: skip
def test_what_is_missing_or_impossible_is_refused(options, error, words):
    with pytest.raises(error, match=words):
        hazard_ratio_from_log_rank(**options)


def test_zero_events_have_no_ratio():
    with pytest.raises(TableError, match="observed_1 is not above 0"):
        hazard_ratio_from_observed_expected(0, 4.0, 8, 4.0)
    with pytest.raises(TableError, match="median_1 is not above 0"):
        hazard_ratio_from_medians(0, 4.0)
    with pytest.raises(TableError, match="variance is not above 0"):
        hazard_ratio_from_o_minus_e(-1.0, 0.0)


def test_without_a_standard_error_there_is_no_interval_in_the_text():
    found = hazard_ratio_from_medians(44, 37.5)
    assert str(found).splitlines()[0] == "HR 0.85, ratio of medians"
    assert found.to_dict()["ci_low"] is None
