"""Effect sizes against R (metafor 5.1-12 escalc, meta 8.4-0), and study effects of meta's pooling functions.

Tolerances are those of the cases (1e-9 relative for closed formulas, 1e-8 where a special function is summed).
"""

from __future__ import annotations

from decimal import Decimal, getcontext

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ostealgia.effects import compute
from ostealgia.numerics import transforms
from ostealgia.numerics.proportion_intervals import proportion_interval
from reference_cases import cases

OPTIONS = (
    "increment",
    "apply_increment",
    "drop_double_zero",
    "vtype",
    "bias_correction",
    "method_smd",
    "exact_smd",
    "sd_glass",
    "level",
)


def array(values):
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def options_of(case):
    spec = case["spec"]
    options = {name: spec[name] for name in OPTIONS if name in spec}
    if spec.get("engine_family") == "meta":
        options["bias_correction"] = False
    if spec.get("measure") in {"SMCR", "SMCRH"}:
        # the call behind the numbers gives sd1i = sd_post, so they are standardised by the follow-up SD (engine field)
        assert "sd1i=sd_post" in case["engine"]
        options["standardizer"] = "post"
    return options


def found_for(inputs, measure, options):
    """Estimates and standard errors in the order of the inputs, NaN for rows that were left out."""
    size = len(next(iter(inputs.values())))
    effects = compute({**inputs, "slab": [str(i) for i in range(size)]}, measure=measure, **options)
    estimate, std_error = np.full(size, np.nan), np.full(size, np.nan)
    kept = [int(label) for label in effects.study]
    estimate[kept], std_error[kept] = effects.estimate, effects.std_error
    return estimate, std_error


def agrees(case, found, expected):
    """Every number of the reference is met; where it has none (null), we have none or a standard error of 0."""
    known = np.isfinite(expected)
    assert_allclose(found[known], expected[known], rtol=case["rtol"], atol=case["atol"])
    if case["spec"].get("vtype") != "AV":  # there, one undefined study leaves the reference without any average
        assert not np.any((found > 0) & np.isnan(expected))


def effect_agrees(case, estimate, std_error):
    expected = case["expected"]
    agrees(case, estimate, array(expected["yi"]))
    if "vi" in expected:
        agrees(case, std_error**2, array(expected["vi"]))
    else:
        agrees(case, std_error, array(expected["sei"]))


EFFECTS = [
    case
    for case in cases("effect_sizes")
    if case["task"] in {"escalc", "hr_from_ome"} and case["spec"]["measure"] != "UCOR"
]


@pytest.mark.parametrize("case", EFFECTS, ids=lambda case: case["id"])
def test_measures(case):
    effect_agrees(case, *found_for(case["inputs"], case["spec"]["measure"], options_of(case)))


PUBLISHED = [case for case in cases("effect_sizes") if case["task"].startswith("generic")]


@pytest.mark.parametrize("case", PUBLISHED, ids=lambda case: case["id"])
def test_published_ratios(case):
    """From an interval at 95% and 90%, from an interval alone, and from a P value."""
    effect_agrees(case, *found_for(case["inputs"], "HR", options_of(case)))


def meta_options(case):
    """The conventions of the R package meta, as options."""
    spec, task = case["spec"], case["task"]
    measure = spec["measure"]
    if task == "peto":
        return "PETO", {"apply_increment": "none", "drop_double_zero": True}
    options = {name: spec[name] for name in ("increment", "apply_increment") if name in spec}
    if task == "pool_2x2":
        if measure == "RD":
            options["rd_increment"] = "variance"
        else:
            options["drop_double_zero"] = not spec["include_double_zero"]
        if measure == "RR":
            options["rr_increment_to_n"] = spec["rr_increment_to_n"]
    elif task == "pool_continuous":
        options |= {"SMD": {"exact_smd": True}, "ROM": {"bias_correction": False}}.get(measure, {})
        if "pooled_variance" in spec:
            options["pooled_variance"] = spec["pooled_variance"]
    elif task == "proportion" and case["id"].startswith("metaprop"):
        options |= {"PRAW": {"pr_increment": "variance"}, "PLN": {"pln_increment_to_n": "incr"}}.get(measure, {})
    return measure, options


def meta_cases():
    seen = {}
    for case in (*cases("pooling_meta"), *cases("proportions")):
        if "TE" in case["expected"]:
            measure, options = meta_options(case)
            seen.setdefault((case["dataset"], case["task"], measure, str(options)), case)
    return list(seen.values())


@pytest.mark.parametrize("case", meta_cases(), ids=lambda case: case["id"])
def test_conventions_of_meta(case):
    """TACC, increments once to n, or in the variance only; exact SMD; no correction of the ratio of means."""
    measure, options = meta_options(case)
    estimate, std_error = found_for(case["inputs"], measure, options)
    expected = array([None if x == "Infinity" else x for x in case["expected"]["seTE"]])
    for found, reference in ((estimate, array(case["expected"]["TE"])), (std_error, expected)):
        known = np.isfinite(reference)
        # closed formulas: 1e-8, the precision with which these columns were stored
        assert_allclose(found[known], reference[known], rtol=1e-8, atol=1e-8)
    assert not np.any((std_error > 0) & np.isnan(expected))


