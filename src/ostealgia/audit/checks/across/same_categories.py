"""total-vs-parts: two categories that divide the patients (men and women, two ages), told of once more elsewhere.

The first table gives the patients of one of them, so those of the other follow. Where one of the two numbers elsewhere, of a table of
subgroups or of a sentence, is what the first table gives and the other is not, only this one can be off.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ostealgia.audit.causes import slip
from ostealgia.audit.checks.reading.populations import Category, categories, group_key, sized_tables
from ostealgia.audit.checks.reading.text import Sentence, sentences
from ostealgia.audit.checks.reading.told import OWN_RESULTS
from ostealgia.audit.checks.reading.words import stems
from ostealgia.audit.finding import Finding, Place
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.totals import cross_reference, total_vs_parts
from ostealgia.audit.tables.headers import is_n, label_key
from ostealgia.audit.tables.view import shortened
from ostealgia.io.documents.model import Cell, PrintedTable
from ostealgia.numerics.intervals import Printed

_WHOLE = re.compile(r"\s*(?:n\s?=\s?)?(\d{1,3}(?:,\d{3})+|\d{1,7})\s*$", re.I)
_OF = re.compile(r"\s*\d{1,6}\s{0,2}/\s{0,2}(\d{1,6})(?:\s{0,2}[(\[]\s?\d{1,3}(?:\.\d{1,2})?\s?%?\s?[)\]])?\s*$")
_SIZES = re.compile(
    r"^\W*(?:all\s|total\s|no\.?\sof\s|number\sof\s)?(?:patients|participants|subjects|n|no\.?|total)\W{0,3}(?:n\b)?\W*$",
    re.I,
)
_MEN = re.compile(r"(?<![\w.,])(\d{1,6})\s(?:men|males?|boys|male\spatients|male\sparticipants)\b", re.I)
_WOMEN = re.compile(r"(?<![\w.,])(\d{1,6})\s(?:women|females?|girls|female\spatients|female\sparticipants)\b", re.I)
_OF_THE = re.compile(r"\b(?:of|among|in|for)\s(?:the|all|our)?\s?$", re.I)
_SUBSET = re.compile(
    r"\bevaluable|\bavailable|\bcomplet(?:ed|ers|ing)\b|\bcomplete (?:case|data)|\bexclud|\bsurviv|\bwith data|\bassessed|"
    r"\bunder\s\d|\baged\b|\bper[- ]protocol",
    re.I,
)
_BELOW = re.compile(r"[<≤]|\b(?:below|under|less|younger|fewer|up to|at most|or (?:less|younger|fewer|lower))\b", re.I)
FEW = 4  # patients without a value, who may all be of one category


@dataclass(frozen=True)
class _Part:
    """A number of patients of one category, with its place."""

    label: str
    n: int
    place: Place


def categories_elsewhere(paper: Paper) -> Iterator[Finding]:
    """Do two categories of all patients have the patients that the first table gives them?"""
    known = categories(paper)
    if not known:
        return
    named = {one.key for one in known}
    for index, table in enumerate(paper.document.tables):
        if index != sized_tables(paper)[0].table and 3 <= len(table.cells) <= 60 and not _SUBSET.search(table.caption):
            yield from _in_table(paper, table, known, named)
    sexes = next((one for one in known if one.key in (("male",), ("female",))), None)
    for sentence in sentences(paper.document) if sexes else ():
        if sexes and sentence.section in OWN_RESULTS and ("men" in sentence.text or "ale" in sentence.text):
            yield from _in_sentence(paper, sentence, sexes)


def _in_table(
    paper: Paper, table: PrintedTable, known: Sequence[Category], named: set[tuple[str, ...]]
) -> Iterator[Finding]:
    names = [table.column_name(column) for column in range(table.n_columns)]
    sized = [c for c in range(1, table.n_columns) if is_n(names[c]) or _SIZES.match(names[c])]
    for at, (first, second) in enumerate(itertools.pairwise(table.body)):
        around = [table.body[i] for i in (at - 1, at + 2) if 0 <= i < len(table.body)]
        closed = not any(re.search(r"\d", row[c].text) for row in around for c in range(1, table.n_columns))
        if {label_key(first[0].text), label_key(second[0].text)} <= named:
            continue  # both are told in the first table
        if first[0].copied or second[0].copied or not (closed or _opposed(first[0].text, second[0].text)):
            continue
        for column in sized[:1]:
            pair = [_part(paper, row, column, _WHOLE) for row in (first, second)]
            yield from _judged(pair, [(one, one.count, one.whole) for one in known], table.caption)
        for column in range(1, table.n_columns) if not sized else ():
            group = group_key(names[column])
            pair = [_part(paper, row, column, _OF) for row in (first, second)]
            if table.n_columns == 2 and not (group and any(group in one.sizes for one in known)):
                wholes = [(one, one.count, one.whole) for one in known]
            else:
                wholes = [(one, one.by_group[group], one.sizes[group]) for one in known if group in one.sizes]
            yield from _judged(pair, wholes, table.caption)


def _opposed(first: str, second: str) -> bool:
    """Whether two labels exclude one another and leave nobody out: men and women, below and at or above one number."""
    keys = {label_key(first), label_key(second)}
    if keys == {("male",), ("female",)}:
        return True
    numbers = [re.findall(r"\d+(?:\.\d+)?", label) for label in (first, second)]
    below = [_BELOW.search(label) is not None for label in (first, second)]
    return len(numbers[0]) == 1 and numbers[0] == numbers[1] and below[0] != below[1]


def _part(paper: Paper, row: Sequence[Cell], column: int, form: re.Pattern[str]) -> _Part | None:
    match = form.match(row[column].text)
    if match is None or row[column].copied or not row[0].text.strip():
        return None
    words = " ".join(cell.text.strip() for cell in row if not cell.copied and cell.text.strip())
    place = replace(paper.place(row[column].start, row[column].end), quote=shortened(words))
    return _Part(row[0].text.strip(), int(match[1].replace(",", "")), place)


def _in_sentence(paper: Paper, sentence: Sentence, sexes: Category) -> Iterator[Finding]:
    """Of the 135 men ... of the 112 women ..."""
    yield from _one_sex(paper, sentence, sexes)
    men, women = (list(pattern.finditer(sentence.text)) for pattern in (_MEN, _WOMEN))
    if len(men) != 1 or len(women) != 1 or _SUBSET.search(sentence.text):
        return
    if not all(_OF_THE.search(sentence.text, 0, m.start()) for m in (men[0], women[0])):
        return
    pair = [
        _Part(name, int(m[1]), paper.place(*sentence.span(*m.span())))
        for name, m in (("men", men[0]), ("women", women[0]))
    ]
    yield from _judged(pair, [(sexes, sexes.count, sexes.whole)], "")


_ALONE = re.compile(
    r"^\W{0,2}Of\s(?:the|all)\s(\d{1,6})\s(men|women|males|females)\s(?:in|of)\s(?:the|this|our)\s"
    r"(?:trial|study|whole\s\w+)(?:\s\(Table\s\d{1,2}\))?(?:,|\s\w+$)"
)


def _one_sex(paper: Paper, sentence: Sentence, sexes: Category) -> Iterator[Finding]:
    """Of the 36 women in the trial (Table 1), ..."""
    match = _ALONE.match(sentence.text)
    if match is None or _SUBSET.search(sentence.text[: match.end()]):
        return
    right = sexes.count if label_key(match[2]) == sexes.key else sexes.whole - sexes.count
    place = paper.place(*sentence.span(*match.span(1)))
    yield cross_reference(match[1], str(right), what=f"{match[2]} of all patients", exact=True, place=place)


def _judged(
    pair: Sequence[_Part | None], known: Sequence[tuple[Category, int, int]], caption: str
) -> Iterator[Finding]:
    first, second = pair
    if first is None or second is None:
        return
    for category, counted, whole in known:
        both = {counted, whole - counted}
        if not _about(first.label, second.label, caption, category) or counted * 2 == whole:
            continue
        fits = [one.n in both for one in (first, second)]
        if first.n + second.n == whole:
            yield _told(first, second, whole)
            return
        if sum(fits) == 1:
            off, other = (second, first) if fits[0] else (first, second)
            right = whole - other.n
            excess = off.n - right
            if _named_wrong(other, off, category, counted, whole):
                continue
            if excess > 0 or -excess > FEW:
                yield _told(off, other, whole)
                return


def _named_wrong(other: _Part, off: _Part, category: Category, counted: int, whole: int) -> bool:
    """Whether the number that fits is that of the other category, by its own name."""
    if label_key(other.label) == category.key:
        return other.n != counted
    if label_key(off.label) == category.key:
        return other.n != whole - counted
    return False


def _about(first: str, second: str, caption: str, category: Category) -> bool:
    """Whether two rows are the categories of one variable of the first table, by their words."""
    keys = [label_key(first), label_key(second)]
    sexes = {("male",), ("female",)}
    if category.key in sexes:
        return set(keys) == sexes
    if category.key in keys:
        return (
            all(keys)
            and keys[0] != keys[1]
            and bool(stems(first) & stems(second) or stems(caption) & stems(category.label))
        )
    shared = stems(category.label) & (stems(f"{first} {second}") | stems(caption))
    bounds = [re.findall(r"\d+", label) for label in (first, second, category.label)]
    return bool(shared) and any(bounds[:2]) and bool(bounds[2])


def _told(off: _Part, other: _Part, whole: int) -> Finding:
    what = f"{off.label} and {other.label} of all patients"
    found = total_vs_parts([str(off.n), str(other.n)], str(whole), what=what, place=off.place)
    right = whole - other.n
    cause = slip(Printed.of(off.n), right)
    if not found.flagged:
        return found
    return replace(
        found,
        reported=str(off.n),
        recomputed=float(right),
        recomputed_low=float(right),
        recomputed_high=float(right),
        cause_code=cause.code if cause else "unknown",
        cause=cause.text if cause else None,
        repair=str(right),
    )


CHECKS = (categories_elsewhere,)
