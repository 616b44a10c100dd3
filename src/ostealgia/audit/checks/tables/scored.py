"""Scores in tables of groups: do means, SDs, medians and ranges stand on the scale that the row or the caption names?

The scale of a row is the one its label names; a row that names only a time has that of the caption. What the scale is said to be
holds where the other numbers of it in the table lie on it. Whole-number scales are asked by GRIM and GRIMMER, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ostealgia.audit.checks.reading.mean_cells import mean_cells
from ostealgia.audit.checks.reading.premises import doubtful
from ostealgia.audit.checks.reading.scales import Own, one_scale, own_scales
from ostealgia.audit.finding import Finding, Place
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.bounds import scale_bound
from ostealgia.audit.rules.granularity import grim_mean, grimmer
from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.headers import is_weighted
from ostealgia.audit.tables.model import Line, ReadTable
from ostealgia.audit.tables.view import GROUPS, group_tables, number, place_of, variables
from ostealgia.io.documents import gates

# whole numbers, one item for each patient
WHOLE = re.compile(
    r"\bnrs\b|numeric(?:al)? rating|charlson|\becog\b|\bkarnofsky\b|apgar|number of (?:lesions|metastases|fractures|fractions|"
    r"comorbidities|children|treatments|procedures|visits|segments|levels)|\basa\b|\bmmse\b|glasgow coma",
    re.IGNORECASE,
)
AVERAGED = re.compile(
    r"average|mean of|change|difference|reduction|decrease|improvement|%|percent|per |index score|ratio|log",
    re.IGNORECASE,
)
UNIT = re.compile(r"\([^()]*\)")
CHANGED = re.compile(
    r"area under|\bauc\b|\bsums?\b|cumulative|change|difference|reduction|decrease|improvement|%|percent|ratio|delta|Δ",
    re.IGNORECASE,
)
NORMAL = re.compile(r"\b(?:normal|reference|ref\.?|norm)\b", re.IGNORECASE)  # "(normal: 0-10)" is no scale
# what a row tells beside or instead of one score: a sum of items, a time, millimetres of a scale of centimetres
OTHER_QUANTITY = re.compile(
    r"\btotal of\b|\btime (?:since|to|until)\b|\b(?:hours|days|weeks|months|years) (?:with|of|since|until|to)\b|"
    r"\bmm\b|\bduration\b|\bage\b",
    re.IGNORECASE,
)
ZERO_TO_TEN = re.compile(r"\bnrs\b|numeric(?:al)? rating|\b0 ?(?:-|–|to) ?10\b|borg dyspn|cr-?10\b", re.IGNORECASE)
_TIMES = re.compile(
    r"\b(?:baseline|before|after|pre|post|treatment|weeks?|months?|days?|years?|hours?|visits?|follow-?up|at|the|end|of|admission|"
    r"discharge|enrol?lment|entry|last|first|final|mean|sd|standard|deviation|median|iqr|range|min|max|scores?|pain|pre-?treatment|"
    r"post-?treatment|one|two|three|four|six|twelve|and|to|t\d|n|s\.?d\.?)\b|[\d\W_]",
    re.IGNORECASE,
)
_SAID_WHOLE = re.compile(
    r"\b(?:pain|nrs|ratings?|scores?|scale)\b[^.;]{0,80}\b(?:whole\s{1,3}numbers?|integers?)\b|"
    r"\b(?:whole\s{1,3}numbers?|integers?|whole-number)\b[^.;]{0,60}\b(?:pain|nrs|ratings?|scores?|scale)\b",
    re.IGNORECASE,
)
PARTS = ("mean", "median", "low", "high")


@dataclass(frozen=True)
class Scored:
    """A row of scores: its words, its scale, and whether every score is one whole number."""

    line: Line
    label: str
    low: float
    high: float
    whole: bool


def table_scores(paper: Paper) -> Iterator[Finding]:
    """scale-bound, GRIM and GRIMMER for the rows of a table of groups whose scale is named."""
    said = gates.search(_SAID_WHOLE, paper.document.plain) is not None
    for table in group_tables(paper):
        printed = paper.document.tables[table.index]
        if is_weighted(f"{printed.caption} {printed.note}"):
            continue
        rows = list(_scored(table, printed.caption, said, own_scales(paper)))
        on_scale = _on_scale(table, rows)
        for row in rows:
            if row.high > 0 and on_scale.get((row.low, row.high), False):
                yield from _bounds(paper, table, row)
        yield from _borne_out([one for row in rows if row.whole for one in _granular(paper, table, row)])


def grid_scores(paper: Paper) -> Iterator[Finding]:
    """The same for the means of tables of another kind: a row a visit, with numbers, means and SDs in columns of their own."""
    said = gates.search(_SAID_WHOLE, paper.document.plain) is not None
    for table in paper.tables:
        printed = paper.document.tables[table.index]
        if table.kind in ("groups", "characteristics", "studies", "ratings") or is_weighted(
            f"{printed.caption} {printed.note}"
        ):
            continue
        own = own_scales(paper)
        above = None if CHANGED.search(UNIT.sub("", printed.caption)) else one_scale(printed.caption, own)
        rows = [
            (cell, scale)
            for cell in mean_cells(paper, printed)
            if not CHANGED.search(f"{UNIT.sub('', cell.label)} {cell.heading}")
            and (scale := _scale(cell.label, above, own)) is not None
        ]
        inside = [scale[0] <= cell.mean.value <= scale[1] for cell, scale in rows]
        if not _holds(inside):
            continue
        found: list[Finding] = []
        for cell, (low, high) in rows:
            place = paper.place(cell.start, cell.end)
            size = cell.n if cell.n is not None and cell.n >= 2 else None
            bound = scale_bound(
                cell.mean.printed, low, high, sd=cell.sd.printed, n=size, what=f"{cell.label}, mean", place=place
            )
            found.append(bound)
            if (
                size is not None
                and not bound.flagged
                and (WHOLE.search(cell.label) or (said and (low, high) == (0.0, 10.0)))
            ):
                found += _whole_numbers(cell.mean, cell.sd, size, place)
        yield from _borne_out(found)


def _scale(label: str, above: tuple[float, float] | None, known: Own) -> tuple[float, float] | None:
    """The scale of a row: of its own words, or that of the caption where it names only a time."""
    if NORMAL.search(label) or OTHER_QUANTITY.search(label):
        return None
    own = one_scale(label, known) or ((0.0, 10.0) if ZERO_TO_TEN.search(label) else None)
    return above if own is None and not _TIMES.sub("", label) else own


def _borne_out(found: list[Finding]) -> list[Finding]:
    """The same findings; where many means or SDs fit no whole numbers these are information."""
    found = doubtful(found, "GRIM", "other means of this table fit no whole numbers either", many=3)
    return doubtful(found, "GRIMMER", "other SDs of this table fit no whole numbers either", many=3)


def _scored(table: ReadTable, caption: str, said: bool, own: Own) -> Iterator[Scored]:
    """The rows of scores; a row whose scale is not known, but whose values are whole numbers, has no limits (0 to 0)."""
    above = None if CHANGED.search(UNIT.sub("", caption)) else one_scale(caption, own)
    for variable in variables(table):
        for line in variable.lines:
            label = f"{variable.name} {line.label}" if variable.name != line.label else line.label
            if CHANGED.search(UNIT.sub("", label)) or NORMAL.search(label):
                continue
            scale = _scale(label, above, own)
            named = WHOLE.search(label) is not None and not AVERAGED.search(UNIT.sub("", label))
            whole = named or (said and scale == (0.0, 10.0) and not AVERAGED.search(UNIT.sub("", label)))
            if scale is not None or whole:
                yield Scored(line, label, *(scale or (0.0, 0.0)), whole)


def _cells(table: ReadTable, line: Line) -> list[tuple[int, int | None]]:
    """The columns of patients with an entry in a row, and how many patients each has."""
    return [
        (column.index, int(column.n.value) if column.n is not None else None)
        for column in table.columns
        if column.role in GROUPS and column.index in line.entries
    ]


def _numbers(table: ReadTable, row: Scored) -> Iterator[tuple[int, int | None, str, Number]]:
    for column, n in _cells(table, row.line):
        for part in PARTS:
            value = number(row.line, column, part)
            if value is None or (part in ("low", "high") and number(row.line, column, "median") is None):
                continue
            yield column, n, part, value


def _on_scale(table: ReadTable, rows: Sequence[Scored]) -> dict[tuple[float, float], bool]:
    """Whether a scale holds in this table, by its numbers there."""
    counted: dict[tuple[float, float], list[bool]] = {}
    for row in rows:
        for _, _, _, value in _numbers(table, row):
            counted.setdefault((row.low, row.high), []).append(row.low <= value.value <= row.high)
    return {scale: _holds(inside) for scale, inside in counted.items()}


def _holds(inside: Sequence[bool]) -> bool:
    """Whether a scale holds: at most one of its numbers, or one in four, lies outside, and one at least inside."""
    outside = len(inside) - sum(inside)
    return any(inside) and outside <= max(1, len(inside) // 4)


def _bounds(paper: Paper, table: ReadTable, row: Scored) -> Iterator[Finding]:
    for column, n, part, value in _numbers(table, row):
        place = place_of(paper, table, row.line, row.line.entries[column])
        sd = number(row.line, column, "sd") if part == "mean" else None
        spread = sd.printed if sd is not None and sd.value >= 0 else None
        size = n if n is not None and n >= 2 else None
        what = f"{row.label}, {part if part in ('mean', 'median') else 'a limit of the range'}"
        yield scale_bound(value.printed, row.low, row.high, sd=spread, n=size, what=what, place=place)


def _granular(paper: Paper, table: ReadTable, row: Scored) -> Iterator[Finding]:
    for column, n in _cells(table, row.line):
        mean, sd = number(row.line, column, "mean"), number(row.line, column, "sd")
        if n is None or n < 2 or mean is None or sd is None or sd.value < 0:
            continue
        if (
            mean.printed.relation != "="
            or sd.printed.relation != "="
            or (row.high and not row.low <= mean.value <= row.high)
        ):
            continue
        place = place_of(paper, table, row.line, row.line.entries[column])
        yield from _whole_numbers(mean, sd, n, place)


def _whole_numbers(mean: Number, sd: Number, n: int, place: Place) -> Iterator[Finding]:
    """GRIM, and GRIMMER where the mean fits."""
    first = grim_mean(mean.printed, n, place=place)
    yield weighed(first)
    if not first.flagged:
        yield weighed(grimmer(mean.printed, sd.printed, n, place=place))


def weighed(check: Finding) -> Finding:
    """A flag here rests on two things that are not printed: every patient has a value, and it is one whole number."""
    if not check.flagged:
        return check
    told = "if every patient of the group gave one whole number"
    return replace(check, severity="minor", basis="judgement", message=f"{check.message} ({told})")


CHECKS = (table_scores, grid_scores)
