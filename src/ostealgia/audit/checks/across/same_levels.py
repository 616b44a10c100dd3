"""cross-reference: the patients of each category in a later table, of subgroups or of outcomes, against the table that describes them.

At least one other category has the same number of patients at both places, and one does not; or two do not, though they make up the
same patients. Fewer patients of one category may have no outcome: that is told only where the table says that it holds all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ostealgia.audit.causes import slip
from ostealgia.audit.checks.reading.populations import categories, group_key, sized_tables
from ostealgia.audit.checks.reading.text import sentences_with
from ostealgia.audit.checks.reading.told import OWN_RESULTS
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.totals import cross_reference
from ostealgia.audit.tables.headers import folded, is_n, is_total, is_weighted, label_key, size_in
from ostealgia.audit.tables.model import ReadTable
from ostealgia.audit.tables.view import count, shortened
from ostealgia.io.documents.model import Cell, PrintedTable
from ostealgia.numerics.intervals import Printed

ALL = frozenset({"all"})
_WHOLE = re.compile(r"\s*(?:n\s?=\s?)?(\d{1,3}(?:,\d{3})+|\d{1,7})\s*$", re.I)
_OF = re.compile(r"\s*\d{1,6}\s{0,2}/\s{0,2}(\d{1,6})(?:\s{0,2}[(\[]\s?\d{1,3}(?:[.·]\d{1,2})?\s?%?\s?[)\]])?\s*$")
_SIZES = re.compile(
    r"^\W*(?:all\s|total\s|no\.?\sof\s|number\sof\s)?(?:patients|participants|subjects|n|no\.?|total|cases|lesions)\W{0,3}(?:n\b)?\W*$",
    re.I,
)
_SUBSET = re.compile(
    r"\bevaluable|\bavailable|\bcomplet(?:ed|ers|ing)\b|\bcomplete (?:case|data)|\bexclud|\bsurviv|\bwith data|\bassessed|"
    r"\bper[- ]protocol|\bvalidation|\btraining|\bmatched|"
    r"\b(?:19|20)\d\d\b|\bcontrols?\s+and\s+cases",
    re.I,
)
_COUNT_CELL = re.compile(
    r"\s*(\d{1,3}(?:,\d{3})+|\d{1,7})(?:\s{0,2}[(\[]\s{0,2}\d{1,3}(?:[.·]\d{1,2})?\s?%?\s{0,2}[)\]])?\s*$"
)
FEW = 4  # patients without a value
# persons of whom another table may be
_PERSONS = re.compile(
    r"\b(?:controls?|cases|donors|siblings|relatives|partners|spouses|staff|nurses|physicians|carers|caregivers|mothers|fathers|"
    r"parents|newborns|infants|children|survivors|non-?survivors|deaths|lesions|samples|visits|procedures|admissions)\b",
    re.I,
)
YES_NO = frozenset(
    [
        "yes",
        "no",
        "other",
        "others",
        "unknown",
        "missing",
        "none",
        "present",
        "absent",
        "positive",
        "negative",
        "total",
        "all",
    ]
)


@dataclass(frozen=True, eq=False)
class _Source:
    """A table's patients by category and column. where : its label."""

    index: int
    where: str
    caption: str
    counts: dict[str, dict[frozenset[str], int]]


def levels_elsewhere(paper: Paper) -> Iterator[Finding]:
    """Has each category of a later table the patients that it has in the table that describes them?"""
    if not paper.document.tables:
        return
    sources = [*_sexes(paper), *(one for table in paper.tables if (one := _source(paper, table)) is not None)]
    for index, table in enumerate(paper.document.tables):
        around = f"{table.caption} {table.note}"
        if not 3 <= len(table.cells) <= 60 or _SUBSET.search(around) or is_weighted(around):
            continue
        done: set[int] = set()
        for source in sources:
            if _LATER.search(re.sub(r"\bby\b.*", " ", table.caption)) and not _LATER.search(source.caption):
                continue
            if source.index < index and _of_whom(source.caption) == _of_whom(table.caption):
                for found in (*_in_columns(paper, source, table), *_in_heading(paper, source, table)):
                    if found.span and found.span[0] not in done:
                        done.add(found.span[0])
                        yield found


def _of_whom(caption: str) -> set[str]:
    return {word.casefold().rstrip("s") for word in _PERSONS.findall(caption)}


