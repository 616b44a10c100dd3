"""A first mapping for an export: columns that look like ours, each line with the reason; a draft that is refused until it was checked."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ostealgia.cohort.reading_frames import load_raw
from ostealgia.cohort.reading_mapping import DRAFT, EVENT_COLUMN, UNITS
from ostealgia.cohort.reading_schema import LIMITS
from ostealgia.display import count_of
from ostealgia.errors import TableError

LIKE = 0.84  # of difflib's ratio; below it two names are not called alike
REPEAT, INSTANCE = "redcap_repeat_instrument", "redcap_repeat_instance"
# column of a REDCap data dictionary -> ours
DICTIONARY = {
    "Variable / Field Name": "name",
    "Field Label": "label",
    "Choices, Calculations, OR Slider Labels": "choices",
    "Identifier?": "identifier",
}
# table -> our column -> names that exports use for it, without week, unit and punctuation
NAMES: dict[str, dict[str, tuple[str, ...]]] = {
    "patients": {
        "id": ("record id", "patient id", "subject id", "study id", "pat id", "patienten id", "patientennummer", "pseudonym",
        "participant"),
        "group": ("arm", "treatment group", "allocation", "treatment arm", "gruppe", "behandlungsgruppe", "cohort group"),
        "age": ("age years", "age at index", "alter", "age at treatment"),
        "sex": ("gender", "geschlecht", "sex at birth"),
        "ecog": ("ecog ps", "ecog performance status", "performance status", "who ps"),
        "tumour": ("primary tumour", "primary tumor", "tumor", "primary", "primärtumor", "cancer type", "histology"),
        "n_bone_mets": ("number of bone metastases", "bone metastases", "anzahl knochenmetastasen"),
        "charlson": ("charlson index", "cci", "charlson comorbidity index"),
        "nrs_baseline": ("baseline nrs", "baseline pain", "pain at baseline", "worst pain baseline"),
        "omed_baseline_mg": ("baseline omed", "omed baseline", "morphine equivalent baseline"),
        "rt_dose_gy": ("total dose", "rt dose", "dose gy", "gesamtdosis", "radiation dose"),
        "rt_fractions": ("fractions", "number of fractions", "fraktionen", "anzahl fraktionen"),
        "visceral_mets": ("visceral metastases", "viszerale metastasen"),
        "pathological_fracture": ("fracture", "pathologische fraktur"),
        "strong_opioid_baseline": ("strong opioid", "opioid at baseline", "starkes opioid"),
    },
    "visits": {
        "nrs_worst": ("nrs", "worst pain", "pain worst", "pain", "nrs worst pain", "schmerz", "schmerzskala",
        "worst pain last 24 h", "bpi worst pain"),
        "omed_mg": ("omed", "morphine equivalent", "oral morphine equivalent", "opioid mg", "med mg", "morphinäquivalent"),
        "day": ("study day", "day of visit"),
        "week": ("visit week", "woche"),
    },
    "labs": {
        "hemoglobin": ("hb", "haemoglobin", "hämoglobin", "hgb"),
        "crp": ("c reactive protein", "c reaktives protein"),
        "nlr": ("neutrophil lymphocyte ratio",),
        "albumin": ("alb", "serum albumin"),
    },
    "adverse_events": {
        "term": ("ae term", "event term", "adverse event", "ctcae term"),
        "grade": ("ae grade", "ctcae grade", "grad"),
        "onset_day": ("ae day", "onset day"),
    },
    "events": {
        "os_months": ("overall survival months", "os time", "survival months", "os monate"),
        "os_event": ("death", "dead", "died", "os status", "verstorben"),
        "pfs_months": ("pfs time", "progression free survival months"),
        "pfs_event": ("progression or death", "pfs status"),
        "reirradiation_day": ("reirradiation", "re irradiation day"),
    },
}  # fmt: skip
WEEK = re.compile(r"[ _-]*\b(?:w|wk|week|woche)[ _-]?(\d{1,3})\b|[ _-](?:w|wk)(\d{1,3})$", re.IGNORECASE)
DATES = {"start": ("rt start", "start of treatment", "first fraction", "treatment start", "bestrahlungsbeginn",
"therapiebeginn", "date of first fraction"),
         "visit": ("visit date", "date of visit", "visitendatum", "datum", "assessment date"),
         "adverse event": ("ae date", "ae start", "onset date", "onset", "date of onset")}  # fmt: skip


@dataclass(frozen=True)
class Suggestion:
    """One line of the draft. how : "same name", "known name" or "similar name"; label : it was the field's label that told."""

    table: str
    ours: str
    theirs: str
    how: str
    weeks: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DraftMapping:
    """A draft. text : as TOML.  suggestions : its lines.  unused : columns of the export that nothing was suggested for.

    identifiers : columns that the dictionary calls identifying; they are left out.
    """

    text: str
    suggestions: tuple[Suggestion, ...]
    unused: tuple[str, ...]
    identifiers: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """JSON: suggestions, unused, identifiers, notes, mapping (the text)."""
        rows = [vars(one) | {"weeks": list(one.weeks)} for one in self.suggestions]
        return {
            "suggestions": rows,
            "unused": list(self.unused),
            "identifiers": list(self.identifiers),
            "notes": list(self.notes),
            "mapping": self.text,
        }


