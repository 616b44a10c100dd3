"""Effects as papers print them: an estimate with an interval, a standard error or a P value.

A published value is on the reported scale (an odds ratio, a proportion); what pooling needs is on the analysis scale
(its log, its logit). A standard error given without an interval is on the analysis scale already, as is its estimate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from ostealgia.effects.checks import decimals
from ostealgia.effects.faults import Faults, shown
from ostealgia.errors import OptionError
from ostealgia.numerics import transforms
from ostealgia.tables.measures import Measure

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

COLUMNS = ("estimate", "std_error", "variance", "ci_low", "ci_high", "ci_level", "p_value")
INTERVAL, ERROR, P_VALUE = 0, 1, 2
LARGEST = 1e100
# measure -> the column that holds its own value, as printed, where the table has no column "estimate"
POINTS: dict[str, str] = {"MN": "mean", "MNLN": "mean", "COR": "r", "ZCOR": "r"}
SMALL = (
    60  # below this many patients the quantiles of t and z differ by more than 2% (Cochrane Handbook, section 6.5.2.2)
)


def _arcsine(p: Array) -> Array:
    return np.arcsin(np.sqrt(p))


FORWARD: dict[Callable[..., Any], Callable[[Array], Array]] = {
    transforms.identity: transforms.identity,
    transforms.exp: np.log,
    transforms.expit: transforms.logit,
    transforms.square: np.sqrt,
    transforms.arcsine_back: _arcsine,
    np.tanh: np.arctanh,
}


def forward(measure: Measure) -> Callable[[Array], Array]:
    """From the reported to the analysis scale. Raises OptionError where n is needed for it (Freeman-Tukey)."""
    if measure.back in FORWARD:
        return FORWARD[measure.back]
    raise OptionError(
        f"measure={measure.name!r} cannot start from a published estimate: it needs the counts. "
        "Give the counts, or use PLO (proportions) or IRLN (rates)."
    )


@dataclass(frozen=True)
class Published:
    """Effects of the rows that have a published one. way : 0 interval, 1 standard error, 2 P value, -1 none, (k,)."""

    estimate: Array
    variance: Array
    way: NDArray[np.int64]
    midpoint: Mask


def complete(cells: Mapping[str, Array], size: int) -> dict[str, Array]:
    """The columns of a published effect, NaN where the table has none; a variance becomes a standard error."""
    full = {name: cells.get(name, np.full(size, np.nan)) for name in COLUMNS}
    with np.errstate(invalid="ignore"):
        full["std_error"] = np.where(np.isnan(full["std_error"]), np.sqrt(full["variance"]), full["std_error"])
    return full


def has_columns(present: set[str], measure: Measure) -> bool:
    """Are there columns of a published effect: an interval, or a value with its error?

    >>> from ostealgia.tables.measures import MEASURES
    >>> has_columns({"mean", "std_error"}, MEASURES["MN"]), has_columns({"mean", "std_error"}, MEASURES["MNLN"])
    (True, False)
    """
    if {"ci_low", "ci_high"} <= present or ("estimate" in present and present & {"std_error", "variance", "p_value"}):
        return True
    plain = measure.back is transforms.identity
    return plain and POINTS.get(measure.name) in present and bool(present & {"std_error", "variance"})


def with_point(values: Array, cells: Mapping[str, Array], measure: Measure) -> tuple[Mask, dict[str, Array]]:
    """Which rows (k,) take the value of the measure's own column as their estimate, and the columns with it.

    A standard error without an interval is on the analysis scale, so that a value of another scale cannot stand beside it.
    """
    usable = ~np.isnan(cells["ci_low"]) & ~np.isnan(cells["ci_high"])
    if measure.back is transforms.identity:
        usable |= ~np.isnan(cells["std_error"])
    fill = usable & np.isnan(cells["estimate"]) & ~np.isnan(values)
    return fill, {**cells, "estimate": np.where(fill, values, cells["estimate"])}


def off_middle(cells: Mapping[str, Array], measure: Measure, rows: Mask) -> dict[int, str]:
    """Rows whose estimate is not the middle of its interval on the analysis scale by more than rounding: position -> both values.

    >>> from ostealgia.tables.measures import MEASURES
    >>> cells = {"estimate": np.array([4.2, 4.2]), "ci_low": np.array([3.5, 3.9]), "ci_high": np.array([4.9, 5.1])}
    >>> off_middle(cells, MEASURES["MN"], np.array([True, True]))
    {1: '4.2, the middle is 4.5'}
    """
    found: dict[int, str] = {}
    to_analysis = forward(measure) if rows.any() else transforms.identity
    for i in np.flatnonzero(rows).tolist():
        value, low, high = (float(cells[name][i]) for name in ("estimate", "ci_low", "ci_high"))
        places = [decimals(x) for x in (value, low, high)]
        shared = sorted(places)[1]  # what at least two of the three show
        half = [0.5 * 10.0 ** -max(own, shared) for own in places]
        with np.errstate(invalid="ignore", divide="ignore"):
            span = to_analysis(np.array([value - half[0], value + half[0]]))
            lows = to_analysis(np.array([low - half[1], low + half[1]]))
            highs = to_analysis(np.array([high - half[2], high + half[2]]))
            middle = (lows + highs) / 2
            if not (span[1] < middle[0] or span[0] > middle[1]):
                continue
            centre = float(measure.back((to_analysis(np.array(low)) + to_analysis(np.array(high))) / 2))
        found[i] = f"{shown(value)}, the middle is {round(centre, max(places) + 1):g}"
    return found


def by_t_text(n: Array, level: float) -> list[str]:
    """How much smaller a standard error is where an interval is by t with n - 1 df and not by z, (k,) texts.

    >>> by_t_text(np.array([10.0, np.nan]), 0.95)
    ['n 10, 13%', '']
    """
    with np.errstate(invalid="ignore"):
        share = 1 - ndtri(0.5 + level / 2) / stdtrit(np.where(n > 1, n - 1, np.nan), 0.5 + level / 2)
    return ["" if np.isnan(x) else f"n {shown(size)}, {100 * x:.0f}%" for size, x in zip(n, share, strict=True)]


def ways(cells: Mapping[str, Array], measure: Measure) -> NDArray[np.int64]:
    """How each row (k,) gives its standard error; -1 where it gives none.

    Plain scales use a given standard error before the interval; on other scales the interval comes first, for a
    standard error beside it may be on either scale.
    """
    known = {name: ~np.isnan(cells[name]) for name in COLUMNS}
    interval = known["ci_low"] & known["ci_high"]
    error = known["std_error"] & known["estimate"]
    p_value = known["p_value"] & known["estimate"]
    plain = measure.back is transforms.identity
    order = [(error, ERROR), (interval, INTERVAL)]
    (first, one), (second, two) = order if plain else order[::-1]
    return np.where(first, one, np.where(second, two, np.where(p_value, P_VALUE, -1)))


def effects(cells: Mapping[str, Array], measure: Measure, level: float, faults: Faults) -> Published:
    """Estimates and variances on the analysis scale, (k,), for the rows that have them.

    The standard error is (high - low) / (2 z) on the analysis scale, z the normal quantile of the interval's level; the
    estimate, where it is missing, the middle of the interval there; from P it is |estimate| / z(P/2).
    """
    way = ways(cells, measure)
    to_analysis = forward(measure) if np.any((way == INTERVAL) | (way == P_VALUE)) else transforms.identity
    with np.errstate(invalid="ignore", divide="ignore"):
        _check_domain(cells, way, measure, to_analysis, faults)
        low, high, value = (to_analysis(cells[name]) for name in ("ci_low", "ci_high", "estimate"))
        z = ndtri(0.5 + _levels(cells["ci_level"], level, way, faults) / 2)
        middle = (way == INTERVAL) & np.isnan(cells["estimate"])
        estimate = np.where(way == ERROR, cells["estimate"], np.where(middle, (low + high) / 2, value))
        from_p = np.abs(value - (measure.no_effect or 0.0)) / -ndtri(cells["p_value"] / 2)
        std_error = np.select(
            [way == INTERVAL, way == ERROR, way == P_VALUE],
            [(high - low) / (2 * z), cells["std_error"], from_p],
            np.nan,
        )
    faults.refuse(
        (way == INTERVAL) & (std_error == 0),
        "ci_low",
        "the interval has no width, so its standard error is 0",
        found=cells["ci_low"],
        expected="two different limits",
    )
    faults.refuse(
        np.isfinite(std_error) & (std_error >= LARGEST),
        "std_error",
        "the standard error is too large to be squared",
        found=np.where(way == ERROR, cells["std_error"], std_error),
        expected=f"a number below {LARGEST:g}",
    )
    faults.refuse(
        (way == P_VALUE) & (std_error == 0),
        "estimate",
        "a P value gives no standard error where the estimate shows no effect",
        found=cells["estimate"],
        expected="an interval or a standard error",
    )
    with np.errstate(over="ignore"):
        return Published(estimate, std_error**2, way, middle)


def _check_domain(
    cells: Mapping[str, Array],
    way: NDArray[np.int64],
    measure: Measure,
    to_analysis: Callable[..., Array],
    faults: Faults,
) -> None:
    """Numbers that the reported scale cannot take: a ratio of 0, a proportion of 79."""
    if measure.back is transforms.identity:
        return
    span = f"from {measure.lower:g} to {measure.upper:g}" if np.isfinite(measure.upper) else f"above {measure.lower:g}"
    for name in ("estimate", "ci_low", "ci_high"):
        values = cells[name]
        used = (way == INTERVAL) if name != "estimate" else (way == INTERVAL) | (way == P_VALUE)
        outside = used & ~np.isnan(values) & ~np.isfinite(to_analysis(values))
        action = "Look the number up; a limit printed as 0 has lost its digits." if measure.lower == 0 else None
        if measure.percent and bool((values[outside] > 1).any()):
            action = "Write per cent as proportions: 0.79 for 79%."
        problem = f"{name} cannot be {'an' if measure.reported_scale[0] in 'aeiou' else 'a'} {measure.reported_scale}"
        faults.refuse(outside, name, problem, found=values, expected=f"a number {span}", action=action)


def _levels(given: Array, level: float, way: NDArray[np.int64], faults: Faults) -> Array:
    """The level of each interval, (k,): the cell, per cent allowed, else the option."""
    levels = np.where(np.isnan(given), level, np.where(given > 1, given / 100, given))
    wrong = (way == INTERVAL) & ((levels <= 0) | (levels >= 1))
    faults.refuse(wrong, "ci_level", "ci_level is not a confidence level", found=given, expected="for instance 0.95")
    return np.where((levels > 0) & (levels < 1), levels, np.nan)
