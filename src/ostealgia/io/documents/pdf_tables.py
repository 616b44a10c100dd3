"""Tables of a PDF page: where they stand, by caption, rules and alignment, and what their cells are."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise

from ostealgia.io.documents.grids import looks_like_data
from ostealgia.io.documents.parts import RawCell
from ostealgia.io.documents.pdf_chars import Segment, Word
from ostealgia.io.documents.pdf_rules import Rule
from ostealgia.io.documents.words import caption_label, is_note

_LETTERS = re.compile(r"[A-Za-z]{2,}")


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


def rows_of(segments: list[Segment]) -> list[Row]:
    """Segments by baseline, from top to bottom, each row from left to right."""
    return _rows(segments, 0.3)


def _rows(segments: list[Segment], near: float) -> list[Row]:
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
    return len(text) >= 38 and len(_LETTERS.findall(text)) >= 5


# ---- where the tables are


def find_regions(
    segments: list[Segment], flat: list[Rule], upright: list[Rule], columns: list[tuple[float, float]]
) -> list[Region]:
    """The tables of a page, each under (or above) its caption. columns : left and right ends of the page's columns of text."""
    captions = [one for one in segments if (label := caption_label(one.text)) and label[0] == "table"]
    regions: list[Region] = []
    taken: set[int] = set()
    for caption in sorted(captions, key=lambda one: -one.y):
        floor = max(
            (other.y + other.size for other in captions if other.y < caption.y - 3 and _share(other, caption)),
            default=-1e9,
        )
        free = [one for one in segments if id(one) not in taken]
        region = _ruled(caption, free, flat, floor) or _aligned(caption, free, columns, floor)
        if region is None:
            continue
        _fill(region, flat, upright)
        if len(region.cells) >= 2 and len(region.cells[0]) >= 2:
            inside = {id(one) for row in region.rows for one in row.segments}
            region.caption = _caption_lines(caption, region, [one for one in free if id(one) not in inside])
            regions.append(region)
            taken |= inside | {id(one) for one in region.caption}
    regions += _without_caption([one for one in segments if id(one) not in taken], flat, upright, regions)
    return regions


def _caption_lines(caption: Segment, region: Region, free: list[Segment]) -> list[Segment]:
    """The caption with its further lines down to the table, where they stand right above it."""
    if caption.y < region.top - 2:
        return []
    between = [
        one
        for one in free
        if region.top - 2 < one.y <= caption.y + 1 and one.x0 > caption.x0 - 60 and one.x0 < caption.x1
    ]
    steps = [a.y - b.y for a, b in pairwise([*sorted(between, key=lambda one: -one.y)])]
    if (
        len(between) > 8
        or any(step > 2.5 * caption.size for step in steps)
        or caption.y - region.top > 12 * caption.size
    ):
        return []
    return sorted(between, key=lambda one: (-round(one.y), one.x0))


def _share(one: Segment, other: Segment) -> bool:
    return one.x0 < other.x1 and other.x0 < one.x1


def _ruled(caption: Segment, segments: list[Segment], flat: list[Rule], floor: float) -> Region | None:
    """The table between the first and the last of the rules below its caption that have one width."""
    below = [
        rule
        for rule in flat
        if floor < rule.y0 < caption.y + caption.size
        and rule.width > 60
        and rule.x0 < caption.x0 + 40
        and rule.x1 > caption.x0 + 20
    ]
    if not below:
        return None
    first = below[0]
    if caption.y - first.y0 > 9 * caption.size:
        return None
    above_first = [
        one for one in segments if first.y0 < one.y < caption.y - 1 and one.x0 < first.x1 and one.x1 > first.x0
    ]
    if first.y0 > caption.y:  # a rule above the caption: the table begins at the next one
        below = below[1:]
        if not below:
            return None
        first = below[0]
    if len(above_first) > 14:
        return None
    same = [rule for rule in below if abs(rule.x0 - first.x0) < 8 and abs(rule.x1 - first.x1) < 8]
    last = same[-1]
    if len(same) < 2 or first.y0 - last.y0 < 10:
        return None
    inside = [
        one for one in segments if last.y0 - 1 < one.y < first.y0 and one.x0 > first.x0 - 12 and one.x1 < first.x1 + 12
    ]
    rows = rows_of(inside)
    bottom = last.y0
    if not any(_has_values(row) for row in rows):  # the rules enclose the header alone
        below_last = [
            one for one in segments if floor < one.y < last.y0 and one.x0 > first.x0 - 12 and one.x1 < first.x1 + 12
        ]
        more = _until_prose(rows_of(below_last), last.y0, 0.0, first.width)
        rows += more
        bottom = more[-1].y - 2 if more else bottom
    if len(rows) < 2 or (
        sum(is_prose(one) for one in inside) > 0.5 * len(rows) and all(len(row.segments) < 3 for row in rows)
    ):
        return None
    return Region(first.x0, first.x1, first.y0, bottom, rows)


