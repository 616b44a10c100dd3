"""What a paper is once it has been read: one text, its blocks in reading order, its tables, and places in them.

Every span counts characters of ``Document.text``. ``Document.plain`` has the same length, so a span means the same
place in both: typographic variants of one sign (dashes, minus signs, thin spaces, full-width digits) are one sign
there, and mark-up (``**``, ``$``, ``\\%``, ``<sup>``) is blank.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property

BLOCK_KINDS: dict[str, str] = {
    "title": "the title of the paper",
    "heading": "a heading",
    "paragraph": "running text",
    "list": "one entry of a list",
    "caption": "the words that belong to a figure or a table",
    "note": "a note under a table or a figure",
    "table": "a table; its cells are in Document.tables",
    "reference": "one entry of the list of references",
    "front": "authors, affiliations, dates, licence: nothing of it is a result",
}

SECTIONS: tuple[str, ...] = (
    "front",
    "abstract",
    "introduction",
    "methods",
    "results",
    "discussion",
    "conclusion",
    "back",
    "references",
    "other",
)


@dataclass(frozen=True, kw_only=True)
class Block:
    """A stretch of the text that belongs together.

    kind, section : names in BLOCK_KINDS and SECTIONS.  start, end : characters of the text.
    heading : the nearest heading above, as printed.  table : index in Document.tables, for kind "table" and for the
    caption and notes of a table.  continues : index in Document.blocks of the paragraph whose last sentence goes on
    here, after a figure, a table or a page's end; None where the block begins with a sentence of its own.
    """

    kind: str
    start: int
    end: int
    section: str = "other"
    heading: str = ""
    table: int | None = None
    continues: int | None = None


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell of a table: its words and their place. An empty cell has start == end.

    The words are the characters start:end of the text, but for a cell whose words go on in further lines of a table in
    plain text: then the span is that of its first line.

    row, column : from 0, in the grid.  header : the cell names its column (or its group of columns).
    copied : the cell repeats the words of a merged cell, whose place it carries.
    """

    text: str
    start: int
    end: int
    row: int
    column: int
    header: bool = False
    copied: bool = False


@dataclass(frozen=True, kw_only=True)
class PrintedTable:
    """A table as printed: a full grid of cells, rows of equal length, header rows first.

    label : "Table 2" or "" where it has none.  caption, note : the words above and below.
    note_start, caption_start : their first characters, None where there is none.
    """

    cells: tuple[tuple[Cell, ...], ...]
    start: int
    end: int
    label: str = ""
    caption: str = ""
    note: str = ""
    caption_start: int | None = None
    note_start: int | None = None
    header_rows: int = 1
    section: str = "results"

    @property
    def header(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows that name the columns."""
        return self.cells[: self.header_rows]

    @property
    def body(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows below the header."""
        return self.cells[self.header_rows :]

    @property
    def n_columns(self) -> int:
        """Number of columns of the grid."""
        return len(self.cells[0]) if self.cells else 0

    def column_name(self, column: int) -> str:
        """The words of the header above a column, from top to bottom, each said once."""
        words: list[str] = []
        for row in self.header:
            text = row[column].text.strip()
            if text and text not in words:
                words.append(text)
        return " ".join(words)


@dataclass(frozen=True, kw_only=True)
class Document:
    """A paper as text with places.

    name : the file's name.  format : "text", "markdown", "html", "jats", "pdf", "docx", "csv" or "xlsx".
    text : all words in reading order.  plain : the same length, one sign for each meaning, mark-up blank.
    blocks : in reading order, not overlapping.  tables : in reading order.
    line_starts : first character of each line.  page_starts : first character of each page, empty without pages.
    notes : what the reader had to decide or could not read.
    """

    name: str
    format: str
    text: str
    plain: str
    blocks: tuple[Block, ...] = ()
    tables: tuple[PrintedTable, ...] = ()
    line_starts: tuple[int, ...] = (0,)
    page_starts: tuple[int, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @cached_property
    def _block_starts(self) -> list[int]:
        return [block.start for block in self.blocks]

    def line(self, position: int) -> int:
        """The line, counted from 1, that holds a character."""
        return bisect_right(self.line_starts, position)

    def page(self, position: int) -> int | None:
        """The page, counted from 1, that holds a character; None for documents without pages."""
        return bisect_right(self.page_starts, position) if self.page_starts else None

    def block_at(self, position: int) -> Block | None:
        """The block that holds a character."""
        at = bisect_right(self._block_starts, position) - 1
        return self.blocks[at] if at >= 0 and self.blocks[at].end > position else None

    def quote(self, start: int, end: int, margin: int = 0) -> str:
        """The words of a span on one line, with so many characters before and after it."""
        return " ".join(self.text[max(0, start - margin) : end + margin].split())
