"""Every estimate of a paper's tables with what its heading, caption and note say of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ostealgia.audit.checks.reading.text import once
from ostealgia.audit.finding import Place
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.confidence import Triplet, ci_vs_point
from ostealgia.audit.rules.scales import SCALE_OF_MEASURE
from ostealgia.audit.tables.headers import is_nameless, measure_in
from ostealgia.audit.tables.model import Column, Entry, Line, ReadTable
from ostealgia.audit.tables.view import place_of
from ostealgia.io.documents.model import PrintedTable
from ostealgia.numerics.intervals import Printed

_NOT_WALD = re.compile(
    r"bootstrap|credible|bayes|profile|penali[sz]ed|firth|exact|robust|posterior|jackknife|permut", re.IGNORECASE
)
_SECOND_HEADER = re.compile(
    r"\b(?:differences?|means?|ratio|coefficients?|beta|change|OR|HR|RR|MD|SMD)\b|β", re.IGNORECASE
)
_OF_ACCURACY = re.compile(
    r"\bAUCs?\b|\bAUROC\b|c-?\s?(?:statistic|index)|sensitivity|specificity|accuracy|kappa|\bICCs?\b|proportion|prevalence|incidence",
    re.IGNORECASE,
)
# rows of shares, whatever the heading of the column ("a/β IgA") may seem to say
_ACCURACY_ROW = re.compile(
    r"^\W*(?:(?:diagnostic|overall|clinical)\s)?(?:sensitivity|specificity|accuracy|(?:positive|negative)\spredictive\svalues?|PPV|NPV)\b(?!\sanalys)",
    re.IGNORECASE,
)
_COEFFICIENT = re.compile(
    r"^\W*(?:(?:regression|unstandardi[sz]ed)\s)?(?:β|beta|b|coef\w*|estimates?|slope)\b|^\W*β", re.IGNORECASE
)
_STANDARDISED = re.compile(
    r"(?<!un)(?<!un-)standardi[sz]ed|\bstd\.?\s|correlation|logistic|cox|poisson|odds|hazard", re.IGNORECASE
)
LEAST, STRONG = 2, 2  # estimates in the middle of their intervals, and how many for each that is not
_NUMBERED = re.compile(r"\d\.\d|\d\s?[(\[]\s?[-−–]?\d")
_LEVEL = re.compile(r"\b(9[0-9](?:\.\d)?|8[0-9]) ?% ?(?:ci|confidence)", re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """One estimate of a table. measure : None where neither header nor caption says what it is."""

    table: ReadTable
    line: Line
    column: Column
    entry: Entry
    measure: str | None
    level: float
    wald: bool
    place: Place
    p_heading: str = ""  # of the column that its P stands in
    note: str = ""  # above and below the table

    def printed(self, part: str) -> Printed | None:
        """A part as printed."""
        found = self.entry.parts.get(part)
        return found.printed if found is not None else None

    @property
    def scale(self) -> str | None:
        """The scale on which the interval is symmetric."""
        return _scale(self.measure)

    @property
    def triplet(self) -> Triplet | None:
        """Estimate and limits, where all are printed and the limits rise."""
        parts = [self.printed(name) for name in ("estimate", "ci_low", "ci_high")]
        estimate, low, high = parts
        if estimate is None or low is None or high is None:
            return None
        return Triplet(estimate, low, high) if {p.relation for p in (estimate, low, high)} == {"="} else None


@once
def effect_rows(paper: Paper) -> list[Row]:
    """Every estimate of every table."""
    found: list[Row] = []
    for table in paper.tables:
        printed = paper.document.tables[table.index]
        around = f"{printed.caption} {printed.note} {' '.join(column.name for column in table.columns)}"
        level = _LEVEL.search(around)
        for column in table.columns:
            if column.role != "estimate":
                continue
            named = measure_in(column.name)
            measure = measure_in(printed.caption) if is_nameless(column.name) else named
            if _OF_ACCURACY.search(column.name):
                measure = None
            for line in table.lines:
                entry = line.entries.get(column.index)
                if entry is not None and "estimate" in entry.parts:
                    place = place_of(paper, table, line, entry)
                    below = _renamed(printed, line.row, column.index)
                    turned = below is not None and (_scale(below) == "ratio") != (_scale(measure) == "ratio")
                    mine = below if turned else measure
                    if _scale(mine) != "ratio" and _ACCURACY_ROW.search(line.label):
                        mine = None
                    found.append(
                        Row(table, line, column, entry, None if mine == "?" else mine,
                            float(level[1]) / 100 if level else 0.95, _NOT_WALD.search(around) is None, place,
                            _p_heading(printed, line.row, entry), f"{printed.caption} {printed.note}")
                    )  # fmt: skip
    return _with_coefficients(found)


def _with_coefficients(rows: list[Row]) -> list[Row]:
    """The rows of a column of coefficients ("β") as such, where its own numbers show that its intervals are those of differences."""
    columns: dict[tuple[int, int], list[Row]] = {}
    for row in rows:
        columns.setdefault((row.table.index, row.column.index), []).append(row)
    known = {key for key, listed in columns.items() if _of_differences(listed)}
    return [replace(row, measure="B") if (row.table.index, row.column.index) in known else row for row in rows]


def _of_differences(rows: list[Row]) -> bool:
    """Whether a nameless column of coefficients holds negative numbers, and estimates in the middle of their intervals."""
    first = rows[0]
    if any(row.measure is not None for row in rows) or not _COEFFICIENT.search(first.column.name):
        return False
    if _STANDARDISED.search(f"{first.column.name} {first.note}") or not first.wald:
        return False
    printed = [triplet for row in rows if (triplet := row.triplet) is not None]
    if not any(one.estimate.value < 0 for one in printed):
        return False
    fits = sum(not ci_vs_point(*one.parts, scale="difference", level=first.level).flagged for one in printed)
    return fits >= max(LEAST, STRONG * (len(printed) - fits))


def _p_heading(printed: PrintedTable, row: int, entry: Entry) -> str:
    """The words above the P of an estimate; none where it stands in the estimate's own cell."""
    number = entry.parts.get("p_value")
    if number is None or entry.start <= number.start < entry.end or row >= len(printed.cells):
        return ""
    columns = [i for i, cell in enumerate(printed.cells[row]) if cell.start <= number.start < cell.end]
    return printed.column_name(columns[0]) if columns else ""


def _scale(measure: str | None) -> str | None:
    return "difference" if measure == "B" else SCALE_OF_MEASURE.get(measure or "")


def _renamed(printed: PrintedTable, row: int, column: int) -> str | None:
    """The measure that a second header inside the table names ("Difference in means (95% CI)"); "?" where it names none known."""
    for cells in reversed(printed.cells[printed.header_rows : row]):
        text = cells[column].text.strip() if column < len(cells) else ""
        alone = sum(cell.text.strip() == text for cell in cells) == 1  # no heading across the row
        if alone and _SECOND_HEADER.search(text) and not _NUMBERED.search(text):
            return measure_in(text) or "?"
    return None
