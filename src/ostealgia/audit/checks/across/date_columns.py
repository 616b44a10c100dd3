"""date-order in a table: the first and the last patient of each centre, the start and the end of each study, side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ostealgia.audit.checks.across.dates import DATE, When, when
from ostealgia.audit.finding import Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.tables.view import shortened
from ostealgia.io.documents.model import Cell, PrintedTable

_FIRST = re.compile(
    r"\b(first|start(?:ed|ing)?|began|beginning|begin|open(?:ed|ing)?|from|activat\w*|initiat\w*|earliest)\b", re.I
)
_LAST = re.compile(
    r"\b(last|end(?:ed|ing)?|finish(?:ed)?|clos(?:ed|ing|ure)|stopp?(?:ed)?|until|till|to|complet\w*|final|latest|ceased|ceasing)\b",
    re.I,
)
# what both columns are about, said of one of them only
_OF_STUDIES = re.compile(
    r"\b(?:recruitment|enrol(?:l?ment|l?ed)|accrual|inclusion|randomi[sz](?:ation|ed)|stud(?:y|ies)|trials?|follow-?\s?up|data|collection|patients?|"
    r"participants?|subjects?|visits?|dates?|years?|months?|period|registration|observation|treated|seen|of|the|in|was|were)\b|[\W_]+",
    re.I,
)
_ISO = re.compile(r"((?:19|20)\d\d)-(0[1-9]|1[0-2])-(?:[0-2]\d|3[01])")
_WHOLE = re.compile(rf"\W*({DATE})\W*$", re.I)
SURE = 0.5  # of the rows that hold two dates must be in order, so that the columns are what their names say


def table_dates(paper: Paper) -> Iterator[Finding]:
    """Does no row's last date lie before its first?"""
    for printed in paper.document.tables:
        for first, last in _columns(printed):
            rows = [
                (row, a, b)
                for row in printed.body
                if (a := _date(row[first])) is not None and (b := _date(row[last])) is not None
            ]
            early = sum(a.after(b) for _, a, b in rows)
            if len(rows) < 2 or early > SURE * len(rows):
                continue
            for row, a, b in rows:
                yield _ordered(paper, row, row[last], a, b)


def _columns(printed: PrintedTable) -> Iterator[tuple[int, int]]:
    """Pairs of columns whose names differ in the word for the first and the last only, or name no more than the study."""
    names = [" ".join(printed.column_name(column).split()) for column in range(printed.n_columns)]
    for first in range(printed.n_columns):
        for last in range(first + 1, printed.n_columns):
            begins, ends = _FIRST.search(names[first]), _LAST.search(names[last])
            if begins is None or ends is None or _LAST.search(names[first]) or _FIRST.search(names[last]):
                continue
            if _thing(names[first], _FIRST) == _thing(names[last], _LAST):
                yield first, last


def _thing(name: str, word: re.Pattern[str]) -> str:
    """What the name of a column says beside its word for the first or the last, and beside the study and its patients."""
    return " ".join(word.sub(" ", _OF_STUDIES.sub(" ", name)).split()).casefold()


def _date(cell: Cell) -> When | None:
    text = cell.text.strip()
    iso = _ISO.fullmatch(text)
    if iso is not None and not cell.copied:
        return When(text, int(iso[1]), int(iso[2]))
    found = _WHOLE.match(text)
    return when(found[1]) if found is not None and not cell.copied else None


def _ordered(paper: Paper, row: tuple[Cell, ...], cell: Cell, begins: When, ends: When) -> Finding:
    late = begins.after(ends)
    words = " ".join(one.text.strip() for one in row if not one.copied and one.text.strip())
    return make(
        "date-order",
        replace(paper.place(cell.start, cell.end), quote=shortened(words)),
        reported=ends.text,
        verdict="impossible" if late else "consistent",
        severity="minor" if late else "none",
        message=f"first: {begins.text}, last: {ends.text}" + (": the last is before the first" if late else ""),
    )


CHECKS = (table_dates,)
