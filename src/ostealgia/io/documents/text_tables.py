"""Tables in plain text and Markdown: rows by tabs, by pipes, by columns of blanks, or as HTML tags within the text."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ostealgia.io.documents.grids import looks_like_data, padded
from ostealgia.io.documents.model import Cell
from ostealgia.io.documents.parts import Grid, RawCell, spread
from ostealgia.io.documents.words import caption_label


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the text: its words without the line end, and its place."""

    text: str
    start: int

    @property
    def end(self) -> int:
        """The place after its last character."""
        return self.start + len(self.text)

    @property
    def blank(self) -> bool:
        """No words."""
        return not self.text or self.text.isspace()


@dataclass(frozen=True)
class TextTable:
    """A table found at lines first:last. header_rows : None where unknown."""

    first: int
    last: int
    grid: Grid
    header_rows: int | None = None


def lines_of(text: str) -> list[Line]:
    """The lines of a text with their places."""
    lines, at = [], 0
    for line in text.split("\n"):
        lines.append(Line(line, at))
        at += len(line) + 1
    return lines


def find_tables(lines: list[Line], text: str) -> list[TextTable]:
    """Every table of the text, in order, none inside another."""
    found: list[TextTable] = []
    has_tags = "<table" in text or "<TABLE" in text
    at, tried = 0, 0  # tried : a run of lines up to there is no table
    while at < len(lines):
        line = lines[at].text
        table = None
        if not line or line.isspace():
            pass
        elif has_tags and (opened := _OPEN_TABLE.search(line)):
            table = _tagged(lines, at, opened.start(), text)
        elif "\t" in line:
            table = _tabbed(lines, at)
        elif "|" in line and at >= tried:
            table, tried = _piped(lines, at)
        elif line.startswith("+-") and at >= tried:
            table, tried = _boxed(lines, at)
        elif "  " in line and at >= tried:
            table, tried = _columned(lines, at)
        if table:
            found.append(table)
            at = table.last
        else:
            at += 1
    return found


# ---- tabs


def _tabs(line: Line) -> int:
    return line.text.count("\t")


def _is_row(line: Line) -> bool:
    return "\t" in line.text.lstrip() or line.text.count("\t") > 1


def _tabbed(lines: list[Line], at: int) -> TextTable | None:
    """A run of lines with tabs. A line without one belongs to it where a row stands right below."""
    if not _is_row(lines[at]):
        return None
    last = at + 1
    rows = 1
    while last < len(lines):
        if _is_row(lines[last]) or (rows and "\t" in lines[last].text and not lines[last].blank):
            rows += 1
            last += 1
        elif (step := _bridge(lines, last, _tabs(lines[last - 1]))) is not None:
            last += step
        else:
            break
    if rows < 2 and not (at and caption_above(lines, at)):
        return None
    cells = [_split(line, "\t") for line in lines[at:last] if not line.blank]
    return TextTable(at, last, _mended(cells))


def _bridge(lines: list[Line], at: int, tabs: int) -> int | None:
    """Lines to step over to the next row of the same table: one wrapped line, or one blank line between rows."""
    if at + 1 >= len(lines) or not _is_row(lines[at + 1]):
        return None
    if lines[at].blank:
        alone = at < 2 or lines[at - 2].blank or not _is_row(lines[at - 2])
        next_alone = at + 2 >= len(lines) or lines[at + 2].blank
        return 1 if (alone or next_alone) and tabs == _tabs(lines[at + 1]) and tabs > 0 else None
    return 1 if len(lines[at].text) <= 200 and not caption_label(lines[at].text) else None


def _split(line: Line, mark: str) -> list[Cell]:
    """The cells of a line at their places, without the blanks around their words."""
    cells, at = [], line.start
    for column, piece in enumerate(line.text.split(mark)):
        words = piece.strip()
        start = at + (len(piece) - len(piece.lstrip()) if words else 0)
        cells.append(Cell(text=words, start=start, end=start + len(words), row=0, column=column))
        at += len(piece) + len(mark)
    return cells


