"""Six simulated centres pooled in two stages, beside one model over all of their patients."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import cohort_centres_cases as cases
import ostealgia as oa
from ostealgia.errors import ProjectError, TableError
from ostealgia.project.centres import pool_centres
from ostealgia.project.centres_curves import _curve, _share, pooled_curves
from ostealgia.project.centres_effects import summed_counts


@pytest.fixture(scope="module")
def six(tmp_path_factory):
    """Six centres of 90 to 140 patients with one true effect and their own hazard, as exports and (for the test only) together."""
    root = tmp_path_factory.mktemp("six")
    folders, cohorts = [], []
    for i in range(6):
        cohort = oa.cohort.read(cases.write_centre(root / f"c{i}", n=90 + 10 * i, seed=300 + i, hazard=0.05 + 0.01 * i))
        oa.cohort.export_centre(cohort, root / f"e{i}", centre=f"Centre {i}")
        folders.append(root / f"e{i}")
        cohorts.append(cohort)
    return SimpleNamespace(
        folders=folders, cohorts=cohorts, pooled=pool_centres(folders, out=root / "pooled"), out=root / "pooled"
    )


def row(frame, id, model="random effects"):
    return frame[(frame["id"] == id) & frame["model"].str.startswith(model)].iloc[0]


def together(six, make):
    return pd.concat(
        [make(cohort).assign(centre=f"Centre {i}") for i, cohort in enumerate(six.cohorts)], ignore_index=True
    )


@pytest.mark.parametrize("endpoint", ["os", "pfs"])
def test_hazard_ratio_is_near_that_of_one_cox_model_stratified_by_centre(six, endpoint):
    """Two stages and one differ by the weights only: well inside a standard error (0.4 of it), with one true effect."""
    frame = together(six, lambda cohort: oa.cohort.survival_frame(cohort, endpoint))
    one = oa.cohort.cox(frame, time="time_months", event="event", terms=["group"], strata="centre")
    two = row(six.pooled.estimates, f"{endpoint}-log-hr")
    assert abs(np.log(two["estimate"]) - one.estimate[0]) < 0.4 * one.std_error[0]
    assert two["k"] == 6 and two["ci_low"] < np.exp(one.estimate[0]) < two["ci_high"]


def test_odds_ratio_is_near_that_of_one_logistic_model_with_centres(six):
    def response(cohort):
        frame = oa.cohort.response_by_week(cohort, weeks=[12]).frame
        return frame.assign(yes=frame["responder_all_treated"].astype(int))[["group", "yes"]]

    one = oa.cohort.logistic(together(six, response), outcome="yes", terms=["group", "centre"])
    two = row(six.pooled.estimates, "response-week-12-log-or")
    at = one.names.index("groupobservation")
    assert abs(np.log(two["estimate"]) - one.estimate[at]) < 0.25 * one.std_error[at]


def test_pain_by_week_is_near_that_of_one_mmrm_with_centres(six):
    """Centre by week as covariates: the two-stage model has a mean of each centre and week as well."""

    def long(cohort):
        visits = cohort.visits[(cohort.visits["week"] > 0) & cohort.visits["nrs_worst"].notna()]
        return visits[["id", "week", "nrs_worst"]].merge(cohort.patients[["id", "group", "nrs_baseline"]], on="id")

    fit = oa.cohort.mmrm(
        together(six, long), outcome="nrs_worst", subject="id", visit="week",
        fixed="nrs_baseline * factor(week) + centre * factor(week) + group * factor(week)",
    )  # fmt: skip
    joint = six.pooled.estimates[six.pooled.estimates["model"].str.startswith("multivariate")].set_index("term")
    names = {week: ("groupobservation", f"factor(week){week}:groupobservation") for week in (1, 4, 8, 12)}
    for week, (main, cross) in names.items():
        cross = next((name for name in (cross, f"groupobservation:factor(week){week}") if name in fit.names), None)
        value = fit.row(main)["estimate"] + (fit.row(cross)["estimate"] if cross else 0.0)
        assert abs(joint.loc[f"week {week}", "estimate"] - value) < 0.35 * joint.loc[f"week {week}", "std_error"]
    assert list(joint["df"]) == [5.0] * 4


def test_survival_over_centres_holds_the_curve_of_all_patients(six):
    """Kaplan-Meier of all patients together: within the limits that the grid leaves open, and within 0.03 of the estimate up to week 40."""
    frame = together(six, lambda cohort: oa.cohort.survival_frame(cohort, "os"))
    curves = six.pooled.survival
    for group in ("control", "observation"):
        own = frame[frame["group"] == group]
        weeks, died = own["time_months"].to_numpy() * cases.MONTH / 7, own["event"].to_numpy(dtype=float)
        for line in curves[
            (curves["endpoint"] == "os") & (curves["group"] == group) & (curves["week"].between(1, 40))
        ].to_dict("records"):
            at = np.unique(weeks[(died == 1) & (weeks <= line["week"])])
            truth = np.prod([1 - ((weeks == t) & (died == 1)).sum() / (weeks >= t).sum() for t in at])
            assert line["low"] - 1e-9 <= truth <= line["high"] + 1e-9
            assert abs(truth - line["estimate"]) < 0.03
            assert line["ci_low"] <= line["estimate"] <= line["ci_high"]


def test_survival_of_one_finely_known_centre_by_hand():
    """100 at risk, 10 die, nobody censored; 90, 18 die: 0.9 and 0.72, with Greenwood's standard error."""
    table = [
        {
            "endpoint": "os",
            "group": "a",
            "start_week": 0,
            "end_week": 4,
            "at_risk": 100,
            "at_risk_end": 90,
            "events": 10,
            "competing": None,
        },
        {
            "endpoint": "os",
            "group": "a",
            "start_week": 4,
            "end_week": 8,
            "at_risk": 90,
            "at_risk_end": 72,
            "events": 18,
            "competing": None,
        },
    ]
    found = _curve([table], [0, 4, 8], "spread", False)
    np.testing.assert_allclose(found["value"], [1, 0.9, 0.72], rtol=1e-12)
    se = 0.72 * np.sqrt(10 / (100 * 90) + 18 / (90 * 72))
    width = 1.959963984540054 * se / (0.72 * abs(np.log(0.72)))
    np.testing.assert_allclose(
        [found["ci_low"][2], found["ci_high"][2]], [0.72 ** np.exp(width), 0.72 ** np.exp(-width)], rtol=1e-12
    )
    assert _share(table[0], 0, 4, "start")[:2] == (10.0, 0.0)


