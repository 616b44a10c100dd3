"""cross-reference of printed numerals: abstract, text and tables print one quantity with one value.

Numbers of one passage (a sentence's clause, a row of a table) travel together. Where all but one of them stand in
another passage about the same thing, and the last one has a counterpart of its kind there, the two should be equal.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ostealgia.audit.causes import slip
from ostealgia.audit.checks.reading.facts import Fact, prose_facts, same_value, sentence_words, table_facts
from ostealgia.audit.checks.reading.named_tests import is_corrected, of_another_test
from ostealgia.audit.checks.reading.text import once
from ostealgia.audit.checks.reading.words import at_odds, overlap, stems
from ostealgia.audit.finding import Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.totals import cross_reference
from ostealgia.audit.statements.model import Count
from ostealgia.numerics.intervals import Interval, Printed, written

LONGEST = 24  # numbers of one clause
PLACES = 40  # places of one numeral that are looked at
GAP = 70  # characters between two numbers of one clause
NEXT = {"value", "low", "high", "percent", "p", "statistic", "count", "spread"}  # roles that are compared


_TABLE = re.compile(r"\btables?\s{0,3}\d", re.I)


@dataclass(frozen=True, eq=False)
class Passage:
    """Numbers that stand together: a clause of a sentence, or a row of a table.

    words, label : what the sentence, and what the numbers themselves, are about.  cited : the sentence names a table.
    """

    facts: tuple[Fact, ...]
    words: frozenset[str]
    label: frozenset[str]
    section: str
    table: int | None = None
    cited: bool = False

    @cached_property
    def distinctive(self) -> int:
        """How many of the numbers hardly stand at two places by chance."""
        return sum(fact.distinctive for fact in self.facts)

    @property
    def name(self) -> str:
        """For a message."""
        return f"the {self.section}" if self.table is None else "the table"


@once
def _passages(paper: Paper) -> tuple[list[Passage], list[Passage]]:
    """Clauses of the text, and rows of the tables."""
    clauses: list[Passage] = []
    run: list[Fact] = []
    for fact in [*prose_facts(paper), None]:
        together = (
            fact is not None
            and 0 < len(run) < LONGEST
            and fact.sentence == run[-1].sentence
            and fact.start - run[-1].number.end <= GAP
        )
        if not together and run:
            clauses.append(_clause(paper, run))
            run = []
        if fact is not None:
            run.append(fact)
    rows: dict[tuple[int, int], list[Fact]] = defaultdict(list)
    for fact in table_facts(paper):
        if fact.table is not None and fact.row is not None:
            rows[fact.table, fact.row].append(fact)
    lines = [
        Passage(tuple(facts), facts[0].words, facts[0].words, facts[0].section, table)
        for (table, _), facts in rows.items()
    ]
    return clauses, lines


def _clause(paper: Paper, run: Sequence[Fact]) -> Passage:
    facts = tuple(_unique(run))
    words = frozenset().union(*(fact.words for fact in facts))
    sentence = facts[0].sentence
    whole = sentence_words(paper, sentence) if sentence else words
    text = paper.document.plain[sentence[0] : sentence[1]][:1500] if sentence else ""
    return Passage(facts, whole | words, words, facts[0].section, cited=_TABLE.search(text) is not None)


def _unique(run: Sequence[Fact]) -> Iterator[Fact]:
    """Each number once, though two statements may hold it."""
    seen: set[tuple[int, int]] = set()
    for fact in run:
        key = (fact.number.start, fact.number.end)
        if key not in seen:
            seen.add(key)
            yield fact


def numbers_agree(paper: Paper) -> Iterator[Finding]:
    """Numbers of the text that stand in a table's row, or in another part of the paper, about the same thing."""
    clauses, _ = _passages(paper)
    index = _indexed(paper)
    for passage in clauses:
        for fact in passage.facts:
            if fact.role not in NEXT or not _checkable(fact, passage):
                continue
            places = [
                (_likeness(passage, other), -i, other, twin)
                for i, (other, twin) in enumerate(index.get(_key(fact), [])[:PLACES])
                if other is not passage and _other_place(passage, other)
            ]
            for alike, _, other, twin in sorted(places, key=lambda place: place[:2], reverse=True)[:MOST_PLACES]:
                if alike >= ALIKE and _could_differ(paper, index, passage, fact, other):
                    yield _agrees(paper, fact, other, twin)
                    break