def _mended(rows: list[list[Cell]]) -> Grid:
    """Rows padded to one width; a row that was broken by a line end is joined where its pieces make up exactly one row."""
    widths = sorted(len(row) for row in rows)
    width = widths[len(widths) // 2]
    mended: list[list[Cell]] = []
    at = 0
    while at < len(rows):
        row = rows[at]
        if 1 < len(row) < width and at + 1 < len(rows) and len(row) + len(rows[at + 1]) - 1 == width and row[-1].text:
            first, rest = row[-1], rows[at + 1]
            cell = replace(first, text=f"{first.text} {rest[0].text}".strip(), end=rest[0].end)
            mended.append([*row[:-1], cell, *rest[1:]])
            at += 2
            continue
        mended.append(row)
        at += 1
    return padded(mended, rows[0][0].start)


# ---- pipes

_RULE = re.compile(r"\s*\|?\s*:?-{1,200}:?\s*(?:\|\s*:?-{1,200}:?\s*){0,200}\|?\s*\Z")
_ESCAPED_PIPE = "\\|"


def _piped(lines: list[Line], at: int) -> tuple[TextTable | None, int]:
    last = at
    while last < len(lines) and "|" in lines[last].text:
        last += 1
    run = lines[at:last]
    rules = [i for i, line in enumerate(run) if "-" in line.text and _RULE.match(line.text)]
    edged = all(line.text.strip().startswith("|") for line in run)
    if len(run) < 2 or not ((rules and rules[0] <= 4) or edged):
        return None, last
    ruled = set(rules)
    rows = [_pipe_row(line) for i, line in enumerate(run) if i not in ruled]
    if not rows or max(map(len, rows)) < 2:
        return None, last
    known = rules[0] if rules and rules[0] else None
    while known and rows and not any(cell.text for cell in rows[0]):  # an empty header that the format asks for
        rows, known = rows[1:], known - 1
    heads = known if known else (None if not rules else 0)
    return (TextTable(at, last, padded(rows, lines[at].start), heads) if rows else None), last


def _pipe_row(line: Line) -> list[Cell]:
    hidden = line.text.replace(_ESCAPED_PIPE, "\x00\x00")
    body = hidden.rstrip()
    start = line.start
    if body.lstrip().startswith("|"):
        cut = body.index("|") + 1
        body, start = body[cut:], start + cut
    body = body[:-1] if body.endswith("|") else body
    cells = _split(Line(body, start), "|")
    return [
        replace(cell, text=cell.text.replace("\x00\x00", _ESCAPED_PIPE)) if "\x00" in cell.text else cell
        for cell in cells
    ]


_BOX = re.compile(r"\s*\+(?:[-=:]{1,400}\+){1,200}\s*\Z")


def _boxed(lines: list[Line], at: int) -> tuple[TextTable | None, int]:
    """A table drawn with + - | (pandoc's grid tables): the lines between two rules are one row."""
    last = at
    while last < len(lines) and lines[last].text.lstrip().startswith(("+", "|")):
        last += 1
    rows: list[list[Cell]] = []
    group: list[list[Cell]] = []
    known = None
    for line in lines[at:last]:
        if _BOX.match(line.text):
            if group:
                rows.append(_stacked(group))
            group = []
            if "=" in line.text and rows:
                known = len(rows)
        else:
            group.append(_pipe_row(line))
    if group:
        rows.append(_stacked(group))
    if len(rows) < 2 or max(map(len, rows)) < 2:
        return None, last
    return TextTable(at, last, padded(rows, lines[at].start), known), last


def _stacked(group: list[list[Cell]]) -> list[Cell]:
    """Rows one below the other as one row: the words of each column joined."""
    width = max(map(len, group))
    row: list[Cell] = []
    for column in range(width):
        cells = [line[column] for line in group if column < len(line)]
        words = [cell for cell in cells if cell.text]
        first = words[0] if words else cells[0]
        row.append(replace(first, text=" ".join(cell.text for cell in words)))
    return row


# ---- columns of blanks

SEGMENT = re.compile(r"\S+(?: \S+)*")
_RULED = re.compile(r"[\s\-=_─━—–+]{3,}\Z")
_PROSE = re.compile(r"[A-Za-z]{2,}(?:[ ,;'-]+[A-Za-z]{2,}){3}")


def _segments(line: Line) -> list[tuple[int, int]]:
    return [match.span() for match in SEGMENT.finditer(line.text)]


def _columned(lines: list[Line], at: int) -> tuple[TextTable | None, int]:
    """(three or more lines whose words stand in the same columns, two or more blanks apart; where to look next)."""
    if len(lines[at].text) > 2000 or len(_segments(lines[at])) < 2:
        return None, at + 1
    end = _end_of_columns(lines, at)
    last = end
    while last > at and (lines[last - 1].blank or len(_segments(lines[last - 1])) < 2):
        last -= 1
    rows = [line for line in lines[at:last] if not line.blank and not _RULED.match(line.text)]
    under_caption = caption_above(lines, at)
    if len(rows) < (2 if under_caption else 3):
        return None, end
    columns = _columns(rows)
    if len(columns) < 2:
        return None, end
    grid = padded([_in_columns(line, columns) for line in rows], lines[at].start)
    return (TextTable(at, last, _wrapped(grid)) if _is_table(grid, under_caption) else None), end


def _end_of_columns(lines: list[Line], at: int) -> int:
    """The line after a run of lines with several pieces each."""
    last, missing = at, 0
    while last < len(lines) and missing < 2 and last - at < 400:
        line = lines[last]
        if line.blank:
            missing += 1
        elif "\t" in line.text or len(line.text) > 2000 or caption_label(line.text):
            break
        elif len(_segments(line)) >= 2 or _RULED.match(line.text):
            missing = 0
        elif missing or len(line.text.strip()) > 90 or not _next_is_row(lines, last):
            break
        last += 1
    return max(last, at + 1)


def _next_is_row(lines: list[Line], at: int) -> bool:
    return at + 1 < len(lines) and not lines[at + 1].blank and len(_segments(lines[at + 1])) >= 2


def _columns(rows: list[Line]) -> list[tuple[int, int]]:
    """Places of the columns: between stretches that are blank in every full row."""
    parts = [_segments(line) for line in rows]
    most = max(map(len, parts))
    full = [segments for segments in parts if len(segments) >= max(2, (most + 1) // 2)]
    if len(full) > 6:  # a spanning cell or two may stand across columns
        typical = sorted(map(len, full))[len(full) // 2]
        full = [segments for segments in full if len(segments) >= typical]
    width = max(line.text.__len__() for line in rows)
    edges = [0] * (width + 2)
    for segments in full:
        for start, end in segments:
            edges[start] += 1
            edges[end] -= 1
    columns: list[tuple[int, int]] = []
    depth, start = 0, None
    for x in range(width + 1):
        depth += edges[x]
        if depth and start is None:
            start = x
        elif not depth and start is not None:
            columns.append((start, x))
            start = None
    joined: list[tuple[int, int]] = []
    for column in columns:  # one blank alone does not part two columns
        if joined and column[0] - joined[-1][1] < 2:
            joined[-1] = (joined[-1][0], column[1])
        else:
            joined.append(column)
    return joined


def _in_columns(line: Line, columns: list[tuple[int, int]]) -> list[Cell]:
    """The cells of a line; words across several columns name them all."""
    cells: list[Cell | None] = [None] * len(columns)
    for start, end in _segments(line):
        hit = [c for c, (left, right) in enumerate(columns) if start < right and left < end]
        if not hit:
            hit = [min(range(len(columns)), key=lambda c: min(abs(columns[c][0] - start), abs(columns[c][1] - end)))]
        words = line.text[start:end]
        for n, c in enumerate(hit):
            before = cells[c]
            text = f"{before.text} {words}" if before else words
            place = before.start if before else line.start + start
            cells[c] = Cell(text=text, start=place, end=line.start + end, row=0, column=c, copied=n > 0)
    row: list[Cell] = []
    for c, cell in enumerate(cells):
        at = min(line.start + columns[c][0], line.end)
        row.append(cell or Cell(text="", start=at, end=at, row=0, column=c))
    return row


def _wrapped(grid: Grid) -> Grid:
    """Joins a row whose first words begin small and that holds nothing else to the row above."""
    rows: Grid = []
    for row in grid:
        words = [cell for cell in row if cell.text]
        above = rows[-1] if len(rows) > 1 else None
        if (
            above
            and len(words) == 1
            and words[0].column == 0
            and words[0].text[0].islower()
            and not looks_like_data(above[0].text)
            and above[0].text
        ):
            above[0] = replace(above[0], text=f"{above[0].text} {words[0].text}")
            continue
        rows.append(list(row))
    return [[replace(cell, row=r) for cell in row] for r, row in enumerate(rows)]


def _is_table(grid: Grid, under_caption: bool) -> bool:
    """Not prose in two columns, not an address block: values stand in the columns after the first."""
    rest = [cell.text for row in grid for cell in row[1:] if cell.text]
    if not rest:
        return False
    prose = sum(bool(_PROSE.match(text)) and len(text) > 28 for text in rest) / len(rest)
    if prose > 0.35 and len(grid[0]) <= 3:
        return False
    values = sum(any(sign.isdigit() for sign in text) for text in rest) / len(rest)
    return under_caption or values >= 0.4


def caption_above(lines: list[Line], at: int) -> bool:
    """Whether one of the three lines with words above begins with "Table N"."""
    seen = 0
    for line in reversed(lines[max(0, at - 6) : at]):
        if line.blank:
            continue
        label = caption_label(line.text.lstrip("*#_ "))
        if label and label[0] == "table":
            return True
        seen += 1
        if seen == 3:
            break
    return False


# ---- tags within text

_OPEN_TABLE = re.compile(r"<table\b", re.IGNORECASE)
_CLOSE_TABLE = re.compile(r"</table\s*>", re.IGNORECASE)
_TABLE_TAG = re.compile(r"<(/?)(tr|td|th|thead|tbody|caption)\b([^<>]{0,400})>", re.IGNORECASE)
_SPAN = re.compile(r"\b(row|col)span\s*=\s*[\"']?(\d{1,3})", re.IGNORECASE)


def _tagged(lines: list[Line], at: int, offset: int, text: str) -> TextTable | None:
    """An HTML table that some converters leave in their text."""
    start = lines[at].start + offset
    closed = _CLOSE_TABLE.search(text, start)
    end = closed.end() if closed else len(text)
    last = at
    while last < len(lines) and lines[last].start < end:
        last += 1
    if not closed and end - start > 200_000:
        return None
    rows, places, heads = _tagged_rows(text, start, end)
    if not rows:
        return None
    grid: Grid = []
    seen: set[int] = set()
    for r, row in enumerate(spread(rows)):
        cells: list[Cell] = []
        for c, (number, cell) in enumerate(row):
            span = places[number] if cell else (start, start)
            cells.append(
                Cell(text=cell.text if cell else "", start=span[0], end=span[1], row=r, column=c, copied=number in seen)
            )
            if cell:
                seen.add(number)
        grid.append(cells)
    return TextTable(at, last, padded(grid, start), heads or None)


def _tagged_rows(text: str, start: int, end: int) -> tuple[list[list[RawCell]], list[tuple[int, int]], int]:
    """(rows, the place of each cell in order, number of header rows)."""
    rows: list[list[RawCell]] = []
    places: list[tuple[int, int]] = []
    heads, in_head = 0, False
    open_cell: tuple[int, str, bool] | None = None

    def close(upto: int) -> None:
        nonlocal open_cell
        if open_cell is None:
            return
        begin, attributes, header = open_cell
        words = text[begin:upto]
        left = begin + len(words) - len(words.lstrip())
        right = max(left, begin + len(words.rstrip()))
        spans = {kind.lower(): int(size) for kind, size in _SPAN.findall(attributes)}
        if not rows:
            rows.append([])
        rows[-1].append(RawCell(" ".join(text[left:right].split()), spans.get("row", 1), spans.get("col", 1), header))
        places.append((left, right))
        open_cell = None

    for tag in _TABLE_TAG.finditer(text, start, end):
        name, closing = tag[2].lower(), bool(tag[1])
        if name in ("td", "th", "tr"):
            close(tag.start())
        if name == "thead":
            in_head = not closing
        elif name == "tr" and not closing:
            rows.append([])
            heads += in_head
        elif name in ("td", "th") and not closing:
            open_cell = (tag.end(), tag[3], name == "th")
    rows = [row for row in rows if row]
    if not heads:
        while heads < len(rows) and all(cell.header for cell in rows[heads]):
            heads += 1
    return rows, places, heads
