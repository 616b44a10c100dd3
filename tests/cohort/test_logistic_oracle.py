"""Logistic regression and GEE against R 4.2.2 (stats, brglm2, geepack), case by case at the tolerance of each."""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import ostealgia as oa
from ostealgia.clinical import pain_response
from ostealgia.errors import OstealgiaError

HERE = Path(__file__).parent.parent / "reference"
CASES = {case["id"]: case for case in json.loads((HERE / "cohort_logistic.json").read_text())["cases"]}
PROFILE = 1e-4  # the reference interpolates the profile by a spline; its note says so


Z = 1.959963984540054


def stopped_early(x, y):
    """As R's glm: iterated least squares from (y + 0.5)/2, stopped when the deviance moves by less than 1e-14 of itself, errors one step older.

    Limits near 0 of the reference carry that step (3e-8 in the limit); the package iterates to the maximum. R 4.2.2 prints the reference
    with epsilon 1e-14 and the package's limits with 1e-15.
    """  # noqa: E501
    mean, old = (y + 0.5) / 2, np.inf
    eta = np.log(mean / (1 - mean))
    while True:
        w = mean * (1 - mean)
        information = x.T @ (x * w[:, None])
        beta = np.linalg.solve(information, x.T @ (w * eta + y - mean))
        eta = x @ beta
        mean = 1 / (1 + np.exp(-eta))
        deviance = -2 * np.sum(np.where(y > 0, np.log(mean), np.log1p(-mean)))
        if abs(deviance - old) / (abs(deviance) + 0.1) < 1e-14:
            return beta, np.sqrt(np.diag(np.linalg.inv(information)))
        old = deviance


def data(name):
    return pd.read_csv(HERE / "cohort_data" / Path(name).name)


def of(method):
    return [key for key, case in CASES.items() if case["method"] == method]


def model(case, method="wald"):
    outcome, terms = (part.strip() for part in case["spec"]["formula"].split("~"))
    return oa.cohort.logistic(
        data(case["data"]), outcome=outcome, terms=terms, method=method, levels=case["spec"].get("factors")
    )


def close(found, wanted, case, **other):
    wanted = np.array(
        [np.inf if w == "Infinity" else w for w in np.ravel(np.array(list(wanted), dtype=object))], dtype=float
    )
    assert_allclose(np.ravel(np.asarray(found, dtype=float)), wanted, **(case["tolerance"] | other))


@pytest.mark.parametrize("name", of("logistic"))
def test_maximum_likelihood_is_that_of_glm(name):
    case = CASES[name]
    e, fit = case["expected"], model(case)
    assert (fit.n, fit.events) == (e["n"], e["events"])
    for found, key in (
        (fit.estimate, "coef"),
        (fit.std_error, "se"),
        (fit.statistic, "z"),
        (fit.p_value, "p"),
        (fit.robust_std_error, "robust_se_hc0"),
    ):
        close(found, e[key].values(), case)
    close(np.exp(fit.estimate), e["or"].values(), case)
    stopped, se = stopped_early(fit.rows.x, fit.rows.y)
    close(np.column_stack([stopped - Z * se, stopped + Z * se]), e["wald_ci"]["values"], case)
    assert_allclose(
        np.column_stack([fit.ci_low - stopped + Z * se, fit.ci_high - stopped - Z * se]) / se[:, None], 0, atol=1e-6
    )
    close(
        [fit.log_likelihood, fit.null_deviance, fit.deviance, fit.aic, fit.bic],
        [e[k] for k in ("loglik", "null_deviance", "deviance", "aic", "bic")],
        case,
    )
    tests = fit.term_tests()
    assert list(tests["term"]) == e["lr_test_each"]["terms"]
    close(tests["statistic"], e["lr_test_each"]["lrt"], case)
    close(tests["p_value"], e["lr_test_each"]["p"], case)
    assert fit.converged and fit.gradient < 1e-8


@pytest.mark.parametrize("name", of("logistic"))
def test_profile_limits_and_performance(name):
    case = CASES[name]
    e, fit = case["expected"], model(case, "profile")
    p = e["performance"]
    limits = e.get("profile_ci") or p["profile_ci"]
    close(np.column_stack([fit.ci_low, fit.ci_high]), limits["values"], case, rtol=PROFILE)
    found = oa.cohort.performance(fit, bootstrap=0).measures
    names = ("auc", "auc_ci_low", "auc_ci_high", "brier", "calibration_slope", "hosmer_lemeshow", "hosmer_lemeshow_df", "hosmer_lemeshow_p_value", "cox_snell_r2", "nagelkerke_r2", "mcfadden_r2", "tjur_r2")  # fmt: skip  # noqa: E501
    fits = p["hosmer_lemeshow_10"]
    wanted = [p["auc"], *p["auc_ci_delong"], p["brier"], p["calibration_slope"], fits["chisq"], fits["df"], fits["p"], p["cox_snell_r2"], p["nagelkerke_r2"], p["mcfadden_r2"], p["tjur"]]  # fmt: skip  # noqa: E501
    close([found[name] for name in names], wanted, case)
    assert abs(found["calibration_intercept"]) < 1e-9


