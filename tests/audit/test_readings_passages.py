"""Passages read as a whole: pools with their studies, two numbers of a comparison, denominators further off; both ways."""

import pytest

import ostealgia as oa
from ostealgia.audit.finding import Finding
from ostealgia.io.documents.reading import from_text


def found(results: str, rule: str) -> list[Finding]:
    told = f"# A study\n\n## Results\n\n{results}\n"
    listed = oa.audit.check(from_text(told, name="a.md")).findings
    return [one for one in listed if one.rule == rule and one.severity != "information"]


def wrong(results: str, rule: str) -> int:
    return sum(one.flagged for one in found(results, rule))


@pytest.mark.parametrize(
    ("text", "flagged"),
    [
        ("Cough was more frequent in the plaster group than in the cream group (12.5% vs 47.5%).", 1),
        ("Cough was more frequent in the plaster group than in the cream group (47.5% vs 12.5%).", 0),
        ("Cough was less common among children than among adults (41/80, 51.2% vs 9/90, 10.0%).", 1),
        ("The rate of cough was lower with plaster than with cream (14.0% [7/50] versus 58.0% [29/50], P < .001).", 0),
        ("The rate of cough was lower with plaster than with cream (58.0% [29/50] versus 14.0% [7/50], P < .001).", 1),
        ("Treated patients were more likely to cough than untreated patients (11.0% and 39.0%, respectively).", 1),
        ("The stay was longer in the first group than in the second (4.1 vs 9.3 days, P = 0.01).", 1),
        ("Mean pain was lower with plaster than with cream (3.1 ± 1.2 vs 5.9 ± 1.4).", 0),
        # negated, of others, of another study, or of no order that the words tell
        ("Cough was not more frequent in the plaster group than in the cream group (12.5% vs 47.5%).", 0),
        ("Compared with cream, plaster led to a higher rate of cough (16.8% versus 44.3%).", 0),
        ("Cough was seen in 31.4%, which is more frequent than in this survey (7.2% and 12.6%, respectively).", 0),
        ("Readers were less likely to think that others coughed more than they did (79% vs 93%).", 0),
        ("Survival was lower in the plaster group than in the cream group (85% vs 42%).", 0),
    ],
)
def test_two_numbers_against_more_or_less(text, flagged):
    assert wrong(text, "direction-vs-claim") == flagged


@pytest.mark.parametrize(
    ("text", "flagged"),
    [
        ("Gout emerged as a positive predictive factor for recovery (OR = 0.31; 95% CI 0.11 to 0.84).", 1),
        ("Gout emerged as a negative predictive factor for recovery (OR = 0.31; 95% CI 0.11 to 0.84).", 0),
        ("Gout was an independent negative predictor of recovery (OR 2.51, 95% CI 1.31 to 4.81).", 1),
        # control of something is an outcome, the control group is none
        ("The odds of pain control were higher in patients with gout (OR 0.33, 95% CI 0.13 to 0.82).", 1),
        ("The odds of pain were higher in the control group (OR 0.33, 95% CI 0.13 to 0.82).", 0),
        ("The negative predictive value was high with gout (OR 2.51, 95% CI 1.31 to 4.81).", 0),
    ],
)
def test_predictors_and_controlled_outcomes(text, flagged):
    assert wrong(text, "direction-vs-claim") == flagged


ADAMS = "Adams 2014; RR 0.80, 95% CI 0.60 to 1.07"
RIGHT, WRONG = "0.80 (95% CI 0.60 to 1.07)", "1.40 (95% CI 1.05 to 1.87)"
THREE = "0.80 (95% CI 0.55 to 1.16), 0.70 (95% CI 0.52 to 0.94) and 0.90 (95% CI 0.66 to 1.23)"
NAMED = (
    "Adams et al.: OR 0.80, 95% CI 0.55 to 1.16; "
    "Brown et al.: OR 0.70, 95% CI 0.52 to 0.94; Clark et al.: OR 0.90, 95% CI 0.66 to 1.23"
)


