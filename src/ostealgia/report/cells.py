"""Tables of a report made ready to set: numbers written, points under points, minus signs true."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ostealgia import display
from ostealgia.report.content import Cell, Column, Table

MISSING = "\u2013"
_NUMBER = re.compile(r"([\u2212-]?[0-9][0-9,]*)(\.[0-9]+)?")
_HYPHEN_MINUS = re.compile(r"(?<![\w.)\]%-])-(?=\.?\d)")
_RELATION = re.compile(r"\b\w+ [=<>\u2264\u2265] (?=[\u2212\d.])")
FIXED = "\u00a0"
_KEPT_CONTROLS = "\n\t"
_DROPPED = ("Cc", "Cs", "Co")
# marks that turn the direction of the text around them (a label could dress up the line it stands in)
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


def clean(text: str) -> str:
    """The text without control characters and direction marks; these can only come from a damaged or hostile sheet.

    >>> clean("Smith\\x00 2011\\u202e")
    'Smith 2011'
    """
    if text.isprintable():  # then it holds none of them
        return text
    return "".join(
        mark
        for mark in text
        if mark in _KEPT_CONTROLS or (unicodedata.category(mark) not in _DROPPED and mark not in _DIRECTION)
    )


def true_minus(text: str) -> str:
    """Hyphens that stand for a minus become one; ranges and compound words stay.

    >>> true_minus("-4.4 (-5.0 to -3.7), grade 1-2, COVID-19")
    '−4.4 (−5.0 to −3.7), grade 1-2, COVID-19'
    """
    return _HYPHEN_MINUS.sub(display.MINUS, text)


def typeset(text: str) -> str:
    """A sentence or value for the page: true minus signs, and no line end inside "P = 0.041" or "k = 20".

    >>> typeset("Q 31.0, P = 0.041").replace(FIXED, "_")
    'Q 31.0, P_=_0.041'
    """
    return _RELATION.sub(lambda found: found.group().replace(" ", FIXED), true_minus(text))


def written(value: Any, digits: int | None) -> str:
    """One value as text: numbers with ``digits`` decimals and a true minus, a dash where it is missing.

    >>> written(-4.383, 2), written(20, None), written(None, 1), written("n.r.", 1), written(0.1396, None)
    ('−4.38', '20', '–', 'n.r.', '0.1396')
    """
    if value is None or value == "":
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return clean(value)
    number = float(value)
    if math.isnan(number):
        return MISSING
    if digits is not None:
        return display.number(number, digits, typographic=True)
    if number.is_integer() and abs(number) < 1e15:
        return display.number(number, 0, typographic=True)
    if math.isinf(number):
        return display.number(number, typographic=True)
    return f"{number:.6g}".replace("-", display.MINUS)


# a piece of a cell: ("text", shown) or ("pad", hidden text that only takes up room)
Piece = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class SetCell:
    """A cell ready to set."""

    pieces: tuple[Piece, ...]
    footnote: str = ""
    verdict: str = ""
    target: str = ""
    strong: bool = False
    missing: bool = False
    id: str = ""

    @property
    def text(self) -> str:
        """What a reader sees, without the padding."""
        return "".join(text for kind, text in self.pieces if kind == "text")

    @property
    def numeric(self) -> bool:
        """Whether the cell is a number with what belongs to it."""
        return bool(re.match(r"[<\u2212-]?\s?\d", self.text))


@dataclass(frozen=True, kw_only=True)
class SetRow:
    """A row ready to set: ``group`` is a heading over the columns (then there are no cells), ``total`` the last row."""

    cells: tuple[SetCell, ...] = ()
    group: str = ""
    total: bool = False


def _as_cell(value: Any) -> Cell:
    return value if isinstance(value, Cell) else Cell(value=value)


def _pattern(text: str) -> tuple[str, ...]:
    """What stands before, between and after the numbers of a text."""
    return tuple(_NUMBER.split(text)[::3])


def align(texts: Sequence[str]) -> list[tuple[Piece, ...]]:
    """Pieces for the texts of one column, so that numbers stand under numbers where the texts have one pattern.

    The commonest pattern is aligned; a text of another pattern stays whole.

    >>> align(["9.5 to 10", "12.25 to 8"])[0]
    (('pad', '1'), ('text', '9.5'), ('pad', '5'), ('text', ' to '), ('text', '10'))
    """
    patterns = [_pattern(text) for text in texts if _NUMBER.search(text)]
    if not patterns:
        return [(("text", text),) for text in texts]
    common = max(dict.fromkeys(patterns), key=patterns.count)
    rows = [_NUMBER.findall(text) if _pattern(text) == common else None for text in texts]
    slots = list(zip(*(row for row in rows if row is not None), strict=True))
    whole = [max((number[0] for number in slot), key=len) for slot in slots]
    decimals = [max((number[1] for number in slot), key=len) for slot in slots]
    return [
        (("text", text),) if row is None else tuple(_padded(row, common, whole, decimals))
        for text, row in zip(texts, rows, strict=True)
    ]


def _padded(
    row: Sequence[tuple[str, str]], between: Sequence[str], whole: Sequence[str], decimals: Sequence[str]
) -> Iterator[Piece]:
    """The numbers of one text with what stands between them, each padded to the widest of its column."""
    if between[0]:
        yield "text", between[0]
    for number, after, widest, longest in zip(row, between[1:], whole, decimals, strict=True):
        before = widest[: len(widest) - len(number[0])]
        if before:
            yield "pad", before
        yield "text", number[0] + number[1]
        if longest[len(number[1]) :]:
            yield "pad", longest[len(number[1]) :]
        if after:
            yield "text", after


def _column_pieces(column: Column, cells: Sequence[Cell]) -> list[tuple[Piece, ...]]:
    texts = [written(cell.value, column.digits) for cell in cells]
    if column.align in ("right", "decimal"):
        texts = [true_minus(text) for text in texts]
    return align(texts) if column.align == "decimal" else [(("text", text),) for text in texts]


def set_rows(table: Table) -> list[SetRow]:
    """The rows of a table ready to set, with group headings where ``table.group_by`` changes and the total last."""
    columns = shown_columns(table)
    sources: list[Mapping[str, Any]] = [*table.rows, *([table.total] if table.total is not None else [])]
    cells = [[_as_cell(row.get(column.key)) for row in sources] for column in columns]
    pieces = [_column_pieces(column, values) for column, values in zip(columns, cells, strict=True)]
    rows: list[SetRow] = []
    group = ""
    for number, source in enumerate(sources):
        total = number == len(table.rows)
        heading = "" if total or not table.group_by else written(_as_cell(source.get(table.group_by)).value, None)
        if heading and heading != group:
            rows.append(SetRow(group=heading))
            group = heading
        rows.append(
            SetRow(
                total=total,
                cells=tuple(_set_cell(cells[c][number], pieces[c][number]) for c in range(len(columns))),
            )
        )
    return rows


def _set_cell(cell: Cell, pieces: tuple[Piece, ...]) -> SetCell:
    return SetCell(
        pieces=pieces,
        footnote=cell.footnote,
        verdict=cell.verdict,
        target=cell.target,
        strong=cell.strong,
        id=cell.id,
        missing="".join(text for _, text in pieces) == MISSING,
    )


def shown_columns(table: Table) -> list[Column]:
    """The columns that are set; the one that heads groups is not."""
    return [column for column in table.columns if column.key != table.group_by]
