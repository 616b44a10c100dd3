"""Errors as prose and pairs of tables print them, each beside its clean twin: found, and with the cause that was planted."""

import pytest
from cross_papers import cohort, flags, paper

from ostealgia.audit.causes import probable, slip, within
from ostealgia.audit.checking import check
from ostealgia.audit.checks.across.crude import crude_direction, crude_values
from ostealgia.audit.checks.across.dates import dates_in_order
from ostealgia.audit.checks.across.flow import flow_of_sentence
from ostealgia.audit.checks.across.flow_chain import flow_of_passage
from ostealgia.audit.checks.across.medians import medians_named
from ostealgia.audit.checks.across.said import said_in_results, said_in_table
from ostealgia.audit.rules import p_vs_statistic, t_vs_summary, total_vs_parts
from ostealgia.audit.rules.means import Group
from ostealgia.io.documents.reading import from_text
from ostealgia.numerics.intervals import Interval, Printed


def flagged(words, rule=None):
    """The flags of a paper whose results are these words."""
    found = check(from_text(f"A study\n\nResults\n\n{words}\n", name="a.txt")).flags
    return [one for one in found if rule is None or one.rule == rule]


# right words, wrong words (one change), rule
PAIRS = [
    ("Drug A gave better odds of response (OR 1.72, 95% CI 1.22 to 2.44).",
     "Drug A gave better odds of response (OR 0.58, 95% CI 0.41 to 0.82).", "direction-vs-claim"),
    ("Smoking doubled the risk of death (HR 1.93, 95% CI 1.30 to 2.87).",
     "Smoking doubled the risk of death (HR 1.33, 95% CI 1.10 to 1.61).", "direction-vs-claim"),
    ("Walking halved the risk of death (HR 0.52, 95% CI 0.35 to 0.77).",
     "Walking halved the risk of death (HR 0.85, 95% CI 0.74 to 0.98).", "direction-vs-claim"),
    ("Smokers were twice as likely to die (RR 2.10, 95% CI 1.40 to 3.15).",
     "Smokers were twice as likely to die (RR 1.33, 95% CI 1.10 to 1.61).", "direction-vs-claim"),
    ("Smokers were three times as likely to die (RR 3.10, 95% CI 2.00 to 4.81).",
     "Smokers were three times as likely to die (RR 1.33, 95% CI 1.10 to 1.61).", "direction-vs-claim"),
    ("Smokers had a twofold increase in the risk of death (HR 2.10, 95% CI 1.40 to 3.15).",
     "Smokers had a twofold increase in the risk of death (HR 1.33, 95% CI 1.10 to 1.61).", "direction-vs-claim"),
    ("Smoking more than doubled the risk of death (HR 4.20, 95% CI 2.10 to 8.40).",
     "Smoking more than doubled the risk of death (HR 0.42, 95% CI 0.21 to 0.84).", "direction-vs-claim"),
    ("There was no significant difference in survival (HR 0.82, 95% CI 0.55 to 1.22).",
     "There was no significant difference in survival (HR 0.62, 95% CI 0.41 to 0.94).", "claim-vs-evidence"),
    ("Response was seen in 38 of 62 patients with A versus 24 of 60 with B (P = 0.019).",
     "Response was seen in 38 of 62 patients with A versus 24 of 60 with B (P = 0.19).", "chi2-vs-counts"),
    ("Relief came in 38/62 in one and 24/60 in the other group (chi2 = 5.53).",
     "Relief came in 38/62 in one and 24/60 in the other group (chi2 = 8.53).", "chi2-vs-counts"),
    ("Mean NRS pain (0-10) was 7.2 (2.0).", "Mean NRS pain (0-10) was 17.2 (2.0).", "scale-bound"),
    ("The number of analgesics was 2.37 (SD 1.01) before and 1.53 (SD 0.84) after treatment in the same 19 patients.",
     "The number of analgesics was 2.37 (SD 1.01) before and 1.55 (SD 0.84) after treatment in the same 19 patients.", "GRIM"),
    ("Of these, 71% of 14 participants agreed.", "Of these, 69% of 14 participants agreed.", "GRIM"),
    ("Heterogeneity was high (I2 = 44%).", "Heterogeneity was high (I2 = 144%, Q = 12.3, df = 5).", "scale-bound"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "rule"), PAIRS)