METHODS = {
    "Clopper-Pearson": "clopper-pearson",
    "Wilson score": "wilson",
    "Agresti-Coull": "agresti-coull",
    "simple normal approximation": "normal",
    "normal approximation on the logit scale (0.5 correction for 0 or n events)": "logit",
}
INTERVALS = [case for case in cases("proportions") if case["task"] == "single_proportion_ci"]


@pytest.mark.parametrize("case", INTERVALS, ids=lambda case: case["id"])
def test_interval_of_one_proportion(case):
    spec, inputs, expected = case["spec"], case["inputs"], case["expected"]
    found = proportion_interval(inputs["xi"], inputs["ni"], method=METHODS[spec["method"]], level=spec["level"])
    for values, name in zip(found, ("estimate", "ci_low", "ci_high"), strict=True):
        assert_allclose(values, expected[name], rtol=case["rtol"], atol=case["atol"])


BACK = {
    "PFT": transforms.freeman_tukey_back,
    "PAS": transforms.arcsine_back,
    "PLN": transforms.exp,
    "PLOGIT": transforms.expit,
    "PLO": transforms.expit,
    "PRAW": transforms.identity,
}


def scalars(case):
    """Pairs (analysis scale, reported scale) of one case, by name."""
    expected = case["expected"]
    for name, value in expected["back_transformed"].items():
        if name in {"harmonic_mean_n", "inverse"} or value is None:
            continue
        if name in expected and not isinstance(expected[name], dict):
            yield expected[name], value
            continue
        part = "common" if name.startswith("common") else "random"
        yield expected[part][name.removeprefix(part).lstrip("_") or "estimate"], value


BACK_CASES = [case for case in cases("proportions") if "back_transformed" in case["expected"]]


@pytest.mark.parametrize("case", BACK_CASES, ids=lambda case: case["id"])
def test_back_transformation(case):
    """1e-6: the stored analysis-scale values carry the tolerance of a fit."""
    back = BACK[case["spec"]["measure"]]
    size = case["expected"]["back_transformed"].get("harmonic_mean_n")
    pairs = list(scalars(case))
    assert pairs
    for value, reference in pairs:
        found = back(value, size) if size is not None else back(value)
        assert_allclose(found, reference, rtol=1e-6, atol=1e-8)


def exact_unbiased_r(r, n):
    """Olkin and Pratt's r and its variance from the series in 40 digits."""
    getcontext().prec = 40
    r, n = Decimal(str(r)), Decimal(n)
    x = 1 - r * r

    def series(a, c):
        term = total = Decimal(1)
        k = 0
        while term > Decimal(10) ** -30:
            term *= (a + k) * (a + k) / ((c + k) * (k + 1)) * x
            total += term
            k += 1
        return total

    estimate = r * series(Decimal("0.5"), (n - 2) / 2)
    return float(estimate), float(estimate * estimate - 1 + (n - 3) / (n - 2) * x * series(Decimal(1), n / 2))


UNBIASED = [case for case in cases("effect_sizes") if case["spec"].get("measure") == "UCOR"]


@pytest.mark.parametrize("case", UNBIASED, ids=lambda case: case["id"])
def test_unbiased_correlation(case):
    """Every row meets the exact series, and the reference wherever the reference meets it.

    The reference takes the series from the GNU Scientific Library, which for r = -0.04, n = 12 is off by 5e-4: the
    exact value is -0.0425673016, not -0.0425900174.
    """
    inputs, expected, unbiased = case["inputs"], case["expected"], case["spec"]["vtype"] == "UB"
    exact = np.array([exact_unbiased_r(r, n) for r, n in zip(inputs["ri"], inputs["ni"], strict=True)])
    if not unbiased:
        exact[:, 1] = (1 - exact[:, 0] ** 2) ** 2 / (array(inputs["ni"]) - 1)
    estimate, std_error = found_for(inputs, "UCOR", options_of(case))
    for found, truth, reference in (
        (estimate, exact[:, 0], array(expected["yi"])),
        (std_error**2, exact[:, 1], array(expected["vi"])),
    ):
        assert_allclose(found, truth, rtol=1e-9, atol=1e-14)  # UB is a difference of near-equal numbers: 1e-9
        sound = np.abs(reference - truth) <= case["atol"] + case["rtol"] * np.abs(reference)
        assert np.sum(~sound) <= 1
        assert_allclose(found[sound], reference[sound], rtol=case["rtol"], atol=case["atol"])


@pytest.mark.parametrize(("r", "n"), [(-0.04, 12), (0.3, 8), (0.02, 84), (0.9, 30), (0.16, 334), (0.4, 2000)])
def test_the_gauss_series(r, n):
    """To 1e-12 of the exact sum, on both sides of the change of method at n = 82; UB loses digits to a difference."""
    effects = compute({"r": [r], "n": [n]}, measure="UCOR", vtype="UB")
    estimate, variance = exact_unbiased_r(r, n)
    assert_allclose(effects.estimate, [estimate], rtol=1e-12)
    assert_allclose(effects.std_error**2, [variance], rtol=1e-9, atol=1e-14)
