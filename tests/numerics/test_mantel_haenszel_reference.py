"""Mantel-Haenszel, Cochran and Peto against metafor (closed forms: 1e-8) and meta (1e-6, as the cases say)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from ostealgia.errors import OptionError, TableError
from ostealgia.numerics.mantel_haenszel import mantel_haenszel, mantel_haenszel_rates
from ostealgia.numerics.peto import peto
from reference_cases import cases, close

FIELD = {
    "k": "k",
    "estimate": "estimate",
    "se": "std_error",
    "Q": "q",
    "Q_df": "q_df",
    "Q_p": "q_p_value",
    "I2": "i2_q",
    "H2": "h2",
    "CMH": "cmh",
    "CMH_p": "cmh_p_value",
    "tarone": "tarone",
    "tarone_df": "tarone_df",
    "tarone_p": "tarone_p_value",
}
META = [case for case in cases("pooling_meta") if case["spec"].get("common_method") in ("MH", "Cochran", "Peto")]


def metafor_fit(case):
    x, measure = case["inputs"], case["spec"]["measure"]
    if measure in ("IRR", "IRD"):
        return mantel_haenszel_rates(x["x1i"], x["t1i"], x["x2i"], x["t2i"], measure=measure)
    if measure == "PETO":
        return peto(x["ai"], x["n1i"], x["ci"], x["n2i"])
    continuity = case["spec"].get("cmh_continuity_correction", True)
    return mantel_haenszel(x["ai"], x["n1i"], x["ci"], x["n2i"], measure=measure, continuity=continuity)


@pytest.mark.parametrize("case", cases("mantel_haenszel"), ids=lambda case: case["id"])
def test_metafor(case):
    fit = metafor_fit(case)
    fields = [field for field in FIELD if field in case["expected"]]
    assert {"k", "estimate", "se", "Q"} <= set(fields)
    wrong = {field: (getattr(fit, FIELD[field]), case["expected"][field]) for field in fields
             if not close(case, getattr(fit, FIELD[field]), case["expected"][field])}  # fmt: skip
    assert not wrong


def meta_fit(case):
    """meta's rules: for ratios, tables without events (or with events only) in both groups go unless asked for; unless
    exact, 1/2 in the four cells of a table with an empty one."""
    spec, x = case["spec"], case["inputs"]
    if spec["measure"] == "IRR":
        fit = mantel_haenszel_rates(x["x1i"], x["t1i"], x["x2i"], x["t2i"], method=spec["common_method"])
        return fit, np.ones(fit.k, dtype=bool)
    a, n1, c, n2 = (np.array(x[name], dtype=float) for name in ("ai", "n1i", "ci", "n2i"))
    if spec["common_method"] == "Peto":
        return peto(a, n1, c, n2), np.ones(a.size, dtype=bool)
    b, d = n1 - a, n2 - c
    keep = (spec["measure"] == "RD") | bool(spec.get("include_double_zero")) | ((a + c > 0) & (b + d > 0))
    empty = (a == 0) | (b == 0) | (c == 0) | (d == 0)
    increment = np.where(empty & (not spec.get("mh_exact")), spec["increment"], 0.0)
    columns = [column[keep] for column in (a, n1, c, n2)]
    return mantel_haenszel(*columns, measure=spec["measure"], variance="greenland", increment=increment[keep]), keep


@pytest.mark.parametrize("case", META, ids=lambda case: case["id"])
def test_meta(case):
    fit, keep = meta_fit(case)
    expected = case["expected"]
    assert close(case, fit.estimate, expected["common"]["estimate"])
    assert close(case, fit.std_error, expected["common"]["se"])
    weights = np.array([0.0 if w is None else w for w in expected["weights_common"]])
    if weights.size == keep.size:
        assert close(case, fit.weights, list(weights[keep]))
    else:
        assert close(case, fit.weights, list(weights))


def test_meta_sample_is_not_small():
    assert len(META) >= 40 and {case["spec"]["measure"] for case in META} == {"OR", "RR", "RD", "IRR"}


@st.composite
def tables(draw):
    rows = draw(st.lists(st.tuples(*[st.integers(1, 60)] * 4), min_size=1, max_size=8))
    a, b, c, d = np.array(rows).T
    return a, a + b, c, c + d


QUICK = settings(max_examples=40, deadline=None)


@given(tables(), st.sampled_from(["OR", "RR", "RD"]))
@QUICK
def test_order_copies_and_swap(data, measure):
    a, n1, c, n2 = data
    fit = mantel_haenszel(a, n1, c, n2, measure=measure)
    back = mantel_haenszel(a[::-1], n1[::-1], c[::-1], n2[::-1], measure=measure)
    assert_allclose(
        [back.estimate, back.std_error, back.q], [fit.estimate, fit.std_error, fit.q], rtol=1e-9, atol=1e-10
    )
    twice = mantel_haenszel(*(np.tile(x, 2) for x in data), measure=measure)
    assert_allclose(twice.estimate, fit.estimate, rtol=1e-9, atol=1e-12)
    assert_allclose(twice.std_error * np.sqrt(2), fit.std_error, rtol=1e-9)
    swap = mantel_haenszel(c, n2, a, n1, measure=measure)
    assert_allclose([swap.estimate, swap.std_error], [-fit.estimate, fit.std_error], rtol=1e-8, atol=1e-10)
    assert np.isfinite([fit.estimate, fit.std_error, fit.q, fit.i2_q]).all()


@given(tables())
@QUICK
def test_events_and_non_events_flip_the_odds_ratio(data):
    a, n1, c, n2 = data
    for function in (mantel_haenszel, peto):
        fit, other = function(a, n1, c, n2), function(n1 - a, n1, n2 - c, n2)
        assert_allclose(
            [other.estimate, other.std_error, other.q], [-fit.estimate, fit.std_error, fit.q], rtol=1e-8, atol=1e-9
        )


@given(tables())
@QUICK
def test_uninformative_tables_change_nothing_but_k(data):
    a, n1, c, n2 = data
    fit = mantel_haenszel(a, n1, c, n2)
    more = mantel_haenszel(np.append(a, [0, 7]), np.append(n1, [9, 7]), np.append(c, [0, 5]), np.append(n2, [8, 5]))
    assert_allclose([more.estimate, more.std_error, more.q], [fit.estimate, fit.std_error, fit.q], rtol=1e-12)
    assert more.k == fit.k + 2 and more.not_in_q == (fit.k, fit.k + 1) and more.weights[-1] == 0
    assert "2 of" in more.notes[-1]


@given(tables())
@QUICK
def test_breslow_day_against_its_definition(data):
    """The expected cells have the pooled odds ratio and the margins of the table."""
    a, n1, c, n2 = data
    fit = mantel_haenszel(a, n1, c, n2)
    assume(fit.k > 1)
    total = 0.0
    for a_i, n1_i, c_i, n2_i in zip(*data, strict=True):
        low, high = max(0, a_i + c_i - n2_i), min(n1_i, a_i + c_i)
        for _ in range(80):
            e = (low + high) / 2
            ratio = np.log(e * (n2_i - a_i - c_i + e)) - np.log((n1_i - e) * (a_i + c_i - e))
            low, high = (e, high) if ratio < fit.estimate else (low, e)
        total += (a_i - e) ** 2 * (1 / e + 1 / (n1_i - e) + 1 / (a_i + c_i - e) + 1 / (n2_i - a_i - c_i + e))
    assert_allclose(fit.breslow_day, total, rtol=1e-7, atol=1e-9)
    assert fit.tarone <= fit.breslow_day + 1e-12


def test_one_study_is_its_own_estimate():
    fit = mantel_haenszel([5], [20], [9], [22])
    assert_allclose(fit.estimate, np.log(5 * 13 / (15 * 9)))
    assert_allclose(fit.std_error, np.sqrt(1 / 5 + 1 / 15 + 1 / 9 + 1 / 13))
    assert fit.q_df == 0 and fit.q_p_value == 1 and fit.i2_q == 0
    rate = mantel_haenszel_rates([5], [200], [9], [220])
    assert_allclose([rate.estimate, rate.std_error], [np.log(5 * 220 / (9 * 200)), np.sqrt(1 / 5 + 1 / 9)])


def test_ten_million_patients():
    n = np.array([10_000_000, 9_000_000])
    fit = mantel_haenszel([1_000_000, 900_000], n, [1_100_000, 990_000], n)
    assert_allclose(fit.estimate, np.log((0.1 / 0.9) / (0.11 / 0.89)), rtol=1e-9)
    assert np.isfinite([fit.tarone, fit.cmh, fit.q]).all()


def test_what_was_added_is_said():
    a, n1, c, n2 = [0, 5], [20, 30], [4, 6], [22, 31]
    plain = mantel_haenszel(a, n1, c, n2)
    assert plain.corrected == (0,) and "for Q only" in plain.notes[0]
    raised = mantel_haenszel(a, n1, c, n2, increment=[0.5, 0.0])
    assert any("0.5 added to the cells of 1 of 2 studies" in note for note in raised.notes)
    assert raised.estimate != plain.estimate
    # Q from effects given by the caller
    given_q = mantel_haenszel(a, n1, c, n2, study_estimate=[np.nan, -0.2], study_variance=[np.nan, 0.3])
    assert_allclose(given_q.q, (-0.2 - plain.estimate) ** 2 / 0.3)
    assert given_q.not_in_q == (0,) and given_q.corrected == ()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: mantel_haenszel([0, 0], [9, 9], [2, 3], [9, 9]), TableError, "odds ratio is 0"),
        (lambda: mantel_haenszel([2, 3], [9, 9], [0, 0], [9, 9], measure="RR"), TableError, "risk ratio is infinite"),
        (lambda: mantel_haenszel([0], [9], [0], [9]), TableError, "not determined"),
        (lambda: peto([0], [9], [0], [9]), TableError, "carries information"),
        (lambda: mantel_haenszel([10], [9], [2], [9]), TableError, "study 1 do not fit"),
        (lambda: mantel_haenszel([1, 2], [9, 9], [2], [9]), TableError, "one length"),
        (lambda: mantel_haenszel([1, float("nan")], [9, 9], [2, 3], [9, 9]), TableError, "events_1 of study 2"),
        (lambda: mantel_haenszel([1], [9], [2], [9], increment=[0.5, 0.5]), TableError, "increment"),
        (lambda: mantel_haenszel_rates([1], [0], [2], [9]), TableError, "person_time_1 of study 1"),
        (lambda: mantel_haenszel([1], [9], [2], [9], measure="or"), OptionError, "Did you mean 'OR'"),
        (lambda: mantel_haenszel_rates([1], [9], [2], [9], measure="IRD", method="Cochran"), OptionError, "method"),
    ],
)  # fmt: skip
def test_errors_say_what_and_where(call, error, words):
    with pytest.raises(error, match=words):
        call()
