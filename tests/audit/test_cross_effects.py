"""One effect at several places, and numbers that abstract, text and tables share."""

import pytest
from cross_papers import cohort, flags, review, told

from ostealgia.audit.checks.across.effects import (
    effects_duplicated,
    effects_exponentiated,
    effects_of_studies,
    effects_restated,
)
from ostealgia.audit.checks.across.numbers import numbers_agree, numbers_differ

# exp(1.60) = 4.953; (2.15 - 1.19)/3.92 = 0.2449; exp(1.60 -+ 1.96 x 0.2449) = 3.06 to 8.00: worked out by hand
TWICE = "Old age predicted delirium after surgery (OR 4.95; 95% CI 3.06-8.00)."
ONCE = "In the cohort, old age predicted delirium after surgery (OR 1.60; 95% CI 1.19-2.15; P = 0.002)."
TABLE = """Table 2. Adverse events

Event\tEarly (n = 58)\tLate (n = 62)\tP value
Falls, n (%)\t8 (13.8)\t21 (33.9)\t0.011
Delirium, n (%)\t12 (20.7)\t19 (30.6)\t0.213
Nausea, n (%)\t17 (29.3)\t11 (17.7)\t0.133
"""


def test_a_ratio_and_its_exponential_are_two_values_of_one_effect():
    (found,) = flags(effects_exponentiated, cohort(abstract=TWICE, results=ONCE))
    assert found.rule == "cross-reference" and found.cause_code == "double-exponentiation"
    assert found.reported == "1.60; 4.95"


def test_the_conclusion_changes_where_only_one_is_significant():
    # 4.00 (1.30 to 12.31) entered on the raw scale: half-width 5.505, exp(4 -+ 5.505) = 0.222 to 13,427
    wide = "Frailty predicted delirium after surgery (OR 54.60; 95% CI 0.22-13426.8)."
    narrow = "In the cohort, frailty predicted delirium after surgery (OR 4.00; 95% CI 1.30-12.31; P = 0.016)."
    found = flags(effects_exponentiated, cohort(abstract=wide, results=narrow))
    assert [(one.rule, one.severity) for one in found] == [
        ("cross-reference", "conclusion-changing"),
        ("p-vs-ci", "major"),
    ]


@pytest.mark.parametrize(
    "other",
    [
        "In the cohort, old age predicted delirium after surgery (OR 1.60; 95% CI 1.55-1.66; P = 0.002).",  # another width
        "In the cohort, deafness led to readmission (OR 1.60; 95% CI 1.19-2.15).",  # another effect
        "In the cohort, old age predicted delirium after surgery (OR 1.75; 95% CI 1.19-2.57).",  # no exponential
    ],
)
def test_other_ratios_are_left_alone(other):
    assert not flags(effects_exponentiated, cohort(abstract=TWICE, results=other))


@pytest.mark.parametrize(
    ("size", "flagged"),
    [("3.72", 1), ("3.94", 0), ("3.9", 0), ("1.2", 0)],  # 1.2 is too far away to be the same effect
)
def test_an_effect_restated_in_the_next_sentence(size, flagged):
    words = (
        "Multiple fractures predicted chronic pain with an OR of 3.94 (95% CI 2.64-5.87). "
        f"Thus, people with multiple fractures are {size} times more likely to have chronic pain."
    )
    assert len(flags(effects_restated, cohort(results=words))) == flagged


def test_one_interval_at_two_estimates():
    words = "Depression (OR 3.91, 95% CI 1.22-2048.64) and anxiety (OR 4.22, 95% CI 1.22-2048.64) were predictors."
    (found,) = flags(effects_duplicated, cohort(results=words))
    assert found.cause_code == "copied-interval"


def test_a_short_interval_may_stand_twice():
    words = "Depression (OR 1.9, 95% CI 1.2-3.1) and anxiety (OR 2.0, 95% CI 1.2-3.1) were predictors."
    assert not list(effects_duplicated(cohort(results=words)))


PREVALENCE = """
Table 1. Studies

Study\tYear\tSample size\tPrevalence of pain
Adams et al. (11)\t2004\t40\t75.0%
Brown et al. (12)\t2008\t62\t66.1%
Clark et al. (13)\t2011\t25\t80.0%
Davis et al. (14)\t2015\t80\t100%

"""
FOUR = "We included four studies with a total of 207 patients. "


def test_a_cited_study_and_its_row_agree():
    words = FOUR + "Brown et al. (12) reported a prevalence of 66.1%."
    assert ("cross-reference", "consistent", "66.1") in told(
        effects_of_studies, review(results=words, table=PREVALENCE)
    )


def test_a_cited_study_and_its_row_differ():
    words = FOUR + "Davis et al. (14) reported a prevalence as high as 91%."
    (found,) = flags(effects_of_studies, review(results=words, table=PREVALENCE))
    assert found.recomputed == 100


@pytest.mark.parametrize(
    "words",
    [
        "Davis et al. (14) reported a prevalence of 91% in men and 95% in women.",  # parts of the study
        "Davis et al. (14) reported that 91% took opioids.",  # something else
        "Davis et al. (99) reported a prevalence of 91%.",  # another study of that author
    ],
)
def test_other_percentages_of_a_study_are_left_alone(words):
    assert not flags(effects_of_studies, review(results=FOUR + words, table=PREVALENCE))


def test_numbers_of_the_text_are_found_in_the_table():
    words = "Falls were less frequent with early walking (13.8% vs 33.9%, P = 0.011)."
    assert {numerals for _, _, numerals in told(numbers_agree, cohort(results=words, tables=TABLE))} == {
        "13.8",
        "33.9",
        "0.011",
    }


@pytest.mark.parametrize(
    ("words", "numerals"),
    [
        ("Falls were less frequent with early walking (13.8% vs 39.3%, P = 0.011).", "39.3"),
        ("Falls were less frequent with early walking (13.8% vs 33.9%, P = 0.101).", "0.101"),
    ],
)
def test_one_number_that_differs_from_the_table(words, numerals):
    (found,) = flags(numbers_differ, cohort(abstract=words, results="Events are shown in Table 2.", tables=TABLE))
    assert found.reported == numerals


def test_p_on_the_other_side_of_the_level_changes_the_conclusion():
    words = "Falls were less frequent with early walking (13.8% vs 33.9%, P = 0.110)."
    (found,) = flags(numbers_differ, cohort(abstract=words, results="Events are shown in Table 2.", tables=TABLE))
    assert found.severity == "conclusion-changing"


@pytest.mark.parametrize(
    "words",
    [
        "Falls were less frequent with early walking (14% vs 34%, P = 0.011).",  # rounded
        "Falls were less frequent with early walking at one year (8.1% vs 19.4%, P = 0.011).",  # two differ: another analysis
        "Infections were less frequent with early walking (13.8% vs 39.3%, P = 0.041).",  # another row
    ],
)
def test_numbers_of_other_things_are_left_alone(words):
    assert not flags(numbers_differ, cohort(abstract=words, results="Events are shown in Table 2.", tables=TABLE))
