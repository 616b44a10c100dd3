"""Cells as labels: how the values of a column are written as names of groups."""

from __future__ import annotations

from typing import Any

NOTHING = frozenset(["", "nan", "<NA>", "NaT"])  # how empty cells of a frame print


def as_text(value: Any) -> str:
    """A cell as a label: 2019.0 is "2019", an empty cell is "".

    >>> as_text(2019.0), as_text(None), as_text(" mrgfus ")
    ('2019', '', 'mrgfus')
    """
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value).strip()
    return "" if value is None or text in NOTHING else text
