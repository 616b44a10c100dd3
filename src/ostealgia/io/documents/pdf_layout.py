"""The reading order of a PDF page: columns by their gutters, lines to paragraphs, tables and figures in their place."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from ostealgia.io.documents.pdf_chars import Segment
from ostealgia.io.documents.pdf_rows import Region, Row, is_prose, rows_of
from ostealgia.io.documents.pdf_strips import WORDS, is_texty, strip_between
from ostealgia.io.documents.words import caption_label


@dataclass(slots=True)
class Item:
    """A segment or a table with its box, to be put in order."""

    x0: float
    x1: float
    y: float
    size: float
    segment: Segment | None = None
    region: Region | None = None


@dataclass(slots=True)
class TextLine:
    """One line of running text in reading order. left, right : the ends of its column.  figure : words within a figure."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool
    left: float
    right: float
    page: int
    figure: bool = False
    region: Region | None = None


@dataclass
class Leaf:
    """Items of one column without a gutter."""

    items: list[Item] = field(default_factory=list)


def columns_of(segments: list[Segment]) -> list[tuple[float, float]]:
    """Left and right ends of the columns of running text on a page, from left to right; one where there is no gutter."""
    prose = [one for one in segments if is_prose(one)]
    if len(prose) < 6:
        return []
    gutter = _gutter([_item(one) for one in prose]) or strip_between(segments)
    if gutter is None:
        return [(min(one.x0 for one in prose), max(one.x1 for one in prose))]
    left = [one for one in prose if one.x1 <= gutter + 1]
    right = [one for one in prose if one.x0 >= gutter - 1]
    return [*columns_of(left)[:2], *columns_of(right)[:2]] or [
        (min(one.x0 for one in prose), max(one.x1 for one in prose))
    ]


def _item(segment: Segment) -> Item:
    return Item(segment.x0, segment.x1, segment.y, segment.size, segment)


def in_order(segments: list[Segment], regions: list[Region], hint: float | None = None) -> list[Leaf]:
    """The page's columns in reading order. hint : the gutter of the page before, for a page with few lines."""
    items = [_item(one) for one in segments]
    for region in regions:
        top = max([region.top, *[one.y for one in region.caption]])
        items.append(Item(region.x0, region.x1, top, top - region.bottom, None, region))
    leaves: list[Leaf] = []
    _order(items, leaves, 0, hint)
    return leaves


def _order(items: list[Item], leaves: list[Leaf], depth: int, hint: float | None = None) -> None:
    if not items:
        return
    gutter = _gutter(items) if depth < 4 and len(items) > 5 else None
    if gutter is None and not depth:
        gutter = strip_between([one.segment for one in items if one.segment is not None])
    if gutter is None and hint is not None and not any(one.x0 < hint - 2 and one.x1 > hint + 2 for one in items):
        gutter = hint if sum(one.x0 >= hint for one in items) >= 2 else None
    if gutter is None:
        leaves.append(Leaf(sorted(items, key=lambda one: (-one.y, one.x0))))
        return
    across = sorted((one for one in items if one.x0 < gutter - 2 and one.x1 > gutter + 2), key=lambda one: -one.y)
    left = [one for one in items if one.x1 <= gutter + 2]
    right = [one for one in items if one.x0 >= gutter - 2 and one.x1 > gutter + 2]
    bounds = _bands(across, left, right)
    for top, bottom, spanning in bounds:
        if spanning:
            leaves.append(Leaf(spanning))
            continue
        for side in (left, right):
            _order([one for one in side if bottom < one.y <= top], leaves, depth + 1)


def _bands(across: list[Item], left: list[Item], right: list[Item]) -> list[tuple[float, float, list[Item]]]:
    """The page from top to bottom as stretches with columns and groups of lines across them."""
    out: list[tuple[float, float, list[Item]]] = []
    top = 1e9
    group: list[Item] = []
    beside = sorted([*left, *right], key=lambda one: -one.y)
    for item in across:
        low = item.y - (item.size if item.region else 0.0)
        between = [one for one in beside if item.y < one.y <= top and (not group or one.y < _low(group[-1]))]
        if group and not between:
            group.append(item)
        else:
            if group:
                out.append((0, 0, group))
            if between:
                out.append((top, item.y, []))
            group = [item]
        top = low
    if group:
        out.append((0, 0, group))
    out.append((top, -1e9, []))
    return out


def _low(item: Item) -> float:
    return item.y - (item.size if item.region else 0.0)


