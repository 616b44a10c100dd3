"""When a reading of two numbers in a sentence or a table is certain, and which words make it another statement; both ways."""

import pytest

import ostealgia as oa
from ostealgia.audit.checks.reading.anew import tells_anew
from ostealgia.audit.checks.reading.nouns import COUNTED
from ostealgia.audit.finding import Finding
from ostealgia.io.documents.reading import from_text


def flags(results: str, *, abstract: str = "Background: itch is common.") -> list[Finding]:
    told = f"# A study\n\n## Abstract\n\n{abstract}\n\n## Methods\n\nAdults were followed.\n\n## Results\n\n{results}\n"
    return list(oa.audit.check(from_text(told, name="a.md")).flags)


def rules(results: str, **where: str) -> list[str]:
    return sorted({found.rule for found in flags(results, **where)})


def table(head: str, *rows: str, caption: str = "Numbers") -> str:
    bars = "|---" * len(head.split("|")) + "|"
    return "\n".join([f"Table 1. {caption}", "", f"| {head} |", bars, *(f"| {row} |" for row in rows)])


# ---------------------------------------------------------------- parts of a whole


@pytest.mark.parametrize(
    ("words", "flagged"),
    [
        ("In all, 44 of the 83 tumours were ductal, 26 lobular, {} mucinous and 9 of other types.", True),
        (
            "Of the 83 adults, 14 had a complete response, 27 a partial response, 31 stable disease and {} progression.",
            True,
        ),
    ],
)
def test_parts_that_exclude_one_another(words: str, flagged: bool) -> None:
    right, wrong = (4, 14) if "ductal" in words else (11, 21)
    assert rules(words.format(right)) == []
    assert rules(words.format(wrong)) == (["total-vs-parts"] if flagged else [])


@pytest.mark.parametrize(
    "words",
    [
        "Of 83 adults with cancer, 31 had lung, 26 kidney, 19 breast and 17 other primary tumours, some with two.",
        "The 83 adults had metastases of the skull (41), ribs (26), spine (19) and other bones (7) from any cancer.",
        "Family history of cancer: 31 mother, 26 father, 19 sibling, 17 other; 83 in total.",
        "We saw 31 sprains, 26 bruises, 19 burns and 17 others in a total of 83 adults.",
        "The tests were by Alpha (31), Beta (26), Gamma (19) and others (11), for a total of 83 adults and 4 repeats.",
    ],
)
def test_parts_that_count_somebody_twice(words: str) -> None:
    assert rules(words) == []


# ---------------------------------------------------------------- flows


@pytest.mark.parametrize(
    ("words", "right", "wrong"),
    [
        ("Out of 83 recruits, 6 dropped out, so {} were left.", 77, 67),
        ("We removed 35 duplicates from the 418 hits, which left {} to screen.", 383, 338),
        ("Six of the 83 volunteers stopped early; the other {} finished.", 77, 67),
        ("From 83 adults at the start, 6 were lost, hence {} could be analysed.", 77, 67),
        ("Of 418 citations 35 were duplicates; the remaining {} citations were screened.", 383, 338),
        ("Six of the 83 adults withdrew; {} remained.", 77, 87),
    ],
)
def test_flows_whose_words_say_that_these_are_the_rest(words: str, right: int, wrong: int) -> None:
    assert rules(words.format(right)) == []
    assert rules(words.format(wrong)) == ["sample-flow"]


@pytest.mark.parametrize(
    "words",
    [
        "After exclusion of 12 of the 83 adults screened, 140 elbows remained.",
        "Of 64 full texts assessed, 52 were excluded and 14 studies were included, two of them from hand searching.",
        "After removal of 35 duplicates from 418 records, 64 full texts were assessed after 319 exclusions by title.",
        "Of the 83 adults who started, 6 died in hospital, leaving 37 in the first arm and 40 in the second arm.",
        "Of the 83 adults, 6 died in the first month; the other 52 smokers did well.",
        "Six of the 83 adults died; 60 remained free of itch.",
        "Of 83 adults in the trial, 6 died so 3 months later a board met.",
        "We found 418 records, of which 35 were duplicates and 381 unique after removal of two retracted papers.",
    ],
)
def test_flows_with_another_unit_stage_or_loss(words: str) -> None:
    assert rules(words) == []


# ---------------------------------------------------------------- one outcome at two places

