"""Scores on told scales, means of whole numbers, and margins of two tables: what a paper may print, and what it cannot.

Wordings that are consistent raise no flag; the wrong ones, each a neighbour of one that is right, do (made-up numbers).
"""

from __future__ import annotations

import pytest

import ostealgia as oa
from ostealgia.io.documents.reading import from_text


def rules(text: str) -> set[str]:
    lines: list[str] = []
    for line in text.split("\n"):
        if "|" not in line:
            lines.append(line)
            continue
        head = not lines or "|" not in lines[-1]
        lines += [*([""] if head else []), f"|{line}|", *(["|" + "---|" * (line.count("|") + 1)] if head else [])]
    body = "\n".join(lines)
    audit = oa.audit.check(from_text(f"# A study\n\n## Results\n\n{body}\n", name="a.md"))
    assert not [note for note in audit.notes if "could not be run" in note]
    return {found.rule for found in audit.flags}


BASE = """Table 1. Baseline

Characteristic|Sham (n = 118)|Active (n = 129)
Male sex, n (%)|63 (53.4)|72 (55.8)
Bowel disease, n (%)|30 (25.4)|31 (24.0)

"""


@pytest.mark.parametrize(
    "text",
    [
        "The mean VAS (0-10) was 4.5 in group A and 45 in group B had pain.",
        "Pain on a VAS (0-10 cm) was 62 mm before the block.",
        "Median worry score (range 2-15) was 8 among mothers and 17 among fathers.",
        "The CRS (range 0-13) was recorded daily. Mean CRS was 14.1 in the unit.",
        "Pain was rated from 0 to 10 at three sites, and the ratings were added. The mean pain score was 17.",
        "Pain was rated from 0 to 10. The mean score on the Pain Catastrophizing Scale was 24.",
        "Pain was measured on an NRS from 0 to 10. Mean pain catastrophizing was 24 (SD 9).",
        "Cough was rated from 0 to 10. The mean score of the Leicester Cough Questionnaire was 14.2.",
    ],
)
def test_scores_of_another_scale_or_of_their_own_range(text: str) -> None:
    assert rules(text) == set()


@pytest.mark.parametrize(
    "text",
    [
        "In 25 women, a mean of 2.37 embryos were transferred over 38 cycles.",
        "A mean of 3.47 lesions were treated in 24 patients (36 sessions).",
        "We studied 26 patients (31 knees). The mean number of prior operations was 2.13 (SD 1.2) per knee.",
        "Twenty patients were included, 19 of them were followed; the mean number of visits was 3.37.",
        "Itch was recorded on an 11-point scale, and two values were averaged. The mean itch score of the 19 patients was 3.34.",
        "Itch was scored as a whole number. The mean creatinine was 1.44 (SD 0.37) in 21 patients.",
        "Items were coded 0 = never, 1 = sometimes, 2 = often. The mean item score was 0.83 (SD 0.71) in 30 patients.",
        "The mean number of errors of the 16 trainees was 3.36, each error being counted by three raters.",
        "Itch was scored as a whole number. In 21 patients the mean itch score fell from 6.43 at entry to 2.37, data of two missing.",
    ],
)
def test_means_of_others_than_one_whole_number_a_person(text: str) -> None:
    assert rules(text) == set()


@pytest.mark.parametrize(
    "text",
    [
        BASE + "Table 2. Number at risk\n\nGroup|0|6 months\nSham|118|95\nActive|127|108",
        BASE + "Table 2. Replication cohort\n\nVariable|Cured (n = 82)|Not cured (n = 165)\nMale|44 (53.7)|95 (57.6)",
        BASE + "Table 2. Harms at 1 year\n\nHarm|Bowel disease (n = 72)|No bowel disease (n = 175)\nFever|12|15",
        BASE + "Of the 60 women in the study with follow-up, 20 relapsed.",
        "Table 2. Smoking status\n\nSmoking status|A (n = 50)|B (n = 52)\nCurrent|21|19\nFormer|18|20\nNever|11|12",
        "Table 2. Stage by sex\n\nStage|Men|Women|All\nI|20|30|50\nII|21|29|50\nTotal|41|59|100\n\n"
        "Table 3. Grade by sex\n\nGrade|Men|Women|All\n1|19|30|49\n2|21|29|50\nTotal|40|59|99",
        "Recurrence occurred in 31 of the 247 patients.\n\nTable 2. Local recurrence by stage\n\n"
        "Stage|Patients|Recurrence\nI|147|11\nII|100|14",
        "Table 1. Cases\n\nHospital|Patients|Deaths\nNorth|100|12\nSouth|87|10\nEast|60|8\n\n"
        "Table 2. Controls\n\nHospital|Patients|Deaths\nNorth|106|3\nSouth|87|1\nEast|60|2",
        "Table 2. JBI checklist\n\nStudy|Yes|No|Unclear|Not applicable|Total\nKim|7|1|0|1|8\nLee|6|2|1|0|9\nIto|7|1|1|0|9",
        "Table 3. Newcastle-Ottawa scale, number of studies with full points\n\n"
        "Domain|Cohort|Case-control|All\nSelection|5|4|9\nComparability|3|3|6\nOutcome|6|4|10",
        "Table 2. Stay\n\nGroup|n|Mean stay (days)\nA|48|6.2\nB|52|6.8\nAll, median|100|5.0",
        "Table 2. Symptoms, % of patients\n\nSymptom|Entry (n = 17)|1 year (n = 16)\nPain|82.4|50.0\nFatigue|64.7|43.8\n"
        "Nausea|23.5|18.8\nSatisfied*|81.3|12.5\nFever|11.8|6.3",
    ],
)
def test_tables_of_other_patients_or_with_a_few_missing(text: str) -> None:
    assert rules(text) == set()


