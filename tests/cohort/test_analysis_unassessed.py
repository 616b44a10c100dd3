"""Nobody assessable is no rate of 0, re-irradiation is read wherever it stands, and what is said is what was done."""

from __future__ import annotations

import numpy as np
import pytest

import ostealgia as oa
from cohort_analysis_cases import bundled, only, quick, with_tables
from ostealgia.cohort.analysis_context import prepared
from ostealgia.cohort.analysis_response import response_section
from ostealgia.project.cohort_methods import methods
from ostealgia.project.cohort_present import report_of


@pytest.fixture(scope="module")
def cohort():
    return bundled()


def section_of(cohort):
    return response_section(prepared(cohort, quick(), 1))


def at_week_12(section, table="rates"):
    frame = section.tables[table]
    return frame[(frame["week"] == 12).to_numpy()]


def counts(section):
    frame = at_week_12(section)
    frame = frame[(frame["denominator"] == "all_treated").to_numpy()]
    return {row.group: (row.events, row.n) for row in frame.itertuples()}


def without_doses(cohort):
    return with_tables(cohort, visits=cohort.visits.assign(omed_mg=np.nan))


@pytest.mark.parametrize("column", ["omed_mg", "nrs_worst"])
def test_nobody_assessable_is_no_rate_of_zero(cohort, column):
    later = (cohort.visits["week"] > 0).to_numpy()
    made = with_tables(cohort, visits=cohort.visits.assign(**{column: cohort.visits[column].where(~later)}))
    section = section_of(made)
    assert "rates" not in section.tables and "differences" not in section.tables
    assert section.failed.startswith("response at week 12 could not be assessed of anybody in")
    assert column in section.failed  # the way out names the column
    assert any("no rate is given" in note for note in section.notes)


def test_one_week_without_anybody_takes_away_that_week_only(cohort):
    gone = (cohort.visits["week"] == 4).to_numpy()
    section = section_of(
        with_tables(cohort, visits=cohort.visits.assign(nrs_worst=cohort.visits["nrs_worst"].mask(gone)))
    )
    assert not section.failed
    for table in ("rates", "differences"):
        assert sorted(set(section.tables[table]["week"])) == [1, 8, 12]


def test_one_arm_without_anybody_is_not_compared(cohort):
    treated = cohort.patients.loc[(cohort.patients["group"] == "observation").to_numpy(), "id"]
    gone = (cohort.visits["week"] == 12) & cohort.visits["id"].isin(treated)
    section = section_of(
        with_tables(cohort, visits=cohort.visits.assign(nrs_worst=cohort.visits["nrs_worst"].mask(gone)))
    )
    assert set(at_week_12(section)["group"]) == {"control"} and at_week_12(section, "differences").empty
    assert "in observation: worst pain is not known" in section.failed


def test_a_group_in_which_all_have_died_keeps_its_rate_of_zero(cohort):
    dead = cohort.visits.loc[((cohort.visits["week"] == 12) & (cohort.visits["status"] == "death")).to_numpy(), "id"]
    section = section_of(only(cohort, [*dead, *cohort.patients["id"][~cohort.patients["id"].isin(dead)][:40]]))
    assert not section.failed
    alone = section_of(only(cohort, dead))
    assert not alone.failed and all(events == 0 for events, _ in counts(alone).values())


def test_the_report_gives_no_difference_where_nobody_was_assessed(cohort):
    found = oa.cohort.analyse(without_doses(cohort), quick(), rng_seed=1)
    report = report_of(found, None, drawings={}, software=(), command="", files=[])
    assert not any("pain response" in str(answer.text).lower() for answer in report.answers)
    assert any("could not be assessed of anybody" in problem.text for problem in report.problems)
    lines = found.section("estimands").results["estimands"].to_frame()
    assert lines.loc[(lines["outcome"] == "pain response").to_numpy(), "estimate"].isna().all()
    assert lines.loc[(lines["outcome"] == "worst pain").to_numpy(), "estimate"].notna().all()


# --- re-irradiation ---


def test_the_flag_of_visits_stands_in_where_events_has_no_day(cohort):
    whole = counts(section_of(cohort))
    events = cohort.table("events").drop(columns="reirradiation_day")
    assert counts(section_of(with_tables(cohort, events=events))) == whole
    assert counts(section_of(with_tables(cohort, events=None))) == whole


