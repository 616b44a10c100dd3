"""The lines of a PDF's first page that are the title: the largest ones that name neither the journal nor the kind of article."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ostealgia.io.documents.pdf_layout import TextLine

_BANNERS = re.compile(  # with the blanks taken out: "R E S EAR CH A R TIC L E"
    r"(?:hhspublicaccess|cochrane(?:library|databaseofsystematicreviews)?|openaccess|authormanuscript|commentary|editorial"
    r"|(?:original|research|review|clinical|shortcommunication|brief)*(?:article|paper|report|research|investigation|study)s?"
    r"|.{0,24}journalof.{0,60}|(?:the)?newengland.{0,24}|(?:the)?lancet.{0,20}|plos(?:one|medicine)?|journalpre-?proofs?"
    r"|universityof.{0,40}|.{0,40}(?:wileyonlinelibrary|accesspublishedarticle).{0,40})",
)
_OF_JOURNAL = re.compile(r"journal homepage|contents lists? available|homepage\s?:|^available online", re.IGNORECASE)
_LEAST = 12  # letters of a title's largest line
_SHORT = 7  # words of a journal's name at most
_LARGER = 1.15  # than the body
_NEAR = 45.0  # points from a journal's name down to its home page
_ALIKE = 0.8  # of the largest line's height: the further lines and the subtitle
_EVEN = 0.8  # points
_FLUSH = 6.0  # points
_PITCH = 2.4  # heights from one line of a title to the next


def is_banner(words: str) -> bool:
    """Whether a line names the journal or the kind of article, in letters as large as a title's.

    >>> is_banner("R E S EAR CH A R TIC L E"), is_banner("A trial of two drugs")
    (True, False)
    """
    return _BANNERS.fullmatch(re.sub(r"\W+", "", words.lower())) is not None


def title_first(lines: Sequence[TextLine], body: float, heads: Iterable[str]) -> tuple[list[TextLine], frozenset[int]]:
    """(the lines with those of the title one after the other, the ids of these).

    body : height of the running text.  heads : words that come back on the pages' heads and feet.
    """
    title = title_lines(lines, body, heads)
    if not title:
        return list(lines), frozenset()
    ids = frozenset(map(id, title))
    at = min(number for number, line in enumerate(lines) if id(line) in ids)
    rest = [line for line in lines[at:] if id(line) not in ids]
    return [*lines[:at], *title, *rest], ids


def title_lines(lines: Sequence[TextLine], body: float, heads: Iterable[str]) -> list[TextLine]:
    """The lines that are the title, from top to bottom; none where no line is larger than the body."""
    first = [line for line in lines if line.page == 1 and not line.figure and line.region is None]
    homes = [line.y for line in lines if line.page == 1 and _OF_JOURNAL.search(line.text)]
    known = " ".join(heads)
    large = [
        line
        for line in first
        if line.size > _LARGER * body and not is_banner(line.text) and not _is_journal(line, homes, known)
    ]
    top = max((line for line in large if len(line.text) > _LEAST), key=lambda line: line.size, default=None)
    if top is None:
        return []
    column = sorted((line for line in large if line.x0 < top.x1 and top.x0 < line.x1), key=lambda line: -line.y)
    begin = end = next(number for number, line in enumerate(column) if line is top)
    while end + 1 < len(column) and _goes_on(column[end], column[end + 1], top.size):
        end += 1
    while begin and _goes_on(column[begin - 1], column[begin], top.size):
        begin -= 1
    while begin and begin < end and _is_evenly_above(column[begin - 1], column[begin], column[begin + 1]):
        begin -= 1
    return column[begin : end + 1]


def _is_journal(line: TextLine, homes: Sequence[float], heads: str) -> bool:
    """Whether a few words are a journal's name: beside its home page, or within a head or foot of the other pages."""
    if _OF_JOURNAL.search(line.text):
        return True
    words = " ".join(line.text.lower().split())
    if words.count(" ") >= _SHORT:
        return False
    return any(-1 < line.y - home < _NEAR for home in homes) or bool(
        re.search(re.escape(words) + r"\W+(?:vol\w*\W+)?#", heads)
    )


def _goes_on(above: TextLine, below: TextLine, size: float) -> bool:
    """Whether two large lines are of one title: alike in height, one right below the other."""
    larger = max(above.size, below.size)
    return min(above.size, below.size) >= _ALIKE * size and 0 < above.y - below.y < _PITCH * larger


def _is_evenly_above(line: TextLine, below: TextLine, second: TextLine) -> bool:
    """Whether a line that another font makes lower stands as far above a title's first line as that above its second."""
    even = abs((line.y - below.y) - (below.y - second.y)) < _EVEN
    return even and abs(line.x0 - below.x0) < _FLUSH
