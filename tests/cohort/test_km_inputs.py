"""Survival curves: what happens to impossible, missing, tied and empty input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import ostealgia as oa
from ostealgia.errors import OptionError, TableError
from ostealgia.numerics.survival_curve import INTERVALS, merged_times, product_limit, risk_table, step_quantile

DATA = {
    "t": [2.0, 3.0, 3.0, 5.0, 8.0, 9.0],
    "d": [1, 1, 0, 1, 0, 1],
    "arm": list("aabbab"),
    "id": ["P-17", "P-18", "P-3", "P-4", "P-5", "P-6"],
}
KM = {"time": "t", "event": "d"}


def test_a_row_without_a_value_is_left_out_and_counted_by_column():
    frame = pd.DataFrame(DATA)
    frame.loc[1, "t"] = np.nan
    frame.loc[3, "arm"] = None
    fit = oa.cohort.kaplan_meier(frame, by="arm", **KM)
    assert [(row.study, row.reason) for row in fit.excluded] == [
        ("1 row", "no value in column 't'"),
        ("1 row", "no value in column 'arm'"),
    ]
    assert sum(curve.n for curve in fit.curves) == 4
    assert "excluded: 1 row: no value in column 't'" in str(fit)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("t", -4.25, "impossible"),
        ("t", np.inf, "impossible"),
        ("t", "soon", "not a number"),
        ("d", 7, "not an event indicator"),
    ],
)
def test_an_impossible_value_is_named_by_row_and_column_but_not_shown(column, value, words):
    frame = pd.DataFrame(DATA).astype(object)
    frame.loc[2, column] = value
    with pytest.raises(TableError, match=words) as caught:
        oa.cohort.kaplan_meier(frame, **KM)
    assert f"row 4, column {column}" in str(caught.value)
    for secret in (str(value), "P-3"):
        assert secret not in str(caught.value)


def test_dates_are_not_taken_for_times():
    frame = pd.DataFrame(DATA).assign(t=pd.date_range("2024-01-01", periods=6))
    with pytest.raises(TableError, match="a date or a duration"):
        oa.cohort.kaplan_meier(frame, **KM)


def test_columns_of_pandas_own_types_are_read():
    frame = pd.DataFrame(DATA).astype({"t": "Float64", "d": "boolean", "arm": "category"})
    frame.loc[0, "d"] = pd.NA
    fit = oa.cohort.kaplan_meier(frame, by="arm", **KM)
    assert fit.groups == ("a", "b") and fit.excluded[0].reason == "no value in column 'd'"
    plain = oa.cohort.kaplan_meier(pd.DataFrame(DATA).iloc[1:], by="arm", **KM)
    pd.testing.assert_frame_equal(fit.to_frame(), plain.to_frame())
    assert oa.cohort.logrank(frame, by="arm", **KM).df == 1
    assert oa.cohort.cox(frame.assign(x=[1.0, 3, 2, 5, 4, 1.5]), terms="x", **KM).n == 5


def test_an_unknown_column_is_answered_with_the_nearest():
    with pytest.raises(TableError, match="Did you mean 'arm'"):
        oa.cohort.kaplan_meier(pd.DataFrame(DATA), by="arms", **KM)


def test_all_censored_is_a_flat_curve_and_a_note_and_cannot_be_compared():
    data = {**DATA, "d": [0] * 6}
    fit = oa.cohort.kaplan_meier(data, **KM)
    assert set(fit.to_frame()["estimate"]) == {1.0}
    assert "all 6 rows are censored" in fit.notes[0]
    assert "not reached" in str(fit)
    with pytest.raises(TableError, match="no event to compare"):
        oa.cohort.logrank(data, by="arm", **KM)


def test_an_empty_arm_is_said_and_a_single_arm_cannot_be_compared():
    fit = oa.cohort.kaplan_meier(DATA, by="arm", levels={"arm": ["a", "b", "c"]}, **KM)
    assert "c: no row; there is no curve" in fit.notes
    with pytest.raises(TableError, match="two groups or more; there is 1"):
        oa.cohort.logrank({**DATA, "arm": ["a"] * 6}, by="arm", **KM)
    # the empty arm takes no degree of freedom
    assert oa.cohort.logrank(DATA, by="arm", levels={"arm": ["c", "a", "b"]}, **KM).df == 1


def test_events_at_time_zero_are_a_first_step_and_are_said():
    fit = oa.cohort.kaplan_meier({"t": [0, 0, 4, 6], "d": [1, 1, 1, 0]}, **KM)
    assert fit.at([0])["estimate"].tolist() == [0.5]
    assert "2 rows have time 0" in fit.notes[0]


def test_times_that_differ_by_rounding_are_one_time():
    fit = oa.cohort.kaplan_meier({"t": [0.3, 0.1 + 0.2, 1.0], "d": [1, 1, 0]}, **KM)
    assert fit.to_frame()["time"].tolist() == [0.3, 1.0]
    assert "differ by rounding alone" in fit.notes[0]


def test_weights_of_whole_numbers_are_repeated_rows():
    weighted = oa.cohort.kaplan_meier({**DATA, "w": [1, 2, 1, 3, 1, 2]}, weights="w", **KM).to_frame()
    frame = pd.DataFrame(DATA)
    repeated = oa.cohort.kaplan_meier(frame.loc[frame.index.repeat([1, 2, 1, 3, 1, 2])], **KM).to_frame()
    assert_allclose(weighted["estimate"], repeated["estimate"], rtol=1e-12)
    with pytest.raises(TableError, match="a weight is 0"):
        oa.cohort.kaplan_meier({**DATA, "w": [0, 2, 1, 3, 1, 2]}, weights="w", **KM)


def test_a_late_entry_counts_from_its_start_on():
    # at time 3 only the first two are at risk: the third comes in at 3, after that time
    fit = oa.cohort.kaplan_meier({"t": [3, 5, 6], "d": [1, 1, 1], "s": [0, 1, 3]}, start="s", **KM)
    assert fit.to_frame()["n_risk"].tolist() == [2.0, 2.0, 1.0]
    with pytest.raises(TableError, match="not after its start"):
        oa.cohort.kaplan_meier({"t": [3, 5], "d": [1, 1], "s": [3, 1]}, start="s", **KM)


def test_beyond_the_follow_up_there_is_no_restricted_mean():
    with pytest.raises(OptionError, match="not beyond 8"):
        oa.cohort.rmst({"t": [2, 8, 3, 9], "d": [1, 0, 1, 0], "arm": list("aabb")}, by="arm", tau=9, **KM)


def test_words_for_yes_and_no_and_a_named_event_are_the_same():
    words = {**DATA, "d": ["Yes", "yes", "no", "TRUE", "false", "1"]}
    codes = {**DATA, "d": ["death", "death", "lost", "death", "alive", "death"]}
    plain = oa.cohort.kaplan_meier(DATA, **KM).to_frame()
    pd.testing.assert_frame_equal(oa.cohort.kaplan_meier(words, **KM).to_frame(), plain)
    pd.testing.assert_frame_equal(oa.cohort.kaplan_meier(codes, event_value="death", **KM).to_frame(), plain)


def test_limits_at_the_ends():
    fit = oa.cohort.kaplan_meier({"t": [1, 2, 3], "d": [0, 1, 1]}, **KM).to_frame()
    assert fit[["ci_low", "ci_high"]].iloc[0].tolist() == [1.0, 1.0]
    assert fit[["std_error", "ci_low", "ci_high"]].iloc[-1].isna().all()


def test_a_quantile_on_a_flat_stretch_is_its_middle():
    time, survival = np.array([1.0, 2.0, 3.0, 6.0]), np.array([0.75, 0.5, 0.25, 0.25])
    # quantile() of R's survival 3.5-3 gives these for four patients with times 1, 2, 3 (events) and 6 (censored)
    assert step_quantile(time, survival, np.array([0.25, 0.5, 0.75, 0.8])).tolist()[:3] == [1.5, 2.5, 4.5]
    assert np.isnan(step_quantile(time, survival, np.array([0.8])))[0]


times = st.lists(st.integers(1, 30), min_size=3, max_size=40)


@settings(max_examples=40)
@given(times, st.data(), st.sampled_from(sorted(INTERVALS)), st.floats(0.001, 1000))
def test_the_unit_of_time_changes_nothing_but_times(days, data, ci, unit):
    events = data.draw(st.lists(st.booleans(), min_size=len(days), max_size=len(days)))
    one = oa.cohort.kaplan_meier({"t": days, "d": events}, ci=ci, **KM).to_frame()
    other = oa.cohort.kaplan_meier({"t": np.array(days) * unit, "d": events}, ci=ci, **KM).to_frame()
    for name in ("estimate", "std_error", "ci_low", "ci_high"):
        assert_allclose(other[name], one[name], rtol=1e-12)


@settings(max_examples=40)
@given(times)
def test_without_censoring_survival_is_the_share_still_there(days):
    time = np.array(days, float)
    curve = product_limit(risk_table(time, np.ones(len(days), bool)))
    share = [(time > t).mean() for t in curve.table.time]
    assert_allclose(curve.survival, share, atol=1e-12)


def test_sorting_and_weighting_paths_agree():
    rng = np.random.default_rng(1)
    time, event = rng.integers(0, 50, 400).astype(float), rng.random(400) < 0.5
    fast, slow = risk_table(time, event), risk_table(time, event, np.ones(400), np.full(400, -1.0))
    for name in ("time", "n_risk", "n_event", "n_censor"):
        assert_allclose(getattr(fast, name), getattr(slow, name), atol=1e-9)
    assert merged_times(time)[0] is time