def _could_differ(paper: Paper, index: Index, passage: Passage, fact: Fact, other: Passage) -> bool:
    """Whether the number, mistyped in its last digit, would be said to differ: only then is it a check that it fits."""
    if len(passage.facts) < 2 or fact.role == "count" or _of_others(paper, passage):
        return False
    if _rest([one for one in passage.facts if one.role in NEXT and one.role != "count"], other.facts):
        return False
    text = fact.printed.text
    at = next(i for i in range(len(text) - 1, -1, -1) if text[i].isdigit())
    digit = int(text[at]) + 1 if text[at] != "9" else 8
    wrong = replace(fact, printed=Printed.parse(f"{text[:at]}{digit}{text[at + 1 :]}"))
    changed = replace(passage, facts=tuple(wrong if one is fact else one for one in passage.facts))
    shared = _weight(changed, other, index)
    pair = _odd_one(paper, changed, other, shared) if shared else None
    return (
        pair is not None
        and pair[0] is wrong
        and _of_change(paper, pair[0]) == _of_change(paper, pair[1])
        and not _has_partner(index, passage, other, pair[1])
    )


def _weight(passage: Passage, other: Passage, index: Index) -> float:
    """The distinctive numbers that two passages have in common, rounded ones by half."""
    return sum(
        weight
        for fact in passage.facts
        for twins, weight in _twins(fact, index)
        if any(place is other for place, _ in twins)
    )


MOST_PLACES = 4  # likest places of a number that are tried
ALIKE = 0.5  # share of a row's words, or of the shorter clause's, that the two places have in common


def _likeness(passage: Passage, other: Passage) -> float:
    """How much two places are about the same thing: shared words, and other shared numbers."""
    if other.table is not None:
        words = overlap(passage.words, other.label) if other.label & passage.words else 0.0
    else:
        words = overlap(passage.label, other.words) if len(passage.words & other.words) >= 2 else 0.0
    shared = sum(any(_key(fact) == _key(twin) for twin in other.facts) for fact in passage.facts)
    return words + 0.2 * (shared - 1) if words else 0.0


Index = dict[tuple[str, float | str], list[tuple[Passage, Fact]]]


@once
def _indexed(paper: Paper) -> Index:
    clauses, lines = _passages(paper)
    return _index([*lines, *clauses])


def _index(passages: Sequence[Passage]) -> Index:
    found: Index = defaultdict(list)
    for passage in passages:
        for fact in passage.facts:
            found[_key(fact)].append((passage, fact))
            for weak in _weak_keys(fact):
                found[weak].append((passage, fact))
    return found


def _key(fact: Fact) -> tuple[str, float]:
    return fact.role, fact.printed.value


def _weak_keys(fact: Fact) -> set[tuple[str, str]]:
    """Keys of the value as an abstract may round it: a percentage or limit as a whole number, P with fewer places."""
    shown = fact.printed
    if fact.role == "p":
        return {("p", f"{shown.relation}{shown.value:.2g}")}
    if fact.role not in ("percent", "low", "high", "value") or shown.relation != "=" or abs(shown.value) < 2:
        return set()
    return {(fact.role, text) for text in written(shown.value, 0)}


def _checkable(fact: Fact, passage: Passage) -> bool:
    """Distinctive by itself, or beside another distinctive number."""
    return fact.distinctive or (fact.role in ("percent", "p") and passage.distinctive >= 2)


def _other_place(passage: Passage, other: Passage) -> bool:
    return other.table is not None or other.section != passage.section


def _agrees(paper: Paper, fact: Fact, other: Passage, twin: Fact) -> Finding:
    return make(
        "cross-reference",
        paper.place(fact.number.start, fact.number.end),
        reported=fact.number.text,
        verdict="consistent",
        message=f"{fact.number.text} here and in {_where(paper, other, twin)}",
        recomputed=fact.printed.value,
    )


