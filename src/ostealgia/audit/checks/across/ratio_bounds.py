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
from ostealgia.audit.checks.reading.text import once
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.bounds import events_bound, log_std_error, precision_bound
from ostealgia.audit.rules.confidence import Triplet
from ostealgia.audit.tables.headers import label_key
from ostealgia.numerics.intervals import Printed

MARGIN = 1.25  # times the patients, or events, that are printed
_TWO_VALUES = re.compile(
    r"^\W*(?:male|female|men|women)(?:\s(?:sex|gender))?\W*$|"
    r"\(?\b(?:yes\s?(?:vs\.?|versus|/|or)\s?no|present\s?(?:vs\.?|versus)\s?absent|(?:fe)?male\s?(?:vs\.?|versus)\s?(?:fe)?male)\b\)?\W*$|"
    r"^\W*(?:prior|previous|history\sof|presence\sof|use\sof|concomitant|concurrent|multiple|solitary|any)\s|\bmetastas[ei]s\W*$|"
    r"\buse(?:\sat\s\w+)?\W*$",
    re.I,
)
_AGAINST = re.compile(
    r"\s(?:vs\.?|versus)\s", re.I
)  # "(stereotactic vs conventional)": one kind of patients against another
_CUT = re.compile(
    r"(?:>=?|<=?|≥|≤|⩾|⩽)\s?\d|\b(?:over|above|under|below|older\sthan|younger\sthan|more\sthan|less\sthan|at\sleast)\s\d|"
    r"\d\s(?:\w+\s)?or\s(?:more|less|older|younger|above|below|over|higher|lower)\b",
    re.I,
)  # "ECOG >= 2", "age over 70 years"
_MEASURED = re.compile(
    r"\b(?:per|each|every|number|no\.|dose|time|duration|level|scores?|counts?|index|volume|rate|ratio|log|increase|increment|unit|"
    r"continuous|quartile|percentile|tertile|IQR|SD|ordinal|trend|interaction|lines?)\b|[×*]",
    re.I,
)
_EVENTS = r"(?:deaths|events|progressions|relapses|recurrences|failures|responders|responses|fractures)"
_PEOPLE = r"(?:patients|participants|subjects|women|men|persons|cases)"
_EVENTS_OF = re.compile(
    rf"(?<![\d.,])(\d{{1,5}})\s(?:\w+\s)?{_EVENTS}\b|\b{_EVENTS}\s?[=:]\s?(\d{{1,5}})(?![\d.,])", re.I
)
_SIZE_OF = re.compile(rf"(?<![A-Za-z])[nN]\s?=\s?(\d{{2,6}})(?![\d.,]\d)|(?<![\d.,])(\d{{2,6}})\s{_PEOPLE}\b", re.I)
_FRACTION = re.compile(r"(\d{1,6})\s?/\s?(\d{1,6})(?:\s?\([\d.]{1,5}\s?%?\))?")
_SHARE = re.compile(r"(\d{1,6})\s?\((\d{1,3}(?:\.\d{1,2})?)\s?%?\)")
_LOGISTIC = re.compile(r"\blogistic\b", re.I)
_COX = re.compile(r"\bcox\b|proportional[\s-]hazards|hazard", re.I)
_NOT_PLAIN = re.compile(
    r"weight|propensity|IPTW|match|penali|ridge|lasso|robust|sandwich|cluster|GEE|generali[sz]ed|mixed|multilevel|repeated|recurrent|"
    r"bayes|firth|bootstrap|imput|ordinal|pooled|meta-?analy|visits|episodes",
    re.I,
)
# "unweighted", "without penalisation", "no matching": what the model is not
_DENIED = re.compile(
    r"\bun(?:weighted|matched|penali[sz]ed|clustered)\b|\bnon-?(?:robust|clustered|weighted)\b|"
    r"\b(?:no|not|without)\s(?:any\s)?(?:\w+\s)?(?:weight\w*|match\w*|penali\w+|imput\w+|robust\w*|cluster\w*|bootstrap\w*)",
    re.I,
)
_ALL_CODED = re.compile(
    r"\b(?:all|each|every)\b[^.;]{0,60}\b(?:yes\s(?:vs\.?|versus|or|against)\sno|present\s(?:vs\.?|versus|or)\sabsent|binary|"
    r"dichotom\w+|coded\s0\s?/\s?1)",
    re.I,
)


