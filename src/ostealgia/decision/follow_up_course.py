"""Follow-up of a treated site: response at each visit, time to response and progression, and what should not be overlooked.

The class of a visit is that of the international consensus against the baseline before treatment. Nothing is carried forward; what is not
recorded is asked for. Alerts name the criterion and its source; the emergency stands first.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ostealgia.clinical.assessment import LIMITS, known, number, yes_no
from ostealgia.clinical.opioid_factors import opioid_table
from ostealgia.clinical.pain_response_result import RESPONDER
from ostealgia.clinical.pain_response_rules import pain_responses
from ostealgia.decision.follow_up_alerts import TIERS, Alert, alerts_of
from ostealgia.display import count_of
from ostealgia.errors import OptionError, TableError
from ostealgia.options import between
from ostealgia.tables.result import Result, plain

if TYPE_CHECKING:
    import pandas as pd

NAN = math.nan
# our name -> other names of the column
COLUMNS: dict[str, tuple[str, ...]] = {
    "id": ("patient", "patient_id"),
    "day": ("days", "study_day"),
    "week": ("weeks",),
    "pain": ("nrs_worst", "worst_nrs_0_10", "nrs_0_10", "worst_pain"),
    "omed_mg_per_day": ("omed_mg", "omed"),
    "doses": ("opioids",),
    "new_neurological_symptom": ("new_neurology", "neurological_symptom"),
    "analgesic_increased": (),
    "retreated": ("reirradiated", "after_reirradiation"),
    "died": ("death",),
}


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One visit against the baseline. pain : worst, 0 to 10.  omed_mg_per_day, omed_change_percent : NaN where not known (or no opioid at
    baseline).  pain_response : "CR", "PR", "PP", "IR" or "NE", "" at the baseline.  reason : why it is NE."""

    day: float
    pain: float
    omed_mg_per_day: float
    pain_change: float
    omed_change_percent: float
    pain_response: str
    reason: str
    extended_rule: bool
    new_neurological_symptom: bool | None
    retreated: bool
    died: bool

    @property
    def week(self) -> float:
        """Weeks from the start of treatment."""
        return self.day / 7.0


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class FollowUp(Result):
    """The course of one patient and site.

    visits : in order, the baseline first.  alerts : the most pressing first.  questions : what to ask because it is not recorded.
    response_day, response_after_day : first visit with CR or PR, and the visit before it (the onset lies between); NaN where none.
    progression_day : first visit with PP, second treatment of the site, or NaN.  last_day : of the last assessable visit.
    """

    id: str
    visits: tuple[Visit, ...]
    alerts: tuple[Alert, ...]
    questions: tuple[str, ...]
    response_day: float
    response_after_day: float
    progression_day: float
    progression_by: str
    death_day: float
    last_day: float
    table: str = ""

    @property
    def baseline(self) -> Visit:
        """The visit that all others are set against."""
        return self.visits[0]

    @property
    def latest(self) -> Visit:
        """The last visit."""
        return self.visits[-1]

    @property
    def best(self) -> str:
        """The best class at any visit: another outcome than the class at a week."""
        found = {one.pain_response for one in self.visits[1:] if not one.retreated}
        return next((name for name in ("CR", "PR", "IR", "PP", "NE") if name in found), "NE")

    def to_frame(self) -> pd.DataFrame:
        """One row a visit: id, day, week, pain, pain_change, omed_mg_per_day, omed_change_percent, pain_response, response_reason, ..."""
        import pandas as pd

        rows = [
            {
                "id": self.id, "day": one.day, "week": one.week, "pain": one.pain, "pain_change": one.pain_change,
                "omed_mg_per_day": one.omed_mg_per_day, "omed_change_percent": one.omed_change_percent, "pain_response": one.pain_response,
                "response_reason": one.reason, "new_neurological_symptom": one.new_neurological_symptom, "retreated": one.retreated,
                "died": one.died,
            }
            for one in self.visits
        ]  # fmt: skip
        return pd.DataFrame(rows)

    def to_dict(self) -> dict[str, Any]:
        """alerts first, then questions, summary, visits, notes."""
        return plain({
            "alerts": [vars(one) for one in self.alerts], "questions": self.questions,
            "summary": {
                "baseline_pain": self.baseline.pain, "baseline_omed_mg_per_day": self.baseline.omed_mg_per_day, "best_response": self.best,
                "latest_response": self.latest.pain_response, "latest_day": self.latest.day, "response_day": self.response_day,
                "response_after_day": self.response_after_day, "progression_day": self.progression_day,
                "progression_by": self.progression_by, "death_day": self.death_day, "last_day": self.last_day,
            },
            "visits": [{"week": round(one.week, 2), **vars(one)} for one in self.visits], "opioid_table": self.table, "notes": self.notes,
        })  # fmt: skip

    def text(self) -> str:
        """One printable page: alerts, questions, the course, what it amounts to."""
        head = f"Follow-up of the treated site{f', patient {self.id}' if self.id else ''}"
        lines = [head, "=" * len(head)]
        asked = [f"ASK: {question}" for question in self.questions]
        said = {tier: [_alert_line(one) for one in self.alerts if one.tier == tier] for tier in TIERS}
        first = [line for line in asked if _NEUROLOGICAL in line]
        lines += [*said["now"], *first, *said["urgent"], *said["look"], *(line for line in asked if line not in first)]
        lines += ["", "  day  week  worst pain  change   OMED mg/day   change  response"]
        lines += [_row(one, first=one is self.baseline) for one in self.visits]
        lines += ["", *(f"{words}" for words in self.summary_lines())]
        return "\n".join([*lines, "", *(f"note: {note}" for note in self.notes)])

    def summary_lines(self) -> tuple[str, ...]:
        """Best response, onset, progression and the end of follow-up in words."""
        if not any(one.pain_response not in ("", "NE") for one in self.visits):
            made = ["No visit after treatment can be classed."]
        elif self.best in RESPONDER:
            made = [f"Best response at any visit: {_CLASS_WORDS[self.best]}."]
        else:
            made = [f"No response at any visit; best class: {_CLASS_WORDS[self.best]}."]
        if not math.isnan(self.response_day):
            made.append(
                f"First response seen on day {self.response_day:g}; it began after day {self.response_after_day:g}."
            )
        elif self.last_day > 0:
            made.append(f"No response up to day {self.last_day:g}.")
        if not math.isnan(self.progression_day):
            made.append(f"Progression on day {self.progression_day:g}: {self.progression_by}.")
        elif self.last_day > 0:
            made.append(f"No progression seen up to day {self.last_day:g}.")
        if not math.isnan(self.death_day):
            made.append(f"Died by day {self.death_day:g}; no alerts are given.")
        return tuple(made)

    def __str__(self) -> str:
        return self.text()


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class FollowUps(Result):
    """The courses of many patients. courses : id -> course, in the order of the table."""

    courses: Mapping[str, FollowUp] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.courses)

    def __iter__(self) -> Iterator[FollowUp]:
        return iter(self.courses.values())

    def __getitem__(self, id: str) -> FollowUp:
        try:
            return self.courses[id]
        except KeyError:
            raise OptionError("there is no patient of that id in the follow-up.") from None

    def to_frame(self) -> pd.DataFrame:
        """One row a patient and visit."""
        import pandas as pd

        return pd.concat([one.to_frame() for one in self], ignore_index=True)

    def alert_frame(self) -> pd.DataFrame:
        """One row an alert, emergencies first: id, tier, kind, day, message, source, check_status."""
        import pandas as pd

        rows = [{"id": one.id, **vars(alert)} for one in self for alert in one.alerts]
        rows.sort(key=lambda row: TIERS.index(row["tier"]))
        return pd.DataFrame(rows, columns=["id", "tier", "kind", "day", "message", "source", "check_status"])

    def to_dict(self) -> dict[str, Any]:
        """id -> the dict of its course."""
        return {id: one.to_dict() for id, one in self.courses.items()}

    def text(self) -> str:
        """One page a patient."""
        return "\n\n\f".join(one.text() for one in self)

    def __str__(self) -> str:
        pressing = sum(any(alert.tier == "now" for alert in one.alerts) for one in self)
        lines = [
            f"FollowUps: {count_of(len(self), 'patient', 'patients')}, {count_of(pressing, 'emergency', 'emergencies')}"
        ]
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])


