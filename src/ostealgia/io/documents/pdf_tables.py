"""Where the tables of a PDF page stand, by caption, rules and alignment."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

from ostealgia.io.documents.pdf_cells import fill, has_values, levelled, words_of
from ostealgia.io.documents.pdf_chars import Segment
from ostealgia.io.documents.pdf_rows import Region, Row, is_prose, rows_of
from ostealgia.io.documents.pdf_rules import Rule
from ostealgia.io.documents.pdf_strips import without_running_text
from ostealgia.io.documents.words import NOTE, caption_label, is_note

_LEGEND = re.compile(r"\bat risk\b|\bcensored\b|\bfigure \d|\bfig\. ?\d|\blog-?rank\b|\bmonths?\Z|\bHR:", re.IGNORECASE)


def find_regions(
    segments: list[Segment],
    flat: list[Rule],
    upright: list[Rule],
    columns: list[tuple[float, float]],
    heads: list[tuple[str, ...]],
) -> list[Region]:
    """The tables of a page, each under (or above) its caption.

    columns : left and right ends of the page's columns of text.  heads : words of the headers of the tables so far; grows.
    """
    captions = [one for one in segments if (label := caption_label(one.text)) and label[0] == "table"]
    regions: list[Region] = []
    taken: set[int] = set()
    for caption in sorted(captions, key=lambda one: -one.y):
        floor = max(
            (_over(other, flat) for other in captions if other.y < caption.y - 3 and _share(other, caption)),
            default=-1e9,
        )
        free = [one for one in segments if id(one) not in taken]
        if _stands_under(caption, free, flat, regions):
            continue
        region = _ruled(caption, free, flat, floor) or _aligned(caption, free, columns, floor)
        if region is None:
            continue
        without_running_text(region, columns)
        fill(region, flat, upright)
        if len(region.cells) >= 2 and len(region.cells[0]) >= 2:
            inside = {id(one) for row in region.rows for one in row.segments}
            region.caption = _caption_lines(caption, region, [one for one in free if id(one) not in inside])
            regions.append(region)
            taken |= inside | {id(one) for one in region.caption}
    heads += [one.head_words for one in regions if len(one.head_words) >= 3]
    for region in _gone_on([one for one in segments if id(one) not in taken], columns, heads):
        fill(region, flat, upright)
        if len(region.cells) >= 2 and len(region.cells[0]) >= 2:
            regions.append(region)
            taken |= {id(one) for row in region.rows for one in row.segments}
    free = [one for one in segments if id(one) not in taken]
    titles = [one for one in captions if id(one) not in taken]
    alone = _without_caption(free, flat, upright, regions, titles, columns)
    for region in alone:
        if region.caption:
            continue
        below = [
            one
            for one in titles
            if region.foot - 3 * one.size < one.y < region.bottom and one.x0 < region.x1 and one.x1 > region.x0
        ]
        region.caption = below if len(below) == 1 else []  # journals that set the caption under the table
    return regions + alone


def _stands_under(caption: Segment, segments: list[Segment], flat: list[Rule], regions: list[Region]) -> bool:
    """Whether a caption belongs to the table above it, which no caption has yet, and stands far from the rules below."""
    sharing = [rule for rule in flat if rule.width > 100 and _share(rule, caption)]
    above = [rule for rule in sharing if 0.5 * caption.size < rule.y0 - caption.y < 3.2 * caption.size]
    if not above:
        return False
    last = above[-1]
    same = [
        rule for rule in flat if rule.y0 > last.y0 + 20 and abs(rule.x0 - last.x0) < 8 and abs(rule.x1 - last.x1) < 8
    ]
    below = [rule for rule in sharing if rule.y0 < caption.y and rule.x1 < caption.x0 + 1.3 * (last.x1 - last.x0)]
    near = below and caption.y - below[0].y0 < last.y0 - caption.y
    if not same or near or any(one.bottom - 4 <= last.y0 <= one.top + 4 and _share(last, one) for one in regions):
        return False
    inside = [
        one for one in segments if last.y0 < one.y < same[0].y0 and one.x0 > last.x0 - 12 and one.x1 < last.x1 + 12
    ]
    rows = rows_of(inside)
    prose = sum(is_prose(one) for one in inside)
    return sum(has_values(row) for row in rows) >= max(2, 0.4 * len(rows)) and prose < 0.3 * len(rows)


def _over(caption: Segment, flat: list[Rule]) -> float:
    """The height above a caption, and above the rule that stands right over it."""
    own = caption.y + caption.size
    rules = [one.y0 for one in flat if own - 2 < one.y0 < caption.y + 2.6 * caption.size and _share(one, caption)]
    return max(rules, default=own - 1) + 1


def _caption_lines(caption: Segment, region: Region, free: list[Segment]) -> list[Segment]:
    """The caption with its further lines down to the table, where they stand right above it."""
    if caption.y < region.top - 2:
        return []
    between = [
        one
        for one in free
        if region.top - 2 < one.y <= caption.y + 1
        and one.x0 > caption.x0 - 60
        and (one.x0 < caption.x1 or (one.y > caption.y - 1 and one.x0 < caption.x1 + 2 * caption.size))
    ]
    steps = [a.y - b.y for a, b in pairwise([*sorted(between, key=lambda one: -one.y)])]
    if (
        len(between) > 8
        or any(step > 2.5 * caption.size for step in steps)
        or caption.y - region.top > 12 * caption.size
    ):
        return []
    return sorted(between, key=lambda one: (-round(one.y), one.x0))


def _share(one: Segment | Rule, other: Segment | Region | Rule) -> bool:
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
    first = _with_header(caption, segments, first)
    inside = [
        one for one in segments if last.y0 - 1 < one.y < first.y0 and one.x0 > first.x0 - 12 and one.x1 < first.x1 + 12
    ]
    rows = rows_of(inside)
    bottom = last.y0
    if not any(has_values(row) for row in rows):  # the rules enclose the header alone
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


def _with_header(caption: Segment, segments: list[Segment], rule: Rule) -> Rule:
    """The upper end of a table: its first rule, or the top of a header that stands above that and under the caption alone."""
    between = [one for one in segments if rule.y0 < one.y < caption.y - 0.5 * caption.size and _share(one, rule)]
    rows = rows_of(between)
    cells = [row for row in rows if len(row.segments) >= 3]
    if not cells or len(rows) > 4 or any(has_values(row) for row in rows):
        return rule
    top = cells[0].y + 0.9 * cells[0].size
    return replace(rule, y0=top, y1=top)


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
    return _around(rows)


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
            or (begun and not several and _is_note_line(row.segments[0].text))
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


def _is_note_line(text: str) -> bool:
    """Whether a line alone on its height is a note; "Age, years, mean" is the name of a row."""
    return bool(NOTE.match(text)) or (len(text) > 45 and is_note(text))


def _gone_on(segments: list[Segment], columns: list[tuple[float, float]], heads: list[tuple[str, ...]]) -> list[Region]:
    """Tables that go on in the next column or page: rows below the header of a table before, printed again without a caption."""
    found: list[Region] = []
    wanted = set(heads)
    ends = [(-1e9, 1e9)] if len(columns) < 2 else [*columns, (-1e9, 1e9)]
    taken: set[int] = set()
    for x0, x1 in ends:
        inside = [one for one in segments if one.x0 > x0 - 6 and one.x1 < x1 + 6 and id(one) not in taken]
        rows = rows_of(inside)
        words = [words_of([row]) for row in rows]
        at = 0
        while at < len(rows):
            lines = _head_at(words[at : at + 4], wanted)
            if not lines:
                at += 1
                continue
            width = max(one.x1 for one in inside) - min(one.x0 for one in inside)
            kept = [*rows[at : at + lines], *_until_prose(rows[at + lines :], rows[at + lines - 1].y, 0.0, width)]
            at += len(kept)
            if len(kept) > lines:
                cells = [one for row in kept for one in row.segments]
                taken |= {id(one) for one in cells}
                found.append(_around(kept))
    return found


def _head_at(words: list[list[str]], wanted: set[tuple[str, ...]]) -> int:
    """How many lines from here on print a known header again, 0 for none. words : of the next lines."""
    lengths = {len(head) for head in wanted}
    so_far: list[str] = []
    for lines, line in enumerate(words, start=1):
        so_far += line
        if len(so_far) in lengths and tuple(sorted(so_far)) in wanted:
            return lines
    return 0


def _around(rows: list[Row]) -> Region:
    cells = [one for row in rows for one in row.segments]
    left, right = min(one.x0 for one in cells), max(one.x1 for one in cells)
    return Region(left, right, rows[0].y + rows[0].size, rows[-1].y - 2, rows)


def _small(row: Row) -> bool:
    """The row begins as the rest of a cell above it does."""
    first = row.segments[0].text[:1]
    return len(row.segments[0].text) < 40 and (first.islower() or first in "([")


def _parted(rules: list[Rule], titles: list[Segment]) -> list[list[Rule]]:
    """Rules of one width as those of several tables, where a caption stands between two or more and two or more."""
    for title in sorted(titles, key=lambda one: -one.y):
        above = [rule for rule in rules if rule.y0 > title.y]
        below = [rule for rule in rules if rule.y0 <= title.y]
        if len(above) >= 2 and len(below) >= 2 and _share(rules[0], title):
            return [above, *_parted(below, titles)]
    return [rules]


def _encloses(rules: list[Rule], titles: list[Segment]) -> bool:
    """Whether a caption stands well within: the rules then part the page and frame no table."""
    return any(rules[-1].y0 + 5 * one.size < one.y < rules[0].y0 for one in titles)


def _without_caption(
    segments: list[Segment],
    flat: list[Rule],
    upright: list[Rule],
    regions: list[Region],
    titles: list[Segment],
    columns: list[tuple[float, float]],
) -> list[Region]:
    """Tables without a caption above: rules of one width with rows of cells between. titles : captions, none within one."""
    found: list[Region] = []
    groups: dict[tuple[int, int], list[Rule]] = {}
    for rule in flat:
        if rule.width > 150 and not any(one.bottom - 4 <= rule.y0 <= one.top + 4 for one in regions):
            groups.setdefault((round(rule.x0 / 8), round(rule.x1 / 8)), []).append(rule)
    parts = [part for group in groups.values() for part in _parted(group, titles)]
    for rules in sorted(parts, key=lambda part: (_encloses(part, titles), part[-1].y0 - part[0].y0)):
        if len(rules) < 2:
            continue
        top, bottom = rules[0], rules[-1]
        if any(one.bottom < top.y0 and bottom.y0 < one.top and one.x0 < top.x1 and top.x0 < one.x1 for one in found):
            continue
        inside = [
            one for one in segments if bottom.y0 - 1 < one.y < top.y0 and one.x0 > top.x0 - 12 and one.x1 < top.x1 + 12
        ]
        rows = levelled(rows_of(inside), [])
        full = sum(len(row.segments) >= 3 and has_values(row) for row in rows)
        if len(rows) < 3 or full < 0.3 * len(rows):
            continue
        if sum(is_prose(one) and one.x1 - one.x0 > 0.5 * top.width for one in inside) > 0.3 * len(rows):
            continue
        label = caption_label(rows[0].segments[0].text)
        caption = rows.pop(0).segments if label and label[0] == "table" else []
        region = Region(top.x0, top.x1, top.y0, bottom.y0, rows, caption=caption)
        without_running_text(region, columns)
        if len(region.rows) < len(rows):  # what is left between lines of text is a drawing as often as a table
            continue
        fill(region, flat, upright)
        if len(region.cells) >= 2 and len(region.cells[0]) >= 3 and not _is_drawing(region):
            found.append(region)
    return found


def _is_drawing(region: Region) -> bool:
    """Whether the cells are a drawing with a scale: its first column, or a row of it beside words of a curve's legend."""
    words = [[cell.text for cell in row if cell.text] for row in region.cells]
    if _is_axis([row[0].text for row in region.cells]):
        return True
    legend = any(_LEGEND.search(text) for row in words for text in row)
    return legend and any(_is_scale(" ".join(row).split()) for row in words)


def _is_scale(words: list[str]) -> bool:
    """Whether a row is the scale of a curve (0 6 12 18 months, once for each curve) or its numbers at risk (160 148 121 91)."""
    numbers = [int(word) for word in words if word.isdecimal()]
    if len(numbers) < 5 or len(words) - len(numbers) > 3:
        return False
    steps = [b - a for a, b in pairwise(numbers)]
    usual = max(set(steps), key=steps.count)
    return (usual > 0 and steps.count(usual) >= 0.75 * len(steps)) or sum(step < 0 for step in steps) >= 0.75 * len(
        steps
    )


def _is_axis(names: list[str]) -> bool:
    """Whether the first column is the scale of a drawing: numbers that fall by equal steps."""
    filled = [name for name in names if name]
    numbers = [float(name) for name in filled if name.replace(".", "", 1).isdecimal()]
    steps = [round(a - b, 6) for a, b in pairwise(numbers)]
    equal = bool(steps) and sum(step == steps[0] for step in steps) >= 0.8 * len(steps)
    return len(numbers) >= 4 and len(numbers) >= 0.7 * len(filled) and equal and steps[0] > 0
