"""Small tables whose reading is explicit: each is silent when right, and flagged when one number of it is wrong (made-up numbers)."""

from __future__ import annotations

from pathlib import Path

import pytest

from ostealgia.audit.checking import check, read
from ostealgia.audit.finding import Finding

BASE = """Table 1. Baseline characteristics

Characteristic|Sham (n = 118)|Active (n = 129)
Male sex, n (%)|63 (53.4)|72 (55.8)
"""

# heading: name # right # wrong number; "@" holds the number, "&" a total that goes with it
WRONG = """
## n (%) of two rows # 11.3 # 17.3
Table 2. Harms

Event|Drug (n = 84), n (%)|Sham (n = 80), n (%)
Fever|21 (25.0)|9 (@)
Cough|12 (14.3)|7 (8.8)

## a column of patients # 55.3 # 45.3
Table 3. Response by site

Site|Lesions, N|Response, n|Response, %
Spine|62|40|64.5
Pelvis|38|21|@
Femur|25|14|56.0

## patients before n (%) # 55.3 # 45.3
Table 3. Response

Site|No. of patients|Responders, n (%)
Spine|62|40 (64.5)
Pelvis|38|21 (@)

## two headings # 11.3 # 17.3
Table 2. Harms

|Drug (n = 84)||Sham (n = 80)|
Event|n|%|n|%
Fever|21|25.0|9|@
Cough|12|14.3|7|8.8
Nausea|8|9.5|6|7.5

## all and its groups # 64 (22.0) # 34 (11.7)
Table 2. Tumour, n (%)

Tumour|All (n = 291)|A (n = 149)|B (n = 142)
Breast|74 (25.4)|41 (27.5)|33 (23.2)
Kidney|@|24 (16.1)|40 (28.2)
Other|153 (52.6)|84 (56.4)|69 (48.6)

## one total # 78 # 88
Table 2. Cause of death

Cause|n
Progression|56
Infection|14
Other|8
Total|@

## all centres # 141 # 132
Table 2. Patients by centre

Centre|Patients
North|57
South|28
East|27
West|29
All centres|@

## rows of one variable # 11 # 17
Table 3. Number of metastases

Number of metastases|A (n = 50)|B (n = 52)
1|21|19
2-3|18|20
≥4|@|13

## a row of all # 64.1 # 69.1
Table 1. Age

Group|n|Mean age (years)|SD
Surgery|48|61.2|9.0
None|52|66.8|8.4
All|100|@|9.1

## a mean of all # 63.3 # 67.3
Table 1. Baseline

Variable|All (n = 85)|A (n = 34)|B (n = 51)
Age, years, mean|@|61.2|64.7
Women, n (%)|46 (54.1)|19 (55.9)|27 (52.9)

## one size in two tables # 118 # 181
<baseline>
Table 2. Harms, n (%)

Event|Sham (n = @)|Active (n = 129)
Fever|32 (27.1)|33 (25.6)
Falls|28 (23.7)|32 (24.8)

## at risk at the start # 118 # 181
<baseline>
Table 2. Number at risk

Group|0|6 months|12 months
Sham|@|95|70
Active|129|108|81

## at risk later # 95 # 159
<baseline>
Table 2. Number at risk

Group|0|6 months|12 months
Sham|118|@|70
Active|129|108|81

## men and women # 135 # 153
<baseline>
Table 2. Fever by sex

Subgroup|Patients, n|Fever, n (%)
Men|@|43 (31.9)
Women|112|48 (42.9)

## men and women by group # 55 # 65
<baseline>
Table 2. Fever, events/patients

Subgroup|Sham|Active
Men|23/63|22/72
Women|20/@|16/57

## men and women in words # 135 # 153
<baseline>
Of the @ men, 65 had cough; of the 112 women, 57 did.

## events of rows # 100 # 170
Fatigue was recorded in @ of the 261 patients.

Table 3. Fatigue by sex

Subgroup|Patients|With fatigue
Men|158|61
Women|103|39

## levels # 101 # 181
Table 1. Patients

Tumour|n = 325
Breast|97 (29.8)
Lung|101 (31.1)
Other|127 (39.1)

Table 2. Response, all 325 patients

Tumour|Patients|Responders
Breast|97|50
Lung|@|99
Other|127|31

## margins # 251 # 260
Table 1. Compliance by ward

Ward|Chances|Taken
A|381|272
B|259|150
Total|640|422

Table 2. Compliance by task

Task|Chances|Taken
Before|422|@
After|218|171
Total|640|&

## causes by group # 5 # 15
There were 91 deaths, 50 in the sham group and 41 in the active group.

Table 4. Causes of death

Cause|Sham|Active
Cancer|40|33
Infection|6|@
Other|4|3

## stars # 6/9 # 3/9
Table 1. Newcastle-Ottawa Scale (NOS)

Study|Selection|Comparability|Outcome|Total
Adams, 2002|★★|★|★★★|@
Novak, 2006|★★★★|★|★|6/9
Sato, 2015|★★|–|★★★|5/9

## limits of a tool # 1 # 2
Table 1. Jadad scale

Trial|Randomization (0-2)|Blinding (0-2)|Withdrawals (0-1)|Total (0-5)
Adams 2002|2|1|@|4
Novak 2006|1|0|1|2

## studies as columns # 2 # 3
Table 2. Newcastle-Ottawa Scale, stars

Item|Adams 2002|Novak 2006
Selection (max. 4)|3|4
Comparability (max. 2)|1|@
Outcome (max. 3)|2|3

## answers # 1 # 3
Table 1. JBI critical appraisal checklist

Study|Yes|No|Unclear|Total
Adams 2002|7|2|1|10
Novak 2006|8|1|@|10
"""

