"""Scores on their scale, means of whole numbers, yes-or-no variables, ratings of studies, dates: flags and the silence beside."""

from __future__ import annotations

from pathlib import Path

import pytest

from ostealgia.audit.checking import check
from ostealgia.audit.checks.reading.scales import one_scale
from ostealgia.io.documents.reading import read_document

HEAD = "A study of bone pain\n\nMethods\n\nAdults were eligible.{methods}\n\nResults\n\n"
RULES = ("scale-bound", "GRIM", "GRIMMER", "DEBIT", "date-order", "total-vs-parts")


def flags(tmp_path: Path, text: str, methods: str = "") -> list[tuple[str, str]]:
    """Rule and printed number of every flag of these rules."""
    path = tmp_path / "paper.txt"
    path.write_text(HEAD.format(methods=f" {methods}" if methods else "") + text + "\n", encoding="utf-8")
    return [(f.rule, f.reported) for f in check(read_document(path)).flags if f.rule in RULES]


SCALES = {
    "limits before the number": ("Worst pain at entry (NRS 0-10) averaged 14.2 points (SD, 1.7).", "14.2"),
    "limits behind the number": ("The median pain score was 6 (range 3-17) on a scale from 0 (no pain) to 10 (worst pain).", "17"),
    "an 11-point scale": ("Patients scored their pain from 3 to 18 (median 6) on the 11-point numeric rating scale.", "18"),
    "a hundred points": ("Mean global health status, scored from 0 to 100, was 131.5 (SD 14.0).", "131.5"),
    "an SD": ("Mean (SD) pain at week 6, 0-10 scale: 4.7 (27.1).", "27.1"),
    "Karnofsky": ("KPS at entry was 70 (median; range, 40 to 170).", "170"),
    "the second clause": ("Median age was 61 years (range 41-87) and median KPS was 70 (range 40-180).", "180"),
    "ECOG": ("Patients had an ECOG performance status of 0 to 8.", "8"),
    "out of ten": ("Patients rated their pain at a mean of 12.4/10.", "12.4"),
    "sensitivity": ("The score had a sensitivity of 118.2% and a specificity of 77.4%.", "118.2"),
    "stars of a domain": ("By the Newcastle-Ottawa Scale, Ames et al received 5 stars for selection, 1 for comparability "
                         "and 2 for outcome.", "5"),
    "stars with slashes": ("NOS ratings for Ames et al were 3/3/2 (selection/comparability/outcome).", "3"),
    "stars in all": ("Newcastle-Ottawa Scale scores ranged from 4 to 11.", "11"),
}  # fmt: skip


@pytest.mark.parametrize("case", SCALES)
def test_a_score_beyond_its_scale(tmp_path: Path, case: str) -> None:
    text, wrong = SCALES[case]
    assert flags(tmp_path, text) == [("scale-bound", wrong)]


RIGHT = {
    "on the scale": "Worst pain at entry (NRS 0-10) averaged 6.2 points (SD, 1.7).",
    "two scales": "The mean pain score on the 0-10 NRS was 4.2 and the Karnofsky status was 80.",
    "another instrument": "Mean pain on the 0-10 scale was 4.2 and the disability index was 38.",
    "the range of another scale": "We used the motor index (range: 0-115) and a motor score (range: 0-20), graded from 0 to 5.",
    "sums of items": "Each item was scored on a scale from 1 to 4 with general scores varying from 20 to 80.",
    "classes of a score": "Severity was mild (score between 0 and 5), moderate (score between 6 and 10) or severe (11 to 16).",
    "a change": "The pain score (0-10) changed by 42 per cent.",
    "an age": "Median age was 61 years (range 41-87) and pain was rated from 0 to 10.",
    "a relative change": "Sensitivity increased by 120% with contrast.",
    "sensitivity analysis": "In a sensitivity analysis 140% of the dose was assumed.",
    "an adapted tool": "On a modified Newcastle-Ottawa Scale scores ranged from 4 to 11.",
    "AUC of a drug": "The mean (range) values for AUC0-10 were 2310 (505-7760).",
}


@pytest.mark.parametrize("case", RIGHT)
def test_no_score_of_that_scale(tmp_path: Path, case: str) -> None:
    assert flags(tmp_path, RIGHT[case]) == []


def test_limits_of_several_scales_are_none() -> None:
    assert one_scale("pain (0-10) and a Karnofsky status of 80") is None
    assert one_scale("pain on a 0 to 10 NRS") == (0.0, 10.0)


