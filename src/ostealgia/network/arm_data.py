"""From arms to contrasts: every pair of arms of a study, all consistent with one another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ostealgia.effects import checks, zero_cells
from ostealgia.effects.faults import Faults
from ostealgia.effects.reading import Sheet, as_text, numbers, some, studies
from ostealgia.errors import OptionError, TableError
from ostealgia.network.contrast_data import ArmCounts, Contrasts
from ostealgia.network.labels import codes, ordered
from ostealgia.options import one_of
from ostealgia.tables.result import Excluded

Array = NDArray[np.float64]
Index = NDArray[np.int64]
Mask = NDArray[np.bool_]
Cells = Mapping[str, Array]


class Arms(NamedTuple):
    """Arms on the analysis scale: a contrast is a difference of values, its variance the sum of variances + common * difference^2.

    value, variance : (A,).  common : (n_studies,), not zero for standardised mean differences only.  changed : studies with an increment.
    """

    value: Array
    variance: Array
    common: Array
    changed: Mask


Maker = Callable[[Cells, Index, int, Mapping[str, Any]], Arms]


def _increments(empty: Mask, study: Index, k: int, options: Mapping[str, Any]) -> tuple[Array, Mask]:
    """What is added to each arm's cells: to all arms of a study that has an empty cell. (A,), and the studies changed (k,)."""
    hit = np.bincount(study, empty, k) > 0
    chosen = zero_cells.rows_to_correct(hit, options["apply_increment"])
    amount = float(options["increment"])
    return np.where(chosen[study], amount, 0.0), chosen & (amount > 0)


def _odds(cells: Cells, study: Index, k: int, options: Mapping[str, Any]) -> Arms:
    a, n = cells["events"], cells["n"]
    add, changed = _increments((a == 0) | (a == n), study, k, options)
    events, others = a + add, n - a + add
    return Arms(np.log(events / others), 1 / events + 1 / others, np.zeros(k), changed)


def _risk(cells: Cells, study: Index, k: int, options: Mapping[str, Any]) -> Arms:
    a, n = cells["events"], cells["n"]
    add, changed = _increments((a == 0) | (a == n), study, k, options)
    events, total = a + add, n + add * (1 if options["rr_increment_to_n"] == "incr" else 2)
    return Arms(np.log(events / total), 1 / events - 1 / total, np.zeros(k), changed)


def _risk_difference(cells: Cells, study: Index, k: int, options: Mapping[str, Any]) -> Arms:
    a, n = cells["events"], cells["n"]
    add, changed = _increments((a == 0) | (a == n), study, k, options)
    p = (a + add) / (n + 2 * add)
    return Arms(a / n, p * (1 - p) / (n + 2 * add), np.zeros(k), changed)


def _arcsine(cells: Cells, study: Index, k: int, options: Mapping[str, Any]) -> Arms:
    return Arms(
        np.arcsin(np.sqrt(cells["events"] / cells["n"])), 1 / (4 * cells["n"]), np.zeros(k), np.zeros(k, dtype=bool)
    )


def _rate(cells: Cells, study: Index, k: int, options: Mapping[str, Any]) -> Arms:
    a, time = cells["events"], cells["person_time"]
    add, changed = _increments(a == 0, study, k, options)
    return Arms(np.log((a + add) / time), 1 / (a + add), np.zeros(k), changed)


def _mean(cells: Cells, study: Index, k: int, options: Mapping[str, Any]) -> Arms:
    return Arms(cells["mean"], cells["sd"] ** 2 / cells["n"], np.zeros(k), np.zeros(k, dtype=bool))


def _log_mean(cells: Cells, study: Index, k: int, options: Mapping[str, Any]) -> Arms:
    mean = cells["mean"]
    return Arms(np.log(mean), cells["sd"] ** 2 / (cells["n"] * mean**2), np.zeros(k), np.zeros(k, dtype=bool))


def _standardised(cells: Cells, study: Index, k: int, options: Mapping[str, Any]) -> Arms:
    """Cohen's d with the SD pooled over all arms of the study (Crippa & Orsini 2016, doi:10.1186/s12874-016-0189-0)."""
    mean, sd, n = cells["mean"], cells["sd"], cells["n"]
    pooled = np.sqrt(np.bincount(study, (n - 1) * sd**2, k) / np.bincount(study, n - 1, k))
    total = np.bincount(study, n, k)
    return Arms(mean / pooled[study], 1 / n, 1 / (2 * total), np.zeros(k, dtype=bool))


class Recipe(NamedTuple):
    """columns an arm needs, how its value is made, options it has, ratio: no contrast where no arm (or every patient) has an event."""

    columns: tuple[str, ...]
    make: Maker
    options: tuple[str, ...] = ()
    ratio: bool = False
    note: str = ""


