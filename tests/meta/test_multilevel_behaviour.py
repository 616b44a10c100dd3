"""What models of dependent effects say, refuse and return."""

from __future__ import annotations

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ostealgia.effects import compute
from ostealgia.errors import OptionError, TableError
from ostealgia.meta import multilevel, multivariate, pool, pool_by_factor

DATA = {
    "study": ["A", "A", "B", "B", "B", "C", "C", "D"],
    "estimate": [0.2, 0.4, 0.9, 0.6, 0.8, 0.1, 0.3, 0.5],
    "std_error": [0.2, 0.15, 0.2, 0.25, 0.2, 0.2, 0.2, 0.1],
    "site": ["x", "y", "x", "y", "z", "x", "z", "y"],
    "dose": [1.0, 2.0, 1.0, 2.0, 3.0, 1.0, 3.0, 2.0],
}


def test_one_effect_a_study_is_the_ordinary_pool():
    single = {"study": list("ABCDE"), "estimate": [0.2, 0.9, 0.1, 0.5, 0.7], "std_error": [0.2, 0.1, 0.2, 0.1, 0.3]}
    fit, simple = multilevel(single, random=("study",), ci="z"), pool(single, ci="z")
    assert_allclose(
        (fit.estimate, fit.std_error, fit.tau2[0]), (simple.estimate, simple.std_error, simple.tau2), rtol=1e-9
    )
    assert_allclose(fit.loglik, simple.loglik, rtol=1e-10)
    assert_allclose(fit.i2["study"], simple.i2_tau2, rtol=1e-9)
    with pytest.raises(OptionError, match=r"use pool\(\)"):
        multilevel(single)


def test_names_nest_and_cross():
    nested = multilevel(DATA, random="study/effect")
    assert [part.name for part in nested.components] == ["study", "study/effect"]
    crossed = multilevel(DATA, random="study + site")
    assert [part.units for part in crossed.components] == [4, 3]
    both = multilevel(DATA, random=("study", "study/site"))
    assert_allclose(both.loglik, nested.loglik, rtol=1e-9)  # a site occurs once in a study, so it is the effect


def test_what_multilevel_refuses():
    with pytest.raises(TableError, match=r"no column 'Site'.*Did you mean 'site'"):
        multilevel(DATA, random="study + Site")
    with pytest.raises(OptionError, match="names no grouping"):
        multilevel(DATA, random="study/")
    with pytest.raises(OptionError, match="one unit only"):
        multilevel({**DATA, "all": ["a"] * 8}, random="all + study")
    with pytest.raises(OptionError, match="same way"):
        multilevel({**DATA, "copy": DATA["study"]}, random="study + copy")
    with pytest.raises(TableError, match="no site in 1 of 8 rows"):
        multilevel({**DATA, "site": [None, *DATA["site"][1:]]}, random="study + site")
    with pytest.raises(TableError, match="not numeric"):
        multilevel(DATA, moderators=["site"])
    with pytest.raises(OptionError, match="is a combination of the others"):
        multilevel({**DATA, "double": np.multiply(2, DATA["dose"])}, moderators=["dose", "double"])
    with pytest.raises(OptionError, match="not both"):
        multilevel(DATA, moderators=["dose"], X=np.ones((8, 1)))
    with pytest.raises(OptionError, match="REML"):
        multilevel(DATA, method="reml")


def test_formula_and_columns_give_the_same_design():
    by_name = multilevel(DATA, moderators=["dose"])
    by_formula = multilevel(DATA, moderators="~ dose")
    assert by_name.names == by_formula.names == ("intercept", "dose")
    assert_allclose(by_name.coefficients.estimate, by_formula.coefficients.estimate)
    factor = multilevel(DATA, moderators="~ factor(site)")
    assert factor.names == ("intercept", "factor(site)y", "factor(site)z")


def test_predictions():
    fit = multilevel(DATA, moderators=["dose"], ci="z")
    found = fit.predict([[1, 1.0], [1, 3.0]])
    slope = fit.coefficients.row("dose")["estimate"]
    assert_allclose(found.estimate[1] - found.estimate[0], 2 * slope)
    half = (found.ci_high - found.ci_low) / 2
    wide = (found.pi_high - found.pi_low) / 2
    assert_allclose(wide**2 - half**2, 1.959963984540054**2 * fit.tau2.sum(), rtol=1e-9)
    one = multilevel(DATA)
    assert_allclose(one.predict([[1.0]]).pi_low[0], one.pi_low)
    with pytest.raises(OptionError, match="2 columns"):
        one.predict([[1.0, 2.0]])
    with pytest.raises(OptionError, match="has 2 coefficients"):
        _ = fit.estimate


def test_notes_say_what_was_taken_for_granted():
    fit = multilevel(DATA)
    assert any("known_covariance" in note for note in fit.notes)
    assert not any("more than once" in note for note in fit.notes)
    equal = multilevel({**DATA, "estimate": [0.5] * 8})
    assert sum("edge of what is possible" in note for note in equal.notes) == 2
    assert fit.errors == "independent"


def test_patients_are_counted_once_a_study():
    fit = multilevel({**DATA, "n": [30, 30, 40, 40, 40, 12, 12, 50]})
    assert fit.n == 132


