"""Effect sizes from what studies report: the door of this room."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.effects import arms as long_rows
from ostealgia.effects import checks, reported, zero_cells
from ostealgia.effects.faults import ON_BAD, Faults
from ostealgia.effects.formulas import BEFORE_AFTER, CORRECTIONS, FORMULAS, TWO_BY_TWO, TWO_RATES, Formula
from ostealgia.effects.reading import Sheet, as_text, numbers, open_sheet, select, some, studies
from ostealgia.effects.result import EffectSizes
from ostealgia.effects.settings import settle
from ostealgia.errors import OptionError, TableError, suggestion
from ostealgia.options import confidence_level, one_of
from ostealgia.tables.measures import Measure, measure_of
from ostealgia.tables.result import Excluded

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
PUBLISHED_COLUMNS = (*reported.COLUMNS, "measure")


def compute(
    frame: Any,
    *,
    measure: str,
    outcome: Any = None,
    time: Any = None,
    arms: Sequence[str] | None = None,
    correlation: float | None = None,
    increment: float | str | None = None,
    apply_increment: str | None = None,
    drop_double_zero: bool | None = None,
    rr_increment_to_n: str | None = None,
    rd_increment: str | None = None,
    pr_increment: str | None = None,
    pln_increment_to_n: str | None = None,
    vtype: str | None = None,
    pooled_variance: bool | None = None,
    bias_correction: bool | None = None,
    method_smd: str | None = None,
    exact_smd: bool | None = None,
    sd_glass: str | None = None,
    standardizer: str | None = None,
    level: float = 0.95,
    on_bad: str = "raise",
    file: str | None = None,
) -> EffectSizes:
    """What is the effect in each study, and how sure is it? One row in, one effect out, on the analysis scale.

    frame : a pandas frame, a mapping of columns, or a table of ``io.read_table``; one row a study, or one row an arm
        (columns ``arm`` or ``arm_role``). Columns: see ``tables.measures.KINDS``; other spellings are understood and
        noted. Where counts or means are missing, ``estimate`` is used, with ``ci_low, ci_high`` or ``p_value`` (both on
        the reported scale), or with ``std_error`` or ``variance`` (both on the analysis scale).
    measure : a name of ``tables.measures.MEASURES``.
    outcome, time : rows to take, by the columns of that name.  arms : the treated and the control arm, by arm or role;
        one name for a measure of one group.
    correlation : of the two measurements of a pre-post measure, for rows that give none; it is never assumed.
    increment : added to empty cells, 0.5 or "TACC".  apply_increment : "only0", "if0all", "all" or "none".
        drop_double_zero : leaves out studies without a contrast.  rr_increment_to_n, pln_increment_to_n : "2*incr" or
        "incr".  rd_increment, pr_increment : "all", or "variance" to leave the estimate as observed.
    vtype, pooled_variance, bias_correction, method_smd, exact_smd, sd_glass, standardizer : see the formula of the
        measure (``effects.formulas``); None takes the default of ``effects.settings``.
    level : of published intervals without a column ``ci_level``.
    on_bad : "raise" refuses the first impossible row, "exclude" leaves such rows out by name.

    Raises OptionError, and TableError with file, row, column, found, expected. Rows with an empty needed cell are left
    out and listed in ``.excluded``; what was done to the data is in ``.notes``, every choice in ``.options``.

    >>> counts = {"study": ["A", "B"], "events_1": [4, 0], "n_1": [40, 30], "events_2": [9, 3], "n_2": [41, 30]}
    >>> effects = compute(counts, measure="OR")
    >>> effects.estimate.round(4).tolist(), effects.notes[0]
    ([-0.9287, -2.0495], "0.5 added to every cell of 1 of 2 studies (apply_increment='only0'): B")
    """
    definition, spelling = measure_of(measure)
    one_of("on_bad", on_bad, ON_BAD)
    asked = {
        "increment": increment,
        "apply_increment": apply_increment,
        "drop_double_zero": drop_double_zero,
        "rr_increment_to_n": rr_increment_to_n,
        "rd_increment": rd_increment,
        "pr_increment": pr_increment,
        "pln_increment_to_n": pln_increment_to_n,
        "vtype": vtype,
        "pooled_variance": pooled_variance,
        "bias_correction": bias_correction,
        "method_smd": method_smd,
        "exact_smd": exact_smd,
        "sd_glass": sd_glass,
        "standardizer": standardizer,
        "correlation": correlation,
    }
    settings, idle = settle(definition.name, asked)
    sheet = select(open_sheet(frame, file), outcome, time)
    sheet.notes[:0] = [note for note in (spelling, *idle) if note]
    sheet, lost = _arrange(sheet, definition, arms, on_bad)
    settings |= {
        name: value for name, value in (("outcome", outcome), ("time", time), ("arms", arms)) if value is not None
    }
    return _Computation(sheet, definition, settings, confidence_level(level), on_bad).run(lost)


def without_zero_errors(effects: EffectSizes) -> EffectSizes:
    """The effects that inverse variance can weight; rows whose data give a standard error of 0 are listed as left out.

    >>> flat = compute({"study": ["A", "B"], "mean": [2, 3], "sd": [1, 0], "n": [4, 9]}, measure="MN")
    >>> without_zero_errors(flat).excluded[0].reason
    'its standard error is 0, so it cannot be weighted by inverse variance'
    """
    weightless = np.flatnonzero(effects.std_error == 0)
    if not len(weightless):
        return effects
    reason = "its standard error is 0, so it cannot be weighted by inverse variance"
    row = effects.rows or (None,) * effects.k
    lost = [Excluded(study=effects.study[i], reason=reason, row=row[i]) for i in weightless.tolist()]
    return replace(effects.take(effects.std_error > 0), excluded=(*effects.excluded, *lost))


def _arrange(
    sheet: Sheet, definition: Measure, arms: Sequence[str] | None, on_bad: str
) -> tuple[Sheet, list[Excluded]]:
    """Wide rows with the column names of the measure's kind."""
    formula = FORMULAS.get(definition.name)
    columns = sheet.columns
    if formula is not None and formula.columns == BEFORE_AFTER and "correlation" not in columns and "r" in columns:
        columns["correlation"] = columns.pop("r")
        sheet.notes.append("column 'r' read as 'correlation' of the two measurements")
    if isinstance(arms, str):
        arms = (arms,)
    lost: list[Excluded] = []
    if definition.kind.startswith("two-group"):
        wide = formula is not None and any(name in columns for name in formula.columns)
        if long_rows.is_long(sheet) and not wide:
            sheet, lost = long_rows.pair_arms(sheet, arms, on_bad)
    elif arms is not None and long_rows.is_long(sheet):
        sheet = long_rows.keep_arms(sheet, arms, or_none=definition.kind.startswith("generic"))
    return sheet, lost


