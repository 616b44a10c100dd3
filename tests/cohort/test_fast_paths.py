"""Ways that are only faster give the numbers of the plain ways; the observed information is that of the likelihood."""

import numpy as np
import pytest
from scipy.special import gammaln

import ostealgia as oa
from ostealgia.cohort.simulated import simulate
from ostealgia.errors import OptionError
from ostealgia.numerics import cox, cox_blocks, survival_concordance
from ostealgia.numerics.cox_data import cox_data
from ostealgia.numerics.linear_mixed import fit_linear_mixed
from ostealgia.numerics.mmrm import fit_mmrm
from ostealgia.numerics.survival_concordance import smaller_before
from ostealgia.numerics.two_by_two_exact import fisher_test
from ostealgia.tables.formula_design import labels_of
from ostealgia.tables.labels import as_text


@pytest.mark.parametrize("n", [33, 8_192, 8_193, 20_011])
@pytest.mark.parametrize("weighted", [False, True])
def test_cox_in_blocks_is_cox_in_arrays(n, weighted):
    rng = np.random.default_rng(n)
    t, x, d = rng.exponential(size=n), rng.normal(size=(n, 3)), rng.random(n) < 0.5
    weight = rng.random(n) + 0.1 if weighted else np.ones(n)
    data = cox_data(t, d, x, weight=weight, stratum=np.zeros(n, dtype=np.intp))
    beta = np.array([0.3, -0.2, 0.1])
    state = cox.state_at(data, beta)
    value, score, information = cox_blocks.block_likelihood(data)(beta)
    assert value == pytest.approx(state.log_likelihood, rel=1e-12)  # sums of n terms in another order
    np.testing.assert_allclose(score, state.score, atol=1e-9 * n)
    np.testing.assert_allclose(information, cox.information_at(data, state), rtol=1e-9, atol=1e-9 * n)


def test_rows_with_different_times_are_indexed_as_others():
    rng = np.random.default_rng(3)
    t, x, d = rng.exponential(size=60), rng.normal(size=(60, 2)), rng.random(60) < 0.6
    weight, stratum = rng.random(60) + 0.5, np.zeros(60, dtype=np.intp)
    one = cox_data(t, d, x, weight=weight, stratum=stratum)
    # a subject that enters and leaves before the first event is at no risk, and takes the general way
    late = cox_data(t, d, x, weight=weight, stratum=stratum, start=np.zeros(60))
    for name in ("x", "time", "first", "end", "until", "deaths", "n_deaths", "step_at", "step_share", "step_weight"):
        np.testing.assert_allclose(getattr(one, name), getattr(late, name), rtol=1e-13, err_msg=name)


@pytest.mark.parametrize("n", [2, 3, 17, 300])
def test_pairs_by_one_pass_are_the_pairs_of_the_wavelet(n, monkeypatch):
    rng = np.random.default_rng(n)
    t, score, d = rng.exponential(size=n), rng.normal(size=n), rng.random(n) < 0.5
    d[int(t.argmin())] = True
    fast = survival_concordance.concordance(score, t, d)
    monkeypatch.setattr(survival_concordance, "_plain_order", lambda *_: None)
    assert repr(fast) == repr(
        survival_concordance.concordance(score, t, d)
    )  # whole numbers: the same to the last digit
    code, load = rng.permutation(n), rng.integers(1, 9, n)
    expected = [int(load[:j][code[:j] < code[j]].sum()) for j in range(n)]
    assert smaller_before(code, load).tolist() == expected


@pytest.mark.parametrize(
    "values",
    [
        [3, 1, 3, -2], [3.5, 1.0, np.nan, 1.0], [True, False, True], ["b", "a", "b", ""], [1, "1", 1.0, True, None, "x"],
        [10**12, 5, 10**12],
    ],
)  # fmt: skip
def test_labels_are_those_of_each_value(values):
    array = np.array(values, dtype=object if any(isinstance(v, str) for v in values) and len(values) > 4 else None)
    names, rows = labels_of(array)
    assert [names[i] for i in rows] == [as_text(v) for v in array]
    assert names == list(dict.fromkeys(as_text(v) for v in array))


def test_fisher_of_large_tables_is_the_hypergeometric_sum():
    table = np.array([[1200, 900], [1100, 1000]])
    n, row, column = table.sum(), table[0].sum(), table[:, 0].sum()
    k = np.arange(max(0, row + column - n), min(row, column) + 1)
    log_p = -(gammaln(k + 1) + gammaln(row - k + 1) + gammaln(column - k + 1) + gammaln(n - row - column + k + 1))
    p = np.exp(log_p - log_p.max())
    expected = p[p <= p[k == 1200] * (1 + 1e-7)].sum() / p.sum()
    found = fisher_test(table)
    assert found.simulated == 0
    assert found.p_value == pytest.approx(expected, rel=1e-8)
    huge = fisher_test([[400_000_000, 300_000_000], [399_980_000, 300_010_000]])
    normal = 0.44042  # chi-square without correction, by hand: z = 0.7716; the exact P differs by less than 1e-4 of this size
    assert huge.simulated == 0 and huge.p_value == pytest.approx(normal, abs=1e-4)


