"""total-vs-parts in small tables: a row "Total" below the rows of one variable, or the rows of one variable below sized headings.

No other total need fit: the first heading or the caption names what each patient has only once (stage, cause of death, centre), or the
percentages of the rows add up to 100.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ostealgia.audit.causes import slip
from ostealgia.audit.checks.tables.sums import parts_overlap, table_sums
from ostealgia.audit.checks.tables.wholes import far_total
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.totals import total_vs_parts
from ostealgia.audit.tables.headers import is_weighted, size_in
from ostealgia.audit.tables.view import shortened
from ostealgia.io.documents.model import Cell, PrintedTable
from ostealgia.numerics.intervals import Printed

_ONLY = r"(?:main|principal|predominant|dearest|final|leading) [a-z]+"
_THE_ONE = re.compile(_ONLY, re.I)
# what a patient has only once
_ONCE = re.compile(
    r"\b(?:stages?|grades? (?:of|at)|tumou?r grade|histolog\w*|causes? of death|"
    r"(?:study |participating |trial )?(?:cent(?:re|er)s?|hospitals?|countr(?:y|ies)|"
    r"clinics?)|age (?:group|class|categor)\w*|sex|gender|primary (?:tumou?r|cancer|site)|primaries|race|ethnic\w*|marital|education\w*|"
    r"blood group|asa class\w*|year of \w+|number of metastas[ei]s|ecog|performance status|vital status|last vital|frankel|"
    r"lives? (?:alone|with)|"
    rf"{_ONLY}|best response|overall response|treatment arm|smoking status)\b",
    re.I,
)
_SEVERAL = re.compile(
    r"\b(?:some|more than one|multiple|several|both|overlap\w*|twice|may have|adverse|"
    r"toxicit\w+|complications?|symptoms?|reasons?|sites? of|comorbid\w*|medications?|events?|items?)\b",
    re.I,
)
_TOTAL = re.compile(
    r"\W{0,3}(?:(?:grand )?total|all(?: [a-z]{3,14})?|sum|overall)\b(?! (?:score|events|survival))\W*(?:n\b)?\W*$", re.I
)
_CELL = re.compile(
    r"\s*(\d{1,3}(?:,\d{3})+|\d{1,7})(?:\s{0,2}[(\[]\s{0,2}(\d{1,3}(?:[.·]\d{1,2})?)\s?%?\s{0,2}[)\]])?\s*$"
)
_WHOLE = re.compile(r"\s*(\d{1,3}(?:,\d{3})+|\d{1,7})\s*$")
_SHARE = re.compile(r"\s*(\d{1,3}(?:[.·]\d{1,2})?)\s?%?\s*$")
_PERCENT = re.compile(r"%|\bper ?cent", re.I)
_COUNTED = re.compile(
    r"^\W*(?:(?:no\.?|number|numbers|n|count|frequency|patients|decedents|women|men|"
    r"children|adults|residents|admissions|participants|cases|deaths|subjects)\b.*|)$",
    re.I,
)
LEAST, MOST = 3, 20  # rows of a variable
_NESTED = re.compile(
    r"\s*(?:[-–•·]\s|(?:all|any|total|sub-?total|of (?:whom|these|which)|including|thereof)\b)|\s{2,}\S", re.I
)
FAR = 2.5
FEW = 4  # patients without a value


@dataclass(frozen=True)
class _Column:
    """Counts above a total, with their percentages where printed."""

    index: int
    parts: tuple[int, ...]
    percents: tuple[float, ...]
    unit: float
    total: int
    cell: Cell


def lone_totals(paper: Paper) -> Iterator[Finding]:
    """Is the one total of a table of counts the sum of its rows?"""
    for table in paper.document.tables:
        body = table.body
        if not LEAST < len(body) <= MOST or is_weighted(f"{table.caption} {table.note}"):
            continue
        at = [i for i, row in enumerate(body) if _TOTAL.match(row[0].text)]
        if len(at) != 1 or at[0] not in (0, len(body) - 1) or not all(row[0].text.strip() for row in body):
            continue
        rows = [row for i, row in enumerate(body) if i != at[0]]
        if any(_NESTED.match(row[0].text) for row in rows) or (
            at[0] == 0 and not re.match(r"\W*total", body[0][0].text, re.I)
        ):
            continue  # some rows are parts of others
        columns = [c for k in range(1, table.n_columns) if (c := _column(table, rows, body[at[0]], k)) is not None]
        once = _once(table)
        if len(columns) > 1 and not once:
            continue  # the other columns tell
        for column in columns:
            if once or _shares_of_all(column):
                yield from _finding(paper, table, column, body[at[0]])


def _once(table: PrintedTable) -> bool:
    said = f"{table.column_name(0)} {table.caption}"
    others = table.caption if _THE_ONE.search(table.caption) else said
    return _ONCE.search(said) is not None and not _SEVERAL.search(_THE_ONE.sub(" ", others))


def _column(table: PrintedTable, rows: Sequence[Sequence[Cell]], last: Sequence[Cell], k: int) -> _Column | None:
    name = table.column_name(k)
    if not (_COUNTED.match(name) or _PERCENT.search(name) or size_in(name, 0)) or parts_overlap(table, last[0].text):
        return None
    read = [_CELL.match(row[k].text) for row in (*rows, last)]
    if len(rows) < LEAST or not all(read) or any(row[k].copied for row in (*rows, last)):
        return None
    found = [(int(m[1].replace(",", "")), m[2]) for m in read if m]
    texts = [text for _, text in found[:-1] if text]
    if not texts and k + 1 < table.n_columns and _PERCENT.search(table.column_name(k + 1)):
        beside = [_SHARE.match(row[k + 1].text) for row in rows]
        texts = [m[1] for m in beside if m]
    shares = tuple(float(text.replace("·", ".")) for text in texts) if len(texts) == len(rows) else ()
    decimals = max((len(text.partition(".")[2]) for text in texts), default=0)
    return _Column(k, tuple(n for n, _ in found[:-1]), shares, 10.0**-decimals, found[-1][0], last[k])


def _shares_of_all(column: _Column) -> bool:
    """Whether the rows' percentages make up 100, so that nothing is counted twice or left out."""
    room = 0.5 * column.unit * len(column.percents) + 1e-9
    return len(column.percents) == len(column.parts) and abs(sum(column.percents) - 100) <= room and column.unit < 1


