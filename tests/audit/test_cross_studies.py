"""Reviews: text against the table of studies. The table holds 5 studies, 240 patients, 170 responders, 2004 to 2019."""

import pytest
from cross_papers import REVIEW_TABLE, flags, review, told

from ostealgia.audit.checks.across.studies import (
    studies_counted,
    studies_events,
    studies_middle,
    studies_parts,
    studies_sizes,
    studies_total,
    studies_years,
)
from ostealgia.audit.checks.reading.columns import (
    expanded,
    looks_like_study,
    median,
    row_of_study,
    study_key,
    study_tables,
)

FIVE = "We included five studies with a total of 240 patients."
RATINGS = """
Table 2. Quality of the included studies

Study\tSelection\tOutcome\tTotal
Adams et al. (11)\t★★★★\t★★\t6/9
Brown et al. (12)\t★★★\t★★\t5/9
Clark et al. (13)\t★★★★\t★★\t6/9
Davis et al. (14)\t★★★\t★★★\t6/9

"""


def test_the_table_is_seen_as_one_of_studies():
    (table,) = study_tables(review(results=FIVE))
    assert table.total == 240
    assert table.years == [2004, 2008, 2011, 2015, 2019]


def test_number_of_studies_and_rows():
    assert ("cross-reference", "consistent", "five") in told(studies_counted, review(results=FIVE))


def test_a_study_absent_from_the_second_table_is_named():
    (found,) = flags(studies_counted, review(results=FIVE, after=RATINGS))
    assert "Evans et al. (15)" in found.message and found.severity == "minor"


def test_a_table_of_some_designs_need_not_hold_all():
    some = RATINGS.replace("included studies", "included cohort studies")
    assert not flags(studies_counted, review(results=FIVE, after=some))


def test_total_is_the_sum_of_the_sizes():
    assert told(studies_total, review(results=FIVE)) == [("total-vs-parts", "consistent", "240")]


def test_another_total_beside_the_number_of_studies_is_flagged():
    (found,) = flags(studies_total, review(results=FIVE.replace("240", "204")))
    assert found.recomputed == 240 and found.cause_code == "typing-slip"


def test_a_total_of_some_studies_is_left_alone():
    words = FIVE + " Three studies with a total of 180 patients told the dose."
    assert not flags(studies_total, review(results=words))


@pytest.mark.parametrize(
    ("words", "flagged"),
    [
        ("The studies were published between 2004 and 2019.", 0),
        ("The studies were published between 2000 and 2020.", 0),  # the span of the search
        ("The studies were published between 2008 and 2019.", 1),
    ],
)
def test_years(words, flagged):
    assert len(flags(studies_years, review(results=f"{FIVE} {words}"))) == flagged


@pytest.mark.parametrize(
    ("words", "flagged"),
    [
        ("The smallest study had 25 patients and the largest had 80 patients.", 0),
        ("The smallest study had 52 patients and the largest had 80 patients.", 1),
        ("Sample sizes ranged from 25 to 80.", 0),
    ],
)
def test_smallest_and_largest(words, flagged):
    assert len(flags(studies_sizes, review(results=f"{FIVE} {words}"))) == flagged


def test_median_with_range_of_a_column():
    words = FIVE + " Median follow-up was 3 months (range 2-12)."
    assert ("cross-reference", "consistent", "3 (2 to 12)") in told(studies_middle, review(results=words))


def test_sum_of_a_column_of_counts():
    words = FIVE + " In all, 170 of 240 patients (70.8%) were responders."
    assert ("total-vs-parts", "consistent", "170") in told(studies_events, review(results=words))


def test_a_count_that_can_only_be_another_sum_is_flagged():
    words = FIVE + " In all, 180 of 240 patients (75.0%) were responders."
    (found,) = flags(studies_events, review(results=words))
    assert found.recomputed == 170


def test_a_count_of_something_else_is_left_alone():
    words = FIVE + " In all, 180 of 240 patients (75.0%) were women."
    assert not flags(studies_events, review(results=words))


def test_parts_of_the_studies_against_the_filled_rows():
    table = REVIEW_TABLE.replace("Responders, n (%)", "Adverse events, n (%)").replace("27 (81.8)", "")
    good = FIVE + " Four studies reported adverse events (N = 207)."
    assert told(studies_parts, review(results=good, table=table)) == [("total-vs-parts", "consistent", "207")]
    (found,) = flags(studies_parts, review(results=good.replace("207", "215"), table=table))
    assert found.severity == "minor" and "207" in found.message


def test_rows_are_found_by_author_and_number():
    (table,) = study_tables(review(results=FIVE))
    assert row_of_study(table, "Clark et al. (13)") == 3
    assert row_of_study(table, "Clark et al. (14)") is None
    assert row_of_study(table, "Young et al. (11)") is None


@pytest.mark.parametrize(
    "text", ["Wang B., 2019 [15]", "van der Linden 2004", "O'Brien et al.", "Smith and Jones, 2001"]
)
def test_names_of_studies(text):
    assert looks_like_study(text)


@pytest.mark.parametrize("text", ["Breast", "Age, years", "Number of lesions", "Bone 2", "P value", ""])
def test_words_that_are_no_studies(text):
    assert not looks_like_study(text)


def test_keys_median_and_abbreviations():
    assert study_key("Lee H., 2017 [21]") == ("lee", "21")
    assert median([4, 1, 3, 2]) == 2.5  # by hand
    assert expanded("N TR (%)", "TR, treatment response") == {"treatment", "response"}
