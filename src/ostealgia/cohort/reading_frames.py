"""Patient tables from files: text and numbers by column, fast for millions of rows, and no value of a patient in any message."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ostealgia.cohort.reading_schema import FILES, TEXT_COLUMNS, Entry, codes_of
from ostealgia.errors import TableError, suggestion
from ostealgia.io import files
from ostealgia.io.delimited import find_delimiter

SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx")
LARGE_BYTES = 32_000_000  # from here on text columns are held as categories
_HEAD = 262_144
# a cell with a decimal comma or point, between separators that are no comma
_COMMA_NUMBER = re.compile(rb"[;\t|]-?\d+,\d+\s*[;\t|\r\n]")
_POINT_NUMBER = re.compile(rb"[;\t|]-?\d+\.\d+\s*[;\t|\r\n]")
_MISSING = ("", "NA", "N/A", "na", "NaN", "nan", "NULL", "null", ".")


@dataclass(frozen=True, kw_only=True, eq=False)
class Loaded:
    """A table as read. frame : columns as text or numbers.  not_numbers : column -> rows (file, header = 1) with text instead.

    notes : what was read in a special way.
    """

    name: str
    file: str
    frame: Any
    not_numbers: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    not_number_values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def table_path(folder: Path, name: str) -> Path | None:
    """The file of a table in a folder, in any of the formats; None where there is none."""
    found = [folder / f"{name}{suffix}" for suffix in SUFFIXES if (folder / f"{name}{suffix}").is_file()]
    if len(found) > 1:
        raise TableError(
            "the same table is there twice",
            file=str(folder),
            found=", ".join(path.name for path in found),
            action="Keep one of them.",
        )
    return found[0] if found else None


def load_raw(
    path: Path, *, sheet: str | None = None, text: tuple[str, ...] = TEXT_COLUMNS
) -> tuple[Any, tuple[str, ...]]:
    """The cells of a file as a frame, and notes. Columns named in ``text`` stay text; others are numbers where all cells are."""
    shown = path.name
    if not path.is_file():
        raise TableError("the file does not exist", file=shown, action="Check the name and the folder")
    with open(path, "rb") as handle:
        head = handle.read(_HEAD)
    if not head.strip():
        raise TableError("the file is empty", file=shown, expected="a header and one row a record")
    if path.suffix.lower() == ".xlsx":
        notes: list[str] = []
        return numbers_with_commas(_load_workbook(path, sheet, text), text, notes), tuple(notes)
    files.refuse_binary(head, shown)
    return _load_text(path, head, shown, text)


def _load_text(path: Path, head: bytes, shown: str, text: tuple[str, ...]) -> tuple[Any, tuple[str, ...]]:
    import pandas as pd

    large = path.stat().st_size >= LARGE_BYTES
    whole = head[: head.rfind(b"\n") + 1] if len(head) == _HEAD else head
    encoding = files.encoding_of(whole if large else path.read_bytes(), shown)
    delimiter = find_delimiter(whole or head, encoding, path.suffix)
    kind = "category" if large else str
    _refuse_ragged(path, encoding, delimiter, shown)
    comma = delimiter != "," and _COMMA_NUMBER.search(head) is not None and _POINT_NUMBER.search(head) is None
    try:
        names = pd.read_csv(path, sep=delimiter, encoding=encoding.codec, nrows=0, skipinitialspace=True).columns
        frame = pd.read_csv(
            path, sep=delimiter, encoding=encoding.codec, low_memory=False, skipinitialspace=True, keep_default_na=False,
            na_values=list(_MISSING), decimal="," if comma else ".",
            dtype={name: kind for name in names if str(name).strip() in text}, index_col=False, skip_blank_lines=False,
        )  # fmt: skip
    except UnicodeDecodeError:
        raise _unreadable(shown) from None
    except pd.errors.EmptyDataError:
        raise TableError("the file is empty", file=shown, expected="a header and one row a record") from None
    except pd.errors.ParserError as error:
        line = re.search(r"line (\d+)", str(error))
        row = int(line[1]) if line else None
        raise TableError(
            "a row has another number of cells than the header",
            file=shown,
            row=row,
            action="Check quotes and separators",
        ) from None
    named = _named(frame, shown)
    first = named.iloc[:, 0]
    blank = np.flatnonzero(first.isna().to_numpy())
    blank = blank[named.iloc[blank].isna().all(axis=1).to_numpy()] if len(blank) else blank
    notes = [*encoding.notes, *(["the comma is read as the decimal sign"] if comma else [])]
    if len(blank):
        named = named.drop(index=blank)  # the index goes on counting the rows of the file
        notes.append(f"{len(blank)} blank rows skipped")
    return named, tuple(notes)


def _refuse_ragged(path: Path, encoding: files.Encoding, delimiter: str, shown: str) -> None:
    """Raise where a row has another number of cells than the header; a short row would pass for missing values."""
    width = 0
    try:
        with open(path, encoding=encoding.codec, newline="") as lines:
            for row, cells in enumerate(
                csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True), start=1
            ):
                if len(cells) == width:
                    continue
                width = width or len(cells)
                if len(cells) != width and "".join(cells).strip():
                    raise TableError(
                        "a row has another number of cells than the header", file=shown, row=row, found=f"{len(cells)} cells",
                        expected=f"{width} cells", action="Check quotes and separators",
                    )  # fmt: skip
    except csv.Error:
        raise TableError(
            "the text cannot be read as a table", file=shown, action="Check quotes and separators"
        ) from None
    except UnicodeDecodeError:
        raise _unreadable(shown) from None


def _unreadable(shown: str) -> TableError:
    return TableError(
        "the encoding of the text cannot be read", file=shown, expected="UTF-8", action="Save the file as CSV UTF-8"
    )


def _load_workbook(path: Path, sheet: str | None, text: tuple[str, ...]) -> Any:
    import pandas as pd

    try:
        with pd.ExcelFile(path, engine="openpyxl") as book:
            if sheet is not None and sheet not in book.sheet_names:
                offered = ", ".join(map(repr, book.sheet_names))
                raise TableError(f"there is no sheet {sheet!r}", file=path.name, expected=f"one of {offered}")
            frame = pd.read_excel(
                book, sheet_name=sheet if sheet is not None else 0, keep_default_na=False, na_values=list(_MISSING)
            )
    except (OSError, KeyError, ValueError) as error:
        if isinstance(error, TableError):
            raise
        raise TableError(
            "the workbook cannot be opened", file=path.name, action="Save it again as .xlsx or as CSV"
        ) from None
    named = _named(frame, path.name)
    for name in named.columns:
        if name in text:
            known = named[name].notna()
            named[name] = named[name].map(_cell_text).where(known, None).astype(object)
    return named


def _with_point(value: object) -> object:
    text = str(value).strip()
    return float(text.replace(",", ".")) if _WITH_COMMA.fullmatch(text) else value


_WITH_COMMA = re.compile(r"-?\d+(?:,(\d+))?")


def numbers_with_commas(frame: Any, text: Iterable[str], notes: list[str], *, sure: bool = False) -> Any:
    """Columns of texts such as 11,3 as numbers. Where every fraction has three digits (1,234) it may be a thousand: left alone unless
    ``sure``. text : columns that stay text."""
    import pandas as pd

    kept, changed = set(text), {}
    for name in frame.columns:
        cells = frame[name]
        if name in kept or not (cells.dtype == object or pd.api.types.is_string_dtype(cells)):
            continue
        found = [_WITH_COMMA.fullmatch(str(value).strip()) for value in cells.dropna()]
        fractions = [match[1] for match in found if match is not None and match[1]]
        mostly = (
            sum(match is not None for match in found) > len(found) / 2
        )  # a word among them stays one, and is a finding
        if mostly and fractions and (sure or any(len(digits) != 3 for digits in fractions)):
            numbers = cells.map(_with_point, na_action="ignore")
            changed[name] = numbers.astype(float) if all(found) else numbers
    if changed:
        notes.append(f"the comma is read as the decimal sign in {', '.join(map(str, changed))}")
    return frame.assign(**changed) if changed else frame


def _cell_text(value: object) -> str:
    """A cell of a workbook as text: 7.0 is "7"."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _named(frame: Any, shown: str) -> Any:
    names = [str(name).strip() for name in frame.columns]
    twice = sorted(
        {name for name in names if names.count(name) > 1}
        | {name[:-2] for name in names if name.endswith(".1") and name[:-2] in names}
    )
    if twice:  # without a header the first patient stands here: places are told, not words
        at = [
            str(place) for place, name in enumerate(names, start=1) if name in twice or name.removesuffix(".1") in twice
        ]
        raise TableError(
            "a column name stands twice in the header", file=shown, row=1, found=f"columns {', '.join(at[:6])}",
            action="Rename one of them; if the file has no header, add one",
        )  # fmt: skip
    frame.columns = names
    return frame


