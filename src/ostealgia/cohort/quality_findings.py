"""Findings of a data-quality report: where, what and how many; the value and the patient only on demand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ostealgia.display import count_of
from ostealgia.tables.result import Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd

SEVERITIES = ("impossible", "inconsistent", "suspect", "information")
LISTED_ROWS = 50


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One rule that one column breaks.

    rule : its name.  severity : one of ``SEVERITIES``.  file, column : where.  rows : as a spreadsheet counts them (header = row 1), the
    first 50.  count : all.  message : what is wrong and what is expected, without values.  values, ids : () unless values may be shown.
    """

    rule: str
    severity: str
    file: str
    column: str
    count: int
    message: str
    rows: tuple[int, ...] = ()
    values: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()

    def __str__(self) -> str:
        listed = ", ".join(map(str, self.rows[:8])) + (", ..." if self.count > 8 else "")
        rows = f", row{'s' * (self.count != 1)} {listed}" if self.rows else ""
        column = f", column {self.column}" if self.column else ""
        times = f" ({count_of(self.count, 'time', 'times')})" if self.count > 1 else ""
        return f"{self.severity}: {self.file}{rows}{column}: {self.message}{times}"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class QualityReport(Result):
    """What is wrong with the data, before any analysis.

    findings : gravest first.  rows : table -> rows.  missingness : frame file, column, n, n_missing, percent_missing.
    patterns : frame of visits over the weeks, pattern and count ("1" assessed, "0" not), by kind complete, monotone or intermittent.
    """

    findings: tuple[Finding, ...]
    rows: Mapping[str, int]
    missingness: pd.DataFrame
    patterns: pd.DataFrame
    counts: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.findings)

    def of(self, *rules: str) -> list[Finding]:
        """The findings of the named rules."""
        return [one for one in self.findings if one.rule in rules]

    @property
    def grave(self) -> list[Finding]:
        """Impossible and inconsistent ones."""
        return [one for one in self.findings if one.severity in SEVERITIES[:2]]

    def to_frame(self) -> pd.DataFrame:
        """One row a finding and row of the file: rule, severity, file, row, column, message, count; with values and ids where shown."""
        import pandas as pd

        made: list[dict[str, Any]] = []
        for one in self.findings:
            for position, row in enumerate(one.rows or (None,)):
                line = {
                    "rule": one.rule,
                    "severity": one.severity,
                    "file": one.file,
                    "row": row,
                    "column": one.column,
                    "message": one.message,
                }
                line["count"] = one.count
                if one.values:
                    line["value"] = one.values[position] if position < len(one.values) else None
                if one.ids:
                    line["id"] = one.ids[position] if position < len(one.ids) else None
                made.append(line)
        columns = ["rule", "severity", "file", "row", "column", "message", "count"]
        frame = pd.DataFrame(
            made, columns=[*columns, *(name for name in ("id", "value") if any(name in line for line in made))]
        )
        frame["row"] = frame["row"].astype("Int64")
        return frame

    def __str__(self) -> str:
        number = {name: sum(one.severity == name for one in self.findings) for name in SEVERITIES}
        tables = ", ".join(f"{name} {rows:,}" for name, rows in self.rows.items())
        found = ", ".join(f"{count} {name}" for name, count in number.items() if count) or "nothing found"
        lines = [f"QualityReport: {found}", f"  rows: {tables}", *(f"  {one}" for one in self.findings)]
        return "\n".join(lines + tail_lines(self))


def finding(
    rule: str, severity: str, file: str, column: str, message: str, where: Any = (), *, count: int | None = None, frame: Any = None,
    show: bool = False,
) -> Finding:  # fmt: skip
    """A finding at positions (from 0) of a frame, whose index counts the rows of the file from 0. show : tell values and identifiers."""
    listed = [int(at) for at in where[:LISTED_ROWS]]
    values: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()
    if frame is not None and listed:
        rows = tuple(int(row) + 2 for row in frame.index[listed])
        if show:
            values = tuple(str(value) for value in frame[column].iloc[listed]) if column in frame.columns else ()
            ids = tuple(str(value) for value in frame["id"].iloc[listed]) if "id" in frame.columns else ()
    return Finding(
        rule=rule, severity=severity, file=file, column=column, count=len(where) if count is None else count, message=message,
        rows=rows, values=values, ids=ids,
    )  # fmt: skip