_ZERO = ("increment", "apply_increment")
RECIPES: dict[str, Recipe] = {
    "OR": Recipe(("events", "n"), _odds, _ZERO, True),
    "RR": Recipe(("events", "n"), _risk, (*_ZERO, "rr_increment_to_n"), True),
    "RD": Recipe(("events", "n"), _risk_difference, _ZERO, note="the increment enters the variance only"),
    "AS": Recipe(("events", "n"), _arcsine),
    "IRR": Recipe(("events", "person_time"), _rate, _ZERO, True),
    "MD": Recipe(("mean", "sd", "n"), _mean),
    "ROM": Recipe(("mean", "sd", "n"), _log_mean),
    "SMD": Recipe(
        ("mean", "sd", "n"), _standardised,
        note="Cohen's d with the SD pooled over all arms of a study: Hedges' g is not consistent in studies of more than two arms",
    ),
}  # fmt: skip
DEFAULTS: dict[str, Any] = {"increment": 0.5, "apply_increment": "only0", "rr_increment_to_n": "2*incr"}


def settle(measure: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The zero-cell options in force for this measure; OptionError for a value that is not offered, or an option it has not."""
    recipe = RECIPES[measure]
    for name, value in asked.items():
        if value is not None and name not in recipe.options:
            raise OptionError(f"{name}={value!r} changes nothing for {measure}; leave it out.")
    settings = {name: DEFAULTS[name] if asked.get(name) is None else asked[name] for name in recipe.options}
    if "increment" in settings:
        amount = zero_cells.checked_increment(settings["increment"])
        if isinstance(amount, str):
            raise OptionError("increment='TACC' is for two arms; a network takes a number, for instance 0.5.")
        settings["increment"] = amount
        one_of("apply_increment", settings["apply_increment"], zero_cells.APPLY)
    if "rr_increment_to_n" in settings:
        one_of("rr_increment_to_n", settings["rr_increment_to_n"], zero_cells.INCREMENT_TO_N)
    return settings


def is_arms(sheet: Sheet) -> bool:
    """True where rows are arms: a treatment, and no second one."""
    return "treatment" in sheet.columns and "treat2" not in sheet.columns


class ArmTable(NamedTuple):
    """Usable arms in studies of two or more: labels, cells (A,), study codes (A,) and names, rows in the file, and what was left out."""

    treatment: list[str]
    cells: dict[str, Array]
    study: Index
    names: list[str]
    rows: list[int]
    excluded: list[Excluded]
    notes: list[str]


def read_arms(sheet: Sheet, measure: str, on_bad: str) -> ArmTable:
    """Check the arms; arms with an empty cell and studies with one arm are left out by name."""
    recipe = RECIPES[measure]
    _need_columns(sheet, measure, recipe.columns)
    labels = sheet.labels()
    treatment = [as_text(v) for v in sheet.columns["treatment"].tolist()]
    faults = Faults(sheet, labels, on_bad)
    cells: dict[str, Array] = {}
    for name in recipe.columns:
        cells[name], text = numbers(sheet.columns[name])
        checks.refuse_text({name: text}, faults)
    notes = [*sheet.notes, *checks.check_cells(cells, faults)]
    faults.leave_out(np.array([not name for name in treatment]), "treatment is empty")
    checks.leave_out_empty(cells, recipe.columns, np.ones(sheet.size, dtype=bool), faults)
    _refuse_twice(labels, treatment, faults)
    faults.settle()
    rows = sheet.rows.tolist()
    lost = {i: f"arm {treatment[i]!r}: {reason}" for i, reason in faults.reasons.items()}
    kept = [i for i in range(sheet.size) if i not in lost]
    code, names = codes([labels[i] for i in kept])
    alone = np.bincount(code, minlength=len(names)) < 2 if kept else np.zeros(0, dtype=bool)
    for i, c in zip(kept, code.tolist(), strict=True):
        if alone[c]:
            lost[i] = f"only one usable arm ({treatment[i]!r}), so no contrast"
    excluded = [Excluded(study=labels[i], reason=lost[i], row=rows[i]) for i in sorted(lost)]
    kept = [i for i in kept if i not in lost]
    code, names = codes([labels[i] for i in kept])
    cells = {name: values[kept] for name, values in cells.items()}
    return ArmTable([treatment[i] for i in kept], cells, code, names, [rows[i] for i in kept], excluded, notes)


def _need_columns(sheet: Sheet, measure: str, columns: tuple[str, ...]) -> None:
    missing = [name for name in ("study", *columns) if name not in sheet.columns]
    if missing:
        raise TableError(
            f"{'a column is' if len(missing) == 1 else 'columns are'} missing for {measure} from arms: {', '.join(missing)}",
            file=sheet.file,
            column=missing[0],
            found=", ".join(sheet.original.get(name, name) for name in sheet.columns),
            expected=f"study, treatment, {', '.join(columns)}; or study, treat1, treat2, estimate, std_error",
        )


def _refuse_twice(labels: list[str], treatment: list[str], faults: Faults) -> None:
    seen: dict[tuple[str, str], int] = {}
    for i, key in enumerate(zip(labels, treatment, strict=True)):
        if key[1] and key in seen:
            faults.refuse(
                [i], "treatment", f"treatment {key[1]!r} is given twice in one study", expected="one row a study and treatment",
                action="Combine the arms first (effects.handbook.combine_events, combine_means), or give them different names.",
            )  # fmt: skip
        seen.setdefault(key, i)


def contrasts_of_arms(table: ArmTable, measure: str, options: Mapping[str, Any]) -> Contrasts:
    """Every pair of arms of each study: the earlier arm less the later one."""
    recipe = RECIPES[measure]
    k = len(table.names)
    first, second = pairs_within(table.study, table.treatment)
    study = table.study[first]
    with np.errstate(all="ignore"):  # what is not finite is left out by name below
        arms = recipe.make(table.cells, table.study, k, options)
        difference = arms.value[first] - arms.value[second]
        variance = arms.variance[first] + arms.variance[second] + arms.common[study] * difference**2
    bad, why = _no_contrast(table, recipe, difference, variance, study)
    difference[bad[study]], variance[bad[study]] = np.nan, np.nan
    excluded = [Excluded(study=table.names[s], reason=why[s]) for s in sorted(why)]
    notes = list(table.notes)
    changed = arms.changed & ~bad
    if changed.any():
        names = some([table.names[s] for s in np.flatnonzero(changed)])
        where = "every cell of all arms" + (", for the variance only," if measure == "RD" else "")
        notes.append(
            f"{options['increment']:g} added to {where} of {int(changed.sum())} of {studies(k)} "
            f"(apply_increment={options['apply_increment']!r}): {names}"
        )
    if recipe.note and (measure != "RD" or changed.any()):
        notes.append(f"{measure}: {recipe.note}")
    n = table.cells.get("n", np.full(len(table.study), np.nan))
    return Contrasts(
        measure=measure,
        study=tuple(table.names[s] for s in study.tolist()),
        treat1=tuple(table.treatment[i] for i in first.tolist()),
        treat2=tuple(table.treatment[i] for i in second.tolist()),
        estimate=difference,
        std_error=np.sqrt(variance),
        arms=ArmCounts(
            study=tuple(table.names[s] for s in table.study.tolist()), treatment=tuple(table.treatment), n=n,
            events=table.cells.get("events"),
        ),
        rows=tuple(table.rows[i] for i in first.tolist()),
        options=dict(options),
        excluded=(*table.excluded, *excluded),
        notes=tuple(notes),
    )  # fmt: skip


def _no_contrast(
    table: ArmTable, recipe: Recipe, difference: Array, variance: Array, study: Index
) -> tuple[Mask, dict[int, str]]:
    """Studies without a usable contrast, (k,), and why."""
    k = len(table.names)
    why: dict[int, str] = {}
    if recipe.ratio:
        events = np.bincount(table.study, table.cells["events"], k)
        for s in np.flatnonzero(events == 0).tolist():
            why[s] = "no event in any arm, so no contrast on a ratio scale"
        if "n" in table.cells:
            full = (events > 0) & (np.bincount(table.study, table.cells["n"] - table.cells["events"], k) == 0)
            for s in np.flatnonzero(full).tolist():
                why[s] = "nothing but events in every arm, so no contrast on a ratio scale"
    undefined = ~(np.isfinite(difference) & np.isfinite(variance) & (variance > 0))
    for s in np.unique(study[undefined]).tolist():
        why.setdefault(s, "a contrast has no value or a standard error of 0")
    bad = np.zeros(k, dtype=bool)
    bad[list(why)] = True
    return bad, why


def pairs_within(study: Index, treatment: list[str]) -> tuple[Index, Index]:
    """Positions (first, second) of every pair of arms within a study.

    Studies by first appearance; in a study the earlier arm comes first, its partners by name.
    """
    order = np.argsort(study, kind="stable")
    size = np.bincount(study)
    begin = np.concatenate([[0], np.cumsum(size)[:-1]])
    place_of = {name: i for i, name in enumerate(ordered(set(treatment)))}
    rank = np.array([place_of[name] for name in treatment], dtype=np.int64)
    firsts: list[Index] = [np.zeros(0, dtype=np.int64)]
    seconds: list[Index] = [np.zeros(0, dtype=np.int64)]
    for m in np.unique(size[size > 1]).tolist():
        up = np.triu_indices(m, 1)
        arms = order[begin[size == m][:, None] + np.arange(m)]
        firsts.append(arms[:, up[0]].ravel())
        seconds.append(arms[:, up[1]].ravel())
    first, second = np.concatenate(firsts), np.concatenate(seconds)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    arranged = np.lexsort((rank[second], place[first], study[first]))
    return first[arranged], second[arranged]
