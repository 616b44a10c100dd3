"""The mixed-effects engine: both ways of computing it, its derivatives, invariances, and no missed maximum."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from ostealgia.numerics.covariance_known import KnownCovariance, from_correlation, from_matrix
from ostealgia.numerics.mixed_effects import MixedModel, RankDeficient
from ostealgia.numerics.mixed_effects_algebra import derivatives, solve
from ostealgia.numerics.mixed_effects_blocks import Blocks, NotNested, marginal
from ostealgia.numerics.mixed_effects_border import Bordered, indicator
from ostealgia.numerics.mixed_effects_profile import rho_interval, tau2_interval
from ostealgia.numerics.mixed_effects_structures import STRUCTURES, Term, intercept
from ostealgia.numerics.mixed_effects_three_level import ThreeLevel


def drawn(seed, clusters=9, k=40, between=1.0, within=0.5):
    rng = np.random.default_rng(seed)
    cluster = np.unique(rng.integers(0, clusters, k), return_inverse=True)[1]
    v = rng.uniform(0.05, 0.3, k)
    y = between * rng.normal(size=clusters)[cluster] + within * rng.normal(size=k) + rng.normal(size=k) * np.sqrt(v)
    return y, v, cluster, rng


def three_level(y, v, cluster, x=None, restricted=True):
    x = np.ones((len(y), 1)) if x is None else x
    terms = [intercept(cluster), intercept(np.arange(len(y)))]
    return MixedModel(y, x, KnownCovariance(v), terms, restricted=restricted)


def everything(engine, p, restricted):
    pieces = engine.pieces(p, 2)
    found = solve(pieces, engine.k, restricted=restricted)
    return (found.log_likelihood, *derivatives(pieces, found, restricted=restricted))


@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize("point", [(0.6, 0.4), (0.0, 0.7), (2.0, 0.0), (30.0, 1e-3)])
def test_closed_form_is_the_block_form(point, restricted):
    y, v, cluster, rng = drawn(1)
    b = np.column_stack([y, np.linalg.qr(np.column_stack([np.ones(40), rng.normal(size=40)]))[0]])
    quick = ThreeLevel(b, v, cluster, between=True, within=True)
    slow = Blocks(b, KnownCovariance(v), [intercept(cluster), intercept(np.arange(40))])
    p = np.array(point)
    for a, c in zip(everything(quick, p, restricted), everything(slow, p, restricted), strict=True):
        assert_allclose(a, c, rtol=1e-9, atol=1e-9)  # rounding of the block inverse at a ratio of variances of 1e4
    grid = quick.grid(np.array([p[0] ** 2]), np.array([p[1] ** 2]), restricted=restricted)
    assert_allclose(grid[0, 0], everything(quick, p, restricted)[0], rtol=1e-9)


@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize("point", [(0.6, 0.4, 0.5, 0.3), (0.5, 0.4, 0.0, 0.7), (0.0, 0.0, 1.0, 0.0)])
def test_a_border_is_the_block_form(point, restricted):
    """Two crossed intercepts as a border of closed-form or block engines, against all of it in one block."""
    y, v, cluster, rng = drawn(8, k=60)
    b = np.column_stack([y, np.linalg.qr(np.column_stack([np.ones(60), rng.normal(size=60)]))[0]])
    rest = [intercept(cluster), intercept(np.arange(60))]
    crossed = [intercept(rng.integers(0, 4, 60)), intercept(rng.integers(0, 3, 60))]
    z, owner = indicator(crossed)
    wide = np.column_stack([b, z])
    known = from_correlation(v, cluster, 0.3, "constant", None)
    pairs = [
        (
            Bordered(ThreeLevel(wide, v, cluster, between=True, within=True), 3, owner),
            Blocks(b, KnownCovariance(v), rest + crossed),
        ),
        (Bordered(Blocks(wide, known, rest), 3, owner), Blocks(b, known, rest + crossed)),
    ]
    for bordered, whole in pairs:
        for one, two in zip(
            everything(bordered, np.array(point), restricted),
            everything(whole, np.array(point), restricted),
            strict=True,
        ):
            assert_allclose(one, two, rtol=1e-9, atol=1e-9)


def test_crossed_effects_do_not_make_one_large_block():
    """2,000 effects, 10 laboratories: whole, one evaluation would factor 2,000 x 2,000."""
    rng = np.random.default_rng(2)
    cluster, lab = np.repeat(np.arange(400), 5), rng.integers(0, 10, 2000)
    v = rng.uniform(0.02, 0.2, 2000)
    y = 0.4 * rng.normal(size=400)[cluster] + 0.6 * rng.normal(size=10)[lab] + rng.normal(size=2000) * np.sqrt(v)
    model = MixedModel(y, np.ones((2000, 1)), KnownCovariance(v), [intercept(lab), intercept(cluster)])
    assert isinstance(model.engine, Bordered)
    fit = model.fit()
    assert fit.certificate["method"] == "blocks with a border" and fit.certificate["gradient"] < 1e-7
    assert_allclose(fit.components[1].tau2, 0.16, atol=0.06)  # five standard errors with 400 clusters
    assert 0.1 < float(fit.components[0].tau2[0]) < 1.2  # ten laboratories tell little


def outcomes(seed, m=3, studies=12):
    rng = np.random.default_rng(seed)
    study, level = np.repeat(np.arange(studies), m), np.tile(np.arange(m), studies)
    keep = rng.uniform(size=len(study)) < 0.8
    study, level = np.unique(study[keep], return_inverse=True)[1], level[keep]
    v = rng.uniform(0.05, 0.3, len(study))
    return study, level, v, rng


@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize("structure", STRUCTURES)
def test_likelihood_and_derivatives(structure, restricted):
    """The value against the dense formula; the slope against central differences (their error is near 1e-8)."""
    study, level, v, rng = outcomes(3)
    known = from_correlation(v, study, 0.4, "constant", None)
    x = np.linalg.qr(np.eye(3)[level])[0]
    y, other = rng.normal(size=len(v)), rng.integers(0, 4, len(v))
    terms = [Term(study, level, structure, 3, np.array([1.0, 4.0, 8.0])), intercept(other)]
    engine = Blocks(np.column_stack([y, x]), known, terms)
    p = rng.uniform(0.3, 1.2, engine.size)
    value, gradient, hessian = everything(engine, p, restricted)
    m = np.zeros((len(v), len(v)))
    for rows, blocks in engine.covariances(p):
        for index, block in zip(rows, blocks, strict=True):
            m[np.ix_(index, index)] = block
    assert_allclose(m, m.T)
    inverse = np.linalg.inv(m)
    information = x.T @ inverse @ x
    r = y - x @ np.linalg.solve(information, x.T @ inverse @ y)
    direct = -0.5 * (len(v) * np.log(2 * np.pi) + np.linalg.slogdet(m)[1] + r @ inverse @ r)
    if restricted:
        direct += 0.5 * 3 * np.log(2 * np.pi) - 0.5 * np.linalg.slogdet(information)[1]
    assert_allclose(value, direct, rtol=1e-11)
    step = 1e-5 * np.eye(len(p))
    ends = [(everything(engine, p + s, restricted), everything(engine, p - s, restricted)) for s in step]
    assert_allclose(gradient, [(a[0] - b[0]) / 2e-5 for a, b in ends], rtol=1e-5, atol=1e-6)
    assert_allclose(hessian, [(a[1] - b[1]) / 2e-5 for a, b in ends], rtol=1e-5, atol=1e-5)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), exponent=st.floats(-6, 6), shift=st.floats(-50, 50))
def test_unit_and_origin_do_not_matter(seed, exponent, shift):
    """tau2(s y + c, s^2 v) = s^2 tau2(y, v); 1e-7 of the total variance, as a component near 0 is the small root of a flat likelihood."""
    y, v, cluster, _ = drawn(seed, between=float(seed % 3), within=float(seed % 2))
    s = 10.0**exponent
    one = three_level(y, v, cluster).fit()
    two = three_level(s * (y + shift), s * s * v, cluster).fit()
    total = sum(float(part.tau2[0]) for part in one.components) + float(np.median(v))
    for a, b in zip(one.components, two.components, strict=True):
        assert_allclose(b.tau2 / s**2, a.tau2, atol=1e-7 * total)
    assert_allclose(two.coefficients / s - shift, one.coefficients, rtol=1e-7, atol=1e-7)
    assert_allclose(two.log_likelihood + (len(y) - 1) * np.log(s), one.log_likelihood, atol=1e-7)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_order_of_rows_does_not_matter(seed):
    y, v, cluster, rng = drawn(seed)
    order = rng.permutation(len(y))
    one, two = three_level(y, v, cluster).fit(), three_level(y[order], v[order], cluster[order]).fit()
    assert_allclose(one.log_likelihood, two.log_likelihood, atol=1e-9)
    assert_allclose(one.coefficients, two.coefficients, rtol=1e-8)


@pytest.mark.parametrize("seed", range(40))
def test_no_point_of_a_grid_is_higher(seed):
    """Small, uneven clusters and variances over four orders of magnitude: 41 x 41 values of the two variances."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 6, rng.integers(3, 14))
    sizes[0] = 3
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    k = len(cluster)
    v = 10 ** rng.uniform(-3, 1, k)
    scale = rng.choice([0.0, 0.1, 1.0, 10.0], 2)
    y = (
        scale[0] * rng.normal(size=len(sizes))[cluster]
        + scale[1] * rng.normal(size=k)
        + rng.normal(size=k) * np.sqrt(v)
    )
    model = three_level(y, v, cluster, restricted=bool(seed % 2))
    fit = model.fit()
    assert fit.converged and fit.certificate["gradient"] < 1e-7
    top = max(float(part.tau2[0]) for part in fit.components) + float(np.median(v))
    grid = np.concatenate([[0.0], np.geomspace(1e-6, 1e3, 40)]) * top / model.unit**2
    best = model.engine.grid(grid, grid, restricted=model.restricted).max()
    assert model.at(fit.parameters).log_likelihood >= best - 1e-9


