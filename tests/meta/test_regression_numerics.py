"""Random streams by position, and splines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from ostealgia.errors import OptionError
from ostealgia.numerics import random_streams
from ostealgia.numerics.influence_curves import falling_roots, values_at
from ostealgia.numerics.permutation import arrangements, distinct_orders
from ostealgia.numerics.splines import natural_spline, spline_columns


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**40), st.integers(1, 40), st.integers(1, 9))
def test_a_draw_is_the_same_alone_or_in_a_block(seed, start, size, width):
    block = random_streams.words(seed, start, start + size, width)
    assert block.shape == (size, width)
    assert_array_equal(random_streams.words(seed, start + size - 1, start + size, width)[0], block[-1])


def test_seeds_uses_and_positions_differ():
    draws = [
        random_streams.uniforms(1, 0, 50, 4), random_streams.uniforms(2, 0, 50, 4), random_streams.uniforms(1, 50, 100, 4),
        random_streams.uniforms(1, 0, 50, 4, use="other"),
    ]  # fmt: skip
    assert len({draw.tobytes() for draw in draws}) == 4
    assert len({random_streams.stream(1, i).integers(2**60) for i in range(100)}) == 100


def test_draws_are_uniform_and_orders_are_fair():
    """Means within 5 standard errors; every one of the 24 orders of four within 5 standard errors of its share."""
    u = random_streams.uniforms(5, 0, 20_000, 5)
    assert_allclose(u.mean(axis=0), 0.5, atol=5 / np.sqrt(12 * 20_000))
    assert u.min() >= 0 and u.max() < 1
    orders = random_streams.permutations(5, 0, 24_000, 4)
    _, counts = np.unique(orders, axis=0, return_counts=True)
    assert len(counts) == 24 and np.abs(counts - 1000).max() < 5 * np.sqrt(1000)
    assert abs(random_streams.signs(5, 0, 20_000, 1).mean()) < 5 / np.sqrt(20_000)


@pytest.mark.parametrize("seed", [-1, 2**64, 1.5, True])
def test_seeds_that_are_refused(seed):
    with pytest.raises(OptionError, match="is not a whole number from 0"):
        random_streams.words(seed, 0, 1, 1)


def test_arrangements_are_all_there_and_different():
    codes = np.array([0, 2, 1, 2, 2, 0])
    found = list(arrangements(codes))
    assert len(found) == len(set(found)) == distinct_orders(np.bincount(codes)) == 60
    assert all(sorted(item) == [0, 0, 1, 2, 2, 2] for item in found)


def test_spline_is_straight_beyond_its_boundary_and_smooth_inside():
    spline = natural_spline(np.linspace(0.0, 10.0, 30), 4)
    beyond = spline_columns(spline, np.array([10.0, 11.0, 12.0, 13.0]))
    assert_allclose(np.diff(beyond, n=2, axis=0), 0.0, atol=1e-12)
    x = np.linspace(-1.0, 11.0, 4001)
    jumps = np.diff(
        spline_columns(spline, x), n=3, axis=0
    )  # the second derivative has no jump: third differences are small
    assert np.abs(jumps).max() < 1e-7
    line = np.linalg.lstsq(np.column_stack([np.ones(4001), spline_columns(spline, x)]), x, rcond=None)[0]
    assert_allclose(
        np.column_stack([np.ones(4001), spline_columns(spline, x)]) @ line, x, atol=1e-9
    )  # it holds the straight lines


def test_spline_of_too_few_values_is_refused():
    with pytest.raises(OptionError, match="4 different values; there are 2"):
        natural_spline(np.array([1.0, 1.0, 2.0]), 3)
    with pytest.raises(OptionError, match="knots that coincide"):
        natural_spline(np.array([1.0] * 20 + [2.0, 3.0, 4.0]), 3)


def test_curves_are_followed_to_rounding_error():
    """sum 1 / (t + v) for many scales, at 500 points of their own; 1e-14 is a few units in the last place."""
    rng = np.random.default_rng(1)
    c = rng.uniform(1.0, 5.0, 500)
    points = np.concatenate([np.zeros(20), 10.0 ** rng.uniform(-6, 4, 480)])
    assert_allclose(values_at(lambda t: (c / (t + 0.01))[None, :], points, 0.01)[0], c / (points + 0.01), rtol=2e-14)
    roots, member, _ = falling_roots(lambda t: c - t, np.concatenate([[0.0], 1.5 ** np.arange(-4.0, 6.0)]), 0.1)
    assert_allclose(roots[np.argsort(member)], c, rtol=1e-13)