MEANS = {
    "said to be whole": (
        "Mean worst pain (0-10, whole numbers only) was 6.59 in the 26 patients treated twice.",
        "6.59",
    ),
    "an integer scale": (
        "Among 18 patients with neuropathic pain, mean pain on the 0-10 scale, an integer, was 5.74.",
        "5.74",
    ),
    "lesions": ("The 18 patients with few metastases had a mean of 3.47 lesions.", "3.47"),
    "ECOG": ("Mean ECOG score: 1.65 (n = 36).", "1.65"),
    "a share": ("73.9% of the 27 patients with spinal lesions had relief.", "73.9"),
}


@pytest.mark.parametrize("case", MEANS)
def test_a_mean_that_whole_numbers_cannot_have(tmp_path: Path, case: str) -> None:
    text, wrong = MEANS[case]
    assert flags(tmp_path, text) == [("GRIM", wrong)]


MEANS_LEFT = {
    "possible": "Mean worst pain (0-10, whole numbers only) was 6.58 in the 26 patients treated twice.",
    "no whole numbers": "Mean worst pain on the visual analogue scale was 6.59 in the 26 patients treated twice.",
    "too many": "Mean worst pain (0-10, whole numbers only) was 6.59 in the 260 patients.",
    "an average of several": "Mean daily pain (0-10, whole numbers only) was 6.59 in the 26 patients treated twice.",
    "a part of them": "Of 26 patients, mean pain (0-10, whole numbers) was 6.59 in responders.",
    "a model": "The adjusted mean pain (0-10, whole numbers) was 6.59 in 26 patients.",
    "an estimate": "An estimated 73.9% of the 27 patients were alive at one year (survival).",
}


@pytest.mark.parametrize("case", MEANS_LEFT)
def test_a_mean_that_is_left(tmp_path: Path, case: str) -> None:
    assert flags(tmp_path, MEANS_LEFT[case]) == []


DATES = {
    "a period": ("Patients were accrued May 2011 through March 2009.", "May 2011 through March 2009"),
    "first and last": ("Inclusion began in May 2011 and closed in May 2009.", "began in May 2011 and closed in May 2009"),
    "a data cutoff": ("Patients were enrolled from June 2014 to May 2016; the data cutoff was 6 September 2015.", "6 September 2015"),
    "a database lock": ("Patients were recruited between June 2014 and May 2016. The database was locked on 2 March 2016.", "2 March 2016"),
    "follow-up": ("Patients were treated from June 2014 to May 2016 and followed until April 2015.", "April 2015"),
}  # fmt: skip


@pytest.mark.parametrize("case", DATES)
def test_dates_out_of_order(tmp_path: Path, case: str) -> None:
    text, wrong = DATES[case]
    assert flags(tmp_path, text) == [("date-order", wrong)]


DATES_LEFT = {
    "in order": "Patients were enrolled from June 2014 to May 2016; the data cutoff was 6 September 2017.",
    "an interim analysis": "Patients were enrolled from June 2014 to May 2016; the data cutoff of the interim analysis was June 2015.",
    "only the year": "Patients were enrolled from 2014 to 2016. The database was locked on 2 March 2016.",
    "another study": "Patients were enrolled from June 2014 to May 2016. In the previous study follow-up ended in May 2012.",
    "a comparison": "Incidence increased from 2016 to 2014 levels.",
}


@pytest.mark.parametrize("case", DATES_LEFT)
def test_dates_that_are_left(tmp_path: Path, case: str) -> None:
    assert flags(tmp_path, DATES_LEFT[case]) == []


VISITS = """Table 2. Pain scores (NRS 0-10) during follow-up
Visit\tSBRT (n = 28)\tPlain radiotherapy (n = 31)
Baseline, mean (SD)\t{first}\t6.13 (1.61)
Week 4, mean (SD)\t4.64 (2.28)\t5.71 (1.64)
"""
WHOLE = "Pain was recorded as a whole number on a 0-10 numeric rating scale."


@pytest.mark.parametrize(
    ("first", "found"),
    [
        ("16.96 (1.82)", [("scale-bound", "16.96")]),
        ("6.96 (18.2)", [("scale-bound", "18.2")]),
        ("6.98 (1.82)", [("GRIM", "6.98")]),
        ("6.96 (1.81)", []),
    ],
)
def test_a_table_of_visits(tmp_path: Path, first: str, found: list[tuple[str, str]]) -> None:
    assert [one for one in flags(tmp_path, VISITS.format(first=first), WHOLE) if one[0] != "GRIMMER"] == found


