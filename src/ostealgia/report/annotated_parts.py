"""A paper cut into pieces: plain words, and the numbers that carry findings."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ostealgia.audit.finding import Finding
from ostealgia.audit.result import Audit
from ostealgia.io.documents.model import Block, Cell, Document, PrintedTable
from ostealgia.report.audit_notes import closing, gravest, kind_of

WIDEST = 240  # characters; a finding about a longer stretch is pinned to its beginning
_RAISED = str.maketrans("0123456789-−+", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻⁺")
_MARKUP = re.compile(r"\^\{? ?([-−+]?\d{1,4})\}?|\\[A-Za-z]{1,20}|</?[A-Za-z][^<>\n]{0,80}>|[*$^_{}`#|~]{1,8}|\\")
_FIRST_WORD = re.compile(r"[^\s,;()\[\]]+")
_LONGEST_WORD = 40
_WRITTEN_WITH_MARKUP = ("text", "markdown")


@dataclass(eq=False, kw_only=True)
class Mark:
    """A stretch of the text with its findings. number : from 1, in reading order of the page; 0 until it is set."""

    start: int
    end: int
    findings: list[Finding]
    number: int = 0

    @property
    def kind(self) -> str:
        """The gravest kind among the findings."""
        return gravest(kind_of(found) for found in self.findings)

    @property
    def pinned(self) -> bool:
        """Whether it is about a long stretch, so that its beginning is marked only."""
        return self.end - self.start > WIDEST


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Words of the page. mark : what they carry.  first : the words that show the mark's findings."""

    text: str
    mark: Mark | None = None
    first: bool = False


@dataclass(frozen=True, kw_only=True)
class SetCell:
    """A cell of a printed table. colspan : columns it covers."""

    pieces: tuple[Piece, ...]
    header: bool
    colspan: int = 1


@dataclass(frozen=True, kw_only=True)
class Part:
    """A block of the page: its words, or the rows of a table. page : where it begins a new page. extra : marks with no
    words of their own in a table."""

    kind: str
    section: str
    pieces: tuple[Piece, ...] = ()
    header: tuple[tuple[SetCell, ...], ...] = ()
    rows: tuple[tuple[SetCell, ...], ...] = ()
    extra: tuple[Piece, ...] = ()
    page: int | None = None
    label: str = ""


@dataclass(kw_only=True)
class Setting:
    """The marks of a paper while its page is set: which have been shown, and which number comes next."""

    document: Document
    marks: list[Mark]
    shown: list[Mark] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._starts = [mark.start for mark in self.marks]
        widest = max((mark.end - mark.start for mark in self.marks), default=0)
        self._reach = widest

    def within(self, start: int, end: int) -> list[Mark]:
        """Marks that share characters with a stretch, by place."""
        low = bisect_left(self._starts, start - self._reach)
        high = bisect_left(self._starts, end)
        return [mark for mark in self.marks[low:high] if mark.end > start and mark.start < end]

    def show(self, mark: Mark) -> bool:
        """True the first time a mark is set."""
        if mark.number:
            return False
        self.shown.append(mark)
        mark.number = len(self.shown)
        return True


def marks_of(audit: Audit) -> list[Mark]:
    """The findings of a paper by the characters they are about; those on one number, or one inside another, are one mark.

    Findings about a long stretch (a whole table) mark its first word, so that they do not swallow the numbers inside it.
    """
    placed = [found for found in audit.findings if found.span is not None and found.span[1] > found.span[0]]
    short = [found for found in placed if _length(found) <= WIDEST]
    marks: list[Mark] = []
    for found in sorted(short, key=_span):
        start, end = _span(found)
        end += len(closing(audit.document, start, end))
        if marks and start < marks[-1].end and max(end, marks[-1].end) - marks[-1].start <= WIDEST:
            marks[-1].end = max(end, marks[-1].end)
            marks[-1].findings.append(found)
        else:  # never over the mark before
            marks.append(Mark(start=max(start, marks[-1].end) if marks else start, end=end, findings=[found]))
    wide: dict[tuple[int, int], list[Finding]] = {}
    for found in placed:
        if _length(found) > WIDEST:
            wide.setdefault(_span(found), []).append(found)
    marks = [mark for mark in marks if mark.end > mark.start]
    return sorted([*marks, *_wide_marks(audit.document, wide, marks)], key=lambda mark: (mark.start, -mark.end))


def _wide_marks(
    document: Document, wide: dict[tuple[int, int], list[Finding]], marks: Sequence[Mark]
) -> Iterator[Mark]:
    """Marks of long stretches: their first word, or (where that carries another mark) a pin at their beginning."""
    taken = sorted((mark.start, mark.end) for mark in marks)
    for (start, end), findings in sorted(wide.items()):
        word = _FIRST_WORD.match(document.text, start, min(end, start + _LONGEST_WORD))
        first = word.end() if word else start
        at = bisect_left(taken, (start, 0))
        free = (at == 0 or taken[at - 1][1] <= start) and (at == len(taken) or taken[at][0] >= first)
        if first > start and free:
            taken.insert(at, (start, first))
            yield Mark(start=start, end=first, findings=findings)
        else:
            yield Mark(start=start, end=end, findings=findings)


def _span(found: Finding) -> tuple[int, int]:
    return found.span or (0, 0)


def _length(found: Finding) -> int:
    return _span(found)[1] - _span(found)[0]


def parts_of(audit: Audit) -> tuple[tuple[Part, ...], tuple[Mark, ...], tuple[Finding, ...]]:
    """The page of a paper: its blocks, the marks in the order in which they are set, and the findings without a place."""
    document = audit.document
    setting = Setting(document=document, marks=marks_of(audit))
    parts = tuple(_parts(setting))
    placed = {id(found) for mark in setting.shown for found in mark.findings}
    return parts, tuple(setting.shown), tuple(found for found in audit.findings if id(found) not in placed)


