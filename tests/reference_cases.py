"""Reference values, carried in tests/reference so that the tests need nothing outside this repository.

The files were made from published data sets (named and cited in each case) with R 4.2.2, metafor 5.1-12 and meta 8.4-0. Inputs that many
cases share stand once, under "datasets".
"""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "reference"


@cache
def cases(name: str) -> tuple[dict[str, Any], ...]:
    """The cases of one reference file."""
    body = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    if isinstance(body, list):
        return tuple(body)
    shared = body["datasets"]
    return tuple({**case, "inputs": shared[case["inputs"]]} for case in body["cases"])


def close(case: dict[str, Any], found: Any, expected: Any) -> bool:
    """|found - expected| <= atol + rtol |expected|, the tolerance that the case states; null is NaN."""
    if isinstance(expected, list):
        values = list(found)
        return len(values) == len(expected) and all(close(case, a, b) for a, b in zip(values, expected, strict=True))
    if expected is None:
        return found is None or math.isnan(found)
    if expected == "Infinity":
        return math.isinf(found)
    return abs(float(found) - expected) <= case["atol"] + case["rtol"] * abs(expected)
