"""Counts, means and P values of a sentence against the one row of a table that says the same and nothing else.

A reading is certain here only where the clause holds the words of the row (and of its group) and no other content word: "in the
A group, 85 patients (82.5%) were men" beside a row "Male". A time, a subgroup or a model is one more word, and ends it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ostealgia.audit.causes import slip
from ostealgia.audit.checks.reading.facts import parsed
from ostealgia.audit.checks.reading.text import once, sentences_with
from ostealgia.audit.checks.reading.told import OWN_RESULTS
from ostealgia.audit.checks.reading.words import overlap, stems
from ostealgia.audit.finding import Finding, Place
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.totals import cross_reference
from ostealgia.audit.statements.model import Count, Mean, Number, PValue, Statement
from ostealgia.audit.tables.model import Column, Entry, Line, ReadTable
from ostealgia.numerics.intervals import Interval, Printed

SEX = frozenset({"male", "female"})
FREE = stems(
    """occurred occurring was were had achieved experienced developed noted seen recorded received reached obtained arm treatment
    treated rate mean median average baseline characteristics total overall cohort population participants subjects individuals
    people cases sd years year old standard deviation shown presented documented present"""
)
MOST = 40  # words of a clause
_OTHER = re.compile(
    r"\badjust|\bmultivari|\bunivari|\bregress|\bsubgroup|\bmodel|\bsensitivity|\binteraction|\btrend\b|\bpaired\b|\bet al\b|\bpropensity"
    r"|\bmatch(?:ed|ing)\b|\bfollow-?up\b|\bchange|\bimprove|\bwithin\b|\bbefore\b|\bafter\b|\bweeks?\b|\bmonths?\b|\bdays?\b",
    re.I,
)


@dataclass(frozen=True, eq=False)
class Row:
    """A row of a table of groups. label : stems it is told by.  variable : stems of the variable it belongs to."""

    table: ReadTable
    line: Line
    label: frozenset[str]
    variable: frozenset[str]

    def column(self, words: frozenset[str]) -> Column | None:
        """The column of the one group that the words name; the only column, or that of all, where they name none."""
        filled = [
            one for one in self.table.columns if one.role in ("group", "total") and one.index in self.line.entries
        ]
        if len(filled) == 1:
            return filled[0]
        named = [one for one in filled if (name := _name(one)) and name <= words]
        if len(named) == 1:
            return named[0]
        whole = [one for one in filled if one.role == "total"]
        return whole[0] if not named and len(whole) == 1 else None


def _name(column: Column) -> frozenset[str]:
    return stems(column.group or column.name) - FREE


@once
def _rows(paper: Paper) -> tuple[Row, ...]:
    """Rows of the tables of groups whose label is a word of its own."""
    found: list[Row] = []
    for table in paper.tables:
        if table.kind not in ("groups", "characteristics"):
            continue
        for line in table.lines:
            label = stems(line.label) - FREE
            if label and max(map(len, label)) > 2:
                found.append(Row(table, line, label, stems(line.variable) - FREE if line.depth else frozenset()))
    return tuple(found)


def _row_of(paper: Paper, words: frozenset[str]) -> Row | None:
    """The one row of the paper that the words tell of; None where none or several do, or a word is left over."""
    about = [row for row in _rows(paper) if row.label <= words and (not row.line.depth or _category(row, words))]
    longest = max((len(row.label) for row in about), default=0)
    about = [row for row in about if len(row.label) == longest]
    if len(about) != 1 or sum(row.label == about[0].label for row in _rows(paper)) != 1:
        return None
    row = about[0]
    groups = frozenset().union(*(_name(column) for column in row.table.columns if column.role in ("group", "total")))
    return row if words <= row.label | row.variable | groups | FREE else None


def _category(row: Row, words: frozenset[str]) -> bool:
    return bool(row.variable & words) or row.label <= SEX


def _clause(paper: Paper, statement: Statement) -> str:
    """The words about a number: from the number before it to the one behind it, within the sentence."""
    plain, (start, end) = paper.document.plain, statement.sentence
    before = plain[max(start, statement.start - 160) : statement.start]
    behind = plain[statement.end : min(end, statement.end + 160)]
    cuts = list(re.finditer(r"\d[^a-z]{0,12}|[;:]", before, re.I))
    stop = re.search(r"\d|[;:]|\b(?:and|while|whereas|but|versus|vs)\b|,\s", behind)
    return before[cuts[-1].end() if cuts else 0 :] + " " + (behind[: stop.start()] if stop else behind)


def _told(paper: Paper, kind: type[Statement]) -> Iterator[tuple[Statement, frozenset[str]]]:
    """The statements of running text whose clause is not of another analysis, and its words."""
    for one in paper.of_kind(kind):
        if one.cell is not None or one.study is not None or one.section not in OWN_RESULTS:
            continue
        clause = _clause(paper, one)
        words = stems(clause)
        if 0 < len(words) <= MOST and _OTHER.search(clause) is None:
            yield one, words


_OF_ITS_OWN = re.compile(r"\s?/\s?\d")


def counts_of_rows(paper: Paper) -> Iterator[Finding]:
    """Is the count of a group the one in its row, where both give their percentage of the same patients?"""
    if not _rows(paper):
        return
    for one, words in _told(paper, Count):
        row = _row_of(paper, words) if isinstance(one, Count) and one.count and one.percent else None
        column = row.column(words) if row is not None else None
        if not isinstance(one, Count) or one.count is None or row is None or column is None:
            continue
        entry, n = row.line.entries[column.index], column.n
        there = entry.parts.get("count")
        if there is None or n is None or one.count.value == there.value:
            continue
        if not (_share(one.count, one.percent, n) and _share(there, entry.parts.get("percent"), n)):
            continue
        if one.n is not None and one.n.value != n.value:
            continue
        if _OF_ITS_OWN.match(paper.document.plain, one.count.end):
            continue  # "18/58": a part of the row
        yield from _compared(paper, one.count, there, row, entry, exact=True)


def _share(count: Number, percent: Number | None, n: Number) -> bool:
    if percent is None or n.value <= 0 or count.value > n.value:
        return False
    share = 100 * count.value / n.value
    shown = parsed(replace(percent, text=percent.text.rstrip("% ")))
    return shown is not None and shown.allows(Interval(share, share))


def means_of_rows(paper: Paper) -> Iterator[Finding]:
    """Is the mean of a group the one in its row, where both have the same SD?"""
    if not _rows(paper):
        return
    for one, words in _told(paper, Mean):
        row = _row_of(paper, words) if isinstance(one, Mean) and one.spread is not None else None
        column = row.column(words) if row is not None else None
        if not isinstance(one, Mean) or one.spread is None or row is None or column is None:
            continue
        entry = row.line.entries[column.index]
        mean, sd = entry.parts.get("mean"), entry.parts.get("sd")
        if mean is None or sd is None or one.mean.value == mean.value or sd.text != one.spread.text:
            continue
        yield from _compared(paper, one.mean, mean, row, entry)


def _compared(
    paper: Paper, here: Number, there: Number, row: Row, entry: Entry, *, exact: bool = False
) -> Iterator[Finding]:
    """Two prints of one number, where one is a single slip away from the other."""
    first, second = parsed(here), parsed(there)
    if first is None or second is None or not _same_kind(first, second) or slip(first, second.value) is None:
        return
    label = paper.document.tables[row.table.index].label or "the table"
    yield cross_reference(
        here.text,
        there.text,
        what=f"{' '.join(row.line.label.split())} in {label}, line {paper.document.line(entry.start)}",
        severity="minor",
        exact=exact,
        place=_place(paper, here),
    )


def _same_kind(first: Printed, second: Printed) -> bool:
    return (
        first.relation == second.relation == "=" and first.decimals == second.decimals and first.value != second.value
    )


def _place(paper: Paper, number: Number) -> Place:
    return paper.place(number.start, number.end)


_LABELLED = re.compile(r"(?:^|[\s,(;])((?:[^\W\d_][\w\-]*\s{1,3}){0,5}[^\W\d_][\w\-]*)\s{0,3}[(\[]\s{0,3}$")
_DIFFER = re.compile(r"\b(?:differ\w*|comparable|balanced|similar)\b", re.I)
_HEAD = re.compile(r"\b(?:and|in|of|for|as|were|was|the|with|or)\b", re.I)
SIBLINGS = 2  # other P values of the paragraph that stand in the table's rows of the same names


@dataclass(frozen=True, eq=False)
class Named:
    """A P behind a name in running text, and the rows with this name: one a table."""

    p: PValue
    rows: dict[int, tuple[Row, Entry]]

    def agrees(self, table: int) -> bool:
        """Whether the table's row prints this very P."""
        found = self.rows.get(table)
        return found is not None and found[1].parts["p_value"].value == self.p.p_value.value


