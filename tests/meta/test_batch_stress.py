"""Random fits by the thousand (``make slow``: a million): none fails in silence, each is on its maximum, the unit does not matter."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from ostealgia.numerics.batch import BatchFit, fit_batch
from ostealgia.numerics.batch_codes import FAILED

GRID_POINTS = 200


def random_batch(n, seed):
    """Analyses of 2 to 30 studies; variances within a factor 3, 10, 1000 or 10^6; tau2 from 0 to 100 times the typical variance."""
    rng = np.random.default_rng(seed)
    k = rng.integers(2, 31, n)
    offsets = np.concatenate([[0], np.cumsum(k)])
    v = 10 ** rng.uniform(-np.repeat(rng.choice([0.5, 1.0, 3.0, 6.0], n), k), 0.0)
    typical = k / np.add.reduceat(1.0 / v, offsets[:-1])
    tau2 = np.repeat(rng.choice([0.0, 0.01, 0.1, 1.0, 10.0, 100.0], n) * typical, k)
    mean = np.repeat(rng.normal(0.0, 2.0, n) * np.sqrt(typical), k)
    return mean + rng.normal(size=len(v)) * np.sqrt(v + tau2), v, offsets


def columns(y, v, offsets, which):
    """Some analyses side by side, filled up with rows of no weight, and where these are."""
    k = np.diff(offsets)[which]
    place = offsets[which] + np.arange(k.max())[:, None]
    outside = np.arange(k.max())[:, None] >= k
    place[outside] = 0
    return np.where(outside, 0.0, y[place]), np.where(outside, np.inf, v[place]), outside


def score(y, v, t):
    """Derivative of the restricted log-likelihood, as it stands in the books."""
    w = 1.0 / (v + t)
    s1 = w.sum(axis=0)
    r = y - (w * y).sum(axis=0) / s1
    return 0.5 * ((w * w * r * r).sum(axis=0) - s1 + (w * w).sum(axis=0) / s1)


def loglik(y, v, outside, t):
    """Restricted log-likelihood without its constants."""
    total = v + t
    w = 1.0 / total
    s1 = w.sum(axis=0)
    r = y - (w * y).sum(axis=0) / s1
    return -0.5 * (np.log(np.where(outside, 1.0, total)).sum(axis=0) + (w * r * r).sum(axis=0) + np.log(s1))


def on_its_maximum(y, v, offsets, fit: BatchFit, block=1000):
    """(largest |score| tau2, zeros with a rising likelihood, largest gain of any of 200 grid points), all recomputed here."""
    worst, wrong, gain = 0.0, 0, -np.inf
    for start in range(0, len(fit.tau2), block):
        which = np.arange(start, min(start + block, len(fit.tau2)))
        yy, vv, outside = columns(y, v, offsets, which)
        t = fit.tau2[which]
        s = score(yy, vv, t)
        worst = max(worst, float(np.abs(s * t).max()))
        wrong += int(((t == 0.0) & (s > 0.0)).sum())
        held = np.where(outside, np.nan, yy)
        top = 4.0 * ((np.nanmax(held, axis=0) - np.nanmin(held, axis=0)) ** 2 + np.where(outside, 0.0, vv).max(axis=0))
        low, best = 1e-3 * vv.min(axis=0), loglik(yy, vv, outside, t)
        for share in np.linspace(0.0, 1.0, GRID_POINTS - 1):
            gain = max(gain, float((loglik(yy, vv, outside, low * (top / low) ** share) - best).max()))
        gain = max(gain, float((loglik(yy, vv, outside, 0.0) - best).max()))
    return worst, wrong, gain


def check(n, seed, engine):
    y, v, offsets = random_batch(n, seed)
    fit = fit_batch(y, v, offsets, "REML", engine=engine)
    assert not (fit.certified == FAILED).any() and np.isfinite(fit.tau2).all() and np.isfinite(fit.estimate).all()
    worst, wrong, gain = on_its_maximum(y, v, offsets, fit)
    assert worst <= 1e-8 and wrong == 0
    assert np.abs(fit.score).max() <= 1e-8 and (fit.score_at_zero[fit.tau2 == 0.0] <= 0.0).all()
    assert gain <= 1e-9  # a log-likelihood of order 100 is summed to about 1e-13
    s = 10 ** np.random.default_rng(seed + 1).uniform(-6.0, 6.0, n)
    s[:2] = 1e-6, 1e6
    each = np.repeat(s, np.diff(offsets))
    other = fit_batch(each * y, each * each * v, offsets, "REML", engine=engine).tau2 / (s * s)
    assert_array_equal(other == 0.0, fit.tau2 == 0.0)
    above = fit.tau2 > 0.0
    relative = np.abs(other[above] / fit.tau2[above] - 1.0).max()
    assert relative <= 1e-9
    return worst, gain, relative, fit


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_twenty_thousand_fits(engine):
    check(20_000, 1, engine)


def test_both_engines_certify_alike():
    """The same analyses go by the bound, the grid and the search; tau2 to 1e-12 of tau2 + typical variance (order of summation)."""
    y, v, offsets = random_batch(20_000, 7)
    fits = [fit_batch(y, v, offsets, "REML", engine=engine) for engine in ("numpy", "numba")]
    assert_array_equal(fits[0].certified, fits[1].certified)
    assert_array_equal(fits[0].roots, fits[1].roots)
    assert (np.abs(fits[0].tau2 - fits[1].tau2) <= 1e-12 * (fits[0].tau2 + fits[0].typical)).all()


@pytest.mark.slow
def test_a_million_fits():
    worst, gain, relative, fit = check(1_000_000, 2, "numba")
    print(worst, gain, relative, np.bincount(fit.certified, minlength=7))
