"""pooled-vs-studies inside one table: the row of the pooled result against the rows of its studies above it.

Whatever the model and its weights, a pooled estimate is a mean of the studies' estimates with positive weights, on one scale:
it lies between the least and the greatest of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from ostealgia.audit.checks.reading.columns import looks_like_study
from ostealgia.audit.checks.reading.effect_rows import Row, effect_rows
from ostealgia.audit.checks.reviews.grid import Fitted, Target, grid, reproduced
from ostealgia.audit.finding import Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.confidence import Triplet
from ostealgia.audit.rules.significance import show
from ostealgia.numerics.intervals import Interval

FEW = 3  # studies of a pool
SLACK = 0.02  # of the range of the studies: a transformation of proportions turned back with a mean size
_POOL = re.compile(
    r"^\W*(?:pooled|summary|combined|overall|(?:sub)?total|(?:random|fixed|common)[\s-]effects?|meta-?\s?analysis)\b",
    re.I,
)
_SAID = re.compile(
    r"meta-?\s?analy|\bpooled\b|random|fixed|common[\s-]effect|heterogeneity|\bI\s?2\b|I²|\bweights?\b|forest|mantel|dersimonian",
    re.I,
)
_OTHER_MODEL = re.compile(r"network|bayes|credible|bivariate|adjusted for|regression|individual patient|\bIPD\b", re.I)
_RATIOS = {"OR": "odds ratio", "RR": "risk ratio", "HR": "hazard ratio", "IRR": "rate ratio"}


def review_tables(paper: Paper) -> Iterator[Finding]:
    """Does the pooled row of a table follow from the rows of the studies?"""
    columns: dict[tuple[int, int], list[Row]] = {}
    for row in effect_rows(paper):
        if row.triplet is not None:
            columns.setdefault((row.table.index, row.column.index), []).append(row)
    for rows in columns.values():
        yield from _column(paper, rows)


def _column(paper: Paper, rows: Sequence[Row]) -> Iterator[Finding]:
    studies = [row for row in rows if looks_like_study(row.line.label) and not _POOL.match(row.line.label)]
    pools = [row for row in rows if _POOL.match(row.line.label)]
    if (
        len(studies) < FEW
        or len(pools) != 1
        or len(studies) + 1 != len(rows)
        or pools[0].line.row < studies[-1].line.row
    ):
        return  # several pools, or rows that are neither
    pool = pools[0]
    printed = paper.document.tables[pool.table.index]
    around = " ".join((pool.note, pool.line.label, *(printed.column_name(c) for c in range(printed.n_columns))))
    if _OTHER_MODEL.search(around) or not (_SAID.search(around) or _near_words(paper, printed.end)):
        return
    used = [triplet for row in studies if (triplet := row.triplet) is not None]
    if pool.triplet is None or any(not _inside(triplet) for triplet in used):
        return  # a study outside its own interval: the columns are not what they seem
    yield from _between(pool, pool.triplet, used)


def _near_words(paper: Paper, end: int) -> bool:
    """Whether the first words behind the table are of a pool."""
    return _SAID.search(paper.document.plain[end : end + 160]) is not None


def _inside(triplet: Triplet) -> bool:
    point, low, high = (part.interval() for part in triplet.parts)
    return low.low <= point.high and point.low <= high.high


def _between(pool: Row, triplet: Triplet, studies: Sequence[Triplet]) -> Iterator[Finding]:
    boxes = [one.estimate.interval() for one in studies]
    least, most = min(box.low for box in boxes), max(box.high for box in boxes)
    room = SLACK * (most - least)
    inside = triplet.estimate.interval().overlaps(Interval(least - room, most + room))
    verdict, found = _refitted(pool, triplet, studies)
    if inside and not found:
        return
    low, high = (f(one.estimate.value for one in studies) for f in (min, max))
    of_them = f"the {len(studies)} studies above it"
    near = f"{found[0].text(triplet.estimate.decimals + 1)} by {found[0].label}" if found else ""
    wrong = not inside or verdict == "inconsistent"
    if not inside:
        message = f"the estimates of {of_them} run from {show(low)} to {show(high)}; pooled {triplet.text}"
        message += f"; they give {near}" if near else ""
    elif wrong:
        message = f"no usual method gives {triplet.text} from {of_them}; the nearest: {near}"
    else:
        message = f"{triplet.text} is {near} from {of_them}"
    yield make(
        "pooled-vs-studies",
        pool.place,
        reported=triplet.text,
        verdict="impossible" if not inside else verdict,
        severity="major" if wrong else "none",
        message=message,
        recomputed=found[0].estimate if found else None,
        values=Interval(least, most),
    )


def _refitted(pool: Row, triplet: Triplet, studies: Sequence[Triplet]) -> tuple[str, list[Fitted]]:
    """The verdict of a refit of ratios, with the methods: inconsistent only where every method contradicts both intervals; else none."""
    measure = pool.measure or ""
    if measure not in _RATIOS or min(part.value for one in (*studies, triplet) for part in one.parts) <= 0:
        return "", []
    data: dict[str, list[Any]] = {"study": [f"{i}" for i in range(len(studies))]}
    data |= {
        name: [getattr(one, part).value for one in studies]
        for name, part in (("estimate", "estimate"), ("ci_low", "low"), ("ci_high", "high"))
    }
    fits = list(grid(data, {measure: _RATIOS[measure]}))
    target = Target(triplet.estimate, triplet.low, triplet.high, share=False)
    verdict, found = reproduced(target, fits)
    if verdict != "inconsistent":
        return verdict, found
    point, low, high = (part.interval() for part in triplet.parts)
    above = all(fit.low > point.high and fit.estimate > high.high for fit in fits)
    below = all(fit.high < point.low and fit.estimate < low.low for fit in fits)
    return ("inconsistent", found) if fits and (above or below) else ("", [])


CHECKS = (review_tables,)
