"""cross-reference: "100 of the 261 patients had fatigue" against the rows of a table that divide the same patients.

Certain where the rows right below one another make up exactly one of the two numbers, and the words of the sentence are those of the
column or of the caption.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ostealgia.audit.causes import slip
from ostealgia.audit.checks.reading.text import COUNT, Sentence, loose, sentences
from ostealgia.audit.checks.reading.told import OWN_RESULTS
from ostealgia.audit.checks.reading.words import at_odds, spelled, stems
from ostealgia.audit.finding import Finding, Place
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.totals import total_vs_parts
from ostealgia.audit.tables.headers import is_total
from ostealgia.audit.tables.view import shortened
from ostealgia.io.documents.model import PrintedTable
from ostealgia.numerics.intervals import Printed

_OF = loose(rf"(?<![\w.,\-/])({COUNT})\s(?:\([\d.]+\s?%\)\s)?(?:out\s)?of\s(?:the\s|all\s|our\s|these\s|a\stotal\sof\s){{0,2}}({COUNT})\s"
            r"(?:[a-z\-]+\s){0,2}?(?:patients|participants|subjects|cases|women|men|persons|individuals|residents)\b")  # fmt: skip
_SIZES = re.compile(
    r"^\W*(?:all\s|total\s|no\.?\sof\s|number\sof\s)?(?:patients|participants|subjects|n|no\.?|total|cases)\W{0,3}(?:n\b)?\W*$",
    re.I,
)
_EVENTS = re.compile(r"\s*(\d{1,6})(?:\s{0,2}[(\[]\s?\d{1,3}(?:[.·]\d{1,2})?\s?%?\s?[)\]])?\s*$")
_WHOLE = re.compile(r"\s*(\d{1,3}(?:,\d{3})+|\d{1,7})\s*$")
_NO_EVENTS = re.compile(
    r"%|\bhr\b|\bor\b|\brr\b|ratio|\bci\b|\bp\b|mean|median|age|year|month|rate|score|\bsd\b|difference", re.I
)
_OTHERS = re.compile(
    r"\bexclud|\bmissing|\bper[- ]protocol|\bat (?:\d+|one|two|three|six|twelve) (?:weeks|months|years)|\bmore than one|"
    r"\bat least|\bsevere\b|\bgrade",
    re.I,
)
# words that narrow an event or set its time: said at one place only, the events are not the same
_NARROWS = re.compile(
    r"\b(?:first|last|baseline|entry|admission|discharge|follow-?up|early|late|initial|final|local|regional|distant|systemic|new|recurrent|"
    r"complete|partial|acute|chronic|serious|treated|confirmed|suspected|documented|symptomatic|clinical|related)\b",
    re.I,
)
MOST_ROWS = 8


@dataclass(frozen=True)
class _Told:
    """A count of patients of a sentence. words : of the sentence."""

    sentence: Sentence
    count: int
    n: int
    span: tuple[int, int]


@dataclass(frozen=True)
class _Run:
    """Rows right below one another that divide patients: patients and events of each, and the words around them."""

    sizes: tuple[int, ...]
    events: tuple[int, ...]
    place: Place
    place_sizes: Place
    words: str


def events_of_rows(paper: Paper) -> Iterator[Finding]:
    """Have the rows of a table that divide all patients as many events as the text says?"""
    told = list(_told(paper))
    if not told:
        return
    for table in paper.document.tables:
        if not 3 <= len(table.cells) <= 60 or table.n_columns < 3:
            continue
        for run in _runs(paper, table):
            yield from _compared(paper, run, told)


def _told(paper: Paper) -> Iterator[_Told]:
    for sentence in sentences(paper.document):
        if sentence.section not in OWN_RESULTS or " of " not in sentence.text:
            continue
        for match in _OF.finditer(sentence.text):
            count, n = spelled(match[1]), spelled(match[2])
            if count is not None and n is not None and 0 < count < n and n >= 10:
                yield _Told(sentence, count, n, match.span())


def _runs(paper: Paper, table: PrintedTable) -> Iterator[_Run]:
    """Every stretch of two to eight rows with patients and events in columns of their own."""
    names = [" ".join(table.column_name(column).split()) for column in range(table.n_columns)]
    sized = [c for c in range(1, table.n_columns) if _SIZES.match(names[c])]
    counted = [
        c
        for c in range(1, table.n_columns)
        if c not in sized and not _NO_EVENTS.search(re.sub(r"n\s?\(%\)", "", names[c]))
    ]
    if len(sized) != 1 or len(counted) != 1:
        return
    size, event = sized[0], counted[0]
    rows: list[tuple[int, int, int]] = []
    for at, row in enumerate(table.body):
        n, k = _WHOLE.match(row[size].text), _EVENTS.match(row[event].text)
        if n and k and not row[size].copied and not row[event].copied and not is_total(row[0].text):
            rows.append((at, int(n[1].replace(",", "")), int(k[1])))
    stretches: list[list[tuple[int, int, int]]] = []
    for one in rows:
        if stretches and one[0] == stretches[-1][-1][0] + 1:
            stretches[-1].append(one)
        else:
            stretches.append([one])
    for stretch in stretches:
        if 2 <= len(stretch) <= MOST_ROWS and all(k <= n for _, n, k in stretch):
            yield _run(paper, table, stretch, size, event, f"{names[event]} {table.caption}")


def _run(
    paper: Paper, table: PrintedTable, stretch: Sequence[tuple[int, int, int]], size: int, event: int, words: str
) -> _Run:
    first, last = table.body[stretch[0][0]], table.body[stretch[-1][0]]
    quote = shortened(
        "; ".join(" ".join(c.text.strip() for c in table.body[at] if not c.copied) for at, _, _ in stretch)
    )
    places = [replace(paper.place(first[c].start, max(first[c].end, last[c].end)), quote=quote) for c in (event, size)]
    sizes, events = tuple(n for _, n, _ in stretch), tuple(k for _, _, k in stretch)
    return _Run(sizes, events, places[0], places[1], words)


def _compared(paper: Paper, run: _Run, told: Sequence[_Told]) -> Iterator[Finding]:
    words = stems(re.sub(r"\bby\b.*", " ", run.words))
    about = [
        one
        for one in told
        if words & one.sentence.words
        and not at_odds(run.words, one.sentence.text)
        and not _OTHERS.search(f"{run.words} {one.sentence.text}")
        and _narrowed(run.words) == _narrowed(one.sentence.text)
    ]
    whole, added = sum(run.sizes), sum(run.events)
    if any((one.count, one.n) == (added, whole) for one in about):
        return
    for one in about:
        place = paper.place(*one.sentence.span(*one.span))
        if one.n == whole and 0.4 * one.count < added < 2.5 * one.count:
            yield total_vs_parts(list(map(str, run.events)), str(one.count), what="the rows and the text", place=place)
        elif one.count == added and any(
            slip(Printed.of(n), n + one.n - whole) for n in run.sizes if n + one.n - whole > 0
        ):
            found = total_vs_parts(
                list(map(str, run.sizes)), str(one.n), what="the rows and the text", place=run.place_sizes
            )
            yield found


def _narrowed(words: str) -> set[str]:
    return {word.casefold() for word in _NARROWS.findall(words)}


# ---------------------------------------------------------------- deaths by cause and group


_DEATHS = re.compile(r"\b(?:causes? of death|deaths?)\b", re.I)
_DIED = re.compile(r"\b(?:deaths?|died)\b", re.I)


def deaths_by_cause(paper: Paper) -> Iterator[Finding]:
    """Do the causes of death of each group add up to its deaths in the text?"""
    for table in paper.document.tables:
        if not (4 <= len(table.cells) <= 30 and table.n_columns >= 3) or not re.search(
            r"causes? of death", f"{table.caption} {table.cells[0][0].text}", re.I
        ):
            continue
        columns = {c: table.column_name(c) for c in range(1, table.n_columns) if not is_total(table.column_name(c))}
        cells = {c: [_EVENTS.match(row[c].text) for row in table.body if not is_total(row[0].text)] for c in columns}
        sums = {c: sum(int(m[1]) for m in found if m) for c, found in cells.items() if found and all(found)}
        if len(sums) != len(columns) or len(sums) < 2:
            continue
        for sentence in sentences(paper.document):
            if sentence.section in OWN_RESULTS and _DIED.search(sentence.text):
                yield from _deaths(paper, table, sentence, {columns[c]: n for c, n in sums.items()})


def _deaths(paper: Paper, table: PrintedTable, sentence: Sentence, sums: dict[str, int]) -> Iterator[Finding]:
    read: dict[str, tuple[int, re.Match[str]]] = {}
    for name in sums:
        bare = re.sub(r"\s*[(\[,].*", "", name).strip()
        if len(bare) < 2:
            return
        found = re.findall(
            rf"(?<![\w.,])\d{{1,5}}\s(?:\([^)]*\)\s)?(?:deaths\s|patients\s|died\s)?(?:in|of|from)\sthe\s{re.escape(bare)}\b",
            sentence.text,
            re.I,
        )
        match = re.search(
            rf"(?<![\w.,])(\d{{1,5}})\s(?:\([^)]*\)\s)?(?:deaths\s|patients\s|died\s)?(?:in|of|from)\sthe\s{re.escape(bare)}\b",
            sentence.text,
            re.I,
        )
        if len(found) != 1 or match is None:
            return
        read[name] = int(match[1]), match
    fits = {name: read[name][0] == sums[name] for name in sums}
    if sum(fits.values()) < len(fits) - 1 or not any(fits.values()):
        return
    for name, (n, match) in read.items():
        place = paper.place(*sentence.span(*match.span(1)))
        label = table.label or "the table"
        yield total_vs_parts(
            [str(sums[name])], str(n), what=f"causes of death in {label} and deaths, {name}", place=place
        )


CHECKS = (events_of_rows, deaths_by_cause)
