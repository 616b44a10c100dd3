"""The evidence as it was computed, kept as a file, so that one patient's options need no pooling and no frame library to start.

The file holds the fingerprint of its inputs. Where the inputs have changed it is not used and the evidence is computed anew; a test holds
it to what is computed. To write it again: ``python -m ostealgia.decision.evidence_store``.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from ostealgia.decision.evidence_model import NAMES, NAN, THERAPIES, Evidence

FILE = ("data", "evidence", "lines.json")
INPUTS = (
    ("data", "therapy_trials.csv"),
    ("data", "evidence", "facts.csv"),
    ("data", "projects", "mrgfus", "results.csv"),
)


def _read(parts: tuple[str, ...]) -> bytes:
    return resources.files("ostealgia").joinpath(*parts).read_bytes()


def fingerprint() -> str:
    """SHA-256 of the files that the evidence is computed from, line ends apart."""
    found = hashlib.sha256()
    for parts in INPUTS:
        found.update(_read(parts).replace(b"\r\n", b"\n") + b"\0")
    return found.hexdigest()


@cache
def stored() -> Mapping[str, tuple[Evidence, ...]]:
    """Therapy -> its lines, from the file; empty where the file is missing or its inputs have changed."""
    return {therapy: tuple(_line(one) for one in rows) for therapy, rows in _body().get("lines", {}).items()}


def stored_conflicts() -> Mapping[str, tuple[str, ...]]:
    """Therapy -> sentences, from the file."""
    return {therapy: tuple(said) for therapy, said in _body().get("conflicts", {}).items()}


@cache
def _body() -> dict[str, Any]:
    try:
        body = json.loads(_read(FILE))
    except (FileNotFoundError, ValueError):
        return {}
    return body if body.get("inputs_sha256") == fingerprint() else {}


def _line(row: Mapping[str, Any]) -> Evidence:
    """A line from its dict: what is left out is the default of the field."""
    made = {name: NAN if value is None else value for name, value in row.items()}
    return Evidence(**{**made, "trials": tuple(made.get("trials", ()))})


def rounded(one: Evidence) -> Evidence:
    """The line with numbers of ten digits, as the file holds them.

    >>> rounded(Evidence(therapy="rfa", kind="single arm", outcome="x", per_100=100 / 3)).per_100
    33.33333333
    """
    return _line(_row(one))


def _row(one: Evidence) -> dict[str, Any]:
    """The fields that differ from their default."""
    body, empty = one.to_dict(), _EMPTY.to_dict()
    return {name: body[name] for name in NAMES if body[name] != empty[name] or name in ("therapy", "kind", "outcome")}


_EMPTY = Evidence(therapy="", kind="none", outcome="")


def document() -> str:
    """The text of the file, computed now."""
    from ostealgia.decision.expected_results import computed, computed_conflicts

    body = {
        "note": "computed from the inputs by python -m ostealgia.decision.evidence_store; do not edit",
        "inputs_sha256": fingerprint(),
        "lines": {therapy: [_row(one) for one in computed(therapy)] for therapy in THERAPIES},
        "conflicts": {therapy: list(said) for therapy in THERAPIES if (said := computed_conflicts(therapy))},
    }
    return json.dumps(body, ensure_ascii=False, indent=0) + "\n"


def main() -> None:
    """Write the file beside the package's other data."""
    path = Path(str(resources.files("ostealgia").joinpath(*FILE)))
    text = document()
    path.write_text(text, encoding="utf-8", newline="\n")
    sys.stderr.write(f"{len(text):,} characters written\n")


if __name__ == "__main__":
    main()
