"""Tables of a centre as cells: baseline, response by week, adverse events; and means that tell nothing of a single patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ostealgia.cohort.centres_cells import Cells
from ostealgia.cohort.derivations import ResponseByWeek, group_of
from ostealgia.cohort.derivations_events import worst_grade_frame
from ostealgia.cohort.reading import Cohort
from ostealgia.cohort.reading_schema import LIMITS
from ostealgia.errors import OptionError
from ostealgia.options import one_of

MOST_LEVELS = 12  # a text of more values may be a name or a note
AS_LEVELS = 6  # numbers with up to so many values are categories (a mean of 0 and 1 is a count)
LEAST_FOR_A_MEAN = 20  # below it, a mean and an SD come near to single values
NEVER = ("id", "group", "index_year")
TEXTS = ("sex", "tumour", "dominant_site", "systemic_therapy")
OTHER, MISSING = "other levels", "missing"
RESPONSE = {
    "response": "response among all treated",
    "no_response": "seen, no response",
    "not_evaluable": "not evaluable",
}
SEP = "\x1f"


def key(*parts: object) -> str:
    """The name of a cell."""
    return SEP.join(map(str, parts))


def variables_of(cohort: Cohort, wanted: Sequence[str] | None, small: int) -> tuple[dict[str, Any], list[str]]:
    """variable -> texts of its levels (None = missing) or numbers, by patient; and what was left out."""
    frame = cohort.patients
    if wanted is not None:
        for name in wanted:
            one_of("variables", name, list(frame.columns))
            if name in NEVER:
                raise OptionError(
                    f"variables={name!r} is an identifier, the group or a date: it does not leave the centre."
                )
    notes: list[str] = []
    made: dict[str, Any] = {}
    for name in frame.columns if wanted is None else wanted:
        cells = frame[name]
        number = cells.dtype.kind in "iuf"
        entry = cohort.dictionary.get(("patients", name))
        coded = entry is not None and bool(entry.codes)
        if name in NEVER or (wanted is None and not (name in LIMITS or name in TEXTS or coded)):
            continue
        if number and cells.nunique() > AS_LEVELS:
            made[name] = cells.to_numpy(dtype=float)
            continue
        if not number and cells.nunique() > MOST_LEVELS:
            notes.append(f"{name} has more than {MOST_LEVELS} different texts and is left out")
            continue
        texts = [None if v is None or v != v else (f"{v:g}" if number else str(v)) for v in cells.astype(object)]
        counts = {text: texts.count(text) for text in set(texts) if text is not None}
        stated = set(entry.codes) if entry is not None else set()
        rare = {text for text, count in counts.items() if count < small and not number and text not in stated}
        made[name] = np.array([OTHER if text in rare else text for text in texts], dtype=object)
    return made, notes


def is_mean(values: Any) -> bool:
    """The variable is summarised by a mean, not by levels."""
    return values.dtype.kind == "f"


def add_baseline(cells: Cells, root: str, variables: Mapping[str, Any], here: Any) -> list[str]:
    """Cells of the baseline table of one group; the names of those that a reader wants."""
    wanted: list[str] = []
    for name, values in variables.items():
        own = values[here]
        if is_mean(values):
            missing = int(np.isnan(own).sum())
            parts = {key("base", name, "known"): len(own) - missing, key("base", name, MISSING): missing}
            cells.add(root, parts, free=True)
            wanted.append(key("base", name, "known"))
            continue
        levels = sorted({text for text in values if text is not None}, key=_level)
        parts = {key("base", name, level): int(sum(text == level for text in own)) for level in levels}
        missing = sum(text is None for text in own)
        if missing:
            parts[key("base", name, MISSING)] = missing
        cells.add(root, parts)
        wanted += list(parts)
    _nested(cells, {n: v for n, v in variables.items() if not is_mean(v)})
    return wanted


def _level(text: str) -> tuple[int, float, str]:
    try:
        return 0, float(text), text
    except ValueError:
        return 1, 0.0, text


def _nested(cells: Cells, variables: Mapping[str, Any]) -> None:
    """Levels of one variable that make up a level of another (ECOG 3 and 4; ECOG 3-4): their cells add up."""
    names = list(variables)
    for fine in names:
        for coarse in names:
            if fine == coarse:
                continue
            pairs = {(a, b) for a, b in zip(variables[fine], variables[coarse], strict=True)}
            if len({a for a, _ in pairs}) != len(pairs) or (len(pairs) == len({b for _, b in pairs}) and fine > coarse):
                continue  # not nested; or two names of the same levels, said once
            for level in {b for _, b in pairs}:
                parts = tuple(key("base", fine, MISSING if a is None else a) for a, b in pairs if b == level)
                total = key("base", coarse, MISSING if level is None else level)
                if total in cells.values and all(part in cells.values for part in parts):
                    cells.relations.append((total, tuple(sorted(parts))))


def mean_rows(variables: Mapping[str, Any], here: Any) -> dict[str, tuple[float, float]]:
    """variable -> (mean, SD), rounded; only where enough patients have a value."""
    out = {}
    for name, values in variables.items():
        if is_mean(values):
            own = values[here]
            own = own[~np.isnan(own)]
            if len(own) >= LEAST_FOR_A_MEAN:
                spread = float(own.std(ddof=1))
                out[name] = (_for_table(float(own.mean()), spread, len(own)), _for_table(spread, spread, len(own)))
    return out


def _for_table(value: float, spread: float, n: int) -> float:
    """To three figures of the spread, but not so fine that the mean of whole numbers tells how many they are."""
    if spread <= 0:
        return round(value, 1)
    return round(value, min(2 - int(np.floor(np.log10(spread))), int(np.log10(n))))


def rounded(value: float, spread: float) -> float:
    """To two figures of the spread."""
    if not np.isfinite(value) or not np.isfinite(spread) or spread <= 0:
        return value
    return round(value, 1 - int(np.floor(np.log10(spread))))


def response_classes(found: ResponseByWeek) -> dict[int, Any]:
    """week -> class of each patient: one of ``RESPONSE``."""
    out = {}
    for week, part in found.frame.groupby("week", sort=True):
        yes = part["responder_all_treated"].fillna(False).astype(bool).to_numpy()
        unseen = (part["pain_response"] == "NE").to_numpy()
        out[int(str(week))] = np.where(yes, "response", np.where(unseen, "not_evaluable", "no_response"))
    return out


def add_response(cells: Cells, root: str, classes: Mapping[int, Any], here: Any) -> list[str]:
    """Cells of response by week; the names."""
    wanted = []
    for week, kinds in classes.items():
        parts = {key("response", week, name): int((kinds[here] == name).sum()) for name in RESPONSE}
        wanted += list(parts)
        rest = key("response", week, "others")
        yes = parts.pop(key("response", week, "response"))
        cells.add(root, {key("response", week, "response"): yes, rest: sum(parts.values())})
        cells.add(rest, parts)
        if parts[key("response", week, "not_evaluable")] == 0:
            cells.free.add(key("response", week, "not_evaluable"))
    return wanted


def toxicity(cohort: Cohort) -> dict[str, Any]:
    """category -> worst grade of each patient, with "any" over all; empty where there is no table."""
    if "adverse_events" not in cohort:
        return {}
    by = "category" if "category" in cohort.table("adverse_events").columns else "term"
    if by not in cohort.table("adverse_events").columns:
        return {}
    frame = worst_grade_frame(cohort, by=by).drop(columns=["id", "group"])
    grades = {str(name): np.nan_to_num(frame[name].to_numpy(dtype=float)).astype(int) for name in frame.columns}
    grades.pop("any", None)
    return {"any": np.max(list(grades.values()), axis=0), **grades} if grades else {}


def add_toxicity(cells: Cells, root: str, grades: Mapping[str, Any], here: Any) -> list[str]:
    """Cells of adverse events by worst grade; the names of those that a reader wants: any grade, grade 3 or more."""
    wanted = []
    for name, values in grades.items():
        own = values[here]
        some, high = key("ae", name, "any_grade"), key("ae", name, "grade_3_or_more")
        parts = {some: int((own > 0).sum()), key("ae", name, "none"): int((own == 0).sum())}
        cells.add(root, parts)
        cells.add(some, {high: int((own >= 3).sum()), key("ae", name, "grade_1_2"): int(((own > 0) & (own < 3)).sum())})
        wanted += [some, high]
        if name != "any":
            cells.orders += [(some, key("ae", "any", "any_grade")), (high, key("ae", "any", "grade_3_or_more"))]
    return wanted


def groups_in(cohort: Cohort, column: str) -> Any:
    """The group of each patient as text, from the column that the analysis names."""
    if column != "group" and column in cohort.patients.columns:
        own = cohort.patients[column]
        return np.array([str(name) for name in own.astype(object).where(own.notna(), "not recorded")], dtype=object)
    return np.array([str(name) for name in group_of(cohort)], dtype=object)
