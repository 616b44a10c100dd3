"""Exact derivatives against differences, identities between models, and invariances of mixed models."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from ostealgia.errors import OptionError
from ostealgia.numerics.least_squares import least_squares, signed_rank
from ostealgia.numerics.least_squares_multiplicity import adjusted, studentised_range_quantile, studentised_range_tail
from ostealgia.numerics.linear_mixed import fit_linear_mixed
from ostealgia.numerics.linear_mixed_inference import independent_rows
from ostealgia.numerics.linear_mixed_moments import compress
from ostealgia.numerics.mmrm import fit_mmrm
from ostealgia.numerics.mmrm_structures import STRUCTURES


def made(subjects=40, visits=4, missing=0.2, seed=3):
    """Rows of y, design (arm by visit), subject, visit; some visits missed."""
    rng = np.random.default_rng(seed)
    subject, visit = np.repeat(np.arange(subjects), visits), np.tile(np.arange(visits), subjects)
    arm = (subject % 2).astype(float)
    y = 7 - 0.5 * visit - 0.3 * arm * visit + rng.normal(0, 1.5, subjects)[subject] + rng.normal(0, 1.2, len(subject))
    keep = (rng.random(len(y)) >= missing) | (visit == 0)
    dummies = (visit[:, None] == np.arange(1, visits)).astype(float)
    x = np.column_stack([np.ones(len(y)), arm, dummies, dummies * arm[:, None]])
    return y[keep], x[keep], subject[keep], visit[keep]


def differences(function, at, step=1e-5):
    eye = np.eye(len(at)) * step
    return np.array([(function(at + row) - function(at - row)) / (2 * step) for row in eye])


# central differences of values near 500 with a step of 1e-5 are good to about 1e-5
LOOSE = {"rtol": 2e-4, "atol": 2e-4}


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("name", STRUCTURES)
def test_repeated_measures_have_exact_derivatives(name, reml):
    y, x, subject, visit = made()
    problem = fit_mmrm(y, x, subject, visit, covariance=name, reml=reml).problem
    rng = np.random.default_rng(1)
    psi = STRUCTURES[name].start(np.eye(4) + 0.3) + rng.normal(0, 0.1, STRUCTURES[name].size(4))
    gradient, hessian = problem.derivatives(psi)
    assert_allclose(gradient, differences(problem.deviance, psi), **LOOSE)
    assert_allclose(hessian, differences(lambda at: problem.derivatives(at)[0], psi), **LOOSE)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("correlated", [True, False])
def test_mixed_models_have_exact_derivatives(correlated, reml):
    y, x, subject, visit = made()
    z = np.column_stack([np.ones(len(y)), visit])
    problem = fit_linear_mixed(y, x, z, subject, reml=reml, correlated=correlated).problem
    at = np.array([0.9, 0.2, 0.4, 1.1] if correlated else [0.9, 0.4, 1.1])
    gradient, hessian = problem.derivatives(at)
    assert_allclose(gradient, differences(problem.deviance, at), **LOOSE)
    assert_allclose(hessian, differences(lambda x: problem.derivatives(x)[0], at), **LOOSE)


@pytest.mark.parametrize("reml", [True, False])
def test_a_random_intercept_is_compound_symmetry(reml):
    """The same likelihood, coefficients and Satterthwaite degrees of freedom, by two programs; 1e-7: both stop at rounding error."""
    y, x, subject, visit = made()
    mixed = fit_linear_mixed(y, x, np.ones((len(y), 1)), subject, reml=reml)
    repeated = fit_mmrm(y, x, subject, visit, covariance="cs", reml=reml)
    assert_allclose(mixed.log_likelihood, repeated.log_likelihood, rtol=1e-10)
    assert_allclose(mixed.estimate, repeated.estimate, rtol=1e-7, atol=1e-9)
    assert_allclose(mixed.vcov, repeated.vcov, rtol=1e-7, atol=1e-10)
    eye = np.eye(x.shape[1])
    assert_allclose(mixed.inference("satterthwaite").df(eye), repeated.inference("satterthwaite").df(eye), rtol=1e-6)
    assert_allclose(repeated.covariance[1, 0], mixed.random_covariance[0, 0], rtol=1e-6)


def test_complete_unstructured_data_are_multivariate_regression():
    """With all visits made and a coefficient for every arm and visit: cell means, and the pooled covariance of residuals over n - 2."""
    y, x, subject, visit = made(missing=0.0)
    fit = fit_mmrm(y, x, subject, visit)
    table = y.reshape(-1, 4)
    arms = [table[::2], table[1::2]]
    left = np.vstack([arm - arm.mean(axis=0) for arm in arms])
    assert_allclose(fit.covariance, left.T @ left / (len(table) - 2), rtol=1e-9)
    assert_allclose(fit.estimate[0], arms[0].mean(axis=0)[0], rtol=1e-12)
    assert_allclose(fit.inference("satterthwaite").df(np.eye(8)), len(table) - 2, rtol=1e-7)


def test_degrees_of_freedom_of_a_balanced_random_intercept():
    """Classical analysis of variance: the time effect has (n - 2)(t - 1) denominator degrees of freedom, by both methods."""
    y, x, subject, _ = made(missing=0.0)
    fit = fit_linear_mixed(y, x, np.ones((len(y), 1)), subject)
    rows = np.eye(8)[5:]
    for method in ("satterthwaite", "kenward-roger"):
        test = fit.inference(method).f_test(rows)
        assert_allclose(test.df_denominator, 38 * 3, rtol=1e-6)
    assert_allclose(fit.inference("kenward-roger").vcov, fit.vcov, rtol=1e-6, atol=1e-9)


@settings(max_examples=15, deadline=None)
@given(scale=st.floats(-5, 5), shift=st.floats(-1e3, 1e3), unit=st.floats(-4, 4))
def test_units_do_not_matter(scale, shift, unit):
    """y in another unit and from another origin, time in another unit: the same t and df (1e-6: rounding of shifted values)."""
    y, x, subject, visit = made(subjects=24)
    time = visit.astype(float)
    base = np.column_stack([np.ones(len(y)), x[:, 1], time])
    factor = 10.0**scale
    moved = np.column_stack([base[:, :2], time * 10.0**unit])
    fits = [
        fit_linear_mixed(outcome, design, design[:, [0, 2]], subject)
        for outcome, design in ((y, base), (factor * (y + shift), moved))
    ]
    both = [fit.inference("satterthwaite") for fit in fits]
    assert_allclose(both[0].df(np.eye(3)[1:]), both[1].df(np.eye(3)[1:]), rtol=1e-5)
    t = [(one.estimate / np.sqrt(np.diag(one.vcov)))[1:] for one in both]
    assert_allclose(t[0], t[1], rtol=1e-6)
    assert_allclose(fits[1].sigma2, factor**2 * fits[0].sigma2, rtol=1e-6)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_rows_and_subjects_does_not_matter(seed):
    y, x, subject, visit = made(subjects=20)
    rng = np.random.default_rng(seed)
    order, names = rng.permutation(len(y)), rng.permutation(20)
    first = fit_mmrm(y, x, subject, visit, covariance="toeph")
    second = fit_mmrm(y[order], x[order], names[subject][order], visit[order], covariance="toeph")
    assert_allclose(first.log_likelihood, second.log_likelihood, rtol=1e-11)
    assert_allclose(
        first.covariance, second.covariance, rtol=1e-6
    )  # the search ends at rounding error, not at the same bits
    assert_allclose(first.sandwich(), second.sandwich(), rtol=1e-6, atol=1e-12)


def test_compressed_rows_keep_their_sums_of_products():
    rng = np.random.default_rng(5)
    rows, pattern = rng.normal(size=(500, 2, 3)), rng.integers(0, 4, 500)
    blocks = compress(rows, pattern, 4)
    assert len(blocks.rows) == 4 * 6
    for code in range(4):
        mine, kept = rows[pattern == code].reshape(-1, 6), blocks.rows[blocks.pattern == code].reshape(-1, 6)
        assert_allclose(kept.T @ kept, mine.T @ mine, atol=1e-11)


def test_variance_that_is_zero_is_found_at_zero():
    """Subjects that are more alike between than within: the variance between them is 0 and says so; then least squares is the answer."""
    rng = np.random.default_rng(2)
    y = rng.normal(size=80)
    y -= np.repeat(y.reshape(-1, 4).mean(axis=1), 4)
    x = np.column_stack([np.ones(80), np.tile([0.0, 1.0, 2.0, 3.0], 20)])
    fit = fit_linear_mixed(y, x, np.ones((80, 1)), np.repeat(np.arange(20), 4))
    plain = least_squares(y, x)
    assert fit.converged and fit.singular
    assert_allclose(fit.random_covariance, 0.0, atol=1e-12)
    assert_allclose(fit.vcov, plain.vcov(), rtol=1e-8)
    assert_allclose(fit.inference("satterthwaite").df(np.eye(2)), 78, rtol=1e-6)


def test_studentised_range_is_that_of_r():
    """ptukey and qtukey of R 4.2.2; ptukey states 1e-8, qtukey stops at 1e-4 and is better by one step of its secant."""
    assert_allclose(studentised_range_tail(3.5, 3, 20.0), 0.05589185, rtol=1e-6)
    assert_allclose(studentised_range_tail(3.0, 4, np.inf), 0.1462715, rtol=1e-6)
    assert_allclose(studentised_range_tail(9.0, 4, 17.0), 3.841204e-05, rtol=1e-6)
    assert_allclose(studentised_range_quantile(0.95, 4, 17.0) / np.sqrt(2), 2.842558, rtol=1e-6)
    # two means: Student's t
    assert_allclose(
        studentised_range_tail(2.5 * np.sqrt(2), 2, 9.0),
        adjusted("none", np.array([2.5]), np.array([9.0]), 0.95, 2)[0],
        rtol=1e-10,
    )


def test_holm_and_sidak_by_hand():
    t, df = np.array([2.0, 3.5, 2.5]), np.full(3, np.inf)
    plain, _ = adjusted("none", t, df, 0.95, 3)
    holm, _ = adjusted("holm", t, df, 0.95, 3)
    assert_allclose(holm, [plain[0], 3 * plain[1], 2 * plain[2]])  # ordered: 0.0005, 0.012, 0.046
    assert_allclose(adjusted("sidak", t, df, 0.95, 3)[0], 1 - (1 - plain) ** 3, rtol=1e-12)


def test_signed_rank_by_counting():
    """All 2^4 signs of four ranks: V = 1 or less, and 9 or more, in 4 of 16."""
    v, p, exact = signed_rank(np.array([-1.2, 0.3, -2.0, -3.1]))
    assert (v, p, exact) == (1.0, 0.25, True)
    assert signed_rank(np.zeros(3))[0] == 0.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda y, x, s: (y, x, np.arange(len(y))), "one row only"),
        (lambda y, x, s: (y, x, np.zeros(len(y), dtype=int)), "two subjects"),
        (lambda y, x, s: (np.ones(len(y)), x, s), "exactly"),
        (lambda y, x, s: (y, np.column_stack([x, x[:, 1]]), s), "linear combinations"),
        (lambda y, x, s: (y[:5], x[:5], s[:5]), "more than 8 rows"),
    ],
)
def test_what_cannot_be_fitted_is_refused(change, message):
    y, x, subject, _ = made(subjects=12)
    y, x, subject = change(y, x, subject)
    with pytest.raises(OptionError, match=message):
        fit_linear_mixed(y, x, np.ones((len(y), 1)), subject)


def test_rows_of_a_test_that_repeat_each_other_count_once():
    assert len(independent_rows(np.array([[1.0, 0, 0], [0, 1, 0], [1, 1, 0]]))) == 2
