"""total-vs-parts of means: a row "All" below the groups it is made of ("Group | n | Mean | SD"), or a column of all without SDs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ostealgia.audit.causes import slip
from ostealgia.audit.finding import Cause, Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.means import Group
from ostealgia.audit.rules.pooled import pooled_mean, pooled_sd
from ostealgia.audit.rules.significance import show
from ostealgia.audit.tables.headers import is_n, is_weighted
from ostealgia.audit.tables.view import blocks, group_tables, number, place_of, shortened
from ostealgia.errors import OptionError
from ostealgia.io.documents.model import Cell, PrintedTable
from ostealgia.numerics.intervals import Interval, Printed

_MEAN = re.compile(r"\bmean\b|\baverage\b", re.I)
_NO_MEAN = re.compile(r"difference|change|adjusted|rank|\bci\b|least|square", re.I)
_SD = re.compile(r"^\W*(?:sd|s\.d\.|standard deviation|std\.? ?dev\.?)\W*$|\bsd\W*$", re.I)
_ALL = re.compile(r"\W*(?:all|total|overall|both|combined|pooled|whole)\b", re.I)
_PLAIN = re.compile(r"\s*(-?\d{1,6}(?:[.·]\d{1,4})?)\s*$")
_BOTH = re.compile(
    r"\s*(-?\d{1,6}(?:[.·]\d{1,4})?)\s{0,2}(?:±|\+/-|[(\[])\s{0,2}(\d{1,6}(?:[.·]\d{1,4})?)\s{0,2}[)\]]?\s*$"
)
_WHOLE = re.compile(r"\s*(\d{1,3}(?:,\d{3})+|\d{1,7})\s*$")


@dataclass(frozen=True)
class _Row:
    """Size, mean and SD (or None) of a row; cell : of the mean."""

    label: str
    n: int
    mean: Printed
    sd: Printed | None
    cell: Cell
    sd_cell: Cell | None
    words: str


def rows_of_all(paper: Paper) -> Iterator[Finding]:
    """Are mean and SD of the row of all patients those that the rows of the groups give?"""
    for table in paper.document.tables:
        if not 3 <= len(table.body) <= 8 or is_weighted(f"{table.caption} {table.note}"):
            continue
        names = [table.column_name(column) for column in range(table.n_columns)]
        sizes = [c for c in range(1, table.n_columns) if is_n(names[c])]
        both = [c for c in range(1, table.n_columns) if all("±" in row[c].text for row in table.body)]
        said = [
            c
            for c in range(1, table.n_columns)
            if _MEAN.search(names[c]) or (c in both and _MEAN.search(table.caption))
        ]
        means = [c for c in said if not _NO_MEAN.search(names[c])]
        if len(sizes) != 1:
            continue
        for mean in means:
            sd = mean + 1 if mean + 1 < table.n_columns and _SD.search(names[mean + 1]) else None
            rows = [_row(row, sizes[0], mean, sd) for row in table.body]
            if all(rows):
                yield from _compared(paper, [row for row in rows if row is not None])


def _row(row: Sequence[Cell], size: int, mean: int, sd: int | None) -> _Row | None:
    n, both = _WHOLE.match(row[size].text), _BOTH.match(row[mean].text)
    alone = _PLAIN.match(row[mean].text)
    spread = _PLAIN.match(row[sd].text) if sd is not None else None
    value = both[1] if both else alone[1] if alone else None
    if n is None or value is None or row[mean].copied:
        return None
    deviation = both[2] if both else spread[1] if spread else None
    words = " ".join(cell.text.strip() for cell in row if not cell.copied and cell.text.strip())
    return _Row(
        row[0].text.strip(),
        int(n[1].replace(",", "")),
        Printed.parse(value.replace("·", ".")),
        Printed.parse(deviation.replace("·", ".")) if deviation else None,
        row[mean],
        row[mean] if both else row[sd] if sd is not None and spread else None,
        words,
    )


def _compared(paper: Paper, rows: Sequence[_Row]) -> Iterator[Finding]:
    named = [row for row in rows if _ALL.match(row.label)]
    groups = [row for row in rows if row not in named]
    if any(re.search(r"\bmedian\b", row.label, re.I) for row in rows):
        return
    if len(named) != 1 or len(groups) < 2 or named[0] not in (rows[0], rows[-1]):
        return
    whole = named[0]
    if whole.n != sum(row.n for row in groups):
        return
    if all(row.sd is not None and row.sd.value > 0 for row in groups):
        try:
            known = [Group.of(row.mean, row.sd, row.n) for row in groups if row.sd is not None]
        except OptionError:
            return
        yield _finding(paper, whole, whole.mean, whole.cell, pooled_mean(known), "mean of all")
        if whole.sd is not None and whole.sd_cell is not None:
            yield _finding(paper, whole, whole.sd, whole.sd_cell, pooled_sd(known), "SD of all")
        return
    low, high = min(row.mean.interval().low for row in groups), max(row.mean.interval().high for row in groups)
    centre = sum(row.n * row.mean.value for row in groups) / whole.n
    yield _finding(paper, whole, whole.mean, whole.cell, (centre, Interval(low, high)), "mean of all")


def _finding(paper: Paper, row: _Row, shown: Printed, cell: Cell, pooled: tuple[float, Interval], what: str) -> Finding:
    value, box = pooled
    room = 0.5 * shown.unit + 0.02 * (box.high - box.low)
    values = Interval(box.low - room, box.high + room)
    fits = shown.interval().overlaps(values)
    place = replace(paper.place(cell.start, cell.end), quote=shortened(row.words))
    return make(
        "total-vs-parts",
        place,
        reported=shown.text,
        verdict="consistent" if fits else "impossible",
        severity="none" if fits else "minor",
        message=f"{row.label}, {what}: the groups give {show(value, 4)} ({show(values.low, 4)} to {show(values.high, 4)}); "
        f"printed {shown.text}",
        recomputed=value,
        values=values,
        cause=None if fits else slip(shown, value) or Cause(repair=shown.like(value)),
    )


def mean_outside(paper: Paper) -> Iterator[Finding]:
    """Does the mean of all patients lie between those of the groups, where no SDs are printed?"""
    for table in group_tables(paper):
        printed: PrintedTable = paper.document.tables[table.index]
        if is_weighted(f"{printed.caption} {printed.note}"):
            continue
        for block in blocks(table):
            total, sizes = block.total, block.sizes
            if (
                total is None
                or sizes is None
                or total.n is None
                or total.n.value != sum(sizes)
                or not block.independent
            ):
                continue
            for line in table.lines:
                whole = number(line, total.index, "mean")
                means = [m for c in block.indexes if (m := number(line, c, "mean")) is not None]
                if (
                    whole is None
                    or len(means) != len(sizes)
                    or number(line, total.index, "sd")
                    or not _MEAN.search(line.label)
                ):
                    continue
                boxes = [m.printed.interval() for m in means]
                box = Interval(min(b.low for b in boxes), max(b.high for b in boxes))
                centre = sum(n * m.value for n, m in zip(sizes, means, strict=True)) / sum(sizes)
                fits = whole.printed.interval().overlaps(box)
                yield make(
                    "total-vs-parts",
                    place_of(paper, table, line, whole),
                    reported=whole.text,
                    verdict="consistent" if fits else "impossible",
                    severity="none" if fits else "minor",
                    message=f"{line.label}: the mean of all, {whole.text}, lies {'between' if fits else 'outside'} those of the groups",
                    recomputed=centre,
                    values=box,
                    cause=None if fits else slip(whole.printed, centre) or Cause(repair=whole.printed.like(centre)),
                )


CHECKS = (rows_of_all, mean_outside)
