"""Estimates of one centre on the analysis scale with their covariance, for pooling in two stages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ostealgia.cohort.centres_grid import Endpoint
from ostealgia.cohort.centres_tables import rounded
from ostealgia.cohort.competing_regression import fine_gray
from ostealgia.cohort.cox_model import cox
from ostealgia.cohort.logistic_model import logistic
from ostealgia.cohort.mmrm_fit import mmrm
from ostealgia.cohort.survival_tests import rmst
from ostealgia.cohort.windows import place_visits
from ostealgia.display import count_of
from ostealgia.errors import ConvergenceError, OstealgiaError

LEAST_FOR_A_MODEL = 10  # patients a group
COVARIANCES = ("us", "toeph", "csh")
DIGITS = 4


@dataclass(frozen=True)
class Question:
    """What the estimates are about: group of each patient, (reference, treated), covariates of the adjusted models, small_cell."""

    patients: Any
    groups: Any
    pair: tuple[str, str]
    covariates: tuple[str, ...]
    small: int
    rmst_weeks: float


@dataclass
class Found:
    """Estimates as JSON rows, and why others are not among them."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def attempt(self, name: str, step: Callable[[], list[dict[str, Any]]]) -> None:
        """The rows of one step; a step that fails leaves a note."""
        try:
            self.rows += step()
        except (OstealgiaError, ConvergenceError) as error:
            first = str(error).split(". ")[0].rstrip(".")
            self.notes.append(f"{name} is not among the estimates: {first}")


def row(
    id: str, measure: str, terms: Sequence[str], estimate: Any, covariance: Any, *, method: str,
    adjusted_for: Sequence[str] = (), digits: int = DIGITS
) -> dict[str, Any]:  # fmt: skip
    """One estimate (or several with a joint covariance), rounded to what pooling needs."""
    values, matrix = (
        np.atleast_1d(np.asarray(estimate, dtype=float)),
        np.atleast_2d(np.asarray(covariance, dtype=float)),
    )
    spread = np.sqrt(np.diag(matrix))
    if not np.isfinite(matrix).all() or (spread <= 0).any():
        raise OstealgiaError("it has no finite standard error.")
    return {
        "id": id, "measure": measure, "terms": list(terms), "estimate": [rounded(v, s / 100) for v, s in zip(values, spread, strict=True)],
        "covariance": [[significant(v, digits) for v in line] for line in matrix], "method": method, "adjusted_for": list(adjusted_for),
    }  # fmt: skip


def significant(value: float, digits: int) -> float:
    """The value with so many significant digits."""
    return float(f"{value:.{digits - 1}e}")


def response_rows(ask: Question, classes: Mapping[int, Any], shown: Mapping[str, set[int]]) -> Found:
    """Log odds ratio and risk difference of response by week, and the log odds ratio adjusted for the covariates.

    shown : group -> weeks at which the responders of the group are shown: a ratio of counts that are not shown would give them back.
    """
    found = Found()
    reference, treated = ask.pair
    for week, kinds in classes.items():
        hidden = [name for name in ask.pair if week not in shown[name]]
        if hidden:
            found.notes.append(f"response at week {week} is not among the estimates: a count behind it is withheld")
            continue
        yes = kinds == "response"
        found.attempt(
            f"response at week {week}", lambda week=week, yes=yes: _two_by_two(ask, week, yes, reference, treated)
        )
        if ask.covariates:
            found.attempt(f"adjusted response at week {week}", lambda week=week, yes=yes: _adjusted(ask, week, yes))
    return found


def _two_by_two(ask: Question, week: int, yes: Any, reference: str, treated: str) -> list[dict[str, Any]]:
    a, n1 = int(yes[ask.groups == treated].sum()), int((ask.groups == treated).sum())
    c, n2 = int(yes[ask.groups == reference].sum()), int((ask.groups == reference).sum())
    b, d = n1 - a, n2 - c
    log_or, var_or = np.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d
    p1, p2 = a / n1, c / n2
    var_rd = p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2
    return [
        row(
            f"response-week-{week}-log-or",
            "log OR",
            [f"week {week}"],
            log_or,
            var_or,
            method="two by two table, all treated",
        ),
        row(
            f"response-week-{week}-rd", "RD", [f"week {week}"], p1 - p2, var_rd, method="two by two table, all treated"
        ),
    ]


