"""The numerics of networks: against textbook generalised least squares written with full matrices, by hand, and by invariances."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.special import ndtr

from ostealgia.numerics import network as nw
from ostealgia.numerics.network_counts import mantel_haenszel_design
from ostealgia.numerics.network_flow import path_contributions
from ostealgia.numerics.network_ranks import bivariate_normal, p_scores, rank_probabilities
from ostealgia.numerics.network_tau2 import METHODS, generalised_dl, network_tau2, network_tau2_interval


def arms(seed, n=6, k=14):
    """A connected network of two- to four-arm studies: study, treatment, value, variance, one entry an arm."""
    rng = np.random.default_rng(seed)
    rows = []
    for s in range(k):
        m = min(n, int(rng.integers(2, 5)))
        chosen = [s % n, (s + 1) % n] if s < n else rng.choice(n, m, replace=False)
        rows += [(s, int(t), float(rng.normal(0.1 * t, 0.4)), float(rng.uniform(0.02, 0.3))) for t in sorted(chosen)]
    return tuple(np.array(column) for column in zip(*rows, strict=True))


def evidence(study, treatment, value, variance, n):
    """All contrasts of all studies."""
    pairs = [
        (study[i], treatment[i], treatment[j], value[i] - value[j], variance[i] + variance[j])
        for i in range(len(study))
        for j in range(i + 1, len(study))
        if study[i] == study[j]
    ]
    s, a, b, y, v = (np.array(column) for column in zip(*pairs, strict=True))
    size = nw.arms_of_studies(s, a, b, int(study.max()) + 1, n)
    return nw.decompose(s, a, b, y, v, size, n)


def full_gls(study, treatment, value, variance, n, tau2):
    """Basic contrasts against each study's first arm, with their covariance: Lu & Ades; (estimate, covariance, Q) in basic parameters."""
    blocks, ys, xs = [], [], []
    for s in np.unique(study):
        own = np.flatnonzero(study == s)
        first, rest = own[0], own[1:]
        cover = np.full((len(rest), len(rest)), variance[first] + tau2 / 2) + np.diag(variance[rest] + tau2 / 2)
        blocks.append(np.linalg.inv(cover))
        for i in rest:
            row = np.zeros(n)
            row[treatment[i]], row[treatment[first]] = 1.0, -1.0
            xs.append(row)
            ys.append(value[i] - value[first])
    w = np.zeros((len(ys), len(ys)))
    at = 0
    for block in blocks:
        w[at : at + len(block), at : at + len(block)] = block
        at += len(block)
    x, y = np.array(xs)[:, 1:], np.array(ys)
    cover = np.linalg.inv(x.T @ w @ x)
    beta = cover @ x.T @ w @ y
    rest = y - x @ beta
    return np.concatenate([[0.0], beta]), cover, float(rest @ w @ rest), (x, y, w)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("tau2", [0.0, 0.3])
def test_equals_generalised_least_squares_with_full_matrices(seed, tau2):
    data = arms(seed)
    found = nw.solve(evidence(*data, 6), tau2)
    beta, cover, q, _ = full_gls(*data, 6, tau2)
    assert_allclose(found.estimate, beta[:, None] - beta, atol=1e-12)  # two ways to the same closed form
    assert_allclose(found.std_error[1:, 0], np.sqrt(np.diag(cover)), rtol=1e-12)
    assert_allclose(found.q, q, rtol=1e-11)


@pytest.mark.parametrize("seed", range(4))
def test_generalised_dl_solves_its_moment_equation(seed):
    """E(Q) = df + tau2 tr(M S), M = W - WX(X'WX)^-1 X'W, S the covariance that tau2 = 1 adds: 1 on the diagonal, 1/2 within a study."""
    data = arms(seed)
    _, cover, q, (x, y, w) = full_gls(*data, 6, 0.0)
    m = w - w @ x @ cover @ x.T @ w
    study = np.concatenate([np.full(np.sum(data[0] == s) - 1, s) for s in np.unique(data[0])])
    added = np.where(study[:, None] == study, 0.5, 0.0)
    np.fill_diagonal(added, 1.0)
    df = len(y) - x.shape[1]
    assert_allclose(generalised_dl(evidence(*data, 6)), (q - df) / np.trace(m @ added), rtol=1e-10)