def test_one_change_is_one_flag(right, wrong, rule):
    assert not flagged(right)
    assert [one.rule for one in flagged(wrong)] == [rule]


LEFT_ALONE = [
    "Median DoR was 10.4 months (95% CI 5.9-16.0) and OS was 7.8 months (95% CI, 6.0-9.5; HR 0.8).",
    "There was no effect (log odds ratio (OR), -0.01; 95% CI, -0.14 to 0.12).",
    "The effect was F(1, 139) = 5.52, p < 0.02.",  # P 0.0202
    "Response rates were alike (61%, 25/41 in the control arm; 50%, 4/8 in the treated arm).",
    "Among all 62 patients, 7 out of 9 patients in CR (11%) were alive.",
    "Efficacy (95% CI -8.15 to -5.29; d = 1.79) and satisfaction (95% CI 2.10 to 4.20) improved.",
    "Two factors counted (p = 0.00004, OR = 2.04, and CI = [1.45; 2.87] and p = 0.004, OR = 1.49, and CI = [1.14; 1.95]).",
    "Significant differences between lens types were independent of strata (p = 0.119).",
    "Better odds of survival came with the drug (HR 0.58, 95% CI 0.41 to 0.82).",
    "Acuity was 20 of 40 in one and 20 of 80 in the other eye before and after (P = 0.5).",
]


@pytest.mark.parametrize("words", LEFT_ALONE)
def test_other_readings_are_left_alone(words):
    assert not flagged(words)


# ---------------------------------------------------------------- flows and dates


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("Of 140 patients screened, 18 were excluded and 122 were randomised.", 0),
        ("Of 140 patients screened, 18 were excluded and 110 were randomised.", 0),  # other losses need not be named
        ("Of 140 patients screened, 18 were excluded and 132 were randomised.", 1),
        ("We screened 140 patients; 18 were excluded and 132 were randomised.", 1),
        ("We screened 140 patients; 18 were excluded and 132 were randomised in two groups, 66 in each.", 0),
    ],
)
def test_no_more_remain_than_were_left(words, count):
    subject = cohort(results=words)
    found = [*flags(flow_of_sentence, subject), *flags(flow_of_passage, subject)]
    assert [one.repair for one in found] == ["122"] * count


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("Patients were treated from March 2017 to May 2019.", 0),
        ("Patients were treated from May 2019 to March 2017.", 1),
        ("Patients were treated between 3 June 2015 and 5 January 2015.", 1),
        ("Deaths decreased from 2014 to 2010.", 0),  # a comparison told backwards
    ],
)
def test_periods_end_after_they_begin(words, count):
    assert len(flags(dates_in_order, cohort(methods=words))) == count


# ---------------------------------------------------------------- medians


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("Median survival was 12.9 months with early and 7.1 months without early walking (HR 0.54, 95% CI 0.40 to 0.73).", 0),
        ("Median survival was 7.1 months with early and 12.9 months without early walking (HR 0.54, 95% CI 0.40 to 0.73).", 1),
        ("Median survival was 7.1 months in the A group and 12.9 months in the B group (HR 0.54, 95% CI 0.40 to 0.73).", 0),
        ("Median survival was 7.1 months in the A arm and 12.9 months in the B arm (HR 0.54, 95% CI 0.40 to 0.73 for the B arm "
         "versus the A arm).", 0),
        ("Median survival was 7.1 months in the alpha arm and 12.9 months in the beta arm (HR 0.54, 95% CI 0.40 to 0.73 for the "
         "alpha arm versus the beta arm).", 1),
        ("Median survival was 7.1 months with alphamab versus 12.9 months with betamab (HR 0.54, 95% CI 0.40 to 0.73). Hazard ratios "
         "below 1 favour alphamab.", 1),
        ("Median survival was 7.1 months with alphamab versus 12.9 months with betamab (HR 0.54, 95% CI 0.40 to 0.73). Hazard ratios "
         "below 1 favour betamab.", 0),
    ],
)  # fmt: skip
def test_medians_and_the_group_the_hazard_ratio_is_about(words, count):
    assert len(flags(medians_named, cohort(results=words))) == count