def typed(
    name: str, file: str, frame: Any, dictionary: Mapping[tuple[str, str], Entry], notes: tuple[str, ...] = ()
) -> Loaded:
    """The frame with its columns as the dictionary and the schema want them; text among numbers becomes missing and is reported."""
    import pandas as pd

    required = FILES[name][0] if name in FILES else ("id",)
    for column in required:
        if column not in frame.columns:
            words = [
                str(one) for one in frame.columns if str(one).replace("_", "").isalpha()
            ]  # no identifier of a file without header
            raise TableError(
                f"there is no column {column!r}", file=file, expected=f"a header with {', '.join(required)}",
                action=suggestion(column, words).strip() or "Name the file's own column in a mapping file, or add a header",
            )  # fmt: skip
    rows: dict[str, tuple[int, ...]] = {}
    values: dict[str, tuple[str, ...]] = {}
    made = {}
    for column in frame.columns:
        cells = frame[column]
        entry = dictionary.get((name, column))
        as_text = column in TEXT_COLUMNS or (entry is not None and entry.kind == "text")
        if as_text:
            made[column] = _stripped(cells) if isinstance(cells.dtype, pd.CategoricalDtype) else _as_text(cells)
        elif pd.api.types.is_numeric_dtype(cells):
            made[column] = cells.astype(float) if cells.dtype == bool else cells
        elif entry is not None or column in _numbers_known():
            numbers: Any = pd.to_numeric(cells, errors="coerce")
            wrong = np.flatnonzero((numbers.isna() & cells.notna()).to_numpy())
            if len(wrong):
                rows[column] = tuple(int(at) + 2 for at in cells.index[wrong])
                values[column] = tuple(str(cells.iloc[at]) for at in wrong[:50])
            made[column] = numbers.astype(float)
        else:
            made[column] = _as_text(cells)
    whole = pd.DataFrame(made, index=frame.index, copy=False)
    return Loaded(name=name, file=file, frame=whole, not_numbers=rows, not_number_values=values, notes=notes)


