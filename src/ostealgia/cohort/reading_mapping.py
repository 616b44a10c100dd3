"""Other exports (CSV, XLSX, REDCap) brought to the tables of a cohort by a mapping file in TOML; nothing in it is evaluated.

[tables.patients]
file = "export.csv"                      # or sheet = "..." of a workbook
columns = {id = "record_id", age = "age_years"}          # ours = the export's; those named alike need no line
only = {redcap_event_name = ["baseline_arm_1"]}          # rows that belong to this table
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

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ostealgia.cohort.reading_frames import load_raw
from ostealgia.cohort.reading_schema import FILES, LIMITS, TEXT_COLUMNS
from ostealgia.errors import OptionError, TableError, suggestion
from ostealgia.options import one_of

KEYS = ("file", "sheet", "columns", "only", "codes", "units", "days", "start", "weeks", "wide", "event_column")
EVENT_COLUMN = "redcap_event_name"
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
        one_of("section", key, ("tables",))
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
        frame = _long(frame, section, path.name)
    frame = frame.rename(columns={str(theirs): ours for ours, theirs in section.get("columns", {}).items()})
    frame = _coded(frame, section, path.name)
    frame = _days(frame, section, starts, path.name)
    return path.name, _converted(frame, section, said), tuple(said)


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
        frame = frame[frame[column].astype(str).isin(values)]
    return frame


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


def _long(frame: Any, section: Mapping[str, Any], file: str) -> Any:
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
    for week in weeks:
        part = {id_column: frame[id_column].to_numpy(), "week": np.full(len(frame), float(week))}
        for ours, pattern in columns.items():
            theirs = str(pattern).replace("{week}", f"{week:g}")
            _need(frame, theirs, file, f"wide.columns.{ours}")
            part[ours] = frame[theirs].to_numpy()
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True)


def _coded(frame: Any, section: Mapping[str, Any], file: str) -> Any:
    for column, codes in section.get("codes", {}).items():
        _need(frame, column, file, "codes")
        if not isinstance(codes, dict):
            raise OptionError(f"codes.{column} is not a table of codes.")
        words = frame[column].astype(object)
        texts = words.where(words.isna(), words.map(_plain_code))
        frame = frame.assign(**{column: texts.map(codes).where(texts.isin(list(codes)), texts)})
        if all(isinstance(value, (int, float)) for value in codes.values()):
            import pandas as pd

            frame[column] = pd.to_numeric(frame[column], errors="coerce")
    return frame


def _plain_code(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _dates(cells: Any, file: str, column: str) -> Any:
    import pandas as pd

    words = cells.astype(object).map(lambda value: str(value)[:10], na_action="ignore")
    dates = pd.to_datetime(words, format="%Y-%m-%d", errors="coerce")
    wrong = np.flatnonzero((dates.isna() & cells.notna()).to_numpy())
    if len(wrong):
        row = int(cells.index[wrong[0]]) + 2
        raise TableError("not a date", file=file, row=row, column=column, expected="year-month-day, as 2024-05-31")
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
    return _dates(known.set_index(id_column)[start].rename_axis(None), file, str(start)) if len(known) else None


def _days(frame: Any, section: Mapping[str, Any], starts: Any, file: str) -> Any:
    for ours, pair in section.get("days", {}).items():
        if not isinstance(pair, list) or len(pair) != 2:
            raise OptionError(f'days.{ours} needs two date columns, as {ours} = ["visit_date", "rt_start"].')
        _need(frame, str(pair[0]), file, f"days.{ours}")
        later = _dates(frame[pair[0]], file, str(pair[0]))
        if starts is not None and pair[1] == section.get("start"):
            earlier = frame["id"].map(starts)
        else:
            _need(frame, str(pair[1]), file, f"days.{ours}")
            earlier = _dates(frame[pair[1]], file, str(pair[1]))
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
