"""Cox models against R's survival: every coefficient, test, residual and hazard of the reference cases."""

from __future__ import annotations

import numpy as np
import pytest

import ostealgia as oa
from cohort_survival_cases import every_case, frame, named, of, same


def fitted(case):
    """Fit as the case says, on its complete cases (univariable models on the rows of the full one, as the reference did)."""
    spec, data = case["spec"], frame(case)
    words = [word.strip() for word in spec["formula"].split("~")[1].split("+")]
    strata = [word[7:-1] for word in words if word.startswith("strata(")]
    terms = [word for word in words if not word.startswith("strata(")]
    full = case["id"].replace("/univariable/", "/full/")
    columns = next(other["spec"] for other in every_case() if other["id"] == full).get("complete_case_on", [])
    data = data.dropna(subset=[*columns, *strata, *terms])
    weights = None
    if "weights" in spec:
        data["weight"], weights = np.resize([1, 0.5, 2, 1.5], len(data)), "weight"
    return oa.cohort.cox(
        data,
        time=spec["time"],
        event=spec["event"],
        terms=" + ".join(terms),
        strata=strata or None,
        weights=weights,
        ties=spec["ties"],
    )


@pytest.mark.parametrize("case", of("cox"), ids=named)
def test_coefficients_and_tests(case):
    expected, fit = case["expected"], fitted(case)
    assert fit.converged
    assert list(fit.names) == list(expected["coef"])
    same(case, fit.estimate, expected["coef"])
    same(case, fit.std_error, expected["se"])
    same(case, fit.log_likelihood, expected["loglik"])
    same(case, fit.concordance.estimate, expected["concordance"])
    if "n" not in expected:
        return
    assert (fit.n, fit.events) == (expected["n"], expected["events"])
    rows = fit.to_frame(exponentiate=True)
    for ours, theirs in {"estimate": "hr", "ci_low": "ci_lower", "ci_high": "ci_upper", "p_value": "p"}.items():
        same(case, rows[ours], expected[theirs])
    same(case, [fit.log_likelihood_null, fit.aic], [expected["loglik_null"], expected["aic"]])
    same(case, fit.concordance.std_error, expected["concordance_se"])
    tests = fit.tests().set_index("test")
    for ours, theirs in {"likelihood ratio": "lr_test", "Wald": "wald_test", "score": "score_test"}.items():
        # R prints the Wald statistic to two places, and its P from all of them
        room = 0.005 if ours == "Wald" else None
        same(case, tests.loc[ours, "statistic"], expected[theirs]["test"], atol=room)
        same(case, tests.loc[ours, "p_value"], expected[theirs]["pvalue"])
        assert tests.loc[ours, "df"] == expected[theirs]["df"]


@pytest.mark.parametrize("case", [case for case in of("cox") if "zph_km" in case["expected"]], ids=named)
def test_proportional_hazards_residuals_and_baseline(case):
    expected, fit = case["expected"], fitted(case)
    for transform in ("km", "identity", "rank", "log"):
        test, wanted = fit.proportional_hazards(transform), expected[f"zph_{transform}"]
        assert list(test.terms) == wanted["terms"]
        assert test.df.tolist() == wanted["df"]
        same(case, test.statistic, wanted["chisq"])
        same(case, test.p_value, wanted["p"])
    for kind in ("martingale", "deviance"):
        same(case, fit.residuals(kind)[kind][:10], expected[f"{kind}_first10"])
    same(case, fit.residuals("schoenfeld")[fit.names[0]][:10], expected["schoenfeld_col1_first10"])
    same(case, fit.residuals("dfbeta").iloc[0], expected["dfbeta_row1"])
    hazard = fit.baseline(at_zero=True).set_index("time")["cumulative_hazard"]
    last = [hazard[hazard.index <= time].iloc[-1] for time in expected["baseline_hazard"]["time"]]
    same(case, last, expected["baseline_hazard"]["cumhaz"])


@pytest.mark.parametrize("case", of("cox_weighted"), ids=named)
def test_weights_and_robust_standard_errors(case):
    expected, fit = case["expected"], fitted(case)
    assert fit.robust
    same(case, fit.estimate, expected["coef"])
    same(case, fit.std_error, expected["robust_se"])
    same(case, fit.fit.std_error, expected["naive_se"])


@pytest.mark.parametrize("case", of("cox_counting_process"), ids=named)
def test_intervals_of_a_value_that_changes(case):
    spec, expected = case["spec"], case["expected"]
    fit = oa.cohort.cox(frame(case), start=spec["start"], time=spec["stop"], event=spec["event"], terms=spec["formula"])
    same(
        case,
        [fit.estimate[0], fit.std_error[0], fit.log_likelihood],
        [expected["coef"], expected["se"], expected["loglik"]],
    )


@pytest.mark.parametrize("case", of("cox_cause_specific"), ids=named)
def test_cause_specific_hazards(case):
    spec, expected = case["spec"], case["expected"]
    fit = oa.cohort.cox(
        frame(case), time=spec["time"], event=spec["status"], event_value=spec["cause"], terms=[spec["group"]]
    )
    same(case, [fit.estimate[0], fit.std_error[0]], [expected["coef"], expected["se"]])


@pytest.mark.parametrize("case", of("immortal_time"), ids=named)
def test_the_immortal_time_triple(case):
    expected = case["expected"]
    fit = oa.cohort.immortal_time(
        frame(case), time="os_months", event="os_event", exposure_time="resp_t", landmark_at=case["spec"]["landmark"]
    )
    same(case, [fit.naive.estimate[0], fit.naive.std_error[0]], [expected["naive_coef"], expected["naive_se"]])
    assert fit.landmark.n == expected["landmark_n"]
    same(
        case,
        [fit.landmark.cox.estimate[0], fit.landmark.cox.std_error[0]],
        [expected["landmark_coef"], expected["landmark_se"]],
    )
    same(case, fit.time_dependent.estimate[0], expected["time_dependent_coef"])
    assert fit.to_frame()["valid"].tolist() == [False, True, True]