def _parts(setting: Setting) -> Iterator[Part]:
    document = setting.document
    page: int | None = None
    at = 0
    for block in _all_blocks(document):
        new = document.page(block.start)
        turned, page = (new if new != page else None), new
        table = _grid(document, block)
        if table is not None:
            part = _table_part(setting, block, table, turned)
        else:
            pieces = tuple(_pieces(setting, block.start, block.end, markup=True))
            part = Part(kind=block.kind, section=block.section, pieces=pieces, page=turned)
        missed = _missed(setting, at, block.start)
        if missed:
            yield Part(kind="note", section=block.section, pieces=missed)
        yield part
        at = block.end
    rest = _missed(setting, at, len(document.text) + 1)
    if rest:
        yield Part(kind="paragraph", section="other", pieces=rest)


def _grid(document: Document, block: Block) -> PrintedTable | None:
    """The table of a block of cells; None for words, and for a table that was not read as a grid."""
    if block.kind != "table" or block.table is None or block.table >= len(document.tables):
        return None
    table = document.tables[block.table]
    return table if table.cells else None


def _all_blocks(document: Document) -> Iterator[Block]:
    """The blocks of a paper, and paragraphs for words that stand between them."""
    at = 0
    for block in document.blocks:
        yield from _between(document, at, block.start)
        yield block
        at = max(at, block.end)
    yield from _between(document, at, len(document.text))


def _between(document: Document, start: int, end: int) -> Iterator[Block]:
    words = document.text[start:end]
    if any(sign.isalnum() for sign in words):
        first = start + len(words) - len(words.lstrip())
        yield Block(kind="paragraph", start=first, end=start + len(words.rstrip()))


def _missed(setting: Setting, start: int, end: int) -> tuple[Piece, ...]:
    """Marks between two blocks, where no words are set: their own words."""
    pieces: list[Piece] = []
    for mark in setting.within(start, end):
        if mark.start >= start and setting.show(mark):
            pieces.append(Piece(text=setting.document.quote(mark.start, mark.end), mark=mark, first=True))
    return tuple(pieces)


def _pieces(setting: Setting, start: int, end: int, *, markup: bool) -> Iterator[Piece]:
    """The words of a stretch, cut where marks begin and end."""
    document, at = setting.document, start
    marks = setting.within(start, end)
    for mark in marks:
        low, high = max(mark.start, start), min(mark.end, end)
        if mark.pinned:
            high = low
        if low < at:
            low = at  # inside a mark that has been set: pinned behind it
        if not mark.pinned and low >= high:
            if setting.show(mark):
                yield Piece(text="", mark=mark, first=True)
            continue
        if low > at:
            yield Piece(text=_words(document, at, low, markup))
        first = setting.show(mark)
        if first or high > low:
            yield Piece(text=_words(document, low, high, markup), mark=mark, first=first)
        at = max(at, high)
    if at < end:
        yield Piece(text=_words(document, at, end, markup))


def _words(document: Document, start: int, end: int, markup: bool) -> str:
    """The words as printed, without the signs of mark-up (which are blank in ``plain``)."""
    words = document.text[start:end]
    if not markup or document.format not in _WRITTEN_WITH_MARKUP:
        return words

    def kept(found: re.Match[str]) -> str:
        meant = document.plain[start + found.start() : start + found.end()].strip()
        if found[1]:
            raised = found[1].translate(_RAISED)
            before = document.plain[max(0, start + found.start() - _LONGEST_WORD) : start + found.start()].rstrip()
            return "" if not meant and before.endswith(raised) else raised  # a Greek letter may hold its power already
        return meant if found[0].startswith("\\") or not meant else found[0]

    return _MARKUP.sub(kept, words)


# ---- tables


def _table_part(setting: Setting, block: Block, table: PrintedTable, page: int | None) -> Part:
    rows = [tuple(_row(setting, row)) for row in table.cells]
    extra: list[Piece] = []
    for mark in setting.within(block.start, block.end):
        if setting.show(mark):
            extra.append(Piece(text=setting.document.quote(mark.start, mark.end), mark=mark, first=True))
    return Part(
        kind="table",
        section=block.section,
        header=tuple(rows[: table.header_rows]),
        rows=tuple(rows[table.header_rows :]),
        extra=tuple(extra),
        page=page,
        label=table.label,
    )


def _row(setting: Setting, row: Sequence[Cell]) -> Iterator[SetCell]:
    """The cells of a row; a cell merged over columns is set once, one merged from the row above is left empty."""
    column = 0
    while column < len(row):
        cell, width = row[column], 1
        while column + width < len(row) and row[column + width].copied and _same(cell, row[column + width]):
            width += 1
        pieces = () if cell.copied else tuple(_cell_pieces(setting, cell))
        yield SetCell(pieces=pieces, header=cell.header, colspan=width)
        column += width


def _same(one: Cell, other: Cell) -> bool:
    return one.start == other.start and one.end == other.end and one.end > one.start


def _cell_pieces(setting: Setting, cell: Cell) -> Iterable[Piece]:
    if not setting.within(cell.start, cell.end):
        return (Piece(text=cell.text),) if cell.text else ()
    pieces = list(_pieces(setting, cell.start, cell.end, markup=True))
    printed = setting.document.text[cell.start : cell.end]
    if len(cell.text) > len(printed) and cell.text.startswith(printed):  # words that go on in further lines
        pieces.append(Piece(text=cell.text[len(printed) :]))
    return pieces