def table_ratio_bounds(paper: Paper) -> Iterator[Finding]:
    """Can the interval of a factor with two values be so narrow with the patients, or events, of the table's caption?"""
    shares = _shares(paper)
    for row in effect_rows(paper):
        triplet = row.triplet
        caption = paper.document.tables[row.table.index].caption
        if (
            triplet is None
            or row.measure not in ("OR", "HR")
            or not row.wald
            or _NOT_PLAIN.search(_DENIED.sub(" ", row.note))
        ):
            continue
        if row.table.kind != "effects" or not 0 < triplet.low.value < triplet.high.value or counts_repeated(paper):
            continue
        if _two_values(paper, row, caption):
            yield from _bounded(paper, row, triplet, caption, shares)


def _two_values(paper: Paper, row: Row, caption: str) -> bool:
    """Whether a factor has two values by its own words, or by a single row of counts with its name."""
    label = " ".join(row.line.label.split())
    if _MEASURED.search(label):
        return False
    if _TWO_VALUES.search(label) or _CUT.search(label) or len(_AGAINST.findall(label)) == 1:
        return True
    if (
        _ALL_CODED.search(row.note)
        or _ALL_CODED.match(_behind(paper, row))
        or _own_counts(paper, row, caption) is not None
    ):
        return True
    return not row.line.depth and label_key(label) in _counted(paper)


def _own_counts(paper: Paper, row: Row, caption: str) -> tuple[int, int] | None:
    """Patients with the factor and all patients, from counts of the row itself: "93 (38)", "113/195", or "58/128 | 31/80".

    In one column the share must be of the patients of the caption; two fractions are the outcome with and without the factor,
    and their denominators add up to them.
    """
    whole = _sizes_in(caption)
    cells = paper.document.tables[row.table.index].cells
    if len(whole) != 1 or row.line.row >= len(cells):
        return None
    n = next(iter(whole))
    texts = [" ".join(cell.text.replace("·", ".").split()) for cell in cells[row.line.row][1 : row.column.index]]
    fractions = [(int(m[1]), int(m[2])) for text in texts if (m := _FRACTION.fullmatch(text)) is not None]
    shares = [(int(m[1]), Printed.parse(m[2])) for text in texts if (m := _SHARE.fullmatch(text)) is not None]
    if len(fractions) == 2 and not shares and sum(of for _, of in fractions) == n:
        return fractions[0][1], n
    if len(fractions) == 1 and not shares and fractions[0][1] == n > fractions[0][0] > 0:
        return fractions[0]
    if not fractions and len(shares) == 1 and 0 < shares[0][0] < n:
        counted, percent = shares[0]
        return (counted, n) if abs(100 * counted / n - percent.value) <= percent.unit else None
    return None


def _behind(paper: Paper, row: Row) -> str:
    """The first words behind a table: a note that the reader took for text."""
    end = paper.document.tables[row.table.index].end
    return paper.document.plain[end : end + 160].lstrip()


def _sizes_in(caption: str) -> set[int]:
    return {int(m[1] or m[2]) for m in _SIZE_OF.finditer(caption)}


@once
def _counted(paper: Paper) -> frozenset[tuple[str, ...]]:
    """Names of single rows of counts ("Neurological deficit, n (%)") that no other kind of row has."""
    two: set[tuple[str, ...]] = set()
    other: set[tuple[str, ...]] = set()
    for table in paper.tables:
        for line in table.lines if table.kind in ("groups", "characteristics") else ():
            parts = [entry.parts.keys() for entry in line.entries.values()]
            single = line.depth == 0 and any({"count", "percent"} <= names for names in parts)
            (two if single else other).add(label_key(line.label))
    return frozenset(two - other - {()})


def _bounded(
    paper: Paper, row: Row, triplet: Triplet, caption: str, shares: dict[tuple[str, ...], tuple[int, int]]
) -> Iterator[Finding]:
    counted = {int(m[1] or m[2]) for m in _EVENTS_OF.finditer(caption)}
    sizes = _sizes_in(caption)
    if len(sizes) != 1 or len(counted) > 1:
        return
    n, events = sizes.pop(), counted.pop() if counted else None
    if events is not None and not 0 < events < n:
        return
    if row.measure == "HR" and _COX.search(caption):
        found = events_bound(triplet.low, triplet.high, events=events, n=n, level=row.level, place=row.place)
        yield from _sure(paper, found, (found.recomputed or 0) / (events or n), events or n, n)
    elif row.measure == "OR" and _LOGISTIC.search(caption):
        exposed, whole = _own_counts(paper, row, caption) or shares.get(label_key(row.line.label), (0, 0))
        known = exposed if whole == n and 0 < exposed < n else None
        found = precision_bound(
            triplet.low, triplet.high, exposed=known, n=n, events=events, level=row.level, place=row.place
        )
        width = found.recomputed or 0.0
        narrow = _std_error(triplet, row.level)
        yield from _sure(paper, found, (width / narrow) ** 2 if narrow > 0 else 0.0, events or n, n)


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