def _finding(paper: Paper, table: PrintedTable, column: _Column, last: Sequence[Cell]) -> Iterator[Finding]:
    added = sum(column.parts)
    if not column.total or not added or (column.total == 100 and _PERCENT.search(table.column_name(column.index))):
        return
    if max(added, column.total) > FAR * min(added, column.total):
        return
    words = " ".join(cell.text.strip() for cell in last if not cell.copied and cell.text.strip())
    place = replace(paper.place(column.cell.start, column.cell.end), quote=shortened(words))
    what = f"{last[0].text.strip()}, {table.column_name(column.index)}"
    yield far_total(
        total_vs_parts(list(map(str, column.parts)), str(column.total), what=what, place=place),
        column.parts,
        column.total,
    )


# ---------------------------------------------------------------- rows of one variable below sized headings


def headed_rows(paper: Paper) -> Iterator[Finding]:
    """Do the rows of a table of one variable make up the group of each column, where they do in another column?"""
    for table in paper.document.tables:
        body = table.body
        if not LEAST <= len(body) <= MOST or not _once(table) or is_weighted(f"{table.caption} {table.note}"):
            continue
        sizes = {c: size_in(table.column_name(c), 0) for c in range(1, table.n_columns)}
        read = {c: [_CELL.match(row[c].text) for row in body] for c, size in sizes.items() if size is not None}
        sums = {c: sum(int(m[1].replace(",", "")) for m in found if m) for c, found in read.items() if all(found)}
        whole = {c: int(n.value) for c in sums if (n := sizes[c]) is not None}
        fits = [c for c in sums if sums[c] == whole[c]]
        if not fits or len(sums) - len(fits) != 1 or len(sums) != len(read) or any(row[0].copied for row in body):
            continue
        for c, added in sums.items():
            if not _told(added, whole[c], [int(m[1].replace(",", "")) for m in read[c] if m]):
                continue
            first, last = body[0][c], body[-1][c]
            quote = "; ".join(f"{row[0].text.strip()} {row[c].text.strip()}" for row in body)
            place = replace(paper.place(first.start, max(first.end, last.end)), quote=shortened(quote))
            parts = [m[1].replace(",", "") for m in read[c] if m]
            yield total_vs_parts(parts, str(whole[c]), what=f"rows of {table.column_name(c)}", place=place)