@pytest.mark.parametrize("name", of("logistic_firth"))
def test_firth(name):
    case = CASES[name]
    e, fit = case["expected"], model(case, "firth")
    close(fit.estimate, e["coef"].values(), case)
    close(fit.std_error, e["se"].values(), case)
    close(np.column_stack([fit.ci_low, fit.ci_high]), e["profile_ci"]["values"], case)
    p = e["p_plr"]
    close(fit.p_value, p.values() if isinstance(p, dict) else p, case)
    if "penalized_loglik" in e:
        close(fit.log_likelihood, [e["penalized_loglik"]], case)


def test_separation_is_refused_and_firth_is_suggested():
    case = CASES["quasi_separated/firth"]
    with pytest.raises(OstealgiaError, match="method='firth'"):
        model(case)


@pytest.mark.parametrize("name", of("logistic_univariable_screen"))
def test_screen(name):
    case = CASES[name]
    s, e = case["spec"], case["expected"]
    frame = data(case["data"])
    options = {"outcome": s["outcome"], "candidates": s["candidates"], "entry_p": s["entry_p"], "bootstrap": 0}
    found = oa.cohort.univariable_screen(frame, **options)
    for row, wanted in zip(found.rows, e["univariable"], strict=True):
        assert row.variable == wanted["variable"]
        close(row.estimate, np.atleast_1d(wanted["coef"]), case)
        close(row.std_error, np.atleast_1d(wanted["se"]), case)
        close(row.p_wald, np.atleast_1d(wanted["p_wald"]), case)
        close(row.p_value, [wanted["p_lr"]], case)
    assert list(found.selected) == e["selected_lr"]
    assert (
        list(oa.cohort.univariable_screen(frame, criterion="wald", **options).selected) == e["selected_wald_any_level"]
    )
    forced = oa.cohort.univariable_screen(frame, forced=["obs", "nrs_baseline"], **options)
    assert list(forced.selected) == e["selected_lr_plus_forced"]


def test_selection_frequencies_are_the_same_again_and_differ_by_strength():
    frame = data("logistic_palliative_a.csv")
    options = {"outcome": "responder", "candidates": ["obs", "male", "tumour"], "bootstrap": 60}
    one, again = (oa.cohort.univariable_screen(frame, seed=4, **options) for _ in range(2))
    often = {row.variable: row.frequency for row in one.rows}
    assert often == {row.variable: row.frequency for row in again.rows}
    assert often["obs"] > 0.7 > often["male"]  # P 0.003 against 0.90 on the cohort itself
    assert "selected in" in str(one)


@pytest.mark.parametrize("name", of("logistic_backward_aic"))
def test_backward_elimination(name):
    case = CASES[name]
    s, e = case["spec"], case["expected"]
    fit = oa.cohort.backward_aic(data(case["data"]), outcome=s["outcome"], candidates=s["candidates"])
    assert list(fit.rows.recipe.term_labels) == e["terms"]
    close(fit.estimate, e["coef"].values(), case)
    close(fit.aic, [e["aic"]], case)


@pytest.mark.parametrize("name", of("vif"))
def test_variance_inflation(name):
    case = CASES[name]
    close(list(model(CASES[name.replace("vif", "full_model/ml")]).vif().values()), case["expected"].values(), case)


@pytest.mark.parametrize("name", of("gee"))
def test_gee(name):
    case = CASES[name]
    s, e = case["spec"], case["expected"]
    outcome, terms = (part.strip() for part in s["formula"].split("~"))
    fit = oa.cohort.gee(
        data(case["data"]), outcome=outcome, terms=terms, cluster=s["id"], family=s["family"], correlation=s["corstr"]
    )
    close(fit.estimate, e["coef"].values(), case)
    close(fit.std_error, e["robust_se"].values(), case)
    close((fit.estimate / fit.std_error) ** 2, e["wald_chisq"].values(), case)
    close(fit.p_value, e["p"].values(), case)
    close(fit.fit.alpha, np.atleast_1d(e["alpha"]), case)
    close(fit.fit.scale, [e["scale"]], case)
    assert fit.fit.converged and fit.fit.gradient < 1e-8


def test_gee_does_not_depend_on_the_order_of_patients():
    frame = data("gee_palliative_a.csv")
    options = {
        "outcome": "nrs_worst",
        "terms": "obs + week",
        "cluster": "id",
        "wave": "week",
        "family": "gaussian",
        "correlation": "unstructured",
    }
    one = oa.cohort.gee(frame, **options)
    other = oa.cohort.gee(frame.sample(frac=1.0, random_state=3), **options)
    assert_allclose(other.estimate, one.estimate, rtol=1e-9)
    assert_allclose(other.std_error, one.std_error, rtol=1e-9)


