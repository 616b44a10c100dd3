"""Figures of single statements: the scale of a measure, its level, its family; sizes and words beside a number."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TypeVar

from ostealgia.audit.checks.reading.text import once
from ostealgia.audit.paper import Paper
from ostealgia.audit.statements.model import Estimate, Number, Statement

S = TypeVar("S", bound=Statement)

# measure of an estimate -> the scale on which its interval is symmetric; others have no certain scale
CERTAIN_SCALE: dict[str, str] = {
    **dict.fromkeys(("OR", "HR", "RR", "IRR", "ROM", "DOR", "SMR"), "ratio"),
    **dict.fromkeys(("MD", "SMD", "RD", "difference", "mean", "B"), "difference"),
    "proportion": "proportion",
    "r": "correlation",
}
RATIOS = frozenset(name for name, scale in CERTAIN_SCALE.items() if scale == "ratio")
EFFECTS = frozenset(name for name in CERTAIN_SCALE if name not in ("mean", "proportion"))

# words of a paper that adjusts P for several comparisons
MULTIPLICITY = ("bonferroni", "holm", "tukey", "dunnett", "benjamini", "sidak", "šidák", "hochberg", "scheff")

# a measure of an adjusted estimate -> the measure
_FAMILY = {"AOR": "OR", "AHR": "HR"}
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def free(paper: Paper, kind: type[S]) -> Iterator[S]:
    """The statements of one kind in running text, and in cells that the structure of their table does not explain."""
    used = [table.used for table in paper.tables]
    for statement in paper.of_kind(kind):
        cell = statement.cell
        if cell is None or cell.table >= len(used) or (cell.row, cell.column) not in used[cell.table]:
            yield statement


@once
def estimates_of_sentences(paper: Paper) -> dict[tuple[int, int], list[Estimate]]:
    """Sentence -> the estimates in it that ``free`` gives."""
    found: defaultdict[tuple[int, int], list[Estimate]] = defaultdict(list)
    for one in free(paper, Estimate):
        found[one.sentence].append(one)
    return found


def family(measure: str | None) -> str:
    """The measure of an estimate, adjusted or not; empty where it has none.

    >>> family("AOR"), family("HR"), family(None)
    ('OR', 'HR', '')
    """
    return _FAMILY.get(measure or "", measure or "")


def level_of(estimate: Estimate) -> float:
    """The level of an interval as a proportion, 0.95 where none is printed."""
    if estimate.ci_level is None:
        return 0.95
    value = estimate.ci_level.value / 100
    return value if 0 < value < 1 else 0.95


def in_percent(estimate: Estimate, *numbers: Number | None) -> list[str]:
    """The numerals, with a per cent sign where the estimate is printed in per cent."""
    mark = "%" if estimate.percent and estimate.measure == "proportion" else ""
    return [f"{number.text}{mark}" for number in numbers if number is not None]


def words_in(paper: Paper, start: int, end: int) -> list[str]:
    """The words between two characters, lower case."""
    return _WORD.findall(paper.document.plain[start:end].lower())


def words_before(paper: Paper, position: int, count: int = 3) -> list[str]:
    """The last words before a place, lower case, within 60 characters."""
    return words_in(paper, max(0, position - 60), position)[-count:]


def grouped_by_sentence(statements: Iterable[S]) -> dict[tuple[int, int], list[S]]:
    """Statements by the sentence they stand in."""
    found: dict[tuple[int, int], list[S]] = {}
    for statement in statements:
        found.setdefault(statement.sentence, []).append(statement)
    return found


def mentions(paper: Paper, *words: str) -> bool:
    """Whether the paper uses one of these words (lower case) anywhere."""
    text = paper.document.plain.lower()
    return any(word in text for word in words)
