"""Results told twice, directions and significance in other words: the misfit is flagged, the reading beside it is not."""

import pytest

import ostealgia as oa
from ostealgia.audit.finding import Finding
from ostealgia.io.documents.reading import from_text


def flags(results: str, *rules: str, abstract: str = "", methods: str = "") -> list[Finding]:
    parts = (("Abstract", abstract), ("Methods", methods), ("Results", results))
    told = "# A study\n\n" + "\n".join(f"## {name}\n\n{text}\n" for name, text in parts if text)
    found = [one for one in oa.audit.check(from_text(told, name="a.md")).flags if one.severity != "information"]
    return [one for one in found if not rules or one.rule in rules]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        # an outcome that comes early is no factor told from its lower side
        ("The odds of early discharge were higher in patients with gout than in those without (OR 0.42, 95% CI 0.25 to 0.71).", 1),
        ("The odds of discharge were higher with early treatment (OR 0.42, 95% CI 0.25 to 0.71).", 0),
        ("The odds of not answering were higher in patients with gout (OR 0.42, 95% CI 0.25 to 0.71).", 0),
        # living alone is a factor, a treatment alone one of two sides
        ("Living alone was associated with a higher risk of falls (RR 0.62, 95% CI 0.45 to 0.85).", 1),
        ("Plaster alone was associated with a higher risk of falls (RR 0.62, 95% CI 0.45 to 0.85).", 0),
        # "relative" of a relative risk names no reference
        ("Patients given A were more likely to fall (relative risk 0.45, 95% CI 0.22 to 0.91).", 1),
        ("Patients given A were more likely to fall (risk relative to B 0.45, 95% CI 0.22 to 0.91).", 0),
        # a bound inside the words of the factor
        ("The odds of response in patients with a score of 70 or more were higher (OR 0.27, 95% CI 0.15 to 0.49).", 1),
        ("Gout lowered the hazard of death (HR 1.68, 95% CI 1.25 to 2.25).", 1),
        # words that name no chance
        ("Gout was associated with worse survival (HR 0.55, 95% CI 0.39 to 0.78).", 1),
        ("Gout was associated with worse survival (HR 1.55, 95% CI 1.19 to 2.02).", 0),
        ("A low count was associated with worse survival (HR 0.55, 95% CI 0.39 to 0.78).", 0),
        ("Albumin was a predictor of worse survival (HR 0.55, 95% CI 0.39 to 0.78).", 0),
        ("Gout was associated with better survival (HR 1.61, 95% CI 1.21 to 2.14; HR above 1 means a higher hazard).", 1),
        ("Use of A was a risk factor for falls (OR 0.45, 95% CI 0.28 to 0.72).", 1),
        ("Albumin was a risk factor for falls (OR 0.45, 95% CI 0.28 to 0.72).", 0),
        ("Relief was more common after A (OR 0.35, 95% CI 0.18 to 0.68).", 1),
        ("Relief was more common after A (OR 0.85, 95% CI 0.58 to 1.25).", 0),
        ("Weight was inversely associated with falls (OR 1.60, 95% CI 1.25 to 2.05).", 1),
        ("Weight was inversely associated with survival (HR 1.60, 95% CI 1.25 to 2.05).", 0),
        ("Those given A had fewer falls (IRR 1.43, 95% CI 1.12 to 1.83).", 1),
        ("People who trained more often had falls (RR 0.55, 95% CI 0.39 to 0.78).", 0),
    ],
)  # fmt: skip
def test_a_direction_in_other_words(text: str, wrong: int) -> None:
    assert len(flags(text, "direction-vs-claim")) == wrong


def test_a_size_that_is_the_ratio_s_own_may_have_the_wrong_word() -> None:
    found = flags("Gout was associated with a 103% reduction in the odds of falls (OR 2.03, 95% CI 1.2 to 3.4).")
    assert found[0].repair == "50.7% lower"
    assert found[0].cause is not None
    assert "103% higher" in found[0].cause


LEVEL = "The level of significance was 0.05."


@pytest.mark.parametrize(
    ("text", "methods", "wrong"),
    [
        ("Variables significant at a p-value of 0.2 or less were considered for the multivariable model.", "", 0),
        ("Pain was significantly lower after A (P = 0.2).", "", 1),
        ("Response was significantly higher after A (56% vs 44%; P = 0.34).", "", 1),
        ("There was a significant difference in pain at week 4 between A and B (P = 0.46).", "", 1),
        ("Gout significantly influenced falls (HR 0.90, P = 0.48).", "", 1),
        ("A significant relationship was found between gout and falls (P = 0.65; OR 1.13).", "", 1),
        ("The groups did not differ in pain (P = 0.001).", "", 1),
        ("The groups did not differ in pain, but age was higher in A (P = 0.001).", "", 0),
        ("A was not different from B (P for noninferiority < 0.001).", "", 0),
        ("Gout was not associated with falls (OR 0.52, 95% CI 0.36 to 0.75).", "", 1),
        ("The effect of gout on falls was nonsignificant (P = 0.019).", LEVEL, 1),
        ("The effect of gout on falls was nonsignificant (P = 0.019).", "", 0),
        ("The effect of gout on falls was nonsignificant (P = 0.019).", f"{LEVEL} Bonferroni correction was used.", 0),
        ("The groups were not significantly different except for the third (P = 0.001).", "", 0),
        ("ly significant (slope 0.2, P = 0.14).", "", 0),
    ],
)
def test_significance_in_words_beside_one_p(text: str, methods: str, wrong: int) -> None:
    assert len(flags(text, "claim-vs-evidence", methods=methods)) == wrong