def draft_mapping(path: str | Path, *, dictionary: str | Path | None = None, sheet: str | None = None) -> DraftMapping:
    """Suggest a mapping for an export by the names of its columns, and where there is one by the labels of its REDCap dictionary.

    path : CSV, TSV or XLSX.  dictionary : the REDCap data dictionary (CSV, 18 columns).  sheet : of a workbook.
    No value of a patient is looked at but the names of REDCap events and instruments. The text begins with ``draft = true``, which
    ``oa.cohort.read`` refuses until somebody has checked the lines and removed it. Raises TableError.

    >>> import tempfile, pathlib
    >>> export = pathlib.Path(tempfile.mkdtemp()) / "export.csv"
    >>> _ = export.write_text("record_id,Alter,pain_w0,pain_w4\\n1,60,7,3\\n")
    >>> [(one.ours, one.theirs, one.how) for one in draft_mapping(export).suggestions]
    [('id', 'record_id', 'known name'), ('age', 'Alter', 'known name'), ('nrs_worst', 'pain_w{week}', 'known name')]
    """
    path = Path(path)
    frame, _ = load_raw(path, sheet=sheet, text=("id", EVENT_COLUMN, REPEAT))
    fields = _fields(Path(dictionary)) if dictionary is not None else {}
    identifiers = tuple(
        name for name, one in fields.items() if one["identifier"].lower() == "y" and name in frame.columns
    )
    columns = [str(name) for name in frame.columns if name not in (EVENT_COLUMN, REPEAT, INSTANCE, *identifiers)]
    found = _matches(columns, {name: one["label"] for name, one in fields.items()})
    used = {name for one in found for name in (columns if not one.weeks else ()) if name == one.theirs}
    used |= {
        name
        for one in found
        if one.weeks
        for week in one.weeks
        for name in columns
        if name == one.theirs.replace("{week}", str(week))
    }
    dates = {role: name for role, names in DATES.items() if (name := _date_column(columns, names, fields))}
    unused = tuple(name for name in columns if name not in used and name not in dates.values())
    events = _levels(frame, EVENT_COLUMN)
    instruments = _levels(frame, REPEAT)
    text = _toml(path.name, sheet, found, dates, fields, events, instruments, unused, identifiers)
    notes = (
        ()
        if any(one.ours == "id" for one in found)
        else ("no column looks like an identifier of the patient: fill in id",)
    )
    return DraftMapping(text=text, suggestions=tuple(found), unused=unused, identifiers=identifiers, notes=notes)


def _fields(path: Path) -> dict[str, dict[str, str]]:
    """name -> label, choices, identifier of a REDCap data dictionary."""
    frame, _ = load_raw(path, text=tuple(DICTIONARY))
    missing = [name for name in DICTIONARY if name not in frame.columns]
    if missing:
        raise TableError(
            f"there is no column {missing[0]!r}", file=path.name, expected="a REDCap data dictionary with its 18 columns",
            action="Download it in REDCap under Project Setup, Data Dictionary",
        )  # fmt: skip
    rows = frame[list(DICTIONARY)].astype(object).where(frame[list(DICTIONARY)].notna(), "")
    return {
        str(row["Variable / Field Name"]): {ours: str(row[theirs]) for theirs, ours in DICTIONARY.items()}
        for row in rows.to_dict("records")
    }


def _plain(name: str) -> str:
    """A name in small letters without week, unit and punctuation.

    >>> _plain("NRS Woche 4"), _plain("Hämoglobin (g/dl)"), _plain("record_id")
    ('nrs', 'hamoglobin', 'record id')
    """
    text = re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", name.replace("_", " "))
    text = WEEK.sub(" ", text)
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", " ", text).strip()