class _Computation:
    """One call of ``compute``, step by step; ``run`` is the table of contents."""

    def __init__(self, sheet: Sheet, definition: Measure, settings: dict[str, Any], level: float, on_bad: str) -> None:
        self.sheet, self.definition, self.settings, self.level = sheet, definition, settings, level
        self.formula: Formula | None = FORMULAS.get(definition.name)
        self.labels = sheet.labels()
        self.faults = Faults(sheet, self.labels, on_bad)
        self.notes: list[str] = []
        self.counted: list[tuple[Mask, Callable[[list[str], str], str], Sequence[str]]] = []
        self.text: dict[str, dict[int, str]] = {}
        self.estimate = np.full(sheet.size, np.nan)
        self.variance = np.full(sheet.size, np.nan)
        self.point = np.zeros(sheet.size, dtype=bool)

    def run(self, lost: Sequence[Excluded]) -> EffectSizes:
        self.total_patients()
        self.check_columns()
        cells, published = self.read_cells()
        use_published = self.published_rows(cells, published)
        self.refuse_text(cells, use_published)
        if not use_published.all():
            self.from_data(cells, ~use_published)
        if use_published.any():
            self.from_published(published, use_published)
        self.faults.settle()
        return self.result(cells, lost)

    def total_patients(self) -> None:
        """n of a group from events and non-events, where the table gives these."""
        columns = self.sheet.columns
        for suffix in ("", "_1", "_2"):
            events, others, n = (f"{name}{suffix}" for name in ("events", "non_events", "n"))
            if events in columns and others in columns and n not in columns:
                (x, _), (rest, text) = numbers(columns[events]), numbers(columns[others])
                columns[n] = x + rest
                self.sheet.places[n] = self.sheet.places.get(
                    others, (self.sheet.rows, self.sheet.original.get(others, others))
                )
                self.faults.refuse(
                    rest < 0, others, f"{others} is negative", found=rest, expected="a count of 0 or more"
                )
                checks.refuse_text({others: text}, self.faults)
                self.sheet.notes.append(f"{n} is {events} + {others}")

    def check_columns(self) -> None:
        """The columns of the data, or those of a published effect, must be there."""
        present = self.sheet.columns
        needed = self.needed()
        if needed and all(name in present for name in needed):
            return
        if reported.has_columns(set(present), self.definition):
            return
        wanted = needed or ("estimate", "std_error")
        missing = [name for name in wanted if name not in present]
        if missing == ["correlation"]:
            raise self.no_correlation([])
        theirs = [self.sheet.original.get(name, name) for name in present]
        free = [self.sheet.original.get(name, name) for name in present if name not in (*wanted, "study")]
        hints = [f"{name}:{hint}" for name in missing for hint in [suggestion(name, free)] if hint]
        verb = "a column is" if len(missing) == 1 else "columns are"
        raise TableError(
            f"{verb} missing for {self.definition.name}: {', '.join(missing)}",
            file=self.sheet.file,
            column=missing[0],
            found=", ".join(theirs),
            expected=f"{', '.join(wanted)}; or estimate, ci_low, ci_high",
            action=" ".join(hints)
            or "Add the column, or rename the one that holds it; --help lists the columns of each measure",
        )

    def needed(self) -> tuple[str, ...]:
        """The data columns of the measure; the correlation may come as an option."""
        if self.formula is None:
            return ()
        names = self.formula.columns
        if self.settings.get("correlation") is not None and "correlation" not in self.sheet.columns:
            names = tuple(name for name in names if name != "correlation")
        return names

    def read_cells(self) -> tuple[dict[str, Array], dict[str, Array]]:
        """The numbers of the data columns and of the published effect; text is kept aside."""
        cells: dict[str, Array] = {}
        published: dict[str, Array] = {}
        present = self.sheet.columns
        has_data = bool(self.formula) and all(name in present for name in self.needed())
        names = self.needed() if has_data else ()
        others = (*reported.COLUMNS, *([self.point_column()] if self.point_column() else []))
        for name in (*names, *(name for name in others if name not in names)):
            if name in present:
                values, text = numbers(present[name])
                (cells if name in names else published)[name] = values
                if text:
                    self.text[name] = text
        fill = self.settings.get("correlation")
        if has_data and fill is not None:
            given = cells.get("correlation", np.full(self.sheet.size, np.nan))
            empty = np.isnan(given)
            cells["correlation"] = np.where(empty, fill, given)
            self.note_rows(empty, lambda names, of: f"correlation {fill:g} (option) used in {of}")
        point = self.point_column()
        own = cells.get(point, published.get(point)) if point else None
        complete = reported.complete(published, self.sheet.size)
        if own is not None:
            self.point, complete = reported.with_point(own, complete, self.definition)
        return cells, complete

    def point_column(self) -> str | None:
        """The column of the measure's own value (a mean), where the table has it."""
        name = reported.POINTS.get(self.definition.name)
        return name if name in self.sheet.columns else None

    def published_rows(self, cells: Mapping[str, Array], published: Mapping[str, Array]) -> Mask:
        """Rows that use the published effect: all where there are no data columns, else those with incomplete data."""
        if not cells:
            return np.ones(self.sheet.size, dtype=bool)
        incomplete = np.zeros(self.sheet.size, dtype=bool)
        for name, values in cells.items():
            if name != "correlation":
                incomplete |= np.isnan(values)
            if name in self.text:
                incomplete[list(self.text[name])] = False
        if not incomplete.any():
            return incomplete
        return incomplete & (reported.ways(published, self.definition) >= 0)

    def refuse_text(self, cells: Mapping[str, Array], use_published: Mask) -> None:
        """Text in a cell that is used."""
        for name, found in self.text.items():
            used = {i: value for i, value in found.items() if use_published[i] != (name in cells)}
            checks.refuse_text({name: used}, self.faults)

    def from_data(self, cells: dict[str, Array], rows: Mask) -> None:
        """Estimates and variances of the rows with counts, means or rates."""
        formula = FORMULAS[self.definition.name]
        self.notes += checks.check_cells({name: np.where(rows, v, np.nan) for name, v in cells.items()}, self.faults)
        if "correlation" in cells and self.settings.get("correlation") is None:
            lacking = rows & np.isnan(cells["correlation"])
            lacking &= ~np.logical_or.reduce([np.isnan(v) for name, v in cells.items() if name != "correlation"])
            if lacking.any() and (self.faults.on_bad == "raise" or lacking.all()):
                raise self.no_correlation([self.labels[i] for i in np.flatnonzero(lacking)])
        checks.leave_out_empty(cells, formula.columns, rows, self.faults)
        good = rows.copy()
        good[list(self.faults.reasons)] = False
        if self.settings.get("drop_double_zero") or formula.columns in (TWO_BY_TWO, TWO_RATES):
            good &= ~self.double_zero(cells, good)
        index = np.flatnonzero(good)
        if len(index):
            self.apply(formula, {name: values[index] for name, values in cells.items()}, index)

    def double_zero(self, cells: Mapping[str, Array], good: Mask) -> Mask:
        """Rows without any contrast between the groups: named, and left out where that is asked for."""
        if self.formula is not None and self.formula.columns == TWO_BY_TWO:
            none = good & zero_cells.double_zero(*(cells[name] for name in TWO_BY_TWO))
        else:
            none = good & (cells["events_1"] == 0) & (cells["events_2"] == 0)
        if not none.any():
            return none
        what = "no event in either group" + (", or nothing but events" if "n_1" in cells else "")
        if self.settings.get("drop_double_zero"):
            self.faults.leave_out(none, f"{what} (drop_double_zero)")
            return none
        self.note_rows(none, lambda names, of: f"{what}, in {studies(len(names))}: {some(names)}")
        return np.zeros_like(none)

    def apply(self, formula: Formula, cells: dict[str, Array], index: NDArray[np.int64]) -> None:
        options = {name: self.settings[name] for name in formula.options if name in self.settings}
        with np.errstate(all="ignore"):
            if formula.corrects:
                fixed = CORRECTIONS[formula.columns](cells, self.definition.name, self.settings)
                estimate, variance = formula.function(*fixed.for_estimate, **options)
                if fixed.for_variance is not fixed.for_estimate:
                    variance = formula.function(*fixed.for_variance, **options)[1]
                self.note_increment(fixed, index)
            else:
                estimate, variance = formula.function(*(cells[name] for name in formula.columns), **options)
        undefined = ~(np.isfinite(estimate) & np.isfinite(variance) & (variance >= 0))
        for j in np.flatnonzero(undefined).tolist():
            there = checks.describe(cells, formula.columns, j)
            why = ", an empty cell to which nothing is added" if formula.corrects else ""
            self.faults.leave_out([int(index[j])], f"{self.definition.name} is not defined for {there}{why}")
        self.estimate[index], self.variance[index] = estimate, variance
        self.note_rows(
            self.mask(index[~undefined & (variance == 0)]),
            lambda names, of: f"standard error 0, so no weight by inverse variance, in: {some(names)}",
        )

    def note_increment(self, fixed: zero_cells.Corrected, index: NDArray[np.int64]) -> None:
        increment, rule = self.settings["increment"], self.settings["apply_increment"]
        what = "treatment-arm correction (TACC)" if increment == zero_cells.TACC else f"{increment:g}"
        only_variance = "variance" in (self.settings.get("rd_increment"), self.settings.get("pr_increment"))
        where = "every cell, for the variance only," if only_variance else "every cell"
        if "person_time" in " ".join(self.needed()):
            where = "the events"
        self.note_rows(
            self.mask(index[fixed.changed]),
            lambda names, of: f"{what} added to {where} of {of} (apply_increment={rule!r}): {some(names)}",
        )

    def mask(self, index: NDArray[np.int64]) -> Mask:
        """Positions as a mask (k,)."""
        found = np.zeros(self.sheet.size, dtype=bool)
        found[index] = True
        return found

    def note_rows(self, rows: Mask, text: Callable[[list[str], str], str], labels: Sequence[str] | None = None) -> None:
        """A note on some rows, from their labels and "2 of 9 studies"; written when it is known which rows stay."""
        self.counted.append((rows, text, self.labels if labels is None else labels))

    def notes_on(self, keep: Mask) -> list[str]:
        """The notes on rows, about those that stay only: who is left out is in ``excluded``, with the reason."""
        notes: list[str] = []
        for rows, text, labels in self.counted:
            names = [labels[i] for i in np.flatnonzero(rows & keep).tolist()]
            if names:
                notes.append(text(names, f"{len(names)} of {studies(int(keep.sum()))}"))
        return notes

    def from_published(self, published: dict[str, Array], rows: Mask) -> None:
        """Estimates and variances of the rows with a published effect."""
        other = self.other_measure(rows)
        rows = rows & ~other
        masked = {name: np.where(rows, values, np.nan) for name, values in published.items()}
        checks.check_cells({name: v for name, v in masked.items() if name != "variance"}, self.faults)
        given = self.sheet.columns.get("variance")
        if given is not None and "variance" not in self.needed():
            v = np.where(rows, numbers(given)[0], np.nan)
            checks.check_cells({"variance": v}, self.faults)
        checks.check_published(masked, self.faults)
        found = reported.effects(masked, self.definition, self.level, self.faults)
        for i in np.flatnonzero(rows & (found.way < 0)).tolist():
            self.faults.leave_out([i], self.nothing_published(masked, i))
        use = rows & (found.way >= 0)
        self.estimate[use], self.variance[use] = found.estimate[use], found.variance[use]
        self.note_published(masked, found, use)
        self.settings["level"] = self.level

    def other_measure(self, rows: Mask) -> Mask:
        """Rows whose own column ``measure`` names another one; they are left out."""
        other = np.zeros_like(rows)
        column = self.sheet.columns.get("measure")
        if column is None or self.definition.name == "GEN":
            return other
        for i in np.flatnonzero(rows).tolist():
            name = as_text(column[i])
            if name and _canonical(name) != self.definition.name:
                other[i] = True
                self.faults.leave_out([i], f"the published effect is {name}, not {self.definition.name}")
        return other

    def nothing_published(self, cells: Mapping[str, Array], i: int) -> str:
        empty = [
            name
            for name in reported.COLUMNS
            if name in self.sheet.columns and name != "ci_level" and np.isnan(cells[name][i])
        ]
        return f"{', '.join(empty)} {'is' if len(empty) == 1 else 'are'} empty"

    def note_published(self, published: Mapping[str, Array], found: reported.Published, use: Mask) -> None:
        if self.formula is not None and all(name in self.sheet.columns for name in self.needed()):
            self.note_rows(use, lambda names, of: f"published effect used where the data are incomplete: {some(names)}")
        interval = "its interval" if "ci_level" in self.sheet.columns else f"the {100 * self.level:.4g}% interval"
        texts = {
            reported.INTERVAL: f"standard error from {interval}",
            reported.ERROR: f"estimate and standard error as given, on the scale {self.definition.analysis_scale}",
            reported.P_VALUE: "standard error from the P value",
        }
        for code, text in texts.items():
            if not (code == reported.ERROR and self.definition.name == "GEN"):
                self.note_rows(use & (found.way == code), lambda names, of, text=text: f"{text}, in {of}")
        self.note_rows(
            found.midpoint & use,
            lambda names, of: f"estimate taken as the middle of its interval on the analysis scale: {some(names)}",
        )
        self.note_points(published, found, use & self.point)

    def note_points(self, published: Mapping[str, Array], found: reported.Published, rows: Mask) -> None:
        """Rows whose estimate is the table's mean beside an interval or a standard error."""
        point, by_interval = self.point_column(), rows & (found.way == reported.INTERVAL)
        self.note_rows(rows, lambda names, of: f"{point} taken as the estimate, in {of}")
        away = reported.off_middle(published, self.definition, by_interval)
        labels = [f"{name} ({away[i]})" if i in away else name for i, name in enumerate(self.labels)]
        self.note_rows(
            self.mask(np.array(list(away), dtype=np.int64)),
            lambda names, of: f"{point} is not the middle of its interval, by more than rounding, in: {some(names)}",
            labels,
        )
        n = self.patients()
        small = by_interval & (n > 1) & (n < reported.SMALL)
        self.note_rows(
            small,
            lambda names, of: (
                f"interval of fewer than {reported.SMALL} patients read by z; if it was made by t, its standard error is "
                f"smaller, in: {some(names)}"
            ),
            [f"{name} ({text})" for name, text in zip(self.labels, reported.by_t_text(n, self.level), strict=True)],
        )

    def no_correlation(self, names: Sequence[str]) -> OptionError:
        where = f" for {some(names)}" if names else ""
        return OptionError(
            f"{self.definition.name} needs the correlation between the two measurements{where}; it is never assumed. "
            "Fill the column 'correlation', or state one value: correlation=0.5 in Python, "
            "--correlation 0.5 on the command line."
        )

    def result(self, cells: Mapping[str, Array], lost: Sequence[Excluded]) -> EffectSizes:
        reasons = self.faults.reasons
        excluded = [
            *lost,
            *(Excluded(study=self.labels[i], reason=reasons[i], row=int(self.sheet.rows[i])) for i in sorted(reasons)),
        ]
        keep = np.ones(self.sheet.size, dtype=bool)
        keep[list(reasons)] = False
        if not keep.any():
            first = "; ".join(
                f"{item.study}{f' (row {item.row})' if item.row else ''}: {item.reason}" for item in excluded[:3]
            )
            raise TableError(
                "no study is left (zero studies)",
                file=self.sheet.file,
                row=excluded[0].row if len(excluded) == 1 else None,
                found=first + (f"; and {len(excluded) - 3} more" if len(excluded) > 3 else ""),
                expected="at least one usable row",
                action="Fill or correct these cells, or choose a measure or an increment that these data allow",
            )
        index = np.flatnonzero(keep) if reasons else slice(None)
        study = tuple(self.labels[i] for i in index.tolist()) if isinstance(index, np.ndarray) else tuple(self.labels)
        return EffectSizes(
            measure=self.definition.name,
            study=study,
            estimate=self.estimate[index],
            std_error=np.sqrt(self.variance[index]),
            n=self.patients()[index],
            columns=self.kept_columns(cells, index),
            rows=tuple(self.sheet.rows[index].tolist()) if self.sheet.numbered else (),
            options=self.settings,
            excluded=tuple(excluded),
            notes=tuple(dict.fromkeys([*self.sheet.notes, *self.notes, *self.notes_on(keep), *_label_notes(study)])),
        )

    def patients(self) -> Array:
        """Patients a row: n_1 + n_2, or n; NaN where the table does not tell."""
        columns = self.sheet.columns
        if "n_1" in columns and "n_2" in columns:
            return numbers(columns["n_1"])[0] + numbers(columns["n_2"])[0]
        return numbers(columns["n"])[0] if "n" in columns else np.full(self.sheet.size, np.nan)

    def kept_columns(self, cells: Mapping[str, Array], index: Any) -> dict[str, Any]:
        """Raw columns as floats, all others as they are; those of a published effect are called published_..."""
        kept: dict[str, Any] = {name: values[index] for name, values in cells.items()}
        for name, values in self.sheet.columns.items():
            if name == "study" or name in kept:
                continue
            ours = f"published_{name}" if name in PUBLISHED_COLUMNS else name
            if ours != name or checks.plain_name(name) in checks.RULES:
                number, text = numbers(values)
                values = values if text else number
            values = values[index]
            if not _empty(values):
                kept[ours] = values
        return kept


def _empty(values: NDArray[Any]) -> bool:
    if values.dtype.kind == "f":
        return bool(np.isnan(values).all())
    return values.dtype == object and not any(as_text(value) for value in values.tolist())


def _canonical(name: str) -> str:
    try:
        return measure_of(name)[0].name
    except OptionError:
        return name


def _label_notes(study: tuple[str, ...]) -> list[str]:
    notes = ["one study: nothing to pool"] if len(study) == 1 else []
    if len(set(study)) < len(study):
        seen: set[str] = set()
        repeated = dict.fromkeys(name for name in study if name in seen or seen.add(name))
        notes.append(f"labels that occur more than once: {some(list(repeated))}")
    return notes
