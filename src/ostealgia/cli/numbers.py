"""Numbers that come as text from the command line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ostealgia.errors import OptionError

_EXAMPLES = {"level": "0.95", "published_level": "0.95", "tau2_value": "0.04"}


def numbers_of(asked: Mapping[str, Any], kinds: Mapping[str, type]) -> dict[str, float | int]:
    """The values of the options that are numbers, where they were given. Raises OptionError.

    >>> numbers_of({"level": "0.9", "quadrature": ""}, {"level": float, "quadrature": int})
    {'level': 0.9}
    """
    return {name: _number(name, asked[name], kind) for name, kind in kinds.items() if asked.get(name, "") != ""}


def _number(name: str, text: str, kind: type) -> float | int:
    try:
        value = kind(text)
    except ValueError:
        value = math.nan
    if math.isfinite(value):
        return value
    what = "a whole number" if kind is int else "a number with a point for its decimals"
    example = f", such as {_EXAMPLES[name]}" if name in _EXAMPLES else ""
    raise OptionError(f"{name}={text!r} is not {what}{example}.")