_TIER_WORDS = {"now": "EMERGENCY", "urgent": "URGENT", "look": "LOOK"}
_CLASS_WORDS = {
    "CR": "complete response", "PR": "partial response", "PP": "pain progression", "IR": "indeterminate response", "NE": "not evaluable",
    "": "baseline",
}  # fmt: skip


def _alert_line(one: Alert) -> str:
    return f"{_TIER_WORDS[one.tier]} (day {one.day:g}): {one.message} [{one.source}; check status: {one.check_status}]"


def _row(one: Visit, *, first: bool) -> str:
    def cell(value: float, form: str, width: int) -> str:
        return ("not known" if math.isnan(value) else format(value, form)).rjust(width)

    change, dose = ("".rjust(6), "".rjust(7)) if first else (
        cell(one.pain_change, "+g", 6) if not math.isnan(one.pain_change) else "".rjust(6),
        f"{one.omed_change_percent:+.0f}%".rjust(7) if not math.isnan(one.omed_change_percent) else "".rjust(7),
    )  # fmt: skip
    words = "baseline" if first else _CLASS_WORDS[one.pain_response]
    words += f" ({one.reason.replace('_', ' ')})" if one.reason else ""
    words += ", site treated again" if one.retreated else ""
    return f"{one.day:5g} {one.week:5.1f} {cell(one.pain, 'g', 11)} {change} {cell(one.omed_mg_per_day, 'g', 13)}  {dose}  {words}"


