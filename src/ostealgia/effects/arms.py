"""Long rows (one row an arm) to wide rows (one row a comparison): arm 1 is the treated one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.effects.reading import Sheet, as_text, some
from ostealgia.errors import OptionError, TableError, suggestion
from ostealgia.tables.columns import ARM_COLUMNS
from ostealgia.tables.result import Excluded

ROLES = (
    ("treated", "treatment", "intervention", "experimental", "exposed", "active"),
    ("control", "comparator", "comparison", "placebo", "unexposed", "sham"),
)
KEY = ("study", "outcome", "time", "time_unit")


def is_long(sheet: Sheet) -> bool:
    """True where the rows name their arm."""
    return "arm" in sheet.columns or "arm_role" in sheet.columns


def keep_arms(sheet: Sheet, arms: Sequence[str], *, or_none: bool = False) -> Sheet:
    """Only the rows of these arms (single-group measures), by arm_role or arm; ``or_none``: and rows without an arm."""
    names = [as_text(name).casefold() for name in arms]
    keep = np.zeros(sheet.size, dtype=bool)
    named = np.zeros(sheet.size, dtype=bool)
    for column in ("arm_role", "arm"):
        if column in sheet.columns:
            labels = [as_text(value).casefold() for value in sheet.columns[column].tolist()]
            keep |= np.array([label in names for label in labels])
            named |= np.array([bool(label) for label in labels])
    if or_none:
        keep |= ~named
    if not keep.any():
        raise _no_such_arm(sheet, arms[0])
    if not keep.all():
        sheet.notes.append(f"arm {', '.join(map(str, arms))}: {int(keep.sum())} of {sheet.size} rows taken")
    return sheet.take(keep)


def _present(sheet: Sheet) -> list[str]:
    columns = [sheet.columns[name] for name in ("arm_role", "arm") if name in sheet.columns]
    return sorted({as_text(value) for values in columns for value in values.tolist()} - {""})


def _no_such_arm(sheet: Sheet, name: str) -> TableError:
    present = _present(sheet)
    return TableError(
        f"no row belongs to the arm {name!r}",
        file=sheet.file,
        column="arm",
        found=some(present) or "only empty cells",
        expected="names of arms or roles that occur",
        action=suggestion(name, present).strip() or "Name two of those that were found, the treated one first",
    )


def _sides(sheet: Sheet, arms: Sequence[str] | None) -> list[int]:
    """1 treated, 2 control, 0 another arm, -1 no arm named; one a row."""
    if arms is None:
        groups: tuple[Any, ...] = ROLES
    else:
        if len(arms) != 2:
            raise OptionError(f"arms={list(arms)!r} names {len(arms)}; a comparison needs two, the treated arm first.")
        groups = tuple((as_text(arm).casefold(),) for arm in arms)
    side_of = {name: side for side, names in enumerate(groups, start=1) for name in names}
    sides = [-1] * sheet.size
    for column in ("arm", "arm_role"):  # a role that is understood outweighs the name of the arm
        if column in sheet.columns:
            for i, value in enumerate(sheet.columns[column].tolist()):
                label = as_text(value).casefold()
                if label:
                    sides[i] = side_of.get(label, max(sides[i], 0))
    for side, names in enumerate(groups, start=1):
        if side not in sides and any(other >= 0 for other in sides):
            if arms is not None:
                raise _no_such_arm(sheet, arms[side - 1])
            raise TableError(
                "the rows do not say which arm is treated and which is control",
                file=sheet.file,
                column="arm_role",
                found=some(_present(sheet)),
                expected=f"treated and control ({names[0]!r} does not occur)",
                action='Fill arm_role, or name the two arms: arms=("first", "second"), the treated one first.',
            )
    return sides


def pair_arms(sheet: Sheet, arms: Sequence[str] | None, on_bad: str) -> tuple[Sheet, list[Excluded]]:
    """One row a study, outcome and time point from one row an arm; and the rows that found no partner.

    Columns of the arm get ``_1`` (treated) and ``_2`` (control), the others keep the treated row's value.
    """
    sides = _sides(sheet, arms)
    keys = list(zip(*([as_text(v) for v in sheet.columns[c].tolist()] for c in KEY if c in sheet.columns), strict=True))
    if "study" not in sheet.columns:
        raise TableError("long rows need a column 'study' to find the two arms of one study", file=sheet.file)
    pairs, lone, twice = _match(sides, keys)
    for i in (i for i, _ in lone if _has_estimate(sheet, i)):  # a published effect needs no second row
        sides[i] = -1
    lone = [(i, side) for i, side in lone if sides[i] > 0]
    excluded = [Excluded(study=keys[i][0], row=int(sheet.rows[i]), reason=reason) for i, reason in _left_out(lone)]
    for first, second in twice:
        name = " ".join(part for part in keys[second] if part)
        message = f"arm given twice for {name!r} (rows {sheet.rows[first]} and {sheet.rows[second]})"
        if on_bad == "raise":
            raise TableError(
                message,
                file=sheet.file,
                row=int(sheet.rows[second]),
                column="arm",
                expected="one row an arm, outcome and time point",
                action="Combine the arms first, or choose one by outcome=, time= or arms=.",
            )
        excluded.append(Excluded(study=keys[second][0], row=int(sheet.rows[second]), reason=message))
    others = sum(1 for side in sides if side == 0)
    if others:
        verb = "row of another arm is" if others == 1 else "rows of other arms are"
        sheet.notes.append(f"{others} {verb} not part of this comparison")
    if not pairs and not any(side == -1 for side in sides):
        raise TableError(
            "no study has both arms",
            file=sheet.file,
            found=f"{sheet.size} rows",
            expected="a treated and a control row",
            action="Check that the two rows of a study have one label, or choose the arms of one comparison",
        )
    return _widen(sheet, sides, pairs), excluded


def _match(
    sides: Sequence[int], keys: Sequence[tuple[str, ...]]
) -> tuple[list[tuple[int, int]], list[tuple[int, int]], list[tuple[int, int]]]:
    """Pairs (treated, control) of row positions; lone rows with their side; rows that repeat an arm of a study."""
    found: dict[tuple[str, ...], list[int | None]] = {}
    twice: list[tuple[int, int]] = []
    spoiled: set[tuple[str, ...]] = set()
    for i, (side, key) in enumerate(zip(sides, keys, strict=True)):
        if side < 1:
            continue
        cell = found.setdefault(key, [None, None])
        earlier = cell[side - 1]
        if earlier is not None:
            twice.append((earlier, i))
            spoiled.add(key)
        else:
            cell[side - 1] = i
    pairs, lone = [], []
    for key, (treated, control) in found.items():
        if key in spoiled:
            continue
        if treated is not None and control is not None:
            pairs.append((treated, control))
        else:
            lone.append((treated if treated is not None else control or 0, 1 if treated is not None else 2))
    return pairs, lone, twice


def _has_estimate(sheet: Sheet, i: int) -> bool:
    return "estimate" in sheet.columns and bool(as_text(sheet.columns["estimate"][i]))


def _left_out(lone: Sequence[tuple[int, int]]) -> list[tuple[int, str]]:
    missing = {1: "no row for the control arm", 2: "no row for the treated arm"}
    return [(i, missing[side]) for i, side in lone]


def _widen(sheet: Sheet, sides: Sequence[int], pairs: Sequence[tuple[int, int]]) -> Sheet:
    alone = [i for i, side in enumerate(sides) if side == -1]  # published effects, one row a study
    order = sorted(
        range(len(pairs) + len(alone)), key=lambda j: pairs[j][0] if j < len(pairs) else alone[j - len(pairs)]
    )
    first = np.array([p[0] for p in pairs] + alone, dtype=np.int64)[order]
    second = np.array([p[1] for p in pairs] + alone, dtype=np.int64)[order]
    blank = np.array([False] * len(pairs) + [True] * len(alone))[order]
    columns: dict[str, Any] = {}
    places: dict[str, tuple[NDArray[np.int64], str]] = {}
    for name, values in sheet.columns.items():
        if name in ("arm", "arm_role"):
            continue
        if name not in ARM_COLUMNS:  # one value a study
            columns[name] = values[first]
            continue
        for suffix, index in (("_1", first), ("_2", second)):
            columns[name + suffix] = _blanked(values[index], blank)
            places[name + suffix] = (sheet.rows[index], sheet.original.get(name, name))
    for suffix, index in (("_1", first), ("_2", second)):
        if "arm" in sheet.columns:
            columns["arm" + suffix] = sheet.columns["arm"][index]
    if alone and "std_error" in sheet.columns:
        columns["std_error"] = sheet.columns["std_error"][first]
    return Sheet(columns, sheet.rows[first], sheet.numbered, sheet.file, sheet.original, places, sheet.notes)


def _blanked(values: NDArray[Any], blank: NDArray[np.bool_]) -> NDArray[Any]:
    if not blank.any():
        return values
    values = values.astype(object if values.dtype == object else float)
    values[blank] = None if values.dtype == object else np.nan
    return values
