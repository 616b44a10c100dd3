"""Lines of a PDF page that run over the gutter between two columns, cut there: the gutter may be narrower than a wide gap between words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ostealgia.io.documents.pdf_chars import Segment, Word
from ostealgia.io.documents.pdf_rows import LETTERS, Row, rows_of

_MOST = 3  # gutters
_LEAST = 6  # lines of running text that are cut at one place
_TRIED = 12  # places
_UNBROKEN = 0.6  # of the lines with the gutter stand next to another
_FEW = 2  # ... where other pages have the gutter too
_GAP = 0.38  # of the font's height: the least width of a gutter
_WIDER = 1.7  # ... as against the usual gap between the words of its line
_EDGE = 1.2  # points between the left ends of the lines of one column
_NARROWER = 0.7  # of the gutter's usual width, in a line that is cut

_LINE = 60  # words of a line beside a gap that are read

Gutter = tuple[float, float]  # left end of the column behind it, its usual width


@dataclass(frozen=True, slots=True)
class _Begin:
    """A word after a gap. width, usual : of the gap and of the others of its line.  over : it is within a segment.  row : its line."""

    x: float
    width: float
    usual: float
    over: bool
    row: int


def parted(pages: Sequence[list[Segment]]) -> list[list[Segment]]:
    """The segments of each page, those that run over a gutter in pieces.

    A gutter: on many lines a word of running text begins at one place, after a gap that is wide and ends running text.
    No word stands at that place by chance so often: lines set to fill their column have their gaps anywhere. On a page
    with a large figure few lines are left: the gutters of the other pages hold there.
    """
    known: list[Gutter] = []
    out: list[list[Segment]] = []
    for page in pages:
        segments = list(page)
        for _ in range(_MOST):
            found = _gutter(segments)
            if found is None:
                break
            segments = [piece for one in segments for piece in _cut(one, found)]
            if not any(abs(found[0] - left) <= _EDGE for left, _ in known):
                known.append(found)
        out.append(segments)
    return [_by_known(page, known) for page in out]


def _by_known(segments: list[Segment], known: list[Gutter]) -> list[Segment]:
    """The segments of a page cut at those gutters of other pages that at least two of its lines run over."""
    begins: list[_Begin] | None = None
    for left, width in known:
        if begins is None:
            begins = [one for at, row in enumerate(rows_of(segments)) for one in _begins(row, at)]
        here = [one for one in begins if abs(one.x - left) <= _EDGE and one.width >= _NARROWER * width]
        if sum(one.over for one in here) >= _FEW and _is_wide(here):
            segments = [piece for one in segments for piece in _cut(one, (left, width))]
            begins = None
    return segments


def _gutter(segments: list[Segment]) -> Gutter | None:
    """The gutter that most lines have, where some run over it, or None."""
    rows = rows_of(segments)
    begins = sorted((one for at, row in enumerate(rows) for one in _begins(row, at)), key=lambda one: one.x)
    places: list[tuple[int, int]] = []
    first = 0
    for last in range(len(begins)):
        while begins[last].x - begins[first].x > _EDGE:
            first += 1
        if last + 1 - first >= _LEAST:
            places.append((first, last + 1))
    for first, end in sorted(places, key=lambda place: place[0] - place[1])[:_TRIED]:
        here = begins[first:end]
        if _is_wide(here) and _is_unbroken(here, rows):
            widths = sorted(one.width for one in here)
            return here[len(here) // 2].x, widths[len(widths) // 4]
    return None


def _is_wide(begins: list[_Begin]) -> bool:
    """Whether a line runs over the gutter, and most gaps there are wider than the others of their lines."""
    wider = sum(one.width >= _WIDER * one.usual for one in begins)
    return any(one.over for one in begins) and wider >= 0.5 * len(begins)


def _is_unbroken(begins: list[_Begin], rows: list[Row]) -> bool:
    """Whether most lines with a gap there stand next to another such line: of lines across a whole page only some have one."""
    place = begins[len(begins) // 2].x
    gaps = {one.row for one in begins}
    both = [
        at for at, row in enumerate(rows) if row.segments[0].x0 < place - _EDGE and row.segments[-1].x1 > place + _EDGE
    ]
    beside = {one for pair in pairwise(both) if gaps.issuperset(pair) for one in pair}
    return len(beside) >= _UNBROKEN * len(gaps)


def _begins(row: Row, number: int) -> list[_Begin]:
    """The words where running text may begin beside running text. number : of the row."""
    found: list[_Begin] = []
    before: Segment | None = None
    for one in row.segments:
        if before is not None and one.x0 - before.x1 >= _GAP * one.size and _reads(before.words) and _reads(one.words):
            found.append(_Begin(one.x0, one.x0 - before.x1, 0.0, False, number))
        before = one
        gaps = [b.x0 - a.x1 for a, b in pairwise(one.words)]
        usual = sorted(gaps)[len(gaps) // 2] if gaps else 0.0
        for at, width in enumerate(gaps, start=1):
            before_it, behind = one.words[max(0, at - _LINE) : at], one.words[at : at + _LINE]
            if width >= _GAP * one.size and _reads(before_it) and _reads(behind):
                found.append(_Begin(one.words[at].x0, width, usual, True, number))
    return found


def _reads(words: list[Word]) -> bool:
    """Whether words are some of a line of running text."""
    text = " ".join(word.text for word in words)
    return len(text) >= 16 and len(LETTERS.findall(text)) >= 2


def _cut(segment: Segment, gutter: Gutter) -> list[Segment]:
    """A segment in two where the gutter stands between two of its words; what follows may be indented."""
    left, width = gutter
    if segment.x0 >= left or segment.x1 <= left:
        return [segment]
    for at, (before, behind) in enumerate(pairwise(segment.words), start=1):
        if before.x1 <= left - _NARROWER * width and left - _EDGE <= behind.x0:
            pieces = segment.words[:at], segment.words[at:]
            return [Segment(words, segment.y, segment.size, segment.bold) for words in pieces]
    return [segment]