def test_a_variance_of_zero_is_exactly_zero():
    """Equal effects: both variances are 0, the fit is the common-effect mean, and both slopes point outwards."""
    v = np.array([0.1, 0.2, 0.1, 0.3, 0.2])
    fit = three_level(np.full(5, 0.7), v, np.array([0, 0, 1, 1, 2])).fit()
    assert [float(part.tau2[0]) for part in fit.components] == [0.0, 0.0]
    assert_allclose(fit.covariance[0, 0], 1 / (1 / v).sum(), rtol=1e-12)
    assert fit.certificate["largest_curvature"] <= 0.0


def test_one_random_effect_for_each_row_is_the_ordinary_model():
    from ostealgia.numerics.tau2 import estimate_tau2

    y, v, _, _ = drawn(5)
    fit = MixedModel(y, np.ones((40, 1)), KnownCovariance(v), [intercept(np.arange(40))]).fit()
    assert_allclose(fit.components[0].tau2, estimate_tau2(y, v, "REML").value, rtol=1e-10)


def test_many_clusters_cost_in_proportion():
    """20,000 effects in 4,000 clusters: nothing of k x k is formed (that would be 3 GB)."""
    rng = np.random.default_rng(0)
    cluster = np.repeat(np.arange(4000), 5)
    v = rng.uniform(0.02, 0.2, 20_000)
    y = 0.3 * rng.normal(size=4000)[cluster] + 0.2 * rng.normal(size=20_000) + rng.normal(size=20_000) * np.sqrt(v)
    fit = three_level(y, v, cluster).fit()
    # the truth is 0.09 and 0.04; five standard errors of a variance of 4,000 clusters
    assert_allclose([float(part.tau2[0]) for part in fit.components], [0.09, 0.04], atol=0.015)