def test_pain_response_of_the_2012_consensus():
    case = CASES["response/palliative_a"]
    frame = data(case["data"])
    wanted = case["expected"]["response"]
    assert list(frame["id"]) == case["expected"]["ids"]
    assert [None if isinstance(r, float) else r for r in frame["response"]] == wanted
    seen = frame[frame["nrs12"].notna()]
    classes = [pain_response(r.nrs_baseline, r.nrs12, r.omed_baseline_mg, r.omed12) for r in seen.itertuples()]
    assert classes == list(seen["response"])


@given(st.floats(0.01, 100), st.floats(-50, 50))
@settings(max_examples=15, deadline=None)
def test_the_unit_of_a_term_changes_nothing_else(scale, shift):
    frame = data("logistic_birthwt.csv")
    one = oa.cohort.logistic(frame, outcome="low", terms="age + smoke")
    other = oa.cohort.logistic(frame.assign(age=frame["age"] * scale + shift), outcome="low", terms="age + smoke")
    assert_allclose(other.estimate[1] * scale, one.estimate[1], rtol=1e-7)
    assert_allclose(other.log_likelihood, one.log_likelihood, rtol=1e-10)


def test_optimism_lowers_the_auc_and_the_slope_and_repeats():
    frame = data("logistic_palliative_a.csv")
    fit = oa.cohort.logistic(
        frame, outcome="responder", terms="obs + age10 + male + ecog_ge2 + charlson + gt3 + nrs_baseline"
    )
    one = oa.cohort.performance(fit, bootstrap=60, seed=2)
    assert one.corrected["auc"] < one.measures["auc"]
    assert 0.3 < one.corrected["calibration_slope"] < 1
    assert one.corrected == oa.cohort.performance(fit, bootstrap=60, seed=2).corrected
    shrunk = oa.cohort.ridge(fit, folds=5)
    assert np.abs(shrunk.estimate[1:]).sum() < np.abs(fit.estimate[1:]).sum()


def test_net_benefit_of_a_threshold_below_every_risk_is_that_of_treating_all():
    frame = data("logistic_palliative_a.csv")
    curve = oa.cohort.decision_curve(
        oa.cohort.logistic(frame, outcome="responder_itt", terms="obs"), thresholds=[0.01, 0.5, 0.99]
    )
    assert_allclose(curve.model[0], curve.everyone[0])
    assert curve.model[2] == 0
    assert set(curve.to_frame()["strategy"]) == {"model", "all", "none"}


@pytest.mark.parametrize(
    ("frame", "options", "words"),
    [
        ({"y": [0, 0, 0], "x": [1, 2, 3]}, {"terms": "x"}, "same in all rows"),
        ({"y": [0, 1, 2], "x": [1, 2, 3]}, {"terms": "x"}, "row 4"),
        ({"y": [0, 1, 0, 1], "x": [1, 2, 3, 4], "z": [2, 4, 6, 8]}, {"terms": "x + z"}, "'z' cannot be estimated"),
        ({"y": [0, 1, 0, 1], "x": [1, 2, 3, 4]}, {"terms": "x", "method": "exact"}, "method='exact'"),
        ({"y": [None, None], "x": [1, 2]}, {"terms": "x"}, "no row has a value"),
        ({"y": [0, 1, 0, 1], "x": [1, 2, 3, 4]}, {"terms": "w"}, "no column 'w'"),
    ],
)
def test_bad_input_is_one_message(frame, options, words):
    with pytest.raises(OstealgiaError, match=words):
        oa.cohort.logistic(frame, outcome="y", **options)


def test_messages_hold_no_value_of_a_patient():
    with pytest.raises(OstealgiaError) as caught:
        oa.cohort.logistic({"y": [0, 1, 7777], "x": [1, 2, 3]}, outcome="y", terms="x")
    assert "7777" not in str(caught.value)


def test_calibration_and_decision_curves_are_drawn():
    frame = data("logistic_palliative_a.csv")
    fit = oa.cohort.logistic(frame, outcome="responder", terms="obs + nrs_baseline + ecog_ge2")
    found = oa.cohort.performance(fit, bootstrap=0)
    everything, few = oa.plot.calibration(found), oa.plot.calibration(found, small_cell=16)
    groups = [
        sum(len(one.get_offsets()) for one in ax.collections if hasattr(one, "get_sizes")) for ax in (everything, few)
    ]
    assert groups[1] < groups[0]  # groups under the limit are not shown
    curve = oa.plot.decision(oa.cohort.decision_curve(fit))
    assert {"treat all", "treat none"} <= {text.get_text() for text in curve.texts}
    for ax in (everything, few, curve):
        plt.close(ax.figure)


def test_gee_at_its_ends_says_so():
    frame = {"y": [0, 0, 0, 0, 1, 1, 1, 1], "z": [0, 1] * 4, "id": list("aabbccdd")}
    fit = oa.cohort.gee(frame, outcome="y", terms="z", cluster="id")  # visits of a patient never differ
    assert any("not positive definite" in note for note in fit.notes)
    with pytest.raises(OstealgiaError, match="no finite odds ratio"):
        oa.cohort.gee(frame | {"y": [0, 1] * 4}, outcome="y", terms="z", cluster="id")