def _matches(columns: Sequence[str], labels: Mapping[str, str]) -> list[Suggestion]:
    """The best of our columns for each of theirs; each of ours once, the surest first."""
    scored: list[tuple[float, int, Suggestion]] = []
    for place, theirs in enumerate(columns):
        best = max(
            (_score(theirs, labels.get(theirs, ""), table, ours) for table in NAMES for ours in NAMES[table]),
            key=lambda one: one[0],
        )
        score, table, ours, how = best
        if score >= LIKE:
            scored.append((score, place, Suggestion(table, ours, theirs, how)))
    taken: dict[tuple[str, str], Suggestion] = {}
    for _, _, one in sorted(scored, key=lambda item: (-item[0], item[1])):
        week = _week(one.theirs)
        key = (one.table, one.ours)
        if key not in taken:
            pattern = one.theirs if week is None else _pattern(one.theirs)
            taken[key] = Suggestion(one.table, one.ours, pattern, one.how, () if week is None else (week,))
        elif week is not None and taken[key].weeks and _pattern(one.theirs) == taken[key].theirs:
            old = taken[key]
            taken[key] = Suggestion(old.table, old.ours, old.theirs, old.how, tuple(sorted({*old.weeks, week})))
    order = {(table, ours): i for i, (table, ours) in enumerate((t, o) for t in NAMES for o in NAMES[t])}
    return sorted(taken.values(), key=lambda one: order[one.table, one.ours])


def _score(theirs: str, label: str, table: str, ours: str) -> tuple[float, str, str, str]:
    name, own = _plain(theirs), _plain(ours)
    known = [_plain(one) for one in NAMES[table][ours]]
    if name == own:
        return 1.0, table, ours, "same name"
    if name in known:
        return 0.99, table, ours, "known name"
    if label and _plain(label) in (own, *known):
        return 0.98, table, ours, "known label"
    ratio = max(difflib.SequenceMatcher(None, name, one).ratio() for one in (own, *known))
    return min(ratio, 0.97), table, ours, "similar name"


def _week(name: str) -> int | None:
    found = WEEK.search(name.replace("_", " "))
    return int(found[1] or found[2]) if found else None


def _pattern(name: str) -> str:
    """ "pain_w4" as "pain_w{week}"; the last number of the name is the week."""
    return re.sub(r"(\d+)(?!.*\d)", "{week}", name)


def _date_column(columns: Sequence[str], names: Sequence[str], fields: Mapping[str, Mapping[str, str]]) -> str | None:
    known = {_plain(name) for name in names}
    return next(
        (name for name in columns if _plain(name) in known or _plain(fields.get(name, {}).get("label", "")) in known),
        None,
    )


def _levels(frame: Any, column: str) -> list[str]:
    return sorted({str(value) for value in frame[column].dropna()}) if column in frame.columns else []


def _week_of_event(event: str) -> int | None:
    """ "week_4_arm_1" is 4, "baseline_arm_1" 0, others unknown."""
    plain = re.sub(r"_arm_\d+$", "", event)
    found = re.search(r"(?:week|woche|w|wk)_?(\d+)", plain)
    return int(found[1]) if found else 0 if re.search(r"baseline|screening|day_0", plain) else None


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _toml(
    file: str, sheet: str | None, found: Sequence[Suggestion], dates: Mapping[str, str], fields: Mapping[str, Mapping[str, str]],
    events: Sequence[str], instruments: Sequence[str], unused: Sequence[str], identifiers: Sequence[str],
) -> str:  # fmt: skip
    lines = [
        "# A DRAFT, suggested from the names of the columns only. Check every line, then remove the next one.",
        f"{DRAFT} = true",
        "",
    ]
    own_id = next((one for one in found if one.ours == "id"), None)
    for table in NAMES:
        mine = [one for one in found if one.table == table and one.ours != "id"]
        if not mine and table not in ("patients", "visits"):
            continue
        lines += _section(table, file, sheet, own_id, mine, dates, fields, events, instruments)
    if identifiers:
        lines.append(f"# left out, because the dictionary calls them identifying: {', '.join(identifiers)}")
    if unused:
        lines.append(f"# nothing was suggested for {count_of(len(unused), 'column', 'columns')}: {', '.join(unused)}")
    return "\n".join(lines).rstrip() + "\n"


