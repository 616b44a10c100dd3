"""Trim and fill, fail-safe N, PET-PEESE, excess significance and Henmi-Copas against metafor 5.1-12 and meta 8.4-0."""

from __future__ import annotations

import numpy as np
import pytest
from reference_cases import cases, close

from ostealgia.meta import excess_significance, fail_safe_n, henmi_copas, pet_peese, pool, trim_and_fill
from ostealgia.numerics.likelihood import score

ALL = cases("bias")


def given(case):
    """Effects as they stand in the case."""
    inputs = case["inputs"]
    frame = {"estimate": np.array(inputs["yi"], float), "std_error": np.sqrt(np.array(inputs["vi"], float))}
    return {**frame, "study": inputs["slab"], "measure": [case["spec"]["measure"]] * len(frame["estimate"])}


def check(case, found):
    wrong = {key: (found[key], value) for key, value in case["expected"].items() if not close(case, found[key], value)}
    assert not wrong


def trimmed(case):
    spec = case["spec"]
    model = {"model": "common"} if spec["tau2_method"] == "EE" else {"model": "random", "tau2": spec["tau2_method"]}
    trimming = "common" if spec.get("trimming_model") == "common" else "fitted"
    return trim_and_fill(
        given(case), estimator=spec["estimator"], side=spec["side"], trimming=trimming, ci="z", tau2_ci="none", **model
    )  # fmt: skip


def numbers(fit, *, meta):
    i2 = fit.i2_q / 100 if meta else fit.i2_q if fit.model == "common" else fit.i2_tau2
    w = 1 / fit.effects.variance
    return {
        "estimate": fit.estimate, "se": fit.std_error, "ci_low": fit.ci_low, "ci_high": fit.ci_high, "p": fit.p_value,
        "tau2": fit.tau2, "Q": fit.q, "I2": i2, "common_estimate": (w * fit.effects.estimate).sum() / w.sum(),
    }  # fmt: skip


def counted(found):
    order = np.argsort(found.filled_estimate, kind="stable")
    return {
        "k0": found.k0, "se_k0": found.k0_std_error, "p_k0": found.p_value, "filled_yi": found.filled_estimate[order],
        "filled_vi": found.filled_std_error[order] ** 2,
    }  # fmt: skip


def without(case, *names):
    return {**case, "expected": {key: value for key, value in case["expected"].items() if key not in names}}


TRIMMED = [c for c in ALL if c["task"] == "trim_and_fill"]
REML = [c for c in TRIMMED if c["spec"]["tau2_method"] == "REML"]


@pytest.mark.parametrize("case", [c for c in TRIMMED if c not in REML], ids=lambda c: c["id"])
def test_trim_and_fill(case):
    """Both conventions of trimming. The reference lists filled studies in increasing order."""
    found = trimmed(case)
    assert case["expected"].get("side", found.side) == found.side
    assert case["expected"].get("left", found.side == "left") == (found.side == "left")
    check(without(case, "side", "left"), {**counted(found), **numbers(found.adjusted, meta="family" in case["spec"])})


@pytest.mark.parametrize("case", REML, ids=lambda c: c["id"])
def test_trim_and_fill_by_reml(case):
    """The reference refits the trimmed and filled studies with its default stop rule, which leaves tau2 off by up to 1e-5.

    So its own tau2 and everything derived from it cannot be held to 1e-6. Held instead: the numbers of studies, the side; that our tau2 solves the
    restricted likelihood's equation better than the reference's; that the reference's other numbers follow from its tau2 and its filled
    studies at the tolerance of the case; and that ours are within what a step of 1e-5 in tau2 does to them (1e-4, relative).
    """
    found, expected = trimmed(case), case["expected"]
    assert (found.k0, found.side) == (expected["k0"], expected["side"])
    fit, data = found.adjusted, given(case)
    strata = [(fit.effects.estimate, fit.effects.variance)]
    ours, theirs = (abs(score(t, strata, restricted=True)[0]) for t in (fit.tau2, expected["tau2"]))
    assert ours <= max(1e-9, theirs)
    y = np.concatenate([data["estimate"], expected["filled_yi"]])
    se = np.concatenate([data["std_error"], np.sqrt(expected["filled_vi"])])
    theirs = pool({"estimate": y, "std_error": se}, tau2_value=expected["tau2"], ci="z", pi="none")
    check(without(case, "side", "k0", "se_k0", "p_k0", "filled_yi", "filled_vi"), numbers(theirs, meta=False))
    near = {**without(case, "side"), "rtol": 1e-4, "atol": 1e-5}
    check(near, {**counted(found), **numbers(fit, meta=False)})


@pytest.mark.parametrize("case", [c for c in ALL if c["task"] == "fail_safe_n"], ids=lambda c: c["id"])
def test_fail_safe_n(case):
    """The reference's "unweighted" Orwin cases print the weighted mean, as its software does once variances are given."""
    spec = case["spec"]
    target = spec.get("target") if not isinstance(spec.get("target"), str) else None
    found = fail_safe_n(given(case), spec["type"], target=target, **({"alpha": spec["alpha"]} if "alpha" in spec else {}))
    check(case, {"n": found.n, "p": found.p_value, "estimate": found.estimate, "target": found.target})
    assert "not recommended" in found.notes[-1]


@pytest.mark.parametrize("case", [c for c in ALL if c["task"] == "pet_peese"], ids=lambda c: c["id"])
def test_pet_peese(case):
    found = pet_peese(given(case))
    numbers = {}
    for name in ("pet", "peese"):
        line = getattr(found, name)
        numbers |= {
            f"{name}_intercept": line.intercept, f"{name}_intercept_se": line.intercept_std_error,
            f"{name}_intercept_p": getattr(found, f"{name}_p_value"), f"{name}_slope": line.slope,
            f"{name}_slope_se": line.slope_std_error, f"{name}_slope_p": getattr(found, f"{name}_slope_p_value"),
        }  # fmt: skip
    check(case, numbers)
    assert found.chosen == ("PEESE" if case["expected"]["pet_intercept_p"] < 0.10 else "PET")
    assert found.estimate == getattr(found, found.chosen.lower()).intercept


@pytest.mark.parametrize("case", [c for c in ALL if c["task"] == "excess_significance"], ids=lambda c: c["id"])
def test_excess_significance(case):
    found = excess_significance(given(case), test=case["spec"]["test"], alpha=case["spec"]["alpha"])
    check(
        case,
        {"observed": found.observed, "expected": found.expected, "ratio": found.ratio, "statistic": found.statistic,
         "p": found.p_value, "theta": found.theta},
    )  # fmt: skip


@pytest.mark.parametrize("case", [c for c in ALL if c["task"] == "henmi_copas"], ids=lambda c: c["id"])
def test_henmi_copas(case):
    """Tolerance of the case, 1e-3: its root search stops at 1.2e-4."""
    found = henmi_copas(given(case), level=case["spec"]["level"])
    check(
        case,
        {"estimate": found.estimate, "se": found.std_error, "ci_low": found.ci_low, "ci_high": found.ci_high, "tau2": found.tau2},
    )