def test_cumulative_incidence_of_one_centre_is_the_multinomial_share():
    """Without censoring the incidence is events over patients, and its variance p (1 - p) / n, whatever the steps."""
    table = [
        {
            "endpoint": "relief",
            "group": "a",
            "start_week": 0,
            "end_week": 4,
            "at_risk": 100,
            "at_risk_end": 70,
            "events": 20,
            "competing": 10,
        },
        {
            "endpoint": "relief",
            "group": "a",
            "start_week": 4,
            "end_week": 8,
            "at_risk": 70,
            "at_risk_end": 40,
            "events": 25,
            "competing": 5,
        },
    ]
    frame, _ = pooled_curves([{"survival": table}])
    assert frame["estimate"].tolist() == pytest.approx([0, 0.2, 0.45])
    spread = np.sqrt(0.45 * 0.55 / 100)
    width = 1.959963984540054 * spread / (0.55 * abs(np.log(0.55)))
    assert frame["ci_high"].iloc[-1] == pytest.approx(1 - 0.55 ** np.exp(width), rel=1e-9)


def test_heterogeneity_and_prediction_stand_in_the_result(six):
    frame = six.pooled.estimates
    many = frame[frame["k"] == 6]
    assert many[["tau2", "i2_q", "pi_low", "pi_high"]].notna().all().all()
    assert (many["pi_low"] <= many["ci_low"] + 1e-9).all()
    text = str(six.pooled)
    assert "6 centres" in text and "SIMULATED" in text and "prediction" in text


def test_sums_are_of_the_centres_that_show_the_count():
    sent = [
        {
            "centre": "A",
            "groups": [{"group": "x", "n": 50}],
            "response": [{"week": 4, "class": "response", "group": "x", "n": 20}],
        },
        {
            "centre": "B",
            "groups": [{"group": "x", "n": 30}],
            "response": [{"week": 4, "class": "response", "group": "x", "n": None}],
        },
    ]
    line = summed_counts(sent, "response", ("week", "class")).iloc[0]
    assert (line["n"], line["total"], line["withheld"], line["percent"]) == (20, 50, 1, 40)


def test_files_of_the_pool(six):
    whole = json.loads((six.out / "centres.json").read_text())
    assert whole["schema"] == "ostealgia.centres/1" and len(whole["centres"]) == 12
    page = (six.out / "report.html").read_text()
    assert "Several centres, pooled" in page and "SIMULATED" in page and page.count("<svg") >= 10
    assert "Overall survival: hazard ratio" in page and "Limits of the grid" in page
    assert (six.out / "estimates.csv").read_text().startswith("id,measure,scale,term,model,k,estimate")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data.update(centre="Centre 0"), "there twice"),
        (lambda data: data["settings"].update(definition="nrs2"), "differ in definition"),
        (lambda data: data.update(simulated=False), "never pooled together"),
        (lambda data: data["groups"][0].update(group="usual care"), "different names or roles"),
    ],
)  # fmt: skip
def test_centres_with_another_question_are_refused(six, tmp_path, change, words):
    data = cases.load(six.folders[1])
    change(data)
    (tmp_path / "centre.json").write_text(json.dumps(data))
    with pytest.raises(ProjectError, match=words):
        pool_centres([six.folders[0], tmp_path])


def test_wrong_input(six, tmp_path):
    with pytest.raises(ProjectError, match="one centre cannot be pooled"):
        pool_centres(six.folders[:1])
    with pytest.raises(TableError, match="no export of a centre"):
        pool_centres([six.folders[0], tmp_path / "absent"])
    (tmp_path / "centre.json").write_text("{")
    with pytest.raises(TableError, match="cannot be read"):
        pool_centres([six.folders[0], tmp_path])
    (tmp_path / "centre.json").write_text('{"schema": "ostealgia.centre/9"}')
    with pytest.raises(TableError, match="not an export of this version"):
        pool_centres([six.folders[0], tmp_path])


def test_two_centres_have_no_prediction_interval(six):
    found = pool_centres(six.folders[:2]).estimates
    assert found["pi_low"].isna().all() and (found["k"] == 2).all()
