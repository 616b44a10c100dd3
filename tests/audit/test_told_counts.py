"""Counts of running text by the grammar of the sentence: parts of a whole, flows, shares, dates; a slip flagged, the right one not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ostealgia.audit.checking import check
from ostealgia.io.documents.reading import read_document

HEAD = "# A study of pain\n\n## Methods\n\nAdults were eligible.\n\n## Results\n\n"


def flags(tmp_path: Path, text: str) -> list[str]:
    """The rule of every flag."""
    path = tmp_path / "paper.md"
    path.write_text(HEAD + text + "\n\nNothing else was seen.\n", encoding="utf-8")
    return [found.rule for found in check(read_document(path)).flags]


def told(text: str, side: int) -> str:
    """The text with the right (0) or the wrong (1) one of "{right|wrong}"."""
    return re.sub(r"\{([^|{}]*)\|([^{}]*)\}", lambda m: m[1 + side], text)


PAIRS = {
    "list behind a colon": ("total-vs-parts", "There were 130 falls: 61 at night, 44 in the morning and {25|52} "
        "in the afternoon."),
    "groups": ("total-vs-parts", "Relapse was seen in {28|82} pupils (17 in the early group and 11 in the late "
        "group)."),
    "assigned": ("total-vs-parts", "A total of {189|489} nurses underwent randomisation, 92 to the short course "
        "and 97 to the long course."),
    "sizes above the whole": ("total-vs-parts", "In 2019, {405|205} dogs were randomly assigned to oil (n = 204) "
        "or water (n = 201)."),
    "sexes": ("total-vs-parts", "The study population comprised 302 adults (61 men and {241|841} women)."),
    "the remaining": ("total-vs-parts", "Of the 96 fractures, 51 were in the femur, 30 in the humerus and the "
        "remaining {15|51} in the tibia."),
    "of the, behind": ("total-vs-parts", "Tumour stage was I in 33, II in 20, III in 14 and IV in {9|19} of the "
        "76 cats."),
    "of the, first": ("total-vs-parts", "Eleven of the {29|39} relapses were local and 18 were distant."),
    "of which": ("total-vs-parts", "There were 190 births, of which 101 were boys and {89|98} were girls."),
    "in total": ("total-vs-parts", "Randomisation assigned 66 adults to drug and {66|16} to placebo, 132 in total."),
    "levels": ("total-vs-parts", "Of the 21 trials, {8|18} had a low, 9 an unclear and 4 a high risk of bias."),
    "levels in": ("total-vs-parts", "Certainty was high for 2, moderate for 6, low for 4 and very low for {3|8} "
        "of the 15 outcomes."),
    "reasons": ("total-vs-parts", "Of 52 full texts, 40 were excluded (other outcome, n = 13; other design, n = "
        "{27|72}), leaving 12 studies."),
    "databases": ("total-vs-parts", "We identified {1270|1720} records: PubMed (n = 480), Embase (n = 590) and "
        "CINAHL (n = 200)."),
    "overall response": ("total-vs-parts", "Complete response was achieved in 12 and partial response in 21 "
        "cats, for an overall response in {33|38} of 90."),
    "the rest of a passage": ("sample-flow", "In all, 288 people were screened. Of these, 47 were excluded: 32 "
        "did not qualify and 15 declined. The remaining {241|214} were randomised."),
    "leaving": ("sample-flow", "Sixty-four residents were randomised. During the study 5 residents died and 3 "
        "moved, leaving {56|65} residents in the analysis."),
    "in one clause": ("sample-flow", "In the brace group, 94 patients were allocated, 6 were lost to follow-up "
        "and {88|78} were analysed."),
    "and so": ("sample-flow", "Questionnaires were sent to 800 nurses; 523 were returned, 31 of them were "
        "incomplete, so that {492|429} could be used."),
    "share of those": ("percent-vs-count", "Of the 88 given A, 40 ({45.5|4.5}%) had nausea; of the 92 given B, "
        "45 (48.9%) did."),
    "size in brackets": ("percent-vs-count", "In the control group (n = 92), 45 residents ({48.9|58.9}%) fell at "
        "least once."),
    "of whom": ("percent-vs-count", "Ninety-two students took part, of whom 45 ({48.9|40.9}%) passed."),
    "shares in brackets": ("percent-vs-count", "We saw 200 cats. The tumour was in the lung (n = 110, 55.0%), "
        "skin (n = 62, {31.0|3.1}%) or gut (n = 28, 14.0%)."),
    "copied share": ("percent-vs-count", "Of 96 departments, 71 (74.0%) had rules, 63 (65.6%) had a list and 49 "
        "({51.0|65.6}%) a nurse."),
    "submission": ("date-order", "Received 3 May 2019; revised 8 August {2019|2018}; accepted 2 September 2019"),
    "follow-up": ("date-order", "Patients were treated between January 2014 and December 2017 and followed until "
        "December 2018. Median follow-up was {46.4|106.4} months."),
    "length of a period": ("date-order", "During {a 4|an 8}-year period from January 2012 to December 2015, 384 "
        "dogs were treated."),
    "studies after the search": ("date-order", "PubMed was searched from inception to 30 April 2018. The "
        "included studies were published between 2007 and {2017|2021}."),
    "turned quartiles": ("quantile-order", "The median stay was 15 days (interquartile range {7-25|25-7})."),
    "median outside": ("quantile-order", "The median time to healing was 21 days (quartiles {14 and 30|34 and 50})."),
    "flow table": ("sample-flow", "Table 2. Flow of patients\n\n|Stage|Patients, n|\n|---|---|\n|Screened|282|\n|"
        "Not eligible|{44|34}|\n|Declined|9|\n|Other reasons|4|\n|Randomised|225|"),
    "in total behind a comma": ("total-vs-parts", "We counted 36 wells in the north, 61 in the south and 18 in the "
        "west, in total {115|151} wells. Of the 115 wells, 9 were dry."),
    "one of each": ("total-vs-parts", "All {118|148} nurses had a main language: Welsh in 49, English in 54, Irish in "
        "{15|51} and none other."),
    "the last patient": ("date-order", "The last patient was treated in March {2016|2018}. Follow-up was closed on 5 May "
        "2017."),
    "women and men included": ("total-vs-parts", "The sample of 320 pilots included 120 women and {200|210} men."),
    "indeterminate last": ("total-vs-parts", "Tests were positive in 32, negative in 61 and indeterminate in {9|19} of 102 "
        "sheep."),
    "went better, same, worse": ("total-vs-parts", "Of the 57 eyes, 33 improved, 13 were unchanged and {11|21} got worse."),
    "levels behind a semicolon": ("total-vs-parts", "There were 31 trials; 12 were judged at low risk of bias, 10 at some "
        "concerns and {9|19} at high risk."),
    "in the": ("percent-vs-count", "In the 72 control animals, 18 ({25.0|52.0}%) developed tumours."),
    "declared quartiles": ("quantile-order", "The median (IQR) stay was 31 ({24-38|38-24}) days."),
}  # fmt: skip


@pytest.mark.parametrize("case", PAIRS)
def test_a_slip_is_flagged(tmp_path: Path, case: str) -> None:
    rule, text = PAIRS[case]
    assert rule in flags(tmp_path, told(text, 1))


@pytest.mark.parametrize("case", PAIRS)
def test_the_right_number_is_not(tmp_path: Path, case: str) -> None:
    assert flags(tmp_path, told(PAIRS[case][1], 0)) == []


SILENT = (
    "Of 185 adults, 115 were women, 138 were teachers, and 40 smoked.",
    "Fifty-four were physicians, 39 were nurses and 16 were paramedics.",
    "Nine had kidney or liver disease: 4 had azotaemia, 3 proteinuria and 3 bleeding.",
    "Of the 40 enrolled, 2 had a complete response and 12 a partial response.",
    "Of the 110 carers (50 in the first group and 47 in the second group), 97 completed the study.",
    "We saw 31 sprains, 26 bruises, 19 burns and 17 others in a total of 83 adults.",
    "At baseline, 374 women and 419 men were seen in the towns, and 343 women and 447 men in control villages.",
    "The four modules were: (1) diet, (2) exercise, (3) sleep and (4) work.",
    "Of 151 students, 103 consented, but several were lost due to withdrawal, leaving 64 with data.",
    "A total of 577 adults were screened (366 excluded by criteria, 31 for other reasons, 80 declined).",
    "Of 88 patients with nodes, 61 (23.6%) had one level; 27 (10.5%) had two and 14 (5.4%) three.",
    "Weight fell by a median of 3 kg (interquartile range 7-2).",
    "Of 210 eyes of 105 dogs, 100 received drops and 110 received none.",
    "Nineteen of 27 trials had a low risk of bias for selection, 13 had an unclear risk for blinding and 4 had a high "
    "risk for attrition.",
    "Of 210 dogs, 30 withdrew and 8 died, 5 of them after withdrawal, leaving 177.",
    "Sixty-one articles were read, 25 were excluded, and 39 were included (3 found in reference lists).",
    "Reasons were pain (n = 12, 24.0%), fear (n = 9, 18.0%) and cost (n = 8, 16.0%) among 50 who stopped; time (n = 7, "
    "7.0%) among all 100.",
    "Healing was seen in 18 of 72 and 33 of 88 dogs (25.0% and 37.5%).",
    "In total, 160 adults called themselves vegan (40 women and 31 men) or vegetarian (50 women and 39 men).",
    "Raters put them either into one of the five classes or into one of three groups.",
    "Data of 20 carriers (90 carrier samples were positive, 50 were negative) and 60 controls (200 control samples were "
    "negative, 30 were positive) were used.",
    "Adults with both diseases (n = 7) and those with the following were excluded: stroke (n = 2), cancer (n = 6), "
    "gout (n = 3) and burns (n = 3).",
    "Pain is weaker after a week [20-22, 24-26, 29, 30, 33, 36, 37, 39].",
    "A total of 246 adults were included: colitis, n = 90; ileitis, n = 52 (bowel disease, n = 142); healthy controls, "
    "n = 104.",
    "Herbs were used by 34.0% (110/500), who used them alone, and 60/500, who used both.",
    "In the 90 days after surgery, 12 (4.8%) dogs died.",
    "All 148 nurses had pain: headache in 59, back pain in 74, joint pain in 60 and chest pain in 21.",
    "Of the 162 cats, 92 lived at home and 71 lived with a dog.",
    "A group of 300 pilots included 120 women and 150 men with data on sex.",
    "The last patient was treated in May 2012. The first registry follow-up ended in March 2012.",
)


def test_a_loss_below_those_who_are_left(tmp_path: Path) -> None:
    rows = (
        "|Records screened|1000|\n|Excluded|900|\n|Full texts assessed|97|\n|Full texts not found|3|\n|Included|97|\n"
    )
    assert flags(tmp_path, f"Table 1. Flow of records\n\n|Step|n|\n|---|---|\n{rows}") == []


def test_percentages_of_a_run_of_columns(tmp_path: Path) -> None:
    head = "Table 1. Loss by gene, n (%)\n\n|Gene|All|Loss A|Loss B|Loss C|\n|---|---|---|---|---|\n"
    rows = "|X|200|20 (10.0)|31 (15.5)|49 (24.5)|\n|Y|300|27 (9.0)|36 (12.0)|63 (21.0)|\n|Z|400|36 (9.0)|54 (13.5)|90 (22.5)|\n"
    total = "|Total|900|83 (22.5)|121 (32.8)|165 (44.7)|\n"
    assert flags(tmp_path, head + rows + total) == []


@pytest.mark.parametrize("text", SILENT)
def test_what_need_not_add_up(tmp_path: Path, text: str) -> None:
    assert flags(tmp_path, text) == []
