"""GLMMs against lme4 / metafor, and, where lme4's own approximation shows, against a direct maximisation.

Tolerances are those of the cases: 1e-3 for what lme4's optimiser leaves open, 1e-6 for closed forms.
"""

from __future__ import annotations

import json
from functools import cache

import pytest

from ostealgia.numerics.glmm import GlmmFit, fit_proportion, fit_rate
from ostealgia.numerics.glmm_two_group import fit_odds_ratio, fit_rate_ratio
from reference_cases import FOLDER, cases, close

CASES = {case["id"]: case for case in cases("glmm")}
DIRECT = {case["id"]: case for case in json.loads((FOLDER / "glmm_direct.json").read_text(encoding="utf-8"))["cases"]}
FIELD = {
    "k": "k",
    "estimate": "estimate",
    "se": "std_error",
    "tau2": "tau2",
    "sigma2_study": "sigma2_study",
    "I2": "i2_tau2",
    "H2": "h2",
    "QE_Wald": "q_wald",
    "QE_LRT": "q_lrt",
    "QE_df": "q_df",
}
# A number that follows from one that glmm_direct.json replaces.
FOLLOWS = {"tau2": ("H2",)}


@cache
def fitted(name: str) -> GlmmFit:
    case = CASES[name]
    spec, x = case["spec"], case["inputs"]
    common = spec["method"] == "EE" or spec.get("model", "").startswith("common (")
    options = {"method": "EE" if common else "ML", "quadrature_points": spec.get("quadrature_points", 7)}
    if case["task"] == "glmm_proportion":
        return fit_proportion(x["xi"], x["ni"], **options)
    if case["task"] == "glmm_rate":
        return fit_rate(x["xi"], x["ti"], **options)
    if case["task"] == "glmm_rate_ratio":
        return fit_rate_ratio(x["x1i"], x["t1i"], x["x2i"], x["t2i"], model=spec["model"], **options)
    return fit_odds_ratio(x["ai"], x["n1i"], x["ci"], x["n2i"], model=spec["model"], **options)


def found(fit: GlmmFit, case, field: str) -> float:
    """The value under the name of the reference. metafor's log-likelihood of quadrature fits is that at the modes."""
    if field != "loglik":
        return getattr(fit, FIELD[field])
    marginal = case["engine"].startswith("direct") or case["spec"].get("model") == "UM.RS"
    return fit.loglik if marginal else fit.loglik_at_modes


def superseded(name: str) -> set[str]:
    """Fields whose reference is beyond its own tolerance from the direct maximisation, and what follows from them."""
    out: set[str] = set()
    for field, value in DIRECT.get(name, {"expected": {}})["expected"].items():
        if field in CASES[name]["expected"] and not close(CASES[name], value, CASES[name]["expected"][field]):
            out |= {field, *FOLLOWS.get(field, ())}
    return out


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "common" not in case["expected"]])
def test_metafor_convention(name):
    case, fit = CASES[name], fitted(name)
    skip = superseded(name)
    fields = [field for field in (*FIELD, "loglik") if field in case["expected"] and field not in skip]
    assert fit.converged and {"k", "estimate"} <= set(fields)
    wrong = {field: (found(fit, case, field), case["expected"][field]) for field in fields
             if not close(case, found(fit, case, field), case["expected"][field])}  # fmt: skip
    assert not wrong


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "common" in case["expected"]])
def test_meta_convention(name):
    case, fit = CASES[name], fitted(name)
    expected = case["expected"]
    pairs = {
        "common": (fit.common_estimate, expected["common"]["estimate"]),
        "common se": (fit.common_std_error, expected["common"]["se"]),
        "random": (fit.estimate, expected["random"]["estimate"]),
        "random se": (fit.std_error, expected["random"]["se"]),
        "tau2": (fit.tau2, expected["tau2"]),
        "I2": (fit.i2_q / 100, expected["I2"]),
        "Q_wald": (fit.q_wald, expected["Q_wald"]),
        "Q_lrt": (fit.q_lrt, expected["Q_lrt"]),
        "Q_df": (fit.q_df, expected["Q_df"]),
        "k": (fit.k, expected["k"]),
    }
    assert not {name: pair for name, pair in pairs.items() if not close(case, *pair)}


@pytest.mark.parametrize("name", DIRECT)
def test_direct_maximisation(name):
    # 1e-6: both sides maximise the same Laplace likelihood to the end.
    case, fit = DIRECT[name], fitted(name)
    wrong = {field: (found(fit, case, field), value) for field, value in case["expected"].items()
             if not close(case, found(fit, case, field), value)}  # fmt: skip
    assert not wrong


def test_which_reference_values_are_superseded():
    """Laplace fits only, for standard error and Wald Q, and one Wald Q that loses digits; all else is compared as it stands."""
    assert {name: superseded(name) for name in DIRECT if superseded(name)} == {
        "glmmprop-pritz1997-nAGQ1": {"se", "tau2", "H2"},
        "glmmprop-baal2021-nAGQ1": {"se"},
        "glmmprop-li2025-nAGQ1": {"se"},
        "glmmprop-baal2021-EE-z": {"QE_Wald"},
        "glmm2x2-bcg-UM.RS-ML": {"se", "QE_Wald"},
        "glmm2x2-li2007-UM.RS-ML": {"se", "QE_Wald"},
        "glmm2x2-hahn2001-UM.RS-ML": {"se", "QE_Wald"},
        "glmm2x2-graves2010-UM.RS-ML": {"se", "QE_Wald"},
    }


@pytest.mark.parametrize("name", [name for name in CASES if "ML" in name])
def test_certificate(name):
    fit = fitted(name)
    proof = fit.certificate
    # A further Newton step would change the log-likelihood by less than rounding does.
    assert proof["newton_decrement"] < 1e-10
    assert proof["boundary"] == (fit.tau2 == 0 or fit.sigma2_study == 0)
    if fit.tau2 == 0 and "score_of_tau2_at_zero" in proof:
        assert proof["score_of_tau2_at_zero"] <= 0
