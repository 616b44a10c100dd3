"""Dependent effects against metafor 5.1-12, clubSandwich 0.5.8 and robumeta 2.0, at the tolerance that each case states.

Components of variance are compared at the tolerance of the reference's optimiser; our own maximum is checked apart, by its gradient and
against other searches, in test_multilevel_behaviour.py.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ostealgia.meta import aggregate, known_covariance, multilevel, multivariate, robust, rve
from ostealgia.numerics.mixed_effects_profile import tau2_interval
from reference_cases import cases, close

ALL = cases("multilevel_rve")
# The reference's root search stops 2.1e-5 from the limit (R's uniroot default, 1.2e-4); see test_where_the_reference_stopped_early.
STOPPED_EARLY = "rmamv3-bornmann2007-confint"


def of(*tasks):
    return pytest.mark.parametrize("case", [c for c in ALL if c["task"] in tasks], ids=lambda c: c["id"])


def frame(case):
    inputs = case["inputs"]
    data = {
        "study": inputs["cluster"],
        "estimate": inputs["yi"],
        "std_error": np.sqrt(np.array(inputs["vi"], dtype=float)),
    }
    return {**data, **({"x": inputs["x"]} if "x" in inputs else {})}


def moderators(case):
    return ["x"] if "moderator" in case["spec"] else []


def model_numbers(fit):
    table = fit.coefficients
    found = {
        "k": fit.k, "vcov": fit.vcov, "QE": fit.q, "QE_df": fit.q_df, "QE_p": fit.q_p_value, "QM": fit.qm, "QM_df": fit.qm_df,
        "QM_p": fit.qm_p_value, "loglik": fit.loglik,
        "coefficients": {
            "beta": table.estimate, "se": table.std_error, "statistic": table.statistic, "p": table.p_value,
            "ci_low": table.ci_low, "ci_high": table.ci_high,
        },
    }  # fmt: skip
    if len(table) == 1:
        found.update(pi_low=fit.pi_low, pi_high=fit.pi_high)
    return found


def agree(case, found, expected=None):
    """Every expected number that was found, nested ones included."""
    wrong = {}
    for key, value in (case["expected"] if expected is None else expected).items():
        if isinstance(value, dict):
            wrong.update(agree(case, found[key], {k: v for k, v in value.items() if k != "names"}))
        elif not matrix_close(case, found[key], value):
            wrong[key] = (found[key], value)
    return wrong


def matrix_close(case, found, expected):
    if isinstance(expected, list) and expected and isinstance(expected[0], list):
        return all(close(case, a, b) for a, b in zip(found, expected, strict=True))
    return close(case, found, expected)


def fitted(case, V=None):
    spec = case["spec"]
    return multilevel(
        frame(case),
        V=V,
        moderators=moderators(case),
        method=spec["method"],
        ci=spec.get("ci_method", "z"),
        level=spec.get("level", 0.95),
    )


@of("multilevel")
def test_multilevel(case):
    fit = fitted(case)
    assert not agree(case, {**model_numbers(fit), "sigma2": fit.tau2})
    assert fit.converged and fit.certificate["gradient"] < 1e-8
    if moderators(case):
        assert np.isnan(fit.coefficients.pi_low).all()


@of("multilevel_correlated")
def test_known_correlation(case):
    data = frame(case)
    V = known_covariance(data, rho=case["spec"]["rho"])
    fit = fitted(case, V)
    first = np.flatnonzero(np.array(data["study"]) == data["study"][0])
    cr2, cr1 = robust(fit, kind="CR2"), robust(fit, kind="CR1p", test="t-p")
    sandwich = [
        {"se": found.std_error, "statistic": float(found.coefficients.statistic[0]), "df": found.df, "p": found.p_value,
         "ci_low": found.ci_low, "ci_high": found.ci_high}
        for found in (cr2, cr1)
    ]  # fmt: skip
    found = {
        **model_numbers(fit), "sigma2": fit.tau2, "V_first_cluster": V.matrix[np.ix_(first, first)],
        "CR2": sandwich[0], "CR1_metafor": sandwich[1],
    }  # fmt: skip
    assert not agree(case, found)


@of("multilevel_profile_ci")
def test_profile_intervals(case):
    fit = fitted(case)
    rows = fit.component_intervals
    found = {
        "sigma2": fit.tau2,
        "sigma2_low": [row["ci_low"] for row in rows],
        "sigma2_high": [row["ci_high"] for row in rows],
    }
    if case["id"] == STOPPED_EARLY:
        assert_allclose(found["sigma2_low"], case["expected"]["sigma2_low"], atol=1.3e-4)
        found["sigma2_low"] = case["expected"]["sigma2_low"]
    assert not agree(case, found)


def test_where_the_reference_stopped_early():
    """One limit misses the case's 1e-3: 0.0039424 here, 0.0039632 there.

    At a limit twice the fall of the profiled log-likelihood is the chi-square quantile 3.8415. Held at ours it is that to 1e-8, at the
    reference's it is 3.8179: the likelihood of the model with the between variance held is maximised here by a plain grid refinement.
    """
    case = next(c for c in ALL if c["id"] == STOPPED_EARLY)
    fit = fitted(case)
    data = frame(case)
    y, v, codes = (
        np.array(data["estimate"]),
        np.square(data["std_error"]),
        np.unique(data["study"], return_inverse=True)[1],
    )

    def loglik(between, within):
        m = np.diag(v + within) + between * (codes[:, None] == codes[None, :])
        inverse = np.linalg.inv(m)
        information = inverse.sum()
        r = y - (inverse @ y).sum() / information
        value = (
            (len(y) - 1) * np.log(2 * np.pi) + np.linalg.slogdet(m)[1] + np.log(information / len(y)) + r @ inverse @ r
        )
        return -0.5 * value

    def fall(between):
        low, high = 0.0, 0.05
        for _ in range(14):
            grid = np.linspace(low, high, 7)
            at = int(np.argmax([loglik(between, within) for within in grid]))
            low, high = grid[max(0, at - 1)], grid[min(6, at + 1)]
        return 2 * (fit.loglik - loglik(between, 0.5 * (low + high)))

    ours, theirs = fit.component_intervals[0]["ci_low"], case["expected"]["sigma2_low"][0]
    assert_allclose(fall(ours), 3.841458820694124, atol=1e-6)  # the grid's own error
    assert abs(fall(theirs) - 3.841458820694124) > 0.02


@of("multilevel_lrt")
def test_likelihood_ratio(case):
    fit = fitted(case)
    between, within = fit.component_tests
    found = {
        "loglik_full": fit.loglik, "loglik_no_within": within["loglik"], "loglik_no_between": between["loglik"],
        "LRT_within": within["statistic"], "p_within": within["p_value"], "LRT_between": between["statistic"],
        "p_between": between["p_value"],
    }  # fmt: skip
    assert not agree(case, found)
    assert_allclose(within["p_value_boundary"], 0.5 * within["p_value"])  # Self & Liang 1987: half


@of("multivariate")
def test_multivariate(case):
    inputs, spec, expected = case["inputs"], case["spec"], case["expected"]
    V = np.array(inputs["V"])
    data = {
        "study": inputs["study"],
        "outcome": inputs["outcome"],
        "estimate": inputs["yi"],
        "std_error": np.sqrt(np.diag(V)),
    }
    if "x" in inputs:
        data["x"] = inputs["x"]
    fit = multivariate(data, V=V, structure=spec["structure"], method=spec["method"], ci=spec["ci_method"], level=spec["level"],
                       moderators=["x"] if "x" in inputs else [])  # fmt: skip
    part = fit.components[0]
    found = {**model_numbers(fit), "tau2": part.tau2, "rho": part.rho, "G": part.matrix}
    if "contrast_1_minus_2" in expected:
        assert list(part.levels) == expected["outcome_order"]
        row = fit.contrast({part.levels[0]: 1, part.levels[1]: -1}).row(0)
        found["contrast_1_minus_2"] = {
            "estimate": row["estimate"],
            "se": row["std_error"],
            "statistic": row["statistic"],
            "p": row["p_value"],
        }
    assert not agree(case, found, {key: value for key, value in expected.items() if key != "outcome_order"})
    assert [f"outcome{name}" for name in fit.names] == expected["coefficients"]["names"]
    # the log-likelihood to 1e-6, as the reference file asks, and never below the reference's
    assert_allclose(fit.loglik, expected["loglik"], atol=1e-6)
    assert fit.loglik > expected["loglik"] - 1e-9


@of("cluster_robust")
def test_cluster_robust(case):
    tests = {"Satterthwaite": "Satterthwaite", "naive-t": "t", "z": "z"}
    found = robust(frame(case), moderators=["x"], kind=case["spec"]["type"], test=tests[case["spec"]["test"]])
    table = found.coefficients
    numbers = {
        "beta": table.estimate, "tau2": float(found.tau2[0]), "vcov": found.vcov, "se": table.std_error, "t": table.statistic,
        "df": table.df, "p": table.p_value,
    }  # fmt: skip
    assert not agree(case, numbers)


@of("rve")
def test_robust_variance_estimation(case):
    spec = case["spec"]
    weights = "correlated" if spec["weights"] == "correlated effects" else "hierarchical"
    found = rve(
        frame(case),
        weights=weights,
        rho=spec.get("rho"),
        moderators=moderators(case),
        small_sample=spec["small_sample"],
        level=spec["level"],
    )
    table = found.coefficients
    numbers = {
        "beta": table.estimate, "se": table.std_error, "t": table.statistic, "df": table.df, "p": table.p_value, "ci_low": table.ci_low,
        "ci_high": table.ci_high, "tau2": float(found.tau2[0]), "omega2": found.omega2, "I2": found.i2, "n_clusters": found.clusters,
        "k": found.k,
    }  # fmt: skip
    assert not agree(case, numbers)


@of("aggregate")
def test_aggregate(case):
    rho, data = case["spec"]["rho"], frame(case)
    ways = {
        "cs_weighted": {"rho": rho},
        "independent": {"rho": 0.0},
        "cs_unweighted": {"rho": rho, "weighting": "equal"},
    }
    found = {}
    for name, options in ways.items():
        one = aggregate(data, **options)
        found.update({f"{name}_yi": one.estimate, f"{name}_vi": one.variance})
    labels = aggregate(data, rho=rho).study
    found["cluster"] = [float(label) for label in labels]
    assert not agree(case, found)


def test_profile_interval_of_one_component_alone():
    """The interval asked for one by one is that of the table."""
    fit = fitted(next(c for c in ALL if c["task"] == "multilevel_profile_ci"))
    row = fit.component_intervals[1]
    assert (row["ci_low"], row["ci_high"]) == tau2_interval(fit.problem, fit.solution, 1)
