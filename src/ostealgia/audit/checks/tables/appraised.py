"""Columns of appraisal scores in a table of studies: none above the most that the heading prints, or that the tool has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ostealgia.audit.checks.reading.appraisal_tools import most_points, rating_tools
from ostealgia.audit.checks.reading.scales import is_adapted
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.bounds import scale_bound
from ostealgia.io.documents.model import Cell

_SCORE = re.compile(
    r"\s*(\d{1,2}(?:\.5)?)(?:\s{0,2}/\s{0,2}(\d{1,2}))?(?:\s{0,2}(?:points?|stars?))?\s*[a-z*†‡]?\s*$", re.I
)
_PRINTED = re.compile(
    r"(?:[(,/]|\[(?=\s?\D|\s?0))\s{0,2}(?:0\s?(?:-|–|to)\s?|"  # "[12]" alone is a citation
    r"max(?:imum|\.)?\s?:?\s?(?:score\s|points?\s)?(?:of\s|is\s|=\s?)?|up to\s|out of\s|of\s|≤\s?|/\s?)?"
    r"(?P<most>\d{1,2})\s?(?:stars?|points?)?\s{0,2}[)\]]?\s*$|\bout of (?P<out>\d{1,2})\s*$",
    re.I,
)
_QUALITY = re.compile(r"\bqualit\w+\b|\bappraisal\b|\bscore\b", re.I)
_PART = re.compile(
    r"\b(?:selection|comparability|outcomes?|exposure|items?|domains?|randomi[sz]ation|blinding|withdrawals?|n|no\.|%)\b",
    re.I,
)
LEAST_INSIDE = 2


def table_appraised(paper: Paper) -> Iterator[Finding]:
    """scale-bound for the totals of one tool, a study a row; at most one in four, or one, may lie beyond."""
    adapted = is_adapted(paper.document.plain)
    for table in paper.document.tables:
        for column in range(1, table.n_columns):
            most = _most_of(table.column_name(column).strip(), table.caption, adapted)
            if most is None:
                continue
            cells = [
                (row[column], match)
                for row in table.body
                if not row[column].copied and (match := _SCORE.match(row[column].text))
            ]
            filled = sum(bool(row[column].text.strip()) for row in table.body)
            inside = sum(float(match[1]) <= most for _, match in cells)
            if inside >= LEAST_INSIDE and inside >= len(cells) - max(1, len(cells) // 4) and 2 * len(cells) >= filled:
                yield from (_bound(paper, cell, match, most) for cell, match in cells)


def _most_of(heading: str, caption: str, adapted: bool) -> int | None:
    """The most points of a column of totals; None where it holds something else or the most is not known."""
    tools = rating_tools(heading)
    bare = _PRINTED.sub("", heading)
    if _PART.search(bare):
        return None
    printed = _PRINTED.search(heading)
    most = int(printed["most"] or printed["out"]) if printed else None
    if len(tools) == 1 and (most is None or most in tools[0].forms):
        return most or (None if adapted else most_points(tools[0], f"{heading} {caption}"))
    return (
        most
        if not tools and most is not None and most >= 4 and _QUALITY.search(bare) and _QUALITY.search(caption)
        else None
    )


def _bound(paper: Paper, cell: Cell, match: re.Match[str], most: int) -> Finding:
    place = paper.place(cell.start, cell.end)
    return scale_bound(match[1], 0, most, what="the score", place=place)


CHECKS = (table_appraised,)
