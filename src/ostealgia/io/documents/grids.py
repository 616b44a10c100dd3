"""Grids of cells: equal rows, rows of the header, a caption or a note that was typed into the grid, parts joined."""

from __future__ import annotations

import re
from dataclasses import replace

from ostealgia.io.documents.model import Cell
from ostealgia.io.documents.parts import Grid
from ostealgia.io.documents.words import caption_label, is_note

_DATA = re.compile(r"\s*(?:[-<>≤≥=~+±]\s?)?[\d.]*\d[\d.,]*\s*(?:$|[%(±\[*†‡/;]|-\s?\d|to\b|[a-d]$|\s(?:of|vs)\b)")
_LEVEL = re.compile(
    r"\s*\d\d(?:\.\d)?\s?%\s?(?:C\.?I\b|CrI|HDI|UI\b|PI\b|confidence|credib|uncertainty|prediction|limits?|intervals?)",
    re.I,
)
_NOTHING = re.compile(r"\s*(?:-+|—|–|NA|N/A|NR|ND|NS|nan|\.{1,3}|ref(?:erence)?\.?|yes|no)?\s*\Z", re.IGNORECASE)


def padded(rows: Grid, end: int) -> Grid:
    """Rows of equal length: empty cells are added at the end of short rows, columns without any word at the end go.

    end : a place for cells of a row that has none.
    """
    width = max((1 + max((c for c, cell in enumerate(row) if cell.text), default=-1) for row in rows), default=0)
    full: Grid = []
    for r, row in enumerate(rows):
        place = row[-1].end if row else end
        cells = [*row[:width]]
        cells += [Cell(text="", start=place, end=place, row=r, column=c) for c in range(len(cells), width)]
        full.append([replace(cell, row=r, column=c) for c, cell in enumerate(cells)])
    return full


def looks_like_data(words: str) -> bool:
    """Whether a cell reads as a value: "33 (13 abstracts)", "62.02 ± 11.39", "< 0.001".

    >>> looks_like_data("62 (60.8)"), looks_like_data("n (%)"), looks_like_data("Control (n = 103)"), looks_like_data("3 months")
    (True, False, False, False)
    >>> looks_like_data("95% CI")
    False
    """
    return not _LEVEL.match(words) and bool(_DATA.match(words.replace("−", "-").replace("–", "-").replace("·", ".")))


def header_rows(grid: Grid, known: int | None = None) -> int:
    """How many rows at the top name the columns; 0 where the first row holds values already.

    known : what the format says; further rows without a value right below still belong to the header.
    """
    if not grid:
        return 0
    if known is not None and known >= len(grid):
        known = 1 if len(grid) > 1 else 0
    count = known or 0
    if known is None:
        if _values(grid[0]) and not _names(grid[0]):
            return 0
        count = 1
    while count < min(len(grid) - 1, 4) and _goes_on(grid, count):
        count += 1
    return count


def _values(row: list[Cell]) -> bool:
    """All cells but the first are values or empty, and at least one is a value."""
    rest = [cell.text for cell in row[1:] if cell.text.strip()]
    return (
        bool(rest)
        and all(looks_like_data(text) or _NOTHING.match(text) for text in rest)
        and any(map(looks_like_data, rest))
    )


def _names(row: list[Cell]) -> bool:
    """Bare years or small whole numbers name columns where there are three or more of them."""
    rest = [cell.text.strip() for cell in row[1:] if cell.text.strip()]
    return len(rest) >= 3 and all(re.fullmatch(r"(?:19|20)\d\d|\d", text) for text in rest)


def _goes_on(grid: Grid, at: int) -> bool:
    """Whether a row below the header still names columns: no value in it, and it fills in what the row above leaves open."""
    row, above = grid[at], grid[at - 1]
    filled = [cell for cell in row if cell.text.strip() and not cell.copied]
    if not filled or any(looks_like_data(cell.text) for cell in row[1:]):
        return False
    first_open = not row[0].text.strip() or (row[0].copied and row[0].start == above[0].start)
    if first_open and any(cell.column for cell in filled):
        return True
    # a group's name above several columns: the row above is empty or merged where this row has words
    open_above = [c for c, cell in enumerate(above) if c and (not cell.text.strip() or cell.copied)]
    return bool(open_above) and all(row[c].text.strip() for c in open_above) and len(filled) >= 3


def with_header_marks(grid: Grid, count: int) -> Grid:
    """The grid with ``header`` set on the cells of its header rows."""
    return [
        [replace(cell, header=r < count) if cell.header != (r < count) else cell for cell in row]
        for r, row in enumerate(grid)
    ]


def peeled(grid: Grid) -> tuple[Grid, list[Cell], list[Cell]]:
    """(the grid, cells above it that are a caption, cells below it that are notes): rows with one cell across the table."""
    top: list[Cell] = []
    while (
        len(grid) > 1 and (cell := _only(grid[0])) and (caption_label(cell.text) or (not top and len(cell.text) > 60))
    ):
        top.append(cell)
        grid = grid[1:]
    bottom: list[Cell] = []
    while len(grid) > 1 and (cell := _only(grid[-1])) and is_note(cell.text) and (len(cell.text) > 25 or bottom):
        bottom.insert(0, cell)
        grid = grid[:-1]
    if top or bottom:
        grid = [[replace(cell, row=r) for cell in row] for r, row in enumerate(grid)]
    return grid, top, bottom


def _only(row: list[Cell]) -> Cell | None:
    """The one cell with words of a row, where it is the first or stands across the whole row."""
    words = [cell for cell in row if cell.text.strip()]
    if not words or not row[0].text.strip() or len(row) < 2:
        return None
    return words[0] if len({(cell.start, cell.end) for cell in words}) == 1 else None


def same_header(first: Grid, rows: int, second: Grid) -> int | None:
    """How many rows at the top of the second grid repeat the header of the first; None where it is another table."""
    if not first or not second or len(first[0]) != len(second[0]):
        return None
    repeated = 0
    while repeated < min(rows, len(second) - 1) and _words(first[repeated]) == _words(second[repeated]):
        repeated += 1
    return repeated


def _words(row: list[Cell]) -> list[str]:
    return ["".join(cell.text.lower().split()) for cell in row]


def joined(first: Grid, second: Grid, skip: int) -> Grid:
    """Both grids in one, the second without its repeated header."""
    rows = [*first, *second[skip:]]
    return [[replace(cell, row=r) for cell in row] for r, row in enumerate(rows)]
