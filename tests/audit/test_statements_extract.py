"""What is read from sentences in the styles of several journals: made-up texts, the printed numerals expected back."""

import time

import pytest

from ostealgia.audit.statements.extraction import LONGEST, extract
from ostealgia.audit.statements.model import (
    Claim,
    Count,
    Estimate,
    Heterogeneity,
    Mean,
    Median,
    Number,
    PValue,
    Size,
    Stars,
    Test,
)
from ostealgia.io.documents.model import Block, Document
from ostealgia.io.documents.reading import from_text


def read(text, kind=None):
    found = extract(from_text(f"Results\n\n{text}\n"))
    return [one for one in found if kind is None or isinstance(one, kind)]


def texts(*numbers):
    return tuple(number.text if isinstance(number, Number) else number for number in numbers)


def parts(one):
    return texts(one.measure, one.estimate, one.ci_low, one.ci_high, one.p_value)


ESTIMATES = {
    "a colon": ("OR of 3.10 (95% CI: 2.05–4.69)", ("OR", "3.10", "2.05", "4.69", None)),
    "JAMA": ("hazard ratio, 0.71 [95% CI, 0.52-0.97]; P = .03", ("HR", "0.71", "0.52", "0.97", ".03")),
    "Lancet": ("HR 0·71 [95% CI 0·52–0·97]; p=0·03", ("HR", "0.71", "0.52", "0.97", "0.03")),
    "NEJM": (
        "relative risk, 0.71; 95% confidence interval [CI], 0.52 to 0.97; P=0.03",
        ("RR", "0.71", "0.52", "0.97", "0.03"),
    ),
    "Cochrane": (
        "RR 0.71, 95% CI 0.52 to 0.97; 3 studies, 240 participants; I² = 0%",
        ("RR", "0.71", "0.52", "0.97", None),
    ),
    "APA": (
        "Hedges' g = −0.54, 95% CI [−0.92, −0.16], p = .005",
        ("SMD", "-0.54", "-0.92", "-0.16", ".005"),
    ),
    "semicolons": ("mean difference −4.1 (95% CI −5.2; −3.0)", ("MD", "-4.1", "-5.2", "-3.0", None)),
    "dash beside a sign": ("MD -4.1 (95% CI -5.2 - -3.0)", ("MD", "-4.1", "-5.2", "-3.0", None)),
    "no label": ("OR=1.52 (1.10–2.11), P=0.01", ("OR", "1.52", "1.10", "2.11", "0.01")),
    "label first": ("The odds ratio (95% CI) was 1.52 (1.10–2.11)", ("OR", "1.52", "1.10", "2.11", None)),
    "level behind": ("HR 0.71 (CI 95%: 0.52–0.97)", ("HR", "0.71", "0.52", "0.97", None)),
    "another level": ("rate ratio was 0.80 (99% CI 0.61–1.05)", ("IRR", "0.80", "0.61", "1.05", None)),
    "P before": ("risk of death, p = 0.001, HR = 1.43", ("HR", "1.43", None, None, "0.001")),
    "words between": ("OR of combined treatment = 3.55, p < 0.05", ("OR", "3.55", None, None, "< 0.05")),
    "LaTeX": ("mean difference of $-3.8$  (95% CI  $-4.3$ ;  $-3.3$ )", ("MD", "-3.8", "-4.3", "-3.3", None)),
    "a proportion": ("the pooled prevalence was 70% [95% CI: 42 to 88%]", ("proportion", "70", "42", "88", None)),
    "a proportion of 1": (
        "the proportion with relief was 0.69 (95% CI: 0.62 to 0.75; p < 0.001)",
        ("proportion", "0.69", "0.62", "0.75", "< 0.001"),
    ),
    "a median": ("median survival was 7.2 months (95% CI, 5.9 to 8.4)", ("median", "7.2", "5.9", "8.4", None)),
    "plus-minus": ("the mean (± SE) duration was 1.91±0.19 s (95% CI: 1.54–2.28 s)", ("mean", "1.91", "1.54", "2.28", None)),
    "per": ("12.3 per 1000 person-years (95% CI 10.1–14.9)", (None, "12.3", "10.1", "14.9", None)),
    "own name": ("efficacy (PE: 41%, 95%CI: 5–63%, p = 0.03)", (None, "41", "5", "63", "0.03")),
    "times": (
        "1.79 times greater odds of pain than those without (95% CI: 1.31–2.43, p = 0.001)",
        ("OR", "1.79", "1.31", "2.43", "0.001"),
    ),
    "noninferiority": (
        "hazard ratio was 0.94 (95% CI, 0.85 to 1.03; P<0.001 for noninferiority; P=0.19 for superiority)",
        ("HR", "0.94", "0.85", "1.03", "0.19"),
    ),
    "a unit with a number": (
        "eGFR fell by 3.2 mL/min/1.73 m2 (95% CI, 1.1 to 5.3; P = .003)",
        (None, "3.2", "1.1", "5.3", ".003"),
    ),
    "exponent": ("OR 2.1 (95% CI 1.5–2.9; p = 1.2 × 10⁻⁵)", ("OR", "2.1", "1.5", "2.9", "1.2×10-5")),
}  # fmt: skip


