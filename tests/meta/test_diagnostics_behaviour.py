"""Diagnostics: short cuts against single fits, studies that cannot be spared, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from ostealgia.effects import compute
from ostealgia.errors import OptionError, TableError
from ostealgia.meta import (
    baujat,
    cumulative,
    influence,
    labbe,
    leave_one_out,
    permutation_test,
    pool,
    radial,
    regress,
    residuals,
)
from ostealgia.meta.sensitivity import _row
from ostealgia.numerics.influence import influence_measures, leave_out
from ostealgia.numerics.regression import fit_regression
from ostealgia.numerics.regression_tau2 import TAU2

METHODS = [*(name for name in TAU2 if name != "GENQ"), "common"]


def sample(seed, k, spread=0.5, p=1):
    rng = np.random.default_rng(seed)
    v = np.exp(rng.normal(-2.0, spread, k))
    x = np.column_stack([np.ones(k), *(rng.normal(size=k) for _ in range(p - 1))])
    return rng.normal(size=k) * np.sqrt(v + rng.choice([0.0, 0.2])), v, x


def one_by_one(fit):
    """Every number of the refits by refitting."""
    rows = []
    for i in range(fit.k):
        keep = np.arange(fit.k) != i
        one = fit_regression(fit.y[keep], fit.v[keep], fit.x[keep], fit.method, test=fit.test)
        rows.append(
            [
                one.tau2,
                one.q,
                one.i2_tau2,
                one.i2_q,
                one.h2,
                one.hk_factor,
                *one.beta,
                *one.std_error,
                fit.x[i] @ one.beta,
            ]
        )
    return np.array(rows)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("p", [1, 3])
def test_short_cut_is_leaving_out(method, p):
    """1e-9 of the largest: deletion by subtraction loses up to three digits where a study carries 99.9% of a coefficient."""
    for seed, test in enumerate(("z", "HK", "HK-adhoc")):
        y, v, x = sample(seed, 12, 1.0, p)
        fit = fit_regression(y, v, x, method, test=test)
        found, expected = leave_out(fit), one_by_one(fit)
        ours = np.column_stack(
            [
                found.tau2,
                found.q,
                found.i2_tau2,
                found.i2_q,
                found.h2,
                found.hk_factor,
                found.beta,
                found.std_error,
                found.left_estimate,
            ]
        )
        assert_array_equal(np.isnan(ours), np.isnan(expected))
        size = np.abs(np.nan_to_num(expected)).max(axis=0) + 1e-300
        assert_allclose(np.nan_to_num(ours) / size, np.nan_to_num(expected) / size, atol=1e-9)


def test_unit_of_the_data_does_not_matter_for_diagnostics():
    y, v, x = sample(4, 15, 1.0, 2)
    for scale in (1e-6, 1e6):
        one, other = (
            influence_measures(fit_regression(y, v, x)),
            influence_measures(fit_regression(y * scale, v * scale**2, x)),
        )
        for name in ("rstudent", "dffits", "cook_distance", "cov_ratio", "hat", "dfbetas"):
            assert_allclose(getattr(other, name), getattr(one, name), rtol=1e-8, atol=1e-10)
        assert_allclose(other.tau2_deleted, one.tau2_deleted * scale**2, rtol=1e-9)


@pytest.mark.parametrize("ci", ["auto", "z", "t", "HK", "HK-adhoc", "HK-ci"])
@pytest.mark.parametrize("model", ["random", "common"])
def test_sensitivity_table_is_that_of_the_single_pools(ci, model):
    """Found at once or pool by pool: the same rows, also where "auto" turns to z; 1e-9 as above."""
    for seed, k in ((1, 3), (2, 4), (3, 9)):
        for method in ("REML", "DL", "PM", "ML", "SJ"):
            y, v, _ = sample(seed, k)
            fit = pool({"estimate": y, "std_error": np.sqrt(v)}, measure="OR", tau2=method, ci=ci, model=model)
            for result in (leave_one_out(fit), cumulative(fit, np.arange(k)[::-1])):
                assert result.numbers is not None
                for row, single in zip(result.to_frame().to_dict("records"), result.fits, strict=True):
                    expected = _row(single)
                    assert_allclose([row[key] for key in expected], list(expected.values()), rtol=1e-9, atol=1e-9)


def test_models_without_a_short_cut_are_refitted():
    arms = {"study": list("ABCD"), "events": [3, 8, 5, 9], "n": [10, 20, 12, 20]}
    fit = pool(compute(arms, measure="PFT"))
    assert leave_one_out(fit).numbers is None  # its way back depends on the sample sizes
    two = {"study": list("ABC"), "events_1": [3, 8, 5], "n_1": [10, 20, 12], "events_2": [5, 9, 7], "n_2": [10, 20, 12]}
    by_mh = pool(compute(two, measure="OR"), model="MH")
    assert len(leave_one_out(by_mh).to_frame()) == 3
    for_q = pool(compute(two, measure="OR"), tau2="DL", q_center="MH")
    assert all(single.options["q_center"] == "MH" for single in leave_one_out(for_q).fits)


def test_study_that_holds_a_level_alone_cannot_be_spared():
    y, v, _ = sample(6, 8)
    data = {"study": list("ABCDEFGH"), "estimate": y, "std_error": np.sqrt(v), "site": list("aaaabbbc")}
    fit = regress(data, "~ site", ci="z")
    found = influence(fit)
    assert np.isnan(found.cook_distance[7]) and np.isfinite(found.cook_distance[:7]).all()
    assert found.notes == ("without H the model cannot be fitted: no numbers there",)
    assert np.isnan(leave_one_out(fit).estimate[7]).all()
    assert np.isnan(residuals(fit).standardised[7])  # it is fitted exactly, so it has no residual


def test_study_with_nearly_all_the_weight_is_refitted_and_not_subtracted():
    y, v = np.array([0.3, 0.1, 0.9, 0.4]), np.array([1e-9, 0.5, 0.4, 0.3])
    fit = fit_regression(y, v, np.ones((4, 1)), "common")
    assert_allclose(leave_out(fit).beta[0], fit_regression(y[1:], v[1:], np.ones((3, 1)), "common").beta, rtol=1e-14)


def test_influential_study_is_found_and_named():
    data = {"study": [*map(str, range(9)), "far"], "estimate": [0.1, 0.2] * 4 + [0.15, 3.0], "std_error": [0.1] * 10}
    found = influence(pool(data))
    assert found.influential.tolist() == [False] * 9 + [True]
    assert "far" in str(found) and "1 influential" in str(found)
    assert found.tau2_deleted[9] < 0.1 * found.tau2
    body = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert body["studies"][9]["influential"] is True
    assert "dfbetas:mean" in found.to_frame().columns


def test_two_studies():
    fit = pool({"estimate": [0.0, 1.0], "std_error": [0.1, 0.2]})
    found = influence(fit)
    assert_allclose(found.tau2_deleted, [0.0, 0.0])
    assert_allclose(leave_one_out(fit).to_frame()["estimate"], [1.0, 0.0])


def test_growth_is_linear():
    """20,000 studies: a matrix of all pairs would need 3 GB."""
    y, v, x = sample(9, 20_000)
    found = influence_measures(fit_regression(y, v, x))
    assert np.isfinite(found.cook_distance).all()
    assert_allclose(found.hat.sum(), 1.0, rtol=1e-9)


def test_what_is_refused():
    counts = compute({"study": list("ABC"), "events": [3, 8, 5], "n": [10, 20, 12]}, measure="PLO")
    with pytest.raises(OptionError, match=r"inverse-variance models; found model='glmm'"):
        influence(pool(counts, model="glmm"))
    with pytest.raises(OptionError, match="weights 1 / "):
        influence(pool(counts, weights="equal"))
    with pytest.raises(OptionError, match="two studies or more"):
        influence(pool({"estimate": [0.1], "std_error": [0.1]}))
    with pytest.raises(OptionError, match="PoolResult or a RegressionResult is needed"):
        influence(counts)
    with pytest.raises(OptionError, match="not of a meta-regression"):
        radial(regress({"estimate": [0.1, 0.2, 0.4], "std_error": [0.1] * 3, "x": [1, 2, 3]}, "~ x"))
    with pytest.raises(OptionError, match="two risks or rates"):
        labbe(pool(counts))
    with pytest.raises(TableError, match="counts were not kept"):
        labbe(pool({"estimate": [0.1, 0.2], "std_error": [0.1, 0.1]}, measure="OR"))


def test_baujat_parts_add_up_and_labbe_lines():
    two = {"study": list("ABC"), "events_1": [3, 8, 5], "n_1": [10, 20, 12], "events_2": [5, 9, 7], "n_2": [10, 20, 12]}
    for measure in ("OR", "RR", "RD", "PETO"):
        fit = pool(compute(two, measure=measure), model="common")
        assert_allclose(baujat(fit).heterogeneity.sum(), fit.q, rtol=1e-12)
        found = labbe(fit)
        p, q = found.line_treated[len(found.line_treated) // 2], found.line_control[len(found.line_control) // 2]
        effect = {"RR": p / q, "RD": p - q}.get(measure, p / (1 - p) / (q / (1 - q)))
        assert_allclose(effect, fit.reported.estimate, rtol=1e-9)
    assert "heterogeneity" in str(baujat(fit))


@pytest.mark.parametrize("ci", ["auto", "HK", "z"])
def test_effects_that_all_agree(ci):
    """No residual at all: nothing is divided by zero in silence, and what has no answer is missing or refused."""
    data = {"estimate": [0.3] * 6, "std_error": [0.1] * 6, "x": [1, 2, 3, 4, 5, 9], "site": list("aabbcc")}
    for formula in ("~ x", "~ site"):
        fit = regress(data, formula, ci=ci)
        found = influence(fit)
        assert not found.influential.any()
        assert_allclose(found.tau2_deleted, 0.0)
        assert_allclose(leave_one_out(fit).estimate[:, 0], 0.3)
    with pytest.raises(OptionError, match="leaves no residuals"):
        permutation_test(regress({**data, "estimate": [0.0] * 6}, "~ x", ci="HK"))