def test_the_estimands_read_the_flag_too(cohort):
    made = with_tables(cohort, events=cohort.table("events").drop(columns="reirradiation_day"))
    events = oa.cohort.estimands(made, quick(), rng_seed=1).events
    rows = events[(events["event"] == "re-irradiation").to_numpy()]
    flagged = set(cohort.visits.loc[(cohort.visits["after_reirradiation"] == 1).to_numpy(), "id"])
    treated = set(cohort.patients.loc[(cohort.patients["group"] == "observation").to_numpy(), "id"])
    assert set(rows["recorded"]) == {"yes"}
    assert rows["events"].tolist() == [len(flagged & treated), len(flagged - treated)]


def test_where_it_is_not_recorded_notes_and_methods_say_so(cohort):
    bare = with_tables(cohort, events=None, visits=cohort.visits.drop(columns="after_reirradiation"))
    found = oa.cohort.analyse(bare, quick(), rng_seed=1)
    assert any("treated again is not recorded" in note for note in found.section("response").notes)
    text = " ".join(methods(found))
    assert "counts as no response among all treated" not in text and "again is not recorded" in text


# --- what is said ---


def test_the_red_flag_tells_whether_all_point_the_same_way(cohort):
    found = oa.cohort.estimands(cohort, quick(), rng_seed=1)
    flag = found.red_flags[0]
    assert "dropout worst case (a bound)" in flag and flag.endswith(
        "all estimates point the same way, and differ in size and certainty"
    )


def test_methods_of_one_group_name_no_comparison(cohort):
    made = with_tables(cohort, patients=cohort.patients.drop(columns="group"))
    found = oa.cohort.analyse(made, quick(), rng_seed=1)
    text = " ".join(methods(found))
    for word in (
        "Fisher",
        "Gray's",
        "log-rank",
        "Newcombe",
        "ANCOVA",
        "with group",
        "Bonferroni",
        "Estimands",
        "Propensity",
    ):
        assert word not in text, word
    report = report_of(found, None, drawings={}, software=(), command="", files=[])
    assert not any("one group" in problem.text for problem in report.problems)


def test_methods_name_the_strata_and_no_units(cohort):
    text = " ".join(methods(oa.cohort.analyse(cohort, quick(), rng_seed=1)))
    assert "log-rank test, also stratified by ECOG 2 or more, visceral metastases" in text
    assert "logistic regression on age, sex," in text
    assert "Kenward and Roger's standard errors and degrees of freedom" in text


def test_the_number_of_rows_is_not_that_of_the_rows_listed(tmp_path):
    import shutil

    import pandas as pd

    shutil.copytree(oa.cohort.example(), tmp_path / "own")
    patients = pd.read_csv(tmp_path / "own" / "patients.csv").assign(group="other")
    patients.to_csv(tmp_path / "own" / "patients.csv", index=False)
    found = oa.cohort.analyse(oa.cohort.read(tmp_path / "own"), quick(), rng_seed=1)
    report = report_of(found, None, drawings={}, software=(), command="", files=[])
    assert any(problem.text.startswith("patients.csv, 205 rows: not one of the codes") for problem in report.problems)


def test_the_adjusted_difference_stands_below_the_crude_one(cohort):
    report = report_of(
        oa.cohort.analyse(cohort, quick(), rng_seed=1), None, drawings={}, software=(), command="", files=[]
    )
    assert str(report.answers[1].text).startswith(
        "Adjusted for the recorded confounders (overlap weights) the risk difference in pain"
    )


def test_a_centre_that_does_not_record_it_is_named_where_centres_are_pooled(cohort, tmp_path):
    from ostealgia.project import pool_centres

    bare = with_tables(cohort, events=None, visits=cohort.visits.drop(columns="after_reirradiation"))
    sent = [
        oa.cohort.export_centre(one, tmp_path / name, centre=name).folder for name, one in (("A", cohort), ("B", bare))
    ]
    notes = pool_centres(sent).notes
    assert any(note.startswith("B: re-irradiation is not recorded there") for note in notes)
