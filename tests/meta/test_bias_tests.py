"""Tests of funnel asymmetry against metafor 5.1-12 (regtest, ranktest) and meta 8.4-0 (metabias). All are closed forms
or certified roots: the tolerance is that of the cases (1e-6)."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ostealgia.effects import compute
from ostealgia.errors import OptionError
from ostealgia.meta import asymmetry_test, begg, egger, pool, regtest, small_study_effects
from ostealgia.numerics.small_study import rank_correlation
from ostealgia.numerics.small_study_counts import noncentral_hypergeometric
from reference_cases import cases, close

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
    "case",
    [c for c in ALL if c["task"] in TABLE_TESTS or (c["task"] == "begg" and "ai" in c["inputs"])],
    ids=lambda c: c["id"],
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


def test_every_case_of_the_reference_is_used():
    tasks = {"egger", "begg", "thompson_sharp", "pustejovsky", *TABLE_TESTS}
    elsewhere = {"trim_and_fill", "fail_safe_n", "pet_peese", "excess_significance", "henmi_copas"}
    assert len(ALL) == 334 and {c["task"] for c in ALL} == tasks | elsewhere


TRIALS = {
    "study": list("ABCDEFGHIJKL"),
    "events_1": [1, 4, 9, 30, 12, 5, 2, 18, 7, 22, 3, 0], "n_1": [10, 25, 60, 200, 90, 40, 15, 120, 50, 150, 20, 12],
    "events_2": [4, 8, 14, 38, 20, 9, 5, 25, 8, 30, 6, 0], "n_2": [10, 25, 60, 200, 95, 38, 17, 118, 52, 155, 22, 11],
}  # fmt: skip


def trials(measure="OR"):
    return compute(TRIALS, measure=measure)


def test_harbord_information():
    """For groups of one size both forms agree; else the reference's equal-arms form differs from the information n1 n2
    d / (n h).

    The information is checked as the variance of the score under no effect, by simulation (200,000 draws: 1% is 3
    standard errors).
    """
    equal = compute({**TRIALS, "n_1": TRIALS["n_2"]}, measure="RR", drop_double_zero=True)
    both = [asymmetry_test(equal, kind).statistic for kind in ("harbord", "harbord-fisher")]
    assert_allclose(both[0], both[1], rtol=1e-12)
    uneven = compute(
        {**TRIALS, "n_1": [n * (1 + i % 3) for i, n in enumerate(TRIALS["n_2"])]}, measure="RR", drop_double_zero=True
    )
    apart = [asymmetry_test(uneven, kind) for kind in ("harbord", "harbord-fisher")]
    assert abs(apart[0].statistic - apart[1].statistic) > 1e-3
    assert any("harbord-fisher" in note for note in apart[0].notes) and not any(
        "equal size" in note for note in apart[1].notes
    )
    rng, risk, n_1, n_2 = np.random.default_rng(20260203), 0.2, 600, 200
    a, c = rng.binomial(n_1, risk, 200_000), rng.binomial(n_2, risk, 200_000)
    d = a + c
    score = (a * (n_1 + n_2) - d * n_1) / (n_1 + n_2 - d)
    information = n_1 * n_2 * d / ((n_1 + n_2) * (n_1 + n_2 - d))
    assert_allclose(score.var(), information.mean(), rtol=0.01)


def test_rank_test_against_all_orders():
    """The exact P of Kendall's S by counting all 720 orders of six."""
    from itertools import permutations

    x = np.arange(6.0)
    counts = [rank_correlation(x, np.array(order, float)).s for order in permutations(range(6))]
    found = rank_correlation(x, np.array([1.0, 0.0, 2.0, 4.0, 3.0, 5.0]))
    assert_allclose(found.p_exact, np.mean(np.abs(counts) >= abs(found.s)), rtol=1e-12)


def test_noncentral_hypergeometric_against_its_definition():
    """Mean and variance by the weights C(n1, x) C(n2, m - x) OR^x (sum of 8 terms)."""
    x = np.arange(8)
    w = np.array([math.comb(12, i) * math.comb(9, 7 - i) * 2.5**i for i in x], float)
    mean = (w * x).sum() / w.sum()
    assert_allclose(
        noncentral_hypergeometric(7, 12, 9, math.log(2.5)), (mean, (w * (x - mean) ** 2).sum() / w.sum()), rtol=1e-12
    )
    big = noncentral_hypergeometric(4000, 29000, 29050, -0.01)
    assert np.isfinite(big).all() and abs(big[0] - 2000) < 50