def _aligned(
    caption: Segment, segments: list[Segment], columns: list[tuple[float, float]], floor: float
) -> Region | None:
    """The rows below a caption until running text begins again: across the page where cells stand beside the caption's column."""
    below = [one for one in segments if floor < one.y < caption.y - 0.5 * caption.size]
    if not below:
        return None
    own = next(((x0, x1) for x0, x1 in columns if x0 - 6 <= caption.x0 < x1), None)
    whole = (min(one.x0 for one in below), max(one.x1 for one in below))
    narrowest = min([x1 - x0 for x0, x1 in columns] or [whole[1] - whole[0]])
    rows = _until_prose(rows_of(below), caption.y, caption.size, narrowest)
    if own is not None:
        inside = [one for one in below if one.x1 > own[0] - 6 and one.x0 < own[1] + 6]
        narrow = _until_prose(rows_of(inside), caption.y, caption.size, own[1] - own[0])
        across = sum(any(one.x1 > own[1] + 8 or one.x0 < own[0] - 8 for one in row.segments) for row in rows)
        if (narrow and across < 0.3 * len(rows)) or len(narrow) > len(rows):
            rows = narrow
    if not rows:
        return None
    cells = [one for row in rows for one in row.segments]
    return Region(
        min(one.x0 for one in cells), max(one.x1 for one in cells), rows[0].y + rows[0].size, rows[-1].y - 2, rows
    )


def _until_prose(rows: list[Row], y: float, size: float, width: float) -> list[Row]:
    """The rows with several cells from a height on, until running text or a wide gap. size : of the caption's lines, 0 for none."""
    kept: list[Row] = []
    begun = not size
    for row in rows:
        several = len(row.segments) >= 2
        if not begun and not several:
            if y - row.y > 3 * size:
                break
            y = row.y  # the caption's own further lines
            continue
        prose = [one for one in row.segments if is_prose(one) and one.x1 - one.x0 > 0.6 * width]
        if (
            prose
            or y - row.y > 4.5 * row.size
            or (begun and not several and is_note(row.segments[0].text))
            or caption_label(row.segments[0].text)
        ):
            break
        begun = True
        kept.append(row)
        y = row.y
    while (
        kept and len(kept[-1].segments) < 2 and not (len(kept) > 1 and len(kept[-2].segments) > 1 and _small(kept[-1]))
    ):
        kept.pop()
    return kept if sum(len(row.segments) >= 2 for row in kept) >= 2 else []


def _small(row: Row) -> bool:
    """The row begins as the rest of a cell above it does."""
    first = row.segments[0].text[:1]
    return len(row.segments[0].text) < 40 and (first.islower() or first in "([")


def _without_caption(
    segments: list[Segment], flat: list[Rule], upright: list[Rule], regions: list[Region]
) -> list[Region]:
    """Tables that go on from the page before without a caption: three or more rules of one width with rows of cells between."""
    found: list[Region] = []
    groups: dict[tuple[int, int], list[Rule]] = {}
    for rule in flat:
        if rule.width > 150 and not any(one.bottom - 4 <= rule.y0 <= one.top + 4 for one in regions):
            groups.setdefault((round(rule.x0 / 8), round(rule.x1 / 8)), []).append(rule)
    for rules in groups.values():
        if len(rules) < 2:
            continue
        top, bottom = rules[0], rules[-1]
        inside = [
            one for one in segments if bottom.y0 - 1 < one.y < top.y0 and one.x0 > top.x0 - 12 and one.x1 < top.x1 + 12
        ]
        rows = _levelled(rows_of(inside), [])
        full = sum(len(row.segments) >= 3 and _has_values(row) for row in rows)
        if len(rows) < 3 or full < 0.3 * len(rows):
            continue
        if sum(is_prose(one) and one.x1 - one.x0 > 0.5 * top.width for one in inside) > 0.3 * len(rows):
            continue
        region = Region(top.x0, top.x1, top.y0, bottom.y0, rows)
        _fill(region, flat, upright)
        if len(region.cells) >= 2 and len(region.cells[0]) >= 3:
            found.append(region)
    return found


