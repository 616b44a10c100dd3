"""The rows of a review's table of results: studies in sections, each followed by the row of its pool.

A pool rests on the studies between its heading and itself; the last one, where each section has its own, on all of them. What is
neither study nor pool nor heading ("Prediction interval" is none of them) makes the studies of a pool uncertain, and nothing is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ostealgia.audit.checks.reading.columns import looks_like_study, said
from ostealgia.audit.checks.reading.effect_rows import effect_rows
from ostealgia.audit.checks.reading.text import once
from ostealgia.audit.finding import Place
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.confidence import Triplet
from ostealgia.audit.tables.headers import measure_in
from ostealgia.audit.tables.model import Line, ReadTable
from ostealgia.audit.tables.view import row_words, shortened
from ostealgia.errors import OptionError
from ostealgia.io.documents.model import Cell, PrintedTable
from ostealgia.numerics.intervals import Printed

POOL = re.compile(
    r"^\W*(?:pooled|summary|combined|overall|(?:sub-?)?total|(?:random|fixed|common)[\s-]effects?|meta-?\s?analysis)\b",
    re.I,
)
_ALL = re.compile(r"^\W*(?:overall|total|grand)\b", re.I)
_MODEL = re.compile(r"\b(random|fixed|common)\b", re.I)
_BESIDE = re.compile(r"heterogen|prediction|\btest\s(?:for|of)\b|\bI\s?[²2]\b|\bI-squared|\btau|egger|weight", re.I)
_COUNTED = re.compile(
    r"\(\s?(\d{1,3})\s(?:studies|study|trials?|cohorts?|comparisons?)\s?\)|\(\s?[kn]\s?=\s?(\d{1,3})\s?\)", re.I
)
_DECIMAL = r"[-−–]?\d{1,4}(?:[.,·]\d{1,4})?"
_CELL = re.compile(
    rf"\s*({_DECIMAL})\s?%?\s?[(\[]\s?(?:95\s?%\s?CI[:,]?\s?)?({_DECIMAL})\s?%?\s?(?:\s-\s|(?<=\d)[-–]|\s?(?:to|;)\s?|"
    rf",\s)\s?({_DECIMAL})\s?%?\s?[)\]]\s*$"
)
_WHOLE = re.compile(r"\s*(\d{1,7}(?:[.,]\d{1,3})?)\s?(?:%|$|/|\()")
_PERCENT = re.compile(r"%\s*$")
_ADDED = re.compile(r"\bweights?\b|\bn\b|\bno\b|total|patients|participants|subjects|sample|size|events", re.I)
WEIGHTS = 1.0  # per cent that rounded weights may be off
FEW = 3  # a smaller number says nothing
# "Trial | MD": what stands under it, in one or two words, is the name of a study
_STUDY_HEAD = re.compile(r"^\W*(?:stud(?:y|ies)|trials?|(?:first\s)?authors?|source|reference)\b[^|]{0,20}$", re.I)
_NAME = re.compile(r"[A-Z][\w’'\-]+(?:\s(?:et\sal\.?|[A-Z0-9][\w\-]{0,12})){0,2}")
_LIMITS = re.compile(
    rf"\s*[(\[]?\s?({_DECIMAL})\s?%?\s?(?:\s-\s|(?<=\d)[-–]|\s?(?:to|;)\s?|,\s)\s?({_DECIMAL})\s?%?\s?[)\]]?\s*$"
)
_POINT = re.compile(rf"\s*({_DECIMAL})\s?%?\s*$")
_CI_HEAD = re.compile(r"\bCI\b|confidence|\blimits?\b", re.I)
_COMMA = re.compile(r"\d,\d")


@dataclass(frozen=True, eq=False)
class Shown:
    """An estimate with its limits in one row of a table. kind : "study" or "pool"."""

    label: str
    kind: str
    row: int
    triplet: Triplet
    place: Place


@dataclass(frozen=True, eq=False)
class Pool:
    """A pooled result and the studies above it. measure : None where neither heading nor caption says what it is."""

    table: ReadTable
    column: int
    measure: str | None
    heading: str
    around: str  # caption, note and headings
    row: Shown
    studies: tuple[Shown, ...]


@once
def pools(paper: Paper) -> list[Pool]:
    """Every pooled result of the tables whose studies stand above it."""
    found: list[Pool] = []
    for table in paper.tables:
        printed = paper.document.tables[table.index]
        if not any(POOL.match(line.label) for line in table.lines):
            continue
        for column in range(printed.n_columns):
            found += _column(paper, table, printed, column)
    return found


def complete(paper: Paper, pool: Pool) -> bool:
    """Whether the studies above a pool are all of its studies: their sizes or weights add up to the pool's.

    Where none are printed, a table that pages cut in two could have lost some.
    """
    printed = paper.document.tables[pool.table.index]
    told = False
    for column in range(printed.n_columns):
        whole = _number(printed, pool.row.row, column)
        parts = [_number(printed, study.row, column) for study in pool.studies]
        if column == pool.column or whole is None or whole <= 0 or any(part is None for part in parts):
            continue
        if len(pool.studies) == 1 and abs(whole) < FEW:
            continue
        room = WEIGHTS if _PERCENT.search(printed.cells[pool.row.row][column].text) or whole == 100 else 0.5
        if abs(sum(part for part in parts if part is not None) - whole) <= room:
            return True
        told = told or _ADDED.search(printed.column_name(column)) is not None or room == WEIGHTS
    return not told and paper.document.format != "pdf"


def _number(printed: PrintedTable, row: int, column: int) -> float | None:
    found = _WHOLE.match(printed.cells[row][column].text.replace("\u2009", "")) if row < len(printed.cells) else None
    return (
        float(
            found[1].replace(",", ".")
            if "," in found[1] and len(found[1].partition(",")[2]) < 3
            else found[1].replace(",", "")
        )
        if found
        else None
    )


def _column(paper: Paper, table: ReadTable, printed: PrintedTable, column: int) -> Iterator[Pool]:
    rows = {line.row: shown for line in table.lines if (shown := _shown(paper, printed, line, column))}
    if sum(shown.kind == "study" for shown in rows.values()) < 1 or len(rows) < 2:
        return
    name = printed.column_name(column)
    measures = {row.measure for row in effect_rows(paper) if row.table is table and row.column.index == column}
    measure = measures.pop() if len(measures) == 1 else None
    around = " ".join((printed.caption, printed.note, *(printed.column_name(c) for c in range(printed.n_columns))))
    walk = _Walk()
    for line in table.lines:
        shown = rows.get(line.row)
        if shown is None:
            walk.blank(line)
        elif shown.kind == "study":
            walk.study(shown)
        elif shown.kind == "pool":
            walk.pool(shown)
        else:
            walk.broken = walk.broken_all = True
    if measure is None and not measures:
        measure = measure_in(name)
    for shown, studies in walk.found:
        yield Pool(table, column, measure, name, around, shown, studies)


@dataclass
class _Walk:
    """The rows from top to bottom."""

    section: list[Shown] = field(default_factory=list)
    everything: list[Shown] = field(default_factory=list)
    found: list[tuple[Shown, tuple[Shown, ...]]] = field(default_factory=list)
    last: Shown | None = None  # the pool right above
    broken: bool = False
    broken_all: bool = False

    def blank(self, line: Line) -> None:
        if _BESIDE.search(line.label):
            return
        if looks_like_study(line.label):  # a study without this estimate, which the pool may hold
            self.broken = self.broken_all = True
        elif line.label and not POOL.match(line.label) and not line.entries:
            self._begin()
        elif line.entries:
            self.broken = self.broken_all = True

    def study(self, shown: Shown) -> None:
        if self.last is not None:
            self._begin()
        self.section.append(shown)
        self.everything.append(shown)

    def pool(self, shown: Shown) -> None:
        of_all = _ALL.match(shown.label) is not None and bool(self.found)
        twin = self.last is not None and _MODEL.search(shown.label) and _MODEL.search(self.last.label)
        earlier = {_first_word(one.label) for one, _ in self.found}
        if self.last is not None and not twin:
            self._of(shown, self.everything, self.broken_all) if of_all else None
        elif of_all and not twin and _first_word(shown.label) not in earlier:
            self._of(shown, self.everything, self.broken_all)
        elif self.last is not None and len(self.section) < len(self.everything) and _ALL.match(shown.label):
            pass  # a second pool of all studies, or of the last section: it does not say
        else:
            self._of(shown, self.section, self.broken)
        self.last = shown

    def _of(self, shown: Shown, studies: list[Shown], broken: bool) -> None:
        counted = _COUNTED.search(shown.label)
        if studies and not broken and (counted is None or int(counted[1] or counted[2]) == len(studies)):
            self.found.append((shown, tuple(studies)))

    def _begin(self) -> None:
        self.section, self.last, self.broken = [], None, False


def _first_word(label: str) -> str:
    words = re.findall(r"[a-z]+", label.casefold())
    return words[0] if words else ""


def _shown(paper: Paper, printed: PrintedTable, line: Line, column: int) -> Shown | None:
    entry = line.entries.get(column)
    parts = [entry.parts.get(name) for name in ("estimate", "ci_low", "ci_high")] if entry is not None else [None]
    place = None
    if entry is not None and all(part is not None for part in parts):
        triplet = Triplet(*(part.printed for part in parts if part is not None))
        place = paper.place(entry.start, entry.end)
    else:
        cell = printed.cells[line.row][column] if line.row < len(printed.cells) else None
        read = (_triplet(cell) or _split(printed, line.row, column)) if cell is not None and not cell.copied else None
        if cell is None or read is None:
            return None
        triplet, place = read, paper.place(cell.start, cell.end)
    if any(part.relation != "=" for part in triplet.parts):
        return None
    if _BESIDE.search(line.label):
        return None
    named = looks_like_study(line.label) or (
        _STUDY_HEAD.match(printed.column_name(0)) is not None and _NAME.fullmatch(line.label.strip())
    )
    kind = "pool" if POOL.match(line.label) else "study" if named else "other"
    quote = row_words(paper, line)
    return Shown(line.label, kind, line.row, triplet, _quoted(place, quote))


def _quoted(place: Place, words: str) -> Place:
    return replace(place, quote=shortened(words))


def _split(printed: PrintedTable, row: int, column: int) -> Triplet | None:
    """An estimate whose limits stand in the next column, under a heading of its own ("95% CI")."""
    if column + 1 >= printed.n_columns or not _CI_HEAD.search(printed.column_name(column + 1)):
        return None
    texts = [printed.cells[row][at].text.replace("−", "-").replace("·", ".") for at in (column, column + 1)]
    point, limits = _POINT.match(texts[0]), _LIMITS.match(texts[1])
    if point is None or limits is None or any("," in part for part in (point[1], *limits.groups())):
        return None
    try:
        return Triplet(*(Printed.parse(part.replace("–", "-")) for part in (point[1], *limits.groups())))
    except OptionError:
        return None


def _triplet(cell: Cell) -> Triplet | None:
    """An estimate with limits of a cell that the table's reading left alone: with decimal commas, or of a nameless measure."""
    text = cell.text.replace("−", "-").replace("·", ".")
    match = _CELL.match(text) if said(text) else None
    if match is None:
        return None
    parts = [part.replace("–", "-") for part in match.groups()]
    if any(_COMMA.search(part) for part in parts):
        if any("." in part for part in parts):
            return None
        parts = [part.replace(",", ".") for part in parts]
    try:
        return Triplet(*(Printed.parse(part) for part in parts))
    except OptionError:
        return None
