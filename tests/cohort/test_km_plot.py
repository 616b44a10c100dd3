"""Survival plots: what stands where."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.text import Annotation

import ostealgia as oa
from ostealgia.errors import OptionError
from ostealgia.plot.survival_curves import apart, time_ticks

RNG = np.random.default_rng(6)
ARMS = ["control", "observation"]
DATA = {
    "t": np.round(RNG.exponential(10, 120), 1) + 0.1, "d": RNG.random(120) < 0.7, "arm": RNG.choice(ARMS, 120),
    "end": RNG.integers(0, 3, 120),
}  # fmt: skip
FIT = oa.cohort.kaplan_meier(DATA, time="t", event="d", by="arm")


def words(ax):
    return [text.get_text() for text in ax.texts if isinstance(text, Annotation)]


def test_the_table_holds_numbers_at_risk_and_events_at_the_ticks():
    ax = oa.plot.kaplan_meier(FIT, time_label="Months")
    at = FIT.at(ax.get_xticks())
    for row in at.itertuples():
        assert f"{row.n_risk:.0f} ({row.events:.0f})" in words(ax)
    assert words(ax).count("control") == 2 and "At risk (events)" in words(
        ax
    )  # at the end of its curve, and in the table


def test_the_line_is_the_estimate_and_the_axis_is_whole():
    ax = oa.plot.kaplan_meier(FIT, until=24.0, time_label="Months")
    assert ax.get_ylim() == (0.0, 1.0) and ax.get_xlim() == (0.0, 24.0)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["0", "25", "50", "75", "100"]
    curve = FIT.curves[1]
    line = next(line for line in ax.lines if line.get_drawstyle() == "steps-post")
    x, y = line.get_data()
    np.testing.assert_allclose(
        y[:-1], np.append(curve.curve.survival, 1.0)[np.searchsorted(curve.time, x[:-1], side="right") - 1]
    )


def test_small_counts_can_be_hidden_and_censorings_left_out():
    ax = oa.plot.kaplan_meier(FIT, small_cell=5, censor_marks=False, time_label="Months")
    counts = [word.split(" ")[0] for word in words(ax) if word.endswith(")") and word[0].isdigit()]
    assert not {"1", "2", "3", "4"} & set(counts)
    assert any(word.startswith("<5") for word in words(ax))
    assert not any("censored" in word for word in words(ax))
    assert all(line.get_marker() != "|" for line in ax.lines)


def test_a_test_is_noted_and_axes_are_handed_back():
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    test = oa.cohort.logrank(DATA, time="t", event="d", by="arm")
    assert oa.plot.kaplan_meier(FIT, ax=ax, test=test) is ax
    assert any(word.startswith("Log-rank test: χ²") for word in words(ax))


def test_incidence_of_one_cause_and_of_all():
    fit = oa.cohort.cumulative_incidence(DATA, time="t", status="end", by="arm", causes={1: "progression", 2: "death"})
    ax = oa.plot.cumulative_incidence(fit, cause="death")
    assert "Cumulative incidence of death, %" in words(ax)
    both = oa.plot.cumulative_incidence(fit)
    assert "control: progression" in words(both) and "observation: death" in words(both)
    with pytest.raises(OptionError, match="Did you mean 'death'"):
        oa.plot.cumulative_incidence(fit, cause="deaths")


def test_too_many_groups_and_no_follow_up_are_refused():
    many = {"t": np.arange(1.0, 25.0), "d": np.ones(24), "g": [f"g{i}" for i in range(12)] * 2}
    with pytest.raises(OptionError, match="12 groups cannot be told apart"):
        oa.plot.kaplan_meier(oa.cohort.kaplan_meier(many, time="t", event="d", by="g"))
    with pytest.raises(OptionError, match="every time is 0"):
        oa.plot.kaplan_meier(oa.cohort.kaplan_meier({"t": [0, 0], "d": [1, 0]}, time="t", event="d"))


@pytest.mark.parametrize(
    "data",
    [{"t": [3.0], "d": [0]}, {"t": [3.0], "d": [1]}, {"t": [1e-6, 2e-6], "d": [1, 1]}, {"t": [1e6, 2e6], "d": [1, 0]}],
)
def test_tiny_data_are_drawn(data):
    from ostealgia.plot.export import figure_svg

    ax = oa.plot.kaplan_meier(oa.cohort.kaplan_meier(data, time="t", event="d"))
    assert figure_svg(ax.figure).rstrip().endswith("</svg>")


@given(st.lists(st.floats(0, 200), min_size=1, max_size=10))
def test_names_do_not_touch_and_stay_inside(places):
    moved = sorted(apart(places, 12.0, 250.0))
    assert all(b - a >= 12.0 - 1e-6 for a, b in pairwise(moved))
    assert moved[0] >= -1e-9 and moved[-1] <= 250.0 + 1e-6


@pytest.mark.parametrize(
    ("until", "label", "step"), [(30, "Months", 6), (100, "Weeks since start", 26), (5, "Years", 1), (700, "Days", 90)]
)
def test_ticks_are_round_in_their_unit(until, label, step):
    ticks = time_ticks(float(until), 400.0, label, 40.0)
    assert ticks[0] == 0 and ticks[-1] <= until
    assert np.allclose(np.diff(ticks), step)