def _adjusted(ask: Question, week: int, yes: Any) -> list[dict[str, Any]]:
    frame, term = _frame(ask, response=yes.astype(int))
    fit = logistic(frame, outcome="response", terms=["arm", *ask.covariates], levels={"arm": ask.pair})
    _converged(fit.converged)
    at = fit.names.index(term)
    return [
        row(f"response-week-{week}-log-or-adjusted", "log OR", [f"week {week}"], fit.estimate[at], fit.vcov[at, at],
            method="logistic regression, all treated", adjusted_for=ask.covariates)
    ]  # fmt: skip


def _frame(ask: Question, **columns: Any) -> tuple[Any, str]:
    import pandas as pd

    frame = pd.DataFrame({"arm": ask.groups, **columns})
    for name in ask.covariates:
        frame[name] = ask.patients[name].to_numpy()
    return frame[np.isin(ask.groups, ask.pair)].reset_index(drop=True), f"arm{ask.pair[1]}"


def _converged(converged: bool) -> None:
    if not converged:
        raise OstealgiaError("the fit did not converge.")


def pain_rows(ask: Question, cohort: Any, windows: Any) -> Found:
    """Differences of the marginal means of worst pain by week, with their joint covariance."""
    found = Found()
    found.attempt("worst pain over time", lambda: _pain(ask, cohort, windows))
    return found


def _pain(ask: Question, cohort: Any, windows: Any) -> list[dict[str, Any]]:
    visits = place_visits(cohort, windows=windows).visits
    visits = visits[(visits["week"] > 0).to_numpy() & visits["nrs_worst"].notna().to_numpy()]
    if "site" in visits.columns:
        visits = visits.sort_values("nrs_worst", ascending=False, kind="stable").drop_duplicates(["id", "week"])
    base = ask.patients[["id", "nrs_baseline"]].assign(arm=ask.groups)
    frame = visits[["id", "week", "nrs_worst"]].merge(base, on="id")
    frame = frame[frame["arm"].isin(ask.pair)].assign(week=lambda f: f["week"].astype(int))
    per_group = frame.groupby("arm")["id"].nunique()
    if len(per_group) < 2 or per_group.min() < LEAST_FOR_A_MODEL:
        raise OstealgiaError(f"a group has fewer than {LEAST_FOR_A_MODEL} patients with a visit.")
    weeks = sorted(frame["week"].unique().tolist())
    if len(weeks) < 2:
        raise OstealgiaError("there is one visit only.")
    fit = mmrm(
        frame, outcome="nrs_worst", fixed="nrs_baseline * factor(week) + arm * factor(week)", subject="id", visit="week",
        covariance=COVARIANCES, df="satterthwaite", reference={"arm": ask.pair[0]},
    )  # fmt: skip
    _converged(fit.converged)
    arm = f"arm{ask.pair[1]}"
    lines = np.zeros((len(weeks), len(fit.names)))
    for i, week in enumerate(weeks):
        for at, name in enumerate(fit.names):
            parts = set(name.split(":"))
            if parts == {arm} or parts == {arm, f"factor(week){week}"}:
                lines[i, at] = 1.0
    return [
        row("pain-difference", "MD", [f"week {week}" for week in weeks], lines @ fit.inference.estimate, lines @ fit.vcov @ lines.T,
            method=f"MMRM, covariance {fit.covariance}", adjusted_for=["nrs_baseline"])
    ]  # fmt: skip


def survival_rows_of(ask: Question, endpoints: Mapping[str, Endpoint]) -> Found:
    """Log hazard ratios, the log subdistribution hazard ratio of relief, and differences of restricted means."""
    found = Found()
    for name, endpoint in endpoints.items():
        step = _fine_gray if name == "relief" else _cox
        found.attempt(
            {"os": "overall survival", "pfs": "progression-free survival"}.get(name, name),
            lambda e=endpoint, s=step: s(ask, e),
        )
        if name != "relief":
            found.attempt(f"restricted mean of {name}", lambda e=endpoint: _rmst(ask, e))
    return found


