"""Analysis of covariance and paired tests against stats, car-type sums of squares, sandwich and emmeans of R 4.2.2; closed forms, 1e-8."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from numpy.testing import assert_allclose

import ostealgia as oa

HERE = Path(__file__).parents[1] / "reference"
CASES = {
    case["id"]: case
    for case in json.loads((HERE / "cohort_ancova_mmrm.json").read_text())["cases"]
    if case["method"] in ("ancova", "paired_tests")
}
ANCOVAS = [name for name, case in CASES.items() if case["method"] == "ancova"]
PAIRED = [name for name, case in CASES.items() if case["method"] == "paired_tests"]


def frame_of(case):
    return pd.read_csv(HERE / case["data"])


def columns_of(case):
    return re.match(r"y=(\w+), b=(\w+),", case["spec"]["derived"]).groups()


def fitted(name, std_error="classical"):
    case = CASES[name]
    after, before = columns_of(case)
    outcome, right = case["spec"]["formula"].split(" ~ ")
    extra = [part for part in right.split(" + ") if part not in ("group", "b", "lb", "group * b")]
    return oa.cohort.ancova(
        frame_of(case), outcome=after, group="group", baseline=before, covariates=" + ".join(extra),
        response="log" if outcome == "ly" else "change", slopes="separate" if "*" in right else "common", std_error=std_error,
    )  # fmt: skip


def ours(name, fit):
    baseline = next(c for c in fit.recipe.formula.columns if "_0" in c)
    label = f"`{baseline}`" if "(" in baseline else baseline
    parts = [{"(Intercept)": "intercept", "b": label, "lb": label}.get(part, part) for part in name.split(":")]
    return ":".join(parts)


def test_the_reference_has_every_kind():
    assert (len(ANCOVAS), len(PAIRED)) == (16, 10)


@pytest.mark.parametrize("name", ANCOVAS)
def test_fit_matches_the_reference(name):
    expected, tolerance = CASES[name]["expected"], CASES[name]["tolerance"]
    fit = fitted(name)
    assert fit.n == expected["n"]
    frame = fit.to_frame().set_index("term").loc[[ours(term, fit) for term in expected["coef"]]]
    for column, key in (("estimate", "coef"), ("std_error", "se"), ("statistic", "t"), ("p_value", "p")):
        assert_allclose(frame[column], list(expected[key].values()), err_msg=key, **tolerance)
    assert_allclose(frame[["ci_low", "ci_high"]], expected["ci"]["values"], **tolerance)
    found = [fit.r2, fit.r2_adjusted, fit.sigma, fit.loglik]
    assert_allclose(found, [expected[key] for key in ("r2", "adj_r2", "sigma", "loglik")], **tolerance)
    tests = fit.term_tests(intercept=True).to_frame().set_index("term")
    for row in expected["anova3"][:-1]:
        mine = tests.loc[ours(row["term"], fit)]
        for column, key in (("sum_of_squares", "ss"), ("df", "df"), ("statistic", "F"), ("p_value", "p")):
            assert_allclose(mine[column], row[key], err_msg=f"{row['term']} {key}", **tolerance)


@pytest.mark.parametrize("name", ANCOVAS)
def test_marginal_means_match_the_reference(name):
    expected, tolerance = CASES[name]["expected"], CASES[name]["tolerance"]
    fit = fitted(name)
    keys = {"estimate": "emmean", "std_error": "SE", "df": "df", "ci_low": "lower.CL", "ci_high": "upper.CL"}
    for block, weights in (("emm", "equal"), ("emm_proportional", "proportional")):
        found = fit.marginal_means("group", weights=weights).to_frame()
        for column, key in keys.items():
            assert_allclose(found[column], [row[key] for row in expected[block]], err_msg=f"{block} {key}", **tolerance)
    found = fit.contrasts("group").to_frame()
    keys = {**keys, "estimate": "estimate", "statistic": "t.ratio", "p_value": "p.value"}
    for column, key in keys.items():
        assert_allclose(found[column], [row[key] for row in expected["diff"]], err_msg=key, **tolerance)


@pytest.mark.parametrize("name", ANCOVAS)
@pytest.mark.parametrize("kind", ["HC2", "HC3"])
def test_robust_errors_match_the_reference(name, kind):
    expected, tolerance = CASES[name]["expected"], CASES[name]["tolerance"]
    assert_allclose(
        fitted(name, kind).row("groupobservation")["std_error"], expected[f"se_{kind.lower()}"], **tolerance
    )


@pytest.mark.parametrize("name", PAIRED)
def test_paired_tests_match_the_reference(name):
    case = CASES[name]
    after, before = columns_of(case)
    found = (
        oa.cohort.paired_change(frame_of(case), before=before, after=after, group="group").to_frame().set_index("group")
    )
    for group, row in case["expected"].items():
        mine = found.loc[group]
        assert mine["n"] == row["n"]
        got = [mine[key] for key in ("estimate", "statistic", "p_value", "ci_low", "ci_high", "v", "p_value_wilcoxon")]
        wanted = [row["mean_change"], row["t"], row["p"], *row["ci"], row["V"], row["p_wilcoxon"]]
        assert_allclose(got, wanted, **case["tolerance"])
