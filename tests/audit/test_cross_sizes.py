"""Sizes inside a paper: groups and total, lists and sum, designs, losses, flow, time points."""

import pytest
from cross_papers import cohort, flags, paper, review, told

from ostealgia.audit.checks.across.sizes import (
    size_flow,
    size_groups,
    size_headers,
    size_kinds,
    size_lists,
    size_losses,
    size_shares,
    size_times,
)

GROUPS = "They were assigned to early walking (n = {}) or late walking (n = {})."


def test_groups_that_add_up_are_listed():
    subject = cohort(methods="We included 120 patients. " + GROUPS.format(58, 62))
    assert told(size_groups, subject) == [("total-vs-parts", "consistent", "120")]


def test_groups_that_do_not_add_up_are_flagged():
    (found,) = flags(size_groups, cohort(methods="We included 120 patients. " + GROUPS.format(58, 66)))
    assert found.recomputed == 124 and found.reported == "120"


@pytest.mark.parametrize(
    "methods",
    [
        "We included 120 patients. After 6 were lost, the others were assigned to early (n = 58) or late walking (n = 56).",
        "We saw 900 patients. " + GROUPS.format(58, 62),
        "Early (n = 58) and late (n = 60) walking were compared in 120 patients.",
    ],
)
def test_groups_of_a_part_or_without_assignment_are_left_alone(methods):
    assert not flags(size_groups, cohort(methods=methods))


def test_a_list_of_events_that_is_the_total_named_before():
    words = (
        "There were 47 mild events. They comprised 24 cases of pain, five burns, seven swellings, eight cases of "
        "numbness, and three fevers."
    )
    assert told(size_lists, cohort(results=words)) == [("total-vs-parts", "consistent", "24 + 5 + 7 + 8 + 3; 47")]


def test_a_list_of_events_with_another_sum_is_no_flag_since_patients_may_have_two():
    words = "There were 40 mild events. They comprised 24 cases of pain, five burns, and seven swellings."
    assert not list(size_lists(cohort(results=words)))


def test_studies_listed_by_design_that_exceed_the_total():
    words = "The 33 studies comprised three randomised trials, six retrospective studies, and 25 prospective studies."
    (found,) = flags(size_lists, review(results=words))
    assert found.recomputed == 34


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        ("Of the 15 studies, 1 were randomised, 3 prospective and 11 retrospective.", ["consistent"]),
        ("Of the 15 studies, 1 were randomised, 3 prospective and 12 retrospective.", ["inconsistent"]),
        ("Of the 15 studies, 4 were randomised and 5 were cohort studies.", []),  # others may have other designs
        ("Of the 15 studies, 9 were prospective and 8 were cohort studies.", []),  # the two overlap
    ],
)
def test_designs_add_up_where_they_exclude_each_other(words, verdict):
    assert [found.verdict for found in size_kinds(review(results=words))] == verdict


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        (
            "We screened 246 patients. After exclusion of 7 with missing data and 15 who declined, 224 patients remained.",
            ["consistent"],
        ),
        (
            "We screened 246 patients. After exclusion of 7 with missing data and 18 who declined, 224 patients remained.",
            ["inconsistent"],
        ),
        ("We screened 246 patients. After exclusion of those under 18 years, 224 patients remained.", []),
        ("After exclusion of 7 patients, 224 patients remained.", []),
    ],
)
def test_losses_lead_from_the_start_to_the_end(words, verdict):
    assert [found.verdict for found in size_losses(cohort(methods=words))] == verdict


def test_shares_of_100_per_cent_and_their_total():
    words = "Of the 295 responders, 149 (50.5%) had complete and 146 (49.5%) partial relief."
    assert told(size_shares, cohort(results=words)) == [("total-vs-parts", "consistent", "295")]


def test_headers_of_a_table_and_the_total_of_the_text():
    table = (
        "Table 1. Baseline\n\nVariable\tEarly (n = 58)\tLate (n = 62)\tP\n"
        "Male, n (%)\t30 (51.7)\t31 (50.0)\t0.85\nSmoker, n (%)\t10 (17.2)\t12 (19.4)\t0.76\n"
    )
    subject = cohort(results="The 120 patients were alike.", tables=table)
    assert told(size_headers, subject) == [("total-vs-parts", "consistent", "120")]


def test_no_more_studies_are_kept_than_found():
    words = "The search identified 844 records, and finally 12 studies were included."
    assert told(size_flow, review(results=words)) == [("cross-reference", "consistent", "12")]


def test_time_points_inside_the_range():
    words = "Pain was assessed at time points ranging from 1 day to 6 months. Pain fell at 1, 4, 8 and 12 weeks."
    assert told(size_times, review(results=words)) == [("cross-reference", "consistent", "1, 4, 8 and 12")]


@pytest.mark.parametrize(
    "check", [size_groups, size_lists, size_kinds, size_losses, size_shares, size_flow, size_times]
)
def test_long_hostile_text_takes_linear_time(check):
    words = "Results\n\nThey comprised " + "one of, and two (n = 3) studies after exclusion of 7 (50%) " * 3000
    list(check(paper(words)))
