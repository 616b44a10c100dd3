"""The arithmetic that a review needs before it pools: arms, shared controls, clusters, crossovers, change scores.

"Handbook" is the Cochrane Handbook for Systematic Reviews of Interventions, version 6 (Higgins JPT et al., editors),
chapters 6, 10 and 23. Hazard ratios from log-rank results are in ``hazard_ratios`` and offered here by name as well.
Nothing is assumed: an intracluster or pre-post correlation that is not given is an OptionError that says where to get
it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from ostealgia import display
from ostealgia.effects.hazard_ratios import (
    HazardRatio,
    hazard_ratio_from_log_rank,
    hazard_ratio_from_medians,
    hazard_ratio_from_o_minus_e,
    hazard_ratio_from_observed_expected,
)
from ostealgia.effects.spread import change_correlation, change_sd
from ostealgia.errors import OptionError, TableError
from ostealgia.options import between, one_of

__all__ = [
    "EventArm",
    "HazardRatio",
    "MeanArm",
    "PairedDifference",
    "change_score",
    "combine_events",
    "combine_means",
    "crossover_difference",
    "design_effect",
    "effective_arm",
    "final_value",
    "hazard_ratio_from_log_rank",
    "hazard_ratio_from_medians",
    "hazard_ratio_from_o_minus_e",
    "hazard_ratio_from_observed_expected",
    "inflate_std_error",
    "mix_change_and_final",
    "split_control",
]


@dataclass(frozen=True, kw_only=True)
class MeanArm:
    """One group: mean, sd (in the unit of the scale) and n patients (fractional for an effective sample size)."""

    mean: float
    sd: float
    n: float

    def __post_init__(self) -> None:
        _check("n", self.n, self.n > 0, "above 0")
        _check("sd", self.sd, self.sd >= 0, "0 or more")
        _check("mean", self.mean, math.isfinite(self.mean), "a number")

    def to_dict(self) -> dict[str, float]:
        """mean, sd, n."""
        return asdict(self)

    def __str__(self) -> str:
        return f"mean {display.number(self.mean)}, SD {display.number(self.sd)}, n {self.n:.6g}"


@dataclass(frozen=True, kw_only=True)
class EventArm:
    """One group: patients with the event, and n patients (fractional for shares and effective sample sizes)."""

    events: float
    n: float

    def __post_init__(self) -> None:
        _check("n", self.n, self.n > 0, "above 0")
        _check("events", self.events, 0 <= self.events <= self.n, f"from 0 to n = {self.n:g}")

    def to_dict(self) -> dict[str, float]:
        """events, n."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.events:.6g} of {self.n:.6g} ({display.percent(self.events / self.n, 1)})"


Arm = TypeVar("Arm", MeanArm, EventArm)


def _check(name: str, value: float, good: bool, expected: str) -> None:
    if not good:
        raise TableError(
            f"{name} is not {expected}", found=f"{value:g}", expected=expected, action="Correct the value."
        )


# -- arms -------------------------------------------------------------------------------------------------------------
def combine_means(mean: ArrayLike, sd: ArrayLike, n: ArrayLike) -> MeanArm:
    """Two or more arms as one: the mean and SD that the patients of all arms have together (Handbook 6.5.2.10).

    mean, sd, n : arrays (k,) in one unit. The variance is the sum of squares within and between the arms over N - 1,
    which equals the Handbook's formula taken two arms at a time, in any order.

    >>> print(combine_means([4.0, 6.0], [1.0, 1.0], [2, 2]))
    mean 5.00, SD 1.41, n 4
    """
    arms = _arms(MeanArm, mean=mean, sd=sd, n=n)
    total = math.fsum(arm.n for arm in arms)
    _check("n", total, total > 1, "above 1 in total")
    grand = math.fsum(arm.n * arm.mean for arm in arms) / total
    squares = math.fsum((arm.n - 1) * arm.sd**2 + arm.n * (arm.mean - grand) ** 2 for arm in arms)
    return MeanArm(mean=grand, sd=math.sqrt(max(squares, 0.0) / (total - 1)), n=total)