def _told(added: int, whole: int, parts: Sequence[int]) -> bool:
    """Whether patients without a value do not explain that the rows have fewer: more than a few, and one slip does."""
    short = whole - added
    return short <= 0 or (short > FEW and any(slip(Printed.of(n), float(n + short)) is not None for n in parts))


# ---------------------------------------------------------------- two sums that meet in one cell


_OF_ALL = re.compile(r"\W*(?:all|total|both|sum|overall)(?: (?:patients|participants|cases|units|groups))?\W*$", re.I)
WIDEST = 4  # rows or columns beside those of all: in larger tables the other sums tell


def crossed_sums(paper: Paper) -> Iterator[Finding]:
    """A row and a column of all: is the one cell right where one row sum and one column sum fail by the same number?"""
    known: set[tuple[int, int] | None] | None = None
    for table in paper.document.tables:
        rows, width = table.body, table.n_columns
        square = 3 <= len(rows) <= WIDEST and 4 <= width <= WIDEST + 1
        if not square or is_weighted(f"{table.caption} {table.note}"):
            continue
        if not (_OF_ALL.match(rows[-1][0].text) and _OF_ALL.match(table.column_name(width - 1))):
            continue
        read = [[_WHOLE.match(cell.text) for cell in row[1:]] for row in rows]
        if not all(all(row) for row in read) or any(cell.copied for row in rows for cell in row):
            continue
        grid = [[int(m[1].replace(",", "")) for m in row if m] for row in read]
        across = {i: row[-1] - sum(row[:-1]) for i, row in enumerate(grid)}
        down = {c: grid[-1][c] - sum(row[c] for row in grid[:-1]) for c in range(width - 1)}
        off_rows, off_columns = [i for i, d in across.items() if d], [c for c, d in down.items() if d]
        if len(off_rows) != 1 or len(off_columns) != 1 or across[off_rows[0]] != down[off_columns[0]]:
            continue
        i, c = off_rows[0], off_columns[0]
        if i == len(rows) - 1 or c == width - 2:
            continue
        if known is None:
            known = {one.span for one in table_sums(paper) if one.flagged}
        row = rows[i]
        if any(span and row[1].start <= span[0] <= rows[-1][-1].end for span in known):
            continue
        words = " ".join(cell.text.strip() for cell in row)
        place = replace(paper.place(row[c + 1].start, row[c + 1].end), quote=shortened(words))
        parts = [str(grid[k][c]) for k in range(len(rows) - 1)]
        found = total_vs_parts(parts, str(grid[-1][c]), what=f"{row[0].text.strip()}, both sums", place=place)
        right = grid[i][c] + across[i]
        cause = slip(Printed.of(grid[i][c]), float(right))
        yield replace(
            found,
            reported=str(grid[i][c]),
            cause_code=cause.code if cause else "unknown",
            cause=cause.text if cause else None,
            repair=str(right),
        )


CHECKS = (lone_totals, headed_rows, crossed_sums)