# ---------------------------------------------------------------- one effect at two places

TABLE = """Table 3. Logistic regression for early walking

Factor\tOR\t95% CI\tP
Home oxygen\t0.35\t0.14 to 0.85\t0.021
Diabetes\t0.42\t0.21 to 0.84\t0.014

"""
SENTENCE = "In multivariable analysis, home oxygen was associated with lower odds of early walking (OR {}, P = 0.021)."


@pytest.mark.parametrize(
    ("numbers", "count"),
    [
        ("0.35, 95% CI 0.14 to 0.85", 0),
        ("0.55, 95% CI 0.22 to 1.34", 1),  # the same width on the log scale, and P
        ("2.86, 95% CI 1.18 to 7.14", 0),  # the reciprocal: the other reference
        ("0.55, 95% CI 0.35 to 0.86", 0),  # another width: another model
    ],
)
def test_a_ratio_of_the_text_and_its_row(numbers, count):
    found = flags(said_in_table, cohort(results=SENTENCE.format(numbers), tables=TABLE))
    assert len(found) == count and all(one.rule == "cross-reference" for one in found)


def test_a_ratio_of_another_analysis_is_left_alone():
    words = SENTENCE.format("0.55, 95% CI 0.22 to 1.34").replace("In multivariable", "In unadjusted")
    assert not flags(said_in_table, cohort(results=words, tables=TABLE))


def test_a_ratio_of_the_abstract_and_its_result():
    results = (
        "Home oxygen carried lower odds of early walking (OR 0.35, 95% CI 0.14 to 0.85). "
        "Diabetes carried lower odds of early walking (OR 0.42, 95% CI 0.21 to 0.84)."
    )
    same = "Home oxygen was associated with early walking (OR 0.35, 95% CI 0.14 to 0.85)."
    other = "Home oxygen was associated with early walking (OR 0.55, 95% CI 0.22 to 1.34)."
    assert not flags(said_in_results, cohort(abstract=same, results=results))
    assert len(flags(said_in_results, cohort(abstract=other, results=results))) == 1


# by hand: 12 x 70 / (38 x 30) = 0.7368; 30 x 60 / (20 x 40) = 2.25; 10 x 50 / (40 x 50) = 0.25
COUNTS = """Table 2. Univariable analysis of factors of early walking

Factor\tWalked early (n = 50)\tNot walked early (n = 100)\tP
Home oxygen, n (%)\t10 (20.0)\t50 (50.0)\t< 0.001
Diabetes, n (%)\t30 (60.0)\t40 (40.0)\t0.021
Smoking, n (%)\t12 (24.0)\t30 (30.0)\t0.44

"""
RATIOS = """Table 3. Logistic regression for early walking

Factor\tUnivariable OR (95% CI)\tMultivariable OR (95% CI)
Home oxygen\t{}\t{}
Diabetes\t2.25 (1.13-4.49)\t2.40 (1.15-5.01)
Smoking\t0.74 (0.34-1.60)\t0.80 (0.35-1.83)

"""


def test_adjusted_ratios_and_the_counts_of_their_rows():
    right = cohort(tables=COUNTS + RATIOS.format("0.25 (0.11-0.55)", "0.28 (0.12-0.65)"))
    assert not flags(crude_direction, right) and not flags(crude_values, right)
    turned = cohort(tables=COUNTS + RATIOS.format("0.25 (0.11-0.55)", "3.57 (1.54-8.33)"))
    (found,) = flags(crude_direction, turned)
    assert found.cause_code == "reversed-coding" and found.repair.startswith("0.28")
    other = cohort(tables=COUNTS + RATIOS.format("0.52 (0.23-1.15)", "0.28 (0.12-0.65)"))
    (found,) = flags(crude_values, other)
    assert found.repair.startswith("0.25 (0.11 to 0.55)")


