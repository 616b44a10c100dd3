"""Totals in a sentence, flows of a phrase, flows and dates in tables, one outcome at two places: flagged where certain, else silent."""

import pytest

import ostealgia as oa
from ostealgia.audit.finding import Finding
from ostealgia.io.documents.reading import from_text


def flags(results: str, *, abstract: str = "Background: pain is common.") -> list[Finding]:
    told = f"# A study\n\n## Abstract\n\n{abstract}\n\n## Methods\n\nPatients were followed for two years.\n\n## Results\n\n{results}\n"
    return list(oa.audit.check(from_text(told, name="a.md")).flags)


def rules(results: str, **where: str) -> list[str]:
    return [found.rule for found in flags(results, **where)]


@pytest.mark.parametrize(
    ("words", "right", "wrong"),
    [
        ("Primary: lung, n = 31; kidney, n = {}; thyroid, n = 12; other, n = 9 (total, n = 72).", 20, 26),
        ("We saw 72 patients with carcinomas of the lung (n = 31), kidney (n = {}), thyroid (n = 12) and other organs (n = 9).", 20, 26),
        ("Histology: 31 lung, {} kidney, 12 thyroid, 9 other; 72 in total.", 20, 26),
        ("Of 72 patients, the primary was lung in 31, kidney in {}, thyroid in 12 and unknown in 9.", 20, 26),
        ("The primary tumour was lung in 31, kidney in {}, thyroid in 12 and other in 9 of the 72 patients.", 20, 26),
        ("A total of 72 patients with sarcoma entered: type A (31; 43.1%), type B ({}), type C (12; 16.7%), others (9; 12.5%).", 20, 26),
    ],
)  # fmt: skip
def test_parts_of_a_total_in_a_sentence(words: str, right: int, wrong: int) -> None:
    assert not flags(words.format(right))
    assert rules(words.format(wrong)) == ["total-vs-parts"]


@pytest.mark.parametrize(
    "words",
    [
        "Complications occurred in 72 patients: infection (31), fracture (26), other (22).",
        "Of 72 patients with cancer, 31 had symptoms of the lung, 26 of the kidney and 22 other symptoms.",
        "Of 72 patients the primary was lung in 31, kidney in 20 and thyroid in 12; in 9 it was not found.",
        "The 72 patients with cancer had lung (31), kidney (26), and thyroid (20) disease.",
    ],
)
def test_parts_that_may_overlap_or_are_not_all(words: str) -> None:
    assert not flags(words)


@pytest.mark.parametrize(
    ("words", "right", "wrong"),
    [
        ("Of the 92 patients in the early group, 5 were lost to follow-up, leaving {} for analysis.", 87, 78),
        ("In the early group 5 of 92 patients were lost, leaving {} for analysis.", 87, 97),
        ("After exclusion of 12 of the 92 patients screened, {} patients remained.", 80, 89),
        ("After removal of 40 duplicates from 512 records, {} titles and abstracts were screened.", 472, 427),
        ("A total of 512 records were retrieved. Following the exclusion of 40 duplicates, {} records were screened.", 472, 427),
        ("Of 60 full texts assessed, 48 were excluded and {} studies were included.", 12, 21),
        ("We found 512 references, of which 40 were duplicates and {} unique.", 472, 427),
        ("In the early group 5 of 92 dropped out and {} were analysed; in the late one 8 of 90 dropped out and 82 were analysed.", 87, 78),
    ],
)  # fmt: skip
def test_a_flow_in_one_phrase(words: str, right: int, wrong: int) -> None:
    assert not flags(words.format(right))
    assert rules(words.format(wrong)) == ["sample-flow"]


