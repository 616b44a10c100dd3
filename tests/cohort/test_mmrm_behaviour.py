"""Repeated measures at the door: order of visits, fallbacks, what is refused."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import ostealgia as oa
from ostealgia.errors import OstealgiaError


def cohort(patients=30, seed=4):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "id": np.repeat([f"SECRET-{i:03d}" for i in range(patients)], 3),
            "visit": np.tile(["week 2", "week 10", "week 20"], patients),
            "arm": np.repeat(np.where(np.arange(patients) % 2, "usual", "active"), 3),
        }
    )
    frame["nrs"] = 6 + np.repeat(rng.normal(0, 1.5, patients), 3) + rng.normal(0, 1, len(frame))
    return frame


def fit(frame=None, **options):
    options = {"outcome": "nrs", "fixed": "arm * visit", "subject": "id", "visit": "visit", **options}
    return oa.cohort.mmrm(cohort() if frame is None else frame, **options)


def test_categories_order_the_visits():
    frame = cohort()
    assert fit(frame).visits == ("week 10", "week 2", "week 20")  # words by the alphabet
    order = ["week 2", "week 10", "week 20"]
    frame["visit"] = pd.Categorical(frame["visit"], categories=order)
    found = fit(frame, covariance="ar1")
    assert found.visits == tuple(order)
    assert found.names[2:4] == ("visitweek 10", "visitweek 20")
    rho = found.correlation_matrix
    assert_allclose(rho[0, 2], rho[0, 1] ** 2, rtol=1e-9)


def test_unstructured_does_not_depend_on_the_order_of_visits():
    frame = cohort()
    other = frame.assign(visit=pd.Categorical(frame["visit"], categories=["week 20", "week 2", "week 10"]))
    assert_allclose(fit(frame).loglik, fit(other).loglik, rtol=1e-10)


def test_every_structure_is_below_the_unstructured_likelihood():
    top = fit().loglik
    for name in ("toeph", "toep", "ar1h", "ar1", "adh", "ad", "csh", "cs"):
        found = fit(covariance=name)
        assert found.converged and found.loglik <= top + 1e-8
        assert f"{found.n_parameters} parameter" in str(found)


def test_missed_visits_and_absent_patients():
    frame = cohort()
    frame.loc[frame["id"] == "SECRET-003", "nrs"] = np.nan
    frame.loc[[1, 2, 13], "nrs"] = np.nan
    found = fit(frame)
    assert (found.n, found.n_subjects) == (90 - 6, 29)
    assert [row.study for row in found.excluded] == ["6 rows", "1 subject"]
    assert "SECRET" not in str(found)


def few():
    rng = np.random.default_rng(0)
    return pd.DataFrame({"id": np.repeat(np.arange(4), 4), "v": np.tile([1, 2, 3, 4], 4), "y": rng.normal(size=16)})


def test_a_fit_that_does_not_converge_says_so_or_falls_back_as_stated():
    """Four subjects at four visits: the unstructured covariance has no finite optimum."""
    options = {"outcome": "y", "fixed": "factor(v)", "subject": "id", "visit": "v"}
    alone = oa.cohort.mmrm(few(), **options)
    assert not alone.converged
    assert any("did not converge: do not use it" in note for note in alone.notes)
    chain = oa.cohort.mmrm(few(), covariance=["us", "cs"], **options)
    assert chain.converged and chain.covariance == "cs"
    assert any("'us' (unstructured) did not converge; 'cs'" in note for note in chain.notes)


def test_a_covariance_that_few_subjects_speak_for_is_noted():
    frame = cohort()
    frame.loc[(frame["visit"] == "week 20") & (frame["id"] > "SECRET-002"), "nrs"] = np.nan
    found = fit(frame, covariance="cs", fixed="visit")
    assert any("fewer than 5 subjects" in note for note in found.notes)


def test_the_likelihood_of_ml_counts_the_coefficients():
    found = fit(method="ML")
    assert found.n_parameters == 6 + 6
    assert_allclose(found.aic, 24 - 2 * found.loglik)


BAD = {
    "a visit twice": (
        lambda: pd.concat([cohort(), cohort().iloc[:2]]),
        {},
        "2 rows repeat a visit of the same subject",
    ),
    "one visit": (lambda: cohort().query("visit == 'week 2'"), {"fixed": "arm"}, "Use cohort.ancova"),
    "unknown covariance": (cohort, {"covariance": "un"}, "is not one of 'us', 'toeph'"),
    "no covariance": (cohort, {"covariance": ()}, "names nothing"),
    "KR with ML": (cohort, {"method": "ML", "df": "kenward-roger"}, "needs method='REML'"),
    "an arm that is empty": (lambda: cohort().query("arm == 'usual'"), {}, "has one level only"),
    "no outcome": (lambda: cohort().assign(nrs=np.nan), {}, "no row has a value"),
    "infinite outcome": (lambda: cohort().assign(nrs=np.inf), {}, "infinite"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_with_a_way_out(name):
    make, options, message = BAD[name]
    frame = make()
    with pytest.raises(OstealgiaError, match=message) as caught:
        fit(frame, **options)
    assert "SECRET" not in str(caught.value)
