"""Robust inference, known covariance, aggregation: against formulas written out with whole matrices, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ostealgia.errors import OptionError, TableError
from ostealgia.meta import aggregate, known_covariance, multilevel, multivariate, pool, regress, robust, rve


def rows(seed=4, studies=9, k=26):
    rng = np.random.default_rng(seed)
    study = np.sort(np.concatenate([np.arange(studies), rng.integers(0, studies, k - studies)]))
    v = rng.uniform(0.02, 0.3, k)
    dose = rng.normal(size=k)
    y = 0.4 + 0.3 * dose + 0.4 * rng.normal(size=studies)[study] + rng.normal(size=k) * np.sqrt(v)
    return {"study": [f"S{s}" for s in study], "estimate": y, "std_error": np.sqrt(v), "dose": dose}


def whole(data, fit):
    """Marginal covariance, design and cluster codes as whole matrices."""
    codes = np.unique(data["study"], return_inverse=True)[1]
    same = codes[:, None] == codes[None, :]
    between, within = fit.tau2
    return np.diag(np.square(data["std_error"]) + within) + between * same, fit.design, codes


def direct(y, x, phi, codes, kind):
    """Textbook CR0, CR2, CR3 and Satterthwaite df with k x k matrices (Pustejovsky & Tipton 2018, equations 7 to 14)."""
    w = np.linalg.inv(phi)
    m = np.linalg.inv(x.T @ w @ x)
    hat = x @ m @ x.T @ w
    e = y - hat @ y
    d = np.linalg.cholesky(phi).T
    rest = np.eye(len(y)) - hat
    meat, columns = np.zeros_like(m), []
    for c in np.unique(codes):
        i = np.flatnonzero(codes == c)
        if kind == "CR2":
            dj = np.linalg.cholesky(phi[np.ix_(i, i)]).T
            b = dj @ (rest[i] @ phi @ rest[i].T) @ dj.T
            values, vectors = np.linalg.eigh(b)
            a = dj.T @ (vectors / np.sqrt(values)) @ vectors.T @ dj
        elif kind == "CR3":
            a = np.linalg.inv(np.eye(len(i)) - hat[np.ix_(i, i)])
        else:
            a = np.eye(len(i))
        part = x[i].T @ w[np.ix_(i, i)] @ a
        score = part @ e[i]
        meat += np.outer(score, score)
        columns.append(rest[i].T @ part.T @ m)  # (k, p)
    vcov = m @ meat @ m
    df = []
    for j in range(x.shape[1]):
        g = np.stack([column[:, j] for column in columns], axis=1)
        p = g.T @ (d.T @ d) @ g
        df.append(np.trace(p) ** 2 / (p * p).sum())
    return vcov, df


@pytest.mark.parametrize("kind", ["CR0", "CR2", "CR3"])
def test_multilevel_sandwich_against_whole_matrices(kind):
    data = rows()
    fit = multilevel(data, moderators=["dose"])
    phi, x, codes = whole(data, fit)
    vcov, df = direct(np.asarray(data["estimate"]), x, phi, codes, kind)
    found = robust(fit, kind=kind)
    assert_allclose(found.vcov, vcov, rtol=1e-8)  # rounding of the k x k inverse
    assert_allclose(found.coefficients.df, df, rtol=1e-8)
    assert_allclose(found.coefficients.estimate, fit.coefficients.estimate, rtol=1e-10)


def test_factors_of_the_kinds():
    data = rows()
    variance = {kind: robust(data, kind=kind).std_error ** 2 for kind in ("CR0", "CR1", "CR1p", "CR1S")}
    clusters, k = 9, 26
    assert_allclose(variance["CR1"] / variance["CR0"], clusters / (clusters - 1))
    assert_allclose(variance["CR1p"] / variance["CR0"], clusters / (clusters - 1))
    assert_allclose(variance["CR1S"] / variance["CR0"], clusters * (k - 1) / ((clusters - 1) * (k - 1)))


def test_singleton_clusters_with_equal_variances_are_the_t_test():
    """One effect a study, equal variances, tau2 = 0 held: CR2 is the variance of a mean and its df are n - 1, by hand."""
    y = np.array([0.1, 0.5, -0.2, 0.9, 0.4])
    fit = pool({"study": list("abcde"), "estimate": y, "std_error": np.full(5, 2.0)}, model="common")
    found = robust(fit, cluster="study")
    assert_allclose(found.std_error, y.std(ddof=1) / np.sqrt(5))
    assert_allclose(found.df, 4.0)


def test_a_meta_regression_is_taken_as_it_is():
    data = rows()
    single = {name: np.asarray(values)[:9] for name, values in data.items()}
    fit = regress({**single, "study": list("abcdefghi"), "group": list("xxyyzzxyz")}, "~ dose")
    found = robust(fit, cluster="group")
    assert found.clusters == 3 and found.names == ("intercept", "dose")
    assert_allclose(found.coefficients.estimate, fit.estimate, rtol=1e-9)


def test_under_four_degrees_of_freedom_it_says_so():
    data = {"study": list("aabb"), "estimate": [0.1, 0.4, 0.9, 1.1], "std_error": [0.2] * 4}
    found = robust(data)
    assert found.df < 4
    assert any("under 4 Satterthwaite" in note and "not to be trusted" in note for note in found.notes)
    assert "under 4" in str(found)
    assert not any("under 4" in note for note in robust(rows()).notes)


def test_a_contrast_has_its_own_degrees_of_freedom():
    data = rows()
    x = np.column_stack([np.asarray(data["dose"]) > 0, np.asarray(data["dose"]) <= 0]).astype(float)
    found = robust(data, X=x, names=["high", "low"])
    row = found.contrast([1, -1]).row(0)
    again = robust(data, X=np.column_stack([x[:, 0], np.ones(26)]), names=["difference", "low"]).coefficients.row(
        "difference"
    )
    for field in ("estimate", "std_error", "df", "p_value"):
        assert_allclose(row[field], again[field], rtol=1e-7)


def test_what_robust_refuses():
    data = rows()
    with pytest.raises(OptionError, match="one cluster"):
        robust(data, cluster=["same"] * 26)
    with pytest.raises(OptionError, match="cuts through"):
        robust(multilevel(data), cluster="effect")
    with pytest.raises(OptionError, match="CR2"):
        robust(data, kind="CR-2")
    with pytest.raises(OptionError, match="belong to the model"):
        robust(multilevel(data), moderators=["dose"])
    with pytest.raises(OptionError, match="2 clusters cannot carry"):
        robust(data, cluster=["a"] * 13 + ["b"] * 13, moderators=["dose"])
    counts = {"study": ["a", "b", "c"], "events": [1, 4, 5], "n": [10, 12, 15]}
    with pytest.raises(OptionError, match="works on counts"):
        robust(pool(counts, measure="PLO", model="glmm"))


def test_rho_is_never_assumed():
    data = rows()
    for call in (lambda: known_covariance(data), lambda: aggregate(data), lambda: rve(data)):
        with pytest.raises(OptionError, match=r"rho.*never assumed"):
            call()
    with pytest.raises(OptionError, match="belongs to weights='correlated'"):
        rve(data, weights="hierarchical", rho=0.5)


def test_known_covariance_over_time():
    data = {"study": ["A", "A", "A"], "time": [1, 4, 12], "estimate": [0.1, 0.2, 0.3], "std_error": [0.1, 0.2, 0.2]}
    V = known_covariance(data, rho=0.9, kind="autoregressive").matrix
    assert_allclose(V[0, 1], 0.9**3 * 0.1 * 0.2)
    assert_allclose(V[1, 2], 0.9**8 * 0.04)
    with pytest.raises(OptionError, match="no column 'week'"):
        known_covariance(data, rho=0.9, kind="autoregressive", time="week")


def test_impossible_correlations_are_refused_by_study():
    data = {"study": ["A"] * 4, "estimate": [0.1] * 4, "std_error": [0.1] * 4}
    with pytest.raises(OptionError, match=r"study 'A' \(4 effects\)"):
        known_covariance(data, rho=-0.5)
    twice = {**data, "time": [1, 1, 2, 3]}
    with pytest.raises(OptionError, match="not positive definite"):
        known_covariance(twice, rho=0.5, kind="autoregressive")


def test_a_matrix_must_belong_to_the_effects():
    data = rows()
    v = np.square(data["std_error"])
    with pytest.raises(OptionError, match="26"):
        multilevel(data, V=np.eye(3))
    with pytest.raises(TableError, match="disagree"):
        multilevel(data, V=np.diag(2 * v))
    with pytest.raises(OptionError, match="not symmetric"):
        bad = np.diag(v)
        bad[0, 1] = 0.001
        multilevel(data, V=bad)
    fit = multilevel(data, V=np.diag(v))
    assert_allclose(fit.loglik, multilevel(data).loglik, rtol=1e-10)


def test_known_covariance_keeps_to_the_rows_that_stay():
    data = rows()
    data["dose"] = np.where(np.arange(26) == 3, np.nan, data["dose"])
    fit = multilevel(data, V=known_covariance(data, rho=0.5), moderators=["dose"])
    assert fit.k == 25 and fit.excluded[0].reason == "no value of the moderator dose"
    keep = np.arange(26) != 3
    left = {name: np.asarray(values)[keep] for name, values in data.items()}
    assert_allclose(
        fit.loglik, multilevel(left, V=known_covariance(left, rho=0.5), moderators=["dose"]).loglik, rtol=1e-10
    )


def test_aggregate_is_the_mean_by_hand():
    data = {
        "study": ["A", "A", "B"],
        "estimate": [0.0, 1.0, 2.0],
        "std_error": [1.0, 2.0, 1.0],
        "year": [2001, 2001, 2005],
    }
    one = aggregate(data, rho=0.25)
    v = np.array([[1.0, 0.5], [0.5, 4.0]])
    w = np.linalg.solve(v, np.ones(2))
    assert_allclose(one.estimate[0], w[1] / w.sum())
    assert_allclose(one.variance[0], 1 / w.sum())
    assert one.study == ("A", "B") and one.columns["effects_combined"].tolist() == [2, 1]
    assert one.columns["year"].tolist() == [2001, 2005]
    plain = aggregate(data, rho=0.25, weighting="equal")
    assert_allclose((plain.estimate[0], plain.variance[0]), (0.5, (1 + 4 + 2 * 0.5) / 4))
    assert any("negative weights" in note for note in aggregate(data, rho=0.9).notes)
    assert pool(one).k == 2


def test_multivariate_fits_can_be_made_robust():
    rng = np.random.default_rng(1)
    data = {"study": np.repeat(np.arange(12), 2), "outcome": ["pain", "function"] * 12, "std_error": np.full(24, 0.2)}
    data["estimate"] = rng.normal(size=24) * 0.3 + np.repeat(rng.normal(size=12) * 0.4, 2)
    found = robust(multivariate(data, structure="CS", V=known_covariance(data, rho=0.5)))
    assert found.names == ("function", "pain") and found.clusters == 12
    frame = found.to_frame()
    assert list(frame["kind"]) == ["CR2", "CR2"] and "ci_low" in frame
    assert found.to_dict()["coefficients"][0]["df"] > 4
