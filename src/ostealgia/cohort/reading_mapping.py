"""Other exports (CSV, XLSX, REDCap) brought to the tables of a cohort by a mapping file in TOML; nothing in it is evaluated.

[tables.patients]
file = "export.csv"                      # or sheet = "..." of a workbook
columns = {id = "record_id", age = "age_years"}          # ours = the export's; those named alike need no line
only = {redcap_event_name = ["baseline_arm_1"], redcap_repeat_instrument = [""]}     # rows that belong to this table; "" is a blank
codes = {sex = {"1" = "male", "2" = "female"}}
units = {hemoglobin = "g/dL"}            # the export's unit; brought to ours
days = {day = ["visit_date", "rt_start"]}                # our day = first date minus second date
start = "rt_start"                       # where the second date stands once a patient (REDCap: in the baseline event)
[tables.visits]
file = "export.csv"
weeks = {week_4_arm_1 = 4}               # long: redcap_event_name -> week
[tables.visits.wide]                     # wide: one row a patient, a column a week
weeks = [0, 1, 4]
columns = {nrs_worst = "nrs_w{week}", omed_mg = "omed_w{week}"}
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ostealgia.cohort.reading_frames import load_raw, numbers_with_commas
from ostealgia.cohort.reading_schema import FILES, LIMITS, TEXT_COLUMNS
from ostealgia.display import count_of
from ostealgia.errors import OptionError, TableError, suggestion
from ostealgia.options import one_of

KEYS = (
    "file",
    "sheet",
    "columns",
    "only",
    "codes",
    "units",
    "days",
    "start",
    "weeks",
    "wide",
    "event_column",
    "missing",
    "decimal",
    "date_format",
)
DRAFT = "draft"
EVENT_COLUMN = "redcap_event_name"
PATIENT_TEXTS = ("sex", "tumour", "dominant_site", "systemic_therapy")
# (from, to) -> factor
UNITS: dict[tuple[str, str], float] = {
    ("g/dL", "g/L"): 10.0, ("mg/dL", "mg/L"): 10.0, ("mg/dL", "g/L"): 0.01, ("cGy", "Gy"): 0.01, ("cells/µL", "10^9/L"): 0.001,
    ("cells/uL", "10^9/L"): 0.001, ("days", "months"): 1 / 30.4375, ("weeks", "months"): 7 / 30.4375, ("years", "months"): 12.0,
    ("months", "days"): 30.4375, ("weeks", "days"): 7.0, ("ng/L", "pg/mL"): 1.0, ("µg/L", "ng/mL"): 1.0, ("mg/day", "mg/day"): 1.0,
    ("mm", "points of 0 to 10"): 0.1,
}  # fmt: skip


def read_mapping(path: Path) -> dict[str, dict[str, Any]]:
    """table -> its section, checked: unknown tables and keys are refused with the near miss."""
    try:
        whole = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TableError("the mapping file does not exist", file=path.name) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TableError("the mapping file is not TOML", file=path.name, found=str(error)) from None
    for key in whole:
        one_of("section", key, ("tables", DRAFT))
    if whole.get(DRAFT):
        raise TableError(
            "the mapping is a draft: its lines were suggested, not checked", file=path.name,
            action=f"Check every line against the export, then remove the line {DRAFT} = true",
        )  # fmt: skip
    tables = whole.get("tables")
    if not isinstance(tables, dict) or not tables:
        raise TableError(
            "the mapping file names no table", file=path.name, expected="[tables.patients] and [tables.visits]"
        )
    for name, section in tables.items():
        one_of("tables", name, FILES)
        if not isinstance(section, dict):
            raise OptionError(f"[tables.{name}] is not a section.")
        for key in section:
            one_of(f"[tables.{name}] key", key, KEYS)
        for key in ("columns", "only", "codes", "units", "days", "weeks", "wide"):
            if not isinstance(section.get(key, {}), dict):
                raise OptionError(f"[tables.{name}] {key} is not a table of names.")
        if not isinstance(section.get("missing", []), (list, dict)):
            raise OptionError(f'[tables.{name}] missing is no list of codes, such as missing = ["-99", "NI"].')
        if section.get("decimal", ",") not in (",", "."):
            raise OptionError(f"[tables.{name}] decimal is neither ',' nor '.'.")
        if not isinstance(section.get("file"), str):
            raise OptionError(f'[tables.{name}] needs file = "...", a file beside the mapping file.')
    return tables


def mapped_table(folder: Path, name: str, section: Mapping[str, Any]) -> tuple[str, Any, tuple[str, ...]]:
    """(file, frame, notes) of one table by its section."""
    path = _inside(folder, section["file"])
    theirs = {str(v) for v in section.get("columns", {}).values()}
    texts = {t for ours, t in section.get("columns", {}).items() if ours in TEXT_COLUMNS}
    event = str(section.get("event_column", EVENT_COLUMN))
    kept = (
        *TEXT_COLUMNS,
        *texts,
        event,
        *section.get("only", {}),
        *(c for c, t in section.get("columns", {}).items() if c in section.get("codes", {}) and t),
    )
    coded = tuple(str(section.get("columns", {}).get(column, column)) for column in section.get("codes", {}))
    dated = tuple(str(c) for pair in section.get("days", {}).values() for c in pair)
    frame, notes = load_raw(path, sheet=section.get("sheet"), text=(*kept, *coded, *dated))
    said = list(notes)
    for column in theirs:
        _need(frame, column, path.name, f"[tables.{name}] columns")
    starts = _starts(frame, section, path.name)
    frame = _weeks(_only(frame, section, path.name), section, event, path.name, said)
    if "wide" in section:
        frame = _long(frame, section, path.name, said)
    frame = frame.rename(columns={str(theirs): ours for ours, theirs in section.get("columns", {}).items()})
    dates = {str(c) for pair in section.get("days", {}).values() for c in pair}
    frame = _ours(frame, name, section, dates, said)
    frame = _missing(frame, section, path.name, said)
    texts_of_ours = (*TEXT_COLUMNS, *section.get("codes", {}))
    frame = numbers_with_commas(frame, texts_of_ours, said, sure=section.get("decimal") == ",")
    frame = _coded(frame, section, path.name, said)
    frame = _days(frame, section, starts, path.name)
    frame = _converted(frame, section, said)
    return path.name, _ours(frame, name, section, set(), []), tuple(said)


def _ours(frame: Any, table: str, section: Mapping[str, Any], more: set[str], notes: list[str]) -> Any:
    """The columns that the mapping names or the tables of a cohort know; a record number that nobody asked for does not come in."""
    named = {
        *section.get("columns", {}),
        *section.get("codes", {}),
        *section.get("days", {}),
        *section.get("units", {}),
    }
    named |= {*section.get("wide", {}).get("columns", {}), "week", "ae_seq", *LIMITS, *TEXT_COLUMNS, *more}
    named |= set(PATIENT_TEXTS) if table == "patients" else set()
    kept = [column for column in frame.columns if column in named]
    left = len(frame.columns) - len(kept)
    if left:
        notes.append(
            f"{count_of(left, 'column', 'columns')} of the export that the mapping does not name {'is' if left == 1 else 'are'} not read"
        )
    return frame[kept]


def _inside(folder: Path, name: str) -> Path:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise OptionError(f"file={name!r} lies outside the folder of the cohort. Put it there.")
    return path


def _need(frame: Any, column: str, file: str, where: str) -> None:
    if column not in frame.columns:
        raise TableError(
            f"there is no column {column!r}",
            file=file,
            expected=where,
            action=suggestion(column, map(str, frame.columns)).strip() or None,
        )


def _only(frame: Any, section: Mapping[str, Any], file: str) -> Any:
    for column, wanted in section.get("only", {}).items():
        _need(frame, column, file, "only")
        values = [str(v) for v in (wanted if isinstance(wanted, list) else [wanted])]
        cells = frame[column].astype(object)
        kept = cells.where(cells.notna(), "").map(_plain_code).isin(values)
        if not kept.any():
            raise TableError(
                "no row is left", file=file, column=column, expected=f"one of {', '.join(map(repr, values))}",
                action="Check the spelling in only = {...} of the mapping",
            )  # fmt: skip
        frame = frame[kept]
    return frame


def _missing(frame: Any, section: Mapping[str, Any], file: str, notes: list[str]) -> Any:
    """Cells that hold a code for missing become missing; each column is counted."""
    asked = section.get("missing", [])
    by_column = dict.fromkeys(frame.columns, asked) if isinstance(asked, list) else asked
    changed = {}
    for column, codes in by_column.items():
        if isinstance(asked, dict):
            _need(frame, column, file, "missing")
        wanted = [_plain_code(code) for code in (codes if isinstance(codes, list) else [codes])]
        cells = frame[column]
        if not wanted or column in ("week", "id"):
            continue
        hit = cells.notna() & cells.astype(object).map(_plain_code, na_action="ignore").isin(wanted)
        if hit.any():
            changed[column] = cells.where(~hit)
            notes.append(
                f"{count_of(int(hit.sum()), 'cell', 'cells')} of {column} with a code for missing "
                f"{'is' if hit.sum() == 1 else 'are'} missing"
            )
    return frame.assign(**changed) if changed else frame


def _weeks(frame: Any, section: Mapping[str, Any], event: str, file: str, notes: list[str]) -> Any:
    if not section.get("weeks"):
        return frame
    _need(frame, event, file, "weeks (the column of events)")
    weeks = {str(name): value for name, value in section["weeks"].items()}
    known = frame[event].astype(str).isin(weeks)
    if not known.all():
        others = sorted(set(frame.loc[~known, event].dropna().astype(str)))
        notes.append(f"{int((~known).sum())} rows of events without a week are left out: {', '.join(others[:8])}")
    used = frame[known]
    return used.assign(week=used[event].astype(str).map(weeks).astype(float))


def _long(frame: Any, section: Mapping[str, Any], file: str, notes: list[str]) -> Any:
    """One row a patient and week from one row a patient; "{week}" in a column name stands for the week."""
    import pandas as pd

    wide = section["wide"]
    for key in wide:
        one_of("wide", key, ("weeks", "columns"))
    weeks, columns = wide.get("weeks", []), wide.get("columns", {})
    if not weeks or not columns:
        raise OptionError('[tables.*.wide] needs weeks = [0, 4, ...] and columns = {nrs_worst = "nrs_w{week}"}.')
    id_column = str(section.get("columns", {}).get("id", "id"))
    _need(frame, id_column, file, "columns.id")
    parts = []
    places = {
        ours: {week: str(pattern).replace("{week}", f"{week:g}") for week in weeks} for ours, pattern in columns.items()
    }
    for ours, names in places.items():
        absent = [week for week, theirs in names.items() if theirs not in frame.columns]
        if len(absent) == len(names):
            _need(frame, next(iter(names.values())), file, f"wide.columns.{ours}")
        if absent:
            listed = ", ".join(f"{week:g}" for week in absent)
            notes.append(f"{ours} has no column for week {listed}: missing there")
    for week in weeks:
        part = {id_column: frame[id_column].to_numpy(), "week": np.full(len(frame), float(week))}
        for ours, names in places.items():
            part[ours] = frame[names[week]].to_numpy() if names[week] in frame.columns else np.full(len(frame), np.nan)
        parts.append(pd.DataFrame(part, index=frame.index))  # a finding names the row of the file
    return pd.concat(parts)


def _coded(frame: Any, section: Mapping[str, Any], file: str, notes: list[str]) -> Any:
    for column, codes in section.get("codes", {}).items():
        _need(frame, column, file, "codes")
        if not isinstance(codes, dict):
            raise OptionError(f"codes.{column} is not a table of codes.")
        words = frame[column].astype(object)
        texts = words.where(words.isna(), words.map(_plain_code))
        known = texts.isin([*codes, *map(str, codes.values())])
        strange = int((~known & texts.notna()).sum())
        if strange:
            notes.append(
                f"{count_of(strange, 'cell', 'cells')} of {column} with a code that the mapping does not name: left "
                f"as {'it is' if strange == 1 else 'they are'}"
            )
        frame = frame.assign(**{column: texts.map(codes).where(texts.isin(list(codes)), texts)})
        if all(isinstance(value, (int, float)) for value in codes.values()):
            import pandas as pd

            frame[column] = pd.to_numeric(frame[column], errors="coerce")
    return frame


def _plain_code(value: object) -> str:
    """A code as text; 1.0, as it stands where a spreadsheet took a column with gaps for numbers, is "1"."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return re.sub(r"^(-?\d+)\.0+$", r"\1", str(value).strip())