def follow_up(
    visits: pd.DataFrame | Iterable[Mapping[str, Any]],
    *,
    columns: Mapping[str, str] | None = None,
    table: str = "CDC_2022",
    high_omed_mg_per_day: float = 300.0,
    **rule: str,
) -> FollowUp | FollowUps:
    """How did pain and opioids go after treatment, and what should not be overlooked?

    visits : a frame or records, one row a visit: day (or week) from the start of treatment, 0 or less before it; pain (worst of 24 h at the
    treated site, 0 to 10); omed_mg_per_day, or doses (a list of {drug, route, dose, unit}, converted by ``table`` at every visit);
    new_neurological_symptom, analgesic_increased, retreated, died (yes or no). What is not given is not known. With a column id there may
    be many patients.  columns : our name -> yours.  high_omed_mg_per_day : from which specialist review is flagged.
    rule : options of ``ResponseRule``.
    Returns a FollowUp, or FollowUps where there is more than one id. Errors: TableError with the row, never with a value.

    >>> found = follow_up([{"day": 0, "pain": 7, "omed_mg_per_day": 60}, {"day": 28, "pain": 4, "omed_mg_per_day": 60},
    ...                    {"day": 84, "pain": 9, "omed_mg_per_day": 60, "new_neurological_symptom": "yes"}])
    >>> [one.pain_response for one in found.visits], found.response_day, found.progression_day, found.alerts[0].tier
    (['', 'PR', 'PP'], 28.0, 84.0, 'now')
    """
    between("high_omed_mg_per_day", high_omed_mg_per_day, 0.0, 100_000.0)
    opioid_table(table)
    records = [_record(row, i, columns or {}, table) for i, row in enumerate(_rows(visits), start=2)]
    if not records:
        raise TableError("there is no visit", expected="one row a visit, the baseline among them")
    patients: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        patients.setdefault(record["id"], []).append(record)
    if len(patients) > 1 and "" in patients:
        raise TableError("a visit has no id", row=patients[""][0]["row"], expected="an id in every row, or in none")
    ordered = {id: _with_baseline(rows) for id, rows in patients.items()}
    classes = _classify([row for rows in ordered.values() for row in rows[1:]], ordered, rule)
    converted = any(record["converted"] for record in records)
    notes = (*_notes(classes.notes if classes else (), table if converted else ""), LIMITS)
    courses, start = {}, 0
    for id, rows in ordered.items():
        stop = start + len(rows) - 1
        found = _visits(rows, classes, start)
        died = any(one.died for one in found)
        alerts = () if died else alerts_of(found, float(rows[0]["symptom_before"]), high_omed_mg_per_day)
        courses[id] = _course(id, found, alerts, table if converted else "", notes)
        start = stop
    return next(iter(courses.values())) if len(courses) == 1 else FollowUps(courses=courses, notes=notes)


