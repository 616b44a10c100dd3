"""Printed numbers and interval arithmetic: by hand, and by trying points inside the boxes."""

import math
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostealgia.errors import OptionError
from ostealgia.numerics.intervals import Interval, Printed, as_interval, corners, monotone, written

finite = st.floats(-1e6, 1e6)


def boxes(low=-1e3, high=1e3):
    number = st.floats(low, high).map(lambda x: round(x, 6))
    return st.tuples(number, number).map(lambda ends: Interval(min(ends), max(ends)))


def inside(box, share):
    return min(max(box.low + share * box.width, box.low), box.high)


@pytest.mark.parametrize(
    ("text", "value", "decimals", "relation"),
    [
        ("0.70", 0.7, 2, "="),
        ("< 0.001", 0.001, 3, "<"),
        ("=0.029", 0.029, 3, "="),
        ("≤0.05", 0.05, 2, "<="),
        ("> 0.25", 0.25, 2, ">"),
        ("5.91", 5.91, 2, "="),
        ("−4.4", -4.4, 1, "="),
        ("–0.41", -0.41, 2, "="),
        ("- 3.7", -3.7, 1, "="),
        ("61.2%", 61.2, 1, "="),
        ("61.2 %", 61.2, 1, "="),
        (".05", 0.05, 2, "="),
        ("1,445", 1445.0, 0, "="),
        ("2 774", 2774.0, 0, "="),
        ("1\u202f234\u202f567", 1234567.0, 0, "="),
        ("188127.63", 188127.63, 2, "="),
        ("1,445.5", 1445.5, 1, "="),
        ("0,70", 0.7, 2, "="),
        ("0,123", 0.123, 3, "="),
        ("0·68", 0.68, 2, "="),
        ("1.2e-5", 1.2e-5, 6, "="),
        ("3 × 10^-4", 3e-4, 4, "="),
        ("3×10−4", 3e-4, 4, "="),
        ("12e3", 12000.0, -3, "="),
        ("~5", 5.0, 0, "~"),
        ("100", 100.0, 0, "="),
    ],
)
def test_printed_numbers_are_read(text, value, decimals, relation):
    printed = Printed.parse(text)
    assert (printed.value, printed.decimals, printed.relation) == (value, decimals, relation)


@pytest.mark.parametrize(
    "text", ["", "abc", "1.2.3", "12 (3)", "1-2", "%", "<", "1e999", "nan", "--3", "1,2,3", "0.1 0.2"]
)
def test_what_is_not_one_number_is_refused(text):
    with pytest.raises(OptionError, match=r"printed"):
        Printed.parse(text)


def test_a_float_has_the_places_of_its_shortest_form():
    assert Printed.of(0.06).decimals == 2
    assert Printed.of(80.0).decimals == 0  # a column of whole numbers with a gap is read as floats
    assert Printed.of(np.float64(5.25)).interval("half") == Interval(5.245, 5.255)
    assert Printed.of(0.06, decimals=3).interval("half") == Interval(0.0595, 0.0605)
    with pytest.raises(OptionError, match="not a printed number"):
        Printed.of(math.nan)


def test_rounding_ranges_by_hand():
    printed = Printed.parse("0.70")
    assert printed.interval("half") == Interval(0.695, 0.705)
    assert printed.interval("truncation") == Interval(0.70, 0.71)
    assert printed.interval() == Interval(0.695, 0.71)
    assert Printed.parse("-4.4").interval() == Interval(-4.5, -4.35)  # truncation goes towards 0
    assert Printed.parse("0.00").interval() == Interval(-0.01, 0.01)
    assert Printed.parse("> 0.05").interval() == Interval(0.05, math.inf)
    with pytest.raises(OptionError, match="'half'"):
        printed.interval("up")


@given(value=finite, places=st.integers(0, 4), rule=st.sampled_from([ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_DOWN]))
def test_the_range_holds_what_was_rounded(value, places, rule):
    text = f"{Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), rounding=rule):f}"
    assert Printed.parse(text).interval().contains(value)
    assert text.lstrip("-") in {form.lstrip("-") for form in written(value, places)}


@given(a=boxes(), b=boxes(), s=st.floats(0, 1), t=st.floats(0, 1))
def test_arithmetic_holds_every_pair_of_points(a, b, s, t):
    x, y = inside(a, s), inside(b, t)
    assert (a + b).contains(x + y)
    assert (a - b).contains(x - y)
    assert (a * b).contains(x * y)
    assert abs(a).contains(abs(x))
    assert a.square().contains(x * x)
    if not b.low <= 0 <= b.high:
        assert (a / b).contains(x / y)


@given(a=boxes(1e-3, 50.0), s=st.floats(0, 1))
def test_monotone_functions_hold_their_points(a, s):
    x = inside(a, s)
    assert a.log().contains(math.log(x)) and a.exp().contains(math.exp(x)) and a.sqrt().contains(math.sqrt(x))
    assert a.reciprocal().contains(1 / x)
    assert monotone(lambda value: -(value**3), a).contains(-(x**3))


def test_division_by_a_range_around_zero_says_nothing():
    assert Interval(1.0, 2.0) / Interval(-1.0, 1.0) == Interval(-math.inf, math.inf)
    assert Interval(1.0, 2.0) / Interval(0.0, 1.0) == Interval(1.0, math.inf)
    assert Interval(-math.inf, math.inf) * 0.0 == Interval(0.0, 0.0)


def test_an_empty_interval_is_refused():
    with pytest.raises(OptionError, match="empty"):
        Interval(2.0, 1.0)
    with pytest.raises(OptionError, match="empty"):
        Interval(math.nan, 1.0)


@given(m1=boxes(-5, 5), m2=boxes(-5, 5), s=boxes(0.5, 3), at=st.tuples(*[st.floats(0, 1)] * 3))
def test_corners_hold_a_function_that_is_monotone_in_each_argument(m1, m2, s, at):
    def function(a, b, c):
        return (a - b) / c

    points = [inside(box, share) for box, share in zip((m1, m2, s), at, strict=True)]
    assert corners(function, m1, m2, s).contains(function(*points))


def test_corners_without_a_value_say_nothing():
    assert corners(lambda a: a / a, Interval(0.0, 1.0)) == Interval(-math.inf, math.inf)
    assert corners(lambda a: 2 * a, 3.0) == as_interval(6.0)


def test_overlap_allows_for_floating_point_and_no_more():
    assert Interval(0.0, 0.1 + 0.2).overlaps(Interval(0.3, 1.0)) and Interval(0.3, 1.0).overlaps(Interval(0.0, 0.3))
    assert not Interval(0.0, 0.2999).overlaps(Interval(0.3, 1.0))
    assert Interval(0.0, 1.0).hull(Interval(3.0, 4.0)) == Interval(0.0, 4.0)


def test_a_percentage_becomes_a_proportion_with_two_more_places():
    share = Printed.parse("61.2%").proportion()
    assert (share.value, share.decimals, share.percent) == (0.612, 3, False)


def test_another_value_is_written_with_the_same_places():
    assert Printed.parse("61.2").like(40.0) == "40.0"
    assert Printed.parse("0.00").like(-0.001) == "0.00"
    assert Printed.parse("5").like(2.5) == "3"