_RATIOS = table(
    "Endpoint | Early (n = 80) | Late (n = 82) | Estimate (95% CI)",
    "Complete relief | 40 (50.0) | 26 (31.7) | OR 2.15 (1.13 to 4.09)",
    "Deaths | 30 (37.5) | 35 (42.7) | HR 0.81 (0.50 to 1.32)",
)


@pytest.mark.parametrize(
    ("words", "flagged"),
    [
        ("Complete relief had an OR of 2.90 (95% CI 1.52 to 5.52).", True),
        ("Complete relief had an OR of 2.90 (95% CI 1.52 to 5.52) after imputation.", False),
        ("Complete relief had an OR of 2.90 (95% CI 1.52 to 5.52) in the safety population.", False),
        ("For complete relief the late versus early OR was 0.47 (95% CI 0.24 to 0.88).", False),
    ],
)
def test_the_ratio_of_a_row_in_other_words(words: str, flagged: bool) -> None:
    assert rules(f"{words}\n\n{_RATIOS}") == (["cross-reference"] if flagged else [])


def test_those_who_were_analysed_beside_those_of_a_pool() -> None:
    pool = "Six studies with {} patients gave an RR of 0.81 (95% CI 0.70 to 0.94) for relief of pain."
    told = "Six studies with 1240 patients ({}) gave an RR of 0.81 (95% CI 0.70 to 0.94) for relief."
    assert rules(pool.format(1204), abstract=told.format("1204 analysed")) == []
    assert rules(pool.format(1204), abstract=told.format("all adults")) == ["cross-reference"]


# ---------------------------------------------------------------- dates side by side


@pytest.mark.parametrize(
    ("head", "flagged"),
    [
        ("Centre | Date of first enrolment | Date of final enrolment", True),
        ("Ward | Earliest admission | Latest admission", True),
        ("Study | Start of recruitment | End of follow-up", True),
        ("Adult | Start of aspirin | End of exercise", False),
        ("Adult | First fracture | Last infusion", False),
    ],
)
def test_columns_of_one_thing_or_of_two(head: str, flagged: bool) -> None:
    rows = ["North | 2011-03-02 | 2013-06-01", "South | 2012-04-12 | 2012-01-30", "West | 2011-05-09 | 2012-07-21"]
    assert rules(table(head, *rows)) == (["date-order"] if flagged else [])


# ---------------------------------------------------------------- two numbers of a comparison


@pytest.mark.parametrize(
    ("words", "flagged"),
    [
        ("Itch was commoner with plaster than with cream (12% v 31%).", True),
        ("Itch was seen more rarely with plaster than with cream (31% vs 12%).", True),
        ("Itch was seen more rarely with plaster than with cream (12% vs 31%).", False),
        ("The operation was longer for open than for closed reduction (62 vs 95 min).", True),
        ("Itch was more frequent with plaster than with cream (12% vs 31%, P = 0.01).", True),
        # the bracket says what its numbers are
        ("Itch was more common in women than in men (38% vs 51%, women listed second).", False),
        ("Itch was more frequent with plaster than with cream (12 months vs 20 months).", False),
        ("Women reported more often than men that itch was mild (30% vs 45%, severe itch).", False),
    ],
)
def test_comparisons(words: str, flagged: bool) -> None:
    assert rules(words) == (["direction-vs-claim"] if flagged else [])


# ---------------------------------------------------------------- means of counts


@pytest.mark.parametrize("noun", ["hours slept", "packs smoked", "months to relapse", "tablets", "drinks", "studies"])
def test_things_of_which_a_person_may_have_a_part(noun: str) -> None:
    assert COUNTED.search(f"The mean number of {noun} was 2.33") is None
    assert COUNTED.search("The mean number of fractures was 2.33") is not None


# ---------------------------------------------------------------- a statistic and the numbers before it: t = 2.37, chi-square 4.98


@pytest.mark.parametrize(
    "words",
    [
        "The 40 braced adults had 5.2 points (SD = 1.9) and the 41 free adults 4.2 (SD = 1.9); Student's t = {t}.",
        "The 40 cases averaged 5.2±1.9 whereas the 41 controls averaged 4.2±1.9 (t79 = {t}; P<0.05).",
        "The first group (n = 40) had a mean of 5.2 (SD, 1.9) against 4.2 (SD, 1.9) in the other (n = 41); t = {t}, unpaired t-test.",
        "Stiffness was 5.2 ± 1.9 and 4.2 ± 1.9 in 40 men and 41 women, respectively (t = {t}).",
    ],
)
def test_t_beside_its_own_means(words: str) -> None:
    assert rules(words.format(t="2.37")) == []
    assert rules(words.format(t="4.12")) == ["t-vs-summary"]


