"""The margins of a PDF page: numbers of lines, and words set sideways that are, or are not, text of the paper."""

from __future__ import annotations

from itertools import pairwise

from ostealgia.io.documents.pdf_chars import PageText, Segment
from ostealgia.io.documents.pdf_rows import is_prose, rows_of
from ostealgia.io.documents.words import caption_label

LEAST = 8  # numbers on a page
STEPS = (1, 5)  # every line, or every fifth
MOST_BROKEN = 0.15  # of the steps from one number to the next
EDGE = 3.0  # points between the ends of the numbers of one margin


def line_numbers(segments: list[Segment]) -> set[int]:
    """The ids of the segments that number the lines of a page, in its left or right margin.

    They are whole numbers that end (or begin) at one place, rise by one (or five) from line to line, and stand beside all words.
    """
    whole = [one for one in segments if one.text.strip().isdecimal() and len(one.text.strip()) <= 4]
    words = [one for one in segments if not one.text.strip().isdecimal() and len(one.text) > 20]
    if len(whole) < LEAST or len(words) < LEAST:
        return set()
    left, right = sorted(one.x0 for one in words)[len(words) // 20], sorted(one.x1 for one in words)[-1]
    for margin in ([one for one in whole if one.x1 <= left], [one for one in whole if one.x0 >= right]):
        found = _rising(margin)
        if found:
            return found
    return set()


def _rising(margin: list[Segment]) -> set[int]:
    if len(margin) < LEAST:
        return set()
    ends = sorted(one.x1 for one in margin)
    edge = ends[len(ends) // 2]
    column = sorted((one for one in margin if abs(one.x1 - edge) <= EDGE), key=lambda one: -one.y)
    steps = [int(below.text) - int(above.text) for above, below in pairwise(column)]
    if len(column) < LEAST:
        return set()
    regular = max(sum(step == wanted for step in steps) for wanted in STEPS)
    return {id(one) for one in column} if regular >= (1 - MOST_BROKEN) * len(steps) else set()


def is_read(page: PageText) -> bool:
    """Whether words in another direction than most of their page are text or a table: not a line in the margin, not an axis."""
    inner = [one for one in page.segments if 0.07 * page.height < one.y < 0.93 * page.height]
    if any((label := caption_label(one.text)) and label[0] == "table" for one in inner):
        return True
    cells = [row for row in rows_of(inner) if len(row.segments) >= 3]
    return sum(map(is_prose, inner)) >= 9 or (len(cells) >= 5 and sum(len(one.text) for one in inner) >= 150)
