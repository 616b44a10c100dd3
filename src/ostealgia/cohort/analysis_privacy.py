"""Small cells of an analysis: counts below a limit are taken out of every table, with the numbers that would give them away.

Primary: 1 to limit - 1 patients, or all but so few of a group. Complementary: where cells add up to a number that is shown, at least two
are hidden, together at least the limit. Least and greatest values are of single patients and go as well. A difference between two numbers
of different definitions (responders before and after those treated again are taken off) is no cell and is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ostealgia.cohort.analysis_model import CohortAnalysis, Section

COUNT_PAIRS = (("events", "n"), ("events_1", "n_1"), ("events_2", "n_2"))
COUNTS = ("n", "n_1", "n_2", "n_risk", "n_any", "assessed", "missed_visit", "dropout", "death", "count")
SOFT = ("missing", "n_missing", "percent_missing")  # hidden by themselves, without the row
KEPT = ("week", "time", "month", "grade", "delta", "threshold", "ci_level", "n_comparisons", "low", "high", "schedule")
SINGLE = ("min", "max")  # values of one patient
# (section, table) -> columns within which the cells add up to a number that is shown
BLOCKS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("response", "best"): ("group",),
    ("table-one", "patients"): ("variable", "group"),
    ("flow", "reasons"): (),
    ("missing", "reasons"): ("week", "group"),
}
# result objects that hold counts or single patients; the fitted models that are kept print coefficients only
MODELS = (
    "mmrm",
    "mixed_model",
    "ancova",
    "logistic",
    "firth",
    "ridge",
    "backward",
    "fine_gray",
    "cause_specific",
    "pooled",
    "plan",
)


def hidden(analysis: CohortAnalysis, small_cell: int) -> CohortAnalysis:
    """The analysis without cells of 1 to ``small_cell`` - 1 patients; as it is where ``small_cell`` is 0 or 1.

    Tables keep their rows, with empty numbers where something is hidden; result objects that hold counts or patients are left out.

    >>> import ostealgia as oa
    >>> found = oa.cohort.analyse(oa.cohort.read(oa.cohort.example()), rng_seed=1)
    >>> counts = hidden(found, 5).section("response").tables["classes"]["events"]
    >>> ((counts > 0) & (counts < 5)).any().item()
    False
    """
    if small_cell <= 1:
        return analysis
    sections = tuple(_section(one, small_cell) for one in analysis.sections)
    note = f"counts of 1 to {small_cell - 1} patients are hidden, with those that would give them away"
    return replace(
        analysis,
        sections=sections,
        settings=replace(analysis.settings, small_cell=small_cell),
        notes=(*analysis.notes, note),
    )


def _section(section: Section, small: int) -> Section:
    tables = {name: _table(section.id, name, frame, small) for name, frame in section.tables.items()}
    special = SPECIAL.get(section.id)
    if special is not None:
        tables = special(dict(section.tables), tables, small)
    results = {name: found for name, found in section.results.items() if name in MODELS}
    return replace(section, tables=tables, results=results)


def is_small(values: Any, small: int) -> Any:
    """1 to small - 1, element by element; NaN is not."""
    numbers = np.asarray(values, dtype=float)
    return (numbers > 0) & (numbers < small)


def primary(frame: Any, small: int) -> Any:
    """Rows with a small cell: a count, or what a count leaves of its n."""
    found = np.zeros(len(frame), dtype=bool)
    for name in (*COUNTS, *(one for pair in COUNT_PAIRS for one in pair)):
        if name in frame.columns and frame[name].dtype.kind in "iuf":
            found |= is_small(frame[name], small)
    for events, n in COUNT_PAIRS:
        if events in frame.columns and n in frame.columns:
            found |= is_small(frame[n].to_numpy(dtype=float) - frame[events].to_numpy(dtype=float), small)
    return found


def blank(frame: Any, rows: Any, small: int) -> Any:
    """The frame with the numbers of these rows empty; n stays where it is not small itself."""
    out = frame.copy()
    if not rows.any():
        return out
    for name in frame.columns:
        if name in KEPT or frame[name].dtype.kind not in "iuf":
            continue
        values = frame[name].to_numpy(dtype=float)
        gone = rows if name not in ("n", "n_1", "n_2") else rows & is_small(values, small)
        if gone.any():
            out[name] = np.where(gone, np.nan, values)
    return out


def _table(section: str, name: str, frame: Any, small: int) -> Any:
    rows = primary(frame, small)
    if (section, name) in BLOCKS and {"events", "n"} & set(frame.columns):
        rows = complementary(frame, BLOCKS[(section, name)], rows, small)
    out = blank(frame, rows, small)
    for column in SINGLE:
        if column in out.columns and out[column].dtype.kind in "iuf":
            out[column] = np.nan
    few = next((is_small(frame[name], small) for name in ("missing", "n_missing") if name in frame.columns), None)
    for column in () if few is None else SOFT:
        if column in out.columns:
            out[column] = np.where(np.asarray(few), np.nan, out[column].to_numpy(dtype=float))
    return out


def complementary(frame: Any, keys: Sequence[str], rows: Any, small: int) -> Any:
    """More rows to hide, so that none of the hidden ones follows from its total."""
    count = "events" if "events" in frame.columns else "n"
    values = frame[count].to_numpy(dtype=float)
    found = rows.copy()
    labels = (
        np.zeros(len(frame), dtype=int)
        if not keys
        else frame.groupby(list(keys), sort=False, dropna=False).ngroup().to_numpy()
    )
    for label in np.unique(labels):
        mine = (labels == label) & (values > 0)
        while (found & mine).any():
            closed = found & mine
            if closed.sum() >= 2 and values[closed].sum() >= small:
                break
            open_ = np.flatnonzero(mine & ~found)
            if not len(open_):
                break
            found[open_[np.argmin(values[open_])]] = True
    return found


# --- sections whose tables are tied to one another --------------------------------------------------------------------


def _response(raw: dict[str, Any], made: dict[str, Any], small: int) -> dict[str, Any]:
    """Classes, rates and differences: CR and PR are hidden together, and so are the classes without response.

    Rates among the assessable tell who was not evaluable; they go where those are few.
    """
    if "classes" not in raw:
        return made
    classes = raw["classes"]
    gone = np.zeros(len(classes), dtype=bool)
    closed: set[tuple[Any, Any]] = set()
    for (week, group), own in classes.groupby(["week", "group"], sort=False):
        counts = dict(zip(own["pain_response"], own["events"], strict=True))
        place = dict(zip(own["pain_response"], own.index, strict=True))
        failing = [name for name in ("PP", "IR", "NR") if name in counts]
        rest = sum(counts[name] for name in failing)
        if is_small(counts.get("NE", 0), small) or is_small(rest, small):
            closed.add((week, group))
        for names in (["CR", "PR"], failing, ["NE", *failing] if (week, group) in closed else []):
            if any(is_small(counts.get(name, 0), small) for name in names):
                gone[[place[name] for name in names if name in place and counts[name] > 0]] = True
    made["classes"] = blank(classes, gone, small)
    for name in ("rates", "definitions"):
        if name in raw:
            frame = raw[name]
            pairs = list(zip(frame["week"], frame["group"], frame["denominator"], strict=True))
            near = np.array([(w, g) in closed and d == "assessable" for w, g, d in pairs], dtype=bool)
            made[name] = _without_n(blank(frame, primary(frame, small) | near, small), near)
    if "differences" in raw:
        frame = raw["differences"]
        near = np.array(
            [
                d == "assessable" and any(w == week and group in str(c).split(" - ") for week, group in closed)
                for w, c, d in zip(frame["week"], frame["comparison"], frame["denominator"], strict=True)
            ],
            dtype=bool,
        )
        made["differences"] = _without_n(blank(frame, primary(frame, small) | near, small), near)
    return made


def _without_n(frame: Any, rows: Any) -> Any:
    """n as well, where it tells how many are not in it."""
    if not rows.any():
        return frame
    return frame.assign(
        **{
            name: np.where(rows, np.nan, frame[name].to_numpy(dtype=float))
            for name in ("n", "n_1", "n_2")
            if name in frame
        }
    )


def _toxicity(raw: dict[str, Any], made: dict[str, Any], small: int) -> dict[str, Any]:
    """Thresholds are shown one after the other as long as no step between two shown ones is small; grades only where none is small."""
    if "events" not in raw:
        return made
    frame = raw["events"]
    gone = np.zeros(len(frame), dtype=bool)
    closed: set[tuple[Any, Any, Any]] = set()
    whole: set[tuple[Any, Any]] = set()
    for (category, group), own in frame.groupby(["category", "group"], sort=False):
        last = float(own["n"].iloc[0])
        for at, threshold, events in zip(own.index, own["threshold"], own["events"], strict=True):
            if is_small(events, small) or is_small(last - events, small):
                gone[at] = True
                closed.add((category, group, threshold))
                whole.add((category, group))
            else:
                last = float(events)
    made["events"] = blank(frame, gone, small)
    if "grades" in raw:
        grades = raw["grades"]
        rows = primary(grades, small)
        tied = {
            (c, g) for c, g, small_one in zip(grades["category"], grades["group"], rows, strict=True) if small_one
        } | whole
        every = np.array([(c, g) in tied for c, g in zip(grades["category"], grades["group"], strict=True)], dtype=bool)
        made["grades"] = blank(grades, every, small)
    if "differences" in raw:
        gaps = raw["differences"]
        near = np.array(
            [
                any((c, name, t) in closed for name in str(pair).split(" - "))
                for c, t, pair in zip(gaps["category"], gaps["threshold"], gaps["comparison"], strict=True)
            ],
            dtype=bool,
        )
        made["differences"] = blank(gaps, primary(gaps, small) | near, small)
    return made


def _flow(raw: dict[str, Any], made: dict[str, Any], small: int) -> dict[str, Any]:
    """States of a visit: where one is small only those assessed are shown; and not they, where few are not."""
    if "visits" not in raw:
        return made
    frame = raw["visits"]
    states = [name for name in frame.columns if name not in ("group", "week")]
    counts = frame[states].to_numpy(dtype=float)
    few = is_small(counts, small).any(axis=1)
    seen = frame["assessed"].to_numpy(dtype=float) if "assessed" in states else np.zeros(len(frame))
    shut = is_small(counts.sum(axis=1) - seen, small)
    out = frame.assign(
        **{
            name: np.where(few if name != "assessed" else shut, np.nan, frame[name].to_numpy(dtype=float))
            for name in states
        }
    )
    made["visits"] = out
    if "patients" in made:
        closed = {
            (g, f"pain assessed at week {int(w)}")
            for g, w, yes in zip(frame["group"], frame["week"], shut, strict=True)
            if yes
        }
        people = made["patients"]
        gone = np.array(
            [(g, str(stage)) in closed for stage, g in zip(people["stage"], people["group"], strict=True)], dtype=bool
        )
        made["patients"] = people.assign(n=np.where(gone, np.nan, people["n"].to_numpy(dtype=float)))
    return made


def _estimands(raw: dict[str, Any], made: dict[str, Any], small: int) -> dict[str, Any]:
    """Risks times their n are counts; and a landmark tells by its n who is not in it."""
    if "results" in raw:
        frame = raw["results"]
        rows = primary(frame, small)
        for value, n in (("value_1", "n_1"), ("value_2", "n_2")):
            size = frame[n].to_numpy(dtype=float)
            shares = (frame["measure"] == "risk difference").to_numpy()
            count = frame[value].to_numpy(dtype=float) * size
            near = (count > 0.5) & (count < small - 0.5) | (size - count > 0.5) & (size - count < small - 0.5)
            rows |= (shares & near) | is_small(size.max() - size, small)
        made["results"] = _without_n(blank(frame, rows, small), rows)
    if "events" in raw:
        frame = raw["events"]
        rows = primary(frame, small)
        tied = frame["event"].isin(["death", "dropout"]).to_numpy()
        for group in frame["group"].unique():
            mine = tied & (frame["group"] == group).to_numpy()
            rows |= mine & bool((rows & mine).any())
        made["events"] = blank(frame, rows, small)
    return made


def _subgroups(raw: dict[str, Any], made: dict[str, Any], small: int) -> dict[str, Any]:
    """The levels of a factor add up to the group: a small cell closes the factor."""
    if "subgroups" in raw:
        frame = raw["subgroups"]
        closed = set(frame.loc[primary(frame, small), "factor"])
        rows = frame["factor"].isin(list(closed)).to_numpy()
        made["subgroups"] = _without_n(blank(frame, rows, small), rows)
    return made


def _over_time(raw: dict[str, Any], made: dict[str, Any], small: int) -> dict[str, Any]:
    """Cumulative counts: a time is shown where its step from the last one shown is not small."""
    for name in ("incidence", "duration", "at"):
        if name not in raw:
            continue
        frame = raw[name]
        keys = [key for key in ("endpoint", "group", "cause") if key in frame.columns]
        rows = primary(frame, small)
        for _, own in frame.groupby(keys, sort=False):
            last: dict[str, float] = {}
            for at in own.index:
                steps = [
                    abs(float(frame.at[at, one]) - last.get(one, 0.0))
                    for one in ("events", "n_risk")
                    if one in frame.columns and one in last
                ]
                place = frame.index.get_loc(at)
                if rows[place] or any(0 < step < small for step in steps):
                    rows[place] = True
                else:
                    last = {one: float(frame.at[at, one]) for one in ("events", "n_risk") if one in frame.columns}
        made[name] = blank(frame, rows, small)
    return made


SPECIAL: dict[str, Callable[[dict[str, Any], dict[str, Any], int], dict[str, Any]]] = {
    "response": _response, "toxicity": _toxicity, "flow": _flow, "estimands": _estimands, "subgroups": _subgroups, "relief": _over_time,
    "survival": _over_time,
}  # fmt: skip
