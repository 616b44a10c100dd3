"""Rows of words on a PDF page, and the place of a table."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ostealgia.io.documents.parts import RawCell
from ostealgia.io.documents.pdf_chars import Segment

LETTERS = re.compile(r"[A-Za-z]{2,}")


@dataclass
class Row:
    """Segments on one baseline."""

    y: float
    size: float
    segments: list[Segment] = field(default_factory=list)


@dataclass
class Region:
    """A table's place on its page. rows : from top to bottom.  head : rows of the header, None where unknown."""

    x0: float
    x1: float
    top: float
    bottom: float
    rows: list[Row]
    cells: list[list[RawCell]] = field(default_factory=list)
    header_rows: int | None = None
    caption: list[Segment] = field(default_factory=list)
    head_words: tuple[str, ...] = ()  # of its header, sorted
    foot: float = 0.0  # the lower end with the notes that a rule encloses


def rows_of(segments: list[Segment]) -> list[Row]:
    """Segments by baseline, from top to bottom, each row from left to right."""
    return near_rows(segments, 0.3)


def near_rows(segments: list[Segment], near: float) -> list[Row]:
    """Segments whose baselines are so near, in sizes of the font, as rows from top to bottom."""
    rows: list[Row] = []
    for segment in sorted(segments, key=lambda one: -one.y):
        last = rows[-1] if rows else None
        if last and abs(last.y - segment.y) <= near * min(last.size, segment.size):
            last.segments.append(segment)
        else:
            rows.append(Row(segment.y, segment.size, [segment]))
    for row in rows:
        row.segments.sort(key=lambda one: one.x0)
        row.size = max(one.size for one in row.segments)
    return rows


def is_prose(segment: Segment) -> bool:
    """A long stretch of words: a line of running text."""
    text = segment.text
    return len(text) >= 38 and len(LETTERS.findall(text)) >= 5