def test_one_row_of_two_groups(tmp_path: Path) -> None:
    row = "Table 1. Characteristics\n\tA (n = 128)\tB (n = 131)\nPain (NRS 0-10), mean (SD)\t{0}\t6.1 (1.6)\n"
    row += "Age, mean (SD)\t61.2 (9.1)\t60.8 (8.7)\n"
    assert flags(tmp_path, row.format("16.2 (1.7)")) == [("scale-bound", "16.2")]
    assert flags(tmp_path, row.format("6.2 (1.7)")) == []


def test_a_scale_in_another_unit_is_left(tmp_path: Path) -> None:
    table = (
        VISITS.format(first="61.2 (18.2)").replace("6.13 (1.61)", "59.4 (17.0)").replace("4.64 (2.28)", "44.0 (21.0)")
    )
    assert flags(tmp_path, table) == []


BINARY = """Table 2. Descriptive statistics of the variables, N = 64
Variable\tMean\tSD
Chemotherapy (1 = yes, 0 = no)\t0.53\t{sd}
Opioid use (1 = yes, 0 = no)\t0.66\t0.48
{last}
"""


@pytest.mark.parametrize(
    ("sd", "last", "found"),
    [
        ("0.05", "Several metastases (0/1)\t0.61\t0.49", [("DEBIT", "0.05")]),
        ("0.50", "Several metastases (0/1)\t0.61\t0.49", []),
        ("0.50", "Stage (1 = low, 2 = middle, 3 = high)\t0.61\t0.80", []),
    ],
)
def test_zeros_and_ones(tmp_path: Path, sd: str, last: str, found: list[tuple[str, str]]) -> None:
    assert flags(tmp_path, BINARY.format(sd=sd, last=last)) == found


STARS = """Table 3. Newcastle-Ottawa Scale
Study\tSelection{four}\tComparability{two}\tExposure/Outcome{three}\tTotal
Ames 2006\t3\t1\t2\t6
Bell 2012\t4\t{stars}\t3\t{total}
Cole 2005\t2\t2\t3\t7
Dunn 2011\t4\t2\t3\t9
"""


def test_more_stars_than_a_domain_has(tmp_path: Path) -> None:
    named = dict.fromkeys(("four", "two", "three"), "")
    assert flags(tmp_path, STARS.format(stars=3, total=10, **named)) == [("scale-bound", "3"), ("scale-bound", "10")]
    assert flags(tmp_path, STARS.format(stars=2, total=9, **named)) == []


def test_the_limits_of_a_heading_come_first(tmp_path: Path) -> None:
    table = STARS.format(stars=3, total=10, four=" (0-4)", two=" (0-3)", three=" (0-3)")
    assert flags(tmp_path, table, "We used a modified Newcastle-Ottawa Scale.") == []


ITEMS = """Table 3. Methodological quality (MINORS, items scored 0-2)
Study\t1\t2\t3\t4\t5\t6\t7\t8\tTotal
Ames 2006\t2\t1\t2\t2\t1\t1\t2\t1\t12
Bell 2012\t2\t1\t{item}\t2\t1\t1\t2\t1\t{total}
Cole 2005\t2\t0\t2\t0\t2\t0\t0\t2\t8
"""


def test_items_of_two_points(tmp_path: Path) -> None:
    assert flags(tmp_path, ITEMS.format(item=3, total=13)) == [("scale-bound", "3")]
    assert flags(tmp_path, ITEMS.format(item=2, total=14)) == [("total-vs-parts", "14")]
    assert flags(tmp_path, ITEMS.format(item=2, total=12)) == []


JUDGED = """Table 3. Risk of bias by domain, number of studies (%)
Domain\tLow\tUnclear\tHigh
Sequence generation\t6 (60)\t3 (30)\t1 (10)
Concealment\t5 (50)\t4 (40)\t1 (10)
Blinding\t{low}\t2 (20)\t3 (30)
Attrition\t7 (70)\t2 (20)\t1 (10)
"""


def test_judgements_of_the_same_studies(tmp_path: Path) -> None:
    assert [rule for rule, _ in flags(tmp_path, JUDGED.format(low="8 (80)"))] == ["total-vs-parts"]
    assert flags(tmp_path, JUDGED.format(low="5 (50)")) == []
