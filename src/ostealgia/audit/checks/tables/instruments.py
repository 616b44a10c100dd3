"""Rows of counts, ratings and scores in a table whose columns are statistics, whatever kind of table it is.

Counts: GRIM and GRIMMER where the caption or a note says that the values are whole numbers, or the row is "number of X".
Scores: every mean, median and end of a range must lie on the scale that the row's own label prints or names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ostealgia.audit.checks.reading.mean_cells import MeanCell, mean_cells
from ostealgia.audit.checks.reading.nouns import COUNTED
from ostealgia.audit.checks.reading.premises import doubtful
from ostealgia.audit.checks.reading.scales import Scores, named_scores, printed_scores
from ostealgia.audit.checks.tables.scored import AVERAGED, CHANGED, NORMAL, OTHER_QUANTITY, UNIT, weighed
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.bounds import scale_bound
from ostealgia.audit.rules.granularity import grim_mean, grimmer
from ostealgia.audit.tables.headers import is_weighted
from ostealgia.io.documents.model import Cell

_SAID = re.compile(r"\bwhole[ -]numbers?\b|\bwhole[ -]points?\b|\bintegers?\b", re.I)
_NOT_SAID = re.compile(r"\bround\w*|\bnearest\b|\bnot\b", re.I)
_PER_PERSON = re.compile(r"\bper (?:patient|person|participant|subject|child|woman|man)\b", re.I)
LEAST = 5  # persons


def table_counts(paper: Paper) -> Iterator[Finding]:
    """GRIM and GRIMMER for the means of counts in the cells of a table."""
    for table in paper.document.tables:
        around = f"{table.caption} {table.note}"
        if is_weighted(around):
            continue
        said = _SAID.search(around) is not None and not _NOT_SAID.search(around)
        found = [one for cell in mean_cells(paper, table) if _whole(cell, said) for one in _granular(paper, cell)]
        found = doubtful(found, "GRIM", "other means of this table fit no whole numbers either", many=3)
        yield from doubtful(found, "GRIMMER", "other SDs of this table fit no whole numbers either", many=3)


def _whole(cell: MeanCell, said: bool) -> bool:
    label = _PER_PERSON.sub(" ", cell.label)
    if CHANGED.search(f"{UNIT.sub('', label)} {cell.heading}"):
        return False
    return said or (COUNTED.search(label) is not None and AVERAGED.search(UNIT.sub("", label)) is None)


def _granular(paper: Paper, cell: MeanCell) -> Iterator[Finding]:
    if cell.n is None or cell.n < LEAST or not _decimal(cell.mean.text):
        return
    place = paper.place(cell.start, cell.end)
    first = grim_mean(cell.mean.printed, cell.n, place=place)
    yield weighed(first)
    if not first.flagged:
        yield weighed(grimmer(cell.mean.printed, cell.sd.printed, cell.n, place=place))


def _decimal(text: str) -> bool:
    return any(mark in text for mark in ".,·")


# ---------------------------------------------------------------- scores

_VALUE = r"\d{1,3}(?:\.\d{1,2})?"
_DASH = r"\s{0,2}(?:-|–|—|−|to|,|;)\s{0,2}"
# heading of a column of statistics -> the form of its cells
_FORMS: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (re.compile(heading, re.I), re.compile(rf"\s*{cell}\s*$"))
    for heading, cell in (
        (
            r"\bmedian\b\s{0,2}[(\[,;]?\s{0,2}(?:min\w*\s?(?:-|–|to|,)\s?max\w*|"
            r"range|iqr|interquartile range|quartiles|q1\s?(?:-|–|,)\s?q3)\b",
            rf"(?P<a>{_VALUE})\s{{0,2}}[(\[;,]\s{{0,2}}(?P<b>{_VALUE}){_DASH}(?P<c>{_VALUE})\s{{0,2}}[)\]]?",
        ),
        (r"^\W*(?:observed\s)?(?:range|min\w*\s?(?:-|–|to)\s?max\w*)\W*$", rf"(?P<a>{_VALUE}){_DASH}(?P<b>{_VALUE})"),
        (
            r"\bmean\b\s{0,2}(?:[(\[,;±]|\+/-)\s{0,2}(?:±\s{0,2})?(?:sd|s\.d\.|standard deviation)\b",
            rf"(?P<a>{_VALUE})\s{{0,2}}(?:±|\+/-|[(\[])\s{{0,2}}(?:±\s{{0,2}})?{_VALUE}\s{{0,2}}[)\]]?",
        ),
        (r"^\W*(?:mean|median|average|min(?:imum)?|max(?:imum)?|lowest|highest)\W*$", rf"(?P<a>{_VALUE})"),
    )
)
_OTHER_ROW = re.compile(r"\b(?:sums?|differ\w*|z-?scores?|t-?scores?|subscales?|modified|revised|sub-?total)\b", re.I)


@dataclass(frozen=True)
class Held:
    """One cell of a row of scores: its numbers with their places, and whether all lie on the scale."""

    label: str
    scale: Scores
    numbers: tuple[tuple[str, int], ...]

    @property
    def inside(self) -> bool:
        """Whether every number lies on the scale."""
        return all(self.scale.low <= float(text) <= self.scale.high for text, _ in self.numbers)


def table_instruments(paper: Paper) -> Iterator[Finding]:
    """scale-bound for the statistics of a row whose label names one scale; at most one cell of a row may lie beyond it."""
    for table in paper.document.tables:
        forms = [(column, form) for column in range(1, table.n_columns) if (form := _form(table.column_name(column)))]
        for row in table.body if forms else ():
            scale = _scale_of(row[0].text)
            if scale is None:
                continue
            held = [
                one for column, form in forms
                if not row[column].copied and (one := _held(paper, row[column], row[0].text, scale, form)) is not None
            ]  # fmt: skip
            outside = sum(not one.inside for one in held)
            certain = scale.printed or len(held) > 1
            if certain and outside <= max(1, len(held) // 3) and _near(held):
                for one in held:
                    yield from _bound(paper, one)


def _form(heading: str) -> re.Pattern[str] | None:
    if CHANGED.search(heading) or NORMAL.search(heading):
        return None
    return next((cell for words, cell in _FORMS if words.search(heading)), None)


def _scale_of(label: str) -> Scores | None:
    """The only scale of a label; none for changes, sums and normal values."""
    if (
        CHANGED.search(UNIT.sub("", label))
        or NORMAL.search(label)
        or _OTHER_ROW.search(label)
        or OTHER_QUANTITY.search(label)
    ):
        return None
    found = {one.limits: one for one in (*named_scores(label), *printed_scores(label))}
    return next(iter(found.values())) if len(found) == 1 else None


def _held(paper: Paper, cell: Cell, label: str, scale: Scores, form: re.Pattern[str]) -> Held | None:
    match = form.match(paper.document.plain[cell.start : cell.end])
    if match is None:
        return None
    numbers = tuple((match[name], cell.start + match.start(name)) for name in match.groupdict() if match[name])
    return Held(label.strip(), scale, numbers)


def _near(held: list[Held]) -> bool:
    """Whether a number of the row lies on the scale: a row of percentages or of a longer form may have none."""
    return any(one.scale.low <= float(text) <= one.scale.high for one in held for text, _ in one.numbers)


def _bound(paper: Paper, held: Held) -> Iterator[Finding]:
    for text, at in held.numbers:
        place = paper.place(at, at + len(text))
        yield scale_bound(text, held.scale.low, held.scale.high, what=f"{held.label}: the value", place=place)


CHECKS = (table_counts, table_instruments)