_N_SEXES = re.compile(
    r"\b(?:of|among)\s(?:the\s|our\s|all\s)?(\d{1,6})\s(?:[a-z\-]+\s){0,2}?(?:patients|participants|subjects|adults|residents)[^.;]{0,60}?"
    r"(?<![\w.,])(\d{1,6})\s(?:\([^()]{1,12}\)\s)?(?:were\s)?(men|women|male|female)s?\b[^.;\d]{0,12}(?:\([^()]{1,12}\)[^.;\d]{0,6})?"
    r"(?<![\w.,])(\d{1,6})\s(?:\([^()]{1,12}\)\s)?(?:were\s)?(men|women|male|female)s?\b",
    re.I,
)


def _sexes(paper: Paper) -> Iterator[_Source]:
    """Men and women as the text tells them: "of 184 patients, 84 were men and 100 were women"."""
    for sentence in sentences_with(paper.document, _N_SEXES):
        match = _N_SEXES.search(sentence.text) if sentence.section in OWN_RESULTS else None
        if match is None or int(match[1]) != int(match[2]) + int(match[4]):
            continue
        keys = [label_key(match[at]) for at in (3, 5)]
        if set(keys) == {("male",), ("female",)}:
            counts = {key[0]: {ALL: int(match[at])} for key, at in zip(keys, (2, 4), strict=True)}
            yield _Source(-1, "the text", "", counts)
            return


def _key(label: str) -> str:
    sex = label_key(label)
    if sex in (("male",), ("female",)):
        return sex[0]
    return folded(re.sub(r",? ?(?:n|no\.?) ?\(%\).*|[*†‡§]", "", label)).strip(" ,:-–")


def _source(paper: Paper, table: ReadTable) -> _Source | None:
    printed = paper.document.tables[table.index]
    if is_weighted(f"{printed.caption} {printed.note}") or table.notes or len(printed.cells) > 80:
        return None
    found: dict[str, dict[frozenset[str], int]] = {}
    twice: set[str] = set()
    groups = [c for c in table.columns if c.role in ("group", "count")]
    totals = [c for c in table.columns if c.role == "total"]
    if table.kind in ("groups", "characteristics"):
        rows = [(line.label, {c.index: count(line, c.index) for c in (*groups, *totals)}) for line in table.lines]
    else:
        sized = [
            c
            for c in range(1, printed.n_columns)
            if is_n(printed.column_name(c)) or _SIZES.match(printed.column_name(c))
        ]
        if len(sized) != 1:
            return None
        rows = [
            (
                row[0].text,
                {sized[0]: int(m[1].replace(",", "")) if (m := _COUNT_CELL.match(row[sized[0]].text)) else None},
            )
            for row in printed.body
        ]
        groups, totals = [], []
    names = {c.index: group_key(c.group or "") for c in groups}
    for label, counts in rows:
        known = {c: n for c, n in counts.items() if n is not None}
        key = _key(label)
        if key in found:
            twice.add(key)
        if not known or key in YES_NO or len(key) < 2 or len(known) < len(counts):
            continue
        by_group = {names[c]: n for c, n in known.items() if names.get(c)}
        whole = known[totals[0].index] if len(totals) == 1 else sum(known.values())
        found[key] = {**by_group, ALL: whole}
    if not found:
        found, twice = _all_of_rows(printed), set()
    where = printed.label or "another table"
    return _Source(table.index, where, printed.caption, {k: v for k, v in found.items() if k not in twice})


def _all_of_rows(printed: PrintedTable) -> dict[str, dict[frozenset[str], int]]:
    """The patients of each row by the one column of all, where the other columns add up to it in every row."""
    totals = [c for c in range(1, printed.n_columns) if is_total(printed.column_name(c))]
    found: dict[str, dict[frozenset[str], int]] = {}
    for row in printed.body if len(totals) == 1 else ():
        read = {c: int(m[1].replace(",", "")) for c in range(1, len(row)) if (m := _COUNT_CELL.match(row[c].text))}
        key = _key(row[0].text)
        if len(read) < 3 or totals[0] not in read or 2 * read[totals[0]] != sum(read.values()) or key in found:
            return {}
        if key not in YES_NO and len(key) >= 2:
            found[key] = {ALL: read[totals[0]]}
    return found


_WITHOUT = re.compile(r"^(?:no|not|non|without|absence of)[ -]+", re.I)


