"""Every printed number as a fact with its role and its words, so that one quantity is found at several places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ostealgia.audit.checks.reading.words import stems
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.confidence import Triplet
from ostealgia.audit.statements.model import (
    Claim,
    Count,
    Estimate,
    Heterogeneity,
    Mean,
    Median,
    Number,
    PValue,
    Size,
    Statement,
    Test,
)
from ostealgia.audit.tables.model import Line, ReadTable
from ostealgia.errors import OptionError
from ostealgia.numerics.intervals import Printed

RESULT_SECTIONS = ("abstract", "results", "conclusion", "discussion", "other")

# part of a statement or of a table's entry -> role
ROLES: dict[type, dict[str, str]] = {
    Estimate: {"estimate": "value", "ci_low": "low", "ci_high": "high", "p_value": "p"},
    Count: {"count": "count", "percent": "percent", "n": "n"},
    Mean: {"mean": "value", "spread": "spread", "n": "n"},
    Median: {"median": "value", "low": "low", "high": "high", "n": "n"},
    Test: {"statistic": "statistic", "p_value": "p"},
    Heterogeneity: {"i2": "i2", "tau2": "tau2", "q": "statistic", "p_value": "p"},
    Size: {"n": "n"},
    PValue: {"p_value": "p"},
    Claim: {"size": "change", "times": "value"},
}
ENTRY_ROLES = {
    "count": "count", "percent": "percent", "n": "n", "mean": "value", "sd": "spread", "se": "spread", "median": "value", "low": "low",
    "high": "high", "estimate": "value", "ci_low": "low", "ci_high": "high", "statistic": "statistic", "p_value": "p",
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Fact:
    """One printed number. where : the sentence, or (table, row) of a cell.  words : stems of what it is about.

    printed : its value with places.  measure : of an estimate, else None.  column : of a cell, else None.
    """

    number: Number
    printed: Printed
    role: str
    section: str
    sentence: tuple[int, int] | None
    table: int | None
    row: int | None
    words: frozenset[str]
    measure: str | None = None
    study: str | None = None
    group: str | None = None
    statement: Statement | None = None
    column: int | None = None

    @property
    def start(self) -> int:
        """First character."""
        return self.number.start

    @property
    def distinctive(self) -> bool:
        """A numeral that hardly stands at two places by chance: 29.4, 0.047, 1.37, 2,774; not 5, 0.1, < 0.001."""
        shown = self.printed
        if shown.relation != "=" or self.role == "n":
            return False
        digits = len(str(abs(int(shown.exact.scaleb(shown.decimals)))))
        if self.role == "p":
            return shown.decimals >= 3 and digits >= 2
        return digits >= 3 or (digits == 2 and shown.decimals >= 1)


def parsed(number: Number | None) -> Printed | None:
    """The number with its places, None where it cannot be read."""
    if number is None:
        return None
    try:
        return number.printed
    except OptionError:
        return None


def sentence_words(paper: Paper, span: tuple[int, int]) -> frozenset[str]:
    """The content words of a sentence."""
    return _words(paper.document.plain[span[0] : span[1]])


@lru_cache(maxsize=4096)
def _words(text: str) -> frozenset[str]:
    return stems(text[:4000])


def prose_facts(paper: Paper) -> list[Fact]:
    """The numbers of running text, in reading order; those in cells of tables and in captions of tables are left out."""
    found: list[Fact] = []
    for statement in paper.statements:
        if statement.cell is not None or statement.section not in RESULT_SECTIONS:
            continue
        found += _of_statement(paper, statement)
    return sorted(found, key=lambda fact: (fact.start, fact.role == "n"))


def _of_statement(paper: Paper, statement: Statement) -> Iterator[Fact]:
    roles = ROLES.get(type(statement), {})
    for part, role in roles.items():
        number = getattr(statement, part)
        shown = parsed(number)
        if number is None or shown is None:
            continue
        measure = getattr(statement, "measure", None)
        if role == "value" and isinstance(statement, Estimate) and statement.percent:
            role = "percent"
        yield Fact(
            number, shown, role, statement.section, statement.sentence, None, None,
            frozenset(stems(" ".join(statement.subject))) or sentence_words(paper, statement.sentence),
            measure, statement.study, statement.group, statement,
        )  # fmt: skip


def table_facts(paper: Paper) -> list[Fact]:
    """The numbers of the tables that were understood, row by row; words are those of the row's label and variable."""
    found: list[Fact] = []
    for table in paper.tables:
        if table.kind == "other":
            continue
        for line in table.lines:
            found += _of_line(paper, table, line)
    return found


def _of_line(paper: Paper, table: ReadTable, line: Line) -> Iterator[Fact]:
    words = stems(line.label) | (stems(line.variable) if line.depth else frozenset())
    groups = {column.index: column.group for column in table.columns}
    section = paper.document.tables[table.index].section if table.index < len(paper.document.tables) else "results"
    for column, entry in sorted(line.entries.items()):
        for part, number in entry.parts.items():
            role, shown = ENTRY_ROLES.get(part), parsed(number)
            if role is None or shown is None:
                continue
            yield Fact(
                number,
                shown,
                role,
                section,
                None,
                table.index,
                line.row,
                words,
                group=groups.get(column),
                column=column,
            )


def same_value(first: Printed, second: Printed) -> bool:
    """One value, as far as the places of the shorter print tell."""
    if first.relation != "=" or second.relation != "=":
        return first.relation == second.relation and first.value == second.value
    return first.value == second.value or first.fits(second.value) or second.fits(first.value)


def triplet_of(statement: Estimate) -> Triplet | None:
    """Estimate and limits, where all are printed and rise above 0."""
    parts = [parsed(part) for part in (statement.estimate, statement.ci_low, statement.ci_high)]
    estimate, low, high = parts
    if estimate is None or low is None or high is None or statement.ci_kind != "confidence":
        return None
    if min(estimate.value, low.value) <= 0 or high.value <= low.value:
        return None
    return Triplet(estimate, low, high)