@pytest.mark.parametrize("method", ["ML", "REML"])
def test_likelihood_estimates_have_no_better_neighbour(method):
    """The (restricted) likelihood of the full matrices is no higher anywhere on a grid of 200 values."""
    data = arms(2)

    def minus_twice(tau2):
        _, cover, q, (_, _, w) = full_gls(*data, 6, tau2)
        value = q - np.linalg.slogdet(w)[1]
        return value - np.linalg.slogdet(cover)[1] if method == "REML" else value

    found = network_tau2(evidence(*data, 6), method).value
    assert found > 0
    assert all(minus_twice(found) <= minus_twice(t) + 1e-9 for t in np.geomspace(1e-6, 10, 200))
    assert abs(minus_twice(found * (1 + 1e-4)) - minus_twice(found * (1 - 1e-4))) < 1e-6  # flat at the top


def test_adjusted_weights_and_independent_contrasts_give_the_same_estimates():
    data = evidence(*arms(1), 6)
    weights = nw.adjusted_weights(data, 0.1)
    x = np.zeros((len(weights), 6))
    x[np.arange(len(weights)), data.first] = 1.0
    x[np.arange(len(weights)), data.second] = -1.0
    level = np.linalg.pinv(x.T @ (x * weights[:, None])) @ (x.T @ (weights * data.estimate))
    assert_allclose(level, nw.solve(data, 0.1).level, atol=1e-12)


def test_the_hat_matrix_projects():
    data = evidence(*arms(2), 6)
    fit = nw.solve(data)
    hat = nw.hat_matrix(data, fit, nw.adjusted_weights(data))
    assert_allclose(hat @ hat, hat, atol=1e-12)
    assert_allclose(hat @ data.estimate, fit.estimate[data.first, data.second], atol=1e-12)
    assert_allclose(np.trace(hat), 5.0, atol=1e-11)  # treatments less one
    assert_allclose(np.diag(hat), nw.leverage(data, fit, nw.adjusted_weights(data)), atol=1e-13)


def test_detaching_a_design_equals_fitting_without_it():
    data = evidence(*arms(5, k=18), 6)
    design = np.unique(
        [str(sorted({*data.first[data.study == s], *data.second[data.study == s]})) for s in range(18)],
        return_inverse=True,
    )[1]
    within = nw.within_designs(data, design, int(design.max()) + 1)
    found = nw.detach_designs(data, nw.solve(data), design, int(design.max()) + 1)
    total = nw.solve(data).q
    for d in range(int(design.max()) + 1):
        keep = design[data.row_study] != d
        x, y, w = data.x[keep], data.y[keep], 1 / data.v[keep]
        beta, _, rank, _ = np.linalg.lstsq(x * np.sqrt(w)[:, None], y * np.sqrt(w), rcond=None)
        rest = (y - x @ beta) * np.sqrt(w)
        assert_allclose(total - found.q[d], rest @ rest + within.q[d], rtol=1e-9)
        assert found.df[d] == int((~keep).sum()) - within.df[d] - (5 - rank)


# --- invariances -----------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(scale=st.sampled_from([1e-6, 1e-3, 3.0, 1e3, 1e6]), seed=st.integers(0, 50))
def test_the_unit_does_not_matter(scale, seed):
    """tau2(s y, s^2 v) = s^2 tau2(y, v) to 1e-9; estimates and Q to rounding."""
    study, treatment, value, variance = arms(seed)
    one, other = (
        evidence(study, treatment, value, variance, 6),
        evidence(study, treatment, scale * value, scale**2 * variance, 6),
    )
    assert_allclose(nw.solve(other).estimate, scale * nw.solve(one).estimate, rtol=1e-9, atol=1e-10 * scale)
    assert_allclose(nw.solve(other).q, nw.solve(one).q, rtol=1e-9)
    for method in METHODS:
        a, b = network_tau2(one, method).value, network_tau2(other, method).value
        assert_allclose(b, scale**2 * a, rtol=1e-9, atol=1e-14 * scale**2)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 50), shuffle=st.randoms(use_true_random=False))