@pytest.mark.parametrize(
    "words",
    [
        "Stiffness was 5.2 ± 1.9 at rest and 4.2 ± 1.9 on stairs in 40 men and 41 women (t = 4.12, P < 0.001).",
        "The 40 adults had 5.2 (SD 1.9) on the left and 4.2 (SD 1.9) on the right, the 41 controls less (t = 4.12).",
        "Stiffness was 5.2 ± 1.9 in men (n = 40) and 4.2 ± 1.9 in women (n = 41); their ages differed (t = 4.12, P < 0.001).",
        "Fever (24/60 vs 13/61) was related to diabetes, chi-square = 9.43, P = 0.002.",
        "Fever was seen in 24/60 with and 13/61 without the block; fever differed among centres (chi-square = 9.43, P = 0.002).",
        "Survival was better early (24/60 dead) than late (13/61 dead), chi-square = 9.43, P = 0.002.",
    ],
)
def test_a_statistic_of_something_else(words: str) -> None:
    assert rules(words) == []


def test_counts_with_their_share_before_the_whole() -> None:
    words = "Fever was seen in 24 (40%) of 60 early and 13 (21%) of 61 late adults (Pearson chi-square {}, P = 0.026)."
    assert rules(words.format("4.98")) == []
    assert rules(words.format("9.43")) == ["chi2-vs-counts"]


def test_an_interval_that_ends_the_sentence() -> None:
    words = "Fever was seen in 24/60 and 13/61, an odds ratio of 2.46 with a 95% confidence interval of {}."
    assert rules(words.format("1.10 to 5.50")) == []
    assert rules(words.format("1.89 to 3.20")) == ["precision-bound"]


def test_words_that_begin_another_statement() -> None:
    assert tells_anew(" in women; the slopes of both differed (")
    assert not tells_anew(" in women; by the unpaired t test, t = ")


# ---------------------------------------------------------------- statistics, df and P in columns


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("Domain | Statistic t | d.f. | Sig. (2-tailed)", "2.31 | 80 | .023;3.02 | 44 | .004;1.12 | 60 | {}"),
        ("Domain | t-value | df | P", "2.31 | 80 | .023;3.02 | 44 | .004;1.12 | 60 | {}"),
        ("Domain | Test statistic | P", "t(80) = 2.31 | .023;t(44) = 3.02 | .004;t(60) = 1.12 | {}"),
        ("Domain | df1 | df2 | F | P", "2 | 87 | 4.20 | .018;2 | 44 | 3.11 | .055;1 | 60 | 1.25 | {}"),
        ("Domain | Wald chi-square | df | P", "6.3 | 2 | .043;12.3 | 6 | .056;1.25 | 1 | {}"),
    ],
)
def test_names_of_columns_of_statistics(head: str, row: str) -> None:
    lines = [f"{name} | {cells}" for name, cells in zip("ABC", row.split(";"), strict=True)]
    right = ".264" if "chi" in head else ".268" if "df1" in head else ".267"
    assert rules(table(head, *(line.format(right) for line in lines))) == []
    assert rules(table(head, *(line.format(".027") for line in lines))) == ["p-vs-statistic"]


# ---------------------------------------------------------------- scores


@pytest.mark.parametrize(
    "label", ["BPI interference (0-10), total of seven", "VAS (0-10 cm), mm", "NRS 0-10, days with pain"]
)
def test_rows_of_more_than_one_score(label: str) -> None:
    row = "{} | 16.0 (9.0) | 0-30"
    head, other = "Measure | Mean (SD) | Range", "KPS | 72.0 (11.0) | 40-100"
    assert rules(table(head, row.format(label), other)) == []
    assert rules(table(head, "Pain (NRS, 0-10) | 6.0 (2.0) | 0-12", other)) == ["scale-bound"]


@pytest.mark.parametrize(
    "words",
    [
        "The median Newcastle-Ottawa score of 15 studies was 7.",
        "A median of 12 raters scored 7 on the NOS.",
        "The Jadad score, with allocation concealment, was 7.",
    ],
)
def test_numbers_beside_a_tool_that_are_no_scores(words: str) -> None:
    assert rules(words) == []
    assert rules("NOS: 11 points for the best study.") == ["scale-bound"]


