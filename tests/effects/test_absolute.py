"""Absolute effects, numbers needed and re-expressed SMDs: published examples, sums by hand, invariances, refusals."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from ostealgia.effects import absolute as ab
from ostealgia.effects.handbook import hazard_ratio_from_log_rank
from ostealgia.errors import OptionError, TableError

BAD = "undesirable"


# -- published examples ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("measure", "effect", "baseline", "per_1000", "needed"),
    [
        ("OR", 0.73, 0.3, -62, "NNTB 17"),  # Cochrane Handbook 5.1, 12.5.4.3: 62 fewer per 1000, NNT 17
        ("RR", 0.92, 0.3, -24, "NNTB 42"),  # 12.5.4.2: 24 fewer per 1000, NNT 42
        ("RD", -0.133, 0.3, -133, "NNTB 8"),  # 12.5.4.0: 133 fewer per 1000; 7.5 is rounded up
    ],
)
def test_handbook_examples(measure, effect, baseline, per_1000, needed):
    found = ab.absolute_effect(measure, effect, baseline_risk=baseline, event=BAD, per=1000)
    assert_allclose(1000 * found.difference, per_1000, atol=0.5)  # printed as whole numbers
    assert str(found.number_needed) == needed
    assert f"{-per_1000} fewer" in str(found)


def test_survival_of_a_published_trial():
    """Lancet 1999;354:533-540: log-rank P = 0.075, 485 deaths, 491 and 485 patients; 3-year survival 50.0% without
    and 55.5% with chemotherapy, difference 5.5% (-0.5 to 11.0). 0.1% covers the rounding of P and of the 50.0%."""
    hr = hazard_ratio_from_log_rank(p_value=0.075, events=485, n_1=491, n_2=485, favours="treated")
    found = ab.absolute_effect("HR", hr.hazard_ratio, hr.ci_low, hr.ci_high, baseline_risk=0.5, event=BAD)
    ours = [found.risk, found.difference, found.difference_low, found.difference_high]
    assert_allclose([100 * value for value in ours], [44.5, -5.5, -11.0, 0.5], atol=0.1)
    assert found.number_needed.through_infinity
    assert found.number_needed.interval.startswith("NNTB 10 to infinity to NNTH")


def test_number_needed_of_altman():
    """BMJ 1998;317:1309: risk reduction 10% (-5% to 25%): NNTB 10, from NNTB 4 through infinity to NNTH 20."""
    found = ab.number_needed(-0.10, -0.25, 0.05, event=BAD)
    assert str(found) == "NNTB 10 (NNTB 4 to infinity to NNTH 20)"
    turned = ab.number_needed(0.10, -0.05, 0.25, event=BAD)
    assert str(turned) == "NNTH 10 (NNTH 4 to infinity to NNTB 20)"


def test_number_needed_of_a_significant_effect():
    """CMAJ 2002;166:1676: risk reduction 16.6% (0.9% to 32.2%): NNT 6.02 (3.1 to 111.1)."""
    found = ab.number_needed(-0.166, -0.322, -0.009, event=BAD)
    assert_allclose([found.value, found.near, found.far], [6.02, 3.1, 111.1], atol=0.05)
    assert str(found) == "NNTB 7 (NNTB 4 to 112)" and not found.through_infinity  # whole patients are rounded up


# -- number needed: edges ----------------------------------------------------------------------------------------------
def test_limits_that_touch_no_difference():
    assert str(ab.number_needed(-0.1, -0.2, 0.0, event=BAD)) == "NNTB 10 (NNTB 5 to infinity)"
    nothing = ab.number_needed(0.0, -0.2, 0.1, event=BAD)
    assert str(nothing) == "no difference (number needed infinite) (NNTB 5 to infinity to NNTH 10)"
    assert nothing.to_dict()["value"] == "Infinity"
    alone = ab.number_needed(-0.1, event=BAD)
    assert str(alone) == "NNTB 10" and alone.interval == "" and alone.to_dict()["near"] is None
    json.dumps(alone.to_dict(), allow_nan=False)


@given(st.floats(-0.9, 0.9), st.floats(0.001, 0.1), st.floats(0.001, 0.1))
def test_turning_the_event_turns_benefit_into_harm(difference, below, above):
    swap = {"NNTB": "NNTH", "NNTH": "NNTB"}
    if abs(difference) < 1e-6:
        difference = 0.01
    bad = ab.number_needed(difference, difference - below, difference + above, event="undesirable")
    good = ab.number_needed(difference, difference - below, difference + above, event="desirable")
    assert good.kind == swap[bad.kind] and good.value == bad.value
    assert {(swap[good.near_kind], good.near), (swap[good.far_kind], good.far)} == {
        (bad.near_kind, bad.near), (bad.far_kind, bad.far)}  # fmt: skip
    assert good.through_infinity == bad.through_infinity
    if not bad.through_infinity:
        assert bad.near <= bad.value <= bad.far  # the number lies in its interval
        assert bad.near_kind == bad.kind == bad.far_kind


# -- ratios ------------------------------------------------------------------------------------------------------------
risks = st.floats(0.01, 0.99)


@given(risks, risks)
def test_every_ratio_of_the_same_two_risks_says_the_same(baseline, risk):
    odds = risk / (1 - risk) / (baseline / (1 - baseline))
    effects = {"OR": odds, "PETO": odds, "RR": risk / baseline, "RD": risk - baseline,
               "HR": math.log1p(-risk) / math.log1p(-baseline)}  # fmt: skip
    for measure, effect in effects.items():
        found = ab.absolute_effect(measure, effect, baseline_risk=baseline, event=BAD)
        assert_allclose(found.risk, risk, rtol=1e-9, atol=1e-12)


@given(risks, st.floats(0.05, 20), st.floats(1.01, 3))
def test_no_effect_is_no_difference_and_limits_keep_their_order(baseline, odds_ratio, width):
    for measure, null in (("OR", 1.0), ("RR", 1.0), ("HR", 1.0), ("RD", 0.0)):
        assert abs(ab.absolute_effect(measure, null, baseline_risk=baseline, event=BAD).difference) < 1e-12
    low, high = odds_ratio / width, odds_ratio * width
    found = ab.absolute_effect("OR", odds_ratio, low, high, baseline_risk=baseline, event=BAD)
    assert found.risk_low <= found.risk <= found.risk_high
    mirrored = ab.absolute_effect("OR", 1 / odds_ratio, baseline_risk=1 - baseline, event=BAD)
    assert_allclose(mirrored.risk, 1 - found.risk, atol=1e-12)  # the odds ratio does not mind which way one counts


def test_more_good_events_by_hand():
    """Response 60% without; OR 1.5: odds 1.5 x 1.5 = 2.25, risk 2.25/3.25 = 69.23%, 9.2 more per 100, NNTB 10.8."""
    found = ab.absolute_effect("OR", 1.5, 1.1, 2.0, baseline_risk=0.6, event="desirable")
    assert_allclose(found.risk, 2.25 / 3.25)
    assert "69.2 per 100 instead of 60.0: 9.2 more (95% CI 2.3 more to 15.0 more)" in str(found)
    assert str(found.number_needed).startswith("NNTB 11 (NNTB 7 to 45)")


def test_a_limit_beyond_certainty_is_held_and_said():
    found = ab.absolute_effect("RR", 1.5, 1.0, 2.25, baseline_risk=0.5, event=BAD)
    assert found.risk_high == 1.0
    assert found.notes[0] == "the limit RR 2.25 gives a risk of 1.12; held at 1"


def test_pooled_result_with_its_prediction_interval():
    reported = SimpleNamespace(estimate=0.8, ci_low=0.7, ci_high=0.95, pi_low=0.5, pi_high=1.3)
    fit = SimpleNamespace(measure="RR", ci_level=0.9, reported=reported)
    found = ab.absolute_effect_of(fit, baseline_risk=0.2, event=BAD)
    assert_allclose([found.difference_pi_low, found.difference_pi_high], [-0.1, 0.06])
    assert "90% CI" in str(found) and "prediction 10.0 fewer to 6.0 more" in str(found)
    row = found.to_frame()
    assert len(row) == 1 and row["number_needed"][0].startswith("NNTB 25")
    json.dumps(found.to_dict(), allow_nan=False)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"event": BAD}, OptionError, "baseline_risk is not given"),
        ({"baseline_risk": 0.3}, OptionError, "event is not given"),
        ({"baseline_risk": 0.3, "event": "bad"}, OptionError, "'undesirable', 'desirable'"),
        ({"baseline_risk": 30, "event": BAD}, OptionError, "Write 0.3 for 30%"),
        ({"baseline_risk": 0, "event": BAD}, OptionError, "strictly between 0 and 1"),
        ({"baseline_risk": 1, "event": BAD}, OptionError, "strictly between 0 and 1"),
        ({"baseline_risk": -0.1, "event": BAD}, OptionError, "strictly between 0 and 1"),
        ({"baseline_risk": 0.3, "event": BAD, "measure": "MD"}, OptionError, "measure='MD' is not one of"),
        ({"baseline_risk": 0.3, "event": BAD, "per": 0}, OptionError, "per=0"),
        ({"baseline_risk": 0.3, "event": BAD, "level": 95}, OptionError, "Write 0.95 for 95%"),
        ({"baseline_risk": 0.3, "event": BAD, "estimate": -0.31}, TableError, "Give the ratio itself"),
        ({"baseline_risk": 0.3, "event": BAD, "estimate": math.nan}, TableError, "estimate is not a possible OR"),
        ({"baseline_risk": 0.3, "event": BAD, "ci_low": 0.8, "ci_high": 0.9}, TableError, "outside its interval"),
        ({"baseline_risk": 0.3, "event": BAD, "ci_low": 0.6}, TableError, "only one limit"),
        ({"baseline_risk": 0.6, "event": BAD, "measure": "RR", "estimate": 2.0}, TableError, "an impossible risk"),
        ({"baseline_risk": 0.6, "event": BAD, "measure": "RD", "estimate": -13.3}, TableError, "Give a proportion"),
    ],
)  # fmt: skip
def test_what_is_not_stated_or_impossible_is_refused(options, error, words):
    call = {"measure": "OR", "estimate": 0.73, **options}
    with pytest.raises(error) as raised:
        ab.absolute_effect(call.pop("measure"), call.pop("estimate"), **call)
    assert words in str(raised.value)


def test_number_needed_refuses():
    with pytest.raises(TableError, match="difference is not a risk difference"):
        ab.number_needed(12.0, event=BAD)
    with pytest.raises(TableError, match="outside its interval"):
        ab.number_needed(0.5, 0.1, 0.2, event=BAD)


# -- standardised mean differences -------------------------------------------------------------------------------------
def test_smd_in_points_by_hand():
    """-3.71 (-5.29 to -2.00) with an SD of 1.8 points: -6.678 (-9.522 to -3.6)."""
    found = ab.smd_to_points(-3.71, -5.29, -2.00, sd_nrs_0_10=1.8)
    assert_allclose([found.estimate, found.ci_low, found.ci_high], [-6.678, -9.522, -3.6])
    assert "with an SD of 1.8 points" in str(found) and len(found.to_frame()) == 1


def test_smd_as_odds_ratio_by_chinn():
    """Chinn 2000: log OR = 1.81 SMD (printed to 2 decimals). SMD 1 is exp(1.813799) = 6.13371."""
    found = ab.smd_to_odds_ratio(1.0)
    assert_allclose(found.estimate, 6.13371, atol=1e-5)
    assert_allclose(math.log(found.estimate), 1.81, atol=5e-3)
    assert str(found).startswith("SMD 1.00 is an odds ratio of 6.13") and found.to_dict()["ci_low"] is None


@given(st.floats(-5, 5), st.floats(0.01, 2))
def test_smd_and_odds_ratio_are_inverse_and_turn_with_the_event(smd, half):
    higher = ab.smd_to_odds_ratio(smd, smd - half, smd + half)
    lower = ab.smd_to_odds_ratio(smd, smd - half, smd + half, event_is="lower")
    assert_allclose(ab.odds_ratio_to_smd(higher.estimate), smd, atol=1e-12)
    assert_allclose([1 / lower.estimate, 1 / lower.ci_high, 1 / lower.ci_low],
                    [higher.estimate, higher.ci_low, higher.ci_high], rtol=1e-9)  # fmt: skip
    assert lower.ci_low < lower.estimate < lower.ci_high


def test_smd_refuses():
    with pytest.raises(OptionError, match="sd_nrs_0_10 is not given"):
        ab.smd_to_points(-0.5)
    with pytest.raises(OptionError, match="In millimetres of a 100 mm scale"):
        ab.smd_to_points(-0.5, sd_nrs_0_10=24)
    with pytest.raises(OptionError, match="not a possible SD"):
        ab.smd_to_points(-0.5, sd_nrs_0_10=0)
    with pytest.raises(OptionError, match="event_is='less'"):
        ab.smd_to_odds_ratio(-0.5, event_is="less")
    with pytest.raises(TableError, match="odds_ratio is not above 0"):
        ab.odds_ratio_to_smd(0.0)
