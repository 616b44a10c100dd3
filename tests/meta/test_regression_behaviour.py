"""Meta-regression: invariances, certificates, tests, predictions, what is refused."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from ostealgia.effects import compute
from ostealgia.errors import OptionError, TableError
from ostealgia.meta import likelihood_ratio_test, permutation_test, pool, predict, regress, subgroup
from ostealgia.numerics.regression import fit_regression
from ostealgia.numerics.regression_tau2 import TAU2, Problem, log_likelihood, search_grid
from reference_cases import cases

BCG = next(case for case in cases("metareg") if case["id"] == "metareg-bcg_alloc_ablat-REML-knha")["inputs"]
DATA = {
    "study": BCG["slab"], "estimate": np.array(BCG["yi"]), "std_error": np.sqrt(BCG["vi"]),
    "ablat": np.array(BCG["moderators"]["ablat"], dtype=float), "alloc": np.array(BCG["moderators"]["alloc"]),
}  # fmt: skip


def random_data(seed, k=None, p=None):
    rng = np.random.default_rng(seed)
    p = p or int(rng.integers(1, 4))
    k = k or int(rng.integers(p + 2, 30))
    v = np.exp(rng.normal(-2.0, rng.choice([0.3, 1.0, 3.0]), k))
    x = np.column_stack([np.ones(k), *(rng.normal(size=k) for _ in range(p - 1))])
    y = x @ rng.normal(size=p) + rng.normal(size=k) * np.sqrt(v + rng.choice([0.0, 0.05, 1.0]))
    return y, v, x


@pytest.mark.parametrize("method", [*TAU2, "common"])
@pytest.mark.parametrize("power", [-6, 6])
def test_unit_of_the_data_does_not_matter(method, power):
    """y times s and v times s^2 give tau2 times s^2, to 1e-9 as the issue asks."""
    scale = 10.0**power
    for seed in range(5):
        y, v, x = random_data(seed)
        one, other = fit_regression(y, v, x, method), fit_regression(y * scale, v * scale**2, x, method)
        assert_allclose(other.tau2, one.tau2 * scale**2, rtol=1e-9, atol=0)
        assert_allclose(other.beta, one.beta * scale, rtol=1e-9, atol=1e-12 * scale)
        assert_allclose(other.statistic, one.statistic, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("method", ["REML", "ML", "DL", "PM", "SJ"])
def test_coordinates_of_the_design_do_not_matter(method):
    """Another basis of the same columns: the same tau2, fit and tests of the model; 1e-8 because the columns of years are nearly alike."""
    y, v, _ = random_data(3, k=20)
    year = np.linspace(1990, 2019, 20) + np.random.default_rng(0).normal(size=20)
    one = fit_regression(y, v, np.column_stack([np.ones(20), year]), method)
    other = fit_regression(y, v, np.column_stack([np.ones(20), (year - 2000) / 10]), method)
    assert_allclose(other.tau2, one.tau2, rtol=1e-9)
    assert_allclose(other.beta[1], one.beta[1] * 10, rtol=1e-8)
    assert_allclose(other.fitted, one.fitted, rtol=1e-8, atol=1e-10)
    assert_allclose(other.omnibus.statistic, one.omnibus.statistic, rtol=1e-7)


@given(order=st.permutations(list(range(13))), shift=st.floats(-5, 5))
@settings(max_examples=25, deadline=None)
def test_order_and_shift_do_not_matter(order, shift):
    y, v, x = DATA["estimate"], DATA["std_error"] ** 2, np.column_stack([np.ones(13), DATA["ablat"]])
    one, other = fit_regression(y, v, x), fit_regression(y[order] + shift, v[order], x[order])
    assert_allclose(other.tau2, one.tau2, rtol=1e-9)
    assert_allclose(other.beta - [shift, 0], one.beta, atol=1e-9)
    assert_allclose(other.leverage, one.leverage[order], rtol=1e-9)


@pytest.mark.parametrize("restricted", [True, False])
def test_no_point_of_a_grid_is_more_likely(restricted):
    """200 data sets: the certificate's score is nil (1e-8, scaled) or tau2 is 0 with a score not above 0, and no grid value is better."""
    for seed in range(200):
        y, v, x = random_data(seed)
        fit = fit_regression(y, v, x, "REML" if restricted else "ML")
        certificate = fit.certificate
        assert abs(certificate["score"]) <= 1e-8 if fit.tau2 > 0 else certificate["score_at_zero"] <= 0
        q, _ = np.linalg.qr(x)
        data = Problem(y - q @ (q.T @ y), v, q, 0.0)
        best = log_likelihood(fit.tau2, data, restricted=restricted)
        grid = search_grid(data.y, v, data.df)
        assert all(log_likelihood(float(t), data, restricted=restricted) <= best + 1e-9 for t in grid)