# shape of a date -> how it is read; others are ambiguous (05/06/2024) and need date_format
DATE_SHAPES = {r"\d{4}-\d{1,2}-\d{1,2}": "%Y-%m-%d", r"\d{1,2}\.\d{1,2}\.\d{4}": "%d.%m.%Y"}


def _dates(cells: Any, file: str, column: str, stated: str | None = None) -> Any:
    import pandas as pd

    words = cells.astype(object).map(lambda value: str(value).strip(), na_action="ignore")
    if stated:
        dates = pd.to_datetime(words, format=stated, errors="coerce")
    else:
        words = words.map(lambda text: re.split(r"[ T]", text)[0], na_action="ignore")
        dates = pd.Series(pd.NaT, index=cells.index, dtype="datetime64[ns]")
        for shape, form in DATE_SHAPES.items():
            fits = (
                words.map(lambda text, shape=shape: re.fullmatch(shape, text) is not None, na_action="ignore")
                .fillna(False)
                .astype(bool)
            )
            dates = dates.where(~fits, pd.to_datetime(words.where(fits), format=form, errors="coerce"))
    wrong = np.flatnonzero((dates.isna() & cells.notna()).to_numpy())
    if len(wrong):
        row = int(cells.index[wrong[0]]) + 2
        raise TableError(
            "not a date", file=file, row=row, column=column,
            expected=f"a date as {stated}" if stated else "a date as 2024-05-31 or 31.05.2024",
            action='State another order in the mapping, such as date_format = "%d/%m/%Y"' if not stated else None,
        )  # fmt: skip
    return dates


