"""Rounding of the inputs: what is found is inside the printed precision and gives the published value."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from project_cases import MINIMAL

from ostealgia.numerics.intervals import Printed
from ostealgia.project.precision import reach
from ostealgia.project.printed import counts_of_percent, nearest_count, read
from ostealgia.project.select import Latitude, Selection
from ostealgia.project.steps import run


def selection(values, half, digits=1):
    cells = tuple(Latitude(i, "x", f"S{i}", f"{v:.{digits}f}", v - half, v + half) for i, v in enumerate(values))
    return Selection(
        {"study": [f"S{i}" for i in range(len(values))], "x": list(values)}, tuple(range(len(values))), latitude=cells
    )


@settings(deadline=None, max_examples=40)
@given(st.lists(st.floats(-0.049, 0.049), min_size=3, max_size=8), st.integers(0, 10_000))
def test_a_mean_of_rounded_values_is_always_reached(noise, seed):
    """Values are printed with one place, their true mean with four: by construction some inputs give it."""
    true = [round((seed * (i + 3)) % 97 / 10, 1) + x for i, x in enumerate(noise)]
    typed = [round(x, 1) for x in true]
    target = read(f"{math.fsum(true) / len(true):.4f}")

    def evaluate(found):
        return (math.fsum(found.columns["x"]) / len(true),)

    found = reach(selection(typed, 0.05), evaluate, [target])
    if target.fits(evaluate(selection(typed, 0.05))[0]):
        return
    assert found is not None
    assert target.fits(found.values[0])
    assert all(abs(value - typed[index]) <= 0.05 + 1e-12 for (index, _), value in found.changes.items())


def test_what_no_input_can_give_is_not_reached():
    # the mean of five values moves by 0.05 at most when each moves by 0.05
    assert (
        reach(selection([1.0, 2.0, 3.0, 4.0, 5.0], 0.05), lambda s: (sum(s.columns["x"]) / 5,), [read("3.20")]) is None
    )


def test_two_counts_are_moved_together_where_one_is_not_enough():
    cells = tuple(Latitude(i, "x", f"S{i}", "50%", 8, 12, (8, 9, 10, 11, 12)) for i in range(2))
    start = Selection({"study": ["S0", "S1"], "x": [10, 10]}, (2, 3), latitude=cells)
    # 100 a + b: only a = 9 and b = 12 give 912
    found = reach(start, lambda s: (100 * s.columns["x"][0] + s.columns["x"][1],), [read(912)])
    assert found is not None and dict(found.changes) == {(0, "x"): 9.0, (1, "x"): 12.0}


def test_inputs_without_latitude_are_not_searched():
    start = Selection({"study": ["S0"], "x": [1.0]}, (2,))
    assert reach(start, lambda s: (s.columns["x"][0],), [read(2)]) is None


@given(st.integers(1, 2000), st.data(), st.integers(0, 2))
def test_every_count_is_among_those_of_its_per_cent(n, data, digits):
    count = data.draw(st.integers(0, n))
    percent = Printed.parse(f"{100 * count / n:.{digits}f}")
    counts = counts_of_percent(percent, n)
    assert count in counts and list(counts) == sorted(counts)
    assert all(f"{100 * c / n:.{digits}f}" == percent.text or percent.fits(100 * c / n) for c in counts)
    assert abs(nearest_count(percent, n) - count) <= max(1, len(counts))


@pytest.mark.parametrize(
    ("estimate", "low", "high", "verdict"),
    [
        # by hand: weights 1/0.09225 and 1/0.14635 give -2.6134 (-3.0796 to -2.1471)
        (-2.61, -3.08, -2.15, "reproduced"),
        # a mean of 4.2 in the place of the typed 4 gives -2.4907; the typed means have no decimals
        (-2.49, -2.96, -2.02, "rounding"),
        # the means move each difference by 1 at most
        (-1.50, -1.97, -1.03, "differs"),
    ],
)
def test_a_claim_about_a_mean_difference(make, estimate, low, high, verdict):
    config = f"""\
[project]
title = "Example"
[[analysis]]
id = "pain"
outcome = "pain"
measure = "MD"
time = "3 month"
baseline = "0 month"
model = "common"
ci = "z"
figure = false
[[claim]]
id = "pain"
analysis = "pain"
estimate = {estimate:.2f}
ci_low = {low:.2f}
ci_high = {high:.2f}
"""
    rows = (
        "study,outcome,time,time_unit,n,mean,sd\nA,pain,0,month,40,7,1.5\nA,pain,3,month,40,4,1.2\n"
        "B,pain,0,month,52,6,2.0\nB,pain,3,month,52,4,1.9\n"
    )
    result = run(make(config, rows))
    assert result.claims[0].verdict == verdict, result.claims[0]


def test_percent_is_understood_without_a_unit(make):
    """The keys of the plan alone: a proportion printed as 67 can only be per cent."""
    claim = '[[claim]]\nid = "c"\nanalysis = "response"\nestimate = 67\nsource = "Abstract"\n'
    result = run(make(MINIMAL + claim))
    assert result.claims[0].verdict == "reproduced"
    claim = '[[claim]]\nid = "c"\nanalysis = "response"\nestimate = 0.67\ndigits = 2\n'
    assert run(make(MINIMAL + claim)).claims[0].verdict == "reproduced"
