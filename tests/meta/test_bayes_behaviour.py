"""bayes(): brute force, invariances, limits that are known, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from ostealgia.errors import OptionError, TableError
from ostealgia.meta import bayes, heterogeneity_prior
from ostealgia.numerics import bayes_priors
from ostealgia.numerics.bayes import posterior
from ostealgia.numerics.bayes_mixture import NormalMixture, shortest_interval

Y = np.array([-2.31, -0.46, -2.30, -1.76, -1.26])
V = np.array([0.36, 0.31, 0.78, 0.21, 0.41])
PRIORS = {
    "half-normal": bayes_priors.half_normal(0.5),
    "half-Cauchy": bayes_priors.half_cauchy(0.5),
    "half-t": bayes_priors.half_t(0.5, 4),
    "uniform": bayes_priors.uniform(),
    "uniform to 2": bayes_priors.uniform(2.0),
    "Jeffreys": bayes_priors.jeffreys(),
    "log-normal": bayes_priors.log_normal(-1.0, 0.8),
    "log-t": bayes_priors.log_t(-1.0, 1.0),
}


def brute_force(y, v, prior, mean_prior):
    """Posterior moments by summing the joint density on a dense grid of mu and tau: no conditional normal distribution is used."""
    spread = 12.0 * float(np.sqrt(v.max()))
    mu = np.linspace(y.mean() - spread, y.mean() + spread, 1501)
    tau = np.exp(np.linspace(-14, 6, 1801))
    total = v[:, None] + tau[None, :] ** 2
    log_f = -0.5 * np.log(total).sum(axis=0)[None, :]
    log_f = log_f - 0.5 * sum((mu[:, None] - y[i]) ** 2 / total[i][None, :] for i in range(len(y)))
    if mean_prior is not None:
        log_f = log_f - 0.5 * ((mu - mean_prior[0]) / mean_prior[1])[:, None] ** 2
    weight = np.exp(log_f - log_f.max()) * (np.exp(prior.log_density(tau, v)) * tau)[None, :]
    weight /= weight.sum()
    over_mu, over_tau = weight.sum(axis=1), weight.sum(axis=0)
    mean = float(over_mu @ mu)
    below = float(over_mu[mu < -1.0].sum() + 0.5 * over_mu[mu == -1.0].sum())
    return mean, math.sqrt(float(over_mu @ (mu - mean) ** 2)), float(over_tau[tau < 0.4].sum()), below


@pytest.mark.parametrize("name", ["half-normal", "half-t", "log-normal", "uniform to 2"])
def test_brute_force(name):
    """A sum over 2.7 million points: good to the step of the grid, 1e-3 of a standard deviation, and 4e-3 for probabilities."""
    found = posterior(Y, V, PRIORS[name], (0.0, 4.0))
    mean, sd, tau_below, mu_below = brute_force(Y, V, PRIORS[name], (0.0, 4.0))
    assert_allclose(found.moments(found.mu, 1), (mean, sd), rtol=1e-3)
    assert_allclose(found.tau_posterior.cdf(np.array(0.4)), tau_below, atol=4e-3)
    assert_allclose(found.mu.cdf(np.array(-1.0)), mu_below, atol=4e-3)


@pytest.mark.parametrize("name", PRIORS)
def test_certificate_and_consistency(name):
    """The integral is known to 1e-11; the quantile inverts the distribution function; tau's density integrates to one."""
    found = posterior(Y, V, PRIORS[name])
    assert found.certificate["relative_error"] < 1e-11
    assert found.certificate["mass_above"] < 1e-18
    assert_allclose(found.weight.sum(), 1.0, rtol=1e-14)
    p = np.array([1e-6, 0.001, 0.025, 0.3, 0.5, 0.9, 0.975, 0.9999])
    for part in (found.tau_posterior, found.mu, found.new_study, found.study(1)):
        assert_allclose(part.cdf(part.quantile(p)), p, rtol=1e-9)
    x, w = np.polynomial.legendre.leggauss(400)
    low, high = np.log(found.tau_posterior.quantile(np.array([0.01, 0.99])))
    tau = np.exp(0.5 * (high - low) * x + 0.5 * (high + low))
    assert_allclose(0.5 * (high - low) * float(w @ (found.tau_posterior.density(tau) * tau)), 0.98, rtol=1e-9)


@given(
    scale=st.floats(1e-6, 1e6),
    shift=st.floats(-50, 50),
    turn=st.booleans(),
    name=st.sampled_from(["half-Cauchy", "uniform", "Jeffreys"]),
)
@settings(max_examples=25, deadline=None)
def test_unit_origin_and_sign_do_not_matter(scale, shift, turn, name):
    """With the prior in the unit of the effects, quantiles move with the unit; 1e-9 leaves the integral two digits to spare."""
    sign = -1.0 if turn else 1.0
    prior = bayes_priors.half_cauchy(0.5 * scale) if name == "half-Cauchy" else PRIORS[name]
    base = posterior(Y, V, PRIORS[name])
    moved = posterior(sign * scale * (Y + shift), scale * scale * V, prior)
    p = np.array([0.1, 0.5, 0.8])
    expected = sign * scale * (base.mu.quantile(1.0 - p if turn else p) + shift)
    assert_allclose(moved.mu.quantile(p), expected, atol=1e-9 * scale * (1 + abs(shift)))
    assert_allclose(moved.tau_posterior.quantile(p), scale * base.tau_posterior.quantile(p), rtol=1e-9)