def _where(paper: Paper, other: Passage, twin: Fact) -> str:
    if other.table is not None:
        label = paper.document.tables[other.table].label or "a table"
        return f"{label}, line {paper.document.line(twin.start)}"
    return f"the {other.section}, line {paper.document.line(twin.start)}"


def numbers_differ(paper: Paper) -> Iterator[Finding]:
    """A number of the text whose companions stand together elsewhere, beside another value of the same kind."""
    clauses, _ = _passages(paper)
    index = _indexed(paper)
    said: set[tuple[int, int]] = set()
    for passage in clauses:
        if _of_others(paper, passage):
            continue
        for other, shared in _companions(passage, index):
            pair = _odd_one(paper, passage, other, shared)
            if (
                pair is None
                or _of_change(paper, pair[0]) != _of_change(paper, pair[1])
                or (pair[0].start, pair[1].start) in said
                or _stands_elsewhere(index, passage, pair[0])
                or _has_partner(index, passage, other, pair[1])
                or _both_told(paper, index, pair)
            ):
                continue
            said |= {(pair[0].start, pair[1].start), (pair[1].start, pair[0].start)}
            yield _differs(paper, *pair, other)
            break


_CITED = re.compile(r"\bet\s{1,3}al\b|\[\d{1,3}(?:[,\-–]\s?\d{1,3})*\]", re.I)


def _of_others(paper: Paper, passage: Passage) -> bool:
    """A sentence of the discussion or introduction that cites another study may give that study's numbers."""
    sentence = passage.facts[0].sentence
    if passage.section in ("abstract", "results", "conclusion") or not sentence:
        return False
    return _CITED.search(paper.document.plain, sentence[0], min(sentence[1] + 8, sentence[0] + 1500)) is not None


COMMON = 12  # places of one numeral above which it says nothing about what a passage is about


def _companions(passage: Passage, index: Index) -> list[tuple[Passage, float]]:
    """Other passages that hold distinctive numbers of this one, and how many, most first."""
    if len(passage.facts) < 2:
        return []
    seen: dict[int, tuple[Passage, float]] = {}
    for fact in passage.facts:
        for twins, weight in _twins(fact, index):
            for other in {id(twin): twin for twin, _ in twins if _other_place(passage, twin)}.values():
                seen[id(other)] = other, seen.get(id(other), (other, 0.0))[1] + weight
    return sorted(seen.values(), key=lambda item: -item[1])


def _twins(fact: Fact, index: Index) -> list[tuple[list[tuple[Passage, Fact]], float]]:
    """The places of a distinctive number, or those of its rounded forms at half weight, where they are few enough."""
    strong = index.get(_key(fact), []) if fact.distinctive else []
    if strong:
        return [(strong, 1.0)] if len(strong) <= COMMON else []
    lists = [index[key] for key in _weak_keys(fact) if key in index]
    if not 0 < sum(len(one) for one in lists) <= 4 * COMMON:
        return []
    return [([twin for one in lists for twin in one], 0.5)]


def _odd_one(paper: Paper, passage: Passage, other: Passage, shared: float) -> tuple[Fact, Fact] | None:
    """The one number of a passage that the other passage prints with another value; None where it is not just one."""
    if not passage.words & other.label or (other.table is None and len(passage.words & other.words) < 2):
        return None
    whole, other = other, _one_column(passage, other)
    mine, theirs = _rest(passage.facts, other.facts), _rest(other.facts, passage.facts)
    mine = [fact for fact in mine if fact.role in NEXT and fact.role != "count"]
    if len(mine) != 1:
        return None
    fact = mine[0]
    counterparts = [
        twin for twin in theirs if twin.role == fact.role and (twin.measure == fact.measure or not twin.measure)
    ]
    same_role = [twin for twin in other.facts if twin.role == fact.role]
    if len(counterparts) != 1 or len(same_role) != sum(twin.role == fact.role for twin in passage.facts):
        return None
    twin = counterparts[0]
    if abs(fact.printed.value) == abs(twin.printed.value):
        return None
    if fact.printed.relation != "=" or twin.printed.relation != "=" or fact.printed.decimals > twin.printed.decimals:
        return None
    if not all(_whole_numeral(paper, one) for one in (fact, twin)) or _from_to(paper, fact) != _from_to(paper, twin):
        return None
    if _at_odds(paper, fact, twin) or _group_unsaid(paper, passage, whole, twin) or _other_test(paper, fact, twin):
        return None
    if not _travels_with(paper, fact, twin, passage, other) or not _same_order(fact, twin, passage, other):
        return None
    typed = slip(fact.printed, twin.printed.value) is not None or _count_slipped(fact, twin, passage, other)
    near = abs(fact.printed.value - twin.printed.value) <= 0.25 * abs(twin.printed.value)
    alike = fact.role != "p" and fact.printed.decimals == twin.printed.decimals
    if (
        shared >= 3
        or (shared >= 2 and (typed or near))
        or (shared >= 1 and typed and alike and _row_said(passage, other))
    ):
        return fact, twin
    return (fact, twin) if typed and _one_thing(passage, other) else None


