"""Other tables of counts that may stand behind one P: those who are in no category, categories put together, a part of the patients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ostealgia.numerics.summary_tests import chi2_df

MOST_CATEGORIES = 8
NO_CATEGORY = "those in no category are one more"
TOGETHER = "categories are put together"
LEFT_OUT = "a category is left out"
PART = "only those of a row above are compared"

Row = Sequence[int]


def other_counts(
    rows: Sequence[Row], sizes: Row | None, above: Sequence[Row] = ()
) -> Iterator[tuple[str, list[list[int]]]]:
    """Every other table of counts that a test of these rows may be of, each with its reason.

    rows : counts by category and group; one row is compared with the rest of its groups.  sizes : of the groups.
    above : counts of the rows before it, nearest first: a row may be a part of one of them, or of those not in it.

    >>> [why for why, _ in other_counts([[58, 30], [9, 4]], [72, 38])]
    ['those in no category are one more', 'categories are put together', 'categories are put together']
    >>> list(other_counts([[40, 36]], [250, 250], [[179, 195]]))[-1]
    ('only those of a row above are compared', [[40, 36], [31, 19]])
    """
    for why, table in _several(rows, sizes) if len(rows) > 1 else _single(rows[0], sizes, above):
        if float(chi2_df(table)) > 0:
            yield why, table


def _several(rows: Sequence[Row], sizes: Row | None) -> Iterator[tuple[str, list[list[int]]]]:
    table = np.array(rows)
    if sizes is not None:
        rest = np.array(sizes) - table.sum(axis=0)
        if (rest >= 0).all() and rest.any():
            yield NO_CATEGORY, np.vstack([table, rest]).tolist()
            yield from ((TOGETHER, [list(row), (np.array(sizes) - row).tolist()]) for row in table)
    if not 2 < len(rows) <= MOST_CATEGORIES:
        return
    total = table.sum(axis=0)
    for i in range(len(rows)):
        yield TOGETHER, [table[i].tolist(), (total - table[i]).tolist()]
        yield LEFT_OUT, np.delete(table, i, axis=0).tolist()
    for cut in range(2, len(rows) - 1):
        yield TOGETHER, [table[:cut].sum(axis=0).tolist(), table[cut:].sum(axis=0).tolist()]


def _single(row: Row, sizes: Row | None, above: Sequence[Row]) -> Iterator[tuple[str, list[list[int]]]]:
    counts, before = np.array(row), np.zeros(len(row), dtype=int)
    for other in above:
        before = before + np.array(other)
        bases = [np.array(other)]
        if sizes is not None:
            bases += [np.array(sizes) - np.array(other), np.array(sizes) - before]
        for base in bases:
            if (base >= counts).all():
                yield PART, [counts.tolist(), (base - counts).tolist()]