def test_result_is_tidy_and_json():
    fit = multilevel(DATA, moderators=["dose"])
    frame = fit.to_frame()
    assert list(frame["name"]) == ["intercept", "dose"]
    assert {"estimate", "std_error", "statistic", "df", "p_value", "ci_low", "ci_high", "reported_estimate"} <= set(
        frame
    )
    components = fit.components_frame()
    assert list(components.columns) == ["name", "quantity", "estimate", "ci_low", "ci_high"]
    body = json.loads(json.dumps(fit.to_dict(), allow_nan=False))
    assert body["components"][0]["name"] == "study" and body["converged"] is True
    assert body["coefficients"][0]["pi_low"] is None
    text = str(fit)
    assert "random study/effect" in text and "residual Q" in text
    assert "<pre" in fit._repr_html_()


def test_ratios_are_shown_as_ratios():
    table = {
        "study": ["A", "A", "B", "B"],
        "estimate": [2.0, 1.5, 1.2, 1.8],
        "ci_low": [1.1, 0.8, 0.7, 1.0],
        "ci_high": [3.6, 2.8, 2.1, 3.2],
    }
    fit = multilevel(compute(table, measure="OR"))
    assert_allclose(fit.coefficients.reported("estimate")[0], np.exp(fit.estimate))
    assert f"{np.exp(fit.estimate):.2f} [" in str(fit)


def outcomes(**more):
    data = {"study": np.repeat(np.arange(6), 2), "outcome": ["pain", "sleep"] * 6, "std_error": np.full(12, 0.2)}
    data["estimate"] = np.array([0.2, 0.1, 0.5, 0.6, 0.9, 0.7, -0.1, 0.0, 0.4, 0.2, 0.6, 0.8])
    return {**data, **more}


def test_multivariate_means_predictions_and_contrasts():
    fit = multivariate(outcomes(), structure="CS", ci="z")
    assert fit.names == ("pain", "sleep")
    part = fit.components[0]
    half = 1.959963984540054 * np.sqrt(fit.coefficients.std_error**2 + part.tau2[0])
    assert_allclose(fit.coefficients.pi_high - fit.coefficients.estimate, half)
    row = fit.contrast({"pain": 1, "sleep": -1}).row(0)
    assert_allclose(row["std_error"] ** 2, fit.vcov[0, 0] + fit.vcov[1, 1] - 2 * fit.vcov[0, 1])
    with pytest.raises(OptionError, match="no coefficient 'Pain'"):
        fit.contrast({"Pain": 1})


def test_a_perfect_correlation_is_named():
    fit = multivariate(outcomes(), structure="CS")
    assert fit.components[0].rho[0] > 0.999999
    assert any("rho of outcome | study is estimated as +1" in note for note in fit.notes)


def test_structures_without_data_are_refused():
    lonely = outcomes(outcome=["pain", "sleep"] * 5 + ["pain", "mood"])
    with pytest.raises(OptionError, match=r"mood is reported by one study only.*'CS'"):
        multivariate(lonely, structure="DIAG")
    assert multivariate(lonely, structure="CS").k == 12
    apart = outcomes(study=np.arange(12))
    with pytest.raises(OptionError, match="fewer than two studies report more than one outcome"):
        multivariate(apart, structure="CS")
    assert multivariate(apart, structure="ID").converged
    with pytest.raises(OptionError, match="one outcome only"):
        multivariate(outcomes(outcome=["pain"] * 12))
    never = {"study": list("AABBCCDD"), "outcome": ["a", "b", "a", "b", "b", "c", "b", "c"], "std_error": [0.2] * 8}
    with pytest.raises(OptionError, match="correlation of a with c, which no study reports together"):
        multivariate({**never, "estimate": np.arange(8) / 8}, structure="UN")
    with pytest.raises(OptionError, match="needs times"):
        multivariate(outcomes(), structure="CAR")
    assert any(
        "hardly determined" in note
        for note in multivariate(lonely | {"outcome": ["a", "b", "c"] * 4}, structure="HCS").notes
    )


def test_slopes_by_outcome_or_in_common():
    data = outcomes(dose=np.repeat([1.0, 2, 3, 1, 2, 3], 2))
    each = multivariate(data, structure="CS", moderators=["dose"])
    assert each.names == ("pain", "sleep", "pain:dose", "sleep:dose")
    common = multivariate(data, structure="CS", moderators=["dose"], slopes="common")
    assert common.names == ("pain", "sleep", "dose")
    formula = multivariate(data, structure="CS", moderators="~ factor(outcome) - 1 + factor(outcome):dose")
    assert_allclose(formula.loglik, each.loglik, atol=1e-8)


def test_factors_are_never_pooled_with_one_another():
    rows = {
        "study": ["A", "A", "B", "B", "C", "C", "D"],
        "factor": ["pain", "mood", "pain", "mood", "pain", "age", "pain"],
        "estimate": [0.9, 0.4, 1.4, 0.6, 0.4, 0.1, 0.7],
        "std_error": [0.3] * 7,
    }
    found = pool_by_factor(rows)
    assert [(row.factor, row.k, row.studies) for row in found.rows] == [("pain", 4, 4), ("mood", 2, 2), ("age", 1, 1)]
    assert found.rows[1].coefficient.df[0] < 4 and "not to be trusted" in found.rows[1].remark
    assert any("different exposures" in note for note in found.notes)
    assert list(found.to_frame()["model"]) == ["random effects, CR2", "random effects, CR2", "one study"]
    json.dumps(found.to_dict(), allow_nan=False)
    same_study = pool_by_factor({**rows, "study": ["A", "A", "A", "B", "A", "C", "A"]})
    assert same_study.rows[0].model == "not pooled" and "share patients" in same_study.rows[0].remark
