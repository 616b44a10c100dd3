"""The margins of a PDF page: numbers of lines, and words set sideways that are, or are not, text of the paper."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ostealgia.io.documents.pdf_chars import PageText, Segment
from ostealgia.io.documents.pdf_rows import is_prose, rows_of
from ostealgia.io.documents.words import caption_label

LEAST = 8  # numbers on a page
FEW = 3  # ... where they go on from the page before
STEPS = (1, 5)  # every line, or every fifth
MOST_BROKEN = 0.15  # of the steps from one number to the next
EDGE = 3.0  # points between the ends of the numbers of one margin
HEADS = 0.07  # of the height of a page, above and below: stamps and heads may be wider than the text


def drop_line_numbers(pages: Sequence[PageText]) -> int:
    """Takes the numbers of the lines out of the pages of a manuscript; returns how many.

    A page with few lines (a figure, a table) has them where they go on from the page before.
    """
    dropped, last = 0, None
    for page in pages:
        column = line_numbers(page)
        if not column and last is not None:
            column = _going_on(page, last)
        if column:
            last = int(column[-1].text)
            gone = {id(one) for one in column}
            page.segments[:] = [one for one in page.segments if id(one) not in gone]
            dropped += len(column) + _cut_glued(page, column)
    return dropped


def line_numbers(page: PageText) -> list[Segment]:
    """The segments that number the lines of a page, in its left or right margin, from top to bottom.

    They are whole numbers that end (or begin) at one place, rise by one (or five) from line to line, and stand beside all words.
    """
    whole = _whole_numbers(page)
    inner = [one for one in page.segments if HEADS * page.height < one.y < (1 - HEADS) * page.height]
    words = [one for one in inner if not one.text.strip().isdecimal() and len(one.text) > 20]
    if len(whole) < LEAST or len(words) < LEAST:
        return []
    left, right = sorted(one.x0 for one in words)[len(words) // 20], sorted(one.x1 for one in words)[-1]
    for margin in ([one for one in whole if one.x1 <= left], [one for one in whole if one.x0 >= right]):
        found = _rising(margin)
        if found:
            return found
    return []


def _whole_numbers(page: PageText) -> list[Segment]:
    return [one for one in page.segments if one.text.strip().isdecimal() and len(one.text.strip()) <= 4]


def _rising(margin: list[Segment]) -> list[Segment]:
    if len(margin) < LEAST:
        return []
    ends = sorted(one.x1 for one in margin)
    edge = ends[len(ends) // 2]
    column = sorted((one for one in margin if abs(one.x1 - edge) <= EDGE), key=lambda one: -one.y)
    steps = [int(below.text) - int(above.text) for above, below in pairwise(column)]
    if len(column) < LEAST:
        return []
    regular = max(sum(step == wanted for step in steps) for wanted in STEPS)
    return column if regular >= (1 - MOST_BROKEN) * len(steps) else []


def _going_on(page: PageText, last: int) -> list[Segment]:
    """The leftmost whole numbers of a page, where they go on from the last one without a break."""
    whole = _whole_numbers(page)
    if len(whole) < FEW:
        return []
    edge = min(one.x1 for one in whole)
    column = sorted((one for one in whole if abs(one.x1 - edge) <= EDGE), key=lambda one: -one.y)
    going_on = [int(one.text) for one in column] == list(range(last + 1, last + 1 + len(column)))
    return column if len(column) >= FEW and going_on else []


def _cut_glued(page: PageText, column: Sequence[Segment]) -> int:
    """Cuts the numbers that a column lacks off the lines they are the first words of; returns how many."""
    numbers, edge = {int(one.text) for one in column}, column[0].x1
    cut = 0
    for one in page.segments:
        first = one.words[0]
        if len(one.words) < 2 or not first.text.isdecimal() or abs(first.x1 - edge) > EDGE:
            continue
        above = [int(other.text) for other in column if other.y > one.y]
        if int(first.text) not in numbers and above and int(first.text) == above[-1] + 1:
            del one.words[0]
            cut += 1
    return cut


def is_read(page: PageText) -> bool:
    """Whether words in another direction than most of their page are text or a table: not a line in the margin, not an axis."""
    inner = [one for one in page.segments if 0.07 * page.height < one.y < 0.93 * page.height]
    if any((label := caption_label(one.text)) and label[0] == "table" for one in inner):
        return True
    cells = [row for row in rows_of(inner) if len(row.segments) >= 3]
    return sum(map(is_prose, inner)) >= 9 or (len(cells) >= 5 and sum(len(one.text) for one in inner) >= 150)