def _starts(frame: Any, section: Mapping[str, Any], file: str) -> Any:
    """The start date of each patient, where it stands in one row of the patient only."""
    start = section.get("start")
    if not start:
        return None
    _need(frame, str(start), file, "start")
    id_column = str(section.get("columns", {}).get("id", "id"))
    _need(frame, id_column, file, "columns.id")
    known = frame[frame[start].notna()].drop_duplicates(id_column)
    if not len(known):
        return None
    dates = _dates(known[start], file, str(start), section.get("date_format"))
    return dates.set_axis(known[id_column].to_numpy())


def _days(frame: Any, section: Mapping[str, Any], starts: Any, file: str) -> Any:
    stated = section.get("date_format")
    for ours, pair in section.get("days", {}).items():
        if not isinstance(pair, list) or len(pair) != 2:
            raise OptionError(f'days.{ours} needs two date columns, as {ours} = ["visit_date", "rt_start"].')
        _need(frame, str(pair[0]), file, f"days.{ours}")
        later = _dates(frame[pair[0]], file, str(pair[0]), stated)
        if starts is not None and pair[1] == section.get("start"):
            earlier = frame["id"].map(starts)
        else:
            _need(frame, str(pair[1]), file, f"days.{ours}")
            earlier = _dates(frame[pair[1]], file, str(pair[1]), stated)
        frame = frame.assign(**{ours: (later - earlier).dt.days.astype(float)})
    return frame


def _converted(frame: Any, section: Mapping[str, Any], notes: list[str]) -> Any:
    for column, unit in section.get("units", {}).items():
        ours = LIMITS[column].unit if column in LIMITS else ""
        if unit == ours:
            continue
        if (unit, ours) not in UNITS:
            offered = ", ".join(repr(a) for a, b in UNITS if b == ours) or "none"
            raise OptionError(
                f"units.{column}={unit!r} cannot be brought to {ours or 'a known unit'!r}. Known: {offered}."
            )
        if column not in frame.columns:
            raise TableError(f"there is no column {column!r}", expected="a column named in units")
        import pandas as pd

        numbers: Any = pd.to_numeric(frame[column], errors="coerce")
        frame = frame.assign(**{column: numbers * UNITS[unit, ours]})
        notes.append(f"{column} brought from {unit} to {ours}")
    return frame
