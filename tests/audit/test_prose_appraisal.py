"""Appraisals of studies printed in a sentence or in one cell: the points of the domains against the score."""

from __future__ import annotations

import time

import pytest

import ostealgia as oa
from ostealgia.audit.finding import Finding
from ostealgia.io.documents.reading import from_text

TOOL = "Results\n\nThe quality of the studies was rated with the Newcastle-Ottawa Scale (NOS).\n\n"


def found(words: str, *, tool: str = TOOL, suffix: str = "txt") -> list[Finding]:
    """The findings on scores of a made-up paper."""
    audit = oa.audit.check(from_text(tool + words, name=f"a.{suffix}"), rules=("total-vs-parts", "scale-bound"))
    assert not [note for note in audit.notes if "could not be run" in note]
    return list(audit.findings)


def scores(words: str, **other: str) -> list[tuple[str, str, str | None]]:
    """(what is printed, verdict, repair) of each score."""
    return [(f.reported, f.verdict, f.repair) for f in found(words, **other) if f.rule == "total-vs-parts"]


@pytest.mark.parametrize(
    "words",
    [
        "Adams et al. scored 7 of 9 (4, 2, 2).",
        "Adams et al. scored 7 out of 9 stars (4 + 2 + 2).",
        "Adams et al. was rated 7/9 (4/2/2).",
        "Adams et al. received seven of nine stars (four, two and two).",
        "Adams et al.: NOS 7/9 (selection 4, comparability 2, outcome 2).",
        "Adams et al. had an NOS score of 7 (selection: 4; comparability: 2; exposure: 2).",
        "Adams et al. received four stars for selection, two for comparability and two for outcome, giving a total of 7.",
        "Selection, comparability and outcome were given 4, 2 and 2 stars in Adams et al., a total score of 7.",
        "Adams et al. received 4, 2 and 2 stars for selection, comparability and outcome, respectively (total, 7).",
        "Adams et al. had ★★★★ for selection, ★★ for comparability and ★★☆ for outcome (7/9).",
        "Adams et al. had 4 (selection), 2 (comparability) and 2 (outcome) stars (7/9).",
    ],
)
def test_points_that_do_not_add_up(words: str) -> None:
    ((reported, verdict, repair),) = scores(words)
    assert verdict == "inconsistent" and reported.startswith("7") and reported.endswith("(4, 2, 2)")
    assert repair is not None and repair.startswith("8")
    ((_, verdict, _),) = scores(words.replace("7", "8").replace("seven", "eight"))
    assert verdict == "consistent"


def test_several_studies_in_one_sentence() -> None:
    words = "Adams: selection 4, comparability 2, outcome 2, total 8; Baker: selection 3, comparability 2, outcome 1, total 7."
    assert [verdict for _, verdict, _ in scores(words)] == ["consistent", "inconsistent"]
    words = "Adams scored 8 of 9 (4, 2, 2), Baker 7 of 9 (3, 2, 1) and Clark 5 of 9 (3, 0, 2)."
    assert [verdict for _, verdict, _ in scores(words)] == ["consistent", "inconsistent", "consistent"]


def test_a_changed_class_is_major() -> None:
    limits = "Studies were high quality if they scored 8 or higher, moderate between 5 and 7, and low below 5.\n\n"
    flags = [f for f in found("Adams et al. scored 7 of 9 (4, 2, 2).", tool=TOOL + limits) if f.flagged]
    assert [f.severity for f in flags] == ["major"]


def test_a_domain_has_its_limit() -> None:
    flags = [f for f in found("Adams et al. had an NOS of 9/9 (selection 5, comparability 2, outcome 2).") if f.flagged]
    assert [(f.rule, f.reported, f.quote) for f in flags] == [("scale-bound", "5", "5")]
    adapted = (
        TOOL + "We used the version of the Newcastle-Ottawa Scale that was adapted for cross-sectional studies.\n\n"
    )
    words = "Adams et al. had an NOS of 9/10 (selection 5, comparability 2, outcome 2)."
    assert not [f for f in found(words, tool=adapted) if f.flagged]


@pytest.mark.parametrize(
    "words",
    [
        "The scale has three domains: selection (4 items), comparability (1 item) and outcome (3 items), with a total of 9 stars.",
        "It rates selection (0-4), comparability (0-2) and outcome (0-3), for a total of 9.",
        "The mean score was 7 (selection 3, comparability 1, outcome 2).",  # means need not add up
        "Adams et al. scored 7 of 9 (1, 2, 3).",  # may be citations
        "Adams et al. scored 7 of 9 (12, 13, 14).",
        "Adams et al. lost points for selection (1), comparability (1) and outcome (1), total score 7.",
        "Of 9 studies, 7 (4, 2, 2) were of high quality.",
        "In 7 patients (4, 2, 2 in each arm) selection, comparability and outcome were not stated.",
        "Selection was adequate in 4 studies, comparability in 2 and outcome in 2 studies, of a total of 9.",
    ],
)
def test_what_is_no_score_is_not_read(words: str) -> None:
    assert scores(words) == []


def test_no_tool_no_check() -> None:
    assert scores("Adams et al. scored 7 of 9 (4, 2, 2).", tool="Results\n\n") == []


def test_another_tool() -> None:
    tool = "Results\n\nThe Jadad score of each trial is given.\n\n"
    words = "Adams et al. had a Jadad score of 5 (randomisation 2, blinding 1, withdrawals 1)."
    assert scores(words, tool=tool) == [("5 (2, 1, 1)", "inconsistent", "4")]


def test_cells_of_a_column_of_scores() -> None:
    rows = [
        "| Study | NOS score |",
        "|---|---|",
        "| Adams | 8 (4/2/2) |",
        "| Baker | 6 (3/1/2) |",
        "| Clark | 8 (3/1/3) |",
    ]
    table = "\n".join(rows)
    assert scores(table, suffix="md") == [
        ("8 (4, 2, 2)", "consistent", None),
        ("6 (3, 1, 2)", "consistent", None),
        ("8 (3, 1, 3)", "inconsistent", "7"),
    ]
    assert scores(table.replace("8 (4/2/2)", "9 (4/2/2)"), suffix="md") == []  # one cell that adds up is no proof


def test_long_hostile_text_is_quick() -> None:
    for words in ("selection 4, " * 4000, "7 of 9 (" * 4000, "4, 2, 2, " * 4000, "★" * 30000):
        begun = time.perf_counter()
        found(words)
        assert time.perf_counter() - begun < 5  # seconds, on a loaded machine; a quadratic pattern takes minutes