# ---- what the cells are


def _fill(region: Region, flat: list[Rule], upright: list[Rule]) -> None:
    """Gives a region its cells."""
    edges = _column_edges(region, upright)
    if len(edges) < 3:
        return
    inner = [
        rule.y0
        for rule in flat
        if region.bottom + 2 < rule.y0 < region.top - 2 and rule.x0 < region.x1 and rule.x1 > region.x0
    ]
    full = [
        rule.y0
        for rule in flat
        if region.bottom + 2 < rule.y0 < region.top - 2 and rule.x0 < region.x0 + 10 and rule.x1 > region.x1 - 10
    ]
    region.rows = _levelled(region.rows, full)
    head = _head_lines(region, full)
    gap = _word_gap(region.rows)
    extents = _extents(region.rows[head:], edges)
    lines = [_line(row, edges, extents if at < head else None, gap) for at, row in enumerate(region.rows)]
    header = _stacked(lines[:head]) if head else None
    body = _body(lines[head:], region.rows[head:], full, len(inner))
    region.cells = [*([header] if header else []), *body]
    region.header_rows = 1 if header else None


def _levelled(rows: list[Row], full: list[float]) -> list[Row]:
    """Rows where words that stand between the lines of a cell with several (set to its middle) are on the row of that cell.

    full : heights of rules, across which no row goes.
    """
    groups: dict[int, list[Segment]] = {}
    for row in rows:
        groups.setdefault(sum(y > row.y for y in full), []).extend(row.segments)
    return [row for group in groups.values() for row in _rows(group, 0.72)]


def _head_lines(region: Region, full: list[float]) -> int:
    """How many lines at the top are the header: those above the first rule within, or above the first value."""
    if full:
        above = sum(row.y > full[0] - 1 for row in region.rows)
        if (
            0 < above <= 8
            and above < len(region.rows)
            and not any(_has_values(row) for row in region.rows[: max(0, above - 1)])
        ):
            return above
    first = next((at for at, row in enumerate(region.rows) if _has_values(row)), 0)
    while first > 1 and len(region.rows[first - 1].segments) == 1 and len(region.rows[first - 2].segments) > 1:
        first -= 1  # the name of a group of rows right above its values
    return first if first <= 8 else 1


def _has_values(row: Row) -> bool:
    rest = [one.text for one in row.segments[1:]]
    return any(looks_like_data(text) for text in rest)