def _rows(visits: Any) -> Iterator[Mapping[str, Any]]:
    """The rows of a frame or of records, as mappings."""
    if hasattr(visits, "to_dict") and hasattr(visits, "columns"):
        yield from visits.to_dict("records")
        return
    if isinstance(visits, (str, bytes, Mapping)):
        raise TableError("the visits are not a table", expected="a frame, or a list with one mapping a visit")
    for row in visits:
        if not isinstance(row, Mapping):
            raise TableError("a visit is not a mapping", expected="{'day': 0, 'pain': 7, 'omed_mg_per_day': 60}")
        yield row


def _value(row: Mapping[str, Any], name: str, columns: Mapping[str, str]) -> Any:
    for key in (columns.get(name), name, *COLUMNS[name]):
        if key is not None and key in row:
            return known(row[key])
    return None


def _record(row: Mapping[str, Any], at: int, columns: Mapping[str, str], table: str) -> dict[str, Any]:
    """One visit with checked values; the messages give the row and what is allowed."""
    for name in columns:
        if name not in COLUMNS:
            raise OptionError(f"columns has {name!r}, which is not one of {', '.join(map(repr, COLUMNS))}.")
    try:
        day = number("day", _value(row, "day", columns), -400, 20_000)
        if day is None:
            week = number("week", _value(row, "week", columns), -60, 3000)
            day = None if week is None else 7.0 * week
        if day is None:
            raise OptionError("the visit has neither day nor week.")
        pain = number("pain", _value(row, "pain", columns), 0, 10)
        omed = number("omed_mg_per_day", _value(row, "omed_mg_per_day", columns), 0, 100_000, "mg")
        flags = {
            name: yes_no(name, _value(row, name, columns))
            for name in ("new_neurological_symptom", "analgesic_increased", "retreated", "died")
        }
        if flags["died"] is None and str(row.get("status", "")).casefold() in ("death", "died", "dead"):
            flags["died"] = True
        converted = False
        doses = _value(row, "doses", columns)
        if omed is None and isinstance(doses, (list, tuple)):
            from ostealgia.clinical.established_definitions import oral_morphine

            omed, converted = oral_morphine(doses, table=table).value, True
    except (OptionError, TableError) as error:
        raise TableError(str(error).rstrip("."), row=at) from None
    id = _value(row, "id", columns)
    return {
        "row": at, "id": "" if id is None else str(id), "day": day, "pain": NAN if pain is None else pain,
        "omed": NAN if omed is None else omed, "converted": converted, **flags,
    }  # fmt: skip