def combine_events(events: ArrayLike, n: ArrayLike) -> EventArm:
    """Two or more arms as one: events and patients are added (Handbook 23.3.4).

    >>> print(combine_events([12, 9], [40, 38]))
    21 of 78 (26.9%)
    """
    arms = _arms(EventArm, events=events, n=n)
    return EventArm(events=math.fsum(arm.events for arm in arms), n=math.fsum(arm.n for arm in arms))


def _arms(kind: type[Arm], **columns: ArrayLike) -> list[Arm]:
    values = {name: np.atleast_1d(np.asarray(column, dtype=float)) for name, column in columns.items()}
    lengths = {len(column) for column in values.values()}
    if len(lengths) != 1 or 0 in lengths:
        sizes = ", ".join(f"{name} {len(column)}" for name, column in values.items())
        raise TableError("the arms have columns of different length", found=sizes, expected="one value an arm in each")
    return [kind(**{name: float(column[i]) for name, column in values.items()}) for i in range(lengths.pop())]


def split_control(arm: Arm, comparisons: int, *, whole: bool = False) -> tuple[Arm, ...]:
    """The shared control group of a trial with several arms, divided among its comparisons (Handbook 23.3.4).

    n (and events) are divided by the number of comparisons; mean and SD stay. whole=True gives whole patients that add
    up to the group. The comparisons keep some correlation, as their controls had one and the same fate: combining the
    treated arms (combine_means, combine_events) avoids that.

    >>> [str(share) for share in split_control(EventArm(events=9, n=41), 2, whole=True)]
    ['5 of 21 (23.8%)', '4 of 20 (20.0%)']
    """
    if isinstance(comparisons, bool) or comparisons != int(comparisons) or comparisons < 1:
        raise OptionError(f"comparisons={comparisons!r} is not a whole number of 1 or more.")
    ns = _shares("n", arm.n, int(comparisons), whole)
    if isinstance(arm, MeanArm):
        return tuple(MeanArm(mean=arm.mean, sd=arm.sd, n=n) for n in ns)
    events = _shares("events", arm.events, int(comparisons), whole)
    return tuple(EventArm(events=e, n=n) for e, n in zip(events, ns, strict=True))


def _shares(name: str, total: float, parts: int, whole: bool) -> list[float]:
    if not whole:
        return [total / parts] * parts
    _check(name, total, total == int(total), "a whole number, as whole=True needs")
    size, rest = divmod(int(total), parts)
    _check(name, total, name != "n" or size > 0, f"at least {parts}, one patient a comparison")
    return [float(size + (i < rest)) for i in range(parts)]


# -- clusters ---------------------------------------------------------------------------------------------------------
def design_effect(*, icc: float | None, mean_cluster_size: float, cluster_size_cv: float = 0.0) -> float:
    """How many times fewer patients a cluster trial counts for: 1 + (M - 1) ICC (Handbook 23.1.4).

    icc : intracluster correlation of this outcome, which must be given.  mean_cluster_size : patients a cluster.
    cluster_size_cv : coefficient of variation of the cluster sizes; above 0 it uses 1 + ((1 + cv^2) M - 1) ICC
    (Eldridge SM et al. Int J Epidemiol 2006;35:1292-1300, doi:10.1093/ije/dyl129).

    >>> round(design_effect(icc=0.02, mean_cluster_size=29.8), 3)
    1.576
    """
    if icc is None:
        raise OptionError(
            "icc is not given. Take the intracluster correlation from the trial or from a similar one "
            "and name its source; it is never assumed."
        )
    between("icc", icc, 0.0, 1.0, closed=True)
    _check("mean_cluster_size", mean_cluster_size, mean_cluster_size >= 1, "1 or more")
    _check("cluster_size_cv", cluster_size_cv, cluster_size_cv >= 0, "0 or more")
    return 1.0 + ((1.0 + cluster_size_cv**2) * mean_cluster_size - 1.0) * icc


