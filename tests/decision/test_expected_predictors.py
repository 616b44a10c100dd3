"""Refractory-pain predictors: one study's association each, marked indirect; no score; the user's own model with its calibration."""

from __future__ import annotations

import csv
import json
import math
from importlib import resources

import numpy as np
import pytest

import ostealgia as oa
from ostealgia.clinical.assessment import CHECK_STATUS
from ostealgia.decision.risk_factors_table import NONE_AVAILABLE, predictors, refractory_pain_predictors
from ostealgia.errors import OptionError


def bundled(name):
    return list(
        csv.DictReader(
            resources.files("ostealgia").joinpath("data", "evidence", name).read_text(encoding="utf-8").splitlines()
        )
    )


def test_the_source_values_and_not_the_pooled_ones():
    """1.37 and 1.79 of Parkes are any pain in breast cancer; 3.94 and 5.99 are their exponentials."""
    found = {(one.study, one.factor): one for one in predictors()}
    multiple, lytic = found["Parkes", "multiple bone metastases"], found["Parkes", "lytic bone metastases"]
    assert (multiple.estimate, multiple.ci_low, multiple.ci_high) == (1.37, 1.03, 1.83)
    assert (lytic.estimate, lytic.ci_low, lytic.ci_high) == (1.79, 1.26, 2.53)
    assert "any pain" in multiple.outcome_measured and "breast" in multiple.population
    assert math.exp(1.37) == pytest.approx(3.94, abs=0.005) and "3.94" in multiple.as_printed_in_review
    assert not any(one.estimate in (3.94, 5.99, 219.20, 16.44) for one in predictors())


def test_they_agree_with_the_bundled_source_values():
    values = {row["item"]: row["source_study_value"] for row in bundled("li2025_source_values.csv")}
    for item, factor in (
        ("Parkes multiple metastases OR", "multiple bone metastases"),
        ("Parkes lytic metastases OR", "lytic bone metastases"),
        ("Habib severe acute pain OR", "severe acute pain after surgery"),
    ):
        one = next(row for row in predictors() if row.factor == factor)
        assert values[item] == f"{one.estimate:.2f} ({one.ci_low:.2f}-{one.ci_high:.2f})"


def test_every_line_is_indirect_and_sourced():
    for one in predictors():
        assert one.indirect and one.why_indirect and one.population and one.outcome_measured and one.citation
        assert one.check_status in CHECK_STATUS and "INDIRECT" in one.text()
        assert math.isnan(one.ci_low) == math.isnan(one.ci_high)
        if not math.isnan(one.ci_low):
            assert one.ci_low < one.estimate < one.ci_high


def test_no_score_is_offered():
    found = refractory_pain_predictors()
    assert NONE_AVAILABLE in str(found) and NONE_AVAILABLE in found.notes
    assert found.to_dict()["model"] is None
    with pytest.raises(OptionError, match=r"oa\.cohort\.logistic"):
        found.risk({"x": [1]})
    with pytest.raises(OptionError, match="no model"):
        found.calibration_frame()
    names = set(found.to_frame().columns)
    assert not names & {"score", "points", "risk", "weight"}


def own_model(n=240):
    rng = np.random.default_rng(11)
    pain, lytic = rng.normal(size=n), rng.integers(0, 2, n)
    outcome = (rng.random(n) < 1 / (1 + np.exp(-(-0.5 + pain + 0.5 * lytic)))).astype(int)
    return oa.cohort.logistic(
        {"refractory": outcome, "pain": pain, "lytic": lytic}, outcome="refractory", terms="pain + lytic"
    )


def test_the_users_own_model_with_its_calibration():
    model = own_model()
    found = refractory_pain_predictors(model, bootstrap=25, seed=4)
    curve = found.calibration_frame()
    assert len(curve) == 5 and curve["n"].sum() == model.n
    np.testing.assert_allclose(found.risk({"pain": [0.0], "lytic": [1]}), model.predict({"pain": [0.0], "lytic": [1]}))
    assert "own model" in str(found) and "calibration slope" in str(found) and NONE_AVAILABLE not in str(found)
    body = found.to_dict()["model"]
    assert (
        body["n"] == 240
        and len(body["calibration"]) == 5
        and body["auc"] == pytest.approx(oa.cohort.performance(model, bootstrap=0).measures["auc"])
    )
    json.dumps(found.to_dict(), allow_nan=False)
    assert str(refractory_pain_predictors(model, bootstrap=25, seed=4)) == str(found)


def test_only_a_fitted_logistic_regression_is_taken():
    with pytest.raises(OptionError, match="dict"):
        refractory_pain_predictors({"a": 1})