# ---------------------------------------------------------------- causes


@pytest.mark.parametrize(
    ("printed", "low", "high", "code", "repair"),
    [
        ("0.5", 0.0495, 0.0505, "lost-digit", "0.05"),  # a zero after the point
        ("0.34", 0.0335, 0.0345, "lost-digit", "0.034"),
        ("0.090", 0.8940, 0.8960, "lost-digit", "0.90"),  # a tenth; the last digit is gone
        ("0.208", 0.9070, 0.9090, "typing-slip", "0.908"),
        ("1.68", 0.6790, 0.6810, "typing-slip", "0.68"),  # not a lost digit
        ("0.35", 0.5290, 0.5310, "typing-slip", "0.53"),
    ],
)
def test_the_likeliest_slip(printed, low, high, code, repair):
    found = probable(Printed.parse(printed), within(Interval(low, high)))
    assert (found.code, found.repair) == (code, repair)


def test_slips_of_one_expected_value():
    assert slip(Printed.parse("0.16"), 0.0160).repair == "0.016"
    assert slip(Printed.parse("0.093"), 0.9246).code == "lost-digit"  # 0.925, a tenth of it rounded again
    assert slip(Printed.parse("5"), 3.0).repair == "3"


def test_of_statistic_and_p_either_may_be_the_slip():
    # Q 6.64 on 4 df has P 0.156; 0.64 would have the printed 0.96: nothing tells which of the two is a coincidence
    found = p_vs_statistic("Q", "6.64", [4], "0.96")
    assert found.repair is None and "0.16" in found.cause and "0.64" in found.cause


def test_p_tells_which_slip_of_t_it_was():
    # Student's t of these rows is 1.82 within 1.68 to 1.95, P 0.069; 1.723, 1.823 and 1.923 lie in it
    groups = [Group.of("62.4", "9.8", 160), Group.of("60.4", "9.9", 165)]
    (found,) = [t_vs_summary(groups, "1.223", "0.069")]
    assert (found.cause_code, found.repair) == ("typing-slip", "1.823")


def test_the_part_of_a_sum_that_slipped():
    found = total_vs_parts([17, 76, 25, 34], 143)  # 17 + 67 + 25 + 34 = 143, by no other single slip
    assert (found.cause_code, found.repair) == ("typing-slip", "67")


def test_papers_of_these_tests_are_read():
    assert paper("A study\n\nResults\n\nNothing was found.\n").document.text


@pytest.mark.parametrize(
    "words",
    [
        "The effect was seen, F(1, 21) = 2,752, p = 0.113.",  # a decimal comma
        "The peak was at x=26, y=-6 and z=-4, P=0.005.",
        "Smoking mattered (OR = 0.77 (95 % CI – 0.62–0.96)).",  # a dash after CI is no minus
        "The event ratio was 0.938 [0.590-1.493]; p=0.788.",
        "The median was 18.9 (IQR 22.4; CI 95% 11.0, 62.9).",
        "This only achieved statistical significance among the lecture group (game: p = 0.2; lecture: p = 0.02).",
        "Thirty-seven of 45 patients (91% breast, 58% colon, respectively).",
        "Relapse rates were 12.4% (6/51). Estimates are by Kaplan-Meier.",
        "The OR was 4.09 (95% CI 1.80-9.93).",  # 0.07 standard errors: an exact or marginal interval
        "The FEV1 fall was 6.6% (mean; 95% CI -10.3 to -3.0) smaller.",
        "Screening decreased the incidence by 0.74% (95% CI 0.08% to 1.5%).",
        "Mortality was 14.7% at 12 months (95% CI: 2.4%, 27.0%).",
        "In 79 of 10 218 blood samples (0.77%) it was found.",
    ],
)
def test_readings_of_real_papers_are_left_alone(words):
    assert not flagged(words)
