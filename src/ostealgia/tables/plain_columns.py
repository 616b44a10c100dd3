"""What may stand as a column: one value a row, a word or a number that can be squared."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import TableError

LARGEST, SMALLEST = 1e120, 1e-120  # beyond these, squares leave the range of double precision


def plain_array(values: Any, name: str) -> NDArray[Any]:
    """A column as an array of one dimension. Raises TableError, never with a value, for what no analysis can use.

    Two columns of one name, a single value, lists, complex numbers, and numbers whose squares are beyond double precision are refused.

    >>> plain_array([1.0, 2.0], "age").tolist()
    [1.0, 2.0]
    """
    array: NDArray[Any] = np.asarray(values.to_numpy() if hasattr(values, "to_numpy") else values, dtype=_kind(values))
    if array.ndim == 0:
        raise TableError("a single value, not a column", column=name, expected="one value for each row")
    if array.ndim > 1:
        raise TableError(
            "the name stands for several columns",
            column=name,
            expected="one value for each row",
            action="Give each column its own name.",
        )
    if array.dtype.kind == "c":
        raise TableError("the column holds complex numbers", column=name, expected="numbers or words")
    if array.dtype.kind == "O" and not all(kind.__hash__ for kind in _kinds(array)):
        raise TableError("the column holds lists or tables", column=name, expected="one number or word for each row")
    if array.dtype.kind == "f" and array.size:
        top = max(abs(float(np.fmax.reduce(array))), abs(float(np.fmin.reduce(array))))
        if (np.isfinite(top) and top > LARGEST) or 0.0 < top < SMALLEST:
            raise TableError(
                "the numbers are too large or too small to be squared in double precision", column=name,
                expected=f"sizes from {SMALLEST:g} to {LARGEST:g}", action="Give the column in another unit.",
            )  # fmt: skip
    return array


def _kinds(values: Any) -> set[Any]:
    """The types of the values."""
    return {value.__class__ for value in values}


def _kind(values: Any) -> Any:
    """object for a plain sequence that mixes numbers with None or words, so that numbers stay numbers."""
    if isinstance(values, (list, tuple)):
        kinds = _kinds(values)
        return None if all(issubclass(kind, (int, float, np.number)) for kind in kinds) else object
    return None