def effective_arm(arm: Arm, effect: float) -> Arm:
    """An arm of a cluster trial at its effective size: n (and events) over the design effect (Handbook 23.1.5).

    >>> print(effective_arm(EventArm(events=63, n=295), design_effect(icc=0.02, mean_cluster_size=29.8)))
    39.9746 of 187.183 (21.4%)
    """
    _check("design effect", effect, effect > 0, "above 0")
    if isinstance(arm, MeanArm):
        return MeanArm(mean=arm.mean, sd=arm.sd, n=arm.n / effect)
    return EventArm(events=arm.events / effect, n=arm.n / effect)


def inflate_std_error(std_error: float, effect: float) -> float:
    """A standard error that ignored the clusters, times the square root of the design effect (Handbook 23.1.6).

    >>> round(inflate_std_error(0.20, 1.576), 4)
    0.2511
    """
    _check("std_error", std_error, std_error > 0, "above 0")
    _check("design effect", effect, effect > 0, "above 0")
    return std_error * math.sqrt(effect)


# -- crossover --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class PairedDifference:
    """Two treatments in the same n patients.

    estimate, std_error : mean difference (first minus second) in the unit of the scale.  smd, smd_std_error :
    standardised by the SD of one measurement (root mean square of the two).  sd_difference, correlation : of the paired
    values.
    """

    estimate: float
    std_error: float
    smd: float
    smd_std_error: float
    sd_difference: float
    correlation: float
    n: float

    def to_dict(self) -> dict[str, float]:
        """All fields by name."""
        return asdict(self)

    def __str__(self) -> str:
        number = display.number
        return (
            f"paired MD {number(self.estimate, 3)} (SE {number(self.std_error, 3)}), "
            f"SMD {number(self.smd, 3)} (SE {number(self.smd_std_error, 3)}), "
            f"correlation {number(self.correlation)}, n {self.n:.6g}"
        )


def crossover_difference(
    mean_1: float,
    sd_1: float,
    mean_2: float,
    sd_2: float,
    n: float,
    *,
    correlation: float | None = None,
    sd_difference: float | None = None,
) -> PairedDifference:
    """The paired difference of a crossover trial, from the means and SDs of its two treatments (Handbook 23.2.7).

    Exactly one of correlation (between the two measurements of a patient) and sd_difference must be given.

    >>> print(crossover_difference(7.0, 2.38, 6.5, 2.21, 10, correlation=0.68))
    paired MD 0.500 (SE 0.583), SMD 0.218 (SE 0.256), correlation 0.68, n 10
    """
    if (correlation is None) == (sd_difference is None):
        raise OptionError(
            "Give exactly one of correlation and sd_difference. Where the paper has neither, take the correlation "
            "from a similar crossover trial, name it, and vary it; it is never assumed."
        )
    _check("n", n, n > 1, "above 1")
    if correlation is not None:
        r, sd = correlation, float(change_sd(sd_1, sd_2, correlation))
    else:
        sd = float(math.nan if sd_difference is None else sd_difference)
        r = float(change_correlation(sd_1, sd_2, sd))
    estimate = mean_1 - mean_2
    smd = estimate / math.sqrt((sd_1**2 + sd_2**2) / 2.0)
    smd_se = math.sqrt((1.0 / n + smd**2 / (2.0 * n)) * 2.0 * (1.0 - r))
    return PairedDifference(
        estimate=estimate, std_error=sd / math.sqrt(n), smd=smd, smd_std_error=smd_se,
        sd_difference=sd, correlation=r, n=n,
    )  # fmt: skip


