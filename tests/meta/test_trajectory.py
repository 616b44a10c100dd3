"""Courses over time and changes over correlations."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ostealgia.errors import OptionError
from ostealgia.meta import known_covariance, multivariate, pool, prepost_over_correlations, trajectory

ROWS = {
    "study": list("AAABBCCCDDDD"),
    "time": [1, 4, 12, 1, 4, 1, 4, 12, 1, 4, 8, 12],
    "estimate": [-2.1, -3.4, -4.2, -1.6, -2.8, -2.9, -4.0, -4.4, -2.2, -3.1, -3.9, -3.8],
    "std_error": [0.4, 0.4, 0.5, 0.3, 0.3, 0.4, 0.4, 0.4, 0.3, 0.3, 0.3, 0.35],
}


def errors(rows=ROWS, rho=0.9):
    return known_covariance(rows, rho=rho, kind="autoregressive")


def test_means_are_the_multivariate_model():
    found = trajectory(ROWS, shape="means", structure="CS", V=errors())
    same = multivariate(ROWS, outcome="time", structure="CS", V=errors())
    assert_allclose(found.curve.estimate, same.coefficients.estimate, rtol=1e-9)
    assert_allclose(found.curve.pi_low, same.coefficients.pi_low, rtol=1e-9)
    assert found.observed == {1.0: 4, 4.0: 4, 8.0: 1, 12.0: 3}
    assert any("one study only at time 8" in note for note in found.notes)


@pytest.mark.parametrize(("shape", "columns"), [("linear", 2), ("quadratic", 3), ("log", 2), ("spline", 3)])
def test_shapes(shape, columns):
    found = trajectory(ROWS, shape=shape, V=errors())
    assert len(found.fit.names) == columns and found.change_df == columns - 1
    assert found.curve.estimate[0] > found.curve.estimate[-1]  # pain falls
    assert (found.curve.pi_low < found.curve.ci_low).all()
    later = found.difference(12, 1).row(0)
    ends = found.at([12, 1]).estimate
    assert_allclose(later["estimate"], ends[0] - ends[1])


def test_a_given_basis_is_used_as_it_is():
    given = trajectory(ROWS, shape=lambda t: np.log1p(t), V=errors())
    named = trajectory(ROWS, shape="log", V=errors())
    assert_allclose(given.curve.estimate, named.curve.estimate)


def test_a_change_from_baseline_starts_at_zero():
    found = trajectory(ROWS, shape="log", through_zero=True, V=errors())
    assert found.fit.names == ("log(1 + time)",)
    assert_allclose(found.basis(np.zeros(1)) @ found.fit.coefficients.estimate, 0.0)


def test_unit_of_time_does_not_matter():
    """Days instead of weeks: the same curve; the correlation per day is the seventh root of that per week."""
    days = {**ROWS, "time": [7 * t for t in ROWS["time"]]}
    one = trajectory(ROWS, shape="linear", V=errors())
    two = trajectory(days, shape="linear", V=known_covariance(days, rho=0.9 ** (1 / 7), kind="autoregressive"))
    assert_allclose(one.at([1, 12]).estimate, two.at([7, 84]).estimate, rtol=1e-8)
    rho = [found.fit.components[0].rho[0] for found in (one, two)]
    assert_allclose(rho[1], rho[0] ** (1 / 7), rtol=1e-6)


def test_what_a_trajectory_refuses():
    found = trajectory(ROWS, V=errors())
    with pytest.raises(OptionError, match="time 24 is outside the data, 1 to 12"):
        found.at([24])
    with pytest.raises(OptionError, match="numbers in one unit"):
        trajectory({**ROWS, "time": ["week 1"] * 12})
    with pytest.raises(OptionError, match="one time only"):
        trajectory({**ROWS, "time": [1] * 12})
    with pytest.raises(OptionError, match="needs 4 different times"):
        trajectory({**ROWS, "time": [1, 4, 12, 1, 4, 1, 4, 12, 1, 4, 12, 12]}, shape="cubic")
    with pytest.raises(OptionError, match="0 or later"):
        trajectory({**ROWS, "time": [t - 2 for t in ROWS["time"]]}, shape="log")


def test_trajectory_is_tidy_and_json():
    found = trajectory(ROWS, V=errors())
    frame = found.to_frame()
    assert list(frame.columns[:3]) == ["time", "estimate", "std_error"] and len(frame) == 41
    assert list(found.observed_frame()["studies"]) == [4, 4, 1, 3]
    json.dumps(found.to_dict(), allow_nan=False)
    assert "change over time: F" in str(found) and "4 studies" in str(found)


BAAL = json.loads((Path(__file__).parent.parent / "reference" / "baal2021.json").read_text(encoding="utf-8"))
BAAL.pop("source")


def test_published_change_over_correlations():
    """Baal 2021, three months: -4.4 (-5.0 to -3.7) is what independent groups give, and other correlations too."""
    found = prepost_over_correlations(
        BAAL, tau2="DL", ci="z", published={"estimate": -4.4, "ci_low": -5.0, "ci_high": -3.7}
    )
    first = found.fits[0]
    assert_allclose(
        (first.estimate, first.ci_low, first.ci_high), (-4.383, -5.025, -3.741), atol=5e-4
    )  # printed to 3 places
    assert first.k == 18
    assert 0.0 in found.reproduces and len(found.reproduces) > 1
    assert any("do not tell which" in note for note in found.notes)
    frame = found.to_frame()
    assert list(frame["correlation"]) == [round(0.1 * i, 1) for i in range(10)]
    assert frame["i2_q"].is_monotonic_increasing  # smaller errors, so more of the spread is between studies
    assert "rounds to the published" in str(found)
    json.dumps(found.to_dict(), allow_nan=False)


def test_correlation_zero_is_two_independent_groups():
    rows = {
        "study": list("AB"),
        "mean_pre": [7, 6],
        "sd_pre": [2, 2.5],
        "mean_post": [3, 3.5],
        "sd_post": [2, 1],
        "n": [16, 25],
    }
    found = prepost_over_correlations(rows, correlations=(0.0, 0.9), model="common", ci="z")
    groups = {
        "study": list("AB"),
        "mean_1": [3, 3.5],
        "sd_1": [2, 1],
        "n_1": [16, 25],
        "mean_2": [7, 6],
        "sd_2": [2, 2.5],
        "n_2": [16, 25],
    }
    apart = pool(groups, measure="MD", model="common", ci="z")
    assert_allclose((found.fits[0].estimate, found.fits[0].std_error), (apart.estimate, apart.std_error))


def test_a_printed_correlation_stays():
    rows = {
        "study": list("AB"),
        "mean_pre": [7, 6],
        "sd_pre": [2, 2.5],
        "mean_post": [3, 3.5],
        "sd_post": [2, 1],
        "n": [16, 25],
    }
    found = prepost_over_correlations({**rows, "correlation": [0.6, None]}, correlations=(0.0, 0.9))
    assert found.assumed == 1
    assert found.fits[0].effects.std_error[0] == found.fits[1].effects.std_error[0]
    with pytest.raises(OptionError, match="nothing to vary"):
        prepost_over_correlations({**rows, "correlation": [0.6, 0.5]})
    with pytest.raises(OptionError, match="strictly between"):
        prepost_over_correlations(rows, correlations=(1.0,))
    with pytest.raises(OptionError, match="choose a pre-post measure"):
        prepost_over_correlations(rows, measure="MN")
