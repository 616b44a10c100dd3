"""Parquet files of effects, larger than memory: written so that no analysis is split, and read so that a split one comes to no harm."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import OptionError, OstealgiaError, TableError
from ostealgia.meta.batch import Batch, groups_of, names_of

EFFECTS_PER_GROUP = 1_000_000


def parquet() -> Any:
    """pyarrow.parquet, or an error that says how to get it."""
    try:
        import pyarrow.parquet as module
    except ImportError as error:
        raise OptionError(
            "reading and writing Parquet needs pyarrow, which is not installed. Install it with: pip install 'ostealgia[fast]'."
        ) from error
    return module


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A file beside ``path`` that takes its place when the block ends, and goes away when the block fails."""
    if not path.parent.is_dir():
        raise OstealgiaError(f"{path}: cannot be written: the folder {path.parent} does not exist. Make it first.")
    partial = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        yield partial
        os.replace(partial, path)
    except OSError as error:
        raise OstealgiaError(f"{path}: cannot be written: {error.strerror or error}.") from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def write_batches(
    data: Any, path: str | Path, *, id: str = "analysis", effects_per_group: int = EFFECTS_PER_GROUP
) -> Path:
    """Write effects to a Parquet file in which every analysis stands in one row group.

    data : a Batch, a long table (frame, Arrow table, mapping), or an iterable of such pieces, read one at a time: so a file may be larger
    than memory. All rows of an analysis must come in one piece; within it they are brought together, the order of the analyses being that
    of their first rows. No row is left out here.  effects_per_group : a row group ends with the analysis that reaches this number.
    Returns the path. The file takes its place when it is whole. Raises TableError where an analysis comes in two pieces.

    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> frame = {"analysis": ["A", "B", "A"], "estimate": [1.0, 2.0, 3.0], "std_error": [1.0, 1.0, 2.0]}
    >>> parquet().ParquetFile(write_batches(frame, folder / "effects.parquet", effects_per_group=1)).metadata.num_row_groups
    2
    """
    if effects_per_group < 1:
        raise OptionError(f"effects_per_group={effects_per_group!r} is not a number of 1 or more.")
    pq, target = parquet(), Path(path)
    pieces = data if isinstance(data, Iterable) and not _is_table(data) else [data]
    seen = Seen(id, "pieces")
    with whole(target) as partial:
        writer: Any = None
        schema: Any = None
        try:
            for piece in pieces:
                table, names, starts = _piece(piece, id, schema)
                if table.num_rows == 0:
                    continue
                seen.add(names[starts])
                if writer is None:
                    schema = table.schema.with_metadata({b"ostealgia": json.dumps({"whole": id}).encode()})
                    writer = pq.ParquetWriter(partial, schema)
                for first, last in _groups_of(starts, table.num_rows, effects_per_group):
                    part = table.slice(first, last - first).replace_schema_metadata(schema.metadata)
                    writer.write_table(part, row_group_size=max(1, last - first))
        finally:
            if writer is not None:
                writer.close()
        if writer is None:
            raise TableError("nothing to write: no row came", file=str(path))
        seen.check(str(path))
    return target


def _is_table(data: Any) -> bool:
    return (
        isinstance(data, (Batch, Mapping))
        or hasattr(data, "columns")
        or hasattr(data, "column_names")
        or hasattr(data, "keys")
    )


def _piece(piece: Any, id: str, schema: Any) -> tuple[Any, Any, NDArray[np.int64]]:
    """An Arrow table with the rows of each analysis together, its names, and the rows where an analysis starts."""
    import pyarrow as pa

    if isinstance(piece, Batch):
        columns: dict[str, Any] = {id: np.repeat(piece.analysis, piece.k), "estimate": piece.y, "variance": piece.v}
        if piece.study is not None:
            columns["study"] = piece.study
        table = pa.table(columns)
    elif hasattr(piece, "column_names"):
        table = piece
    elif hasattr(piece, "columns"):
        table = pa.Table.from_pandas(piece, preserve_index=False)
    elif isinstance(piece, Mapping):
        table = pa.table({str(name): np.asarray(values) for name, values in piece.items()})
    else:
        raise TableError(
            "a piece is no table",
            found=type(piece).__name__,
            expected="a Batch, a frame, an Arrow table or a mapping of columns",
        )
    if id not in table.column_names:
        raise TableError(
            f"no column {id!r}", found=", ".join(map(repr, table.column_names)), action="Name it with id=..."
        )
    if schema is not None:
        table = table.select(schema.names).cast(schema.remove_metadata())
    names = names_of(table.column(id).to_numpy(), id, None)
    if len(names) == 0:
        return table, names, np.empty(0, np.int64)
    order = groups_of(names, id)[2]
    if order is not None:
        table, names = table.take(order), names[order]
    return table, names, starts_of(names)


def starts_of(names: Any) -> NDArray[np.int64]:
    """Rows where another name begins than that of the row before; 0 is one."""
    return np.concatenate([[0], np.flatnonzero(np.asarray(names[1:] != names[:-1], dtype=bool)) + 1]).astype(np.int64)


def _groups_of(starts: NDArray[np.int64], rows: int, size: int) -> Iterator[tuple[int, int]]:
    """Runs of rows that end where an analysis ends, of ``size`` rows or a little more."""
    first = 0
    while first < rows:
        later = starts[np.searchsorted(starts, first + size) :]
        last = int(later[0]) if len(later) else rows
        yield first, last
        first = last