@pytest.mark.parametrize(
    ("text", "right", "wrong", "rule"),
    [
        ("The Sleep Worry Index (SWI), which runs from 0 to 21, had a median of @.", "11", "31", "scale-bound"),
        ("Sleep was rated with the Night Index (NIX), which runs from 0 to 21. The median NIX of 38 mothers was 9 (range 2 to @).",
         "18", "28", "scale-bound"),
        ("Patients scored their itch between 0 (none) and 10 (worst). The median itch score was @.", "4", "14", "scale-bound"),
        ("The mean HADS depression score (0-21) of the 44 carers was @.", "14", "24", "scale-bound"),
        ("Table 2. Positional pain on the numeric rating scale (0-10), mean ± SD\n\nItem|A (n = 61)|B (n = 60)\n"
         "Lying|5.2 ± 2.1|5.0 ± 1.9\nStanding|4.4 ± @|4.1 ± 2.3\nTurning|4.9 ± 2.2|5.1 ± 2.0", "2.6", "6.2", "scale-bound"),
        ("In 29 patients with rib lesions, the mean whole-number NRS score (0-10) fell from 7.52 before to @ after.",
         "3.38", "3.36", "GRIM"),
        ("Itch was scored as an integer from 0 to 10. The mean itch score of the 13 patients was 6.23 (SD @; n = 13).",
         "1.48", "1.46", "GRIMMER"),
        ("The 14 dogs had, on average, @ seizures.", "2.36", "2.33", "GRIM"),
        (BASE + "Table 2. Relief of all patients\n\nVariable|Cured (n = 82)|Not cured (n = 165)\nMale|44 (53.7)|@",
         "91 (55.2)", "19 (11.5)", "cross-reference"),
        (BASE + "Table 2. Harms in all patients\n\nHarm|Bowel disease (n = @)|No bowel disease (n = &)\nFever|12|15", "61", "91",
         "cross-reference"),
        (BASE + "Of the @ women in the study (Table 1), 40 took oestrogens.", "112", "212", "cross-reference"),
        (BASE + "Table 2. Events in the same 247 patients\n\n|Sham (n = 118)|Active (n = @)\nFever, n|12|16", "129", "139",
         "cross-reference"),
        ("Table 2. Status\n\nStatus|A|B|Total\nRelief|31|24|55\nNo relief|34|36|70\n\nTable 3. Habits of all patients\n\n"
         "Habit|Relief (n = @)|No relief (n = 70)\nSmoker, n|12|19\nMarried, n|20|31", "55", "35", "cross-reference"),
        ("Table 2. Sedation\n\nSedation|East unit|West unit|Both\nYes|28|21|49\nNo|84|@|155\nAll|112|92|204", "71", "17",
         "total-vs-parts"),
        ("Table 2. Main diagnosis\n\nMain diagnosis|n\nCancer|44\nStroke|22\nGout|11\nTotal|@", "77", "97", "total-vs-parts"),
    ],
)  # fmt: skip
def test_one_number_that_cannot_be(text: str, right: str, wrong: str, rule: str) -> None:
    others = {number: str(247 - int(number)) if number.isdigit() else "" for number in (right, wrong)}
    assert rules(text.replace("@", right).replace("&", others[right])) == set()
    assert rule in rules(text.replace("@", wrong).replace("&", others[wrong]))
