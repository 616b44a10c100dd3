"""What the number of patients allows, and judgement about words and effects."""

import pytest
from cross_papers import cohort, flags, paper, told

from ostealgia.audit.checks.across.bounds import bounds_interval, bounds_robust
from ostealgia.audit.checks.across.claims import claims_of_odds, claims_of_strength
from ostealgia.audit.checks.across.crude import crude_and_adjusted
from ostealgia.audit.checks.across.medians import medians_named, medians_unnamed

SIZE = "We included 120 patients. "


def test_hazard_ratio_within_the_number_of_patients():
    # SE = ln(0.95/0.40)/3.92 = 0.2207, 4/SE^2 = 82 events: by hand
    words = SIZE + "Early walking reduced mortality compared with late walking (HR 0.62; 95% CI 0.40-0.95)."
    ((rule, verdict, _),) = told(bounds_interval, cohort(results=words))
    assert (rule, verdict) == ("events-bound", "consistent")


def test_hazard_ratio_that_needs_more_events_than_patients():
    # SE = ln(0.68/0.56)/3.92 = 0.0495, 4/SE^2 = 1630 events
    words = SIZE + "Early walking reduced mortality compared with late walking (HR 0.62; 95% CI 0.56-0.68)."
    (found,) = flags(bounds_interval, cohort(results=words))
    assert found.rule == "events-bound" and found.verdict == "impossible"


def test_odds_ratio_narrower_than_any_binary_factor_allows():
    # least SE for 120 patients is 4/sqrt(120) = 0.365; printed ln(1.70/1.40)/3.92 = 0.0495
    words = SIZE + "Delirium was more likely in smokers than in patients who did not smoke (OR 1.54; 95% CI 1.40-1.70)."
    (found,) = flags(bounds_interval, cohort(results=words))
    assert found.rule == "precision-bound"


@pytest.mark.parametrize(
    "words",
    [
        SIZE + "Each year of age raised the odds of delirium (OR 1.05; 95% CI 1.03-1.07).",  # continuous
        SIZE
        + "In 1.2 million patients, smokers fared worse than others (OR 1.54; 95% CI 1.50-1.58).",  # another source
        SIZE + "Smith et al. (3) found more delirium in smokers than in others (OR 1.54; 95% CI 1.50-1.58).",  # cited
        "Smokers fared worse than others (OR 1.54; 95% CI 1.50-1.58).",  # no size is printed
    ],
)
def test_narrow_intervals_that_may_be_right(words):
    assert not flags(bounds_interval, cohort(results=words))


def test_pooled_ratios_of_reviews_are_left_alone():
    text = f"Statins: a meta-analysis\n\nAbstract\n\nResults: {SIZE}The pooled effect versus placebo was OR 0.62 (95% CI 0.56-0.68).\n"
    assert not list(bounds_interval(paper(text)))


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("Median survival was 14.2 vs 9.8 months (HR 0.68; 95% CI 0.50-0.92).", 1),
        ("Median survival was 9.8 vs 14.2 months (HR 0.68; 95% CI 0.50-0.92).", 1),  # either order may be meant
        ("Median age was 71 vs 70 years. Blood loss was 200 mL.", 0),
    ],
)
def test_medians_beside_a_hazard_ratio(words, count):
    found = told(medians_unnamed, cohort(results=words))
    assert [verdict for _, verdict, _ in found] == ["consistent"] * count


NAMED = (
    "Median survival was {} months in the early group and {} months in the control group (HR 0.68; 95% CI 0.50-0.92)."
)


def test_named_groups_tell_the_order():
    assert not flags(medians_named, cohort(results=NAMED.format("14.2", "9.8")))
    (found,) = flags(medians_named, cohort(results=NAMED.format("9.8", "14.2")))
    assert found.basis == "judgement"


REGRESSION = """Table 3. Logistic regression for delirium

Variable\tUnivariable OR (95% CI)\tP\tMultivariable OR (95% CI)\tP
Smoking\t2.44 (1.30-4.58)\t0.005\t{}\t0.02
Diabetes\t1.10 (0.60-2.02)\t0.76\t0.95 (0.50-1.81)\t0.88
"""


@pytest.mark.parametrize(("adjusted", "flagged"), [("2.10 (1.12-3.94)", 0), ("0.48 (0.25-0.89)", 1)])
def test_univariable_and_multivariable_on_opposite_sides(adjusted, flagged):
    found = flags(crude_and_adjusted, cohort(tables=REGRESSION.format(adjusted)))
    assert [one.cause_code for one in found] == ["reversed-coding"] * flagged


def test_significance_that_rests_on_the_choice_of_test_is_information():
    table = (
        "Table 2. Events\n\nEvent\tEarly (n = 103)\tLate (n = 102)\tP value\n"
        "Falls, n (%)\t44 (42.7)\t30 (29.4)\t0.047\nFever, n (%)\t8 (7.8)\t6 (5.9)\t0.593\n"
    )
    ((rule, verdict, numerals),) = told(bounds_robust, cohort(tables=table))
    assert (rule, verdict, numerals) == ("robustness-of-significance", "consistent", "0.047")


def test_the_strongest_association_needs_an_interval_without_1():
    words = "Frailty showed the strongest association with delirium, with an OR of {}."
    (found,) = flags(claims_of_strength, cohort(results=words.format("21.2 (95% CI 0.26 to 1728)")))
    assert found.basis == "judgement"
    assert not flags(claims_of_strength, cohort(results=words.format("21.2 (95% CI 2.6 to 172.8)")))


def test_a_denied_association_is_no_claim():
    words = "There was no strong association with delirium (OR 1.2, 95% CI 0.6 to 2.4)."
    assert not list(claims_of_strength(cohort(results=words)))


def test_odds_read_as_chances_are_information_only():
    words = "Frail patients were 5.4 times more likely to have delirium (OR = 5.4, 95% CI 2.1 to 13.9)."
    found = list(claims_of_odds(cohort(results=words)))
    assert [one.severity for one in found] == ["information"] and not any(one.flagged for one in found)
