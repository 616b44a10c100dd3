"""Medians with their ranges or quartiles in tables: do the numbers rise?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ostealgia.audit.checks.reading.premises import doubtful
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.plausibility import quantile_order
from ostealgia.audit.tables.model import Entry, Line, ReadTable
from ostealgia.audit.tables.view import place_of

# brackets that hold an interval of the estimate, which resampled medians need not lie in
_CI_SAID = re.compile(
    r"(?:brackets?|parenthes[ei]s)[^.;]{0,60}(?:confidence|credib\w{1,6}|\bcis?\b)|"
    r"(?:confidence|credib\w{1,6}) (?:interval|limit)s?[^.;]{0,40}(?:brackets?|parenthes[ei]s)",
    re.IGNORECASE,
)
_ESTIMATE = re.compile(r"\bestimates?\b|\bcoefficients?\b|[βΒ]|\bbeta\b", re.IGNORECASE)
# what the limits of a row are called: by its own words, else by those around the table
_QUARTILES = re.compile(r"\bIQRs?\b|inter-?\s?quartile|\bquartiles?\b|25th", re.IGNORECASE)
_EXTREMES = re.compile(r"(?<!quartile )\brange\b|\bmin(?:imum)?\b|\bmax(?:imum)?\b", re.IGNORECASE)
_DESCENDING = "many ranges of this table do not rise: the greatest value may be printed first, or no range at all"


def table_quantiles(paper: Paper) -> Iterator[Finding]:
    """Median between its quartiles or the ends of its range, in every table."""
    for table in paper.tables:
        yield from doubtful(_quantiles(paper, table), "quantile-order", _DESCENDING, many=2)


def _quantiles(paper: Paper, table: ReadTable) -> Iterator[Finding]:
    printed = paper.document.tables[table.index]
    if _CI_SAID.search(f"{printed.caption} {printed.note}"):
        return
    estimated = {column.index for column in table.columns if _ESTIMATE.search(column.name)}
    ranges = [
        (line, entry)
        for line in table.lines
        for entry in line.entries.values()
        if entry.column not in estimated
        and {"low", "high"} <= entry.parts.keys()
        and ("median" in entry.parts or "mean" in entry.parts)
    ]
    rises = _rise(ranges)
    headings = {column.index: column.name for column in table.columns}
    for line, entry in ranges:
        names = _names(f"{line.label} {headings.get(entry.column, '')}", f"{printed.caption} {printed.note}")
        if "median" not in entry.parts:
            names = ("min", "max")
        values = dict(zip(names, (entry.parts["low"].printed, entry.parts["high"].printed), strict=True))
        mean = entry.parts["mean"].printed if "mean" in entry.parts else None
        if "median" in entry.parts:
            values["median"] = entry.parts["median"].printed
        found = quantile_order(values, mean=mean, what=line.label, place=place_of(paper, table, line, entry))
        yield _exchanged(found, entry) if rises and not found.flagged and _falls(entry) else found


def _names(own: str, around: str) -> tuple[str, str]:
    """What the two limits are: quartiles where the row's words, or those around a table that names no range, say so."""
    for words in (own, around):
        if _QUARTILES.search(words) or _EXTREMES.search(words):
            quartiles = _QUARTILES.search(words) and not _EXTREMES.search(words)
            return ("q1", "q3") if quartiles else ("min", "max")
    return "min", "max"


def _falls(entry: Entry) -> bool:
    return entry.parts["low"].value > entry.parts["high"].value


def _rise(ranges: Sequence[tuple[Line, Entry]]) -> bool:
    """Whether all ranges of the table but one print the least value first."""
    return sum(_falls(entry) for _, entry in ranges) == 1 < len(ranges)


def _exchanged(found: Finding, entry: Entry) -> Finding:
    low, high = entry.parts["low"], entry.parts["high"]
    return replace(
        found,
        verdict="impossible",
        severity="minor",
        cause_code="row-swap",
        cause="the two limits are exchanged: the other ranges of the table print the lesser value first",
        repair=f"{high.text} to {low.text}",
        message=f"{found.message.partition(':')[0]}: the lower limit {low.text} is above the upper limit {high.text}",
    )


CHECKS = (table_quantiles,)
