"""Cohorts that lack something: each runs to its end, says what could not be done, and shows no value and no identifier."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ostealgia as oa
from cohort_analysis_cases import bundled, only, quick, with_tables
from ostealgia.cohort.analysis_context import prepared
from ostealgia.cohort.analysis_response import pain_section
from ostealgia.errors import TableError


@pytest.fixture(scope="module")
def cohort():
    return bundled()


def visits_where(cohort, **columns):
    return with_tables(cohort, visits=cohort.visits.assign(**columns))


def five(cohort):
    return only(cohort, cohort.patients["id"][:5])


def two(cohort):
    return only(cohort, cohort.patients["id"][:2])


def arm_of_one(cohort):
    ids = cohort.patients["id"]
    group = cohort.patients["group"]
    return only(cohort, [*ids[group == "control"][:40], *ids[group == "observation"][:1]])


def all_censored(cohort):
    events = cohort.table("events").assign(os_event=0, pfs_event=0, pfs_event_type=0)
    return with_tables(cohort, events=events)


def only_needed_tables(cohort):
    gone = dict.fromkeys(("labs", "qlq_items", "adverse_events", "screening", "events"))
    return with_tables(cohort, **gone)


def only_needed_columns(cohort):
    tables = {**dict.fromkeys(cohort.tables), "patients": cohort.patients[["id", "group"]],
              "visits": cohort.visits[["id", "week", "nrs_worst"]]}  # fmt: skip
    return with_tables(cohort, **tables)


def a_patient_without_visits(cohort):
    return with_tables(cohort, visits=cohort.visits[cohort.visits["id"] != "P0005"])


def an_empty_scale(cohort):
    items = cohort.table("qlq_items")
    return with_tables(cohort, qlq_items=items.assign(q9=np.nan, q19=np.nan))


def empty_questionnaires(cohort):
    items = cohort.table("qlq_items")
    return with_tables(
        cohort, qlq_items=items.assign(**{name: np.nan for name in items.columns if name.startswith("q")})
    )


def an_empty_marker(cohort):
    return with_tables(cohort, labs=cohort.table("labs").assign(crp=np.nan))


def no_spread(cohort):
    return visits_where(cohort, nrs_worst=np.where(cohort.visits["nrs_worst"].notna(), 5.0, np.nan))


def nothing_after_baseline(cohort):
    return visits_where(cohort, nrs_worst=np.where(cohort.visits["week"] == 0, cohort.visits["nrs_worst"], np.nan))


def one_week(cohort):
    return with_tables(cohort, visits=cohort.visits[cohort.visits["week"].isin([0, 12])])


def ties_at_zero(cohort):
    events = cohort.table("events")
    early = np.arange(len(events)) < 30
    return with_tables(cohort, events=events.assign(os_months=np.where(early, 0.0, events["os_months"]),
                                                    pfs_months=np.where(early, 0.0, events["pfs_months"])))  # fmt: skip


def separated(cohort):
    treated = set(cohort.patients.loc[cohort.patients["group"] == "observation", "id"])
    pain = np.where(cohort.visits["id"].isin(treated), 0.0, 9.0)
    later = cohort.visits["nrs_worst"].notna() & (cohort.visits["week"] > 0)
    return visits_where(cohort, nrs_worst=np.where(later, pain, cohort.visits["nrs_worst"]))


def an_arm_unseen(cohort):
    treated = cohort.patients.loc[cohort.patients["group"] == "observation", "id"]
    gone = cohort.visits["id"].isin(treated) & (cohort.visits["week"] == 12)
    return visits_where(cohort, nrs_worst=np.where(gone, np.nan, cohort.visits["nrs_worst"]))


def no_opioids(cohort):
    made = visits_where(cohort, omed_mg=np.nan)
    return with_tables(made, patients=cohort.patients.assign(omed_baseline_mg=np.nan))


def no_days(cohort):
    return with_tables(cohort, visits=cohort.visits.drop(columns="day"))


# what is done to the cohort -> section -> words of what could not be done; "" where the section must be whole
CASES = {
    five: {"pain": "did not converge", "missing": "too few", "estimands": "no imputation is possible"},
    two: {"pain": "", "predictors": "worst pain is not known"},
    arm_of_one: {"predictors": "one each is the least", "missing": "do not vary freely"},
    all_censored: {"survival": "no event to compare", "immortal-time": "no event", "response": ""},
    only_needed_tables: {"laboratory": "no labs table", "quality-of-life": "no qlq_items table", "toxicity": "no adverse_events table",
                         "survival": "no events table", "relief": "no events table", "estimands": "", "weighting": ""},
    only_needed_columns: {"opioids": "no opioid dose", "predictors": "dose at baseline is not known", "response": "definition = \"nrs2\""},
    a_patient_without_visits: {"response": "", "pain": "", "estimands": "", "flow": ""},
    an_empty_scale: {"quality-of-life": "pa at week 12: no patient has a value", "response": ""},
    empty_questionnaires: {"quality-of-life": "ql at week 12: no patient has a value"},
    an_empty_marker: {"laboratory": "crp at week 12: no patient has a value"},
    no_spread: {"pain": "reproduce the outcome exactly", "missing": "one value only"},
    nothing_after_baseline: {"pain": "no row has", "missing": "known in 0 rows"},
    one_week: {"pain": "one week after baseline only", "survival": ""},
    ties_at_zero: {"survival": "", "immortal-time": ""},
    separated: {"predictors": "method='firth'", "response": ""},
    an_arm_unseen: {"pain": "design is singular", "estimands": "do not vary freely",
                    "response": "week 12 could not be assessed of anybody in observation: worst pain is not known"},
    no_opioids: {"opioids": "no opioid dose", "pain": "", "response": "dose at baseline is not known"},
    no_days: {"pain": "", "response": ""},
}  # fmt: skip


@pytest.mark.parametrize("change", CASES, ids=lambda change: change.__name__)
def test_the_analysis_runs_to_its_end_and_says_what_is_missing(cohort, change):
    found = oa.cohort.analyse(change(cohort), quick(), rng_seed=1)
    for id, words in CASES[change].items():
        failed = found.section(id).failed
        if words:
            assert any(word in failed for word in words.split("|")), (id, failed)
        elif change is not two:
            assert not failed, (id, failed)
    said = " ".join(f"{one.failed} {' '.join(one.notes)}" for one in found.sections)
    assert not any(name in said for name in cohort.patients["id"])
    assert len(found.sections) == 18 and len(found.to_frame()) > 0


def test_separation_is_fitted_by_firth_and_said(cohort):
    section = oa.cohort.analyse(separated(cohort), quick(estimands=False), rng_seed=1).section("predictors")
    assert section.results["logistic"].method == "firth"
    assert any("Firth" in note for note in section.notes)
    assert np.isfinite(section.tables["model"]["estimate"]).all()


def test_a_covariance_that_does_not_converge_gives_way_to_the_next_and_says_so(cohort):
    # eight patients determine no unstructured covariance of four weeks
    few = only(cohort, cohort.patients["id"][:8])
    section = pain_section(prepared(few, quick(covariance=("us", "csh", "cs")), 1))
    assert section.results["mmrm"].covariance == "csh" and section.results["mmrm"].converged
    assert any("'us' (unstructured) did not converge" in note for note in section.notes)


def test_where_no_covariance_converges_nothing_is_shown_and_it_is_said(cohort):
    few = only(cohort, cohort.patients["id"][:5])
    section = pain_section(prepared(few, quick(), 1))
    assert "mmrm" not in section.results and "did not converge with covariance us, toeph, csh" in section.failed
    assert "observed" in section.tables


def test_a_cohort_without_a_visit_after_baseline_is_refused(cohort):
    with pytest.raises(TableError, match="no visit after baseline"):
        oa.cohort.analyse(with_tables(cohort, visits=cohort.visits[cohort.visits["week"] == 0]), quick(), rng_seed=1)


def test_everybody_dead_by_the_main_week(cohort):
    visits = cohort.visits
    late = visits["week"] == 12
    dead = visits.assign(status=np.where(late, "death", visits["status"]), nrs_worst=np.where(late, np.nan, visits["nrs_worst"]),
                         day=np.where(late, np.nan, visits["day"]), omed_mg=np.where(late, np.nan, visits["omed_mg"]))  # fmt: skip
    found = oa.cohort.analyse(with_tables(cohort, visits=dead), quick(), rng_seed=1)
    assert (
        found.primary_week == 8 or (found.section("response").tables["rates"].query("week == 12")["events"] == 0).all()
    )


@pytest.mark.slow
def test_five_thousand_patients(cohort):
    parts = {name: [] for name in cohort.tables}
    for i in range(25):
        for name, frame in cohort.tables.items():
            parts[name].append(frame.assign(id=frame["id"].astype(object).map(lambda value, i=i: f"{value}-{i}")))
    tables = {name: pd.concat(frames, ignore_index=True) for name, frames in parts.items()}
    found = oa.cohort.analyse(with_tables(cohort, **tables), quick(), rng_seed=1)
    assert found.cohort.n == 5125 and not found.failed
