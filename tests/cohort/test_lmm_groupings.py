"""Random intercepts of several groupings: against lme4, against the plain model, against the normal density itself."""

import json
from pathlib import Path

import numpy as np
import pytest

import ostealgia as oa
from ostealgia.errors import OptionError, TableError
from ostealgia.numerics.linear_mixed import fit_linear_mixed
from ostealgia.numerics.linear_mixed_crossed import fit_crossed

REFERENCE = json.loads(
    (Path(__file__).parent.parent / "reference" / "cohort_groupings.json").read_text(encoding="utf-8")
)


def data(n=240, seed=3):
    rng = np.random.default_rng(seed)
    centre, rater = rng.integers(0, 6, n), rng.integers(0, 4, n)
    patient = centre * 12 + rng.integers(0, 12, n)
    x, arm = rng.normal(size=n).round(3), patient % 2
    y = 5 + 0.4 * x - 0.8 * arm + 0.7 * rng.normal(size=6)[centre] + rng.normal(size=72)[patient]
    y = (y + 0.5 * rng.normal(size=4)[rater] + rng.normal(size=n)).round(3)
    return {"centre": centre, "patient": patient % 12, "rater": rater, "x": x, "arm": arm, "y": y}


FITS = {
    "nested": {"groups": ["centre", "patient"], "nested": True},
    "crossed": {"groups": ["centre", "rater"], "nested": False},
}


@pytest.mark.parametrize("name", FITS)
@pytest.mark.parametrize("method", ["REML", "ML"])
def test_as_lme4(name, method):
    expected = REFERENCE["cases"][f"{name} {method}"]
    fit = oa.cohort.random_intercepts(data(), outcome="y", fixed="x + arm", method=method, **FITS[name])
    assert fit.converged and fit.certificate["gradient"] < 1e-6
    # lme4's own search stops at about 1e-6 of a standard deviation
    np.testing.assert_allclose(fit.inference.estimate, expected["estimate"], rtol=1e-5)
    np.testing.assert_allclose(fit.coefficients.std_error, expected["std_error"], rtol=1e-5)
    np.testing.assert_allclose([*fit.fit.variances, fit.residual_variance], expected["variances"], rtol=2e-4)
    assert fit.loglik == pytest.approx(expected["loglik"], abs=1e-6)
    assert fit.loglik >= expected["loglik"] - 1e-8
    np.testing.assert_allclose(
        fit.coefficients.df, expected["df_satterthwaite"], rtol=2e-3
    )  # from derivatives at lme4's optimum
    if method == "REML":
        other = oa.cohort.random_intercepts(data(), outcome="y", fixed="x + arm", df="kenward-roger", **FITS[name])
        np.testing.assert_allclose(other.coefficients.std_error, expected["std_error_kr"], rtol=1e-4)
        np.testing.assert_allclose(other.coefficients.df, expected["df_kr"], rtol=2e-3)


def test_derivatives_are_those_of_the_deviance():
    d = data(100)
    x = np.column_stack([np.ones(100), d["x"]])
    codes = [np.unique(d[k], return_inverse=True)[1].astype(np.intp) for k in ("rater", "centre", "patient")]
    for reml in (True, False):
        problem = fit_crossed(d["y"], x, codes, reml=reml).problem
        at, h = np.array([0.7, 0.5, 0.4, 1.1]), 1e-4
        gradient, hessian = problem.derivatives(at)
        for i, e in enumerate(np.eye(4) * h):
            slope = (problem.deviance(at + e) - problem.deviance(at - e)) / (2 * h)
            assert gradient[i] == pytest.approx(slope, abs=1e-4)  # differences of steps of 1e-4
            bend = (problem.derivatives(at + e)[0] - problem.derivatives(at - e)[0]) / (2 * h)
            np.testing.assert_allclose(hessian[i], bend, atol=1e-4)


def test_the_deviance_is_that_of_the_normal_density():
    d = data(60)
    x = np.column_stack([np.ones(60), d["x"]])
    codes = [np.unique(d[k], return_inverse=True)[1].astype(np.intp) for k in ("rater", "centre")]
    fit = fit_crossed(d["y"], x, codes)
    v = fit.sigma2 * np.eye(60)
    for code, variance in zip(codes, fit.variances, strict=True):
        v += variance * (code[:, None] == code[None, :])
    w = np.linalg.inv(v)
    phi = np.linalg.inv(x.T @ w @ x)
    beta = phi @ x.T @ w @ d["y"]
    left = d["y"] - x @ beta
    value = np.linalg.slogdet(v)[1] - np.linalg.slogdet(phi)[1] + left @ w @ left + 58 * np.log(2 * np.pi)
    assert fit.log_likelihood == pytest.approx(-0.5 * value, rel=1e-12)
    np.testing.assert_allclose(fit.estimate, beta, rtol=1e-10)
    np.testing.assert_allclose(fit.vcov, phi, rtol=1e-10)
    for code, variance, found in zip(codes, fit.variances, fit.random, strict=True):
        z = (code[:, None] == np.arange(code.max() + 1)).astype(float)
        np.testing.assert_allclose(found, variance * z.T @ w @ left, atol=1e-10)


