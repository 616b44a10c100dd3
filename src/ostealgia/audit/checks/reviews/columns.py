"""heterogeneity in columns of a table of pooled results: studies, Q, df, I2 and the P of Q of each row.

The headings say what the columns are; a row that does not fit is told only where other rows of the table do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ostealgia.audit.checks.reading.columns import cell_number
from ostealgia.audit.checks.reading.facts import parsed
from ostealgia.audit.finding import Cause, Finding, Place, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.heterogeneity_measures import heterogeneity
from ostealgia.io.documents.model import Cell, PrintedTable
from ostealgia.numerics.intervals import Interval, Printed

_P = re.compile(r"^\W*p\b|\bp[\s-]?val", re.I)
_OF_Q = re.compile(r"heterogen|\bhet\b|\bQ\b|cochran|\(Q\)", re.I)
_I2 = re.compile(r"\bI\s?\^?\s?2\b|I²|\bI-?squared\b", re.I)
_Q = re.compile(r"\bQ\b|\bcochran\b", re.I)
_DF = re.compile(r"^\W*(?:df|d\.f\.?|degrees\sof\sfreedom)\W*$", re.I)
_STUDIES = re.compile(
    r"^\W*(?:(?:no\.?|n|number|numbers|k|#)\W{0,3}(?:of\s)?(?:included\s)?)?(?:studies|trials|cohorts)\W*(?:\(?[nk]\)?)?\W*$|^\W*k\W*$",
    re.I,
)
_EFFECT = re.compile(
    r"\b(?:a?OR|a?HR|RR|S?MD|WMD|CI|effects?|estimates?|ratio|difference|pooled|mean|z|egger\w*|bias)\b", re.I
)
_PLAIN = re.compile(r"\W{0,2}(?:[<>≤≥=]\s?)?\d*\.?\d+\s?%?\W{0,3}$")


MANY = 3  # rows that fit beside the one that does not
FAR = 1.5  # times the P that I2 gives


def review_columns(paper: Paper) -> Iterator[Finding]:
    """Do the measures of heterogeneity of each row of a table belong together?"""
    for table in paper.document.tables:
        named = _columns(table)
        if named is None:
            continue
        rows = [shown for row in table.body if (shown := _shown(paper, row, named))]
        found = [one for shown in rows for one in _row(paper, shown, by_q=None)]
        fits, off = _fitting(found)
        if off == 1 and fits >= MANY:  # I2 is that of Q in this table
            again = [one for shown in rows for one in _row(paper, shown, by_q=True)]
            found = again if "q" in named or all(_far(one) for one in again if one.flagged) else found
        flagged = sum(one.flagged for one in found)
        yield from (one for one in found if not one.flagged or fits >= max(1, flagged))
        yield from _degrees(paper, rows)


def _far(one: Finding) -> bool:
    """Whether a P is so far from that of I2 that no other weights, or rounding on the way, bring it there."""
    low, high = one.recomputed_low, one.recomputed_high
    shown = Printed.parse(one.reported)
    return low is None or high is None or not shown.allows(Interval(low / FAR, high * FAR))


def _fitting(found: Sequence[Finding]) -> tuple[int, int]:
    """How many checks that tell something fit, and how many do not, however little they weigh."""
    fits = sum(one.verdict in ("consistent", "rounding") for one in found if _tells(one))
    return fits, sum(one.verdict in ("inconsistent", "impossible") for one in found)


def _degrees(paper: Paper, rows: Sequence[Shown]) -> Iterator[Finding]:
    """Degrees of freedom beside the number of studies: one less, where all other rows have it so."""
    both = [shown for shown in rows if "df" in shown.values and "k" in shown.values]
    off = [shown for shown in both if shown.values["df"].value != shown.values["k"].value - 1]
    if len(off) == 1 and len(both) > MANY:
        k, df = (off[0].values[name] for name in ("k", "df"))
        yield make(
            "heterogeneity",
            off[0].place(paper, "df"),
            reported=df.text,
            verdict="inconsistent",
            severity="minor",
            message=f"{k.text} studies have {k.value - 1:.0f} degrees of freedom, as in the other rows; printed {df.text}",
            recomputed=k.value - 1,
            cause=Cause(repair=df.like(k.value - 1)),
        )


def _tells(one: Finding) -> bool:
    """Whether a check that fits says that the columns are read rightly: I2 of 0 would fit nearly anything."""
    return one.reported.rstrip("%").strip("0. ") != ""


def _columns(table: PrintedTable) -> dict[str, int] | None:
    """Which column holds which measure; None where one heading serves several or two pairs of measures are missing."""
    found: dict[str, list[int]] = {}
    names = [table.column_name(column) for column in range(table.n_columns)]
    of_q = any(_Q.search(name) for name in names) and any(_DF.match(name) for name in names)
    of_q = of_q and any(_I2.search(name) or _STUDIES.match(name) for name in names)  # others are columns of a test
    of_q = of_q and not any(_EFFECT.search(name) for name in names)  # whose P it could be
    for column, name in enumerate(names):
        kind = (
            ("p" if of_q or _OF_Q.search(name) else "")
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


@dataclass(frozen=True, eq=False)
class Shown:
    """The measures of one row, and the cells they stand in."""

    values: dict[str, Printed]
    cells: dict[str, Cell]

    def place(self, paper: Paper, kind: str) -> Place:
        """Of one measure."""
        return paper.place(self.cells[kind].start, self.cells[kind].end)


def _shown(paper: Paper, row: tuple[Cell, ...], named: Mapping[str, int]) -> Shown | None:
    values: dict[str, Printed] = {}
    for kind, column in named.items():
        cell = row[column]
        text = paper.document.plain[cell.start : cell.end].strip()
        if cell.copied or not _PLAIN.match(text):
            continue
        value = parsed(cell_number(paper, cell))
        if value is not None and kind == "p" and text[:1] == "<":
            value = Printed.parse(f"<{value.text}")
        elif re.search(r"[<>≤≥]", text):
            continue
        if value is not None and (value.relation == "=" or kind == "p"):
            values[kind] = value
    return Shown(values, {kind: row[column] for kind, column in named.items()}) if values else None


def _row(paper: Paper, shown: Shown, *, by_q: bool | None) -> Iterator[Finding]:
    values = shown.values
    count, free, i2 = (values.get(kind) for kind in ("k", "df", "i2"))
    df = free.value if free is not None else count.value - 1 if count is not None else 0
    first = next((kind for kind in ("i2", "q", "p") if kind in values), None)
    if first is None or df < 1 or df != int(df) or (i2 is not None and not 0 <= i2.value <= 100):
        return
    place = shown.place(paper, first)
    yield from heterogeneity(i2=i2, q=values.get("q"), df=int(df), p_value=values.get("p"), by_q=by_q, place=place)


CHECKS = (review_columns,)
