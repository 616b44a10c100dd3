"""Priors of tau: each density is the derivative of its distribution function, and the learned tables hold together."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ostealgia.errors import OptionError
from ostealgia.meta import heterogeneity_prior
from ostealgia.meta.bayes_settings import (
    RHODES_OUTCOMES,
    RHODES_SETTINGS,
    TURNER_OUTCOMES,
    TURNER_SETTINGS,
    UNSURE,
    read_prior,
)

PROPER = ["half-normal(0.5)", "half-Cauchy(25)", "half-t(0.3, 4)", "half-t(2, 1)", "uniform(3)", "log-normal(-1, 0.8)", "log-t(-1, 1.2)",
          "log-t(-1, 1.2, 3)", "Turner(any)", "Rhodes(any)"]  # fmt: skip


@pytest.mark.parametrize("text", PROPER)
def test_density_distribution_and_quantile_agree(text):
    """Central differences of step 1e-5: good to 1e-8 of the slope's own size."""
    prior, v = read_prior(text), np.ones(3)
    for p in (0.01, 0.2, 0.5, 0.9, 0.99):
        tau = prior.quantile(p)
        assert_allclose(prior.below(tau, v), p, rtol=1e-12)
        h = 1e-5 * tau
        slope = (prior.below(tau + h, v) - prior.below(tau - h, v)) / (2 * h)
        assert_allclose(math.exp(prior.log_density(np.array([tau]), v)[0]), slope, rtol=1e-7)


def test_half_t_with_one_degree_of_freedom_is_half_cauchy():
    tau, v = np.array([1e-9, 0.1, 1.0, 50.0]), np.ones(2)
    one, other = read_prior("half-t(0.5, 1)"), read_prior("half-Cauchy(0.5)")
    assert_allclose(one.log_density(tau, v), other.log_density(tau, v), rtol=1e-13)
    assert_allclose([one.below(t, v) for t in tau], [other.below(t, v) for t in tau], rtol=1e-12)


def test_jeffreys_is_the_root_of_the_information():
    """The information of tau in y ~ N(mu, v + tau^2) is sum 2 tau^2 / (v + tau^2)^2; by hand for v = 1 and 4 at tau = 2."""
    prior = heterogeneity_prior("Jeffreys")
    found = math.exp(prior.log_density(np.array([2.0]), np.array([1.0, 4.0]))[0])
    assert_allclose(found, math.sqrt((2 / 5) ** 2 + (2 / 8) ** 2), rtol=1e-14)
    assert not prior.proper
    assert prior.quantile is None


@pytest.mark.parametrize("comparison", TURNER_SETTINGS)
def test_turner_table_is_additive(comparison):
    """The paper's model adds an effect of the outcome to one of the comparison: differences between columns are constant up to the
    rounding of two numbers to 0.01. A digit lost in transcription would show.
    """
    first = np.array(TURNER_SETTINGS["pharmacological vs control"][0])
    gap = np.array(TURNER_SETTINGS[comparison][0]) - first
    assert len(gap) == len(TURNER_OUTCOMES)
    assert np.ptp(gap) <= 0.0201


@pytest.mark.parametrize("setting", RHODES_SETTINGS)
def test_rhodes_tables_are_additive_where_they_are_offered(setting):
    base = np.array([-4.13, -2.55, -2.43, -3.16, -3.00, -2.99, -3.41, -2.76])
    locations = np.array([np.nan if value is None else value for value in RHODES_SETTINGS[setting][0]])
    gap = (locations - base)[np.isfinite(locations)]
    assert np.ptp(gap) <= 0.0301  # three rounded numbers and a rounded sum
    missing = {(*setting, RHODES_OUTCOMES[i]) for i in np.flatnonzero(np.isnan(locations))}
    assert missing == {key for key in UNSURE if key[:2] == setting}


def test_a_setting_that_could_not_be_checked_is_refused_with_the_reason():
    with pytest.raises(OptionError, match="different signs"):
        heterogeneity_prior("Rhodes", outcome="resource use", comparison="pharmacological vs control", area="cancer")


def test_learned_priors_name_source_and_check():
    prior = heterogeneity_prior("Turner", outcome="pain", comparison="non-pharmacological vs control")
    assert "10.1002/sim.6381" in prior.source
    assert "transcriptions" in prior.check
    assert prior.parameters == {"location": -1.025, "scale": 0.855}
    median = heterogeneity_prior("Rhodes", outcome="any").quantile(0.5)
    assert_allclose(median, math.exp(-3.44 / 2), rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "parameters", "words"),
    [
        ("Turner", {"outcome": "pian", "comparison": "pharmacological vs control"}, "Did you mean 'pain'"),
        ("Turner", {"outcome": "pain"}, "comparison='None'"),
        ("Rhodes", {"outcome": "subjective", "comparison": "non-pharmacological", "area": "bone"}, "area='bone'"),
        ("half-normal", {"scale": 0.5, "df": 3}, "found df"),
        ("half-t", {"scale": 0.5}, "missing df"),
    ],
)
def test_refusals(name, parameters, words):
    with pytest.raises(OptionError, match=words):
        heterogeneity_prior(name, **parameters)
