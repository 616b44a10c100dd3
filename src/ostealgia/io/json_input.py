"""JSON from a stranger: read with limits, refused with one message, and never shown in it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from ostealgia.errors import JsonError

BYTES = 5_000_000
DEPTH = 40
DIGITS = 30  # of a whole number


def read_json(path: str | Path, *, most_bytes: int = BYTES) -> Any:
    """The value in a JSON file.

    most_bytes : a larger file is not read.
    Raises JsonError: not there, not readable, too large, not UTF-8, or what ``parse_json`` refuses.

    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp()) / "patient.json"
    >>> _ = place.write_text('{"age_years": 71}')
    >>> read_json(place)
    {'age_years': 71}
    """
    place = Path(path)
    try:
        if place.is_dir():
            raise JsonError("this is a folder", file=str(path), action="Give the path of a JSON file.")
        if not place.is_file():
            raise JsonError("there is no such file", file=str(path), action="Give the path of a JSON file.")
        if place.stat().st_size > most_bytes:
            raise JsonError(
                "the file is too large", file=str(path), found=f"{place.stat().st_size:,} bytes", expected=f"at most {most_bytes:,} bytes"
            )  # fmt: skip
        data = place.read_bytes()
    except OSError as error:
        raise JsonError("the file cannot be read", file=str(path), found=error.strerror or "an error") from None
    return parse_json(data, file=str(path), most_bytes=most_bytes)


def parse_json(data: bytes | str, *, file: str | None = None, most_bytes: int = BYTES) -> Any:
    """The value of a JSON text.

    Refused: more than ``most_bytes``, more than 40 levels, a name given twice in one object, NaN or Infinity, whole numbers of more than
    30 digits. The message gives line and column, never what stands there.

    >>> parse_json('{"a": 1, "a": 2}')
    Traceback (most recent call last):
    ...
    ostealgia.errors.JsonError: a name stands twice in one object, so it is not clear which value holds. Give each name once.
    """
    if len(data) > most_bytes:
        raise JsonError("the text is too large", file=file, expected=f"at most {most_bytes:,} bytes")
    try:
        text = data if isinstance(data, str) else data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise JsonError("the text is not UTF-8", file=file, action="Save the file as UTF-8.") from None
    if not text.strip():
        raise JsonError("the text is empty", file=file, expected="one JSON object")
    _check_depth(text, file)
    try:
        return json.loads(
            text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_whole, parse_float=_decimal
        )
    except json.JSONDecodeError as error:
        raise JsonError(
            "this is not JSON", file=file, place=f"line {error.lineno}, column {error.colno}", found=error.msg, action="Correct it there."
        ) from None  # fmt: skip
    except JsonError as error:
        raise error.at(file) from None


def _check_depth(text: str, file: str | None) -> None:
    # before the parser, which recurses
    depth = deepest = 0
    inside = escaped = False
    for letter in text:
        if inside:
            if escaped:
                escaped = False
            elif letter == "\\":
                escaped = True
            elif letter == '"':
                inside = False
        elif letter == '"':
            inside = True
        elif letter in "[{":
            depth += 1
            deepest = max(deepest, depth)
            if deepest > DEPTH:
                raise JsonError("the values are nested too deeply", file=file, found=f"more than {DEPTH} levels")
        elif letter in "]}":
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise JsonError(
            "a name stands twice in one object, so it is not clear which value holds", action="Give each name once."
        )
    return made


def _constant(name: str) -> Any:
    raise JsonError("a number is not finite", found=name, action="Leave out what is not known, or give null.")


def _whole(digits: str) -> int:
    if len(digits) > DIGITS:
        raise JsonError(
            "a whole number has too many digits", found=f"{len(digits)} digits", expected=f"at most {DIGITS}"
        )
    return int(digits)


def _decimal(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise JsonError("a number is too large", expected="a number below 1e308")
    return value
