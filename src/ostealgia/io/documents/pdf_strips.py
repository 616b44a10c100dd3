"""Columns of running text: the blank strip between them where text stands beside a table, and their lines within a table."""

from __future__ import annotations

import re
from itertools import groupby, pairwise

from ostealgia.io.documents.pdf_chars import Segment
from ostealgia.io.documents.pdf_rows import Region, Row, is_prose

WORDS = re.compile(r"[A-Za-z]{3,}")
_LEAST = 3  # lines of running text on each side
_FLUSH = 3.0  # points
_RUN = 4  # lines of running text one below the other
_ACROSS = 0.15  # of the segments may stand across the strip


def is_texty(segment: Segment) -> bool:
    """Some words of running text: shorter than a whole line may be."""
    text = segment.text
    return len(text) >= 24 and len(WORDS.findall(text)) >= 3


def strip_between(segments: list[Segment]) -> float | None:
    """The middle of a blank strip with lines of running text that begin at one place on each of its sides, or None."""
    texty = [one for one in segments if is_texty(one)]
    if len(texty) < 2 * _LEAST:
        return None
    left, right = min(one.x0 for one in segments), max(one.x1 for one in segments)
    size = sorted(one.size for one in texty)[len(texty) // 2]
    best: tuple[int, float] | None = None
    for begin in sorted({round(one.x0, 1) for one in texty}):
        if not left + 0.25 * (right - left) < begin < left + 0.75 * (right - left):
            continue
        place = begin - 0.45 * size
        across = sum(one.x0 < begin - 0.9 * size < one.x1 or one.x0 < place < one.x1 for one in segments)
        behind = [one for one in texty if one.x0 > place]
        before = [one for one in texty if one.x1 < place]
        if across > _ACROSS * len(segments) or not _flush(behind) or not _flush(before):
            continue
        found = (-across, place)
        best = max(best, found) if best else found
    return best[1] if best else None


def _flush(lines: list[Segment]) -> bool:
    """Whether enough lines begin at the left end of their column."""
    if len(lines) < _LEAST:
        return False
    edge = min(one.x0 for one in lines)
    at_edge = [one for one in lines if one.x0 - edge <= _FLUSH]
    return len(at_edge) >= max(_LEAST, 0.5 * len(lines))


def without_running_text(region: Region, columns: list[tuple[float, float]]) -> None:
    """Takes lines of running text that fill the page's columns, with all below (or above) them, from a table's rows."""
    runs: list[tuple[int, int]] = []
    at = 0
    for running, group in groupby(region.rows, key=lambda row: _fills(row, columns)):
        length = len(list(group))
        if running and length >= _RUN:
            runs.append((at, at + length))
        at += length
    if not runs:
        return
    parts = [(0, runs[0][0]), *[(a[1], b[0]) for a, b in pairwise(runs)], (runs[-1][1], at)]
    first, last = max(parts, key=lambda part: sum(len(row.segments) > 2 for row in region.rows[part[0] : part[1]]))
    region.rows = region.rows[first:last]
    if region.rows:
        region.top = min(region.top, region.rows[0].y + region.rows[0].size)
        region.bottom = max(region.bottom, region.rows[-1].y - 2)


def _fills(row: Row, columns: list[tuple[float, float]]) -> bool:
    """Whether a row is nothing but lines of the columns of running text, one of them a full one."""
    if len(row.segments) == 1 and is_prose(row.segments[0]) and row.segments[0].text.count(" ") >= 7:
        return True
    full = False
    for segment in row.segments:
        home = next(((a, b) for a, b in columns if a - 4 <= segment.x0 < a + 18 and segment.x1 < b + 6), None)
        if home is None or not WORDS.search(segment.text):
            return False
        words = segment.text.split()
        letters = sum(bool(WORDS.match(word.strip("(),.;:"))) for word in words)
        full = full or (segment.x1 > home[1] - 0.12 * (home[1] - home[0]) and letters >= 0.5 * len(words) >= 2.5)
    return full