class Seen:
    """Names met so far, as 64-bit numbers: memory of eight bytes an analysis."""

    def __init__(self, id: str, what: str) -> None:
        self.id, self.what = id, what
        self.parts: list[NDArray[np.uint64]] = []
        self.examples: list[Any] = []

    def add(self, names: Any) -> None:
        """Names that begin a run of rows."""
        self.parts.append(numbers_of(names))
        self.examples.append(names)
        if len(self.examples) > 1:
            self.examples[:-1] = [None] * (len(self.examples) - 1)

    @property
    def count(self) -> int:
        """How many runs there were."""
        return sum(map(len, self.parts))

    def check(self, file: str) -> None:
        """Raise where a name was met twice: its analysis would be fitted in two halves."""
        every = np.concatenate(self.parts)
        ordered = np.sort(every)
        twice = ordered[1:][ordered[1:] == ordered[:-1]]
        if len(twice) == 0:
            return
        number = len(np.unique(twice))
        last = self.examples[-1]
        named = last[np.isin(numbers_of(last), twice)]
        example = f" (one is {named[0]!s})" if len(named) else ""
        raise TableError(
            f"{number:,} {'analysis stands' if number == 1 else 'analyses stand'} in more than one place{example}",
            file=file,
            column=self.id,
            expected=f"all rows of an analysis together, in one of the {self.what}",
            action="Sort the table by this column, or write it anew with write_batches, which brings the rows of a piece together.",
        )


def numbers_of(names: Any) -> NDArray[np.uint64]:
    """A 64-bit number a name: whole numbers themselves, all else hashed."""
    values = np.asarray(names)
    if values.dtype.kind in "iu":
        return values.astype(np.int64).view(np.uint64)
    from pandas.util import hash_array

    return cast(Any, hash_array)(values.astype(object), categorize=False)


@dataclass(frozen=True)
class RowRange:
    """Rows ``first`` to ``last`` of a file (counted from 0): whole analyses. number : of the part."""

    number: int
    first: int
    last: int
    analyses: int


@dataclass(frozen=True)
class Plan:
    """How a file is divided. split : analyses whose rows lie in more than one row group (how many, and one of them)."""

    parts: tuple[RowRange, ...]
    rows: int
    analyses: int
    split: int
    example: Any


def plan_of(path: Path, id: str, effects_per_part: int) -> Plan:
    """Divide a file into parts of whole analyses, one or several row groups each, by reading its name column alone.

    An analysis that begins in one row group and ends in another goes with the first; the part of the next begins after it.
    Raises TableError where an analysis stands in two places, or the file has no such column.
    """
    pq = parquet()
    with _opened(path, pq) as file:
        if id not in file.schema_arrow.names:
            raise TableError(
                f"no column {id!r}",
                file=str(path),
                found=", ".join(map(repr, file.schema_arrow.names)),
                action="Name it with id=...",
            )
        seen, bounds, counts, row, previous, split, example = Seen(id, "row groups"), [], [], 0, None, 0, None
        for group in range(file.num_row_groups):
            names = names_of(file.read_row_group(group, columns=[id]).column(id).to_numpy(), id, str(path))
            if len(names) == 0:
                continue
            starts = starts_of(names)
            if row > 0 and names[0] == previous:
                starts, split, example = starts[1:], split + 1, names[0]
            if len(starts):
                seen.add(names[starts])
                first = row + int(starts[0])
                if not bounds or first - bounds[-1] >= effects_per_part:
                    bounds.append(first)
                    counts.append(0)
                counts[-1] += len(starts)
            row, previous = row + len(names), names[-1]
    if row == 0:
        raise TableError("nothing to pool: the file has no row", file=str(path))
    seen.check(str(path))
    ends = [*bounds[1:], row]
    parts = tuple(RowRange(i, a, b, n) for i, (a, b, n) in enumerate(zip(bounds, ends, counts, strict=True)))
    return Plan(parts, row, seen.count, split, example)


@contextlib.contextmanager
def _opened(path: Path, pq: Any) -> Iterator[Any]:
    import pyarrow as pa

    try:
        file = pq.ParquetFile(path)
    except FileNotFoundError as error:
        raise TableError("there is no such file", file=str(path)) from error
    except (pa.ArrowInvalid, OSError) as error:
        raise TableError("not a readable Parquet file", file=str(path), found=str(error).split("\n")[0]) from error
    with file:
        yield file


def read_rows(path: Path, first: int, last: int, columns: list[str]) -> Any:
    """Rows ``first`` to ``last`` of a Parquet file as an Arrow table; only the row groups that hold them are read."""
    import pyarrow as pa

    pq = parquet()
    pieces, row = [], 0
    with _opened(path, pq) as file:
        present = [name for name in columns if name in file.schema_arrow.names]
        for group in range(file.num_row_groups):
            size = file.metadata.row_group(group).num_rows
            if row < last and row + size > first:
                table = file.read_row_group(group, columns=present)
                start = max(0, first - row)
                pieces.append(table.slice(start, min(last - row, size) - start))
            row += size
    return pa.concat_tables(pieces)