@pytest.mark.parametrize("name", ESTIMATES)
def test_estimates_in_many_styles(name):
    text, expected = ESTIMATES[name]
    found = read(f"We found this ({text})." if text[0].islower() is False else f"We found {text}.", Estimate)
    assert [parts(one) for one in found] == [expected]


def test_a_list_inherits_its_measure():
    text = (
        "depression and anxiety, with OR of 3.91 (95% CI: 1.22 to 20.5) and 4.22 (95% CI: 1.30 to 13.7), respectively."
    )
    found = read(f"Predictors were {text}", Estimate)
    assert [parts(one)[:2] for one in found] == [("OR", "3.91"), ("OR", "4.22")]
    text = "The odds ratios (95% CI) were 1.45 (1.10–1.91) for age and 2.30 (1.40-3.78) for smoking."
    assert [one.estimate.text for one in read(text, Estimate)] == ["1.45", "2.30"]


def test_places_are_those_of_the_text():
    document = from_text("Results\n\nThe risk was lower (HR 0·68; 95% CI 0·51–0·91; p<0·01).")
    (one,) = (found for found in extract(document) if isinstance(found, Estimate))
    assert document.text[one.estimate.start : one.estimate.end] == "0·68"
    assert document.text[one.ci_high.start : one.ci_high.end] == "0·91"
    assert document.text[one.p_value.start : one.p_value.end] == "<0·01"
    assert document.text[one.sentence[0] : one.sentence[1]].startswith("The risk")


def test_a_log_rank_p_belongs_to_the_hazard_ratio_it_introduces():
    text = "PFS was longer (7.2 vs. 4.8 months; log-rank P = 0.009). This is a lower risk (HR 0.68; 95% CI 0.51-0.91)."
    (one,) = read(text, Estimate)
    assert (one.p_value.text, one.test) == ("0.009", "log-rank")
    (one,) = read("OS was longer (HR 0.73, 95% CI 0.55-0.98; P=0.02 by the log-rank test).", Estimate)
    assert one.test == "log-rank"


def test_what_is_adjusted_and_who_is_cited():
    text = "According to Smith et al. (24), the adjusted odds ratio was 2.0 (95% CI 1.2-3.3)."
    (one,) = read(text, Estimate)
    assert one.adjusted is True and one.study == "Smith et al. (24)"
    (one,) = read("The crude OR was 2.0 (95% CI 1.2-3.3), as reported by Jones et al. [7].", Estimate)
    assert one.adjusted is False and one.study == "Jones et al. [7]"


COUNTS = {
    "of": ("in 82 of 103 patients (79.6%) in the control group", ("82", "79.6", "103")),
    "out of the": ("in 17 out of the 64 samples (26.6%)", ("17", "26.6", "64")),
    "slash": ("in 15/40 (37.5%) in group A", ("15", "37.5", "40")),
    "of behind": ("in 120 (20%) of 602 patients in group A", ("120", "20", "602")),
    "turned": ("mortality was 12.3% (37/301) in group A", ("37", "12.3", "301")),
    "among": ("a rate as high as 91% among 48 patients", (None, "91", "48")),
    "alone": ("a response in 88.5% overall", (None, "88.5", None)),
    "spelled": ("only seven (0.9%) severe events", ("7", "0.9", None)),
    "equals": ("women (n = 31, 25.8%) were rare", ("31", "25.8", None)),
}


@pytest.mark.parametrize("name", COUNTS)
def test_counts_in_many_styles(name):
    text, expected = COUNTS[name]
    (one,) = read(f"There was {text}.", Count)
    assert texts(one.count, one.percent, one.n) == expected