@pytest.mark.parametrize(
    ("text", "flagged"),
    [
        (f"Three studies reported cough, with ORs of {THREE}; pooled OR 1.19 (95% CI 0.98 to 1.44, random-effects model).", 1),
        (f"Three studies reported cough, with ORs of {THREE}; pooled OR 0.79 (95% CI 0.65 to 0.96, random-effects model).", 0),
        (f"For cough, three trials were combined ({NAMED}). The summary OR was 0.42 (95% CI 0.34 to 0.51).", 1),
        (f"The pooled OR of the three trials was 0.42 (95% CI 0.34 to 0.51) ({NAMED}).", 1),
        # as many as there are, and these only
        (f"Five studies reported cough, with ORs of {THREE}; pooled OR 1.19 (95% CI 0.98 to 1.44).", 0),
        (f"Three studies reported cough, with ORs of {THREE}; without the first the pooled OR was 1.19 (95% CI 0.98 to 1.44).", 0),
        (f"For mild to severe cough in three studies ORs were {THREE}, respectively; the pooled OR was 1.19 (95% CI 0.98 to 1.44).", 0),
    ],
)  # fmt: skip
def test_pools_with_the_studies_of_the_passage(text, flagged):
    assert wrong(text, "pooled-vs-studies") == flagged


@pytest.mark.parametrize(
    ("text", "flagged"),
    [
        (f"Only one trial ({ADAMS}) contributed to this comparison, with a pooled RR of {WRONG}.", 1),
        (f"Only one trial ({ADAMS}) contributed to this comparison, with a pooled RR of {RIGHT}.", 0),
        (f"For children there was one eligible trial, Adams 2014: RR {RIGHT}. Pooled effect (1 study): RR {WRONG}.", 1),
        ("Data came from Adams 2014 alone (RR 0.80 [95% CI 0.60 to 1.07]); the meta-analytic result was RR 1.40 [95% CI 1.05 to 1.87].", 1),
        # the pool of other studies
        (f"One trial ({ADAMS}) was an outlier; the pooled RR was {WRONG}.", 0),
        (f"Only one trial ({ADAMS}) contributed to this comparison; the pooled RR of the other seven trials was {WRONG}.", 0),
    ],
)  # fmt: skip
def test_the_pool_of_one_study_in_words(text, flagged):
    assert wrong(text, "pooled-vs-studies") == flagged


@pytest.mark.parametrize(
    ("text", "flagged"),
    [
        ("Cough was seen in 24 [30%] of 71 treated patients during follow-up.", 1),
        ("Cough was seen in 24 [34%] of 71 treated patients during follow-up.", 0),
        ("There were 98 evaluable patients in the first group; cough was recorded in 62 of them (23%).", 1),
        ("There were 98 evaluable patients in the first group; cough was recorded in 62 of them (63%).", 0),
        ("Cough affected 30 of the 112 patients in the first group, that is, 2.7%.", 1),
        ("Cough affected 30 of the 112 patients in the first group, that is, 26.8%.", 0),
    ],
)
def test_percentages_further_from_their_counts(text, flagged):
    assert wrong(text, "percent-vs-count") == flagged


LARGE = "Gout was linked to a higher likelihood of severe cough in children (OR 4.48, 95% CI 3.00 to 6.69)."
PLASTER = "For death the HR of plaster was 1.98 (95% CI 1.51 to 2.60)."
ANSWER = "The odds of response to plaster were higher (OR 1.40, 95% CI 0.73 to 2.67)."
SMALL = "Children with gout had a higher likelihood of severe cough (OR 1.50, 95% CI {limits})."


@pytest.mark.parametrize(
    ("text", "flagged"),
    [
        (f"{LARGE}\n\n{SMALL.format(limits='1.15 to 1.95')}", True),
        # the point is the logarithm by chance, the limits say that it is another effect
        (f"{PLASTER} Patients with gout had a lower hazard of death (HR 0.68, 95% CI 0.45 to 1.03).", False),
        (f"{ANSWER}\n\nResponse depended on weight (odds ratio 4.08, 95% CI 1.50 to 11.12).", False),
    ],
)  # fmt: skip
def test_a_logarithm_by_chance(text, flagged):
    assert bool(wrong(text, "double-exponentiation") + wrong(text, "cross-reference")) == flagged
