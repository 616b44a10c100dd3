"""heterogeneity in columns of a table of pooled results: studies, Q, df, I2 and the P of Q of each row.

The headings say what the columns are; a row that does not fit is told only where other rows of the table do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ostealgia.audit.checks.reading.columns import cell_number
from ostealgia.audit.checks.reading.facts import parsed
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.heterogeneity_measures import heterogeneity
from ostealgia.io.documents.model import Cell, PrintedTable
from ostealgia.numerics.intervals import Printed

_P = re.compile(r"^\W*p\b|\bp[\s-]?val", re.I)
_OF_Q = re.compile(r"heterogen|\bhet\b|\bQ\b|cochran|\(Q\)", re.I)
_I2 = re.compile(r"\bI\s?\^?\s?2\b|I²|\bI-?squared\b", re.I)
_Q = re.compile(r"\bQ\b|\bcochran\b", re.I)
_DF = re.compile(r"^\W*(?:df|d\.f\.|degrees of freedom)\W*$", re.I)
_STUDIES = re.compile(
    r"^\W*(?:(?:no\.?|n|number|numbers|k|#)\W{0,3}(?:of\s)?(?:included\s)?)?(?:studies|trials|cohorts)\W*(?:\(?[nk]\)?)?\W*$|^\W*k\W*$",
    re.I,
)
_PLAIN = re.compile(r"\W{0,2}(?:[<>≤≥=]\s?)?\d*\.?\d+\s?%?\W{0,3}$")


def review_columns(paper: Paper) -> Iterator[Finding]:
    """Do the measures of heterogeneity of each row of a table belong together?"""
    for table in paper.document.tables:
        named = _columns(table)
        if named is None:
            continue
        found = [one for row in table.body for one in _row(paper, row, named)]
        telling = [one for one in found if _tells(one)]
        fits = sum(one.verdict in ("consistent", "rounding") for one in telling)
        off = sum(one.flagged for one in found)
        yield from (one for one in found if not one.flagged or fits >= max(1, off))


def _tells(one: Finding) -> bool:
    """Whether a check that fits says that the columns are read rightly: I2 of 0 would fit nearly anything."""
    return one.reported.rstrip("%").strip("0. ") != ""


def _columns(table: PrintedTable) -> dict[str, int] | None:
    """Which column holds which measure; None where one heading serves several or two pairs of measures are missing."""
    found: dict[str, list[int]] = {}
    for column in range(table.n_columns):
        name = table.column_name(column)
        kind = (
            ("p" if _OF_Q.search(name) else "")
            if _P.search(name)
            else "i2" if _I2.search(name) and not _Q.search(name)
            else "df" if _DF.match(name)
            else "q" if _Q.search(name) and len(name) < 40
            else "k" if _STUDIES.match(name)
            else ""
        )  # fmt: skip
        if kind:
            found.setdefault(kind, []).append(column)
    if any(len(columns) > 1 for columns in found.values()) or not ({"df", "k"} & set(found)):
        return None
    return {kind: columns[0] for kind, columns in found.items()} if len({"q", "i2", "p"} & set(found)) > 1 else None


def _row(paper: Paper, row: tuple[Cell, ...], named: Mapping[str, int]) -> Iterator[Finding]:
    shown: dict[str, Printed] = {}
    for kind, column in named.items():
        cell = row[column]
        text = paper.document.plain[cell.start : cell.end].strip()
        if cell.copied or not _PLAIN.match(text):
            continue
        value = parsed(cell_number(paper, cell))
        if value is not None and value.relation == "=" and not re.search(r"[<>≤≥]", text):
            shown[kind] = value
    count, free = shown.get("k"), shown.get("df")
    df = free.value if free is not None else count.value - 1 if count is not None else 0
    i2 = shown.get("i2")
    if df < 1 or df != int(df) or (i2 is not None and not 0 <= i2.value <= 100):
        return
    first = next((row[named[kind]] for kind in ("i2", "q", "p") if kind in shown), None)
    if first is None:
        return
    place = paper.place(first.start, first.end)
    yield from heterogeneity(i2=i2, q=shown.get("q"), df=int(df), p_value=shown.get("p"), place=place)


CHECKS = (review_columns,)
