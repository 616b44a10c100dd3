"""Fail-safe N, kept for the readers of older reviews."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ostealgia import display
from ostealgia.display import p_text
from ostealgia.errors import OptionError
from ostealgia.meta.small_study_common import NAN, as_dict, one_row, significant, studies, text_lines
from ostealgia.numerics import small_study_fail_safe as fail_safe
from ostealgia.numerics.tau2 import TAU2
from ostealgia.options import between, one_of
from ostealgia.tables.result import Result

KINDS = ("Rosenthal", "Orwin", "Rosenberg", "General")
WARNING = (
    "fail-safe N is not recommended: it takes the missing studies to show no effect on average, does not count heterogeneity or the size "
    "of the effect, and has no agreed threshold (Becker 2005, doi:10.1002/0470870168.ch7)"
)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class FailSafeResult(Result):
    """n : studies averaging no effect that would change the conclusion.

    estimate, p_value, tau2 : of the observed studies as the method sees them (Rosenthal: one-sided P of Stouffer's sum
    of z).
    target : the effect to which the mean should fall, or NaN.  alpha : the P that should be passed, where there is no
    target.
    estimate_with, p_value_with, tau2_with : with n null studies added ("General").
    """

    kind: str
    measure: str
    k: int
    n: int
    alpha: float
    target: float
    estimate: float
    p_value: float
    tau2: float
    estimate_with: float
    p_value_with: float
    tau2_with: float
    tau2_method: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return as_dict(self)

    def to_frame(self) -> Any:
        """One row."""
        return one_row(self, ("kind", "measure", "k", "n", "alpha", "target", "estimate", "p_value", "tau2"))

    def __str__(self) -> str:
        goal = f"P = {self.alpha:g}" if math.isnan(self.target) else f"a mean of {significant(self.target)}"
        body = [f"{display.number(self.n, 0)} studies averaging no effect would bring {self.k} studies to {goal}"]
        if math.isfinite(self.estimate):
            body.append(f"mean of the observed studies {significant(self.estimate)}")
        if math.isfinite(self.p_value):
            body.append(f"the observed studies: {p_text(self.p_value)}")
        if math.isfinite(self.estimate_with):
            body.append(
                f"with them: mean {significant(self.estimate_with)}, {p_text(self.p_value_with)}, tau2 {significant(self.tau2_with)}"
            )
        return text_lines(f"Fail-safe N by {self.kind}: {self.measure}", body, self)


def fail_safe_n(
    effects: Any, kind: str = "Rosenthal", *, alpha: float = 0.05, target: float | None = None, weighted: bool = True,
    model: str = "random", tau2: str = "REML", exact: bool = True,
) -> FailSafeResult:  # fmt: skip
    """How many studies averaging no effect would have to be hidden to change the conclusion?

    Not recommended; a note says why.
    effects : as for ``pool``, or a PoolResult; two studies or more, of a measure with a value of no effect.
    kind : "Rosenthal" (one-sided P of the sum of z rises to ``alpha``), "Orwin" (the mean falls to ``target``),
    "Rosenberg" (two-sided P of the common effect rises to ``alpha``), "General" (P rises to ``alpha``, or the mean
    falls to ``target`` where one is given, in a model refitted).
    target : on the analysis scale, half of the mean for "Orwin" where none is given (then n is k, whatever the data);
    its sign is that of the mean.
    weighted : "Orwin" by weights 1 / variance, else the plain mean.  model, tau2 : of "General", "random" or "common".
    exact : "General" refits the model with the hidden studies; False puts tau2 together from its parts, as metafor does
    unless asked.
    Returns a FailSafeResult. Raises OptionError, ConvergenceError above 100,000 studies.
    Sources: Rosenthal 1979, doi:10.1037/0033-2909.86.3.638; Orwin 1983, doi:10.3102/10769986008002157; Rosenberg 2005,
    doi:10.1111/j.0014-3820.2005.tb01004.x.

    >>> found = fail_safe_n({"estimate": [0.5, 0.6, 0.7], "std_error": [0.2, 0.2, 0.2]})
    >>> found.n, "not recommended" in found.notes[-1]
    (27, True)
    """
    one_of("kind", kind, KINDS)
    one_of("model", model, ("random", "common"))
    one_of("tau2", tau2, TAU2)
    between("alpha", alpha, 0.0, 1.0)
    data = studies(effects, 2, "fail-safe N")
    if data.definition.no_effect is None:
        raise OptionError(f"{data.measure} has no value of no effect that hidden studies could average.")
    y, v = data.estimate, data.variance
    goal = _target(kind, target)
    notes = [*data.notes]
    if kind == "Rosenthal":
        found = fail_safe.rosenthal(y, v, alpha)
    elif kind == "Rosenberg":
        found = fail_safe.rosenberg(y, v, alpha)
    elif kind == "Orwin":
        found, goal = _orwin(y, v, goal, weighted, notes)
    else:
        found = fail_safe.general(y, v, tau2 if model == "random" else "common", alpha=alpha, target=goal, exact=exact)
    signed = NAN if goal is None else math.copysign(goal, found.estimate)
    return FailSafeResult(
        kind=kind, measure=data.measure, k=data.k, alpha=alpha, target=signed,
        tau2_method=tau2 if kind == "General" and model == "random" else None,
        excluded=data.excluded, notes=tuple(dict.fromkeys([*notes, WARNING])), **found._asdict(),
    )  # fmt: skip


def _target(kind: str, target: float | None) -> float | None:
    if target is None:
        return None
    if kind not in ("Orwin", "General"):
        raise OptionError(f"target belongs to kind='Orwin' and 'General'; {kind!r} takes alpha.")
    value = float(target)
    if not (math.isfinite(value) and value != 0.0):
        raise OptionError(
            f"target={target!r} should be a number other than 0: no number of null studies brings a mean to 0."
        )
    return abs(value)


def _orwin(y: Any, v: Any, goal: float | None, weighted: bool, notes: list[str]) -> tuple[fail_safe.FailSafe, float]:
    if goal is None:
        goal = abs(fail_safe.orwin(y, v, 1.0, weighted=weighted).estimate) / 2.0
        notes.append(
            "no target was given: half of the mean, for which the number is that of the studies, whatever they say"
        )
    return fail_safe.orwin(y, v, goal, weighted=weighted), goal