def test_groups_of_a_pair():
    text = "Constipation was rarer in the observation group than in the control group (29.4% vs. 42.7%, P = 0.047)."
    assert [(one.percent.text, one.group) for one in read(text, Count)] == [
        ("29.4", "observation group"),
        ("42.7", "control group"),
    ]
    assert [one.p_value.text for one in read(text, PValue)] == ["0.047"]


def test_p_values_of_a_list():
    found = read(
        "Trends were seen (P = 0.078 and 0.074, respectively); all P < 0.001; one was ns, t(68) = 0.60, ns.", PValue
    )
    assert [one.p_value.text for one in found][:3] == ["0.078", "0.074", "< 0.001"]


TESTS = {
    "t(28) = 2.20, p = .036": ("t", "2.20", ("28",), ".036"),
    "F(1,248) = 5.30, p < .05": ("F", "5.30", ("1", "248"), "< .05"),
    "χ2(1, N = 90) = 0.89, p = .35": ("chi2", "0.89", ("1",), ".35"),
    "r(26) = .45, p = .02": ("r", ".45", ("26",), ".02"),
    "Q(26) = 252.78, p < 0.001": ("Q", "252.78", ("26",), "< 0.001"),
    "χ² = 8.23, df = 1, P = 0.004": ("chi2", "8.23", ("1",), "0.004"),
    "Z = 2.74 (P = 0.006)": ("z", "2.74", (), "0.006"),
    "t(96.4) = 2.25, d = 0.45, p = .027": ("t", "2.25", ("96.4",), ".027"),
    "t(68) = 0.60, ns": ("t", "0.60", ("68",), "> 0.05"),
    "F(1, 248) < 1.16, p > 0.28": ("F", "< 1.16", ("1", "248"), "> 0.28"),
}


@pytest.mark.parametrize("text", TESTS)
def test_test_statistics(text):
    (one,) = read(f"The groups differed, {text}.", Test)
    assert (one.test, one.statistic.text, texts(*one.df), one.p_value.text) == TESTS[text]


def test_one_tailed_words():
    (one,) = read("In a one-tailed test, t(28) = 2.20, p = .018.", Test)
    assert one.one_tailed


def test_heterogeneity_of_one_result_is_one_statement():
    text = "Heterogeneity: Tau² = 0.04; Chi² = 15.83, df = 6 (P = 0.02); I² = 62%."
    (one,) = read(text, Heterogeneity)
    assert texts(one.tau2, one.q, one.df, one.p_value, one.i2) == ("0.04", "15.83", "6", "0.02", "62")
    (one,) = read("Heterogeneity was high ($I^2 = 98\\%$, $\\tau^2 = 2.71$).", Heterogeneity)
    assert texts(one.i2, one.tau2) == ("98", "2.71")
    (one,) = read("The τ² value of 2.71 supports this.", Heterogeneity)
    assert one.tau2.text == "2.71"
    assert read("An I² value greater than 50% was deemed high.", Heterogeneity) == []


def test_means_and_medians():
    (one,) = read("Age was 62.02 ± 11.39 years.", Mean)
    assert texts(one.mean, one.spread) == ("62.02", "11.39")
    (one,) = read("Mean (SD) age, 58.3 (10.2) years.", Mean)
    assert (*texts(one.mean, one.spread), one.spread_kind) == ("58.3", "10.2", "sd")
    (one,) = read("The median follow-up was 3 months (29 studies, range 1–12).", Median)
    assert (*texts(one.median, one.low, one.high), one.kind) == ("3", "1", "12", "range")
    (one,) = read("Median (IQR) stay was 7 (5-9) days.", Median)
    assert (*texts(one.median, one.low, one.high), one.kind) == ("7", "5", "9", "iqr")


def test_sizes():
    found = read("We had a control group (n = 103) and eight studies with 2,774 patients.", Size)
    assert [(one.n.text, one.unit) for one in found] == [("103", "control"), ("8", "study"), ("2,774", "patient")]
    assert found[0].group == "control group" and found[1].spelled


def test_stars_of_a_rating():
    table = "Table 1. Quality\n\nStudy\tSelection\tTotal\nSmith\t★★★☆\t7/9\nJones\t★★★★\t8/9\n"
    found = [one for one in extract(from_text(f"Results\n\n{table}")) if isinstance(one, Stars)]
    assert [(one.filled, one.empty) for one in found] == [(3, 1), (4, 0)]
    assert all(one.cell is not None for one in found)


