"""Conversions against R (meta 8.4-0, metafor 5.1-12), and Wan's tables against the order statistics they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import gammaln, ndtr

from ostealgia.effects.conversions import mean_sd_from_median, sd_from_ci
from ostealgia.numerics.order_statistics import WAN_IQR, WAN_RANGE, iqr_in_sd_tabulated, range_in_sd_tabulated
from reference_cases import cases


def task(name):
    return [pytest.param(case, id=case["id"]) for case in cases("conversions") if case["task"] == name]


def close(case, found, expected):
    """NaN where the reference has none, else the tolerance that the case states."""
    expected = np.array(expected, dtype=float)
    assert_allclose(found, expected, rtol=case["rtol"], atol=case["atol"], equal_nan=True)


def quantiles_of(case):
    """metafor divides by Blom's approximation, meta by the tables of Wan."""
    return "approximation" if case["engine"].startswith("metafor") else "table"


def dersimonian_laird(y, v):
    """Estimate, SE and tau2, written out here so that this file needs no other room."""
    w = 1 / v
    mean = np.sum(w * y) / np.sum(w)
    q = np.sum(w * (y - mean) ** 2)
    tau2 = max(0.0, (q - (len(y) - 1)) / (np.sum(w) - np.sum(w**2) / np.sum(w)))
    w = 1 / (v + tau2)
    return np.sum(w * y) / np.sum(w), 1 / np.sqrt(np.sum(w)), tau2


@pytest.mark.parametrize("case", task("median_to_mean"))
def test_median_to_mean_and_sd(case):
    spec, expected = case["spec"], case["expected"]
    found = mean_sd_from_median(
        **case["inputs"],
        mean_method=spec.get("method_mean", "Luo"),
        sd_method=spec.get("method_sd", "Shi"),
        quantiles=quantiles_of(case),
    )
    assert set(found.available) == {spec["available"]}
    close(case, found.mean, expected["mean"])
    close(case, found.sd, expected["sd"])
    if "pooled_random_DL" in expected:
        pooled = expected["pooled_random_DL"]
        estimate, std_error, tau2 = dersimonian_laird(found.mean, found.sd**2 / found.n)
        z = 1.959963984540054
        close(case, [estimate, tau2], [pooled["estimate"], pooled["tau2"]])
        close(case, [estimate - z * std_error, estimate + z * std_error], [pooled["ci_low"], pooled["ci_high"]])


@pytest.mark.parametrize("case", task("skewness_screen"))
def test_skewed_rows_get_no_mean_and_a_note(case):
    found = mean_sd_from_median(**case["inputs"], quantiles="approximation", skewness="exclude")
    close(case, found.mean, case["expected"]["mean"])
    close(case, found.sd, case["expected"]["sd"])
    rejected = [i for i, value in enumerate(case["expected"]["mean"]) if value is None]
    assert [i for i in range(len(found.mean)) if found.skewed[i]] == rejected
    assert len(found.notes) == len(rejected)
    for i, note in zip(rejected, found.notes, strict=True):
        assert note.startswith(f"row {i + 1}:") and "not estimated" in note


@pytest.mark.parametrize("case", task("sd_from_ci"))
def test_sd_from_ci(case):
    given = case["inputs"]
    for distribution in ("t", "z"):
        found = sd_from_ci(
            given["ci_low"], given["ci_high"], given["n"], level=case["spec"]["level"], distribution=distribution
        )
        close(case, found, case["expected"][f"sd_{distribution}"])


@pytest.mark.parametrize("case", task("pool_continuous"))
def test_two_groups_given_as_medians(case):
    given, expected = case["inputs"], case["expected"]
    groups = [
        mean_sd_from_median(
            n=given[f"n{g}i"], median=given[f"median{g}"], q1=given[f"q1_{g}"], q3=given[f"q3_{g}"]
        )
        for g in (1, 2)
    ]  # fmt: skip
    for g, found in enumerate(groups, start=1):
        close(case, found.mean, expected[f"mean{g}"])
        close(case, found.sd, expected[f"sd{g}"])
    difference = groups[0].mean - groups[1].mean
    variance = sum(found.sd**2 / found.n for found in groups)
    close(case, difference, expected["TE"])
    close(case, np.sqrt(variance), expected["seTE"])
    estimate, std_error, tau2 = dersimonian_laird(difference, variance)
    close(
        case, [estimate, std_error, tau2], [expected["random"]["estimate"], expected["random"]["se"], expected["tau2"]]
    )


# -- the tables of Wan 2014 are the expected values of normal order statistics, rounded to 3 decimals ------------------
GRID = np.linspace(-9.0, 9.0, 20001)  # the integrands vanish at the ends, so the sum is exact to about 1e-10
STEP = GRID[1] - GRID[0]


def test_range_table_is_the_expected_normal_range():
    below = ndtr(GRID)
    exact = [np.sum(1 - below**n - (1 - below) ** n) * STEP for n in range(1, 51)]
    assert_allclose(WAN_RANGE, exact, atol=6e-4)  # printed to 3 decimals, some of them cut rather than rounded


def test_iqr_table_is_twice_the_expected_upper_quartile():
    exact = []
    for q in range(1, 51):
        n, r = 4 * q + 1, 3 * q + 1
        log_count = gammaln(n + 1) - gammaln(r) - gammaln(n - r + 1)
        log_density = log_count + (r - 1) * np.log(ndtr(GRID)) + (n - r) * np.log(ndtr(-GRID)) - GRID**2 / 2
        exact.append(2 * np.sum(GRID * np.exp(log_density)) * STEP / np.sqrt(2 * np.pi))
    assert_allclose(WAN_IQR, exact, atol=6e-4)  # as above


def test_table_gives_way_to_the_approximation_where_it_ends():
    from ostealgia.numerics.order_statistics import iqr_in_sd_approximate, range_in_sd_approximate

    assert range_in_sd_tabulated(50) == 4.498 and range_in_sd_tabulated(51) == range_in_sd_approximate(51)
    assert iqr_in_sd_tabulated(201) == 1.340 and iqr_in_sd_tabulated(202) == iqr_in_sd_approximate(202)
    # Blom's approximation is within 0.3% of the tables where they end, so an SD jumps by no more than that
    assert_allclose(range_in_sd_approximate(50), WAN_RANGE[-1], rtol=3e-3)
    assert_allclose(iqr_in_sd_approximate(201), WAN_IQR[-1], rtol=3e-3)