SURE_COLUMN = 2  # numbers shared with a column that make a clause one of its group


def _group_unsaid(paper: Paper, passage: Passage, row: Passage, twin: Fact) -> bool:
    """Whether the one mean or percentage of a clause that names no group meets a row of several: it may be that of all."""
    if row.table is None or twin.column is None or twin.role == "p":
        return False
    same = {fact.column for fact in row.facts if fact.role == twin.role}
    if sum(theirs.column == twin.column for _, theirs in _shared(passage, row)) >= SURE_COLUMN:
        return False  # its limits say which group it is
    if len(same) < 2 or sum(fact.role == twin.role for fact in passage.facts) > 1:
        return False
    names = [column.group or column.name for column in paper.tables[row.table].columns if column.index == twin.column]
    return not any(stems(name) & passage.words for name in names)


def _other_test(paper: Paper, fact: Fact, twin: Fact) -> bool:
    """Whether the P of a sentence names its test, and the table of the other P does not name that one, or others too."""
    if fact.role != "p" or fact.sentence is None:
        return False
    if is_corrected(paper, fact.start) or (twin.table is None and is_corrected(paper, twin.start)):
        return True
    return twin.table is not None and of_another_test(paper, fact.sentence, twin.table)


_CUT = re.compile(r"[ \u00a0\u2009]\d")
_FROM = re.compile(r"\bfrom\b[^.;]{0,60}?\d[^;]{0,60}?\bto\b[^;]{0,20}?\d", re.I)


NEAR = 80  # characters around a number that say of whom, and when, it is


def _at_odds(paper: Paper, fact: Fact, twin: Fact) -> bool:
    """Whether the words beside two numbers of the text name different times, or different groups, sides or models."""
    if fact.sentence is None or twin.sentence is None:
        return False
    told: list[str] = []
    for one, sentence in ((fact, fact.sentence), (twin, twin.sentence)):
        first, last = max(sentence[0], one.start - NEAR), min(sentence[1], one.number.end + NEAR)
        told.append(paper.document.plain[first:last])
    return at_odds(*told)


def _whole_numeral(paper: Paper, fact: Fact) -> bool:
    """Whether a number has two digits at least, and no digits behind a blank that may belong to it ("83.4 ± 2 1.9")."""
    end = fact.number.end
    digits = sum(sign.isdigit() for sign in fact.printed.text)
    return digits > 1 and (fact.table is not None or _CUT.match(paper.document.plain, end) is None)


def _from_to(paper: Paper, fact: Fact) -> bool:
    """Whether a number of the text is one end of a change, "from a mean of 7% (4% to 12%) to 12% (5% to 22%)"."""
    if fact.table is not None or fact.sentence is None:
        return False
    first = max(fact.sentence[0], fact.start - 100)
    return any(
        match.start() < fact.start
        for match in _FROM.finditer(paper.document.plain, first, min(fact.sentence[1], fact.number.end + 40))
    )


def _one_column(passage: Passage, other: Passage) -> Passage:
    """A row, cut to the one column that all the shared numbers stand in: the text tells of one group."""
    columns = {theirs.column for _, theirs in _shared(passage, other) if theirs.role != "p"}
    if other.table is None or len(columns) != 1:
        return other
    cut = replace(other, facts=tuple(fact for fact in other.facts if fact.role == "p" or fact.column in columns))
    told = [[sum(fact.role == role for fact in one.facts) for role in ("value", "percent")] for one in (passage, cut)]
    return cut if told[0] == told[1] else other