def halves(paper: Paper) -> Iterator[Finding]:
    """Two columns with and without something, of all patients: has each the patients that the first table gives it?"""
    known, sized = categories(paper), sized_tables(paper)
    for index, table in enumerate(paper.document.tables) if known else ():
        around = f"{table.caption} {table.note}"
        if index == sized[0].table or _SUBSET.search(around) or _LATER.search(table.caption) or is_weighted(around):
            continue
        read = [
            (row[c], _key(re.split(r"[(\[,]", row[c].text)[0]), int(size.value))
            for row in table.header
            for c in range(1, table.n_columns)
            if (size := size_in(row[c].text, row[c].start)) is not None and not row[c].copied
        ]
        if len(read) != 2 or read[0][2] + read[1][2] != sized[0].total:
            continue
        for with_it, without in (read, read[::-1]):
            one = next((o for o in known if _key(o.label) == with_it[1]), None)
            if one is None or _WITHOUT.sub("", without[1]) != with_it[1] or without[1] == with_it[1]:
                continue
            if with_it[2] != one.count and not _certain(table, with_it[2], one.count):
                continue
            place = replace(paper.place(with_it[0].start, with_it[0].end), quote=with_it[0].text.strip())
            what = f"patients, {one.label}, {paper.document.tables[sized[0].table].label or 'another table'}"
            yield cross_reference(str(with_it[2]), str(one.count), what=what, exact=True, severity="minor", place=place)


_LATER = re.compile(
    r"\b(?:at (?:\d+|one|two|three|six|twelve|last)|after|before|during|follow-?up|discharge|week|month|year|"
    r"late|later|long-term|final|updated?)\b",
    re.I,
)


def _in_columns(paper: Paper, source: _Source, table: PrintedTable) -> Iterator[Finding]:
    """Numbers of patients in a column of sizes, or behind a stroke in the column of each group."""
    names = [table.column_name(column) for column in range(table.n_columns)]
    sized = [c for c in range(1, table.n_columns) if is_n(names[c]) or _SIZES.match(names[c])]
    tries: list[tuple[int, re.Pattern[str], frozenset[str]]] = []
    if len(sized) == 1:
        tries.append((sized[0], _WHOLE, ALL))
    elif not sized:
        tries += [
            (c, _OF, ALL if is_total(names[c]) or table.n_columns == 2 else group_key(names[c]))
            for c in range(1, table.n_columns)
        ]
    for column, form, group in tries:
        read = [
            (row, int(m[1].replace(",", "")), source.counts[key][group])
            for row in table.body
            if (key := _key(row[0].text)) in source.counts
            and group in source.counts[key]
            and not row[column].copied
            and (m := form.match(row[column].text))
        ]
        yield from _judged(paper, source, table, [(row[column], row, n, right) for row, n, right in read])


def _in_heading(paper: Paper, source: _Source, table: PrintedTable) -> Iterator[Finding]:
    """Numbers of patients above the columns, where these are categories of another table: "Responders (n = 96)"."""
    read: list[tuple[Cell, Sequence[Cell], int, int]] = []
    for column in range(1, table.n_columns):
        for row in table.header:
            size = size_in(row[column].text, row[column].start)
            key = _key(re.split(r"[(\[,]", row[column].text)[0])
            if size is not None and key in source.counts and not row[column].copied:
                read.append((row[column], row, int(size.value), source.counts[key][ALL]))
    yield from _judged(paper, source, table, read)


def _judged(
    paper: Paper, source: _Source, table: PrintedTable, read: Sequence[tuple[Cell, Sequence[Cell], int, int]]
) -> Iterator[Finding]:
    off = [one for one in read if one[2] != one[3]]
    fits = len(read) - len(off)
    exchanged = len(off) == 2 and sum(one[2] for one in read) == sum(one[3] for one in read)
    if len(read) < 2 or (len(off) > 1 and not exchanged) or (not fits and not exchanged):
        return
    for cell, row, n, right in read:
        if n != right and not exchanged and not _certain(table, n, right):
            return
        words = " ".join(one.text.strip() for one in row if not one.copied and one.text.strip())
        place = replace(paper.place(cell.start, cell.end), quote=shortened(words))
        what = f"patients, {row[0].text.strip() if cell is not row[0] else ''}, {source.where}"
        yield cross_reference(str(n), str(right), what=what, exact=True, severity="minor", place=place)


def _certain(table: PrintedTable, n: int, right: int) -> bool:
    """Whether no missing values explain the difference."""
    said = re.search(
        r"\ball (?:the )?(?:\d+ |randomi[sz]ed |included )?(?:patients|participants)\b|\bof the \d+ patients\b",
        table.caption,
        re.I,
    )
    slipped = slip(Printed.of(n), float(right)) is not None
    if n > right:
        return slipped or said is not None or n > right + FEW
    return said is not None or (slipped and right - n > FEW)


CHECKS = (levels_elsewhere, halves)