def p_values_of_rows(paper: Paper) -> Iterator[Finding]:
    """Is the P behind a name, "no difference in age (P = 0.833)", that of the name's row in the table of the groups?"""
    told: dict[int, list[Named]] = {}
    for one in paper.of_kind(PValue) if any(not row.line.depth for row in _rows(paper)) else ():
        block = paper.document.block_at(one.start)
        if block is not None and (named := _named(paper, one)) is not None:
            told.setdefault(block.start, []).append(named)
    for block_names in told.values():
        for named in block_names:
            if any(named.agrees(table) for table in named.rows) or named.p.p_value.printed.decimals < 3:
                continue
            near = [table for table in named.rows if sum(one.agrees(table) for one in block_names) >= SIBLINGS]
            if len(near) == 1:
                row, entry = named.rows[near[0]]
                yield from _compared(paper, named.p.p_value, entry.parts["p_value"], row, entry)


def _named(paper: Paper, one: PValue) -> Named | None:
    """The rows of the words right before the bracket of a P that compares groups."""
    if one.cell is not None or one.study is not None or one.section not in OWN_RESULTS:
        return None
    before = paper.document.plain[max(one.sentence[0], one.start - 400) : one.start]
    words = _LABELLED.search(before[-110:])
    if words is None or _DIFFER.search(paper.document.plain, *one.sentence) is None or _OTHER.search(before):
        return None
    parts = _HEAD.split(words[1])
    names = {stems(" ".join(parts[i:])) - FREE for i in range(len(parts))}
    found: dict[int, list[tuple[Row, Entry]]] = {}
    for row in _rows(paper):
        entries = [entry for entry in row.line.entries.values() if set(entry.parts) == {"p_value"}]
        if not row.line.depth and row.label in names and len(entries) == 1:
            found.setdefault(row.table.index, []).append((row, entries[0]))
    single = {table: rows[0] for table, rows in found.items() if len(rows) == 1}
    return Named(one, single) if single else None