def _count_slipped(fact: Fact, twin: Fact, passage: Passage, other: Passage) -> bool:
    """Whether the counts of two percentages are one slip apart, "33 (32.0%)" for 43 (41.7%), and of the same number of patients."""
    if fact.role != "percent" or fact.statement is None or other.table is None:
        return False
    mine = [one for one in passage.facts if one.role == "count" and _together(one, fact)]
    theirs = [one for one in other.facts if one.role == "count" and _together(one, twin)]
    if len(mine) != 1 or len(theirs) != 1 or min(fact.printed.value, twin.printed.value) <= 0:
        return False
    n = 100 * theirs[0].printed.value / twin.printed.value
    return slip(mine[0].printed, theirs[0].printed.value) is not None and fact.printed.allows(
        Interval(100 * mine[0].printed.value / (1.01 * n), 100 * mine[0].printed.value / (0.99 * n))
    )


def _shared(passage: Passage, other: Passage) -> list[tuple[Fact, Fact]]:
    """The numbers that two passages have in common, in pairs."""
    return [
        (fact, twin)
        for fact in passage.facts
        for twin in other.facts
        if fact.role == twin.role and same_value(fact.printed, twin.printed)
    ]


def _travels_with(paper: Paper, fact: Fact, twin: Fact, passage: Passage, other: Passage) -> bool:
    """What is printed with the number (limits, SD, its count) must be printed with its counterpart, as far as it is there at all.

    "37.0 (27.0 to 58.8)" of a whole group is not the 47.6 ± 17.9 of the last one; 8 (10.5%) and 12 (7.9%) are two quantities.
    """
    if fact.statement is None:
        return True
    if fact.role == "percent" and _right_by_itself(paper, fact, other):
        return False
    own = [one for one in passage.facts if one.statement is fact.statement and one is not fact and one.role != "p"]
    pairs = [(mine, theirs) for mine, theirs in _shared(passage, other) if mine in own]
    if pairs:
        return any(_together(theirs, twin) for _, theirs in pairs)
    beside = [one for one in other.facts if one is not twin and one.role != "p" and _together(one, twin)]
    kinds = {one.role for one in own} & {one.role for one in beside}
    if "count" in kinds and not _count_slipped(fact, twin, passage, other):
        return False
    return not {"low", "high"} <= kinds


_WHOLE = re.compile(r"(?<![\d.,])\d{1,6}(?![\d.,]?\d)(?!\s?%)")


def _right_by_itself(paper: Paper, fact: Fact, other: Passage) -> bool:
    """Whether a percentage is that of its own count among a number of its sentence, and the other place has not that count."""
    count = fact.statement.count if isinstance(fact.statement, Count) else None
    if count is None or fact.sentence is None:
        return False
    if any(one.role == "count" and one.printed.value == count.value for one in other.facts):
        return False
    text = paper.document.plain[fact.sentence[0] : min(fact.sentence[1], fact.sentence[0] + 1500)]
    whole = {int(found[0]) for found in _WHOLE.finditer(text)}
    return any(n >= count.value and n > 0 and fact.printed.fits(100 * count.value / n) for n in whole if n != 100)


def _together(first: Fact, second: Fact) -> bool:
    """Whether two numbers are printed as one: of one statement, or in one column of a row."""
    if first.column is not None or second.column is not None:
        return first.column == second.column
    return first.statement is second.statement


def _same_order(fact: Fact, twin: Fact, passage: Passage, other: Passage) -> bool:
    """Whether as many of the shared numbers stand before the one as before the other, where both are prose."""
    if other.table is not None:
        return True
    pairs = _shared(passage, other)
    return any(mine.start < fact.start for mine, _ in pairs) == any(theirs.start < twin.start for _, theirs in pairs)


_CHANGE = re.compile(r"\b(?:relative|increas|reduc|decreas|chang|differen|higher|lower)", re.I)