def test_a_citation_in_a_heading_is_no_maximum() -> None:
    rows = ["A | 13", "B | 9", "C | 10", "D | 8", "E | 7"]
    assert rules(table("Study | Quality score [12]", *rows, caption="Appraisal of quality")) == []
    assert rules(table("Study | Quality score (max 12)", *rows, caption="Appraisal of quality")) == ["scale-bound"]


# ---------------------------------------------------------------- pools in words

_ADAMS, _BROWN = "Adams 2014 (RR 0.80, 95% CI 0.60 to 1.07)", "Brown 2016 (RR 0.90, 95% CI 0.60 to 1.35)"
_OTHER = "1.40 (95% CI 1.05 to 1.87)"


@pytest.mark.parametrize(
    ("words", "flagged"),
    [
        (f"Only {_ADAMS} and no other trial is known.", False),
        (f"Only Adams 2014 contributed to this comparison (RR 0.80, 95% CI 0.60 to 1.07); the pooled RR was {_OTHER}.", True),
        (f"The pooled RR of the two trials, {_ADAMS} and {_BROWN}, was {_OTHER}.", True),
        (f"The pooled RR of the two trials, {_ADAMS} and {_BROWN}, was 0.83 (95% CI 0.66 to 1.05).", False),
        # the pool of another outcome, or of others
        (f"Two trials reported death, {_ADAMS} and {_BROWN}. The pooled RR for itch was {_OTHER}.", False),
        (f"There was only one study of women (RR 0.80, 95% CI 0.60 to 1.07), and the pooled RR of men was {_OTHER}.", False),
        (f"The pooled RR was {_OTHER}; one of the studies in this analysis had RR 0.80 (95% CI 0.60 to 1.07).", False),
        (f"There was one trial in men (RR 0.80, 95% CI 0.60 to 1.07). The overall RR was {_OTHER}.", False),
    ],
)  # fmt: skip
def test_pools_and_what_they_are_of(words: str, flagged: bool) -> None:
    assert rules(words) == (["pooled-vs-studies"] if flagged else [])


def test_the_same_group_in_other_years() -> None:
    words = "A cross-over trial in 45 volunteers assigned to {}."
    assert rules(words.format("both orders in 2011 (n = 31) and in 2012 (n = 19)")) == []
    assert rules(words.format("plaster (n = 31) and cream (n = 19)")) == ["total-vs-parts"]


@pytest.mark.parametrize(("text", "flagged"), [
    ("Effects were small (b = .11, SD = .04, p = .002, d = .30, 95 % CI .030, .188).", False),
    ("Effects were small (b = .51, SD = .04, p = .002, d = .30, 95 % CI .030, .188).", True),
    ("The difference in platelets was 2.41 \u00d710\u2079/L (95% CI 1.24 to 3.58).", False),
    ("Falls befell 8 of 40 with a rail (20.0%) and 14 of 67 without one (20.9%).", False),
    ("One out of 3 (36.1%) of the helpers wore gloves.", False),
    ("In all, 1 of 7 patients (41.3%) had a flare.", True),
    ("Arms differed, F(1,79) = 25.31, p = 2.99\u221710\u207b\u2076.", False),
])  # fmt: skip
def test_what_numbers_are_of(text: str, flagged: bool) -> None:
    assert bool(oa.audit.check(from_text(f"# A\n\n## Results\n\n{text}\n", name="a.md")).flags) == flagged


@pytest.mark.parametrize(
    ("factor", "flagged"), [("knee pain, VAS", False), ("VAS of 7 or more", True), ("heart failure", True)]
)
def test_a_score_is_no_factor_that_one_has_or_not(factor: str, flagged: bool) -> None:
    found = flags(
        f"We included 214 adults. The odds of falls were lower in patients with {factor} than in those without "
        "(odds ratio 0.66, 95% CI 0.58 to 0.75)."
    )
    assert ("precision-bound" in [one.rule for one in found]) == flagged


def test_a_statistic_is_not_on_the_scale_of_its_row() -> None:
    rows = "| Worst pain (NRS 0-10), mean (SD) | 6.1 (1.7) | {} (1.6) | -3.11 | 0.002 |\n"
    head = "Table 2. Pain\n\n| Factor | Early (n = 52) | Late (n = 61) | Statistic | P value |\n|---|---|---|---|---|\n"
    assert not [one for one in flags(head + rows.format("7.1")) if one.rule == "scale-bound"]
    assert [one.rule for one in flags(head + rows.format("17.1")) if one.rule == "scale-bound"]
