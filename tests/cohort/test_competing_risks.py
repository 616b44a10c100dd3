"""Competing risks against R's survival and cmprsk, by hand, and on bad input."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import ostealgia as oa
from cohort_survival_cases import frame, named, of, same
from ostealgia.errors import OptionError, TableError
from ostealgia.numerics.competing_risks import cumulative_incidence as curves
from ostealgia.numerics.survival_curve import product_limit, risk_table

DATA = {"t": [1, 2, 2, 3, 4, 5, 6, 7], "end": [1, 2, 0, 1, 2, 0, 1, 1], "arm": list("abababab")}


@pytest.mark.parametrize("case", of("aalen_johansen"), ids=named)
def test_cumulative_incidence(case):
    spec, expected = case["spec"], case["expected"]
    names = dict(zip(spec["codes"][1:], expected["cif"], strict=True))
    fit = oa.cohort.cumulative_incidence(
        frame(case), time=spec["time"], status=spec["status"], by=spec["group"], causes=names
    )
    at = fit.at(spec["times"])
    for cause in expected["cif"]:
        rows = at[at["cause"] == cause]
        assert rows["group"].tolist() == [str(name) for name in expected["stratum"]]
        same(case, rows["estimate"], expected["cif"][cause])
        same(case, rows["std_error"], expected["se"][cause])


@pytest.mark.parametrize("case", of("fine_gray"), ids=named)
def test_fine_gray_and_gray(case):
    spec, expected = case["spec"], case["expected"]
    columns = {"time": spec["time"], "status": spec["status"], "cause": spec["cause"]}
    fit = oa.cohort.fine_gray(frame(case), terms=[spec["group"]], **columns)
    assert fit.converged
    same(case, [fit.estimate[0], fit.std_error[0]], [expected["coef_crr"], expected["se_crr"]])
    last = oa.cohort.fine_gray(frame(case), terms=[spec["group"]], censoring="last", **columns)
    same(case, last.estimate[0], expected["coef"])
    gray = oa.cohort.gray_test(frame(case), by=spec["group"], **columns)
    same(case, [gray.statistic, gray.p_value], [expected["gray_chisq"], expected["gray_p"]])


def test_incidences_and_survival_add_up_to_one():
    rng = np.random.default_rng(8)
    found = curves(rng.integers(1, 30, 200).astype(float), rng.integers(0, 4, 200), 3)
    assert_allclose(found.incidence.sum(axis=0) + found.survival, 1.0, atol=1e-12)


def test_one_cause_is_one_minus_kaplan_meier_with_its_jackknife():
    rng = np.random.default_rng(9)
    time, cause = rng.integers(1, 40, 150).astype(float), rng.integers(0, 2, 150)
    found = curves(time, cause, 1)
    assert_allclose(found.incidence[0], 1 - product_limit(risk_table(time, cause == 1)).survival, atol=1e-12)
    # the infinitesimal jackknife by definition: the change with each subject's weight, by central differences
    weight, at, influence = np.ones(150), 20.0, []
    for i in range(150):
        change = []
        for step in (1e-5, -1e-5):
            weight[i] = 1 + step
            curve = product_limit(risk_table(time, cause == 1, weight))
            change.append(curve.survival[np.searchsorted(curve.table.time, at, side="right") - 1])
        weight[i] = 1.0
        influence.append((change[1] - change[0]) / 2e-5)
    place = np.searchsorted(found.time, at, side="right") - 1
    assert_allclose(
        found.std_error[0, place], np.sqrt(np.sum(np.square(influence))), rtol=1e-6
    )  # error of the differences


def test_without_other_events_fine_gray_is_breslow_cox():
    data = {"t": [1, 2, 3, 4, 5, 6], "end": [1, 1, 0, 1, 0, 1], "x": [0.0, 1.0, 2.0, 1.0, 0.5, 3.0]}
    ours = oa.cohort.fine_gray(data, time="t", status="end", cause=1, terms=["x"])
    cox = oa.cohort.cox(data, time="t", event="end", terms=["x"], ties="breslow", robust=True)
    assert_allclose(ours.estimate, cox.estimate, rtol=1e-9)
    assert_allclose(ours.std_error, cox.std_error, rtol=1e-9)  # the sandwich, with no censoring weight to estimate


def test_gray_without_other_events_looks_at_the_same_difference_as_logrank():
    rng = np.random.default_rng(5)
    time, arm = rng.exponential(size=300), rng.integers(0, 2, 300)
    data = {"t": time * np.where(arm == 1, 2.0, 1.0), "end": np.ones(300, int), "arm": arm}
    gray = oa.cohort.gray_test(data, time="t", status="end", cause=1, by="arm")
    logrank = oa.cohort.logrank(data, time="t", event="end", by="arm")
    assert_allclose(gray.test.score[0], logrank.test.observed[0] - logrank.test.expected[0], rtol=1e-9)


def test_a_cause_that_nobody_had_and_one_that_is_left_out():
    with pytest.raises(OptionError, match="cause=9 is not a value of 'end': '1', '2'"):
        oa.cohort.gray_test(DATA, time="t", status="end", cause=9, by="arm")
    with pytest.raises(TableError, match="leaves out a value"):
        oa.cohort.cumulative_incidence(DATA, time="t", status="end", causes=[1])
    with pytest.raises(TableError, match="there is no event"):
        oa.cohort.cumulative_incidence({**DATA, "end": [0] * 8}, time="t", status="end")


def test_a_group_without_the_cause_has_no_finite_ratio():
    data = {"t": [1, 2, 3, 4, 5, 6, 7, 8], "end": [1, 2, 1, 2, 1, 0, 1, 2], "arm": list("abababab")}
    with pytest.raises(TableError, match="no finite ratio"):
        oa.cohort.fine_gray(data, time="t", status="end", cause=1, terms="arm")


def test_a_constant_or_repeated_term_is_named():
    data = {**DATA, "one": [1.0] * 8, "x": np.arange(8.0)}
    with pytest.raises(TableError, match="'one' cannot be estimated"):
        oa.cohort.fine_gray(data, time="t", status="end", cause=1, terms="x + one")


def test_words_for_causes_and_a_named_censoring():
    words = np.array(["alive", "progression", "death"], dtype=object)[np.array(DATA["end"])]
    fit = oa.cohort.cumulative_incidence(
        {**DATA, "end": words}, time="t", status="end", censored="alive", causes=["progression", "death"]
    )
    codes = oa.cohort.cumulative_incidence(DATA, time="t", status="end")
    assert fit.names == ("progression", "death")
    assert_allclose(fit.to_frame()["estimate"], codes.to_frame()["estimate"])
    assert "by 7: " in str(fit)


def test_landmark_says_who_is_left_out():
    data = {"t": [1, 3, 4, 5, 6, 8], "d": [1, 1, 1, 1, 0, 1], "relief": [None, 1, None, 2, 1, 4]}
    fit = oa.cohort.landmark(data, time="t", event="d", exposure_time="relief", at=2)
    assert (fit.n, fit.before, fit.reached) == (5, 1, 3)
    assert fit.notes == (
        "1 patient whose follow-up ended by 2 left out",
        "1 patient who reached the state after 2 counted as without it",
    )
    with pytest.raises(TableError, match=r"nobody in follow-up at 0\.5 had reached"):
        oa.cohort.landmark(data, time="t", event="d", exposure_time="relief", at=0.5)