def test_table_of_tests():
    """Every test with numbers or a reason; counts with nobody affected are excluded by name; few studies are named."""
    frame = small_study_effects(trials())
    assert list(frame.columns) == [
        "test",
        "kind",
        "k",
        "applies",
        "statistic",
        "df",
        "p_value",
        "estimate",
        "std_error",
        "note",
    ]
    said = frame.set_index("kind")
    assert said.loc["pustejovsky", "note"] == "the Pustejovsky-Rodgers test is for SMD; found 'OR'."
    assert not said.loc["pustejovsky", "applies"] and np.isnan(said.loc["pustejovsky", "p_value"])
    assert said.loc["peters", "applies"] and said.loc["peters", "p_value"] == asymmetry_test(trials(), "peters").p_value
    assert "tied to its own standard error" in said.loc["egger", "note"] and said.loc["peters", "note"] == ""
    few = small_study_effects(trials().take([0, 1, 2, 3, 4]))
    assert few[few["applies"]]["note"].str.contains("under 10").all()
    plain = small_study_effects({"estimate": [0.1, 0.4, 0.2, 0.9], "std_error": [0.1, 0.2, 0.15, 0.4]}).set_index(
        "kind"
    )
    assert "needs the counts" in plain.loc["schwarzer", "note"] and "is for OR and RR" in plain.loc["peters", "note"]
    rates = compute({"events": [3, 8, 20, 9], "n": [10, 30, 60, 50]}, measure="PLO")
    assert "a proportion is tied" in small_study_effects(rates).set_index("kind").loc["egger", "note"]


def test_tables_without_events_are_excluded_by_name():
    found = asymmetry_test(trials(), "peters")
    assert (
        found.k == 11 and found.excluded[-1].study == "L" and "no events in either group" in found.excluded[-1].reason
    )
    assert "1 study excluded" in str(found)


def test_arcsine_is_thompson_on_arcsine_differences():
    found, plain = (
        asymmetry_test(trials(), "arcsine"),
        asymmetry_test(compute(TRIALS, measure="AS", apply_increment="none"), "thompson"),
    )
    assert found.k == 12  # tables without events stay
    assert_allclose([found.slope, found.p_value], [plain.slope, plain.p_value], rtol=1e-12)


@pytest.mark.parametrize("kind", ["egger", "egger-mixed", "thompson", "begg"])
@pytest.mark.parametrize("power", [-12, 9])
def test_unit_and_mirror(kind, power):
    """A change of unit by a power of two, and effects turned round, change no P value."""
    y, se = trials().estimate, trials().std_error
    base = asymmetry_test({"estimate": y, "std_error": se}, kind)
    scaled = asymmetry_test({"estimate": y * 2.0**power, "std_error": se * 2.0**power}, kind)
    turned = asymmetry_test({"estimate": -y, "std_error": se}, kind)
    assert_allclose([scaled.p_value, turned.p_value], base.p_value, rtol=1e-7)
    assert_allclose(turned.statistic, -base.statistic, rtol=1e-7)


def test_a_pool_can_be_given():
    fit = pool(trials())
    assert asymmetry_test(fit).p_value == asymmetry_test(trials()).p_value


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: asymmetry_test(trials(), "peter"), "Did you mean 'peters'"),
        (lambda: asymmetry_test(trials().take([0, 1])), "needs 3 studies or more; found 2"),
        (lambda: asymmetry_test(trials(), "deeks", p="exact"), "not an option of kind='deeks'"),
        (lambda: asymmetry_test(trials("RR"), "deeks"), "is for OR; found 'RR'"),
        (lambda: regtest(trials(), predictor="n"), "not one of"),
        (lambda: regtest({"estimate": [1, 2, 3], "std_error": [1, 2, 3]}, predictor="ninv"), "number of patients"),
        (lambda: regtest({"estimate": [1, 2, 3], "std_error": [1, 1, 1]}), "all are equal"),
        (lambda: begg({"estimate": [1, 2, 4], "std_error": [1, 1, 2]}, p="exact"), "there are ties"),
        (
            lambda: asymmetry_test(
                {"estimate": [1, 2, 3], "std_error": [1, 2, 3], "measure": ["SMD"] * 3}, "pustejovsky"
            ),
            "group sizes",
        ),
        (lambda: asymmetry_test({"estimate": [1, 2, 3], "std_error": [1, 2, 3]}, "arcsine"), "needs the counts"),
    ],
)
def test_what_they_refuse(call, words):
    with pytest.raises(OptionError, match=words):
        call()


def test_results_are_json_ready_and_calm():
    found, rank = regtest(trials(), model="rma"), begg(trials())
    assert found.to_dict()["df"] == "Infinity" and rank.to_dict()["p_method"] in ("exact", "normal")
    assert list(found.to_frame()["kind"]) == ["regression"] and list(rank.to_frame()["kind"]) == ["begg"]
    assert str(rank).startswith("Begg's rank test: OR, 12 studies")
    assert "effect of a study without error" in str(found)
