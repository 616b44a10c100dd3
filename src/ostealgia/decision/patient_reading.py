"""A patient from JSON or a mapping: checked field by field, converted to the fields' units, everything not given unknown.

No message holds a value, a name or an identifier of a patient: it names the field and what is expected. ``PatientError.found`` keeps what
was found, for a caller that was asked to show it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ostealgia.decision.fact_fields import CHOICE, FLAG, LABORATORY, Field, fields, groups, read_toml
from ostealgia.errors import OstealgiaError, suggestion
from ostealgia.io.json_input import parse_json, read_json

LARGEST_BYTES = 1_000_000
SHOWN = 8  # problems in one message
NONE = "none"
ABSENT = (*("comorbidity", "medication", "dental", "symptoms"),)  # groups that may be "none" as a whole
REMARKS = ("$schema", "id", "comment")
SCALES = ("0-10", "0-24", "0-38", "grade", "points", "ratio")  # "units" that say no more than the range
COURSE = ("to_index_site", "weeks_ago", "dose_gy", "fractions")


class PatientError(OstealgiaError):
    """A patient's record that cannot be read.

    problems : (field, what is wrong and expected).  found : field -> the value, which is not in the text.  readable : what of the
    record could be read.  answer : what ``options`` makes of that, emergencies and no therapies; None where nothing was judged.
    """

    answer: Any = None

    def __init__(
        self,
        problems: Sequence[tuple[str, str]],
        *,
        found: Mapping[str, Any] | None = None,
        readable: Patient | None = None,
    ) -> None:
        self.problems = tuple(problems)
        self.found = dict(found or {})
        self.readable = readable
        shown = [f"{name}: {text}" if name else text for name, text in self.problems[:SHOWN]]
        if len(self.problems) > SHOWN:
            shown.append(f"and {len(self.problems) - SHOWN} more")
        super().__init__("; ".join(shown) + ".")


@dataclass(frozen=True, kw_only=True)
class Patient:
    """Checked values by field, in the fields' units; what is not there is unknown.

    queried : fields whose value is implausible and not confirmed.  given_units : laboratory field -> the unit it was given in.
    clashes : two places of the record that say opposite things, and what.
    """

    values: Mapping[str, Any]
    queried: tuple[str, ...] = ()
    given_units: Mapping[str, str] = field(default_factory=dict)
    clashes: tuple[tuple[tuple[str, ...], str], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass
class _Reader:
    values: dict[str, Any] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    confirmed: set[str] = field(default_factory=set)
    problems: list[tuple[str, str]] = field(default_factory=list)
    found: dict[str, Any] = field(default_factory=dict)
    clashes: list[tuple[tuple[str, ...], str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def patient(self) -> Patient:
        """What was read so far."""
        queried = tuple(
            name for name in self.values if name not in self.confirmed and implausible(name, self.values[name])
        )
        return Patient(
            values=self.values,
            queried=queried,
            given_units=self.units,
            clashes=tuple(self.clashes),
            notes=tuple(dict.fromkeys(self.notes)),
        )

    def wrong(self, name: str, text: str, value: Any = None) -> None:
        self.problems.append((name, text))
        if value is not None:
            self.found[name] = value


def read_patient_file(path: str | Path) -> dict[str, Any]:
    """The JSON object of a file. Raises JsonError where it cannot be read, PatientError where it is no object."""
    return _object(read_json(path, most_bytes=LARGEST_BYTES))


def read_patient_json(data: bytes | str) -> dict[str, Any]:
    """The JSON object of a text; duplicate names, NaN, huge numbers and deep nesting are refused with a JsonError.

    >>> read_patient_json('{"age_years": 60}')
    {'age_years': 60}
    """
    return _object(parse_json(data, most_bytes=LARGEST_BYTES))


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PatientError([("", "the record is not an object. Expected: {...} with the facts of one patient")])
    return value


def read_patient(given: Mapping[str, Any]) -> Patient:
    """The checked values of a patient's record. Raises PatientError that names each field that cannot be used.

    >>> patient = read_patient({"labs": {"creatinine": {"value": 1.2, "unit": "mg/dL"}}, "comorbidity": "none"})
    >>> round(patient.values["labs.creatinine"], 1), patient.values["comorbidity.diabetes"]
    (106.1, False)
    """
    if not isinstance(given, Mapping):
        raise PatientError([("", "the record is not an object. Expected: a mapping with the facts of one patient")])
    reader = _Reader()
    for place, (name, value) in enumerate(given.items(), start=1):
        if name in REMARKS or name == "previous_radiotherapy" or value is None:
            continue
        if name in groups():
            _group(reader, str(name), value)
        elif name in fields():
            _value(reader, fields()[str(name)], value)
        else:
            names = [*fields(), *groups(), "previous_radiotherapy"]
            reader.wrong("", f"field {place} of the record is not known{_hint(name, names)}")
    if given.get("previous_radiotherapy") is not None:
        _courses(reader, given["previous_radiotherapy"])
    patient = reader.patient()
    if reader.problems:
        raise PatientError(reader.problems, found=reader.found, readable=patient)
    return patient


def implausible(name: str, value: Any) -> bool:
    """Whether a value is outside what is plausible in its unit."""
    one = fields()[name]
    return one.numeric and not isinstance(value, str) and not one.low <= value <= one.high


def _hint(name: Any, names: Iterable[str]) -> str:
    """A near name, without the one that was found: a key can hold anything."""
    near = suggestion(name, names) if isinstance(name, str) and len(name) < 100 else ""
    return f" ({near.strip().rstrip('?').replace('Did you mean', 'perhaps')})" if near else ""


def _group(reader: _Reader, group: str, value: Any) -> None:
    if value == NONE and group in ABSENT:
        for inner in groups()[group]:
            reader.values[f"{group}.{inner}"] = False
        return
    if value == NONE and group == "opioids":
        reader.values.update({"opioids.taking": False, "opioids.omed_mg_per_day": 0})
        return
    if group == "medication" and isinstance(value, list):
        value = {"list": value}
    if not isinstance(value, Mapping):
        extra = ' or "none"' if group in ABSENT or group == "opioids" else ""
        reader.wrong(group, f"expected: an object with its fields{extra}")
        return
    for place, (inner, one) in enumerate(value.items(), start=1):
        name = f"{group}.{inner}"
        if one is None:
            continue
        if name in fields():
            _value(reader, fields()[name], one)
        elif group == "medication" and inner in ("list", "list_complete"):
            continue
        elif group == "neurology" and inner == "new_deficit":
            reader.wrong("neurology", 'new_deficit is a value of "status"')
        else:
            reader.wrong(group, f"field {place} of this group is not known{_hint(inner, groups()[group])}")
    if group == "medication" and value.get("list") is not None:
        _medication(reader, value["list"], value.get("list_complete"))


def _value(reader: _Reader, one: Field, value: Any) -> None:
    if type(value).__module__ == "numpy" and getattr(value, "shape", None) == ():
        value = value.item()  # a scalar of a frame's row
    if one.type == FLAG:
        if value == NONE:
            value = False
        if not isinstance(value, bool):
            reader.wrong(one.name, "expected: true, false, or null where it is not known", value)
            return
        reader.values[one.name] = value
    elif one.type == CHOICE:
        if not isinstance(value, str) or value not in one.choices:
            reader.wrong(one.name, f"expected one of: {', '.join(one.choices)}", value)
            return
        reader.values[one.name] = value
    elif one.type == LABORATORY:
        _laboratory(reader, one, value)
    else:
        _number(reader, one, value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _number(reader: _Reader, one: Field, given: Any) -> None:
    value: Any = given
    if isinstance(given, Mapping) and set(given) <= {"value", "confirmed"} and "value" in given:
        value = given["value"]
        if value is None:
            return
        if given.get("confirmed") is True:
            reader.confirmed.add(one.name)
    if value == "never" and one.never:
        reader.values[one.name] = value
        return
    word = ', or "never"' if one.never else ""
    if not _is_number(value):
        reader.wrong(one.name, f"expected: a number{_in_unit(one, ' in ')}{word}", value)
    elif not one.min <= float(value) <= one.max:
        reader.wrong(one.name, f"expected: {one.min:g} to {one.max:g}{_in_unit(one, ' ')}{word}", value)
    elif (one.whole and value != int(value)) or (one.step and value % one.step):
        reader.wrong(one.name, f"expected: steps of {one.step or 1:g}", value)
    else:
        reader.values[one.name] = value


def _in_unit(one: Field, before: str) -> str:
    """The unit, unless it is a scale."""
    return "" if one.unit in SCALES else f"{before}{one.unit}"


def _laboratory(reader: _Reader, one: Field, value: Any) -> None:
    wanted = f'expected: {{"value": a number, "unit": {" or ".join(map(json.dumps, one.units))}}}'
    if not isinstance(value, Mapping) or not {"value", "unit"} <= set(value) <= {"value", "unit", "confirmed"}:
        reader.wrong(one.name, wanted, value)
        return
    number, unit = value["value"], folded_unit(value["unit"])
    if number is None:
        return
    if not _is_number(number) or unit not in one.units:
        reader.wrong(one.name, wanted, value)
        return
    converted = float(number) * one.units[unit]
    converted = round(converted, 10) if one.units[unit] != 1 else converted
    if not one.min <= converted <= one.max:
        reader.wrong(one.name, f"the value is impossible; {wanted}", value)
        return
    if value.get("confirmed") is True:
        reader.confirmed.add(one.name)
    reader.values[one.name] = converted
    reader.units[one.name] = unit
    if unit != one.unit:
        reader.notes.append(f"{one.label} was converted from {unit} to {one.unit}")


# other spellings, in small letters (UCUM's among them) -> the fields' own
_UNITS = {
    **dict.fromkeys(("ml/min/1.73m2", "ml/min/1.73m\u00b2", "ml/min/1.73m^2", "ml/min/{1.73_m2}"), "mL/min/1.73m2"),
    **dict.fromkeys(("g/l", "gram/l"), "g/L"),
    **dict.fromkeys(("10^9/l", "giga/l", "gpt/l"), "10^9/L"),
    **dict.fromkeys(("k/ul", "k/mm3", "10^3/mm3", "10^3/ul"), "10^3/uL"),
    **dict.fromkeys(("/ul", "/mm3", "cells/ul", "{cells}/ul", "cells/mm3"), "/uL"),
    **dict.fromkeys(("mmol/l",), "mmol/L"),
    **dict.fromkeys(("umol/l", "mcmol/l"), "umol/L"),
    **dict.fromkeys(("mg/dl", "mg%"), "mg/dL"),
    **dict.fromkeys(("g/dl", "g%"), "g/dL"),
}


def folded_unit(unit: Any) -> str:
    """A unit as the fields spell it: "µmol/l" is "umol/L", "x10^9/L" is "10^9/L".

    >>> folded_unit("µmol/l"), folded_unit("x10E9/L"), folded_unit("mg/dl")
    ('umol/L', '10^9/L', 'mg/dL')
    """
    if not isinstance(unit, str):
        return ""
    plain = re.sub(r"\s", "", unit)[:40].replace("\u00b5", "u").replace("\u03bc", "u").replace("\u00d7", "x")
    plain = re.sub(r"^[xX*](?=10)", "", plain)
    plain = re.sub(r"^10(?:\*|E|e|\^)?(?=\d+/)", "10^", plain)
    plain = plain.replace("\u2079", "^9").replace("\u00b3", "^3").replace("10^^", "10^").replace("mm^3", "mm3")
    return "10^9/L" if plain == "G/L" else _UNITS.get(plain.lower(), plain)


@cache
def _drug_flags() -> dict[str, tuple[str, ...]]:
    made: dict[str, list[str]] = {}
    for flag, names in read_toml("medication_names.toml").items():
        if isinstance(names, list):
            for name in names:
                made.setdefault(name, []).extend([] if flag == "other" else [flag])
    return {name: tuple(flags) for name, flags in made.items()}


def _medication(reader: _Reader, given: Any, complete: Any) -> None:
    """Names of drugs set their flags; only a list said to be complete, with every name known, sets the others to absent."""
    if given == NONE:
        for inner in groups()["medication"]:
            reader.values.setdefault(f"medication.{inner}", False)
        return
    if not isinstance(given, list) or (complete is not None and not isinstance(complete, bool)):
        reader.wrong("medication", 'expected: "list": [names of drugs] and "list_complete": true or false')
        return
    unknown = 0
    for place, entry in enumerate(given, start=1):
        name = entry.get("drug") if isinstance(entry, Mapping) else entry
        if not isinstance(name, str):
            reader.wrong("medication", f"entry {place} of the list: expected the name of a drug")
            continue
        flags = _drug_flags().get(re.sub(r"\s+", " ", name[:200]).strip().casefold())
        unknown += flags is None
        for flag in flags or ():
            _drug(reader, flag)
    if unknown:
        reader.notes.append(
            f"{unknown} of {len(given)} names of drugs are not known here; classes that are not named stay unknown"
        )
    if complete is True and not unknown:
        for inner in groups()["medication"]:
            reader.values.setdefault(f"medication.{inner}", False)


def _drug(reader: _Reader, flag: str) -> None:
    name = f"medication.{flag}"
    if reader.values.get(name) is False:
        reader.clashes.append(
            ((name, "medication.list"), f"The list of drugs holds what {fields()[name].label} denies.")
        )
    reader.values[name] = True


def _courses(reader: _Reader, given: Any) -> None:
    """Courses of radiotherapy: those to the index site set its fields; others tell nothing about it."""
    site = "radiotherapy.previous_at_site"
    if given == NONE:
        if reader.values.setdefault(site, False):
            reader.clashes.append(
                (
                    (site, "previous_radiotherapy"),
                    "Radiotherapy to the site, and no course at all, do not fit together.",
                )
            )
        return
    if not isinstance(given, list):
        reader.wrong("previous_radiotherapy", 'expected: a list of courses, or "none"')
        return
    here = []
    for place, course in enumerate(given, start=1):
        where = f"previous_radiotherapy, course {place}"
        if not isinstance(course, Mapping) or not set(course) <= {*COURSE, "site", "comment"}:
            reader.wrong(where, f"expected: an object with {', '.join(COURSE)}")
            continue
        if course.get("to_index_site") not in (True, False, None):
            reader.wrong(where, "to_index_site: expected true or false")
        for inner in COURSE[1:]:
            if course.get(inner) is not None and not (_is_number(course[inner]) and 0 <= course[inner] <= 5000):
                reader.wrong(where, f"{inner}: expected a number from 0 to 5000")
        if course.get("to_index_site") is True:
            here.append(course)
    if reader.problems or not here:
        return
    if reader.values.get(site) is False:
        reader.clashes.append(
            ((site, "previous_radiotherapy"), "No radiotherapy to the site, and a course to it, do not fit together.")
        )
    reader.values[site] = True
    for inner, name, join in (
        ("weeks_ago", "radiotherapy.weeks_since_last", min),
        ("dose_gy", "radiotherapy.dose_gy", sum),
        ("fractions", "radiotherapy.fractions", sum),
    ):
        found = [course.get(inner) for course in here]
        if not all(one is not None for one in found):
            continue
        value = join(found)
        if reader.values.get(name, value) != value:
            reader.clashes.append(
                ((name, "previous_radiotherapy"), f"The {fields()[name].label} differs from the list of courses.")
            )
        _number(reader, fields()[name], value)
    if len(here) > 1:
        reader.notes.append(
            "several courses to the site: dose and fractions are their sums, the interval is the shortest"
        )
