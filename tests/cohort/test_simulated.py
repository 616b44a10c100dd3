"""Made-up cohorts: what they call the truth is the truth, and the same state of the generator gives the same cohort."""

import numpy as np
import pytest

import ostealgia as oa
from ostealgia.cohort.simulated import HORIZON, SCENARIOS, simulate
from ostealgia.errors import OptionError
from ostealgia.numerics.imputation_normal import monotone_imputations

LARGE = 200_000


def difference(values, treated):
    """Difference of means and its Monte Carlo error."""
    a, b = values[treated > 0.5], values[treated < 0.5]
    return a.mean() - b.mean(), np.sqrt(a.var() / len(a) + b.var() / len(b))


@pytest.mark.parametrize("scenario", ["null", "mar", "mnar"])
def test_the_truth_of_randomised_scenarios_is_that_of_a_large_cohort(scenario):
    # nobody leaves: the truth is of all patients, seen or not (mnar: shifted by its rule)
    rng = np.random.default_rng(4)
    made = simulate(scenario, LARGE, rng)
    p, truth = made.patients, made.truth
    if scenario != "mnar":
        fit = oa.cohort.kaplan_meier(p, time="weeks", event="died", by="arm").curves[1]
        at = int(np.searchsorted(fit.time, HORIZON, side="right")) - 1
        assert abs(fit.curve.survival[at] - truth["survival_treated"]) < 4 * fit.curve.std_error[at]
    else:
        seen = ~np.isnan(p["pain_12"])
        stays = seen[p["treated"] > 0.5].mean()
        gap, error = difference(p["pain_12"][seen], p["treated"][seen])
        assert abs(gap + 2.0 * (1.0 - stays) - truth["pain_difference"]) < 5 * error


def test_the_truth_under_informative_death_and_confounding():
    rng = np.random.default_rng(5)
    made = simulate("death", LARGE, rng)
    gap, error = difference(made.patients["alive_and_response_12"], made.patients["treated"])
    assert abs(gap - made.truth["composite_difference"]) < 4 * error  # nobody is censored before week 26
    relief = ((made.patients["relief_status"] == 1) & (made.patients["relief_weeks"] <= 12.0)).astype(float)
    mine = made.patients["treated"] > 0.5
    assert abs(relief[mine].mean() - made.truth["relief_incidence"]) < 4 * np.sqrt(0.25 / mine.sum())
    confounded = simulate("confounding", LARGE, rng)
    naive, _ = difference(confounded.patients["pain_12"], confounded.patients["treated"])
    assert naive > confounded.truth["pain_difference"] + 0.2  # the sicker are treated
    fit = oa.cohort.aipw(
        confounded.patients, treatment="treated", outcome="response_12", terms=["treated", "age_decades", "visceral", "ecog_2"],
        score_terms=["age_decades", "visceral", "ecog_2"],
    )  # fmt: skip
    assert abs(fit.estimate - confounded.truth["response_difference"]) < 4 * fit.std_error


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_cohort_is_whole_and_the_same_for_the_same_state(scenario):
    one, two = (simulate(scenario, 50, np.random.default_rng(7)) for _ in range(2))
    for name, values in one.patients.items():
        np.testing.assert_array_equal(values, two.patients[name])
        assert len(values) == 50
    assert set(one.visits["id"]) <= set(one.patients["id"])
    assert (np.bincount(one.visits["id"])[1:] <= 5).all() and one.visits["week"].min() == 0
    if scenario == "death":  # no visit after death
        assert (one.visits["week"] < one.patients["weeks"][one.visits["id"] - 1]).all()


def test_what_is_asked_wrongly_is_refused():
    rng = np.random.default_rng(1)
    for call in (lambda: simulate("mars", 100, rng), lambda: simulate("mar", 10, rng), lambda: simulate("mar", 100, 5)):
        with pytest.raises(OptionError):
            call()


def test_imputations_have_the_distribution_of_the_regression():
    # one column missing at random: mean and spread of the draws are those of the posterior predictive distribution
    rng = np.random.default_rng(2)
    n = 200
    y = rng.normal(size=(n, 2))
    y[:, 1] += 0.8 * y[:, 0]
    y[: n // 4, 1] = np.nan
    done = monotone_imputations(y, np.ones((n, 1)), 4000, rng)
    design = np.column_stack([np.ones(n - n // 4), y[n // 4 :, 0]])
    beta, rss = np.linalg.lstsq(design, y[n // 4 :, 1], rcond=None)[:2]
    at = np.array([1.0, y[0, 0]])
    df = len(design) - 2
    variance = rss[0] / (df - 2) * (1 + at @ np.linalg.inv(design.T @ design) @ at)
    draws = done[:, 0, 1]
    assert abs(draws.mean() - at @ beta) < 4 * np.sqrt(variance / 4000)
    assert abs(draws.var() / variance - 1) < 4 * np.sqrt(2 / 4000)
    shifted = monotone_imputations(y, np.ones((n, 1)), 2, np.random.default_rng(3), shift=np.full((n, 2), 1.5))
    plain = monotone_imputations(y, np.ones((n, 1)), 2, np.random.default_rng(3))
    np.testing.assert_allclose((shifted - plain)[:, : n // 4, 1], 1.5)
    assert (shifted[:, n // 4 :] == y[n // 4 :]).all()


def test_imputation_refuses_what_it_is_not_for():
    y = np.array([[1.0, np.nan, 2.0], [1.0, 2.0, 3.0], [2.0, 1.0, 0.0]])
    for call in (
        lambda: monotone_imputations(y, np.ones((3, 1)), 2, np.random.default_rng(1)),
        lambda: monotone_imputations(y[1:], np.ones((2, 1)), 0, np.random.default_rng(1)),
        lambda: monotone_imputations(
            np.array([[1.0, np.nan], [2.0, 3.0]]), np.ones((2, 1)), 1, np.random.default_rng(1)
        ),
        lambda: monotone_imputations(
            np.column_stack([np.arange(6.0), [np.nan, 1, 3, 2, 5, 4]]), np.ones((6, 2)), 1, np.random.default_rng(1)
        ),
    ):
        with pytest.raises(OptionError):
            call()