RATES = """Table 2. {caption}

| Factor | Adjusted {measure} (95% CI) |
|---|---|
| Gout | 0.35 (0.25-0.46) |
| Obesity | 1.28 (1.01-1.62) |
"""
COUNTS = """Table 1. Ischaemic stroke in women

| Factor | Stroke (n = 400) | No stroke (n = 2000) |
|---|---|---|
| Gout | 160 (40.0) | 400 (20.0) |
| Obesity | 120 (30.0) | 500 (25.0) |

"""


@pytest.mark.parametrize(
    ("caption", "measure", "wrong"),
    [
        ("Ischaemic stroke in women", "OR", 1),
        ("Ischaemic stroke in women, logistic regression", "estimate", 1),
        ("Rates of ischaemic stroke in women per 1000 person-years", "rate", 0),
        ("Ischaemic stroke in women", "value", 0),
    ],
)
def test_an_adjusted_rate_is_no_ratio(caption: str, measure: str, wrong: int) -> None:
    found = flags(COUNTS + RATES.format(caption=caption, measure=measure), "adjusted-vs-crude")
    assert len(found) == wrong


ABSTRACT = "Response was {} with A and 45.8% with B (OR {}; P = {}). Median survival was {} versus 9.6 months (HR 0.70; P = 0.022)."
RESULTS = (
    "In all, 34 of 55 patients on A (61.8%) and 27 of 59 on B (45.8%) had a response, with an odds ratio of 1.92 (95% CI 0.91 to 4.05; "
    "P = 0.087). Median survival was 14.8 months with A and 9.6 months with B (HR 0.70, 95% CI 0.52 to 0.95; P = 0.022). "
)


@pytest.mark.parametrize(
    ("abstract", "wrong"),
    [
        (("61.8%", "1.92", "0.087", "14.8"), 0),
        (("62%", "1.92", "0.09", "15"), 0),  # rounded
        (("16.8%", "1.92", "0.087", "14.8"), 1),
        (("61.8%", "1.29", "0.087", "14.8"), 1),
        (("61.8%", "1.92", "0.008", "14.8"), 1),
        (("61.8%", "1.92", "0.087", "41.8"), 1),
    ],
)
def test_the_abstract_restates_the_results(abstract: tuple[str, ...], wrong: int) -> None:
    assert len(flags(RESULTS, "cross-reference", abstract=ABSTRACT.format(*abstract))) == wrong


def test_a_number_that_stands_in_the_results_as_well_may_be_right() -> None:
    more = "Of those who were seen twice, 16.8% responded."
    assert not flags(RESULTS + more, "cross-reference", abstract=ABSTRACT.format("16.8%", "1.92", "0.087", "14.8"))


TABLE = """

Table 3. Outcomes

| Outcome | Plaster (n = 99) | Exercise (n = 165) | P |
|---|---|---|---|
| Gout, n (%) | 34 (34.3) | 69 (41.8) | 0.23 |
| Worst pain at week 4, mean (SD) | 4.4 (2.1) | 5.2 (2.3) | 0.01 |
"""


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Worst pain at week 4 averaged 4.4 after plaster and 5.2 after exercise (Table 3).", 0),
        ("Worst pain at week 4 averaged 5.2 after exercise and 4.4 after plaster (Table 3).", 0),
        ("Worst pain at week 4 averaged 3.4 after plaster and 5.2 after exercise (Table 3).", 1),
        ("Worst pain at week 8 averaged 3.4 after plaster and 5.2 after exercise.", 0),
        ("In responders, worst pain at week 4 averaged 3.4 after plaster and 5.2 after exercise in this subgroup.", 0),
        ("43 of the 99 patients treated with plaster and 69 of the 165 treated with exercise had gout.", 1),
        ("Gout was present in 43 patients (34.3%) in the plaster group and 69 (41.8%) in the exercise group.", 1),
        ("At week 4, mean worst pain was 4.9 in all patients.", 0),
        ("Gout was seen in 34 of 99 (34.3%) patients on plaster and in 69 of 165 (41.8%) on exercise.", 0),
    ],
)
def test_two_groups_of_a_sentence_against_their_row(text: str, wrong: int) -> None:
    assert len(flags(text + TABLE, "cross-reference")) == wrong


