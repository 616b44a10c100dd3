"""What is added to a table with an empty cell, and to which studies: named rules, applied in one place.

Sources: Sweeting 2004, doi:10.1002/sim.1761 (treatment-arm correction); Hartung and Knapp 2001, doi:10.1002/sim.1009
(ratios with the increment added once to n).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import OptionError
from ostealgia.options import one_of

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

APPLY = ("only0", "if0all", "all", "none")
INCREMENT_TO_N = ("2*incr", "incr")
INCREMENT_IN = ("all", "variance")
TACC = "TACC"
TACC_SPELLINGS = ("TACC", "TREATMENT-ARM CONTINUITY CORRECTION")


@dataclass(frozen=True)
class Corrected:
    """Cells for the estimate and for its variance (they differ for two rules), and the rows that were changed, (k,)."""

    for_estimate: tuple[Array, ...]
    for_variance: tuple[Array, ...]
    changed: Mask


def checked_increment(increment: Any) -> float | str:
    """The increment as a number of 0 or more, or "TACC".

    >>> checked_increment(0.5), checked_increment("TACC")
    (0.5, 'TACC')
    """
    if isinstance(increment, str) and increment.strip().upper() in TACC_SPELLINGS:
        return TACC
    try:
        value = float(increment)
    except (TypeError, ValueError):
        value = -1.0
    if not 0 <= value < np.inf:
        raise OptionError(
            f"increment={increment!r} is not a number of 0 or more, nor 'TACC' (treatment-arm correction)."
        )
    return value


def rows_to_correct(empty: Mask, apply_increment: str) -> Mask:
    """The rows (k,) that receive the increment, from the rows that have an empty cell.

    >>> import numpy as np
    >>> rows_to_correct(np.array([True, False]), "if0all").tolist()
    [True, True]
    """
    one_of("apply_increment", apply_increment, APPLY)
    if apply_increment == "only0":
        return empty
    everyone = apply_increment == "all" or (apply_increment == "if0all" and bool(empty.any()))
    return np.full(empty.shape, everyone)


def double_zero(events_1: Array, n_1: Array, events_2: Array, n_2: Array) -> Mask:
    """Rows with no event in either group, or with nothing but events in both: they carry no information on a ratio.

    >>> import numpy as np
    >>> double_zero(*(np.array(x) for x in ([0.0, 1.0], [9.0, 9.0], [0.0, 0.0], [9.0, 9.0]))).tolist()
    [True, False]
    """
    return ((events_1 == 0) & (events_2 == 0)) | ((events_1 == n_1) & (events_2 == n_2))


def correct_two_by_two(cells: Mapping[str, Array], measure: str, options: Mapping[str, Any]) -> Corrected:
    """The four cells (events_1, n_1, events_2, n_2) after the increment, for one measure.

    The increment goes to all four inner cells, so each n grows by twice as much; ``rr_increment_to_n="incr"`` (risk
    ratio) lets n grow by one increment only, ``rd_increment="variance"`` (risk difference) leaves the estimate as
    observed.

    >>> import numpy as np
    >>> cells = {name: np.array([value]) for name, value in dict(events_1=0.0, n_1=9.0, events_2=2.0, n_2=9.0).items()}
    >>> fixed = correct_two_by_two(cells, "OR", {"increment": 0.5, "apply_increment": "only0"})
    >>> [cell.item() for cell in fixed.for_estimate]
    [0.5, 10.0, 2.5, 10.0]
    """
    a, n_1, c, n_2 = (cells[name] for name in ("events_1", "n_1", "events_2", "n_2"))
    empty = (a == 0) | (a == n_1) | (c == 0) | (c == n_2)
    rows = rows_to_correct(empty, options["apply_increment"])
    increment = options["increment"]
    if increment == TACC:
        total = n_1 + n_2
        add_1, add_2 = np.where(rows, n_1 / total, 0.0), np.where(rows, n_2 / total, 0.0)
    else:
        add_1 = add_2 = np.where(rows, float(increment), 0.0)
        rows = rows & (float(increment) > 0)
    times = 1 if measure == "RR" and options.get("rr_increment_to_n") == "incr" else 2
    full = (a + add_1, n_1 + times * add_1, c + add_2, n_2 + times * add_2)
    if measure == "RD" and options.get("rd_increment") == "variance":
        return Corrected((a, n_1, c, n_2), full, rows)
    return Corrected(full, full, rows)


def correct_two_rates(cells: Mapping[str, Array], measure: str, options: Mapping[str, Any]) -> Corrected:
    """events_1, person_time_1, events_2, person_time_2 with the increment added to the events of both groups."""
    x_1, t_1, x_2, t_2 = (cells[name] for name in ("events_1", "person_time_1", "events_2", "person_time_2"))
    rows = rows_to_correct((x_1 == 0) | (x_2 == 0), options["apply_increment"])
    add = np.where(rows, _plain_increment(options, measure), 0.0)
    fixed = (x_1 + add, t_1, x_2 + add, t_2)
    return Corrected(fixed, fixed, rows & (add > 0))


def correct_proportion(cells: Mapping[str, Array], measure: str, options: Mapping[str, Any]) -> Corrected:
    """events, n with the increment added to the events and to the others, so that n grows by twice as much.

    ``pr_increment="variance"`` (raw proportion) leaves the estimate as observed; ``pln_increment_to_n="incr"`` (log
    proportion) lets n grow by one increment only, the events of a row of nothing but events staying in the variance.
    """
    x, n = cells["events"], cells["n"]
    rows = rows_to_correct((x == 0) | (x == n), options["apply_increment"])
    add = np.where(rows, _plain_increment(options, measure), 0.0)
    changed = rows & (add > 0)
    if measure == "PLN" and options.get("pln_increment_to_n") == "incr":
        return Corrected((x + add, n + add), (x + add * (x != n), n + add), changed)
    fixed = (x + add, n + 2 * add)
    if measure == "PR" and options.get("pr_increment") == "variance":
        return Corrected((x, n), fixed, changed)
    return Corrected(fixed, fixed, changed)


def correct_rate(cells: Mapping[str, Array], measure: str, options: Mapping[str, Any]) -> Corrected:
    """events, person_time with the increment added to the events."""
    x, t = cells["events"], cells["person_time"]
    rows = rows_to_correct(x == 0, options["apply_increment"])
    add = np.where(rows, _plain_increment(options, measure), 0.0)
    fixed = (x + add, t)
    return Corrected(fixed, fixed, rows & (add > 0))


def _plain_increment(options: Mapping[str, Any], measure: str) -> float:
    if options["increment"] == TACC:
        raise OptionError(f"increment='TACC' is for two groups of counts; {measure} takes a number, for instance 0.5.")
    return float(options["increment"])
