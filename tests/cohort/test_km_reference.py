"""Kaplan-Meier, log-rank and restricted means against R's survival."""

from __future__ import annotations

import numpy as np
import pytest

import ostealgia as oa
from cohort_survival_cases import frame, named, of, same


@pytest.mark.parametrize("case", of("kaplan_meier"), ids=named)
def test_curves_quartiles_and_limits(case):
    spec, expected = case["spec"], case["expected"]
    fit = oa.cohort.kaplan_meier(
        frame(case), time=spec["time"], event=spec["event"], by=spec["group"], ci=spec["conf_type"]
    )
    assert list(fit.groups) == [str(name) for name in expected["strata"]]
    same(case, [curve.n for curve in fit.curves], expected["n"])
    same(case, [curve.events for curve in fit.curves], expected["events"])
    quartiles = fit.quantiles()
    same(case, quartiles["estimate"], expected["quartiles"])
    same(case, quartiles["ci_low"], expected["quartiles_lower"])
    same(case, quartiles["ci_high"], expected["quartiles_upper"])
    at, wanted = fit.at(spec["times"]), expected["at_times"]
    for ours, theirs in {
        "n_risk": "n_risk",
        "estimate": "surv",
        "std_error": "se",
        "ci_low": "lower",
        "ci_high": "upper",
    }.items():
        same(case, at[ours], wanted[theirs])


@pytest.mark.parametrize("case", of("kaplan_meier_curve"), ids=named)
def test_every_step(case):
    spec, expected = case["spec"], case["expected"]
    fit = oa.cohort.kaplan_meier(frame(case), time=spec["time"], event=spec["event"])
    steps, curve = fit.to_frame(), fit.curves[0].curve
    for ours, theirs in {
        "time": "time",
        "n_risk": "n_risk",
        "n_event": "n_event",
        "n_censor": "n_censor",
        "estimate": "surv",
    }.items():
        same(case, steps[ours], expected[theirs])
    same(case, curve.std_error_log, expected["se_log"])
    same(case, steps["cumulative_hazard"], expected["cumhaz"])
    same(case, curve.std_error_hazard, expected["se_chaz"])
    mean = (
        oa.cohort.rmst(frame(case), time=spec["time"], event=spec["event"], tau=expected["rmean_tau"])
        .to_frame()
        .iloc[0]
    )
    same(case, [mean["estimate"], mean["std_error"]], [expected["rmean"], expected["rmean_se"]])


@pytest.mark.parametrize("case", of("logrank", "logrank_stratified"), ids=named)
def test_logrank(case):
    spec, expected = case["spec"], case["expected"]
    fit = oa.cohort.logrank(
        frame(case),
        time=spec["time"],
        event=spec["event"],
        by=spec["group"],
        strata=spec.get("strata"),
        rho=spec["rho"],
    )
    same(case, [fit.statistic, fit.p_value], [expected["chisq"], expected["p"]])
    assert fit.df == expected["df"]
    if "observed" in expected:
        same(case, fit.test.observed, expected["observed"])
        same(case, fit.test.expected, expected["expected"])
        same(case, fit.test.variance, expected["var"])


@pytest.mark.parametrize("case", of("rmst"), ids=named)
def test_restricted_means_differences_and_ratios(case):
    spec, expected = case["spec"], case["expected"]
    fit = oa.cohort.rmst(frame(case), time=spec["time"], event=spec["event"], by=spec["group"], tau=spec["tau"])
    rows = fit.to_frame()
    means = rows[rows["quantity"] == "rmst"]
    assert [str(name) for name in expected["levels"]] == means["group"].tolist()[: len(expected["levels"])]
    same(case, means["estimate"][: len(expected["rmst"])], expected["rmst"])
    same(case, means["std_error"][: len(expected["se"])], expected["se"])
    difference = rows[rows["quantity"] == "difference"].iloc[0]
    same(case, [difference["estimate"], difference["std_error"]], [expected["diff_2_minus_1"], expected["diff_se"]])
    same(
        case,
        [difference["ci_low"], difference["ci_high"], difference["p_value"]],
        [*expected["diff_ci"], expected["diff_p"]],
    )
    ratio = rows[rows["quantity"] == "ratio"].iloc[0]
    same(
        case,
        [ratio["estimate"], ratio["ci_low"], ratio["ci_high"]],
        [expected["ratio_2_over_1"], *expected["ratio_ci"]],
    )


def test_a_logrank_of_two_groups_is_the_cox_score_test_without_ties():
    rng = np.random.default_rng(3)
    data = {"t": rng.permutation(60) + 1.0, "d": rng.random(60) < 0.7, "arm": rng.integers(0, 2, 60)}
    score = oa.cohort.cox(data, time="t", event="d", terms=["arm"]).tests().set_index("test")["statistic"]["score"]
    # an identity, so only rounding is left
    np.testing.assert_allclose(oa.cohort.logrank(data, time="t", event="d", by="arm").statistic, score, rtol=1e-9)
