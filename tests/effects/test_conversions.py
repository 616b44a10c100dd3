"""SDs and means from intervals, tests and spreads: published examples, sums by hand, invariances, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from ostealgia.effects import conversions as cv
from ostealgia.errors import OptionError, TableError


# -- the Cochrane Handbook's own examples ------------------------------------------------------------------------------
def test_handbook_t_value_to_sd():
    """Handbook 6.5.2.3: MD 3.8, P = 0.008, 25 and 22 patients: t 2.78, SE 1.37, SD 4.69 (printed to 2 decimals)."""
    assert_allclose(cv.critical_value(0.992, 45), 2.78, atol=0.005)
    assert_allclose(cv.se_from_p(3.8, 0.008, df=45), 1.37, atol=0.005)
    assert_allclose(cv.sd_from_se_of_difference(1.37, 25, 22), 4.69, atol=0.005)
    # the Handbook goes on from the rounded SE: +-0.005 on 1.37 is +-0.017 on the SD
    assert_allclose(cv.sd_from_p(3.8, 0.008, 25, 22), 4.69, atol=0.017)
    assert_allclose(cv.sd_from_t(3.8, 2.78, 25, 22), 4.69, atol=0.017)
    assert_allclose(cv.sd_from_t(-3.8, 2.78, 25, 22), cv.sd_from_t(3.8, -2.78, 25, 22))


def test_handbook_divisors_of_intervals():
    """Handbook 6.5.2.2: a 95% interval is 3.92, 90% 3.29, 99% 5.15 standard errors wide; with n = 25 it is 4.128."""
    for level, width in ((0.95, 3.92), (0.90, 3.29), (0.99, 5.15)):
        assert_allclose(cv.se_from_ci(0.0, width, level=level), 1.0, atol=2e-3)
    assert_allclose(cv.sd_from_ci(0.0, 4.128, 25), 5.0, atol=1e-3)  # SE 1, so SD = sqrt(25)


def test_handbook_change_correlations():
    """Handbook 6.5.2.8, Table 6.5.b: SDs 6.4, 7.1 and 4.5 give 0.78; 7.0, 6.9 and 4.2 give 0.82 (2 decimals)."""
    assert_allclose(cv.change_correlation([6.4, 7.0], [7.1, 6.9], [4.5, 4.2]), [0.78, 0.82], atol=0.005)


def test_iqr_without_n_is_the_handbooks_135():
    assert_allclose(cv.sd_from_iqr(2.0, 4.7), 2.0)  # 2.7/1.35


def test_range_by_hand():
    """n = 10: expected range 3.078 SDs (Wan, Table 1), so 9.234/3.078 = 3."""
    assert_allclose(cv.sd_from_range(0.0, 9.234, 10), 3.0)


def test_se_of_a_ratio_by_hand():
    """(ln 4 - ln 1)/(2 x 1.959964) = 1.386294/3.919928 = 0.353653"""
    assert_allclose(cv.se_from_ci(1.0, 4.0, log=True), 0.353653, atol=1e-6)


# -- round trips -------------------------------------------------------------------------------------------------------
positive = st.floats(0.05, 50)
sizes = st.integers(5, 400)


@given(sd=positive, n=sizes, mean=st.floats(-20, 20), level=st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_interval_and_standard_error_lead_back_to_the_sd(sd, n, mean, level):
    half = float(cv.critical_value(level, n - 1)) * sd / np.sqrt(n)
    assert_allclose(
        cv.sd_from_ci(mean - half, mean + half, n, level=level), sd, rtol=1e-7
    )  # cancellation in high - low
    assert_allclose(cv.sd_from_se(sd / np.sqrt(n), n), sd, rtol=1e-12)


@given(pre=positive, post=positive, r=st.floats(-0.99, 0.99))
def test_change_sd_and_correlation_are_inverse(pre, post, r):
    change = cv.change_sd(pre, post, r)
    # near r = 1 with equal SDs the change vanishes: the error of r is about eps pre^2/(pre post)
    assert_allclose(cv.change_correlation(pre, post, change), r, atol=1e-9 * max(pre / post, post / pre))


five = st.lists(st.floats(-50, 50), min_size=5, max_size=5).map(sorted).filter(lambda x: x[4] - x[0] > 1e-3)


@given(
    x=five,
    n=sizes,
    scale=st.floats(0.01, 100),
    shift=st.floats(-100, 100),
    mean_method=st.sampled_from(["Luo", "Wan"]),
    sd_method=st.sampled_from(["Shi", "Wan"]),
    use=st.sampled_from([("q1", "q3"), ("min", "max"), ("min", "q1", "q3", "max")]),
)
def test_unit_of_the_scale_does_not_matter(x, n, scale, shift, mean_method, sd_method, use):
    """mean(a x + b) = a mean(x) + b and SD(a x + b) = a SD(x); a = -1 turns the scale."""
    names = dict(zip(("min", "q1", "median", "q3", "max"), x, strict=True))
    mirrored = dict(zip(("min", "q1", "median", "q3", "max"), [-value for value in reversed(x)], strict=True))
    options = {"mean_method": mean_method, "sd_method": sd_method, "n": n}
    keep = ("median", *use)

    def run(values, a=1.0, b=0.0):
        found = cv.mean_sd_from_median(**{name: a * values[name] + b for name in keep}, **options)
        return found.mean[0], found.sd[0]

    mean, sd = run(names)
    wide = 1e-9 * (abs(shift) + scale * 50)
    assert_allclose(run(names, scale, shift), (scale * mean + shift, scale * sd), atol=wide)
    assert_allclose(run(mirrored), (-mean, sd), atol=1e-9 * 50)


@given(n=sizes, centre=st.floats(-5, 5), a=positive, b=positive)
def test_symmetric_numbers_give_their_centre(n, centre, a, b):
    inner, outer = min(a, b), max(a, b)
    found = cv.mean_sd_from_median(
        n=n, median=centre, q1=centre - inner, q3=centre + inner, min=centre - outer, max=centre + outer
    )
    assert_allclose(found.mean[0], centre, atol=1e-12 * 60)
    assert not found.skewed[0]


def test_normal_quantiles_give_back_mean_and_sd():
    """Expected quartiles and extremes of 25 normal values, mean 5, SD 2: half of 1.274 and 3.931 SDs to each side."""
    found = cv.mean_sd_from_median(
        n=[25, 25],
        median=5,
        q1=[5 - 1.274, np.nan],
        q3=[5 + 1.274, np.nan],
        min=[np.nan, 5 - 3.931],
        max=[np.nan, 5 + 3.931],
    )
    assert found.available == ("iqr", "range")
    assert_allclose(found.mean, 5.0)
    assert_allclose(found.sd, 2.0)


def test_the_two_kinds_of_quantiles_agree_for_large_groups():
    numbers = {"n": 500, "median": 4, "q1": 2, "q3": 6, "min": 0, "max": 10}
    table, approximation = (cv.mean_sd_from_median(**numbers, quantiles=q) for q in ("table", "approximation"))
    assert table.sd[0] == approximation.sd[0]


# -- what is missing, small, skewed, impossible ------------------------------------------------------------------------
def test_what_a_row_lacks_is_nan_and_small_groups_are_named():
    found = cv.mean_sd_from_median(
        n=[30, 30, 4, 30],
        median=[np.nan, 4, 4, 4],
        q1=[2, np.nan, 2, 2],
        q3=[6, np.nan, 6, 6],
        study=["A", "B", "C", "D"],
    )
    assert found.available == ("iqr", "none", "iqr", "iqr")
    assert np.isnan(found.mean).tolist() == [True, True, True, False]
    assert np.isnan(found.sd).tolist() == [False, True, True, False]  # the SD needs no median
    assert found.notes == ("C: n = 4 is too small to convert median and quartiles (at least 5)",)
    assert "D" not in "".join(found.notes) and found.to_frame().shape == (4, 7)


def test_skewness_by_hand():
    """n = 100: |1 + 9 - 2 x 2|/(9 - 1) = 0.75 against 2.65/10 - 6/10000 = 0.2644."""
    found = cv.mean_sd_from_median(n=100, median=2, q1=1, q3=9)
    assert_allclose([found.skew_statistic[0], found.skew_critical[0]], [0.75, 0.2644])
    assert found.skewed[0] and "converted all the same" in found.notes[0] and np.isfinite(found.mean[0])
    screened = cv.mean_sd_from_median(n=100, median=2, q1=1, q3=9, skewness="exclude")
    assert np.isnan(screened.mean[0]) and np.isnan(screened.sd[0]) and "not estimated" in screened.notes[0]


def test_five_equal_numbers_have_no_spread_and_no_warning():
    found = cv.mean_sd_from_median(n=20, median=3, q1=3, q3=3, min=3, max=3)
    assert_allclose(found.mean[0], 3.0)
    assert found.sd[0] == 0 and not found.skewed[0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: cv.mean_sd_from_median(n=20, median=7, q1=2, q3=6), "median is above q3"),
        (lambda: cv.mean_sd_from_median(n=20, median=4, q1=2, q3=6, min=3, max=9), "min is above q1"),
        (lambda: cv.mean_sd_from_median(n=0, median=4, q1=2, q3=6), "n is not above 0"),
        (lambda: cv.sd_from_se(-0.2, 20), "std_error is not above 0"),
        (lambda: cv.sd_from_se([0.2, 0.0], 20), "value 2 of 2"),
        (lambda: cv.sd_from_ci(4, 3, 20), "ci_high is not above ci_low"),
        (lambda: cv.sd_from_ci(3, 4, 1), "n - 1 degrees of freedom"),
        (lambda: cv.se_from_ci(-1, 2, log=True), "as a ratio must be"),
        (lambda: cv.se_from_p(2.0, 1.0), "p_value is not between 0 and 1"),
        (lambda: cv.se_from_p(2.0, 0.0), "p_value is not between 0 and 1"),
        (lambda: cv.se_from_p(0.0, 0.5), "estimate is not different from 0"),
        (lambda: cv.sd_from_iqr(5, 3), "q3 is not at least q1"),
        (lambda: cv.sd_from_iqr(3, 5, 3), "n is not at least 5"),
        (lambda: cv.sd_from_range(5, 3, 20), "max is not at least min"),
        (lambda: cv.change_sd(1, 2, 1.2), "correlation is not between -1 and 1"),
        (lambda: cv.change_correlation(2, 2, 4.1), "sd_change is not between"),
    ],
)
def test_impossible_numbers_are_refused_with_the_value(call, words):
    with pytest.raises(TableError, match=words) as error:
        call()
    assert "Found: " in str(error.value)


@pytest.mark.parametrize(
    ("option", "value", "meant"),
    [("mean_method", "luo", "Luo"), ("sd_method", "shi", "Shi"), ("quantiles", "tables", "table"),
     ("skewness", "excluded", "exclude")],
)  # fmt: skip
def test_unknown_options_are_refused_with_the_choices(option, value, meant):
    with pytest.raises(OptionError, match=f"Did you mean '{meant}'"):
        cv.mean_sd_from_median(n=20, median=4, q1=2, q3=6, **{option: value})
