"""One result line a strategy: differences in response and in pain, each from data derived anew under the strategy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from ostealgia.cohort.analysis_response import pain_mmrm
from ostealgia.cohort.estimands_course import Course
from ostealgia.cohort.logistic_model import logistic
from ostealgia.cohort.response_difference_build import two_group_effects
from ostealgia.errors import OstealgiaError, TableError
from ostealgia.numerics.imputation_draws import Imputations, cholesky
from ostealgia.numerics.imputation_pooling import rubin
from ostealgia.numerics.least_squares import least_squares
from ostealgia.numerics.random_streams import stream

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
NAN = float("nan")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One strategy and its result. value_1, value_2 : risk or mean of treated and reference.  null : value of no difference.

    better : 1 where a larger estimate favours the treated, -1 where a smaller one does.  problem : why there is no result.
    """

    outcome: str
    event: str
    strategy: str
    question: str
    measure: str
    method: str
    estimate: float = NAN
    std_error: float = NAN
    ci_low: float = NAN
    ci_high: float = NAN
    ci_level: float = 0.95
    p_value: float = NAN
    n_1: int = 0
    n_2: int = 0
    value_1: float = NAN
    value_2: float = NAN
    null: float = 0.0
    better: int = 1
    primary: bool = False
    problem: str = ""

    def conclusion(self, treated: str, reference: str) -> str:
        """In whose favour the interval speaks."""
        if self.problem or np.isnan(self.ci_low) or np.isnan(self.ci_high):
            return "not estimable"
        if self.ci_low <= self.null <= self.ci_high:
            return "no difference shown"
        up = self.estimate > self.null
        return f"favours {treated if up == (self.better > 0) else reference}"

    def to_dict(self) -> dict[str, Any]:
        """The fields that go to the table."""
        return asdict(self)


def attempted(base: dict[str, Any], make: Callable[[], dict[str, Any]]) -> Line:
    """A line with its result, or with why there is none."""
    try:
        return Line(**base, **make())
    except OstealgiaError as error:
        return Line(**base, problem=str(error).rstrip("."))
    except np.linalg.LinAlgError:
        return Line(**base, problem="the equations have no unique solution with these data")


# --- response ---------------------------------------------------------------------------------------------------------


def from_counts(course: Course, responder: Array, who: Bools | None = None) -> dict[str, Any]:
    """Risk difference of a responder vector (0 or 1) among ``who``."""
    inside = np.ones(course.n, dtype=bool) if who is None else who
    one, other = inside & course.treated, inside & ~course.treated
    counts = (float(responder[one].sum()), int(one.sum()), float(responder[other].sum()), int(other.sum()))
    level = course.context.level
    effect = two_group_effects(*counts, measures=("RD",), level=level)[0]
    names = ("estimate", "ci_low", "ci_high", "p_value", "n_1", "n_2", "ci_level")
    risks = {
        "value_1": counts[0] / counts[1] if counts[1] else NAN,
        "value_2": counts[2] / counts[3] if counts[3] else NAN,
    }
    return {name: effect[name] for name in names} | risks


def from_imputed(course: Course, responder: Array, who: Bools | None = None) -> dict[str, Any]:
    """Risk difference pooled by Rubin's rules over completed responder vectors (m, n)."""
    inside = np.ones(course.n, dtype=bool) if who is None else who
    one, other = inside & course.treated, inside & ~course.treated
    if not (one.any() and other.any()):
        raise TableError("a group is empty", column="group", expected="patients in both groups")
    p_1, p_2 = responder[:, one].mean(axis=1), responder[:, other].mean(axis=1)
    within = p_1 * (1 - p_1) / one.sum() + p_2 * (1 - p_2) / other.sum()
    found = pooled((p_1 - p_2), within, float(inside.sum() - 2), course.context.level)
    return found | {
        "n_1": int(one.sum()),
        "n_2": int(other.sum()),
        "value_1": float(p_1.mean()),
        "value_2": float(p_2.mean()),
    }


def pooled(estimates: Array, variances: Array, df: float, level: float) -> dict[str, Any]:
    """Rubin's rules for one number: estimate, std_error, limits and P."""
    found = rubin(estimates[:, None], np.maximum(variances, 1e-300)[:, None], df)
    estimate, error, free = float(found.estimate[0]), float(np.sqrt(found.total[0])), float(found.df[0])
    half = float(stdtrit(free, 0.5 + level / 2)) * error
    return {
        "estimate": estimate, "std_error": error, "ci_low": estimate - half, "ci_high": estimate + half, "ci_level": level,
        "p_value": float(2 * stdtr(free, -abs(estimate / error))),
    }  # fmt: skip