_DECIMAL = r"(\d{1,3}\.\d{1,2})(?!\d|\.\d)"
_PAIR = re.compile(
    rf"(?<![\w.,\-<>=]){_DECIMAL}\s?(%|months?|years?|weeks?|days?)?\s{{1,3}}(?:vs\.?|versus|compared\s{{1,3}}(?:with|to))\s{{1,3}}{_DECIMAL}"
    r"\s?(%|months?|years?|weeks?|days?)?",
    re.I,
)
SHARED = 3  # words that two sentences on one pair of numbers have in common
ALIKE = 0.5  # share of the words of the shorter one


@dataclass(frozen=True, eq=False)
class Pair:
    """Two numbers of two groups side by side, "7.2 vs. 4.8 months". words : stems of what is said before them."""

    first: Number
    second: Number
    unit: str
    words: frozenset[str]
    section: str


def pairs_of_abstract(paper: Paper) -> Iterator[Finding]:
    """Are two numbers side by side in the abstract those of the results, where one of them is and the words are the same?"""
    pairs = list(_pairs(paper))
    results = [pair for pair in pairs if pair.section == "results"]
    for one in pairs:
        if one.section != "abstract":
            continue
        about = [pair for pair in results if _alike(one, pair)]
        partner = next((pair for pair in about if _texts(pair) == _texts(one)), None)
        if partner is not None or len(about) != 1:
            continue
        here, there = next(
            (a, b) for a, b in ((one.first, about[0].first), (one.second, about[0].second)) if a.text != b.text
        )
        first, second = parsed(here), parsed(there)
        printed = len(re.findall(rf"(?<![\d.]){re.escape(here.text)}(?![\d]|\.\d)", paper.document.plain))
        if first is None or second is None or printed != 1 or not _same_kind(first, second):
            continue
        if slip(first, second.value) is not None:
            where = f"the results, line {paper.document.line(there.start)}"
            yield cross_reference(
                here.text, there.text, what=f"the same pair in {where}", severity="minor", place=_place(paper, here)
            )


def _pairs(paper: Paper) -> Iterator[Pair]:
    for sentence in sentences_with(paper.document, _PAIR):
        if sentence.section not in ("abstract", "results"):
            continue
        for match in _PAIR.finditer(sentence.text):
            words = stems(sentence.text[max(0, match.start() - 200) : match.start()])
            unit = (match[2] or match[4] or "").casefold().rstrip("s")
            yield Pair(sentence.number(match, 1), sentence.number(match, 3), unit, words, sentence.section)


def _texts(pair: Pair) -> tuple[str, str]:
    return pair.first.text, pair.second.text


def _alike(one: Pair, other: Pair) -> bool:
    """Whether one of the two numbers, the unit and the words agree."""
    same = one.first.text == other.first.text or one.second.text == other.second.text
    shared = len(one.words & other.words) >= SHARED and overlap(one.words, other.words) >= ALIKE
    return same and shared and one.unit == other.unit


CHECKS = (counts_of_rows, means_of_rows, p_values_of_rows, pairs_of_abstract)
