"""Influence, residuals, leave-one-out, cumulative and Baujat against metafor 5.1-12 and meta 8.4-0, at the tolerance of each case.

Tolerances: 1e-6, and 1e-5 for influence and residuals, whose reference refits stop at that.
"""

from __future__ import annotations

import numpy as np
import pytest

from ostealgia.meta import baujat, cumulative, influence, leave_one_out, pool, regress, residuals
from reference_cases import cases, close

CI = {"z": "z", "hartung-knapp": "HK", "hartung-knapp-adhoc": "HK-adhoc"}


def of(*tasks):
    return [case for case in cases("diagnostics") if case["task"] in tasks]


def fitted(case):
    inputs, spec = case["inputs"], case["spec"]
    data = {
        "study": inputs["slab"],
        "estimate": np.array(inputs["yi"], dtype=float),
        "std_error": np.sqrt(np.array(inputs["vi"], dtype=float)),
        "order": np.array(inputs["vi"], dtype=float),
        **{name: np.array(values) for name, values in inputs.get("moderators", {}).items()},
    }
    method = spec.get("tau2_method", "EE")
    options = {
        "tau2": "REML" if method == "EE" else method,
        "ci": CI[spec.get("ci_method", "z")],
        "measure": spec["measure"],
    }
    if spec["model"] == "mixed":
        return regress(data, "~ ablat", **options)
    return pool(data, model=spec["model"], **options)


def assert_matches(case, found):
    wrong = {key: (found[key], value) for key, value in case["expected"].items() if not close(case, found[key], value)}
    assert not wrong


@pytest.mark.parametrize("case", of("influence"), ids=lambda c: c["id"])
def test_influence(case):
    found = influence(fitted(case))
    assert_matches(
        case,
        {
            "rstudent": found.rstudent, "dffits": found.dffits, "cook_d": found.cook_distance, "cov_r": found.cov_ratio,
            "tau2_del": found.tau2_deleted, "QE_del": found.q_deleted, "hat": found.hat, "weight_pct": found.weight,
            "dfbetas": found.dfbetas, "is_influential": found.influential,
        },
    )  # fmt: skip


@pytest.mark.parametrize("case", of("residuals"), ids=lambda c: c["id"])
def test_residuals(case):
    found = residuals(fitted(case))
    assert_matches(
        case,
        {
            "resid": found.residual, "resid_se": found.residual_std_error, "standardized": found.standardised,
            "deleted_resid": found.deleted_residual, "deleted_se": found.deleted_std_error, "studentized": found.studentised,
        },
    )  # fmt: skip


def refit_numbers(case, result):
    """The rows of the table, found at once, and what only the single refits hold."""
    frame, fits = result.to_frame(), list(result.fits)
    common, by_q = case["spec"]["model"] == "common", case["spec"].get("i2_convention") == "Q-based"
    i2 = [fit.i2_q / 100 if by_q else fit.i2_q if common else fit.i2_tau2 for fit in fits]
    return {
        "estimate": frame["estimate"], "ci_low": frame["ci_low"], "ci_high": frame["ci_high"],
        "tau2": frame["tau2"].fillna(0.0),  # one study: the reference writes 0 where there is no estimate
        "se": [fit.std_error for fit in fits], "p": [fit.p_value for fit in fits], "Q": [fit.q for fit in fits],
        "Q_p": [fit.q_p_value for fit in fits], "H2": [fit.h2 for fit in fits],
        "I2": [0.0 if np.isnan(value) else value for value in i2],
    }  # fmt: skip


@pytest.mark.parametrize("case", of("leave_one_out"), ids=lambda c: c["id"])
def test_leave_one_out(case):
    assert_matches(case, refit_numbers(case, leave_one_out(fitted(case))))


@pytest.mark.parametrize("case", of("cumulative"), ids=lambda c: c["id"])
def test_cumulative(case):
    fit = fitted(case)
    order = np.array(case["spec"]["order_index_1based"]) - 1
    found = cumulative(fit, order)
    assert_matches(case, refit_numbers(case, found))
    assert found.labels == cumulative(fit, "order").labels  # the column sorts the studies in that order


@pytest.mark.parametrize("case", of("baujat"), ids=lambda c: c["id"])
def test_baujat(case):
    found = baujat(fitted(case))
    assert_matches(case, {"x": found.heterogeneity, "y": found.influence})
