"""Strategies for intercurrent events: derived by hand on small cohorts, equal where nothing happens, and imputation that is proper."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import ostealgia as oa
from cohort_analysis_cases import bundled, made_up, only, quick, with_tables
from ostealgia.cohort.analysis_context import prepared
from ostealgia.cohort.estimands_lines import pooled
from ostealgia.errors import TableError
from ostealgia.numerics.imputation_draws import estimable, normal_imputations, patterns_of
from ostealgia.numerics.imputation_pooling import rubin


@pytest.fixture(scope="module")
def found():
    return oa.cohort.estimands(bundled(), quick(imputations=20), rng_seed=1)


def line_of(found, outcome, event, strategy):
    return next(one for one in found.lines if (one.outcome, one.event, one.strategy) == (outcome, event, strategy))


def test_the_primary_line_is_the_response_of_the_report(found):
    response = oa.cohort.response_by_week(bundled(), weeks=[12])
    direct = oa.cohort.response_difference(response, [("observation", "control")], measures=["RD"]).iloc[0]
    line = line_of(found, "pain response", "all events", "composite")
    assert line.primary and line.estimate == direct["estimate"] and line.ci_low == direct["ci_low"]


def test_treatment_policy_for_re_irradiation_counts_what_was_seen(found):
    # 65 of 102 and 39 of 103: the response with re-irradiation left alone
    line = line_of(found, "pain response", "re-irradiation", "treatment policy")
    assert (round(line.value_1 * line.n_1), line.n_1, round(line.value_2 * line.n_2), line.n_2) == (65, 102, 39, 103)


def test_each_event_has_its_question_and_every_line_a_conclusion(found):
    frame = found.to_frame()
    assert set(frame["event"]) == {"all events", "death", "re-irradiation", "opioid escalation", "dropout"}
    assert not (frame["problem"] != "").any() and (frame["question"] != "").all()
    assert set(frame["conclusion"]) <= {"favours observation", "favours control", "no difference shown"}
    strategies = found.strategies()
    assert (strategies["event"] == "new systemic therapy").sum() == 1  # not recorded, and said
    assert any("not recorded: new systemic therapy" in note for note in found.notes)


def test_conclusions_that_differ_raise_a_red_flag_that_names_the_strategies(found):
    assert all(flag.startswith("RED FLAG: ") for flag in found.red_flags)
    flag = next(flag for flag in found.red_flags if "pain response" in flag)
    assert (
        "favours observation by the primary one" in flag
        and "no difference shown by" in flag
        and "dropout worst case" in flag
    )


def test_where_nothing_comes_between_every_strategy_is_the_same_number():
    cohort = made_up()
    found = oa.cohort.estimands(cohort, quick(), rng_seed=1)
    response = [one for one in found.lines if one.outcome == "pain response"]
    assert len(response) > 8
    for one in response:
        assert one.estimate == pytest.approx(response[0].estimate, abs=1e-12), (one.event, one.strategy)
    pain = [one.estimate for one in found.lines if one.outcome == "worst pain" and one.measure == "mean difference"]
    # MMRM and ANCOVA of complete data: REML with an unstructured covariance gives the same difference but for other weeks' information
    assert_allclose(pain, pain[0], atol=0.05)
    if not found.red_flags:
        assert any("same conclusion" in note for note in found.notes)


def by_hand():
    """Six patients a group; in the treated group one dies before week 12, one is treated again at day 50, one needs more opioids."""
    cohort = only(made_up(24), [f"M{i:03d}" for i in range(12)])
    visits = cohort.visits.copy()
    visits["nrs_worst"] = np.where(visits["week"] == 0, 8.0, 4.0)  # everybody responds
    dead, again, more = "M001", "M003", "M005"
    visits = visits.assign(
        nrs_worst=np.where((visits["id"] == dead) & (visits["week"] == 12), np.nan, visits["nrs_worst"]),
        status=np.where((visits["id"] == dead) & (visits["week"] == 12), "death", visits["status"]),
        omed_mg=np.where((visits["id"] == more) & (visits["week"] == 12), 60.0, visits["omed_mg"]),
    )
    patients = cohort.patients.assign(nrs_baseline=8.0)
    events = cohort.table("events").copy()
    events.loc[events["id"] == dead, "os_months"] = 2.0
    events.loc[events["id"] == again, "reirradiation_day"] = 50.0
    return with_tables(cohort, visits=visits, patients=patients, events=events)


def test_strategies_by_hand():
    found = oa.cohort.estimands(by_hand(), quick(), rng_seed=1)
    counts = {
        (one.event, one.strategy): (round(one.value_1 * one.n_1), one.n_1, round(one.value_2 * one.n_2), one.n_2)
        for one in found.lines
        if one.outcome == "pain response" and not one.problem
    }
    assert counts["all events", "composite"] == (3, 6, 6, 6)  # dead, treated again, and more opioids
    assert counts["death", "while alive"] == (4, 6, 6, 6)  # the dead patient responded at week 4
    assert counts["death", "landmark"] == (3, 5, 6, 6)
    assert counts["re-irradiation", "treatment policy"] == (4, 6, 6, 6)
    assert counts["re-irradiation", "while on treatment"] == (4, 6, 6, 6)  # week 4, before day 50
    assert counts["opioid escalation", "treatment policy"] == (4, 6, 6, 6)
    assert counts["all events", "while on treatment"] == (6, 6, 6, 6)
    assert counts["dropout", "worst case"] == (3, 6, 6, 6)  # nobody dropped out
    events = found.events.set_index(["event", "group"])["events"]
    assert (
        events["death", "treated"] == events["re-irradiation", "treated"] == events["opioid escalation", "treated"] == 1
    )
    assert events["dropout", "treated"] == events["death", "control"] == 0
    # hypothetical lines of twelve patients cannot be imputed, and say so
    assert "no imputation is possible" in line_of(found, "pain response", "death", "hypothetical").problem


def test_a_recorded_new_therapy_is_a_strategy_of_its_own():
    cohort = by_hand()
    events = cohort.table("events").assign(new_systemic_therapy_day=np.nan)
    events.loc[events["id"] == "M000", "new_systemic_therapy_day"] = 30.0
    found = oa.cohort.estimands(with_tables(cohort, events=events), quick(), rng_seed=1)
    counts = {
        (one.event, one.strategy): round(one.value_2 * one.n_2)
        for one in found.lines
        if one.outcome == "pain response" and one.n_2
    }
    assert counts["new systemic therapy", "composite"] == 5 and counts["new systemic therapy", "treatment policy"] == 6
    assert counts["new systemic therapy", "while on treatment"] == 6
    assert not any("not recorded" in note for note in found.notes)


def test_one_group_is_refused_in_words():
    cohort = made_up()
    with pytest.raises(TableError, match="there is one group"):
        oa.cohort.estimands(with_tables(cohort, patients=cohort.patients.drop(columns="group")), quick(), rng_seed=1)


def test_weighting_by_hand():
    # two strata of pain at baseline; in one of them half are not seen. The weights bring those seen there to twice their number
    context = prepared(made_up(400, seed=9), quick(), 1)
    course = context.course
    rng = np.random.default_rng(3)
    unseen = (course.pain_0 >= 8) & (rng.random(course.n) < 0.5)
    from ostealgia.cohort.estimands_lines import from_counts, weighted_by_seen

    whole = course.responds(course.pain[:, course.at], course.omed[:, course.at])
    seen = np.where(unseen, np.nan, whole)
    weighted, available = weighted_by_seen(course, seen), from_counts(course, np.nan_to_num(seen), ~unseen)
    truth = from_counts(course, whole)
    # risks of those seen are those of the other stratum more than they should be; weighting brings them near the whole (within 2 SE)
    assert abs(weighted["value_1"] - truth["value_1"]) < 0.06 and abs(weighted["value_2"] - truth["value_2"]) < 0.06
    assert weighted["std_error"] > 0 and available["n_1"] < truth["n_1"]


# --- imputation -------------------------------------------------------------------------------------------------------


def drawn(n=400, seed=2):
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(n), rng.integers(0, 2, n), rng.normal(size=n)])
    beta = np.array([[5.0, 4.0, 3.0], [-0.5, -0.8, -1.0], [0.7, 0.6, 0.5]])
    root = np.array([[1.0, 0, 0], [0.7, 0.8, 0], [0.5, 0.4, 0.7]])
    y = x @ beta + rng.normal(size=(n, 3)) @ root.T
    gone = y.copy()
    stop = rng.random(n) < 1 / (
        1 + np.exp(-(y[:, 0] - 5.5))
    )  # who has much pain at the first week drops out later: at random given it
    gone[stop, 1:] = np.nan
    gone[rng.random(n) < 0.05, 0] = np.nan
    return x, y, gone, beta, root @ root.T


def test_imputation_keeps_what_was_seen_and_finds_the_mean_that_complete_cases_miss():
    x, y, gone, beta, _ = drawn(3000)
    found = normal_imputations(gone, x, 10, np.random.default_rng(1))
    kept = ~np.isnan(gone)
    assert (found.completed[:, kept] == gone[kept]).all() and np.isfinite(found.completed).all()
    imputed, complete, truth = found.completed[:, :, 2].mean(), np.nanmean(gone[:, 2]), y[:, 2].mean()
    # complete cases are off by about 0.4 points; the imputed mean within three standard errors of the complete data (0.03 each)
    assert complete < truth - 0.2 and abs(imputed - truth) < 0.1
    assert_allclose(found.coefficients.mean(axis=0), beta, atol=0.15)  # standard errors at most 0.05


def test_covariance_of_the_draws_is_that_of_the_data():
    x, _, gone, _, sigma = drawn(3000)
    found = normal_imputations(gone, x, 10, np.random.default_rng(1))
    assert_allclose(
        found.covariance.mean(axis=0), sigma, atol=0.1
    )  # a variance of 1 has a standard error of 0.03 and more with missing


def test_draws_scale_with_the_unit():
    x, _, gone, _, _ = drawn()
    one = normal_imputations(gone, x, 2, np.random.default_rng(4)).completed
    other = normal_imputations(gone * 1e3, x, 2, np.random.default_rng(4)).completed
    assert_allclose(other, one * 1e3, rtol=1e-6)


def test_coverage_of_the_imputed_mean_difference():
    # 60 small trials with data missing at random: the 95% intervals hold the truth in 85% or more (binomial bound at 0.95: 51 of 60)
    held = 0
    for seed in range(60):
        x, _, gone, beta, _ = drawn(80, seed=seed + 10)
        found = normal_imputations(gone, x, 5, np.random.default_rng(seed), burn_in=15, thin=5)
        estimates, variances = [], []
        for one in found.completed[:, :, 2]:
            b, rest, *_ = np.linalg.lstsq(x, one, rcond=None)
            estimates.append(b[1])
            variances.append(float(rest[0]) / (80 - 3) * np.linalg.inv(x.T @ x)[1, 1])
        line = pooled(np.array(estimates), np.array(variances), 77.0, 0.95)
        held += line["ci_low"] <= beta[1, 2] <= line["ci_high"]
    assert held >= 51


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda y, x: (y[:5], x[:5]), "too few"),
        (lambda y, x: (np.where(np.arange(len(y))[:, None] < len(y) - 5, np.nan, y), x), "known in 5 rows"),
        (lambda y, x: (np.where(np.isnan(y), np.nan, 3.0), x), "one value only"),
        (lambda y, x: (np.where((x[:, 1] == 1)[:, None], np.nan, y), x), "do not vary freely"),
    ],
)
def test_what_cannot_be_imputed_is_told(change, words):
    x, _, gone, _, _ = drawn(60)
    assert words in estimable(*change(gone, x))


def test_patterns_hold_each_row_once():
    gone = np.array([[True, False], [False, False], [True, True], [True, False]])
    rows = sorted(row for one in patterns_of(gone) for row in one.rows)
    assert rows == [0, 2, 3]


def test_pooled_is_rubin():
    estimates, variances = np.array([1.0, 1.4, 0.8]), np.array([0.2, 0.25, 0.22])
    line, direct = pooled(estimates, variances, 50.0, 0.95), rubin(estimates[:, None], variances[:, None], 50.0)
    assert line["estimate"] == pytest.approx(direct.estimate[0]) and line["std_error"] == pytest.approx(
        np.sqrt(direct.total[0])
    )


def test_missing_section_counts_and_tips():
    found = oa.cohort.analyse(bundled(), quick(imputations=10), rng_seed=3).section("missing")
    reasons = found.tables["reasons"]
    assert set(reasons.groupby(["week", "group"])["events"].sum()) == {102, 103}
    tip = found.tables["tipping_point"]
    assert (np.diff(tip["estimate"]) > 0).all()  # the worse the unseen, the smaller the advantage
    assert isinstance(found.tables["pooled"], pd.DataFrame) and set(found.tables["pooled"]["analysis"]) == {
        "complete cases",
        "multiple imputation",
    }