# -- change scores and final values -----------------------------------------------------------------------------------
def _need_correlation(correlation: float | None) -> float:
    if correlation is None:
        raise OptionError(
            "correlation is not given. Take the correlation of the values before and after from a paper that prints "
            "the SD of the change as well (change_correlation computes it), name it, and vary it; it is never assumed."
        )
    return between("correlation", correlation, -1.0, 1.0, closed=True)


def change_score(
    mean_pre: float, sd_pre: float, mean_post: float, sd_post: float, n: float, *, correlation: float | None = None
) -> MeanArm:
    """The change from baseline (after minus before) of one group, with the SD of the change (Handbook 6.5.2.8).

    >>> print(change_score(15.2, 6.4, 16.2, 7.1, 129, correlation=0.78))
    mean 1.00, SD 4.53, n 129
    """
    sd = float(change_sd(sd_pre, sd_post, _need_correlation(correlation)))
    return MeanArm(mean=mean_post - mean_pre, sd=sd, n=n)


def final_value(
    mean_pre: float, sd_pre: float, mean_change: float, sd_change: float, n: float, *, correlation: float | None = None
) -> MeanArm:
    """The value after treatment of one group from its baseline and its change: change_score the other way round.

    The SD after solves sd_change^2 = sd_pre^2 + sd_post^2 - 2 r sd_pre sd_post. Where no value or two values do, a
    TableError says so and gives them.

    >>> print(final_value(15.2, 6.4, 1.0, 4.5, 129, correlation=0.7826))
    Traceback (most recent call last):
    ...
    ostealgia.errors.TableError: two SDs after treatment fit. Found: 2.92 and 7.10. Expected: one. Take the SD from the
    paper.
    >>> print(final_value(15.2, 6.4, 1.0, 7.0, 129, correlation=0.5))
    mean 16.20, SD 7.48, n 129
    """
    r = _need_correlation(correlation)
    inside = sd_change**2 - sd_pre**2 * (1.0 - r**2)
    if inside < 0:
        raise TableError(
            "no SD after treatment fits", found=f"sd_pre {sd_pre:g}, sd_change {sd_change:g}, correlation {r:g}",
            expected=f"sd_change of at least {sd_pre * math.sqrt(1 - r**2):.2f}", action="Check the three values.",
        )  # fmt: skip
    half = math.sqrt(inside)
    roots = sorted({root for root in (r * sd_pre - half, r * sd_pre + half) if root > 0})
    if len(roots) != 1:
        found = " and ".join(f"{root:.2f}" for root in roots) or "none above 0"
        word = "two SDs" if roots else "no SD"
        raise TableError(
            f"{word} after treatment fit", found=found, expected="one", action="Take the SD from the paper."
        )
    return MeanArm(mean=mean_pre + mean_change, sd=roots[-1], n=n)


def mix_change_and_final(measure: str, kinds: Iterable[str]) -> tuple[str, ...]:
    """Whether studies with change scores and studies with final values may be pooled together (Handbook 10.5.2).

    kinds : "change" or "final" a study. Mean differences (MD) may be mixed, with the note that is returned;
    standardised differences and ratios of means may not, since their SDs or means stand for different things:
    OptionError.

    >>> mix_change_and_final("MD", ["change", "final", "final"])
    ('1 study with change scores and 2 with final values are pooled as mean differences (Handbook 10.5.2)',)
    """
    kinds = list(kinds)
    for kind in kinds:
        one_of("kinds", kind, ("change", "final"))
    change, final = kinds.count("change"), kinds.count("final")
    if not (change and final):
        return ()
    if measure != "MD":
        raise OptionError(
            f"measure={measure!r} cannot mix change scores ({change}) and final values ({final}). "
            "Use MD on one scale, or pool the two kinds apart."
        )
    counts = f"{display.count_of(change, 'study', 'studies')} with change scores and {final} with final values"
    return (f"{counts} are pooled as mean differences (Handbook 10.5.2)",)