def test_columns_that_repeat_are_named():
    y, v, cluster, _ = drawn(2)
    x = np.column_stack([np.ones(40), np.arange(40.0), 3 * np.arange(40.0) - 2])
    with pytest.raises(RankDeficient) as error:
        three_level(y, v, cluster, x)
    assert error.value.column == 2


def test_a_cluster_must_hold_what_depends():
    _, v, cluster, _ = drawn(2)
    with pytest.raises(NotNested):
        marginal(KnownCovariance(v), [intercept(cluster)], [np.eye(1)], np.arange(40))
    # a variance of 0 ties nothing together
    assert len(marginal(KnownCovariance(v), [intercept(cluster)], [np.zeros((1, 1))], np.arange(40))) == 1


def test_blocks_of_a_matrix_come_back():
    v = np.array([1.0, 2.0, 3.0, 4.0])
    made = from_correlation(v, np.array([0, 1, 0, 1]), 0.3, "constant", None)
    again = from_matrix(made.matrix)
    assert_allclose(again.matrix, made.matrix)
    kept = made.take(np.array([3, 0, 1]))
    assert_allclose(kept.matrix, made.matrix[np.ix_([3, 0, 1], [3, 0, 1])])


def test_intervals_hold_the_estimate_and_reach_the_edges():
    study, level, v, rng = outcomes(11)
    y = rng.normal(size=len(v)) * np.sqrt(v)
    model = MixedModel(y, np.eye(3)[level], KnownCovariance(v), [Term(study, level, "CS", 3, np.arange(3.0))])
    fit = model.fit()
    low, high = tau2_interval(model, fit, 0)
    assert low <= float(fit.components[0].tau2[0]) <= high
    if float(fit.components[0].tau2[0]) > 0:
        low, high = rho_interval(model, fit, 0)
        assert -0.5 <= low <= float(fit.components[0].rho[0]) <= high <= 1.0


@pytest.mark.parametrize("structure", ["CS", "HCS", "AR", "CAR", "UN"])
def test_other_starts_find_nothing_higher(structure):
    from ostealgia.numerics.mixed_effects_climb import Objective, climb

    study, level, v, rng = outcomes(21, m=3, studies=14)
    b = rng.multivariate_normal(np.zeros(3), 0.3 * np.array([[1, 0.6, 0.3], [0.6, 1, 0.6], [0.3, 0.6, 1]]), size=14)
    y = b[study, level] + rng.normal(size=len(v)) * np.sqrt(v)
    model = MixedModel(
        y, np.eye(3)[level], KnownCovariance(v), [Term(study, level, structure, 3, np.array([1.0, 4.0, 8.0]))]
    )
    fit = model.fit()
    objective = Objective(model.engine, restricted=True)
    peaks = [climb(objective, 0.7 * rng.normal(size=len(fit.parameters)), model.zeros) for _ in range(12)]
    highest = max(peak.value for peak in peaks if peak.converged)
    assert highest <= model.at(fit.parameters).log_likelihood + 1e-8