def weighted_by_seen(course: Course, responder: Array) -> dict[str, Any]:
    """Inverse probability of being seen: those seen stand for those like them who were not; the dead are no responders.

    Hajek means with the sandwich variance, weights taken as known. Source: Robins & Finkelstein 2000,
    doi:10.1111/j.0006-341X.2000.00779.x.
    """
    dead = course.happened("death")
    seen = ~np.isnan(responder)
    alive = ~dead
    if seen[alive].all():
        return from_counts(course, np.where(dead, 0.0, responder))
    before = course.last_before(
        np.where(np.arange(len(course.weeks)) < course.at, course.pain, np.nan), np.zeros_like(course.dead)
    )
    data = {
        "seen": seen[alive].astype(float), "treated": course.treated[alive].astype(float), "start": course.pain_0[alive],
        "last": np.where(np.isnan(before), course.pain_0, before)[alive],
    }  # fmt: skip
    known = [name for name in ("treated", "start", "last") if np.ptp(data[name]) > 0]
    terms = [name for name in known if name != "last" or (data["last"] != data["start"]).any()]
    if not terms:
        raise TableError(
            "nothing known tells those seen from the others", column="nrs_worst", expected="pain that varies"
        )
    fit = logistic(data, outcome="seen", terms=terms)
    if len(fit.risk) != int(alive.sum()):
        raise TableError(
            "baseline pain is not known of all", column="nrs_baseline", expected="a value for each patient"
        )
    weight = np.zeros(course.n)
    weight[alive] = np.where(seen[alive], 1 / fit.risk, 0.0)
    weight[dead] = 1.0
    value = np.where(dead, 0.0, np.nan_to_num(responder))
    parts = []
    for inside in (course.treated, ~course.treated):
        w, y = weight[inside], value[inside]
        mean = float((w * y).sum() / w.sum())
        parts.append((mean, float(((w * (y - mean)) ** 2).sum() / w.sum() ** 2), int(inside.sum())))
    (p_1, v_1, n_1), (p_2, v_2, n_2) = parts
    found = pooled(np.full(2, p_1 - p_2), np.full(2, v_1 + v_2), 1e9, course.context.level)
    return found | {"n_1": n_1, "n_2": n_2, "value_1": p_1, "value_2": p_2}


# --- pain -------------------------------------------------------------------------------------------------------------


def from_mmrm(course: Course, pain: Array) -> dict[str, Any]:
    """Difference at the main week by MMRM of the values given, NaN left out."""
    import pandas as pd

    context = course.context
    two = context.two
    assert two is not None  # course_of has refused it
    ids = context.cohort.patients["id"].to_numpy(dtype=object)
    covariates = {name: context.wide[name].to_numpy() for name in context.settings.covariates}
    parts = [
        pd.DataFrame(
            {
                "id": ids,
                "group": context.group,
                "week": week,
                "value": pain[:, t],
                "baseline": course.pain_0,
                **covariates,
            }
        )
        for t, week in enumerate(course.weeks)
    ]
    frame: Any = pd.concat(parts, ignore_index=True)
    frame = frame[frame["value"].notna()]
    here = frame[frame["week"] == context.primary_week]
    if here["group"].nunique() < 2:
        raise TableError(
            "no pain is known at the main week in one group", column="nrs_worst", expected="visits in both groups"
        )
    fit = pain_mmrm(context, frame)
    table = fit.contrasts("group", within="week", compare="reference").to_frame()
    row = table[table["week"] == context.primary_week].iloc[0]
    means = fit.marginal_means(["group", "week"]).to_frame()
    means = means[means["week"] == context.primary_week].set_index("group")["estimate"]
    names = ("estimate", "std_error", "ci_low", "ci_high", "ci_level", "p_value")
    return {name: float(row[name]) for name in names} | {
        "n_1": int(frame.loc[frame["group"] == two[0], "id"].nunique()), "n_2": int(frame.loc[frame["group"] == two[1], "id"].nunique()),
        "value_1": float(means[two[0]]), "value_2": float(means[two[1]]),
    }  # fmt: skip