CLAIMS = {
    "Women had 53% lower odds of response (OR 0.47, 95% CI 0.30-0.74).": (-1, "53", None, "0.47"),
    "This is a 32% relative reduction in the risk of death (HR 0.68; 95% CI 0.51-0.91).": (-1, "32", None, "0.68"),
    "Patients had 3.4-fold greater odds of pain (OR 3.4, 95% CI 2.0-5.8).": (1, None, "3.4", "3.4"),
    "They were 5.4 times more likely to have pain (OR = 5.39, p = 0.001).": (1, None, "5.4", "5.39"),
    "The risk was reduced by 26% (RR 0.74, 95% CI 0.60–0.91).": (-1, "26", None, "0.74"),
    "Surgery was associated with higher odds of relief (aOR 2.5; 95% CI 1.2–5.2).": (1, None, None, "2.5"),
    "The odds of relief were lower in men than in women (OR 0.5; 95% CI 0.3–0.9).": (-1, None, None, "0.5"),
    "They faced a 43% increased risk of death, p = 0.001, HR = 1.43.": (1, "43", None, "1.43"),
}


@pytest.mark.parametrize("text", CLAIMS)
def test_claims_are_tied_to_their_ratio(text):
    (one,) = (found for found in read(text, Claim) if found.of is not None)
    tied = one.estimate.estimate.text if one.estimate else None
    assert (one.direction, *texts(one.size, one.times), tied) == CLAIMS[text]


def test_claims_that_are_none():
    for text in (
        "There was no increased risk of death (HR 0.98, 95% CI 0.80-1.20).",
        "Risk of bias was higher in 3 trials (OR 0.98, 95% CI 0.80-1.20).",
        "Each increase in age reduced the pain score in 12 patients.",
    ):
        assert all(one.direction == 0 or one.estimate is None for one in read(text, Claim))


NOTHING = (
    "The studies [13-45], (24) and (25–27) agree, as shown in Table 2 and Fig. 3.",
    "Patients were seen at weeks 1, 4, 8 and 12 between January 2015 and December 2022.",
    "Grade 3 toxicity was coded (version 5.0) on an 11-point scale at the 12-week visit.",
    "IL-6, QLQ-BM22 and CD4 were measured.12 Others were not.3,4",
)


@pytest.mark.parametrize("text", NOTHING)
def test_labels_citations_and_dates_are_not_read(text):
    assert [one for one in read(text) if not isinstance(one, Claim)] == []


def test_references_are_not_read():
    text = "Results\n\nNothing here.\n\nReferences\n\n1. Smith A. HR 0.68 (95% CI 0.51-0.91) in 205 patients. Lancet. 2019.\n"
    assert extract(from_text(text)) == ()


def test_a_sentence_broken_by_a_table_is_one():
    text = (
        "Results\n\nSurvival was longer in the first group, which translated into a 32% relative reduction in the\n\n"
        "Table 1. Numbers\n\nA\tB\nx\t1\ny\t2\n\nrisk of death (HR 0.68; 95% CI 0.51-0.91).\n"
    )
    (one,) = (found for found in extract(from_text(text)) if isinstance(found, Claim) and found.of)
    assert one.size.text == "32" and one.estimate.estimate.text == "0.68"


HOSTILE = (
    "(",
    "95% CI ",
    "1,",
    "P = 0.",
    "OR = 1.2 (95% CI 1.0-1.5), ",
    "n = 5, 3 (2%) ",
    "[1, ",
    "t(5",
    "significant ",
    "± 3 ",
)


@pytest.mark.slow  # a clock decides: not in make test
@pytest.mark.parametrize("atom", HOSTILE)
def test_long_hostile_texts_take_linear_time(atom):
    times = []
    for size in (2 * LONGEST, 8 * LONGEST):
        text = (atom * (size // len(atom) + 1))[:size]
        block = Block(kind="paragraph", start=0, end=size, section="results")
        document = Document(name="a", format="text", text=text, plain=text, blocks=(block,))
        start = time.process_time()
        extract(document)
        times.append(time.process_time() - start)
    assert times[1] < 12 * max(times[0], 0.02)  # four times the length; quadratic would be sixteen times and seconds
