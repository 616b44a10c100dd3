"""Several time points a study in one model: the pooled course over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import OptionError
from ostealgia.meta.multilevel_coefficients import Coefficients
from ostealgia.meta.multilevel_data import as_dependent, grouping, labels_of
from ostealgia.meta.multilevel_fit import multivariate, omnibus
from ostealgia.meta.multilevel_result import MultilevelResult
from ostealgia.numerics.splines import natural_spline, spline_columns
from ostealgia.options import one_of
from ostealgia.tables.result import Result

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
Basis = Callable[[Array], Array]
CURVE_POINTS = 41


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TrajectoryResult(Result):
    """A pooled course. curve : the mean at ``times`` (n,) with confidence and prediction interval.  fit : the model behind it.

    shape : how the mean depends on time.  observed : the time points of the data with the number of studies at each.
    change_statistic, change_df, change_p_value : test of no change over time.
    """

    measure: str
    shape: str
    structure: str
    times: Array
    curve: Coefficients
    observed: Mapping[float, int]
    change_statistic: float
    change_df: int
    change_p_value: float
    fit: MultilevelResult
    basis: Callable[[Array], Array]
    options: Mapping[str, Any] = field(default_factory=dict)

    def at(self, times: Any) -> Coefficients:
        """The mean at other times; a time outside the data is refused."""
        t = np.atleast_1d(np.array(times, dtype=float))
        low, high = min(self.observed), max(self.observed)
        if not ((t >= low) & (t <= high)).all():
            outside = t[(t < low) | (t > high)][0]
            raise OptionError(
                f"time {outside:g} is outside the data, {low:g} to {high:g}; a trajectory is not carried beyond them."
            )
        return self.fit.predict(self.basis(t), names=tuple(f"time {value:g}" for value in t), outcome=self._levels(t))

    def difference(self, later: float, earlier: float) -> Coefficients:
        """The mean at one time less that at another, with its interval."""
        rows = self.basis(np.array([later, earlier], dtype=float))
        return self.fit.contrast(rows[0] - rows[1], name=f"time {later:g} less time {earlier:g}")

    def _levels(self, t: Array) -> list[str] | None:
        levels = self.fit.components[0].levels
        found = [f"{value:g}" for value in t]
        return found if all(value in levels for value in found) else None

    def to_frame(self) -> pd.DataFrame:
        """One row a time of the curve."""
        frame = self.curve.to_frame().drop(columns="name")
        frame.insert(0, "time", self.times)
        return frame

    def observed_frame(self) -> pd.DataFrame:
        """One row an observed time: studies, and the mean there."""
        times = np.array(sorted(self.observed))
        frame = self.at(times).to_frame().drop(columns="name")
        frame.insert(0, "time", times)
        frame.insert(1, "studies", [self.observed[t] for t in times.tolist()])
        return frame

    def to_dict(self) -> dict[str, Any]:
        """JSON: the curve, the test of change, the model."""
        rows = [{"time": float(t), **row} for t, row in zip(self.times, self.curve.to_dicts(), strict=True)]
        return {
            "measure": self.measure, "shape": self.shape, "structure": self.structure, "curve": rows,
            "observed": [{"time": t, "studies": n} for t, n in sorted(self.observed.items())],
            "change_statistic": self.change_statistic, "change_df": self.change_df, "change_p_value": self.change_p_value,
            "fit": self.fit.to_dict(), "notes": list(self.notes),
        }  # fmt: skip

    def __str__(self) -> str:
        from ostealgia.meta.multilevel_text import trajectory_text

        return trajectory_text(self)


def _powers(degree: int) -> Callable[[Array], tuple[Basis, tuple[str, ...]]]:
    names = ("time", *(f"time^{d}" for d in range(2, degree + 1)))
    return lambda times: (lambda t: t[:, None] ** np.arange(1.0, degree + 1), names)


def _logarithm(times: Array) -> tuple[Basis, tuple[str, ...]]:
    return (lambda t: np.log1p(t)[:, None]), ("log(1 + time)",)


def _means(times: Array) -> tuple[Basis, tuple[str, ...]]:
    levels = np.unique(times)
    return (lambda t: (t[:, None] == levels[None, :]).astype(float)), tuple(f"time {value:g}" for value in levels)


# shape -> from the observed times to the columns and their names
SHAPES: dict[str, Callable[[Array], tuple[Basis, tuple[str, ...]]]] = {
    "means": _means,
    "linear": _powers(1),
    "quadratic": _powers(2),
    "cubic": _powers(3),
    "log": _logarithm,
}


def trajectory(
    effects: Any,
    *,
    shape: Any = "log",
    df: int = 2,
    time: str = "time",
    study: str = "study",
    structure: str = "CAR",
    V: Any = None,
    random: Any = None,
    through_zero: bool = False,
    at: Any = None,
    method: str = "REML",
    ci: str = "t",
    level: float = 0.95,
    measure: str | None = None,
) -> TrajectoryResult:
    """How does the effect go over time, when studies report several times?

    effects : one row a study x time, as for ``multilevel``, with the numeric column ``time``.  shape : "log" (steep first, then flat),
    "linear", "quadratic", "cubic", "spline" (natural, with ``df`` columns), "means" (a mean for every time, no curve), or a function from
    times (n,) to columns (n, q).  through_zero : no intercept, for changes from baseline that are 0 at time 0 by definition.
    structure : covariance of the true effects of a study over time, as in ``multivariate``; "CAR" fits unequal times, "CS" one correlation.
    V : covariance of the sampling errors of one study over time, usually ``known_covariance(..., kind="autoregressive")``: the patients are
    the same. random : further random intercepts.  at : times of the curve, within those of the data.
    Returns a TrajectoryResult. Raises OptionError, TableError, ConvergenceError.
    Not for: other patients at other times (that is a subgroup); extrapolation. Source: Ishak et al. 2007, doi:10.1177/1740774507083567;
    Trikalinos & Olkin 2012, doi:10.1177/1740774512453218.

    >>> from ostealgia.meta import known_covariance
    >>> rows = {"study": list("AAABBCCC"), "time": [1, 4, 12, 1, 4, 1, 4, 12], "std_error": [0.4] * 8}
    >>> rows["estimate"] = [-2.1, -3.4, -4.2, -1.6, -2.8, -2.9, -4.0, -4.4]
    >>> found = trajectory(rows, V=known_covariance(rows, rho=0.9, kind="autoregressive"))
    >>> found.at([1, 12]).estimate.round(2).tolist()
    [-2.17, -4.3]
    """
    data = as_dependent(effects, measure, V)
    times = _times(labels_of(data, time, "time"), time)
    columns, names, title = _shape(shape, df, times)
    basis = columns if through_zero or shape == "means" else _with_intercept(columns)
    names = names if through_zero or shape == "means" else ("intercept", *names)
    fit = multivariate(
        data, outcome=time, study=study, structure=structure, V=V, X=basis(times), names=names, random=random, method=method,
        ci=ci, level=level,
    )  # fmt: skip
    grid = np.unique(times) if shape == "means" else np.linspace(times.min(), times.max(), CURVE_POINTS)
    if at is not None:
        grid = np.atleast_1d(np.array(at, dtype=float))
    curve = fit.predict(basis(grid), names=tuple(f"time {value:g}" for value in grid), outcome=None)
    statistic, change_df, p = _change(fit, names, shape)
    observed = _observed(times, grouping(data, study, "study")[1])
    notes = [note for note in fit.notes if not note.startswith("tau2 ") or "edge" in note]
    thin = [f"{t:g}" for t, n in observed.items() if n == 1]
    if thin:
        notes.append(f"one study only at time {', '.join(thin)}")
    result = TrajectoryResult(
        measure=data.measure, shape=title, structure=structure, times=grid, curve=curve, observed=observed,
        change_statistic=statistic, change_df=change_df, change_p_value=p, fit=fit, basis=basis, excluded=fit.excluded,
        notes=tuple(notes), options={"shape": title, "structure": structure, "through_zero": through_zero, "level": level},
    )  # fmt: skip
    if at is not None:
        result.at(grid)
    return result


def _times(labels: list[str], name: str) -> Array:
    try:
        times = np.array([float(label) for label in labels])
    except ValueError:
        wrong = next(label for label in labels if not _numeric(label))
        raise OptionError(f"column {name!r} should hold numbers in one unit (weeks); found {wrong!r}.") from None
    if len(np.unique(times)) < 2:
        raise OptionError(f"there is one time only ({times[0]:g}); use multilevel() or pool().")
    return times


def _numeric(label: str) -> bool:
    try:
        float(label)
    except ValueError:
        return False
    return True


def _shape(shape: Any, df: int, times: Array) -> tuple[Basis, tuple[str, ...], str]:
    if callable(shape):
        width = np.asarray(shape(times)).reshape(len(times), -1).shape[1]
        return (
            (lambda t: np.asarray(shape(t), dtype=float).reshape(len(t), -1)),
            tuple(f"basis {j + 1}" for j in range(width)),
            "given basis",
        )
    one_of("shape", shape, (*SHAPES, "spline"))
    if shape == "spline":
        spline = natural_spline(np.unique(times), df)
        return (
            (lambda t: spline_columns(spline, t)),
            tuple(f"spline {j + 1}" for j in range(df)),
            f"natural spline, {df} df",
        )
    columns, names = SHAPES[shape](times)
    if shape == "log" and times.min() < 0:
        raise OptionError(f"shape='log' needs times of 0 or later; found {times.min():g}. Use 'linear' or 'spline'.")
    if len(np.unique(times)) < len(names) + 1 and shape != "means":
        raise OptionError(f"shape={shape!r} needs {len(names) + 1} different times; there are {len(np.unique(times))}.")
    return columns, names, shape


def _with_intercept(columns: Basis) -> Basis:
    return lambda t: np.column_stack([np.ones(len(t)), columns(t)])


def _change(fit: MultilevelResult, names: tuple[str, ...], shape: Any) -> tuple[float, int, float]:
    """Test that the mean is the same at all times."""
    if shape != "means":
        return omnibus(names, fit.coefficients.estimate, fit.vcov, fit.df)
    p = len(names)
    differences = np.column_stack([-np.ones(p - 1), np.eye(p - 1)])
    labels = tuple(f"change {j}" for j in range(p - 1))
    return omnibus(labels, differences @ fit.coefficients.estimate, differences @ fit.vcov @ differences.T, fit.df)


def _observed(times: Array, codes: NDArray[np.int64]) -> dict[float, int]:
    return {float(t): len(set(codes[times == t].tolist())) for t in np.unique(times)}
