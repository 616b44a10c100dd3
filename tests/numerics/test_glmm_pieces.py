"""The parts of a GLMM fit, each against a sum, an integral or a difference quotient done another way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.special import gammaln, logsumexp

from ostealgia.errors import OptionError
from ostealgia.numerics.glmm_conditional import Hypergeometric, log_gamma_step
from ostealgia.numerics.glmm_families import Binomial, Poisson
from ostealgia.numerics.glmm_marginal import log_marginal, study_terms
from ostealgia.numerics.glmm_slopes import laplace_terms
from ostealgia.numerics.optimise import newton
from ostealgia.numerics.quadrature import gauss_hermite

RNG = np.random.default_rng(20240601)
K = 8
N = RNG.integers(5, 80, size=(2, K)).astype(float)
Y = RNG.binomial(N.astype(int), 0.3).astype(float)
Y[0, 0], Y[1, 1] = 0.0, N[1, 1]
TABLE = Hypergeometric(events_1=Y[:1], n_1=N[:1], events_2=Y[1:], n_2=N[1:])
FAMILIES = {
    "binomial, one arm": (Binomial(events=Y[:1], n=N[:1]), [1.0]),
    "binomial, two arms": (Binomial(events=Y, n=N), [0.5, -0.5]),
    "Poisson, two arms": (Poisson(events=Y, person_time=3 * N), [1.0, 1.0]),
    "hypergeometric": (TABLE, [1.0]),
}


def difference(function, x, step=1e-5):
    """Central difference quotient of every output by every entry of x, along the first axis."""
    rows = []
    for index in range(x.shape[0]):
        move = np.zeros_like(x)
        move[index] = step
        rows.append((np.asarray(function(x + move)) - np.asarray(function(x - move))) / (2 * step))
    return np.stack(rows)


@pytest.mark.parametrize("points", [1, 7])
@pytest.mark.parametrize("name", FAMILIES)
def test_derivatives_of_the_approximated_likelihood(name, points):
    """Nodes move with the parameters, and the derivatives know it: also for one node. 1e-6: error of the quotient."""
    family, loading = FAMILIES[name]
    random, rule = np.array(loading), gauss_hermite(points)
    x = np.concatenate([RNG.normal(-0.5, 0.5, size=(random.size, K)), np.full((1, K), 0.7)])

    def terms(values):
        # sd is one number for all studies; each study is evaluated alone.
        parts = [study_terms(family, values[:-1], np.array(sd), random, rule) for sd in values[-1]]
        pick = range(K)
        return (np.array([parts[i].value[i] for i in pick]), np.stack([parts[i].gradient[:, i] for i in pick], axis=-1))

    here = study_terms(family, x[:-1], np.array(0.7), random, rule)
    assert_allclose(difference(lambda z: terms(z)[0], x), here.gradient, rtol=1e-6, atol=1e-6)
    assert_allclose(difference(lambda z: terms(z)[1], x), here.hessian, rtol=1e-5, atol=1e-5)


def test_derivatives_of_the_two_effect_laplace():
    family = Binomial(events=Y, n=N)
    eta0, sigma, tau = RNG.normal(-0.5, 0.5, size=(2, K)), 0.6, 0.8
    _, gradient, hessian, _ = laplace_terms(family, eta0, sigma, tau)

    def at(x):
        return laplace_terms(family, eta0 + x[:2, None], np.sqrt(sigma**2 + x[2]), np.sqrt(tau**2 + x[3]))

    assert_allclose(difference(lambda x: at(x)[0], np.zeros(4)), gradient, rtol=1e-6, atol=1e-6)
    assert_allclose(difference(lambda x: at(x)[1], np.zeros(4)), hessian, rtol=1e-5, atol=1e-5)


def test_two_effects_without_slope_are_one_effect():
    """tau = 0: the two-effect Laplace is that of one level a study, to rounding."""
    family, eta0 = Binomial(events=Y, n=N), RNG.normal(-0.5, 0.5, size=(2, K))
    one = study_terms(family, eta0, np.array(0.6), np.ones(2), gauss_hermite(1))
    assert_allclose(laplace_terms(family, eta0, 0.6, 0.0)[0], one.value, rtol=1e-11)


@pytest.mark.parametrize("name", FAMILIES)
def test_quadrature_meets_the_integral(name):
    """31 nodes against adaptive quadrature of the integrand itself; 1e-6 is the error of 31 nodes on the flattest study."""
    family, loading = FAMILIES[name]
    random, eta0, sd = np.array(loading), RNG.normal(-0.5, 0.5, size=(len(loading), K)), 0.9
    terms = study_terms(family, eta0, np.array(sd), random, gauss_hermite(31))

    def density(z, study):
        eta = eta0 + sd * z * random[:, None]
        return np.exp(np.sum(family.value_slope(eta)[0][:, study]) - terms.value[study] - z * z / 2) / np.sqrt(
            2 * np.pi
        )

    integrals = [quad(density, -9, 9, args=(study,), points=[terms.mode[study]], limit=200)[0] for study in range(K)]
    assert_allclose(integrals, 1.0, rtol=1e-6)
    check = log_marginal(family, eta0, np.array(sd), random, gauss_hermite(31), terms.mode)
    assert_allclose(check, terms.value, rtol=1e-12, atol=1e-13)


@given(st.integers(1, 60), st.integers(1, 60), st.data(), st.floats(-6, 6))
@settings(max_examples=60, deadline=None)
def test_hypergeometric_moments_are_those_of_the_full_sum(n1, n2, data, eta):
    a, c = data.draw(st.integers(0, n1)), data.draw(st.integers(0, n2))
    family = Hypergeometric(
        events_1=np.array([[float(a)]]),
        n_1=np.array([[float(n1)]]),
        events_2=np.array([[float(c)]]),
        n_2=np.array([[float(n2)]]),
    )
    assert_allclose(
        [part[0, 0] for part in family.four(np.array([[eta]]))], full_sum(a, n1, c, n2, eta), rtol=1e-8, atol=1e-8
    )


@pytest.mark.parametrize("eta", [-3.0, 0.0, 0.4, 2.5])
@pytest.mark.parametrize("cells", [(300, 2000, 900, 5000), (5, 40000, 700, 900), (4000, 9000, 10, 60000)])
def test_hypergeometric_window_gives_the_full_sum(cells, eta):
    """Large tables use a window and a stride.

    1e-8: error of the log factorials of the full sum; the fourth cumulant is a difference of numbers near 3 variance^2.
    """
    a, n1, c, n2 = (np.array([[float(cell)]]) for cell in cells)
    family = Hypergeometric(events_1=a, n_1=n1, events_2=c, n_2=n2)
    assert family._table is None
    found, expected = [part[0, 0] for part in family.four(np.array([[eta]]))], full_sum(*cells, eta)
    assert_allclose(found[:4], expected[:4], rtol=1e-8)
    assert_allclose(found[4], expected[4], rtol=1e-8, atol=1e-9 * expected[2] ** 2)


def full_sum(a, n1, c, n2, eta):
    """Log-likelihood and cumulants from every value of the support."""
    total = a + c
    j = np.arange(max(0, total - n2), min(n1, total) + 1, dtype=float)

    def weight(x):
        return -gammaln(x + 1) - gammaln(n1 - x + 1) - gammaln(total - x + 1) - gammaln(n2 - total + x + 1)

    height = weight(j) - weight(float(a)) + (j - a) * eta
    p = np.exp(height - logsumexp(height))
    mean = p @ j
    second, third, fourth = (p @ (j - mean) ** power for power in (2, 3, 4))
    return [-logsumexp(height), a - mean, -second, -third, -(fourth - 3 * second**2)]


@given(st.floats(1e-3, 1e7), st.floats(-0.9, 3.0))
def test_log_gamma_step(x, share):
    """1e-8 relative to the step's own size: what the plain difference of two log factorials keeps at 1e7."""
    step = share * x
    plain = gammaln(x + step) - gammaln(x)
    assert_allclose(
        log_gamma_step(np.array(x), np.array(step)), plain, rtol=1e-9, atol=1e-9 + 1e-15 * abs(gammaln(x)) * 4
    )


@pytest.mark.parametrize("points", [0, -1, 102, 2.5, True])
def test_quadrature_points_are_checked(points):
    with pytest.raises(OptionError, match="quadrature_points"):
        gauss_hermite(points)


@pytest.mark.parametrize("points", [1, 2, 7, 21, 101])
def test_hermite_rule_integrates_polynomials(points):
    """Exact to degree 2 q - 1: the even moments of a standard normal, 1, 1, 3, 15."""
    rule = gauss_hermite(points)
    weight = np.exp(rule.log_weight - rule.node**2 / 2)
    moments = [1.0, 1.0, 3.0, 15.0][: min(4, points)]
    assert_allclose([weight @ rule.node ** (2 * power) for power in range(len(moments))], moments, rtol=1e-10)


def test_newton_says_when_it_does_not_arrive():
    def climb(x):
        return float(x[0]), np.array([1.0]), np.array([[-1e-3]])

    assert not newton(climb, np.array([0.0]), limit=5).converged
