"""Linear mixed models against lme4 1.1.31, lmerTest 3.1.3, pbkrtest 0.5.2 and emmeans 1.8.4.1, every case at its own tolerance.

The tolerance is that of the case: the reference finds degrees of freedom by numerical derivatives, good to 1e-5 (1e-4 at the boundary).
"""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import ostealgia as oa

HERE = Path(__file__).parents[1] / "reference"
CASES = {case["id"]: case for case in json.loads((HERE / "cohort_lmm.json").read_text())["cases"]}
FITS = [name for name, case in CASES.items() if case["method"] == "lmm"]
MEANS = [name for name, case in CASES.items() if case["method"] == "emmeans"]
RANDOM = {"(1 | id)": "1", "(wk | id)": "1 + wk", "(1 | Subject)": "1", "(Days | Subject)": "1 + Days"}
UNCORRELATED = "(1 | Subject) + (0 + Days | Subject)"
DF = {"satterthwaite": "satterthwaite", "kenward-roger": "kenward-roger", "asymptotic": "none"}


def frame_of(case):
    frame = pd.read_csv(HERE / case["data"])
    if case["spec"].get("subset") == "week > 0":
        frame = frame[frame["week"] > 0]
    if "wk" in case["spec"].get("derived", ""):
        frame["wk"] = frame["week"] / 4
    return frame


@cache
def fitted(name, df):
    case = CASES[name]
    spec = case["spec"]
    outcome, right = spec["formula"].split(" ~ ")
    fixed, _, random = right.partition(" + (")
    random = f"({random}"
    return oa.cohort.mixed_model(
        frame_of(case), outcome=outcome, fixed=fixed.replace("time", "factor(week)"), subject="Subject" if "Subject" in random else "id",
        random="1 + Days" if random == UNCORRELATED else RANDOM[random], correlated=random != UNCORRELATED,
        method="REML" if spec["reml"] else "ML", df=df,
    )  # fmt: skip


def ours(name):
    """Our name of a coefficient of R."""
    parts = ["intercept" if part == "(Intercept)" else part for part in name.split(":")]
    return ":".join(f"factor(week){part[4:]}" if part.startswith("time") else part for part in parts)


def values(fit, expected, column):
    frame = fit.to_frame().set_index("term")
    return [frame.loc[ours(name), column] for name in expected], list(expected.values())


def matrix(fit, expected):
    order = [fit.names.index(ours(name)) for name in expected["rows"]]
    return fit.vcov[np.ix_(order, order)], np.array(expected["values"])


def terms(fit, expected, **tolerance):
    found = fit.term_tests().to_frame().set_index("term")
    for row in expected:
        mine = found.loc[row["term"].replace("time", "factor(week)")]
        for column, key in (
            ("statistic", "F"), ("df", "num_df"), ("df_denominator", "den_df"), ("p_value", "p"), ("sum_of_squares", "ss"),
        ):  # fmt: skip
            assert_allclose(mine[column], row[key], err_msg=f"{row['term']} {column}", **tolerance)


@pytest.mark.parametrize("name", FITS)
def test_fit_matches_the_reference(name):
    expected, tolerance = CASES[name]["expected"], CASES[name]["tolerance"]
    fit = fitted(name, "satterthwaite")
    assert fit.converged
    assert (fit.n, fit.n_subjects, fit.n_parameters) == (expected["n"], expected["groups"], expected["df_model"])
    assert_allclose(fit.loglik, expected["loglik"], rtol=1e-9)  # the reference states 1e-9
    assert_allclose([fit.aic, fit.bic], [expected["aic"], expected["bic"]], rtol=1e-9)
    assert_allclose(fit.theta, np.atleast_1d(expected["theta"]), **tolerance)
    assert_allclose(np.sqrt(fit.residual_variance), expected["sigma"], **tolerance)
    for column, key in (
        ("estimate", "fixef"), ("std_error", "se"), ("df", "df_satterthwaite"), ("statistic", "t"), ("p_value", "p_satterthwaite"),
    ):  # fmt: skip
        assert_allclose(*values(fit, expected[key], column), err_msg=key, **tolerance)
    assert_allclose(*matrix(fit, expected["vcov"]), **tolerance)
    terms(fit, expected["anova3_satterthwaite"], **tolerance)
    found = fit.variance_frame()
    assert_allclose(found["variance"], [row["vcov"] for row in expected["varcomp"]], **tolerance)
    assert_allclose(found["sd"], [row["sdcor"] for row in expected["varcomp"]], **tolerance)
    first = fit.random_frame().set_index(fit.subject).loc[expected["blup_first5"]["ids"]].to_numpy()
    wanted = np.array(expected["blup_first5"]["values"]).reshape(first.shape)
    # predictions move with the variance parameters, so the absolute error is that of the largest of them
    assert_allclose(first, wanted, rtol=tolerance["rtol"], atol=tolerance["rtol"] * np.abs(wanted).max())


@pytest.mark.parametrize("name", [name for name in FITS if "se_kr" in CASES[name]["expected"]])
def test_kenward_roger_matches_the_reference(name):
    expected, tolerance = CASES[name]["expected"], CASES[name]["tolerance"]
    fit = fitted(name, "kenward-roger")
    for column, key in (("std_error", "se_kr"), ("df", "df_kr"), ("p_value", "p_kr")):
        assert_allclose(*values(fit, expected[key], column), err_msg=key, **tolerance)
    assert_allclose(*matrix(fit, expected["vcov_kr"]), **tolerance)
    terms(fit, expected["anova3_kr"], **tolerance)


def same(found, expected, **tolerance):
    assert len(found) == len(expected)
    names = {
        "estimate": ("estimate", "emmean"), "std_error": ("SE",), "df": ("df",), "ci_low": ("lower.CL", "asymp.LCL"),
        "ci_high": ("upper.CL", "asymp.UCL"), "statistic": ("t.ratio", "z.ratio"), "p_value": ("p.value",),
    }  # fmt: skip
    for column, keys in names.items():
        held = [next((row[key] for key in keys if key in row), None) for row in expected]
        if held[0] is not None:
            assert_allclose(found[column], [float(value) for value in held], err_msg=column, **tolerance)


@pytest.mark.parametrize("name", MEANS)
def test_marginal_means_match_the_reference(name):
    case, tolerance = CASES[name], CASES[name]["tolerance"]
    expected = case["expected"]
    fit = fitted(f"{name.split('/emm/')[0]}/reml", DF[case["spec"]["df_method"]])
    same(fit.marginal_means(["group", "week"]).to_frame(), expected["emm"], **tolerance)
    groups = {"of": "group", "within": "week"}
    same(fit.contrasts(**groups).to_frame(), expected["group_within_time_unadjusted"], **tolerance)
    pooled = fit.contrasts(**groups, adjust="bonferroni", family="all weeks")
    same(pooled.to_frame(), expected["group_within_time_bonferroni_over_times"], **tolerance)
    within = {"of": "week", "within": "group", "adjust": "bonferroni", "family": "within group"}
    same(fit.contrasts(**within).to_frame(), expected["time_pairs_within_group_bonferroni"], **tolerance)
    first = fit.contrasts(**within, compare="reference").to_frame()
    same(first, expected["time_vs_first_within_group_bonferroni"], **tolerance)
    same(
        fit.differences_in_change("group", over="week").to_frame(),
        expected["difference_in_change_from_first"],
        **tolerance,
    )
