"""The effect axis and the numbers beside it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostealgia.plot.canvas import text_width, wrap
from ostealgia.plot.numbers import aligned, column_texts, effect_digits, effect_text
from ostealgia.plot.scales import TICK_GAP, effect_axis, tick_labels
from ostealgia.tables.measures import MEASURES


def axis_of(measure, estimates, half, width=204.0):
    estimates = np.asarray(estimates, dtype=float)
    low, high = estimates - half, estimates + half
    back = MEASURES[measure].back
    values = [np.asarray(back(x), dtype=float) for x in (estimates, low, high)]
    return effect_axis(
        MEASURES[measure],
        estimates=values[0],
        lows=values[1],
        highs=values[2],
        shares=np.ones(len(estimates)),
        pooled=[float(np.median(values[0])), math.nan, math.nan],
        width=width,
    )


def test_ratios_have_the_ticks_of_the_journals():
    axis = axis_of("OR", np.log([0.2, 0.8, 5.0]), np.log(2.0))
    assert axis.labels == ("0.1", "0.2", "0.5", "1", "2", "5", "10")


def test_proportions_have_a_per_cent_axis_that_ends_at_its_limits():
    axis = axis_of("PLO", [0.0, 1.5, 4.0], 1.2)
    assert axis.labels == ("20", "40", "60", "80", "100")
    assert axis.no_effect is None and axis.high == pytest.approx(1.0)


@given(
    measure=st.sampled_from(["OR", "MD", "PLO", "IRLN", "ZCOR"]),
    estimates=st.lists(st.floats(-3, 3), min_size=1, max_size=12),
    half=st.floats(0.01, 4.0),
)
def test_axis_is_in_order_and_its_labels_never_meet(measure, estimates, half):
    axis = axis_of(measure, estimates, half)
    assert axis.low < axis.high
    places = [204.0 * axis.position(tick) for tick in axis.ticks]
    assert all(-1e-6 <= place <= 204.0 + 1e-6 for place in places)
    widths = [text_width(label, 9.5) for label in axis.labels]
    for i in range(len(places) - 1):
        # TICK_GAP is kept before the ends are moved out to a near tick, which brings labels at most a fifth closer
        assert places[i + 1] - widths[i + 1] / 2 - places[i] - widths[i] / 2 > 0.5 * TICK_GAP
    assert len(set(axis.labels)) == len(axis.labels)


@given(estimates=st.lists(st.floats(-2, 2), min_size=1, max_size=12), half=st.floats(0.05, 1.0), shift=st.floats(-1, 1))
def test_estimates_of_like_weight_are_on_the_axis(estimates, half, shift):
    axis = axis_of("OR", np.array(estimates) + shift, half)
    for value in np.exp(np.array(estimates) + shift):
        assert -1e-9 <= axis.position(value) <= 1 + 1e-9
        assert axis.value(axis.position(value)) == pytest.approx(value)


def test_a_tiny_study_does_not_set_the_axis():
    axis = effect_axis(
        MEASURES["OR"], estimates=[0.75, 0.8, 900.0], lows=[0.68, 0.54, 6.7], highs=[0.83, 1.18, 1e5],
        shares=[94.0, 5.9, 0.1], pooled=[0.76, 0.69, 0.83], width=204.0,
    )  # fmt: skip
    assert axis.high < 20


@given(st.lists(st.floats(-999, 9999).map(lambda x: effect_text(x, 1, MEASURES["MD"])), min_size=2, max_size=8))
def test_padded_numbers_have_one_width_with_points_below_one_another(texts):
    widths = [text_width(text) for text in aligned(texts)]
    # kerning between a figure and a space is nil, between "to" pairs of figures too: the font is tabular
    assert max(widths) - min(widths) < 0.05


def test_digits_follow_the_data():
    assert effect_digits(MEASURES["MD"], [-5.0], [-3.7]) == 2
    assert effect_digits(MEASURES["MD"], [-30.0], [-8.0]) == 1
    assert effect_digits(MEASURES["PLO"], [0.5], [0.8], 0.7) == 0
    assert effect_digits(MEASURES["PLO"], [0.005], [0.02], 0.01) == 1
    assert column_texts([6.0, 5.6, 2.75, float("nan")]) == ["6.00", "5.60", "2.75", "–"]
    assert tick_labels([-10.0, 0.0], MEASURES["MD"]) == ("−10", "0")


@given(st.text(min_size=1, max_size=60), st.floats(30, 200))
def test_wrapped_lines_fit_and_lose_no_letter(text, width):
    text = " ".join(text.split()) or "x"
    lines = wrap(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(text_width(line) <= width or len(line) == 1 for line in lines)