def test_intercept_alone_is_the_pool():
    fit = regress(DATA, "~ 1", ci="HK")
    one = pool(DATA, ci="HK")
    assert_allclose(
        [fit.tau2, fit.estimate[0], fit.std_error[0], fit.q], [one.tau2, one.estimate, one.std_error, one.q], rtol=1e-12
    )
    assert fit.omnibus.df1 == 1  # with nothing else to test, the intercept is
    assert_allclose(fit.r2, 0.0, atol=1e-9)


def test_groups_with_a_common_tau2_are_a_regression_without_intercept():
    fit = regress(DATA, "~ alloc - 1", ci="z", tau2="DL")
    groups = subgroup(DATA, by="alloc", tau2_common=True, ci="z", tau2="DL").groups
    for name, value, error in zip(fit.names, fit.estimate, fit.std_error, strict=True):
        one = groups[name.removeprefix("alloc")]
        assert_allclose([value, error], [one.estimate, one.std_error], rtol=1e-9)


def test_weighted_least_squares_is_the_common_model_with_hartung_knapp():
    """Three points on the line 1 + 2x with weights 4, 1, 1 and residuals by hand: slope 2, dispersion Q / (k - 2)."""
    x = np.column_stack([np.ones(3), [0.0, 1.0, 2.0]])
    fit = fit_regression(np.array([1.0, 3.0, 5.3]), np.array([0.25, 1.0, 1.0]), x, "common", test="HK")
    w = np.diag([4.0, 1.0, 1.0])
    beta = np.linalg.solve(x.T @ w @ x, x.T @ w @ [1.0, 3.0, 5.3])
    r = np.array([1.0, 3.0, 5.3]) - x @ beta
    assert_allclose(fit.beta, beta, rtol=1e-12)
    assert_allclose(fit.vcov, np.linalg.inv(x.T @ w @ x) * (r @ w @ r) / 1.0, rtol=1e-10)


def test_given_weights_have_the_sandwich_variance():
    y, v, x = random_data(8, k=12, p=2)
    a = np.arange(1.0, 13.0)
    fit = fit_regression(y, v, x, "DL", weights=a)
    bread = np.linalg.inv(x.T @ (a[:, None] * x)) @ (x.T * a)
    assert_allclose(fit.beta, bread @ y, rtol=1e-9)
    assert_allclose(fit.vcov, bread @ np.diag(v + fit.tau2) @ bread.T, rtol=1e-9)


def test_auto_interval_says_when_it_is_not_knapp_hartung():
    fit = regress({"estimate": [0.1, 0.2, 0.3, 0.4], "std_error": [1.0] * 4, "x": [1, 2, 3, 4]}, "~ x")
    assert fit.ci_method == "z" and math.isinf(fit.df)
    assert "intervals by z, not Knapp-Hartung, because tau2 = 0 (ci='auto')" in fit.notes
    assert regress(DATA, "~ ablat").ci_method == "HK"


def test_as_many_coefficients_as_studies_is_said():
    fit = regress({"estimate": [0.1, 0.2], "std_error": [0.1, 0.1], "x": [1, 2]}, "~ x")
    assert "as many coefficients as studies: tau2 cannot be estimated" in fit.notes
    assert fit.tau2 == 0.0 and fit.q_df == 0
    assert "tau2" in str(fit)


def test_terms_and_inflation():
    fit = regress(DATA, "~ ablat + alloc", ci="z")
    rows = {row["term"]: row for row in fit.terms_frame().to_dict("records")}
    assert_allclose(
        rows["ablat"]["statistic"], fit.statistic[1] ** 2, rtol=1e-10
    )  # one coefficient: the square of its z
    assert rows["alloc"]["df1"] == 2
    assert_allclose(rows["ablat"]["gvif"], fit.vif[1], rtol=1e-10)  # the same for a term of one column
    assert_allclose(rows["alloc"]["gvif"], rows["ablat"]["gvif"], rtol=1e-10)  # two terms inflate one another alike