def _gutter(items: list[Item]) -> float | None:
    """The x of a blank stretch from top to bottom that has running text side by side on both of its sides, or None."""
    prose = [one for one in items if one.segment is not None and is_texty(one.segment)]
    if len(prose) < 4:
        return None
    prose.sort(key=lambda one: one.y)
    gaps: list[tuple[float, float]] = []
    for i, one in enumerate(prose):
        for other in prose[i + 1 : i + 9]:
            if other.y - one.y > 0.55 * one.size:
                break
            first, second = (one, other) if one.x0 < other.x0 else (other, one)
            if second.x0 - first.x1 > 0.55 * one.size:
                gaps.append((first.x1, second.x0))
    if len(gaps) < 3:
        return None
    steps = sorted([(a, 1) for a, _ in gaps] + [(b, -1) for _, b in gaps])
    best, depth, ends = 0, 0, (0.0, 0.0)
    for at, (x, step) in enumerate(steps):
        depth += step
        if depth > best and at + 1 < len(steps):
            best, ends = depth, (x, steps[at + 1][0])
    if best < max(3, 0.3 * len(gaps)):
        return None
    places = ((ends[0] + ends[1]) / 2, ends[1] - 2.1, ends[0] + 2.1)
    crossing, _, place = min((sum(map(_crosses(x), prose)), n, x) for n, x in enumerate(places))
    return place if crossing <= 0.8 * len(prose) else None


def _crosses(place: float) -> Callable[[Item], bool]:
    return lambda one: one.x0 < place - 2 and one.x1 > place + 2


_BULLET = re.compile(r"(?:[•▪◦●–—*-]|\(?\d{1,3}[.)]|\(?[a-z][.)]|\[\d{1,3}\]|\d{1,3})\Z")
BARRED = re.compile(r"\d{1,2}(?:\.\d{1,2}){0,3}\s{0,3}\|\s{1,3}[A-Z]")  # a heading: "3.1 | Patients"


def lines_of(leaf: Leaf, page: int) -> list[TextLine]:
    """The lines of a column; words that stand apart on one line are figure text unless they read as one sentence."""
    lines: list[TextLine] = []
    segments = [one.segment for one in leaf.items if one.segment is not None]
    prose = [one for one in segments if is_prose(one)]
    left = min((one.x0 for one in prose or segments), default=0.0)
    right = max((one.x1 for one in prose or segments), default=0.0)
    entries: list[tuple[float, Row | Region]] = [(row.y, row) for row in rows_of(segments)]
    entries += [(one.y, one.region) for one in leaf.items if one.region is not None]
    for _, entry in sorted(entries, key=lambda pair: -pair[0]):
        if isinstance(entry, Region):
            for row in rows_of(entry.caption):
                lines.append(_line(" ".join(one.text for one in row.segments), row, left, right, page))
            lines.append(TextLine("", entry.x0, entry.x1, entry.top, 1.0, False, left, right, page, region=entry))
            continue
        words = entry.segments
        text = ("  " if len(words) > 1 else " ").join(one.text for one in words)
        if BARRED.match(text):
            text = " ".join(text.split())
        apart = len(words) > 1 and not _is_sentence(words) and not BARRED.match(text)
        line = _line(text, entry, left, right, page)
        line.figure = apart or (not WORDS.search(text) and not caption_label(text))
        lines.append(line)
    return _ends_of_sentences(lines)


def _line(text: str, row: Row, left: float, right: float, page: int) -> TextLine:
    words = row.segments
    return TextLine(text, words[0].x0, words[-1].x1, row.y, row.size, all(one.bold for one in words), left, right, page)


def _ends_of_sentences(lines: list[TextLine]) -> list[TextLine]:
    """A last line without a long word ("< 0.05.") belongs to the sentence above it."""
    for above, line in pairwise(lines):
        near = (
            line.figure
            and not above.figure
            and above.region is None
            and line.region is None
            and abs(line.size - above.size) < 0.6
        )
        if (
            near
            and "  " not in line.text
            and 0 < above.y - line.y < 1.6 * line.size
            and line.x0 - line.left < 3 * line.size
            and len(line.text) < 40
        ):
            line.figure = (
                above.text.rstrip().endswith((".", "?", "!"))
                and line.text[:1].isdigit()
                and not line.text.endswith(".")
            )
    return lines


def _is_sentence(words: list[Segment]) -> bool:
    """Segments on one line that are one line of text: a bullet and its words, or a line set wide."""
    if _BULLET.match(words[0].text) and len(words) == 2:
        return True
    text = " ".join(one.text for one in words)
    if caption_label(text):
        return True
    gaps = [b.x0 - a.x1 for a, b in pairwise(words)]
    letters = len(WORDS.findall(text))
    return len(words) <= 3 and max(gaps) < 2.2 * words[0].size and letters >= 5
