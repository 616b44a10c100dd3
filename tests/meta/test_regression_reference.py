"""regress() against metafor 5.1-12: all 103 cases at the tolerance each states (1e-6; 1e-5 where a root is searched)."""

from __future__ import annotations

import numpy as np
import pytest

from ostealgia.meta import likelihood_ratio_test, predict, regress
from ostealgia.numerics.regression import fit_regression
from reference_cases import cases, close

CI = {"z": "z", "t": "t", "hartung-knapp": "HK", "hartung-knapp-adhoc": "HK-adhoc"}
PI = {"z": "S", "t": "V", "hartung-knapp": "HK", "hartung-knapp-adhoc": "HK"}
FITS = [case for case in cases("metareg") if case["task"] == "meta_regression"]


def data(case):
    inputs = case["inputs"]
    return {
        "study": inputs["slab"],
        "estimate": np.array(inputs["yi"], dtype=float),
        "std_error": np.sqrt(np.array(inputs["vi"], dtype=float)),
        **{name: np.array(values) for name, values in inputs["moderators"].items()},
    }


def fitted(case):
    spec = case["spec"]
    method = spec["tau2_method"]
    return regress(
        data(case), spec["formula"], measure=spec["measure"], model="common" if method == "EE" else "random",
        tau2="REML" if method == "EE" else method, ci=CI[spec["ci_method"]], pi=PI[spec["ci_method"]], level=spec["level"],
    )  # fmt: skip


def numbers(fit):
    common = fit.model == "common"
    return {
        "k": fit.k, "p": len(fit.names), "vcov": fit.vcov, "tau2": fit.tau2, "se_tau2": fit.tau2_std_error,
        "tau2_null": fit.fit.tau2_null, "R2": fit.r2, "I2": fit.i2_q if common else fit.i2_tau2, "H2": fit.h2, "QE": fit.q,
        "QE_df": fit.q_df,
        "QE_p": fit.q_p_value, "QM": fit.omnibus.statistic, "QM_df1": fit.omnibus.df1,
        "QM_df2": None if np.isinf(fit.omnibus.df2) else fit.omnibus.df2, "QM_p": fit.omnibus.p_value, "fitted": fit.fit.fitted,
        "residuals": fit.fit.residuals, "loglik": fit.loglik,
        "coefficients": {"beta": fit.estimate, "se": fit.std_error, "statistic": fit.statistic, "p": fit.p_value, "ci_low": fit.ci_low,
                         "ci_high": fit.ci_high},
    }  # fmt: skip


@pytest.mark.parametrize("case", FITS, ids=lambda c: c["id"])
def test_meta_regression(case):
    fit = fitted(case)
    at = predict(fit)
    found = {
        **numbers(fit),
        **{f"pred_{name}": getattr(at, name) for name in ("ci_low", "ci_high", "pi_low", "pi_high")},
    }
    expected = dict(case["expected"])
    coefficients = dict(expected.pop("coefficients"))
    assert list(fit.names) == [name.replace("intrcpt", "intercept") for name in coefficients.pop("names")]
    wrong = {key: (found[key], value) for key, value in expected.items() if not close(case, found[key], value)}
    ours = found["coefficients"]
    wrong.update({key: (ours[key], value) for key, value in coefficients.items() if not close(case, ours[key], value)})
    assert not wrong


@pytest.mark.parametrize("case", FITS[::11], ids=lambda c: c["id"])
def test_design_is_that_of_the_reference(case):
    """Columns, their names and their order; exact, because they are counts and products of inputs."""
    fit = fitted(case)
    assert list(fit.names) == [
        name.replace("(Intercept)", "intercept") for name in case["spec"]["design_matrix_columns"]
    ]
    np.testing.assert_array_equal(fit.fit.x, np.array(case["spec"]["design_matrix"], dtype=float))
    assert [j + 1 for j in fit.fit.tested] == case["spec"]["tested_columns"]


@pytest.mark.parametrize("case", [c for c in cases("metareg") if c["task"] == "tau2_ci"], ids=lambda c: c["id"])
def test_residual_tau2_interval(case):
    spec, y = case["spec"], np.array(case["inputs"]["yi"], dtype=float)
    fit = fit_regression(
        y, np.array(case["inputs"]["vi"], dtype=float), np.array(spec["design_matrix"], dtype=float), spec["tau2_method"],
        level=spec["level"],
    )  # fmt: skip
    found = (fit.tau2, *fit.tau2_interval)
    assert all(
        close(case, a, case["expected"][key]) for a, key in zip(found, ("tau2", "tau2_low", "tau2_high"), strict=True)
    )


@pytest.mark.parametrize(
    "case", [c for c in cases("metareg") if c["task"] == "meta_regression_lrt"], ids=lambda c: c["id"]
)
def test_likelihood_ratio(case):
    full = regress(data(case), case["spec"]["formula"], tau2="ML", ci="z")
    found = likelihood_ratio_test(full)
    ours = {
        "LRT": found.statistic,
        "df": found.df,
        "p": found.p_value,
        "loglik_full": found.loglik_full,
        "loglik_reduced": found.loglik_reduced,
    }
    assert all(close(case, ours[key], value) for key, value in case["expected"].items())
    assert found.aic_full == pytest.approx(2 * (len(full.names) + 1) - 2 * found.loglik_full, rel=1e-12)


@pytest.mark.parametrize("case", [c for c in cases("diagnostics") if c["task"] == "vif"], ids=lambda c: c["id"])
def test_variance_inflation(case):
    fit = regress(data(case), "~ ablat + I(ablat^2)", tau2=case["spec"]["tau2_method"], ci="z")
    assert close(case, fit.vif[1:], case["expected"]["vif"])
    assert np.isnan(fit.vif[0])