def test_prediction_on_both_scales_and_its_rules():
    arms = {
        "study": list("ABCDE"),
        "events": [40, 55, 62, 30, 71],
        "n": [50, 80, 90, 60, 85],
        "year": [2008, 2011, 2014, 2017, 2019],
    }
    fit = regress(compute(arms, measure="PLO"), "~ year", pi="V")
    found = predict(fit, {"year": [2010.0, 2015.0]})
    assert_allclose(found.reported["estimate"], 1 / (1 + np.exp(-found.estimate)), rtol=1e-12)
    x = np.array([1.0, 2010.0])
    assert_allclose(
        found.std_error[0], math.sqrt(x @ fit.vcov @ x), rtol=1e-6
    )  # the sum by hand cancels: years are far from 0
    wide, narrow = predict(fit, {"year": 2010}, pi="HTS"), predict(fit, {"year": 2010}, pi="S")
    assert wide.pi_low[0] < found.pi_low[0] < narrow.pi_low[0]
    assert np.isnan(predict(fit, {"year": 2010}, pi="none").pi_low[0])
    assert predict(fit, {"year": 2010}, level=0.5).ci_low[0] > found.ci_low[0]
    assert "beyond the studies, which cover 2008 to 2019" in predict(fit, {"year": 2030}).notes[0]
    assert list(found.to_frame()["label"]) == ["year 2010", "year 2015"]
    assert "prediction [" in str(found)


def test_likelihood_ratio_refuses_what_cannot_be_compared():
    by_ml = {"tau2": "ML", "ci": "z"}
    full = regress(DATA, "~ ablat + alloc", **by_ml)
    assert likelihood_ratio_test(full, regress(DATA, "~ ablat", **by_ml)).df == 2
    with pytest.raises(OptionError, match="needs tau2='ML' in both"):
        likelihood_ratio_test(regress(DATA, "~ ablat"))
    with pytest.raises(OptionError, match="the models are not nested"):
        likelihood_ratio_test(regress(DATA, "~ alloc", **by_ml), regress(DATA, "~ ablat", **by_ml))
    fewer = {name: values[1:] for name, values in DATA.items()}
    with pytest.raises(OptionError, match="different studies"):
        likelihood_ratio_test(full, regress(fewer, "~ ablat", **by_ml))


def test_redundant_columns_are_named():
    data = {**DATA, "lat2": DATA["ablat"] * 2 + 1, "year": np.arange(13.0)}
    with pytest.raises(TableError, match="'lat2' is a combination of the other columns"):
        regress(data, "~ ablat + year + lat2")
    x = np.column_stack([np.ones(4), [1, 2, 3, 4], [2, 4, 6, 8], [1, 1, 2, 2], [0, 0, 1, 1]]).astype(float)
    with pytest.raises(OptionError, match="5 coefficients for 4 studies"):
        fit_regression(np.zeros(4), np.ones(4), x)
    with pytest.raises(TableError, match="'c', 'e' are a combination"):
        fit_regression(np.zeros(6), np.ones(6), np.vstack([x, 3 * x[:2]]) * [1, 1, 1, 1, 0], names=list("abcde"))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"tau2": "REMl"}, "Did you mean 'REML'"),
        ({"ci": "hk"}, "Did you mean 'HK'"),
        ({"model": "fixed"}, "model='fixed'"),
        ({"pi": "x"}, "pi='x'"),
        ({"level": 95}, "Write 0.95 for 95%"),
        ({"tau2_value": -1.0}, "tau2=-1.0 is not a number of 0 or more"),
    ],
)
def test_options_that_are_refused(wrong, says):
    with pytest.raises(OptionError, match=says):
        regress(DATA, "~ ablat", **wrong)


def test_result_as_frame_and_json():
    fit = regress(DATA, "~ ablat + alloc")
    assert list(fit.to_frame().columns[:4]) == ["term", "estimate", "std_error", "statistic"]
    body = json.loads(json.dumps(fit.to_dict(), allow_nan=False))
    assert [row["term"] for row in body["coefficients"]] == list(fit.names)
    assert body["coefficients"][0]["vif"] is None and body["omnibus"]["df2"] == 9.0
    assert json.loads(json.dumps(regress(DATA, "~ ablat", ci="z").to_dict()))["coefficients"][0]["df"] == "Infinity"
    assert set(fit.study_frame().columns) >= {"study", "fitted", "residual", "hat", "weight", "ablat", "alloc"}
    assert "ablat" in str(fit) and "R2 54%" in str(fit)