def _of_change(paper: Paper, fact: Fact) -> bool:
    """Whether the words right before a percentage make it a change ("a relative increase of 37.6%")."""
    if fact.role != "percent" or fact.table is not None:
        return False
    return _CHANGE.search(paper.document.plain, max(0, fact.start - 40), fact.start) is not None


def _row_said(passage: Passage, other: Passage) -> bool:
    """A row that shares one number only is the same thing where the clause says what the row is about."""
    return other.table is None or overlap(other.label, passage.words) >= 0.6


def _one_thing(passage: Passage, other: Passage) -> bool:
    """A pair of percentages whose places say the same in words: a row that the clause names, or an abstract and its result."""
    roles = [fact.role for fact in passage.facts if fact.role in ("percent", "value")]
    if roles != ["percent", "percent"]:
        return False
    if other.table is not None:
        return passage.cited and bool(other.label) and other.label <= passage.words
    return {passage.section, other.section} == {"abstract", "results"} and overlap(passage.label, other.label) >= 0.75


def _rest(facts: Sequence[Fact], others: Sequence[Fact]) -> list[Fact]:
    """Numbers that have no equal among the others."""
    return [
        fact
        for fact in facts
        if not any(fact.role == twin.role and same_value(fact.printed, twin.printed) for twin in others)
    ]


def _stands_elsewhere(index: Index, passage: Passage, fact: Fact) -> bool:
    """The number has an equal at a third place about the same thing, so that it may be right."""
    return any(
        other is not passage
        and ((fact.distinctive and _may_be_of(passage, other)) or _likeness(passage, other) >= ALIKE)
        for other, _ in index.get(_key(fact), [])[:PLACES]
    )


def _may_be_of(passage: Passage, other: Passage) -> bool:
    """Not in a row of a table whose label has no word of the passage: that is of something else."""
    return other.table is None or not other.label or bool(other.label & passage.words)


def _has_partner(index: Index, passage: Passage, other: Passage, twin: Fact) -> bool:
    """Whether the section of the passage prints all numbers of the other place a second time: then the passage is about
    something else ("30 (20-46) days"; "for the 15 treated cases 30 (20-44) days")."""
    if other.table is not None:
        return False
    shared = [theirs for _, theirs in _shared(passage, other)]
    return any(
        third is not passage and third is not other and third.table is None and third.section == passage.section
        and all(any(_key(one) == _key(fact) for fact in third.facts) for one in shared)
        for third, _ in index.get(_key(twin), [])[:PLACES]
    )  # fmt: skip


def _both_told(paper: Paper, index: Index, pair: tuple[Fact, Fact]) -> bool:
    """Whether the paragraph of a percentage prints the other value as well: then they are two quantities, "65.2% (95% CI ...)
    in the evaluable ... 65.5% of all"."""
    fact, twin = pair
    block = paper.document.block_at(fact.start)
    if block is None or fact.role != "percent":
        return False
    same = (one for role in ("percent", "value") for _, one in index.get((role, twin.printed.value), [])[:PLACES])
    return any(one.table is None and one is not twin and block.start <= one.start < block.end for one in same)


def _differs(paper: Paper, fact: Fact, twin: Fact, other: Passage) -> Finding:
    if other.table is None and other.section == "abstract" and fact.section == "results":
        where = (
            f"the results, line {paper.document.line(fact.start)}"  # the abstract is told: the results are its source
        )
        fact, twin = twin, fact
    else:
        where = _where(paper, other, twin)
    found = cross_reference(
        fact.number.text,
        twin.number.text,
        what=f"the same quantity in {where}",
        severity=_gravity(fact, twin),
        place=paper.place(fact.number.start, fact.number.end),
    )
    return found


def _gravity(fact: Fact, twin: Fact) -> str:
    if fact.role == "p":
        sides = {fact.printed.value < 0.05, twin.printed.value < 0.05}
        return "conclusion-changing" if len(sides) == 2 else "minor"
    if fact.role == "value":
        sides = {fact.printed.value < 1, twin.printed.value < 1}
        return (
            "major"
            if len(sides) == 2 or abs(fact.printed.value - twin.printed.value) > 0.1 * abs(twin.printed.value)
            else "minor"
        )
    return "minor"


CHECKS = (numbers_agree, numbers_differ)