def test_a_flow_of_records_in_a_table() -> None:
    rows = [
        ("Records identified", 512),
        ("Duplicates removed", 40),
        ("Records screened", 472),
        ("Records excluded", 412),
    ]
    rows += [("Full-text reports assessed", 60), ("Full-text reports excluded", 48), ("Studies included", 12)]

    def table(**other: int) -> str:
        told = [f"| {label} | {other.get(label.split()[0], n)} |" for label, n in rows]
        return "\n".join(["**Table 1.** Flow of records", "", "| Stage | n |", "|---|---:|", *told])

    assert not flags(table())
    assert rules(table(Studies=21)) == ["total-vs-parts"]


@pytest.mark.parametrize(("last", "late"), [("May 2014", []), ("May 2010", ["date-order"])])
def test_first_and_last_patients_of_centres(last: str, late: list[str]) -> None:
    rows = ["| North | March 2011 | June 2013 |", f"| South | April 2012 | {last} |", "| West | May 2011 | July 2012 |"]
    head = ["**Table 1.** Centres", "", "| Centre | First patient enrolled | Last patient enrolled |", "|---|---|---|"]
    assert rules("\n".join([*head, *rows])) == late


OUTCOMES = """The odds ratio for complete relief was {} (95% CI {}).

**Table 1.** Endpoints

| Endpoint | Early (n = 80) | Late (n = 82) | Estimate (95% CI) |
|---|---:|---:|---:|
| Complete relief, n (%) | 40 (50.0) | 26 (31.7) | OR 2.15 (1.13 to 4.09) |
| Deaths, n (%) | 30 (37.5) | 35 (42.7) | HR 0.81 (0.50 to 1.32) |
"""


def test_the_ratio_of_an_outcome_and_its_row() -> None:
    assert not flags(OUTCOMES.format("2.15", "1.13 to 4.09"))
    assert rules(OUTCOMES.format("2.90", "1.52 to 5.52")) == ["cross-reference"]
    other = OUTCOMES.replace("The odds ratio for complete relief", "The adjusted odds ratio for complete relief")
    assert not flags(other.format("2.90", "1.52 to 5.52"))


POOL = "Six studies with 1204 patients were analysed for relief of pain. The pooled RR was 0.81 (95% CI 0.70 to 0.94)."


@pytest.mark.parametrize(
    ("told", "flagged"),
    [
        ("Six trials with 1204 patients were pooled for relief of pain (RR 0.81, 95% CI 0.70 to 0.94).", False),
        ("Six studies (1240 participants) were pooled: RR 0.81 (95% CI 0.70 to 0.94).", True),
        ("Seven trials with 1204 patients were pooled (RR 0.81, 95% CI 0.70 to 0.94).", True),
        ("Six trials with 1204 patients were pooled for relief of pain (RR 0.61, 95% CI 0.53 to 0.71).", True),
        ("Six trials with 1204 patients were pooled for survival (RR 0.61, 95% CI 0.53 to 0.71).", False),
        ("Four trials with 900 patients were pooled for relief of pain (RR 0.61, 95% CI 0.53 to 0.71).", False),
    ],
)
def test_a_pool_of_the_abstract_and_of_the_results(told: str, flagged: bool) -> None:
    assert rules(POOL, abstract=told) == (["cross-reference"] if flagged else [])


def test_the_sizes_of_one_arm_are_no_total() -> None:
    head = "| Study | Events, experimental | Total, experimental | Events, control | Total, control | RR (95% CI) |\n"
    head += "|---|---|---|---|---|---|\n"
    rows = [
        "| Abel 2001 | 20 | 60 | 25 | 61 | 0.81 (0.51 to 1.30) |",
        "| Baker 2004 | 30 | 80 | 36 | 79 | 0.82 (0.57 to 1.19) |",
    ]
    rows.append("| Cole 2009 | 15 | 50 | 20 | 52 | 0.78 (0.45 to 1.35) |")
    told = "Three studies with a total of 382 patients were included for relief of pain."
    assert not flags(f"{told}\n\n**Table 1.** Studies included\n\n{head}" + "\n".join(rows))