# --- observed information ---------------------------------------------------------------------------------------------


def visits(n=60):
    made = simulate("mar", n, np.random.default_rng(8)).visits
    x = np.column_stack([np.ones(len(made["id"])), made["treated"], made["week"], made["treated"] * made["week"]])
    code = np.unique(made["id"], return_inverse=True)[1].astype(np.intp)
    place = np.searchsorted([0, 1, 4, 8, 12], made["week"]).astype(np.intp)
    return made, x, code, place


def numerical_covariance(log_likelihood, point, step):
    """Inverse of minus the second derivative by differences, (m, m)."""
    m = len(point)
    second = np.zeros((m, m))
    for i in range(m):
        for j in range(m):
            a, b = np.eye(m)[i] * step[i], np.eye(m)[j] * step[j]
            second[i, j] = (
                log_likelihood(point + a + b) - log_likelihood(point + a - b) - log_likelihood(point - a + b)
                + log_likelihood(point - a - b)
            ) / (4 * step[i] * step[j])  # fmt: skip
    return np.linalg.inv(-second)


def normal_log_likelihood(left, code, covariance_of):
    value = 0.0
    for subject in range(code.max() + 1):
        rows = code == subject
        v = covariance_of(rows)
        value -= 0.5 * (np.linalg.slogdet(v)[1] + left[rows] @ np.linalg.solve(v, left[rows]))
    return value


def test_observed_information_of_a_mixed_model_is_the_curvature_of_the_likelihood():
    made, x, code, _ = visits()
    y = made["pain"]
    fit = fit_linear_mixed(y, x, np.ones((len(y), 1)), code, reml=False)
    p = x.shape[1]

    def log_likelihood(point):
        own, rest = np.exp(point[p]), np.exp(point[p + 1])
        return normal_log_likelihood(y - x @ point[:p], code, lambda rows: own + rest * np.eye(int(rows.sum())))

    point = np.concatenate([fit.estimate, np.log([fit.random_covariance[0, 0], fit.sigma2])])
    step = np.concatenate([0.02 * np.sqrt(np.diag(fit.vcov)), [0.01, 0.01]])
    expected = numerical_covariance(log_likelihood, point, step)[:p, :p]
    found = fit.inference("satterthwaite", "observed").vcov
    np.testing.assert_allclose(found, expected, rtol=2e-3, atol=2e-4 * expected.max())  # differences of steps of 1%
    assert (np.diag(found) >= np.diag(fit.inference("satterthwaite").vcov)).all()


def test_observed_information_of_an_mmrm_is_the_curvature_of_the_likelihood():
    made, x, code, place = visits(80)
    y = made["pain"]
    fit = fit_mmrm(y, x, code, place, covariance="csh", reml=False)
    p, t = x.shape[1], 5
    structure = fit.problem.structure

    def log_likelihood(point):
        sigma = structure.covariance(point[p:], t)
        return normal_log_likelihood(y - x @ point[:p], code, lambda rows: sigma[np.ix_(place[rows], place[rows])])

    point = np.concatenate([fit.estimate, fit.psi])
    step = np.concatenate([0.02 * np.sqrt(np.diag(fit.vcov)), np.full(len(fit.psi), 0.01)])
    expected = numerical_covariance(log_likelihood, point, step)[:p, :p]
    found = fit.inference("satterthwaite", "observed").vcov
    np.testing.assert_allclose(found, expected, rtol=2e-3, atol=2e-4 * expected.max())  # differences of steps of 1%


def test_without_missing_visits_both_kinds_of_information_agree_where_they_must():
    # complete visits and a saturated model: the score of the fixed effects does not move with the covariance
    rng = np.random.default_rng(1)
    n = 30
    arm, week = np.repeat(np.arange(n) % 2, 3), np.tile([0, 1, 2], n)
    rows = {"id": np.repeat(np.arange(n), 3), "arm": arm, "week": week, "y": rng.normal(size=3 * n)}
    fits = [
        oa.cohort.mmrm(
            rows, outcome="y", fixed="factor(arm) * factor(week)", subject="id", visit="week", information=kind
        )
        for kind in ("expected", "observed")
    ]
    np.testing.assert_allclose(fits[0].vcov, fits[1].vcov, rtol=1e-7)
    assert "observed information" in fits[1].notes[-1]
    with pytest.raises(OptionError, match="observed"):
        oa.cohort.mmrm(
            rows, outcome="y", fixed="arm", subject="id", visit="week", information="observed", df="kenward-roger"
        )
