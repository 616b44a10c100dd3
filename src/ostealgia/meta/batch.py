"""Many meta-analyses as one object: flat effects and variances, with offsets that say where each analysis begins."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.effects.result import EffectSizes
from ostealgia.errors import OptionError, TableError
from ostealgia.numerics.batch import take
from ostealgia.options import one_of
from ostealgia.tables.result import Excluded, Result

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
Index = NDArray[np.int64]
INVALID = ("refuse", "exclude")
EMPTY = "{} is empty"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Batch(Result):
    """Analyses that stand one after the other in flat arrays (a ragged table).

    analysis : names (n,), each once.  y, v : effects and their variances (N,), finite, v above 0.
    offsets : (n + 1,), analysis i holds ``y[offsets[i]:offsets[i + 1]]``; it may hold nothing.  study : labels (N,) or None.
    excluded, notes : rows that were left out, by name and reason; what must be said.  Raises TableError.

    >>> batch = Batch(y=[0.1, 0.5, 0.3], v=[0.04, 0.04, 0.01], offsets=[0, 2, 3])
    >>> len(batch), batch.k.tolist(), batch.analysis.tolist()
    (2, [2, 1], [1, 2])
    """

    y: Array
    v: Array
    offsets: Index
    analysis: Any = None
    study: Any = None

    def __post_init__(self) -> None:
        y, v = np.ascontiguousarray(self.y, dtype=float), np.ascontiguousarray(self.v, dtype=float)
        offsets = np.ascontiguousarray(self.offsets, dtype=np.int64)
        n = len(offsets) - 1
        names = np.arange(1, n + 1) if self.analysis is None else np.asarray(self.analysis)
        if y.ndim != 1 or y.shape != v.shape:
            raise TableError("y and v should be flat and of one length", found=f"{y.shape} and {v.shape}")
        if n < 1 or offsets[0] != 0 or offsets[-1] != len(y) or (np.diff(offsets) < 0).any():
            raise TableError(f"offsets should rise from 0 to {len(y)}, one more than there are analyses")
        if self.analysis is not None and (len(names) != n or len(set(names.tolist())) != n):
            raise TableError(f"analysis should name each of the {n} analyses once")
        wrong = ~(np.isfinite(y) & np.isfinite(v) & (v > 0.0))
        if wrong.any():
            i = int(np.argmax(wrong))
            name = names[np.searchsorted(offsets, i, side="right") - 1]
            raise TableError(
                f"effect {i} (analysis {name!r}) cannot be used",
                found=f"y = {y[i]!r}, v = {v[i]!r}",
                expected="finite numbers, v above 0",
            )
        for key, value in (("y", y), ("v", v), ("offsets", offsets), ("analysis", names)):
            object.__setattr__(self, key, value)
        if self.study is not None:
            object.__setattr__(self, "study", np.asarray(self.study, dtype=object))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def k(self) -> Index:
        """Effects in each analysis, (n,)."""
        return np.diff(self.offsets)

    def take(self, which: Any) -> Batch:
        """The analyses at these positions (integer or boolean index), in that order."""
        index = np.arange(len(self))[np.asarray(which)]
        y, v, offsets = take(self.y, self.v, self.offsets, index)
        study = None if self.study is None else take(self.study, self.study, self.offsets, index)[0]
        return Batch(y=y, v=v, offsets=offsets, analysis=self.analysis[index], study=study)

    def parts(self, effects: int) -> list[Batch]:
        """Runs of whole analyses with about this many effects each; a larger analysis is a part of its own."""
        cuts = np.searchsorted(self.offsets, np.arange(effects, len(self.y), max(1, effects)))
        bounds = np.unique(np.concatenate([[0], np.minimum(cuts, len(self)), [len(self)]])).tolist()
        return [self._run(a, b) for a, b in itertools.pairwise(bounds)]

    def _run(self, first: int, last: int) -> Batch:
        rows = slice(int(self.offsets[first]), int(self.offsets[last]))
        return Batch(
            y=self.y[rows],
            v=self.v[rows],
            offsets=self.offsets[first : last + 1] - self.offsets[first],
            analysis=self.analysis[first:last],
            study=None if self.study is None else self.study[rows],
        )

    def to_frame(self) -> pd.DataFrame:
        """The long form: analysis, study where there are labels, estimate, std_error; one row an effect."""
        import pandas as pd

        columns: dict[str, Any] = {"analysis": np.repeat(self.analysis, self.k)}
        if self.study is not None:
            columns["study"] = self.study
        return pd.DataFrame({**columns, "estimate": self.y, "std_error": np.sqrt(self.v)})

    def __str__(self) -> str:
        lines = [f"Batch: {len(self):,} analyses, {len(self.y):,} effects"]
        if self.excluded:
            lines.append(f"  {len(self.excluded):,} rows excluded")
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])


def as_batch(data: Any, *, id: str = "analysis", invalid: str = "refuse", file: str | None = None) -> Batch:
    """A batch from a long table.

    data : a Batch (returned as it is), EffectSizes, a pandas frame, an Arrow table, or a mapping of columns with ``id``, ``estimate`` and
    ``std_error`` (or ``variance``), on the analysis scale; ``study`` labels are kept.  id : the column that names the analysis.
    invalid : what is done with a standard error that is not above 0 or is infinite, and with an infinite effect: "refuse" (raise, as
    ``pool`` does) or "exclude" (leave the row out by name). An empty cell always leaves the row out by name.
    The order of the analyses is that of their first rows.  Raises TableError, OptionError.

    >>> as_batch({"analysis": ["A", "B", "A"], "estimate": [1, 2, 3], "std_error": [1, 1, 2]}).offsets.tolist()
    [0, 2, 3]
    """
    if isinstance(data, Batch):
        return data
    one_of("invalid", invalid, INVALID)
    columns = _columns(data, id)
    names = names_of(columns[id], id, file)
    if len(names) == 0:
        raise TableError("nothing to pool: the table has no row", file=file)
    y = _numbers(columns["estimate"], "estimate", file)
    spread = "std_error" if "std_error" in columns else "variance"
    size = _numbers(columns[spread], spread, file)
    group, labels, order, notes = groups_of(names, id)
    study = None if "study" not in columns else np.asarray(columns["study"], dtype=object)
    bad = _bad(y, size, spread)
    lost = np.flatnonzero(bad > 0)
    _refuse(bad, y, size, spread, names, study, invalid, file)
    excluded = tuple(
        Excluded(
            study=_label(study, int(i)), row=int(i) + 2, reason=f"analysis {names[i]!s}: {_reason(bad[i], spread)}"
        )
        for i in lost
    )
    keep = np.flatnonzero(bad == 0) if order is None else order[bad[order] == 0]
    counts = np.bincount(group[bad == 0], minlength=len(labels))
    v = size[keep]
    return Batch(
        y=y[keep],
        v=v * v if spread == "std_error" else v,
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        analysis=labels,
        study=None if study is None else study[keep],
        excluded=excluded,
        notes=tuple(notes),
    )


def _columns(data: Any, id: str) -> Mapping[str, Any]:
    if isinstance(data, EffectSizes):
        data = {**data.columns, "study": data.study, "estimate": data.estimate, "std_error": data.std_error}
    if hasattr(data, "column_names"):  # an Arrow table
        data = {name: data.column(name).to_numpy() for name in data.column_names}
    names = list(data.keys()) if isinstance(data, Mapping) else list(getattr(data, "columns", []))
    wanted = [id, "estimate", "std_error" if "std_error" in names or "variance" not in names else "variance"]
    missing = [name for name in wanted if name not in names]
    if missing:
        raise TableError(
            f"a batch needs the columns {', '.join(map(repr, wanted))}; missing: {', '.join(map(repr, missing))}",
            found=", ".join(map(repr, names)) or type(data).__name__,
            action="Name the column of the analyses with id=...; effects go in as estimate and std_error on the analysis scale.",
        )
    columns = {name: data[name] for name in [*wanted, *(["study"] if "study" in names and id != "study" else [])]}
    if len({len(values) for values in columns.values()}) != 1:
        raise TableError(
            "the columns are not of one length", found={name: len(values) for name, values in columns.items()}
        )
    return columns


def names_of(values: Any, id: str, file: str | None) -> Any:
    """The name column as an array. Raises TableError at an empty cell."""
    import pandas as pd

    names = np.asarray(values)
    empty = np.asarray(pd.isna(names))
    if empty.any():
        raise TableError(
            "a row does not say to which analysis it belongs", file=file, row=int(np.argmax(empty)) + 2, column=id,
            found="an empty cell", expected="the name of an analysis", action="Fill the cell, or remove the row.",
        )  # fmt: skip
    return names


def _numbers(values: Any, column: str, file: str | None) -> Array:
    import pandas as pd

    try:
        return np.array(values, dtype=float)
    except (TypeError, ValueError):
        pass
    series: Any = pd.Series(values).reset_index(drop=True)
    numbers: Any = pd.to_numeric(series, errors="coerce")
    text = numbers.isna() & series.notna()
    if text.any():
        i = int(text.to_numpy().argmax())
        raise TableError(
            f"text stands where a number is needed in {column}", file=file, row=i + 2, column=column, found=repr(series[i]),
            expected="a number", action="Write a number, or leave the cell empty if there is none.",
        )  # fmt: skip
    return numbers.to_numpy(dtype=float, na_value=np.nan)


def groups_of(names: Any, id: str) -> tuple[Index, Any, Index | None, list[str]]:
    """(analysis of each row, names by first appearance, order that brings each analysis together or None where it is, notes)."""
    import pandas as pd

    change = np.concatenate([[True], np.asarray(names[1:] != names[:-1], dtype=bool)])
    labels = names[change]
    if pd.Index(labels).is_unique:
        return np.cumsum(change) - 1, labels, None, []
    codes, unique = pd.factorize(names)
    torn = int((np.bincount(codes[change]) > 1).sum())
    which = "1 analysis" if torn == 1 else f"{torn:,} analyses"
    note = f"the rows of {which} did not stand together in column {id!r}: they were brought together"
    return codes.astype(np.int64), np.asarray(unique), np.argsort(codes, kind="stable"), [note]


_EMPTY_Y, _EMPTY_SPREAD, _INFINITE_Y, _INFINITE_SPREAD, _NOT_ABOVE = 1, 2, 4, 8, 16


def _bad(y: Array, size: Array, spread: str) -> NDArray[np.int8]:
    """What is wrong with each row, as a sum of the codes above; 0 for a good one."""
    if np.isfinite(y).all() and np.isfinite(size).all() and (size > 0.0).all():
        return np.zeros(len(y), np.int8)
    with np.errstate(invalid="ignore"):
        bad = _EMPTY_Y * np.isnan(y) + _EMPTY_SPREAD * np.isnan(size) + _INFINITE_Y * np.isinf(y)
        return (bad + _INFINITE_SPREAD * np.isinf(size) + _NOT_ABOVE * (size <= 0.0)).astype(np.int8)


def _reason(bad: int, spread: str) -> str:
    words = {
        _EMPTY_Y: "estimate is empty",
        _EMPTY_SPREAD: f"{spread} is empty",
        _INFINITE_Y: "estimate is infinite",
        _INFINITE_SPREAD: f"{spread} is infinite",
        _NOT_ABOVE: f"{spread} is not above 0",
    }
    return ", ".join(text for code, text in words.items() if bad & code)


def _refuse(
    bad: NDArray[np.int8], y: Array, size: Array, spread: str, names: Any, study: Any, invalid: str, file: str | None
) -> None:
    """Raise at the first row whose numbers cannot be, unless such rows are to be excluded."""
    impossible = bad >= _INFINITE_Y
    if invalid == "exclude" or not impossible.any():
        return
    i = int(np.argmax(impossible))
    column = "estimate" if bad[i] & _INFINITE_Y else spread
    label = f", study {_label(study, i)!r}" if study is not None else ""
    raise TableError(
        f"{_reason(bad[i] & ~3, spread)} (analysis {names[i]!s}{label})",
        file=file,
        row=i + 2,
        column=column,
        found=repr(float(y[i] if column == "estimate" else size[i])),
        expected="a finite number" if column == "estimate" else "a finite number above 0",
        action="Correct the cell or remove the row; invalid='exclude' leaves such rows out by name.",
    )


def _label(study: Any, i: int) -> str:
    return f"row {i + 2}" if study is None else str(study[i])


def check_unique(names: Any, what: str) -> None:
    """Raise where a name stands twice: an analysis would be counted twice."""
    import pandas as pd

    index = pd.Index(names)
    if not index.is_unique:
        raise OptionError(
            f"analysis {index[index.duplicated()][0]!s} is in two {what}, so it would be split and counted twice. "
            "Bring the rows of each analysis together first (write_batches does it)."
        )
