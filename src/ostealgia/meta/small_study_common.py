"""What every test of small-study effects shares: its studies, its counts, its warnings."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia import display
from ostealgia.effects.compute import without_zero_errors
from ostealgia.effects.result import EffectSizes
from ostealgia.errors import OptionError
from ostealgia.meta.coerce import as_effects
from ostealgia.meta.result import PoolResult
from ostealgia.tables.result import Excluded, Result, as_json

Array = NDArray[np.float64]
NAN = math.nan
FEW = 10
TABLES = ("events_1", "n_1", "events_2", "n_2")


def studies(effects: Any, least: int, what: str) -> EffectSizes:
    """The effects of a pool, a frame or EffectSizes with standard errors above zero; OptionError below ``least`` studies."""
    data = without_zero_errors(effects.effects if isinstance(effects, PoolResult) else as_effects(effects))
    if data.k < least:
        raise OptionError(f"{what} needs {least} studies or more; found {data.k}.")
    return data


def few_notes(k: int) -> list[str]:
    """A note under ten studies.

    >>> len(few_notes(9)), few_notes(10)
    (1, [])
    """
    if k >= FEW:
        return []
    return [
        f"{k} studies: under {FEW}, tests of funnel asymmetry have too little power to be read "
        "(Sterne et al. 2011, doi:10.1136/bmj.d4002)"
    ]


def differing(x: Array, name: str, what: str) -> None:
    """Raise OptionError where a predictor is the same in every study."""
    if float(np.ptp(x)) <= 1e-12 * float(np.abs(x).max()):
        raise OptionError(f"{what} needs {name} that differ between studies; all are equal.")


def sizes(data: EffectSizes, what: str) -> Array:
    """Patients a study; OptionError where one is missing."""
    n = np.asarray(data.n, dtype=float)
    if not (np.isfinite(n).all() and (n > 0).all()):
        missing = [data.study[i] for i in np.flatnonzero(~(np.isfinite(n) & (n > 0)))[:3]]
        raise OptionError(
            f"{what} needs the number of patients (column n) of every study; missing: {', '.join(missing)}."
        )
    return n


def tables(data: EffectSizes, what: str, least: int = 3) -> tuple[EffectSizes, tuple[Array, Array, Array, Array]]:
    """The studies with events and others in the two groups together, and their four counts; the rest are excluded by name."""
    missing = [name for name in TABLES if name not in data.columns]
    if missing:
        raise OptionError(f"{what} needs the counts {', '.join(TABLES)}; missing: {', '.join(missing)}.")
    cells = np.array([np.asarray(data.columns[name], dtype=float) for name in TABLES])
    known = np.asarray(np.isfinite(cells).all(axis=0))
    events, total = cells[0] + cells[2], cells[1] + cells[3]
    keep = known & (events > 0) & (events < total)
    if keep.all():
        return data, (cells[0], cells[1], cells[2], cells[3])
    lost = [_lost(data, i, bool(known[i]), float(events[i])) for i in np.flatnonzero(~keep).tolist()]
    if int(keep.sum()) < least:
        raise OptionError(f"{what} needs {least} studies with events and others; found {int(keep.sum())}.")
    cells = cells[:, keep]
    kept = replace(data.take(keep), excluded=(*data.excluded, *lost))
    return kept, (cells[0], cells[1], cells[2], cells[3])


def _lost(data: EffectSizes, i: int, known: bool, events: float) -> Excluded:
    what = "no events in either group" if events == 0 else "nothing but events in both groups"
    reason = f"{what}, so it says nothing about a ratio" if known else "its counts are not known"
    return Excluded(study=data.study[i], reason=reason, row=data.rows[i] if data.rows else None)


def as_dict(result: Result, *, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """Every field of a result that JSON can hold; excluded rows and notes at the end."""
    body = {
        f.name: as_json(getattr(result, f.name))
        for f in fields(result)
        if f.name not in {*without, "notes", "excluded"}
    }
    return {**body, "excluded": [row.to_dict() for row in result.excluded], "notes": list(result.notes)}


def one_row(result: Result, names: tuple[str, ...]) -> Any:
    """A frame of one row with these fields."""
    import pandas as pd

    return pd.DataFrame([{name: getattr(result, name) for name in names}])


def significant(value: float, digits: int = 3) -> str:
    """A number with this many significant digits, without an exponent where that is readable.

    >>> significant(-563.6882), significant(0.0000050700), significant(2.0)
    ('-563.69', '5.07e-06', '2.00')
    """
    if math.isnan(value):
        return "-"
    if value != 0.0 and not 1e-3 <= abs(value) < 1e5:
        return f"{value:.{digits - 1}e}"
    places = digits - 1 - math.floor(math.log10(abs(value))) if 0 < abs(value) < 1 else 2
    return display.number(value, max(2, places))


def text_lines(head: str, body: list[str], result: Result) -> str:
    """The lines of a result: head, body, what was excluded, notes."""
    count = len(result.excluded)
    tail = [f"{count} {'study' if count == 1 else 'studies'} excluded"] if count else []
    notes = [f"note: {note}" for note in result.notes]
    return "\n".join([head, *(f"  {line}" for line in [*body, *tail, *notes])])