@given(data=st.data(), k=st.integers(2, 8))
@settings(max_examples=25, deadline=None)
def test_order_of_studies_does_not_matter(data, k):
    y = np.array(data.draw(st.lists(st.floats(-3, 3), min_size=k, max_size=k)))
    v = np.array(data.draw(st.lists(st.floats(0.01, 2), min_size=k, max_size=k)))
    order = np.array(data.draw(st.permutations(range(k))))
    one, other = posterior(y, v, PRIORS["half-normal"]), posterior(y[order], v[order], PRIORS["half-normal"])
    p = np.array([0.05, 0.5, 0.95])
    assert_allclose(one.mu.quantile(p), other.mu.quantile(p), atol=1e-10)
    assert_allclose(one.tau_posterior.quantile(p), other.tau_posterior.quantile(p), rtol=1e-9)


def test_a_tiny_heterogeneity_prior_gives_the_common_effect():
    found = posterior(Y, V, bayes_priors.half_normal(1e-7))
    w = 1 / V
    assert_allclose(found.moments(found.mu, 1), ((w @ Y) / w.sum(), w.sum() ** -0.5), rtol=1e-9)
    assert_allclose(found.tau_moment(1), 1e-7 * math.sqrt(2 / math.pi), rtol=1e-9)


def test_one_study_with_a_normal_prior_by_hand():
    """Given tau, mu is normal with precision 1/(v + tau^2) + 1/4^2; its mean averaged over the posterior of tau by a rule of its own."""
    found = posterior(np.array([1.0]), np.array([0.1]), bayes_priors.half_normal(0.5), (0.0, 4.0))
    x, w = np.polynomial.legendre.leggauss(200)
    tau = 2.5 * (x + 1)
    total = 0.1 + tau**2 + 16.0
    f = w * np.exp(-0.5 * (tau / 0.5) ** 2 - 0.5 / total) / np.sqrt(total)
    assert_allclose(found.moments(found.mu, 1)[0], (f @ (16.0 / total)) / f.sum(), rtol=1e-10)


@pytest.mark.parametrize(
    ("y", "v"),
    [
        ([1.0, 100.0, 1e4], [1e-4, 1.0, 1e-2]),
        ([0.0, 100.0, 3.0, -5.0], [1e-12, 1e6, 1e3, 1.0]),
        ([1.0, 1.0, 1.0], [0.1, 0.1, 0.1]),
        ([0.1, 0.3], [1e-8, 1e8]),
    ],
)
@pytest.mark.parametrize("name", ["half-normal", "half-Cauchy", "Jeffreys", "log-t"])
def test_extreme_data(y, v, name):
    """Conflict between prior and data, variances over eighteen orders of magnitude: still certified."""
    found = posterior(np.array(y), np.array(v), PRIORS[name])
    assert found.certificate["relative_error"] < 1e-10
    low, high = shortest_interval(found.mu, 0.95)
    assert_allclose(found.mu.cdf(np.array([low, high])) @ [-1, 1], 0.95, rtol=1e-9)


def test_many_studies():
    rng = np.random.default_rng(20260301)
    v = rng.uniform(0.01, 0.2, 3000)
    found = posterior(rng.normal(0.3, np.sqrt(v + 0.1)), v, PRIORS["half-normal"])
    assert found.certificate["relative_error"] < 1e-10
    assert abs(found.moments(found.mu, 1)[0] - 0.3) < 0.04
    assert abs(found.tau_moment(2) - 0.1) < 0.015


def test_moments_that_do_not_exist():
    """Two studies, a flat mean and a half-Cauchy prior: tau falls as tau^-3, so its mean exists and its variance does not."""
    fit = bayes({"estimate": [1.0, 2.0], "std_error": [0.3, 0.5]}, tau_prior="half-Cauchy(0.5)")
    assert math.isfinite(fit.tau.mean)
    assert math.isinf(fit.tau.sd)
    assert math.isinf(fit.mean.sd)
    assert any("does not exist" in note for note in fit.notes)
    assert fit.to_dict()["tau"]["sd"] is None