def _counted(ask: Question, endpoint: Endpoint, codes: Sequence[int]) -> None:
    for name in ask.pair:
        own = np.nan_to_num(endpoint.state[ask.groups == name])
        for code in codes:
            n = int((own == code).sum())
            if n < ask.small:
                raise OstealgiaError("a group has too few events.")


def _cox(ask: Question, endpoint: Endpoint) -> list[dict[str, Any]]:
    _counted(ask, endpoint, (1,))
    frame, term = _frame(ask, weeks=endpoint.weeks, event=(endpoint.state == 1).astype(int))
    frame = frame[np.isfinite(frame["weeks"].to_numpy(dtype=float))]
    rows = []
    for terms, tail in ((["arm"], ""), (["arm", *ask.covariates], "-adjusted")):
        if tail and not ask.covariates:
            continue
        fit = cox(frame, time="weeks", event="event", terms=terms, levels={"arm": ask.pair})
        _converged(fit.converged)
        at = fit.names.index(term)
        digits = _digits(float(fit.vcov[at, at]), len(frame), int(frame["event"].sum()), ask.small)
        rows.append(
            row(f"{endpoint.name}-log-hr{tail}", "log HR", [endpoint.name.upper()], fit.estimate[at], fit.vcov[at, at],
                method="Cox, Efron", adjusted_for=terms[1:], digits=digits)
        )  # fmt: skip
    return rows


def _digits(variance: float, n: int, events: int, small: int) -> int:
    """Digits of the variance of a log hazard ratio that do not tell of a few censored patients: events are at least 4 / variance."""
    if not 0 < n - events < small:
        return DIGITS
    for digits in (DIGITS, 3, 2, 1):
        value = significant(variance, digits)
        half = 0.5 * 10.0 ** (np.floor(np.log10(value)) - digits + 1)
        if n - 4.0 / (value + half) >= small:
            return digits
    raise OstealgiaError("all but a few patients had the event, and its precision would tell.")


def _fine_gray(ask: Question, endpoint: Endpoint) -> list[dict[str, Any]]:
    _counted(ask, endpoint, (1, 2))
    frame, term = _frame(ask, weeks=endpoint.weeks, state=np.nan_to_num(endpoint.state).astype(int))
    frame = frame[np.isfinite(frame["weeks"].to_numpy(dtype=float))]
    fit = fine_gray(frame, time="weeks", status="state", cause=1, terms=["arm"], levels={"arm": ask.pair})
    _converged(fit.converged)
    at = fit.names.index(term)
    return [
        row(
            f"{endpoint.name}-log-shr",
            "log SHR",
            [endpoint.name],
            fit.estimate[at],
            fit.vcov[at, at],
            method="Fine-Gray, death competing",
        )
    ]


def _rmst(ask: Question, endpoint: Endpoint) -> list[dict[str, Any]]:
    _counted(ask, endpoint, (1,))
    frame, _ = _frame(ask, weeks=endpoint.weeks, event=(endpoint.state == 1).astype(int))
    frame = frame[np.isfinite(frame["weeks"].to_numpy(dtype=float))]
    found = rmst(frame, time="weeks", event="event", tau=ask.rmst_weeks, by="arm", levels={"arm": ask.pair}).to_frame()
    line = found[(found["quantity"] == "difference").to_numpy()].iloc[0]
    return [
        row(f"{endpoint.name}-rmst-difference-{ask.rmst_weeks:g}-weeks", "RMST difference, weeks", [endpoint.name.upper()],
            float(line["estimate"]), float(line["std_error"]) ** 2, method="area under Kaplan-Meier curves")
    ]  # fmt: skip


def too_small(ask: Question) -> str:
    """Why no model is fitted at all, or ""."""
    sizes = [int((ask.groups == name).sum()) for name in ask.pair]
    if min(sizes) < LEAST_FOR_A_MODEL:
        return f"a group has fewer than {count_of(LEAST_FOR_A_MODEL, 'patient', 'patients')}: no estimates"
    return ""
