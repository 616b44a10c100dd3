"""Mean and standard deviation of groups that are summarised by median, quartiles and extremes.

Short names of methods and their sources:
    Wan   Wan X et al. BMC Med Res Methodol 2014;14:135. doi:10.1186/1471-2288-14-135
    Luo   Luo D et al. Stat Methods Med Res 2018;27:1785-1805. doi:10.1177/0962280216669183
    Shi   Shi J et al. Res Synth Methods 2020;11:641-654. doi:10.1002/jrsm.1429
    symmetry test   Shi J et al. Stat Methods Med Res 2023;32:1338-1360. doi:10.1177/09622802231172043

A mean or SD found in this way is less precise than one that was printed: it deserves a sensitivity analysis.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ostealgia.effects.spread import SMALLEST_N, as_array, refuse
from ostealgia.errors import TableError
from ostealgia.numerics import order_statistics as order
from ostealgia.options import one_of
from ostealgia.tables.result import Result

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]

# method -> what a paper gives ("range": min and max, "iqr": quartiles, "both") -> function
MEANS: dict[str, dict[str, Callable[..., Array]]] = {
    "Luo": {"range": order.mean_luo_range, "iqr": order.mean_luo_iqr, "both": order.mean_luo_both},
    "Wan": {"range": order.mean_wan_range, "iqr": order.mean_wan_iqr, "both": order.mean_wan_both},
}
SDS: dict[str, dict[str, Callable[..., Array]]] = {
    "Shi": {"range": order.sd_range, "iqr": order.sd_iqr, "both": order.sd_shi_both},
    "Wan": {"range": order.sd_range, "iqr": order.sd_iqr, "both": order.sd_wan_both},
}
SYMMETRY: dict[str, Callable[..., tuple[Array, Array]]] = {
    "range": order.skew_range,
    "iqr": order.skew_iqr,
    "both": order.skew_both,
}
# what is given -> the columns used beside n and the median, in the order of the functions above
USED: dict[str, tuple[str, ...]] = {"both": ("q1", "q3", "min", "max"), "range": ("min", "max"), "iqr": ("q1", "q3")}
SKEWNESS = ("report", "exclude")
WORDS = {
    "both": "median, quartiles and range",
    "range": "median and range",
    "iqr": "median and quartiles",
    "none": "nothing that can be used",
}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class MeanSd(Result):
    """Means and SDs found from order statistics, one a row.

    mean, sd : arrays (k,), NaN where nothing could be found.  available : "both", "range", "iqr" or "none" a row.
    skew_statistic, skew_critical : of the symmetry test (5% level), (k,).  skewed : where it rejects, (k,).
    """

    mean: Array
    sd: Array
    n: Array
    available: tuple[str, ...]
    mean_method: str
    sd_method: str
    quantiles: str
    skew_statistic: Array
    skew_critical: Array
    skewed: NDArray[np.bool_]

    def method_of(self, row: int, what: str) -> str:
        """How the mean or the SD of this row was found, as a phrase."""
        kind = self.available[row]
        if what == "mean":
            return f"from {WORDS[kind]} ({self.mean_method})"
        name = self.sd_method if kind == "both" else "Wan"
        how = "approximate quantiles" if kind == "both" and name == "Shi" else QUANTILE_WORDS[self.quantiles]
        return f"from {WORDS[kind].replace('median, ', '').replace('median and ', '')} ({name}, {how})"

    def to_frame(self) -> pd.DataFrame:
        """n, available, mean, sd, skew_statistic, skew_critical, skewed: one row a group."""
        import pandas as pd

        names = ("n", "available", "mean", "sd", "skew_statistic", "skew_critical", "skewed")
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def __str__(self) -> str:
        head = f"MeanSd: {len(self.mean)} groups, mean by {self.mean_method}, SD by {self.sd_method}"
        return "\n".join([head, self.to_frame().to_string(index=False), *(f"  note: {note}" for note in self.notes)])


QUANTILE_WORDS = {"table": "tabulated quantiles", "approximation": "approximate quantiles"}


def available_numbers(columns: dict[str, Array]) -> NDArray[Any]:
    """What each row gives: "both", "range", "iqr" or "none" (without the median), from arrays q1, q3, min, max."""
    has = {kind: np.all([~np.isnan(columns[name]) for name in names], axis=0) for kind, names in USED.items()}
    return np.select([has["both"], has["range"], has["iqr"]], ["both", "range", "iqr"], "none")


NUMBERS = ("min", "q1", "median", "q3", "max")


def out_of_order(columns: dict[str, Array]) -> dict[int, TableError]:
    """The rows where min <= q1 <= median <= q3 <= max does not hold among the values that are there, with the error."""
    found: dict[int, TableError] = {}
    for i, low in enumerate(NUMBERS):
        for high in NUMBERS[i + 1 :]:
            for at in np.flatnonzero(columns[low] > columns[high]).tolist():
                error = TableError(
                    f"{low} is above {high}",
                    column=low,
                    found=f"{low} {columns[low][at]:g}, {high} {columns[high][at]:g}",
                    expected="min <= q1 <= median <= q3 <= max",
                    action="Correct the cells against the paper.",
                )
                found.setdefault(at, error)
    return found


def mean_sd_from_median(
    *,
    n: ArrayLike,
    median: ArrayLike | None = None,
    q1: ArrayLike | None = None,
    q3: ArrayLike | None = None,
    min: ArrayLike | None = None,
    max: ArrayLike | None = None,
    mean_method: str = "Luo",
    sd_method: str = "Shi",
    quantiles: str = "table",
    skewness: str = "report",
    study: Sequence[str] | None = None,
) -> MeanSd:
    """Mean and SD of groups that are summarised by median, quartiles and extremes.

    n, median, q1, q3, min, max : numbers or arrays (k,); NaN where not given. Each row uses what it has: all five
    numbers, else min and max, else the quartiles. The median is needed for the mean, not for the SD.
    mean_method : "Luo" or "Wan".  sd_method : "Shi" or "Wan"; they differ only where all five numbers are given.
    quantiles : "table" divides by Wan's tabulated expectations (n to 50 for the range, to 201 for the quartiles, the
    approximation beyond); "approximation" uses Blom's throughout.  skewness : "report" names the rows where the
    symmetry test rejects (5%), "exclude" also makes their mean and SD NaN.  study : labels for the notes.
    Errors: OptionError for an unknown method, TableError for numbers out of order. Sources: Wan, Luo, Shi (see above).

    >>> found = mean_sd_from_median(n=24, median=4, q1=2.5, q3=5.8)
    >>> round(float(found.mean[0]), 4), round(float(found.sd[0]), 4)
    (4.1074, 2.5903)
    """
    one_of("mean_method", mean_method, MEANS)
    one_of("sd_method", sd_method, SDS)
    one_of("quantiles", quantiles, order.IQR_IN_SD)
    one_of("skewness", skewness, SKEWNESS)
    given = {"n": n, "median": median, "q1": q1, "q3": q3, "min": min, "max": max}
    spread = np.broadcast_arrays(*(np.atleast_1d(as_array(values)) for values in given.values()))
    columns = dict(zip(given, spread, strict=True))

    def label(i: int) -> str:
        return study[i] if study is not None else f"row {i + 1}"

    refuse("n", columns["n"], columns["n"] <= 0, "above 0")
    for at, error in sorted(out_of_order(columns).items()):
        raise error.about(label(at))
    kinds = available_numbers(columns)
    mean, sd, statistic, critical = _estimate(columns, kinds, mean_method, sd_method, quantiles)
    skewed = statistic >= critical
    notes = _notes(columns["n"], kinds, skewed, statistic, critical, skewness, label)
    if skewness == "exclude":
        mean, sd = np.where(skewed, np.nan, mean), np.where(skewed, np.nan, sd)
    return MeanSd(
        mean=mean, sd=sd, n=columns["n"], available=tuple(str(kind) for kind in kinds), mean_method=mean_method,
        sd_method=sd_method, quantiles=quantiles, skew_statistic=statistic, skew_critical=critical, skewed=skewed,
        notes=notes,
    )  # fmt: skip


def _estimate(
    columns: dict[str, Array], kinds: NDArray[Any], mean_method: str, sd_method: str, quantiles: str
) -> tuple[Array, Array, Array, Array]:
    mean, sd, statistic, critical = (np.full(len(kinds), np.nan) for _ in range(4))
    for kind, names in USED.items():
        rows = np.flatnonzero((kinds == kind) & (columns["n"] >= SMALLEST_N[kind]))
        if not rows.size:
            continue
        n, median = columns["n"][rows], columns["median"][rows]
        used = [columns[name][rows] for name in names]
        mean[rows] = MEANS[mean_method][kind](n, median, *used)
        sd[rows] = SDS[sd_method][kind](n, *used, quantiles)
        statistic[rows], critical[rows] = SYMMETRY[kind](n, median, *used)
    return mean, sd, statistic, critical


def _notes(
    n: Array,
    kinds: NDArray[Any],
    skewed: Any,
    statistic: Array,
    critical: Array,
    skewness: str,
    label: Callable[[int], str],
) -> tuple[str, ...]:
    smallest = np.array([SMALLEST_N.get(str(kind), 0) for kind in kinds])
    small = [
        f"{label(i)}: n = {n[i]:g} is too small to convert {WORDS[kinds[i]]} (at least {smallest[i]})"
        for i in np.flatnonzero(n < smallest).tolist()
    ]
    outcome = "mean and SD not estimated" if skewness == "exclude" else "converted all the same"
    skew = [
        f"{label(i)}: the values look skewed (statistic {statistic[i]:.3f}, 5% limit {critical[i]:.3f}): {outcome}"
        for i in np.flatnonzero(skewed).tolist()
    ]
    return tuple(small + skew)