def _section(
    table: str, file: str, sheet: str | None, own_id: Suggestion | None, mine: Sequence[Suggestion], dates: Mapping[str, str],
    fields: Mapping[str, Mapping[str, str]], events: Sequence[str], instruments: Sequence[str],
) -> list[str]:  # fmt: skip
    lines = [f"[tables.{table}]", f"file = {_quoted(file)}"]
    if sheet:
        lines.append(f"sheet = {_quoted(sheet)}")
    id_line = f"id = {_quoted(own_id.theirs)}" if own_id else 'id = "?"  # no column looked like it'
    lines += [f"columns.{id_line}" + (f"  # {own_id.how}" if own_id else "")]
    lines += [f"columns.{one.ours} = {_quoted(one.theirs)}  # {one.how}" for one in mine if not one.weeks]
    lines += [line for one in mine if not one.weeks for line in _code_lines(one, fields)]
    found = {event: week for event in events if (week := _week_of_event(event)) is not None}
    weeks = dict(sorted(found.items(), key=lambda item: item[1]))
    if instruments:
        likely = difflib.get_close_matches(table, instruments, n=1, cutoff=0.7) if table == "adverse_events" else []
        lines.append(
            f'only.{REPEAT} = [{_quoted(likely[0]) if likely else _quoted("")}]  # of: {", ".join(instruments)}; "" is a row of no repeat'
        )
    if events and table == "patients":
        base = [event for event, week in weeks.items() if week == 0]
        lines.append(f"only.{EVENT_COLUMN} = [{', '.join(map(_quoted, base))}]")
    elif events and table in ("visits", "labs"):
        lines += [f"weeks.{_quoted(event)} = {week}  # by the name of the event" for event, week in weeks.items()]
        left = [event for event in events if event not in weeks]
        lines += [f"# weeks.{_quoted(event)} = ?" for event in left]
    lines += [line for one in mine for line in _unit_lines(one, fields)]
    wide = [one for one in mine if one.weeks]
    lines += _day_lines(table, dates, bool(wide))
    lines.append('# missing = ["-99"]  # the export\'s codes for missing, if it has any')
    if wide:
        every = sorted({week for one in wide for week in one.weeks})
        lines += [f"[tables.{table}.wide]", f"weeks = [{', '.join(map(str, every))}]"]
        lines += [f"columns.{one.ours} = {_quoted(one.theirs)}  # {one.how}" for one in wide]
        if table == "visits" and {"start", "visit"} <= set(dates) and _week(dates["visit"]) is not None:
            lines.append(f"columns.visit_date = {_quoted(_pattern(dates['visit']))}")
    elif table == "labs" and not events:
        once = [one for one in mine if not one.weeks]
        lines = [line for line in lines if not any(line.startswith(f"columns.{one.ours} ") for one in once)]
        lines += ["[tables.labs.wide]  # one row a patient: is it of week 0?", "weeks = [0]"]
        lines += [f"columns.{one.ours} = {_quoted(one.theirs)}  # {one.how}" for one in once]
    return [*lines, ""]


def _day_lines(table: str, dates: Mapping[str, str], wide: bool) -> list[str]:
    """Days from dates: of the visit, and of the onset of an adverse event."""
    role, ours = {"visits": ("visit", "day"), "adverse_events": ("adverse event", "onset_day")}.get(table, ("", ""))
    if role not in dates or "start" not in dates:
        return []
    own = "visit_date" if wide and _week(dates[role]) is not None else dates[role]
    return [f"start = {_quoted(dates['start'])}", f"days.{ours} = [{_quoted(own)}, {_quoted(dates['start'])}]"]


def _unit_lines(one: Suggestion, fields: Mapping[str, Mapping[str, str]]) -> list[str]:
    """The unit that stands in brackets in the name or the label, where it is another than ours and can be converted."""
    if one.ours not in LIMITS or not LIMITS[one.ours].unit:
        return []
    told = re.findall(r"[(\[]([^)\]]+)[)\]]", f"{one.theirs} {fields.get(one.theirs, {}).get('label', '')}")
    for unit, ours in UNITS:
        if ours == LIMITS[one.ours].unit and unit.lower() in {text.strip().lower() for text in told}:
            return [f"units.{one.ours} = {_quoted(unit)}  # in the name of the column"]
    return []


OUR_CODES = {"sex": ("male", "female"), "group": ()}


def _code_lines(one: Suggestion, fields: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Codes of a column with words of ours, from the choices of the dictionary ("1, Male | 2, Female")."""
    choices = fields.get(one.theirs, {}).get("choices", "")
    if one.ours not in OUR_CODES or "|" not in choices:
        return []
    pairs = [part.split(",", 1) for part in choices.split("|") if "," in part]
    return [
        f"codes.{one.ours}.{_quoted(code.strip())} = {_quoted(label.strip().lower())}  # by the dictionary"
        for code, label in pairs
    ]