@pytest.mark.parametrize(("said", "wrong"), [("246", 0), ("264", 0), ("236", 1)])
def test_patients_of_the_abstract_and_of_the_heads(said: str, wrong: int) -> None:
    table = TABLE.replace("n = 99", "n = 100").replace("n = 165", "n = 146")
    text = "Both groups were alike."
    found = flags(f"{text}{' We screened 264 patients.' if said == '264' else ''}{table}", "cross-reference",
                  abstract=f"In {said} patients, A was better.")  # fmt: skip
    assert len(found) == wrong


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("Of 264 patients, 99 received plaster and 165 received exercise.", 0),
        ("Of 246 patients, 99 received plaster and 165 received exercise.", 1),
        ("We studied 246 patients (99 plaster; 165 exercise).", 1),
        ("We studied 299 patients: 99 with gout, 165 without gout, and 35 who were excluded.", 0),
        ("We studied 246 patients: 99 with gout; 165 without gout.", 1),
        ("Of 246 patients, 80 received plaster and 120 received exercise.", 0),  # others than the groups of the table
    ],
)
def test_groups_of_the_abstract_make_up_its_patients(said: str, wrong: int) -> None:
    found = [one for one in flags(f"Both groups were alike.{TABLE}", abstract=said) if one.reported in ("246", "299")]
    assert bool(found) == bool(wrong)


def test_the_ratio_may_stand_in_the_sentence_behind_its_percentages() -> None:
    text = "A response was reached by 41 patients (73.2%) on A and 35 (51.5%) on B. The odds ratio was {} (95% CI 1.31 to 5.29; P = 0.007)."
    told = "The response rate was {} (A) versus 51.5% (B) (OR {}; P = {})."
    assert not flags(text.format("2.63"), "cross-reference", abstract=told.format("73.2%", "2.63", "0.007"))
    for abstract in (("73.2%", "6.23", "0.007"), ("73.2%", "2.63", "0.070"), ("37.2%", "2.63", "0.007")):
        assert len(flags(text.format("2.63"), "cross-reference", abstract=told.format(*abstract))) == 1


def test_a_corrected_p_is_another_p() -> None:
    text = "Gout mattered (OR 1.39, 95% CI 1.02 to 1.89; P = 0.037)."
    assert flags(text, "cross-reference", abstract="Gout mattered (OR 1.39; P = 0.15).")
    assert not flags(text, "cross-reference", abstract="Gout mattered (OR 1.39; Bonferroni-corrected P = 0.15).")


ROWS = """

Table 2. Cox regression of death

| Variable | HR (95% CI) | P |
|---|---|---|
| Lytic lesion (vs other) | 0.61 (0.38-0.98) | 0.043 |
| Gout (yes vs no) | 1.20 (0.80-1.80) | 0.38 |
"""


@pytest.mark.parametrize(("table", "wrong"), [(ROWS, 1), ("", 0), (ROWS.replace("Lytic", "No lytic"), 0)])
def test_a_row_says_whose_ratio_it_is(table: str, wrong: int) -> None:
    text = "Patients with a lytic lesion were 1.64 times more likely to die (HR 0.61, 95% CI 0.38 to 0.98)."
    assert len(flags(text + table, "direction-vs-claim")) == wrong


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Those with gout were more likely to fall (k = 10; N = 1159; OR = 0.32, 95% CI 0.19 to 0.54).", 1),
        ("Those with gout were more likely to fall (controls: OR = 0.32, 95% CI 0.19 to 0.54).", 0),
        ("Gout was an adverse prognostic factor for survival (HR for death 0.57, 95% CI 0.40 to 0.82).", 1),
        ("Low albumin was an adverse prognostic factor for survival (HR for death 0.57, 95% CI 0.40 to 0.82).", 0),
    ],
)
def test_sizes_and_prognostic_words_before_a_ratio(text: str, wrong: int) -> None:
    assert len(flags(text, "direction-vs-claim")) == wrong


def test_a_p_of_another_named_test_is_another_p() -> None:
    text = "Gout was seen in 34 of 99 (34.3%) and 69 of 165 (41.8%) patients ({}, P = 0.245)."
    note = "\nP values from the chi-square test.\n"
    table = TABLE.replace("0.23 |", "0.235 |")
    assert not flags(text.format("Fisher's exact test") + table + note, "cross-reference")


def test_the_wrong_value_in_a_row_of_something_else_is_no_excuse() -> None:
    paper = (
        "# A trial\n\n## Abstract\n\nResults: Relief of spinal pain was seen in 72.3% of the early group and in {told}% of the late "
        "group (P = 0.004).\n\n## Results\n\nRelief of spinal pain was reached by 72.3% of the early group and by 51.1% of the late "
        "group (P = 0.004).\n\nTable 1. Patients\n\n| Variable | Early | Late |\n|---|---|---|\n| Widowed | 66 (58.4) | 47 ({widowed}) |\n"
        "| Smokers | 40 (35.4) | 31 (40.3) |\n"
    )
    for widowed in ("61.0", "61.1"):
        audit = oa.audit.check(from_text(paper.format(told="61.1", widowed=widowed), name="a.md"))
        assert "61.1" in [found.reported for found in audit.flags if found.rule == "cross-reference"]
    audit = oa.audit.check(from_text(paper.format(told="51.1", widowed="61.0"), name="a.md"))
    assert [found for found in audit.flags if found.rule == "cross-reference"] == []
