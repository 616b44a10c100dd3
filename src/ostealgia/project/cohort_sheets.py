"""Tables of a cohort's report whose cells sentences can lead to: a number is written once, in its cell, and linked."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ostealgia.display import interval, number, p_value, percent
from ostealgia.errors import OptionError
from ostealgia.report import content
from ostealgia.report.content import Link

Row = Mapping[str, Any]
MISSING = ""


@dataclass(frozen=True)
class Field:
    """A column: its heading and how a row is written in it. align, wide : as in ``content.Column``."""

    key: str
    label: str
    write: Callable[[Row], str]
    unit: str = ""
    align: str = "right"
    wide: bool = False


@dataclass
class Sheet:
    """A table in the making. linked : the cells that a sentence leads to get an id."""

    id: str
    title: str
    rows: Sequence[Row]
    fields: Sequence[Field]
    caption: str = ""
    group_by: str = ""
    footnotes: tuple[tuple[str, str], ...] = ()
    linked: set[tuple[int, str]] = field(default_factory=set)

    def row(self, **where: Any) -> int:
        """The position of the one row with these values. Raises OptionError where there is none."""
        for i, row in enumerate(self.rows):
            if all(_same(row.get(key), value) for key, value in where.items()):
                return i
        raise OptionError(f"table {self.id!r} has no row with {where}.")

    def has(self, **where: Any) -> bool:
        """Whether there is such a row."""
        return any(all(_same(row.get(key), value) for key, value in where.items()) for row in self.rows)

    def link(self, key: str, **where: Any) -> Link:
        """The text of a cell, as a link to it."""
        i = self.row(**where)
        text = next(column.write(self.rows[i]) for column in self.fields if column.key == key)
        self.linked.add((i, key))
        return Link(text.strip() or "–", self._cell_id(i, key))

    def value(self, key: str, **where: Any) -> float:
        """A number of the row itself."""
        value = self.rows[self.row(**where)].get(key)
        return math.nan if value is None else float(value)

    def _cell_id(self, i: int, key: str) -> str:
        return f"{self.id}-{i + 1}-{key}"

    def table(self) -> content.Table:
        """The table with an id at each linked cell."""
        rows = []
        for i, row in enumerate(self.rows):
            made: dict[str, Any] = {}
            for column in self.fields:
                text = column.write(row)
                strong = bool(row.get("_strong"))
                if (i, column.key) in self.linked or strong:
                    ident = self._cell_id(i, column.key) if (i, column.key) in self.linked else ""
                    made[column.key] = content.Cell(value=text, id=ident, strong=strong)
                else:
                    made[column.key] = text
            rows.append(made)
        columns = tuple(
            content.Column(key=one.key, label=one.label, unit=one.unit, align=one.align, wide=one.wide)
            for one in self.fields
        )
        return content.Table(
            id=self.id, title=self.title, columns=columns, rows=tuple(rows), caption=self.caption, group_by=self.group_by,
            footnotes=self.footnotes,
        )  # fmt: skip


def _same(found: Any, wanted: Any) -> bool:
    if found is None or found != found:
        return wanted in (None, "")
    return bool(found == wanted)


# --- how numbers are written ------------------------------------------------------------------------------------------


def known(value: Any) -> bool:
    """Whether there is a number at all."""
    if value is None:
        return False
    try:
        return not math.isnan(float(value))
    except (TypeError, ValueError):
        return False


def count(value: Any) -> str:
    """A whole number with commas."""
    if isinstance(value, str) and not known(value):
        return value
    return f"{float(value):,.0f}" if known(value) else MISSING


def decimals(value: Any, digits: int) -> str:
    """A number with this many decimals."""
    if not known(value):
        return MISSING
    return "∞" if math.isinf(float(value)) else number(float(value), digits)


def share(value: Any, digits: int = 0) -> str:
    """A share as per cent."""
    return percent(float(value), digits) if known(value) else MISSING


def points(value: Any, digits: int = 1) -> str:
    """A difference of shares in percentage points, without a sign of its unit."""
    return number(100 * float(value), digits) if known(value) else MISSING


def p_words(value: Any) -> str:
    """P as the page writes it."""
    return p_value(float(value)) if known(value) else MISSING


def between(low: Any, high: Any, digits: int, scale: float = 1.0, sign: str = "") -> str:
    """An interval as "73 to 83"; an end that is not known is "not reached"."""
    if not known(low) and not known(high):
        return MISSING
    ends = [
        "not reached" if not known(end) else "∞" if math.isinf(float(end)) else number(scale * float(end), digits)
        for end in (low, high)
    ]
    if known(low) and known(high) and not math.isinf(float(high)) and not sign:
        return interval(scale * float(low), scale * float(high), digits)
    return f"{ends[0]}{sign} to {ends[1]}{sign if known(high) else ''}"


def of(events: Any, n: Any, digits: int = 0) -> str:
    """ "54/102 (53%)"."""
    if not known(events) or not known(n) or not float(n):
        return MISSING
    return f"{float(events):,.0f}/{float(n):,.0f} ({percent(float(events) / float(n), digits)})"


def plain(value: Any) -> str:
    """Whatever stands in a tidy frame, as text."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return MISSING
    if str(value) in ("True", "False"):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return count(value) if float(value).is_integer() else f"{float(value):.4g}"
    return str(value)