SILENT = """
## a few have no outcome
<baseline>
Table 2. Fever by sex

Subgroup|Patients, n|Fever, n
Men|132|43
Women|112|48

## fewer were followed
<baseline>
Table 2. Harms

Event|Sham (n = 110)|Active (n = 129)
Fever|30 (27.3)|33 (25.6)

## symptoms overlap
Table 2. Symptoms

Symptom|n
Pain|56
Fever|14
Cough|8
Total|70

## nested causes
Table 2. Causes of death

Cause|n
All causes|35
All tumours|12
Lung cancer|3
Heart|20

## a sum of two grades
Fever (65%) was the most common (Table 2).

Table 2. Harms, %

Event|Grade 1|Grade 2
Fever|40|25
Falls|10|5

## rows of several diseases
<baseline>
Table 2. Cure, n/N

Diagnosis|Sham|Active
Abscess|11/17|12/17
Peritonitis|12/14|15/16
Other|20/30|21/33

## numbers at risk by age
<baseline>
The age time scale had delayed entry.

Table 2. Number at risk

Group|0|6
Sham|90|95
Active|99|108

## a survival rate
Table 2. Survival

Site|Patients|Deaths|5-year survival (%)
Spine|62|20|61.5
Rib|40|11|70.2
"""


def cases(text: str) -> dict[str, tuple[list[str], str]]:
    """Name of each case -> what stands behind it in the heading, and its text."""
    found: dict[str, tuple[list[str], str]] = {}
    for part in text.split("\n## ")[1:]:
        head, _, body = part.partition("\n")
        name, *rest = head.split(" # ")
        found[name] = rest, body.replace("<baseline>", BASE)
    return found


def flags(tmp_path: Path, text: str) -> list[Finding]:
    path = tmp_path / "paper.txt"
    path.write_text("Results\n\n" + text.replace("|", "\t") + "\n", encoding="utf-8")
    audit = check(read(path))
    assert not [note for note in audit.notes if "could not be run" in note]
    return [found for found in audit.findings if found.flagged]


@pytest.mark.parametrize("name", cases(WRONG))
def test_one_wrong_number_of_a_small_table(name: str, tmp_path: Path):
    (right, wrong), text = cases(WRONG)[name]
    totals = {"251": "422", "260": "431"}
    with_right, with_wrong = (text.replace("@", n).replace("&", totals.get(n, "")) for n in (right, wrong))
    assert not flags(tmp_path, with_right)
    assert flags(tmp_path, with_wrong)


@pytest.mark.parametrize("name", cases(SILENT))
def test_what_a_real_table_may_hold(name: str, tmp_path: Path):
    assert not flags(tmp_path, cases(SILENT)[name][1])


HARMS = """Table 2. Harms, n (%)

Event|Sham (n = 118)|Active (n = 129)
Fever|32 (27.1)|33 (25.6)
Falls|28 (23.7)|32 (24.8)"""
MODEL = """Table 2. Multivariable analysis

Factor|OR|95% CI|P value
Nerve pain|2.04|0.89-4.64|0.091
Opioid use|2.72|1.14-6.50|0.024"""


@pytest.mark.parametrize(
    ("sentence", "table", "right", "wrong"),
    [
        ("Nerve pain (OR 2.04) and opioid use (OR @) were examined (Table 2).", MODEL, "2.72", "3.72"),
        ("Opioid use (P = @) was an independent factor (Table 2).", MODEL, "0.024", "0.042"),
        ("Fever was seen in @ patients in the active group and 32 in the sham group (Table 2).", HARMS, "33", "53"),
        ("Fever occurred in 27.1% of the sham group and @% of the active group (Table 2).", HARMS, "25.6", "52.6"),
    ],
)
def test_a_number_against_the_row_of_the_cited_table(sentence: str, table: str, right: str, wrong: str, tmp_path: Path):
    assert not flags(tmp_path, f"{sentence.replace('@', right)}\n\n{table}")
    found = flags(tmp_path, f"{sentence.replace('@', wrong)}\n\n{table}")
    assert [f.rule for f in found] == ["cross-reference"] and found[0].repair == right
