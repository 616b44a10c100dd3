"""The compiled passes where they pay: numba installed, and rows enough that loading it is worth while."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

LARGE = 50_000  # rows


def compiled(n: int, *, large: int = LARGE) -> Any:
    """The module of compiled passes for n rows, or None where there are fewer than ``large`` or numba is not installed.

    >>> compiled(10) is None
    True
    """
    if n < large or find_spec("numba") is None:
        return None
    return import_module("ostealgia.numerics._kernels_survival")
