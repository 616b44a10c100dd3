"""Files that are written whole or not at all, with the same bytes for the same content."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import hashlib
import io
import json
import math
import os
import secrets
import sys
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ostealgia.errors import OstealgiaError
from ostealgia.io.cells import parse_number

if TYPE_CHECKING:
    import pandas as pd

DIGITS = 10
# a text cell that starts with one of these is run as a formula by a spreadsheet (some fold the wide forms)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def write_bytes(path: str | Path, data: bytes) -> Path:
    """Write a file whole or not at all: to a file beside it, which then takes its place. Raises OstealgiaError."""
    write_all({path: data})
    return Path(path)


def write_all(files: Mapping[str | Path, bytes] | Mapping[str, bytes]) -> None:
    """Write several files, each whole, or none: all are ready before the first takes its place.

    files : path -> bytes.  Raises OstealgiaError with the path.
    """
    ready: list[tuple[Path, Path, str | Path]] = []
    current: str | Path = ""
    try:
        for path, data in files.items():
            current, target = path, _target(path)
            partial = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.part")
            ready.append((partial, target, path))
            with open(partial, "xb") as handle:
                handle.write(data)
        for partial, target, path in ready:
            current = path
            os.replace(partial, target)
    except OSError as error:
        raise OstealgiaError(f"{current}: cannot be written: {error.strerror or error}.") from error
    finally:
        for partial, *_ in ready:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)


def _target(path: str | Path) -> Path:
    """Where a path leads; a link stays a link and what it names is replaced."""
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise OstealgiaError(f"{path}: cannot be written: it is a folder. Give the name of a file.")
    if target.exists() and not target.is_file():  # a replaced device would be lost to the whole machine
        raise OstealgiaError(f"{path}: cannot be written: it is a device or a pipe. Give the name of a file.")
    if not target.parent.is_dir():
        folder = Path(path).parent
        raise OstealgiaError(f"{path}: cannot be written: the folder {folder} does not exist. Make it first.")
    return target


def write_text(path: str | Path, text: str) -> Path:
    """Write UTF-8 text, line ends as they are in it (LF), whole or not at all."""
    return write_bytes(path, text.encode("utf-8"))


def write_json(path: str | Path, obj: Any, *, digits: int | None = DIGITS) -> Path:
    """Write ``json_text(obj)``, whole or not at all."""
    return write_text(path, json_text(obj, digits=digits))


def write_csv(frame: pd.DataFrame | Iterable[Mapping[str, Any]], path: str | Path) -> Path:
    """Write ``csv_text(frame)``, whole or not at all."""
    return write_text(path, csv_text(frame))


def json_text(obj: Any, *, digits: int | None = DIGITS) -> str:
    """JSON with two blanks of indent, keys in their order, floats at 10 significant digits (``digits=None``: all).

    >>> json_text({"estimate": 1 / 3, "pi_low": float("nan")})
    '{\\n  "estimate": 0.3333333333,\\n  "pi_low": null\\n}\\n'
    """
    return json.dumps(json_ready(obj, digits=digits), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def json_ready(obj: Any, *, digits: int | None = DIGITS) -> Any:
    """The object in JSON's types. NaN and infinity are None: pass "Infinity" as text where infinity is meant (df).

    Understands numpy, pandas, dataclasses, results with ``to_dict``, mappings, sequences, paths and dates.

    >>> json_ready({"k": np.int64(3), "ci": (0.1 + 0.2, np.inf)})
    {'k': 3, 'ci': [0.3, None]}
    """
    if obj is None or isinstance(obj, str | bool | int):
        return obj
    if isinstance(obj, float | np.floating):
        return _json_float(float(obj), digits)
    for kinds, convert in _JSON:
        if isinstance(obj, kinds):
            return convert(obj, digits)
    for method in ("to_dict", "to_frame"):
        if hasattr(obj, method) and not isinstance(obj, type):
            value = obj.to_dict(orient="records") if hasattr(obj, "itertuples") else getattr(obj, method)()
            return json_ready(value, digits=digits)
    if dataclasses.is_dataclass(obj) and not isinstance(obj, type):
        return {item.name: json_ready(getattr(obj, item.name), digits=digits) for item in dataclasses.fields(obj)}
    raise TypeError(f"{type(obj).__name__} cannot be written as JSON")


def _json_float(value: float, digits: int | None) -> float | None:
    if not math.isfinite(value):
        return None
    short = value if digits is None else float(f"{value:.{digits}g}")
    return (short if math.isfinite(short) else value) + 0.0  # + 0.0: no negative zero


def _json_list(items: Iterable[Any], digits: int | None) -> list[Any]:
    return [json_ready(item, digits=digits) for item in items]


def _json_dict(items: Mapping[Any, Any], digits: int | None) -> dict[str, Any]:
    return {str(key): json_ready(value, digits=digits) for key, value in items.items()}


_JSON: tuple[tuple[Any, Any], ...] = (
    (np.bool_, lambda obj, digits: bool(obj)),
    (np.integer, lambda obj, digits: int(obj)),
    (np.ndarray, lambda obj, digits: _json_list(obj.tolist() if obj.ndim else [obj.item()], digits)),
    (Mapping, _json_dict),
    ((list, tuple, range), _json_list),
    ((set, frozenset), lambda obj, digits: _json_list(sorted(obj, key=str), digits)),
    (Path, lambda obj, digits: obj.as_posix()),
    (date, lambda obj, digits: obj.isoformat()),
)


def csv_text(frame: pd.DataFrame | Iterable[Mapping[str, Any]]) -> str:
    """CSV with LF line ends, floats at 10 significant digits, missing values empty.

    A text cell that a spreadsheet would run as a formula (it starts with = + - @, tab or a line end) gets an apostrophe
    before it; numbers, also as text, are left alone. The index is not written.

    >>> csv_text([{"study": "=1+1", "estimate": -0.5}])
    "study,estimate\\n'=1+1,-0.5\\n"
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    table: Any = frame
    rows: Iterable[Iterable[Any]]
    if hasattr(table, "itertuples"):
        names = [str(name) for name in table.columns]
        rows = table.itertuples(index=False, name=None)
    else:
        records: list[Mapping[str, Any]] = list(table)
        names = list(dict.fromkeys(str(name) for record in records for name in record))
        rows = ([record.get(name) for name in names] for record in records)
    writer.writerow([defuse(name) for name in names])
    writer.writerows([csv_cell(value) for value in row] for row in rows)
    return buffer.getvalue()


def csv_cell(value: Any) -> str:
    """One cell as text.

    >>> csv_cell(2 / 3), csv_cell(float("nan")), csv_cell("-4.4"), csv_cell("@home"), csv_cell(True)
    ('0.6666666667', '', '-4.4', "'@home", 'true')
    """
    if value is None or value is _pandas_na():
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        number = float(value)
        return "" if math.isnan(number) else f"{number + 0.0:.{DIGITS}g}"
    if isinstance(value, int | np.integer):
        return str(int(value))
    return defuse(str(value))


def _pandas_na() -> Any:
    return getattr(sys.modules.get("pandas"), "NA", None)


def defuse(text: str) -> str:
    """Text that no spreadsheet takes for a formula.

    >>> defuse('=HYPERLINK("http://x")'), defuse("-0.5"), defuse("+/- 2")
    ('\\'=HYPERLINK("http://x")', '-0.5', "'+/- 2")
    """
    if not text.startswith(_FORMULA):
        return text
    number = parse_number(text)
    is_number = number is not None and number == number and text == text.strip()
    return text if is_number else "'" + text


def sha256_file(path: str | Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