def _with_baseline(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The baseline (the last visit at day 0 or before it that has the pain) and the visits after it, in order."""
    ordered = sorted(rows, key=lambda row: row["day"])
    for first, second in pairwise(ordered):
        if first["day"] == second["day"]:
            raise TableError("two visits are on the same day", row=second["row"], expected="one row a day and patient")
    before = [row for row in ordered if row["day"] <= 0]
    if not before:
        raise TableError(
            "there is no visit before treatment",
            row=ordered[0]["row"],
            expected="a visit at day 0 or before it, as the baseline",
        )
    with_pain = [row for row in before if not math.isnan(row["pain"])]
    baseline = (with_pain or before)[-1]
    symptoms = [row["day"] for row in before if row["new_neurological_symptom"]]
    return [{**baseline, "symptom_before": max(symptoms, default=NAN)}, *(row for row in ordered if row["day"] > 0)]


def _classify(
    later: Sequence[dict[str, Any]], patients: Mapping[str, list[dict[str, Any]]], rule: Mapping[str, str]
) -> Any:
    if not later:
        return None
    base = {id: rows[0] for id, rows in patients.items()}
    firsts = [base[row["id"]] for row in later]
    flags: dict[str, Any] = {
        name: [float(bool(row[name])) for row in later] for name in ("analgesic_increased", "retreated", "died")
    }
    return pain_responses(
        [row["pain"] for row in firsts], [row["pain"] for row in later], [row["omed"] for row in firsts], [row["omed"] for row in later],
        **flags, **rule,
    )  # fmt: skip


def _visits(rows: Sequence[dict[str, Any]], classes: Any, start: int) -> tuple[Visit, ...]:
    first = rows[0]
    made: list[Visit] = []
    again = False
    for i, row in enumerate(rows):
        at = start + i - 1
        again = again or bool(row["retreated"])
        change = 100.0 * (row["omed"] / first["omed"] - 1.0) if first["omed"] > 0 else NAN
        made.append(
            Visit(
                day=float(row["day"]), pain=float(row["pain"]), omed_mg_per_day=float(row["omed"]), pain_change=row["pain"] - first["pain"],
                omed_change_percent=change, pain_response="" if i == 0 else str(classes.pain_response[at]),
                reason="" if i == 0 else str(classes.reason[at]), extended_rule=bool(i and classes.extended_rule[at]),
                new_neurological_symptom=row["new_neurological_symptom"], retreated=again, died=bool(row["died"]),
            )
        )  # fmt: skip
    return tuple(made)


def _course(
    id: str, visits: tuple[Visit, ...], alerts: tuple[Alert, ...], table: str, notes: tuple[str, ...]
) -> FollowUp:
    later = visits[1:]
    assessed = [visits[0], *(one for one in later if one.pain_response != "NE")]
    response = next((i for i, one in enumerate(assessed) if one.pain_response in RESPONDER and not one.retreated), None)
    worse = next((one for one in later if one.pain_response == "PP" or one.retreated), None)
    death = next((one.day for one in later if one.died), NAN)
    return FollowUp(
        id=id, visits=visits, alerts=alerts, questions=_questions(visits),
        response_day=NAN if response is None else assessed[response].day,
        response_after_day=NAN if response is None else assessed[response - 1].day, progression_day=NAN if worse is None else worse.day,
        progression_by="" if worse is None else "the site was treated again" if worse.retreated else "pain progression by the consensus",
        death_day=death, last_day=assessed[-1].day, table=table, notes=notes,
    )  # fmt: skip


_NEUROLOGICAL = "Neurological status"


def _questions(visits: tuple[Visit, ...]) -> tuple[str, ...]:
    last = visits[-1]
    made = []
    if last.new_neurological_symptom is None and not last.died:
        made.append(
            f"{_NEUROLOGICAL} at the latest visit (day {last.day:g}) is not recorded: "
            "ask for limb weakness, gait, sensation, bladder and bowel."
        )
    if math.isnan(visits[0].pain):
        made.append("Worst pain at the treated site before treatment is not recorded: no visit can be classed.")
    if math.isnan(visits[0].omed_mg_per_day):
        made.append("The opioids at baseline are not recorded; no opioid at all must be recorded as 0.")
    if math.isnan(last.pain) and not last.died:
        made.append(f"Worst pain at the latest visit (day {last.day:g}) is not recorded.")
    if math.isnan(last.omed_mg_per_day) and not last.died:
        made.append(
            f"The opioids at the latest visit (day {last.day:g}) are not recorded; no opioid at all must be recorded as 0."
        )
    return tuple(made)


def _notes(said: Sequence[str], table: str) -> tuple[str, ...]:
    notes = [note for note in said if note.startswith(("response by", "options that differ"))]
    notes.append(
        "each class is against the baseline; nothing is carried forward; after a second treatment of the site no visit is a response"
    )
    notes.append(
        f"opioids converted by {table} at every visit"
        if table
        else "OMED as given: one conversion table must serve all visits"
    )
    return tuple(notes)
