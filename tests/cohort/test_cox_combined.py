"""Late entry, ties, weights, clusters, strata and interactions at once, against R (simulated data carried in the reference file)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

import ostealgia as oa

BODY = json.loads((Path(__file__).parents[1] / "reference" / "cohort_survival_more.json").read_text(encoding="utf-8"))
DATA, REF = BODY["data"], BODY["expected"]
TIME = {"time": "t", "event": "e"}
CLOSE = {"rtol": 1e-7, "atol": 1e-9}  # the reference stops its iterations near there


def test_late_entry_weights_clusters_and_strata():
    fit = oa.cohort.cox(DATA, start="start", terms="x + g", strata="s", weights="w", cluster="id", **TIME)
    assert_allclose(fit.estimate, REF["cluster_coef"], **CLOSE)
    assert_allclose(fit.std_error, REF["cluster_se"], **CLOSE)
    assert_allclose([fit.concordance.estimate, fit.concordance.std_error], REF["cluster_concordance"], **CLOSE)
    test = fit.proportional_hazards()
    assert_allclose(test.statistic, REF["cluster_zph"], **CLOSE)
    assert test.df.tolist() == REF["cluster_zph_df"]


def test_interactions_in_strata():
    fit = oa.cohort.cox(DATA, terms="x * g", strata="s", **TIME)
    test = fit.proportional_hazards("rank")
    assert_allclose(test.statistic, REF["interaction_zph"], **CLOSE)
    assert test.df.tolist() == REF["interaction_zph_df"]
    assert_allclose([fit.concordance.estimate, fit.concordance.std_error], REF["interaction_concordance"], **CLOSE)
    assert_allclose(fit.residuals("dfbeta").iloc[0], REF["interaction_dfbeta"], **CLOSE)
    assert_allclose(fit.residuals("score").iloc[0], REF["interaction_score"], **CLOSE)


def test_exact_likelihood_with_late_entry():
    fit = oa.cohort.cox(DATA, start="start", terms="x", ties="exact", **TIME)
    assert_allclose(fit.estimate[0], REF["exact_coef"], **CLOSE)
    assert_allclose([fit.log_likelihood_null, fit.log_likelihood], REF["exact_loglik"], **CLOSE)


def test_curves_with_late_entry_and_with_weights():
    late = oa.cohort.kaplan_meier(DATA, start="start", **TIME).at([2, 5, 8])
    for ours, theirs in {"estimate": "surv", "std_error": "se", "ci_low": "lower", "n_risk": "n_risk"}.items():
        assert_allclose(late[ours], REF[f"late_{theirs}"], **CLOSE)
    weighted = oa.cohort.kaplan_meier(DATA, weights="w", **TIME).at([2, 5, 8])
    assert_allclose(weighted["estimate"], REF["weighted_surv"], **CLOSE)
    assert_allclose(weighted["std_error"], REF["weighted_se"], **CLOSE)


def test_a_limit_that_rises_again_is_inverted_at_its_first_crossing():
    fit = oa.cohort.kaplan_meier(DATA, start="start", **TIME)
    steps = fit.to_frame()
    # by definition: the first time at which the lower limit is at or below three quarters
    assert fit.quantiles([0.25])["ci_low"][0] == steps.loc[steps["ci_low"] <= 0.75, "time"].min()


def test_three_groups_in_strata():
    assert_allclose(oa.cohort.logrank(DATA, by="g", strata="s", rho=0.5, **TIME).statistic, REF["grho"], **CLOSE)
    for rho, name in ((0, "gray"), (1, "gray_rho1")):
        found = [
            oa.cohort.gray_test(DATA, time="t", status="k", cause=c, by="g", strata="s", rho=rho).statistic
            for c in (1, 2)
        ]
        assert_allclose(found, REF[name], **CLOSE)


def test_fine_gray_with_several_terms():
    fit = oa.cohort.fine_gray(DATA, time="t", status="k", cause=2, terms="x + g")
    assert_allclose(fit.estimate, REF["crr_coef"], **CLOSE)
    assert_allclose(fit.std_error, REF["crr_se"], **CLOSE)


@pytest.mark.parametrize("transform", ["km", "rank", "identity", "log"])
def test_proportional_hazards_of_true_proportional_hazards_has_the_right_size(transform):
    rng = np.random.default_rng(31)
    small = 0
    for _ in range(60):
        x = rng.normal(size=120)
        data = {"t": rng.exponential(np.exp(-0.5 * x)), "d": rng.random(120) < 0.8, "x": x}
        small += oa.cohort.cox(data, time="t", event="d", terms="x").proportional_hazards(transform).p_value[-1] < 0.05
    assert small <= 9  # binomial(60, 0.05) exceeds 9 in less than 1 run of 1,000