def _word_gap(rows: list[Row]) -> float:
    """The gap that parts two phrases, in sizes of the font: half, or more where the font's own blank is wide."""
    gaps = sorted((b.x0 - a.x1) / one.size for row in rows for one in row.segments for a, b in pairwise(one.words))
    return min(0.9, max(0.5, 1.35 * gaps[len(gaps) // 2])) if len(gaps) >= 4 else 0.5


def _phrases(row: Row, gap: float) -> list[tuple[float, float]]:
    """Words of a row joined over narrow gaps."""
    out: list[tuple[float, float]] = []
    for segment in row.segments:
        for word in segment.words:
            if out and word.x0 - out[-1][1] < gap * row.size:
                out[-1] = (out[-1][0], max(out[-1][1], word.x1))
            else:
                out.append((word.x0, word.x1))
    return out


def _column_edges(region: Region, upright: list[Rule]) -> list[float]:
    """Left and right ends of the columns: by vertical rules where they are drawn, else by stretches without words."""
    drawn = sorted(
        {
            round(rule.x0, 0)
            for rule in upright
            if region.x0 - 4 < rule.x0 < region.x1 + 4
            and rule.y1 - rule.y0 > 0.5 * (region.top - region.bottom)
            and rule.y0 < region.top
            and rule.y1 > region.bottom
        }
    )
    drawn = [x for i, x in enumerate(drawn) if not i or x - drawn[i - 1] > 6]
    if len(drawn) >= 3:
        ends = [region.x0 - 12, *[x for x in drawn if region.x0 + 6 < x < region.x1 - 6], region.x1 + 12]
        return ends
    gap = _word_gap(region.rows)
    phrases = [_phrases(row, gap) for row in region.rows]
    many = max(map(len, phrases), default=0)
    body = [line for line in phrases if len(line) >= max(2, 0.5 * many)]
    if len(body) >= 6:
        body = [line for at, line in enumerate(phrases) if len(line) >= max(2, 0.5 * many) and at >= 1]
    if not body:
        return []
    size = min(row.size for row in region.rows)
    allowed = int(0.07 * len(body))
    gaps = _free(body, region.x0 - 12, region.x1 + 12, allowed, 0.22 * size)
    return [region.x0 - 12, *[(a + b) / 2 for a, b in gaps], region.x1 + 12]


def _free(
    lines: list[list[tuple[float, float]]], left: float, right: float, allowed: int, narrow: float
) -> list[tuple[float, float]]:
    """Stretches that at most so many lines cover, with words on both sides."""
    steps: list[tuple[float, int]] = []
    for line in lines:
        for x0, x1 in line:
            steps += [(x0, 1), (x1, -1)]
    steps.sort()
    depth, begin, out = 0, left, []
    was_open = True
    for x, step in steps:
        depth += step
        is_open = depth <= allowed
        if was_open and not is_open:
            if x - begin >= narrow and begin > left:
                out.append((begin, x))
        elif is_open and not was_open:
            begin = x
        was_open = is_open
    return out


def _extents(rows: list[Row], edges: list[float]) -> list[tuple[float, float]]:
    """Left and right ends of the words in each column of the body."""
    out = [(edges[c + 1], edges[c]) for c in range(len(edges) - 1)]
    for row in rows:
        for segment in row.segments:
            for word in segment.words:
                c = _column((word.x0 + word.x1) / 2, edges)
                out[c] = (min(out[c][0], word.x0), max(out[c][1], word.x1))
    return [pair if pair[0] < pair[1] else (edges[c] + 1, edges[c + 1] - 1) for c, pair in enumerate(out)]


def _line(row: Row, edges: list[float], extents: list[tuple[float, float]] | None, gap: float) -> list[RawCell]:
    """One printed line by column; in a header (extents given), words across several columns name each of them."""
    count = len(edges) - 1
    words: list[list[str]] = [[] for _ in range(count)]
    if extents is not None:
        for phrase in _phrase_words(row, gap):
            left, right = phrase[0].x0, phrase[-1].x1
            hit = [
                c
                for c, (a, b) in enumerate(extents)
                if left < (a + b) / 2 < right or min(right, b) - max(left, a) > 0.6 * (b - a)
            ]
            centre = (left + right) / 2
            if len(hit) > 1 and len(phrase) > 1 and _splits(phrase, edges):
                for word in phrase:
                    words[_column((word.x0 + word.x1) / 2, edges)].append(word.text)
                continue
            for c in hit if len(hit) > 1 else [_column(centre, edges)]:
                words[c].append(" ".join(word.text for word in phrase))
    else:
        last: Word | None = None
        place = 0
        for segment in row.segments:
            for word in segment.words:
                if last is None or word.x0 - last.x1 >= 0.7 * gap * row.size or word.x0 >= edges[place + 1]:
                    place = (
                        max(place, _column((word.x0 + word.x1) / 2, edges))
                        if last
                        else _column((word.x0 + word.x1) / 2, edges)
                    )
                words[place].append(word.text)
                last = word
    return [RawCell(" ".join(one)) for one in words]


def _splits(phrase: list[Word], edges: list[float]) -> bool:
    """Whether every column's edge within a phrase falls between two of its words."""
    inner = [edge for edge in edges if phrase[0].x0 < edge < phrase[-1].x1]
    return (
        all(not any(word.x0 < edge - 1 and word.x1 > edge + 1 for word in phrase) for edge in inner)
        and len(phrase) > len(inner)
        and any(b.x0 - a.x1 > 2.5 for a, b in pairwise(phrase))
    )


def _phrase_words(row: Row, gap: float) -> list[list[Word]]:
    out: list[list[Word]] = []
    for segment in row.segments:
        for word in segment.words:
            if out and word.x0 - out[-1][-1].x1 < gap * row.size:
                out[-1].append(word)
            else:
                out.append([word])
    return out


def _column(x: float, edges: list[float]) -> int:
    for c in range(len(edges) - 1):
        if x < edges[c + 1]:
            return c
    return len(edges) - 2


def _stacked(lines: list[list[RawCell]]) -> list[RawCell]:
    """Several printed lines as one row, the words of each column joined."""
    out: list[RawCell] = []
    for cells in zip(*lines, strict=True):
        pieces: list[str] = []
        for cell in cells:
            if cell.text and (not pieces or pieces[-1] != cell.text):
                pieces.append(cell.text)
        out.append(RawCell(_rejoined(pieces), header=True))
    return out


def _rejoined(pieces: list[str]) -> str:
    text = ""
    for piece in pieces:
        if text.endswith("-") and piece[:1].islower() and len(text) > 2 and text[-2].isalpha():
            text = text[:-1] + piece
        else:
            text = f"{text} {piece}" if text else piece
    return text


def _body(lines: list[list[RawCell]], rows: list[Row], full: list[float], inner: int) -> list[list[RawCell]]:
    """Printed lines to rows: those between two rules are one row where every row is ruled; else wrapped lines are joined."""
    if len(full) >= 0.4 * len(rows) and len(full) >= 3:
        groups: dict[int, list[list[RawCell]]] = {}
        for line, row in zip(lines, rows, strict=True):
            groups.setdefault(sum(y > row.y for y in full), []).append(line)
        return [_one_row(group) for group in groups.values()]
    out: list[list[RawCell]] = []
    for group in _close_lines(lines, rows):
        first = True
        for line in group:
            if out and ((not first and len(group) > 1 and _one_value(group)) or _wraps(out[-1], line)):
                out[-1] = _one_row([out[-1], line])
            else:
                out.append(line)
            first = False
    return out


def _one_row(lines: list[list[RawCell]]) -> list[RawCell]:
    return [RawCell(_rejoined([cell.text for cell in cells if cell.text])) for cells in zip(*lines, strict=True)]


def _one_value(group: list[list[RawCell]]) -> bool:
    """Whether the values of a group of lines all stand on one line."""
    return sum(any(looks_like_data(cell.text) for cell in line[1:] if cell.text) for line in group) == 1


def _close_lines(lines: list[list[RawCell]], rows: list[Row]) -> list[list[list[RawCell]]]:
    """Lines grouped by their distance, where some stand closer together than others: those of one cell."""
    gaps = [a.y - b.y for a, b in pairwise(rows)]
    if not gaps:
        return [[line] for line in lines]
    least = min(gaps)
    if max(gaps) < least + 0.8:
        return [[line] for line in lines]
    groups = [[lines[0]]]
    for gap, line in zip(gaps, lines[1:], strict=True):
        if gap <= least + 0.6:
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


_OPEN_END = re.compile(r"(?:[,(/–-]|\b(?:of|and|or|the|in|with|for|to|by|at|per|from))\Z", re.IGNORECASE)


def _wraps(above: list[RawCell], line: list[RawCell]) -> bool:
    """Whether a printed line goes on with the cells of the line above."""
    if _open_values(above, line):
        return True
    label, rest = line[0].text, [cell.text for cell in line[1:] if cell.text]
    label_above, rest_above = above[0].text, [cell.text for cell in above[1:] if cell.text]
    unclosed = label_above.count("(") > label_above.count(")")
    if not label:
        if not rest_above or not rest:
            return False
        starts = all(text[0] in "([–-±" or text[0].islower() or not any(map(str.isdigit, text)) for text in rest)
        return starts or (bool(label_above) and all(not looks_like_data(text) for text in rest))
    goes_on = label[0].islower() or (label[0] in "([" and not rest) or unclosed or bool(_OPEN_END.search(label_above))
    if not rest:
        return goes_on and bool(label_above)
    return goes_on and bool(label_above) and not rest_above


_OPEN_VALUE = re.compile(r"\d\s?(?:±|[-–]|\+/-|to)\Z|[<>≤≥=±(]\Z|\([^)]*\Z")


def _open_values(above: list[RawCell], line: list[RawCell]) -> bool:
    """Whether every value of a line goes on with one above that breaks off: "62.02 ±" and "11.39"."""
    pairs = [(a.text, b.text) for a, b in zip(above[1:], line[1:], strict=True) if b.text]
    return bool(pairs) and all(_OPEN_VALUE.search(a) for a, _ in pairs)
