"""Tests of funnel asymmetry against metafor 5.1-12 (regtest, ranktest) and meta 8.4-0 (metabias). All are closed forms or certified roots:
the tolerance is that of the cases (1e-6)."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from reference_cases import cases, close

from ostealgia.effects import compute
from ostealgia.errors import OptionError
from ostealgia.meta import asymmetry_test, begg, egger, pool, regtest, small_study_effects
from ostealgia.numerics.small_study import rank_correlation
from ostealgia.numerics.small_study_counts import noncentral_hypergeometric

ALL = cases("bias")
TABLE_TESTS = ("harbord", "peters", "macaskill", "schwarzer", "deeks")


def given(case):
    """Effects as they stand in the case."""
    inputs, measure = case["inputs"], case["spec"]["measure"]
    frame = {"estimate": np.array(inputs["yi"], float), "std_error": np.sqrt(np.array(inputs["vi"], float))}
    frame["measure"] = [measure] * len(frame["estimate"])
    if "ni" in inputs:
        frame["n"] = np.array(inputs["ni"], float)
    return frame


def computed(case):
    """Effects from raw data by the conventions of R's meta."""
    spec, measure = case["spec"], case["spec"]["measure"]
    if measure == "SMD":
        return compute(case["inputs"], measure="SMD", exact_smd=True, vtype="UB")
    options = {"rr_increment_to_n": "incr"} if measure == "RR" else {}
    return compute(
        case["inputs"], measure=measure, increment=spec["increment"], apply_increment=spec["apply_increment"],
        drop_double_zero=True, **options,
    )  # fmt: skip


def check(case, found):
    wrong = {key: (found[key], value) for key, value in case["expected"].items() if not close(case, found[key], value)}
    assert not wrong


def line(result):
    return {
        "statistic": result.statistic, "df": result.df, "p": result.p_value, "tau2": result.tau2,
        "limit_estimate": result.limit_estimate, "limit_ci_low": result.limit_ci_low, "limit_ci_high": result.limit_ci_high,
        "intercept": result.intercept, "intercept_se": result.intercept_std_error, "slope": result.slope,
        "slope_se": result.slope_std_error, "estimate": result.slope, "se": result.slope_std_error,
        "se_intercept": result.intercept_std_error,
    }  # fmt: skip


@pytest.mark.parametrize(
    "case", [c for c in ALL if c["task"] == "egger" and "predictor" in c["spec"]], ids=lambda c: c["id"]
)
def test_regression_test(case):
    model = "rma" if case["spec"]["model"].startswith("mixed") else "lm"
    check(case, line(regtest(given(case), model=model, predictor=case["spec"]["predictor"])))


@pytest.mark.parametrize("case", [c for c in ALL if c["task"] == "begg" and "yi" in c["inputs"]], ids=lambda c: c["id"])
def test_begg(case):
    if "kendall_tau" in case["expected"]:
        found = begg(given(case))
        check(case, {"kendall_tau": found.tau, "p_default": found.p_value, "p_normal_approx": found.p_normal})
        return
    found = begg(given(case), p="corrected" if case["spec"]["continuity_correction"] else "normal")
    check(case, {"statistic": found.statistic, "p": found.p_value, "estimate": found.s, "se": found.s_std_error})


@pytest.mark.parametrize(
    "case", [c for c in ALL if c["task"] == "egger" and "predictor" not in c["spec"]], ids=lambda c: c["id"]
)
def test_egger(case):
    effects = given(case) if "yi" in case["inputs"] else computed(case)
    check(case, line(asymmetry_test(effects, "egger")))
    assert_allclose(egger(effects).p_value, case["expected"]["p"], rtol=case["rtol"], atol=case["atol"])


@pytest.mark.parametrize("case", [c for c in ALL if c["task"] == "thompson_sharp"], ids=lambda c: c["id"])
def test_thompson_sharp(case):
    check(case, line(asymmetry_test(given(case), "thompson")))


@pytest.mark.parametrize(
    "case", [c for c in ALL if c["task"] in TABLE_TESTS or (c["task"] == "begg" and "ai" in c["inputs"])], ids=lambda c: c["id"]
)
def test_from_counts(case):
    """Harbord for RR uses the information of groups of equal size, as the reference does; see test_harbord_information."""
    task = case["task"]
    found = asymmetry_test(computed(case), task, **({"p": "normal"} if task in ("begg", "schwarzer") else {}))
    if task in ("begg", "schwarzer"):
        check(case, {"statistic": found.statistic, "p": found.p_value, "estimate": found.s, "se": found.s_std_error})
    else:
        check(case, line(found))


@pytest.mark.parametrize("case", [c for c in ALL if c["task"] == "pustejovsky"], ids=lambda c: c["id"])
def test_pustejovsky(case):
    check(case, line(asymmetry_test(computed(case), "pustejovsky")))
