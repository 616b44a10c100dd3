"""The door of this room: whatever table comes in, contrasts go on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ostealgia.effects.faults import ON_BAD
from ostealgia.effects.reading import Sheet, as_text, open_sheet
from ostealgia.effects.result import EffectSizes
from ostealgia.errors import OptionError, TableError
from ostealgia.network import arm_data
from ostealgia.network.contrast_data import ArmCounts, Contrasts, read_contrasts
from ostealgia.network.labels import find_column
from ostealgia.options import one_of
from ostealgia.tables.measures import measure_of


def contrasts(
    data: Any,
    *,
    measure: str | None = None,
    increment: float | None = None,
    apply_increment: str | None = None,
    rr_increment_to_n: str | None = None,
    on_bad: str = "raise",
    file: str | None = None,
) -> Contrasts:
    """Which comparisons does each study make, and what does it find?

    data : one of
        arms, one row each: study, treatment and events, n (OR, RR, RD, AS), events, person_time (IRR) or mean, sd, n (MD, ROM, SMD);
        contrasts, one row each: study, treat1, treat2, estimate, std_error on the analysis scale of ``measure``, treat1 less treat2, every
        pair of arms for studies of more than two; instead of the last two also what ``effects.compute`` reads (events_1, n_1, ...);
        EffectSizes with the columns treat1 and treat2; or Contrasts.
    measure : needed for arms; contrasts take the column ``measure``, else "GEN".
    increment, apply_increment, rr_increment_to_n : as in ``effects.compute``, but added to all arms of a study that has a zero cell, so
        that its contrasts stay consistent.  on_bad : "raise" refuses the first impossible row, "exclude" leaves such rows out by name.
    Returns Contrasts: studies in order of appearance, in a study the earlier arm first.  Raises TableError, OptionError.

    >>> arms = {"study": ["A", "A", "A"], "treatment": ["x", "y", "z"], "events": [3, 5, 9], "n": [20, 20, 21]}
    >>> found = contrasts(arms, measure="OR")
    >>> [f"{a} - {b}" for a, b in zip(found.treat1, found.treat2)], found.estimate.round(3).tolist()
    (['x - y', 'x - z', 'y - z'], [-0.636, -1.447, -0.811])
    """
    one_of("on_bad", on_bad, ON_BAD)
    zero = {"increment": increment, "apply_increment": apply_increment, "rr_increment_to_n": rr_increment_to_n}
    if isinstance(data, (Contrasts, EffectSizes)):
        _refuse_idle(zero, "contrasts")
        if measure is not None and measure_of(measure)[0].name != data.measure:
            raise OptionError(
                f"measure={measure!r}, but these contrasts are {data.measure}. Make them again from the table."
            )
        return data if isinstance(data, Contrasts) else _from_effects(data)
    sheet = open_sheet(data, file)
    pair = [find_column(sheet, name) for name in ("treat1", "treat2")]
    if None not in pair:
        return _given(data, sheet, measure, zero, on_bad)
    if find_column(sheet, "treatment") is None:
        raise TableError(
            "the table does not say which treatments are compared",
            file=sheet.file,
            column="treatment",
            found=", ".join(sheet.original.get(name, name) for name in sheet.columns),
            expected="arms (study, treatment, ...) or contrasts (study, treat1, treat2, ...)",
        )
    name, notes = _measure(sheet, measure, needed=True)
    sheet.notes[:0] = notes
    one_of("measure", name, arm_data.RECIPES)
    options = arm_data.settle(name, zero)
    return arm_data.contrasts_of_arms(arm_data.read_arms(sheet, name, on_bad), name, options)


def _refuse_idle(zero: Mapping[str, Any], what: str) -> None:
    """OptionError for a zero-cell option where there are no cells."""
    asked = [f"{name}={value!r}" for name, value in zero.items() if value is not None]
    if asked:
        raise OptionError(f"{asked[0]} changes nothing for {what}, which have no cells; leave it out.")


def arms_of(data: Any, *, on_bad: str = "raise", file: str | None = None) -> arm_data.ArmTable:
    """The arms with events and n, for a method that needs the counts. Raises TableError where the table has contrasts only."""
    sheet = open_sheet(data, file)
    if find_column(sheet, "treatment") is None or "events" not in sheet.columns:
        raise TableError(
            "Mantel-Haenszel needs the counts of every arm",
            file=sheet.file,
            found=", ".join(sheet.original.get(name, name) for name in sheet.columns),
            expected="one row an arm: study, treatment, events, n",
        )
    return arm_data.read_arms(sheet, "OR", on_bad)


def _measure(sheet: Sheet, measure: str | None, *, needed: bool) -> tuple[str, list[str]]:
    """The measure asked for, else that of the column ``measure``."""
    if measure is None and "measure" in sheet.columns:
        found = sorted({as_text(v) for v in sheet.columns["measure"].tolist()} - {""})
        if len(found) > 1:
            raise TableError(
                "more than one measure in one network", file=sheet.file, column="measure", found=", ".join(found),
                expected="one measure", action="Split the table, or convert the effects to one measure.",
            )  # fmt: skip
        measure = found[0] if found else None
    if measure is None:
        if needed:
            raise TableError(
                "the measure is not stated", file=sheet.file, expected=f"measure= one of {', '.join(arm_data.RECIPES)}"
            )
        return "GEN", []
    definition, note = measure_of(measure)
    return definition.name, [] if note is None else [note]


def _given(data: Any, sheet: Sheet, measure: str | None, zero: Mapping[str, Any], on_bad: str) -> Contrasts:
    """Contrasts of a table that has them; those without estimate and standard error go through ``effects.compute``."""
    name, notes = _measure(sheet, measure, needed=False)
    if "estimate" in sheet.columns and "variance" in sheet.columns and "std_error" not in sheet.columns:
        from ostealgia.effects.reading import numbers

        values, text = numbers(sheet.columns["variance"])
        if not text and (values[~np.isnan(values)] > 0).all():
            sheet.columns["std_error"] = np.sqrt(values)
            sheet.notes.append("std_error is the square root of the variance")
    if "estimate" in sheet.columns and "std_error" in sheet.columns:
        _refuse_idle(zero, "contrasts with estimate and std_error")
        sheet.notes[:0] = notes
        return read_contrasts(sheet, name, on_bad)
    from ostealgia.effects.compute import compute

    asked = {key: value for key, value in zero.items() if value is not None}
    effects = compute(dict(sheet.columns), measure=name, on_bad=on_bad, file=sheet.file, **asked)
    return _from_effects(effects)


def _from_effects(effects: EffectSizes) -> Contrasts:
    """Effect sizes that know their two treatments."""
    missing = [name for name in ("treat1", "treat2") if name not in effects.columns]
    if missing:
        raise TableError(
            f"the effects do not say which treatments are compared: no column {join_names(missing)}",
            found=", ".join(effects.columns) or "no other column",
            expected="columns treat1 and treat2",
        )
    n = [effects.columns.get(f"n_{i}") for i in (1, 2)]
    arms = None
    if n[0] is not None and n[1] is not None:
        arms = _arms_of_pairs(effects, np.asarray(n[0], dtype=float), np.asarray(n[1], dtype=float))
    return Contrasts(
        measure=effects.measure,
        study=effects.study,
        treat1=tuple(as_text(v) for v in np.asarray(effects.columns["treat1"]).tolist()),
        treat2=tuple(as_text(v) for v in np.asarray(effects.columns["treat2"]).tolist()),
        estimate=np.asarray(effects.estimate, dtype=float),
        std_error=np.asarray(effects.std_error, dtype=float),
        arms=arms,
        rows=effects.rows,
        options=effects.options,
        excluded=effects.excluded,
        notes=tuple(note for note in effects.notes if not note.startswith("labels that occur more than once")),
    )


def _arms_of_pairs(effects: EffectSizes, n_1: Any, n_2: Any) -> ArmCounts:
    """Each arm of a study once, from rows of two arms."""
    seen: dict[tuple[str, str], float] = {}
    for i, study in enumerate(effects.study):
        for name, n in (("treat1", n_1), ("treat2", n_2)):
            seen.setdefault((study, as_text(effects.columns[name][i])), float(n[i]))
    return ArmCounts(
        study=tuple(study for study, _ in seen),
        treatment=tuple(name for _, name in seen),
        n=np.array(list(seen.values())),
    )


def join_names(names: list[str]) -> str:
    return " or ".join(repr(name) for name in names)
