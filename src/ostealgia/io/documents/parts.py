"""What the readers of each format hand over: the parts of a paper in reading order, with their places in one text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ostealgia.io.documents.model import Cell

Grid = list[list[Cell]]


@dataclass(eq=False)
class Part:
    """A stretch of the text, before its section is known.

    kind : name in BLOCK_KINDS, or "break" for a rule or a page's end.  level : of a heading, 0 where unknown.
    certain : the format itself says the kind (a tag, a style, a ``#``), it is not a guess.
    section : where the format itself says it.  grid, header_rows : of a table; header_rows None where unknown.
    label : "Table 2" or "Figure 1" of a caption, "" else.  float_kind : "table" or "figure" of a caption.
    owner : the table that a caption or a note belongs to.  continues : as in Block.
    """

    kind: str
    start: int
    end: int
    level: int = 0
    certain: bool = False
    section: str | None = None
    grid: Grid | None = None
    header_rows: int | None = None
    label: str = ""
    float_kind: str = ""
    owner: Part | None = None
    continues: int | None = None
    heading: str = ""


@dataclass(frozen=True)
class RawCell:
    """A cell before it has a place: its words, over how many rows and columns it stands, and whether it is a header."""

    text: str
    rows: int = 1
    columns: int = 1
    header: bool = False


@dataclass
class Writer:
    """Builds one text from the parts of a format without a text of its own (HTML, JATS, PDF, DOCX, sheets).

    >>> writer = Writer()
    >>> writer.add("paragraph", "OR 3.94").start, writer.table([[RawCell("n"), RawCell("12")]]).grid[0][1].start, writer.text
    (0, 11, 'OR 3.94\\n\\nn\\t12\\n')
    """

    pieces: list[str] = field(default_factory=list)
    length: int = 0
    parts: list[Part] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All that was written."""
        return "".join(self.pieces)

    def write(self, words: str) -> int:
        """Write words as they are; returns their place."""
        start = self.length
        self.pieces.append(words)
        self.length += len(words)
        return start

    def _gap(self) -> None:
        if self.length:
            self.write("\n" if self.pieces[-1].endswith("\n") else "\n\n")

    def add(
        self,
        kind: str,
        words: str,
        *,
        level: int = 0,
        section: str | None = None,
        certain: bool = True,
        label: str = "",
        float_kind: str = "",
    ) -> Part:
        """A part of running text, apart from the one before by a blank line."""
        self._gap()
        start = self.write(words)
        part = Part(
            kind, start, self.length, level=level, certain=certain, section=section, label=label, float_kind=float_kind
        )
        self.parts.append(part)
        return part

    def table(
        self, rows: Sequence[Sequence[RawCell]], *, header_rows: int | None = None, section: str | None = None
    ) -> Part:
        """A table: cells apart by tabs, rows by line ends; merged cells are written once and copied."""
        self._gap()
        start = self.length
        layout = spread(rows)
        places: dict[int, tuple[int, int]] = {}
        grid: Grid = []
        for r, line in enumerate(layout):
            cells: list[Cell] = []
            for c, (number, cell) in enumerate(line):
                if c:
                    self.write("\t")
                copied = cell is not None and number in places
                if cell is None:
                    place, words, header = (self.length, self.length), "", False
                else:
                    words, header = cell.text, cell.header
                    if copied:
                        place = places[number]
                    else:
                        place = (self.write(words), self.length)
                        places[number] = place
                cells.append(
                    Cell(text=words, start=place[0], end=place[1], row=r, column=c, header=header, copied=copied)
                )
            self.write("\n")
            grid.append(cells)
        part = Part("table", start, self.length, certain=True, section=section, grid=grid, header_rows=header_rows)
        self.parts.append(part)
        return part


_WIDEST = 400


def spread(rows: Sequence[Sequence[RawCell]]) -> list[list[tuple[int, RawCell | None]]]:
    """Rows of equal length where a merged cell stands at each of its places: (number of the cell, the cell or None).

    >>> [[cell and cell.text for _, cell in row] for row in spread([[RawCell("a", rows=2), RawCell("b", columns=2)], [RawCell("c")]])]
    [['a', 'b', 'b'], ['a', 'c', None]]
    """
    taken: dict[tuple[int, int], tuple[int, RawCell]] = {}
    number = 0
    width = 0
    for r, row in enumerate(rows):
        c = 0
        for cell in row:
            while (r, c) in taken:
                c += 1
            if c >= _WIDEST:
                break
            for down in range(max(1, min(cell.rows, len(rows) - r))):
                for right in range(max(1, min(cell.columns, _WIDEST - c))):
                    taken.setdefault((r + down, c + right), (number, cell))
            c += max(1, cell.columns)
            number += 1
    width = max((column + 1 for _, column in taken), default=0)
    return [[taken.get((r, c), (-1, None)) for c in range(width)] for r in range(len(rows))]