def test_the_names_of_treatments_do_not_matter(seed, shuffle):
    study, treatment, value, variance = arms(seed)
    new = list(range(6))
    shuffle.shuffle(new)
    renamed = np.array(new)[treatment]
    order = np.lexsort((renamed, study))
    one = nw.solve(evidence(study, treatment, value, variance, 6), 0.05)
    other = nw.solve(evidence(study[order], renamed[order], value[order], variance[order], 6), 0.05)
    assert_allclose(other.estimate[np.ix_(new, new)], one.estimate, atol=1e-11)
    assert_allclose(other.std_error[np.ix_(new, new)], one.std_error, rtol=1e-10)
    assert_allclose(other.q, one.q, rtol=1e-9)


def test_two_treatments_are_an_ordinary_meta_analysis():
    from ostealgia.meta import pool

    y, se = np.array([0.1, 0.5, -0.2, 0.9]), np.array([0.2, 0.3, 0.25, 0.4])
    k = len(y)
    data = nw.decompose(np.arange(k), np.zeros(k, int), np.ones(k, int), y, se**2, np.full(k, 2), 2)
    for method in METHODS:
        fit = pool({"estimate": y, "std_error": se}, tau2=method, ci="z", tau2_ci="QP")
        assert_allclose(network_tau2(data, method).value, fit.tau2, rtol=1e-10, atol=1e-15)
        assert_allclose(nw.solve(data, fit.tau2).estimate[0, 1], fit.estimate, rtol=1e-10)
    assert_allclose(network_tau2_interval(data, 0.95), [fit.tau2_ci_low, fit.tau2_ci_high], rtol=1e-8)


def test_without_degrees_of_freedom_tau2_is_not_a_number():
    data = nw.decompose(
        np.array([0, 1]), np.array([0, 1]), np.array([1, 2]), np.ones(2), np.ones(2), np.array([2, 2]), 3
    )
    assert math.isnan(network_tau2(data, "REML").value)
    assert all(math.isnan(limit) for limit in network_tau2_interval(data, 0.95))


# --- ranks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("h", "k", "rho"), [(0.3, -0.7, 0.5), (-1.2, -0.4, -0.8), (0.0, 0.9, 0.3), (2.0, 1.0, 0.0), (1.0, -1.0, 0.99)]
)
def test_the_bivariate_normal_against_integration(h, k, rho):
    """P(X < h, Y < k) = integral of phi(x) Phi((k - rho x) / sqrt(1 - rho^2)); 1e-10 is what the quadrature gives."""
    inner = lambda x: math.exp(-x * x / 2) / math.sqrt(2 * math.pi) * ndtr((k - rho * x) / math.sqrt(1 - rho * rho))  # noqa: E731
    assert_allclose(bivariate_normal(h, k, rho), quad(inner, -12, h, epsabs=1e-13)[0], atol=1e-10)


def test_degenerate_correlations():
    assert bivariate_normal(0.5, 1.0, 1.0) == pytest.approx(ndtr(0.5))
    assert bivariate_normal(0.5, -1.0, -1.0) == pytest.approx(
        ndtr(0.5) + ndtr(-1.0) - 1 if ndtr(0.5) > ndtr(1.0) else 0.0
    )


