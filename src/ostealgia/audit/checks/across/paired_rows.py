"""Two groups of one sentence against the row of a table that says the same: "4.4 with A and 4.7 with B (Table 3)".

The sentence holds the words of the row and names both groups; it tells just two numbers of a kind, in the order of the groups.
Where one of them is the cell's and the other is not, the two places differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ostealgia.audit.causes import slip
from ostealgia.audit.checks.reading.facts import parsed
from ostealgia.audit.checks.reading.text import once, sentences
from ostealgia.audit.checks.reading.told import OWN_RESULTS, PERCENT, Told, same_print, told_numbers
from ostealgia.audit.checks.reading.words import stems
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.totals import cross_reference
from ostealgia.audit.tables.model import Column, Line, ReadTable
from ostealgia.numerics.intervals import Printed

PLAIN = stems("mean median average number patient percent percentage score value standard deviation range quartile yes")
TOO_SHORT, LONGEST = 30, 700  # characters of a sentence that is looked at
_DIGITS = re.compile(r"\d")
_N_OF = re.compile(r"(?<![\w.,/])(\d{1,5})\s?(?:of\s{1,2}(?:the\s{1,2})?|/\s?)(\d{1,5})(?![\d/]|[.,]\d)")
_COUNT = re.compile(
    r"(?<![\w.,/])(?<!of )(?<!of the )(?<!/ )(\d{1,5})\s{1,2}(?:(?:[a-z]{3,15}\s{1,2}){0,2})?[(\[]\s?\d{1,3}(?:[.,·]\d{1,2})?\s?%"
)
_DECIMAL = re.compile(r"(?<![\w.,·/-])(\d{1,4}[.·]\d{1,2})(?![\d%]|\s?%|[.,·]\d)")
_BRACKET = re.compile(r"[(\[][^()\[\]]{0,120}[)\]]")
_TESTED = re.compile(r"\b[Pp](?:[- ]values?)?\s?[=<>≤]\s?[\d.·]{1,7}|\b[nN]\s?=\s?\d{1,6}")
_AVERAGE = re.compile(r"\b(?:mean|average)", re.I)
_MOMENT = re.compile(
    r"\b(?:weeks?|months?|days?|years?)[ -](\d{1,3})\b|(?<![\w.])(\d{1,3})[ -](?:weeks?|months?|days?|years?)\b|\b(baseline|follow-?up)\b",
    re.I,
)
_PART = re.compile(
    r"\b(?:subgroup|sub-group|among|responders|per-protocol|excluding|excluded|of whom|who|after adjust\w+|chang\w+|differen\w+|increas\w+|"
    r"decreas\w+|reduc\w+|sensitivity|from)\b|\bfell\b|\brose\b",
    re.I,
)
_CITED = re.compile(r"\b(table\s{0,2}\d{1,2})\b", re.I)


@dataclass(frozen=True)
class Row:
    """A row of a table of two groups. words : of its label.  groups : the two columns."""

    table: ReadTable
    line: Line
    words: frozenset[str]
    groups: tuple[Column, Column]


def pairs_told(paper: Paper) -> Iterator[Finding]:
    """Two counts, percentages or means of a sentence against the row of a table on the same two groups."""
    rows = _rows(paper)
    if not rows:
        return
    for sentence in sentences(paper.document):
        plain = sentence.text
        if sentence.section not in OWN_RESULTS or not TOO_SHORT < len(plain) < LONGEST or len(sentence.pieces) > 1:
            continue
        if _PART.search(plain) or _DIGITS.search(plain) is None:
            continue
        row = _row_of(paper, rows, plain)
        order = _order(plain, row) if row is not None else None
        if row is None or order is None:
            continue
        for kind, numbers in _numbers(plain, sentence.start).items():
            found = _compared(paper, row, order, kind, numbers, plain)
            if found is not None:
                yield found
                break


@once
def _rows(paper: Paper) -> list[Row]:
    found = []
    for table in paper.tables:
        groups = [column for column in table.columns if column.role == "group"]
        if table.kind != "groups" or len(groups) != 2:
            continue
        for line in table.lines:
            words = stems(line.label) - PLAIN
            if words and line.depth == 0 and all(column.index in line.entries for column in groups):
                found.append(Row(table, line, words, (groups[0], groups[1])))
    return found


def _row_of(paper: Paper, rows: list[Row], plain: str) -> Row | None:
    """The one row whose words the sentence says: of the table that it names, where it names one."""
    words = stems(plain)
    named = {found[1].casefold().replace(" ", "") for found in _CITED.finditer(plain)}
    about = [row for row in rows if row.words <= words]
    if named:
        tables = paper.document.tables
        about = [row for row in about if tables[row.table.index].label.casefold().replace(" ", "") in named]
    longest = max((len(row.words) for row in about), default=0)
    about = [row for row in about if len(row.words) == longest]
    return about[0] if len(about) == 1 and _same_moment(paper, plain, about[0]) else None


def _same_moment(paper: Paper, plain: str, row: Row) -> bool:
    """Whether the sentence names no time that row and caption do not name."""
    caption = paper.document.tables[row.table.index].caption
    told, theirs = (
        {part.casefold() for found in _MOMENT.finditer(text) for part in found.groups() if part}
        for text in (plain, f"{caption} {row.line.label}")
    )
    return told <= theirs or (told == {"baseline"} and not theirs)


def _order(plain: str, row: Row) -> tuple[Column, Column] | None:
    """The two groups in the order in which the sentence names them, each once."""
    low = plain.casefold()
    names = [stems(column.group or column.name) - PLAIN for column in row.groups]
    own = [names[0] - names[1], names[1] - names[0]]
    first = []
    for words in own:
        places = [found.start() for word in words for found in re.finditer(rf"\b{re.escape(word)}", low)]
        if not places:
            return None
        first.append(min(places))
    return row.groups if first[0] < first[1] else (row.groups[1], row.groups[0])


def _numbers(plain: str, start: int) -> dict[str, list[Told]]:
    """The numbers of a sentence by kind: counts of a size, counts with a percentage, percentages, means."""
    outside = _TESTED.sub(lambda found: " " * len(found[0]), plain)
    bare = _BRACKET.sub(lambda found: " " * len(found[0]), outside)
    means = _AVERAGE.search(plain) is not None
    found = {
        "count of": told_numbers(_N_OF.finditer(outside), start),
        "count": told_numbers(_COUNT.finditer(outside), start),
        "percent": told_numbers(PERCENT.finditer(outside), start),
        "mean": told_numbers(_DECIMAL.finditer(bare), start) if means else [],
    }
    return {kind: numbers for kind, numbers in found.items() if len(numbers) == 2}


def _compared(
    paper: Paper, row: Row, order: tuple[Column, Column], kind: str, numbers: list[Told], plain: str
) -> Finding | None:
    part = kind.split(maxsplit=1)[0]
    cells = [parsed(row.line.entries[column.index].parts.get(part)) for column in order]
    if cells[0] is None or cells[1] is None:
        return None
    pairs = list(zip(numbers, (cells[0], cells[1]), strict=True))
    same = _identical if part == "count" else same_print
    equal = [same(told.printed, cell) for told, cell in pairs]
    crossed = any(same(told.printed, cell) for told, (_, cell) in zip(numbers, pairs[::-1], strict=True))
    if sum(equal) != 1 or crossed:
        return None
    told, cell = pairs[equal.index(False)]
    sure = pairs[equal.index(True)][0].printed
    if _CITED.search(plain) is None and slip(told.printed, cell.value) is None and len(sure.text.replace(".", "")) < 3:
        return None
    label = paper.document.tables[row.table.index].label or "a table"
    where = paper.document.line(row.line.entries[order[0].index].start)
    return cross_reference(
        told.printed.text,
        cell.text,
        what=f"{row.line.label} ({label}, line {where})",
        severity="major",
        exact=part == "count",
        place=paper.place(told.start, told.end),
    )


def _identical(first: Printed, second: Printed) -> bool:
    return first.value == second.value


CHECKS = (pairs_told,)
