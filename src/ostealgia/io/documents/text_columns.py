"""Plain text that was made from pages in two columns with both side by side on each line: one column after the other."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import groupby, pairwise

from ostealgia.io.documents.text_tables import SEGMENT

_WORD = re.compile(r"[A-Za-z]{2,}")
_VALUE = re.compile(r"\d")
_ENDED = (".", "?", "!", ":", ")")
_LEAST = 6  # lines with running text on both sides of the gutter
_SHARE = 0.12  # ... of the lines of a page
_STRONG = 3  # ... of a stretch of lines
_ROWS = 3  # lines of a table across both columns
_MOST = 400_000  # characters of one page
_DEEP = 3  # a page with three columns, or with other columns further down, is parted again
_UNPARTED = 6  # lines of a page with running text side by side that are left


@dataclass(frozen=True, slots=True)
class _Line:
    """One line as the gutter parts it.

    kind : "blank", "across", "narrow" (one blank there), "table" or "cells" (with or without values on both sides),
    "strong" (text on both sides), "short" (few words on one side), "weak".
    """

    text: str
    kind: str
    left: str
    right: str


def in_one_column(text: str) -> tuple[str, int, int]:
    """(the text with the columns of its pages one after the other, pages so changed, pages where columns stay side by side).

    >>> row = "some words of the left column      and other words of the right one"
    >>> text, changed, left = in_one_column("\\n".join([row] * 9))
    >>> text.split("\\n")[8:10], changed, left
    (['some words of the left column', 'and other words of the right one'], 1, 0)
    """
    if text.count("   ") < _LEAST:
        return text, 0, 0
    changed = unparted = 0
    pages = []
    for page in text.split("\f"):
        lines = page.split("\n") if len(page) <= _MOST else [page]
        out = _parted(lines, _DEEP)
        changed += out != lines
        unparted += sum(map(_is_beside, out)) >= _UNPARTED
        pages.append("\n".join(out))
    return "\f".join(pages), changed, unparted


def _parted(lines: list[str], depth: int) -> list[str]:
    """The lines of a page, or of one column of it, with what stands on both sides of a gutter in two pieces."""
    gutter = _gutter(lines) if depth else None
    if gutter is None:
        return lines
    out: list[str] = []
    whole: list[str] = []  # lines that this gutter does not part: another one may
    parted = _with_narrow([_line(line, gutter) for line in lines])
    for across, group in groupby(_with_tables(parted), key=lambda line: line.kind in ("across", "rows")):
        band = list(group)
        if across or sum(line.kind == "strong" for line in band) < _STRONG:
            whole += [line.text for line in band]
            continue
        out += _parted(whole, depth - 1)
        whole = []
        left = _parted(_column([line.left for line in band]), depth - 1)
        right = _parted(_column([line.right for line in band]), depth - 1)
        joined = left and right and not left[-1].rstrip().endswith(_ENDED)
        out += [*left, *([] if joined else [""]), *right, ""]
    return out + _parted(whole, depth - 1)


def _gutter(lines: list[str]) -> int | None:
    """The place where the right column begins: running text begins there most often beside running text."""
    begins: Counter[int] = Counter()
    filled = 0
    for line in lines:
        filled += not line.isspace() and bool(line)
        if "  " in line:
            found = list(SEGMENT.finditer(line))
            begins.update(b.start() for a, b in pairwise(found) if _reads(a[0]) and _reads(b[0]))
    if not begins:
        return None
    place = max(begins, key=lambda at: (begins[at] + begins[at - 1] + begins[at + 1], begins[at], -at))
    near = begins[place] + begins[place - 1] + begins[place + 1]
    if near < max(_LEAST, _SHARE * filled):
        return None
    return place - 1 if begins[place - 1] else place


def _reads(words: str) -> bool:
    """Whether words are a line of running text."""
    return len(words) >= 16 and len(_WORD.findall(words)) >= 3


def _line(text: str, gutter: int) -> _Line:
    if not text or text.isspace():
        return _Line(text, "blank", "", "")
    left, right = text[: gutter - 1].rstrip(), text[gutter - 1 :]
    if gutter <= len(text) and not (text[gutter - 1] == " " or text[gutter - 1 :].isspace()):
        return _Line(text, "across", "", "")
    if not left or not right.strip():
        return _Line(text, "weak" if _reads(text.strip()) else "short", left, right)
    if len(left) > gutter - 2:
        return _Line(text, "narrow", left, right)
    before, behind = SEGMENT.findall(left), SEGMENT.findall(right)
    reads = _reads(behind[0]) and len(right) - len(right.lstrip()) <= 4
    if reads or (_reads(before[-1]) and len(behind) == 1):
        return _Line(text, "strong", left, right)
    cells = sum(bool(_VALUE.search(one)) for one in (*before[1:], *behind))
    valued = cells >= 2 and (len(behind) > 1 or (len(before) > 1 and _VALUE.search(behind[0])))
    return _Line(text, "table" if valued else "cells", left, right)


def _with_narrow(lines: list[_Line]) -> list[_Line]:
    """The lines, those with one blank alone at the gutter as lines of two columns where the lines around them are such."""
    out: list[_Line] = []
    for at, line in enumerate(lines):
        if line.kind == "narrow":
            near = [one.kind for one in lines[max(0, at - 3) : at + 4] if one.kind not in ("blank", "narrow")]
            parted = bool(near) and all(kind in ("strong", "weak", "short") for kind in near)
            out.append(_Line(line.text, "weak" if parted else "across", line.left, line.right))
        else:
            out.append(line)
    return out


def _with_tables(lines: list[_Line]) -> list[_Line]:
    """The lines; those of a table across both columns, from its header to its last row, are all rows of it."""
    out: list[_Line] = []
    for cells, group in groupby(lines, key=lambda line: line.kind in ("table", "cells", "short", "blank")):
        run = list(group)
        rows = [at for at, line in enumerate(run) if line.kind in ("table", "cells")] if cells else []
        if sum(run[at].kind == "table" for at in rows) < _ROWS or _are_two([run[at].right for at in rows]):
            out += run
            continue
        out += run[: rows[0]]
        out += [_Line(one.text, "rows", "", "") for one in run[rows[0] : rows[-1] + 1]]
        out += run[rows[-1] + 1 :]
    return out


def _are_two(behind: list[str]) -> bool:
    """Whether what stands right of the gutter has names of rows of its own: two tables side by side."""
    named = sum(len(words) - len(words.lstrip()) <= 2 and words.lstrip()[:1].isalpha() for words in behind)
    return named >= 0.6 * len(behind)


def _column(pieces: list[str]) -> list[str]:
    """The lines of one column; blank lines that stand between all its lines, since the other column's stand there, go."""
    filled = [at for at, piece in enumerate(pieces) if piece.strip()]
    if not filled:
        return []
    steps = Counter(b - a for a, b in pairwise(filled))
    usual = steps.most_common(1)[0][0] if steps else 1
    edge = min(len(pieces[at]) - len(pieces[at].lstrip()) for at in filled)
    out = [pieces[filled[0]][edge:].rstrip()]
    for above, at in pairwise(filled):
        out += [""] if at - above > usual else []
        out.append(pieces[at][edge:].rstrip())
    return out


def _is_beside(line: str) -> bool:
    """Whether two pieces of running text stand side by side on a line."""
    found = SEGMENT.findall(line) if "   " in line else []
    return any(len(a) >= 30 and len(b) >= 30 and _reads(a) and _reads(b) for a, b in pairwise(found))
