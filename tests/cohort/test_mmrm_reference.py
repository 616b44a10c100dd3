"""Mixed models for repeated measures against mmrm 0.3.16 and nlme 3.1.162, every case at its own tolerance."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import ostealgia as oa

HERE = Path(__file__).parents[1] / "reference"
CASES = {
    case["id"]: case
    for case in json.loads((HERE / "cohort_ancova_mmrm.json").read_text())["cases"]
    if case["method"] == "mmrm"
}


def frame_of(case):
    frame = pd.read_csv(HERE / case["data"])
    if "chg" in case["spec"]["derived"]:
        frame = frame[frame["week"] > 0]
        return frame.assign(chg=frame["nrs_worst"] - frame["nrs_baseline"])
    return frame[frame["Days"].isin([0, 3, 6, 9])]


@cache
def fitted(name, df):
    spec = CASES[name]["spec"]
    outcome, fixed = spec["formula"].split(" ~ ")
    return oa.cohort.mmrm(
        frame_of(CASES[name]), outcome=outcome, fixed=fixed.replace("time", f"factor({spec['visit']})"), subject=spec["subject"],
        visit=spec["visit"], covariance=spec["covariance"], method="REML" if spec["reml"] else "ML", df=df,
    )  # fmt: skip


def ours(name, visit):
    parts = ["intercept" if part == "(Intercept)" else part for part in name.split(":")]
    return ":".join(f"factor({visit}){part[4:]}" if part.startswith("time") else part for part in parts)


def values(fit, expected, column):
    frame = fit.to_frame().set_index("term")
    return [frame.loc[ours(name, fit.visit), column] for name in expected], list(expected.values())


@pytest.mark.parametrize("name", CASES)
def test_fit_matches_the_reference(name):
    expected, tolerance = CASES[name]["expected"], CASES[name]["tolerance"]
    fit = fitted(name, "satterthwaite")
    assert fit.converged
    assert fit.n == expected["n"]
    assert_allclose(fit.loglik, expected["loglik"], rtol=1e-9)
    assert_allclose(fit.covariance_matrix, expected["cov_matrix"], **tolerance)
    assert_allclose(*values(fit, expected["coef"], "estimate"), **tolerance)
    assert_allclose(*values(fit, expected["se"], "std_error"), **tolerance)
    if "aic" in expected:
        assert (fit.n_subjects, fit.n_theta) == (expected["n_subjects"], expected["n_theta"])
        assert_allclose([fit.aic, fit.bic], [expected["aic"], expected["bic"]], rtol=1e-9)
        assert_allclose(*values(fit, expected["df_satterthwaite"], "df"), **tolerance)
        assert_allclose(*values(fit, expected["p_satterthwaite"], "p_value"), **tolerance)
    if "se_empirical_cr0" in expected:
        names = [ours(term, fit.visit) for term in expected["se_empirical_cr0"]]
        found = np.sqrt(np.diag(fit.empirical_vcov))[[fit.names.index(term) for term in names]]
        assert_allclose(found, list(expected["se_empirical_cr0"].values()), **tolerance)


@pytest.mark.parametrize("name", [name for name in CASES if "se_kr" in CASES[name]["expected"]])
@pytest.mark.parametrize(("df", "suffix"), [("kenward-roger", ""), ("kenward-roger-linear", "_linear")])
def test_kenward_roger_matches_the_reference(name, df, suffix):
    expected, tolerance = CASES[name]["expected"], CASES[name]["tolerance"]
    fit = fitted(name, df)
    assert_allclose(*values(fit, expected[f"se_kr{suffix}"], "std_error"), **tolerance)
    assert_allclose(*values(fit, expected[f"df_kr{suffix}"], "df"), **tolerance)
    if not suffix:
        assert_allclose(*values(fit, expected["p_kr"], "p_value"), **tolerance)


@pytest.mark.parametrize("name", [name for name in CASES if "emm" in CASES[name]["expected"]])
def test_marginal_means_match_the_reference(name):
    expected, tolerance = CASES[name]["expected"], CASES[name]["tolerance"]
    fit = fitted(name, "satterthwaite")
    with_arm = "group" in expected["emm"][0]
    means = fit.marginal_means(["group", "week"] if with_arm else "Days").to_frame()
    # without arms the reference compares the visits by Tukey's method
    pairs = (fit.contrasts("group", within="week") if with_arm else fit.contrasts("Days", adjust="tukey")).to_frame()
    names = {
        "estimate": "estimate", "std_error": "SE", "df": "df", "ci_low": "lower.CL", "ci_high": "upper.CL",
        "statistic": "t.ratio", "p_value": "p.value",
    }  # fmt: skip
    assert_allclose(means["estimate"], [row["emmean"] for row in expected["emm"]], **tolerance)
    for column, key in names.items():
        assert_allclose(pairs[column], [row[key] for row in expected["emm_pairs"]], err_msg=column, **tolerance)
        if key in expected["emm"][0] and column != "estimate":
            assert_allclose(means[column], [row[key] for row in expected["emm"]], err_msg=column, **tolerance)


# nlme 3.1.162 gls(method = "ML") on the first case's data and formula, run with R 4.2.2; its log-likelihood is good to 1e-10
ML = {"us": -1227.21371296, "cs": -1231.48298738, "ar1": -1231.47894193, "csh": -1229.28749696}


@pytest.mark.parametrize("covariance", ML)
def test_maximum_likelihood_matches_generalised_least_squares(covariance):
    case = CASES["palliative_a/nrs_change/mmrm/us"]
    fit = oa.cohort.mmrm(
        frame_of(case), outcome="chg", fixed="nrs_baseline * factor(week) + group * factor(week)", subject="id", visit="week",
        covariance=covariance, method="ML",
    )  # fmt: skip
    assert_allclose(fit.loglik, ML[covariance], rtol=1e-10)