def _stripped(cells: Any) -> Any:
    """A categorical column without blanks around its texts."""
    texts = [str(text) for text in cells.cat.categories]
    if all(text == text.strip() for text in texts):
        return cells
    return cells.astype(object).map(str.strip, na_action="ignore").astype("category")


def _as_text(cells: Any) -> Any:
    known = cells.notna()
    return cells.astype(object).map(_cell_text).where(known, None).astype(object)


def _numbers_known() -> Any:
    from ostealgia.cohort.reading_schema import LIMITS

    return LIMITS


def read_dictionary(path: Path) -> dict[tuple[str, str], Entry]:
    """(table, column) -> entry of a data dictionary with columns file, column, type, min, max, description and, if there, codes.

    Codes are read from "codes", else from a description such as "male | female".
    """
    import pandas as pd

    frame, _ = load_raw(path, text=("file", "column", "type", "description", "codes", "min", "max", "n", "n_missing"))
    for column in ("file", "column", "type"):
        if column not in frame.columns:
            raise TableError(
                f"there is no column {column!r}", file=path.name, expected="file, column, type, description"
            )
    entries: dict[tuple[str, str], Entry] = {}
    for position, row in enumerate(frame.astype(object).where(frame.notna(), None).to_dict("records")):
        kind = str(row["type"]).strip().lower()
        if kind not in ("text", "number"):
            raise TableError(
                "an unknown type",
                file=path.name,
                row=position + 2,
                column="type",
                found=kind,
                expected="text or number",
            )
        table, column = Path(str(row["file"])).stem, str(row["column"]).strip()
        description = str(row.get("description") or "")
        numbers = {}
        for name in ("min", "max", "n", "n_missing"):
            value: Any = pd.to_numeric(row.get(name), errors="coerce") if row.get(name) is not None else None
            numbers[name] = None if value is None or value != value else float(value)
        given = row.get("codes")
        entries[table, column] = Entry(
            file=table, column=column, kind=kind, low=numbers["min"], high=numbers["max"],
            n=None if numbers["n"] is None else int(numbers["n"]),
            n_missing=None if numbers["n_missing"] is None else int(numbers["n_missing"]),
            codes=tuple(part.strip() for part in str(given).split("|")) if given else codes_of(description) if kind == "text" else (),
            description=description,
        )  # fmt: skip
    return entries
