"""Percentages whose denominator, rounding or repair the lines around them tell; beside the same words with an error."""

import pytest

import ostealgia as oa
from ostealgia.audit.finding import Finding
from ostealgia.io.documents.reading import from_text


def flags(results: str) -> list[Finding]:
    told = f"# A study\n\n## Methods\n\nPatients were followed for two years.\n\n## Results\n\n{results}\n"
    found = oa.audit.check(from_text(told, name="a.md")).flags
    return [one for one in found if one.rule == "percent-vs-count"]


def table(rows: str, note: str = "", caption: str = "Characteristics of the infants") -> list[Finding]:
    lines = ["| " + line + " |" for line in rows.strip().split("\n")]
    bar = "|" + " --- |" * (rows.strip().split("\n")[0].count("|") + 1)
    return flags(f"Table 1. {caption}\n\n" + "\n".join([lines[0], bar, *lines[1:]]) + f"\n\n{note}")


# ---------------------------------------------------------------- not everybody was examined

INFANTS = """
Characteristic, n (%) | Short course (n = 12) | Long course (n = 14)
Girls | 7 (58) | 6 (43)
Caesarean | 5 (42) | 9 (64)
Funisitis{} | 2 ({}) | 4 (29)
Steroids | 9 (75) | 10 (71)
Surfactant | 11 (92) | 12 (86)
Oxygen | 3 (25) | 7 (50)
"""


@pytest.mark.parametrize(
    ("mark", "percent", "note", "wrong"),
    [
        ("*", 50, "*Not all placentas were examined", 0),
        ("*", 17, "*Not all placentas were examined", 0),
        ("*", 50, "*Inflammation of the cord", 1),
        ("", 50, "Steroids were not recorded in all", 1),
        ("*", 11, "*Not all placentas were examined", 1),  # more than the whole group
        ("†", 50, "*Inflammation of the cord. †Data missing in some infants", 0),
        ("†", 50, "*Data missing in some infants. †Inflammation of the cord", 1),
    ],
)
def test_a_marked_row_of_those_examined(mark: str, percent: int, note: str, wrong: int) -> None:
    assert len(table(INFANTS.format(mark, percent), note)) == wrong


# ---------------------------------------------------------------- figures of speech


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("By 2012, 3 out of 4 (77%) clinics had a register [12].", 0),
        ("By 2012, 2 in 5 (38%) clinics had a register (Miller et al., 2013).", 0),
        ("By 2012, 3 out of 4 (57%) clinics had a register [12].", 1),
        ("After surgery, 3 out of 4 (77%) patients had fever.", 1),
        ("By 2012, 30 out of 40 (77%) clinics had a register [12].", 1),
    ],
)
def test_round_words_beside_a_cited_percentage(words: str, wrong: int) -> None:
    assert len(flags(words)) == wrong


# ---------------------------------------------------------------- those who could be evaluated

RESPONSES = (
    "All 52 patients were treated. The response could not be judged in one patient (1.9%). Nine patients ({}%) had a complete "
    "response and 20 patients ({}%) a partial one. In total, 22 patients ({}%) had stable disease. The 52 patients were aged "
    "50 to 70 years. Of the 52 patients, 26 (50.0%) were women."
)


@pytest.mark.parametrize(
    ("percents", "wrong"),
    [
        ("17.6 39.2 43.1", 0),  # of 51
        ("17.3 38.5 42.3", 0),  # of 52
        ("17.3 38.5 43.3", 1),
    ],
)
def test_those_who_could_be_evaluated(percents: str, wrong: int) -> None:
    assert len(flags(RESPONSES.format(*percents.split()))) == wrong


# ---------------------------------------------------------------- made to add up to 100

LESIONS = (
    "Imaging found cancer in {}% (34/44) of patients. In {}% (28/44) of cases it had spread. In {}% (6/44) there was a second "
    "one. Of the patients, {}% (10/44) had none."
)


@pytest.mark.parametrize(
    ("percents", "wrong"),
    [
        ("77.3 63.6 13.6 22.7", []),
        ("77.3 63.7 13.6 22.7", []),  # the largest one, so that they add up to 100.0
        ("77.3 63.6 13.7 22.7", ["13.6"]),  # another one
        ("77.3 63.5 13.6 22.7", ["63.6"]),
        ("77.3 63.8 13.6 22.6", ["63.6", "22.7"]),
    ],
)
def test_the_largest_part_made_to_add_up_to_a_hundred(percents: str, wrong: list[str]) -> None:
    assert [one.repair for one in flags(LESIONS.format(*percents.split()))] == wrong


def test_whole_percentages_are_not_made_to_add_up() -> None:
    told = "Complete responses were seen in nine of 45 (20%), partial in 24 of 45 ({}%), none in six of 45 (13%), and six of 45 (13%) died."
    assert not flags(told.format(53))
    assert [one.repair for one in flags(told.format(54))] == ["53"]


# ---------------------------------------------------------------- which number is the slip

TOXICITY = """
Variables | Subgroup | No. | Toxicity | P | Response | P
Age | <60 | 30 | 3 (10%) | | 11 (37%) |
 | 60+ | 15 | 4 (27%) | 0.28 | 7 (47%) | 0.26
 | | | | | |
Rate | low | 33 | {} | | 15 (45%) |
 | high | 12 | {} | 0.11 | 3 (25%) | 0.49
 | | | | | |
Dose | low | 33 | 6 (18%) | | 14 (42%) |
 | high | 12 | 1 (8%) | 0.48 | 4 (33%) | 0.52
 | | | | | |
Site | left | 20 | 5 (25%) | | 8 (40%) |
 | right | 25 | 2 (8%) | 0.13 | 10 (40%) | 0.94
"""


@pytest.mark.parametrize(
    ("low", "high", "repair"),
    [
        ("4 (12%)", "3 (25%)", []),
        ("4 (12%)", "3 (33%)", ["25"]),  # the events are 7 in every variable
        ("3 (9%)", "3 (33%)", ["4 (33)"]),
    ],
)
def test_counts_that_add_up_as_elsewhere_are_right(low: str, high: str, repair: list[str]) -> None:
    assert [one.repair for one in table(TOXICITY.format(low, high), caption="Factors of toxicity")] == repair


@pytest.mark.parametrize(("text", "wrong"), [
    ("Flares came in 9 of 118 and 13 of 115 patients (7.6% and {}%).", ("11.3", "13.1")),
    ("Relief was seen in 17/45 versus 14/38 (37.8% versus {}%; P = 0.93).", ("36.8", "38.6")),
    ("Falls were seen in 9 of 118 men and in 13 of the 115 women (7.6% and {}%, respectively).", ("11.3", "13.1")),
])  # fmt: skip
def test_two_fractions_before_two_percentages(text: str, wrong: tuple[str, str]) -> None:
    right, slipped = (flags(text.format(p)) for p in wrong)
    assert not right and [one.rule for one in slipped] == ["percent-vs-count"]
