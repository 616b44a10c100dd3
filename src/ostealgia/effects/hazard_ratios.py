"""Hazard ratios from what survival reports print: log-rank P and events, observed and expected events, medians.

Sources
    Parmar   Parmar MKB, Torri V, Stewart L. Stat Med 1998;17:2815-2834.
             doi:10.1002/(SICI)1097-0258(19981230)17:24<2815::AID-SIM110>3.0.CO;2-8
    Tierney  Tierney JF et al. Trials 2007;8:16. doi:10.1186/1745-6215-8-16
Group 1 is the treated group: a hazard ratio below 1 means fewer events a unit of time in it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scipy.special import ndtr, ndtri

from ostealgia import display
from ostealgia.errors import OptionError, TableError
from ostealgia.options import between, confidence_level, one_of
from ostealgia.tables.result import Result, plain

if TYPE_CHECKING:
    import pandas as pd

NAN = math.nan
NUMBERS = ("estimate", "std_error", "hazard_ratio", "ci_low", "ci_high", "ci_level", "p_value", "o_minus_e", "variance")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class HazardRatio(Result):
    """A hazard ratio, group 1 against group 2.

    estimate, std_error : on the log scale (log_hr).  hazard_ratio, ci_low, ci_high : the ratio.  o_minus_e, variance :
    the log-rank numbers of group 1 (variance = 1/std_error^2).  method : how it was found.
    """

    estimate: float
    std_error: float
    hazard_ratio: float
    ci_low: float
    ci_high: float
    ci_level: float
    p_value: float
    o_minus_e: float
    variance: float
    method: str

    def to_dict(self) -> dict[str, Any]:
        """All fields by name, notes included; NaN as None."""
        values: dict[str, Any] = {name: plain(getattr(self, name)) for name in NUMBERS}
        return {"measure": "HR", **values, "method": self.method, "notes": list(self.notes)}

    def to_frame(self) -> pd.DataFrame:
        """One row: measure, estimate, std_error, hazard_ratio, ci_low, ci_high, ci_level, p_value, method."""
        import pandas as pd

        return pd.DataFrame([{key: value for key, value in self.to_dict().items() if key != "notes"}])

    def __str__(self) -> str:
        span = f" ({display.level_text(self.ci_level)} CI {display.interval(self.ci_low, self.ci_high)})"
        head = f"HR {display.number(self.hazard_ratio)}{'' if math.isnan(self.ci_low) else span}, {self.method}"
        return "\n".join([head, *(f"  note: {note}" for note in self.notes)])


def _result(log_hr: float, std_error: float, level: float, method: str, notes: tuple[str, ...] = ()) -> HazardRatio:
    half = float(ndtri(0.5 + confidence_level(level) / 2.0)) * std_error
    known = not math.isnan(std_error)
    variance = 1.0 / std_error**2 if known else NAN
    return HazardRatio(
        estimate=log_hr, std_error=std_error, hazard_ratio=math.exp(log_hr), ci_low=math.exp(log_hr - half),
        ci_high=math.exp(log_hr + half), ci_level=level, method=method, notes=notes, variance=variance,
        p_value=2.0 * float(ndtr(-abs(log_hr) / std_error)) if known else NAN, o_minus_e=log_hr * variance,
    )  # fmt: skip


def _count(name: str, value: float | None) -> float:
    if value is None or not value > 0 or math.isinf(value):
        found = "nothing" if value is None else f"{value:g}"
        raise TableError(
            f"{name} is not above 0", found=found, expected="a number above 0", action="Take it from the paper."
        )
    return float(value)


# -- log-rank P and events --------------------------------------------------------------------------------------------
# rule -> (what it needs, variance of O - E)
VARIANCES: dict[str, tuple[tuple[str, ...], Callable[[dict[str, float]], float]]] = {
    "events": (("events_1", "events_2"), lambda d: d["events_1"] * d["events_2"] / (d["events_1"] + d["events_2"])),
    "allocation": (("events", "n_1", "n_2"), lambda d: d["events"] * d["n_1"] * d["n_2"] / (d["n_1"] + d["n_2"]) ** 2),
    "equal": (("events",), lambda d: d["events"] / 4.0),
}
VARIANCE_WORDS = {
    "events": "variance from the events of each group",
    "allocation": "variance from all events and the numbers randomised",
    "equal": "variance from all events, 1:1 allocation assumed",
}
FAVOURS = {"treated": -1.0, "control": 1.0}


def hazard_ratio_from_log_rank(
    *,
    p_value: float | None = None,
    chi_square: float | None = None,
    favours: str | None = None,
    events_1: float | None = None,
    events_2: float | None = None,
    events: float | None = None,
    n_1: float | None = None,
    n_2: float | None = None,
    variance: str = "auto",
    sides: int = 2,
    level: float = 0.95,
) -> HazardRatio:
    """Hazard ratio from the P value (or chi-square, 1 df) of a log-rank test and the number of events.

    p_value, chi_square : exactly one.  sides : of P, 2 or 1.
    favours : "treated" or "control", the group that did better, which P does not tell.
    events_1, events_2 : events a group (1 = treated), or events : in both together.  n_1, n_2 : randomised patients.
    variance : of O - E: "events" E1 E2/(E1 + E2), "allocation" E n1 n2/(n1 + n2)^2, "equal" E/4; "auto" takes the first
    whose inputs are given.
    Then O - E = z sqrt(V), log HR = (O - E)/V, SE = 1/sqrt(V) (Parmar; Tierney).
    Errors: OptionError for a missing direction or unknown rule, TableError for numbers that cannot be.

    >>> print(hazard_ratio_from_log_rank(p_value=0.075, events=485, n_1=491, n_2=485, favours="treated"))
    HR 0.85 (95% CI 0.71 to 1.02), log-rank P, variance from all events and the numbers randomised
    """
    if favours is None:
        raise OptionError(
            "favours is not given. Write 'treated' or 'control': the P of a log-rank test has no direction."
        )
    sign = FAVOURS[one_of("favours", favours, FAVOURS)]
    z, source = _z(p_value, chi_square, sides)
    given = {"events_1": events_1, "events_2": events_2, "events": events, "n_1": n_1, "n_2": n_2}
    counts = {name: _count(name, value) for name, value in given.items() if value is not None}
    if "events_1" in counts and "events_2" in counts:
        total = counts["events_1"] + counts["events_2"]
        if counts.setdefault("events", total) != total:
            raise TableError("events is not events_1 + events_2", found=f"{counts['events']:g}", expected=f"{total:g}")
    rule = _variance_rule(variance, counts)
    v = VARIANCES[rule][1](counts)
    notes = ("1:1 allocation is assumed: give n_1 and n_2, or the events of each group",) if rule == "equal" else ()
    return _result(sign * z / math.sqrt(v), 1.0 / math.sqrt(v), level, f"{source}, {VARIANCE_WORDS[rule]}", notes)


def _z(p_value: float | None, chi_square: float | None, sides: int) -> tuple[float, str]:
    if (p_value is None) == (chi_square is None):
        raise OptionError("Give exactly one of p_value and chi_square (log-rank, 1 degree of freedom).")
    if sides not in (1, 2):
        raise OptionError(f"sides={sides!r} is not one of 1, 2.")
    if p_value is not None:
        p = 1.0 if sides == 2 and p_value == 1 else between("p_value", p_value, 0.0, 1.0 if sides == 2 else 0.5)
        return abs(float(ndtri(p / sides))), "log-rank P"
    value = float(chi_square if chi_square is not None else NAN)
    if not value >= 0:
        raise TableError("chi_square is not 0 or more", found=f"{value:g}", expected="0 or more")
    return math.sqrt(value), "log-rank chi-square"


def _variance_rule(variance: str, counts: dict[str, float]) -> str:
    one_of("variance", variance, ["auto", *VARIANCES])
    rules = [variance] if variance != "auto" else list(VARIANCES)
    for rule in rules:
        if all(name in counts for name in VARIANCES[rule][0]):
            return rule
    needs = " or ".join(" and ".join(VARIANCES[rule][0]) for rule in rules)
    raise OptionError(f"The variance of the log-rank test needs {needs}; given: {', '.join(counts) or 'nothing'}.")


# -- observed and expected events -------------------------------------------------------------------------------------
def hazard_ratio_from_o_minus_e(o_minus_e: float, variance: float, *, level: float = 0.95) -> HazardRatio:
    """Hazard ratio by Peto's one-step method: log HR = (O - E)/V with SE 1/sqrt(V), O and E of group 1 (Tierney).

    >>> print(hazard_ratio_from_o_minus_e(-19.6, 121.25))
    HR 0.85 (95% CI 0.71 to 1.02), Peto, O - E and its variance
    """
    v = _count("variance", variance)
    return _result(o_minus_e / v, 1.0 / math.sqrt(v), level, "Peto, O - E and its variance")


def hazard_ratio_from_observed_expected(
    observed_1: float, expected_1: float, observed_2: float, expected_2: float, *, level: float = 0.95
) -> HazardRatio:
    """Hazard ratio (O1/E1)/(O2/E2) with Var(log HR) = 1/E1 + 1/E2, from the log-rank table of both groups (Parmar).

    A group without events has no such ratio: use hazard_ratio_from_o_minus_e.

    >>> print(hazard_ratio_from_observed_expected(34, 40.0, 46, 40.0))
    HR 0.74 (95% CI 0.48 to 1.15), observed and expected events
    """
    o_1, e_1 = _count("observed_1", observed_1), _count("expected_1", expected_1)
    o_2, e_2 = _count("observed_2", observed_2), _count("expected_2", expected_2)
    gap = abs((o_1 + o_2) - (e_1 + e_2))
    notes = ()
    if gap > 0.05 + 0.005 * (o_1 + o_2):
        notes = (f"observed ({o_1 + o_2:g}) and expected ({e_1 + e_2:g}) events do not add up to the same number",)
    log_hr = math.log(o_1 / e_1) - math.log(o_2 / e_2)
    return _result(log_hr, math.sqrt(1.0 / e_1 + 1.0 / e_2), level, "observed and expected events", notes)


def hazard_ratio_from_medians(
    median_1: float,
    median_2: float,
    *,
    events_1: float | None = None,
    events_2: float | None = None,
    level: float = 0.95,
) -> HazardRatio:
    """Hazard ratio as the inverse ratio of two median survival times, which holds if survival is exponential.

    median_1, median_2 : in one unit of time.  events_1, events_2 : for the SE sqrt(1/E1 + 1/E2); without them it is
    NaN. The assumption is in the notes of the result (Tierney; Parmar).

    >>> print(hazard_ratio_from_medians(44, 37.5))
    HR 0.85, ratio of medians
      note: exponential survival (constant hazards) is assumed in both groups
      note: no standard error: the events of each group are needed
    """
    log_hr = math.log(_count("median_2", median_2)) - math.log(_count("median_1", median_1))
    notes = ("exponential survival (constant hazards) is assumed in both groups",)
    if events_1 is None or events_2 is None:
        return _result(
            log_hr, NAN, level, "ratio of medians", (*notes, "no standard error: the events of each group are needed")
        )
    std_error = math.sqrt(1.0 / _count("events_1", events_1) + 1.0 / _count("events_2", events_2))
    return _result(log_hr, std_error, level, "ratio of medians", notes)