def from_completed(course: Course, pain: Array, who: Bools | None = None) -> dict[str, Any]:
    """ANCOVA of completed pain at the main week (m, n) on group and baseline, pooled by Rubin's rules."""
    inside = np.ones(course.n, dtype=bool) if who is None else who
    inside = inside & ~np.isnan(course.pain_0)
    if int(inside.sum()) < 3:
        raise TableError(
            "too few patients with pain at baseline and at the main week", column="nrs_worst", expected="three or more"
        )
    start = course.pain_0[inside]
    columns = [np.ones(int(inside.sum())), course.treated[inside].astype(float)]
    if np.ptp(start) > 0:
        columns.append(start - start.mean())
    x = np.column_stack(columns)
    if len(x) <= x.shape[1] + 1 or np.linalg.matrix_rank(x) < x.shape[1]:
        raise TableError(
            "too few patients for an ANCOVA", column="nrs_worst", expected="several patients in both groups"
        )
    estimates, variances, level_2 = [], [], []
    for one in pain[:, inside]:
        fit = least_squares(one, x)
        estimates.append(fit.estimate[1])
        variances.append(fit.vcov("classical")[1, 1])
        level_2.append(fit.estimate[0])
    found = pooled(np.array(estimates), np.array(variances), float(len(x) - x.shape[1]), course.context.level)
    base = float(np.mean(level_2))
    treated = inside & course.treated
    return found | {
        "n_1": int(treated.sum()), "n_2": int(inside.sum() - treated.sum()), "value_1": base + found["estimate"], "value_2": base,
    }  # fmt: skip


def from_ranks(course: Course, pain: Array, dead: Bools) -> dict[str, Any]:
    """Probability that a treated patient is better off, death being worse than any pain; ties count half.

    U statistic with DeLong's variance on each completed copy (m, n), pooled by Rubin's rules.
    Source: Mann & Whitney 1947, doi:10.1214/aoms/1177730491; DeLong 1988, doi:10.2307/2531595.
    """
    estimates, variances = [], []
    for one in np.where(dead, 99.0, pain):
        a, b = one[course.treated], one[~course.treated]
        if len(a) < 2 or len(b) < 2:
            raise TableError(
                "a group has fewer than two patients", column="group", expected="two or more in both groups"
            )
        order = np.sort(b)
        above = (len(b) - np.searchsorted(order, a, side="right")) + 0.5 * (
            np.searchsorted(order, a, side="right") - np.searchsorted(order, a, side="left")
        )
        other = np.sort(a)
        below = np.searchsorted(other, b, side="left") + 0.5 * (
            np.searchsorted(other, b, side="right") - np.searchsorted(other, b, side="left")
        )
        first, second = above / len(b), below / len(a)
        estimates.append(float(first.mean()))
        variances.append(float(first.var(ddof=1) / len(a) + second.var(ddof=1) / len(b)))
    found = pooled(np.array(estimates), np.array(variances), float(course.n - 2), course.context.level)
    p = found["estimate"]
    t = (p - 0.5) / found["std_error"] if found["std_error"] > 0 else NAN
    return found | {
        "p_value": float(2 * stdtr(float(course.n - 2), -abs(t))), "null": 0.5, "better": 1, "n_1": int(course.treated.sum()),
        "n_2": int((~course.treated).sum()),
    }  # fmt: skip


def jump_to_reference(course: Course, draws: Imputations, dropped: Bools) -> Array:
    """Pain at the main week (m, n): treated patients who drop out go on as the reference group does, from where they were.

    Source: Carpenter, Roger & Kenward 2013, doi:10.1080/10543406.2013.834911. Rubin's variance is on the safe side there.
    """
    weeks = len(course.weeks)
    pain = draws.completed[:, :, :weeks].copy()
    seen = ~np.isnan(course.pain)
    last = np.where(seen.any(axis=1), weeks - 1 - seen[:, ::-1].argmax(axis=1), -1)
    rng = stream(course.context.rng_seed, 1, use="jump to reference")
    for d in range(len(pain)):
        beta, sigma = draws.coefficients[d][:, :weeks], draws.covariance[d][:weeks, :weeks]
        for t in range(-1, course.at):
            rows = np.flatnonzero(dropped & course.treated & (last == t))
            if not len(rows):
                continue
            x = course.design[rows]
            untreated = x.copy()
            untreated[:, 1] = 0.0
            own, other = x @ beta, untreated @ beta
            pre, post = np.arange(t + 1), np.arange(t + 1, weeks)
            across = sigma[np.ix_(pre, post)]
            weight = np.linalg.solve(sigma[np.ix_(pre, pre)], across) if t >= 0 else np.zeros((0, len(post)))
            spread = sigma[np.ix_(post, post)] - across.T @ weight if t >= 0 else sigma[np.ix_(post, post)]
            gap = pain[d][np.ix_(rows, pre)] - own[:, pre]
            noise = rng.standard_normal((len(rows), len(post))) @ cholesky(spread).T
            pain[d][np.ix_(rows, post)] = other[:, post] + gap @ weight + noise
    return pain[:, :, course.at]