def test_interval_kinds():
    fit = bayes({"estimate": Y, "std_error": np.sqrt(V)}, tau_prior="log-normal(-1, 0.8)", interval="central")
    assert (fit.mean.ci_low, fit.mean.ci_high) == (fit.mean.central_low, fit.mean.central_high)
    for one in (fit.mean, fit.tau, fit.prediction):
        assert one.shortest_high - one.shortest_low <= one.central_high - one.central_low
    tau = fit.distribution("tau")
    assert_allclose(*tau.density(np.array([fit.tau.shortest_low, fit.tau.shortest_high])), rtol=1e-8)


def test_shortest_interval_of_two_peaks():
    """Two peaks far apart, one with 95%: the shortest 90% interval lies within it."""
    mixture = NormalMixture(weight=np.array([0.95, 0.05]), mean=np.array([0.0, 50.0]), sd=np.array([1.0, 1.0]))
    low, high = shortest_interval(mixture, 0.9)
    assert -3 < low < high < 3
    assert_allclose(mixture.cdf(np.array([low, high])) @ [-1, 1], 0.9, rtol=1e-10)


def test_reported_scale_and_probabilities():
    data = {"study": list("ABCD"), "events": [14, 20, 33, 18], "n": [20, 29, 40, 30]}
    fit = bayes(data, measure="PLO", tau_prior="half-normal(1)")
    assert 0 < fit.reported.pi_low < fit.reported.ci_low < fit.reported.estimate < fit.reported.ci_high < 1
    assert_allclose(fit.probability_below(0.3) + fit.probability_above(0.3), 1.0, rtol=1e-12)
    assert "P(PLO" not in str(fit)
    frame = fit.to_frame()
    assert list(frame["parameter"]) == ["mean", "tau", "prediction"]
    assert list(fit.shrinkage_frame()["study"]) == list("ABCD")
    assert math.isnan(fit.bayes_factors["mean_zero"])


def test_joint_density_integrates_to_the_marginal():
    found = posterior(Y, V, PRIORS["half-normal"], (0.0, 4.0))
    x, w = np.polynomial.legendre.leggauss(60)
    mu = np.linspace(-3, 0, 5)
    tau, weight = 1.5 * (x + 1) + 1e-9, 1.5 * w
    assert_allclose(
        weight @ found.joint_density(mu, tau), found.mu.density(mu), rtol=1e-6
    )  # 3 is 6 scales of the prior


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "tau_prior is not given"),
        ({"tau_prior": "half-norml(0.5)"}, "Did you mean 'half-normal'"),
        ({"tau_prior": "half-normal(-1)"}, "not a number above 0"),
        ({"tau_prior": "half-normal(a)"}, "not a number above 0"),
        ({"tau_prior": "half-normal"}, "missing scale"),
        ({"tau_prior": "half-normal(1, 2)"}, "2 values"),
        ({"tau_prior": "half-normal(0.5); import os"}, "not written as"),
        ({"tau_prior": "Turner(any)"}, "learned on log odds ratios"),
        ({"tau_prior": "uniform", "mean_prior": (0, -1)}, "mean_prior"),
        ({"tau_prior": "uniform", "mean_prior": 3}, "mean_prior"),
        ({"tau_prior": "uniform", "interval": "hpd"}, "'shortest', 'central'"),
        ({"tau_prior": "uniform", "level": 95}, "0.95"),
    ],
)
def test_refusals(options, words):
    with pytest.raises(OptionError, match=words.replace("(", r"\(")):
        bayes({"estimate": Y, "std_error": np.sqrt(V)}, measure="MD", **options)


def test_too_few_studies_for_an_improper_prior():
    data = {"estimate": [0.1, 0.4], "std_error": [0.1, 0.2]}
    with pytest.raises(OptionError, match="needs 3 studies"):
        bayes(data, tau_prior="uniform")
    assert bayes(data, tau_prior="Jeffreys").k == 2
    assert bayes(data, tau_prior="uniform", mean_prior=(0, 2)).k == 2
    with pytest.raises(OptionError, match="needs 2 studies"):
        bayes({"estimate": [0.1], "std_error": [0.1]}, tau_prior="half-normal(1)")


def test_learned_priors_belong_to_their_measure():
    smd = {"estimate": [0.1, 0.4, 0.3], "std_error": [0.1, 0.2, 0.2]}
    fit = bayes(
        smd, measure="SMD", tau_prior="Rhodes(physical health, pain or quality of life; non-pharmacological; cancer)"
    )
    assert fit.tau_prior.check
    with pytest.raises(OptionError, match="Use half-normal"):
        bayes(smd, measure="RR", tau_prior="Turner(pain; pharmacological vs control)")
    prior = heterogeneity_prior("Turner", outcome="pain", comparison="pharmacological vs control")
    with pytest.raises(OptionError, match="learned on log odds ratios"):
        bayes(smd, measure="SMD", tau_prior=prior)


def test_an_unusable_standard_error_is_named():
    with pytest.raises(TableError):
        bayes({"study": ["A", "B"], "estimate": [1.0, 2.0], "std_error": [0.1, -0.2]}, tau_prior="half-normal(1)")
