"""Means and standard deviations from what papers print instead of them: the face of all conversions, and whole tables.

Single numbers and arrays: ``spread`` (interval, test, quartiles, range, correlation) and ``medians`` (median with
quartiles and extremes); both are offered here by name, with their sources. ``complete_means`` fills a table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.display import level_text
from ostealgia.effects.medians import NUMBERS, MeanSd, mean_sd_from_median, out_of_order
from ostealgia.effects.spread import (
    change_correlation,
    change_sd,
    critical_value,
    quantile_t,
    sd_from_ci,
    sd_from_iqr,
    sd_from_p,
    sd_from_range,
    sd_from_se,
    sd_from_se_of_difference,
    sd_from_t,
    se_from_ci,
    se_from_p,
)
from ostealgia.errors import TableError
from ostealgia.options import confidence_level, one_of
from ostealgia.tables.columns import canonical_columns
from ostealgia.tables.result import Excluded, Result

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "CompletedMeans",
    "Filled",
    "MeanSd",
    "change_correlation",
    "change_sd",
    "complete_means",
    "critical_value",
    "mean_sd_from_median",
    "sd_from_ci",
    "sd_from_iqr",
    "sd_from_p",
    "sd_from_range",
    "sd_from_se",
    "sd_from_se_of_difference",
    "sd_from_t",
    "se_from_ci",
    "se_from_p",
]

Array = NDArray[np.float64]

SUFFIXES = ("", "_1", "_2", "_pre", "_post")
IMPOSSIBLE = ("refuse", "exclude")


@dataclass(frozen=True, kw_only=True)
class Filled:
    """One cell that was computed: the label and file row (or None), the column, the value, and how it was found."""

    study: str
    row: int | None
    column: str
    value: float
    method: str

    def __str__(self) -> str:
        return f"{self.study}: {self.column} {self.value:.4g} {self.method}"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class CompletedMeans(Result):
    """A table with its missing means and SDs filled in.

    frame : a copy of the table, given cells untouched.  filled : every computed cell with its method (also in notes).
    """

    frame: pd.DataFrame
    filled: tuple[Filled, ...]

    def to_frame(self) -> pd.DataFrame:
        """The completed table."""
        return self.frame

    def __str__(self) -> str:
        done = f"{len(self.filled)} cells computed, {len(self.excluded)} rows left alone"
        head = f"CompletedMeans: {len(self.frame)} rows, {done}"
        return "\n".join([head, *(f"  note: {note}" for note in self.notes)])


def complete_means(
    frame: Any,
    *,
    mean_method: str = "Luo",
    sd_method: str = "Shi",
    quantiles: str = "table",
    skewness: str = "report",
    level: float = 0.95,
    distribution: str = "t",
    impossible: str = "refuse",
) -> CompletedMeans:
    """Fill mean and sd where they are missing and the row gives something to find them from; given cells stay.

    frame : DataFrame or mapping of columns with n, mean, sd, median, q1, q3, min, max, std_error, ci_low, ci_high,
    each also with _1, _2, _pre, _post (n without suffix serves where n_pre or n_post is missing), and ci_level.
    A missing sd is found from std_error, else from the interval of the mean (both only where the mean itself is given
    and the row has no ``estimate``, whose error they would be), else from the quartiles and extremes; a missing mean
    from the median and these.  level : of intervals in rows without ci_level.  distribution : "t" or "z", of these
    intervals.  impossible : "refuse" raises a TableError for a row that cannot be, "exclude" leaves the row alone and
    names it in ``excluded``.  Other options and sources as in mean_sd_from_median.
    Returns CompletedMeans; each computed cell has a note.

    >>> table = {"study": ["A", "B"], "n": [24, 30], "mean": [None, 3.1], "sd": [None, None], "median": [4, None],
    ...          "q1": [2.5, None], "q3": [5.8, None], "std_error": [None, 0.4]}
    >>> done = complete_means(table)
    >>> done.frame[["mean", "sd"]].round(3).values.tolist()
    [[4.107, 2.59], [3.1, 2.191]]
    >>> done.notes[-1]
    'B: sd 2.191 from the standard error (n = 30)'
    """
    one_of("impossible", impossible, IMPOSSIBLE)
    one_of("distribution", distribution, ("t", "z"))
    confidence_level(level)
    table = _Table(frame, level)
    options = {"mean_method": mean_method, "sd_method": sd_method, "quantiles": quantiles, "skewness": skewness}
    for suffix in SUFFIXES:
        table.complete(suffix, distribution, impossible, options)
    return CompletedMeans(
        frame=table.data, filled=tuple(table.filled), excluded=tuple(table.excluded), notes=tuple(table.notes)
    )


class _Table:
    """The working copy of complete_means: cells as arrays, labels, and what was done."""

    def __init__(self, frame: Any, level: float) -> None:
        import pandas as pd

        data = pd.DataFrame(frame).copy()
        mapping, notes = canonical_columns(data.columns)
        self.data = data.rename(columns=mapping)
        self.level = level
        self.notes: list[str] = list(notes)
        self.filled: list[Filled] = []
        self.excluded: list[Excluded] = []
        index = self.data.index
        counted = pd.api.types.is_integer_dtype(index) and len(index) > 0 and int(np.min(index.to_numpy())) >= 2
        self.rows: list[int | None] = [int(i) for i in index] if counted else [None] * len(index)
        names = self.data["study"] if "study" in self.data else [None] * len(index)
        self.labels = [f"row {i + 1}" if pd.isna(name) else str(name) for i, name in enumerate(names)]

    def numbers(self, column: str) -> Array:
        """A column as floats, NaN where it is absent or empty; a text that is no number is refused with its place."""
        import pandas as pd

        if column not in self.data:
            return np.full(len(self.data), np.nan)
        cells = self.data[column]
        values = np.asarray(pd.to_numeric(cells, errors="coerce"), dtype=float)
        for at in np.flatnonzero(cells.notna().to_numpy() & np.isnan(values)).tolist():
            if str(cells.iloc[at]).strip().casefold() in ("", "nan"):
                continue
            raise TableError(
                f"{self.labels[at]}: not a number", row=self.rows[at], column=column, found=repr(cells.iloc[at]),
                expected="a number or an empty cell", action="Correct the cell.",
            )  # fmt: skip
        return values

    def complete(self, suffix: str, distribution: str, impossible: str, options: dict[str, str]) -> None:
        cells = {
            name: self.numbers(name + suffix)
            for name in ("mean", "sd", "n", "std_error", "ci_low", "ci_high", *NUMBERS)
        }
        if np.isnan(cells["n"]).any():
            cells["n"] = np.where(np.isnan(cells["n"]), self.numbers("n"), cells["n"])
        if suffix == "":
            owned = np.isnan(self.numbers("estimate"))
            for name in ("std_error", "ci_low", "ci_high"):
                cells[name] = np.where(owned, cells[name], np.nan)
        needs = (np.isnan(cells["mean"]) | np.isnan(cells["sd"])) & _any_source(cells)
        if "n" not in self.data and "n" + suffix not in self.data:
            return
        if not needs.any():
            return
        needs = self._without_impossible(cells, needs, suffix, impossible)
        at = np.flatnonzero(needs)
        part = {name: values[at] for name, values in cells.items()}
        found = mean_sd_from_median(
            n=part["n"], **{name: part[name] for name in NUMBERS}, study=[self.labels[i] for i in at], **options
        )
        self.notes.extend(found.notes)
        mean_how = [found.method_of(i, "mean") for i in range(len(at))]
        sd, sd_how = self._sd(part, found, at, distribution)
        self._fill("mean" + suffix, cells["mean"], at, found.mean, mean_how, part["n"])
        self._fill("sd" + suffix, cells["sd"], at, sd, sd_how, part["n"])

    def _sd(self, part: dict[str, Array], found: MeanSd, at: Any, distribution: str) -> tuple[Array, list[str]]:
        """SD by the first source that a row has: standard error, interval, order statistics."""
        n = np.where(part["n"] > 0, part["n"], np.nan)
        df = np.where(n > 1, n - 1.0, np.nan) if distribution == "t" else np.where(np.isnan(n), np.nan, np.inf)
        given_level = self.numbers("ci_level")[at]
        level = np.where(np.isnan(given_level), self.level, given_level)
        critical = quantile_t(1.0 - (1.0 - level) / 2.0, df)
        has_mean = ~np.isnan(part["mean"])
        by_se = np.where(has_mean, part["std_error"] * np.sqrt(n), np.nan)
        by_ci = np.where(has_mean, np.sqrt(n) * (part["ci_high"] - part["ci_low"]) / (2.0 * critical), np.nan)
        sd = np.where(~np.isnan(by_se), by_se, np.where(~np.isnan(by_ci), by_ci, found.sd))
        how = [
            "from the standard error" if not np.isnan(by_se[i])
            else f"from the {level_text(level[i])} interval ({distribution})" if not np.isnan(by_ci[i])
            else found.method_of(i, "sd")
            for i in range(len(at))
        ]  # fmt: skip
        return sd, how

    def _fill(self, column: str, given: Array, at: Any, values: Array, how: list[str], n: Array) -> None:
        wanted = np.isnan(given[at])
        new = given.copy()
        for i in np.flatnonzero(wanted).tolist():
            row = int(at[i])
            if np.isnan(values[i]):
                why = "as n is missing" if np.isnan(n[i]) else "from what the row gives"
                self.notes.append(f"{self.labels[row]}: {column} is missing and cannot be found {why}")
                continue
            new[row] = values[i]
            cell = Filled(study=self.labels[row], row=self.rows[row], column=column, value=float(values[i]),
                          method=f"{how[i]} (n = {n[i]:g})".replace(") (n", ", n"))  # fmt: skip
            self.filled.append(cell)
            self.notes.append(str(cell))
        if not np.array_equal(new, given, equal_nan=True):
            self.data[column] = new

    def _without_impossible(self, cells: dict[str, Array], needs: Any, suffix: str, impossible: str) -> Any:
        masked = {name: np.where(needs, values, np.nan) for name, values in cells.items()}
        problems = _problems(masked)
        for i, error in sorted(problems.items()):
            if impossible == "refuse":
                raise TableError(error.problem, row=self.rows[i], column=f"{error.column}{suffix}", found=error.found,
                                 expected=error.expected, action=error.action).about(self.labels[i])  # fmt: skip
            reason = f"mean{suffix} and sd{suffix} not computed: {error.problem} ({error.found})"
            self.excluded.append(Excluded(study=self.labels[i], reason=reason, row=self.rows[i]))
        keep = needs.copy()
        keep[list(problems)] = False
        return keep


def _any_source(cells: dict[str, Array]) -> Any:
    has = {name: ~np.isnan(values) for name, values in cells.items()}
    spread = has["std_error"] | (has["ci_low"] & has["ci_high"])
    return (has["mean"] & spread) | (has["q1"] & has["q3"]) | (has["min"] & has["max"])


def _problems(cells: dict[str, Array]) -> dict[int, TableError]:
    """Rows that cannot be, each with its first error."""
    checks = (
        ("n", cells["n"] <= 0, "n is not above 0", "a number above 0"),
        ("std_error", cells["std_error"] <= 0, "std_error is not above 0", "a number above 0"),
        ("ci_high", cells["ci_high"] <= cells["ci_low"], "ci_high is not above ci_low", "ci_low < ci_high"),
        ("mean", (cells["mean"] < cells["ci_low"]) | (cells["mean"] > cells["ci_high"]), "mean is outside its interval",
         "ci_low <= mean <= ci_high"),
    )  # fmt: skip
    found = out_of_order(cells)
    for column, bad, problem, expected in checks:
        for i in np.flatnonzero(bad).tolist():
            error = TableError(problem, column=column, found=f"{cells[column][i]:g}", expected=expected,
                               action="Correct the cell against the paper.")  # fmt: skip
            found.setdefault(i, error)
    return found