def test_a_grouping_without_variance_leaves_the_plain_model():
    rng = np.random.default_rng(9)
    n = 200
    one, other = rng.integers(0, 30, n), np.arange(n) % 2
    y = rng.normal(size=30)[one] + rng.normal(size=n)
    y[other == 1] -= y[other == 1].mean() - y[other == 0].mean()  # both levels have one mean: nothing is between them
    x = np.ones((n, 1))
    code = np.unique(one, return_inverse=True)[1].astype(np.intp)
    fit, plain = fit_crossed(y, x, [code, other.astype(np.intp)]), fit_linear_mixed(y, x, x, code)
    assert fit.converged and fit.singular.tolist() == [False, True]
    np.testing.assert_allclose(fit.variances[0], plain.random_covariance[0, 0], rtol=1e-5)
    assert fit.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-7)
    np.testing.assert_allclose(
        fit.inference("satterthwaite").df(np.eye(1)), plain.inference("satterthwaite").df(np.eye(1)), rtol=1e-3
    )


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_no_result_depends_on_the_unit(scale):
    d = data()
    one, two = (
        oa.cohort.random_intercepts(d | {"y": d["y"] * s}, outcome="y", fixed="x", groups=["centre", "rater"])
        for s in (1, scale)
    )
    np.testing.assert_allclose(two.fit.variances, one.fit.variances * scale**2, rtol=1e-8)
    np.testing.assert_allclose(two.coefficients.df, one.coefficients.df, rtol=1e-7)


def test_twenty_thousand_patients_in_twenty_centres():
    rng = np.random.default_rng(4)
    patient = np.repeat(np.arange(20_000), 3)
    rows = {"centre": patient % 20, "id": patient, "x": rng.normal(size=60_000)}
    y = (
        rows["x"]
        + 0.5 * rng.normal(size=20)[rows["centre"]]
        + rng.normal(size=20_000)[patient]
        + rng.normal(size=60_000)
    )
    fit = oa.cohort.random_intercepts(rows | {"y": y}, outcome="y", fixed="x", groups=["centre", "id"], nested=True)
    assert fit.converged
    assert fit.fit.variances[1] == pytest.approx(1.0, abs=0.05) and fit.residual_variance == pytest.approx(
        1.0, abs=0.03
    )
    assert fit.levels == (20, 20_000)


def test_what_cannot_be_told_apart_is_refused():
    d = data()
    ask = {"outcome": "y", "fixed": "x"}
    with pytest.raises(OptionError, match="two columns"):
        oa.cohort.random_intercepts(d, groups=["centre"], **ask)
    with pytest.raises(TableError, match="the same as"):
        oa.cohort.random_intercepts(d | {"copy": d["centre"] + 5}, groups=["centre", "copy"], **ask)
    with pytest.raises(TableError, match="residual"):
        oa.cohort.random_intercepts(d | {"row": np.arange(len(d["y"]))}, groups=["centre", "row"], **ask)
    with pytest.raises(TableError, match="one level"):
        oa.cohort.random_intercepts(d | {"one": np.zeros(len(d["y"]))}, groups=["centre", "one"], **ask)
    with pytest.raises(OptionError, match="too many"):
        n = 16_000
        rng = np.random.default_rng(1)
        many = {
            "a": rng.integers(0, 5_000, n),
            "b": rng.integers(0, 5_000, n),
            "x": rng.normal(size=n),
            "y": rng.normal(size=n),
        }
        oa.cohort.random_intercepts(many, groups=["a", "b"], **ask)
    fit = oa.cohort.random_intercepts(d, groups=["centre", "rater"], **ask)
    assert any("few levels: 'rater' (4)" in note for note in fit.notes)
    assert list(fit.random_frame("rater").columns) == ["rater", "intercept"]
    assert fit.variance_frame()["share"].sum() == pytest.approx(1.0)
