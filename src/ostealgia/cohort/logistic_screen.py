"""Choosing predictors as papers do, and how stable that choice is: univariable screening, backward elimination."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr, xlogy

from ostealgia.cohort.logistic_model import LogisticResult, logistic
from ostealgia.cohort.logistic_rows import Levels, model_rows
from ostealgia.display import number, p_text, percent
from ostealgia.errors import OptionError, TableError
from ostealgia.numerics.logistic import logistic_fit
from ostealgia.numerics.logistic_performance import null_log_likelihood
from ostealgia.numerics.random_streams import stream
from ostealgia.options import between, one_of
from ostealgia.tables.result import Excluded, Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
CRITERIA = ("likelihood ratio", "wald")


@dataclass(frozen=True, kw_only=True)
class Univariable:
    """One candidate alone. estimate, std_error, p_wald : of its coefficients.  frequency : share of bootstrap samples that select it."""

    variable: str
    names: tuple[str, ...]
    estimate: tuple[float, ...]
    std_error: tuple[float, ...]
    p_wald: tuple[float, ...]
    p_value: float
    n: int
    problem: str
    frequency: float

    def chosen(self, entry_p: float, criterion: str) -> bool:
        """Below the entry limit by the criterion (any coefficient, for Wald)."""
        p = self.p_value if criterion == "likelihood ratio" else min(self.p_wald, default=float("nan"))
        return bool(p < entry_p)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ScreenResult(Result):
    """A univariable screen. selected : the forced candidates, then those below the limit."""

    outcome: str
    entry_p: float
    criterion: str
    rows: tuple[Univariable, ...]
    forced: tuple[str, ...]
    selected: tuple[str, ...]
    samples: int
    seed: int

    def to_frame(self) -> pd.DataFrame:
        """One row a coefficient: variable, term, estimate (log odds ratio), std_error, p_wald, p_value (of the variable), n, selected,
        selection_frequency."""
        import pandas as pd

        records = [
            {
                "variable": row.variable, "term": name, "estimate": row.estimate[j], "std_error": row.std_error[j],
                "p_wald": row.p_wald[j], "p_value": row.p_value, "n": row.n, "selected": row.variable in self.selected,
                "selection_frequency": row.frequency,
            }
            for row in self.rows
            for j, name in enumerate(row.names)
        ]  # fmt: skip
        return pd.DataFrame(records)

    def __str__(self) -> str:
        lines = [
            f"ScreenResult: candidates for {self.outcome}, one at a time, P < {self.entry_p:g} by {self.criterion}"
        ]
        width = max(len(row.variable) for row in self.rows)
        for row in self.rows:
            mark = "forced" if row.variable in self.forced else "in" if row.variable in self.selected else ""
            ratio = row.problem or ", ".join(number(float(np.exp(b))) for b in row.estimate)
            often = "" if np.isnan(row.frequency) else f"  selected in {percent(row.frequency)} of samples"
            lines.append(f"  {row.variable.ljust(width)}  {p_text(row.p_value)}  {mark:6}  OR {ratio}{often}")
        return "\n".join([*lines, *tail_lines(self)])


def univariable_screen(
    frame: Any,
    *,
    outcome: str,
    candidates: Sequence[str],
    entry_p: float = 0.10,
    forced: Sequence[str] = (),
    criterion: str = "likelihood ratio",
    bootstrap: int = 200,
    seed: int = 1,
    event_value: object = None,
    levels: Levels | None = None,
) -> ScreenResult:
    """Which candidates pass P < ``entry_p`` alone, and how often would each pass in other samples of such patients?

    candidates : columns.  forced : those that stay whatever their P.  criterion : "likelihood ratio" of the variable, or "wald" of any of
    its coefficients.  bootstrap : samples of patients for the selection frequency, 0 for none; the same ``seed`` gives the same samples.
    Done here because papers do it: screening by P drops confounders, inflates what stays and makes later P values too small. A frequency
    far from 0 or 100% says that the choice is chance. Prefer terms fixed in advance.
    Source: Sauerbrei & Schumacher 1992, doi:10.1002/sim.4780111607; Heinze, Wallisch & Dunkler 2018, doi:10.1002/bimj.201700067.

    >>> data = {"y": [0, 0, 1, 0, 1, 1, 0, 1], "x": [1, 2, 4, 3, 6, 5, 2, 7], "z": [1, 0, 1, 0, 0, 1, 1, 0]}
    >>> univariable_screen(data, outcome="y", candidates=["x", "z"], bootstrap=0, criterion="likelihood ratio").selected
    ('x',)
    """
    one_of("criterion", criterion, CRITERIA)
    entry_p = between("entry_p", entry_p, 0.0, 1.0)
    names = list(dict.fromkeys([*candidates]))
    unknown = [name for name in forced if name not in names]
    if not names or unknown:
        raise OptionError(
            f"forced={list(forced)!r} must be among the candidates, and there must be at least one candidate."
        )
    if bootstrap < 0:
        raise OptionError(f"bootstrap={bootstrap!r} is not a number of samples of 0 or more.")
    read = {name: model_rows(frame, outcome, [name], event_value=event_value, levels=levels) for name in names}
    size = 1 + max(int(rows.positions.max()) for rows in read.values())
    hits = np.zeros(len(names))
    drawn = np.empty((bootstrap, size))
    for b in range(bootstrap):
        drawn[b] = np.bincount(stream(seed, b, use="screen").integers(0, size, size), minlength=size)
    for i, rows in enumerate(read.values()):
        times = drawn[:, rows.positions]
        if criterion == "likelihood ratio" and _is_factor(rows.x):
            hits[i] = (_factor_p(rows.x, rows.y, times) < entry_p).sum()
            continue
        for one in times:
            hits[i] += _alone(names[i], rows.x, rows.y, rows.recipe.names, one).chosen(entry_p, criterion)
    out = [
        _alone(name, r.x, r.y, r.recipe.names, None, hits[i] / bootstrap if bootstrap else float("nan"))
        for i, (name, r) in enumerate(read.items())
    ]
    kept = [*forced, *(row.variable for row in out if row.variable not in forced and row.chosen(entry_p, criterion))]
    notes = ["screening by P is shown because papers use it; it biases what stays (see the docstring)"]
    notes += [f"{row.variable}: {row.problem}" for row in out if row.problem]
    excluded = tuple(
        Excluded(study=f"{name}: {e.study}", reason=e.reason) for name, rows in read.items() for e in rows.excluded
    )
    return ScreenResult(
        outcome=outcome, entry_p=entry_p, criterion=criterion, rows=tuple(out), forced=tuple(forced), selected=tuple(kept),
        samples=bootstrap, seed=seed, excluded=excluded, notes=tuple(notes),
    )  # fmt: skip


def _is_factor(x: Array) -> bool:
    """Whether the columns after the constant are indicators of levels, so that the model fits each level's own proportion."""
    rest = x[:, 1:]
    return bool(((rest == 0) | (rest == 1)).all() and (rest.sum(axis=1) <= 1).all())


