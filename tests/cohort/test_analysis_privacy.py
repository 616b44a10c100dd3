"""Small cells of an analysis: none is shown, and none follows from what is shown."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ostealgia as oa
from cohort_analysis_cases import bundled, quick
from ostealgia.cohort.analysis_privacy import complementary, hidden, is_small, primary

COUNTS = ("events", "n", "n_1", "n_2", "events_1", "events_2", "n_any", "n_risk", "assessed", "missed_visit", "dropout", "death", "count",
          "missing", "n_missing")  # fmt: skip


@pytest.fixture(scope="module")
def found():
    return oa.cohort.analyse(bundled(), quick(), rng_seed=1)


@pytest.fixture(scope="module", params=[5, 10])
def closed(found, request):
    return hidden(found, request.param), request.param


def test_without_a_limit_nothing_changes(found):
    assert hidden(found, 0) is found


def test_no_small_count_is_left_in_any_table(closed):
    analysis, small = closed
    for section in analysis.sections:
        for name, table in section.tables.items():
            for column in set(COUNTS) & set(table.columns):
                values = table[column].to_numpy(dtype=float)
                assert not is_small(values, small).any(), (section.id, name, column)
            for events, n in (("events", "n"), ("events_1", "n_1"), ("events_2", "n_2")):
                if {events, n} <= set(table.columns):
                    rest = table[n].to_numpy(dtype=float) - table[events].to_numpy(dtype=float)
                    assert not is_small(rest, small).any(), (section.id, name, "all but a few")


def test_least_and_greatest_values_are_of_single_patients(closed):
    analysis, _ = closed
    for section in analysis.sections:
        for table in section.tables.values():
            for column in {"min", "max"} & set(table.columns):
                assert table[column].isna().all()


def test_hidden_classes_do_not_follow_from_the_rates(closed, found):
    analysis, _ = closed
    classes = analysis.section("response").tables["classes"]
    rates = analysis.section("response").tables["rates"].set_index(["week", "group", "denominator"])
    for (week, group), own in classes.groupby(["week", "group"]):
        shown = dict(zip(own["pain_response"], own["events"], strict=True))
        if np.isnan(shown["CR"]) or np.isnan(shown["PR"]):
            assert np.isnan(shown["CR"]) == np.isnan(shown["PR"]) or 0 in (shown["CR"], shown["PR"])
        assessable = rates.loc[(week, group, "assessable"), "n"]
        if np.isnan(shown["NE"]):
            assert np.isnan(assessable)


def test_steps_between_thresholds_of_grade_are_not_small(closed):
    analysis, small = closed
    table = analysis.section("toxicity").tables["events"]
    for _, own in table.groupby(["category", "group"]):
        shown = [float(own["n"].iloc[0]), *own["events"].dropna()]
        assert not is_small(-np.diff(shown), small).any()


def test_result_objects_with_counts_are_left_out(closed, found):
    analysis, _ = closed
    assert "table_one" in found.section("table-one").results and not analysis.section("table-one").results
    assert set(analysis.section("survival").results) == set() and "mmrm" in analysis.section("pain").results
    assert any("hidden" in note for note in analysis.notes)


def test_estimates_of_large_cells_stay(closed):
    analysis, _ = closed
    rates = analysis.section("response").tables["rates"].query("week == 12 and denominator == 'all_treated'")
    assert list(rates["events"]) == [32, 54] and rates["estimate"].notna().all()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=2, max_size=7), st.integers(2, 8))
def test_two_cells_at_least_are_hidden_of_a_total_that_is_known(counts, small):
    frame = pd.DataFrame({"events": counts, "n": sum(counts)})
    rows = complementary(frame, (), is_small(frame["events"], small), small)
    closed = frame.loc[rows, "events"]
    if is_small(frame["events"], small).any():
        everything = frame["events"][frame["events"] > 0]
        assert (len(closed) >= 2 and closed.sum() >= small) or len(closed) == len(everything)
    else:
        assert not rows.any()


def test_all_but_a_few_is_a_small_cell_too():
    frame = pd.DataFrame({"events": [99, 50, 3, 0], "n": [102, 102, 102, 102]})
    assert primary(frame, 5).tolist() == [True, False, True, False]