def test_permutation_test_by_hand():
    """Four studies of equal variance: 24 orders; |slope| is largest for the sorted order and its reverse, so P = 2 / 24."""
    data = {"estimate": [0.1, 0.3, 0.5, 0.8], "std_error": [0.1] * 4, "dose": [8, 16, 24, 32]}
    found = permutation_test(regress(data, "~ dose"))
    assert found.exact and found.refits == 24
    assert_allclose(found.p_value[1], 2 / 24)
    assert np.isnan(found.p_value[0])


def test_permutation_of_groups_counts_each_arrangement_once():
    """Two groups of 3 and 2: 10 arrangements instead of 120."""
    data = {"estimate": [0.1, 0.2, 0.3, 0.8, 0.9], "std_error": [0.1] * 5, "site": list("aaabb")}
    found = permutation_test(regress(data, "~ site", tau2="DL"))
    assert found.refits == 10 and found.exact
    assert_allclose(found.p_value[1], 1 / 10)  # no other split puts the two largest together


def test_permutation_of_a_mean_changes_signs():
    """Five effects of one sign and one variance: only all plus and all minus are as extreme, P = 2 / 32."""
    found = permutation_test(pool({"estimate": [0.5, 0.6, 0.4, 0.7, 0.5], "std_error": [0.1] * 5}))
    assert (found.kind, found.refits) == ("signs", 32)
    assert_allclose(found.p_value, [2 / 32])


@pytest.mark.parametrize("method", ["REML", "DL", "PM", "HS", "HSk", "HE", "SJ", "ML", "PMM", "EB"])
def test_permuted_statistics_are_those_of_single_fits(method):
    """The batch against fit_regression on the same orders; 1e-9 because both roots are polished to 12 digits."""
    from ostealgia.numerics.permutation import _statistics
    from ostealgia.numerics.random_streams import permutations

    for seed in range(3):
        y, v, x = random_data(seed, k=14, p=3)
        fit = fit_regression(y, v, x, method, test="HK")
        orders = permutations(seed, 0, 30, 14)
        found, omnibus = _statistics(fit, y[orders], v[orders], x)
        for row, order in enumerate(orders):
            one = fit_regression(y[order], v[order], x, method, test="HK")
            assert_allclose(found[row], one.statistic, rtol=1e-9, atol=1e-10)
            assert_allclose(omnibus[row], one.omnibus.statistic * one.omnibus.df1, rtol=1e-8)


def test_permutation_does_not_depend_on_how_the_work_is_divided(monkeypatch):
    from ostealgia.numerics import permutation_batch

    fit = regress(DATA, "~ ablat", tau2="DL")
    whole = permutation_test(fit, refits=700, seed=11)
    monkeypatch.setattr(permutation_batch, "block_rows", lambda k: 64)
    parts = permutation_test(fit, refits=700, seed=11)
    assert_array_equal(whole.p_value, parts.p_value)
    assert whole.omnibus_p_value == parts.omnibus_p_value
    assert permutation_test(fit, refits=700, seed=12).p_value[1] != whole.p_value[1]


def test_permutation_agrees_with_the_wald_test_when_there_is_nothing():
    """Under no relation P is spread evenly: 200 data sets, share below 0.1 within 4 standard errors of 0.1."""
    rng = np.random.default_rng(42)
    small = 0
    for _ in range(200):
        fit = fit_regression(
            rng.normal(size=10), np.full(10, 0.2), np.column_stack([np.ones(10), np.arange(10.0)]), "DL", test="HK"
        )
        from ostealgia.numerics.permutation import permutation_p_values

        small += permutation_p_values(fit, refits=99).omnibus_p_value <= 0.1
    assert abs(small / 200 - 0.1) < 4 * math.sqrt(0.09 / 200)


@given(arrays(float, 8, elements=st.floats(-3, 3)), st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_any_effects_give_a_fit_or_a_clear_refusal(y, seed):
    v = np.exp(np.random.default_rng(seed).normal(-1, 2, 8))
    x = np.column_stack([np.ones(8), np.arange(8.0)])
    for method in ("REML", "ML", "PM", "DL"):
        fit = fit_regression(y, v, x, method, test="HK-adhoc")
        assert fit.tau2 >= 0 and np.isfinite(fit.beta).all()
        assert fit.tau2_interval[0] <= fit.tau2_interval[1]