def _factor_p(x: Array, y: Array, times: Array) -> Array:
    """P of the likelihood-ratio test of a factor in each sample (b,), from counts; 1 where a sample has one level or one outcome.

    times : (b, n), how often each row was drawn.
    """
    rest = x[:, 1:]
    levels = np.column_stack([1.0 - rest.sum(axis=1), rest])
    n, events = times @ levels, times @ (levels * y[:, None])

    def height(k: Array, m: Array) -> Array:
        """Log likelihood of k of m at their own proportion, 0 at 0 and m."""
        return xlogy(k, k) + xlogy(m - k, m - k) - xlogy(m, m)

    whole = height(events.sum(axis=1), n.sum(axis=1))
    statistic = np.maximum(2.0 * (height(events, n).sum(axis=1) - whole), 0.0)
    df = (n > 0).sum(axis=1) - 1.0
    found = np.ones(len(times))
    some = (df > 0) & (events.sum(axis=1) > 0) & (events.sum(axis=1) < n.sum(axis=1))
    found[some] = chdtrc(df[some], statistic[some])
    return found


def _alone(
    variable: str, x: Array, y: Array, names: Sequence[str], times: Array | None, frequency: float = float("nan")
) -> Univariable:
    """One candidate; times : how often each row was drawn."""
    blank = float("nan")
    if times is not None:
        x, y = np.repeat(x, times.astype(np.intp), axis=0), np.repeat(y, times.astype(np.intp))
        x = x[:, [0, *(j for j in range(1, x.shape[1]) if np.ptp(x[:, j]) > 0)]] if len(y) else x
        names = names[: x.shape[1]]
    if len(np.unique(y)) < 2 or x.shape[1] < 2:
        return Univariable(
            variable=variable, names=(), estimate=(), std_error=(), p_wald=(), p_value=blank, n=len(y), frequency=frequency,
            problem="nothing to estimate",
        )  # fmt: skip
    fit = logistic_fit(x, y)
    statistic = max(0.0, 2 * (fit.log_likelihood - null_log_likelihood(y)))
    p_wald = 2 * ndtr(-np.abs(fit.beta[1:] / np.maximum(fit.std_error[1:], 1e-300)))
    return Univariable(
        variable=variable, names=tuple(names[1:]), estimate=tuple(fit.beta[1:].tolist()), std_error=tuple(fit.std_error[1:].tolist()),
        p_wald=tuple(p_wald.tolist()), p_value=float(chdtrc(float(x.shape[1] - 1), statistic)), n=len(y), frequency=frequency,
        problem="separates the outcomes, no finite estimate" if fit.endless.any() else "",
    )  # fmt: skip


def backward_aic(
    frame: Any,
    *,
    outcome: str,
    candidates: Sequence[str],
    forced: Sequence[str] = (),
    event_value: object = None,
    levels: Levels | None = None,
) -> LogisticResult:
    """The model left after taking out, one at a time, the term whose loss lowers Akaike's criterion most.

    All candidates start, on the patients who have them all. Inference after this choice is too sure of itself (Heinze 2018,
    doi:10.1002/bimj.201700067).

    >>> data = {"y": [0, 0, 1, 0, 1, 1, 0, 1], "x": [1, 2, 4, 3, 2, 5, 3, 7], "z": [1, 0, 1, 0, 0, 1, 1, 0]}
    >>> backward_aic(data, outcome="y", candidates=["x", "z"]).formula
    '~ x'
    """
    rows = model_rows(frame, outcome, list(candidates), event_value=event_value, levels=levels)
    kept = list(range(len(rows.recipe.formula.terms)))
    labels = rows.recipe.term_labels

    def aic(terms: Sequence[int]) -> float:
        at = [j for j, owner in enumerate(rows.recipe.term_of) if owner == -1 or owner in terms]
        return 2 * len(at) - 2 * logistic_fit(rows.x[:, at], rows.y).log_likelihood

    now = aic(kept)
    while True:
        trials = [(aic([t for t in kept if t != out]), out) for out in kept if labels[out] not in forced]
        if not trials or min(trials)[0] >= now - 1e-10:
            break
        now, gone = min(trials)
        kept.remove(gone)
    if not kept:
        raise TableError(
            "no term improves on the model without terms", column=outcome, action="Report that no candidate was kept"
        )
    part = {name: rows.columns[name] for name in [outcome, *rows.recipe.formula.columns]}
    return logistic(part, outcome=outcome, terms=[labels[t] for t in kept], event_value=event_value, levels=levels)
