"""Percentages without counts in columns of so many patients: "% of patients", "Baseline (n = 17)", 32.9. Can a whole count give them?

That a cell is a share of its column's patients is told by the table (a percent sign in the cells, "%" in the caption, the label or the
heading), and borne out by its other cells: all but one or two of them are shares of so many.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.granularity import grim_percent
from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.headers import is_weighted, several_sizes, size_in
from ostealgia.io.documents.model import PrintedTable
from ostealgia.numerics.intervals import Printed

_CELL = re.compile(r"\s*(?P<value>\d{1,2}(?:[.·]\d{1,2})?|100(?:[.·]0{1,2})?)\s{0,2}(?P<sign>%)?\s*$")
_COUNT = re.compile(r"\s*\d{1,5}\s*(?:[(/\[].*)?$")  # a row that prints counts, too
_PERCENT = re.compile(r"%|\bper ?cent(?:ages?)?\b|\bproportions?\s\(%", re.I)
_OTHER = re.compile(
    r"\bmeans?\b|\bmedians?\b|\bsd\b|\bchange|\bdifferen|reduc|increas|improve|\bci\b|confidence|surviv|kaplan|actuarial|"
    r"cumulative|\brates?\b|sensitiv|specific|"
    r"accura|predict|\bppv\b|\bnpv\b|weighted|adjusted|estimat|\bage\b|saturation|h[a]?emoglobin|hba1c|volume|dose|body fat|"
    r"ejection|fev|fvc|"
    r"recovery|inhibition|viability|expression|identity|similarity|variance|agreement|of the total|of total|contribution|"
    r"relative|complian|adheren|doses|cells|tissue|area|p[- ]?value|"
    r"\bn\s?\(\s?%|no\.?\s?\(\s?%|costs?|lesions|sites|episodes|visits|samples|specimens|cycles|teeth|eyes|limbs|hips|knees",
    re.I,
)
_NOTED = re.compile(r"[*†‡§¶#]|(?<=[a-z])[a-d]$")  # a footnote, which may tell of fewer patients
FITTING = 4  # cells that fit for each that does not; of these at least so many could have missed
POWER = 2
LEAST, MOST = 8, 120  # patients; of more, one without a value would do


@dataclass(frozen=True)
class Share:
    """A bare percentage of a column of n patients. power : whether a wrong one could be seen."""

    number: Number
    printed: Printed
    n: int
    label: str


def shares_without_counts(paper: Paper) -> Iterator[Finding]:
    """GRIM for bare percentages under headings with the number of patients."""
    for printed in paper.document.tables:
        about = f"{printed.caption} {printed.note}"
        if is_weighted(about) or _OTHER.search(printed.caption):
            continue
        listed = [
            (
                share,
                grim_percent(
                    share.printed, share.n, what=share.label, place=paper.place(share.number.start, share.number.end)
                ),
            )
            for share in _shares(paper, printed)
        ]
        listed = [(share, found) for share, found in listed if not _twice(share, found)]
        off = [found for _, found in listed if found.verdict == "impossible"]
        sharp = [share for share, found in listed if found.verdict != "impossible" and "no power" not in found.message]
        if len(sharp) < max(POWER, FITTING * len(off)) and not (
            len(off) == 1 and len(sharp) >= POWER and _every_decimal(sharp)
        ):
            continue
        for _, found in listed:
            yield _weighed(found) if found.verdict == "impossible" else found


def _twice(share: Share, found: Finding) -> bool:
    """Whether a share is the possible one, rounded twice (37.349 to 37.35 to 37.4)."""
    nearest = found.recomputed
    return (
        found.verdict == "impossible"
        and nearest is not None
        and abs(nearest - share.printed.value) < 0.56 * share.printed.unit
    )


def _every_decimal(shares: list[Share]) -> bool:
    """Whether the other cells have a decimal place: that two or three of them fit is then no chance."""
    return all(share.printed.decimals >= 1 and share.n <= 60 for share in shares)


def _shares(paper: Paper, printed: PrintedTable) -> Iterator[Share]:
    text = paper.document.plain
    names = [printed.column_name(column) for column in range(printed.n_columns)]
    sizes = [size_in(name, 0) for name in names]
    whole = size_in(printed.caption, 0) if not any(sizes) and not several_sizes(printed.caption) else None
    above = ""
    for index, row in enumerate(printed.cells):
        if index < printed.header_rows:
            continue
        label = row[0].text.strip()
        if not any(cell.text.strip() for cell in row[1:]):
            above = label
            continue
        if (
            _NOTED.search(label)
            or _OTHER.search(f"{above} {label}")
            or any(_COUNT.match(cell.text) for cell in row[1:])
        ):
            continue
        for column in range(1, len(row)):
            size, cell = sizes[column] or whole, row[column]
            match = _CELL.match(text[cell.start : cell.end])
            if (
                size is None
                or match is None
                or cell.copied
                or not LEAST <= size.value <= MOST
                or _OTHER.search(names[column])
            ):
                continue
            if match["sign"] is None and not _PERCENT.search(
                f"{printed.caption} {names[0]} {names[column]} {above} {label}"
            ):
                continue
            number = Number(match["value"], cell.start + match.start("value"), cell.start + match.end("value"))
            yield Share(number, number.printed, int(size.value), label)


def _weighed(found: Finding) -> Finding:
    """A flag here rests on something that is not printed: every patient of the column has a value in this row."""
    severity = "minor" if found.severity == "major" else found.severity
    told = f"{found.message} (if all patients of the column have a value)"
    return replace(found, basis="judgement", severity=severity, message=told)


CHECKS = (shares_without_counts,)