def test_exact_ranks_of_three_agree_with_draws_and_with_p_scores():
    fit = nw.solve(evidence(*arms(4, n=3), 3), 0.1)
    exact = rank_probabilities(fit.level, fit.inverse, higher_is_better=True)
    rng = np.random.default_rng(1)
    drawn = fit.level + rng.multivariate_normal(np.zeros(3), fit.inverse, size=200_000, method="eigh")
    order = np.argsort(-drawn, axis=1)
    shares = np.array([[np.mean(order[:, rank] == i) for rank in range(3)] for i in range(3)])
    assert exact.draws == 0
    assert_allclose(exact.probability, shares, atol=0.006)  # five Monte Carlo standard errors
    assert_allclose(exact.probability.sum(axis=0), 1.0, atol=1e-12)
    sucra = exact.probability @ np.array([1.0, 0.5, 0.0])
    assert_allclose(sucra, p_scores(fit.estimate, fit.std_error, higher_is_better=True), atol=1e-12)


def test_drawn_ranks_agree_with_p_scores():
    fit = nw.solve(evidence(*arms(7), 6), 0.1)
    found = rank_probabilities(
        fit.level, fit.inverse, higher_is_better=False, rng=np.random.default_rng(3), draws=60_000
    )
    sucra = found.probability @ np.linspace(1, 0, 6)
    assert_allclose(sucra, p_scores(fit.estimate, fit.std_error, higher_is_better=False), atol=0.006)
    assert_allclose(found.probability.sum(axis=1), 1.0, atol=1e-12)


# --- contributions ---------------------------------------------------------------------------------------------------


def test_contributions_by_hand():
    """Direct 0.5; two paths of length two share 0.3 + 0.2; each path is split between its comparisons."""
    first, second = np.array([0, 0, 1, 0, 1]), np.array([1, 2, 2, 3, 3])
    found = path_contributions(np.array([0.5, 0.3, -0.3, 0.2, -0.2]), first, second, 0, 1, 4)
    assert_allclose(found, [0.5, 0.15, 0.15, 0.1, 0.1], atol=1e-15)


@pytest.mark.parametrize("seed", range(5))
def test_contributions_sum_to_one_and_follow_the_flow(seed):
    data = evidence(*arms(seed), 6)
    fit = nw.solve(data)
    hat, a, b = nw.comparison_hat(fit, data.first, data.second, nw.adjusted_weights(data), 6)
    for row, (i, j) in zip(hat, zip(*np.triu_indices(6, 1), strict=True), strict=True):
        share = path_contributions(row, a, b, int(i), int(j), 6)
        assert_allclose(share.sum(), 1.0, atol=1e-12)
        assert (share <= np.abs(row) + 1e-12).all()  # a comparison cannot contribute more than flows through it


# --- Mantel-Haenszel -------------------------------------------------------------------------------------------------


def test_one_study_gives_the_observed_log_odds_ratios():
    events, n = np.array([[4.0, 9.0, 7.0]]), np.array([[40.0, 45.0, 38.0]])
    level, cover = mantel_haenszel_design(events, n)
    logit = np.log(events[0] / (n[0] - events[0]))
    own = 1 / events[0] + 1 / (n[0] - events[0])
    assert_allclose(level - level[0], logit - logit[0], atol=1e-14)
    contrast = np.array([[1.0, -1.0, 0.0], [1.0, 0.0, -1.0]])
    assert_allclose(contrast @ cover @ contrast.T, contrast @ np.diag(own) @ contrast.T, atol=1e-14)


def test_two_arms_are_the_ordinary_mantel_haenszel_estimate():
    from ostealgia.effects import compute
    from ostealgia.meta import pool

    events, n = np.array([[4.0, 11.0], [0.0, 3.0], [12.0, 9.0]]), np.array([[123.0, 139.0], [30.0, 31.0], [60.0, 55.0]])
    level, cover = mantel_haenszel_design(events, n)
    wide = {"study": list("ABC"), "events_1": events[:, 0], "n_1": n[:, 0], "events_2": events[:, 1], "n_2": n[:, 1]}
    fit = pool(compute(wide, measure="OR"), model="MH")
    assert_allclose(level[0] - level[1], fit.estimate, rtol=1e-12)
    assert_allclose(cover[0, 0] + cover[1, 1] - 2 * cover[0, 1], fit.std_error**2, rtol=1e-12)
