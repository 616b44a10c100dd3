"""Means of whole numbers in tables of any build: one mean a row or several, with or without an SD, groups in rows or in columns.

Whole numbers are told by the words of the column, the row or the caption ("number of falls", "falls per resident", "whole numbers
0-10", "number of correct answers"); how many persons by a column of numbers, the heading or the caption.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from ostealgia.audit.checks.reading.premises import doubtful
from ostealgia.audit.checks.tables.binary import table_binary
from ostealgia.audit.checks.tables.scored import grid_scores, table_scores
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.granularity import debit, grim_mean, grimmer
from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.headers import hint_of, is_weighted, several_sizes, size_in
from ostealgia.io.documents.model import PrintedTable

_NUM = r"\d{1,3}[.·]\d{1,3}"
_CELL = re.compile(
    rf"\s*(?P<mean>{_NUM})(?:\s{{0,3}}(?:±|\+/-|\(\s?(?:±\s?)?)\s{{0,3}}(?P<sd>{_NUM})\s{{0,2}}\)?)?\s*$"
)
_ONE = re.compile(rf"\s*(?P<sd>{_NUM})\s*$")
_SIZE = re.compile(r"\s*(\d{1,4})\s*$")
_MEASURE = (
    r"(?:points|years|months|weeks|days|hours|minutes|seconds|units|lit(?:re|er)s|met(?:re|er)s|packs?|pack-years|euros|"
    r"dollars|pounds|degrees|times|"
    r"steps|drinks|cells|copies|beats|breaths|miles|servings|portions|cups|stars|levels|scores|cigarettes|calories|sds|lines|"
    r"segments|studies|persons|patients)"
)
_COUNTED = re.compile(
    rf"\b(?:numbers?|no\.|count)\sof\s(?!(?:[a-z-]+\s){{0,2}}?{_MEASURE}\b)(?:[a-z-]+\s){{0,3}}?(?:[a-z-]{{3,}}s|children|teeth)\b|"
    rf"\b(?!{_MEASURE}\b)[a-z-]{{3,}}s\sper\s(?:patient|resident|person|participant|child|student|woman|man|nurse|subject|"
    rf"family|household|player)\b",
    re.I,
)
_WHOLE = re.compile(
    r"\bwhole[ -](?:numbers?|points?)\b|\bintegers?\b|\bnumeric(?:al)?\s(?:pain\s)?rating\sscale\b|\bNRS\b|\b(?:11|"
    r"eleven)-point\b|\bparity\b|\bapgar\b",
    re.I,
)
_CODED = re.compile(r"\b0\s?=\s?[a-z]|\b1\s?=\s?[a-z]|\b0/1\b|\b(?:binary|dichotomous)\b", re.I)
_MORE = re.compile(r"\b[2-9]\s?=\s?[a-z]", re.I)
_AVERAGED = re.compile(
    r"average of|mean of|change|differen|reduction|decrease|improvement|%|percent|index|ratio|\blog|adjusted|estimat|imput|"
    r"overall|subscale|domain|least|median|geometric|\bse\b|\bsem\b|"
    r"standard error|\bper (?:day|week|month|year|session|100|1000|unit|night|hour)|total|sum\b|composite|95|\bci\b|predicted|"
    r"expected|weighted|daily|weekly|missing|with data|available|\braters?\b|readers?\b|observers?\b|geometric|trimmed",
    re.I,
)
_MEAN = re.compile(r"\b(?:means?|averages?|m)\b", re.I)
_SD = re.compile(r"^\W*(?:.*\W)?(?:sd|s\.d\.|std\.? dev(?:iation)?\.?|standard deviation)\W*$", re.I)
_P = re.compile(r"^\W*(?:p\b|t\b|f\b|df\b|d\b|z\b|χ|chi)|p[- ]?value|statistic|effect", re.I)
_N = re.compile(
    r"^\W*(?:n|no\.?|number|valid n|sample size)\W*$|\(n\)\W*$|^\W*(?:patients|women|men|children|residents|participants|"
    r"students|persons|subjects|nurses)\W*$",
    re.I,
)
LEAST, MOST = 5, 150  # persons; of more, an SD that does not fit tells rather that the values are no whole numbers


@dataclass(frozen=True)
class Mean:
    """A mean of a table: its words, its numbers and the persons. kind : "whole" or "binary"."""

    mean: Number
    sd: Number | None
    n: int
    kind: str
    start: int
    end: int


def whole_means_of_tables(paper: Paper) -> Iterator[Finding]:
    """GRIM, GRIMMER and DEBIT for the means of a table whose words say that they are of whole numbers."""
    found: list[Finding] = []
    for printed in paper.document.tables:
        if not is_weighted(f"{printed.caption} {printed.note}"):
            listed = [one for mean in _means(paper, printed) for one in _judged(paper, mean)]
            found += _borne_out(listed)
    if found:
        known = {(one.rule, one.span) for check in (table_scores, grid_scores, table_binary) for one in check(paper)}
        yield from (
            one for one in found if not any(one.rule == rule and _meets(one.span, span) for rule, span in known)
        )


def _meets(span: tuple[int, int] | None, other: tuple[int, int] | None) -> bool:
    return span is not None and other is not None and span[0] < other[1] and other[0] < span[1]


def _borne_out(found: list[Finding]) -> list[Finding]:
    """The same findings, none of a rule by which as many means of the table do not fit as do: these are no whole numbers."""
    for rule in ("GRIM", "GRIMMER", "DEBIT"):
        off = sum(one.rule == rule and one.flagged for one in found)
        fits = sum(one.rule == rule and not one.flagged for one in found)
        if off > max(1, fits):
            found = [one for one in found if one.rule != rule]
    found = doubtful(found, "GRIM", "other means of this table fit no whole numbers either", many=3)
    return doubtful(found, "GRIMMER", "other SDs of this table fit no whole numbers either", many=3)


def _means(paper: Paper, printed: PrintedTable) -> Iterator[Mean]:
    names = [printed.column_name(column) for column in range(printed.n_columns)]
    caption = printed.caption
    said = re.compile(r"\bmeans?\b", re.I).search(caption) is not None
    apart = {i for i, name in enumerate(names) if _P.search(name) or _is_sd(name)}
    above = ""
    for index, row in enumerate(printed.cells):
        if index < printed.header_rows:
            continue
        label = row[0].text.strip()
        if not any(cell.text.strip() for cell in row[1:]):
            above = label
            continue
        for column in range(1, len(row)):
            if column in apart or row[column].copied:
                continue
            words = f"{names[0]} {above} {label} {names[column]}"
            if not (said or _MEAN.search(words) or hint_of(names[column]) == "mean sd" or hint_of(label) == "mean sd"):
                continue
            kind = _kind(words, caption)
            found = _read(paper, printed, names, index, column, kind) if kind else None
            if found is not None:
                yield found


def _kind(words: str, caption: str) -> str | None:
    """What the words of a cell, or of its caption, say of its values."""
    if _AVERAGED.search(words):
        return None
    coded, counted = _says(caption)
    if _CODED.search(words) or (coded and not _COUNTED.search(words)):
        return None if _MORE.search(f"{words} {caption}") else "binary"
    if _COUNTED.search(words) or _WHOLE.search(words):
        return "whole"
    return "whole" if counted and not _OTHER_ROW.search(words) else None


@lru_cache(maxsize=16)
def _says(caption: str) -> tuple[bool, bool]:
    """Whether a caption says of all values that they are of two kinds, or that they are whole numbers."""
    whole = _COUNTED.search(caption) or _WHOLE.search(caption)
    return _CODED.search(caption) is not None, whole is not None


_OTHER_ROW = re.compile(
    r"\b(?:age|bmi|weight|height|time|duration|dose|years?|cost|length|size|volume|diameter|mm|cm|kg|score of|index|vas|qol|"
    r"survival|days|hours|minutes)\b",
    re.I,
)


def _read(paper: Paper, printed: PrintedTable, names: list[str], row: int, column: int, kind: str) -> Mean | None:
    text, cells = paper.document.plain, printed.cells[row]
    cell = cells[column]
    both = _CELL.match(text[cell.start : cell.end])
    if both is None:
        return None
    n = _persons(printed, names, row, column)
    if n is None or not LEAST <= n <= MOST:
        return None
    mean = Number(both["mean"], cell.start + both.start("mean"), cell.start + both.end("mean"))
    sd, end = None, cell.end
    if both["sd"] is not None:
        sd = Number(both["sd"], cell.start + both.start("sd"), cell.start + both.end("sd"))
    elif column + 1 < len(cells) and _is_sd(names[column + 1]):
        other = cells[column + 1]
        alone = _ONE.match(text[other.start : other.end])
        if alone is not None:
            sd = Number(alone["sd"], other.start + alone.start("sd"), other.start + alone.end("sd"))
            end = other.end
    return Mean(mean, sd, n, kind, cell.start, end)


def _is_sd(name: str) -> bool:
    return _SD.search(name) is not None and _MEAN.search(name) is None


def _persons(printed: PrintedTable, names: list[str], row: int, column: int) -> int | None:
    """Persons of a cell: of the column of numbers of its row, of its heading, or of the caption."""
    own = size_in(names[column], 0)
    if own is not None:
        return int(own.value)
    sized = [left for left in range(1, len(names)) if _N.search(names[left])]
    if len(sized) == 1:
        whole = _SIZE.match(printed.cells[row][sized[0]].text)
        return int(whole[1]) if whole else None
    if sized:
        left = [at for at in sized if at < column]
        whole = _SIZE.match(printed.cells[row][left[-1]].text) if left else None
        return int(whole[1]) if whole else None
    told = size_in(printed.caption, 0) if not several_sizes(printed.caption) else None
    return int(told.value) if told is not None else None


def _judged(paper: Paper, mean: Mean) -> Iterator[Finding]:
    place = paper.place(mean.start, mean.end)
    if mean.kind == "binary":
        if mean.sd is not None and 0 <= mean.mean.value <= 1:
            yield debit(mean.mean.printed, mean.sd.printed, mean.n, place=place)
        return
    first = grim_mean(mean.mean.printed, mean.n, place=place)
    yield _weighed(first)
    if not first.flagged and mean.sd is not None:
        yield _weighed(grimmer(mean.mean.printed, mean.sd.printed, mean.n, place=place))


def _weighed(found: Finding) -> Finding:
    """A flag here rests on two things that are not printed: every person has a value, and it is one whole number."""
    if not found.flagged:
        return found
    told = f"{found.message} (if every one of them gave one whole number)"
    return replace(found, basis="judgement", severity="minor", message=told)


CHECKS = (whole_means_of_tables,)
