"""Structures that the main reference file does not hold, against metafor 3.8-1 on one drawn data set (82 effects, 30 studies).

The reference searches with nlminb to 1e-10 in the likelihood: components agree to 5e-4, log-likelihoods to 1e-6, and ours is never lower.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ostealgia.meta import known_covariance, multilevel, multivariate, trajectory
from ostealgia.numerics.mixed_effects_profile import rho_interval
from reference_cases import cases, close

ALL = cases("multilevel_direct")


def data(case):
    inputs = case["inputs"]
    frame = {name: inputs[name] for name in ("study", "time", "lab", "row")}
    return {**frame, "estimate": inputs["yi"], "std_error": np.sqrt(np.array(inputs["vi"]))}


def fitted(case):
    frame, spec = data(case), case["spec"]
    V = known_covariance(frame, rho=spec["V"]) if spec["V"] else None
    if "random" in spec:
        return multilevel(frame, random=spec["random"], V=V)
    if "shape" in spec:
        return trajectory(frame, shape=spec["shape"], structure=spec["structure"], V=V).fit
    return multivariate(frame, outcome="time", structure=spec["structure"], method=spec["method"], V=V)


@pytest.mark.parametrize("case", ALL, ids=lambda case: case["id"])
def test_structure(case):
    fit, expected = fitted(case), case["expected"]
    assert_allclose(fit.loglik, expected["loglik"], atol=1e-6)
    assert fit.loglik > expected["loglik"] - 1e-8
    assert close(case, fit.coefficients.estimate, expected["beta"])
    assert close(case, fit.coefficients.std_error, expected["se"])
    assert close(case, [fit.q], [expected["QE"]])
    if expected["sigma2"]:
        assert close(case, fit.tau2, expected["sigma2"])
    if expected["tau2"]:
        part = fit.components[0]
        assert close(case, part.tau2, expected["tau2"])
        assert close(case, part.rho, expected["rho"])
    assert fit.certificate["gradient"] < 1e-9
    assert fit.certificate["largest_curvature"] < 1e-6


def limits(fit, quantity):
    row = next(row for row in fit.component_intervals if row["quantity"] == quantity)
    return row["ci_low"], row["ci_high"]


def test_profile_intervals_of_structures():
    """As confint() of the reference prints them, to its 4 decimals (its root search stops at 1.2e-4)."""
    frame = data(ALL[0])
    V = known_covariance(frame, rho=0.5)
    car = multivariate(frame, outcome="time", structure="CAR", V=V)
    assert_allclose(limits(car, "tau2"), (0.0833, 0.2117), atol=1.7e-4)
    low, high = limits(car, "rho")
    assert low == 0.0 and abs(high - 0.8819) < 1.7e-4  # the reference: "<0.0000"
    hcs = multivariate(frame, outcome="time", structure="HCS", V=V)
    assert_allclose(limits(hcs, "tau2 4"), (0.0364, 0.2327), atol=1.7e-4)
    assert_allclose(limits(hcs, "rho"), (-0.1630, 0.5434), atol=1.7e-4)


def test_profile_of_every_pair_of_un():
    """A correlation of a later pair is profiled after renumbering the levels; renumbering the data gives the same limits."""
    frame = data(ALL[0])
    keep = np.isin(frame["time"], (1, 4, 8))
    three = {name: np.asarray(values)[keep] for name, values in frame.items()}
    fit = multivariate(three, outcome="time", structure="UN")
    other = {1: 8, 8: 1, 4: 4}
    swapped = multivariate({**three, "time": [other[t] for t in three["time"]]}, outcome="time", structure="UN")
    assert_allclose(fit.loglik, swapped.loglik, atol=1e-9)
    assert fit.components[0].quantities()[5][0] == "rho 4, 8" and swapped.components[0].quantities()[3][0] == "rho 1, 4"
    last, first = rho_interval(fit.problem, fit.solution, 0, 2), rho_interval(swapped.problem, swapped.solution, 0, 0)
    assert_allclose(last, first, rtol=1e-6)
    assert last[0] < fit.components[0].rho[2] < last[1]
