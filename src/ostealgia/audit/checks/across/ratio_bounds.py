"""precision-bound and events-bound in tables whose own caption counts the patients, or the events, of the model.

The factor must have two values by its own words ("Male sex", "Opioid use (yes vs no)"); then no model of so many patients,
or events, gives a narrower interval.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ostealgia.audit.checks.reading.effect_rows import Row, effect_rows
from ostealgia.audit.checks.reading.facts import parsed
from ostealgia.audit.checks.reading.largest import counts_repeated, largest_number
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.bounds import events_bound, log_std_error, precision_bound
from ostealgia.audit.rules.confidence import Triplet
from ostealgia.audit.tables.headers import label_key

MARGIN = 1.25  # times the patients, or events, that are printed
_TWO_VALUES = re.compile(
    r"^\W*(?:male|female|men|women)(?:\s(?:sex|gender))?\W*$|"
    r"\(?\b(?:yes\s?(?:vs\.?|versus|/|or)\s?no|present\s?(?:vs\.?|versus)\s?absent|(?:fe)?male\s?(?:vs\.?|versus)\s?(?:fe)?male)\b\)?\W*$",
    re.I,
)
_EVENTS_OF = re.compile(
    r"(?<![\d.,])(\d{1,5})\s(?:deaths|events|progressions|relapses|recurrences|failures)\s(?:in|among|of)\s(\d{2,6})\s(?:patients|participants|"
    r"subjects|women|men|persons)\b",
    re.I,
)
_SIZE_OF = re.compile(
    r"\(\s?[nN]\s?=\s?(\d{2,6})\s?\)|\b(?:in|of|among)\s(\d{2,6})\s(?:patients|participants|subjects)\b"
)
_LOGISTIC = re.compile(r"\blogistic\b", re.I)
_COX = re.compile(r"\bcox\b|proportional[\s-]hazards|hazard", re.I)
_NOT_PLAIN = re.compile(
    r"weight|propensity|IPTW|match|penali|ridge|lasso|robust|sandwich|cluster|GEE|generali[sz]ed|mixed|multilevel|repeated|recurrent|"
    r"bayes|firth|bootstrap|imput|ordinal|pooled|meta-?analy|visits|episodes",
    re.I,
)


def table_ratio_bounds(paper: Paper) -> Iterator[Finding]:
    """Can the interval of a factor with two values be so narrow with the patients, or events, of the table's caption?"""
    shares = _shares(paper)
    for row in effect_rows(paper):
        triplet = row.triplet
        caption = paper.document.tables[row.table.index].caption
        if triplet is None or row.measure not in ("OR", "HR") or not row.wald or _NOT_PLAIN.search(row.note):
            continue
        if row.table.kind != "effects" or not 0 < triplet.low.value < triplet.high.value or counts_repeated(paper):
            continue
        if not _TWO_VALUES.search(row.line.label):
            continue
        yield from _bounded(paper, row, triplet, caption, shares)


def _bounded(
    paper: Paper, row: Row, triplet: Triplet, caption: str, shares: dict[tuple[str, ...], tuple[int, int]]
) -> Iterator[Finding]:
    counted = list(_EVENTS_OF.finditer(caption))
    sizes = {int(m[1] or m[2]) for m in _SIZE_OF.finditer(caption)} | {int(m[2]) for m in counted}
    if len(sizes) != 1:
        return
    n = sizes.pop()
    if row.measure == "HR" and _COX.search(caption):
        events = int(counted[0][1]) if len(counted) == 1 else None
        if events is not None and not 0 < events <= n:
            return
        found = events_bound(triplet.low, triplet.high, events=events, n=n, level=row.level, place=row.place)
        yield from _sure(paper, found, (found.recomputed or 0) / (events or n), events or n, n)
    elif row.measure == "OR" and _LOGISTIC.search(caption):
        exposed, whole = shares.get(label_key(row.line.label), (0, 0))
        known = exposed if whole == n and 0 < exposed < n else None
        found = precision_bound(triplet.low, triplet.high, exposed=known, n=n, level=row.level, place=row.place)
        width = found.recomputed or 0.0
        narrow = _std_error(triplet, row.level)
        yield from _sure(paper, found, (width / narrow) ** 2 if narrow > 0 else 0.0, n, n)


def _sure(paper: Paper, found: Finding, times: float, printed: int, n: int) -> Iterator[Finding]:
    """A finding; none where it does not fit but so many patients as it needs stand elsewhere in the paper."""
    if not found.flagged or (times > MARGIN and (printed < n or largest_number(paper) < times * printed)):
        yield found


def _std_error(triplet: Triplet, level: float) -> float:
    return log_std_error(triplet.low, triplet.high, level).high


def _shares(paper: Paper) -> dict[tuple[str, ...], tuple[int, int]]:
    """Patients with a factor and all patients, from single rows "113 (55.4)" under one heading with its n."""
    found: dict[tuple[str, ...], tuple[int, int]] = {}
    for table in paper.tables:
        whole = [column for column in table.columns if column.n is not None]
        if len(whole) != 1:
            continue
        n = parsed(whole[0].n)
        for line in table.lines:
            entry = line.entries.get(whole[0].index)
            shown, percent = (
                parsed(entry.parts.get(name)) if entry is not None else None for name in ("count", "percent")
            )
            if n is None or shown is None or percent is None or line.depth or not 0 < shown.value < n.value:
                continue
            if abs(100 * shown.value / n.value - percent.value) <= percent.unit:
                found[label_key(line.label)] = (int(shown.value), int(n.value))
    return found


CHECKS = (table_ratio_bounds,)
